/*
 * capture.c - see vnetprobe/capture.h.
 *
 * The ring. libpcap's immediate mode would use fixed slots of a whole snaplen
 * each: 8 MiB then hold some 1,000 packets, however small, and every one of
 * them wakes us. So it is left off: TPACKET_V3 packs packets into blocks of 256
 * KiB and hands a block over when it is full or RETIRE_MS old. Shorter would
 * show packets sooner but use up the 32 blocks of 8 MiB sooner as well while
 * the loop is busy elsewhere (each may hold but one packet): 10 ms leave it
 * 320. With 4 MiB and 160 ms a machine at its start, with eight programs that
 * want each processor, lost some now and then.
 *
 * The end. "Nothing to read" does not mean that nothing is on its way, so
 * draining asks the kernel how many packets it ever put into the ring and
 * reads until that many came out: no fixed wait. Should the numbers not meet
 * (libpcap may sort out packets itself), it waits for a block to time out.
 *
 * Lifetimes. The poll handle and two timers are closed by destroy(); the last
 * one to go frees everything, also the pcap handle: the owner may call
 * destroy() from a callback that pcap_dispatch() is still running.
 */
#include "vnetprobe/capture.h"

#include <errno.h>
#include <net/if.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture_filter.h"
#include "marker.h"

#define SNAPLEN 8192
#define BUFFER_BYTES (8 * 1024 * 1024)
#define RETIRE_MS 10
#define QUIET_MS (3 * RETIRE_MS)
#define TICK_MS 100
#define BUDGET 256        /* packets a turn of the loop */
#define EARLY_MOST 200000 /* of a ring full of small ones: 8 MiB have 60000 */
#define WHY_SIZE 256

struct vp_capture {
	pcap_t *pcap;
	int fd; /* of pcap */
	int linktype;
	int ifindex; /* 0: all of them; each packet tells */
	struct vp_marker marker;

	uv_loop_t *loop;
	uv_poll_t poll;
	uv_timer_t tick;     /* late blocks, counters, a poll that stopped */
	uv_timer_t deadline; /* of the self-test */
	int open;            /* handles libuv has not closed yet */
	bool started, ended, destroyed, dispatching;
	vp_frame_cb *cb;
	vp_capture_end_cb *end;
	void *arg;

	vp_selftest_cb *selftest; /* NULL: none under way */
	void *selftest_arg;
	bool marker_sent, marker_seen;
	unsigned selftest_ms;
	char selftest_why[WHY_SIZE];

	struct pcap_stat last; /* its counters wrap at 32 bits */
	struct vp_capture_stats stats;
	struct vp_loss losses[VP_CAPTURE_LOSSES];
	size_t n_losses, losses_left_out;
	int64_t counted_us; /* when the counters were last read */
	bool losing;        /* and had then told of losses */
	uint64_t queued;    /* packets the kernel put into the ring, ever */
	uint64_t handled;   /* of them read by us */
};

static void on_packet(u_char *user, const struct pcap_pkthdr *h,
                      const u_char *data);

__attribute__((format(printf, 4, 5))) static int
explain(char *why, size_t size, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, size, fmt, ap);
	va_end(ap);
	return err;
}

/* --- opening ------------------------------------------------------------ */

static int check_interface(const char *interface, char *why, size_t size)
{
	if (interface == NULL || if_nametoindex(interface) != 0)
		return 0;
	return explain(why, size, -ENODEV, "there is no interface %s",
	               interface);
}

static int from_activate(pcap_t *p, const char *interface, int status,
                         char *why, size_t size)
{
	switch (status) {
	case PCAP_ERROR_PERM_DENIED:
		return explain(why, size, -EPERM,
		               "capturing packets needs CAP_NET_RAW, which "
		               "this process does not have");
	case PCAP_ERROR_NO_SUCH_DEVICE:
		return explain(why, size, -ENODEV, "there is no interface %s",
		               interface);
	case PCAP_ERROR_IFACE_NOT_UP:
		return explain(why, size, -ENETDOWN, "interface %s is down",
		               interface);
	default:
		return explain(why, size, -EIO, "cannot capture on %s: %s",
		               interface, pcap_geterr(p));
	}
}

static int activate(struct vp_capture *c, const struct vp_capture_options *opt,
                    char *why, size_t size)
{
	const char *device = opt->interface != NULL ? opt->interface : "any";
	uint32_t snaplen = opt->snaplen != 0 ? opt->snaplen : SNAPLEN;
	uint32_t buffer =
		opt->buffer_bytes != 0 ? opt->buffer_bytes : BUFFER_BYTES;
	char err[PCAP_ERRBUF_SIZE];
	int status;

	if (snaplen > INT32_MAX || buffer > INT32_MAX)
		return explain(why, size, -EINVAL,
		               "the capture's buffer is too large");
	c->pcap = pcap_create(device, err);
	if (c->pcap == NULL)
		return explain(why, size, -ENOMEM, "cannot capture: %s", err);
	pcap_set_snaplen(c->pcap, (int)snaplen);
	pcap_set_buffer_size(c->pcap, (int)buffer);
	pcap_set_timeout(c->pcap, RETIRE_MS);
	status = pcap_activate(c->pcap);
	if (status < 0)
		return from_activate(c->pcap, device, status, why, size);
	if (pcap_setnonblock(c->pcap, 1, err) < 0)
		return explain(why, size, -EIO, "cannot capture on %s: %s",
		               device, err);
	/* Interface and direction of each packet. Without them (no libpcap
	 * from 1.10 on) DLT_LINUX_SLL still tells the direction. */
	if (opt->interface == NULL)
		pcap_set_datalink(c->pcap, DLT_LINUX_SLL2);
	c->linktype = pcap_datalink(c->pcap);
	c->fd = pcap_get_selectable_fd(c->pcap);
	return 0;
}

/* As the kernel's filter counts: a cooked socket's packets begin with IP. */
static unsigned header_len(int linktype)
{
	return linktype == DLT_EN10MB ? 14 : 0;
}

static int set_filter(struct vp_capture *c,
                      const struct vp_capture_options *opt, char *why,
                      size_t size)
{
	struct bpf_program program;
	size_t room = 64 * 1024; /* ample: the prefixes in it are capped */
	char *text = malloc(room);
	int err = -ENOMEM;

	if (text != NULL)
		err = vp_capture_filter_build(text, room, opt, c->marker.port,
		                              header_len(c->linktype),
		                              c->linktype == DLT_LINUX_SLL2);
	if (err < 0) {
		free(text);
		return explain(why, size, err, "cannot make a filter: %s",
		               strerror(-err));
	}
	err = pcap_compile(c->pcap, &program, text, 1, PCAP_NETMASK_UNKNOWN);
	free(text);
	if (err == 0) {
		err = pcap_setfilter(c->pcap, &program);
		pcap_freecode(&program);
	}
	if (err != 0)
		return explain(why, size, -EINVAL, "cannot set the filter: %s",
		               pcap_geterr(c->pcap));
	return 0;
}

static void free_capture(struct vp_capture *c)
{
	if (c->pcap != NULL)
		pcap_close(c->pcap);
	vp_marker_close(&c->marker);
	free(c);
}

int vp_capture_open(struct vp_capture **out,
                    const struct vp_capture_options *opt, char *why,
                    size_t size)
{
	struct vp_capture_options o = *opt;
	struct vp_capture *c;
	int err;

	*out = NULL;
	if (o.interface != NULL && strcmp(o.interface, "any") == 0)
		o.interface = NULL;
	err = check_interface(o.interface, why, size);
	if (err < 0)
		return err;
	c = calloc(1, sizeof(*c));
	if (c == NULL)
		return explain(why, size, -ENOMEM, "out of memory");
	if (o.interface != NULL)
		c->ifindex = (int)if_nametoindex(o.interface);
	c->marker.fd = -1;
	err = activate(c, &o, why, size);
	/* The marker's port goes into the filter, so it comes first. */
	if (err == 0)
		err = vp_marker_open(&c->marker, o.interface, why, size);
	if (err == 0)
		err = set_filter(c, &o, why, size);
	if (err < 0) {
		free_capture(c);
		return err;
	}
	*out = c;
	return 0;
}

/* --- counters ----------------------------------------------------------- */

static int64_t now_us(void)
{
	uv_timeval64_t t;

	uv_gettimeofday(&t);
	return t.tv_sec * 1000000 + t.tv_usec;
}

/* What was counted since the last look: a stretch of its own, or more of the
 * one that reached until then. */
static void note_loss(struct vp_capture *c, const struct vp_loss *l)
{
	bool goes_on = c->losing;
	struct vp_loss *last;

	c->losing = l->dropped + l->interface_dropped > 0;
	if (!c->losing)
		return;
	if (goes_on && c->losses_left_out > 0)
		return;
	if (!goes_on && c->n_losses == VP_CAPTURE_LOSSES) {
		c->losses_left_out++;
		return;
	}
	if (!goes_on) {
		c->losses[c->n_losses++] = *l;
		return;
	}
	last = &c->losses[c->n_losses - 1];
	last->to_us = l->to_us;
	last->received += l->received;
	last->dropped += l->dropped;
	last->interface_dropped += l->interface_dropped;
}

/* ps_recv counts what passed the filter, dropped or not. The counters are of
 * 32 bits and wrap, so differences are taken in as many. */
static void count(struct vp_capture *c)
{
	struct vp_loss l = { .from_us = c->counted_us };
	struct pcap_stat now;

	if (c->ended || pcap_stats(c->pcap, &now) != 0)
		return;
	l.to_us = now_us();
	if (l.from_us > l.to_us) /* the clock was set back */
		l.from_us = l.to_us;
	l.received = now.ps_recv - c->last.ps_recv;
	l.dropped = now.ps_drop - c->last.ps_drop;
	l.interface_dropped = now.ps_ifdrop - c->last.ps_ifdrop;
	c->last = now;
	c->counted_us = l.to_us;
	c->stats.received += l.received;
	c->stats.dropped += l.dropped;
	c->stats.interface_dropped += l.interface_dropped;
	c->queued += l.received;
	c->queued -= l.dropped;
	note_loss(c, &l);
}

size_t vp_capture_losses(struct vp_capture *c, const struct vp_loss **out,
                         size_t *left_out)
{
	count(c);
	*out = c->losses;
	*left_out = c->losses_left_out;
	return c->n_losses;
}

void vp_capture_stats(struct vp_capture *c, struct vp_capture_stats *out)
{
	count(c);
	*out = c->stats;
}

int vp_capture_linktype(const struct vp_capture *c)
{
	return c->linktype;
}

uint32_t vp_capture_snaplen(const struct vp_capture *c)
{
	return (uint32_t)pcap_snapshot(c->pcap);
}

/* --- on the loop -------------------------------------------------------- */

/* The owner may destroy c in the callback; c is then freed by later turns. */
static void finish_selftest(struct vp_capture *c, bool ok, const char *why)
{
	vp_selftest_cb *cb = c->selftest;

	if (cb == NULL)
		return;
	c->selftest = NULL;
	c->marker_sent = false;
	uv_timer_stop(&c->deadline);
	cb(ok, why, c->selftest_arg);
}

static void finish(struct vp_capture *c, const char *text)
{
	char why[WHY_SIZE];
	vp_capture_end_cb *end = c->end;

	if (c->ended || c->destroyed)
		return;
	count(c);
	c->ended = true;
	uv_poll_stop(&c->poll);
	uv_timer_stop(&c->tick);
	snprintf(why, sizeof(why), "the capture ended: %s", text);
	finish_selftest(c, false, why);
	if (!c->destroyed && end != NULL)
		end(why, c->arg);
}

static void on_packet(u_char *user, const struct pcap_pkthdr *h,
                      const u_char *data)
{
	struct vp_capture *c = (struct vp_capture *)user;
	struct vp_frame frame = {
		.ts_us = (int64_t)h->ts.tv_sec * 1000000 + h->ts.tv_usec,
		.ifindex = c->ifindex,
		.linktype = c->linktype,
		.data = data,
		.caplen = h->caplen,
		.len = h->len,
	};

	c->handled++;
	if (c->destroyed)
		return;
	c->cb(&frame, c->arg);
	if (!c->destroyed && c->marker_sent &&
	    vp_marker_in(&c->marker, data, h->caplen))
		c->marker_seen = true;
}

/* Returns the number of packets read, or -1 if there will be no more. */
static int read_some(struct vp_capture *c)
{
	int n;

	/* A dispatch within a dispatch would give back the block that the
	 * outer one still reads from. */
	if (c->ended || c->destroyed || c->dispatching)
		return -1;
	c->dispatching = true;
	n = pcap_dispatch(c->pcap, BUDGET, on_packet, (u_char *)c);
	c->dispatching = false;
	if (c->destroyed)
		return -1;
	if (c->marker_seen) { /* told here: the owner may drain, which reads */
		c->marker_seen = false;
		finish_selftest(c, true, "");
		if (c->ended || c->destroyed)
			return -1;
	}
	if (n >= 0)
		return n;
	finish(c, pcap_geterr(c->pcap));
	return -1;
}

/*
 * Level-triggered: with more than a budget's worth waiting, the next turn
 * comes here again. After an error on the descriptor libuv stops the poll;
 * libpcap knows whether it was the end (interface gone) or not (interface
 * down), and if not, the tick polls again.
 */
static void on_readable(uv_poll_t *h, int status, int events)
{
	(void)status;
	(void)events;
	read_some(h->data);
}

static void on_tick(uv_timer_t *h)
{
	struct vp_capture *c = h->data;

	count(c);
	if (read_some(c) < 0)
		return;
	if (!uv_is_active((uv_handle_t *)&c->poll))
		uv_poll_start(&c->poll, UV_READABLE, on_readable);
}

static void on_closed(uv_handle_t *h)
{
	struct vp_capture *c = h->data;

	if (--c->open == 0)
		free_capture(c);
}

static void on_early_packet(u_char *user, const struct pcap_pkthdr *h,
                            const u_char *data)
{
	(void)h;
	(void)data;
	((struct vp_capture *)user)->handled++;
}

/*
 * Between opening and start, the owner may have been busy for seconds. The ring
 * is full by then where much goes on, and packets of the first moment would be
 * lost: a machine under load could never be watched without a loss.
 */
static void throw_early_away(struct vp_capture *c)
{
	pcap_dispatch(c->pcap, EARLY_MOST, on_early_packet, (u_char *)c);
}

int vp_capture_start(struct vp_capture *c, uv_loop_t *loop, vp_frame_cb *cb,
                     vp_capture_end_cb *end, void *arg)
{
	int err;

	if (c->started)
		return UV_EALREADY;
	err = uv_poll_init(loop, &c->poll, c->fd);
	if (err < 0)
		return err;
	uv_timer_init(loop, &c->tick);
	uv_timer_init(loop, &c->deadline);
	c->poll.data = c->tick.data = c->deadline.data = c;
	c->open = 3;
	c->started = true;
	c->loop = loop;
	c->cb = cb;
	c->end = end;
	c->arg = arg;
	throw_early_away(c);
	count(c);
	c->stats = (struct vp_capture_stats){ .received = 0 };
	c->n_losses = c->losses_left_out = 0; /* before the baseline */
	c->losing = false;
	uv_update_time(loop);
	uv_timer_start(&c->tick, on_tick, TICK_MS, TICK_MS);
	return uv_poll_start(&c->poll, UV_READABLE, on_readable);
}

/* --- self-test ---------------------------------------------------------- */

static void on_selftest_failed(uv_timer_t *h)
{
	struct vp_capture *c = h->data;

	if (c->marker_sent)
		snprintf(c->selftest_why, sizeof(c->selftest_why),
		         "the self-test packet was sent and not seen within "
		         "%u ms",
		         c->selftest_ms);
	finish_selftest(c, false, c->selftest_why);
}

int vp_capture_selftest(struct vp_capture *c, unsigned timeout_ms,
                        vp_selftest_cb *cb, void *arg)
{
	uint64_t wait = timeout_ms;

	if (!c->started || c->destroyed)
		return UV_EINVAL;
	if (c->selftest != NULL)
		return UV_EBUSY;
	c->selftest = cb;
	c->selftest_arg = arg;
	c->selftest_ms = timeout_ms;
	if (c->ended) {
		snprintf(c->selftest_why, sizeof(c->selftest_why),
		         "the capture has ended");
		wait = 0;
	} else if (vp_marker_send(&c->marker, c->selftest_why,
	                          sizeof(c->selftest_why)) == 0) {
		c->marker_sent = true;
	} else {
		wait = 0;
	}
	uv_update_time(c->loop);
	return uv_timer_start(&c->deadline, on_selftest_failed, wait, 0);
}

/* --- the end ------------------------------------------------------------ */

/* True if the descriptor became readable in time. */
static bool wait_readable(const struct vp_capture *c, uint64_t ms)
{
	struct pollfd p = { .fd = c->fd, .events = POLLIN };

	return poll(&p, 1, (int)ms) > 0;
}

void vp_capture_drain(struct vp_capture *c, unsigned max_ms)
{
	uint64_t end = uv_hrtime() / 1000000 + max_ms;
	uint64_t want, now, wait;

	if (!c->started || c->ended || c->destroyed)
		return;
	count(c);
	want = c->queued;
	for (;;) {
		int n = read_some(c);

		now = uv_hrtime() / 1000000;
		if (n < 0 || c->handled >= want || now >= end)
			return;
		if (n > 0)
			continue;
		/* A block times out within twice its time; if none does, what
		 * is missing was sorted out by libpcap. */
		wait = end - now < QUIET_MS ? end - now : QUIET_MS;
		if (wait_readable(c, wait))
			continue;
		if (wait == QUIET_MS)
			c->handled = want;
		return;
	}
}

void vp_capture_destroy(struct vp_capture *c)
{
	if (c == NULL || c->destroyed)
		return;
	c->destroyed = true;
	c->selftest = NULL;
	if (!c->started) {
		free_capture(c);
		return;
	}
	pcap_breakloop(c->pcap);
	uv_close((uv_handle_t *)&c->poll, on_closed);
	uv_close((uv_handle_t *)&c->tick, on_closed);
	uv_close((uv_handle_t *)&c->deadline, on_closed);
}
