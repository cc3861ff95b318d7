/* packet: what frames carry IP in, and what tunnels carry in IP. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "frames.h"

#include <netinet/in.h>

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define RAW 101

static struct frame f;
static struct vp_packet p, in;
static uint8_t *bytes; /* of the frame that p and in point into */

static enum vp_decode decode_cut(int linktype, size_t cut)
{
	free(bytes);
	return f_decode_cut(&p, &f, linktype, cut, &bytes);
}

static enum vp_decode decode(int linktype)
{
	return decode_cut(linktype, f.n);
}

static int release(void **state)
{
	(void)state;
	free(bytes);
	bytes = NULL;
	return 0;
}

/* The packet that all are made to carry: 28 bytes and 5 of payload. */
static void leak4(struct frame *to)
{
	f_ip4(to, "10.0.0.4", "203.0.113.9", IPPROTO_UDP, 13, 77, 0);
	f_udp(to, 40000, 443, 5);
	f_put(to, "hello", 5);
}

static void leak6(struct frame *to)
{
	f_ip6(to, "fd00::4", "2001:db8::9", IPPROTO_UDP, 13);
	f_udp(to, 40000, 443, 5);
	f_put(to, "hello", 5);
}

static void expect_leak(const struct vp_packet *got, unsigned family)
{
	struct vp_addr to = f_addr(family == 4 ? "203.0.113.9" : "2001:db8::9");

	assert_memory_equal(&got->dst, &to, sizeof(to));
	assert_int_equal(got->sport, 40000);
	assert_int_equal(got->dport, 443);
	assert_int_equal(got->payload_len, 5);
	assert_int_equal(got->payload_caplen, 5);
	assert_memory_equal(got->payload, "hello", 5);
	assert_int_equal(got->ip_len, family == 4 ? 33 : 53);
}

/* --- in frames ------------------------------------------------------------ */

static void labels(unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		f_32(&f, (100 + i) << 12 | (i + 1 == n ? 0x100u : 0) | 64);
}

static void test_mpls(void **state)
{
	static const unsigned types[] = { 0x8847, 0x8848 };

	(void)state;
	for (size_t i = 0; i < N(types); i++) {
		f_eth(&f, types[i]);
		labels(3);
		leak4(&f);
		assert_int_equal(decode(DLT_EN10MB), VP_DECODE_OK);
		expect_leak(&p, 4);
		f_eth(&f, types[i]);
		labels(1);
		leak6(&f);
		assert_int_equal(decode(DLT_EN10MB), VP_DECODE_OK);
		expect_leak(&p, 6);
	}
	for (unsigned n = 16; n <= 17; n++) {
		f_eth(&f, 0x8847);
		labels(n);
		leak4(&f);
		assert_int_equal(decode(DLT_EN10MB),
		                 n == 16 ? VP_DECODE_OK : VP_DECODE_TOO_DEEP);
	}
}

static void test_mpls_of_something_else(void **state)
{
	static const struct {
		unsigned first;
		enum vp_decode want;
	} cases[] = {
		{ 0x00, VP_DECODE_OPAQUE }, /* a frame, with a control word */
		{ 0x10, VP_DECODE_NOT_IP }, /* an associated channel */
		{ 0x12, VP_DECODE_NOT_IP }, { 0x52, VP_DECODE_OPAQUE },
		{ 0xf0, VP_DECODE_OPAQUE },
	};

	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		f_eth(&f, 0x8847);
		labels(1);
		f_8(&f, cases[i].first);
		f_fill(&f, 0, 40);
		assert_int_equal(decode(DLT_EN10MB), cases[i].want);
	}
	f_eth(&f, 0x8847);
	labels(1);
	assert_int_equal(decode(DLT_EN10MB), VP_DECODE_MALFORMED);
	f_8(&f, 0x45);
	assert_int_equal(decode_cut(DLT_EN10MB, 18), VP_DECODE_TRUNCATED);
}

static void pppoe(const char *protocol, size_t n, size_t body)
{
	f_eth(&f, 0x8864);
	f_16(&f, 0x1100);
	f_16(&f, 7);
	f_16(&f, (unsigned)(n + body));
	f_put(&f, protocol, n);
}

static void test_pppoe(void **state)
{
	static const struct {
		const char *protocol;
		size_t n;
		enum vp_decode want;
		unsigned family;
	} cases[] = {
		{ "\0\x21", 2, VP_DECODE_OK, 4 },
		{ "\x21", 1, VP_DECODE_OK, 4 },
		{ "\xff\3\0\x21", 4, VP_DECODE_OK, 4 },
		{ "\0\x57", 2, VP_DECODE_OK, 6 },
		{ "\x57", 1, VP_DECODE_OK, 6 },
		{ "\2\x81\0\x06\x41\x40", 6, VP_DECODE_OK, 4 },
		{ "\xc0\x21", 2, VP_DECODE_NOT_IP, 4 }, /* LCP */
		{ "\x80\x21", 2, VP_DECODE_NOT_IP, 4 }, /* IPCP */
		{ "\0\xfd", 2, VP_DECODE_OPAQUE, 4 },   /* compressed */
		{ "\0\x53", 2, VP_DECODE_OPAQUE, 4 },   /* encrypted */
		{ "\0\x57", 2, VP_DECODE_MALFORMED,
		  4 }, /* too short for IPv6 */
		{ "\0\x21", 2, VP_DECODE_IP_VERSION, 6 },
	};

	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		pppoe(cases[i].protocol, cases[i].n,
		      cases[i].family == 4 ? 33 : 53);
		if (cases[i].family == 4)
			leak4(&f);
		else
			leak6(&f);
		f_fill(&f, 0xee, 9); /* padding */
		assert_int_equal(decode(DLT_EN10MB), cases[i].want);
		if (cases[i].want == VP_DECODE_OK)
			expect_leak(&p, cases[i].family);
	}
	pppoe("\0\x21", 2, 32); /* one byte less than the packet */
	leak4(&f);
	assert_int_equal(decode(DLT_EN10MB), VP_DECODE_IP_LENGTH);
	f.b[14] = 0x21;
	assert_int_equal(decode(DLT_EN10MB), VP_DECODE_MALFORMED);
	f.n = 0;
	f_put(&f, "\xff\3\0\x21", 4);
	leak4(&f);
	assert_int_equal(decode(DLT_PPP), VP_DECODE_OK);
	expect_leak(&p, 4);
}

static void test_snap(void **state)
{
	static const struct {
		const char *head;
		enum vp_decode want;
	} cases[] = {
		{ "\xaa\xaa\3\0\0\0\x08\0", VP_DECODE_OK },
		{ "\xaa\xaa\3\0\0\0\x08\6", VP_DECODE_NOT_IP },
		{ "\xaa\xaa\3\0\0\x0c\x20\0", VP_DECODE_NOT_IP }, /* CDP */
		{ "\x42\x42\3\0\0\0\x08\0", VP_DECODE_NOT_IP },
	};

	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		f_eth(&f, 8 + 33);
		f_put(&f, cases[i].head, 8);
		leak4(&f);
		assert_int_equal(decode(DLT_EN10MB), cases[i].want);
		if (cases[i].want == VP_DECODE_OK)
			expect_leak(&p, 4);
	}
	f_sll2(&f, 4, 1, 4); /* cooked: LINUX_SLL_P_802_2 */
	f_put(&f, cases[0].head, 8);
	leak4(&f);
	assert_int_equal(decode(DLT_LINUX_SLL2), VP_DECODE_OK);
	expect_leak(&p, 4);
	f_eth(&f, 3); /* shorter than the header: no IP in it */
	f_put(&f, "\x42\x42\3", 3);
	assert_int_equal(decode(DLT_EN10MB), VP_DECODE_NOT_IP);
}

static void test_opaque(void **state)
{
	static const unsigned types[] = { 0x88e5, 0x894f, 0x88e7, 0x6558 };

	(void)state;
	for (size_t i = 0; i < N(types); i++) {
		f_eth(&f, types[i]);
		leak4(&f);
		assert_int_equal(decode(DLT_EN10MB), VP_DECODE_OPAQUE);
	}
}

/* --- in packets ------------------------------------------------------------
 */

struct outer {
	const char *kind;
	unsigned family, proto, port;
	size_t n; /* bytes of head */
	const char *head;
	unsigned carries; /* 4 or 6 */
	enum vp_decode want;
};

#define MACS "\2\0\0\0\0\1\2\0\0\0\0\2"
#define OK VP_DECODE_OK

static const struct outer outers[] = {
	{ "ipip", 4, 4, 0, 0, "", 4, OK },
	{ "4in6", 6, 4, 0, 0, "", 4, OK },
	{ "6in4", 4, 41, 0, 0, "", 6, OK },
	{ "6in6", 6, 41, 0, 0, "", 6, OK },
	{ "gre", 4, 47, 0, 4, "\0\0\x08\0", 4, OK },
	{ "gre", 6, 47, 0, 4, "\0\0\x86\xdd", 6, OK },
	{ "gre", 4, 47, 0, 8, "\x20\0\x08\0KKKK", 4, OK },
	{ "gre", 4, 47, 0, 12, "\x30\0\x08\0KKKKSSSS", 4, OK },
	{ "gre", 4, 47, 0, 16, "\xb0\0\x08\0CC\0\0KKKKSSSS", 4, OK },
	{ "gre", 4, 47, 0, 18, "\0\0\x65\x58" MACS "\x08\0", 4, OK },
	{ "gre", 4, 47, 0, 8, "\0\0\x88\x47\0\x06\x41\x40", 4, OK },
	{ "gre", 4, 47, 0, 16, "\x30\x01\x88\x0b\0\x25\0\1SSSS\xff\3\0\x21", 4,
	  OK },
	{ "gre", 4, 47, 0, 20, "\x30\x81\x88\x0b\0\x25\0\1SSSSAAAA\xff\3\0\x21",
	  4, OK },
	{ "gre", 4, 47, 0, 12, "\x20\x81\x88\x0b\0\0\0\1AAAA", 4,
	  VP_DECODE_NOT_IP },
	{ "gre", 4, 47, 0, 4, "\x40\0\x08\0", 4, VP_DECODE_OPAQUE },
	{ "gre", 4, 47, 0, 4, "\0\2\x08\0", 4, VP_DECODE_OPAQUE },
	{ "gre", 4, 47, 0, 4, "\0\0\0\0", 4, VP_DECODE_NOT_IP },
	{ "gre", 4, 47, 0, 4, "\0\0\x08\x06", 4, VP_DECODE_NOT_IP },
	{ "vxlan", 4, 17, 4789, 22, "\x08\0\0\0VNI\0" MACS "\x08\0", 4, OK },
	{ "vxlan", 6, 17, 8472, 22, "\x08\0\0\0VNI\0" MACS "\x86\xdd", 6, OK },
	{ "vxlan", 4, 17, 4789, 26, "\x88\0\0\1VNI\0" MACS "\x81\0\0\7\x08\0",
	  4, OK },
	{ "vxlan", 4, 17, 4789, 22, "\0\0\0\0VNI\0" MACS "\x08\0", 4,
	  VP_DECODE_NOT_IP },
	{ "geneve", 4, 17, 6081, 22, "\0\0\x65\x58VNI\0" MACS "\x08\0", 4, OK },
	{ "geneve", 4, 17, 6081, 30,
	  "\2\0\x65\x58VNI\0\1\1\x80\1opti" MACS "\x08\0", 4, OK },
	{ "geneve", 6, 17, 6081, 8, "\0\0\x86\xddVNI\0", 6, OK },
	{ "geneve", 4, 17, 6081, 22, "\x40\0\x65\x58VNI\0" MACS "\x08\0", 4,
	  VP_DECODE_NOT_IP },
	{ "etherip", 4, 97, 0, 16, "\x30\0" MACS "\x08\0", 4, OK },
	{ "etherip", 4, 97, 0, 16, "\x40\0" MACS "\x08\0", 4,
	  VP_DECODE_NOT_IP },
	{ "mpls", 4, 137, 0, 4, "\0\x06\x41\x40", 4, OK },
	{ "ethernet", 6, 143, 0, 14, MACS "\x08\0", 4, OK },
};

/* Between two private ends. off: flags and offset, of IPv4 only. */
static void build(const struct outer *o, unsigned off)
{
	size_t body = o->n + (o->carries == 4 ? 33 : 53);
	size_t ip = body + (o->proto == IPPROTO_UDP ? 8 : 0);

	f_sll2(&f, 4, 5, o->family == 4 ? 0x0800 : 0x86dd);
	if (o->family == 4)
		f_ip4(&f, "10.0.0.4", "10.0.0.9", o->proto, ip, 7, off);
	else
		f_ip6(&f, "fd00::4", "fd00::9", o->proto, ip);
	if (o->proto == IPPROTO_UDP)
		f_udp(&f, 50000, o->port, body);
	f_put(&f, o->head, o->n);
	if (o->carries == 4)
		leak4(&f);
	else
		leak6(&f);
}

static void test_inner(void **state)
{
	const char *kind;

	(void)state;
	for (size_t i = 0; i < N(outers); i++) {
		const struct outer *o = &outers[i];

		build(o, 0);
		kind = NULL;
		assert_int_equal(decode(DLT_LINUX_SLL2), OK);
		if (vp_packet_inner(&in, &p, &kind) != o->want)
			fail_msg("row %zu: not %s", i, vp_decode_name(o->want));
		assert_string_equal(kind, o->kind);
		if (o->want != OK)
			continue;
		expect_leak(&in, o->carries);
		assert_int_equal(in.ip_id, o->carries == 4 ? 77 : 0);
		assert_int_equal(in.seen, VP_SEEN_OUT);
		assert_int_equal(in.ifindex, 5);
		assert_int_equal(in.ts_us, 1);
	}
}

/* Cut anywhere before the inner ports: TRUNCATED, never anything else. */
static void test_inner_cut(void **state)
{
	const char *kind;

	(void)state;
	for (size_t i = 0; i < N(outers); i++) {
		const struct outer *o = &outers[i];
		size_t outer = 20 + (o->family == 4 ? 20u : 40u) +
		               (o->proto == IPPROTO_UDP ? 8u : 0u);

		if (o->want != OK)
			continue;
		build(o, 0);
		for (size_t cut = outer; cut < f.n - 5; cut++) {
			assert_int_equal(decode_cut(DLT_LINUX_SLL2, cut), OK);
			assert_int_equal(vp_packet_inner(&in, &p, &kind),
			                 VP_DECODE_TRUNCATED);
		}
		assert_int_equal(decode_cut(DLT_LINUX_SLL2, f.n - 5), OK);
		assert_int_equal(vp_packet_inner(&in, &p, &kind), OK);
		assert_int_equal(in.payload_len, 5);
		assert_int_equal(in.payload_caplen, 0);
	}
}

static void test_inner_fragments(void **state)
{
	const char *kind;

	(void)state;
	for (size_t i = 0; i < N(outers); i++) {
		const struct outer *o = &outers[i];

		if (o->want != OK || o->family != 4)
			continue;
		build(o, 0x2000); /* the first: the rest of the data follows */
		f.n -= 3;
		f.b[20 + 3] = (uint8_t)(f.b[20 + 3] - 3);
		assert_int_equal(decode(DLT_LINUX_SLL2), OK);
		assert_int_equal(vp_packet_inner(&in, &p, &kind), OK);
		assert_int_equal(in.dport, 443);
		assert_int_equal(in.payload_caplen, 2);
		assert_int_equal(in.payload_len, 5);
		build(o, 0x0009); /* a later one */
		assert_int_equal(decode(DLT_LINUX_SLL2), OK);
		assert_int_equal(vp_packet_inner(&in, &p, &kind),
		                 VP_DECODE_NOT_IP);
	}
}

static void test_no_tunnel(void **state)
{
	static const struct {
		unsigned proto, sport, dport;
	} cases[] = {
		{ IPPROTO_TCP, 50000, 4789 },
		{ IPPROTO_UDP, 4789, 50000 },
		{ IPPROTO_UDP, 50000, 4790 },
		{ IPPROTO_ICMP, 0, 0 },
		{ 50, 0, 0 }, /* ESP */
	};
	const char *kind = "none";

	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		f.n = 0;
		f_ip4(&f, "10.0.0.4", "10.0.0.9", cases[i].proto, 60, 7, 0);
		f_udp(&f, cases[i].sport, cases[i].dport, 52);
		f_put(&f, "\x08\0\0\0VNI\0" MACS "\x08\0", 22);
		leak4(&f);
		f_fill(&f, 0, 60);
		assert_int_equal(decode(RAW), OK);
		assert_int_equal(vp_packet_inner(&in, &p, &kind),
		                 VP_DECODE_NOT_IP);
		assert_string_equal(kind, "none");
	}
	/* Too short for a header of theirs. */
	f.n = 0;
	f_ip4(&f, "10.0.0.4", "10.0.0.9", IPPROTO_UDP, 15, 7, 0);
	f_udp(&f, 1, 4789, 7);
	f_fill(&f, 8, 7);
	assert_int_equal(decode(RAW), OK);
	assert_int_equal(vp_packet_inner(&in, &p, &kind), VP_DECODE_NOT_IP);
}

/* Of a tunnel in a tunnel, both are found one after the other. */
static void test_two_deep(void **state)
{
	struct vp_packet deeper;
	const char *kind;

	(void)state;
	f.n = 0;
	f_ip4(&f, "10.0.0.4", "10.0.0.9", 4, 20 + 4 + 53, 7, 0);
	f_ip4(&f, "10.1.0.4", "10.1.0.9", 47, 4 + 53, 8, 0);
	f_put(&f, "\0\0\x86\xdd", 4);
	leak6(&f);
	assert_int_equal(decode(RAW), OK);
	assert_int_equal(vp_packet_inner(&in, &p, &kind), OK);
	assert_string_equal(kind, "ipip");
	assert_int_equal(vp_packet_inner(&deeper, &in, &kind), OK);
	assert_string_equal(kind, "gre");
	expect_leak(&deeper, 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mpls),
		cmocka_unit_test(test_mpls_of_something_else),
		cmocka_unit_test(test_pppoe),
		cmocka_unit_test(test_snap),
		cmocka_unit_test(test_opaque),
		cmocka_unit_test(test_inner),
		cmocka_unit_test(test_inner_cut),
		cmocka_unit_test(test_inner_fragments),
		cmocka_unit_test(test_no_tunnel),
		cmocka_unit_test(test_two_deep),
	};

	return cmocka_run_group_tests(tests, NULL, release);
}
