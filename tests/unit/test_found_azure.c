/* What Azure says: metadata, resources, pages, tokens; and what of it is not
 * believed. */
#include "found_azure.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "ask.h"
#include "discover.h"
#include "value.h"
#include "ask_helper.h"

#define GUID "3f8a2c1e-5b7d-4e9f-8a6b-1c2d3e4f5a6b"
#define RG                                                                     \
	"/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/"  \
	"rg"
#define ML RG "/providers/Microsoft.MachineLearningServices/workspaces/mlw"
#define ST RG "/providers/Microsoft.Storage/storageAccounts/stlab"
#define NET RG "/providers/Microsoft.Network"
#define VNET NET "/virtualNetworks/vnet-lab"

static struct vp_discovery d;
static struct vp_found f;

static int setup(void **state)
{
	(void)state;
	memset(&d, 0, sizeof(d));
	f = (struct vp_found){ .arena = vp_arena_create(),
		               .out = &d,
		               .source = "test" };
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	vp_arena_destroy(f.arena);
	return 0;
}

static const char *all(void)
{
	char *text = vp_arena_strdup(f.arena, "");

	for (size_t i = 0; i < d.n_values; i++)
		text = vp_arena_printf(f.arena, "%s%s=%s%s;", text,
		                       d.values[i].key, d.values[i].value,
		                       d.values[i].inferred ? "(i)" : "");
	return text;
}

static void test_clouds(void **state)
{
	(void)state;
	assert_string_equal(vp_azure_cloud("AZUREPUBLICCLOUD"), "public");
	assert_string_equal(vp_azure_cloud("AzureUSGovernmentCloud"),
	                    "usgovernment");
	assert_string_equal(vp_azure_cloud("azurechinacloud"), "china");
	assert_null(vp_azure_cloud("AzureStackCloud"));
	assert_null(vp_azure_cloud(""));
	assert_null(vp_azure_cloud(NULL));
	assert_string_equal(vp_arm_host("china"),
	                    "management.chinacloudapi.cn");
	assert_string_equal(vp_arm_host("usgovernment"),
	                    "management.usgovcloudapi.net");
	assert_null(vp_arm_host("mars"));
}

static void test_imds(void **state)
{
	static const char good[] =
		"{\"compute\": {\"azEnvironment\": \"AzurePublicCloud\", "
		"\"location\": \"eastus\", \"name\": \"vm\", \"resourceId\": "
		"\"" RG "/providers/Microsoft.Compute/virtualMachines/VM\", "
		"\"subscriptionId\": "
		"\"00000000-0000-0000-0000-000000000001\"}, "
		"\"network\": {\"interface\": [{\"ipv4\": {\"ipAddress\": "
		"[{\"privateIpAddress\": \"10.0.0.4\", \"publicIpAddress\": "
		"\"\"}], \"subnet\": [{\"address\": \"10.0.0.0\", "
		"\"prefix\": \"24\"}]}}]}}";
	static const char *const bad[] = {
		"",
		"[]",
		"{}",
		"{\"compute\": 1}",
		"{\"compute\": null}",
		"<html>",
		"{\"compute\": {\"name\": \"\xff\"}}"
	};

	(void)state;
	assert_true(vp_found_imds(&f, good, strlen(good)));
	assert_string_equal(
		all(),
		"cloud=public;machine_name=vm;machine_region=eastus;"
		"machine_id=/subscriptions/00000000-0000-0000-0000-"
		"000000000001/resourcegroups/rg/providers/microsoft.compute/"
		"virtualmachines/vm;subscription=00000000-0000-0000-0000-"
		"000000000001(i);machine_address=10.0.0.4;"
		"machine_subnet=10.0.0.0/24;");
	assert_int_equal(d.n_placements, 1);
	assert_int_equal(d.placements[0].role, VP_PLACEMENT_MACHINE);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		memset(&d, 0, sizeof(d));
		assert_false(vp_found_imds(&f, bad[i], strlen(bad[i])));
		assert_int_equal(d.n_values, 0);
		assert_int_equal(d.n_notes, 1);
	}
}

/* On an instance the machine is compute. */
static void test_imds_of_instance(void **state)
{
	static const char text[] = "{\"compute\": {\"name\": \"vm\", "
				   "\"location\": \"westus\"}}";

	(void)state;
	vp_found_add(&f, "compute_instance", "ci-one");
	assert_true(vp_found_imds(&f, text, strlen(text)));
	assert_int_equal(d.placements[0].role, VP_PLACEMENT_COMPUTE);
	assert_string_equal(d.placements[0].location, "westus");
}

static int read_file(const char *text, char *why)
{
	static struct vp_azure_own own;

	memset(&own, 0, sizeof(own));
	memset(&d, 0, sizeof(d));
	return vp_found_azure_file(&f, &own, "az.json", text, strlen(text), why,
	                           512);
}

/* az ml workspace show, and what ARM has. */
static void test_workspace(void **state)
{
	static const char *const texts[] = {
		"{\"id\": \"" ML "\", \"name\": \"mlw\", \"location\": "
		"\"eastus\", \"storage_account\": \"" ST
		"\", \"container_registry\": null, \"key_vault\": \"" RG
		"/providers/Microsoft.Keyvault/vaults/kv-lab\", "
		"\"discovery_url\": \"https://" GUID
		".workspace.eastus.api.azureml.ms/discovery\"}",
		"{\"value\": [{\"id\": \"" ML
		"\", \"location\": \"East US\", \"properties\": "
		"{\"workspaceId\": \"" GUID "\", \"storageAccount\": \"" ST
		"\", \"keyVault\": \"" RG
		"/providers/Microsoft.Keyvault/vaults/kv-lab\"}}]}",
	};
	char why[512];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(read_file(texts[i], why), 0);
		assert_string_equal(vp_found_get(&d, "workspace")->value,
		                    "mlw");
		assert_string_equal(vp_found_get(&d, "workspace_id")->value,
		                    GUID);
		assert_string_equal(vp_found_get(&d, "region")->value,
		                    "eastus");
		assert_string_equal(vp_found_get(&d, "storage_account")->value,
		                    "stlab");
		assert_string_equal(vp_found_get(&d, "key_vault")->value,
		                    "kv-lab");
		assert_null(vp_found_get(&d, "registry"));
		assert_int_equal(d.n_placements, 1);
	}
}

#define NIC(name, member, address, fqdn)                                       \
	"{\"name\": \"" name "\", \"id\": \"" NET "/networkInterfaces/" name   \
	"\", \"ipConfigurations\": [{\"privateIPAddress\": \"" address         \
	"\", \"privateLinkConnectionProperties\": {\"requiredMemberName\": "   \
	"\"" member "\", \"fqdns\": [\"" fqdn "\"]}}]}"

/* The names of interfaces alone tell resources. */
static void test_interfaces(void **state)
{
	char why[512];

	(void)state;
	assert_int_equal(
		read_file(
			"[" NIC("a", "default", "10.0.0.4", GUID ".workspace.eastus.api.azureml.ms") "," NIC(
				"b", "blob", "10.0.0.5",
				"stlab.blob.core.windows.net") "," NIC("c",
	                                                               "defau"
	                                                               "lt",
	                                                               "10.0."
	                                                               "0.6",
	                                                               "kv.va"
	                                                               "ult."
	                                                               "azure"
	                                                               "."
	                                                               "net") "]",
			why),
		0);
	assert_string_equal(all(),
	                    "address=" GUID
	                    ".workspace.eastus.api.azureml.ms 10.0.0.4;"
	                    "workspace_id=" GUID ";region=eastus;cloud=public;"
	                    "address=stlab.blob.core.windows.net 10.0.0.5;"
	                    "storage_account=stlab;cloud=public;"
	                    "address=kv.vault.azure.net 10.0.0.6;"
	                    "key_vault=kv;cloud=public;");
}

#define ENDPOINT(name, service, vnet)                                          \
	"{\"id\": \"" NET "/privateEndpoints/" name "\", \"name\": \"" name    \
	"\", \"customDnsConfigs\": [], \"subnet\": {\"id\": \"" vnet           \
	"/subnets/s\"}, \"privateLinkServiceConnections\": "                   \
	"[{\"privateLinkServiceId\": \"" service                               \
	"\", \"groupIds\": [\"blob\"]}]}"

static void test_placements(void **state)
{
	char why[512];

	(void)state;
	assert_int_equal(
		read_file(
			"[" ENDPOINT("pe-st", ST, VNET) "," ENDPOINT(
				"pe-other", ST "2",
				VNET) ",{\"id\": \"" ML
				      "\", \"storage_account\": \"" ST "\"},"
				      "{\"id\": \"" VNET
				      "\", \"name\": \"v\", \"addressSpace\": "
				      "{\"addressPrefixes\": "
				      "[\"10.0.0.0/16\"]}, "
				      "\"virtualNetworkPeerings\": "
				      "[{\"peeringState\": "
				      "\"Initiated\", "
				      "\"remoteVirtualNetwork\": {\"id\": "
				      "\"" VNET "2\"}}]}]",
			why),
		0);
	assert_int_equal(d.n_placements, 1); /* another account is nobody's */
	assert_int_equal(d.placements[0].role, VP_PLACEMENT_STORAGE);
	assert_string_equal(d.placements[0].endpoint, "pe-st");
	assert_string_equal(d.placements[0].group, "blob");
	assert_string_equal(d.placements[0].subnet, "s");
	assert_non_null(
		strstr(d.placements[0].vnet, "/virtualnetworks/vnet-lab"));
	assert_int_equal(d.n_peerings, 2);
	assert_true(d.peerings[0].connected); /* with itself: it was read */
	assert_false(d.peerings[1].connected);
	assert_string_equal(vp_found_get(&d, "vnet")->value, "10.0.0.0/16");
}

static void test_files_refused(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{ "", "is not JSON" },
		{ "{\"error\": {\"code\": \"x\"}}", "an error's text" },
		{ "{\"id\": \"/x\"}", "none of what" },
		{ "[1]", "expected an object" },
		{ "\xff\xfe{", "UTF-16" },
	};
	char why[512];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_not_equal(read_file(cases[i].text, why), 0);
		if (strstr(why, cases[i].why) == NULL)
			fail_msg("%s", why);
	}
}

static void test_next_link(void **state)
{
	static const struct {
		const char *link, *path;
		bool bad;
	} cases[] = {
		{ "https://management.azure.com/a?b=c", "/a?b=c", false },
		{ "HTTPS://Management.Azure.Com/a", "/a", false },
		{ "https://management.azure.com:443/a", "/a", false },
		{ "", NULL, false },
		{ "https://management.azure.com:444/a", NULL, true },
		{ "https://management.azure.com.evil.example/a", NULL, true },
		{ "https://management.azure.com@evil.example/a", NULL, true },
		{ "https://evil.example/management.azure.com/", NULL, true },
		{ "http://management.azure.com/a", NULL, true },
		{ "//management.azure.com/a", NULL, true },
		{ "/a", NULL, true },
		{ "https://management.azure.com/a b", NULL, true },
		{ "https://management.azure.com", NULL, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		json_t *page = json_pack("{s:s}", "nextLink", cases[i].link);
		bool bad;
		const char *path =
			vp_next_link(page, "management.azure.com", &bad);

		assert_int_equal(bad, cases[i].bad);
		if (cases[i].path != NULL)
			assert_string_equal(path, cases[i].path);
		else
			assert_null(path);
		json_decref(page);
	}
}

static void test_endpoint_of_agent(void **state)
{
	static const struct {
		const char *url;
		bool local;
	} cases[] = {
		{ "http://127.0.0.1:46808/MSI/auth", true },
		{ "http://127.0.0.1/MSI/auth", true },
		{ "http://[::1]:80/x", true },
		{ "http://localhost:46808/MSI/auth", false },
		{ "http://169.254.169.254/x", false },
		{ "http://10.0.0.4:46808/MSI/auth", false },
		{ "https://127.0.0.1:46808/MSI/auth", false },
		{ "http://127.0.0.1:46808@evil.example/", false },
		{ "http://127.0.0.1:46808", false },
		{ "http://127.0.0.1:46808/a?b", false },
		{ "http://127.0.0.1.evil.example/", false },
		{ "http:///x", false },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		if (vp_msi_endpoint_is_local(cases[i].url) != cases[i].local)
			fail_msg("%s", cases[i].url);
	}
}

static void test_tokens(void **state)
{
	static const char good[] = "{\"access_token\": "
				   "\"abcdefghij.klmnopqrst-uv_w\"}";
	static const char *const bad[] = {
		"{}",
		"",
		"{\"access_token\": 1}",
		"{\"access_token\": \"short\"}",
		"{\"access_token\": \"abcdefghijklmnopqrst\\r\\nHost: x\"}",
		"{\"access_token\": \"abcdefghijklmnopqrst uvw\"}",
	};
	char *token = vp_token_of(good, strlen(good));

	(void)state;
	assert_string_equal(token, "abcdefghij.klmnopqrst-uv_w");
	assert_true(vp_has_secret("x ABCDEFGHIJ.KLmn", 17, token));
	assert_true(vp_has_secret("nopqrst-uv_w.", 13, token));
	assert_false(vp_has_secret("abcdefghij", 10, token));
	assert_false(vp_has_secret("anything", 8, NULL));
	assert_true(vp_has_secret("a short one", 11, "short"));
	/* At any place, in labels, in hex, in base64 however it falls. */
	assert_true(vp_has_secret("bcdefghij.klm", 13, token));
	assert_true(vp_has_secret("fghij.klmnopqr", 14, token));
	assert_true(vp_has_secret("cde.fgh-ijk.lmn", 15, token));
	assert_false(vp_has_secret("cde.fgh-ijk.lm!", 12, token));
	assert_true(vp_has_secret("x6263646566676869.6a2e6b6c6d6e", 30, token));
	assert_false(vp_has_secret("626364656667", 12, token));
	assert_true(vp_has_secret("YmNkZWZnaGlqLmts", 16, token)); /* 1 */
	assert_true(vp_has_secret("ZGVmZ2hpai5rbG1u", 16, token)); /* 3 */
	assert_true(vp_has_secret("Y2RlZmdoaWoua2xt", 16, token)); /* 2 */
	assert_false(vp_has_secret("Y2RlZmdoaWoxa2xt", 16, token));
	free(token);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_null(vp_token_of(bad[i], strlen(bad[i])));
}

static void test_error_codes(void **state)
{
	json_t *known =
		json_pack("{s:{s:s}}", "error", "code", "authorizationfailed");
	json_t *other = json_pack("{s:{s:s}}", "error", "code", "eyJ0eXAi");

	(void)state;
	assert_string_equal(vp_arm_error_code(known), "AuthorizationFailed");
	assert_null(vp_arm_error_code(other));
	assert_null(vp_arm_error_code(NULL));
	json_decref(known);
	json_decref(other);
}

/* What the helper hands over is no more believed than a file. */
static void test_handed_over(void **state)
{
	static const char good[] =
		"{\"discovered\": [{\"key\": \"key_vault\", \"value\": "
		"\"kv\", \"source\": \"ARM\"}, {\"key\": \"vnet\", \"value\": "
		"\"0.0.0.0/0\", \"source\": \"ARM\"}, {\"key\": \"secret\", "
		"\"value\": \"x\", \"source\": \"ARM\"}], \"placements\": "
		"[{\"role\": \"vault\", \"name\": \"kv\", \"location\": "
		"\"eastus\", \"source\": \"ARM\"}]}";
	static const char *const bad[] = {
		"",
		"[]",
		"{\"discovered\": 1}",
		"{\"discovered\": [{\"key\": 1}]}",
		("{\"placements\": [{\"role\": \"king\", \"name\": \"x\", "
		 "\"source\": \"y\"}]}"),
	};

	(void)state;
	vp_ask_read(&f, good, strlen(good));
	assert_string_equal(all(), "key_vault=kv;");
	assert_int_equal(d.n_notes, 2);
	assert_int_equal(d.n_placements, 1);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		memset(&d, 0, sizeof(d));
		vp_ask_read(&f, bad[i], strlen(bad[i]));
		assert_int_equal(d.n_values, 0);
		assert_int_equal(d.n_notes, 1);
	}
}

static void test_identity(void **state)
{
	struct vp_settings s = { .arena = f.arena };
	char url[256], why[256];

	(void)state;
	assert_int_equal(vp_value_identity(&s, "mine", why, sizeof(why)),
	                 -EINVAL);
	assert_null(s.identity_client_id);
	vp_token_url(url, sizeof(url), "management.azure.com", NULL);
	assert_string_equal(url, "http://169.254.169.254/metadata/identity/"
	                         "oauth2/token?api-version=2018-02-01&resource="
	                         "https://management.azure.com/");
	assert_int_equal(
		vp_value_identity(&s, "3F8A2C1E-5b7d-4e9f-8a6b-1c2d3e4f5a6b",
	                          why, sizeof(why)),
		0);
	vp_token_url(url, sizeof(url), "management.azure.com",
	             s.identity_client_id);
	assert_string_equal(url, "http://169.254.169.254/metadata/identity/"
	                         "oauth2/token?api-version=2018-02-01&resource="
	                         "https://management.azure.com/&client_id="
	                         "3f8a2c1e-5b7d-4e9f-8a6b-1c2d3e4f5a6b");
}

/* A line for each stage; the one that was begun does not count. */
static void test_stages(void **state)
{
	static const char *const stages[] = {
		"{\"discovered\": [{\"key\": \"key_vault\", \"value\": "
		"\"kv\", \"source\": \"ARM\"}]}\n",
		"{\"discovery_notes\": [\"a\"]}\n",
		"{\"discovered\": [{\"key\": \"registry\", \"value\": "
		"\"cr\", \"source\": \"ARM\"}]}",
	};
	char *text = vp_arena_printf(f.arena, "%s%s%s", stages[0], stages[1],
	                             stages[2]);

	(void)state;
	assert_int_equal(vp_ask_read_lines(&f, text, strlen(text)), 2);
	assert_string_equal(all(), "key_vault=kv;");
	assert_int_equal(d.n_notes, 1);
	assert_int_equal(vp_ask_read_lines(&f, "", 0), 0);
}

static void test_deadline(void **state)
{
	(void)state;
	assert_int_equal(vp_discover_limit(0), 15000);
	assert_int_equal(vp_discover_limit(120000), 15000);
	assert_int_equal(vp_discover_limit(30000), 15000);
	assert_int_equal(vp_discover_limit(29998), 14999);
	assert_int_equal(vp_discover_limit(2000), 1000);
	assert_int_equal(vp_discover_rest(20000, 10500), 9500);
	assert_int_equal(vp_discover_rest(20000, 19999), 1);
	assert_int_equal(vp_discover_rest(20000, 20000), 1);
	assert_int_equal(vp_discover_rest(20000, UINT64_C(1) << 40), 1);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_clouds),
		T(test_imds),
		T(test_imds_of_instance),
		T(test_workspace),
		T(test_interfaces),
		T(test_placements),
		T(test_files_refused),
		T(test_next_link),
		T(test_endpoint_of_agent),
		T(test_tokens),
		T(test_identity),
		T(test_deadline),
		T(test_stages),
		T(test_error_codes),
		T(test_handed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
