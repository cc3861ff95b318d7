/*
 * arena.h - memory that lives as long as a run and is given back in one go.
 *
 * Facts, plan and judgement hang in one arena each: their strings and arrays
 * are never freed alone, so plain structs can share pointers. Out of memory
 * ends the process with a sentence: there is no half-known verdict.
 */
#ifndef VNETPROBE_ARENA_H
#define VNETPROBE_ARENA_H

#include <stddef.h>

struct vp_arena;

struct vp_arena *vp_arena_create(void);
/* NULL is fine. */
void vp_arena_destroy(struct vp_arena *a);

/* Zeroed, aligned for any type. */
void *vp_arena_alloc(struct vp_arena *a, size_t size);
/* NULL gives NULL. */
char *vp_arena_strdup(struct vp_arena *a, const char *s);
char *vp_arena_strndup(struct vp_arena *a, const char *s, size_t n);
/* The same text gives the same copy each time, which nobody may write to: for
 * names that come back in answer after answer. NULL gives NULL. */
char *vp_arena_intern(struct vp_arena *a, const char *s);
char *vp_arena_printf(struct vp_arena *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Makes room for one more element in an array of n elements of this size that
 * only ever grew through here: returns the array, moved when n is a power of
 * two (or 0). Use VP_PUSH.
 */
void *vp_arena_grow(struct vp_arena *a, void *array, size_t n, size_t size);

/* Appends a zeroed element to array (a pointer) with its count n; yields a
 * pointer to the new element, valid until the next push. */
#define VP_PUSH(a, array, n)                                                   \
	((array) = vp_arena_grow((a), (array), (n), sizeof(*(array))),         \
	 &(array)[(n)++])

#endif
