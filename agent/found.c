/* found.c - see found.h: the table of keys, and what may stand under each. */
#include "found.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "catalogue.h"
#include "value.h"
#include "vnetprobe/dns_message.h"
#include "wording.h"

#define NAME_MAX_ARM 90 /* of a resource group, the longest */
#define ID_MAX 1024
#define ADDRESSES_MAX 32

/* --- what a value has to be ------------------------------------------------
 */

/* Each gives the normal form, in the arena, or NULL. */
typedef char *normal_fn(struct vp_arena *arena, const char *text);

static char *lower(struct vp_arena *arena, const char *text)
{
	char *low = vp_arena_strdup(arena, text);

	for (char *p = low; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	return low;
}

static bool only(const char *text, const char *more, size_t max)
{
	size_t n = 0;

	for (; text[n] != '\0'; n++) {
		unsigned char c = (unsigned char)text[n];

		if (c >= 0x80 || (!isalnum(c) && strchr(more, c) == NULL))
			return false;
	}
	return n > 0 && n <= max;
}

static char *cloud(struct vp_arena *arena, const char *text)
{
	struct vp_settings s = { .arena = arena };
	char why[256];

	return vp_value_cloud(&s, text, why, sizeof(why)) == 0 ? s.cloud : NULL;
}

/* Also its long form: "West Europe". */
static char *region(struct vp_arena *arena, const char *text)
{
	struct vp_settings s = { .arena = arena };
	char packed[41], why[256];
	size_t n = 0;

	for (; *text != '\0' && n < sizeof(packed) - 1; text++) {
		if (*text != ' ')
			packed[n++] = *text;
	}
	packed[n] = '\0';
	if (*text != '\0' || vp_value_region(&s, packed, why, sizeof(why)) != 0)
		return NULL;
	return s.region;
}

static char *guid(struct vp_arena *arena, const char *text)
{
	char out[37], why[256];

	return vp_value_read_guid(out, text, why, sizeof(why)) == 0
	               ? vp_arena_strdup(arena, out)
	               : NULL;
}

/* Of a resource or a resource group. */
static char *name(struct vp_arena *arena, const char *text)
{
	return only(text, "-_.()", NAME_MAX_ARM) ? vp_arena_strdup(arena, text)
	                                         : NULL;
}

/* One label of a host name, or a whole one. */
static char *host(struct vp_arena *arena, const char *text)
{
	char out[256];
	const char *why;

	return vp_dns_name_normalise(out, text, &why) == 0
	               ? vp_arena_strdup(arena, out)
	               : NULL;
}

/* A notebooks name of the catalogue: nothing else is asked for as one. */
static char *notebook(struct vp_arena *arena, const char *text)
{
	char *out = host(arena, text);
	const struct vp_catalogue_suffix *row =
		out != NULL ? vp_catalogue_find(out) : NULL;

	return row != NULL && row->kind == VP_KIND_NOTEBOOK ? out : NULL;
}

/* An account, vault or registry: its label, or a full name of such a thing. */
static char *resource(struct vp_arena *arena, const char *text)
{
	const struct vp_catalogue_suffix *row;
	char *out = host(arena, text);

	if (out == NULL || strchr(out, '.') == NULL)
		return out;
	row = vp_catalogue_find(out);
	return row != NULL && row->kind >= VP_KIND_BLOB &&
	                       row->kind <= VP_KIND_REGISTRY
	               ? out
	               : NULL;
}

static char *prefix(struct vp_arena *arena, const char *text)
{
	char out[VP_PREFIX_TEXT], why[256];
	struct vp_prefix p;

	return vp_value_read_vnet(&p, text, why, sizeof(why)) == 0
	               ? vp_arena_strdup(arena, vp_prefix_format(&p, out))
	               : NULL;
}

static char *address(struct vp_arena *arena, const char *text)
{
	char out[VP_ADDR_TEXT];
	struct vp_addr a;

	return vp_addr_parse(&a, text) == 0
	               ? vp_arena_strdup(arena, vp_addr_format(&a, out))
	               : NULL;
}

/* "NAME ADDRESS ADDRESS": the name may begin with "*." */
static char *name_and_addresses(struct vp_arena *arena, const char *text)
{
	char *copy = vp_arena_strdup(arena, text), *save = NULL;
	char *word = strtok_r(copy, " ", &save), *out, *one;
	bool star = word != NULL && strncmp(word, "*.", 2) == 0;
	size_t n = 0;

	out = word != NULL ? host(arena, star ? word + 2 : word) : NULL;
	if (out == NULL)
		return NULL;
	out = vp_arena_printf(arena, "%s%s", star ? "*." : "", out);
	while ((word = strtok_r(NULL, " ", &save)) != NULL) {
		one = address(arena, word);
		if (one == NULL || n++ == ADDRESSES_MAX)
			return NULL;
		out = vp_arena_printf(arena, "%s %s", out, one);
	}
	return n > 0 ? out : NULL;
}

/* Of the machine, shown only. */
static char *url(struct vp_arena *arena, const char *text)
{
	return only(text, "-_.:/", 200) ? vp_arena_strdup(arena, text) : NULL;
}

char *vp_found_arm_id(struct vp_arena *arena, const char *text)
{
	if (*text != '/' || !only(text, "/-_.()", ID_MAX) ||
	    strstr(text, "//") != NULL || strstr(text, "/.") != NULL)
		return NULL;
	return lower(arena, text);
}

/* --- the table --------------------------------------------------------------
 */

static const struct key {
	const char *name;
	normal_fn *normal;
	bool repeats;
} keys[] = {
	{ "cloud", cloud, false },
	{ "region", region, false }, /* the workspace's */
	{ "subscription", guid, false },
	{ "resource_group", name, false },
	{ "workspace", name, false },
	{ "workspace_id", guid, false },
	{ "notebook_fqdn", notebook, false },
	{ "compute_instance", host, true },
	{ "online_endpoint", host, true },
	{ "storage_account", resource, true },
	{ "key_vault", resource, true },
	{ "registry", resource, true },
	{ "registry_data_region", region, true },
	{ "vnet", prefix, true },
	{ "vnet_dns", address, true },
	{ "address", name_and_addresses, true },
	{ "machine_name", name, false },
	{ "machine_region", region, false },
	{ "machine_address", address, true },
	{ "machine_subnet", prefix, true },
	{ "machine_id", vp_found_arm_id, false },
	{ "identity_endpoint", url, false },
};
#define N_KEYS (sizeof(keys) / sizeof(*keys))

static const struct key *key_of(const char *text)
{
	for (size_t i = 0; i < N_KEYS; i++) {
		if (strcmp(keys[i].name, text) == 0)
			return &keys[i];
	}
	return NULL;
}

const char *vp_found_key(size_t i)
{
	return i < N_KEYS ? keys[i].name : NULL;
}

bool vp_found_key_repeats(const char *key)
{
	const struct key *k = key_of(key);

	return k != NULL && k->repeats;
}

/* --- adding -----------------------------------------------------------------
 */

void vp_found_take_note(struct vp_found *f, char *text)
{
	struct vp_discovery *d = f->out;

	for (size_t i = 0; i < d->n_notes; i++) {
		if (strcmp(d->notes[i], text) == 0)
			return;
	}
	if (d->n_notes < VP_FOUND_NOTES_MAX)
		*VP_PUSH(f->arena, d->notes, d->n_notes) = text;
}

void vp_found_note(struct vp_found *f, const char *fmt, ...)
{
	char text[512], source[VP_QUOTE_TEXT];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	vp_quote(source, f->source);
	source[strlen(source) - 1] = '\0'; /* a source is not quoted */
	vp_found_take_note(
		f, vp_arena_printf(f->arena, "%s: %s", source + 1, text));
}

/* The same value from another source is told as well, once. */
static bool is_there(const struct vp_found *f, const char *key,
                     const char *value)
{
	for (size_t i = 0; i < f->out->n_values; i++) {
		const struct vp_discovered *v = &f->out->values[i];

		if (strcmp(v->key, key) == 0 && strcmp(v->value, value) == 0 &&
		    strcmp(v->source, f->source) == 0)
			return true;
	}
	return false;
}

/* Of one key two values: said, whichever came first. That this machine is in
 * another subscription than the workspace is no contradiction. */
static void compare(struct vp_found *f, const struct key *k, const char *value)
{
	const struct vp_discovered *v = vp_found_get(f->out, k->name);
	bool ours;

	if (k->repeats || v == NULL || strcasecmp(v->value, value) == 0 ||
	    (f->inferred != v->inferred &&
	     strcmp(k->name, "subscription") == 0))
		return;
	ours = v->inferred && !f->inferred;
	vp_found_note(f, "it says %s %s%s%s, and %s says %s%s%s", k->name,
	              value, f->inferred ? " (inferred)" : "",
	              ours ? ", which is believed" : "", v->source, v->value,
	              v->inferred ? " (inferred)" : "",
	              ours ? "" : ", which is believed");
}

bool vp_found_add(struct vp_found *f, const char *key, const char *value)
{
	const struct key *k = key_of(key);
	char quoted[VP_QUOTE_TEXT], *normal;
	struct vp_discovered *v;

	if (value == NULL || *value == '\0')
		return true;
	if (k == NULL) {
		vp_found_note(f, "%s is nothing known here",
		              vp_quote(quoted, key));
		return false;
	}
	normal = strlen(value) <= ID_MAX ? k->normal(f->arena, value) : NULL;
	if (normal == NULL) {
		vp_found_note(f, "%s cannot be a %s: left out",
		              vp_quote(quoted, value), key);
		return false;
	}
	if (is_there(f, key, normal))
		return true;
	if (f->out->n_values >= VP_FOUND_VALUES_MAX) {
		if (f->out->n_values == VP_FOUND_VALUES_MAX)
			vp_found_note(f,
			              "it says more than %d things: the "
			              "rest is left out",
			              VP_FOUND_VALUES_MAX);
		return false;
	}
	compare(f, k, normal);
	v = VP_PUSH(f->arena, f->out->values, f->out->n_values);
	v->key = vp_arena_strdup(f->arena, key);
	v->value = normal;
	v->source = vp_arena_strdup(f->arena, f->source);
	v->inferred = f->inferred;
	return true;
}

bool vp_found_add_address(struct vp_found *f, const char *name_text,
                          const struct vp_addr *list, size_t n)
{
	char *value = vp_arena_strdup(f->arena, name_text);
	char text[VP_ADDR_TEXT];

	for (size_t i = 0; i < n && i < ADDRESSES_MAX; i++)
		value = vp_arena_printf(f->arena, "%s %s", value,
		                        vp_addr_format(&list[i], text));
	return n == 0 || vp_found_add(f, "address", value);
}

const struct vp_discovered *vp_found_get(const struct vp_discovery *d,
                                         const char *key)
{
	const struct vp_discovered *guess = NULL;

	for (size_t i = 0; i < d->n_values; i++) {
		const struct vp_discovered *v = &d->values[i];

		if (strcmp(v->key, key) != 0)
			continue;
		if (!v->inferred)
			return v;
		if (guess == NULL)
			guess = v;
	}
	return guess;
}

const char *vp_found_sources(struct vp_arena *arena,
                             const struct vp_discovery *d, size_t index)
{
	const struct vp_discovered *v = &d->values[index];
	const char *text = NULL;

	for (size_t i = 0; i < d->n_values; i++) {
		const struct vp_discovered *o = &d->values[i];

		if (strcmp(o->key, v->key) != 0 ||
		    strcmp(o->value, v->value) != 0)
			continue;
		if (i < index)
			return NULL;
		text = vp_arena_printf(arena, "%s%s%s%s",
		                       text != NULL ? text : "",
		                       text != NULL ? ", " : "", o->source,
		                       o->inferred ? " (inferred)" : "");
	}
	return text;
}

/* --- where things are -------------------------------------------------------
 */

static bool same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcasecmp(a, b) == 0;
}

void vp_found_place(struct vp_found *f, const struct vp_placement *p)
{
	struct vp_discovery *d = f->out;
	struct vp_placement made = { .role = p->role };

	made.name = p->name != NULL ? name(f->arena, p->name) : NULL;
	if (p->location != NULL && *p->location != '\0')
		made.location = region(f->arena, p->location);
	if (p->endpoint != NULL)
		made.endpoint = name(f->arena, p->endpoint);
	if (p->group != NULL)
		made.group = name(f->arena, p->group);
	if (p->vnet != NULL)
		made.vnet = vp_found_arm_id(f->arena, p->vnet);
	if (p->subnet != NULL)
		made.subnet = name(f->arena, p->subnet);
	if (made.name == NULL || (made.location == NULL && made.vnet == NULL))
		return; /* says nothing of where it is */
	made.source = vp_arena_strdup(f->arena, f->source);
	for (size_t i = 0; i < d->n_placements; i++) {
		const struct vp_placement *o = &d->placements[i];

		if (o->role == made.role && same(o->name, made.name) &&
		    same(o->endpoint, made.endpoint) &&
		    same(o->group, made.group) && same(o->vnet, made.vnet) &&
		    same(o->location, made.location))
			return;
	}
	if (d->n_placements < VP_PLACEMENTS_MAX)
		*VP_PUSH(f->arena, d->placements, d->n_placements) = made;
}

void vp_found_peering(struct vp_found *f, const char *vnet, const char *remote,
                      bool connected)
{
	char *a = vnet != NULL ? vp_found_arm_id(f->arena, vnet) : NULL;
	char *b = remote != NULL ? vp_found_arm_id(f->arena, remote) : NULL;
	struct vp_discovery *d = f->out;

	if (a == NULL || b == NULL || d->n_peerings >= VP_PEERINGS_MAX)
		return;
	*VP_PUSH(f->arena, d->peerings, d->n_peerings) =
		(struct vp_peering){ a, b, connected };
}

/* --- names and ids ----------------------------------------------------------
 */

/* What stands before the suffix. */
static char *before_suffix(struct vp_arena *arena, const char *text,
                           const char *suffix)
{
	size_t n = strlen(text), s = strlen(suffix);

	return n > s ? vp_arena_strndup(arena, text, n - s) : NULL;
}

static const char *last_label(const char *labels)
{
	const char *dot = strrchr(labels, '.');

	return dot != NULL ? dot + 1 : labels;
}

/* REGION.api.azureml.ms, and REGION.cert. before it: the region's own. */
static bool regional_host(struct vp_found *f, const char *text)
{
	const struct vp_catalogue_suffix *rows;
	size_t n, len = strlen(text);
	char *head;

	rows = vp_catalogue_suffixes(&n);
	for (size_t i = 0; i < n; i++) {
		size_t s = strlen(rows[i].suffix);

		if (rows[i].kind != VP_KIND_WORKSPACE || len <= s ||
		    strcmp(text + len - s, rows[i].suffix) != 0)
			continue;
		head = before_suffix(f->arena, text, rows[i].suffix);
		if (strchr(head, '.') != NULL && strlen(head) > 5 &&
		    strcmp(head + strlen(head) - 5, ".cert") == 0)
			head[strlen(head) - 5] = '\0';
		if (strchr(head, '.') != NULL)
			return false;
		return vp_found_add(f, "cloud", rows[i].cloud) &&
		       vp_found_add(f, "region", head);
	}
	return false;
}

/* guid.workspace.REGION */
static bool workspace_host(struct vp_found *f, char *head)
{
	char *mark = strstr(head, ".workspace.");

	if (mark == NULL)
		return false;
	*mark = '\0';
	mark += strlen(".workspace.");
	mark[strcspn(mark, ".")] = '\0';
	return vp_found_add(f, "workspace_id", head) &&
	       vp_found_add(f, "region", mark);
}

static bool known_host(struct vp_found *f, const char *text,
                       const struct vp_catalogue_suffix *row)
{
	char *head = before_suffix(f->arena, text, row->suffix);
	bool own_zone = strcmp(row->suffix + strcspn(row->suffix + 1, ".") + 1,
	                       ".storage.azure.net") == 0;

	if (head == NULL)
		return false;
	switch (row->kind) {
	case VP_KIND_WORKSPACE:
	case VP_KIND_WORKSPACE_CERT:
		return workspace_host(f, head);
	case VP_KIND_NOTEBOOK:
		return vp_found_add(f, "notebook_fqdn", text);
	case VP_KIND_COMPUTE_INSTANCE:
		return (head[0] == '*' ||
		        vp_found_add(f, "compute_instance", text)) &&
		       vp_found_add(f, "region", last_label(head));
	case VP_KIND_ONLINE_ENDPOINT:
		return head[0] == '*' ||
		       vp_found_add(f, "online_endpoint", text);
	case VP_KIND_BLOB:
	case VP_KIND_FILE:
		return vp_found_add(f, "storage_account",
		                    own_zone ? text : head);
	case VP_KIND_VAULT:
		return vp_found_add(f, "key_vault", head);
	case VP_KIND_REGISTRY:
		return vp_found_add(f, "registry", head);
	case VP_KIND_REGISTRY_DATA:
		return vp_found_add(f, "registry_data_region",
		                    last_label(head));
	default:
		return false;
	}
}

bool vp_found_host(struct vp_found *f, const char *text)
{
	const char *bare = strncmp(text, "*.", 2) == 0 ? text + 2 : text;
	const struct vp_catalogue_suffix *row;
	char *normal = host(f->arena, bare);

	if (normal == NULL)
		return false;
	if (bare != text)
		normal = vp_arena_printf(f->arena, "*.%s", normal);
	row = vp_catalogue_find(normal);
	if (row == NULL)
		return regional_host(f, normal);
	return known_host(f, normal, row) &&
	       vp_found_add(f, "cloud", row->cloud);
}

char *vp_found_id_part(struct vp_arena *arena, const char *id,
                       const char *segment)
{
	const char *at = strcasestr(id, segment);
	size_t n;

	if (at == NULL)
		return NULL;
	at += strlen(segment);
	n = strcspn(at, "/?#");
	return n > 0 && n <= NAME_MAX_ARM ? vp_arena_strndup(arena, at, n)
	                                  : NULL;
}

void vp_found_workspace_id(struct vp_found *f, const char *id)
{
	static const struct {
		const char *key, *segment;
	} parts[] = {
		{ "subscription", "/subscriptions/" },
		{ "resource_group", "/resourceGroups/" },
		{ "workspace", "/workspaces/" },
	};

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		vp_found_add(f, parts[i].key,
		             vp_found_id_part(f->arena, id, parts[i].segment));
}
