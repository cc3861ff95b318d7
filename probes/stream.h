/*
 * stream.h - one direction of a TCP connection put in order again.
 *
 * Segments may come late, twice, or overlapping; the first copy of a byte
 * wins, and that another one differs is noted as long as both can be compared.
 * Only a window of max bytes from base on is kept. What is held counts against
 * a budget that all streams of a table share.
 */
#ifndef VP_PROBES_STREAM_H
#define VP_PROBES_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VP_STREAM_RANGES 16

struct vp_stream {
	uint8_t *buf;
	uint32_t cap;
	uint32_t base;    /* sequence number of buf[0] */
	bool contradicts; /* a later copy of a byte had another value */
	uint32_t n;       /* ranges of bytes that are there, in order */
	struct {
		uint32_t from, to;
	} have[VP_STREAM_RANGES];
};

struct vp_stream_budget {
	size_t used, max;
};

enum vp_stream_added {
	VP_STREAM_OK,
	VP_STREAM_PAST, /* beyond the window: the talk has moved on */
	VP_STREAM_FULL, /* no budget, memory or range left for it */
};

enum vp_stream_added vp_stream_add(struct vp_stream *s,
                                   struct vp_stream_budget *budget,
                                   uint32_t max, uint32_t seq,
                                   const uint8_t *data, uint32_t len);
/* Bytes at buf without a gap. */
uint32_t vp_stream_ready(const struct vp_stream *s);
/* Drops the first n bytes, which are ready. */
void vp_stream_consume(struct vp_stream *s, uint32_t n);
/* Gives back memory and budget; base stays. */
void vp_stream_free(struct vp_stream *s, struct vp_stream_budget *budget);

#endif
