/*
 * found_apply.c - what was found becomes settings, where these say nothing.
 *
 * Flags and config win, value by value. Whatever becomes a target keeps where
 * it was found as its origin.
 */
#include "found.h"

#include <string.h>
#include <strings.h>

#include "value.h"

static const char *value_of(const struct vp_discovery *d, const char *key)
{
	const struct vp_discovered *v = vp_found_get(d, key);

	return v != NULL ? v->value : NULL;
}

/* "found: /mnt/azmnt/.nbvm" */
static char *origin(struct vp_arena *arena, const struct vp_discovered *v)
{
	return vp_arena_printf(arena, "found: %s%s", v->source,
	                       v->inferred ? " (inferred)" : "");
}

static void set(struct vp_arena *arena, char **member, const char *value)
{
	if (*member == NULL && value != NULL)
		*member = vp_arena_strdup(arena, value);
}

/* A label whose full name is known as well, "ci-one" of "ci-one.eastus...". */
static bool is_short_for_another(const struct vp_discovery *d,
                                 const struct vp_discovered *v)
{
	size_t n = strlen(v->value);

	if (strchr(v->value, '.') != NULL)
		return false;
	for (size_t i = 0; i < d->n_values; i++) {
		const struct vp_discovered *o = &d->values[i];

		if (strcmp(o->key, v->key) == 0 &&
		    strncasecmp(o->value, v->value, n) == 0 &&
		    o->value[n] == '.')
			return true;
	}
	return false;
}

static bool has(char *const *list, size_t n, const char *text)
{
	for (size_t i = 0; i < n; i++) {
		if (strcasecmp(list[i], text) == 0)
			return true;
	}
	return false;
}

/* All values of a key, each once. */
static void append(struct vp_settings *s, const struct vp_discovery *d,
                   const char *key, char ***list, size_t *n)
{
	for (size_t i = 0; i < d->n_values; i++) {
		const struct vp_discovered *v = &d->values[i];

		if (strcmp(v->key, key) != 0 || is_short_for_another(d, v) ||
		    has(*list, *n, v->value))
			continue;
		*VP_PUSH(s->arena, *list, *n) =
			vp_arena_strdup(s->arena, v->value);
	}
}

/* An instance whose workspace is not known is a target by its full name. */
static void add_instances(struct vp_settings *s, const struct vp_discovery *d)
{
	struct vp_extra_target *t;

	for (size_t i = 0; i < d->n_values; i++) {
		const struct vp_discovered *v = &d->values[i];

		if (strcmp(v->key, "compute_instance") != 0 ||
		    strchr(v->value, '.') == NULL)
			continue;
		t = VP_PUSH(s->arena, s->targets, s->n_targets);
		t->text = vp_arena_strdup(s->arena, v->value);
		t->origin = origin(s->arena, v);
	}
}

static void add_workspace(struct vp_settings *s, const struct vp_discovery *d)
{
	const struct vp_discovered *id = vp_found_get(d, "workspace_id");
	struct vp_workspace *w = &s->workspace;

	if (!w->present && (id == NULL || s->region == NULL)) {
		add_instances(s, d);
		return;
	}
	if (!w->present) {
		w->present = true;
		w->origin = origin(s->arena, id);
		w->id = vp_arena_strdup(s->arena, id->value);
	}
	set(s->arena, &w->name, value_of(d, "workspace"));
	set(s->arena, &w->notebook_fqdn, value_of(d, "notebook_fqdn"));
	if (w->n_compute_instances == 0)
		append(s, d, "compute_instance", &w->compute_instances,
		       &w->n_compute_instances);
	if (w->n_online_endpoints == 0)
		append(s, d, "online_endpoint", &w->online_endpoints,
		       &w->n_online_endpoints);
}

static bool is_first(const struct vp_discovery *d, size_t index)
{
	const struct vp_discovered *v = &d->values[index];

	for (size_t i = 0; i < index; i++) {
		if (strcmp(d->values[i].key, v->key) == 0 &&
		    strcasecmp(d->values[i].value, v->value) == 0)
			return false;
	}
	return true;
}

static void add_resources(struct vp_settings *s, const struct vp_discovery *d)
{
	bool accounts = s->n_storage_accounts == 0;
	bool vaults = s->n_key_vaults == 0, registries = s->n_registries == 0;

	for (size_t i = 0; i < d->n_values; i++) {
		const struct vp_discovered *v = &d->values[i];
		char *name = vp_arena_strdup(s->arena, v->value);

		if (!is_first(d, i))
			continue;
		if (accounts && strcmp(v->key, "storage_account") == 0)
			*VP_PUSH(s->arena, s->storage_accounts,
			         s->n_storage_accounts) =
				(struct vp_storage_account){
					.name = name,
					.origin = origin(s->arena, v),
				};
		if (vaults && strcmp(v->key, "key_vault") == 0)
			*VP_PUSH(s->arena, s->key_vaults, s->n_key_vaults) =
				(struct vp_key_vault){
					.name = name,
					.origin = origin(s->arena, v),
				};
		/* Without a region its data endpoint has no name. */
		if (registries && strcmp(v->key, "registry") == 0 &&
		    s->region != NULL)
			*VP_PUSH(s->arena, s->registries, s->n_registries) =
				(struct vp_registry){
					.name = name,
					.origin = origin(s->arena, v),
				};
	}
	for (size_t i = 0; registries && i < s->n_registries; i++)
		append(s, d, "registry_data_region",
		       &s->registries[i].data_regions,
		       &s->registries[i].n_data_regions);
}

static void add_network(struct vp_settings *s, const struct vp_discovery *d)
{
	bool vnet = s->n_vnet == 0, dns = s->n_vnet_dns == 0;
	struct vp_addr addr;
	char why[256];

	for (size_t i = 0; i < d->n_values; i++) {
		const struct vp_discovered *v = &d->values[i];

		if (!is_first(d, i))
			continue;
		if (vnet && strcmp(v->key, "vnet") == 0)
			vp_value_vnet(s, v->value, why, sizeof(why));
		if (dns && strcmp(v->key, "vnet_dns") == 0 &&
		    vp_addr_parse(&addr, v->value) == 0)
			*VP_PUSH(s->arena, s->vnet_dns, s->n_vnet_dns) = addr;
	}
}

void vp_found_apply(struct vp_settings *s, const struct vp_discovery *d,
                    bool targets)
{
	if (!s->has_cloud && value_of(d, "cloud") != NULL)
		s->cloud = vp_arena_strdup(s->arena, value_of(d, "cloud"));
	set(s->arena, &s->region, value_of(d, "region"));
	add_network(s, d);
	s->found = d;
	if (!targets)
		return;
	add_workspace(s, d);
	add_resources(s, d);
}
