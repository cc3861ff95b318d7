/*
 * settings.h - what the user asked for: defaults, then the config file, then
 * flags. Filled by options.c and config.c, read by plan.c and run.c.
 *
 * Strings and arrays live in the arena given to those who fill it.
 */
#ifndef VP_AGENT_SETTINGS_H
#define VP_AGENT_SETTINGS_H

#include "vnetprobe/facts.h"

/* Read where neither -c nor a TARGET says what is meant. */
#define VP_DEFAULT_CONFIG "/etc/vnetprobe.yaml"

enum vp_command {
	VP_COMMAND_NONE,
	VP_COMMAND_CHECK,
	VP_COMMAND_JUDGE,
	VP_COMMAND_TARGETS,
	VP_COMMAND_EXPLAIN,
	VP_COMMAND_DNS,
	VP_COMMAND_ANALYZE,
	VP_COMMAND_DIFF,
	/* named in the contract, not built yet: refused with one sentence */
	VP_COMMAND_WATCH,
	VP_COMMAND_AGENT,
	VP_COMMAND_INIT,
};

/* A DNS server that the config tells us about: what it is. */
struct vp_dns_server {
	struct vp_addr addr;
	enum vp_server_kind kind;
};

/* --compare LABEL=IP[:PORT]: asked on purpose, to compare with. */
struct vp_compare {
	char *label;
	struct vp_endpoint endpoint;
};

/* Is 168.63.129.16 asked, if it is not this machine's own resolver? */
enum vp_azure_dns {
	VP_AZURE_DNS_AUTO, /* on an Azure VM */
	VP_AZURE_DNS_ALWAYS,
	VP_AZURE_DNS_NEVER,
};

/* Where a resource or target stands in the config, for messages of the plan:
 * path is its key path, which the plan calls its origin. */
struct vp_config_place {
	char *path;
	unsigned line, column; /* from 1 */
};

/* How senders are told. */
enum vp_attribution {
	VP_ATTRIBUTION_BPF, /* if it can be, else by sockets */
	VP_ATTRIBUTION_SOCKET,
	VP_ATTRIBUTION_OFF,
};

enum vp_color { VP_COLOR_AUTO, VP_COLOR_ALWAYS, VP_COLOR_NEVER };

struct vp_storage_account {
	char *name;      /* label, or a full name for AZ-DNS-zone accounts */
	char **services; /* blob, file, queue, table, dfs, web; none: blob, file
	                  */
	size_t n_services;
	bool hierarchical; /* has a hierarchical namespace: dfs as well */
	char *origin;      /* where it was found; NULL: it is the config's */
	bool has_expect;
	enum vp_expect expect;
	struct vp_addr *addresses; /* the private endpoint's, if known */
	size_t n_addresses;
};

struct vp_key_vault {
	char *name;
	char *origin;           /* as above */
	char *private_endpoint; /* its name or ARM id; NULL: not stated */
	bool has_expect;
	enum vp_expect expect;
	struct vp_addr *addresses;
	size_t n_addresses;
};

struct vp_registry {
	char *name;
	char **data_regions; /* none: the workspace's region */
	size_t n_data_regions;
	char *origin; /* as above */
	bool has_expect;
	enum vp_expect expect;
	struct vp_addr *addresses;
	size_t n_addresses;
};

/* An API server, an AI service, a search service, a registry of Azure ML. */
struct vp_named_service {
	char *name;
	char **services; /* of an AI service; none: cognitiveservices */
	size_t n_services;
	bool has_expect;
	enum vp_expect expect;
	struct vp_addr *addresses;
	size_t n_addresses;
};

/* What a private link scope of Azure Monitor is there for. */
struct vp_monitor {
	bool present;
	char **log_analytics; /* ids of Log Analytics workspaces */
	size_t n_log_analytics;
	char **ingestion; /* "eastus-8" */
	size_t n_ingestion;
	bool has_expect;
	enum vp_expect expect;
	struct vp_addr *addresses;
	size_t n_addresses;
};

struct vp_extra_target {
	char *text; /* name, name:port, https://name/ ; from config or argument
	             */
	char *origin;
	uint16_t port; /* 0: from text or kind */
	bool has_expect, has_kind;
	enum vp_expect expect;
	enum vp_kind kind;
	struct vp_addr *addresses;
	size_t n_addresses;
};

struct vp_workspace {
	bool present;
	char *origin; /* as above */
	char *name;
	char *id; /* workspaceId: a GUID */
	char *notebook_fqdn;
	char **compute_instances; /* names, or full names with a dot */
	size_t n_compute_instances;
	char **online_endpoints; /* names, or full names with a dot */
	size_t n_online_endpoints;
	char **serverless_models; /* names, or full names with a dot */
	size_t n_serverless_models;
	bool has_expect;
	enum vp_expect expect;
	struct vp_addr *addresses;
	size_t n_addresses;
};

struct vp_settings {
	struct vp_arena *arena;
	enum vp_command command;
	char **arguments; /* after options: TARGETs, a report, an id */
	size_t n_arguments;

	char *config;           /* path */
	bool json;              /* --format */
	bool metrics;           /* --format metrics */
	bool list;              /* --format list */
	char *output;           /* path; NULL: stdout */
	char *evidence;         /* path */
	unsigned evidence_size; /* bytes; 0: the file's default */
	bool evidence_ring;     /* keep the last packets, not the first */
	char *interface;        /* NULL: any */
	bool no_capture;
	bool probe_public;
	bool probe_required; /* the scenario's public names are targets */
	bool all;            /* diff: noise as well */
	enum vp_color color;
	int verbosity; /* -q: -1, -v: +1 each */
	bool help, version, completion;

	unsigned timeout_ms;  /* default 5000: an attempt at TCP, TLS, HTTP */
	unsigned deadline_ms; /* default 120000: the whole run */
	bool deadline_stated; /* else it grows with what there is to ask */
	unsigned linger_ms;   /* default 300 */
	unsigned for_ms;      /* watch; 0: until a signal */
	enum vp_attribution attribution;
	unsigned concurrency;    /* default 32 */
	unsigned capture_buffer; /* bytes; 0: the capture's default */
	char *ca_file;
	char **known_issuers; /* common names; a final "*" takes the rest */
	size_t n_known_issuers;
	const char *resolv_conf; /* NULL: /etc/resolv.conf; for tests */

	char *cloud;    /* public, usgovernment, china; default public */
	bool has_cloud; /* it was stated */
	char *region;
	char *scenario;    /* default "secured" */
	bool has_scenario; /* a flag said it */
	bool has_expect;
	enum vp_expect expect; /* --expect: for all targets */
	struct vp_prefix *vnet;
	size_t n_vnet;
	struct vp_addr *local; /* of the machine that captured, analyze */
	size_t n_local;
	bool trust_notes; /* what the file says of that machine, analyze */
	struct vp_endpoint *resolvers; /* none: this machine's */
	size_t n_resolvers;

	struct vp_workspace workspace;
	struct vp_storage_account *storage_accounts;
	size_t n_storage_accounts;
	struct vp_key_vault *key_vaults;
	size_t n_key_vaults;
	struct vp_registry *registries;
	size_t n_registries;
	struct vp_workspace *hubs;
	size_t n_hubs;
	struct vp_named_service *aml_registries;
	size_t n_aml_registries;
	struct vp_named_service *aks_clusters;
	size_t n_aks_clusters;
	struct vp_named_service *ai_services;
	size_t n_ai_services;
	struct vp_named_service *search_services;
	size_t n_search_services;
	struct vp_monitor monitor;
	struct vp_extra_target *targets;
	size_t n_targets;
	struct vp_allow_rule *allow;
	size_t n_allow;
	bool egress_report_only;
	char *service_tags; /* path of ServiceTags_*.json; NULL: none */
	bool learn;         /* propose an allow list */

	unsigned rounds;            /* 0: check 1, dns 3 */
	unsigned round_interval_ms; /* 0: 4000, from one round's start to the
	                             * next one's */
	enum vp_azure_dns azure_dns;
	struct vp_compare *compare;
	size_t n_compare;
	struct vp_dns_server *dns_servers; /* kinds of servers */
	size_t n_dns_servers;
	struct vp_addr *vnet_dns; /* the VNet's own setting, if known */
	size_t n_vnet_dns;
	char **endpoint_files; /* JSON of az: endpoint_file.h */
	size_t n_endpoint_files;
	bool trace; /* dns --trace */
	char *emit; /* dns --emit: a word of forwarder.h; NULL: probe */
	struct vp_addr upstream; /* --upstream: where the emitted configuration
	                          * forwards to; none: 168.63.129.16 */
	char *config_name; /* as messages call the config; NULL: none read */
	struct vp_config_place *places;
	size_t n_places;
	bool discover;            /* ask the machine's metadata and ARM */
	bool no_discover;         /* look nowhere by itself */
	char *arm_workspace;      /* --workspace: its name or ARM id */
	char *identity_client_id; /* of a user-assigned identity; NULL */
	char **from_files;        /* --from: JSON that az printed */
	size_t n_from_files;
	bool ask, force; /* init */
	/* Names and addresses found out, for the plan; NULL: none. */
	const struct vp_discovery *found;
	/* Roots for tests: NULL is the system's own. */
	const char *hosts_file, *nsswitch_file, *dmi_file;
};

/*
 * Reads the command line, and the config file that -c names (flags win; --vnet
 * and --resolver replace the config's lists, TARGETs of check and targets are
 * appended to its targets with the origin "argument"). Only s->arena is taken
 * from *s. Returns 0, or 2 (the exit status) after one sentence on stderr. With
 * s->help, s->version or s->completion set, nothing else was looked at.
 */
int vp_options_read(struct vp_settings *s, int argc, char **argv);
/* The text of --help (of one command, or VP_COMMAND_NONE: all), from the
 * option table. */
void vp_options_help(enum vp_command command, void *stream /* FILE */);

/*
 * Reads a YAML config into settings that flags did not set. Returns 0, or
 * -EINVAL with a sentence in why that names file, line, column, key and what
 * was expected.
 */
int vp_config_read(struct vp_settings *s, const char *path, char *why,
                   size_t size);

#endif
