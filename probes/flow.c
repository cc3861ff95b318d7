/*
 * flow.c - the table of flows: which flow a packet belongs to, and counting.
 *
 * Rows stand in one array in the order they came, found through an index that
 * is hashed under a random key, by protocol and both ends in either order.
 * Which end is local is decided by the first packet:
 *
 *   1. both ends ours (loopback, or to one of our own addresses): whoever
 *      spoke first is local. A cooked capture may show such a packet twice,
 *      going out and coming in: once the former was seen, the latter is not
 *      counted.
 *   2. one end ours: that one.
 *   3. neither, as for forwarded packets and before our addresses are known:
 *      the end that is not public; else who the cooked header, the SYN or the
 *      ports say. Such a guess can be turned round in the end, when our
 *      addresses and the VNet's prefixes are known, so that no public peer is
 *      taken for the local end.
 *
 * An ICMP error counts for the flow that it quotes. What a tunnel carries is
 * accounted after the packet that carries it, as flows of that tunnel: the same
 * ends outside of it are other flows, so that nobody can make a flow look
 * tunneled by a forged copy.
 */
#include "vnetprobe/flow.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "flow_table.h"

/* BULK: no row, and none is wanted. */
enum { IN = VP_FLOW_IN, OUT = VP_FLOW_OUT, BULK };

#define TUNNEL_DEPTH 2

/* --- rows ---------------------------------------------------------------- */

struct vp_flow_row *vp_flow_find(const struct vp_flows *t,
                                 const struct vp_flow_id *id, uint64_t hash,
                                 int *dir)
{
	struct vp_index_cursor c = { 0 };
	uint32_t i;

	while ((i = vp_index_next(&t->index, hash, &c)) != VP_INDEX_NONE) {
		struct vp_flow_row *f = &t->rows[i];

		*dir = OUT;
		if (vp_flow_id_same(&f->id, id))
			return f;
		*dir = IN;
		if (vp_flow_id_turned(&f->id, id))
			return f;
	}
	return NULL;
}

static bool rows_reserve(struct vp_flows *t)
{
	size_t cap = t->cap_rows == 0 ? 64 : t->cap_rows * 2;
	struct vp_flow_row *rows;

	if (t->n_rows < t->cap_rows)
		return true;
	rows = aligned_alloc(VP_FLOW_LINE, cap * sizeof(*rows));
	if (rows == NULL)
		return false;
	if (t->n_rows > 0)
		memcpy(rows, t->rows, t->n_rows * sizeof(*rows));
	free(t->rows);
	t->rows = rows;
	t->cap_rows = cap;
	return true;
}

struct vp_flow_row *vp_flow_append(struct vp_flows *t,
                                   const struct vp_flow_id *id, uint64_t hash)
{
	struct vp_flow_row *f;

	if (!rows_reserve(t) ||
	    !vp_index_put(&t->index, hash, (uint32_t)t->n_rows))
		return NULL;
	f = &t->rows[t->n_rows++];
	memset(f, 0, sizeof(*f));
	f->id = *id;
	return f;
}

void vp_flow_leave_out(struct vp_flows *t, uint64_t hash)
{
	if (vp_hash_set_add(&t->left_out, hash, t->limits.flows) != 0)
		t->n_left_out++;
}

static void tell_new(struct vp_flows *t, const struct vp_flow_row *f)
{
	struct vp_endpoint local, remote;

	vp_flow_ends(f, &local, &remote);
	if (t->on_new != NULL && vp_flow_place(t, &remote.addr)->public)
		t->on_new(f->id.proto, &local, &remote, t->on_new_arg);
}

/* The row for the first packet of a flow; NULL: none, or not worth one. */
static struct vp_flow_row *flow_begin(struct vp_flows *t,
                                      const struct vp_packet *p,
                                      struct vp_flow_id *id, uint64_t hash,
                                      int *dir)
{
	struct vp_flow_place src = *vp_flow_place(t, &p->src);
	struct vp_flow_place dst = *vp_flow_place(t, &p->dst);
	/* A forged source may be the peer's own address. */
	bool loop = (src.ours && dst.ours) ||
	            (!src.public && vp_addr_equal(&p->src, &p->dst));
	bool guess = !loop && src.ours == dst.ours;
	bool public = src.public || dst.public, fresh;
	struct vp_flow_row *f;
	size_t n = t->n_rows;

	if (!public && vp_flow_is_bulk(t, p)) {
		*dir = BULK;
		return NULL;
	}
	if (loop)
		*dir = vp_flow_is_syn(p, true) ? IN : OUT;
	else if (guess)
		*dir = vp_flow_guess_out(t, p) ? OUT : IN;
	else
		*dir = src.ours ? OUT : IN;
	if (*dir == IN)
		vp_flow_id_turn(id);
	f = vp_flow_admit(t, p, id, hash, *dir, public && !loop);
	if (f == NULL)
		return NULL;
	fresh = t->n_rows > n;
	f->public = public;
	if (!f->crowd) {
		f->loop = loop;
		f->guessed = guess;
	}
	if (fresh && public && !loop)
		tell_new(t, f);
	return f;
}

static struct vp_flow_row *flow_of(struct vp_flows *t,
                                   const struct vp_packet *p, int *dir)
{
	struct vp_flow_row *f;
	struct vp_flow_id id;
	uint64_t hash;

	vp_flow_id(&id, p->proto, &p->src, p->sport, &p->dst, p->dport);
	id.tunnel = t->within;
	hash = vp_flow_hash(t, &id);
	f = vp_flow_find(t, &id, hash, dir);
	if (f == NULL)
		return flow_begin(t, p, &id, hash, dir);
	if (f->public || !vp_flow_is_bulk(t, p))
		return f;
	*dir = BULK;
	return NULL;
}

/* --- counting ------------------------------------------------------------ */

/*
 * Who began, as far as one packet tells. A datagram from a service's port to
 * one of our ephemeral ones is rather an answer to what was sent before the
 * capture began: saying that the peer came to us would excuse our own talk.
 */
static enum vp_direction first_direction(const struct vp_packet *p, int dir)
{
	if (p->proto == IPPROTO_TCP)
		return VP_DIRECTION_UNKNOWN; /* the SYN decides */
	if (dir == OUT)
		return VP_DIRECTION_OUT;
	if (p->proto == IPPROTO_UDP && p->has_ports)
		return p->sport < EPHEMERAL_MIN && p->dport >= EPHEMERAL_MIN
		               ? VP_DIRECTION_UNKNOWN
		               : VP_DIRECTION_IN;
	if ((p->proto == IPPROTO_ICMP && p->icmp_type == 8) ||
	    (p->proto == IPPROTO_ICMPV6 && p->icmp_type == 128))
		return VP_DIRECTION_IN; /* an echo request */
	return VP_DIRECTION_UNKNOWN;
}

/* True for the second copy of a packet that never left this machine. */
static bool is_loop_copy(struct vp_flow_row *f, const struct vp_packet *p)
{
	if (!f->loop)
		return false;
	if (p->seen == VP_SEEN_OUT)
		f->loop_out = true;
	return p->seen == VP_SEEN_IN && f->loop_out;
}

/* Which end is local may be decided otherwise in the end. */
static void names_keep(struct vp_flows *t, const struct vp_packet *p)
{
	vp_bindings_flow(t->bindings, &p->src, p->ts_us);
	vp_bindings_flow(t->bindings, &p->dst, p->ts_us);
	if (t->own_bindings == NULL)
		return;
	vp_bindings_flow(t->own_bindings, &p->src, p->ts_us);
	vp_bindings_flow(t->own_bindings, &p->dst, p->ts_us);
}

static void count(struct vp_flows *t, struct vp_flow_row *f,
                  const struct vp_packet *p, int dir)
{
	vp_flow_tap(t, f, p, dir);
	if (!f->seen) {
		names_keep(t, p);
		f->seen = true;
		f->first_us = f->last_us = p->ts_us;
		if (!f->crowd)
			f->direction = (uint8_t)first_direction(p, dir);
	}
	if (p->ts_us < f->first_us)
		f->first_us = p->ts_us;
	if (p->ts_us > f->last_us)
		f->last_us = p->ts_us;
	if (dir == OUT && f->counted_in)
		vp_flow_crowd_spoke(t, f);
}

static void begin(struct vp_flows *t, struct vp_flow_row *f,
                  const struct vp_packet *p, int dir)
{
	if ((f->syn[dir] || f->syn_ack[dir]) && f->isn[dir] == p->seq + 1)
		return; /* sent again */
	f->reopened |= f->syn[dir] && vp_flow_is_syn(p, false);
	f->isn[dir] = p->seq + 1;
	vp_flow_restart(t, f, dir == OUT);
	if (f->public)
		vp_flow_gap_restart(t, f, dir, vp_flow_is_syn(p, false));
}

/* Our own SYN counts more than one of the peer's: it may send one first, from
 * the port that we are about to connect to, to make us look visited. */
static void track_syn(struct vp_flows *t, struct vp_flow_row *f,
                      const struct vp_packet *p, int dir)
{
	if (dir == OUT)
		f->direction = VP_DIRECTION_OUT;
	else if (f->direction == VP_DIRECTION_UNKNOWN)
		f->direction = VP_DIRECTION_IN;
	begin(t, f, p, dir);
	f->syn[dir] = true;
}

static void track_tcp(struct vp_flows *t, struct vp_flow_row *f,
                      const struct vp_packet *p, int dir)
{
	if (dir == OUT &&
	    ((p->tcp_flags & VP_TCP_RST) == 0 || p->payload_len > 0))
		f->said = true;
	if (vp_flow_is_syn(p, false)) {
		track_syn(t, f, p, dir);
	} else if (vp_flow_is_syn(p, true)) {
		begin(t, f, p, dir);
		f->syn_ack[dir] = true;
		if (p->ack == f->isn[!dir])
			f->reopened = false;
		if (f->direction == VP_DIRECTION_UNKNOWN)
			f->direction =
				dir == OUT ? VP_DIRECTION_IN : VP_DIRECTION_OUT;
	} else if ((p->tcp_flags & (VP_TCP_ACK | VP_TCP_RST)) == VP_TCP_ACK) {
		f->alive[dir] = true;
	}
	if (f->public && !f->loop)
		vp_flow_gap_segment(t, f, p, dir);
}

/* Of many flows in one row only the state is told, and who began is settled
 * as each joins. */
static void track_crowd(struct vp_flow_row *f, const struct vp_packet *p,
                        int dir)
{
	f->said = true;
	if (dir == OUT && vp_flow_is_syn(p, false))
		f->direction = VP_DIRECTION_OUT; /* whatever it did before */
	if (vp_flow_is_syn(p, true))
		f->syn_ack[dir] = true;
	else if ((p->tcp_flags & (VP_TCP_ACK | VP_TCP_RST | VP_TCP_SYN)) ==
	         VP_TCP_ACK)
		f->alive[dir] = true;
}

/* --- ICMP errors --------------------------------------------------------- */

/*
 * The flow that an error quotes, if it is known. One that we send must go to
 * the very peer it quotes: else a packet to a public address could hide in
 * the counts of a private flow.
 */
static struct vp_flow_row *quoted_flow(const struct vp_flows *t,
                                       const struct vp_packet *p, int *dir)
{
	struct vp_endpoint local, remote;
	struct vp_flow_row *f;
	struct vp_flow_id id;
	int quoted_dir;

	vp_flow_id(&id, p->quoted_proto, &p->quoted_src.addr,
	           p->quoted_src.port, &p->quoted_dst.addr, p->quoted_dst.port);
	id.tunnel = t->within;
	f = vp_flow_find(t, &id, vp_flow_hash(t, &id), &quoted_dir);
	if (f == NULL || !f->seen)
		return NULL;
	*dir = quoted_dir == OUT ? IN : OUT; /* the error goes back */
	vp_flow_ends(f, &local, &remote);
	if (*dir == OUT && !vp_addr_equal(&p->dst, &remote.addr))
		return NULL;
	if (*dir == IN && !vp_addr_equal(&p->dst, &local.addr))
		return NULL;
	return f;
}

/* --- one packet ---------------------------------------------------------- */

/* A fragment or an error, of a flow that is known by something else than its
 * ends. */
static struct vp_flow_row *flow_beside(struct vp_flows *t,
                                       const struct vp_packet *p, int *dir)
{
	if (p->later_fragment)
		return vp_flow_fragment_find(t, p, dir);
	return p->has_quoted ? quoted_flow(t, p, dir) : NULL;
}

static void read_packet(struct vp_flows *t, struct vp_flow_row *f,
                        const struct vp_packet *p, int dir)
{
	f->spoke[dir] = true;
	if (p->fragment && !p->later_fragment)
		vp_flow_fragment_note(t, p, f, dir);
	vp_flow_nat(t, f, p, dir);
	if (!p->has_ports)
		return;
	if (p->proto == IPPROTO_TCP && f->crowd)
		track_crowd(f, p, dir);
	else if (p->proto == IPPROTO_TCP)
		track_tcp(t, f, p, dir);
	if (p->proto == IPPROTO_TCP && vp_flow_asks_proxy(p))
		vp_flow_hello_connect(t, f, p, dir == OUT);
	/* A shared row has no handshake of its own. */
	if (!f->crowd || vp_flow_is_dns(t, p))
		vp_flow_payload(t, f, p, dir == OUT);
}

static struct vp_flow_row *account(struct vp_flows *t,
                                   const struct vp_packet *p, int *dir)
{
	struct vp_flow_row *f = flow_beside(t, p, dir);

	if (f != NULL) {
		if (!is_loop_copy(f, p)) {
			count(t, f, p, *dir);
			f->icmp_error |= p->has_quoted;
		}
		return f;
	}
	f = flow_of(t, p, dir);
	if (f == NULL || is_loop_copy(f, p))
		return f;
	count(t, f, p, *dir);
	read_packet(t, f, p, *dir);
	return f;
}

/* --- tunnels ------------------------------------------------------------- */

static uint16_t tunnel_of(struct vp_flows *t, const char *kind,
                          const struct vp_endpoint *peer)
{
	struct vp_flow_tunnel *grown;

	for (size_t i = 0; i < t->n_tunnels; i++)
		if (strcmp(t->tunnels[i].kind, kind) == 0 &&
		    vp_endpoint_equal(&t->tunnels[i].peer, peer))
			return (uint16_t)(i + 1);
	if (t->n_tunnels >= VP_FLOW_TUNNELS_MAX)
		return 0;
	grown = reallocarray(t->tunnels, t->n_tunnels + 1, sizeof(*grown));
	if (grown == NULL)
		return 0;
	t->tunnels = grown;
	t->tunnels[t->n_tunnels++] = (struct vp_flow_tunnel){ kind, *peer };
	return (uint16_t)t->n_tunnels;
}

static bool may_be_tunnel(const struct vp_packet *p)
{
	return p->proto != IPPROTO_TCP && p->proto != IPPROTO_ICMP &&
	       p->proto != IPPROTO_ICMPV6;
}

static enum vp_keep stronger(enum vp_keep a, enum vp_keep b)
{
	return a > b ? a : b;
}

static struct vp_flow_seen packet_at(struct vp_flows *t,
                                     const struct vp_packet *p, unsigned depth);

/* What is encrypted stays closed: its outer flow is judged. What looks like a
 * tunnel by its port only may be none; what says so by its protocol and cannot
 * be read is undecodable. */
static enum vp_keep inner_packet(struct vp_flows *t, const struct vp_packet *p,
                                 int dir, unsigned depth)
{
	/* Both ways the tunnel's port is the one that it goes to: the other
	 * varies by flow (RFC 7348 section 5). */
	struct vp_endpoint peer = { dir == IN ? p->src : p->dst, p->dport };
	uint16_t outside = t->within;
	struct vp_packet inner;
	enum vp_keep keep;
	const char *kind;
	enum vp_decode d = vp_packet_inner(&inner, p, &kind);

	if (d != VP_DECODE_OK) {
		if (p->proto != IPPROTO_UDP && d != VP_DECODE_OPAQUE)
			vp_flows_undecoded(t, d, p->seen);
		return VP_KEEP_NOTHING;
	}
	if (outside == 0)
		t->within = tunnel_of(t, kind, &peer);
	if (t->within == 0) {
		t->n_left_out++;
		return VP_KEEP_WHOLE;
	}
	keep = packet_at(t, &inner, depth + 1).keep;
	t->within = outside;
	return keep;
}

static struct vp_flow_seen packet_at(struct vp_flows *t,
                                     const struct vp_packet *p, unsigned depth)
{
	struct vp_flow_seen seen = { VP_FLOW_NONE, VP_KEEP_NOTHING };
	struct vp_packet inner;
	struct vp_flow_row *f;
	const char *kind;
	int dir = OUT;

	f = account(t, p, &dir);
	if (f != NULL) {
		seen.row = (uint32_t)(f - t->rows);
		seen.keep = vp_flow_keep(t, f, p, dir);
	} else if (dir != BULK) {
		seen.keep = vp_flow_keep(t, NULL, p, dir);
	}
	if (!may_be_tunnel(p))
		return seen;
	if (depth < TUNNEL_DEPTH)
		seen.keep = stronger(seen.keep, inner_packet(t, p, dir, depth));
	else if (vp_packet_inner(&inner, p, &kind) == VP_DECODE_OK)
		vp_flows_undecoded(t, VP_DECODE_TOO_DEEP, p->seen);
	return seen;
}

/* --- the interface ------------------------------------------------------- */

struct vp_flow_seen vp_flows_packet(struct vp_flows *t,
                                    const struct vp_packet *p)
{
	if (t->first_us == 0)
		t->first_us = p->ts_us;
	return packet_at(t, p, 0);
}

void vp_flows_undecoded(struct vp_flows *t, enum vp_decode why,
                        enum vp_seen seen)
{
	/* Where a file does not tell which way it went, it may have left. */
	bool ours = seen == VP_SEEN_OUT || seen == VP_SEEN_UNKNOWN;

	if (why == VP_DECODE_OK || why == VP_DECODE_NOT_IP)
		return;
	if (why == VP_DECODE_TRUNCATED) {
		t->truncated++;
	} else {
		t->undecodable++;
		t->undecodable_out += ours;
	}
	if (why < VP_DECODE_COUNT) {
		t->undecoded[why]++;
		t->undecoded_out[why] += ours;
	}
}

/* Is the row that of a socket? Turned round only where both ends are ours or
 * where the local end was guessed. */
static bool is_socket(const struct vp_flow_row *f, int dir)
{
	return dir == OUT || f->loop || f->guessed;
}

void vp_flows_own(struct vp_flows *t, uint8_t proto,
                  const struct vp_endpoint *local,
                  const struct vp_endpoint *remote)
{
	struct vp_flow_row *f;
	struct vp_flow_id id;
	uint64_t hash;
	int dir;

	if (local->addr.family != remote->addr.family)
		return;
	vp_flow_id(&id, proto, &local->addr, local->port, &remote->addr,
	           remote->port);
	hash = vp_flow_hash(t, &id);
	f = vp_flow_find(t, &id, hash, &dir);
	if (f != NULL && !is_socket(f, dir))
		return;
	if (f == NULL) {
		f = t->n_rows < t->limits.flows ? vp_flow_append(t, &id, hash)
		                                : NULL;
		if (f == NULL) {
			vp_flow_leave_out(t, hash);
			return;
		}
		f->public = vp_flow_place(t, &local->addr)->public ||
		            vp_flow_place(t, &remote->addr)->public;
		f->loop = vp_flow_is_ours(t, &remote->addr) ||
		          (!f->public &&
		           vp_addr_equal(&local->addr, &remote->addr));
		/* A file may say so of any two ends. */
		f->guessed = !f->loop && !vp_flow_is_ours(t, &local->addr);
	}
	f->own = true;
}

bool vp_flows_saw(const struct vp_flows *t, uint8_t proto,
                  const struct vp_endpoint *local,
                  const struct vp_endpoint *remote)
{
	const struct vp_flow_row *f;
	struct vp_flow_id id;
	uint64_t hash;
	int dir;

	if (local->addr.family != remote->addr.family)
		return false;
	vp_flow_id(&id, proto, &local->addr, local->port, &remote->addr,
	           remote->port);
	hash = vp_flow_hash(t, &id);
	f = vp_flow_find(t, &id, hash, &dir);
	if (f == NULL)
		return vp_flow_crowd_has(t, hash);
	return is_socket(f, dir) && f->spoke[dir];
}

void vp_flows_on_new(struct vp_flows *t, vp_flow_new_cb *cb, void *arg)
{
	t->on_new = cb;
	t->on_new_arg = arg;
}

void vp_flows_add_vnet(struct vp_flows *t, const struct vp_prefix *vnet)
{
	struct vp_prefix *grown;

	/* Without memory it stays public: more is looked at, nothing less. */
	grown = reallocarray(t->vnet, t->n_vnet + 1, sizeof(*grown));
	if (grown == NULL)
		return;
	t->vnet = grown;
	t->vnet[t->n_vnet++] = *vnet;
	memset(t->places, 0, VP_FLOW_PLACES * sizeof(*t->places));
}

struct vp_flows *vp_flows_create(const struct vp_flow_limits *limits)
{
	struct vp_flows *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	if (limits != NULL)
		t->limits = *limits;
	if (t->limits.flows == 0)
		t->limits.flows = 200000;
	if (t->limits.names == 0)
		t->limits.names = 200000;
	if (t->limits.questions == 0)
		t->limits.questions = 32;
	if (t->limits.hellos == 0)
		t->limits.hellos = 4u << 20;
	t->held.max = t->limits.hellos;
	vp_hash_key_random(&t->key);
	for (uint64_t i = 0; i < 8; i++)
		t->mix[i] = vp_hash(&t->key, &i, sizeof(i));
	t->bindings = vp_bindings_create(t->limits.names, &t->key);
	t->places = calloc(VP_FLOW_PLACES, sizeof(*t->places));
	if (t->bindings == NULL || t->places == NULL) {
		vp_bindings_destroy(t->bindings);
		free(t->places);
		free(t);
		return NULL;
	}
	return t;
}

void vp_flows_destroy(struct vp_flows *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; i < t->n_rows; i++)
		vp_flow_app_free(t, &t->rows[i]);
	for (size_t i = 0; i < t->n_interfaces; i++)
		free(t->interfaces[i].name);
	free(t->interfaces);
	free(t->rows);
	free(t->fragments);
	free(t->vnet);
	free(t->places);
	free(t->taps);
	free(t->gaps);
	free(t->tunnels);
	free(t->notes);
	vp_flow_crowd_free(t);
	vp_flow_trace_free(t->trace);
	vp_index_free(&t->index);
	vp_hash_set_free(&t->local);
	vp_hash_set_free(&t->claimed_local);
	vp_hash_set_free(&t->resolvers);
	vp_hash_set_free(&t->questions);
	vp_hash_set_free(&t->asked);
	vp_hash_set_free(&t->left_out);
	vp_bindings_destroy(t->own_bindings);
	vp_bindings_destroy(t->bindings);
	free(t);
}
