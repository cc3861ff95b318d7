/* found_azure.c - see found_azure.h: resources, as ARM and az print them. */
#include "found_azure.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "endpoint_file.h"
#include "forwarder.h"
#include "input.h"
#include "wording.h"

#define MAX_BYTES (16u << 20)

/* --- reading -----------------------------------------------------------------
 */

/* "storageAccount" to "storage_account", as az ml has it. */
static void snake(char *out, size_t size, const char *key)
{
	size_t n = 0;

	for (; *key != '\0' && n + 2 < size; key++) {
		if (isupper((unsigned char)*key))
			out[n++] = '_';
		out[n++] = (char)tolower((unsigned char)*key);
	}
	out[n] = '\0';
}

static const json_t *member(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);
	char other[64];

	if (v == NULL)
		v = json_object_get(json_object_get(o, "properties"), key);
	if (v == NULL) {
		snake(other, sizeof(other), key);
		v = json_object_get(o, other);
	}
	return json_is_null(v) ? NULL : v;
}

const char *vp_azure_text(const json_t *o, const char *key)
{
	return json_string_value(member(o, key));
}

const json_t *vp_azure_list(const json_t *o, const char *key)
{
	const json_t *v = member(o, key);

	return json_is_array(v) ? v : NULL;
}

/* The last segment of an ARM id; NULL: none. */
static char *last_segment(struct vp_arena *arena, const char *id)
{
	const char *slash = id != NULL ? strrchr(id, '/') : NULL;

	return slash != NULL && slash[1] != '\0'
	               ? vp_arena_strdup(arena, slash + 1)
	               : NULL;
}

static bool is_type(const json_t *o, const char *provider)
{
	const char *id = vp_azure_text(o, "id");
	const char *at = id != NULL ? strcasestr(id, provider) : NULL;

	return at != NULL && strchr(at + strlen(provider), '/') == NULL;
}

/* Host of "https://host/..." or "azureml://host/...". */
static void add_host(struct vp_found *f, const char *url)
{
	const char *at = url != NULL ? strstr(url, "://") : NULL;

	if (at == NULL)
		return;
	at += 3;
	vp_found_host(f, vp_arena_strndup(f->arena, at, strcspn(at, ":/?#@")));
}

/* --- the workspace
 * ------------------------------------------------------------ */

static void add_own(struct vp_found *f, struct vp_azure_own *own,
                    enum vp_placement_role role, const char *key,
                    const char *id)
{
	if (id == NULL || *id == '\0')
		return; /* a workspace need not have a registry */
	own->ids[role] = vp_found_arm_id(f->arena, id);
	if (own->ids[role] == NULL)
		vp_found_note(f, "the workspace's %s is no ARM id", key);
	else
		vp_found_add(f, key, last_segment(f->arena, id));
}

void vp_found_workspace(struct vp_found *f, struct vp_azure_own *own,
                        const json_t *o)
{
	const char *id = vp_azure_text(o, "id");
	const struct vp_placement place = {
		.role = VP_PLACEMENT_WORKSPACE,
		.name = last_segment(f->arena, id),
		.location =
			vp_arena_strdup(f->arena, vp_azure_text(o, "location")),
	};

	if (id != NULL && vp_found_arm_id(f->arena, id) != NULL) {
		own->ids[VP_PLACEMENT_WORKSPACE] =
			vp_found_arm_id(f->arena, id);
		vp_found_workspace_id(f, id);
	}
	vp_found_add(f, "region", place.location);
	vp_found_add(f, "workspace_id", vp_azure_text(o, "workspaceId"));
	vp_found_add(f, "notebook_fqdn",
	             vp_azure_text(member(o, "notebookInfo"), "fqdn"));
	add_host(f, vp_azure_text(o, "discoveryUrl"));
	add_own(f, own, VP_PLACEMENT_STORAGE, "storage_account",
	        vp_azure_text(o, "storageAccount"));
	add_own(f, own, VP_PLACEMENT_VAULT, "key_vault",
	        vp_azure_text(o, "keyVault"));
	add_own(f, own, VP_PLACEMENT_REGISTRY, "registry",
	        vp_azure_text(o, "containerRegistry"));
	vp_found_place(f, &place);
}

/* --- resources and private endpoints
 * ------------------------------------------ */

static bool role_of(const struct vp_azure_own *own, const char *id,
                    enum vp_placement_role *role)
{
	for (unsigned i = 0; i <= VP_PLACEMENT_REGISTRY; i++) {
		if (own->ids[i] != NULL && id != NULL &&
		    strcasecmp(own->ids[i], id) == 0) {
			*role = (enum vp_placement_role)i;
			return true;
		}
	}
	return false;
}

void vp_found_resource(struct vp_found *f, const struct vp_azure_own *own,
                       const json_t *o)
{
	struct vp_placement place = { 0 };
	const char *id = vp_azure_text(o, "id");

	if (!role_of(own, id, &place.role))
		return;
	place.name = last_segment(f->arena, id);
	place.location =
		vp_arena_strdup(f->arena, vp_azure_text(o, "location"));
	vp_found_place(f, &place);
}

bool vp_azure_subnet(struct vp_arena *arena, const char *id, char **vnet,
                     char **subnet)
{
	static const char mark[] = "/subnets/";
	char *low = id != NULL ? vp_found_arm_id(arena, id) : NULL;
	char *at = low != NULL ? strstr(low, mark) : NULL;

	if (at == NULL || strstr(low, "/virtualnetworks/") == NULL ||
	    strchr(at + sizeof(mark) - 1, '/') != NULL)
		return false;
	*at = '\0';
	*vnet = low;
	*subnet = at + sizeof(mark) - 1;
	return true;
}

static const char *id_of(const json_t *o, const char *key)
{
	return vp_azure_text(member(o, key), "id");
}

/* Both lists: those that were approved by hand are in the second. */
static const json_t *connection_of(const json_t *o)
{
	static const char *const lists[] = {
		"privateLinkServiceConnections",
		"manualPrivateLinkServiceConnections"
	};

	for (size_t i = 0; i < 2; i++) {
		const json_t *c = json_array_get(vp_azure_list(o, lists[i]), 0);

		if (vp_azure_text(c, "privateLinkServiceId") != NULL)
			return c;
	}
	return NULL;
}

void vp_found_private_endpoint(struct vp_found *f,
                               const struct vp_azure_own *own, const json_t *o)
{
	const json_t *connection = connection_of(o);
	const char *service = vp_azure_text(connection, "privateLinkServiceId");
	struct vp_placement place = { 0 };

	if (!role_of(own, service, &place.role))
		return;
	place.name = last_segment(f->arena, service);
	place.endpoint = last_segment(f->arena, vp_azure_text(o, "id"));
	place.group = vp_arena_strdup(
		f->arena, json_string_value(json_array_get(
				  vp_azure_list(connection, "groupIds"), 0)));
	if (vp_azure_subnet(f->arena, id_of(o, "subnet"), &place.vnet,
	                    &place.subnet))
		vp_found_place(f, &place);
}

size_t vp_azure_endpoints(struct vp_arena *arena, const json_t *o,
                          char *ids[VP_AZURE_ENDPOINTS_MAX])
{
	const json_t *list = vp_azure_list(o, "privateEndpointConnections");
	size_t n = 0;

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *id =
			id_of(json_array_get(list, i), "privateEndpoint");
		char *low = id != NULL ? vp_found_arm_id(arena, id) : NULL;

		if (low != NULL &&
		    strstr(low, "/microsoft.network/privateendpoints/") !=
		            NULL &&
		    n < VP_AZURE_ENDPOINTS_MAX)
			ids[n++] = low;
	}
	return n;
}

/* --- networks
 * ------------------------------------------------------------------ */

void vp_found_peerings(struct vp_found *f, const json_t *o)
{
	const json_t *list = vp_azure_list(o, "virtualNetworkPeerings");
	const char *id = vp_azure_text(o, "id");

	if (list == NULL)
		return;
	vp_found_peering(f, id, id, true);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *peering = json_array_get(list, i);
		const char *state = vp_azure_text(peering, "peeringState");

		vp_found_peering(f, id, id_of(peering, "remoteVirtualNetwork"),
		                 state != NULL &&
		                         strcasecmp(state, "Connected") == 0);
	}
}

static void add_texts(struct vp_found *f, const char *key, const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list) && i < 64; i++)
		vp_found_add(f, key,
		             json_string_value(json_array_get(list, i)));
}

void vp_found_vnet(struct vp_found *f, const json_t *o, bool dns)
{
	const json_t *servers =
		json_object_get(member(o, "dhcpOptions"), "dnsServers");

	add_texts(
		f, "vnet",
		json_object_get(member(o, "addressSpace"), "addressPrefixes"));
	if (!dns)
		return;
	if (json_array_size(servers) > 0)
		add_texts(f, "vnet_dns", servers);
	else /* "Default (Azure-provided)" */
		vp_found_add(f, "vnet_dns", VP_AZURE_DNS_TEXT);
}

static void add_endpoint_file(struct vp_found *f,
                              const struct vp_endpoint_file *file)
{
	const char *source = f->source;
	char text[VP_PREFIX_TEXT];

	for (size_t i = 0; i < file->n_names; i++) {
		const struct vp_endpoint_name *n = &file->names[i];

		f->source = n->from;
		vp_found_add_address(f, n->fqdn, n->addresses, n->n_addresses);
		vp_found_host(f, n->fqdn);
	}
	f->source = source;
	for (size_t i = 0; i < file->n_vnet; i++)
		vp_found_add(f, "vnet", vp_prefix_format(&file->vnet[i], text));
	for (size_t i = 0; i < file->n_vnet_dns; i++)
		vp_found_add(f, "vnet_dns",
		             vp_addr_format(&file->vnet_dns[i], text));
}

void vp_found_names(struct vp_found *f, const json_t *o)
{
	struct vp_endpoint_file file = { 0 };
	char why[512];

	if (vp_endpoint_file_json(&file, f->arena, f->source, o, why,
	                          sizeof(why)) != 0)
		vp_found_note(f, "not read: %s", why);
	else
		add_endpoint_file(f, &file);
}

/* --- files
 * ---------------------------------------------------------------------- */

struct document {
	struct vp_found *f;
	struct vp_azure_own *own;
	const char *name;
	struct vp_endpoint_file file;
	bool workspaces; /* the first pass: only they say what is their own */
	char *why;
	size_t size;
};

#define ML "/Microsoft.MachineLearningServices/workspaces/"

/* What endpoint_file.c knows is its own; of the rest only the place counts. */
static bool read_one(struct document *d, const json_t *o)
{
	bool workspace = is_type(o, ML);

	if (d->workspaces) {
		if (workspace)
			vp_found_workspace(d->f, d->own, o);
		return true;
	}
	if (workspace)
		return true;
	if (is_type(o, "/Microsoft.Storage/storageAccounts/") ||
	    is_type(o, "/Microsoft.KeyVault/vaults/") ||
	    is_type(o, "/Microsoft.ContainerRegistry/registries/")) {
		vp_found_resource(d->f, d->own, o);
		return true;
	}
	if (is_type(o, "/Microsoft.Network/privateEndpoints/"))
		vp_found_private_endpoint(d->f, d->own, o);
	if (is_type(o, "/Microsoft.Network/virtualNetworks/"))
		vp_found_peerings(d->f, o);
	return vp_endpoint_file_json(&d->file, d->f->arena, d->name, o, d->why,
	                             d->size) == 0;
}

static bool read_all(struct document *d, const json_t *root)
{
	const json_t *list = json_object_get(root, "value");
	size_t i;
	const json_t *o;

	if (!json_is_array(list))
		list = json_is_array(root) ? root : NULL;
	if (list == NULL)
		return read_one(d, root);
	for (i = 0; i < json_array_size(list); i++) {
		o = json_array_get(list, i);
		if (!read_one(d, o))
			return false;
	}
	return true;
}

static size_t known(const struct vp_discovery *d)
{
	return d->n_values + d->n_placements + d->n_peerings + d->n_notes;
}

int vp_found_azure_file(struct vp_found *f, struct vp_azure_own *own,
                        const char *name, const char *data, size_t len,
                        char *why, size_t size)
{
	struct document d = {
		.f = f, .own = own, .name = name, .why = why, .size = size
	};
	const char *workspace = own->ids[VP_PLACEMENT_WORKSPACE];
	char quoted[VP_QUOTE_TEXT];
	size_t before = known(f->out);
	json_error_t error;
	json_t *root;
	bool ok;

	f->source = name;
	if (len >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0)
		data += 3, len -= 3;
	root = json_loadb(data, len, 0, &error);
	if (root == NULL) /* it has the sentence, of UTF-16 too */
		return vp_endpoint_file_parse(&d.file, f->arena, name, data,
		                              len, why, size);
	if (json_object_get(root, "error") != NULL) {
		snprintf(why, size,
		         "%s: this is an error's text, not a "
		         "resource",
		         vp_quote(quoted, name));
		json_decref(root);
		return -EINVAL;
	}
	d.workspaces = true;
	read_all(&d, root);
	d.workspaces = false;
	ok = read_all(&d, root);
	if (ok)
		add_endpoint_file(f, &d.file);
	if (ok && known(f->out) == before && d.file.n_notes == 0 &&
	    d.own->ids[VP_PLACEMENT_WORKSPACE] == workspace)
		vp_found_note(f, "no private endpoint in it, and nothing else "
		                 "that is looked for");
	for (size_t i = 0; ok && i < d.file.n_notes; i++)
		vp_found_note(f, "%s", d.file.notes[i]);
	json_decref(root);
	return ok ? 0 : -EINVAL;
}

int vp_found_azure_read(struct vp_found *f, struct vp_azure_own *own,
                        const char *path, char *why, size_t size)
{
	struct vp_input in;
	const char *reason;
	int err = vp_input_read(&in, path, MAX_BYTES, &reason);

	if (err == 0 && in.len > MAX_BYTES) {
		free(in.data);
		reason = "larger than 16 MiB";
		err = -EINVAL;
	}
	if (err != 0) {
		snprintf(why, size, "%s: %s", path, reason);
		return err;
	}
	err = vp_found_azure_file(f, own, path, in.data, in.len, why, size);
	free(in.data);
	return err;
}
