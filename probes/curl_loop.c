/*
 * curl_loop.c - libcurl's sockets and its timer as libuv handles.
 *
 * libcurl says through CURLMOPT_SOCKETFUNCTION which events of which socket it
 * waits for, and through CURLMOPT_TIMERFUNCTION when it wants to be called
 * anyway; we call curl_multi_socket_action() when either is due. Any such call
 * can end any transfer, so the list of finished ones is read after each.
 */
#include "curl_loop.h"

#include <stdbool.h>
#include <stdlib.h>

struct vp_curl_loop {
	CURLM *multi;
	uv_loop_t *loop;
	uv_timer_t timer;
	vp_curl_done_cb *done;
	void *arg;
	bool destroyed;
};

/* One socket libcurl waits for; freed by its close callback only, since
 * libuv may still hold the handle when libcurl is through with it. */
struct watch {
	uv_poll_t poll;
	struct vp_curl_loop *owner;
	curl_socket_t fd;
	int events; /* what libcurl waits for */
};

static void on_watch_closed(uv_handle_t *h)
{
	free(h->data);
}

static void drain(struct vp_curl_loop *l)
{
	CURLMsg *msg;
	int left;

	while (!l->destroyed &&
	       (msg = curl_multi_info_read(l->multi, &left)) != NULL) {
		CURL *easy = msg->easy_handle;
		CURLcode result = msg->data.result;

		if (msg->msg != CURLMSG_DONE)
			continue;
		curl_multi_remove_handle(l->multi, easy); /* msg is gone */
		l->done(easy, result, l->arg);
	}
}

static void act(struct vp_curl_loop *l, curl_socket_t fd, int events)
{
	int running;

	curl_multi_socket_action(l->multi, fd, events, &running);
	drain(l);
}

/*
 * An error (EPOLLERR) comes with what the peer sent before it. CURL_CSELECT_ERR
 * would have libcurl give up without reading that, so say "ready": it reads,
 * then meets the error itself. libuv has stopped the handle by then.
 */
static void on_poll(uv_poll_t *h, int status, int events)
{
	struct watch *w = h->data;
	int flags = 0;

	if (status < 0)
		events = w->events;
	if (events & UV_READABLE)
		flags |= CURL_CSELECT_IN;
	if (events & UV_WRITABLE)
		flags |= CURL_CSELECT_OUT;
	act(w->owner, w->fd, flags);
	if (status < 0 && !uv_is_closing((uv_handle_t *)h))
		uv_poll_start(h, w->events, on_poll);
}

static void on_timer(uv_timer_t *h)
{
	act(h->data, CURL_SOCKET_TIMEOUT, 0);
}

static struct watch *watch_open(struct vp_curl_loop *l, curl_socket_t fd)
{
	struct watch *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return NULL;
	w->owner = l;
	w->fd = fd;
	if (uv_poll_init_socket(l->loop, &w->poll, fd) != 0) {
		free(w);
		return NULL;
	}
	w->poll.data = w;
	curl_multi_assign(l->multi, fd, w);
	return w;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg,
                     void *socket_arg)
{
	struct vp_curl_loop *l = arg;
	struct watch *w = socket_arg;
	int events = 0;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (w == NULL)
			return 0;
		curl_multi_assign(l->multi, fd, NULL);
		uv_close((uv_handle_t *)&w->poll, on_watch_closed);
		return 0;
	}
	if (w == NULL)
		w = watch_open(l, fd);
	if (w == NULL)
		return -1; /* libcurl fails the transfers of this socket */
	if (what & CURL_POLL_IN)
		events |= UV_READABLE;
	if (what & CURL_POLL_OUT)
		events |= UV_WRITABLE;
	w->events = events;
	return uv_poll_start(&w->poll, events, on_poll) == 0 ? 0 : -1;
}

/* Not to act from in here: libcurl is not reentrant, so 0 means next turn. */
static int on_timer_wish(CURLM *multi, long timeout_ms, void *arg)
{
	struct vp_curl_loop *l = arg;

	(void)multi;
	if (l->destroyed)
		return 0;
	if (timeout_ms < 0) {
		uv_timer_stop(&l->timer);
		return 0;
	}
	uv_update_time(l->loop);
	uv_timer_start(&l->timer, on_timer, (uint64_t)timeout_ms, 0);
	return 0;
}

int vp_curl_loop_create(struct vp_curl_loop **out, uv_loop_t *loop,
                        vp_curl_done_cb *done, void *arg)
{
	struct vp_curl_loop *l = calloc(1, sizeof(*l));

	*out = NULL;
	if (l == NULL)
		return UV_ENOMEM;
	l->multi = curl_multi_init();
	if (l->multi == NULL) {
		free(l);
		return UV_ENOMEM;
	}
	l->loop = loop;
	l->done = done;
	l->arg = arg;
	uv_timer_init(loop, &l->timer);
	l->timer.data = l;
	curl_multi_setopt(l->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(l->multi, CURLMOPT_SOCKETDATA, l);
	curl_multi_setopt(l->multi, CURLMOPT_TIMERFUNCTION, on_timer_wish);
	curl_multi_setopt(l->multi, CURLMOPT_TIMERDATA, l);
	curl_multi_setopt(l->multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
	curl_multi_setopt(l->multi, CURLMOPT_MAXCONNECTS, 1L);
	*out = l;
	return 0;
}

int vp_curl_loop_add(struct vp_curl_loop *l, CURL *easy)
{
	return curl_multi_add_handle(l->multi, easy) == CURLM_OK ? 0
	                                                         : UV_ENOMEM;
}

void vp_curl_loop_remove(struct vp_curl_loop *l, CURL *easy)
{
	curl_multi_remove_handle(l->multi, easy);
}

static void on_timer_closed(uv_handle_t *h)
{
	free(h->data);
}

void vp_curl_loop_destroy(struct vp_curl_loop *l)
{
	if (l == NULL)
		return;
	l->destroyed = true;
	curl_multi_cleanup(l->multi);
	l->multi = NULL;
	uv_close((uv_handle_t *)&l->timer, on_timer_closed);
}
