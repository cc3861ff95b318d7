/* config_tree.c - see config_tree.h. */
#include "config_tree.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void vp_config_path(char out[VP_CONFIG_PATH], const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(out, VP_CONFIG_PATH, fmt, ap);
	va_end(ap);
}

void vp_config_path_below(char out[VP_CONFIG_PATH], const char *path,
                          const char *key)
{
	vp_config_path(out, "%s%s%s", path, *path != '\0' ? "." : "", key);
}

/* "FILE:LINE:COLUMN: PATH: " and the sentence. Marks count from 0. */
int vp_config_mistake(struct vp_config_tree *t, const yaml_mark_t *mark,
                      const char *path, const char *fmt, ...)
{
	char text[768];
	va_list ap;

	if (t->err != 0)
		return t->err;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	snprintf(t->why, t->size, "%s:%zu:%zu: %s%s%s", t->file, mark->line + 1,
	         mark->column + 1, path, *path != '\0' ? ": " : "", text);
	t->err = -EINVAL;
	return t->err;
}

int vp_config_refuse_file(const char *file, char *why, size_t size,
                          const char *text)
{
	snprintf(why, size, "%s: %s", file, text);
	return -EINVAL;
}

const char *vp_config_scalar(const yaml_node_t *node)
{
	return (const char *)node->data.scalar.value;
}

static yaml_node_t *member(yaml_document_t *doc, const yaml_node_t *map,
                           const char *key, size_t len)
{
	for (yaml_node_pair_t *p = map->data.mapping.pairs.start;
	     p < map->data.mapping.pairs.top; p++) {
		yaml_node_t *k = yaml_document_get_node(doc, p->key);

		if (k->type == YAML_SCALAR_NODE &&
		    strlen(vp_config_scalar(k)) == len &&
		    strncmp(vp_config_scalar(k), key, len) == 0)
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

bool vp_config_refuse(struct vp_config_tree *t, const char *path,
                      const char *fmt, ...)
{
	char text[768];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	vp_config_mistake(t, &locate(&t->doc, path)->start_mark, path, "%s",
	                  text);
	return false;
}

void vp_config_where(struct vp_config_tree *t, const char *path, unsigned *line,
                     unsigned *column)
{
	const yaml_mark_t *mark = &locate(&t->doc, path)->start_mark;

	*line = (unsigned)mark->line + 1;
	*column = (unsigned)mark->column + 1;
}

/* --- text to tree --------------------------------------------------------- */

/* libyaml gives bytes it cannot decode by their offset only. */
static yaml_mark_t mark_of(const struct vp_config_tree *t, size_t offset)
{
	yaml_mark_t mark = { .index = offset };

	for (size_t i = 0; i < offset && i < t->len; i++) {
		mark.column++;
		if (t->data[i] == '\n')
			mark.line++, mark.column = 0;
	}
	return mark;
}

static int syntax_error(struct vp_config_tree *t, const yaml_parser_t *p)
{
	const char *problem = p->problem != NULL ? p->problem : "unreadable";
	yaml_mark_t mark = p->problem_mark;

	if (p->error == YAML_MEMORY_ERROR)
		return vp_config_refuse_file(t->file, t->why, t->size,
		                             "out of memory");
	if (p->error == YAML_READER_ERROR)
		mark = mark_of(t, p->problem_offset);
	return vp_config_mistake(t, &mark, "", "not YAML: %s%s%s", problem,
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
static int check_event(struct vp_config_tree *t, const yaml_event_t *e,
                       unsigned *documents, unsigned *depth)
{
	if (anchor_of(e) != NULL)
		return vp_config_mistake(
			t, &e->start_mark, "",
			"anchors (&), aliases (*) and merges (<<) are "
			"not read here: write the value out");
	if (e->type == YAML_SEQUENCE_START_EVENT ||
	    e->type == YAML_MAPPING_START_EVENT) {
		if (++*depth > 16)
			return vp_config_mistake(t, &e->start_mark, "",
			                         "nested too deeply");
	} else if (e->type == YAML_SEQUENCE_END_EVENT ||
	           e->type == YAML_MAPPING_END_EVENT) {
		--*depth;
	} else if (e->type == YAML_DOCUMENT_START_EVENT && ++*documents > 1) {
		return vp_config_mistake(
			t, &e->start_mark, "",
			"a second document starts here: expected one");
	}
	return 0;
}

static int check_events(struct vp_config_tree *t)
{
	unsigned documents = 0, depth = 0;
	yaml_parser_t p;
	yaml_event_t e;
	bool end = false;

	if (!yaml_parser_initialize(&p))
		return vp_config_refuse_file(t->file, t->why, t->size,
		                             "out of memory");
	yaml_parser_set_input_string(&p, t->data, t->len);
	yaml_parser_set_encoding(&p, YAML_UTF8_ENCODING);
	while (!end && t->err == 0) {
		if (!yaml_parser_parse(&p, &e)) {
			t->err = syntax_error(t, &p);
			break;
		}
		end = e.type == YAML_STREAM_END_EVENT;
		check_event(t, &e, &documents, &depth);
		yaml_event_delete(&e);
	}
	yaml_parser_delete(&p);
	if (t->err == 0 && documents == 0)
		t->err = vp_config_refuse_file(t->file, t->why, t->size,
		                               "the file holds no settings");
	return t->err;
}

static int load_tree(struct vp_config_tree *t)
{
	yaml_parser_t p;

	if (!yaml_parser_initialize(&p))
		return vp_config_refuse_file(t->file, t->why, t->size,
		                             "out of memory");
	yaml_parser_set_input_string(&p, t->data, t->len);
	yaml_parser_set_encoding(&p, YAML_UTF8_ENCODING);
	if (!yaml_parser_load(&p, &t->doc))
		t->err = syntax_error(t, &p);
	yaml_parser_delete(&p);
	return t->err;
}

int vp_config_tree_load(struct vp_config_tree *t)
{
	int err = check_events(t);

	return err != 0 ? err : load_tree(t);
}
