/*
 * capture_file.h - packets from a saved capture, pcap or pcapng, as a stream.
 *
 * Our own reader: a pcapng file may have many interfaces with link types, clock
 * resolutions and snapshot lengths of their own, tell each packet's direction,
 * and end in the middle of a block; memory does not depend on its length.
 * Formats: pcap (both byte orders, microseconds and nanoseconds, "modified"
 * headers refused with a sentence), pcapng (draft-ietf-opsawg-pcapng: section,
 * interface, enhanced, simple and obsolete packet blocks, interface statistics,
 * comments); a file may hold several sections, also of both byte orders.
 */
#ifndef VNETPROBE_CAPTURE_FILE_H
#define VNETPROBE_CAPTURE_FILE_H

#include "vnetprobe/packet.h"

struct vp_capture_file;

/* path "-" is standard input. Returns 0, or -errno with a sentence in why: not
 * readable, or neither format. */
int vp_capture_file_open(struct vp_capture_file **out, const char *path,
                         char *why, size_t size);
/*
 * The next packet: 1; 0 at the end; -errno with why when reading fails or the
 * file is damaged beyond going on (-EBADMSG), now and ever after. frame->data
 * is good until the next call. A time is between 1970 and the year 9999.
 * frame->ifindex is 1 + the number of the interface over all sections (pcap:
 * 0); its name by vp_capture_file_interface(), NULL if unknown.
 */
int vp_capture_file_next(struct vp_capture_file *f, struct vp_frame *frame,
                         char *why, size_t size);
const char *vp_capture_file_interface(const struct vp_capture_file *f,
                                      int ifindex);

struct vp_capture_file_stats {
	uint64_t packets;
	/* The file ends inside a packet or block: what comes after is lost. A
	 * sentence; NULL: it ends as it should. */
	const char *cut;
	/* What interface statistics of the file say was lost. */
	uint64_t dropped, interface_dropped;
	/* Packets and options that contradict themselves and were passed
	 * over: a packet longer than its block, of an interface that nothing
	 * describes, options that run over. The first of them in a sentence;
	 * NULL: none. */
	uint64_t damaged;
	const char *damage;
	uint64_t out_of_order; /* packets with a time before the last one's */
	/* The earliest and the latest time of a packet; 0: none has one. */
	int64_t first_us, last_us;
};
void vp_capture_file_stats(const struct vp_capture_file *f,
                           struct vp_capture_file_stats *out);
/* Comments of section headers and interface statistics, as they stand in the
 * file; called from within vp_capture_file_next(). */
typedef void vp_capture_file_comment_cb(const char *text, size_t len,
                                        void *arg);
void vp_capture_file_on_comment(struct vp_capture_file *f,
                                vp_capture_file_comment_cb *cb, void *arg);
/* The comments of the interface statistics that the file ends with, before any
 * packet is read: what a pipe or a file that was cut cannot tell. Those of one
 * block in order, the last block first; read again in their place later. */
void vp_capture_file_closing_comments(struct vp_capture_file *f,
                                      vp_capture_file_comment_cb *cb,
                                      void *arg);
/* vp_capture_file_next() gives -EINTR when this descriptor becomes readable:
 * so a signal can end an endless input. -1: none. */
void vp_capture_file_stop(struct vp_capture_file *f, int fd);
void vp_capture_file_close(struct vp_capture_file *f); /* NULL is fine */

#endif
