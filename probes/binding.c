/* binding.c - which names DNS answers gave to which addresses, and when. */
#include "binding.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vnetprobe/facts.h"

#define TEXT_MAX (32u << 20) /* bytes of names, whatever their number */
#define OLD_A_PAIR 4         /* times the most pairs: answers between */

struct answer {
	int64_t at_us;
	uint32_t ttl;
};

struct pair {
	uint32_t row, name;
	uint32_t next; /* of the same address */
	uint32_t n_old;
	struct answer first, last;
	struct answer *old; /* between them, in order of time */
};

struct row {
	struct vp_addr addr;
	uint32_t first, last;
	int64_t flow_us; /* when the last flow began; INT64_MIN: none did */
};

struct vp_bindings {
	struct vp_hash_key key;
	size_t max, text;
	struct vp_index by_name, by_addr, by_pair;
	char **names;
	struct row *rows;
	struct pair *pairs;
	size_t n_names, n_rows, n_pairs, n_old;
};

struct vp_bindings *vp_bindings_create(size_t max,
                                       const struct vp_hash_key *key)
{
	struct vp_bindings *b = calloc(1, sizeof(*b));

	if (b == NULL)
		return NULL;
	b->key = *key;
	b->max = max;
	return b;
}

void vp_bindings_destroy(struct vp_bindings *b)
{
	if (b == NULL)
		return;
	for (size_t i = 0; i < b->n_names; i++)
		free(b->names[i]);
	for (size_t i = 0; i < b->n_pairs; i++)
		free(b->pairs[i].old);
	free(b->names);
	free(b->rows);
	free(b->pairs);
	vp_index_free(&b->by_name);
	vp_index_free(&b->by_addr);
	vp_index_free(&b->by_pair);
	free(b);
}

/* Makes room for one more when n is a power of two, or 0. */
static void *grow(void *array, size_t n, size_t size)
{
	if (n != 0 && (n & (n - 1)) != 0)
		return array;
	return reallocarray(array, n == 0 ? 1 : n * 2, size);
}

static uint64_t addr_hash(const struct vp_bindings *b, const struct vp_addr *a)
{
	return vp_hash(&b->key, a, sizeof(*a));
}

static uint64_t pair_hash(const struct vp_bindings *b, uint32_t row,
                          uint32_t name)
{
	const uint32_t ids[] = { row, name };

	return vp_hash(&b->key, ids, sizeof(ids));
}

static uint32_t name_find(const struct vp_bindings *b, const char *name,
                          uint64_t hash)
{
	struct vp_index_cursor c = { 0 };
	uint32_t i;

	while ((i = vp_index_next(&b->by_name, hash, &c)) != VP_INDEX_NONE)
		if (strcmp(b->names[i], name) == 0)
			break;
	return i;
}

static uint32_t name_intern(struct vp_bindings *b, const char *name)
{
	size_t len = strlen(name);
	uint64_t hash = vp_hash(&b->key, name, len);
	uint32_t i = name_find(b, name, hash);
	char **names, *copy;

	if (i != VP_INDEX_NONE)
		return i;
	if (len + 1 > TEXT_MAX - b->text)
		return VP_INDEX_NONE;
	names = grow(b->names, b->n_names, sizeof(*names));
	if (names == NULL)
		return VP_INDEX_NONE;
	b->names = names;
	copy = strdup(name);
	if (copy == NULL ||
	    !vp_index_put(&b->by_name, hash, (uint32_t)b->n_names)) {
		free(copy);
		return VP_INDEX_NONE;
	}
	b->text += len + 1;
	b->names[b->n_names] = copy;
	return (uint32_t)b->n_names++;
}

static uint32_t row_find(const struct vp_bindings *b,
                         const struct vp_addr *addr)
{
	uint64_t hash = addr_hash(b, addr);
	struct vp_index_cursor c = { 0 };
	uint32_t i;

	while ((i = vp_index_next(&b->by_addr, hash, &c)) != VP_INDEX_NONE)
		if (vp_addr_equal(&b->rows[i].addr, addr))
			break;
	return i;
}

static uint32_t row_intern(struct vp_bindings *b, const struct vp_addr *addr)
{
	uint32_t i = row_find(b, addr);
	struct row *rows;

	if (i != VP_INDEX_NONE)
		return i;
	rows = grow(b->rows, b->n_rows, sizeof(*rows));
	if (rows == NULL)
		return VP_INDEX_NONE;
	b->rows = rows;
	if (!vp_index_put(&b->by_addr, addr_hash(b, addr), (uint32_t)b->n_rows))
		return VP_INDEX_NONE;
	rows[b->n_rows] =
		(struct row){ *addr, VP_INDEX_NONE, VP_INDEX_NONE, INT64_MIN };
	return (uint32_t)b->n_rows++;
}

/* --- the answers of a pair ------------------------------------------------ */

/* The last one would be lost: a flow that began since may ask for it. */
static bool keep_last(struct vp_bindings *b, struct pair *p)
{
	struct answer *old;

	if (p->last.at_us == p->first.at_us ||
	    b->rows[p->row].flow_us < p->last.at_us)
		return true;
	if (b->n_old >= b->max * OLD_A_PAIR)
		return false;
	old = grow(p->old, p->n_old, sizeof(*old));
	if (old == NULL)
		return false;
	p->old = old;
	old[p->n_old++] = p->last;
	b->n_old++;
	return true;
}

/* Captures of several interfaces are not quite in order of time. One that is
 * late only counts if nothing is lost by it. */
static int renew(struct vp_bindings *b, struct pair *p, const struct answer *a)
{
	bool kept;

	if (a->at_us <= p->first.at_us) {
		if (a->at_us < p->first.at_us || a->ttl < p->first.ttl)
			p->first = *a;
		if (a->at_us == p->last.at_us)
			p->last = p->first;
		return 0;
	}
	if (a->at_us <= p->last.at_us) {
		if (a->at_us == p->last.at_us && a->ttl < p->last.ttl)
			p->last = *a;
		return 0;
	}
	kept = keep_last(b, p);
	p->last = *a;
	return kept ? 0 : -ENOSPC;
}

/* The last answer up to then; NULL: there was none yet. *next is when the one
 * after it came. */
static const struct answer *answer_at(const struct pair *p, int64_t us,
                                      int64_t *next)
{
	uint32_t from = 0, to = p->n_old;

	*next = INT64_MAX;
	if (p->last.at_us <= us)
		return &p->last;
	while (from < to) {
		uint32_t mid = from + (to - from) / 2;

		if (p->old[mid].at_us <= us)
			from = mid + 1;
		else
			to = mid;
	}
	*next = from < p->n_old ? p->old[from].at_us : p->last.at_us;
	if (from > 0)
		return &p->old[from - 1];
	if (p->first.at_us <= us)
		return &p->first;
	*next = p->first.at_us;
	return NULL;
}

void vp_bindings_at(const struct vp_bindings *b, uint32_t pair,
                    int64_t began_us, struct vp_binding *out)
{
	const struct pair *p = &b->pairs[pair];
	int64_t next, end;
	const struct answer *a = answer_at(p, began_us, &next);

	memset(out, 0, sizeof(*out));
	out->until_us = next;
	if (a == NULL) {
		out->answered_us = p->first.at_us;
		out->ttl = p->first.ttl;
		return;
	}
	out->answered_us = a->at_us;
	out->ttl = a->ttl;
	end = a->at_us + ((int64_t)a->ttl + VP_BINDING_GRACE_S) * 1000000 + 1;
	out->current = began_us < end;
	if (out->current && end < next)
		out->until_us = end;
}

/* --- pairs ---------------------------------------------------------------- */

static uint32_t pair_find(const struct vp_bindings *b, uint32_t row,
                          uint32_t name)
{
	uint64_t hash = pair_hash(b, row, name);
	struct vp_index_cursor c = { 0 };
	uint32_t i;

	while ((i = vp_index_next(&b->by_pair, hash, &c)) != VP_INDEX_NONE)
		if (b->pairs[i].row == row && b->pairs[i].name == name)
			break;
	return i;
}

uint32_t vp_bindings_find(const struct vp_bindings *b,
                          const struct vp_addr *addr, const char *name)
{
	uint32_t row = row_find(b, addr), id;

	if (row == VP_INDEX_NONE)
		return VP_INDEX_NONE;
	id = name_find(b, name, vp_hash(&b->key, name, strlen(name)));
	return id == VP_INDEX_NONE ? id : pair_find(b, row, id);
}

static void append(struct vp_bindings *b, uint32_t row, uint32_t name,
                   const struct answer *a)
{
	uint32_t pair = (uint32_t)b->n_pairs++;
	struct row *r = &b->rows[row];

	b->pairs[pair] = (struct pair){ .row = row,
		                        .name = name,
		                        .next = VP_INDEX_NONE,
		                        .first = *a,
		                        .last = *a };
	if (r->first == VP_INDEX_NONE)
		r->first = pair;
	else
		b->pairs[r->last].next = pair;
	r->last = pair;
}

int vp_bindings_add(struct vp_bindings *b, const struct vp_addr *addr,
                    const char *name, int64_t answered_us, uint32_t ttl)
{
	const struct answer a = { answered_us, ttl };
	uint32_t pair = vp_bindings_find(b, addr, name), id, row;
	struct pair *pairs;

	if (pair != VP_INDEX_NONE)
		return renew(b, &b->pairs[pair], &a);
	if (b->n_pairs >= b->max)
		return -ENOSPC;
	pairs = grow(b->pairs, b->n_pairs, sizeof(*pairs));
	if (pairs == NULL)
		return -ENOSPC;
	b->pairs = pairs;
	id = name_intern(b, name);
	row = row_intern(b, addr);
	if (id == VP_INDEX_NONE || row == VP_INDEX_NONE)
		return -ENOSPC;
	if (!vp_index_put(&b->by_pair, pair_hash(b, row, id),
	                  (uint32_t)b->n_pairs))
		return -ENOSPC;
	append(b, row, id, &a);
	return 0;
}

void vp_bindings_flow(struct vp_bindings *b, const struct vp_addr *addr,
                      int64_t began_us)
{
	uint32_t row = row_find(b, addr);

	if (row != VP_INDEX_NONE && b->rows[row].flow_us < began_us)
		b->rows[row].flow_us = began_us;
}

uint32_t vp_bindings_first(const struct vp_bindings *b,
                           const struct vp_addr *addr)
{
	uint32_t row = row_find(b, addr);

	return row == VP_INDEX_NONE ? VP_INDEX_NONE : b->rows[row].first;
}

uint32_t vp_bindings_next(const struct vp_bindings *b, uint32_t pair)
{
	return b->pairs[pair].next;
}

const char *vp_bindings_name(const struct vp_bindings *b, uint32_t pair)
{
	return b->names[b->pairs[pair].name];
}

size_t vp_bindings_count(const struct vp_bindings *b)
{
	return b->n_pairs;
}
