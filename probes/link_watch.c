/*
 * link_watch.c - tells that links or addresses changed; see vnetprobe/link.h.
 *
 * What changed is not read out of the notifications, which may be lost: the
 * owner reads the whole state again. So their bytes are thrown away.
 */
#include "vnetprobe/link.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define BURST_MS 50
#define READS 64 /* a turn of the loop */

struct vp_link_watch {
	int fd;
	uv_poll_t poll;
	uv_timer_t burst;
	int open; /* handles libuv has not closed yet */
	bool stopped;
	void (*changed)(void *arg);
	void *arg;
};

static int open_socket(void)
{
	static const int groups[] = { RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR,
		                      RTNLGRP_IPV6_IFADDR };
	struct sockaddr_nl any = { .nl_family = AF_NETLINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
	                NETLINK_ROUTE);

	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&any, sizeof(any)) != 0)
		goto fail;
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP,
		               &groups[i], sizeof(groups[i])) != 0)
			goto fail;
	return fd;
fail:;
	int err = -errno;

	close(fd);
	return err;
}

static void on_burst_over(uv_timer_t *timer)
{
	struct vp_link_watch *w = timer->data;

	w->changed(w->arg);
}

/* True if there was something to read, or something was lost (ENOBUFS). */
static bool read_away(const struct vp_link_watch *w)
{
	char buf[4096];
	bool any = false;

	for (int i = 0; i < READS; i++) {
		/* Longer messages are cut: nobody looks at them. */
		if (recv(w->fd, buf, sizeof(buf), 0) >= 0 || errno == ENOBUFS)
			any = true;
		else if (errno != EINTR)
			break;
	}
	return any;
}

/* An error shows as readable; libuv stops the poll when it finds one that it
 * cannot tell (EBADF), which an open socket does not have. */
static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct vp_link_watch *w = poll->data;

	(void)events;
	if (!read_away(w) && status >= 0)
		return;
	/* Not put off by what follows: a flood calls back every BURST_MS. */
	if (!uv_is_active((uv_handle_t *)&w->burst)) {
		uv_update_time(w->burst.loop);
		uv_timer_start(&w->burst, on_burst_over, BURST_MS, 0);
	}
	if (status < 0)
		uv_poll_start(&w->poll, UV_READABLE, on_readable);
}

int vp_link_watch_start(struct vp_link_watch **out, uv_loop_t *loop,
                        void (*changed)(void *arg), void *arg)
{
	struct vp_link_watch *w = calloc(1, sizeof(*w));
	int err;

	*out = NULL;
	if (w == NULL)
		return -ENOMEM;
	w->changed = changed;
	w->arg = arg;
	w->fd = open_socket();
	err = w->fd < 0 ? w->fd : uv_poll_init(loop, &w->poll, w->fd);
	if (err < 0) {
		if (w->fd >= 0)
			close(w->fd);
		free(w);
		return err;
	}
	uv_timer_init(loop, &w->burst);
	w->poll.data = w->burst.data = w;
	w->open = 2;
	err = uv_poll_start(&w->poll, UV_READABLE, on_readable);
	if (err < 0) {
		vp_link_watch_stop(w);
		return err;
	}
	*out = w;
	return 0;
}

static void on_closed(uv_handle_t *handle)
{
	struct vp_link_watch *w = handle->data;

	if (--w->open > 0)
		return;
	close(w->fd);
	free(w);
}

void vp_link_watch_stop(struct vp_link_watch *w)
{
	if (w == NULL || w->stopped)
		return;
	w->stopped = true;
	uv_close((uv_handle_t *)&w->poll, on_closed);
	uv_close((uv_handle_t *)&w->burst, on_closed);
}
