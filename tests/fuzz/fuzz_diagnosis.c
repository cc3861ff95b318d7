/*
 * Facts made out of any bytes, well-formed as the probes make them, judged. A
 * byte chooses each thing, and an input that has come to its end chooses the
 * first of the list, so that short inputs are plain facts. What must hold:
 *
 * - nothing crashes, in the judge or in a writer;
 * - the verdict is what the findings say: no error with a pass;
 * - a name that must be private and has a public address at a server that
 *   programs ask is never a pass, nor is one that could not be looked at;
 * - the same facts give the same report, also after they were saved and read.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "report.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* --- choosing ------------------------------------------------------------- */

struct choice {
	const uint8_t *p, *end;
	struct vp_facts *f;
};

/* One of n; 0 when the input is used up. */
static unsigned pick(struct choice *c, unsigned n)
{
	return c->p == c->end ? 0 : *c->p++ % n;
}

static bool maybe(struct choice *c)
{
	return pick(c, 2) == 1;
}

static const char *const texts[] = {
	"stlab.blob.core.windows.net",
	"stlab.privatelink.blob.core.windows.net",
	"privatelink.blob.core.windows.net",
	"blob.bl5prdstr02a.store.core.windows.net",
	"kv-lab.vault.azure.net",
	"kv-lab.privatelink.vaultcore.azure.net",
	"privatelink.vaultcore.azure.net",
	"data-prod-eus.vaultcore.azure.net",
	"crlab.azurecr.io",
	"crlab.eastus.data.azurecr.io",
	"crlab.privatelink.azurecr.io",
	"privatelink.azurecr.io",
	"g.workspace.eastus.api.azureml.ms",
	"g.workspace.eastus.privatelink.api.azureml.ms",
	"privatelink.api.azureml.ms",
	"ml-lab-eastus-0b9d1b5a.eastus.notebooks.azure.net",
	"privatelink.notebooks.azure.net",
	"ci-lab.eastus.instances.azureml.ms",
	"eastus.api.azureml.ms",
	"dc.services.visualstudio.com",
	"privatelink.monitor.azure.com",
	"x.privatelink.openai.azure.com",
	"vault.azure.net",
	"blob.core.windows.net",
	"azure.net",
	"azureprivatedns.net",
	"reddog.microsoft.com",
	"corp.example",
	"stlab.blob.core.windows.net.corp.example",
	/* not host names, from here */
	"files dns",
	"eth0",
	".",
	"{name}{zone}\x1b[31m\xff",
	"",
};

#define HOSTS (COUNT(texts) - 5)

static char *text(struct choice *c)
{
	return vp_arena_strdup(c->f->arena, texts[pick(c, COUNT(texts))]);
}

/* One that a plan can have: no more than the first of the list. */
static char *host(struct choice *c)
{
	return vp_arena_strdup(c->f->arena, texts[pick(c, HOSTS)]);
}

static char *text_or_none(struct choice *c)
{
	return maybe(c) ? text(c) : NULL;
}

/* From private and right to public, strange and none. */
static struct vp_addr address(struct choice *c)
{
	static const char *const list[] = {
		"10.20.2.7",     "10.20.2.9",       "10.20.0.53",
		"10.30.0.7",     "192.168.1.1",     "203.0.113.20",
		"203.0.113.21",  "198.51.100.7",    "168.63.129.16",
		"8.8.8.8",       "127.0.0.53",      "0.0.0.0",
		"169.254.1.1",   "224.0.0.1",       "fd20::7",
		"2001:db8:20::", "::ffff:10.0.0.1", "64:ff9b::cb00:7114",
	};
	struct vp_addr a = { 0 };

	vp_addr_parse(&a, list[pick(c, COUNT(list))]);
	return a;
}

static struct vp_endpoint endpoint(struct choice *c)
{
	static const uint16_t ports[] = { 53, 443, 40001, 5353, 0 };

	return (struct vp_endpoint){ address(c), ports[pick(c, 5)] };
}

/* --- facts ---------------------------------------------------------------- */

static void add_resolvers(struct choice *c)
{
	struct vp_facts *f = c->f;
	unsigned n = 1 + pick(c, 5);

	for (unsigned i = 0; i < n; i++) {
		struct vp_resolver *r =
			VP_PUSH(f->arena, f->resolvers, f->n_resolvers);

		r->source = (enum vp_resolver_source)pick(c, 6);
		r->kind = (enum vp_server_kind)pick(c, 8);
		if (r->source == VP_RESOLVER_NSS)
			continue;
		r->endpoint = endpoint(c);
		r->endpoint.port = 53;
		if (r->source == VP_RESOLVER_AZURE)
			vp_addr_parse(&r->endpoint.addr, "168.63.129.16");
		if (r->source == VP_RESOLVER_COMPARE)
			r->label = vp_arena_strdup(f->arena, "public");
		r->version = text_or_none(c);
		r->interface = text_or_none(c);
		r->route.outcome = VP_OUTCOME_OK;
	}
}

static const enum vp_outcome dns_outcomes[] = {
	VP_OUTCOME_OK,          VP_OUTCOME_OK,      VP_OUTCOME_OK,
	VP_OUTCOME_OK,          VP_OUTCOME_TIMEOUT, VP_OUTCOME_REFUSED,
	VP_OUTCOME_UNREACHABLE, VP_OUTCOME_RESET,   VP_OUTCOME_CLOSED,
	VP_OUTCOME_MALFORMED,   VP_OUTCOME_DENIED,  VP_OUTCOME_CANCELLED,
	VP_OUTCOME_ERROR,
};

static void fill_chain(struct choice *c, struct vp_dns_row *row,
                       const char *from)
{
	unsigned n = pick(c, 5);

	for (unsigned i = 0; i < n; i++) {
		struct vp_chain_link *l =
			VP_PUSH(c->f->arena, row->chain, row->n_chain);

		l->owner = vp_arena_strdup(c->f->arena, from);
		l->target = text(c);
		l->ttl = pick(c, 256);
		from = l->target;
	}
	row->alias_loop = n > 0 && pick(c, 16) == 15;
}

static void fill_answer(struct choice *c, struct vp_dns_row *row,
                        const char *name)
{
	static const int rcodes[] = { 0, 0, 0, 3, 2, 5, 1, 4, 9, 23 };
	unsigned n = pick(c, 4);

	row->rcode = row->transport == VP_TRANSPORT_NSS
	                     ? -1
	                     : rcodes[pick(c, COUNT(rcodes))];
	if (row->transport != VP_TRANSPORT_NSS)
		fill_chain(c, row, name);
	/* As the reader has it: no address with a loop, or of another type. */
	for (unsigned i = 0; i < n && !row->alias_loop; i++) {
		struct vp_addr a = address(c);
		struct vp_dns_address *new;

		if (row->type == VP_DNS_SOA ||
		    (row->type != 0 &&
		     (row->type == VP_DNS_A ? 4 : 6) != a.family))
			continue;
		new = VP_PUSH(c->f->arena, row->addresses, row->n_addresses);
		new->addr = a;
		new->ttl = pick(c, 256);
	}
	if (row->n_addresses == 0 && maybe(c)) {
		row->soa.zone = text(c);
		row->soa.mname = text(c);
		row->soa.rname = text(c);
		row->soa.minimum = pick(c, 256) * 60;
		row->soa.ttl = pick(c, 256);
	}
}

static void fill_row(struct choice *c, struct vp_dns_row *row, const char *name)
{
	const struct vp_resolver *r;

	row->resolver = pick(c, (unsigned)c->f->n_resolvers);
	r = &c->f->resolvers[row->resolver];
	row->round = 1 + pick(c, 3);
	row->sent_us = INT64_C(1790000000000000) + pick(c, 256) * 100000;
	row->elapsed_us = pick(c, 256) * 10000;
	row->rcode = -1;
	row->outcome = dns_outcomes[pick(c, COUNT(dns_outcomes))];
	if (r->source == VP_RESOLVER_NSS) {
		row->transport = VP_TRANSPORT_NSS;
		row->type = 0;
		row->detail = text_or_none(c);
	} else {
		row->transport = maybe(c) ? VP_TRANSPORT_TCP : VP_TRANSPORT_UDP;
		row->authoritative = maybe(c);
		row->without_edns = maybe(c);
		row->truncated = row->transport == VP_TRANSPORT_UDP &&
		                 row->outcome == VP_OUTCOME_OK &&
		                 pick(c, 8) == 7;
		row->local = endpoint(c);
	}
	row->elsewhere = row->outcome == VP_OUTCOME_TIMEOUT &&
	                 row->transport == VP_TRANSPORT_UDP && maybe(c);
	if (row->outcome == VP_OUTCOME_MALFORMED || row->elsewhere)
		row->detail = text(c);
	if (row->outcome == VP_OUTCOME_OK)
		fill_answer(c, row, row->asked != NULL ? row->asked : name);
}

static void add_names(struct choice *c)
{
	static const uint16_t types[] = { VP_DNS_A, VP_DNS_AAAA };
	struct vp_facts *f = c->f;
	unsigned n = 1 + pick(c, 4);

	for (unsigned i = 0; i < n; i++) {
		struct vp_name *name = vp_arena_alloc(f->arena, sizeof(*name));
		unsigned rows = pick(c, 20);

		/* each once: the lists of different i do not meet */
		name->name = vp_arena_strdup(f->arena,
		                             texts[pick(c, HOSTS / 4) * 4 + i]);
		for (unsigned k = 0; k < rows; k++) {
			struct vp_dns_row *row =
				VP_PUSH(f->arena, name->rows, name->n_rows);

			row->type = types[pick(c, 2)];
			row->question = (enum vp_question_kind)pick(c, 4);
			if (row->question != VP_QUESTION_NAME)
				row->asked = host(c);
			fill_row(c, row, name->name);
		}
		if (pick(c, 4) == 3)
			VP_PUSH(f->arena, name->hosts, name->n_hosts)->addr =
				address(c);
		*VP_PUSH(f->arena, f->names, f->n_names) = name;
	}
}

static void add_zones(struct choice *c)
{
	struct vp_facts *f = c->f;
	unsigned n = pick(c, 4);

	for (unsigned i = 0; i < n; i++) {
		struct vp_zone *z = VP_PUSH(f->arena, f->zones, f->n_zones);
		unsigned rows = pick(c, 6);

		z->name = host(c);
		z->privatelink = maybe(c);
		for (unsigned k = 0; k < rows; k++) {
			struct vp_dns_row *row =
				VP_PUSH(f->arena, z->rows, z->n_rows);

			row->type = VP_DNS_SOA;
			fill_row(c, row, z->name);
			if (row->type == 0) /* getaddrinfo() knows no SOA */
				z->n_rows--;
		}
	}
}

static void add_proxy(struct choice *c)
{
	static const char *const variables[] = { "http_proxy", "https_proxy",
		                                 "NO_PROXY", "auto_proxy" };
	struct vp_facts *f = c->f;
	struct vp_proxy_setting *s =
		VP_PUSH(f->arena, f->proxy_settings, f->n_proxy_settings);
	char *value = text_or_none(c);

	s->source = vp_arena_strdup(f->arena, "environment");
	s->variable = vp_arena_strdup(f->arena, variables[pick(c, 4)]);
	s->value = value != NULL ? value : vp_arena_strdup(f->arena, "*");
	s->general = maybe(c);
}

static void fill_attempt(struct choice *c, struct vp_target_address *a)
{
	static const enum vp_outcome outcomes[] = {
		VP_OUTCOME_OK, VP_OUTCOME_NONE,      VP_OUTCOME_TIMEOUT,
		VP_OUTCOME_OK, VP_OUTCOME_REFUSED,   VP_OUTCOME_RESET,
		VP_OUTCOME_OK, VP_OUTCOME_UNTRUSTED, VP_OUTCOME_ERROR,
	};

	a->reach = (enum vp_reach)pick(c, 3);
	a->route.outcome = VP_OUTCOME_OK;
	if (a->reach != VP_REACH_TRIED)
		return;
	a->tcp.outcome = outcomes[pick(c, COUNT(outcomes))];
	a->tls.outcome = outcomes[pick(c, COUNT(outcomes))];
	a->tls.name_matches = maybe(c);
	a->tls.issuer = text_or_none(c);
	a->tls.anchor = text_or_none(c);
	a->http.outcome = outcomes[pick(c, COUNT(outcomes))];
	a->http.status = maybe(c) ? 403 : 200;
	a->http.signature = (enum vp_signature)pick(c, 6);
	a->http.refused_by = (enum vp_refusal)pick(c, 4);
	/* as each row of signatures has it: other reports are not read */
	if (a->http.refused_by == VP_REFUSAL_NETWORK)
		a->http.signature = VP_SIGNATURE_DENIED;
	if (maybe(c))
		a->http.service_saw = address(c);
	a->http.connection_type = text_or_none(c);
	a->http.private_endpoint = text_or_none(c);
}

static void add_target(struct choice *c, struct vp_name *name, uint16_t port)
{
	struct vp_facts *f = c->f;
	struct vp_target *t = VP_PUSH(f->arena, f->targets, f->n_targets);
	unsigned addresses = f->mode == VP_MODE_DNS ? 0 : pick(c, 3);
	unsigned expected = pick(c, 4) == 3 ? 1 + pick(c, 2) : 0;

	t->name = name;
	t->port = port;
	t->kind = (enum vp_kind)pick(c, VP_KIND_COUNT);
	t->expect = (enum vp_expect)pick(c, VP_EXPECT_COUNT);
	t->origin = vp_arena_strdup(f->arena, "config");
	if (maybe(c))
		*VP_PUSH(f->arena, t->endpoints, t->n_endpoints) =
			vp_arena_strdup(f->arena, "pe-kv");
	t->why = vp_arena_strdup(f->arena, "the scenario says so");
	t->zone = maybe(c) ? host(c) : NULL;
	t->tls = port == 443;
	for (unsigned k = 0; k < expected; k++)
		*VP_PUSH(f->arena, t->expected, t->n_expected) = address(c);
	t->expected_from = expected > 0 ? text(c) : NULL;
	for (unsigned k = 0; k < addresses; k++) {
		struct vp_target_address *a =
			VP_PUSH(f->arena, t->addresses, t->n_addresses);

		a->addr = address(c);
		fill_attempt(c, a);
		if (t->tls)
			continue;
		a->tls = (struct vp_tls_facts){ 0 };
		a->http = (struct vp_http_facts){ 0 };
	}
}

/* Each name has one at least. */
static void add_targets(struct choice *c)
{
	for (size_t i = 0; i < c->f->n_names; i++) {
		add_target(c, c->f->names[i], 443);
		if (pick(c, 4) == 3)
			add_target(c, c->f->names[i], 445);
	}
}

static void add_flows(struct choice *c)
{
	struct vp_facts *f = c->f;
	unsigned n = pick(c, 5);

	for (unsigned i = 0; i < n; i++) {
		struct vp_flow *w = VP_PUSH(f->arena, f->flows, f->n_flows);
		unsigned names = pick(c, 3);

		w->proto = maybe(c) ? IPPROTO_TCP : IPPROTO_UDP;
		w->local = endpoint(c);
		w->remote = endpoint(c);
		w->interface = vp_arena_strdup(f->arena, "eth0");
		w->direction = (enum vp_direction)pick(c, 3);
		w->own = maybe(c);
		for (unsigned k = 0; k < names; k++) {
			struct vp_flow_name *b =
				VP_PUSH(f->arena, w->names, w->n_names);

			b->name = text(c);
			b->bound = maybe(c);
		}
		w->sni = text_or_none(c);
		w->sni_bound = w->sni != NULL && maybe(c);
		if (maybe(c))
			*VP_PUSH(f->arena, w->questions, w->n_questions) =
				text(c);
		w->packets_out = pick(c, 3);
		w->packets_in = pick(c, 3);
		w->state = (enum vp_flow_state)pick(c, 3);
	}
}

static void fill_machine(struct choice *c)
{
	struct vp_machine *m = &c->f->machine;
	struct vp_arena *arena = c->f->arena;

	m->azure = (enum vp_azure)pick(c, 3);
	m->ndots = 1 + pick(c, 5);
	for (unsigned n = pick(c, 3); n > 0; n--)
		*VP_PUSH(arena, m->search, m->n_search) = text(c);
	for (unsigned n = pick(c, 3); n > 0; n--)
		*VP_PUSH(arena, m->vnet_dns, m->n_vnet_dns) = address(c);
	m->hosts_sources = text_or_none(c);
	m->cache = text_or_none(c);
	for (unsigned n = pick(c, 3); n > 0; n--) {
		struct vp_link_dns *l = VP_PUSH(arena, m->links, m->n_links);

		l->interface = text(c);
		*VP_PUSH(arena, l->servers, l->n_servers) = address(c);
		*VP_PUSH(arena, l->domains, l->n_domains) = text(c);
	}
}

static void fill_capture(struct choice *c)
{
	struct vp_capture_facts *k = &c->f->capture;

	k->wanted = maybe(c);
	k->state =
		k->wanted ? (enum vp_capture_state)pick(c, 3) : VP_CAPTURE_OFF;
	k->selftest_before = k->selftest_after =
		k->state == VP_CAPTURE_COMPLETE;
	k->dropped = pick(c, 8) == 7;
	k->attested_expected = k->attested_seen = 3;
}

static struct vp_facts *make(const uint8_t *data, size_t size)
{
	struct choice c = { data, data + size, vp_facts_create() };
	struct vp_facts *f = c.f;

	f->tool = vp_arena_strdup(f->arena, "vnetprobe 0");
	f->scenario = vp_arena_strdup(f->arena, "secured");
	f->cloud = vp_arena_strdup(f->arena, "public");
	f->region = maybe(&c) ? NULL : vp_arena_strdup(f->arena, "eastus");
	f->started_us = INT64_C(1790000000000000);
	f->ended_us = f->started_us + 2000000;
	f->rounds = pick(&c, 4);
	f->mode = maybe(&c) ? VP_MODE_DNS : VP_MODE_CHECK;
	f->interrupted = pick(&c, 8) == 7;
	f->deadline_hit = pick(&c, 8) == 7;
	if (!maybe(&c))
		vp_prefix_parse(
			VP_PUSH(f->arena, f->policy.vnet, f->policy.n_vnet),
			"10.20.0.0/16");
	if (maybe(&c))
		add_proxy(&c);
	f->policy.report_only = maybe(&c);
	add_resolvers(&c);
	add_names(&c);
	add_targets(&c);
	add_zones(&c);
	fill_machine(&c);
	fill_capture(&c);
	add_flows(&c);
	return f;
}

/* --- what must hold --------------------------------------------------------
 */

static bool is_public(const struct vp_facts *f, const struct vp_dns_row *row)
{
	for (size_t i = 0; i < row->n_addresses; i++)
		if (vp_addr_scope(&row->addresses[i].addr, f->policy.vnet,
		                  f->policy.n_vnet) == VP_SCOPE_PUBLIC)
			return true;
	return false;
}

/* Does a server that programs ask give a public address for this name? */
static bool answered_public(const struct vp_facts *f, const struct vp_name *n)
{
	for (size_t i = 0; i < n->n_rows; i++) {
		const struct vp_dns_row *row = &n->rows[i];

		if (row->question == VP_QUESTION_NAME &&
		    row->outcome == VP_OUTCOME_OK && row->rcode <= 0 &&
		    !vp_resolver_is_reference(&f->resolvers[row->resolver]) &&
		    !row->truncated && is_public(f, row))
			return true;
	}
	return false;
}

static void must_not_pass(const struct vp_facts *f)
{
	for (size_t i = 0; i < f->n_targets; i++) {
		const struct vp_target *t = &f->targets[i];

		if (t->expect == VP_EXPECT_PRIVATE &&
		    (t->name->n_rows == 0 || answered_public(f, t->name)))
			abort();
	}
	if (f->interrupted || f->deadline_hit)
		abort();
}

static void check(const struct vp_facts *f, const struct vp_judgement *j)
{
	static const int status[] = { [VP_VERDICT_PASS] = 0,
		                      [VP_VERDICT_FAIL] = 1,
		                      [VP_VERDICT_LEAK] = 4,
		                      [VP_VERDICT_INCONCLUSIVE] = 3 };

	if (j->exit_status != status[j->verdict] || j->summary == NULL)
		abort();
	for (size_t i = 0; i < j->n_findings; i++) {
		const struct vp_finding *d = &j->findings[i];

		if (d->type == NULL || d->title == NULL || d->remedy == NULL)
			abort();
		if (d->severity == VP_SEVERITY_LEAK &&
		    j->verdict != VP_VERDICT_LEAK)
			abort();
		if (d->severity <= VP_SEVERITY_UNPROVEN &&
		    j->verdict == VP_VERDICT_PASS)
			abort();
	}
	if (j->verdict == VP_VERDICT_PASS)
		must_not_pass(f);
}

typedef int writer(FILE *out, const struct vp_facts *f,
                   const struct vp_judgement *j);

static int write_text(FILE *out, const struct vp_facts *f,
                      const struct vp_judgement *j)
{
	struct vp_text_style style = { .columns = 80, .verbose = true };

	return vp_report_text(out, f, j, &style);
}

static int write_dns(FILE *out, const struct vp_facts *f,
                     const struct vp_judgement *j)
{
	struct vp_text_style style = { .columns = 80, .verbose = true };

	return vp_report_dns(out, f, j, &style);
}

/* Judges and writes; the text is the caller's. */
static char *report(const struct vp_facts *f, writer *w, size_t *size)
{
	struct vp_arena *arena = vp_arena_create();
	struct vp_judgement j;
	char *result = NULL;
	FILE *out = open_memstream(&result, size);

	vp_judge(&j, f, arena);
	check(f, &j);
	if (out == NULL || w(out, f, &j) != 0 || fclose(out) != 0)
		abort();
	vp_arena_destroy(arena);
	return result;
}

static void must_be_printable(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char b = (unsigned char)s[i];

		if ((b < 0x20 && b != '\n') || b == 0x7f)
			abort();
	}
}

static struct vp_facts *read_back(const char *json, size_t size)
{
	char path[64], why[512] = "";
	struct vp_facts *f = NULL;
	int fd = memfd_create("report", 0);

	if (fd < 0 || write(fd, json, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (vp_report_read(&f, path, why, sizeof(why)) != 0) {
		fprintf(stderr, "not read back: %s\n", why);
		abort();
	}
	close(fd);
	return f;
}

static void save_and_read(const struct vp_facts *f)
{
	size_t n, m;
	char *a = report(f, vp_report_json, &n), *b;
	struct vp_facts *again = read_back(a, n);

	b = report(again, vp_report_json, &m);
	if (n != m || memcmp(a, b, n) != 0)
		abort();
	free(a);
	free(b);
	vp_facts_destroy(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vp_facts *f = make(data, size);
	size_t n;
	char *a;

	a = report(f, write_text, &n);
	must_be_printable(a, n);
	free(a);
	a = report(f, write_dns, &n);
	must_be_printable(a, n);
	free(a);
	/* By far the slowest part. */
	if (size % 4 == 0)
		save_and_read(f);
	vp_facts_destroy(f);
	return 0;
}
