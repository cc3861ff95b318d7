/* name_targets.c - which targets have a name. */
#include "name_targets.h"

#include <stdlib.h>

struct entry {
	const struct vp_name *name;
	size_t index;
};

static int by_pointer(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return x->name < y->name ? -1 : x->name > y->name;
}

/* For each target the index of its name. */
static size_t *find_names(const struct vp_facts *f)
{
	struct entry *names =
		vp_arena_alloc(f->arena, f->n_names * sizeof(*names));
	size_t *of = vp_arena_alloc(f->arena, f->n_targets * sizeof(*of));

	for (size_t i = 0; i < f->n_names; i++)
		names[i] = (struct entry){ f->names[i], i };
	qsort(names, f->n_names, sizeof(*names), by_pointer);
	for (size_t i = 0; i < f->n_targets; i++) {
		struct entry key = { .name = f->targets[i].name };
		struct entry *e = bsearch(&key, names, f->n_names,
		                          sizeof(*names), by_pointer);

		of[i] = e != NULL ? e->index : f->n_names;
	}
	return of;
}

void vp_name_targets_make(struct vp_name_targets *out, const struct vp_facts *f)
{
	size_t n = f->n_names, *of = find_names(f), *at;

	out->first = vp_arena_alloc(f->arena, (n + 2) * sizeof(*at));
	out->targets =
		vp_arena_alloc(f->arena, (f->n_targets + 1) * sizeof(*at));
	/* first[i + 1] counts, then points to where the next one goes */
	at = out->first + 1;
	for (size_t i = 0; i < f->n_targets; i++)
		if (of[i] + 1 <= n)
			at[of[i] + 1]++;
	for (size_t i = 1; i <= n; i++)
		at[i] += at[i - 1];
	for (size_t i = 0; i < f->n_targets; i++)
		if (of[i] < n)
			out->targets[at[of[i]]++] = i;
}
