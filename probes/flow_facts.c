/* flow_facts.c - the flows that can matter to a verdict, as plain facts. */
#include "flow_table.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

enum { IN = VP_FLOW_IN, OUT = VP_FLOW_OUT };

#define SYN_LIFE_US 130000000

struct finish {
	const struct vp_flows *t;
	struct vp_facts *facts;
	struct vp_hash_set targets, resolvers;
	bool no_memory; /* select everything rather than too little */
	struct vp_flow_names *names;
	struct vp_flow_amount *became; /* by row: what left as outer flows of
	                                * it; NULL: there is no NAT */
};

/* --- which --------------------------------------------------------------- */

static void add(struct finish *fin, struct vp_hash_set *set, uint64_t hash)
{
	if (vp_hash_set_add(set, hash, SIZE_MAX) < 0)
		fin->no_memory = true;
}

static void wanted_collect(struct finish *fin)
{
	const struct vp_facts *facts = fin->facts;

	for (size_t i = 0; i < facts->n_targets; i++) {
		const struct vp_target *g = &facts->targets[i];

		for (size_t a = 0; a < g->n_addresses; a++)
			add(fin, &fin->targets,
			    vp_flow_hash_addr(fin->t, &g->addresses[a].addr));
		for (size_t a = 0; a < g->n_expected; a++)
			add(fin, &fin->targets,
			    vp_flow_hash_addr(fin->t, &g->expected[a]));
	}
	for (size_t i = 0; i < facts->n_resolvers; i++) {
		const struct vp_endpoint *e = &facts->resolvers[i].endpoint;

		if (e->addr.family != 0)
			add(fin, &fin->resolvers,
			    vp_flow_hash_end(fin->t, &e->addr, e->port));
	}
}

static bool is_public(const struct finish *fin, const struct vp_addr *a)
{
	const struct vp_policy *policy = &fin->facts->policy;

	return vp_addr_scope(a, policy->vnet, policy->n_vnet) ==
	       VP_SCOPE_PUBLIC;
}

/*
 * Two public ends of which none is ours, in a file that does not tell which way
 * packets went: either may be the one that is to be judged, so nothing can be
 * said to have come in.
 */
static bool is_anyones(const struct finish *fin, const struct vp_flow_row *f)
{
	struct vp_endpoint ends[2];

	vp_flow_ends(f, &ends[0], &ends[1]);
	return f->guessed && f->way == VP_WAY_UNTOLD &&
	       is_public(fin, &ends[0].addr) && is_public(fin, &ends[1].addr) &&
	       !vp_flow_is_ours(fin->t, &ends[0].addr) &&
	       !vp_flow_is_ours(fin->t, &ends[1].addr);
}

/* A guess that made a public peer the local end, or our own address the remote
 * one (it was learnt later), is turned round. */
static bool is_backwards(const struct finish *fin, const struct vp_flow_row *f)
{
	struct vp_endpoint local, remote;
	bool local_ours, remote_ours;

	if (!f->guessed)
		return false;
	vp_flow_ends(f, &local, &remote);
	local_ours = vp_flow_is_ours(fin->t, &local.addr);
	remote_ours = vp_flow_is_ours(fin->t, &remote.addr);
	if (local_ours != remote_ours)
		return remote_ours;
	if (is_anyones(fin, f) && !f->syn[OUT])
		return f->syn[IN] || !f->spoke[OUT];
	return is_public(fin, &local.addr) && !is_public(fin, &remote.addr);
}

/*
 * The same ends inside a tunnel and at the tunnel's own interface: the packets
 * are the same, and are told where they leave. Never for what left by another
 * interface too, nor for more than the tunnel showed.
 */
static bool is_tunneled_twin(const struct finish *fin,
                             const struct vp_flow_row *f,
                             const struct vp_flow_sight *sight)
{
	const struct vp_flows *t = fin->t;
	struct vp_flow_id id = f->id;
	const struct vp_flow_row *twin;
	struct vp_flow_sight other;
	int dir;

	if (!sight->left_upper || id.tunnel != 0)
		return false;
	for (size_t i = 0; i < t->n_tunnels; i++) {
		id.tunnel = (uint16_t)(i + 1);
		twin = vp_flow_find(t, &id, vp_flow_hash(t, &id), &dir);
		if (twin == NULL || !twin->seen)
			continue;
		vp_flow_sight(t, twin, dir == IN, &other);
		if (other.packets[OUT] >= sight->packets[OUT])
			return true;
	}
	return false;
}

/* --- NAT ----------------------------------------------------------------- */

static void became_collect(struct finish *fin)
{
	const struct vp_flows *t = fin->t;
	struct vp_flow_sight s;

	if (t->notes == NULL)
		return;
	fin->became = vp_arena_alloc(fin->facts->arena,
	                             t->n_rows * sizeof(*fin->became));
	for (size_t i = 0; i < t->n_rows; i++) {
		struct vp_flow_amount *sum;

		if (t->rows[i].inner == 0)
			continue;
		vp_flow_sight(t, &t->rows[i], false, &s);
		sum = &fin->became[t->rows[i].inner - 1];
		sum->packets += s.left_as.packets;
		sum->bytes += s.left_as.bytes;
	}
}

static uint64_t less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/*
 * NAT makes no packets. What left in the outer flows of this one came in as
 * its packets, less those that left as they were; if more left, some are a
 * socket's here, of which the first looked like one of these. Then none is
 * believed, and all are told as what they are.
 */
static bool is_translated(const struct finish *fin,
                          const struct vp_flow_row *inner)
{
	struct vp_flow_amount came;
	struct vp_flow_sight s;

	if (fin->became == NULL)
		return false;
	vp_flow_sight(fin->t, inner, false, &s);
	came.packets = less(s.came_as.packets, s.left_as.packets);
	came.bytes = less(s.came_as.bytes, s.left_as.bytes);
	return !vp_flow_made_here(inner, fin->became[inner - fin->t->rows],
	                          came, false);
}

static bool is_wanted(const struct finish *fin, const struct vp_flow_row *f)
{
	struct vp_flow_sight sight;
	struct vp_endpoint ends[2];
	bool turned;

	if (!f->seen)
		return false;
	if (fin->no_memory)
		return true;
	turned = is_backwards(fin, f);
	vp_flow_ends(f, &ends[0], &ends[1]);
	vp_flow_sight(fin->t, f, turned, &sight);
	/* Reported as what it became on its way out. */
	if ((f->in_outer && !sight.left && is_translated(fin, f)) ||
	    is_tunneled_twin(fin, f, &sight))
		return false;
	/* What never left this machine left by no public path. */
	if ((!f->loop || sight.left_by_exit) &&
	    is_public(fin, &ends[!turned].addr))
		return true;
	return f->connect ||
	       vp_hash_set_has(
		       &fin->targets,
		       vp_flow_hash_addr(fin->t, &ends[!turned].addr)) ||
	       vp_hash_set_has(&fin->resolvers,
	                       vp_flow_hash_end(fin->t, &ends[!turned].addr,
	                                        ends[!turned].port));
}

/*
 * Would it be judged otherwise, had the file said nothing of its machine?
 */
static bool is_claimed_away(const struct finish *fin,
                            const struct vp_flow_row *f, bool wanted)
{
	const struct vp_flows *t = fin->t;
	struct vp_endpoint ends[2];
	bool turned, claimed[2];

	if (!t->claimed || !f->seen || !f->public)
		return false;
	turned = is_backwards(fin, f);
	vp_flow_ends(f, &ends[turned], &ends[!turned]);
	for (int i = 0; i < 2; i++)
		claimed[i] = vp_hash_set_has(
			&t->claimed_local, vp_flow_hash_addr(t, &ends[i].addr));
	if (f->loop)
		return !wanted && (claimed[0] || claimed[1]);
	if (is_public(fin, &ends[1].addr)) /* who is who */
		return claimed[0] && f->way == VP_WAY_UNTOLD;
	return claimed[0] || vp_addr_scope(&ends[1].addr, t->vnet, t->n_vnet) ==
	                             VP_SCOPE_PUBLIC;
}

/* --- what ---------------------------------------------------------------- */

/*
 * TCP is open when the handshake was completed, or when both sides sent
 * segments that only an open connection has; the peer's SYN-ACK alone proves a
 * port, no connection.
 */
static bool is_open(const struct vp_flow_row *f)
{
	if (f->alive[IN] && f->alive[OUT])
		return true;
	return (f->syn_ack[IN] && f->alive[OUT]) ||
	       (f->syn_ack[OUT] && f->alive[IN]);
}

static enum vp_flow_state state_of(const struct vp_flow_row *f)
{
	bool both = f->spoke[IN] && f->spoke[OUT];

	if (f->id.proto == IPPROTO_TCP ? is_open(f) : both)
		return VP_FLOW_ESTABLISHED;
	return both || f->icmp_error ? VP_FLOW_ANSWERED : VP_FLOW_ATTEMPTED;
}

static char *interface_of(const struct finish *fin, const struct vp_flow_row *f,
                          int ifindex)
{
	const char *name = vp_flow_interface_name(fin->t, f, ifindex);

	if (name != NULL)
		return vp_arena_strdup(fin->facts->arena, name);
	return ifindex == 0
	               ? NULL
	               : vp_arena_printf(fin->facts->arena, "#%d", ifindex);
}

/* Of several, one that is a target's: all of them are claims. */
static const char *sni_of(const struct finish *fin, const struct vp_flow_app *a)
{
	for (size_t i = 0; i < VP_FLOW_OTHER_NAMES && a->others[i] != NULL; i++)
		if (vp_flow_names_target(fin->names, a->others[i]) &&
		    !vp_flow_names_target(fin->names, a->sni))
			return a->others[i];
	return a->sni;
}

static bool asks_target(const struct finish *fin, const char *connect)
{
	const char *colon = strrchr(connect, ':');

	return vp_flow_names_target(
		fin->names, vp_arena_strndup(fin->facts->arena, connect,
	                                     (size_t)(colon - connect)));
}

/* The same of those that a proxy was asked for. */
static const char *connect_of(const struct finish *fin,
                              const struct vp_flow_app *a)
{
	if (a->connects[0] == NULL || asks_target(fin, a->http_connect))
		return a->http_connect;
	for (size_t i = 0; i < VP_FLOW_OTHER_NAMES && a->connects[i] != NULL;
	     i++)
		if (asks_target(fin, a->connects[i]))
			return a->connects[i];
	return a->http_connect;
}

/* With a SYN that the other end may not have taken there are two connections
 * that it may have answered. */
static bool is_doubtful(const struct vp_flow_row *f)
{
	return f->app != NULL && (f->app->doubtful || f->reopened);
}

static void app_write(const struct finish *fin, struct vp_flow *out,
                      const struct vp_flow_row *f)
{
	struct vp_arena *arena = fin->facts->arena;
	const struct vp_flow_app *a = f->app;

	out->sni = vp_arena_strdup(arena, sni_of(fin, a));
	out->sni_from = a->sni_from;
	out->sni_bound = a->sni != NULL && !is_doubtful(f) &&
	                 vp_bindings_find(fin->t->bindings, &out->remote.addr,
	                                  a->sni) != VP_INDEX_NONE;
	out->ech = a->ech;
	out->http_host = vp_arena_strdup(arena, a->http_host);
	out->http_connect = vp_arena_strdup(arena, connect_of(fin, a));
	out->questions = vp_arena_alloc(arena, a->n_questions * sizeof(char *));
	for (size_t i = 0; i < a->n_questions; i++)
		out->questions[i] = vp_arena_strdup(arena, a->questions[i]);
	out->n_questions = a->n_questions;
	out->questions_left_out = a->questions_left_out;
}

static bool has_port(const uint8_t *ports, uint16_t port)
{
	return (ports[port / 8] >> port % 8 & 1) != 0;
}

static bool is_listener(const struct vp_flows *t, uint16_t port)
{
	return has_port(t->listeners, port);
}

/*
 * A session of an administrator that was there before the capture. Never for a
 * peer at a port that is ours as well, nor for one at a service's port that
 * talks to a port of ours from 1024 on, which a client here may have: either
 * may have begun that.
 */
static bool peer_began(const struct vp_flows *t, const struct vp_flow *f)
{
	return f->proto == IPPROTO_TCP &&
	       f->direction == VP_DIRECTION_UNKNOWN &&
	       is_listener(t, f->local.port) &&
	       !is_listener(t, f->remote.port) &&
	       (f->local.port < 1024 || f->remote.port >= 1024);
}

/*
 * A datagram of the peer's came first, and we talk to it as well. Unless the
 * ports are those of a client and of a service of ours, that is as likely talk
 * from before the capture (a tunnel, with one port at both ends): who began is
 * not known, and must not excuse us. In the capture's first minutes only a port
 * of ours below 1024, which no client is given, proves a service: a tunnel may
 * have any other.
 */
static bool either_began(const struct vp_flow *f, bool we_spoke, bool early)
{
	return f->proto == IPPROTO_UDP && f->direction == VP_DIRECTION_IN &&
	       we_spoke &&
	       (f->remote.port < EPHEMERAL_MIN ||
	        f->local.port >= EPHEMERAL_MIN ||
	        (early && f->local.port >= 1024));
}

/* All that we said to it was an ICMP error: nobody here had that socket, so
 * the peer's datagram answers nothing of ours. */
static bool is_refused(const struct vp_flow_row *f, int out)
{
	return f->id.proto == IPPROTO_UDP && !f->spoke[out] &&
	       f->packets[out] > 0;
}

/* May it be from before the capture? */
static bool is_early(const struct finish *fin, const struct vp_flow_row *f)
{
	return f->first_us - fin->t->first_us <= SYN_LIFE_US;
}

/*
 * A SYN-ACK that nobody here asked for, and all we said to it was that (RST):
 * what comes back from a flood that forged our address. Not in the first
 * minutes, when the SYN may be from before the capture: tcp(7) sends SYNs for
 * 127 seconds (net.ipv4.tcp_syn_retries).
 */
static bool is_backscatter(const struct finish *fin,
                           const struct vp_flow_row *f, int out)
{
	return f->id.proto == IPPROTO_TCP && !f->crowd && f->syn_ack[!out] &&
	       !f->syn[out] && f->spoke[out] && !f->said && out == OUT &&
	       !is_early(fin, f);
}

static uint8_t turn(uint8_t direction)
{
	if (direction == VP_DIRECTION_OUT)
		return VP_DIRECTION_IN;
	return direction == VP_DIRECTION_IN ? VP_DIRECTION_OUT : direction;
}

/* By the word of a file. Ports below 1024 are told by the packet alone: none of
 * them is given to who connects (ip_local_port_range). */
static bool is_claimed_to_come(const struct vp_flows *t,
                               const struct vp_flow *f)
{
	return peer_began(t, f) &&
	       has_port(t->claimed_listeners, f->local.port) &&
	       (f->local.port >= 1024 || f->remote.port < 1024);
}

static void direction_write(const struct finish *fin, struct vp_flow *out,
                            const struct vp_flow_row *f, bool turned)
{
	int o = turned ? IN : OUT;

	out->direction = turned ? turn(f->direction) : f->direction;
	if (f->crowd)
		return;
	if (out->proto == IPPROTO_TCP && f->syn[o])
		out->direction = VP_DIRECTION_OUT;
	if (!f->own && peer_began(fin->t, out)) {
		fin->facts->capture.claimed_flows +=
			is_claimed_to_come(fin->t, out);
		out->direction = VP_DIRECTION_IN;
	}
	if (either_began(out, f->spoke[o], is_early(fin, f)))
		out->direction = VP_DIRECTION_UNKNOWN;
	if (is_refused(f, o) || is_backscatter(fin, f, o))
		out->direction = VP_DIRECTION_IN;
	if (out->direction == VP_DIRECTION_IN && is_anyones(fin, f))
		out->direction = VP_DIRECTION_UNKNOWN;
}

static void sight_write(const struct finish *fin, struct vp_flow *out,
                        const struct vp_flow_row *f, bool turned)
{
	struct vp_flow_sight s;

	vp_flow_sight(fin->t, f, turned, &s);
	out->interface = interface_of(fin, f, s.ifindex);
	out->origin = s.origin;
	out->never_left = s.never_left;
	out->packets_out = s.packets[OUT];
	out->bytes_out = s.bytes[OUT];
	out->packets_in = s.packets[IN];
	out->bytes_in = s.bytes[IN];
}

/* What it was before NAT: who sent it, and its packets in the evidence. */
static void inner_write(const struct finish *fin, struct vp_flow *out,
                        const struct vp_flow_row *inner)
{
	struct vp_flow_sight s;
	struct vp_endpoint remote;

	if (!is_translated(fin, inner))
		return;
	vp_flow_ends(inner, &out->translated_from, &remote);
	vp_flow_sight(fin->t, inner, false, &s);
	out->origin = s.origin;
	out->own |= inner->own;
	vp_flow_places_add(fin->t, inner, out);
}

/* Only the roles of interfaces, or that all of them were watched, tell that:
 * see vp_flow_sight(). */
static bool is_claimed_elsewhere(const struct finish *fin,
                                 const struct vp_flow *f)
{
	return fin->t->claimed && is_public(fin, &f->remote.addr) &&
	       (f->never_left || f->origin == VP_ORIGIN_FORWARDED);
}

static void tunnel_write(const struct finish *fin, struct vp_flow *out,
                         const struct vp_flow_row *f)
{
	uint16_t tunnel = f->id.tunnel & (uint16_t)~VP_FLOW_TUNNEL_CROWD;

	if (tunnel == 0)
		return;
	out->tunnel = vp_arena_strdup(fin->facts->arena,
	                              fin->t->tunnels[tunnel - 1].kind);
	out->tunnel_peer = fin->t->tunnels[tunnel - 1].peer;
}

static void gaps_write(const struct finish *fin, struct vp_flow *out,
                       const struct vp_flow_row *f)
{
	out->gap_bytes = vp_flow_gap_bytes(fin->t, f);
	if (out->gap_bytes == 0)
		return;
	fin->facts->capture.gap_flows++;
	fin->facts->capture.gap_bytes += out->gap_bytes;
}

static void flow_write(const struct finish *fin, struct vp_flow *out,
                       const struct vp_flow_row *f)
{
	bool turned = is_backwards(fin, f);

	if (turned)
		vp_flow_ends(f, &out->remote, &out->local);
	else
		vp_flow_ends(f, &out->local, &out->remote);
	out->proto = f->id.proto;
	out->own = f->own;
	direction_write(fin, out, f, turned);
	sight_write(fin, out, f, turned);
	out->first_us = f->first_us;
	out->last_us = f->last_us;
	out->state = state_of(f);
	out->flows = f->flows;
	vp_flow_places_add(fin->t, f, out);
	if (f->inner != 0)
		inner_write(fin, out, &fin->t->rows[f->inner - 1]);
	fin->facts->capture.claimed_flows += is_claimed_elsewhere(fin, out);
	tunnel_write(fin, out, f);
	gaps_write(fin, out, f);
	if (f->app != NULL)
		app_write(fin, out, f);
	vp_flow_names_write(fin->names, out, is_doubtful(f));
}

/* --- all ----------------------------------------------------------------- */

struct pick {
	int64_t first_us;
	size_t row;
};

static int pick_compare(const void *a, const void *b)
{
	const struct pick *x = a, *y = b;

	if (x->first_us != y->first_us)
		return x->first_us < y->first_us ? -1 : 1;
	return x->row < y->row ? -1 : x->row > y->row;
}

static void write_all(struct finish *fin)
{
	const struct vp_flows *t = fin->t;
	struct vp_arena *arena = fin->facts->arena;
	struct pick *picks = vp_arena_alloc(arena, t->n_rows * sizeof(*picks));
	size_t n = 0;

	for (size_t i = 0; i < t->n_rows; i++) {
		bool wanted = is_wanted(fin, &t->rows[i]);

		if (wanted)
			picks[n++] = (struct pick){ t->rows[i].first_us, i };
		fin->facts->capture.claimed_flows +=
			is_claimed_away(fin, &t->rows[i], wanted);
	}
	if (n > 1)
		qsort(picks, n, sizeof(*picks), pick_compare);
	fin->facts->flows =
		vp_arena_alloc(arena, n * sizeof(*fin->facts->flows));
	for (size_t i = 0; i < n; i++)
		flow_write(fin, &fin->facts->flows[i], &t->rows[picks[i].row]);
	fin->facts->n_flows = n;
}

static void undecoded_write(const struct vp_flows *t, struct vp_facts *facts)
{
	struct vp_capture_facts *c = &facts->capture;

	for (unsigned i = 0; i < VP_DECODE_COUNT; i++)
		if (t->undecoded[i] > 0)
			*VP_PUSH(facts->arena, c->undecoded, c->n_undecoded) =
				(struct vp_undecoded){
					vp_arena_strdup(facts->arena,
				                        vp_decode_name(i)),
					t->undecoded[i], t->undecoded_out[i]
				};
}

/* Hellos that will never be whole. */
static uint64_t cut_names(const struct vp_flows *t)
{
	uint64_t n = 0;

	for (size_t i = 0; i < t->n_rows; i++)
		n += vp_flow_hello_is_cut(&t->rows[i]);
	return n;
}

void vp_flows_finish(const struct vp_flows *t, struct vp_facts *facts)
{
	struct finish fin = { .t = t, .facts = facts };

	wanted_collect(&fin);
	became_collect(&fin);
	fin.names = vp_flow_names_create(t, facts);
	write_all(&fin);
	vp_flow_trace_finish(t->trace, facts);
	undecoded_write(t, facts);
	facts->capture.truncated += t->truncated;
	facts->capture.names_left_out += t->names_left_out + cut_names(t);
	facts->capture.undecodable += t->undecodable;
	facts->capture.undecodable_out += t->undecodable_out;
	facts->capture.flows_left_out += t->n_left_out;
	vp_hash_set_free(&fin.targets);
	vp_hash_set_free(&fin.resolvers);
}
