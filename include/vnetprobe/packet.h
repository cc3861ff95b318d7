/*
 * packet.h - what a captured frame says: link layer to transport.
 *
 * Decodes Ethernet, Linux cooked v1 and v2, raw IP, PPP, VLAN and QinQ tags,
 * SNAP, MPLS, PPPoE, IPv4, IPv6 with its extension headers, fragments, TCP, UDP
 * and ICMP. Allocates nothing; pointers in the result point into the frame.
 */
#ifndef VNETPROBE_PACKET_H
#define VNETPROBE_PACKET_H

#include "vnetprobe/addr.h"

enum vp_seen { /* who moved it, as the cooked header or the file says */
	       VP_SEEN_UNKNOWN,
	       VP_SEEN_IN,
	       VP_SEEN_OUT,
	       VP_SEEN_OTHER, /* for another host: promiscuous, bridged */
};

struct vp_frame {
	int64_t ts_us; /* Unix microseconds */
	/* What is known beside the bytes; what the link layer says wins. */
	enum vp_seen seen;
	int ifindex;  /* 0: not known */
	int linktype; /* DLT_... */
	const uint8_t *data;
	uint32_t caplen; /* bytes at data */
	uint32_t len;    /* bytes on the wire */
};

#define VP_DECODES(X)                                                          \
	X(OK, "ok")                                                            \
	X(NOT_IP, "not-ip")       /* ARP, LLDP, ...: nothing to judge */       \
	X(TRUNCATED, "truncated") /* headers cut by the snapshot length */     \
	X(MALFORMED, "malformed")                                              \
	X(IP_VERSION, "ip-version") /* neither 4 nor 6, or not as announced */ \
	X(IP_LENGTH, "ip-length")   /* IP says more than there was */          \
	X(TOO_DEEP, "too-deep") /* more tags, labels or headers than read */   \
	X(OPAQUE, "opaque")     /* may carry IP: encrypted, unknown */         \
	X(UNKNOWN_LINK, "unknown-link-type")

enum vp_decode {
#define X(id, name) VP_DECODE_##id,
	VP_DECODES(X)
#undef X
		VP_DECODE_COUNT
};

#define VP_TCP_FIN 0x01
#define VP_TCP_SYN 0x02
#define VP_TCP_RST 0x04
#define VP_TCP_PSH 0x08
#define VP_TCP_ACK 0x10

struct vp_packet {
	int64_t ts_us;
	enum vp_seen seen;
	int ifindex;    /* 0: the link type does not tell */
	uint8_t mac[6]; /* source, if has_mac */
	bool has_mac;
	uint16_t vlan;  /* outermost tag's id; 0: none */
	uint16_t ip_id; /* IPv4; 0: none */
	struct vp_addr src, dst;
	uint8_t proto;       /* transport: IPPROTO_TCP, ... after extension
	                      * headers */
	uint32_t ip_len;     /* bytes of the IP packet on the wire */
	bool fragment;       /* part of a fragmented packet */
	bool later_fragment; /* not the first: has no ports */
	uint32_t fragment_id;
	bool has_ports;
	uint16_t sport, dport;
	uint8_t tcp_flags;
	uint32_t seq, ack;
	uint8_t icmp_type, icmp_code;
	/* An ICMP error quotes the packet that caused it. */
	bool has_quoted;
	uint8_t quoted_proto;
	struct vp_endpoint quoted_src, quoted_dst;
	const uint8_t *payload;  /* of TCP or UDP, or of the IP packet */
	uint32_t payload_caplen; /* bytes there */
	uint32_t payload_len;    /* bytes there were on the wire */
};

enum vp_decode vp_packet_decode(struct vp_packet *out,
                                const struct vp_frame *frame);

/*
 * The packet inside one of a tunnel: IP in IP (RFC 2003, 2473, 4213), GRE (RFC
 * 2784, 2890; PPTP), VXLAN (RFC 7348, also on Linux's old port), Geneve (RFC
 * 8926), EtherIP, MPLS or Ethernet in IP. *kind then names it ("ipip", "6in4",
 * "4in6", "6in6", "gre", "vxlan", "geneve", "etherip", "mpls", "ethernet").
 * NOT_IP: it is no tunnel, a later fragment, or carries something else. Time,
 * direction and interface are the outer packet's. Of what only looks like a
 * tunnel by its port the result may be anything but OK.
 */
enum vp_decode vp_packet_inner(struct vp_packet *inner,
                               const struct vp_packet *outer,
                               const char **kind);
const char *vp_decode_name(enum vp_decode d);

#endif
