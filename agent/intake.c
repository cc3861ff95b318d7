/*
 * intake.c - see intake.h.
 *
 * Evidence is to prove who talked to whom, not what was said. The table of
 * flows tells which packets are needed whole (DNS, handshakes, the first
 * request in plain HTTP); of the others the headers are kept, with those of
 * packets in tunnels: what is left must decode to the same flows again. A
 * request that is kept ends with its head: what follows is its body.
 */
#include "intake.h"

#include <netinet/in.h>
#include <string.h>

#define TUNNELS 2 /* one in another: as deep as the table of flows looks */
#define ICMP_HEADER 8
#define OTHER_HEADER 64 /* GRE and the like: why it cannot be opened */

/* The packet that is in no tunnel any more, and how much of it is headers. */
struct innermost {
	struct vp_packet packet;
	uint32_t more; /* bytes after its payload's beginning */
};

static void open_tunnels(struct innermost *in, const struct vp_packet *p)
{
	in->packet = *p;
	for (int depth = 0; depth < TUNNELS; depth++) {
		struct vp_packet inner;
		const char *kind;
		enum vp_decode d = vp_packet_inner(&inner, &in->packet, &kind);

		if (d != VP_DECODE_OK)
			break;
		in->packet = inner;
	}
	if (in->packet.later_fragment || in->packet.has_ports)
		in->more = 0;
	else if (in->packet.proto == IPPROTO_ICMP ||
	         in->packet.proto == IPPROTO_ICMPV6)
		in->more = ICMP_HEADER;
	else
		in->more = OTHER_HEADER;
}

static bool is_http(const uint8_t *b, uint32_t len)
{
	static const char *const words[] = {
		"GET ",     "HEAD ",  "POST ",   "PUT ",   "DELETE ",
		"CONNECT ", "TRACE ", "OPTIONS", "PATCH ", "HTTP/",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t n = strlen(words[i]);

		if (len >= n && memcmp(b, words[i], n) == 0)
			return true;
	}
	return false;
}

/* A head ends with an empty line; a line may end without CR as well (RFC 9112
 * section 2.2). All of it if its end is not here. */
static uint32_t head_len(const uint8_t *b, uint32_t len)
{
	for (uint32_t i = 0; i + 1 < len; i++) {
		if (b[i] != '\n')
			continue;
		if (b[i + 1] == '\n')
			return i + 2;
		if (b[i + 1] == '\r' && i + 2 < len && b[i + 2] == '\n')
			return i + 3;
	}
	return len;
}

/* How many bytes of the frame to keep. */
static uint32_t keep_len(const struct vp_frame *frame,
                         const struct vp_packet *p, enum vp_keep keep)
{
	const uint8_t *end = frame->data + frame->caplen;
	const struct vp_packet *q;
	struct innermost in;
	uint32_t more;

	open_tunnels(&in, p);
	q = &in.packet;
	if (q->payload < frame->data || q->payload > end)
		return frame->caplen;
	more = in.more;
	if (keep == VP_KEEP_WHOLE) {
		if (q->proto != IPPROTO_TCP ||
		    !is_http(q->payload, q->payload_caplen))
			return frame->caplen;
		more = head_len(q->payload, q->payload_caplen);
	}
	if (more > end - q->payload)
		return frame->caplen;
	return (uint32_t)(q->payload - frame->data) + more;
}

static void save(struct vp_intake *in, const struct vp_frame *frame,
                 const struct vp_packet *p, struct vp_flow_seen seen,
                 uint32_t len)
{
	struct vp_frame f = *frame;
	uint64_t number;

	/* What only the link layer told, the file tells in its own words. */
	if (f.seen == VP_SEEN_UNKNOWN)
		f.seen = p->seen;
	if (f.ifindex == 0)
		f.ifindex = p->ifindex;
	number = vp_evidence_write(in->evidence, &f, len);
	vp_flows_evidence_turn(in->flows, vp_evidence_turn(in->evidence));
	if (number != 0 && seen.row != VP_FLOW_NONE)
		vp_flows_evidence(in->flows, seen.row, number);
}

void vp_intake_frame(struct vp_intake *in, const struct vp_frame *frame)
{
	struct vp_flow_seen seen = { VP_FLOW_NONE, VP_KEEP_WHOLE };
	uint32_t len = frame->caplen;
	struct vp_packet packet;
	enum vp_decode d = vp_packet_decode(&packet, frame);

	if (d == VP_DECODE_OK)
		seen = vp_flows_packet(in->flows, &packet);
	else
		vp_flows_undecoded(in->flows, d, packet.seen);
	if (in->evidence == NULL || seen.keep == VP_KEEP_NOTHING)
		return;
	if (d == VP_DECODE_OK)
		len = keep_len(frame, &packet, seen.keep);
	save(in, frame, &packet, seen, len);
}
