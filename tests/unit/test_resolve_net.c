/* One resolver asked over loopback: good answers, bad ones, and none. */
#include "vnetprobe/resolve.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "fake_dns.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define TIMEOUT_MS FAKE_TIMEOUT_MS

/* A loop with a server, a pacer and one probe of it. */
struct fixture {
	uv_loop_t loop;
	struct fake_dns server;
	struct vp_arena *arena;
	struct vp_pacer *pacer;
	struct vp_resolver_probe *probe;
	uv_timer_t end; /* so that no test hangs */
	struct vp_dns_row rows[8];
	unsigned n_rows, n_last, want_last;
};

static void on_end(uv_timer_t *t)
{
	(void)t;
	fail_msg("nothing came in ten seconds");
}

static void open_fixture(struct fixture *f, const char *addr, bool tcp,
                         const char *server)
{
	struct vp_resolver_probe_options opt = { .timeout_ms = TIMEOUT_MS };

	memset(f, 0, sizeof(*f));
	assert_int_equal(uv_loop_init(&f->loop), 0);
	fake_dns_start(&f->server, &f->loop, addr, tcp);
	f->arena = vp_arena_create();
	f->pacer = vp_pacer_create(&f->loop, 1000, 150);
	opt.loop = &f->loop;
	opt.pacer = f->pacer;
	opt.server = f->server.addr;
	if (server != NULL)
		assert_int_equal(vp_endpoint_parse(&opt.server, server, 53), 0);
	assert_int_equal(vp_resolver_probe_create(&f->probe, &opt), 0);
	uv_timer_init(&f->loop, &f->end);
	uv_timer_start(&f->end, on_end, 10000, 0);
}

static void close_fixture(struct fixture *f)
{
	vp_resolver_probe_destroy(f->probe);
	vp_pacer_destroy(f->pacer);
	fake_dns_stop(&f->server);
	uv_close((uv_handle_t *)&f->end, NULL);
	uv_run(&f->loop, UV_RUN_DEFAULT);
	assert_int_equal(f->server.open_connections, 0);
	assert_int_equal(uv_loop_close(&f->loop), 0);
	vp_arena_destroy(f->arena);
}

static int ask_for(struct vp_resolver_probe *p, struct vp_arena *arena,
                   const char *name, uint16_t type, enum vp_transport transport,
                   vp_resolve_cb *cb, void *arg)
{
	const struct vp_question q = { .name = name,
		                       .type = type,
		                       .transport = transport };

	return vp_resolver_probe_ask(p, arena, &q, cb, arg);
}

static void on_row(const struct vp_dns_row *row, bool last, void *arg)
{
	struct fixture *f = arg;

	f->rows[f->n_rows++ % COUNT(f->rows)] = *row;
	if (last && ++f->n_last == f->want_last)
		uv_stop(&f->loop);
}

static void run(struct fixture *f, unsigned want_last)
{
	f->n_last = f->n_rows = 0;
	f->want_last = want_last;
	uv_run(&f->loop, UV_RUN_DEFAULT);
	assert_int_equal(f->n_last, want_last);
}

static void ask(struct fixture *f, const char *name, uint16_t type,
                enum vp_transport transport)
{
	assert_int_equal(
		ask_for(f->probe, f->arena, name, type, transport, on_row, f),
		0);
}

static const struct answer {
	const char *name;
	bool tcp;
	enum vp_outcome outcome;
	int rcode;
	size_t n_addresses, n_chain;
	const char *detail; /* part of it; NULL: none */
	const char *zone;
	unsigned questions; /* the server saw; 0: any number */
} answers[] = {
	{ "ok.test", false, VP_OUTCOME_OK, 0, 1, 0, NULL, NULL, 1 },
	{ "ok.test", true, VP_OUTCOME_OK, 0, 1, 0, NULL, NULL, 1 },
	{ "alias.test", false, VP_OUTCOME_OK, 0, 1, 1, NULL, NULL, 1 },
	{ "nx.test", false, VP_OUTCOME_OK, 3, 0, 0, NULL, "zone.test", 1 },
	{ "nodata.test", false, VP_OUTCOME_OK, 0, 0, 0, NULL, NULL, 1 },
	{ "refused.test", false, VP_OUTCOME_OK, 5, 0, 0, NULL, NULL, 1 },
	{ "servfail.test", false, VP_OUTCOME_OK, 2, 0, 0, NULL, NULL, 1 },
	{ "servfail.test", true, VP_OUTCOME_OK, 2, 0, 0, NULL, NULL, 1 },
	/* more than 512 bytes, less than the EDNS size */
	{ "big.test", false, VP_OUTCOME_OK, 0, 70, 0, NULL, NULL, 1 },
	{ "bigtwice.test", true, VP_OUTCOME_OK, 0, 1024, 0, NULL, NULL, 1 },
	{ "twice.test", false, VP_OUTCOME_OK, 0, 3, 0, NULL, NULL, 1 },
	{ "formerr.test", false, VP_OUTCOME_OK, 0, 1, 0, NULL, NULL, 2 },
	{ "formerr.test", true, VP_OUTCOME_OK, 0, 1, 0, NULL, NULL, 2 },
	{ "alwaysformerr.test", false, VP_OUTCOME_OK, 1, 0, 0, NULL, NULL, 2 },
	{ "bareformerr.test", false, VP_OUTCOME_OK, 0, 1, 0, NULL, NULL, 2 },
	{ "bareformerr.test", true, VP_OUTCOME_OK, 0, 1, 0, NULL, NULL, 2 },
	{ "firstlost.test", false, VP_OUTCOME_OK, 0, 1, 0, NULL, NULL, 2 },
	{ "late.test", false, VP_OUTCOME_OK, 0, 1, 0, NULL, NULL, 2 },
	/* silence, and what must count as silence */
	{ "drop.test", false, VP_OUTCOME_TIMEOUT, -1, 0, 0, NULL, NULL, 2 },
	{ "drop.test", true, VP_OUTCOME_TIMEOUT, -1, 0, 0, NULL, NULL, 1 },
	{ "wrongid.test", false, VP_OUTCOME_TIMEOUT, -1, 0, 0, NULL, NULL, 2 },
	{ "othersource.test", false, VP_OUTCOME_TIMEOUT, -1, 0, 0,
	  "an answer came from 127.0.0.1:", NULL, 2 },
	{ "nothing.test", false, VP_OUTCOME_TIMEOUT, -1, 0, 0, NULL, NULL, 2 },
	{ "tcdrip.test", true, VP_OUTCOME_TIMEOUT, -1, 0, 0, NULL, NULL, 1 },
	{ "tcsilent.test", true, VP_OUTCOME_TIMEOUT, -1, 0, 0, NULL, NULL, 1 },
	/* answers that cannot be used */
	{ "wrongquestion.test", false, VP_OUTCOME_MALFORMED, -1, 0, 0,
	  "not what was asked", NULL, 2 },
	{ "wrongquestion.test", true, VP_OUTCOME_MALFORMED, -1, 0, 0,
	  "not what was asked", NULL, 1 },
	{ "short.test", true, VP_OUTCOME_MALFORMED, -1, 0, 0, "header", NULL,
	  1 },
	{ "short.test", false, VP_OUTCOME_MALFORMED, -1, 0, 0, "header", NULL,
	  2 },
	{ "random.test", false, VP_OUTCOME_MALFORMED, -1, 0, 0, "question",
	  NULL, 2 },
	{ "reflect.test", false, VP_OUTCOME_MALFORMED, -1, 0, 0,
	  "the question came back", NULL, 1 },
	{ "loop.test", false, VP_OUTCOME_MALFORMED, -1, 0, 0, "compression",
	  NULL, 1 },
	{ "cut.test", false, VP_OUTCOME_MALFORMED, -1, 0, 0, "past the end",
	  NULL, 1 },
	{ "huge.test", true, VP_OUTCOME_MALFORMED, -1, 0, 0,
	  "more than 1024 addresses", NULL, 1 },
	{ "garbage64k.test", true, VP_OUTCOME_MALFORMED, -1, 0, 0, "", NULL,
	  1 },
	{ "tczero.test", true, VP_OUTCOME_MALFORMED, -1, 0, 0, "no bytes", NULL,
	  1 },
	/* TCP that ends early */
	{ "tcclose.test", true, VP_OUTCOME_CLOSED, -1, 0, 0, NULL, NULL, 1 },
	{ "tcmiddle.test", true, VP_OUTCOME_CLOSED, -1, 0, 0, NULL, NULL, 1 },
	{ "tcreset.test", true, VP_OUTCOME_RESET, -1, 0, 0, NULL, NULL, 1 },
};

static void check(const struct answer *a, const struct vp_dns_row *r)
{
	if (r->outcome != a->outcome || r->rcode != a->rcode)
		fail_msg("%s: %s, rcode %d, %s", a->name,
		         vp_outcome_name(r->outcome), r->rcode,
		         r->detail != NULL ? r->detail : "");
	assert_int_equal(r->n_addresses, a->n_addresses);
	assert_int_equal(r->n_chain, a->n_chain);
	assert_int_equal(r->elsewhere,
	                 strcmp(a->name, "othersource.test") == 0);
	assert_int_equal(r->transport,
	                 a->tcp ? VP_TRANSPORT_TCP : VP_TRANSPORT_UDP);
	if (a->detail == NULL)
		assert_null(r->detail);
	else if (r->detail == NULL || strstr(r->detail, a->detail) == NULL)
		fail_msg("%s: detail \"%s\"", a->name,
		         r->detail != NULL ? r->detail : "(none)");
	if (a->zone != NULL) {
		assert_string_equal(r->soa.zone, a->zone);
		assert_int_equal(r->soa.minimum, 0x10011);
	} else {
		assert_null(r->soa.zone);
	}
}

/* Each alone, with a probe of its own, so that nothing hides behind another */
static void one_by_one(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(answers); i++) {
		struct fixture f;

		open_fixture(&f, "127.0.0.1", true, NULL);
		ask(&f, answers[i].name, VP_DNS_A,
		    answers[i].tcp ? VP_TRANSPORT_TCP : VP_TRANSPORT_UDP);
		run(&f, 1);
		assert_int_equal(f.n_rows, 1);
		check(&answers[i], &f.rows[0]);
		assert_int_equal(f.rows[0].type, VP_DNS_A);
		/* what attestation will look for in the capture */
		assert_true(
			vp_endpoint_equal(&f.rows[0].local, &f.server.peer));
		if (answers[i].questions != f.server.questions)
			fail_msg("%s: the server saw %u questions",
			         answers[i].name, f.server.questions);
		close_fixture(&f);
	}
}

static void put_question(struct fixture *f, const struct vp_question *q)
{
	assert_int_equal(
		vp_resolver_probe_ask(f->probe, f->arena, q, on_row, f), 0);
	run(f, 1);
	assert_int_equal(f->n_rows, 1);
	assert_int_equal(f->rows[0].outcome, VP_OUTCOME_OK);
	assert_int_equal(f->rows[0].type, q->type);
}

static void zones(void **state)
{
	struct vp_question q = { .name = "zone.test", .type = VP_DNS_SOA };
	struct fixture f;

	(void)state;
	open_fixture(&f, "127.0.0.1", false, NULL);
	put_question(&f, &q); /* in the answer section */
	assert_string_equal(f.rows[0].soa.zone, "zone.test");
	assert_string_equal(f.rows[0].soa.mname, "ns.zone.test");
	assert_string_equal(f.rows[0].soa.rname, "admin.zone.test");
	assert_int_equal(f.rows[0].soa.ttl, 300);
	assert_int_equal(f.rows[0].n_addresses, 0);
	q.name = "below.zone.test"; /* in the authority section */
	put_question(&f, &q);
	assert_string_equal(f.rows[0].soa.zone, "zone.test");
	close_fixture(&f);
}

static void version(void **state)
{
	struct vp_question q = { .name = "version.bind", .type = VP_DNS_TXT };
	struct fixture f;

	(void)state;
	open_fixture(&f, "127.0.0.1", false, NULL);
	put_question(&f, &q);
	assert_string_equal(f.rows[0].detail, "aaaaaaaaaaaaaaaaaaaa");
	q.name = "long.bind";
	put_question(&f, &q);
	assert_int_equal(strlen(f.rows[0].detail), 255);
	assert_int_equal(f.rows[0].detail[254], 'b');
	close_fixture(&f);
}

static void flags(void **state)
{
	struct vp_question q = { .name = "bogus.test", .type = VP_DNS_A };
	struct fixture f;

	(void)state;
	open_fixture(&f, "127.0.0.1", true, NULL);
	put_question(&f, &q);
	assert_int_equal(f.rows[0].rcode, 2);
	for (unsigned i = 0; i < 2; i++) {
		q.checking_disabled = true;
		q.transport = i == 0 ? VP_TRANSPORT_UDP : VP_TRANSPORT_TCP;
		put_question(&f, &q);
		assert_int_equal(f.rows[0].rcode, 0);
		assert_int_equal(f.rows[0].n_addresses, 1);
	}
	assert_false(f.rows[0].authoritative);
	q.name = "master.test";
	put_question(&f, &q);
	assert_true(f.rows[0].authoritative);
	assert_false(f.rows[0].without_edns);
	q.name = "formerr.test";
	put_question(&f, &q);
	assert_true(f.rows[0].without_edns);
	q.name = "bareformerr.test";
	q.transport = VP_TRANSPORT_UDP;
	put_question(&f, &q);
	assert_true(f.rows[0].without_edns);
	close_fixture(&f);
}

static int64_t time_of_day(void)
{
	uv_timeval64_t t;

	uv_gettimeofday(&t);
	return t.tv_sec * 1000000 + t.tv_usec;
}

/* Of the first attempt; a question that begins anew over TCP has its own. */
static void sent_when(void **state)
{
	int64_t t0 = time_of_day(), first, second;
	struct fixture f;

	(void)state;
	open_fixture(&f, "127.0.0.1", true, NULL);
	ask(&f, "tclost.test", VP_DNS_A, VP_TRANSPORT_UDP);
	run(&f, 1);
	assert_int_equal(f.n_rows, 2);
	first = f.rows[0].sent_us;
	second = f.rows[1].sent_us;
	assert_in_range(first, t0, t0 + 100000);
	assert_true(second - first >= (int64_t)f.rows[0].elapsed_us - 1000);
	assert_true(second <= time_of_day());
	close_fixture(&f);
}

/* What every row of a name has in common is there once. */
static void shared(void **state)
{
	struct fixture f;

	(void)state;
	open_fixture(&f, "127.0.0.1", true, NULL);
	for (int i = 0; i < 2; i++)
		ask(&f, "alias.test", VP_DNS_A, VP_TRANSPORT_UDP);
	run(&f, 2);
	assert_int_equal(f.rows[1].n_chain, 1);
	assert_ptr_equal(f.rows[0].chain[0].owner, f.rows[1].chain[0].owner);
	assert_ptr_equal(f.rows[0].chain[0].target, f.rows[1].chain[0].target);
	assert_string_equal(f.rows[1].chain[0].target,
	                    "alias.privatelink.test");
	close_fixture(&f);
}

static void aaaa_over_ipv6(void **state)
{
	struct fixture f;

	(void)state;
	open_fixture(&f, "::1", true, NULL);
	ask(&f, "ok.test", VP_DNS_AAAA, VP_TRANSPORT_UDP);
	run(&f, 1);
	assert_int_equal(f.rows[0].outcome, VP_OUTCOME_OK);
	assert_int_equal(f.rows[0].n_addresses, 1);
	assert_int_equal(f.rows[0].addresses[0].addr.family, 6);
	assert_true(vp_endpoint_equal(&f.rows[0].local, &f.server.peer));
	close_fixture(&f);
}

static void truncated(void **state)
{
	struct fixture f;

	(void)state;
	open_fixture(&f, "127.0.0.1", true, NULL);
	ask(&f, "tcfine.test", VP_DNS_A, VP_TRANSPORT_UDP);
	run(&f, 1);
	assert_int_equal(f.n_rows, 2);
	assert_int_equal(f.rows[0].transport, VP_TRANSPORT_UDP);
	assert_int_equal(f.rows[0].outcome, VP_OUTCOME_OK);
	assert_true(f.rows[0].truncated);
	assert_int_equal(f.rows[1].transport, VP_TRANSPORT_TCP);
	assert_int_equal(f.rows[1].outcome, VP_OUTCOME_OK);
	assert_false(f.rows[1].truncated);
	assert_int_equal(f.rows[1].n_addresses, 1);
	close_fixture(&f);

	/* each row has its own time, however long the other took */
	open_fixture(&f, "127.0.0.1", true, NULL);
	ask(&f, "tclost.test", VP_DNS_A, VP_TRANSPORT_UDP);
	run(&f, 1);
	assert_int_equal(f.rows[1].n_addresses, 1);
	assert_true(f.rows[0].elapsed_us > TIMEOUT_MS * 1000);
	assert_true(f.rows[1].elapsed_us < TIMEOUT_MS * 1000 / 2);
	close_fixture(&f);

	open_fixture(&f, "127.0.0.1", false, NULL); /* nobody listens on TCP */
	ask(&f, "tcfine.test", VP_DNS_A, VP_TRANSPORT_UDP);
	run(&f, 1);
	assert_int_equal(f.n_rows, 2);
	assert_true(f.rows[0].truncated);
	assert_int_equal(f.rows[1].transport, VP_TRANSPORT_TCP);
	assert_int_equal(f.rows[1].outcome, VP_OUTCOME_REFUSED);
	assert_int_not_equal(f.rows[1].local.port, 0);
	close_fixture(&f);
}

static void no_server(void **state)
{
	static const struct {
		const char *server;
		enum vp_outcome want;
		bool local;
	} cases[] = {
		{ "127.0.0.1:1", VP_OUTCOME_REFUSED, true },
		{ "[::1]:1", VP_OUTCOME_REFUSED, true },
		{ "198.51.100.1", VP_OUTCOME_UNREACHABLE, false },
		{ "2001:db8::1", VP_OUTCOME_UNREACHABLE, false },
	};

	(void)state;
	for (size_t i = 0; i < 2 * COUNT(cases); i++) {
		struct fixture f;
		bool tcp = i >= COUNT(cases);
		size_t j = i % COUNT(cases);

		open_fixture(&f, "127.0.0.1", false, cases[j].server);
		ask(&f, "ok.test", VP_DNS_A,
		    tcp ? VP_TRANSPORT_TCP : VP_TRANSPORT_UDP);
		run(&f, 1);
		if (f.rows[0].outcome != cases[j].want)
			fail_msg("%s: %s", cases[j].server,
			         vp_outcome_name(f.rows[0].outcome));
		assert_int_equal(f.rows[0].local.port != 0, cases[j].local);
		assert_true(f.rows[0].elapsed_us < TIMEOUT_MS * 1000);
		close_fixture(&f);
	}
}

/* An ICMP error closes the socket; the next has the same local end, so that
 * one endpoint stands for all packets of a probe. */
static void refused_then_there(void **state)
{
	struct fixture f;
	struct fake_dns later;
	struct vp_endpoint first;

	(void)state;
	open_fixture(&f, "127.0.0.1", false, "127.0.0.1:5533");
	ask(&f, "ok.test", VP_DNS_A, VP_TRANSPORT_UDP);
	run(&f, 1);
	assert_int_equal(f.rows[0].outcome, VP_OUTCOME_REFUSED);
	first = f.rows[0].local;
	fake_dns_start(&later, &f.loop, "127.0.0.1:5533", false);
	for (int i = 0; i < 4; i++)
		ask(&f, "ok.test", VP_DNS_A, VP_TRANSPORT_UDP);
	run(&f, 4);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(f.rows[i].outcome, VP_OUTCOME_OK);
		assert_true(vp_endpoint_equal(&first, &f.rows[i].local));
	}
	assert_true(vp_endpoint_equal(&first, &later.peer));
	fake_dns_stop(&later);
	close_fixture(&f);
}

/* How long a question takes at least: a busy machine can only add to it. */
static uint64_t least_of(struct fixture *f, const char *name)
{
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < 4; i++) {
		ask(f, name, VP_DNS_A, VP_TRANSPORT_UDP);
		run(f, 1);
		if (f->rows[0].elapsed_us < least)
			least = f->rows[0].elapsed_us;
	}
	return least;
}

static void timing(void **state)
{
	struct fixture f;
	uint64_t dropped, late;

	(void)state;
	open_fixture(&f, "127.0.0.1", true, NULL);
	dropped = least_of(&f, "drop.test");
	late = least_of(&f, "late.test");
	close_fixture(&f);
	/* two attempts of the same length: nothing doubles */
	assert_in_range(dropped, 2000 * TIMEOUT_MS, 2900 * TIMEOUT_MS);
	/* the answer to the first attempt, told from the first attempt */
	assert_in_range(late, 1000 * TIMEOUT_MS, 1990 * TIMEOUT_MS);
}

/* Many TCP questions at a server that closes after each answer: none is lost */
static void one_answer_a_connection(void **state)
{
	struct fixture f;

	(void)state;
	open_fixture(&f, "127.0.0.1", true, NULL);
	for (int i = 0; i < 8; i++)
		ask(&f, "tcone.test", VP_DNS_A, VP_TRANSPORT_TCP);
	run(&f, 8);
	for (int i = 0; i < 8; i++)
		assert_int_equal(f.rows[i].outcome, VP_OUTCOME_OK);
	assert_int_equal(f.server.connections, 8);
	close_fixture(&f);

	open_fixture(&f, "127.0.0.1", true, NULL);
	for (int i = 0; i < 8; i++)
		ask(&f, "ok.test", VP_DNS_A, VP_TRANSPORT_TCP);
	run(&f, 8);
	assert_int_equal(f.server.connections, 1);
	close_fixture(&f);
}

static void bad_names(void **state)
{
	static const char *const names[] = {
		"a..b",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"aa"
		".b",
	};
	struct fixture f;

	(void)state;
	open_fixture(&f, "127.0.0.1", false, NULL);
	for (size_t i = 0; i < COUNT(names); i++)
		assert_int_equal(ask_for(f.probe, f.arena, names[i], VP_DNS_A,
		                         VP_TRANSPORT_UDP, on_row, &f),
		                 -EINVAL);
	assert_int_equal(ask_for(f.probe, f.arena, "ok.test", VP_DNS_A,
	                         VP_TRANSPORT_NSS, on_row, &f),
	                 -EINVAL);
	close_fixture(&f);
}

/* --- destroying ---------------------------------------------------------- */

static void on_row_destroy(const struct vp_dns_row *row, bool last, void *arg)
{
	struct fixture *f = arg;

	(void)row;
	(void)last;
	f->n_rows++;
	vp_resolver_probe_destroy(f->probe);
	f->probe = NULL;
	uv_stop(&f->loop);
}

/* From a callback, with others done, under way and waiting: none is called */
static void destroy_in_callback(void **state)
{
	static const char *const names[] = { "ok.test", "tcfine.test",
		                             "drop.test", "servfail.test",
		                             "tcreset.test" };

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		struct fixture f;

		open_fixture(&f, "127.0.0.1", true, NULL);
		for (size_t j = 0; j < 300; j++)
			assert_int_equal(ask_for(f.probe, f.arena,
			                         names[(i + j) % COUNT(names)],
			                         VP_DNS_A,
			                         j % 3 == 0 ? VP_TRANSPORT_TCP
			                                    : VP_TRANSPORT_UDP,
			                         on_row_destroy, &f),
			                 0);
		uv_run(&f.loop, UV_RUN_DEFAULT);
		assert_int_equal(f.n_rows, 1);
		close_fixture(&f);
	}
}

static void destroy_early(void **state)
{
	struct fixture f;

	(void)state;
	vp_resolver_probe_destroy(NULL);
	open_fixture(&f, "127.0.0.1", true, NULL);
	close_fixture(&f); /* never asked */

	open_fixture(&f, "127.0.0.1", true, NULL);
	for (int i = 0; i < 100; i++)
		ask(&f, "ok.test", VP_DNS_A, VP_TRANSPORT_UDP);
	close_fixture(&f); /* never sent */
	assert_int_equal(f.n_rows, 0);

	open_fixture(&f, "127.0.0.1", true, NULL);
	for (int i = 0; i < 200; i++)
		ask(&f, i % 2 ? "drop.test" : "tcsilent.test", VP_DNS_A,
		    i % 2 ? VP_TRANSPORT_UDP : VP_TRANSPORT_TCP);
	for (int i = 0; i < 20; i++)
		uv_run(&f.loop, UV_RUN_NOWAIT);
	close_fixture(&f); /* under way */
	assert_int_equal(f.n_rows, 0);
}

/* --- pacing -------------------------------------------------------------- */

/* A run of usual size goes out at once, at most with the loop's own steps. */
static void burst(void **state)
{
	struct fixture f;

	(void)state;
	open_fixture(&f, "127.0.0.1", true, NULL);
	for (int i = 0; i < 48; i++)
		ask(&f, "drop.test", VP_DNS_A, VP_TRANSPORT_UDP);
	for (int i = 0; i < 3; i++)
		uv_run(&f.loop, UV_RUN_NOWAIT);
	assert_int_equal(f.server.questions, 48);
	close_fixture(&f);
}

static void rate(void **state)
{
	struct fixture f;
	uint64_t t0 = uv_hrtime(), ms;

	(void)state;
	open_fixture(&f, "127.0.0.1", true, NULL);
	for (int i = 0; i < 428; i++)
		ask(&f, "ok.test", VP_DNS_A, VP_TRANSPORT_UDP);
	run(&f, 428);
	ms = (uv_hrtime() - t0) / 1000000;
	/* 128 at once and 300 at 1000 a second */
	assert_in_range(ms, 300, 5000);
	close_fixture(&f);
}

/* No more than max_pending under way, whoever asks, and the rest only as places
 * come free. */
static void pending(void **state)
{
	struct vp_resolver_probe *second;
	struct fixture f;

	(void)state;
	open_fixture(&f, "127.0.0.1", true, NULL);
	vp_resolver_probe_destroy(f.probe);
	vp_pacer_destroy(f.pacer);
	f.pacer = vp_pacer_create(&f.loop, 1000, 5);
	struct vp_resolver_probe_options opt = { .loop = &f.loop,
		                                 .pacer = f.pacer,
		                                 .server = f.server.addr,
		                                 .timeout_ms = TIMEOUT_MS,
		                                 .tries = 1 };
	assert_int_equal(vp_resolver_probe_create(&f.probe, &opt), 0);
	assert_int_equal(vp_resolver_probe_create(&second, &opt), 0);
	for (int i = 0; i < 20; i++)
		ask(&f, "drop.test", VP_DNS_A, VP_TRANSPORT_UDP);
	for (int i = 0; i < 5; i++)
		uv_run(&f.loop, UV_RUN_NOWAIT);
	assert_int_equal(f.server.questions, 5);
	for (int i = 0; i < 5; i++)
		assert_int_equal(ask_for(second, f.arena, "drop.test", VP_DNS_A,
		                         VP_TRANSPORT_UDP, on_row, &f),
		                 0);
	for (int i = 0; i < 5; i++)
		uv_run(&f.loop, UV_RUN_NOWAIT);
	assert_int_equal(f.server.questions, 5);
	run(&f, 25);
	assert_int_equal(f.server.questions, 25);
	vp_resolver_probe_destroy(second);
	close_fixture(&f);
}

/* One attempt at each question once nothing came for many; two again as soon
 * as anything does. */
static void deaf(void **state)
{
	struct fixture f;
	unsigned before;

	(void)state;
	open_fixture(&f, "127.0.0.1", true, NULL);
	for (int i = 0; i < 600; i++)
		ask(&f, "drop.test", VP_DNS_A, VP_TRANSPORT_UDP);
	run(&f, 600);
	assert_in_range(f.server.questions, 650, 900);
	before = f.server.questions;
	ask(&f, "ok.test", VP_DNS_A, VP_TRANSPORT_UDP);
	run(&f, 1);
	for (int i = 0; i < 20; i++)
		ask(&f, "drop.test", VP_DNS_A, VP_TRANSPORT_UDP);
	run(&f, 20);
	assert_int_equal(f.server.questions - before, 41);
	close_fixture(&f);
}

/* A silent server must not make a healthy one wait. */
static void fairness(void **state)
{
	struct vp_resolver_probe *silent;
	struct fixture f;
	uint64_t t0;

	(void)state;
	open_fixture(&f, "127.0.0.1", true, NULL);
	struct vp_resolver_probe_options opt = { .loop = &f.loop,
		                                 .pacer = f.pacer,
		                                 .server = f.server.addr,
		                                 .timeout_ms = 5000 };
	assert_int_equal(vp_resolver_probe_create(&silent, &opt), 0);
	for (int i = 0; i < 500; i++)
		assert_int_equal(ask_for(silent, f.arena, "drop.test", VP_DNS_A,
		                         VP_TRANSPORT_UDP, on_row, &f),
		                 0);
	for (int i = 0; i < 200; i++)
		ask(&f, "ok.test", VP_DNS_A, VP_TRANSPORT_UDP);
	t0 = uv_hrtime();
	run(&f, 200);
	assert_true((uv_hrtime() - t0) / 1000000 < 4000);
	vp_resolver_probe_destroy(silent);
	close_fixture(&f);
}

/* 10,000 names, two types: answered, within the rate, and in little memory */
static void many(void **state)
{
	struct fixture f;
	uint64_t t0;

	(void)state;
	open_fixture(&f, "127.0.0.1", true, NULL);
	vp_resolver_probe_destroy(f.probe);
	vp_pacer_destroy(f.pacer);
	f.pacer = vp_pacer_create(&f.loop, 20000, 150);
	struct vp_resolver_probe_options opt = { .loop = &f.loop,
		                                 .pacer = f.pacer,
		                                 .server = f.server.addr };
	assert_int_equal(vp_resolver_probe_create(&f.probe, &opt), 0);
	for (int i = 0; i < 10000; i++) {
		char name[64];

		snprintf(name, sizeof(name), "ok.n%d.test", i);
		ask(&f, name, VP_DNS_A, VP_TRANSPORT_UDP);
		ask(&f, name, VP_DNS_AAAA, VP_TRANSPORT_UDP);
	}
	t0 = uv_hrtime();
	run(&f, 20000);
	print_message("20000 questions in %u ms, server saw %u\n",
	              (unsigned)((uv_hrtime() - t0) / 1000000),
	              f.server.questions);
	assert_int_equal(f.rows[0].outcome, VP_OUTCOME_OK);
	close_fixture(&f);
}

/* Nothing in the environment changes what is asked, or whom. */
static void environment(void **state)
{
	struct fixture f;
	uint64_t t0 = uv_hrtime();

	(void)state;
	setenv("LOCALDOMAIN", "evil.test", 1);
	setenv("RES_OPTIONS", "ndots:15 retrans:1 retry:9 rotate use-vc", 1);
	open_fixture(&f, "127.0.0.1", false, NULL);
	ask(&f, "drop", VP_DNS_A, VP_TRANSPORT_UDP);
	run(&f, 1);
	assert_int_equal(f.server.questions, 2);
	assert_in_range((uv_hrtime() - t0) / 1000000, 2 * TIMEOUT_MS, 3000);
	unsetenv("LOCALDOMAIN");
	unsetenv("RES_OPTIONS");
	close_fixture(&f);
}

/* A listener whose queue is full drops what comes next, as a firewall does: no
 * connection, and it is the same silence for every question. */
static void tcp_never_opens(void **state)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	socklen_t len = sizeof(sin);
	int fds[4], server = socket(AF_INET, SOCK_STREAM, 0);
	char text[64];
	struct fixture f;

	(void)state;
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(server, (struct sockaddr *)&sin, len), 0);
	assert_int_equal(listen(server, 0), 0);
	getsockname(server, (struct sockaddr *)&sin, &len);
	for (size_t i = 0; i < COUNT(fds); i++) {
		fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		connect(fds[i], (struct sockaddr *)&sin, len);
	}
	snprintf(text, sizeof(text), "127.0.0.1:%u", ntohs(sin.sin_port));
	open_fixture(&f, "127.0.0.1:0", false, text);
	for (int i = 0; i < 4; i++) { /* not all within one millisecond */
		ask(&f, "ok.test", VP_DNS_A, VP_TRANSPORT_TCP);
		uv_run(&f.loop, UV_RUN_NOWAIT);
		usleep(5000);
		uv_run(&f.loop, UV_RUN_NOWAIT);
	}
	run(&f, 4);
	for (int i = 0; i < 4; i++)
		assert_int_equal(f.rows[i].outcome, VP_OUTCOME_TIMEOUT);
	close_fixture(&f);
	for (size_t i = 0; i < COUNT(fds); i++)
		close(fds[i]);
	close(server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_by_one),
		cmocka_unit_test(zones),
		cmocka_unit_test(version),
		cmocka_unit_test(flags),
		cmocka_unit_test(sent_when),
		cmocka_unit_test(shared),
		cmocka_unit_test(aaaa_over_ipv6),
		cmocka_unit_test(truncated),
		cmocka_unit_test(no_server),
		cmocka_unit_test(refused_then_there),
		cmocka_unit_test(timing),
		cmocka_unit_test(one_answer_a_connection),
		cmocka_unit_test(bad_names),
		cmocka_unit_test(destroy_in_callback),
		cmocka_unit_test(destroy_early),
		cmocka_unit_test(burst),
		cmocka_unit_test(rate),
		cmocka_unit_test(pending),
		cmocka_unit_test(deaf),
		cmocka_unit_test(fairness),
		cmocka_unit_test(many),
		cmocka_unit_test(environment),
		cmocka_unit_test(tcp_never_opens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
