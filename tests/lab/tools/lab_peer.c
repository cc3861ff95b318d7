/*
 * lab_peer.c - peers that misbehave, for the lab.
 *
 *   lab_peer tcp ADDRESS PORT           accepts, reads, never says a word
 *   lab_peer dns MODE ADDRESS PORT      a hostile resolver, UDP and TCP
 *   lab_peer flood ADDRESS PORT COUNT   sends COUNT DNS queries over UDP, as
 *                                       fast as it goes, then ends
 *
 * MODE of the resolver, for each question:
 *   drop       no answer
 *   wrong-id   an answer to another question's id
 *   wrong-name an answer whose question is another name
 *   loop       a name that points to itself (compression loop)
 *   short      the message ends within a record
 *   counts     the header claims 65535 answers, none follows
 *   random     random bytes behind a right header
 *   empty      a datagram of no bytes
 *   huge       TC over UDP; over TCP 65535 bytes of CNAME records
 *   truncated  TC over UDP; TCP accepts and stays silent
 *   no-tcp     TC over UDP; TCP is refused
 *   cname-loop an alias that leads back to itself
 *   servfail, refused   the rcode
 *
 * Ends when its parent ends it. ADDRESS is IPv4 or IPv6.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECTIONS 256
#define MESSAGE_MAX 65535u

struct place {
	struct sockaddr_storage addr;
	socklen_t len;
};

static int place_read(struct place *out, const char *address, const char *port)
{
	struct sockaddr_in *in4 = (struct sockaddr_in *)&out->addr;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&out->addr;
	unsigned long n = strtoul(port, NULL, 10);

	memset(out, 0, sizeof(*out));
	if (n == 0 || n > 65535)
		return -1;
	if (inet_pton(AF_INET, address, &in4->sin_addr) == 1) {
		in4->sin_family = AF_INET;
		in4->sin_port = htons((uint16_t)n);
		out->len = sizeof(*in4);
		return 0;
	}
	if (inet_pton(AF_INET6, address, &in6->sin6_addr) == 1) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons((uint16_t)n);
		out->len = sizeof(*in6);
		return 0;
	}
	return -1;
}

static int listen_on(const struct place *at, int type)
{
	int one = 1;
	int fd = socket(at->addr.ss_family, type | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (const struct sockaddr *)&at->addr, at->len) < 0 ||
	    (type == SOCK_STREAM && listen(fd, CONNECTIONS) < 0)) {
		close(fd);
		return -1;
	}
	return fd;
}

/* --- building answers ---------------------------------------------------- */

struct out {
	uint8_t bytes[MESSAGE_MAX];
	size_t len;
};

static void put(struct out *o, const void *bytes, size_t n)
{
	if (n > sizeof(o->bytes) - o->len)
		return;
	memcpy(o->bytes + o->len, bytes, n);
	o->len += n;
}

static void put16(struct out *o, unsigned v)
{
	uint8_t b[2] = { (uint8_t)(v >> 8), (uint8_t)v };

	put(o, b, sizeof(b));
}

/* A record whose owner is the question's name; rdata follows. */
static void put_record(struct out *o, unsigned type, unsigned ttl, unsigned len)
{
	put16(o, 0xc00c);
	put16(o, type);
	put16(o, 1);
	put16(o, 0);
	put16(o, ttl);
	put16(o, len);
}

/* Header and question; a negative count of answers cannot be asked for. */
static void put_head(struct out *o, const uint8_t *query, size_t question_end,
                     unsigned flags, unsigned answers)
{
	o->len = 0;
	put(o, query, 2);
	put16(o, 0x8180u | flags);
	put16(o, 1);
	put16(o, answers);
	put16(o, 0);
	put16(o, 0);
	put(o, query + 12, question_end - 12);
}

/* Where the question of a query ends, or 0 if it has none. */
static size_t question_end(const uint8_t *q, size_t n)
{
	size_t i = 12;

	while (i < n && q[i] != 0)
		i += (size_t)q[i] + 1;
	return i + 5 <= n ? i + 5 : 0;
}

/* Builds the answer to one query. Returns false for "say nothing". */
static bool answer(struct out *o, const char *mode, const uint8_t *q, size_t n,
                   bool tcp)
{
	static const uint8_t address[4] = { 10, 20, 2, 7 };
	size_t end = n < 12 ? 0 : question_end(q, n);

	if (end == 0 || strcmp(mode, "drop") == 0)
		return false;
	if (strcmp(mode, "empty") == 0) {
		o->len = 0;
	} else if (strcmp(mode, "wrong-id") == 0) {
		put_head(o, q, end, 0, 1);
		o->bytes[0] ^= 0x5a;
		put_record(o, 1, 60, 4);
		put(o, address, 4);
	} else if (strcmp(mode, "wrong-name") == 0) {
		put_head(o, q, end, 0, 1);
		o->bytes[13] ^= 0x01;
		put_record(o, 1, 60, 4);
		put(o, address, 4);
	} else if (strcmp(mode, "loop") == 0) {
		put_head(o, q, end, 0, 1);
		put16(o, 0xc000u | (unsigned)o->len);
		put16(o, 1);
		put16(o, 1);
		put16(o, 0);
		put16(o, 60);
		put16(o, 4);
		put(o, address, 4);
	} else if (strcmp(mode, "short") == 0) {
		put_head(o, q, end, 0, 1);
		put_record(o, 1, 60, 4);
		put(o, address, 2);
	} else if (strcmp(mode, "counts") == 0) {
		put_head(o, q, end, 0, 65535);
	} else if (strcmp(mode, "random") == 0) {
		put_head(o, q, end, 0, 3);
		for (int i = 0; i < 300; i++)
			put16(o, (unsigned)random());
	} else if (strcmp(mode, "cname-loop") == 0) {
		put_head(o, q, end, 0, 1);
		put_record(o, 5, 60, 2);
		put16(o, 0xc00c);
	} else if (strcmp(mode, "servfail") == 0) {
		put_head(o, q, end, 2, 0);
	} else if (strcmp(mode, "refused") == 0) {
		put_head(o, q, end, 5, 0);
	} else if (!tcp) { /* huge, truncated, no-tcp */
		put_head(o, q, end, 0x200, 0);
	} else if (strcmp(mode, "huge") == 0) {
		put_head(o, q, end, 0, 4500);
		while (o->len + 14 <= MESSAGE_MAX) {
			put_record(o, 5, 60, 2);
			put16(o, 0xc00c);
		}
		while (o->len < MESSAGE_MAX)
			put(o, "", 1);
	} else {
		return false;
	}
	return true;
}

static void serve_udp(int fd, const char *mode)
{
	static struct out o;
	uint8_t query[1500];
	struct place from = { .len = sizeof(from.addr) };
	ssize_t n = recvfrom(fd, query, sizeof(query), 0,
	                     (struct sockaddr *)&from.addr, &from.len);

	if (n >= 0 && answer(&o, mode, query, (size_t)n, false))
		sendto(fd, o.bytes, o.len, 0,
		       (const struct sockaddr *)&from.addr, from.len);
}

/* One whole query a read is enough for the lab. */
static bool serve_tcp(int fd, const char *mode)
{
	static struct out o;
	uint8_t query[1500], prefix[2];
	ssize_t n = recv(fd, query, sizeof(query), 0);

	if (n <= 0)
		return n < 0 && errno == EAGAIN;
	if (n < 14 || !answer(&o, mode, query + 2, (size_t)n - 2, true))
		return true;
	prefix[0] = (uint8_t)(o.len >> 8);
	prefix[1] = (uint8_t)o.len;
	/* Blocking from here: 64 KiB may not fit the buffer at once. */
	if (send(fd, prefix, 2, MSG_NOSIGNAL) != 2)
		return false;
	for (size_t at = 0; at < o.len;) {
		ssize_t sent = send(fd, o.bytes + at, o.len - at, MSG_NOSIGNAL);

		if (sent < 0)
			return false;
		at += (size_t)sent;
	}
	return true;
}

/* mode NULL: a TCP listener that reads and stays silent. */
static int serve(const struct place *at, const char *mode)
{
	struct pollfd fds[CONNECTIONS];
	nfds_t n = 2;

	fds[0].fd = mode == NULL ? -1 : listen_on(at, SOCK_DGRAM);
	fds[1].fd = -1;
	if (mode == NULL || strcmp(mode, "no-tcp") != 0)
		fds[1].fd = listen_on(at, SOCK_STREAM);
	if (fds[0].fd < 0 && fds[1].fd < 0) {
		perror("lab_peer: listen");
		return 1;
	}
	fds[0].events = fds[1].events = POLLIN;
	for (;;) {
		uint8_t scrap[4096];

		if (poll(fds, n, -1) < 0)
			continue;
		if (fds[0].fd >= 0 && fds[0].revents != 0)
			serve_udp(fds[0].fd, mode);
		for (nfds_t i = 2; i < n; i++) {
			bool keep = true;

			if (fds[i].revents == 0)
				continue;
			if (mode == NULL)
				keep = recv(fds[i].fd, scrap, sizeof(scrap),
				            0) > 0;
			else
				keep = serve_tcp(fds[i].fd, mode);
			if (!keep) {
				close(fds[i].fd);
				fds[i--] = fds[--n];
			}
		}
		if (fds[1].fd >= 0 && fds[1].revents != 0 && n < CONNECTIONS) {
			fds[n].fd = accept(fds[1].fd, NULL, NULL);
			fds[n].events = POLLIN;
			fds[n].revents = 0;
			if (fds[n].fd >= 0)
				n++;
		}
	}
}

static int flood(const struct place *to, const char *count)
{
	static const uint8_t query[] = {
		0,   0,   1,   0,   0,   1,   0,   0, 0,   0,   0,
		0,   5,   'f', 'l', 'o', 'o', 'd', 7, 'e', 'x', 'a',
		'm', 'p', 'l', 'e', 0,   0,   1,   0, 1,
	};
	unsigned long n = strtoul(count, NULL, 10);
	int fd = socket(to->addr.ss_family, SOCK_DGRAM, 0);

	if (fd < 0 || n == 0 || n > 10000000 ||
	    connect(fd, (const struct sockaddr *)&to->addr, to->len) < 0) {
		fputs("lab_peer: flood: bad count or address\n", stderr);
		return 2;
	}
	/* An ICMP error of the peer shows up as a failed send: go on. */
	for (unsigned long i = 0; i < n; i++)
		(void)!send(fd, query, sizeof(query), 0);
	close(fd);
	return 0;
}

int main(int argc, char **argv)
{
	struct place at;

	signal(SIGPIPE, SIG_IGN);
	if (argc == 4 && strcmp(argv[1], "tcp") == 0 &&
	    place_read(&at, argv[2], argv[3]) == 0)
		return serve(&at, NULL);
	if (argc == 5 && strcmp(argv[1], "dns") == 0 &&
	    place_read(&at, argv[3], argv[4]) == 0)
		return serve(&at, argv[2]);
	if (argc == 5 && strcmp(argv[1], "flood") == 0 &&
	    place_read(&at, argv[2], argv[3]) == 0)
		return flood(&at, argv[4]);
	fputs("usage: lab_peer tcp ADDRESS PORT\n"
	      "       lab_peer dns MODE ADDRESS PORT\n"
	      "       lab_peer flood ADDRESS PORT COUNT\n",
	      stderr);
	return 2;
}
