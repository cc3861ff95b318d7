/*
 * cares_loop.c - c-ares sockets and timeouts on the libuv loop.
 *
 * Each socket has a uv_poll_t of its own that is freed in its close callback,
 * never in c-ares's "socket gone" one. Idle sockets do not keep the loop alive;
 * the timer does while questions are open. The UDP socket stays open between
 * questions and, should it have to be opened again after an ICMP error, takes
 * the same port: then one local endpoint stands for all of a resolver's
 * questions, and answers under way still arrive.
 */
#include "cares_loop.h"

#include <ares.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define DATAGRAM_MAX 4097    /* what c-ares reads at most, and one more */
#define HEAD_MAX 12          /* of a message over TCP: its header */
#define RCVBUF (1024 * 1024) /* a burst's answers, while the loop is busy */

struct channel_socket {
	uv_poll_t poll;
	struct vp_cares *owner;
	struct channel_socket *next;
	int fd;
	int events;
};

struct question {
	struct vp_cares *owner;
	vp_cares_cb *cb;
	void *arg;
};

struct vp_cares {
	uv_timer_t timer;
	ares_channel channel;
	struct vp_cares_options opt;
	struct channel_socket *sockets;
	struct channel_socket *stray; /* beside the UDP socket; or NULL */
	struct vp_endpoint local;
	uint16_t port; /* of the first UDP socket */
	unsigned generation;
	enum vp_outcome failure; /* of the last socket call that failed */
	const char *failure_text;
	/* Over TCP: the length that is being read, how many of its two bytes
	 * are, and how many of the message are still to come. */
	unsigned frame, frame_prefix, frame_left;
	uint8_t head[HEAD_MAX];
	size_t head_len;
	bool destroying;
	int open; /* handles libuv has not closed yet */
	size_t datagram_len;
	uint8_t datagram[DATAGRAM_MAX];
};

static void release(struct vp_cares *c)
{
	if (--c->open == 0)
		free(c);
}

static void on_timer_closed(uv_handle_t *h)
{
	release(h->data);
}

static void on_poll_closed(uv_handle_t *h)
{
	struct channel_socket *s = h->data;

	release(s->owner);
	free(s);
}

/* --- time ---------------------------------------------------------------- */

static void on_timeout(uv_timer_t *t);

static void arm(struct vp_cares *c)
{
	struct timeval tv, *next = ares_timeout(c->channel, NULL, &tv);
	uint64_t ms;

	if (next == NULL) {
		uv_timer_stop(&c->timer);
		return;
	}
	ms = (uint64_t)next->tv_sec * 1000 +
	     ((uint64_t)next->tv_usec + 999) / 1000;
	uv_update_time(c->timer.loop);
	/* At least 1: libuv's clock may run ahead of c-ares's by a fraction,
	 * and 0 would spin until they agree. */
	uv_timer_start(&c->timer, on_timeout, ms > 0 ? ms : 1, 0);
}

static void on_timeout(uv_timer_t *t)
{
	struct vp_cares *c = t->data;

	ares_process_fd(c->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	arm(c);
}

/* --- sockets ------------------------------------------------------------- */

static struct channel_socket *find_socket(struct vp_cares *c, int fd)
{
	struct channel_socket *s = c->sockets;

	while (s != NULL && s->fd != fd)
		s = s->next;
	return s;
}

static void on_ready(uv_poll_t *h, int status, int events);

static void watch(struct channel_socket *s)
{
	if (s->events != 0)
		uv_poll_start(&s->poll, s->events, on_ready);
	else
		uv_poll_stop(&s->poll);
}

static void on_ready(uv_poll_t *h, int status, int events)
{
	struct channel_socket *s = h->data;
	struct vp_cares *c = s->owner;
	int fd = s->fd;

	if (status < 0) /* POLLERR: let c-ares meet the error itself */
		events = UV_READABLE | UV_WRITABLE;
	ares_process_fd(c->channel, events & UV_READABLE ? fd : ARES_SOCKET_BAD,
	                events & UV_WRITABLE ? fd : ARES_SOCKET_BAD);
	if (status < 0) {
		/* libuv has stopped the watcher; the socket may live on, and
		 * its number may be another one's by now */
		s = find_socket(c, fd);
		if (s != NULL)
			watch(s);
	}
	arm(c);
}

static void on_socket_state(void *data, ares_socket_t fd, int readable,
                            int writable)
{
	struct channel_socket *s = find_socket(data, fd);

	if (s == NULL)
		return;
	s->events = (readable ? UV_READABLE : 0) | (writable ? UV_WRITABLE : 0);
	watch(s);
}

static void failed(struct vp_cares *c, int err)
{
	c->failure = vp_outcome_from_errno(err);
	c->failure_text =
		c->failure == VP_OUTCOME_ERROR ? strerrordesc_np(err) : NULL;
}

static ares_socket_t open_socket(int af, int type, int proto, void *data)
{
	struct vp_cares *c = data;
	struct channel_socket *s = calloc(1, sizeof(*s));
	int one = 1, size = RCVBUF, on = 1, err;

	if (s == NULL) {
		failed(c, ENOMEM);
		return ARES_SOCKET_BAD;
	}
	s->fd = socket(af, type | SOCK_NONBLOCK | SOCK_CLOEXEC, proto);
	err = s->fd < 0 ? -errno : uv_poll_init(c->opt.loop, &s->poll, s->fd);
	if (err < 0) {
		failed(c, -err);
		if (s->fd >= 0)
			close(s->fd);
		free(s);
		errno = -err;
		return ARES_SOCKET_BAD;
	}
	if (type == SOCK_STREAM) {
		setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	} else {
		setsockopt(s->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
		/* Without it the kernel keeps "host unreachable" to itself */
		if (af == AF_INET)
			setsockopt(s->fd, IPPROTO_IP, IP_RECVERR, &on,
			           sizeof(on));
		else
			setsockopt(s->fd, IPPROTO_IPV6, IPV6_RECVERR, &on,
			           sizeof(on));
	}
	uv_unref((uv_handle_t *)&s->poll);
	s->poll.data = s;
	s->owner = c;
	s->next = c->sockets;
	c->sockets = s;
	c->open++;
	return s->fd;
}

/* --- answers from elsewhere ------------------------------------------------
 *
 * The kernel gives a connected socket what its peer sends. What others send to
 * its port finds this second one, which is bound to the same end and connected
 * to nobody; without it they would get an ICMP error, and we the impression
 * that nobody answered.
 */

static void on_stray(uv_poll_t *h, int status, int events)
{
	struct channel_socket *s = h->data;
	struct vp_cares *c = s->owner;
	uint8_t msg[DATAGRAM_MAX];
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	struct vp_endpoint from;
	ssize_t n = recvfrom(s->fd, msg, sizeof(msg), 0, (struct sockaddr *)&ss,
	                     &len);

	(void)status;
	(void)events;
	if (n > 0 &&
	    vp_endpoint_from_sockaddr(&from, (struct sockaddr *)&ss) == 0)
		c->opt.on_stray(msg, (size_t)n, &from, c->opt.arg);
}

/* Both sockets must allow it, the first only now: its port is its own. */
static int bind_beside(const struct vp_cares *c, int first, int second)
{
	struct sockaddr_storage ss;
	socklen_t len = vp_endpoint_to_sockaddr(&c->local, &ss);
	int on = 1;

	if (setsockopt(first, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    setsockopt(second, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0)
		return -1;
	return bind(second, (struct sockaddr *)&ss, len);
}

/* Where this fails, an answer from elsewhere looks like silence. */
static void open_stray(struct vp_cares *c, int fd)
{
	int af = c->local.addr.family == 4 ? AF_INET : AF_INET6;
	struct channel_socket *s;

	if (c->opt.tcp || c->opt.on_stray == NULL || c->stray != NULL ||
	    c->local.addr.family == 0)
		return;
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return;
	s->fd = socket(af, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (s->fd < 0 || bind_beside(c, fd, s->fd) < 0 ||
	    uv_poll_init(c->opt.loop, &s->poll, s->fd) < 0) {
		if (s->fd >= 0)
			close(s->fd);
		free(s);
		return;
	}
	s->poll.data = s;
	s->owner = c;
	c->stray = s;
	c->open++;
	uv_poll_start(&s->poll, UV_READABLE, on_stray);
	uv_unref((uv_handle_t *)&s->poll);
}

/* With the socket it stands beside, so that the port is free again. */
static void close_stray(struct vp_cares *c)
{
	struct channel_socket *s = c->stray;

	if (s == NULL)
		return;
	c->stray = NULL;
	uv_close((uv_handle_t *)&s->poll, on_poll_closed);
	close(s->fd);
}

static int close_socket(ares_socket_t fd, void *data)
{
	struct vp_cares *c = data;
	struct channel_socket **p = &c->sockets, *s;

	while (*p != NULL && (*p)->fd != fd)
		p = &(*p)->next;
	s = *p;
	if (s != NULL) {
		*p = s->next;
		uv_close((uv_handle_t *)&s->poll, on_poll_closed);
		close_stray(c);
	}
	return close(fd);
}

/* The port this channel had before, if it can be had again. */
static void bind_again(struct vp_cares *c, int fd)
{
	struct vp_endpoint any = { { c->opt.server.addr.family, { 0 } },
		                   c->port };
	struct sockaddr_storage ss;
	socklen_t len;

	if (c->opt.tcp || c->port == 0)
		return;
	len = vp_endpoint_to_sockaddr(&any, &ss);
	if (bind(fd, (struct sockaddr *)&ss, len) < 0)
		return; /* somebody else's by now: any other will do */
}

static int connect_socket(ares_socket_t fd, const struct sockaddr *sa,
                          ares_socklen_t len, void *data)
{
	struct vp_cares *c = data;
	int rc, err;

	bind_again(c, fd);
	rc = connect(fd, sa, len);
	err = errno;
	if (rc < 0 && err != EINPROGRESS) {
		failed(c, err);
		/* Nothing is sent: no end of ours to be looked for */
		memset(&c->local, 0, sizeof(c->local));
	} else {
		c->generation++;
		c->frame = c->frame_left = c->frame_prefix = 0;
		if (vp_endpoint_of_socket(&c->local, fd) < 0)
			memset(&c->local, 0, sizeof(c->local));
		c->port = c->local.port;
		open_stray(c, fd);
	}
	errno = err;
	return rc;
}

/* IP_RECVERR queues each ICMP error; a queue with something in it would keep
 * the descriptor ready for ever. */
static void drain_errors(int fd)
{
	struct msghdr m = { 0 };

	for (int i = 0; i < 256; i++)
		if (recvmsg(fd, &m, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
			return;
}

static ssize_t receive_datagram(struct vp_cares *c, int fd, void *buf,
                                size_t len, struct sockaddr *from,
                                socklen_t *from_len)
{
	ssize_t n = recvfrom(fd, buf, len, 0, from, from_len);
	int err = errno;

	if (n > 0) {
		c->datagram_len = (size_t)n < sizeof(c->datagram)
		                          ? (size_t)n
		                          : sizeof(c->datagram);
		memcpy(c->datagram, buf, c->datagram_len);
		if (c->opt.on_message != NULL)
			c->opt.on_message(c->datagram, c->datagram_len,
			                  c->opt.arg);
		return n;
	}
	if (n == 0)
		err = EAGAIN; /* empty: for c-ares 1.18 the end of the socket */
	else
		drain_errors(fd);
	errno = err;
	return -1;
}

/* Some bytes of the message that is being read; shows its beginning when it is
 * whole. */
static void take_part(struct vp_cares *c, const uint8_t *b, size_t n)
{
	size_t room = sizeof(c->head) - c->head_len;

	if (n < room)
		room = n;
	memcpy(c->head + c->head_len, b, room);
	c->head_len += room;
	c->frame_left -= (unsigned)n;
	if (c->frame_left == 0 && c->opt.on_message != NULL)
		c->opt.on_message(c->head, c->head_len, c->opt.arg);
}

/*
 * Follows the lengths before messages (RFC 7766 section 8), to show what c-ares
 * drops without a word. c-ares 1.18 takes a length of 0 for an error of this
 * machine, or waits for the message for ever, depending on what its memory held
 * before.
 */
static bool frames_are_sane(struct vp_cares *c, const uint8_t *b, size_t n)
{
	for (size_t i = 0; i < n;) {
		size_t part = c->frame_left < n - i ? c->frame_left : n - i;

		if (part > 0) {
			take_part(c, b + i, part);
			i += part;
			continue;
		}
		c->frame = (c->frame << 8 | b[i++]) & 0xffff;
		if (++c->frame_prefix < 2)
			continue;
		c->frame_prefix = 0;
		c->frame_left = c->frame;
		c->head_len = 0;
		if (c->frame == 0)
			return false;
	}
	return true;
}

static ssize_t receive_stream(struct vp_cares *c, int fd, void *buf, size_t len,
                              int flags)
{
	ssize_t n = recv(fd, buf, len, flags);

	if (n == 0) {
		c->failure = VP_OUTCOME_CLOSED;
		c->failure_text = NULL;
	} else if (n > 0 && !frames_are_sane(c, buf, (size_t)n)) {
		c->failure = VP_OUTCOME_MALFORMED;
		c->failure_text = "a message of no bytes";
		errno = EPROTO;
		return -1;
	} else if (n < 0 && errno != EAGAIN) {
		failed(c, errno);
	}
	return n;
}

static ares_ssize_t receive(ares_socket_t fd, void *buf, size_t len, int flags,
                            struct sockaddr *from, ares_socklen_t *from_len,
                            void *data)
{
	struct vp_cares *c = data;
	ssize_t n;

	if (c->opt.tcp)
		return receive_stream(c, fd, buf, len, flags);
	n = receive_datagram(c, fd, buf, len, from, from_len);
	if (n < 0 && errno != EAGAIN)
		failed(c, errno);
	return n;
}

static bool is_icmp(int err)
{
	return err == ECONNREFUSED || err == EHOSTUNREACH || err == ENETUNREACH;
}

static ares_ssize_t transmit(ares_socket_t fd, const struct iovec *iov, int n,
                             void *data)
{
	struct vp_cares *c = data;
	struct msghdr m = {
		.msg_iov = (struct iovec *)(uintptr_t)iov,
		.msg_iovlen = (size_t)n,
	};
	ssize_t sent = sendmsg(fd, &m, MSG_NOSIGNAL);

	/* On UDP the error may be that of an earlier datagram: it is cleared by
	 * being told, and this one has not been tried yet. */
	for (int i = 0; i < 2 && sent < 0 && !c->opt.tcp && is_icmp(errno); i++)
		sent = sendmsg(fd, &m, MSG_NOSIGNAL);
	if (sent < 0 && errno != EAGAIN)
		failed(c, errno);
	return sent;
}

static const struct ares_socket_functions socket_functions = {
	.asocket = open_socket,
	.aclose = close_socket,
	.aconnect = connect_socket,
	.arecvfrom = receive,
	.asendv = transmit,
};

/* --- questions ----------------------------------------------------------- */

/* c-ares cuts what came over UDP at 512 bytes unless it writes the EDNS option
 * itself, and then it takes that back for the whole channel at the first server
 * that does not know it. So the whole datagram is taken from our own copy. */
static void whole_datagram(const struct vp_cares *c, struct vp_cares_answer *a)
{
	if (!c->opt.tcp && a->len < c->datagram_len &&
	    memcmp(a->msg, c->datagram, a->len) == 0) {
		a->msg = c->datagram;
		a->len = c->datagram_len;
	}
}

static void on_answer(void *arg, int status, int timeouts, unsigned char *abuf,
                      int alen)
{
	struct question *q = arg;
	struct vp_cares *c = q->owner;
	struct vp_cares_answer a = { .outcome = VP_OUTCOME_OK };

	(void)timeouts;
	if (c->destroying) {
		free(q);
		return;
	}
	if (status == ARES_SUCCESS && abuf != NULL && alen > 0) {
		a.msg = abuf;
		a.len = (size_t)alen;
		whole_datagram(c, &a);
	} else if (status == ARES_ETIMEOUT) {
		a.outcome = VP_OUTCOME_TIMEOUT;
	} else if (status == ARES_EBADRESP) { /* newer c-ares reads it itself */
		a.outcome = VP_OUTCOME_MALFORMED;
		a.detail = "the answer cannot be read";
	} else if (status == ARES_ECONNREFUSED && c->failure != VP_OUTCOME_OK) {
		a.outcome = c->failure; /* c-ares has one word for all */
		a.detail = c->failure_text;
	} else if (status == ARES_ECONNREFUSED && c->opt.tcp) {
		/* No call failed: c-ares gave the connection up with the first
		 * question that waited too long for it. */
		a.outcome = VP_OUTCOME_TIMEOUT;
	} else {
		a.outcome = VP_OUTCOME_ERROR;
		a.detail = ares_strerror(status);
	}
	q->cb(&a, q->arg);
	free(q);
}

void vp_cares_send(struct vp_cares *c, const uint8_t *msg, size_t len,
                   vp_cares_cb *cb, void *arg)
{
	struct question *q = calloc(1, sizeof(*q));
	struct vp_cares_answer a = { .outcome = VP_OUTCOME_ERROR,
		                     .detail = "out of memory" };

	if (q == NULL) {
		cb(&a, arg);
		return;
	}
	q->owner = c;
	q->cb = cb;
	q->arg = arg;
	c->failure = VP_OUTCOME_OK;
	ares_send(c->channel, msg, (int)len, on_answer, q);
	arm(c);
}

/* --- the channel --------------------------------------------------------- */

/* Everything c-ares would look up in resolv.conf, nsswitch.conf, LOCALDOMAIN
 * or RES_OPTIONS is set, so that it reads none of them. */
static int init_channel(struct vp_cares *c)
{
	char lookups[] = "b", nowhere[] = "/dev/null";
	struct ares_options o = {
		.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES |
		         ARES_FLAG_IGNTC | ARES_FLAG_NOCHECKRESP |
		         (c->opt.tcp ? ARES_FLAG_USEVC : ARES_FLAG_STAYOPEN),
		.timeout = (int)c->opt.timeout_ms,
		.tries = 1,
		.ndots = 1,
		.lookups = lookups,
		.sock_state_cb = on_socket_state,
		.sock_state_cb_data = c,
		.resolvconf_path = nowhere,
	};
	int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
	           ARES_OPT_NDOTS | ARES_OPT_LOOKUPS | ARES_OPT_SERVERS |
	           ARES_OPT_DOMAINS | ARES_OPT_SORTLIST | ARES_OPT_NOROTATE |
	           ARES_OPT_SOCK_STATE_CB | ARES_OPT_RESOLVCONF;

#ifdef ARES_OPT_QUERY_CACHE
	mask |= ARES_OPT_QUERY_CACHE; /* with 0: each question is a packet */
#endif
	return ares_init_options(&c->channel, &o, mask);
}

static int set_server(struct vp_cares *c)
{
	const struct vp_endpoint *e = &c->opt.server;
	struct ares_addr_port_node node = {
		.family = e->addr.family == 4 ? AF_INET : AF_INET6,
		.udp_port = e->port,
		.tcp_port = e->port,
	};

	memcpy(&node.addr, e->addr.bytes, e->addr.family == 4 ? 4 : 16);
	return ares_set_servers_ports(c->channel, &node);
}

int vp_cares_create(struct vp_cares **out, const struct vp_cares_options *opt)
{
	struct vp_cares *c;
	int rc;

	*out = NULL;
	if (opt->server.addr.family == 0)
		return -EINVAL;
	c = calloc(1, sizeof(*c));
	if (c == NULL)
		return -ENOMEM;
	c->opt = *opt;
	if (init_channel(c) != ARES_SUCCESS) {
		free(c);
		return -ENOMEM; /* nothing else can go wrong in there */
	}
	ares_set_socket_functions(c->channel, &socket_functions, c);
	rc = set_server(c) == ARES_SUCCESS ? 0 : -ENOMEM;
	if (rc == 0)
		rc = uv_timer_init(opt->loop, &c->timer);
	if (rc < 0) {
		ares_destroy(c->channel);
		free(c);
		return rc;
	}
	c->timer.data = c;
	c->open = 1;
	*out = c;
	return 0;
}

struct vp_endpoint vp_cares_local(const struct vp_cares *c)
{
	return c->local;
}

unsigned vp_cares_generation(const struct vp_cares *c)
{
	return c->generation;
}

void vp_cares_destroy(struct vp_cares *c)
{
	if (c == NULL)
		return;
	c->destroying = true;
	ares_destroy(c->channel);
	uv_close((uv_handle_t *)&c->timer, on_timer_closed);
}
