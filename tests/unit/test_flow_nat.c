/* flow: what NAT on this machine made of a flow is that flow. */
#include "flow_feed.h"

/* A container asks, the card sends it on as ours; and the answer back. */
static void ask(unsigned inner, unsigned outer, uint32_t seq, unsigned flags,
                size_t n)
{
	for (at = VETH; at >= DOCKER0; at--)
		tcp(IN, BOX, inner, PUB, 443, seq, 1, flags, n);
	at = ETH0;
	tcp(OUT, US, outer, PUB, 443, seq, 1, flags, n);
}

static void reply(unsigned inner, unsigned outer, uint32_t seq, unsigned flags)
{
	at = ETH0;
	tcp(IN, PUB, 443, US, outer, seq, 1, flags, 0);
	for (at = DOCKER0; at <= VETH; at++)
		tcp(OUT, PUB, 443, BOX, inner, seq, 1, flags, 0);
}

static void test_tcp(void **state)
{
	const struct vp_flow *w;

	(void)state;
	ask(40000, 61000, 77, VP_TCP_SYN, 0);
	reply(40000, 61000, 500, VP_TCP_SYN | VP_TCP_ACK);
	ask(40000, 61000, 78, VP_TCP_ACK, 10);
	w = finish(1);
	expect_end(&w->local, US, 61000);
	expect_end(&w->remote, PUB, 443);
	expect_end(&w->translated_from, BOX, 40000);
	assert_int_equal(w->origin, VP_ORIGIN_NAMESPACE);
	assert_false(w->never_left);
	assert_string_equal(w->interface, "eth0");
	assert_int_equal(w->packets_out, 2);
	assert_int_equal(w->packets_in, 1);
	assert_int_equal(w->state, VP_FLOW_ESTABLISHED);
	/* In the middle of it as well: by data. */
	again(NULL);
	ask(40000, 61000, 78, VP_TCP_ACK, 10);
	expect_end(&finish(1)->translated_from, BOX, 40000);
}

/* What is not the same packet is not linked: both are told. */
static void test_not_linked(void **state)
{
	static const struct {
		const char *to;
		uint32_t seq;
		unsigned port;
		int64_t later;
	} cases[] = {
		{ PUB, 78, 443, 0 },
		{ "203.0.113.8", 77, 443, 0 },
		{ PUB, 77, 444, 0 },
		{ PUB, 77, 443, 1000001 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		again(NULL);
		at = VETH;
		tcp(IN, BOX, 40000, PUB, 443, 77, 1, VP_TCP_SYN, 0);
		at = ETH0;
		now += cases[i].later;
		tcp(OUT, US, 61000, cases[i].to, cases[i].port, cases[i].seq, 1,
		    VP_TCP_SYN, 0);
		finish(2);
		assert_true(facts->flows[0].never_left);
		assert_int_equal(facts->flows[0].origin, VP_ORIGIN_NAMESPACE);
		assert_int_equal(facts->flows[1].translated_from.addr.family,
		                 0);
		assert_int_equal(facts->flows[1].origin, VP_ORIGIN_HOST);
	}
}

static void test_two_containers(void **state)
{
	(void)state;
	ask(40000, 61000, 77, VP_TCP_SYN, 0);
	ask(40001, 61001, 88, VP_TCP_SYN, 0);
	/* And one of the host's own, from beside them. */
	tcp(OUT, US, 50000, PUB, 443, 99, 1, VP_TCP_SYN, 0);
	finish(3);
	expect_end(&facts->flows[0].translated_from, BOX, 40000);
	expect_end(&facts->flows[1].translated_from, BOX, 40001);
	assert_int_equal(facts->flows[2].translated_from.addr.family, 0);
	assert_int_equal(facts->flows[2].origin, VP_ORIGIN_HOST);
}

static void box_udp(unsigned inner, unsigned outer, const char *data,
                    unsigned id)
{
	ip_id = id;
	at = VETH;
	udp(IN, BOX, inner, PUB, 123, data, strlen(data));
	at = ETH0;
	udp(OUT, US, outer, PUB, 123, data, strlen(data));
}

static void test_udp(void **state)
{
	(void)state;
	box_udp(123, 61000, "hello", 1);
	expect_end(&finish(1)->translated_from, BOX, 123);
	/* NAT forgets, and gives another port: the inner flow is still one. */
	box_udp(123, 62000, "hullo", 2);
	finish(2);
	expect_end(&facts->flows[1].local, US, 62000);
	expect_end(&facts->flows[1].translated_from, BOX, 123);
	/* Other bytes: not this one's. */
	again(NULL);
	at = VETH;
	udp(IN, BOX, 123, PUB, 123, "hello", 5);
	at = ETH0;
	udp(OUT, US, 61000, PUB, 123, "hellO", 5);
	finish(2);
	/* The host says the same as a container did, and that left already. */
	again(NULL);
	box_udp(123, 61000, "hello", 1);
	udp(OUT, US, 62000, PUB, 123, "hello", 5);
	finish(2);
	assert_int_equal(facts->flows[1].origin, VP_ORIGIN_HOST);
}

#define PUB6 "2001:db8:1::10"
#define US6 "2001:db8::4"

static void six(int ifindex, int seen, const char *src, unsigned port,
                const char *data)
{
	at = ifindex;
	udp(seen, src, port, PUB6, 9999, data, strlen(data));
}

/*
 * A neighbour says what we are about to say (IPv6 has no IP id), to be passed
 * on by us, or dropped by us: ours are not his for that.
 */
static void test_neighbour_says_the_same(void **state)
{
	static const struct {
		unsigned came, ours; /* packets that are the same, and more */
		bool passed, stays_his;
	} cases[] = {
		{ 1, 200, false, false }, { 1, 3, false, false },
		{ 1, 1, false, false },   { 1, 0, true, false },
		{ 9, 0, true, false },    { 9, 2, false, false },
		{ 1, 0, false, true }, /* NAT looks just so */
		{ 40, 0, false, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		again(NULL);
		vp_flows_add_local(
			t, &(struct vp_addr){
				   6, { 0x20, 1, 0xd, 0xb8, [15] = 4 } });
		for (unsigned k = 0; k < cases[i].came; k++) {
			six(ETH1, IN, "fd00::66", 5555, "telemetry-hello");
			six(ETH0, OUT, US6, 50000, "telemetry-hello");
			if (cases[i].passed)
				six(ETH0, OUT, "fd00::66", 5555,
				    "telemetry-hello");
		}
		for (unsigned k = 0; k < cases[i].ours; k++)
			six(ETH0, OUT, US6, 50000, "secret-secret-secret");
		if (cases[i].stays_his) {
			assert_int_equal(finish(1)->origin,
			                 VP_ORIGIN_FORWARDED);
			expect_end(&facts->flows[0].translated_from, "fd00::66",
			           5555);
			continue;
		}
		finish(2);
		assert_int_equal(facts->flows[0].origin, VP_ORIGIN_FORWARDED);
		assert_int_equal(facts->flows[1].origin, VP_ORIGIN_HOST);
		assert_int_equal(facts->flows[1].translated_from.addr.family,
		                 0);
	}
}

/* He sends as much as two of ours; one is enough to be told. */
static void test_two_of_ours_say_the_same(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 10; k++) {
		box_udp(123, 61000, "hello", 2 * k + 1);
		box_udp(123, 62000, "hullo", 2 * k + 2);
	}
	finish(2); /* all of it is the container's */
	expect_end(&facts->flows[0].translated_from, BOX, 123);
	expect_end(&facts->flows[1].translated_from, BOX, 123);
	for (unsigned k = 0; k < 20; k++)
		udp(OUT, US, 62000, PUB, 123, "hello", 5);
	finish(3);
	for (unsigned k = 0; k < 3; k++)
		assert_int_equal(facts->flows[k].translated_from.addr.family,
		                 0);
}

/* A late segment is refused by us, since NAT forgot it. */
static void test_refused_by_us(void **state)
{
	(void)state;
	ask(40000, 61000, 77, VP_TCP_SYN, 0);
	reply(40000, 61000, 500, VP_TCP_SYN | VP_TCP_ACK);
	at = ETH0;
	tcp(OUT, US, 61000, PUB, 443, 78, 501, VP_TCP_RST, 0);
	expect_end(&finish(1)->translated_from, BOX, 40000);
}

static void echo(int ifindex, int seen, const char *src, unsigned id)
{
	at = ifindex;
	ip(seen, src, PUB, IPPROTO_ICMP, 8 + 16);
	f_8(&f, 8);
	f_8(&f, 0);
	f_16(&f, 0x1111 + id); /* checksum */
	f_16(&f, id);          /* NAT may change it */
	f_16(&f, 1);
	f_fill(&f, 'p', 16);
	feed();
}

static void test_ping(void **state)
{
	(void)state;
	echo(VETH, IN, BOX, 5);
	echo(ETH0, OUT, US, 900);
	expect_end(&finish(1)->translated_from, BOX, 0);
}

/* A published port: the peer comes to us, a container answers. */
static void test_published_port(void **state)
{
	const struct vp_flow *w;

	(void)state;
	at = ETH0;
	tcp(IN, PUB, 5000, US, 8080, 77, 1, VP_TCP_SYN, 0);
	at = DOCKER0;
	tcp(OUT, PUB, 5000, BOX, 80, 77, 1, VP_TCP_SYN, 0);
	tcp(IN, BOX, 80, PUB, 5000, 500, 78, VP_TCP_SYN | VP_TCP_ACK, 0);
	at = ETH0;
	tcp(OUT, US, 8080, PUB, 5000, 500, 78, VP_TCP_SYN | VP_TCP_ACK, 0);
	w = finish(1);
	expect_end(&w->local, US, 8080);
	expect_end(&w->translated_from, BOX, 80);
	assert_int_equal(w->direction, VP_DIRECTION_IN);
}

/* Its packets in the evidence are those of both. */
static void test_evidence(void **state)
{
	const struct vp_flow *w;

	(void)state;
	at = VETH;
	tcp(IN, BOX, 40000, PUB, 443, 77, 1, VP_TCP_SYN, 0);
	vp_flows_evidence(t, last.row, 3);
	at = ETH0;
	tcp(OUT, US, 61000, PUB, 443, 77, 1, VP_TCP_SYN, 0);
	vp_flows_evidence(t, last.row, 4);
	w = finish(1);
	assert_int_equal(w->evidence_packets, 2);
	assert_int_equal(w->evidence_first, 3);
	assert_int_equal(w->evidence_last, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_tcp),
		T(test_not_linked),
		T(test_two_containers),
		T(test_udp),
		T(test_ping),
		T(test_published_port),
		T(test_evidence),
		T(test_neighbour_says_the_same),
		T(test_two_of_ours_say_the_same),
		T(test_refused_by_us),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
