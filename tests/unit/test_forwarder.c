/* Which zones are to be forwarded, and each server's lines for them. */
#include "forwarder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "catalogue.h"

#define AML_PUBLIC                                                             \
	"api.azureml.ms notebooks.azure.net instances.azureml.ms "             \
	"instances.ml.azure.ms aznbcontent.net inference.ml.azure.com "        \
	"models.ai.azure.com"
#define AML_GOVERNMENT                                                         \
	"api.ml.azure.us notebooks.usgovcloudapi.net instances.azureml.us "    \
	"instances.ml.azure.us aznbcontent.net inference.ml.azure.us"
#define AML_CHINA                                                              \
	"api.ml.azure.cn notebooks.chinacloudapi.cn instances.azureml.cn "     \
	"instances.ml.azure.ms aznbcontent.net inference.ml.azure.cn"

/* Facts with these names, "!" before one: public is expected of it. */
static struct vp_facts *facts_of(const char *cloud, const char *names)
{
	struct vp_facts *f = vp_facts_create();
	char *text = vp_arena_strdup(f->arena, names), *save = NULL;

	f->cloud = vp_arena_strdup(f->arena, cloud);
	for (char *w = strtok_r(text, " ", &save); w != NULL;
	     w = strtok_r(NULL, " ", &save)) {
		struct vp_target *t =
			VP_PUSH(f->arena, f->targets, f->n_targets);
		const struct vp_catalogue_suffix *row;

		t->expect = *w == '!' ? VP_EXPECT_PUBLIC : VP_EXPECT_PRIVATE;
		w += *w == '!';
		row = vp_catalogue_find(w);
		t->kind = row != NULL ? row->kind : VP_KIND_OTHER;
		t->name = vp_arena_alloc(f->arena, sizeof(*t->name));
		t->name->name = w;
	}
	return f;
}

static void test_zones(void **state)
{
	static const struct {
		const char *cloud, *names, *want;
	} cases[] = {
		{ "public", "", AML_PUBLIC },
		{ "usgovernment", "", AML_GOVERNMENT },
		{ "china", "", AML_CHINA },
		{ "public", "a.blob.core.windows.net b.blob.core.windows.net",
		  AML_PUBLIC " blob.core.windows.net" },
		{ "public", "a.z12.blob.storage.azure.net",
		  AML_PUBLIC " blob.storage.azure.net" },
		/* calls to dfs are redirected to blob */
		{ "public", "a.dfs.core.windows.net",
		  AML_PUBLIC " blob.core.windows.net dfs.core.windows.net" },
		{ "public", "kv.vault.azure.net reg.azurecr.io",
		  AML_PUBLIC " vault.azure.net vaultcore.azure.net "
		             "azurecr.io" },
		{ "public", "reg.eastus.data.azurecr.io",
		  AML_PUBLIC " azurecr.io" },
		{ "public", "x.openai.azure.com",
		  AML_PUBLIC " cognitiveservices.azure.com openai.azure.com "
		             "services.ai.azure.com" },
		/* the order is the table's, not the plan's */
		{ "usgovernment",
		  "kv.vault.usgovcloudapi.net a.file.core.usgovcloudapi.net",
		  AML_GOVERNMENT " file.core.usgovcloudapi.net "
		                 "vault.usgovcloudapi.net "
		                 "vaultcore.usgovcloudapi.net" },
		{ "china", "kv.vault.azure.cn",
		  AML_CHINA " vault.azure.cn vaultcore.azure.cn" },
		/* names tell the cloud when nobody said it */
		{ "public", "kv.vault.azure.cn",
		  AML_CHINA " vault.azure.cn vaultcore.azure.cn" },
		/* what is public needs no forwarder, what is not Azure's
		 * has no zone of ours */
		{ "public", "!a.blob.core.windows.net db.corp.example",
		  AML_PUBLIC },
		{ "public", "k-1.privatelink.eastus.azmk8s.io",
		  AML_PUBLIC " eastus.azmk8s.io" },
		{ "public", "management.azure.com", AML_PUBLIC " azure.com" },
		{ "public", "dc.services.visualstudio.com",
		  AML_PUBLIC " blob.core.windows.net monitor.azure.com "
		             "applicationinsights.azure.com "
		             "services.visualstudio.com "
		             "oms.opinsights.azure.com "
		             "ods.opinsights.azure.com "
		             "agentsvc.azure-automation.net" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct vp_facts *f = facts_of(cases[i].cloud, cases[i].names);
		const char **zones = NULL;
		size_t n = vp_forwarder_zones(f, f->arena, &zones);
		char *got = vp_arena_strdup(f->arena, "");

		for (size_t k = 0; k < n; k++) {
			got = vp_arena_printf(f->arena, "%s%s%s", got,
			                      k == 0 ? "" : " ", zones[k]);
			assert_null(strstr(zones[k], "privatelink"));
		}
		assert_string_equal(got, cases[i].want);
		vp_facts_destroy(f);
	}
}

static void test_zone_of(void **state)
{
	static const struct {
		const char *name, *want;
	} cases[] = {
		{ "a.blob.core.windows.net", "blob.core.windows.net" },
		{ "blob.core.windows.net", "blob.core.windows.net" },
		{ "a.privatelink.blob.core.windows.net",
		  "blob.core.windows.net" },
		{ "privatelink.vaultcore.azure.net", "vaultcore.azure.net" },
		{ "xblob.core.windows.net", NULL },
		{ "g.workspace.eastus.cert.api.azureml.ms", "api.azureml.ms" },
		{ "eastus.api.azureml.ms", "api.azureml.ms" },
		{ "ci.eastus.instances.ml.azure.ms", "instances.ml.azure.ms" },
		{ "management.azure.com", "azure.com" },
		{ "management.privatelink.azure.com", "azure.com" },
		{ "portal.azure.com", NULL },
		{ "api.monitor.azure.com", "monitor.azure.com" },
		{ "k.privatelink.eastus.azmk8s.io", "eastus.azmk8s.io" },
		{ "k.sub.privatelink.eastus.azmk8s.io", "eastus.azmk8s.io" },
		{ "k.hcp.eastus.azmk8s.io", "eastus.azmk8s.io" },
		{ "eastus.azmk8s.io", "eastus.azmk8s.io" },
		{ "azmk8s.io", NULL },
		{ "login.microsoftonline.com", NULL },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *got = vp_forwarder_zone_of(cases[i].name);

		if (cases[i].want == NULL)
			assert_null(got);
		else if (got == NULL)
			fail_msg("%s: no zone", cases[i].name);
		else
			assert_string_equal(got, cases[i].want);
	}
}

/* Whatever the catalogue knows a private zone for can be forwarded. */
static void test_catalogue_has_zones(void **state)
{
	size_t n;
	const struct vp_catalogue_suffix *rows = vp_catalogue_suffixes(&n);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		const char *end = rows[i].suffix;
		char name[256];

		snprintf(name, sizeof(name), "%s%s",
		         *end == '.' || *end == '-' ? "x" : "", end);
		if (rows[i].zone != NULL && vp_forwarder_zone_of(name) == NULL)
			fail_msg("%s: no zone to forward", name);
		if (rows[i].zone != NULL &&
		    vp_forwarder_zone_of(rows[i].zone) == NULL)
			fail_msg("%s: no zone above it", rows[i].zone);
	}
}

static struct vp_addr addr(const char *text)
{
	struct vp_addr a;

	assert_int_equal(vp_addr_parse(&a, text), 0);
	return a;
}

static void test_lines(void **state)
{
	static const char *const zones[] = { "vault.azure.net",
		                             "vaultcore.azure.net" };
	static const struct {
		enum vp_server_kind kind;
		const char *upstream, *want;
	} cases[] = {
		{ VP_SERVER_BIND, "168.63.129.16",
		  "zone \"vault.azure.net\" { type forward; forward only; "
		  "forwarders { 168.63.129.16; }; };\n"
		  "zone \"vaultcore.azure.net\" { type forward; forward only; "
		  "forwarders { 168.63.129.16; }; };\n" },
		{ VP_SERVER_UNBOUND, "10.0.0.4",
		  "server:\n"
		  "    private-domain: \"vault.azure.net.\"\n"
		  "    domain-insecure: \"vault.azure.net.\"\n"
		  "    private-domain: \"vaultcore.azure.net.\"\n"
		  "    domain-insecure: \"vaultcore.azure.net.\"\n"
		  "forward-zone:\n"
		  "    name: \"vault.azure.net.\"\n"
		  "    forward-addr: 10.0.0.4\n"
		  "    forward-first: no\n"
		  "forward-zone:\n"
		  "    name: \"vaultcore.azure.net.\"\n"
		  "    forward-addr: 10.0.0.4\n"
		  "    forward-first: no\n" },
		{ VP_SERVER_DNSMASQ, "fd00::4",
		  "server=/vault.azure.net/fd00::4\n"
		  "rebind-domain-ok=/vault.azure.net/\n"
		  "server=/vaultcore.azure.net/fd00::4\n"
		  "rebind-domain-ok=/vaultcore.azure.net/\n" },
		{ VP_SERVER_COREDNS, "168.63.129.16",
		  "vault.azure.net:53 {\n"
		  "    errors\n"
		  "    cache 30\n"
		  "    forward . 168.63.129.16\n"
		  "}\n"
		  "vaultcore.azure.net:53 {\n"
		  "    errors\n"
		  "    cache 30\n"
		  "    forward . 168.63.129.16\n"
		  "}\n" },
		{ VP_SERVER_WINDOWS, "168.63.129.16",
		  "foreach ($zone in\n"
		  "    'vault.azure.net',\n"
		  "    'vaultcore.azure.net') {\n"
		  "    if (-not (Get-DnsServerZone $zone -EA 0)) {\n"
		  "        Add-DnsServerConditionalForwarderZone -Name $zone "
		  "-MasterServers 168.63.129.16 -ForwarderTimeout 6;\n"
		  "    }\n"
		  "    Set-DnsServerConditionalForwarderZone -Name $zone "
		  "-MasterServers 168.63.129.16 -ForwarderTimeout 6 "
		  "-UseRecursion $false;\n"
		  "}\n" },
		/* one private zone behind both: linked once */
		{ VP_SERVER_AZURE_FIREWALL, "168.63.129.16",
		  "az network firewall policy update -g RG -n POLICY "
		  "--enable-dns-proxy true --dns-servers 168.63.129.16\n"
		  "az network private-dns link vnet create -g RG -z "
		  "privatelink.vaultcore.azure.net -n LINK -v FIREWALL_VNET "
		  "-e false\n" },
		{ VP_SERVER_PRIVATE_RESOLVER, "168.63.129.16",
		  "az network private-dns link vnet create -g RG -z "
		  "privatelink.vaultcore.azure.net -n LINK -v RESOLVER_VNET "
		  "-e false\n" },
		{ VP_SERVER_PRIVATE_RESOLVER, "10.0.0.4",
		  "az dns-resolver forwarding-rule create -g RG "
		  "--ruleset-name RULESET -n vault-azure-net --domain-name "
		  "vault.azure.net. --target-dns-servers "
		  "\"[{ip-address:10.0.0.4,port:53}]\"\n"
		  "az dns-resolver forwarding-rule create -g RG "
		  "--ruleset-name RULESET -n vaultcore-azure-net "
		  "--domain-name vaultcore.azure.net. --target-dns-servers "
		  "\"[{ip-address:10.0.0.4,port:53}]\"\n" },
	};
	struct vp_arena *arena = vp_arena_create();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct vp_addr up = addr(cases[i].upstream);

		assert_string_equal(
			vp_forwarder_lines(arena, cases[i].kind, zones, 2, &up),
			cases[i].want);
		assert_string_equal(
			vp_forwarder_lines(arena, cases[i].kind, zones, 0, &up),
			"");
	}
	assert_null(vp_forwarder_lines(arena, VP_SERVER_UNKNOWN, zones, 2,
	                               &(struct vp_addr){ 0 }));
	vp_arena_destroy(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_zones),
		cmocka_unit_test(test_zone_of),
		cmocka_unit_test(test_catalogue_has_zones),
		cmocka_unit_test(test_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
