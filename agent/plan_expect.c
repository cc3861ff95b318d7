/*
 * plan_expect.c - what is expected of a target, and why.
 *
 * It was stated for it, or stated for all, or follows from scenario and kind;
 * the first that applies.
 */
#include "planner.h"

#include "scenario_print.h"

static void expect_by_scenario(const struct vp_planner *p, struct vp_target *t)
{
	struct vp_arena *arena = p->facts->arena;
	const char *public = vp_catalogue_public_by_design(t->name->name);
	enum vp_class class = vp_catalogue_class(t->kind);
	const struct vp_catalogue_expectation *row;

	if (t->kind == VP_KIND_OTHER && public != NULL) {
		t->expect = VP_EXPECT_ANY;
		t->why = vp_arena_printf(arena, "public by design: %s", public);
		return;
	}
	row = vp_catalogue_expects(p->scenario, class);
	t->expect = row->expect;
	if (row->why != NULL)
		t->why = vp_arena_printf(arena, "%s (%s)", row->why,
		                         row->source);
	else
		t->why = vp_arena_printf(
			arena, "%s: %s %s (%s)", p->scenario->name,
			vp_catalogue_class_one(class),
			vp_scenario_words(row->expect), row->source);
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
