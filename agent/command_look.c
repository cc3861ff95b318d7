/* command_look.c - see command_look.h. */
#include "command_look.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "handover.h"

#define SOCKETS_MOST 65536
#define NAMESPACES_MOST 16
#define PROCESSES_MOST 4096
#define THREADS_MOST 256
#define DESCRIPTORS_MOST 65536 /* in one look */
#define GENERATIONS 64

/* Often at first, as most commands are short; then no more than a twentieth of
 * the time. */
#define FIRST_MS 10
#define PAUSE_MS 100
#define SHARE 20

struct vp_command_look {
	struct vp_command_look_sink sink;
	uint64_t own;
	uint64_t *sockets; /* open addressing; 0 is free */
	size_t n_sockets;
	uint64_t namespaces[NAMESPACES_MOST];
	size_t n_namespaces;
	unsigned processes, descriptors; /* of this look */
	int pause_ms;
};

/* The number of "socket:[17]", "net:[17]" and the like; 0: it is none. */
static uint64_t number_of(int dir, const char *name, const char *format)
{
	char link[64];
	uint64_t number;
	ssize_t n = readlinkat(dir, name, link, sizeof(link) - 1);

	if (n <= 0)
		return 0;
	link[n] = '\0';
	return sscanf(link, format, &number) == 1 ? number : 0;
}

struct vp_command_look *
vp_command_look_create(const struct vp_command_look_sink *sink)
{
	struct vp_command_look *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	l->sockets = calloc(SOCKETS_MOST * 2, sizeof(*l->sockets));
	if (l->sockets == NULL) {
		free(l);
		return NULL;
	}
	l->sink = *sink;
	l->own = number_of(AT_FDCWD, "/proc/self/ns/net", "net:[%" SCNu64 "]");
	l->pause_ms = FIRST_MS;
	return l;
}

void vp_command_look_destroy(struct vp_command_look *l)
{
	if (l == NULL)
		return;
	free(l->sockets);
	free(l);
}

/* --- sockets -------------------------------------------------------------- */

static void note_socket(struct vp_command_look *l, uint64_t inode)
{
	size_t at = (size_t)(inode * UINT64_C(0x9e3779b97f4a7c15) >> 32);

	for (;; at++) {
		uint64_t *slot = &l->sockets[at % (SOCKETS_MOST * 2)];

		if (*slot == inode)
			return;
		if (*slot != 0)
			continue;
		if (l->n_sockets == SOCKETS_MOST)
			return;
		*slot = inode;
		l->n_sockets++;
		l->sink.socket(inode, l->sink.arg);
		return;
	}
}

static DIR *open_below(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;

	if (fd >= 0 && d == NULL)
		close(fd);
	return d;
}

static void look_at_sockets(struct vp_command_look *l, int proc)
{
	DIR *dir = open_below(proc, "fd");
	const struct dirent *e;

	while (dir != NULL && (e = readdir(dir)) != NULL &&
	       l->descriptors < DESCRIPTORS_MOST) {
		uint64_t inode = number_of(dirfd(dir), e->d_name,
		                           "socket:[%" SCNu64 "]");

		l->descriptors++;
		if (inode != 0)
			note_socket(l, inode);
	}
	if (dir != NULL)
		closedir(dir);
}

/* --- network namespaces --------------------------------------------------- */

/* Has it more than a loopback? What cannot be read may have. */
static bool leads_out(int task)
{
	int fd = openat(task, "net/dev", O_RDONLY | O_CLOEXEC);
	FILE *f = fd >= 0 ? fdopen(fd, "r") : NULL;
	char line[512];
	bool out = f == NULL;

	if (fd >= 0 && f == NULL)
		close(fd);
	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		const char *name = line + strspn(line, " ");

		/* two lines of headings, with a bar in each */
		if (strchr(line, '|') == NULL && strncmp(name, "lo:", 3) != 0)
			out = true;
	}
	if (f != NULL)
		fclose(f);
	return out;
}

static void note_namespace(struct vp_command_look *l, int task, uint64_t netns)
{
	char who[16] = "";
	ssize_t n;
	int fd;

	for (size_t i = 0; i < l->n_namespaces; i++)
		if (l->namespaces[i] == netns)
			return;
	/* One without a way out is looked at again: it may get one. */
	if (l->n_namespaces == NAMESPACES_MOST || !leads_out(task))
		return;
	l->namespaces[l->n_namespaces++] = netns;
	fd = openat(task, "comm", O_RDONLY | O_CLOEXEC);
	n = fd >= 0 ? read(fd, who, sizeof(who) - 1) : 0;
	if (fd >= 0)
		close(fd);
	who[n > 0 ? n : 0] = '\0';
	who[strcspn(who, "\n")] = '\0';
	l->sink.elsewhere(netns, who, l->sink.arg);
}

/* --- processes ------------------------------------------------------------ */

static void look_at(struct vp_command_look *l, uint32_t pid, unsigned depth);

/* "17 18 ", of those that this thread has forked. */
static void look_at_children(struct vp_command_look *l, int task,
                             unsigned depth)
{
	int fd = openat(task, "children", O_RDONLY | O_CLOEXEC);
	FILE *f = fd >= 0 ? fdopen(fd, "r") : NULL;
	uint32_t pid;

	if (fd >= 0 && f == NULL)
		close(fd);
	while (f != NULL && fscanf(f, "%" SCNu32, &pid) == 1)
		look_at(l, pid, depth + 1);
	if (f != NULL)
		fclose(f);
}

/* Each thread may be in a namespace of its own. depth 0: only at itself. */
static void look_at_threads(struct vp_command_look *l, int proc, unsigned depth,
                            bool self)
{
	DIR *dir = open_below(proc, "task");
	const struct dirent *e;
	unsigned n = 0;

	while (dir != NULL && (e = readdir(dir)) != NULL && n < THREADS_MOST) {
		uint64_t netns;
		int task;

		if (!isdigit((unsigned char)e->d_name[0]))
			continue;
		n++;
		task = openat(dirfd(dir), e->d_name,
		              O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (task < 0)
			continue;
		netns = number_of(task, "ns/net", "net:[%" SCNu64 "]");
		if (!self && netns != 0 && netns != l->own)
			note_namespace(l, task, netns);
		if (depth > 0 && depth < GENERATIONS)
			look_at_children(l, task, depth);
		close(task);
	}
	if (dir != NULL)
		closedir(dir);
}

static void look_at(struct vp_command_look *l, uint32_t pid, unsigned depth)
{
	char path[32];
	int proc;

	if (l->processes++ >= PROCESSES_MOST)
		return;
	snprintf(path, sizeof(path), "/proc/%" PRIu32, pid);
	proc = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (proc < 0)
		return;
	look_at_sockets(l, proc);
	look_at_threads(l, proc, depth, false);
	close(proc);
}

static void on_member(uint32_t pid, void *arg)
{
	look_at(arg, pid, 0);
}

int vp_command_look(struct vp_command_look *l,
                    const struct vp_command_group *group)
{
	uint64_t began = vp_now_ms(), took;
	int proc;

	l->processes = l->descriptors = 0;
	if (group->path[0] != '\0') {
		vp_command_group_each(group, on_member, l);
	} else {
		proc = open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (proc >= 0) {
			look_at_threads(l, proc, 1, true);
			close(proc);
		}
	}
	took = (vp_now_ms() - began) * SHARE;
	if (l->pause_ms < PAUSE_MS)
		l->pause_ms += FIRST_MS;
	return took > (uint64_t)l->pause_ms ? (int)took : l->pause_ms;
}
