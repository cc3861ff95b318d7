/*
 * binding.h - which names DNS answers gave to which addresses.
 *
 * A set of pairs with the names of one address in a row. Bounded: -ENOSPC says
 * that a pair was left out.
 */
#ifndef VP_PROBES_BINDING_H
#define VP_PROBES_BINDING_H

#include "hash.h"
#include "vnetprobe/addr.h"

struct vp_bindings;

struct vp_bindings *vp_bindings_create(size_t max,
                                       const struct vp_hash_key *key);
void vp_bindings_destroy(struct vp_bindings *b);

/* 0, also if it was there; or -ENOSPC. */
int vp_bindings_add(struct vp_bindings *b, const struct vp_addr *addr,
                    const char *name);
bool vp_bindings_has(const struct vp_bindings *b, const struct vp_addr *addr,
                     const char *name);

/* The names of an address, in the order they were added. A pair is named by a
 * number below vp_bindings_count(); VP_INDEX_NONE ends the row. */
uint32_t vp_bindings_first(const struct vp_bindings *b,
                           const struct vp_addr *addr);
uint32_t vp_bindings_next(const struct vp_bindings *b, uint32_t pair);
const char *vp_bindings_name(const struct vp_bindings *b, uint32_t pair);
size_t vp_bindings_count(const struct vp_bindings *b);

#endif
