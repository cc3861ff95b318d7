/*
 * test_dns_view.c - answers about names, judged: from rows of facts to shapes,
 * flags and findings.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "dns_rules.h"
#include "facts_builder.h"
#include "judge.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define NAME "stlab.blob.core.windows.net"
#define ALIAS "stlab.privatelink.blob.core.windows.net"
#define ZONE "privatelink.blob.core.windows.net"
#define PRIVATE "10.20.2.7"
#define PUBLIC "203.0.113.20"
#define AZURE_DNS "168.63.129.16:53"
#define SERVERS(r) for (size_t r = FIRST; r <= SECOND; r++)

/* --- answers of a shape ----------------------------------------------------
 */

static void alias(struct vp_facts *f, struct vp_dns_row *r)
{
	add_alias(f, r, NAME, ALIAS);
}

static void answer(struct vp_facts *f, struct vp_dns_row *r, unsigned shape)
{
	clear_addresses(r);
	r->chain = NULL;
	r->n_chain = 0;
	if (shape & (DNS_ALIASED | DNS_BOGON))
		alias(f, r);
	if (shape & DNS_RIGHT)
		add_address(f, r, PRIVATE);
	if (shape & DNS_OPEN)
		add_address(f, r, PUBLIC);
	if (shape & DNS_BOGON)
		add_address(f, r, "0.0.0.0");
	if (shape & DNS_MISSING)
		set_soa(f, r, ZONE, "azureprivatedns.net");
	r->rcode = shape & DNS_ABSENT     ? 3
	           : shape & DNS_SERVFAIL ? 2
	           : shape & DNS_REFUSED  ? 5
	                                  : 0;
	r->alias_loop = shape == DNS_LOOP;
	r->outcome = shape == DNS_SILENT        ? VP_OUTCOME_TIMEOUT
	             : shape == DNS_UNREACHABLE ? VP_OUTCOME_UNREACHABLE
	             : shape == DNS_MALFORMED   ? VP_OUTCOME_MALFORMED
	             : shape == DNS_FAILED      ? VP_OUTCOME_ERROR
	                                        : VP_OUTCOME_OK;
	if (r->outcome != VP_OUTCOME_OK)
		r->rcode = -1;
}

/* The storage account's A in a round; a second round gets its rows here. */
static struct vp_dns_row *say(struct vp_facts *f, size_t resolver,
                              unsigned round, unsigned shape)
{
	struct vp_dns_row *r = round == 1
	                               ? row(f, BLOB, resolver, VP_DNS_A)
	                               : add_row(f, BLOB, resolver, VP_DNS_A);

	r->round = round;
	answer(f, r, shape);
	if (shape != DNS_TCP_BLOCKED)
		return r;
	r->truncated = true;
	r = add_row(f, BLOB, resolver, VP_DNS_A);
	r->round = round;
	r->transport = VP_TRANSPORT_TCP;
	r->outcome = VP_OUTCOME_TIMEOUT;
	r->rcode = -1;
	return r;
}

static void ask(struct vp_facts *f, size_t resolver,
                enum vp_question_kind question, unsigned shape)
{
	struct vp_dns_row *r = add_row(f, BLOB, resolver, VP_DNS_A);

	r->question = question;
	answer(f, r, shape);
	if (question == VP_QUESTION_ALIAS) {
		r->n_chain = 0;
		r->asked = copy(f, ALIAS);
	}
}

static void link_zone(struct vp_facts *f, size_t resolver)
{
	struct vp_zone *z = VP_PUSH(f->arena, f->zones, f->n_zones);
	struct vp_dns_row *r = VP_PUSH(f->arena, z->rows, z->n_rows);

	z->name = copy(f, ZONE);
	z->privatelink = true;
	r->resolver = resolver;
	r->type = VP_DNS_SOA;
	r->round = 1;
	r->outcome = VP_OUTCOME_OK;
	set_soa(f, r, ZONE, "azureprivatedns.net");
}

/* What applications get follows from the first server that answers. */
static void pass_on(struct vp_facts *f, const char *text)
{
	clear_addresses(row(f, BLOB, NSS, 0));
	if (text != NULL)
		add_address(f, row(f, BLOB, NSS, 0), text);
	f->targets[BLOB].n_addresses = 0;
	if (text != NULL && strcmp(text, PUBLIC) == 0)
		withhold(f, BLOB, text);
	else if (text != NULL)
		add_target_address(f, BLOB, text);
}

static void both(struct vp_facts *f, unsigned shape)
{
	SERVERS(r)
	{
		say(f, r, 1, shape);
	}
	pass_on(f, shape & DNS_OPEN    ? PUBLIC
	           : shape & DNS_RIGHT ? PRIVATE
	                               : NULL);
}

static void expect_address(struct vp_facts *f, size_t target, const char *text)
{
	struct vp_target *t = &f->targets[target];

	*VP_PUSH(f->arena, t->expected, t->n_expected) = addr(text);
}

/* --- each of the findings --------------------------------------------------
 */

static void outdated(struct vp_facts *f)
{
	*VP_PUSH(f->arena, f->machine.vnet_dns, f->machine.n_vnet_dns) =
		addr("10.20.1.12");
}

static void azure_from_outside(struct vp_facts *f)
{
	f->resolvers[SECOND].endpoint = endpoint(AZURE_DNS);
	f->machine.azure = VP_AZURE_NO;
	for (size_t i = 0; i < f->n_names; i++) {
		answer(f, row(f, i, SECOND, VP_DNS_A), DNS_SILENT);
		answer(f, row(f, i, SECOND, VP_DNS_AAAA), DNS_SILENT);
	}
}

static void privatelink_name(struct vp_facts *f)
{
	add_target(f, ALIAS, "x.privatelink.blob.core.windows.net", ZONE,
	           VP_KIND_BLOB, PRIVATE);
}

static void regional_name(struct vp_facts *f)
{
	add_target(f, "westeurope.api.azureml.ms",
	           "westeurope.privatelink.api.azureml.ms",
	           "privatelink.api.azureml.ms", VP_KIND_WORKSPACE, PRIVATE);
}

static void wrong_zone(struct vp_facts *f)
{
	both(f, DNS_PUBLIC);
	SERVERS(r)
	{
		ask(f, r, VP_QUESTION_ALIAS, DNS_PRIVATE);
	}
}

static void reverts(struct vp_facts *f)
{
	say(f, FIRST, 2, DNS_PUBLIC);
	say(f, FIRST, 3, DNS_PUBLIC);
	ask(f, FIRST, VP_QUESTION_ALIAS, DNS_PRIVATE);
}

static void gives_up(struct vp_facts *f)
{
	say(f, FIRST, 2, DNS_PUBLIC)->elapsed_us = 3100000;
}

static void proxy(struct vp_facts *f)
{
	both(f, DNS_PUBLIC);
	SERVERS(r)
	{
		f->resolvers[r].kind = VP_SERVER_AZURE_FIREWALL;
	}
}

static void add_reference(struct vp_facts *f, const char *where,
                          enum vp_resolver_source source, unsigned shape)
{
	struct vp_dns_row *r;

	add_resolver(f, where, source);
	r = add_row(f, BLOB, f->n_resolvers - 1, VP_DNS_A);
	answer(f, r, shape);
}

static void all_public(struct vp_facts *f)
{
	for (size_t i = 0; i < f->n_names; i++) {
		SERVERS(r)
		{
			go_public(f, i, r, PUBLIC);
		}
		clear_addresses(row(f, i, NSS, 0));
		add_address(f, row(f, i, NSS, 0), PUBLIC);
		f->targets[i].n_addresses = 0;
		withhold(f, i, PUBLIC);
	}
}

static void forwarder_public(struct vp_facts *f)
{
	all_public(f);
	add_reference(f, AZURE_DNS, VP_RESOLVER_AZURE, DNS_PRIVATE);
}

static void stub_scope(struct vp_facts *f)
{
	f->resolvers[FIRST].endpoint = endpoint("127.0.0.53:53");
	f->resolvers[SECOND].source = VP_RESOLVER_SYSTEMD_RESOLVED;
	say(f, FIRST, 1, DNS_PUBLIC);
	pass_on(f, PUBLIC);
}

static void fallback(struct vp_facts *f)
{
	both(f, DNS_PUBLIC);
	SERVERS(r)
	{
		link_zone(f, r);
	}
}

static void one_workspace_zone(struct vp_facts *f)
{
	add_target(f, "g.workspace.westeurope.api.azureml.ms",
	           "g.workspace.westeurope.privatelink.api.azureml.ms",
	           "privatelink.api.azureml.ms", VP_KIND_WORKSPACE,
	           "10.20.2.11");
	add_target(f, "ml-x.westeurope.notebooks.azure.net",
	           "ml-x.westeurope.privatelink.notebooks.azure.net",
	           "privatelink.notebooks.azure.net", VP_KIND_NOTEBOOK,
	           "10.20.2.12");
	SERVERS(r)
	{
		go_public(f, N_TARGETS + 1, r, PUBLIC);
	}
	clear_addresses(row(f, N_TARGETS + 1, NSS, 0));
	add_address(f, row(f, N_TARGETS + 1, NSS, 0), PUBLIC);
}

static void no_data_record(struct vp_facts *f)
{
	size_t i = f->n_names;

	add_target(f, "crlab.westeurope.data.azurecr.io",
	           "crlab.westeurope.data.privatelink.azurecr.io",
	           "privatelink.azurecr.io", VP_KIND_REGISTRY_DATA,
	           "10.20.2.13");
	SERVERS(r)
	{
		struct vp_dns_row *a = row(f, i, r, VP_DNS_A);

		clear_addresses(a);
		a->rcode = 3;
	}
	clear_addresses(row(f, i, NSS, 0));
}

static void zone_split(struct vp_facts *f)
{
	struct vp_dns_row *a = row(f, VAULT, SECOND, VP_DNS_A);

	say(f, FIRST, 1, DNS_MISSING);
	clear_addresses(a);
	a->rcode = 3;
}

static void stale_negative(struct vp_facts *f)
{
	say(f, FIRST, 1, DNS_MISSING)->soa.ttl = 7;
}

static void healed(struct vp_facts *f)
{
	say(f, FIRST, 1, DNS_MISSING);
	say(f, FIRST, 2, DNS_PRIVATE);
}

static void instance(struct vp_facts *f)
{
	add_target(f, "g.workspace.westeurope.api.azureml.ms",
	           "g.workspace.westeurope.privatelink.api.azureml.ms",
	           "privatelink.api.azureml.ms", VP_KIND_WORKSPACE,
	           "10.20.2.11");
	add_target(f, "ci.westeurope.instances.azureml.ms",
	           "ci.westeurope.privatelink.api.azureml.ms",
	           "privatelink.api.azureml.ms", VP_KIND_COMPUTE_INSTANCE,
	           "10.20.9.9");
}

static void many_names(struct vp_facts *f)
{
	char name[64], ali[64];

	for (int i = 0; i < 60; i++) {
		snprintf(name, sizeof(name), "s%d.blob.core.windows.net", i);
		snprintf(ali, sizeof(ali),
		         "s%d.privatelink.blob.core.windows.net", i);
		add_target(f, name, ali, ZONE, VP_KIND_BLOB, "10.20.3.1");
	}
}

/* One question of 127 at each server, right before and after. */
static void hiccup(struct vp_facts *f)
{
	many_names(f);
	say(f, SECOND, 2, DNS_SERVFAIL);
}

/* What applications get, once in 64 names and two rounds, is nothing. */
static void nss_hiccup(struct vp_facts *f)
{
	struct vp_dns_row *r;

	many_names(f);
	many_names(f);
	r = add_row(f, BLOB, NSS, 0);
	r->round = 2;
	r->detail = copy(f, "Name or service not known");
}

/* The same, with no other round in which it was right. */
static void no_hiccup(struct vp_facts *f)
{
	many_names(f);
	say(f, SECOND, 1, DNS_SERVFAIL);
}

/* Public beside it: no hiccup covers that. */
static void public_hiccup(struct vp_facts *f)
{
	many_names(f);
	say(f, SECOND, 2, DNS_PUBLIC);
	say(f, SECOND, 3, DNS_SERVFAIL);
}

/* Not forwarded, and now and then right: the cache has the private end of the
 * alias that it shares with its workspace. */
static void instance_by_the_cache(struct vp_facts *f)
{
	static const char name[] = "ci.westeurope.instances.azureml.ms";
	struct vp_dns_row *r;

	instance(f);
	for (size_t i = 0; i < f->names[N_TARGETS + 1]->n_rows; i++) {
		r = &f->names[N_TARGETS + 1]->rows[i];
		if (r->n_addresses > 0)
			r->addresses[0].addr = addr("10.20.2.11");
	}
	f->targets[N_TARGETS + 1].addresses[0].addr = addr("10.20.2.11");
	r = add_row(f, N_TARGETS + 1, SECOND, VP_DNS_A);
	r->round = 2;
	add_alias(f, r, name, "ci.westeurope.privatelink.api.azureml.ms");
	add_address(f, r, "198.51.100.10");
}

/* The workspace changes as well: then it is the server's habit. */
static void instance_and_workspace(struct vp_facts *f)
{
	struct vp_dns_row *r;

	instance_by_the_cache(f);
	r = add_row(f, N_TARGETS, SECOND, VP_DNS_A);
	r->round = 2;
	add_alias(f, r, "g.workspace.westeurope.api.azureml.ms",
	          "g.workspace.westeurope.privatelink.api.azureml.ms");
	add_address(f, r, "198.51.100.10");
}

/* The two have one alias, and another name of the workspace's zone is always
 * right: the cache gives each the other's end of it. */
static void instance_with_workspace(struct vp_facts *f)
{
	static const char alias[] =
		"g.workspace.westeurope.privatelink.api.azureml.ms";

	instance_and_workspace(f);
	for (size_t i = 0; i < f->names[N_TARGETS + 1]->n_rows; i++) {
		struct vp_dns_row *r = &f->names[N_TARGETS + 1]->rows[i];

		if (r->n_chain > 0)
			r->chain[0].target = copy(f, alias);
	}
	add_target(f, "g.workspace.westeurope.cert.api.azureml.ms",
	           "g.workspace.westeurope.cert.privatelink.api.azureml.ms",
	           "privatelink.api.azureml.ms", VP_KIND_WORKSPACE_CERT,
	           "10.20.2.11");
}

static void monitor(struct vp_facts *f)
{
	add_target(
		f, "api.monitor.azure.com", "api.privatelink.monitor.azure.com",
		"privatelink.monitor.azure.com", VP_KIND_MONITOR, "10.20.2.14");
	expect_address(f, N_TARGETS, "10.20.2.15");
}

static void stale_record(struct vp_facts *f)
{
	expect_address(f, BLOB, "10.20.2.6");
	f->targets[BLOB].addresses[0].tcp.outcome = VP_OUTCOME_TIMEOUT;
}

static void search_gets(struct vp_facts *f)
{
	struct vp_dns_row *r = add_row(f, BLOB, FIRST, VP_DNS_A);

	r->question = VP_QUESTION_SEARCH;
	r->asked = copy(f, NAME ".corp.example");
	add_address(f, r, "10.20.7.7");
}

static void search_suffix(struct vp_facts *f)
{
	search_gets(f);
	pass_on(f, "10.20.7.7");
}

static void elsewhere(struct vp_facts *f)
{
	say(f, FIRST, 1, DNS_SILENT)->elsewhere = true;
}

static void bogus(struct vp_facts *f)
{
	both(f, DNS_SERVFAIL);
	SERVERS(r)
	{
		answer(f, row(f, BLOB, r, VP_DNS_AAAA), DNS_SERVFAIL);
		ask(f, r, VP_QUESTION_UNCHECKED, DNS_PRIVATE);
	}
}

static void flaky(struct vp_facts *f)
{
	bogus(f);
	SERVERS(r)
	{
		answer(f, row(f, BLOB, r, VP_DNS_AAAA), DNS_MISSING);
	}
}

static void no_aaaa(struct vp_facts *f)
{
	for (size_t i = 0; i < f->n_names; i++)
		answer(f, row(f, i, SECOND, VP_DNS_AAAA), DNS_SILENT);
}

static void pin(struct vp_facts *f)
{
	struct vp_hosts_line *h = VP_PUSH(f->arena, f->names[BLOB]->hosts,
	                                  f->names[BLOB]->n_hosts);

	h->addr = addr(PRIVATE);
	h->line = 3;
	expect_address(f, BLOB, PRIVATE);
	pass_on(f, PRIVATE);
}

static void pinned(struct vp_facts *f)
{
	both(f, DNS_PUBLIC);
	pin(f);
}

static void no_edns(struct vp_facts *f)
{
	row(f, VAULT, SECOND, VP_DNS_A)->without_edns = true;
}

static void references(struct vp_facts *f)
{
	add_reference(f, AZURE_DNS, VP_RESOLVER_AZURE, DNS_PUBLIC);
	add_reference(f, "198.51.100.1:53", VP_RESOLVER_COMPARE, DNS_SILENT);
}

static void tcp_beside_udp(struct vp_facts *f)
{
	struct vp_dns_row *r = add_row(f, BLOB, FIRST, VP_DNS_A);

	f->resolvers[FIRST].endpoint = endpoint("10.20.1.10:5300");
	r->transport = VP_TRANSPORT_TCP;
	r->outcome = VP_OUTCOME_TIMEOUT;
	r->rcode = -1;
}

/* Two records, and nobody at one of the addresses. */
static void doubled(struct vp_facts *f)
{
	SERVERS(r)
	{
		add_address(f, row(f, BLOB, r, VP_DNS_A), "10.20.2.6");
	}
	add_target_address(f, BLOB, "10.20.2.6")->tcp.outcome =
		VP_OUTCOME_TIMEOUT;
}

/* A record of the servers' own, older than what Azure DNS has. */
static void old_record(struct vp_facts *f)
{
	both(f, DNS_FLAT);
	add_reference(f, AZURE_DNS, VP_RESOLVER_AZURE, DNS_PRIVATE);
	f->names[BLOB]->rows[f->names[BLOB]->n_rows - 1].addresses[0].addr =
		addr("10.20.2.6");
}

/* Another link's server, which is not asked for this name. */
static void other_link(struct vp_facts *f)
{
	struct vp_link_dns *l =
		VP_PUSH(f->arena, f->machine.links, f->machine.n_links);

	l->interface = copy(f, "tun0");
	*VP_PUSH(f->arena, l->servers, l->n_servers) = addr("10.20.1.11");
	*VP_PUSH(f->arena, l->domains, l->n_domains) = copy(f, "~corp.example");
	f->resolvers[SECOND].source = VP_RESOLVER_SYSTEMD_RESOLVED;
	f->resolvers[SECOND].interface = copy(f, "tun0");
	f->resolvers[FIRST].source = VP_RESOLVER_SYSTEMD_RESOLVED;
	f->resolvers[FIRST].interface = copy(f, "eth0");
	say(f, SECOND, 1, DNS_PUBLIC);
}

/* The same, and the name is that link's. */
static void its_link(struct vp_facts *f)
{
	struct vp_link_dns *l;

	other_link(f);
	l = &f->machine.links[0];
	*VP_PUSH(f->arena, l->domains, l->n_domains) =
		copy(f, "~blob.core.windows.net");
}

static void two_mistakes(struct vp_facts *f)
{
	struct vp_dns_row *a;

	fallback(f);
	SERVERS(r)
	{
		a = row(f, VAULT, r, VP_DNS_A);
		clear_addresses(a);
		a->rcode = 3;
	}
	clear_addresses(row(f, VAULT, NSS, 0));
}

#define E VP_SEVERITY_ERROR
#define W VP_SEVERITY_WARNING
#define N VP_SEVERITY_INFO
#define FAIL VP_VERDICT_FAIL
#define PASS VP_VERDICT_PASS

static const struct {
	void (*change)(struct vp_facts *f);
	const char *id;
	enum vp_severity severity;
	enum vp_verdict verdict;
	size_t n_names;
	const char *remedy, *evidence; /* stand in them; NULL: no matter */
} cases[] = {
	{ outdated, "dns-servers-outdated", E, FAIL, 0, "dhclient", NULL },
	{ azure_from_outside, "dns-azure-unreachable", E, FAIL, 3,
	  "inbound-endpoint", "168.63.129.16 A" },
	{ privatelink_name, "dns-privatelink-name", E, FAIL, 1, NAME, NULL },
	{ regional_name, "dns-regional-name", E, FAIL, 1,
	  "WORKSPACE_ID.workspace.westeurope.api.azureml.ms", NULL },
	{ wrong_zone, "dns-forwarder-wrong-zone", E, FAIL, 1,
	  "forward blob.core.windows.net to 168.63.129.16",
	  "(asked directly)" },
	{ reverts, "dns-forwarder-reverts", E, FAIL, 1,
	  "forward blob.core.windows.net to 168.63.129.16",
	  "(asked directly)" },
	{ gives_up, "dns-forwarder-timeout", E, FAIL, 1, "4 seconds",
	  "3100 ms" },
	{ instance_by_the_cache, "dns-forwarder-lacks-zone", E, FAIL, 1,
	  "forward instances.azureml.ms to 168.63.129.16", "198.51.100.10" },
	{ instance_and_workspace, "dns-unstable", E, FAIL, 2,
	  "forward instances.azureml.ms to 168.63.129.16", "198.51.100.10" },
	{ instance_with_workspace, "dns-forwarder-lacks-zone", E, FAIL, 1,
	  "forward instances.azureml.ms to 168.63.129.16", "198.51.100.10" },
	{ hiccup, "dns-servfail", VP_SEVERITY_WARNING, VP_VERDICT_PASS, 1,
	  "dig @", "SERVFAIL" },
	{ nss_hiccup, "dns-timeout", VP_SEVERITY_WARNING, VP_VERDICT_PASS, 1,
	  "dig", "Name or service not known" },
	{ no_hiccup, "dns-servfail", E, FAIL, 1, "dig @", "SERVFAIL" },
	{ public_hiccup, "dns-forwarder-timeout", E, FAIL, 1,
	  "forward blob.core.windows.net to 168.63.129.16", "SERVFAIL" },
	{ proxy, "dns-proxy-not-linked", E, FAIL, 1, "-z " ZONE, PUBLIC },
	{ forwarder_public, "dns-forwarder-public", E, FAIL, 1, "-z " ZONE,
	  "168.63.129.16 A" },
	{ stub_scope, "dns-stub-scope", E, FAIL, 1,
	  "take blob.core.windows.net ", "127.0.0.53" },
	{ fallback, "dns-fallback-to-internet", E, FAIL, 1,
	  "--private-dns-zone " ZONE, "azureprivatedns.net" },
	{ one_workspace_zone, "dns-workspace-zone-missing", E, FAIL, 1,
	  "--private-dns-zone privatelink.notebooks.azure.net", PUBLIC },
	{ no_data_record, "dns-registry-data-missing", E, FAIL, 1,
	  "-z privatelink.azurecr.io -n crlab.westeurope.data", "NXDOMAIN" },
	{ zone_split, "dns-zone-split", E, FAIL, 1, "[?name=='privatelink.",
	  "NXDOMAIN" },
	{ stale_negative, "dns-stale-negative", E, FAIL, 1, "flushname " ALIAS,
	  "NXDOMAIN" },
	{ healed, "dns-stale-negative", E, FAIL, 1, "flushname " ALIAS,
	  "NXDOMAIN" },
	{ instance, "dns-instance-address", E, FAIL, 1, "10.20.2.11",
	  "10.20.9.9" },
	{ monitor, "dns-monitor-overwritten", E, FAIL, 1,
	  "private-link-scope list", "10.20.2.14" },
	{ stale_record, "dns-wrong-address", E, FAIL, 1,
	  "-n stlab -a 10.20.2.6", PRIVATE },
	{ search_suffix, "dns-search-suffix", E, FAIL, 1, "ndots:1",
	  "10.20.7.7" },
	{ search_gets, "dns-search-suffix", W, PASS, 1, "ndots:1",
	  "10.20.7.7" },
	{ elsewhere, "dns-answer-from-elsewhere", E, FAIL, 1, "10.20.1.10",
	  NULL },
	{ bogus, "dns-dnssec-bogus", E, FAIL, 1, "\"blob.core.windows.net\"",
	  "(unvalidated)" },
	{ flaky, "dns-servfail", E, FAIL, 1, "dig @168.63.129.16", "SERVFAIL" },
	{ no_aaaa, "dns-aaaa-ignored", E, FAIL, 3, "single-request", "AAAA" },
	{ pinned, "dns-hosts-pinned", N, PASS, 1, "/etc/hosts", PRIVATE },
	{ pinned, "dns-zone-not-linked", W, PASS, 1, NULL, PUBLIC },
	{ no_edns, "dns-edns-refused", N, PASS, 0, NULL, NULL },
	{ tcp_beside_udp, "dns-tcp-blocked", W, PASS, 0, "prefixes 10.20.1.10 ",
	  "over TCP" },
	{ two_mistakes, "dns-fallback-to-internet", E, FAIL, 1, ZONE, NULL },
	{ two_mistakes, "dns-record-missing", E, FAIL, 1,
	  "-z privatelink.vaultcore.azure.net -n kv-lab", NULL },
	{ doubled, "dns-record-doubled", E, FAIL, 1,
	  "remove-record -g RG -z " ZONE " -n stlab", "10.20.2.6" },
	{ old_record, "dns-zone-shadowed", E, FAIL, 1,
	  "forward blob.core.windows.net", "10.20.2.6" },
	{ its_link, "dns-stub-scope", E, FAIL, 1, "take blob.core.windows.net ",
	  PUBLIC },
	{ other_link, NULL, N, PASS, 0, NULL, NULL },
	{ references, NULL, N, PASS, 0, NULL, NULL },
};

static const struct vp_finding *find(const struct vp_judgement *j,
                                     const char *id)
{
	for (size_t i = 0; i < j->n_findings; i++) {
		if (strcmp(j->findings[i].type->id, id) == 0)
			return &j->findings[i];
	}
	return NULL;
}

static bool in_evidence(const struct vp_finding *v, const char *text)
{
	for (size_t i = 0; i < v->n_evidence; i++) {
		if (strstr(v->evidence[i], text) != NULL)
			return true;
	}
	return false;
}

/* Words that facts know must not stand there as place-holders. */
static void check_words(size_t i, const char *text)
{
	static const char *const left[] = { "{",         "ZONE ",    "NAME ",
		                            "LABEL",     "ALIAS",    "PARENT",
		                            "SERVER ",   "EXPECTED", " .",
		                            "RESOLVER ", "ADDRESS " };

	for (size_t k = 0; k < COUNT(left); k++) {
		const char *at = strstr(text, left[k]);

		while (at != NULL && *left[k] == '{' &&
		       !(at[1] >= 'a' && at[1] <= 'z'))
			at = strchr(at + 1, '{'); /* a brace of BIND's */
		if (at == NULL)
			continue;
		if (strcmp(left[k], "ADDRESS ") == 0 ||
		    strcmp(left[k], "RESOLVER ") == 0)
			continue; /* az's own place-holders */
		fail_msg("case %zu: \"%s\" left in: %s", i, left[k], text);
	}
}

static void check_case(size_t i)
{
	struct vp_facts *f = healthy();
	struct vp_arena *arena = vp_arena_create();
	const struct vp_finding *v;
	struct vp_judgement j;

	cases[i].change(f);
	vp_judge(&j, f, arena);
	if (j.verdict != cases[i].verdict)
		fail_msg("case %zu: %s, first %s", i, j.summary,
		         j.n_findings > 0 ? j.findings[0].detail : "none");
	if (cases[i].id == NULL) {
		assert_int_equal(j.n_findings, 0);
		goto out;
	}
	v = find(&j, cases[i].id);
	if (v == NULL)
		fail_msg("case %zu: no %s but %s", i, cases[i].id,
		         j.n_findings > 0 ? j.findings[0].type->id : "none");
	if (v->severity != cases[i].severity)
		fail_msg("case %zu: %s", i, vp_severity_name(v->severity));
	if (v->n_names != cases[i].n_names)
		fail_msg("case %zu: %zu names", i, v->n_names);
	if (cases[i].remedy != NULL &&
	    strstr(v->remedy, cases[i].remedy) == NULL)
		fail_msg("case %zu: %s", i, v->remedy);
	if (cases[i].evidence != NULL && !in_evidence(v, cases[i].evidence))
		fail_msg("case %zu: evidence, first %s", i,
		         v->n_evidence > 0 ? v->evidence[0] : "none");
	check_words(i, v->remedy);
	check_words(i, v->detail);
out:
	vp_arena_destroy(arena);
	vp_facts_destroy(f);
}

static void test_findings(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		check_case(i);
}

/* The vault's, in a round. */
static struct vp_dns_row *say_vault(struct vp_facts *f, size_t resolver,
                                    unsigned round, unsigned shape)
{
	struct vp_dns_row *r = round == 1
	                               ? row(f, VAULT, resolver, VP_DNS_A)
	                               : add_row(f, VAULT, resolver, VP_DNS_A);

	r->round = round;
	answer(f, r, shape);
	return r;
}

static void silent_once(struct vp_facts *f)
{
	say_vault(f, FIRST, 2, DNS_SILENT);
}

static void silent_elsewhere(struct vp_facts *f)
{
	say_vault(f, SECOND, 2, DNS_SILENT);
}

static void silent_always(struct vp_facts *f)
{
	say_vault(f, FIRST, 1, DNS_SILENT);
}

static void aaaa_fails(struct vp_facts *f)
{
	answer(f, row(f, VAULT, FIRST, VP_DNS_AAAA), DNS_SERVFAIL);
}

static void programs_once(struct vp_facts *f)
{
	struct vp_dns_row *r = add_row(f, VAULT, NSS, 0);

	f->machine.hosts_sources = copy(f, "files dns");
	f->resolvers[FIRST].source = VP_RESOLVER_RESOLV_CONF;
	f->resolvers[SECOND].source = VP_RESOLVER_COMPARE;
	r->round = 2;
	r->outcome = VP_OUTCOME_OK;
	add_address(f, r, PUBLIC);
}

/* What a server that gives up on another one explains, and what not. */
static void test_consequences(void **state)
{
	static const struct {
		void (*change)(struct vp_facts *f);
		const char *id;
		bool explained;
	} rows[] = {
		{ silent_once, "dns-timeout", true },
		{ silent_elsewhere, "dns-timeout", false },
		{ silent_always, "dns-timeout", false },
		{ aaaa_fails, "dns-servfail", true },
		{ programs_once, "dns-unstable", true },
	};

	(void)state;
	for (size_t i = 0; i < 2 * COUNT(rows); i++) {
		struct vp_facts *f = healthy();
		struct vp_arena *arena = vp_arena_create();
		struct vp_judgement j;
		bool beside = i % 2 == 0, told;

		rows[i / 2].change(f);
		if (beside)
			gives_up(f);
		vp_judge(&j, f, arena);
		told = find(&j, rows[i / 2].id) != NULL;
		if (told == (beside && rows[i / 2].explained))
			fail_msg("case %zu: %s", i, j.summary);
		assert_int_equal(j.verdict, FAIL);
		vp_arena_destroy(arena);
		vp_facts_destroy(f);
	}
}

/* One missing link and forty names: one finding, one line for each zone. */
static void test_forty_names(void **state)
{
	struct vp_facts *f = healthy();
	struct vp_arena *arena = vp_arena_create();
	struct vp_judgement j;
	char name[64], target[64];

	(void)state;
	for (int i = 0; i < 37; i++) {
		snprintf(name, sizeof(name), "s%d.blob.core.windows.net", i);
		snprintf(target, sizeof(target), "s%d." ZONE, i);
		add_target(f, name, target, ZONE, VP_KIND_BLOB, "10.20.3.1");
	}
	all_public(f);
	vp_judge(&j, f, arena);
	assert_int_equal(j.verdict, FAIL);
	assert_int_equal(j.n_findings, 1);
	assert_string_equal(j.findings[0].type->id, "dns-zone-not-linked");
	assert_int_equal(j.findings[0].n_names, 40);
	for (size_t i = 0, lines = 0; i <= 3; i++) {
		static const char command[] = "link vnet create";
		const char *at = j.findings[0].remedy;

		for (lines = 0; (at = strstr(at, command)) != NULL; lines++)
			at += strlen(command);
		assert_int_equal(lines, 3);
	}
	vp_arena_destroy(arena);
	vp_facts_destroy(f);
}

/* The seventieth server is blamed for what it says, and no other. */
static void test_seventy_servers(void **state)
{
	struct vp_facts *f = healthy();
	struct vp_arena *arena = vp_arena_create();
	struct vp_judgement j;
	char where[32];

	(void)state;
	for (unsigned i = 0; i < 67; i++) {
		snprintf(where, sizeof(where), "10.20.4.%u:53", i + 1);
		add_resolver(f, where, VP_RESOLVER_RESOLV_CONF);
		for (size_t k = 0; k < f->n_names; k++) {
			struct vp_dns_row *a =
				add_row(f, k, f->n_resolvers - 1, VP_DNS_A);

			a->chain = row(f, k, FIRST, VP_DNS_A)->chain;
			a->n_chain = 1;
			a->addresses = row(f, k, FIRST, VP_DNS_A)->addresses;
			a->n_addresses = 1;
			add_row(f, k, f->n_resolvers - 1, VP_DNS_AAAA);
		}
	}
	vp_judge(&j, f, arena);
	assert_int_equal(j.verdict, PASS);
	say(f, f->n_resolvers - 2, 1, DNS_REFUSED);
	vp_judge(&j, f, arena);
	assert_int_equal(j.n_findings, 1);
	assert_string_equal(j.findings[0].type->id, "dns-refused");
	assert_non_null(strstr(j.findings[0].detail, "10.20.4.66 "));
	assert_null(strstr(j.findings[0].detail, "10.20.4.67"));
	vp_arena_destroy(arena);
	vp_facts_destroy(f);
}

/* --- one cause, one finding ------------------------------------------------
 */

static void add_sibling(struct vp_facts *f)
{
	add_target(f, "stsib.blob.core.windows.net", "stsib." ZONE, ZONE,
	           VP_KIND_BLOB, "10.20.2.20");
}

static void one_of_zone(struct vp_facts *f)
{
	add_sibling(f);
	wrong_zone(f);
}

static void nested(struct vp_facts *f)
{
	SERVERS(r)
	{
		struct vp_dns_row *a;

		go_public(f, VAULT, r, PUBLIC);
		a = add_row(f, VAULT, r, VP_DNS_A);
		a->question = VP_QUESTION_ALIAS;
		add_address(f, a, "10.20.2.9");
	}
	clear_addresses(row(f, VAULT, NSS, 0));
	add_address(f, row(f, VAULT, NSS, 0), PUBLIC);
}

static void old_lease(struct vp_facts *f)
{
	outdated(f);
	both(f, DNS_PUBLIC);
}

static void passed_on(struct vp_facts *f)
{
	f->resolvers[FIRST].endpoint = endpoint("127.0.0.53:53");
	f->resolvers[SECOND].source = VP_RESOLVER_SYSTEMD_RESOLVED;
	both(f, DNS_MISSING);
}

static void asks_public(struct vp_facts *f)
{
	f->resolvers[SECOND].endpoint = endpoint("203.0.113.53:53");
	say(f, SECOND, 1, DNS_PUBLIC);
}

static void tainted(struct vp_facts *f)
{
	add_sibling(f);
	SERVERS(r)
	{
		go_public(f, N_TARGETS, r, PUBLIC);
		say(f, r, 2, DNS_PUBLIC);
	}
	clear_addresses(row(f, N_TARGETS, NSS, 0));
	add_address(f, row(f, N_TARGETS, NSS, 0), PUBLIC);
}

static const struct {
	void (*change)(struct vp_facts *f);
	const char *id, *in_detail, *not_in_detail;
} folded[] = {
	{ one_of_zone, "dns-forwarder-lacks-zone", "10.20.1.10", "stsib" },
	{ nested, "dns-forwarder-lacks-zone", "vault.azure.net", "stlab" },
	{ old_lease, "dns-servers-outdated", "10.20.1.12", "stlab" },
	{ passed_on, "dns-record-missing", "10.20.1.11", "127.0.0.53" },
	{ asks_public, "dns-public-resolver", "stlab", "10.20.1.10" },
	{ tainted, "dns-zone-not-linked", "10.20.1.10", "stlab" },
};

static void test_folded(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(folded); i++) {
		struct vp_facts *f = healthy();
		struct vp_arena *arena = vp_arena_create();
		struct vp_judgement j;

		folded[i].change(f);
		vp_judge(&j, f, arena);
		assert_int_equal(j.verdict, FAIL);
		if (j.n_findings != 1 ||
		    strcmp(j.findings[0].type->id, folded[i].id) != 0 ||
		    strstr(j.findings[0].detail, folded[i].in_detail) == NULL ||
		    strstr(j.findings[0].detail, folded[i].not_in_detail))
			fail_msg("%s: %zu findings, first %s: %s", folded[i].id,
			         j.n_findings, j.findings[0].type->id,
			         j.findings[0].detail);
		vp_arena_destroy(arena);
		vp_facts_destroy(f);
	}
}

/* --- never fine by mistake -------------------------------------------------
 */

static void as_it_is(struct vp_facts *f)
{
	(void)f;
}

static void one_stub(struct vp_facts *f)
{
	f->resolvers[FIRST].endpoint = endpoint("127.0.0.53:53");
	f->resolvers[SECOND].source = VP_RESOLVER_SYSTEMD_RESOLVED;
}

static void two_stubs(struct vp_facts *f)
{
	f->resolvers[FIRST].endpoint = endpoint("127.0.0.53:53");
	f->resolvers[SECOND].endpoint = endpoint("127.0.0.1:53");
	add_resolver(f, "10.20.1.12:53", VP_RESOLVER_SYSTEMD_RESOLVED);
	for (size_t i = 0; i < f->n_names; i++) {
		struct vp_dns_row *a =
			add_row(f, i, f->n_resolvers - 1, VP_DNS_A);

		a->chain = row(f, i, BLOB == i ? NSS : FIRST,
		               i == BLOB ? 0 : VP_DNS_A)
		                   ->chain;
		add_address(f, a, i == BLOB ? PRIVATE : "10.20.2.9");
		add_row(f, i, f->n_resolvers - 1, VP_DNS_AAAA);
	}
}

static void listed_azure(struct vp_facts *f)
{
	azure_from_outside(f);
	for (size_t i = 0; i < f->n_names; i++)
		answer(f, row(f, i, SECOND, VP_DNS_AAAA), DNS_MISSING);
}

static void stood_still(struct vp_facts *f)
{
	f->stalled_us = 900000;
}

static void alias_asked(struct vp_facts *f)
{
	SERVERS(r)
	{
		ask(f, r, VP_QUESTION_ALIAS, DNS_PRIVATE);
		ask(f, r, VP_QUESTION_UNCHECKED, DNS_PRIVATE);
	}
}

static void zones_linked(struct vp_facts *f)
{
	SERVERS(r)
	{
		link_zone(f, r);
	}
}

static void (*const settings[])(struct vp_facts *) = {
	as_it_is,    one_stub,     two_stubs,  listed_azure, stood_still,
	alias_asked, zones_linked, references, outdated,     pin,
};

static void check_shapes(size_t setting, unsigned first, unsigned second,
                         unsigned later)
{
	struct vp_facts *f = healthy();
	struct vp_arena *arena = vp_arena_create();
	bool error = false, unproven = false, right;
	struct vp_judgement j;

	settings[setting](f);
	say(f, FIRST, 1, first);
	say(f, SECOND, 1, second);
	if (later != 0)
		say(f, FIRST, 2, later);
	right = ((first | second | later) & ~(unsigned)DNS_RIGHT) == 0;
	vp_judge(&j, f, arena);
	for (size_t i = 0; i < j.n_findings; i++) {
		error |= j.findings[i].severity == E;
		unproven |= j.findings[i].severity == VP_SEVERITY_UNPROVEN;
	}
	if ((j.verdict == PASS && !right && settings[setting] != pin) ||
	    (j.verdict == FAIL && !error) ||
	    (j.verdict == VP_VERDICT_INCONCLUSIVE && !unproven))
		fail_msg("setting %zu, %x and %x, then %x: %s", setting, first,
		         second, later, j.summary);
	if (right && setting == 0)
		assert_int_equal(j.verdict, PASS);
	vp_arena_destroy(arena);
	vp_facts_destroy(f);
}

static void test_never_fine(void **state)
{
	static const unsigned later[] = {
		0,           DNS_PRIVATE,  DNS_PUBLIC,
		DNS_MISSING, DNS_SERVFAIL, DNS_SILENT
	};

	(void)state;
	for (size_t s = 0; s < COUNT(settings); s++)
		for (unsigned a = 0; a < 15; a++)
			for (unsigned b = 0; b < 15; b++)
				for (size_t l = 0; l < COUNT(later); l++)
					check_shapes(s, 1u << a, 1u << b,
					             later[l]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_findings),
		cmocka_unit_test(test_consequences),
		cmocka_unit_test(test_folded),
		cmocka_unit_test(test_forty_names),
		cmocka_unit_test(test_seventy_servers),
		cmocka_unit_test(test_never_fine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
