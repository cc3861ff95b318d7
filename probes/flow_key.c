/*
 * flow_key.c - which packets belong to one flow: its id, and hashes.
 */
#include "flow_table.h"

#include <string.h>

static uint8_t *put_end(uint8_t *b, const struct vp_addr *a, uint16_t port)
{
	*b++ = a->family;
	memcpy(b, a->bytes, 16);
	b += 16;
	*b++ = (uint8_t)(port >> 8);
	*b++ = (uint8_t)port;
	return b;
}

void vp_flow_key(uint8_t key[VP_FLOW_KEY], uint8_t proto,
                 const struct vp_addr *local, uint16_t lport,
                 const struct vp_addr *remote, uint16_t rport)
{
	key[0] = proto;
	put_end(put_end(key + 1, local, lport), remote, rport);
}

void vp_flow_id(struct vp_flow_id *id, uint8_t proto,
                const struct vp_addr *local, uint16_t lport,
                const struct vp_addr *remote, uint16_t rport)
{
	memcpy(id->local, local->bytes, 16);
	memcpy(id->remote, remote->bytes, 16);
	id->lport = lport;
	id->rport = rport;
	id->family = local->family;
	id->proto = proto;
	id->tunnel = 0;
}

static uint64_t word(const void *b)
{
	uint64_t w;

	memcpy(&w, b, sizeof(w));
	return w;
}

_Static_assert(sizeof(struct vp_flow_id) == 40, "compared as words");

bool vp_flow_id_same(const struct vp_flow_id *a, const struct vp_flow_id *b)
{
	return ((word(a->local) ^ word(b->local)) |
	        (word(a->local + 8) ^ word(b->local + 8)) |
	        (word(a->remote) ^ word(b->remote)) |
	        (word(a->remote + 8) ^ word(b->remote + 8)) |
	        (word(&a->lport) ^ word(&b->lport))) == 0;
}

bool vp_flow_id_turned(const struct vp_flow_id *a, const struct vp_flow_id *b)
{
	return ((word(a->local) ^ word(b->remote)) |
	        (word(a->local + 8) ^ word(b->remote + 8)) |
	        (word(a->remote) ^ word(b->local)) |
	        (word(a->remote + 8) ^ word(b->local + 8))) == 0 &&
	       a->lport == b->rport && a->rport == b->lport &&
	       a->family == b->family && a->proto == b->proto &&
	       a->tunnel == b->tunnel;
}

void vp_flow_id_turn(struct vp_flow_id *id)
{
	struct vp_flow_id was = *id;

	memcpy(id->local, was.remote, 16);
	memcpy(id->remote, was.local, 16);
	id->lport = was.rport;
	id->rport = was.lport;
}

/* --- the hash ------------------------------------------------------------ */

/*
 * NH (Black et al., UMAC, RFC 4418 section 5.2) on 64-bit words: a sum of
 * products of words that a random key was added to. Whoever does not know the
 * key cannot choose two flows that collide; SipHash would cost some ten times
 * as much for each packet. A second product spreads the result over all bits.
 */
static uint64_t product(uint64_t a, uint64_t b)
{
#ifdef __SIZEOF_INT128__
	unsigned __int128 m = (unsigned __int128)a * b;

	return (uint64_t)m ^ (uint64_t)(m >> 64);
#else
	uint64_t al = (uint32_t)a, ah = a >> 32, bl = (uint32_t)b, bh = b >> 32;
	uint64_t mid = ah * bl + (al * bl >> 32);
	uint64_t mid2 = al * bh + (uint32_t)mid;

	return (a * b) ^ (ah * bh + (mid >> 32) + (mid2 >> 32));
#endif
}

static uint32_t half(const uint8_t *b)
{
	uint32_t w;

	memcpy(&w, b, sizeof(w));
	return w;
}

static uint64_t hash4(const struct vp_flows *t, const struct vp_flow_id *id)
{
	const uint64_t *k = t->mix;
	uint64_t a = (uint64_t)half(id->local) << 16 | id->lport;
	uint64_t b = (uint64_t)half(id->remote) << 16 | id->rport;
	uint64_t low = a < b ? a : b, high = a < b ? b : a;

	low |= (uint64_t)id->proto << 48;
	high |= (uint64_t)id->tunnel << 48;
	return product(product(low + k[0], high + k[1]) ^ k[2], k[3]);
}

static uint64_t hash6(const struct vp_flows *t, const struct vp_flow_id *id)
{
	const uint64_t *k = t->mix;
	const uint8_t *a = id->local, *b = id->remote;
	uint64_t ports = (uint64_t)id->lport << 16 | id->rport;
	int order = memcmp(a, b, 16);
	uint64_t h;

	if (order > 0 || (order == 0 && id->lport > id->rport)) {
		a = id->remote;
		b = id->local;
		ports = (uint64_t)id->rport << 16 | id->lport;
	}
	ports |= (uint64_t)id->proto << 32 | (uint64_t)id->tunnel << 40;
	h = product(word(a) + k[0], word(a + 8) + k[1]) +
	    product(word(b) + k[4], word(b + 8) + k[5]) +
	    product(ports + k[6], k[7]);
	return product(h ^ k[2], k[3]);
}

uint64_t vp_flow_hash(const struct vp_flows *t, const struct vp_flow_id *id)
{
	return id->family == 4 ? hash4(t, id) : hash6(t, id);
}

/* --- ends ---------------------------------------------------------------- */

void vp_flow_ends(const struct vp_flow_row *f, struct vp_endpoint *local,
                  struct vp_endpoint *remote)
{
	local->addr.family = remote->addr.family = f->id.family;
	memcpy(local->addr.bytes, f->id.local, 16);
	memcpy(remote->addr.bytes, f->id.remote, 16);
	local->port = f->id.lport;
	remote->port = f->id.rport;
}

uint64_t vp_flow_hash_addr(const struct vp_flows *t, const struct vp_addr *a)
{
	return vp_hash(&t->key, a, sizeof(*a));
}

uint64_t vp_flow_hash_end(const struct vp_flows *t, const struct vp_addr *a,
                          uint16_t port)
{
	uint8_t b[19];

	put_end(b, a, port);
	return vp_hash(&t->key, b, sizeof(b));
}
