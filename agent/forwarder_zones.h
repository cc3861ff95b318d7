/*
 * forwarder_zones.h - the table of public zones, for what writes forwarders.
 */
#ifndef VP_AGENT_FORWARDER_ZONES_H
#define VP_AGENT_FORWARDER_ZONES_H

#include <stddef.h>

struct vp_forwarder_zone {
	const char *cloud;
	const char *name;
	const char *privatelink; /* the private zone behind it; NULL: none */
	unsigned with; /* kinds (bits) whose targets need it whatever their
	                * name; all bits: always */
	const char *source;
};

const struct vp_forwarder_zone *vp_forwarder_rows(size_t *n);
/* The row that a name is in (the longest), or NULL. */
const struct vp_forwarder_zone *vp_forwarder_row(const char *name);

#endif
