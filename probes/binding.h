/*
 * binding.h - which names DNS answers gave to which addresses, and when.
 *
 * A set of pairs with the names of one address in a row. Of each pair the
 * answers are kept as far as a flow can ask for them: the first one, the last
 * one, and of those between the last before a flow to that address began. So a
 * pair that is renewed for days grows with the flows, not with the answers.
 * Bounded: -ENOSPC says that a pair or an answer was left out.
 */
#ifndef VP_PROBES_BINDING_H
#define VP_PROBES_BINDING_H

#include "hash.h"
#include "vnetprobe/addr.h"

struct vp_bindings;

struct vp_bindings *vp_bindings_create(size_t max,
                                       const struct vp_hash_key *key);
void vp_bindings_destroy(struct vp_bindings *b);

/* An answer seen at that time; ttl in seconds. 0, or -ENOSPC. */
int vp_bindings_add(struct vp_bindings *b, const struct vp_addr *addr,
                    const char *name, int64_t answered_us, uint32_t ttl);
/* A flow to addr begins: the answers it has so far must be kept. */
void vp_bindings_flow(struct vp_bindings *b, const struct vp_addr *addr,
                      int64_t began_us);
/* A pair is named by a number below vp_bindings_count(). VP_INDEX_NONE: no
 * answer gave that name to addr. */
uint32_t vp_bindings_find(const struct vp_bindings *b,
                          const struct vp_addr *addr, const char *name);

/* The names of an address, in the order they were added; VP_INDEX_NONE ends the
 * row. */
uint32_t vp_bindings_first(const struct vp_bindings *b,
                           const struct vp_addr *addr);
uint32_t vp_bindings_next(const struct vp_bindings *b, uint32_t pair);
const char *vp_bindings_name(const struct vp_bindings *b, uint32_t pair);
size_t vp_bindings_count(const struct vp_bindings *b);

struct vp_binding { /* as a flow sees a pair: struct vp_flow_name */
	int64_t answered_us;
	uint32_t ttl;
	bool current;
	int64_t until_us; /* the same for flows that begin before this */
};

void vp_bindings_at(const struct vp_bindings *b, uint32_t pair,
                    int64_t began_us, struct vp_binding *out);

#endif
