/*
 * The filter as libpcap compiles it, over hand-made and random frames. What it
 * must do is written a second time here, in plain C: see wanted().
 */
#include "vnetprobe/capture.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture_filter.h"

#define SELFTEST_PORT 40123
#define N(a) (sizeof(a) / sizeof((a)[0]))

/* A frame under construction: link header, then the network layer. */
struct frame {
	uint8_t b[256];
	size_t len;
	size_t net; /* where the network layer begins */
};

struct filter {
	pcap_t *dead;
	struct bpf_program program;
	int linktype;
};

static struct vp_prefix vnet[40];
static size_t n_vnet;

static const uint16_t odd_ports[] = { 5353, 65535 };

static void compile(struct filter *f, int linktype, bool optimise)
{
	struct vp_capture_options o = { .vnet = vnet,
		                        .n_vnet = n_vnet,
		                        .dns_ports = odd_ports,
		                        .n_dns_ports = N(odd_ports) };
	size_t room = 64 * 1024;
	char *text = malloc(room);

	f->linktype = linktype;
	f->dead = pcap_open_dead(linktype, 8192);
	assert_int_equal(
		vp_capture_filter_build(text, room, &o, SELFTEST_PORT,
	                                linktype == DLT_EN10MB ? 14 : 0,
	                                linktype == DLT_LINUX_SLL2),
		0);
	if (pcap_compile(f->dead, &f->program, text, optimise,
	                 PCAP_NETMASK_UNKNOWN) != 0)
		fail_msg("%s in: %s", pcap_geterr(f->dead), text);
	free(text);
}

static void release(struct filter *f)
{
	pcap_freecode(&f->program);
	pcap_close(f->dead);
}

static bool passes(const struct filter *f, const struct frame *fr)
{
	struct pcap_pkthdr h = { .caplen = (bpf_u_int32)fr->len,
		                 .len = (bpf_u_int32)fr->len };

	return pcap_offline_filter(&f->program, &h, fr->b) != 0;
}

/* --- building frames ---------------------------------------------------- */

static void be16(uint8_t *b, unsigned v)
{
	b[0] = (uint8_t)(v >> 8);
	b[1] = (uint8_t)v;
}

static void link_header(struct frame *f, int linktype, unsigned ethertype)
{
	memset(f, 0, sizeof(*f));
	if (linktype == DLT_LINUX_SLL2) {
		f->net = 20;
		be16(f->b, ethertype);
		f->b[7] = 2;  /* interface */
		f->b[10] = 4; /* outgoing */
	} else if (linktype == DLT_EN10MB) {
		f->net = 14;
		be16(f->b + 12, ethertype);
	}
	f->len = f->net;
}

/* IPv4 or IPv6 as the addresses say, with payload of the transport. */
static void ip_frame(struct frame *f, int linktype, const char *from,
                     const char *to, uint8_t proto, const uint8_t *payload,
                     size_t len)
{
	struct vp_addr src, dst;
	uint8_t *p;

	assert_int_equal(vp_addr_parse(&src, from), 0);
	assert_int_equal(vp_addr_parse(&dst, to), 0);
	link_header(f, linktype, src.family == 4 ? 0x0800 : 0x86dd);
	p = f->b + f->net;
	if (src.family == 4) {
		p[0] = 0x45;
		be16(p + 2, (unsigned)(20 + len));
		p[8] = 64;
		p[9] = proto;
		memcpy(p + 12, src.bytes, 4);
		memcpy(p + 16, dst.bytes, 4);
		p += 20;
	} else {
		p[0] = 0x60;
		be16(p + 4, (unsigned)len);
		p[6] = proto;
		memcpy(p + 8, src.bytes, 16);
		memcpy(p + 24, dst.bytes, 16);
		p += 40;
	}
	memcpy(p, payload, len);
	f->len = (size_t)(p - f->b) + len;
}

static size_t tcp_segment(uint8_t *p, unsigned sport, unsigned dport,
                          uint8_t flags, unsigned words, uint8_t first)
{
	memset(p, 0, 70);
	be16(p, sport);
	be16(p + 2, dport);
	p[12] = (uint8_t)(words << 4);
	p[13] = flags;
	p[words * 4] = first;
	return words * 4 + 8;
}

/* --- hand-made: both sides of each rule --------------------------------- */

struct ends {
	const char *addr;
	bool private;
};

static const struct ends ends4[] = {
	{ "10.0.0.0", true },         { "10.255.255.255", true },
	{ "9.255.255.255", false },   { "11.0.0.0", false },
	{ "100.64.0.0", true },       { "100.127.255.255", true },
	{ "100.63.255.255", false },  { "100.128.0.0", false },
	{ "127.0.0.1", true },        { "126.255.255.255", false },
	{ "128.0.0.0", false },       { "168.63.129.16", true },
	{ "168.63.129.15", false },   { "168.63.129.17", false },
	{ "169.254.169.254", true },  { "169.253.255.255", false },
	{ "169.255.0.0", false },     { "172.16.0.0", true },
	{ "172.31.255.255", true },   { "172.15.255.255", false },
	{ "172.32.0.0", false },      { "192.168.0.0", true },
	{ "192.168.255.255", true },  { "192.167.255.255", false },
	{ "192.169.0.0", false },     { "224.0.0.0", true },
	{ "239.255.255.255", true },  { "223.255.255.255", false },
	{ "240.0.0.0", false },       { "255.255.255.255", true },
	{ "255.255.255.254", false }, { "0.0.0.0", true },
	{ "0.0.0.1", false },         { "20.60.1.1", false },
	{ "51.4.0.0", true },         { "51.4.255.255", true }, /* vnet */
	{ "51.6.0.0", true },         { "51.7.127.255", true },
	{ "51.7.128.0", false },      { "51.5.255.255", false },
	{ "51.3.255.255", false },    { "51.5.0.0", false },
	{ "198.51.100.1", false },    { "203.0.113.1", false },
};

static const struct ends ends6[] = {
	{ "fc00::1", true },
	{ "fdff:ffff::1", true },
	{ "fbff::1", false },
	{ "fe00::1", false },
	{ "fe80::1", true },
	{ "febf::1", true },
	{ "fec0::1", false },
	{ "fe7f::1", false },
	{ "ff02::1", true },
	{ "::1", true },
	{ "::", true },
	{ "::2", false },
	{ "1::1", false },
	{ "0:0:1::1", false },
	{ "0:0:0:0:1::1", false },
	{ "::ffff:10.0.0.1", false }, /* never seen on a wire: take it */
	{ "64:ff9b::a00:1", false },
	{ "2002:a00:1::1", false },
	{ "2001:db8:51::1", true },
	{ "2001:db8:51:ffff::1", true }, /* vnet */
	{ "2001:db8:50:ffff::1", false },
	{ "2001:db8:52::1", false },
	{ "2603:1030::1", false },
};

/* UDP that no other rule wants is taken exactly when an end is public. */
static void check_ends(const struct filter *f, const struct ends *e, size_t n,
                       const char *inside)
{
	static const uint8_t udp[12] = { 0x30, 0, 0x30, 1, 0, 12 };

	for (size_t i = 0; i < n; i++) {
		struct frame fr;
		bool src, dst;

		ip_frame(&fr, f->linktype, e[i].addr, inside, 17, udp,
		         sizeof(udp));
		src = passes(f, &fr);
		ip_frame(&fr, f->linktype, inside, e[i].addr, 17, udp,
		         sizeof(udp));
		dst = passes(f, &fr);
		if (src == e[i].private || dst == e[i].private)
			fail_msg("link %d: %s taken as source %d, as "
			         "destination %d",
			         f->linktype, e[i].addr, src, dst);
	}
}

static const int linktypes[] = { DLT_LINUX_SLL2, DLT_EN10MB, DLT_RAW };

static void test_ends(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(linktypes); i++) {
		struct filter f;

		compile(&f, linktypes[i], true);
		check_ends(&f, ends4, N(ends4), "10.1.2.3");
		check_ends(&f, ends6, N(ends6), "fd00::9");
		release(&f);
	}
}

struct kind {
	const char *what;
	uint8_t proto;
	unsigned sport, dport;
	uint8_t flags;  /* TCP */
	unsigned words; /* TCP header length */
	uint8_t first;  /* of the payload; type, for ICMP */
	bool taken;     /* between private ends */
};

static const struct kind kinds[] = {
	{ "TCP bulk", 6, 443, 50000, 0x10, 5, 0x17, false },
	{ "TCP bulk, options", 6, 443, 50000, 0x18, 8, 0x17, false },
	{ "TCP SYN", 6, 50000, 445, 0x02, 10, 0, true },
	{ "TCP SYN-ACK", 6, 445, 50000, 0x12, 10, 0, true },
	{ "TCP FIN", 6, 445, 50000, 0x11, 8, 0, true },
	{ "TCP RST", 6, 445, 50000, 0x04, 5, 0, true },
	{ "TCP URG", 6, 445, 50000, 0x30, 5, 0, false },
	{ "TLS handshake", 6, 50000, 443, 0x18, 5, 0x16, true },
	{ "TLS handshake, options", 6, 50000, 443, 0x18, 8, 0x16, true },
	{ "TLS handshake, longest header", 6, 50000, 443, 0x18, 15, 0x16,
	  true },
	{ "TLS alert", 6, 50000, 443, 0x18, 8, 0x15, false },
	{ "DNS over TCP", 6, 50000, 53, 0x10, 5, 0, true },
	{ "DNS over TCP, answer", 6, 53, 50000, 0x10, 5, 0, true },
	{ "DNS elsewhere over TCP", 6, 50000, 5353, 0x10, 5, 0, true },
	{ "DNS elsewhere", 17, 50000, 5353, 0, 0, 0, true },
	{ "DNS elsewhere, answer", 17, 65535, 50000, 0, 0, 0, true },
	{ "one port further", 17, 50000, 5354, 0, 0, 0, false },
	{ "DoT", 6, 50000, 853, 0x10, 5, 0x17, true },
	{ "DoT, answer", 6, 853, 50000, 0x10, 5, 0x17, true },
	{ "not DNS", 6, 54, 52, 0x10, 5, 0, false },
	{ "self-test port, but TCP", 6, 50000, SELFTEST_PORT, 0x10, 5, 0,
	  false },
	{ "DNS", 17, 50000, 53, 0, 0, 0, true },
	{ "DNS, answer", 17, 53, 50000, 0, 0, 0, true },
	{ "DoQ", 17, 50000, 853, 0, 0, 0, true },
	{ "DoQ, answer", 17, 853, 50000, 0, 0, 0, true },
	{ "the self-test", 17, SELFTEST_PORT, SELFTEST_PORT, 0, 0, 0, true },
	{ "UDP bulk", 17, 52, 54, 0, 0, 0, false },
	{ "VXLAN", 17, 50000, 4789, 0, 0, 0, true },
	{ "VXLAN, Linux's old port", 17, 50000, 8472, 0, 0, 0, true },
	{ "Geneve", 17, 50000, 6081, 0, 0, 0, true },
	{ "from VXLAN's port", 17, 4789, 50000, 0, 0, 0, false },
	{ "VXLAN's port, but TCP", 6, 50000, 4789, 0x10, 5, 0, false },
	{ "GRE", 47, 0, 0, 0, 0, 0, true },
	{ "IP in IP", 4, 0, 0, 0, 0, 0, true },
	{ "IPv6 in IP", 41, 0, 0, 0, 0, 0, true },
	{ "SCTP", 132, 50000, 443, 0, 0, 0, true },
	{ "ESP", 50, 0, 0, 0, 0, 0, true },
	{ "hop-by-hop options", 0, 0, 0, 0, 0, 0, true },
	{ "a fragment header", 44, 0, 0, 0, 0, 0, true },
	{ "routing header", 43, 0, 0, 0, 0, 0, true },
};

static void kind_frame(struct frame *fr, const struct filter *f,
                       const struct kind *k, bool v6)
{
	uint8_t payload[70];
	size_t len = 20;

	memset(payload, 0, sizeof(payload));
	if (k->proto == 6) {
		len = tcp_segment(payload, k->sport, k->dport, k->flags,
		                  k->words, k->first);
	} else {
		be16(payload, k->sport);
		be16(payload + 2, k->dport);
	}
	ip_frame(fr, f->linktype, v6 ? "fd00::1" : "10.0.0.4",
	         v6 ? "fd00::2" : "10.0.0.5", k->proto, payload, len);
}

static void test_kinds(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(linktypes); i++) {
		struct filter f;

		compile(&f, linktypes[i], true);
		for (size_t j = 0; j < 2 * N(kinds); j++) {
			const struct kind *k = &kinds[j / 2];
			struct frame fr;

			kind_frame(&fr, &f, k, j % 2 == 1);
			if (passes(&f, &fr) != k->taken)
				fail_msg("link %d, IPv%d: %s", linktypes[i],
				         j % 2 == 1 ? 6 : 4, k->what);
		}
		release(&f);
	}
}

/* An HTTP CONNECT that asks a private proxy for somebody else. */
static void test_connect(void **state)
{
	static const struct {
		const char *payload;
		size_t len;
		unsigned words;
		bool taken;
	} cases[] = {
		{ "CONNECT a.b:443 HTTP/1.1\r\n", 26, 5, true },
		{ "CONNECT a.b:443 HTTP/1.1\r\n", 26, 8, true },
		{ "CONNECT a.b:443 HTTP/1.1\r\n", 26, 15, true },
		{ "CONN", 4, 8, true },
		{ "CON", 3, 8, false }, /* cannot be told yet */
		{ "CONTENT", 7, 8, false },
		{ "connect", 7, 8, false },
		{ "GET / HTTP/1.1\r\n", 16, 8, false },
		{ "GET http://a/ HTTP/1.1\r\n", 24, 8, true },
		{ "GET http", 8, 5, true },
		{ "GET htt", 7, 5, false },
		{ "PUT https://a/ HTTP/1.1\r\n", 25, 15, true },
		{ "POST http://a/ HTTP/1.1\r\n", 25, 8, true },
		{ "HEAD http://a/ HTTP/1.1\r\n", 25, 8, true },
		{ "HEAD /http://a/ HTTP/1.1\r\n", 26, 8, false },
		{ "DELETE http://a/ HTTP/1.1\r\n", 27, 8, true },
		{ "DELETE htt", 10, 8, false },
		{ "BONN", 4, 8, false },
		{ "QONN http", 9, 8, false },
		{ "", 0, 8, false },
	};

	(void)state;
	for (size_t i = 0; i < 2 * N(linktypes) * N(cases); i++) {
		size_t row = i / (2 * N(linktypes));
		bool v6 = i % 2 == 1;
		uint8_t segment[100];
		struct filter f;
		struct frame fr;
		size_t head = cases[row].words * 4;

		compile(&f, linktypes[i / 2 % N(linktypes)], true);
		tcp_segment(segment, 50000, 3128, 0x18, cases[row].words, 0);
		memcpy(segment + head, cases[row].payload, cases[row].len);
		ip_frame(&fr, f.linktype, v6 ? "fd00::1" : "10.0.0.4",
		         v6 ? "fd00::2" : "10.0.0.5", 6, segment,
		         head + cases[row].len);
		if (passes(&f, &fr) != cases[row].taken)
			fail_msg("row %zu, IPv%d", row, v6 ? 6 : 4);
		release(&f);
	}
}

static void check_icmp(const struct filter *f, bool v6, unsigned type,
                       bool taken)
{
	uint8_t icmp[40] = { (uint8_t)type };
	struct frame fr;

	ip_frame(&fr, f->linktype, v6 ? "fd00::1" : "10.0.0.4",
	         v6 ? "fd00::2" : "10.0.0.5", v6 ? 58 : 1, icmp, sizeof(icmp));
	if (passes(f, &fr) != taken)
		fail_msg("ICMP%s type %u", v6 ? "v6" : "", type);
}

static void test_icmp(void **state)
{
	struct filter f;

	(void)state;
	compile(&f, DLT_LINUX_SLL2, true);
	for (unsigned type = 0; type < 256; type++) {
		check_icmp(&f, false, type,
		           (type >= 3 && type <= 5) || type == 11 ||
		                   type == 12);
		check_icmp(&f, true, type, type < 128 || type == 137);
	}
	release(&f);
}

/* Bulk between private ends, but for one thing that is not understood. */
static void test_not_understood(void **state)
{
	static const struct {
		const char *what;
		bool v6;
		size_t off;
		uint8_t value;
	} cases[] = {
		{ "more fragments", false, 6, 0x20 },
		{ "a later fragment", false, 7, 1 },
		{ "a far later fragment", false, 6, 0x10 },
		{ "IP version 5", false, 0, 0x55 },
		{ "IP options", false, 0, 0x46 },
		{ "a header of 16 bytes", false, 0, 0x44 },
		{ "IP version 4 as IPv6", true, 0, 0x45 },
		{ "IP version 7", true, 0, 0x70 },
	};
	static const struct kind bulk = { .proto = 17, .sport = 9, .dport = 9 };

	(void)state;
	for (size_t i = 0; i < 2 * N(cases); i++) {
		bool sll2 = i % 2 == 0;
		struct filter f;
		struct frame fr;

		compile(&f, sll2 ? DLT_LINUX_SLL2 : DLT_EN10MB, true);
		kind_frame(&fr, &f, &bulk, cases[i / 2].v6);
		assert_false(passes(&f, &fr));
		fr.b[fr.net + cases[i / 2].off] = cases[i / 2].value;
		if (!passes(&f, &fr))
			fail_msg("%s", cases[i / 2].what);
		release(&f);
	}
}

static void test_dont_fragment_is_no_fragment(void **state)
{
	static const struct kind bulk = { .proto = 17, .sport = 9, .dport = 9 };
	struct filter f;
	struct frame fr;

	(void)state;
	compile(&f, DLT_LINUX_SLL2, true);
	kind_frame(&fr, &f, &bulk, false);
	fr.b[fr.net + 6] = 0x40;
	assert_false(passes(&f, &fr));
	release(&f);
}

static void test_ethertypes(void **state)
{
	static const struct {
		unsigned ethertype;
		bool taken;
	} cases[] = {
		{ 0x0806, false }, /* ARP */
		{ 0x8100, true },  /* 802.1Q, in the frame */
		{ 0x88a8, true },  /* QinQ */
		{ 0x88cc, true },  /* LLDP */
		{ 0x8847, true },  /* MPLS */
		{ 0x8864, true },  /* PPPoE */
		{ 0x88b5, true },  /* the self-test */
		{ 0x0800, true },  /* too short for an address */
		{ 0x86dd, true },
	};

	(void)state;
	for (size_t i = 0; i < 2 * N(cases); i++) {
		bool sll2 = i % 2 == 0;
		unsigned ethertype = cases[i / 2].ethertype;
		struct filter f;
		struct frame fr;

		/* Offline the cooked header counts in "len", which the
		 * kernel's filter does not see: no short packets here. */
		if (sll2 && (ethertype == 0x0800 || ethertype == 0x86dd))
			continue;
		compile(&f, sll2 ? DLT_LINUX_SLL2 : DLT_EN10MB, true);
		link_header(&fr, f.linktype, ethertype);
		fr.len += ethertype == 0x86dd ? 39 : 19;
		if (passes(&f, &fr) != cases[i / 2].taken)
			fail_msg("link %d, 0x%04x", f.linktype, ethertype);
		release(&f);
	}
}

static void test_loopback_once(void **state)
{
	static const struct kind dns = { .proto = 17, .dport = 53 };
	struct filter f;
	struct frame fr;

	(void)state;
	compile(&f, DLT_LINUX_SLL2, true);
	kind_frame(&fr, &f, &dns, false);
	assert_true(passes(&f, &fr));
	fr.b[7] = 1; /* lo, outgoing */
	assert_false(passes(&f, &fr));
	fr.b[10] = 0; /* received */
	assert_true(passes(&f, &fr));
	release(&f);
}

/* --- random frames against the same rules in C --------------------------- */

static bool inside(const struct vp_addr *a)
{
	static const struct vp_prefix v4[] = {
		{ { 4, { 0 } }, 32 },
		{ { 4, { 10 } }, 8 },
		{ { 4, { 100, 64 } }, 10 },
		{ { 4, { 127 } }, 8 },
		{ { 4, { 168, 63, 129, 16 } }, 32 },
		{ { 4, { 169, 254 } }, 16 },
		{ { 4, { 172, 16 } }, 12 },
		{ { 4, { 192, 168 } }, 16 },
		{ { 4, { 224 } }, 4 },
		{ { 4, { 255, 255, 255, 255 } }, 32 },
		{ { 6, { 0 } }, 127 },
		{ { 6, { 0xfc } }, 7 },
		{ { 6, { 0xfe, 0x80 } }, 10 },
		{ { 6, { 0xff } }, 8 },
	};

	for (size_t i = 0; i < N(v4); i++)
		if (vp_prefix_contains(&v4[i], a))
			return true;
	for (size_t i = 0; i < n_vnet; i++)
		if (vp_prefix_contains(&vnet[i], a))
			return true;
	return false;
}

static bool wanted_ports(const uint8_t *t, uint8_t proto)
{
	unsigned s = (unsigned)t[0] << 8 | t[1], d = (unsigned)t[2] << 8 | t[3];

	return s == 53 || d == 53 || s == 853 || d == 853 || s == 5353 ||
	       d == 5353 || s == 65535 || d == 65535 ||
	       (proto == 17 &&
	        (d == SELFTEST_PORT || d == 4789 || d == 8472 || d == 6081));
}

#define EITHER 2 /* between private ends, and cut short */

static bool wanted_request(const uint8_t *b, size_t len)
{
	static const struct {
		const char *begins;
		size_t at;
		const char *then;
	} rows[] = {
		{ "GET ", 4, "http" }, { "PUT ", 4, "http" },
		{ "POST", 4, " htt" }, { "HEAD", 4, " htt" },
		{ "DELE", 7, "http" },
	};

	if (len >= 4 && memcmp(b, "CONN", 4) == 0)
		return true;
	for (size_t i = 0; i < N(rows); i++)
		if (len >= rows[i].at + 4 &&
		    memcmp(b, rows[i].begins, 4) == 0 &&
		    memcmp(b + rows[i].at, rows[i].then, 4) == 0)
			return true;
	return false;
}

/* t: the transport header with len bytes there. */
static int wanted_inside(uint8_t proto, const uint8_t *t, size_t len, bool v6)
{
	size_t header;

	if (proto != 6 && proto != 17 && proto != (v6 ? 58 : 1))
		return true;
	if (proto == 1)
		return len > 0 &&
		       ((t[0] >= 3 && t[0] <= 5) || t[0] == 11 || t[0] == 12);
	if (proto == 58)
		return len > 0 && (t[0] < 128 || t[0] == 137);
	if (len < 4)
		return EITHER; /* which port is read first is pcap's choice */
	if (wanted_ports(t, proto))
		return true;
	if (proto == 17 || len < 14)
		return false;
	header = (size_t)(t[12] >> 4) * 4;
	return (t[13] & 7) != 0 || (header < len && t[header] == 22) ||
	       (header < len && wanted_request(t + header, len - header));
}

static int wanted(const struct frame *f, int linktype)
{
	const uint8_t *ip = f->b + f->net;
	size_t len = f->len - f->net;
	struct vp_addr src = { 4, { 0 } }, dst = { 4, { 0 } };
	unsigned type = linktype == DLT_EN10MB
	                        ? (unsigned)f->b[12] << 8 | f->b[13]
	                        : (unsigned)f->b[0] << 8 | f->b[1];

	if (type == 0x0806)
		return false;
	if (type != 0x0800 && type != 0x86dd)
		return true;
	if (type == 0x86dd) {
		if (len < 40 || ip[0] >> 4 != 6)
			return true;
		src.family = dst.family = 6;
		memcpy(src.bytes, ip + 8, 16);
		memcpy(dst.bytes, ip + 24, 16);
		if (!inside(&src) || !inside(&dst))
			return true;
		return wanted_inside(ip[6], ip + 40, len - 40, true);
	}
	if (len < 20 || ip[0] != 0x45)
		return true;
	memcpy(src.bytes, ip + 12, 4);
	memcpy(dst.bytes, ip + 16, 4);
	if (!inside(&src) || !inside(&dst) || (ip[6] & 0x3f) != 0 || ip[7] != 0)
		return true;
	return wanted_inside(ip[9], ip + 20, len - 20, false);
}

static uint32_t seed = 1;

static uint32_t rnd(uint32_t n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

/* Mostly sensible, so that every branch is met; a few bytes are not. */
static void random_frame(struct frame *f, int linktype)
{
	static const uint8_t protos[] = { 6, 6, 6, 17, 17, 1, 58, 47, 0, 44 };
	static const unsigned ports[] = {
		53, 853, 443, SELFTEST_PORT, 9, 4789, 8472, 6081, 5353, 65535
	};
	static const uint8_t firsts[] = { 22, 23, 0, 'C' };
	static const char *const requests[] = { "CONN",        "CONNECT a:1",
		                                "GET http",    "PUT http:",
		                                "POST http",   "HEAD htt",
		                                "DELETE http", "GET /http" };
	bool v6 = rnd(2) == 1;
	const struct ends *e = v6 ? ends6 : ends4;
	uint32_t n = v6 ? N(ends6) : N(ends4);
	uint8_t payload[70];

	memset(payload, 0, sizeof(payload));
	tcp_segment(payload, ports[rnd(8)], ports[rnd(8)],
	            (uint8_t)(rnd(3) == 0 ? rnd(256) : 0x10), 5 + rnd(11),
	            firsts[rnd(4)]);
	for (size_t i = 20; i + 4 <= sizeof(payload); i++)
		if (payload[i] == 'C') {
			const char *text = requests[rnd(N(requests))];
			size_t len = strlen(text);

			if (len > sizeof(payload) - i)
				len = sizeof(payload) - i;
			memcpy(payload + i, text, len);
			break;
		}
	if (rnd(4) == 0)
		payload[0] = (uint8_t)rnd(256);
	ip_frame(f, linktype, e[rnd(n)].addr, e[rnd(n)].addr,
	         protos[rnd(N(protos))], payload, sizeof(payload));
	if (rnd(3) == 0)
		f->b[f->net + rnd(64)] ^= (uint8_t)(1U << rnd(8));
	if (rnd(8) == 0 && !v6)
		f->b[f->net] = (uint8_t)(0x40 + rnd(20));
	if (rnd(4) == 0)
		f->len = f->net + rnd((uint32_t)(f->len - f->net));
}

static void test_random(void **state)
{
	(void)state;
	for (size_t i = 0; i < 4; i++) {
		int linktype = i % 2 == 0 ? DLT_LINUX_SLL2 : DLT_EN10MB;
		struct filter f;
		size_t taken = 0;

		compile(&f, linktype, i < 2);
		for (size_t k = 0; k < 200000; k++) {
			struct frame fr;
			bool got;
			int want;

			random_frame(&fr, linktype);
			/* see test_ethertypes() */
			if (linktype == DLT_LINUX_SLL2 && fr.len < 60)
				continue;
			want = wanted(&fr, linktype);
			got = passes(&f, &fr);
			taken += got;
			if (want != EITHER && want != got)
				fail_msg("link %d, frame %zu: %s", linktype, k,
				         got ? "taken" : "spared");
		}
		print_message("link %d, optimised %d: %zu taken\n", linktype,
		              i < 2, taken);
		release(&f);
	}
}

/* --- size --------------------------------------------------------------- */

static void add_vnet(const char *fmt, unsigned i)
{
	char text[VP_PREFIX_TEXT];

	snprintf(text, sizeof(text), fmt, i);
	assert_int_equal(vp_prefix_parse(&vnet[n_vnet], text), 0);
	n_vnet++;
}

static void set_vnet(void **state)
{
	(void)state;
	n_vnet = 0;
	add_vnet("51.%u.0.0/16", 4);
	add_vnet("51.%u.0.0/16", 6);
	add_vnet("51.%u.0.0/17", 7); /* touches it */
	add_vnet("2001:db8:%u::/48", 51);
	/* Nothing that is not covered already: must change nothing. */
	add_vnet("10.%u.0.0/16", 7);
	add_vnet("fd00:%u::/32", 7);
}

static void test_size(void **state)
{
	struct vp_capture_options o = { 0 };
	unsigned none, twenty;
	struct filter f;
	char small[100];

	n_vnet = 0;
	compile(&f, DLT_LINUX_SLL2, true);
	none = f.program.bf_len;
	release(&f);
	for (unsigned i = 0; i < 14; i++)
		add_vnet("51.%u.0.0/16", 2 * i);
	for (unsigned i = 0; i < 6; i++)
		add_vnet("2001:db8:%u::/48", i);
	compile(&f, DLT_LINUX_SLL2, true);
	twenty = f.program.bf_len;
	release(&f);
	set_vnet(state);
	print_message("%u instructions, %u with 20 prefixes\n", none, twenty);
	assert_true(none < 220);
	assert_true(twenty < 300);
	assert_int_equal(vp_capture_filter_text(small, sizeof(small), &o, 1),
	                 -ENOSPC);
}

/* Thousands of prefixes: still a filter that a kernel accepts, and one that
 * only errs by taking more. */
static void test_many_prefixes(void **state)
{
	static struct vp_prefix many[6000];
	struct vp_capture_options o = { .vnet = many, .n_vnet = 6000 };
	static char text[64 * 1024];
	struct bpf_program program;
	pcap_t *dead = pcap_open_dead(DLT_LINUX_SLL2, 8192);

	(void)state;
	for (unsigned i = 0; i < 6000; i++) {
		char p[VP_PREFIX_TEXT];

		snprintf(p, sizeof(p),
		         i % 2 == 0 ? "20.%u.%u.0/24" : "2001:db8:%x:%x::/64",
		         i / 256, i % 256);
		assert_int_equal(vp_prefix_parse(&many[i], p), 0);
	}
	assert_int_equal(vp_capture_filter_text(text, sizeof(text), &o, 1), 0);
	assert_int_equal(
		pcap_compile(dead, &program, text, 1, PCAP_NETMASK_UNKNOWN), 0);
	print_message("%u instructions with 6000 prefixes\n", program.bf_len);
	assert_true(program.bf_len < 2000);
	pcap_freecode(&program);
	pcap_close(dead);
}

/* A declared prefix may be everything there is. */
static void test_everything_is_vnet(void **state)
{
	static const struct kind bulk = { .proto = 17, .sport = 9, .dport = 9 };
	static const uint8_t udp[12] = { 0x30, 0, 0x30, 1, 0, 12 };
	struct filter f;
	struct frame fr;

	n_vnet = 0;
	add_vnet("0.0.0.%u/0", 0);
	add_vnet("::%u/0", 0);
	compile(&f, DLT_EN10MB, true);
	kind_frame(&fr, &f, &bulk, false);
	assert_false(passes(&f, &fr));
	ip_frame(&fr, DLT_EN10MB, "20.1.1.1", "8.8.8.8", 17, udp, sizeof(udp));
	assert_false(passes(&f, &fr));
	ip_frame(&fr, DLT_EN10MB, "2603::1", "::2", 17, udp, sizeof(udp));
	assert_false(passes(&f, &fr));
	release(&f);
	set_vnet(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_connect),
		cmocka_unit_test(test_icmp),
		cmocka_unit_test(test_not_understood),
		cmocka_unit_test(test_dont_fragment_is_no_fragment),
		cmocka_unit_test(test_ethertypes),
		cmocka_unit_test(test_loopback_once),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_many_prefixes),
		cmocka_unit_test(test_everything_is_vnet),
	};

	set_vnet(NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
