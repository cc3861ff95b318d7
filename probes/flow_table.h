/*
 * flow_table.h - what the files of the flow table share.
 *
 * flow.c finds the flow of a packet and counts; flow_key.c tells flows apart,
 * flow_local.c which end is ours, flow_taps.c at which interfaces a flow was
 * seen, flow_fragment.c whose a later fragment is, flow_nat.c which flow
 * became which, flow_crowd.c what is put together when there are too many,
 * flow_gap.c what is missing of TCP, flow_keep.c what is worth keeping.
 * flow_payload.c reads DNS and TLS; flow_facts.c writes the result, with the
 * names that flow_names.c lists.
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

struct vp_quic;       /* vnetprobe/quic.h */
struct vp_flow_hello; /* flow_hello.c */
struct vp_flow_names; /* flow_names.c */

/* DNS over TCP, by direction: in, out. */
struct vp_flow_dns {
	struct vp_stream stream[2];
	bool begun[2];
	bool guessed[2]; /* where its messages begin: it binds nothing */
};

#define VP_FLOW_OTHER_NAMES 4

/* What few flows have. */
struct vp_flow_app {
	char *sni;
	char *others[VP_FLOW_OTHER_NAMES]; /* claimed beside sni */
	char *http_host, *http_connect;
	char *connects[VP_FLOW_OTHER_NAMES]; /* asked for beside http_connect */
	uint8_t sni_from;                    /* enum vp_name_source */
	bool ech;
	bool doubtful;     /* what the other end took for the name is unknown */
	bool quic_dropped; /* not held any more, nor answered yet */
	uint32_t quic_held; /* bytes of the budget */
	uint64_t quic_last; /* hash of the last connection that has its name */
	struct vp_quic *quic;        /* NULL: none that is not settled */
	struct vp_flow_hello *hello; /* NULL, as well */
	struct vp_flow_dns *dns;
	char **questions;
	size_t n_questions, questions_left_out;
};

/* Which flow: protocol and both ends, as this machine sees them. No padding:
 * ids are compared as five words. */
struct vp_flow_id {
	uint8_t local[16], remote[16];
	uint16_t lport, rport;
	uint8_t family, proto;
	uint16_t tunnel; /* 1 more than its place in tunnels; 0: in none */
};

#define VP_FLOW_TUNNEL_CROWD 0x8000 /* the row is of many flows */
#define VP_FLOW_TUNNELS_MAX 4096

/* How a packet passed an interface: as packets of a socket here do (to the
 * remote going out, from it coming in), the other way round, or untold. */
enum vp_flow_way { VP_WAY_UNTOLD, VP_WAY_SOCKET, VP_WAY_AGAINST };

/* What one interface showed of a flow, one way. Most flows have one such, which
 * stands in the row itself. */
struct vp_flow_tap {
	int ifindex;
	uint32_t next; /* 1 more than its place in taps; 0: the last one */
	uint64_t packets[2], bytes[2]; /* in, out */
	uint8_t way;
};

#define VP_FLOW_LINE 64 /* bytes of a cache line */

/* Two cache lines are touched for each packet; the third seldom. */
/* Packets in the evidence: how many of them, and their numbers. */
struct vp_flow_places {
	uint32_t turn;     /* of the ring, when the last one was written */
	uint32_t n[2];     /* in the turn before, in this one */
	uint32_t first[2]; /* if any */
	uint32_t last;
};

struct vp_flow_row {
	struct vp_flow_id id;
	uint8_t spoke[2], alive[2], syn[2], syn_ack[2]; /* in, out */
	uint8_t direction;                              /* enum vp_direction */
	uint8_t way;                                    /* of the first tap */
	bool own : 1;
	bool seen : 1;       /* at least one packet */
	bool loop : 1;       /* both ends are this machine's */
	bool loop_out : 1;   /* its outgoing copies are shown as well */
	bool guessed : 1;    /* which end is local */
	bool hello_done : 1; /* or given up */
	bool icmp_error : 1;
	bool public : 1;     /* an end is; else bulk is not looked at */
	bool crowd : 1;      /* many flows put together */
	bool connect : 1;    /* HTTP CONNECT was said */
	bool counted_in : 1; /* among those that only came in */
	bool in_outer : 1;   /* NAT made another row of it */
	bool no_gaps : 1;    /* fragments: what is missing cannot be told */
	bool said : 1;       /* we sent more than bare RSTs */
	bool begun_in : 1;   /* gaps: its first segment was seen */
	bool begun_out : 1;
	bool http_in : 1; /* keep: its first payload was seen */
	bool http_out : 1;
	bool opening : 1;  /* gaps: a SYN, not known to be taken yet */
	bool reopened : 1; /* a second SYN of ours, not known to be taken */
	bool has_ours : 1; /* crowd: some of them are from an address of ours */
	int ifindex;       /* of the first tap */
	uint32_t taps;     /* more of them, as vp_flow_tap.next */
	uint64_t packets[2] /* in, out; of the first tap */, bytes[2];
	int64_t first_us, last_us;
	struct vp_flow_app *app; /* NULL until needed */
	uint32_t isn[2]; /* of the byte after the SYN, if syn or syn_ack */
	/* --- */
	uint32_t top[2];     /* gaps: the highest byte seen, plus one */
	uint32_t tls_end[2]; /* handshake records reach to here */
	uint32_t gaps;       /* 1 more than its place in gaps; 0: none */
	uint32_t inner;      /* NAT: the row that it was, plus 1 */
	struct vp_flow_places places; /* in the evidence */
	uint64_t flows;               /* put together */
} __attribute__((aligned(VP_FLOW_LINE)));

struct vp_flow_fragments; /* flow_fragment.c */
struct vp_flow_trace;     /* flow_trace.c */
struct vp_flow_gaps;      /* flow_gap.c */
struct vp_flow_notes;     /* flow_nat.c */
struct vp_flow_crowd;     /* flow_crowd.c */

struct vp_flow_interface {
	int ifindex;
	uint32_t from_row; /* the name holds for rows from this one on */
	enum vp_link_role role;
	char *name;
};

struct vp_flow_tunnel {
	const char *kind;
	struct vp_endpoint peer;
};

/* What an address is, remembered: most packets have few of them. */
#define VP_FLOW_PLACES 256
struct vp_flow_place {
	struct vp_addr addr;
	bool ours, public;
};

struct vp_flows {
	struct vp_flow_limits limits;
	struct vp_hash_key key;
	uint64_t mix[8]; /* keys of vp_flow_hash() */
	struct vp_index index;
	struct vp_flow_row *rows;
	size_t n_rows, cap_rows;
	struct vp_hash_set local;     /* addresses */
	uint8_t listeners[65536 / 8]; /* a bit for each TCP port */
	bool claimed;                 /* by a file: what is added now */
	struct vp_hash_set claimed_local;
	uint8_t claimed_listeners[65536 / 8];
	struct vp_hash_set resolvers; /* endpoints beside port 53 */
	uint8_t resolver_ports[65536 / 8];
	struct vp_hash_set questions; /* sent: socket, name and type */
	struct vp_hash_set asked;     /* the same, with their IDs */
	struct vp_bindings *bindings;
	struct vp_bindings *own_bindings; /* by resolvers of this machine; NULL:
	                                   * they are not known */
	struct vp_stream_budget held;
	size_t text; /* bytes of questions kept with flows */
	struct vp_prefix *vnet;
	size_t n_vnet;
	struct vp_flow_place *places; /* VP_FLOW_PLACES */
	struct vp_flow_tap *taps;
	size_t n_taps, cap_taps;
	struct vp_flow_gaps *gaps;
	size_t n_gaps, cap_gaps;
	struct vp_flow_tunnel *tunnels;
	size_t n_tunnels;
	uint16_t within; /* the tunnel that the packet at hand is in; 0: none */
	struct vp_flow_fragments *fragments;
	struct vp_flow_notes *notes;
	bool passed_on; /* something came in that is for somebody else */
	struct vp_flow_crowd *crowd;
	struct vp_flow_trace *trace; /* NULL: not asked for */
	struct vp_flow_interface *interfaces;
	size_t n_interfaces;
	bool all_interfaces;
	uint32_t evidence_turn;
	vp_flow_new_cb *on_new; /* NULL: nobody wants to know */
	void *on_new_arg;
	int64_t first_us;            /* of the first packet; 0: none yet */
	struct vp_hash_set left_out; /* flows */
	uint64_t n_left_out, names_left_out;
	uint64_t truncated, undecodable, undecodable_out;
	uint64_t undecoded[VP_DECODE_COUNT], undecoded_out[VP_DECODE_COUNT];
};

/* Indices of what is kept by direction. */
enum { VP_FLOW_IN, VP_FLOW_OUT };

/* --- flow_key.c ---------------------------------------------------------- */

void vp_flow_key(uint8_t key[VP_FLOW_KEY], uint8_t proto,
                 const struct vp_addr *local, uint16_t lport,
                 const struct vp_addr *remote, uint16_t rport);
/* The ids of two sockets, and of the same turned round, have one hash. */
void vp_flow_id(struct vp_flow_id *id, uint8_t proto,
                const struct vp_addr *local, uint16_t lport,
                const struct vp_addr *remote, uint16_t rport);
uint64_t vp_flow_hash(const struct vp_flows *t, const struct vp_flow_id *id);
bool vp_flow_id_same(const struct vp_flow_id *a, const struct vp_flow_id *b);
bool vp_flow_id_turned(const struct vp_flow_id *a, const struct vp_flow_id *b);
void vp_flow_id_turn(struct vp_flow_id *id);
void vp_flow_ends(const struct vp_flow_row *f, struct vp_endpoint *local,
                  struct vp_endpoint *remote);
uint64_t vp_flow_hash_addr(const struct vp_flows *t, const struct vp_addr *a);
uint64_t vp_flow_hash_end(const struct vp_flows *t, const struct vp_addr *a,
                          uint16_t port);

/* --- flow_local.c -------------------------------------------------------- */

const struct vp_flow_place *vp_flow_place(struct vp_flows *t,
                                          const struct vp_addr *a);
bool vp_flow_is_ours(const struct vp_flows *t, const struct vp_addr *a);
bool vp_flow_is_dns(const struct vp_flows *t, const struct vp_packet *p);
bool vp_flow_is_syn(const struct vp_packet *p, bool with_ack);
/* For the first packet of a flow of which neither end is known to be ours: is
 * its source the local end? */
bool vp_flow_guess_out(struct vp_flows *t, const struct vp_packet *p);

/* --- flow.c -------------------------------------------------------------- */

struct vp_flow_row *vp_flow_find(const struct vp_flows *t,
                                 const struct vp_flow_id *id, uint64_t hash,
                                 int *dir);
/* A row at the end of the table, whatever the shares; NULL: no memory. */
struct vp_flow_row *vp_flow_append(struct vp_flows *t,
                                   const struct vp_flow_id *id, uint64_t hash);
/* One that found no place; each counts once, as long as that can be told. */
void vp_flow_leave_out(struct vp_flows *t, uint64_t hash);

/* --- flow_taps.c --------------------------------------------------------- */

void vp_flow_tap(struct vp_flows *t, struct vp_flow_row *f,
                 const struct vp_packet *p, int dir);

struct vp_flow_amount {
	uint64_t packets, bytes;
};

/* What all taps of a flow say together. */
struct vp_flow_sight {
	int ifindex;                            /* 0: not known */
	uint64_t packets[2], bytes[2];          /* each packet once */
	struct vp_flow_amount left_as, came_as; /* to the remote, OUT only */
	enum vp_origin origin;
	bool never_left;
	bool left;         /* by any interface */
	bool left_by_exit; /* by a card or the like, not only by loopback */
	bool left_upper;   /* only by what stands on others */
};

/* Did more leave than came in to be passed on? Loosely: what came before the
 * capture began, or found no room in its ring, is allowed for. */
bool vp_flow_made_here(const struct vp_flow_row *f, struct vp_flow_amount left,
                       struct vp_flow_amount came, bool loosely);
/* turned: what the row has as local is the remote end. */
void vp_flow_sight(const struct vp_flows *t, const struct vp_flow_row *f,
                   bool turned, struct vp_flow_sight *out);
/* The name of an interface as the row began; NULL: not known. */
const char *vp_flow_interface_name(const struct vp_flows *t,
                                   const struct vp_flow_row *f, int ifindex);

/* --- flow_fragment.c ----------------------------------------------------- */

void vp_flow_fragment_note(struct vp_flows *t, const struct vp_packet *p,
                           const struct vp_flow_row *f, int dir);
struct vp_flow_row *vp_flow_fragment_find(struct vp_flows *t,
                                          const struct vp_packet *p, int *dir);

/* --- flow_nat.c ---------------------------------------------------------- */

/* Links the row with the one that the packet was a packet of before. */
void vp_flow_nat(struct vp_flows *t, struct vp_flow_row *f,
                 const struct vp_packet *p, int dir);

/* --- flow_crowd.c -------------------------------------------------------- */

/* The row for a flow that is new: its own, or one that many share; NULL if
 * there is no room for it at all. */
struct vp_flow_row *vp_flow_admit(struct vp_flows *t, const struct vp_packet *p,
                                  const struct vp_flow_id *id, uint64_t hash,
                                  int dir, bool public);
/* Something went out: not one of those that only came in any more. */
void vp_flow_crowd_spoke(struct vp_flows *t, struct vp_flow_row *f);
/* Was this flow put together with others, and not only seen coming in? */
bool vp_flow_crowd_has(const struct vp_flows *t, uint64_t hash);
void vp_flow_crowd_free(struct vp_flows *t);

/* --- flow_gap.c ---------------------------------------------------------- */

void vp_flow_gap_segment(struct vp_flows *t, struct vp_flow_row *f,
                         const struct vp_packet *p, int dir);
/* A SYN or SYN-ACK of another connection than before. */
void vp_flow_gap_restart(struct vp_flows *t, struct vp_flow_row *f, int dir,
                         bool opens);
uint64_t vp_flow_gap_bytes(const struct vp_flows *t,
                           const struct vp_flow_row *f);

/* --- flow_keep.c --------------------------------------------------------- */

/* Bulk between private ends: of no interest. It leaves out what the kernel's
 * filter leaves out, so that live and file agree. */
bool vp_flow_is_bulk(const struct vp_flows *t, const struct vp_packet *p);
/* Does it begin as a request to an HTTP proxy does? Only with payload of TCP.
 */
bool vp_flow_asks_proxy(const struct vp_packet *p);
/* f NULL: the packet is of no row. */
enum vp_keep vp_flow_keep(struct vp_flows *t, struct vp_flow_row *f,
                          const struct vp_packet *p, int dir);

/* --- flow_payload.c ------------------------------------------------------ */

/* Reads what a packet of TCP or UDP carries; out: it goes to the remote. */
void vp_flow_payload(struct vp_flows *t, struct vp_flow_row *f,
                     const struct vp_packet *p, bool out);
/* A new connection on the same ends: what out's side began to send is void. */
void vp_flow_restart(struct vp_flows *t, struct vp_flow_row *f, bool out);
void vp_flow_places_add(const struct vp_flows *t, const struct vp_flow_row *f,
                        struct vp_flow *out);
void vp_flow_app_free(struct vp_flows *t, struct vp_flow_row *f);
/* What is said of the flow beside counts; NULL: no memory. */
struct vp_flow_app *vp_flow_app(struct vp_flow_row *f);
/* Of its first byte of data. */
uint32_t vp_flow_data_seq(const struct vp_packet *p);

/* --- flow_hello.c -------------------------------------------------------- */

/* Bytes that may name whom a client wants. */
void vp_flow_hello(struct vp_flows *t, struct vp_flow_row *f,
                   const struct vp_packet *p, bool out);
/* A segment for which vp_flow_asks_proxy(), anywhere in a connection. */
void vp_flow_hello_connect(struct vp_flows *t, struct vp_flow_row *f,
                           const struct vp_packet *p, bool out);
/* The other end has the client's bytes up to there; only with app->hello. */
void vp_flow_hello_acked(struct vp_flows *t, struct vp_flow_row *f,
                         uint32_t ack);
void vp_flow_hello_restart(struct vp_flows *t, struct vp_flow_row *f, bool out);
/* Is one still waited for, of which a part was not captured? */
bool vp_flow_hello_is_cut(const struct vp_flow_row *f);
/* May this segment be of a TLS hello that is not whole yet? */
bool vp_flow_hello_wants(const struct vp_flow_row *f, const struct vp_packet *p,
                         bool out);
/* Only with app, which stays. */
void vp_flow_hello_free(struct vp_flows *t, struct vp_flow_row *f);

/* --- flow_names.c -------------------------------------------------------- */

/* In the facts' arena. */
struct vp_flow_names *vp_flow_names_create(const struct vp_flows *t,
                                           const struct vp_facts *facts);
bool vp_flow_names_target(const struct vp_flow_names *w, const char *name);
/* The names of its remote end, once the rest of out is written. */
void vp_flow_names_write(struct vp_flow_names *w, struct vp_flow *out,
                         bool doubtful);

/* --- flow_trace.c -------------------------------------------------------- */

/* A DNS message; out: it goes to the remote. NULL: nothing is kept. */
void vp_flow_trace_message(struct vp_flow_trace *t, const struct vp_packet *p,
                           const uint8_t *msg, size_t len, bool out);
void vp_flow_trace_finish(const struct vp_flow_trace *t,
                          struct vp_facts *facts);
void vp_flow_trace_free(struct vp_flow_trace *t);

#endif
