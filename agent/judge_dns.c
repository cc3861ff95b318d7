/*
 * judge_dns.c - do names lead to the right addresses, at every resolver?
 *
 * Each answer is read by its shape (docs/sources.md). For a name that
 * must be private:
 *
 *   privatelink alias, public address      the zone is not seen there
 *   privatelink alias, no address          the zone lacks the record
 *   no alias, public address               no private endpoint in use
 *   no alias, no address                   unknown name, or a zone hides it
 *   private address                        right, if it is the one meant
 *
 * Then the answers are compared: between resolvers, between rounds, and with
 * what applications get. A name is fine only if every resolver was asked for A
 * and AAAA and all answers are.
 */
#include "judge_draft.h"

#include <stdlib.h>
#include <string.h>

#define RCODE_NOERROR 0
#define RCODE_NXDOMAIN 3
#define RCODE_REFUSED 5

struct tally { /* of one resolver, over all names */
	size_t rows, names, answered, silent, unreachable, refused;
	const char *whole; /* the id that says all of it, or NULL */
};

struct ctx {
	struct judge *j;
	const struct vp_name *name;
	struct judge_name *judged;
	const struct vp_target *t; /* the strictest target with this name */
	struct tally *tallies;
	size_t from; /* drafts of this name start here */
	bool *wrong; /* for each resolver */
	bool *dead;  /* for each row: a TCP row stands for it */
};

static const struct {
	const char *id, *detail;
} details[] = {
	{ "dns-zone-not-linked",
	  "At {resolver} the alias {alias} leads on to the public address "
	  "{address}: the zone {zone} is not seen from there." },
	{ "dns-record-missing",
	  "At {resolver} the alias {alias} has no address{soa}." },
	{ "dns-no-private-endpoint",
	  "At {resolver} the name leads to the public address {address}, and "
	  "no privatelink alias is on the way there." },
	{ "dns-name-unknown", "At {resolver} the name {name} has no address." },
	{ "dns-zone-shadowed",
	  "At {resolver} the name {name} has no address; another resolver "
	  "knows it." },
	{ "dns-resolvers-disagree",
	  "The answers for {name} differ between resolvers." },
	{ "dns-unstable", "{resolver} changed its answer for {name}." },
	{ "dns-wrong-address",
	  "At {resolver} the name leads to {address}; {expected} is meant." },
	{ "dns-outside-vnet",
	  "At {resolver} the name leads to {address}, which is in no prefix of "
	  "--vnet." },
	{ "dns-bogon", "At {resolver} the name leads to {address}." },
	{ "dns-hosts-override",
	  "Applications get {address}, the resolvers say otherwise." },
	{ "dns-ipv6-public",
	  "At {resolver} the name has a private IPv4 address and the public "
	  "IPv6 address {address}." },
	{ "dns-timeout", "No answer from {resolver}." },
	{ "dns-unreachable", "{resolver} could not be asked." },
	{ "dns-servfail", "{resolver} answered with {what}." },
	{ "dns-refused", "{resolver} answered REFUSED." },
	{ "dns-tcp-blocked",
	  "The answer of {resolver} was cut short, and TCP to it fails." },
	{ "dns-malformed", "The answer of {resolver} cannot be read: {what}." },
	{ "dns-alias-loop",
	  "At {resolver} the aliases come back to a name already seen." },
	{ "dns-private-unexpected",
	  "At {resolver} the name leads to {address}." },
	{ "dns-alias-missing",
	  "At {resolver} the name leads to {address} without a privatelink "
	  "alias." },
	{ "probe-error", "Asking {resolver} failed on this machine." },
};

static const char *detail_of(const char *id)
{
	for (size_t i = 0; i < sizeof(details) / sizeof(details[0]); i++) {
		if (strcmp(details[i].id, id) == 0)
			return details[i].detail;
	}
	return NULL;
}

/* --- rows in words ----------------------------------------------------- */

static bool is_nss(const struct ctx *c, const struct vp_dns_row *row)
{
	return c->j->facts->resolvers[row->resolver].source == VP_RESOLVER_NSS;
}

/* A server that is asked only to compare with, or another question than for
 * the name: applications never get this answer. */
static bool is_aside(const struct ctx *c, const struct vp_dns_row *row)
{
	return vp_resolver_is_reference(
		       &c->j->facts->resolvers[row->resolver]) ||
	       row->question != VP_QUESTION_NAME;
}

static const char *type_text(const struct vp_dns_row *row)
{
	return row->type == VP_DNS_A      ? " A"
	       : row->type == VP_DNS_AAAA ? " AAAA"
	                                  : "";
}

/* " -> a -> b", the first few. */
static const char *chain_text(struct judge *j, const struct vp_dns_row *row)
{
	const char *text = "";

	for (size_t i = 0; i < row->n_chain && i < 8; i++)
		text = vp_arena_printf(j->arena, "%s -> %s", text,
		                       row->chain[i].target);
	if (row->n_chain > 8)
		text = vp_arena_printf(j->arena, "%s -> ...", text);
	return text;
}

static const char *addresses_text(struct judge *j, const struct vp_dns_row *row)
{
	const char *text = "", *gap = "";

	for (size_t i = 0; i < row->n_addresses && i < 6; i++) {
		text = vp_arena_printf(
			j->arena, "%s%s%s", text, gap,
			judge_addr_text(j, &row->addresses[i].addr));
		gap = ", ";
	}
	if (row->n_addresses > 6)
		text = vp_arena_printf(j->arena, "%s and %zu more", text,
		                       row->n_addresses - 6);
	if (row->transport == VP_TRANSPORT_NSS)
		return text; /* getaddrinfo() tells no TTL */
	return vp_arena_printf(j->arena, "%s (ttl %u)", text,
	                       row->addresses[0].ttl);
}

static const char *answer_text(struct judge *j, const struct vp_dns_row *row)
{
	const char *soa = "";

	if (row->outcome != VP_OUTCOME_OK)
		return vp_arena_printf(j->arena, "%s%s%s",
		                       vp_outcome_text(row->outcome),
		                       row->detail != NULL ? ": " : "",
		                       row->detail != NULL ? row->detail : "");
	if (row->n_addresses > 0)
		return addresses_text(j, row);
	if (row->transport == VP_TRANSPORT_NSS)
		return row->detail != NULL ? row->detail : "no address";
	if (row->soa.zone != NULL)
		soa = vp_arena_printf(
			j->arena, " (SOA of %s%s%s)", row->soa.zone,
			row->soa.mname != NULL ? " at " : "",
			row->soa.mname != NULL ? row->soa.mname : "");
	return vp_arena_printf(j->arena, "%s%s",
	                       row->rcode == RCODE_NOERROR
	                               ? "no record"
	                               : judge_rcode_text(j, row->rcode),
	                       soa);
}

static const char *row_text(struct judge *j, const struct vp_name *name,
                            const struct vp_dns_row *row)
{
	return vp_arena_printf(
		j->arena, "%s%s%s: %s%s -> %s, %s",
		judge_resolver_text(j, row->resolver), type_text(row),
		row->transport == VP_TRANSPORT_TCP ? " over TCP" : "",
		name->name, chain_text(j, row), answer_text(j, row),
		judge_ms(j, row->elapsed_us));
}

/* --- findings of one name ---------------------------------------------- */

static bool is_about(const struct judge_draft *d, size_t r)
{
	for (size_t i = 0; i < d->n_resolvers; i++) {
		if (d->resolvers[i] == r)
			return true;
	}
	return false;
}

/* One row shows this finding. a: the address meant, or NULL. */
static struct judge_draft *hit(struct ctx *c, const char *id,
                               const struct vp_dns_row *row,
                               const struct vp_addr *a)
{
	struct judge_draft *d = judge_find(c->j, c->from, id);

	if (d == NULL) {
		d = judge_add(c->j, id, c->name->name);
		d->words.name = c->name->name;
		judge_words_of(c->j, &d->words, c->t, judge_alias(row));
		d->detail = detail_of(id);
		if (a != NULL)
			d->words.address = judge_addr_text(c->j, a);
		d->words.what = row->detail;
	}
	if (!is_about(d, row->resolver))
		*VP_PUSH(c->j->arena, d->resolvers, d->n_resolvers) =
			row->resolver;
	judge_evidence(c->j, d, row_text(c->j, c->name, row));
	if (d->f.severity == VP_SEVERITY_ERROR) {
		judge_worse(&c->judged->state, JUDGE_WRONG);
		if (strcmp(id, "dns-resolvers-disagree") != 0)
			c->wrong[row->resolver] = true; /* else: who knows */
	} else if (d->f.severity == VP_SEVERITY_UNPROVEN) {
		judge_worse(&c->judged->state, JUDGE_UNPROVEN);
	}
	return d;
}

static bool answered(const struct vp_dns_row *row)
{
	return row->outcome == VP_OUTCOME_OK &&
	       (row->rcode == RCODE_NOERROR || row->rcode == RCODE_NXDOMAIN) &&
	       !row->alias_loop;
}

/* The partner of a row: the same resolver and round, another type. */
static const struct vp_dns_row *other_type(const struct ctx *c,
                                           const struct vp_dns_row *row)
{
	for (size_t i = 0; i < c->name->n_rows; i++) {
		const struct vp_dns_row *o = &c->name->rows[i];

		if (!c->dead[i] && o->resolver == row->resolver &&
		    o->round == row->round && o->type != row->type)
			return o;
	}
	return NULL;
}

static const struct vp_addr *
first_of(const struct ctx *c, const struct vp_dns_row *row, enum vp_scope scope)
{
	for (size_t i = 0; i < row->n_addresses; i++) {
		if (judge_scope(c->j, &row->addresses[i].addr) == scope)
			return &row->addresses[i].addr;
	}
	return NULL;
}

static bool only_private(const struct ctx *c, const struct vp_dns_row *row)
{
	return row != NULL && answered(row) && row->n_addresses > 0 &&
	       first_of(c, row, VP_SCOPE_PUBLIC) == NULL;
}

/* A private zone without the record says so itself: its SOA is Azure's. */
static const char *soa_text(struct ctx *c, const struct vp_soa *soa)
{
	if (soa->zone == NULL)
		return " there";
	if (soa->mname != NULL &&
	    strcmp(soa->mname, "azureprivatedns.net") == 0)
		return vp_arena_printf(c->j->arena,
		                       ": the Azure private zone %s is linked "
		                       "and lacks the record",
		                       soa->zone);
	return vp_arena_printf(c->j->arena,
	                       ": the zone %s at %s answers for it and lacks "
	                       "the record",
	                       soa->zone,
	                       soa->mname != NULL ? soa->mname : "?");
}

/* Does any other server have an address for this name? */
static bool known_elsewhere(const struct ctx *c, size_t resolver)
{
	for (size_t i = 0; i < c->name->n_rows; i++) {
		const struct vp_dns_row *o = &c->name->rows[i];

		if (o->resolver != resolver && !is_nss(c, o) &&
		    !is_aside(c, o) && answered(o) && o->n_addresses > 0)
			return true;
	}
	return false;
}

static void judge_negative(struct ctx *c, const struct vp_dns_row *row)
{
	const struct vp_dns_row *o = other_type(c, row);
	struct judge_draft *d;

	if (row->type != VP_DNS_A)
		return; /* no AAAA is healthy */
	if (o != NULL && answered(o) && o->n_addresses > 0)
		return; /* IPv6 only */
	if (judge_alias(row) != NULL) {
		d = hit(c, "dns-record-missing", row, NULL);
		if (d->words.soa == NULL)
			d->words.soa = soa_text(c, &row->soa);
	} else if (known_elsewhere(c, row->resolver)) {
		hit(c, "dns-zone-shadowed", row, NULL);
	} else {
		hit(c, "dns-name-unknown", row, NULL);
	}
}

static bool is_expected(const struct vp_target *t, const struct vp_addr *a)
{
	for (size_t i = 0; i < t->n_expected; i++) {
		if (vp_addr_equal(&t->expected[i], a))
			return true;
	}
	return t->n_expected == 0;
}

static const struct vp_addr *first_bogon(const struct ctx *c,
                                         const struct vp_dns_row *row)
{
	for (size_t i = 0; i < row->n_addresses; i++) {
		switch (judge_scope(c->j, &row->addresses[i].addr)) {
		case VP_SCOPE_PUBLIC:
		case VP_SCOPE_PRIVATE:
		case VP_SCOPE_VNET:
			break;
		default:
			return &row->addresses[i].addr;
		}
	}
	return NULL;
}

static void judge_public_answer(struct ctx *c, const struct vp_dns_row *row,
                                const struct vp_addr *a)
{
	if (row->type == VP_DNS_AAAA && only_private(c, other_type(c, row)))
		hit(c, "dns-ipv6-public", row, a);
	else if (judge_alias(row) != NULL)
		hit(c, "dns-zone-not-linked", row, a);
	else
		hit(c, "dns-no-private-endpoint", row, a);
}

static void judge_private_answer(struct ctx *c, const struct vp_dns_row *row)
{
	const struct vp_addr *a;

	for (size_t i = 0; i < row->n_addresses; i++) {
		if (!is_expected(c->t, &row->addresses[i].addr)) {
			hit(c, "dns-wrong-address", row,
			    &row->addresses[i].addr);
			return;
		}
	}
	a = first_of(c, row, VP_SCOPE_PRIVATE);
	if (a != NULL && c->t->n_expected == 0 &&
	    c->j->facts->policy.n_vnet > 0)
		hit(c, "dns-outside-vnet", row, a);
	if (judge_alias(row) == NULL && c->t->zone != NULL)
		hit(c, "dns-alias-missing", row, &row->addresses[0].addr);
}

static void judge_positive(struct ctx *c, const struct vp_dns_row *row)
{
	const struct vp_addr *a = first_bogon(c, row);
	struct judge_draft *d;

	if (a != NULL) {
		hit(c, "dns-bogon", row, a);
		return;
	}
	a = first_of(c, row, VP_SCOPE_PUBLIC);
	if (c->judged->expect == VP_EXPECT_PRIVATE) {
		if (a != NULL)
			judge_public_answer(c, row, a);
		else
			judge_private_answer(c, row);
		return;
	}
	if (c->judged->expect == VP_EXPECT_ANY || a != NULL)
		return;
	d = hit(c, "dns-private-unexpected", row, &row->addresses[0].addr);
	if (c->judged->expect == VP_EXPECT_SERVICE_ENDPOINT)
		d->f.severity = VP_SEVERITY_INFO; /* better than expected */
}

/* No answer. A resolver that failed at every question is told of once. */
static void judge_failure(struct ctx *c, const struct vp_dns_row *row,
                          const char *id)
{
	const struct tally *t = &c->tallies[row->resolver];

	if (t->whole != NULL && strcmp(t->whole, id) == 0) {
		judge_worse(&c->judged->state, JUDGE_WRONG);
		c->wrong[row->resolver] = true;
		return;
	}
	hit(c, id, row, NULL);
}

/* The id for an outcome that is no answer, or NULL: it was never tried. */
static const char *failure_id(const struct vp_dns_row *row)
{
	bool tcp = row->transport == VP_TRANSPORT_TCP;

	switch (row->outcome) {
	case VP_OUTCOME_TIMEOUT:
	case VP_OUTCOME_SILENT:
	case VP_OUTCOME_RESET:
	case VP_OUTCOME_CLOSED:
		return tcp ? "dns-tcp-blocked" : "dns-timeout";
	case VP_OUTCOME_REFUSED:
	case VP_OUTCOME_UNREACHABLE:
	case VP_OUTCOME_DENIED:
		return tcp ? "dns-tcp-blocked" : "dns-unreachable";
	case VP_OUTCOME_MALFORMED:
	case VP_OUTCOME_PROTOCOL:
		return "dns-malformed";
	case VP_OUTCOME_NONE:
	case VP_OUTCOME_CANCELLED:
		return NULL;
	default:
		return "probe-error";
	}
}

static void judge_row(struct ctx *c, const struct vp_dns_row *row)
{
	struct judge_draft *d;
	const char *id;

	if (row->outcome != VP_OUTCOME_OK) {
		id = failure_id(row);
		if (id == NULL)
			judge_worse(&c->judged->state, JUDGE_UNPROVEN);
		else
			judge_failure(c, row, id);
		return;
	}
	if (row->transport == VP_TRANSPORT_NSS)
		return; /* compared with the others later */
	if (row->alias_loop) {
		hit(c, "dns-alias-loop", row, NULL);
	} else if (row->rcode == RCODE_REFUSED) {
		judge_failure(c, row, "dns-refused");
	} else if (!answered(row)) {
		d = hit(c, "dns-servfail", row, NULL);
		d->words.what = judge_rcode_text(c->j, row->rcode);
	} else if (row->n_addresses > 0) {
		judge_positive(c, row);
	} else {
		judge_negative(c, row);
	}
}

/* A truncated answer counts as what TCP said in its place. */
static void mark_truncated(struct ctx *c)
{
	for (size_t i = 0; i < c->name->n_rows; i++) {
		const struct vp_dns_row *row = &c->name->rows[i];
		bool found = false;

		if (c->dead[i] || row->transport != VP_TRANSPORT_UDP ||
		    !row->truncated)
			continue;
		for (size_t k = 0; k < c->name->n_rows; k++) {
			const struct vp_dns_row *o = &c->name->rows[k];

			found |= !is_aside(c, o) &&
			         o->transport == VP_TRANSPORT_TCP &&
			         o->resolver == row->resolver &&
			         o->type == row->type && o->round == row->round;
		}
		c->dead[i] = true;
		if (!found) /* never asked again: the answer is not known */
			judge_worse(&c->judged->state, JUDGE_UNPROVEN);
	}
}

/* --- comparing --------------------------------------------------------- */

static bool has_addr(const struct vp_dns_row *row, const struct vp_addr *a)
{
	for (size_t i = 0; i < row->n_addresses; i++) {
		if (vp_addr_equal(&row->addresses[i].addr, a))
			return true;
	}
	return false;
}

/* Public answers rotate; all of them are one kind. Private ones must be the
 * same set. */
static bool same_answer(const struct ctx *c, const struct vp_dns_row *a,
                        const struct vp_dns_row *b)
{
	bool public_a = first_of(c, a, VP_SCOPE_PUBLIC) != NULL;
	bool public_b = first_of(c, b, VP_SCOPE_PUBLIC) != NULL;

	if (public_a || public_b)
		return public_a && public_b;
	for (size_t i = 0; i < a->n_addresses; i++) {
		if (!has_addr(b, &a->addresses[i].addr))
			return false;
	}
	for (size_t i = 0; i < b->n_addresses; i++) {
		if (!has_addr(a, &b->addresses[i].addr))
			return false;
	}
	return true;
}

/* Resolvers among each other, and one resolver with itself over time. */
static void compare_servers(struct ctx *c)
{
	struct judge_draft *d;

	for (size_t i = 0; i < c->name->n_rows; i++) {
		const struct vp_dns_row *a = &c->name->rows[i];

		if (c->dead[i] || is_nss(c, a) || !answered(a))
			continue;
		for (size_t k = i + 1; k < c->name->n_rows; k++) {
			const struct vp_dns_row *b = &c->name->rows[k];
			const char *id = a->resolver == b->resolver
			                         ? "dns-unstable"
			                         : "dns-resolvers-disagree";

			if (c->dead[k] || is_nss(c, b) || !answered(b) ||
			    a->type != b->type || same_answer(c, a, b))
				continue;
			d = judge_find(c->j, c->from, id);
			if (d == NULL)
				hit(c, id, a, NULL);
			else if (is_about(d, b->resolver))
				continue; /* it was shown */
			hit(c, id, b, NULL);
		}
	}
}

static bool any_server_gave(const struct ctx *c, const struct vp_addr *a)
{
	for (size_t i = 0; i < c->name->n_rows; i++) {
		const struct vp_dns_row *row = &c->name->rows[i];

		if (!is_nss(c, row) && !is_aside(c, row) && has_addr(row, a))
			return true;
	}
	return false;
}

/* Did every server say what it has of this address's family? Applications may
 * have got it from one that was not heard here: cut short, or too slow. */
static bool all_servers_heard(const struct ctx *c, const struct vp_addr *a)
{
	uint16_t type = a->family == 4 ? VP_DNS_A : VP_DNS_AAAA;
	bool any = false;

	for (size_t i = 0; i < c->name->n_rows; i++) {
		const struct vp_dns_row *row = &c->name->rows[i];

		if (is_nss(c, row) || c->dead[i] || row->type != type)
			continue;
		if (row->outcome != VP_OUTCOME_OK)
			return false;
		any = true;
	}
	return any;
}

static void judge_nss(struct ctx *c, const struct vp_dns_row *row)
{
	struct judge_draft *d;

	if (row->outcome != VP_OUTCOME_OK)
		return;
	if (row->n_addresses == 0) {
		if (known_elsewhere(c, row->resolver)) {
			d = hit(c, "dns-hosts-override", row, NULL);
			d->words.address = "no address";
		} else if (c->judged->state != JUDGE_WRONG) {
			hit(c, "dns-name-unknown", row, NULL);
		} else {
			c->wrong[row->resolver] = true; /* passed on to us */
		}
		return;
	}
	for (size_t i = 0; i < row->n_addresses; i++) {
		const struct vp_addr *a = &row->addresses[i].addr;

		if (judge_scope(c->j, a) == VP_SCOPE_PUBLIC &&
		    c->judged->expect != VP_EXPECT_PRIVATE)
			continue; /* public answers rotate */
		if (!any_server_gave(c, a)) {
			if (all_servers_heard(c, a)) {
				hit(c, "dns-hosts-override", row, a);
				return;
			}
			judge_worse(&c->judged->state, JUDGE_UNPROVEN);
		}
		if (judge_scope(c->j, a) == VP_SCOPE_PUBLIC ||
		    (c->judged->expect == VP_EXPECT_PRIVATE &&
		     !is_expected(c->t, a)))
			c->wrong[row->resolver] = true; /* passed on to us */
	}
}

/* --- completeness ------------------------------------------------------ */

static bool was_asked(const struct ctx *c, size_t resolver, uint16_t type)
{
	for (size_t i = 0; i < c->name->n_rows; i++) {
		const struct vp_dns_row *row = &c->name->rows[i];

		if (row->resolver == resolver && row->type == type &&
		    row->question == VP_QUESTION_NAME)
			return true;
	}
	return false;
}

static void judge_complete(struct ctx *c)
{
	for (size_t r = 0; r < c->j->facts->n_resolvers; r++) {
		const struct vp_resolver *res = &c->j->facts->resolvers[r];
		bool nss = res->source == VP_RESOLVER_NSS;

		if (vp_resolver_is_reference(res))
			continue; /* looked at where something is wrong */
		if (nss ? !was_asked(c, r, 0)
		        : !was_asked(c, r, VP_DNS_A) ||
		                    !was_asked(c, r, VP_DNS_AAAA))
			judge_worse(&c->judged->state, JUDGE_UNPROVEN);
	}
	if (c->j->facts->n_resolvers == 0)
		judge_worse(&c->judged->state, JUDGE_UNPROVEN);
}

/* The resolvers a finding is about, in words. */
static const char *resolvers_text(struct judge *j, const struct judge_draft *d)
{
	const char *text = "";

	for (size_t i = 0; i < d->n_resolvers; i++)
		text = vp_arena_printf(j->arena, "%s%s%s", text,
		                       i == 0                    ? ""
		                       : i + 1 == d->n_resolvers ? " and "
		                                                 : ", ",
		                       judge_resolver_text(j, d->resolvers[i]));
	return text;
}

/* The first that can stand in a command. */
static const char *server_text(struct judge *j, const struct judge_draft *d)
{
	for (size_t i = 0; i < d->n_resolvers; i++) {
		const struct vp_resolver *r =
			&j->facts->resolvers[d->resolvers[i]];

		if (r->source != VP_RESOLVER_NSS)
			return judge_addr_text(j, &r->endpoint.addr);
	}
	return NULL;
}

static void finish_name(struct ctx *c)
{
	for (size_t i = c->from; i < c->j->n_drafts; i++) {
		struct judge_draft *d = &c->j->drafts[i];

		d->words.resolver = resolvers_text(c->j, d);
		d->words.server = server_text(c->j, d);
	}
	for (size_t r = 0; r < c->j->facts->n_resolvers; r++)
		c->j->resolver_wrong[r] += c->wrong[r];
}

static void judge_name(struct judge *j, size_t index, struct tally *tallies)
{
	const struct vp_name *name = j->facts->names[index];
	struct ctx c = {
		.j = j,
		.name = name,
		.judged = &j->names[index],
		.t = j->names[index].target,
		.tallies = tallies,
		.from = j->n_drafts,
	};

	if (c.t == NULL)
		return; /* no target has it */
	c.wrong = vp_arena_alloc(j->arena, j->facts->n_resolvers + 1);
	c.dead = vp_arena_alloc(j->arena, name->n_rows + 1);
	judge_complete(&c);
	for (size_t i = 0; i < name->n_rows; i++)
		c.dead[i] = is_aside(&c, &name->rows[i]);
	mark_truncated(&c);
	for (size_t i = 0; i < name->n_rows; i++) {
		if (!c.dead[i])
			judge_row(&c, &name->rows[i]);
	}
	if (c.judged->expect == VP_EXPECT_PRIVATE)
		compare_servers(&c);
	for (size_t i = 0; i < name->n_rows; i++) {
		if (!c.dead[i] && name->rows[i].transport == VP_TRANSPORT_NSS)
			judge_nss(&c, &name->rows[i]);
	}
	finish_name(&c);
}

/* --- resolvers --------------------------------------------------------- */

static void tally_row(struct tally *t, const struct vp_dns_row *row)
{
	const char *id;

	t->rows++;
	if (row->outcome == VP_OUTCOME_OK ||
	    row->outcome == VP_OUTCOME_MALFORMED) {
		t->answered++;
		t->refused += row->rcode == RCODE_REFUSED;
		return;
	}
	id = failure_id(row);
	t->silent += id != NULL && strcmp(id, "dns-timeout") == 0;
	t->unreachable += id != NULL && strcmp(id, "dns-unreachable") == 0;
}

static struct tally *tally_resolvers(struct judge *j)
{
	const struct vp_facts *f = j->facts;
	struct tally *tallies = vp_arena_alloc(
		j->arena, (f->n_resolvers + 1) * sizeof(*tallies));

	for (size_t i = 0; i < f->n_names; i++) {
		for (size_t k = 0; k < f->names[i]->n_rows; k++) {
			const struct vp_dns_row *row = &f->names[i]->rows[k];

			tally_row(&tallies[row->resolver], row);
		}
	}
	for (size_t r = 0; r < f->n_resolvers; r++) {
		struct tally *t = &tallies[r];

		if (t->rows < 3)
			continue; /* one name: told there */
		t->whole = t->silent == t->rows        ? "dns-timeout"
		           : t->unreachable == t->rows ? "dns-unreachable"
		           : t->refused == t->rows     ? "dns-refused"
		                                       : NULL;
	}
	return tallies;
}

/* The first rows of a resolver that failed at all of them. */
static void whole_evidence(struct judge *j, struct judge_draft *d, size_t r)
{
	const struct vp_facts *f = j->facts;

	for (size_t i = 0; i < f->n_names; i++) {
		for (size_t k = 0; k < f->names[i]->n_rows; k++) {
			const struct vp_dns_row *row = &f->names[i]->rows[k];

			if (row->resolver == r)
				judge_evidence(j, d,
				               row_text(j, f->names[i], row));
			if (d->n_more > 0)
				return;
		}
	}
}

static void judge_resolver(struct judge *j, size_t r, const struct tally *t)
{
	const struct vp_resolver *res = &j->facts->resolvers[r];
	const char *text = judge_resolver_text(j, r);
	struct judge_draft *d;

	if (t->whole != NULL && !vp_resolver_is_reference(res)) {
		d = judge_add(j, t->whole, text);
		d->words.resolver = text;
		if (res->source != VP_RESOLVER_NSS)
			d->words.server =
				judge_addr_text(j, &res->endpoint.addr);
		d->words.what =
			judge_count(j, t->rows, "question", "questions");
		d->detail = strcmp(t->whole, "dns-refused") == 0
		                    ? "{resolver} refused all of {what}."
		                    : "{resolver} answered none of {what}.";
		whole_evidence(j, d, r);
		d->n_more = t->rows > d->n_lines ? t->rows - d->n_lines : 0;
	}
	if (res->source == VP_RESOLVER_NSS ||
	    judge_scope(j, &res->endpoint.addr) != VP_SCOPE_PUBLIC)
		return;
	d = judge_add(j, "dns-public-resolver", text);
	d->words.resolver = text;
	d->detail = "{resolver} is a public address (from {what}).";
	d->words.what = vp_resolver_source_name(res->source);
	if (res->source == VP_RESOLVER_OPTION ||
	    res->source == VP_RESOLVER_COMPARE)
		d->f.severity = VP_SEVERITY_INFO; /* asked for */
}

static const char *status_of(const struct judge *j, size_t r,
                             const struct tally *t)
{
	if (t->rows == 0)
		return "not-asked";
	if (t->silent == t->rows)
		return "silent";
	if (t->unreachable == t->rows)
		return "unreachable";
	if (t->refused == t->rows)
		return "refuses";
	if (t->answered == 0)
		return "failed";
	if (j->resolver_wrong[r] > 0)
		return "wrong";
	return t->answered < t->rows ? "partial" : "ok";
}

void judge_names(struct judge *j)
{
	struct tally *tallies = tally_resolvers(j);
	size_t n = j->facts->n_resolvers;

	for (size_t i = 0; i < j->facts->n_names; i++)
		judge_name(j, i, tallies);
	j->out->resolvers =
		vp_arena_alloc(j->arena, n * sizeof(*j->out->resolvers));
	for (size_t r = 0; r < n; r++) {
		judge_resolver(j, r, &tallies[r]);
		j->out->resolvers[r] = status_of(j, r, &tallies[r]);
	}
}
