/*
 * test_judge.c - the judge, rule by rule: one thing is changed in the facts of
 * a healthy run, and exactly these findings must come, and this verdict.
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

typedef void change(struct vp_facts *f);

struct test_case {
	const char *what;
	change *change;
	enum vp_verdict verdict;
	const char *ids; /* above info, sorted, each once */
	const char *info;
};

#define SERVERS(r) for (size_t r = FIRST; r <= SECOND; r++)

static void nothing(struct vp_facts *f)
{
	(void)f;
}

/* --- names ------------------------------------------------------------- */

static void not_linked(struct vp_facts *f)
{
	SERVERS(r)
	{
		go_public(f, BLOB, r, "203.0.113.20");
	}
	clear_addresses(row(f, BLOB, NSS, 0));
	add_address(f, row(f, BLOB, NSS, 0), "203.0.113.20");
	f->targets[BLOB].n_addresses = 0;
	withhold(f, BLOB, "203.0.113.20");
}

static void not_linked_at_one(struct vp_facts *f)
{
	go_public(f, BLOB, SECOND, "203.0.113.20");
	withhold(f, BLOB, "203.0.113.20");
}

static void record_missing(struct vp_facts *f)
{
	SERVERS(r)
	{
		struct vp_dns_row *a = row(f, VAULT, r, VP_DNS_A);

		clear_addresses(a);
		a->rcode = 3;
		set_soa(f, a, "privatelink.vaultcore.azure.net",
		        "azureprivatedns.net");
		row(f, VAULT, r, VP_DNS_AAAA)->rcode = 3;
	}
	clear_addresses(row(f, VAULT, NSS, 0));
	f->targets[VAULT].n_addresses = 0;
}

static void record_set_empty(struct vp_facts *f)
{
	record_missing(f);
	SERVERS(r)
	{
		row(f, VAULT, r, VP_DNS_A)->rcode = 0;
	}
}

/* The blob's record has the vault's address: a certificate would tell. */
static void shared_unseen(struct vp_facts *f)
{
	f->mode = VP_MODE_DNS;
	f->capture.wanted = false;
	f->capture.state = VP_CAPTURE_OFF;
	for (size_t r = FIRST; r <= NSS; r++) {
		struct vp_dns_row *a = row(f, BLOB, r, r == NSS ? 0 : VP_DNS_A);

		clear_addresses(a);
		add_address(f, a, "10.20.2.9");
	}
	f->targets[BLOB].addresses[0].addr = addr("10.20.2.9");
}

static void shared_by_proxy(struct vp_facts *f)
{
	shared_unseen(f);
	f->mode = VP_MODE_CHECK; /* both certificates fit there */
	fill_capture(f);
}

static void shared_and_dead(struct vp_facts *f)
{
	shared_by_proxy(f);
	f->targets[BLOB].addresses[0].tcp.outcome = VP_OUTCOME_TIMEOUT;
}

static void shared_by_three(struct vp_facts *f)
{
	shared_unseen(f);
	for (size_t r = FIRST; r <= NSS; r++) {
		struct vp_dns_row *a =
			row(f, REGISTRY, r, r == NSS ? 0 : VP_DNS_A);

		clear_addresses(a);
		add_address(f, a, "10.20.2.9");
	}
}

static void shared_as_meant(struct vp_facts *f)
{
	shared_unseen(f);
	for (size_t i = BLOB; i <= VAULT; i++)
		*VP_PUSH(f->arena, f->targets[i].expected,
		         f->targets[i].n_expected) = addr("10.20.2.9");
}

/* Names of one registry do have one address, as far as this can tell. */
static void shared_by_one_group(struct vp_facts *f)
{
	f->mode = VP_MODE_DNS;
	f->capture.wanted = false;
	f->capture.state = VP_CAPTURE_OFF;
	add_target(f, "crlab.eastus.data.azurecr.io",
	           "crlab.eastus.data.privatelink.azurecr.io",
	           "privatelink.azurecr.io", VP_KIND_REGISTRY_DATA,
	           "10.20.2.10");
}

static void no_alias(struct vp_facts *f, size_t name, size_t resolver)
{
	row(f, name, resolver, VP_DNS_A)->n_chain = 0;
	row(f, name, resolver, VP_DNS_AAAA)->n_chain = 0;
}

static void no_private_endpoint(struct vp_facts *f)
{
	not_linked(f);
	SERVERS(r)
	{
		no_alias(f, BLOB, r);
	}
}

static void flattened(struct vp_facts *f)
{
	SERVERS(r)
	{
		no_alias(f, BLOB, r);
	}
}

static void name_unknown(struct vp_facts *f)
{
	record_missing(f);
	SERVERS(r)
	{
		no_alias(f, VAULT, r);
	}
}

/* Nobody knows the name, and who says so has a zone around it. */
static void own_zone(struct vp_facts *f)
{
	name_unknown(f);
	SERVERS(r)
	{
		struct vp_dns_row *a = row(f, VAULT, r, VP_DNS_A);

		a->authoritative = true;
		set_soa(f, a, "azure.net", "dc01.corp.example");
	}
}

static void own_zone_of_azure(struct vp_facts *f)
{
	own_zone(f);
	SERVERS(r)
	{
		set_soa(f, row(f, VAULT, r, VP_DNS_A), "vault.azure.net",
		        "ns1-01.azure-dns.com");
	}
}

static void own_zone_hearsay(struct vp_facts *f)
{
	own_zone(f);
	SERVERS(r)
	{
		row(f, VAULT, r, VP_DNS_A)->authoritative = false;
	}
}

static void own_zone_elsewhere(struct vp_facts *f)
{
	own_zone(f);
	SERVERS(r)
	{
		set_soa(f, row(f, VAULT, r, VP_DNS_A), "corp.example",
		        "dc01.corp.example");
	}
}

static void zone_shadowed(struct vp_facts *f)
{
	struct vp_dns_row *a = row(f, VAULT, SECOND, VP_DNS_A);

	no_alias(f, VAULT, SECOND);
	clear_addresses(a);
	a->rcode = 3;
}

static void fail_all(struct vp_facts *f, size_t resolver, enum vp_outcome o)
{
	for (size_t n = 0; n < f->n_names; n++) {
		for (uint16_t t = VP_DNS_A; t <= VP_DNS_AAAA; t += 27) {
			struct vp_dns_row *r = row(f, n, resolver, t);

			clear_addresses(r);
			r->outcome = o;
			r->rcode = -1;
			r->n_chain = 0;
		}
	}
}

static void resolver_silent(struct vp_facts *f)
{
	fail_all(f, SECOND, VP_OUTCOME_TIMEOUT);
}

static void resolver_unreachable(struct vp_facts *f)
{
	fail_all(f, SECOND, VP_OUTCOME_REFUSED);
}

static void one_timeout(struct vp_facts *f)
{
	row(f, BLOB, SECOND, VP_DNS_AAAA)->outcome = VP_OUTCOME_TIMEOUT;
}

static void answer_rcode(struct vp_facts *f, int rcode)
{
	for (size_t n = 0; n < f->n_names; n++) {
		for (uint16_t t = VP_DNS_A; t <= VP_DNS_AAAA; t += 27) {
			clear_addresses(row(f, n, SECOND, t));
			row(f, n, SECOND, t)->rcode = rcode;
		}
	}
}

static void servfail(struct vp_facts *f)
{
	answer_rcode(f, 2);
}

static void refused(struct vp_facts *f)
{
	answer_rcode(f, 5);
}

static void malformed(struct vp_facts *f)
{
	struct vp_dns_row *r = row(f, BLOB, FIRST, VP_DNS_A);

	clear_addresses(r);
	r->outcome = VP_OUTCOME_MALFORMED;
	r->detail = copy(f, "compression loop");
}

static struct vp_dns_row *truncate_first(struct vp_facts *f)
{
	struct vp_dns_row *tcp = add_row(f, BLOB, FIRST, VP_DNS_A);
	struct vp_dns_row *udp = row(f, BLOB, FIRST, VP_DNS_A);

	udp->truncated = true;
	tcp->transport = VP_TRANSPORT_TCP;
	tcp->chain = udp->chain;
	tcp->n_chain = udp->n_chain;
	clear_addresses(udp);
	return tcp;
}

static void tcp_answers(struct vp_facts *f)
{
	add_address(f, truncate_first(f), "10.20.2.7");
}

static void tcp_blocked(struct vp_facts *f)
{
	truncate_first(f)->outcome = VP_OUTCOME_TIMEOUT;
}

/* `dns` asks over TCP beside UDP. */
static void tcp_beside(struct vp_facts *f, size_t name, enum vp_outcome outcome)
{
	struct vp_dns_row *tcp = add_row(f, name, FIRST, VP_DNS_A);
	const struct vp_dns_row *udp = row(f, name, FIRST, VP_DNS_A);

	tcp->transport = VP_TRANSPORT_TCP;
	tcp->outcome = outcome;
	tcp->chain = udp->chain;
	tcp->n_chain = udp->n_chain;
	tcp->addresses = udp->addresses;
	tcp->n_addresses = udp->n_addresses;
}

static void tcp_closed(struct vp_facts *f)
{
	tcp_beside(f, BLOB, VP_OUTCOME_TIMEOUT);
	tcp_beside(f, VAULT, VP_OUTCOME_TIMEOUT);
}

static void tcp_lost_one(struct vp_facts *f)
{
	tcp_beside(f, BLOB, VP_OUTCOME_TIMEOUT);
	tcp_beside(f, VAULT, VP_OUTCOME_OK);
}

static void tcp_refused_dns(struct vp_facts *f)
{
	truncate_first(f)->outcome = VP_OUTCOME_REFUSED;
}

static void alias_loop(struct vp_facts *f)
{
	SERVERS(r)
	{
		row(f, BLOB, r, VP_DNS_A)->alias_loop = true;
		clear_addresses(row(f, BLOB, r, VP_DNS_A));
	}
}

static void private_but_differ(struct vp_facts *f)
{
	struct vp_dns_row *a = row(f, BLOB, SECOND, VP_DNS_A);

	clear_addresses(a);
	add_address(f, a, "10.20.2.77");
	add_target_address(f, BLOB, "10.20.2.77");
}

static void same_set_other_order(struct vp_facts *f)
{
	add_address(f, row(f, BLOB, FIRST, VP_DNS_A), "10.20.2.8");
	clear_addresses(row(f, BLOB, SECOND, VP_DNS_A));
	add_address(f, row(f, BLOB, SECOND, VP_DNS_A), "10.20.2.8");
	add_address(f, row(f, BLOB, SECOND, VP_DNS_A), "10.20.2.7");
}

/* --- saved facts that lack something, or contradict each other --------- */

static void no_answer(struct vp_facts *f)
{
	f->targets[BLOB].addresses[0].http.status = 0;
	f->targets[BLOB].addresses[0].http.signature = VP_SIGNATURE_NONE;
}

static void refused_and_accepted(struct vp_facts *f)
{
	f->targets[BLOB].addresses[0].http.status = 403;
}

static void blank_certificate(struct vp_facts *f)
{
	struct vp_tls_facts *tls = &f->targets[BLOB].addresses[0].tls;

	tls->subject = tls->issuer = NULL;
	tls->n_subject_alt_names = 0;
}

static void other_addresses(struct vp_facts *f)
{
	f->targets[BLOB].addresses[0].addr = addr("10.20.2.200");
}

static void one_address_more(struct vp_facts *f)
{
	add_target_address(f, BLOB, "10.20.2.200");
}

static void strayed(struct vp_facts *f)
{
	add_target_address(f, BLOB, "203.0.113.9");
}

static void nothing_received(struct vp_facts *f)
{
	f->capture.received = 0;
}

static void just_received(struct vp_facts *f)
{
	f->capture.received = f->capture.attested_seen;
}

static void window_reversed(struct vp_facts *f)
{
	f->capture.drained_us = f->capture.armed_us - 1;
}

static void never_drained(struct vp_facts *f)
{
	f->capture.drained_us = 0;
}

static void drained_early(struct vp_facts *f)
{
	f->capture.drained_us = f->timing.last_answer_us - 1;
}

static void drained_in_time(struct vp_facts *f)
{
	f->capture.drained_us = f->timing.last_answer_us;
}

static void armed_after(struct vp_facts *f)
{
	f->timing.first_question_us = 0;
	f->capture.armed_us = f->ended_us + 1;
	f->capture.drained_us = f->ended_us + 2;
}

static void armed_late(struct vp_facts *f)
{
	f->capture.armed_us = f->timing.first_question_us + 1;
}

static void armed_in_time(struct vp_facts *f)
{
	f->capture.armed_us = f->timing.first_question_us;
}

static void source_in_doubt(struct vp_facts *f)
{
	f->targets[VAULT].addresses[0].http.source_doubt = "two addresses";
}

static void source_missing(struct vp_facts *f)
{
	struct vp_http_facts *h = &f->targets[VAULT].addresses[0].http;

	h->rule = "vault-healthy";
	h->status = 200;
	h->service_saw.family = 0;
}

static void source_there(struct vp_facts *f)
{
	source_missing(f);
	f->targets[VAULT].addresses[0].http.service_saw = addr("10.20.1.4");
}

static void no_type(struct vp_facts *f)
{
	f->targets[VAULT].addresses[0].http.connection_type = copy(f, "");
}

static void expect_addr(struct vp_facts *f, const char *text)
{
	struct vp_target *t = &f->targets[BLOB];

	*VP_PUSH(f->arena, t->expected, t->n_expected) = addr(text);
}

static void right_address(struct vp_facts *f)
{
	expect_addr(f, "10.20.2.6");
	expect_addr(f, "10.20.2.7");
}

static void wrong_address(struct vp_facts *f)
{
	expect_addr(f, "10.20.2.6");
}

static void outside_vnet(struct vp_facts *f)
{
	f->policy.vnet[0] = prefix("10.20.2.8/29"); /* not .7 */
}

static void no_vnet(struct vp_facts *f)
{
	f->policy.n_vnet = 0;
}

static void bogon(struct vp_facts *f)
{
	SERVERS(r)
	{
		clear_addresses(row(f, BLOB, r, VP_DNS_A));
		add_address(f, row(f, BLOB, r, VP_DNS_A), "0.0.0.0");
	}
	clear_addresses(row(f, BLOB, NSS, 0));
	add_address(f, row(f, BLOB, NSS, 0), "0.0.0.0");
}

static void set_nss(struct vp_facts *f, const char *text)
{
	clear_addresses(row(f, BLOB, NSS, 0));
	if (text != NULL)
		add_address(f, row(f, BLOB, NSS, 0), text);
}

static void hosts_public(struct vp_facts *f)
{
	set_nss(f, "203.0.113.20");
	withhold(f, BLOB, "203.0.113.20");
}

/* ... which can be from the only server alone: what it said changed. */
static void nss_by_chance(struct vp_facts *f)
{
	hosts_public(f);
	f->machine.hosts_sources = copy(f, "files dns");
	f->resolvers[SECOND].source = VP_RESOLVER_COMPARE;
}

static void nss_by_chance_cached(struct vp_facts *f)
{
	nss_by_chance(f);
	f->machine.cache = copy(f, "nscd");
}

static void hosts_private(struct vp_facts *f)
{
	set_nss(f, "10.20.2.99");
}

static void hosts_none(struct vp_facts *f)
{
	set_nss(f, NULL);
}

static void nss_timeout(struct vp_facts *f)
{
	set_nss(f, NULL);
	row(f, BLOB, NSS, 0)->outcome = VP_OUTCOME_TIMEOUT;
}

/* What a server does, applications wait for. */
static void nss_timeout_too(struct vp_facts *f)
{
	tcp_blocked(f);
	nss_timeout(f);
}

/* ... also for a name that the server had for us. */
static void nss_timeout_elsewhere(struct vp_facts *f)
{
	struct vp_dns_row *a = row(f, VAULT, SECOND, VP_DNS_A);

	clear_addresses(a);
	a->n_chain = 0;
	a->rcode = 2;
	nss_timeout(f);
}

static void nss_error(struct vp_facts *f)
{
	set_nss(f, NULL);
	row(f, BLOB, NSS, 0)->outcome = VP_OUTCOME_ERROR;
}

static void ipv6_public(struct vp_facts *f)
{
	SERVERS(r)
	{
		add_address(f, row(f, BLOB, r, VP_DNS_AAAA), "2001:db8::20");
	}
	withhold(f, BLOB, "2001:db8::20");
}

static void ipv6_private(struct vp_facts *f)
{
	SERVERS(r)
	{
		add_address(f, row(f, BLOB, r, VP_DNS_AAAA), "fd00:20::7");
	}
	*VP_PUSH(f->arena, f->policy.vnet, f->policy.n_vnet) =
		prefix("fd00:20::/64");
}

static void public_resolver(struct vp_facts *f)
{
	f->resolvers[SECOND].endpoint = endpoint("203.0.113.53:53");
}

static void public_resolver_given(struct vp_facts *f)
{
	public_resolver(f);
	f->resolvers[SECOND].source = VP_RESOLVER_OPTION;
}

static void unstable(struct vp_facts *f)
{
	struct vp_dns_row *again = add_row(f, BLOB, FIRST, VP_DNS_A);

	again->round = 2;
	add_alias(f, again, "stlab.blob.core.windows.net",
	          "stlab.privatelink.blob.core.windows.net");
	add_address(f, again, "10.20.2.78");
}

static void stable(struct vp_facts *f)
{
	struct vp_dns_row *again = add_row(f, BLOB, FIRST, VP_DNS_A);

	again->round = 2;
	add_alias(f, again, "stlab.blob.core.windows.net",
	          "stlab.privatelink.blob.core.windows.net");
	add_address(f, again, "10.20.2.7");
}

static void make_public(struct vp_facts *f)
{
	not_linked(f);
	SERVERS(r)
	{
		no_alias(f, BLOB, r);
	}
	f->targets[BLOB].n_addresses = 0;
	add_target_address(f, BLOB, "203.0.113.20");
}

static void expect_public(struct vp_facts *f)
{
	make_public(f);
	f->targets[BLOB].expect = VP_EXPECT_PUBLIC;
}

static void expect_service_endpoint(struct vp_facts *f)
{
	make_public(f);
	f->targets[BLOB].expect = VP_EXPECT_SERVICE_ENDPOINT;
	f->targets[BLOB].addresses[0].http.service_saw = addr("10.20.1.4");
}

static void service_endpoint_off(struct vp_facts *f)
{
	expect_service_endpoint(f);
	f->targets[BLOB].addresses[0].http.service_saw = addr("203.0.113.1");
}

static void private_though_public(struct vp_facts *f)
{
	f->targets[BLOB].expect = VP_EXPECT_PUBLIC;
}

static void private_though_endpoint(struct vp_facts *f)
{
	f->targets[BLOB].expect = VP_EXPECT_SERVICE_ENDPOINT;
}

static void private_any(struct vp_facts *f)
{
	f->targets[BLOB].expect = VP_EXPECT_ANY;
}

static void public_but_unknown(struct vp_facts *f)
{
	name_unknown(f);
	f->targets[VAULT].expect = VP_EXPECT_PUBLIC;
}

static void never_asked(struct vp_facts *f)
{
	f->names[BLOB]->n_rows--; /* NSS */
}

static void cancelled(struct vp_facts *f)
{
	row(f, BLOB, FIRST, VP_DNS_A)->outcome = VP_OUTCOME_CANCELLED;
}

static void all_cancelled(struct vp_facts *f)
{
	/* Applications got theirs; it may be what no server could say yet. */
	fail_all(f, FIRST, VP_OUTCOME_CANCELLED);
	fail_all(f, SECOND, VP_OUTCOME_CANCELLED);
}

/* --- reach ------------------------------------------------------------- */

static struct vp_target_address *at(struct vp_facts *f, size_t target)
{
	return &f->targets[target].addresses[0];
}

static void tcp_fails(struct vp_facts *f, enum vp_outcome o)
{
	at(f, VAULT)->tcp.outcome = o;
	at(f, VAULT)->tls.outcome = VP_OUTCOME_NONE;
	at(f, VAULT)->http.outcome = VP_OUTCOME_NONE;
}

static void tcp_timeout(struct vp_facts *f)
{
	tcp_fails(f, VP_OUTCOME_TIMEOUT);
}

static void tcp_refused(struct vp_facts *f)
{
	tcp_fails(f, VP_OUTCOME_REFUSED);
}

static void tcp_unreachable(struct vp_facts *f)
{
	tcp_fails(f, VP_OUTCOME_UNREACHABLE);
}

static void tcp_denied(struct vp_facts *f)
{
	tcp_fails(f, VP_OUTCOME_DENIED);
}

static void tcp_error(struct vp_facts *f)
{
	tcp_fails(f, VP_OUTCOME_ERROR);
}

static struct vp_target_address *public_ipv6(struct vp_facts *f)
{
	struct vp_target_address *a;

	expect_public(f);
	a = add_target_address(f, BLOB, "2001:db8:20::20");
	a->route = (struct vp_route){ .outcome = VP_OUTCOME_UNREACHABLE };
	a->tcp.outcome = VP_OUTCOME_UNREACHABLE;
	a->tls = (struct vp_tls_facts){ 0 };
	a->http = (struct vp_http_facts){ 0 };
	return a;
}

static void no_ipv6_here(struct vp_facts *f)
{
	public_ipv6(f);
}

/* IPv6 works, but not to this address. */
static void ipv6_to_others_only(struct vp_facts *f)
{
	public_ipv6(f);
	add_target_address(f, VAULT, "fd20::9");
}

/* Unreachable by another router's word, not for want of a route. */
static void ipv6_unreachable(struct vp_facts *f)
{
	public_ipv6(f)->route.outcome = VP_OUTCOME_OK;
}

/* Nothing else was reached either. */
static void no_ipv6_and_no_ipv4(struct vp_facts *f)
{
	public_ipv6(f);
	f->targets[BLOB].addresses[0].tcp.outcome = VP_OUTCOME_TIMEOUT;
}

static void no_route(struct vp_facts *f)
{
	tcp_fails(f, VP_OUTCOME_NONE);
	at(f, VAULT)->route.outcome = VP_OUTCOME_UNREACHABLE;
}

static void pending(struct vp_facts *f)
{
	at(f, VAULT)->reach = VP_REACH_PENDING;
}

static void port_without_tls(struct vp_facts *f)
{
	f->targets[VAULT].tls = false;
	at(f, VAULT)->tls.outcome = VP_OUTCOME_NONE;
	at(f, VAULT)->http.outcome = VP_OUTCOME_NONE;
}

static void tls_fails(struct vp_facts *f, enum vp_outcome o)
{
	at(f, VAULT)->tls.outcome = o;
	at(f, VAULT)->http.outcome = VP_OUTCOME_NONE;
}

static void tls_silent(struct vp_facts *f)
{
	tls_fails(f, VP_OUTCOME_SILENT);
}

static void tls_reset(struct vp_facts *f)
{
	tls_fails(f, VP_OUTCOME_RESET);
}

static void tls_mismatch(struct vp_facts *f)
{
	at(f, VAULT)->tls.outcome = VP_OUTCOME_NAME_MISMATCH;
	at(f, VAULT)->tls.name_matches = false;
	at(f, VAULT)->http.signature = VP_SIGNATURE_FOREIGN;
}

static void tls_mismatch_untrusted(struct vp_facts *f)
{
	tls_mismatch(f);
	at(f, VAULT)->tls.outcome = VP_OUTCOME_UNTRUSTED;
	at(f, VAULT)->tls.verify_code = 20;
}

static void untrust(struct vp_facts *f, size_t target)
{
	at(f, target)->tls.outcome = VP_OUTCOME_UNTRUSTED;
	at(f, target)->tls.verify_code = 20;
	at(f, target)->tls.issuer = copy(f, "O=Example,CN=Example Proxy CA");
}

static void tls_untrusted(struct vp_facts *f)
{
	untrust(f, VAULT);
}

static void tls_intercepted(struct vp_facts *f)
{
	untrust(f, VAULT);
	untrust(f, BLOB);
}

#define MICROSOFT "O=Microsoft Corporation,C=US"
#define COMPANY "CN=Contoso Root R1,O=Contoso,C=DE"

/* A chain that this machine trusts, of a target; anchor NULL: an old report. */
static void trusted_by(struct vp_facts *f, size_t target, const char *issuer,
                       const char *anchor)
{
	at(f, target)->tls.issuer = copy(f, issuer);
	at(f, target)->tls.anchor = copy(f, anchor);
	at(f, target)->tls.root_issuer = copy(f, anchor);
}

static void all_trusted_by(struct vp_facts *f, const char *issuer,
                           const char *anchor)
{
	for (size_t i = 0; i < N_TARGETS; i++)
		trusted_by(f, i, issuer, anchor);
}

static void company_root(struct vp_facts *f)
{
	all_trusted_by(f, "CN=Contoso Issuing CA 1,O=Contoso", COMPANY);
}

static void company_root_old_report(struct vp_facts *f)
{
	all_trusted_by(f, "CN=Contoso Issuing CA 1,O=Contoso", NULL);
}

/* The user named the roots: that makes them trusted, and not Azure's. */
static void company_root_named(struct vp_facts *f)
{
	company_root(f);
	f->trust.ca_file = copy(f, "/home/me/ca.pem");
}

static void company_root_system(struct vp_facts *f)
{
	company_root(f);
	f->trust.ca_file = copy(f, "/etc/ssl/certs/ca-certificates.crt");
}

static void company_root_known(struct vp_facts *f)
{
	company_root(f);
	*VP_PUSH(f->arena, f->trust.issuers, f->trust.n_issuers) =
		copy(f, "contoso issuing ca *");
}

static void company_root_known_other(struct vp_facts *f)
{
	company_root(f);
	*VP_PUSH(f->arena, f->trust.issuers, f->trust.n_issuers) =
		copy(f, "Contoso Issuing CA");
}

static void company_root_one(struct vp_facts *f)
{
	trusted_by(f, VAULT, "CN=Contoso Issuing CA 1,O=Contoso", COMPANY);
}

static void company_root_one_named(struct vp_facts *f)
{
	company_root_one(f);
	f->trust.ca_file = copy(f, "/home/me/ca.pem");
}

/* Two issuers of one root: still one company. */
static void company_root_two_issuers(struct vp_facts *f)
{
	company_root_one(f);
	trusted_by(f, BLOB, "CN=Contoso Issuing CA 2,O=Contoso", COMPANY);
}

static void company_two_roots(struct vp_facts *f)
{
	company_root_one(f);
	trusted_by(f, BLOB, "CN=Fabrikam CA,O=Fabrikam",
	           "CN=Fabrikam Root,O=Fabrikam");
}

static void company_root_known_by_root(struct vp_facts *f)
{
	company_root_two_issuers(f);
	*VP_PUSH(f->arena, f->trust.issuers, f->trust.n_issuers) =
		copy(f, "Contoso Root R1");
}

static void azure_firewall_inspects(struct vp_facts *f)
{
	trusted_by(f, VAULT,
	           "CN=Azure Firewall Manager CA,O=Microsoft Corporation",
	           COMPANY);
}

static void azure_firewall_known(struct vp_facts *f)
{
	azure_firewall_inspects(f);
	*VP_PUSH(f->arena, f->trust.issuers, f->trust.n_issuers) =
		copy(f, "Azure Firewall Manager CA");
}

static void inspector_named(struct vp_facts *f)
{
	trusted_by(f, VAULT, "CN=Contoso TLS Inspection CA,O=Contoso", COMPANY);
	f->trust.ca_file = copy(f, "/home/me/ca.pem");
}

static void inspector_product(struct vp_facts *f)
{
	trusted_by(f, VAULT, "CN=Zscaler Intermediate Root CA (x.net)",
	           "CN=Zscaler Root CA,O=Zscaler Inc.");
}

static void inspector_product_untrusted(struct vp_facts *f)
{
	untrust(f, VAULT);
	at(f, VAULT)->tls.issuer = copy(f, "CN=fw1,O=Fortinet");
}

static void inspector_public(struct vp_facts *f)
{
	inspector_product(f);
	f->targets[VAULT].expect = VP_EXPECT_ANY;
}

/* A warning about the certificate hides nothing of what follows. */
static void company_root_silent(struct vp_facts *f)
{
	company_root_one(f);
	at(f, VAULT)->http.outcome = VP_OUTCOME_TIMEOUT;
}

/* Somebody's own service: nothing is known of its issuer. */
/* As the API server of an AKS cluster has it; the vault never does. */
static void cluster_ca(struct vp_facts *f)
{
	untrust(f, VAULT);
	at(f, VAULT)->tls.issuer = copy(f, "CN=ca");
	f->targets[VAULT].kind = VP_KIND_AKS_API;
}

static void cluster_ca_self_signed(struct vp_facts *f)
{
	cluster_ca(f);
	at(f, VAULT)->tls.self_signed = true;
}

static void cluster_ca_other_name(struct vp_facts *f)
{
	cluster_ca(f);
	at(f, VAULT)->tls.issuer = copy(f, "O=Example,CN=ca");
}

static void cluster_ca_of_vault(struct vp_facts *f)
{
	cluster_ca(f);
	f->targets[VAULT].kind = VP_KIND_VAULT;
}

static void company_root_other_kind(struct vp_facts *f)
{
	company_root(f);
	for (size_t i = 0; i < N_TARGETS; i++)
		f->targets[i].kind = VP_KIND_OTHER;
}

/* The control plane's regional name is of no kind, and Azure ML's own. */
static void company_root_regional(struct vp_facts *f)
{
	company_root_other_kind(f);
	f->targets[VAULT].name->name = copy(f, "eastus.cert.api.azureml.ms");
	f->targets[VAULT].expect = VP_EXPECT_ANY;
}

/* What Azure has today (P14), by issuer and root; one for all services, as new
 * authorities start. */
static void azure_public(struct vp_facts *f)
{
	trusted_by(f, BLOB,
	           "CN=Microsoft Azure RSA TLS Issuing CA 04," MICROSOFT,
	           "CN=DigiCert Global Root G2,OU=www.digicert.com,"
	           "O=DigiCert Inc,C=US");
	trusted_by(f, VAULT, "CN=Microsoft TLS G2 ECC CA OCSP 08," MICROSOFT,
	           "CN=Microsoft TLS ECC Root G2," MICROSOFT);
	trusted_by(f, REGISTRY,
	           "CN=DigiCert SHA2 Secure Server CA,O=DigiCert "
	           "Inc,C=US",
	           "CN=DigiCert Global Root CA,OU=www.digicert.com,"
	           "O=DigiCert Inc,C=US");
}

static void azure_government(struct vp_facts *f)
{
	azure_public(f);
	f->cloud = copy(f, "usgovernment");
	all_trusted_by(f,
	               "CN=DigiCert TLS RSA SHA256 2020 CA1,O=DigiCert "
	               "Inc,C=US",
	               "CN=DigiCert Global Root CA,OU=www.digicert.com,"
	               "O=DigiCert Inc,C=US");
}

static void azure_china(struct vp_facts *f)
{
	f->cloud = copy(f, "china");
	all_trusted_by(f, "CN=DigiCert Basic RSA CN CA G2,O=DigiCert Inc,C=US",
	               "CN=DigiCert Global Root CA,OU=www.digicert.com,"
	               "O=DigiCert Inc,C=US");
}

/* An authority that no list has yet, of the same organisation. */
static void azure_to_come(struct vp_facts *f)
{
	all_trusted_by(f, "CN=Microsoft TLS G3 RSA CA 01," MICROSOFT,
	               "CN=Microsoft TLS RSA Root G3," MICROSOFT);
}

/* Cross-signed: the issuer is new, the root is the old one. */
static void azure_cross_signed(struct vp_facts *f)
{
	all_trusted_by(f, "CN=Some TLS CA 1,O=Somebody",
	               "CN=DigiCert Global Root G3,O=DigiCert Inc,C=US");
}

/* Who signs in Microsoft's name and is not trusted is not Microsoft. */
static void posing(struct vp_facts *f)
{
	for (size_t i = 0; i < N_TARGETS; i++) {
		untrust(f, i);
		at(f, i)->tls.issuer = copy(f, "CN=Other CA," MICROSOFT);
	}
}

static void two_self_signed(struct vp_facts *f)
{
	tls_intercepted(f);
	at(f, VAULT)->tls.self_signed = true;
	at(f, BLOB)->tls.self_signed = true;
}

static void tls_expired(struct vp_facts *f)
{
	at(f, VAULT)->tls.outcome = VP_OUTCOME_EXPIRED;
	at(f, VAULT)->tls.verify_code = 10;
}

/* Facts that contradict themselves are not taken for fine. */
static void tls_ok_but_unverified(struct vp_facts *f)
{
	at(f, VAULT)->tls.verify_code = 20;
}

static void http_silent(struct vp_facts *f)
{
	at(f, VAULT)->http.outcome = VP_OUTCOME_TIMEOUT;
}

static void http_closed(struct vp_facts *f)
{
	at(f, VAULT)->http.outcome = VP_OUTCOME_CLOSED;
}

static void http_denied(struct vp_facts *f)
{
	at(f, VAULT)->http.signature = VP_SIGNATURE_DENIED;
	at(f, VAULT)->http.service_saw = addr("203.0.113.9");
}

/* 403, and no telling why. */
static void refused_of(struct vp_facts *f, size_t target)
{
	struct vp_http_facts *h = &at(f, target)->http;

	h->status = 403;
	h->signature = VP_SIGNATURE_REACHED;
	h->refused_by = VP_REFUSAL_UNKNOWN;
	h->service_code = copy(f, "SomethingNew");
}

static void refused_vault(struct vp_facts *f)
{
	refused_of(f, VAULT);
}

static void refused_storage(struct vp_facts *f)
{
	refused_of(f, BLOB);
}

static void refused_search(struct vp_facts *f)
{
	refused_of(f, VAULT);
	f->targets[VAULT].kind = VP_KIND_SEARCH;
}

/* Credentials are what it wants: nothing to tell. */
static void refused_for_credentials(struct vp_facts *f)
{
	refused_of(f, BLOB);
	at(f, BLOB)->http.refused_by = VP_REFUSAL_CREDENTIALS;
	at(f, BLOB)->http.signature = VP_SIGNATURE_CREDENTIALS;
}

static void refused_public(struct vp_facts *f)
{
	refused_of(f, VAULT);
	f->targets[VAULT].expect = VP_EXPECT_ANY;
}

static void http_foreign(struct vp_facts *f)
{
	at(f, VAULT)->http.signature = VP_SIGNATURE_FOREIGN;
}

static void saw_public(struct vp_facts *f)
{
	at(f, VAULT)->http.service_saw = addr("203.0.113.9");
}

static void saw_other_private(struct vp_facts *f)
{
	at(f, VAULT)->http.service_saw = addr("10.20.1.5");
}

/* --- a device that connects anew --------------------------------------- */

/* The capture shows our own connection to where the target's address is. */
static struct vp_flow *captured(struct vp_facts *f, size_t target)
{
	struct vp_target_address *a = at(f, target);
	struct vp_flow *w = add_flow(f, IPPROTO_TCP, "10.20.2.9:443", NULL);

	w->remote.addr = a->addr;
	w->local = a->local;
	w->own = true;
	return w;
}

/* The registry refuses, and quotes a public address. */
static void firewall_registry(struct vp_facts *f)
{
	at(f, REGISTRY)->http.signature = VP_SIGNATURE_DENIED;
	at(f, REGISTRY)->http.service_saw = addr("203.0.113.9");
	captured(f, REGISTRY);
}

static void firewall_vault(struct vp_facts *f)
{
	saw_public(f);
	captured(f, VAULT);
}

/* The firewall's subnet has a service endpoint: its private address shows. */
static void firewall_service_endpoint(struct vp_facts *f)
{
	saw_other_private(f);
	at(f, VAULT)->http.connection_type = copy(f, "Ipv4");
	captured(f, VAULT);
}

/* The same over a private link: a NAT inside, as AKS has for pods, and no
 * firewall's doing. */
static void nat_private_link(struct vp_facts *f)
{
	saw_other_private(f);
	at(f, VAULT)->http.connection_type = copy(f, "privatelink");
	captured(f, VAULT);
}

/* Public, and yet over a private link: stranger than an application rule. */
static void public_private_link(struct vp_facts *f)
{
	saw_public(f);
	at(f, VAULT)->http.connection_type = copy(f, "PrivateLink");
	captured(f, VAULT);
}

/* No connection in the capture, another one, one that never opened, none. */
static void firewall_not_seen(struct vp_facts *f)
{
	firewall_registry(f);
	f->flows[0].local.port++;
}

static void firewall_not_open(struct vp_facts *f)
{
	firewall_registry(f);
	f->flows[0].state = VP_FLOW_ANSWERED;
}

static void firewall_blind(struct vp_facts *f)
{
	firewall_registry(f);
	f->capture.state = VP_CAPTURE_OFF;
	f->capture.wanted = false;
}

/* Not the address that it must have: DNS is to blame. */
static void firewall_wrong_address(struct vp_facts *f)
{
	firewall_registry(f);
	*VP_PUSH(f->arena, f->targets[REGISTRY].expected,
	         f->targets[REGISTRY].n_expected) = addr("10.20.2.11");
}

static void firewall_right_address(struct vp_facts *f)
{
	firewall_registry(f);
	*VP_PUSH(f->arena, f->targets[REGISTRY].expected,
	         f->targets[REGISTRY].n_expected) = addr("10.20.2.10");
}

/* It quotes our own address: we were refused as we are. */
static void refused_directly(struct vp_facts *f)
{
	firewall_registry(f);
	at(f, REGISTRY)->http.service_saw = addr("10.20.1.4");
}

/* Storage does not say what it saw: alone it tells too little. */
static void refused_alone(struct vp_facts *f)
{
	at(f, BLOB)->http.signature = VP_SIGNATURE_DENIED;
	captured(f, BLOB);
}

static void refused_beside_firewall(struct vp_facts *f)
{
	refused_alone(f);
	firewall_registry(f);
}

/* Refused directly there: nothing tells of a device. */
static void refused_beside_refused(struct vp_facts *f)
{
	refused_alone(f);
	refused_directly(f);
}

static void public_refuses(struct vp_facts *f)
{
	firewall_registry(f);
	f->targets[REGISTRY].expect = VP_EXPECT_SERVICE_ENDPOINT;
}

#define ENDPOINT_ID                                                            \
	"/subscriptions/1/resourceGroups/rg/providers/Microsoft.Network/"      \
	"privateEndpoints/pe-kv"

static void names_endpoint(struct vp_facts *f, const char *expected)
{
	at(f, VAULT)->http.connection_type = copy(f, "PrivateLink");
	at(f, VAULT)->http.private_endpoint = copy(f, ENDPOINT_ID);
	if (expected != NULL)
		*VP_PUSH(f->arena, f->targets[VAULT].endpoints,
		         f->targets[VAULT].n_endpoints) = copy(f, expected);
}

static void nat_private_link_named(struct vp_facts *f)
{
	names_endpoint(f, "pe-kv");
	saw_other_private(f);
}

static void nat_private_link_other(struct vp_facts *f)
{
	names_endpoint(f, "pe-kv2");
	saw_other_private(f);
}

static void endpoint_unknown(struct vp_facts *f)
{
	names_endpoint(f, NULL);
}

static void endpoint_by_name(struct vp_facts *f)
{
	names_endpoint(f, "PE-KV");
}

static void endpoint_by_id(struct vp_facts *f)
{
	names_endpoint(f, "/SUBSCRIPTIONS/1/resourcegroups/RG/providers/"
	                  "microsoft.network/privateEndpoints/pe-kv");
}

static void endpoint_one_of_two(struct vp_facts *f)
{
	names_endpoint(f, "pe-hub");
	names_endpoint(f, "pe-kv");
}

static void endpoint_other_name(struct vp_facts *f)
{
	names_endpoint(f, "pe-kv2");
}

static void endpoint_other_group(struct vp_facts *f)
{
	names_endpoint(f, "/subscriptions/1/resourceGroups/rg2/providers/"
	                  "Microsoft.Network/privateEndpoints/pe-kv");
}

/* Ours, and not over a private link. */
static void not_private_link(struct vp_facts *f)
{
	at(f, VAULT)->http.connection_type = copy(f, "Ipv4");
}

static void service_endpoint_meant(struct vp_facts *f)
{
	not_private_link(f);
	f->targets[VAULT].expect = VP_EXPECT_SERVICE_ENDPOINT;
}

static void proxy(struct vp_facts *f)
{
	*VP_PUSH(f->arena, f->proxies, f->n_proxies) =
		copy(f, "https_proxy=http://10.0.0.9:3128");
}

#define PROXY "http://10.0.0.9:3128"
#define ALL_NAMES "core.windows.net,azure.net,azurecr.io"
#define PLATFORM "169.254.169.254,168.63.129.16"

static void proxy_for_all(struct vp_facts *f)
{
	set_proxy(f, "https_proxy", PROXY);
}

static void proxy_for_one(struct vp_facts *f)
{
	set_proxy(f, "https_proxy", PROXY);
	set_proxy(f, "no_proxy", "core.windows.net,azure.net");
}

/* Go takes no suffix without its star where curl would: one client is enough.
 */
static void proxy_for_go(struct vp_facts *f)
{
	set_proxy(f, "https_proxy", PROXY);
	set_proxy(f, "no_proxy", "core.windows.net azure.net azurecr.io");
}

static void proxy_exempt(struct vp_facts *f)
{
	set_proxy(f, "https_proxy", PROXY);
	set_proxy(f, "http_proxy", PROXY);
	set_proxy(f, "no_proxy", ALL_NAMES "," PLATFORM);
}

static void proxy_metadata(struct vp_facts *f)
{
	set_proxy(f, "http_proxy", PROXY);
	set_proxy(f, "no_proxy", ALL_NAMES ",169.254.169.254");
}

static void proxy_metadata_prefix(struct vp_facts *f)
{
	set_proxy(f, "http_proxy", PROXY);
	set_proxy(f, "no_proxy", "169.254.0.0/16,168.63.129.0/24");
}

static void proxy_script(struct vp_facts *f)
{
	set_proxy(f, "auto_proxy", "http://wpad/proxy.pac");
}

/* Of one program only. */
static void proxy_of_apt(struct vp_facts *f)
{
	set_proxy(f, "Acquire::http::Proxy", PROXY);
	f->proxy_settings[0].general = false;
}

static void proxy_none(struct vp_facts *f)
{
	set_proxy(f, "no_proxy", "*");
}

/* --- flows ------------------------------------------------------------- */

#define BLOB_NAME "stlab.blob.core.windows.net"

static void private_flow(struct vp_facts *f)
{
	add_flow(f, IPPROTO_TCP, "10.20.2.7:443", BLOB_NAME);
	add_flow(f, IPPROTO_UDP, "168.63.129.16:53", NULL);
}

static void leak_by_sni(struct vp_facts *f)
{
	add_flow(f, IPPROTO_TCP, "203.0.113.20:443", BLOB_NAME);
}

static void leak_by_name(struct vp_facts *f)
{
	bind_name(f, add_flow(f, IPPROTO_TCP, "203.0.113.20:443", NULL),
	          BLOB_NAME);
}

static void leak_by_alias(struct vp_facts *f)
{
	add_flow(f, IPPROTO_TCP, "203.0.113.20:443",
	         "stlab.privatelink.blob.core.windows.net");
}

static void leak_attempted(struct vp_facts *f)
{
	leak_by_name(f);
	f->flows[0].state = VP_FLOW_ATTEMPTED;
	f->flows[0].packets_in = f->flows[0].bytes_in = 0;
}

static void leak_by_address(struct vp_facts *f)
{
	not_linked_at_one(f);
	add_flow(f, IPPROTO_TCP, "203.0.113.20:443", NULL);
}

/* The stamp is shared: an answer proves that another account was meant. */
static void shared_front_end(struct vp_facts *f)
{
	not_linked_at_one(f);
	bind_name(f,
	          add_flow(f, IPPROTO_TCP, "203.0.113.20:443",
	                   "other.blob.core.windows.net"),
	          "other.blob.core.windows.net");
	f->flows[0].sni_bound = true;
}

static void shared_but_claimed(struct vp_facts *f)
{
	shared_front_end(f);
	f->flows[0].n_names = 0;
	f->flows[0].sni_bound = false;
}

static void expected_public_flow(struct vp_facts *f)
{
	expect_public(f);
	add_flow(f, IPPROTO_TCP, "203.0.113.20:443", BLOB_NAME);
}

/* A name that nobody bound to this address excuses nothing. */
static void public_name_claimed(struct vp_facts *f)
{
	expect_public(f);
	add_flow(f, IPPROTO_TCP, "203.0.113.99:443", BLOB_NAME);
}

static void public_name_bound(struct vp_facts *f)
{
	public_name_claimed(f);
	f->flows[0].sni_bound = true;
}

/* Two connections to one place, the hello of the second is not there yet. */
static void leak_without_hello(struct vp_facts *f)
{
	leak_by_sni(f);
	add_flow(f, IPPROTO_TCP, "203.0.113.20:443", NULL)->state =
		VP_FLOW_ATTEMPTED;
}

static void own_public_flow(struct vp_facts *f)
{
	expected_public_flow(f);
	f->flows[0].own = true;
}

static void dns_leak(struct vp_facts *f)
{
	struct vp_flow *w = add_flow(f, IPPROTO_UDP, "203.0.113.53:53", NULL);

	*VP_PUSH(f->arena, w->questions, w->n_questions) = copy(f, BLOB_NAME);
}

static void dot_leak(struct vp_facts *f)
{
	add_flow(f, IPPROTO_TCP, "203.0.113.53:853", NULL);
}

static void doh_leak(struct vp_facts *f)
{
	add_flow(f, IPPROTO_TCP, "8.8.8.8:443", NULL);
}

static void not_doh(struct vp_facts *f)
{
	add_flow(f, IPPROTO_TCP, "203.0.113.53:443", NULL);
}

static void own_dns_given(struct vp_facts *f)
{
	public_resolver_given(f);
	dns_leak(f);
	f->flows[0].own = true;
}

static void own_dns_configured(struct vp_facts *f)
{
	public_resolver(f);
	dns_leak(f);
	f->flows[0].own = true;
}

static void unexplained(struct vp_facts *f)
{
	add_flow(f, IPPROTO_TCP, "203.0.113.99:443", "telemetry.example");
}

static void unexplained_reported(struct vp_facts *f)
{
	unexplained(f);
	f->policy.report_only = true;
}

static struct vp_allow_rule *allow(struct vp_facts *f)
{
	struct vp_allow_rule *r =
		VP_PUSH(f->arena, f->policy.allow, f->policy.n_allow);

	r->reason = copy(f, "it may");
	return r;
}

static void allowed_by_prefix(struct vp_facts *f)
{
	unexplained(f);
	allow(f)->prefix = prefix("203.0.113.99/32");
}

static void allowed_wrong_prefix(struct vp_facts *f)
{
	unexplained(f);
	allow(f)->prefix = prefix("203.0.113.98/32");
}

static void allowed_wrong_port(struct vp_facts *f)
{
	allowed_by_prefix(f);
	f->policy.allow[0].port = 80;
}

static void allowed_by_name(struct vp_facts *f)
{
	unexplained(f);
	bind_name(f, &f->flows[0], "telemetry.example");
	f->flows[0].sni_bound = true;
	allow(f)->name = copy(f, "*.example");
}

static void allowed_by_claim(struct vp_facts *f)
{
	unexplained(f);
	allow(f)->name = copy(f, "telemetry.example");
}

static void allowed_suffix_itself(struct vp_facts *f)
{
	allowed_by_name(f);
	f->policy.allow[0].name = copy(f, "*.telemetry.example");
}

static void allowed_by_process(struct vp_facts *f)
{
	unexplained(f);
	f->flows[0].process = copy(f, "agentd");
	allow(f)->process = copy(f, "agentd");
}

static void allowed_process_unknown(struct vp_facts *f)
{
	unexplained(f);
	allow(f)->process = copy(f, "agentd");
}

static void empty_rule(struct vp_facts *f)
{
	unexplained(f);
	allow(f);
}

static void allow_no_leak(struct vp_facts *f)
{
	leak_by_sni(f);
	allow(f)->prefix = prefix("203.0.113.0/24");
}

static void inbound(struct vp_facts *f)
{
	add_flow(f, IPPROTO_TCP, "203.0.113.7:40000", NULL);
	f->flows[0].direction = VP_DIRECTION_IN;
}

static void inbound_from_53(struct vp_facts *f)
{
	add_flow(f, IPPROTO_UDP, "203.0.113.7:53", NULL);
	f->flows[0].direction = VP_DIRECTION_IN;
	f->flows[0].packets_out = 0;
}

static void backscatter(struct vp_facts *f)
{
	add_flow(f, IPPROTO_TCP, "203.0.113.7:443", NULL);
	f->flows[0].direction = VP_DIRECTION_UNKNOWN;
	f->flows[0].packets_out = 0;
}

static void backscatter_from_53(struct vp_facts *f)
{
	add_flow(f, IPPROTO_UDP, "203.0.113.7:53", NULL);
	f->flows[0].direction = VP_DIRECTION_UNKNOWN;
	f->flows[0].packets_out = 0;
}

/* --- trust ------------------------------------------------------------- */

static void capture_off(struct vp_facts *f)
{
	f->capture.state = VP_CAPTURE_OFF;
	f->capture.reason = copy(f, "no right to capture");
}

static void capture_not_wanted(struct vp_facts *f)
{
	f->capture.wanted = false;
	f->capture.state = VP_CAPTURE_OFF;
}

static void dropped(struct vp_facts *f)
{
	f->capture.dropped = 1;
	f->capture.attested_seen--; /* one of them was a probe's */
	f->capture.state = VP_CAPTURE_PARTIAL;
}

static void interface_dropped(struct vp_facts *f)
{
	f->capture.interface_dropped = 1;
}

static void unseen(struct vp_facts *f)
{
	f->capture.attested_seen--;
}

static void nothing_attested(struct vp_facts *f)
{
	f->capture.attested_seen = f->capture.attested_expected = 0;
}

static void late(struct vp_facts *f)
{
	f->capture.selftest_before = false;
}

static void blind_at_end(struct vp_facts *f)
{
	f->capture.selftest_after = false;
}

static void missed(struct vp_facts *f)
{
	f->capture.interface_missed = true;
}

static void changed(struct vp_facts *f)
{
	*VP_PUSH(f->arena, f->state_changes, f->n_state_changes) =
		copy(f, "interface eth1 appeared");
}

static void changed_interface(struct vp_facts *f)
{
	changed(f);
	missed(f);
}

static void truncated_frames(struct vp_facts *f)
{
	f->capture.truncated = 1;
}

static void left_out(struct vp_facts *f)
{
	f->capture.flows_left_out = 1;
}

static void garbled(struct vp_facts *f)
{
	f->capture.undecodable = 1;
}

static void garbled_by_us(struct vp_facts *f)
{
	f->capture.undecodable = 2;
	f->capture.undecodable_out = 2;
}

static void stalled(struct vp_facts *f)
{
	f->stalled_us = 3000000;
}

static void stalled_and_silent(struct vp_facts *f)
{
	stalled(f);
	tls_silent(f);
}

static void stalled_and_refused(struct vp_facts *f)
{
	stalled(f);
	tcp_refused(f);
}

static void evidence_cut(struct vp_facts *f)
{
	f->capture.evidence_left_out = 1;
}

static void partial(struct vp_facts *f)
{
	f->capture.state = VP_CAPTURE_PARTIAL;
}

static void deadline(struct vp_facts *f)
{
	f->deadline_hit = true;
	f->capture.selftest_after = false;
}

static void interrupted(struct vp_facts *f)
{
	f->interrupted = true;
	f->capture.selftest_after = false;
}

static void leak_and_all(struct vp_facts *f)
{
	leak_by_sni(f);
	tcp_timeout(f);
	interrupted(f);
}

static void fail_and_unproven(struct vp_facts *f)
{
	tcp_timeout(f);
	capture_off(f);
}

#define P VP_VERDICT_PASS
#define F VP_VERDICT_FAIL
#define L VP_VERDICT_LEAK
#define I VP_VERDICT_INCONCLUSIVE
#define C(fn, verdict, ids, info)                                              \
	{                                                                      \
#fn, fn, verdict, ids, info                                    \
	}

static const struct test_case cases[] = {
	C(nothing, P, "", ""),
	C(not_linked, F, "dns-zone-not-linked", ""),
	C(not_linked_at_one, F, "dns-forwarder-lacks-zone", ""),
	C(record_missing, F, "dns-record-missing", ""),
	C(record_set_empty, F, "dns-record-missing", ""),
	C(no_private_endpoint, F, "dns-no-private-endpoint", ""),
	C(flattened, P, "", "dns-alias-missing"),
	C(name_unknown, F, "dns-name-unknown", ""),
	C(zone_shadowed, F, "dns-zone-shadowed", ""),
	C(own_zone, F, "dns-zone-shadowed", ""),
	C(own_zone_of_azure, F, "dns-name-unknown", ""),
	C(own_zone_hearsay, F, "dns-name-unknown", ""),
	C(own_zone_elsewhere, F, "dns-name-unknown", ""),
	C(resolver_silent, F, "dns-timeout", ""),
	C(resolver_unreachable, F, "dns-unreachable", ""),
	C(one_timeout, F, "dns-timeout", ""),
	C(servfail, F, "dns-servfail", ""),
	C(refused, F, "dns-refused", ""),
	C(malformed, F, "dns-malformed", ""),
	C(tcp_answers, P, "", ""),
	C(tcp_blocked, F, "dns-tcp-blocked", ""),
	C(tcp_refused_dns, F, "dns-tcp-blocked", ""),
	C(tcp_closed, P, "dns-tcp-blocked", ""),
	C(tcp_lost_one, P, "", ""),
	C(alias_loop, F, "dns-alias-loop dns-hosts-override", ""),
	C(private_but_differ, F, "dns-resolvers-disagree", ""),
	C(source_in_doubt, P, "service-source-unclear", ""),
	C(source_missing, P, "service-source-unclear", ""),
	C(source_there, P, "", ""),
	C(no_type, P, "service-endpoint-used", ""),
	C(no_answer, I, "not-looked-at", ""),
	C(refused_and_accepted, I, "not-looked-at", ""),
	C(blank_certificate, I, "not-looked-at", ""),
	C(other_addresses, I, "not-looked-at", ""),
	C(one_address_more, P, "", ""),
	C(strayed, F, "reached-public", ""),
	C(nothing_received, I, "capture-blind", ""),
	C(just_received, P, "", ""),
	C(window_reversed, I, "capture-blind", ""),
	C(never_drained, I, "capture-blind", ""),
	C(drained_early, I, "capture-blind", ""),
	C(drained_in_time, P, "", ""),
	C(armed_after, I, "capture-late", ""),
	C(armed_late, I, "capture-late", ""),
	C(armed_in_time, P, "", ""),
	C(same_set_other_order, P, "dns-record-doubled", ""),
	C(right_address, P, "", ""),
	C(wrong_address, F, "dns-other-endpoint", ""),
	C(outside_vnet, P, "dns-outside-vnet", ""),
	C(shared_unseen, F, "dns-address-shared", ""),
	C(shared_by_proxy, P, "", ""),
	C(shared_and_dead, F, "dns-address-shared", ""),
	C(shared_by_three, P, "dns-address-shared", ""),
	C(shared_as_meant, P, "", ""),
	C(shared_by_one_group, P, "", ""),
	C(no_vnet, P, "", ""),
	C(bogon, F, "dns-bogon", ""),
	C(hosts_public, F, "dns-hosts-override", ""),
	C(nss_by_chance, F, "dns-unstable", ""),
	C(nss_by_chance_cached, F, "dns-hosts-override", ""),
	C(hosts_private, F, "dns-hosts-override", ""),
	C(hosts_none, F, "dns-hosts-override", ""),
	C(nss_timeout, F, "dns-timeout", ""),
	C(nss_timeout_too, F, "dns-tcp-blocked", ""),
	C(nss_timeout_elsewhere, F, "dns-servfail", ""),
	C(nss_error, I, "probe-error", ""),
	C(ipv6_public, F, "dns-ipv6-public", ""),
	C(ipv6_private, P, "", ""),
	C(public_resolver, F, "dns-public-resolver", ""),
	C(public_resolver_given, P, "", "dns-public-resolver"),
	C(unstable, F, "dns-unstable", ""),
	C(stable, P, "", ""),
	C(expect_public, P, "", ""),
	C(expect_service_endpoint, P, "", ""),
	C(service_endpoint_off, F, "service-saw-other-source", ""),
	C(private_though_public, P, "dns-private-unexpected", ""),
	C(private_though_endpoint, P, "", "dns-private-unexpected"),
	C(private_any, P, "", ""),
	C(public_but_unknown, F, "dns-name-unknown", ""),
	C(never_asked, I, "not-looked-at", ""),
	C(cancelled, I, "not-looked-at", ""),
	C(all_cancelled, I, "not-looked-at", ""),

	C(tcp_timeout, F, "tcp-timeout", ""),
	C(tcp_refused, F, "tcp-refused", ""),
	C(tcp_unreachable, F, "tcp-unreachable", ""),
	C(tcp_denied, F, "tcp-unreachable", ""),
	C(tcp_error, I, "probe-error", ""),
	C(no_route, F, "tcp-unreachable", ""),
	C(no_ipv6_here, P, "", "ipv6-not-routed"),
	C(ipv6_to_others_only, F, "tcp-unreachable", ""),
	C(ipv6_unreachable, F, "tcp-unreachable", ""),
	C(no_ipv6_and_no_ipv4, F, "tcp-timeout tcp-unreachable", ""),
	C(pending, I, "not-looked-at", ""),
	C(port_without_tls, P, "", ""),
	C(tls_silent, F, "tls-silent", ""),
	C(tls_reset, F, "tls-failed", ""),
	C(tls_mismatch, F, "tls-name-mismatch", ""),
	C(tls_mismatch_untrusted, F, "tls-name-mismatch", ""),
	C(tls_untrusted, F, "tls-untrusted", ""),
	C(cluster_ca, P, "tls-cluster-ca", ""),
	C(cluster_ca_self_signed, F, "tls-untrusted", ""),
	C(cluster_ca_other_name, F, "tls-untrusted", ""),
	C(cluster_ca_of_vault, F, "tls-untrusted", ""),
	C(tls_intercepted, F, "tls-intercepted", ""),
	C(company_root, F, "tls-intercepted", ""),
	C(company_root_old_report, F, "tls-intercepted", ""),
	C(company_root_named, F, "tls-intercepted", ""),
	C(company_root_one_named, P, "tls-issuer-unknown", ""),
	C(company_root_two_issuers, F, "tls-intercepted", ""),
	C(company_two_roots, P, "tls-issuer-unknown", ""),
	C(company_root_known_by_root, P, "", ""),
	C(azure_firewall_inspects, F, "tls-intercepted", ""),
	C(azure_firewall_known, P, "", ""),
	C(company_root_system, F, "tls-intercepted", ""),
	C(company_root_known, P, "", ""),
	C(company_root_known_other, F, "tls-intercepted", ""),
	C(company_root_one, P, "tls-issuer-unknown", ""),
	C(company_root_silent, F, "http-silent tls-issuer-unknown", ""),
	C(company_root_other_kind, P, "", ""),
	C(company_root_regional, P, "tls-issuer-unknown", ""),
	C(inspector_named, F, "tls-intercepted", ""),
	C(inspector_product, F, "tls-intercepted", ""),
	C(inspector_product_untrusted, F, "tls-intercepted", ""),
	C(inspector_public, P, "tls-inspected-public", ""),
	C(azure_public, P, "", ""),
	C(azure_government, P, "", ""),
	C(azure_china, P, "", ""),
	C(azure_to_come, P, "", ""),
	C(azure_cross_signed, P, "", ""),
	C(posing, F, "tls-intercepted", ""),
	C(two_self_signed, F, "tls-untrusted", ""),
	C(tls_expired, F, "tls-expired", ""),
	C(tls_ok_but_unverified, F, "tls-untrusted", ""),
	C(http_silent, F, "http-silent", ""),
	C(http_closed, F, "http-failed", ""),
	C(http_denied, F, "http-network-denied", ""),
	C(http_foreign, P, "http-foreign", ""),
	C(refused_vault, P, "http-refused", ""),
	C(refused_storage, I, "http-refused", ""),
	C(refused_search, P, "", "http-refused"),
	C(refused_for_credentials, P, "", ""),
	C(refused_public, P, "", ""),
	C(saw_public, F, "service-saw-other-source", ""),
	C(saw_other_private, F, "service-saw-other-source", ""),
	C(firewall_registry, F, "firewall-application-rule", ""),
	C(firewall_vault, F, "firewall-application-rule", ""),
	C(firewall_service_endpoint, F, "firewall-application-rule", ""),
	C(nat_private_link, P, "service-saw-other-source", ""),
	C(nat_private_link_named, P, "service-saw-other-source", ""),
	C(nat_private_link_other, F,
	  "service-names-other-endpoint service-saw-other-source", ""),
	C(public_private_link, F, "service-saw-other-source", ""),
	C(firewall_not_seen, F, "http-network-denied", ""),
	C(firewall_not_open, F, "http-network-denied", ""),
	C(firewall_blind, F, "http-network-denied", ""),
	C(firewall_wrong_address, F, "dns-other-endpoint", ""),
	C(firewall_right_address, F, "firewall-application-rule", ""),
	C(refused_directly, F, "http-network-denied", ""),
	C(refused_alone, F, "http-network-denied", ""),
	C(refused_beside_firewall, F, "firewall-application-rule", ""),
	C(refused_beside_refused, F, "http-network-denied", ""),
	C(public_refuses, F, "http-network-denied", "dns-private-unexpected"),
	C(endpoint_unknown, P, "", ""),
	C(endpoint_by_name, P, "", ""),
	C(endpoint_by_id, P, "", ""),
	C(endpoint_one_of_two, P, "", ""),
	C(endpoint_other_name, F, "service-names-other-endpoint", ""),
	C(endpoint_other_group, F, "service-names-other-endpoint", ""),
	C(not_private_link, P, "service-endpoint-used", ""),
	C(service_endpoint_meant, P, "", "dns-private-unexpected"),
	C(proxy, P, "proxy-configured", ""),
	C(proxy_for_all, P, "proxy-configured", ""),
	C(proxy_for_one, P, "proxy-configured", ""),
	C(proxy_for_go, P, "proxy-configured", ""),
	C(proxy_exempt, P, "", "proxy-exempt"),
	C(proxy_metadata, P, "proxy-takes-metadata", "proxy-exempt"),
	C(proxy_metadata_prefix, P, "", "proxy-exempt"),
	C(proxy_script, P, "proxy-script", ""),
	C(proxy_of_apt, P, "", ""),
	C(proxy_none, P, "", ""),

	C(private_flow, P, "", ""),
	C(leak_by_sni, L, "leak-target", ""),
	C(leak_by_name, L, "leak-target", ""),
	C(leak_by_alias, L, "leak-target", ""),
	C(leak_attempted, L, "leak-target", ""),
	C(leak_by_address, L, "dns-forwarder-lacks-zone leak-target", ""),
	C(shared_front_end, F, "dns-forwarder-lacks-zone egress-unexplained",
	  ""),
	C(shared_but_claimed, L, "dns-forwarder-lacks-zone leak-target", ""),
	C(expected_public_flow, P, "", "egress-allowed"),
	C(public_name_claimed, F, "egress-unexplained", ""),
	C(public_name_bound, P, "", "egress-allowed"),
	C(leak_without_hello, L, "leak-target", ""),
	C(own_public_flow, P, "", ""),
	C(dns_leak, L, "leak-dns", ""),
	C(dot_leak, L, "leak-dns", ""),
	C(doh_leak, L, "leak-dns", ""),
	C(not_doh, F, "egress-unexplained", ""),
	C(own_dns_given, P, "", "dns-public-resolver"),
	C(own_dns_configured, L, "dns-public-resolver leak-dns", ""),
	C(unexplained, F, "egress-unexplained", ""),
	C(unexplained_reported, P, "egress-unexplained", ""),
	C(allowed_by_prefix, P, "", "egress-allowed"),
	C(allowed_wrong_prefix, F, "egress-unexplained", ""),
	C(allowed_wrong_port, F, "egress-unexplained", ""),
	C(allowed_by_name, P, "", "egress-allowed"),
	C(allowed_by_claim, F, "egress-unexplained", ""),
	C(allowed_suffix_itself, F, "egress-unexplained", ""),
	C(allowed_by_process, P, "", "egress-allowed"),
	C(allowed_process_unknown, F, "egress-unexplained", ""),
	C(empty_rule, F, "egress-unexplained", ""),
	C(allow_no_leak, L, "leak-target", ""),
	C(inbound, P, "inbound-public", ""),
	C(inbound_from_53, P, "inbound-public", ""),
	C(backscatter, P, "inbound-public", ""),
	C(backscatter_from_53, P, "inbound-public", ""),

	C(capture_off, I, "capture-off", ""),
	C(capture_not_wanted, P, "", ""),
	C(dropped, I, "capture-drops", ""),
	C(interface_dropped, I, "capture-drops", ""),
	C(unseen, I, "capture-blind", ""),
	C(nothing_attested, I, "capture-blind", ""),
	C(late, I, "capture-late", ""),
	C(blind_at_end, I, "capture-blind", ""),
	C(missed, I, "capture-interface-missed", ""),
	C(changed, I, "state-changed", ""),
	C(changed_interface, I, "state-changed", ""),
	C(truncated_frames, I, "capture-incomplete", ""),
	C(left_out, I, "capture-incomplete", ""),
	C(garbled, P, "capture-undecodable", ""),
	C(garbled_by_us, I, "capture-incomplete", ""),
	C(stalled, P, "", ""),
	C(stalled_and_silent, I, "run-stalled tls-silent", ""),
	C(stalled_and_refused, F, "tcp-refused", ""),
	C(evidence_cut, P, "evidence-incomplete", ""),
	C(partial, I, "capture-incomplete", ""),
	C(deadline, I, "deadline-hit", ""),
	C(interrupted, I, "interrupted", ""),
	C(leak_and_all, L, "interrupted leak-target tcp-timeout", ""),
	C(fail_and_unproven, F, "capture-off tcp-timeout", ""),
};

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The distinct ids at or above info, sorted, with blanks between. */
static void ids_of(char *out, size_t size, const struct vp_judgement *j,
                   bool info)
{
	const char *ids[256];
	size_t n = 0, used = 0;

	for (size_t i = 0; i < j->n_findings && n < 256; i++) {
		if ((j->findings[i].severity == VP_SEVERITY_INFO) == info)
			ids[n++] = j->findings[i].type->id;
	}
	qsort(ids, n, sizeof(ids[0]), by_text);
	out[0] = '\0';
	for (size_t i = 0; i < n; i++) {
		if (i > 0 && strcmp(ids[i], ids[i - 1]) == 0)
			continue;
		used += (size_t)snprintf(out + used, size - used, "%s%s",
		                         used > 0 ? " " : "", ids[i]);
	}
}

static void check(const struct test_case *c)
{
	static const int status[] = { [P] = 0, [F] = 1, [L] = 4, [I] = 3 };
	struct vp_facts *f = healthy();
	struct vp_arena *arena = vp_arena_create();
	struct vp_judgement j;
	char ids[1024];

	c->change(f);
	vp_judge(&j, f, arena);
	ids_of(ids, sizeof(ids), &j, false);
	if (strcmp(ids, c->ids) != 0)
		fail_msg("%s: got \"%s\", want \"%s\"", c->what, ids, c->ids);
	ids_of(ids, sizeof(ids), &j, true);
	if (strcmp(ids, c->info) != 0)
		fail_msg("%s: info \"%s\", want \"%s\"", c->what, ids, c->info);
	if (j.verdict != c->verdict || j.exit_status != status[c->verdict])
		fail_msg("%s: verdict %s (%d)", c->what,
		         vp_verdict_name(j.verdict), j.exit_status);
	assert_int_equal(strncmp(j.summary, vp_verdict_name(j.verdict),
	                         strlen(vp_verdict_name(j.verdict))),
	                 0);
	for (size_t i = 0; i < j.n_findings; i++) {
		assert_non_null(j.findings[i].detail);
		assert_non_null(j.findings[i].remedy);
		assert_null(strchr(j.findings[i].detail, '{'));
	}
	vp_arena_destroy(arena);
	vp_facts_destroy(f);
}

static void test_rules(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check(&cases[i]);
}

static const struct {
	change *change;
	size_t target;
	enum vp_target_status status;
} statuses[] = {
	{ nothing, BLOB, VP_TARGET_OK },
	{ not_linked, BLOB, VP_TARGET_FAIL },
	{ not_linked, VAULT, VP_TARGET_OK },
	{ resolver_silent, BLOB, VP_TARGET_FAIL },
	{ nss_error, BLOB, VP_TARGET_UNPROVEN },
	{ hosts_private, BLOB, VP_TARGET_FAIL },
	{ tcp_timeout, VAULT, VP_TARGET_FAIL },
	{ tcp_timeout, BLOB, VP_TARGET_OK },
	{ pending, VAULT, VP_TARGET_UNPROVEN },
	{ http_silent, VAULT, VP_TARGET_FAIL },
	{ http_foreign, VAULT, VP_TARGET_OK },
	{ capture_off, BLOB, VP_TARGET_OK },
	{ leak_by_sni, BLOB, VP_TARGET_OK }, /* the probe came privately */
};

static void test_target_status(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		struct vp_facts *f = healthy();
		struct vp_arena *arena = vp_arena_create();
		struct vp_judgement j;

		statuses[i].change(f);
		vp_judge(&j, f, arena);
		if (j.targets[statuses[i].target] != statuses[i].status)
			fail_msg("status %zu: %s", i,
			         vp_target_status_name(
					 j.targets[statuses[i].target]));
		vp_arena_destroy(arena);
		vp_facts_destroy(f);
	}
}

static const struct {
	change *change;
	size_t resolver;
	const char *status;
} resolver_statuses[] = {
	{ nothing, FIRST, "ok" },
	{ resolver_silent, SECOND, "silent" },
	{ resolver_silent, FIRST, "ok" },
	{ resolver_unreachable, SECOND, "unreachable" },
	{ refused, SECOND, "refuses" },
	{ servfail, SECOND, "wrong" },
	{ not_linked_at_one, SECOND, "wrong" },
	{ not_linked_at_one, FIRST, "ok" },
	{ hosts_public, NSS, "wrong" },
	{ not_linked, NSS, "wrong" },
	{ not_linked_at_one, NSS, "ok" },
	{ record_missing, NSS, "wrong" },
	{ nss_error, NSS, "partial" },
};

static void test_resolver_status(void **state)
{
	size_t n = sizeof(resolver_statuses) / sizeof(resolver_statuses[0]);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		struct vp_facts *f = healthy();
		struct vp_arena *arena = vp_arena_create();
		struct vp_judgement j;

		resolver_statuses[i].change(f);
		vp_judge(&j, f, arena);
		assert_string_equal(j.resolvers[resolver_statuses[i].resolver],
		                    resolver_statuses[i].status);
		vp_arena_destroy(arena);
		vp_facts_destroy(f);
	}
}

static void vault_not_linked(struct vp_facts *f)
{
	go_public(f, VAULT, FIRST, "203.0.113.22");
}

static void cert_not_linked(struct vp_facts *f)
{
	add_target(f, "g.workspace.eastus.cert.api.azureml.ms",
	           "g.workspace.eastus.cert.privatelink.api.azureml.ms",
	           "privatelink.api.azureml.ms", VP_KIND_WORKSPACE_CERT,
	           "10.20.2.11");
	go_public(f, N_TARGETS, FIRST, "198.51.100.10");
}

static const struct vp_finding *finding(const struct vp_judgement *j,
                                        const char *id)
{
	for (size_t i = 0; i < j->n_findings; i++) {
		if (strcmp(j->findings[i].type->id, id) == 0)
			return &j->findings[i];
	}
	fail_msg("no %s", id);
	return NULL;
}

/* The words that a support engineer would copy. */
static const struct {
	change *change;
	const char *id, *in_remedy, *in_detail;
} words[] = {
	{ not_linked, "dns-zone-not-linked",
	  "link vnet create -g RG -z privatelink.blob.core.windows.net "
	  "-n LINK -v VNET -e false",
	  "203.0.113.20" },
	{ not_linked, "dns-zone-not-linked",
	  "    forward blob.core.windows.net to 168.63.129.16",
	  "10.20.1.10 and 10.20.1.11" },
	{ vault_not_linked, "dns-forwarder-lacks-zone",
	  "    forward vault.azure.net to 168.63.129.16\n"
	  "    forward vaultcore.azure.net to 168.63.129.16",
	  "Not forwarded to Azure DNS: vault.azure.net and "
	  "vaultcore.azure.net." },
	{ cert_not_linked, "dns-forwarder-lacks-zone",
	  "    forward api.azureml.ms to 168.63.129.16",
	  "Not forwarded to Azure DNS: api.azureml.ms" },
	{ record_missing, "dns-record-missing",
	  "-z privatelink.vaultcore.azure.net -n kv-lab",
	  "the Azure private zone privatelink.vaultcore.azure.net is linked" },
	{ wrong_address, "dns-other-endpoint",
	  "add-record -g RG "
	  "-z privatelink.blob.core.windows.net -n stlab -a 10.20.2.6",
	  "10.20.2.6 is meant" },
	{ resolver_silent, "dns-timeout",
	  "dig @10.20.1.11 stlab.blob.core.windows.net",
	  "No answer from 10.20.1.11 for all 3 names" },
	{ malformed, "dns-malformed", "dig @10.20.1.10", "compression loop" },
	{ tls_untrusted, "tls-untrusted", "-connect 10.20.2.9:443", "" },
	{ leak_attempted, "leak-target", "sudo ss -tunp dst 203.0.113.20",
	  "1 flow (1 only attempted)" },
	{ capture_off, "capture-off", "setcap cap_net_raw+ep",
	  "no right to capture" },
};

static void test_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct vp_facts *f = healthy();
		struct vp_arena *arena = vp_arena_create();
		const struct vp_finding *found;
		struct vp_judgement j;

		words[i].change(f);
		vp_judge(&j, f, arena);
		found = finding(&j, words[i].id);
		if (strstr(found->remedy, words[i].in_remedy) == NULL)
			fail_msg("%s: remedy: %s", words[i].id, found->remedy);
		if (strstr(found->detail, words[i].in_detail) == NULL)
			fail_msg("%s: detail: %s", words[i].id, found->detail);
		vp_arena_destroy(arena);
		vp_facts_destroy(f);
	}
}

/* Worst first; one finding for many flows, its evidence capped and counted. */
static void test_fold_and_order(void **state)
{
	struct vp_facts *f = healthy();
	struct vp_arena *arena = vp_arena_create();
	const struct vp_finding *leak;
	struct vp_judgement j;

	(void)state;
	proxy(f);
	tcp_timeout(f);
	capture_off(f);
	for (int i = 0; i < 10; i++)
		add_flow(f, IPPROTO_TCP, "203.0.113.20:443", BLOB_NAME);
	add_flow(f, IPPROTO_TCP, "203.0.113.22:443", "kv-lab.vault.azure.net");
	vp_judge(&j, f, arena);
	for (size_t i = 1; i < j.n_findings; i++)
		assert_true(j.findings[i - 1].severity <=
		            j.findings[i].severity);
	assert_int_equal(j.n_findings, 5);
	assert_string_equal(j.findings[0].target, "kv-lab.vault.azure.net");
	leak = &j.findings[1];
	assert_string_equal(leak->target, BLOB_NAME);
	assert_int_equal(leak->n_evidence, 5);
	assert_string_equal(leak->evidence[4], "and 6 more");
	vp_arena_destroy(arena);
	vp_facts_destroy(f);
}

/* Ten thousand targets and as many flows are judged in no time. */
static void test_many(void **state)
{
	struct vp_facts *f = healthy();
	struct vp_arena *arena = vp_arena_create();
	struct vp_judgement j;
	char name[64], alias[64];

	(void)state;
	for (int i = 0; i < 10000; i++) {
		snprintf(name, sizeof(name), "s%d.blob.core.windows.net", i);
		snprintf(alias, sizeof(alias),
		         "s%d.privatelink.blob.core.windows.net", i);
		add_target(f, name, alias, "privatelink.blob.core.windows.net",
		           VP_KIND_BLOB, "10.20.3.1");
		add_flow(f, IPPROTO_TCP, "203.0.113.20:443", name);
	}
	vp_judge(&j, f, arena);
	assert_int_equal(j.verdict, VP_VERDICT_LEAK);
	assert_int_equal(j.n_findings, 10000);
	vp_arena_destroy(arena);
	vp_facts_destroy(f);
}

/* A report whose targets were taken out proves nothing any more. */
static void test_no_target(void **state)
{
	struct vp_facts *f = healthy();
	struct vp_arena *arena = vp_arena_create();
	struct vp_judgement j;

	(void)state;
	f->n_targets = 0;
	vp_judge(&j, f, arena);
	assert_int_equal(j.verdict, VP_VERDICT_INCONCLUSIVE);
	assert_int_equal(j.n_findings, 1);
	assert_string_equal(j.findings[0].type->id, "not-looked-at");
	vp_arena_destroy(arena);
	vp_facts_destroy(f);
}

static void test_nothing_at_all(void **state)
{
	struct vp_facts *f = vp_facts_create();
	struct vp_arena *arena = vp_arena_create();
	struct vp_judgement j;

	(void)state;
	f->capture.wanted = true;
	vp_judge(&j, f, arena);
	assert_int_not_equal(j.verdict, VP_VERDICT_PASS);
	vp_arena_destroy(arena);
	vp_facts_destroy(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_target_status),
		cmocka_unit_test(test_resolver_status),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_fold_and_order),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_no_target),
		cmocka_unit_test(test_nothing_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
