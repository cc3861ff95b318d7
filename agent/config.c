/*
 * The config file: YAML by a libcyaml schema.
 *
 * libcyaml turns a file into structs, but its messages tell neither line and
 * column of every mistake nor what would have been right. So the same schema
 * (config_schema.c) is first held against libyaml's tree of the document
 * (config_tree.c, config_check.c), whose nodes know where they stand: unknown
 * and double keys and wrong types end there. Then libcyaml loads the strings,
 * and config_values.c brings them to settings.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_schema.h"
#include "config_tree.h"
#include "config_values.h"
#include "input.h"

#define MAX_BYTES (4u << 20) /* 10,000 targets are less than one MiB */

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

static int load_values(struct vp_config_tree *t, struct vp_settings *s)
{
	struct raw_config *raw = NULL;
	char line[256] = "";
	cyaml_config_t config = {
		.log_fn = on_log,
		.log_ctx = line,
		.log_level = CYAML_LOG_ERROR,
		.mem_fn = cyaml_mem,
	};
	cyaml_err_t err =
		cyaml_load_data(t->data, t->len, &config, &vp_config_schema,
	                        (void **)&raw, NULL);

	if (err != CYAML_OK)
		return vp_config_refuse_file(
			t->file, t->why, t->size,
			*line != '\0' ? line : cyaml_strerror(err));
	if (raw != NULL)
		vp_config_values(t, s, raw);
	cyaml_free(&config, &vp_config_schema, raw, 0);
	return t->err;
}

int vp_config_parse(struct vp_settings *s, const char *name,
                    const unsigned char *data, size_t len, char *why,
                    size_t size)
{
	struct vp_config_tree tree = {
		.file = name,
		.data = data,
		.len = len,
		.why = why,
		.size = size,
	};
	int err;

	if (len == 0)
		return vp_config_refuse_file(name, why, size,
		                             "the file is empty");
	if (len > MAX_BYTES)
		return vp_config_refuse_file(
			name, why, size,
			"larger than 4 MiB: this is not a config");
	if (memchr(data, '\0', len) != NULL)
		return vp_config_refuse_file(name, why, size,
		                             "binary, not YAML in UTF-8");
	err = vp_config_tree_load(&tree);
	if (err != 0)
		return err;
	err = vp_config_tree_check(&tree, &vp_config_schema);
	if (err == 0)
		err = load_values(&tree, s);
	yaml_document_delete(&tree.doc);
	return err;
}

int vp_config_read(struct vp_settings *s, const char *path, char *why,
                   size_t size)
{
	struct vp_input in;
	const char *reason;
	int err = vp_input_read(&in, path, MAX_BYTES, &reason);

	if (err != 0)
		return vp_config_refuse_file(path, why, size, reason);
	err = vp_config_parse(s, path, (unsigned char *)in.data, in.len, why,
	                      size);
	free(in.data);
	return err;
}
