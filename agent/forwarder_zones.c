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

#define ROW(cloud, name, privatelink, with, source)                            \
	{                                                                      \
		cloud, name, privatelink, with, VP_SOURCE(source)              \
	}
#define ZONE(cloud, name, with, source)                                        \
	ROW(cloud, name, "privatelink." name, with, source)

static const struct vp_forwarder_zone rows[] = {
	/*
	 * Azure ML (A1). With one of them missing, names "jump between public
	 * and private" (G126384). For compute instances the documents name two
	 * suffixes, and both are forwarded (A1 and P1 disagree). The
	 * notebooks' content has no private zone, and is listed all the same.
	 */
	ZONE(PUB, "api.azureml.ms", ALWAYS, "A1"),
	ZONE(PUB, "notebooks.azure.net", ALWAYS, "A1"),
	ROW(PUB, "instances.azureml.ms", NULL, ALWAYS, "P1"),
	ROW(PUB, "instances.ml.azure.ms", NULL, ALWAYS, "A1"),
	ROW(PUB, "aznbcontent.net", NULL, ALWAYS, "A1, P1"),
	ROW(PUB, "inference.ml.azure.com", "privatelink.api.azureml.ms", ALWAYS,
	    "A1"),
	ROW(PUB, "models.ai.azure.com", NULL, ALWAYS, "A1"),
	ZONE(GOV, "api.ml.azure.us", ALWAYS, "A1"),
	ZONE(GOV, "notebooks.usgovcloudapi.net", ALWAYS, "A1"),
	ROW(GOV, "instances.azureml.us", NULL, ALWAYS, "P1"),
	ROW(GOV, "instances.ml.azure.us", NULL, ALWAYS, "A1"),
	ROW(GOV, "aznbcontent.net", NULL, ALWAYS, "A1, P1"),
	ROW(GOV, "inference.ml.azure.us", "privatelink.api.ml.azure.us", ALWAYS,
	    "A1"),
	ZONE(CHN, "api.ml.azure.cn", ALWAYS, "A1"),
	ZONE(CHN, "notebooks.chinacloudapi.cn", ALWAYS, "A1"),
	ROW(CHN, "instances.azureml.cn", NULL, ALWAYS, "P1"),
	ROW(CHN, "instances.ml.azure.ms", NULL, ALWAYS, "A1"),
	ROW(CHN, "aznbcontent.net", NULL, ALWAYS, "A1, P1"),
	ROW(CHN, "inference.ml.azure.cn", "privatelink.api.ml.azure.cn", ALWAYS,
	    "A1"),

/* One storage service in all clouds. The private zone of accounts with an
 * Azure DNS zone is not settled (G101176). */
#define STORAGE(service, with)                                                 \
	ZONE(PUB, service ".core.windows.net", with, "P1, P11"),               \
		ZONE(GOV, service ".core.usgovcloudapi.net", with, "P1"),      \
		ZONE(CHN, service ".core.chinacloudapi.cn", with, "P1"),       \
		ROW(PUB, service ".storage.azure.net", NULL, 0, "G101176")

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
	ROW(PUB, "vault.azure.net", "privatelink.vaultcore.azure.net", 0, "P1"),
	ZONE(PUB, "vaultcore.azure.net", WITH(VAULT), "P1"),
	ROW(GOV, "vault.usgovcloudapi.net",
	    "privatelink.vaultcore.usgovcloudapi.net", 0, "P1"),
	ZONE(GOV, "vaultcore.usgovcloudapi.net", WITH(VAULT), "P1"),
	ROW(CHN, "vault.azure.cn", "privatelink.vaultcore.azure.cn", 0, "P1"),
	ZONE(CHN, "vaultcore.azure.cn", WITH(VAULT), "P1"),
	/* login and data, which is reg.REGION.data (R1) */
	ZONE(PUB, "azurecr.io", 0, "P1, R1"),
	ZONE(GOV, "azurecr.us", 0, "P1"),
	ZONE(CHN, "azurecr.cn", 0, "P19"),
	/* one account answers to all of these (P1) */
	ZONE(PUB, "cognitiveservices.azure.com", WITH(AI_SERVICES), "P1"),
	ZONE(PUB, "openai.azure.com", WITH(AI_SERVICES), "P1"),
	ZONE(PUB, "services.ai.azure.com", WITH(AI_SERVICES), "P1"),
	ZONE(GOV, "cognitiveservices.azure.us", WITH(AI_SERVICES), "P1"),
	ZONE(GOV, "openai.azure.us", WITH(AI_SERVICES), "P1 (U)"),
	ZONE(CHN, "cognitiveservices.azure.cn", WITH(AI_SERVICES), "P1 (U)"),
	ZONE(PUB, "search.windows.net", 0, "P1"),
	ZONE(GOV, "search.windows.us", 0, "P1"),
	ZONE(CHN, "search.azure.cn", 0, "P19 (U)"),
	/* a private link scope answers for all of these (P1) */
	ZONE(PUB, "monitor.azure.com", WITH(MONITOR), "P1"),
	ROW(PUB, "applicationinsights.azure.com",
	    "privatelink.monitor.azure.com", WITH(MONITOR), "P1"),
	ROW(PUB, "applicationinsights.microsoft.com",
	    "privatelink.monitor.azure.com", 0, "P1"),
	ROW(PUB, "services.visualstudio.com", "privatelink.monitor.azure.com",
	    WITH(MONITOR), "P1"),
	ZONE(PUB, "oms.opinsights.azure.com", WITH(MONITOR), "P1"),
	ZONE(PUB, "ods.opinsights.azure.com", WITH(MONITOR), "P1"),
	ZONE(PUB, "agentsvc.azure-automation.net", WITH(MONITOR), "P1"),
	ZONE(GOV, "monitor.azure.us", WITH(MONITOR), "P1"),
	ZONE(GOV, "adx.monitor.azure.us", 0, "P1"),
	ZONE(GOV, "oms.opinsights.azure.us", WITH(MONITOR), "P1"),
	ZONE(GOV, "ods.opinsights.azure.us", WITH(MONITOR), "P1"),
	ZONE(GOV, "agentsvc.azure-automation.us", WITH(MONITOR), "P1"),
};

/* The alias of management.azure.com is in privatelink.azure.com: only all of
 * azure.com is above both (P1). Other names there are not its business. */
static const struct vp_forwarder_zone arm = ZONE(PUB, "azure.com", 0, "P1");

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
	const struct vp_catalogue_suffix *row = vp_catalogue_find(name);
	const char *p;

	if (row == NULL || row->kind != VP_KIND_AKS_API)
		return NULL;
	p = name + strlen(name) - strlen(row->suffix);
	while (p > name && p[-1] != '.')
		p--;
	return p;
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

const struct vp_forwarder_zone *vp_forwarder_rows(size_t *n)
{
	*n = N_OF(rows);
	return rows;
}
