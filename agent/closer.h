/*
 * closer.h - which names deserve a closer look, and at what. Pure.
 */
#ifndef VP_AGENT_CLOSER_H
#define VP_AGENT_CLOSER_H

#include "settings.h"

/* May some row of this name, of which private addresses are expected, have led
 * a program elsewhere, or nowhere? */
bool vp_closer_is_suspect(const struct vp_facts *f, const struct vp_name *name);

/* Does NSS give an address that no listed resolver gave in the first round? */
bool vp_closer_nss_differs(const struct vp_facts *f,
                           const struct vp_name *name);

/* Would programs ask for this name with a search domain first? */
bool vp_closer_is_searched(const struct vp_facts *f,
                           const struct vp_name *name);

/*
 * The name in a privatelink zone that this one should be an alias of: as some
 * answer says, else by the rules of the documents (docs/sources.md: A1, K1,
 * P1). zone may be NULL, and guid, the workspace's id, too. NULL: not known, or
 * the name is itself in such a zone.
 */
const char *vp_closer_alias(const struct vp_facts *f,
                            const struct vp_name *name, const char *zone,
                            const char *guid);

/* The public zones that this name passes on its way to the private one, at
 * most two; pointers into zone or the catalogue. Returns their number. */
size_t vp_closer_public_zones(const char *out[2], const char *name,
                              const char *zone);

#endif
