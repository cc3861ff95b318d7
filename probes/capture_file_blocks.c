/*
 * capture_file_blocks.c - the blocks of pcapng (draft-ietf-opsawg-pcapng).
 *
 * Each block is a type, its length, a body, and the length again. A section
 * header says in which byte order its section is, and ends what interfaces
 * there were: numbers begin at 0 in each. Blocks that say nothing of packets
 * (names, secrets, what others have added) are skipped, however long.
 */
#include "capture_file_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define BYTE_ORDER_MAGIC 0x1a2b3c4du

#define BLOCK_SECTION 0x0a0d0d0au
#define BLOCK_INTERFACE 1
#define BLOCK_PACKET 2 /* obsolete */
#define BLOCK_SIMPLE 3
#define BLOCK_STATISTICS 5
#define BLOCK_ENHANCED 6

#define LEAST_BLOCK 12
#define DROPS_UNKNOWN 0xffff
#define CLOSING_BLOCKS 1024

struct block {
	uint32_t type, len;
	const uint8_t *b; /* len bytes, of which the last four were checked */
};

static unsigned long long offset(const struct vp_capture_file *f)
{
	return vp_file_window_offset(&f->in);
}

/* The least length of a block that is looked into; 0: it is skipped. */
static uint32_t least_length(uint32_t type)
{
	switch (type) {
	case BLOCK_SECTION:
		return 28;
	case BLOCK_INTERFACE:
		return 20;
	case BLOCK_SIMPLE:
		return 16;
	case BLOCK_STATISTICS:
		return 24;
	case BLOCK_PACKET:
	case BLOCK_ENHANCED:
		return 32;
	default:
		return 0;
	}
}

static struct vp_file_options options_from(const struct vp_capture_file *f,
                                           const struct block *b, size_t from)
{
	return (struct vp_file_options){ .p = b->b + from,
		                         .end = b->b + b->len - 4,
		                         .swapped = f->swapped };
}

/* --- blocks one by one -----------------------------------------------------
 */

/* A section header decides how its own length is to be read. 1, 0, -errno. */
static int read_byte_order(struct vp_capture_file *f)
{
	const uint8_t *h = vp_file_window_need(&f->in, LEAST_BLOCK);
	uint32_t magic;

	if (h == NULL)
		return vp_file_ends(f);
	magic = vp_file_u32(false, h + 8);
	if (magic != BYTE_ORDER_MAGIC &&
	    magic != __builtin_bswap32(BYTE_ORDER_MAGIC))
		return vp_file_refuse(f,
		                      "is damaged: the section at byte %llu "
		                      "has no byte order",
		                      offset(f));
	f->swapped = magic != BYTE_ORDER_MAGIC;
	f->first_interface = f->n_interfaces;
	return 1;
}

static int refuse_length(struct vp_capture_file *f, uint32_t len)
{
	return vp_file_refuse(f,
	                      "is damaged: the block at byte %llu is said to "
	                      "have %u bytes",
	                      offset(f), len);
}

static int refuse_trailer(struct vp_capture_file *f)
{
	return vp_file_refuse(f,
	                      "is damaged: the block at byte %llu has another "
	                      "length at its end",
	                      offset(f));
}

/* 1: it is behind us; 0: the file ends; -errno. */
static int skip_block(struct vp_capture_file *f, uint32_t len)
{
	unsigned long long at = offset(f);
	const uint8_t *t;

	if (!vp_file_window_skip(&f->in, len - 4) ||
	    (t = vp_file_window_need(&f->in, 4)) == NULL) {
		if (f->in.error != 0)
			return vp_file_ends(f);
		snprintf(f->cut, sizeof(f->cut),
		         "it ends within the block at byte %llu, behind %llu "
		         "whole packets",
		         at, (unsigned long long)f->stats.packets);
		f->stats.cut = f->cut;
		return 0;
	}
	if (vp_file_u32(f->swapped, t) != len)
		return refuse_trailer(f);
	vp_file_window_pass(&f->in, 4);
	return 1;
}

/* 1: b is a block to look into; 2: one was skipped; 0: the end; -errno. */
static int read_block(struct vp_capture_file *f, struct block *b)
{
	const uint8_t *h = vp_file_window_need(&f->in, 8);
	uint32_t least;
	int rc;

	if (h == NULL)
		return vp_file_ends(f);
	if (vp_file_u32(false, h) == BLOCK_SECTION) {
		rc = read_byte_order(f);
		if (rc <= 0)
			return rc;
		h = vp_file_window_need(&f->in, 8);
	}
	b->type = vp_file_u32(f->swapped, h);
	b->len = vp_file_u32(f->swapped, h + 4);
	least = least_length(b->type);
	if (b->len % 4 != 0 || b->len < LEAST_BLOCK || b->len < least)
		return refuse_length(f, b->len);
	if (least == 0) {
		rc = skip_block(f, b->len);
		return rc == 1 ? 2 : rc;
	}
	if (b->len > VP_FILE_BLOCK_MAX)
		return refuse_length(f, b->len);
	b->b = vp_file_window_need(&f->in, b->len);
	if (b->b == NULL)
		return vp_file_ends(f);
	if (vp_file_u32(f->swapped, b->b + b->len - 4) != b->len)
		return refuse_trailer(f);
	return 1;
}

/* --- what they say ---------------------------------------------------------
 */

/* Of this section, or NULL. */
static struct vp_file_interface *interface(struct vp_capture_file *f,
                                           uint32_t id)
{
	return id < f->n_interfaces - f->first_interface
	               ? &f->interfaces[f->first_interface + id]
	               : NULL;
}

static int read_section(struct vp_capture_file *f, const struct block *b)
{
	struct vp_file_options o = options_from(f, b, 24);

	if (vp_file_u16(f->swapped, b->b + 12) != 1)
		return vp_file_refuse(f,
		                      "has a section of pcapng version %u.%u "
		                      "at byte %llu, and 1.0 is known here",
		                      vp_file_u16(f->swapped, b->b + 12),
		                      vp_file_u16(f->swapped, b->b + 14),
		                      offset(f));
	vp_file_read_comments(f, &o);
	return 0;
}

static int read_interface(struct vp_capture_file *f, const struct block *b)
{
	struct vp_file_options o = options_from(f, b, 16);
	struct vp_file_interface *i = vp_file_interface_add(f);

	if (i == NULL)
		return f->failed;
	i->linktype = vp_file_linktype(vp_file_u16(f->swapped, b->b + 8));
	i->snaplen = vp_file_u32(f->swapped, b->b + 12);
	vp_file_read_interface(f, i, &o);
	return 0;
}

static void read_statistics(struct vp_capture_file *f, const struct block *b)
{
	struct vp_file_options o = options_from(f, b, 20);
	uint32_t id = vp_file_u32(f->swapped, b->b + 8);

	vp_file_read_statistics(f, interface(f, id), &o);
}

/* --- packets ---------------------------------------------------------------
 */

static bool set_interface(struct vp_capture_file *f, struct vp_frame *frame,
                          uint32_t id, struct vp_file_interface **out)
{
	*out = interface(f, id);
	if (*out == NULL) {
		vp_file_damaged(f,
		                "the packet at byte %llu is of an interface "
		                "(%u) that nothing describes",
		                offset(f), id);
		return false;
	}
	frame->ifindex = (int)(f->first_interface + id) + 1;
	frame->linktype = (*out)->linktype;
	return true;
}

static bool set_data(struct vp_capture_file *f, struct vp_frame *frame,
                     const struct block *b, uint32_t from, uint32_t caplen)
{
	if (caplen > b->len - 4 - from) {
		vp_file_damaged(f,
		                "the packet at byte %llu is said to have %u "
		                "bytes, and its block has %u",
		                offset(f), caplen, b->len);
		return false;
	}
	frame->data = b->b + from;
	frame->caplen = caplen;
	return true;
}

/* The obsolete block has a 16-bit interface and a count of drops before the
 * rest, which is the same. 1: frame is it; 0: none. */
static int read_packet(struct vp_capture_file *f, const struct block *b,
                       struct vp_frame *frame)
{
	bool old = b->type == BLOCK_PACKET;
	const uint8_t *h = b->b;
	uint32_t id = old ? vp_file_u16(f->swapped, h + 8)
	                  : vp_file_u32(f->swapped, h + 8);
	uint32_t caplen = vp_file_u32(f->swapped, h + 20);
	struct vp_file_interface *i;
	struct vp_file_options o;

	if (!set_interface(f, frame, id, &i) ||
	    !set_data(f, frame, b, 28, caplen))
		return 0;
	if (old && vp_file_u16(f->swapped, h + 10) != DROPS_UNKNOWN)
		i->counted += vp_file_u16(f->swapped, h + 10);
	frame->ts_us = vp_file_time(
		&i->clock, (uint64_t)vp_file_u32(f->swapped, h + 12) << 32 |
				   vp_file_u32(f->swapped, h + 16));
	frame->len = vp_file_u32(f->swapped, h + 24);
	o = options_from(f, b, 28 + ((caplen + 3) & ~3u));
	frame->seen = vp_file_read_packet(f, i, &o);
	return vp_file_packet(f, frame, true);
}

/* Of the section's first interface, which cut it to its snapshot length. */
static int read_simple(struct vp_capture_file *f, const struct block *b,
                       struct vp_frame *frame)
{
	uint32_t len = vp_file_u32(f->swapped, b->b + 8), caplen = len;
	struct vp_file_interface *i;

	if (!set_interface(f, frame, 0, &i))
		return 0;
	if (i->snaplen != 0 && caplen > i->snaplen)
		caplen = i->snaplen;
	if (!set_data(f, frame, b, 12, caplen))
		return 0;
	frame->seen = VP_SEEN_UNKNOWN;
	frame->len = len;
	return vp_file_packet(f, frame, false);
}

/* 1: frame is a packet; 0: go on; -errno. */
static int take_block(struct vp_capture_file *f, const struct block *b,
                      struct vp_frame *frame)
{
	switch (b->type) {
	case BLOCK_ENHANCED:
	case BLOCK_PACKET:
		return read_packet(f, b, frame);
	case BLOCK_SIMPLE:
		return read_simple(f, b, frame);
	case BLOCK_SECTION:
		return read_section(f, b);
	case BLOCK_INTERFACE:
		return read_interface(f, b);
	default:
		read_statistics(f, b);
		return 0;
	}
}

int vp_file_next_block_packet(struct vp_capture_file *f, struct vp_frame *frame)
{
	struct block b = { 0 };
	int rc;

	for (;;) {
		rc = read_block(f, &b);
		if (rc <= 0)
			return rc;
		if (rc == 2)
			continue;
		rc = take_block(f, &b, frame);
		if (rc < 0)
			return rc;
		vp_file_window_pass(&f->in, b.len);
		if (rc > 0)
			return rc;
	}
}

/* --- from the end ----------------------------------------------------------
 */

static bool read_at(int fd, void *buf, size_t n, uint64_t at)
{
	return pread(fd, buf, n, (off_t)at) == (ssize_t)n;
}

/* The comments of the statistics that end at byte end: its length, or 0 if no
 * such block ends there. */
static uint32_t closing_block(struct vp_capture_file *f, uint64_t end,
                              bool swapped, vp_capture_file_comment_cb *cb,
                              void *arg)
{
	struct vp_file_options o = { .swapped = swapped };
	uint8_t word[4], *b;
	uint32_t len;

	if (end < 24 || !read_at(f->in.fd, word, 4, end - 4))
		return 0;
	len = vp_file_u32(swapped, word);
	if (len < 24 || len % 4 != 0 || len > end || len > VP_FILE_BLOCK_MAX)
		return 0;
	b = malloc(len);
	if (b == NULL || !read_at(f->in.fd, b, len, end - len) ||
	    vp_file_u32(swapped, b) != BLOCK_STATISTICS ||
	    vp_file_u32(swapped, b + 4) != len) {
		free(b);
		return 0;
	}
	o.p = b + 20;
	o.end = b + len - 4;
	while (vp_file_option_next(&o))
		if (o.code == VP_FILE_OPTION_COMMENT)
			cb((const char *)o.value, o.len, arg);
	free(b);
	return len;
}

void vp_capture_file_closing_comments(struct vp_capture_file *f,
                                      vp_capture_file_comment_cb *cb, void *arg)
{
	struct stat st;
	uint64_t end;
	uint32_t len;

	if (!f->blocks || fstat(f->in.fd, &st) != 0 || !S_ISREG(st.st_mode))
		return;
	end = (uint64_t)st.st_size;
	for (unsigned n = 0; n < CLOSING_BLOCKS; n++) {
		len = closing_block(f, end, false, cb, arg);
		if (len == 0)
			len = closing_block(f, end, true, cb, arg);
		if (len == 0)
			return;
		end -= len;
	}
}
