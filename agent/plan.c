/*
 * From settings to a plan: targets, resolvers, policy.
 *
 * Each resource adds its targets in the order of the settings.
 */
#include "plan.h"

#include <stdio.h>
#include <string.h>

#include "planner.h"

#define REFUSED 2

/* Whoever only looks at packets needs neither targets nor resolvers. */
static bool asks(const struct vp_settings *s)
{
	return s->command != VP_COMMAND_WATCH &&
	       s->command != VP_COMMAND_ANALYZE;
}

/* "targets --scenario NAME" explains the scenario, with or without targets. */
static bool only_explains(const struct vp_planner *p)
{
	return p->s->command == VP_COMMAND_TARGETS && p->s->has_scenario &&
	       p->facts->n_targets == 0;
}

static bool add_targets(struct vp_planner *p)
{
	const struct vp_discovery *d = &p->facts->discovery;
	const char *unread = d->n_unread > 0 ? d->unread[0] : NULL;
	const struct vp_settings *s = p->s;

	if (!vp_plan_workspace(p))
		return false;
	for (size_t i = 0; i < s->n_storage_accounts; i++) {
		if (!vp_plan_account(p, &s->storage_accounts[i], i))
			return false;
	}
	for (size_t i = 0; i < s->n_key_vaults; i++) {
		if (!vp_plan_vault(p, &s->key_vaults[i], i))
			return false;
	}
	for (size_t i = 0; i < s->n_registries; i++) {
		if (!vp_plan_registry(p, &s->registries[i], i))
			return false;
	}
	if (!vp_plan_services(p))
		return false;
	for (size_t i = 0; i < s->n_targets; i++) {
		if (!vp_plan_extra(p, &s->targets[i]))
			return false;
	}
	if (!vp_plan_required(p))
		return false;
	if (p->facts->n_targets == 0 && asks(s) && !only_explains(p))
		return vp_plan_refuse(
			p, "%s%s%s",
			p->s->config != NULL
				? "no target: this config names "
				  "none (in the sample they follow "
				  "'#:'), and neither does the "
				  "command line"
				: "no target: name one, such as "
				  "ACCOUNT.blob.core.windows.net, or "
				  "give a config with -c; this machine's own "
				  "files and variables name no workspace "
				  "('vnetprobe init --ask' writes a config "
				  "from answers)",
			unread != NULL ? "; this one did not answer: " : "",
			unread != NULL ? unread : "");
	return true;
}

void vp_plan_trust(struct vp_facts *facts, const struct vp_settings *s)
{
	struct vp_trust_facts *t = &facts->trust;
	struct vp_arena *arena = facts->arena;

	t->issuers = NULL;
	t->n_issuers = 0;
	for (size_t i = 0; i < s->n_known_issuers; i++)
		*VP_PUSH(arena, t->issuers, t->n_issuers) =
			vp_arena_strdup(arena, s->known_issuers[i]);
}

void vp_plan_policy(struct vp_facts *facts, const struct vp_settings *s)
{
	struct vp_policy *p = &facts->policy;
	struct vp_arena *arena = facts->arena;

	*p = (struct vp_policy){ .report_only = s->egress_report_only,
		                 .tags = p->tags };
	for (size_t i = 0; i < s->n_vnet; i++)
		*VP_PUSH(arena, p->vnet, p->n_vnet) = s->vnet[i];
	for (size_t i = 0; i < s->n_allow; i++) {
		struct vp_allow_rule *rule =
			VP_PUSH(arena, p->allow, p->n_allow);

		*rule = s->allow[i];
		rule->name = vp_arena_strdup(arena, rule->name);
		rule->process = vp_arena_strdup(arena, rule->process);
		rule->service_tag = vp_arena_strdup(arena, rule->service_tag);
		rule->reason = vp_arena_strdup(arena, rule->reason);
	}
}

/* Who knows the private endpoint's address wants the name to lead there. */
static void expect_stated_addresses(struct vp_planner *p)
{
	struct vp_facts *f = p->facts;

	for (size_t i = 0; i < f->n_targets; i++) {
		struct vp_target *t = &f->targets[i];

		if (t->n_expected == 0 || t->expect != VP_EXPECT_ANY ||
		    p->stated[i] || p->s->has_expect)
			continue;
		t->expect = VP_EXPECT_PRIVATE;
		t->why = vp_arena_strdup(f->arena,
		                         "its private endpoint's addresses are "
		                         "known");
	}
}

int vp_plan_make(struct vp_facts *facts, const struct vp_settings *s, char *why,
                 size_t size)
{
	struct vp_planner p = {
		.facts = facts,
		.s = s,
		.scenario = vp_catalogue_scenario(s->scenario),
		.why = why,
		.size = size,
	};

	if (p.scenario == NULL) {
		vp_plan_refuse(&p, "'%s' is not a scenario", s->scenario);
		return REFUSED;
	}
	vp_plan_policy(facts, s);
	vp_plan_trust(facts, s);
	facts->scenario = vp_arena_strdup(facts->arena, s->scenario);
	facts->cloud = vp_arena_strdup(facts->arena, s->cloud);
	facts->region = vp_arena_strdup(facts->arena, s->region);
	if (!add_targets(&p))
		return REFUSED;
	vp_plan_servers(facts, s);
	if (!vp_plan_endpoints(&p))
		return REFUSED;
	expect_stated_addresses(&p);
	why[0] = '\0';
	if (s->emit == NULL && !only_explains(&p) && /* else nobody is asked */
	    !(asks(s) ? vp_plan_resolvers(&p) : vp_plan_stated_resolvers(&p)))
		return REFUSED;
	if (p.notes != NULL)
		snprintf(why + strlen(why), size - strlen(why), "%s%s",
		         why[0] != '\0' ? "; " : "", p.notes);
	return 0;
}
