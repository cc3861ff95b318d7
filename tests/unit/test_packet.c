/* packet: hand-made frames of every kind, and each of them cut and bent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "frames.h"

#include <netinet/in.h>

static struct frame f;
static struct vp_packet p;

static enum vp_decode decode(int linktype)
{
	return f_decode_cut(&p, &f, linktype, f.n, NULL);
}

static void expect_addr(const struct vp_addr *a, const char *text)
{
	struct vp_addr want = f_addr(text);

	assert_memory_equal(a, &want, sizeof(want));
}

static void udp4(size_t body)
{
	f_ip4(&f, "10.0.0.4", "168.63.129.16", IPPROTO_UDP, 8 + body, 7,
	      0x4000);
	f_udp(&f, 40000, 53, body);
	f_fill(&f, 0xaa, body);
}

static void expect_udp4(uint32_t body)
{
	expect_addr(&p.src, "10.0.0.4");
	expect_addr(&p.dst, "168.63.129.16");
	assert_int_equal(p.proto, IPPROTO_UDP);
	assert_true(p.has_ports);
	assert_int_equal(p.sport, 40000);
	assert_int_equal(p.dport, 53);
	assert_int_equal(p.ip_len, 28 + body);
	assert_int_equal(p.payload_len, body);
	assert_int_equal(p.payload_caplen, body);
	assert_false(p.fragment);
	assert_int_equal(p.fragment_id, 0);
	assert_int_equal(p.ip_id, 7);
}

/* --- link types ---------------------------------------------------------- */

static void test_ethernet(void **state)
{
	(void)state;
	f_eth(&f, 0x0800);
	udp4(5);
	f_fill(&f, 0xee, 13); /* padding to 60 bytes */
	assert_int_equal(decode(DLT_EN10MB), VP_DECODE_OK);
	expect_udp4(5);
	assert_true(p.has_mac);
	assert_memory_equal(p.mac, "\x02\x00\x5e\x10\x00\x01", 6);
	assert_int_equal(p.seen, VP_SEEN_UNKNOWN);
	assert_int_equal(p.ifindex, 0);
	assert_int_equal(p.vlan, 0);
	assert_int_equal(p.ts_us, 1);
}

static void test_no_bytes(void **state)
{
	struct vp_frame frame = { .linktype = DLT_EN10MB };

	(void)state;
	assert_int_equal(vp_packet_decode(&p, &frame), VP_DECODE_MALFORMED);
	frame.len = 60;
	assert_int_equal(vp_packet_decode(&p, &frame), VP_DECODE_TRUNCATED);
	frame.linktype = DLT_RAW;
	assert_int_equal(vp_packet_decode(&p, &frame), VP_DECODE_TRUNCATED);
}

/* What stands beside the bytes counts where they do not tell. */
static void test_told_beside(void **state)
{
	struct vp_frame frame = { .seen = VP_SEEN_OUT,
		                  .ifindex = 9,
		                  .linktype = DLT_EN10MB,
		                  .data = f.b };

	(void)state;
	f_eth(&f, 0x0800);
	udp4(5);
	frame.caplen = frame.len = (uint32_t)f.n;
	assert_int_equal(vp_packet_decode(&p, &frame), VP_DECODE_OK);
	assert_int_equal(p.seen, VP_SEEN_OUT);
	assert_int_equal(p.ifindex, 9);
	f_sll2(&f, 0, 3, 0x0800);
	udp4(5);
	frame.linktype = DLT_LINUX_SLL2;
	frame.caplen = frame.len = (uint32_t)f.n;
	assert_int_equal(vp_packet_decode(&p, &frame), VP_DECODE_OK);
	assert_int_equal(p.seen, VP_SEEN_IN);
	assert_int_equal(p.ifindex, 3);
	f.b[7] = 0;  /* no interface */
	f.b[10] = 9; /* no type that we know */
	assert_int_equal(vp_packet_decode(&p, &frame), VP_DECODE_OK);
	assert_int_equal(p.seen, VP_SEEN_OUT);
	assert_int_equal(p.ifindex, 9);
	frame.linktype = 147; /* directions of what cannot be read count too */
	assert_int_equal(vp_packet_decode(&p, &frame), VP_DECODE_UNKNOWN_LINK);
	assert_int_equal(p.seen, VP_SEEN_OUT);
}

static void test_not_ip(void **state)
{
	static const unsigned types[] = { 0x0806, 0x88cc, 0x88b5, 0x0026,
		                          0x05ff };

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		f_eth(&f, types[i]);
		f_fill(&f, 0x45, 46);
		assert_int_equal(decode(DLT_EN10MB), VP_DECODE_NOT_IP);
	}
}

static void test_vlan(void **state)
{
	static const unsigned types[] = { 0x8100, 0x88a8, 0x9100, 0x9200 };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		f_eth(&f, types[i]);
		f_16(&f, 0x2064); /* priority 1, id 100 */
		f_16(&f, 0x0800);
		udp4(0);
		assert_int_equal(decode(DLT_EN10MB), VP_DECODE_OK);
		expect_udp4(0);
		assert_int_equal(p.vlan, 100);
	}
	for (unsigned tags = 2; tags <= 5; tags++) {
		f_eth(&f, 0x88a8);
		for (unsigned t = 0; t < tags; t++) {
			f_16(&f, 200 + t);
			f_16(&f, t + 1 < tags ? 0x8100 : 0x0800);
		}
		udp4(0);
		assert_int_equal(decode(DLT_EN10MB),
		                 tags <= 4 ? VP_DECODE_OK : VP_DECODE_TOO_DEEP);
		assert_int_equal(p.vlan, 200); /* the outermost */
	}
}

static void test_cooked_v2(void **state)
{
	static const enum vp_seen want[] = { VP_SEEN_IN,  VP_SEEN_IN,
		                             VP_SEEN_IN,  VP_SEEN_OTHER,
		                             VP_SEEN_OUT, VP_SEEN_UNKNOWN };

	(void)state;
	for (unsigned type = 0; type < 6; type++) {
		f_sll2(&f, type, 3, 0x0800);
		udp4(4);
		assert_int_equal(decode(DLT_LINUX_SLL2), VP_DECODE_OK);
		expect_udp4(4);
		assert_int_equal(p.seen, want[type]);
		assert_int_equal(p.ifindex, 3);
		assert_true(p.has_mac);
	}
	f_sll2(&f, 4, 3, 0x8100);
	f_16(&f, 42);
	f_16(&f, 0x0800);
	udp4(4);
	assert_int_equal(decode(DLT_LINUX_SLL2), VP_DECODE_OK);
	expect_udp4(4);
	assert_int_equal(p.vlan, 42);
	f_sll2(&f, 4, 3, 0x0800);
	udp4(4);
	f.b[11] = 0; /* no hardware address */
	assert_int_equal(decode(DLT_LINUX_SLL2), VP_DECODE_OK);
	assert_false(p.has_mac);
	f.b[8] = 824 >> 8; /* a netlink monitor: no EtherType there */
	f.b[9] = 824 & 0xff;
	assert_int_equal(decode(DLT_LINUX_SLL2), VP_DECODE_NOT_IP);
}

static void test_cooked_v1(void **state)
{
	(void)state;
	f.n = 0;
	f_16(&f, 4);
	f_16(&f, 1);
	f_16(&f, 6);
	f_put(&f, "\x02\x00\x5e\x10\x00\x01\0\0", 8);
	f_16(&f, 0x0800);
	udp4(4);
	assert_int_equal(decode(DLT_LINUX_SLL), VP_DECODE_OK);
	expect_udp4(4);
	assert_int_equal(p.seen, VP_SEEN_OUT);
	assert_memory_equal(p.mac, "\x02\x00\x5e\x10\x00\x01", 6);
	f.b[15] = 4; /* 802.2 */
	f.b[14] = 0;
	assert_int_equal(decode(DLT_LINUX_SLL), VP_DECODE_NOT_IP);
}

static void test_raw(void **state)
{
	static const int types[] = { 12, 101, 228 };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		f.n = 0;
		udp4(4);
		assert_int_equal(decode(types[i]), VP_DECODE_OK);
		expect_udp4(4);
		assert_false(p.has_mac);
	}
	for (int type = 101; type <= 229; type += 128) {
		f.n = 0;
		f_ip6(&f, "fd00::1", "2001:db8::1", IPPROTO_UDP, 8);
		f_udp(&f, 1, 2, 0);
		assert_int_equal(decode(type), VP_DECODE_OK);
		assert_true(p.has_ports);
	}
	f.n = 0;
	assert_int_equal(decode(12), VP_DECODE_MALFORMED);
	f_8(&f, 0x50);
	assert_int_equal(decode(12), VP_DECODE_IP_VERSION);
	assert_int_equal(f_decode_cut(&p, &f, 12, 0, NULL),
	                 VP_DECODE_TRUNCATED);
	f.n = 0;
	udp4(4);
	assert_int_equal(decode(229), VP_DECODE_MALFORMED); /* not version 6 */
	assert_int_equal(decode(147), VP_DECODE_UNKNOWN_LINK);
}

static void test_null(void **state)
{
	static const struct {
		const char *head;
		int linktype;
		enum vp_decode want;
	} cases[] = {
		{ "\2\0\0\0", DLT_NULL, VP_DECODE_OK },
		{ "\0\0\0\2", DLT_NULL, VP_DECODE_OK },
		{ "\0\0\0\2", DLT_LOOP, VP_DECODE_OK },
		{ "\0\0\0\7", DLT_LOOP, VP_DECODE_NOT_IP },
		{ "\0\0\0\12", DLT_NULL, VP_DECODE_MALFORMED }, /* says IPv6 */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		f.n = 0;
		f_put(&f, cases[i].head, 4);
		udp4(4);
		assert_int_equal(decode(cases[i].linktype), cases[i].want);
	}
	for (unsigned i = 0; i < 4; i++) {
		f.n = 0;
		f_8(&f, (uint8_t) "\12\30\34\36"[i]);
		f_put(&f, "\0\0\0", 3);
		f_ip6(&f, "::1", "::1", IPPROTO_UDP, 8);
		f_udp(&f, 1, 2, 0);
		assert_int_equal(decode(DLT_NULL), VP_DECODE_OK);
	}
}

/* --- IPv4 ---------------------------------------------------------------- */

static void test_ipv4_options(void **state)
{
	(void)state;
	f.n = 0;
	udp4(4);
	/* Router alert, moved in before the UDP header. */
	memmove(f.b + 24, f.b + 20, 12);
	memcpy(f.b + 20, "\x94\4\0\0", 4);
	f.n += 4;
	f.b[0] = 0x46;
	f.b[3] = 36;
	assert_int_equal(decode(228), VP_DECODE_OK);
	assert_int_equal(p.sport, 40000);
	assert_int_equal(p.payload_len, 4);
	assert_int_equal(p.ip_len, 36);
	f.b[0] = 0x4f; /* 60 bytes of header in 36 */
	assert_int_equal(decode(228), VP_DECODE_MALFORMED);
	f.b[0] = 0x44;
	assert_int_equal(decode(228), VP_DECODE_MALFORMED);
}

static void test_ipv4_length(void **state)
{
	(void)state;
	f.n = 0;
	udp4(4);
	f.b[3] = 33; /* one more than there is */
	assert_int_equal(decode(228), VP_DECODE_IP_LENGTH);
	f.b[3] = 19;
	assert_int_equal(decode(228), VP_DECODE_MALFORMED);
	f.b[3] = 20; /* nothing above IP */
	assert_int_equal(decode(228), VP_DECODE_OK);
	assert_false(p.has_ports);
	assert_int_equal(p.payload_len, 0);
	f.b[3] = 24; /* half a UDP header: ports, and no more */
	assert_int_equal(decode(228), VP_DECODE_OK);
	assert_true(p.has_ports);
	assert_int_equal(p.payload_len, 0);
}

static void test_super_frames(void **state)
{
	(void)state;
	f_eth(&f, 0x0800);
	f_ip4(&f, "10.0.0.4", "10.0.0.5", IPPROTO_TCP, 0, 7, 0x4000);
	f.b[16] = f.b[17] = 0; /* TSO: total length 0 */
	f_tcp(&f, 1, 443, 1, 1, VP_TCP_ACK);
	f_fill(&f, 0x17, 70000);
	assert_int_equal(decode(DLT_EN10MB), VP_DECODE_OK);
	assert_int_equal(p.ip_len, 70040);
	assert_int_equal(p.payload_len, 70000);
	/* Cut by the snapshot length the length on the wire still counts. */
	assert_int_equal(f_decode_cut(&p, &f, DLT_EN10MB, 8192, NULL),
	                 VP_DECODE_OK);
	assert_int_equal(p.ip_len, 70040);
	assert_int_equal(p.payload_len, 70000);
	assert_int_equal(p.payload_caplen, 8192 - 54);

	f_eth(&f, 0x86dd); /* BIG TCP */
	f_ip6(&f, "fd00::1", "fd00::2", IPPROTO_TCP, 0);
	f_tcp(&f, 1, 443, 1, 1, VP_TCP_ACK);
	f_fill(&f, 0x17, 70000);
	assert_int_equal(decode(DLT_EN10MB), VP_DECODE_OK);
	assert_int_equal(p.ip_len, 70060);
	assert_int_equal(p.payload_len, 70000);

	f_eth(&f, 0x86dd); /* a jumbogram */
	f_ip6(&f, "fd00::1", "fd00::2", 0, 0);
	f_put(&f, "\6\0\xc2\4\0\1\x11\x94", 8);
	f_tcp(&f, 1, 443, 1, 1, VP_TCP_ACK);
	f_fill(&f, 0x17, 70000);
	assert_int_equal(decode(DLT_EN10MB), VP_DECODE_OK);
	assert_int_equal(p.payload_len, 70000);

	f_eth(&f, 0x86dd); /* no more than an empty packet, padded */
	f_ip6(&f, "fd00::1", "fd00::2", IPPROTO_TCP, 0);
	f_fill(&f, 0, 20);
	assert_int_equal(decode(DLT_EN10MB), VP_DECODE_OK);
	assert_false(p.has_ports);
	assert_int_equal(p.ip_len, 40);
}

static void test_ipv4_fragments(void **state)
{
	static const struct {
		unsigned off;
		bool fragment, later;
	} cases[] = {
		{ 0x0000, false, false }, { 0x4000, false, false },
		{ 0x8000, false, false }, /* the evil bit, RFC 3514 */
		{ 0x2000, true, false },  { 0x2001, true, true },
		{ 0x0001, true, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		f.n = 0;
		f_ip4(&f, "10.0.0.4", "192.0.2.1", IPPROTO_UDP, 16, 0x1234,
		      cases[i].off);
		f_udp(&f, 5, 6, 3000); /* of the whole datagram */
		f_fill(&f, 1, 8);
		assert_int_equal(decode(228), VP_DECODE_OK);
		assert_int_equal(p.fragment, cases[i].fragment);
		assert_int_equal(p.later_fragment, cases[i].later);
		assert_int_equal(p.has_ports, !cases[i].later);
		assert_int_equal(p.fragment_id, cases[i].fragment ? 0x1234 : 0);
		assert_int_equal(p.payload_len, cases[i].later ? 16 : 8);
	}
}

/* --- IPv6 ---------------------------------------------------------------- */

static void test_ipv6_extensions(void **state)
{
	(void)state;
	f_eth(&f, 0x86dd);
	f_ip6(&f, "fd00::1", "2001:db8::1", 0, 8 + 24 + 16 + 8 + 24 + 8 + 3);
	f_put(&f, "\53\0\5\2\0\0\0\0", 8); /* hop by hop, then routing */
	f_put(&f, "\74\2", 2);             /* routing of 24, then options */
	f_fill(&f, 0, 22);
	f_put(&f, "\54\1", 2); /* options of 16, then fragment */
	f_fill(&f, 0, 14);
	f_put(&f, "\63\0\0\0\0\0\0\1", 8); /* atomic, then AH */
	f_put(&f, "\21\4", 2);             /* AH of 24, then UDP */
	f_fill(&f, 0, 22);
	f_udp(&f, 1000, 443, 3);
	f_put(&f, "abc", 3);
	assert_int_equal(decode(DLT_EN10MB), VP_DECODE_OK);
	assert_int_equal(p.proto, IPPROTO_UDP);
	assert_int_equal(p.sport, 1000);
	assert_int_equal(p.dport, 443);
	assert_memory_equal("abc", f.b + f.n - 3, 3);
	assert_int_equal(p.payload_len, 3);
	assert_false(p.fragment); /* RFC 6946 */
	expect_addr(&p.src, "fd00::1");
	expect_addr(&p.dst, "2001:db8::1");
	for (size_t cut = 0; cut < f.n - 3 - 4; cut++)
		assert_int_equal(f_decode_cut(&p, &f, DLT_EN10MB, cut, NULL),
		                 VP_DECODE_TRUNCATED);
}

static void test_ipv6_chain_is_bounded(void **state)
{
	(void)state;
	for (unsigned n = 15; n <= 16; n++) {
		f.n = 0;
		f_ip6(&f, "fd00::1", "fd00::2", 60, n * 8 + 8);
		for (unsigned i = 0; i < n; i++) {
			f_8(&f, i + 1 < n ? 60 : IPPROTO_UDP);
			f_fill(&f, 0, 7);
		}
		f_udp(&f, 1, 2, 0);
		assert_int_equal(decode(229),
		                 n == 15 ? VP_DECODE_OK : VP_DECODE_TOO_DEEP);
	}
	f.n = 0; /* an extension longer than the packet */
	f_ip6(&f, "fd00::1", "fd00::2", 60, 8);
	f_put(&f, "\21\1", 2);
	f_fill(&f, 0, 6);
	assert_int_equal(decode(229), VP_DECODE_MALFORMED);
	f.n = 0; /* no next header */
	f_ip6(&f, "fd00::1", "fd00::2", 59, 0);
	assert_int_equal(decode(229), VP_DECODE_OK);
	assert_int_equal(p.proto, 59);
	f.b[5] = 1; /* longer than the frame */
	assert_int_equal(decode(229), VP_DECODE_IP_LENGTH);
}

static void test_ipv6_fragments(void **state)
{
	(void)state;
	for (unsigned later = 0; later < 2; later++) {
		f.n = 0;
		f_ip6(&f, "fd00::1", "fd00::2", 44, 8 + 16);
		f_put(&f, later ? "\21\0\0\10" : "\21\0\0\1", 4);
		f_32(&f, 0xdeadbeef);
		f_udp(&f, 1, 2, 2000);
		f_fill(&f, 0, 8);
		assert_int_equal(decode(229), VP_DECODE_OK);
		assert_true(p.fragment);
		assert_int_equal(p.later_fragment, later);
		assert_int_equal(p.fragment_id, 0xdeadbeef);
		assert_int_equal(p.has_ports, !later);
		assert_int_equal(p.proto, IPPROTO_UDP);
		assert_int_equal(p.payload_len, later ? 16 : 8);
	}
}

/* What a later fragment begins with is no header, whatever its type says. */
static void test_ipv6_later_fragment_of_options(void **state)
{
	(void)state;
	f.n = 0;
	f_ip6(&f, "fd00::1", "fd00::2", 44, 8 + 16);
	f_put(&f, "\74\0\0\10\0\0\0\1", 8);
	f_fill(&f, 0xff, 16);
	assert_int_equal(decode(229), VP_DECODE_OK);
	assert_true(p.later_fragment);
	assert_int_equal(p.proto, 60);
	assert_int_equal(p.payload_len, 16);
}

/* --- transport ----------------------------------------------------------- */

static void test_tcp(void **state)
{
	uint8_t *keep;

	(void)state;
	f.n = 0;
	f_ip4(&f, "10.0.0.4", "192.0.2.1", IPPROTO_TCP, 20 + 12 + 5, 1, 0);
	f_tcp(&f, 50000, 443, 0x01020304, 0xa1a2a3a4, VP_TCP_PSH | VP_TCP_ACK);
	f.b[32] = 0x80; /* 12 bytes of options */
	f_fill(&f, 1, 12);
	f_put(&f, "hello", 5);
	assert_int_equal(f_decode_cut(&p, &f, 228, f.n, &keep), VP_DECODE_OK);
	assert_int_equal(p.seq, 0x01020304);
	assert_int_equal(p.ack, 0xa1a2a3a4);
	assert_int_equal(p.tcp_flags, VP_TCP_PSH | VP_TCP_ACK);
	assert_int_equal(p.payload_len, 5);
	assert_memory_equal(p.payload, "hello", 5);
	free(keep);
	/* Options cut by the snapshot length: all but the payload is known. */
	assert_int_equal(f_decode_cut(&p, &f, 228, 45, NULL), VP_DECODE_OK);
	assert_int_equal(p.payload_len, 5);
	assert_int_equal(p.payload_caplen, 0);
	assert_int_equal(f_decode_cut(&p, &f, 228, 40, NULL), VP_DECODE_OK);
	for (size_t cut = 0; cut < 40; cut++)
		assert_int_equal(f_decode_cut(&p, &f, 228, cut, NULL),
		                 VP_DECODE_TRUNCATED);
	/* Offsets that cannot be: the flow is known, its data is not. */
	f.b[32] = 0x40;
	assert_int_equal(decode(228), VP_DECODE_OK);
	assert_true(p.has_ports);
	assert_int_equal(p.payload_len, 0);
	f.b[32] = 0xf0;
	assert_int_equal(decode(228), VP_DECODE_OK);
	assert_int_equal(p.payload_len, 0);
}

static void test_udp_length(void **state)
{
	static const struct {
		unsigned len;
		uint32_t payload;
	} cases[] = {
		{ 0, 10 }, /* a super-frame, RFC 2675 */
		{ 7, 10 },  { 8, 0 },   { 12, 4 },
		{ 18, 10 }, { 19, 10 }, { 0xffff, 10 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		f.n = 0;
		udp4(10);
		f.b[24] = (uint8_t)(cases[i].len >> 8);
		f.b[25] = (uint8_t)cases[i].len;
		assert_int_equal(decode(228), VP_DECODE_OK);
		assert_int_equal(p.payload_len, cases[i].payload);
		assert_int_equal(p.payload_caplen, cases[i].payload);
	}
}

static void test_other_protocols(void **state)
{
	(void)state;
	f.n = 0;
	f_ip4(&f, "10.0.0.4", "192.0.2.1", 47, 30, 1, 0); /* GRE */
	f_fill(&f, 9, 30);
	assert_int_equal(decode(228), VP_DECODE_OK);
	assert_false(p.has_ports);
	assert_int_equal(p.payload_len, 30);
	f.b[9] = IPPROTO_SCTP;
	assert_int_equal(decode(228), VP_DECODE_OK);
	assert_true(p.has_ports);
	assert_int_equal(p.sport, 0x0909);
	f.n = 0; /* AH before UDP, in IPv4 */
	f_ip4(&f, "10.0.0.4", "192.0.2.1", 51, 12 + 8, 1, 0);
	f_put(&f, "\21\1\0\0\0\0\0\0\0\0\0\0", 12);
	f_udp(&f, 77, 88, 0);
	assert_int_equal(decode(228), VP_DECODE_OK);
	assert_int_equal(p.proto, IPPROTO_UDP);
	assert_int_equal(p.sport, 77);
}

static void test_icmp_error(void **state)
{
	static const struct {
		unsigned type;
		bool quotes;
	} cases[] = { { 0, false }, { 3, true },  { 4, true }, { 5, false },
		      { 8, false }, { 11, true }, { 12, true } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		f.n = 0;
		f_ip4(&f, "10.0.0.1", "10.0.0.4", IPPROTO_ICMP, 8 + 28, 1, 0);
		f_8(&f, cases[i].type);
		f_8(&f, 13);
		f_16(&f, 0);
		f_32(&f, 0);
		/* The quote's own length may be longer than what is quoted. */
		f_ip4(&f, "10.0.0.4", "192.0.2.1", IPPROTO_TCP, 1000, 1, 0);
		f_put(&f, "\xc3\x50\1\xbb\0\0\0\0", 8);
		assert_int_equal(decode(228), VP_DECODE_OK);
		assert_int_equal(p.icmp_type, cases[i].type);
		assert_int_equal(p.icmp_code, 13);
		assert_false(p.has_ports);
		assert_int_equal(p.has_quoted, cases[i].quotes);
		assert_int_equal(p.payload_len, 36);
		if (!cases[i].quotes)
			continue;
		assert_int_equal(p.quoted_proto, IPPROTO_TCP);
		assert_int_equal(p.quoted_src.port, 50000);
		assert_int_equal(p.quoted_dst.port, 443);
		expect_addr(&p.quoted_src.addr, "10.0.0.4");
		expect_addr(&p.quoted_dst.addr, "192.0.2.1");
		/* A quote of a later fragment shows no ports. */
		f.b[28 + 7] = 1;
		assert_int_equal(decode(228), VP_DECODE_OK);
		assert_true(p.has_quoted);
		assert_int_equal(p.quoted_src.port, 0);
		/* One cut short by its sender is no quote. */
		f.n -= 10;
		f.b[3] = (uint8_t)(f.b[3] - 10);
		assert_int_equal(decode(228), VP_DECODE_OK);
		assert_false(p.has_quoted);
	}
}

static void test_icmp6_error(void **state)
{
	(void)state;
	for (unsigned type = 0; type < 256; type++) {
		f.n = 0;
		f_ip6(&f, "fd00::ff", "fd00::1", IPPROTO_ICMPV6, 8 + 48);
		f_8(&f, type);
		f_8(&f, 4);
		f_16(&f, 0);
		f_32(&f, 0);
		f_ip6(&f, "fd00::1", "2001:db8::1", IPPROTO_UDP, 100);
		f_udp(&f, 5000, 53, 92);
		assert_int_equal(decode(229), VP_DECODE_OK);
		assert_int_equal(p.has_quoted, type >= 1 && type <= 4);
		if (!p.has_quoted)
			continue;
		assert_int_equal(p.quoted_src.port, 5000);
		assert_int_equal(p.quoted_dst.port, 53);
		expect_addr(&p.quoted_dst.addr, "2001:db8::1");
	}
}

/* A frame cut anywhere before the ports is TRUNCATED, never MALFORMED. */
static void test_truncation(void **state)
{
	(void)state;
	f_sll2(&f, 4, 2, 0x8100);
	f_16(&f, 1);
	f_16(&f, 0x0800);
	udp4(30);
	for (size_t cut = 0; cut < f.n; cut++) {
		enum vp_decode d =
			f_decode_cut(&p, &f, DLT_LINUX_SLL2, cut, NULL);

		assert_int_equal(d, cut < 20 + 4 + 28 ? VP_DECODE_TRUNCATED
		                                      : VP_DECODE_OK);
		if (d == VP_DECODE_OK) {
			assert_int_equal(p.payload_len, 30);
			assert_int_equal(p.payload_caplen, cut - 52);
		}
	}
	/* The same frame that really ended there is malformed. */
	f.n = 20 + 4 + 10;
	assert_int_equal(decode(DLT_LINUX_SLL2), VP_DECODE_MALFORMED);
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(vp_decode_name(VP_DECODE_OK), "ok");
	assert_string_equal(vp_decode_name(VP_DECODE_UNKNOWN_LINK),
	                    "unknown-link-type");
	assert_string_equal(vp_decode_name(VP_DECODE_COUNT), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ethernet),
		cmocka_unit_test(test_no_bytes),
		cmocka_unit_test(test_told_beside),
		cmocka_unit_test(test_not_ip),
		cmocka_unit_test(test_vlan),
		cmocka_unit_test(test_cooked_v2),
		cmocka_unit_test(test_cooked_v1),
		cmocka_unit_test(test_raw),
		cmocka_unit_test(test_null),
		cmocka_unit_test(test_ipv4_options),
		cmocka_unit_test(test_ipv4_length),
		cmocka_unit_test(test_super_frames),
		cmocka_unit_test(test_ipv4_fragments),
		cmocka_unit_test(test_ipv6_extensions),
		cmocka_unit_test(test_ipv6_chain_is_bounded),
		cmocka_unit_test(test_ipv6_fragments),
		cmocka_unit_test(test_ipv6_later_fragment_of_options),
		cmocka_unit_test(test_tcp),
		cmocka_unit_test(test_udp_length),
		cmocka_unit_test(test_other_protocols),
		cmocka_unit_test(test_icmp_error),
		cmocka_unit_test(test_icmp6_error),
		cmocka_unit_test(test_truncation),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
