/*
 * judge_index.c - the names of the facts, and the target each stands for.
 */
#include "judge_draft.h"

#include <stdlib.h>

static int by_pointer(const void *a, const void *b, void *arg)
{
	struct vp_name *const *names = arg;
	const struct vp_name *x = names[*(const size_t *)a];
	const struct vp_name *y = names[*(const size_t *)b];

	return x < y ? -1 : x > y;
}

size_t judge_name_index(const struct judge *j, const struct vp_name *name)
{
	size_t low = 0, high = j->facts->n_names;

	while (low + 1 < high) {
		size_t mid = low + (high - low) / 2;

		if (j->facts->names[j->by_pointer[mid]] <= name)
			low = mid;
		else
			high = mid;
	}
	return j->by_pointer[low];
}

static int strictness(enum vp_expect e)
{
	static const int rank[VP_EXPECT_COUNT] = {
		[VP_EXPECT_PRIVATE] = 3,
		[VP_EXPECT_SERVICE_ENDPOINT] = 2,
		[VP_EXPECT_PUBLIC] = 1,
		[VP_EXPECT_ANY] = 0,
	};

	return rank[e];
}

/* Does this target say more of its name than the one that stands for it? Of
 * two that are as strict, the one that knows which address is meant. */
static bool says_more(const struct vp_target *t, const struct judge_name *n)
{
	if (n->target == NULL)
		return true;
	if (t->expect != n->expect)
		return strictness(t->expect) > strictness(n->expect);
	return t->n_expected > 0 && (n->target->n_expected == 0 ||
	                             t->n_expected < n->target->n_expected);
}

void judge_prepare(struct judge *j)
{
	const struct vp_facts *f = j->facts;
	struct judge_name *n;

	j->names = vp_arena_alloc(j->arena, f->n_names * sizeof(*j->names));
	j->by_pointer = vp_arena_alloc(j->arena, f->n_names * sizeof(size_t));
	for (size_t i = 0; i < f->n_names; i++)
		j->by_pointer[i] = i;
	if (f->n_names > 0)
		qsort_r(j->by_pointer, f->n_names, sizeof(size_t), by_pointer,
		        f->names);
	j->targets =
		vp_arena_alloc(j->arena, f->n_targets * sizeof(*j->targets));
	j->resolver_wrong = vp_arena_alloc(
		j->arena, f->n_resolvers * sizeof(*j->resolver_wrong));
	for (size_t i = 0; i < f->n_targets; i++) {
		const struct vp_target *t = &f->targets[i];

		n = &j->names[judge_name_index(j, t->name)];
		if (says_more(t, n)) {
			n->target = t;
			n->expect = t->expect;
		}
	}
}
