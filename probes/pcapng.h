/*
 * pcapng.h - blocks of a pcapng file, made in memory
 * (draft-ietf-opsawg-pcapng).
 *
 * A block is begun, filled and ended; what finds no room leaves the blocks
 * before it as they are. Numbers are in this machine's byte order, which the
 * section header tells.
 */
#ifndef VP_PROBES_PCAPNG_H
#define VP_PROBES_PCAPNG_H

#include "vnetprobe/packet.h"

struct vp_pcapng {
	uint8_t *data;
	size_t size, len;
	size_t begun; /* where the block under way begins */
	bool full;    /* the block under way found no room */
};

/* Comments as vp_pcapng_comment() makes them, one behind the other. */
struct vp_pcapng_comments {
	uint8_t *data;
	size_t len, size;
};

/* Each returns the bytes that it added, or 0 if there was no room. */
size_t vp_pcapng_section(struct vp_pcapng *b, const char *os,
                         const char *application, const char *comment,
                         const struct vp_pcapng_comments *more);
size_t vp_pcapng_interface(struct vp_pcapng *b, int linktype, uint32_t snaplen,
                           const char *name);
/* The first keep bytes of the frame; interface: from 0 on. */
size_t vp_pcapng_packet(struct vp_pcapng *b, uint32_t interface,
                        const struct vp_frame *frame, uint32_t keep);

/* The statistics of interface 0. */
struct vp_pcapng_statistics {
	int64_t now_us;
	uint64_t received, dropped, interface_dropped;
	const struct vp_pcapng_comments *comments;
};
size_t vp_pcapng_statistics(struct vp_pcapng *b,
                            const struct vp_pcapng_statistics *s);

/* What vp_pcapng_packet() adds for so many bytes. */
size_t vp_pcapng_packet_size(uint32_t keep);
bool vp_pcapng_has_comment(const struct vp_pcapng_comments *c,
                           const char *text);
/* 0, or -ENOSPC: there would be more than most bytes of them, it is too long,
 * or there is no memory. data is for free(). */
int vp_pcapng_comment(struct vp_pcapng_comments *c, const char *text,
                      size_t most);

#endif
