/* plan_apply.c - another plan's wishes put onto saved facts. */
#include "plan.h"

#include <stdlib.h>
#include <string.h>

static bool has_targets(const struct vp_settings *s)
{
	return s->workspace.present || s->n_storage_accounts > 0 ||
	       s->n_key_vaults > 0 || s->n_registries > 0 || s->n_targets > 0 ||
	       s->n_hubs > 0 || s->n_aml_registries > 0 ||
	       s->n_aks_clusters > 0 || s->n_ai_services > 0 ||
	       s->n_search_services > 0 || s->monitor.present;
}

static int by_name_and_port(const void *a, const void *b)
{
	const struct vp_target *x = a, *y = b;
	int order = strcmp(x->name->name, y->name->name);

	if (order != 0)
		return order;
	return (x->port > y->port) - (x->port < y->port);
}

static void copy_wishes(struct vp_arena *arena, struct vp_target *to,
                        const struct vp_target *from)
{
	to->expect = from->expect;
	to->why = vp_arena_strdup(arena, from->why);
	to->alternative_of = vp_arena_strdup(arena, from->alternative_of);
	to->expected = NULL;
	to->n_expected = 0;
	to->expected_from = vp_arena_strdup(arena, from->expected_from);
	to->endpoints = NULL;
	to->n_endpoints = 0;
	for (size_t i = 0; i < from->n_endpoints; i++)
		*VP_PUSH(arena, to->endpoints, to->n_endpoints) =
			vp_arena_strdup(arena, from->endpoints[i]);
	for (size_t i = 0; i < from->n_expected; i++)
		*VP_PUSH(arena, to->expected, to->n_expected) =
			from->expected[i];
}

/* A name of the facts, or a new one of which nothing is known. */
static struct vp_name *name_of(struct vp_facts *facts, const char *text)
{
	struct vp_name *name;

	for (size_t i = 0; i < facts->n_names; i++)
		if (strcmp(facts->names[i]->name, text) == 0)
			return facts->names[i];
	name = vp_arena_alloc(facts->arena, sizeof(*name));
	name->name = vp_arena_strdup(facts->arena, text);
	*VP_PUSH(facts->arena, facts->names, facts->n_names) = name;
	return name;
}

/* What is wanted now and was not probed then is judged too: unproven. */
static void add_target(struct vp_facts *facts, const struct vp_target *from)
{
	struct vp_arena *a = facts->arena;
	struct vp_target *to = VP_PUSH(a, facts->targets, facts->n_targets);

	to->name = name_of(facts, from->name->name);
	to->port = from->port;
	to->kind = from->kind;
	to->tls = from->tls;
	to->origin = vp_arena_strdup(a, from->origin);
	to->zone = vp_arena_strdup(a, from->zone);
	to->http_path = vp_arena_strdup(a, from->http_path);
	copy_wishes(a, to, from);
}

static int by_target(const void *a, const void *b)
{
	return by_name_and_port(*(const struct vp_target *const *)a,
	                        *(const struct vp_target *const *)b);
}

static void add_missing(struct vp_facts *facts, const struct vp_facts *plan)
{
	size_t n = facts->n_targets;
	const struct vp_target **known =
		vp_arena_alloc(facts->arena, (n + 1) * sizeof(*known));
	struct vp_target *old = facts->targets;

	for (size_t i = 0; i < n; i++)
		known[i] = &old[i];
	qsort(known, n, sizeof(*known), by_target);
	for (size_t i = 0; i < plan->n_targets; i++) {
		const struct vp_target *t = &plan->targets[i];

		if (n == 0 ||
		    bsearch(&t, known, n, sizeof(*known), by_target) == NULL)
			add_target(facts, t);
	}
}

/* The VNet, which a private endpoint's files may have told of. */
static void copy_vnet(struct vp_facts *to, const struct vp_facts *from)
{
	const struct vp_machine *m = &from->machine;
	struct vp_arena *arena = to->arena;

	to->policy.vnet = NULL;
	to->policy.n_vnet = 0;
	for (size_t i = 0; i < from->policy.n_vnet; i++)
		*VP_PUSH(arena, to->policy.vnet, to->policy.n_vnet) =
			from->policy.vnet[i];
	if (m->n_vnet_dns == 0)
		return;
	to->machine.vnet_dns = NULL;
	to->machine.n_vnet_dns = 0;
	for (size_t i = 0; i < m->n_vnet_dns; i++)
		*VP_PUSH(arena, to->machine.vnet_dns, to->machine.n_vnet_dns) =
			m->vnet_dns[i];
	to->machine.vnet_dns_from = vp_arena_strdup(arena, m->vnet_dns_from);
}

int vp_plan_apply(struct vp_facts *facts, const struct vp_settings *s,
                  char *why, size_t size)
{
	/* Which resolvers are configured does not matter any more: any will do
	 * to make the plan without reading this machine's resolv.conf. */
	static struct vp_endpoint unused = { { 4, { 127, 0, 0, 1 } }, 53 };
	struct vp_settings settings = *s;
	struct vp_facts *plan;
	int status = 0;

	vp_plan_policy(facts, s);
	vp_plan_trust(facts, s);
	vp_plan_servers(facts, s);
	if (!has_targets(s))
		return 0;
	settings.resolvers = &unused;
	settings.n_resolvers = 1;
	settings.n_arguments = 0; /* judge's argument is the report */
	plan = vp_facts_create();
	status = vp_plan_make(plan, &settings, why, size);
	if (status == 0) {
		facts->scenario = vp_arena_strdup(facts->arena, plan->scenario);
		qsort(plan->targets, plan->n_targets, sizeof(*plan->targets),
		      by_name_and_port);
		for (size_t i = 0; i < facts->n_targets; i++) {
			const struct vp_target *t = bsearch(
				&facts->targets[i], plan->targets,
				plan->n_targets, sizeof(*t), by_name_and_port);

			if (t != NULL)
				copy_wishes(facts->arena, &facts->targets[i],
				            t);
		}
		add_missing(facts, plan);
		copy_vnet(facts, plan);
	}
	vp_facts_destroy(plan);
	return status;
}
