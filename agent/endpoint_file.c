/*
 * endpoint_file.c - what az prints about private endpoints, to expectations.
 *
 * What an object is follows from the lists it has; whatever else it has is not
 * looked at. The first mistake ends the reading with a sentence that names the
 * key by its path, such as "nic.json: [1].ipConfigurations[0].fqdns: ...".
 */
#include "endpoint_file.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalogue.h"
#include "forwarder.h"
#include "input.h"
#include "value.h"
#include "vnetprobe/dns_message.h"
#include "wording.h"

#define MAX_BYTES (16u << 20) /* a network interface is some 5 KiB */
#define PATH 200
#define NAME_SHOWN 80 /* what Azure allows a resource */

struct reader {
	struct vp_endpoint_file *out;
	struct vp_arena *arena;
	const char *file;
	char path[PATH]; /* of what is being read */
	char *why;
	size_t size;
	char *endpoint; /* of what is being read: ARM id or name; NULL */
};

__attribute__((format(printf, 2, 3))) static bool refuse(struct reader *r,
                                                         const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	snprintf(r->why, r->size, "%s: %s%s%s", r->file, r->path,
	         r->path[0] != '\0' ? ": " : "", text);
	return false;
}

/* --- the path ------------------------------------------------------------- */

/* Goes down to a key, or to an element (key NULL); returns where to come back
 * to. Too long, the path is cut: it only stands in messages. */
static size_t enter(struct reader *r, const char *key, size_t index)
{
	size_t at = strlen(r->path);

	if (key == NULL)
		snprintf(r->path + at, PATH - at, "[%zu]", index);
	else
		snprintf(r->path + at, PATH - at, "%s%s", at > 0 ? "." : "",
		         key);
	return at;
}

static void leave(struct reader *r, size_t at)
{
	r->path[at] = '\0';
}

/* --- values --------------------------------------------------------------- */

/* A key of an object or of its "properties"; NULL for none and for null. */
static const json_t *field(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	if (v == NULL)
		v = json_object_get(json_object_get(o, "properties"), key);
	return json_is_null(v) ? NULL : v;
}

static const char *type_word(const json_t *v)
{
	switch (json_typeof(v)) {
	case JSON_OBJECT:
		return "an object";
	case JSON_ARRAY:
		return "a list";
	case JSON_STRING:
		return "text";
	default:
		return "a single value";
	}
}

/* NULL after refusing. (jansson lets no zero byte in.) */
static const char *text_of(struct reader *r, const json_t *v)
{
	if (json_is_string(v))
		return json_string_value(v);
	refuse(r, "expected text, not %s", type_word(v));
	return NULL;
}

typedef bool element_fn(struct reader *r, const json_t *v, void *arg);

/* Each element of a list; no list is an empty one. */
static bool each(struct reader *r, const json_t *o, const char *key,
                 element_fn *fn, void *arg)
{
	const json_t *list = field(o, key);
	size_t at = enter(r, key, 0);
	bool ok = true;

	if (list != NULL && !json_is_array(list))
		ok = refuse(r, "expected a list, not %s", type_word(list));
	for (size_t i = 0; ok && list != NULL && i < json_array_size(list);
	     i++) {
		size_t below = enter(r, NULL, i);

		ok = fn(r, json_array_get(list, i), arg);
		leave(r, below);
	}
	if (ok)
		leave(r, at);
	return ok;
}

static bool is_object(struct reader *r, const json_t *v)
{
	if (json_is_object(v))
		return true;
	return refuse(r, "expected an object, not %s", type_word(v));
}

/* Text under a key; "" if there is none. NULL after refusing. */
static const char *text_field(struct reader *r, const json_t *o,
                              const char *key)
{
	const json_t *v = field(o, key);
	const char *text = "";
	size_t at = enter(r, key, 0);

	if (v != NULL)
		text = text_of(r, v);
	if (text != NULL)
		leave(r, at);
	return text;
}

/* The resource's name, the last segment of an ARM id, fit for a message. */
static char *last_segment(struct vp_arena *arena, const char *id)
{
	const char *slash = strrchr(id, '/');
	char *name = vp_arena_strndup(arena, slash != NULL ? slash + 1 : id,
	                              NAME_SHOWN);

	for (char *p = name; *p != '\0'; p++)
		*p = isprint((unsigned char)*p) ? *p : '?';
	return name;
}

/* --- names ---------------------------------------------------------------- */

struct addresses {
	struct vp_addr *list;
	size_t n;
};

static bool add_address(struct reader *r, const json_t *v, void *arg)
{
	struct addresses *a = arg;
	const char *text = text_of(r, v);
	char why[256];
	struct vp_addr addr;

	if (text == NULL)
		return false;
	if (vp_value_read_addr(&addr, text, why, sizeof(why)) != 0)
		return refuse(r, "%s", why);
	*VP_PUSH(r->arena, a->list, a->n) = addr;
	return true;
}

/*
 * LABEL.guid.inference.REGION in the workspace's zone is the alias of
 * LABEL.REGION.inference...: the guid has no place in the public name
 * (docs/sources.md: A1).
 */
static char *inference_name(struct vp_arena *arena, const char *label,
                            const char *cloud)
{
	const struct vp_catalogue_suffix *row =
		vp_catalogue_of(cloud, VP_KIND_ONLINE_ENDPOINT);
	const char *mark = strstr(label, ".inference."), *guid = mark;

	if (row == NULL || mark == NULL)
		return NULL;
	while (guid > label && guid[-1] != '.')
		guid--;
	if (guid == label)
		return NULL;
	return vp_arena_printf(arena, "%.*s%s%s", (int)(guid - label), label,
	                       mark + strlen(".inference."), row->suffix);
}

/* The public name of an alias: LABEL.privatelink.ZONE. NULL if unknown. */
static char *public_name(struct vp_arena *arena, const char *alias)
{
	const char *zone = strstr(alias, ".privatelink.");
	int n = zone != NULL ? (int)(zone - alias) : 0;
	const struct vp_catalogue_suffix *rows, *row = NULL;
	char *label, *name;
	size_t n_rows;

	if (zone == NULL)
		return NULL;
	label = vp_arena_strndup(arena, alias, (size_t)n);
	name = vp_arena_printf(arena, "%s%s", label,
	                       zone + strlen(".privatelink"));
	if (vp_catalogue_find(name) != NULL)
		return name;
	rows = vp_catalogue_suffixes(&n_rows);
	for (size_t i = 0; i < n_rows && row == NULL; i++) {
		if (rows[i].zone != NULL && strcmp(rows[i].zone, zone + 1) == 0)
			row = &rows[i];
	}
	if (row == NULL)
		return NULL;
	if (row->kind == VP_KIND_WORKSPACE)
		return inference_name(arena, label, row->cloud);
	if (row->kind != VP_KIND_VAULT)
		return NULL; /* of several services: nobody can tell which */
	return vp_arena_printf(arena, "%s%s", label, row->suffix);
}

/* Lower case, no final dot, "*." kept. NULL after refusing. */
static char *read_fqdn(struct reader *r, const char *text)
{
	size_t star = strncmp(text, "*.", 2) == 0 ? 2 : 0;
	char name[256], quoted[VP_QUOTE_TEXT], *fqdn, *public;
	const struct vp_catalogue_suffix *row;
	const char *why = "";

	if (vp_dns_name_normalise(name, text + star, &why) != 0) {
		refuse(r, "%s is not a host name: %s", vp_quote(quoted, text),
		       why);
		return NULL;
	}
	fqdn = vp_arena_printf(r->arena, "%.*s%s", (int)star, text, name);
	row = vp_catalogue_find(fqdn);
	if (row != NULL &&
	    (row->kind == VP_KIND_AKS_API || row->kind == VP_KIND_AML_REGISTRY))
		return fqdn; /* has it in its public names */
	public = public_name(r->arena, fqdn);
	return public != NULL ? public : fqdn;
}

static bool add_name(struct reader *r, const char *text,
                     const struct addresses *a, const char *from)
{
	struct vp_endpoint_name *name;
	char *fqdn = read_fqdn(r, text);

	if (fqdn == NULL)
		return false;
	name = VP_PUSH(r->arena, r->out->names, r->out->n_names);
	name->fqdn = fqdn;
	name->addresses = a->list;
	name->n_addresses = a->n;
	name->from = vp_arena_printf(r->arena, "%s (%s)", from, r->file);
	name->endpoint = r->endpoint;
	return true;
}

static void note(struct reader *r, const char *text)
{
	*VP_PUSH(r->arena, r->out->notes, r->out->n_notes) =
		vp_arena_printf(r->arena, "%s: %s", r->file, text);
}

/* --- az network nic show -------------------------------------------------- */

struct nic {
	char *name; /* of the private endpoint, else of the interface */
	struct addresses addresses; /* of the configuration being read */
	char *from;
};

static bool add_fqdn(struct reader *r, const json_t *v, void *arg)
{
	const struct nic *nic = arg;
	const char *text = text_of(r, v);

	return text != NULL && add_name(r, text, &nic->addresses, nic->from);
}

/* az wrote privateIpAddress once, and writes privateIPAddress now. */
static const char *address_key(const json_t *o)
{
	return field(o, "privateIPAddress") == NULL &&
	                       field(o, "privateIpAddress") != NULL
	               ? "privateIpAddress"
	               : "privateIPAddress";
}

/* The names of one configuration, whose address is known. */
static bool read_link(struct reader *r, const json_t *link, struct nic *nic,
                      const struct addresses *a)
{
	const char *member;

	if (!is_object(r, link))
		return false;
	member = text_field(r, link, "requiredMemberName");
	if (member == NULL)
		return false;
	nic->addresses = *a;
	nic->from = vp_arena_printf(r->arena, "%s%s%s", nic->name,
	                            *member != '\0' ? ", member " : "",
	                            last_segment(r->arena, member));
	return each(r, link, "fqdns", add_fqdn, nic);
}

static bool read_ip_configuration(struct reader *r, const json_t *v, void *arg)
{
	const char *key = address_key(v);
	struct addresses a = { 0 };
	const json_t *link;
	size_t at;

	if (!is_object(r, v))
		return false;
	link = field(v, "privateLinkConnectionProperties");
	if (link == NULL)
		return true; /* a machine's, or a private endpoint's own list */
	at = enter(r, key, 0);
	if (field(v, key) == NULL)
		return refuse(r, "this key is missing");
	if (!add_address(r, field(v, key), &a))
		return false;
	leave(r, at);
	at = enter(r, "privateLinkConnectionProperties", 0);
	if (!read_link(r, link, arg, &a))
		return false;
	leave(r, at);
	return true;
}

static bool read_nic(struct reader *r, const json_t *o)
{
	const json_t *endpoint = field(o, "privateEndpoint");
	const char *name = text_field(r, o, "name");
	size_t before = r->out->n_names;
	struct nic nic = { 0 };

	if (name == NULL)
		return false;
	r->endpoint = NULL;
	if (json_is_string(field(endpoint, "id"))) {
		name = json_string_value(field(endpoint, "id"));
		r->endpoint = vp_arena_strdup(r->arena, name);
	}
	nic.name = last_segment(r->arena, name);
	if (!each(r, o, "ipConfigurations", read_ip_configuration, &nic))
		return false;
	if (r->out->n_names == before && field(o, "customDnsConfigs") == NULL)
		note(r, "this network interface has no names: it is not a "
		        "private endpoint's");
	return true;
}

/* --- az network private-endpoint show ------------------------------------- */

/* The "fqdn" of an object; without one or without an address it says nothing
 * yet (the endpoint is being made). */
static bool add_record(struct reader *r, const char *fqdn,
                       const struct addresses *a, const char *from)
{
	size_t at = enter(r, "fqdn", 0);

	if (*fqdn != '\0' && a->n > 0 && !add_name(r, fqdn, a, from))
		return false;
	leave(r, at);
	return true;
}

static bool read_custom_dns(struct reader *r, const json_t *v, void *arg)
{
	struct addresses a = { 0 };
	const char *fqdn;

	if (!is_object(r, v))
		return false;
	fqdn = text_field(r, v, "fqdn");
	if (fqdn == NULL || !each(r, v, "ipAddresses", add_address, &a))
		return false;
	return add_record(r, fqdn, &a, arg);
}

static bool read_endpoint(struct reader *r, const json_t *o)
{
	const char *name = text_field(r, o, "name");
	const json_t *id = field(o, "id");
	size_t before = r->out->n_names;

	r->endpoint = vp_arena_strdup(
		r->arena, json_is_string(id) ? json_string_value(id) : name);
	if (name == NULL || !each(r, o, "customDnsConfigs", read_custom_dns,
	                          last_segment(r->arena, name)))
		return false;
	if (r->out->n_names == before)
		note(r, "this private endpoint lists no names, as with a DNS "
		        "zone group: give what 'az network nic show --ids' "
		        "prints of its networkInterfaces, or 'az network "
		        "private-endpoint dns-zone-group list'");
	return true;
}

/* --- az network private-endpoint dns-zone-group list ---------------------- */

static bool read_record_set(struct reader *r, const json_t *v, void *arg)
{
	struct addresses a = { 0 };
	const char *fqdn, *type;

	if (!is_object(r, v))
		return false;
	fqdn = text_field(r, v, "fqdn");
	type = fqdn != NULL ? text_field(r, v, "recordType") : NULL;
	if (type == NULL || !each(r, v, "ipAddresses", add_address, &a))
		return false;
	return add_record(r, fqdn, &a, arg);
}

static bool read_zone_config(struct reader *r, const json_t *v, void *arg)
{
	return is_object(r, v) &&
	       each(r, v, "recordSets", read_record_set, arg);
}

/* .../privateEndpoints/NAME/privateDnsZoneGroups/default */
static bool read_zone_group(struct reader *r, const json_t *o)
{
	const char *id = text_field(r, o, "id"), *at;
	char *name;

	if (id == NULL)
		return false;
	at = strcasestr(id, "/privateEndpoints/");
	name = vp_arena_strdup(r->arena,
	                       at != NULL ? at + 18 : "private endpoint");
	name[strcspn(name, "/")] = '\0';
	r->endpoint = at == NULL
	                      ? NULL
	                      : vp_arena_printf(r->arena, "%.*s%s",
	                                        (int)(at + 18 - id), id, name);
	return each(r, o, "privateDnsZoneConfigs", read_zone_config,
	            last_segment(r->arena, name));
}

static bool read_zone_group_element(struct reader *r, const json_t *v,
                                    void *arg)
{
	(void)arg;
	return is_object(r, v) && read_zone_group(r, v);
}

/* --- az network vnet show ------------------------------------------------- */

static bool add_prefix(struct reader *r, const json_t *v, void *arg)
{
	const char *text = text_of(r, v);
	struct vp_prefix p;
	char why[256];

	(void)arg;
	if (text == NULL)
		return false;
	if (vp_value_read_vnet(&p, text, why, sizeof(why)) != 0)
		return refuse(r, "%s", why);
	*VP_PUSH(r->arena, r->out->vnet, r->out->n_vnet) = p;
	return true;
}

static bool same_addresses(const struct addresses *a, const struct vp_addr *b,
                           size_t n)
{
	if (a->n != n)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!vp_addr_equal(&a->list[i], &b[i]))
			return false;
	}
	return true;
}

/* Which VNet this machine is in is not known: several have to agree. */
static void set_vnet_dns(struct reader *r, const struct addresses *a,
                         const char *name)
{
	struct vp_endpoint_file *out = r->out;

	if (out->n_vnets++ == 0) {
		out->vnet_dns = a->list;
		out->n_vnet_dns = a->n;
		out->vnet_from =
			vp_arena_printf(r->arena, "%s (%s)",
		                        last_segment(r->arena, name), r->file);
	} else if (out->n_vnet_dns > 0 &&
	           !same_addresses(a, out->vnet_dns, out->n_vnet_dns)) {
		out->n_vnet_dns = 0;
		note(r, "these VNets have different DNS servers, and which of "
		        "them this machine is in is not known: give "
		        "'vnet_dns' in the config");
	}
}

static bool read_vnet(struct reader *r, const json_t *o)
{
	const json_t *space = field(o, "addressSpace");
	const json_t *options = field(o, "dhcpOptions");
	const char *name = text_field(r, o, "name");
	struct addresses a = { 0 };
	size_t at;

	if (name == NULL)
		return false;
	at = enter(r, "addressSpace", 0);
	if (!is_object(r, space) ||
	    !each(r, space, "addressPrefixes", add_prefix, NULL))
		return false;
	leave(r, at);
	at = enter(r, "dhcpOptions", 0);
	if (options != NULL &&
	    (!is_object(r, options) ||
	     !each(r, options, "dnsServers", add_address, &a)))
		return false;
	leave(r, at);
	if (a.n == 0) /* "Default (Azure-provided)" */
		vp_addr_parse(VP_PUSH(r->arena, a.list, a.n),
		              VP_AZURE_DNS_TEXT);
	set_vnet_dns(r, &a, name);
	return true;
}

/* --- which ---------------------------------------------------------------- */

static bool read_resource(struct reader *r, const json_t *v, void *arg)
{
	bool endpoint, nic;

	(void)arg;
	if (!is_object(r, v))
		return false;
	if (field(v, "addressSpace") != NULL)
		return read_vnet(r, v);
	if (field(v, "privateDnsZoneConfigs") != NULL)
		return read_zone_group(r, v);
	/* a private endpoint has ipConfigurations of another kind as well */
	endpoint = field(v, "customDnsConfigs") != NULL;
	nic = field(v, "ipConfigurations") != NULL;
	if (field(v, "privateDnsZoneGroups") != NULL &&
	    json_array_size(field(v, "privateDnsZoneGroups")) > 0)
		return each(r, v, "privateDnsZoneGroups",
		            read_zone_group_element, NULL);
	if (!endpoint && !nic)
		return refuse(r, "this is none of what 'az network nic show', "
		                 "'private-endpoint show', 'private-endpoint "
		                 "dns-zone-group list' and 'vnet show' print");
	return endpoint ? read_endpoint(r, v) : read_nic(r, v);
}

static bool read_document(struct reader *r, const json_t *root)
{
	const json_t *value = json_object_get(root, "value");

	if (json_is_array(value))
		return each(r, root, "value", read_resource, NULL);
	if (!json_is_array(root))
		return read_resource(r, root, NULL);
	for (size_t i = 0; i < json_array_size(root); i++) {
		size_t at = enter(r, NULL, i);

		if (!read_resource(r, json_array_get(root, i), NULL))
			return false;
		leave(r, at);
	}
	return true;
}

static bool read_bytes(struct reader *r, const char *data, size_t len)
{
	char quoted[VP_QUOTE_TEXT];
	json_error_t error;
	json_t *root;
	bool ok;

	if (len > MAX_BYTES)
		return refuse(r, "larger than 16 MiB");
	if (len >= 2 && (memcmp(data, "\xff\xfe", 2) == 0 ||
	                 memcmp(data, "\xfe\xff", 2) == 0))
		return refuse(r, "UTF-16, as PowerShell's '>' writes it: use "
		                 "az ... | Out-File -Encoding ascii FILE");
	if (len >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0)
		data += 3, len -= 3;
	root = json_loadb(data, len, 0, &error);
	if (root == NULL)
		return refuse(r, "line %d is not JSON: %s", error.line,
		              vp_quote(quoted, error.text));
	ok = read_document(r, root);
	json_decref(root);
	return ok;
}

int vp_endpoint_file_parse(struct vp_endpoint_file *out, struct vp_arena *arena,
                           const char *name, const char *data, size_t len,
                           char *why, size_t size)
{
	struct reader r = {
		.out = out,
		.arena = arena,
		.file = name,
		.why = why,
		.size = size,
	};

	return read_bytes(&r, data, len) ? 0 : -EINVAL;
}

int vp_endpoint_file_json(struct vp_endpoint_file *out, struct vp_arena *arena,
                          const char *name, const json_t *root, char *why,
                          size_t size)
{
	struct reader r = {
		.out = out,
		.arena = arena,
		.file = name,
		.why = why,
		.size = size,
	};

	return read_document(&r, root) ? 0 : -EINVAL;
}

int vp_endpoint_file_read(struct vp_endpoint_file *out, struct vp_arena *arena,
                          const char *path, char *why, size_t size)
{
	struct vp_input in;
	const char *reason;
	int err = vp_input_read(&in, path, MAX_BYTES, &reason);

	if (err != 0) {
		snprintf(why, size, "%s: %s", path, reason);
		return err;
	}
	err = vp_endpoint_file_parse(out, arena, path, in.data, in.len, why,
	                             size);
	free(in.data);
	return err;
}
