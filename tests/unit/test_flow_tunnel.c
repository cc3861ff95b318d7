/* flow: what tunnels carry. */
#include "flow_feed.h"

/* The inner packet from a.port to b.port, in UDP; the outer one around it. */
static void vxlan(int seen, const char *osrc, const char *odst, unsigned oport,
                  const char *a, unsigned aport, const char *b, unsigned bport)
{
	ip(seen, osrc, odst, IPPROTO_UDP, 8 + 8 + 14 + 28 + 4);
	f_udp(&f, oport, 4789, 8 + 14 + 28 + 4);
	f_put(&f, "\10\0\0\0\0\0\7\0", 8); /* RFC 7348 section 5 */
	f_put(&f, "\2\0\0\0\0\1\2\0\0\0\0\2\10\0", 14);
	f_ip4(&f, a, b, IPPROTO_UDP, 12, 1, 0);
	f_udp(&f, aport, bport, 4);
	f_put(&f, "data", 4);
	feed();
}

static void ipip(int seen, const char *osrc, const char *odst, const char *a,
                 const char *b)
{
	ip(seen, osrc, odst, IPPROTO_IPIP, 28);
	f_ip4(&f, a, b, IPPROTO_UDP, 8, 1, 0);
	f_udp(&f, 40000, 443, 0);
	feed();
}

static void test_public_peer(void **state)
{
	const struct vp_flow *w;

	(void)state;
	vxlan(OUT, US, PUB, 50001, "10.244.0.2", 40000, "198.51.100.9", 443);
	w = finish(2);
	expect_end(&w[0].remote, PUB, 4789);
	assert_null(w[0].tunnel);
	expect_end(&w[1].local, "10.244.0.2", 40000);
	expect_end(&w[1].remote, "198.51.100.9", 443);
	assert_string_equal(w[1].tunnel, "vxlan");
	expect_end(&w[1].tunnel_peer, PUB, 4789);
	/* The answer is of the same two flows. */
	vxlan(IN, PUB, US, 50002, "198.51.100.9", 443, "10.244.0.2", 40000);
	w = finish(3); /* (its outer ports differ) */
	assert_int_equal(w[1].packets_out, 1);
	assert_int_equal(w[1].packets_in, 1);
}

/* A private tunnel hides no public flow in it; and one that carries private
 * bulk is bulk. */
static void test_private_peer(void **state)
{
	const struct vp_flow *w;

	(void)state;
	vxlan(OUT, US, "10.0.0.9", 50001, "10.244.0.2", 40000, PUB, 443);
	assert_int_equal(last.keep, VP_KEEP_HEADERS);
	w = finish(1);
	expect_end(&w->remote, PUB, 443);
	expect_end(&w->tunnel_peer, "10.0.0.9", 4789);
	again(NULL);
	vxlan(OUT, US, "10.0.0.9", 50001, "10.244.0.2", 40000, "10.244.0.3",
	      443);
	assert_int_equal(last.keep, VP_KEEP_NOTHING);
	finish(0);
}

static void test_ipip(void **state)
{
	const struct vp_flow *w;

	(void)state;
	ipip(OUT, US, "10.0.0.9", US, PUB);
	w = finish(1);
	assert_string_equal(w->tunnel, "ipip");
	expect_end(&w->tunnel_peer, "10.0.0.9", 0);
	expect_end(&w->remote, PUB, 443);
}

static void test_two_deep(void **state)
{
	const struct vp_flow *w;

	(void)state;
	ip(OUT, US, "10.0.0.9", IPPROTO_IPIP, 48);
	f_ip4(&f, "10.1.0.1", "10.1.0.2", IPPROTO_IPIP, 28, 1, 0);
	f_ip4(&f, "10.2.0.1", PUB, IPPROTO_UDP, 8, 1, 0);
	f_udp(&f, 40000, 443, 0);
	feed();
	w = finish(1);
	expect_end(&w->local, "10.2.0.1", 40000);
	expect_end(&w->tunnel_peer, "10.0.0.9", 0);
}

/* A forged copy in a tunnel does not make the real one look tunneled. */
static void test_forged_copy(void **state)
{
	(void)state;
	udp(OUT, US, 40000, PUB, 443, "", 0);
	ipip(OUT, US, "203.0.113.99", US, PUB);
	finish(3);
	expect_end(&facts->flows[0].remote, PUB, 443);
	assert_null(facts->flows[0].tunnel);
	assert_int_equal(facts->flows[0].packets_out, 1);
}

/* At the tunnel's own interface the same packets show again. */
static void test_interface_of_tunnel(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		at = VXLAN0;
		udp(OUT, US, 40000, PUB, 443, "data", 4);
		at = ETH0;
		vxlan(OUT, US, "10.0.0.9", 50001, US, 40000, PUB, 443);
	}
	finish(1);
	assert_string_equal(facts->flows[0].tunnel, "vxlan");
	/* Not if it left by a card as well ... */
	at = ETH1;
	udp(OUT, US, 40000, PUB, 443, "data", 4);
	finish(2);
	/* ... nor if the tunnel showed less. */
	again(NULL);
	for (int i = 0; i < 3; i++) {
		at = VXLAN0;
		udp(OUT, US, 40000, PUB, 443, "data", 4);
	}
	at = ETH0;
	vxlan(OUT, US, "10.0.0.9", 50001, US, 40000, PUB, 443);
	finish(2);
}

/* Fragments of an inner packet are of that tunnel's flow. */
static void test_inner_fragments(void **state)
{
	(void)state;
	for (unsigned off = 0; off < 2; off++) {
		ip(OUT, US, "10.0.0.9", IPPROTO_IPIP, 20 + 16);
		f_ip4(&f, US, PUB, IPPROTO_UDP, 16, 7, off ? 2 : 0x2000);
		f_udp(&f, 40000, 443, 100);
		f_fill(&f, 'x', 8);
		feed();
	}
	assert_int_equal(finish(1)->packets_out, 2);
	/* Outside of it that id is another's. */
	ip(OUT, US, PUB, IPPROTO_UDP, 16);
	f.n -= 20;
	f_ip4(&f, US, PUB, IPPROTO_UDP, 16, 7, 4);
	f_fill(&f, 'x', 16);
	feed();
	finish(2);
	assert_null(facts->flows[1].tunnel);
}

static void test_inner_undecodable(void **state)
{
	(void)state;
	ip(OUT, US, PUB, IPPROTO_IPIP, 28);
	f_fill(&f, 'x', 28);
	feed();
	finish(1);
	assert_true(facts->capture.undecodable == 1);
	/* By its port alone it need not be a tunnel. */
	again(NULL);
	udp(OUT, US, 40000, PUB, 4789, "no tunnel of any kind at all", 28);
	finish(1);
	assert_int_equal(facts->capture.undecodable, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_public_peer),
		T(test_private_peer),
		T(test_ipip),
		T(test_two_deep),
		T(test_forged_copy),
		T(test_interface_of_tunnel),
		T(test_inner_fragments),
		T(test_inner_undecodable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
