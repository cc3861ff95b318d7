/*
 * tcp.h - can a TCP connection be opened to this address and port?
 *
 * One attempt is one struct vp_tcp. The callback runs at most once, always
 * from the loop, never from inside vp_tcp_create(). After vp_tcp_destroy() it
 * never runs, so the owner may free what arg points at straight away.
 */
#ifndef VNETPROBE_TCP_H
#define VNETPROBE_TCP_H

#include <uv.h>

#include "vnetprobe/addr.h"
#include "vnetprobe/outcome.h"

struct vp_tcp;

/* What one attempt found. A plain value: copy it freely, it owns nothing. */
struct vp_tcp_result {
	enum vp_outcome outcome;
	uint64_t elapsed_us;      /* from the SYN to the outcome */
	struct vp_endpoint local; /* no address if none was chosen */
};

typedef void vp_tcp_cb(const struct vp_tcp_result *res, void *arg);

/*
 * Starts connecting. timeout_ms bounds the whole attempt; 0 means 5000.
 * Returns 0, or a negative UV_E... if no attempt could be made; then *out is
 * NULL and cb never runs. A peer that refuses is a result, not a failure.
 */
int vp_tcp_create(struct vp_tcp **out, uv_loop_t *loop,
                  const struct vp_endpoint *remote, unsigned timeout_ms,
                  vp_tcp_cb *cb, void *arg);

/*
 * Hands over the connected socket (non-blocking, close-on-exec): the caller
 * owns it from then on. Only from within cb after VP_OUTCOME_OK, once;
 * otherwise -EBADF.
 */
int vp_tcp_release(struct vp_tcp *t);

/* Ends the attempt, finished or not. NULL is fine, and so is from within cb. */
void vp_tcp_destroy(struct vp_tcp *t);

#endif
