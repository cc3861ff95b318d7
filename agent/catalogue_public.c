/*
 * catalogue_public.c - names that are public by design: no private endpoint
 * exists for them (docs/sources.md: A2, A4).
 *
 * One table for two questions: what to expect of such a name, in whichever
 * cloud and region, and which flows Azure Machine Learning needs. Only what a
 * documented page requires stands here, by name; what is merely usual (package
 * mirrors, operating system updates) is the user's to allow. Rows without a
 * port are public, yet explain no flow.
 *
 * No row may hide what this program is to find. So there is none for names that
 * may be anybody's own, although documents list them: *.azureml.ms and
 * *.azureml.net (workspaces; only the region's own names stand here),
 * *.hcp.REGION.azmk8s.io (an API server is to be named in the config),
 * *.kusto.windows.net and the accounts of a cluster's system logs, pypi.org,
 * github.com (whoever can write there can carry data out). Batch's names are
 * the exception, where nodes have to have them: anybody's account has such a
 * name and address, too, so these rows count for nodes only, and each use is
 * told of (egress-somebodys-batch, egress-somebodys-storage).
 */
#include "catalogue.h"

#include <netinet/in.h>
#include <string.h>
#include <strings.h>

#include "name_match.h"

#define N_OF(a) (sizeof(a) / sizeof(*(a)))

#define ALWAYS VP_TRAFFIC_ALWAYS
#define NODE VP_TRAFFIC_NODE
#define STUDIO VP_TRAFFIC_STUDIO
#define AKS VP_TRAFFIC_AKS
#define SENTINEL VP_TRAFFIC_SENTINEL

#define ROW(traffic, cloud, name, proto, port, why, source)                    \
	{                                                                      \
		traffic, cloud, name, proto, port, why, VP_SOURCE(source),     \
			false                                                  \
	}
#define TLS(traffic, cloud, name, why, source)                                 \
	ROW(traffic, cloud, name, IPPROTO_TCP, 443, why, source)
#define HTTP(traffic, cloud, name, why, source)                                \
	ROW(traffic, cloud, name, IPPROTO_TCP, 80, why, source)
/* Accounts of Microsoft's and of anybody's have such names alike. */
#define SOMEBODYS(traffic, cloud, name, why, source)                           \
	{                                                                      \
		traffic, cloud, name, IPPROTO_TCP, 443, why,                   \
			VP_SOURCE(source), true                                \
	}
/* Public, and yet nothing that explains a flow. */
#define PUBLIC(cloud, name, why, source)                                       \
	ROW(ALWAYS, cloud, name, 0, 0, why, source)

#define ENTRA "Microsoft Entra ID: tokens"
#define ARM "Azure Resource Manager"
#define CONTROL "Azure ML control plane, regional"
#define TUNNEL "Azure ML compute, no-public-IP tunnel"
#define BATCH "Azure Batch, Microsoft's subscription"
#define MCR "Microsoft Container Registry"
#define UI "Azure ML studio"
#define CONTENT "notebook content"
#define GRAPH "Microsoft Graph"
#define AUTOML "AutoML: images and environments"
#define PACKAGES "packages of AKS nodes"
#define EXTENSION "configuration of a cluster's extensions"
#define PATCHES "security updates of AKS nodes"
#define LOGS "queries of Log Analytics"

static const struct vp_catalogue_required rows[] = {
	TLS(ALWAYS, "public", "login.microsoftonline.com", ENTRA, "A2"),
	HTTP(ALWAYS, "public", "login.microsoftonline.com", ENTRA, "A2"),
	TLS(ALWAYS, "public", "management.azure.com", ARM, "A2"),
	TLS(ALWAYS, "public", "REGION.api.azureml.ms", CONTROL, "A2"),
	TLS(ALWAYS, "public", "REGION.cert.api.azureml.ms", CONTROL, "A2"),
	TLS(NODE | AKS, "public", "REGION.experiments.azureml.net", CONTROL,
	    "A2"),
	TLS(NODE, "public", "REGION.modelmanagement.azureml.net", CONTROL,
	    "A2"),
	ROW(ALWAYS, "public", "REGION.tundra.azureml.ms", IPPROTO_UDP, 5831,
	    TUNNEL, "A2, A4"),
	ROW(ALWAYS, "public", "*.tundra.REGION.api.azureml.ms", IPPROTO_UDP,
	    5831, TUNNEL, "A2, A4"),
	SOMEBODYS(NODE, "public", "*.REGION.batch.azure.com", BATCH, "A4"),
	SOMEBODYS(NODE, "public", "*.REGION.service.batch.azure.com", BATCH,
	          "A4"),
	TLS(ALWAYS, "public", "mcr.microsoft.com", MCR, "A2"),
	TLS(ALWAYS, "public", "*.data.mcr.microsoft.com", MCR, "A2"),
	TLS(AKS, "public", "mcr-0001.mcr-msedge.net", MCR, "P18"),
	TLS(ALWAYS, "public", "ml.azure.com", UI, "A2"),
	TLS(STUDIO, "public", "*.aznbcontent.net", CONTENT, "A1, A2"),
	TLS(STUDIO, "public", "graph.microsoft.com", GRAPH, "A2"),
	TLS(NODE, "public", "graph.windows.net", GRAPH, "A2"),
	TLS(NODE | STUDIO, "public", "automlresources-prod.azureedge.net",
	    AUTOML, "A2"),
	TLS(NODE | STUDIO, "public",
	    "automlresources-prod-d0eaehh7g8andvav.b02.azurefd.net", AUTOML,
	    "A6"),
	TLS(NODE | STUDIO, "public", "aka.ms", AUTOML, "A2"),
	TLS(AKS, "public", "packages.microsoft.com", PACKAGES, "P18"),
	TLS(AKS, "public", "acs-mirror.azureedge.net", PACKAGES, "P18"),
	TLS(AKS, "public", "REGION.dp.kubernetesconfiguration.azure.com",
	    EXTENSION, "P18"),
	HTTP(AKS, "public", "archive.ubuntu.com", PATCHES, "A2"),
	HTTP(AKS, "public", "security.ubuntu.com", PATCHES, "A2, P18"),
	HTTP(AKS, "public", "ppa.launchpad.net", PATCHES, "A2"),
	TLS(SENTINEL, "public", "api.loganalytics.azure.com", LOGS, "M1"),
	TLS(SENTINEL, "public", "api.loganalytics.io", LOGS, "M1 (U)"),

	TLS(ALWAYS, "usgovernment", "login.microsoftonline.us", ENTRA, "A2"),
	HTTP(ALWAYS, "usgovernment", "login.microsoftonline.us", ENTRA, "A2"),
	TLS(ALWAYS, "usgovernment", "management.usgovcloudapi.net", ARM, "A2"),
	TLS(ALWAYS, "usgovernment", "management.azure.us", "Azure portal",
	    "A2"),
	TLS(ALWAYS, "usgovernment", "ml.azure.us", UI, "A2"),
	TLS(ALWAYS, "usgovernment", "REGION.api.ml.azure.us", CONTROL, "A2"),
	PUBLIC("usgovernment", "REGION.cert.api.ml.azure.us", CONTROL,
	       "A2 (U)"),
	TLS(NODE, "usgovernment", "REGION.modelmanagement.azureml.us", CONTROL,
	    "A2"),
	ROW(ALWAYS, "usgovernment", "REGION.tundra.azureml.us", IPPROTO_UDP,
	    5831, TUNNEL, "A2"),
	TLS(ALWAYS, "usgovernment", "mcr.microsoft.com", MCR, "A2, P18"),
	TLS(ALWAYS, "usgovernment", "*.data.mcr.microsoft.com", MCR, "A2, P18"),
	TLS(STUDIO, "usgovernment", "*.aznbcontent.net", CONTENT, "A1, A2"),
	TLS(STUDIO, "usgovernment", "graph.microsoft.us", GRAPH, "A2"),
	TLS(NODE, "usgovernment", "graph.windows.net", GRAPH, "A2"),
	TLS(AKS, "usgovernment", "packages.microsoft.com", PACKAGES, "P18"),
	TLS(AKS, "usgovernment", "acs-mirror.azureedge.net", PACKAGES, "P18"),
	TLS(AKS, "usgovernment", "REGION.dp.kubernetesconfiguration.azure.us",
	    EXTENSION, "P18"),
	TLS(SENTINEL, "usgovernment", "api.loganalytics.us", LOGS, "M1 (U)"),

	TLS(ALWAYS, "china", "login.chinacloudapi.cn", ENTRA, "A2"),
	HTTP(ALWAYS, "china", "login.chinacloudapi.cn", ENTRA, "A2"),
	TLS(ALWAYS, "china", "management.chinacloudapi.cn", ARM, "A2"),
	TLS(ALWAYS, "china", "management.azure.cn", "Azure portal", "A2"),
	TLS(ALWAYS, "china", "studio.ml.azure.cn", UI, "A2"),
	TLS(ALWAYS, "china", "REGION.api.ml.azure.cn", CONTROL, "A2"),
	PUBLIC("china", "REGION.cert.api.ml.azure.cn", CONTROL, "A2 (U)"),
	TLS(NODE, "china", "REGION.modelmanagement.ml.azure.cn", CONTROL, "A2"),
	ROW(ALWAYS, "china", "REGION.tundra.azureml.cn", IPPROTO_UDP, 5831,
	    TUNNEL, "A2"),
	TLS(ALWAYS, "china", "mcr.microsoft.com", MCR, "A2, P18"),
	TLS(ALWAYS, "china", "*.data.mcr.microsoft.com", MCR, "A2, P18"),
	TLS(STUDIO, "china", "*.aznbcontent.net", CONTENT, "A1, A2"),
	TLS(NODE | STUDIO, "china", "graph.chinacloudapi.cn", GRAPH, "A2"),
	TLS(AKS, "china", "packages.microsoft.com", PACKAGES, "P18"),
	TLS(SENTINEL, "china", "api.loganalytics.azure.cn", LOGS, "M1"),
};

const struct vp_catalogue_required *vp_catalogue_required_rows(size_t *n)
{
	*n = N_OF(rows);
	return rows;
}

const struct vp_catalogue_required *
vp_catalogue_required(const char *cloud, const char *region, unsigned traffic,
                      const char *name, uint8_t proto, uint16_t port)
{
	for (size_t i = 0; i < N_OF(rows); i++) {
		const struct vp_catalogue_required *r = &rows[i];

		if (r->port != 0 && r->port == port && r->proto == proto &&
		    (r->traffic & traffic) != 0 &&
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
		if (!rows[i].somebodys &&
		    vp_name_fits(name, rows[i].name, NULL))
			return rows[i].why;
	}
	return NULL;
}

/* --- by service tag --------------------------------------------------------
 */

#define REGION ".REGION"

#define TAG(traffic, tag, proto, port, inbound, name, somebodys, why, source)  \
	{                                                                      \
		traffic, tag, proto, port, inbound, name, somebodys, why,      \
			VP_SOURCE(source)                                      \
	}
#define OUT(tag, port, name, why, source)                                      \
	TAG(ALWAYS, tag, IPPROTO_TCP, port, false, name, false, why, source)

/* Batch keeps its own accounts in a subscription of Microsoft's, with names
 * that no document foretells; anybody's account in the region fits as well. */
#define BATCH_STORAGE(name)                                                    \
	TAG(NODE, "Storage" REGION, IPPROTO_TCP, 443, false, name, true,       \
	    "Azure Batch's storage, or anybody's in this region", "A4, A9")

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
	OUT("AzureActiveDirectory", 443, NULL, ENTRA, "A2"),
	OUT("AzureActiveDirectory", 80, NULL, ENTRA, "A2"),
	OUT("AzureResourceManager", 443, NULL, ARM, "A2"),
	OUT("MicrosoftContainerRegistry", 443, NULL, MCR, "A2"),
	OUT("AzureFrontDoor.FirstParty", 443, NULL, MCR ", its data", "A2"),
	/* workspaces have these addresses, too */
	OUT("AzureMachineLearning", 443, "*.azureml.ms",
	    "Azure ML control plane", "A2"),
	OUT("AzureMachineLearning", 443, "*.ml.azure.us",
	    "Azure ML control plane", "A2"),
	OUT("AzureMachineLearning", 443, "*.ml.azure.cn",
	    "Azure ML control plane", "A2"),
	TAG(ALWAYS, "AzureMachineLearning", IPPROTO_UDP, 5831, false, NULL,
	    false, TUNNEL, "A2, A4"),
	/* accounts of everybody's in the region answer there, too */
	TAG(NODE, "BatchNodeManagement" REGION, 0, 443, false, NULL, true,
	    BATCH, "A4"),
	TAG(VP_TRAFFIC_PUBLIC_IP, "AzureMachineLearning", IPPROTO_TCP, 44224,
	    true, NULL, false, "Azure ML to a node with a public IP address",
	    "A2, A4"),
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

/* Without a region a row of a region would be one of all regions. A row of all
 * regions has each of them: files may have their tags alone. */
static bool tag_is(const char *pattern, const char *tag, const char *region)
{
	size_t n = strlen(pattern), suffix = strlen(REGION);

	if (n < suffix || strcmp(pattern + n - suffix, REGION) != 0)
		return strncasecmp(pattern, tag, n) == 0 &&
		       (tag[n] == '\0' || tag[n] == '.');
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

/* --- who comes in ----------------------------------------------------------
 */

/* A jump box without Bastion may have a public address on purpose, and a
 * cluster's nodes may serve the public: they have no row. */
static const struct vp_catalogue_closed closed[] = {
	{ VP_TRAFFIC_PUBLIC_IP,
	  "to a node with a public IP address Azure ML alone comes, at port "
	  "44224",
	  VP_SOURCE("A2, A4") },
	{ NODE,
	  "to a compute instance or node without a public IP address nobody "
	  "comes from outside",
	  VP_SOURCE("A2, A4") },
	{ VP_TRAFFIC_BASTION,
	  "people come to the jump box through Bastion, from within",
	  VP_SOURCE("S1") },
};

const struct vp_catalogue_closed *vp_catalogue_closed_rows(size_t *n)
{
	*n = N_OF(closed);
	return closed;
}

const struct vp_catalogue_closed *vp_catalogue_closed(unsigned traffic)
{
	for (size_t i = 0; i < N_OF(closed); i++) {
		if ((closed[i].traffic & traffic) != 0)
			return &closed[i];
	}
	return NULL;
}
