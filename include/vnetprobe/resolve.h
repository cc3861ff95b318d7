/*
 * resolve.h - one resolver asked for names, over UDP or TCP (c-ares).
 *
 * One struct vp_resolver_probe is one server with a transport each its own
 * channel. Questions are queued and paced: at most max_pending are under way,
 * and pacers shared between servers keep below Azure DNS's limits (1000
 * questions a second, 200 pending for each virtual machine). A truncated UDP
 * answer is reported and then asked again over TCP by itself: the callback
 * runs once for each row, last is true with the final one.
 */
#ifndef VNETPROBE_RESOLVE_H
#define VNETPROBE_RESOLVE_H

#include <uv.h>

#include "vnetprobe/dns_message.h"

/* Shared by all probes of a run. */
struct vp_pacer;
struct vp_pacer *vp_pacer_create(uv_loop_t *loop, unsigned per_second,
                                 unsigned max_pending);
void vp_pacer_destroy(struct vp_pacer *p); /* after all probes; NULL fine */

struct vp_resolver_probe;

struct vp_resolver_probe_options {
	uv_loop_t *loop;
	struct vp_pacer *pacer;
	struct vp_endpoint server;
	unsigned timeout_ms; /* of one attempt; 0: 2000 */
	unsigned tries;      /* attempts over UDP; 0: 2 */
};

/*
 * row is filled but for resolver and round; its pointers live in the arena
 * given to vp_resolver_probe_ask(). elapsed_us is from the first attempt to
 * the answer (or the giving up); over TCP that includes connecting. local is
 * the end all attempts over UDP had, or that of the TCP connection.
 */
typedef void vp_resolve_cb(const struct vp_dns_row *row, bool last, void *arg);

struct vp_question {
	const char *name;
	uint16_t type; /* VP_DNS_A, AAAA, SOA; TXT: class CHAOS, RFC 4892 */
	enum vp_transport transport; /* UDP (TCP follows when truncated), TCP */
	bool checking_disabled;      /* CD, RFC 4035 section 3.2.2 */
};

int vp_resolver_probe_create(struct vp_resolver_probe **out,
                             const struct vp_resolver_probe_options *opt);
/*
 * Asks. cb runs from the loop, never from inside this call, at least once, and
 * never after vp_resolver_probe_destroy(). Returns 0 or -EINVAL for a bad name.
 * In the row, asked, question and round are left to the caller. q is copied.
 */
int vp_resolver_probe_ask(struct vp_resolver_probe *p, struct vp_arena *arena,
                          const struct vp_question *q, vp_resolve_cb *cb,
                          void *arg);
/* Questions under way end without a callback. NULL is fine. */
void vp_resolver_probe_destroy(struct vp_resolver_probe *p);

#endif
