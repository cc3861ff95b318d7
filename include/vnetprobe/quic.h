/*
 * quic.h - the ClientHello in QUIC Initial packets (RFC 9000, 9001, 9369).
 *
 * Initial packets are encrypted under a key that anybody can derive from the
 * client's first Destination Connection ID and a published salt (RFC 9001
 * section 5.2; version 2: RFC 9369 section 3.3.1). Pure; the state of one
 * connection is the caller's.
 */
#ifndef VNETPROBE_QUIC_H
#define VNETPROBE_QUIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vp_quic; /* one client's Initial packets */

enum vp_quic_got {
	VP_QUIC_MORE,  /* Initials so far, not the whole hello */
	VP_QUIC_HELLO, /* vp_quic_hello() has all of it */
	VP_QUIC_NOT,   /* no QUIC of a version that we know */
	VP_QUIC_FULL,  /* more held than max */
};

/* max: bytes of CRYPTO data held at most. NULL: no memory. */
struct vp_quic *vp_quic_create(size_t max);
void vp_quic_destroy(struct vp_quic *q); /* NULL is fine */
/* A datagram of the client's, which may hold several packets, some of which
 * cannot be read. Needs all of it: a cut one is VP_QUIC_MORE. */
enum vp_quic_got vp_quic_client(struct vp_quic *q, const uint8_t *data,
                                size_t len);
/* A datagram of the server's: a Retry (RFC 9000 section 17.2.5) changes the
 * connection ID, and with it the keys. True if it has a Handshake packet: then
 * the server has taken a whole hello, and what comes later is not it. */
bool vp_quic_server(struct vp_quic *q, const uint8_t *data, size_t len);
/* The handshake message, without a TLS record around it, and what follows it
 * without a gap: after a HelloRetryRequest that is a second one. */
const uint8_t *vp_quic_hello(const struct vp_quic *q, size_t *len);
/* Copies of the same bytes differ, or another connection began before the
 * hello was whole: which hello the server took is unknown. */
bool vp_quic_doubtful(const struct vp_quic *q);
/* Has anything been read of this client yet? */
bool vp_quic_begun(const struct vp_quic *q);
/* Bytes of memory that it takes. */
size_t vp_quic_held(const struct vp_quic *q);
/* By its first bytes: a long header of version 1 or 2 with type Initial. */
bool vp_quic_is_initial(const uint8_t *data, size_t len);

#endif
