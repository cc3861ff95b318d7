/*
 * plan_resources.c - the names that each resource answers to: workspace,
 * storage account, vault, registry.
 */
#include "planner.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define SMB 445

/* --- the workspace -------------------------------------------------------- */

static const char *suffix(const struct vp_planner *p, enum vp_kind kind)
{
	const struct vp_catalogue_suffix *row =
		vp_catalogue_of(p->s->cloud, kind);

	return row != NULL ? row->suffix : NULL;
}

/*
 * ml-NAME-REGION-guid: at most 63 bytes, and NAME is what is cut
 * (docs/sources.md: A1). A guess; notebookInfo.fqdn of the workspace is the
 * truth.
 */
struct ws {
	struct vp_planner *p;
	const struct vp_workspace *w;
	const char *path; /* "workspace", "hubs[0]" */
};

static bool add_notebook(const struct ws *ws, struct vp_draft d)
{
	const struct vp_workspace *w = ws->w;
	struct vp_planner *p = ws->p;
	struct vp_arena *arena = p->facts->arena;
	int room;

	d.name = w->notebook_fqdn;
	if (w->origin == NULL)
		d.origin = vp_arena_printf(arena, "%s.notebook_fqdn", ws->path);
	d.has_kind = true;
	d.kind = VP_KIND_NOTEBOOK;
	if (w->notebook_fqdn != NULL)
		return vp_plan_add(p, &d);
	if (w->name == NULL && w->origin != NULL) {
		vp_plan_note(p, "the workspace's name was not found, and so "
		                "its notebooks' neither: they are left out");
		return true;
	}
	if (w->name == NULL)
		return vp_plan_refuse_at(p, ws->path,
		                         "give notebook_fqdn, or name to "
		                         "derive it from");
	room = 63 - (int)strlen("ml---") - (int)strlen(p->s->region) - 36;
	if (room < 1)
		return vp_plan_refuse_at(p, ws->path,
		                         "give notebook_fqdn: it cannot be "
		                         "derived from this name and region");
	d.name = vp_arena_printf(arena, "ml-%.*s-%s-%s.%s%s", room, w->name,
	                         p->s->region, w->id, p->s->region,
	                         suffix(p, VP_KIND_NOTEBOOK));
	d.origin = vp_arena_printf(arena, "%s (notebook name derived)",
	                           w->origin != NULL ? w->origin : ws->path);
	return vp_plan_add(p, &d);
}

/* A bare name of an instance, or CI-PORT: one name for each suffix. Which one
 * is in use only DNS tells, or applications[].endpointUri of the instance. */
static bool add_instance(struct vp_planner *p, struct vp_draft d,
                         const char *label)
{
	const struct vp_catalogue_instance *rows;
	struct vp_arena *arena = p->facts->arena;
	size_t n;

	rows = vp_catalogue_instances(&n);
	d.alternative_of = vp_arena_printf(arena, "%s.%s", label, p->s->region);
	d.has_kind = true;
	d.kind = VP_KIND_COMPUTE_INSTANCE;
	for (size_t i = 0; i < n; i++) {
		if (strcmp(rows[i].cloud, p->s->cloud) != 0)
			continue;
		d.name = vp_arena_printf(arena, "%s%s", d.alternative_of,
		                         rows[i].suffix);
		if (!vp_plan_add(p, &d))
			return false;
	}
	return true;
}

/* NAME.REGION.suffix, or a name with a dot as it is. */
static bool add_regional(const struct ws *ws, struct vp_draft d,
                         enum vp_kind kind, char **names, size_t n,
                         const char *key)
{
	struct vp_planner *p = ws->p;
	struct vp_arena *arena = p->facts->arena;

	for (size_t i = 0; i < n; i++) {
		if (ws->w->origin == NULL)
			d.origin = vp_arena_printf(arena, "%s.%s[%zu]",
			                           ws->path, key, i);
		d.name = names[i];
		d.has_kind = strchr(names[i], '.') != NULL;
		d.kind = kind;
		if (!d.has_kind && kind == VP_KIND_COMPUTE_INSTANCE) {
			if (!add_instance(p, d, names[i]))
				return false;
			continue;
		}
		if (!d.has_kind && suffix(p, kind) == NULL)
			return vp_plan_refuse_at(
				p, d.origin,
				"no suffix of these is known in the cloud %s: "
				"give the whole name",
				p->s->cloud);
		if (!d.has_kind)
			d.name = vp_arena_printf(arena, "%s.%s%s", names[i],
			                         p->s->region, suffix(p, kind));
		if (!vp_plan_add(p, &d))
			return false;
	}
	return true;
}

static bool add_workspace(struct vp_planner *p, const struct vp_workspace *w,
                          const char *path)
{
	static const enum vp_kind faces[] = { VP_KIND_WORKSPACE,
		                              VP_KIND_WORKSPACE_CERT };
	const struct ws ws = { p, w, path };
	struct vp_draft d = {
		.origin = w->origin != NULL ? w->origin : path,
		.has_expect = w->has_expect,
		.expect = w->expect,
		.addresses = w->addresses,
		.n_addresses = w->n_addresses,
	};

	if (p->s->region == NULL)
		return vp_plan_refuse_at(p, path,
		                         "its names have the region in "
		                         "them: set 'region' in the config");
	if (w->id == NULL)
		return vp_plan_refuse_at(p, path,
		                         "its names have the workspaceId "
		                         "in them: set '%s.id' in the config",
		                         path);
	for (size_t i = 0; i < 2; i++) {
		d.name = vp_arena_printf(p->facts->arena, "%s.workspace.%s%s",
		                         w->id, p->s->region,
		                         suffix(p, faces[i]));
		if (!vp_plan_add(p, &d))
			return false;
	}
	return add_notebook(&ws, d) &&
	       add_regional(&ws, d, VP_KIND_COMPUTE_INSTANCE,
	                    w->compute_instances, w->n_compute_instances,
	                    "compute_instances") &&
	       add_regional(&ws, d, VP_KIND_ONLINE_ENDPOINT,
	                    w->online_endpoints, w->n_online_endpoints,
	                    "online_endpoints") &&
	       add_regional(&ws, d, VP_KIND_SERVERLESS_MODEL,
	                    w->serverless_models, w->n_serverless_models,
	                    "serverless_models");
}

/* A hub answers as a workspace does; its projects have its names (A1). */
bool vp_plan_workspace(struct vp_planner *p)
{
	const struct vp_settings *s = p->s;

	if (s->workspace.present &&
	    !add_workspace(p, &s->workspace, "workspace"))
		return false;
	for (size_t i = 0; i < s->n_hubs; i++) {
		if (!add_workspace(
			    p, &s->hubs[i],
			    vp_arena_printf(p->facts->arena, "hubs[%zu]", i)))
			return false;
	}
	return true;
}

/* --- storage, vaults, registries ------------------------------------------ */

/* 3 to 24 letters and digits; a secondary region's has its ending too (R1). */
static bool is_account(const char *label)
{
	static const char secondary[] = "-secondary";
	size_t n = 0;

	while (isalnum((unsigned char)label[n]))
		n++;
	return n >= 3 && n <= 24 &&
	       (label[n] == '\0' || strcasecmp(label + n, secondary) == 0);
}

/*
 * A label, or the full name of one service of an account with an Azure DNS
 * zone (acct.z12.blob.storage.azure.net): *base is then acct.z12, and *tail
 * what stands behind the service.
 */
static bool account_base(struct vp_planner *p, const struct vp_draft *d,
                         const char *name, char **base, const char **tail,
                         const char **service)
{
	const struct vp_catalogue_suffix *row;
	struct vp_arena *arena = p->facts->arena;
	char shown[VP_PLAN_SHOWN];
	const char *dot;

	*base = vp_arena_strdup(arena, name);
	*service = NULL;
	if (strchr(name, '.') == NULL && !is_account(name))
		return vp_plan_refuse_at(p, d->origin,
		                         "'%s' is no storage account's name: 3 "
		                         "to 24 lower-case letters and digits",
		                         vp_plan_shown(shown, name));
	if (strchr(name, '.') == NULL) {
		row = vp_catalogue_of(p->s->cloud, VP_KIND_BLOB);
		*tail = strchr(row->suffix + 1, '.');
		return true;
	}
	row = vp_catalogue_find(name);
	if (row == NULL || row->kind < VP_KIND_BLOB || row->kind > VP_KIND_WEB)
		return vp_plan_refuse_at(
			p, d->origin,
			"the name is neither an account's nor that "
			"of a storage service");
	/* "-secondary" is of the base */
	dot = strchr(row->suffix, '.');
	(*base)[strlen(name) - strlen(dot)] = '\0';
	*tail = strchr(dot + 1, '.');
	*service = vp_kind_name(row->kind);
	return true;
}

static bool add_service(struct vp_planner *p, struct vp_draft d,
                        const char *base, const char *service, const char *tail)
{
	d.name = vp_arena_printf(p->facts->arena, "%s.%s%s", base, service,
	                         tail);
	if (!vp_plan_add(p, &d))
		return false;
	if (strcmp(service, "file") != 0)
		return true;
	d.port = SMB; /* compute mounts the share (A2, A4) */
	return vp_plan_add(p, &d);
}

bool vp_plan_account(struct vp_planner *p, const struct vp_storage_account *a,
                     size_t i)
{
	struct vp_draft d = {
		.origin = a->origin != NULL
		                  ? a->origin
		                  : vp_arena_printf(p->facts->arena,
		                                    "storage_accounts[%zu]", i),
		.has_expect = a->has_expect,
		.expect = a->expect,
		.addresses = a->addresses,
		.n_addresses = a->n_addresses,
	};
	const char *tail = "", *service = NULL;
	char *base;

	if (!account_base(p, &d, a->name, &base, &tail, &service))
		return false;
	for (size_t k = 0; k < a->n_services; k++) {
		if (!add_service(p, d, base, a->services[k], tail))
			return false;
	}
	if (a->n_services > 0)
		return true;
	if (service != NULL)
		return add_service(p, d, base, service, tail);
	/* what a workspace needs of its storage account (A5) */
	return add_service(p, d, base, "blob", tail) &&
	       add_service(p, d, base, "file", tail) &&
	       (!a->hierarchical || add_service(p, d, base, "dfs", tail));
}

/* LABEL and the kind's suffix; a name with a dot is taken as it is. */
static bool add_resource(struct vp_planner *p, struct vp_draft *d,
                         enum vp_kind kind, const char *name)
{
	d->name = name;
	if (strchr(name, '.') == NULL)
		d->name = vp_arena_printf(p->facts->arena, "%s%s", name,
		                          suffix(p, kind));
	d->has_kind = true;
	d->kind = kind;
	return vp_plan_add(p, d);
}

bool vp_plan_vault(struct vp_planner *p, const struct vp_key_vault *v, size_t i)
{
	struct vp_draft d = {
		.origin = v->origin != NULL
		                  ? v->origin
		                  : vp_arena_printf(p->facts->arena,
		                                    "key_vaults[%zu]", i),
		.has_expect = v->has_expect,
		.expect = v->expect,
		.addresses = v->addresses,
		.n_addresses = v->n_addresses,
		.endpoint = v->private_endpoint,
	};

	return add_resource(p, &d, VP_KIND_VAULT, v->name);
}

static bool add_data(struct vp_planner *p, struct vp_draft d, const char *label,
                     const char *region)
{
	d.has_kind = false;
	d.name = vp_arena_printf(p->facts->arena, "%s.%s%s", label, region,
	                         suffix(p, VP_KIND_REGISTRY_DATA));
	return vp_plan_add(p, &d);
}

bool vp_plan_registry(struct vp_planner *p, const struct vp_registry *g,
                      size_t i)
{
	struct vp_draft d = {
		.origin = g->origin != NULL
		                  ? g->origin
		                  : vp_arena_printf(p->facts->arena,
		                                    "registries[%zu]", i),
		.has_expect = g->has_expect,
		.expect = g->expect,
		.addresses = g->addresses,
		.n_addresses = g->n_addresses,
	};
	size_t login = p->facts->n_targets, n = strcspn(g->name, ".");
	char *label = vp_arena_strndup(p->facts->arena, g->name, n);

	if (!add_resource(p, &d, VP_KIND_REGISTRY, g->name))
		return false;
	for (size_t k = 0; k < g->n_data_regions; k++) {
		if (!add_data(p, d, label, g->data_regions[k]))
			return false;
	}
	/* Data endpoints switch on with a private endpoint; without one the
	 * layers come from storage names that nobody can foretell (R1, R2). */
	if (g->n_data_regions > 0 ||
	    (login < p->facts->n_targets &&
	     p->facts->targets[login].expect == VP_EXPECT_PUBLIC))
		return true;
	if (p->s->region == NULL)
		return vp_plan_refuse_at(
			p, d.origin,
			"its data endpoint has the region in its "
			"name: set 'region' or 'data_regions'");
	return add_data(p, d, label, p->s->region);
}
