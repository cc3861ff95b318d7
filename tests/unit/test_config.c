/* The config file: what it sets, and one exact sentence for each mistake. */
#include "config.h"
#include "config_schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#define GUID "01234567-89ab-cdef-0123-456789abcdef"

static int parse(struct vp_settings *s, const char *text, size_t len, char *why,
                 size_t size)
{
	why[0] = '\0';
	*s = (struct vp_settings){ .arena = vp_arena_create() };
	return vp_config_parse(s, "a.yaml", (const unsigned char *)text, len,
	                       why, size);
}

static const char full[] =
	"cloud: usgovernment\n"
	"region: USGovVirginia\n"
	"scenario: service-endpoints\n"
	"expect: any\n"
	"vnet: [10.20.0.0/16, \"fd00:20::/48\"]\n"
	"resolvers: [10.20.0.53, \"10.20.0.54:5353\"]\n"
	"ca_file: /path/ca.pem\n"
	"interface: eth0\n"
	"timeout: 750ms\n"
	"deadline: 3m\n"
	"linger: 2\n"
	"concurrency: 8\n"
	"workspace:\n"
	"  name: mlw-lab\n"
	"  id: 01234567-89AB-cdef-0123-456789abcdef\n"
	"  notebook_fqdn: ml-x.usgovvirginia.notebooks.usgovcloudapi.net\n"
	"  compute_instances: [ci-one]\n"
	"  online_endpoints: [score, other]\n"
	"  expect: private\n"
	"  addresses: [10.20.2.4]\n"
	"storage_accounts:\n"
	"  - {name: stlab, services: [blob, file], expect: public}\n"
	"  - name: sttwo\n"
	"    addresses: []\n"
	"key_vaults: [{name: kv-lab, addresses: [10.20.2.9]}]\n"
	"registries: [{name: crlab, data_regions: [EastUS]}]\n"
	"targets: [{name: extra.example, port: 443, kind: other, expect: "
	"any}]\n"
	"egress:\n"
	"  default: report\n"
	"  allow:\n"
	"    - {name: \"*.Ubuntu.com\", prefix: 203.0.113.9/32, port: 443,\n"
	"       process: apt, reason: \"updates\"}\n";

static void test_full(void **state)
{
	struct vp_settings s;
	char why[1024];

	(void)state;
	if (parse(&s, full, strlen(full), why, sizeof(why)) != 0)
		fail_msg("%s", why);
	assert_string_equal(s.cloud, "usgovernment");
	assert_string_equal(s.region, "usgovvirginia");
	assert_string_equal(s.scenario, "service-endpoints");
	assert_true(s.has_expect);
	assert_int_equal(s.expect, VP_EXPECT_ANY);
	assert_int_equal(s.n_vnet, 2);
	assert_int_equal(s.vnet[1].len, 48);
	assert_int_equal(s.n_resolvers, 2);
	assert_int_equal(s.resolvers[0].port, 53);
	assert_int_equal(s.resolvers[1].port, 5353);
	assert_string_equal(s.ca_file, "/path/ca.pem");
	assert_string_equal(s.interface, "eth0");
	assert_int_equal(s.timeout_ms, 750);
	assert_int_equal(s.deadline_ms, 180000);
	assert_int_equal(s.linger_ms, 2000);
	assert_int_equal(s.concurrency, 8);
	assert_true(s.workspace.present);
	assert_string_equal(s.workspace.id, GUID);
	assert_string_equal(s.workspace.name, "mlw-lab");
	assert_int_equal(s.workspace.n_compute_instances, 1);
	assert_int_equal(s.workspace.n_online_endpoints, 2);
	assert_string_equal(s.workspace.online_endpoints[1], "other");
	assert_true(s.workspace.has_expect);
	assert_int_equal(s.workspace.n_addresses, 1);
	vp_arena_destroy(s.arena);
}

static void test_full_lists(void **state)
{
	struct vp_settings s;
	char why[1024];

	(void)state;
	assert_int_equal(parse(&s, full, strlen(full), why, sizeof(why)), 0);
	assert_int_equal(s.n_storage_accounts, 2);
	assert_int_equal(s.storage_accounts[0].n_services, 2);
	assert_int_equal(s.storage_accounts[0].expect, VP_EXPECT_PUBLIC);
	assert_false(s.storage_accounts[1].has_expect);
	assert_int_equal(s.storage_accounts[1].n_addresses, 0);
	assert_int_equal(s.n_key_vaults, 1);
	assert_int_equal(s.key_vaults[0].n_addresses, 1);
	assert_string_equal(s.registries[0].data_regions[0], "eastus");
	assert_int_equal(s.n_targets, 1);
	assert_int_equal(s.targets[0].port, 443);
	assert_true(s.targets[0].has_kind);
	assert_string_equal(s.targets[0].origin, "targets[0]");
	assert_true(s.egress_report_only);
	assert_int_equal(s.n_allow, 1);
	assert_string_equal(s.allow[0].name, "*.ubuntu.com");
	assert_int_equal(s.allow[0].prefix.len, 32);
	assert_int_equal(s.allow[0].port, 443);
	assert_string_equal(s.allow[0].process, "apt");
	assert_string_equal(s.allow[0].reason, "updates");
	vp_arena_destroy(s.arena);
}

static const struct {
	const char *text;
	const char *why; /* the whole sentence starts like this */
} mistakes[] = {
	/* structure */
	{ "regoin: eastus\n",
	  "a.yaml:1:1: unknown key 'regoin'; did you mean 'region'?" },
	{ "region: eastus\nwho_knows: 1\n",
	  "a.yaml:2:1: unknown key 'who_knows': expected one of cloud, "
	  "region, " },
	{ "storage_accounts:\n  - name: st\n    sevices: [blob]\n",
	  "a.yaml:3:5: storage_accounts[0]: unknown key 'sevices'; did you "
	  "mean 'services'?" },
	{ "storage_accounts:\n  - services: [blob]\n",
	  "a.yaml:2:5: storage_accounts[0]: the key 'name' is missing" },
	{ "workspace: {name: x}\n",
	  "a.yaml:1:12: workspace: the key 'id' is missing" },
	{ "workspace: mlw\n", "a.yaml:1:12: workspace: expected a mapping "
	                      "(key: value), found a single value" },
	{ "vnet: 10.0.0.0/8\n",
	  "a.yaml:1:7: vnet: expected a list ([a, b]), found a single value" },
	{ "region: [eastus]\n",
	  "a.yaml:1:9: region: expected a single value, found a list" },
	{ "region:\ncloud: public\n",
	  "a.yaml:1:8: region: expected a single value, found nothing" },
	{ "key_vaults: [kv]\n", "a.yaml:1:14: key_vaults[0]: expected a "
	                        "mapping (key: value), found a single value" },
	{ "- region\n", "a.yaml:1:1: expected a mapping (key: value), found "
	                "a list" },
	{ "region\n", "a.yaml:1:1: expected a mapping" },
	{ "region: a\nregion: b\n",
	  "a.yaml:2:1: region: this key stands here twice" },
	{ "key_vaults:\n  - {name: a, name: b}\n",
	  "a.yaml:2:15: key_vaults[0].name: this key stands here twice" },
	{ "? [a]\n: b\n", "a.yaml:1:3: a key has to be a plain word" },
	{ "key_vaults: [&kv {name: a}, *kv]\n", "a.yaml:1:14: anchors (&)" },
	{ "region: eastus\n<<: {a: b}\n", "a.yaml:2:1: unknown key '<<'" },
	{ "region: eastus\n---\nregion: b\n", "a.yaml:2:1: a second document" },
	{ "region: \"a\\0b\"\n", "a.yaml:1:9: region: the value has a NUL" },
	/* syntax */
	{ "region: 'east\n", "a.yaml:2:1: not YAML: " },
	{ "vnet: [10.0.0.0/8\nregion: x\n", "a.yaml:2:7: not YAML: " },
	{ "region:\teast: x\n", "a.yaml:1:" },
	{ "a: [[[[[[[[[[[[[[[[[[[[\n", "a.yaml:1:19: nested too deeply" },
	{ "region: \xff\xfe\n", "a.yaml:1:9: not YAML: " },
	{ "# only a comment\n", "a.yaml: the file holds no settings" },
	/* values, with the place of the value */
	{ "cloud: azure\n", "a.yaml:1:8: cloud: 'azure' is not one of public, "
	                    "usgovernment, china" },
	{ "cloud: pubic\n", "a.yaml:1:8: cloud: 'pubic' is not one of public, "
	                    "usgovernment, china; did you mean 'public'?" },
	{ "region: East US\n", "a.yaml:1:9: region: 'East US' is not a region: "
	                       "write its short form, such as eastus" },
	{ "scenario: secure\n", "a.yaml:1:11: scenario: 'secure' is not one "
	                        "of secured, " },
	{ "expect: maybe\n", "a.yaml:1:9: expect: 'maybe' is not one of "
	                     "private, public, service-endpoint, any" },
	{ "vnet:\n  - 10.0.0.0/8\n  - 10.20.0.1/16\n",
	  "a.yaml:3:5: vnet[1]: '10.20.0.1/16' has bits set behind its length "
	  "of 16" },
	{ "vnet: [10.0.0.0/33]\n",
	  "a.yaml:1:8: vnet[0]: '10.0.0.0/33' is not a prefix" },
	{ "vnet: [0.0.0.0/0]\n",
	  "a.yaml:1:8: vnet[0]: '0.0.0.0/0' cannot be a VNet's prefix" },
	{ "vnet: [\"2000::/3\"]\n",
	  "a.yaml:1:8: vnet[0]: '2000::/3' cannot be a VNet's prefix" },
	{ "vnet: [168.63.0.0/16]\n",
	  "a.yaml:1:8: vnet[0]: '168.63.0.0/16' cannot be" },
	{ "resolvers: [dns.example]\n",
	  "a.yaml:1:13: resolvers[0]: 'dns.example' is not a resolver" },
	{ "interface: a/b\n", "a.yaml:1:12: interface: 'a/b' is not the name" },
	{ "timeout: 5x\n", "a.yaml:1:10: timeout: '5x' is not a duration: "
	                   "write 300ms, 5s or 2m" },
	{ "timeout: 0\n", "a.yaml:1:10: timeout: '0' is out of range: from 1ms "
	                  "to 10m are allowed" },
	{ "timeout: 601\n", "a.yaml:1:10: timeout: '601' is out of range" },
	{ "deadline: 99999999999999999999s\n",
	  "a.yaml:1:11: deadline: '99999999999999999999s' is out of range" },
	{ "concurrency: 1025\n", "a.yaml:1:14: concurrency: '1025' is not a "
	                         "number from 1 to 1024" },
	{ "concurrency: -1\n", "a.yaml:1:14: concurrency: '-1' is not" },
	{ "workspace:\n  id: 0123\n",
	  "a.yaml:2:7: workspace.id: '0123' is not a GUID" },
	{ "workspace:\n  id: " GUID "\n  addresses: [10.0.0.256]\n",
	  "a.yaml:3:15: workspace.addresses[0]: '10.0.0.256' is not an IP" },
	{ "workspace:\n  id: " GUID "\n  expect: pivate\n",
	  "a.yaml:3:11: workspace.expect: 'pivate' is not one of " },
	{ "\n\n\n\n\nstorage_accounts:\n  - {name: st, services: [blob, "
	  "blb]}\n",
	  "a.yaml:7:33: storage_accounts[0].services[1]: 'blb' is not one of "
	  "blob, file, queue, table, dfs, web" },
	{ "registries: [{name: cr, data_regions: [\"East US\"]}]\n",
	  "a.yaml:1:40: registries[0].data_regions[0]: 'East US' is not" },
	{ "targets: [{name: a.example, port: 70000}]\n",
	  "a.yaml:1:35: targets[0].port: '70000' is not a port" },
	{ "targets: [{name: a.example, kind: blop}]\n",
	  "a.yaml:1:35: targets[0].kind: 'blop' is not one of " },
	{ "egress: {default: warn}\n", "a.yaml:1:19: egress.default: 'warn' is "
	                               "not one of fail, report" },
	{ "egress: {allow: [{reason: x}]}\n",
	  "a.yaml:1:18: egress.allow[0]: allows everything" },
	{ "egress: {allow: [{port: 80}]}\n",
	  "a.yaml:1:18: egress.allow[0]: the key 'reason' is missing" },
	{ "egress: {allow: [{name: \"a.*.b\", reason: x}]}\n",
	  "a.yaml:1:25: egress.allow[0].name: 'a.*.b' is not a host name" },
	{ "known_issuers: [\"Contoso CA *\", \"*\"]\n",
	  "a.yaml:1:33: known_issuers[1]: '*' is no authority's common name" },
	{ "known_issuers: [\" 1 *\"]\n", "a.yaml:1:17: known_issuers[0]: ' 1 "
	                                 "*' is no authority's common name" },
	{ "egress: {allow: [{prefix: 1.2.3.4/8, reason: x}]}\n",
	  "a.yaml:1:27: egress.allow[0].prefix: '1.2.3.4/8' has bits" },
	/* as --learn leaves it */
	{ "egress: {allow: [{port: 80, reason: \"\"}]}\n",
	  "a.yaml:1:37: egress.allow[0].reason: is empty: say why this may "
	  "leave by a public path" },
	{ "egress: {allow: [{port: 80, reason: }]}\n",
	  "a.yaml:1:37: egress.allow[0].reason: is empty: say why" },
	{ "egress: {allow: [{port: 80, reason: \" \\t\"}]}\n",
	  "a.yaml:1:37: egress.allow[0].reason: is empty: say why" },
	{ "egress: {service_tags: \"\"}\n",
	  "a.yaml:1:24: egress.service_tags: expected a single value, found "
	  "nothing" },
	{ "azure_dns: sometimes\n",
	  "a.yaml:1:12: azure_dns: 'sometimes' is not one of auto, always, "
	  "never" },
	{ "compare: [{label: public}]\n",
	  "a.yaml:1:11: compare[0]: the key 'address' is missing" },
	{ "compare: [public=9.9.9.9]\n",
	  "a.yaml:1:11: compare[0]: expected a mapping" },
	{ "compare:\n  - {label: a, address: dns.example}\n",
	  "a.yaml:2:5: compare[0]: 'dns.example' is not a DNS server" },
	{ "compare:\n  - {label: a b, address: 192.0.2.1}\n",
	  "a.yaml:2:5: compare[0]: 'a b' is not a label" },
	{ "compare:\n  - {label: a, address: 192.0.2.1}\n"
	  "  - {label: a, address: 192.0.2.2}\n",
	  "a.yaml:3:5: compare[1]: the label 'a' is given twice" },
	{ "dns_servers: [{address: 10.0.0.4}]\n",
	  "a.yaml:1:15: dns_servers[0]: the key 'kind' is missing" },
	{ "dns_servers: [{address: 10.0.0.4, kind: named}]\n",
	  "a.yaml:1:41: dns_servers[0].kind: 'named' is not one of unknown, "
	  "bind, unbound, dnsmasq, coredns, windows, azure-firewall, "
	  "private-resolver" },
	{ "dns_servers: [{address: \"10.0.0.4:53\", kind: bind}]\n",
	  "a.yaml:1:25: dns_servers[0].address: '10.0.0.4:53' is not an IP" },
	{ "dns_servers:\n  - {address: 10.0.0.4, kind: bind}\n"
	  "  - {address: 10.0.0.4, kind: unbound}\n",
	  "a.yaml:3:15: dns_servers[1].address: this server stands here "
	  "twice" },
	{ "vnet_dns: [10.0.0.4, 10.0.0.x]\n",
	  "a.yaml:1:22: vnet_dns[1]: '10.0.0.x' is not an IP address" },
	{ "vnet_dns: 10.0.0.4\n", "a.yaml:1:11: vnet_dns: expected a list" },
	{ "cloud: \"a\\eb\"\n", "a.yaml:1:8: cloud: 'a\\x1bb' is not" },
};

static void test_mistakes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(*mistakes); i++) {
		struct vp_settings s;
		char why[1024];
		int err = parse(&s, mistakes[i].text, strlen(mistakes[i].text),
		                why, sizeof(why));

		vp_arena_destroy(s.arena);
		if (err == 0)
			fail_msg("accepted: %s", mistakes[i].text);
		if (strncmp(why, mistakes[i].why, strlen(mistakes[i].why)) != 0)
			fail_msg("%s\nsays: %s\nwant: %s", mistakes[i].text,
			         why, mistakes[i].why);
		assert_null(strchr(why, '\n'));
	}
}

static void test_dns_keys(void **state)
{
	static const char text[] =
		"azure_dns: never\n"
		"compare:\n"
		"  - {label: public, address: 9.9.9.9}\n"
		"  - {label: hub, address: \"10.1.0.4:5353\"}\n"
		"dns_servers:\n"
		"  - {address: 10.20.0.53, kind: windows}\n"
		"  - {address: \"fd00::53\", kind: private-resolver}\n"
		"vnet_dns: [10.20.0.53, 10.20.0.54]\n";
	struct vp_settings s;
	char why[1024] = "", buf[VP_ENDPOINT_TEXT];

	(void)state;
	if (parse(&s, text, strlen(text), why, sizeof(why)) != 0)
		fail_msg("%s", why);
	assert_int_equal(s.azure_dns, VP_AZURE_DNS_NEVER);
	assert_int_equal(s.n_compare, 2);
	assert_string_equal(s.compare[0].label, "public");
	assert_string_equal(vp_endpoint_format(&s.compare[1].endpoint, buf),
	                    "10.1.0.4:5353");
	assert_int_equal(s.n_dns_servers, 2);
	assert_int_equal(s.dns_servers[0].kind, VP_SERVER_WINDOWS);
	assert_string_equal(vp_addr_format(&s.dns_servers[1].addr, buf),
	                    "fd00::53");
	assert_int_equal(s.n_vnet_dns, 2);
	assert_string_equal(vp_addr_format(&s.vnet_dns[1], buf), "10.20.0.54");
	vp_arena_destroy(s.arena);
}

/* read through a file, and what is no file */
static int read_path(const char *path, char *why, size_t size)
{
	struct vp_settings s = { .arena = vp_arena_create() };
	int err = vp_config_read(&s, path, why, size);

	vp_arena_destroy(s.arena);
	return err;
}

static void write_file(const char *path, const char *text, size_t repeat)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	while (repeat-- > 0)
		fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static void test_files(void **state)
{
	char dir[] = "/tmp/vp_config_XXXXXX", path[64], why[1024];

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/c.yaml", dir);
	assert_int_not_equal(read_path(path, why, sizeof(why)), 0);
	assert_non_null(strstr(why, "c.yaml: No such file or directory"));
	assert_int_not_equal(read_path(dir, why, sizeof(why)), 0);
	assert_non_null(strstr(why, "this is a directory"));
	write_file(path, "", 1);
	assert_int_not_equal(read_path(path, why, sizeof(why)), 0);
	assert_non_null(strstr(why, "the file is empty"));
	write_file(path, "region: eastus # 10 MB of this\n", 350000);
	assert_int_not_equal(read_path(path, why, sizeof(why)), 0);
	assert_non_null(strstr(why, "larger than 4 MiB"));
	write_file(path, "region: eastus\n", 1);
	assert_int_equal(read_path(path, why, sizeof(why)), 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0); /* no writer: must not hang */
	assert_int_not_equal(read_path(path, why, sizeof(why)), 0);
	assert_non_null(strstr(why, "the file is empty"));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(dir), 0);
}

static void test_binary(void **state)
{
	struct vp_settings s;
	char why[1024];

	(void)state;
	assert_int_not_equal(parse(&s,
	                           "\x7f"
	                           "ELF\0\1",
	                           6, why, sizeof(why)),
	                     0);
	vp_arena_destroy(s.arena);
	assert_string_equal(why, "a.yaml: binary, not YAML in UTF-8");
	assert_int_not_equal(parse(&s,
	                           "\x7f"
	                           "ELF\1",
	                           5, why, sizeof(why)),
	                     0);
	vp_arena_destroy(s.arena);
	assert_non_null(strstr(why, "a.yaml:1:1: not YAML"));
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Ten thousand targets, and four million brackets: neither takes long. */
static void test_large(void **state)
{
	size_t size = 4u << 20, n = 0;
	char *text = malloc(size), why[1024];
	struct vp_settings s;
	double t0 = seconds();

	(void)state;
	assert_non_null(text);
	n += (size_t)sprintf(text, "targets:\n");
	for (int i = 0; i < 10000; i++)
		n += (size_t)sprintf(text + n,
		                     "  - {name: st%d.blob.core.windows.net, "
		                     "addresses: [10.1.2.3]}\n",
		                     i);
	if (parse(&s, text, n, why, sizeof(why)) != 0)
		fail_msg("%s", why);
	assert_int_equal(s.n_targets, 10000);
	vp_arena_destroy(s.arena);
	memset(text, '[', size);
	assert_int_not_equal(parse(&s, text, size, why, sizeof(why)), 0);
	vp_arena_destroy(s.arena);
	for (size_t i = 0; i < size; i++)
		text[i] = "x,"[i % 2];
	memcpy(text, "vnet: [", 7);
	assert_int_not_equal(parse(&s, text, size, why, sizeof(why)), 0);
	vp_arena_destroy(s.arena);
	free(text);
	assert_true(seconds() - t0 < 20); /* with sanitizers; 1.5 s without */
}

static void on_key(const char *path, void *arg)
{
	const char *sample = arg, *last = strrchr(path, '.');
	char key[64];

	snprintf(key, sizeof(key), "%s:", last != NULL ? last + 1 : path);
	if (strstr(sample, key) == NULL)
		fail_msg("deploy/vnetprobe.yaml does not show %s", path);
}

/* The sample parses with every comment sign of an example taken away. */
static void test_sample(void **state)
{
	static char text[65536], bare[65536];
	FILE *f = fopen(VP_SOURCE_DIR "/deploy/vnetprobe.yaml", "r");
	char line[512], why[1024];
	struct vp_settings s;

	(void)state;
	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL) {
		strcat(text, line);
		strcat(bare, strncmp(line, "#:", 2) == 0 ? line + 2 : line);
	}
	fclose(f);
	if (parse(&s, text, strlen(text), why, sizeof(why)) != 0)
		fail_msg("as it is: %s", why);
	vp_arena_destroy(s.arena);
	if (parse(&s, bare, strlen(bare), why, sizeof(why)) != 0)
		fail_msg("all examples on: %s", why);
	vp_arena_destroy(s.arena);
	vp_config_keys(on_key, bare);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_full_lists),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_binary),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_dns_keys),
		cmocka_unit_test(test_sample),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
