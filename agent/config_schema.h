/*
 * config_schema.h - the config file's keys, and the structs libcyaml fills.
 *
 * Every leaf is a string, or NULL where the key was left out.
 */
#ifndef VP_AGENT_CONFIG_SCHEMA_H
#define VP_AGENT_CONFIG_SCHEMA_H

#include <cyaml/cyaml.h>

struct raw_workspace {
	char *name, *id, *notebook_fqdn, *expect;
	char **compute_instances, **online_endpoints, **serverless_models;
	char **addresses;
	unsigned compute_instances_count, online_endpoints_count;
	unsigned serverless_models_count, addresses_count;
};

struct raw_account {
	char *name, *hierarchical_namespace, *expect;
	char **services, **addresses;
	unsigned services_count, addresses_count;
};

struct raw_vault {
	char *name, *expect, *private_endpoint;
	char **addresses;
	unsigned addresses_count;
};

struct raw_registry {
	char *name, *expect;
	char **data_regions, **addresses;
	unsigned data_regions_count, addresses_count;
};

/* Whatever has a name and perhaps some services. */
struct raw_service {
	char *name, *expect;
	char **services, **addresses;
	unsigned services_count, addresses_count;
};

struct raw_monitor {
	char *expect;
	char **log_analytics, **ingestion, **addresses;
	unsigned log_analytics_count, ingestion_count, addresses_count;
};

struct raw_target {
	char *name, *port, *kind, *expect;
	char **addresses;
	unsigned addresses_count;
};

struct raw_allow {
	char *name, *prefix, *port, *process, *service_tag, *reason;
};

struct raw_compare {
	char *label, *address;
};

struct raw_server {
	char *address, *kind;
};

struct raw_egress {
	char *preset; /* egress.default */
	char *service_tags;
	struct raw_allow *allow;
	unsigned allow_count;
};

struct raw_config {
	char **known_issuers;
	unsigned known_issuers_count;
	char *cloud, *region, *scenario, *expect, *ca_file, *interface;
	char *identity_client_id;
	char *timeout, *deadline, *linger, *concurrency;
	char *rounds, *round_interval;
	char *azure_dns, *probe_required;
	char **vnet, **resolvers, **vnet_dns, **private_endpoints;
	unsigned vnet_count, resolvers_count, vnet_dns_count;
	unsigned private_endpoints_count;
	struct raw_compare *compare;
	struct raw_server *dns_servers;
	unsigned compare_count, dns_servers_count;
	struct raw_workspace *workspace, *hubs;
	struct raw_account *storage_accounts;
	struct raw_vault *key_vaults;
	struct raw_registry *registries;
	struct raw_service *aml_registries, *aks_clusters;
	struct raw_service *ai_services, *search_services;
	struct raw_monitor *monitor;
	struct raw_target *targets;
	unsigned storage_accounts_count, key_vaults_count, registries_count;
	unsigned hubs_count, aml_registries_count, aks_clusters_count;
	unsigned ai_services_count, search_services_count;
	unsigned targets_count;
	struct raw_egress *egress;
};

/* Of struct raw_config. */
extern const cyaml_schema_value_t vp_config_schema;

/* Calls key() with each key the schema knows, such as "egress.allow[].port". */
void vp_config_keys(void (*key)(const char *path, void *arg), void *arg);

#endif
