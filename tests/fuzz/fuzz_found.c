/*
 * Any bytes as what a source of a workspace says: the first byte chooses which.
 * Whatever is found must be there in its normal form, so that it goes through
 * once more unchanged; and be accepted by a config that is made of it.
 */
#include <stdlib.h>
#include <string.h>

#include "ask.h"
#include "ask_helper.h"
#include "found_azure.h"
#include "init.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct vp_arena *arena, const struct vp_discovery *d)
{
	struct vp_discovery again = { 0 };
	struct vp_found f = { .arena = arena, .out = &again };
	char *text;

	for (size_t i = 0; i < d->n_values; i++) {
		const struct vp_discovered *v = &d->values[i];

		f.source = v->source;
		f.inferred = v->inferred;
		if (!vp_found_add(&f, v->key, v->value) ||
		    strcmp(again.values[again.n_values - 1].value, v->value) !=
		            0)
			abort();
		for (const char *p = v->value; *p != '\0'; p++) {
			if ((unsigned char)*p < 0x20 || *p == '"' || *p == '\\')
				abort();
		}
	}
	for (size_t i = 0; i < d->n_notes; i++) {
		if (strlen(d->notes[i]) > 700)
			abort();
	}
	text = vp_init_text(arena, d, "secured", NULL);
	free(text);
}

static void lines(struct vp_found *f, char *text)
{
	char *save = NULL;

	for (char *line = strtok_r(text, "\n", &save); line != NULL;
	     line = strtok_r(NULL, "\n", &save))
		vp_found_mount_line(f, line);
}

static void variables(struct vp_found *f, char *text)
{
	char *save = NULL;

	for (char *line = strtok_r(text, "\n", &save); line != NULL;
	     line = strtok_r(NULL, "\n", &save)) {
		char *eq = strchr(line, '=');

		if (eq == NULL)
			continue;
		*eq = '\0';
		vp_found_variable(f, line, eq + 1);
	}
}

static void token(char *text, size_t len)
{
	char *t = vp_token_of(text, len);
	json_error_t error;
	json_t *root = json_loadb(text, len, 0, &error);
	bool bad;
	const char *path = vp_next_link(root, "management.azure.com", &bad);

	if (path != NULL && (*path != '/' || bad))
		abort();
	vp_arm_error_code(root);
	json_decref(root);
	if (t != NULL &&
	    (strpbrk(t, "\r\n \"") != NULL || !vp_has_secret(t, strlen(t), t)))
		abort();
	free(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vp_arena *arena;
	struct vp_discovery d = { 0 };
	struct vp_found f = { .out = &d, .source = "fuzz" };
	struct vp_azure_own own = { 0 };
	char why[600] = "", *text;

	if (size == 0)
		return 0;
	arena = vp_arena_create();
	f.arena = arena;
	text = vp_arena_alloc(arena, size);
	memcpy(text, data + 1, size - 1); /* closed by a NUL */
	switch (data[0] % 8) {
	case 0:
		vp_found_nbvm(&f, text);
		break;
	case 1:
		lines(&f, text);
		break;
	case 2:
		variables(&f, text);
		break;
	case 3:
		vp_found_config_json(&f, text, size - 1);
		break;
	case 4:
		vp_found_imds(&f, text, size - 1);
		break;
	case 5:
		if (vp_found_azure_file(&f, &own, "fuzz", text, size - 1, why,
		                        sizeof(why)) != 0 &&
		    (why[0] == '\0' || strchr(why, '\n') != NULL))
			abort();
		break;
	case 6:
		vp_ask_read(&f, text, size - 1);
		break;
	default:
		token(text, size - 1);
		break;
	}
	check(arena, &d);
	vp_arena_destroy(arena);
	return 0;
}
