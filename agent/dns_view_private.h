/*
 * dns_view_private.h - what dns_view.c and dns_case.c share.
 */
#ifndef VP_AGENT_DNS_VIEW_PRIVATE_H
#define VP_AGENT_DNS_VIEW_PRIVATE_H

#include "dns_view.h"

struct dns_zone_key { /* a name that must be private, and its zone */
	const char *zone;
	size_t name;
};

bool dns_is_nss(const struct dns_scene *s, size_t r);
const struct vp_target *dns_target_of(const struct dns_scene *s, size_t name);
const char *dns_alias_zone(const struct dns_scene *s, size_t index);
const char *dns_forwarded_zone(const struct dns_scene *s, size_t name);
bool dns_is_scoped(const struct dns_scene *s, size_t name, size_t resolver);

/* Counts a name. */
void dns_zone_add(struct dns_zone_sum *sum, const struct dns_scene *s,
                  size_t name, size_t resolver);

#endif
