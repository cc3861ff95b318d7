/*
 * test_remedies.c - a remedy is for the servers at hand, whole, and no more.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "facts_builder.h"
#include "judge.h"
#include "report.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define GUID "3f8a2c1e-5b7d-4e9f-8a6b-1c2d3e4f5a6b"
#define PUBLIC "203.0.113.20"

static void is_bind(struct vp_facts *f, size_t server)
{
	f->resolvers[server].version = copy(f, "9.18.33");
}

static void is_unbound(struct vp_facts *f, size_t server)
{
	f->resolvers[server].version = copy(f, "unbound 1.17.1");
}

/* Applications get what the servers give. */
static void nss_gets(struct vp_facts *f, size_t name, const char *address)
{
	clear_addresses(row(f, name, NSS, 0));
	add_address(f, row(f, name, NSS, 0), address);
	f->targets[name].n_addresses = 0;
	withhold(f, name, address);
}

static void not_linked(struct vp_facts *f)
{
	for (size_t i = 0; i < f->n_names; i++) {
		go_public(f, i, FIRST, PUBLIC);
		go_public(f, i, SECOND, PUBLIC);
		nss_gets(f, i, PUBLIC);
	}
	is_bind(f, FIRST);
}

static void azure_says_so(struct vp_facts *f)
{
	struct vp_dns_row *r;

	not_linked(f);
	add_resolver(f, "168.63.129.16:53", VP_RESOLVER_AZURE);
	for (size_t i = 0; i < f->n_names; i++) {
		const struct vp_dns_row *same = row(f, i, FIRST, VP_DNS_A);

		r = add_row(f, i, f->n_resolvers - 1, VP_DNS_A);
		r->chain = same->chain;
		r->n_chain = same->n_chain;
		add_address(f, r, PUBLIC);
	}
}

static void lacks_blob(struct vp_facts *f, size_t server)
{
	go_public(f, BLOB, server, PUBLIC);
}

static void both_bind(struct vp_facts *f)
{
	go_public(f, VAULT, FIRST, PUBLIC);
	go_public(f, VAULT, SECOND, PUBLIC);
	nss_gets(f, VAULT, PUBLIC);
	is_bind(f, FIRST);
	is_bind(f, SECOND);
}

static void refused(struct vp_facts *f)
{
	is_unbound(f, FIRST);
	for (size_t i = 0; i < f->n_names; i++) {
		for (uint16_t type = VP_DNS_A;; type = VP_DNS_AAAA) {
			struct vp_dns_row *r = row(f, i, FIRST, type);

			clear_addresses(r);
			r->n_chain = 0;
			r->rcode = 5;
			if (type == VP_DNS_AAAA)
				break;
		}
	}
}

/* A zone higher up than the one to forward. */
static void shadowed(struct vp_facts *f)
{
	for (uint16_t type = VP_DNS_A;; type = VP_DNS_AAAA) {
		struct vp_dns_row *r = row(f, BLOB, FIRST, type);

		clear_addresses(r);
		r->n_chain = 0;
		r->rcode = 3;
		r->authoritative = true;
		set_soa(f, r, "windows.net", "dc01.corp.example");
		if (type == VP_DNS_AAAA)
			break;
	}
	is_bind(f, FIRST);
}

/* Not one privatelink alias: seven names of four resources. */
static void no_endpoint(struct vp_facts *f)
{
	static const struct {
		const char *name;
		enum vp_kind kind;
	} more[] = {
		{ GUID ".workspace.eastus.api.azureml.ms", VP_KIND_WORKSPACE },
		{ "ml-ws-eastus-" GUID ".eastus.notebooks.azure.net",
		  VP_KIND_NOTEBOOK },
		{ "ci-one.eastus.instances.azureml.ms",
		  VP_KIND_COMPUTE_INSTANCE },
		{ "score.eastus.inference.ml.azure.com",
		  VP_KIND_ONLINE_ENDPOINT },
	};

	for (size_t i = 0; i < COUNT(more); i++)
		add_target(f, more[i].name, "x.privatelink.api.azureml.ms",
		           "privatelink.api.azureml.ms", more[i].kind,
		           "10.20.2.5");
	for (size_t i = 0; i < f->n_names; i++) {
		for (size_t k = 0; k < f->names[i]->n_rows; k++) {
			struct vp_dns_row *r = &f->names[i]->rows[k];

			r->n_chain = 0;
			clear_addresses(r);
			if (r->type != VP_DNS_AAAA)
				add_address(f, r, PUBLIC);
		}
		f->targets[i].n_addresses = 0;
		withhold(f, i, PUBLIC);
	}
}

/* What is exempt stays so, what is public keeps its proxy. */
static void proxy(struct vp_facts *f)
{
	set_proxy(f, "https_proxy", "http://10.0.0.9:3128");
	set_proxy(f, "no_proxy", "crlab.azurecr.io,10.0.0.0/8");
	f->targets[VAULT].expect = VP_EXPECT_PUBLIC;
}

/* Two servers in front of which nobody was asked to compare. */
static void seen_and_public(struct vp_facts *f)
{
	for (size_t i = 0; i < f->n_names; i++) {
		const char *zone = f->targets[i].zone;
		struct vp_zone *z = VP_PUSH(f->arena, f->zones, f->n_zones);

		z->name = copy(f, zone);
		for (size_t r = FIRST; r <= SECOND; r++) {
			struct vp_dns_row *soa;

			go_public(f, i, r, PUBLIC);
			soa = VP_PUSH(f->arena, z->rows, z->n_rows);
			soa->resolver = r;
			soa->outcome = VP_OUTCOME_OK;
			set_soa(f, soa, zone, "azureprivatedns.net");
		}
		nss_gets(f, i, PUBLIC);
	}
}

static void refused_by(struct vp_facts *f, size_t target, const char *address)
{
	struct vp_target_address *a = &f->targets[target].addresses[0];

	a->addr = addr(address);
	a->http.signature = VP_SIGNATURE_DENIED;
	a->http.status = 403;
}

static void refused_privately(struct vp_facts *f)
{
	refused_by(f, BLOB, "10.20.2.7");
}

static void go_public_as_meant(struct vp_facts *f, enum vp_expect expect)
{
	go_public(f, BLOB, FIRST, PUBLIC);
	go_public(f, BLOB, SECOND, PUBLIC);
	nss_gets(f, BLOB, PUBLIC);
	f->targets[BLOB].n_addresses = 0;
	f->targets[BLOB].expect = expect;
	add_target_address(f, BLOB, PUBLIC);
	refused_by(f, BLOB, PUBLIC);
}

static void refused_publicly(struct vp_facts *f)
{
	go_public_as_meant(f, VP_EXPECT_PUBLIC);
}

static void refused_subnet(struct vp_facts *f)
{
	go_public_as_meant(f, VP_EXPECT_SERVICE_ENDPOINT);
}

/* The file share's mount port, at an address that answers HTTPS. */
static void smb_shut(struct vp_facts *f)
{
	struct vp_target file;

	add_target(f, "stlab.file.core.windows.net",
	           "stlab.privatelink.file.core.windows.net",
	           "privatelink.file.core.windows.net", VP_KIND_FILE,
	           "10.20.2.8");
	file = f->targets[f->n_targets - 1];
	*VP_PUSH(f->arena, f->targets, f->n_targets) = file;
	f->targets[f->n_targets - 1].port = 445;
	f->targets[f->n_targets - 1].tls = false;
	f->targets[f->n_targets - 1].n_addresses = 0;
	f->targets[f->n_targets - 1].addresses = NULL;
	add_target_address(f, f->n_targets - 1, "10.20.2.8")->tcp.outcome =
		VP_OUTCOME_TIMEOUT;
}

static void share_shut(struct vp_facts *f)
{
	smb_shut(f);
	f->targets[f->n_targets - 2].addresses[0].tcp.outcome =
		VP_OUTCOME_TIMEOUT;
}

/* Two public names that the scenario requires. */
static void required_shut(struct vp_facts *f)
{
	static const char *const names[] = { "login.microsoftonline.com",
		                             "management.azure.com" };

	for (size_t i = 0; i < 2; i++) {
		struct vp_target *t;

		add_target(f, names[i], "b.example", "example",
		           i == 0 ? VP_KIND_LOGIN : VP_KIND_ARM, "192.0.2.9");
		t = &f->targets[f->n_targets - 1];
		t->expect = VP_EXPECT_ANY;
		t->addresses[0].tcp.outcome = VP_OUTCOME_TIMEOUT;
	}
}

/* The same two, and the servers do not know them. */
static void required_unknown(struct vp_facts *f)
{
	size_t first = f->n_names;

	required_shut(f);
	for (size_t i = first; i < f->n_names; i++) {
		f->targets[i].n_addresses = 0;
		for (size_t k = 0; k < f->names[i]->n_rows; k++) {
			struct vp_dns_row *r = &f->names[i]->rows[k];

			r->n_chain = 0;
			clear_addresses(r);
			if (r->type != 0)
				r->rcode = 3;
		}
	}
}

static size_t count_of(const char *text, const char *what)
{
	size_t n = 0;

	for (text = strstr(text, what); text != NULL; text = strstr(text, what))
		n++, text++;
	return n;
}

/* The vault's endpoint is in another VNet, whence nothing comes. */
static void elsewhere_shut(struct vp_facts *f)
{
	struct vp_target *t = &f->targets[VAULT];

	t->addresses[0].addr = addr("10.30.2.9");
	t->addresses[0].tcp.outcome = VP_OUTCOME_TIMEOUT;
}

/* No other answers either, and none is in the VNet: it need not be the peering.
 */
static void all_shut(struct vp_facts *f)
{
	for (size_t i = 0; i < f->n_targets; i++) {
		for (size_t k = 0; k < f->targets[i].n_addresses; k++) {
			f->targets[i].addresses[k].addr = addr("10.30.2.9");
			f->targets[i].addresses[k].tcp.outcome =
				VP_OUTCOME_TIMEOUT;
		}
	}
}

/* Nobody said what the VNet is. */
static void elsewhere_unknown(struct vp_facts *f)
{
	elsewhere_shut(f);
	f->policy.n_vnet = 0;
}

static void vault_shut(struct vp_facts *f)
{
	f->targets[VAULT].addresses[0].tcp.outcome = VP_OUTCOME_TIMEOUT;
}

static const struct {
	void (*change)(struct vp_facts *f);
	const char *id;
	const char *has, *lacks; /* in the remedy; NULL: no matter */
} cases[] = {
	{ not_linked, "dns-zone-not-linked", "In BIND (10.20.1.10):\n", NULL },
	{ azure_says_so, "dns-zone-not-linked",
	  "-z privatelink.blob.core.windows.net", "forward" },
	{ both_bind, "dns-zone-not-linked",
	  "In BIND (10.20.1.10 and 10.20.1.11):\n", "unbound" },
	{ both_bind, "dns-zone-not-linked", "zone \"vaultcore.azure.net\"",
	  NULL },
	{ both_bind, "dns-zone-not-linked",
	  "\n    # then: named-checkconf && rndc reconfig && rndc flush",
	  NULL },
	{ refused, "dns-refused", "In unbound:\n    access-control", "BIND" },
	{ shadowed, "dns-zone-shadowed", "its own zone windows.net,", NULL },
	{ no_endpoint, "dns-no-private-endpoint",
	  "--endpoint-name pe-" GUID "-amlworkspace -n zones "
	  "--private-dns-zone privatelink.notebooks.azure.net",
	  "-n PE" },
	{ refused_privately, "http-network-denied", "endpoint-connection list",
	  "service endpoint" },
	{ refused_publicly, "http-network-denied",
	  "az storage account network-rule add -g RG --account-name stlab "
	  "--ip-address YOUR_PUBLIC_IP",
	  "private" },
	{ refused_subnet, "http-network-denied", "service endpoint",
	  "ip-address" },
	{ smb_shut, "tcp-timeout", "drops port 445 (SMB)", "endpoint show" },
	{ share_shut, "tcp-timeout", NULL, "SMB" },
	{ elsewhere_shut, "tcp-timeout",
	  "az network vnet peering list -g OTHER_RG", "{" },
	{ elsewhere_shut, "tcp-timeout", "If both do: Check the route", NULL },
	{ all_shut, "tcp-timeout", "show-effective-route-table", "peering" },
	{ elsewhere_unknown, "tcp-timeout", NULL, "peering list" },
	{ vault_shut, "tcp-timeout", NULL, "peering list" },
	{ required_shut, "tcp-timeout",
	  "-n public-names-443 --priority 200 --action Allow "
	  "--source-addresses SUBNET --protocols Https=443 --target-fqdns "
	  "login.microsoftonline.com management.azure.com",
	  "-n PE" },
	{ required_unknown, "dns-name-unknown",
	  "These are Microsoft's public names", "RESOURCE_ID" },
	{ seen_and_public, "dns-fallback-to-internet",
	  "Two causes look the same from here; this decides: vnetprobe dns "
	  "--azure-dns always\n",
	  "record-set" },
	{ not_linked, "dns-zone-not-linked",
	  "Two causes look the same from here; this decides: vnetprobe dns "
	  "--azure-dns always\n",
	  NULL },
	{ azure_says_so, "dns-zone-not-linked", NULL, "Two causes" },
	{ proxy, "proxy-configured",
	  "    no_proxy=\"$no_proxy,stlab.blob.core.windows.net\"\n"
	  "    export no_proxy NO_PROXY=\"$no_proxy\"\n",
	  ".azure.net" },
	{ no_endpoint, "dns-no-private-endpoint", "--scenario public-workspace",
	  "{" },
};

static const struct vp_finding *find(const struct vp_judgement *j,
                                     const char *id)
{
	for (size_t i = 0; i < j->n_findings; i++) {
		if (strcmp(j->findings[i].type->id, id) == 0)
			return &j->findings[i];
	}
	fail_msg("no %s but %s", id,
	         j->n_findings > 0 ? j->findings[0].type->id : "none");
	return NULL;
}

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct vp_facts *f = healthy();
		struct vp_arena *arena = vp_arena_create();
		struct vp_judgement j;
		const char *text;

		cases[i].change(f);
		vp_judge(&j, f, arena);
		text = find(&j, cases[i].id)->remedy;
		if (cases[i].has != NULL && strstr(text, cases[i].has) == NULL)
			fail_msg("case %zu: %s", i, text);
		if (cases[i].lacks != NULL &&
		    strstr(text, cases[i].lacks) != NULL)
			fail_msg("case %zu: %s", i, text);
		vp_arena_destroy(arena);
		vp_facts_destroy(f);
	}
}

/* An endpoint is billed: one for each resource, not for each name. */
static void test_one_endpoint_each(void **state)
{
	struct vp_facts *f = healthy();
	struct vp_arena *arena = vp_arena_create();
	struct vp_judgement j;
	const char *text;

	(void)state;
	no_endpoint(f);
	vp_judge(&j, f, arena);
	text = find(&j, "dns-no-private-endpoint")->remedy;
	assert_int_equal(count_of(text, "private-endpoint create "), 4);
	assert_int_equal(count_of(text, "--group-id amlworkspace"), 1);
	assert_int_equal(count_of(text, "dns-zone-group create "), 4);
	assert_int_equal(count_of(text, "dns-zone-group add "), 1);
	vp_arena_destroy(arena);
	vp_facts_destroy(f);
}

/* Two findings of one kind, at servers of two makes, are one block in the text:
 * the configuration of each stays in one piece. */
static void test_two_makes(void **state)
{
	const struct vp_text_style style = { .columns = 0 };
	struct vp_facts *f = healthy();
	struct vp_arena *arena = vp_arena_create();
	struct vp_judgement j;
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	lacks_blob(f, FIRST);
	is_unbound(f, FIRST);
	go_public(f, REGISTRY, SECOND, PUBLIC);
	is_bind(f, SECOND);
	vp_judge(&j, f, arena);
	assert_int_equal(j.n_findings, 2);
	assert_int_equal(vp_report_dns(out, f, &j, &style), 0);
	fclose(out);
	assert_non_null(strstr(text, "           In unbound (10.20.1.10):\n"
	                             "               server:\n"
	                             "                   private-domain: "
	                             "\"blob.core.windows.net.\"\n"));
	assert_non_null(strstr(text, "           In BIND (10.20.1.11):\n"
	                             "               zone \"azurecr.io\" {"));
	free(text);
	vp_arena_destroy(arena);
	vp_facts_destroy(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_one_endpoint_each),
		cmocka_unit_test(test_two_makes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
