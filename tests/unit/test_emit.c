/* `dns --emit`: whole files. That servers load them: tests/lab/cure. */
#include "forwarder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "config.h"
#include "plan.h"

#define GUID "01234567-89ab-cdef-0123-456789abcdef"
#define CONFIG                                                                 \
	"region: eastus\n"                                                     \
	"workspace: {id: " GUID ", notebook_fqdn: n.notebooks.azure.net,"      \
	" addresses: [10.0.0.5, 10.0.0.6]}\n"                                  \
	"storage_accounts: [{name: sta, services: [file, blob],"               \
	" addresses: [10.0.0.7]}]\n"                                           \
	"key_vaults: [{name: kv, addresses: [10.0.0.9, 'fd00::9']},"           \
	" {name: nowhere}]\n"                                                  \
	"targets: [{name: db.corp.example}, {name: mcr.microsoft.com}]\n"

struct emitted {
	char *text;
	size_t len;
	char why[512];
	int status;
};

/* Plans a config without a resolver anywhere and emits. */
static struct emitted emit(const char *yaml, const char *word,
                           const char *upstream)
{
	struct vp_settings s = { .arena = vp_arena_create(),
		                 .resolv_conf = "/nonexistent" };
	struct vp_facts *f = vp_facts_create();
	struct emitted e = { .why = "" };
	FILE *out = open_memstream(&e.text, &e.len);

	s.cloud = vp_arena_strdup(s.arena, "public");
	s.scenario = vp_arena_strdup(s.arena, "secured");
	s.emit = vp_arena_strdup(s.arena, word);
	if (upstream != NULL)
		assert_int_equal(vp_addr_parse(&s.upstream, upstream), 0);
	if (vp_config_parse(&s, "t.yaml", (const unsigned char *)yaml,
	                    strlen(yaml), e.why, sizeof(e.why)) != 0)
		fail_msg("%s", e.why);
	if (vp_plan_make(f, &s, e.why, sizeof(e.why)) != 0)
		fail_msg("%s", e.why);
	assert_string_equal(e.why, "");
	assert_int_equal(f->n_resolvers, 0);
	e.status = vp_emit(out, f, &s, e.why, sizeof(e.why));
	assert_int_equal(fclose(out), 0);
	vp_facts_destroy(f);
	vp_arena_destroy(s.arena);
	return e;
}

static void has(const struct emitted *e, const char *text)
{
	if (strstr(e->text, text) == NULL)
		fail_msg("'%s' is not in:\n%s", text, e->text);
}

/* No line is longer than a terminal's unless it is one of the program's. */
static void check_head(const struct emitted *e)
{
	for (const char *p = e->text; *p == '#'; p++) {
		size_t n = strcspn(p, "\n");

		if (n > 80)
			fail_msg("%zu columns: %.*s", n, (int)n, p);
		p += n;
	}
}

static void test_servers(void **state)
{
	static const struct {
		const char *word, *want[4];
	} cases[] = {
		{ "bind",
		  { "# Conditional forwarders for BIND 9: ",
		    "include \"/etc/bind/named.conf.azureml\";",
		    "#         \"vaultcore.azure.net\";\n",
		    "\nzone \"vaultcore.azure.net\" { type forward; forward "
		    "only; forwarders { 168.63.129.16; }; };\n" } },
		{ "unbound",
		  { "/etc/unbound/unbound.conf.d/azureml.conf",
		    "\n    domain-insecure: \"api.azureml.ms.\"\n",
		    "\n    private-domain: \"api.azureml.ms.\"\n",
		    "\n    forward-addr: 168.63.129.16\n" } },
		{ "dnsmasq",
		  { "/etc/dnsmasq.d/azureml.conf", "dnsmasq --test",
		    "\nserver=/aznbcontent.net/168.63.129.16\n",
		    "\nrebind-domain-ok=/aznbcontent.net/\n" } },
		{ "coredns",
		  { "coredns-custom", "\napi.azureml.ms:53 {\n",
		    "\n    forward . 168.63.129.16\n}\n", "Corefile" } },
		{ "windows",
		  { "PowerShell", "Add-DnsServerConditionalForwarderZone",
		    "-ForwarderTimeout 6",
		    "\nClear-DnsServerCache -Force\n" } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct emitted e = emit(CONFIG, cases[i].word, NULL);

		assert_int_equal(e.status, 0);
		for (size_t k = 0; k < 4; k++)
			has(&e, cases[i].want[k]);
		has(&e, "Not covered, since their zone is not known:\n"
		        "#     db.corp.example\n");
		assert_null(strstr(e.text, "privatelink."));
		assert_null(strstr(e.text, "mcr.microsoft.com"));
		assert_null(strchr(e.text, '\t'));
		check_head(&e);
		free(e.text);
	}
}

static void test_upstream(void **state)
{
	static const struct {
		const char *address, *refused;
	} cases[] = {
		{ "10.1.2.3", NULL },
		{ "fd00::4", NULL },
		{ "168.63.129.16", NULL },
		{ "20.1.2.3", NULL }, /* may be a VNet's */
		{ "8.8.8.8", "public resolver" },
		{ "127.0.0.1", "loopback" },
		{ "224.0.0.1", "multicast" },
		{ "0.0.0.0", "unspecified" },
		{ "169.254.169.254", "platform" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct emitted e = emit(CONFIG, "unbound", cases[i].address);
		char line[80];

		snprintf(line, sizeof(line), "\n    forward-addr: %s\n",
		         cases[i].address);
		if (cases[i].refused != NULL) {
			assert_int_equal(e.status, 2);
			assert_int_equal(e.len, 0);
			assert_non_null(strstr(e.why, cases[i].refused));
		} else {
			assert_int_equal(e.status, 0);
			has(&e, line);
			assert_true(strstr(e.text, "on premises") == NULL ||
			            i == 2);
		}
		free(e.text);
	}
}

/* Behind the head. */
static const char *entries(const struct emitted *e)
{
	const char *p = strstr(e->text, "\n\n");

	assert_non_null(p);
	return p + 2;
}

static void test_hosts(void **state)
{
	struct emitted e = emit(CONFIG, "hosts", NULL);

	(void)state;
	assert_int_equal(e.status, 0);
	assert_string_equal(
		entries(&e),
		"10.0.0.7 sta.blob.core.windows.net sta.file.core.windows.net\n"
		"10.0.0.9 kv.vault.azure.net\n"
		"fd00::9 kv.vault.azure.net\n"
		"# " GUID ".workspace.eastus.api.azureml.ms: several addresses "
		"are allowed; which is its own is not known\n"
		"# " GUID ".workspace.eastus.cert.api.azureml.ms: several "
		"addresses are allowed; which is its own is not known\n"
		"# db.corp.example: no expected address is known\n"
		"# n.notebooks.azure.net: several addresses are allowed; which "
		"is its own is not known\n"
		"# nowhere.vault.azure.net: no expected address is known\n");
	check_head(&e);
	free(e.text);
}

/* Nine names at one address: a second line begins. */
static void test_hosts_folds(void **state)
{
	struct emitted e = emit("targets:\n"
	                        "- {name: a.corp, addresses: [10.0.0.1]}\n"
	                        "- {name: b.corp, addresses: [10.0.0.1]}\n"
	                        "- {name: c.corp, addresses: [10.0.0.1]}\n"
	                        "- {name: d.corp, addresses: [10.0.0.1]}\n"
	                        "- {name: e.corp, addresses: [10.0.0.1]}\n"
	                        "- {name: f.corp, addresses: [10.0.0.1]}\n"
	                        "- {name: g.corp, addresses: [10.0.0.1]}\n"
	                        "- {name: h.corp, addresses: [10.0.0.1]}\n"
	                        "- {name: i.corp, addresses: [10.0.0.1]}\n"
	                        "- {name: 'i.corp:80'}\n",
	                        "hosts", NULL);

	(void)state;
	assert_int_equal(e.status, 0);
	assert_string_equal(entries(&e),
	                    "10.0.0.1 a.corp b.corp c.corp d.corp e.corp "
	                    "f.corp g.corp h.corp\n"
	                    "10.0.0.1 i.corp\n");
	free(e.text);
}

/* What has to be public is not pinned, and nothing is pinned to the Internet.
 */
static void test_hosts_public(void **state)
{
	struct emitted e =
		emit("vnet: [198.51.100.0/24]\n"
	             "targets:\n"
	             "- {name: a.corp, expect: public, addresses: [10.0.0.1]}\n"
	             "- {name: b.corp, expect: any, addresses: [10.0.0.2]}\n"
	             "- {name: c.corp, addresses: [203.0.113.3]}\n"
	             "- {name: d.corp, addresses: [198.51.100.4]}\n",
	             "hosts", NULL);

	(void)state;
	assert_int_equal(e.status, 0);
	assert_string_equal(entries(&e),
	                    "10.0.0.2 b.corp\n"
	                    "198.51.100.4 d.corp\n"
	                    "# c.corp: the expected address is public\n");
	free(e.text);
}

static void test_refusals(void **state)
{
	static const struct {
		const char *yaml, *word, *why;
	} cases[] = {
		{ CONFIG, "bnid", "did you mean 'bind'?" },
		{ CONFIG, "", "'' is not one of bind, unbound" },
		{ CONFIG, "BIND", "is not one of" },
		{ "key_vaults: [{name: kv}]", "hosts", "no target has" },
		{ "key_vaults: [{name: kv, addresses: [10.0.0.1, 10.0.0.2]}]",
		  "hosts", "no target has" },
		{ "targets: [{name: mcr.microsoft.com}]", "hosts",
		  "no target has" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct emitted e = emit(cases[i].yaml, cases[i].word, NULL);

		assert_int_equal(e.status, 2);
		assert_int_equal(e.len, 0);
		if (strstr(e.why, cases[i].why) == NULL)
			fail_msg("%s: %s", cases[i].word, e.why);
		free(e.text);
	}
}

static void test_full_device(void **state)
{
	struct vp_settings s = { .arena = vp_arena_create(),
		                 .emit = (char[]){ "bind" } };
	struct vp_facts *f = vp_facts_create();
	FILE *full = fopen("/dev/full", "w");
	char why[256];

	(void)state;
	assert_non_null(full);
	assert_true(vp_emit(full, f, &s, why, sizeof(why)) < 0);
	fclose(full);
	vp_facts_destroy(f);
	vp_arena_destroy(s.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_servers),
		cmocka_unit_test(test_upstream),
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_hosts_folds),
		cmocka_unit_test(test_hosts_public),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_full_device),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
