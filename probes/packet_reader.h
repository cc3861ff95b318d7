/*
 * packet_reader.h - a reader of captured frames, which knows two ends.
 *
 * Each layer takes its header from it. One end is that of the bytes captured,
 * the other that of the bytes there were on the wire. A header that crosses
 * the first was cut by us (TRUNCATED); one that crosses the second was never
 * whole (MALFORMED). The IP length then moves both ends in, which drops an
 * Ethernet frame's padding.
 */
#ifndef VP_PROBES_PACKET_READER_H
#define VP_PROBES_PACKET_READER_H

#include <string.h>

#include "cursor.h"
#include "vnetprobe/packet.h"

struct vp_packet_reader {
	struct vp_cursor c; /* bytes captured */
	uint32_t wire;      /* bytes from c.p on, on the wire */
};

/* The next n bytes; NULL with the reason in *why if they are not all there. */
static inline const uint8_t *vp_packet_take(struct vp_packet_reader *r,
                                            uint32_t n, enum vp_decode *why)
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
static inline void vp_packet_trim(struct vp_packet_reader *r, uint32_t n)
{
	if (n >= r->wire)
		return;
	r->wire = n;
	if (vp_cur_left(&r->c) > n)
		r->c.end = r->c.p + n;
}

static inline uint16_t vp_be16(const uint8_t *b)
{
	return (uint16_t)((unsigned)b[0] << 8 | b[1]);
}

static inline uint32_t vp_be32(const uint8_t *b)
{
	return (uint32_t)vp_be16(b) << 16 | vp_be16(b + 2);
}

static inline struct vp_addr vp_addr4(const uint8_t *b)
{
	struct vp_addr a = { .family = 4 };

	memcpy(a.bytes, b, 4);
	return a;
}

static inline struct vp_addr vp_addr6(const uint8_t *b)
{
	struct vp_addr a = { .family = 6 };

	memcpy(a.bytes, b, 16);
	return a;
}

/*
 * Each decodes from its own header on and returns what became of the packet:
 * a frame, what an EtherType names, labels, PPP (packet_encap.c); either IP by
 * its version, IPv4, IPv6 (packet_ip.c); the transport that p->proto names
 * (packet_transport.c).
 */
enum vp_decode vp_packet_ethernet(struct vp_packet *p,
                                  struct vp_packet_reader *r);
enum vp_decode vp_packet_ethertype(struct vp_packet *p,
                                   struct vp_packet_reader *r, uint16_t type);
enum vp_decode vp_packet_mpls(struct vp_packet *p, struct vp_packet_reader *r);
enum vp_decode vp_packet_ppp(struct vp_packet *p, struct vp_packet_reader *r);
enum vp_decode vp_packet_ip(struct vp_packet *p, struct vp_packet_reader *r);
enum vp_decode vp_packet_ipv4(struct vp_packet *p, struct vp_packet_reader *r);
enum vp_decode vp_packet_ipv6(struct vp_packet *p, struct vp_packet_reader *r);
enum vp_decode vp_packet_transport(struct vp_packet *p,
                                   struct vp_packet_reader *r);

#endif
