/* watched.c - see watched.h; the other side is keeper.c. */
#include "watched.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "keeper.h"

#define PAUSE_MS 5
#define MOST_ENTERED 16
#define ANSWER_MS 2000 /* a keeper that does not answer is as good as gone */

struct vp_watched {
	char *const *argv;
	int fd;
	pid_t keeper;
	uint64_t cgroup;
	uv_poll_t poll;
	bool on_loop;
	bool told;  /* ended() was called */
	bool asked; /* to start it */
	bool started, ended, gone;
	int start_error;
	int status; /* of waitpid(2), if ended */
	int left;
	void (*done)(void *arg);
	void *arg;
	void (*socket)(uint64_t inode, void *arg); /* NULL: not looked for */
	void *socket_arg;
	char entered[MOST_ENTERED][16];
	size_t n_entered;
};

/* The next message, or false if none came in time. */
static bool receive(struct vp_watched *c, struct vp_keeper_message *m,
                    int timeout_ms)
{
	struct pollfd p = { .fd = c->fd, .events = POLLIN };
	ssize_t n;

	do {
		if (poll(&p, 1, timeout_ms) <= 0)
			return false;
		n = recv(c->fd, m, sizeof(*m), MSG_DONTWAIT);
	} while (n < 0 && errno == EINTR);
	if (n != (ssize_t)sizeof(*m))
		c->gone = true;
	return !c->gone;
}

static bool say(struct vp_watched *c, enum vp_keeper_word word, int value)
{
	struct vp_keeper_message m = { word, value, 0, "" };

	return send(c->fd, &m, sizeof(m), MSG_NOSIGNAL) == (ssize_t)sizeof(m);
}

static int refuse(struct vp_watched *c, char *why, size_t size, int err)
{
	snprintf(why, size, "cannot start a process for the command: %s",
	         strerror(-err));
	vp_watched_destroy(c);
	return err;
}

int vp_watched_fork(struct vp_watched **out, char *const argv[], char *why,
                    size_t size)
{
	struct vp_watched *c = calloc(1, sizeof(*c));
	struct vp_keeper_message m = { 0 };
	int pair[2];

	*out = NULL;
	if (c == NULL)
		return refuse(c, why, size, -ENOMEM);
	c->fd = -1;
	c->argv = argv;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return refuse(c, why, size, -errno);
	c->keeper = fork();
	if (c->keeper == 0) {
		close(pair[0]);
		vp_keeper_run(pair[1], argv);
	}
	c->fd = pair[0];
	close(pair[1]);
	if (c->keeper < 0)
		return refuse(c, why, size, -errno);
	if (!receive(c, &m, ANSWER_MS) || m.value != 0)
		return refuse(c, why, size, m.value != 0 ? -m.value : -EIO);
	c->cgroup = m.number;
	*out = c;
	return 0;
}

uint32_t vp_watched_keeper(const struct vp_watched *c)
{
	return (uint32_t)c->keeper;
}

uint64_t vp_watched_cgroup(const struct vp_watched *c)
{
	return c->cgroup;
}

static void take(struct vp_watched *c, const struct vp_keeper_message *m)
{
	switch (m->word) {
	case VP_KEEPER_STARTED:
		c->started = m->value == 0;
		c->start_error = m->value;
		break;
	case VP_KEEPER_ENDED:
		c->ended = true;
		c->status = m->value;
		break;
	case VP_KEEPER_LEFT:
		c->left = m->value;
		break;
	case VP_KEEPER_SOCKET:
		if (c->socket != NULL)
			c->socket(m->number, c->socket_arg);
		break;
	case VP_KEEPER_ELSEWHERE:
		if (c->n_entered < MOST_ENTERED)
			memcpy(c->entered[c->n_entered++], m->who,
			       sizeof(m->who));
		break;
	default:
		break;
	}
}

static void on_readable(uv_poll_t *handle, int status, int events)
{
	struct vp_watched *c = handle->data;
	struct vp_keeper_message m;

	(void)events;
	if (status == 0 && receive(c, &m, 0))
		take(c, &m);
	if (c->gone)
		uv_poll_stop(&c->poll);
	if (c->told || (!c->ended && !c->gone && c->start_error == 0))
		return;
	c->told = true;
	c->done(c->arg);
}

void vp_watched_look(struct vp_watched *c,
                     void (*socket)(uint64_t inode, void *arg), void *arg)
{
	c->socket = socket;
	c->socket_arg = arg;
}

int vp_watched_start(struct vp_watched *c, uv_loop_t *loop,
                     void (*ended)(void *arg), void *arg)
{
	int rc = uv_poll_init(loop, &c->poll, c->fd);

	if (rc != 0)
		return rc;
	c->on_loop = c->asked = true;
	c->poll.data = c;
	c->done = ended;
	c->arg = arg;
	if (!say(c, VP_KEEPER_START, c->socket != NULL))
		c->gone = true; /* the poll tells */
	return uv_poll_start(&c->poll, UV_READABLE, on_readable);
}

void vp_watched_signal(struct vp_watched *c, int number)
{
	say(c, VP_KEEPER_SIGNAL, number);
}

static void count_left(struct vp_watched *c)
{
	struct vp_keeper_message m;

	if (c->gone || !say(c, VP_KEEPER_COUNT, 0))
		return;
	while (receive(c, &m, ANSWER_MS)) {
		take(c, &m);
		if (m.word == VP_KEEPER_LEFT)
			return;
	}
}

void vp_watched_finish(struct vp_watched *c, struct vp_arena *arena,
                       struct vp_command_facts *out)
{
	count_left(c);
	*out = (struct vp_command_facts){
		/* Told to, and nobody is left who knows: it may run. */
		.started = c->started ||
		           (c->asked && c->gone && c->start_error == 0),
		.exit_status = -1,
		.by_cgroup = c->cgroup != 0,
		.left_running = (uint64_t)(c->left > 0 ? c->left : 0),
	};
	for (size_t i = 0; c->argv[i] != NULL; i++)
		*VP_PUSH(arena, out->argv, out->n_argv) =
			vp_arena_strdup(arena, c->argv[i]);
	for (size_t i = 0; i < c->n_entered; i++)
		*VP_PUSH(arena, out->entered, out->n_entered) = vp_arena_strdup(
			arena,
			c->entered[i][0] != '\0' ? c->entered[i] : "a process");
	if (c->start_error != 0)
		out->why = vp_arena_strdup(arena, strerror(c->start_error));
	else if (c->gone && !c->ended)
		out->why = vp_arena_strdup(arena,
		                           "the process that kept it is gone");
	if (c->ended && WIFEXITED(c->status))
		out->exit_status = WEXITSTATUS(c->status);
	if (c->ended && WIFSIGNALED(c->status))
		out->signal = WTERMSIG(c->status);
}

/* The keeper sees the end of the socket and ends. One that was stopped, or
 * waits for a file system that does not answer, must not hold us up. */
static void end_keeper(pid_t keeper)
{
	const struct timespec pause = { 0, PAUSE_MS * 1000000 };

	for (int ms = 0; ms < ANSWER_MS; ms += PAUSE_MS) {
		pid_t pid = waitpid(keeper, NULL, WNOHANG);

		if (pid == keeper || (pid < 0 && errno != EINTR))
			return;
		nanosleep(&pause, NULL);
	}
	if (kill(keeper, SIGKILL) == 0)
		waitpid(keeper, NULL, 0);
}

static void free_command(struct vp_watched *c)
{
	if (c->fd >= 0)
		close(c->fd);
	if (c->keeper > 0)
		end_keeper(c->keeper);
	free(c);
}

static void on_closed(uv_handle_t *handle)
{
	free_command(handle->data);
}

void vp_watched_destroy(struct vp_watched *c)
{
	if (c == NULL)
		return;
	if (c->on_loop)
		uv_close((uv_handle_t *)&c->poll, on_closed);
	else
		free_command(c);
}
