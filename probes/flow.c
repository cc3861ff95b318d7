/*
 * flow.c - the table of flows: which flow a packet belongs to, and counting.
 *
 * Rows stand in one array in the order they came, found through an index that
 * is hashed under a random key. A row is keyed by protocol, local end, remote
 * end; which end is local is decided for each packet:
 *
 *   1. both ends ours (loopback, or to one of our own addresses): whoever
 *      spoke first is local. A cooked capture may show such a packet twice,
 *      going out and coming in: once the former was seen, the latter is not
 *      counted.
 *   2. one end ours: that one.
 *   3. neither, as for forwarded packets and before our addresses are known:
 *      as a flow that is there already has it; else the end that is not
 *      public; else who the cooked header, the SYN or the ports say. Such a
 *      guess can be turned round in the end, when the VNet's prefixes are
 *      known, so that no public peer is taken for the local end.
 *
 * Later fragments have no ports: the first one leaves a note by addresses and
 * id. An ICMP error counts for the flow that it quotes.
 */
#include "vnetprobe/flow.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "flow_table.h"

#define FRAGMENTS 1024         /* notes; the newest wins a slot */
#define FRAGMENT_US (30000000) /* reassembly gives up, net.ipv4.ipfrag_time */

enum { IN, OUT };

struct fragment {
	uint8_t key[38]; /* family, source, destination, id, proto */
	uint8_t dir;
	bool used;
	uint32_t row;
	int64_t ts_us;
};

struct vp_flow_fragments {
	struct fragment slots[FRAGMENTS];
};

/* --- rows ---------------------------------------------------------------- */

static uint32_t row_find(const struct vp_flows *t,
                         const uint8_t key[VP_FLOW_KEY], uint64_t hash)
{
	struct vp_index_cursor c = { 0 };
	uint32_t i;

	while ((i = vp_index_next(&t->index, hash, &c)) != VP_INDEX_NONE)
		if (memcmp(t->rows[i].key, key, VP_FLOW_KEY) == 0)
			break;
	return i;
}

static bool rows_reserve(struct vp_flows *t)
{
	size_t cap = t->cap_rows == 0 ? 64 : t->cap_rows * 2;
	struct vp_flow_row *rows;

	if (t->n_rows < t->cap_rows)
		return true;
	rows = reallocarray(t->rows, cap, sizeof(*rows));
	if (rows == NULL)
		return false;
	t->rows = rows;
	t->cap_rows = cap;
	return true;
}

static struct vp_flow_row *
row_add(struct vp_flows *t, const uint8_t key[VP_FLOW_KEY], uint64_t hash)
{
	struct vp_flow_row *f;

	if (t->n_rows >= t->limits.flows || !rows_reserve(t) ||
	    !vp_index_put(&t->index, hash, (uint32_t)t->n_rows)) {
		/* Each flow once, as long as that can be told. */
		if (vp_hash_set_add(&t->left_out, hash, t->limits.flows) != 0)
			t->n_left_out++;
		return NULL;
	}
	f = &t->rows[t->n_rows++];
	memset(f, 0, sizeof(*f));
	memcpy(f->key, key, VP_FLOW_KEY);
	return f;
}

static struct vp_flow_row *row_get(const struct vp_flows *t,
                                   const uint8_t key[VP_FLOW_KEY])
{
	uint64_t hash = vp_hash(&t->key, key, VP_FLOW_KEY);
	uint32_t i = row_find(t, key, hash);

	return i == VP_INDEX_NONE ? NULL : &t->rows[i];
}

static struct vp_flow_row *row_get_or_add(struct vp_flows *t,
                                          const uint8_t key[VP_FLOW_KEY])
{
	uint64_t hash = vp_hash(&t->key, key, VP_FLOW_KEY);
	uint32_t i = row_find(t, key, hash);

	return i == VP_INDEX_NONE ? row_add(t, key, hash) : &t->rows[i];
}

/* --- which end is local -------------------------------------------------- */

static bool is_loopback(const struct vp_addr *a)
{
	return (a->family == 4 && a->bytes[0] == 127) ||
	       (a->family == 6 &&
	        vp_addr_scope(a, NULL, 0) == VP_SCOPE_LOOPBACK);
}

static bool is_local(const struct vp_flows *t, const struct vp_addr *a)
{
	return is_loopback(a) ||
	       vp_hash_set_has(&t->local, vp_flow_hash_addr(t, a));
}

static bool is_public(const struct vp_addr *a)
{
	return vp_addr_scope(a, NULL, 0) == VP_SCOPE_PUBLIC;
}

static bool is_syn(const struct vp_packet *p, bool with_ack)
{
	return p->proto == IPPROTO_TCP && p->has_ports &&
	       (p->tcp_flags & VP_TCP_SYN) != 0 &&
	       ((p->tcp_flags & VP_TCP_ACK) != 0) == with_ack;
}

/* Rule 3, for the first packet of a flow: is its source the local end? */
static bool guess_out(const struct vp_flows *t, const struct vp_packet *p)
{
	bool cooked = p->seen == VP_SEEN_OUT || p->seen == VP_SEEN_IN;
	bool src_public, dst_public;

	if (cooked && t->local.n == 0)
		return p->seen == VP_SEEN_OUT;
	src_public = is_public(&p->src);
	dst_public = is_public(&p->dst);
	if (src_public != dst_public)
		return dst_public;
	if (cooked)
		return p->seen == VP_SEEN_OUT;
	if (is_syn(p, false) || is_syn(p, true))
		return is_syn(p, false);
	if (p->has_ports && (p->sport < 1024) != (p->dport < 1024))
		return p->dport < 1024;
	return true;
}

struct keys {
	uint8_t out[VP_FLOW_KEY]; /* as if the source were local */
	uint8_t in[VP_FLOW_KEY];
};

static void keys_of(struct keys *k, const struct vp_packet *p)
{
	vp_flow_key(k->out, p->proto, &p->src, p->sport, &p->dst, p->dport);
	vp_flow_key(k->in, p->proto, &p->dst, p->dport, &p->src, p->sport);
}

/* As a flow that exists has it; then *dir is set. */
static struct vp_flow_row *either(const struct vp_flows *t,
                                  const struct keys *k, int *dir)
{
	struct vp_flow_row *f = row_get(t, k->out);

	*dir = OUT;
	if (f != NULL)
		return f;
	*dir = IN;
	return row_get(t, k->in);
}

static struct vp_flow_row *flow_of(struct vp_flows *t,
                                   const struct vp_packet *p, int *dir)
{
	bool src = is_local(t, &p->src), dst = is_local(t, &p->dst);
	bool loop = (src && dst) || vp_addr_equal(&p->src, &p->dst);
	struct vp_flow_row *f;
	struct keys k;

	keys_of(&k, p);
	if (!loop && src != dst) {
		*dir = src ? OUT : IN;
		return row_get_or_add(t, src ? k.out : k.in);
	}
	f = either(t, &k, dir);
	if (f != NULL)
		return f;
	if (loop)
		*dir = is_syn(p, true) ? IN : OUT;
	else
		*dir = guess_out(t, p) ? OUT : IN;
	f = row_get_or_add(t, *dir == OUT ? k.out : k.in);
	if (f != NULL) {
		f->loop = loop;
		f->guessed = !loop;
	}
	return f;
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
}

static void count(struct vp_flows *t, struct vp_flow_row *f,
                  const struct vp_packet *p, int dir)
{
	if (!f->seen)
		names_keep(t, p);
	if (!f->seen) {
		f->seen = true;
		f->first_us = f->last_us = p->ts_us;
		f->ifindex = p->ifindex;
		f->direction = (uint8_t)first_direction(p, dir);
	}
	if (p->ts_us < f->first_us)
		f->first_us = p->ts_us;
	if (p->ts_us > f->last_us)
		f->last_us = p->ts_us;
	f->packets[dir]++;
	f->bytes[dir] += p->ip_len;
}

static void begin(struct vp_flows *t, struct vp_flow_row *f,
                  const struct vp_packet *p, int dir)
{
	if ((f->syn[dir] || f->syn_ack[dir]) && f->isn[dir] == p->seq + 1)
		return; /* sent again */
	f->isn[dir] = p->seq + 1;
	vp_flow_restart(t, f, dir == OUT);
}

static void track_tcp(struct vp_flows *t, struct vp_flow_row *f,
                      const struct vp_packet *p, int dir)
{
	if (is_syn(p, false)) {
		begin(t, f, p, dir);
		f->syn[dir] = true;
		if (f->direction == VP_DIRECTION_UNKNOWN)
			f->direction =
				dir == OUT ? VP_DIRECTION_OUT : VP_DIRECTION_IN;
	} else if (is_syn(p, true)) {
		begin(t, f, p, dir);
		f->syn_ack[dir] = true;
		if (f->direction == VP_DIRECTION_UNKNOWN)
			f->direction =
				dir == OUT ? VP_DIRECTION_IN : VP_DIRECTION_OUT;
	} else if ((p->tcp_flags & (VP_TCP_ACK | VP_TCP_RST)) == VP_TCP_ACK) {
		f->alive[dir] = true;
	}
}

/* --- fragments ----------------------------------------------------------- */

/* IPv6 tells datagrams apart without the protocol (RFC 8200 section 4.5),
 * and later fragments may name another header than the first ends with. */
static struct fragment *
fragment_slot(struct vp_flows *t, const struct vp_packet *p, uint8_t key[38])
{
	key[0] = p->src.family;
	memcpy(key + 1, p->src.bytes, 16);
	memcpy(key + 17, p->dst.bytes, 16);
	memcpy(key + 33, &p->fragment_id, 4);
	key[37] = p->src.family == 4 ? p->proto : 0;
	return &t->fragments->slots[vp_hash(&t->key, key, 38) % FRAGMENTS];
}

static void fragment_note(struct vp_flows *t, const struct vp_packet *p,
                          const struct vp_flow_row *f, int dir)
{
	struct fragment *slot;
	uint8_t key[38];

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

static struct vp_flow_row *fragment_find(struct vp_flows *t,
                                         const struct vp_packet *p, int *dir)
{
	struct fragment *slot;
	uint8_t key[38];

	if (t->fragments == NULL)
		return NULL;
	slot = fragment_slot(t, p, key);
	if (!slot->used || memcmp(slot->key, key, sizeof(key)) != 0 ||
	    p->ts_us - slot->ts_us > FRAGMENT_US)
		return NULL;
	*dir = slot->dir;
	return &t->rows[slot->row];
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
	struct keys k;
	int quoted_dir;

	vp_flow_key(k.out, p->quoted_proto, &p->quoted_src.addr,
	            p->quoted_src.port, &p->quoted_dst.addr,
	            p->quoted_dst.port);
	vp_flow_key(k.in, p->quoted_proto, &p->quoted_dst.addr,
	            p->quoted_dst.port, &p->quoted_src.addr,
	            p->quoted_src.port);
	f = either(t, &k, &quoted_dir);
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

/* --- the interface ------------------------------------------------------- */

static void account(struct vp_flows *t, const struct vp_packet *p,
                    struct vp_flow_row **row)
{
	struct vp_flow_row *f = NULL;
	int dir = OUT;

	if (p->later_fragment)
		f = fragment_find(t, p, &dir);
	else if (p->has_quoted)
		f = quoted_flow(t, p, &dir);
	*row = f;
	if (f != NULL) {
		if (is_loop_copy(f, p))
			return;
		count(t, f, p, dir);
		f->icmp_error |= p->has_quoted;
		return;
	}
	f = *row = flow_of(t, p, &dir);
	if (f == NULL || is_loop_copy(f, p))
		return;
	count(t, f, p, dir);
	f->spoke[dir] = true;
	if (p->fragment && !p->later_fragment)
		fragment_note(t, p, f, dir);
	if (!p->has_ports)
		return;
	if (p->proto == IPPROTO_TCP)
		track_tcp(t, f, p, dir);
	vp_flow_payload(t, f, p, dir == OUT);
}

struct vp_flow_seen vp_flows_packet(struct vp_flows *t,
                                    const struct vp_packet *p)
{
	struct vp_flow_row *f;

	account(t, p, &f);
	return (struct vp_flow_seen){
		f == NULL ? VP_FLOW_NONE : (uint32_t)(f - t->rows),
		VP_KEEP_WHOLE,
	};
}

void vp_flows_evidence(struct vp_flows *t, uint32_t row, uint64_t number)
{
	struct vp_flow_row *f;

	if (row >= t->n_rows || number == 0)
		return;
	f = &t->rows[row];
	if (f->evidence++ == 0)
		f->evidence_first = number;
	f->evidence_last = number;
}

void vp_flows_undecoded(struct vp_flows *t, enum vp_decode why,
                        enum vp_seen seen)
{
	if (why == VP_DECODE_TRUNCATED) {
		t->truncated++;
	} else if (why != VP_DECODE_OK && why != VP_DECODE_NOT_IP) {
		t->undecodable++;
		t->undecodable_out += seen == VP_SEEN_OUT;
	}
}

/* The row of a socket; turned round only where both ends are ours or where
 * the local end was guessed. */
static struct vp_flow_row *socket_row(const struct vp_flows *t, uint8_t proto,
                                      const struct vp_endpoint *local,
                                      const struct vp_endpoint *remote,
                                      int *dir)
{
	struct vp_flow_row *f;
	struct keys k;

	vp_flow_key(k.out, proto, &local->addr, local->port, &remote->addr,
	            remote->port);
	vp_flow_key(k.in, proto, &remote->addr, remote->port, &local->addr,
	            local->port);
	f = either(t, &k, dir);
	if (f != NULL && *dir == IN && !f->loop && !f->guessed)
		return NULL;
	return f;
}

void vp_flows_own(struct vp_flows *t, uint8_t proto,
                  const struct vp_endpoint *local,
                  const struct vp_endpoint *remote)
{
	uint8_t key[VP_FLOW_KEY];
	struct vp_flow_row *f;
	int dir;

	f = socket_row(t, proto, local, remote, &dir);
	if (f == NULL) {
		vp_flow_key(key, proto, &local->addr, local->port,
		            &remote->addr, remote->port);
		f = row_get_or_add(t, key);
		if (f == NULL)
			return;
		f->loop = is_local(t, &remote->addr) ||
		          vp_addr_equal(&local->addr, &remote->addr);
	}
	f->own = true;
}

bool vp_flows_saw(const struct vp_flows *t, uint8_t proto,
                  const struct vp_endpoint *local,
                  const struct vp_endpoint *remote)
{
	int dir;
	const struct vp_flow_row *f = socket_row(t, proto, local, remote, &dir);

	return f != NULL && f->spoke[dir];
}

void vp_flows_add_local(struct vp_flows *t, const struct vp_addr *addr)
{
	vp_hash_set_add(&t->local, vp_flow_hash_addr(t, addr), SIZE_MAX);
}

void vp_flows_add_listener(struct vp_flows *t, uint16_t port)
{
	t->listeners[port / 8] |= (uint8_t)(1U << port % 8);
}

void vp_flows_add_resolver(struct vp_flows *t,
                           const struct vp_endpoint *resolver)
{
	vp_hash_set_add(&t->resolvers,
	                vp_flow_hash_end(t, &resolver->addr, resolver->port),
	                SIZE_MAX);
}

void vp_flows_add_interface(struct vp_flows *t, int ifindex, const char *name,
                            enum vp_link_role role)
{
	void *grown;
	char *copy;

	for (size_t i = 0; i < t->n_interfaces; i++)
		if (t->interfaces[i].ifindex == ifindex)
			return; /* the first name stays: flows began under it */
	(void)role;
	copy = strdup(name);
	grown = reallocarray(t->interfaces, t->n_interfaces + 1,
	                     sizeof(*t->interfaces));
	if (grown != NULL)
		t->interfaces = grown;
	if (grown == NULL || copy == NULL) {
		free(copy);
		return;
	}
	t->interfaces[t->n_interfaces].ifindex = ifindex;
	t->interfaces[t->n_interfaces++].name = copy;
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
	t->bindings = vp_bindings_create(t->limits.names, &t->key);
	if (t->bindings == NULL) {
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
	vp_flow_trace_free(t->trace);
	vp_index_free(&t->index);
	vp_hash_set_free(&t->local);
	vp_hash_set_free(&t->resolvers);
	vp_hash_set_free(&t->questions);
	vp_hash_set_free(&t->left_out);
	vp_bindings_destroy(t->bindings);
	free(t);
}
