/*
 * test_judge_clean.c - worlds that look fine from most sides, and are not; and
 * some that look odd, and are fine.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "facts_builder.h"
#include "judge.h"

#define PUBLIC "203.0.113.20"
#define OTHER "10.30.2.7"

/* --- what applications get --------------------------------------------- */

static void nss_turns(struct vp_facts *f)
{
	struct vp_dns_row *r;

	f->rounds = 2;
	for (size_t i = FIRST; i <= SECOND; i++) {
		for (int k = 0; k < 2; k++) {
			const uint16_t type = k == 0 ? VP_DNS_A : VP_DNS_AAAA;

			for (size_t n = 0; n < N_TARGETS; n++) {
				struct vp_dns_row copied = *row(f, n, i, type);

				r = add_row(f, n, i, type);
				*r = copied;
				r->round = 2;
			}
		}
	}
	r = add_row(f, BLOB, NSS, 0);
	r->round = 2;
	add_address(f, r, PUBLIC);
}

static void add_link(struct vp_facts *f, const char *name, const char *server,
                     const char *domain)
{
	struct vp_link_dns *l =
		VP_PUSH(f->arena, f->machine.links, f->machine.n_links);

	l->interface = copy(f, name);
	if (server != NULL)
		*VP_PUSH(f->arena, l->servers, l->n_servers) = addr(server);
	*VP_PUSH(f->arena, l->domains, l->n_domains) = copy(f, domain);
}

/* eth0 asks 10.20.1.10, tun0 10.20.1.11 */
static void split(struct vp_facts *f, const char *first, const char *second)
{
	f->resolvers[FIRST].source = VP_RESOLVER_SYSTEMD_RESOLVED;
	f->resolvers[FIRST].interface = copy(f, "eth0");
	f->resolvers[SECOND].source = VP_RESOLVER_SYSTEMD_RESOLVED;
	f->resolvers[SECOND].interface = copy(f, "tun0");
	add_link(f, "eth0", "10.20.1.10", first);
	add_link(f, "tun0", "10.20.1.11", second);
}

/* A VPN's server has the public side; nobody asks it for this. */
static void other_scope(struct vp_facts *f)
{
	split(f, "~.", "~corp.example");
	go_public(f, BLOB, SECOND, PUBLIC);
}

static void other_scope_is_asked(struct vp_facts *f)
{
	struct vp_dns_row *r;

	other_scope(f);
	r = row(f, BLOB, NSS, 0);
	clear_addresses(r);
	add_address(f, r, PUBLIC);
}

static void nobody_in_scope(struct vp_facts *f)
{
	split(f, "~corp.example", "~lab.example");
	for (size_t i = FIRST; i <= SECOND; i++)
		go_public(f, BLOB, i, PUBLIC);
	clear_addresses(row(f, BLOB, NSS, 0));
	add_address(f, row(f, BLOB, NSS, 0), PUBLIC);
}

static void scope_without_servers(struct vp_facts *f)
{
	split(f, "~.", "~corp.example");
	add_link(f, "tun1", NULL, "~core.windows.net");
	go_public(f, BLOB, FIRST, PUBLIC);
	clear_addresses(row(f, BLOB, NSS, 0));
	add_address(f, row(f, BLOB, NSS, 0), PUBLIC);
}

/* --- the hosts file ------------------------------------------------------ */

static void in_hosts(struct vp_facts *f, const char *sources)
{
	struct vp_hosts_line *l = VP_PUSH(f->arena, f->names[BLOB]->hosts,
	                                  f->names[BLOB]->n_hosts);
	struct vp_target *t = &f->targets[BLOB];

	l->addr = addr("10.20.2.7");
	l->line = 3;
	*VP_PUSH(f->arena, t->expected, t->n_expected) = l->addr;
	f->machine.hosts_sources = copy(f, sources);
	go_public(f, BLOB, SECOND, PUBLIC);
}

static void hosts_first(struct vp_facts *f)
{
	in_hosts(f, "mymachines files [NOTFOUND=continue] dns");
}

static void hosts_by_resolved(struct vp_facts *f)
{
	in_hosts(f, "resolve [!UNAVAIL=return] dns");
}

static void hosts_after_dns(struct vp_facts *f)
{
	in_hosts(f, "myhostname dns files");
}

static void hosts_not_asked(struct vp_facts *f)
{
	in_hosts(f, "mdns4_minimal [NOTFOUND=return] dns");
}

/* --- stubs, rcodes ---------------------------------------------------------
 */

static void two_stubs(struct vp_facts *f)
{
	f->resolvers[FIRST].endpoint = endpoint("127.0.0.53:53");
	f->resolvers[SECOND].endpoint = endpoint("127.0.0.1:53");
	go_public(f, BLOB, FIRST, PUBLIC);
	go_public(f, BLOB, SECOND, PUBLIC);
	add_resolver(f, "10.20.1.10:53", VP_RESOLVER_SYSTEMD_RESOLVED);
	for (size_t n = 0; n < N_TARGETS; n++) {
		for (int k = 0; k < 2; k++) {
			const uint16_t type = k == 0 ? VP_DNS_A : VP_DNS_AAAA;
			struct vp_dns_row one = *row(f, n, SECOND, type);
			struct vp_dns_row *r = add_row(f, n, NSS + 1, type);

			one.resolver = NSS + 1;
			*r = one;
		}
	}
	clear_addresses(row(f, BLOB, NSS + 1, VP_DNS_A));
	add_address(f, row(f, BLOB, NSS + 1, VP_DNS_A), "10.20.2.7");
}

static void nxdomain_with_address(struct vp_facts *f)
{
	row(f, BLOB, FIRST, VP_DNS_A)->rcode = 3;
}

/* --- expected addresses ----------------------------------------------------
 */

static void expect_two(struct vp_facts *f, const char *from)
{
	struct vp_target *t = &f->targets[BLOB];

	*VP_PUSH(f->arena, t->expected, t->n_expected) = addr("10.20.2.7");
	*VP_PUSH(f->arena, t->expected, t->n_expected) = addr(OTHER);
	t->expected_from = copy(f, from);
}

static void move_to(struct vp_facts *f, size_t resolver, uint16_t type,
                    const char *address)
{
	struct vp_dns_row *r = row(f, BLOB, resolver, type);

	clear_addresses(r);
	add_address(f, r, address);
}

/* Two endpoints, a server in the VNet of each. */
static void an_endpoint_each(struct vp_facts *f)
{
	expect_two(f, "pe-hub (nic.json), pe-spoke (nic.json)");
	*VP_PUSH(f->arena, f->policy.vnet, f->policy.n_vnet) =
		prefix("10.30.0.0/16");
	move_to(f, SECOND, VP_DNS_A, OTHER);
}

/* A workspace's list: which address is this name's is not known. */
static void one_list_for_all(struct vp_facts *f)
{
	expect_two(f, "config");
	*VP_PUSH(f->arena, f->policy.vnet, f->policy.n_vnet) =
		prefix("10.30.0.0/16");
	move_to(f, SECOND, VP_DNS_A, OTHER);
}

/* All endpoints of a subscription were given; DNS has the far one. */
static void the_far_endpoint(struct vp_facts *f)
{
	expect_two(f, "pe-here (all.json), pe-there (all.json)");
	move_to(f, FIRST, VP_DNS_A, OTHER);
	move_to(f, SECOND, VP_DNS_A, OTHER);
	move_to(f, NSS, 0, OTHER);
	f->targets[BLOB].addresses[0].addr = addr(OTHER);
}

/* The same name with two ports; the second entry has the address. */
static void told_by_the_second(struct vp_facts *f)
{
	struct vp_target *t = VP_PUSH(f->arena, f->targets, f->n_targets);

	*t = f->targets[BLOB];
	t->port = 8443;
	*VP_PUSH(f->arena, t->expected, t->n_expected) = addr("10.20.2.6");
}

static void wrong_at_one(struct vp_facts *f)
{
	struct vp_target *t = &f->targets[BLOB];

	*VP_PUSH(f->arena, t->expected, t->n_expected) = addr("10.20.2.7");
	move_to(f, SECOND, VP_DNS_A, "10.20.2.8");
}

/* Two records, one of them nobody's, and only one server gives that one. */
static void doubled_twice(struct vp_facts *f)
{
	add_address(f, row(f, BLOB, FIRST, VP_DNS_A), "10.20.2.8");
	move_to(f, SECOND, VP_DNS_A, "10.20.2.8");
	add_address(f, row(f, BLOB, SECOND, VP_DNS_A), "10.20.2.6");
	add_target_address(f, BLOB, "10.20.2.8");
	add_target_address(f, BLOB, "10.20.2.6")->tcp.outcome =
		VP_OUTCOME_TIMEOUT;
}

/* Many addresses, and the one that matters is the last. */
static void nss_public_at_the_end(struct vp_facts *f)
{
	char text[16];

	for (int i = 10; i < 40; i++) {
		snprintf(text, sizeof(text), "10.20.3.%d", i);
		for (size_t r = FIRST; r <= SECOND; r++)
			add_address(f, row(f, BLOB, r, VP_DNS_A), text);
		add_address(f, row(f, BLOB, NSS, 0), text);
	}
	add_address(f, row(f, BLOB, NSS, 0), PUBLIC);
}

static void unexpected_at_the_end(struct vp_facts *f)
{
	struct vp_target *t = &f->targets[BLOB];
	char text[16];

	*VP_PUSH(f->arena, t->expected, t->n_expected) = addr("10.20.2.7");
	for (int i = 10; i < 22; i++) {
		snprintf(text, sizeof(text), "10.20.3.%d", i);
		for (size_t r = FIRST; r <= SECOND; r++)
			add_address(f, row(f, BLOB, r, VP_DNS_A), text);
		if (i < 21)
			*VP_PUSH(f->arena, t->expected, t->n_expected) =
				addr(text);
	}
}

/* A name that is pinned is a warning, and must not excuse its neighbour. */
static void beside_a_pinned_one(struct vp_facts *f)
{
	struct vp_dns_row *r;

	add_target(f, "stold.blob.core.windows.net",
	           "stold.privatelink.blob.core.windows.net",
	           "privatelink.blob.core.windows.net", VP_KIND_BLOB,
	           "10.20.2.7");
	go_public(f, BLOB, FIRST, PUBLIC);
	clear_addresses(row(f, BLOB, NSS, 0));
	add_address(f, row(f, BLOB, NSS, 0), "10.20.2.7");
	in_hosts(f, "files dns");
	r = add_row(f, N_TARGETS, FIRST, VP_DNS_A);
	*r = *row(f, N_TARGETS, FIRST, VP_DNS_A);
	clear_addresses(r);
	add_address(f, r, PUBLIC);
}

/* A private cluster's name stands in the privatelink zone itself. */
static void cluster(struct vp_facts *f)
{
	f->names[BLOB]->name =
		copy(f, "aks-1a2b.privatelink.westeurope.azmk8s.io");
	f->targets[BLOB].kind = VP_KIND_AKS_API;
	f->targets[BLOB].zone = copy(f, "privatelink.westeurope.azmk8s.io");
	for (size_t i = 0; i < f->names[BLOB]->n_rows; i++)
		f->names[BLOB]->rows[i].n_chain = 0;
}

static void no_zone_known(struct vp_facts *f)
{
	f->names[BLOB]->name = copy(f, "db.corp.example");
	f->targets[BLOB].kind = VP_KIND_OTHER;
	f->targets[BLOB].zone = NULL;
	for (size_t i = 0; i < f->names[BLOB]->n_rows; i++)
		f->names[BLOB]->rows[i].n_chain = 0;
}

/* --------------------------------------------------------------------------
 */

#define P VP_VERDICT_PASS
#define F VP_VERDICT_FAIL

static const struct {
	const char *what;
	void (*change)(struct vp_facts *f);
	enum vp_verdict verdict;
	const char *first; /* the first finding; NULL: none */
	enum vp_severity severity;
} cases[] = {
	{ "NSS turns public in the second round", nss_turns, F,
	  "dns-hosts-override", VP_SEVERITY_ERROR },
	{ "another scope, not asked", other_scope, P, NULL, 0 },
	{ "another scope, asked", other_scope_is_asked, F, "dns-stub-scope",
	  VP_SEVERITY_ERROR },
	{ "no scope fits", nobody_in_scope, F, "dns-zone-not-linked",
	  VP_SEVERITY_ERROR },
	{ "a scope without servers", scope_without_servers, F,
	  "dns-forwarder-lacks-zone", VP_SEVERITY_ERROR },
	{ "hosts first", hosts_first, P, "dns-forwarder-lacks-zone",
	  VP_SEVERITY_WARNING },
	{ "hosts by resolved", hosts_by_resolved, P, "dns-forwarder-lacks-zone",
	  VP_SEVERITY_WARNING },
	{ "hosts after DNS", hosts_after_dns, F, "dns-forwarder-lacks-zone",
	  VP_SEVERITY_ERROR },
	{ "hosts not asked", hosts_not_asked, F, "dns-forwarder-lacks-zone",
	  VP_SEVERITY_ERROR },
	{ "two stubs", two_stubs, F, "dns-stub-scope", VP_SEVERITY_ERROR },
	{ "NXDOMAIN with an address", nxdomain_with_address, F,
	  "dns-record-missing", VP_SEVERITY_ERROR },
	{ "an endpoint each", an_endpoint_each, P, NULL, 0 },
	{ "one list for all names", one_list_for_all, F,
	  "dns-resolvers-disagree", VP_SEVERITY_ERROR },
	{ "the far endpoint", the_far_endpoint, P, "dns-outside-vnet",
	  VP_SEVERITY_WARNING },
	{ "beside a pinned name", beside_a_pinned_one, F, "dns-unstable",
	  VP_SEVERITY_ERROR },
	{ "NSS, public at the end", nss_public_at_the_end, F,
	  "dns-hosts-override", VP_SEVERITY_ERROR },
	{ "unexpected at the end", unexpected_at_the_end, F,
	  "dns-wrong-address", VP_SEVERITY_ERROR },
	{ "a private cluster", cluster, P, NULL, 0 },
	{ "a name of no known zone", no_zone_known, P, NULL, 0 },
	{ "told by the second target", told_by_the_second, F,
	  "dns-other-endpoint", VP_SEVERITY_ERROR },
	{ "wrong at one server", wrong_at_one, F, "dns-wrong-address",
	  VP_SEVERITY_ERROR },
	{ "doubled, one of them dead", doubled_twice, F,
	  "dns-resolvers-disagree", VP_SEVERITY_ERROR },
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct vp_facts *f = healthy();
		struct vp_arena *arena = vp_arena_create();
		struct vp_judgement j;
		const char *first = NULL;

		f->capture.wanted = false;
		f->capture.state = VP_CAPTURE_OFF;
		f->mode = VP_MODE_DNS;
		cases[i].change(f);
		vp_judge(&j, f, arena);
		if (j.n_findings > 0)
			first = j.findings[0].type->id;
		if (j.verdict != cases[i].verdict)
			fail_msg("%s: %s, %s", cases[i].what, j.summary,
			         first != NULL ? first : "nothing found");
		if ((first == NULL) != (cases[i].first == NULL) ||
		    (first != NULL && strcmp(first, cases[i].first) != 0))
			fail_msg("%s: %s", cases[i].what,
			         first != NULL ? first : "nothing found");
		if (first != NULL)
			assert_int_equal(j.findings[0].severity,
			                 cases[i].severity);
		vp_arena_destroy(arena);
		vp_facts_destroy(f);
	}
}

/* A cause that is named is not named once more as its own effect. */
static void test_no_echo(void **state)
{
	struct vp_facts *f = healthy();
	struct vp_arena *arena = vp_arena_create();
	struct vp_judgement j;

	(void)state;
	wrong_at_one(f);
	vp_judge(&j, f, arena);
	for (size_t i = 0; i < j.n_findings; i++)
		assert_string_not_equal(j.findings[i].type->id,
		                        "dns-resolvers-disagree");
	vp_arena_destroy(arena);
	vp_facts_destroy(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_no_echo),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
