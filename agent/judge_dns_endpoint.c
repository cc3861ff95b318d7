/*
 * judge_dns_endpoint.c - the commands that make the private endpoints which a
 * group of names lacks.
 *
 * An endpoint is of a resource and a group id, not of a name: one serves a
 * workspace with its notebooks, instances and endpoints (docs/sources.md: A1),
 * and a registry with its data endpoints. Each is billed, so each is asked for
 * once, with the zones that its names need.
 */
#include "judge_dns.h"

#include <string.h>

#include "catalogue.h"

/* One endpoint to be made. */
struct made {
	const char *group;
	const char *account; /* NULL: only names that do not tell it */
	const char **zones;
	size_t n_zones;
};

/* Names of these groups belong to one resource, and most do not tell which. */
static bool is_shared(const char *group)
{
	return strcmp(group, "amlworkspace") == 0 ||
	       strcmp(group, "azuremonitor") == 0;
}

static bool tells_workspace(enum vp_kind kind)
{
	return kind == VP_KIND_WORKSPACE || kind == VP_KIND_WORKSPACE_CERT;
}

/* The resource's own name, or NULL where this one does not have it. */
static const char *account_of(const struct judge_words *w,
                              const struct vp_target *t, const char *group)
{
	return is_shared(group) && !tells_workspace(t->kind) ? NULL
	                                                     : w->account;
}

static struct made *find_made(struct judge *j, struct made **list, size_t *n,
                              const char *group, const char *account)
{
	struct made *m;

	for (size_t i = 0; i < *n; i++) {
		m = &(*list)[i];
		if (strcmp(m->group, group) != 0)
			continue;
		if (account == NULL || m->account == NULL ||
		    strcmp(m->account, account) == 0) {
			if (m->account == NULL)
				m->account = account;
			return m;
		}
	}
	m = VP_PUSH(j->arena, *list, *n);
	*m = (struct made){ .group = group, .account = account };
	return m;
}

static void add_zone(struct judge *j, struct made *m, const char *zone)
{
	for (size_t i = 0; i < m->n_zones; i++) {
		if (zone == NULL || strcmp(m->zones[i], zone) == 0)
			return;
	}
	if (zone != NULL)
		*VP_PUSH(j->arena, m->zones, m->n_zones) = zone;
}

/* The workspace's endpoint writes into both of its zones, whatever names were
 * asked for. */
static void add_zones(struct judge *j, struct made *m, const char *name,
                      const char *zone)
{
	static const enum vp_kind both[] = { VP_KIND_WORKSPACE,
		                             VP_KIND_NOTEBOOK };
	const struct vp_catalogue_suffix *row = vp_catalogue_find(name);

	for (size_t i = 0; row != NULL && i < 2; i++) {
		const struct vp_catalogue_suffix *of =
			strcmp(m->group, "amlworkspace") == 0
				? vp_catalogue_of(row->cloud, both[i])
				: NULL;

		if (of != NULL)
			add_zone(j, m, of->zone);
	}
	add_zone(j, m, zone);
}

/* A name for the zone within its group: the label after "privatelink.". */
static const char *zone_label(const char *zone)
{
	static const char start[] = "privatelink.";
	size_t len = strlen(start);

	return strncmp(zone, start, len) == 0 ? zone + len : zone;
}

static void write_made(struct judge *j, const struct made *m,
                       const char ***lines, size_t *n)
{
	const char *of = m->account != NULL ? m->account : "NAME";
	const char *pe = vp_arena_printf(j->arena, "pe-%.36s-%s", of, m->group);

	if (strcmp(m->group, "amlworkspace") == 0) {
		*VP_PUSH(j->arena, *lines, *n) =
			"    # one for the workspace: it covers its notebooks, "
			"compute";
		*VP_PUSH(j->arena, *lines, *n) =
			"    # instances and endpoints";
	}
	*VP_PUSH(j->arena, *lines, *n) = vp_arena_printf(
		j->arena,
		"    az network private-endpoint create -g RG -n %s "
		"--vnet-name VNET --subnet SUBNET --connection-name %s "
		"--private-connection-resource-id RESOURCE_ID --group-id %s",
		pe, of, m->group);
	for (size_t i = 0; i < m->n_zones; i++) {
		const char *first = zone_label(m->zones[i]);
		int len = (int)strcspn(first, ".");

		*VP_PUSH(j->arena, *lines, *n) = vp_arena_printf(
			j->arena,
			"    az network private-endpoint dns-zone-group %s -g "
			"RG --endpoint-name %s -n zones --private-dns-zone "
			"%s --zone-name %.*s",
			i == 0 ? "create" : "add", pe, m->zones[i], len, first);
	}
}

size_t dns_endpoint_lines(const struct dns_scene *s, const struct dns_group *g,
                          const struct judge_words *words, const char ***lines)
{
	struct made *list = NULL;
	size_t n_list = 0, n = 0;

	*lines = NULL;
	for (size_t i = 0; i < g->n_names; i++) {
		const struct vp_target *t = s->j->names[g->names[i]].target;
		const char *group =
			words[i].group != NULL ? words[i].group : "GROUP";
		struct made *m = find_made(s->j, &list, &n_list, group,
		                           account_of(&words[i], t, group));

		add_zones(s->j, m, words[i].name, words[i].zone);
	}
	for (size_t i = 0; i < n_list; i++)
		write_made(s->j, &list[i], lines, &n);
	return n;
}
