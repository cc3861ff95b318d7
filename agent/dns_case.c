/*
 * dns_case.c - from views to cases: what a rule has to know of one name at one
 * server.
 *
 * Addresses are compared with those that are meant and with other servers';
 * what stands beside the name at the same server, and of the same zone
 * elsewhere, becomes a flag.
 */
#include "dns_view_private.h"

#include <string.h>
#include <strings.h>

#include "name_match.h"

#define UNION_MAX 64

/* --- addresses ----------------------------------------------------------- */

/* The distinct addresses of a name at a server, over all rounds. */
static size_t address_set(const struct dns_scene *s, size_t name,
                          size_t resolver, const struct vp_addr *set[UNION_MAX])
{
	const struct vp_name *n = s->f->names[name];
	size_t count = 0;

	for (size_t i = 0; i < n->n_rows; i++) {
		const struct vp_dns_row *row = &n->rows[i];

		if (row->resolver != resolver ||
		    row->question != VP_QUESTION_NAME ||
		    row->outcome != VP_OUTCOME_OK || s->dead[name][i])
			continue;
		for (size_t k = 0; k < row->n_addresses; k++) {
			const struct vp_addr *a = &row->addresses[k].addr;
			size_t m = 0;

			if (judge_scope(s->j, a) == VP_SCOPE_PUBLIC)
				continue;
			while (m < count && !vp_addr_equal(set[m], a))
				m++;
			if (m == count && count < UNION_MAX)
				set[count++] = a;
		}
	}
	return count;
}

static bool in_set(const struct vp_addr *const *set, size_t n,
                   const struct vp_addr *a)
{
	for (size_t i = 0; i < n; i++) {
		if (vp_addr_equal(set[i], a))
			return true;
	}
	return false;
}

static bool is_expected(const struct vp_target *t, const struct vp_addr *a)
{
	for (size_t i = 0; i < t->n_expected; i++) {
		if (vp_addr_equal(&t->expected[i], a))
			return true;
	}
	return t->n_expected == 0;
}

/*
 * Names that share the address of the workspace's member "default"
 * (docs/sources.md: A1): what the workspace's own name has at this server, if
 * that is one address and no other is known to be meant.
 */
static const struct vp_addr *inferred(const struct dns_scene *s, size_t name,
                                      size_t resolver)
{
	const struct vp_target *t = dns_target_of(s, name);
	const struct vp_addr *set[UNION_MAX];
	size_t w;

	if (s->workspace == NULL || (t->kind != VP_KIND_WORKSPACE_CERT &&
	                             t->kind != VP_KIND_COMPUTE_INSTANCE))
		return NULL;
	w = judge_name_index(s->j, s->workspace->name);
	if (dns_view_at(s, w, resolver)->shapes & DNS_WRONG ||
	    address_set(s, w, resolver, set) != 1 ||
	    !is_expected(s->workspace, set[0]))
		return NULL;
	return set[0];
}

const struct vp_addr *dns_unexpected(const struct dns_scene *s, size_t name,
                                     size_t resolver,
                                     const struct vp_addr **meant)
{
	const struct vp_target *t = dns_target_of(s, name);
	const struct vp_addr *set[UNION_MAX];
	size_t n = address_set(s, name, resolver, set);

	*meant = inferred(s, name, resolver);
	if (*meant == NULL && t->n_expected > 0)
		*meant = &t->expected[0];
	for (size_t i = 0; i < n; i++) {
		const struct vp_addr *one = inferred(s, name, resolver);

		if (one != NULL ? !vp_addr_equal(one, set[i])
		                : !is_expected(t, set[i]))
			return set[i];
	}
	return NULL;
}

/* The same server gives different private addresses in different rounds. */
static bool changes(const struct dns_scene *s, size_t name, size_t resolver)
{
	const struct vp_name *n = s->f->names[name];
	const struct vp_dns_row *first = NULL;

	for (size_t i = 0; i < n->n_rows; i++) {
		const struct vp_dns_row *row = &n->rows[i];

		if (row->resolver != resolver || row->type != VP_DNS_A ||
		    s->dead[name][i] || row->question != VP_QUESTION_NAME ||
		    !(dns_shape_of(s->j, row) & DNS_RIGHT))
			continue;
		if (first == NULL)
			first = row;
		if (row->n_addresses != first->n_addresses)
			return true;
		for (size_t k = 0; k < row->n_addresses; k++) {
			size_t m = 0;

			while (m < first->n_addresses &&
			       !vp_addr_equal(&first->addresses[m].addr,
			                      &row->addresses[k].addr))
				m++;
			if (m == first->n_addresses)
				return true;
		}
	}
	return false;
}

/* Another server, one that counts or one that is asked only to compare, has a
 * private address set that differs. */
static bool differs(const struct dns_scene *s, size_t name, size_t resolver,
                    bool reference)
{
	const struct vp_addr *own[UNION_MAX], *set[UNION_MAX];
	size_t n_own = address_set(s, name, resolver, own), n;

	for (size_t r = 0; r < s->n_resolvers; r++) {
		unsigned shapes = dns_view_at(s, name, r)->shapes;
		bool same = true;

		if (r == resolver || dns_is_nss(s, r) ||
		    dns_counts(s, name, r) == reference ||
		    !(shapes & DNS_RIGHT) || (shapes & DNS_WRONG) ||
		    changes(s, name, r))
			continue;
		n = address_set(s, name, r, set);
		for (size_t i = 0; i < n; i++)
			same &= in_set(own, n_own, set[i]);
		if (!same || n != n_own)
			return true;
	}
	return false;
}

static unsigned reach_flags(const struct vp_target *t,
                            const struct vp_addr *const *set, size_t n)
{
	unsigned flags = 0;

	for (size_t i = 0; i < t->n_addresses; i++) {
		const struct vp_target_address *a = &t->addresses[i];

		if (a->reach != VP_REACH_TRIED || !in_set(set, n, &a->addr))
			continue;
		if (a->tcp.outcome != VP_OUTCOME_OK)
			flags |= DNS_F_DEAD;
		else if (!t->tls || (a->tls.outcome == VP_OUTCOME_OK &&
		                     a->tls.name_matches))
			flags |= DNS_F_ALIVE;
	}
	return flags;
}

/* Is each of the expected addresses meant for this very name? A list of the
 * config serves all names of a resource: which is whose is not known. */
static bool expected_exactly(const struct vp_target *t)
{
	return t->n_expected == 1 ||
	       (t->n_expected > 1 && t->expected_from != NULL &&
	        strcmp(t->expected_from, "config") != 0);
}

/* Of several endpoints (a list of a whole subscription), one is near. */
static bool expected_inside(const struct dns_scene *s,
                            const struct vp_target *t)
{
	for (size_t i = 0; i < t->n_expected; i++) {
		if (judge_scope(s->j, &t->expected[i]) == VP_SCOPE_VNET)
			return true;
	}
	return false;
}

static unsigned compared_flags(const struct dns_scene *s, size_t name,
                               size_t resolver)
{
	unsigned flags = 0;

	if (changes(s, name, resolver))
		flags |= DNS_F_CHANGES;
	if (differs(s, name, resolver, false))
		flags |= DNS_F_DIFFERS;
	if (differs(s, name, resolver, true))
		flags |= DNS_F_DIFFERS_REF;
	return flags;
}

static unsigned address_flags(const struct dns_scene *s, size_t name,
                              size_t resolver)
{
	const struct vp_target *t = dns_target_of(s, name);
	const struct vp_addr *set[UNION_MAX], *meant, *one[1];
	size_t n = address_set(s, name, resolver, set), n_ipv4 = 0;
	const struct vp_addr *bad = dns_unexpected(s, name, resolver, &meant);
	unsigned flags = 0;

	for (size_t i = 0; i < n; i++) {
		n_ipv4 += set[i]->family == 4;
		if (s->f->policy.n_vnet > 0 &&
		    (meant == NULL || expected_inside(s, t)) &&
		    judge_scope(s->j, set[i]) == VP_SCOPE_PRIVATE)
			flags |= DNS_F_OUTSIDE;
	}
	if (bad != NULL) {
		flags |= DNS_F_UNEXPECTED;
		if (s->f->policy.n_vnet > 0 &&
		    judge_scope(s->j, bad) == VP_SCOPE_PRIVATE)
			flags |= DNS_F_OUTSIDE;
		one[0] = bad;
		flags |= reach_flags(t, one, 1);
	} else {
		flags |= reach_flags(t, set, n);
		if (n_ipv4 > 1 && t->n_expected == 0)
			flags |= DNS_F_DOUBLED;
	}
	/* What is as it is meant needs no comparing. */
	if (bad != NULL || !expected_exactly(t))
		flags |= compared_flags(s, name, resolver);
	return flags;
}

/* --- cases ---------------------------------------------------------------- */

static bool zone_linked(const struct dns_scene *s, const char *zone,
                        size_t resolver)
{
	for (size_t i = 0; zone != NULL && i < s->f->n_zones; i++) {
		const struct vp_zone *z = &s->f->zones[i];

		if (strcasecmp(z->name, zone) != 0)
			continue;
		for (size_t k = 0; k < z->n_rows; k++) {
			const struct vp_dns_row *row = &z->rows[k];

			if (row->resolver == resolver &&
			    row->outcome == VP_OUTCOME_OK &&
			    row->soa.mname != NULL && row->soa.zone != NULL &&
			    strcasecmp(row->soa.zone, zone) == 0 &&
			    strcasecmp(row->soa.mname, "azureprivatedns.net") ==
			            0)
				return true;
		}
	}
	return false;
}

/* Microsoft's name servers, and Azure DNS: public and private zones. */
static bool is_microsofts(const char *mname)
{
	static const char *const zones[] = {
		"azureprivatedns.net",
		"azure-dns.com",
		"azure-dns.net",
		"azure-dns.org",
		"azure-dns.info",
		"microsoft.com",
		"msft.net",
		"windows.net",
		"azure.com",
		"azure.net",
		"trafficmanager.net",
	};

	for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
		if (vp_name_below(mname, zones[i]))
			return true;
	}
	return strstr(mname, "azuredns") != NULL;
}

/*
 * The server says with authority (AA) that the name does not exist, by the SOA
 * of a zone around it that is not Microsoft's: a server that had this from
 * Azure would say so without that bit. Such a zone is its own, and hides the
 * public one, whether or not anybody else was asked.
 */
static bool has_own_zone(const struct dns_scene *s, size_t name,
                         size_t resolver)
{
	const struct vp_name *n = s->f->names[name];

	if (dns_target_of(s, name)->zone == NULL)
		return false; /* not one of Azure's services */
	for (size_t i = 0; i < n->n_rows; i++) {
		const struct vp_dns_row *row = &n->rows[i];

		if (row->resolver == resolver && row->authoritative &&
		    row->question == VP_QUESTION_NAME &&
		    row->outcome == VP_OUTCOME_OK && row->n_chain == 0 &&
		    row->n_addresses == 0 && row->soa.zone != NULL &&
		    row->soa.mname != NULL && strchr(row->soa.zone, '.') &&
		    strstr(row->soa.zone, "privatelink.") == NULL &&
		    vp_name_below(n->name, row->soa.zone) &&
		    !is_microsofts(row->soa.mname))
			return true;
	}
	return false;
}

/* What the other names of the same private zone are at this server. */
static struct dns_zone_sum siblings(const struct dns_scene *s, size_t name,
                                    size_t resolver)
{
	struct dns_zone_sum all = { 0 }, own = { 0 };

	if (s->zone_at[name] == 0)
		return all;
	all = s->zone_sums[(s->zone_at[name] - 1) * s->n_resolvers + resolver];
	dns_zone_add(&own, s, name, resolver);
	all.right -= own.right;
	all.only_public -= own.only_public;
	return all;
}

/* The login name of this data endpoint's registry is right here. */
static bool login_is_right(const struct dns_scene *s, size_t name,
                           size_t resolver)
{
	const char *data = s->f->names[name]->name;
	size_t len = strcspn(data, ".");

	if (!(s->kinds_right[resolver] & 1u << VP_KIND_REGISTRY))
		return false;
	for (size_t i = 0; i < s->f->n_names; i++) {
		const struct vp_target *t = dns_target_of(s, i);
		const char *login = s->f->names[i]->name;

		if (t != NULL && t->kind == VP_KIND_REGISTRY &&
		    strncmp(login, data, len + 1) == 0 &&
		    (dns_view_at(s, i, resolver)->shapes & DNS_RIGHT))
			return true;
	}
	return false;
}

static unsigned kind_flags(const struct dns_scene *s, size_t name,
                           size_t resolver)
{
	const unsigned workspace =
		1u << VP_KIND_WORKSPACE | 1u << VP_KIND_WORKSPACE_CERT;
	unsigned right = s->kinds_right[resolver];

	switch (dns_target_of(s, name)->kind) {
	case VP_KIND_REGISTRY_DATA:
		return login_is_right(s, name, resolver) ? DNS_F_DATA : 0;
	case VP_KIND_NOTEBOOK:
		return right & workspace ? DNS_F_PAIR : 0;
	case VP_KIND_WORKSPACE:
	case VP_KIND_WORKSPACE_CERT:
		return right & 1u << VP_KIND_NOTEBOOK ? DNS_F_PAIR : 0;
	case VP_KIND_COMPUTE_INSTANCE:
		return DNS_F_INSTANCE |
		       (right & 1u << VP_KIND_NOTEBOOK ? DNS_F_PAIR : 0);
	case VP_KIND_ONLINE_ENDPOINT:
	case VP_KIND_SERVERLESS_MODEL:
		/* their records are in the workspace's own zone */
		return (right & 1u << VP_KIND_NOTEBOOK) && !(right & workspace)
		               ? DNS_F_PAIR
		               : 0;
	case VP_KIND_MONITOR:
		return DNS_F_MONITOR;
	default:
		return 0;
	}
}

static unsigned server_flags(const struct dns_scene *s, size_t name,
                             size_t resolver)
{
	const struct vp_resolver *r = &s->f->resolvers[resolver];
	unsigned flags = 0;

	if (judge_is_azure_dns(&r->endpoint.addr))
		flags |= DNS_F_AZURE;
	if (s->f->machine.azure == VP_AZURE_NO)
		flags |= DNS_F_OFF_AZURE;
	if (s->stub[resolver] || dns_is_scoped(s, name, resolver))
		flags |= DNS_F_STUB;
	if (r->kind == VP_SERVER_AZURE_FIREWALL ||
	    r->kind == VP_SERVER_PRIVATE_RESOLVER)
		flags |= DNS_F_PROXY;
	if (r->source != VP_RESOLVER_OPTION &&
	    judge_scope(s->j, &r->endpoint.addr) == VP_SCOPE_PUBLIC)
		flags |= DNS_F_PUBLIC;
	if (s->slow[resolver])
		flags |= DNS_F_SLOW;
	return flags;
}

static unsigned view_flags(const struct dns_view *v)
{
	return (v->turned ? DNS_F_TURNED : 0) | (v->healed ? DNS_F_HEALED : 0) |
	       (v->counting ? DNS_F_COUNTING : 0) |
	       (v->elsewhere ? DNS_F_ELSEWHERE : 0) |
	       ((v->shapes & DNS_SERVFAIL) &&
	                        (v->aaaa & ~(unsigned)DNS_SERVFAIL)
	                ? DNS_F_FLAKY
	                : 0);
}

/* Shapes elsewhere, and flags that follow from them. */
static void note_others(struct dns_case *out, const struct dns_scene *s,
                        size_t name, size_t resolver)
{
	size_t n = s->n_resolvers;

	for (size_t r = 0; r < n; r++) {
		unsigned shapes = dns_view_at(s, name, r)->shapes;

		if (r == resolver || dns_is_nss(s, r))
			continue;
		if (!dns_counts(s, name, r)) {
			out->reference |= shapes;
			continue;
		}
		if (s->stub[r])
			continue; /* it has it from the others */
		if (s->stub[resolver] && (shapes & out->here & DNS_WRONG))
			out->flags |= DNS_F_PASSED_ON;
		out->peers |= shapes;
		if ((shapes & DNS_RIGHT) && s->has_more[resolver * n + r])
			out->flags |= DNS_F_SPLIT;
	}
}

static bool always_right(const struct dns_scene *s, size_t name,
                         size_t resolver)
{
	unsigned shapes = dns_view_at(s, name, resolver)->shapes;

	return (shapes & DNS_RIGHT) && !(shapes & DNS_WRONG);
}

/* Now right, now public. */
static bool flips(const struct dns_scene *s, size_t name, size_t resolver)
{
	unsigned shapes = dns_view_at(s, name, resolver)->shapes;

	return (shapes & DNS_RIGHT) && (shapes & DNS_PUBLIC);
}

/* Of the names in this private zone, another one is always right here: one
 * below the public zone own, or one below another. */
static bool has_right(const struct dns_scene *s, size_t name, size_t resolver,
                      const char *zone, const char *own, bool below)
{
	for (size_t i = 0; i < s->n_by_zone; i++) {
		size_t other = s->by_zone[i].name;

		if (other != name && strcmp(s->by_zone[i].zone, zone) == 0 &&
		    always_right(s, other, resolver) &&
		    (strcmp(dns_forwarded_zone(s, other), own) == 0) == below)
			return true;
	}
	return false;
}

static const char *alias_of(const struct dns_scene *s, size_t name)
{
	const struct vp_name *n = s->f->names[name];

	for (size_t i = 0; i < n->n_rows; i++) {
		const char *alias = judge_alias(&n->rows[i]);

		if (alias != NULL)
			return alias;
	}
	return "";
}

/* Names of other zones change here only where they have this name's alias, and
 * are forwarded: what else is in their zone is always right. */
static bool others_change_with_it(const struct dns_scene *s, size_t name,
                                  size_t resolver, const char *zone)
{
	const char *own = dns_forwarded_zone(s, name);
	const char *alias = alias_of(s, name);

	if (*alias == '\0' || has_right(s, name, resolver, zone, own, true))
		return false;
	for (size_t i = 0; i < s->f->n_names; i++) {
		const char *theirs = dns_forwarded_zone(s, i);

		if (i == name || !flips(s, i, resolver) ||
		    strcmp(theirs, own) == 0)
			continue;
		if (strcasecmp(alias_of(s, i), alias) != 0 ||
		    !has_right(s, i, resolver, zone, theirs, true))
			return false;
	}
	return true;
}

/*
 * A name that is not forwarded shares its alias with names that are (an
 * instance with its workspace): a server that caches the alias has the private
 * end of it now and then, and the public end for the others. It is public by
 * itself, if one that shares the private zone is always right, and of names of
 * other zones at most those change that have the same alias.
 */
static bool right_by_the_cache(const struct dns_scene *s, size_t name,
                               size_t resolver, const char *zone)
{
	const char *own = dns_forwarded_zone(s, name);
	const char *changing = s->flips[resolver];

	if (changing == NULL || s->slow[resolver] || zone == NULL ||
	    !has_right(s, name, resolver, zone, own, false))
		return false;
	if (*changing != '\0')
		return strcmp(changing, own) == 0;
	return others_change_with_it(s, name, resolver, zone);
}

/* The other side of it: public now and then by the alias of such a name. */
static bool public_by_the_cache(const struct dns_scene *s, size_t name,
                                size_t resolver, const char *zone)
{
	const char *alias = alias_of(s, name);

	if (zone == NULL || !flips(s, name, resolver))
		return false;
	for (size_t i = 0; i < s->n_by_zone; i++) {
		size_t other = s->by_zone[i].name;

		if (other != name && strcmp(s->by_zone[i].zone, zone) == 0 &&
		    flips(s, other, resolver) &&
		    strcasecmp(alias_of(s, other), alias) == 0 &&
		    right_by_the_cache(s, other, resolver, zone))
			return true;
	}
	return false;
}

/* Caches that drop a link of the chain give the same addresses as before, now
 * without the alias: that is how they answer, and no mistake of its own. */
static bool same_as_aliased(const struct dns_scene *s, size_t name,
                            size_t resolver)
{
	const struct vp_name *n = s->f->names[name];

	for (size_t i = 0; i < n->n_rows; i++) {
		const struct vp_dns_row *bare = &n->rows[i];

		if (bare->resolver != resolver || s->dead[name][i] ||
		    bare->question != VP_QUESTION_NAME ||
		    !(dns_shape_of(s->j, bare) & DNS_BARE))
			continue;
		for (size_t k = 0; k < n->n_rows; k++) {
			const struct vp_dns_row *row = &n->rows[k];

			if (row->question == VP_QUESTION_NAME &&
			    (dns_shape_of(s->j, row) & DNS_PUBLIC) &&
			    row->n_addresses > 0 && bare->n_addresses > 0 &&
			    vp_addr_equal(&row->addresses[0].addr,
			                  &bare->addresses[0].addr))
				return true;
		}
	}
	return false;
}

static unsigned without_dropped_aliases(const struct dns_scene *s, size_t name,
                                        size_t resolver, unsigned shapes)
{
	static const struct {
		unsigned with, without;
	} pairs[] = { { DNS_PRIVATE, DNS_FLAT },
		      { DNS_PUBLIC, DNS_BARE },
		      { DNS_MISSING, DNS_UNKNOWN } };

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		if (shapes & pairs[i].with)
			shapes &= ~pairs[i].without;
	}
	if ((shapes & DNS_BARE) && same_as_aliased(s, name, resolver))
		shapes = (shapes & ~(unsigned)DNS_BARE) | DNS_PUBLIC;
	return shapes;
}

void dns_case_make(struct dns_case *out, const struct dns_scene *s, size_t name,
                   size_t resolver)
{
	const struct dns_view *v = dns_view_at(s, name, resolver);
	const char *zone = dns_alias_zone(s, name);
	const char *own = zone != NULL ? strchr(zone, '.') : NULL;
	struct dns_zone_sum others = siblings(s, name, resolver);

	*out = (struct dns_case){
		.here = without_dropped_aliases(s, name, resolver, v->shapes),
		.alias = v->alias,
		.unchecked = v->unchecked,
		.flags = server_flags(s, name, resolver) | view_flags(v) |
		         kind_flags(s, name, resolver),
	};
	if ((out->here & DNS_RIGHT) && (out->here & DNS_PUBLIC) &&
	    right_by_the_cache(s, name, resolver, zone))
		out->here &= ~(unsigned)DNS_RIGHT;
	note_others(out, s, name, resolver);
	if (s->right[resolver] > 0)
		out->flags |= DNS_F_REST;
	if (others.right > 0)
		out->flags |= DNS_F_SIBLING;
	if (others.only_public > 0 ||
	    public_by_the_cache(s, name, resolver, zone))
		out->flags |= DNS_F_TAINTED;
	if (s->outdated[resolver])
		out->flags |= DNS_F_OUTDATED;
	if ((v->shapes & DNS_UNKNOWN) && has_own_zone(s, name, resolver))
		out->flags |= DNS_F_OWN_ZONE;
	if (own != NULL && !vp_name_below(s->f->names[name]->name, own + 1))
		out->flags |= DNS_F_NESTED;
	if ((v->shapes & DNS_PUBLIC) && zone_linked(s, zone, resolver))
		out->flags |= DNS_F_LINKED;
	if (v->shapes & DNS_RIGHT)
		out->flags |= address_flags(s, name, resolver);
}
