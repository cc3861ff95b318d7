/*
 * http_head.h - the head of a plain HTTP/1.x request (RFC 9112): whom it is
 * for.
 */
#ifndef VNETPROBE_HTTP_HEAD_H
#define VNETPROBE_HTTP_HEAD_H

#include <stddef.h>
#include <stdint.h>

enum vp_http_head {
	VP_HTTP_HEAD_HOST, /* host is set */
	VP_HTTP_HEAD_URL,  /* as well; from the target: as a proxy is asked */
	VP_HTTP_HEAD_CONNECT, /* host is set, and port */
	VP_HTTP_HEAD_NO_HOST,
	VP_HTTP_HEAD_MORE, /* so far a request, but not all of its head */
	VP_HTTP_HEAD_NOT,  /* no HTTP */
};

/* host: lower case, without its port and without a final dot; what is no host
 * name or address makes it NO_HOST. An absolute request target wins over Host
 * (RFC 9112 section 3.2.2). */
enum vp_http_head vp_http_head_read(char host[256], uint16_t *port,
                                    const uint8_t *data, size_t len);

#endif
