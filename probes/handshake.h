/*
 * handshake.h - watches a TLS handshake that somebody else (libcurl) drives.
 *
 * Hangs in the SSL_CTX: records version and certificates, never refuses one,
 * says when the handshake is over, and keeps why it or what followed failed.
 */
#ifndef VP_PROBES_HANDSHAKE_H
#define VP_PROBES_HANDSHAKE_H

#include <openssl/ssl.h>

#include "certificate.h"

/* How the peer's direction of the connection ended; the first word counts. */
enum vp_wire {
	VP_WIRE_OPEN,
	VP_WIRE_CLOSED, /* FIN */
	VP_WIRE_RESET,  /* RST, or the kernel gave up */
};

struct vp_handshake {
	/* set by the owner; must live as long as the SSL_CTX */
	struct vp_trust *trust;
	struct vp_arena *arena;
	const char *name;
	struct vp_tls_facts *tls; /* outcome is set once certificates came */
	void (*on_done)(void *arg);
	void *arg;
	/* set here */
	const SSL_CTX *ctx;
	const BIO *bio;
	bool done;
	bool spoke; /* a byte came from the peer */
	enum vp_wire wire;
	unsigned long error; /* OpenSSL's first error of a failed handshake */
};

/* To be called before the SSL_CTX makes its first connection. */
void vp_handshake_watch(struct vp_handshake *h, SSL_CTX *ctx);

/* Nothing is recorded or called from here on: to be called before libcurl ends
 * the connection, since closing it reads and may finish the handshake. */
void vp_handshake_forget(struct vp_handshake *h);

/* The outcome of a handshake that failed (not: of one that took too long). */
enum vp_outcome vp_handshake_outcome(const struct vp_handshake *h);

#endif
