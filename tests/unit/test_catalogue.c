/* Names of three clouds to kinds and zones; scenarios; known issuers. */
#include "catalogue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "vnetprobe/addr.h"

#define GUID "01234567-89ab-cdef-0123-456789abcdef"
#define NONE VP_KIND_COUNT

static const struct {
	const char *name;
	enum vp_kind kind; /* NONE: no row */
	const char *zone;
} names[] = {
	{ GUID ".workspace.eastus.api.azureml.ms", VP_KIND_WORKSPACE,
	  "privatelink.api.azureml.ms" },
	{ GUID ".workspace.usgovvirginia.api.ml.azure.us", VP_KIND_WORKSPACE,
	  "privatelink.api.ml.azure.us" },
	{ GUID ".workspace.chinaeast2.api.ml.azure.cn", VP_KIND_WORKSPACE,
	  "privatelink.api.ml.azure.cn" },
	{ GUID ".workspace.eastus.cert.api.azureml.ms", VP_KIND_WORKSPACE_CERT,
	  "privatelink.api.azureml.ms" },
	/* the region's own names are nobody's workspace */
	{ "eastus.api.azureml.ms", NONE, NULL },
	{ "eastus.cert.api.azureml.ms", NONE, NULL },
	{ GUID ".workspaces.eastus.api.azureml.ms", NONE, NULL },
	{ "x." GUID ".workspace.eastus.api.azureml.ms", NONE, NULL },
	{ "api.azureml.ms", NONE, NULL },
	{ "ml-lab-eastus-" GUID ".eastus.notebooks.azure.net", VP_KIND_NOTEBOOK,
	  "privatelink.notebooks.azure.net" },
	{ "ml-lab-eastus-" GUID ".notebooks.azure.net", VP_KIND_NOTEBOOK,
	  "privatelink.notebooks.azure.net" }, /* before 2022 */
	{ "ci.eastus.instances.azureml.ms", VP_KIND_COMPUTE_INSTANCE, NULL },
	{ "ci-22.eastus.instances.ml.azure.ms", VP_KIND_COMPUTE_INSTANCE,
	  NULL },
	{ "score.eastus.inference.ml.azure.com", VP_KIND_ONLINE_ENDPOINT,
	  "privatelink.api.azureml.ms" },
	{ "phi.eastus.models.ai.azure.com", VP_KIND_SERVERLESS_MODEL, NULL },
	{ "st.blob.core.windows.net", VP_KIND_BLOB,
	  "privatelink.blob.core.windows.net" },
	{ "st-secondary.blob.core.windows.net", VP_KIND_BLOB,
	  "privatelink.blob.core.windows.net" },
	{ "st.file.core.usgovcloudapi.net", VP_KIND_FILE,
	  "privatelink.file.core.usgovcloudapi.net" },
	{ "st.queue.core.chinacloudapi.cn", VP_KIND_QUEUE,
	  "privatelink.queue.core.chinacloudapi.cn" },
	{ "st.table.core.windows.net", VP_KIND_TABLE,
	  "privatelink.table.core.windows.net" },
	{ "st.dfs.core.windows.net", VP_KIND_DFS,
	  "privatelink.dfs.core.windows.net" },
	{ "st.z13.web.core.windows.net", VP_KIND_WEB,
	  "privatelink.web.core.windows.net" },
	{ "st.z12.blob.storage.azure.net", VP_KIND_BLOB, NULL },
	/* a label boundary, and a label before it */
	{ "evilblob.core.windows.net", NONE, NULL },
	{ "blob.core.windows.net", NONE, NULL },
	{ ".blob.core.windows.net", NONE, NULL },
	{ "st.blob.core.windows.net.evil.example", NONE, NULL },
	{ "kv.vault.azure.net", VP_KIND_VAULT,
	  "privatelink.vaultcore.azure.net" },
	{ "kv.vault.azure.cn", VP_KIND_VAULT,
	  "privatelink.vaultcore.azure.cn" },
	{ "reg.azurecr.io", VP_KIND_REGISTRY, "privatelink.azurecr.io" },
	{ "reg.eastus.geo.azurecr.io", VP_KIND_REGISTRY,
	  "privatelink.azurecr.io" },
	{ "reg.eastus.data.azurecr.io", VP_KIND_REGISTRY_DATA,
	  "privatelink.azurecr.io" },
	{ "eastus.data.azurecr.io", NONE, NULL },
	{ "ai.cognitiveservices.azure.com", VP_KIND_AI_SERVICES,
	  "privatelink.cognitiveservices.azure.com" },
	{ "ai.openai.azure.com", VP_KIND_AI_SERVICES,
	  "privatelink.openai.azure.com" },
	{ "ai.services.ai.azure.com", VP_KIND_AI_SERVICES,
	  "privatelink.services.ai.azure.com" },
	{ "s.search.windows.net", VP_KIND_SEARCH,
	  "privatelink.search.windows.net" },
	{ "dc.services.visualstudio.com", VP_KIND_MONITOR,
	  "privatelink.monitor.azure.com" },
	{ "eastus-8.in.applicationinsights.azure.com", VP_KIND_MONITOR,
	  "privatelink.monitor.azure.com" },
	{ "w.ods.opinsights.azure.com", VP_KIND_MONITOR,
	  "privatelink.ods.opinsights.azure.com" },
	{ "c-1.privatelink.eastus.azmk8s.io", VP_KIND_AKS_API, NULL },
	{ "management.azure.com", VP_KIND_ARM, "privatelink.azure.com" },
	{ "x.management.azure.com", NONE, NULL },
	{ "login.microsoftonline.us", VP_KIND_LOGIN, NULL },
	{ "example.org", NONE, NULL },
	{ "", NONE, NULL },
};

static void test_find(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const struct vp_catalogue_suffix *row =
			vp_catalogue_find(names[i].name);
		enum vp_kind kind = row != NULL ? row->kind : NONE;
		const char *zone = row != NULL ? row->zone : NULL;

		if (kind != names[i].kind)
			fail_msg("%s: kind %d", names[i].name, (int)kind);
		if (names[i].zone == NULL)
			assert_null(zone);
		else
			assert_string_equal(zone, names[i].zone);
	}
}

static void test_rows(void **state)
{
	const struct vp_catalogue_suffix *rows;
	size_t n;

	(void)state;
	rows = vp_catalogue_suffixes(&n);
	for (size_t i = 0; i < n; i++) {
		assert_non_null(rows[i].source);
		assert_true(*rows[i].source != '\0');
		if (rows[i].zone != NULL)
			assert_int_equal(
				strncmp(rows[i].zone, "privatelink.", 12), 0);
		for (size_t k = i + 1; k < n; k++)
			assert_string_not_equal(rows[i].suffix, rows[k].suffix);
	}
}

/* The plan derives names of these kinds in every cloud. */
static void test_of(void **state)
{
	static const char *const clouds[] = { "public", "usgovernment",
		                              "china" };
	static const enum vp_kind kinds[] = {
		VP_KIND_WORKSPACE,
		VP_KIND_WORKSPACE_CERT,
		VP_KIND_NOTEBOOK,
		VP_KIND_COMPUTE_INSTANCE,
		VP_KIND_ONLINE_ENDPOINT,
		VP_KIND_BLOB,
		VP_KIND_FILE,
		VP_KIND_WEB,
		VP_KIND_VAULT,
		VP_KIND_REGISTRY,
		VP_KIND_REGISTRY_DATA,
	};

	(void)state;
	for (size_t c = 0; c < 3; c++) {
		for (size_t k = 0; k < sizeof(kinds) / sizeof(*kinds); k++)
			assert_non_null(vp_catalogue_of(clouds[c], kinds[k]));
	}
	assert_string_equal(
		vp_catalogue_of("public", VP_KIND_COMPUTE_INSTANCE)->suffix,
		".instances.azureml.ms");
	assert_null(vp_catalogue_of("china", VP_KIND_SERVERLESS_MODEL));
	assert_null(vp_catalogue_of("mars", VP_KIND_BLOB));
}

static void test_scenarios(void **state)
{
	const struct vp_catalogue_scenario *sc;

	(void)state;
	sc = vp_catalogue_scenario("secured");
	assert_int_equal(sc->workspace, VP_EXPECT_PRIVATE);
	assert_int_equal(sc->storage, VP_EXPECT_PRIVATE);
	sc = vp_catalogue_scenario("service-endpoints");
	assert_int_equal(sc->vault, VP_EXPECT_SERVICE_ENDPOINT);
	assert_int_equal(sc->registry, VP_EXPECT_PRIVATE);
	sc = vp_catalogue_scenario("public-workspace");
	assert_int_equal(sc->workspace, VP_EXPECT_PUBLIC);
	assert_int_equal(sc->storage, VP_EXPECT_PRIVATE);
	sc = vp_catalogue_scenario("no-vnet");
	assert_int_equal(sc->other, VP_EXPECT_PUBLIC);
	assert_null(vp_catalogue_scenario("secure"));
	assert_null(vp_catalogue_scenario(""));
}

static void test_by_design(void **state)
{
	(void)state;
	assert_non_null(vp_catalogue_public_by_design("eastus.api.azureml.ms"));
	assert_non_null(
		vp_catalogue_public_by_design("eastus.cert.api.azureml.ms"));
	assert_non_null(vp_catalogue_public_by_design("mcr.microsoft.com"));
	assert_non_null(
		vp_catalogue_public_by_design("a.eastus.batch.azure.com"));
	assert_non_null(vp_catalogue_public_by_design("x.aznbcontent.net"));
	assert_non_null(vp_catalogue_public_by_design("graph.windows.net"));
	assert_non_null(vp_catalogue_public_by_design("ml.azure.us"));
	/* somebody's workspace ends in the same suffix */
	assert_null(vp_catalogue_public_by_design(
		GUID ".workspace.eastus.api.azureml.ms"));
	assert_null(vp_catalogue_public_by_design("evilmcr.microsoft.com"));
	assert_null(vp_catalogue_public_by_design("example.org"));
}

static void test_issuers(void **state)
{
	static const struct {
		const char *issuer;
		bool known;
	} cases[] = {
		{ "CN=Microsoft Azure RSA TLS Issuing CA 03,O=Microsoft "
		  "Corporation,C=US",
		  true },
		{ "C=US, O=Microsoft Corporation, CN=Microsoft Azure ECC TLS "
		  "Issuing CA 08",
		  true },
		{ "/C=US/O=DigiCert Inc/CN=DigiCert Global Root G2", true },
		{ "CN=Microsoft TLS G2 RSA CA OCSP 16", true },
		{ "CN = DigiCert Cloud Services CA-1, C = US", true },
		{ "CN=DigiCert Basic RSA CN CA G2", true },
		{ "CN=Microsoft Azure RSA TLS Issuing CA 03 (proxy)", false },
		{ "CN=Microsoft Azure RSA TLS Issuing CA ", false },
		{ "CN=DigiCert Global Root G2 Fake", false },
		{ "O=DigiCert Global Root G2,CN=corp-proxy", false },
		{ "XCN=DigiCert Global Root G2", false },
		{ "CN=corp-fw.contoso.example", false },
		{ "DigiCert Global Root G2", false },
		{ "", false },
		{ "CN", false },
		{ "CN=", false },
		{ NULL, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		if (vp_catalogue_known_issuer(cases[i].issuer) !=
		    cases[i].known)
			fail_msg("'%s'", cases[i].issuer);
	}
}

static void test_public_dns(void **state)
{
	static const struct {
		const char *addr;
		bool known;
	} cases[] = {
		{ "8.8.8.8", true },        { "1.1.1.1", true },
		{ "9.9.9.9", true },        { "2001:4860:4860::8888", true },
		{ "2620:fe::fe", true },    { "2606:4700:4700::1111", true },
		{ "168.63.129.16", false }, { "10.20.0.53", false },
		{ "8.8.8.9", false },
	};
	struct vp_addr a = { 0 };

	(void)state;
	assert_false(vp_catalogue_public_resolver(&a));
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(vp_addr_parse(&a, cases[i].addr), 0);
		if (vp_catalogue_public_resolver(&a) != cases[i].known)
			fail_msg("%s", cases[i].addr);
	}
	assert_true(vp_catalogue_doh_name("dns.google"));
	assert_true(vp_catalogue_doh_name("abc123.dns.nextdns.io"));
	assert_false(vp_catalogue_doh_name("notdns.google"));
	assert_false(vp_catalogue_doh_name("kv.vault.azure.net"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_of),
		cmocka_unit_test(test_scenarios),
		cmocka_unit_test(test_by_design),
		cmocka_unit_test(test_issuers),
		cmocka_unit_test(test_public_dns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
