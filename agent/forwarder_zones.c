/*
 * forwarder_zones.c - which public zones a DNS server has to forward.
 *
 * The public zone and never the privatelink one: a server that forwards only
 * privatelink.* asks its general forwarder for the public name, and that one
 * follows the alias itself, to the public address (docs/sources.md: P2).
 *
 * Some zones come as a set. A server that forwards one zone asks again for an
 * alias that leads out of it, so where the alias goes has to be forwarded too.
 */
#include "forwarder.h"

#include <string.h>

#include "catalogue.h"
#include "forwarder_zones.h"
#include "name_match.h"

#define N_OF(a) (sizeof(a) / sizeof(*(a)))

#define PUB "public"
#define GOV "usgovernment"
#define CHN "china"

#define ALWAYS ~0u
#define WITH(kind) (1u << VP_KIND_##kind)

static const struct vp_forwarder_zone rows[] = {
	/*
	 * Azure ML (A1). With one of them missing, names "jump between public
	 * and private" (G126384). For compute instances the documents name two
	 * suffixes, and both are forwarded (A1 and P1 disagree). The
	 * notebooks' content has no private zone, and is listed all the same.
	 */
	{ PUB, "api.azureml.ms", "privatelink.api.azureml.ms", ALWAYS },
	{ PUB, "notebooks.azure.net", "privatelink.notebooks.azure.net",
	  ALWAYS },
	{ PUB, "instances.azureml.ms", NULL, ALWAYS },
	{ PUB, "instances.ml.azure.ms", NULL, ALWAYS },
	{ PUB, "aznbcontent.net", NULL, ALWAYS },
	{ PUB, "inference.ml.azure.com", "privatelink.api.azureml.ms", ALWAYS },
	{ PUB, "models.ai.azure.com", NULL, ALWAYS },
	{ GOV, "api.ml.azure.us", "privatelink.api.ml.azure.us", ALWAYS },
	{ GOV, "notebooks.usgovcloudapi.net",
	  "privatelink.notebooks.usgovcloudapi.net", ALWAYS },
	{ GOV, "instances.azureml.us", NULL, ALWAYS },
	{ GOV, "instances.ml.azure.us", NULL, ALWAYS },
	{ GOV, "aznbcontent.net", NULL, ALWAYS },
	{ GOV, "inference.ml.azure.us", "privatelink.api.ml.azure.us", ALWAYS },
	{ CHN, "api.ml.azure.cn", "privatelink.api.ml.azure.cn", ALWAYS },
	{ CHN, "notebooks.chinacloudapi.cn",
	  "privatelink.notebooks.chinacloudapi.cn", ALWAYS },
	{ CHN, "instances.azureml.cn", NULL, ALWAYS },
	{ CHN, "instances.ml.azure.ms", NULL, ALWAYS },
	{ CHN, "aznbcontent.net", NULL, ALWAYS },
	{ CHN, "inference.ml.azure.cn", "privatelink.api.ml.azure.cn", ALWAYS },

/* One storage service in all clouds. The private zone of accounts with an
 * Azure DNS zone is not settled (G101176). */
#define STORAGE(service, with)                                                 \
	{ PUB, service ".core.windows.net",                                    \
	  "privatelink." service ".core.windows.net", with },                  \
		{ GOV, service ".core.usgovcloudapi.net",                      \
		  "privatelink." service ".core.usgovcloudapi.net", with },    \
		{ CHN, service ".core.chinacloudapi.cn",                       \
		  "privatelink." service ".core.chinacloudapi.cn", with },     \
	{                                                                      \
		PUB, service ".storage.azure.net", NULL, 0                     \
	}

	/* some calls to dfs are redirected to blob (P11); Azure Monitor's
	 * private link scope has blob among its zones (P1) */
	STORAGE("blob", WITH(DFS) | WITH(MONITOR)),
	STORAGE("file", 0),
	STORAGE("queue", 0),
	STORAGE("table", 0),
	STORAGE("dfs", 0),
	STORAGE("web", 0),
#undef STORAGE

	/* a vault's alias is in vaultcore (P1) */
	{ PUB, "vault.azure.net", "privatelink.vaultcore.azure.net", 0 },
	{ PUB, "vaultcore.azure.net", "privatelink.vaultcore.azure.net",
	  WITH(VAULT) },
	{ GOV, "vault.usgovcloudapi.net",
	  "privatelink.vaultcore.usgovcloudapi.net", 0 },
	{ GOV, "vaultcore.usgovcloudapi.net",
	  "privatelink.vaultcore.usgovcloudapi.net", WITH(VAULT) },
	{ CHN, "vault.azure.cn", "privatelink.vaultcore.azure.cn", 0 },
	{ CHN, "vaultcore.azure.cn", "privatelink.vaultcore.azure.cn",
	  WITH(VAULT) },
	/* login and data, which is reg.REGION.data (R1) */
	{ PUB, "azurecr.io", "privatelink.azurecr.io", 0 },
	{ GOV, "azurecr.us", "privatelink.azurecr.us", 0 },
	{ CHN, "azurecr.cn", "privatelink.azurecr.cn", 0 },
	/* one account answers to all of these (P1) */
	{ PUB, "cognitiveservices.azure.com",
	  "privatelink.cognitiveservices.azure.com", WITH(AI_SERVICES) },
	{ PUB, "openai.azure.com", "privatelink.openai.azure.com",
	  WITH(AI_SERVICES) },
	{ PUB, "services.ai.azure.com", "privatelink.services.ai.azure.com",
	  WITH(AI_SERVICES) },
	{ GOV, "cognitiveservices.azure.us",
	  "privatelink.cognitiveservices.azure.us", WITH(AI_SERVICES) },
	{ GOV, "openai.azure.us", "privatelink.openai.azure.us",
	  WITH(AI_SERVICES) },
	{ CHN, "cognitiveservices.azure.cn",
	  "privatelink.cognitiveservices.azure.cn", WITH(AI_SERVICES) },
	{ PUB, "search.windows.net", "privatelink.search.windows.net", 0 },
	{ GOV, "search.windows.us", "privatelink.search.windows.us", 0 },
	{ CHN, "search.azure.cn", "privatelink.search.azure.cn", 0 },
	/* a private link scope answers for all of these (P1) */
	{ PUB, "monitor.azure.com", "privatelink.monitor.azure.com",
	  WITH(MONITOR) },
	{ PUB, "applicationinsights.azure.com", "privatelink.monitor.azure.com",
	  WITH(MONITOR) },
	{ PUB, "applicationinsights.microsoft.com",
	  "privatelink.monitor.azure.com", 0 },
	{ PUB, "services.visualstudio.com", "privatelink.monitor.azure.com",
	  WITH(MONITOR) },
	{ PUB, "oms.opinsights.azure.com",
	  "privatelink.oms.opinsights.azure.com", WITH(MONITOR) },
	{ PUB, "ods.opinsights.azure.com",
	  "privatelink.ods.opinsights.azure.com", WITH(MONITOR) },
	{ PUB, "agentsvc.azure-automation.net",
	  "privatelink.agentsvc.azure-automation.net", WITH(MONITOR) },
};

/* The alias of management.azure.com is in privatelink.azure.com: only all of
 * azure.com is above both (P1). Other names there are not its business. */
static const struct vp_forwarder_zone arm = { PUB, "azure.com",
	                                      "privatelink.azure.com", 0 };

static bool in_zone(const char *name, const char *zone)
{
	return vp_name_below(name, zone) || strcmp(name, zone) == 0;
}

static bool is_arm(const char *name)
{
	return strcmp(name, "management.azure.com") == 0 ||
	       in_zone(name, "privatelink.azure.com");
}

const struct vp_forwarder_zone *vp_forwarder_row(const char *name)
{
	const struct vp_forwarder_zone *best = is_arm(name) ? &arm : NULL;

	for (size_t i = 0; i < N_OF(rows); i++) {
		if (in_zone(name, rows[i].name) &&
		    (best == NULL || strlen(rows[i].name) > strlen(best->name)))
			best = &rows[i];
	}
	return best;
}

/* REGION.azmk8s.io, the end of a cluster's name (P16); NULL for others. */
static const char *cluster_zone(const char *name)
{
	const char *p = name + strlen(name);
	unsigned dots = 0;

	if (!vp_name_below(name, "azmk8s.io"))
		return NULL;
	while (p > name && dots < 3)
		dots += *--p == '.';
	if (dots == 3)
		return p + 1;
	return name;
}

const char *vp_forwarder_zone_of(const char *name)
{
	const struct vp_forwarder_zone *row = vp_forwarder_row(name);

	return row != NULL ? row->name : cluster_zone(name);
}

/* --- the zones of a plan -------------------------------------------------- */

struct list {
	struct vp_arena *arena;
	const char **zones;
	size_t n;
};

static void add(struct list *l, const char *zone)
{
	for (size_t i = 0; i < l->n; i++) {
		if (strcmp(l->zones[i], zone) == 0)
			return;
	}
	*VP_PUSH(l->arena, l->zones, l->n) = zone;
}

struct wanted {
	const char *zone, *cloud;
	enum vp_kind kind;
};

/* What the targets that must be private are in, names in no zone of ours left
 * out. Returns their number. */
static size_t wanted_zones(const struct vp_facts *f, struct vp_arena *arena,
                           struct wanted **out)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n_targets; i++) {
		const struct vp_target *t = &f->targets[i];
		const char *zone = vp_forwarder_zone_of(t->name->name);
		const struct vp_forwarder_zone *row;

		if (t->expect != VP_EXPECT_PRIVATE || zone == NULL)
			continue;
		row = vp_forwarder_row(t->name->name);
		*VP_PUSH(arena, *out, n) = (struct wanted){
			.zone = zone,
			.cloud = row != NULL ? row->cloud : NULL,
			.kind = t->kind,
		};
	}
	return n;
}

/* Is this row a target's own, or does it come with one's kind? */
static bool is_wanted(const struct vp_forwarder_zone *row,
                      const struct wanted *w, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(w[i].zone, row->name) == 0)
			return true;
		if (w[i].cloud != NULL && strcmp(w[i].cloud, row->cloud) == 0 &&
		    (row->with & (1u << w[i].kind)) != 0)
			return true;
	}
	return false;
}

/* With no target that tells, the cloud is the one that was configured. */
static bool is_wanted_cloud(const struct vp_forwarder_zone *row,
                            const struct vp_facts *f, const struct wanted *w,
                            size_t n)
{
	bool known = false;

	for (size_t i = 0; i < n; i++) {
		if (w[i].cloud == NULL)
			continue;
		known = true;
		if (strcmp(w[i].cloud, row->cloud) == 0)
			return true;
	}
	return !known &&
	       strcmp(f->cloud != NULL ? f->cloud : PUB, row->cloud) == 0;
}

size_t vp_forwarder_zones(const struct vp_facts *facts, struct vp_arena *arena,
                          const char ***zones)
{
	struct list l = { .arena = arena };
	struct wanted *w = NULL;
	size_t n = wanted_zones(facts, arena, &w);

	for (size_t i = 0; i < N_OF(rows); i++) {
		if (rows[i].with == ALWAYS
		            ? is_wanted_cloud(&rows[i], facts, w, n)
		            : is_wanted(&rows[i], w, n))
			add(&l, rows[i].name);
	}
	for (size_t i = 0; i < n; i++)
		add(&l, w[i].zone); /* azure.com, REGION.azmk8s.io */
	*zones = l.zones;
	return l.n;
}
