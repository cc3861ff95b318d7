/*
 * endpoint_file.h - expected addresses from what az prints.
 *
 * Accepted, each alone or in an array (also one that is the "value" of an
 * object), with the "properties" level of ARM or without it, as az has it:
 *
 *     az network nic show            ipConfigurations[].privateIPAddress with
 *                                    privateLinkConnectionProperties.fqdns
 *     az network private-endpoint show      customDnsConfigs[]
 *     az network private-endpoint dns-zone-group list/show   recordSets[]
 *     az network vnet show           dhcpOptions.dnsServers, addressSpace
 *
 * (docs/sources.md: A1, R1 for the shapes.)
 */
#ifndef VP_AGENT_ENDPOINT_FILE_H
#define VP_AGENT_ENDPOINT_FILE_H

#include <jansson.h>

#include "settings.h"

struct vp_endpoint_name { /* a name and the address it must have */
	/* Lower case, no final dot; may begin with "*.". An alias inside a
	 * privatelink zone stands here as the public name it is of. */
	char *fqdn;
	struct vp_addr *addresses;
	size_t n_addresses;
	char *from;     /* "pe-blob, member blob (nic.json)" */
	char *endpoint; /* the private endpoint's ARM id or name; NULL: the file
	                 * does not tell */
};

struct vp_endpoint_file {
	struct vp_endpoint_name *names;
	size_t n_names;
	struct vp_addr *vnet_dns; /* of a VNet; an empty list there is Azure
	                           * DNS: 168.63.129.16 */
	size_t n_vnet_dns;        /* 0: no VNet, or several that differ */
	char *vnet_from;          /* "vnet-hub (vnet.json)" */
	struct vp_prefix *vnet;
	size_t n_vnet;
	size_t n_vnets;
	char **notes; /* what was read and gives nothing: one sentence each */
	size_t n_notes;
};

/* Appends what path holds. 0, or -EINVAL/-errno with a sentence in why that
 * names the file, the key and what was expected there. */
int vp_endpoint_file_read(struct vp_endpoint_file *out, struct vp_arena *arena,
                          const char *path, char *why, size_t size);
/* The same with the file's bytes; name stands in messages. */
int vp_endpoint_file_parse(struct vp_endpoint_file *out, struct vp_arena *arena,
                           const char *name, const char *data, size_t len,
                           char *why, size_t size);

/* One resource, or a list of them. */
int vp_endpoint_file_json(struct vp_endpoint_file *out, struct vp_arena *arena,
                          const char *name, const json_t *root, char *why,
                          size_t size);

#endif
