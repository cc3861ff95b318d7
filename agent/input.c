/*
 * input.c - see input.h.
 *
 * On a share whose server is gone even stat() does not return, and no flag of
 * open() changes that. So a file that nobody named is read by a process of its
 * own, which is given up when it does not answer in time. It hands over a
 * header and then the bytes.
 */
#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "handover.h"

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

static int read_plain(struct vp_input *out, const char *path, size_t max)
{
	struct stat st = { 0 };
	int fd = open_plain(path, &st), err = fd < 0 ? fd : 0;
	const char *ignored;

	*out = (struct vp_input){ 0 };
	if (err == 0)
		err = read_all(out, fd, max);
	err = finish(out, fd, err, &st, &ignored);
	out->owner = st.st_uid;
	return err;
}

/* --- by another process ----------------------------------------------------
 */

#define REAP_MS 100

struct header {
	int err;
	size_t len;
	int64_t changed_us;
	uid_t owner;
};

_Noreturn static void reader(const char *path, size_t max, int out)
{
	struct vp_input in;
	struct header h = { 0 };

	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	h.err = read_plain(&in, path, max);
	h.len = in.len;
	h.changed_us = in.changed_us;
	h.owner = in.owner;
	vp_hand_over(out, &h, sizeof(h));
	vp_hand_over(out, in.data, in.len);
	_exit(0);
}

/* len bytes, or -ETIMEDOUT, or -EIO where the reader ended early. */
static int take(int fd, void *data, size_t len, uint64_t until_ms)
{
	size_t got;
	int err = vp_take_over(fd, data, len, &got, until_ms);

	return err == 0 && got < len ? -EIO : err;
}

static int take_file(struct vp_input *out, int fd, size_t max)
{
	uint64_t until = vp_now_ms() + VP_INPUT_PLAIN_MS;
	struct header h;
	int err = take(fd, &h, sizeof(h), until);

	if (err != 0 || h.err != 0)
		return err != 0 ? err : h.err;
	if (h.len > max + 1)
		return -EIO;
	out->data = malloc(h.len + 1);
	if (out->data == NULL)
		return -ENOMEM;
	out->len = h.len;
	out->changed_us = h.changed_us;
	out->owner = h.owner;
	return take(fd, out->data, h.len, until);
}

/* What hangs in the kernel may not even be killed: it is left behind then. */
static void reap(pid_t pid, bool killed)
{
	uint64_t until = vp_now_ms() + REAP_MS;
	const struct timespec pause = { 0, 1000000 };

	if (killed)
		kill(pid, SIGKILL);
	for (;;) {
		pid_t rc = waitpid(pid, NULL, killed ? WNOHANG : 0);

		if (rc == pid || (rc < 0 && errno != EINTR) ||
		    (killed && vp_now_ms() > until))
			return;
		if (killed)
			nanosleep(&pause, NULL);
	}
}

/* -EAGAIN: there can be no other process. */
static int read_apart(struct vp_input *out, const char *path, size_t max)
{
	int ends[2], err;
	pid_t pid;

	*out = (struct vp_input){ 0 };
	if (pipe2(ends, O_CLOEXEC) != 0)
		return -EAGAIN;
	pid = fork();
	if (pid == 0)
		reader(path, max, ends[1]);
	close(ends[1]);
	err = pid < 0 ? -EAGAIN : take_file(out, ends[0], max);
	close(ends[0]);
	if (pid > 0)
		reap(pid, err == -ETIMEDOUT);
	if (err != 0) {
		free(out->data);
		*out = (struct vp_input){ 0 };
	}
	return err;
}

int vp_input_read_plain(struct vp_input *out, const char *path, size_t max,
                        const char **why)
{
	int err = read_apart(out, path, max);

	if (err == -EAGAIN)
		err = read_plain(out, path, max);
	*why = err == -EINVAL      ? "this is no regular file"
	       : err == -ETIMEDOUT ? "it did not answer in 2 s"
	       : err != 0          ? strerror(-err)
	                           : NULL;
	return err;
}
