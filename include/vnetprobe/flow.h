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
/* A TCP port that somebody here listens at: of a connection there whose start
 * was not seen, the peer is taken to have begun it. */
void vp_flows_add_listener(struct vp_flows *t, uint16_t port);
/* The name of an interface by its index, for the report. */
void vp_flows_add_interface(struct vp_flows *t, int ifindex, const char *name);

/* Keeps every DNS message from now on, for facts->trace: at most so many (0:
 * 20000), the rest is counted. Returns 0 or -ENOMEM. */
int vp_flows_trace(struct vp_flows *t, size_t most);

void vp_flows_packet(struct vp_flows *t, const struct vp_packet *p);
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
 * prefixes of the policy, and those whose remote is an address of a target or
 * an endpoint of a resolver; ordered by first_us. Adds to the counts of
 * facts->capture (undecodable, truncated, flows_left_out). With
 * vp_flows_trace(), facts->trace as well, in order of time.
 */
void vp_flows_finish(const struct vp_flows *t, struct vp_facts *facts);

#endif
