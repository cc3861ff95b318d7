/*
 * From settings to a plan.
 *
 * Each resource adds its targets in the order of the settings. Names and
 * name:port pairs are found again by hash tables, so that ten thousand targets
 * are planned in a moment. What is expected of a target was stated for it, or
 * stated for all, or follows from scenario and kind; the first that applies.
 */
#include "plan.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "catalogue.h"
#include "vnetprobe/dns_message.h"
#include "vnetprobe/resolv_conf.h"
#include "vnetprobe/signature.h"

#define REFUSED 2
#define HTTPS 443
#define SMB 445

/* --- finding names and targets again -------------------------------------- */

/* Open addressing; slots hold index + 1. Grows at half full. */
struct table {
	size_t *slots;
	size_t size, used;
};

struct plan {
	struct vp_facts *facts;
	const struct vp_settings *s;
	const struct vp_catalogue_scenario *scenario;
	struct table names, targets;
	bool *stated; /* for each target: its expectation was stated for it */
	size_t n_stated;
	char *why;
	size_t size;
};

/* A target as its resource describes it. */
struct draft {
	const char *name;
	uint16_t port; /* 0: by kind */
	bool tls;      /* https:// was written */
	bool has_kind;
	enum vp_kind kind;
	bool has_expect;
	enum vp_expect expect;
	const struct vp_addr *addresses;
	size_t n_addresses;
	const char *origin;
};

__attribute__((format(printf, 2, 3))) static bool refuse(struct plan *p,
                                                         const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(p->why, p->size, fmt, ap);
	va_end(ap);
	return false;
}

/* FNV-1a. Names come from the user's own config: no need to be clever. */
static size_t hash(const char *name, uint16_t port)
{
	uint64_t h = 14695981039346656037u;

	for (; *name != '\0'; name++)
		h = (h ^ (unsigned char)*name) * 1099511628211u;
	h = (h ^ port) * 1099511628211u;
	return (size_t)(h ^ (h >> 32));
}

typedef bool same_fn(const struct plan *p, size_t index, const char *name,
                     uint16_t port);

static bool same_name(const struct plan *p, size_t index, const char *name,
                      uint16_t port)
{
	(void)port;
	return strcmp(p->facts->names[index]->name, name) == 0;
}

static bool same_target(const struct plan *p, size_t index, const char *name,
                        uint16_t port)
{
	const struct vp_target *t = &p->facts->targets[index];

	return t->port == port && strcmp(t->name->name, name) == 0;
}

/* The slot of this name and port: taken, or where it goes. */
static size_t *find(const struct plan *p, const struct table *t, same_fn *same,
                    const char *name, uint16_t port)
{
	size_t at = hash(name, port) & (t->size - 1);

	while (t->slots[at] != 0 && !same(p, t->slots[at] - 1, name, port))
		at = (at + 1) & (t->size - 1);
	return &t->slots[at];
}

static void grow_names(struct plan *p)
{
	struct table *t = &p->names;

	if (t->size != 0 && t->used < t->size / 2)
		return;
	t->size = t->size != 0 ? t->size * 2 : 64;
	t->slots = vp_arena_alloc(p->facts->arena, t->size * sizeof(*t->slots));
	for (size_t i = 0; i < t->used; i++)
		*find(p, t, same_name, p->facts->names[i]->name, 0) = i + 1;
}

static void grow_targets(struct plan *p)
{
	struct table *t = &p->targets;

	if (t->size != 0 && t->used < t->size / 2)
		return;
	t->size = t->size != 0 ? t->size * 2 : 64;
	t->slots = vp_arena_alloc(p->facts->arena, t->size * sizeof(*t->slots));
	for (size_t i = 0; i < t->used; i++)
		*find(p, t, same_target, p->facts->targets[i].name->name,
		      p->facts->targets[i].port) = i + 1;
}

static struct vp_name *intern_name(struct plan *p, const char *name)
{
	struct vp_facts *f = p->facts;
	struct vp_name *n;
	size_t *slot;

	grow_names(p);
	slot = find(p, &p->names, same_name, name, 0);
	if (*slot != 0)
		return f->names[*slot - 1];
	n = vp_arena_alloc(f->arena, sizeof(*n));
	n->name = vp_arena_strdup(f->arena, name);
	*VP_PUSH(f->arena, f->names, f->n_names) = n;
	*slot = f->n_names;
	p->names.used++;
	return n;
}

/* --- expectation -----------------------------------------------------------
 */

/* Kinds fall into a few classes that scenarios speak about. */
static const struct {
	enum vp_kind kind;
	const char *what;
	size_t column; /* in struct vp_catalogue_scenario; 0: fixed below */
	enum vp_expect fixed;
	const char *fixed_why;
} classes[] = {
#define COLUMN(c) offsetof(struct vp_catalogue_scenario, c)
	{ VP_KIND_WORKSPACE, "a workspace", COLUMN(workspace), 0, NULL },
	{ VP_KIND_WORKSPACE_CERT, "a workspace", COLUMN(workspace), 0, NULL },
	{ VP_KIND_NOTEBOOK, "a workspace", COLUMN(workspace), 0, NULL },
	{ VP_KIND_COMPUTE_INSTANCE, "a workspace", COLUMN(workspace), 0, NULL },
	{ VP_KIND_ONLINE_ENDPOINT, "a workspace", COLUMN(workspace), 0, NULL },
	{ VP_KIND_SERVERLESS_MODEL, "a workspace", COLUMN(workspace), 0, NULL },
	{ VP_KIND_BLOB, "a storage account", COLUMN(storage), 0, NULL },
	{ VP_KIND_FILE, "a storage account", COLUMN(storage), 0, NULL },
	{ VP_KIND_QUEUE, "a storage account", COLUMN(storage), 0, NULL },
	{ VP_KIND_TABLE, "a storage account", COLUMN(storage), 0, NULL },
	{ VP_KIND_DFS, "a storage account", COLUMN(storage), 0, NULL },
	{ VP_KIND_WEB, "a storage account", COLUMN(storage), 0, NULL },
	{ VP_KIND_VAULT, "a key vault", COLUMN(vault), 0, NULL },
	{ VP_KIND_REGISTRY, "a registry", COLUMN(registry), 0, NULL },
	{ VP_KIND_REGISTRY_DATA, "a registry", COLUMN(registry), 0, NULL },
	{ VP_KIND_LOGIN, NULL, 0, VP_EXPECT_PUBLIC,
	  "sign-in has no private endpoint" },
	{ VP_KIND_ARM, NULL, 0, VP_EXPECT_ANY,
	  "Resource Manager is public unless it has a private link" },
	{ VP_KIND_MONITOR, NULL, 0, VP_EXPECT_ANY,
	  "Azure Monitor is private only with a private link scope" },
	{ VP_KIND_AKS_API, "a cluster's API server", COLUMN(other), 0, NULL },
	{ VP_KIND_AI_SERVICES, "an AI service", COLUMN(other), 0, NULL },
	{ VP_KIND_SEARCH, "a search service", COLUMN(other), 0, NULL },
	{ VP_KIND_OTHER, "a resource", COLUMN(other), 0, NULL },
#undef COLUMN
};

static const char *scenario_words(enum vp_expect e)
{
	switch (e) {
	case VP_EXPECT_PRIVATE:
		return "with a private endpoint answers at a private address";
	case VP_EXPECT_PUBLIC:
		return "without a private endpoint answers at a public address";
	case VP_EXPECT_SERVICE_ENDPOINT:
		return "behind a service endpoint keeps its public address";
	default:
		return "may answer anywhere";
	}
}

static void expect_by_scenario(const struct plan *p, struct vp_target *t)
{
	struct vp_arena *arena = p->facts->arena;
	const struct vp_catalogue_scenario *sc = p->scenario;
	const char *public = vp_catalogue_public_by_design(t->name->name);
	size_t i = 0;

	if (t->kind == VP_KIND_OTHER && public != NULL) {
		t->expect = VP_EXPECT_ANY;
		t->why = vp_arena_printf(arena, "public by design: %s", public);
		return;
	}
	while (classes[i].kind != t->kind && classes[i].kind != VP_KIND_OTHER)
		i++; /* OTHER is the last row */
	if (classes[i].fixed_why != NULL) {
		t->expect = classes[i].fixed;
		t->why = vp_arena_strdup(arena, classes[i].fixed_why);
		return;
	}
	memcpy(&t->expect, (const char *)sc + classes[i].column,
	       sizeof(t->expect));
	t->why = vp_arena_printf(arena, "%s: %s %s", sc->name, classes[i].what,
	                         scenario_words(t->expect));
}

static void expect_of(const struct plan *p, struct vp_target *t,
                      const struct draft *d)
{
	struct vp_arena *arena = p->facts->arena;

	if (d->has_expect) {
		t->expect = d->expect;
		t->why = vp_arena_printf(arena, "stated for it in %s",
		                         d->origin);
	} else if (p->s->has_expect) {
		t->expect = p->s->expect;
		t->why = vp_arena_strdup(arena, "stated for all targets");
	} else {
		expect_by_scenario(p, t);
	}
}

/* --- one target ------------------------------------------------------------
 */

/* Ports where TLS is spoken without https:// being written. */
static bool tls_port(uint16_t port)
{
	return port == HTTPS || port == 8443 || port == 6443 || port == 9443;
}

/* NAME.privatelink.REGION.azmk8s.io: the zone is what follows NAME, or a
 * subzone of it (P16). */
static const char *zone_of(const struct vp_catalogue_suffix *row,
                           const char *name)
{
	const char *zone;

	if (row == NULL)
		return NULL;
	if (row->kind != VP_KIND_AKS_API)
		return row->zone;
	zone = strstr(name, ".privatelink.");
	return zone != NULL ? zone + 1 : NULL;
}

static void add_expected(struct vp_arena *arena, struct vp_target *t,
                         const struct draft *d)
{
	for (size_t i = 0; i < d->n_addresses; i++) {
		bool known = false;

		for (size_t k = 0; k < t->n_expected && !known; k++)
			known = vp_addr_equal(&t->expected[k],
			                      &d->addresses[i]);
		if (!known)
			*VP_PUSH(arena, t->expected, t->n_expected) =
				d->addresses[i];
	}
}

/* The same name and port again: a stated expectation wins, two must agree. */
static bool merge(struct plan *p, size_t index, const struct draft *d)
{
	struct vp_target *t = &p->facts->targets[index];

	if (d->has_expect && p->stated[index] && d->expect != t->expect)
		return refuse(p,
		              "%s:%u: %s says '%s' and %s says '%s': state one "
		              "expectation",
		              t->name->name, t->port, t->origin,
		              vp_expect_name(t->expect), d->origin,
		              vp_expect_name(d->expect));
	if (d->has_expect) {
		expect_of(p, t, d);
		p->stated[index] = true;
	}
	t->tls = t->tls || d->tls;
	if (t->tls && t->http_path == NULL)
		t->http_path = vp_arena_strdup(p->facts->arena,
		                               vp_signature_path(t->kind));
	add_expected(p->facts->arena, t, d);
	return true;
}

static void fill(struct plan *p, struct vp_target *t, const struct draft *d,
                 const char *name, uint16_t port)
{
	const struct vp_catalogue_suffix *row = vp_catalogue_find(name);
	struct vp_arena *arena = p->facts->arena;

	t->name = intern_name(p, name);
	t->port = port;
	t->kind = row != NULL ? row->kind : VP_KIND_OTHER;
	if (d->has_kind)
		t->kind = d->kind;
	t->origin = vp_arena_strdup(arena, d->origin);
	t->zone = vp_arena_strdup(arena, zone_of(row, name));
	t->tls = d->tls || tls_port(port);
	if (t->tls)
		t->http_path =
			vp_arena_strdup(arena, vp_signature_path(t->kind));
	expect_of(p, t, d);
	add_expected(arena, t, d);
}

/* A name inside a privatelink zone: no client uses it and no certificate
 * covers it (G43475), so probing it would only mislead. */
static bool check_privatelink(struct plan *p, const struct draft *d,
                              const char *name)
{
	const struct vp_catalogue_suffix *row = vp_catalogue_find(name);

	if (strstr(name, ".privatelink.") == NULL || row == NULL ||
	    row->kind == VP_KIND_AKS_API)
		return true;
	return refuse(p,
	              "%s: '%s' is a name inside the private zone: give the "
	              "name that clients use, without 'privatelink'",
	              d->origin, name);
}

static bool add(struct plan *p, const struct draft *d)
{
	uint16_t port = d->port != 0 ? d->port : HTTPS;
	struct vp_facts *f = p->facts;
	char name[256], quoted[256];
	const char *why = "";
	size_t *slot;

	if (vp_dns_name_normalise(name, d->name, &why) != 0) {
		size_t n = 0;

		for (const char *c = d->name; *c != '\0' && n < 80; c++)
			quoted[n++] = isprint((unsigned char)*c) ? *c : '?';
		quoted[n] = '\0';
		return refuse(p, "%s: '%s' is not a host name: %s", d->origin,
		              quoted, why);
	}
	if (!check_privatelink(p, d, name))
		return false;
	grow_targets(p);
	slot = find(p, &p->targets, same_target, name, port);
	if (*slot != 0)
		return merge(p, *slot - 1, d);
	fill(p, VP_PUSH(f->arena, f->targets, f->n_targets), d, name, port);
	*VP_PUSH(f->arena, p->stated, p->n_stated) = d->has_expect;
	*slot = f->n_targets;
	p->targets.used++;
	return true;
}

/* --- the workspace ----------------------------------------------------------
 */

static const char *suffix(const struct plan *p, enum vp_kind kind)
{
	const struct vp_catalogue_suffix *row =
		vp_catalogue_of(p->s->cloud, kind);

	return row != NULL ? row->suffix : NULL;
}

/*
 * ml-NAME-REGION-guid: at most 63 bytes, and NAME is what is cut (domain 1.2).
 * A guess; notebookInfo.fqdn of the workspace is the truth.
 */
static bool add_notebook(struct plan *p, struct draft d)
{
	const struct vp_workspace *w = &p->s->workspace;
	struct vp_arena *arena = p->facts->arena;
	int room;

	d.name = w->notebook_fqdn;
	d.origin = "workspace.notebook_fqdn";
	d.has_kind = true;
	d.kind = VP_KIND_NOTEBOOK;
	if (w->notebook_fqdn != NULL)
		return add(p, &d);
	if (w->name == NULL)
		return refuse(p, "workspace: give notebook_fqdn, or name to "
		                 "derive it from");
	room = 63 - (int)strlen("ml---") - (int)strlen(p->s->region) - 36;
	if (room < 1)
		return refuse(p, "workspace: give notebook_fqdn: it cannot be "
		                 "derived from this name and region");
	d.name = vp_arena_printf(arena, "ml-%.*s-%s-%s.%s%s", room, w->name,
	                         p->s->region, w->id, p->s->region,
	                         suffix(p, VP_KIND_NOTEBOOK));
	d.origin = "workspace (notebook name derived)";
	return add(p, &d);
}

/* NAME.REGION.suffix, or a name with a dot as it is. */
static bool add_regional(struct plan *p, struct draft d, enum vp_kind kind,
                         char **names, size_t n, const char *key)
{
	struct vp_arena *arena = p->facts->arena;

	for (size_t i = 0; i < n; i++) {
		d.origin = vp_arena_printf(arena, "workspace.%s[%zu]", key, i);
		d.name = names[i];
		d.has_kind = strchr(names[i], '.') != NULL;
		d.kind = kind;
		if (!d.has_kind)
			d.name = vp_arena_printf(arena, "%s.%s%s", names[i],
			                         p->s->region, suffix(p, kind));
		if (!add(p, &d))
			return false;
	}
	return true;
}

static bool add_workspace(struct plan *p)
{
	static const enum vp_kind faces[] = { VP_KIND_WORKSPACE,
		                              VP_KIND_WORKSPACE_CERT };
	const struct vp_workspace *w = &p->s->workspace;
	struct draft d = {
		.origin = "workspace",
		.has_expect = w->has_expect,
		.expect = w->expect,
		.addresses = w->addresses,
		.n_addresses = w->n_addresses,
	};

	if (!w->present)
		return true;
	if (p->s->region == NULL)
		return refuse(p, "workspace: its names have the region in "
		                 "them: set 'region' in the config");
	if (w->id == NULL)
		return refuse(p, "workspace: its names have the workspaceId "
		                 "in them: set 'workspace.id' in the config");
	for (size_t i = 0; i < 2; i++) {
		d.name = vp_arena_printf(p->facts->arena, "%s.workspace.%s%s",
		                         w->id, p->s->region,
		                         suffix(p, faces[i]));
		if (!add(p, &d))
			return false;
	}
	return add_notebook(p, d) &&
	       add_regional(p, d, VP_KIND_COMPUTE_INSTANCE,
	                    w->compute_instances, w->n_compute_instances,
	                    "compute_instances") &&
	       add_regional(p, d, VP_KIND_ONLINE_ENDPOINT, w->online_endpoints,
	                    w->n_online_endpoints, "online_endpoints");
}

/* --- storage, vaults, registries -------------------------------------------
 */

/*
 * A label, or the full name of one service of an account with an Azure DNS
 * zone (acct.z12.blob.storage.azure.net): *base is then acct.z12, and *tail
 * what stands behind the service.
 */
static bool account_base(struct plan *p, const struct draft *d,
                         const char *name, char **base, const char **tail,
                         const char **service)
{
	const struct vp_catalogue_suffix *row;
	struct vp_arena *arena = p->facts->arena;

	*base = vp_arena_strdup(arena, name);
	*service = NULL;
	if (strchr(name, '.') == NULL) {
		row = vp_catalogue_of(p->s->cloud, VP_KIND_BLOB);
		*tail = strchr(row->suffix + 1, '.');
		return true;
	}
	row = vp_catalogue_find(name);
	if (row == NULL || row->kind < VP_KIND_BLOB || row->kind > VP_KIND_WEB)
		return refuse(p,
		              "%s: the name is neither an account's nor that "
		              "of a storage service",
		              d->origin);
	(*base)[strlen(name) - strlen(row->suffix)] = '\0';
	*tail = strchr(row->suffix + 1, '.');
	*service = vp_kind_name(row->kind);
	return true;
}

static bool add_service(struct plan *p, struct draft d, const char *base,
                        const char *service, const char *tail)
{
	d.name = vp_arena_printf(p->facts->arena, "%s.%s%s", base, service,
	                         tail);
	if (!add(p, &d))
		return false;
	if (strcmp(service, "file") != 0)
		return true;
	d.port = SMB; /* compute mounts the share (A2, A4) */
	return add(p, &d);
}

static bool add_account(struct plan *p, const struct vp_storage_account *a,
                        size_t i)
{
	struct draft d = {
		.origin = vp_arena_printf(p->facts->arena,
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
	       add_service(p, d, base, "file", tail);
}

/* LABEL and the kind's suffix; a name with a dot is taken as it is. */
static bool add_resource(struct plan *p, struct draft *d, enum vp_kind kind,
                         const char *name)
{
	d->name = name;
	if (strchr(name, '.') == NULL)
		d->name = vp_arena_printf(p->facts->arena, "%s%s", name,
		                          suffix(p, kind));
	d->has_kind = true;
	d->kind = kind;
	return add(p, d);
}

static bool add_vault(struct plan *p, const struct vp_key_vault *v, size_t i)
{
	struct draft d = {
		.origin =
			vp_arena_printf(p->facts->arena, "key_vaults[%zu]", i),
		.has_expect = v->has_expect,
		.expect = v->expect,
		.addresses = v->addresses,
		.n_addresses = v->n_addresses,
	};

	return add_resource(p, &d, VP_KIND_VAULT, v->name);
}

static bool add_data(struct plan *p, struct draft d, const char *label,
                     const char *region)
{
	d.has_kind = false;
	d.name = vp_arena_printf(p->facts->arena, "%s.%s%s", label, region,
	                         suffix(p, VP_KIND_REGISTRY_DATA));
	return add(p, &d);
}

static bool add_registry(struct plan *p, const struct vp_registry *g, size_t i)
{
	struct draft d = {
		.origin =
			vp_arena_printf(p->facts->arena, "registries[%zu]", i),
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
		return refuse(p,
		              "%s: its data endpoint has the region in its "
		              "name: set 'region' or 'data_regions'",
		              d.origin);
	return add_data(p, d, label, p->s->region);
}

/* --- targets as text ---------------------------------------------------------
 */

static bool bad_target(struct plan *p, const struct vp_extra_target *t,
                       const char *why)
{
	char shown[96];
	size_t n = 0;

	for (const char *c = t->text; *c != '\0' && n < 80; c++)
		shown[n++] = isprint((unsigned char)*c) ? *c : '?';
	shown[n] = '\0';
	return refuse(p, "%s: '%s': %s", t->origin, shown, why);
}

static bool is_address(const char *text)
{
	struct vp_addr addr;
	struct vp_endpoint e;
	struct vp_prefix prefix;

	return *text == '[' || vp_addr_parse(&addr, text) == 0 ||
	       vp_endpoint_parse(&e, text, 0) == 0 ||
	       vp_prefix_parse(&prefix, text) == 0;
}

/* Cuts ":PORT" off; port stays 0 without one. */
static bool cut_port(char *host, uint16_t *port)
{
	char *colon = strchr(host, ':'), *end;
	unsigned long v;

	if (colon == NULL)
		return true;
	*colon = '\0';
	if (!isdigit((unsigned char)colon[1]))
		return false;
	v = strtoul(colon + 1, &end, 10);
	if (*end != '\0' || v == 0 || v > 65535)
		return false;
	*port = (uint16_t)v;
	return true;
}

/* Cuts https:// and a closing slash off; says what else is there. */
static const char *cut_url(char **host, bool *tls)
{
	char *slash;

	if (strncasecmp(*host, "https://", 8) == 0) {
		*host += 8;
		*tls = true;
	} else if (strncasecmp(*host, "http://", 7) == 0) {
		return "without TLS nothing here is worth probing: write "
		       "NAME:80, or https://";
	} else if (strstr(*host, "://") != NULL) {
		return "write NAME, NAME:PORT or https://NAME/";
	}
	slash = strpbrk(*host, "/?#");
	if (slash == NULL)
		return NULL;
	if (*tls && strcmp(slash, "/") == 0) {
		*slash = '\0';
		return NULL;
	}
	return "a target is a host, not a page: write NAME, NAME:PORT or "
	       "https://NAME/";
}

static bool add_extra(struct plan *p, const struct vp_extra_target *t)
{
	struct draft d = {
		.port = t->port,
		.origin = t->origin,
		.has_kind = t->has_kind,
		.kind = t->kind,
		.has_expect = t->has_expect,
		.expect = t->expect,
		.addresses = t->addresses,
		.n_addresses = t->n_addresses,
	};
	char *host = vp_arena_strdup(p->facts->arena, t->text);
	const char *why = cut_url(&host, &d.tls);
	uint16_t port = 0;

	if (why != NULL)
		return bad_target(p, t, why);
	if (is_address(host))
		return bad_target(p, t,
		                  "a target is a name: what leads to an "
		                  "address is what is checked");
	if (strchr(host, '@') != NULL)
		return bad_target(p, t, "credentials are never sent");
	if (!cut_port(host, &port))
		return bad_target(p, t, "the port has to be 1 to 65535");
	if (port != 0 && d.port != 0 && port != d.port)
		return bad_target(p, t, "the name and 'port' say two ports");
	if (port != 0)
		d.port = port;
	d.name = host;
	return add(p, &d);
}

/* --- all of it
 * ---------------------------------------------------------------- */

static bool add_targets(struct plan *p)
{
	const struct vp_settings *s = p->s;

	if (!add_workspace(p))
		return false;
	for (size_t i = 0; i < s->n_storage_accounts; i++) {
		if (!add_account(p, &s->storage_accounts[i], i))
			return false;
	}
	for (size_t i = 0; i < s->n_key_vaults; i++) {
		if (!add_vault(p, &s->key_vaults[i], i))
			return false;
	}
	for (size_t i = 0; i < s->n_registries; i++) {
		if (!add_registry(p, &s->registries[i], i))
			return false;
	}
	for (size_t i = 0; i < s->n_targets; i++) {
		if (!add_extra(p, &s->targets[i]))
			return false;
	}
	if (p->facts->n_targets == 0)
		return refuse(p, p->s->config != NULL
		                         ? "no target: this config names "
		                           "none (in the sample they follow "
		                           "'#:'), and neither does the "
		                           "command line"
		                         : "no target: name one, such as "
		                           "ACCOUNT.blob.core.windows.net, or "
		                           "give a config with -c");
	return true;
}

static void add_resolver(struct vp_facts *f, const struct vp_endpoint *e,
                         enum vp_resolver_source source)
{
	struct vp_resolver *r;

	for (size_t i = 0; i < f->n_resolvers; i++) {
		if (vp_endpoint_equal(&f->resolvers[i].endpoint, e))
			return;
	}
	r = VP_PUSH(f->arena, f->resolvers, f->n_resolvers);
	r->endpoint = *e;
	r->source = source;
}

static bool add_resolvers(struct plan *p)
{
	const struct vp_settings *s = p->s;
	const char *path =
		s->resolv_conf != NULL ? s->resolv_conf : "/etc/resolv.conf";
	struct vp_endpoint none = { 0 };
	char detail[256] = "";
	int n;

	p->why[0] = '\0';
	for (size_t i = 0; i < s->n_resolvers; i++)
		add_resolver(p->facts, &s->resolvers[i], VP_RESOLVER_OPTION);
	if (s->n_resolvers == 0) {
		n = vp_resolv_conf_read(p->facts, s->resolv_conf, NULL, detail,
		                        sizeof(detail));
		if (n < 0)
			return refuse(p, "no resolver: %s; give --resolver IP",
			              detail);
		if (n == 0)
			return refuse(p,
			              "no resolver: %s has no nameserver that "
			              "can be asked%s%s; give --resolver IP",
			              path, *detail != '\0' ? ": " : "",
			              detail);
		snprintf(p->why, p->size, "%s", detail);
	}
	add_resolver(p->facts, &none, VP_RESOLVER_NSS);
	return true;
}

static void copy_policy(struct vp_facts *f, const struct vp_settings *s)
{
	for (size_t i = 0; i < s->n_vnet; i++)
		*VP_PUSH(f->arena, f->policy.vnet, f->policy.n_vnet) =
			s->vnet[i];
	for (size_t i = 0; i < s->n_allow; i++) {
		struct vp_allow_rule *a =
			VP_PUSH(f->arena, f->policy.allow, f->policy.n_allow);

		*a = s->allow[i];
		a->name = vp_arena_strdup(f->arena, a->name);
		a->process = vp_arena_strdup(f->arena, a->process);
		a->reason = vp_arena_strdup(f->arena, a->reason);
	}
	f->policy.report_only = s->egress_report_only;
	f->scenario = vp_arena_strdup(f->arena, s->scenario);
	f->cloud = vp_arena_strdup(f->arena, s->cloud);
	f->region = vp_arena_strdup(f->arena, s->region);
}

int vp_plan_make(struct vp_facts *facts, const struct vp_settings *s, char *why,
                 size_t size)
{
	struct plan p = {
		.facts = facts,
		.s = s,
		.scenario = vp_catalogue_scenario(s->scenario),
		.why = why,
		.size = size,
	};

	if (p.scenario == NULL) {
		refuse(&p, "'%s' is not a scenario", s->scenario);
		return REFUSED;
	}
	copy_policy(facts, s);
	if (!add_targets(&p) || !add_resolvers(&p))
		return REFUSED;
	return 0;
}
