/*
 * catalogue_required.c - traffic that Azure Machine Learning needs and that is
 * public by design: no private endpoint exists for it (domain facts 2.2, 2.3).
 *
 * Only what a documented page requires stands here, by name; what is merely
 * usual (package mirrors, operating system updates) is the user's to allow.
 */
#include "catalogue.h"

#include <netinet/in.h>
#include <string.h>
#include <strings.h>

static const struct vp_catalogue_required required[] = {
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
	{ "usgovernment", "login.microsoftonline.us", IPPROTO_TCP, 443,
	  "Microsoft Entra ID: tokens", "A2" },
	{ "usgovernment", "management.usgovcloudapi.net", IPPROTO_TCP, 443,
	  "Azure Resource Manager", "A2" },
	{ "usgovernment", "ml.azure.us", IPPROTO_TCP, 443, "Azure ML studio",
	  "A2" },
	{ "usgovernment", "REGION.api.ml.azure.us", IPPROTO_TCP, 443,
	  "Azure ML control plane, regional", "A2" },
	{ "china", "login.chinacloudapi.cn", IPPROTO_TCP, 443,
	  "Microsoft Entra ID: tokens", "A2" },
	{ "china", "management.chinacloudapi.cn", IPPROTO_TCP, 443,
	  "Azure Resource Manager", "A2" },
	{ "china", "studio.ml.azure.cn", IPPROTO_TCP, 443, "Azure ML studio",
	  "A2" },
	{ "china", "REGION.api.ml.azure.cn", IPPROTO_TCP, 443,
	  "Azure ML control plane, regional", "A2" },
};

/* The length of the first label. */
static size_t label(const char *name)
{
	return strcspn(name, ".");
}

/* One label of the pattern: "REGION" stands for the plan's region, or for any
 * label where the plan has none. */
static bool label_fits(const char *pattern, const char *name,
                       const char *region)
{
	size_t n = label(name);

	if (strncmp(pattern, "REGION.", 7) == 0) {
		if (region == NULL)
			return n > 0;
		return strlen(region) == n && strncasecmp(region, name, n) == 0;
	}
	return label(pattern) == n && strncasecmp(pattern, name, n) == 0;
}

static bool labels_fit(const char *pattern, const char *name,
                       const char *region)
{
	while (*pattern != '\0' && *name != '\0') {
		if (!label_fits(pattern, name, region))
			return false;
		pattern += label(pattern);
		name += label(name);
		pattern += *pattern == '.';
		name += *name == '.';
	}
	return *pattern == '\0' && *name == '\0';
}

/* "*." stands for one label or more. */
static bool name_fits(const char *pattern, const char *name, const char *region)
{
	if (strncmp(pattern, "*.", 2) != 0)
		return labels_fit(pattern, name, region);
	for (const char *dot = strchr(name, '.'); dot != NULL;
	     dot = strchr(dot + 1, '.'))
		if (labels_fit(pattern + 2, dot + 1, region))
			return true;
	return false;
}

const struct vp_catalogue_required *
vp_catalogue_required(const char *cloud, const char *region, const char *name,
                      uint8_t proto, uint16_t port)
{
	for (size_t i = 0; i < sizeof(required) / sizeof(required[0]); i++) {
		const struct vp_catalogue_required *r = &required[i];

		if (r->proto == proto && r->port == port &&
		    strcmp(r->cloud, cloud) == 0 &&
		    name_fits(r->name, name, region))
			return r;
	}
	return NULL;
}
