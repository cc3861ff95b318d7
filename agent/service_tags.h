/*
 * service_tags.h - Azure's service tags (ServiceTags_*.json) by address.
 *
 * The official weekly file: tags with their prefixes, which overlap. Found by
 * longest prefix match; of the tags that contain an address, a service in a
 * region comes before the service, and both before AzureCloud (domain 9).
 */
#ifndef VP_AGENT_SERVICE_TAGS_H
#define VP_AGENT_SERVICE_TAGS_H

#include "vnetprobe/facts.h"

struct vp_service_tags;

/* 0, or -errno with a sentence in why: not readable, no such file's format, no
 * prefix in it. */
int vp_service_tags_read(struct vp_service_tags **out, const char *path,
                         char *why, size_t size);
/* What the report says of the file. */
void vp_service_tags_describe(const struct vp_service_tags *t,
                              struct vp_arena *arena,
                              struct vp_tags_facts *out);
/* All tags that contain the address, most specific first; n of them. */
struct vp_flow_tag *vp_service_tags_find(const struct vp_service_tags *t,
                                         struct vp_arena *arena,
                                         const struct vp_addr *a, size_t *n);
bool vp_service_tags_has(const struct vp_service_tags *t, const char *name);
/* The tag that may have been meant, or NULL. */
const char *vp_service_tags_nearest(const struct vp_service_tags *t,
                                    const char *name);
void vp_service_tags_destroy(struct vp_service_tags *t); /* NULL is fine */

#endif
