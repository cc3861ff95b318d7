/*
 * flow_crowd.c - too many flows: put together what can be, leave room for the
 * rest, and say so.
 *
 * Strangers fill tables: a scan, a flood with forged sources, a name server
 * asked from thousands of ports. So each kind of row has a share. Flows that
 * only came in from public ends have half of the table at most, so have those
 * between private ends, and a quarter is always left for what went out: that is
 * where a leak stands. In a table that is half full, one socket here or one
 * remote end has no more than N rows.
 *
 * What goes beyond shares a row, with port 0 at the end that varies. What went
 * out is only put together with what went to the same remote address, since
 * that is what is judged: first without the local port (or, where one socket
 * here talks to many ports, without the remote one), then without the local
 * address, which may be forged. What other machines sent through this one may
 * share that row: one packet of ours in it makes it ours.
 * What came in is put together by local address.
 * Such a row has no server name of its own, so each flow in it counts among
 * those whose names found no room. Only when even that fails is one left out.
 */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "flow_table.h"

enum { IN = VP_FLOW_IN, OUT = VP_FLOW_OUT };

#define SAME_END_MAX 4096 /* rows of one socket, or to one remote end */
#define COUNTERS 32768
#define DOORS 16 /* rows of what came in, by local address */
#define CROWD VP_FLOW_TUNNEL_CROWD

struct vp_flow_crowd {
	size_t n_inbound, n_private, n_rows; /* of the last: shared ones */
	uint32_t doors[DOORS], n_doors;      /* rows */
	struct vp_hash_set members, came;    /* flows put together */
	uint16_t same_end[2][COUNTERS];      /* by hash: local, remote */
};

enum kind { INBOUND, PRIVATE, OUTBOUND };

static bool crowd_ready(struct vp_flows *t)
{
	if (t->crowd == NULL)
		t->crowd = calloc(1, sizeof(*t->crowd));
	return t->crowd != NULL;
}

void vp_flow_crowd_free(struct vp_flows *t)
{
	if (t->crowd == NULL)
		return;
	vp_hash_set_free(&t->crowd->members);
	vp_hash_set_free(&t->crowd->came);
	free(t->crowd);
}

bool vp_flow_crowd_has(const struct vp_flows *t, uint64_t hash)
{
	return t->crowd != NULL && vp_hash_set_has(&t->crowd->members, hash);
}

/* --- shares -------------------------------------------------------------- */

static uint16_t *counter(struct vp_flows *t, const struct vp_flow_id *id,
                         int end)
{
	uint8_t b[20] = { id->family, id->proto };
	uint16_t port = end == 0 ? id->lport : id->rport;

	memcpy(b + 2, end == 0 ? id->local : id->remote, 16);
	memcpy(b + 18, &port, 2);
	return &t->crowd->same_end[end][vp_hash(&t->key, b, 20) % COUNTERS];
}

static bool has_room(const struct vp_flows *t, enum kind kind,
                     const uint16_t *same[2])
{
	const struct vp_flow_crowd *c = t->crowd;
	size_t cap = t->limits.flows, own = t->n_rows - c->n_rows;
	size_t most = cap / 4 < SAME_END_MAX ? cap / 4 : SAME_END_MAX;

	if (own >= cap)
		return false;
	if (own >= cap / 2 + 1 && (*same[0] >= most || *same[1] >= most))
		return false;
	if (kind == OUTBOUND)
		return true;
	return (kind == INBOUND ? c->n_inbound : c->n_private) <
	               cap - cap / 2 &&
	       c->n_inbound + c->n_private < cap - cap / 4;
}

static struct vp_flow_row *own_row(struct vp_flows *t,
                                   const struct vp_flow_id *id, uint64_t hash,
                                   enum kind kind, uint16_t *same[2])
{
	struct vp_flow_row *f = vp_flow_append(t, id, hash);

	if (f == NULL)
		return NULL;
	for (int end = 0; end < 2; end++)
		if (*same[end] < UINT16_MAX)
			++*same[end];
	f->counted_in = kind == INBOUND;
	t->crowd->n_inbound += kind == INBOUND;
	t->crowd->n_private += kind == PRIVATE;
	return f;
}

void vp_flow_crowd_spoke(struct vp_flows *t, struct vp_flow_row *f)
{
	f->counted_in = false;
	t->crowd->n_inbound--;
}

/* --- shared rows --------------------------------------------------------- */

static struct vp_flow_row *shared(struct vp_flows *t,
                                  const struct vp_flow_id *id, size_t most)
{
	uint64_t hash = vp_flow_hash(t, id);
	struct vp_flow_row *f;
	int dir;

	f = vp_flow_find(t, id, hash, &dir);
	if (f != NULL || t->crowd->n_rows >= most)
		return f;
	f = vp_flow_append(t, id, hash);
	if (f == NULL)
		return NULL;
	t->crowd->n_rows++;
	f->crowd = true;
	return f;
}

/* Of what goes to one remote address, with less and less of the local end.
 * most 0: only one that exists. */
static struct vp_flow_row *by_remote(struct vp_flows *t, struct vp_flow_id id,
                                     bool one_socket, size_t most)
{
	struct vp_flow_id wider = id;
	struct vp_flow_row *f;

	id.tunnel |= CROWD;
	*(one_socket ? &id.rport : &id.lport) = 0;
	f = shared(t, &id, most / 2);
	if (f != NULL)
		return f;
	wider.tunnel |= CROWD;
	wider.lport = 0;
	memset(wider.local, 0, sizeof(wider.local));
	f = shared(t, &wider, most - most / 4);
	if (f != NULL)
		return f;
	wider.rport = 0;
	return shared(t, &wider, most);
}

static struct vp_flow_row *by_door(struct vp_flows *t, struct vp_flow_id id,
                                   size_t most)
{
	struct vp_flow_crowd *c = t->crowd;
	struct vp_flow_row *f;

	id.tunnel |= CROWD;
	for (uint32_t i = 0; i < c->n_doors; i++) {
		f = &t->rows[c->doors[i]];
		if (f->id.proto == id.proto && f->id.family == id.family &&
		    f->id.tunnel == id.tunnel &&
		    (memcmp(f->id.local, id.local, 16) == 0 ||
		     c->n_doors == DOORS))
			return f;
	}
	if (c->n_doors == DOORS)
		return NULL;
	id.lport = id.rport = 0;
	f = shared(t, &id, most);
	if (f != NULL)
		c->doors[c->n_doors++] = (uint32_t)(f - t->rows);
	return f;
}

/* --- who began, of many -------------------------------------------------- */

/* To who came first: a refusal, an echo, or what a service of ours says. */
static bool is_answer(const struct vp_packet *p)
{
	if (p->proto == IPPROTO_TCP)
		return (p->tcp_flags & VP_TCP_RST) != 0 && p->payload_len == 0;
	if (p->proto == IPPROTO_ICMP)
		return p->icmp_type == 0;
	if (p->proto == IPPROTO_ICMPV6)
		return p->icmp_type == 129;
	return p->dport >= EPHEMERAL_MIN && p->sport < EPHEMERAL_MIN;
}

/* All must have come to us for the row to say so. */
static void join(struct vp_flow_row *f, const struct vp_packet *p, int dir,
                 bool came)
{
	enum vp_direction d = VP_DIRECTION_UNKNOWN;

	if (dir == IN || (came && is_answer(p)))
		d = VP_DIRECTION_IN;
	else if (p->proto != IPPROTO_TCP)
		d = VP_DIRECTION_OUT;
	else if (vp_flow_is_syn(p, false))
		d = VP_DIRECTION_OUT;
	else if (vp_flow_is_syn(p, true))
		d = VP_DIRECTION_IN;
	if (f->flows == 0 || d == VP_DIRECTION_OUT ||
	    f->direction == VP_DIRECTION_IN)
		f->direction = (uint8_t)d;
	f->flows++;
}

/* Is the local end an address of ours? A shared row may have lost it. */
static bool is_from_us(struct vp_flows *t, const struct vp_packet *p, int dir)
{
	return vp_flow_place(t, dir == OUT ? &p->src : &p->dst)->ours;
}

static struct vp_flow_row *put_together(struct vp_flows *t,
                                        const struct vp_packet *p,
                                        const struct vp_flow_id *id,
                                        uint64_t hash, int dir, bool public,
                                        bool one_socket)
{
	struct vp_flow_crowd *c = t->crowd;
	bool known = vp_hash_set_has(&c->members, hash);
	bool came = vp_hash_set_has(&c->came, hash);
	bool inbound = public && dir == IN && !known;
	size_t most = t->limits.flows / 8 + 16;
	struct vp_flow_row *f;

	f = inbound ? by_door(t, *id, most)
	            : by_remote(t, *id, one_socket, most);
	if (f == NULL) {
		vp_flow_leave_out(t, hash);
		return NULL;
	}
	f->has_ours |= is_from_us(t, p, dir);
	/* Where no more can be remembered, each packet may be of a new one. */
	if (vp_hash_set_add(inbound ? &c->came : &c->members, hash,
	                    t->limits.flows) != 0) {
		join(f, p, dir, came);
		/* What name was meant is not read for each of them. */
		t->names_left_out +=
			public && !inbound &&
			(p->proto == IPPROTO_TCP || p->proto == IPPROTO_UDP) &&
			!vp_flow_is_dns(t, p);
	}
	return f;
}

struct vp_flow_row *vp_flow_admit(struct vp_flows *t, const struct vp_packet *p,
                                  const struct vp_flow_id *id, uint64_t hash,
                                  int dir, bool public)
{
	enum kind kind = !public ? PRIVATE : dir == IN ? INBOUND : OUTBOUND;
	struct vp_flow_row *f;
	uint16_t *same[2];

	if (!crowd_ready(t)) {
		vp_flow_leave_out(t, hash);
		return NULL;
	}
	same[0] = counter(t, id, 0);
	same[1] = counter(t, id, 1);
	if (has_room(t, kind, (const uint16_t *[]){ same[0], same[1] })) {
		f = own_row(t, id, hash, kind, same);
		if (f != NULL)
			return f;
	}
	return put_together(t, p, id, hash, dir, public, *same[0] > *same[1]);
}
