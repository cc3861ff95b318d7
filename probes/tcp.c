/*
 * tcp.c - one TCP connection attempt: a plain socket watched by a uv_poll_t.
 *
 * Not a uv_tcp_t: the HTTPS probe goes on with the connected socket, which
 * libuv would not give away, and connect()'s own error must be kept, which
 * uv_tcp_connect() may report on the spot without ever calling back.
 */
#include "vnetprobe/tcp.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#define DEFAULT_TIMEOUT_MS 5000

struct vp_tcp {
	uv_poll_t poll;
	uv_timer_t deadline;
	vp_tcp_cb *cb; /* NULL once reported or destroyed */
	void *arg;
	struct vp_endpoint local;
	uint64_t t0;  /* uv_hrtime() at the SYN, ns */
	int fd;       /* -1 once released or closed */
	int failed;   /* what connect() said on the spot, 0 if it goes on */
	bool polling; /* poll was initialised and not yet closed */
	int open;     /* handles libuv has not closed yet */
};

static void on_closed(uv_handle_t *h)
{
	struct vp_tcp *t = h->data;

	if (--t->open == 0)
		free(t);
}

static void close_poll(struct vp_tcp *t)
{
	if (!t->polling)
		return;
	t->polling = false;
	uv_close((uv_handle_t *)&t->poll, on_closed);
}

/* Reports once. The owner may destroy t in cb: t is not touched after it. */
static void report(struct vp_tcp *t, enum vp_outcome outcome)
{
	struct vp_tcp_result res = {
		.outcome = outcome,
		.elapsed_us = (uv_hrtime() - t->t0) / 1000,
		.local = t->local,
	};
	vp_tcp_cb *cb = t->cb;

	if (cb == NULL)
		return;
	t->cb = NULL;
	uv_timer_stop(&t->deadline);
	/* The descriptor may be polled by somebody else from cb on. */
	close_poll(t);
	if (outcome != VP_OUTCOME_OK) {
		close(t->fd);
		t->fd = -1;
	}
	cb(&res, t->arg);
}

static void on_writable(uv_poll_t *h, int status, int events)
{
	struct vp_tcp *t = h->data;
	socklen_t len = sizeof(int);
	int err = 0;

	(void)status; /* libuv says EBADF for any EPOLLERR: ask the socket */
	(void)events;
	if (getsockopt(t->fd, SOL_SOCKET, SO_ERROR, &err, &len) != 0)
		err = errno;
	report(t, vp_outcome_from_errno(-err));
}

static void on_deadline(uv_timer_t *h)
{
	struct vp_tcp *t = h->data;

	report(t, t->failed != 0 ? vp_outcome_from_errno(t->failed)
	                         : VP_OUTCOME_TIMEOUT);
}

/* Sends the SYN. An error on the spot is a result like any other. */
static void start(struct vp_tcp *t, const struct vp_endpoint *remote)
{
	struct sockaddr_storage ss;
	socklen_t len = vp_endpoint_to_sockaddr(remote, &ss);

	t->t0 = uv_hrtime();
	if (connect(t->fd, (struct sockaddr *)&ss, len) != 0 &&
	    errno != EINPROGRESS) {
		t->failed = -errno;
		return;
	}
	/* Known from here on, so that even an attempt without an answer can
	 * be found in the capture. */
	vp_endpoint_of_socket(&t->local, t->fd);
}

int vp_tcp_create(struct vp_tcp **out, uv_loop_t *loop,
                  const struct vp_endpoint *remote, unsigned timeout_ms,
                  vp_tcp_cb *cb, void *arg)
{
	struct vp_tcp *t;
	int family = remote->addr.family == 6 ? AF_INET6 : AF_INET;
	int err;

	*out = NULL;
	if (remote->addr.family == 0)
		return UV_EINVAL;
	t = calloc(1, sizeof(*t));
	if (t == NULL)
		return UV_ENOMEM;
	t->cb = cb;
	t->arg = arg;
	t->fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (t->fd < 0) {
		err = -errno;
		goto fail;
	}
	err = uv_poll_init(loop, &t->poll, t->fd);
	if (err != 0)
		goto fail;
	t->poll.data = t;
	t->polling = true;
	uv_timer_init(loop, &t->deadline);
	t->deadline.data = t;
	t->open = 2;

	start(t, remote);
	if (t->failed == 0)
		t->failed = uv_poll_start(&t->poll, UV_WRITABLE, on_writable);
	uv_update_time(loop);
	if (timeout_ms == 0)
		timeout_ms = DEFAULT_TIMEOUT_MS;
	uv_timer_start(&t->deadline, on_deadline,
	               t->failed != 0 ? 0 : timeout_ms, 0);
	*out = t;
	return 0;

fail:
	if (t->fd >= 0)
		close(t->fd);
	free(t);
	return err;
}

int vp_tcp_release(struct vp_tcp *t)
{
	int fd = t->fd;

	if (t->cb != NULL || fd < 0)
		return UV_EBADF;
	t->fd = -1;
	return fd;
}

void vp_tcp_destroy(struct vp_tcp *t)
{
	if (t == NULL)
		return;
	t->cb = NULL;
	close_poll(t);
	uv_close((uv_handle_t *)&t->deadline, on_closed);
	if (t->fd >= 0)
		close(t->fd);
	t->fd = -1;
}
