/*
 * client_hello.h - the server name in a TLS ClientHello (RFC 8446, RFC 6066).
 *
 * Takes the bytes a client sent from its first on, as many as are there. The
 * hello may be split over records (RFC 8446 section 5.1).
 */
#ifndef VNETPROBE_CLIENT_HELLO_H
#define VNETPROBE_CLIENT_HELLO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum vp_hello {
	VP_HELLO_NAME,    /* a whole hello, name is set */
	VP_HELLO_NO_NAME, /* a whole hello without server_name */
	VP_HELLO_MORE,    /* so far a hello, but not all of it */
	VP_HELLO_NOT_TLS,
};

struct vp_hello_found {
	char name[256]; /* lower case; "": none. With MORE: that of a hello
	                 * whose end is missing. No host name is none. */
	bool ech;       /* has encrypted_client_hello, be it GREASE */
	/* It has more than one name (RFC 6066 section 3, RFC 8446 section 4.2
	 * allow none of that): which of them the server takes is unknown. */
	bool doubtful;
	size_t len; /* of a whole one: bytes of data up to its end */
};

enum vp_hello vp_client_hello_read(struct vp_hello_found *out,
                                   const uint8_t *data, size_t len);
/* The bare handshake message, without records, as QUIC has it. */
enum vp_hello vp_client_hello_message(struct vp_hello_found *out,
                                      const uint8_t *msg, size_t len);
/* Could this be the beginning of a hello in records? No bytes could. */
bool vp_client_hello_begins(const uint8_t *data, size_t len);

#endif
