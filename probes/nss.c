/*
 * nss.c - the parent's side of the look-up helper.
 *
 * At most one question for each thread of the helper is under way; the rest
 * wait here, so neither the socket nor the helper can fill up. While nothing
 * is asked the socket does not keep the loop alive.
 */
#include "vnetprobe/nss.h"

#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "nss_helper.h"

#define REAP_TRIES 500 /* of a millisecond each */
#define REPLIES_A_TURN 64
#define HELPER_ENDED "the look-up helper has ended"

struct ask {
	struct ask *next;
	struct vp_arena *arena;
	vp_nss_cb *cb;
	void *arg;
	uint32_t seq;
	uint64_t since; /* uv_now() when the helper got it */
	char name[];
};

struct vp_nss {
	uv_poll_t poll;
	uv_timer_t timer;    /* reports what failed, from the loop */
	uv_timer_t patience; /* runs while one is under way */
	unsigned limit_ms;   /* 0: none */
	pid_t pid;           /* -1: reaped */
	int fd;
	unsigned max, in_flight;
	uint32_t seq;
	struct ask *waiting, **waiting_end;
	struct ask *flying;
	const char *dead; /* why nothing can be asked any more */
	bool started, destroyed;
	int open; /* handles libuv has not closed yet */
};

int vp_nss_create(struct vp_nss **out, unsigned n_threads)
{
	struct vp_nss *n;
	int fds[2], err;
	pid_t pid;

	*out = NULL;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return -errno;
	n = calloc(1, sizeof(*n));
	pid = n != NULL ? fork() : -1;
	if (pid == 0)
		vp_nss_helper(fds[1], n_threads);
	err = errno;
	close(fds[1]);
	if (pid < 0) {
		close(fds[0]);
		free(n);
		return n == NULL ? -ENOMEM : -err;
	}
	n->pid = pid;
	n->fd = fds[0];
	n->max = n_threads > 0 ? n_threads : 1;
	n->waiting_end = &n->waiting;
	*out = n;
	return 0;
}

/* --- rows ------------------------------------------------------------------
 */

static const char *describe(const struct vp_nss_reply *r, struct vp_arena *a)
{
	if (r->error == EAI_SYSTEM)
		return strerror(r->system);
	if (r->error != 0)
		return gai_strerror(r->error);
	if (r->left_out > 0)
		return vp_arena_printf(a, "%u more addresses were left out",
		                       (unsigned)r->left_out);
	return NULL;
}

static enum vp_outcome outcome_of(int error)
{
	switch (error) {
	case 0:
	case EAI_NONAME:
	case EAI_NODATA:
	case EAI_ADDRFAMILY:
		return VP_OUTCOME_OK; /* an answer, if an empty one */
	case EAI_AGAIN:
		return VP_OUTCOME_TIMEOUT;
	default:
		return VP_OUTCOME_ERROR;
	}
}

static void fill_row(struct vp_dns_row *row, struct vp_arena *arena,
                     const struct vp_nss_reply *r)
{
	memset(row, 0, sizeof(*row));
	row->transport = VP_TRANSPORT_NSS;
	row->outcome = outcome_of(r->error);
	row->rcode = -1;
	row->elapsed_us = r->elapsed_us;
	row->detail = vp_arena_strdup(arena, describe(r, arena));
	row->addresses =
		vp_arena_alloc(arena, r->n * sizeof(row->addresses[0]) + 1);
	row->n_addresses = r->n;
	for (uint32_t i = 0; i < r->n; i++)
		row->addresses[i].addr = r->addresses[i];
}

/* Frees the question; its owner may destroy the whole in its callback. */
static void report(struct ask *a, const struct vp_dns_row *row)
{
	vp_nss_cb *cb = a->cb;
	void *arg = a->arg;

	free(a);
	cb(row, arg);
}

static void report_error(struct ask *a, const char *detail)
{
	struct vp_dns_row row = {
		.transport = VP_TRANSPORT_NSS,
		.outcome = VP_OUTCOME_ERROR,
		.rcode = -1,
		.detail = vp_arena_strdup(a->arena, detail),
	};

	report(a, &row);
}

/* --- the socket ------------------------------------------------------------
 */

static void on_timer(uv_timer_t *t);

static void fail_all(struct vp_nss *n, const char *why)
{
	n->dead = why;
	uv_poll_stop(&n->poll);
	uv_update_time(n->timer.loop);
	uv_timer_start(&n->timer, on_timer, 0, 0);
}

static struct ask *take_waiting(struct vp_nss *n)
{
	struct ask *a = n->waiting;

	if (a == NULL)
		return NULL;
	n->waiting = a->next;
	if (n->waiting == NULL)
		n->waiting_end = &n->waiting;
	return a;
}

static struct ask *take_flying(struct vp_nss *n, uint32_t seq)
{
	struct ask **p = &n->flying, *a;

	while (*p != NULL && (*p)->seq != seq)
		p = &(*p)->next;
	a = *p;
	if (a != NULL) {
		*p = a->next;
		n->in_flight--;
	}
	return a;
}

static void on_timer(uv_timer_t *t)
{
	struct vp_nss *n = t->data;

	while (!n->destroyed) {
		struct ask *a = n->flying != NULL
		                        ? take_flying(n, n->flying->seq)
		                        : take_waiting(n);

		if (a == NULL)
			return;
		report_error(a, n->dead);
	}
}

/* --- patience --------------------------------------------------------------
 */

static void on_late(uv_timer_t *t);

static struct ask *oldest(const struct vp_nss *n)
{
	struct ask *a = n->flying;

	while (a != NULL && a->next != NULL)
		a = a->next; /* the newest stands first */
	return a;
}

static void be_patient(struct vp_nss *n)
{
	const struct ask *a = oldest(n);
	uint64_t due, now = uv_now(n->timer.loop);

	if (a == NULL || n->limit_ms == 0) {
		uv_timer_stop(&n->patience);
		return;
	}
	due = a->since + n->limit_ms;
	uv_timer_start(&n->patience, on_late, due > now ? due - now : 0, 0);
}

static void report_late(struct ask *a, unsigned limit_ms)
{
	struct vp_dns_row row = {
		.transport = VP_TRANSPORT_NSS,
		.outcome = VP_OUTCOME_TIMEOUT,
		.rcode = -1,
		.elapsed_us = (uint64_t)limit_ms * 1000,
		.detail = vp_arena_strdup(a->arena, "given up"),
	};

	report(a, &row);
}

static bool send_question(struct vp_nss *n, const struct ask *a)
{
	struct vp_nss_question q = { .seq = a->seq };
	size_t len = strlen(a->name) + 1;

	memcpy(q.name, a->name, len);
	return send(n->fd, &q, offsetof(struct vp_nss_question, name) + len,
	            MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

static void pump(struct vp_nss *n)
{
	uv_update_time(n->timer.loop);
	while (n->dead == NULL && n->waiting != NULL && n->in_flight < n->max) {
		struct ask *a = n->waiting;

		a->seq = n->seq++;
		if (!send_question(n, a)) {
			/* in_flight bounds what the socket holds, so that this
			 * cannot be a full buffer unless all are answered */
			if (errno != EAGAIN || n->in_flight == 0)
				fail_all(n, HELPER_ENDED);
			break;
		}
		take_waiting(n);
		a->since = uv_now(n->timer.loop);
		a->next = n->flying;
		n->flying = a;
		n->in_flight++;
	}
	if (n->waiting != NULL || n->flying != NULL)
		uv_ref((uv_handle_t *)&n->poll);
	else
		uv_unref((uv_handle_t *)&n->poll);
	be_patient(n);
}

/* Returns false when nothing more is to be read now. */
static bool read_reply(struct vp_nss *n)
{
	static const size_t head = offsetof(struct vp_nss_reply, addresses);
	struct vp_nss_reply r;
	struct vp_dns_row row;
	struct ask *a;
	ssize_t len = recv(n->fd, &r, sizeof(r), MSG_DONTWAIT);

	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (len <= 0) {
		fail_all(n, HELPER_ENDED);
		return false;
	}
	if ((size_t)len < head || r.n > VP_NSS_ADDRESSES_MAX ||
	    (size_t)len < head + r.n * sizeof(r.addresses[0])) {
		fail_all(n, "the look-up helper does not make sense");
		return false;
	}
	a = take_flying(n, r.seq);
	if (a == NULL)
		return true;
	pump(n); /* before the callback, which may take its time */
	fill_row(&row, a->arena, &r);
	report(a, &row);
	return !n->destroyed;
}

/* Timers run before descriptors are read: what has come meanwhile counts. */
static void on_late(uv_timer_t *t)
{
	struct vp_nss *n = t->data;
	struct ask *a;

	for (int i = 0; i < REPLIES_A_TURN; i++)
		if (!read_reply(n))
			break;
	if (n->destroyed)
		return;
	a = oldest(n);
	if (n->dead == NULL && a != NULL &&
	    uv_now(t->loop) >= a->since + n->limit_ms) {
		take_flying(n, a->seq);
		pump(n);
		report_late(a, n->limit_ms);
	} else {
		be_patient(n);
	}
}

static void on_ready(uv_poll_t *h, int status, int events)
{
	struct vp_nss *n = h->data;

	(void)events;
	if (status < 0) { /* it went without reading all: POLLERR */
		fail_all(n, HELPER_ENDED);
		return;
	}
	for (int i = 0; i < REPLIES_A_TURN; i++)
		if (!read_reply(n))
			return;
}

void vp_nss_limit(struct vp_nss *n, unsigned ms)
{
	n->limit_ms = ms;
}

int vp_nss_start(struct vp_nss *n, uv_loop_t *loop)
{
	int rc = uv_poll_init(loop, &n->poll, n->fd);

	if (rc < 0)
		return rc;
	n->started = true;
	n->open = 3;
	n->poll.data = n;
	n->timer.data = n;
	n->patience.data = n;
	uv_timer_init(loop, &n->timer);
	uv_timer_init(loop, &n->patience);
	uv_unref((uv_handle_t *)&n->poll);
	return uv_poll_start(&n->poll, UV_READABLE, on_ready);
}

int vp_nss_ask(struct vp_nss *n, struct vp_arena *arena, const char *name,
               vp_nss_cb *cb, void *arg)
{
	size_t len = strlen(name);
	struct ask *a;

	if (!n->started || len == 0 || len > VP_NSS_NAME_MAX)
		return -EINVAL;
	a = calloc(1, sizeof(*a) + len + 1);
	if (a == NULL)
		return -ENOMEM;
	a->arena = arena;
	a->cb = cb;
	a->arg = arg;
	memcpy(a->name, name, len);
	*n->waiting_end = a;
	n->waiting_end = &a->next;
	if (n->dead != NULL)
		fail_all(n, n->dead);
	else
		pump(n);
	return 0;
}

/* --- the end ---------------------------------------------------------------
 */

/* SIGKILL takes effect within microseconds; what still lives after the tries
 * hangs in the kernel, and init inherits it. libuv waits for its own children
 * by id, so this disturbs nobody. */
static void reap(struct vp_nss *n)
{
	const struct timespec ms = { 0, 1000000 };

	if (n->pid <= 0)
		return; /* kill(2) would take -1 for everybody */
	kill(n->pid, SIGKILL);
	for (int i = 0; i < REAP_TRIES; i++) {
		pid_t rc = waitpid(n->pid, NULL, WNOHANG);

		if (rc == n->pid || (rc < 0 && errno != EINTR))
			break;
		nanosleep(&ms, NULL);
	}
	n->pid = -1;
}

static void on_closed(uv_handle_t *h)
{
	struct vp_nss *n = h->data;

	if (--n->open == 0)
		free(n);
}

void vp_nss_destroy(struct vp_nss *n)
{
	struct ask *a;

	if (n == NULL || n->destroyed)
		return;
	n->destroyed = true;
	reap(n);
	while ((a = take_waiting(n)) != NULL)
		free(a);
	while (n->flying != NULL)
		free(take_flying(n, n->flying->seq));
	if (n->started) {
		uv_close((uv_handle_t *)&n->poll, on_closed);
		uv_close((uv_handle_t *)&n->timer, on_closed);
		uv_close((uv_handle_t *)&n->patience, on_closed);
	}
	close(n->fd);
	if (!n->started)
		free(n);
}
