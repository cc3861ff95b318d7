/*
 * ask_arm.c - Azure Resource Manager: from the workspace to its resources,
 * their private endpoints, interfaces and networks.
 *
 * Every step may be refused (rights are given by resource) or fail: it is
 * noted in one sentence, and the rest goes on. What is asked next is made of
 * ids that were checked, always at the same host; lists are followed page by
 * page there and nowhere else. Names and addresses of an endpoint are taken
 * from its interface, since its own customDnsConfigs are empty as soon as it
 * has a zone group (docs/sources.md: A1, R1).
 */
#include "ask.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "vnetprobe/addr.h"

#define ONE_TIME 8000
#define ANSWER_MAX (4u << 20)
#define PAGES_MAX 20
#define TRIES 3
#define WAIT_MAX 5 /* seconds of one Retry-After */
#define VNETS_MAX 8
#define NICS_MAX 4

/* Versions of each provider's interface: the shapes that are read here. */
#define V_ML "2022-10-01"
#define V_STORAGE "2023-01-01"
#define V_VAULT "2022-07-01"
#define V_REGISTRY "2023-07-01"
#define V_NETWORK "2023-04-01"
#define V_COMPUTE "2023-03-01"

#define ML "/providers/Microsoft.MachineLearningServices/workspaces"

struct walk {
	struct vp_asker *a;
	struct vp_azure_own own;
	char *vnets[VNETS_MAX];
	size_t n_vnets;
	char *machine_vnet; /* where this machine is */
	bool machine_known;
};

const char *vp_arm_host(const char *cloud)
{
	/* docs/sources.md: A2 */
	static const char *const rows[][2] = {
		{ "public", "management.azure.com" },
		{ "usgovernment", "management.usgovcloudapi.net" },
		{ "china", "management.chinacloudapi.cn" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (strcmp(rows[i][0], cloud) == 0)
			return rows[i][1];
	}
	return NULL;
}

/* --- answers ----------------------------------------------------------------
 */

const char *vp_arm_error_code(const json_t *root)
{
	static const char *const known[] = {
		"AuthorizationFailed",
		"ResourceNotFound",
		"ResourceGroupNotFound",
		"SubscriptionNotFound",
		"InvalidAuthenticationToken",
		"InvalidAuthenticationTokenTenant",
		"ExpiredAuthenticationToken",
		"NoRegisteredProviderFound",
		"InvalidApiVersionParameter",
		"TooManyRequests",
		"SubscriptionRequestsThrottled",
		"DisallowedOperation",
		"LinkedAuthorizationFailed",
	};
	const char *code = json_string_value(
		json_object_get(json_object_get(root, "error"), "code"));

	for (size_t i = 0; code != NULL && i < sizeof(known) / sizeof(*known);
	     i++) {
		if (strcasecmp(known[i], code) == 0)
			return known[i];
	}
	return NULL;
}

const char *vp_next_link(const json_t *page, const char *host, bool *bad)
{
	static const char scheme[] = "https://";
	const char *link = json_string_value(json_object_get(page, "nextLink"));
	size_t n = strlen(host);

	*bad = false;
	if (link == NULL || *link == '\0')
		return NULL;
	if (strlen(link) < 4096 &&
	    strncasecmp(link, scheme, sizeof(scheme) - 1) == 0 &&
	    strncasecmp(link + sizeof(scheme) - 1, host, n) == 0) {
		const char *path = link + sizeof(scheme) - 1 + n;

		if (strncmp(path, ":443/", 5) == 0)
			path += 4;
		if (*path == '/' && strpbrk(path, " \t\r\n\\") == NULL)
			return path;
	}
	*bad = true;
	return NULL;
}

static void pause_s(unsigned s)
{
	struct timespec t = { .tv_sec = (time_t)s };

	nanosleep(&t, NULL);
}

/* "it may not read the vault kv-lab (403, AuthorizationFailed): ..." */
static void note_status(struct walk *w, const char *what, long status,
                        const char *code)
{
	const char *because = "";

	if (status == 401)
		because = ": the token is not accepted";
	if (status == 403)
		because =
			": give this machine's identity the role Reader there";
	if (status == 404)
		because = ": there is none of that name";
	if (status == 429 || status == 503)
		because = ": too many requests, and no time to wait";
	vp_found_note(w->a->f, "cannot read %.120s (status %ld%s%s)%s", what,
	              status, code != NULL ? ", " : "",
	              code != NULL ? code : "", because);
}

/* One request, again if it is told to wait and there is time. */
static void request(struct walk *w, const char *url, struct vp_fetch_result *r)
{
	const char *headers[] = { w->a->header, "Accept: application/json",
		                  NULL };
	struct vp_fetch_request q = { .url = url,
		                      .headers = headers,
		                      .max_bytes = ANSWER_MAX };

	*r = (struct vp_fetch_result){ .outcome = VP_FETCH_TIMEOUT };
	for (unsigned i = 0; i < TRIES && w->a->requests_left > 0; i++) {
		unsigned wait;

		q.timeout_ms = vp_ask_time(w->a, ONE_TIME);
		if (q.timeout_ms == 0)
			return;
		w->a->requests_left--;
		vp_fetch_end(r);
		vp_fetch(w->a->fetcher, &q, r);
		if (r->outcome != VP_FETCH_OK ||
		    (r->status != 429 && r->status != 503))
			return;
		wait = r->retry_after_s > 0 ? r->retry_after_s : 1;
		if (wait > WAIT_MAX ||
		    vp_ask_time(w->a, WAIT_MAX * 1000) <= wait * 1000)
			return;
		pause_s(wait);
	}
}

/* An object, for json_decref(); NULL, with a note. path begins with "/". */
static json_t *get(struct walk *w, const char *path, const char *what)
{
	struct vp_fetch_result r;
	json_error_t error;
	json_t *root = NULL;
	char *url = vp_arena_printf(w->a->f->arena, "https://%s%s", w->a->arm,
	                            path);

	request(w, url, &r);
	if (r.body != NULL)
		root = json_loadb(r.body, r.len, 0, &error);
	if (r.outcome != VP_FETCH_OK) {
		vp_found_note(w->a->f, "cannot read %.120s: %s", what,
		              vp_fetch_text(r.outcome));
	} else if (r.status != 200) {
		note_status(w, what, r.status, vp_arm_error_code(root));
	} else if (json_is_object(root)) {
		vp_fetch_end(&r);
		return root;
	} else {
		vp_found_note(w->a->f,
		              "cannot read %.120s: its answer is not "
		              "what it should be",
		              what);
	}
	vp_fetch_end(&r);
	json_decref(root);
	return NULL;
}

static json_t *get_id(struct walk *w, const char *id, const char *version,
                      const char *kind)
{
	const char *slash = strrchr(id, '/');
	char what[200];

	snprintf(what, sizeof(what), "%s %.100s", kind,
	         slash != NULL ? slash + 1 : id);
	return get(w,
	           vp_arena_printf(w->a->f->arena, "%s?api-version=%s", id,
	                           version),
	           what);
}

typedef void each_fn(struct walk *w, const json_t *o, void *arg);

static void each_page(struct walk *w, const char *path, const char *what,
                      each_fn *fn, void *arg)
{
	bool bad = false;

	for (unsigned i = 0; path != NULL && i < PAGES_MAX; i++) {
		json_t *page = get(w, path, what);
		const json_t *list = json_object_get(page, "value");

		for (size_t k = 0; k < json_array_size(list); k++)
			fn(w, json_array_get(list, k), arg);
		path = page != NULL ? vp_next_link(page, w->a->arm, &bad)
		                    : NULL;
		path = vp_arena_strdup(w->a->f->arena, path);
		json_decref(page);
	}
	if (bad)
		vp_found_note(w->a->f,
		              "the next page of %s is said to be "
		              "elsewhere: it is not asked for",
		              what);
	else if (path != NULL)
		vp_found_note(w->a->f,
		              "%s: more than %d pages, the rest is "
		              "left out",
		              what, PAGES_MAX);
}

/* --- networks
 * ------------------------------------------------------------------ */

static void add_vnet(struct walk *w, char *id)
{
	for (size_t i = 0; i < w->n_vnets; i++) {
		if (strcmp(w->vnets[i], id) == 0)
			return;
	}
	if (w->n_vnets < VNETS_MAX)
		w->vnets[w->n_vnets++] = id;
}

static void add_subnet(struct walk *w, const json_t *o)
{
	const char *id = vp_azure_text(
		json_object_get(json_object_get(o, "properties"), "subnet"),
		"id");
	char *vnet, *subnet;

	if (vp_azure_subnet(w->a->f->arena, id, &vnet, &subnet))
		add_vnet(w, vnet);
}

/* Prefixes of all of them; the DNS servers only of the one that this machine
 * is in, or of the only one. */
static void read_vnet(struct walk *w, const char *id)
{
	bool ours = w->machine_known ? w->machine_vnet != NULL &&
	                                       strcmp(w->machine_vnet, id) == 0
	                             : w->n_vnets == 1;
	json_t *o = get_id(w, id, V_NETWORK, "the VNet");

	if (o == NULL)
		return;
	vp_found_peerings(w->a->f, o);
	vp_found_vnet(w->a->f, o, ours);
	json_decref(o);
}

/* --- private endpoints
 * ------------------------------------------------------------ */

static void read_interface(struct walk *w, const char *id)
{
	json_t *nic = get_id(w, id, V_NETWORK, "the network interface");

	if (nic != NULL)
		vp_found_names(w->a->f, nic);
	json_decref(nic);
}

static void read_endpoint(struct walk *w, const char *id)
{
	json_t *o = get_id(w, id, V_NETWORK, "the private endpoint");
	const json_t *nics = vp_azure_list(o, "networkInterfaces");
	bool any = false;

	if (o == NULL)
		return;
	vp_found_private_endpoint(w->a->f, &w->own, o);
	add_subnet(w, o);
	for (size_t i = 0; i < json_array_size(nics) && i < NICS_MAX; i++) {
		const char *text = vp_azure_text(json_array_get(nics, i), "id");
		char *nic = text != NULL ? vp_found_arm_id(w->a->f->arena, text)
		                         : NULL;

		if (nic == NULL)
			continue;
		read_interface(w, nic);
		any = true;
	}
	if (!any)
		vp_found_names(w->a->f, o); /* what it says itself */
	json_decref(o);
}

static void read_endpoints(struct walk *w, const json_t *o)
{
	char *ids[VP_AZURE_ENDPOINTS_MAX];
	size_t n = vp_azure_endpoints(w->a->f->arena, o, ids);

	for (size_t i = 0; i < n; i++)
		read_endpoint(w, ids[i]);
}

/* Where a resource may not be read, its endpoints may: by what they lead to. */
static void on_listed(struct walk *w, const json_t *o, void *arg)
{
	const char *service = vp_azure_text(
		json_array_get(
			vp_azure_list(o, "privateLinkServiceConnections"), 0),
		"privateLinkServiceId");
	const char *text = vp_azure_text(o, "id");
	char *id = text != NULL ? vp_found_arm_id(w->a->f->arena, text) : NULL;
	char *const *unread = arg;

	for (size_t i = 0; i <= VP_PLACEMENT_REGISTRY; i++) {
		if (unread[i] != NULL && id != NULL && service != NULL &&
		    strcasecmp(unread[i], service) == 0)
			read_endpoint(w, id);
	}
}

/* --- the workspace and its resources
 * ---------------------------------------------- */

static void read_resources(struct walk *w)
{
	static const struct {
		enum vp_placement_role role;
		const char *kind, *version;
	} rows[] = {
		{ VP_PLACEMENT_STORAGE, "the storage account", V_STORAGE },
		{ VP_PLACEMENT_VAULT, "the key vault", V_VAULT },
		{ VP_PLACEMENT_REGISTRY, "the container registry", V_REGISTRY },
	};
	char *unread[VP_PLACEMENT_REGISTRY + 1] = { 0 }, *group, *subscription;
	struct vp_arena *arena = w->a->f->arena;
	const char *id = w->own.ids[VP_PLACEMENT_WORKSPACE];
	bool any = false;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char *own = w->own.ids[rows[i].role];
		json_t *o = own != NULL ? get_id(w, own, rows[i].version,
		                                 rows[i].kind)
		                        : NULL;

		if (o != NULL) {
			vp_found_resource(w->a->f, &w->own, o);
			read_endpoints(w, o);
		} else if (own != NULL) {
			unread[rows[i].role] = own;
			any = true;
		}
		json_decref(o);
	}
	if (!any || id == NULL)
		return;
	subscription = vp_found_id_part(arena, id, "/subscriptions/");
	group = vp_found_id_part(arena, id, "/resourcegroups/");
	if (subscription != NULL && group != NULL)
		each_page(w,
		          vp_arena_printf(arena,
		                          "/subscriptions/%s/resourceGroups/%s/"
		                          "providers/Microsoft.Network/"
		                          "privateEndpoints?api-version=%s",
		                          subscription, group, V_NETWORK),
		          "the group's private endpoints", on_listed, unread);
}

struct choice {
	const char *name, *id; /* what it has to be called; NULL: any */
	json_t *found;
	size_t n, n_all;
};

static void on_workspace(struct walk *w, const json_t *o, void *arg)
{
	const char *name = vp_azure_text(o, "name");
	const char *id = vp_azure_text(o, "workspaceId");
	struct choice *c = arg;

	(void)w;
	c->n_all++;
	if ((c->name != NULL &&
	     (name == NULL || strcasecmp(name, c->name) != 0)) ||
	    (c->id != NULL && (id == NULL || strcasecmp(id, c->id) != 0)))
		return;
	if (c->n++ == 0)
		c->found = json_deep_copy(o);
}

static const char *value_of(const struct walk *w, const char *key)
{
	const struct vp_discovered *v = vp_found_get(w->a->f->out, key);

	return v != NULL ? v->value : NULL;
}

/* By name where the group is not known, by id, or the only one there is. */
static json_t *choose(struct walk *w, const char *subscription,
                      const char *name)
{
	const struct vp_workspace *ws = &w->a->s->workspace;
	struct choice c = { .name = name,
		            .id = name == NULL && ws->present ? ws->id : NULL };

	if (c.id == NULL && name == NULL)
		c.id = value_of(w, "workspace_id");
	each_page(w,
	          vp_arena_printf(w->a->f->arena,
	                          "/subscriptions/%s" ML "?api-version=%s",
	                          subscription, V_ML),
	          "the subscription's workspaces", on_workspace, &c);
	if (c.n == 1)
		return c.found;
	json_decref(c.found);
	if (c.n_all > 0)
		vp_found_note(w->a->f,
		              "%zu of the subscription's %zu "
		              "workspaces may be meant: name one with "
		              "--workspace",
		              c.n, c.n_all);
	return NULL;
}

static json_t *find_workspace(struct walk *w)
{
	struct vp_arena *arena = w->a->f->arena;
	const char *given = w->a->s->arm_workspace, *subscription, *group;
	const char *name = w->a->s->workspace.name;
	char *id;

	if (given != NULL && *given == '/') {
		id = vp_found_arm_id(arena, given);
		if (id != NULL)
			return get_id(w, id, V_ML, "the workspace");
	}
	if (given != NULL)
		name = given;
	if (name == NULL)
		name = value_of(w, "workspace");
	subscription = value_of(w, "subscription");
	group = value_of(w, "resource_group");
	if (subscription == NULL) {
		vp_found_note(w->a->f, "in which subscription the workspace is "
		                       "is not known: give its id with "
		                       "--workspace");
		return NULL;
	}
	if (name == NULL || group == NULL)
		return choose(w, subscription, name);
	id = vp_arena_printf(arena,
	                     "/subscriptions/%s/resourceGroups/%s" ML "/%s",
	                     subscription, group, name);
	return get_id(w, id, V_ML, "the workspace");
}

/* --- this machine
 * -------------------------------------------------------------------- */

static void set_machine(struct walk *w, enum vp_placement_role role,
                        const char *name, const char *location,
                        const char *subnet_id)
{
	struct vp_placement place = { .role = role };

	place.name = vp_arena_strdup(w->a->f->arena, name);
	place.location = vp_arena_strdup(w->a->f->arena, location);
	if (vp_azure_subnet(w->a->f->arena, subnet_id, &place.vnet,
	                    &place.subnet)) {
		w->machine_vnet = place.vnet;
		w->machine_known = true;
		add_vnet(w, place.vnet);
	}
	vp_found_place(w->a->f, &place);
}

/* A compute instance is a resource of the workspace; its VM is not ours to
 * read. */
static void read_instance(struct walk *w, const char *name)
{
	const char *workspace = w->own.ids[VP_PLACEMENT_WORKSPACE];
	char *label =
		vp_arena_strndup(w->a->f->arena, name, strcspn(name, "."));
	json_t *o = get_id(w,
	                   vp_arena_printf(w->a->f->arena, "%s/computes/%s",
	                                   workspace, label),
	                   V_ML, "the compute instance");
	const json_t *p = json_object_get(o, "properties");
	const json_t *inner = json_object_get(p, "properties");

	if (o != NULL)
		set_machine(
			w, VP_PLACEMENT_COMPUTE, label,
			vp_azure_text(o, "computeLocation"),
			vp_azure_text(json_object_get(inner, "subnet"), "id"));
	json_decref(o);
}

static void read_machine(struct walk *w)
{
	const char *id = value_of(w, "machine_id");
	const char *instance = value_of(w, "compute_instance");
	json_t *vm, *nic = NULL;
	const char *text;
	char *nic_id = NULL;

	if (instance != NULL && w->own.ids[VP_PLACEMENT_WORKSPACE] != NULL) {
		read_instance(w, instance);
		return;
	}
	if (id == NULL || strstr(id, "/virtualmachines/") == NULL)
		return; /* of a scale set: its interfaces are not plain ones */
	vm = get_id(w, id, V_COMPUTE, "this machine");
	text = vp_azure_text(
		json_array_get(
			json_object_get(
				json_object_get(
					json_object_get(vm, "properties"),
					"networkProfile"),
				"networkInterfaces"),
			0),
		"id");
	if (text != NULL)
		nic_id = vp_found_arm_id(w->a->f->arena, text);
	if (nic_id != NULL)
		nic = get_id(w, nic_id, V_NETWORK, "this machine's interface");
	if (nic != NULL)
		set_machine(
			w, VP_PLACEMENT_MACHINE, vp_azure_text(vm, "name"),
			vp_azure_text(vm, "location"),
			vp_azure_text(
				json_object_get(
					json_object_get(
						json_array_get(
							vp_azure_list(
								nic,
								"ipConfiguratio"
								"ns"),
							0),
						"properties"),
					"subnet"),
				"id"));
	json_decref(nic);
	json_decref(vm);
}

void vp_ask_arm(struct vp_asker *a)
{
	struct walk w = { .a = a };
	json_t *workspace;

	a->f->source = "Azure Resource Manager";
	workspace = find_workspace(&w);
	if (workspace == NULL)
		return;
	vp_found_workspace(a->f, &w.own, workspace);
	read_endpoints(&w, workspace);
	json_decref(workspace);
	vp_ask_stage(a);
	read_resources(&w);
	vp_ask_stage(a);
	read_machine(&w);
	vp_ask_stage(a);
	for (size_t i = 0; i < w.n_vnets; i++) {
		read_vnet(&w, w.vnets[i]);
		vp_ask_stage(a);
	}
	if (a->requests_left == 0 || vp_ask_time(a, 1) == 0)
		vp_found_note(a->f, "there was no time for all that was to be "
		                    "asked");
}
