/*
 * packet_tunnel.c - the packet that a packet of a tunnel carries.
 *
 * A private address at the far end of a tunnel says nothing of where the
 * packet inside goes on to, so that one is decoded and judged as well.
 *
 * The first fragment of a tunnel's packet holds all headers of the one inside,
 * though not all of its data: it is read as if the rest were there and not
 * captured. Later ones hold nothing to read.
 */
#include "packet_reader.h"

#include <netinet/in.h>
#include <string.h>

#define PROTO_ETHERIP 97   /* RFC 3378 */
#define PROTO_MPLS 137     /* RFC 4023 */
#define PROTO_ETHERNET 143 /* RFC 8986 section 10.1 */

#define PORT_VXLAN 4789
#define PORT_VXLAN_LINUX 8472 /* the kernel's default, older than RFC 7348 */
#define PORT_GENEVE 6081

#define ETHERTYPE_BRIDGED 0x6558 /* a whole Ethernet frame */
#define ETHERTYPE_PPTP 0x880b    /* PPP, in GRE version 1: RFC 2637 */
#define ETHERTYPE_LEAST 0x0600

#define GRE_CHECKSUM 0x8000
#define GRE_ROUTING 0x4000 /* RFC 1701 only */
#define GRE_KEY 0x2000
#define GRE_SEQUENCE 0x1000
#define GRE_ACK 0x0080
#define GRE_VERSION 0x0007

static enum vp_decode decode_protocol(struct vp_packet *p,
                                      struct vp_packet_reader *r, uint16_t type)
{
	if (type == ETHERTYPE_BRIDGED)
		return vp_packet_ethernet(p, r);
	return type < ETHERTYPE_LEAST ? VP_DECODE_NOT_IP
	                              : vp_packet_ethertype(p, r, type);
}

/* RFC 2784 and 2890; RFC 2637 section 4.1 for PPTP. */
static enum vp_decode decode_gre(struct vp_packet *p,
                                 struct vp_packet_reader *r)
{
	enum vp_decode why;
	const uint8_t *h = vp_packet_take(r, 4, &why);
	uint16_t flags, type;
	uint32_t more = 0;
	bool pptp;

	if (h == NULL)
		return why;
	flags = vp_be16(h);
	type = vp_be16(h + 2);
	pptp = (flags & GRE_VERSION) == 1 && type == ETHERTYPE_PPTP;
	if ((flags & GRE_ROUTING) != 0 || ((flags & GRE_VERSION) != 0 && !pptp))
		return VP_DECODE_OPAQUE;
	more += (flags & GRE_CHECKSUM) != 0 ? 4 : 0;
	more += (flags & GRE_KEY) != 0 ? 4 : 0;
	more += (flags & GRE_SEQUENCE) != 0 ? 4 : 0;
	more += pptp && (flags & GRE_ACK) != 0 ? 4 : 0;
	if (vp_packet_take(r, more, &why) == NULL)
		return why;
	if (!pptp)
		return decode_protocol(p, r, type);
	/* Without a sequence number it only acknowledges. */
	return (flags & GRE_SEQUENCE) == 0 ? VP_DECODE_NOT_IP
	                                   : vp_packet_ppp(p, r);
}

/* RFC 7348 section 5: the flag says that there is a network's number, without
 * which it is not VXLAN; extensions use the other bits. */
static enum vp_decode decode_vxlan(struct vp_packet *p,
                                   struct vp_packet_reader *r)
{
	enum vp_decode why;
	const uint8_t *h;

	if (r->wire < 8)
		return VP_DECODE_NOT_IP;
	h = vp_packet_take(r, 8, &why);
	if (h == NULL)
		return why;
	return (h[0] & 8) == 0 ? VP_DECODE_NOT_IP : vp_packet_ethernet(p, r);
}

/* RFC 8926 section 3.4. */
static enum vp_decode decode_geneve(struct vp_packet *p,
                                    struct vp_packet_reader *r)
{
	enum vp_decode why;
	const uint8_t *h;

	if (r->wire < 8)
		return VP_DECODE_NOT_IP;
	h = vp_packet_take(r, 8, &why);
	if (h == NULL)
		return why;
	if (h[0] >> 6 != 0) /* the only version there is */
		return VP_DECODE_NOT_IP;
	if (vp_packet_take(r, (h[0] & 0x3fu) * 4, &why) == NULL)
		return why;
	return decode_protocol(p, r, vp_be16(h + 2));
}

static enum vp_decode decode_etherip(struct vp_packet *p,
                                     struct vp_packet_reader *r)
{
	enum vp_decode why;
	const uint8_t *h = vp_packet_take(r, 2, &why);

	if (h == NULL)
		return why;
	return h[0] >> 4 != 3 ? VP_DECODE_NOT_IP : vp_packet_ethernet(p, r);
}

typedef enum vp_decode decoder(struct vp_packet *p, struct vp_packet_reader *r);

static const struct tunnel {
	uint8_t family; /* of the outer packet; 0: either */
	uint8_t proto;
	uint16_t port; /* it is sent to; 0: has none */
	const char *kind;
	decoder *decode;
} tunnels[] = {
	{ 4, IPPROTO_IPIP, 0, "ipip", vp_packet_ipv4 },
	{ 6, IPPROTO_IPIP, 0, "4in6", vp_packet_ipv4 },
	{ 4, IPPROTO_IPV6, 0, "6in4", vp_packet_ipv6 },
	{ 6, IPPROTO_IPV6, 0, "6in6", vp_packet_ipv6 },
	{ 0, IPPROTO_GRE, 0, "gre", decode_gre },
	{ 0, IPPROTO_UDP, PORT_VXLAN, "vxlan", decode_vxlan },
	{ 0, IPPROTO_UDP, PORT_VXLAN_LINUX, "vxlan", decode_vxlan },
	{ 0, IPPROTO_UDP, PORT_GENEVE, "geneve", decode_geneve },
	{ 0, PROTO_ETHERIP, 0, "etherip", decode_etherip },
	{ 0, PROTO_MPLS, 0, "mpls", vp_packet_mpls },
	{ 0, PROTO_ETHERNET, 0, "ethernet", vp_packet_ethernet },
};

static const struct tunnel *find(const struct vp_packet *outer)
{
	for (size_t i = 0; i < sizeof(tunnels) / sizeof(tunnels[0]); i++) {
		const struct tunnel *t = &tunnels[i];

		if (t->proto == outer->proto &&
		    (t->family == 0 || t->family == outer->src.family) &&
		    (t->port == 0 ||
		     (outer->has_ports && outer->dport == t->port)))
			return t;
	}
	return NULL;
}

enum vp_decode vp_packet_inner(struct vp_packet *inner,
                               const struct vp_packet *outer, const char **kind)
{
	struct vp_packet_reader r;
	const struct tunnel *t;

	/* Most packets end here, without a look at the table. */
	if (outer->proto == IPPROTO_TCP || outer->later_fragment)
		return VP_DECODE_NOT_IP;
	t = find(outer);
	if (t == NULL)
		return VP_DECODE_NOT_IP;
	*kind = t->kind;
	r.c = vp_cur_init(outer->payload, outer->payload_caplen);
	r.wire = outer->payload_len;
	if (outer->fragment && r.wire < UINT16_MAX)
		r.wire = UINT16_MAX; /* the rest is on its way */
	memset(inner, 0, sizeof(*inner));
	inner->ts_us = outer->ts_us;
	inner->seen = outer->seen;
	inner->ifindex = outer->ifindex;
	return t->decode(inner, &r);
}
