/*
 * packet_ip.c - IPv4, IPv6 and its extension headers, up to where
 * packet_transport.c takes over.
 */
#include "packet_reader.h"

#include <netinet/in.h>
#include <string.h>

#define EXTENSIONS_MAX 16

#define NH_HOP_BY_HOP 0
#define NH_ROUTING 43
#define NH_FRAGMENT 44
#define NH_AH 51
#define NH_DEST_OPTIONS 60
#define NH_MOBILITY 135 /* RFC 6275 */
#define NH_HIP 139      /* RFC 7401 */
#define NH_SHIM6 140    /* RFC 5533 */

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
	return VP_DECODE_TOO_DEEP;
}

enum vp_decode vp_packet_ipv4(struct vp_packet *p, struct vp_packet_reader *r)
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
	if (h[0] >> 4 != 4)
		return VP_DECODE_IP_VERSION;
	if (header_len < 20 || total < header_len)
		return VP_DECODE_MALFORMED;
	if (total > on_wire)
		return VP_DECODE_IP_LENGTH;
	p->ip_len = total;
	vp_packet_trim(r, total - 20);
	p->src = vp_addr4(h + 12);
	p->dst = vp_addr4(h + 16);
	p->ip_id = vp_be16(h + 4);
	offset = vp_be16(h + 6);
	p->fragment = (offset & 0x3fff) != 0; /* more fragments, or not first */
	p->later_fragment = (offset & 0x1fff) != 0;
	p->fragment_id = p->fragment ? p->ip_id : 0;
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

enum vp_decode vp_packet_ipv6(struct vp_packet *p, struct vp_packet_reader *r)
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
	if (h[0] >> 4 != 6)
		return VP_DECODE_IP_VERSION;
	if (len > r->wire)
		return VP_DECODE_IP_LENGTH;
	p->ip_len = len + 40;
	vp_packet_trim(r, len);
	p->src = vp_addr6(h + 8);
	p->dst = vp_addr6(h + 24);
	return decode_extensions(p, r, h[6]);
}

enum vp_decode vp_packet_ip(struct vp_packet *p, struct vp_packet_reader *r)
{
	if (r->wire == 0)
		return VP_DECODE_MALFORMED;
	if (vp_cur_left(&r->c) == 0)
		return VP_DECODE_TRUNCATED;
	switch (r->c.p[0] >> 4) {
	case 4:
		return vp_packet_ipv4(p, r);
	case 6:
		return vp_packet_ipv6(p, r);
	default:
		return VP_DECODE_IP_VERSION;
	}
}
