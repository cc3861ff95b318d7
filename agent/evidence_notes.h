/*
 * evidence_notes.h - the lines in an evidence file that let `analyze` judge its
 * packets as the run that saved them did:
 *
 *     vnetprobe: local ADDR                 an address of that machine
 *     vnetprobe: vnet PREFIX                a prefix of the VNet
 *     vnetprobe: own PROTO LOCAL REMOTE     a probe of the run
 *     vnetprobe: interface INDEX NAME ROLE
 *     vnetprobe: left-out N                 packets that are not in the file
 *
 * They stand in the file as comments; anybody may have written them, as
 * anybody may have written its packets.
 */
#ifndef VP_AGENT_EVIDENCE_NOTES_H
#define VP_AGENT_EVIDENCE_NOTES_H

#include "vnetprobe/flow.h"

enum vp_note_kind {
	VP_NOTE_LOCAL,
	VP_NOTE_VNET,
	VP_NOTE_OWN,
	VP_NOTE_INTERFACE,
	VP_NOTE_LEFT_OUT,
};

#define VP_NOTE_NAME 64

struct vp_note { /* what its kind has; the rest is zero */
	enum vp_note_kind kind;
	struct vp_addr addr;   /* LOCAL */
	struct vp_prefix vnet; /* VNET */
	uint8_t proto;         /* OWN */
	struct vp_endpoint local, remote;
	int ifindex; /* INTERFACE: as that machine numbers it */
	char name[VP_NOTE_NAME];
	enum vp_link_role role;
	uint64_t packets; /* LEFT_OUT */
};

/* Returns 0; -ENOENT for a comment that is no note, or one of a kind not known
 * here; -EINVAL for a note that cannot be read. */
int vp_note_read(struct vp_note *out, const char *text, size_t len);

#endif
