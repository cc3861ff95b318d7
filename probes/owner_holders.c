/*
 * owner_holders.c - see owner_names.h: which process has a socket.
 *
 * /proc/PID/fd of other users, and of processes with more rights than ours, is
 * closed to us once rights were dropped: what was read before that stays, as
 * the inode of a socket is its own for as long as it is open.
 */
#include "owner_names.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "hash.h"

#define SOCKETS_MOST 262144
#define DESCRIPTORS_MOST 1000000 /* looked at in one scan */
#define SCANS_EVERY_NS 250000000 /* at least; and four times its own length */

struct vp_holders {
	struct vp_hash_key key;
	struct vp_index index;
	struct vp_arena *arena; /* of the executables, each once */
	struct socket_of {
		uint64_t inode;
		struct vp_holder holder;
	} * all;
	size_t n, room;
	size_t looked_at;
	uint64_t scanned_ns, took_ns;
};

struct vp_holders *vp_holders_create(void)
{
	struct vp_holders *h = calloc(1, sizeof(*h));

	if (h == NULL)
		return NULL;
	h->arena = vp_arena_create();
	vp_hash_key_random(&h->key);
	return h;
}

void vp_holders_destroy(struct vp_holders *h)
{
	if (h == NULL)
		return;
	vp_index_free(&h->index);
	vp_arena_destroy(h->arena);
	free(h->all);
	free(h);
}

static struct socket_of *known(const struct vp_holders *h, uint64_t inode)
{
	uint64_t hash = vp_hash(&h->key, &inode, sizeof(inode));
	struct vp_index_cursor cursor = { 0 };
	uint32_t at;

	while ((at = vp_index_next(&h->index, hash, &cursor)) != VP_INDEX_NONE)
		if (h->all[at].inode == inode)
			return &h->all[at];
	return NULL;
}

static struct socket_of *push(struct vp_holders *h, uint64_t inode)
{
	if (h->n == h->room) {
		size_t room = h->room == 0 ? 64 : h->room * 2;
		void *all = realloc(h->all, room * sizeof(*h->all));

		if (h->n >= SOCKETS_MOST || all == NULL)
			return NULL;
		h->all = all;
		h->room = room;
	}
	if (!vp_index_put(&h->index, vp_hash(&h->key, &inode, sizeof(inode)),
	                  (uint32_t)h->n))
		return NULL;
	memset(&h->all[h->n], 0, sizeof(h->all[h->n]));
	h->all[h->n].inode = inode;
	return &h->all[h->n++];
}

static void describe(struct vp_holders *h, int proc, struct vp_holder *who)
{
	static const char deleted[] = " (deleted)";
	char text[4096];
	ssize_t n;
	int fd = openat(proc, "comm", O_RDONLY | O_CLOEXEC);

	if (fd >= 0) {
		n = read(fd, who->process, sizeof(who->process) - 1);
		close(fd);
		who->process[n > 0 ? n : 0] = '\0';
		who->process[strcspn(who->process, "\n")] = '\0';
	}
	n = readlinkat(proc, "exe", text, sizeof(text) - 1);
	if (n > 0) {
		text[n] = '\0';
		/* it was replaced by an update, say: still that file's name */
		n -= (ssize_t)sizeof(deleted) - 1;
		if (n > 0 && strcmp(text + n, deleted) == 0)
			text[n] = '\0';
		who->executable = vp_arena_intern(h->arena, text);
	}
}

static void note(struct vp_holders *h, uint64_t inode, int proc, uint32_t pid,
                 struct vp_holder *who)
{
	struct socket_of *s = known(h, inode);

	if (s != NULL && s->holder.pid == pid)
		return; /* a second descriptor, or an earlier scan */
	if (s != NULL) {
		s->holder = (struct vp_holder){ 0 }; /* several */
		return;
	}
	s = push(h, inode);
	if (s == NULL)
		return;
	if (who->pid == 0) {
		who->pid = pid;
		describe(h, proc, who);
	}
	s->holder = *who;
}

static void read_process(struct vp_holders *h, int proc, uint32_t pid)
{
	int fd = openat(proc, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	struct vp_holder who = { 0 };
	const struct dirent *d;

	if (dir == NULL) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((d = readdir(dir)) != NULL && h->looked_at < DESCRIPTORS_MOST) {
		char link[64];
		uint64_t inode;
		ssize_t n = readlinkat(fd, d->d_name, link, sizeof(link) - 1);

		h->looked_at++;
		if (n <= 0)
			continue;
		link[n] = '\0';
		if (sscanf(link, "socket:[%" SCNu64 "]", &inode) == 1)
			note(h, inode, proc, pid, &who);
	}
	closedir(dir);
}

/* What was read before stays: it may be closed to us by now. */
void vp_holders_scan(struct vp_holders *h)
{
	DIR *dir = opendir("/proc");
	const struct dirent *d;
	uint64_t began = uv_hrtime();

	if (dir == NULL)
		return;
	h->looked_at = 0;
	while ((d = readdir(dir)) != NULL) {
		char *end;
		unsigned long pid = strtoul(d->d_name, &end, 10);
		int proc;

		if (*end != '\0' || pid == 0 || pid > UINT32_MAX)
			continue;
		proc = openat(dirfd(dir), d->d_name,
		              O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (proc < 0)
			continue;
		read_process(h, proc, (uint32_t)pid);
		close(proc);
	}
	closedir(dir);
	h->scanned_ns = uv_hrtime();
	h->took_ns = h->scanned_ns - began;
}

bool vp_holder_of(struct vp_holders *h, uint64_t inode, struct vp_holder *out)
{
	const struct socket_of *s = known(h, inode);
	uint64_t pause = h->took_ns * 4 > SCANS_EVERY_NS ? h->took_ns * 4
	                                                 : SCANS_EVERY_NS;

	if (s == NULL &&
	    (h->scanned_ns == 0 || uv_hrtime() - h->scanned_ns >= pause)) {
		vp_holders_scan(h);
		s = known(h, inode);
	}
	if (s == NULL)
		return false;
	*out = s->holder;
	return true;
}

/* --- parents -------------------------------------------------------------- */

#define GENERATIONS 64

/* proc_pid_stat(5): "17 (any (thing) here) S 1 ..." */
static int parent_of(uint32_t pid, uint32_t *parent)
{
	char path[64], text[512];
	const char *end;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%u/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return -ESRCH;
	text[n] = '\0';
	end = strrchr(text, ')');
	if (end == NULL || sscanf(end + 1, " %*c %u", parent) != 1)
		return -EINVAL;
	return 0;
}

int vp_descends(uint32_t pid, uint32_t ancestor)
{
	int rc;

	for (unsigned i = 0; i < GENERATIONS; i++) {
		if (pid == ancestor)
			return 1;
		if (pid <= 1)
			return 0; /* the first, or of another namespace */
		rc = parent_of(pid, &pid);
		if (rc != 0)
			return rc;
	}
	return -ELOOP;
}
