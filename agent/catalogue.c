/* catalogue.c - the suffixes of Azure's names. */
#include "catalogue.h"

#include <string.h>

#include "name_match.h"

#define N_OF(a) (sizeof(a) / sizeof(*(a)))

/*
 * Suffixes per cloud. The first row of a kind in a cloud is the one that names
 * are derived with. zone is the private DNS zone that should answer, spelled
 * as a zone group wants it; NULL where the documents name none. Source: the
 * keys of docs/sources.md; (U) marks what no document was found for.
 */
#define PUB "public"
#define GOV "usgovernment"
#define CHN "china"
#define AML "amlworkspace"

static const struct vp_catalogue_suffix suffixes[] = {
	/* the workspace itself: guid.workspace.REGION.api.azureml.ms */
	{ PUB, VP_KIND_WORKSPACE, ".api.azureml.ms",
	  "privatelink.api.azureml.ms", AML, "A1" },
	{ GOV, VP_KIND_WORKSPACE, ".api.ml.azure.us",
	  "privatelink.api.ml.azure.us", AML, "A1" },
	{ CHN, VP_KIND_WORKSPACE, ".api.ml.azure.cn",
	  "privatelink.api.ml.azure.cn", AML, "A1" },
	{ PUB, VP_KIND_WORKSPACE_CERT, ".cert.api.azureml.ms",
	  "privatelink.api.azureml.ms", AML, "A1" },
	{ GOV, VP_KIND_WORKSPACE_CERT, ".cert.api.ml.azure.us",
	  "privatelink.api.ml.azure.us", AML, "A1" },
	{ CHN, VP_KIND_WORKSPACE_CERT, ".cert.api.ml.azure.cn",
	  "privatelink.api.ml.azure.cn", AML, "A1" },
	{ PUB, VP_KIND_NOTEBOOK, ".notebooks.azure.net",
	  "privatelink.notebooks.azure.net", AML, "A1" },
	{ GOV, VP_KIND_NOTEBOOK, ".notebooks.usgovcloudapi.net",
	  "privatelink.notebooks.usgovcloudapi.net", AML, "A1" },
	{ CHN, VP_KIND_NOTEBOOK, ".notebooks.chinacloudapi.cn",
	  "privatelink.notebooks.chinacloudapi.cn", AML, "A1" },
	/* Instances answer at the workspace's address, yet no zone of that
	 * name exists; documents and services disagree about the suffix, and
	 * what the API returns is instances.azureml.ms (docs/sources.md: A1,
	 * P1). */
	{ PUB, VP_KIND_COMPUTE_INSTANCE, ".instances.azureml.ms", NULL, AML,
	  "P1, A2" },
	{ PUB, VP_KIND_COMPUTE_INSTANCE, ".instances.ml.azure.ms", NULL, AML,
	  "A1" },
	{ GOV, VP_KIND_COMPUTE_INSTANCE, ".instances.azureml.us", NULL, AML,
	  "A2" },
	{ GOV, VP_KIND_COMPUTE_INSTANCE, ".instances.ml.azure.us", NULL, AML,
	  "A1" },
	{ CHN, VP_KIND_COMPUTE_INSTANCE, ".instances.azureml.cn", NULL, AML,
	  "A2" },
	{ PUB, VP_KIND_ONLINE_ENDPOINT, ".inference.ml.azure.com",
	  "privatelink.api.azureml.ms", AML, "A1" },
	{ GOV, VP_KIND_ONLINE_ENDPOINT, ".inference.ml.azure.us",
	  "privatelink.api.ml.azure.us", AML, "A1" },
	{ CHN, VP_KIND_ONLINE_ENDPOINT, ".inference.ml.azure.cn",
	  "privatelink.api.ml.azure.cn", AML, "A1" },
	{ PUB, VP_KIND_SERVERLESS_MODEL, ".models.ai.azure.com", NULL, AML,
	  "A1" },

/* One storage service in all three clouds, and in the public cloud's accounts
 * with an Azure DNS zone, whose private zone is not settled (G101176). */
#define STORAGE(kind, service)                                                 \
	{ PUB,                                                                 \
	  kind,                                                                \
	  "." service ".core.windows.net",                                     \
	  "privatelink." service ".core.windows.net",                          \
	  service,                                                             \
	  "P1, P11" },                                                         \
		{ GOV,                                                         \
		  kind,                                                        \
		  "." service ".core.usgovcloudapi.net",                       \
		  "privatelink." service ".core.usgovcloudapi.net",            \
		  service,                                                     \
		  "P1" },                                                      \
		{ CHN,                                                         \
		  kind,                                                        \
		  "." service ".core.chinacloudapi.cn",                        \
		  "privatelink." service ".core.chinacloudapi.cn",             \
		  service,                                                     \
		  "P1" },                                                      \
	{                                                                      \
		PUB, kind, "." service ".storage.azure.net", NULL, service,    \
			"G101176"                                              \
	}

	STORAGE(VP_KIND_BLOB, "blob"),
	STORAGE(VP_KIND_FILE, "file"),
	STORAGE(VP_KIND_QUEUE, "queue"),
	STORAGE(VP_KIND_TABLE, "table"),
	STORAGE(VP_KIND_DFS, "dfs"),
	STORAGE(VP_KIND_WEB, "web"),
#undef STORAGE

	/* the zone is vaultcore, not vault */
	{ PUB, VP_KIND_VAULT, ".vault.azure.net",
	  "privatelink.vaultcore.azure.net", "vault", "P1, K1" },
	{ GOV, VP_KIND_VAULT, ".vault.usgovcloudapi.net",
	  "privatelink.vaultcore.usgovcloudapi.net", "vault", "P1" },
	{ CHN, VP_KIND_VAULT, ".vault.azure.cn",
	  "privatelink.vaultcore.azure.cn", "vault", "P1" },
	/* login and data (reg.REGION.data) share one zone */
	{ PUB, VP_KIND_REGISTRY, ".azurecr.io", "privatelink.azurecr.io",
	  "registry", "P1, R1" },
	{ GOV, VP_KIND_REGISTRY, ".azurecr.us", "privatelink.azurecr.us",
	  "registry", "P1" },
	{ CHN, VP_KIND_REGISTRY, ".azurecr.cn", "privatelink.azurecr.cn",
	  "registry", "P1 (U)" },
	{ PUB, VP_KIND_REGISTRY_DATA, ".data.azurecr.io",
	  "privatelink.azurecr.io", "registry", "R1" },
	{ GOV, VP_KIND_REGISTRY_DATA, ".data.azurecr.us",
	  "privatelink.azurecr.us", "registry", "P1" },
	{ CHN, VP_KIND_REGISTRY_DATA, ".data.azurecr.cn",
	  "privatelink.azurecr.cn", "registry", "P1 (U)" },
	{ PUB, VP_KIND_AI_SERVICES, ".cognitiveservices.azure.com",
	  "privatelink.cognitiveservices.azure.com", "account", "P1" },
	{ PUB, VP_KIND_AI_SERVICES, ".openai.azure.com",
	  "privatelink.openai.azure.com", "account", "P1" },
	{ PUB, VP_KIND_AI_SERVICES, ".services.ai.azure.com",
	  "privatelink.services.ai.azure.com", "account", "P1" },
	{ GOV, VP_KIND_AI_SERVICES, ".cognitiveservices.azure.us",
	  "privatelink.cognitiveservices.azure.us", "account", "P1" },
	{ GOV, VP_KIND_AI_SERVICES, ".openai.azure.us",
	  "privatelink.openai.azure.us", "account", "P1 (U)" },
	{ CHN, VP_KIND_AI_SERVICES, ".cognitiveservices.azure.cn",
	  "privatelink.cognitiveservices.azure.cn", "account", "P1 (U)" },
	{ PUB, VP_KIND_SEARCH, ".search.windows.net",
	  "privatelink.search.windows.net", "searchService", "P1" },
	{ GOV, VP_KIND_SEARCH, ".search.windows.us",
	  "privatelink.search.windows.us", "searchService", "P1" },
	{ CHN, VP_KIND_SEARCH, ".search.azure.cn",
	  "privatelink.search.azure.cn", "searchService", "P1 (U)" },
	/* Azure Monitor private link scope: five zones */
	{ PUB, VP_KIND_MONITOR, ".monitor.azure.com",
	  "privatelink.monitor.azure.com", "azuremonitor", "P1" },
	{ PUB, VP_KIND_MONITOR, "dc.applicationinsights.azure.com",
	  "privatelink.monitor.azure.com", "azuremonitor", "P1" },
	{ PUB, VP_KIND_MONITOR, "dc.applicationinsights.microsoft.com",
	  "privatelink.monitor.azure.com", "azuremonitor", "P1" },
	{ PUB, VP_KIND_MONITOR, "dc.services.visualstudio.com",
	  "privatelink.monitor.azure.com", "azuremonitor", "P1" },
	{ PUB, VP_KIND_MONITOR, ".in.applicationinsights.azure.com",
	  "privatelink.monitor.azure.com", "azuremonitor", "P1" },
	{ PUB, VP_KIND_MONITOR, ".oms.opinsights.azure.com",
	  "privatelink.oms.opinsights.azure.com", "azuremonitor", "P1" },
	{ PUB, VP_KIND_MONITOR, ".ods.opinsights.azure.com",
	  "privatelink.ods.opinsights.azure.com", "azuremonitor", "P1" },
	{ PUB, VP_KIND_MONITOR, ".agentsvc.azure-automation.net",
	  "privatelink.agentsvc.azure-automation.net", "azuremonitor", "P1" },
	/* the zone is privatelink.REGION.azmk8s.io: part of the name itself */
	{ PUB, VP_KIND_AKS_API, ".azmk8s.io", NULL, "management", "P16" },
	{ PUB, VP_KIND_ARM, "management.azure.com", "privatelink.azure.com",
	  "ResourceManagement", "P1, A2" },
	{ GOV, VP_KIND_ARM, "management.usgovcloudapi.net", NULL, NULL, "A2" },
	{ CHN, VP_KIND_ARM, "management.chinacloudapi.cn", NULL, NULL, "A2" },
	{ PUB, VP_KIND_LOGIN, "login.microsoftonline.com", NULL, NULL, "A2" },
	{ GOV, VP_KIND_LOGIN, "login.microsoftonline.us", NULL, NULL, "A2" },
	{ CHN, VP_KIND_LOGIN, "login.chinacloudapi.cn", NULL, NULL, "A2" },
};

const struct vp_catalogue_suffix *vp_catalogue_suffixes(size_t *n)
{
	*n = N_OF(suffixes);
	return suffixes;
}

/* The number of labels before the suffix; *second is where the second is. */
static size_t labels_before(const char *name, const char *suffix,
                            const char **second)
{
	const char *end = name + strlen(name) - strlen(suffix);
	size_t n = 1;

	*second = NULL;
	for (const char *p = name; p < end; p++) {
		if (*p != '.')
			continue;
		if (++n == 2)
			*second = p + 1;
	}
	return n;
}

/* Some suffixes hold other things as well: see the header. */
static bool shape_fits(const struct vp_catalogue_suffix *row, const char *name)
{
	const char *second;
	size_t n = labels_before(name, row->suffix, &second);

	switch (row->kind) {
	case VP_KIND_WORKSPACE:
	case VP_KIND_WORKSPACE_CERT:
		return n == 3 && strncmp(second, "workspace.", 10) == 0;
	case VP_KIND_REGISTRY_DATA:
		return n == 2;
	default:
		return true;
	}
}

const struct vp_catalogue_suffix *vp_catalogue_find(const char *name)
{
	const struct vp_catalogue_suffix *best = NULL;

	for (size_t i = 0; i < N_OF(suffixes); i++) {
		if (!vp_name_ends_in(name, suffixes[i].suffix))
			continue;
		if (best == NULL ||
		    strlen(suffixes[i].suffix) > strlen(best->suffix))
			best = &suffixes[i];
	}
	return best != NULL && shape_fits(best, name) ? best : NULL;
}

const struct vp_catalogue_suffix *vp_catalogue_of(const char *cloud,
                                                  enum vp_kind kind)
{
	for (size_t i = 0; i < N_OF(suffixes); i++) {
		if (suffixes[i].kind == kind &&
		    strcmp(suffixes[i].cloud, cloud) == 0)
			return &suffixes[i];
	}
	return NULL;
}
