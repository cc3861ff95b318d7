/* What az prints of private endpoints, and what a plan makes of it. */
#include "endpoint_file.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "config.h"
#include "plan.h"

#define GUID "01234567-89ab-cdef-0123-456789abcdef"
#define PE_ID                                                                  \
	"/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/"      \
	"privateEndpoints/pe-aml"

/* az network nic show: no "properties" level. */
#define NIC_AZ                                                                 \
	"{\"name\": \"pe-aml-nic\", \"privateEndpoint\": {\"id\": \"" PE_ID    \
	"\"},"                                                                 \
	" \"ipConfigurations\": ["                                             \
	"{\"privateIPAddress\": \"10.0.0.4\","                                 \
	" \"privateLinkConnectionProperties\": {"                              \
	"  \"groupId\": \"amlworkspace\", \"requiredMemberName\": "            \
	"\"default\","                                                         \
	"  \"fqdns\": [\"" GUID ".workspace.eastus.api.azureml.ms\"]}},"       \
	"{\"privateIPAddress\": \"10.0.0.5\","                                 \
	" \"privateLinkConnectionProperties\": {"                              \
	"  \"requiredMemberName\": \"notebook\","                              \
	"  \"fqdns\": [\"Ml-Lab.eastus.notebooks.azure.NET.\"]}},"             \
	"{\"privateIPAddress\": \"10.0.0.6\","                                 \
	" \"privateLinkConnectionProperties\": {"                              \
	"  \"requiredMemberName\": \"inference\","                             \
	"  \"fqdns\": [\"*.eastus.inference.ml.azure.com\"]}}]}"

/* The same kind from ARM, with an interface that has no endpoint's id. */
#define NIC_ARM                                                                \
	"{\"name\": \"pe-blob.nic\", \"properties\": {\"ipConfigurations\": [" \
	"{\"name\": \"c1\", \"properties\": {\"privateIPAddress\": "           \
	"\"10.0.0.7\", \"privateLinkConnectionProperties\": {"                 \
	"\"requiredMemberName\": \"blob\", "                                   \
	"\"fqdns\": [\"sta.blob.core.windows.net\"]}}}]}}"

#define ENDPOINT                                                               \
	"{\"name\": \"pe-kv\", \"ipConfigurations\": [],"                      \
	" \"customDnsConfigs\": [{\"fqdn\": \"kv.vault.azure.net\","           \
	" \"ipAddresses\": [\"10.0.0.9\", \"fd00::9\"]}]}"

#define ZONE_GROUP                                                             \
	"[{\"id\": \"" PE_ID "/privateDnsZoneGroups/default\","                \
	" \"privateDnsZoneConfigs\": [{\"recordSets\": ["                      \
	"{\"fqdn\": \"kv.privatelink.vaultcore.azure.net\","                   \
	" \"recordType\": \"A\", \"ipAddresses\": [\"10.0.0.9\"]},"            \
	"{\"fqdn\": \"*." GUID                                                 \
	".inference.eastus.privatelink.api.azureml.ms\","                      \
	" \"recordType\": \"A\", \"ipAddresses\": [\"10.0.0.6\"]},"            \
	"{\"fqdn\": \"" GUID                                                   \
	".workspace.eastus.cert.privatelink.api.azureml.ms\","                 \
	" \"recordType\": \"A\", \"ipAddresses\": [\"10.0.0.4\"]},"            \
	"{\"fqdn\": \"sta.privatelink.file.core.windows.net\","                \
	" \"ipAddresses\": [\"10.0.0.8\"]},"                                   \
	"{\"fqdn\": \"reg.eastus.data.privatelink.azurecr.io\","               \
	" \"ipAddresses\": [\"10.0.0.11\"]},"                                  \
	"{\"fqdn\": \"api.privatelink.monitor.azure.com\","                    \
	" \"ipAddresses\": [\"10.0.0.12\"]},"                                  \
	"{\"fqdn\": \"c.privatelink.eastus.azmk8s.io\","                       \
	" \"ipAddresses\": [\"10.0.0.13\"]}]}]}]"

static void parse(struct vp_endpoint_file *out, struct vp_arena *arena,
                  const char *json)
{
	char why[600] = "";

	*out = (struct vp_endpoint_file){ 0 };
	if (vp_endpoint_file_parse(out, arena, "x.json", json, strlen(json),
	                           why, sizeof(why)) != 0)
		fail_msg("%s", why);
	assert_string_equal(why, "");
}

/* "name address[+address] from" of each. */
static char *listed(const struct vp_endpoint_file *f, struct vp_arena *arena)
{
	char *text = vp_arena_strdup(arena, ""), addr[VP_ADDR_TEXT];

	for (size_t i = 0; i < f->n_names; i++) {
		const struct vp_endpoint_name *n = &f->names[i];

		text = vp_arena_printf(arena, "%s%s", text, n->fqdn);
		for (size_t k = 0; k < n->n_addresses; k++)
			text = vp_arena_printf(
				arena, "%s%s%s", text, k == 0 ? " " : "+",
				vp_addr_format(&n->addresses[k], addr));
		text = vp_arena_printf(arena, "%s %s\n", text, n->from);
	}
	return text;
}

static void test_shapes(void **state)
{
	static const char aml[] =
		GUID ".workspace.eastus.api.azureml.ms 10.0.0.4 pe-aml, member "
		     "default (x.json)\n"
		     "ml-lab.eastus.notebooks.azure.net 10.0.0.5 pe-aml, "
		     "member notebook (x.json)\n"
		     "*.eastus.inference.ml.azure.com 10.0.0.6 pe-aml, member "
		     "inference (x.json)\n";
	static const char blob[] = "sta.blob.core.windows.net 10.0.0.7 "
				   "pe-blob.nic, member blob (x.json)\n";
	static const char vault[] =
		"kv.vault.azure.net 10.0.0.9+fd00::9 pe-kv (x.json)\n";
	const struct {
		const char *json, *want;
	} cases[] = {
		{ NIC_AZ, aml },
		{ "\xef\xbb\xbf" NIC_AZ, aml },
		{ NIC_ARM, blob },
		{ "[" NIC_ARM "]", blob },
		{ "{\"value\": [" NIC_ARM "]}", blob },
		{ ENDPOINT, vault },
		{ ZONE_GROUP,
		  "kv.vault.azure.net 10.0.0.9 pe-aml (x.json)\n"
		  "*.eastus.inference.ml.azure.com 10.0.0.6 pe-aml "
		  "(x.json)\n" GUID
		  ".workspace.eastus.cert.api.azureml.ms 10.0.0.4 pe-aml "
		  "(x.json)\n"
		  "sta.file.core.windows.net 10.0.0.8 pe-aml (x.json)\n"
		  "reg.eastus.data.azurecr.io 10.0.0.11 pe-aml (x.json)\n"
		  "api.monitor.azure.com 10.0.0.12 pe-aml (x.json)\n"
		  "c.privatelink.eastus.azmk8s.io 10.0.0.13 pe-aml "
		  "(x.json)\n" },
		/* az of before 2023 */
		{ "{\"ipConfigurations\": [{\"privateIpAddress\": "
		  "\"10.0.0.1\", \"privateLinkConnectionProperties\": "
		  "{\"fqdns\": [\"a.example\"]}}], \"name\": null}",
		  "a.example 10.0.0.1  (x.json)\n" },
		{ "[]", "" },
	};
	struct vp_arena *arena = vp_arena_create();
	struct vp_endpoint_file f;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		parse(&f, arena, cases[i].json);
		assert_string_equal(listed(&f, arena), cases[i].want);
		assert_int_equal(f.n_notes, 0);
	}
	vp_arena_destroy(arena);
}

static void test_vnet(void **state)
{
	static const struct {
		const char *json;
		size_t n_vnet, n_dns, notes;
		const char *first; /* DNS server */
	} cases[] = {
		{ "{\"name\": \"v\", \"addressSpace\": {\"addressPrefixes\": "
		  "[\"10.0.0.0/16\", \"fd00::/48\"]}, \"dhcpOptions\": "
		  "{\"dnsServers\": [\"10.0.0.4\", \"10.0.0.5\"]}}",
		  2, 2, 0, "10.0.0.4" },
		/* none set: Azure's own */
		{ "{\"name\": \"v\", \"properties\": {\"addressSpace\": "
		  "{\"addressPrefixes\": [\"10.0.0.0/16\"]}}}",
		  1, 1, 0, "168.63.129.16" },
		{ "{\"addressSpace\": {\"addressPrefixes\": []}, "
		  "\"dhcpOptions\": {\"dnsServers\": []}}",
		  0, 1, 0, "168.63.129.16" },
		{ "{\"addressSpace\": {}, \"dhcpOptions\": null}", 0, 1, 0,
		  "168.63.129.16" },
		/* two VNets that agree, and two that do not */
		{ "[{\"addressSpace\": {}}, {\"addressSpace\": {}}]", 0, 1, 0,
		  "168.63.129.16" },
		{ "[{\"addressSpace\": {}}, {\"addressSpace\": {}, "
		  "\"dhcpOptions\": {\"dnsServers\": [\"10.0.0.4\"]}}]",
		  0, 0, 1, NULL },
	};
	struct vp_arena *arena = vp_arena_create();
	struct vp_endpoint_file f;
	char text[VP_ADDR_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		parse(&f, arena, cases[i].json);
		assert_int_equal(f.n_vnet, cases[i].n_vnet);
		assert_int_equal(f.n_vnet_dns, cases[i].n_dns);
		assert_int_equal(f.n_notes, cases[i].notes);
		if (cases[i].first != NULL)
			assert_string_equal(vp_addr_format(f.vnet_dns, text),
			                    cases[i].first);
	}
	parse(&f, arena, cases[0].json);
	assert_string_equal(f.vnet_from, "v (x.json)");
	vp_arena_destroy(arena);
}

/* What gives nothing says why. */
static void test_notes(void **state)
{
	static const struct {
		const char *json, *note;
	} cases[] = {
		{ "{\"name\": \"pe\", \"customDnsConfigs\": []}",
		  "az network nic show" },
		{ "{\"name\": \"vm-nic\", \"ipConfigurations\": "
		  "[{\"privateIPAddress\": \"10.0.0.1\"}]}",
		  "not a private endpoint's" },
		/* a machine's interface has null there */
		{ "{\"name\": \"vm-nic\", \"ipConfigurations\": "
		  "[{\"privateIPAddress\": \"10.0.0.1\", "
		  "\"privateLinkConnectionProperties\": null}]}",
		  "not a private endpoint's" },
	};
	struct vp_arena *arena = vp_arena_create();
	struct vp_endpoint_file f;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		parse(&f, arena, cases[i].json);
		assert_int_equal(f.n_names, 0);
		assert_int_equal(f.n_notes, 1);
		assert_non_null(strstr(f.notes[0], cases[i].note));
		assert_int_equal(strncmp(f.notes[0], "x.json: ", 8), 0);
	}
	vp_arena_destroy(arena);
}

static const struct {
	const char *json, *why;
} refused_files[] = {
	{ "", "x.json: line 1 is not JSON: " },
	{ "{", "x.json: line 1 is not JSON: " },
	{ "\x1b[31m", "x.json: line 1 is not JSON: " },
	{ "5", "x.json: line 1 is not JSON: " },
	{ "\xff\xfe{", "x.json: UTF-16, as PowerShell's" },
	{ "{}", "x.json: this is none of what" },
	{ "[5]", "x.json: [0]: expected an object, not a single" },
	{ "[[]]", "x.json: [0]: expected an object, not a list" },
	{ "[" NIC_ARM ", {\"name\": \"vm\"}]",
	  "x.json: [1]: this is none of what" },
	{ "{\"value\": [{}]}", "x.json: value[0]: this is none" },
	{ "{\"ipConfigurations\": 5}",
	  "x.json: ipConfigurations: expected a list, not a single "
	  "value" },
	{ "{\"ipConfigurations\": [\"a\"]}",
	  "x.json: ipConfigurations[0]: expected an object, not "
	  "text" },
	{ "{\"ipConfigurations\": [{\"privateIPAddress\": 10, "
	  "\"privateLinkConnectionProperties\": {}}]}",
	  "x.json: ipConfigurations[0].privateIPAddress: expected "
	  "text" },
	{ "{\"ipConfigurations\": [{"
	  "\"privateLinkConnectionProperties\": {}}]}",
	  "x.json: ipConfigurations[0].privateIPAddress: this key is "
	  "missing" },
	{ "{\"ipConfigurations\": [{\"privateIPAddress\": "
	  "\"10.0.0.256\", \"privateLinkConnectionProperties\": "
	  "{\"fqdns\": [\"a.b\"]}}]}",
	  "x.json: ipConfigurations[0].privateIPAddress: '10.0.0.256' "
	  "is not an IP address" },
	{ "{\"ipConfigurations\": [{\"privateIPAddress\": "
	  "\"10.0.0.2\", \"privateLinkConnectionProperties\": "
	  "{\"fqdns\": [\"a.b\", \"a..b\"]}}]}",
	  "x.json: ipConfigurations[0].privateLinkConnectionProperties"
	  ".fqdns[1]: 'a..b' is not a host name: " },
	{ "{\"ipConfigurations\": [{\"privateIPAddress\": "
	  "\"10.0.0.2\", \"privateLinkConnectionProperties\": "
	  "{\"fqdns\": {}}}]}",
	  "x.json: ipConfigurations[0].privateLinkConnectionProperties"
	  ".fqdns: expected a list, not an object" },
	{ "{\"ipConfigurations\": [{\"privateIPAddress\": "
	  "\"10.0.0.2\", \"privateLinkConnectionProperties\": 1}]}",
	  "x.json: ipConfigurations[0].privateLinkConnectionProperties"
	  ": expected an object" },
	{ "{\"customDnsConfigs\": [{\"fqdn\": \"a\\u0000b\"}]}",
	  "x.json: line 1 is not JSON: " },
	{ "{\"customDnsConfigs\": [{\"fqdn\": \"*\", "
	  "\"ipAddresses\": [\"10.0.0.1\"]}]}",
	  "x.json: customDnsConfigs[0].fqdn: '*' is not a host "
	  "name" },
	{ "{\"privateDnsZoneConfigs\": [{\"recordSets\": [{\"fqdn\": "
	  "[]}]}]}",
	  "x.json: privateDnsZoneConfigs[0].recordSets[0].fqdn: "
	  "expected text, not a list" },
	{ "{\"addressSpace\": {\"addressPrefixes\": [\"0.0.0.0/0\"]}}",
	  "x.json: addressSpace.addressPrefixes[0]: '0.0.0.0/0' "
	  "cannot be a VNet's prefix" },
	{ "{\"addressSpace\": [], \"dhcpOptions\": 5}",
	  "x.json: addressSpace: expected an object, not a list" },
	{ "{\"addressSpace\": {}, \"dhcpOptions\": {\"dnsServers\": "
	  "[\"dns\"]}}",
	  "x.json: dhcpOptions.dnsServers[0]: 'dns' is not an IP" },
};

static void test_refused(void **state)
{
	struct vp_arena *arena = vp_arena_create();

	(void)state;
	for (size_t i = 0; i < sizeof(refused_files) / sizeof(*refused_files);
	     i++) {
		struct vp_endpoint_file f = { 0 };
		char why[600] = "";

		assert_int_equal(
			vp_endpoint_file_parse(&f, arena, "x.json",
		                               refused_files[i].json,
		                               strlen(refused_files[i].json),
		                               why, sizeof(why)),
			-EINVAL);
		if (strncmp(why, refused_files[i].why,
		            strlen(refused_files[i].why)) != 0)
			fail_msg("%s: %s", refused_files[i].json, why);
		assert_null(strchr(why, '\n'));
		assert_null(strchr(why, '\x1b'));
	}
	vp_arena_destroy(arena);
}

static void test_files(void **state)
{
	static const struct {
		const char *path, *why;
	} cases[] = {
		{ "/nonexistent.json", "/nonexistent.json: No such file" },
		{ "/tmp", "/tmp: this is a directory" },
		{ "/dev/null", "/dev/null: line 1 is not JSON" },
		{ "/dev/zero", "/dev/zero: larger than 16 MiB" },
	};
	struct vp_arena *arena = vp_arena_create();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct vp_endpoint_file f = { 0 };
		char why[600] = "";

		assert_true(vp_endpoint_file_read(&f, arena, cases[i].path, why,
		                                  sizeof(why)) < 0);
		if (strncmp(why, cases[i].why, strlen(cases[i].why)) != 0)
			fail_msg("%s", why);
	}
	vp_arena_destroy(arena);
}

/* --- in a plan ------------------------------------------------------------ */

struct made {
	struct vp_settings s;
	struct vp_facts *facts;
	char why[1024];
	int status;
};

/* Plans a config with these files' contents, up to two. */
static struct made *make(const char *yaml, const char *first,
                         const char *second)
{
	static struct vp_endpoint resolver = { { 4, { 10, 0, 0, 4 } }, 53 };
	const char *texts[] = { first, second };
	struct made *m = calloc(1, sizeof(*m));

	assert_non_null(m);
	m->facts = vp_facts_create();
	m->s.arena = vp_arena_create();
	m->s.cloud = vp_arena_strdup(m->s.arena, "public");
	m->s.scenario = vp_arena_strdup(m->s.arena, "secured");
	if (vp_config_parse(&m->s, "t.yaml", (const unsigned char *)yaml,
	                    strlen(yaml), m->why, sizeof(m->why)) != 0)
		fail_msg("%s", m->why);
	for (size_t i = 0; i < 2 && texts[i] != NULL; i++) {
		char *path = vp_arena_strdup(m->s.arena, "/tmp/vp-XXXXXX");
		int fd = mkstemp(path);

		assert_true(fd >= 0);
		assert_int_equal(write(fd, texts[i], strlen(texts[i])),
		                 strlen(texts[i]));
		close(fd);
		*VP_PUSH(m->s.arena, m->s.endpoint_files,
		         m->s.n_endpoint_files) = path;
	}
	m->s.resolvers = &resolver;
	m->s.n_resolvers = 1;
	m->status = vp_plan_make(m->facts, &m->s, m->why, sizeof(m->why));
	return m;
}

static void done(struct made *m)
{
	for (size_t i = 0; i < m->s.n_endpoint_files; i++)
		unlink(m->s.endpoint_files[i]);
	vp_facts_destroy(m->facts);
	vp_arena_destroy(m->s.arena);
	free(m);
}

/* The expected addresses of a name: "10.0.0.4" or "a+b"; "" for none. */
static const char *expected(const struct made *m, const char *name)
{
	static char text[200];
	char addr[VP_ADDR_TEXT];

	for (size_t i = 0; i < m->facts->n_targets; i++) {
		const struct vp_target *t = &m->facts->targets[i];

		if (strcmp(t->name->name, name) != 0)
			continue;
		text[0] = '\0';
		for (size_t k = 0; k < t->n_expected; k++)
			snprintf(text + strlen(text),
			         sizeof(text) - strlen(text), "%s%s",
			         k == 0 ? "" : "+",
			         vp_addr_format(&t->expected[k], addr));
		assert_int_equal(t->n_expected == 0, t->expected_from == NULL);
		return text;
	}
	fail_msg("no target %s", name);
	return NULL;
}

#define PLAN                                                                   \
	"region: eastus\n"                                                     \
	"workspace: {id: " GUID ", notebook_fqdn: "                            \
	"ml-lab.eastus.notebooks.azure.net, compute_instances: [ci], "         \
	"online_endpoints: [score, far.westus.inference.ml.azure.com]}\n"      \
	"storage_accounts: [{name: STa}]\n"

static void test_matching(void **state)
{
	struct made *m = make(PLAN, NIC_AZ, NIC_ARM);

	(void)state;
	assert_int_equal(m->status, 0);
	assert_string_equal(m->why, "");
	assert_string_equal(
		expected(m, GUID ".workspace.eastus.api.azureml.ms"),
		"10.0.0.4");
	/* what shares member default's address */
	assert_string_equal(
		expected(m, GUID ".workspace.eastus.cert.api.azureml.ms"),
		"10.0.0.4");
	assert_string_equal(expected(m, "ci.eastus.instances.azureml.ms"),
	                    "10.0.0.4");
	assert_string_equal(expected(m, "ml-lab.eastus.notebooks.azure.net"),
	                    "10.0.0.5");
	assert_string_equal(expected(m, "score.eastus.inference.ml.azure.com"),
	                    "10.0.0.6");
	assert_string_equal(expected(m, "far.westus.inference.ml.azure.com"),
	                    "");
	assert_string_equal(expected(m, "sta.blob.core.windows.net"),
	                    "10.0.0.7");
	assert_string_equal(expected(m, "sta.file.core.windows.net"), "");
	assert_int_equal(strncmp(m->facts->targets[0].expected_from,
	                         "pe-aml, member default (/tmp/vp-", 32),
	                 0);
	/* By which endpoint: its whole id, where the file has it. */
	assert_int_equal(m->facts->targets[0].n_endpoints, 1);
	assert_string_equal(m->facts->targets[0].endpoints[0], PE_ID);
	done(m);
}

/* Two workspaces of one region: whose instance it is, is not known. */
static void test_instance_of_two(void **state)
{
	struct made *m =
		make("targets: [{name: ci.eastus.instances.azureml.ms}, "
	             "{name: ci.westus.instances.azureml.ms}]",
	             "[" NIC_AZ ", {\"customDnsConfigs\": [{\"fqdn\": "
	             "\"x.workspace.eastus.api.azureml.ms\", \"ipAddresses\": "
	             "[\"10.9.9.9\"]}, {\"fqdn\": "
	             "\"y.workspace.westus.api.azureml.ms\", \"ipAddresses\": "
	             "[\"10.8.8.8\"]}]}]",
	             NULL);

	(void)state;
	assert_int_equal(m->status, 0);
	assert_string_equal(expected(m, "ci.eastus.instances.azureml.ms"), "");
	assert_string_equal(expected(m, "ci.westus.instances.azureml.ms"),
	                    "10.8.8.8");
	done(m);
}

/* Two endpoints of one resource: either address is right. */
static void test_two_endpoints(void **state)
{
	struct made *m = make("key_vaults: [{name: kv}]", ENDPOINT,
	                      "{\"name\": \"pe-2\", \"customDnsConfigs\": "
	                      "[{\"fqdn\": \"kv.vault.azure.net\", "
	                      "\"ipAddresses\": [\"10.1.0.9\"]}]}");

	(void)state;
	assert_string_equal(expected(m, "kv.vault.azure.net"),
	                    "10.0.0.9+fd00::9+10.1.0.9");
	assert_non_null(strstr(m->facts->targets[0].expected_from, "pe-kv ("));
	assert_non_null(strstr(m->facts->targets[0].expected_from, ", pe-2 ("));
	assert_int_equal(m->facts->targets[0].n_endpoints, 2);
	assert_string_equal(m->facts->targets[0].endpoints[1], "pe-2");
	done(m);
}

/* What the config says of a vault's endpoint, beside the files. */
static void test_endpoint_of_config(void **state)
{
	struct made *m = make("key_vaults: [{name: kv, private_endpoint: "
	                      "pe-mine}]",
	                      ENDPOINT, NULL);

	(void)state;
	assert_int_equal(m->status, 0);
	assert_int_equal(m->facts->targets[0].n_endpoints, 2);
	assert_string_equal(m->facts->targets[0].endpoints[0], "pe-mine");
	done(m);
}

static void test_with_config(void **state)
{
	static const struct {
		const char *yaml, *want; /* NULL: refused */
	} cases[] = {
		/* the same, or one of those stated */
		{ "storage_accounts: [{name: sta, services: [blob], "
		  "addresses: [10.0.0.7]}]",
		  "10.0.0.7" },
		{ "storage_accounts: [{name: sta, services: [blob], "
		  "addresses: [10.0.0.8, 10.0.0.7]}]",
		  "10.0.0.7" },
		{ "storage_accounts: [{name: sta, services: [blob], "
		  "addresses: [10.0.0.8]}]",
		  NULL },
		/* past the endpoint on purpose */
		{ "storage_accounts: [{name: sta, services: [blob], "
		  "expect: service-endpoint}]",
		  "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct made *m = make(cases[i].yaml, NIC_ARM, NULL);

		if (cases[i].want != NULL) {
			assert_int_equal(m->status, 0);
			assert_string_equal(
				expected(m, "sta.blob.core.windows.net"),
				cases[i].want);
		} else {
			assert_int_equal(m->status, 2);
			assert_non_null(strstr(m->why,
			                       "storage_accounts[0]: "
			                       "sta.blob.core.windows.net has "
			                       "the address 10.0.0.8 here and "
			                       "10.0.0.7 in pe-blob.nic, "
			                       "member blob ("));
		}
		done(m);
	}
}

/* A private link scope's record makes its names private. */
static void test_makes_private(void **state)
{
	static const char record[] =
		"{\"customDnsConfigs\": [{\"fqdn\": "
		"\"api.monitor.azure.com\", \"ipAddresses\": "
		"[\"10.0.0.12\"]}]}";
	struct made *m =
		make("targets: [{name: api.monitor.azure.com}]", record, NULL);

	(void)state;
	assert_int_equal(m->facts->targets[0].expect, VP_EXPECT_PRIVATE);
	done(m);
	m = make("targets: [{name: api.monitor.azure.com, expect: any}]",
	         record, NULL);
	assert_int_equal(m->facts->targets[0].expect, VP_EXPECT_ANY);
	done(m);
}

#define VNET                                                                   \
	"{\"name\": \"hub\", \"addressSpace\": {\"addressPrefixes\": "         \
	"[\"10.7.0.0/16\"]}, \"dhcpOptions\": {\"dnsServers\": "               \
	"[\"10.7.0.4\"]}}"

static void test_vnet_in_plan(void **state)
{
	struct made *m = make("key_vaults: [{name: kv}]", VNET, NULL);
	char text[VP_PREFIX_TEXT];

	(void)state;
	assert_int_equal(m->status, 0);
	assert_string_equal(m->why, "");
	assert_int_equal(m->facts->policy.n_vnet, 1);
	assert_string_equal(vp_prefix_format(m->facts->policy.vnet, text),
	                    "10.7.0.0/16");
	assert_int_equal(m->facts->machine.n_vnet_dns, 1);
	assert_string_equal(vp_addr_format(m->facts->machine.vnet_dns, text),
	                    "10.7.0.4");
	assert_int_equal(strncmp(m->facts->machine.vnet_dns_from, "hub (", 5),
	                 0);
	done(m);
	/* what is configured stays */
	m = make("vnet: [10.0.0.0/8]\nkey_vaults: [{name: kv}]", VNET, NULL);
	assert_int_equal(m->facts->policy.n_vnet, 1);
	assert_string_equal(vp_prefix_format(m->facts->policy.vnet, text),
	                    "10.0.0.0/8");
	done(m);
}

static void test_plan_notes(void **state)
{
	struct made *m = make("key_vaults: [{name: kv}]", NIC_ARM,
	                      "{\"name\": \"pe\", \"customDnsConfigs\": []}");

	(void)state;
	assert_int_equal(m->status, 0);
	assert_non_null(strstr(m->why, ": this private endpoint lists no"));
	assert_non_null(strstr(m->why, ": none of its names is a target, such "
	                               "as sta.blob.core.windows.net"));
	done(m);
	m = make("key_vaults: [{name: kv}]", "{", NULL);
	assert_int_equal(m->status, 2);
	assert_non_null(strstr(m->why, "is not JSON"));
	done(m);
}

/* Saved facts judged under other wishes: the files count there too. */
static void test_apply(void **state)
{
	struct made *old = make("key_vaults: [{name: kv}]", NULL, NULL);
	struct made *new = make("key_vaults: [{name: kv}]", ENDPOINT, VNET);
	char text[VP_PREFIX_TEXT];

	(void)state;
	assert_string_equal(expected(old, "kv.vault.azure.net"), "");
	assert_int_equal(
		vp_plan_apply(old->facts, &new->s, old->why, sizeof(old->why)),
		0);
	assert_string_equal(expected(old, "kv.vault.azure.net"),
	                    "10.0.0.9+fd00::9");
	assert_string_equal(vp_prefix_format(old->facts->policy.vnet, text),
	                    "10.7.0.0/16");
	assert_string_equal(vp_addr_format(old->facts->machine.vnet_dns, text),
	                    "10.7.0.4");
	done(old);
	done(new);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_vnet),
		cmocka_unit_test(test_notes),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_matching),
		cmocka_unit_test(test_instance_of_two),
		cmocka_unit_test(test_two_endpoints),
		cmocka_unit_test(test_endpoint_of_config),
		cmocka_unit_test(test_with_config),
		cmocka_unit_test(test_makes_private),
		cmocka_unit_test(test_vnet_in_plan),
		cmocka_unit_test(test_plan_notes),
		cmocka_unit_test(test_apply),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
