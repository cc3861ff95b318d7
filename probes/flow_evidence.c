/*
 * flow_evidence.c - where a flow's packets stand in the evidence.
 *
 * As a ring the evidence has two parts, the one being written and the one
 * before; at each turn the older one is overwritten. So a row counts for two
 * turns: that of its last packet, and the one before.
 */
#include "flow_table.h"

void vp_flows_evidence_turn(struct vp_flows *t, uint32_t turn)
{
	t->evidence_turn = turn;
}

void vp_flows_evidence(struct vp_flows *t, uint32_t row, uint64_t number)
{
	struct vp_flow_places *p;

	/* Beyond 32 bits nothing is told, rather than something wrong. */
	if (row >= t->n_rows || number == 0 || number > UINT32_MAX)
		return;
	p = &t->rows[row].places;
	if (p->turn != t->evidence_turn) {
		bool next = p->turn + 1 == t->evidence_turn;

		p->n[0] = next ? p->n[1] : 0;
		p->first[0] = p->first[1];
		p->n[1] = 0;
		p->turn = t->evidence_turn;
	}
	if (p->n[1]++ == 0)
		p->first[1] = (uint32_t)number;
	p->last = (uint32_t)number;
}

/* Adds what is still there to what the flow has (of its row before NAT). */
void vp_flow_places_add(const struct vp_flows *t, const struct vp_flow_row *f,
                        struct vp_flow *out)
{
	const struct vp_flow_places *p = &f->places;
	bool old = p->turn == t->evidence_turn && p->n[0] > 0;
	uint32_t first = old ? p->first[0] : p->first[1];

	if (p->n[1] == 0 || t->evidence_turn - p->turn > 1)
		return;
	if (out->evidence_packets == 0 || first < out->evidence_first)
		out->evidence_first = first;
	if (p->last > out->evidence_last)
		out->evidence_last = p->last;
	out->evidence_packets += p->n[1] + (old ? p->n[0] : 0);
}
