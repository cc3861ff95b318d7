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
#include <signal.h>
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
		int fd; /* of the first holder */
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

static void read_comm(int proc, char *out, size_t size)
{
	int fd = openat(proc, "comm", O_RDONLY | O_CLOEXEC);
	ssize_t n;

	out[0] = '\0';
	if (fd < 0)
		return;
	n = read(fd, out, size - 1);
	close(fd);
	out[n > 0 ? n : 0] = '\0';
	out[strcspn(out, "\n")] = '\0';
}

static void describe(struct vp_holders *h, int proc, struct vp_holder *who)
{
	static const char deleted[] = " (deleted)";
	char text[4096];
	ssize_t n;

	read_comm(proc, who->process, sizeof(who->process));
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

/* A further holder: then nobody can be named. */
static void join(struct vp_holder *who, const struct vp_process *p)
{
	for (unsigned i = 0; i < who->n && i < VP_HOLDERS_MOST; i++)
		if (who->all[i].pid == p->pid && who->all[i].began == p->began)
			return; /* a second descriptor, or an earlier scan */
	if (who->n < VP_HOLDERS_MOST)
		who->all[who->n] = *p;
	who->n++;
	who->pid = 0;
	who->process[0] = '\0';
	who->executable = NULL;
}

static void note(struct vp_holders *h, uint64_t inode, int proc, int fd,
                 struct vp_holder *who)
{
	struct socket_of *s = known(h, inode);

	if (s != NULL && s->holder.n > 0) {
		join(&s->holder, &who->all[0]);
		return;
	}
	if (s == NULL)
		s = push(h, inode);
	if (s == NULL)
		return;
	if (who->pid == 0) {
		who->pid = who->all[0].pid;
		describe(h, proc, who);
	}
	s->fd = fd;
	s->holder = *who;
}

static void read_process(struct vp_holders *h, int proc, uint32_t pid)
{
	int fd = openat(proc, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	struct vp_holder who = { .n = 1, .all[0].pid = pid };
	const struct dirent *d;

	if (dir == NULL) {
		if (fd >= 0)
			close(fd);
		return;
	}
	who.all[0].began = vp_process_began(pid);
	while ((d = readdir(dir)) != NULL && h->looked_at < DESCRIPTORS_MOST) {
		char link[64];
		uint64_t inode;
		ssize_t n = readlinkat(fd, d->d_name, link, sizeof(link) - 1);

		h->looked_at++;
		if (n <= 0)
			continue;
		link[n] = '\0';
		if (sscanf(link, "socket:[%" SCNu64 "]", &inode) == 1)
			note(h, inode, proc, atoi(d->d_name), &who);
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

/* Its descriptor is closed to us once rights were dropped, but not that it is
 * there, since when, and what it calls itself. */
static bool is_still(const struct socket_of *s)
{
	const struct vp_holder *who = &s->holder;
	char path[64], link[64], comm[sizeof(who->process)];
	uint64_t inode;
	ssize_t n;
	int proc;

	if (!vp_process_is_there(&who->all[0]))
		return false;
	snprintf(path, sizeof(path), "/proc/%u", who->pid);
	proc = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (proc < 0)
		return true; /* hidepid */
	read_comm(proc, comm, sizeof(comm));
	snprintf(path, sizeof(path), "fd/%d", s->fd);
	n = readlinkat(proc, path, link, sizeof(link) - 1);
	close(proc);
	if (n > 0) {
		link[n] = '\0';
		if (sscanf(link, "socket:[%" SCNu64 "]", &inode) != 1 ||
		    inode != s->inode)
			return false; /* handed on, and closed */
	} else if (errno == ENOENT) {
		return false;
	}
	/* By another program that it became: its descriptor may be closed. */
	return comm[0] == '\0' || strcmp(comm, who->process) == 0;
}

bool vp_holder_of(struct vp_holders *h, uint64_t inode, struct vp_holder *out)
{
	struct socket_of *s = known(h, inode);
	uint64_t pause = h->took_ns * 4 > SCANS_EVERY_NS ? h->took_ns * 4
	                                                 : SCANS_EVERY_NS;

	if (s != NULL && s->holder.n == 1 && !is_still(s))
		s->holder = (struct vp_holder){ 0 }; /* nobody, for now */
	if ((s == NULL || s->holder.n == 0) &&
	    (h->scanned_ns == 0 || uv_hrtime() - h->scanned_ns >= pause)) {
		vp_holders_scan(h);
		s = known(h, inode);
	}
	if (s == NULL || s->holder.n == 0)
		return false;
	*out = s->holder;
	return true;
}

/* --- parents -------------------------------------------------------------- */

#define GENERATIONS 64

/* What follows the name: "17 (any (thing) here) S 1 ...", proc_pid_stat(5). */
static int read_stat(uint32_t pid, char *text, size_t size, const char **rest)
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%u/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, text, size - 1);
	close(fd);
	if (n <= 0)
		return -ESRCH;
	text[n] = '\0';
	*rest = strrchr(text, ')');
	return *rest != NULL ? 0 : -EINVAL;
}

static int parent_of(uint32_t pid, uint32_t *parent)
{
	const char *rest = NULL;
	char text[512];
	int rc = read_stat(pid, text, sizeof(text), &rest);

	if (rc != 0)
		return rc;
	return sscanf(rest + 1, " %*c %u", parent) == 1 ? 0 : -EINVAL;
}

#define BEGAN_AFTER 19 /* fields between the name and field 22 */

uint64_t vp_process_began(uint32_t pid)
{
	const char *rest = NULL;
	uint64_t began;
	char text[512];

	if (read_stat(pid, text, sizeof(text), &rest) != 0)
		return 0;
	for (int i = 0; i <= BEGAN_AFTER && rest != NULL; i++)
		rest = strchr(rest + 1, ' ');
	return rest != NULL && sscanf(rest, " %" SCNu64, &began) == 1 ? began
	                                                              : 0;
}

bool vp_process_is_there(const struct vp_process *p)
{
	uint64_t began;

	if (kill((pid_t)p->pid, 0) != 0 && errno == ESRCH)
		return false;
	began = vp_process_began(p->pid);
	return began == p->began || began == 0 || p->began == 0;
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
