/*
 * https.h - TCP, TLS and one HTTP request to a pinned address (libcurl).
 *
 * SNI and Host are the public name, the connection goes to the address given.
 * The certificate is recorded and judged, and the request goes on even if the
 * chain is not trusted or the name does not match: no credential is sent, and
 * the answer is evidence. No proxy, no redirect, no cookie, no netrc, no
 * session reuse between requests. One pool has one curl multi handle and one
 * X509_STORE; requests beyond max_concurrent wait in order.
 */
#ifndef VNETPROBE_HTTPS_H
#define VNETPROBE_HTTPS_H

#include <uv.h>

#include "vnetprobe/facts.h"

struct vp_https_pool;
struct vp_https;

struct vp_https_pool_options {
	uv_loop_t *loop;
	const char *ca_file;     /* NULL: the system's store */
	unsigned timeout_ms;     /* of TCP, TLS and HTTP each; 0: 5000 */
	unsigned max_concurrent; /* 0: 32 */
};

struct vp_https_request {
	const char *name; /* copied */
	struct vp_endpoint remote;
	enum vp_kind kind; /* how the answer is read (signature.h) */
	const char *path;  /* "/healthstatus" */
};

/* Strings live in the arena given with the request. */
struct vp_https_result {
	struct vp_endpoint local;
	enum vp_outcome tcp;
	uint64_t tcp_elapsed_us;
	struct vp_tls_facts tls;
	struct vp_http_facts http;
};

typedef void vp_https_cb(const struct vp_https_result *res, void *arg);

/* 0, or a negative errno with a sentence in why (an unreadable ca_file). The
 * process ignores SIGPIPE from then on. */
int vp_https_pool_create(struct vp_https_pool **out,
                         const struct vp_https_pool_options *opt, char *why,
                         size_t size);
/*
 * cb runs once, from the loop, never from inside; not after the pool's end.
 * -EINVAL for a name or path that cannot be sent. The arena must live as long
 * as the pool: certificates seen before share their strings.
 */
int vp_https_start(struct vp_https_pool *pool, struct vp_arena *arena,
                   const struct vp_https_request *req, vp_https_cb *cb,
                   void *arg);
/* Ends all requests without a callback, also from within one; the loop frees
 * the rest. NULL is fine. */
void vp_https_pool_destroy(struct vp_https_pool *pool);

#endif
