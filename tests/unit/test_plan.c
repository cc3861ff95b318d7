/* Settings to targets: names, expectations with reasons, merging, resolvers. */
#include "plan.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "config.h"

#define GUID "01234567-89ab-cdef-0123-456789abcdef"

struct made {
	struct vp_settings s;
	struct vp_facts *facts;
	char why[1024];
	int status;
};

/* Plans a config; resolver 10.0.0.4 unless the text has some. */
static void make(struct made *m, const char *yaml)
{
	static struct vp_endpoint resolver = { { 4, { 10, 0, 0, 4 } }, 53 };

	*m = (struct made){ .facts = vp_facts_create() };
	m->s.arena = vp_arena_create();
	m->s.cloud = vp_arena_strdup(m->s.arena, "public");
	m->s.scenario = vp_arena_strdup(m->s.arena, "secured");
	if (vp_config_parse(&m->s, "t.yaml", (const unsigned char *)yaml,
	                    strlen(yaml), m->why, sizeof(m->why)) != 0)
		fail_msg("%s", m->why);
	if (m->s.n_resolvers == 0 && m->s.resolv_conf == NULL) {
		m->s.resolvers = &resolver;
		m->s.n_resolvers = 1;
	}
	m->status = vp_plan_make(m->facts, &m->s, m->why, sizeof(m->why));
}

static void done(struct made *m)
{
	vp_facts_destroy(m->facts);
	vp_arena_destroy(m->s.arena);
}

static const struct vp_target *target(const struct made *m, const char *name,
                                      uint16_t port)
{
	for (size_t i = 0; i < m->facts->n_targets; i++) {
		const struct vp_target *t = &m->facts->targets[i];

		if (t->port == port && strcmp(t->name->name, name) == 0)
			return t;
	}
	fail_msg("no target %s:%u", name, port);
	return NULL;
}

static const char lab[] =
	"region: eastus\n"
	"vnet: [10.20.0.0/16]\n"
	"workspace: {name: mlw-lab, id: " GUID ", addresses: [10.20.2.4],\n"
	"  compute_instances: [ci-one, ci.westus.instances.ml.azure.ms],\n"
	"  online_endpoints: [score]}\n"
	"storage_accounts: [{name: stlab, services: [blob, file]}]\n"
	"key_vaults: [{name: KV-Lab}]\n"
	"registries: [{name: crlab}]\n";

static void test_lab(void **state)
{
	static const struct {
		const char *name;
		uint16_t port;
		enum vp_kind kind;
		const char *origin;
	} want[] = {
		{ GUID ".workspace.eastus.api.azureml.ms", 443,
		  VP_KIND_WORKSPACE, "workspace" },
		{ GUID ".workspace.eastus.cert.api.azureml.ms", 443,
		  VP_KIND_WORKSPACE_CERT, "workspace" },
		{ "ml-mlw-lab-eastus-" GUID ".eastus.notebooks.azure.net", 443,
		  VP_KIND_NOTEBOOK, "workspace (notebook name derived)" },
		{ "ci-one.eastus.instances.azureml.ms", 443,
		  VP_KIND_COMPUTE_INSTANCE, "workspace.compute_instances[0]" },
		{ "ci-one.eastus.instances.ml.azure.ms", 443,
		  VP_KIND_COMPUTE_INSTANCE, "workspace.compute_instances[0]" },
		{ "ci.westus.instances.ml.azure.ms", 443,
		  VP_KIND_COMPUTE_INSTANCE, "workspace.compute_instances[1]" },
		{ "score.eastus.inference.ml.azure.com", 443,
		  VP_KIND_ONLINE_ENDPOINT, "workspace.online_endpoints[0]" },
		{ "stlab.blob.core.windows.net", 443, VP_KIND_BLOB,
		  "storage_accounts[0]" },
		{ "stlab.file.core.windows.net", 443, VP_KIND_FILE,
		  "storage_accounts[0]" },
		{ "stlab.file.core.windows.net", 445, VP_KIND_FILE,
		  "storage_accounts[0]" },
		{ "kv-lab.vault.azure.net", 443, VP_KIND_VAULT,
		  "key_vaults[0]" },
		{ "crlab.azurecr.io", 443, VP_KIND_REGISTRY, "registries[0]" },
		{ "crlab.eastus.data.azurecr.io", 443, VP_KIND_REGISTRY_DATA,
		  "registries[0]" },
	};
	struct made m;

	(void)state;
	make(&m, lab);
	if (m.status != 0)
		fail_msg("%s", m.why);
	assert_string_equal(m.why, "");
	assert_int_equal(m.facts->n_targets, sizeof(want) / sizeof(*want));
	assert_int_equal(m.facts->n_names, sizeof(want) / sizeof(*want) - 1);
	for (size_t i = 0; i < sizeof(want) / sizeof(*want); i++) {
		const struct vp_target *t =
			target(&m, want[i].name, want[i].port);

		assert_ptr_equal(t, &m.facts->targets[i]); /* in this order */
		assert_int_equal(t->kind, want[i].kind);
		assert_string_equal(t->origin, want[i].origin);
		assert_int_equal(t->expect, VP_EXPECT_PRIVATE);
		assert_int_equal(t->tls, want[i].port == 443);
		assert_int_equal(t->http_path != NULL, want[i].port == 443);
		assert_int_equal(t->n_expected, i < 7 ? 1 : 0);
		assert_non_null(t->why);
	}
	assert_string_equal(target(&m, "kv-lab.vault.azure.net", 443)->zone,
	                    "privatelink.vaultcore.azure.net");
	assert_string_equal(target(&m, "crlab.azurecr.io", 443)->why,
	                    "secured: a registry with a private endpoint "
	                    "answers at a private address (A3, A5)");
	assert_string_equal(m.facts->scenario, "secured");
	assert_string_equal(m.facts->region, "eastus");
	assert_int_equal(m.facts->policy.n_vnet, 1);
	done(&m);
}

/* One target, and what is expected of it. */
static const struct {
	const char *yaml, *name;
	uint16_t port;
	enum vp_expect expect;
	const char *why; /* starts like this */
} expectations[] = {
	{ "scenario: service-endpoints\nkey_vaults: [{name: kv}]\n",
	  "kv.vault.azure.net", 443, VP_EXPECT_SERVICE_ENDPOINT,
	  "service-endpoints: a key vault behind a service endpoint keeps" },
	{ "scenario: no-vnet\nkey_vaults: [{name: kv}]\n", "kv.vault.azure.net",
	  443, VP_EXPECT_PUBLIC, "no-vnet: a key vault without" },
	{ "expect: any\nkey_vaults: [{name: kv}]\n", "kv.vault.azure.net", 443,
	  VP_EXPECT_ANY, "stated for all targets" },
	{ "expect: any\nkey_vaults: [{name: kv, expect: private}]\n",
	  "kv.vault.azure.net", 443, VP_EXPECT_PRIVATE,
	  "stated for it in key_vaults[0]" },
	{ "cloud: china\nkey_vaults: [{name: kv}]\n", "kv.vault.azure.cn", 443,
	  VP_EXPECT_PRIVATE, "secured: a key vault" },
	{ "targets: [{name: login.microsoftonline.com}]\n",
	  "login.microsoftonline.com", 443, VP_EXPECT_PUBLIC, "sign-in" },
	{ "targets: [{name: login.microsoftonline.com, expect: private}]\n",
	  "login.microsoftonline.com", 443, VP_EXPECT_PRIVATE,
	  "stated for it in targets[0]" },
	{ "targets: [{name: management.azure.com}]\n", "management.azure.com",
	  443, VP_EXPECT_ANY, "Resource Manager" },
	{ "targets: [{name: eastus.api.azureml.ms}]\n", "eastus.api.azureml.ms",
	  443, VP_EXPECT_ANY, "public by design: Azure ML control plane" },
	{ "targets: [{name: \"a.example:22\"}]\n", "a.example", 22,
	  VP_EXPECT_PRIVATE, "secured: a resource" },
	{ "targets: [{name: \"HTTPS://A.Example:9000/\"}]\n", "a.example", 9000,
	  VP_EXPECT_PRIVATE, "secured: a resource" },
	{ "targets: [{name: a.example., port: 8443}]\n", "a.example", 8443,
	  VP_EXPECT_PRIVATE, "secured: a resource" },
	/* merged: the stated expectation wins, wherever it stands */
	{ "key_vaults: [{name: kv}]\n"
	  "targets: [{name: kv.vault.azure.net, expect: public}]\n",
	  "kv.vault.azure.net", 443, VP_EXPECT_PUBLIC,
	  "stated for it in targets[0]" },
	{ "key_vaults: [{name: kv, expect: public}]\n"
	  "targets: [{name: kv.vault.azure.net}]\n",
	  "kv.vault.azure.net", 443, VP_EXPECT_PUBLIC,
	  "stated for it in key_vaults[0]" },
	/* accounts with an Azure DNS zone */
	{ "storage_accounts: [{name: sta.z12.blob.storage.azure.net}]\n",
	  "sta.z12.blob.storage.azure.net", 443, VP_EXPECT_PRIVATE,
	  "secured: a storage account" },
	{ "storage_accounts: [{name: sta.z12.blob.storage.azure.net, "
	  "services: [dfs]}]\n",
	  "sta.z12.dfs.storage.azure.net", 443, VP_EXPECT_PRIVATE,
	  "secured: a storage account" },
	{ "cloud: usgovernment\nstorage_accounts: [{name: sta, services: "
	  "[table]}]\n",
	  "sta.table.core.usgovcloudapi.net", 443, VP_EXPECT_PRIVATE,
	  "secured: a storage account" },
	/* the second region of an account is a service of its own group */
	{ "storage_accounts: [{name: sta-secondary.blob.core.windows.net}]\n",
	  "sta-secondary.blob.core.windows.net", 443, VP_EXPECT_PRIVATE,
	  "secured: a storage account" },
	{ "scenario: aks\naks_clusters: [{name: c-1.hcp.eastus.azmk8s.io}]\n",
	  "c-1.hcp.eastus.azmk8s.io", 443, VP_EXPECT_PUBLIC,
	  "the API server of a cluster that is not private" },
	{ "scenario: aks\naks_clusters: [{name: c-1.hcp.eastus.azmk8s.io, "
	  "expect: private}]\n",
	  "c-1.hcp.eastus.azmk8s.io", 443, VP_EXPECT_PRIVATE,
	  "stated for it in aks_clusters[0]" },
	{ "scenario: aks-private\n"
	  "aks_clusters: [{name: c-1.privatelink.eastus.azmk8s.io}]\n",
	  "c-1.privatelink.eastus.azmk8s.io", 443, VP_EXPECT_PRIVATE,
	  "aks-private: a cluster's API server with a private endpoint" },
	{ "scenario: registry\naml_registries: [{name: " GUID
	  ".registry.eastus.privatelink.api.azureml.ms}]\n",
	  GUID ".registry.eastus.privatelink.api.azureml.ms", 443,
	  VP_EXPECT_PRIVATE, "registry: an Azure ML registry with" },
	{ "search_services: [{name: srch}]\n", "srch.search.windows.net", 443,
	  VP_EXPECT_PRIVATE, "secured: a search service" },
	{ "cloud: usgovernment\nsearch_services: [{name: srch}]\n",
	  "srch.search.windows.us", 443, VP_EXPECT_PRIVATE,
	  "secured: a search service" },
	{ "ai_services: [{name: ai}]\n", "ai.cognitiveservices.azure.com", 443,
	  VP_EXPECT_PRIVATE, "secured: an AI service" },
	{ "ai_services: [{name: ai, services: [openai]}]\n",
	  "ai.openai.azure.com", 443, VP_EXPECT_PRIVATE,
	  "secured: an AI service" },
	/* whoever lists it has a private link scope */
	{ "targets: [{name: w.ods.opinsights.azure.com}]\n",
	  "w.ods.opinsights.azure.com", 443, VP_EXPECT_ANY, "Azure Monitor" },
	/* a public registry has no data endpoints to foretell */
	{ "scenario: no-vnet\nregistries: [{name: cr}]\n", "cr.azurecr.io", 443,
	  VP_EXPECT_PUBLIC, "no-vnet: a registry" },
};

static void test_expectations(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(expectations) / sizeof(*expectations);
	     i++) {
		const struct vp_target *t;
		struct made m;

		make(&m, expectations[i].yaml);
		if (m.status != 0)
			fail_msg("%s: %s", expectations[i].yaml, m.why);
		assert_int_equal(m.facts->n_targets, 1);
		t = target(&m, expectations[i].name, expectations[i].port);
		if (t->expect != expectations[i].expect ||
		    strncmp(t->why, expectations[i].why,
		            strlen(expectations[i].why)) != 0)
			fail_msg("%s: %s: %s", expectations[i].yaml,
			         vp_expect_name(t->expect), t->why);
		assert_int_equal(t->tls, t->port != 22);
		done(&m);
	}
}

static const struct {
	const char *yaml, *why;
} refusals[] = {
	{ "cloud: public\n", "no target: " },
	{ "workspace: {name: a, id: " GUID "}\n",
	  "t.yaml:1:12: workspace: its names have "
	  "the region in them" },
	{ "region: eastus\nworkspace: {id: " GUID "}\n",
	  "t.yaml:2:12: workspace: give notebook_fqdn" },
	{ "registries: [{name: cr}]\n",
	  "t.yaml:1:21: registries[0]: its data endpoint" },
	{ "key_vaults: [{name: kv_?}]\n",
	  "t.yaml:1:21: key_vaults[0]: 'kv_?.vault.azure"
	  ".net' is not a host name: " },
	{ "key_vaults: [{name: bücher}]\n",
	  "t.yaml:1:21: key_vaults[0]: 'b??cher.vault.azure.net' is not a host "
	  "name: write "
	  "the name in its A-label (xn--) form" },
	{ "targets: [{name: a..example}]\n",
	  "t.yaml:1:18: targets[0]: 'a..example' is not a host name" },
	{ "targets: [{name: "
	  "a234567890123456789012345678901234567890123456789012345678901234"
	  ".example}]\n",
	  "t.yaml:1:18: targets[0]: 'a234567890" },
	{ "targets: [{name: 10.0.0.4}]\n",
	  "t.yaml:1:18: targets[0]: '10.0.0.4': a target is a name" },
	{ "targets: [{name: \"10.0.0.4:443\"}]\n",
	  "t.yaml:1:18: targets[0]: '10.0.0.4:443': a target is a name" },
	{ "targets: [{name: \"fd00::4\"}]\n",
	  "t.yaml:1:18: targets[0]: 'fd00::4': a target is a name" },
	{ "targets: [{name: \"https://[fd00::4]:443/\"}]\n",
	  "t.yaml:1:18: targets[0]: 'https://[fd00::4]:443/': a target is a "
	  "name" },
	{ "targets: [{name: \"http://a.example/\"}]\n",
	  "t.yaml:1:18: targets[0]: 'http://a.example/': without TLS" },
	{ "targets: [{name: \"ftp://a.example/\"}]\n",
	  "t.yaml:1:18: targets[0]: 'ftp://a.example/': write NAME" },
	{ "targets: [{name: \"https://a.example/x\"}]\n",
	  "t.yaml:1:18: targets[0]: 'https://a.example/x': a target is a "
	  "host" },
	{ "targets: [{name: a.example/}]\n",
	  "t.yaml:1:18: targets[0]: 'a.example/': a target is a host" },
	{ "targets: [{name: \"https://u:p@a.example/\"}]\n",
	  "t.yaml:1:18: targets[0]: 'https://u:p@a.example/': credentials" },
	{ "targets: [{name: \"a.example:\"}]\n",
	  "t.yaml:1:18: targets[0]: 'a.example:': the port" },
	{ "targets: [{name: \"a.example:0\"}]\n",
	  "t.yaml:1:18: targets[0]: 'a.example:0': the port" },
	{ "targets: [{name: \"a.example:65536\"}]\n",
	  "t.yaml:1:18: targets[0]: 'a.example:65536': the port" },
	{ "targets: [{name: \"a.example:80\", port: 81}]\n",
	  "t.yaml:1:18: targets[0]: 'a.example:80': the name and 'port' say "
	  "two ports" },
	{ "storage_accounts: [{name: sta.vault.azure.net}]\n",
	  "t.yaml:1:27: storage_accounts[0]: the name is neither" },
	{ "targets: [{name: a.example, expect: public},"
	  " {name: a.example, expect: private}]\n",
	  "t.yaml:1:53: targets[1]: a.example:443: targets[0] says 'public' "
	  "and targets[1] says 'private'" },
	{ "region: eastus\nworkspace:\n  id: " GUID "\n  notebook_fqdn: a.b\n"
	  "  compute_instances:\n    - ok\n    - a_b..c\n",
	  "t.yaml:7:7: workspace.compute_instances[1]: 'a_b..c' is not a "
	  "host" },
	{ "region: eastus\nworkspace:\n  id: " GUID "\n"
	  "  notebook_fqdn: a..b\n",
	  "t.yaml:4:18: workspace.notebook_fqdn: 'a..b' is not a host name" },
	{ "region: eastus\nworkspace: {name: a b, id: " GUID "}\n",
	  "t.yaml:2:12: workspace (notebook name derived): 'ml-a b-eastus" },
	{ "aks_clusters:\n  - name: lab\n",
	  "t.yaml:2:11: aks_clusters[0]: give the whole name: az aks show" },
	{ "aml_registries: [{name: lab}]\n",
	  "t.yaml:1:25: aml_registries[0]: give the whole name: "
	  "registryFqdns" },
	{ "ai_services: [{name: ai, services: [openai, speech]}]\n",
	  "t.yaml:1:45: ai_services[0].services[1]: 'speech' is not one of" },
	{ "cloud: china\nai_services: [{name: ai, services: [openai]}]\n",
	  "t.yaml:2:37: ai_services[0].services[0]: 'openai' is not known in "
	  "the cloud china" },
	{ "region: eastus\nhubs: [{id: " GUID "}]\n",
	  "t.yaml:2:8: hubs[0]: give notebook_fqdn" },
	{ "hubs: [{id: " GUID ", name: h}]\n",
	  "t.yaml:1:8: hubs[0]: its names have the region in them" },
	{ "cloud: china\nregion: chinaeast2\nworkspace: {id: " GUID
	  ", name: w, serverless_models: [phi]}\n",
	  "t.yaml:3:84: workspace.serverless_models[0]: no suffix of these" },
	{ "cloud: china\nmonitor: {ingestion: [chinaeast2-0]}\n",
	  "t.yaml:2:23: monitor.ingestion[0]: 'in' is not known in the cloud "
	  "china" },
	{ "key_vaults: [{name: 10.0.0.4}]\n",
	  "t.yaml:1:21: key_vaults[0]: '10.0.0.4' is an address" },
	{ "targets: [{name: 10.4}]\n",
	  "t.yaml:1:18: targets[0]: '10.4' is an address, not a name" },
	{ "targets:\n  - port: 80\n    name: 10.0.0.4\n",
	  "t.yaml:3:11: targets[0]: '10.0.0.4': a target is a name" },
};

static void test_refusals(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(*refusals); i++) {
		struct made m;

		make(&m, refusals[i].yaml);
		if (m.status != 2 || strncmp(m.why, refusals[i].why,
		                             strlen(refusals[i].why)) != 0)
			fail_msg("%s\nsays: %d %s\nwant: %s", refusals[i].yaml,
			         m.status, m.why, refusals[i].why);
		done(&m);
	}
}

/* What the command line names stands in no file, also with a config. */
/* A label is no name: at the command line it is said, with what is meant. */
static void test_label(void **state)
{
	static const struct {
		const char *text, *origin, *want; /* NULL: taken */
	} rows[] = {
		{ "stlab", "argument",
		  "'stlab' is no full name; did you mean "
		  "stlab.blob.core.windows.net?" },
		{ "stlab:445", "argument",
		  "'stlab' is no full name; did you mean "
		  "stlab.blob.core.windows.net?" },
		{ "localhost.", "argument", NULL },
		{ "stlab.blob.core.windows.net", "argument", NULL },
		{ "stlab", "targets[0]", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct vp_extra_target *t;
		struct made m;
		int rc;

		make(&m, "targets: [{name: a.example}]\n");
		t = VP_PUSH(m.s.arena, m.s.targets, m.s.n_targets);
		t->text = vp_arena_strdup(m.s.arena, rows[i].text);
		t->origin = vp_arena_strdup(m.s.arena, rows[i].origin);
		rc = vp_plan_make(m.facts, &m.s, m.why, sizeof(m.why));
		assert_int_equal(rc, rows[i].want != NULL ? 2 : 0);
		if (rows[i].want != NULL)
			assert_string_equal(m.why, rows[i].want);
		done(&m);
	}
}

/* Names that an account may have: 3 to 24 letters and digits. */
static void test_account_names(void **state)
{
	static const struct {
		const char *name;
		bool ok;
	} rows[] = {
		{ "abc", true },
		{ "ab", false },
		{ "abcdefghijklmnopqrstuvw4", true },
		{ "abcdefghijklmnopqrstuvwx5", false },
		{ "st-lab", false },
		{ "st_lab", false },
		{ "abc-secondary", true },
		{ "abc-secondaryx", false },
		{ "ab.z1.blob.storage.azure.net", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct made m;
		int rc;

		make(&m, "targets: [{name: a.example}]\n");
		VP_PUSH(m.s.arena, m.s.storage_accounts, m.s.n_storage_accounts)
			->name = vp_arena_strdup(m.s.arena, rows[i].name);
		rc = vp_plan_make(m.facts, &m.s, m.why, sizeof(m.why));
		if ((rc == 0) != rows[i].ok)
			fail_msg("%s: %s", rows[i].name, m.why);
		done(&m);
	}
}

static void test_refused_argument(void **state)
{
	struct vp_extra_target *t;
	struct made m;

	(void)state;
	make(&m, "targets: [{name: a.example}]\n");
	t = VP_PUSH(m.s.arena, m.s.targets, m.s.n_targets);
	t->text = vp_arena_strdup(m.s.arena, "10.0.0.4");
	t->origin = vp_arena_strdup(m.s.arena, "argument");
	assert_int_equal(vp_plan_make(m.facts, &m.s, m.why, sizeof(m.why)), 2);
	assert_int_equal(strncmp(m.why, "argument: '10.0.0.4': a target", 30),
	                 0);
	done(&m);
}

/* NAME is cut so that the label has 63 bytes; 16 are left for eastus. */
static void test_notebook(void **state)
{
	struct made m;

	(void)state;
	make(&m, "region: eastus\nworkspace: {name: "
	         "abcdefghijklmnopqrstuvwxyz, id: " GUID "}\n");
	assert_int_equal(m.status, 0);
	target(&m,
	       "ml-abcdefghijklmnop-eastus-" GUID ".eastus.notebooks.azure.net",
	       443);
	done(&m);
	make(&m, "region: eastus\nworkspace: {id: " GUID ", notebook_fqdn: "
	         "ml-x-" GUID ".notebooks.azure.net}\n");
	assert_int_equal(m.status, 0);
	assert_string_equal(
		target(&m, "ml-x-" GUID ".notebooks.azure.net", 443)->origin,
		"workspace.notebook_fqdn");
	done(&m);
}

static void test_merge(void **state)
{
	const struct vp_target *t;
	struct made m;

	(void)state;
	make(&m, "targets:\n"
	         "  - {name: a.example, addresses: [10.0.0.1, 10.0.0.2]}\n"
	         "  - {name: A.EXAMPLE, addresses: [10.0.0.2, 10.0.0.3]}\n"
	         "  - {name: a.example, port: 8080}\n"
	         "  - {name: \"https://a.example:8080/\"}\n");
	assert_int_equal(m.status, 0);
	assert_int_equal(m.facts->n_names, 1);
	assert_int_equal(m.facts->n_targets, 2);
	t = target(&m, "a.example", 443);
	assert_int_equal(t->n_expected, 3);
	assert_string_equal(t->origin, "targets[0]");
	t = target(&m, "a.example", 8080);
	assert_true(t->tls);
	assert_non_null(t->http_path);
	assert_ptr_equal(t->name, m.facts->names[0]);
	done(&m);
}

/* Each of several names: kind, expectation, and what it is called by. */
static void test_services(void **state)
{
	static const struct {
		const char *name;
		enum vp_kind kind;
		const char *origin;
	} want[] = {
		{ GUID ".workspace.eastus.api.azureml.ms", VP_KIND_WORKSPACE,
		  "hubs[0]" },
		{ GUID ".workspace.eastus.cert.api.azureml.ms",
		  VP_KIND_WORKSPACE_CERT, "hubs[0]" },
		{ "ml-h-eastus-" GUID ".eastus.notebooks.azure.net",
		  VP_KIND_NOTEBOOK, "hubs[0] (notebook name derived)" },
		{ "phi.eastus.models.ai.azure.com", VP_KIND_SERVERLESS_MODEL,
		  "hubs[0].serverless_models[0]" },
		{ "sta.blob.core.windows.net", VP_KIND_BLOB,
		  "storage_accounts[0]" },
		{ "sta.file.core.windows.net", VP_KIND_FILE,
		  "storage_accounts[0]" },
		{ "sta.dfs.core.windows.net", VP_KIND_DFS,
		  "storage_accounts[0]" },
		{ "ai.cognitiveservices.azure.com", VP_KIND_AI_SERVICES,
		  "ai_services[0].services[0]" },
		{ "ai.services.ai.azure.com", VP_KIND_AI_SERVICES,
		  "ai_services[0].services[1]" },
		{ "dc.services.visualstudio.com", VP_KIND_MONITOR, "monitor" },
		{ GUID ".oms.opinsights.azure.com", VP_KIND_MONITOR,
		  "monitor.log_analytics[0]" },
		{ GUID ".ods.opinsights.azure.com", VP_KIND_MONITOR,
		  "monitor.log_analytics[0]" },
		{ "eastus-8.in.applicationinsights.azure.com", VP_KIND_MONITOR,
		  "monitor.ingestion[0]" },
	};
	struct made m;

	(void)state;
	make(&m,
	     "region: eastus\n"
	     "hubs: [{name: h, id: " GUID ", serverless_models: [phi]}]\n"
	     "storage_accounts: [{name: sta, hierarchical_namespace: "
	     "true}]\n"
	     "ai_services: [{name: ai, services: [cognitiveservices, "
	     "services.ai]}]\n"
	     "monitor: {log_analytics: [" GUID "], ingestion: [eastus-8]}\n");
	if (m.status != 0)
		fail_msg("%s", m.why);
	for (size_t i = 0; i < sizeof(want) / sizeof(*want); i++) {
		const struct vp_target *t = target(&m, want[i].name, 443);

		assert_int_equal(t->kind, want[i].kind);
		assert_string_equal(t->origin, want[i].origin);
		assert_int_equal(t->expect, VP_EXPECT_PRIVATE);
	}
	/* two more shared names of Azure Monitor, and SMB */
	assert_int_equal(m.facts->n_targets, sizeof(want) / sizeof(*want) + 3);
	done(&m);
}

static void test_aks(void **state)
{
	struct made m;

	(void)state;
	make(&m, "targets: [{name: c-1.privatelink.eastus.azmk8s.io}]\n");
	assert_int_equal(m.status, 0);
	assert_string_equal(m.facts->targets[0].zone,
	                    "privatelink.eastus.azmk8s.io");
	done(&m);
}

static void write_conf(char *path, const char *text)
{
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

/* Plans one target with this resolv.conf. */
static void make_with(struct made *m, const char *conf)
{
	char path[] = "/tmp/vp_plan_XXXXXX";
	static const char yaml[] = "targets: [{name: a.example}]\n";

	*m = (struct made){ .facts = vp_facts_create() };
	m->s.arena = vp_arena_create();
	m->s.cloud = vp_arena_strdup(m->s.arena, "public");
	m->s.scenario = vp_arena_strdup(m->s.arena, "secured");
	assert_int_equal(vp_config_parse(&m->s, "t", (const void *)yaml,
	                                 strlen(yaml), m->why, sizeof(m->why)),
	                 0);
	write_conf(path, conf != NULL ? conf : "");
	if (conf == NULL)
		assert_int_equal(unlink(path), 0);
	m->s.resolv_conf = path;
	m->status = vp_plan_make(m->facts, &m->s, m->why, sizeof(m->why));
	if (conf != NULL)
		assert_int_equal(unlink(path), 0);
}

static void test_resolvers(void **state)
{
	struct made m;

	(void)state;
	make(&m, "resolvers: [10.0.0.5, \"10.0.0.5:53\", \"[fd00::5]:5353\"]\n"
	         "targets: [{name: a.example}]\n");
	assert_int_equal(m.facts->n_resolvers, 3);
	assert_int_equal(m.facts->resolvers[1].endpoint.port, 5353);
	assert_int_equal(m.facts->resolvers[1].source, VP_RESOLVER_OPTION);
	assert_int_equal(m.facts->resolvers[2].source, VP_RESOLVER_NSS);
	done(&m);
	make_with(&m, "search x.example\nnameserver 10.0.0.4\n"
	              "nameserver 168.63.129.16\n");
	assert_int_equal(m.status, 0);
	assert_int_equal(m.facts->n_resolvers, 3);
	assert_int_equal(m.facts->resolvers[2].source, VP_RESOLVER_NSS);
	done(&m);
	make_with(&m, "search x.example\n");
	assert_int_equal(m.status, 2);
	assert_non_null(strstr(m.why, "no nameserver that can be asked"));
	done(&m);
	make_with(&m, NULL);
	assert_int_equal(m.status, 2);
	assert_int_equal(strncmp(m.why, "no resolver: ", 13), 0);
	assert_non_null(strstr(m.why, "No such file"));
	done(&m);
}

/* 40,000 within a second of processor time: a search from the start for each
 * would take several. */
static void test_large(void **state)
{
	struct timespec t0, t1;
	struct made m;

	(void)state;
	make(&m, "targets: [{name: a.example}]\n");
	vp_facts_destroy(m.facts);
	m.facts = vp_facts_create();
	for (int i = 1; i < 40000; i++) {
		struct vp_extra_target *t =
			VP_PUSH(m.s.arena, m.s.targets, m.s.n_targets);

		t->text = vp_arena_printf(m.s.arena,
		                          "st%d.blob.core.windows.net", i);
		t->origin = vp_arena_strdup(m.s.arena, "test");
	}
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t0);
	assert_int_equal(vp_plan_make(m.facts, &m.s, m.why, sizeof(m.why)), 0);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t1);
	assert_int_equal(m.facts->n_targets, 40000);
	assert_int_equal(m.facts->n_names, 40000);
	assert_true((double)(t1.tv_sec - t0.tv_sec) +
	                    (double)(t1.tv_nsec - t0.tv_nsec) / 1e9 <
	            1.0);
	done(&m);
}

static char *print(struct made *m, bool json)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	m->s.json = json;
	assert_int_equal(vp_plan_print(m->facts, &m->s, f), 0);
	fclose(f);
	return text;
}

/* A bare name has each suffix of its cloud, a whole one its own. */
static void test_instances(void **state)
{
	static const struct {
		const char *cloud, *region, *ms, *azure;
	} clouds[] = {
		{ "public", "eastus", "azureml.ms", "ml.azure.ms" },
		{ "usgovernment", "usgovvirginia", "azureml.us",
		  "ml.azure.us" },
		{ "china", "chinaeast2", "azureml.cn", "ml.azure.ms" },
	};
	struct made m;
	char yaml[512], name[128];

	(void)state;
	for (size_t i = 0; i < sizeof(clouds) / sizeof(*clouds); i++) {
		const struct vp_target *a, *b;

		snprintf(yaml, sizeof(yaml),
		         "cloud: %s\nregion: %s\nworkspace: {name: w, id: " GUID
		         ", compute_instances: [ci-22]}\n",
		         clouds[i].cloud, clouds[i].region);
		make(&m, yaml);
		if (m.status != 0)
			fail_msg("%s", m.why);
		assert_int_equal(m.facts->n_targets, 5);
		snprintf(name, sizeof(name), "ci-22.%s.instances.%s",
		         clouds[i].region, clouds[i].ms);
		a = target(&m, name, 443);
		snprintf(name, sizeof(name), "ci-22.%s.instances.%s",
		         clouds[i].region, clouds[i].azure);
		b = target(&m, name, 443);
		assert_int_equal(a->kind, VP_KIND_COMPUTE_INSTANCE);
		assert_int_equal(b->kind, VP_KIND_COMPUTE_INSTANCE);
		snprintf(name, sizeof(name), "ci-22.%s", clouds[i].region);
		assert_string_equal(a->alternative_of, name);
		assert_string_equal(b->alternative_of, name);
		assert_null(m.facts->targets[0].alternative_of);
		done(&m);
	}
	/* whole names, before and after the bare one: they have to exist */
	make(&m, "region: eastus\nworkspace: {name: w, id: " GUID ",\n"
	         "  compute_instances: [ci.eastus.instances.ml.azure.ms, ci,\n"
	         "    ci-two, ci-two.eastus.instances.azureml.ms]}\n");
	assert_null(target(&m, "ci.eastus.instances.ml.azure.ms", 443)
	                    ->alternative_of);
	assert_non_null(target(&m, "ci.eastus.instances.azureml.ms", 443)
	                        ->alternative_of);
	assert_null(target(&m, "ci-two.eastus.instances.azureml.ms", 443)
	                    ->alternative_of);
	assert_non_null(target(&m, "ci-two.eastus.instances.ml.azure.ms", 443)
	                        ->alternative_of);
	done(&m);
}

static size_t required(struct made *m, const char *yaml)
{
	size_t n = 0;

	make(m, yaml);
	if (m->status != 0)
		fail_msg("%s", m->why);
	for (size_t i = 0; i < m->facts->n_targets; i++)
		n += strncmp(m->facts->targets[i].origin, "probe_required (",
		             16) == 0;
	return n;
}

/* The scenario's own public names, whole, and none is expected to be private.
 */
static void test_required(void **state)
{
	struct made m;

	(void)state;
	assert_int_equal(required(&m, "targets: [{name: a.example}]\n"), 0);
	done(&m);
	assert_int_equal(required(&m, "targets: [{name: a.example}]\n"
	                              "probe_required: false\n"),
	                 0);
	done(&m);
	assert_true(required(&m, "scenario: firewall\nregion: eastus\n"
	                         "probe_required: true\n") > 5);
	assert_int_equal(target(&m, "login.microsoftonline.com", 443)->expect,
	                 VP_EXPECT_PUBLIC);
	assert_false(target(&m, "login.microsoftonline.com", 80)->tls);
	assert_int_equal(target(&m, "mcr.microsoft.com", 443)->expect,
	                 VP_EXPECT_ANY);
	assert_int_equal(target(&m, "eastus.cert.api.azureml.ms", 443)->expect,
	                 VP_EXPECT_ANY);
	assert_string_equal(
		target(&m, "graph.windows.net", 443)->origin,
		"probe_required (Microsoft Graph; A2)"); /* a node's */
	for (size_t i = 0; i < m.facts->n_targets; i++) {
		const struct vp_target *t = &m.facts->targets[i];

		if (t->expect == VP_EXPECT_PRIVATE ||
		    strpbrk(t->name->name, "*") != NULL ||
		    strstr(t->name->name, "region") != NULL ||
		    strstr(t->name->name, "graph.microsoft.com") != NULL)
			fail_msg("%s", t->name->name);
	}
	done(&m);
	/* a stated expectation stays, and names of a region need one */
	required(&m, "scenario: studio\nprobe_required: true\n"
	             "targets: [{name: ml.azure.com, expect: private}]\n");
	assert_int_equal(target(&m, "ml.azure.com", 443)->expect,
	                 VP_EXPECT_PRIVATE);
	target(&m, "graph.microsoft.com", 443);
	for (size_t i = 0; i < m.facts->n_targets; i++)
		assert_null(strstr(m.facts->targets[i].name->name, "azureml"));
	done(&m);
	required(&m, "cloud: china\nregion: chinaeast2\n"
	             "probe_required: true\n");
	target(&m, "chinaeast2.api.ml.azure.cn", 443);
	done(&m);
}

/* A scenario alone is explained; nobody is asked about. */
static void test_scenario_alone(void **state)
{
	struct made m = { .facts = vp_facts_create() };
	char *text;

	(void)state;
	m.s.arena = vp_arena_create();
	m.s.command = VP_COMMAND_TARGETS;
	m.s.cloud = vp_arena_strdup(m.s.arena, "public");
	m.s.scenario = vp_arena_strdup(m.s.arena, "with-public-ip");
	m.s.resolv_conf = "/nowhere";
	assert_int_equal(vp_plan_make(m.facts, &m.s, m.why, sizeof(m.why)), 2);
	m.s.has_scenario = true;
	vp_facts_destroy(m.facts);
	m.facts = vp_facts_create();
	assert_int_equal(vp_plan_make(m.facts, &m.s, m.why, sizeof(m.why)), 0);
	assert_int_equal(m.facts->n_resolvers, 0);
	text = print(&m, false);
	assert_non_null(strstr(text, "AzureMachineLearning tcp 44224"));
	assert_non_null(strstr(text, "\n  Is to be flagged\n"));
	assert_non_null(strstr(text, "\nNo target: "));
	for (char *l = strtok(text, "\n"); l != NULL; l = strtok(NULL, "\n")) {
		if (strlen(l) > 80 || l[strlen(l) - 1] == ' ')
			fail_msg("'%s'", l);
	}
	free(text);
	done(&m);
}

static const char shown[] =
	"region: eastus\nvnet: [10.20.0.0/16]\n"
	"storage_accounts: [{name: stlab, services: [file], "
	"addresses: [10.20.2.7]}]\n"
	"egress: {default: report, allow: [{name: \"*.ubuntu.com\", "
	"port: 443, prefix: 203.0.113.0/24, process: \"ap\\et\", "
	"reason: \"updates\"}]}\n";

static void test_text(void **state)
{
	static const char *const lines[] = {
		"Scenario secured, cloud public, region eastus. ",
		"    stlab.file.core.windows.net:443\n",
		"    stlab.file.core.windows.net:445  (TCP only)\n",
		"      expect     private\n",
		"      zone       privatelink.file.core.windows.net\n",
		"      group      file\n",
		"      cert       *.file.core.windows.net G43475\n",
		"      source     P1, P11\n",
		"      addresses  10.20.2.7\n",
		"      from       storage_accounts[0]\n",
		"  10.0.0.4:53              option\n",
		"  getaddrinfo()            what applications get\n",
		"  10.20.0.0/16\n",
		"no rule explains: a warning\n",
		"name *.ubuntu.com, prefix 203.0.113.0/24, port 443, process\n",
		"ap\\x1bt\n",
	};
	struct made m;
	char *text;

	(void)state;
	make(&m, shown);
	text = print(&m, false);
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		if (strstr(text, lines[i]) == NULL)
			fail_msg("lacks: %s%s", lines[i], text);
	}
	for (char *l = strtok(text, "\n"); l != NULL; l = strtok(NULL, "\n"))
		assert_true(strlen(l) <= 80);
	free(text);
	done(&m);
}

static void test_json(void **state)
{
	json_t *o, *t;
	struct made m;
	char *text;

	(void)state;
	make(&m, shown);
	text = print(&m, true);
	o = json_loads(text, 0, NULL);
	assert_non_null(o);
	assert_string_equal(json_string_value(json_object_get(o, "schema")),
	                    "vnetprobe.targets/1");
	assert_int_equal(json_array_size(json_object_get(o, "targets")), 2);
	t = json_array_get(json_object_get(o, "targets"), 1);
	assert_int_equal(json_integer_value(json_object_get(t, "port")), 445);
	assert_true(json_is_null(json_object_get(t, "http_path")));
	assert_string_equal(json_string_value(json_object_get(t, "group_id")),
	                    "file");
	assert_true(json_is_null(json_object_get(t, "member")));
	assert_string_equal(json_string_value(json_object_get(t, "source")),
	                    "P1, P11");
	assert_string_equal(json_string_value(json_object_get(
				    json_object_get(o, "about"), "name")),
	                    "secured");
	assert_true(json_is_false(json_object_get(t, "tls")));
	assert_string_equal(json_string_value(json_object_get(t, "expect")),
	                    "private");
	t = json_array_get(json_object_get(o, "resolvers"), 1);
	assert_true(json_is_null(json_object_get(t, "address")));
	assert_string_equal(json_string_value(json_object_get(t, "source")),
	                    "nss");
	t = json_object_get(o, "egress");
	assert_string_equal(json_string_value(json_object_get(t, "default")),
	                    "report");
	json_decref(o);
	free(text);
	done(&m);
}

/* Saved facts under another config: what it wants more was not looked at. */
static void test_apply(void **state)
{
	struct made then, now;
	const struct vp_target *t;
	char why[256];

	(void)state;
	make(&then, "key_vaults: [{name: kv-a}, {name: kv-b}]\n"
	            "vnet: [10.20.0.0/16]\n");
	make(&now, "key_vaults: [{name: kv-a, expect: public}, {name: kv-c}]\n"
	           "targets: [{name: kv-b.vault.azure.net, port: 8443}]\n"
	           "vnet: [10.30.0.0/16]\n");
	assert_int_equal(then.status, 0);
	assert_int_equal(now.status, 0);
	assert_int_equal(then.facts->n_targets, 2);
	assert_int_equal(vp_plan_apply(then.facts, &now.s, why, sizeof(why)),
	                 0);
	assert_int_equal(then.facts->policy.n_vnet, 1);
	assert_int_equal(then.facts->policy.vnet[0].addr.bytes[1], 30);
	assert_int_equal(then.facts->n_targets, 4);
	t = target(&then, "kv-a.vault.azure.net", 443);
	assert_int_equal(t->expect, VP_EXPECT_PUBLIC);
	t = target(&then, "kv-b.vault.azure.net", 443);
	assert_int_equal(t->expect, VP_EXPECT_PRIVATE);
	assert_ptr_equal(target(&then, "kv-b.vault.azure.net", 8443)->name,
	                 t->name);
	t = target(&then, "kv-c.vault.azure.net", 443);
	assert_non_null(t);
	assert_int_equal(t->n_addresses, 0);
	assert_int_equal(t->name->n_rows, 0);
	assert_int_equal(t->kind, VP_KIND_VAULT);
	assert_int_equal(then.facts->n_names, 3);
	done(&now);
	done(&then);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lab),
		cmocka_unit_test(test_apply),
		cmocka_unit_test(test_expectations),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_refused_argument),
		cmocka_unit_test(test_label),
		cmocka_unit_test(test_account_names),
		cmocka_unit_test(test_notebook),
		cmocka_unit_test(test_merge),
		cmocka_unit_test(test_aks),
		cmocka_unit_test(test_services),
		cmocka_unit_test(test_scenario_alone),
		cmocka_unit_test(test_instances),
		cmocka_unit_test(test_required),
		cmocka_unit_test(test_resolvers),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
