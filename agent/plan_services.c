/*
 * plan_services.c - the names of what stands beside a workspace: registries of
 * Azure ML, API servers of AKS, AI services, search, Azure Monitor; and what a
 * scenario requires that is public.
 *
 * What a name is made of is known for some of them only; for the others the
 * config has to say the whole name, and where Azure prints it is said here.
 */
#include "planner.h"

#include <netinet/in.h>
#include <string.h>

static struct vp_draft draft_of(const struct vp_named_service *v,
                                const char *origin)
{
	return (struct vp_draft){
		.origin = origin,
		.has_expect = v->has_expect,
		.expect = v->expect,
		.addresses = v->addresses,
		.n_addresses = v->n_addresses,
	};
}

/* --- by whole names --------------------------------------------------------
 */

static bool add_whole(struct vp_planner *p, const struct vp_named_service *v,
                      const char *origin, enum vp_kind kind, const char *where)
{
	struct vp_draft d = draft_of(v, origin);

	if (strchr(v->name, '.') == NULL)
		return vp_plan_refuse_at(p, origin, "give the whole name: %s",
		                         where);
	d.name = v->name;
	d.has_kind = true;
	d.kind = kind;
	return vp_plan_add(p, &d);
}

/* --- by suffix -------------------------------------------------------------
 */

/* The cloud's row of this kind whose suffix starts like this. */
static const struct vp_catalogue_suffix *
row_of(const struct vp_planner *p, enum vp_kind kind, const char *start)
{
	const struct vp_catalogue_suffix *rows;
	size_t n, length = strlen(start);

	rows = vp_catalogue_suffixes(&n);
	for (size_t i = 0; i < n; i++) {
		const char *suffix = rows[i].suffix;

		if (rows[i].kind == kind &&
		    strcmp(rows[i].cloud, p->s->cloud) == 0 && *suffix == '.' &&
		    strncmp(suffix + 1, start, length) == 0 &&
		    suffix[1 + length] == '.')
			return &rows[i];
	}
	return NULL;
}

static bool add_suffixed(struct vp_planner *p, struct vp_draft d,
                         enum vp_kind kind, const char *label,
                         const char *start)
{
	const struct vp_catalogue_suffix *row = row_of(p, kind, start);

	if (row == NULL)
		return vp_plan_refuse_at(
			p, d.origin,
			"'%s' is not known in the cloud %s: give the whole "
			"name under targets",
			start, p->s->cloud);
	d.name = vp_arena_printf(p->facts->arena, "%s%s", label, row->suffix);
	d.has_kind = true;
	d.kind = kind;
	return vp_plan_add(p, &d);
}

/* One account may answer to three names (P1), and which ones follows from what
 * it was made as: its properties.endpoints say it. */
static bool add_ai(struct vp_planner *p, const struct vp_named_service *v,
                   const char *origin)
{
	static const char *const known[] = { "cognitiveservices", "openai",
		                             "services.ai" };
	struct vp_draft d = draft_of(v, origin);

	if (strchr(v->name, '.') != NULL)
		return add_whole(p, v, origin, VP_KIND_AI_SERVICES, "");
	if (v->n_services == 0)
		return add_suffixed(p, d, VP_KIND_AI_SERVICES, v->name,
		                    known[0]);
	for (size_t i = 0; i < v->n_services; i++) {
		char shown[VP_PLAN_SHOWN];
		size_t k = 0;

		d.origin = vp_arena_printf(p->facts->arena, "%s.services[%zu]",
		                           origin, i);
		while (k < 3 && strcmp(v->services[i], known[k]) != 0)
			k++;
		if (k == 3)
			return vp_plan_refuse_at(
				p, d.origin,
				"'%s' is not one of cognitiveservices, "
				"openai, services.ai",
				vp_plan_shown(shown, v->services[i]));
		if (!add_suffixed(p, d, VP_KIND_AI_SERVICES, v->name, known[k]))
			return false;
	}
	return true;
}

static bool add_search(struct vp_planner *p, const struct vp_named_service *v,
                       const char *origin)
{
	if (strchr(v->name, '.') != NULL)
		return add_whole(p, v, origin, VP_KIND_SEARCH, "");
	return add_suffixed(p, draft_of(v, origin), VP_KIND_SEARCH, v->name,
	                    "search");
}

/* --- Azure Monitor ---------------------------------------------------------
 */

/* Names that all resources share: a private link scope answers for them. */
static bool add_shared(struct vp_planner *p, struct vp_draft d)
{
	const struct vp_catalogue_suffix *rows;
	size_t n;

	rows = vp_catalogue_suffixes(&n);
	for (size_t i = 0; i < n; i++) {
		if (rows[i].kind != VP_KIND_MONITOR || rows[i].zone == NULL ||
		    *rows[i].suffix == '.' ||
		    strcmp(rows[i].cloud, p->s->cloud) != 0)
			continue;
		d.name = rows[i].suffix;
		if (!vp_plan_add(p, &d))
			return false;
	}
	return true;
}

/* Whoever lists these has a private link scope: they are private unless
 * something else was said. */
static bool add_monitor(struct vp_planner *p)
{
	const struct vp_monitor *m = &p->s->monitor;
	struct vp_draft d = {
		.origin = "monitor",
		.has_expect = m->has_expect || !p->s->has_expect,
		.expect = m->has_expect ? m->expect : VP_EXPECT_PRIVATE,
		.addresses = m->addresses,
		.n_addresses = m->n_addresses,
	};

	if (!m->present)
		return true;
	if (!add_shared(p, d))
		return false;
	for (size_t i = 0; i < m->n_log_analytics; i++) {
		d.origin = vp_arena_printf(p->facts->arena,
		                           "monitor.log_analytics[%zu]", i);
		if (!add_suffixed(p, d, VP_KIND_MONITOR, m->log_analytics[i],
		                  "oms") ||
		    !add_suffixed(p, d, VP_KIND_MONITOR, m->log_analytics[i],
		                  "ods"))
			return false;
	}
	for (size_t i = 0; i < m->n_ingestion; i++) {
		d.origin = vp_arena_printf(p->facts->arena,
		                           "monitor.ingestion[%zu]", i);
		if (!add_suffixed(p, d, VP_KIND_MONITOR, m->ingestion[i], "in"))
			return false;
	}
	return true;
}

/* --- all of them -----------------------------------------------------------
 */

static bool add_registry(struct vp_planner *p, const struct vp_named_service *v,
                         const char *origin)
{
	return add_whole(p, v, origin, VP_KIND_AML_REGISTRY,
	                 "registryFqdns of https://REGION.api.azureml.ms/"
	                 "registrymanagement/v1.0/registries/NAME/discovery");
}

static bool add_cluster(struct vp_planner *p, const struct vp_named_service *v,
                        const char *origin)
{
	return add_whole(p, v, origin, VP_KIND_AKS_API,
	                 "az aks show --query fqdn, or privateFqdn");
}

bool vp_plan_services(struct vp_planner *p)
{
	const struct vp_settings *s = p->s;
	const struct {
		const char *key;
		const struct vp_named_service *list;
		size_t n;
		bool (*add)(struct vp_planner *,
		            const struct vp_named_service *, const char *);
	} rows[] = {
		{ "aml_registries", s->aml_registries, s->n_aml_registries,
		  add_registry },
		{ "aks_clusters", s->aks_clusters, s->n_aks_clusters,
		  add_cluster },
		{ "ai_services", s->ai_services, s->n_ai_services, add_ai },
		{ "search_services", s->search_services, s->n_search_services,
		  add_search },
	};

	for (size_t r = 0; r < sizeof(rows) / sizeof(*rows); r++) {
		for (size_t i = 0; i < rows[r].n; i++) {
			const char *origin = vp_arena_printf(
				p->facts->arena, "%s[%zu]", rows[r].key, i);

			if (!rows[r].add(p, &rows[r].list[i], origin))
				return false;
		}
	}
	return add_monitor(p);
}

/* --- what is public by design ----------------------------------------------
 */

/* One name stands there: no wildcard, and the region known if it is in it. */
static const char *whole_name(const struct vp_planner *p, const char *pattern)
{
	const char *at = strstr(pattern, "REGION");

	if (*pattern == '*' || (at != NULL && p->s->region == NULL))
		return NULL;
	if (at == NULL)
		return pattern;
	return vp_arena_printf(p->facts->arena, "%.*s%s%s", (int)(at - pattern),
	                       pattern, p->s->region, at + strlen("REGION"));
}

bool vp_plan_required(struct vp_planner *p)
{
	const struct vp_catalogue_required *rows;
	size_t n;

	if (!p->s->probe_required || p->s->command == VP_COMMAND_WATCH ||
	    p->s->command == VP_COMMAND_ANALYZE) /* they probe nothing */
		return true;
	rows = vp_catalogue_required_rows(&n);
	for (size_t i = 0; i < n; i++) {
		struct vp_draft d = {
			.name = whole_name(p, rows[i].name),
			.port = rows[i].port,
		};

		if (rows[i].proto != IPPROTO_TCP || d.name == NULL ||
		    (rows[i].traffic & p->scenario->traffic) == 0 ||
		    strcmp(rows[i].cloud, p->s->cloud) != 0)
			continue;
		d.origin = vp_arena_printf(p->facts->arena,
		                           "probe_required (%s; %s)",
		                           rows[i].why, rows[i].source);
		if (!vp_plan_add(p, &d))
			return false;
	}
	return true;
}
