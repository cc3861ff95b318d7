/*
 * lab_delay.c - gives the lab a round-trip time (this kernel has no netem).
 *
 *   lab_delay TAP-A TAP-B MILLISECONDS
 *
 * Attaches to two TAP devices that exist already and carries each frame from
 * one to the other half the given time after it came, so that a round trip
 * takes the whole of it. Order is kept. One process, one ring a direction: a
 * frame that finds its ring full is dropped and counted, as a wire would.
 * Ends on SIGTERM or SIGINT and then says on stderr what it carried.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define FRAME_MAX 2048u
#define RING_SIZE 16384u /* frames, a power of two: 0.8 million/s at 20 ms */
#define BURST 64u        /* frames read before the other side gets a turn */

struct frame {
	int64_t due_ns;
	uint16_t len;
	uint8_t bytes[FRAME_MAX];
};

struct way { /* one direction */
	int from, to;
	struct frame *ring;
	uint32_t head, tail; /* run freely; head - tail frames wait */
	uint64_t carried, dropped;
};

static volatile sig_atomic_t stop;

static void on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static int tap_open(const char *name)
{
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI };
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return -1;
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	if (ioctl(fd, TUNSETIFF, &ifr) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static void take(struct way *w, int64_t delay_ns)
{
	static uint8_t spill[FRAME_MAX];

	for (unsigned i = 0; i < BURST; i++) {
		bool full = w->head - w->tail == RING_SIZE;
		struct frame *f = &w->ring[w->head % RING_SIZE];
		ssize_t n = read(w->from, full ? spill : f->bytes, FRAME_MAX);

		if (n <= 0)
			return;
		if (full) {
			w->dropped++;
			continue;
		}
		f->len = (uint16_t)n;
		f->due_ns = now_ns() + delay_ns;
		w->head++;
	}
}

/* Returns when the next frame is due, or INT64_MAX when none waits. */
static int64_t give(struct way *w)
{
	while (w->tail != w->head) {
		struct frame *f = &w->ring[w->tail % RING_SIZE];

		if (f->due_ns > now_ns())
			return f->due_ns;
		if (write(w->to, f->bytes, f->len) < 0) {
			if (errno == EAGAIN)
				return f->due_ns; /* the peer is busy: again */
			w->dropped++;             /* the device is down */
		} else {
			w->carried++;
		}
		w->tail++;
	}
	return INT64_MAX;
}

static void wait_until(const struct way *ways, int64_t due_ns)
{
	struct pollfd fds[2] = { { .fd = ways[0].from, .events = POLLIN },
		                 { .fd = ways[1].from, .events = POLLIN } };
	struct timespec ts = { 0 };
	int64_t left = due_ns - now_ns();

	if (due_ns == INT64_MAX) {
		ppoll(fds, 2, NULL, NULL);
		return;
	}
	if (left > 0) {
		ts.tv_sec = left / 1000000000;
		ts.tv_nsec = left % 1000000000;
	}
	ppoll(fds, 2, &ts, NULL);
}

int main(int argc, char **argv)
{
	struct sigaction on_end = { .sa_handler = on_signal };
	struct way ways[2] = { 0 };
	int64_t delay_ns;
	char *end;
	double ms;
	int a, b;

	if (argc != 4) {
		fputs("usage: lab_delay TAP-A TAP-B MILLISECONDS\n", stderr);
		return 2;
	}
	ms = strtod(argv[3], &end);
	if (*end != '\0' || !(ms >= 0 && ms <= 1000)) {
		fprintf(stderr, "lab_delay: %s: no time of 0 to 1000 ms\n",
		        argv[3]);
		return 2;
	}
	delay_ns = (int64_t)(ms * 1e6 / 2);
	a = tap_open(argv[1]);
	b = tap_open(argv[2]);
	ways[0] = (struct way){ .from = a, .to = b };
	ways[1] = (struct way){ .from = b, .to = a };
	ways[0].ring = calloc(RING_SIZE, sizeof(struct frame));
	ways[1].ring = calloc(RING_SIZE, sizeof(struct frame));
	if (a < 0 || b < 0 || ways[0].ring == NULL || ways[1].ring == NULL) {
		fprintf(stderr, "lab_delay: %s and %s: %s\n", argv[1], argv[2],
		        strerror(errno));
		free(ways[0].ring);
		free(ways[1].ring);
		return 1;
	}
	sigaction(SIGTERM, &on_end, NULL);
	sigaction(SIGINT, &on_end, NULL);
	prctl(PR_SET_TIMERSLACK, 1);
	while (!stop) {
		int64_t due0, due1;

		take(&ways[0], delay_ns);
		take(&ways[1], delay_ns);
		due0 = give(&ways[0]);
		due1 = give(&ways[1]);
		wait_until(ways, due0 < due1 ? due0 : due1);
	}
	fprintf(stderr, "lab_delay: carried %llu + %llu, dropped %llu\n",
	        (unsigned long long)ways[0].carried,
	        (unsigned long long)ways[1].carried,
	        (unsigned long long)(ways[0].dropped + ways[1].dropped));
	free(ways[0].ring);
	free(ways[1].ring);
	close(a);
	close(b);
	return 0;
}
