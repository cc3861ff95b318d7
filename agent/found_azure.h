/*
 * found_azure.h - what Azure says of a workspace: the machine's metadata, and
 * resources as Azure Resource Manager and az print them.
 *
 * All of it is text from elsewhere; it goes through found.c like any other.
 */
#ifndef VP_AGENT_FOUND_AZURE_H
#define VP_AGENT_FOUND_AZURE_H

#include <jansson.h>

#include "found.h"

#define VP_AZURE_ENDPOINTS_MAX 16 /* private endpoints of one resource */

/* Which resources are the workspace's own: ARM ids in lower case, or NULL. */
struct vp_azure_own {
	char *ids[VP_PLACEMENT_MACHINE + 1]; /* by enum vp_placement_role */
};

/* A cloud as Azure's metadata and az name it, without regard to case; NULL. */
const char *vp_azure_cloud(const char *name);

/* /metadata/instance. False, with a note: it is not what it should be. */
bool vp_found_imds(struct vp_found *f, const char *data, size_t len);

/*
 * What `az` prints: a workspace, storage account, vault, registry, private
 * endpoint, network interface, DNS zone group or VNet, or a list of such (also
 * of several kinds). Adds to own. 0, or -EINVAL with a sentence in why.
 */
int vp_found_azure_file(struct vp_found *f, struct vp_azure_own *own,
                        const char *name, const char *data, size_t len,
                        char *why, size_t size);
int vp_found_azure_read(struct vp_found *f, struct vp_azure_own *own,
                        const char *path, char *why, size_t size);

/* --- one resource each; o is an object -------------------------------------
 */

/* Text under a key of the object or of its "properties"; the key also in the
 * form of az (storage_account). NULL: none, or no text. */
const char *vp_azure_text(const json_t *o, const char *key);
/* The list under such a key; NULL: none. */
const json_t *vp_azure_list(const json_t *o, const char *key);

void vp_found_workspace(struct vp_found *f, struct vp_azure_own *own,
                        const json_t *o);
/* A storage account, vault or registry, if it is the workspace's own. */
void vp_found_resource(struct vp_found *f, const struct vp_azure_own *own,
                       const json_t *o);
void vp_found_private_endpoint(struct vp_found *f,
                               const struct vp_azure_own *own, const json_t *o);
/* A VNet's peerings; itself counts as one, so that "none" is known. */
void vp_found_peerings(struct vp_found *f, const json_t *o);
/* Its prefixes, and its DNS servers if this machine is in it. */
void vp_found_vnet(struct vp_found *f, const json_t *o, bool dns);
/* Names and addresses of a private endpoint's interface, of the endpoint
 * itself, or of its zone group; prefixes of a VNet; and what the names say. */
void vp_found_names(struct vp_found *f, const json_t *o);

/* ".../virtualNetworks/V/subnets/S" to the VNet's id and the subnet's name. */
bool vp_azure_subnet(struct vp_arena *arena, const char *id, char **vnet,
                     char **subnet);
/* The ids of the private endpoints that are connected to a resource. */
size_t vp_azure_endpoints(struct vp_arena *arena, const json_t *o,
                          char *ids[VP_AZURE_ENDPOINTS_MAX]);

#endif
