/*
 * diff.c - see diff.h: the list of changes, pairs by key, and the order in
 * which everything is compared.
 */
#include "diff.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "diff_draft.h"
#include "report_private.h"

#define X(id, name, title) name,
static const char *const section_names[] = { VP_DIFF_SECTIONS(X) };
#undef X
#define X(id, name, title) title,
static const char *const section_titles[] = { VP_DIFF_SECTIONS(X) };
#undef X
#define X(id, name) name,
static const char *const kind_names[] = { VP_DIFF_KINDS(X) };
static const char *const weight_names[] = { VP_DIFF_WEIGHTS(X) };
#undef X

const char *vp_diff_section_name(enum vp_diff_section s)
{
	return section_names[s];
}

const char *vp_diff_section_title(enum vp_diff_section s)
{
	return section_titles[s];
}

const char *vp_diff_kind_name(enum vp_diff_kind k)
{
	return kind_names[k];
}

const char *vp_diff_weight_name(enum vp_diff_weight w)
{
	return weight_names[w];
}

/* --- changes ----------------------------------------------------------- */

struct vp_diff_change *diff_put(struct diff *d, const struct diff_about *about,
                                enum vp_diff_kind kind, const char *what,
                                const char *a, const char *b)
{
	struct vp_diff *out = d->out;
	struct vp_diff_change *c =
		VP_PUSH(d->arena, out->changes, out->n_changes);

	*c = (struct vp_diff_change){
		.section = about->section,
		.kind = kind,
		.weight = about->weight,
		.subject = about->subject,
		.where = about->where,
		.what = what,
		.a = a,
		.b = b,
		.order = out->n_changes,
	};
	return c;
}

struct vp_diff_change *diff_texts(struct diff *d,
                                  const struct diff_about *about,
                                  const char *what, const char *a,
                                  const char *b)
{
	struct vp_diff_change *c;

	if (a != NULL && b != NULL)
		return strcmp(a, b) == 0
		               ? NULL
		               : diff_put(d, about, VP_DIFF_KIND_CHANGED, what,
		                          a, b);
	if (a == b)
		return NULL;
	c = diff_put(d, about, VP_DIFF_KIND_NOT_KNOWN, what, a, b);
	c->weight = VP_DIFF_WEIGHT_NOISE;
	return c;
}

void diff_numbers(struct diff *d, const struct diff_about *about,
                  const char *what, uint64_t a, uint64_t b)
{
	if (a != b)
		diff_texts(d, about, what,
		           diff_text(d, "%llu", (unsigned long long)a),
		           diff_text(d, "%llu", (unsigned long long)b));
}

void diff_flags(struct diff *d, const struct diff_about *about,
                const char *what, bool a, bool b)
{
	diff_texts(d, about, what, a ? "yes" : "no", b ? "yes" : "no");
}

const char *diff_text(struct diff *d, const char *fmt, ...)
{
	va_list ap;
	char *out;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		return "?";
	out = vp_arena_alloc(d->arena, (size_t)n + 1);
	va_start(ap, fmt);
	vsnprintf(out, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return out;
}

const char *diff_address(struct diff *d, const struct vp_addr *a)
{
	char buf[VP_ADDR_TEXT];

	return a->family == 0
	               ? "none"
	               : vp_arena_strdup(d->arena, vp_addr_format(a, buf));
}

const char *diff_moment(struct diff *d, int64_t us)
{
	char buf[REPORT_TIME_TEXT];

	return us > 0 ? vp_arena_strdup(d->arena, report_time(buf, us)) : NULL;
}

/* --- lists and pairs --------------------------------------------------- */

void diff_add(struct diff *d, struct diff_list *l, const char *key,
              const void *value)
{
	struct diff_item *i = VP_PUSH(d->arena, l->items, l->n);

	i->key = key;
	i->value = value;
	i->index = l->n;
}

static int by_key(const void *a, const void *b)
{
	const struct diff_item *x = a, *y = b;
	int order = strcmp(x->key, y->key);

	if (order != 0)
		return order;
	return x->index < y->index ? -1 : x->index > y->index;
}

static void sort(struct diff_list *l)
{
	if (l->n > 1)
		qsort(l->items, l->n, sizeof(*l->items), by_key);
}

/* How many items from the first one on have this key. */
static size_t run_length(const struct diff_list *l, size_t from,
                         const char *key)
{
	size_t n = 0;

	while (from + n < l->n && strcmp(l->items[from + n].key, key) == 0)
		n++;
	return n;
}

void diff_walk(struct diff *d, struct diff_list list[2], diff_group_fn *fn,
               void *arg)
{
	size_t at[2] = { 0, 0 };

	sort(&list[A]);
	sort(&list[B]);
	while (at[A] < list[A].n || at[B] < list[B].n) {
		struct diff_group g = { 0 };

		for (unsigned s = A; s <= B; s++) {
			const char *key = at[s] < list[s].n
			                          ? list[s].items[at[s]].key
			                          : NULL;

			if (key != NULL &&
			    (g.key == NULL || strcmp(key, g.key) < 0))
				g.key = key;
		}
		for (unsigned s = A; s <= B; s++) {
			g.n[s] = run_length(&list[s], at[s], g.key);
			if (g.n[s] > 0)
				g.items[s] = &list[s].items[at[s]];
			at[s] += g.n[s];
		}
		fn(d, &g, arg);
	}
}

const char *diff_join(struct diff *d, struct diff_list *l,
                      const char *separator)
{
	size_t size = 1, used = 0;
	const char *last = NULL;
	char *out;

	if (l->n == 0)
		return NULL;
	sort(l);
	for (size_t i = 0; i < l->n; i++)
		size += strlen(l->items[i].key) + strlen(separator);
	out = vp_arena_alloc(d->arena, size);
	for (size_t i = 0; i < l->n; i++) {
		const char *key = l->items[i].key;

		if (last != NULL && strcmp(last, key) == 0)
			continue;
		used += (size_t)sprintf(out + used, "%s%s",
		                        last != NULL ? separator : "", key);
		last = key;
	}
	return out;
}

const char *diff_join_texts(struct diff *d, char *const *list, size_t n)
{
	struct diff_list l = { 0 };

	for (size_t i = 0; i < n; i++) {
		if (list[i] != NULL)
			diff_add(d, &l, list[i], NULL);
	}
	return l.n > 0 ? diff_join(d, &l, ", ") : "none";
}

const char *diff_join_addresses(struct diff *d, const struct vp_addr *list,
                                size_t n)
{
	struct diff_list l = { 0 };

	for (size_t i = 0; i < n; i++)
		diff_add(d, &l, diff_address(d, &list[i]), NULL);
	return n > 0 ? diff_join(d, &l, ", ") : "none";
}

/* --- all of it --------------------------------------------------------- */

static int by_place(const void *a, const void *b)
{
	const struct vp_diff_change *x = a, *y = b;

	if (x->section != y->section)
		return x->section < y->section ? -1 : 1;
	if (x->weight != y->weight)
		return x->weight < y->weight ? -1 : 1;
	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

static void count(struct vp_diff *out)
{
	for (size_t i = 0; i < out->n_changes; i++) {
		switch (out->changes[i].weight) {
		case VP_DIFF_WEIGHT_MATTERS:
			out->matter++;
			break;
		case VP_DIFF_WEIGHT_CONTEXT:
			out->context++;
			break;
		case VP_DIFF_WEIGHT_NOISE:
			out->noise++;
			break;
		}
	}
}

void vp_diff_make(struct vp_diff *out, const struct vp_diff_side *a,
                  const struct vp_diff_side *b, struct vp_arena *arena)
{
	struct diff d = {
		.out = out,
		.arena = arena,
		.facts = { a->facts, b->facts },
		.j = { a->j, b->j },
	};

	*out = (struct vp_diff){ .arena = arena, .side = { *a, *b } };
	/* One name that is not known tells nothing: compared as one machine,
	 * nothing is hidden. */
	d.two_machines = a->facts->hostname != NULL &&
	                 b->facts->hostname != NULL &&
	                 strcmp(a->facts->hostname, b->facts->hostname) != 0;
	out->two_machines = d.two_machines;
	for (unsigned s = A; s <= B; s++) {
		diff_find_sight(&d, s);
		diff_find_roles(&d, s);
	}
	diff_pair_resolvers(&d);
	diff_run(&d);
	diff_findings(&d);
	diff_names(&d);
	diff_resolvers(&d);
	diff_targets(&d);
	diff_flows(&d);
	diff_policy(&d);
	diff_found(&d);
	diff_machines(&d);
	if (out->n_changes > 1)
		qsort(out->changes, out->n_changes, sizeof(*out->changes),
		      by_place);
	count(out);
}

int vp_diff_exit_status(const struct vp_diff *d)
{
	return d->matter > 0 ? 1 : 0;
}
