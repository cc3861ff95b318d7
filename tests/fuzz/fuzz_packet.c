/* The first byte chooses the link type, the second how much was cut off. */
#include <pcap/dlt.h>
#include <stdlib.h>

#include "vnetprobe/packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(const struct vp_packet *p, const struct vp_frame *f)
{
	if (p->payload < f->data || p->payload > f->data + f->caplen)
		abort();
	if (p->payload_caplen > f->data + f->caplen - p->payload)
		abort();
	if (p->payload_caplen > p->payload_len || p->payload_len > p->ip_len)
		abort();
	if (p->ip_len > f->len && p->ip_len > f->caplen)
		abort();
}

/* Within a first fragment the rest may follow: lengths are not bounded by the
 * frame then. */
static void tunnels(const struct vp_packet *outer, const struct vp_frame *f,
                    bool whole, unsigned depth)
{
	struct vp_packet p;
	const char *kind = NULL;

	if (vp_packet_inner(&p, outer, &kind) != VP_DECODE_OK)
		return;
	whole = whole && !outer->fragment;
	if (kind == NULL || p.payload < outer->payload ||
	    p.payload + p.payload_caplen >
	            outer->payload + outer->payload_caplen ||
	    p.payload_caplen > p.payload_len)
		abort();
	if (whole)
		inside(&p, f);
	if (depth < 8)
		tunnels(&p, f, whole, depth + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int types[] = { DLT_LINUX_SLL2, DLT_EN10MB, DLT_LINUX_SLL,
		                     DLT_RAW,        DLT_IPV4,   DLT_IPV6,
		                     DLT_NULL,       DLT_PPP };
	struct vp_frame f = { 0 };
	struct vp_packet p;

	if (size < 2)
		return 0;
	f.linktype = types[data[0] & 7];
	f.data = data + 2;
	f.caplen = (uint32_t)(size - 2);
	f.len = f.caplen + (data[1] & 0x7fu) * (data[1] & 0x80 ? 1000 : 1);
	if (vp_packet_decode(&p, &f) == VP_DECODE_OK) {
		inside(&p, &f);
		tunnels(&p, &f, true, 0);
	}
	return 0;
}
