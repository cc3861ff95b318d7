#include "catalogue.h"

#include <string.h>

#include "vnetprobe/addr.h"

#define N_OF(a) (sizeof(a) / sizeof(*(a)))

/*
 * Suffixes per cloud. The first row of a kind in a cloud is the one that names
 * are derived with. zone is the private DNS zone that should answer, spelled
 * as a zone group wants it; NULL where the documents name none. Source: the
 * keys of the domain facts; (U) marks what no document was found for.
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
	 * what the API returns is instances.azureml.ms (domain 1.4). */
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

/* A suffix with a leading dot wants a label before it; one without is whole. */
static bool ends_in(const char *name, const char *suffix)
{
	size_t n = strlen(name), m = strlen(suffix);

	if (*suffix != '.')
		return strcmp(name, suffix) == 0;
	return n > m && strcmp(name + n - m, suffix) == 0;
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
		if (!ends_in(name, suffixes[i].suffix))
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

/*
 * Scenarios of the network security overview (A3, domain 3), as seen from a
 * machine in the VNet. Private endpoints beside public access look the same
 * from inside as private endpoints alone. A registry has no service endpoint
 * worth the name (A3, R4).
 */
#define PRIV VP_EXPECT_PRIVATE
#define PUBL VP_EXPECT_PUBLIC
#define SVC VP_EXPECT_SERVICE_ENDPOINT

static const struct vp_catalogue_scenario scenarios[] = {
	{ "secured", "workspace and resources behind private endpoints", PRIV,
	  PRIV, PRIV, PRIV, PRIV, "A3" },
	{ "secured-public-access",
	  "private endpoints, with public access left on for others", PRIV,
	  PRIV, PRIV, PRIV, PRIV, "A3, A10" },
	{ "service-endpoints",
	  "workspace and registry behind private endpoints, storage and vault "
	  "by service endpoint",
	  PRIV, SVC, SVC, PRIV, PRIV, "A3, P9" },
	{ "public-workspace",
	  "workspace public, its resources behind private endpoints", PUBL,
	  PRIV, PRIV, PRIV, PRIV, "A3" },
	{ "no-vnet", "everything public", PUBL, PUBL, PUBL, PUBL, PUBL, "A3" },
};

const struct vp_catalogue_scenario *vp_catalogue_scenarios(size_t *n)
{
	*n = N_OF(scenarios);
	return scenarios;
}

const struct vp_catalogue_scenario *vp_catalogue_scenario(const char *name)
{
	for (size_t i = 0; i < N_OF(scenarios); i++) {
		if (strcmp(scenarios[i].name, name) == 0)
			return &scenarios[i];
	}
	return NULL;
}

/* Public although everything else is private (domain 2.2). Longer first. */
static const struct {
	const char *suffix;
	const char *why;
} by_design[] = {
	{ ".cert.api.azureml.ms", "the region's control plane stays public" },
	{ ".api.azureml.ms", "the region's control plane stays public" },
	{ ".api.ml.azure.us", "the region's control plane stays public" },
	{ ".api.ml.azure.cn", "the region's control plane stays public" },
	{ ".tundra.azureml.ms", "control traffic of compute is public" },
	{ "ml.azure.com", "the studio's pages have no private endpoint" },
	{ "ml.azure.us", "the studio's pages have no private endpoint" },
	{ "studio.ml.azure.cn", "the studio's pages have no private endpoint" },
	{ ".aznbcontent.net", "notebook content is served publicly" },
	{ "mcr.microsoft.com", "Microsoft's registry is public" },
	{ ".data.mcr.microsoft.com", "Microsoft's registry is public" },
	{ "graph.microsoft.com", "Microsoft Graph is public" },
	{ "graph.windows.net", "Microsoft Graph is public" },
	{ ".batch.azure.com", "Batch is in Microsoft's subscription" },
};

const char *vp_catalogue_public_by_design(const char *name)
{
	if (vp_catalogue_find(name) != NULL)
		return NULL; /* somebody's own resource */
	for (size_t i = 0; i < N_OF(by_design); i++) {
		if (ends_in(name, by_design[i].suffix))
			return by_design[i].why;
	}
	return NULL;
}

/*
 * Issuers and roots of Azure's front ends (domain 7, P14). A trailing blank
 * takes the numbers behind it: "... Issuing CA 03".
 */
static const char *const issuers[] = {
	"Microsoft Azure RSA TLS Issuing CA ",
	"Microsoft Azure ECC TLS Issuing CA ",
	"Microsoft Azure TLS Issuing CA ",
	"Microsoft TLS G2 RSA CA OCSP ",
	"Microsoft TLS G2 ECC CA OCSP ",
	"Microsoft TLS RSA Root G2",
	"Microsoft TLS ECC Root G2",
	"Microsoft RSA Root Certificate Authority 2017",
	"Microsoft ECC Root Certificate Authority 2017",
	"Microsoft RSA TLS CA ",
	"DigiCert Global Root CA",
	"DigiCert Global Root G2",
	"DigiCert Global Root G3",
	"DigiCert TLS RSA4096 Root G5",
	"DigiCert TLS ECC P384 Root G5",
	"DigiCert Global G2 TLS RSA SHA256 2020 CA1",
	"DigiCert Global G3 TLS ECC SHA384 2020 CA1",
	"DigiCert SHA2 Secure Server CA",
	"DigiCert TLS RSA SHA256 2020 CA1",
	"DigiCert Cloud Services CA-1",
	"GeoTrust Global TLS RSA4096 SHA256 2022 CA1",
	"DigiCert Basic RSA CN CA G2",
};

/* The value of CN in a one-line name ("CN=x, O=y" or "/O=y/CN=x"); *n is its
 * length. NULL if there is none. */
static const char *common_name(const char *issuer, size_t *n)
{
	const char *p = issuer;

	while ((p = strstr(p, "CN")) != NULL) {
		const char *q = p + 2 + strspn(p + 2, " ");
		bool starts = p == issuer || strchr(" ,/+", p[-1]) != NULL;

		p += 2;
		if (!starts || *q != '=')
			continue;
		q += 1 + strspn(q + 1, " ");
		*n = strcspn(q, ",/+");
		return q;
	}
	return NULL;
}

static bool is_number(const char *s, size_t n)
{
	return n > 0 && strspn(s, "0123456789") >= n;
}

bool vp_catalogue_known_issuer(const char *issuer)
{
	const char *cn;
	size_t n = 0;

	if (issuer == NULL || (cn = common_name(issuer, &n)) == NULL)
		return false;
	for (size_t i = 0; i < N_OF(issuers); i++) {
		size_t m = strlen(issuers[i]);

		if (n < m || strncmp(cn, issuers[i], m) != 0)
			continue;
		if (n == m && issuers[i][m - 1] != ' ')
			return true;
		if (issuers[i][m - 1] == ' ' && is_number(cn + m, n - m))
			return true;
	}
	return false;
}

/* Resolvers that answer everybody: asking one tells the Internet our names.
 * Their operators' published addresses. */
static const char *const public_resolvers[] = {
	/* Google */
	"8.8.8.8",
	"8.8.4.4",
	"2001:4860:4860::8888",
	"2001:4860:4860::8844",
	"2001:4860:4860::64",
	"2001:4860:4860::6464",
	/* Cloudflare, and its filtering variants */
	"1.1.1.1",
	"1.0.0.1",
	"1.1.1.2",
	"1.0.0.2",
	"1.1.1.3",
	"1.0.0.3",
	"2606:4700:4700::1111",
	"2606:4700:4700::1001",
	"2606:4700:4700::1112",
	"2606:4700:4700::1002",
	"2606:4700:4700::1113",
	"2606:4700:4700::1003",
	"2606:4700:4700::64",
	"2606:4700:4700::6400",
	/* Quad9 */
	"9.9.9.9",
	"149.112.112.112",
	"9.9.9.10",
	"149.112.112.10",
	"9.9.9.11",
	"149.112.112.11",
	"2620:fe::fe",
	"2620:fe::9",
	"2620:fe::10",
	"2620:fe::fe:10",
	"2620:fe::11",
	"2620:fe::fe:11",
	/* OpenDNS */
	"208.67.222.222",
	"208.67.220.220",
	"208.67.222.123",
	"208.67.220.123",
	"2620:119:35::35",
	"2620:119:53::53",
	/* AdGuard */
	"94.140.14.14",
	"94.140.15.15",
	"94.140.14.140",
	"94.140.14.141",
	"2a10:50c0::ad1:ff",
	"2a10:50c0::ad2:ff",
	/* Level 3, Verisign/Neustar, CleanBrowsing, DNS.WATCH, Yandex */
	"4.2.2.1",
	"4.2.2.2",
	"4.2.2.3",
	"4.2.2.4",
	"64.6.64.6",
	"64.6.65.6",
	"185.228.168.9",
	"185.228.169.9",
	"84.200.69.80",
	"84.200.70.40",
	"77.88.8.8",
	"77.88.8.1",
	/* AliDNS, DNSPod, 114DNS, Baidu */
	"223.5.5.5",
	"223.6.6.6",
	"2400:3200::1",
	"2400:3200:baba::1",
	"119.29.29.29",
	"114.114.114.114",
	"114.114.115.115",
	"180.76.76.76",
};

bool vp_catalogue_public_resolver(const struct vp_addr *addr)
{
	char text[VP_ADDR_TEXT];

	if (addr->family == 0)
		return false;
	vp_addr_format(addr, text);
	for (size_t i = 0; i < N_OF(public_resolvers); i++) {
		if (strcmp(text, public_resolvers[i]) == 0)
			return true;
	}
	return false;
}

static const char *const doh_names[] = {
	"dns.google",
	"dns.google.com",
	"dns64.dns.google",
	"cloudflare-dns.com",
	".cloudflare-dns.com",
	"one.one.one.one",
	"1dot1dot1dot1.cloudflare-dns.com",
	"dns.quad9.net",
	"dns9.quad9.net",
	"dns10.quad9.net",
	"dns11.quad9.net",
	"doh.opendns.com",
	"doh.familyshield.opendns.com",
	"dns.opendns.com",
	"doh.umbrella.com",
	"dns.nextdns.io",
	".dns.nextdns.io",
	"dns.adguard.com",
	"dns.adguard-dns.com",
	".adguard-dns.com",
	"doh.cleanbrowsing.org",
	"dns.alidns.com",
	"doh.pub",
	"dns.pub",
	"doh.360.cn",
	"doh.dns.sb",
	"dns.mullvad.net",
	".dns.mullvad.net",
	"dns.controld.com",
	"freedns.controld.com",
	"doh.xfinity.com",
	"doh.dns.apple.com",
	"mozilla.cloudflare-dns.com",
	"odoh.cloudflare-dns.com",
};

bool vp_catalogue_doh_name(const char *name)
{
	for (size_t i = 0; i < N_OF(doh_names); i++) {
		if (ends_in(name, doh_names[i]))
			return true;
	}
	return false;
}
