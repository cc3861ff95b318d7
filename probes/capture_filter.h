/*
 * capture_filter.h - the text of the capture's filter, for one link type.
 */
#ifndef VP_PROBES_CAPTURE_FILTER_H
#define VP_PROBES_CAPTURE_FILTER_H

#include <stdbool.h>

#include "vnetprobe/capture.h"

/*
 * As vp_capture_filter_text(), for a link type whose header has header_len
 * bytes as the kernel's filter counts them (0 for cooked and raw sockets).
 * once_on_lo leaves out the sent half of loopback traffic (DLT_LINUX_SLL2
 * only). 0 or -ENOSPC.
 */
int vp_capture_filter_build(char *buf, size_t size,
                            const struct vp_capture_options *opt,
                            uint16_t selftest_port, unsigned header_len,
                            bool once_on_lo);

/* How a request to an HTTP proxy begins: RFC 9110 section 9.3.6, and RFC 9112
 * section 3.2.2 (the target is a whole URL) with the methods that are in use.
 * Four bytes or eight and more; the first letter is one of "C" to "P". The
 * filter looks at the first four and the last four. */
#define VP_PROXY_REQUESTS(X)                                                   \
	X("CONN")                                                              \
	X("GET http")                                                          \
	X("PUT http")                                                          \
	X("POST htt")                                                          \
	X("HEAD htt")                                                          \
	X("DELETE http")

#endif
