/*
 * evidence.h - the packets that count, as a pcapng file that is whole or not
 * there (draft-ietf-opsawg-pcapng).
 *
 * Written to a temporary beside its path and renamed by the commit. At every
 * moment the temporary ends with a whole block: should a write fail, what was
 * written of it is cut off again, and all later packets are counted only.
 *
 * When max_bytes is reached, FIRST keeps what there is and counts the rest;
 * RING keeps the last packets instead: it writes two temporaries in turn, of
 * half the size each, and the commit joins them. Packets are numbered from 1
 * as vp_evidence_write() takes them; vp_evidence_position() turns such a number
 * into the place in the committed file, as packet tools count.
 */
#ifndef VNETPROBE_EVIDENCE_H
#define VNETPROBE_EVIDENCE_H

#include "vnetprobe/packet.h"

struct vp_evidence;

enum vp_evidence_mode { VP_EVIDENCE_FIRST, VP_EVIDENCE_RING };

struct vp_evidence_options {
	const char *path;
	uint64_t max_bytes; /* 0: 64 MiB; at least 64 KiB */
	enum vp_evidence_mode mode;
	const char *application; /* "vnetprobe 0.1.0" */
	const char *hostname, *os;
	uint32_t snaplen; /* of the capture */
};

/* 0, or -errno with a sentence in why and *out NULL. */
int vp_evidence_open(struct vp_evidence **out,
                     const struct vp_evidence_options *opt, char *why,
                     size_t size);
/* Keeps the first keep bytes (at most caplen) of the frame, with its direction
 * and interface. Returns its number, or 0 if it was left out. */
uint64_t vp_evidence_write(struct vp_evidence *e, const struct vp_frame *frame,
                           uint32_t keep);
/* How often a ring has turned: at each turn it overwrites what was written
 * before the last one. */
uint32_t vp_evidence_turn(const struct vp_evidence *e);
/* The name of an interface (frame->ifindex), before its first packet. */
void vp_evidence_interface(struct vp_evidence *e, int ifindex,
                           const char *name);
/* What `analyze` needs to judge the same, as a comment ("vnetprobe: own tcp
 * 10.0.0.4:40000 203.0.113.7:443"): notes before the first packet stand in the
 * section header, ahead of all packets, later ones in the statistics block that
 * the committed file ends with; each once. 0, or -ENOSPC: then the file says
 * so. */
#define VP_EVIDENCE_NOTES_LEFT_OUT "vnetprobe: notes-left-out"
int vp_evidence_note(struct vp_evidence *e, const char *line);
/* What the statistics block says was lost. */
void vp_evidence_losses(struct vp_evidence *e, uint64_t received,
                        uint64_t dropped, uint64_t interface_dropped);

/* Packets that are not in the file, or will not be. */
uint64_t vp_evidence_left_out(const struct vp_evidence *e);
/* 0, or the -errno of the first failure. */
int vp_evidence_error(const struct vp_evidence *e);

/* Gives the file its name: 0, or -errno and it has not got it. Writes after
 * the commit do nothing. */
int vp_evidence_commit(struct vp_evidence *e);

struct vp_evidence_result { /* after the commit */
	uint64_t packets, bytes;
	char sha256[65]; /* hex */
};
void vp_evidence_result(const struct vp_evidence *e,
                        struct vp_evidence_result *out);
/* 0: it is not in the file (any more). */
uint64_t vp_evidence_position(const struct vp_evidence *e, uint64_t number);

/* Removes the temporaries unless it was committed. NULL is fine. */
void vp_evidence_close(struct vp_evidence *e);

#endif
