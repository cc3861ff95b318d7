/*
 * make_capture - a mixed capture of any length, always the same:
 *
 *     make_capture PACKETS [short] >FILE.pcap
 *
 * One machine (10.0.0.4, fd20::4) with 256 flows at a time and one new flow in
 * 40 packets (short: in 4): TLS with hellos and bulk, to private and public
 * ends, over IPv4, IPv6 and in VLANs; DNS with answers that name the ends of
 * flows that follow; UDP both ways. Ethernet, some 850 bytes a packet.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ACTIVE 256
#define SEGMENT 1448

enum kind { DNS, TLS_PRIVATE, TLS_PUBLIC, TLS_IPV6, TLS_VLAN, DATAGRAMS };

struct flow {
	enum kind kind;
	uint32_t number; /* tells names, ports and addresses */
	uint32_t step, length;
	uint32_t seq[2];
};

static struct flow flows[ACTIVE];
static uint32_t n_flows;
static int short_flows;
static uint64_t clock_us = 1700000000000000;

static uint8_t packet[2048];
static size_t at;

/* xorshift64: the same numbers everywhere. */
static uint32_t dice(uint32_t sides)
{
	static uint64_t x = 88172645463325252u;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return (uint32_t)(x >> 20) % sides;
}

/* --- bytes -----------------------------------------------------------------
 */

static void put_8(unsigned v)
{
	packet[at++] = (uint8_t)v;
}

static void put_16(unsigned v)
{
	put_8(v >> 8);
	put_8(v);
}

static void put_32(uint32_t v)
{
	put_16(v >> 16);
	put_16(v & 0xffff);
}

static void put(const void *b, size_t n)
{
	memcpy(packet + at, b, n);
	at += n;
}

static void fill(unsigned byte, size_t n)
{
	memset(packet + at, (int)byte, n);
	at += n;
}

/* A length that is known later: where it stands. */
static size_t hole(void)
{
	put_16(0);
	return at;
}

static void close_hole(size_t from)
{
	size_t n = at - from;

	packet[from - 2] = (uint8_t)(n >> 8);
	packet[from - 1] = (uint8_t)n;
}

/* --- layers -----------------------------------------------------------------
 */

static void ethernet(const struct flow *f, int out)
{
	static const char ours[] = "\x02\0\x5e\x10\0\1",
			  gate[] = "\x12\x34\x56\x78\x9a\xbc";

	at = 0;
	put(out ? gate : ours, 6);
	put(out ? ours : gate, 6);
	if (f->kind == TLS_VLAN) {
		put_16(0x8100);
		put_16(100 + f->number % 16);
	}
	put_16(f->kind == TLS_IPV6 ? 0x86dd : 0x0800);
}

static uint32_t remote4(const struct flow *f)
{
	switch (f->kind) {
	case DNS:
		return 0x0a000002;
	case TLS_PUBLIC:
	case DATAGRAMS:
		return 0xc6120000u + f->number % 8192; /* 198.18.0.0/15 */
	default:
		return 0x0a000200u + f->number % 512;
	}
}

static void ip(const struct flow *f, int out, unsigned proto, size_t body)
{
	static const char ours6[] = "\xfd\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\4";
	char theirs6[16] = "\xfd\x20\0\0\0\0\0\1";

	if (f->kind == TLS_IPV6) {
		theirs6[15] = (char)f->number;
		put_32(0x60000000);
		put_16((unsigned)body);
		put_8(proto);
		put_8(64);
		put(out ? ours6 : theirs6, 16);
		put(out ? theirs6 : ours6, 16);
		return;
	}
	put_16(0x4500);
	put_16((unsigned)(20 + body));
	put_16(dice(65536));
	put_16(0x4000);
	put_8(64);
	put_8(proto);
	put_16(0);
	put_32(out ? 0x0a000004 : remote4(f));
	put_32(out ? remote4(f) : 0x0a000004);
}

static unsigned local_port(const struct flow *f)
{
	return 32768 + f->number % 28000;
}

static void ports(const struct flow *f, int out)
{
	unsigned local = local_port(f), remote = f->kind == DNS ? 53 : 443;

	put_16(out ? local : remote);
	put_16(out ? remote : local);
}

static void udp(const struct flow *f, int out, size_t body)
{
	ethernet(f, out);
	ip(f, out, 17, 8 + body);
	ports(f, out);
	put_16((unsigned)(8 + body));
	put_16(0);
}

static void tcp(struct flow *f, int out, unsigned flags, size_t body)
{
	ethernet(f, out);
	ip(f, out, 6, 32 + body);
	ports(f, out);
	put_32(f->seq[out]);
	put_32(f->seq[!out]);
	put_8(0x80);
	put_8(flags);
	put_16(1000);
	put_32(0);
	put_32(0x0101080a); /* timestamps, as most segments have */
	put_32((uint32_t)(clock_us / 1000));
	put_32(0);
	f->seq[out] += (uint32_t)body + (flags & 2 ? 1 : 0);
}

/* --- what flows say ----------------------------------------------------------
 */

static size_t name_of(char text[64], uint32_t number)
{
	return (size_t)sprintf(text, "host%u.example.net", number % 20000);
}

static size_t hello(uint8_t *out, uint32_t number)
{
	char name[64];
	size_t len = name_of(name, number), record, message, extensions, n;

	at = 0;
	put("\x16\3\1", 3);
	record = hole();
	put_16(0x0100);
	message = hole();
	put("\3\3", 2);
	fill(0x5a, 32);
	put("\x20", 1);
	fill(0xa5, 32);
	put("\0\6\x13\1\x13\2\x13\3\1\0", 10);
	extensions = hole();
	put_16(0);
	put_16((unsigned)len + 5);
	put_16((unsigned)len + 3);
	put_8(0);
	put_16((unsigned)len);
	put(name, len);
	put("\0\x2b\0\3\2\3\4\0\x33\0\x26\0\x24\0\x1d\0\x20", 17);
	fill(0x11, 32);
	close_hole(extensions);
	close_hole(message);
	close_hole(record);
	n = at;
	memcpy(out, packet, n);
	return n;
}

static size_t dns_name(uint8_t *out, uint32_t number)
{
	char label[64];
	size_t n = (size_t)sprintf(label, "host%u", number % 20000);

	out[0] = (uint8_t)n;
	memcpy(out + 1, label, n);
	memcpy(out + 1 + n, "\7example\3net", 13);
	return n + 14;
}

/* The flow after this one is the one whose name is asked for. */
static void dns(const struct flow *f, int out)
{
	struct flow next = { .kind = TLS_PUBLIC, .number = f->number + 1 };
	uint8_t name[64];
	size_t n = dns_name(name, next.number);

	udp(f, out, 12 + n + 4 + (out ? 0 : 16));
	put_16(f->number & 0xffff);
	put_16(out ? 0x0100 : 0x8180);
	put_16(1);
	put_16(out ? 0 : 1);
	put_32(0);
	put(name, n);
	put_32(0x00010001);
	if (out)
		return;
	put_16(0xc00c);
	put_32(0x00010001);
	put_32(60);
	put_16(4);
	put_32(remote4(&next));
}

static void tls(struct flow *f)
{
	uint8_t b[512];
	size_t n;
	int out;

	switch (f->step) {
	case 0:
		tcp(f, 1, 0x02, 0);
		return;
	case 1:
		tcp(f, 0, 0x12, 0);
		return;
	case 2:
		tcp(f, 1, 0x10, 0);
		return;
	case 3:
		n = hello(b, f->number);
		tcp(f, 1, 0x18, n);
		put(b, n);
		return;
	case 4:
		tcp(f, 0, 0x10, SEGMENT);
		put("\x16\3\3\x10\0\2\0\0\x76\3\3", 11);
		fill(0x77, SEGMENT - 11);
		return;
	default:
		break;
	}
	/* Two segments, then an acknowledgement; every fifth flow uploads. */
	out = f->number % 5 == 0;
	if (f->step % 3 == 2) {
		tcp(f, !out, 0x10, 0);
		return;
	}
	n = dice(4) == 0 ? dice(SEGMENT - 6) + 5 : SEGMENT;
	tcp(f, out, 0x10, n);
	put("\x17\3\3\x20\0", 5);
	fill(dice(256), n - 5);
}

static void datagrams(const struct flow *f)
{
	int out = f->step % 2 == 0;
	size_t n = 20 + dice(1200);

	udp(f, out, n);
	put_8(0x40); /* a QUIC short header */
	fill(dice(256), n - 1);
}

/* --- all
 * ----------------------------------------------------------------------- */

static void begin(struct flow *f)
{
	unsigned d = dice(100);

	*f = (struct flow){ .number = n_flows++ };
	f->kind = d < 40   ? DNS
	          : d < 65 ? TLS_PRIVATE
	          : d < 80 ? TLS_PUBLIC
	          : d < 87 ? TLS_IPV6
	          : d < 93 ? TLS_VLAN
	                   : DATAGRAMS;
	f->length = f->kind == DNS ? 2
	            : short_flows  ? 3 + dice(6)
	                           : 8 + dice(20);
	if (f->kind != DNS && !short_flows && dice(8) == 0)
		f->length += dice(800);
	f->seq[0] = dice(UINT32_MAX);
	f->seq[1] = dice(UINT32_MAX);
}

static void step(struct flow *f)
{
	if (f->kind == DNS)
		dns(f, f->step == 0);
	else if (f->kind == DATAGRAMS)
		datagrams(f);
	else
		tls(f);
	if (++f->step == f->length)
		begin(f);
}

static void write_packet(void)
{
	uint32_t h[4] = { (uint32_t)(clock_us / 1000000),
		          (uint32_t)(clock_us % 1000000), (uint32_t)at,
		          (uint32_t)at };

	fwrite(h, sizeof(h), 1, stdout);
	fwrite(packet, at, 1, stdout);
	clock_us += dice(100);
}

int main(int argc, char **argv)
{
	static const uint32_t header[6] = { 0xa1b2c3d4, 0x00040002, 0,
		                            0,          262144,     1 };
	unsigned long packets = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;

	short_flows = argc == 3 && strcmp(argv[2], "short") == 0;
	if (packets == 0 || argc > 2 + short_flows) {
		fputs("usage: make_capture PACKETS [short] >FILE.pcap\n",
		      stderr);
		return 2;
	}
	for (size_t i = 0; i < ACTIVE; i++)
		begin(&flows[i]);
	fwrite(header, sizeof(header), 1, stdout);
	while (packets-- > 0) {
		step(&flows[dice(ACTIVE)]);
		write_packet();
	}
	fprintf(stderr, "%u flows\n", n_flows);
	return fflush(stdout) != 0 || ferror(stdout) ? 1 : 0;
}
