/* closer.c - which names deserve a closer look, and at what. */
#include "closer.h"

#include <string.h>

#include "catalogue.h"

#define PRIVATELINK "privatelink."

/* --- what came in the first round ----------------------------------------- */

static bool is_private(const struct vp_facts *f, const struct vp_addr *a)
{
	switch (vp_addr_scope(a, f->policy.vnet, f->policy.n_vnet)) {
	case VP_SCOPE_VNET:
	case VP_SCOPE_PRIVATE:
		return true;
	default:
		return false;
	}
}

/* A name that has no IPv6 address is as it should be: private endpoints have
 * none (docs/sources.md: P3). */
static bool row_is_suspect(const struct vp_facts *f,
                           const struct vp_dns_row *row)
{
	if (row->truncated)
		return false; /* the row over TCP tells */
	if (row->outcome != VP_OUTCOME_OK || row->rcode > 0)
		return true;
	if (row->n_addresses == 0)
		return row->type != VP_DNS_AAAA;
	for (size_t i = 0; i < row->n_addresses; i++)
		if (!is_private(f, &row->addresses[i].addr))
			return true;
	return false;
}

bool vp_closer_is_suspect(const struct vp_facts *f, const struct vp_name *name)
{
	for (size_t i = 0; i < name->n_rows; i++)
		if (row_is_suspect(f, &name->rows[i]))
			return true;
	return false;
}

static bool a_listed_one_said(const struct vp_facts *f,
                              const struct vp_name *name,
                              const struct vp_addr *a)
{
	for (size_t i = 0; i < name->n_rows; i++) {
		const struct vp_dns_row *row = &name->rows[i];

		if (row->transport == VP_TRANSPORT_NSS ||
		    vp_resolver_is_reference(&f->resolvers[row->resolver]))
			continue;
		for (size_t k = 0; k < row->n_addresses; k++)
			if (vp_addr_equal(&row->addresses[k].addr, a))
				return true;
	}
	return false;
}

bool vp_closer_nss_differs(const struct vp_facts *f, const struct vp_name *name)
{
	for (size_t i = 0; i < name->n_rows; i++) {
		const struct vp_dns_row *row = &name->rows[i];

		if (row->transport != VP_TRANSPORT_NSS)
			continue;
		for (size_t k = 0; k < row->n_addresses; k++)
			if (!a_listed_one_said(f, name,
			                       &row->addresses[k].addr))
				return true;
	}
	return false;
}

/* resolv.conf(5): a name with at least ndots dots is first tried as it is. */
bool vp_closer_is_searched(const struct vp_facts *f, const struct vp_name *name)
{
	unsigned dots = 0;

	for (const char *p = name->name; *p != '\0'; p++)
		dots += *p == '.';
	return dots < f->machine.ndots;
}

/* --- aliases ---------------------------------------------------------------
 */

static bool is_privatelink(const char *name)
{
	return strstr(name, "." PRIVATELINK) != NULL;
}

static const char *alias_in(const struct vp_name *name)
{
	for (size_t i = 0; i < name->n_rows; i++) {
		const struct vp_dns_row *row = &name->rows[i];

		for (size_t k = 0; k < row->n_chain; k++)
			if (is_privatelink(row->chain[k].target))
				return row->chain[k].target;
	}
	return NULL;
}

/* Length of what stands before ".zone", or 0. */
static size_t before(const char *name, const char *zone)
{
	size_t n = strlen(name), z = strlen(zone);

	if (n <= z + 1 || name[n - z - 1] != '.' ||
	    strcmp(name + n - z, zone) != 0)
		return 0;
	return n - z - 1;
}

/* ENDPOINT.REGION.inference... is ENDPOINT.guid.inference.REGION.privatelink...
 * (docs/sources.md: A1) */
static const char *endpoint_alias(struct vp_arena *arena, const char *name,
                                  size_t labels, const char *zone,
                                  const char *guid)
{
	const char *dot = memchr(name, '.', labels);

	if (guid == NULL || dot == NULL)
		return NULL;
	return vp_arena_printf(
		arena, "%.*s.%s.inference.%.*s.%s", (int)(dot - name), name,
		guid, (int)(labels - (size_t)(dot + 1 - name)), dot + 1, zone);
}

static const char *derive(const struct vp_facts *f, const char *name,
                          const char *zone, const char *guid)
{
	const struct vp_catalogue_suffix *row = vp_catalogue_find(name);
	size_t labels;

	if (strncmp(zone, PRIVATELINK, strlen(PRIVATELINK)) != 0)
		return NULL;
	labels = before(name, zone + strlen(PRIVATELINK));
	if (labels == 0 && row != NULL && row->kind == VP_KIND_ONLINE_ENDPOINT)
		return endpoint_alias(f->arena, name,
		                      before(name, row->suffix + 1), zone,
		                      guid);
	/* kv.vault.azure.net is kv.privatelink.vaultcore.azure.net (K1) */
	if (labels == 0 && row != NULL && row->kind == VP_KIND_VAULT)
		labels = before(name, row->suffix + 1);
	if (labels == 0)
		return NULL;
	return vp_arena_printf(f->arena, "%.*s.%s", (int)labels, name, zone);
}

const char *vp_closer_alias(const struct vp_facts *f,
                            const struct vp_name *name, const char *zone,
                            const char *guid)
{
	const char *seen;

	if (is_privatelink(name->name))
		return NULL;
	seen = alias_in(name);
	if (seen != NULL || zone == NULL)
		return seen;
	return derive(f, name->name, zone, guid);
}

size_t vp_closer_public_zones(const char *out[2], const char *name,
                              const char *zone)
{
	const struct vp_catalogue_suffix *row = vp_catalogue_find(name);
	size_t n = 0;

	if (zone != NULL &&
	    strncmp(zone, PRIVATELINK, strlen(PRIVATELINK)) == 0)
		out[n++] = zone + strlen(PRIVATELINK);
	if (n > 0 && before(name, out[0]) > 0)
		return n;
	/* The name's own is another one: a vault's, an instance's. */
	if (row != NULL && row->group_id != NULL && row->suffix[0] == '.')
		out[n++] = row->suffix + 1;
	return n;
}
