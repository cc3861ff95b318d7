/*
 * judge_dns_follows.c - findings that follow from another one, and are not told
 * beside it: who mends the one has mended the other.
 */
#include <string.h>

#include "dns_view.h"
#include "judge_dns.h"

static bool is_failure(const char *id)
{
	static const char *const ids[] = {
		"dns-timeout", "dns-servfail",    "dns-forwarder-timeout",
		"dns-refused", "dns-unreachable",
	};

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		if (strcmp(ids[i], id) == 0)
			return true;
	}
	return false;
}

static bool of_applications(const struct dns_scene *s,
                            const struct dns_group *g)
{
	for (size_t r = 0; r < s->n_resolvers; r++) {
		if (g->servers[r] &&
		    s->f->resolvers[r].source != VP_RESOLVER_NSS)
			return false;
	}
	return true;
}

static bool servers_fail(const struct dns_groups *groups,
                         const struct dns_scene *s)
{
	for (size_t i = 0; i < groups->n; i++) {
		if (is_failure(groups->list[i].id) &&
		    groups->list[i].at_most == VP_SEVERITY_LEAK &&
		    !of_applications(s, &groups->list[i]))
			return true;
	}
	return false;
}

/* Do these servers all wait for another one in vain, before they ask a third?
 */
static bool give_up(const struct dns_groups *groups, const struct dns_scene *s,
                    const struct dns_group *g)
{
	for (size_t r = 0; r < s->n_resolvers; r++) {
		if (g->servers[r] &&
		    !dns_groups_have(groups, "dns-forwarder-timeout", r))
			return false;
	}
	return true;
}

/* How many of its names, at how many of its servers, have one of these shapes;
 * all: how many there are. */
static size_t having(const struct dns_scene *s, const struct dns_group *g,
                     unsigned shapes, size_t *all)
{
	size_t n = 0;

	*all = 0;
	for (size_t r = 0; r < s->n_resolvers; r++) {
		for (size_t i = 0; g->servers[r] && i < g->n_names; i++) {
			n += (dns_view_at(s, g->names[i], r)->shapes &
			      shapes) != 0;
			++*all;
		}
	}
	return n;
}

/*
 * A server that fails now and then may fail at programs' questions and answer
 * ours about the same name: their silence is then no finding of its own. (Where
 * it failed at ours as well, judge_nss_failure() has seen it.) A forwarder that
 * waits for another server in vain is silent where it waits longer than we do,
 * or fails at one of a name's types, at a name that it answers otherwise; and
 * what it gives to programs alone changes for the same reason.
 */
static bool follows(const struct dns_groups *groups, const struct dns_scene *s,
                    const struct dns_group *g)
{
	bool timeout = strcmp(g->id, "dns-timeout") == 0;
	bool failure = timeout || strcmp(g->id, "dns-servfail") == 0;
	size_t all, right = having(s, g, DNS_RIGHT, &all);

	if (timeout && of_applications(s, g))
		return servers_fail(groups, s);
	if (failure)
		return give_up(groups, s, g) && right == all;
	return strcmp(g->id, "dns-unstable") == 0 && give_up(groups, s, g) &&
	       having(s, g, DNS_WRONG, &all) == 0;
}

void dns_groups_fold(struct dns_groups *groups, const struct dns_scene *s)
{
	bool *drop = vp_arena_alloc(s->j->arena, groups->n * sizeof(*drop));
	size_t kept = 0;

	for (size_t i = 0; i < groups->n; i++)
		drop[i] = follows(groups, s, &groups->list[i]);
	for (size_t i = 0; i < groups->n; i++) {
		if (!drop[i])
			groups->list[kept++] = groups->list[i];
	}
	groups->n = kept;
	groups->n_merged = 0; /* nothing is added any more */
}
