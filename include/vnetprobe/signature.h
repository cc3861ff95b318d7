/*
 * signature.h - what a service's answer to a credential-free request says
 * about the path (docs/sources.md: K1, R1, P11). Pure.
 */
#ifndef VNETPROBE_SIGNATURE_H
#define VNETPROBE_SIGNATURE_H

#include "vnetprobe/facts.h"

/* The request that tells most for this kind; "/" where none is known. */
const char *vp_signature_path(enum vp_kind kind);
/* A header line the request should carry beside the usual ones; NULL: none. */
const char *vp_signature_request_header(enum vp_kind kind);

/*
 * Reads an answer: status line and headers as received (CRLF lines, last
 * response only), and the first bytes of its body. Fills status, signature,
 * service_code, service_saw, connection_type and private_endpoint of *out;
 * leaves outcome and elapsed_us alone. Strings in the arena.
 */
void vp_signature_read(struct vp_http_facts *out, struct vp_arena *arena,
                       enum vp_kind kind, const char *headers,
                       size_t headers_len, const char *body, size_t body_len);

#endif
