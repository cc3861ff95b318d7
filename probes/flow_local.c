/*
 * flow_local.c - what the two ends of a packet are: ours, public, DNS.
 *
 * Whether an address is ours or public is asked for nearly every packet and
 * has few answers, so they are remembered in a small table.
 */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "flow_table.h"

static bool is_loopback(const struct vp_addr *a)
{
	return (a->family == 4 && a->bytes[0] == 127) ||
	       (a->family == 6 &&
	        vp_addr_scope(a, NULL, 0) == VP_SCOPE_LOOPBACK);
}

bool vp_flow_is_ours(const struct vp_flows *t, const struct vp_addr *a)
{
	return is_loopback(a) ||
	       vp_hash_set_has(&t->local, vp_flow_hash_addr(t, a));
}

/* Not by a secret: at worst two addresses take turns in one place. */
static size_t place_of(const struct vp_addr *a)
{
	uint64_t high, low;

	memcpy(&high, a->bytes, 8);
	memcpy(&low, a->bytes + 8, 8);
	return (size_t)((high ^ low) * 0x9e3779b97f4a7c15u >> 56);
}

_Static_assert(VP_FLOW_PLACES == 256, "eight bits of the product");

const struct vp_flow_place *vp_flow_place(struct vp_flows *t,
                                          const struct vp_addr *a)
{
	struct vp_flow_place *l = &t->places[place_of(a)];

	if (a->family != 0 && vp_addr_equal(&l->addr, a))
		return l;
	l->addr = *a;
	l->ours = vp_flow_is_ours(t, a);
	l->public = vp_addr_scope(a, t->vnet, t->n_vnet) == VP_SCOPE_PUBLIC;
	return l;
}

static bool has_port(const uint8_t *ports, uint16_t port)
{
	return (ports[port / 8] >> port % 8 & 1) != 0;
}

static bool is_dns_end(const struct vp_flows *t, const struct vp_addr *a,
                       uint16_t port)
{
	return port == 53 ||
	       (has_port(t->resolver_ports, port) &&
	        vp_hash_set_has(&t->resolvers, vp_flow_hash_end(t, a, port)));
}

bool vp_flow_is_dns(const struct vp_flows *t, const struct vp_packet *p)
{
	return is_dns_end(t, &p->src, p->sport) ||
	       is_dns_end(t, &p->dst, p->dport);
}

bool vp_flow_is_syn(const struct vp_packet *p, bool with_ack)
{
	return p->proto == IPPROTO_TCP && p->has_ports &&
	       (p->tcp_flags & VP_TCP_SYN) != 0 &&
	       ((p->tcp_flags & VP_TCP_ACK) != 0) == with_ack;
}

bool vp_flow_guess_out(struct vp_flows *t, const struct vp_packet *p)
{
	bool cooked = p->seen == VP_SEEN_OUT || p->seen == VP_SEEN_IN;
	bool src_public, dst_public;

	if (cooked && t->local.n == 0)
		return p->seen == VP_SEEN_OUT;
	src_public = vp_flow_place(t, &p->src)->public;
	dst_public = vp_flow_place(t, &p->dst)->public;
	if (src_public != dst_public)
		return dst_public;
	if (cooked)
		return p->seen == VP_SEEN_OUT;
	if (vp_flow_is_syn(p, false) || vp_flow_is_syn(p, true))
		return vp_flow_is_syn(p, false);
	if (p->has_ports && (p->sport < 1024) != (p->dport < 1024))
		return p->dport < 1024;
	return true;
}

void vp_flows_claimed(struct vp_flows *t)
{
	t->claimed = true;
}

void vp_flows_add_local(struct vp_flows *t, const struct vp_addr *addr)
{
	if (t->claimed && vp_flow_place(t, addr)->public &&
	    !vp_flow_is_ours(t, addr))
		vp_hash_set_add(&t->claimed_local, vp_flow_hash_addr(t, addr),
		                SIZE_MAX);
	vp_hash_set_add(&t->local, vp_flow_hash_addr(t, addr), SIZE_MAX);
	memset(t->places, 0, VP_FLOW_PLACES * sizeof(*t->places));
}

void vp_flows_add_listener(struct vp_flows *t, uint16_t port)
{
	if (t->claimed)
		t->claimed_listeners[port / 8] |= (uint8_t)(1U << port % 8);
	t->listeners[port / 8] |= (uint8_t)(1U << port % 8);
}

int vp_flows_know_resolvers(struct vp_flows *t)
{
	if (t->own_bindings == NULL)
		t->own_bindings = vp_bindings_create(t->limits.names, &t->key);
	return t->own_bindings != NULL ? 0 : -ENOMEM;
}

void vp_flows_add_resolver(struct vp_flows *t,
                           const struct vp_endpoint *resolver)
{
	vp_hash_set_add(&t->resolvers,
	                vp_flow_hash_end(t, &resolver->addr, resolver->port),
	                SIZE_MAX);
	t->resolver_ports[resolver->port / 8] |=
		(uint8_t)(1U << resolver->port % 8);
}
