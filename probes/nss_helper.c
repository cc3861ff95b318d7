/*
 * nss_helper.c - a process with no rights and one socket, asking getaddrinfo().
 *
 * Each thread reads a question, answers it and reads the next. One more thread
 * is made whenever the last idle one gets something to do, up to the limit, so
 * a small run has few. Threads may hang in getaddrinfo() as long as they like:
 * the parent kills the whole process, and the kernel does if the parent dies.
 */
#include "nss_helper.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "vnetprobe/rights.h"

#define SOCK_FD 3
#define STACK_BYTES (256 * 1024)

struct helper {
	pthread_mutex_t lock;
	pthread_attr_t attr;
	unsigned threads, idle, max;
};

static void close_from(int first)
{
	DIR *dir;
	const struct dirent *d;

	if (close_range((unsigned)first, ~0u, 0) == 0)
		return;
	dir = opendir("/proc/self/fd"); /* Linux before 5.9 */
	while (dir != NULL && (d = readdir(dir)) != NULL) {
		int fd = atoi(d->d_name); /* "." and ".." give 0 */

		if (fd >= first && fd != dirfd(dir))
			close(fd);
	}
	if (dir != NULL)
		closedir(dir);
}

/* Keeps the socket, as SOCK_FD, and stderr: sanitizers write there. */
static void keep_only(int sock)
{
	int high = fcntl(sock, F_DUPFD, SOCK_FD);
	int null;

	if (high < 0 || (high != SOCK_FD && dup2(high, SOCK_FD) < 0))
		_exit(1);
	close_from(SOCK_FD + 1);
	null = open("/dev/null", O_RDWR);
	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		close(null);
	}
}

/* Ctrl-C reaches the whole foreground group: the parent still wants what it
 * can get, and ends us when it does not. */
static void settle_signals(void)
{
	static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE };
	sigset_t none;

	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static uint64_t elapsed_us(const struct timespec *since)
{
	struct timespec now;
	int64_t ns;

	clock_gettime(CLOCK_MONOTONIC, &now);
	ns = (int64_t)(now.tv_sec - since->tv_sec) * 1000000000 +
	     (now.tv_nsec - since->tv_nsec);
	return (uint64_t)ns / 1000;
}

static void add(struct vp_nss_reply *r, const struct sockaddr *sa)
{
	struct vp_endpoint e;

	if (vp_endpoint_from_sockaddr(&e, sa) < 0)
		return;
	for (uint32_t i = 0; i < r->n; i++)
		if (vp_addr_equal(&r->addresses[i], &e.addr))
			return;
	if (r->n == VP_NSS_ADDRESSES_MAX)
		r->left_out++;
	else
		r->addresses[r->n++] = e.addr;
}

static void resolve(struct vp_nss_reply *r, const struct vp_nss_question *q)
{
	/* No AI_ADDRCONFIG: whether AAAA leads elsewhere matters although this
	 * machine may have no IPv6 address today. */
	const struct addrinfo hints = { .ai_family = AF_UNSPEC,
		                        .ai_socktype = SOCK_STREAM };
	struct addrinfo *list = NULL;
	struct timespec start;

	memset(r, 0, sizeof(*r));
	r->seq = q->seq;
	clock_gettime(CLOCK_MONOTONIC, &start);
	r->error = getaddrinfo(q->name, NULL, &hints, &list);
	if (r->error == EAI_SYSTEM)
		r->system = errno;
	r->elapsed_us = elapsed_us(&start);
	if (r->error != 0)
		return;
	for (const struct addrinfo *ai = list; ai != NULL; ai = ai->ai_next)
		add(r, ai->ai_addr);
	freeaddrinfo(list);
}

static void *work(void *arg);

/* Called by a thread that has just got a question. */
static void keep_one_idle(struct helper *h)
{
	pthread_t t;

	pthread_mutex_lock(&h->lock);
	h->idle--;
	if (h->idle == 0 && h->threads < h->max &&
	    pthread_create(&t, &h->attr, work, h) == 0) {
		h->threads++;
		h->idle++;
	}
	pthread_mutex_unlock(&h->lock);
}

static void be_idle(struct helper *h)
{
	pthread_mutex_lock(&h->lock);
	h->idle++;
	pthread_mutex_unlock(&h->lock);
}

static void *work(void *arg)
{
	struct helper *h = arg;
	struct vp_nss_question q;
	struct vp_nss_reply r;

	for (;;) {
		ssize_t n = recv(SOCK_FD, &q, sizeof(q), 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= (ssize_t)offsetof(struct vp_nss_question, name))
			_exit(n == 0 ? 0 : 1); /* the parent has gone */
		((char *)&q)[n - 1] = '\0';
		keep_one_idle(h);
		resolve(&r, &q);
		be_idle(h); /* first: the parent may ask more at once */
		if (send(SOCK_FD, &r,
		         offsetof(struct vp_nss_reply, addresses) +
		                 r.n * sizeof(r.addresses[0]),
		         MSG_NOSIGNAL) < 0)
			_exit(1);
	}
	return NULL;
}

_Noreturn void vp_nss_helper(int sock, unsigned n_threads)
{
	static struct helper h = { .lock = PTHREAD_MUTEX_INITIALIZER };
	char why[256];

	settle_signals();
	keep_only(sock);
	prctl(PR_SET_NAME, "vnetprobe-nss");
	if (vp_rights_drop(why, sizeof(why)) < 0)
		_exit(1);
	/* After the change of credentials, which would clear it. Should the
	 * parent be dead already, the socket says so. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	mallopt(M_ARENA_MAX, 1);
	h.threads = h.idle = 1;
	h.max = n_threads + VP_NSS_HANGING_MAX;
	pthread_attr_init(&h.attr);
	pthread_attr_setstacksize(&h.attr, STACK_BYTES);
	pthread_attr_setdetachstate(&h.attr, PTHREAD_CREATE_DETACHED);
	work(&h);
	_exit(0);
}
