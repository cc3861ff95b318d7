/*
 * resolve.c - questions to one resolver: attempts, truncation, EDNS, rows.
 *
 * The way of a question: it waits in the pacer's lane (where it is small), gets
 * a flight when its turn comes, is sent by a c-ares channel, and what came of
 * it is read into a row there and then. Rows are reported from a timer of our
 * own, never with c-ares on the stack, so the owner may do anything in its
 * callback, also destroy the probe. On the way a question may take another
 * turn in the lane: after an attempt without answer, over TCP after a
 * truncated answer (RFC 7766 section 5), and once without EDNS after FORMERR
 * (RFC 6891 section 6.2.2).
 *
 * A server from which nothing was ever heard, although many questions were put
 * to it, gets one attempt at each of the rest: two at each of some thousands
 * would take longer than what all other servers of the run have to say.
 *
 * All attempts over UDP carry the same id from the same port, so the answer of
 * a slow resolver to the first still counts during the second; the time told
 * is from the first attempt to the answer.
 */
#include "vnetprobe/resolve.h"

#include <ares.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "cares_loop.h"
#include "vnetprobe/pacer.h"

/* What fits into one unfragmented packet everywhere (DNS flag day 2020). */
#define EDNS_PAYLOAD 1232
#define QUESTION_MAX 512 /* RFC 1035 section 2.3.4; ours are below 300 */
#define RCODE_FORMERR 1
/* Distinct ones of one answer. A message has room for some 4,000, which no
 * service has: each would be kept, printed and perhaps connected to. */
#define ADDRESSES_MAX 1024
/* Attempts after which a server that never said anything counts as deaf. More
 * than what is in the air at once, so that a slow one is heard before. */
#define DEAF_AFTER 200

struct flight;

struct question {
	struct vp_pacer_wait wait; /* first: the pacer hands it back */
	struct vp_resolver_probe *probe;
	struct vp_arena *arena;
	vp_resolve_cb *cb;
	void *arg;
	struct flight *flight; /* NULL until its first turn */
	const char *name;      /* the arena's */
	uint16_t type;
	enum vp_transport transport;
	bool checking_disabled, edns;
};

struct flight {
	struct question *q;
	struct flight *prev, *next; /* of all flights */
	struct flight *done;        /* next to be reported */
	uint16_t id;
	bool sent; /* c-ares has it */
	unsigned attempts;
	uint64_t t0;        /* uv_hrtime() at the first attempt, */
	int64_t sent_us;    /* and the time of day */
	const char *unread; /* why an answer with its id was not taken */
	struct vp_endpoint elsewhere; /* who answered without being asked */
	bool bare_formerr; /* FORMERR without the question it is about */
	struct vp_dns_row row;
};

struct vp_resolver_probe {
	struct vp_resolver_probe_options opt;
	struct vp_pacer_lane lane;
	struct vp_cares *udp, *tcp;
	uv_timer_t report;
	struct flight *flights;
	struct flight *done, **done_end;
	unsigned tcp_answered; /* the last TCP connection that answered */
	unsigned unheard;      /* attempts without answer, while none came */
	bool heard;            /* anything, ever */
	bool destroyed;
};

/* --- flights ------------------------------------------------------------- */

static struct flight *find_id(const struct vp_resolver_probe *p, uint16_t id)
{
	struct flight *f = p->flights;

	while (f != NULL && f->id != id)
		f = f->next;
	return f;
}

/* Unpredictable (RFC 5452 section 4.3), and unlike those in the air. */
static uint16_t new_id(const struct vp_resolver_probe *p)
{
	uint16_t id;

	do {
		if (getrandom(&id, sizeof(id), 0) != sizeof(id))
			id = (uint16_t)(uv_hrtime() >> 4);
	} while (find_id(p, id) != NULL);
	return id;
}

static struct flight *take_off(struct question *q)
{
	struct vp_resolver_probe *p = q->probe;
	struct flight *f = calloc(1, sizeof(*f));

	if (f == NULL) {
		fputs("vnetprobe: out of memory\n", stderr);
		_Exit(3); /* as the arena does */
	}
	f->q = q;
	f->id = new_id(p);
	f->next = p->flights;
	if (f->next != NULL)
		f->next->prev = f;
	p->flights = f;
	q->flight = f;
	return f;
}

static void land(struct flight *f)
{
	struct vp_resolver_probe *p = f->q->probe;

	if (f->prev != NULL)
		f->prev->next = f->next;
	else
		p->flights = f->next;
	if (f->next != NULL)
		f->next->prev = f->prev;
	free(f->q);
	free(f);
}

/* As if it had not been asked before; the name and the counters stay. */
static void start_over(struct flight *f)
{
	f->id = new_id(f->q->probe);
	f->attempts = 0;
	f->t0 = 0;
	f->unread = NULL;
	f->elsewhere.addr.family = 0;
	f->bare_formerr = false;
	memset(&f->row, 0, sizeof(f->row));
}

/* --- what came of an attempt --------------------------------------------- */

static void on_report(uv_timer_t *t);

/* The row is final (or truncated): to be reported from the loop. */
static void finish(struct flight *f)
{
	struct vp_resolver_probe *p = f->q->probe;

	f->row.type = f->q->type;
	f->row.transport = f->q->transport;
	f->row.without_edns = !f->q->edns;
	f->row.sent_us = f->sent_us;
	f->row.elapsed_us = (uv_hrtime() - f->t0) / 1000;
	vp_pacer_leave(&p->lane);
	f->done = NULL;
	*p->done_end = f;
	p->done_end = &f->done;
	if (!uv_is_active((uv_handle_t *)&p->report)) {
		uv_update_time(p->opt.loop);
		uv_timer_start(&p->report, on_report, 0, 0);
	}
}

static void another_turn(struct flight *f)
{
	struct vp_pacer_lane *lane = &f->q->probe->lane;

	vp_pacer_leave(lane);
	vp_pacer_enter(lane, &f->q->wait);
}

static void fail(struct flight *f, enum vp_outcome outcome, const char *detail)
{
	f->row.outcome = outcome;
	f->row.rcode = -1;
	f->row.detail = vp_arena_intern(f->q->arena, detail);
	finish(f);
}

static void fail_elsewhere(struct flight *f)
{
	char from[VP_ENDPOINT_TEXT], text[VP_ENDPOINT_TEXT + 32];

	vp_endpoint_format(&f->elsewhere, from);
	snprintf(text, sizeof(text), "an answer came from %s", from);
	f->row.elsewhere = true;
	fail(f, VP_OUTCOME_TIMEOUT, text);
}

/* --- what is kept of an answer ------------------------------------------- */

static void keep_chain(struct vp_dns_row *row, struct vp_arena *arena,
                       const struct vp_dns_message *m)
{
	if (m->n_chain == 0)
		return;
	row->chain = vp_arena_alloc(arena, m->n_chain * sizeof(*row->chain));
	row->n_chain = m->n_chain;
	for (size_t i = 0; i < m->n_chain; i++)
		row->chain[i] = (struct vp_chain_link){
			.owner = vp_arena_intern(arena, m->chain[i].owner),
			.target = vp_arena_intern(arena, m->chain[i].target),
			.ttl = m->chain[i].ttl,
		};
}

static bool has_address(const struct vp_dns_address *list, size_t n,
                        const struct vp_addr *addr)
{
	for (size_t i = 0; i < n; i++)
		if (vp_addr_equal(&list[i].addr, addr))
			return true;
	return false;
}

/* Each address once, in the order of the answer; false: too many. */
static bool keep_addresses(struct vp_dns_row *row, struct vp_arena *arena,
                           const struct vp_dns_message *m)
{
	struct vp_dns_address list[ADDRESSES_MAX];
	size_t n = 0;

	for (size_t i = 0; i < m->n_addresses; i++) {
		if (has_address(list, n, &m->addresses[i].addr))
			continue;
		if (n == ADDRESSES_MAX)
			return false;
		list[n++] = m->addresses[i];
	}
	if (n == 0)
		return true;
	row->addresses = vp_arena_alloc(arena, n * sizeof(*list));
	row->n_addresses = n;
	memcpy(row->addresses, list, n * sizeof(*list));
	return true;
}

/* Names come back from round to round and server to server: they are shared,
 * and arrays are as long as they need be. NULL, or why it cannot be kept. */
static const char *keep(struct vp_dns_row *row, struct vp_arena *arena,
                        const struct vp_dns_message *m)
{
	if (!keep_addresses(row, arena, m))
		return "more than 1024 addresses";
	keep_chain(row, arena, m);
	row->outcome = VP_OUTCOME_OK;
	row->rcode = m->rcode;
	row->authoritative = (m->header.flags & VP_DNS_FLAG_AA) != 0;
	row->truncated = (m->header.flags & VP_DNS_FLAG_TC) != 0;
	row->alias_loop = m->alias_loop;
	row->soa = m->soa;
	row->soa.zone = vp_arena_intern(arena, m->soa.zone);
	row->soa.mname = vp_arena_intern(arena, m->soa.mname);
	row->soa.rname = vp_arena_intern(arena, m->soa.rname);
	row->detail = vp_arena_intern(arena, m->text);
	return NULL;
}

static void on_message(struct flight *f, const uint8_t *msg, size_t len)
{
	struct vp_arena *scratch = vp_arena_create();
	struct vp_dns_message m;
	const char *why = "?";
	bool read = vp_dns_message_read(&m, scratch, msg, len, &why) == 0;

	if (read && !(m.header.flags & VP_DNS_FLAG_QR)) {
		why = "the question came back";
		read = false;
	}
	if (read && m.rcode == RCODE_FORMERR && f->q->edns) {
		f->q->edns = false;
		start_over(f);
		another_turn(f);
	} else if (read && (why = keep(&f->row, f->q->arena, &m)) == NULL) {
		finish(f);
	} else {
		fail(f, VP_OUTCOME_MALFORMED, why);
	}
	vp_arena_destroy(scratch);
}

static bool worth_repeating(const struct flight *f, enum vp_outcome outcome)
{
	const struct vp_resolver_probe *p = f->q->probe;
	bool closed =
		outcome == VP_OUTCOME_CLOSED || outcome == VP_OUTCOME_RESET;

	/* A server may close after an answer although more was asked (RFC 7766
	 * section 6.2.4): a new connection for the rest. Each takes at least
	 * one question off the list, so this ends. */
	if (f->q->transport == VP_TRANSPORT_TCP)
		return closed && vp_cares_generation(p->tcp) == p->tcp_answered;
	/* An ICMP error may be about a server that is just starting. */
	return f->attempts < (p->unheard < DEAF_AFTER ? p->opt.tries : 1) &&
	       (outcome == VP_OUTCOME_TIMEOUT ||
	        outcome == VP_OUTCOME_REFUSED ||
	        outcome == VP_OUTCOME_UNREACHABLE);
}

static void note_heard(struct vp_resolver_probe *p, enum vp_outcome outcome)
{
	if (outcome == VP_OUTCOME_OK) {
		p->heard = true;
		p->unheard = 0;
	} else if (outcome == VP_OUTCOME_TIMEOUT && !p->heard) {
		p->unheard++;
	}
}

static void on_answer(const struct vp_cares_answer *a, void *arg)
{
	struct flight *f = arg;
	struct question *q = f->q;

	f->sent = false;
	note_heard(q->probe, a->outcome);
	if (a->outcome == VP_OUTCOME_OK) {
		if (q->transport == VP_TRANSPORT_TCP)
			q->probe->tcp_answered =
				vp_cares_generation(q->probe->tcp);
		on_message(f, a->msg, a->len);
		return;
	}
	if (f->bare_formerr && q->edns) {
		q->edns = false;
		f->bare_formerr = false;
		f->attempts = 0;
		another_turn(f);
		return;
	}
	if (worth_repeating(f, a->outcome)) {
		another_turn(f);
		return;
	}
	if (a->outcome == VP_OUTCOME_TIMEOUT && f->unread != NULL)
		fail(f, VP_OUTCOME_MALFORMED, f->unread);
	else if (a->outcome == VP_OUTCOME_TIMEOUT &&
	         f->elsewhere.addr.family != 0)
		fail_elsewhere(f);
	else
		fail(f, a->outcome, a->detail);
}

/*
 * c-ares drops what has the right id and the wrong question without a word. It
 * came from the server's address and port, so it is remembered: an answer that
 * cannot be used is something else than silence. If c-ares does take it,
 * on_answer() runs before anybody looks at this.
 */
static void saw(struct vp_resolver_probe *p, enum vp_transport transport,
                const uint8_t *msg, size_t len)
{
	struct vp_dns_header h;
	struct flight *f;

	note_heard(p, VP_OUTCOME_OK);
	if (len < 2)
		return;
	f = find_id(p, (uint16_t)(msg[0] << 8 | msg[1]));
	if (f == NULL || !f->sent || f->q->transport != transport)
		return;
	if (vp_dns_header_read(&h, msg, len) < 0) {
		f->unread = "shorter than a DNS header";
		return;
	}
	f->bare_formerr = (h.flags & VP_DNS_FLAG_QR) &&
	                  (h.flags & 0xf) == RCODE_FORMERR && h.n_question == 0;
	f->unread = h.n_question == 0
	                    ? "no question section"
	                    : "the question section is not what was asked";
}

static void on_datagram(const uint8_t *msg, size_t len, void *arg)
{
	saw(arg, VP_TRANSPORT_UDP, msg, len);
}

/* Its sender proves nothing, so it is only told of. */
static void on_stray(const uint8_t *msg, size_t len,
                     const struct vp_endpoint *from, void *arg)
{
	struct vp_resolver_probe *p = arg;
	struct vp_dns_header h;
	struct flight *f;

	if (vp_dns_header_read(&h, msg, len) < 0 || !(h.flags & VP_DNS_FLAG_QR))
		return;
	f = find_id(p, h.id);
	if (f != NULL && f->sent && f->q->transport == VP_TRANSPORT_UDP)
		f->elsewhere = *from;
}

static void on_stream(const uint8_t *head, size_t len, void *arg)
{
	saw(arg, VP_TRANSPORT_TCP, head, len);
}

/* --- asking -------------------------------------------------------------- */

static int open_channel(struct vp_resolver_probe *p, bool tcp)
{
	const struct vp_cares_options opt = {
		.loop = p->opt.loop,
		.server = p->opt.server,
		.tcp = tcp,
		.timeout_ms = p->opt.timeout_ms,
		.on_message = tcp ? on_stream : on_datagram,
		.on_stray = on_stray,
		.arg = p,
	};

	return vp_cares_create(tcp ? &p->tcp : &p->udp, &opt);
}

static int64_t time_of_day(void)
{
	uv_timeval64_t t;

	uv_gettimeofday(&t);
	return t.tv_sec * 1000000 + t.tv_usec;
}

static void on_go(struct vp_pacer_wait *w, void *arg)
{
	struct vp_resolver_probe *p = arg;
	struct question *q = (struct question *)w;
	struct flight *f = q->flight != NULL ? q->flight : take_off(q);
	bool tcp = q->transport == VP_TRANSPORT_TCP;
	uint8_t buf[QUESTION_MAX];
	struct vp_endpoint local;
	int len, err = 0;

	f->attempts++;
	if (f->t0 == 0) {
		f->t0 = uv_hrtime();
		f->sent_us = time_of_day();
	}
	if (tcp && p->tcp == NULL)
		err = open_channel(p, true);
	len = vp_dns_question_write(buf, sizeof(buf), f->id, q->name, q->type,
	                            q->edns ? EDNS_PAYLOAD : 0);
	if (err < 0 || len < 0) {
		fail(f, VP_OUTCOME_ERROR, strerror(err < 0 ? -err : -len));
		return;
	}
	if (q->checking_disabled)
		vp_dns_question_checking_disabled(buf);
	f->sent = true;
	vp_cares_send(tcp ? p->tcp : p->udp, buf, (size_t)len, on_answer, f);
	/* f may have failed on the spot, but is not reported before we return.
	 * An attempt that had no socket does not undo an earlier one's. */
	local = vp_cares_local(tcp ? p->tcp : p->udp);
	if (local.addr.family != 0)
		f->row.local = local;
}

static void on_report(uv_timer_t *t)
{
	struct vp_resolver_probe *p = t->data;
	struct flight *f;

	while (!p->destroyed && (f = p->done) != NULL) {
		struct vp_dns_row row = f->row;
		vp_resolve_cb *cb = f->q->cb;
		void *arg = f->q->arg;
		bool last = !row.truncated || row.transport != VP_TRANSPORT_UDP;

		p->done = f->done;
		if (p->done == NULL)
			p->done_end = &p->done;
		if (last) {
			land(f);
		} else {
			f->q->transport = VP_TRANSPORT_TCP;
			start_over(f);
			vp_pacer_enter(&p->lane, &f->q->wait);
		}
		cb(&row, last, arg);
	}
}

int vp_resolver_probe_ask(struct vp_resolver_probe *p, struct vp_arena *arena,
                          const struct vp_question *asked, vp_resolve_cb *cb,
                          void *arg)
{
	uint8_t buf[QUESTION_MAX];
	struct question *q;

	if (asked->transport != VP_TRANSPORT_UDP &&
	    asked->transport != VP_TRANSPORT_TCP)
		return -EINVAL;
	if (vp_dns_question_write(buf, sizeof(buf), 0, asked->name, asked->type,
	                          EDNS_PAYLOAD) < 0)
		return -EINVAL;
	q = calloc(1, sizeof(*q));
	if (q == NULL)
		return -ENOMEM;
	q->probe = p;
	q->arena = arena;
	q->cb = cb;
	q->arg = arg;
	q->name = vp_arena_intern(arena, asked->name);
	q->type = asked->type;
	q->transport = asked->transport;
	q->checking_disabled = asked->checking_disabled;
	q->edns = true;
	vp_pacer_enter(&p->lane, &q->wait);
	return 0;
}

/* --- the probe ----------------------------------------------------------- */

int vp_resolver_probe_create(struct vp_resolver_probe **out,
                             const struct vp_resolver_probe_options *opt)
{
	struct vp_resolver_probe *p = calloc(1, sizeof(*p));
	int err;

	*out = NULL;
	if (p == NULL)
		return -ENOMEM;
	p->opt = *opt;
	if (p->opt.timeout_ms == 0)
		p->opt.timeout_ms = 2000;
	if (p->opt.tries == 0)
		p->opt.tries = 2;
	p->done_end = &p->done;
	if (ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS) {
		free(p);
		return -ENOMEM;
	}
	err = open_channel(p, false);
	if (err == 0)
		err = uv_timer_init(opt->loop, &p->report);
	if (err < 0) {
		vp_cares_destroy(p->udp);
		ares_library_cleanup();
		free(p);
		return err;
	}
	p->report.data = p;
	vp_pacer_lane_open(&p->lane, opt->pacer, on_go, p);
	*out = p;
	return 0;
}

static void on_closed(uv_handle_t *h)
{
	ares_library_cleanup();
	free(h->data);
}

void vp_resolver_probe_destroy(struct vp_resolver_probe *p)
{
	struct vp_pacer_wait *w;

	if (p == NULL || p->destroyed)
		return;
	p->destroyed = true;
	vp_cares_destroy(p->udp);
	vp_cares_destroy(p->tcp);
	while ((w = p->lane.head) != NULL) {
		struct question *q = (struct question *)w;

		vp_pacer_cancel(&p->lane, w);
		if (q->flight == NULL)
			free(q); /* the others are found as flights */
	}
	while (p->flights != NULL)
		land(p->flights);
	vp_pacer_lane_close(&p->lane);
	uv_close((uv_handle_t *)&p->report, on_closed);
}
