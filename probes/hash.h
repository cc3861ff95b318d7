/*
 * hash.h - keyed hashing and open addressing for tables that strangers fill.
 *
 * SipHash-1-3 under a random key: who sends packets cannot choose which slots
 * they fall into. The tables grow by doubling; out of memory is reported, so
 * that the owner can count what it had to leave out.
 */
#ifndef VP_PROBES_HASH_H
#define VP_PROBES_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vp_hash_key {
	uint64_t k0, k1;
};

void vp_hash_key_random(struct vp_hash_key *key);
uint64_t vp_hash(const struct vp_hash_key *key, const void *data, size_t len);

/*
 * From hash to a number, usually the place in an array of the owner's, who
 * also compares keys. Zeroed is empty. Nothing is ever removed.
 */
struct vp_index {
	struct vp_index_slot {
		uint32_t hash;
		uint32_t value; /* plus 1; 0 is a free slot */
	} * slots;
	size_t mask; /* slots less 1; 0 with no slots */
	size_t n;
};

#define VP_INDEX_NONE UINT32_MAX

struct vp_index_cursor {
	size_t at;
	bool begun;
};

/* The next candidate for hash, or VP_INDEX_NONE. Start with a zeroed cursor. */
static inline uint32_t vp_index_next(const struct vp_index *ix, uint64_t hash,
                                     struct vp_index_cursor *c)
{
	if (ix->slots == NULL)
		return VP_INDEX_NONE;
	c->at = c->begun ? c->at + 1 : (size_t)(uint32_t)hash;
	c->begun = true;
	for (;; c->at++) {
		const struct vp_index_slot *s = &ix->slots[c->at & ix->mask];

		if (s->value == 0)
			return VP_INDEX_NONE;
		if (s->hash == (uint32_t)hash)
			return s->value - 1;
	}
}

/* False if there is no memory. value is below VP_INDEX_NONE - 1. */
bool vp_index_put(struct vp_index *ix, uint64_t hash, uint32_t value);
void vp_index_free(struct vp_index *ix);

/* A set of hashes, for keys so many that only their hash is kept: with 2^18
 * members one in 2^46 strangers is taken for a member. Zeroed is empty. */
struct vp_hash_set {
	uint64_t *slots; /* 0 is free */
	size_t mask, n;
};

/* 1: added; 0: was there; -1: no room, as max members or memory are used up. */
int vp_hash_set_add(struct vp_hash_set *s, uint64_t hash, size_t max);
bool vp_hash_set_has(const struct vp_hash_set *s, uint64_t hash);
void vp_hash_set_free(struct vp_hash_set *s);

#endif
