/*
 * certificate.h - reads and judges the certificates a server sent (OpenSSL).
 *
 * One vp_trust has the roots, loaded once, and remembers the chains it has
 * judged: a thousand targets of one service send the same few chains.
 */
#ifndef VP_PROBES_CERTIFICATE_H
#define VP_PROBES_CERTIFICATE_H

#include <openssl/x509_vfy.h>

#include "vnetprobe/facts.h"

struct vp_trust;

/* ca_file: PEM roots that replace the system's; NULL: OpenSSL's defaults with
 * SSL_CERT_FILE and SSL_CERT_DIR, or where they have none vp_trust_places. 0,
 * or a negative errno with a sentence. */
int vp_trust_create(struct vp_trust **out, const char *ca_file, char *why,
                    size_t size);
/* NULL is fine. */
void vp_trust_destroy(struct vp_trust *t);

/* The first place that can be read, if there is neither such a file nor a
 * directory with something in it; NULL: none, or no need. */
extern const char *const vp_trust_places[];
const char *vp_trust_place(const char *file, const char *dir,
                           const char *const *places);

X509_STORE *vp_trust_store(struct vp_trust *t);

/*
 * Judges the chain in ctx (made for vp_trust_store(), not yet verified) and
 * fills everything about certificates in *tls, outcome included: OK,
 * NAME_MISMATCH, UNTRUSTED or EXPIRED. One that is out of its dates and not
 * trusted for another reason as well is UNTRUSTED. Strings go into the arena
 * and are shared between calls with the same arena, which must therefore live
 * as long as t.
 */
void vp_trust_judge(struct vp_trust *t, struct vp_arena *arena,
                    X509_STORE_CTX *ctx, const char *name,
                    struct vp_tls_facts *tls);

#endif
