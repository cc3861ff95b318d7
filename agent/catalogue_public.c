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
