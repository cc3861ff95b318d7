/*
 * cares_loop.h - inside the resolver: one c-ares channel on the libuv loop.
 *
 * A channel speaks to one server over one transport, one attempt a question:
 * repeating is the caller's business, because c-ares doubles its timeout each
 * time and would not say which attempt was answered. The sockets are ours
 * (ares_set_socket_functions), so that the errno of a failure, our own end and
 * datagrams c-ares does not accept are known; c-ares tells none of them.
 *
 * The callbacks run from within vp_cares_send() or from the loop, with c-ares
 * on the stack: they must not call vp_cares_destroy() or vp_cares_send().
 */
#ifndef VP_PROBES_CARES_LOOP_H
#define VP_PROBES_CARES_LOOP_H

#include <uv.h>

#include "vnetprobe/addr.h"
#include "vnetprobe/outcome.h"

struct vp_cares;

struct vp_cares_answer {
	enum vp_outcome outcome; /* OK: msg is the raw message */
	const uint8_t *msg;
	size_t len;
	const char *detail; /* of ERROR and MALFORMED: constant, or NULL */
};

struct vp_cares_options {
	uv_loop_t *loop;
	struct vp_endpoint server;
	bool tcp;
	unsigned timeout_ms;
	/* Each message that came from the server, before c-ares has it whole;
	 * over TCP, its header. */
	void (*on_message)(const uint8_t *msg, size_t len, void *arg);
	/* Over UDP: a datagram to our end from another address or port than
	 * the server's, which nobody else gets. */
	void (*on_stray)(const uint8_t *msg, size_t len,
	                 const struct vp_endpoint *from, void *arg);
	void *arg;
};

/* arg is that of vp_cares_send(). */
typedef void vp_cares_cb(const struct vp_cares_answer *answer, void *arg);

/* 0 or -errno. */
int vp_cares_create(struct vp_cares **out, const struct vp_cares_options *opt);
/* Sends a message whose id no other open question of this channel has. cb runs
 * once, unless the channel is destroyed first. */
void vp_cares_send(struct vp_cares *c, const uint8_t *msg, size_t len,
                   vp_cares_cb *cb, void *arg);
/* Our end of the newest socket; no address if none could be opened. */
struct vp_endpoint vp_cares_local(const struct vp_cares *c);
/* Counts the TCP connections (or UDP sockets) opened so far. */
unsigned vp_cares_generation(const struct vp_cares *c);
/* Open questions end without a callback. NULL is fine. */
void vp_cares_destroy(struct vp_cares *c);

#endif
