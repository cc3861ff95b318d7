/*
 * packet.c - what a captured frame says: link layer to transport.
 *
 * Each layer takes its header from a reader that knows two ends: that of the
 * bytes captured and that of the bytes there were on the wire. A header that
 * crosses the first was cut by us (TRUNCATED); one that crosses the second
 * was never whole (MALFORMED). The IP length then moves both ends in, which
 * drops an Ethernet frame's padding.
 *
 * Addresses decide whether a packet is a leak, so what is wrong above IP never
 * hides them: a transport header that makes no sense still gives a packet,
 * with as much of ports and payload as can be trusted.
 */
#include "vnetprobe/packet.h"

#include <netinet/in.h>
#include <pcap/dlt.h>
#include <string.h>

#include "cursor.h"

#define LINKTYPE_RAW 101 /* DLT_RAW as files have it */

#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_IPV6 0x86dd
#define ETHERTYPE_MIN 0x0600 /* below: an 802.3 length */
#define VLAN_TAGS_MAX 4
#define EXTENSIONS_MAX 16

#define NH_HOP_BY_HOP 0
#define NH_ROUTING 43
#define NH_FRAGMENT 44
#define NH_AH 51
#define NH_DEST_OPTIONS 60
#define NH_MOBILITY 135 /* RFC 6275 */
#define NH_HIP 139      /* RFC 7401 */
#define NH_SHIM6 140    /* RFC 5533 */

struct reader {
	struct vp_cursor c; /* bytes captured */
	uint32_t wire;      /* bytes from c.p on, on the wire */
};

/* The next n bytes; NULL with the reason in *why if they are not all there. */
static const uint8_t *take(struct reader *r, uint32_t n, enum vp_decode *why)
{
	const uint8_t *at;

	if (r->wire < n) {
		*why = VP_DECODE_MALFORMED;
		return NULL;
	}
	at = vp_cur_take(&r->c, n);
	if (at == NULL) {
		*why = VP_DECODE_TRUNCATED;
		return NULL;
	}
	r->wire -= n;
	return at;
}

/* No more than n bytes follow, on the wire and so in the capture. */
static void trim(struct reader *r, uint32_t n)
{
	if (n >= r->wire)
		return;
	r->wire = n;
	if (vp_cur_left(&r->c) > n)
		r->c.end = r->c.p + n;
}

static uint16_t be16(const uint8_t *b)
{
	return (uint16_t)((unsigned)b[0] << 8 | b[1]);
}

static uint32_t be32(const uint8_t *b)
{
	return (uint32_t)be16(b) << 16 | be16(b + 2);
}

static struct vp_addr addr4(const uint8_t *b)
{
	struct vp_addr a = { .family = 4 };

	memcpy(a.bytes, b, 4);
	return a;
}

static struct vp_addr addr6(const uint8_t *b)
{
	struct vp_addr a = { .family = 6 };

	memcpy(a.bytes, b, 16);
	return a;
}

/* --- transport ----------------------------------------------------------- */

static bool proto_has_ports(uint8_t proto)
{
	switch (proto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_DCCP:
	case IPPROTO_SCTP:
	case IPPROTO_UDPLITE:
		return true;
	default:
		return false;
	}
}

static enum vp_decode decode_tcp(struct vp_packet *p, struct reader *r)
{
	enum vp_decode why;
	const uint8_t *h;
	uint32_t options;

	if (r->wire < 16)
		return VP_DECODE_OK; /* a tiny first fragment, RFC 1858 */
	h = take(r, 16, &why);
	if (h == NULL)
		return why;
	p->seq = be32(h);
	p->ack = be32(h + 4);
	p->tcp_flags = h[9];
	options = (uint32_t)(h[8] >> 4) * 4;
	if (options < 20 || options - 20 > r->wire) {
		r->wire = 0; /* no telling where the data begins */
		r->c.end = r->c.p;
		return VP_DECODE_OK;
	}
	options -= 20;
	r->wire -= options;
	vp_cur_skip(&r->c, options); /* cut ones leave no payload either */
	return VP_DECODE_OK;
}

/* RFC 768. A length of 0 (a super-frame, RFC 2675) or one that cannot be says
 * nothing: the IP length holds, as it does in a first fragment. */
static enum vp_decode decode_udp(struct reader *r)
{
	enum vp_decode why;
	const uint8_t *h;
	uint16_t len;

	if (r->wire < 4)
		return VP_DECODE_OK;
	h = take(r, 4, &why);
	if (h == NULL)
		return why;
	len = be16(h);
	if (len >= 8)
		trim(r, len - 8u);
	return VP_DECODE_OK;
}

static void quoted_ports(struct vp_packet *p, struct reader *r)
{
	enum vp_decode why;
	const uint8_t *h;

	if (!proto_has_ports(p->quoted_proto))
		return;
	h = take(r, 4, &why);
	if (h == NULL)
		return;
	p->quoted_src.port = be16(h);
	p->quoted_dst.port = be16(h + 2);
}

static void quote4(struct vp_packet *p, struct reader *r)
{
	enum vp_decode why;
	const uint8_t *h = take(r, 20, &why);
	uint32_t options;

	if (h == NULL || h[0] >> 4 != 4 || (h[0] & 0xf) < 5)
		return;
	options = (h[0] & 0xfu) * 4 - 20;
	p->has_quoted = true;
	p->quoted_proto = h[9];
	p->quoted_src.addr = addr4(h + 12);
	p->quoted_dst.addr = addr4(h + 16);
	if ((be16(h + 6) & 0x1fff) != 0)
		return; /* a later fragment: no ports */
	if (take(r, options, &why) != NULL)
		quoted_ports(p, r);
}

/* Extension headers in a quote are not walked: such a quote has no ports. */
static void quote6(struct vp_packet *p, struct reader *r)
{
	enum vp_decode why;
	const uint8_t *h = take(r, 40, &why);

	if (h == NULL || h[0] >> 4 != 6)
		return;
	p->has_quoted = true;
	p->quoted_proto = h[6];
	p->quoted_src.addr = addr6(h + 8);
	p->quoted_dst.addr = addr6(h + 24);
	quoted_ports(p, r);
}

/* RFC 792: unreachable, source quench, time exceeded, parameter problem. A
 * redirect quotes too, but reports no failure. */
static bool icmp4_is_error(uint8_t type)
{
	return type == 3 || type == 4 || type == 11 || type == 12;
}

static enum vp_decode decode_icmp(struct vp_packet *p, struct reader *r)
{
	enum vp_decode why;
	const uint8_t *h;

	if (r->wire < 8)
		return VP_DECODE_OK;
	h = take(r, 8, &why);
	if (h == NULL)
		return why;
	p->icmp_type = h[0];
	p->icmp_code = h[1];
	if (p->proto == IPPROTO_ICMP && icmp4_is_error(h[0]))
		quote4(p, r);
	/* RFC 4443 section 2.1: types below 128 are errors. */
	if (p->proto == IPPROTO_ICMPV6 && h[0] >= 1 && h[0] <= 4)
		quote6(p, r);
	return VP_DECODE_OK;
}

static enum vp_decode decode_ports(struct vp_packet *p, struct reader *r)
{
	enum vp_decode why;
	const uint8_t *h;

	if (r->wire < 4)
		return VP_DECODE_OK;
	h = take(r, 4, &why);
	if (h == NULL)
		return why;
	p->has_ports = true;
	p->sport = be16(h);
	p->dport = be16(h + 2);
	if (p->proto == IPPROTO_TCP)
		return decode_tcp(p, r);
	if (p->proto == IPPROTO_UDP)
		return decode_udp(r);
	return VP_DECODE_OK;
}

static enum vp_decode decode_transport(struct vp_packet *p, struct reader *r)
{
	enum vp_decode d = VP_DECODE_OK;

	if (!p->later_fragment && proto_has_ports(p->proto)) {
		d = decode_ports(p, r);
	} else if (!p->later_fragment &&
	           (p->proto == IPPROTO_ICMP || p->proto == IPPROTO_ICMPV6)) {
		struct reader body = *r;

		d = decode_icmp(p, &body);
	}
	p->payload = r->c.p;
	p->payload_caplen = (uint32_t)vp_cur_left(&r->c);
	p->payload_len = r->wire;
	return d;
}

/* --- IP ------------------------------------------------------------------ */

/* RFC 4302 section 2.2: its length counts 4-byte words less two. */
static enum vp_decode skip_ah(struct reader *r, uint8_t *next)
{
	enum vp_decode why;
	const uint8_t *h = take(r, 2, &why);

	if (h == NULL)
		return why;
	*next = h[0];
	return take(r, (h[1] + 2u) * 4 - 2, &why) == NULL ? why : VP_DECODE_OK;
}

/* RFC 8200 section 4.2 ff: 8-byte units less one. */
static enum vp_decode skip_options(struct reader *r, uint8_t *next)
{
	enum vp_decode why;
	const uint8_t *h = take(r, 2, &why);

	if (h == NULL)
		return why;
	*next = h[0];
	return take(r, (h[1] + 1u) * 8 - 2, &why) == NULL ? why : VP_DECODE_OK;
}

/* Section 4.5. A whole packet in one "fragment" is none (RFC 6946). */
static enum vp_decode read_fragment(struct vp_packet *p, struct reader *r,
                                    uint8_t *next)
{
	enum vp_decode why;
	const uint8_t *h = take(r, 8, &why);
	uint16_t offset;

	if (h == NULL)
		return why;
	*next = h[0];
	offset = be16(h + 2);
	p->fragment = (offset & 0xfff9) != 0;
	p->later_fragment = (offset & 0xfff8) != 0;
	p->fragment_id = p->fragment ? be32(h + 4) : 0;
	return VP_DECODE_OK;
}

static enum vp_decode decode_extensions(struct vp_packet *p, struct reader *r,
                                        uint8_t next)
{
	for (unsigned n = 0; n < EXTENSIONS_MAX; n++) {
		enum vp_decode d;

		p->proto = next;
		if (p->later_fragment)
			return decode_transport(p, r);
		switch (next) {
		case NH_HOP_BY_HOP:
		case NH_ROUTING:
		case NH_DEST_OPTIONS:
		case NH_MOBILITY:
		case NH_HIP:
		case NH_SHIM6:
			d = skip_options(r, &next);
			break;
		case NH_FRAGMENT:
			d = read_fragment(p, r, &next);
			break;
		case NH_AH:
			d = skip_ah(r, &next);
			break;
		default:
			return decode_transport(p, r);
		}
		if (d != VP_DECODE_OK)
			return d;
	}
	return VP_DECODE_MALFORMED;
}

static enum vp_decode decode_ipv4(struct vp_packet *p, struct reader *r)
{
	uint32_t on_wire = r->wire, header_len, total;
	enum vp_decode d = VP_DECODE_OK;
	const uint8_t *h = take(r, 20, &d);
	uint16_t offset;

	if (h == NULL)
		return d;
	header_len = (h[0] & 0xfu) * 4;
	total = be16(h + 2);
	if (total == 0) /* segmentation is left to the card: TSO, BIG TCP */
		total = on_wire;
	if (h[0] >> 4 != 4 || header_len < 20 || total < header_len ||
	    total > on_wire)
		return VP_DECODE_MALFORMED;
	p->ip_len = total;
	trim(r, total - 20);
	p->src = addr4(h + 12);
	p->dst = addr4(h + 16);
	offset = be16(h + 6);
	p->fragment = (offset & 0x3fff) != 0; /* more fragments, or not first */
	p->later_fragment = (offset & 0x1fff) != 0;
	p->fragment_id = p->fragment ? be16(h + 4) : 0;
	p->proto = h[9];
	if (take(r, header_len - 20, &d) == NULL)
		return d;
	if (p->proto == NH_AH && !p->later_fragment) {
		d = skip_ah(r, &p->proto);
		if (d != VP_DECODE_OK)
			return d;
	}
	return decode_transport(p, r);
}

static enum vp_decode decode_ipv6(struct vp_packet *p, struct reader *r)
{
	enum vp_decode d = VP_DECODE_OK;
	const uint8_t *h = take(r, 40, &d);
	uint32_t len;

	if (h == NULL)
		return d;
	len = be16(h + 4);
	/* RFC 2675 section 3: a jumbogram says 0 here and its length in a
	 * hop-by-hop option; Linux's BIG TCP leaves the option out too. */
	if (len == 0 && (h[6] == NH_HOP_BY_HOP || r->wire > 65535))
		len = r->wire;
	if (h[0] >> 4 != 6 || len > r->wire)
		return VP_DECODE_MALFORMED;
	p->ip_len = len + 40;
	trim(r, len);
	p->src = addr6(h + 8);
	p->dst = addr6(h + 24);
	return decode_extensions(p, r, h[6]);
}

static enum vp_decode decode_raw(struct vp_packet *p, struct reader *r)
{
	if (r->wire == 0)
		return VP_DECODE_MALFORMED;
	if (vp_cur_left(&r->c) == 0)
		return VP_DECODE_TRUNCATED;
	switch (r->c.p[0] >> 4) {
	case 4:
		return decode_ipv4(p, r);
	case 6:
		return decode_ipv6(p, r);
	default:
		return VP_DECODE_MALFORMED;
	}
}

/* --- link ---------------------------------------------------------------- */

static bool is_vlan(uint16_t type)
{
	return type == 0x8100 || type == 0x88a8 || type == 0x9100 ||
	       type == 0x9200;
}

static enum vp_decode decode_ethertype(struct vp_packet *p, struct reader *r,
                                       uint16_t type)
{
	for (unsigned tags = 0; is_vlan(type); tags++) {
		enum vp_decode why;
		const uint8_t *h = take(r, 4, &why);

		if (h == NULL)
			return why;
		if (tags == VLAN_TAGS_MAX)
			return VP_DECODE_MALFORMED;
		if (tags == 0)
			p->vlan = be16(h) & 0xfff;
		type = be16(h + 2);
	}
	if (type == ETHERTYPE_IPV4)
		return decode_ipv4(p, r);
	if (type == ETHERTYPE_IPV6)
		return decode_ipv6(p, r);
	return VP_DECODE_NOT_IP;
}

static enum vp_decode decode_ethernet(struct vp_packet *p, struct reader *r)
{
	enum vp_decode why;
	const uint8_t *h = take(r, 14, &why);

	if (h == NULL)
		return why;
	p->has_mac = true;
	memcpy(p->mac, h + 6, 6);
	return decode_ethertype(p, r, be16(h + 12));
}

/* https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL.html */
static void cooked_common(struct vp_packet *p, unsigned type, unsigned mac_len,
                          const uint8_t *mac)
{
	static const enum vp_seen seen[] = { VP_SEEN_IN, VP_SEEN_IN, VP_SEEN_IN,
		                             VP_SEEN_OTHER, VP_SEEN_OUT };

	if (type < sizeof(seen) / sizeof(seen[0]))
		p->seen = seen[type];
	if (mac_len == 6) {
		p->has_mac = true;
		memcpy(p->mac, mac, 6);
	}
}

/* Some hardware types put something other than an EtherType in the header. */
static bool cooked_has_ethertype(unsigned arphrd)
{
	return arphrd != 824 && /* ARPHRD_NETLINK */
	       arphrd != 770 && /* ARPHRD_FRAD */
	       arphrd != 803;   /* ARPHRD_IEEE80211_RADIOTAP */
}

static enum vp_decode decode_sll(struct vp_packet *p, struct reader *r)
{
	enum vp_decode why;
	const uint8_t *h = take(r, 16, &why);

	if (h == NULL)
		return why;
	cooked_common(p, be16(h), be16(h + 4), h + 6);
	if (!cooked_has_ethertype(be16(h + 2)))
		return VP_DECODE_NOT_IP;
	return decode_ethertype(p, r, be16(h + 14));
}

/* https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL2.html */
static enum vp_decode decode_sll2(struct vp_packet *p, struct reader *r)
{
	enum vp_decode why;
	const uint8_t *h = take(r, 20, &why);

	if (h == NULL)
		return why;
	p->ifindex = (int)(be32(h + 4) & 0x7fffffff);
	cooked_common(p, h[10], h[11], h + 12);
	if (!cooked_has_ethertype(be16(h + 8)))
		return VP_DECODE_NOT_IP;
	return decode_ethertype(p, r, be16(h));
}

/* An address family in the byte order of whoever captured it: IPv6 has
 * another number on every system, so look for any of them both ways. */
static enum vp_decode decode_null(struct vp_packet *p, struct reader *r)
{
	enum vp_decode why;
	const uint8_t *h = take(r, 4, &why);
	uint32_t family;

	if (h == NULL)
		return why;
	family = be32(h);
	if ((family & 0xffff) == 0)
		family = (uint32_t)h[1] << 8 | h[0];
	switch (family) {
	case 2:
		return decode_ipv4(p, r);
	case 10: /* Linux */
	case 24: /* NetBSD, OpenBSD */
	case 28: /* FreeBSD */
	case 30: /* macOS */
		return decode_ipv6(p, r);
	default:
		return VP_DECODE_NOT_IP;
	}
}

static enum vp_decode decode_link(struct vp_packet *p, struct reader *r,
                                  int linktype)
{
	switch (linktype) {
	case DLT_LINUX_SLL2:
		return decode_sll2(p, r);
	case DLT_EN10MB:
		return decode_ethernet(p, r);
	case DLT_LINUX_SLL:
		return decode_sll(p, r);
	case DLT_RAW:
	case LINKTYPE_RAW:
		return decode_raw(p, r);
	case DLT_IPV4:
		return decode_ipv4(p, r);
	case DLT_IPV6:
		return decode_ipv6(p, r);
	case DLT_NULL:
	case DLT_LOOP:
		return decode_null(p, r);
	default:
		return VP_DECODE_UNKNOWN_LINK;
	}
}

enum vp_decode vp_packet_decode(struct vp_packet *out,
                                const struct vp_frame *frame)
{
	struct reader r = { vp_cur_init(frame->data, frame->caplen),
		            frame->len };

	/* A file may say that more was captured than there was. */
	if (r.wire < frame->caplen)
		r.wire = frame->caplen;
	memset(out, 0, sizeof(*out));
	out->ts_us = frame->ts_us;
	return decode_link(out, &r, frame->linktype);
}

const char *vp_decode_name(enum vp_decode d)
{
	static const char *const names[] = {
#define X(id, name) [VP_DECODE_##id] = name,
		VP_DECODES(X)
#undef X
	};

	return d < VP_DECODE_COUNT ? names[d] : "?";
}
