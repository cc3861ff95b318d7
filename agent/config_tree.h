/*
 * config_tree.h - a config file as libyaml's tree, whose nodes know where they
 * stand, and the sentences that say what is wrong there.
 *
 * The first mistake ends all: it is kept, later ones are not told.
 */
#ifndef VP_AGENT_CONFIG_TREE_H
#define VP_AGENT_CONFIG_TREE_H

#include <cyaml/cyaml.h>
#include <stdbool.h>
#include <stddef.h>
#include <yaml.h>

/* A key path such as "targets[3].port". The schema's own are short; cutting
 * would do no harm. */
#define VP_CONFIG_PATH 160

/* Of an exception without a reason, as --learn proposes them. */
#define VP_CONFIG_NO_REASON "is empty: say why this may leave by a public path"

struct vp_config_tree {
	const char *file; /* stands in messages */
	const unsigned char *data;
	size_t len;
	char *why; /* takes the first mistake */
	size_t size;
	int err;             /* 0, or -EINVAL after a mistake */
	yaml_document_t doc; /* after a successful vp_config_tree_load() */
};

__attribute__((format(printf, 2, 3))) void
vp_config_path(char out[VP_CONFIG_PATH], const char *fmt, ...);
/* PATH.KEY, or KEY at the top. */
void vp_config_path_below(char out[VP_CONFIG_PATH], const char *path,
                          const char *key);

/* Reads the text: one document, no anchors, not too deep. 0 or -EINVAL; after
 * 0 the caller deletes t->doc. */
int vp_config_tree_load(struct vp_config_tree *t);
/* Holds the tree against the schema. 0 or t->err. */
int vp_config_tree_check(struct vp_config_tree *t,
                         const struct cyaml_schema_value *schema);

const char *vp_config_scalar(const yaml_node_t *node);

/* A mistake at a mark, of which path is the key path ("": of the whole).
 * Returns t->err. */
__attribute__((format(printf, 4, 5))) int
vp_config_mistake(struct vp_config_tree *t, const yaml_mark_t *mark,
                  const char *path, const char *fmt, ...);
/* The same where only the key path is known. Returns false. */
__attribute__((format(printf, 3, 4))) bool
vp_config_refuse(struct vp_config_tree *t, const char *path, const char *fmt,
                 ...);
/* Line and column, from 1, of the node of this path, or of the nearest above it
 * that there is. */
void vp_config_where(struct vp_config_tree *t, const char *path, unsigned *line,
                     unsigned *column);
/* A mistake of the file as a whole. Returns -EINVAL. */
int vp_config_refuse_file(const char *file, char *why, size_t size,
                          const char *text);

#endif
