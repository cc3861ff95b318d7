/*
 * init_write.c - a commented config from what was found.
 *
 * Every value went through found.c: none has a quote, a backslash or a control
 * byte in it. Sources stand in comments, where anything else becomes "?".
 */
#include "init.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "found.h"

#define COMMENT_AT 48

struct writer {
	FILE *out;
	struct vp_arena *arena;
	const struct vp_discovery *d;
	const struct vp_facts *plan; /* NULL: none could be made */
	bool targets;                /* its list was begun */
};

static void comment(struct writer *w, size_t column, const char *text)
{
	fprintf(w->out, "%*s# ",
	        column < COMMENT_AT ? (int)(COMMENT_AT - column) : 2, "");
	for (; *text != '\0'; text++)
		fputc(isprint((unsigned char)*text) ? *text : '?', w->out);
	fputc('\n', w->out);
}

static const char *sources(struct writer *w, const struct vp_discovered *v)
{
	for (size_t i = 0; i < w->d->n_values; i++) {
		if (strcmp(w->d->values[i].key, v->key) == 0 &&
		    strcmp(w->d->values[i].value, v->value) == 0)
			return vp_found_sources(w->arena, w->d, i);
	}
	return v->source;
}

/* "  name: "value"      # source" */
static bool line(struct writer *w, const char *lead, const char *key)
{
	const struct vp_discovered *v = vp_found_get(w->d, key);
	const char *text;

	if (v == NULL)
		return false;
	text = vp_arena_printf(w->arena, "%s\"%s\"", lead, v->value);
	fputs(text, w->out);
	comment(w, strlen(text), sources(w, v));
	return true;
}

/* A label whose full name stands there too says nothing more. */
static bool is_short(const struct writer *w, const struct vp_discovered *v)
{
	size_t n = strlen(v->value);

	if (strchr(v->value, '.') != NULL)
		return false;
	for (size_t i = 0; i < w->d->n_values; i++) {
		const struct vp_discovered *o = &w->d->values[i];

		if (strcmp(o->key, v->key) == 0 &&
		    strncasecmp(o->value, v->value, n) == 0 &&
		    o->value[n] == '.')
			return true;
	}
	return false;
}

/* The next value of a key from *i on; NULL: none. */
static const struct vp_discovered *next(struct writer *w, const char *key,
                                        size_t *i, const char **from)
{
	while (*i < w->d->n_values) {
		const struct vp_discovered *v = &w->d->values[(*i)++];

		if (strcmp(v->key, key) != 0 || is_short(w, v))
			continue;
		*from = vp_found_sources(w->arena, w->d, *i - 1);
		if (*from != NULL)
			return v;
	}
	return NULL;
}

static void list(struct writer *w, const char *indent, const char *name,
                 const char *key)
{
	const struct vp_discovered *v;
	const char *from, *text;
	size_t i = 0;
	bool any = false;

	while ((v = next(w, key, &i, &from)) != NULL) {
		if (!any)
			fprintf(w->out, "%s%s:\n", indent, name);
		any = true;
		text = vp_arena_printf(w->arena, "%s  - \"%s\"", indent,
		                       v->value);
		fputs(text, w->out);
		comment(w, strlen(text), from);
	}
}

/* --- resources
 * ------------------------------------------------------------------- */

static bool has(const struct vp_discovery *d, const char *key)
{
	return vp_found_get(d, key) != NULL;
}

static bool has_short(const struct vp_discovery *d, const char *key)
{
	for (size_t i = 0; i < d->n_values; i++) {
		if (strcmp(d->values[i].key, key) == 0 &&
		    strchr(d->values[i].value, '.') == NULL)
			return true;
	}
	return false;
}

/* Is anything known that only a workspace has? */
static bool has_workspace(const struct vp_discovery *d)
{
	return has(d, "workspace") || has(d, "workspace_id") ||
	       has(d, "notebook_fqdn") || has(d, "online_endpoint") ||
	       has_short(d, "compute_instance");
}

static char *missing_id(struct vp_arena *arena, const struct vp_discovery *d)
{
	const struct vp_discovered *n = vp_found_get(d, "workspace");
	const struct vp_discovered *g = vp_found_get(d, "resource_group");

	return vp_arena_printf(arena,
	                       "its id is missing; az ml workspace show -g %s "
	                       "-n %s --query workspace_id -o tsv",
	                       g != NULL ? g->value : "RG",
	                       n != NULL ? n->value : "NAME");
}

/* The whole sentence, in the order in which a user mends it. */
char *vp_init_lacks(struct vp_arena *arena, const struct vp_discovery *d)
{
	const struct vp_discovered *name = vp_found_get(d, "workspace");
	char *what = NULL;

	if (!has_workspace(d))
		return has(d, "registry") && !has(d, "region") &&
		                       !has(d, "registry_data_region")
		               ? vp_arena_strdup(
					 arena,
					 "the registry is NOT complete: its "
					 "data endpoint has the region in its "
					 "name; set 'region'")
		               : NULL;
	if (!has(d, "workspace_id"))
		what = missing_id(arena, d);
	if (!has(d, "region"))
		what = vp_arena_printf(arena, "%s%sits region is missing",
		                       what != NULL ? what : "",
		                       what != NULL ? "; " : "");
	if (name == NULL && !has(d, "notebook_fqdn"))
		what = vp_arena_printf(
			arena, "%s%sits name is missing, or notebook_fqdn",
			what != NULL ? what : "", what != NULL ? "; " : "");
	return what == NULL
	               ? NULL
	               : vp_arena_printf(
				 arena, "the workspace%s%s is NOT complete: %s",
				 name != NULL ? " " : "",
				 name != NULL ? name->value : "", what);
}

bool vp_init_knows(const struct vp_discovery *d)
{
	return has_workspace(d) || has(d, "storage_account") ||
	       has(d, "key_vault") || has(d, "registry") ||
	       has(d, "compute_instance");
}

static void workspace(struct writer *w)
{
	if (!has_workspace(w->d)) {
		fputs("\n# The workspace: its id, its name and its region have "
		      "to be known.\n"
		      "# workspace:\n"
		      "#   name: mlw-prod\n"
		      "#   id: 01234567-89ab-cdef-0123-456789abcdef\n",
		      w->out);
		return;
	}
	fputs("\n# The workspace itself, its compute instances and endpoints.\n"
	      "workspace:\n",
	      w->out);
	line(w, "  name: ", "workspace");
	if (!line(w, "  id: ", "workspace_id"))
		fprintf(w->out, "  # id: %s\n", missing_id(w->arena, w->d));
	if (!line(w, "  notebook_fqdn: ", "notebook_fqdn"))
		fputs("  # notebook_fqdn: derived from the name; notebookInfo."
		      "fqdn is the truth\n",
		      w->out);
	list(w, "  ", "compute_instances", "compute_instance");
	list(w, "  ", "online_endpoints", "online_endpoint");
}

static void resources(struct writer *w, const char *title, const char *section,
                      const char *key)
{
	const struct vp_discovered *v;
	const char *from, *text;
	size_t i = 0;
	bool any = false;

	while ((v = next(w, key, &i, &from)) != NULL) {
		if (!any)
			fprintf(w->out, "\n# %s\n%s:\n", title, section);
		any = true;
		text = vp_arena_printf(w->arena, "  - name: \"%s\"", v->value);
		fputs(text, w->out);
		comment(w, strlen(text), from);
		if (strcmp(key, "storage_account") == 0 &&
		    strchr(v->value, '.') == NULL)
			fputs("    services: [blob, file]\n", w->out);
		if (strcmp(key, "registry") == 0)
			list(w, "    ", "data_regions", "registry_data_region");
	}
	if (!any)
		fprintf(w->out, "\n# %s\n# %s:\n#   - name: NAME\n", title,
		        section);
}

/* --- targets
 * --------------------------------------------------------------------- */

/* Before the first entry. */
static void open_list(struct writer *w)
{
	if (!w->targets)
		fputs("\n# Names with the addresses of their private endpoint: "
		      "an answer has to be one\n# of them. And names that "
		      "belong "
		      "to nothing above.\ntargets:\n",
		      w->out);
	w->targets = true;
}

static void write_addresses(struct writer *w, const struct vp_addr *list,
                            size_t n)
{
	char text[VP_ADDR_TEXT];

	for (size_t i = 0; i < n; i++)
		fprintf(w->out, "%s\"%s\"%s",
		        i == 0 ? "    addresses: [" : ", ",
		        vp_addr_format(&list[i], text),
		        i + 1 == n ? "]\n" : "");
}

/* What the plan binds to each name, as --discover has it: one list for all
 * names of a resource would take each for any other. */
static void planned(struct writer *w)
{
	for (size_t i = 0; i < w->plan->n_targets; i++) {
		const struct vp_target *t = &w->plan->targets[i];
		const char *text;

		/* To name one of two alternatives says that it is there. */
		if (t->n_expected == 0 || t->alternative_of != NULL)
			continue;
		open_list(w);
		text = vp_arena_printf(w->arena, "  - name: \"%s\"",
		                       t->name->name);
		fputs(text, w->out);
		comment(w, strlen(text), t->expected_from);
		if (t->port != 443)
			fprintf(w->out, "    port: %u\n", t->port);
		write_addresses(w, t->expected, t->n_expected);
	}
}

static bool is_planned(const struct writer *w, const char *name)
{
	for (size_t i = 0; w->plan != NULL && i < w->plan->n_targets; i++) {
		const struct vp_target *t = &w->plan->targets[i];

		if (strcmp(t->name->name, name) == 0 && t->n_expected > 0)
			return true;
	}
	return false;
}

/* Instances of a workspace that is not known are targets of their own. */
static void instances(struct writer *w)
{
	const struct vp_discovered *v;
	const char *from, *text;
	size_t i = 0;

	if (has_workspace(w->d))
		return;
	while ((v = next(w, "compute_instance", &i, &from)) != NULL) {
		if (strchr(v->value, '.') == NULL || is_planned(w, v->value))
			continue;
		open_list(w);
		text = vp_arena_printf(w->arena, "  - name: \"%s\"", v->value);
		fputs(text, w->out);
		comment(w, strlen(text), from);
	}
}

/* Without a plan nothing is bound: it waits for who completes the file. */
static void remember(struct writer *w)
{
	bool any = false;

	for (size_t i = 0; i < w->d->n_values; i++) {
		const struct vp_discovered *v = &w->d->values[i];

		if (strcmp(v->key, "address") != 0)
			continue;
		if (!any)
			fputs("\n# Addresses of private endpoints, for "
			      "'targets' (name and addresses):\n",
			      w->out);
		any = true;
		fprintf(w->out, "#   %s\n", v->value);
	}
}

static void write_all(struct writer *w, const char *scenario)
{
	fputs("# Configuration of vnetprobe, written by 'vnetprobe init'.\n"
	      "# Behind each value stands where it was found; what is inferred "
	      "may be wrong.\n"
	      "# All keys: man vnetprobe. What it would do: vnetprobe targets "
	      "-c THIS.\n\n",
	      w->out);
	if (!line(w, "cloud: ", "cloud"))
		fputs("cloud: public\n", w->out);
	if (!line(w, "region: ", "region"))
		fputs("# region: eastus     # the workspace's: names have it "
		      "in them\n",
		      w->out);
	fprintf(w->out, "scenario: %s\n\n", scenario);
	fputs("# What counts as private, whatever its range; without it, any "
	      "private address.\n",
	      w->out);
	if (vp_found_get(w->d, "vnet") == NULL)
		fputs("# vnet: [10.20.0.0/16]\n", w->out);
	list(w, "", "vnet", "vnet");
	list(w, "", "vnet_dns", "vnet_dns");
	workspace(w);
	resources(w, "Storage accounts.", "storage_accounts",
	          "storage_account");
	resources(w, "Key vaults.", "key_vaults", "key_vault");
	resources(w, "Container registries.", "registries", "registry");
	instances(w);
	if (w->plan != NULL)
		planned(w);
	else
		remember(w);
	fputs("\n# What may leave by a public path; each rule with its reason."
	      "\n# egress:\n#   allow:\n#     - name: \"*.example.com\"\n"
	      "#       reason: why this may leave\n",
	      w->out);
}

char *vp_init_text(struct vp_arena *arena, const struct vp_discovery *d,
                   const char *scenario, const struct vp_facts *plan)
{
	char *text = NULL;
	size_t size = 0;
	struct writer w = { .arena = arena, .d = d, .plan = plan };

	w.out = open_memstream(&text, &size);
	if (w.out == NULL)
		return NULL;
	write_all(&w, scenario);
	if (fclose(w.out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}
