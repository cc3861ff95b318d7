/*
 * config_schema.c - which keys a config file may have.
 *
 * One table serves loading, the check that goes before it, and the list of
 * keys that man page and sample are held against.
 */
#include "config_schema.h"

#include "config_tree.h"

/* Every leaf is a string here: the setters of value.c know its form. */
#define TEXT(type, key, member)                                                \
	CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_OPTIONAL, type, member, 0,      \
	                       CYAML_UNLIMITED)
#define NEEDED(type, key, member)                                              \
	CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_DEFAULT, type, member, 0,       \
	                       CYAML_UNLIMITED)
#define LIST(type, key, member, entry)                                         \
	CYAML_FIELD_SEQUENCE(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,    \
	                     type, member, entry, 0, CYAML_UNLIMITED)

static const cyaml_schema_value_t text_schema = {
	CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, CYAML_UNLIMITED),
};

static const cyaml_schema_field_t workspace_fields[] = {
	TEXT(struct raw_workspace, "name", name),
	NEEDED(struct raw_workspace, "id", id),
	TEXT(struct raw_workspace, "notebook_fqdn", notebook_fqdn),
	LIST(struct raw_workspace, "compute_instances", compute_instances,
	     &text_schema),
	LIST(struct raw_workspace, "online_endpoints", online_endpoints,
	     &text_schema),
	LIST(struct raw_workspace, "serverless_models", serverless_models,
	     &text_schema),
	TEXT(struct raw_workspace, "expect", expect),
	LIST(struct raw_workspace, "addresses", addresses, &text_schema),
	CYAML_FIELD_END,
};
static const cyaml_schema_value_t hub_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_workspace,
	                    workspace_fields),
};

static const cyaml_schema_field_t account_fields[] = {
	NEEDED(struct raw_account, "name", name),
	LIST(struct raw_account, "services", services, &text_schema),
	TEXT(struct raw_account, "hierarchical_namespace",
	     hierarchical_namespace),
	TEXT(struct raw_account, "expect", expect),
	LIST(struct raw_account, "addresses", addresses, &text_schema),
	CYAML_FIELD_END,
};
static const cyaml_schema_value_t account_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_account,
	                    account_fields),
};

static const cyaml_schema_field_t vault_fields[] = {
	NEEDED(struct raw_vault, "name", name),
	TEXT(struct raw_vault, "expect", expect),
	TEXT(struct raw_vault, "private_endpoint", private_endpoint),
	LIST(struct raw_vault, "addresses", addresses, &text_schema),
	CYAML_FIELD_END,
};
static const cyaml_schema_value_t vault_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_vault, vault_fields),
};

static const cyaml_schema_field_t registry_fields[] = {
	NEEDED(struct raw_registry, "name", name),
	LIST(struct raw_registry, "data_regions", data_regions, &text_schema),
	TEXT(struct raw_registry, "expect", expect),
	LIST(struct raw_registry, "addresses", addresses, &text_schema),
	CYAML_FIELD_END,
};
static const cyaml_schema_value_t registry_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_registry,
	                    registry_fields),
};

static const cyaml_schema_field_t named_fields[] = {
	NEEDED(struct raw_service, "name", name),
	TEXT(struct raw_service, "expect", expect),
	LIST(struct raw_service, "addresses", addresses, &text_schema),
	CYAML_FIELD_END,
};
static const cyaml_schema_value_t named_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_service,
	                    named_fields),
};

static const cyaml_schema_field_t ai_fields[] = {
	NEEDED(struct raw_service, "name", name),
	LIST(struct raw_service, "services", services, &text_schema),
	TEXT(struct raw_service, "expect", expect),
	LIST(struct raw_service, "addresses", addresses, &text_schema),
	CYAML_FIELD_END,
};
static const cyaml_schema_value_t ai_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_service, ai_fields),
};

static const cyaml_schema_field_t monitor_fields[] = {
	LIST(struct raw_monitor, "log_analytics", log_analytics, &text_schema),
	LIST(struct raw_monitor, "ingestion", ingestion, &text_schema),
	TEXT(struct raw_monitor, "expect", expect),
	LIST(struct raw_monitor, "addresses", addresses, &text_schema),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t target_fields[] = {
	NEEDED(struct raw_target, "name", name),
	TEXT(struct raw_target, "port", port),
	TEXT(struct raw_target, "kind", kind),
	TEXT(struct raw_target, "expect", expect),
	LIST(struct raw_target, "addresses", addresses, &text_schema),
	CYAML_FIELD_END,
};
static const cyaml_schema_value_t target_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_target,
	                    target_fields),
};

static const cyaml_schema_field_t allow_fields[] = {
	TEXT(struct raw_allow, "name", name),
	TEXT(struct raw_allow, "prefix", prefix),
	TEXT(struct raw_allow, "port", port),
	TEXT(struct raw_allow, "process", process),
	TEXT(struct raw_allow, "service_tag", service_tag),
	NEEDED(struct raw_allow, "reason", reason),
	CYAML_FIELD_END,
};
static const cyaml_schema_value_t allow_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_allow, allow_fields),
};

static const cyaml_schema_field_t compare_fields[] = {
	NEEDED(struct raw_compare, "label", label),
	NEEDED(struct raw_compare, "address", address),
	CYAML_FIELD_END,
};
static const cyaml_schema_value_t compare_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_compare,
	                    compare_fields),
};

static const cyaml_schema_field_t server_fields[] = {
	NEEDED(struct raw_server, "address", address),
	NEEDED(struct raw_server, "kind", kind),
	CYAML_FIELD_END,
};
static const cyaml_schema_value_t server_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_server,
	                    server_fields),
};

static const cyaml_schema_field_t egress_fields[] = {
	TEXT(struct raw_egress, "default", preset),
	TEXT(struct raw_egress, "service_tags", service_tags),
	LIST(struct raw_egress, "allow", allow, &allow_schema),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t config_fields[] = {
	TEXT(struct raw_config, "cloud", cloud),
	TEXT(struct raw_config, "region", region),
	TEXT(struct raw_config, "scenario", scenario),
	TEXT(struct raw_config, "expect", expect),
	TEXT(struct raw_config, "probe_required", probe_required),
	LIST(struct raw_config, "vnet", vnet, &text_schema),
	LIST(struct raw_config, "resolvers", resolvers, &text_schema),
	LIST(struct raw_config, "private_endpoints", private_endpoints,
	     &text_schema),
	TEXT(struct raw_config, "azure_dns", azure_dns),
	LIST(struct raw_config, "compare", compare, &compare_schema),
	LIST(struct raw_config, "dns_servers", dns_servers, &server_schema),
	LIST(struct raw_config, "vnet_dns", vnet_dns, &text_schema),
	TEXT(struct raw_config, "ca_file", ca_file),
	TEXT(struct raw_config, "identity_client_id", identity_client_id),
	LIST(struct raw_config, "known_issuers", known_issuers, &text_schema),
	TEXT(struct raw_config, "interface", interface),
	TEXT(struct raw_config, "timeout", timeout),
	TEXT(struct raw_config, "deadline", deadline),
	TEXT(struct raw_config, "linger", linger),
	TEXT(struct raw_config, "concurrency", concurrency),
	TEXT(struct raw_config, "rounds", rounds),
	TEXT(struct raw_config, "round_interval", round_interval),
	CYAML_FIELD_MAPPING_PTR("workspace", CYAML_FLAG_OPTIONAL,
	                        struct raw_config, workspace, workspace_fields),
	LIST(struct raw_config, "storage_accounts", storage_accounts,
	     &account_schema),
	LIST(struct raw_config, "key_vaults", key_vaults, &vault_schema),
	LIST(struct raw_config, "registries", registries, &registry_schema),
	LIST(struct raw_config, "hubs", hubs, &hub_schema),
	LIST(struct raw_config, "aml_registries", aml_registries,
	     &named_schema),
	LIST(struct raw_config, "aks_clusters", aks_clusters, &named_schema),
	LIST(struct raw_config, "ai_services", ai_services, &ai_schema),
	LIST(struct raw_config, "search_services", search_services,
	     &named_schema),
	CYAML_FIELD_MAPPING_PTR("monitor", CYAML_FLAG_OPTIONAL,
	                        struct raw_config, monitor, monitor_fields),
	LIST(struct raw_config, "targets", targets, &target_schema),
	CYAML_FIELD_MAPPING_PTR("egress", CYAML_FLAG_OPTIONAL,
	                        struct raw_config, egress, egress_fields),
	CYAML_FIELD_END,
};
const cyaml_schema_value_t vp_config_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct raw_config,
	                    config_fields),
};

/* --- the keys, for man page and sample ------------------------------------ */

static void keys_of(const struct cyaml_schema_value *schema, const char *path,
                    void (*key)(const char *path, void *arg), void *arg)
{
	const struct cyaml_schema_field *f;
	char below[VP_CONFIG_PATH];

	if (schema->type == CYAML_SEQUENCE) {
		vp_config_path(below, "%s[]", path);
		keys_of(schema->sequence.entry, below, key, arg);
		return;
	}
	if (schema->type != CYAML_MAPPING)
		return;
	for (f = schema->mapping.fields; f->key != NULL; f++) {
		vp_config_path_below(below, path, f->key);
		key(below, arg);
		keys_of(&f->value, below, key, arg);
	}
}

void vp_config_keys(void (*key)(const char *path, void *arg), void *arg)
{
	keys_of(&vp_config_schema, "", key, arg);
}
