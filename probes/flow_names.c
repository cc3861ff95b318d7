/*
 * flow_names.c - the names of flows' remote ends, as far as they are told.
 *
 * An address may have as many names as there is room for, and as many flows: so
 * lists are shared by flows that begin while the same answers hold, and which
 * names are those of targets is looked for once.
 */
#include "flow_table.h"

#include <stdlib.h>
#include <string.h>

#define MOST_NAMES 32 /* of one address; a shared front end has thousands */

/* The names of an address, shared by its flows that begin in that time. */
struct name_list {
	struct vp_flow_name *names;
	size_t n, left_out;
	int64_t from_us, until_us;
};

/* All names of an address. */
struct name_row {
	uint32_t *targets; /* pairs */
	size_t n_targets, n;
	struct name_list list; /* the last one that was made */
};

struct vp_flow_names {
	struct vp_arena *arena;
	const struct vp_bindings *bindings, *own;
	const char **targets; /* names of, sorted */
	size_t n_targets;
	struct name_row *rows; /* by the first pair of an address's row */
	char **texts;          /* of pairs; NULL: not needed yet */
};

static int name_compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

struct vp_flow_names *vp_flow_names_create(const struct vp_flows *t,
                                           const struct vp_facts *facts)
{
	struct vp_arena *arena = facts->arena;
	struct vp_flow_names *w = vp_arena_alloc(arena, sizeof(*w));
	size_t pairs = vp_bindings_count(t->bindings);

	w->arena = arena;
	w->bindings = t->bindings;
	w->own = t->own_bindings;
	w->rows = vp_arena_alloc(arena, pairs * sizeof(*w->rows));
	w->texts = vp_arena_alloc(arena, pairs * sizeof(*w->texts));
	for (size_t i = 0; i < facts->n_names; i++)
		*VP_PUSH(arena, w->targets, w->n_targets) =
			facts->names[i]->name;
	if (w->n_targets > 0)
		qsort(w->targets, w->n_targets, sizeof(*w->targets),
		      name_compare);
	return w;
}

bool vp_flow_names_target(const struct vp_flow_names *w, const char *name)
{
	return w->n_targets > 0 && bsearch(&name, w->targets, w->n_targets,
	                                   sizeof(name), name_compare) != NULL;
}

static char *name_text(struct vp_flow_names *w, uint32_t pair)
{
	if (w->texts[pair] == NULL)
		w->texts[pair] = vp_arena_strdup(
			w->arena, vp_bindings_name(w->bindings, pair));
	return w->texts[pair];
}

/* No answer of a resolver of this machine makes it current. */
static bool is_foreign(struct vp_flow_names *w, const struct vp_flow *flow,
                       uint32_t pair, int64_t *until_us)
{
	struct vp_binding at;
	uint32_t own;

	if (w->own == NULL)
		return false;
	own = vp_bindings_find(w->own, &flow->remote.addr,
	                       vp_bindings_name(w->bindings, pair));
	if (own == VP_INDEX_NONE)
		return true;
	vp_bindings_at(w->own, own, flow->first_us, &at);
	if (at.until_us < *until_us)
		*until_us = at.until_us;
	return !at.current || (flow->flows > 1 && at.until_us <= flow->last_us);
}

/*
 * As a flow sees that pair. Rows that were put together began at different
 * times: for all of them it is current if it still was when the last packet
 * came. What a receiver took a hello for is unknown if copies of it differ:
 * then no name can explain the flow.
 */
static struct vp_flow_name name_of(struct vp_flow_names *w,
                                   const struct vp_flow *flow, bool doubtful,
                                   uint32_t pair, int64_t *until_us)
{
	const struct vp_bindings *b = w->bindings;
	struct vp_binding at;

	vp_bindings_at(b, pair, flow->first_us, &at);
	if (flow->flows > 1 && at.until_us <= flow->last_us)
		at.current = false;
	if (at.until_us < *until_us)
		*until_us = at.until_us;
	return (struct vp_flow_name){
		.name = name_text(w, pair),
		.bound = true,
		.current = at.current && !doubtful,
		.foreign = at.current && !doubtful &&
		           is_foreign(w, flow, pair, until_us),
		.answered_us = at.answered_us,
		.ttl = at.ttl,
	};
}

/* An address may have as many names as there is room for, and as many flows:
 * which of them are of targets is looked for once. */
static struct name_row *row_of(struct vp_flow_names *w, uint32_t first)
{
	const struct vp_bindings *b = w->bindings;
	struct name_row *row = &w->rows[first];

	if (row->n > 0)
		return row;
	for (uint32_t i = first; i != VP_INDEX_NONE;
	     i = vp_bindings_next(b, i)) {
		row->n++;
		if (vp_flow_names_target(w, vp_bindings_name(b, i)))
			*VP_PUSH(w->arena, row->targets, row->n_targets) = i;
	}
	return row;
}

static void list_add(struct vp_flow_names *w, struct name_list *list,
                     const struct vp_flow *flow, bool doubtful, uint32_t pair)
{
	*VP_PUSH(w->arena, list->names, list->n) =
		name_of(w, flow, doubtful, pair, &list->until_us);
}

/* Those of targets first. */
static void list_make(struct vp_flow_names *w, struct name_list *list,
                      const struct vp_flow *flow, bool doubtful, uint32_t first)
{
	const struct vp_bindings *b = w->bindings;
	const struct name_row *row = row_of(w, first);

	*list = (struct name_list){ .from_us = flow->first_us,
		                    .until_us = INT64_MAX };
	for (size_t i = 0; i < row->n_targets && list->n < MOST_NAMES; i++)
		list_add(w, list, flow, doubtful, row->targets[i]);
	for (uint32_t i = first; i != VP_INDEX_NONE && list->n < MOST_NAMES;
	     i = vp_bindings_next(b, i))
		if (!vp_flow_names_target(w, vp_bindings_name(b, i)))
			list_add(w, list, flow, doubtful, i);
	list->left_out = row->n - list->n;
}

static bool list_fits(const struct name_list *list, const struct vp_flow *flow)
{
	return list->n > 0 && list->from_us <= flow->first_us &&
	       flow->first_us < list->until_us;
}

void vp_flow_names_write(struct vp_flow_names *w, struct vp_flow *out,
                         bool doubtful)
{
	const struct vp_bindings *b = w->bindings;
	uint32_t first = vp_bindings_first(b, &out->remote.addr);
	struct name_list own, *list = &own;
	int64_t until = INT64_MAX;

	if (first == VP_INDEX_NONE)
		return;
	if (out->sni_bound) {
		*VP_PUSH(w->arena, out->names, out->n_names) = name_of(
			w, out, false,
			vp_bindings_find(b, &out->remote.addr, out->sni),
			&until);
		return;
	}
	if (doubtful || out->flows > 1)
		list_make(w, list, out, doubtful, first);
	else if (!list_fits(list = &w->rows[first].list, out))
		list_make(w, list, out, false, first);
	out->names = list->names;
	out->n_names = list->n;
	out->names_left_out = list->left_out;
}
