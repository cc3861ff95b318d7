/*
 * config_check.c - the tree of a config against its schema.
 *
 * Unknown and double keys, missing ones and wrong types end here, each with
 * its line and column; what a string says is for config_values.c.
 */
#include "config_tree.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "wording.h"

static int check_node(struct vp_config_tree *t, const yaml_node_t *node,
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

static int unknown_key(struct vp_config_tree *t, const yaml_node_t *key,
                       const struct cyaml_schema_field *fields,
                       const char *path)
{
	char quoted[VP_QUOTE_TEXT], list[640] = "";
	const char *words[48], *near;
	size_t n = 0, used = 0;

	for (; n < 48 && fields[n].key != NULL; n++) {
		words[n] = fields[n].key;
		used += (size_t)snprintf(list + used, sizeof(list) - used,
		                         "%s%s", n == 0 ? "" : ", ", words[n]);
	}
	near = vp_nearest(vp_config_scalar(key), words, n);
	if (near != NULL)
		return vp_config_mistake(
			t, &key->start_mark, path,
			"unknown key %s; did you mean '%s'?",
			vp_quote(quoted, vp_config_scalar(key)), near);
	return vp_config_mistake(t, &key->start_mark, path,
	                         "unknown key %s: expected one of %s",
	                         vp_quote(quoted, vp_config_scalar(key)), list);
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

/* Each key: known, once, and its value by its own schema. */
static int check_pair(struct vp_config_tree *t, const yaml_node_pair_t *pair,
                      const struct cyaml_schema_field *fields, const char *path,
                      uint64_t *seen)
{
	yaml_node_t *key = yaml_document_get_node(&t->doc, pair->key);
	const struct cyaml_schema_field *f;
	char below[VP_CONFIG_PATH];

	if (key->type != YAML_SCALAR_NODE)
		return vp_config_mistake(t, &key->start_mark, path,
		                         "a key has to be a plain word, not %s",
		                         node_word(key));
	f = field_of(fields, vp_config_scalar(key));
	if (f == NULL)
		return unknown_key(t, key, fields, path);
	vp_config_path_below(below, path, f->key);
	if ((*seen & (1ull << (f - fields))) != 0)
		return vp_config_mistake(t, &key->start_mark, below,
		                         "this key stands here twice");
	*seen |= 1ull << (f - fields);
	return check_node(t, yaml_document_get_node(&t->doc, pair->value),
	                  &f->value, below);
}

static int check_mapping(struct vp_config_tree *t, const yaml_node_t *node,
                         const struct cyaml_schema_field *fields,
                         const char *path)
{
	uint64_t seen = 0; /* bit per field; the largest mapping has 25 */

	for (yaml_node_pair_t *p = node->data.mapping.pairs.start;
	     p < node->data.mapping.pairs.top; p++) {
		if (check_pair(t, p, fields, path, &seen) != 0)
			return t->err;
	}
	for (size_t i = 0; fields[i].key != NULL; i++) {
		if ((seen & (1ull << i)) == 0 &&
		    (fields[i].value.flags & CYAML_FLAG_OPTIONAL) == 0)
			return vp_config_mistake(t, &node->start_mark, path,
			                         "the key '%s' is missing",
			                         fields[i].key);
	}
	return 0;
}

static int check_list(struct vp_config_tree *t, const yaml_node_t *node,
                      const struct cyaml_schema_value *entry, const char *path)
{
	char below[VP_CONFIG_PATH];
	unsigned n = 0;

	for (yaml_node_item_t *i = node->data.sequence.items.start;
	     i < node->data.sequence.items.top; i++) {
		vp_config_path(below, "%s[%u]", path, n++);
		if (check_node(t, yaml_document_get_node(&t->doc, *i), entry,
		               below) != 0)
			return t->err;
	}
	return 0;
}

/* The one key whose value is for people: --learn leaves it to them. */
static bool is_reason(const char *path)
{
	size_t n = strlen(path);

	return n > 7 && strcmp(path + n - 7, ".reason") == 0;
}

/* Recursion is as deep as the schema, however deep the document is. */
static int check_node(struct vp_config_tree *t, const yaml_node_t *node,
                      const struct cyaml_schema_value *schema, const char *path)
{
	const char *want;

	if (schema->type == CYAML_MAPPING) {
		if (node->type == YAML_MAPPING_NODE)
			return check_mapping(t, node, schema->mapping.fields,
			                     path);
		want = "a mapping (key: value)";
	} else if (schema->type == CYAML_SEQUENCE) {
		if (node->type == YAML_SEQUENCE_NODE)
			return check_list(t, node, schema->sequence.entry,
			                  path);
		want = "a list ([a, b])";
	} else {
		if (node->type == YAML_SCALAR_NODE &&
		    node->data.scalar.length > 0 &&
		    strlen(vp_config_scalar(node)) == node->data.scalar.length)
			return 0;
		if (node->type == YAML_SCALAR_NODE &&
		    node->data.scalar.length > 0)
			return vp_config_mistake(
				t, &node->start_mark, path,
				"the value has a NUL byte in it");
		if (node->type == YAML_SCALAR_NODE && is_reason(path))
			return vp_config_mistake(t, &node->start_mark, path,
			                         VP_CONFIG_NO_REASON);
		want = "a single value";
	}
	return vp_config_mistake(t, &node->start_mark, path,
	                         "expected %s, found %s", want,
	                         node_word(node));
}

int vp_config_tree_check(struct vp_config_tree *t,
                         const struct cyaml_schema_value *schema)
{
	return check_node(t, yaml_document_get_root_node(&t->doc), schema, "");
}
