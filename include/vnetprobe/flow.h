/*
 * flow.h - the table of flows: who talked to whom, under which names.
 *
 * Fed with decoded packets in capture order; pure, no clock, no I/O. A flow is
 * the 5-tuple seen from this machine. DNS answers bind names to addresses
 * (whole chain: every owner in it) if the socket they come to was seen asking
 * just that; a ClientHello, also one split over segments that arrive in any
 * order, claims one. Memory is bounded by the limits; what did not fit is
 * counted, never silent.
 */
#ifndef VNETPROBE_FLOW_H
#define VNETPROBE_FLOW_H

#include "vnetprobe/facts.h"
#include "vnetprobe/packet.h"

struct vp_flows;

/* What an interface is to the flows that pass it: of several that show the
 * same packets, the highest counts and gives the flow its interface. */
enum vp_link_role {
	VP_LINK_UNKNOWN, /* as EXIT */
	VP_LINK_LOOPBACK,
	VP_LINK_ENTRY, /* the end of another namespace or guest here: veth,
	                * tap; what comes in there was sent on this machine */
	VP_LINK_UPPER, /* stands on others: bridge, VLAN, macvlan, tunnel */
	VP_LINK_LOWER, /* beneath a master that shows the same packets: VF of
	                * a synthetic interface, member of a bond or team */
	VP_LINK_EXIT,  /* a card, bond, or whatever routes lead out by */
};

/* What the evidence should keep of a packet. */
enum vp_keep {
	VP_KEEP_NOTHING, /* bulk between private ends */
	VP_KEEP_HEADERS,
	VP_KEEP_WHOLE, /* DNS, handshakes, ICMP errors, self-test, what could
	                * not be decoded */
};

#define VP_FLOW_NONE UINT32_MAX

struct vp_flow_seen {
	uint32_t row; /* VP_FLOW_NONE: of no flow in the table */
	enum vp_keep keep;
};

/* A flow with a public remote end was added; from within
 * vp_flows_packet(). */
typedef void vp_flow_new_cb(uint8_t proto, const struct vp_endpoint *local,
                            const struct vp_endpoint *remote, void *arg);

struct vp_flow_limits {   /* 0: the default */
	size_t flows;     /* 200000 */
	size_t names;     /* bindings, 200000 */
	size_t questions; /* a flow, 32 */
	size_t hellos;    /* bytes held for unfinished hellos, 4 MiB */
};

struct vp_flows *vp_flows_create(const struct vp_flow_limits *limits);
void vp_flows_destroy(struct vp_flows *t);

/* This machine's own addresses: decides which end is local where the frame
 * does not tell. Call again when they change; the sets add up. */
void vp_flows_add_local(struct vp_flows *t, const struct vp_addr *addr);
/* A resolver on another port than 53: what is said to it is DNS as well. */
void vp_flows_add_resolver(struct vp_flows *t,
                           const struct vp_endpoint *resolver);
/* Those that were added (on port 53, too) are all that this machine has, beside
 * loopback addresses and Azure's: what others answer is foreign from now on.
 * 0 or -ENOMEM. */
int vp_flows_know_resolvers(struct vp_flows *t);
/* A TCP port that somebody here listens at: of a connection there whose start
 * was not seen, the peer is taken to have begun it. */
void vp_flows_add_listener(struct vp_flows *t, uint16_t port);
/* The name and role of an interface by its index; a later call changes the
 * role, and the name for flows that begin after it. */
void vp_flows_add_interface(struct vp_flows *t, int ifindex, const char *name,
                            enum vp_link_role role);
/* All interfaces are watched: "never seen going out" then means something. */
void vp_flows_all_interfaces(struct vp_flows *t);
/* Prefixes that are private beside those of RFC 1918 and the like; before the
 * first packet. */
void vp_flows_add_vnet(struct vp_flows *t, const struct vp_prefix *vnet);
/* What is added from here on is only claimed, by a file that somebody handed
 * over. It is used, and facts->capture.claimed_flows counts the flows that are
 * not judged as public by nothing but its word. */
void vp_flows_claimed(struct vp_flows *t);
void vp_flows_on_new(struct vp_flows *t, vp_flow_new_cb *cb, void *arg);

/* Keeps every DNS message from now on, for facts->trace: at most so many (0:
 * 20000), the rest is counted. Returns 0 or -ENOMEM. */
int vp_flows_trace(struct vp_flows *t, size_t most);

/* Also accounts what a tunnel carries (vp_packet_inner()). */
struct vp_flow_seen vp_flows_packet(struct vp_flows *t,
                                    const struct vp_packet *p);
/* This packet of the row has this number in the evidence (from 1). */
void vp_flows_evidence(struct vp_flows *t, uint32_t row, uint64_t number);
/* How often the evidence, as a ring, has turned: packets of the turns before
 * the last one are overwritten. */
void vp_flows_evidence_turn(struct vp_flows *t, uint32_t turn);
/* Counts a frame that could not be decoded (TRUNCATED, MALFORMED, ...). */
void vp_flows_undecoded(struct vp_flows *t, enum vp_decode why,
                        enum vp_seen seen);

/* Says that this socket is one of our probes: its flow, seen or to come, is
 * our own. */
void vp_flows_own(struct vp_flows *t, uint8_t proto,
                  const struct vp_endpoint *local,
                  const struct vp_endpoint *remote);

/* Was an outgoing packet of this socket seen? */
bool vp_flows_saw(const struct vp_flows *t, uint8_t proto,
                  const struct vp_endpoint *local,
                  const struct vp_endpoint *remote);
/* Was this question seen going out from this socket? */
bool vp_flows_saw_question(const struct vp_flows *t, uint8_t proto,
                           const struct vp_endpoint *local,
                           const struct vp_endpoint *remote, const char *name,
                           uint16_t type);

/*
 * Writes into the facts: all flows whose remote is public under the vnet
 * prefixes of the policy, those whose remote is an address of a target or an
 * endpoint of a resolver, and those with an HTTP CONNECT; ordered by first_us.
 * A flow that source NAT on this machine made of another is one, with
 * translated_from. Adds to the counts of facts->capture (undecodable,
 * truncated, flows_left_out, names_left_out, gaps). With vp_flows_trace(),
 * facts->trace as well, in order of time.
 */
void vp_flows_finish(const struct vp_flows *t, struct vp_facts *facts);

#endif
