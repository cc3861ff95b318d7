/*
 * keeper.c - the process between the watcher and the watched command.
 *
 * It has the caller's rights, reads from nobody but the watcher, and does
 * nothing but fork, wait, kill, keep a cgroup and look at what is in it.
 * Signals of the terminal reach the command by themselves (it is in the same
 * process group), so the keeper ignores them.
 */
#include "keeper.h"

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
#include <sys/wait.h>
#include <unistd.h>

#include "command_group.h"
#include "command_look.h"

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
	sigset_t mask; /* as the command shall have it */
	struct vp_command_group group;
	pid_t command;                /* 0: not started, or ended */
	struct vp_command_look *look; /* NULL: not wanted */
	int wait_ms;                  /* until the next look; -1: none */
};

static void say(const struct keeper *k, enum vp_keeper_word word, int value,
                uint64_t number)
{
	struct vp_keeper_message m = { word, value, number, "" };

	/* A watcher that is gone shows at the next read. */
	(void)!send(k->fd, &m, sizeof(m), MSG_NOSIGNAL);
}

/* --- looking ---------------------------------------------------------------
 */

static void on_socket(uint64_t inode, void *arg)
{
	say(arg, VP_KEEPER_SOCKET, 0, inode);
}

static void on_elsewhere(uint64_t netns, const char *who, void *arg)
{
	const struct keeper *k = arg;
	struct vp_keeper_message m = { VP_KEEPER_ELSEWHERE, 0, netns, "" };

	snprintf(m.who, sizeof(m.who), "%s", who);
	(void)!send(k->fd, &m, sizeof(m), MSG_NOSIGNAL);
}

static void look(struct keeper *k)
{
	if (k->look != NULL)
		k->wait_ms = vp_command_look(k->look, &k->group);
}

static void begin_looking(struct keeper *k)
{
	const struct vp_command_look_sink sink = { on_socket, on_elsewhere, k };

	k->look = vp_command_look_create(&sink);
	look(k);
}

/* --- the command ---------------------------------------------------------- */

__attribute__((noreturn)) static void execute(const struct keeper *k,
                                              int report)
{
	int err;

	if (!vp_command_group_join(&k->group)) {
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
	return k->group.path[0] != '\0' ? vp_command_group_count(&k->group)
	                                : count_children();
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
		if (m.value != 0)
			begin_looking(k);
		return true;
	case VP_KEEPER_SIGNAL:
		if (k->command > 0)
			kill(k->command, m.value);
		return true;
	case VP_KEEPER_COUNT:
		reap(k);
		look(k);
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
	struct keeper k = { .fd = fd, .argv = argv, .wait_ms = -1 };
	struct signalfd_siginfo info;
	struct pollfd p[2] = { { .fd = fd, .events = POLLIN },
		               { .fd = -1, .events = POLLIN } };

	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	p[1].fd = open_signals(&k);
	say(&k, VP_KEEPER_READY, p[1].fd < 0 ? errno : 0,
	    vp_command_group_make(&k.group));
	while (p[1].fd >= 0) {
		int n = poll(p, 2, k.wait_ms);

		if (n < 0 && errno != EINTR)
			break;
		if (n == 0)
			look(&k);
		if (n <= 0)
			continue;
		if (p[1].revents != 0) {
			(void)!read(p[1].fd, &info, sizeof(info));
			reap(&k);
		}
		if (p[0].revents != 0 && !hear(&k))
			break;
	}
	vp_command_look_destroy(k.look);
	vp_command_group_remove(&k.group);
	_exit(0);
}
