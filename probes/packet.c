/*
 * packet.c - what a captured frame says, begun at its link type; what lies
 * above it is read by packet_encap.c, packet_ip.c and packet_transport.c.
 *
 * Addresses decide whether a packet is a leak, so what is wrong above IP never
 * hides them: a transport header that makes no sense still gives a packet,
 * with as much of ports and payload as can be trusted.
 */
#include "vnetprobe/packet.h"

#include <pcap/dlt.h>
#include <string.h>

#include "packet_reader.h"

#define LINKTYPE_RAW 101 /* DLT_RAW as files have it */

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
	return vp_packet_ethertype(p, r, vp_be16(h + 14));
}

/* https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL2.html */
static enum vp_decode decode_sll2(struct vp_packet *p,
                                  struct vp_packet_reader *r)
{
	enum vp_decode why;
	const uint8_t *h = vp_packet_take(r, 20, &why);

	if (h == NULL)
		return why;
	if (vp_be32(h + 4) != 0)
		p->ifindex = (int)(vp_be32(h + 4) & 0x7fffffff);
	cooked_common(p, h[10], h[11], h + 12);
	if (!cooked_has_ethertype(vp_be16(h + 8)))
		return VP_DECODE_NOT_IP;
	return vp_packet_ethertype(p, r, vp_be16(h));
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
		return vp_packet_ipv4(p, r);
	case 10: /* Linux */
	case 24: /* NetBSD, OpenBSD */
	case 28: /* FreeBSD */
	case 30: /* macOS */
		return vp_packet_ipv6(p, r);
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
		return vp_packet_ethernet(p, r);
	case DLT_LINUX_SLL:
		return decode_sll(p, r);
	case DLT_RAW:
	case LINKTYPE_RAW:
		return vp_packet_ip(p, r);
	case DLT_IPV4:
		return vp_packet_ipv4(p, r);
	case DLT_IPV6:
		return vp_packet_ipv6(p, r);
	case DLT_NULL:
	case DLT_LOOP:
		return decode_null(p, r);
	case DLT_PPP:
	case DLT_PPP_SERIAL:
		return vp_packet_ppp(p, r);
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
	out->seen = frame->seen;
	out->ifindex = frame->ifindex;
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
