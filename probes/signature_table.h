/*
 * signature_table.h - what services answer to a request without credentials.
 *
 * Two tables, pure data: what is asked of each kind, and what each answer
 * means. The rows are read by signature.c, first match wins.
 */
#ifndef VP_PROBES_SIGNATURE_TABLE_H
#define VP_PROBES_SIGNATURE_TABLE_H

#include "vnetprobe/signature.h"

/* Where a service puts its own code. */
enum vp_code_place {
	VP_CODE_JSON,    /* "code" of its JSON */
	VP_CODE_INNER,   /* "code" of "innererror", else the outer one */
	VP_CODE_STORAGE, /* x-ms-error-code, else <Code>, else "code" */
};

struct vp_signature_request {
	enum vp_kind kind;
	const char *path;
	const char *header; /* beside the usual ones; NULL: none */
	enum vp_code_place code;
	const char *source;
};

/* NULL: "/" is asked, and only the rows for all kinds apply. */
const struct vp_signature_request *vp_signature_request(enum vp_kind kind);

#endif
