/*
 * lab_peer.c - peers that misbehave, for the lab.
 *
 *   lab_peer tcp ADDRESS PORT           accepts, reads, never says a word
 *   lab_peer dns MODE ADDRESS PORT [FROM]
 *                                       a hostile resolver, UDP and TCP
 *   lab_peer flood ADDRESS PORT COUNT   sends COUNT DNS queries over UDP, as
 *                                       fast as it goes, then ends
 *
 * hostile_dns.h tells the MODEs of the resolver.
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
#include <time.h>
#include <unistd.h>

#include "hostile_dns.h"

#define CONNECTIONS 256

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

/* --- the server ----------------------------------------------------------- */

/* Something to be sent when its time has come. */
struct later {
	int64_t due_ms; /* 0: a free place */
	struct place to;
	size_t len, at; /* at: of a connection's bytes, those that are sent */
	uint8_t bytes[1500];
};

#define LATERS 256

struct server {
	const char *mode;    /* NULL: listens on TCP, reads and stays silent */
	int udp, other, tcp; /* other: what answers come from "elsewhere" */
	unsigned count;
	struct pollfd fds[CONNECTIONS];
	nfds_t n;
	struct later datagrams[LATERS];
	struct later drips[CONNECTIONS]; /* each beside its descriptor */
};

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void send_datagram(const struct server *s, const void *bytes, size_t n,
                          const struct place *to)
{
	sendto(s->other >= 0 ? s->other : s->udp, bytes, n, 0,
	       (const struct sockaddr *)&to->addr, to->len);
}

static void send_later(struct server *s, const struct out *o,
                       const struct place *to, unsigned ms)
{
	for (size_t i = 0; i < LATERS; i++) {
		struct later *l = &s->datagrams[i];

		if (l->due_ms != 0 || o->len > sizeof(l->bytes))
			continue;
		l->due_ms = now_ms() + ms;
		l->to = *to;
		l->len = o->len;
		memcpy(l->bytes, o->bytes, o->len);
		return;
	}
}

static void serve_udp(struct server *s)
{
	static struct out o;
	uint8_t bytes[1500];
	struct place from = { .len = sizeof(from.addr) };
	struct query q = { .mode = s->mode };
	ssize_t n = recvfrom(s->udp, bytes, sizeof(bytes), 0,
	                     (struct sockaddr *)&from.addr, &from.len);

	if (n < 0 || !query_read(&q, bytes, (size_t)n))
		return;
	q.count = s->count++;
	if (!answer(&o, &q))
		return;
	if (is(&q, "delay") || is(&q, "late")) {
		send_later(s, &o, &from, is(&q, "delay") ? 300 : 900);
		return;
	}
	send_datagram(s, o.bytes, o.len, &from);
	if (is(&q, "twice"))
		send_datagram(s, o.bytes, o.len, &from);
}

/* Blocking: 64 KiB may not fit the buffer at once. */
static bool send_all(int fd, const uint8_t *bytes, size_t n)
{
	for (size_t at = 0; at < n;) {
		ssize_t sent = send(fd, bytes + at, n - at, MSG_NOSIGNAL);

		if (sent < 0)
			return false;
		at += (size_t)sent;
	}
	return true;
}

/* To be sent a byte a second, behind what is still to be sent. */
static void drip(struct later *l, const uint8_t *bytes, size_t n)
{
	if (l->due_ms == 0) {
		l->due_ms = now_ms();
		l->len = l->at = 0;
	}
	if (n > sizeof(l->bytes) - l->len)
		return;
	memcpy(l->bytes + l->len, bytes, n);
	l->len += n;
}

static bool reply(struct server *s, size_t i, const uint8_t *bytes, size_t n)
{
	static struct out o;
	struct query q = { .mode = s->mode, .tcp = true };
	uint8_t prefix[2];

	if (!query_read(&q, bytes, n))
		return true;
	q.count = s->count++;
	if (!answer(&o, &q))
		return true;
	prefix[0] = (uint8_t)(o.len >> 8);
	prefix[1] = (uint8_t)o.len;
	if (is(&q, "drip")) {
		drip(&s->drips[i], prefix, 2);
		drip(&s->drips[i], o.bytes, o.len);
		return true;
	}
	return send_all(s->fds[i].fd, prefix, 2) &&
	       send_all(s->fds[i].fd, o.bytes, o.len);
}

/* Whole queries a read are enough for the lab. */
static bool serve_tcp(struct server *s, size_t i)
{
	uint8_t bytes[4096];
	ssize_t got = recv(s->fds[i].fd, bytes, sizeof(bytes), 0);
	size_t n = got > 0 ? (size_t)got : 0, len;

	if (got <= 0)
		return got < 0 && errno == EAGAIN;
	for (size_t at = 0; s->mode != NULL && n - at >= 2; at += len) {
		len = (size_t)bytes[at] << 8 | bytes[at + 1];
		at += 2;
		if (len > n - at)
			break;
		if (!reply(s, i, bytes + at, len))
			return false;
	}
	return true;
}

static void send_due(struct server *s, int64_t now)
{
	for (size_t i = 0; i < LATERS; i++) {
		struct later *l = &s->datagrams[i];

		if (l->due_ms == 0 || l->due_ms > now)
			continue;
		send_datagram(s, l->bytes, l->len, &l->to);
		l->due_ms = 0;
	}
	for (nfds_t i = 2; i < s->n; i++) {
		struct later *l = &s->drips[i];

		if (l->due_ms == 0 || l->due_ms > now)
			continue;
		send_all(s->fds[i].fd, l->bytes + l->at, 1);
		l->due_ms = ++l->at < l->len ? now + 1000 : 0;
	}
}

static void accept_one(struct server *s)
{
	int fd;

	if (s->n == CONNECTIONS)
		return;
	fd = accept(s->tcp, NULL, NULL);
	if (fd < 0)
		return;
	s->fds[s->n] = (struct pollfd){ .fd = fd, .events = POLLIN };
	memset(&s->drips[s->n], 0, sizeof(s->drips[0]));
	s->n++;
}

static void drop_connection(struct server *s, size_t i)
{
	close(s->fds[i].fd);
	s->n--;
	s->fds[i] = s->fds[s->n];
	s->drips[i] = s->drips[s->n];
}

/* How long to wait for somebody to speak: a little while something is due. */
static int patience(const struct server *s)
{
	for (size_t i = 0; i < LATERS; i++)
		if (s->datagrams[i].due_ms != 0)
			return 10;
	for (nfds_t i = 2; i < s->n; i++)
		if (s->drips[i].due_ms != 0)
			return 10;
	return -1;
}

static _Noreturn void serve(struct server *s)
{
	s->fds[0] = (struct pollfd){ .fd = s->udp, .events = POLLIN };
	s->fds[1] = (struct pollfd){ .fd = s->tcp, .events = POLLIN };
	s->n = 2;
	for (;;) {
		if (poll(s->fds, s->n, patience(s)) < 0)
			continue;
		if (s->fds[0].fd >= 0 && s->fds[0].revents != 0)
			serve_udp(s);
		for (nfds_t i = 2; i < s->n; i++) {
			if (s->fds[i].revents != 0 && !serve_tcp(s, i))
				drop_connection(s, i--);
		}
		if (s->fds[1].fd >= 0 && s->fds[1].revents != 0)
			accept_one(s);
		send_due(s, now_ms());
	}
}

static int start(const char *mode, const struct place *at,
                 const struct place *from)
{
	static struct server s;

	s.mode = mode;
	s.udp = mode == NULL ? -1 : listen_on(at, SOCK_DGRAM);
	s.other = from == NULL ? -1 : listen_on(from, SOCK_DGRAM);
	s.tcp = mode != NULL && strcmp(mode, "no-tcp") == 0
	                ? -1
	                : listen_on(at, SOCK_STREAM);
	if ((s.udp < 0 && s.tcp < 0) || (from != NULL && s.other < 0)) {
		perror("lab_peer: listen");
		return 1;
	}
	serve(&s);
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
	struct place at, from;

	signal(SIGPIPE, SIG_IGN);
	if (argc == 4 && strcmp(argv[1], "tcp") == 0 &&
	    place_read(&at, argv[2], argv[3]) == 0)
		return start(NULL, &at, NULL);
	if (argc == 5 && strcmp(argv[1], "dns") == 0 &&
	    place_read(&at, argv[3], argv[4]) == 0)
		return start(argv[2], &at, NULL);
	if (argc == 6 && strcmp(argv[1], "dns") == 0 &&
	    place_read(&at, argv[3], argv[4]) == 0 &&
	    place_read(&from, argv[5], argv[4]) == 0)
		return start(argv[2], &at, &from);
	if (argc == 5 && strcmp(argv[1], "flood") == 0 &&
	    place_read(&at, argv[2], argv[3]) == 0)
		return flood(&at, argv[4]);
	fputs("usage: lab_peer tcp ADDRESS PORT\n"
	      "       lab_peer dns MODE ADDRESS PORT [FROM]\n"
	      "       lab_peer flood ADDRESS PORT COUNT\n",
	      stderr);
	return 2;
}
