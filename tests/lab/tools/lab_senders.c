/*
 * lab_senders - short-lived senders, and a list of what they did.
 *
 *     lab_senders short FIRST COUNT ADDRESS LIST
 *         COUNT connections (connect, send, close), then COUNT single
 *         datagrams, each in its own socket, to the ports FIRST, FIRST + 1, ...
 *         of ADDRESS. Every other one is sent by a child that lives for this
 *         only. LIST gets a line for each: "tcp PORT PID UID".
 *     lab_senders flood SECONDS ADDRESS
 *         datagrams to one port for so long; prints how many, and what each
 *         took of CPU time, in ns
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct sockaddr_in to(const char *address, unsigned port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
		                   .sin_port = htons((uint16_t)port) };

	if (inet_pton(AF_INET, address, &sin.sin_addr) != 1) {
		fprintf(stderr, "no address: %s\n", address);
		exit(2);
	}
	return sin;
}

/* One connection or one datagram; false if nothing was sent. */
static int send_one(int type, const char *address, unsigned port)
{
	struct sockaddr_in sin = to(address, port);
	int fd = socket(AF_INET, type, 0), sent;

	if (fd < 0)
		return 0;
	if (type == SOCK_STREAM)
		sent = connect(fd, (struct sockaddr *)&sin, sizeof(sin)) == 0 &&
		       send(fd, "x", 1, MSG_NOSIGNAL) == 1;
	else
		sent = sendto(fd, "x", 1, 0, (struct sockaddr *)&sin,
		              sizeof(sin)) == 1;
	close(fd);
	return sent;
}

static void note(FILE *list, int type, unsigned port)
{
	fprintf(list, "%s %u %ld %u\n", type == SOCK_STREAM ? "tcp" : "udp",
	        port, (long)getpid(), (unsigned)geteuid());
	fflush(list);
}

static void send_and_note(FILE *list, int type, const char *address,
                          unsigned port, int by_child)
{
	pid_t pid = by_child ? fork() : 0;

	if (pid > 0) {
		waitpid(pid, NULL, 0);
		return;
	}
	if (send_one(type, address, port))
		note(list, type, port);
	if (by_child)
		_exit(0);
}

static int run_short(char **argv)
{
	unsigned first = (unsigned)atoi(argv[2]);
	unsigned count = (unsigned)atoi(argv[3]);
	FILE *list = fopen(argv[5], "ae");

	if (list == NULL) {
		perror(argv[5]);
		return 1;
	}
	for (unsigned i = 0; i < 2 * count; i++)
		send_and_note(list, i < count ? SOCK_STREAM : SOCK_DGRAM,
		              argv[4], first + i % count, i % 2 == 1);
	fclose(list);
	return 0;
}

static double seconds(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int run_flood(char **argv)
{
	double end = seconds(CLOCK_MONOTONIC) + atof(argv[2]), cpu;
	struct sockaddr_in sin = to(argv[3], 9999);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	uint64_t n = 0;

	if (connect(fd, (struct sockaddr *)&sin, sizeof(sin)) != 0) {
		perror("connect");
		return 1;
	}
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
	while ((n & 255) != 0 || seconds(CLOCK_MONOTONIC) < end) {
		n++;
		(void)!send(fd, "x", 1, 0);
	}
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	printf("%llu %.1f\n", (unsigned long long)n, cpu * 1e9 / (double)n);
	close(fd);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 6 && strcmp(argv[1], "short") == 0)
		return run_short(argv);
	if (argc == 4 && strcmp(argv[1], "flood") == 0)
		return run_flood(argv);
	fprintf(stderr, "usage: lab_senders short FIRST COUNT ADDRESS LIST\n"
	                "       lab_senders flood SECONDS ADDRESS\n");
	return 2;
}
