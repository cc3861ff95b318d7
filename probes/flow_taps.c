/*
 * flow_taps.c - one flow at several interfaces is one flow.
 *
 * With all interfaces watched a packet shows at each that it passes: at the VF
 * and its synthetic master, at the port of a bridge and the bridge, at the veth
 * of a container and the card that it leaves by. They have one 5-tuple and so
 * one row, and a row counts for each interface apart. In the end those that
 * stand nearest to the way out give the counts, for each direction for itself
 * (answers may come another way), and never the sum.
 *
 * Which way packets pass an interface tells whose they are. What a socket here
 * sends goes out and was never seen coming in. What comes in to go to somebody
 * else is a container's or a guest's if it comes by their end of a veth or tap,
 * else another machine's. A forged source changes nothing: forwarding makes no
 * packets, so where clearly more went out than ever came in they are ours.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow_table.h"

enum { IN = VP_FLOW_IN, OUT = VP_FLOW_OUT };

#define TAPS_MAX 8           /* of one flow */
#define INTERFACES_MAX 65536 /* names, over the whole run */
/* What came in before the capture began or in a ring that overflowed. */
#define FORWARD_SLACK 4
/* What NAT passes on is counted from its first packet; then a late segment may
 * come for what it forgot, and be refused by us. */
#define NAT_SLACK 3
/* What the smallest segments of bulk carry: 576 bytes less headers, RFC 791. */
#define SEGMENT_MIN 500
#define MTU 1500

static enum vp_flow_way way_of(const struct vp_packet *p, int dir)
{
	if (p->seen == VP_SEEN_OUT)
		return dir == OUT ? VP_WAY_SOCKET : VP_WAY_AGAINST;
	if (p->seen == VP_SEEN_IN)
		return dir == OUT ? VP_WAY_AGAINST : VP_WAY_SOCKET;
	return VP_WAY_UNTOLD;
}

/* --- counting ------------------------------------------------------------ */

static struct vp_flow_tap *tap_find(struct vp_flows *t, uint32_t first,
                                    int ifindex, enum vp_flow_way way,
                                    unsigned *n)
{
	struct vp_flow_tap *last = NULL;

	for (uint32_t i = first; i != 0; i = t->taps[i - 1].next) {
		last = &t->taps[i - 1];
		if (last->ifindex == ifindex && last->way == way)
			return last;
		++*n;
	}
	return last;
}

static struct vp_flow_tap *tap_add(struct vp_flows *t, struct vp_flow_row *f)
{
	size_t cap = t->cap_taps == 0 ? 64 : t->cap_taps * 2;
	struct vp_flow_tap *grown;

	if (t->n_taps == t->cap_taps) {
		grown = reallocarray(t->taps, cap, sizeof(*grown));
		if (grown == NULL)
			return NULL;
		t->taps = grown;
		t->cap_taps = cap;
	}
	grown = &t->taps[t->n_taps++];
	memset(grown, 0, sizeof(*grown));
	grown->next = f->taps;
	f->taps = (uint32_t)t->n_taps;
	return grown;
}

/* Another interface than the first one, or another way there. Where there are
 * too many the last one found stands for the rest, but not for another way:
 * that is what tells whose packets these are. */
static struct vp_flow_tap *tap_more(struct vp_flows *t, struct vp_flow_row *f,
                                    int ifindex, enum vp_flow_way way)
{
	unsigned n = 0;
	struct vp_flow_tap *tap = tap_find(t, f->taps, ifindex, way, &n);

	if (tap != NULL && tap->ifindex == ifindex && tap->way == way)
		return tap;
	if (n >= TAPS_MAX)
		for (uint32_t i = f->taps; i != 0; i = t->taps[i - 1].next)
			if (t->taps[i - 1].way == way)
				return &t->taps[i - 1];
	tap = tap_add(t, f);
	if (tap == NULL)
		return NULL;
	tap->ifindex = ifindex;
	tap->way = (uint8_t)way;
	return tap;
}

void vp_flow_tap(struct vp_flows *t, struct vp_flow_row *f,
                 const struct vp_packet *p, int dir)
{
	enum vp_flow_way way = way_of(p, dir);
	struct vp_flow_tap *tap;

	if (!f->seen) {
		f->ifindex = p->ifindex;
		f->way = (uint8_t)way;
	}
	if (f->ifindex == p->ifindex && f->way == way) {
		f->packets[dir]++;
		f->bytes[dir] += p->ip_len;
		return;
	}
	tap = tap_more(t, f, p->ifindex, way);
	if (tap == NULL) { /* no memory: rather too much at one interface */
		f->packets[dir]++;
		f->bytes[dir] += p->ip_len;
		return;
	}
	tap->packets[dir]++;
	tap->bytes[dir] += p->ip_len;
}

/* --- interfaces ---------------------------------------------------------- */

static enum vp_link_role role_of(const struct vp_flows *t, int ifindex)
{
	for (size_t i = t->n_interfaces; i-- > 0;)
		if (t->interfaces[i].ifindex == ifindex)
			return t->interfaces[i].role;
	return VP_LINK_UNKNOWN;
}

static void set_role(struct vp_flows *t, int ifindex, enum vp_link_role role)
{
	for (size_t i = 0; i < t->n_interfaces; i++)
		if (t->interfaces[i].ifindex == ifindex)
			t->interfaces[i].role = role;
}

const char *vp_flow_interface_name(const struct vp_flows *t,
                                   const struct vp_flow_row *f, int ifindex)
{
	uint32_t row = (uint32_t)(f - t->rows);
	const char *name = NULL;

	for (size_t i = 0; i < t->n_interfaces; i++) {
		const struct vp_flow_interface *l = &t->interfaces[i];

		if (l->ifindex == ifindex &&
		    (name == NULL || l->from_row <= row))
			name = l->name;
	}
	return name;
}

void vp_flows_add_interface(struct vp_flows *t, int ifindex, const char *name,
                            enum vp_link_role role)
{
	struct vp_flow_interface *last = NULL, *grown;
	char *copy;

	for (size_t i = 0; i < t->n_interfaces; i++)
		if (t->interfaces[i].ifindex == ifindex)
			last = &t->interfaces[i];
	set_role(t, ifindex, role);
	if ((last != NULL && strcmp(last->name, name) == 0) ||
	    t->n_interfaces >= INTERFACES_MAX)
		return;
	copy = strdup(name);
	grown = reallocarray(t->interfaces, t->n_interfaces + 1,
	                     sizeof(*grown));
	if (grown != NULL)
		t->interfaces = grown;
	if (grown == NULL || copy == NULL) {
		free(copy);
		return;
	}
	t->interfaces[t->n_interfaces++] =
		(struct vp_flow_interface){ ifindex, (uint32_t)t->n_rows, role,
		                            copy };
}

void vp_flows_all_interfaces(struct vp_flows *t)
{
	t->all_interfaces = true;
}

/* --- what they say together ---------------------------------------------- */

struct view { /* a tap, turned round where the row is */
	int ifindex;
	enum vp_flow_way way;
	enum vp_link_role role; /* UNKNOWN is EXIT here */
	bool known;
	uint64_t packets[2], bytes[2];
};

struct summing {
	struct vp_flow_sight *out;
	struct view best[2];
	struct vp_flow_amount left, came_entry, came_other;
	uint64_t into_entry, into_other, untold;
	bool by_unknown; /* came in, or answers went out, by who knows what */
	bool left_not_upper;
};

/* Nearer to where packets leave, or come from: as a socket's packets pass
 * before anything else, then by role, then by number. */
static bool is_nearer(const struct view *a, const struct view *b, int dir)
{
	static const int rank[] = {
		[VP_WAY_AGAINST] = 0, [VP_WAY_UNTOLD] = 1, [VP_WAY_SOCKET] = 2
	};

	if (b->packets[dir] == 0 || a->packets[dir] == 0)
		return a->packets[dir] != 0;
	if (a->way != b->way)
		return rank[a->way] > rank[b->way];
	if (a->role != b->role)
		return a->role > b->role;
	return a->packets[dir] > b->packets[dir];
}

static void most(struct vp_flow_amount *a, const struct view *v)
{
	if (v->packets[OUT] > a->packets)
		a->packets = v->packets[OUT];
	if (v->bytes[OUT] > a->bytes)
		a->bytes = v->bytes[OUT];
}

static void add_origin(struct summing *s, const struct view *v)
{
	bool entry = v->role == VP_LINK_ENTRY;

	if (v->way == VP_WAY_UNTOLD) {
		s->untold += v->packets[OUT];
		s->by_unknown |= !v->known && v->packets[OUT] > 0;
	} else if (v->way == VP_WAY_SOCKET) {
		most(&s->left, v);
		if (v->packets[OUT] > 0 && v->role != VP_LINK_LOOPBACK) {
			s->out->left_by_exit |= v->known;
			s->left_not_upper |= v->role != VP_LINK_UPPER;
		}
	} else {
		uint64_t *into = entry ? &s->into_entry : &s->into_other;

		s->by_unknown |= !v->known;
		most(entry ? &s->came_entry : &s->came_other, v);
		if (v->packets[IN] > *into)
			*into = v->packets[IN];
	}
}

static void add_tap(const struct vp_flows *t, struct summing *s,
                    const struct vp_flow_tap *tap, bool turned)
{
	struct view v = { .ifindex = tap->ifindex, .way = tap->way };

	v.role = role_of(t, tap->ifindex);
	v.known = v.role != VP_LINK_UNKNOWN;
	if (!v.known)
		v.role = VP_LINK_EXIT;
	for (int dir = IN; dir <= OUT; dir++) {
		v.packets[dir] = tap->packets[turned ? !dir : dir];
		v.bytes[dir] = tap->bytes[turned ? !dir : dir];
	}
	if (turned && tap->way != VP_WAY_UNTOLD)
		v.way = tap->way == VP_WAY_SOCKET ? VP_WAY_AGAINST
		                                  : VP_WAY_SOCKET;
	/* "For another host" at a container's end is to the MAC address of the
	 * bridge, which is not its port's: it came in. */
	if (v.way == VP_WAY_UNTOLD && v.role == VP_LINK_ENTRY &&
	    v.packets[IN] == 0)
		v.way = VP_WAY_AGAINST;
	for (int dir = IN; dir <= OUT; dir++)
		if (is_nearer(&v, &s->best[dir], dir))
			s->best[dir] = v;
	add_origin(s, &v);
}

/* Without headers. Options count as payload: they are few bytes. */
static uint64_t payload(const struct vp_flow_row *f, struct vp_flow_amount a)
{
	uint64_t head = (f->id.family == 4 ? 20u : 40u) +
	                (f->id.proto == IPPROTO_TCP ? 20u : 8u);

	return a.bytes > a.packets * head ? a.bytes - a.packets * head : 0;
}

/*
 * What came in may leave in more and smaller packets: segments that the card or
 * the kernel had put together (GRO) are taken apart again where the way out
 * cannot do that (no TSO), and large ones are fragmented. So more packets are
 * no proof as long as the payload is the same, and fills them.
 */
bool vp_flow_made_here(const struct vp_flow_row *f, struct vp_flow_amount left,
                       struct vp_flow_amount came, bool loosely)
{
	uint64_t out = payload(f, left), in = payload(f, came);
	uint64_t fits = loosely ? came.packets * 2 + FORWARD_SLACK
	                        : came.packets + came.packets / 8 + NAT_SLACK;

	if (came.packets == 0)
		return left.packets > 0;
	if (left.packets > fits)
		return left.packets - fits > in / SEGMENT_MIN ||
		       out > in + in / 8;
	return loosely ? out > in * 2 + FORWARD_SLACK * MTU : out > in + in / 8;
}

static enum vp_origin origin_of(const struct vp_flow_row *f,
                                const struct summing *s, bool ours)
{
	if (ours)
		return VP_ORIGIN_HOST;
	if (s->came_entry.packets > 0)
		return VP_ORIGIN_NAMESPACE;
	if (vp_flow_made_here(f, s->left, s->came_other, true))
		return VP_ORIGIN_HOST;
	/* It may have been the end of a container that was gone before anybody
	 * asked what it is. */
	if (s->by_unknown)
		return VP_ORIGIN_UNKNOWN;
	if (s->came_other.packets > 0)
		return VP_ORIGIN_FORWARDED;
	if (s->into_entry > 0)
		return VP_ORIGIN_NAMESPACE;
	return s->into_other > 0 ? VP_ORIGIN_FORWARDED : VP_ORIGIN_UNKNOWN;
}

void vp_flow_sight(const struct vp_flows *t, const struct vp_flow_row *f,
                   bool turned, struct vp_flow_sight *out)
{
	struct vp_flow_tap first = { .ifindex = f->ifindex, .way = f->way };
	struct summing s = { .out = out };
	struct vp_endpoint ends[2];

	memset(out, 0, sizeof(*out));
	memcpy(first.packets, f->packets, sizeof(first.packets));
	memcpy(first.bytes, f->bytes, sizeof(first.bytes));
	add_tap(t, &s, &first, turned);
	for (uint32_t i = f->taps; i != 0; i = t->taps[i - 1].next)
		add_tap(t, &s, &t->taps[i - 1], turned);
	for (int dir = IN; dir <= OUT; dir++) {
		out->packets[dir] = s.best[dir].packets[dir];
		out->bytes[dir] = s.best[dir].bytes[dir];
	}
	out->ifindex = s.best[out->packets[OUT] > 0 ? OUT : IN].ifindex;
	vp_flow_ends(f, &ends[0], &ends[1]);
	out->origin = origin_of(f, &s,
	                        vp_flow_is_ours(t, &ends[turned].addr) ||
	                                (f->has_ours && !turned));
	out->left_as = s.left;
	out->came_as = s.came_entry.packets > s.came_other.packets
	                       ? s.came_entry
	                       : s.came_other;
	out->left = s.left.packets > 0;
	out->never_left = t->all_interfaces && !f->loop && !out->left &&
	                  s.untold == 0 && out->came_as.packets > 0;
	out->left_upper = out->left && !s.left_not_upper;
}
