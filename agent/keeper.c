/*
 * keeper.c - the process between the watcher and the watched command.
 *
 * It has the caller's rights, reads from nobody but the watcher, and does
 * nothing but fork, wait, kill and keep a cgroup. Signals of the terminal reach
 * the command by themselves (it is in the same process group), so the keeper
 * ignores them.
 */
#include "keeper.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATH_SIZE 4096
#define REMOVE_TRIES 100 /* 10 ms apart */

/* The command has them as the caller had. Those of the terminal are ignored
 * here; SIGCHLD must not be, or nobody could be waited for. */
static const struct {
	int number;
	void (*handler)(int);
} signals[] = {
	{ SIGINT, SIG_IGN },  { SIGQUIT, SIG_IGN }, { SIGTERM, SIG_IGN },
	{ SIGHUP, SIG_IGN },  { SIGPIPE, SIG_IGN }, { SIGTSTP, SIG_IGN },
	{ SIGTTIN, SIG_IGN }, { SIGTTOU, SIG_IGN }, { SIGCHLD, SIG_DFL },
};
#define N_SIGNALS (sizeof(signals) / sizeof(signals[0]))

struct keeper {
	int fd;
	struct sigaction before[N_SIGNALS];
	char *const *argv;
	sigset_t mask;          /* as the command shall have it */
	char group[PATH_SIZE];  /* its cgroup's directory; "": none */
	char parent[PATH_SIZE]; /* the one above */
	pid_t command;          /* 0: not started, or ended */
};

static void say(const struct keeper *k, enum vp_keeper_word word, int value,
                uint64_t cgroup)
{
	struct vp_keeper_message m = { word, value, cgroup };

	/* A watcher that is gone shows at the next read. */
	(void)!send(k->fd, &m, sizeof(m), MSG_NOSIGNAL);
}

/* --- the cgroup ----------------------------------------------------------- */

/* Where cgroup v2 is mounted: "... - cgroup2 cgroup2 rw" of mountinfo. */
static bool find_mount(char *out, size_t size)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char line[PATH_SIZE], root[PATH_SIZE], point[PATH_SIZE];
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
	char line[PATH_SIZE];
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

static bool write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n = -1;

	if (fd >= 0) {
		n = write(fd, text, strlen(text));
		close(fd);
	}
	return n > 0;
}

/* Returns its id: the inode of its directory (kernfs, Linux 5.5 and later). */
static uint64_t make_group(struct keeper *k)
{
	char mount[PATH_SIZE], own[PATH_SIZE];
	struct stat st;
	int n;

	if (!find_mount(mount, sizeof(mount)) || !find_own(own, sizeof(own)))
		return 0;
	n = snprintf(k->parent, sizeof(k->parent), "%s%s", mount,
	             strcmp(own, "/") == 0 ? "" : own);
	if (n >= (int)sizeof(k->parent) - 64)
		return 0;
	memcpy(k->group, k->parent, (size_t)n);
	snprintf(k->group + n, sizeof(k->group) - (size_t)n, "/vnetprobe-%ld",
	         (long)getpid());
	if (mkdir(k->group, 0755) != 0 || stat(k->group, &st) != 0) {
		k->group[0] = '\0';
		return 0;
	}
	return st.st_ino;
}

static bool procs_of(const char *group, char *out, size_t size)
{
	return snprintf(out, size, "%s/cgroup.procs", group) < (int)size;
}

/* What is left of the command goes where it would be without us. */
static void empty_group(const struct keeper *k)
{
	char procs[PATH_SIZE + 16], above[PATH_SIZE + 16], line[32];
	FILE *f;

	if (!procs_of(k->group, procs, sizeof(procs)) ||
	    !procs_of(k->parent, above, sizeof(above)))
		return;
	f = fopen(procs, "re");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		write_text(above, line);
	if (f != NULL)
		fclose(f);
}

/* Processes that are just ending keep it busy, and so do new ones. */
static void remove_group(const struct keeper *k)
{
	const struct timespec pause = { .tv_nsec = 10000000 };

	for (unsigned n = 0; k->group[0] != '\0' && n < REMOVE_TRIES; n++) {
		empty_group(k);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		if (rmdir(k->group) == 0 || errno != EBUSY)
			return;
		nanosleep(&pause, NULL);
	}
}

/* --- the command ---------------------------------------------------------- */

__attribute__((noreturn)) static void execute(const struct keeper *k,
                                              int report)
{
	char procs[PATH_SIZE + 16];
	int err;

	if (k->group[0] != '\0' && procs_of(k->group, procs, sizeof(procs)) &&
	    !write_text(procs, "0")) {
		err = errno;
		(void)!write(report, &err, sizeof(err));
		_exit(127);
	}
	for (size_t i = 0; i < N_SIGNALS; i++)
		sigaction(signals[i].number, &k->before[i], NULL);
	sigprocmask(SIG_SETMASK, &k->mask, NULL);
	execvp(k->argv[0], k->argv);
	err = errno;
	(void)!write(report, &err, sizeof(err));
	_exit(127);
}

/* The pipe closes as the command is executed, or tells why it was not. */
static void start(struct keeper *k)
{
	int report[2], err = 0;

	if (pipe2(report, O_CLOEXEC) != 0) {
		say(k, VP_KEEPER_STARTED, errno, 0);
		return;
	}
	k->command = fork();
	if (k->command == 0)
		execute(k, report[1]);
	if (k->command < 0)
		err = errno;
	close(report[1]);
	if (k->command > 0 && read(report[0], &err, sizeof(err)) > 0) {
		waitpid(k->command, NULL, 0);
		k->command = -1;
	}
	close(report[0]);
	if (k->command < 0)
		k->command = 0;
	say(k, VP_KEEPER_STARTED, err, 0);
}

static void reap(struct keeper *k)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != k->command)
			continue; /* an orphan that came to us */
		k->command = 0;
		say(k, VP_KEEPER_ENDED, status, 0);
	}
}

static int count_lines(const char *path)
{
	FILE *f = fopen(path, "re");
	char line[64];
	int n = 0;

	if (f == NULL)
		return 0;
	while (fgets(line, sizeof(line), f) != NULL)
		n++;
	fclose(f);
	return n;
}

/* Without a cgroup: our children, and whatever is below them counts as one. */
static int count_children(void)
{
	char path[64], text[4096];
	FILE *f;
	int n = 0;

	snprintf(path, sizeof(path), "/proc/self/task/%ld/children",
	         (long)getpid());
	f = fopen(path, "re");
	if (f == NULL)
		return 0;
	while (fscanf(f, "%4095s", text) == 1)
		n++;
	fclose(f);
	return n;
}

static int count_left(const struct keeper *k)
{
	char procs[PATH_SIZE + 16];

	if (k->group[0] != '\0' && procs_of(k->group, procs, sizeof(procs)))
		return count_lines(procs);
	return count_children();
}

/* --- going ---------------------------------------------------------------- */

/* False: it is over. */
static bool hear(struct keeper *k)
{
	struct vp_keeper_message m;
	ssize_t n = recv(k->fd, &m, sizeof(m), 0);

	if (n < 0 && errno == EINTR)
		return true;
	if (n != (ssize_t)sizeof(m))
		return false; /* the watcher is gone */
	switch (m.word) {
	case VP_KEEPER_START:
		start(k);
		return true;
	case VP_KEEPER_SIGNAL:
		if (k->command > 0)
			kill(k->command, m.value);
		return true;
	case VP_KEEPER_COUNT:
		reap(k);
		say(k, VP_KEEPER_LEFT, count_left(k), 0);
		return true;
	default:
		return true;
	}
}

static int open_signals(struct keeper *k)
{
	sigset_t child;

	for (size_t i = 0; i < N_SIGNALS; i++) {
		const struct sigaction a = { .sa_handler = signals[i].handler };

		sigaction(signals[i].number, &a, &k->before[i]);
	}
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, &k->mask);
	return signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
}

void vp_keeper_run(int fd, char *const argv[])
{
	struct keeper k = { .fd = fd, .argv = argv };
	struct signalfd_siginfo info;
	struct pollfd p[2] = { { .fd = fd, .events = POLLIN },
		               { .fd = -1, .events = POLLIN } };

	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	p[1].fd = open_signals(&k);
	say(&k, VP_KEEPER_READY, p[1].fd < 0 ? errno : 0, make_group(&k));
	while (p[1].fd >= 0) {
		if (poll(p, 2, -1) < 0 && errno != EINTR)
			break;
		if (p[1].revents != 0) {
			(void)!read(p[1].fd, &info, sizeof(info));
			reap(&k);
		}
		if (p[0].revents != 0 && !hear(&k))
			break;
	}
	remove_group(&k);
	_exit(0);
}
