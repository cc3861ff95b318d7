/*
 * config_values.c - the strings of a config file to settings.
 *
 * The setters of value.c read each of them; what one refuses is looked up in
 * the tree by its key path, so that the message has line and column.
 */
#include "config_values.h"

#include <ctype.h>
#include <stdarg.h>
#include <string.h>

#include "value.h"
#include "wording.h"

struct reader {
	struct vp_settings *s;
	struct vp_config_tree *tree;
};

/* Keeps where this stands: only the plan knows if it makes up a name. */
static void keep_place(struct reader *r, const char *path, const char *key)
{
	struct vp_config_place *p =
		VP_PUSH(r->s->arena, r->s->places, r->s->n_places);
	char below[VP_CONFIG_PATH];

	p->path = vp_arena_strdup(r->s->arena, path);
	vp_config_path_below(below, path, key);
	vp_config_where(r->tree, *key != '\0' ? below : path, &p->line,
	                &p->column);
}

static void keep_places(struct reader *r, const char *path, unsigned n)
{
	char each[VP_CONFIG_PATH];

	for (unsigned i = 0; i < n; i++) {
		vp_config_path(each, "%s[%u]", path, i);
		keep_place(r, each, "");
	}
}

static bool read_expect(struct reader *r, const char *path, const char *text,
                        bool *has, enum vp_expect *out)
{
	char below[VP_CONFIG_PATH], why[512];

	if (text == NULL)
		return true;
	vp_config_path_below(below, path, "expect");
	if (vp_value_read_expect(out, text, why, sizeof(why)) != 0)
		return vp_config_refuse(r->tree, below, "%s", why);
	*has = true;
	return true;
}

static bool read_addresses(struct reader *r, const char *path, char **texts,
                           unsigned n_texts, struct vp_addr **out, size_t *n)
{
	char below[VP_CONFIG_PATH], why[512];

	for (unsigned i = 0; i < n_texts; i++) {
		struct vp_addr *a = VP_PUSH(r->s->arena, *out, *n);

		if (vp_value_read_addr(a, texts[i], why, sizeof(why)) == 0)
			continue;
		vp_config_path(below, "%s.addresses[%u]", path, i);
		return vp_config_refuse(r->tree, below, "%s", why);
	}
	return true;
}

static void copy_list(struct reader *r, char **texts, unsigned n_texts,
                      char ***out, size_t *n)
{
	for (unsigned i = 0; i < n_texts; i++)
		*VP_PUSH(r->s->arena, *out, *n) =
			vp_arena_strdup(r->s->arena, texts[i]);
}

/* A list below path whose entries the plan may have to speak of. */
static void copy_placed(struct reader *r, const char *path, const char *key,
                        char **texts, unsigned n_texts, char ***out, size_t *n)
{
	char below[VP_CONFIG_PATH];

	vp_config_path_below(below, path, key);
	keep_places(r, below, n_texts);
	copy_list(r, texts, n_texts, out, n);
}

/* The workspace, or a hub, which is one too. */
static bool read_workspace(struct reader *r, const struct raw_workspace *raw,
                           struct vp_workspace *w, const char *path)
{
	char guid[37], why[512], below[VP_CONFIG_PATH];

	w->present = true;
	vp_config_path_below(below, path, "id");
	if (vp_value_read_guid(guid, raw->id, why, sizeof(why)) != 0)
		return vp_config_refuse(r->tree, below, "%s", why);
	w->id = vp_arena_strdup(r->s->arena, guid);
	w->name = vp_arena_strdup(r->s->arena, raw->name);
	w->notebook_fqdn = vp_arena_strdup(r->s->arena, raw->notebook_fqdn);
	keep_place(r, path, "");
	vp_config_path_below(below, path, "notebook_fqdn");
	keep_place(r, below, "");
	copy_placed(r, path, "compute_instances", raw->compute_instances,
	            raw->compute_instances_count, &w->compute_instances,
	            &w->n_compute_instances);
	copy_placed(r, path, "online_endpoints", raw->online_endpoints,
	            raw->online_endpoints_count, &w->online_endpoints,
	            &w->n_online_endpoints);
	copy_placed(r, path, "serverless_models", raw->serverless_models,
	            raw->serverless_models_count, &w->serverless_models,
	            &w->n_serverless_models);
	return read_expect(r, path, raw->expect, &w->has_expect, &w->expect) &&
	       read_addresses(r, path, raw->addresses, raw->addresses_count,
	                      &w->addresses, &w->n_addresses);
}

static bool read_hubs(struct reader *r, const struct raw_config *c)
{
	struct vp_settings *s = r->s;
	char path[VP_CONFIG_PATH];

	for (unsigned i = 0; i < c->hubs_count; i++) {
		vp_config_path(path, "hubs[%u]", i);
		if (!read_workspace(r, &c->hubs[i],
		                    VP_PUSH(s->arena, s->hubs, s->n_hubs),
		                    path))
			return false;
	}
	return true;
}

static bool read_named(struct reader *r, const char *key,
                       const struct raw_service *raw, unsigned n_raw,
                       struct vp_named_service **out, size_t *n)
{
	struct vp_arena *arena = r->s->arena;
	char path[VP_CONFIG_PATH];

	for (unsigned i = 0; i < n_raw; i++) {
		struct vp_named_service *v = VP_PUSH(arena, *out, *n);

		vp_config_path(path, "%s[%u]", key, i);
		keep_place(r, path, "name");
		v->name = vp_arena_strdup(arena, raw[i].name);
		copy_placed(r, path, "services", raw[i].services,
		            raw[i].services_count, &v->services,
		            &v->n_services);
		if (!read_expect(r, path, raw[i].expect, &v->has_expect,
		                 &v->expect) ||
		    !read_addresses(r, path, raw[i].addresses,
		                    raw[i].addresses_count, &v->addresses,
		                    &v->n_addresses))
			return false;
	}
	return true;
}

static bool read_monitor(struct reader *r, const struct raw_monitor *raw)
{
	struct vp_monitor *m = &r->s->monitor;
	char path[VP_CONFIG_PATH], why[512], guid[37];

	if (raw == NULL)
		return true;
	m->present = true;
	keep_place(r, "monitor", "");
	for (unsigned i = 0; i < raw->log_analytics_count; i++) {
		if (vp_value_read_guid(guid, raw->log_analytics[i], why,
		                       sizeof(why)) == 0)
			continue;
		vp_config_path(path, "monitor.log_analytics[%u]", i);
		return vp_config_refuse(r->tree, path, "%s", why);
	}
	copy_placed(r, "monitor", "log_analytics", raw->log_analytics,
	            raw->log_analytics_count, &m->log_analytics,
	            &m->n_log_analytics);
	copy_placed(r, "monitor", "ingestion", raw->ingestion,
	            raw->ingestion_count, &m->ingestion, &m->n_ingestion);
	return read_expect(r, "monitor", raw->expect, &m->has_expect,
	                   &m->expect) &&
	       read_addresses(r, "monitor", raw->addresses,
	                      raw->addresses_count, &m->addresses,
	                      &m->n_addresses);
}

static bool read_yes(struct reader *r, const char *path, const char *key,
                     const char *text, bool *out)
{
	char below[VP_CONFIG_PATH], quoted[VP_QUOTE_TEXT];

	if (text == NULL || strcmp(text, "false") == 0)
		return true;
	*out = strcmp(text, "true") == 0;
	if (*out)
		return true;
	vp_config_path_below(below, path, key);
	return vp_config_refuse(r->tree, below, "%s is not one of true, false",
	                        vp_quote(quoted, text));
}

static bool read_services(struct reader *r, const char *path,
                          const struct raw_account *raw)
{
	char below[VP_CONFIG_PATH], quoted[VP_QUOTE_TEXT];
	enum vp_kind kind;

	for (unsigned i = 0; i < raw->services_count; i++) {
		if (vp_kind_parse(&kind, raw->services[i]) == 0 &&
		    kind >= VP_KIND_BLOB && kind <= VP_KIND_WEB)
			continue;
		vp_config_path(below, "%s.services[%u]", path, i);
		return vp_config_refuse(
			r->tree, below,
			"%s is not one of blob, file, queue, table, "
			"dfs, web",
			vp_quote(quoted, raw->services[i]));
	}
	return true;
}

static bool read_account(struct reader *r, const struct raw_account *raw,
                         unsigned i)
{
	struct vp_settings *s = r->s;
	struct vp_storage_account *a =
		VP_PUSH(s->arena, s->storage_accounts, s->n_storage_accounts);
	char path[VP_CONFIG_PATH];

	vp_config_path(path, "storage_accounts[%u]", i);
	keep_place(r, path, "name");
	a->name = vp_arena_strdup(s->arena, raw->name);
	copy_list(r, raw->services, raw->services_count, &a->services,
	          &a->n_services);
	return read_services(r, path, raw) &&
	       read_yes(r, path, "hierarchical_namespace",
	                raw->hierarchical_namespace, &a->hierarchical) &&
	       read_expect(r, path, raw->expect, &a->has_expect, &a->expect) &&
	       read_addresses(r, path, raw->addresses, raw->addresses_count,
	                      &a->addresses, &a->n_addresses);
}

static bool read_vault(struct reader *r, const struct raw_vault *raw,
                       unsigned i)
{
	struct vp_settings *s = r->s;
	struct vp_key_vault *v =
		VP_PUSH(s->arena, s->key_vaults, s->n_key_vaults);
	char path[VP_CONFIG_PATH];

	vp_config_path(path, "key_vaults[%u]", i);
	keep_place(r, path, "name");
	v->name = vp_arena_strdup(s->arena, raw->name);
	v->private_endpoint = vp_arena_strdup(s->arena, raw->private_endpoint);
	return read_expect(r, path, raw->expect, &v->has_expect, &v->expect) &&
	       read_addresses(r, path, raw->addresses, raw->addresses_count,
	                      &v->addresses, &v->n_addresses);
}

static bool read_registry(struct reader *r, const struct raw_registry *raw,
                          unsigned i)
{
	struct vp_settings *s = r->s;
	struct vp_registry *g =
		VP_PUSH(s->arena, s->registries, s->n_registries);
	struct vp_settings scratch = { .arena = s->arena };
	char path[VP_CONFIG_PATH], below[VP_CONFIG_PATH], why[512];

	vp_config_path(path, "registries[%u]", i);
	keep_place(r, path, "name");
	g->name = vp_arena_strdup(s->arena, raw->name);
	for (unsigned k = 0; k < raw->data_regions_count; k++) {
		vp_config_path(below, "%s.data_regions[%u]", path, k);
		if (vp_value_region(&scratch, raw->data_regions[k], why,
		                    sizeof(why)) != 0)
			return vp_config_refuse(r->tree, below, "%s", why);
		*VP_PUSH(s->arena, g->data_regions, g->n_data_regions) =
			scratch.region;
	}
	return read_expect(r, path, raw->expect, &g->has_expect, &g->expect) &&
	       read_addresses(r, path, raw->addresses, raw->addresses_count,
	                      &g->addresses, &g->n_addresses);
}

static bool read_target(struct reader *r, const struct raw_target *raw,
                        unsigned i)
{
	struct vp_settings *s = r->s;
	struct vp_extra_target *t = VP_PUSH(s->arena, s->targets, s->n_targets);
	char path[VP_CONFIG_PATH], below[VP_CONFIG_PATH], why[512];

	vp_config_path(path, "targets[%u]", i);
	keep_place(r, path, "name");
	t->text = vp_arena_strdup(s->arena, raw->name);
	t->origin = vp_arena_strdup(s->arena, path);
	vp_config_path_below(below, path, "port");
	if (raw->port != NULL &&
	    vp_value_read_port(&t->port, raw->port, why, sizeof(why)) != 0)
		return vp_config_refuse(r->tree, below, "%s", why);
	vp_config_path_below(below, path, "kind");
	if (raw->kind != NULL &&
	    vp_value_read_kind(&t->kind, raw->kind, why, sizeof(why)) != 0)
		return vp_config_refuse(r->tree, below, "%s", why);
	t->has_kind = raw->kind != NULL;
	return read_expect(r, path, raw->expect, &t->has_expect, &t->expect) &&
	       read_addresses(r, path, raw->addresses, raw->addresses_count,
	                      &t->addresses, &t->n_addresses);
}

static bool set(struct reader *r, const char *path, const char *text,
                vp_value_setter *setter)
{
	char why[512];

	if (text == NULL || setter(r->s, text, why, sizeof(why)) == 0)
		return true;
	return vp_config_refuse(r->tree, path, "%s", why);
}

/* A host, or "*." and a suffix, to lower case without a final dot. */
static bool allow_name(struct vp_arena *arena, char **out, const char *text)
{
	char *low = vp_arena_strdup(arena, text);
	size_t n = strlen(low);

	if (n > 1 && low[n - 1] == '.')
		low[--n] = '\0';
	for (char *p = low; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	*out = low;
	low += strncmp(low, "*.", 2) == 0 ? 2 : 0;
	n = strlen(low);
	return n > 0 && n < 254 && low[0] != '.' && low[n - 1] != '.' &&
	       strstr(low, "..") == NULL &&
	       strspn(low, "abcdefghijklmnopqrstuvwxyz0123456789-_.") == n;
}

static bool read_allow(struct reader *r, const struct raw_allow *raw,
                       unsigned i)
{
	struct vp_settings *s = r->s;
	struct vp_allow_rule *a = VP_PUSH(s->arena, s->allow, s->n_allow);
	char path[VP_CONFIG_PATH], below[VP_CONFIG_PATH], why[512];
	char quoted[VP_QUOTE_TEXT];

	vp_config_path(path, "egress.allow[%u]", i);
	if (raw->name == NULL && raw->prefix == NULL && raw->port == NULL &&
	    raw->process == NULL && raw->service_tag == NULL)
		return vp_config_refuse(
			r->tree, path,
			"allows everything: give name, prefix, port, process "
			"or service_tag");
	vp_config_path_below(below, path, "name");
	if (raw->name != NULL && !allow_name(s->arena, &a->name, raw->name))
		return vp_config_refuse(
			r->tree, below,
			"%s is not a host name or '*.' and a suffix",
			vp_quote(quoted, raw->name));
	vp_config_path_below(below, path, "prefix");
	if (raw->prefix != NULL && vp_value_read_prefix(&a->prefix, raw->prefix,
	                                                why, sizeof(why)) != 0)
		return vp_config_refuse(r->tree, below, "%s", why);
	vp_config_path_below(below, path, "port");
	if (raw->port != NULL &&
	    vp_value_read_port(&a->port, raw->port, why, sizeof(why)) != 0)
		return vp_config_refuse(r->tree, below, "%s", why);
	a->process = vp_arena_strdup(s->arena, raw->process);
	a->service_tag = vp_arena_strdup(s->arena, raw->service_tag);
	if (a->service_tag != NULL)
		keep_place(r, path, "service_tag");
	vp_config_path_below(below, path, "reason");
	if (raw->reason[strspn(raw->reason, " \t\r\n")] == '\0')
		return vp_config_refuse(r->tree, below, VP_CONFIG_NO_REASON);
	a->reason = vp_arena_strdup(s->arena, raw->reason);
	return true;
}

static bool read_egress(struct reader *r, const struct raw_egress *raw)
{
	char quoted[VP_QUOTE_TEXT];

	if (raw == NULL)
		return true;
	if (raw->preset != NULL) {
		r->s->egress_report_only = strcmp(raw->preset, "report") == 0;
		if (!r->s->egress_report_only &&
		    strcmp(raw->preset, "fail") != 0)
			return vp_config_refuse(r->tree, "egress.default",
			                        "%s is not one of fail, report",
			                        vp_quote(quoted, raw->preset));
	}
	if (!set(r, "egress.service_tags", raw->service_tags,
	         vp_value_service_tags))
		return false;
	for (unsigned i = 0; i < raw->allow_count; i++) {
		if (!read_allow(r, &raw->allow[i], i))
			return false;
	}
	return true;
}

static bool set_each(struct reader *r, const char *key, char **texts,
                     unsigned n, vp_value_setter *setter)
{
	char path[VP_CONFIG_PATH];

	for (unsigned i = 0; i < n; i++) {
		vp_config_path(path, "%s[%u]", key, i);
		if (!set(r, path, texts[i], setter))
			return false;
	}
	return true;
}

static bool read_compare(struct reader *r, const struct raw_config *c)
{
	char path[VP_CONFIG_PATH], why[512];

	for (unsigned i = 0; i < c->compare_count; i++) {
		vp_config_path(path, "compare[%u]", i);
		if (vp_value_add_compare(r->s, c->compare[i].label,
		                         c->compare[i].address, why,
		                         sizeof(why)) != 0)
			return vp_config_refuse(r->tree, path, "%s", why);
	}
	return true;
}

static bool read_server(struct reader *r, const struct raw_server *raw,
                        unsigned i)
{
	char path[VP_CONFIG_PATH], below[VP_CONFIG_PATH], why[512];
	struct vp_settings *s = r->s;
	struct vp_dns_server d;

	vp_config_path(path, "dns_servers[%u]", i);
	vp_config_path_below(below, path, "address");
	if (vp_value_read_addr(&d.addr, raw->address, why, sizeof(why)) != 0)
		return vp_config_refuse(r->tree, below, "%s", why);
	for (size_t k = 0; k < s->n_dns_servers; k++) {
		if (vp_addr_equal(&s->dns_servers[k].addr, &d.addr))
			return vp_config_refuse(
				r->tree, below,
				"this server stands here twice");
	}
	vp_config_path_below(below, path, "kind");
	if (vp_value_read_server_kind(&d.kind, raw->kind, why, sizeof(why)) !=
	    0)
		return vp_config_refuse(r->tree, below, "%s", why);
	*VP_PUSH(s->arena, s->dns_servers, s->n_dns_servers) = d;
	return true;
}

static bool read_dns(struct reader *r, const struct raw_config *c)
{
	char path[VP_CONFIG_PATH], why[512];
	struct vp_settings *s = r->s;

	for (unsigned i = 0; i < c->dns_servers_count; i++) {
		if (!read_server(r, &c->dns_servers[i], i))
			return false;
	}
	for (unsigned i = 0; i < c->vnet_dns_count; i++) {
		vp_config_path(path, "vnet_dns[%u]", i);
		if (vp_value_read_addr(
			    VP_PUSH(s->arena, s->vnet_dns, s->n_vnet_dns),
			    c->vnet_dns[i], why, sizeof(why)) != 0)
			return vp_config_refuse(r->tree, path, "%s", why);
	}
	return read_compare(r, c);
}

static bool read_scalars(struct reader *r, const struct raw_config *c)
{
	const struct {
		const char *key, *text;
		vp_value_setter *setter;
	} rows[] = {
		{ "cloud", c->cloud, vp_value_cloud },
		{ "region", c->region, vp_value_region },
		{ "scenario", c->scenario, vp_value_scenario },
		{ "expect", c->expect, vp_value_expect },
		{ "ca_file", c->ca_file, vp_value_ca_file },
		{ "identity_client_id", c->identity_client_id,
		  vp_value_identity },
		{ "interface", c->interface, vp_value_interface },
		{ "timeout", c->timeout, vp_value_timeout },
		{ "deadline", c->deadline, vp_value_deadline },
		{ "linger", c->linger, vp_value_linger },
		{ "concurrency", c->concurrency, vp_value_concurrency },
		{ "azure_dns", c->azure_dns, vp_value_azure_dns },
		{ "rounds", c->rounds, vp_value_rounds },
		{ "round_interval", c->round_interval,
		  vp_value_round_interval },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (!set(r, rows[i].key, rows[i].text, rows[i].setter))
			return false;
	}
	r->s->has_scenario = false; /* flags come after the config */
	return set_each(r, "vnet", c->vnet, c->vnet_count, vp_value_vnet) &&
	       set_each(r, "resolvers", c->resolvers, c->resolvers_count,
	                vp_value_resolver) &&
	       set_each(r, "private_endpoints", c->private_endpoints,
	                c->private_endpoints_count, vp_value_endpoint_file);
}

/* A pattern that fits every issuer would silence what it is to find. */
static bool read_issuer(struct reader *r, const char *text, unsigned i)
{
	struct vp_settings *s = r->s;
	char path[VP_CONFIG_PATH], quoted[VP_QUOTE_TEXT];
	const char *p = text;

	/* a byte beyond ASCII is part of a letter */
	while (*p != '\0' && !isalpha((unsigned char)*p) && (*p & 0x80) == 0)
		p++;
	if (*p == '\0') {
		vp_config_path(path, "known_issuers[%u]", i);
		return vp_config_refuse(
			r->tree, path,
			"%s is no authority's common name: it needs a letter",
			vp_quote(quoted, text));
	}
	*VP_PUSH(s->arena, s->known_issuers, s->n_known_issuers) =
		vp_arena_strdup(s->arena, text);
	return true;
}

static bool read_resources(struct reader *r, const struct raw_config *c)
{
	for (unsigned i = 0; i < c->storage_accounts_count; i++) {
		if (!read_account(r, &c->storage_accounts[i], i))
			return false;
	}
	for (unsigned i = 0; i < c->known_issuers_count; i++) {
		if (!read_issuer(r, c->known_issuers[i], i))
			return false;
	}
	for (unsigned i = 0; i < c->key_vaults_count; i++) {
		if (!read_vault(r, &c->key_vaults[i], i))
			return false;
	}
	for (unsigned i = 0; i < c->registries_count; i++) {
		if (!read_registry(r, &c->registries[i], i))
			return false;
	}
	if (!read_named(r, "aml_registries", c->aml_registries,
	                c->aml_registries_count, &r->s->aml_registries,
	                &r->s->n_aml_registries) ||
	    !read_named(r, "aks_clusters", c->aks_clusters,
	                c->aks_clusters_count, &r->s->aks_clusters,
	                &r->s->n_aks_clusters) ||
	    !read_named(r, "ai_services", c->ai_services, c->ai_services_count,
	                &r->s->ai_services, &r->s->n_ai_services) ||
	    !read_named(r, "search_services", c->search_services,
	                c->search_services_count, &r->s->search_services,
	                &r->s->n_search_services) ||
	    !read_monitor(r, c->monitor))
		return false;
	for (unsigned i = 0; i < c->targets_count; i++) {
		if (!read_target(r, &c->targets[i], i))
			return false;
	}
	return true;
}

void vp_config_values(struct vp_config_tree *tree, struct vp_settings *s,
                      const struct raw_config *raw)
{
	struct reader r = { s, tree };

	s->config_name = vp_arena_strdup(s->arena, tree->file);
	if (read_scalars(&r, raw) &&
	    read_yes(&r, "", "probe_required", raw->probe_required,
	             &s->probe_required) &&
	    read_dns(&r, raw) &&
	    (raw->workspace == NULL ||
	     read_workspace(&r, raw->workspace, &s->workspace, "workspace")) &&
	    read_hubs(&r, raw) && read_resources(&r, raw))
		read_egress(&r, raw->egress);
}
