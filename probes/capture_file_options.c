/*
 * capture_file_options.c - what the options of pcapng's blocks say.
 *
 * An option is a code, a length and a value padded to 32 bits; code 0 ends
 * them (draft-ietf-opsawg-pcapng, section 3.5). Those that run over their end
 * are damage, and counted: among them may be the losses or the direction.
 */
#include "capture_file_private.h"

#include <stdlib.h>

#define OPTION_END 0
#define NAME_MAX_BYTES 255

#define IF_NAME 2
#define IF_TSRESOL 9
#define IF_TSOFFSET 14
#define PACKET_FLAGS 2
#define PACKET_DROPCOUNT 4
#define STATISTICS_IFDROP 5
#define STATISTICS_OSDROP 7

/* Of packet flags: bits 0 and 1 the direction, 2 to 4 how it was received. */
#define FLAGS_IN 1u
#define FLAGS_OUT 2u
#define RECEIVED_PROMISCUOUS 4u

bool vp_file_option_next(struct vp_file_options *o)
{
	size_t left = (size_t)(o->end - o->p), padded;

	if (left == 0 || o->over)
		return false;
	if (left < 4) {
		o->over = true;
		return false;
	}
	o->code = vp_file_u16(o->swapped, o->p);
	o->len = vp_file_u16(o->swapped, o->p + 2);
	if (o->code == OPTION_END)
		return false;
	padded = (o->len + 3u) & ~3u;
	if (padded > left - 4) {
		o->over = true;
		return false;
	}
	o->value = o->p + 4;
	o->p += 4 + padded;
	return true;
}

static void note_overrun(struct vp_capture_file *f,
                         const struct vp_file_options *o)
{
	if (o->over)
		vp_file_damaged(
			f,
			"the options of the block at byte %llu run "
			"over its end",
			(unsigned long long)vp_file_window_offset(&f->in));
}

/* --- clocks ----------------------------------------------------------------
 */

static uint64_t power_of_ten(unsigned n)
{
	uint64_t v = 1;

	while (n-- > 0)
		v *= 10;
	return v;
}

void vp_file_clock_set(struct vp_file_clock *c, uint8_t tsresol)
{
	unsigned n = tsresol & 0x7f;

	c->mul = c->div = 1;
	c->shift = 0;
	if ((tsresol & 0x80) != 0) {
		c->mul = 1000000;
		c->shift = n;
	} else if (n <= 6) {
		c->mul = power_of_ten(6 - n);
	} else {
		c->div = n <= 25 ? power_of_ten(n - 6) : 0;
	}
}

#define TIME_MAX ((int64_t)1 << 60)

int64_t vp_file_time(const struct vp_file_clock *c, uint64_t units)
{
	unsigned __int128 us = units;

	if (c->mul != 1)
		us = us * c->mul >> c->shift;
	else if (c->div != 1)
		us = c->div == 0 ? 0 : units / c->div;
	if (us > (unsigned __int128)TIME_MAX)
		us = (unsigned __int128)TIME_MAX;
	return (int64_t)us + c->offset_us;
}

static int64_t offset_us(int64_t seconds)
{
	const int64_t most = TIME_MAX / 1000000;

	if (seconds > most)
		seconds = most;
	if (seconds < -most)
		seconds = -most;
	return seconds * 1000000;
}

/* --- blocks ----------------------------------------------------------------
 */

static void set_name(struct vp_file_interface *i,
                     const struct vp_file_options *o)
{
	size_t n = o->len < NAME_MAX_BYTES ? o->len : NAME_MAX_BYTES;

	if (i->name == NULL && n > 0)
		i->name = strndup((const char *)o->value, n);
}

void vp_file_read_interface(struct vp_capture_file *f,
                            struct vp_file_interface *i,
                            struct vp_file_options *o)
{
	while (vp_file_option_next(o)) {
		if (o->code == IF_NAME)
			set_name(i, o);
		else if (o->code == IF_TSRESOL && o->len == 1)
			vp_file_clock_set(&i->clock, o->value[0]);
		else if (o->code == IF_TSOFFSET && o->len == 8)
			i->clock.offset_us = offset_us(
				(int64_t)vp_file_u64(o->swapped, o->value));
	}
	note_overrun(f, o);
}

static void comment(const struct vp_capture_file *f,
                    const struct vp_file_options *o)
{
	if (f->on_comment != NULL)
		f->on_comment((const char *)o->value, o->len, f->comment_arg);
}

void vp_file_read_comments(struct vp_capture_file *f, struct vp_file_options *o)
{
	while (vp_file_option_next(o))
		if (o->code == VP_FILE_OPTION_COMMENT)
			comment(f, o);
	note_overrun(f, o);
}

void vp_file_read_statistics(struct vp_capture_file *f,
                             struct vp_file_interface *i,
                             struct vp_file_options *o)
{
	while (vp_file_option_next(o)) {
		if (o->code == VP_FILE_OPTION_COMMENT)
			comment(f, o);
		else if (o->len != 8 || i == NULL)
			continue;
		else if (o->code == STATISTICS_IFDROP)
			i->if_dropped = vp_file_u64(o->swapped, o->value);
		else if (o->code == STATISTICS_OSDROP)
			i->os_dropped = vp_file_u64(o->swapped, o->value);
	}
	note_overrun(f, o);
}

static enum vp_seen seen_of(uint32_t flags)
{
	switch (flags & 3) {
	case FLAGS_IN:
		return (flags >> 2 & 7) == RECEIVED_PROMISCUOUS ? VP_SEEN_OTHER
		                                                : VP_SEEN_IN;
	case FLAGS_OUT:
		return VP_SEEN_OUT;
	default:
		return VP_SEEN_UNKNOWN;
	}
}

enum vp_seen vp_file_read_packet(struct vp_capture_file *f,
                                 struct vp_file_interface *i,
                                 struct vp_file_options *o)
{
	enum vp_seen seen = VP_SEEN_UNKNOWN;
	uint64_t lost;

	while (vp_file_option_next(o)) {
		if (o->code == PACKET_FLAGS && o->len == 4) {
			seen = seen_of(vp_file_u32(o->swapped, o->value));
		} else if (o->code == PACKET_DROPCOUNT && o->len == 8) {
			lost = vp_file_u64(o->swapped, o->value);
			i->counted += lost > UINT64_MAX - i->counted
			                      ? UINT64_MAX - i->counted
			                      : lost;
		}
	}
	note_overrun(f, o);
	return seen;
}
