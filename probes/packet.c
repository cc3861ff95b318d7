/*
 * packet.c - what a captured frame says: link layer and IP, up to where
 * packet_transport.c takes over.
 *
 * Addresses decide whether a packet is a leak, so what is wrong above IP never
 * hides them: a transport header that makes no sense still gives a packet,
 * with as much of ports and payload as can be trusted.
 */
#include "vnetprobe/packet.h"

#include <netinet/in.h>
#include <pcap/dlt.h>
#include <string.h>

#include "packet_reader.h"

#define LINKTYPE_RAW 101 /* DLT_RAW as files have it */

#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_IPV6 0x86dd
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

/* --- IP ------------------------------------------------------------------ */

/* RFC 4302 section 2.2: its length counts 4-byte words less two. */
static enum vp_decode skip_ah(struct vp_packet_reader *r, uint8_t *next)
{
	enum vp_decode why;
	const uint8_t *h = vp_packet_take(r, 2, &why);

	if (h == NULL)
		return why;
	*next = h[0];
	return vp_packet_take(r, (h[1] + 2u) * 4 - 2, &why) == NULL
	               ? why
	               : VP_DECODE_OK;
}

/* RFC 8200 section 4.2 ff: 8-byte units less one. */
static enum vp_decode skip_options(struct vp_packet_reader *r, uint8_t *next)
{
	enum vp_decode why;
	const uint8_t *h = vp_packet_take(r, 2, &why);

	if (h == NULL)
		return why;
	*next = h[0];
	return vp_packet_take(r, (h[1] + 1u) * 8 - 2, &why) == NULL
	               ? why
	               : VP_DECODE_OK;
}

/* Section 4.5. A whole packet in one "fragment" is none (RFC 6946). */
static enum vp_decode read_fragment(struct vp_packet *p,
                                    struct vp_packet_reader *r, uint8_t *next)
{
	enum vp_decode why;
	const uint8_t *h = vp_packet_take(r, 8, &why);
	uint16_t offset;

	if (h == NULL)
		return why;
	*next = h[0];
	offset = vp_be16(h + 2);
	p->fragment = (offset & 0xfff9) != 0;
	p->later_fragment = (offset & 0xfff8) != 0;
	p->fragment_id = p->fragment ? vp_be32(h + 4) : 0;
	return VP_DECODE_OK;
}

static enum vp_decode
decode_extensions(struct vp_packet *p, struct vp_packet_reader *r, uint8_t next)
{
	for (unsigned n = 0; n < EXTENSIONS_MAX; n++) {
		enum vp_decode d;

		p->proto = next;
		if (p->later_fragment)
			return vp_packet_transport(p, r);
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
			return vp_packet_transport(p, r);
		}
		if (d != VP_DECODE_OK)
			return d;
	}
	return VP_DECODE_MALFORMED;
}

static enum vp_decode decode_ipv4(struct vp_packet *p,
                                  struct vp_packet_reader *r)
{
	uint32_t on_wire = r->wire, header_len, total;
	enum vp_decode d = VP_DECODE_OK;
	const uint8_t *h = vp_packet_take(r, 20, &d);
	uint16_t offset;

	if (h == NULL)
		return d;
	header_len = (h[0] & 0xfu) * 4;
	total = vp_be16(h + 2);
	if (total == 0) /* segmentation is left to the card: TSO, BIG TCP */
		total = on_wire;
	if (h[0] >> 4 != 4 || header_len < 20 || total < header_len ||
	    total > on_wire)
		return VP_DECODE_MALFORMED;
	p->ip_len = total;
	vp_packet_trim(r, total - 20);
	p->src = vp_addr4(h + 12);
	p->dst = vp_addr4(h + 16);
	offset = vp_be16(h + 6);
	p->fragment = (offset & 0x3fff) != 0; /* more fragments, or not first */
	p->later_fragment = (offset & 0x1fff) != 0;
	p->fragment_id = p->fragment ? vp_be16(h + 4) : 0;
	p->proto = h[9];
	if (vp_packet_take(r, header_len - 20, &d) == NULL)
		return d;
	if (p->proto == NH_AH && !p->later_fragment) {
		d = skip_ah(r, &p->proto);
		if (d != VP_DECODE_OK)
			return d;
	}
	return vp_packet_transport(p, r);
}

static enum vp_decode decode_ipv6(struct vp_packet *p,
                                  struct vp_packet_reader *r)
{
	enum vp_decode d = VP_DECODE_OK;
	const uint8_t *h = vp_packet_take(r, 40, &d);
	uint32_t len;

	if (h == NULL)
		return d;
	len = vp_be16(h + 4);
	/* RFC 2675 section 3: a jumbogram says 0 here and its length in a
	 * hop-by-hop option; Linux's BIG TCP leaves the option out too. */
	if (len == 0 && (h[6] == NH_HOP_BY_HOP || r->wire > 65535))
		len = r->wire;
	if (h[0] >> 4 != 6 || len > r->wire)
		return VP_DECODE_MALFORMED;
	p->ip_len = len + 40;
	vp_packet_trim(r, len);
	p->src = vp_addr6(h + 8);
	p->dst = vp_addr6(h + 24);
	return decode_extensions(p, r, h[6]);
}

static enum vp_decode decode_raw(struct vp_packet *p,
                                 struct vp_packet_reader *r)
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

static enum vp_decode
decode_ethertype(struct vp_packet *p, struct vp_packet_reader *r, uint16_t type)
{
	for (unsigned tags = 0; is_vlan(type); tags++) {
		enum vp_decode why;
		const uint8_t *h = vp_packet_take(r, 4, &why);

		if (h == NULL)
			return why;
		if (tags == VLAN_TAGS_MAX)
			return VP_DECODE_MALFORMED;
		if (tags == 0)
			p->vlan = vp_be16(h) & 0xfff;
		type = vp_be16(h + 2);
	}
	if (type == ETHERTYPE_IPV4)
		return decode_ipv4(p, r);
	if (type == ETHERTYPE_IPV6)
		return decode_ipv6(p, r);
	return VP_DECODE_NOT_IP;
}

static enum vp_decode decode_ethernet(struct vp_packet *p,
                                      struct vp_packet_reader *r)
{
	enum vp_decode why;
	const uint8_t *h = vp_packet_take(r, 14, &why);

	if (h == NULL)
		return why;
	p->has_mac = true;
	memcpy(p->mac, h + 6, 6);
	return decode_ethertype(p, r, vp_be16(h + 12));
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

static enum vp_decode decode_sll(struct vp_packet *p,
                                 struct vp_packet_reader *r)
{
	enum vp_decode why;
	const uint8_t *h = vp_packet_take(r, 16, &why);

	if (h == NULL)
		return why;
	cooked_common(p, vp_be16(h), vp_be16(h + 4), h + 6);
	if (!cooked_has_ethertype(vp_be16(h + 2)))
		return VP_DECODE_NOT_IP;
	return decode_ethertype(p, r, vp_be16(h + 14));
}

/* https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL2.html */
static enum vp_decode decode_sll2(struct vp_packet *p,
                                  struct vp_packet_reader *r)
{
	enum vp_decode why;
	const uint8_t *h = vp_packet_take(r, 20, &why);

	if (h == NULL)
		return why;
	p->ifindex = (int)(vp_be32(h + 4) & 0x7fffffff);
	cooked_common(p, h[10], h[11], h + 12);
	if (!cooked_has_ethertype(vp_be16(h + 8)))
		return VP_DECODE_NOT_IP;
	return decode_ethertype(p, r, vp_be16(h));
}

/* An address family in the byte order of whoever captured it: IPv6 has
 * another number on every system, so look for any of them both ways. */
static enum vp_decode decode_null(struct vp_packet *p,
                                  struct vp_packet_reader *r)
{
	enum vp_decode why;
	const uint8_t *h = vp_packet_take(r, 4, &why);
	uint32_t family;

	if (h == NULL)
		return why;
	family = vp_be32(h);
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

static enum vp_decode decode_link(struct vp_packet *p,
                                  struct vp_packet_reader *r, int linktype)
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
	struct vp_packet_reader r = { vp_cur_init(frame->data, frame->caplen),
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
