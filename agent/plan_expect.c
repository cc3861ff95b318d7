/*
 * plan_expect.c - what is expected of a target, and why.
 *
 * It was stated for it, or stated for all, or follows from scenario and kind;
 * the first that applies.
 */
#include "planner.h"

#include <string.h>

/* Kinds fall into a few classes that scenarios speak about. */
static const struct {
	enum vp_kind kind;
	const char *what;
	size_t column; /* in struct vp_catalogue_scenario; 0: fixed below */
	enum vp_expect fixed;
	const char *fixed_why;
} classes[] = {
#define COLUMN(c) offsetof(struct vp_catalogue_scenario, c)
	{ VP_KIND_WORKSPACE, "a workspace", COLUMN(workspace), 0, NULL },
	{ VP_KIND_WORKSPACE_CERT, "a workspace", COLUMN(workspace), 0, NULL },
	{ VP_KIND_NOTEBOOK, "a workspace", COLUMN(workspace), 0, NULL },
	{ VP_KIND_COMPUTE_INSTANCE, "a workspace", COLUMN(workspace), 0, NULL },
	{ VP_KIND_ONLINE_ENDPOINT, "a workspace", COLUMN(workspace), 0, NULL },
	{ VP_KIND_SERVERLESS_MODEL, "a workspace", COLUMN(workspace), 0, NULL },
	{ VP_KIND_BLOB, "a storage account", COLUMN(storage), 0, NULL },
	{ VP_KIND_FILE, "a storage account", COLUMN(storage), 0, NULL },
	{ VP_KIND_QUEUE, "a storage account", COLUMN(storage), 0, NULL },
	{ VP_KIND_TABLE, "a storage account", COLUMN(storage), 0, NULL },
	{ VP_KIND_DFS, "a storage account", COLUMN(storage), 0, NULL },
	{ VP_KIND_WEB, "a storage account", COLUMN(storage), 0, NULL },
	{ VP_KIND_VAULT, "a key vault", COLUMN(vault), 0, NULL },
	{ VP_KIND_REGISTRY, "a registry", COLUMN(registry), 0, NULL },
	{ VP_KIND_REGISTRY_DATA, "a registry", COLUMN(registry), 0, NULL },
	{ VP_KIND_LOGIN, NULL, 0, VP_EXPECT_PUBLIC,
	  "sign-in has no private endpoint" },
	{ VP_KIND_ARM, NULL, 0, VP_EXPECT_ANY,
	  "Resource Manager is public unless it has a private link" },
	{ VP_KIND_MONITOR, NULL, 0, VP_EXPECT_ANY,
	  "Azure Monitor is private only with a private link scope" },
	{ VP_KIND_AKS_API, "a cluster's API server", COLUMN(other), 0, NULL },
	{ VP_KIND_AI_SERVICES, "an AI service", COLUMN(other), 0, NULL },
	{ VP_KIND_SEARCH, "a search service", COLUMN(other), 0, NULL },
	{ VP_KIND_OTHER, "a resource", COLUMN(other), 0, NULL },
#undef COLUMN
};

static const char *scenario_words(enum vp_expect e)
{
	switch (e) {
	case VP_EXPECT_PRIVATE:
		return "with a private endpoint answers at a private address";
	case VP_EXPECT_PUBLIC:
		return "without a private endpoint answers at a public address";
	case VP_EXPECT_SERVICE_ENDPOINT:
		return "behind a service endpoint keeps its public address";
	default:
		return "may answer anywhere";
	}
}

static void expect_by_scenario(const struct vp_planner *p, struct vp_target *t)
{
	struct vp_arena *arena = p->facts->arena;
	const struct vp_catalogue_scenario *sc = p->scenario;
	const char *public = vp_catalogue_public_by_design(t->name->name);
	size_t i = 0;

	if (t->kind == VP_KIND_OTHER && public != NULL) {
		t->expect = VP_EXPECT_ANY;
		t->why = vp_arena_printf(arena, "public by design: %s", public);
		return;
	}
	while (classes[i].kind != t->kind && classes[i].kind != VP_KIND_OTHER)
		i++; /* OTHER is the last row */
	if (classes[i].fixed_why != NULL) {
		t->expect = classes[i].fixed;
		t->why = vp_arena_strdup(arena, classes[i].fixed_why);
		return;
	}
	memcpy(&t->expect, (const char *)sc + classes[i].column,
	       sizeof(t->expect));
	t->why = vp_arena_printf(arena, "%s: %s %s", sc->name, classes[i].what,
	                         scenario_words(t->expect));
}

void vp_plan_expect(const struct vp_planner *p, struct vp_target *t,
                    const struct vp_draft *d)
{
	struct vp_arena *arena = p->facts->arena;

	if (d->has_expect) {
		t->expect = d->expect;
		t->why = vp_arena_printf(arena, "stated for it in %s",
		                         d->origin);
	} else if (p->s->has_expect) {
		t->expect = p->s->expect;
		t->why = vp_arena_strdup(arena, "stated for all targets");
	} else {
		expect_by_scenario(p, t);
	}
}
