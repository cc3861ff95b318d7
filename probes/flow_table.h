/*
 * flow_table.h - what the files of the flow table share.
 *
 * flow.c finds the flow of a packet and counts, flow_payload.c reads DNS and
 * TLS in it, flow_facts.c writes the result; flow_key.c tells flows apart.
 */
#ifndef VP_PROBES_FLOW_TABLE_H
#define VP_PROBES_FLOW_TABLE_H

#include "binding.h"
#include "hash.h"
#include "stream.h"
#include "vnetprobe/flow.h"

#define EPHEMERAL_MIN 32768 /* net.ipv4.ip_local_port_range */

/* proto, then family, address and port of both ends. */
#define VP_FLOW_KEY 39

/* What few flows have. */
struct vp_flow_app {
	char *sni;
	bool doubtful; /* what the other end took for the name is unknown */
	struct vp_stream hello;
	struct vp_stream dns[2]; /* by direction: in, out */
	bool dns_begun[2];
	char **questions;
	size_t n_questions, questions_left_out;
};

struct vp_flow_row {
	uint8_t key[VP_FLOW_KEY];
	uint8_t direction; /* enum vp_direction */
	bool own : 1;
	bool seen : 1;       /* at least one packet */
	bool loop : 1;       /* both ends are this machine's */
	bool loop_out : 1;   /* its outgoing copies are shown as well */
	bool guessed : 1;    /* which end is local */
	bool hello_done : 1; /* or given up */
	bool icmp_error : 1;
	uint8_t spoke[2], alive[2], syn[2], syn_ack[2]; /* in, out */
	uint32_t isn[2]; /* of the byte after the SYN, if syn or syn_ack */
	int ifindex;
	uint64_t packets[2], bytes[2]; /* in, out */
	int64_t first_us, last_us;
	/* In the evidence: how many packets, and their numbers. */
	uint64_t evidence, evidence_first, evidence_last;
	struct vp_flow_app *app; /* NULL until needed */
};

struct vp_flow_fragments; /* flow.c */
struct vp_flow_trace;     /* flow_trace.c */

struct vp_flows {
	struct vp_flow_limits limits;
	struct vp_hash_key key;
	struct vp_index index;
	struct vp_flow_row *rows;
	size_t n_rows, cap_rows;
	struct vp_hash_set local;     /* addresses */
	uint8_t listeners[65536 / 8]; /* a bit for each TCP port */
	struct vp_hash_set resolvers; /* endpoints beside port 53 */
	struct vp_hash_set questions; /* sent: socket, name and type */
	struct vp_bindings *bindings;
	struct vp_stream_budget held;
	size_t text; /* bytes of questions kept with flows */
	struct vp_flow_fragments *fragments;
	struct vp_flow_trace *trace; /* NULL: not asked for */
	struct {
		int ifindex;
		char *name;
	} * interfaces;
	size_t n_interfaces;
	struct vp_hash_set left_out; /* flows */
	uint64_t n_left_out, truncated, undecodable, undecodable_out;
};

void vp_flow_key(uint8_t key[VP_FLOW_KEY], uint8_t proto,
                 const struct vp_addr *local, uint16_t lport,
                 const struct vp_addr *remote, uint16_t rport);
void vp_flow_ends(const struct vp_flow_row *f, struct vp_endpoint *local,
                  struct vp_endpoint *remote);
uint64_t vp_flow_hash_addr(const struct vp_flows *t, const struct vp_addr *a);
uint64_t vp_flow_hash_end(const struct vp_flows *t, const struct vp_addr *a,
                          uint16_t port);

/* Reads what a packet of TCP or UDP carries; out: it goes to the remote. */
void vp_flow_payload(struct vp_flows *t, struct vp_flow_row *f,
                     const struct vp_packet *p, bool out);
/* A new connection on the same ends: what out's side began to send is void. */
void vp_flow_restart(struct vp_flows *t, struct vp_flow_row *f, bool out);
/* A DNS message; out: it goes to the remote. NULL: nothing is kept. */
void vp_flow_trace_message(struct vp_flow_trace *t, const struct vp_packet *p,
                           const uint8_t *msg, size_t len, bool out);
void vp_flow_trace_finish(const struct vp_flow_trace *t,
                          struct vp_facts *facts);
void vp_flow_trace_free(struct vp_flow_trace *t);
void vp_flow_app_free(struct vp_flows *t, struct vp_flow_row *f);

#endif
