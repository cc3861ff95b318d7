/*
 * catalogue_public.c - names that are public by design: no private endpoint
 * exists for them (docs/sources.md: A2, A4).
 *
 * One table for two questions: what to expect of such a name, in whichever
 * cloud and region, and which flows Azure Machine Learning needs. Only what a
 * documented page requires stands here, by name; what is merely usual (package
 * mirrors, operating system updates) is the user's to allow. Rows without a
 * port are public, yet explain no flow.
 */
#include "catalogue.h"

#include <netinet/in.h>
#include <string.h>
#include <strings.h>

#include "name_match.h"

#define N_OF(a) (sizeof(a) / sizeof(*(a)))

static const struct vp_catalogue_required rows[] = {
	{ "public", "login.microsoftonline.com", IPPROTO_TCP, 443,
	  "Microsoft Entra ID: tokens", "A2" },
	{ "public", "login.microsoftonline.com", IPPROTO_TCP, 80,
	  "Microsoft Entra ID", "A2" },
	{ "public", "management.azure.com", IPPROTO_TCP, 443,
	  "Azure Resource Manager", "A2" },
	{ "public", "REGION.api.azureml.ms", IPPROTO_TCP, 443,
	  "Azure ML control plane, regional", "A2" },
	{ "public", "REGION.cert.api.azureml.ms", IPPROTO_TCP, 443,
	  "Azure ML control plane, regional", "A2" },
	{ "public", "REGION.tundra.azureml.ms", IPPROTO_UDP, 5831,
	  "Azure ML compute, no-public-IP tunnel", "A2, A4" },
	{ "public", "*.tundra.REGION.api.azureml.ms", IPPROTO_UDP, 5831,
	  "Azure ML compute, no-public-IP tunnel", "A2, A4" },
	{ "public", "*.REGION.batch.azure.com", IPPROTO_TCP, 443,
	  "Azure Batch, Microsoft's subscription", "A4" },
	{ "public", "*.REGION.service.batch.azure.com", IPPROTO_TCP, 443,
	  "Azure Batch, Microsoft's subscription", "A4" },
	{ "public", "mcr.microsoft.com", IPPROTO_TCP, 443,
	  "Microsoft Container Registry", "A2" },
	{ "public", "*.data.mcr.microsoft.com", IPPROTO_TCP, 443,
	  "Microsoft Container Registry", "A2" },
	{ "public", "ml.azure.com", IPPROTO_TCP, 443, "Azure ML studio", "A2" },
	{ "public", "*.aznbcontent.net", 0, 0, "notebook content", "A1, A2" },
	{ "public", "graph.microsoft.com", 0, 0, "Microsoft Graph", "A2" },
	{ "public", "graph.windows.net", 0, 0, "Microsoft Graph", "A2" },
	{ "usgovernment", "login.microsoftonline.us", IPPROTO_TCP, 443,
	  "Microsoft Entra ID: tokens", "A2" },
	{ "usgovernment", "management.usgovcloudapi.net", IPPROTO_TCP, 443,
	  "Azure Resource Manager", "A2" },
	{ "usgovernment", "ml.azure.us", IPPROTO_TCP, 443, "Azure ML studio",
	  "A2" },
	{ "usgovernment", "REGION.api.ml.azure.us", IPPROTO_TCP, 443,
	  "Azure ML control plane, regional", "A2" },
	{ "usgovernment", "REGION.cert.api.ml.azure.us", 0, 0,
	  "Azure ML control plane, regional", "A2 (U)" },
	{ "china", "login.chinacloudapi.cn", IPPROTO_TCP, 443,
	  "Microsoft Entra ID: tokens", "A2" },
	{ "china", "management.chinacloudapi.cn", IPPROTO_TCP, 443,
	  "Azure Resource Manager", "A2" },
	{ "china", "studio.ml.azure.cn", IPPROTO_TCP, 443, "Azure ML studio",
	  "A2" },
	{ "china", "REGION.api.ml.azure.cn", IPPROTO_TCP, 443,
	  "Azure ML control plane, regional", "A2" },
	{ "china", "REGION.cert.api.ml.azure.cn", 0, 0,
	  "Azure ML control plane, regional", "A2 (U)" },
};

const struct vp_catalogue_required *
vp_catalogue_required(const char *cloud, const char *region, const char *name,
                      uint8_t proto, uint16_t port)
{
	for (size_t i = 0; i < N_OF(rows); i++) {
		const struct vp_catalogue_required *r = &rows[i];

		if (r->port != 0 && r->port == port && r->proto == proto &&
		    strcmp(r->cloud, cloud) == 0 &&
		    vp_name_fits(name, r->name, region))
			return r;
	}
	return NULL;
}

const char *vp_catalogue_public_by_design(const char *name)
{
	if (vp_catalogue_find(name) != NULL)
		return NULL; /* somebody's own resource */
	for (size_t i = 0; i < N_OF(rows); i++) {
		if (vp_name_fits(name, rows[i].name, NULL))
			return rows[i].why;
	}
	return NULL;
}

/* --- by service tag --------------------------------------------------------
 */

#define REGION ".REGION"

/* Batch keeps its own accounts in a subscription of Microsoft's, with names
 * that no document foretells; anybody's account in the region fits as well. */
#define BATCH_STORAGE(name)                                                    \
	{                                                                      \
		VP_TRAFFIC_NODE, "Storage" REGION, IPPROTO_TCP, 443, false,    \
			name, true,                                            \
			"Azure Batch's storage, or anybody's in this region",  \
			"A4, A9"                                               \
	}

/*
 * Of the tags that the documents require (A2, A4, A9, A15), a row stands here
 * only if it cannot hide what this program is to find. An address is enough
 * where all behind the tag is Microsoft's own. Where customers' resources
 * share the addresses, a proven name has to tell them apart, and targets were
 * told apart before. No row has:
 *
 *   AzureFrontDoor.Frontend     everybody's front ends: studio's come by name
 *   AzureMonitor, AzureKeyVault required of some only, and both hold what may
 *                               be the user's own: theirs to allow
 *   AzureMachineLearning TCP 8787, 18881: instances, which answer at the
 *                               workspace's private endpoint
 *   BatchNodeManagement in 29876, 29877: gone from A2 and A4; nodes made since
 *                               the end of 2022 do not need it (A6)
 */
static const struct vp_catalogue_tagged tagged[] = {
	{ VP_TRAFFIC_ALWAYS, "AzureActiveDirectory", IPPROTO_TCP, 443, false,
	  NULL, false, "Microsoft Entra ID: tokens", "A2" },
	{ VP_TRAFFIC_ALWAYS, "AzureActiveDirectory", IPPROTO_TCP, 80, false,
	  NULL, false, "Microsoft Entra ID", "A2" },
	{ VP_TRAFFIC_ALWAYS, "AzureResourceManager", IPPROTO_TCP, 443, false,
	  NULL, false, "Azure Resource Manager", "A2" },
	{ VP_TRAFFIC_ALWAYS, "MicrosoftContainerRegistry", IPPROTO_TCP, 443,
	  false, NULL, false, "Microsoft Container Registry", "A2" },
	{ VP_TRAFFIC_ALWAYS, "AzureFrontDoor.FirstParty", IPPROTO_TCP, 443,
	  false, NULL, false, "Microsoft Container Registry, its data", "A2" },
	/* workspaces have these addresses, too */
	{ VP_TRAFFIC_ALWAYS, "AzureMachineLearning", IPPROTO_TCP, 443, false,
	  "*.azureml.ms", false, "Azure ML control plane", "A2" },
	{ VP_TRAFFIC_ALWAYS, "AzureMachineLearning", IPPROTO_TCP, 443, false,
	  "*.ml.azure.us", false, "Azure ML control plane", "A2" },
	{ VP_TRAFFIC_ALWAYS, "AzureMachineLearning", IPPROTO_TCP, 443, false,
	  "*.ml.azure.cn", false, "Azure ML control plane", "A2" },
	{ VP_TRAFFIC_ALWAYS, "AzureMachineLearning", IPPROTO_UDP, 5831, false,
	  NULL, false, "Azure ML compute, no-public-IP tunnel", "A2, A4" },
	{ VP_TRAFFIC_ALWAYS, "BatchNodeManagement" REGION, 0, 443, false, NULL,
	  false, "Azure Batch, Microsoft's subscription", "A4" },
	{ VP_TRAFFIC_PUBLIC_IP, "AzureMachineLearning", IPPROTO_TCP, 44224,
	  true, NULL, false, "Azure ML to a node with a public IP address",
	  "A2, A4" },
	BATCH_STORAGE("*.blob.core.windows.net"),
	BATCH_STORAGE("*.queue.core.windows.net"),
	BATCH_STORAGE("*.table.core.windows.net"),
	BATCH_STORAGE("*.blob.core.usgovcloudapi.net"),
	BATCH_STORAGE("*.queue.core.usgovcloudapi.net"),
	BATCH_STORAGE("*.table.core.usgovcloudapi.net"),
	BATCH_STORAGE("*.blob.core.chinacloudapi.cn"),
	BATCH_STORAGE("*.queue.core.chinacloudapi.cn"),
	BATCH_STORAGE("*.table.core.chinacloudapi.cn"),
};

const struct vp_catalogue_tagged *vp_catalogue_tagged(size_t *n)
{
	*n = N_OF(tagged);
	return tagged;
}

/* Without a region a row of a region would be one of all regions. */
static bool tag_is(const char *pattern, const char *tag, const char *region)
{
	size_t n = strlen(pattern), suffix = strlen(REGION);

	if (n < suffix || strcmp(pattern + n - suffix, REGION) != 0)
		return strcasecmp(pattern, tag) == 0;
	n -= suffix;
	return region != NULL && strncasecmp(pattern, tag, n) == 0 &&
	       tag[n] == '.' && strcasecmp(tag + n + 1, region) == 0;
}

bool vp_catalogue_tag_fits(const struct vp_catalogue_tagged *row,
                           const struct vp_catalogue_traffic *t,
                           const char *tag)
{
	return (row->traffic & t->traffic) != 0 &&
	       (row->proto == 0 || row->proto == t->proto) &&
	       row->port == t->port && row->inbound == t->inbound &&
	       tag_is(row->tag, tag, t->region);
}
