/*
 * capture_file_private.h - what the files of the capture reader share.
 *
 * capture_file.c opens, reads pcap and keeps count; capture_file_blocks.c
 * reads the blocks of pcapng; capture_file_options.c what they carry beside
 * packets: clocks, losses, comments.
 */
#ifndef VP_PROBES_CAPTURE_FILE_PRIVATE_H
#define VP_PROBES_CAPTURE_FILE_PRIVATE_H

#include <string.h>

#include "file_window.h"
#include "vnetprobe/capture_file.h"

/* A packet or block of more bytes is no packet of ours. */
#define VP_FILE_BLOCK_MAX (16u << 20)
#define VP_FILE_INTERFACES_MAX 16384

/* Units of a file's time to microseconds: times mul, shifted, over div. */
struct vp_file_clock {
	uint64_t mul, div; /* div 0: units too small for 64 bits to matter */
	unsigned shift;
	int64_t offset_us;
};

struct vp_file_interface {
	int linktype;
	uint32_t snaplen; /* 0: not limited */
	struct vp_file_clock clock;
	char *name;
	uint64_t os_dropped, if_dropped; /* as its last statistics say */
	uint64_t counted;                /* as its packets say, one by one */
};

struct vp_capture_file {
	struct vp_file_window in;
	bool blocks;  /* pcapng */
	bool swapped; /* another byte order than this machine's */
	struct vp_file_interface *interfaces; /* of all sections */
	size_t n_interfaces, cap_interfaces;
	size_t first_interface; /* of this section */
	int64_t time_us;        /* of the last packet that had one */
	struct vp_capture_file_stats stats;
	char cut[160], damage[160];
	int failed; /* -errno, for good; why says the rest */
	char why[200];
	vp_capture_file_comment_cb *on_comment;
	void *comment_arg;
};

static inline uint16_t vp_file_u16(bool swapped, const uint8_t *b)
{
	uint16_t v;

	memcpy(&v, b, sizeof(v));
	return swapped ? __builtin_bswap16(v) : v;
}

static inline uint32_t vp_file_u32(bool swapped, const uint8_t *b)
{
	uint32_t v;

	memcpy(&v, b, sizeof(v));
	return swapped ? __builtin_bswap32(v) : v;
}

static inline uint64_t vp_file_u64(bool swapped, const uint8_t *b)
{
	uint64_t v;

	memcpy(&v, b, sizeof(v));
	return swapped ? __builtin_bswap64(v) : v;
}

/* What files call a link type, as libpcap does. */
int vp_file_linktype(uint32_t linktype);

/* --- how reading goes on, capture_file.c ---------------------------------- */

/* Nothing can be read any more: -EBADMSG, also from now on. */
__attribute__((format(printf, 2, 3))) int
vp_file_refuse(struct vp_capture_file *f, const char *fmt, ...);
/* There are fewer bytes than a block or packet wants: 0, and the cut is noted;
 * or reading failed: -errno. */
int vp_file_ends(struct vp_capture_file *f);
/* Something is passed over; the first one is kept as a sentence. */
__attribute__((format(printf, 2, 3))) void
vp_file_damaged(struct vp_capture_file *f, const char *fmt, ...);
/* Counts a packet: 1. Without a time, that of the last one is taken. */
int vp_file_packet(struct vp_capture_file *f, struct vp_frame *frame,
                   bool timed);
/* A new interface, all zero; NULL with f->failed set. */
struct vp_file_interface *vp_file_interface_add(struct vp_capture_file *f);

/* --- pcapng, capture_file_blocks.c ---------------------------------------- */

int vp_file_next_block_packet(struct vp_capture_file *f,
                              struct vp_frame *frame);

/* --- what options say, capture_file_options.c ----------------------------- */

#define VP_FILE_OPTION_COMMENT 1

struct vp_file_options {
	const uint8_t *p, *end;
	bool swapped, over; /* over: they run over their end */
	uint16_t code, len;
	const uint8_t *value;
};

/* False at their end. */
bool vp_file_option_next(struct vp_file_options *o);

int64_t vp_file_time(const struct vp_file_clock *c, uint64_t units);
/* if_tsresol: a power of 10, or of 2 with the first bit set. */
void vp_file_clock_set(struct vp_file_clock *c, uint8_t tsresol);
void vp_file_read_interface(struct vp_capture_file *f,
                            struct vp_file_interface *i,
                            struct vp_file_options *o);
void vp_file_read_statistics(struct vp_capture_file *f,
                             struct vp_file_interface *i, /* NULL: unknown */
                             struct vp_file_options *o);
void vp_file_read_comments(struct vp_capture_file *f,
                           struct vp_file_options *o);
enum vp_seen vp_file_read_packet(struct vp_capture_file *f,
                                 struct vp_file_interface *i,
                                 struct vp_file_options *o);

#endif
