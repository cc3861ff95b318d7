/* hash.c - SipHash-1-3 and open addressing with linear probing. */
#include "hash.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#define SLOTS_MIN 64

void vp_hash_key_random(struct vp_hash_key *key)
{
	struct timespec now;

	if (getrandom(key, sizeof(*key), 0) == (ssize_t)sizeof(*key))
		return;
	/* Only where a sandbox forbids it: still differs from run to run. */
	clock_gettime(CLOCK_MONOTONIC, &now);
	key->k0 = (uint64_t)now.tv_nsec ^ (uint64_t)(uintptr_t)key;
	key->k1 = (uint64_t)now.tv_sec * 0x9e3779b97f4a7c15u;
}

static uint64_t rotl(uint64_t x, unsigned n)
{
	return x << n | x >> (64 - n);
}

static void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = rotl(v[1], 13) ^ v[0];
	v[3] = rotl(v[3], 16) ^ v[2];
	v[0] = rotl(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = rotl(v[1], 17) ^ v[2];
	v[3] = rotl(v[3], 21) ^ v[0];
	v[2] = rotl(v[2], 32);
}

static uint64_t le64(const uint8_t *b, size_t n)
{
	uint64_t w = 0;

	if (n == 8)
		memcpy(&w, b, 8);
	else
		memcpy(&w, b, n);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	w = __builtin_bswap64(w);
#endif
	return w;
}

/* Aumasson, Bernstein: SipHash, with one round a word and three at the end. */
uint64_t vp_hash(const struct vp_hash_key *key, const void *data, size_t len)
{
	const uint8_t *b = data;
	size_t at = 0;
	uint64_t w, v[4] = { key->k0 ^ 0x736f6d6570736575u,
		             key->k1 ^ 0x646f72616e646f6du,
		             key->k0 ^ 0x6c7967656e657261u,
		             key->k1 ^ 0x7465646279746573u };

	for (; len - at >= 8; at += 8) {
		w = le64(b + at, 8);
		v[3] ^= w;
		sip_round(v);
		v[0] ^= w;
	}
	w = (uint64_t)len << 56 | le64(b + at, len - at);
	v[3] ^= w;
	sip_round(v);
	v[0] ^= w;
	v[2] ^= 0xff;
	for (unsigned i = 0; i < 3; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static void index_insert(struct vp_index *ix, struct vp_index_slot slot)
{
	size_t at = slot.hash;

	while (ix->slots[at & ix->mask].value != 0)
		at++;
	ix->slots[at & ix->mask] = slot;
}

static bool index_grow(struct vp_index *ix)
{
	size_t old = ix->slots == NULL ? 0 : ix->mask + 1;
	size_t size = old == 0 ? SLOTS_MIN : old * 2;
	struct vp_index bigger = { calloc(size, sizeof(*ix->slots)), size - 1,
		                   ix->n };

	if (bigger.slots == NULL)
		return false;
	for (size_t i = 0; i < old; i++)
		if (ix->slots[i].value != 0)
			index_insert(&bigger, ix->slots[i]);
	free(ix->slots);
	*ix = bigger;
	return true;
}

bool vp_index_put(struct vp_index *ix, uint64_t hash, uint32_t value)
{
	struct vp_index_slot slot = { (uint32_t)hash, value + 1 };

	if ((ix->slots == NULL || ix->n * 2 > ix->mask) && !index_grow(ix))
		return false;
	index_insert(ix, slot);
	ix->n++;
	return true;
}

void vp_index_free(struct vp_index *ix)
{
	free(ix->slots);
	memset(ix, 0, sizeof(*ix));
}

/* The slot that holds hash, or the free one where it belongs. */
static uint64_t *set_slot(const struct vp_hash_set *s, uint64_t hash)
{
	size_t at = hash & s->mask;

	while (s->slots[at] != 0 && s->slots[at] != hash)
		at = (at + 1) & s->mask;
	return &s->slots[at];
}

static bool set_grow(struct vp_hash_set *s)
{
	size_t old = s->slots == NULL ? 0 : s->mask + 1;
	size_t size = old == 0 ? SLOTS_MIN : old * 2;
	struct vp_hash_set bigger = { calloc(size, sizeof(*s->slots)), size - 1,
		                      s->n };

	if (bigger.slots == NULL)
		return false;
	for (size_t i = 0; i < old; i++)
		if (s->slots[i] != 0)
			*set_slot(&bigger, s->slots[i]) = s->slots[i];
	free(s->slots);
	*s = bigger;
	return true;
}

int vp_hash_set_add(struct vp_hash_set *s, uint64_t hash, size_t max)
{
	if (hash == 0)
		hash = 1;
	if (vp_hash_set_has(s, hash))
		return 0;
	if (s->n >= max)
		return -1;
	if ((s->slots == NULL || s->n * 2 > s->mask) && !set_grow(s))
		return -1;
	*set_slot(s, hash) = hash;
	s->n++;
	return 1;
}

bool vp_hash_set_has(const struct vp_hash_set *s, uint64_t hash)
{
	if (s->slots == NULL)
		return false;
	return *set_slot(s, hash == 0 ? 1 : hash) != 0;
}

void vp_hash_set_free(struct vp_hash_set *s)
{
	free(s->slots);
	memset(s, 0, sizeof(*s));
}
