/* arena.c - memory given back in one go: blocks of growing size, bumped. */
#include "vnetprobe/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"

#define FIRST_BLOCK ((size_t)4096)
#define LARGEST_BLOCK ((size_t)256 * 1024)

struct block {
	struct block *next;
	size_t used, size;
	max_align_t data[];
};

struct vp_arena {
	struct block *head;
	size_t next_size;
	/* Texts that are shared; the index leads from a text's hash to its
	 * place among them. Most arenas have none. */
	struct vp_hash_key key;
	struct vp_index by_text;
	char **texts;
	size_t n_texts;
};

static _Noreturn void out_of_memory(void)
{
	fputs("vnetprobe: out of memory\n", stderr);
	_Exit(3); /* inconclusive: nothing was found out */
}

struct vp_arena *vp_arena_create(void)
{
	struct vp_arena *a = calloc(1, sizeof(*a));

	if (a == NULL)
		out_of_memory();
	a->next_size = FIRST_BLOCK;
	return a;
}

void vp_arena_destroy(struct vp_arena *a)
{
	if (a == NULL)
		return;
	while (a->head != NULL) {
		struct block *b = a->head;

		a->head = b->next;
		free(b);
	}
	vp_index_free(&a->by_text);
	free(a);
}

static struct block *add_block(struct vp_arena *a, size_t need)
{
	size_t size = a->next_size;
	struct block *b;

	if (size < need)
		size = need;
	else if (a->next_size < LARGEST_BLOCK)
		a->next_size *= 2;
	b = calloc(1, sizeof(*b) + size);
	if (b == NULL)
		out_of_memory();
	b->size = size;
	/* A block made for one large piece goes behind the current one, whose
	 * free room stays in use. */
	if (a->head != NULL && size == need) {
		b->next = a->head->next;
		a->head->next = b;
	} else {
		b->next = a->head;
		a->head = b;
	}
	return b;
}

void *vp_arena_alloc(struct vp_arena *a, size_t size)
{
	const size_t align = _Alignof(max_align_t);
	struct block *b = a->head;
	void *p;

	if (size > SIZE_MAX / 2)
		out_of_memory();
	size = (size + align - 1) / align * align;
	if (size == 0)
		size = align;
	if (b == NULL || b->size - b->used < size)
		b = add_block(a, size);
	p = (char *)b->data + b->used;
	b->used += size;
	return p; /* zero: blocks come from calloc() and are used once */
}

char *vp_arena_strndup(struct vp_arena *a, const char *s, size_t n)
{
	size_t len = strnlen(s, n);
	char *copy = vp_arena_alloc(a, len + 1);

	memcpy(copy, s, len);
	return copy;
}

char *vp_arena_strdup(struct vp_arena *a, const char *s)
{
	return s == NULL ? NULL : vp_arena_strndup(a, s, strlen(s));
}

char *vp_arena_intern(struct vp_arena *a, const char *s)
{
	struct vp_index_cursor c = { 0 };
	uint64_t hash;
	uint32_t at;
	char *copy;

	if (s == NULL)
		return NULL;
	if (a->n_texts == 0)
		vp_hash_key_random(&a->key);
	hash = vp_hash(&a->key, s, strlen(s));
	while ((at = vp_index_next(&a->by_text, hash, &c)) != VP_INDEX_NONE)
		if (strcmp(a->texts[at], s) == 0)
			return a->texts[at];
	copy = vp_arena_strdup(a, s);
	if (!vp_index_put(&a->by_text, hash, (uint32_t)a->n_texts))
		out_of_memory();
	*VP_PUSH(a, a->texts, a->n_texts) = copy;
	return copy;
}

char *vp_arena_printf(struct vp_arena *a, const char *fmt, ...)
{
	va_list ap;
	char *text;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (len < 0)
		return vp_arena_strdup(a, "");
	text = vp_arena_alloc(a, (size_t)len + 1);
	va_start(ap, fmt);
	vsnprintf(text, (size_t)len + 1, fmt, ap);
	va_end(ap);
	return text;
}

void *vp_arena_grow(struct vp_arena *a, void *array, size_t n, size_t size)
{
	size_t capacity = n == 0 ? 1 : n * 2;
	void *larger;

	if (n != 0 && (n & (n - 1)) != 0)
		return array; /* there is room up to the next power of two */
	if (capacity > SIZE_MAX / 2 / size)
		out_of_memory();
	larger = vp_arena_alloc(a, capacity * size);
	if (n != 0)
		memcpy(larger, array, n * size);
	return larger;
}
