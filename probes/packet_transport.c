/*
 * packet_transport.c - ports, TCP, UDP, and what an ICMP error quotes.
 *
 * Addresses are known by now. What makes no sense here still gives a packet,
 * with as much of ports and payload as can be trusted.
 */
#include "packet_reader.h"

#include <netinet/in.h>

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

static enum vp_decode decode_tcp(struct vp_packet *p,
                                 struct vp_packet_reader *r)
{
	enum vp_decode why;
	const uint8_t *h;
	uint32_t options;

	if (r->wire < 16)
		return VP_DECODE_OK; /* a tiny first fragment, RFC 1858 */
	h = vp_packet_take(r, 16, &why);
	if (h == NULL)
		return why;
	p->seq = vp_be32(h);
	p->ack = vp_be32(h + 4);
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
static enum vp_decode decode_udp(struct vp_packet_reader *r)
{
	enum vp_decode why;
	const uint8_t *h;
	uint16_t len;

	if (r->wire < 4)
		return VP_DECODE_OK;
	h = vp_packet_take(r, 4, &why);
	if (h == NULL)
		return why;
	len = vp_be16(h);
	if (len >= 8)
		vp_packet_trim(r, len - 8u);
	return VP_DECODE_OK;
}

static void quoted_ports(struct vp_packet *p, struct vp_packet_reader *r)
{
	enum vp_decode why;
	const uint8_t *h;

	if (!proto_has_ports(p->quoted_proto))
		return;
	h = vp_packet_take(r, 4, &why);
	if (h == NULL)
		return;
	p->quoted_src.port = vp_be16(h);
	p->quoted_dst.port = vp_be16(h + 2);
}

static void quote4(struct vp_packet *p, struct vp_packet_reader *r)
{
	enum vp_decode why;
	const uint8_t *h = vp_packet_take(r, 20, &why);
	uint32_t options;

	if (h == NULL || h[0] >> 4 != 4 || (h[0] & 0xf) < 5)
		return;
	options = (h[0] & 0xfu) * 4 - 20;
	p->has_quoted = true;
	p->quoted_proto = h[9];
	p->quoted_src.addr = vp_addr4(h + 12);
	p->quoted_dst.addr = vp_addr4(h + 16);
	if ((vp_be16(h + 6) & 0x1fff) != 0)
		return; /* a later fragment: no ports */
	if (vp_packet_take(r, options, &why) != NULL)
		quoted_ports(p, r);
}

/* Extension headers in a quote are not walked: such a quote has no ports. */
static void quote6(struct vp_packet *p, struct vp_packet_reader *r)
{
	enum vp_decode why;
	const uint8_t *h = vp_packet_take(r, 40, &why);

	if (h == NULL || h[0] >> 4 != 6)
		return;
	p->has_quoted = true;
	p->quoted_proto = h[6];
	p->quoted_src.addr = vp_addr6(h + 8);
	p->quoted_dst.addr = vp_addr6(h + 24);
	quoted_ports(p, r);
}

/* RFC 792: unreachable, source quench, time exceeded, parameter problem. A
 * redirect quotes too, but reports no failure. */
static bool icmp4_is_error(uint8_t type)
{
	return type == 3 || type == 4 || type == 11 || type == 12;
}

static enum vp_decode decode_icmp(struct vp_packet *p,
                                  struct vp_packet_reader *r)
{
	enum vp_decode why;
	const uint8_t *h;

	if (r->wire < 8)
		return VP_DECODE_OK;
	h = vp_packet_take(r, 8, &why);
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

static enum vp_decode decode_ports(struct vp_packet *p,
                                   struct vp_packet_reader *r)
{
	enum vp_decode why;
	const uint8_t *h;

	if (r->wire < 4)
		return VP_DECODE_OK;
	h = vp_packet_take(r, 4, &why);
	if (h == NULL)
		return why;
	p->has_ports = true;
	p->sport = vp_be16(h);
	p->dport = vp_be16(h + 2);
	if (p->proto == IPPROTO_TCP)
		return decode_tcp(p, r);
	if (p->proto == IPPROTO_UDP)
		return decode_udp(r);
	return VP_DECODE_OK;
}

enum vp_decode vp_packet_transport(struct vp_packet *p,
                                   struct vp_packet_reader *r)
{
	enum vp_decode d = VP_DECODE_OK;

	if (!p->later_fragment && proto_has_ports(p->proto)) {
		d = decode_ports(p, r);
	} else if (!p->later_fragment &&
	           (p->proto == IPPROTO_ICMP || p->proto == IPPROTO_ICMPV6)) {
		struct vp_packet_reader body = *r;

		d = decode_icmp(p, &body);
	}
	p->payload = r->c.p;
	p->payload_caplen = (uint32_t)vp_cur_left(&r->c);
	p->payload_len = r->wire;
	return d;
}
