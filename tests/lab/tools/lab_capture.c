/*
 * lab_capture.c - what passes an interface, into a pcap file; for the lab.
 *
 *   lab_capture INTERFACE SNAPLEN FILE
 *
 * Prints "ready" once it listens. At SIGTERM it takes what has arrived until
 * then and ends: whoever sends the signal after the last packet has them all,
 * without waiting. The last line on stderr is "N packets, N dropped". It shares
 * no code with the capture that it is held against, and no library either.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

/* A ring that the kernel fills; as a socket's buffer so much memory would need
 * rights that nobody has in a user namespace. A frame of it is filled and given
 * over at once (TPACKET_V2). */
#define BLOCK (1u << 16)
#define BLOCKS 512u
#define FRAME 512u
#define FRAMES (BLOCKS * (BLOCK / FRAME))
#define SNAPLEN_MOST 384 /* what a frame has room for beside its head */

struct ring {
	uint8_t *memory;
	size_t next;
};

static int die(const char *what)
{
	fprintf(stderr, "lab_capture: %s: %s\n", what, strerror(errno));
	return 1;
}

static int open_socket(const char *interface, struct ring *ring)
{
	struct sockaddr_ll place = { .sll_family = AF_PACKET };
	struct tpacket_req req = { BLOCK, BLOCKS, FRAME, FRAMES };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	int version = TPACKET_V2;
	void *memory;

	place.sll_protocol = htons(ETH_P_ALL);
	place.sll_ifindex = (int)if_nametoindex(interface);
	if (fd < 0 || place.sll_ifindex == 0 ||
	    setsockopt(fd, SOL_PACKET, PACKET_VERSION, &version,
	               sizeof(version)) != 0 ||
	    setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &req, sizeof(req)) != 0)
		return -1;
	memory = mmap(NULL, (size_t)BLOCK * BLOCKS, PROT_READ | PROT_WRITE,
	              MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED ||
	    bind(fd, (struct sockaddr *)&place, sizeof(place)) != 0)
		return -1;
	*ring = (struct ring){ memory, 0 };
	return fd;
}

/* The file's head: microseconds, Ethernet; the byte order is this machine's. */
static void write_head(FILE *out, uint32_t snaplen)
{
	const uint32_t magic = 0xa1b2c3d4, ethernet = 1, zero = 0;
	const uint16_t version[] = { 2, 4 };

	fwrite(&magic, sizeof(magic), 1, out);
	fwrite(version, sizeof(version), 1, out);
	fwrite(&zero, sizeof(zero), 1, out);
	fwrite(&zero, sizeof(zero), 1, out);
	fwrite(&snaplen, sizeof(snaplen), 1, out);
	fwrite(&ethernet, sizeof(ethernet), 1, out);
}

static void write_frame(FILE *out, const struct tpacket2_hdr *h,
                        uint32_t snaplen)
{
	uint32_t len = h->tp_snaplen < snaplen ? h->tp_snaplen : snaplen;
	const uint32_t head[] = { h->tp_sec, h->tp_nsec / 1000, len,
		                  h->tp_len };

	fwrite(head, sizeof(head), 1, out);
	fwrite((const uint8_t *)h + h->tp_mac, len, 1, out);
}

/* All that has arrived. Returns how many. */
static long take(struct ring *ring, FILE *out, uint32_t snaplen)
{
	for (long n = 0;; n++) {
		struct tpacket2_hdr *h =
			(void *)(ring->memory + ring->next * FRAME);

		if ((__atomic_load_n(&h->tp_status, __ATOMIC_ACQUIRE) &
		     TP_STATUS_USER) == 0)
			return n;
		write_frame(out, h, snaplen);
		__atomic_store_n(&h->tp_status, TP_STATUS_KERNEL,
		                 __ATOMIC_RELEASE);
		ring->next = (ring->next + 1) % FRAMES;
	}
}

static int capture(int fd, struct ring *ring, int stop, FILE *out,
                   uint32_t snaplen)
{
	struct pollfd wait[] = { { .fd = fd, .events = POLLIN },
		                 { .fd = stop, .events = POLLIN } };
	struct tpacket_stats stats;
	socklen_t size = sizeof(stats);
	long total = 0;

	do {
		if (poll(wait, 2, -1) < 0 && errno != EINTR)
			return die("poll");
		total += take(ring, out, snaplen); /* after the signal, too */
	} while ((wait[1].revents & POLLIN) == 0);
	if (getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &stats, &size) != 0)
		return die("PACKET_STATISTICS");
	if (fflush(out) != 0 || ferror(out))
		return die("the file");
	fprintf(stderr, "%ld packets, %u dropped\n", total, stats.tp_drops);
	return 0;
}

int main(int argc, char **argv)
{
	unsigned long snaplen = argc == 4 ? strtoul(argv[2], NULL, 10) : 0;
	struct ring ring;
	sigset_t set;
	FILE *out;
	int fd, stop;

	if (snaplen < 64 || snaplen > SNAPLEN_MOST) {
		fputs("usage: lab_capture INTERFACE SNAPLEN FILE\n", stderr);
		return 2;
	}
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	stop = signalfd(-1, &set, SFD_CLOEXEC);
	fd = open_socket(argv[1], &ring);
	out = fopen(argv[3], "wb");
	if (stop < 0 || fd < 0 || out == NULL)
		return die(fd < 0 ? argv[1] : argv[3]);
	write_head(out, (uint32_t)snaplen);
	puts("ready");
	fflush(stdout);
	return capture(fd, &ring, stop, out, (uint32_t)snaplen);
}
