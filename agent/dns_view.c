/*
 * dns_view.c - from rows to views, from views to cases.
 *
 * Everything that takes comparing names or servers with each other is worked
 * out once here, so that a case is made without looking at other names.
 */
#include "dns_view.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "forwarder.h"
#include "name_match.h"

#define RCODE_NOERROR 0
#define RCODE_NXDOMAIN 3
#define RCODE_REFUSED 5

/* An answer is slow if it took this long and this many times the quickest one
 * of the same server: a forwarder waited for, not the way to the server. */
#define SLOW_US 500000
#define SLOW_TIMES 8
#define UNION_MAX 64

struct dns_zone_key { /* a name that must be private, and its zone */
	const char *zone;
	size_t name;
};

/* --- one answer -------------------------------------------------------- */

static unsigned failure_shape(const struct vp_dns_row *row)
{
	bool tcp = row->transport == VP_TRANSPORT_TCP;

	switch (row->outcome) {
	case VP_OUTCOME_TIMEOUT:
	case VP_OUTCOME_SILENT:
	case VP_OUTCOME_RESET:
	case VP_OUTCOME_CLOSED:
		return tcp ? DNS_TCP_BLOCKED : DNS_SILENT;
	case VP_OUTCOME_REFUSED:
	case VP_OUTCOME_UNREACHABLE:
	case VP_OUTCOME_DENIED:
		return tcp ? DNS_TCP_BLOCKED : DNS_UNREACHABLE;
	case VP_OUTCOME_MALFORMED:
	case VP_OUTCOME_PROTOCOL:
		return DNS_MALFORMED;
	case VP_OUTCOME_NONE:
	case VP_OUTCOME_CANCELLED:
		return 0;
	default:
		return DNS_FAILED;
	}
}

static unsigned address_shape(const struct judge *j,
                              const struct vp_dns_row *row, bool alias)
{
	bool public = false;

	for (size_t i = 0; i < row->n_addresses; i++) {
		switch (judge_scope(j, &row->addresses[i].addr)) {
		case VP_SCOPE_PUBLIC:
			public
			= true;
			break;
		case VP_SCOPE_PRIVATE:
		case VP_SCOPE_VNET:
			break;
		default:
			return DNS_BOGON;
		}
	}
	if (public)
		return alias ? DNS_PUBLIC : DNS_BARE;
	return alias ? DNS_PRIVATE : DNS_FLAT;
}

unsigned dns_shape_of(const struct judge *j, const struct vp_dns_row *row)
{
	bool alias =
		judge_alias(row) != NULL || row->question == VP_QUESTION_ALIAS;

	if (row->outcome != VP_OUTCOME_OK)
		return failure_shape(row);
	if (row->transport != VP_TRANSPORT_NSS) {
		if (row->alias_loop)
			return DNS_LOOP;
		if (row->rcode == RCODE_REFUSED)
			return DNS_REFUSED;
		if (row->rcode != RCODE_NOERROR && row->rcode != RCODE_NXDOMAIN)
			return DNS_SERVFAIL;
	}
	/* Programs take no address out of an NXDOMAIN */
	if (row->n_addresses > 0 && (row->transport == VP_TRANSPORT_NSS ||
	                             row->rcode != RCODE_NXDOMAIN))
		return address_shape(j, row, alias);
	return alias ? DNS_MISSING : DNS_UNKNOWN;
}

/* --- the rows of one name ---------------------------------------------- */

/* A truncated answer counts as what TCP said in its place. */
static void mark_dead(struct dns_scene *s, size_t index)
{
	const struct vp_name *name = s->f->names[index];
	bool *dead = s->dead[index];

	for (size_t i = 0; i < name->n_rows; i++) {
		const struct vp_dns_row *row = &name->rows[i];

		dead[i] = row->transport == VP_TRANSPORT_UDP && row->truncated;
	}
}

/* Asked over TCP of its own accord, beside an answer over UDP that was whole?
 * Then its failing takes nothing away. */
static bool beside_udp(const struct vp_name *name, const struct vp_dns_row *tcp)
{
	for (size_t i = 0; i < name->n_rows; i++) {
		const struct vp_dns_row *row = &name->rows[i];

		if (row->transport == VP_TRANSPORT_UDP &&
		    row->question == tcp->question &&
		    row->resolver == tcp->resolver && row->type == tcp->type &&
		    row->round == tcp->round && !row->truncated)
			return true;
	}
	return false;
}

static bool answered_udp(const struct vp_name *name,
                         const struct vp_dns_row *tcp)
{
	for (size_t i = 0; i < name->n_rows; i++) {
		const struct vp_dns_row *row = &name->rows[i];

		if (row->transport == VP_TRANSPORT_UDP &&
		    row->resolver == tcp->resolver &&
		    row->outcome == VP_OUTCOME_OK)
			return true;
	}
	return false;
}

/* UDP was cut short and TCP was never tried: not known. */
static bool tcp_follows(const struct vp_name *name,
                        const struct vp_dns_row *udp)
{
	for (size_t i = 0; i < name->n_rows; i++) {
		const struct vp_dns_row *row = &name->rows[i];

		if (row->transport == VP_TRANSPORT_TCP &&
		    row->question == udp->question &&
		    row->resolver == udp->resolver && row->type == udp->type &&
		    row->round == udp->round)
			return true;
	}
	return false;
}

/* What the rounds were like, in their order; rows come in any order. */
struct course {
	unsigned last_right, first_right, first_wrong, last_wrong;
	uint32_t ttl;       /* of the last negative answer looked at */
	unsigned ttl_round; /* 0: none yet */
};

static void note_course(struct course *c, struct dns_view *v,
                        const struct vp_dns_row *row, unsigned shape)
{
	unsigned r = row->round;

	if (shape & DNS_RIGHT) {
		if (c->first_right == 0 || r < c->first_right)
			c->first_right = r;
		if (r > c->last_right)
			c->last_right = r;
	} else if (shape & DNS_WRONG) {
		if (c->first_wrong == 0 || r < c->first_wrong)
			c->first_wrong = r;
		if (r > c->last_wrong)
			c->last_wrong = r;
	}
	if (!(shape & DNS_ABSENT) || row->soa.zone == NULL)
		return;
	if (row->soa.ttl < row->soa.minimum)
		v->counting = true;
	if (c->ttl_round != 0 && c->ttl_round < r && row->soa.ttl < c->ttl)
		v->counting = true;
	if (c->ttl_round == 0 || r > c->ttl_round) {
		c->ttl = row->soa.ttl;
		c->ttl_round = r;
	}
}

static bool answer_from_elsewhere(const struct dns_scene *s,
                                  const struct vp_dns_row *row)
{
	const struct vp_endpoint *server =
		&s->f->resolvers[row->resolver].endpoint;

	if (row->elsewhere)
		return true;
	if (row->local.addr.family == 0 || row->outcome != VP_OUTCOME_TIMEOUT)
		return false;
	for (size_t i = 0; i < s->f->n_flows; i++) {
		const struct vp_flow *w = &s->f->flows[i];

		if (w->proto == IPPROTO_UDP && w->packets_in > 0 &&
		    w->remote.port == server->port &&
		    vp_endpoint_equal(&w->local, &row->local) &&
		    !vp_addr_equal(&w->remote.addr, &server->addr))
			return true;
	}
	return false;
}

static void note_name_row(struct dns_scene *s, const struct vp_name *name,
                          const struct vp_dns_row *row, struct dns_view *v,
                          struct course *c)
{
	unsigned shape = dns_shape_of(s->j, row);

	v->asked = true;
	if (shape == 0) {
		v->unfinished = true;
		return;
	}
	if (row->transport == VP_TRANSPORT_UDP && row->truncated) {
		if (!tcp_follows(name, row))
			v->unfinished = true;
		return;
	}
	if (row->transport == VP_TRANSPORT_TCP && shape == DNS_TCP_BLOCKED &&
	    beside_udp(name, row)) {
		if (answered_udp(name, row))
			v->tcp_row = row;
		return;
	}
	if (row->type == VP_DNS_AAAA) {
		v->aaaa |= shape;
		s->aaaa_answered[row->resolver] |=
			row->outcome == VP_OUTCOME_OK;
		return;
	}
	v->shapes |= shape;
	note_course(c, v, row, shape);
	if (shape == DNS_SILENT && answer_from_elsewhere(s, row))
		v->elsewhere = true;
}

static void view_row(struct dns_scene *s, const struct vp_name *name,
                     const struct vp_dns_row *row, struct dns_view *v,
                     struct course *c)
{
	switch (row->question) {
	case VP_QUESTION_NAME:
		note_name_row(s, name, row, v, c);
		break;
	case VP_QUESTION_ALIAS:
		v->alias |= dns_shape_of(s->j, row);
		v->alias_row = row;
		break;
	case VP_QUESTION_UNCHECKED:
		v->unchecked |= dns_shape_of(s->j, row);
		break;
	case VP_QUESTION_SEARCH:
		break;
	}
}

static void view_name(struct dns_scene *s, size_t index)
{
	const struct vp_name *name = s->f->names[index];
	struct dns_view *views = &s->views[index * s->n_resolvers];
	struct course *courses = vp_arena_alloc(
		s->j->arena, (s->n_resolvers + 1) * sizeof(*courses));

	s->dead[index] = vp_arena_alloc(s->j->arena, name->n_rows + 1);
	mark_dead(s, index);
	for (size_t i = 0; i < name->n_rows; i++) {
		const struct vp_dns_row *row = &name->rows[i];

		if (row->resolver < s->n_resolvers)
			view_row(s, name, row, &views[row->resolver],
			         &courses[row->resolver]);
	}
	for (size_t r = 0; r < s->n_resolvers; r++) {
		const struct course *c = &courses[r];
		struct dns_view *v = &views[r];

		/* IPv6 only, and right: no A is as it should be */
		if ((v->aaaa & DNS_RIGHT) && v->shapes != 0 &&
		    (v->shapes & ~(unsigned)DNS_ABSENT) == 0)
			v->shapes = v->aaaa & DNS_RIGHT;
		v->turned = c->first_right != 0 && c->first_wrong != 0 &&
		            c->last_right < c->first_wrong;
		v->healed = c->first_right != 0 && c->first_wrong != 0 &&
		            c->last_wrong < c->first_right;
	}
}

/* --- what takes several names or servers -------------------------------- */

static bool is_nss(const struct dns_scene *s, size_t r)
{
	return s->f->resolvers[r].source == VP_RESOLVER_NSS;
}

static const struct vp_target *target_of(const struct dns_scene *s, size_t name)
{
	return s->j->names[name].target;
}

static bool must_be_private(const struct dns_scene *s, size_t name)
{
	return target_of(s, name) != NULL &&
	       s->j->names[name].expect == VP_EXPECT_PRIVATE;
}

static const char *alias_zone(const struct dns_scene *s, size_t index)
{
	const struct vp_name *name = s->f->names[index];
	const struct vp_target *t = target_of(s, index);

	for (size_t i = 0; i < name->n_rows; i++) {
		const char *alias = judge_alias(&name->rows[i]);
		const char *zone =
			alias != NULL ? strstr(alias, ".privatelink.") : NULL;

		if (zone != NULL)
			return zone + 1;
	}
	return t != NULL ? t->zone : NULL;
}

static void note_speed(struct dns_scene *s)
{
	uint64_t *quick = vp_arena_alloc(s->j->arena,
	                                 (s->n_resolvers + 1) * sizeof(*quick));

	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < s->f->n_names; i++) {
			const struct vp_name *name = s->f->names[i];

			for (size_t k = 0; k < name->n_rows; k++) {
				const struct vp_dns_row *row = &name->rows[k];
				uint64_t *q = &quick[row->resolver];

				if (row->outcome != VP_OUTCOME_OK)
					continue;
				if (pass == 0 &&
				    (*q == 0 || row->elapsed_us < *q))
					*q = row->elapsed_us + 1;
				if (pass == 1 && row->elapsed_us >= SLOW_US &&
				    row->elapsed_us >= SLOW_TIMES * *q)
					s->slow[row->resolver] = true;
			}
		}
	}
}

static void note_servers(struct dns_scene *s)
{
	bool upstreams = false;

	for (size_t r = 0; r < s->n_resolvers; r++)
		upstreams |= s->f->resolvers[r].source ==
		             VP_RESOLVER_SYSTEMD_RESOLVED;
	for (size_t r = 0; r < s->n_resolvers; r++) {
		const struct vp_resolver *res = &s->f->resolvers[r];

		s->reference[r] = vp_resolver_is_reference(res);
		s->stub[r] = upstreams &&
		             res->source == VP_RESOLVER_RESOLV_CONF &&
		             judge_scope(s->j, &res->endpoint.addr) ==
		                     VP_SCOPE_LOOPBACK;
	}
}

static const char *forwarded_zone(const struct dns_scene *s, size_t name)
{
	const char *zone = vp_forwarder_zone_of(s->f->names[name]->name);

	return zone != NULL ? zone : "";
}

static void note_flip(struct dns_scene *s, size_t name, size_t resolver)
{
	const char *zone = forwarded_zone(s, name);
	const char **flips = &s->flips[resolver];

	*flips = *flips == NULL || strcmp(*flips, zone) == 0 ? zone : "";
}

static void note_name(struct dns_scene *s, size_t i)
{
	const char *zone = alias_zone(s, i);

	for (size_t r = 0; r < s->n_resolvers; r++) {
		unsigned shapes = dns_view_at(s, i, r)->shapes;

		if ((shapes & DNS_RIGHT) && (shapes & DNS_PUBLIC))
			note_flip(s, i, r);

		if (is_nss(s, r) || !(shapes & DNS_RIGHT) ||
		    (shapes & DNS_WRONG))
			continue;
		s->right[r]++;
		s->kinds_right[r] |= 1u << target_of(s, i)->kind;
		for (size_t t = 0; t < s->n_resolvers; t++) {
			if (dns_view_at(s, i, t)->shapes & DNS_MISSING)
				s->has_more[r * s->n_resolvers + t] = true;
		}
	}
	if (zone != NULL) {
		s->by_zone[s->n_by_zone].zone = zone;
		s->by_zone[s->n_by_zone++].name = i;
	}
}

static int by_zone(const void *a, const void *b)
{
	const struct dns_zone_key *x = a, *y = b;
	int order = strcmp(x->zone, y->zone);

	if (order != 0)
		return order;
	return x->name < y->name ? -1 : x->name > y->name;
}

static void find_workspace(struct dns_scene *s)
{
	for (size_t i = 0; i < s->f->n_names; i++) {
		const struct vp_target *t = target_of(s, i);

		if (t == NULL || t->kind != VP_KIND_WORKSPACE)
			continue;
		if (s->workspace != NULL) { /* of two, which is meant? */
			s->workspace = NULL;
			return;
		}
		s->workspace = t;
	}
}

void dns_scene_make(struct dns_scene *s, struct judge *j)
{
	const struct vp_facts *f = j->facts;
	struct vp_arena *a = j->arena;
	size_t n = f->n_resolvers;

	*s = (struct dns_scene){ .j = j, .f = f, .n_resolvers = n };
	s->views = vp_arena_alloc(a, (f->n_names * n + 1) * sizeof(*s->views));
	s->dead = vp_arena_alloc(a, (f->n_names + 1) * sizeof(*s->dead));
	s->right = vp_arena_alloc(a, (n + 1) * sizeof(*s->right));
	s->kinds_right = vp_arena_alloc(a, (n + 1) * sizeof(*s->kinds_right));
	s->slow = vp_arena_alloc(a, n + 1);
	s->stub = vp_arena_alloc(a, n + 1);
	s->reference = vp_arena_alloc(a, n + 1);
	s->aaaa_answered = vp_arena_alloc(a, n + 1);
	s->outdated = vp_arena_alloc(a, n + 1);
	s->flips = vp_arena_alloc(a, (n + 1) * sizeof(*s->flips));
	s->has_more = vp_arena_alloc(a, n * n + 1);
	s->by_zone = vp_arena_alloc(a, (f->n_names + 1) * sizeof(*s->by_zone));
	note_servers(s);
	note_speed(s);
	for (size_t i = 0; i < f->n_names; i++)
		view_name(s, i);
	for (size_t i = 0; i < f->n_names; i++) {
		if (must_be_private(s, i))
			note_name(s, i);
	}
	if (s->n_by_zone > 0)
		qsort(s->by_zone, s->n_by_zone, sizeof(*s->by_zone), by_zone);
	find_workspace(s);
}

const struct dns_view *dns_view_at(const struct dns_scene *s, size_t name,
                                   size_t resolver)
{
	return &s->views[name * s->n_resolvers + resolver];
}

bool dns_row_is_dead(const struct dns_scene *s, size_t name, size_t row)
{
	return s->dead[name][row];
}

/* --- which servers count ------------------------------------------------ */

/* How well a link's domains fit a name: the length of the longest, 1 for the
 * root; 0: none fits. As systemd-resolved routes questions. */
static size_t link_fit(const struct vp_link_dns *link, const char *name)
{
	size_t best = 0;

	for (size_t i = 0; i < link->n_domains; i++) {
		const char *domain = link->domains[i];
		size_t len;

		if (*domain == '~')
			domain++;
		len = strlen(domain);
		if (strcmp(domain, ".") == 0 && best == 0)
			best = 1;
		else if ((vp_name_below(name, domain) ||
		          strcasecmp(name, domain) == 0) &&
		         len + 1 > best)
			best = len + 1;
	}
	return best;
}

/* Questions for other names go to every link but those whose domains are for
 * routing only (systemd-resolved.service(8)). */
static bool takes_the_rest(const struct dns_scene *s, const char *interface)
{
	const struct vp_machine *m = &s->f->machine;

	for (size_t i = 0; interface != NULL && i < m->n_links; i++) {
		const struct vp_link_dns *link = &m->links[i];
		bool routing_only = link->n_domains > 0;

		if (link->interface == NULL ||
		    strcmp(link->interface, interface) != 0)
			continue;
		for (size_t k = 0; k < link->n_domains; k++)
			routing_only &= link->domains[k][0] == '~';
		return !routing_only;
	}
	return true;
}

/* The best fit of all links, and that of this resolver's own. */
static size_t best_fit(const struct dns_scene *s, size_t name, size_t resolver,
                       size_t *own)
{
	const struct vp_resolver *res = &s->f->resolvers[resolver];
	const struct vp_machine *m = &s->f->machine;
	size_t best = 0;

	*own = 0;
	if (res->source != VP_RESOLVER_SYSTEMD_RESOLVED ||
	    res->interface == NULL)
		return 0;
	for (size_t i = 0; i < m->n_links; i++) {
		size_t fit = link_fit(&m->links[i], s->f->names[name]->name);

		if (m->links[i].n_servers == 0)
			continue; /* nobody there to ask */
		if (fit > best)
			best = fit;
		if (m->links[i].interface != NULL && fit > *own &&
		    strcmp(m->links[i].interface, res->interface) == 0)
			*own = fit;
	}
	return best;
}

static bool is_upstream(const struct dns_scene *s, size_t resolver)
{
	return s->f->resolvers[resolver].source == VP_RESOLVER_SYSTEMD_RESOLVED;
}

static bool in_scope(const struct dns_scene *s, size_t name, size_t resolver)
{
	size_t own, best = best_fit(s, name, resolver, &own);

	if (own != best)
		return false;
	return best > 0 ||
	       takes_the_rest(s, s->f->resolvers[resolver].interface);
}

/* Where no link seems to take a name, one does all the same: the settings that
 * decide (DefaultRoute=, fallbacks) are not all known, so each may. */
bool dns_counts(const struct dns_scene *s, size_t name, size_t resolver)
{
	if (s->reference[resolver] || is_nss(s, resolver))
		return false;
	if (!is_upstream(s, resolver) || in_scope(s, name, resolver))
		return true;
	for (size_t r = 0; r < s->n_resolvers; r++) {
		if (is_upstream(s, r) && in_scope(s, name, r))
			return false;
	}
	return true;
}

static bool is_scoped(const struct dns_scene *s, size_t name, size_t resolver)
{
	size_t own, best = best_fit(s, name, resolver, &own);

	return best > 1 && own == best;
}

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
	const struct vp_target *t = target_of(s, name);
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
	const struct vp_target *t = target_of(s, name);
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

		if (r == resolver || is_nss(s, r) ||
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
	const struct vp_target *t = target_of(s, name);
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

/* Is there another name of this zone that is like this at this server? */
static bool has_sibling(const struct dns_scene *s, size_t name, size_t resolver,
                        const char *zone, unsigned like, unsigned unlike)
{
	size_t low = 0, high = s->n_by_zone;

	while (zone != NULL && low < high) {
		size_t mid = low + (high - low) / 2;

		if (strcmp(s->by_zone[mid].zone, zone) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	for (; zone != NULL && low < s->n_by_zone &&
	       strcmp(s->by_zone[low].zone, zone) == 0;
	     low++) {
		size_t other = s->by_zone[low].name;

		/* what stands in the hosts file may be but a warning */
		if (other != name &&
		    (unlike == 0 || s->f->names[other]->n_hosts == 0) &&
		    (dns_view_at(s, other, resolver)->shapes & like) &&
		    !(dns_view_at(s, other, resolver)->shapes & unlike))
			return true;
	}
	return false;
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
		const struct vp_target *t = target_of(s, i);
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

	switch (target_of(s, name)->kind) {
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
	if (s->stub[resolver] || is_scoped(s, name, resolver))
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

		if (r == resolver || is_nss(s, r))
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

/*
 * A name that is not forwarded shares its alias with names that are (an
 * instance with its workspace): a server that caches the alias has the private
 * end of it now and then. It is public by itself, if names of no other zone
 * change here and one that shares the private zone is always right.
 */
static bool right_by_the_cache(const struct dns_scene *s, size_t name,
                               size_t resolver, const char *zone)
{
	const char *own = forwarded_zone(s, name);
	const char *flips = s->flips[resolver];

	if (flips == NULL || *flips == '\0' || strcmp(flips, own) != 0 ||
	    s->slow[resolver] || zone == NULL)
		return false;
	for (size_t i = 0; i < s->n_by_zone; i++) {
		size_t other = s->by_zone[i].name;
		unsigned shapes = dns_view_at(s, other, resolver)->shapes;

		if (strcmp(s->by_zone[i].zone, zone) == 0 &&
		    (shapes & DNS_RIGHT) && !(shapes & DNS_WRONG) &&
		    strcmp(forwarded_zone(s, other), own) != 0)
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
	const char *zone = alias_zone(s, name);
	const char *own = zone != NULL ? strchr(zone, '.') : NULL;

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
	if (has_sibling(s, name, resolver, zone, DNS_RIGHT, 0))
		out->flags |= DNS_F_SIBLING;
	if (has_sibling(s, name, resolver, zone, DNS_PUBLIC, DNS_RIGHT))
		out->flags |= DNS_F_TAINTED;
	if (s->outdated[resolver])
		out->flags |= DNS_F_OUTDATED;
	if (own != NULL && !vp_name_below(s->f->names[name]->name, own + 1))
		out->flags |= DNS_F_NESTED;
	if ((v->shapes & DNS_PUBLIC) && zone_linked(s, zone, resolver))
		out->flags |= DNS_F_LINKED;
	if (v->shapes & DNS_RIGHT)
		out->flags |= address_flags(s, name, resolver);
}
