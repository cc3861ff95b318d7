/*
 * evidence_notes.h - the lines in an evidence file that let `analyze` judge its
 * packets as the run that saved them did:
 *
 *     vnetprobe: local ADDR                 an address of that machine
 *     vnetprobe: vnet PREFIX                a prefix of the VNet
 *     vnetprobe: interface INDEX NAME ROLE
 *     vnetprobe: listener PORT              a TCP port somebody listened at
 *     vnetprobe: resolver ADDR:PORT         one that this machine asks
 *     vnetprobe: resolvers-known            it asks no others
 *     vnetprobe: all-interfaces             none was left unwatched
 *     vnetprobe: own PROTO LOCAL REMOTE     a probe of the run
 *     vnetprobe: left-out N                 packets that are not in the file
 *     vnetprobe: notes-left-out             notes that are not
 *
 * They stand in the file as comments, those above "own" ahead of all packets,
 * the others behind them; anybody may have written them, as anybody may have
 * written its packets. Bytes of a name that are not printable ASCII, spaces and
 * '%' are written %XX.
 */
#ifndef VP_AGENT_EVIDENCE_NOTES_H
#define VP_AGENT_EVIDENCE_NOTES_H

#include "vnetprobe/evidence.h"
#include "vnetprobe/facts.h"
#include "vnetprobe/flow.h"

/* --- writing: all but the last two before the first packet -----------------
 */

void vp_evidence_note_local(struct vp_evidence *e, const struct vp_addr *addr);
void vp_evidence_note_interface(struct vp_evidence *e, int index,
                                const char *name, enum vp_link_role role);
void vp_evidence_note_listener(struct vp_evidence *e, uint16_t port);
void vp_evidence_note_all_interfaces(struct vp_evidence *e);
/* The VNet's prefixes, and resolvers. */
void vp_evidence_note_plan(struct vp_evidence *e, const struct vp_facts *facts);
/* These, with those of the plan, are all that this machine has. */
void vp_evidence_note_resolvers(struct vp_evidence *e,
                                const struct vp_facts *plan,
                                const struct vp_facts *told);
/* Of the flows in the facts, those of our own probes. */
void vp_evidence_note_own(struct vp_evidence *e, const struct vp_facts *facts);
/* If any packet was. */
void vp_evidence_note_left_out(struct vp_evidence *e);

/* --- reading -------------------------------------------------------------- */

enum vp_note_kind {
	VP_NOTE_LOCAL,
	VP_NOTE_VNET,
	VP_NOTE_OWN,
	VP_NOTE_INTERFACE,
	VP_NOTE_LISTENER,
	VP_NOTE_RESOLVER,
	VP_NOTE_RESOLVERS_KNOWN,
	VP_NOTE_ALL_INTERFACES,
	VP_NOTE_LEFT_OUT,
	VP_NOTE_NOTES_LEFT_OUT,
};

#define VP_NOTE_NAME 64

struct vp_note { /* what its kind has; the rest is zero */
	enum vp_note_kind kind;
	struct vp_addr addr;              /* LOCAL */
	struct vp_prefix vnet;            /* VNET */
	uint8_t proto;                    /* OWN */
	struct vp_endpoint local, remote; /* remote also: RESOLVER */
	int ifindex; /* INTERFACE: as that machine numbers it */
	char name[VP_NOTE_NAME];
	enum vp_link_role role;
	uint16_t port;    /* LISTENER */
	uint64_t packets; /* LEFT_OUT */
};

/* Returns 0; -ENOENT for a comment that is no note, or one of a kind not known
 * here; -EINVAL for a note that cannot be read. */
int vp_note_read(struct vp_note *out, const char *text, size_t len);

#endif
