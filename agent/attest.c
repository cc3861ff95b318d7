/* attest.c - were the packets of our own probes in the capture? */
#include "attest.h"

#include <netinet/in.h>
#include <string.h>

#define MOST_UNSEEN 8

struct attestation {
	struct vp_facts *facts;
	const struct vp_flows *flows;
};

static void note(struct attestation *a, bool seen, uint8_t proto,
                 const struct vp_endpoint *local,
                 const struct vp_endpoint *remote, char *what)
{
	struct vp_capture_facts *c = &a->facts->capture;

	c->attested_expected++;
	if (seen) {
		c->attested_seen++;
		return;
	}
	if (c->n_unseen < MOST_UNSEEN)
		*VP_PUSH(a->facts->arena, c->unseen, c->n_unseen) =
			(struct vp_unseen){ proto, *local, *remote, what };
}

static uint8_t protocol_of(enum vp_transport t)
{
	return t == VP_TRANSPORT_UDP ? IPPROTO_UDP : IPPROTO_TCP;
}

/* A neighbour that does not answer ARP or ND: the kernel had nowhere to send
 * the packet to. */
static bool is_mute_neighbour(enum vp_outcome outcome,
                              const struct vp_route *route)
{
	return outcome == VP_OUTCOME_TIMEOUT &&
	       route->outcome == VP_OUTCOME_OK && route->gateway.family == 0;
}

/* Does the capture watch where packets to this address pass? Those to
 * ourselves (a stub resolver) pass the loopback only. */
static bool watched(const struct vp_capture_facts *c, const struct vp_addr *to)
{
	if (vp_addr_scope(to, NULL, 0) != VP_SCOPE_LOOPBACK)
		return true;
	for (size_t i = 0; i < c->n_interfaces; i++)
		if (strcmp(c->interfaces[i], "lo") == 0)
			return true;
	return false;
}

/* Did this question's packet have to pass an interface? Rows of the helper
 * process have no socket of ours, and what the kernel refused was not sent. */
static bool question_left(const struct vp_dns_row *row)
{
	if (row->transport == VP_TRANSPORT_NSS || row->local.addr.family == 0)
		return false;
	switch (row->outcome) {
	case VP_OUTCOME_OK:
	case VP_OUTCOME_MALFORMED:
	case VP_OUTCOME_TIMEOUT:
		/* Over TCP a time-out may have come before the question. */
		return row->transport == VP_TRANSPORT_UDP ||
		       row->outcome != VP_OUTCOME_TIMEOUT;
	default:
		return false;
	}
}

/* Did a SYN have to pass an interface? Without a route it was never sent. */
static bool attempt_left(const struct vp_target_address *a)
{
	if (a->reach != VP_REACH_TRIED || a->local.addr.family == 0)
		return false;
	switch (a->tcp.outcome) {
	case VP_OUTCOME_OK:
	case VP_OUTCOME_REFUSED:
	case VP_OUTCOME_RESET:
		return true;
	case VP_OUTCOME_TIMEOUT:
		return a->route.outcome == VP_OUTCOME_OK;
	default:
		return false;
	}
}

static void attest_row(struct attestation *a, const char *name,
                       const struct vp_dns_row *row)
{
	const struct vp_endpoint *server =
		&a->facts->resolvers[row->resolver].endpoint;
	const char *asked = row->asked != NULL ? row->asked : name;
	uint8_t proto = protocol_of(row->transport);
	char text[VP_ENDPOINT_TEXT], type[VP_DNS_WORD];
	char *what = NULL;
	bool seen;

	seen = vp_flows_saw_question(a->flows, proto, &row->local, server,
	                             asked, row->type);
	if (!seen &&
	    is_mute_neighbour(row->outcome,
	                      &a->facts->resolvers[row->resolver].route))
		return;
	if (!seen)
		what = vp_arena_printf(a->facts->arena, "%s %s at %s",
		                       vp_dns_type_name(type, row->type), asked,
		                       vp_endpoint_format(server, text));
	note(a, seen, proto, &row->local, server, what);
}

static void attest_attempt(struct attestation *a, const struct vp_target *t,
                           const struct vp_target_address *addr)
{
	struct vp_endpoint remote = { addr->addr, t->port };
	char *what = NULL;
	bool seen;

	seen = vp_flows_saw(a->flows, IPPROTO_TCP, &addr->local, &remote);
	if (!seen && is_mute_neighbour(addr->tcp.outcome, &addr->route))
		return;
	if (!seen)
		what = vp_arena_printf(a->facts->arena, "TCP to %s:%u",
		                       t->name->name, (unsigned)t->port);
	note(a, seen, IPPROTO_TCP, &addr->local, &remote, what);
}

static void attest_rows(struct attestation *a, const char *name,
                        const struct vp_dns_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct vp_resolver *r =
			&a->facts->resolvers[rows[i].resolver];

		if (question_left(&rows[i]) &&
		    watched(&a->facts->capture, &r->endpoint.addr))
			attest_row(a, name, &rows[i]);
	}
}

void vp_attest(struct vp_facts *facts, const struct vp_flows *flows)
{
	struct attestation a = { facts, flows };

	for (size_t i = 0; i < facts->n_names; i++)
		attest_rows(&a, facts->names[i]->name, facts->names[i]->rows,
		            facts->names[i]->n_rows);
	for (size_t i = 0; i < facts->n_zones; i++)
		attest_rows(&a, facts->zones[i].name, facts->zones[i].rows,
		            facts->zones[i].n_rows);
	for (size_t i = 0; i < facts->n_targets; i++) {
		const struct vp_target *t = &facts->targets[i];

		for (size_t k = 0; k < t->n_addresses; k++)
			if (attempt_left(&t->addresses[k]))
				attest_attempt(&a, t, &t->addresses[k]);
	}
}

static void own_rows(struct vp_flows *flows, const struct vp_facts *facts,
                     const struct vp_dns_row *rows, size_t n)
{
	for (size_t k = 0; k < n; k++) {
		const struct vp_dns_row *row = &rows[k];

		if (row->transport != VP_TRANSPORT_NSS &&
		    row->local.addr.family != 0)
			vp_flows_own(flows, protocol_of(row->transport),
			             &row->local,
			             &facts->resolvers[row->resolver].endpoint);
	}
}

void vp_attest_own(struct vp_flows *flows, const struct vp_facts *facts)
{
	for (size_t i = 0; i < facts->n_names; i++)
		own_rows(flows, facts, facts->names[i]->rows,
		         facts->names[i]->n_rows);
	for (size_t i = 0; i < facts->n_zones; i++)
		own_rows(flows, facts, facts->zones[i].rows,
		         facts->zones[i].n_rows);
	for (size_t i = 0; i < facts->n_targets; i++) {
		const struct vp_target *t = &facts->targets[i];

		for (size_t k = 0; k < t->n_addresses; k++) {
			struct vp_endpoint remote = { t->addresses[k].addr,
				                      t->port };

			if (t->addresses[k].local.addr.family != 0)
				vp_flows_own(flows, IPPROTO_TCP,
				             &t->addresses[k].local, &remote);
		}
	}
}
