/*
 * test_diff.c - what differs between two reports, and what is no difference.
 *
 * Each row changes one thing in B and says which changes that must give, all of
 * them; the same the other way round, and nothing against itself.
 * VP_UPDATE=1 rewrites the golden files for review.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "diff.h"
#include "facts_builder.h"
#include "golden.h"
#include "json_schema.h"

/* --- helpers ----------------------------------------------------------- */

struct pair {
	struct vp_arena *arena;
	struct vp_facts *facts[2];
	struct vp_judgement j[2];
	struct vp_diff d;
};

static void compare(struct pair *p, struct vp_facts *a, struct vp_facts *b)
{
	struct vp_diff_side side[2];

	*p = (struct pair){ .arena = vp_arena_create(), .facts = { a, b } };
	for (int s = 0; s < 2; s++) {
		vp_judge(&p->j[s], p->facts[s], p->arena);
		side[s] = (struct vp_diff_side){ s == 0 ? "a.json" : "b.json",
			                         p->facts[s], &p->j[s] };
	}
	vp_diff_make(&p->d, &side[0], &side[1], p->arena);
}

static void done(struct pair *p, bool facts)
{
	for (int s = 0; s < 2 && facts; s++)
		vp_facts_destroy(p->facts[s]);
	vp_arena_destroy(p->arena);
}

static __attribute__((noinline)) char *text_of(const struct pair *p, bool all)
{
	const struct vp_text_style style = { .columns = 80 };
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(vp_diff_text(out, &p->d, &style, all), 0);
	fclose(out);
	return text;
}

static __attribute__((noinline)) char *diff_json(const struct pair *p, bool all)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(vp_diff_json(out, &p->d, all), 0);
	fclose(out);
	return text;
}

/* Is the change one of what was wanted, as "section/what"? */
static bool listed(const char *want, const struct vp_diff_change *c)
{
	char one[128];
	const char *at;
	size_t len;

	snprintf(one, sizeof(one), "%s/%s", vp_diff_section_name(c->section),
	         c->what);
	len = strlen(one);
	for (at = strstr(want, one); at != NULL; at = strstr(at + 1, one)) {
		if ((at == want || at[-1] == ';') &&
		    (at[len] == '\0' || at[len] == ';'))
			return true;
	}
	return false;
}

static size_t words(const char *want)
{
	size_t n = *want != '\0';

	for (; *want != '\0'; want++)
		n += *want == ';';
	return n;
}

/* All changes of a weight are in the list, and all of the list are there. */
static void expect(const struct pair *p, const char *name, const char *want,
                   enum vp_diff_weight weight)
{
	const char *seen[64];
	size_t n = 0;

	for (size_t i = 0; i < p->d.n_changes; i++) {
		const struct vp_diff_change *c = &p->d.changes[i];
		bool again = false;

		if (c->weight != weight)
			continue;
		if (!listed(want, c))
			fail_msg("%s: not wanted: %s/%s: %s -> %s", name,
			         vp_diff_section_name(c->section), c->what,
			         c->a != NULL ? c->a : "-",
			         c->b != NULL ? c->b : "-");
		for (size_t k = 0; k < n; k++)
			again |= strcmp(seen[k], c->what) == 0;
		if (!again)
			seen[n++] = c->what;
	}
	if (n != words(want))
		fail_msg("%s: %zu kinds of change, wanted %s\n%s", name, n,
		         want, text_of(p, true));
}

/* --- one thing at a time ------------------------------------------------ */

static struct vp_target_address *reached(struct vp_facts *f, size_t target)
{
	return &f->targets[target].addresses[0];
}

static void nothing(struct vp_facts *f)
{
	(void)f;
}

/* Certificates that live on for a while. */
static void fresh(struct vp_facts *f)
{
	for (size_t t = 0; t < f->n_targets; t++)
		reached(f, t)->tls.not_after_s += 30 * 86400;
}

/* What is random, or passes. */
static void another_round(struct vp_facts *f)
{
	f->started_us += 86400 * INT64_C(1000000);
	f->ended_us = f->started_us + 2000000;
	f->timing.first_question_us = f->started_us + 9;
	f->timing.last_answer_us = f->started_us + 99;
	f->capture.armed_us = f->started_us + 1;
	f->capture.drained_us = f->ended_us;
	f->capture.received += 31;
	f->capture.evidence = copy(f, "/tmp/other.pcapng");
	for (size_t n = 0; n < f->n_names; n++) {
		for (size_t i = 0; i < f->names[n]->n_rows; i++) {
			struct vp_dns_row *r = &f->names[n]->rows[i];

			r->elapsed_us += 777;
			r->local.port = (uint16_t)(r->local.port + i + n + 1);
			r->soa.ttl = 3;
			for (size_t k = 0; k < r->n_addresses; k++)
				r->addresses[k].ttl = 1;
			for (size_t k = 0; k < r->n_chain; k++)
				r->chain[k].ttl = 2;
		}
	}
	for (size_t t = 0; t < f->n_targets; t++) {
		reached(f, t)->local.port++;
		reached(f, t)->tcp.elapsed_us *= 2;
		reached(f, t)->tls.not_after_s += 60 * 86400;
		reached(f, t)->tls.not_before_s += 60 * 86400 - 2 * 86400;
	}
}

static void two_addresses(struct vp_facts *f)
{
	add_address(f, row(f, BLOB, FIRST, VP_DNS_A), "10.20.2.8");
}

static void turned_round(struct vp_facts *f)
{
	struct vp_dns_row *r = row(f, BLOB, FIRST, VP_DNS_A);

	clear_addresses(r);
	add_address(f, r, "10.20.2.8");
	add_address(f, r, "10.20.2.7");
}

static void upper_case(struct vp_facts *f)
{
	row(f, BLOB, FIRST, VP_DNS_A)->chain[0].target =
		copy(f, "STLAB.privatelink.blob.core.windows.NET");
}

static void private_flow(struct vp_facts *f)
{
	bind_name(f, add_flow(f, IPPROTO_TCP, "10.20.2.7:443", NULL),
	          "stlab.blob.core.windows.net");
}

static void soa_left_out(struct vp_facts *f)
{
	memset(&row(f, BLOB, FIRST, VP_DNS_AAAA)->soa, 0,
	       sizeof(struct vp_soa));
}

static void other_address(struct vp_facts *f)
{
	clear_addresses(row(f, BLOB, FIRST, VP_DNS_A));
	add_address(f, row(f, BLOB, FIRST, VP_DNS_A), "10.20.2.99");
}

static void nxdomain(struct vp_facts *f)
{
	struct vp_dns_row *r = row(f, VAULT, SECOND, VP_DNS_A);

	clear_addresses(r);
	r->rcode = 3;
}

static void chain_longer(struct vp_facts *f)
{
	add_alias(f, row(f, REGISTRY, FIRST, VP_DNS_A),
	          "crlab.privatelink.azurecr.io", "eus.fe.azurecr.io");
}

static void silent(struct vp_facts *f)
{
	row(f, BLOB, SECOND, VP_DNS_A)->outcome = VP_OUTCOME_TIMEOUT;
	row(f, BLOB, SECOND, VP_DNS_A)->rcode = -1;
}

static void another_zone_denies(struct vp_facts *f)
{
	row(f, BLOB, FIRST, VP_DNS_AAAA)->soa.zone =
		copy(f, "blob.core.windows.net");
}

static void one_more_target(struct vp_facts *f)
{
	add_target(f, "stlab.file.core.windows.net",
	           "stlab.privatelink.file.core.windows.net",
	           "privatelink.file.core.windows.net", VP_KIND_FILE,
	           "10.20.2.8");
}

static void hosts_line(struct vp_facts *f)
{
	struct vp_hosts_line *l = VP_PUSH(f->arena, f->names[BLOB]->hosts,
	                                  f->names[BLOB]->n_hosts);

	l->addr = addr("10.20.2.7");
	l->line = 3;
}

static void other_server(struct vp_facts *f)
{
	f->resolvers[SECOND].endpoint = endpoint("10.20.1.12:53");
}

static void servers_swapped(struct vp_facts *f)
{
	struct vp_endpoint e = f->resolvers[FIRST].endpoint;

	f->resolvers[FIRST].endpoint = f->resolvers[SECOND].endpoint;
	f->resolvers[SECOND].endpoint = e;
}

static void other_software(struct vp_facts *f)
{
	f->resolvers[FIRST].version = copy(f, "unbound 1.17.1");
}

static void known_software(struct vp_facts *f)
{
	f->resolvers[FIRST].version = copy(f, "BIND 9.18");
}

static void other_gateway(struct vp_facts *f)
{
	reached(f, BLOB)->route.gateway = addr("10.20.1.254");
}

static void other_interface(struct vp_facts *f)
{
	reached(f, BLOB)->route.interface = copy(f, "wg0");
	reached(f, BLOB)->route.source = addr("10.99.0.2");
}

static void refused(struct vp_facts *f)
{
	reached(f, BLOB)->tcp.outcome = VP_OUTCOME_REFUSED;
	reached(f, BLOB)->tls = (struct vp_tls_facts){ 0 };
	reached(f, BLOB)->http = (struct vp_http_facts){ 0 };
}

static void other_issuer(struct vp_facts *f)
{
	/* One of Azure's too: an inspector's would be a finding as well. */
	reached(f, BLOB)->tls.issuer =
		copy(f, "CN=DigiCert Global G2 TLS RSA SHA256 2020 CA1");
}

static void more_names(struct vp_facts *f)
{
	struct vp_tls_facts *t = &reached(f, BLOB)->tls;

	*VP_PUSH(f->arena, t->subject_alt_names, t->n_subject_alt_names) =
		copy(f, "*.blob.core.windows.net");
}

static void far_end(struct vp_facts *f)
{
	reached(f, BLOB)->tls.not_after_s = T0 / 1000000 + 15 * 86400;
}

static void other_status(struct vp_facts *f)
{
	reached(f, BLOB)->http.status = 409;
	reached(f, BLOB)->http.service_code =
		copy(f, "PublicAccessNotPermitted");
}

static void saw_nat(struct vp_facts *f)
{
	reached(f, VAULT)->http.service_saw = addr("203.0.113.9");
}

static void denied(struct vp_facts *f)
{
	reached(f, BLOB)->http.signature = VP_SIGNATURE_DENIED;
	reached(f, BLOB)->http.status = 403;
}

static struct vp_flow *leak(struct vp_facts *f, const char *remote)
{
	struct vp_flow *w =
		add_flow(f, IPPROTO_TCP, remote, "stlab.blob.core.windows.net");

	bind_name(f, w, "stlab.blob.core.windows.net");
	w->sni_bound = true;
	w->process = copy(f, "python3");
	return w;
}

static void leaks(struct vp_facts *f)
{
	leak(f, "203.0.113.20:443");
}

static void leaks_twice(struct vp_facts *f)
{
	leak(f, "203.0.113.20:443")->local = endpoint("10.20.1.4:60001");
	leak(f, "203.0.113.20:443")->local = endpoint("10.20.1.4:60002");
}

static void leaks_elsewhere(struct vp_facts *f)
{
	leak(f, "203.0.113.21:443");
}

static void another_leaks(struct vp_facts *f)
{
	leak(f, "203.0.113.20:443")->process = copy(f, "curl");
}

static void somebody_leaks(struct vp_facts *f)
{
	leak(f, "203.0.113.20:443")->process = NULL;
}

static void leak_attempted(struct vp_facts *f)
{
	leak(f, "203.0.113.20:443")->state = VP_FLOW_ATTEMPTED;
}

static void allow_all(struct vp_facts *f)
{
	struct vp_allow_rule *r =
		VP_PUSH(f->arena, f->policy.allow, f->policy.n_allow);

	r->prefix = prefix("203.0.113.0/24");
	r->reason = copy(f, "updates");
}

static void allowed_flow(struct vp_facts *f)
{
	allow_all(f);
	add_flow(f, IPPROTO_TCP, "203.0.113.80:443", NULL);
}

static void unexplained(struct vp_facts *f)
{
	add_flow(f, IPPROTO_TCP, "203.0.113.80:443", NULL);
}

static void capture_off(struct vp_facts *f)
{
	memset(&f->capture, 0, sizeof(f->capture));
	f->capture.wanted = true;
	f->capture.reason = copy(f, "no right to capture (CAP_NET_RAW)");
	f->capture.state = VP_CAPTURE_OFF;
}

static void not_captured(struct vp_facts *f)
{
	memset(&f->capture, 0, sizeof(f->capture));
	f->capture.state = VP_CAPTURE_OFF;
}

static void drops(struct vp_facts *f)
{
	f->capture.dropped = 12;
}

static void more_drops(struct vp_facts *f)
{
	f->capture.dropped = 13;
}

static void cut_short(struct vp_facts *f)
{
	f->interrupted = true;
	f->targets[REGISTRY].addresses[0].reach = VP_REACH_PENDING;
}

static void any_expected(struct vp_facts *f)
{
	f->targets[BLOB].expect = VP_EXPECT_ANY;
}

static void address_expected(struct vp_facts *f)
{
	*VP_PUSH(f->arena, f->targets[BLOB].expected,
	         f->targets[BLOB].n_expected) = addr("10.20.2.7");
}

static void other_scenario(struct vp_facts *f)
{
	f->scenario = copy(f, "no-public-ip");
}

static void another_prefix(struct vp_facts *f)
{
	*VP_PUSH(f->arena, f->policy.vnet, f->policy.n_vnet) =
		prefix("10.21.0.0/16");
}

static void other_tool(struct vp_facts *f)
{
	f->tool = copy(f, "vnetprobe 0.2.0");
}

static void proxy(struct vp_facts *f)
{
	*VP_PUSH(f->arena, f->proxies, f->n_proxies) =
		copy(f, "https_proxy=http://10.0.0.9:3128");
}

static void search_domain(struct vp_facts *f)
{
	f->machine.ndots = 1;
	*VP_PUSH(f->arena, f->machine.search, f->machine.n_search) =
		copy(f, "corp.example");
}

static void no_search_domain(struct vp_facts *f)
{
	f->machine.ndots = 1;
}

static void found(struct vp_facts *f, const char *key, const char *value)
{
	struct vp_discovered *v =
		VP_PUSH(f->arena, f->discovery.values, f->discovery.n_values);

	v->key = copy(f, key);
	v->value = copy(f, value);
	v->source = copy(f, "IMDS");
}

static void placed(struct vp_facts *f, const char *vnet)
{
	struct vp_placement *p = VP_PUSH(f->arena, f->discovery.placements,
	                                 f->discovery.n_placements);

	p->role = VP_PLACEMENT_VAULT;
	p->name = copy(f, "kv-lab");
	p->endpoint = copy(f, "pe-kv");
	p->vnet = copy(f, vnet);
	p->source = copy(f, "ARM");
}

static void found_one(struct vp_facts *f)
{
	found(f, "subscription", "00000000-0000-0000-0000-000000000001");
	found(f, "machine_name", "vm-1");
	placed(f, "/vnet/a");
}

static void found_another(struct vp_facts *f)
{
	found(f, "subscription", "00000000-0000-0000-0000-000000000002");
	found(f, "machine_name", "vm-2");
	placed(f, "/vnet/b");
}

static void found_elsewhere(struct vp_facts *f)
{
	f->hostname = copy(f, "node");
	found(f, "subscription", "00000000-0000-0000-0000-000000000001");
	found(f, "machine_name", "vm-2");
	placed(f, "/vnet/a");
}

static void own_roots(struct vp_facts *f)
{
	f->trust.ca_file = copy(f, "/etc/corp.pem");
}

static void other_root(struct vp_facts *f)
{
	for (size_t t = 0; t < f->n_targets; t++)
		reached(f, t)->tls.anchor = copy(f, "CN=Root R2");
}

static void a_root(struct vp_facts *f)
{
	for (size_t t = 0; t < f->n_targets; t++)
		reached(f, t)->tls.anchor = copy(f, "CN=Root R1");
}

/* The same network, another machine in it: its own addresses and interface. */
static void another_machine(struct vp_facts *f)
{
	f->hostname = copy(f, "node");
	for (size_t t = 0; t < f->n_targets; t++) {
		struct vp_target_address *a = reached(f, t);

		a->route.interface = copy(f, "ens3");
		a->route.source = addr("10.20.9.4");
		a->route.gateway = addr("10.20.9.1");
		a->local = endpoint("10.20.9.4:50001");
	}
	for (size_t n = 0; n < f->n_names; n++) {
		for (size_t i = 0; i < f->names[n]->n_rows; i++) {
			if (f->names[n]->rows[i].type != 0)
				f->names[n]->rows[i].local =
					endpoint("10.20.9.4:40001");
		}
	}
	f->targets[VAULT].addresses[0].http.service_saw = addr("10.20.9.4");
	f->capture.interfaces[0] = copy(f, "ens3");
}

static void another_machine_tunnel(struct vp_facts *f)
{
	another_machine(f);
	other_interface(f);
}

static void dns_mode(struct vp_facts *f)
{
	f->mode = VP_MODE_DNS;
	not_captured(f);
	for (size_t t = 0; t < f->n_targets; t++)
		f->targets[t].n_addresses = 0;
}

static void watch_mode(struct vp_facts *f)
{
	f->mode = VP_MODE_WATCH;
	f->n_targets = 0;
	f->n_names = 0;
}

static void watched_private(struct vp_facts *f)
{
	watch_mode(f);
	private_flow(f);
}

static const struct row {
	const char *name;
	void (*a)(struct vp_facts *);
	void (*b)(struct vp_facts *);
	const char *matters, *context; /* "section/what;..." */
} rows[] = {
	{ "itself", nothing, nothing, "", "" },
	{ "another round", fresh, another_round, "", "" },
	{ "order of addresses", two_addresses, turned_round, "", "" },
	{ "letter case", nothing, upper_case, "", "" },
	{ "a cache leaves the SOA out", nothing, soa_left_out, "", "" },
	{ "private flow in a check", nothing, private_flow, "", "" },
	{ "software told now", nothing, known_software, "", "" },
	{ "an older report", nothing, no_search_domain, "", "" },
	{ "more drops", drops, more_drops, "", "" },
	{ "leaks once more", leaks, leaks_twice, "", "" },
	{ "sender not told", leaks, somebody_leaks, "", "" },
	{ "neither captured", not_captured, not_captured, "", "" },

	{ "address", nothing, other_address,
	  "answers/A;findings/dns-resolvers-disagree;verdict/verdict;"
	  "reach/status",
	  "" },
	{ "one address more", nothing, two_addresses,
	  "answers/A;findings/dns-resolvers-disagree;verdict/verdict;"
	  "reach/status",
	  "" },
	{ "chain", nothing, chain_longer, "answers/A", "" },
	{ "whose zone", nothing, another_zone_denies,
	  "answers/AAAA, who denies it", "" },
	{ "a target more", nothing, one_more_target, "names/target", "" },
	{ "server", nothing, other_server, "resolvers/servers, in their order",
	  "" },
	{ "order of servers", nothing, servers_swapped,
	  "resolvers/servers, in their order", "" },
	{ "software", known_software, other_software, "resolvers/software",
	  "" },
	{ "gateway", nothing, other_gateway, "paths/gateway", "" },
	{ "issuer", nothing, other_issuer, "tls/issuer", "" },
	{ "names in a certificate", nothing, more_names, "tls/names", "" },
	{ "an end that comes near", far_end, nothing, "tls/ends", "" },
	{ "status", nothing, other_status, "http/status;http/error code", "" },
	{ "leak by another", leaks, another_leaks, "flows/process", "" },
	{ "leak to another", leaks, leaks_elsewhere, "flows/address", "" },
	{ "leak's state", leaks, leak_attempted, "flows/state", "" },
	{ "allowed traffic", allow_all, allowed_flow, "",
	  "findings/egress-allowed;flows/flow" },
	{ "a rule", nothing, allow_all, "policy/allow rule", "" },
	{ "an address expected", nothing, address_expected,
	  "policy/expected addresses", "" },
	{ "any expected", nothing, any_expected, "policy/expected", "" },
	{ "scenario", nothing, other_scenario, "policy/scenario", "" },
	{ "prefix", nothing, another_prefix, "policy/address space of the VNet",
	  "" },
	{ "tool", nothing, other_tool, "",
	  "tool/version of the tool that looked" },
	{ "search domain", no_search_domain, search_domain,
	  "machine/search domains", "" },
	{ "another machine", nothing, another_machine, "",
	  "capture/interfaces watched;machine/host;machine/main interface;"
	  "machine/main gateway;machine/own addresses" },
	{ "a machine with a tunnel", nothing, another_machine_tunnel,
	  "paths/interface",
	  "capture/interfaces watched;machine/host;machine/main interface;"
	  "machine/main gateway;machine/own addresses" },
	{ "found now", nothing, found_one, "", "" },
	{ "found otherwise", found_one, found_another,
	  "policy/found: subscription;policy/where it is;"
	  "machine/found: machine_name",
	  "" },
	{ "found elsewhere", found_one, found_elsewhere, "",
	  "machine/host;machine/found: machine_name" },
	{ "own roots", nothing, own_roots, "policy/roots trusted", "" },
	{ "another root", a_root, other_root, "tls/root it ends in", "" },
	{ "a root told now", nothing, a_root, "", "" },
	{ "watched private flow", watch_mode, watched_private, "flows/flow",
	  "" },
};

static const struct vp_diff_change *find(const struct pair *p,
                                         const char *section, const char *what)
{
	for (size_t i = 0; i < p->d.n_changes; i++) {
		const struct vp_diff_change *c = &p->d.changes[i];

		if (strcmp(vp_diff_section_name(c->section), section) == 0 &&
		    strcmp(c->what, what) == 0)
			return c;
	}
	return NULL;
}

static struct vp_facts *facts_with(void (*change)(struct vp_facts *))
{
	struct vp_facts *f = healthy();

	change(f);
	return f;
}

/* The other way round everything is the same, with the sides exchanged. */
static void check_mirror(const struct pair *p, const char *name)
{
	struct pair m;

	compare(&m, p->facts[1], p->facts[0]);
	if (m.d.n_changes != p->d.n_changes || m.d.matter != p->d.matter ||
	    m.d.context != p->d.context || m.d.n_limits != p->d.n_limits)
		fail_msg("%s: %zu changes, the other way round %zu", name,
		         p->d.n_changes, m.d.n_changes);
	for (size_t i = 0; i < p->d.n_changes; i++) {
		const struct vp_diff_change *x = &p->d.changes[i];
		size_t n = 0;

		for (size_t k = 0; k < m.d.n_changes; k++) {
			const struct vp_diff_change *y = &m.d.changes[k];

			n += x->section == y->section &&
			     strcmp(x->what, y->what) == 0 &&
			     x->weight == y->weight &&
			     (x->a == NULL) == (y->b == NULL) &&
			     (x->a == NULL || strcmp(x->a, y->b) == 0) &&
			     (x->kind == y->kind ||
			      (x->kind == VP_DIFF_KIND_ONLY_A &&
			       y->kind == VP_DIFF_KIND_ONLY_B) ||
			      (x->kind == VP_DIFF_KIND_ONLY_B &&
			       y->kind == VP_DIFF_KIND_ONLY_A));
		}
		if (n == 0)
			fail_msg("%s: %s has no mirror image", name, x->what);
	}
	done(&m, false);
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		struct pair p;

		compare(&p, facts_with(r->a), facts_with(r->b));
		expect(&p, r->name, r->matters, VP_DIFF_WEIGHT_MATTERS);
		expect(&p, r->name, r->context, VP_DIFF_WEIGHT_CONTEXT);
		assert_int_equal(vp_diff_exit_status(&p.d),
		                 r->matters[0] != '\0');
		check_mirror(&p, r->name);
		done(&p, true);
	}
}

/* These bring findings about; that they and the cause are told is enough. */
static void test_causes(void **state)
{
	static const struct {
		void (*b)(struct vp_facts *);
		const char *section, *what, *finding;
	} cases[] = {
		{ nxdomain, "answers", "A", "dns-record-missing" },
		{ silent, "answers", "A", "dns-timeout" },
		{ hosts_line, "names", "hosts file", NULL },
		{ other_interface, "paths", "interface", NULL },
		{ refused, "reach", "TCP", "tcp-refused" },
		{ saw_nat, "service", "our address as the service saw it",
		  "service-saw-other-source" },
		{ denied, "http", "signature", "http-network-denied" },
		{ leaks, "flows", "flow", "leak-target" },
		{ unexplained, "flows", "flow", "egress-unexplained" },
		{ drops, "capture", "packets dropped by the kernel",
		  "capture-drops" },
		{ proxy, "machine", "proxy variables", "proxy-configured" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct vp_diff_change *c;
		struct pair p;

		compare(&p, healthy(), facts_with(cases[i].b));
		c = find(&p, cases[i].section, cases[i].what);
		if (c == NULL || c->weight != VP_DIFF_WEIGHT_MATTERS)
			fail_msg("no %s\n%s", cases[i].what, text_of(&p, true));
		if (cases[i].finding != NULL) {
			c = find(&p, "findings", cases[i].finding);
			if (c == NULL || c->kind != VP_DIFF_KIND_ONLY_B)
				fail_msg("no %s\n%s", cases[i].finding,
				         text_of(&p, true));
		}
		check_mirror(&p, cases[i].what);
		done(&p, true);
	}
}

/* --- what one of the two could not look at ------------------------------- */

static void test_not_known(void **state)
{
	static const struct {
		void (*a)(struct vp_facts *);
		void (*b)(struct vp_facts *);
		const char *section, *what; /* of A, not gone in B */
		const char *limit;
	} cases[] = {
		{ leaks, capture_off, "findings", "leak-target", "flows" },
		{ leaks, capture_off, "flows", "flow", "flows" },
		{ leaks, not_captured, "flows", "flow", "flows" },
		{ leaks, drops, "flows", "flow", "flows" },
		{ leaks, dns_mode, "flows", "flow", "connections" },
		{ refused, dns_mode, "findings", "tcp-refused", "connections" },
		{ nxdomain, watch_mode, "findings", "dns-record-missing",
		  "answers" },
		{ refused, cut_short, "findings", "tcp-refused", "flows" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct vp_diff_change *c;
		bool said = false;
		struct pair p;

		compare(&p, facts_with(cases[i].a), facts_with(cases[i].b));
		c = find(&p, cases[i].section, cases[i].what);
		if (c == NULL || c->kind != VP_DIFF_KIND_NOT_KNOWN ||
		    c->note == NULL)
			fail_msg("case %zu: %s is no \"not known\"\n%s", i,
			         cases[i].what, text_of(&p, true));
		for (size_t k = 0; k < p.d.n_limits; k++)
			said |= p.d.limits[k].side == 1 &&
			        strcmp(p.d.limits[k].what, cases[i].limit) == 0;
		if (!said)
			fail_msg("case %zu: not said: %s", i, cases[i].limit);
		assert_int_equal(vp_diff_exit_status(&p.d), 1);
		check_mirror(&p, cases[i].what);
		done(&p, true);
		/* its healthy twin: B looked, so it is gone */
		compare(&p, facts_with(cases[i].a), healthy());
		c = find(&p, cases[i].section, cases[i].what);
		assert_non_null(c);
		assert_int_equal(c->kind, VP_DIFF_KIND_ONLY_A);
		done(&p, true);
	}
}

/* --- facts that one finding is made of ----------------------------------- */

static void place(struct vp_facts *f, enum vp_placement_role role,
                  const char *vnet)
{
	struct vp_placement *p = VP_PUSH(f->arena, f->discovery.placements,
	                                 f->discovery.n_placements);

	p->role = role;
	p->name = copy(f, "it");
	p->vnet = copy(f, vnet);
	p->source = copy(f, "ARM");
}

static void workspace_placed(struct vp_facts *f)
{
	place(f, VP_PLACEMENT_WORKSPACE, "/vnet/a");
}

static void storage_apart(struct vp_facts *f)
{
	workspace_placed(f);
	place(f, VP_PLACEMENT_STORAGE, "/vnet/b");
}

static void storage_near(struct vp_facts *f)
{
	workspace_placed(f);
	place(f, VP_PLACEMENT_STORAGE, "/vnet/a");
}

static void names_endpoint(struct vp_facts *f)
{
	reached(f, VAULT)->http.private_endpoint = copy(f, "/x/pe-good");
}

static void endpoint_known(struct vp_facts *f)
{
	struct vp_target *t = &f->targets[VAULT];

	names_endpoint(f);
	*VP_PUSH(f->arena, t->endpoints, t->n_endpoints) = copy(f, "pe-good");
}

static void other_endpoint(struct vp_facts *f)
{
	endpoint_known(f);
	reached(f, VAULT)->http.private_endpoint = copy(f, "/x/pe-bad");
}

static void wrong_address_expected(struct vp_facts *f)
{
	*VP_PUSH(f->arena, f->targets[BLOB].expected,
	         f->targets[BLOB].n_expected) = addr("10.20.2.99");
}

static void right_address_expected(struct vp_facts *f)
{
	struct vp_target *t = &f->targets[BLOB];

	*VP_PUSH(f->arena, t->expected, t->n_expected) = t->addresses[0].addr;
}

static void vault_pending(struct vp_facts *f)
{
	f->targets[VAULT].addresses[0] = (struct vp_target_address){
		.addr = reached(f, VAULT)->addr,
		.reach = VP_REACH_PENDING,
	};
}

static void source_not_told(struct vp_facts *f)
{
	reached(f, VAULT)->http.service_saw = (struct vp_addr){ 0 };
}

static void vault_not_asked(struct vp_facts *f)
{
	reached(f, VAULT)->http = (struct vp_http_facts){ 0 };
}

/* What B does not have makes nothing of A gone; the twin has it. */
static void test_lacking(void **state)
{
	static const struct {
		void (*a)(struct vp_facts *);
		void (*b)(struct vp_facts *);
		void (*twin)(struct vp_facts *);
		const char *what;
	} cases[] = {
		{ storage_apart, nothing, storage_near, "limit-storage-vnet" },
		{ storage_apart, workspace_placed, storage_near,
		  "limit-storage-vnet" },
		{ other_endpoint, names_endpoint, endpoint_known,
		  "service-names-other-endpoint" },
		{ wrong_address_expected, nothing, right_address_expected,
		  "dns-other-endpoint" },
		{ saw_nat, vault_pending, nothing, "service-saw-other-source" },
		{ saw_nat, source_not_told, nothing,
		  "service-saw-other-source" },
		{ saw_nat, vault_not_asked, nothing,
		  "service-saw-other-source" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct vp_diff_change *c;
		struct pair p;

		compare(&p, facts_with(cases[i].a), facts_with(cases[i].b));
		c = find(&p, "findings", cases[i].what);
		if (c == NULL || c->kind != VP_DIFF_KIND_NOT_KNOWN ||
		    c->note == NULL)
			fail_msg("case %zu: %s is no \"not known\"\n%s", i,
			         cases[i].what, text_of(&p, true));
		done(&p, true);
		compare(&p, facts_with(cases[i].a), facts_with(cases[i].twin));
		c = find(&p, "findings", cases[i].what);
		if (c == NULL || c->kind != VP_DIFF_KIND_ONLY_A)
			fail_msg("case %zu: %s is not gone\n%s", i,
			         cases[i].what, text_of(&p, true));
		done(&p, true);
	}
}

/* --- saved, and older, reports ------------------------------------------- */

static struct vp_facts *saved(const struct vp_facts *f, bool older)
{
	static const char *const later[] = { "rounds",   "command",
		                             "machine",  "watched",
		                             "zones",    "trace",
		                             "dns_only", "trace_left_out" };
	static const char *const of_capture[] = { "owners", "owners_why",
		                                  "all_interfaces", "losses" };
	char *text = json_of(f), path[64], why[256];
	json_t *v = json_loads(text, 0, NULL);
	struct vp_facts *out = NULL;
	int fd = memfd_create("report", 0);

	for (size_t i = 0; older && i < sizeof(later) / sizeof(*later); i++)
		json_object_del(v, later[i]);
	for (size_t i = 0; older && i < 4; i++)
		json_object_del(json_object_get(v, "capture"), of_capture[i]);
	assert_int_equal(json_dumpfd(v, fd, 0), 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (vp_report_read(&out, path, why, sizeof(why)) != 0)
		fail_msg("%s", why);
	close(fd);
	json_decref(v);
	free(text);
	return out;
}

static void looked_closely(struct vp_facts *f)
{
	no_search_domain(f);
	f->rounds = 1;
	f->capture.all_interfaces = true;
	f->capture.owners = copy(f, "bpf");
	f->machine.hosts_sources = copy(f, "files dns");
}

/* Saving changes nothing, and what an older report does not tell is neither
 * there nor gone. */
static void test_saved(void **state)
{
	(void)state;
	for (int older = 0; older < 2; older++) {
		struct vp_facts *f = facts_with(looked_closely);
		struct pair p;

		compare(&p, f, saved(f, older != 0));
		if (older == 0 && p.d.n_changes != 0)
			fail_msg("%s", text_of(&p, true));
		if (p.d.matter != 0 || p.d.context != 0)
			fail_msg("%s", text_of(&p, true));
		done(&p, true);
	}
}

/* --- reports ------------------------------------------------------------- */

static void public_at_one(struct vp_facts *f)
{
	for (size_t t = 0; t < N_TARGETS; t++) {
		static const char *const addresses[] = { "203.0.113.20",
			                                 "203.0.113.22",
			                                 "203.0.113.23" };

		go_public(f, t, SECOND, addresses[t]);
		withhold(f, t, addresses[t]);
	}
	leaks(f);
}

static void inspected(struct vp_facts *f)
{
	another_machine(f);
	for (size_t t = 0; t < f->n_targets; t++)
		reached(f, t)->tls.issuer = copy(f, "CN=Inspector,O=Corp");
	reached(f, VAULT)->http.service_saw = addr("203.0.113.9");
	other_tool(f);
}

static void off_and_more(struct vp_facts *f)
{
	capture_off(f);
	one_more_target(f);
	another_prefix(f);
}

static void hostile(struct vp_facts *f)
{
	f->hostname = copy(f, "\033[31mnode\xff\xe2\x80\xae");
	row(f, BLOB, FIRST, VP_DNS_A)->chain[0].target =
		copy(f, "a\nb.\x9b.example");
	reached(f, BLOB)->tls.issuer = copy(f, "CN=\033]0;x\a\r\n");
}

static const struct {
	const char *name;
	void (*a)(struct vp_facts *);
	void (*b)(struct vp_facts *);
	bool all;
} goldens[] = {
	{ "same", fresh, another_round, false },
	{ "same-all", fresh, another_round, true },
	{ "leaking", nothing, public_at_one, false },
	{ "mended", public_at_one, another_round, false },
	{ "inspected", nothing, inspected, false },
	{ "not-known", leaks, off_and_more, false },
};

static void test_goldens(void **state)
{
	char path[256];

	(void)state;
	for (size_t i = 0; i < sizeof(goldens) / sizeof(goldens[0]); i++) {
		struct pair p;
		char *text;

		compare(&p, facts_with(goldens[i].a), facts_with(goldens[i].b));
		text = text_of(&p, goldens[i].all);
		snprintf(path, sizeof(path), VP_TEST_DATA "/golden/diff-%s.txt",
		         goldens[i].name);
		compare_with_file(path, text);
		free(text);
		text = diff_json(&p, goldens[i].all);
		snprintf(path, sizeof(path),
		         VP_TEST_DATA "/golden/diff-%s.json", goldens[i].name);
		compare_with_file(path, text);
		free(text);
		done(&p, true);
	}
}

static void test_nothing_raw(void **state)
{
	struct pair p;
	char *text[2];

	(void)state;
	compare(&p, healthy(), facts_with(hostile));
	text[0] = text_of(&p, true);
	text[1] = diff_json(&p, true);
	for (int i = 0; i < 2; i++) {
		for (const char *c = text[i]; *c != '\0'; c++) {
			if ((*c < 0x20 && *c != '\n') || *c == 0x7f)
				fail_msg("byte %02x in %s", (unsigned char)*c,
				         text[i]);
		}
		free(text[i]);
	}
	done(&p, true);
}

static void test_schema(void **state)
{
	struct pair p;
	char *text, *at;

	(void)state;
	schema_root = json_load_file(
		VP_SOURCE_DIR "/deploy/vnetprobe.diff.schema.json", 0, NULL);
	assert_non_null(schema_root);
	optional_seen = json_object();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		compare(&p, facts_with(rows[i].a), facts_with(rows[i].b));
		text = diff_json(&p, true);
		check_schema(text, true);
		free(text);
		done(&p, true);
	}
	compare(&p, healthy(), facts_with(off_and_more));
	text = diff_json(&p, true);
	check_schema(text, true);
	at = strstr(text, "\"only-b\"");
	assert_non_null(at);
	memcpy(at, "\"new-in\"", 8);
	check_schema(text, false);
	free(text);
	done(&p, true);
	json_decref(optional_seen);
	json_decref(schema_root);
}

/* Every word of the lists stands in the schema. */
static void test_words(void **state)
{
	char *schema = load(VP_SOURCE_DIR "/deploy/vnetprobe.diff.schema.json");
	char word[64];

	(void)state;
	for (unsigned s = 0; s < VP_DIFF_SECTION_COUNT; s++) {
		snprintf(word, sizeof(word), "\"%s\"",
		         vp_diff_section_name((enum vp_diff_section)s));
		assert_non_null(strstr(schema, word));
	}
	free(schema);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_causes),
		cmocka_unit_test(test_not_known),
		cmocka_unit_test(test_lacking),
		cmocka_unit_test(test_saved),
		cmocka_unit_test(test_goldens),
		cmocka_unit_test(test_nothing_raw),
		cmocka_unit_test(test_schema),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
