/*
 * test_report_dns.c - the text of `vnetprobe dns`: golden files of what people
 * see in each kind of trouble, and what must hold for all of them.
 *
 * VP_UPDATE=1 rewrites the golden files for review.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "facts_builder.h"
#include "golden.h"
#include "report.h"

#define BLOB_NAME "stlab.blob.core.windows.net"
#define BLOB_ALIAS "stlab.privatelink.blob.core.windows.net"
#define BLOB_ZONE "privatelink.blob.core.windows.net"
#define AZURE "168.63.129.16"

static __attribute__((noinline)) char *text_of(const struct vp_facts *f,
                                               struct vp_text_style style)
{
	struct vp_arena *arena = vp_arena_create();
	struct vp_judgement j;
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	vp_judge(&j, f, arena);
	assert_int_equal(vp_report_dns(out, f, &j, &style), 0);
	fclose(out);
	vp_arena_destroy(arena);
	return text;
}

/* --- facts of a doctor's run ------------------------------------------- */

static size_t add_server(struct vp_facts *f, const char *text,
                         enum vp_resolver_source source)
{
	add_resolver(f, text, source);
	return f->n_resolvers - 1;
}

/* The row of a question, in a round; the arrays move with each push. */
static struct vp_dns_row *ask(struct vp_facts *f, size_t name, size_t resolver,
                              uint16_t type, enum vp_transport transport,
                              unsigned round)
{
	struct vp_dns_row *r = add_row(f, name, resolver, type);

	r->transport = transport;
	r->round = round;
	return r;
}

static void private_answer(struct vp_facts *f, struct vp_dns_row *r,
                           size_t name)
{
	const struct vp_dns_row *model = row(f, name, FIRST, VP_DNS_A);

	r->chain = model->chain;
	r->n_chain = model->n_chain;
	add_address(f, r, "10.20.2.7");
}

static void public_answer(struct vp_facts *f, struct vp_dns_row *r)
{
	add_alias(f, r, BLOB_NAME, BLOB_ALIAS);
	add_alias(f, r, BLOB_ALIAS,
	          "blob.ams22prdstr01a.store.core.windows.net");
	if (r->type == VP_DNS_A)
		add_address(f, r, "203.0.113.20");
}

/* Each server of the healthy facts is asked in three rounds, and over TCP. */
static struct vp_facts *doctor(void)
{
	struct vp_facts *f = healthy();

	f->mode = VP_MODE_DNS;
	f->rounds = 3;
	memset(&f->capture, 0, sizeof(f->capture));
	f->capture.state = VP_CAPTURE_OFF;
	f->capture.reason = copy(f, "not needed: dns asks questions only");
	f->resolvers[FIRST].version = copy(f, "9.18.33-1~deb12u2-Debian");
	f->resolvers[FIRST].kind = VP_SERVER_BIND;
	f->machine.hosts_sources = copy(f, "files dns");
	f->machine.azure = VP_AZURE_YES;
	*VP_PUSH(f->arena, f->machine.search, f->machine.n_search) =
		copy(f, "reddog.microsoft.com");
	f->machine.ndots = 1;
	for (size_t n = 0; n < f->n_names; n++) {
		size_t rows = f->names[n]->n_rows;

		f->targets[n].n_addresses = 0; /* nothing is connected to */
		for (unsigned round = 2; round <= 3; round++) {
			for (size_t i = 0; i < rows; i++) {
				struct vp_dns_row again = f->names[n]->rows[i];

				again.round = round;
				*VP_PUSH(f->arena, f->names[n]->rows,
				         f->names[n]->n_rows) = again;
			}
		}
	}
	return f;
}

static void each_round(struct vp_facts *f, size_t name, size_t resolver,
                       uint16_t type,
                       void (*change)(struct vp_facts *, struct vp_dns_row *))
{
	for (size_t i = 0; i < f->names[name]->n_rows; i++) {
		struct vp_dns_row *r = &f->names[name]->rows[i];

		if (r->resolver != resolver || r->type != type)
			continue;
		r->chain = NULL;
		r->n_chain = 0;
		clear_addresses(r);
		change(f, r);
	}
}

static void nothing(struct vp_facts *f)
{
	(void)f;
}

static void add_azure(struct vp_facts *f)
{
	size_t azure = add_server(f, AZURE ":53", VP_RESOLVER_AZURE);

	for (unsigned round = 1; round <= 3; round++) {
		struct vp_dns_row *r =
			ask(f, BLOB, azure, VP_DNS_A, VP_TRANSPORT_UDP, round);

		private_answer(f, r, BLOB);
		r = ask(f, BLOB, azure, VP_DNS_AAAA, VP_TRANSPORT_UDP, round);
		r->chain = row(f, BLOB, FIRST, VP_DNS_A)->chain;
		r->n_chain = 1;
	}
}

static void ask_alias(struct vp_facts *f, size_t resolver, const char *address)
{
	struct vp_dns_row *r =
		ask(f, BLOB, resolver, VP_DNS_A, VP_TRANSPORT_UDP, 1);

	r->question = VP_QUESTION_ALIAS;
	r->asked = copy(f, BLOB_ALIAS);
	add_address(f, r, address);
}

static void ask_zone(struct vp_facts *f, const char *name, size_t resolver,
                     const char *zone, const char *mname, bool own)
{
	struct vp_zone *z = NULL;
	struct vp_dns_row *r;

	for (size_t i = 0; i < f->n_zones; i++) {
		if (strcmp(f->zones[i].name, name) == 0)
			z = &f->zones[i];
	}
	if (z == NULL) {
		z = VP_PUSH(f->arena, f->zones, f->n_zones);
		z->name = copy(f, name);
		z->privatelink = strncmp(name, "privatelink", 11) == 0;
	}
	r = VP_PUSH(f->arena, z->rows, z->n_rows);
	r->resolver = resolver;
	r->type = VP_DNS_SOA;
	r->round = 1;
	r->outcome = VP_OUTCOME_OK;
	r->authoritative = own;
	r->elapsed_us = 900;
	set_soa(f, r, zone, mname);
}

/* Rows 1, 11: the second server does not see the zone. */
static void public_at_one(struct vp_facts *f)
{
	each_round(f, BLOB, SECOND, VP_DNS_A, public_answer);
	each_round(f, BLOB, SECOND, VP_DNS_AAAA, public_answer);
	row(f, BLOB, SECOND, VP_DNS_A)->chain[0].ttl = 37;
	add_azure(f);
	ask_alias(f, FIRST, "10.20.2.7");
	ask_alias(f, SECOND, "203.0.113.20");
	ask_zone(f, BLOB_ZONE, FIRST, BLOB_ZONE, "azureprivatedns.net", false);
	ask_zone(f, BLOB_ZONE, SECOND, "blob.core.windows.net",
	         "ns1-39.azure-dns.com", false);
	ask_zone(f, "blob.core.windows.net", SECOND, "blob.core.windows.net",
	         "ns1-39.azure-dns.com", false);
	*VP_PUSH(f->arena, f->targets[BLOB].expected,
	         f->targets[BLOB].n_expected) = addr("10.20.2.7");
	f->targets[BLOB].expected_from = copy(f, "pe-blob (nic.json)");
}

static void missing(struct vp_facts *f, struct vp_dns_row *r)
{
	add_alias(f, r, BLOB_NAME, BLOB_ALIAS);
	r->rcode = 3;
	set_soa(f, r, BLOB_ZONE, "azureprivatedns.net");
	r->soa.ttl = 7;
}

static void no_address(struct vp_facts *f, struct vp_dns_row *r)
{
	r->detail = copy(f, "Name or service not known");
}

static void record_missing(struct vp_facts *f)
{
	for (size_t r = FIRST; r <= SECOND; r++) {
		each_round(f, BLOB, r, VP_DNS_A, missing);
		each_round(f, BLOB, r, VP_DNS_AAAA, missing);
	}
	each_round(f, BLOB, NSS, 0, no_address);
}

static void elsewhere(struct vp_facts *f, struct vp_dns_row *r)
{
	add_address(f, r, "203.0.113.99");
}

static void hosts_override(struct vp_facts *f)
{
	struct vp_hosts_line *h = VP_PUSH(f->arena, f->names[BLOB]->hosts,
	                                  f->names[BLOB]->n_hosts);

	h->addr = addr("203.0.113.99");
	h->line = 12;
	each_round(f, BLOB, NSS, 0, elsewhere);
}

/* The stub answers from a link's own server, which knows no private zone. */
static void stub(struct vp_facts *f)
{
	f->resolvers[FIRST].endpoint = endpoint("127.0.0.53:53");
	f->resolvers[FIRST].version = NULL;
	f->resolvers[FIRST].kind = VP_SERVER_UNKNOWN;
	f->resolvers[SECOND].source = VP_RESOLVER_SYSTEMD_RESOLVED;
	f->resolvers[SECOND].interface = copy(f, "eth0");
	each_round(f, BLOB, FIRST, VP_DNS_A, public_answer);
	each_round(f, BLOB, FIRST, VP_DNS_AAAA, public_answer);
	each_round(f, BLOB, NSS, 0, elsewhere);
	for (size_t i = 0; i < f->names[BLOB]->n_rows; i++) {
		if (f->names[BLOB]->rows[i].type == 0)
			f->names[BLOB]->rows[i].addresses[0].addr =
				addr("203.0.113.20");
	}
}

/* Rows 5, 10: the answer of one server changes; TCP fails; once it is late. */
static void unstable(struct vp_facts *f)
{
	struct vp_dns_row *rows, *r;

	each_round(f, BLOB, SECOND, VP_DNS_A, public_answer);
	r = ask(f, BLOB, SECOND, VP_DNS_A, VP_TRANSPORT_TCP, 1);
	r->outcome = VP_OUTCOME_REFUSED;
	r->rcode = -1;
	rows = f->names[BLOB]->rows;
	for (size_t i = 0; i < f->names[BLOB]->n_rows; i++) {
		r = &rows[i];
		if (r->resolver != SECOND || r->type != VP_DNS_A ||
		    r->transport != VP_TRANSPORT_UDP)
			continue;
		if (r->round == 2) {
			r->n_chain = 1;
			r->addresses[0].addr = addr("10.20.2.7");
		} else if (r->round == 3) {
			r->n_chain = 0;
			clear_addresses(r);
			r->outcome = VP_OUTCOME_TIMEOUT;
			r->rcode = -1;
			r->elapsed_us = 5001234;
		}
	}
}

static void traced(struct vp_facts *f)
{
	static const char *const answers[] = { NULL, "CNAME " BLOB_ALIAS
		                                     " 60, A 10.20.2.7 10" };

	public_at_one(f);
	f->traced = true;
	for (size_t i = 0; i < 4; i++) {
		struct vp_dns_packet *p =
			VP_PUSH(f->arena, f->trace, f->n_trace);

		p->time_us = T0 + 2000 + (int64_t)i * 1300;
		p->proto = i < 2 ? IPPROTO_UDP : IPPROTO_TCP;
		p->out = i % 2 == 0;
		p->response = i % 2 == 1;
		p->local = endpoint("10.20.1.4:40001");
		p->remote =
			endpoint(i < 2 ? "10.20.1.10:53" : "10.20.1.11:5353");
		p->id = 4711;
		p->flags = p->response ? 0x8180 : 0x0100;
		p->type = VP_DNS_A;
		p->rcode = p->response ? 0 : -1;
		p->name = copy(f, BLOB_NAME);
		p->answer = copy(f, answers[i % 2]);
		p->bytes = p->response ? 118 : 56;
	}
	f->trace[3].name = NULL;
	f->trace[3].rcode = -1;
	f->trace[3].answer = copy(f, "cannot be read: compression loop");
	f->trace_left_out = 5;
}

static void traced_rows(struct vp_facts *f)
{
	f->traced = true;
	f->capture.reason = copy(f, "no right to capture (CAP_NET_RAW)");
	f->n_names = 1;
	f->n_targets = 1;
	f->rounds = 1;
	f->names[0]->n_rows = 5; /* the first round */
	for (size_t i = 0; i < f->names[0]->n_rows; i++)
		f->names[0]->rows[i].sent_us = T0 + 1000 + (int64_t)i * 100;
}

static const struct {
	const char *name;
	void (*change)(struct vp_facts *);
	bool verbose;
} goldens[] = {
	{ "dns-healthy", nothing, false },
	{ "dns-healthy-verbose", add_azure, true },
	{ "dns-public-at-one", public_at_one, false },
	{ "dns-record-missing", record_missing, false },
	{ "dns-hosts-override", hosts_override, false },
	{ "dns-stub", stub, false },
	{ "dns-unstable", unstable, false },
	{ "dns-traced", traced, false },
	{ "dns-traced-rows", traced_rows, false },
};

#define N_GOLDENS (sizeof(goldens) / sizeof(goldens[0]))

static void test_golden(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_GOLDENS; i++) {
		struct vp_text_style style = { .verbose = goldens[i].verbose };
		struct vp_facts *f = doctor(), *again;
		char path[256], why[256], *text;

		goldens[i].change(f);
		text = json_of(f);
		snprintf(path, sizeof(path), "%s/golden/%s.json", VP_TEST_DATA,
		         goldens[i].name);
		compare_with_file(path, text);
		free(text);
		if (vp_report_read(&again, path, why, sizeof(why)) != 0)
			fail_msg("%s", why);
		text = text_of(again, style);
		snprintf(path, sizeof(path), "%s/golden/%s.txt", VP_TEST_DATA,
		         goldens[i].name);
		compare_with_file(path, text);
		free(text);
		vp_facts_destroy(again);
		vp_facts_destroy(f);
	}
}

/* No line is longer than the terminal, whatever its width. */
static void test_columns(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_GOLDENS; i++) {
		for (unsigned columns = 60; columns <= 120; columns += 20) {
			struct vp_text_style style = { .columns = columns };
			struct vp_facts *f = doctor();
			char *text, *line, *end;

			goldens[i].change(f);
			text = text_of(f, style);
			for (line = text; *line != '\0'; line = end + 1) {
				end = strchr(line, '\n');
				assert_non_null(end);
				*end = '\0';
				if (strncmp(line, "Trace", 5) == 0)
					break; /* a packet, a line */
				if (strlen(line) >
				    (columns > 80 ? columns : 80))
					fail_msg("%zu columns: %s",
					         strlen(line), line);
				assert_true(end == line || end[-1] != ' ');
			}
			free(text);
			vp_facts_destroy(f);
		}
	}
}

static void test_color(void **state)
{
	struct vp_facts *f = doctor();
	char *text;

	(void)state;
	public_at_one(f);
	text = text_of(f, (struct vp_text_style){ .color = true });
	assert_non_null(strstr(text, "\033[31m<- turns public here\033[0m"));
	assert_non_null(strstr(text, "\033[31m203.0.113.20\033[0m"));
	assert_non_null(strstr(text, "\033[32m10.20.2.7\033[0m"));
	free(text);
	vp_facts_destroy(f);
}

/* What servers say stays text, wherever it stands. */
static void test_no_control_bytes(void **state)
{
	static const char evil[] = "\033]0;owned\a\x9b"
				   "31m\xc2\x9b\xe2\x80\xae\r\n\x7f";
	struct vp_facts *f = doctor();
	char *text;

	(void)state;
	traced(f);
	f->resolvers[SECOND].version = copy(f, evil);
	f->resolvers[SECOND].interface = copy(f, evil);
	f->machine.search[0] = copy(f, evil);
	f->machine.hosts_sources = copy(f, evil);
	f->zones[0].rows[1].soa.mname = copy(f, evil);
	f->trace[1].answer = copy(f, evil);
	f->trace[0].name = copy(f, evil);
	f->targets[BLOB].expected_from = copy(f, evil);
	row(f, BLOB, SECOND, VP_DNS_A)->chain[1].target = copy(f, evil);
	text = text_of(f, (struct vp_text_style){ .verbose = true });
	for (const char *p = text; *p != '\0'; p++) {
		if ((unsigned char)*p > 0x7e ||
		    ((unsigned char)*p < 0x20 && *p != '\n'))
			fail_msg("byte %02x", (unsigned char)*p);
	}
	assert_non_null(strstr(text, "\\x1b]0;owned"));
	free(text);
	vp_facts_destroy(f);
}

/* Many names with one trouble: a few are drawn, the others are a line each, and
 * each name is there. */
static void test_many(void **state)
{
	struct vp_facts *f = doctor();
	char name[64], alias[96], *text;
	size_t drawn = 0;

	(void)state;
	for (int i = 0; i < 40; i++) {
		snprintf(name, sizeof(name), "st%02d.blob.core.windows.net", i);
		snprintf(alias, sizeof(alias), "st%02d.%s", i, BLOB_ZONE);
		add_target(f, name, alias, BLOB_ZONE, VP_KIND_BLOB,
		           "10.20.2.7");
		for (size_t r = FIRST; r <= SECOND; r++)
			go_public(f, f->n_names - 1, r, "203.0.113.20");
		clear_addresses(row(f, f->n_names - 1, NSS, 0));
		add_address(f, row(f, f->n_names - 1, NSS, 0), "203.0.113.20");
	}
	text = text_of(f, (struct vp_text_style){ .columns = 80 });
	for (const char *at = text; (at = strstr(at, "<- turns")) != NULL; at++)
		drawn++;
	assert_in_range(drawn, 3, 12);
	for (int i = 0; i < 40; i++) {
		snprintf(name, sizeof(name), "st%02d.blob.core.windows.net", i);
		assert_non_null(strstr(text, name));
	}
	free(text);
	text = text_of(f, (struct vp_text_style){ .verbose = true });
	drawn = 0;
	for (const char *at = text; (at = strstr(at, "<- turns")) != NULL; at++)
		drawn++;
	assert_int_equal(drawn, 80);
	free(text);
	vp_facts_destroy(f);
}

/* Where a name leaves no room, the mark stands below it. */
static void test_long_name(void **state)
{
	static const char stamp[] = "a-name-so-long-that-no-mark-fits-behind."
				    "store.core.windows.net";
	struct vp_facts *f = doctor();
	char *text;

	(void)state;
	public_at_one(f);
	for (size_t i = 0; i < f->names[BLOB]->n_rows; i++) {
		struct vp_dns_row *r = &f->names[BLOB]->rows[i];

		if (r->resolver == SECOND && r->n_chain > 1)
			r->chain[1].target = copy(f, stamp);
	}
	text = text_of(f, (struct vp_text_style){ .columns = 80 });
	assert_non_null(strstr(text, "windows.net\n                "
	                             "<- turns public here\n"));
	free(text);
	vp_facts_destroy(f);
}

/* A server that was not asked is not taken for one that agrees. */
static void test_not_asked(void **state)
{
	struct vp_facts *f = doctor();
	char *text;

	(void)state;
	add_server(f, "10.20.1.12:53", VP_RESOLVER_RESOLV_CONF);
	text = text_of(f, (struct vp_text_style){ .verbose = true });
	assert_non_null(strstr(text, "\n  10.20.1.12: not asked\n"));
	free(text);
	vp_facts_destroy(f);
}

static void test_stream_error(void **state)
{
	struct vp_facts *f = doctor();
	struct vp_arena *arena = vp_arena_create();
	struct vp_text_style style = { 0 };
	struct vp_judgement j;
	FILE *full = fopen("/dev/full", "w");

	(void)state;
	assert_non_null(full);
	vp_judge(&j, f, arena);
	assert_int_equal(vp_report_dns(full, f, &j, &style), -ENOSPC);
	fclose(full);
	vp_arena_destroy(arena);
	vp_facts_destroy(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_columns),
		cmocka_unit_test(test_color),
		cmocka_unit_test(test_no_control_bytes),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_long_name),
		cmocka_unit_test(test_not_asked),
		cmocka_unit_test(test_stream_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
