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
#include <time.h>

#include "catalogue.h"
#include "name_match.h"

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

		if (f->sni == NULL)
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

static void find_target(struct ctx *c)
{
	const struct vp_flow *f = c->f;

	c->target = NULL;
	if (f->sni != NULL)
		match_name(c, f->sni, f->sni_bound);
	if (f->sni != NULL && f->sni_bound)
		return; /* proven: this name was meant, target or not */
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

static bool row_target(struct ctx *c)
{
	const struct vp_target *t = c->target;

	if (t == NULL)
		return false;
	if (c->f->own && was_tried(c, t)) {
		c->out->class = VP_CLASS_OWN;
		c->out->rule = vp_arena_printf(c->j->arena, "probe of %s",
		                               judge_target_text(c->j, t));
		return true;
	}
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

static bool any_name_fits(const char *pattern, const struct vp_flow *f)
{
	if (f->sni != NULL && f->sni_bound)
		return vp_name_fits(f->sni, pattern, "");
	for (size_t i = 0; i < f->n_names; i++) {
		if (f->names[i].bound && f->names[i].name != NULL &&
		    vp_name_fits(f->names[i].name, pattern, ""))
			return true;
	}
	return false;
}

static bool rule_fits(const struct vp_allow_rule *r, const struct vp_flow *f)
{
	bool prefix = r->prefix.addr.family != 0;

	if (r->name == NULL && !prefix && r->port == 0 && r->process == NULL)
		return false; /* an empty rule allows nothing */
	if (r->port != 0 && r->port != f->remote.port)
		return false;
	if (prefix && !vp_prefix_contains(&r->prefix, &f->remote.addr))
		return false;
	if (r->process != NULL &&
	    (f->process == NULL || strcmp(r->process, f->process) != 0))
		return false;
	return r->name == NULL || any_name_fits(r->name, f);
}

static bool row_allowed(struct ctx *c)
{
	const struct vp_policy *p = &c->j->facts->policy;

	for (size_t i = 0; i < p->n_allow; i++) {
		if (!rule_fits(&p->allow[i], c->f))
			continue;
		c->out->class = VP_CLASS_ALLOWED;
		c->out->rule = vp_arena_printf(
			c->j->arena, "allow rule %zu: %s", i + 1,
			p->allow[i].reason != NULL ? p->allow[i].reason
						   : "no reason given");
		return true;
	}
	return false;
}

static const struct vp_catalogue_required *required_for(const struct ctx *c,
                                                        const char *name)
{
	const struct vp_facts *f = c->j->facts;

	return vp_catalogue_required(f->cloud != NULL ? f->cloud : "public",
	                             f->region, name, c->f->proto,
	                             c->f->remote.port);
}

/* By proven names only: the SNI if it is one, else any that is. */
static const struct vp_catalogue_required *required_flow(const struct ctx *c)
{
	const struct vp_catalogue_required *r = NULL;
	const struct vp_flow *f = c->f;

	if (f->sni != NULL && f->sni_bound)
		return required_for(c, f->sni);
	for (size_t i = 0; i < f->n_names && r == NULL; i++) {
		if (f->names[i].bound && f->names[i].name != NULL)
			r = required_for(c, f->names[i].name);
	}
	return r;
}

/* Public by design, whatever the scenario. */
static bool row_required(struct ctx *c)
{
	const struct vp_catalogue_required *r;

	if (c->f->direction == VP_DIRECTION_IN)
		return false;
	r = required_flow(c);
	if (r == NULL)
		return false;
	c->out->class = VP_CLASS_REQUIRED;
	c->out->rule =
		vp_arena_printf(c->j->arena, "public by design: %s", r->why);
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
	return true;
}

/* First match wins. */
static bool (*const rows[])(struct ctx *) = {
	row_not_public, row_target,  row_dns,  row_allowed,
	row_required,   row_inbound, row_rest,
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

/* --- flows in words ---------------------------------------------------- */

static const char *proto_text(struct judge *j, uint8_t proto)
{
	switch (proto) {
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	case IPPROTO_ICMP:
		return "icmp";
	case IPPROTO_ICMPV6:
		return "icmpv6";
	default:
		return vp_arena_printf(j->arena, "protocol %u", proto);
	}
}

static const char *clock_text(struct judge *j, int64_t us)
{
	time_t s = (time_t)(us / 1000000);
	char buf[32];
	struct tm tm;

	if (us <= 0 || gmtime_r(&s, &tm) == NULL)
		return "?";
	strftime(buf, sizeof(buf), "%H:%M:%S", &tm);
	return vp_arena_printf(j->arena, "%s.%06u", buf,
	                       (unsigned)(us % 1000000));
}

static const char *whom_text(struct judge *j, const struct vp_flow *f)
{
	if (f->sni != NULL)
		return vp_arena_printf(j->arena, ", server name %s%s", f->sni,
		                       f->sni_bound ? "" : " (claimed)");
	for (size_t i = 0; i < f->n_names; i++) {
		if (f->names[i].name != NULL)
			return vp_arena_printf(j->arena, ", known as %s",
			                       f->names[i].name);
	}
	return "";
}

static const char *state_text(const struct vp_flow *f)
{
	switch (f->state) {
	case VP_FLOW_ATTEMPTED:
		return f->direction == VP_DIRECTION_IN ? "not answered by us"
		                                       : "attempted, no answer";
	case VP_FLOW_ANSWERED:
		return "answered";
	case VP_FLOW_ESTABLISHED:
		return "established";
	}
	return "?";
}

static const char *volume(struct judge *j, uint64_t packets, uint64_t bytes)
{
	return vp_arena_printf(j->arena, "%llu packet%s (%llu bytes)",
	                       (unsigned long long)packets,
	                       packets == 1 ? "" : "s",
	                       (unsigned long long)bytes);
}

static const char *flow_text(struct judge *j, const struct vp_flow *f)
{
	const char *arrow = f->direction == VP_DIRECTION_IN ? "<-" : "->";

	const char *where = "", *who = "";

	if (f->interface != NULL)
		where = vp_arena_printf(j->arena, " on %s", f->interface);
	if (f->process != NULL)
		who = vp_arena_printf(j->arena, ", by %s", f->process);
	return vp_arena_printf(
		j->arena, "%s %s %s %s %s%s: %s%s%s, %s out, %s in",
		clock_text(j, f->first_us), proto_text(j, f->proto),
		judge_endpoint_text(j, &f->local), arrow,
		judge_endpoint_text(j, &f->remote), where, state_text(f),
		whom_text(j, f), who, volume(j, f->packets_out, f->bytes_out),
		volume(j, f->packets_in, f->bytes_in));
}

static const char *questions_text(struct judge *j, const struct vp_flow *f)
{
	const char *text = "asked for";
	size_t more = f->questions_left_out;

	for (size_t i = 0; i < f->n_questions && i < 4; i++)
		text = vp_arena_printf(j->arena, "%s%s %s", text,
		                       i > 0 ? "," : "", f->questions[i]);
	if (f->n_questions > 4)
		more += f->n_questions - 4;
	if (more > 0)
		text = vp_arena_printf(j->arena, "%s and %zu more", text, more);
	return text;
}

/* --- findings: one for each id and remote party ------------------------ */

static const struct {
	enum vp_flow_class class;
	const char *id, *detail;
} reported[] = {
	{ VP_CLASS_LEAK_TARGET, "leak-target",
	  "{what} left for {name} at its public address {address}." },
	{ VP_CLASS_LEAK_DNS, "leak-dns",
	  "{what} went to the public resolver {address}." },
	{ VP_CLASS_UNEXPLAINED, "egress-unexplained",
	  "{what} left for {address} port {port}." },
	{ VP_CLASS_INBOUND, "inbound-public",
	  "{what} came in from {address}." },
	{ VP_CLASS_ALLOWED, "egress-allowed",
	  "{what} left for public addresses by a rule." },
};

struct group { /* a flow that is reported, and under what */
	size_t reported;
	const char *key;  /* the finding's target */
	const char *name; /* of leak-target */
	size_t flow;
};

static int group_order(const void *a, const void *b)
{
	const struct group *x = a, *y = b;
	int order;

	if (x->reported != y->reported)
		return x->reported < y->reported ? -1 : 1;
	order = strcmp(x->key, y->key);
	if (order != 0)
		return order;
	return x->flow < y->flow ? -1 : x->flow > y->flow;
}

/* Whom an unexplained flow went to: the bound name, or the address. */
static const char *party(struct judge *j, const struct vp_flow *f)
{
	if (f->sni != NULL && f->sni_bound)
		return f->sni;
	for (size_t i = 0; i < f->n_names; i++) {
		if (f->names[i].bound && f->names[i].name != NULL)
			return f->names[i].name;
	}
	return judge_addr_text(j, &f->remote.addr);
}

static void set_key(struct ctx *c, struct group *g)
{
	switch (reported[g->reported].class) {
	case VP_CLASS_LEAK_TARGET:
		g->name = c->target->name->name;
		g->key = g->name;
		return;
	case VP_CLASS_ALLOWED:
		g->key = ""; /* one for all of them */
		return;
	case VP_CLASS_UNEXPLAINED:
		g->key = party(c->j, c->f);
		return;
	default:
		g->key = judge_addr_text(c->j, &c->f->remote.addr);
		return;
	}
}

static void write_group(struct judge *j, const struct group *g, size_t n)
{
	const struct vp_flow *first = &j->facts->flows[g[0].flow];
	const char *key = g[0].key;
	struct judge_draft *d;
	size_t attempted = 0;

	d = judge_add(j, reported[g[0].reported].id, *key ? key : NULL);
	d->detail = reported[g[0].reported].detail;
	d->words.name = g[0].name;
	if (g[0].name != NULL)
		d->words.account = vp_arena_strndup(j->arena, g[0].name,
		                                    strcspn(g[0].name, "."));
	d->words.address = judge_addr_text(j, &first->remote.addr);
	d->words.port = vp_arena_printf(j->arena, "%u",
	                                first->direction == VP_DIRECTION_IN
	                                        ? first->local.port
	                                        : first->remote.port);
	for (size_t i = 0; i < n; i++) {
		const struct vp_flow *f = &j->facts->flows[g[i].flow];

		attempted += f->state == VP_FLOW_ATTEMPTED;
		judge_evidence(j, d, flow_text(j, f));
		if (f->n_questions > 0)
			judge_evidence(j, d, questions_text(j, f));
	}
	d->words.what = judge_count(j, n, "flow", "flows");
	if (attempted > 0 && first->direction != VP_DIRECTION_IN)
		d->words.what =
			vp_arena_printf(j->arena, "%s (%zu only attempted)",
		                        d->words.what, attempted);
	if (reported[g[0].reported].class == VP_CLASS_UNEXPLAINED &&
	    j->facts->policy.report_only)
		d->f.severity = VP_SEVERITY_WARNING;
}

static void write_findings(struct judge *j, struct group *groups, size_t n)
{
	size_t end;

	if (n > 0)
		qsort(groups, n, sizeof(*groups), group_order);
	for (size_t i = 0; i < n; i = end) {
		end = i + 1;
		while (end < n && groups[end].reported == groups[i].reported &&
		       strcmp(groups[end].key, groups[i].key) == 0)
			end++;
		write_group(j, &groups[i], end - i);
	}
}

void judge_flows(struct judge *j)
{
	struct group *groups = NULL, *g;
	struct ctx c = { .j = j };
	size_t n = 0;

	make_name_keys(&c);
	make_addr_keys(&c);
	j->out->flows = vp_arena_alloc(
		j->arena, j->facts->n_flows * sizeof(*j->out->flows));
	for (size_t i = 0; i < j->facts->n_flows; i++) {
		c.f = &j->facts->flows[i];
		c.out = &j->out->flows[i];
		judge_flow(&c);
		for (size_t k = 0; k < sizeof(reported) / sizeof(reported[0]);
		     k++) {
			if (reported[k].class != c.out->class)
				continue;
			g = VP_PUSH(j->arena, groups, n);
			g->reported = k;
			g->flow = i;
			set_key(&c, g);
		}
	}
	write_findings(j, groups, n);
}
