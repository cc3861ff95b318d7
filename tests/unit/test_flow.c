/* flow: packets in, the flows that matter out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "frames.h"
#include "hello.h"
#include "vnetprobe/dns_message.h"
#include "vnetprobe/flow.h"

#include <netinet/in.h>

#define US "10.0.0.4"
#define PUB "203.0.113.7"
#define DNS "168.63.129.16"

enum { IN = 0, OTHER = 3, OUT = 4, WIRE = -1 };

static struct vp_flows *t;
static struct vp_facts *facts;
static int64_t now;
static struct frame f;

static void begin(const struct vp_flow_limits *limits)
{
	t = vp_flows_create(limits);
	assert_non_null(t);
	vp_flows_add_local(t, &(struct vp_addr){ 4, { 10, 0, 0, 4 } });
	vp_flows_add_interface(t, 2, "eth0", VP_LINK_EXIT);
	facts = vp_facts_create();
	now = 1000;
}

static int setup(void **state)
{
	(void)state;
	begin(NULL);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	vp_flows_destroy(t);
	vp_facts_destroy(facts);
	return 0;
}

static void again(const struct vp_flow_limits *limits)
{
	teardown(NULL);
	begin(limits);
}

static void link_header(int seen, const char *src)
{
	unsigned type = strchr(src, ':') != NULL ? 0x86dd : 0x0800;

	if (seen == WIRE)
		f_eth(&f, type);
	else
		f_sll2(&f, (unsigned)seen, 2, type);
}

static void feed(int seen)
{
	struct vp_packet p;
	uint8_t *keep;

	assert_int_equal(
		f_decode_cut(&p, &f, seen == WIRE ? DLT_EN10MB : DLT_LINUX_SLL2,
	                     f.n, &keep),
		VP_DECODE_OK);
	p.ts_us = now++;
	vp_flows_packet(t, &p);
	free(keep);
}

static void ip(int seen, const char *src, const char *dst, unsigned proto,
               size_t body)
{
	link_header(seen, src);
	if (strchr(src, ':') != NULL)
		f_ip6(&f, src, dst, proto, body);
	else
		f_ip4(&f, src, dst, proto, body, 1, 0x4000);
}

static void udp(int seen, const char *src, unsigned sport, const char *dst,
                unsigned dport, const void *data, size_t n)
{
	ip(seen, src, dst, IPPROTO_UDP, 8 + n);
	f_udp(&f, sport, dport, n);
	f_put(&f, data, n);
	feed(seen);
}

static void tcp(int seen, const char *src, unsigned sport, const char *dst,
                unsigned dport, uint32_t seq, unsigned flags, const void *data,
                size_t n)
{
	ip(seen, src, dst, IPPROTO_TCP, 20 + n);
	f_tcp(&f, sport, dport, seq, 1, flags);
	f_put(&f, data, n);
	feed(seen);
}

/* What our client at port 50000 says to PUB:443, and is told. */
static void say(uint32_t seq, unsigned flags, const void *data, size_t n)
{
	tcp(OUT, US, 50000, PUB, 443, seq, flags, data, n);
}

static void hear(uint32_t seq, unsigned flags, const void *data, size_t n)
{
	tcp(IN, PUB, 443, US, 50000, seq, flags, data, n);
}

static void finish(size_t want)
{
	facts->capture.truncated = 0;
	facts->capture.undecodable = 0;
	facts->capture.flows_left_out = 0;
	facts->capture.names_left_out = 0;
	vp_flows_finish(t, facts);
	assert_int_equal(facts->n_flows, want);
}

static void expect_end(const struct vp_endpoint *e, const char *addr,
                       unsigned port)
{
	struct vp_addr want = f_addr(addr);

	assert_true(vp_addr_equal(&e->addr, &want));
	assert_int_equal(e->port, port);
}

/* --- counting ------------------------------------------------------------ */

static void test_counts(void **state)
{
	const struct vp_flow *w;

	(void)state;
	udp(OUT, US, 40000, PUB, 443, "abc", 3);
	udp(OUT, US, 40000, PUB, 443, "abcd", 4);
	udp(IN, PUB, 443, US, 40000, "x", 1);
	finish(1);
	w = &facts->flows[0];
	assert_int_equal(w->proto, IPPROTO_UDP);
	expect_end(&w->local, US, 40000);
	expect_end(&w->remote, PUB, 443);
	assert_string_equal(w->interface, "eth0");
	assert_int_equal(w->direction, VP_DIRECTION_OUT);
	assert_int_equal(w->packets_out, 2);
	assert_int_equal(w->bytes_out, 28 * 2 + 7);
	assert_int_equal(w->packets_in, 1);
	assert_int_equal(w->bytes_in, 29);
	assert_int_equal(w->first_us, 1000);
	assert_int_equal(w->last_us, 1002);
	assert_int_equal(w->state, VP_FLOW_ESTABLISHED);
	assert_false(w->own);
	assert_int_equal(w->n_names, 0);
	assert_null(w->sni);
}

static void test_selection(void **state)
{
	static const struct {
		const char *remote;
		bool wanted;
	} cases[] = {
		{ "10.0.0.9", false },        { "100.64.1.1", false },
		{ "168.63.129.16", false },   { "169.254.169.254", false },
		{ "169.254.3.3", false },     { "224.0.0.251", false },
		{ "255.255.255.255", false }, { "198.51.100.9", false },
		{ "198.51.101.9", true },     { "8.8.8.8", true },
		{ "127.0.0.2", false },
	};
	static struct vp_prefix vnet = { { 4, { 198, 51, 100, 0 } }, 24 };
	static const char *const six[] = { "ff02::fb", "fe80::2", "fd00::9",
		                           "2001:db8::9" };

	(void)state;
	facts->policy.vnet = &vnet;
	facts->policy.n_vnet = 1;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		udp(OUT, US, 1000, cases[i].remote, 2000 + (unsigned)i, "", 0);
	for (size_t i = 0; i < 4; i++)
		udp(OUT, "fd00::4", 1000, six[i], 2000, "", 0);
	finish(3);
	expect_end(&facts->flows[0].remote, "198.51.101.9", 2008);
	expect_end(&facts->flows[1].remote, "8.8.8.8", 2009);
	expect_end(&facts->flows[2].remote, "2001:db8::9", 2000);
}

static void test_targets_and_resolvers(void **state)
{
	struct vp_target_address addr = { .addr = f_addr("10.1.0.5") };
	struct vp_addr expected = f_addr("10.1.0.6");
	struct vp_target target = { .addresses = &addr,
		                    .n_addresses = 1,
		                    .expected = &expected,
		                    .n_expected = 1 };
	struct vp_resolver resolvers[] = { { .endpoint =
		                                     f_end("10.0.0.10", 5300) },
		                           { .source = VP_RESOLVER_NSS } };

	(void)state;
	facts->targets = &target;
	facts->n_targets = 1;
	facts->resolvers = resolvers;
	facts->n_resolvers = 2;
	vp_flows_add_resolver(t, &resolvers[0].endpoint);
	tcp(OUT, US, 1, "10.1.0.5", 443, 1, VP_TCP_SYN, "", 0);
	tcp(OUT, US, 1, "10.1.0.5", 445, 1, VP_TCP_SYN, "", 0);
	tcp(OUT, US, 1, "10.1.0.6", 443, 1, VP_TCP_SYN, "", 0);
	tcp(OUT, US, 1, "10.1.0.7", 443, 1, VP_TCP_SYN, "", 0);
	udp(OUT, US, 1, "10.0.0.10", 5300, "", 0);
	udp(OUT, US, 1, "10.0.0.10", 5301, "", 0);
	udp(OUT, US, 1, "10.0.0.11", 5300, "", 0);
	finish(4);
	expect_end(&facts->flows[2].remote, "10.1.0.6", 443);
	expect_end(&facts->flows[3].remote, "10.0.0.10", 5300);
	facts->targets = NULL;
	facts->resolvers = NULL;
	facts->n_targets = facts->n_resolvers = 0;
}

/* --- TCP states ---------------------------------------------------------- */

#define S VP_TCP_SYN
#define A VP_TCP_ACK
#define R VP_TCP_RST
#define F VP_TCP_FIN
#define I 0x100 /* from the peer */
#define D 0x200 /* with data */

static void test_tcp_states(void **state)
{
	static const struct {
		unsigned steps[8];
		enum vp_flow_state want;
		enum vp_direction direction;
	} cases[] = {
		{ { S }, VP_FLOW_ATTEMPTED, VP_DIRECTION_OUT },
		{ { S, S, S }, VP_FLOW_ATTEMPTED, VP_DIRECTION_OUT },
		{ { S, I | R | A }, VP_FLOW_ANSWERED, VP_DIRECTION_OUT },
		{ { S, I | S | A }, VP_FLOW_ANSWERED, VP_DIRECTION_OUT },
		{ { S, I | S | A, R }, VP_FLOW_ANSWERED, VP_DIRECTION_OUT },
		{ { S, I | S | A, A }, VP_FLOW_ESTABLISHED, VP_DIRECTION_OUT },
		{ { S, I | A, R }, VP_FLOW_ANSWERED, VP_DIRECTION_OUT },
		/* the SYN-ACK was missed */
		{ { S, A | D, I | A }, VP_FLOW_ESTABLISHED, VP_DIRECTION_OUT },
		{ { I | S | A }, VP_FLOW_ATTEMPTED, VP_DIRECTION_OUT },
		{ { I | S }, VP_FLOW_ATTEMPTED, VP_DIRECTION_IN },
		{ { I | S, R | A }, VP_FLOW_ANSWERED, VP_DIRECTION_IN },
		{ { I | S, S | A }, VP_FLOW_ANSWERED, VP_DIRECTION_IN },
		{ { I | S, S | A, I | A },
		  VP_FLOW_ESTABLISHED,
		  VP_DIRECTION_IN },
		/* the start was not seen */
		{ { A | D }, VP_FLOW_ATTEMPTED, VP_DIRECTION_UNKNOWN },
		{ { A | D, I | A | D },
		  VP_FLOW_ESTABLISHED,
		  VP_DIRECTION_UNKNOWN },
		{ { A | D, I | R }, VP_FLOW_ANSWERED, VP_DIRECTION_UNKNOWN },
		{ { A | D, I | R | A },
		  VP_FLOW_ANSWERED,
		  VP_DIRECTION_UNKNOWN },
		{ { S, I | S | A, R | A }, VP_FLOW_ANSWERED, VP_DIRECTION_OUT },
		{ { I | A | D }, VP_FLOW_ATTEMPTED, VP_DIRECTION_UNKNOWN },
		/* open, closed, and the ports used again */
		{ { I | A, A | F, S }, VP_FLOW_ESTABLISHED, VP_DIRECTION_OUT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		again(NULL);
		for (size_t s = 0; cases[i].steps[s] != 0; s++) {
			unsigned step = cases[i].steps[s];

			(step & I ? hear : say)(100 + (uint32_t)s * 10,
			                        step & 0xff, "data",
			                        step & D ? 4 : 0);
		}
		finish(1);
		expect_end(&facts->flows[0].local, US, 50000);
		assert_int_equal(facts->flows[0].state, cases[i].want);
		assert_int_equal(facts->flows[0].direction, cases[i].direction);
	}
}

/* The peer's datagram came first, and we talk too: whose talk is it? */
static void test_datagrams_both_ways(void **state)
{
	static const struct {
		unsigned peer, ours;
		bool we_talk;
		enum vp_direction want, later; /* in the first minutes; after */
	} cases[] = {
		{ 51820, 51820, true, VP_DIRECTION_UNKNOWN,
		  VP_DIRECTION_UNKNOWN }, /* WireGuard */
		{ 51820, 21841, true, VP_DIRECTION_UNKNOWN, VP_DIRECTION_IN },
		{ 51820, 1024, true, VP_DIRECTION_UNKNOWN, VP_DIRECTION_IN },
		{ 51820, 21841, false, VP_DIRECTION_IN, VP_DIRECTION_IN },
		{ 4500, 4500, true, VP_DIRECTION_UNKNOWN,
		  VP_DIRECTION_UNKNOWN }, /* IPsec */
		{ 443, 500, true, VP_DIRECTION_UNKNOWN, VP_DIRECTION_UNKNOWN },
		{ 443, 50000, true, VP_DIRECTION_UNKNOWN,
		  VP_DIRECTION_UNKNOWN },
		{ 50000, 443, true, VP_DIRECTION_IN,
		  VP_DIRECTION_IN }, /* a service of ours */
		{ 50000, 1023, true, VP_DIRECTION_IN, VP_DIRECTION_IN },
		{ 51820, 51820, false, VP_DIRECTION_IN, VP_DIRECTION_IN },
		{ 4500, 4500, false, VP_DIRECTION_IN, VP_DIRECTION_IN },
	};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		bool later = i % 2 != 0;
		size_t k = i / 2;

		again(NULL);
		udp(OUT, US, 1, "10.0.0.5", 53, "", 0); /* the first of all */
		now += later ? 131000000 : 129000000;
		udp(IN, PUB, cases[k].peer, US, cases[k].ours, "x", 1);
		if (cases[k].we_talk)
			udp(OUT, US, cases[k].ours, PUB, cases[k].peer, "y", 1);
		finish(1);
		assert_int_equal(facts->flows[0].direction,
		                 later ? cases[k].later : cases[k].want);
	}
}

/* Connections that are older than the capture, at a port somebody listens at.
 */
static void test_listeners(void **state)
{
	static const struct {
		unsigned ours, peers;
		uint16_t listener, other;
		bool syn, own;
		enum vp_direction want;
	} cases[] = {
		{ 22, 50000, 22, 0, false, false, VP_DIRECTION_IN },
		{ 22, 443, 22, 0, false, false, VP_DIRECTION_IN },
		{ 8443, 1024, 8443, 0, false, false, VP_DIRECTION_IN },
		{ 8443, 50000, 8443, 0, false, false, VP_DIRECTION_IN },
		/* A client here may have the port as well (SO_REUSEADDR, or the
		 * listener began after it): what talks from a service's port
		 * did not come to us for all we know. */
		{ 50000, 443, 50000, 0, false, false, VP_DIRECTION_UNKNOWN },
		{ 1024, 1023, 1024, 0, false, false, VP_DIRECTION_UNKNOWN },
		{ 8443, 50000, 8444, 0, false, false, VP_DIRECTION_UNKNOWN },
		{ 50000, 443, 443, 0, false, false, VP_DIRECTION_UNKNOWN },
		{ 8443, 50000, 8443, 50000, false, false,
		  VP_DIRECTION_UNKNOWN },
		{ 8443, 50000, 8443, 0, true, false, VP_DIRECTION_OUT },
		{ 8443, 50000, 8443, 0, false, true, VP_DIRECTION_UNKNOWN },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		unsigned ours = cases[i].ours, peers = cases[i].peers;
		struct vp_endpoint us = { f_addr(US), (uint16_t)ours };
		struct vp_endpoint peer = { f_addr(PUB), (uint16_t)peers };

		again(NULL);
		vp_flows_add_listener(t, cases[i].listener);
		if (cases[i].other != 0)
			vp_flows_add_listener(t, cases[i].other);
		if (cases[i].syn)
			tcp(OUT, US, ours, PUB, peers, 99, S, "", 0);
		tcp(OUT, US, ours, PUB, peers, 100, A, "data", 4);
		tcp(IN, PUB, peers, US, ours, 100, A, "data", 4);
		if (cases[i].own)
			vp_flows_own(t, IPPROTO_TCP, &us, &peer);
		finish(1);
		assert_int_equal(facts->flows[0].direction, cases[i].want);
	}
}

#undef S
#undef A
#undef R
#undef F
#undef I
#undef D

static void test_udp_direction(void **state)
{
	static const struct {
		int seen;
		unsigned lport, rport;
		enum vp_direction want;
	} cases[] = {
		{ OUT, 40000, 443, VP_DIRECTION_OUT },
		{ IN, 53, 40000, VP_DIRECTION_IN },
		{ IN, 40000, 443,
		  VP_DIRECTION_UNKNOWN }, /* our talk's answer? */
		{ IN, 32768, 32767, VP_DIRECTION_UNKNOWN },
		{ IN, 32767, 32767, VP_DIRECTION_IN },
		{ IN, 32768, 32768, VP_DIRECTION_IN },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		again(NULL);
		if (cases[i].seen == OUT)
			udp(OUT, US, cases[i].lport, PUB, cases[i].rport, "",
			    0);
		else
			udp(IN, PUB, cases[i].rport, US, cases[i].lport, "", 0);
		finish(1);
		expect_end(&facts->flows[0].remote, PUB, cases[i].rport);
		assert_int_equal(facts->flows[0].direction, cases[i].want);
		assert_int_equal(facts->flows[0].state, VP_FLOW_ATTEMPTED);
	}
}

/* --- which end is local -------------------------------------------------- */

static void test_local_end(void **state)
{
	static const struct {
		int seen;
		const char *src;
		unsigned sport;
		const char *dst;
		unsigned dport;
		bool src_local;
	} cases[] = {
		/* our own addresses go before what the frame says */
		{ OTHER, US, 1, PUB, 2, true },
		{ OTHER, PUB, 1, US, 2, false },
		{ WIRE, PUB, 1, US, 2, false },
		{ IN, US, 1, PUB, 2, true },
		/* forwarded: the private end counts as ours, in or out */
		{ IN, "10.9.0.1", 1, PUB, 2, true },
		{ OUT, PUB, 2, "10.9.0.1", 1, false },
		{ OTHER, "10.9.0.1", 1, PUB, 2, true },
		/* both public: the cooked header, then the ports */
		{ IN, "203.0.113.9", 1, PUB, 2, false },
		{ OUT, "203.0.113.9", 1, PUB, 2, true },
		{ WIRE, "203.0.113.9", 4000, PUB, 443, true },
		{ WIRE, "203.0.113.9", 443, PUB, 4000, true }, /* it spoke */
		{ WIRE, "203.0.113.9", 4000, PUB, 4001, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct vp_flow *w;

		again(NULL);
		udp(cases[i].seen, cases[i].src, cases[i].sport, cases[i].dst,
		    cases[i].dport, "", 0);
		finish(1);
		w = &facts->flows[0];
		if (cases[i].src_local) {
			expect_end(&w->local, cases[i].src, cases[i].sport);
			expect_end(&w->remote, cases[i].dst, cases[i].dport);
			assert_int_equal(w->packets_out, 1);
		} else {
			expect_end(&w->local, cases[i].dst, cases[i].dport);
			expect_end(&w->remote, cases[i].src, cases[i].sport);
			assert_int_equal(w->packets_in, 1);
		}
		/* The answer falls into the same flow. */
		udp(cases[i].seen == OUT  ? IN
		    : cases[i].seen == IN ? OUT
		                          : cases[i].seen,
		    cases[i].dst, cases[i].dport, cases[i].src, cases[i].sport,
		    "", 0);
		finish(1);
		assert_int_equal(facts->flows[0].packets_in, 1);
		assert_int_equal(facts->flows[0].packets_out, 1);
	}
}

/* With our addresses not known the cooked header goes before the scopes: a
 * VNet may have a public range, and its peer in another VNet a private one. */
static void test_no_local_addresses(void **state)
{
	static struct vp_prefix vnet = { { 4, { 198, 51, 100, 0 } }, 24 };
	struct vp_addr expected = f_addr("10.0.0.9");
	struct vp_target target = { .expected = &expected, .n_expected = 1 };

	(void)state;
	vp_flows_destroy(t);
	t = vp_flows_create(NULL);
	facts->policy.vnet = &vnet;
	facts->policy.n_vnet = 1;
	facts->targets = &target;
	facts->n_targets = 1;
	udp(OUT, "198.51.100.4", 40000, "10.0.0.9", 50000, "", 0);
	finish(1);
	expect_end(&facts->flows[0].remote, "10.0.0.9", 50000);
	assert_int_equal(facts->flows[0].packets_out, 1);
	facts->targets = NULL;
	facts->n_targets = 0;
}

/* A VNet in a public range: a guess that took the peer for us is mended. */
static void test_backwards(void **state)
{
	static struct vp_prefix vnet = { { 4, { 198, 51, 100, 0 } }, 24 };
	const struct vp_flow *w;

	(void)state;
	tcp(WIRE, PUB, 5000, "198.51.100.4", 5001, 9, VP_TCP_ACK, "x", 1);
	finish(1);
	expect_end(&facts->flows[0].local, PUB, 5000);
	facts->policy.vnet = &vnet;
	facts->policy.n_vnet = 1;
	finish(1);
	w = &facts->flows[0];
	expect_end(&w->local, "198.51.100.4", 5001);
	expect_end(&w->remote, PUB, 5000);
	assert_int_equal(w->packets_in, 1);
	assert_int_equal(w->bytes_in, 41);
	assert_int_equal(w->packets_out, 0);
	again(NULL);
	facts->policy.vnet = &vnet;
	facts->policy.n_vnet = 1;
	udp(WIRE, PUB, 5000, "198.51.100.4", 5001, "", 0);
	finish(1);
	assert_int_equal(facts->flows[0].direction, VP_DIRECTION_IN);
}

static void loopback(int seen, unsigned sport, unsigned dport, const char *data)
{
	udp(seen, "127.0.0.1", sport, "127.0.0.53", dport, data, strlen(data));
}

static void test_loopback(void **state)
{
	struct vp_resolver stub = { .endpoint = f_end("127.0.0.53", 53) };
	struct vp_endpoint l = f_end("127.0.0.1", 999), r = stub.endpoint;

	(void)state;
	for (int copies = 1; copies <= 2; copies++) {
		again(NULL);
		facts->resolvers = &stub;
		facts->n_resolvers = 1;
		for (int i = 0; i < 3; i++) {
			if (copies == 2)
				loopback(OUT, 999, 53, "q");
			loopback(IN, 999, 53, "q");
			if (copies == 2)
				udp(OUT, "127.0.0.53", 53, "127.0.0.1", 999,
				    "aa", 2);
			udp(IN, "127.0.0.53", 53, "127.0.0.1", 999, "aa", 2);
		}
		finish(1);
		expect_end(&facts->flows[0].local, "127.0.0.1", 999);
		assert_int_equal(facts->flows[0].packets_out, 3);
		assert_int_equal(facts->flows[0].packets_in, 3);
		assert_int_equal(facts->flows[0].bytes_in, 90);
		assert_int_equal(facts->flows[0].direction, VP_DIRECTION_OUT);
		assert_true(vp_flows_saw(t, IPPROTO_UDP, &l, &r));
		facts->resolvers = NULL;
		facts->n_resolvers = 0;
	}
	/* To a public address of our own: it never left. */
	again(NULL);
	vp_flows_add_local(t, &(struct vp_addr){ 4, { 203, 0, 113, 7 } });
	udp(IN, US, 1, PUB, 2, "", 0);
	udp(IN, PUB, 3, PUB, 4, "", 0);
	finish(0);
}

/* --- our own probes ------------------------------------------------------ */

static void test_own_and_saw(void **state)
{
	struct vp_endpoint l = f_end(US, 50000), r = f_end(PUB, 443);
	struct vp_endpoint other = f_end(US, 50001);

	(void)state;
	assert_false(vp_flows_saw(t, IPPROTO_TCP, &l, &r));
	vp_flows_own(t, IPPROTO_TCP, &l, &r); /* before its packets */
	assert_false(vp_flows_saw(t, IPPROTO_TCP, &l, &r));
	finish(0); /* nothing seen, nothing to report */
	hear(1, VP_TCP_SYN | VP_TCP_ACK, "", 0);
	assert_false(vp_flows_saw(t, IPPROTO_TCP, &l, &r)); /* not ours yet */
	say(1, VP_TCP_ACK, "", 0);
	assert_true(vp_flows_saw(t, IPPROTO_TCP, &l, &r));
	assert_false(vp_flows_saw(t, IPPROTO_UDP, &l, &r));
	assert_false(vp_flows_saw(t, IPPROTO_TCP, &other, &r));
	assert_false(vp_flows_saw(t, IPPROTO_TCP, &r, &l));
	finish(1);
	assert_true(facts->flows[0].own);

	again(NULL);
	say(1, VP_TCP_SYN, "", 0);
	tcp(OUT, US, 50001, PUB, 443, 1, VP_TCP_SYN, "", 0);
	vp_flows_own(t, IPPROTO_TCP, &l, &r); /* after */
	finish(2);
	assert_true(facts->flows[0].own);
	assert_false(facts->flows[1].own);
}

/* --- ICMP errors --------------------------------------------------------- */

static void icmp_error(int seen, const char *src, const char *dst,
                       const char *qsrc, unsigned qsport, const char *qdst,
                       unsigned qdport)
{
	link_header(seen, src);
	f_ip4(&f, src, dst, IPPROTO_ICMP, 8 + 28, 1, 0);
	f_put(&f, "\3\3\0\0\0\0\0\0", 8);
	f_ip4(&f, qsrc, qdst, IPPROTO_UDP, 8, 1, 0);
	f_udp(&f, qsport, qdport, 0);
	feed(seen);
}

static void test_icmp_error(void **state)
{
	(void)state;
	udp(OUT, US, 40000, PUB, 443, "abc", 3);
	icmp_error(IN, "10.0.0.1", US, US, 40000, PUB, 443);
	finish(1);
	assert_int_equal(facts->flows[0].state, VP_FLOW_ANSWERED);
	assert_int_equal(facts->flows[0].packets_in, 1);
	assert_int_equal(facts->flows[0].bytes_in, 56);
	/* Of a flow that was not seen: the router's own, port 0. */
	icmp_error(IN, "203.0.113.1", US, US, 40001, PUB, 443);
	finish(2);
	assert_int_equal(facts->flows[1].proto, IPPROTO_ICMP);
	expect_end(&facts->flows[1].remote, "203.0.113.1", 0);
	assert_int_equal(facts->flows[1].packets_in, 1);
}

static void test_icmp_error_cannot_hide_egress(void **state)
{
	(void)state;
	/* We answer a peer that came to a closed port ... */
	udp(IN, PUB, 40000, US, 161, "abc", 3);
	icmp_error(OUT, US, PUB, PUB, 40000, US, 161);
	finish(1);
	assert_int_equal(facts->flows[0].state, VP_FLOW_ANSWERED);
	assert_int_equal(facts->flows[0].packets_out, 1);
	/* ... but an "error" to somebody else than it quotes is its own. */
	udp(IN, "10.0.0.9", 40000, US, 161, "abc", 3);
	icmp_error(OUT, US, "203.0.113.66", "10.0.0.9", 40000, US, 161);
	finish(2);
	assert_int_equal(facts->flows[1].proto, IPPROTO_ICMP);
	expect_end(&facts->flows[1].remote, "203.0.113.66", 0);
	assert_int_equal(facts->flows[1].packets_out, 1);
	assert_int_equal(facts->flows[1].direction, VP_DIRECTION_OUT);
}

/* A stranger's datagram to a port that nobody here has, as if it answered. */
static void test_refused_datagram(void **state)
{
	(void)state;
	udp(IN, PUB, 53, US, 41000, "x", 1);
	finish(1);
	assert_int_equal(facts->flows[0].direction, VP_DIRECTION_UNKNOWN);
	icmp_error(OUT, US, PUB, PUB, 53, US, 41000);
	finish(1);
	assert_int_equal(facts->flows[0].direction, VP_DIRECTION_IN);
	udp(OUT, US, 41000, PUB, 53, "x", 1);
	finish(1);
	assert_int_equal(facts->flows[0].direction, VP_DIRECTION_UNKNOWN);
}

/* --- fragments ----------------------------------------------------------- */

static void fragment(int seen, const char *src, const char *dst, unsigned id,
                     unsigned off)
{
	link_header(seen, src);
	f_ip4(&f, src, dst, IPPROTO_UDP, 16, id, off);
	f_udp(&f, 40000, 4500, 3000);
	f_fill(&f, 1, 8);
	feed(seen);
}

static void test_fragments(void **state)
{
	(void)state;
	fragment(OUT, US, PUB, 7, 0x2000);
	fragment(OUT, US, PUB, 7, 0x2002);
	fragment(OUT, US, PUB, 7, 0x0004);
	finish(1);
	expect_end(&facts->flows[0].remote, PUB, 4500);
	assert_int_equal(facts->flows[0].packets_out, 3);
	assert_int_equal(facts->flows[0].bytes_out, 108);
	/* Another datagram's, whose first fragment was not seen: port 0. */
	fragment(OUT, US, PUB, 8, 0x0004);
	finish(2);
	expect_end(&facts->flows[1].local, US, 0);
	expect_end(&facts->flows[1].remote, PUB, 0);
	assert_int_equal(facts->flows[1].packets_out, 1);
	/* The id used again half a minute later is another datagram. */
	now += 30000001;
	fragment(OUT, US, PUB, 7, 0x0004);
	finish(2);
	assert_int_equal(facts->flows[0].packets_out, 3);
	assert_int_equal(facts->flows[1].packets_out, 2);
	/* Ours and the peer's with one id are two. */
	fragment(IN, PUB, US, 7, 0x0004);
	finish(2);
	assert_int_equal(facts->flows[1].packets_in, 1);
}

static void test_fragments6(void **state)
{
	(void)state;
	for (unsigned later = 0; later < 2; later++) {
		f_sll2(&f, OUT, 2, 0x86dd);
		f_ip6(&f, "fd00::4", "2001:db8::1", 44, 8 + 24);
		/* The first one has options before UDP; the later one only
		 * knows of the options. */
		f_put(&f, later ? "\74\0\0\30" : "\74\0\0\1", 4);
		f_32(&f, 99);
		f_put(&f, "\21\0\0\0\0\0\0\0", 8);
		f_udp(&f, 40000, 4500, 100);
		f_fill(&f, 1, 8);
		feed(OUT);
	}
	finish(1);
	expect_end(&facts->flows[0].remote, "2001:db8::1", 4500);
	assert_int_equal(facts->flows[0].packets_out, 2);
}

/* --- DNS ----------------------------------------------------------------- */

static uint8_t msg[2048];
static size_t msg_n;

static void ask(const char *name, uint16_t type)
{
	int n = vp_dns_question_write(msg, sizeof(msg), 7, name, type, 0);

	assert_true(n > 0);
	msg_n = (size_t)n;
}

static void rr(const char *owner, unsigned type, const void *data, size_t n)
{
	int len = vp_dns_question_write(msg + msg_n, sizeof(msg) - msg_n, 0,
	                                owner, (uint16_t)type, 0);

	/* A question is a header, then name, type and class. */
	memmove(msg + msg_n, msg + msg_n + 12, (size_t)len - 12);
	msg_n += (size_t)len - 12;
	memcpy(msg + msg_n, "\0\0\0\x3c\0", 5);
	msg[msg_n + 5] = (uint8_t)n;
	memcpy(msg + msg_n + 6, data, n);
	msg_n += 6 + n;
	msg[7]++;
}

/* acct -> acct.pl -> address, as a message. */
static void answer(const void *addr)
{
	ask("acct.example", VP_DNS_A);
	msg[2] = 0x81;
	msg[3] = 0x80;
	rr("acct.example", 5, "\4acct\2pl\7example", 17);
	rr("acct.pl.example", 1, addr, 4);
}

#define PUB_BYTES "\xcb\0\x71\7"

static void expect_names(const struct vp_flow *w, size_t n)
{
	static const char *const want[] = { "acct.example", "acct.pl.example" };

	assert_int_equal(w->n_names, n);
	for (size_t i = 0; i < n; i++) {
		assert_string_equal(w->names[i].name, want[i]);
		assert_true(w->names[i].bound);
	}
}

static void test_dns_binds(void **state)
{
	struct vp_endpoint l = f_end(US, 40000), r = f_end(DNS, 53);

	(void)state;
	say(1, VP_TCP_SYN, "", 0); /* a flow from before the answer */
	ask("Acct.example", VP_DNS_A);
	udp(OUT, US, 40000, DNS, 53, msg, msg_n);
	assert_true(vp_flows_saw_question(t, IPPROTO_UDP, &l, &r,
	                                  "acct.example", VP_DNS_A));
	assert_false(vp_flows_saw_question(t, IPPROTO_UDP, &l, &r,
	                                   "acct.example", VP_DNS_AAAA));
	assert_false(vp_flows_saw_question(t, IPPROTO_TCP, &l, &r,
	                                   "acct.example", VP_DNS_A));
	assert_false(vp_flows_saw_question(t, IPPROTO_UDP, &r, &l,
	                                   "acct.example", VP_DNS_A));
	assert_false(vp_flows_saw_question(t, IPPROTO_UDP, &l, &r,
	                                   "acct.exampl", VP_DNS_A));
	answer(PUB_BYTES);
	udp(IN, DNS, 53, US, 40000, msg, msg_n);
	udp(IN, DNS, 53, US, 40000, msg, msg_n); /* twice is once */
	tcp(OUT, US, 50001, PUB, 443, 1, VP_TCP_SYN, "", 0);
	finish(2);
	expect_names(&facts->flows[0], 2);
	expect_names(&facts->flows[1], 2);
}

static void test_dns_forged_answers(void **state)
{
	(void)state;
	say(1, VP_TCP_SYN, "", 0);
	answer(PUB_BYTES);
	udp(IN, DNS, 53, US, 40000, msg, msg_n); /* nobody asked */
	finish(1);
	expect_names(&facts->flows[0], 0);
	ask("acct.example", VP_DNS_A);
	udp(OUT, US, 40000, DNS, 53, msg, msg_n);
	answer(PUB_BYTES);
	udp(IN, DNS, 53, US, 40001, msg, msg_n);         /* another socket */
	udp(IN, "10.0.0.66", 53, US, 40000, msg, msg_n); /* another server */
	udp(IN, DNS, 5300, US, 40000, msg, msg_n);       /* not from 53 */
	udp(OUT, US, 53, DNS, 40000, msg, msg_n);        /* we say so */
	msg[3] |= 3;                                     /* NXDOMAIN */
	udp(IN, DNS, 53, US, 40000, msg, msg_n);
	msg[2] |= 0x28; /* a dynamic update */
	msg[3] = 0x80;
	udp(IN, DNS, 53, US, 40000, msg, msg_n);
	msg[2] = 1; /* no response at all */
	udp(IN, DNS, 53, US, 40000, msg, msg_n);
	answer(PUB_BYTES);
	udp(IN, DNS, 53, US, 40000, msg, msg_n - 1); /* cut */
	finish(1);
	expect_names(&facts->flows[0], 0);
	udp(IN, DNS, 53, US, 40000, msg, msg_n);
	finish(1);
	expect_names(&facts->flows[0], 2);
}

static void test_dns_on_loopback(void **state)
{
	(void)state;
	say(1, VP_TCP_SYN, "", 0);
	ask("acct.example", VP_DNS_A);
	udp(IN, "127.0.0.1", 40000, "127.0.0.53", 53, msg, msg_n);
	answer(PUB_BYTES);
	udp(IN, "127.0.0.53", 53, "127.0.0.1", 40000, msg, msg_n);
	finish(1);
	expect_names(&facts->flows[0], 2);
	/* Also where the capture began with the answer to another question,
	 * so that the stub is taken for the one who began. */
	again(NULL);
	say(1, VP_TCP_SYN, "", 0);
	udp(IN, "127.0.0.53", 53, "127.0.0.1", 40000, msg, msg_n);
	ask("acct.example", VP_DNS_A);
	udp(IN, "127.0.0.1", 40000, "127.0.0.53", 53, msg, msg_n);
	answer(PUB_BYTES);
	udp(IN, "127.0.0.53", 53, "127.0.0.1", 40000, msg, msg_n);
	finish(1);
	expect_names(&facts->flows[0], 2);
}

/* What we, a DNS server, tell others is no proof of where names lead. */
static void test_dns_served(void **state)
{
	(void)state;
	say(1, VP_TCP_SYN, "", 0);
	ask("acct.example", VP_DNS_A);
	udp(IN, "10.0.0.9", 40000, US, 53, msg, msg_n);
	answer(PUB_BYTES);
	udp(OUT, US, 53, "10.0.0.9", 40000, msg, msg_n);
	finish(1);
	expect_names(&facts->flows[0], 0);
}

static void test_mdns_is_not_dns(void **state)
{
	struct vp_endpoint l = f_end(US, 5353), r = f_end("224.0.0.251", 5353);

	(void)state;
	ask("acct.example", VP_DNS_A);
	udp(OUT, US, 5353, "224.0.0.251", 5353, msg, msg_n);
	assert_false(vp_flows_saw_question(t, IPPROTO_UDP, &l, &r,
	                                   "acct.example", VP_DNS_A));
}

static void test_dns_on_another_port(void **state)
{
	struct vp_endpoint l = f_end(US, 40000), r = f_end(PUB, 5300);

	(void)state;
	ask("acct.example", VP_DNS_A);
	udp(OUT, US, 40000, PUB, 5300, msg, msg_n);
	assert_false(vp_flows_saw_question(t, IPPROTO_UDP, &l, &r,
	                                   "acct.example", VP_DNS_A));
	vp_flows_add_resolver(t, &r);
	udp(OUT, US, 40000, PUB, 5300, msg, msg_n);
	assert_true(vp_flows_saw_question(t, IPPROTO_UDP, &l, &r,
	                                  "acct.example", VP_DNS_A));
	answer(PUB_BYTES);
	udp(IN, PUB, 5300, US, 40000, msg, msg_n);
	finish(1);
	expect_names(&facts->flows[0], 2);
	assert_int_equal(facts->flows[0].n_questions, 1);
}

static void test_questions_are_capped(void **state)
{
	static const struct vp_flow_limits limits = { .questions = 2 };
	char name[] = "a.example";

	(void)state;
	again(&limits);
	for (int twice = 0; twice < 2; twice++) {
		for (name[0] = 'a'; name[0] <= 'd'; name[0]++) {
			ask(name, VP_DNS_A);
			udp(OUT, US, 40000, PUB, 53, msg, msg_n);
		}
	}
	finish(1);
	assert_int_equal(facts->flows[0].n_questions, 2);
	assert_string_equal(facts->flows[0].questions[0], "a.example");
	assert_string_equal(facts->flows[0].questions[1], "b.example");
	assert_int_equal(facts->flows[0].questions_left_out, 4);
	/* None is lost for the attestation. */
	assert_true(vp_flows_saw_question(
		t, IPPROTO_UDP, &(struct vp_endpoint){ f_addr(US), 40000 },
		&(struct vp_endpoint){ f_addr(PUB), 53 }, "d.example",
		VP_DNS_A));
}

static size_t stream_make(uint8_t *out, const char *const *names, size_t n)
{
	size_t at = 0;

	for (size_t i = 0; i < n; i++) {
		ask(names[i], VP_DNS_A);
		out[at++] = (uint8_t)(msg_n >> 8);
		out[at++] = (uint8_t)msg_n;
		memcpy(out + at, msg, msg_n);
		at += msg_n;
	}
	return at;
}

static bool saw_tcp_question(const char *name)
{
	struct vp_endpoint l = f_end(US, 40000), r = f_end(DNS, 53);

	return vp_flows_saw_question(t, IPPROTO_TCP, &l, &r, name, VP_DNS_A);
}

static void dns_say(uint32_t seq, unsigned flags, const uint8_t *b, size_t n)
{
	tcp(OUT, US, 40000, DNS, 53, seq, flags, b, n);
}

static void test_dns_over_tcp(void **state)
{
	static const char *const names[] = { "a.example", "b.example",
		                             "c.example" };
	uint8_t b[512];
	size_t n = stream_make(b, names, 3);

	(void)state;
	for (int syn = 0; syn < 2; syn++) {
		for (size_t cut = 1; cut < n; cut++) {
			again(NULL);
			if (syn)
				dns_say(99, VP_TCP_SYN, b, 0);
			dns_say(100, VP_TCP_ACK, b, cut);
			dns_say(100, VP_TCP_ACK, b, cut); /* sent again */
			dns_say(100 + (uint32_t)cut, VP_TCP_ACK, b + cut,
			        n - cut);
			for (size_t i = 0; i < 3; i++)
				assert_true(saw_tcp_question(names[i]));
		}
	}
	/* The second half first: only the SYN tells where to begin. */
	again(NULL);
	dns_say(99, VP_TCP_SYN, b, 0);
	dns_say(130, VP_TCP_ACK, b + 30, n - 30);
	assert_false(saw_tcp_question("a.example"));
	dns_say(100, VP_TCP_ACK, b, 30);
	assert_true(saw_tcp_question("a.example"));
	assert_true(saw_tcp_question("c.example"));
	/* A new connection on the same ports begins anew. */
	dns_say(200, VP_TCP_ACK, b, 5);
	dns_say(5000, VP_TCP_SYN, b, 0);
	n = stream_make(b, (const char *const[]){ "d.example" }, 1);
	dns_say(5001, VP_TCP_ACK, b, n);
	assert_true(saw_tcp_question("d.example"));
}

static void test_dns_over_tcp_binds(void **state)
{
	uint8_t b[512];
	size_t n = stream_make(b, (const char *const[]){ "acct.example" }, 1);

	(void)state;
	/* Where messages begin is only known from a SYN on, both ways. */
	for (int syn = 0; syn < 4; syn++) {
		again(NULL);
		if (syn & 1)
			dns_say(99, VP_TCP_SYN, b, 0);
		if (syn & 2)
			tcp(IN, DNS, 53, US, 40000, 499,
			    VP_TCP_SYN | VP_TCP_ACK, b, 0);
		say(1, VP_TCP_SYN, "", 0);
		dns_say(100, VP_TCP_ACK, b, n);
		answer(PUB_BYTES);
		tcp(IN, DNS, 53, US, 40000, 500, VP_TCP_ACK,
		    (uint8_t[]){ 0, (uint8_t)msg_n }, 2);
		tcp(IN, DNS, 53, US, 40000, 502, VP_TCP_ACK, msg, 20);
		tcp(IN, DNS, 53, US, 40000, 522, VP_TCP_ACK, msg + 20,
		    msg_n - 20);
		finish(1);
		expect_names(&facts->flows[0], syn == 3 ? 2 : 0);
	}
}

/* A gap in the capture loses a message or two, not the rest. */
static void test_dns_over_tcp_gap(void **state)
{
	static uint8_t zero[1400];
	uint8_t b[64];
	size_t n = stream_make(b, (const char *const[]){ "late.example" }, 1);
	uint32_t seq = 101;

	(void)state;
	dns_say(99, VP_TCP_SYN, b, 0);
	for (; seq < 100 + 66000; seq += 1400)
		dns_say(seq, VP_TCP_ACK, zero, 1400);
	dns_say(seq, VP_TCP_ACK, b, n);
	assert_true(saw_tcp_question("late.example"));
}

/* --- DNS, kept for a trace ----------------------------------------------- */

static void expect_packet(size_t i, const char *name, const char *answer)
{
	const struct vp_dns_packet *p = &facts->trace[i];

	assert_true(i < facts->n_trace);
	assert_int_equal(p->response, p->rcode >= 0 || !p->out);
	if (name == NULL)
		assert_null(p->name);
	else
		assert_string_equal(p->name, name);
	if (answer == NULL)
		assert_null(p->answer);
	else
		assert_string_equal(p->answer, answer);
	expect_end(&p->local, US, 40000);
	expect_end(&p->remote, DNS, 53);
}

static void test_trace(void **state)
{
	const struct vp_dns_packet *p;

	(void)state;
	ask("acct.example", VP_DNS_A);
	udp(OUT, US, 40000, DNS, 53, msg, msg_n); /* before it was asked for */
	assert_int_equal(vp_flows_trace(t, 0), 0);
	udp(OUT, US, 40000, DNS, 53, msg, msg_n);
	udp(OUT, US, 40000, PUB, 443, msg, msg_n); /* no DNS */
	answer(PUB_BYTES);
	udp(IN, DNS, 53, US, 40000, msg, msg_n);
	msg[3] |= 3;
	msg[7] = 0;
	udp(IN, DNS, 53, US, 40000, msg, msg_n);
	vp_flows_finish(t, facts);
	assert_true(facts->traced);
	assert_int_equal(facts->n_trace, 3);
	assert_int_equal(facts->trace_left_out, 0);
	expect_packet(0, "acct.example", NULL);
	expect_packet(1, "acct.example",
	              "CNAME acct.pl.example 60, A 203.0.113.7 60");
	p = &facts->trace[0];
	assert_true(p->out && !p->response);
	assert_int_equal(p->id, 7);
	assert_int_equal(p->flags, VP_DNS_FLAG_RD);
	assert_int_equal(p->type, VP_DNS_A);
	assert_int_equal(p->bytes, 30);
	assert_int_equal(p->time_us, 1001);
	p = &facts->trace[1];
	assert_true(!p->out && p->response);
	assert_int_equal(p->rcode, 0);
	assert_int_equal(p->flags, 0x8180);
	assert_int_equal(p->bytes, msg_n);
	expect_packet(2, "acct.example", NULL);
	assert_int_equal(facts->trace[2].rcode, 3);
}

/* What cannot be read is shown as that, and never as an answer. */
static void test_trace_unreadable(void **state)
{
	(void)state;
	assert_int_equal(vp_flows_trace(t, 0), 0);
	answer(PUB_BYTES);
	udp(IN, DNS, 53, US, 40000, msg, msg_n - 1);
	udp(IN, DNS, 53, US, 40000, msg, 7);
	vp_flows_finish(t, facts);
	assert_int_equal(facts->n_trace, 2);
	expect_packet(0, "acct.example",
	              "cannot be read: record runs past the end");
	assert_int_equal(facts->trace[0].rcode, -1);
	assert_null(facts->trace[1].name);
	assert_non_null(strstr(facts->trace[1].answer, "cannot be read: "));
}

/* TCP: one for each message, when its last segment is there. */
static void test_trace_tcp(void **state)
{
	uint8_t b[512];
	size_t n = stream_make(
		b, (const char *const[]){ "a.example", "b.example" }, 2);

	(void)state;
	assert_int_equal(vp_flows_trace(t, 0), 0);
	dns_say(99, VP_TCP_SYN, b, 0);
	dns_say(130, VP_TCP_ACK, b + 30, n - 30);
	dns_say(100, VP_TCP_ACK, b, 30);
	dns_say(100, VP_TCP_ACK, b, 30); /* sent again */
	vp_flows_finish(t, facts);
	assert_int_equal(facts->n_trace, 2);
	expect_packet(0, "a.example", NULL);
	expect_packet(1, "b.example", NULL);
	assert_int_equal(facts->trace[0].proto, IPPROTO_TCP);
}

/* Beyond the cap is counted; what came late stands where it belongs. */
static void test_trace_cap_and_order(void **state)
{
	static const int64_t times[] = { 30, 10, 20, 40, 50 };

	(void)state;
	assert_int_equal(vp_flows_trace(t, 3), 0);
	for (size_t i = 0; i < 5; i++) {
		char name[16];

		now = times[i];
		snprintf(name, sizeof(name), "n%d.example", (int)now);
		ask(name, VP_DNS_A);
		udp(OUT, US, 40000, DNS, 53, msg, msg_n);
	}
	vp_flows_finish(t, facts);
	assert_int_equal(facts->n_trace, 3);
	assert_int_equal(facts->trace_left_out, 2);
	expect_packet(0, "n10.example", NULL);
	expect_packet(1, "n20.example", NULL);
	expect_packet(2, "n30.example", NULL);
}

/* An answer with more records than fit says how many it does not show. */
static void test_trace_long_answer(void **state)
{
	uint8_t address[4] = { 10, 1, 2, 0 };

	(void)state;
	assert_int_equal(vp_flows_trace(t, 0), 0);
	ask("acct.example", VP_DNS_A);
	msg[2] = 0x81;
	for (int i = 100; i < 170; i++) {
		address[3] = (uint8_t)i;
		rr("acct.example", 1, address, 4);
	}
	udp(IN, DNS, 53, US, 40000, msg, msg_n);
	vp_flows_finish(t, facts);
	assert_int_equal(facts->n_trace, 1);
	assert_non_null(strstr(facts->trace[0].answer, "A 10.1.2.100 60, A "));
	assert_non_null(strstr(facts->trace[0].answer, " and 10 more"));
	assert_true(strlen(facts->trace[0].answer) < 1040);
}

/* --- TLS ----------------------------------------------------------------- */

static uint8_t tls[4096];

static void expect_sni(const char *want)
{
	finish(1);
	if (want == NULL)
		assert_null(facts->flows[0].sni);
	else
		assert_string_equal(facts->flows[0].sni, want);
}

static void test_sni_any_order(void **state)
{
	static const int orders[6][3] = {
		{ 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
		{ 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 }
	};
	size_t n = hello_make(tls, "Acct.example", 1200);
	/* Overlapping by ten bytes. */
	const size_t from[] = { 0, 390, 900 }, to[] = { 400, 910, n };

	(void)state;
	for (size_t o = 0; o < 6; o++) {
		again(NULL);
		say(0xfffffe00, VP_TCP_SYN, "", 0); /* and it wraps */
		for (size_t i = 0; i < 3; i++) {
			int s = orders[o][i];

			expect_sni(NULL);
			say(0xfffffe01 + (uint32_t)from[s], VP_TCP_ACK,
			    tls + from[s], to[s] - from[s]);
			if (i < 2) /* and again */
				say(0xfffffe01 + (uint32_t)from[s], VP_TCP_ACK,
				    tls + from[s], to[s] - from[s]);
		}
		expect_sni("acct.example");
		assert_false(facts->flows[0].sni_bound);
	}
}

static void test_sni_without_syn(void **state)
{
	size_t n = hello_make(tls, "acct.example", 0);

	(void)state;
	say(100, VP_TCP_ACK, "", 0);
	say(100, VP_TCP_ACK, tls, 20);
	expect_sni(NULL);
	say(120, VP_TCP_ACK, tls + 20, n - 20);
	expect_sni("acct.example");
	/* Data that is no hello is passed over until one comes. */
	again(NULL);
	say(100, VP_TCP_ACK, "GET / HTTP", 10);
	say(110, VP_TCP_ACK, tls, n);
	expect_sni("acct.example");
	/* But with the SYN seen the first bytes decide. */
	again(NULL);
	say(99, VP_TCP_SYN, "", 0);
	say(100, VP_TCP_ACK, "GET / HTTP", 10);
	say(110, VP_TCP_ACK, tls, n);
	expect_sni(NULL);
}

static void test_sni_side(void **state)
{
	size_t n = hello_make(tls, "acct.example", 0);

	(void)state;
	/* Nobody's name is what the peer sends us on our own connection. */
	say(1, VP_TCP_SYN, "", 0);
	hear(1, VP_TCP_ACK, tls, n);
	expect_sni(NULL);
	/* On a connection to us the peer is the client. */
	again(NULL);
	hear(1, VP_TCP_SYN, "", 0);
	hear(2, VP_TCP_ACK, tls, n);
	expect_sni("acct.example");
	/* What we forward: the private end is the client. */
	again(NULL);
	tcp(IN, "10.9.0.1", 1, PUB, 443, 2, VP_TCP_ACK, tls, n);
	expect_sni("acct.example");
	/* TCP Fast Open: data in the SYN. */
	again(NULL);
	say(1, VP_TCP_SYN, tls, n);
	expect_sni("acct.example");
	/* Ports used again: the first name stays, a missing one is found. */
	again(NULL);
	say(1, VP_TCP_SYN, "", 0);
	say(2, VP_TCP_ACK, tls, 30);
	say(9001, VP_TCP_SYN, "", 0);
	say(9002, VP_TCP_ACK, tls, n);
	expect_sni("acct.example");
	n = hello_make(tls, "other.example", 0);
	say(18001, VP_TCP_SYN, "", 0);
	say(18002, VP_TCP_ACK, tls, n);
	expect_sni("acct.example");
}

static void test_sni_bound(void **state)
{
	size_t n = hello_make(tls, "acct.example", 0);

	(void)state;
	say(1, VP_TCP_SYN, "", 0);
	say(2, VP_TCP_ACK, tls, n);
	ask("acct.example", VP_DNS_A);
	udp(OUT, US, 40000, DNS, 53, msg, msg_n);
	answer("\xcb\0\x71\x08"); /* another address */
	udp(IN, DNS, 53, US, 40000, msg, msg_n);
	expect_sni("acct.example");
	assert_false(facts->flows[0].sni_bound);
	answer(PUB_BYTES);
	udp(IN, DNS, 53, US, 40000, msg, msg_n);
	expect_sni("acct.example");
	assert_true(facts->flows[0].sni_bound);
}

/* --- limits -------------------------------------------------------------- */

static void test_flows_full(void **state)
{
	static const struct vp_flow_limits limits = { .flows = 3 };
	static const struct vp_flow_limits more = { .flows = 64 };
	char addr[32];

	(void)state;
	again(&limits);
	/* To one address: what does not fit is put together. */
	for (int twice = 0; twice < 2; twice++)
		for (unsigned port = 1; port <= 5; port++)
			udp(OUT, US, 40000, PUB, port, "", 0);
	finish(3);
	assert_int_equal(facts->flows[1].packets_out, 2);
	assert_int_equal(facts->flows[1].flows, 0);
	assert_int_equal(facts->flows[2].packets_out, 6);
	assert_int_equal(facts->flows[2].flows, 3);
	expect_end(&facts->flows[2].local, US, 40000);
	expect_end(&facts->flows[2].remote, PUB, 0);
	assert_int_equal(facts->capture.flows_left_out, 0);
	/* To many there is an end, which is said; each flow counts once. */
	again(&more);
	for (int twice = 0; twice < 2; twice++) {
		for (unsigned i = 0; i < 100; i++) {
			snprintf(addr, sizeof(addr), "203.0.113.%u", i);
			udp(OUT, US, 40000, addr, 1, "", 0);
		}
	}
	facts->capture.flows_left_out = 0;
	vp_flows_finish(t, facts);
	assert_true(facts->n_flows < 100);
	assert_int_equal(facts->capture.flows_left_out, 100 - facts->n_flows);
}

static void test_names_full(void **state)
{
	static const struct vp_flow_limits limits = { .names = 1 };

	(void)state;
	again(&limits);
	say(1, VP_TCP_SYN, "", 0);
	ask("acct.example", VP_DNS_A);
	udp(OUT, US, 40000, DNS, 53, msg, msg_n);
	finish(1);
	assert_int_equal(facts->capture.names_left_out, 0);
	answer(PUB_BYTES);
	udp(IN, DNS, 53, US, 40000, msg, msg_n);
	finish(1);
	expect_names(&facts->flows[0], 1);
	assert_int_equal(facts->capture.names_left_out, 1);
	ask("b.example", VP_DNS_A); /* one question fits as well */
	udp(OUT, US, 40000, DNS, 53, msg, msg_n);
	finish(1);
	assert_int_equal(facts->capture.names_left_out, 2);
}

static void test_hellos_full(void **state)
{
	static const struct vp_flow_limits limits = { .hellos = 4096 };
	size_t n = hello_make(tls, "acct.example", 0);

	(void)state;
	again(&limits);
	for (unsigned port = 1; port <= 3; port++) {
		tcp(OUT, US, port, PUB, 443, 1, VP_TCP_SYN, "", 0);
		tcp(OUT, US, port, PUB, 443, 2, VP_TCP_ACK, tls, 50);
	}
	finish(3);
	assert_int_equal(facts->capture.names_left_out, 1);
	for (unsigned port = 1; port <= 3; port++)
		tcp(OUT, US, port, PUB, 443, 52, VP_TCP_ACK, tls + 50, n - 50);
	finish(3);
	assert_string_equal(facts->flows[1].sni, "acct.example");
	assert_null(facts->flows[2].sni);
	/* What was held is given back: there is room again. */
	tcp(OUT, US, 9, PUB, 443, 1, VP_TCP_SYN, "", 0);
	tcp(OUT, US, 9, PUB, 443, 2, VP_TCP_ACK, tls, 50);
	finish(4);
	assert_int_equal(facts->capture.names_left_out, 1);
}

static void test_undecoded(void **state)
{
	(void)state;
	vp_flows_undecoded(t, VP_DECODE_TRUNCATED, VP_SEEN_OUT);
	vp_flows_undecoded(t, VP_DECODE_MALFORMED, VP_SEEN_OUT);
	vp_flows_undecoded(t, VP_DECODE_UNKNOWN_LINK, VP_SEEN_IN);
	vp_flows_undecoded(t, VP_DECODE_NOT_IP, VP_SEEN_OUT);
	vp_flows_undecoded(t, VP_DECODE_OK, VP_SEEN_OUT);
	finish(0);
	assert_int_equal(facts->capture.truncated, 1);
	assert_int_equal(facts->capture.undecodable, 2);
	assert_int_equal(facts->capture.undecodable_out, 1);
}

/* DNS cut by the snapshot length may hide a question or a binding. */
static void test_cut_dns_counts(void **state)
{
	struct vp_packet p;
	uint8_t *keep;

	(void)state;
	ask("acct.example", VP_DNS_A);
	for (unsigned port = 53; port <= 54; port++) {
		ip(OUT, US, DNS, IPPROTO_UDP, 8 + msg_n);
		f_udp(&f, 40000, port, msg_n);
		f_put(&f, msg, msg_n);
		f_decode_cut(&p, &f, DLT_LINUX_SLL2, f.n - 1, &keep);
		vp_flows_packet(t, &p);
		free(keep);
	}
	finish(0);
	assert_int_equal(facts->capture.truncated, 1);
}

static void test_order(void **state)
{
	(void)state;
	now = 3000;
	udp(OUT, US, 3, PUB, 1, "", 0);
	now = 1000;
	udp(OUT, US, 1, PUB, 1, "", 0);
	now = 1000;
	udp(OUT, US, 2, PUB, 1, "", 0);
	now = 500; /* clocks step back */
	udp(OUT, US, 3, PUB, 1, "", 0);
	now = 400;
	udp(OUT, US, 4, PUB, 1, "", 0);
	finish(4);
	assert_int_equal(facts->flows[0].local.port, 4);
	assert_int_equal(facts->flows[1].local.port, 3);
	assert_int_equal(facts->flows[1].first_us, 500);
	assert_int_equal(facts->flows[1].last_us, 3000);
	assert_int_equal(facts->flows[2].local.port, 1);
	assert_int_equal(facts->flows[3].local.port, 2);
}

static void test_unknown_interface(void **state)
{
	(void)state;
	f_sll2(&f, OUT, 77, 0x0800);
	f_ip4(&f, US, PUB, 47, 4, 1, 0);
	f_fill(&f, 0, 4);
	feed(OUT);
	finish(1);
	assert_string_equal(facts->flows[0].interface, "#77");
	assert_int_equal(facts->flows[0].proto, 47);
	expect_end(&facts->flows[0].remote, PUB, 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_counts),
		T(test_selection),
		T(test_targets_and_resolvers),
		T(test_tcp_states),
		T(test_udp_direction),
		T(test_local_end),
		T(test_no_local_addresses),
		T(test_backwards),
		T(test_loopback),
		T(test_own_and_saw),
		T(test_icmp_error),
		T(test_icmp_error_cannot_hide_egress),
		T(test_datagrams_both_ways),
		T(test_refused_datagram),
		T(test_listeners),
		T(test_fragments),
		T(test_fragments6),
		T(test_dns_binds),
		T(test_dns_forged_answers),
		T(test_dns_on_loopback),
		T(test_dns_served),
		T(test_trace),
		T(test_trace_unreadable),
		T(test_trace_tcp),
		T(test_trace_cap_and_order),
		T(test_trace_long_answer),
		T(test_mdns_is_not_dns),
		T(test_dns_on_another_port),
		T(test_questions_are_capped),
		T(test_dns_over_tcp),
		T(test_dns_over_tcp_binds),
		T(test_dns_over_tcp_gap),
		T(test_sni_any_order),
		T(test_sni_without_syn),
		T(test_sni_side),
		T(test_sni_bound),
		T(test_flows_full),
		T(test_names_full),
		T(test_hellos_full),
		T(test_undecoded),
		T(test_cut_dns_counts),
		T(test_order),
		T(test_unknown_interface),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
