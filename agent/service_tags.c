/*
 * service_tags.c - the table of prefixes, and who has an address.
 *
 * How it works stands in service_tags_table.h.
 */
#include "service_tags.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "service_tags_table.h"
#include "wording.h"

/* --- building ------------------------------------------------------------- */

static int prefix_order(const struct vp_prefix *x, const struct vp_prefix *y)
{
	int order = vp_addr_compare(&x->addr, &y->addr);

	return order != 0 ? order : (x->len > y->len) - (x->len < y->len);
}

static int pair_order(const void *a, const void *b)
{
	const struct vp_tag_pair *x = a, *y = b;
	int order = prefix_order(&x->prefix, &y->prefix);

	return order != 0 ? order : (x->tag > y->tag) - (x->tag < y->tag);
}

/* The nearest prefix around the newest one: the one before it, or one of those
 * around that. */
static uint32_t around(const struct vp_service_tags *t, size_t newest)
{
	const struct vp_prefix *p = &t->prefixes[newest].prefix;
	uint32_t i = newest > 0 ? (uint32_t)newest - 1 : VP_TAGS_NONE;

	while (i != VP_TAGS_NONE &&
	       !vp_prefix_contains(&t->prefixes[i].prefix, &p->addr))
		i = t->prefixes[i].around;
	return i;
}

static void add_pair(struct vp_service_tags *t, const struct vp_tag_pair *pair)
{
	struct vp_tag_prefix *last =
		t->n_prefixes > 0 ? &t->prefixes[t->n_prefixes - 1] : NULL;

	if (last == NULL || prefix_order(&last->prefix, &pair->prefix) != 0) {
		last = &t->prefixes[t->n_prefixes];
		last->prefix = pair->prefix;
		last->first = (uint32_t)t->n_owners;
		last->around = around(t, t->n_prefixes);
		t->n_prefixes++;
	} else if (t->owners[t->n_owners - 1] == pair->tag) {
		return; /* listed twice in one tag */
	}
	t->owners[t->n_owners++] = pair->tag;
}

int vp_tags_build(struct vp_service_tags *t, struct vp_tag_pair *pairs,
                  size_t n)
{
	size_t distinct = 1;

	qsort(pairs, n, sizeof(*pairs), pair_order);
	for (size_t i = 0; i < n; i++)
		distinct += i == 0 || prefix_order(&pairs[i - 1].prefix,
		                                   &pairs[i].prefix) != 0;
	t->prefixes = calloc(distinct, sizeof(*t->prefixes));
	t->owners = calloc(n + 1, sizeof(*t->owners));
	if (t->prefixes == NULL || t->owners == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		add_pair(t, &pairs[i]);
	t->prefixes[t->n_prefixes].first = (uint32_t)t->n_owners;
	return 0;
}

void vp_service_tags_destroy(struct vp_service_tags *t)
{
	if (t == NULL)
		return;
	vp_arena_destroy(t->arena);
	free(t->prefixes);
	free(t->owners);
	free(t);
}

/* --- searching ------------------------------------------------------------ */

/* The last prefix that begins at or before the address, or VP_TAGS_NONE. */
static uint32_t start(const struct vp_service_tags *t, const struct vp_addr *a)
{
	size_t low = 0, high = t->n_prefixes;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (vp_addr_compare(&t->prefixes[mid].prefix.addr, a) <= 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low > 0 ? (uint32_t)low - 1 : VP_TAGS_NONE;
}

/*
 * An address of the official file has 8 tags at most. A file made to have more
 * loses the least specific of them, which can only explain less.
 */
#define FOUND_MAX 64

struct found {
	const struct vp_tag *tag;
	const struct vp_prefix *prefix;
};

/* From the longest prefix to the shortest: the first one of a tag counts. */
static size_t add_found(struct found *found, size_t n,
                        const struct vp_service_tags *t, uint32_t at)
{
	const struct vp_tag_prefix *p = &t->prefixes[at];

	for (uint32_t i = p[0].first; i < p[1].first && n < FOUND_MAX; i++) {
		const struct vp_tag *tag = &t->tags[t->owners[i]];
		bool known = false;

		for (size_t k = 0; k < n && !known; k++)
			known = found[k].tag == tag;
		if (!known)
			found[n++] = (struct found){ tag, &p->prefix };
	}
	return n;
}

static int found_order(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	if (x->tag->rank != y->tag->rank)
		return x->tag->rank < y->tag->rank ? -1 : 1;
	if (x->prefix->len != y->prefix->len)
		return x->prefix->len > y->prefix->len ? -1 : 1;
	return strcmp(x->tag->name, y->tag->name);
}

struct vp_flow_tag *vp_service_tags_find(const struct vp_service_tags *t,
                                         struct vp_arena *arena,
                                         const struct vp_addr *a, size_t *n)
{
	struct found found[FOUND_MAX];
	struct vp_flow_tag *tags;
	size_t n_found = 0;

	for (uint32_t i = start(t, a); i != VP_TAGS_NONE;
	     i = t->prefixes[i].around) {
		if (vp_prefix_contains(&t->prefixes[i].prefix, a))
			n_found = add_found(found, n_found, t, i);
	}
	*n = n_found;
	if (n_found == 0)
		return NULL;
	qsort(found, n_found, sizeof(*found), found_order);
	tags = vp_arena_alloc(arena, n_found * sizeof(*tags));
	for (size_t i = 0; i < n_found; i++) {
		tags[i].name = vp_arena_intern(arena, found[i].tag->name);
		tags[i].prefix = *found[i].prefix;
	}
	return tags;
}

bool vp_service_tags_has(const struct vp_service_tags *t, const char *name)
{
	for (size_t i = 0; i < t->n_tags; i++) {
		if (strcasecmp(t->tags[i].name, name) == 0)
			return true;
	}
	return false;
}

const char *vp_service_tags_nearest(const struct vp_service_tags *t,
                                    const char *name)
{
	const char **words = calloc(t->n_tags + 1, sizeof(*words)), *near;

	if (words == NULL)
		return NULL;
	for (size_t i = 0; i < t->n_tags; i++)
		words[i] = t->tags[i].name;
	near = vp_nearest(name, words, t->n_tags);
	free(words);
	return near;
}

void vp_service_tags_describe(const struct vp_service_tags *t,
                              struct vp_arena *arena, struct vp_tags_facts *out)
{
	*out = (struct vp_tags_facts){
		.file = vp_arena_strdup(arena, t->file),
		.cloud = vp_arena_strdup(arena, t->cloud),
		.change_number = t->change_number,
		.dated_us = t->dated_us,
		.n_tags = t->n_tags,
		.n_prefixes = t->n_owners,
	};
}
