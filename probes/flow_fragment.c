/*
 * flow_fragment.c - whose a later fragment is.
 *
 * It has no ports; the first one leaves a note by addresses and id, for as long
 * as reassembly would wait. Without a note it is a flow of its own, with port
 * 0: counted and judged by its addresses.
 */
#include <stdlib.h>
#include <string.h>

#include "flow_table.h"

#define FRAGMENTS 1024         /* notes; the newest wins a slot */
#define FRAGMENT_US (30000000) /* reassembly gives up, net.ipv4.ipfrag_time */

struct fragment {
	uint8_t key[40]; /* family, source, destination, id, proto, tunnel */
	uint8_t dir;
	bool used;
	uint32_t row;
	int64_t ts_us;
};

struct vp_flow_fragments {
	struct fragment slots[FRAGMENTS];
};

/* IPv6 tells datagrams apart without the protocol (RFC 8200 section 4.5),
 * and later fragments may name another header than the first ends with. */
static struct fragment *
fragment_slot(struct vp_flows *t, const struct vp_packet *p, uint8_t key[40])
{
	key[0] = p->src.family;
	memcpy(key + 1, p->src.bytes, 16);
	memcpy(key + 17, p->dst.bytes, 16);
	memcpy(key + 33, &p->fragment_id, 4);
	key[37] = p->src.family == 4 ? p->proto : 0;
	memcpy(key + 38, &t->within, 2);
	return &t->fragments->slots[vp_hash(&t->key, key, 40) % FRAGMENTS];
}

void vp_flow_fragment_note(struct vp_flows *t, const struct vp_packet *p,
                           const struct vp_flow_row *f, int dir)
{
	struct fragment *slot;
	uint8_t key[40];

	if (t->fragments == NULL)
		t->fragments = calloc(1, sizeof(*t->fragments));
	if (t->fragments == NULL)
		return;
	slot = fragment_slot(t, p, key);
	memcpy(slot->key, key, sizeof(key));
	slot->dir = (uint8_t)dir;
	slot->used = true;
	slot->row = (uint32_t)(f - t->rows);
	slot->ts_us = p->ts_us;
}

struct vp_flow_row *vp_flow_fragment_find(struct vp_flows *t,
                                          const struct vp_packet *p, int *dir)
{
	struct fragment *slot;
	uint8_t key[40];

	if (t->fragments == NULL)
		return NULL;
	slot = fragment_slot(t, p, key);
	if (!slot->used || memcmp(slot->key, key, sizeof(key)) != 0 ||
	    p->ts_us - slot->ts_us > FRAGMENT_US)
		return NULL;
	*dir = slot->dir;
	return &t->rows[slot->row];
}
