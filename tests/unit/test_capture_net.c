/*
 * Capturing for real, in a namespace with nothing but its loopback and what
 * the tests add to it.
 */
#include "vnetprobe/capture.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vnetprobe/rights.h"

struct run {
	uv_loop_t loop;
	struct vp_capture *c;
	size_t frames;
	const char *needle; /* payload to look for */
	size_t needles;
	int linktype;
	bool done, ok;
	size_t selftests;
	char why[256];
	bool ended;
	bool destroy_in_cb, drain_in_cb;
};

static void sh(const char *command)
{
	if (system(command) != 0)
		fail_msg("failed: %s", command);
}

static void on_frame(const struct vp_frame *f, void *arg)
{
	struct run *r = arg;

	r->frames++;
	r->linktype = f->linktype;
	assert_true(f->caplen <= f->len);
	assert_true(f->ts_us > 1000000000LL * 1000000);
	if (r->needle != NULL &&
	    memmem(f->data, f->caplen, r->needle, strlen(r->needle)) != NULL)
		r->needles++;
	if (r->drain_in_cb)
		vp_capture_drain(r->c, 1000); /* too early: does nothing */
	if (r->destroy_in_cb) {
		vp_capture_destroy(r->c);
		r->c = NULL;
	}
}

static void on_selftest(bool ok, const char *why, void *arg)
{
	struct run *r = arg;

	r->done = true;
	r->ok = ok;
	r->selftests++;
	snprintf(r->why, sizeof(r->why), "%s", why);
	if (r->drain_in_cb)
		vp_capture_drain(r->c, 1000);
}

static void on_end(const char *why, void *arg)
{
	struct run *r = arg;

	assert_false(r->ended); /* once at most */
	r->ended = true;
	snprintf(r->why, sizeof(r->why), "%s", why);
}

static void open_capture(struct run *r, const struct vp_capture_options *opt)
{
	char why[256] = "";

	memset(r, 0, sizeof(*r));
	assert_int_equal(uv_loop_init(&r->loop), 0);
	if (vp_capture_open(&r->c, opt, why, sizeof(why)) != 0)
		fail_msg("%s", why);
}

static void start(struct run *r, const struct vp_capture_options *opt)
{
	open_capture(r, opt);
	assert_int_equal(vp_capture_start(r->c, &r->loop, on_frame, on_end, r),
	                 0);
}

static void finish(struct run *r)
{
	vp_capture_destroy(r->c);
	uv_run(&r->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&r->loop), 0);
}

static void on_wake(uv_timer_t *t)
{
	(void)t;
}

/* Turns the loop until *flag is set or the time is over. */
static void spin(struct run *r, const bool *flag, unsigned ms)
{
	uint64_t end = uv_hrtime() + (uint64_t)ms * 1000000;
	uv_timer_t wake;

	uv_timer_init(&r->loop, &wake);
	uv_timer_start(&wake, on_wake, 5, 5);
	while ((flag == NULL || !*flag) && uv_hrtime() < end)
		uv_run(&r->loop, UV_RUN_ONCE);
	uv_close((uv_handle_t *)&wake, NULL);
	uv_run(&r->loop, UV_RUN_NOWAIT);
}

static bool selftest(struct run *r, unsigned ms)
{
	r->done = false;
	assert_int_equal(vp_capture_selftest(r->c, ms, on_selftest, r), 0);
	assert_false(r->done); /* never from inside */
	spin(r, &r->done, 5000);
	assert_true(r->done);
	return r->ok;
}

/* Somebody listens, so that no ICMP error quotes what is sent. */
static int listen_udp(uint16_t port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
		                  .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	return fd;
}

static void send_udp(const char *to, uint16_t port, const char *text,
                     size_t times)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
		                  .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	assert_true(fd >= 0);
	assert_int_equal(inet_pton(AF_INET, to, &sa.sin_addr), 1);
	while (times-- > 0)
		assert_int_equal(sendto(fd, text, strlen(text), 0,
		                        (struct sockaddr *)&sa, sizeof(sa)),
		                 strlen(text));
	close(fd);
}

static void test_selftest_any(void **state)
{
	struct run r;
	struct vp_capture_options o = { 0 };
	uint64_t t0, cost = 0;

	(void)state;
	start(&r, &o);
	assert_int_equal(vp_capture_linktype(r.c), DLT_LINUX_SLL2);
	for (int i = 0; i < 10; i++) {
		t0 = uv_hrtime();
		assert_true(selftest(&r, 1000));
		cost += uv_hrtime() - t0;
	}
	print_message("self-test: %.1f ms on average\n", (double)cost / 1e7);
	assert_int_equal(r.selftests, 10);
	assert_int_equal(r.linktype, DLT_LINUX_SLL2);
	assert_false(r.ended);
	finish(&r);
}

static void test_one_selftest_at_a_time(void **state)
{
	struct run r;
	struct vp_capture_options o = { 0 };

	(void)state;
	start(&r, &o);
	assert_int_equal(vp_capture_selftest(r.c, 1000, on_selftest, &r), 0);
	assert_int_equal(vp_capture_selftest(r.c, 1000, on_selftest, &r),
	                 UV_EBUSY);
	finish(&r); /* destroyed meanwhile: never called */
	assert_int_equal(r.selftests, 0);
}

static void test_selftest_lo_down(void **state)
{
	struct run r;
	struct vp_capture_options o = { 0 };

	(void)state;
	sh("ip link set lo down");
	start(&r, &o);
	assert_false(selftest(&r, 200));
	assert_string_equal(r.why, "the loopback interface is down");
	sh("ip link set lo up");
	assert_true(selftest(&r, 1000)); /* the same capture, healthy again */
	finish(&r);
}

static void test_selftest_one_interface(void **state)
{
	struct run r;
	struct vp_capture_options o = { .interface = "vpa" };
	uint64_t least = 1000;

	(void)state;
	sh("ip link add vpa type veth peer name vpb && ip link set vpa up && "
	   "ip link set vpb up");
	start(&r, &o);
	assert_true(selftest(&r, 1000));
	assert_int_equal(r.linktype, DLT_EN10MB);
	sh("ip link set vpa down");
	assert_false(selftest(&r, 100));
	assert_non_null(strstr(r.why, "down"));
	sh("ip link set vpa up");
	spin(&r, NULL, 300);
	assert_false(r.ended); /* down is not gone */
	/* The descriptor is polled again, not only the timer running. */
	for (int i = 0; i < 10; i++) {
		uint64_t t0 = uv_hrtime(), ms;

		assert_true(selftest(&r, 1000));
		ms = (uv_hrtime() - t0) / 1000000;
		least = ms < least ? ms : least;
	}
	assert_true(least < 60);
	finish(&r);
	sh("ip link del vpa");
}

static void test_interface_vanishes(void **state)
{
	struct run r;
	struct vp_capture_options o = { .interface = "vpa" };

	(void)state;
	sh("ip link add vpa type veth peer name vpb && ip link set vpa up && "
	   "ip link set vpb up");
	start(&r, &o);
	assert_true(selftest(&r, 1000));
	sh("ip link del vpa");
	spin(&r, &r.ended, 3000);
	assert_true(r.ended);
	assert_non_null(strstr(r.why, "the capture ended: "));
	print_message("%s\n", r.why);
	assert_false(selftest(&r, 100));
	finish(&r);
}

static void test_any_survives_vanishing(void **state)
{
	struct run r;
	struct vp_capture_options o = { 0 };

	(void)state;
	sh("ip link add vpa type veth peer name vpb && ip link set vpa up && "
	   "ip link set vpb up");
	start(&r, &o);
	sh("ip link del vpa");
	spin(&r, NULL, 250);
	assert_false(r.ended);
	assert_true(selftest(&r, 1000));
	finish(&r);
}

/* Interfaces come and go, also many at once: what passes the others meanwhile
 * is all seen, and what passes the new ones as well. */
static void test_any_while_interfaces_come_and_go(void **state)
{
	struct run r;
	struct vp_capture_options o = { 0 };
	struct vp_capture_stats s;

	(void)state;
	start(&r, &o);
	r.needle = "steady";
	for (int i = 0; i < 5; i++) {
		sh("ip link add vpa type veth peer name vpb && "
		   "ip link set vpa up && ip link set vpb up && "
		   "ip addr add 203.0.113.1/24 dev vpa && "
		   "ip neigh add 203.0.113.2 lladdr 02:00:00:00:00:02 dev vpa");
		send_udp("198.51.100.7", 9, "steady", 100); /* over lo */
		send_udp("203.0.113.2", 9, "steady", 10);   /* vpa to vpb */
		sh("ip link del vpa");
		send_udp("198.51.100.7", 9, "steady", 100);
		vp_capture_drain(r.c, 1000);
	}
	assert_false(r.ended);
	vp_capture_stats(r.c, &s);
	assert_int_equal(s.dropped, 0);
	assert_int_equal(s.received, r.frames);
	/* Over lo each with the ICMP error that quotes it; at vpa each, and at
	 * vpb unless that was gone too soon. */
	assert_in_range(r.needles, 5 * 410, 5 * 420);
	assert_true(selftest(&r, 1000));
	finish(&r);
}

static int make_tun(const char *name)
{
	struct ifreq ifr = { .ifr_flags = IFF_TUN | IFF_NO_PI };
	int fd = open("/dev/net/tun", O_RDWR);

	if (fd < 0)
		return -1;
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	if (ioctl(fd, TUNSETIFF, &ifr) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static void test_tun(void **state)
{
	struct run r = { .frames = 0 };
	struct vp_capture_options o = { .interface = "vpt" };
	/* 203.0.113.9 -> 10.9.0.1, UDP, 4 bytes: handed over whole */
	const uint8_t packet[] = { 0x45, 0,  0, 32, 0,    1,    0,    0,
		                   64,   17, 0, 0,  203,  0,    113,  9,
		                   10,   9,  0, 1,  0x10, 0x00, 0x20, 0x00,
		                   0,    12, 0, 0,  'l',  'e',  'a',  'k' };
	int fd = make_tun("vpt");
	uint8_t junk[2048];
	ssize_t n;

	(void)state;
	if (fd < 0)
		skip();
	sh("sysctl -qw net.ipv6.conf.vpt.disable_ipv6=1; ip link set vpt up && "
	   "ip addr add 10.9.0.1/24 dev vpt");
	start(&r, &o);
	r.needle = "leak";
	assert_false(selftest(&r, 200));
	assert_non_null(strstr(r.why, "not an Ethernet link"));
	/* Nothing may have gone out to the far end of the tunnel. */
	fcntl(fd, F_SETFL, O_NONBLOCK);
	n = read(fd, junk, sizeof(junk));
	assert_true(n < 0 && errno == EAGAIN);
	assert_int_equal(write(fd, packet, sizeof(packet)), sizeof(packet));
	vp_capture_drain(r.c, 1000);
	assert_int_equal(r.needles, 1);
	assert_int_equal(r.linktype, DLT_RAW);
	finish(&r);
	close(fd);
}

/* 198.51.100.7 is an address of the loopback here: see make_place(). */
static void test_filter_in_the_kernel(void **state)
{
	struct run r;
	struct vp_capture_options o = { 0 };
	struct vp_capture_stats s;
	int fd = listen_udp(9);

	(void)state;
	start(&r, &o);
	r.needle = "private-bulk";
	send_udp("127.0.0.1", 9, "private-bulk", 100);
	vp_capture_drain(r.c, 1000);
	assert_int_equal(r.needles, 0);
	r.needle = "public-end";
	send_udp("198.51.100.7", 9, "public-end", 3);
	vp_capture_drain(r.c, 1000);
	/* Once each, although the loopback both sends and receives them. */
	assert_int_equal(r.needles, 3);
	close(fd);
	r.needle = "refused";
	r.needles = 0;
	send_udp("127.0.0.1", 9, "refused", 1);
	vp_capture_drain(r.c, 1000);
	assert_int_equal(r.needles, 1); /* quoted by an ICMP error */
	vp_capture_stats(r.c, &s);
	assert_int_equal(s.received, 4);
	assert_int_equal(s.dropped, 0);
	finish(&r);
}

/* A frame with an 802.1Q tag, given to vpa as it stands. */
static void send_tagged(const char *name, const uint8_t src[4], char mark)
{
	uint8_t f[64] = { 2, 0,    0,    0,    0,    2, 2, 0,    0, 0, 0,
		          1, 0x81, 0x00, 0x00, 0x07, 8, 0, 0x45, 0, 0, 46 };
	struct sockaddr_ll ll = { .sll_family = AF_PACKET,
		                  .sll_ifindex = (int)if_nametoindex(name) };
	int fd = socket(AF_PACKET, SOCK_RAW, 0);

	f[26] = 64;
	f[27] = IPPROTO_UDP;
	memcpy(f + 30, src, 4);
	memcpy(f + 34, (const uint8_t[4]){ 10, 7, 0, 2 }, 4);
	f[39] = f[41] = 99; /* ports */
	f[43] = 26;
	snprintf((char *)f + 46, 8, "tagged%c", mark);
	assert_int_equal(
		sendto(fd, f, sizeof(f), 0, (struct sockaddr *)&ll, sizeof(ll)),
		sizeof(f));
	close(fd);
}

/* A packet that crosses a veth pair is received by the kernel a moment after it
 * was sent. */
static void drain_until(struct run *r, size_t needles)
{
	for (int i = 0; i < 100; i++) {
		vp_capture_drain(r->c, 1000);
		if (r->needles >= needles)
			return;
		usleep(10000);
	}
}

/*
 * vpa sends the tag within the frame, which the filter does not understand and
 * takes; on its way into vpb the kernel takes the tag off, and what is left is
 * judged as any packet.
 */
static void test_vlan(void **state)
{
	static const uint8_t private[4] = { 10, 7, 0, 1 };
	static const uint8_t public[4] = { 203, 0, 113, 5 };
	static const struct {
		const char *interface;
		size_t private, public;
	} cases[] = {
		{ "vpa", 1, 1 },
		{ "vpb", 0, 1 },
		{ NULL, 1, 2 }, /* kernels from 6.11 on take both tags off */
	};

	(void)state;
	sh("ip link add vpa type veth peer name vpb && ip link set vpa up && "
	   "ip link set vpb up");
	for (size_t i = 0; i < 3; i++) {
		struct vp_capture_options o = { .interface =
			                                cases[i].interface };
		struct run r;

		start(&r, &o);
		r.needle = "taggedA";
		send_tagged("vpa", private, 'A');
		drain_until(&r,
		            cases[i].interface == NULL ? 0 : cases[i].private);
		assert_true(r.needles == cases[i].private ||
		            (cases[i].interface == NULL && r.needles == 0));
		r.needle = "taggedB";
		r.needles = 0;
		send_tagged("vpa", public, 'B');
		drain_until(&r, cases[i].public);
		assert_int_equal(r.needles, cases[i].public);
		finish(&r);
	}
	sh("ip link del vpa");
}

/* Many packets at once: a budget a turn, none lost, none missed. */
static void test_burst(void **state)
{
	struct run r;
	struct vp_capture_options o = { 0 };
	struct vp_capture_stats s;
	struct rusage before, after;
	uint64_t t0;
	bool in_time;
	double cpu;

	(void)state;
	start(&r, &o);
	r.needle = "burst";
	t0 = uv_hrtime();
	send_udp("198.51.100.7", 9, "burst", 5000);
	in_time = uv_hrtime() - t0 < 100 * 1000000;
	getrusage(RUSAGE_SELF, &before);
	t0 = uv_hrtime();
	uv_run(&r.loop, UV_RUN_ONCE);
	assert_true(r.frames <= 2 * 256); /* the poll's turn, and a tick */
	vp_capture_drain(r.c, 5000);
	print_message("drained %zu frames in %.1f ms\n", r.frames,
	              (double)(uv_hrtime() - t0) / 1e6);
	getrusage(RUSAGE_SELF, &after);
	cpu = (double)(after.ru_utime.tv_usec - before.ru_utime.tv_usec) +
	      (double)(after.ru_stime.tv_usec - before.ru_stime.tv_usec);
	print_message("CPU %.0f us\n", cpu);
	vp_capture_stats(r.c, &s);
	assert_int_equal(r.frames + s.dropped, s.received);
	/* A machine so busy that sending outlasts the ring's blocks may lose
	 * some, and has to say so. */
	if (in_time) {
		assert_int_equal(s.dropped, 0);
		assert_true(r.needles >= 5000);
	}
	finish(&r);
}

static void test_drops_are_counted(void **state)
{
	struct run r;
	struct vp_capture_options o = { .buffer_bytes = 512 * 1024 };
	struct vp_capture_stats s;
	char big[1400];

	(void)state;
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	start(&r, &o);
	send_udp("198.51.100.7", 9, big, 3000);
	vp_capture_drain(r.c, 1000);
	vp_capture_stats(r.c, &s);
	assert_true(s.dropped > 0);
	assert_int_equal(s.received, s.dropped + r.frames);
	finish(&r);
}

/* Opened long before it starts, on a busy machine: the full ring is no loss of
 * the time that is watched. */
static void test_full_ring_at_the_start(void **state)
{
	struct run r;
	struct vp_capture_options o = { .buffer_bytes = 512 * 1024 };
	struct vp_capture_stats s;
	char big[1400];

	(void)state;
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	open_capture(&r, &o);
	send_udp("198.51.100.7", 9, big, 3000);
	assert_int_equal(vp_capture_start(r.c, &r.loop, on_frame, on_end, &r),
	                 0);
	r.needle = "after";
	send_udp("198.51.100.7", 9, "after", 20);
	vp_capture_drain(r.c, 1000);
	vp_capture_stats(r.c, &s);
	assert_int_equal(s.dropped, 0);
	assert_int_equal(s.received, r.frames);
	assert_int_equal(r.needles, 40); /* each is quoted by an ICMP error */
	finish(&r);
}

/* In two bursts with quiet between them: two stretches, which hold all. */
static void test_losses_have_a_time(void **state)
{
	struct run r;
	struct vp_capture_options o = { .buffer_bytes = 512 * 1024 };
	struct vp_capture_stats s;
	const struct vp_loss *l;
	size_t left_out = 77;
	uint64_t dropped = 0;
	uv_timeval64_t now;
	int64_t began, ended;
	char big[1400];

	(void)state;
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	uv_gettimeofday(&now);
	began = now.tv_sec * 1000000 + now.tv_usec;
	start(&r, &o);
	assert_int_equal(vp_capture_losses(r.c, &l, &left_out), 0);
	assert_int_equal(left_out, 0);
	for (int i = 0; i < 2; i++) {
		spin(&r, NULL, 250); /* ticks without a loss */
		send_udp("198.51.100.7", 9, big, 3000);
		vp_capture_drain(r.c, 1000);
	}
	spin(&r, NULL, 250);
	vp_capture_stats(r.c, &s);
	assert_int_equal(vp_capture_losses(r.c, &l, &left_out), 2);
	uv_gettimeofday(&now);
	ended = now.tv_sec * 1000000 + now.tv_usec;
	for (int i = 0; i < 2; i++) {
		dropped += l[i].dropped;
		assert_true(l[i].dropped > 0);
		assert_true(l[i].received >= l[i].dropped);
		assert_true(l[i].from_us <= l[i].to_us);
		assert_true(l[i].from_us >= began && l[i].to_us <= ended);
	}
	assert_true(l[0].to_us < l[1].from_us);
	assert_int_equal(dropped, s.dropped);
	finish(&r);
}

/* Only so many are told one by one. */
static void test_losses_are_bounded(void **state)
{
	struct run r;
	struct vp_capture_options o = { .buffer_bytes = 512 * 1024 };
	struct vp_capture_stats s;
	const struct vp_loss *l;
	uint64_t first, all = 0, told = 0;
	size_t left_out, n;
	uv_timeval64_t now;
	int64_t before;
	char big[1400];

	(void)state;
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	start(&r, &o);
	for (int i = 0; i < VP_CAPTURE_LOSSES + 3; i++) {
		send_udp("198.51.100.7", 9, big, 1000);
		vp_capture_stats(r.c, &s); /* lost until here, */
		first = s.dropped - all;
		uv_gettimeofday(&now);
		before = now.tv_sec * 1000000 + now.tv_usec;
		send_udp("198.51.100.7", 9, big, 1000);
		vp_capture_stats(r.c, &s); /* and until here: one stretch */
		assert_true(first > 0 && s.dropped - all > first);
		all = s.dropped;
		n = vp_capture_losses(r.c, &l, &left_out);
		if (i < VP_CAPTURE_LOSSES)
			told += l[n - 1].dropped;
		assert_true(i >= VP_CAPTURE_LOSSES || told == all);
		assert_true(i >= VP_CAPTURE_LOSSES || l[n - 1].to_us > before);
		vp_capture_drain(r.c, 1000);
		vp_capture_stats(r.c, &s);
	}
	assert_int_equal(vp_capture_losses(r.c, &l, &left_out),
	                 VP_CAPTURE_LOSSES);
	assert_int_equal(left_out, 3);
	for (size_t i = 0; i < VP_CAPTURE_LOSSES; i++)
		told -= l[i].dropped;
	assert_int_equal(told, 0);
	finish(&r);
}

static void test_quiet_drain_is_short(void **state)
{
	struct run r;
	struct vp_capture_options o = { 0 };
	uint64_t t0;
	double ms;

	(void)state;
	start(&r, &o);
	assert_true(selftest(&r, 1000));
	t0 = uv_hrtime();
	vp_capture_drain(r.c, 1000);
	ms = (double)(uv_hrtime() - t0) / 1e6;
	print_message("quiet drain: %.2f ms\n", ms);
	assert_true(ms < 500);
	finish(&r);
}

static void test_destroy_in_callback(void **state)
{
	struct run r;
	struct vp_capture_options o = { 0 };

	(void)state;
	start(&r, &o);
	r.destroy_in_cb = true;
	send_udp("198.51.100.7", 9, "once", 50);
	spin(&r, NULL, 100);
	assert_int_equal(r.frames, 1);
	assert_null(r.c);
	finish(&r);
}

/* The owner may drain as soon as the self-test is over. */
static void test_drain_in_callbacks(void **state)
{
	struct run r;
	struct vp_capture_options o = { 0 };
	struct vp_capture_stats s;

	(void)state;
	start(&r, &o);
	r.drain_in_cb = true;
	send_udp("198.51.100.7", 9, "before", 600);
	assert_true(selftest(&r, 1000));
	vp_capture_stats(r.c, &s);
	assert_int_equal(r.frames, s.received);
	finish(&r);
}

static void test_open_errors(void **state)
{
	struct vp_capture *c = (void *)1;
	struct vp_capture_options o = { .interface = "nosuch0" };
	char why[256] = "";

	(void)state;
	assert_int_equal(vp_capture_open(&c, &o, why, sizeof(why)), -ENODEV);
	assert_null(c);
	assert_string_equal(why, "there is no interface nosuch0");
	sh("ip link add vpa type veth peer name vpb");
	o.interface = "vpa";
	assert_int_equal(vp_capture_open(&c, &o, why, sizeof(why)), -ENETDOWN);
	assert_string_equal(why, "interface vpa is down");
	sh("ip link del vpa");
	vp_capture_destroy(NULL);
}

static size_t open_descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	size_t n = 0;

	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n;
}

static void test_no_descriptor_is_left(void **state)
{
	struct vp_capture_options o = { 0 };
	size_t before = open_descriptors();
	struct vp_capture *c;
	char why[256];
	struct run r;

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(vp_capture_open(&c, &o, why, sizeof(why)), 0);
		vp_capture_destroy(c); /* never started */
		start(&r, &o);
		finish(&r);
	}
	assert_int_equal(open_descriptors(), before);
}

/* --- rights ------------------------------------------------------------- */

/* Opened with rights, used without; and without them it cannot be opened. */
static void test_rights_dropped(void **state)
{
	pid_t pid = fork();
	int status;

	(void)state;
	if (pid == 0) {
		static const char *const interfaces[] = { NULL, "lo" };
		struct vp_capture_options o = { 0 };
		struct vp_capture *c;
		struct run r[2];
		char why[256];

		for (int i = 0; i < 2; i++) {
			o.interface = interfaces[i];
			open_capture(&r[i], &o);
		}
		if (!vp_rights_can_capture() ||
		    vp_rights_drop(why, sizeof(why)) != 0 ||
		    vp_rights_can_capture())
			_exit(1);
		for (int i = 0; i < 2; i++) {
			if (vp_capture_start(r[i].c, &r[i].loop, on_frame,
			                     on_end, &r[i]) != 0)
				_exit(2);
			if (!selftest(&r[i], 1000))
				_exit(3);
			finish(&r[i]);
		}
		if (vp_capture_open(&c, &o, why, sizeof(why)) != -EPERM ||
		    strstr(why, "CAP_NET_RAW") == NULL)
			_exit(4);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
}

static int make_place(void **state)
{
	(void)state;
	sh("ip addr add 198.51.100.7/32 dev lo");
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_selftest_any),
		cmocka_unit_test(test_one_selftest_at_a_time),
		cmocka_unit_test(test_selftest_lo_down),
		cmocka_unit_test(test_selftest_one_interface),
		cmocka_unit_test(test_interface_vanishes),
		cmocka_unit_test(test_any_survives_vanishing),
		cmocka_unit_test(test_any_while_interfaces_come_and_go),
		cmocka_unit_test(test_tun),
		cmocka_unit_test(test_filter_in_the_kernel),
		cmocka_unit_test(test_vlan),
		cmocka_unit_test(test_burst),
		cmocka_unit_test(test_drops_are_counted),
		cmocka_unit_test(test_full_ring_at_the_start),
		cmocka_unit_test(test_losses_have_a_time),
		cmocka_unit_test(test_losses_are_bounded),
		cmocka_unit_test(test_quiet_drain_is_short),
		cmocka_unit_test(test_destroy_in_callback),
		cmocka_unit_test(test_drain_in_callbacks),
		cmocka_unit_test(test_open_errors),
		cmocka_unit_test(test_no_descriptor_is_left),
		cmocka_unit_test(test_rights_dropped),
	};

	return cmocka_run_group_tests(tests, make_place, NULL);
}
