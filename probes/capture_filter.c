/*
 * capture_filter.c - which packets the kernel hands over.
 *
 * The filter may only spare what cannot be a leak: bulk data between two
 * private ends. So it is written as a list of reasons to take a packet, and
 * what it does not understand is one of them. Two things shape the text:
 *
 * - A classic BPF load past the end of a packet rejects it, whatever the rest
 *   of the expression says. So packets too short for their IP header are taken
 *   first, and the tests that may read past the end (only of packets between
 *   private ends) stand last.
 * - pcap's "tcp" and "port" mean IPv4 and IPv6 at once and skip no IPv6
 *   extension header, and tcp[] reads IPv4 only and at an offset that the
 *   kernel has a function called for. So both are read at fixed offsets, after
 *   everything with IP options or an extension header was taken.
 *
 * No "vlan" keyword: it would shift the offsets of all that follows it. A tag
 * that the driver took off is invisible here and the packet judged as usual;
 * one that is still in the frame makes it "not ip, ip6 or arp": taken.
 */
#include "capture_filter.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vnetprobe/capture.h"

/*
 * So that the program stays well below what kernels accept (4096 instructions,
 * and 20 KiB of socket memory on older ones). Prefixes beyond count as public:
 * more is taken, nothing is hidden.
 */
#define MAX_V4_RANGES 128
#define MAX_V6_PREFIXES 32

struct text {
	char *buf;
	size_t size, len;
	bool full;
};

struct range {
	uint32_t first, last;
};

/* Ends that stay inside, besides declared prefixes (docs/sources.md: P7, P8).
 */
static const struct {
	uint8_t bytes[4];
	uint8_t len;
	bool likely;
} inside_v4[] = {
	{ { 0, 0, 0, 0 }, 32, false },    /* DHCP client */
	{ { 10, 0, 0, 0 }, 8, true },     /* RFC 1918 */
	{ { 100, 64, 0, 0 }, 10, false }, /* RFC 6598: private in Azure */
	{ { 127, 0, 0, 0 }, 8, false },   /* loopback */
	{ { 168, 63, 129, 16 },
	  32,
	  false },                         /* Azure: DNS, WireServer, probes */
	{ { 169, 254, 0, 0 }, 16, false }, /* link-local, IMDS */
	{ { 172, 16, 0, 0 }, 12, true },   /* RFC 1918 */
	{ { 192, 168, 0, 0 }, 16, true },  /* RFC 1918 */
	{ { 224, 0, 0, 0 }, 4, false },    /* multicast */
	{ { 255, 255, 255, 255 }, 32, false }, /* broadcast */
};

static const struct vp_prefix inside_v6[] = {
	{ { 6, { 0 } }, 127 },         /* :: and ::1 */
	{ { 6, { 0xfc } }, 7 },        /* RFC 4193 */
	{ { 6, { 0xfe, 0x80 } }, 10 }, /* link-local */
	{ { 6, { 0xff } }, 8 },        /* multicast */
};

__attribute__((format(printf, 2, 3))) static void add(struct text *t,
                                                      const char *fmt, ...)
{
	va_list ap;
	int n;

	if (t->full)
		return;
	va_start(ap, fmt);
	n = vsnprintf(t->buf + t->len, t->size - t->len, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= t->size - t->len)
		t->full = true;
	else
		t->len += (size_t)n;
}

static uint32_t be32(const uint8_t *b)
{
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 |
	       (uint32_t)b[2] << 8 | b[3];
}

/* The mask of the first bits (0 to 32) of a word. */
static uint32_t mask32(unsigned bits)
{
	return bits == 0 ? 0 : ~(uint32_t)0 << (32 - bits);
}

static struct range range_of(const uint8_t *bytes, uint8_t len)
{
	uint32_t mask = mask32(len > 32 ? 32 : len);
	uint32_t first = be32(bytes) & mask;

	return (struct range){ first, first | ~mask };
}

static int by_first(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	return (x->first > y->first) - (x->first < y->first);
}

/* Sorts, and joins ranges that overlap or touch. Returns how many are left. */
static size_t merge(struct range *r, size_t n)
{
	size_t kept = 0;

	qsort(r, n, sizeof(*r), by_first);
	for (size_t i = 1; i < n; i++) {
		if (r[kept].last == UINT32_MAX ||
		    r[i].first <= r[kept].last + 1) {
			if (r[i].last > r[kept].last)
				r[kept].last = r[i].last;
		} else {
			r[++kept] = r[i];
		}
	}
	return n == 0 ? 0 : kept + 1;
}

/* Those of RFC 1918 and of the VNet: most bulk is between them. */
static bool unlikely(const struct range *r)
{
	for (size_t i = 0; i < sizeof(inside_v4) / sizeof(inside_v4[0]); i++) {
		uint32_t a = be32(inside_v4[i].bytes);

		if (!inside_v4[i].likely && a >= r->first && a <= r->last)
			return true;
	}
	return false;
}

/* The filter compares with one after the other: bulk leaves it early. */
static int by_likelihood(const void *a, const void *b)
{
	int x = unlikely(a), y = unlikely(b);

	return x != y ? x - y : by_first(a, b);
}

static size_t private_v4(struct range out[MAX_V4_RANGES],
                         const struct vp_capture_options *opt)
{
	size_t n = 0;

	for (size_t i = 0; i < sizeof(inside_v4) / sizeof(inside_v4[0]); i++)
		out[n++] = range_of(inside_v4[i].bytes, inside_v4[i].len);
	for (size_t i = 0; i < opt->n_vnet; i++) {
		const struct vp_prefix *p = &opt->vnet[i];

		if (p->addr.family != 4)
			continue;
		if (n == MAX_V4_RANGES)
			n = merge(out, n);
		if (n == MAX_V4_RANGES)
			break;
		out[n++] = range_of(p->addr.bytes, p->len);
	}
	n = merge(out, n);
	qsort(out, n, sizeof(*out), by_likelihood);
	return n;
}

/* True if p lies within one of the n prefixes before it. */
static bool covered(const struct vp_prefix *before, size_t n,
                    const struct vp_prefix *p)
{
	for (size_t i = 0; i < n; i++)
		if (before[i].len <= p->len &&
		    vp_prefix_contains(&before[i], &p->addr))
			return true;
	return false;
}

static size_t private_v6(struct vp_prefix out[MAX_V6_PREFIXES],
                         const struct vp_capture_options *opt)
{
	size_t n = 0;

	for (size_t i = 0; i < sizeof(inside_v6) / sizeof(inside_v6[0]); i++)
		out[n++] = inside_v6[i];
	for (size_t i = 0; i < opt->n_vnet && n < MAX_V6_PREFIXES; i++) {
		const struct vp_prefix *p = &opt->vnet[i];

		if (p->addr.family == 6 && p->len <= 128 && !covered(out, n, p))
			out[n++] = *p;
	}
	return n;
}

/* "The address at this offset of the IPv4 header is private." */
static void add_private_v4(struct text *t, unsigned off, const struct range *r,
                           size_t n)
{
	add(t, "(");
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			add(t, " or ");
		if (r[i].first == r[i].last)
			add(t, "ip[%u:4] = 0x%x", off, r[i].first);
		else
			add(t, "(ip[%u:4] >= 0x%x and ip[%u:4] <= 0x%x)", off,
			    r[i].first, off, r[i].last);
	}
	add(t, ")");
}

static void add_prefix_v6(struct text *t, unsigned off,
                          const struct vp_prefix *p)
{
	unsigned bits = p->len;

	if (bits == 0)
		add(t, "ip6"); /* ::/0 */
	for (unsigned at = 0; bits > 0; at += 4) {
		unsigned n = bits > 32 ? 32 : bits;
		uint32_t value = be32(p->addr.bytes + at) & mask32(n);

		add(t, "%sip6[%u:4]", at > 0 ? " and " : "", off + at);
		if (n < 32)
			add(t, " & 0x%x", mask32(n));
		add(t, " = 0x%x", value);
		bits -= n;
	}
}

static void add_private_v6(struct text *t, unsigned off,
                           const struct vp_prefix *p, size_t n)
{
	add(t, "(");
	for (size_t i = 0; i < n; i++) {
		add(t, "%s(", i > 0 ? " or " : "");
		add_prefix_v6(t, off, &p[i]);
		add(t, ")");
	}
	add(t, ")");
}

/* From or to it. head is the IP header, "ip" or "ip6", and base the offset of
 * the transport header in it. */
static void add_port(struct text *t, const char *head, unsigned base,
                     unsigned port)
{
	add(t, "%s[%u:2] = %u or %s[%u:2] = %u or ", head, base, port, head,
	    base + 2, port);
}

/* VXLAN (also on Linux's old port) and Geneve are sent to their port only. What
 * they carry may be public, whatever their ends are. */
static void add_tunnels(struct text *t, const char *head, unsigned base)
{
	static const unsigned ports[] = { 4789, 8472, 6081 };

	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++)
		add(t, "%s[%u:2] = %u or ", head, base + 2, ports[i]);
}

/* DNS, DoT, and the self-test, which is sent to its port only. */
static void add_ports(struct text *t, const struct vp_capture_options *opt,
                      const char *head, unsigned base, uint16_t selftest)
{
	for (size_t i = 0; i < opt->n_dns_ports && i < VP_CAPTURE_PORTS; i++)
		add_port(t, head, base, opt->dns_ports[i]);
	add_port(t, head, base, 53);
	if (selftest != 0)
		add(t, "%s[%u:2] = %u or ", head, base + 2, selftest);
	add(t, "%s[%u:2] = 853 or %s[%u:2] = 853", head, base, head, base + 2);
}

#define WORD 4U /* bytes that are compared at once */

/* A word of a TCP payload. */
static void add_word(struct text *t, const char *head, unsigned base,
                     unsigned at, const char *word)
{
	add(t, "%s[%u + ((%s[%u] & 0xf0) >> 2) : 4] = 0x%x", head, base + at,
	    head, base + 12, be32((const uint8_t *)word));
}

static const char *const requests[] = {
#define X(begins) begins,
	VP_PROXY_REQUESTS(X)
#undef X
};

/* FIN, SYN, RST; then a first byte that opens a TLS handshake record (RFC 8446
 * section 5.1): past the end of a bare ACK, hence late. So are requests to
 * an HTTP proxy, see vp_flow_asks_proxy(), past the end of a shorter payload:
 * last, and read of a payload that begins with "C" to "P" only, since the
 * payload is seldom where the kernel reads fast. base is the TCP header's
 * offset. */
static void add_tcp(struct text *t, const struct vp_capture_options *opt,
                    const char *head, unsigned base)
{
	add_ports(t, opt, head, base, 0);
	add(t, " or %s[%u] & 7 != 0", head, base + 13);
	add(t, " or %s[%u + ((%s[%u] & 0xf0) >> 2)] = 22", head, base, head,
	    base + 12);
	add(t, " or (%s[%u + ((%s[%u] & 0xf0) >> 2)] - 0x43 <= 0xd and (", head,
	    base, head, base + 12);
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		unsigned len = (unsigned)strlen(requests[i]);

		add(t, "%s(", i > 0 ? " or " : "");
		add_word(t, head, base, 0, requests[i]);
		if (len > WORD) {
			add(t, " and ");
			add_word(t, head, base, len - WORD,
			         requests[i] + len - WORD);
		}
		add(t, ")");
	}
	add(t, "))");
}

static void add_v4(struct text *t, const struct vp_capture_options *opt,
                   uint16_t selftest, unsigned header_len)
{
	struct range r[MAX_V4_RANGES];
	size_t n = private_v4(r, opt);

	/* Whatever has IP options is taken: hardly anything has. */
	add(t, "(ip and (len < %u or ip[0] != 0x45", header_len + 20);
	add(t, " or not ");
	add_private_v4(t, 12, r, n);
	add(t, " or not ");
	add_private_v4(t, 16, r, n);
	/* More-fragments or an offset; then tunnels and the unknown. */
	add(t, " or ip[6:2] & 0x3fff != 0"
	       " or (ip[9] != 6 and ip[9] != 17 and ip[9] != 1)");
	add(t, " or (ip[9] = 6 and (");
	add_tcp(t, opt, "ip", 20);
	add(t, ")) or (ip[9] = 17 and (");
	add_tunnels(t, "ip", 20);
	add_ports(t, opt, "ip", 20, selftest);
	/* RFC 792: unreachable, quench, redirect, time, parameter. */
	add(t, ")) or (ip[9] = 1 and (ip[20] = 3 or ip[20] = 4 or ip[20] = 5"
	       " or ip[20] = 11 or ip[20] = 12))))");
}

static void add_v6(struct text *t, const struct vp_capture_options *opt,
                   uint16_t selftest, unsigned header_len)
{
	struct vp_prefix p[MAX_V6_PREFIXES];
	size_t n = private_v6(p, opt);

	add(t, "(ip6 and (len < %u or ip6[0] & 0xf0 != 0x60", header_len + 40);
	add(t, " or not ");
	add_private_v6(t, 8, p, n);
	add(t, " or not ");
	add_private_v6(t, 24, p, n);
	/* Extension headers, fragments, tunnels and the unknown. */
	add(t, " or (ip6[6] != 6 and ip6[6] != 17 and ip6[6] != 58)");
	/* RFC 4443 section 2.1: errors are below 128; 137 is a redirect. */
	add(t, " or (ip6[6] = 58 and (ip6[40] < 128 or ip6[40] = 137))");
	add(t, " or (ip6[6] = 17 and (");
	add_tunnels(t, "ip6", 40);
	add_ports(t, opt, "ip6", 40, selftest);
	add(t, ")) or (ip6[6] = 6 and (");
	add_tcp(t, opt, "ip6", 40);
	add(t, "))))");
}

int vp_capture_filter_build(char *buf, size_t size,
                            const struct vp_capture_options *opt,
                            uint16_t selftest_port, unsigned header_len,
                            bool once_on_lo)
{
	struct text t = { .buf = buf, .size = size };

	/* libpcap shows loopback traffic as received only; to sort out the
	 * sent half here spares the ring. lo is interface 1 everywhere. */
	if (once_on_lo)
		add(&t, "not (ifindex 1 and outbound) and (");
	add(&t, "not (ip or ip6 or arp) or ");
	add_v4(&t, opt, selftest_port, header_len);
	add(&t, " or ");
	add_v6(&t, opt, selftest_port, header_len);
	if (once_on_lo)
		add(&t, ")");
	return t.full ? -ENOSPC : 0;
}

int vp_capture_filter_text(char *buf, size_t size,
                           const struct vp_capture_options *opt,
                           uint16_t selftest_port)
{
	bool any = opt->interface == NULL;

	return vp_capture_filter_build(buf, size, opt, selftest_port,
	                               any ? 0 : 14, any);
}
