/*
 * dns_view.c - from rows to views, from views to cases.
 *
 * Everything that takes comparing names or servers with each other is worked
 * out once here, so that a case is made without looking at other names.
 */
#include "dns_view_private.h"

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

bool dns_is_nss(const struct dns_scene *s, size_t r)
{
	return s->f->resolvers[r].source == VP_RESOLVER_NSS;
}

const struct vp_target *dns_target_of(const struct dns_scene *s, size_t name)
{
	return s->j->names[name].target;
}

static bool must_be_private(const struct dns_scene *s, size_t name)
{
	return dns_target_of(s, name) != NULL &&
	       s->j->names[name].expect == VP_EXPECT_PRIVATE;
}

const char *dns_alias_zone(const struct dns_scene *s, size_t index)
{
	const struct vp_name *name = s->f->names[index];
	const struct vp_target *t = dns_target_of(s, index);

	for (size_t i = 0; i < name->n_rows; i++) {
		const char *alias = judge_alias(&name->rows[i]);
		const char *zone =
			alias != NULL ? strstr(alias, ".privatelink.") : NULL;

		if (zone != NULL)
			return zone + 1;
	}
	return t != NULL ? t->zone : NULL;
}

/* One lost answer in hundreds is the weather, not a mistake. */
static void note_hiccups(struct dns_scene *s)
{
	size_t *asked = vp_arena_alloc(s->j->arena,
	                               (s->n_resolvers + 1) * sizeof(*asked));
	size_t *failed = vp_arena_alloc(s->j->arena,
	                                (s->n_resolvers + 1) * sizeof(*failed));

	for (size_t i = 0; i < s->f->n_names; i++) {
		const struct vp_name *name = s->f->names[i];

		for (size_t k = 0; k < name->n_rows; k++) {
			const struct vp_dns_row *row = &name->rows[k];

			if (row->question != VP_QUESTION_NAME)
				continue;
			asked[row->resolver]++;
			failed[row->resolver] +=
				(dns_shape_of(s->j, row) & DNS_HICCUP) != 0 ||
				(row->transport == VP_TRANSPORT_NSS &&
			         row->n_addresses == 0);
		}
	}
	for (size_t r = 0; r < s->n_resolvers; r++)
		s->hiccups[r] = failed[r] > 0 && failed[r] * 100 <= asked[r];
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

const char *dns_forwarded_zone(const struct dns_scene *s, size_t name)
{
	const char *zone = vp_forwarder_zone_of(s->f->names[name]->name);

	return zone != NULL ? zone : "";
}

static void note_flip(struct dns_scene *s, size_t name, size_t resolver)
{
	const char *zone = dns_forwarded_zone(s, name);
	const char **flips = &s->flips[resolver];

	*flips = *flips == NULL || strcmp(*flips, zone) == 0 ? zone : "";
}

static void note_name(struct dns_scene *s, size_t i)
{
	const char *zone = dns_alias_zone(s, i);

	for (size_t r = 0; r < s->n_resolvers; r++) {
		unsigned shapes = dns_view_at(s, i, r)->shapes;

		if ((shapes & DNS_RIGHT) && (shapes & DNS_PUBLIC))
			note_flip(s, i, r);

		if (dns_is_nss(s, r) || !(shapes & DNS_RIGHT) ||
		    (shapes & DNS_WRONG))
			continue;
		s->right[r]++;
		s->kinds_right[r] |= 1u << dns_target_of(s, i)->kind;
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

void dns_zone_add(struct dns_zone_sum *sum, const struct dns_scene *s,
                  size_t name, size_t resolver)
{
	unsigned shapes = dns_view_at(s, name, resolver)->shapes;

	if (shapes & DNS_RIGHT)
		sum->right++;
	else if ((shapes & DNS_PUBLIC) && s->f->names[name]->n_hosts == 0)
		sum->only_public++;
}

/* Names are counted once, so that ten thousand of one zone need not look at
 * each other. */
static void sum_zones(struct dns_scene *s)
{
	size_t first = 0, n = s->n_resolvers;

	for (size_t i = 0; i < s->n_by_zone; i++) {
		if (strcmp(s->by_zone[i].zone, s->by_zone[first].zone) != 0)
			first = i;
		s->zone_at[s->by_zone[i].name] = first + 1;
		for (size_t r = 0; r < n; r++)
			dns_zone_add(&s->zone_sums[first * n + r], s,
			             s->by_zone[i].name, r);
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
		const struct vp_target *t = dns_target_of(s, i);

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
	s->hiccups = vp_arena_alloc(a, n + 1);
	s->flips = vp_arena_alloc(a, (n + 1) * sizeof(*s->flips));
	s->has_more = vp_arena_alloc(a, n * n + 1);
	s->by_zone = vp_arena_alloc(a, (f->n_names + 1) * sizeof(*s->by_zone));
	note_servers(s);
	note_speed(s);
	note_hiccups(s);
	for (size_t i = 0; i < f->n_names; i++)
		view_name(s, i);
	for (size_t i = 0; i < f->n_names; i++) {
		if (must_be_private(s, i))
			note_name(s, i);
	}
	if (s->n_by_zone > 0)
		qsort(s->by_zone, s->n_by_zone, sizeof(*s->by_zone), by_zone);
	s->zone_at = vp_arena_alloc(a, (f->n_names + 1) * sizeof(*s->zone_at));
	s->zone_sums = vp_arena_alloc(a, (s->n_by_zone * n + 1) *
	                                         sizeof(*s->zone_sums));
	sum_zones(s);
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
	if (s->reference[resolver] || dns_is_nss(s, resolver))
		return false;
	if (!is_upstream(s, resolver) || in_scope(s, name, resolver))
		return true;
	for (size_t r = 0; r < s->n_resolvers; r++) {
		if (is_upstream(s, r) && in_scope(s, name, r))
			return false;
	}
	return true;
}

bool dns_is_scoped(const struct dns_scene *s, size_t name, size_t resolver)
{
	size_t own, best = best_fit(s, name, resolver, &own);

	return best > 1 && own == best;
}
