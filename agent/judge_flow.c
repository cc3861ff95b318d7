/*
 * judge_flow.c - every flow is put into a class by the first policy row that
 * fits it (design, section 9), and the classes that matter become findings.
 *
 * Whose flow it is, names decide before addresses: front ends and private
 * endpoints are shared, so an address alone does not tell. A server name that
 * an answer on the wire bound to the address is proof of whom was meant; one
 * that was only claimed is not, and never makes a flow innocent.
 */
#include "judge_draft.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalogue.h"
#include "judge_policy.h"

#define PORT_DNS 53
#define PORT_DOT 853 /* RFC 7858; DoQ, RFC 9250, too */
#define PORT_HTTPS 443

struct ctx {
	struct judge *j;
	struct judge_name_key
		*by_name; /* of targets, privatelink aliases too */
	size_t n_by_name;
	struct judge_addr_key *by_addr; /* any resolver gave it */
	size_t n_by_addr;
	/* The flow at hand. */
	const struct vp_flow *f;
	enum vp_scope scope;
	bool found;                     /* a target is behind it */
	const struct vp_target *target; /* the strictest of them */
	struct vp_flow_judgement *out;
};

/* --- which target ------------------------------------------------------ */

static int name_order(const void *a, const void *b)
{
	const struct judge_name_key *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	if (order != 0)
		return order;
	return x->target < y->target ? -1 : x->target > y->target;
}

static int addr_order(const void *a, const void *b)
{
	const struct judge_addr_key *x = a, *y = b;
	int order = vp_addr_compare(&x->addr, &y->addr);

	if (order != 0)
		return order;
	return x->target < y->target ? -1 : x->target > y->target;
}

static void key_name(struct ctx *c, const char *name, size_t target)
{
	struct judge_name_key *k =
		VP_PUSH(c->j->arena, c->by_name, c->n_by_name);

	k->name = name;
	k->target = target;
}

static void key_addr(struct ctx *c, const struct vp_addr *a, size_t target)
{
	struct judge_addr_key *k;

	if (judge_scope(c->j, a) != VP_SCOPE_PUBLIC)
		return;
	k = VP_PUSH(c->j->arena, c->by_addr, c->n_by_addr);
	k->addr = *a;
	k->target = target;
}

static void key_target(struct ctx *c, size_t target)
{
	const struct vp_target *t = &c->j->facts->targets[target];
	const char *before = "";

	key_name(c, t->name->name, target);
	for (size_t i = 0; i < t->name->n_rows; i++) {
		const struct vp_dns_row *row = &t->name->rows[i];
		const char *alias = judge_alias(row);

		if (alias != NULL && strcmp(alias, before) != 0) {
			key_name(c, alias, target);
			before = alias;
		}
		for (size_t k = 0; k < row->n_addresses; k++)
			key_addr(c, &row->addresses[k].addr, target);
	}
	for (size_t i = 0; i < t->n_addresses; i++)
		key_addr(c, &t->addresses[i].addr, target);
}

static void make_name_keys(struct ctx *c)
{
	for (size_t i = 0; i < c->j->facts->n_targets; i++)
		key_target(c, i);
	if (c->n_by_name > 0)
		qsort(c->by_name, c->n_by_name, sizeof(*c->by_name),
		      name_order);
}

/* The strictest wins; among equals, the one whose port it is. */
static bool is_better(const struct ctx *c, const struct vp_target *t)
{
	bool private = t->expect == VP_EXPECT_PRIVATE;
	bool was_private, port = t->port == c->f->remote.port;

	if (c->target == NULL)
		return true;
	was_private = c->target->expect == VP_EXPECT_PRIVATE;
	if (private != was_private)
		return private;
	return port && c->target->port != c->f->remote.port;
}

static void match_target(struct ctx *c, size_t index)
{
	const struct vp_target *t = &c->j->facts->targets[index];

	if (is_better(c, t))
		c->target = t;
}

static bool must_be_private(const struct ctx *c, size_t target)
{
	return c->j->facts->targets[target].expect == VP_EXPECT_PRIVATE;
}

/* First key that is not before name; they stand in order from there. */
static size_t name_start(const struct ctx *c, const char *name)
{
	size_t low = 0, high = c->n_by_name;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (strcmp(c->by_name[mid].name, name) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* A name that was only claimed accuses, and never excuses. */
static void match_name(struct ctx *c, const char *name, bool proven)
{
	size_t i = name_start(c, name);

	for (; i < c->n_by_name && strcmp(c->by_name[i].name, name) == 0; i++) {
		size_t t = c->by_name[i].target;

		if (proven || must_be_private(c, t))
			match_target(c, t);
	}
}

/* What such a peer says it wants is no word of ours: anybody may name anything.
 */
static bool came_to_us(const struct vp_flow *f)
{
	return f->proto == IPPROTO_TCP && f->direction == VP_DIRECTION_IN;
}

/*
 * Where one connection asked for a target, another without a name (its hello
 * not yet sent, or not seen) is the target's as well: a program that has kept
 * an address from before opens several.
 */
static void make_addr_keys(struct ctx *c)
{
	for (size_t i = 0; i < c->j->facts->n_flows; i++) {
		const struct vp_flow *f = &c->j->facts->flows[i];
		size_t k = f->sni != NULL ? name_start(c, f->sni) : 0;

		if (f->sni == NULL || came_to_us(f))
			continue;
		for (; k < c->n_by_name &&
		       strcmp(c->by_name[k].name, f->sni) == 0;
		     k++) {
			if (must_be_private(c, c->by_name[k].target))
				key_addr(c, &f->remote.addr,
				         c->by_name[k].target);
		}
	}
	if (c->n_by_addr > 0)
		qsort(c->by_addr, c->n_by_addr, sizeof(*c->by_addr),
		      addr_order);
}

static void match_addr(struct ctx *c, const struct vp_addr *a)
{
	size_t low = 0, high = c->n_by_addr;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (vp_addr_compare(&c->by_addr[mid].addr, a) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < c->n_by_addr && vp_addr_equal(&c->by_addr[low].addr, a);
	     low++)
		match_target(c, c->by_addr[low].target);
}

/* The name that a proxy was asked for, without its port. */
static const char *proxied_name(struct ctx *c)
{
	const char *text = c->f->http_connect;
	const char *colon = strrchr(text, ':');

	return colon == NULL ? text
	                     : vp_arena_strndup(c->j->arena, text,
	                                        (size_t)(colon - text));
}

/* What the client said it wants; true if that is proven. */
static bool match_claims(struct ctx *c)
{
	const struct vp_flow *f = c->f;

	if (came_to_us(f))
		return false;
	if (f->sni != NULL)
		match_name(c, f->sni, f->sni_bound);
	if (f->sni != NULL && f->sni_bound)
		return true; /* this name was meant, target or not */
	if (f->http_host != NULL)
		match_name(c, f->http_host, false);
	if (f->http_connect != NULL)
		match_name(c, proxied_name(c), false);
	return false;
}

static void find_target(struct ctx *c)
{
	const struct vp_flow *f = c->f;

	c->target = NULL;
	if (match_claims(c))
		return;
	for (size_t i = 0; i < f->n_names; i++) {
		if (f->names[i].name != NULL && f->names[i].bound)
			match_name(c, f->names[i].name, true);
	}
	match_addr(c, &f->remote.addr);
}

/* --- policy rows, in the order of the design --------------------------- */

static bool row_not_public(struct ctx *c)
{
	if (c->scope == VP_SCOPE_PUBLIC)
		return false;
	c->out->class = VP_CLASS_PRIVATE;
	c->out->rule = vp_arena_printf(c->j->arena, "%s address",
	                               vp_scope_name(c->scope));
	return true;
}

/* Not this machine's leak: another one's, or none at all. */
static bool row_elsewhere(struct ctx *c)
{
	if (c->f->never_left) {
		c->out->class = VP_CLASS_NOT_LEFT;
		c->out->rule = "came in, and went out by no interface";
		return true;
	}
	if (c->f->origin != VP_ORIGIN_FORWARDED)
		return false;
	c->out->class = VP_CLASS_FORWARDED;
	c->out->rule = "forwarded for another machine";
	return true;
}

static bool row_proxied(struct ctx *c)
{
	const struct vp_flow *f = c->f;

	if (f->http_connect == NULL || c->scope == VP_SCOPE_PUBLIC ||
	    f->direction == VP_DIRECTION_IN)
		return false;
	c->out->class = VP_CLASS_PROXIED;
	c->out->rule = vp_arena_printf(
		c->j->arena, "%s address; a proxy was asked for %s",
		vp_scope_name(c->scope), f->http_connect);
	c->target = NULL;
	match_name(c, proxied_name(c), false);
	return true;
}

/* A probe that was sent on purpose: the plan lists this address as tried. */
static bool was_tried(const struct ctx *c, const struct vp_target *t)
{
	for (size_t i = 0; i < t->n_addresses; i++) {
		if (t->addresses[i].reach == VP_REACH_TRIED &&
		    vp_addr_equal(&t->addresses[i].addr, &c->f->remote.addr))
			return true;
	}
	return false;
}

/* A file does not list what was tried; that it calls a flow a probe names the
 * flow, and excuses nothing. */
static bool is_said_own(const struct ctx *c, const struct vp_target *t)
{
	return c->j->facts->mode == VP_MODE_ANALYZE &&
	       t->expect != VP_EXPECT_PRIVATE;
}

static bool row_target(struct ctx *c)
{
	const struct vp_target *t = c->target;
	struct vp_flow_judgement ignored = { 0 };

	if (t == NULL)
		return false;
	if (c->f->own && (was_tried(c, t) || is_said_own(c, t))) {
		c->out->class = VP_CLASS_OWN;
		c->out->rule = vp_arena_printf(c->j->arena, "probe of %s",
		                               judge_target_text(c->j, t));
		return true;
	}
	/* It has a row of its own, as in a file whose plan does not have it. */
	if (t->expect != VP_EXPECT_PRIVATE &&
	    judge_required_name(c->j, c->f, &ignored) != NULL)
		return false;
	c->out->class = t->expect == VP_EXPECT_PRIVATE ? VP_CLASS_LEAK_TARGET
	                                               : VP_CLASS_ALLOWED;
	c->out->rule = vp_arena_printf(
		c->j->arena, "public address of %s, expected %s",
		judge_target_text(c->j, t), vp_expect_name(t->expect));
	return true;
}

static bool is_doh(const struct vp_flow *f)
{
	if (f->remote.port != PORT_HTTPS)
		return false;
	if (f->sni != NULL && vp_catalogue_doh_name(f->sni))
		return true;
	for (size_t i = 0; i < f->n_names; i++) {
		if (f->names[i].name != NULL &&
		    vp_catalogue_doh_name(f->names[i].name))
			return true;
	}
	return vp_catalogue_public_resolver(&f->remote.addr);
}

static const char *dns_kind(const struct vp_flow *f)
{
	if (f->proto != IPPROTO_TCP && f->proto != IPPROTO_UDP)
		return NULL;
	if (f->direction == VP_DIRECTION_IN || f->packets_out == 0)
		return NULL; /* a peer that uses that port as its own */
	if (f->remote.port == PORT_DNS)
		return "DNS";
	if (f->remote.port == PORT_DOT)
		return "DNS over TLS or QUIC";
	return is_doh(f) ? "DNS over HTTPS" : NULL;
}

/* Which flag gave this server, if one did: our question there was asked for.
 */
static const char *given_by(const struct ctx *c)
{
	const struct vp_facts *f = c->j->facts;

	for (size_t i = 0; i < f->n_resolvers; i++) {
		const struct vp_resolver *r = &f->resolvers[i];

		if (!vp_endpoint_equal(&r->endpoint, &c->f->remote))
			continue;
		if (r->source == VP_RESOLVER_OPTION)
			return "resolver given by --resolver";
		if (r->source == VP_RESOLVER_COMPARE)
			return "server given by --compare";
	}
	return NULL;
}

static bool row_dns(struct ctx *c)
{
	const char *given = c->f->own ? given_by(c) : NULL;
	const char *kind = dns_kind(c->f);

	if (given != NULL) {
		c->out->class = VP_CLASS_OWN;
		c->out->rule = vp_arena_strdup(c->j->arena, given);
		return true;
	}
	if (kind == NULL)
		return false;
	c->out->class = VP_CLASS_LEAK_DNS;
	c->out->rule =
		vp_arena_printf(c->j->arena, "%s to a public resolver", kind);
	return true;
}

static bool row_allowed(struct ctx *c)
{
	const char *rule = judge_allowed(c->j, c->f);

	if (rule == NULL)
		return false;
	c->out->class = VP_CLASS_ALLOWED;
	c->out->rule = rule;
	return true;
}

/* Public by design; what is the scenario's own comes by its service tag. */
static bool row_required(struct ctx *c)
{
	const char *rule = judge_required(c->j, c->f, c->out);

	if (rule == NULL)
		return false;
	/* A probe of probe_required, in its evidence. */
	c->out->class = c->f->own && c->j->facts->mode == VP_MODE_ANALYZE
	                        ? VP_CLASS_OWN
	                        : VP_CLASS_REQUIRED;
	c->out->rule = rule;
	return true;
}

/* The outer flow leaves, and is judged. */
static bool row_tunneled(struct ctx *c)
{
	const struct vp_flow *f = c->f;

	if (f->tunnel == NULL || f->tunnel_peer.addr.family == 0 ||
	    judge_scope(c->j, &f->tunnel_peer.addr) != VP_SCOPE_PUBLIC)
		return false;
	c->out->class = VP_CLASS_TUNNELED;
	c->out->rule =
		vp_arena_printf(c->j->arena, "inside %s to %s", f->tunnel,
	                        judge_endpoint_text(c->j, &f->tunnel_peer));
	return true;
}

static bool row_inbound(struct ctx *c)
{
	if (c->f->direction != VP_DIRECTION_IN && c->f->packets_out > 0)
		return false;
	c->out->class = VP_CLASS_INBOUND;
	c->out->rule = c->f->direction == VP_DIRECTION_IN
	                       ? "the peer sent the first packet"
	                       : "nothing was sent to the peer";
	return true;
}

static bool row_rest(struct ctx *c)
{
	c->out->class = VP_CLASS_UNEXPLAINED;
	c->out->rule = "no rule explains it";
	for (size_t i = 0; i < c->f->n_names; i++) {
		if (judge_is_foreign(c->f, &c->f->names[i]))
			c->out->rule = "no rule explains it; the answer that "
				       "names it came from a server that is "
				       "no resolver of this machine";
	}
	return true;
}

/* First match wins. */
static bool (*const rows[])(struct ctx *) = {
	row_proxied, row_not_public, row_elsewhere, row_target,  row_dns,
	row_allowed, row_required,   row_tunneled,  row_inbound, row_rest,
};

static void judge_flow(struct ctx *c)
{
	c->scope = judge_scope(c->j, &c->f->remote.addr);
	find_target(c);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i](c))
			return;
	}
}

void judge_flows(struct judge *j)
{
	const struct vp_target **targets = vp_arena_alloc(
		j->arena, j->facts->n_flows * sizeof(const struct vp_target *));
	struct ctx c = { .j = j };

	make_name_keys(&c);
	make_addr_keys(&c);
	j->out->flows = vp_arena_alloc(
		j->arena, j->facts->n_flows * sizeof(*j->out->flows));
	for (size_t i = 0; i < j->facts->n_flows; i++) {
		c.f = &j->facts->flows[i];
		c.out = &j->out->flows[i];
		judge_flow(&c);
		targets[i] = c.target;
	}
	judge_egress(j, targets);
	judge_tags(j);
}
