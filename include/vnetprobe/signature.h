/*
 * signature.h - what a service's answer to a credential-free request says
 * about the path (docs/sources.md: K1, R1, P11). Pure.
 */
#ifndef VNETPROBE_SIGNATURE_H
#define VNETPROBE_SIGNATURE_H

#include "vnetprobe/facts.h"

/*
 * One answer and its meaning. All conditions that are given must hold; in lists
 * any of the items is enough.
 */
struct vp_signature_row {
	const char *id;      /* stable: reports carry it */
	const char *service; /* for people: "Key Vault" */
	uint64_t kinds;      /* bits, 1 << kind */
	const char *status;  /* "400 404", "5xx"; NULL: any */
	const char *header;  /* "a|b: part of its value|c:^its start"; NULL */
	const char *code;    /* "A B", without case; NULL: any */
	const char *text;    /* stands in the body; NULL: any */
	enum vp_signature signature;
	enum vp_refusal refused_by;
	const char *meaning;
	const char *source; /* docs/sources.md */
	enum vp_certainty certainty;
};
const struct vp_signature_row *vp_signature_rows(size_t *n);
/* The row of this id, or NULL: a report may come from another version. */
const struct vp_signature_row *vp_signature_row(const char *id);

/* Is this row for answers with this status? */
bool vp_signature_has_status(const struct vp_signature_row *row,
                             unsigned status);

/* The request that tells most for this kind; "/" where none is known. */
const char *vp_signature_path(enum vp_kind kind);
/* A header line the request should carry beside the usual ones; NULL: none. */
const char *vp_signature_request_header(enum vp_kind kind);

/*
 * Reads an answer: status line and headers as received (CRLF lines, last
 * response only), and the first bytes of its body. Fills all of *out but
 * outcome and elapsed_us. Strings in the arena.
 */
void vp_signature_read(struct vp_http_facts *out, struct vp_arena *arena,
                       enum vp_kind kind, const char *headers,
                       size_t headers_len, const char *body, size_t body_len);

#endif
