/*
 * flow_gap.c - bytes of TCP that the other end acknowledged and nobody saw.
 *
 * A capture that loses packets may not know it (a path that it does not see, a
 * driver that does not count), but TCP does: an acknowledgement says that the
 * bytes below it arrived. What of them no segment showed is a gap.
 *
 * For each direction the highest byte seen is kept, and the ranges below it
 * that are missing. A late or repeated segment fills them; only what is below
 * the other side's acknowledgement counts. It starts at the first segment that
 * was seen of a connection. Keep-alives and window probes (RFC 9293 sections
 * 3.8.4, 3.8.6.1) repeat old bytes; an RST may have any number, and says
 * nothing. Until the handshake is over (its SYN-ACK fits, or the client went
 * on after it) acknowledgements are those of an older connection on the same
 * ports (a challenge, RFC 5961 section 4.2) and are passed over.
 */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "flow_table.h"

enum { IN = VP_FLOW_IN, OUT = VP_FLOW_OUT };

#define MISSING_MAX 8
/* No window is larger (RFC 7323 section 2.3), so nothing sane is further. */
#define WINDOW_MAX (1 << 30)

struct missing {
	uint32_t from, to;
};

struct vp_flow_gaps {
	uint64_t settled; /* bytes that no room is left to wait for */
	uint32_t acked[2];
	bool has_ack[2];
	uint8_t n[2];
	struct missing missing[2][MISSING_MAX]; /* in order */
};

static bool before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

static bool begun(const struct vp_flow_row *f, int dir)
{
	return dir == OUT ? f->begun_out : f->begun_in;
}

static void set_begun(struct vp_flow_row *f, int dir, bool on)
{
	if (dir == OUT)
		f->begun_out = on;
	else
		f->begun_in = on;
}

static struct vp_flow_gaps *gaps_of(struct vp_flows *t, struct vp_flow_row *f)
{
	size_t cap = t->cap_gaps == 0 ? 16 : t->cap_gaps * 2;
	struct vp_flow_gaps *grown;

	if (f->gaps != 0)
		return &t->gaps[f->gaps - 1];
	if (t->n_gaps == t->cap_gaps) {
		grown = reallocarray(t->gaps, cap, sizeof(*grown));
		if (grown == NULL)
			return NULL;
		t->gaps = grown;
		t->cap_gaps = cap;
	}
	grown = &t->gaps[t->n_gaps++];
	memset(grown, 0, sizeof(*grown));
	f->gaps = (uint32_t)t->n_gaps;
	return grown;
}

/* How much of a range the other end has acknowledged. */
static uint32_t lost(const struct vp_flow_gaps *g, int dir,
                     const struct missing *m)
{
	if (!g->has_ack[dir] || !before(m->from, g->acked[dir]))
		return 0;
	return (before(m->to, g->acked[dir]) ? m->to : g->acked[dir]) - m->from;
}

static void settle(struct vp_flow_gaps *g, int dir, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		g->settled += lost(g, dir, &g->missing[dir][i]);
	g->n[dir] = (uint8_t)(g->n[dir] - n);
	memmove(g->missing[dir], g->missing[dir] + n,
	        g->n[dir] * sizeof(g->missing[dir][0]));
}

static void miss(struct vp_flows *t, struct vp_flow_row *f, int dir,
                 uint32_t from, uint32_t to)
{
	struct vp_flow_gaps *g = gaps_of(t, f);

	if (g == NULL)
		return;
	if (g->n[dir] > 0 && g->missing[dir][g->n[dir] - 1].to == from) {
		g->missing[dir][g->n[dir] - 1].to = to;
		return;
	}
	if (g->n[dir] == MISSING_MAX)
		settle(g, dir, 1); /* the oldest */
	g->missing[dir][g->n[dir]++] = (struct missing){ from, to };
}

/* A segment shows these bytes after all: cut them out of what is missing. */
static void fill(struct vp_flow_gaps *g, int dir, uint32_t from, uint32_t to)
{
	struct missing kept[MISSING_MAX + 1];
	unsigned n = 0;

	for (unsigned i = 0; i < g->n[dir]; i++) {
		struct missing m = g->missing[dir][i];

		if (!before(from, m.to) || !before(m.from, to)) {
			kept[n++] = m;
			continue;
		}
		if (before(m.from, from))
			kept[n++] = (struct missing){ m.from, from };
		if (before(to, m.to))
			kept[n++] = (struct missing){ to, m.to };
	}
	if (n > MISSING_MAX) {
		g->settled += lost(g, dir, &kept[0]);
		memmove(kept, kept + 1, --n * sizeof(kept[0]));
	}
	memcpy(g->missing[dir], kept, n * sizeof(kept[0]));
	g->n[dir] = (uint8_t)n;
}

static void acknowledge(struct vp_flows *t, struct vp_flow_row *f, int dir,
                        uint32_t ack)
{
	struct vp_flow_gaps *g;

	if (before(f->top[dir], ack)) {
		if (ack - f->top[dir] > WINDOW_MAX)
			return;
		miss(t, f, dir, f->top[dir], ack);
		f->top[dir] = ack;
	}
	if (f->gaps == 0)
		return;
	g = &t->gaps[f->gaps - 1];
	if (!g->has_ack[dir] || before(g->acked[dir], ack))
		g->acked[dir] = ack;
	g->has_ack[dir] = true;
}

static void show(struct vp_flows *t, struct vp_flow_row *f, int dir,
                 uint32_t from, uint32_t to)
{
	if (from == to)
		return;
	if (f->gaps != 0 && t->gaps[f->gaps - 1].n[dir] > 0)
		fill(&t->gaps[f->gaps - 1], dir, from, to);
	if (before(f->top[dir], from)) {
		if (from - f->top[dir] > WINDOW_MAX) {
			set_begun(f, dir, false); /* another connection */
			return;
		}
		miss(t, f, dir, f->top[dir], from);
	}
	if (before(f->top[dir], to))
		f->top[dir] = to;
}

static void forget(struct vp_flows *t, struct vp_flow_row *f, int dir)
{
	struct vp_flow_gaps *g;

	set_begun(f, dir, false);
	if (f->gaps == 0)
		return;
	g = &t->gaps[f->gaps - 1];
	settle(g, dir, g->n[dir]);
	g->has_ack[dir] = false;
}

void vp_flow_gap_restart(struct vp_flows *t, struct vp_flow_row *f, int dir,
                         bool opens)
{
	forget(t, f, dir);
	if (opens)
		forget(t, f, !dir);
	f->opening |= opens;
}

/* Between a SYN and what shows that it was taken: true for what may still be
 * of the connection before. */
static bool is_of_before(struct vp_flow_row *f, const struct vp_packet *p,
                         int dir)
{
	if (!f->opening || vp_flow_is_syn(p, false))
		return false;
	if (vp_flow_is_syn(p, true) ? p->ack != f->isn[!dir] : !f->syn[dir])
		return true;
	f->opening = false;
	return false;
}

/*
 * The peer acknowledges what we never showed: our whole direction may be out of
 * sight. Not so for another machine's flow (its packets may go round us), nor
 * where we only ever refused.
 */
static bool may_be_unseen(struct vp_flows *t, const struct vp_flow_row *f,
                          int dir)
{
	struct vp_endpoint local, remote;

	if (dir != IN || (f->spoke[OUT] && !f->said))
		return false;
	vp_flow_ends(f, &local, &remote);
	/* A file: of whom, is not known, or only by its own word. */
	if (t->local.n == 0 || (t->claimed && f->way == VP_WAY_UNTOLD))
		return f->guessed && !vp_flow_place(t, &local.addr)->public;
	return vp_flow_place(t, &local.addr)->ours;
}

static void take_ack(struct vp_flows *t, struct vp_flow_row *f, int dir,
                     uint32_t ack)
{
	if (begun(f, !dir)) {
		acknowledge(t, f, !dir, ack);
	} else if (may_be_unseen(t, f, dir)) {
		f->top[!dir] = ack;
		set_begun(f, !dir, true);
	}
}

void vp_flow_gap_segment(struct vp_flows *t, struct vp_flow_row *f,
                         const struct vp_packet *p, int dir)
{
	uint32_t from = p->seq, to;

	if (p->fragment)
		f->no_gaps = true; /* the rest of the segment has no numbers */
	if (f->no_gaps)
		return;
	if ((p->tcp_flags & VP_TCP_RST) != 0) {
		if (dir == OUT && !f->said)
			set_begun(f, OUT, false);
		return;
	}
	if (is_of_before(f, p, dir))
		return;
	to = from + p->payload_len + ((p->tcp_flags & VP_TCP_SYN) != 0) +
	     ((p->tcp_flags & VP_TCP_FIN) != 0);
	if ((p->tcp_flags & VP_TCP_ACK) != 0)
		take_ack(t, f, dir, p->ack);
	if (!begun(f, dir)) {
		f->top[dir] = to;
		set_begun(f, dir, true);
	} else {
		show(t, f, dir, from, to);
	}
}

uint64_t vp_flow_gap_bytes(const struct vp_flows *t,
                           const struct vp_flow_row *f)
{
	const struct vp_flow_gaps *g;
	uint64_t bytes;

	if (f->gaps == 0 || f->no_gaps)
		return 0;
	g = &t->gaps[f->gaps - 1];
	bytes = g->settled;
	for (int dir = IN; dir <= OUT; dir++)
		for (unsigned i = 0; i < g->n[dir]; i++)
			bytes += lost(g, dir, &g->missing[dir][i]);
	return bytes;
}
