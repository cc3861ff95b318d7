/* flow: too many of them; a leak among them is told, or that it may be. */
#include "flow_feed.h"

static const struct vp_flow_limits small = { .flows = 1000 };

static const char *stranger(unsigned i)
{
	static char text[32];

	snprintf(text, sizeof(text), "198.%u.%u.%u", 51 + i / 65536,
	         i / 256 % 256, i % 256);
	return text;
}

static const struct vp_flow *to(const char *addr, unsigned port)
{
	struct vp_addr want = f_addr(addr);

	for (size_t i = 0; i < facts->n_flows; i++) {
		const struct vp_flow *w = &facts->flows[i];

		if (vp_addr_equal(&w->remote.addr, &want) &&
		    w->remote.port == port)
			return w;
	}
	return NULL;
}

static void finish_any(void)
{
	facts->capture.flows_left_out = facts->capture.names_left_out = 0;
	vp_flows_finish(t, facts);
}

static uint64_t flows_told(void)
{
	uint64_t n = 0;

	for (size_t i = 0; i < facts->n_flows; i++)
		n += facts->flows[i].flows > 1 ? facts->flows[i].flows : 1;
	return n;
}

/* Forged sources come in; then something of ours leaves. */
static void test_flood_from_outside(void **state)
{
	const struct vp_flow *w;

	(void)state;
	again(&small);
	for (unsigned i = 0; i < 20000; i++)
		udp(IN, stranger(i), 1000 + i % 50000, US, i % 60000, "x", 1);
	udp(OUT, US, 50000, PUB, 443, "leak", 4);
	finish_any();
	w = to(PUB, 443);
	assert_non_null(w);
	assert_int_equal(w->packets_out, 1);
	assert_int_equal(w->direction, VP_DIRECTION_OUT);
	assert_int_equal(facts->capture.flows_left_out, 0);
	assert_true(facts->n_flows < 600);
	/* The rest stands in one row, all of it inbound. */
	for (size_t i = 0; i < facts->n_flows; i++)
		if (facts->flows[i].flows > 1)
			assert_int_equal(facts->flows[i].direction,
			                 VP_DIRECTION_IN);
	/* A set of a thousand members tells no more of them apart. */
	assert_true(flows_told() > 1400);
}

/* Sources forged on this machine, to one remote end. */
static void test_flood_from_here(void **state)
{
	const struct vp_flow *w;
	char src[32];

	(void)state;
	again(&small);
	for (unsigned i = 0; i < 20000; i++) {
		snprintf(src, sizeof(src), "10.%u.%u.%u", 1 + i / 65536,
		         i / 256 % 256, i % 256);
		udp(OUT, src, 40000, "203.0.113.99", 80, "x", 1);
	}
	udp(OUT, US, 50000, PUB, 443, "leak", 4);
	udp(IN, PUB, 443, US, 50000, "more", 4);
	finish_any();
	w = to(PUB, 443);
	assert_non_null(w);
	assert_int_equal(w->packets_out, 1);
	assert_int_equal(w->packets_in, 1);
	assert_int_equal(facts->capture.flows_left_out, 0);
}

/* Between private ends a scan takes no more than its half. */
static void test_private_scan(void **state)
{
	char dst[32];

	(void)state;
	again(&small);
	for (unsigned i = 0; i < 20000; i++) {
		snprintf(dst, sizeof(dst), "10.%u.%u.%u", 1 + i / 65536,
		         i / 256 % 256, i % 256);
		tcp(OUT, US, 40000, dst, 445, 1, 0, VP_TCP_SYN, 0);
	}
	for (unsigned i = 0; i < 100; i++)
		udp(OUT, US, 50000 + i, PUB, 443, "leak", 4);
	finish_any();
	assert_true(facts->n_flows > 0);
	assert_int_equal(flows_told(), 100);
	/* A private flow may ask a proxy: what was left out counts. */
	assert_true(facts->capture.flows_left_out > 0);
}

/* A name server asked from thousands of ports: bindings and questions are
 * found all the same, and no one else lacks a row. */
static void test_resolver(void **state)
{
	struct vp_resolver r = { .endpoint = f_end("10.0.0.53", 53) };

	(void)state;
	again(&small);
	facts->resolvers = &r;
	facts->n_resolvers = 1;
	for (unsigned i = 0; i < 5000; i++)
		udp(OUT, US, 1024 + i, "10.0.0.53", 53, "x", 1);
	finish_any();
	assert_int_equal(facts->capture.flows_left_out, 0);
	assert_int_equal(facts->capture.names_left_out, 0);
	assert_true(flows_told() >= 1500);
	facts->resolvers = NULL;
	facts->n_resolvers = 0;
}

/* Many connections to one front end: a name among them may be the one that
 * must not be. It is not read, so that is said. */
static void test_names_of_many(void **state)
{
	(void)state;
	again(&small);
	for (unsigned i = 0; i < 500; i++)
		tcp(OUT, US, 10000 + i, PUB, 443, 1, 0, VP_TCP_SYN, 0);
	finish_any();
	assert_int_equal(facts->n_flows, 500);
	assert_int_equal(facts->capture.names_left_out, 0);
	for (unsigned i = 500; i < 900; i++) {
		tcp(OUT, US, 10000 + i, PUB, 443, 1, 0, VP_TCP_SYN, 0);
		tcp(IN, PUB, 443, US, 10000 + i, 1, 2, VP_TCP_SYN | VP_TCP_ACK,
		    0);
		tcp(OUT, US, 10000 + i, PUB, 443, 2, 2, VP_TCP_ACK, 9);
	}
	finish_any();
	assert_int_equal(flows_told(), 900);
	assert_true(facts->n_flows < 510);
	assert_int_equal(facts->capture.names_left_out, 900 - 501);
	for (size_t i = 0; i < facts->n_flows; i++) {
		const struct vp_flow *w = &facts->flows[i];

		if (w->flows < 2)
			continue;
		expect_end(&w->local, US, 0);
		expect_end(&w->remote, PUB, 443);
		assert_int_equal(w->packets_in, w->flows);
		assert_int_equal(w->packets_out, 2 * w->flows);
		assert_int_equal(w->direction, VP_DIRECTION_OUT);
		assert_int_equal(w->state, VP_FLOW_ESTABLISHED);
	}
}

/* Who came to us stays so, also among many; one that did not is enough. */
static void test_direction_of_many(void **state)
{
	(void)state;
	again(&small);
	for (unsigned i = 0; i < 20000; i++)
		udp(IN, stranger(i), 40000, US, 53000, "x", 1);
	for (unsigned i = 600; i < 700; i++)
		udp(OUT, US, 1053, stranger(i), 40000, "y", 1);
	finish_any();
	assert_non_null(to("198.51.2.88", 40000)); /* 600: has a row */
	assert_int_equal(to("198.51.2.88", 40000)->packets_out, 1);
}

/* A stranger asks the DNS server here, and is answered. */
static void served(const char *addr, unsigned port)
{
	static const char question[] = "\0\7\1\0\0\1\0\0\0\0\0\0\1a\0\0\1\0\1";

	udp(IN, addr, port, US, 53, question, sizeof(question) - 1);
	udp(OUT, US, 53, addr, port, question, sizeof(question) - 1);
}

/* Who fills the table, then all shared rows but his own with answers that he
 * asked for, and then what is remembered of the rows' members: what leaves for
 * him after that is no answer. */
static void test_hidden_among_answers(void **state)
{
	const struct vp_flow *w;

	(void)state;
	again(&small);
	for (unsigned i = 0; i < 1000; i++) {
		tcp(IN, stranger(i), 1000, US, 1024 + i, 1, 0, VP_TCP_SYN, 0);
		tcp(OUT, US, 1024 + i, stranger(i), 1000, 0, 2,
		    VP_TCP_RST | VP_TCP_ACK, 0);
	}
	for (unsigned i = 0; i < 120; i++)
		served(stranger(2000 + i), 40000);
	for (unsigned i = 0; i < 300; i++)
		served(PUB, 40001 + i);
	for (unsigned i = 0; i < 800; i++)
		tcp(OUT, US, 1024 + i, "10.0.0.9", 445, 1, 0, VP_TCP_SYN, 0);
	finish_any();
	w = to(PUB, 0);
	assert_non_null(w);
	assert_int_equal(w->direction, VP_DIRECTION_IN);
	assert_int_equal(facts->capture.flows_left_out, 0);
	assert_int_equal(facts->capture.names_left_out, 0);
	udp(OUT, US, 40000, PUB, 4444, "leak", 4);
	finish_any();
	w = to(PUB, 0);
	assert_non_null(w);
	assert_int_equal(w->direction, VP_DIRECTION_OUT);
	assert_true(facts->capture.names_left_out > 0);
}

/* Where a shared row has no place for whom a proxy was asked for. */
static void test_connect_among_many(void **state)
{
	static const char ask[] = "CONNECT a.example:443 HTTP/1.1\r\n\r\n";

	(void)state;
	again(&small);
	for (unsigned i = 0; i < 2000; i++)
		tcp(OUT, US, 1024 + i, "10.0.0.9", 445, 1, 0, VP_TCP_SYN, 0);
	tcp(OUT, US, 50000, "10.0.0.8", 3128, 1, 0, VP_TCP_SYN, 0);
	finish_any();
	assert_int_equal(facts->capture.names_left_out, 0);
	ip(OUT, US, "10.0.0.8", IPPROTO_TCP, 20 + sizeof(ask) - 1);
	f_tcp(&f, 50000, 3128, 2, 1, VP_TCP_ACK);
	f_put(&f, ask, sizeof(ask) - 1);
	feed();
	finish_any();
	assert_int_equal(facts->n_flows, 1);
	assert_int_equal(facts->capture.names_left_out, 1);
}

static void echo(int seen, const char *src)
{
	ip(seen, src, PUB, IPPROTO_ICMP, 8);
	f_8(&f, 8);
	f_8(&f, 0);
	f_16(&f, 0);
	f_32(&f, 1);
	feed();
}

/* Another machine's, through this one, with forged sources. */
static void pass_on(unsigned n)
{
	char src[32];

	for (unsigned i = 0; i < n; i++) {
		snprintf(src, sizeof(src), "10.48.%u.%u", i / 256, i % 256);
		echo(IN, src);
		echo(OUT, src);
	}
}

static bool any_of(enum vp_origin origin)
{
	for (size_t i = 0; i < facts->n_flows; i++)
		if (facts->flows[i].origin == origin)
			return true;
	return false;
}

/* Ours to the same remote end shares a row with them, and is not theirs. */
static void test_ours_among_forwarded(void **state)
{
	static const unsigned before[] = { 0, 3000 };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		again(&small);
		pass_on(2000);
		finish_any();
		assert_non_null(to(PUB, 0));
		assert_true(any_of(VP_ORIGIN_FORWARDED));
		assert_false(any_of(VP_ORIGIN_HOST));
		for (unsigned k = 0; k < 10; k++)
			echo(OUT, US);
		pass_on(before[i]);
		finish_any();
		assert_true(any_of(VP_ORIGIN_HOST));
	}
}

static void on_new(uint8_t proto, const struct vp_endpoint *local,
                   const struct vp_endpoint *remote, void *arg)
{
	assert_int_equal(proto, IPPROTO_UDP);
	expect_end(local, US, 50000);
	expect_end(remote, PUB, 443);
	++*(unsigned *)arg;
}

static void test_new_flow_is_told(void **state)
{
	unsigned n = 0;

	(void)state;
	vp_flows_on_new(t, on_new, &n);
	udp(OUT, US, 50000, PUB, 443, "", 0);
	udp(OUT, US, 50000, PUB, 443, "", 0);
	udp(IN, PUB, 443, US, 50000, "", 0);
	udp(OUT, US, 50000, "10.0.0.9", 53, "", 0);
	assert_int_equal(n, 1);
}

/* Our own connection among many was seen, too. */
static void test_saw_among_many(void **state)
{
	struct vp_endpoint l = f_end(US, 0), r = f_end(PUB, 443);

	(void)state;
	again(&small);
	for (unsigned i = 0; i < 900; i++)
		tcp(OUT, US, 10000 + i, PUB, 443, 1, 0, VP_TCP_SYN, 0);
	for (l.port = 10000; l.port < 10900; l.port++)
		assert_true(vp_flows_saw(t, IPPROTO_TCP, &l, &r));
	assert_false(vp_flows_saw(t, IPPROTO_TCP, &l, &r));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_flood_from_outside),   T(test_flood_from_here),
		T(test_private_scan),         T(test_resolver),
		T(test_names_of_many),        T(test_direction_of_many),
		T(test_new_flow_is_told),     T(test_saw_among_many),
		T(test_hidden_among_answers), T(test_connect_among_many),
		T(test_ours_among_forwarded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
