/*
 * catalogue.h - Azure's names as tables: suffixes, zones, ports, scenarios.
 *
 * Each row names its source (docs/sources.md).
 */
#ifndef VP_AGENT_CATALOGUE_H
#define VP_AGENT_CATALOGUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vnetprobe/kind.h"

struct vp_catalogue_suffix {
	const char *cloud; /* "public", "usgovernment", "china" */
	enum vp_kind kind;
	const char *suffix;   /* ".blob.core.windows.net" */
	const char *zone;     /* "privatelink.blob.core.windows.net", or NULL */
	const char *group_id; /* of the private endpoint, or NULL */
	const char *source;
};

const struct vp_catalogue_suffix *vp_catalogue_suffixes(size_t *n);
/*
 * The row whose suffix this name has (the longest one), in any cloud; NULL. A
 * suffix that starts with a dot wants at least one label before it; the rows
 * of workspaces want guid.workspace.REGION, so REGION.api.azureml.ms, which is
 * the region's and public, is no workspace.
 */
const struct vp_catalogue_suffix *vp_catalogue_find(const char *name);
/* The row of a kind in a cloud; NULL if that cloud has none. */
const struct vp_catalogue_suffix *vp_catalogue_of(const char *cloud,
                                                  enum vp_kind kind);

struct vp_catalogue_scenario {
	const char *name;
	const char *title;
	enum vp_expect workspace, storage, vault, registry, other;
	const char *source;
};
const struct vp_catalogue_scenario *vp_catalogue_scenarios(size_t *n);
const struct vp_catalogue_scenario *vp_catalogue_scenario(const char *name);

/* What is public by design: a name, for a reason, from a document. */
struct vp_catalogue_required {
	const char *cloud;
	const char *name; /* a pattern of vp_name_fits() */
	uint8_t proto;
	uint16_t port; /* 0: public, yet nothing here has to talk to it */
	const char *why;
	const char *source;
};
/* The row that explains a flow to this name, or NULL. The caller sees to it
 * that the name is proven. region NULL: any. */
const struct vp_catalogue_required *
vp_catalogue_required(const char *cloud, const char *region, const char *name,
                      uint8_t proto, uint16_t port);
/* Why this name is public even where all is private, in any cloud and region:
 * a row's words. NULL: no row has it, or it is somebody's own resource. */
const char *vp_catalogue_public_by_design(const char *name);

/* True for leaf or chain issuers that Azure's front ends are known to use
 * (docs/sources.md: P14); compares the CN in a one-line issuer. */
bool vp_catalogue_known_issuer(const char *issuer);
/* True for addresses of public resolvers that serve everybody (8.8.8.8, ...)
 * and names of known DoH services. */
struct vp_addr;
bool vp_catalogue_public_resolver(const struct vp_addr *addr);
bool vp_catalogue_doh_name(const char *name);

#endif
