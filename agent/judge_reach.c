/*
 * judge_reach.c - are the services reached where the names lead?
 *
 * An address shows one cause: what fails at TCP says nothing about TLS, and a
 * certificate for other names is not also called untrusted. Addresses that were
 * withheld (public, and private was expected) are told of with the name.
 */
#include "judge_reach.h"

#include <stdlib.h>
#include <string.h>

#include "catalogue.h"
#include "judge_policy.h"

/* --- one finding ------------------------------------------------------- */

const char *reach_route(struct judge *j, const struct vp_route *r)
{
	const char *text = "route:";

	if (r->outcome != VP_OUTCOME_OK)
		return vp_arena_printf(j->arena, "route: %s",
		                       vp_outcome_text(r->outcome));
	if (r->interface != NULL)
		text = vp_arena_printf(j->arena, "%s dev %s", text,
		                       r->interface);
	if (r->source.family != 0)
		text = vp_arena_printf(j->arena, "%s src %s", text,
		                       judge_addr_text(j, &r->source));
	if (r->gateway.family != 0)
		text = vp_arena_printf(j->arena, "%s via %s", text,
		                       judge_addr_text(j, &r->gateway));
	return text;
}

static struct judge_draft *draft(struct reach *c, const char *id,
                                 const char *detail)
{
	struct judge *j = c->j;
	struct judge_draft *d = judge_add(j, id, judge_target_text(j, c->t));

	judge_words_of(j, &d->words, c->t, NULL);
	d->words.address = judge_addr_text(j, &c->a->addr);
	d->detail = detail;
	return d;
}

static struct judge_draft *counted(struct reach *c, struct judge_draft *d)
{
	if (d->f.severity == VP_SEVERITY_ERROR)
		judge_worse(c->state, JUDGE_WRONG);
	else if (d->f.severity == VP_SEVERITY_UNPROVEN)
		judge_worse(c->state, JUDGE_UNPROVEN);
	return d;
}

/* Appends a finding about this address; d stays good for more evidence. */
struct judge_draft *reach_hit(struct reach *c, const char *id,
                              const char *detail)
{
	return counted(c, draft(c, id, detail));
}

struct judge_draft *reach_hit_as(struct reach *c, enum vp_severity severity,
                                 const char *id, const char *detail)
{
	struct judge_draft *d = draft(c, id, detail);

	d->f.severity = severity;
	return counted(c, d);
}

void reach_line(struct reach *c, struct judge_draft *d, const char *line)
{
	judge_evidence(c->j, d, line);
}

void reach_unproven(struct reach *c)
{
	judge_worse(c->state, JUDGE_UNPROVEN);
}

/* With whatever certificate. */
static bool handshake_ended(enum vp_outcome o)
{
	return o == VP_OUTCOME_OK || o == VP_OUTCOME_NAME_MISMATCH ||
	       o == VP_OUTCOME_UNTRUSTED || o == VP_OUTCOME_EXPIRED;
}

/* It was tried, and nothing came of it. */
static bool is_shut(const struct vp_target *t)
{
	for (size_t i = 0; i < t->n_addresses; i++) {
		const struct vp_target_address *a = &t->addresses[i];

		if (a->reach != VP_REACH_TRIED)
			continue;
		if (a->tcp.outcome != VP_OUTCOME_OK ||
		    (t->tls && !handshake_ended(a->tls.outcome)))
			return true;
	}
	return false;
}

/* Names of this port that the scenario requires and that are shut: a blank
 * before each. */
static const char *shut_names(struct judge *j, bool tls, uint16_t port)
{
	const char *list = "";

	for (size_t i = 0; i < j->facts->n_targets; i++) {
		const struct vp_target *t = &j->facts->targets[i];

		if (t->tls == tls && t->port == port && is_shut(t) &&
		    judge_required_target(j, t) != NULL)
			list = vp_arena_printf(j->arena, "%s %s", list,
			                       t->name->name);
	}
	return list;
}

/* The same words for all that is shut: they are told once. */
void reach_required(struct reach *c, struct judge_draft *d)
{
	const struct vp_catalogue_required *row =
		judge_required_target(c->j, c->t);

	if (row == NULL)
		return;
	reach_line(c, d,
	           vp_arena_printf(c->j->arena, "public by design: %s (%s)",
	                           row->why, row->source));
	d->f.remedy = vp_arena_printf(
		c->j->arena,
		"Such names have no private endpoint, and have to be reached "
		"at their public addresses. The list of what the firewall, the "
		"proxy or the network security group lets out lacks them: add "
		"them, at Azure Firewall by (--priority and --action are of a "
		"new collection; leave them out where it exists)\n"
		"    az network firewall application-rule create -g RG "
		"-f FIREWALL --collection-name azure-ml -n public-names-%u "
		"--priority 200 --action Allow --source-addresses SUBNET "
		"--protocols %s=%u --target-fqdns%s",
		c->t->port, c->t->tls ? "Https" : "Http", c->t->port,
		shut_names(c->j, c->t->tls, c->t->port));
}

/* --- TCP --------------------------------------------------------------- */

#define HTTPS 443
#define SMB 445

/* Whoever has this address answers at the port for HTTPS. */
static bool https_answers(const struct reach *c)
{
	const struct vp_facts *f = c->j->facts;

	for (size_t i = 0; i < f->n_targets; i++) {
		const struct vp_target *t = &f->targets[i];

		for (size_t k = 0; t->port == HTTPS && k < t->n_addresses;
		     k++) {
			if (t->addresses[k].tcp.outcome == VP_OUTCOME_OK &&
			    vp_addr_equal(&t->addresses[k].addr, &c->a->addr))
				return true;
		}
	}
	return false;
}

/* The endpoint and the way to it are fine; what is meant for mounts is not. */
static void smb_only(struct reach *c, struct judge_draft *d)
{
	reach_line(c, d, "port 443 of the same address answers");
	d->f.remedy =
		"The endpoint is there, and a rule on the way drops port 445 "
		"(SMB). Until it is open, file shares cannot be mounted: that "
		"of the workspace with notebooks and code, on compute "
		"instances and clusters. What uses HTTPS works. Allow it, and "
		"look at firewalls on the route for the same port:\n"
		"    az network nic list-effective-nsg -g RG -n NIC\n"
		"    az network nsg rule create -g RG --nsg-name NSG "
		"-n allow-smb --priority 310 --direction Outbound "
		"--access Allow --protocol Tcp "
		"--destination-address-prefixes {address} "
		"--destination-port-ranges 445";
}

/* Some endpoint in the VNet itself is reached: this machine's way out is fine.
 */
static bool vnet_answers(const struct reach *c)
{
	const struct vp_facts *f = c->j->facts;

	for (size_t i = 0; i < f->n_targets; i++) {
		const struct vp_target *t = &f->targets[i];

		for (size_t k = 0; k < t->n_addresses; k++) {
			const struct vp_target_address *a = &t->addresses[k];

			if (a->tcp.outcome == VP_OUTCOME_OK &&
			    judge_scope(c->j, &a->addr) == VP_SCOPE_VNET)
				return true;
		}
	}
	return false;
}

/* Of a private address outside the VNet nothing answers at all. */
static bool is_unpeered(const struct reach *c)
{
	return c->j->facts->policy.n_vnet > 0 &&
	       judge_scope(c->j, &c->a->addr) == VP_SCOPE_PRIVATE &&
	       !https_answers(c) && vnet_answers(c);
}

static void peering_first(struct reach *c, struct judge_draft *d)
{
	d->f.remedy = vp_arena_printf(
		c->j->arena,
		"{address} is in none of the VNet's prefixes, and endpoints in "
		"the VNet answer: look for the peering with the VNet of "
		"{address} first, from both sides. Each has to list the other "
		"as Connected:\n"
		"    az network vnet peering list -g RG --vnet-name VNET "
		"-o table\n"
		"    az network vnet peering list -g OTHER_RG "
		"--vnet-name OTHER_VNET -o table\n"
		"If both do: %s",
		d->f.type->remedy);
}

static void tcp_failed(struct reach *c, const char *id, const char *detail)
{
	struct judge_draft *d = reach_hit(c, id, detail);

	reach_line(c, d,
	           vp_arena_printf(c->j->arena, "TCP %s -> %s:%u: %s, %s",
	                           judge_endpoint_text(c->j, &c->a->local),
	                           judge_addr_text(c->j, &c->a->addr),
	                           c->t->port,
	                           vp_outcome_text(c->a->tcp.outcome),
	                           judge_ms(c->j, c->a->tcp.elapsed_us)));
	reach_line(c, d, reach_route(c->j, &c->a->route));
	if (strcmp(id, "tcp-timeout") == 0 && is_unpeered(c))
		peering_first(c, d);
	if (strcmp(id, "tcp-timeout") == 0 || strcmp(id, "tcp-refused") == 0)
		reach_required(c, d);
	if (strcmp(id, "tcp-timeout") == 0 && c->t->port == SMB &&
	    https_answers(c))
		smb_only(c, d);
}

/* True if the connection opened. */
static bool judge_tcp(struct reach *c)
{
	switch (c->a->tcp.outcome) {
	case VP_OUTCOME_OK:
		return true;
	case VP_OUTCOME_TIMEOUT:
	case VP_OUTCOME_SILENT:
		tcp_failed(c, "tcp-timeout",
		           "No answer from {address} port {port}.");
		return false;
	case VP_OUTCOME_REFUSED:
	case VP_OUTCOME_RESET:
	case VP_OUTCOME_CLOSED:
		tcp_failed(c, "tcp-refused", "{address} port {port} refuses.");
		return false;
	case VP_OUTCOME_UNREACHABLE:
		tcp_failed(c, "tcp-unreachable",
		           "There is no way to {address}.");
		return false;
	case VP_OUTCOME_DENIED:
		tcp_failed(c, "tcp-unreachable",
		           "This machine does not allow connections to "
		           "{address} port {port}.");
		return false;
	case VP_OUTCOME_NONE:
		if (c->a->route.outcome == VP_OUTCOME_UNREACHABLE)
			tcp_failed(c, "tcp-unreachable",
			           "There is no route to {address}.");
		else
			reach_unproven(c);
		return false;
	case VP_OUTCOME_CANCELLED:
		reach_unproven(c);
		return false;
	default:
		tcp_failed(c, "probe-error",
		           "Connecting to {address} port {port} failed on "
		           "this machine.");
		return false;
	}
}

bool reach_is_ours(const struct reach *c, const struct vp_addr *a)
{
	size_t low = 0, high = c->n_own;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = vp_addr_compare(&c->own[mid].addr, a);

		if (order == 0)
			return true;
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return false;
}

/* --- one address, one target ------------------------------------------- */

static bool reached_otherwise(const struct reach *c)
{
	for (size_t i = 0; i < c->t->n_addresses; i++) {
		const struct vp_target_address *a = &c->t->addresses[i];

		if (a->addr.family == 4 && a->tcp.outcome == VP_OUTCOME_OK)
			return true;
	}
	return false;
}

/*
 * A machine without IPv6 gets AAAA records as well and passes them over (RFC
 * 6724 section 5, rule 1): that no packet could be sent there is no fault, if
 * the target was reached over IPv4.
 */
static bool is_without_ipv6(struct reach *c)
{
	if (c->ipv6 || c->a->addr.family != 6 ||
	    c->a->route.outcome != VP_OUTCOME_UNREACHABLE ||
	    c->a->tcp.outcome == VP_OUTCOME_OK || !reached_otherwise(c))
		return false;
	reach_hit(c, "ipv6-not-routed", "{address} was not tried.");
	return true;
}

/* A warning about a certificate does not make it another server's. */
static bool is_wrong_since(const struct judge *j, size_t before)
{
	for (size_t i = before; i < j->n_drafts; i++) {
		if (j->drafts[i].f.type->severity <= VP_SEVERITY_UNPROVEN)
			return true;
	}
	return false;
}

/* Did any resolver, or getaddrinfo(), give this address for the name? */
static bool was_answered(const struct vp_target *t, const struct vp_addr *a)
{
	for (size_t i = 0; i < t->name->n_rows; i++) {
		const struct vp_dns_row *row = &t->name->rows[i];

		for (size_t k = 0; k < row->n_addresses; k++) {
			if (vp_addr_equal(&row->addresses[k].addr, a))
				return true;
		}
	}
	return false;
}

static bool has_address(const struct vp_target *t, const struct vp_addr *a)
{
	for (size_t i = 0; i < t->n_addresses; i++) {
		if (vp_addr_equal(&t->addresses[i].addr, a))
			return true;
	}
	return false;
}

/* Addresses that nobody gave stand in the place of some that DNS gave: those
 * were not looked at. */
static bool lacks_answers(const struct vp_target *t)
{
	size_t i = 0;

	while (i < t->n_addresses && was_answered(t, &t->addresses[i].addr))
		i++;
	if (i == t->n_addresses)
		return false;
	for (i = 0; i < t->name->n_rows; i++) {
		const struct vp_dns_row *row = &t->name->rows[i];

		for (size_t k = 0; k < row->n_addresses; k++) {
			if (!has_address(t, &row->addresses[k].addr))
				return true;
		}
	}
	return false;
}

/* Where DNS gave a public address, that is told with the name. */
static void judge_stray(struct reach *c)
{
	struct judge_draft *d;

	if (c->t->expect != VP_EXPECT_PRIVATE ||
	    judge_scope(c->j, &c->a->addr) != VP_SCOPE_PUBLIC ||
	    was_answered(c->t, &c->a->addr))
		return;
	d = reach_hit(c, "reached-public",
	              "{name} was connected to at {address}, a public address "
	              "that no resolver gave.");
	reach_line(c, d, reach_route(c->j, &c->a->route));
}

static void judge_address(struct reach *c)
{
	size_t before = c->j->n_drafts;
	bool fits;

	switch (c->a->reach) {
	case VP_REACH_PENDING:
		reach_unproven(c);
		return;
	case VP_REACH_WITHHELD:
		c->j->out->attempts_withheld +=
			judge_scope(c->j, &c->a->addr) == VP_SCOPE_PUBLIC;
		reach_unproven(
			c); /* the name was judged wrong, or something is */
		return;
	case VP_REACH_TRIED:
		break;
	}
	judge_stray(c);
	if (is_without_ipv6(c) || !judge_tcp(c) || !c->t->tls)
		return;
	if (!reach_tls(c))
		return;
	fits = !is_wrong_since(c->j, before);
	reach_service(c, fits);
}

/* DNS is to blame for this address: what fails there follows from that. */
static bool is_blamed(const struct judge_name *name, const struct vp_addr *a)
{
	for (size_t i = 0; i < name->n_blamed; i++) {
		if (vp_addr_equal(&name->blamed[i], a))
			return true;
	}
	return false;
}

static void judge_target(struct reach *c, size_t index)
{
	const struct judge_name *name;

	c->t = &c->j->facts->targets[index];
	c->state = &c->j->targets[index];
	name = &c->j->names[judge_name_index(c->j, c->t->name)];
	judge_worse(c->state, name->state);
	if (c->j->facts->mode == VP_MODE_DNS)
		return; /* nothing was to be connected to */
	if ((c->t->n_addresses == 0 && !name->unused) || lacks_answers(c->t))
		reach_unproven(c);
	for (size_t i = 0; i < c->t->n_addresses; i++) {
		c->a = &c->t->addresses[i];
		if (!is_blamed(name, &c->a->addr))
			judge_address(c);
	}
}

/* --- what is known of all of them -------------------------------------- */

static int by_addr(const void *a, const void *b)
{
	const struct judge_addr_key *x = a, *y = b;

	return vp_addr_compare(&x->addr, &y->addr);
}

static void collect_own(struct reach *c)
{
	const struct vp_facts *f = c->j->facts;
	struct judge_addr_key *own = NULL;

	for (size_t i = 0; i < f->n_targets; i++) {
		for (size_t k = 0; k < f->targets[i].n_addresses; k++) {
			const struct vp_target_address *a =
				&f->targets[i].addresses[k];

			VP_PUSH(c->j->arena, own, c->n_own)->addr =
				a->route.source;
			VP_PUSH(c->j->arena, own, c->n_own)->addr =
				a->local.addr;
			c->ipv6 |= a->addr.family == 6 &&
			           a->route.outcome == VP_OUTCOME_OK;
		}
	}
	if (c->n_own > 0)
		qsort(own, c->n_own, sizeof(*own), by_addr);
	c->own = own;
}

void judge_reach(struct judge *j)
{
	struct reach c = { .j = j };

	collect_own(&c);
	reach_tls_prepare(&c);
	reach_service_prepare(&c);
	for (size_t i = 0; i < j->facts->n_targets; i++)
		judge_target(&c, i);
	judge_proxies(j);
}
