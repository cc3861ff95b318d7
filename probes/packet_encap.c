/*
 * packet_encap.c - from an EtherType to IP: tags, labels and sessions that a
 * frame may carry its packet in.
 *
 * A frame with an IP packet that we do not look into would leave this machine
 * unjudged. So what can hold one is opened (802.1Q and 802.1ad, 802.2 SNAP,
 * MPLS, PPPoE); what can and cannot be opened (encrypted, compressed, without
 * a type of its own) is OPAQUE, and only what holds none is NOT_IP.
 */
#include "packet_reader.h"

#include <string.h>

#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_IPV6 0x86dd
#define ETHERTYPE_MPLS 0x8847
#define ETHERTYPE_MPLS_MULTICAST 0x8848
#define ETHERTYPE_PPPOE 0x8864 /* session stage: RFC 2516 */
#define ETHERTYPE_LEAST 0x0600 /* below: the length of an 802.3 frame */

#define LINK_HEADERS_MAX 4
#define LABELS_MAX 16

#define PPP_IPV4 0x0021
#define PPP_IPV6 0x0057
#define PPP_MPLS 0x0281
#define PPP_MPLS_MULTICAST 0x0283
#define PPP_CONTROL 0x8000 /* and above: IPCP, LCP, ... */

static bool is_vlan(uint16_t type)
{
	return type == 0x8100 || type == 0x88a8 || type == 0x9100 ||
	       type == 0x9200;
}

/* What wraps frames of others in a way that is not followed here. */
static bool is_opaque(uint16_t type)
{
	switch (type) {
	case 0x22f3: /* TRILL */
	case 0x4305: /* B.A.T.M.A.N. */
	case 0x6558: /* transparent Ethernet bridging */
	case 0x876b: /* compressed TCP/IP: RFC 1144 */
	case 0x880b: /* PPP */
	case 0x8909: /* Cisco MetaData */
	case 0x8926: /* VN-Tag */
	case 0x893f: /* 802.1BR */
	case 0x88e5: /* MACsec: encrypted, as a rule */
	case 0x88e7: /* 802.1ah, provider backbone */
	case 0x88fb: /* PRP */
	case 0x892f: /* HSR */
	case 0x894f: /* NSH: RFC 8300 */
	case 0xf1c1: /* 802.1CB */
		return true;
	default:
		return false;
	}
}

/*
 * RFC 3032. Nothing names what lies below the last label but its own first
 * bits (RFC 4928 section 2): 4 and 6 are IP, 1 is an associated channel (RFC
 * 5586), 0 a control word before a frame of any kind (RFC 4385).
 */
enum vp_decode vp_packet_mpls(struct vp_packet *p, struct vp_packet_reader *r)
{
	for (unsigned n = 0; n < LABELS_MAX; n++) {
		enum vp_decode why;
		const uint8_t *h = vp_packet_take(r, 4, &why);

		if (h == NULL)
			return why;
		if ((h[2] & 1) == 0)
			continue;
		if (r->wire == 0)
			return VP_DECODE_MALFORMED;
		if (vp_cur_left(&r->c) == 0)
			return VP_DECODE_TRUNCATED;
		switch (r->c.p[0] >> 4) {
		case 4:
			return vp_packet_ipv4(p, r);
		case 6:
			return vp_packet_ipv6(p, r);
		case 1:
			return VP_DECODE_NOT_IP;
		default:
			return VP_DECODE_OPAQUE;
		}
	}
	return VP_DECODE_TOO_DEEP;
}

/* Address and control (FF 03, RFC 1662) may be left out, and so may the first
 * byte of a protocol that is 0: the last one is odd, the first is even. */
enum vp_decode vp_packet_ppp(struct vp_packet *p, struct vp_packet_reader *r)
{
	enum vp_decode why;
	const uint8_t *h;
	unsigned protocol;

	if (vp_cur_left(&r->c) > 0 && r->c.p[0] == 0xff &&
	    vp_packet_take(r, 2, &why) == NULL) /* 0xff is no protocol */
		return why;
	h = vp_packet_take(r, 1, &why);
	if (h == NULL)
		return why;
	protocol = h[0];
	if ((protocol & 1) == 0) {
		h = vp_packet_take(r, 1, &why);
		if (h == NULL)
			return why;
		protocol = protocol << 8 | h[0];
	}
	if (protocol == PPP_IPV4)
		return vp_packet_ipv4(p, r);
	if (protocol == PPP_IPV6)
		return vp_packet_ipv6(p, r);
	if (protocol == PPP_MPLS || protocol == PPP_MPLS_MULTICAST)
		return vp_packet_mpls(p, r);
	/* Data of another kind: compressed, encrypted, in parts, bridged. */
	return protocol < PPP_CONTROL ? VP_DECODE_OPAQUE : VP_DECODE_NOT_IP;
}

static enum vp_decode decode_pppoe(struct vp_packet *p,
                                   struct vp_packet_reader *r)
{
	enum vp_decode why;
	const uint8_t *h = vp_packet_take(r, 6, &why);

	if (h == NULL)
		return why;
	if (h[0] != 0x11 || h[1] != 0) /* version 1, type 1, session data */
		return VP_DECODE_MALFORMED;
	vp_packet_trim(r, vp_be16(h + 4));
	return vp_packet_ppp(p, r);
}

/* RFC 1042: an EtherType behind 802.2 LLC and SNAP. Other LLC frames (spanning
 * tree, IS-IS) hold no IP; most are shorter than this header. */
static enum vp_decode skip_snap(struct vp_packet_reader *r, uint16_t *type)
{
	static const uint8_t snap[6] = { 0xaa, 0xaa, 0x03 };
	enum vp_decode why;
	const uint8_t *h;

	if (r->wire < 8)
		return VP_DECODE_NOT_IP;
	h = vp_packet_take(r, 8, &why);
	if (h == NULL)
		return why;
	if (memcmp(h, snap, sizeof(snap)) != 0)
		return VP_DECODE_NOT_IP;
	*type = vp_be16(h + 6);
	return VP_DECODE_OK;
}

static enum vp_decode skip_vlan(struct vp_packet *p, struct vp_packet_reader *r,
                                bool outermost, uint16_t *type)
{
	enum vp_decode why;
	const uint8_t *h = vp_packet_take(r, 4, &why);

	if (h == NULL)
		return why;
	if (outermost)
		p->vlan = vp_be16(h) & 0xfff;
	*type = vp_be16(h + 2);
	return VP_DECODE_OK;
}

enum vp_decode vp_packet_ethertype(struct vp_packet *p,
                                   struct vp_packet_reader *r, uint16_t type)
{
	for (unsigned n = 0; is_vlan(type) || type < ETHERTYPE_LEAST; n++) {
		enum vp_decode d;

		if (n == LINK_HEADERS_MAX)
			return VP_DECODE_TOO_DEEP;
		d = is_vlan(type) ? skip_vlan(p, r, n == 0, &type)
		                  : skip_snap(r, &type);
		if (d != VP_DECODE_OK)
			return d;
	}
	switch (type) {
	case ETHERTYPE_IPV4:
		return vp_packet_ipv4(p, r);
	case ETHERTYPE_IPV6:
		return vp_packet_ipv6(p, r);
	case ETHERTYPE_MPLS:
	case ETHERTYPE_MPLS_MULTICAST:
		return vp_packet_mpls(p, r);
	case ETHERTYPE_PPPOE:
		return decode_pppoe(p, r);
	default:
		return is_opaque(type) ? VP_DECODE_OPAQUE : VP_DECODE_NOT_IP;
	}
}

enum vp_decode vp_packet_ethernet(struct vp_packet *p,
                                  struct vp_packet_reader *r)
{
	enum vp_decode why;
	const uint8_t *h = vp_packet_take(r, 14, &why);

	if (h == NULL)
		return why;
	p->has_mac = true;
	memcpy(p->mac, h + 6, 6);
	return vp_packet_ethertype(p, r, vp_be16(h + 12));
}
