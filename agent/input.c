/* input.c - see input.h. */
#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIRST_ROOM ((size_t)64 << 10)

/* Room for one byte more at least, up to max + 1 in all. */
static int make_room(struct vp_input *in, size_t *room, size_t max)
{
	size_t more = *room == 0 ? FIRST_ROOM : *room * 2;
	char *larger;

	if (in->len < *room)
		return 0;
	if (more > max + 1)
		more = max + 1;
	larger = realloc(in->data, more);
	if (larger == NULL)
		return -ENOMEM;
	in->data = larger;
	*room = more;
	return 0;
}

static int read_all(struct vp_input *in, int fd, size_t max)
{
	size_t room = 0;

	while (in->len <= max) {
		int err = make_room(in, &room, max);
		ssize_t n;

		if (err != 0)
			return err;
		n = read(fd, in->data + in->len, room - in->len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		in->len += (size_t)n;
	}
	return 0;
}

/* Closes fd, and says in words what kept it from being read. */
static int finish(struct vp_input *out, int fd, int err, const struct stat *st,
                  const char **why)
{
	if (err == 0 && S_ISREG(st->st_mode))
		out->changed_us = (int64_t)st->st_mtim.tv_sec * 1000000;
	if (fd >= 0)
		close(fd);
	if (err == 0)
		return 0;
	free(out->data);
	*out = (struct vp_input){ 0 };
	*why = err == -EISDIR ? "this is a directory: expected a file"
	                      : strerror(-err);
	return err;
}

int vp_input_read(struct vp_input *out, const char *path, size_t max,
                  const char **why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), err = 0;
	struct stat st;

	*out = (struct vp_input){ 0 };
	if (fd < 0 || fstat(fd, &st) != 0 || fcntl(fd, F_SETFL, 0) != 0)
		err = -errno;
	else if (S_ISDIR(st.st_mode))
		err = -EISDIR;
	else
		err = read_all(out, fd, max);
	return finish(out, fd, err, &st, why);
}

/* Opening a device can do something, so what it is counts before, and again
 * behind, when nobody can exchange it any more. */
static int open_plain(const char *path, struct stat *st)
{
	struct stat before;
	int fd;

	if (stat(path, &before) != 0)
		return -errno;
	if (!S_ISREG(before.st_mode))
		return -EINVAL;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return -errno;
	if (fstat(fd, st) == 0 && S_ISREG(st->st_mode) &&
	    st->st_dev == before.st_dev && st->st_ino == before.st_ino)
		return fd;
	close(fd);
	return -EINVAL;
}

int vp_input_read_plain(struct vp_input *out, const char *path, size_t max,
                        const char **why)
{
	struct stat st = { 0 };
	int fd = open_plain(path, &st), err = fd < 0 ? fd : 0;

	*out = (struct vp_input){ 0 };
	if (err == 0)
		err = read_all(out, fd, max);
	out->owner = st.st_uid;
	err = finish(out, fd, err, &st, why);
	if (err == -EINVAL)
		*why = "this is no regular file";
	return err;
}
