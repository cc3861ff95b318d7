/* pcapng.c - see pcapng.h. Sections are those of draft-ietf-opsawg-pcapng. */
#include "pcapng.h"

#include <errno.h>
#include <pcap/dlt.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SECTION 0x0a0d0d0au
#define BLOCK_INTERFACE 1
#define BLOCK_STATISTICS 5
#define BLOCK_PACKET 6
#define BYTE_ORDER_MAGIC 0x1a2b3c4du

#define OPT_END 0
#define OPT_COMMENT 1
#define SHB_OS 3
#define SHB_USERAPPL 4
#define IF_NAME 2
#define IF_TSRESOL 9
#define EPB_FLAGS 2
#define ISB_IFDROP 5
#define ISB_FILTERACCEPT 6
#define ISB_OSDROP 7

#define PACKET_FIXED 32   /* of an enhanced packet block, with both lengths */
#define PACKET_OPTIONS 12 /* epb_flags, opt_endofopt */
#define TEXT_MAX 255
#define OPTION_MAX 65535 /* a length of 16 bits */

static size_t padded(size_t len)
{
	return (len + 3) & ~(size_t)3;
}

static void put(struct vp_pcapng *b, const void *data, size_t len)
{
	size_t room = padded(len);

	if (b->full || b->size - b->len < room) {
		b->full = true;
		return;
	}
	if (len > 0)
		memcpy(b->data + b->len, data, len);
	memset(b->data + b->len + len, 0, room - len);
	b->len += room;
}

static void put_u32(struct vp_pcapng *b, uint32_t v)
{
	put(b, &v, sizeof(v));
}

static void put_u16_pair(struct vp_pcapng *b, uint16_t first, uint16_t second)
{
	const uint16_t both[2] = { first, second };

	put(b, both, sizeof(both));
}

/* Times and counters stand as two words, the higher one first, except in
 * options (section 3.5), where a number is one of 64 bits. */
static void put_time(struct vp_pcapng *b, int64_t us)
{
	put_u32(b, (uint32_t)((uint64_t)us >> 32));
	put_u32(b, (uint32_t)us);
}

static void option(struct vp_pcapng *b, uint16_t code, const void *value,
                   size_t len)
{
	put_u16_pair(b, code, (uint16_t)len);
	put(b, value, len);
}

static void option_text(struct vp_pcapng *b, uint16_t code, const char *text)
{
	if (text != NULL && text[0] != '\0')
		option(b, code, text, strnlen(text, TEXT_MAX));
}

static void begin(struct vp_pcapng *b, uint32_t type)
{
	b->begun = b->len;
	b->full = false;
	put_u32(b, type);
	put_u32(b, 0); /* its length: end() */
}

static size_t end(struct vp_pcapng *b)
{
	uint32_t len = (uint32_t)(b->len - b->begun + 4);

	put_u32(b, len);
	if (b->full) {
		b->len = b->begun;
		return 0;
	}
	memcpy(b->data + b->begun + 4, &len, sizeof(len));
	return len;
}

/* Section 4.1. The section's length stays open: it may grow. */
size_t vp_pcapng_section(struct vp_pcapng *b, const char *os,
                         const char *application, const char *comment,
                         const struct vp_pcapng_comments *more)
{
	begin(b, BLOCK_SECTION);
	put_u32(b, BYTE_ORDER_MAGIC);
	put_u16_pair(b, 1, 0); /* version */
	put_time(b, -1);
	option_text(b, OPT_COMMENT, comment);
	put(b, more->data, more->len);
	option_text(b, SHB_OS, os);
	option_text(b, SHB_USERAPPL, application);
	put_u16_pair(b, OPT_END, 0);
	return end(b);
}

/* A file numbers link types as https://www.tcpdump.org/linktypes.html does;
 * libpcap's DLT_... differ from that where systems differed. */
static uint16_t file_linktype(int dlt)
{
	return dlt == DLT_RAW ? 101 : (uint16_t)dlt;
}

/* Section 4.2. */
size_t vp_pcapng_interface(struct vp_pcapng *b, int linktype, uint32_t snaplen,
                           const char *name)
{
	static const uint8_t microseconds = 6;

	begin(b, BLOCK_INTERFACE);
	put_u16_pair(b, file_linktype(linktype), 0);
	put_u32(b, snaplen);
	option_text(b, IF_NAME, name);
	option(b, IF_TSRESOL, &microseconds, 1);
	put_u16_pair(b, OPT_END, 0);
	return end(b);
}

/* Section 4.3.1: bits 0 and 1 tell the direction, bits 2 to 4 how it came. */
static uint32_t packet_flags(enum vp_seen seen)
{
	switch (seen) {
	case VP_SEEN_IN:
		return 1;
	case VP_SEEN_OUT:
		return 2;
	case VP_SEEN_OTHER:
		return 1 | 4 << 2; /* in, by promiscuous reception */
	default:
		return 0;
	}
}

/* Section 4.3. */
size_t vp_pcapng_packet(struct vp_pcapng *b, uint32_t interface,
                        const struct vp_frame *frame, uint32_t keep)
{
	uint32_t flags = packet_flags(frame->seen);

	begin(b, BLOCK_PACKET);
	put_u32(b, interface);
	put_time(b, frame->ts_us);
	put_u32(b, keep);
	put_u32(b, frame->len);
	put(b, frame->data, keep);
	option(b, EPB_FLAGS, &flags, sizeof(flags));
	put_u16_pair(b, OPT_END, 0);
	return end(b);
}

size_t vp_pcapng_packet_size(uint32_t keep)
{
	return PACKET_FIXED + padded(keep) + PACKET_OPTIONS;
}

/* Section 4.6. */
size_t vp_pcapng_statistics(struct vp_pcapng *b,
                            const struct vp_pcapng_statistics *s)
{
	begin(b, BLOCK_STATISTICS);
	put_u32(b, 0);
	put_time(b, s->now_us);
	option(b, ISB_IFDROP, &s->interface_dropped, sizeof(uint64_t));
	option(b, ISB_FILTERACCEPT, &s->received, sizeof(uint64_t));
	option(b, ISB_OSDROP, &s->dropped, sizeof(uint64_t));
	put(b, s->comments->data, s->comments->len);
	put_u16_pair(b, OPT_END, 0);
	return end(b);
}

static int reserve(struct vp_pcapng_comments *c, size_t need)
{
	size_t size = c->size == 0 ? 1024 : c->size;
	uint8_t *data;

	while (size - c->len < need)
		size *= 2;
	if (size == c->size)
		return 0;
	data = realloc(c->data, size);
	if (data == NULL)
		return -ENOSPC;
	c->data = data;
	c->size = size;
	return 0;
}

bool vp_pcapng_has_comment(const struct vp_pcapng_comments *c, const char *text)
{
	size_t len = strlen(text);
	uint16_t head[2];

	for (size_t at = 0; at < c->len; at += 4 + padded(head[1])) {
		memcpy(head, c->data + at, sizeof(head));
		if (head[1] == len && memcmp(c->data + at + 4, text, len) == 0)
			return true;
	}
	return false;
}

int vp_pcapng_comment(struct vp_pcapng_comments *c, const char *text,
                      size_t most)
{
	size_t len = strlen(text), room = padded(len);
	const uint16_t head[2] = { OPT_COMMENT, (uint16_t)len };

	if (len > OPTION_MAX || c->len + 4 + room > most ||
	    reserve(c, 4 + room) != 0)
		return -ENOSPC;
	memcpy(c->data + c->len, head, sizeof(head));
	memcpy(c->data + c->len + 4, text, len);
	memset(c->data + c->len + 4 + len, 0, room - len);
	c->len += 4 + room;
	return 0;
}
