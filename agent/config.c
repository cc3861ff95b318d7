/*
 * The config file: YAML by a libcyaml schema.
 *
 * libcyaml turns a file into structs, but its messages tell neither line and
 * column of every mistake nor what would have been right. So the same schema
 * is first held against libyaml's tree of the document, whose nodes know where
 * they stand: unknown and double keys and wrong types end there. Then libcyaml
 * loads the strings, and the setters of value.c read them; what one of those
 * refuses is looked up in the tree again by its key path.
 */
#include "config.h"

#include <ctype.h>
#include <cyaml/cyaml.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yaml.h>

#include "value.h"

#define MAX_BYTES (4u << 20) /* 10,000 targets are less than one MiB */
#define PATH_TEXT 160

/* --- the schema ----------------------------------------------------------- */

struct raw_workspace {
	char *name, *id, *notebook_fqdn, *expect;
	char **compute_instances, **online_endpoints, **addresses;
	unsigned compute_instances_count, online_endpoints_count;
	unsigned addresses_count;
};

struct raw_account {
	char *name, *expect;
	char **services, **addresses;
	unsigned services_count, addresses_count;
};

struct raw_vault {
	char *name, *expect;
	char **addresses;
	unsigned addresses_count;
};

struct raw_registry {
	char *name, *expect;
	char **data_regions, **addresses;
	unsigned data_regions_count, addresses_count;
};

struct raw_target {
	char *name, *port, *kind, *expect;
	char **addresses;
	unsigned addresses_count;
};

struct raw_allow {
	char *name, *prefix, *port, *process, *reason;
};

struct raw_egress {
	char *preset; /* egress.default */
	struct raw_allow *allow;
	unsigned allow_count;
};

struct raw_config {
	char *cloud, *region, *scenario, *expect, *ca_file, *interface;
	char *timeout, *deadline, *linger, *concurrency;
	char **vnet, **resolvers;
	unsigned vnet_count, resolvers_count;
	struct raw_workspace *workspace;
	struct raw_account *storage_accounts;
	struct raw_vault *key_vaults;
	struct raw_registry *registries;
	struct raw_target *targets;
	unsigned storage_accounts_count, key_vaults_count, registries_count;
	unsigned targets_count;
	struct raw_egress *egress;
};

/* Every leaf is a string here: the setters of value.c know its form. */
#define TEXT(type, key, member)                                                \
	CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_OPTIONAL, type, member, 0,      \
	                       CYAML_UNLIMITED)
#define NEEDED(type, key, member)                                              \
	CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_DEFAULT, type, member, 0,       \
	                       CYAML_UNLIMITED)
#define LIST(type, key, member, entry)                                         \
	CYAML_FIELD_SEQUENCE(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,    \
	                     type, member, entry, 0, CYAML_UNLIMITED)

static const cyaml_schema_value_t text_schema = {
	CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, CYAML_UNLIMITED),
};

static const cyaml_schema_field_t workspace_fields[] = {
	TEXT(struct raw_workspace, "name", name),
	NEEDED(struct raw_workspace, "id", id),
	TEXT(struct raw_workspace, "notebook_fqdn", notebook_fqdn),
	LIST(struct raw_workspace, "compute_instances", compute_instances,
	     &text_schema),
	LIST(struct raw_workspace, "online_endpoints", online_endpoints,
	     &text_schema),
	TEXT(struct raw_workspace, "expect", expect),
	LIST(struct raw_workspace, "addresses", addresses, &text_schema),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t account_fields[] = {
	NEEDED(struct raw_account, "name", name),
	LIST(struct raw_account, "services", services, &text_schema),
	TEXT(struct raw_account, "expect", expect),
	LIST(struct raw_account, "addresses", addresses, &text_schema),
	CYAML_FIELD_END,
};
static const cyaml_schema_value_t account_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_account,
	                    account_fields),
};

static const cyaml_schema_field_t vault_fields[] = {
	NEEDED(struct raw_vault, "name", name),
	TEXT(struct raw_vault, "expect", expect),
	LIST(struct raw_vault, "addresses", addresses, &text_schema),
	CYAML_FIELD_END,
};
static const cyaml_schema_value_t vault_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_vault, vault_fields),
};

static const cyaml_schema_field_t registry_fields[] = {
	NEEDED(struct raw_registry, "name", name),
	LIST(struct raw_registry, "data_regions", data_regions, &text_schema),
	TEXT(struct raw_registry, "expect", expect),
	LIST(struct raw_registry, "addresses", addresses, &text_schema),
	CYAML_FIELD_END,
};
static const cyaml_schema_value_t registry_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_registry,
	                    registry_fields),
};

static const cyaml_schema_field_t target_fields[] = {
	NEEDED(struct raw_target, "name", name),
	TEXT(struct raw_target, "port", port),
	TEXT(struct raw_target, "kind", kind),
	TEXT(struct raw_target, "expect", expect),
	LIST(struct raw_target, "addresses", addresses, &text_schema),
	CYAML_FIELD_END,
};
static const cyaml_schema_value_t target_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_target,
	                    target_fields),
};

static const cyaml_schema_field_t allow_fields[] = {
	TEXT(struct raw_allow, "name", name),
	TEXT(struct raw_allow, "prefix", prefix),
	TEXT(struct raw_allow, "port", port),
	TEXT(struct raw_allow, "process", process),
	NEEDED(struct raw_allow, "reason", reason),
	CYAML_FIELD_END,
};
static const cyaml_schema_value_t allow_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_allow, allow_fields),
};

static const cyaml_schema_field_t egress_fields[] = {
	TEXT(struct raw_egress, "default", preset),
	LIST(struct raw_egress, "allow", allow, &allow_schema),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t config_fields[] = {
	TEXT(struct raw_config, "cloud", cloud),
	TEXT(struct raw_config, "region", region),
	TEXT(struct raw_config, "scenario", scenario),
	TEXT(struct raw_config, "expect", expect),
	LIST(struct raw_config, "vnet", vnet, &text_schema),
	LIST(struct raw_config, "resolvers", resolvers, &text_schema),
	TEXT(struct raw_config, "ca_file", ca_file),
	TEXT(struct raw_config, "interface", interface),
	TEXT(struct raw_config, "timeout", timeout),
	TEXT(struct raw_config, "deadline", deadline),
	TEXT(struct raw_config, "linger", linger),
	TEXT(struct raw_config, "concurrency", concurrency),
	CYAML_FIELD_MAPPING_PTR("workspace", CYAML_FLAG_OPTIONAL,
	                        struct raw_config, workspace, workspace_fields),
	LIST(struct raw_config, "storage_accounts", storage_accounts,
	     &account_schema),
	LIST(struct raw_config, "key_vaults", key_vaults, &vault_schema),
	LIST(struct raw_config, "registries", registries, &registry_schema),
	LIST(struct raw_config, "targets", targets, &target_schema),
	CYAML_FIELD_MAPPING_PTR("egress", CYAML_FLAG_OPTIONAL,
	                        struct raw_config, egress, egress_fields),
	CYAML_FIELD_END,
};
static const cyaml_schema_value_t config_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct raw_config,
	                    config_fields),
};

/* --- where a mistake stands ----------------------------------------------- */

struct reader {
	struct vp_settings *s;
	const char *file;
	const unsigned char *data;
	size_t len;
	yaml_document_t doc;
	char *why;
	size_t size;
	int err; /* the first mistake ends all */
};

/* A key path. The schema's own are short; cutting would do no harm. */
__attribute__((format(printf, 2, 3))) static void
path_print(char out[PATH_TEXT], const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(out, PATH_TEXT, fmt, ap);
	va_end(ap);
}

/* "FILE:LINE:COLUMN: PATH: " and the sentence. Marks count from 0. */
__attribute__((format(printf, 4, 5))) static int
mistake(struct reader *r, const yaml_mark_t *mark, const char *path,
        const char *fmt, ...)
{
	char text[768];
	va_list ap;

	if (r->err != 0)
		return r->err;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	snprintf(r->why, r->size, "%s:%zu:%zu: %s%s%s", r->file, mark->line + 1,
	         mark->column + 1, path, *path != '\0' ? ": " : "", text);
	r->err = -EINVAL;
	return r->err;
}

/* A mistake of the file as a whole. */
static int whole(const char *file, char *why, size_t size, const char *text)
{
	snprintf(why, size, "%s: %s", file, text);
	return -EINVAL;
}

static const char *scalar(const yaml_node_t *node)
{
	return (const char *)node->data.scalar.value;
}

static yaml_node_t *member(yaml_document_t *doc, const yaml_node_t *map,
                           const char *key, size_t len)
{
	for (yaml_node_pair_t *p = map->data.mapping.pairs.start;
	     p < map->data.mapping.pairs.top; p++) {
		yaml_node_t *k = yaml_document_get_node(doc, p->key);

		if (k->type == YAML_SCALAR_NODE && strlen(scalar(k)) == len &&
		    strncmp(scalar(k), key, len) == 0)
			return yaml_document_get_node(doc, p->value);
	}
	return NULL;
}

/* The node of a path such as "targets[3].port", as far as there is one. */
static yaml_node_t *locate(yaml_document_t *doc, const char *path)
{
	yaml_node_t *node = yaml_document_get_root_node(doc), *next;

	while (*path != '\0') {
		if (*path == '[' && node->type == YAML_SEQUENCE_NODE) {
			yaml_node_item_t *i = node->data.sequence.items.start +
			                      strtoul(path + 1, NULL, 10);

			next = i < node->data.sequence.items.top
			               ? yaml_document_get_node(doc, *i)
			               : NULL;
			path += strcspn(path, "]") + 1;
		} else {
			size_t n;

			path += *path == '.';
			n = strcspn(path, ".[");
			next = node->type == YAML_MAPPING_NODE
			               ? member(doc, node, path, n)
			               : NULL;
			path += n;
		}
		if (next == NULL)
			break;
		node = next;
	}
	return node;
}

/* --- the tree against the schema ------------------------------------------ */

static int check_node(struct reader *r, const yaml_node_t *node,
                      const struct cyaml_schema_value *schema,
                      const char *path);

static const char *node_word(const yaml_node_t *node)
{
	switch (node->type) {
	case YAML_MAPPING_NODE:
		return "a mapping";
	case YAML_SEQUENCE_NODE:
		return "a list";
	case YAML_SCALAR_NODE:
		return node->data.scalar.length > 0 ? "a single value"
		                                    : "nothing";
	default:
		return "nothing";
	}
}

static int unknown_key(struct reader *r, const yaml_node_t *key,
                       const struct cyaml_schema_field *fields,
                       const char *path)
{
	char quoted[VP_QUOTE_TEXT], list[400] = "";
	const char *words[24], *near;
	size_t n = 0, used = 0;

	for (; fields[n].key != NULL && n < 24; n++) {
		words[n] = fields[n].key;
		used += (size_t)snprintf(list + used, sizeof(list) - used,
		                         "%s%s", n == 0 ? "" : ", ", words[n]);
	}
	near = vp_nearest(scalar(key), words, n);
	if (near != NULL)
		return mistake(r, &key->start_mark, path,
		               "unknown key %s; did you mean '%s'?",
		               vp_quote(quoted, scalar(key)), near);
	return mistake(r, &key->start_mark, path,
	               "unknown key %s: expected one of %s",
	               vp_quote(quoted, scalar(key)), list);
}

static const struct cyaml_schema_field *
field_of(const struct cyaml_schema_field *fields, const char *key)
{
	for (; fields->key != NULL; fields++) {
		if (strcmp(fields->key, key) == 0)
			return fields;
	}
	return NULL;
}

static void path_of(char out[PATH_TEXT], const char *path, const char *key)
{
	path_print(out, "%s%s%s", path, *path != '\0' ? "." : "", key);
}

/* Each key: known, once, and its value by its own schema. */
static int check_pair(struct reader *r, const yaml_node_t *map,
                      const yaml_node_pair_t *pair,
                      const struct cyaml_schema_field *fields, const char *path,
                      uint64_t *seen)
{
	yaml_node_t *key = yaml_document_get_node(&r->doc, pair->key);
	const struct cyaml_schema_field *f;
	char below[PATH_TEXT];

	(void)map;
	if (key->type != YAML_SCALAR_NODE)
		return mistake(r, &key->start_mark, path,
		               "a key has to be a plain word, not %s",
		               node_word(key));
	f = field_of(fields, scalar(key));
	if (f == NULL)
		return unknown_key(r, key, fields, path);
	path_of(below, path, f->key);
	if ((*seen & (1ull << (f - fields))) != 0)
		return mistake(r, &key->start_mark, below,
		               "this key stands here twice");
	*seen |= 1ull << (f - fields);
	return check_node(r, yaml_document_get_node(&r->doc, pair->value),
	                  &f->value, below);
}

static int check_mapping(struct reader *r, const yaml_node_t *node,
                         const struct cyaml_schema_field *fields,
                         const char *path)
{
	uint64_t seen = 0; /* bit per field; the largest mapping has 18 */

	for (yaml_node_pair_t *p = node->data.mapping.pairs.start;
	     p < node->data.mapping.pairs.top; p++) {
		if (check_pair(r, node, p, fields, path, &seen) != 0)
			return r->err;
	}
	for (size_t i = 0; fields[i].key != NULL; i++) {
		if ((seen & (1ull << i)) == 0 &&
		    (fields[i].value.flags & CYAML_FLAG_OPTIONAL) == 0)
			return mistake(r, &node->start_mark, path,
			               "the key '%s' is missing",
			               fields[i].key);
	}
	return 0;
}

static int check_list(struct reader *r, const yaml_node_t *node,
                      const struct cyaml_schema_value *entry, const char *path)
{
	char below[PATH_TEXT];
	unsigned n = 0;

	for (yaml_node_item_t *i = node->data.sequence.items.start;
	     i < node->data.sequence.items.top; i++) {
		path_print(below, "%s[%u]", path, n++);
		if (check_node(r, yaml_document_get_node(&r->doc, *i), entry,
		               below) != 0)
			return r->err;
	}
	return 0;
}

/* Recursion is as deep as the schema, however deep the document is. */
static int check_node(struct reader *r, const yaml_node_t *node,
                      const struct cyaml_schema_value *schema, const char *path)
{
	const char *want;

	if (schema->type == CYAML_MAPPING) {
		if (node->type == YAML_MAPPING_NODE)
			return check_mapping(r, node, schema->mapping.fields,
			                     path);
		want = "a mapping (key: value)";
	} else if (schema->type == CYAML_SEQUENCE) {
		if (node->type == YAML_SEQUENCE_NODE)
			return check_list(r, node, schema->sequence.entry,
			                  path);
		want = "a list ([a, b])";
	} else {
		if (node->type == YAML_SCALAR_NODE &&
		    node->data.scalar.length > 0 &&
		    strlen(scalar(node)) == node->data.scalar.length)
			return 0;
		if (node->type == YAML_SCALAR_NODE &&
		    node->data.scalar.length > 0)
			return mistake(r, &node->start_mark, path,
			               "the value has a NUL byte in it");
		want = "a single value";
	}
	return mistake(r, &node->start_mark, path, "expected %s, found %s",
	               want, node_word(node));
}

/* --- strings to settings -------------------------------------------------- */

__attribute__((format(printf, 3, 4))) static bool
refused(struct reader *r, const char *path, const char *fmt, ...)
{
	char text[768];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	mistake(r, &locate(&r->doc, path)->start_mark, path, "%s", text);
	return false;
}

static bool read_expect(struct reader *r, const char *path, const char *text,
                        bool *has, enum vp_expect *out)
{
	char below[PATH_TEXT], why[512];

	if (text == NULL)
		return true;
	path_of(below, path, "expect");
	if (vp_value_read_expect(out, text, why, sizeof(why)) != 0)
		return refused(r, below, "%s", why);
	*has = true;
	return true;
}

static bool read_addresses(struct reader *r, const char *path, char **texts,
                           unsigned n_texts, struct vp_addr **out, size_t *n)
{
	char below[PATH_TEXT], why[512];

	for (unsigned i = 0; i < n_texts; i++) {
		struct vp_addr *a = VP_PUSH(r->s->arena, *out, *n);

		if (vp_value_read_addr(a, texts[i], why, sizeof(why)) == 0)
			continue;
		path_print(below, "%s.addresses[%u]", path, i);
		return refused(r, below, "%s", why);
	}
	return true;
}

static void copy_list(struct reader *r, char **texts, unsigned n_texts,
                      char ***out, size_t *n)
{
	for (unsigned i = 0; i < n_texts; i++)
		*VP_PUSH(r->s->arena, *out, *n) =
			vp_arena_strdup(r->s->arena, texts[i]);
}

static bool read_workspace(struct reader *r, const struct raw_workspace *raw)
{
	struct vp_workspace *w = &r->s->workspace;
	char guid[37], why[512];

	if (raw == NULL)
		return true;
	w->present = true;
	if (vp_value_read_guid(guid, raw->id, why, sizeof(why)) != 0)
		return refused(r, "workspace.id", "%s", why);
	w->id = vp_arena_strdup(r->s->arena, guid);
	w->name = vp_arena_strdup(r->s->arena, raw->name);
	w->notebook_fqdn = vp_arena_strdup(r->s->arena, raw->notebook_fqdn);
	copy_list(r, raw->compute_instances, raw->compute_instances_count,
	          &w->compute_instances, &w->n_compute_instances);
	copy_list(r, raw->online_endpoints, raw->online_endpoints_count,
	          &w->online_endpoints, &w->n_online_endpoints);
	return read_expect(r, "workspace", raw->expect, &w->has_expect,
	                   &w->expect) &&
	       read_addresses(r, "workspace", raw->addresses,
	                      raw->addresses_count, &w->addresses,
	                      &w->n_addresses);
}

static bool read_services(struct reader *r, const char *path,
                          const struct raw_account *raw)
{
	char below[PATH_TEXT], quoted[VP_QUOTE_TEXT];
	enum vp_kind kind;

	for (unsigned i = 0; i < raw->services_count; i++) {
		if (vp_kind_parse(&kind, raw->services[i]) == 0 &&
		    kind >= VP_KIND_BLOB && kind <= VP_KIND_WEB)
			continue;
		path_print(below, "%s.services[%u]", path, i);
		return refused(r, below,
		               "%s is not one of blob, file, queue, table, "
		               "dfs, web",
		               vp_quote(quoted, raw->services[i]));
	}
	return true;
}

static bool read_account(struct reader *r, const struct raw_account *raw,
                         unsigned i)
{
	struct vp_settings *s = r->s;
	struct vp_storage_account *a =
		VP_PUSH(s->arena, s->storage_accounts, s->n_storage_accounts);
	char path[PATH_TEXT];

	path_print(path, "storage_accounts[%u]", i);
	a->name = vp_arena_strdup(s->arena, raw->name);
	copy_list(r, raw->services, raw->services_count, &a->services,
	          &a->n_services);
	return read_services(r, path, raw) &&
	       read_expect(r, path, raw->expect, &a->has_expect, &a->expect) &&
	       read_addresses(r, path, raw->addresses, raw->addresses_count,
	                      &a->addresses, &a->n_addresses);
}

static bool read_vault(struct reader *r, const struct raw_vault *raw,
                       unsigned i)
{
	struct vp_settings *s = r->s;
	struct vp_key_vault *v =
		VP_PUSH(s->arena, s->key_vaults, s->n_key_vaults);
	char path[PATH_TEXT];

	path_print(path, "key_vaults[%u]", i);
	v->name = vp_arena_strdup(s->arena, raw->name);
	return read_expect(r, path, raw->expect, &v->has_expect, &v->expect) &&
	       read_addresses(r, path, raw->addresses, raw->addresses_count,
	                      &v->addresses, &v->n_addresses);
}

static bool read_registry(struct reader *r, const struct raw_registry *raw,
                          unsigned i)
{
	struct vp_settings *s = r->s;
	struct vp_registry *g =
		VP_PUSH(s->arena, s->registries, s->n_registries);
	struct vp_settings scratch = { .arena = s->arena };
	char path[PATH_TEXT], below[PATH_TEXT], why[512];

	path_print(path, "registries[%u]", i);
	g->name = vp_arena_strdup(s->arena, raw->name);
	for (unsigned k = 0; k < raw->data_regions_count; k++) {
		path_print(below, "%s.data_regions[%u]", path, k);
		if (vp_value_region(&scratch, raw->data_regions[k], why,
		                    sizeof(why)) != 0)
			return refused(r, below, "%s", why);
		*VP_PUSH(s->arena, g->data_regions, g->n_data_regions) =
			scratch.region;
	}
	return read_expect(r, path, raw->expect, &g->has_expect, &g->expect) &&
	       read_addresses(r, path, raw->addresses, raw->addresses_count,
	                      &g->addresses, &g->n_addresses);
}

static bool read_target(struct reader *r, const struct raw_target *raw,
                        unsigned i)
{
	struct vp_settings *s = r->s;
	struct vp_extra_target *t = VP_PUSH(s->arena, s->targets, s->n_targets);
	char path[PATH_TEXT], below[PATH_TEXT], why[512];

	path_print(path, "targets[%u]", i);
	t->text = vp_arena_strdup(s->arena, raw->name);
	t->origin = vp_arena_strdup(s->arena, path);
	path_of(below, path, "port");
	if (raw->port != NULL &&
	    vp_value_read_port(&t->port, raw->port, why, sizeof(why)) != 0)
		return refused(r, below, "%s", why);
	path_of(below, path, "kind");
	if (raw->kind != NULL &&
	    vp_value_read_kind(&t->kind, raw->kind, why, sizeof(why)) != 0)
		return refused(r, below, "%s", why);
	t->has_kind = raw->kind != NULL;
	return read_expect(r, path, raw->expect, &t->has_expect, &t->expect) &&
	       read_addresses(r, path, raw->addresses, raw->addresses_count,
	                      &t->addresses, &t->n_addresses);
}

/* A host, or "*." and a suffix, to lower case without a final dot. */
static bool allow_name(struct vp_arena *arena, char **out, const char *text)
{
	char *low = vp_arena_strdup(arena, text);
	size_t n = strlen(low);

	if (n > 1 && low[n - 1] == '.')
		low[--n] = '\0';
	for (char *p = low; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	*out = low;
	low += strncmp(low, "*.", 2) == 0 ? 2 : 0;
	n = strlen(low);
	return n > 0 && n < 254 && low[0] != '.' && low[n - 1] != '.' &&
	       strstr(low, "..") == NULL &&
	       strspn(low, "abcdefghijklmnopqrstuvwxyz0123456789-_.") == n;
}

static bool read_allow(struct reader *r, const struct raw_allow *raw,
                       unsigned i)
{
	struct vp_settings *s = r->s;
	struct vp_allow_rule *a = VP_PUSH(s->arena, s->allow, s->n_allow);
	char path[PATH_TEXT], below[PATH_TEXT], why[512];
	char quoted[VP_QUOTE_TEXT];

	path_print(path, "egress.allow[%u]", i);
	if (raw->name == NULL && raw->prefix == NULL && raw->port == NULL &&
	    raw->process == NULL)
		return refused(r, path,
		               "allows everything: give name, prefix, port or "
		               "process");
	path_of(below, path, "name");
	if (raw->name != NULL && !allow_name(s->arena, &a->name, raw->name))
		return refused(r, below,
		               "%s is not a host name or '*.' and a suffix",
		               vp_quote(quoted, raw->name));
	path_of(below, path, "prefix");
	if (raw->prefix != NULL && vp_value_read_prefix(&a->prefix, raw->prefix,
	                                                why, sizeof(why)) != 0)
		return refused(r, below, "%s", why);
	path_of(below, path, "port");
	if (raw->port != NULL &&
	    vp_value_read_port(&a->port, raw->port, why, sizeof(why)) != 0)
		return refused(r, below, "%s", why);
	a->process = vp_arena_strdup(s->arena, raw->process);
	a->reason = vp_arena_strdup(s->arena, raw->reason);
	return true;
}

static bool read_egress(struct reader *r, const struct raw_egress *raw)
{
	char quoted[VP_QUOTE_TEXT];

	if (raw == NULL)
		return true;
	if (raw->preset != NULL) {
		r->s->egress_report_only = strcmp(raw->preset, "report") == 0;
		if (!r->s->egress_report_only &&
		    strcmp(raw->preset, "fail") != 0)
			return refused(r, "egress.default",
			               "%s is not one of fail, report",
			               vp_quote(quoted, raw->preset));
	}
	for (unsigned i = 0; i < raw->allow_count; i++) {
		if (!read_allow(r, &raw->allow[i], i))
			return false;
	}
	return true;
}

static bool set(struct reader *r, const char *path, const char *text,
                vp_value_setter *setter)
{
	char why[512];

	if (text == NULL || setter(r->s, text, why, sizeof(why)) == 0)
		return true;
	return refused(r, path, "%s", why);
}

static bool set_each(struct reader *r, const char *key, char **texts,
                     unsigned n, vp_value_setter *setter)
{
	char path[PATH_TEXT];

	for (unsigned i = 0; i < n; i++) {
		path_print(path, "%s[%u]", key, i);
		if (!set(r, path, texts[i], setter))
			return false;
	}
	return true;
}

static bool read_scalars(struct reader *r, const struct raw_config *c)
{
	const struct {
		const char *key, *text;
		vp_value_setter *setter;
	} rows[] = {
		{ "cloud", c->cloud, vp_value_cloud },
		{ "region", c->region, vp_value_region },
		{ "scenario", c->scenario, vp_value_scenario },
		{ "expect", c->expect, vp_value_expect },
		{ "ca_file", c->ca_file, vp_value_ca_file },
		{ "interface", c->interface, vp_value_interface },
		{ "timeout", c->timeout, vp_value_timeout },
		{ "deadline", c->deadline, vp_value_deadline },
		{ "linger", c->linger, vp_value_linger },
		{ "concurrency", c->concurrency, vp_value_concurrency },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (!set(r, rows[i].key, rows[i].text, rows[i].setter))
			return false;
	}
	return set_each(r, "vnet", c->vnet, c->vnet_count, vp_value_vnet) &&
	       set_each(r, "resolvers", c->resolvers, c->resolvers_count,
	                vp_value_resolver);
}

static bool read_resources(struct reader *r, const struct raw_config *c)
{
	for (unsigned i = 0; i < c->storage_accounts_count; i++) {
		if (!read_account(r, &c->storage_accounts[i], i))
			return false;
	}
	for (unsigned i = 0; i < c->key_vaults_count; i++) {
		if (!read_vault(r, &c->key_vaults[i], i))
			return false;
	}
	for (unsigned i = 0; i < c->registries_count; i++) {
		if (!read_registry(r, &c->registries[i], i))
			return false;
	}
	for (unsigned i = 0; i < c->targets_count; i++) {
		if (!read_target(r, &c->targets[i], i))
			return false;
	}
	return true;
}

/* --- libyaml and libcyaml ------------------------------------------------- */

/* libyaml gives bytes it cannot decode by their offset only. */
static yaml_mark_t mark_of(const struct reader *r, size_t offset)
{
	yaml_mark_t mark = { .index = offset };

	for (size_t i = 0; i < offset && i < r->len; i++) {
		mark.column++;
		if (r->data[i] == '\n')
			mark.line++, mark.column = 0;
	}
	return mark;
}

static int syntax_error(struct reader *r, const yaml_parser_t *p)
{
	const char *problem = p->problem != NULL ? p->problem : "unreadable";
	yaml_mark_t mark = p->problem_mark;

	if (p->error == YAML_MEMORY_ERROR)
		return whole(r->file, r->why, r->size, "out of memory");
	if (p->error == YAML_READER_ERROR)
		mark = mark_of(r, p->problem_offset);
	return mistake(r, &mark, "", "not YAML: %s%s%s", problem,
	               p->context != NULL ? " " : "",
	               p->context != NULL ? p->context : "");
}

static const char *anchor_of(const yaml_event_t *e)
{
	switch (e->type) {
	case YAML_ALIAS_EVENT:
		return (const char *)e->data.alias.anchor;
	case YAML_SCALAR_EVENT:
		return (const char *)e->data.scalar.anchor;
	case YAML_SEQUENCE_START_EVENT:
		return (const char *)e->data.sequence_start.anchor;
	case YAML_MAPPING_START_EVENT:
		return (const char *)e->data.mapping_start.anchor;
	default:
		return NULL;
	}
}

/* One event of the first reading; what the tree would not show ends here. */
static int check_event(struct reader *r, const yaml_event_t *e,
                       unsigned *documents, unsigned *depth)
{
	if (anchor_of(e) != NULL)
		return mistake(r, &e->start_mark, "",
		               "anchors (&), aliases (*) and merges (<<) are "
		               "not read here: write the value out");
	if (e->type == YAML_SEQUENCE_START_EVENT ||
	    e->type == YAML_MAPPING_START_EVENT) {
		if (++*depth > 16)
			return mistake(r, &e->start_mark, "",
			               "nested too deeply");
	} else if (e->type == YAML_SEQUENCE_END_EVENT ||
	           e->type == YAML_MAPPING_END_EVENT) {
		--*depth;
	} else if (e->type == YAML_DOCUMENT_START_EVENT && ++*documents > 1) {
		return mistake(r, &e->start_mark, "",
		               "a second document starts here: expected one");
	}
	return 0;
}

static int check_events(struct reader *r)
{
	unsigned documents = 0, depth = 0;
	yaml_parser_t p;
	yaml_event_t e;
	bool end = false;

	if (!yaml_parser_initialize(&p))
		return whole(r->file, r->why, r->size, "out of memory");
	yaml_parser_set_input_string(&p, r->data, r->len);
	yaml_parser_set_encoding(&p, YAML_UTF8_ENCODING);
	while (!end && r->err == 0) {
		if (!yaml_parser_parse(&p, &e)) {
			r->err = syntax_error(r, &p);
			break;
		}
		end = e.type == YAML_STREAM_END_EVENT;
		check_event(r, &e, &documents, &depth);
		yaml_event_delete(&e);
	}
	yaml_parser_delete(&p);
	if (r->err == 0 && documents == 0)
		r->err = whole(r->file, r->why, r->size,
		               "the file holds no settings");
	return r->err;
}

static int load_tree(struct reader *r)
{
	yaml_parser_t p;

	if (!yaml_parser_initialize(&p))
		return whole(r->file, r->why, r->size, "out of memory");
	yaml_parser_set_input_string(&p, r->data, r->len);
	yaml_parser_set_encoding(&p, YAML_UTF8_ENCODING);
	if (!yaml_parser_load(&p, &r->doc))
		r->err = syntax_error(r, &p);
	yaml_parser_delete(&p);
	return r->err;
}

/* Keeps the first line libcyaml says; none is expected, since the tree was
 * checked against the same schema. */
static void on_log(cyaml_log_t level, void *ctx, const char *fmt, va_list args)
{
	char *line = ctx;

	(void)level;
	if (*line == '\0')
		vsnprintf(line, 256, fmt, args);
	line[strcspn(line, "\n")] = '\0';
}

static int load_values(struct reader *r)
{
	struct raw_config *raw = NULL;
	char line[256] = "";
	cyaml_config_t config = {
		.log_fn = on_log,
		.log_ctx = line,
		.log_level = CYAML_LOG_ERROR,
		.mem_fn = cyaml_mem,
	};
	cyaml_err_t err = cyaml_load_data(r->data, r->len, &config,
	                                  &config_schema, (void **)&raw, NULL);

	if (err != CYAML_OK)
		return whole(r->file, r->why, r->size,
		             *line != '\0' ? line : cyaml_strerror(err));
	if (raw != NULL && read_scalars(r, raw) &&
	    read_workspace(r, raw->workspace) && read_resources(r, raw))
		read_egress(r, raw->egress);
	cyaml_free(&config, &config_schema, raw, 0);
	return r->err;
}

int vp_config_parse(struct vp_settings *s, const char *name,
                    const unsigned char *data, size_t len, char *why,
                    size_t size)
{
	struct reader r = { .s = s,
		            .file = name,
		            .data = data,
		            .len = len,
		            .why = why,
		            .size = size };
	int err;

	if (len == 0)
		return whole(name, why, size, "the file is empty");
	if (len > MAX_BYTES)
		return whole(name, why, size,
		             "larger than 4 MiB: this is not a config");
	if (memchr(data, '\0', len) != NULL)
		return whole(name, why, size, "binary, not YAML in UTF-8");
	if (check_events(&r) != 0 || load_tree(&r) != 0)
		return r.err;
	err = check_node(&r, yaml_document_get_root_node(&r.doc),
	                 &config_schema, "");
	if (err == 0)
		err = load_values(&r);
	yaml_document_delete(&r.doc);
	return err;
}

/* --- the file ------------------------------------------------------------- */

/* Reads up to one byte more than allowed: the parser then says "larger". */
static int read_all(int fd, unsigned char *buf, size_t *len)
{
	for (;;) {
		ssize_t n = read(fd, buf + *len, MAX_BYTES + 1 - *len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		*len += (size_t)n;
		if (n == 0 || *len > MAX_BYTES)
			return 0;
	}
}

int vp_config_read(struct vp_settings *s, const char *path, char *why,
                   size_t size)
{
	/* O_NONBLOCK: opening a pipe without a writer must not hang us */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	unsigned char *buf;
	size_t len = 0;
	struct stat st;
	int err = -EINVAL;

	if (fd < 0)
		return whole(path, why, size, strerror(errno));
	buf = malloc(MAX_BYTES + 1);
	if (fstat(fd, &st) != 0 || fcntl(fd, F_SETFL, 0) != 0)
		whole(path, why, size, strerror(errno));
	else if (S_ISDIR(st.st_mode))
		whole(path, why, size, "this is a directory: expected a file");
	else if (buf == NULL)
		whole(path, why, size, strerror(ENOMEM));
	else if ((err = read_all(fd, buf, &len)) != 0)
		err = whole(path, why, size, strerror(-err));
	else
		err = vp_config_parse(s, path, buf, len, why, size);
	free(buf);
	close(fd);
	return err;
}

/* --- the keys, for man page and sample ------------------------------------ */

static void keys_of(const struct cyaml_schema_value *schema, const char *path,
                    void (*key)(const char *path, void *arg), void *arg)
{
	const struct cyaml_schema_field *f;
	char below[PATH_TEXT];

	if (schema->type == CYAML_SEQUENCE) {
		path_print(below, "%s[]", path);
		keys_of(schema->sequence.entry, below, key, arg);
		return;
	}
	if (schema->type != CYAML_MAPPING)
		return;
	for (f = schema->mapping.fields; f->key != NULL; f++) {
		path_of(below, path, f->key);
		key(below, arg);
		keys_of(&f->value, below, key, arg);
	}
}

void vp_config_keys(void (*key)(const char *path, void *arg), void *arg)
{
	keys_of(&config_schema, "", key, arg);
}
