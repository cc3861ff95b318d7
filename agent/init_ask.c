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

#include "catalogue.h"
#include "found.h"
#include "wording.h"

#define TRIES 3

/* none: what an empty answer means where nothing was found. The scenario is no
 * value that is found out; it comes last, so that older scripts fit. */
static const struct question {
	const char *key, *text, *example, *none;
} questions[] = {
	{ "cloud", "Cloud", "public, usgovernment or china", "public" },
	{ "region", "Region of the workspace", "eastus", "not known" },
	{ "workspace", "Name of the workspace", "mlw-prod", "none" },
	{ "workspace_id", "Its workspaceId",
	  "a GUID: az ml workspace show -g RG -n NAME --query workspace_id",
	  "not known" },
	{ "notebook_fqdn", "Its notebooks' name", "notebookInfo.fqdn",
	  "derived from name, region and id" },
	{ "storage_account", "Storage accounts", "names, separated by spaces",
	  "none" },
	{ "key_vault", "Key vaults", "names, separated by spaces", "none" },
	{ "registry", "Container registries", "names, separated by spaces",
	  "none" },
	{ "compute_instance", "Compute instances", "names, separated by spaces",
	  "none" },
	{ "online_endpoint", "Online endpoints", "names, separated by spaces",
	  "none" },
	{ "vnet", "Address space of the VNet", "10.20.0.0/16",
	  "any private address" },
	{ NULL, "Scenario", "a word that vnetprobe targets --scenario takes",
	  "secured" },
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

static bool take_scenario(const char **scenario, struct vp_arena *arena,
                          const struct question *q, const char *line, char *why,
                          size_t size)
{
	char quoted[VP_QUOTE_TEXT];

	if (vp_catalogue_scenario(line) == NULL) {
		snprintf(why, size, "%s: %s is none: expected %s", q->text,
		         vp_quote(quoted, line), q->example);
		return false;
	}
	*scenario = vp_arena_strdup(arena, line);
	return true;
}

/* --- asking
 * ---------------------------------------------------------------------- */

struct asking {
	struct vp_init_questions *q;
	char *line; /* of getline() */
	size_t room;
};

enum answer { END, KEEP, WORDS, MISTAKE };

/* A line of any length, so that none is taken for two. */
static enum answer read_answer(struct asking *a, const struct question *q)
{
	ssize_t n = getline(&a->line, &a->room, a->q->in);

	if (n < 0)
		return END;
	if (strlen(a->line) != (size_t)n) {
		snprintf(a->q->why, a->q->size,
		         "%s: the answer has a NUL byte in it", q->text);
		return MISTAKE;
	}
	a->line[strcspn(a->line, "\r\n")] = '\0';
	return a->line[0] == '\0' ? KEEP : WORDS;
}

static bool take_answer(struct asking *a, const struct question *q)
{
	struct vp_init_questions *all = a->q;

	if (q->key == NULL)
		return strcmp(a->line, "-") == 0 ||
		       take_scenario(&all->scenario, all->arena, q, a->line,
		                     all->why, all->size);
	if (strcmp(a->line, "-") == 0) {
		forget(all->d, q->key);
		return true;
	}
	return take(all->arena, all->d, q, a->line, all->why, all->size);
}

static void prompt(const struct asking *a, const struct question *q)
{
	const char *now = q->key != NULL ? known(a->q->arena, a->q->d, q->key)
	                                 : a->q->scenario;

	fprintf(a->q->out, "%s (%s) [%s%s]: ", q->text, q->example,
	        *now != '\0' ? "" : "leave empty: ",
	        *now != '\0' ? now : q->none);
	fflush(a->q->out);
}

/* Until there is an answer that can be one. */
static enum answer ask_one(struct asking *a, const struct question *q)
{
	for (unsigned n = 1;; n++) {
		enum answer got;

		prompt(a, q);
		got = read_answer(a, q);
		if (got == END)
			fputc('\n', a->q->out);
		if (got == END || got == KEEP)
			return got;
		if (got == WORDS && take_answer(a, q))
			return WORDS;
		if (!a->q->again || n == TRIES)
			return MISTAKE;
		fprintf(a->q->out, "%s\n", a->q->why);
	}
}

bool vp_init_ask(struct vp_init_questions *q)
{
	struct asking a = { .q = q };
	enum answer got = KEEP;

	for (size_t i = 0; i < sizeof(questions) / sizeof(*questions); i++) {
		got = ask_one(&a, &questions[i]);
		if (got == END || got == MISTAKE)
			break;
	}
	free(a.line);
	return got != MISTAKE;
}
