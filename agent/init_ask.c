/*
 * init_ask.c - questions for a config.
 *
 * Each has what was found in brackets: an empty line keeps it, "-" leaves it
 * out, the end of the input keeps the rest. The order is fixed, so that a
 * script can answer too.
 */
#include "init.h"

#include <stdlib.h>
#include <string.h>

#include "found.h"
#include "wording.h"

#define TRIES 3
#define LINE 1024

static const struct question {
	const char *key, *text, *example;
} questions[] = {
	{ "cloud", "Cloud", "public, usgovernment or china" },
	{ "region", "Region of the workspace", "eastus" },
	{ "workspace", "Name of the workspace", "mlw-prod" },
	{ "workspace_id", "Its workspaceId",
	  "a GUID: az resource show --ids ID --query properties.workspaceId" },
	{ "notebook_fqdn", "Its notebooks' name",
	  "notebookInfo.fqdn; without it, derived" },
	{ "storage_account", "Storage accounts", "names, with blanks between" },
	{ "key_vault", "Key vaults", "names" },
	{ "registry", "Container registries", "names" },
	{ "compute_instance", "Compute instances", "names" },
	{ "online_endpoint", "Online endpoints", "names" },
	{ "vnet", "Address space of the VNet", "10.20.0.0/16" },
};

/* All values of a key, with blanks between; "" for none. */
static char *known(struct vp_arena *arena, const struct vp_discovery *d,
                   const char *key)
{
	char *text = vp_arena_strdup(arena, "");

	if (!vp_found_key_repeats(key)) {
		const struct vp_discovered *v = vp_found_get(d, key);

		return v != NULL ? v->value : text;
	}
	for (size_t i = 0; i < d->n_values; i++) {
		if (strcmp(d->values[i].key, key) == 0 &&
		    vp_found_sources(arena, d, i) != NULL)
			text = vp_arena_printf(arena, "%s%s%s", text,
			                       *text != '\0' ? " " : "",
			                       d->values[i].value);
	}
	return text;
}

static void forget(struct vp_discovery *d, const char *key)
{
	size_t n = 0;

	for (size_t i = 0; i < d->n_values; i++) {
		if (strcmp(d->values[i].key, key) != 0)
			d->values[n++] = d->values[i];
	}
	d->n_values = n;
}

/* Puts the words of an answer in the place of what was found. */
static bool take(struct vp_arena *arena, struct vp_discovery *d,
                 const struct question *q, char *line, char *why, size_t size)
{
	struct vp_discovery typed = { 0 };
	struct vp_found f = { .arena = arena,
		              .out = &typed,
		              .source = "typed" };
	bool many = vp_found_key_repeats(q->key);
	char *save = NULL, quoted[VP_QUOTE_TEXT];
	size_t n = 0;

	for (char *w = strtok_r(line, " ,\t", &save); w != NULL;
	     w = strtok_r(NULL, " ,\t", &save)) {
		if ((n++ > 0 && !many) || !vp_found_add(&f, q->key, w)) {
			snprintf(why, size, "%s: %s is none: expected %s",
			         q->text, vp_quote(quoted, w), q->example);
			return false;
		}
	}
	forget(d, q->key);
	f.out = d;
	for (size_t i = 0; i < typed.n_values; i++)
		vp_found_add(&f, q->key, typed.values[i].value);
	return true;
}

/* False: the input is at its end. */
static bool read_line(FILE *in, char *line, size_t size)
{
	if (fgets(line, (int)size, in) == NULL)
		return false;
	line[strcspn(line, "\r\n")] = '\0';
	return true;
}

bool vp_init_ask(struct vp_arena *arena, struct vp_discovery *d, FILE *in,
                 FILE *out, bool again, char *why, size_t size)
{
	char line[LINE];

	for (size_t i = 0; i < sizeof(questions) / sizeof(*questions); i++) {
		const struct question *q = &questions[i];
		const char *now = known(arena, d, q->key);

		for (unsigned n = 0;; n++) {
			fprintf(out, "%s (%s) [%s]: ", q->text, q->example,
			        now);
			fflush(out);
			if (!read_line(in, line, sizeof(line))) {
				fputc('\n', out);
				return true;
			}
			if (line[0] == '\0')
				break;
			if (strcmp(line, "-") == 0) {
				forget(d, q->key);
				break;
			}
			if (take(arena, d, q, line, why, size))
				break;
			if (!again || n + 1 == TRIES)
				return false;
			fprintf(out, "%s\n", why);
		}
	}
	return true;
}
