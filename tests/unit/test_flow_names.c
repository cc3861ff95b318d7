/* flow: the names of a flow, claimed and bound, and when they count. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "frames.h"
#include "hello.h"
#include "initial.h"
#include "vnetprobe/dns_message.h"
#include "vnetprobe/flow.h"

#include <netinet/in.h>

#define US "10.0.0.4"
#define PUB "203.0.113.7"
#define DNS "168.63.129.16"
#define SECOND ((int64_t)1000000)

enum { IN = 0, OUT = 4 };

static struct vp_flows *t;
static struct vp_facts *facts;
static int64_t now;
static struct frame f;
static uint8_t tls[8000];

static int setup(void **state)
{
	(void)state;
	t = vp_flows_create(NULL);
	vp_flows_add_local(t, &(struct vp_addr){ 4, { 10, 0, 0, 4 } });
	facts = vp_facts_create();
	now = SECOND;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	vp_flows_destroy(t);
	vp_facts_destroy(facts);
	return 0;
}

static void again(void)
{
	teardown(NULL);
	setup(NULL);
}

static void feed(void)
{
	struct vp_packet p;
	uint8_t *keep;

	assert_int_equal(f_decode_cut(&p, &f, DLT_LINUX_SLL2, f.n, &keep),
	                 VP_DECODE_OK);
	p.ts_us = now++;
	vp_flows_packet(t, &p);
	free(keep);
}

static void udp(int seen, const char *src, unsigned sport, const char *dst,
                unsigned dport, const void *data, size_t n)
{
	f_sll2(&f, (unsigned)seen, 2, 0x0800);
	f_ip4(&f, src, dst, IPPROTO_UDP, 8 + n, 1, 0x4000);
	f_udp(&f, sport, dport, n);
	f_put(&f, data, n);
	feed();
}

static void tcp(int seen, const char *src, unsigned sport, const char *dst,
                unsigned dport, uint32_t seq, uint32_t ack, unsigned flags,
                const void *data, size_t n)
{
	f_sll2(&f, (unsigned)seen, 2, 0x0800);
	f_ip4(&f, src, dst, IPPROTO_TCP, 20 + n, 1, 0x4000);
	f_tcp(&f, sport, dport, seq, ack, flags);
	f_put(&f, data, n);
	feed();
}

static void say(uint32_t seq, const void *data, size_t n)
{
	tcp(OUT, US, 50000, PUB, 443, seq, 1, VP_TCP_ACK, data, n);
}

static void open_tcp(void)
{
	tcp(OUT, US, 50000, PUB, 443, 99, 0, VP_TCP_SYN, "", 0);
	tcp(IN, PUB, 443, US, 50000, 0, 100, VP_TCP_SYN | VP_TCP_ACK, "", 0);
}

static void taken(uint32_t ack)
{
	tcp(IN, PUB, 443, US, 50000, 1, ack, VP_TCP_ACK, "", 0);
}

static const struct vp_flow *flow(void)
{
	vp_flows_finish(t, facts);
	for (size_t i = 0; i < facts->n_flows; i++)
		if (facts->flows[i].remote.port != 53)
			return &facts->flows[i];
	fail();
	return NULL;
}

/* --- DNS ------------------------------------------------------------------ */

static uint8_t msg[600];
static size_t msg_n;

static void record(const char *owner, size_t owner_len, unsigned type,
                   uint32_t ttl, const void *data, size_t n)
{
	memcpy(msg + msg_n, owner, owner_len);
	msg_n += owner_len;
	msg_n = hello_16(msg, msg_n, type);
	msg_n = hello_16(msg, msg_n, 1);
	msg_n = hello_16(msg, msg_n, ttl >> 16);
	msg_n = hello_16(msg, msg_n, ttl & 0xffff);
	msg_n = hello_16(msg, msg_n, n);
	memcpy(msg + msg_n, data, n);
	msg_n += n;
	msg[7]++;
}

static void ask(const char *name, uint16_t type)
{
	int n = vp_dns_question_write(msg, sizeof(msg), 7, name, type, 0);

	assert_true(n > 0);
	msg_n = (size_t)n;
	udp(OUT, US, 40000, DNS, 53, msg, msg_n);
	msg[2] |= 0x80;
}

static void told(void)
{
	udp(IN, DNS, 53, US, 40000, msg, msg_n);
}

#define PUB_BYTES "\xcb\0\x71\7"
#define OWNER "\xc0\x0c"

static void resolve(const char *name, uint32_t ttl)
{
	ask(name, VP_DNS_A);
	record(OWNER, 2, VP_DNS_A, ttl, PUB_BYTES, 4);
	told();
}

static const struct vp_flow_name *name_in(const struct vp_flow *w,
                                          const char *name)
{
	for (size_t i = 0; i < w->n_names; i++)
		if (strcmp(w->names[i].name, name) == 0)
			return &w->names[i];
	return NULL;
}

/* The TTL is the least between the name and the address. */
static void test_chain(void **state)
{
	static const char alias[] = "\1b\7example";
	const struct vp_flow *w;

	(void)state;
	ask("a.example", VP_DNS_A);
	record(OWNER, 2, VP_DNS_CNAME, 20, alias, sizeof(alias));
	record(alias, sizeof(alias), VP_DNS_CNAME, 300, "\1c\7example", 11);
	record("\1c\7example", 11, VP_DNS_A, 100, PUB_BYTES, 4);
	told();
	udp(OUT, US, 1, PUB, 9, "x", 1);
	w = flow();
	assert_int_equal(w->n_names, 3);
	assert_int_equal(name_in(w, "a.example")->ttl, 20);
	assert_int_equal(name_in(w, "b.example")->ttl, 100);
	assert_int_equal(name_in(w, "c.example")->ttl, 100);
	assert_true(name_in(w, "a.example")->current);
	assert_int_equal(name_in(w, "a.example")->answered_us, SECOND + 1);
}

static void ask_at(const char *server, const char *name)
{
	bool here = strncmp(server, "127.", 4) == 0;
	const char *us = here ? "127.0.0.1" : US;
	int n = vp_dns_question_write(msg, sizeof(msg), 7, name, VP_DNS_A, 0);

	assert_true(n > 0);
	msg_n = (size_t)n;
	udp(here ? IN : OUT, us, 40000, server, 53, msg, msg_n);
	msg[2] |= 0x80;
	record(OWNER, 2, VP_DNS_A, 60, PUB_BYTES, 4);
	udp(IN, server, 53, us, 40000, msg, msg_n);
}

static void add_resolver(void)
{
	vp_flows_add_resolver(
		t, &(struct vp_endpoint){ { 4, { 10, 0, 0, 53 } }, 53 });
}

/* Whose answer it is: of those that are added, of Azure and of this machine
 * itself it counts; another's does where nobody knows the resolvers, or if one
 * of ours says the same. */
static void test_foreign(void **state)
{
	static const struct {
		const char *server, *also;
		bool known, foreign;
	} cases[] = {
		{ "10.0.0.66", NULL, true, true },
		{ "10.0.0.66", NULL, false, false },
		{ "10.0.0.53", NULL, true, false },
		{ "168.63.129.16", NULL, true, false },
		{ "127.0.0.53", NULL, true, false },
		{ "10.0.0.66", "10.0.0.53", true, false },
		{ "10.0.0.53", "10.0.0.66", true, false },
		{ "10.0.0.66", "10.0.0.67", true, true },
	};
	const struct vp_flow_name *name;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		again();
		add_resolver();
		if (cases[i].known)
			assert_int_equal(vp_flows_know_resolvers(t), 0);
		ask_at(cases[i].server, "a.example");
		if (cases[i].also != NULL)
			ask_at(cases[i].also, "a.example");
		udp(OUT, US, 1, PUB, 9, "x", 1);
		name = name_in(flow(), "a.example");
		if (name == NULL || !name->bound || !name->current ||
		    name->foreign != cases[i].foreign)
			fail_msg("case %zu", i);
	}
	/* What ours said has run out, and only another one renewed it. */
	again();
	add_resolver();
	vp_flows_know_resolvers(t);
	ask_at("10.0.0.53", "a.example");
	now += 3600 * SECOND;
	ask_at("10.0.0.66", "a.example");
	udp(OUT, US, 1, PUB, 9, "x", 1);
	assert_true(name_in(flow(), "a.example")->foreign);
}

/* Each flow goes by the answers of its own time. */
static void test_time(void **state)
{
	static const struct {
		int64_t at_s;
		bool answer, current;
		int64_t answered_s;
	} steps[] = {
		{ 10, false, false, 20 }, /* the first after it */
		{ 20, true, false, 0 },      { 25, false, true, 20 },
		{ 80, true, false, 0 },      { 81, false, true, 80 },
		{ 140, true, false, 0 },     { 799, false, true, 140 },
		{ 801, false, false, 140 },  { 1000, true, false, 0 },
		{ 1001, false, true, 1000 },
	};
	size_t flows = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		now = steps[i].at_s * SECOND;
		if (!steps[i].answer) {
			udp(OUT, US, 1 + (unsigned)i, PUB, 9, "x", 1);
			continue;
		}
		ask("a.example", VP_DNS_A);
		record(OWNER, 2, VP_DNS_A, 60, PUB_BYTES, 4);
		now = steps[i].at_s * SECOND;
		told();
	}
	vp_flows_finish(t, facts);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		const struct vp_flow *w;

		if (steps[i].answer)
			continue;
		w = &facts->flows[flows++];
		assert_int_equal(w->n_names, 1);
		assert_true(w->names[0].bound);
		assert_int_equal(w->names[0].current, steps[i].current);
		assert_int_equal(w->names[0].answered_us,
		                 steps[i].answered_s * SECOND);
	}
	assert_int_equal(flows, facts->n_flows);
}

/* RFC 9460: a hint is where a client may go. */
static void test_https_record(void **state)
{
	static const uint8_t service[] = "\0\1\4pool\7example\0" /* target */
					 "\0\1\0\3\2h2"
					 "\0\4\0\4" PUB_BYTES;
	static const uint8_t alias[] = "\0\0\4pool\7example\0"
				       "\0\4\0\4" PUB_BYTES;
	static const uint8_t order[] = "\0\1\0"
				       "\0\5\0\0\0\4\0\4" PUB_BYTES;
	const struct vp_flow *w;

	(void)state;
	for (int i = 0; i < 3; i++) {
		again();
		ask("a.example", 65);
		if (i == 0)
			record(OWNER, 2, 65, 30, service, sizeof(service) - 1);
		else if (i == 1)
			record(OWNER, 2, 65, 30, alias, sizeof(alias) - 1);
		else
			record(OWNER, 2, 65, 30, order, sizeof(order) - 1);
		told();
		udp(OUT, US, 1, PUB, 9, "x", 1);
		w = flow();
		assert_int_equal(w->n_names, i == 0 ? 2 : 0);
		if (i != 0)
			continue;
		assert_int_equal(name_in(w, "a.example")->ttl, 30);
		assert_non_null(name_in(w, "pool.example"));
	}
}

/* --- TLS ------------------------------------------------------------------ */

static void expect_sni(const char *sni, bool bound)
{
	const struct vp_flow *w = flow();

	assert_string_equal(w->sni, sni);
	assert_int_equal(w->sni_from, VP_NAME_SOURCE_TLS);
	assert_int_equal(w->sni_bound, bound);
	assert_int_equal(w->n_names, 1);
	assert_int_equal(w->names[0].current, bound);
}

/* Copies that say something else, before the peer has it and after. */
static void test_contradiction(void **state)
{
	static uint8_t evil[8000];
	size_t n = hello_make(tls, "good.example", 1700);

	(void)state;
	hello_make(evil, "evil.example", 1700);
	for (int when = 0; when < 4; when++) {
		again();
		resolve("good.example", 60);
		open_tcp();
		say(100, tls, 1000);
		if (when == 0)
			say(1500, evil + 1400, n - 1400);
		say(1100, tls + 1000, n - 1000);
		say(1100, tls + 1000, n - 1000); /* honestly sent again */
		if (when == 1)
			say(100, evil, n);
		taken(100 + (uint32_t)n);
		if (when == 2)
			say(100, evil, n); /* nobody takes that any more */
		/* With when 0 the bytes of evil came first. */
		expect_sni(when == 0 ? "evil.example" : "good.example",
		           when >= 2);
	}
}

/* The peer's acknowledgement of a part leaves the rest open. */
static void test_part_taken(void **state)
{
	static uint8_t evil[8000];
	size_t n = hello_make(tls, "good.example", 1700);

	(void)state;
	hello_make(evil, "evil.example", 1700);
	resolve("good.example", 60);
	open_tcp();
	say(100, tls, n);
	taken(1000);
	say(1500, evil + 1400, n - 1400);
	expect_sni("good.example", false);
}

/* After a HelloRetryRequest: another hello, behind CHANGE_CIPHER_SPEC. */
static void test_second_hello(void **state)
{
	static uint8_t second[8000];
	static const uint8_t change[] = { 20, 3, 3, 0, 1, 1 };

	(void)state;
	for (int same = 0; same < 2; same++) {
		size_t n, m;

		again();
		n = hello_make(tls, "good.example", 40);
		m = hello_make(second, same ? "good.example" : "evil.example",
		               1200);
		resolve("good.example", 60);
		open_tcp();
		say(100, tls, n);
		taken(100 + (uint32_t)n);
		say(100 + (uint32_t)n + 6 + 500, second + 500, m - 500);
		say(100 + (uint32_t)n, change, 6);
		say(100 + (uint32_t)n + 6, second, 500);
		expect_sni("good.example", same);
	}
}

/* The same ports again, for another name: both are claims. */
static void test_ports_again(void **state)
{
	struct vp_name target = { .name = (char *)"evil.example" };
	struct vp_name *names[] = { &target };
	size_t n;

	(void)state;
	resolve("good.example", 60);
	open_tcp();
	say(100, tls, hello_make(tls, "good.example", 0));
	for (int i = 0; i < 2; i++) { /* the same name changes nothing */
		tcp(OUT, US, 50000, PUB, 443, 8999 + (unsigned)i * 5000, 0,
		    VP_TCP_SYN, "", 0);
		if (i == 0) /* nobody took it yet: which SYN counts? */
			expect_sni("good.example", false);
		tcp(IN, PUB, 443, US, 50000, 700 + (unsigned)i,
		    9000 + (unsigned)i * 5000, VP_TCP_SYN | VP_TCP_ACK, "", 0);
		n = hello_make(tls, i ? "evil.example" : "good.example", 0);
		say(9000 + (uint32_t)i * 5000, tls, n);
		taken(9000 + (uint32_t)i * 5000 + (uint32_t)n);
		say(9000 + (uint32_t)(i * 5000 + (int)n), "\x17\3\3\0\1x",
		    6); /* settled */
		expect_sni("good.example", i == 0);
	}
	facts->names = names;
	facts->n_names = 1;
	expect_sni("evil.example", false); /* a target's name is shown */
	facts->n_names = 0;
}

static void test_ech(void **state)
{
	size_t n = hello_make(tls, "front.example", 0);

	(void)state;
	memcpy(tls + n - 7, "\xfe\x0d\0\3\0\0\0", 7); /* for the versions */
	open_tcp();
	say(100, tls, n);
	assert_true(flow()->ech);
	assert_string_equal(flow()->sni, "front.example");
}

/* --- HTTP ----------------------------------------------------------------- */

static void test_http(void **state)
{
	static const char get[] = "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n";
	static const char proxy[] = "CONNECT [2001:db8::1]:443 HTTP/1.1\r\n";
	const struct vp_flow *w;

	(void)state;
	for (size_t cut = 0; cut < sizeof(get) - 1; cut++) {
		again();
		open_tcp();
		say(100 + (uint32_t)cut, get + cut, sizeof(get) - 1 - cut);
		say(100, get, cut);
		w = flow();
		assert_string_equal(w->http_host, "a.example");
		assert_null(w->http_connect);
		assert_null(w->sni);
	}
	again(); /* a private proxy is of interest for this alone */
	tcp(OUT, US, 50000, "10.0.0.9", 3128, 99, 0, VP_TCP_SYN, "", 0);
	tcp(OUT, US, 50000, "10.0.0.9", 3128, 100, 0, VP_TCP_ACK, proxy,
	    sizeof(proxy) - 1);
	assert_string_equal(flow()->http_connect, "[2001:db8::1]:443");
}

static void ask_proxy(int seen, uint32_t seq, const char *text)
{
	bool out = seen == OUT;

	tcp(seen, out ? US : "10.0.0.9", out ? 50000 : 3128,
	    out ? "10.0.0.9" : US, out ? 3128 : 50000, seq, 0, VP_TCP_ACK, text,
	    strlen(text));
}

#define CONNECT(name) "CONNECT " name ":443 HTTP/1.1\r\nHost: " name "\r\n\r\n"

/* A proxy that refused one request is asked again on the same connection: of
 * all names one that is a target's is told. */
static void test_connect_again(void **state)
{
	struct vp_name name = { .name = (char[]){ "t.example" } };
	struct vp_name *names[] = { &name };
	static const char *const asks[] = {
		CONNECT("a.example"), CONNECT("b.example"),
		CONNECT("a.example"), CONNECT("c.example"),
		CONNECT("d.example"), CONNECT("t.example"),
	};

	(void)state;
	for (int syn = 0; syn < 2; syn++) {
		again();
		facts->names = names;
		facts->n_names = 1;
		if (syn)
			tcp(OUT, US, 50000, "10.0.0.9", 3128, 99, 0, VP_TCP_SYN,
			    "", 0);
		for (uint32_t i = 0; i < 6; i++) {
			assert_true(i == 0 || strcmp(flow()->http_connect,
			                             "a.example:443") == 0);
			ask_proxy(OUT, 100 + 1000 * i, asks[i]);
		}
		assert_string_equal(flow()->http_connect, "t.example:443");
		assert_int_equal(facts->capture.names_left_out, 0);
		/* No room for one more; it may be a target's. */
		ask_proxy(OUT, 9000, CONNECT("e.example"));
		flow();
		assert_int_equal(facts->capture.names_left_out, 1);
	}
	facts->names = NULL;
	facts->n_names = 0;
}

/* Whom it asked for stands in a segment that nobody looks at. */
static void test_connect_unread(void **state)
{
	static const struct {
		const char *text;
		int seen;
		unsigned unread;
	} cases[] = {
		{ CONNECT("a.example"), OUT, 0 },
		{ "CONNECT a.exam", OUT, 1 },
		{ "CONN", OUT, 1 },
		{ "CONNECT", OUT, 1 },
		{ "CONNECT \t", OUT, 1 },
		{ "CONNECT\ta.example:443 HTTP/1.1\r\n\r\n", OUT, 1 },
		{ "CONNECT  a.example:443 HTTP/1.1\r\n\r\n", OUT, 1 },
		{ "CONNECT a.example HTTP/1.1\r\n\r\n", OUT, 1 },
		{ "GET http://a.example/ HTTP/1.1\r\n", OUT, 0 },
		{ "GET http://a.exam", OUT, 1 },
		{ "GET http", OUT, 1 },
		{ "POST http://u@a.example/ HTTP/1.1\r\n", OUT, 1 },
		{ "GET http://a.example/ 200 17\n", OUT, 0 },
		/* other protocols, and a text */
		{ "CONNECT {\"verbose\":false,\"pedan", OUT, 0 },
		{ "CONNECT {\"verbose\":false}\r\n", OUT, 0 },
		{ "CONNECT\naccept-version:1.2\n\n", OUT, 0 },
		{ "CONNECT\r\naccept-version:1.2\r\n\r\n", OUT, 0 },
		{ "CONNECTED\nversion:1.2\n\n", IN, 0 },
		{ "CONNECTION", OUT, 0 },
		{ "CONNECT BY PRIOR a = b\n", OUT, 0 },
		{ "CONNECT a.exam", IN, 0 },
	};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		const char *text = cases[i / 2].text;

		again();
		tcp(OUT, US, 50000, "10.0.0.9", 3128, 99, 0, VP_TCP_SYN, "", 0);
		if (i % 2 != 0) /* after another one */
			ask_proxy(OUT, 100, CONNECT("b.example"));
		ask_proxy(cases[i / 2].seen, 1000, text);
		flow();
		assert_int_equal(facts->capture.names_left_out,
		                 cases[i / 2].unread);
	}
	/* For a whole URL it is asked without CONNECT. */
	again();
	tcp(OUT, US, 50000, "10.0.0.9", 3128, 99, 0, VP_TCP_SYN, "", 0);
	ask_proxy(OUT, 100, "GET http://a.example/x HTTP/1.1\r\n");
	assert_string_equal(flow()->http_connect, "a.example:80");
	assert_null(flow()->http_host);
	/* To a public end the rest is seen. */
	again();
	open_tcp();
	say(100, "CONNECT a.exam", 14);
	say(114, "ple:443 HTTP/1.1\r\n\r\n", 21);
	assert_string_equal(flow()->http_connect, "a.example:443");
	assert_int_equal(facts->capture.names_left_out, 0);
}

/* --- QUIC ----------------------------------------------------------------- */

static uint8_t datagram[3000], frames[3000];

static void initial(const struct initial_keys *k, uint32_t number, size_t from,
                    const uint8_t *hello, size_t len)
{
	const struct initial_head h = { .number = number, .number_len = 1 };
	size_t n = initial_crypto(frames, from, hello, len);

	memset(frames + n, 0, 300);
	n = initial_seal(datagram, k, &h, frames, n + 300);
	udp(OUT, US, 50000, PUB, 443, datagram, n);
}

static void expect_quic(const char *sni, bool bound)
{
	const struct vp_flow *w = flow();

	assert_string_equal(w->sni, sni);
	assert_int_equal(w->sni_from, VP_NAME_SOURCE_QUIC);
	assert_int_equal(w->sni_bound, bound);
}

static void test_quic(void **state)
{
	static uint8_t other[8000];
	static const char handshake[] = "\xe0\0\0\0\1\0\0\x04"
					"abcd";
	size_t n = hello_make(tls, "good.example", 1700) - 5;

	(void)state;
	hello_make(other, "evil.example", 1700);
	for (int when = 0; when < 4; when++) {
		again();
		resolve("good.example", 60);
		initial(&initial_v2, 0, 900, tls + 905, n - 900);
		if (when == 0)
			initial(&initial_v2, 2, 1200, other + 1205, n - 1200);
		initial(&initial_v2, 1, 0, tls + 5, 900);
		initial(&initial_v2, 3, 0, tls + 5, 900);
		if (when == 1)
			initial(&initial_v2, 4, 900, other + 905, n - 900);
		udp(IN, PUB, 443, US, 50000, handshake, 12);
		if (when == 2) /* too late */
			initial(&initial_v2, 4, 900, other + 905, n - 900);
		if (when == 3) { /* another connection, another name */
			initial(&initial_v1, 0, 0, other + 5, 900);
			expect_quic("good.example", true);
			initial(&initial_v1, 1, 900, other + 905, n - 900);
		}
		expect_quic("good.example", when == 2);
	}
}

/* What is no QUIC costs nothing, and is none. */
static void test_not_quic(void **state)
{
	(void)state;
	udp(OUT, US, 50000, PUB, 443, "\xc0\0\0\0\1", 5);
	udp(OUT, US, 50000, PUB, 443, "\xc0", 1);
	udp(OUT, US, 50000, PUB, 443, "\xc0\x1a\x2a\x3a\x4a\0\0\0", 8);
	udp(IN, PUB, 443, US, 50000, "\xff", 1);
	assert_null(flow()->sni);
	assert_int_equal(facts->capture.names_left_out, 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_chain),         T(test_foreign),
		T(test_time),          T(test_https_record),
		T(test_contradiction), T(test_part_taken),
		T(test_second_hello),  T(test_ports_again),
		T(test_ech),           T(test_http),
		T(test_connect_again), T(test_connect_unread),
		T(test_quic),          T(test_not_quic),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
