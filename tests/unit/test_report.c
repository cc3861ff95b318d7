/*
 * test_report.c - reports: golden files, facts that survive being saved, files
 * that are no report, and nothing raw on the terminal.
 *
 * VP_UPDATE=1 rewrites the golden files and docs/findings.md for review.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "catalogue.h"
#include "facts_builder.h"
#include "golden.h"
#include "json_schema.h"
#include "plan.h"
#include "report.h"
#include "report_private.h"

/* --- helpers ----------------------------------------------------------- */

static __attribute__((noinline)) char *
print(int (*report)(FILE *, const struct vp_facts *,
                    const struct vp_judgement *, const struct vp_text_style *),
      const struct vp_facts *f, const struct vp_text_style *style)
{
	struct vp_arena *arena = vp_arena_create();
	struct vp_judgement j;
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	vp_judge(&j, f, arena);
	assert_int_equal(report(out, f, &j, style), 0);
	fclose(out);
	vp_arena_destroy(arena);
	return text;
}

static char *text_of(const struct vp_facts *f, bool color, bool verbose,
                     unsigned columns)
{
	const struct vp_text_style style = { color, columns, verbose };

	return print(vp_report_text, f, &style);
}

static char *dns_text_of(const struct vp_facts *f, bool verbose,
                         unsigned columns)
{
	const struct vp_text_style style = { false, columns, verbose };

	return print(vp_report_dns, f, &style);
}

static void expect_printable(const char *text)
{
	for (const char *p = text; *p != '\0'; p++) {
		if ((unsigned char)*p > 0xf4 || *p == 0x7f ||
		    ((unsigned char)*p < 0x20 && *p != '\n'))
			fail_msg("byte %02x in %s", (unsigned char)*p, text);
	}
}

/* Reads a report from memory, through a file as the program does. */
static int read_text(struct vp_facts **out, const char *text, size_t len,
                     char *why, size_t size)
{
	int fd = memfd_create("report", 0);
	char path[64];
	int rc;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), (ssize_t)len);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	rc = vp_report_read(out, path, why, size);
	close(fd);
	return rc;
}

/* --- golden files ------------------------------------------------------ */

static void nothing(struct vp_facts *f)
{
	(void)f;
}

static void leaking(struct vp_facts *f)
{
	struct vp_flow *w;

	for (size_t t = 0; t < N_TARGETS; t++) {
		static const char *const addresses[] = { "203.0.113.20",
			                                 "203.0.113.22",
			                                 "203.0.113.23" };

		go_public(f, t, SECOND, addresses[t]);
		withhold(f, t, addresses[t]);
	}
	w = add_flow(f, IPPROTO_TCP, "203.0.113.20:443",
	             "stlab.blob.core.windows.net");
	bind_name(f, w, "stlab.blob.core.windows.net");
	w->sni_bound = true;
	w->process = copy(f, "python3");
	w = add_flow(f, IPPROTO_UDP, "203.0.113.53:53", NULL);
	*VP_PUSH(f->arena, w->questions, w->n_questions) =
		copy(f, "stlab.blob.core.windows.net");
	f->capture.evidence = copy(f, "/tmp/evidence.pcap");
}

static void reach_trouble(struct vp_facts *f)
{
	struct vp_target_address *blob = &f->targets[BLOB].addresses[0];
	struct vp_target_address *vault = &f->targets[VAULT].addresses[0];
	struct vp_target_address *registry = &f->targets[REGISTRY].addresses[0];

	blob->tls.outcome = VP_OUTCOME_NAME_MISMATCH;
	blob->tls.name_matches = false;
	blob->tls.subject_alt_names[0] = copy(f, "*.vault.azure.net");
	vault->http.service_saw = addr("203.0.113.9");
	registry->tcp.outcome = VP_OUTCOME_TIMEOUT;
	registry->tcp.elapsed_us = 5000123;
	registry->tls.outcome = VP_OUTCOME_NONE;
	registry->http.outcome = VP_OUTCOME_NONE;
	*VP_PUSH(f->arena, f->proxies, f->n_proxies) =
		copy(f, "https_proxy=http://10.0.0.9:3128");
	set_proxy(f, "https_proxy", "http://10.0.0.9:3128");
	set_proxy(f, "http_proxy", "http://10.0.0.9:3128");
	set_proxy(f, "no_proxy", ".azure.net *.windows.net,10.0.0.0/8");
}

static void no_rights(struct vp_facts *f)
{
	memset(&f->capture, 0, sizeof(f->capture));
	f->capture.wanted = true;
	f->capture.state = VP_CAPTURE_OFF;
	f->capture.reason = copy(f, "no right to capture (CAP_NET_RAW)");
	f->capture.remedy =
		copy(f, "sudo setcap cap_net_raw+ep /usr/bin/vnetprobe");
}

static void many(struct vp_facts *f)
{
	char name[64], alias[96], address[32];

	for (int i = 0; i < 40; i++) {
		snprintf(address, sizeof(address), "10.20.3.%d", i / 4 + 1);
		snprintf(name, sizeof(name), "st%02d.blob.core.windows.net", i);
		snprintf(alias, sizeof(alias),
		         "st%02d.privatelink.blob.core.windows.net", i);
		add_target(f, name, alias, "privatelink.blob.core.windows.net",
		           VP_KIND_BLOB, address);
		if (i % 4 != 0)
			continue;
		f->targets[N_TARGETS + i].addresses[0].tcp.outcome =
			VP_OUTCOME_TIMEOUT;
	}
}

/* Two rules that are proposed at once stay two rules. */
static void unexplained(struct vp_facts *f)
{
	struct vp_flow *w;

	w = add_flow(f, IPPROTO_TCP, "198.51.100.9:443", NULL);
	bind_name(f, w, "pypi.org");
	w->process = copy(f, "pip");
	w = add_flow(f, IPPROTO_TCP, "198.51.100.10:443", NULL);
	bind_name(f, w, "telemetry.example");
	w->process = copy(f, "train");
}

static struct vp_flow *to_pypi(struct vp_facts *f, const char *local,
                               const char *remote, const char *process)
{
	struct vp_flow *w = add_flow(f, IPPROTO_TCP, remote, NULL);

	bind_name(f, w, "pypi.org");
	w->local = endpoint(local);
	w->process = copy(f, process);
	w->owner = vp_arena_alloc(f->arena, sizeof(*w->owner));
	w->owner->how = VP_OWNER_SOCKET;
	w->owner->pid = 700 + (uint32_t)f->n_flows;
	w->owner->uid = 1000;
	w->n_owners = 1;
	w->first_us += (int64_t)f->n_flows * 1000000;
	w->last_us = w->first_us + 500000;
	return w;
}

/* What differs in ports, pids, times and a name's address is one entry; by
 * another process, to another port, without an answer, of another user it is
 * not. Who sent a probe of ours is known. */
static void repeated(struct vp_facts *f)
{
	struct vp_flow *w;
	char local[32];

	for (unsigned i = 0; i < 9; i++) {
		snprintf(local, sizeof(local), "10.20.1.4:%u", 51000 + i);
		to_pypi(f, local,
		        i < 6 ? "198.51.100.9:443" : "[2001:db8::9]:443",
		        "pip");
	}
	f->flows[4].flows = 3;
	to_pypi(f, "10.20.1.4:51100", "198.51.100.9:443", "conda");
	to_pypi(f, "10.20.1.4:51101", "198.51.100.9:80", "pip");
	to_pypi(f, "10.20.1.4:51102", "198.51.100.9:443", "pip")->state =
		VP_FLOW_ATTEMPTED;
	to_pypi(f, "10.20.1.4:51103", "198.51.100.9:443", "pip")->owner->uid =
		0;
	to_pypi(f, "10.20.1.4:51104", "198.51.100.9:443", NULL);
	for (unsigned i = 0; i < 2; i++) {
		w = add_flow(f, IPPROTO_UDP, "203.0.113.53:53", NULL);
		w->local.port = (uint16_t)(40000 + i);
		w->own = true;
		w->owner = vp_arena_alloc(f->arena, sizeof(*w->owner));
		w->owner->uid = 1000;
		w->n_owners = 1;
	}
}

/* More entries than are shown: all flows of the rest are counted. */
static void crowded(struct vp_facts *f)
{
	char local[32], remote[32];

	for (unsigned i = 0; i < 30; i++) {
		snprintf(local, sizeof(local), "10.20.1.4:%u", 51000 + i);
		snprintf(remote, sizeof(remote), "198.51.100.%u:443", i / 2);
		add_flow(f, IPPROTO_TCP, remote, NULL)->local = endpoint(local);
	}
	f->flows[29].flows = 40;
}

static const struct {
	const char *name;
	void (*change)(struct vp_facts *);
	bool verbose;
} goldens[] = {
	{ "healthy", nothing, false },
	{ "leaking", leaking, false },
	{ "reach-trouble", reach_trouble, false },
	{ "no-rights", no_rights, false },
	{ "many", many, false },
	{ "unexplained", unexplained, false },
	{ "repeated", repeated, false },
	{ "crowded", crowded, false },
	{ "verbose", leaking, true },
};

/* Saved facts in, the whole text out, byte by byte; and the saved facts are
 * what the writer writes. */
static void test_golden(void **state)
{
	char path[256], why[256];

	(void)state;
	for (size_t i = 0; i < sizeof(goldens) / sizeof(goldens[0]); i++) {
		struct vp_facts *f = healthy(), *again;
		char *json, *text;

		goldens[i].change(f);
		json = json_of(f);
		snprintf(path, sizeof(path), "%s/golden/%s.json", VP_TEST_DATA,
		         goldens[i].name);
		compare_with_file(path, json);
		if (vp_report_read(&again, path, why, sizeof(why)) != 0)
			fail_msg("%s", why);
		text = text_of(again, false, goldens[i].verbose, 0);
		snprintf(path, sizeof(path), "%s/golden/%s.txt", VP_TEST_DATA,
		         goldens[i].name);
		compare_with_file(path, text);
		free(text);
		free(json);
		vp_facts_destroy(again);
		vp_facts_destroy(f);
	}
}

/* Each for itself where all is wanted. */
static void test_repeated_verbose(void **state)
{
	struct vp_facts *f = healthy();
	char *text;

	(void)state;
	repeated(f);
	text = text_of(f, false, true, 0);
	assert_null(strstr(text, "flows: tcp"));
	assert_non_null(strstr(text, "by pip, pid 702, user 1000"));
	assert_non_null(strstr(text, "by pip, pid 703, user 1000"));
	assert_non_null(strstr(text, "3 flows put together"));
	free(text);
	vp_facts_destroy(f);
}

/* Of several findings a line each is shown: what is left out is counted whole,
 * also where a finding has not all of its own. */
static void test_evidence_left_out(void **state)
{
	struct vp_facts *f = healthy();
	char *text;

	(void)state;
	for (unsigned i = 0; i < 12; i++)
		add_flow(f, IPPROTO_TCP, "192.0.2.1:443", NULL);
	for (unsigned i = 0; i < 3; i++)
		add_flow(f, IPPROTO_TCP, "192.0.2.2:443", NULL);
	text = text_of(f, false, false, 0);
	/* 15 flows: two lines that are equal are one, and one of the other */
	if (strstr(text, "- and 13 more: -v") == NULL)
		fail_msg("%s", text);
	free(text);
	vp_facts_destroy(f);
}

/* A probe of the run is ours by its socket's ends; a file may say so of any
 * flow, and flows that were put together may be anybody's. */
static void test_sender(void **state)
{
	struct vp_facts *f = healthy();
	struct vp_flow *w = add_flow(f, IPPROTO_TCP, "192.0.2.1:443", NULL);

	(void)state;
	assert_null(vp_flow_sender(f, w));
	w->own = true;
	assert_string_equal(vp_flow_sender(f, w), "vnetprobe");
	f->mode = VP_MODE_ANALYZE;
	assert_string_equal(vp_flow_sender(f, w),
	                    "vnetprobe, as the file says");
	w->flows = 2;
	assert_null(vp_flow_sender(f, w));
	w->process = copy(f, "curl");
	assert_string_equal(vp_flow_sender(f, w), "curl");
	vp_facts_destroy(f);
}

/* What a lack of BPF means for the verdict is said where it lacks, once. */
static void test_senders(void **state)
{
	static const struct {
		const char *how, *why, *line;
	} rows[] = {
		{ "bpf", NULL, "  senders told by bpf\n\n" },
		{ "bpf", "raw sockets by their open sockets only",
		  "  senders told by bpf, but raw sockets by their open "
		  "sockets only\n    What this means: every flow is judged" },
		{ "socket-diag", "BPF is not wanted",
		  "  senders told by socket-diag: BPF is not wanted\n"
		  "    What this means: every flow is judged" },
		{ NULL, "out of memory",
		  "  senders are not known: out of memory\n"
		  "    What this means: every flow is judged" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct vp_facts *f = healthy();
		char *text;

		f->capture.owners = copy(f, rows[i].how);
		f->capture.owners_why = copy(f, rows[i].why);
		text = text_of(f, false, false, 0);
		if (strstr(text, rows[i].line) == NULL)
			fail_msg("lacks:\n%s\nin:\n%s", rows[i].line, text);
		if (rows[i].why == NULL)
			assert_null(strstr(text, "What this means"));
		free(text);
		vp_facts_destroy(f);
	}
}

/* No line is longer than the terminal, but for words that are. */
static void test_columns(void **state)
{
	(void)state;
	for (unsigned columns = 60; columns <= 120; columns += 20) {
		struct vp_facts *f = healthy();
		char *text, *line, *end;

		leaking(f);
		reach_trouble(f);
		text = text_of(f, false, false, columns);
		for (line = text; *line != '\0'; line = end + 1) {
			end = strchr(line, '\n');
			assert_non_null(end);
			*end = '\0';
			if (strlen(line) > (columns > 80 ? columns : 80))
				fail_msg("%zu columns: %s", strlen(line), line);
			assert_true(end == line || end[-1] != ' ' ||
			            columns < 80);
		}
		free(text);
		vp_facts_destroy(f);
	}
}

static void test_color(void **state)
{
	struct vp_facts *f = healthy();
	char *text;

	(void)state;
	leaking(f);
	text = text_of(f, false, false, 0);
	assert_null(strchr(text, '\033'));
	free(text);
	text = text_of(f, true, false, 0);
	assert_non_null(
		strstr(text, "\n\033[1;31mleak\033[0m     \033[1mleak-"));
	free(text);
	vp_facts_destroy(f);
}

/* What a server can put into our report stays text. */
static void test_no_control_bytes(void **state)
{
	static const char evil[] = "\033]0;owned\a\x9b"
				   "31m\xc2\x9b\xe2\x80\xae\r\n\x7f";
	struct vp_facts *f = healthy();
	char *out;

	(void)state;
	leaking(f);
	f->flows[0].sni = copy(f, evil);
	f->hostname = copy(f, evil);
	row(f, BLOB, SECOND, VP_DNS_A)->chain[1].target = copy(f, evil);
	f->targets[BLOB].addresses[0].tls.name_matches = false;
	f->targets[BLOB].addresses[0].tls.subject_alt_names[0] = copy(f, evil);
	f->targets[BLOB].addresses[0].tls.issuer = copy(f, evil);
	for (int verbose = 0; verbose < 2; verbose++) {
		out = text_of(f, false, verbose != 0, 0);
		for (const char *p = out; *p != '\0'; p++) {
			if ((unsigned char)*p > 0x7e ||
			    ((unsigned char)*p < 0x20 && *p != '\n'))
				fail_msg("byte %02x", (unsigned char)*p);
		}
		free(out);
	}
	out = json_of(f);
	for (const char *p = out; *p != '\0'; p++) {
		if ((unsigned char)*p > 0x7e ||
		    ((unsigned char)*p < 0x20 && *p != '\n'))
			fail_msg("byte %02x", (unsigned char)*p);
	}
	free(out);
	vp_facts_destroy(f);
}

/* --- there and back ---------------------------------------------------- */

static uint64_t seed;

/* xorshift64*: the same facts for the same seed everywhere. */
static uint64_t rnd(uint64_t n)
{
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return (seed * UINT64_C(2685821657736338717) >> 20) % n;
}

static bool coin(void)
{
	return rnd(2) == 0;
}

/* Bytes of any kind, or none. */
static char *rnd_text(struct vp_facts *f)
{
	static const char *const parts[] = {
		"a",    ".privatelink.", "\\x41",        "\\",   "\\x",
		"\xff", "\xc3\xa4",      "\xe2\x82",     "\x01", "\n",
		"\"",   "blob",          "\xf0\x9f\x90", " ",    "\x7f",
	};
	char *out;

	if (rnd(4) == 0)
		return NULL;
	out = copy(f, "");
	for (uint64_t n = rnd(5); n > 0; n--)
		out = vp_arena_printf(
			f->arena, "%s%s", out,
			parts[rnd(sizeof(parts) / sizeof(parts[0]))]);
	return out;
}

static char *some_text(struct vp_facts *f)
{
	char *out = rnd_text(f);

	return out != NULL ? out : copy(f, "x");
}

static struct vp_addr rnd_addr(void)
{
	static const char *const list[] = {
		"10.20.2.7",    "10.20.2.8",    "10.99.0.1",  "203.0.113.20",
		"203.0.113.53", "0.0.0.0",      "127.0.0.1",  "168.63.129.16",
		"2001:db8::20", "fd00:20::7",   "8.8.8.8",    "::1",
		"100.64.0.1",   "198.51.100.1", "224.0.0.251"
	};

	return addr(list[rnd(sizeof(list) / sizeof(list[0]))]);
}

static struct vp_endpoint rnd_endpoint(void)
{
	static const uint16_t ports[] = { 0, 53, 443, 853, 50001 };
	struct vp_endpoint e = { rnd_addr(), ports[rnd(5)] };

	return e;
}

static struct vp_endpoint rnd_endpoint_or_none(void)
{
	struct vp_endpoint none = { 0 };

	return rnd(4) == 0 ? none : rnd_endpoint();
}

static char *rnd_name(struct vp_facts *f)
{
	static const char *const suffixes[] = { "blob.core.windows.net",
		                                "vault.azure.net", "azurecr.io",
		                                "example.com" };

	return vp_arena_printf(f->arena, "n%u.%s", (unsigned)rnd(6),
	                       suffixes[rnd(4)]);
}

static int64_t rnd_time(void)
{
	return coin() ? 0 : T0 + (int64_t)rnd(100000000);
}

static void rnd_row_fill(struct vp_facts *f, struct vp_dns_row *r,
                         const char *name, size_t resolver)
{
	bool nss = f->resolvers[resolver].source == VP_RESOLVER_NSS;

	r->resolver = resolver;
	r->type = nss ? 0 : coin() ? VP_DNS_A : VP_DNS_AAAA;
	r->question = (enum vp_question_kind)(coin() ? 0 : rnd(4));
	r->asked = coin() ? rnd_text(f) : NULL;
	r->authoritative = coin();
	r->without_edns = rnd(8) == 0;
	r->elsewhere = rnd(8) == 0;
	r->sent_us = rnd_time();
	r->transport = nss      ? VP_TRANSPORT_NSS
	               : coin() ? VP_TRANSPORT_UDP
	                        : VP_TRANSPORT_TCP;
	r->round = 1 + (unsigned)rnd(3);
	r->outcome =
		coin() ? VP_OUTCOME_OK : (enum vp_outcome)rnd(VP_OUTCOME_COUNT);
	r->rcode = (int)rnd(14) - 1;
	r->truncated = rnd(5) == 0;
	r->alias_loop = rnd(8) == 0;
	for (uint64_t i = rnd(3); i > 0; i--)
		add_alias(f, r, name,
		          coin() ? some_text(f)
		                 : "a.privatelink.blob.core.windows.net");
	for (uint64_t i = rnd(3); i > 0; i--) {
		struct vp_dns_address *a =
			VP_PUSH(f->arena, r->addresses, r->n_addresses);

		a->addr = rnd_addr();
		a->ttl = (uint32_t)rnd(UINT32_MAX);
	}
	if (coin())
		set_soa(f, r, "privatelink.blob.core.windows.net",
		        coin() ? "azureprivatedns.net" : "ns.example");
	r->detail = rnd_text(f);
	r->elapsed_us = rnd(5000000);
	r->local = rnd_endpoint_or_none();
}

static void rnd_row(struct vp_facts *f, struct vp_name *n, size_t resolver)
{
	rnd_row_fill(f, VP_PUSH(f->arena, n->rows, n->n_rows), n->name,
	             resolver);
}

static void rnd_address(struct vp_facts *f, struct vp_target *t)
{
	struct vp_target_address *a =
		VP_PUSH(f->arena, t->addresses, t->n_addresses);

	a->addr = rnd_addr();
	a->reach = (enum vp_reach)rnd(3);
	a->route.outcome = (enum vp_outcome)rnd(VP_OUTCOME_COUNT);
	a->route.interface = rnd_text(f);
	a->route.source = rnd_addr();
	a->route.gateway = rnd_endpoint_or_none().addr;
	a->local = rnd_endpoint_or_none();
	a->tcp.outcome =
		coin() ? VP_OUTCOME_OK : (enum vp_outcome)rnd(VP_OUTCOME_COUNT);
	a->tcp.elapsed_us = rnd(5000000);
	if (!t->tls)
		return; /* none of the rest is there then */
	a->tls.outcome =
		coin() ? VP_OUTCOME_OK : (enum vp_outcome)rnd(VP_OUTCOME_COUNT);
	a->tls.elapsed_us = rnd(5000000);
	a->tls.version = rnd_text(f);
	a->tls.subject = rnd_text(f);
	a->tls.issuer = coin() ? rnd_text(f) : copy(f, "CN=Proxy");
	a->tls.root_issuer = rnd_text(f);
	a->tls.anchor = rnd_text(f);
	for (uint64_t i = rnd(3); i > 0; i--)
		*VP_PUSH(f->arena, a->tls.subject_alt_names,
		         a->tls.n_subject_alt_names) = some_text(f);
	a->tls.not_before_s = rnd_time() / 1000000;
	a->tls.not_after_s = rnd_time() / 1000000;
	a->tls.name_matches = coin();
	a->tls.self_signed = coin();
	a->tls.verify_code = coin() ? 0 : (long)rnd(30);
	a->tls.verify_detail = rnd_text(f);
	a->http.outcome =
		coin() ? VP_OUTCOME_OK : (enum vp_outcome)rnd(VP_OUTCOME_COUNT);
	a->http.elapsed_us = rnd(5000000);
	a->http.status = (unsigned)rnd(600);
	a->http.signature = (enum vp_signature)rnd(6);
	a->http.refused_by = (enum vp_refusal)rnd(4);
	if (a->http.refused_by == VP_REFUSAL_NETWORK)
		a->http.signature = VP_SIGNATURE_DENIED;
	a->http.rule = rnd_text(f);
	if (a->http.rule != NULL)
		a->http.certainty = (enum vp_certainty)rnd(5);
	a->http.said = rnd_text(f);
	a->http.source_doubt = rnd_text(f);
	a->http.service_code = rnd_text(f);
	a->http.service_saw = rnd_endpoint_or_none().addr;
	a->http.connection_type = rnd_text(f);
	a->http.private_endpoint = rnd_text(f);
}

static void rnd_proxy(struct vp_facts *f)
{
	static const char *const variables[] = { "http_proxy", "https_proxy",
		                                 "NO_PROXY", "auto_proxy",
		                                 "proxy" };
	struct vp_proxy_setting *s =
		VP_PUSH(f->arena, f->proxy_settings, f->n_proxy_settings);

	s->source = some_text(f);
	s->variable = copy(f, variables[rnd(5)]);
	s->value = some_text(f);
	s->general = coin();
}

static char *rnd_scenario(struct vp_facts *f)
{
	size_t n;
	const struct vp_catalogue_scenario *all = vp_catalogue_scenarios(&n);

	return copy(f, all[rnd(n)].name);
}

static void rnd_target(struct vp_facts *f, struct vp_name *n)
{
	struct vp_target *t = VP_PUSH(f->arena, f->targets, f->n_targets);

	t->name = n;
	t->port = (uint16_t)(1 + rnd(65535));
	t->kind = (enum vp_kind)rnd(VP_KIND_COUNT);
	t->expect = coin() ? VP_EXPECT_PRIVATE
	                   : (enum vp_expect)rnd(VP_EXPECT_COUNT);
	t->origin = rnd_text(f);
	t->why = rnd_text(f);
	t->zone = coin() ? copy(f, "privatelink.blob.core.windows.net") : NULL;
	t->tls = vp_plan_tls_port(t->port) || coin();
	t->http_path = rnd_text(f);
	for (uint64_t i = rnd(3); i > 0; i--)
		*VP_PUSH(f->arena, t->expected, t->n_expected) = rnd_addr();
	t->expected_from = rnd_text(f);
	t->alternative_of = coin() ? some_text(f) : NULL;
	for (uint64_t i = rnd(3); i > 0; i--)
		*VP_PUSH(f->arena, t->endpoints, t->n_endpoints) = some_text(f);
	for (uint64_t i = rnd(3); i > 0; i--)
		rnd_address(f, t);
}

static void rnd_names(struct vp_facts *f)
{
	for (unsigned i = 0, n = (unsigned)rnd(6); i < n; i++) {
		struct vp_name *name = vp_arena_alloc(f->arena, sizeof(*name));

		name->name = vp_arena_printf(f->arena,
		                             "n%u.blob.core.windows.net", i);
		*VP_PUSH(f->arena, f->names, f->n_names) = name;
		for (size_t r = 0; r < f->n_resolvers; r++) {
			for (uint64_t k = rnd(4); k > 0; k--)
				rnd_row(f, name, r);
		}
		for (uint64_t k = rnd(3); k > 0; k--) {
			struct vp_hosts_line *h =
				VP_PUSH(f->arena, name->hosts, name->n_hosts);

			h->addr = rnd_addr();
			h->line = 1 + (unsigned)rnd(9);
		}
		for (uint64_t k = 1 + rnd(2); k > 0; k--)
			rnd_target(f, name);
	}
}

static void rnd_resolvers(struct vp_facts *f)
{
	for (unsigned i = 0, n = (unsigned)rnd(4); i < n; i++) {
		struct vp_resolver *r;

		add_resolver(f, NULL, (enum vp_resolver_source)rnd(5));
		r = &f->resolvers[i];
		r->endpoint = rnd_endpoint();
		r->route.source = rnd_addr();
		r->label = rnd_text(f);
		r->kind = (enum vp_server_kind)rnd(8);
		r->version = rnd_text(f);
		r->interface = rnd_text(f);
	}
	if (coin())
		add_resolver(f, NULL, VP_RESOLVER_NSS);
}

static void rnd_zones(struct vp_facts *f)
{
	for (uint64_t i = rnd(3); i > 0; i--) {
		struct vp_zone *z = VP_PUSH(f->arena, f->zones, f->n_zones);

		z->name = coin() ? rnd_name(f) : some_text(f);
		z->privatelink = coin();
		for (size_t r = 0; r < f->n_resolvers; r++) {
			struct vp_dns_row *row;

			if (f->resolvers[r].source == VP_RESOLVER_NSS)
				continue;
			row = VP_PUSH(f->arena, z->rows, z->n_rows);
			rnd_row_fill(f, row, z->name, r);
			row->type = VP_DNS_SOA;
		}
	}
}

static void rnd_machine(struct vp_facts *f)
{
	struct vp_machine *m = &f->machine;

	for (uint64_t i = rnd(3); i > 0; i--)
		*VP_PUSH(f->arena, m->search, m->n_search) = some_text(f);
	m->ndots = (unsigned)rnd(3);
	m->hosts_sources = rnd_text(f);
	m->cache = rnd_text(f);
	m->azure = (enum vp_azure)rnd(3);
	for (uint64_t i = rnd(3); i > 0; i--) {
		struct vp_link_dns *l = VP_PUSH(f->arena, m->links, m->n_links);

		l->interface = rnd_text(f);
		for (uint64_t k = rnd(3); k > 0; k--)
			*VP_PUSH(f->arena, l->servers, l->n_servers) =
				rnd_addr();
		for (uint64_t k = rnd(3); k > 0; k--)
			*VP_PUSH(f->arena, l->domains, l->n_domains) =
				some_text(f);
	}
	for (uint64_t i = rnd(3); i > 0; i--)
		*VP_PUSH(f->arena, m->vnet_dns, m->n_vnet_dns) = rnd_addr();
	m->vnet_dns_from = rnd_text(f);
}

static void rnd_trace(struct vp_facts *f)
{
	static const uint16_t types[] = { VP_DNS_A, VP_DNS_AAAA, VP_DNS_SOA,
		                          16,       65,          65535 };

	f->traced = coin();
	for (uint64_t i = f->traced ? rnd(4) : 0; i > 0; i--) {
		struct vp_dns_packet *p =
			VP_PUSH(f->arena, f->trace, f->n_trace);

		p->time_us = rnd_time();
		p->proto = coin() ? IPPROTO_TCP : IPPROTO_UDP;
		p->out = coin();
		p->response = coin();
		p->local = rnd_endpoint_or_none();
		p->remote = rnd_endpoint();
		p->id = (uint16_t)rnd(65536);
		p->flags = (uint16_t)rnd(65536);
		p->type = types[rnd(6)];
		p->rcode = (int)rnd(14) - 1;
		p->name = rnd_text(f);
		p->answer = rnd_text(f);
		p->bytes = rnd(512);
	}
	f->trace_left_out = f->traced ? rnd(2) : 0;
}

static char *text_or_none(struct vp_facts *f)
{
	return coin() ? some_text(f) : NULL;
}

static void rnd_owner(struct vp_facts *f, struct vp_flow *w)
{
	struct vp_owner *own = vp_arena_alloc(f->arena, sizeof(*own));

	own->how = (enum vp_owner_how)rnd(3);
	own->pid = (uint32_t)rnd(3);
	own->uid = coin() ? VP_NO_UID : (uint32_t)rnd(1001);
	own->user = text_or_none(f);
	own->executable = text_or_none(f);
	own->cgroup = text_or_none(f);
	own->container = text_or_none(f);
	own->cgroup_id = rnd(3);
	w->owner = own;
	w->n_owners = 1 + (unsigned)rnd(3);
}

static void rnd_flow_more(struct vp_facts *f, struct vp_flow *w)
{
	for (size_t i = 0; i < w->n_names; i++) {
		w->names[i].current = w->names[i].bound && coin();
		w->names[i].foreign = w->names[i].current && coin();
		w->names[i].answered_us = coin() ? rnd_time() : 0;
		w->names[i].ttl = (uint32_t)rnd(4000);
	}
	w->sni_from = (enum vp_name_source)rnd(3);
	w->ech = coin();
	w->http_host = text_or_none(f);
	w->http_connect = text_or_none(f);
	w->origin = (enum vp_origin)rnd(4);
	w->never_left = coin();
	w->translated_from = rnd_endpoint_or_none();
	w->tunnel = text_or_none(f);
	w->tunnel_peer = rnd_endpoint_or_none();
	w->flows = coin() ? 0 : 2 + rnd(100);
	if (coin())
		rnd_owner(f, w);
	w->of_command = coin();
	w->of_others = !w->of_command && coin();
	for (uint64_t i = rnd(3); i > 0; i--) {
		struct vp_flow_tag *tag = VP_PUSH(f->arena, w->tags, w->n_tags);

		tag->name = some_text(f);
		assert_int_equal(vp_prefix_parse(&tag->prefix, "20.0.0.0/8"),
		                 0);
	}
	w->gap_bytes = rnd(2);
	w->evidence_packets = rnd(3);
	if (w->evidence_packets > 0) {
		w->evidence_first = 1 + rnd(5);
		w->evidence_last = w->evidence_first + rnd(5);
	}
}

static void rnd_flow(struct vp_facts *f)
{
	static const uint8_t protos[] = { IPPROTO_TCP,  IPPROTO_UDP,
		                          IPPROTO_ICMP, IPPROTO_ICMPV6,
		                          47,           0,
		                          255 };
	struct vp_flow *w = VP_PUSH(f->arena, f->flows, f->n_flows);

	w->proto = protos[rnd(sizeof(protos))];
	w->local = rnd_endpoint_or_none();
	w->remote = rnd_endpoint();
	w->interface = rnd_text(f);
	w->direction = (enum vp_direction)rnd(3);
	w->own = coin();
	for (uint64_t i = rnd(3); i > 0; i--) {
		bind_name(f, w, coin() ? rnd_name(f) : some_text(f));
		w->names[w->n_names - 1].bound = coin();
	}
	w->sni = coin() ? rnd_name(f) : rnd_text(f);
	w->sni_bound = coin();
	for (uint64_t i = rnd(6); i > 0; i--)
		*VP_PUSH(f->arena, w->questions, w->n_questions) = rnd_name(f);
	w->names_left_out = rnd(3);
	w->questions_left_out = rnd(3);
	w->process = rnd_text(f);
	w->packets_out = rnd(10);
	w->bytes_out = rnd(1000);
	w->packets_in = rnd(10);
	w->bytes_in = rnd(1000);
	w->first_us = rnd_time();
	w->last_us = rnd_time();
	w->state = (enum vp_flow_state)rnd(3);
	rnd_flow_more(f, w);
}

static void rnd_capture(struct vp_facts *f)
{
	struct vp_capture_facts *c = &f->capture;

	c->wanted = coin();
	c->state = (enum vp_capture_state)rnd(3);
	c->reason = rnd_text(f);
	c->remedy = rnd_text(f);
	for (uint64_t i = rnd(3); i > 0; i--)
		*VP_PUSH(f->arena, c->interfaces, c->n_interfaces) =
			some_text(f);
	c->received = rnd(1000);
	c->dropped = rnd(2);
	c->interface_dropped = rnd(2);
	c->armed_us = rnd_time();
	c->drained_us = rnd_time();
	c->selftest_before = coin();
	c->selftest_after = coin();
	c->interface_missed = coin();
	c->attested_expected = rnd(10);
	c->attested_seen = rnd(c->attested_expected + 1);
	for (uint64_t i = rnd(3); i > 0; i--) {
		struct vp_unseen *u = VP_PUSH(f->arena, c->unseen, c->n_unseen);

		u->proto = coin() ? IPPROTO_TCP : IPPROTO_UDP;
		u->local = rnd_endpoint();
		u->remote = rnd_endpoint_or_none();
		u->what = rnd_text(f);
	}
	c->truncated = rnd(2);
	c->undecodable = 1 + rnd(2);
	c->undecodable_out = rnd(2);
	c->flows_left_out = rnd(2);
	c->evidence_left_out = rnd(2);
	c->evidence = rnd_text(f);
}

static void rnd_policy(struct vp_facts *f)
{
	struct vp_policy *p = &f->policy;

	for (uint64_t i = rnd(3); i > 0; i--)
		*VP_PUSH(f->arena, p->vnet, p->n_vnet) =
			prefix(coin() ? "10.20.0.0/16" : "203.0.113.0/28");
	for (uint64_t i = rnd(3); i > 0; i--) {
		struct vp_allow_rule *r =
			VP_PUSH(f->arena, p->allow, p->n_allow);

		r->name = coin() ? copy(f, "*.azurecr.io") : NULL;
		if (coin())
			r->prefix = prefix("203.0.113.0/24");
		r->port = coin() ? 443 : 0;
		r->process = rnd_text(f);
		r->reason = some_text(f);
		r->service_tag = text_or_none(f);
	}
	p->report_only = coin();
}

static void rnd_ledger(struct vp_facts *f)
{
	struct vp_capture_facts *c = &f->capture;

	for (uint64_t i = rnd(3); i > 0; i--)
		*VP_PUSH(f->arena, c->losses, c->n_losses) =
			(struct vp_loss){ rnd_time(), rnd_time(), rnd(9),
			                  rnd(9), rnd(9) };
	c->losses_left_out = rnd(2);
	for (uint64_t i = rnd(3); i > 0; i--)
		*VP_PUSH(f->arena, c->undecoded, c->n_undecoded) =
			(struct vp_undecoded){ some_text(f), rnd(9), rnd(9) };
	c->names_left_out = rnd(2);
	c->gap_flows = rnd(2);
	c->gap_bytes = c->gap_flows > 0 ? rnd(9) : 0;
	c->evidence_packets = rnd(2);
	c->evidence_bytes = rnd(2);
	c->evidence_ring = coin();
	c->evidence_sha256 = text_or_none(f);
	c->all_interfaces = coin();
	c->file = text_or_none(f);
	c->file_cut = text_or_none(f);
	c->claimed_flows = rnd(3);
	c->owners = text_or_none(f);
	c->owners_why = text_or_none(f);
	c->owners_lost = rnd(2);
}

static void rnd_command(struct vp_facts *f)
{
	struct vp_command_facts *c = &f->command;
	struct vp_tags_facts *t = &f->policy.tags;

	for (uint64_t i = rnd(3); i > 0; i--)
		*VP_PUSH(f->arena, c->argv, c->n_argv) = some_text(f);
	if (c->n_argv > 0) {
		c->started = coin();
		c->why = text_or_none(f);
		c->exit_status = (int)rnd(257) - 1;
		c->signal = (int)rnd(16);
		c->by_cgroup = coin();
		c->left_running = rnd(2);
		for (uint64_t i = rnd(3); i > 0; i--)
			*VP_PUSH(f->arena, c->elsewhere, c->n_elsewhere) =
				(struct vp_elsewhere){ IPPROTO_UDP,
				                       rnd_endpoint(),
				                       rnd_text(f) };
		c->elsewhere_left_out = rnd(2);
		for (uint64_t i = rnd(3); i > 0; i--)
			*VP_PUSH(f->arena, c->entered, c->n_entered) =
				some_text(f);
	}
	t->file = text_or_none(f);
	if (t->file == NULL)
		return;
	t->cloud = rnd_text(f);
	t->change_number = rnd(1000);
	t->dated_us = coin() ? rnd_time() : 0;
	t->n_tags = rnd(9);
	t->n_prefixes = rnd(9);
}

static char *rnd_vnet(struct vp_facts *f)
{
	static const char *const ids[] = { "/vnets/a", "/vnets/b", "/vnets/c" };

	return coin() ? copy(f, ids[rnd(3)]) : rnd_text(f);
}

static void rnd_discovery(struct vp_facts *f)
{
	struct vp_discovery *d = &f->discovery;

	for (uint64_t i = rnd(3); i > 0; i--) {
		struct vp_discovered *v =
			VP_PUSH(f->arena, d->values, d->n_values);

		v->key = some_text(f);
		v->value = some_text(f);
		v->source = some_text(f);
		v->inferred = coin();
	}
	for (uint64_t i = rnd(6); i > 0; i--) {
		struct vp_placement *p =
			VP_PUSH(f->arena, d->placements, d->n_placements);

		p->role = (enum vp_placement_role)rnd(6);
		p->name = some_text(f);
		p->location = coin() ? copy(f, "eastus") : rnd_text(f);
		p->endpoint = rnd_text(f);
		p->group = coin() ? copy(f, "blob") : rnd_text(f);
		p->vnet = rnd_vnet(f);
		p->subnet = rnd_text(f);
		p->source = some_text(f);
	}
	for (uint64_t i = rnd(3); i > 0; i--) {
		struct vp_peering *p =
			VP_PUSH(f->arena, d->peerings, d->n_peerings);

		p->vnet = coin() ? copy(f, "/vnets/a") : some_text(f);
		p->remote = coin() ? copy(f, "/vnets/b") : some_text(f);
		p->connected = coin();
	}
	for (uint64_t i = rnd(2); i > 0; i--)
		*VP_PUSH(f->arena, d->notes, d->n_notes) = some_text(f);
	for (uint64_t i = rnd(2); i > 0; i--)
		*VP_PUSH(f->arena, d->unread, d->n_unread) = some_text(f);
}

static struct vp_facts *random_facts(void)
{
	struct vp_facts *f = vp_facts_create();

	f->tool = rnd_text(f);
	f->hostname = rnd_text(f);
	f->kernel = rnd_text(f);
	f->scenario = rnd_scenario(f);
	f->cloud = coin() ? copy(f, "public") : rnd_text(f);
	f->region = coin() ? copy(f, "westeurope") : rnd_text(f);
	f->started_us = rnd_time();
	f->ended_us = rnd_time();
	f->timing.first_question_us = rnd_time();
	f->timing.last_answer_us = rnd_time();
	f->timing.arming_us = rnd(1000);
	f->timing.linger_us = rnd(1000);
	f->timing.drain_us = rnd(1000);
	rnd_resolvers(f);
	rnd_names(f);
	rnd_zones(f);
	rnd_machine(f);
	rnd_trace(f);
	f->rounds = (unsigned)rnd(4);
	f->mode = (enum vp_mode)rnd(4);
	for (uint64_t i = rnd(8); i > 0; i--)
		rnd_flow(f);
	rnd_capture(f);
	rnd_ledger(f);
	rnd_policy(f);
	rnd_command(f);
	rnd_discovery(f);
	f->trust.ca_file = rnd_text(f);
	for (uint64_t i = rnd(2); i > 0; i--)
		*VP_PUSH(f->arena, f->trust.issuers, f->trust.n_issuers) =
			some_text(f);
	for (uint64_t i = rnd(3); i > 0; i--)
		rnd_proxy(f);
	for (uint64_t i = rnd(2); i > 0; i--)
		*VP_PUSH(f->arena, f->proxies, f->n_proxies) = some_text(f);
	for (uint64_t i = rnd(2); i > 0; i--)
		*VP_PUSH(f->arena, f->state_changes, f->n_state_changes) =
			some_text(f);
	f->deadline_hit = rnd(4) == 0;
	f->stalled_us = rnd(2) * 1000000;
	f->interrupted = rnd(4) == 0;
	return f;
}

/* The writer prints judgement and facts alike: equal bytes, equal both. */
static void test_round_trip(void **state)
{
	struct vp_facts *f, *again;
	char *first, *second, *text, why[256];

	(void)state;
	for (uint64_t i = 1; i <= 1000; i++) {
		seed = i * UINT64_C(0x9e3779b97f4a7c15);
		f = random_facts();
		first = json_of(f);
		if (read_text(&again, first, strlen(first), why, sizeof(why)) !=
		    0)
			fail_msg("seed %u: %s", (unsigned)i, why);
		second = json_of(again);
		if (strcmp(first, second) != 0)
			fail_msg("seed %u differs:\n%s\n%s", (unsigned)i, first,
			         second);
		free(text_of(f, true, coin(), 40 + (unsigned)rnd(80)));
		if (i % 4 == 0) {
			text = dns_text_of(f, coin(), 40 + (unsigned)rnd(80));
			expect_printable(text);
			free(text);
		}
		free(first);
		free(second);
		vp_facts_destroy(again);
		vp_facts_destroy(f);
	}
}

/* Escaping is undone exactly: byte strings of every kind. */
static void test_escape(void **state)
{
	static const struct {
		const char *plain, *escaped;
	} cases[] = {
		{ "", "" },
		{ "plain", "plain" },
		{ "\xc3\xa4", "\xc3\xa4" },
		{ "\xff", "\\xff" },
		{ "\xc3", "\\xc3" },
		{ "\xc0\x80", "\\xc0\\x80" },          /* longer than need be */
		{ "\xed\xa0\x80", "\\xed\\xa0\\x80" }, /* a surrogate */
		{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" },
		{ "\\x41", "\\x5cx41" },
		{ "\\xzz", "\\xzz" },
		{ "\\\\xff", "\\\\x5cxff" },
		{ "a\\", "a\\" },
		{ "\x01", "\x01" },
	};
	struct vp_arena *a = vp_arena_create();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_string_equal(report_escape(a, cases[i].plain),
		                    cases[i].escaped);
		assert_string_equal(report_unescape(a, cases[i].escaped),
		                    cases[i].plain);
	}
	assert_null(report_escape(a, NULL));
	vp_arena_destroy(a);
}

static void test_time(void **state)
{
	static const struct {
		const char *text;
		int64_t us; /* -1: refused */
	} cases[] = {
		{ "1970-01-01T00:00:00.000001Z", 1 },
		{ "2026-11-21T21:47:44.123456Z", 1795297664123456 },
		{ "2024-02-29T00:00:00.000000Z", 1709164800000000 },
		{ "2023-02-29T00:00:00.000000Z", -1 },
		{ "2026-11-21T24:00:00.000000Z", -1 },
		{ "2026-11-21T21:47:44Z", -1 },
		{ "2026-11-21 21:47:44.123456Z", -1 },
		{ "2026-11-21T21:47:44.123456Zx", -1 },
		{ "1969-12-31T23:59:59.999999Z", -1 },
		{ "9999-12-31T23:59:59.999999Z", 253402300799999999 },
		{ "", -1 },
	};
	char buf[REPORT_TIME_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t us = -1;

		report_time_parse(&us, cases[i].text);
		assert_int_equal(us, cases[i].us);
		if (us >= 0)
			assert_string_equal(report_time(buf, us),
			                    cases[i].text);
	}
}

static char *replaced(const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);
	char *out = NULL;

	assert_non_null(at);
	assert_true(asprintf(&out, "%.*s%s%s", (int)(at - text), text, to,
	                     at + strlen(from)) > 0);
	return out;
}

/* More places than anybody writes would take the judge long: they are refused,
 * and as many as may be are judged. */
static void test_many_places(void **state)
{
	struct vp_facts *f = healthy(), *again;
	struct vp_discovery *d = &f->discovery;
	struct vp_placement *p;
	char *text, why[256];

	(void)state;
	for (size_t i = 0; i < VP_PEERINGS_MAX; i++) {
		struct vp_peering *e =
			VP_PUSH(f->arena, d->peerings, d->n_peerings);

		e->vnet = vp_arena_printf(f->arena, "/p/%zu", i);
		e->remote = vp_arena_printf(f->arena, "/q/%zu", i);
		e->connected = true;
	}
	for (size_t i = 0; i <= VP_PLACEMENTS_MAX; i++) {
		p = VP_PUSH(f->arena, d->placements, d->n_placements);
		p->role = (enum vp_placement_role)(i % 5);
		p->name = copy(f, "it");
		p->vnet = vp_arena_printf(f->arena, "/v/%zu", i);
		p->source = copy(f, "ARM");
	}
	text = json_of(f);
	assert_int_equal(
		read_text(&again, text, strlen(text), why, sizeof(why)),
		-EINVAL);
	assert_non_null(strstr(why, "placements: has 257, and 256 are the"));
	free(text);
	d->n_placements--;
	text = json_of(f);
	assert_int_equal(
		read_text(&again, text, strlen(text), why, sizeof(why)), 0);
	vp_facts_destroy(again);
	free(text);
	d->n_placements = 1;
	(void)VP_PUSH(f->arena, d->peerings, d->n_peerings);
	d->peerings[d->n_peerings - 1] = d->peerings[0];
	text = json_of(f);
	assert_int_equal(
		read_text(&again, text, strlen(text), why, sizeof(why)),
		-EINVAL);
	assert_non_null(strstr(why, "peerings: has 1025, and 1024 are the"));
	free(text);
	vp_facts_destroy(f);
}

/* A rule tells what its answer means, whatever the file says beside it; and TLS
 * facts have no place where TLS is not spoken. */
static void test_contradictions(void **state)
{
	static const char firewall[] =
		"\"status\": 403, \"signature\": \"accepted\", "
		"\"rule\": \"storage-firewall\"";
	struct vp_facts *f = healthy(), *again;
	char *text = json_of(f), *bad, why[256];
	struct vp_judgement j;

	(void)state;
	bad = replaced(text, "\"status\": 401, \"signature\": \"accepted\"",
	               firewall);
	assert_int_equal(read_text(&again, bad, strlen(bad), why, sizeof(why)),
	                 0);
	vp_judge(&j, again, again->arena);
	assert_int_equal(j.verdict, VP_VERDICT_FAIL);
	vp_facts_destroy(again);
	free(bad);
	free(text);
	f->targets[BLOB].port = 445;
	f->targets[BLOB].tls = false;
	text = json_of(f);
	assert_int_equal(
		read_text(&again, text, strlen(text), why, sizeof(why)),
		-EINVAL);
	assert_non_null(strstr(why, "targets[0].addresses[0].tls: is false"));
	free(text);
	vp_facts_destroy(f);
}

/* --- the schema -------------------------------------------------------- */

static void test_schema(void **state)
{
	static const struct {
		const char *from, *to;
	} wrong[] = {
		{ "\"schema\": ", "\"schemo\": " },
		{ "\"verdict\": \"pass\"", "\"verdict\": \"fine\"" },
		{ "\"dropped\": 0", "\"dropped\": -1" },
		{ "\"dropped\": 0", "\"dropped\": null" },
		{ "\"scope\": \"vnet\"", "\"scope\": \"inside\"" },
		{ "\"local\": \"10.20.1.4:40001\"", "\"local\": \"x\"" },
		{ "\"findings\": []", "\"findings\": [], \"more\": 1" },
		{ "\"round\": 1", "\"round\": 1, \"authoritative\": false" },
		{ "\"round\": 1", "\"round\": 1, \"question\": \"name\"" },
		{ "\"type\": \"A\"", "\"type\": \"\"" },
	};
	struct vp_facts *f = healthy();
	char *text = json_of(f), *bad;

	(void)state;
	schema_root = json_load_file(
		VP_SOURCE_DIR "/deploy/vnetprobe.report.schema.json", 0, NULL);
	assert_non_null(schema_root);
	optional_seen = json_object();
	check_schema(text, true);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		bad = replaced(text, wrong[i].from, wrong[i].to);
		check_schema(bad, false);
		free(bad);
	}
	free(text);
	vp_facts_destroy(f);
	for (uint64_t i = 1; i <= 300; i++) {
		seed = i * UINT64_C(0x9e3779b97f4a7c15);
		f = random_facts();
		text = json_of(f);
		check_schema(text, true);
		free(text);
		vp_facts_destroy(f);
	}
	check_optional(schema_root);
	json_decref(optional_seen);
	json_decref(schema_root);
}

/* --- files that are no report ------------------------------------------ */

/* In the saved healthy report, this text is replaced; the sentence must name
 * this place. */
static const struct {
	const char *from, *to, *sentence;
} mistakes[] = {
	{ "vnetprobe.report/1", "vnetprobe.report/2",
	  "schema: \"vnetprobe.report/2\" is not vnetprobe.report/1" },
	{ "\"schema\": ", "\"x\": ",
	  "is no report of vnetprobe (check --format json makes one)" },
	{ "\"wanted\": true", "\"wanted\": 1",
	  "capture.wanted: expected true or false, found an integer" },
	{ "\"state\": \"complete\"", "\"state\": \"fine\"",
	  "capture.state: \"fine\" is not known here" },
	{ "\"dropped\": 0", "\"dropped\": -1",
	  "capture.dropped: -1 is not between 0 and" },
	{ "\"dropped\": 0, ", "", "capture.dropped: is missing" },
	{ "\"dropped\": 0", "\"dropped\": 0.5",
	  "capture.dropped: expected an integer, found a number with" },
	{ "\"seen\": 15", "\"seen\": 16",
	  "capture.attested.seen: is more than expected" },
	{ "\"port\": 443, ", "\"port\": 65536, ",
	  "targets[0].port: 65536 is not between 0 and 65535" },
	{ "\"resolver_index\": 0", "\"resolver_index\": 3",
	  "targets[0].dns[0].resolver_index: there are 3 resolvers" },
	{ "\"transport\": \"udp\"", "\"transport\": \"nss\"",
	  "targets[0].dns[0].transport: \"nss\", type" },
	{ "\"outcome\": \"ok\"", "\"outcome\": \"great\"",
	  "targets[0].dns[0].outcome: \"great\" is not known here" },
	{ "\"rcode\": \"NOERROR\"", "\"rcode\": \"RCODE65536\"",
	  "targets[0].dns[0].rcode: \"RCODE65536\" is no response code" },
	{ "\"10.20.2.7\"", "\"10.20.2.777\"",
	  "targets[0].dns[0].addresses: \"10.20.2.777\" is no IP address" },
	{ "\"address_ttls\": [10]", "\"address_ttls\": []",
	  "targets[0].dns[0].address_ttls: is not as long as addresses" },
	{ "\"name\": \"stlab.", "\"name\": \"Stlab.",
	  "targets[0].name: \"Stlab.blob.core.windows.net\" is no host" },
	{ "\"name\": \"stlab.", "\"name\": \"st..",
	  "targets[0].name: \"st..blob.core.windows.net\" is no host" },
	{ "\"10.20.0.0/16\"", "\"10.20.0.1/16\"",
	  "policy.vnet: '10.20.0.1/16' has bits set behind its length" },
	{ "\"10.20.0.0/16\"", "\"0.0.0.0/0\"",
	  "policy.vnet: '0.0.0.0/0' cannot be a VNet's prefix" },
	{ "\"default\": \"fail\"", "\"default\": \"pass\"",
	  "policy.default: \"pass\" is not fail or report" },
	{ "\"source\": \"resolv.conf\"", "\"source\": \"nss\"",
	  "targets[0].dns[0].transport" },
	{ "\"armed\": \"2", "\"armed\": \"x", "capture.window.armed: \"x026" },
	{ "\"interrupted\": false", "\"interrupted\": null",
	  "interrupted: expected true or false, found null" },
	{ "\"flows\": []", "\"flows\": [7]",
	  "flows[0]: expected an object, found an integer" },
	{ "\"flows\": []", "\"flows\": {}",
	  "flows: expected an array, found an object" },
	{ "\"interrupted\": false", "\"deadline_hit\": false",
	  "duplicate object key" },
	{ "\"scenario\": \"secured\"", "\"scenario\": null",
	  "scenario: expected a string, found null" },
	{ "\"scenario\": \"secured\"", "\"scenario\": \"a\\u0000b\"", "line" },
	{ "\"scenario\": \"secured\"", "\"scenario\": \"bogus\"",
	  "scenario: \"bogus\" is no scenario of this version" },
	/* facts that contradict each other */
	{ "\"tls\": true", "\"tls\": false",
	  "targets[0].tls: is false, and TLS is spoken at port 443" },
	{ "\"service_code\": null",
	  "\"refused_by\": \"network\", \"service_code\": null",
	  "targets[0].addresses[0].http.signature: is accepted, and" },
	{ "\"service_code\": null",
	  "\"rule\": \"storage-firewall\", \"service_code\": null",
	  "addresses[0].http.status: 401 is none that the rule" },
	{ "{\n", "[\n", "line" },
	/* keys that may be absent */
	{ "\"round\": 1", "\"round\": 1, \"question\": \"what\"",
	  "targets[0].dns[0].question: \"what\" is not known here" },
	{ "\"round\": 1", "\"round\": 1, \"authoritative\": 1",
	  "targets[0].dns[0].authoritative: expected true or false" },
	{ "\"round\": 1", "\"round\": 1, \"sent\": \"noon\"",
	  "targets[0].dns[0].sent: \"noon\" is no time" },
	{ "\"type\": \"A\"", "\"type\": \"SOA\"",
	  "targets[0].dns[0].type: is not A, AAAA or A+AAAA" },
	{ "\"type\": \"A\"", "\"type\": \"TYPE65536\"",
	  "targets[0].dns[0].type: \"TYPE65536\" is no record type" },
	{ "\"flows\": []", "\"flows\": [], \"zones\": [{\"name\": null}]",
	  "zones[0].name: expected a string, found null" },
	{ "\"flows\": []", "\"flows\": [], \"trace\": [{\"time\": 1}]",
	  "trace[0].time: expected a string or null, found an integer" },
	{ "\"flows\": []", "\"flows\": [], \"machine\": []",
	  "machine: expected an object, found an array" },
	{ "\"flows\": []", "\"flows\": [], \"machine\": {\"ndots\": -1}",
	  "machine.ndots: -1 is not between 0 and 255" },
	{ "\"flows\": []", "\"flows\": [], \"machine\": {\"azure\": \"?\"}",
	  "machine.azure: \"?\" is not known here" },
	{ "\"flows\": []",
	  "\"flows\": [], \"machine\": {\"vnet_dns\": [\"10.0.0\"]}",
	  "machine.vnet_dns: \"10.0.0\" is no IP address" },
	{ "\"expected\": []", "\"expected\": [], \"hosts\": [{\"line\": 1}]",
	  "targets[0].hosts[0].address: is missing" },
	{ "\"source\": \"resolv.conf\"",
	  "\"source\": \"resolv.conf\", \"kind\": \"djbdns\"",
	  "resolvers[0].kind: \"djbdns\" is not known here" },
};

static void test_mistakes(void **state)
{
	struct vp_facts *f = healthy(), *again;
	char *text = json_of(f);
	char why[512];

	(void)state;
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		char *bad = replaced(text, mistakes[i].from, mistakes[i].to);

		again = f;
		if (read_text(&again, bad, strlen(bad), why, sizeof(why)) !=
		    -EINVAL)
			fail_msg("%s was taken", mistakes[i].to);
		assert_null(again);
		if (strstr(why, mistakes[i].sentence) == NULL)
			fail_msg("got \"%s\", want \"%s\"", why,
			         mistakes[i].sentence);
		free(bad);
	}
	free(text);
	vp_facts_destroy(f);
}

/* One leak among flows that are fine. */
static struct vp_facts *leaking_once(void)
{
	struct vp_facts *f = healthy();

	add_flow(f, IPPROTO_TCP, "10.20.2.7:443", NULL);
	add_flow(f, IPPROTO_TCP, "203.0.113.20:443",
	         "stlab.blob.core.windows.net");
	add_flow(f, IPPROTO_UDP, "10.20.0.4:53", NULL);
	return f;
}

static void all_flows_gone(json_t *flows, json_t *capture)
{
	(void)capture;
	json_array_clear(flows);
}

static void leak_gone(json_t *flows, json_t *capture)
{
	(void)capture;
	json_array_remove(flows, 1);
}

static void leak_replaced(json_t *flows, json_t *capture)
{
	json_t *other = json_deep_copy(json_array_get(flows, 0));

	(void)capture;
	json_object_set_new(other, "packets_out", json_integer(1));
	json_array_set_new(flows, 1, other);
}

static void flow_twice(json_t *flows, json_t *capture)
{
	(void)capture;
	json_array_append(flows, json_array_get(flows, 0));
}

static void nothing_done(json_t *flows, json_t *capture)
{
	(void)flows;
	(void)capture;
}

static void not_counted(json_t *flows, json_t *capture)
{
	(void)flows;
	json_object_del(capture, "flows_listed");
	json_object_del(capture, "packets_listed");
}

static const struct {
	void (*edit)(json_t *flows, json_t *capture);
	const char *sentence; /* NULL: it is read, and the leak is found */
} edits[] = {
	{ nothing_done, NULL },
	{ not_counted, NULL }, /* a report of before */
	{ all_flows_gone, "capture.flows_listed: is 3, and the flows in the "
	                  "report make 0" },
	{ leak_gone, "capture.flows_listed: is 3, and the flows in the report "
	             "make 2" },
	{ leak_replaced, "capture.packets_listed: is 39, and the flows in the "
	                 "report make 33" },
	{ flow_twice, "capture.flows_listed: is 3, and the flows in the report "
	              "make 4" },
};

/* What was taken out of a report does not make it a better one. */
static void test_flows_gone(void **state)
{
	struct vp_facts *f = leaking_once(), *again;
	char *text = json_of(f), why[512];
	struct vp_judgement j;

	(void)state;
	for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
		json_t *report = json_loads(text, 0, NULL);
		char *edited;

		assert_non_null(report);
		edits[i].edit(json_object_get(report, "flows"),
		              json_object_get(report, "capture"));
		edited = json_dumps(report, 0);
		json_decref(report);
		if (edits[i].sentence == NULL) {
			assert_int_equal(read_text(&again, edited,
			                           strlen(edited), why,
			                           sizeof(why)),
			                 0);
			vp_judge(&j, again, again->arena);
			assert_int_equal(j.verdict, VP_VERDICT_LEAK);
			vp_facts_destroy(again);
		} else {
			assert_int_equal(read_text(&again, edited,
			                           strlen(edited), why,
			                           sizeof(why)),
			                 -EINVAL);
			if (strstr(why, edits[i].sentence) == NULL)
				fail_msg("got \"%s\", want \"%s\"", why,
				         edits[i].sentence);
		}
		free(edited);
	}
	free(text);
	vp_facts_destroy(f);
}

/* A report that was cut anywhere is refused, never judged as if whole. */
static void test_cut(void **state)
{
	struct vp_facts *f = healthy(), *again;
	char *text = json_of(f);
	char why[256];

	(void)state;
	for (size_t len = 0; len + 2 < strlen(text); len += 37)
		assert_int_equal(read_text(&again, text, len, why, sizeof(why)),
		                 -EINVAL);
	free(text);
	vp_facts_destroy(f);
}

static void test_no_file(void **state)
{
	struct vp_facts *f;
	char why[256];

	(void)state;
	assert_int_equal(
		vp_report_read(&f, "/nonexistent/r.json", why, sizeof(why)),
		-ENOENT);
	assert_string_equal(why,
	                    "/nonexistent/r.json: No such file or directory");
	assert_int_equal(vp_report_read(&f, "/tmp", why, sizeof(why)), -EISDIR);
	assert_int_equal(vp_report_read(&f, "/dev/null", why, sizeof(why)),
	                 -EINVAL);
}

/* A key that a later version added does not matter; one that is deep is not
 * followed for ever. */
static void test_unknown_and_deep(void **state)
{
	struct vp_facts *f = healthy(), *again;
	char *text = json_of(f), *more;
	char why[256];
	size_t n = 100000;

	(void)state;
	more = replaced(text, "{\n", "{\"later\": {\"a\": [1]},\n");
	assert_int_equal(
		read_text(&again, more, strlen(more), why, sizeof(why)), 0);
	vp_facts_destroy(again);
	free(more);
	more = malloc(n);
	memset(more, '[', n);
	assert_int_equal(read_text(&again, more, n, why, sizeof(why)), -EINVAL);
	free(more);
	free(text);
	vp_facts_destroy(f);
}

static void test_stream_error(void **state)
{
	struct vp_facts *f = healthy();
	struct vp_arena *arena = vp_arena_create();
	struct vp_text_style style = { 0 };
	struct vp_judgement j;
	FILE *full = fopen("/dev/full", "w");

	(void)state;
	assert_non_null(full);
	vp_judge(&j, f, arena);
	assert_int_equal(vp_report_json(full, f, &j), -ENOSPC);
	clearerr(full);
	assert_int_equal(vp_report_text(full, f, &j, &style), -ENOSPC);
	fclose(full);
	vp_arena_destroy(arena);
	vp_facts_destroy(f);
}

/* --- the table of findings --------------------------------------------- */

/* Design, section 5: users' scripts rely on these. */
static const char *const contract[] = { "dns-zone-not-linked",
	                                "dns-no-private-endpoint",
	                                "dns-record-missing",
	                                "dns-name-unknown",
	                                "dns-forwarder-wrong-zone",
	                                "dns-zone-shadowed",
	                                "dns-fallback-to-internet",
	                                "dns-resolvers-disagree",
	                                "dns-unstable",
	                                "dns-wrong-address",
	                                "dns-outside-vnet",
	                                "dns-bogon",
	                                "dns-hosts-override",
	                                "dns-search-suffix",
	                                "dns-ipv6-public",
	                                "dns-timeout",
	                                "dns-servfail",
	                                "dns-refused",
	                                "dns-tcp-blocked",
	                                "dns-public-resolver",
	                                "dns-stale-negative",
	                                "tcp-timeout",
	                                "tcp-refused",
	                                "tcp-unreachable",
	                                "tls-silent",
	                                "tls-name-mismatch",
	                                "tls-untrusted",
	                                "tls-intercepted",
	                                "tls-expired",
	                                "http-network-denied",
	                                "service-saw-other-source",
	                                "proxy-configured",
	                                "route-unexpected",
	                                "leak-target",
	                                "leak-dns",
	                                "egress-unexplained",
	                                "egress-allowed",
	                                "capture-off",
	                                "capture-late",
	                                "capture-drops",
	                                "capture-blind",
	                                "capture-interface-missed",
	                                "state-changed",
	                                "deadline-hit",
	                                "interrupted" };

static void test_table(void **state)
{
	size_t n;
	const struct vp_finding_type *t = vp_finding_types(&n);

	(void)state;
	for (size_t i = 0; i < sizeof(contract) / sizeof(contract[0]); i++) {
		if (vp_finding_type(contract[i]) == NULL)
			fail_msg("%s is gone", contract[i]);
	}
	for (size_t i = 0; i < n; i++) {
		assert_ptr_equal(vp_finding_type(t[i].id), &t[i]);
		assert_true(strlen(t[i].title) > 0 && strlen(t[i].title) < 70);
		assert_true(strlen(t[i].seen) > 0 && strlen(t[i].means) > 0);
		assert_true(strlen(t[i].remedy) > 0);
		assert_true(strlen(t[i].source) > 0);
		assert_true(strlen(vp_finding_family_title(t[i].family)) > 0);
	}
}

static void compare_page(int (*write)(FILE *), const char *page)
{
	char path[256], *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(write(out), 0);
	fclose(out);
	snprintf(path, sizeof(path), "%s/docs/%s", VP_SOURCE_DIR, page);
	compare_with_file(path, text);
	free(text);
}

static void test_docs(void **state)
{
	(void)state;
	compare_page(vp_findings_markdown, "findings.md");
	compare_page(vp_signatures_markdown, "signatures.md");
}

/* What is said on stderr of an id that there is not. */
static void check_suggestion(const char *id, const char *want)
{
	char said[256] = "";
	int fd = memfd_create("stderr", 0), before = dup(STDERR_FILENO);
	FILE *out = fopen("/dev/null", "w");

	assert_true(fd >= 0 && before >= 0 && out != NULL);
	fflush(stderr);
	dup2(fd, STDERR_FILENO);
	assert_int_equal(vp_explain(out, id, false), 2);
	fflush(stderr);
	dup2(before, STDERR_FILENO);
	assert_true(pread(fd, said, sizeof(said) - 1, 0) > 0);
	fclose(out);
	close(before);
	close(fd);
	if (strstr(said, want) == NULL)
		fail_msg("%s: %s", id, said);
}

static void test_explain_unknown(void **state)
{
	(void)state;
	check_suggestion("dns-zone", "did you mean 'dns-zone-");
	check_suggestion("capture-blnd", "did you mean 'capture-blind'");
	check_suggestion("dn", "lists them all");
	check_suggestion("quite-another-thing", "lists them all");
}

static void test_explain(void **state)
{
	size_t n, size;
	const struct vp_finding_type *t = vp_finding_types(&n);
	char *text;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	assert_int_equal(vp_explain(out, NULL, false), 0);
	fclose(out);
	for (size_t i = 0; i < n; i++) { /* no id runs into its title */
		char *cell = NULL;

		assert_true(asprintf(&cell, " %s ", t[i].id) > 0);
		if (strstr(text, cell) == NULL)
			fail_msg("%s is no word of its own", t[i].id);
		free(cell);
	}
	free(text);
	for (size_t i = 0; i < n; i++) {
		out = open_memstream(&text, &size);
		assert_int_equal(vp_explain(out, t[i].id, i % 2 == 0), 0);
		fclose(out);
		assert_non_null(strstr(text, t[i].title));
		free(text);
	}
	out = open_memstream(&text, &size);
	assert_int_equal(vp_explain(out, "no-such-id", false), 2);
	fclose(out);
	assert_int_equal(size, 0);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_repeated_verbose),
		cmocka_unit_test(test_sender),
		cmocka_unit_test(test_senders),
		cmocka_unit_test(test_evidence_left_out),
		cmocka_unit_test(test_columns),
		cmocka_unit_test(test_explain_unknown),
		cmocka_unit_test(test_color),
		cmocka_unit_test(test_no_control_bytes),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_schema),
		cmocka_unit_test(test_escape),
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_contradictions),
		cmocka_unit_test(test_many_places),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_flows_gone),
		cmocka_unit_test(test_no_file),
		cmocka_unit_test(test_unknown_and_deep),
		cmocka_unit_test(test_stream_error),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_docs),
		cmocka_unit_test(test_explain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
