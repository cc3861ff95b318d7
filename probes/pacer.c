/* pacer.c - a token bucket and a bound on what is pending, shared by lanes. */
#include "vnetprobe/pacer.h"

#include <errno.h>
#include <stdlib.h>

/* What goes at once where many wait: so the loop wakes up some ten times a
 * second, not for each token. */
#define BURST 64
/* What a bucket holds, and has at first. A run of a dozen targets fits in it,
 * so that it is never slowed down; it is far below Azure's 1000 a second. */
#define BUCKET (2 * BURST)
#define NS_PER_S 1000000000ull

struct vp_pacer {
	uv_timer_t timer;
	unsigned max_pending, pending;
	size_t waiting; /* in all lanes */
	uint64_t ns_per_token;
	uint64_t credit_ns;          /* what the bucket holds, as time */
	uint64_t filled_at;          /* uv_hrtime() */
	struct vp_pacer_lane *lanes; /* the one whose turn it is */
};

static void on_closed(uv_handle_t *h)
{
	free(h->data);
}

struct vp_pacer *vp_pacer_create(uv_loop_t *loop, unsigned per_second,
                                 unsigned max_pending)
{
	struct vp_pacer *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	if (uv_timer_init(loop, &p->timer) < 0) {
		free(p);
		return NULL;
	}
	p->timer.data = p;
	p->max_pending = max_pending > 0 ? max_pending : 1;
	p->ns_per_token = NS_PER_S / (per_second > 0 ? per_second : 1);
	p->credit_ns = BUCKET * p->ns_per_token;
	p->filled_at = uv_hrtime();
	return p;
}

void vp_pacer_destroy(struct vp_pacer *p)
{
	if (p != NULL)
		uv_close((uv_handle_t *)&p->timer, on_closed);
}

static void refill(struct vp_pacer *p)
{
	uint64_t now = uv_hrtime();

	p->credit_ns += now - p->filled_at;
	if (p->credit_ns > BUCKET * p->ns_per_token)
		p->credit_ns = BUCKET * p->ns_per_token;
	p->filled_at = now;
}

/* Slots one lane may hold: all of them while it is alone. */
static unsigned share(const struct vp_pacer *p)
{
	const struct vp_pacer_lane *l = p->lanes;
	unsigned busy = 0;

	do {
		if (l->head != NULL || l->in_flight > 0)
			busy++;
		l = l->next;
	} while (l != p->lanes);
	if (busy <= 1 || busy >= p->max_pending)
		return busy <= 1 ? p->max_pending : 1;
	return p->max_pending / busy;
}

/* One entry may always go: its cost may be more than the share. */
static bool may_go(const struct vp_pacer *p, const struct vp_pacer_lane *l,
                   unsigned most)
{
	return l->head != NULL && p->pending + l->cost <= p->max_pending &&
	       (l->in_flight == 0 || l->in_flight + l->cost <= most);
}

/* The next lane, from the one whose turn it is, with somebody who may go. */
static struct vp_pacer_lane *pick(struct vp_pacer *p)
{
	struct vp_pacer_lane *l = p->lanes;
	unsigned most;

	if (l == NULL || p->pending >= p->max_pending)
		return NULL;
	most = share(p);
	do {
		if (may_go(p, l, most))
			return l;
		l = l->next;
	} while (l != p->lanes);
	return NULL;
}

static void unlink_wait(struct vp_pacer_lane *l, struct vp_pacer_wait *w)
{
	if (w->prev != NULL)
		w->prev->next = w->next;
	else
		l->head = w->next;
	if (w->next != NULL)
		w->next->prev = w->prev;
	else
		l->tail = w->prev;
	w->prev = w->next = NULL;
	w->queued = false;
	l->pacer->waiting--;
}

static void on_turn(uv_timer_t *t);

/* delay_ms 0: as soon as the loop comes round. */
static void arm(struct vp_pacer *p, uint64_t delay_ms)
{
	if (uv_is_closing((uv_handle_t *)&p->timer))
		return;
	uv_update_time(p->timer.loop);
	uv_timer_start(&p->timer, on_turn, delay_ms, 0);
}

/*
 * Until the next burst may go, or all that wait if they are fewer. One by one
 * they would go no sooner on the whole, but what each of them sets off (a TLS
 * handshake) would find the processor's caches cold: a third more work.
 */
static uint64_t burst_ms(const struct vp_pacer *p, unsigned least)
{
	uint64_t tokens = p->waiting < BURST ? p->waiting : BURST;

	if (tokens < least)
		tokens = least;
	return (tokens * p->ns_per_token - p->credit_ns) / 1000000 + 1;
}

static void on_turn(uv_timer_t *t)
{
	struct vp_pacer *p = t->data;
	struct vp_pacer_lane *l;

	refill(p);
	while ((l = pick(p)) != NULL) {
		struct vp_pacer_wait *w = l->head;

		if (p->credit_ns < l->cost * p->ns_per_token) {
			arm(p, burst_ms(p, l->cost));
			return;
		}
		p->credit_ns -= l->cost * p->ns_per_token;
		unlink_wait(l, w);
		l->in_flight += l->cost;
		p->pending += l->cost;
		p->lanes = l->next;
		l->go(w, l->arg);
	}
}

/* Somebody may be able to go now. An armed timer is left: it either fires at
 * once or waits for a token, which nothing but time brings. */
static void wake(struct vp_pacer *p)
{
	if (!uv_is_active((uv_handle_t *)&p->timer) && pick(p) != NULL)
		arm(p, 0);
}

void vp_pacer_lane_open(struct vp_pacer_lane *l, struct vp_pacer *p,
                        vp_pacer_go_cb *go, void *arg)
{
	*l = (struct vp_pacer_lane){
		.pacer = p, .cost = 1, .go = go, .arg = arg
	};
	if (p->lanes == NULL) {
		l->prev = l->next = l;
		p->lanes = l;
		return;
	}
	l->next = p->lanes;
	l->prev = p->lanes->prev;
	l->prev->next = l;
	l->next->prev = l;
}

void vp_pacer_lane_close(struct vp_pacer_lane *l)
{
	struct vp_pacer *p = l->pacer;

	while (l->head != NULL)
		unlink_wait(l, l->head);
	p->pending -= l->in_flight;
	l->in_flight = 0;
	if (l->next == l) {
		p->lanes = NULL;
		return;
	}
	l->prev->next = l->next;
	l->next->prev = l->prev;
	if (p->lanes == l)
		p->lanes = l->next;
	wake(p); /* others may use what it held */
}

void vp_pacer_enter(struct vp_pacer_lane *l, struct vp_pacer_wait *w)
{
	w->next = NULL;
	w->prev = l->tail;
	w->queued = true;
	l->pacer->waiting++;
	if (l->tail != NULL)
		l->tail->next = w;
	else
		l->head = w;
	l->tail = w;
	wake(l->pacer);
}

void vp_pacer_cancel(struct vp_pacer_lane *l, struct vp_pacer_wait *w)
{
	if (w->queued)
		unlink_wait(l, w);
}

void vp_pacer_leave(struct vp_pacer_lane *l)
{
	l->in_flight -= l->cost;
	l->pacer->pending -= l->cost;
	wake(l->pacer);
}
