/* stream.c - one direction of a TCP connection put in order again. */
#include "stream.h"

#include <stdlib.h>
#include <string.h>

#define CAP_MIN 2048u

static bool reserve(struct vp_stream *s, struct vp_stream_budget *budget,
                    uint32_t need)
{
	uint32_t cap = s->cap == 0 ? CAP_MIN : s->cap;
	uint8_t *buf;

	if (need <= s->cap)
		return true;
	while (cap < need)
		cap *= 2;
	if (cap - s->cap > budget->max - budget->used)
		return false;
	buf = realloc(s->buf, cap);
	if (buf == NULL)
		return false;
	budget->used += cap - s->cap;
	s->buf = buf;
	s->cap = cap;
	return true;
}

/* Copies what of [from, to) is not there yet, and compares what is. */
static void fill_gaps(struct vp_stream *s, uint32_t from, uint32_t to,
                      const uint8_t *data)
{
	uint32_t at = from;

	for (uint32_t i = 0; i < s->n && at < to; i++) {
		uint32_t gap_end = s->have[i].from < to ? s->have[i].from : to;
		uint32_t again;

		if (s->have[i].to <= at)
			continue;
		if (at < gap_end) {
			memcpy(s->buf + at, data + (at - from), gap_end - at);
			at = gap_end;
		}
		again = s->have[i].to < to ? s->have[i].to : to;
		if (at < again &&
		    memcmp(s->buf + at, data + (at - from), again - at) != 0)
			s->contradicts = true;
		at = s->have[i].to;
	}
	if (at < to)
		memcpy(s->buf + at, data + (at - from), to - at);
}

/* Joins [from, to) with the ranges it touches. False: no room for one more. */
static bool join(struct vp_stream *s, uint32_t from, uint32_t to)
{
	uint32_t first = 0, last;

	while (first < s->n && s->have[first].to < from)
		first++;
	last = first;
	while (last < s->n && s->have[last].from <= to)
		last++;
	if (first == last) {
		if (s->n == VP_STREAM_RANGES)
			return false;
		memmove(&s->have[first + 1], &s->have[first],
		        (s->n - first) * sizeof(s->have[0]));
		s->n++;
	} else {
		if (s->have[first].from < from)
			from = s->have[first].from;
		if (s->have[last - 1].to > to)
			to = s->have[last - 1].to;
		memmove(&s->have[first + 1], &s->have[last],
		        (s->n - last) * sizeof(s->have[0]));
		s->n -= last - first - 1;
	}
	s->have[first].from = from;
	s->have[first].to = to;
	return true;
}

enum vp_stream_added vp_stream_add(struct vp_stream *s,
                                   struct vp_stream_budget *budget,
                                   uint32_t max, uint32_t seq,
                                   const uint8_t *data, uint32_t len)
{
	int32_t off = (int32_t)(seq - s->base);
	uint32_t from, to;

	if (off < 0) { /* old, at least in part */
		uint32_t old = 0u - (uint32_t)off;

		if (old >= len)
			return VP_STREAM_OK;
		data += old;
		len -= old;
		off = 0;
	}
	from = (uint32_t)off;
	if (from >= max)
		return VP_STREAM_PAST;
	to = len > max - from ? max : from + len;
	if (from == to)
		return VP_STREAM_OK;
	if (!reserve(s, budget, to))
		return VP_STREAM_FULL;
	fill_gaps(s, from, to, data);
	return join(s, from, to) ? VP_STREAM_OK : VP_STREAM_FULL;
}

uint32_t vp_stream_ready(const struct vp_stream *s)
{
	return s->n > 0 && s->have[0].from == 0 ? s->have[0].to : 0;
}

void vp_stream_consume(struct vp_stream *s, uint32_t n)
{
	uint32_t kept = 0;

	if (n == 0)
		return;
	memmove(s->buf, s->buf + n, s->have[s->n - 1].to - n);
	for (uint32_t i = 0; i < s->n; i++) {
		if (s->have[i].to <= n)
			continue;
		s->have[kept].from =
			s->have[i].from > n ? s->have[i].from - n : 0;
		s->have[kept].to = s->have[i].to - n;
		kept++;
	}
	s->n = kept;
	s->base += n;
}

void vp_stream_free(struct vp_stream *s, struct vp_stream_budget *budget)
{
	free(s->buf);
	budget->used -= s->cap;
	s->buf = NULL;
	s->cap = 0;
	s->n = 0;
}
