/*
 * cursor.h - reading bytes that somebody else wrote, never past their end.
 *
 * A read past the end yields 0, leaves the cursor at the end and sets bad for
 * good, so a parser may read a whole header and look at bad once.
 */
#ifndef VP_PROBES_CURSOR_H
#define VP_PROBES_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vp_cursor {
	const uint8_t *p, *end;
	bool bad;
};

static inline struct vp_cursor vp_cur_init(const uint8_t *data, size_t len)
{
	/* NULL and no bytes is an empty input too; C knows no NULL + 0. Wide
	 * enough that gcc 12, which does not see that its end is its start,
	 * finds no read outside of it. */
	static const uint8_t nothing[16];

	if (data == NULL)
		return (struct vp_cursor){ nothing, nothing, false };
	return (struct vp_cursor){ data, data + len, false };
}

static inline size_t vp_cur_left(const struct vp_cursor *c)
{
	return (size_t)(c->end - c->p);
}

/* The next n bytes, which are then behind us; NULL if there are fewer. */
static inline const uint8_t *vp_cur_take(struct vp_cursor *c, size_t n)
{
	const uint8_t *at = c->p;

	if (vp_cur_left(c) < n) {
		c->p = c->end;
		c->bad = true;
		return NULL;
	}
	c->p += n;
	return at;
}

static inline void vp_cur_skip(struct vp_cursor *c, size_t n)
{
	(void)vp_cur_take(c, n);
}

static inline uint8_t vp_cur_u8(struct vp_cursor *c)
{
	const uint8_t *b = vp_cur_take(c, 1);

	return b == NULL ? 0 : b[0];
}

static inline uint16_t vp_cur_be16(struct vp_cursor *c)
{
	const uint8_t *b = vp_cur_take(c, 2);

	return b == NULL ? 0 : (uint16_t)((unsigned)b[0] << 8 | b[1]);
}

static inline uint32_t vp_cur_be24(struct vp_cursor *c)
{
	const uint8_t *b = vp_cur_take(c, 3);

	return b == NULL ? 0
	                 : (uint32_t)b[0] << 16 | (uint32_t)b[1] << 8 | b[2];
}

static inline uint32_t vp_cur_be32(struct vp_cursor *c)
{
	const uint8_t *b = vp_cur_take(c, 4);

	return b == NULL ? 0
	                 : (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 |
	                           (uint32_t)b[2] << 8 | b[3];
}

/*
 * A cursor over the next n bytes, which are then behind c. Fewer than n: both
 * cursors are bad and the new one is empty.
 */
static inline struct vp_cursor vp_cur_sub(struct vp_cursor *c, size_t n)
{
	const uint8_t *at = vp_cur_take(c, n);

	if (at == NULL)
		return (struct vp_cursor){ c->end, c->end, true };
	return vp_cur_init(at, n);
}

#endif
