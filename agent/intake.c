/* intake.c - see intake.h. */
#include "intake.h"

#define TUNNELS 2 /* one in another: as deep as the table of flows looks */

/*
 * How much of a frame its headers are: link layer to transport, and those of
 * the packet in a tunnel, since without them a saved capture could not be
 * judged as the live one was.
 */
static uint32_t headers_of(const struct vp_packet *p,
                           const struct vp_frame *frame)
{
	struct vp_packet inner, outer = *p;
	const uint8_t *end = p->payload;
	const char *kind;

	for (int depth = 0; depth < TUNNELS; depth++) {
		if (vp_packet_inner(&inner, &outer, &kind) != VP_DECODE_OK)
			break;
		outer = inner;
		end = inner.payload;
	}
	if (end < frame->data || end > frame->data + frame->caplen)
		return frame->caplen;
	return (uint32_t)(end - frame->data);
}

static void keep(struct vp_intake *in, const struct vp_frame *frame,
                 const struct vp_packet *p, struct vp_flow_seen seen)
{
	struct vp_frame f = *frame;
	uint32_t len = frame->caplen;
	uint64_t number;

	if (in->evidence == NULL || seen.keep == VP_KEEP_NOTHING)
		return;
	if (seen.keep == VP_KEEP_HEADERS)
		len = headers_of(p, frame);
	/* What only the link layer told, the file tells in its own words. */
	if (f.seen == VP_SEEN_UNKNOWN)
		f.seen = p->seen;
	if (f.ifindex == 0)
		f.ifindex = p->ifindex;
	number = vp_evidence_write(in->evidence, &f, len);
	if (number != 0 && seen.row != VP_FLOW_NONE)
		vp_flows_evidence(in->flows, seen.row, number);
}

void vp_intake_frame(struct vp_intake *in, const struct vp_frame *frame)
{
	struct vp_flow_seen seen = { VP_FLOW_NONE, VP_KEEP_WHOLE };
	struct vp_packet packet;
	enum vp_decode d = vp_packet_decode(&packet, frame);

	if (d == VP_DECODE_OK)
		seen = vp_flows_packet(in->flows, &packet);
	else
		vp_flows_undecoded(in->flows, d, packet.seen);
	keep(in, frame, &packet, seen);
}
