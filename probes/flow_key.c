/*
 * flow_key.c - which packets belong to one flow: the key, and its hashes.
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

static void get_end(struct vp_endpoint *out, const uint8_t *b)
{
	out->addr.family = b[0];
	memcpy(out->addr.bytes, b + 1, 16);
	out->port = (uint16_t)((unsigned)b[17] << 8 | b[18]);
}

void vp_flow_ends(const struct vp_flow_row *f, struct vp_endpoint *local,
                  struct vp_endpoint *remote)
{
	get_end(local, f->key + 1);
	get_end(remote, f->key + 20);
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
