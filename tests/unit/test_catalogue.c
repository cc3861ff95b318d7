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
	{ "eastus.geo.azurecr.io", NONE, NULL },
	{ "st-secondary.dfs.core.chinacloudapi.cn", VP_KIND_DFS,
	  "privatelink.dfs.core.chinacloudapi.cn" },
	{ "-secondary.blob.core.windows.net", VP_KIND_BLOB,
	  "privatelink.blob.core.windows.net" },
	{ GUID ".registry.eastus.api.azureml.ms", VP_KIND_AML_REGISTRY,
	  "privatelink.api.azureml.ms" },
	{ GUID ".registry.eastus.privatelink.api.azureml.ms",
	  VP_KIND_AML_REGISTRY, "privatelink.api.azureml.ms" },
	{ GUID ".workspace.eastus.privatelink.api.azureml.ms", NONE, NULL },
	{ GUID ".registryx.eastus.api.azureml.ms", NONE, NULL },
	{ "c-1.privatelink.usgovvirginia.cx.aks.containerservice.azure.us",
	  VP_KIND_AKS_API, NULL },
	{ "c-1.hcp.chinaeast2.cx.prod.service.azk8s.cn", VP_KIND_AKS_API,
	  NULL },
	{ "w.ods.opinsights.azure.us", VP_KIND_MONITOR,
	  "privatelink.ods.opinsights.azure.us" },
	{ "api.loganalytics.io", VP_KIND_MONITOR, NULL },
	{ "ci-8787.eastus.instances.azureml.ms", VP_KIND_COMPUTE_INSTANCE,
	  NULL },
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

static const struct {
	const char *scenario;
	enum vp_class class;
	enum vp_expect expect;
} scenarios[] = {
	{ "secured", VP_CLASS_WORKSPACE, VP_EXPECT_PRIVATE },
	{ "secured", VP_CLASS_STORAGE, VP_EXPECT_PRIVATE },
	{ "secured", VP_CLASS_MONITOR, VP_EXPECT_ANY },
	{ "secured", VP_CLASS_LOGIN, VP_EXPECT_PUBLIC },
	{ "secured-public-access", VP_CLASS_STORAGE, VP_EXPECT_PRIVATE },
	{ "service-endpoints", VP_CLASS_VAULT, VP_EXPECT_SERVICE_ENDPOINT },
	{ "service-endpoints", VP_CLASS_STORAGE, VP_EXPECT_SERVICE_ENDPOINT },
	{ "service-endpoints", VP_CLASS_REGISTRY, VP_EXPECT_PRIVATE },
	{ "service-endpoints", VP_CLASS_WORKSPACE, VP_EXPECT_PRIVATE },
	{ "public-workspace", VP_CLASS_WORKSPACE, VP_EXPECT_PUBLIC },
	{ "public-workspace", VP_CLASS_STORAGE, VP_EXPECT_PRIVATE },
	{ "no-vnet", VP_CLASS_OTHER, VP_EXPECT_PUBLIC },
	{ "no-vnet", VP_CLASS_ARM, VP_EXPECT_ANY },
	{ "managed-vnet", VP_CLASS_STORAGE, VP_EXPECT_PRIVATE },
	{ "online-endpoint", VP_CLASS_INFERENCE, VP_EXPECT_PRIVATE },
	{ "aks", VP_CLASS_CLUSTER, VP_EXPECT_PUBLIC },
	{ "aks", VP_CLASS_REGISTRY, VP_EXPECT_PRIVATE },
	{ "aks-private", VP_CLASS_CLUSTER, VP_EXPECT_PRIVATE },
	{ "registry", VP_CLASS_AML_REGISTRY, VP_EXPECT_PRIVATE },
	{ "studio", VP_CLASS_STORAGE, VP_EXPECT_PRIVATE },
	{ "firewall", VP_CLASS_STORAGE, VP_EXPECT_PRIVATE },
	{ "firewall-inspected", VP_CLASS_VAULT, VP_EXPECT_PRIVATE },
	{ "custom-dns", VP_CLASS_WORKSPACE, VP_EXPECT_PRIVATE },
	{ "sentinel", VP_CLASS_WORKSPACE, VP_EXPECT_PUBLIC },
	{ "sentinel-private", VP_CLASS_WORKSPACE, VP_EXPECT_PRIVATE },
};

static void test_scenarios(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(scenarios) / sizeof(*scenarios); i++) {
		const struct vp_catalogue_scenario *sc =
			vp_catalogue_scenario(scenarios[i].scenario);

		if (sc == NULL ||
		    vp_catalogue_expects(sc, scenarios[i].class)->expect !=
		            scenarios[i].expect)
			fail_msg("%s: %s", scenarios[i].scenario,
			         vp_catalogue_class_name(scenarios[i].class));
	}
	assert_null(vp_catalogue_scenario("secure"));
	assert_null(vp_catalogue_scenario(""));
}

/* Each scenario says something of each class, and each row is of a scenario
 * and says other than what its base says. */
static void test_expectations(void **state)
{
	const struct vp_catalogue_scenario *sc, *base;
	const struct vp_catalogue_expectation *rows, *row;
	size_t n, n_rows;

	(void)state;
	sc = vp_catalogue_scenarios(&n);
	assert_int_equal(n, 18);
	for (size_t i = 0; i < n; i++) {
		for (unsigned c = 0; c < VP_CLASS_COUNT; c++) {
			row = vp_catalogue_expects(&sc[i], (enum vp_class)c);
			if (row == NULL)
				fail_msg("%s: %s", sc[i].name,
				         vp_catalogue_class_name(
						 (enum vp_class)c));
		}
	}
	rows = vp_catalogue_expectations(&n_rows);
	for (size_t i = 0; i < n_rows; i++) {
		base = vp_catalogue_scenario(rows[i].scenario);
		assert_non_null(base);
		row = vp_catalogue_expects(base, rows[i].class);
		assert_ptr_equal(row, &rows[i]); /* no row is hidden */
		if (base->base == NULL)
			continue;
		base = vp_catalogue_scenario(base->base);
		assert_non_null(base);
		row = vp_catalogue_expects(base, rows[i].class);
		if (row->expect == rows[i].expect && rows[i].why == NULL)
			fail_msg("%s: %s says nothing of its own",
			         rows[i].scenario,
			         vp_catalogue_class_name(rows[i].class));
	}
}

static void test_by_design(void **state)
{
	(void)state;
	assert_non_null(vp_catalogue_public_by_design("eastus.api.azureml.ms"));
	assert_non_null(
		vp_catalogue_public_by_design("eastus.cert.api.azureml.ms"));
	assert_non_null(vp_catalogue_public_by_design("mcr.microsoft.com"));
	/* Batch's, or an account of the user's */
	assert_null(vp_catalogue_public_by_design("a.eastus.batch.azure.com"));
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

static void test_organisations(void **state)
{
	static const struct {
		const char *issuer;
		bool azure;
	} cases[] = {
		{ "CN=x,O=Microsoft Corporation,C=US", true },
		{ "CN=x,O=DigiCert Inc", true },
		{ "CN=x,O=DigiCert\\, Inc.,C=US", true },
		{ "O=DigiCert", true },
		{ "CN=x,O=DigiCertified", false },
		{ "CN=x,O=Not Microsoft Corporation", false },
		{ "CN=Microsoft Corporation,O=Contoso", false },
		{ "CN=x,OU=Microsoft Corporation,O=Contoso", false },
		{ "", false },
		{ NULL, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		if (vp_catalogue_azure_organisation(cases[i].issuer) !=
		    cases[i].azure)
			fail_msg("'%s'", cases[i].issuer);
	}
	assert_true(vp_catalogue_issuer_fits("CN=Lab CA 7,O=x", "lab ca *"));
	assert_true(vp_catalogue_issuer_fits("CN=Lab CA 7,O=x", "Lab CA 7"));
	assert_false(vp_catalogue_issuer_fits("CN=Lab CA 7,O=x", "Lab CA"));
	assert_false(vp_catalogue_issuer_fits("O=Lab CA 7", "Lab CA 7"));
	assert_false(vp_catalogue_issuer_fits("CN=x", ""));
	assert_false(vp_catalogue_issuer_fits(NULL, "*"));
}

static void test_inspectors(void **state)
{
	static const struct {
		const char *issuer, *by;
		bool product;
	} cases[] = {
		{ "CN=Zscaler Root CA,O=Zscaler Inc.", "Zscaler", true },
		{ "CN=FG100E,O=Fortinet", "Fortinet", true },
		{ "CN=contoso tls INSPECTION CA", "inspection", false },
		{ "CN=Corporate Proxy", "proxy", false },
		{ "CN=Microsoft Azure RSA TLS Issuing CA 03", NULL, false },
		{ "CN=Lab Azure RSA TLS Issuing CA 01", NULL, false },
		{ NULL, NULL, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		bool product = !cases[i].product;
		const char *by =
			vp_catalogue_inspector(cases[i].issuer, &product);

		if (product != cases[i].product ||
		    (by == NULL) != (cases[i].by == NULL) ||
		    (by != NULL && strcmp(by, cases[i].by) != 0))
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
		cmocka_unit_test(test_of),
		cmocka_unit_test(test_scenarios),
		cmocka_unit_test(test_expectations),
		cmocka_unit_test(test_by_design),
		cmocka_unit_test(test_issuers),
		cmocka_unit_test(test_organisations),
		cmocka_unit_test(test_inspectors),
		cmocka_unit_test(test_public_dns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
