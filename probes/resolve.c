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
#include "pacer.h"

/* What fits into one unfragmented packet everywhere (DNS flag day 2020). */
#define EDNS_PAYLOAD 1232
#define QUESTION_MAX 512 /* RFC 1035 section 2.3.4; ours are below 300 */
#define RCODE_FORMERR 1

struct flight;

struct question {
	struct vp_pacer_wait wait; /* first: the pacer hands it back */
	struct vp_resolver_probe *probe;
	struct vp_arena *arena;
	vp_resolve_cb *cb;
	void *arg;
	struct flight *flight; /* NULL until its first turn */
	uint16_t type;
	enum vp_transport transport;
	bool edns;
	char name[];
};

struct flight {
	struct question *q;
	struct flight *prev, *next; /* of all flights */
	struct flight *done;        /* next to be reported */
	uint16_t id;
	bool sent; /* c-ares has it */
	unsigned attempts;
	uint64_t t0;        /* uv_hrtime() at the first attempt */
	const char *unread; /* why an answer with its id was not taken */
	bool bare_formerr;  /* FORMERR without the question it is about */
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
	f->row.detail = vp_arena_strdup(f->q->arena, detail);
	finish(f);
}

static void on_message(struct flight *f, const uint8_t *msg, size_t len)
{
	struct vp_dns_message m;
	const char *why = "?";

	if (vp_dns_message_read(&m, f->q->arena, msg, len, &why) < 0) {
		fail(f, VP_OUTCOME_MALFORMED, why);
		return;
	}
	if (!(m.header.flags & VP_DNS_FLAG_QR)) {
		fail(f, VP_OUTCOME_MALFORMED, "the question came back");
		return;
	}
	if (m.rcode == RCODE_FORMERR && f->q->edns) {
		f->q->edns = false;
		start_over(f);
		another_turn(f);
		return;
	}
	f->row.outcome = VP_OUTCOME_OK;
	f->row.rcode = m.rcode;
	f->row.truncated = (m.header.flags & VP_DNS_FLAG_TC) != 0;
	f->row.alias_loop = m.alias_loop;
	f->row.chain = m.chain;
	f->row.n_chain = m.n_chain;
	f->row.addresses = m.addresses;
	f->row.n_addresses = m.n_addresses;
	f->row.soa = m.soa;
	finish(f);
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
	return f->attempts < p->opt.tries &&
	       (outcome == VP_OUTCOME_TIMEOUT ||
	        outcome == VP_OUTCOME_REFUSED ||
	        outcome == VP_OUTCOME_UNREACHABLE);
}

static void on_answer(const struct vp_cares_answer *a, void *arg)
{
	struct flight *f = arg;
	struct question *q = f->q;

	f->sent = false;
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
	else
		fail(f, a->outcome, a->detail);
}

/*
 * c-ares drops what has the right id and the wrong question without a word. It
 * came from the server's address and port, so it is remembered: an answer that
 * cannot be used is something else than silence. If c-ares does take it,
 * on_answer() runs before anybody looks at this.
 */
static void on_datagram(const uint8_t *msg, size_t len, void *arg)
{
	struct vp_resolver_probe *p = arg;
	struct vp_dns_header h;
	struct flight *f;

	if (len < 2)
		return;
	f = find_id(p, (uint16_t)(msg[0] << 8 | msg[1]));
	if (f == NULL || !f->sent || f->q->transport != VP_TRANSPORT_UDP)
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

/* --- asking -------------------------------------------------------------- */

static int open_channel(struct vp_resolver_probe *p, bool tcp)
{
	const struct vp_cares_options opt = {
		.loop = p->opt.loop,
		.server = p->opt.server,
		.tcp = tcp,
		.timeout_ms = p->opt.timeout_ms,
		.on_datagram = on_datagram,
		.arg = p,
	};

	return vp_cares_create(tcp ? &p->tcp : &p->udp, &opt);
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
	if (f->t0 == 0)
		f->t0 = uv_hrtime();
	if (tcp && p->tcp == NULL)
		err = open_channel(p, true);
	len = vp_dns_question_write(buf, sizeof(buf), f->id, q->name, q->type,
	                            q->edns ? EDNS_PAYLOAD : 0);
	if (err < 0 || len < 0) {
		fail(f, VP_OUTCOME_ERROR, strerror(err < 0 ? -err : -len));
		return;
	}
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
	size_t len = strlen(asked->name);
	struct question *q;

	if (asked->transport != VP_TRANSPORT_UDP &&
	    asked->transport != VP_TRANSPORT_TCP)
		return -EINVAL;
	if (vp_dns_question_write(buf, sizeof(buf), 0, asked->name, asked->type,
	                          EDNS_PAYLOAD) < 0)
		return -EINVAL;
	q = calloc(1, sizeof(*q) + len + 1);
	if (q == NULL)
		return -ENOMEM;
	q->probe = p;
	q->arena = arena;
	q->cb = cb;
	q->arg = arg;
	q->type = asked->type;
	q->transport = asked->transport;
	q->edns = true;
	memcpy(q->name, asked->name, len);
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
