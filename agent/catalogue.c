/* catalogue.c - the suffixes of Azure's names. */
#include "catalogue.h"

#include <string.h>
#include <strings.h>

#include "name_match.h"

#define N_OF(a) (sizeof(a) / sizeof(*(a)))

/*
 * Suffixes per cloud. The first row of a kind in a cloud is the one that names
 * are derived with. zone is the private DNS zone that should answer, spelled
 * as a zone group wants it; NULL where the documents name none. Source: the
 * keys of docs/sources.md; (U) marks what no document was found for. What is
 * known of certificates and of the members of a private endpoint has mostly
 * this mark: both are told, and neither is judged by.
 */
#define PUB "public"
#define GOV "usgovernment"
#define CHN "china"

#define ROW(cloud_, kind_, suffix_, labels_, label_, zone_, group_, member_,   \
            member_source_, san_, san_source_, source_)                        \
	{                                                                      \
		.cloud = cloud_, .kind = VP_KIND_##kind_, .suffix = suffix_,   \
		.labels = labels_, .label = label_, .zone = zone_,             \
		.group_id = group_, .member = member_,                         \
		.member_source = VP_SOURCE(member_source_), .san = san_,       \
		.san_source = VP_SOURCE(san_source_),                          \
		.source = VP_SOURCE(source_)                                   \
	}
/* One of a workspace's names. */
#define AML(cloud, kind, suffix, zone, member, san, source)                    \
	ROW(cloud, kind, suffix, 0, NULL, zone, "amlworkspace", member, "(U)", \
	    san, "(U)", source)
/* guid.workspace.REGION */
#define GUID(cloud, kind, suffix, zone, san, source)                           \
	ROW(cloud, kind, suffix, 3, "workspace", zone, "amlworkspace",         \
	    "default", "(U)", san, "(U)", source)
/* A resource whose private endpoint has one member. */
#define ONE(cloud, kind, suffix, zone, group, source)                          \
	ROW(cloud, kind, suffix, 0, NULL, zone, group, NULL, "(U)",            \
	    "*" suffix, "(U)", source)
/* A name that stands for itself. */
#define EXACT(cloud, kind, name, zone, group, source)                          \
	ROW(cloud, kind, name, 0, NULL, zone, group, NULL, "(U)", NULL, "(U)", \
	    source)

static const struct vp_catalogue_suffix suffixes[] = {
	GUID(PUB, WORKSPACE, ".api.azureml.ms", "privatelink.api.azureml.ms",
	     "*.workspace.REGION.api.azureml.ms", "A1"),
	GUID(GOV, WORKSPACE, ".api.ml.azure.us", "privatelink.api.ml.azure.us",
	     "*.workspace.REGION.api.ml.azure.us", "A1"),
	GUID(CHN, WORKSPACE, ".api.ml.azure.cn", "privatelink.api.ml.azure.cn",
	     "*.workspace.REGION.api.ml.azure.cn", "A1"),
	GUID(PUB, WORKSPACE_CERT, ".cert.api.azureml.ms",
	     "privatelink.api.azureml.ms",
	     "*.workspace.REGION.cert.api.azureml.ms", "A1"),
	GUID(GOV, WORKSPACE_CERT, ".cert.api.ml.azure.us",
	     "privatelink.api.ml.azure.us",
	     "*.workspace.REGION.cert.api.ml.azure.us", "A1"),
	GUID(CHN, WORKSPACE_CERT, ".cert.api.ml.azure.cn",
	     "privatelink.api.ml.azure.cn",
	     "*.workspace.REGION.cert.api.ml.azure.cn", "A1"),
	/* old workspaces lack the region's label */
	AML(PUB, NOTEBOOK, ".notebooks.azure.net",
	    "privatelink.notebooks.azure.net", "notebook",
	    "*.notebooks.azure.net", "A1"),
	AML(GOV, NOTEBOOK, ".notebooks.usgovcloudapi.net",
	    "privatelink.notebooks.usgovcloudapi.net", "notebook",
	    "*.notebooks.usgovcloudapi.net", "A1"),
	AML(CHN, NOTEBOOK, ".notebooks.chinacloudapi.cn",
	    "privatelink.notebooks.chinacloudapi.cn", "notebook",
	    "*.notebooks.chinacloudapi.cn", "A1"),
	/* Instances answer at the workspace's address, yet no zone of that
	 * name exists; documents and services disagree about the suffix, and
	 * what the API returns is instances.azureml.ms (docs/sources.md: A1,
	 * P1). In China A1 names a suffix that is the public cloud's as well.
	 * CI-PORT is an instance's name, too: CI-22, CI-8787. */
	AML(PUB, COMPUTE_INSTANCE, ".instances.azureml.ms", NULL, "default",
	    "*.REGION.instances.azureml.ms", "P1, A2"),
	AML(PUB, COMPUTE_INSTANCE, ".instances.ml.azure.ms", NULL, "default",
	    "*.REGION.instances.ml.azure.ms", "A1"),
	AML(GOV, COMPUTE_INSTANCE, ".instances.azureml.us", NULL, "default",
	    "*.REGION.instances.azureml.us", "P1, A2"),
	AML(GOV, COMPUTE_INSTANCE, ".instances.ml.azure.us", NULL, "default",
	    "*.REGION.instances.ml.azure.us", "A1"),
	AML(CHN, COMPUTE_INSTANCE, ".instances.azureml.cn", NULL, "default",
	    "*.REGION.instances.azureml.cn", "P1, A2"),
	/* in the zone the endpoint's guid comes first: closer.c */
	AML(PUB, ONLINE_ENDPOINT, ".inference.ml.azure.com",
	    "privatelink.api.azureml.ms", "inference",
	    "*.REGION.inference.ml.azure.com", "A1"),
	AML(GOV, ONLINE_ENDPOINT, ".inference.ml.azure.us",
	    "privatelink.api.ml.azure.us", "inference",
	    "*.REGION.inference.ml.azure.us", "A1"),
	AML(CHN, ONLINE_ENDPOINT, ".inference.ml.azure.cn",
	    "privatelink.api.ml.azure.cn", "inference",
	    "*.REGION.inference.ml.azure.cn", "A1"),
	AML(PUB, SERVERLESS_MODEL, ".models.ai.azure.com", NULL, "models",
	    "*.models.ai.azure.com", "A1"),
	/* A registry of Azure ML: regguid.registry.REGION. That it has a name
	 * outside of the zone was found nowhere; its discovery tells (A8). */
	ROW(PUB, AML_REGISTRY, ".privatelink.api.azureml.ms", 3, "registry",
	    "privatelink.api.azureml.ms", "amlregistry", NULL, "(U)", NULL,
	    "(U)", "A8 (U)"),
	ROW(PUB, AML_REGISTRY, ".api.azureml.ms", 3, "registry",
	    "privatelink.api.azureml.ms", "amlregistry", NULL, "(U)", NULL,
	    "(U)", "A8 (U)"),

/* One storage service in all three clouds, its second region (read access
 * only), and in the public cloud's accounts with an Azure DNS zone, whose
 * private zone is not settled (G101176). */
#define SECOND(cloud, kind, service, tail, source)                             \
	ROW(cloud, kind, "-secondary." service tail, 0, NULL,                  \
	    "privatelink." service tail, service "_secondary", NULL, "(U)",    \
	    "*." service tail, "(U)", source)
#define STORAGE(kind, service)                                                 \
	ROW(PUB, kind, "." service ".core.windows.net", 0, NULL,               \
	    "privatelink." service ".core.windows.net", service, NULL, "(U)",  \
	    "*." service ".core.windows.net", "G43475", "P1, P11"),            \
		ONE(GOV, kind, "." service ".core.usgovcloudapi.net",          \
	            "privatelink." service ".core.usgovcloudapi.net", service, \
	            "P1"),                                                     \
		ONE(CHN, kind, "." service ".core.chinacloudapi.cn",           \
	            "privatelink." service ".core.chinacloudapi.cn", service,  \
	            "P1"),                                                     \
		ONE(PUB, kind, "." service ".storage.azure.net", NULL,         \
	            service, "G101176"),                                       \
		SECOND(PUB, kind, service, ".core.windows.net", "P1, P11"),    \
		SECOND(GOV, kind, service, ".core.usgovcloudapi.net", "P1"),   \
		SECOND(CHN, kind, service, ".core.chinacloudapi.cn", "P1")

	STORAGE(BLOB, "blob"),
	STORAGE(FILE, "file"),
	STORAGE(QUEUE, "queue"),
	STORAGE(TABLE, "table"),
	STORAGE(DFS, "dfs"),
	STORAGE(WEB, "web"),
#undef STORAGE
#undef SECOND

	/* the zone is vaultcore, not vault */
	ONE(PUB, VAULT, ".vault.azure.net", "privatelink.vaultcore.azure.net",
	    "vault", "P1, K1"),
	ONE(GOV, VAULT, ".vault.usgovcloudapi.net",
	    "privatelink.vaultcore.usgovcloudapi.net", "vault", "P1"),
	ONE(CHN, VAULT, ".vault.azure.cn", "privatelink.vaultcore.azure.cn",
	    "vault", "P1"),

/* Login, a region's own login (reg.REGION.geo) and data (reg.REGION.data)
 * share one zone, each with an address of its own. */
#define ACR(cloud, tail, source)                                               \
	ROW(cloud, REGISTRY, "." tail, 0, NULL, "privatelink." tail,           \
	    "registry", "registry", "R1, R2", "*." tail, "R3", source),        \
		ROW(cloud, REGISTRY, ".geo." tail, 2, NULL,                    \
	            "privatelink." tail, "registry", "registry_REGION", "R2",  \
	            "*.REGION.geo." tail, "(U)", "R1, R2"),                    \
		ROW(cloud, REGISTRY_DATA, ".data." tail, 2, NULL,              \
	            "privatelink." tail, "registry", "registry_data_REGION",   \
	            "R2", "*.REGION.data." tail, "(U)", source)

	ACR(PUB, "azurecr.io", "P1, R1"),
	ACR(GOV, "azurecr.us", "P1"),
	ACR(CHN, "azurecr.cn", "P19"),
#undef ACR

	ONE(PUB, AI_SERVICES, ".cognitiveservices.azure.com",
	    "privatelink.cognitiveservices.azure.com", "account", "P1"),
	ONE(PUB, AI_SERVICES, ".openai.azure.com",
	    "privatelink.openai.azure.com", "account", "P1"),
	ONE(PUB, AI_SERVICES, ".services.ai.azure.com",
	    "privatelink.services.ai.azure.com", "account", "P1"),
	ONE(GOV, AI_SERVICES, ".cognitiveservices.azure.us",
	    "privatelink.cognitiveservices.azure.us", "account", "P1"),
	ONE(GOV, AI_SERVICES, ".openai.azure.us", "privatelink.openai.azure.us",
	    "account", "P1 (U)"),
	ONE(CHN, AI_SERVICES, ".cognitiveservices.azure.cn",
	    "privatelink.cognitiveservices.azure.cn", "account", "P1 (U)"),
	ONE(PUB, SEARCH, ".search.windows.net",
	    "privatelink.search.windows.net", "searchService", "P1"),
	ONE(GOV, SEARCH, ".search.windows.us", "privatelink.search.windows.us",
	    "searchService", "P1"),
	ONE(CHN, SEARCH, ".search.azure.cn", "privatelink.search.azure.cn",
	    "searchService", "P19 (U)"),

#define SCOPE "azuremonitor"
	/* Azure Monitor private link scope: five zones, the fifth is blob's */
	ONE(PUB, MONITOR, ".monitor.azure.com", "privatelink.monitor.azure.com",
	    SCOPE, "P1"),
	EXACT(PUB, MONITOR, "dc.applicationinsights.azure.com",
	      "privatelink.monitor.azure.com", SCOPE, "P1, A2"),
	EXACT(PUB, MONITOR, "dc.applicationinsights.microsoft.com",
	      "privatelink.monitor.azure.com", SCOPE, "P1, A2"),
	EXACT(PUB, MONITOR, "dc.services.visualstudio.com",
	      "privatelink.monitor.azure.com", SCOPE, "P1, A2"),
	ONE(PUB, MONITOR, ".in.applicationinsights.azure.com",
	    "privatelink.monitor.azure.com", SCOPE, "P1, A2"),
	ONE(PUB, MONITOR, ".oms.opinsights.azure.com",
	    "privatelink.oms.opinsights.azure.com", SCOPE, "P1"),
	ONE(PUB, MONITOR, ".ods.opinsights.azure.com",
	    "privatelink.ods.opinsights.azure.com", SCOPE, "P1"),
	ONE(PUB, MONITOR, ".agentsvc.azure-automation.net",
	    "privatelink.agentsvc.azure-automation.net", SCOPE, "P1"),
	/* queries of logs; said to be aliases of api.monitor.azure.com */
	EXACT(PUB, MONITOR, "api.loganalytics.azure.com", NULL, NULL, "M1"),
	EXACT(PUB, MONITOR, "api.loganalytics.io", NULL, NULL, "M1 (U)"),
	ONE(GOV, MONITOR, ".monitor.azure.us", "privatelink.monitor.azure.us",
	    SCOPE, "P1"),
	ONE(GOV, MONITOR, ".adx.monitor.azure.us",
	    "privatelink.adx.monitor.azure.us", SCOPE, "P1"),
	ONE(GOV, MONITOR, ".oms.opinsights.azure.us",
	    "privatelink.oms.opinsights.azure.us", SCOPE, "P1"),
	ONE(GOV, MONITOR, ".ods.opinsights.azure.us",
	    "privatelink.ods.opinsights.azure.us", SCOPE, "P1"),
	ONE(GOV, MONITOR, ".agentsvc.azure-automation.us",
	    "privatelink.agentsvc.azure-automation.us", SCOPE, "P1"),
	EXACT(GOV, MONITOR, "dc.services.visualstudio.us", NULL, SCOPE, "P18"),
	EXACT(GOV, MONITOR, "api.loganalytics.us", NULL, NULL, "M1 (U)"),
	ONE(CHN, MONITOR, ".oms.opinsights.azure.cn", NULL, NULL, "P18"),
	ONE(CHN, MONITOR, ".ods.opinsights.azure.cn", NULL, NULL, "P18"),
	EXACT(CHN, MONITOR, "dc.services.visualstudio.cn", NULL, NULL, "P18"),
	EXACT(CHN, MONITOR, "api.loganalytics.azure.cn", NULL, NULL, "M1"),
#undef SCOPE

	/* The zone is privatelink.REGION and this: part of the name itself. */
	ONE(PUB, AKS_API, ".azmk8s.io", NULL, "management", "P1, P16"),
	ONE(GOV, AKS_API, ".cx.aks.containerservice.azure.us", NULL,
	    "management", "P18"),
	ONE(CHN, AKS_API, ".cx.prod.service.azk8s.cn", NULL, "management",
	    "P18, P19"),
	EXACT(PUB, ARM, "management.azure.com", "privatelink.azure.com",
	      "ResourceManagement", "P1, A2"),
	EXACT(GOV, ARM, "management.usgovcloudapi.net", NULL, NULL, "A2"),
	EXACT(CHN, ARM, "management.chinacloudapi.cn", NULL, NULL, "A2"),
	EXACT(PUB, LOGIN, "login.microsoftonline.com", NULL, NULL, "A2"),
	EXACT(GOV, LOGIN, "login.microsoftonline.us", NULL, NULL, "A2"),
	EXACT(CHN, LOGIN, "login.chinacloudapi.cn", NULL, NULL, "A2"),
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
	size_t l = row->label != NULL ? strlen(row->label) : 0;

	if (row->labels != 0 && n != row->labels)
		return false;
	return l == 0 ||
	       (strncasecmp(second, row->label, l) == 0 && second[l] == '.');
}

const struct vp_catalogue_suffix *vp_catalogue_find(const char *name)
{
	const struct vp_catalogue_suffix *best = NULL;
	size_t length = 0; /* of the longest suffix, whether it fits or not */

	for (size_t i = 0; i < N_OF(suffixes); i++) {
		size_t n = strlen(suffixes[i].suffix);

		if (n < length || !vp_name_ends_in(name, suffixes[i].suffix))
			continue;
		if (n > length)
			best = NULL;
		length = n;
		if (best == NULL && shape_fits(&suffixes[i], name))
			best = &suffixes[i];
	}
	return best;
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

/* --- compute instances -----------------------------------------------------
 */

#define INSTANCE(cloud, suffix, source)                                        \
	{                                                                      \
		cloud, suffix, VP_SOURCE(source)                               \
	}

static const struct vp_catalogue_instance instances[] = {
	INSTANCE("public", ".instances.azureml.ms", "P1, A2"),
	INSTANCE("public", ".instances.ml.azure.ms", "A1"),
	INSTANCE("usgovernment", ".instances.azureml.us", "P1, A2"),
	INSTANCE("usgovernment", ".instances.ml.azure.us", "A1"),
	INSTANCE("china", ".instances.azureml.cn", "P1, A2"),
	INSTANCE("china", ".instances.ml.azure.ms", "A1"),
};

const struct vp_catalogue_instance *vp_catalogue_instances(size_t *n)
{
	*n = sizeof(instances) / sizeof(*instances);
	return instances;
}
