/* flow: one flow at several interfaces; whose it is; what is worth keeping. */
#include "hello.h"

#include "flow_feed.h"

static const char *const interfaces[] = { [ETH0] = "eth0",
	                                  [DOCKER0] = "docker0",
	                                  [VETH] = "veth0",
	                                  [ETH1] = "eth1",
	                                  [91] = "#91" };

static void hop(int ifindex, int seen, const char *src, unsigned sport,
                const char *dst, unsigned dport)
{
	at = ifindex;
	udp(seen, src, sport, dst, dport, "abc", 3);
}

static void test_bond_and_members(void **state)
{
	const struct vp_flow *w;

	(void)state;
	for (int i = 0; i < 3; i++) {
		hop(ETH0, OUT, US, 40000, PUB, 443);
		hop(VF, OUT, US, 40000, PUB, 443);
	}
	for (int i = 0; i < 2; i++) {
		hop(VF, IN, PUB, 443, US, 40000);
		hop(ETH0, IN, PUB, 443, US, 40000);
	}
	w = finish(1);
	assert_string_equal(w->interface, "eth0");
	assert_int_equal(w->packets_out, 3);
	assert_int_equal(w->bytes_out, 3 * 31);
	assert_int_equal(w->packets_in, 2);
	assert_int_equal(w->origin, VP_ORIGIN_HOST);
	assert_false(w->never_left);
	/* Whichever shows it first. */
	again(NULL);
	hop(VF, OUT, US, 40000, PUB, 443);
	hop(ETH0, OUT, US, 40000, PUB, 443);
	assert_string_equal(finish(1)->interface, "eth0");
}

/* Out by one card, back by another: neither is lost, nothing counts twice. */
static void test_asymmetric(void **state)
{
	const struct vp_flow *w;

	(void)state;
	for (int i = 0; i < 4; i++)
		hop(ETH1, OUT, US, 40000, PUB, 443);
	for (int i = 0; i < 5; i++)
		hop(ETH0, IN, PUB, 443, US, 40000);
	w = finish(1);
	assert_string_equal(w->interface, "eth1");
	assert_int_equal(w->packets_out, 4);
	assert_int_equal(w->packets_in, 5);
	assert_int_equal(w->state, VP_FLOW_ESTABLISHED);
}

/* A file does not tell roles: the interface with the most counts. */
static void test_unknown_roles(void **state)
{
	const struct vp_flow *w;

	(void)state;
	for (int i = 0; i < 3; i++)
		hop(91, OTHER, US, 40000, PUB, 443);
	for (int i = 0; i < 5; i++)
		hop(92, OTHER, US, 40000, PUB, 443);
	w = finish(1);
	assert_string_equal(w->interface, "#92");
	assert_int_equal(w->packets_out, 5);
	assert_false(w->never_left);
}

static void test_names_of_interfaces(void **state)
{
	(void)state;
	hop(ETH0, OUT, US, 1, PUB, 443);
	vp_flows_add_interface(t, ETH0, "wan0", VP_LINK_EXIT);
	hop(ETH0, OUT, US, 2, PUB, 443);
	finish(2);
	assert_string_equal(facts->flows[0].interface, "eth0");
	assert_string_equal(facts->flows[1].interface, "wan0");
	/* A later role holds for all. */
	hop(ETH1, OUT, US, 3, PUB, 443);
	hop(ETH0, OUT, US, 3, PUB, 443);
	vp_flows_add_interface(t, ETH1, "eth1", VP_LINK_LOWER);
	finish(3);
	assert_string_equal(facts->flows[2].interface, "wan0");
	vp_flows_add_interface(t, ETH0, "wan0", VP_LINK_LOWER);
	vp_flows_add_interface(t, ETH1, "eth1", VP_LINK_EXIT);
	finish(3);
	assert_string_equal(facts->flows[2].interface, "eth1");
}

static void test_origin(void **state)
{
	static const struct {
		struct {
			int at, seen;
		} hops[4];
		const char *src;
		enum vp_origin want;
		bool never_left;
	} cases[] = {
		{ { { ETH0, OUT } }, US, VP_ORIGIN_HOST, false },
		/* a pod with an address of the VNet, routed */
		{ { { VETH, IN }, { DOCKER0, IN }, { ETH0, OUT } },
		  "10.0.0.77",
		  VP_ORIGIN_NAMESPACE,
		  false },
		/* to the bridge's own MAC address, not that of its port */
		{ { { VETH, OTHER }, { DOCKER0, IN }, { ETH0, OUT } },
		  BOX,
		  VP_ORIGIN_NAMESPACE,
		  false },
		{ { { VETH, OTHER }, { DOCKER0, IN } },
		  BOX,
		  VP_ORIGIN_NAMESPACE,
		  true },
		{ { { 92, OTHER }, { DOCKER0, IN }, { ETH0, OUT } },
		  BOX,
		  VP_ORIGIN_UNKNOWN,
		  false },
		/* dropped by the firewall between */
		{ { { VETH, IN }, { DOCKER0, IN } },
		  BOX,
		  VP_ORIGIN_NAMESPACE,
		  true },
		{ { { ETH1, IN }, { ETH0, OUT } },
		  "10.9.0.1",
		  VP_ORIGIN_FORWARDED,
		  false },
		{ { { ETH1, IN } }, "10.9.0.1", VP_ORIGIN_FORWARDED, true },
		/* in and out by one card */
		{ { { ETH0, IN }, { ETH0, OUT } },
		  "10.9.0.1",
		  VP_ORIGIN_FORWARDED,
		  false },
		/* a raw socket of ours with a forged source */
		{ { { ETH0, OUT } }, "10.9.0.1", VP_ORIGIN_HOST, false },
		{ { { 91, OTHER } }, "10.9.0.1", VP_ORIGIN_UNKNOWN, false },
		/* of an interface that went before it was asked about */
		{ { { 92, IN }, { ETH0, OUT } },
		  BOX,
		  VP_ORIGIN_UNKNOWN,
		  false },
		/* it may have left where no direction is told */
		{ { { ETH1, IN }, { 91, OTHER } },
		  "10.9.0.1",
		  VP_ORIGIN_UNKNOWN,
		  false },
		/* our address, from outside */
		{ { { ETH0, IN } }, US, VP_ORIGIN_HOST, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		again(NULL);
		for (size_t h = 0; h < 4 && cases[i].hops[h].at != 0; h++)
			hop(cases[i].hops[h].at, cases[i].hops[h].seen,
			    cases[i].src, 40000, PUB, 443);
		finish(1);
		assert_int_equal(facts->flows[0].origin, cases[i].want);
		assert_int_equal(facts->flows[0].never_left,
		                 cases[i].never_left);
		assert_int_equal(facts->flows[0].packets_out, 1);
		/* Each time it was the last hop that is nearest. */
		assert_string_equal(facts->flows[0].interface, interfaces[at]);
	}
}

/* A few packets from an accomplice do not make our own ones forwarded. */
static void test_forged_forwarding(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++)
		hop(ETH0, IN, "10.9.0.1", 40000, PUB, 443);
	for (int i = 0; i < 20; i++)
		hop(ETH0, OUT, "10.9.0.1", 40000, PUB, 443);
	assert_int_equal(finish(1)->origin, VP_ORIGIN_HOST);
	/* The healthy twin: some that came in were lost. */
	again(NULL);
	for (int i = 0; i < 20; i++) {
		if (i > 2)
			hop(ETH1, IN, "10.9.0.1", 40000, PUB, 443);
		hop(ETH0, OUT, "10.9.0.1", 40000, PUB, 443);
	}
	assert_int_equal(finish(1)->origin, VP_ORIGIN_FORWARDED);
}

static void big(int ifindex, int seen, size_t n)
{
	at = ifindex;
	tcp(seen, "10.9.0.1", 40000, PUB, 443, 1, 1, VP_TCP_ACK, n);
}

/* Segments that came in put together are taken apart on their way out. */
static void test_segments(void **state)
{
	static const struct {
		unsigned came, came_len, left, left_len;
		enum vp_origin want;
	} cases[] = {
		{ 10, 14480, 100, 1448, VP_ORIGIN_FORWARDED },
		{ 10, 14480, 260, 536, VP_ORIGIN_FORWARDED },
		{ 100, 1448, 10, 14480, VP_ORIGIN_FORWARDED },
		/* more than came */
		{ 10, 14480, 150, 1448, VP_ORIGIN_HOST },
		/* it fits in bytes, but none would cut so small */
		{ 10, 1448, 1000, 14, VP_ORIGIN_HOST },
		{ 10, 0, 100, 0, VP_ORIGIN_HOST },
		{ 10, 100, 20, 1448, VP_ORIGIN_HOST },
		{ 10, 100, 24, 100, VP_ORIGIN_FORWARDED },
		{ 10, 100, 25, 100, VP_ORIGIN_HOST },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		again(NULL);
		for (unsigned k = 0; k < cases[i].came; k++)
			big(ETH1, IN, cases[i].came_len);
		for (unsigned k = 0; k < cases[i].left; k++)
			big(ETH0, OUT, cases[i].left_len);
		assert_int_equal(finish(1)->origin, cases[i].want);
	}
}

static void test_not_all_watched(void **state)
{
	(void)state;
	vp_flows_destroy(t);
	t = vp_flows_create(NULL);
	vp_flows_add_local(t, &(struct vp_addr){ 4, { 10, 0, 0, 4 } });
	vp_flows_add_interface(t, VETH, "veth0", VP_LINK_ENTRY);
	hop(VETH, IN, BOX, 40000, PUB, 443);
	assert_false(finish(1)->never_left);
	assert_int_equal(facts->flows[0].origin, VP_ORIGIN_NAMESPACE);
}

/* The peer sends first, from the port that we are about to connect to. */
static void test_peers_syn_does_not_excuse(void **state)
{
	(void)state;
	tcp(IN, PUB, 443, US, 50000, 1, 0, VP_TCP_SYN, 0);
	assert_int_equal(finish(1)->direction, VP_DIRECTION_IN);
	tcp(OUT, US, 50000, PUB, 443, 1, 2, VP_TCP_RST | VP_TCP_ACK, 0);
	assert_int_equal(finish(1)->direction, VP_DIRECTION_IN);
	tcp(OUT, US, 50000, PUB, 443, 1, 0, VP_TCP_SYN, 0);
	assert_int_equal(finish(1)->direction, VP_DIRECTION_OUT);
	tcp(IN, PUB, 443, US, 50000, 900, 0, VP_TCP_SYN, 0);
	assert_int_equal(finish(1)->direction, VP_DIRECTION_OUT);
}

static void data(int seen, const void *b, size_t n, uint32_t seq);

/* And it is we who name the server then. */
static void test_peers_syn_does_not_hide_the_name(void **state)
{
	static uint8_t hello[1024];
	size_t n = hello_make(hello, "acct.example", 0);

	(void)state;
	tcp(IN, PUB, 443, US, 50000, 1, 0, VP_TCP_SYN, 0);
	tcp(OUT, US, 50000, PUB, 443, 99, 0, VP_TCP_SYN, 0);
	data(OUT, hello, n, 100);
	assert_string_equal(finish(1)->sni, "acct.example");
}

/* Both orders of the two addresses, and of the ports of one. */
static void test_ipv6(void **state)
{
	static const char *const peers[] = { "2001:db8::9", "2a00::1",
		                             "fd00::4" };

	(void)state;
	vp_flows_add_local(t, &(struct vp_addr){ 6, { 0x26, 0 } });
	for (size_t i = 0; i < 3; i++) {
		udp(OUT, "2600::", 40000, peers[i], 443, "", 0);
		udp(IN, peers[i], 443, "2600::", 40000, "", 0);
	}
	for (size_t i = 0; i < 2; i++) {
		udp(OUT, "2001:db8::7", i ? 7 : 8, "2001:db8::7", i ? 8 : 7, "",
		    0);
	}
	finish(3); /* the last one to itself, and yet out by a card */
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(facts->flows[i].packets_out, 1);
		assert_int_equal(facts->flows[i].packets_in, 1);
	}
}

/* What comes back from a flood that forged our address; our RST is no talk. */
static void test_backscatter(void **state)
{
	(void)state;
	udp(OUT, US, 1, "10.0.0.5", 53, "", 0);
	now += 200000000;
	tcp(IN, PUB, 443, US, 50000, 1, 2, VP_TCP_SYN | VP_TCP_ACK, 0);
	tcp(OUT, US, 50000, PUB, 443, 2, 0, VP_TCP_RST, 0);
	assert_int_equal(finish(1)->direction, VP_DIRECTION_IN);
	/* An RST that carries something is talk. */
	tcp(OUT, US, 50000, PUB, 443, 2, 0, VP_TCP_RST, 100);
	assert_int_equal(finish(1)->direction, VP_DIRECTION_OUT);
	/* In the first minutes our SYN may be from before the capture. */
	again(NULL);
	tcp(IN, PUB, 443, US, 50000, 1, 2, VP_TCP_SYN | VP_TCP_ACK, 0);
	tcp(OUT, US, 50000, PUB, 443, 2, 0, VP_TCP_RST, 0);
	assert_int_equal(finish(1)->direction, VP_DIRECTION_OUT);
}

/* --- what to keep -------------------------------------------------------- */

static void data(int seen, const void *b, size_t n, uint32_t seq)
{
	const char *src = seen == OUT ? US : PUB, *dst = seen == OUT ? PUB : US;

	ip(seen, src, dst, IPPROTO_TCP, 20 + n);
	f_tcp(&f, seen == OUT ? 50000 : 443, seen == OUT ? 443 : 50000, seq, 1,
	      VP_TCP_ACK);
	f_put(&f, b, n);
	feed();
}

static void test_keep_tls(void **state)
{
	static const uint8_t hello[] = { 22, 3, 1, 0, 20, 1, 2, 3, 4, 5, 6 };
	static const uint8_t rest[14] = { 7 };
	static const uint8_t both[] = { 20, 3, 3, 0, 1, 1, 23, 3, 3, 0, 9, 9 };
	static const uint8_t app[] = { 23, 3, 3, 0, 5, 1, 2, 3, 4, 5 };

	(void)state;
	tcp(OUT, US, 50000, PUB, 443, 99, 0, VP_TCP_SYN, 0);
	assert_int_equal(last.keep, VP_KEEP_HEADERS);
	data(OUT, "", 0, 100);
	assert_int_equal(last.keep, VP_KEEP_HEADERS);
	data(OUT, hello, sizeof(hello), 100);
	assert_int_equal(last.keep, VP_KEEP_WHOLE);
	data(OUT, rest, sizeof(rest), 111); /* begins like nothing known */
	assert_int_equal(last.keep, VP_KEEP_WHOLE);
	data(OUT, rest, sizeof(rest), 125); /* and here the record is over */
	assert_int_equal(last.keep, VP_KEEP_HEADERS);
	data(IN, both, sizeof(both), 500);
	assert_int_equal(last.keep, VP_KEEP_WHOLE);
	data(IN, app, sizeof(app), 512);
	assert_int_equal(last.keep, VP_KEEP_HEADERS);
	assert_int_not_equal(last.row, VP_FLOW_NONE);
	tcp(IN, PUB, 443, US, 50000, 522, 1, VP_TCP_FIN | VP_TCP_ACK, 0);
	assert_int_equal(last.keep, VP_KEEP_HEADERS);
}

/* Data in a SYN (RFC 7413) begins after its number. */
static void test_keep_tls_in_syn(void **state)
{
	static const uint8_t hello[] = { 22, 3, 1, 0, 10, 1, 2, 3, 4, 5 };

	(void)state;
	ip(OUT, US, PUB, IPPROTO_TCP, 20 + sizeof(hello));
	f_tcp(&f, 50000, 443, 99, 0, VP_TCP_SYN);
	f_put(&f, hello, sizeof(hello));
	feed();
	assert_int_equal(last.keep, VP_KEEP_WHOLE);
	data(OUT, "12345", 5, 110);
	assert_int_equal(last.keep, VP_KEEP_WHOLE);
	data(OUT, "12345", 5, 115);
	assert_int_equal(last.keep, VP_KEEP_HEADERS);
}

static void test_keep_http(void **state)
{
	(void)state;
	data(OUT, "GET / HTTP/1.1\r\n", 16, 100);
	assert_int_equal(last.keep, VP_KEEP_WHOLE);
	data(OUT, "GET / HTTP/1.1\r\n", 16, 116);
	assert_int_equal(last.keep, VP_KEEP_HEADERS);
	data(IN, "HTTP/1.1 200 OK\r\n", 17, 100);
	assert_int_equal(last.keep, VP_KEEP_WHOLE);
	data(IN, "body", 4, 117);
	assert_int_equal(last.keep, VP_KEEP_HEADERS);
}

/* As the kernel's filter has it: bulk between private ends is not looked at. */
static void test_bulk(void **state)
{
	static const struct {
		const char *to;
		unsigned port, flags;
		const char *data;
		enum vp_keep want;
	} cases[] = {
		{ "10.0.0.9", 445, VP_TCP_ACK, "data", VP_KEEP_NOTHING },
		{ "10.0.0.9", 445, VP_TCP_ACK, "", VP_KEEP_NOTHING },
		{ "10.0.0.9", 445, VP_TCP_SYN, "", VP_KEEP_HEADERS },
		{ "10.0.0.9", 445, VP_TCP_ACK | VP_TCP_FIN, "",
		  VP_KEEP_HEADERS },
		{ "10.0.0.9", 53, VP_TCP_ACK, "data", VP_KEEP_WHOLE },
		{ "10.0.0.9", 853, VP_TCP_ACK, "data", VP_KEEP_HEADERS },
		{ "10.0.0.9", 443, VP_TCP_ACK, "\x16\3\1\0\1a",
		  VP_KEEP_HEADERS },
		{ "10.0.0.9", 3128, VP_TCP_ACK, "CONNECT a:1", VP_KEEP_WHOLE },
		{ "10.0.0.9", 3128, VP_TCP_ACK, "GET http://a/",
		  VP_KEEP_WHOLE },
		{ "10.0.0.9", 3128, VP_TCP_ACK, "DELETE http://a/",
		  VP_KEEP_WHOLE },
		{ "10.0.0.9", 445, VP_TCP_ACK, "GET /http", VP_KEEP_NOTHING },
		{ PUB, 445, VP_TCP_ACK, "data", VP_KEEP_HEADERS },
		{ "198.51.100.9", 445, VP_TCP_ACK, "data", VP_KEEP_NOTHING },
	};
	struct vp_prefix vnet = { { 4, { 198, 51, 100, 0 } }, 24 };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		again(NULL);
		vp_flows_add_vnet(t, &vnet);
		ip(OUT, US, cases[i].to, IPPROTO_TCP,
		   20 + strlen(cases[i].data));
		f_tcp(&f, 50000, cases[i].port, 1, 1, cases[i].flags);
		f_put(&f, cases[i].data, strlen(cases[i].data));
		feed();
		assert_int_equal(last.keep, cases[i].want);
		assert_int_equal(last.row == VP_FLOW_NONE,
		                 cases[i].want == VP_KEEP_NOTHING);
		/* A row that is there changes nothing. */
		tcp(OUT, US, 50000, cases[i].to, cases[i].port, 1, 1,
		    VP_TCP_SYN, 0);
		tcp(OUT, US, 50000, cases[i].to, cases[i].port, 2, 1,
		    VP_TCP_ACK, 9);
		assert_int_equal(last.row == VP_FLOW_NONE,
		                 cases[i].want == VP_KEEP_NOTHING ||
		                         cases[i].port == 443 ||
		                         cases[i].port == 3128 ||
		                         (cases[i].port == 445 &&
		                          cases[i].to[0] == '1'));
	}
}

/* A proxy in the VNet: where the request went on is what matters. */
static void test_connect_is_reported(void **state)
{
	(void)state;
	tcp(OUT, US, 50000, "10.0.0.9", 3128, 99, 0, VP_TCP_SYN, 0);
	finish(0);
	ip(OUT, US, "10.0.0.9", IPPROTO_TCP, 20 + 19);
	f_tcp(&f, 50000, 3128, 100, 1, VP_TCP_ACK);
	f_put(&f, "CONNECT a.b:443 HTTP", 19);
	feed();
	finish(1);
}

static void test_evidence_numbers(void **state)
{
	const struct vp_flow *w;

	(void)state;
	hop(ETH0, OUT, US, 1, PUB, 443);
	vp_flows_evidence(t, last.row, 7);
	hop(ETH0, OUT, US, 1, PUB, 443);
	vp_flows_evidence(t, last.row, 9);
	vp_flows_evidence(t, VP_FLOW_NONE, 10);
	vp_flows_evidence(t, 99, 11);
	w = finish(1);
	assert_int_equal(w->evidence_packets, 2);
	assert_int_equal(w->evidence_first, 7);
	assert_int_equal(w->evidence_last, 9);
}

static void test_undecoded_by_reason(void **state)
{
	const struct vp_capture_facts *c = &facts->capture;

	(void)state;
	vp_flows_undecoded(t, VP_DECODE_TRUNCATED, VP_SEEN_IN);
	vp_flows_undecoded(t, VP_DECODE_MALFORMED, VP_SEEN_OUT);
	vp_flows_undecoded(t, VP_DECODE_MALFORMED, VP_SEEN_IN);
	vp_flows_undecoded(t, VP_DECODE_NOT_IP, VP_SEEN_OUT);
	finish(0);
	assert_int_equal(c->n_undecoded, 2);
	assert_string_equal(c->undecoded[0].reason, "truncated");
	assert_int_equal(c->undecoded[0].frames, 1);
	assert_string_equal(c->undecoded[1].reason, "malformed");
	assert_int_equal(c->undecoded[1].frames, 2);
	assert_int_equal(c->undecoded[1].frames_out, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_bond_and_members),
		T(test_asymmetric),
		T(test_unknown_roles),
		T(test_names_of_interfaces),
		T(test_origin),
		T(test_forged_forwarding),
		T(test_not_all_watched),
		T(test_segments),
		T(test_peers_syn_does_not_excuse),
		T(test_peers_syn_does_not_hide_the_name),
		T(test_ipv6),
		T(test_backscatter),
		T(test_keep_tls),
		T(test_keep_tls_in_syn),
		T(test_keep_http),
		T(test_bulk),
		T(test_connect_is_reported),
		T(test_evidence_numbers),
		T(test_undecoded_by_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
