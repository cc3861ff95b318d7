/* file_window.c - see file_window.h. */
#include "file_window.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* So big that system calls do not count, so small that what the kernel copied
 * is still in the processor's cache when it is looked at. */
#define WINDOW_BYTES (256u * 1024)

int vp_file_window_init(struct vp_file_window *w, int fd)
{
	*w = (struct vp_file_window){ .fd = fd, .stop = -1 };
	w->buf = malloc(WINDOW_BYTES);
	if (w->buf == NULL)
		return -ENOMEM;
	w->cap = WINDOW_BYTES;
	/* A pipe knows no advice; what reads on is as good without. */
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	return 0;
}

void vp_file_window_free(struct vp_file_window *w)
{
	if (w->fd > STDERR_FILENO)
		close(w->fd);
	free(w->buf);
	memset(w, 0, sizeof(*w));
	w->fd = w->stop = -1;
}

/* Waits until there is something to read, or to stop for. */
static bool wait_readable(struct vp_file_window *w)
{
	struct pollfd p[2] = { { .fd = w->fd, .events = POLLIN },
		               { .fd = w->stop, .events = POLLIN } };

	if (w->stop < 0)
		return true;
	while (poll(p, 2, -1) < 0) {
		if (errno == EINTR)
			continue;
		w->error = -errno;
		return false;
	}
	if (p[1].revents == 0)
		return true;
	w->error = -EINTR;
	return false;
}

/* One more piece: false at the end or after an error. */
static bool more(struct vp_file_window *w)
{
	ssize_t n;

	if (w->eof || w->error != 0 || !wait_readable(w))
		return false;
	do
		n = read(w->fd, w->buf + w->end, w->cap - w->end);
	while (n < 0 && errno == EINTR && w->stop < 0);
	if (n < 0)
		w->error = -errno;
	if (n == 0)
		w->eof = true;
	if (n <= 0)
		return false;
	w->end += (size_t)n;
	return true;
}

static bool reserve(struct vp_file_window *w, size_t n)
{
	uint8_t *buf;

	if (w->at > 0) {
		memmove(w->buf, w->buf + w->at, w->end - w->at);
		w->base += w->at;
		w->end -= w->at;
		w->at = 0;
	}
	if (n <= w->cap)
		return true;
	buf = realloc(w->buf, n);
	if (buf == NULL) {
		w->error = -ENOMEM;
		return false;
	}
	w->buf = buf;
	w->cap = n;
	return true;
}

const uint8_t *vp_file_window_fill(struct vp_file_window *w, size_t n)
{
	if (!reserve(w, n))
		return NULL;
	while (w->end < n)
		if (!more(w))
			return NULL;
	return w->buf;
}

bool vp_file_window_skip(struct vp_file_window *w, uint64_t n)
{
	while (n > vp_file_window_left(w)) {
		n -= vp_file_window_left(w);
		w->base += w->end;
		w->at = w->end = 0;
		if (!more(w))
			return false;
	}
	w->at += (size_t)n;
	return true;
}
