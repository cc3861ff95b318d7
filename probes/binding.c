/* binding.c - which names DNS answers gave to which addresses. */
#include "binding.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX (32u << 20) /* bytes of names, whatever their number */

struct pair {
	uint32_t name;
	uint32_t next; /* of the same address */
};

struct row {
	struct vp_addr addr;
	uint32_t first, last;
};

struct vp_bindings {
	struct vp_hash_key key;
	size_t max, text;
	struct vp_index by_name, by_addr;
	struct vp_hash_set known; /* pairs */
	char **names;
	struct row *rows;
	struct pair *pairs;
	size_t n_names, n_rows, n_pairs;
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
	free(b->names);
	free(b->rows);
	free(b->pairs);
	vp_index_free(&b->by_name);
	vp_index_free(&b->by_addr);
	vp_hash_set_free(&b->known);
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

static uint64_t pair_hash(const struct vp_bindings *b,
                          const struct vp_addr *addr, uint32_t name)
{
	uint8_t buf[sizeof(*addr) + sizeof(name)];

	memcpy(buf, addr, sizeof(*addr));
	memcpy(buf + sizeof(*addr), &name, sizeof(name));
	return vp_hash(&b->key, buf, sizeof(buf));
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
	rows[b->n_rows] = (struct row){ *addr, VP_INDEX_NONE, VP_INDEX_NONE };
	return (uint32_t)b->n_rows++;
}

static void append(struct vp_bindings *b, uint32_t row, uint32_t name)
{
	uint32_t pair = (uint32_t)b->n_pairs++;
	struct row *r = &b->rows[row];

	b->pairs[pair] = (struct pair){ name, VP_INDEX_NONE };
	if (r->first == VP_INDEX_NONE)
		r->first = pair;
	else
		b->pairs[r->last].next = pair;
	r->last = pair;
}

int vp_bindings_add(struct vp_bindings *b, const struct vp_addr *addr,
                    const char *name)
{
	struct pair *pairs;
	uint32_t id, row;

	if (vp_bindings_has(b, addr, name))
		return 0;
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
	if (vp_hash_set_add(&b->known, pair_hash(b, addr, id), SIZE_MAX) < 0)
		return -ENOSPC;
	append(b, row, id);
	return 0;
}

bool vp_bindings_has(const struct vp_bindings *b, const struct vp_addr *addr,
                     const char *name)
{
	uint64_t hash = vp_hash(&b->key, name, strlen(name));
	uint32_t id = name_find(b, name, hash);

	return id != VP_INDEX_NONE &&
	       vp_hash_set_has(&b->known, pair_hash(b, addr, id));
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
