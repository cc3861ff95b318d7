/* command_group.c - see command_group.h. */
#include "command_group.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NAMES 16 /* tried: the pid may be taken in another pid namespace */
#define DEPTH 16 /* of groups below ours that are looked into */
#define REMOVE_TRIES 100 /* 10 ms apart */

/* --- where ---------------------------------------------------------------- */

/* Where cgroup v2 is mounted: "... - cgroup2 cgroup2 rw" of mountinfo. */
static bool find_mount(char *out, size_t size)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char line[VP_GROUP_PATH], root[VP_GROUP_PATH], point[VP_GROUP_PATH];
	bool found = false;

	if (f == NULL)
		return false;
	while (!found && fgets(line, sizeof(line), f) != NULL) {
		if (strstr(line, " - cgroup2 ") == NULL ||
		    sscanf(line, "%*s %*s %*s %4095s %4095s", root, point) != 2)
			continue;
		found = snprintf(out, size, "%s", point) < (int)size;
	}
	fclose(f);
	return found;
}

/* Our own group: the line "0::/path" of /proc/self/cgroup. */
static bool find_own(char *out, size_t size)
{
	FILE *f = fopen("/proc/self/cgroup", "re");
	char line[VP_GROUP_PATH];
	bool found = false;

	if (f == NULL)
		return false;
	while (!found && fgets(line, sizeof(line), f) != NULL) {
		if (strncmp(line, "0::/", 4) != 0)
			continue;
		line[strcspn(line, "\n")] = '\0';
		found = snprintf(out, size, "%s", line + 3) < (int)size;
	}
	fclose(f);
	return found;
}

/* A path that leads out of what is mounted here ("/..") or that something else
 * covers is none. */
static bool find_parent(struct vp_command_group *g)
{
	char mount[VP_GROUP_PATH], own[VP_GROUP_PATH];
	struct statfs fs;
	int n;

	if (!find_mount(mount, sizeof(mount)) || !find_own(own, sizeof(own)))
		return false;
	n = snprintf(g->parent, sizeof(g->parent), "%s%s", mount,
	             strcmp(own, "/") == 0 ? "" : own);
	return n < (int)sizeof(g->parent) - 64 && statfs(g->parent, &fs) == 0 &&
	       (uint32_t)fs.f_type == CGROUP2_SUPER_MAGIC;
}

/* --- its members ---------------------------------------------------------- */

static bool procs_of(const char *group, char *out, size_t size)
{
	return snprintf(out, size, "%s/cgroup.procs", group) < (int)size;
}

static bool put_into(const char *group, const char *pid)
{
	char procs[VP_GROUP_PATH + 16];
	ssize_t n = -1;
	int fd, err;

	if (!procs_of(group, procs, sizeof(procs)))
		return false;
	fd = open(procs, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = write(fd, pid, strlen(pid));
	err = errno;
	close(fd);
	errno = err;
	return n > 0;
}

struct to_each {
	const char *into; /* each into another group; NULL: none */
	void (*one)(uint32_t pid, void *arg); /* NULL: none */
	void *arg;
};

/* Of this group alone. */
static int each_member(const char *group, const struct to_each *to)
{
	char procs[VP_GROUP_PATH + 16], line[32];
	int n = 0;
	FILE *f;

	if (!procs_of(group, procs, sizeof(procs)))
		return 0;
	f = fopen(procs, "re");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		n++;
		if (to->into != NULL)
			put_into(to->into, line);
		if (to->one != NULL)
			to->one((uint32_t)strtoul(line, NULL, 10), to->arg);
	}
	if (f != NULL)
		fclose(f);
	return n;
}

/* Members of all groups below this one. Those without any are removed, if that
 * is wanted. */
static int below(const char *group, int depth, const struct to_each *to,
                 bool clear)
{
	char path[VP_GROUP_PATH];
	const struct dirent *e;
	DIR *dir = depth > 0 ? opendir(group) : NULL;
	int sum = 0, n;

	while (dir != NULL && (e = readdir(dir)) != NULL) {
		if (e->d_type != DT_DIR || e->d_name[0] == '.' ||
		    snprintf(path, sizeof(path), "%s/%s", group, e->d_name) >=
		            (int)sizeof(path))
			continue;
		n = each_member(path, to) + below(path, depth - 1, to, clear);
		if (n == 0 && clear)
			rmdir(path);
		sum += n;
	}
	if (dir != NULL)
		closedir(dir);
	return sum;
}

/* --- going ---------------------------------------------------------------- */

/* Making one is allowed more often than entering it (delegation by halves, a
 * threaded group): then the command would not start. */
static bool can_join(const struct vp_command_group *g)
{
	int status = 1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(vp_command_group_join(g) ? 0 : 1);
	if (pid < 0)
		return false;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status == 0;
}

uint64_t vp_command_group_make(struct vp_command_group *g)
{
	struct stat st;
	int made = -1;

	g->path[0] = '\0';
	if (!find_parent(g))
		return 0;
	errno = EEXIST;
	for (int i = 0; i < NAMES && made != 0 && errno == EEXIST; i++) {
		int n = snprintf(g->path, sizeof(g->path),
		                 "%.4000s/vnetprobe-%ld", g->parent,
		                 (long)getpid());

		if (i > 0)
			snprintf(g->path + n, sizeof(g->path) - (size_t)n,
			         "-%d", i);
		made = mkdir(g->path, 0755);
	}
	/* The id is the inode of its directory (kernfs, Linux 5.5 and later).
	 */
	if (made == 0 && stat(g->path, &st) == 0 && can_join(g))
		return st.st_ino;
	if (made == 0)
		rmdir(g->path);
	g->path[0] = '\0';
	return 0;
}

bool vp_command_group_join(const struct vp_command_group *g)
{
	return g->path[0] == '\0' || put_into(g->path, "0");
}

int vp_command_group_count(const struct vp_command_group *g)
{
	const struct to_each nothing = { NULL, NULL, NULL };

	return each_member(g->path, &nothing) +
	       below(g->path, DEPTH, &nothing, false);
}

void vp_command_group_each(const struct vp_command_group *g,
                           void (*one)(uint32_t pid, void *arg), void *arg)
{
	const struct to_each to = { NULL, one, arg };

	each_member(g->path, &to);
	below(g->path, DEPTH, &to, false);
}

/* Processes that are just ending keep it busy, and so do new ones. */
void vp_command_group_remove(const struct vp_command_group *g)
{
	const struct timespec pause = { .tv_nsec = 10000000 };
	const struct to_each move = { g->parent, NULL, NULL };
	const struct to_each nothing = { NULL, NULL, NULL };

	for (unsigned n = 0; g->path[0] != '\0' && n < REMOVE_TRIES; n++) {
		each_member(g->path, &move);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		if (below(g->path, DEPTH, &nothing, true) > 0 ||
		    rmdir(g->path) == 0 || errno != EBUSY)
			return;
		nanosleep(&pause, NULL);
	}
}
