/*
 * file_window.h - the bytes of a file or pipe in order, a piece at a time.
 *
 * read(2) and not mmap(2): a file that is cut while it is mapped would end the
 * process. The window grows to what one caller wants at a time, never beyond.
 */
#ifndef VP_PROBES_FILE_WINDOW_H
#define VP_PROBES_FILE_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vp_file_window {
	int fd;
	int stop; /* ends the reading when it becomes readable; -1: none */
	uint8_t *buf;
	size_t at, end, cap;
	uint64_t base; /* offset of buf[0] from where reading began */
	bool eof;
	int error; /* -errno of a read; -EINTR: stop */
};

/* 0 or -ENOMEM. The descriptor becomes the window's. */
int vp_file_window_init(struct vp_file_window *w, int fd);
void vp_file_window_free(struct vp_file_window *w);

/* See vp_file_window_need(). */
const uint8_t *vp_file_window_fill(struct vp_file_window *w, size_t n);

/* The next n bytes, good until the next call; NULL if the file has fewer, or
 * with w->error. */
static inline const uint8_t *vp_file_window_need(struct vp_file_window *w,
                                                 size_t n)
{
	if (w->end - w->at >= n)
		return w->buf + w->at;
	return vp_file_window_fill(w, n);
}

/* Goes on behind n bytes that are there. */
static inline void vp_file_window_pass(struct vp_file_window *w, size_t n)
{
	w->at += n;
}

/* How many bytes are there now, without reading. */
static inline size_t vp_file_window_left(const struct vp_file_window *w)
{
	return w->end - w->at;
}

static inline uint64_t vp_file_window_offset(const struct vp_file_window *w)
{
	return w->base + w->at;
}

/* Goes on behind n bytes, however many: false if the file ends before. */
bool vp_file_window_skip(struct vp_file_window *w, uint64_t n);

#endif
