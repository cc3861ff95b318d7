/* text_lines.c - see text_lines.h. */
#include "text_lines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

struct lines {
	char buf[VP_LINE_MAX + 1];
	size_t used;
	bool lost; /* the rest of this line does not count */
	unsigned number;
	vp_line_cb *cb;
	void *arg;
};

static void line(struct lines *l, char *start, char *end)
{
	*end = '\0';
	if (!l->lost)
		l->cb(start, ++l->number, l->arg);
	l->lost = false;
}

/* A cut word is another word: a line too long ends at its last blank. */
static void cut_line(struct lines *l)
{
	size_t n = l->used;

	if (!l->lost) {
		while (n > 0 && l->buf[n - 1] != ' ' && l->buf[n - 1] != '\t')
			n--;
		line(l, l->buf, l->buf + n);
	}
	l->lost = true;
	l->used = 0;
}

static void take(struct lines *l)
{
	char *p = l->buf, *end = l->buf + l->used, *newline;

	while ((newline = memchr(p, '\n', (size_t)(end - p))) != NULL) {
		line(l, p, newline);
		p = newline + 1;
	}
	l->used = (size_t)(end - p);
	memmove(l->buf, p, l->used);
	if (l->used == VP_LINE_MAX)
		cut_line(l);
}

static int read_lines(struct lines *l, int fd, size_t max)
{
	size_t total = 0;

	while (total < max) {
		ssize_t n = read(fd, l->buf + l->used, VP_LINE_MAX - l->used);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		total += (size_t)n;
		l->used += (size_t)n;
		take(l);
	}
	if (total < max && l->used > 0) /* the last line had no newline */
		line(l, l->buf, l->buf + l->used);
	return 0;
}

int vp_lines_of_file(const char *path, size_t max, vp_line_cb *cb, void *arg)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), err;
	struct lines *l;
	struct stat st;

	if (fd < 0)
		return -errno;
	l = malloc(sizeof(*l));
	if (l == NULL) {
		err = -ENOMEM;
	} else if (fstat(fd, &st) != 0) {
		err = -errno;
	} else if (!S_ISREG(st.st_mode)) {
		err = -EINVAL;
	} else {
		l->used = 0;
		l->lost = false;
		l->number = 0;
		l->cb = cb;
		l->arg = arg;
		err = read_lines(l, fd, max);
	}
	free(l);
	close(fd);
	return err;
}
