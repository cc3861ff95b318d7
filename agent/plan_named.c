/*
 * plan_named.c - a plan cut down to the names of the command line.
 *
 * What an argument names is found out by planning it alone, so that every form
 * of a target is understood in one place.
 */
#include "plan.h"

#include <stdlib.h>
#include <string.h>

static int by_text(const void *a, const void *b)
{
	const struct vp_name *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

static bool is_named(const struct vp_facts *named, struct vp_name *name)
{
	return bsearch(&name, named->names, named->n_names,
	               sizeof(struct vp_name *), by_text) != NULL;
}

static void keep(struct vp_facts *f, const struct vp_facts *named)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n_names; i++)
		if (is_named(named, f->names[i]))
			f->names[n++] = f->names[i];
	f->n_names = n;
	n = 0;
	for (size_t i = 0; i < f->n_targets; i++)
		if (is_named(named, f->targets[i].name)) {
			f->targets[n] = f->targets[i];
			/* That is why it is there, and no other is. */
			f->targets[n++].origin =
				vp_arena_strdup(f->arena, "argument");
		}
	f->n_targets = n;
}

int vp_plan_keep_named(struct vp_facts *facts, const struct vp_settings *s,
                       char *why, size_t size)
{
	struct vp_settings only = *s;
	struct vp_facts *named;
	size_t n = s->n_arguments;
	int rc;

	if (n == 0 || n > s->n_targets)
		return 0;
	memset(&only.workspace, 0, sizeof(only.workspace));
	only.n_storage_accounts = only.n_key_vaults = only.n_registries = 0;
	only.n_hubs = only.n_aml_registries = only.n_aks_clusters = 0;
	only.n_ai_services = only.n_search_services = 0;
	only.monitor.present = only.probe_required = false;
	only.n_endpoint_files = 0;
	/* Arguments were appended to the config's. */
	only.targets = s->targets + s->n_targets - n;
	only.n_targets = n;
	named = vp_facts_create();
	rc = vp_plan_make(named, &only, why, size);
	if (rc == 0) {
		qsort(named->names, named->n_names, sizeof(*named->names),
		      by_text);
		keep(facts, named);
	}
	vp_facts_destroy(named);
	return rc;
}
