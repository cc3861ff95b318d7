/*
 * client_hello.h - the server name in a TLS ClientHello (RFC 8446, RFC 6066).
 *
 * Takes the bytes a client sent from its first on, as many as are there. The
 * hello may be split over records (RFC 8446 section 5.1).
 */
#ifndef VNETPROBE_CLIENT_HELLO_H
#define VNETPROBE_CLIENT_HELLO_H

#include <stddef.h>
#include <stdint.h>

enum vp_hello {
	VP_HELLO_NAME,    /* *name is set */
	VP_HELLO_NO_NAME, /* a whole hello without server_name */
	VP_HELLO_MORE,    /* so far a hello, but not all of it */
	VP_HELLO_NOT_TLS,
};

/* name is lower case; invalid host name bytes make it VP_HELLO_NO_NAME. */
enum vp_hello vp_client_hello_name(char name[256], const uint8_t *data,
                                   size_t len);

#endif
