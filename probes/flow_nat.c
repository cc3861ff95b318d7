/*
 * flow_nat.c - what a container sent and what left under our address is one.
 *
 * NAT on this machine changes the local end and leaves the rest: protocol,
 * remote end, TCP's sequence number, length, payload, IP id. A packet that
 * comes in leaves a note by that; one that goes out within a second in another
 * flow, and fits a note, links its flow to the one of the note. Answers, and
 * connections to a published port, are the mirror.
 *
 * A link missed is no harm: both flows are reported. A wrong one would need two
 * flows to one remote end with the same bytes within the second, which a
 * neighbour may arrange (IPv6 has no IP id) to make ours look like his. So in
 * the end the counts decide whether a link holds: see flow_facts.c.
 */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "flow_table.h"

enum { IN = VP_FLOW_IN, OUT = VP_FLOW_OUT };

#define NOTES 4096
#define NOTE_US 1000000
#define TRIES 16 /* packets of a flow that are looked at */
#define PAYLOAD_MAX 64
#define ICMP_HEADER 8 /* checksum and echo id, which NAT changes */

struct note {
	uint64_t sign;
	int64_t ts_us;
	uint32_t row; /* plus 1; 0: free */
};

struct vp_flow_notes {
	struct note slots[NOTES];
};

static uint64_t sign_of(const struct vp_flows *t, const struct vp_flow_row *f,
                        const struct vp_packet *p, int dir)
{
	uint8_t b[48 + PAYLOAD_MAX] = { 0 };
	uint32_t skip = p->has_ports ? 0 : ICMP_HEADER, n = p->payload_caplen;

	memcpy(b, f->id.remote, 16);
	memcpy(b + 16, &f->id.rport, 2);
	b[18] = f->id.proto;
	b[19] = (uint8_t)dir;
	memcpy(b + 20, &p->payload_len, 4);
	memcpy(b + 24, &f->id.tunnel, 2);
	if (p->proto == IPPROTO_TCP) {
		memcpy(b + 28, &p->seq, 4);
		b[32] = p->tcp_flags & (VP_TCP_SYN | VP_TCP_FIN | VP_TCP_RST);
		return vp_hash(&t->key, b, 48);
	}
	memcpy(b + 26, &p->ip_id, 2);
	n = n > skip ? n - skip : 0;
	if (n > PAYLOAD_MAX)
		n = PAYLOAD_MAX;
	if (n > 0)
		memcpy(b + 48, p->payload + skip, n);
	return vp_hash(&t->key, b, 48 + n);
}

static void leave_note(struct vp_flows *t, const struct vp_flow_row *f,
                       const struct vp_packet *p, uint64_t sign)
{
	struct note *n;

	if (t->notes == NULL)
		t->notes = calloc(1, sizeof(*t->notes));
	if (t->notes == NULL)
		return;
	n = &t->notes->slots[sign % NOTES];
	n->sign = sign;
	n->ts_us = p->ts_us;
	n->row = (uint32_t)(f - t->rows) + 1;
}

/* Takes it away: one packet came in, so one goes out. */
static struct vp_flow_row *take_note(struct vp_flows *t,
                                     const struct vp_packet *p, uint64_t sign)
{
	struct note *n;
	uint32_t row;

	if (t->notes == NULL)
		return NULL;
	n = &t->notes->slots[sign % NOTES];
	if (n->row == 0 || n->sign != sign || p->ts_us < n->ts_us ||
	    p->ts_us - n->ts_us > NOTE_US)
		return NULL;
	row = n->row - 1;
	n->row = 0;
	return &t->rows[row];
}

static bool same_remote(const struct vp_flow_row *a,
                        const struct vp_flow_row *b)
{
	return a->id.proto == b->id.proto && a->id.family == b->id.family &&
	       a->id.rport == b->id.rport && a->id.tunnel == b->id.tunnel &&
	       memcmp(a->id.remote, b->id.remote, 16) == 0;
}

static void link_rows(struct vp_flows *t, struct vp_flow_row *outer,
                      struct vp_flow_row *inner)
{
	if (outer == inner || outer->inner != 0 || inner->inner != 0 ||
	    outer->in_outer || !same_remote(outer, inner))
		return;
	outer->inner = (uint32_t)(inner - t->rows) + 1;
	inner->in_outer = true;
}

static bool is_looked_at(const struct vp_flow_row *f, const struct vp_packet *p)
{
	return f->public && !f->loop && !f->crowd && f->inner == 0 &&
	       !p->later_fragment && !p->has_quoted &&
	       f->packets[IN] + f->packets[OUT] <= TRIES &&
	       (p->has_ports || p->proto == IPPROTO_ICMP ||
	        p->proto == IPPROTO_ICMPV6);
}

void vp_flow_nat(struct vp_flows *t, struct vp_flow_row *f,
                 const struct vp_packet *p, int dir)
{
	struct vp_flow_row *noted;
	uint64_t sign;

	if (p->seen != VP_SEEN_IN && p->seen != VP_SEEN_OUT)
		return;
	/* Machines where nothing is passed on have nothing to link. */
	t->passed_on |= (p->seen == VP_SEEN_IN) == (dir == OUT);
	if (!t->passed_on || !is_looked_at(f, p))
		return;
	sign = sign_of(t, f, p, dir);
	if (p->seen == VP_SEEN_IN) {
		leave_note(t, f, p, sign);
		return;
	}
	noted = take_note(t, p, sign);
	if (noted == NULL)
		return;
	if (dir == OUT)
		link_rows(t, f, noted);
	else
		link_rows(t, noted, f);
}
