/*
 * bench_packets.c - the packet path alone, for the benchmarks.
 *
 *     bench_packets live SECONDS     capture on all interfaces, table of flows
 *     bench_packets decode ROUNDS    a fixed mix of frames, decoded
 *     bench_packets flows ROUNDS     the same, and through the table of flows
 *
 * live writes "ready" to standard output when it sees packets, and at its end,
 * also upon SIGTERM, one line: frames read, received and lost by the kernel's
 * count, processor seconds (user, system), seconds. It must run in a network
 * namespace of the benchmark's own.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pcap/dlt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "frames.h"
#include "intake.h"
#include "vnetprobe/capture.h"

static int fail(const char *what)
{
	fprintf(stderr, "bench_packets: %s\n", what);
	return 2;
}

/* --- live ----------------------------------------------------------------- */

struct live {
	struct vp_intake in;
	struct vp_capture *capture;
	uint64_t frames;
	uint64_t began_ns;
	unsigned seconds;
	uv_timer_t limit;
	uv_signal_t term;
	struct rusage before;
};

static void on_frame(const struct vp_frame *frame, void *arg)
{
	struct live *l = arg;

	l->frames++;
	vp_intake_frame(&l->in, frame);
}

static void on_limit(uv_timer_t *timer)
{
	uv_stop(timer->loop);
}

static void on_term(uv_signal_t *s, int number)
{
	(void)number;
	uv_stop(s->loop);
}

static void on_end(const char *why, void *arg)
{
	(void)arg;
	fprintf(stderr, "bench_packets: %s\n", why);
}

static void on_ready(bool ok, const char *why, void *arg)
{
	struct live *l = arg;

	if (!ok) {
		fprintf(stderr, "bench_packets: %s\n", why);
		exit(2);
	}
	l->began_ns = uv_hrtime();
	getrusage(RUSAGE_SELF, &l->before);
	uv_timer_start(&l->limit, on_limit, l->seconds * 1000, 0);
	puts("ready");
	fflush(stdout);
}

static double seconds_between(struct timeval from, struct timeval to)
{
	return (double)(to.tv_sec - from.tv_sec) +
	       (double)(to.tv_usec - from.tv_usec) / 1e6;
}

static void tell(struct live *l)
{
	struct vp_capture_stats s;
	struct rusage now;

	vp_capture_drain(l->capture, 500);
	getrusage(RUSAGE_SELF, &now);
	vp_capture_stats(l->capture, &s);
	printf("%llu %llu %llu %.3f %.3f %.3f\n", (unsigned long long)l->frames,
	       (unsigned long long)s.received, (unsigned long long)s.dropped,
	       seconds_between(l->before.ru_utime, now.ru_utime),
	       seconds_between(l->before.ru_stime, now.ru_stime),
	       (double)(uv_hrtime() - l->began_ns) / 1e9);
}

static int live(unsigned seconds)
{
	struct vp_capture_options o = { 0 };
	struct live l = { .seconds = seconds };
	uv_loop_t *loop = uv_default_loop();
	char why[256];

	l.in.flows = vp_flows_create(NULL);
	if (l.in.flows == NULL)
		return fail("out of memory");
	if (vp_capture_open(&l.capture, &o, why, sizeof(why)) != 0)
		return fail(why);
	uv_timer_init(loop, &l.limit);
	uv_signal_init(loop, &l.term);
	uv_signal_start(&l.term, on_term, SIGTERM);
	if (vp_capture_start(l.capture, loop, on_frame, on_end, &l) != 0 ||
	    vp_capture_selftest(l.capture, 1000, on_ready, &l) != 0)
		return fail("cannot start the capture");
	uv_run(loop, UV_RUN_DEFAULT);
	tell(&l);
	vp_capture_destroy(l.capture);
	uv_close((uv_handle_t *)&l.limit, NULL);
	uv_close((uv_handle_t *)&l.term, NULL);
	uv_run(loop, UV_RUN_DEFAULT);
	vp_flows_destroy(l.in.flows);
	return 0;
}

/* --- a fixed mix of frames -------------------------------------------------
 */

#define FRAMES 1000
#define FLOWS 50 /* of each kind */

static struct kept {
	uint8_t *bytes;
	struct vp_frame frame;
} kept[FRAMES];
static size_t n_kept;
static struct frame f;

static void keep(void)
{
	struct kept *k = &kept[n_kept];

	k->bytes = malloc(f.n);
	if (k->bytes == NULL)
		abort();
	memcpy(k->bytes, f.b, f.n);
	k->frame.data = k->bytes;
	k->frame.caplen = k->frame.len = (uint32_t)f.n;
	k->frame.linktype = DLT_LINUX_SLL2;
	n_kept++;
}

static void ip(unsigned out, const char *remote, unsigned proto, size_t body)
{
	const char *local = "10.0.0.4";

	f_sll2(&f, out ? 4 : 0, 2, 0x0800);
	f_ip4(&f, out ? local : remote, out ? remote : local, proto, body,
	      (unsigned)n_kept, 0x4000);
}

static void tcp(unsigned out, const char *remote, unsigned port, uint32_t seq,
                unsigned flags, size_t payload)
{
	ip(out, remote, IPPROTO_TCP, 20 + payload);
	f_tcp(&f, out ? port : 443, out ? 443 : port, seq, 1, flags);
	f_fill(&f, 0x17, payload);
	keep();
}

static void dns(unsigned out, unsigned port)
{
	static const uint8_t question[] = "\0\0\1\0\0\4acct\4blob\4core"
					  "\7windows\3net\0\0\1\0\1";
	static const uint8_t answer[] = "\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\12\0\0";
	size_t n = 12 + sizeof(question) - 7 + (out ? 0 : 16);

	ip(out, "168.63.129.16", IPPROTO_UDP, 8 + n);
	f_udp(&f, out ? port : 53, out ? 53 : port, n);
	f_16(&f, port);
	f_16(&f, out ? 0x0100 : 0x8180);
	f_16(&f, 1);
	f_16(&f, out ? 0 : 1);
	f_32(&f, 0);
	f_put(&f, question + 6, sizeof(question) - 7);
	if (!out) {
		f_put(&f, answer, sizeof(answer) - 1);
		f_8(&f, 5);
	}
	keep();
}

static void udp6(unsigned out, unsigned port)
{
	const char *local = "fd00::4", *remote = "2001:db8::9";

	f_sll2(&f, out ? 4 : 0, 2, 0x86dd);
	f_ip6(&f, out ? local : remote, out ? remote : local, IPPROTO_UDP, 208);
	f_udp(&f, out ? port : 443, out ? 443 : port, 200);
	f_fill(&f, 0x40, 200);
	keep();
}

static void vxlan(unsigned port)
{
	ip(1, "10.0.9.9", IPPROTO_UDP, 8 + 8 + 14 + 28 + 20);
	f_udp(&f, 50000, 4789, 8 + 14 + 28 + 20);
	f_put(&f, "\x08\0\0\0\0\0\1\0\2\0\0\0\0\1\2\0\0\0\0\2\x08\0", 22);
	f_ip4(&f, "10.244.0.4", "203.0.113.77", IPPROTO_UDP, 28, 1, 0);
	f_udp(&f, port, 443, 20);
	f_fill(&f, 0x40, 20);
	keep();
}

/* 20 frames of one round: half is TCP with a public end. */
static void mix(unsigned i)
{
	unsigned port = 40000 + i % FLOWS;
	uint32_t seq = 1000 + i / FLOWS * 100000;

	tcp(1, "203.0.113.9", port, seq, i < FLOWS ? VP_TCP_SYN : VP_TCP_ACK,
	    0);
	for (unsigned k = 0; k < 4; k++) {
		tcp(1, "203.0.113.9", port, seq + 1 + 500 * k, VP_TCP_ACK, 500);
		tcp(0, "203.0.113.9", port, seq + 1 + 1400 * k, VP_TCP_ACK,
		    1400);
	}
	tcp(0, "203.0.113.9", port, seq, VP_TCP_ACK, 0);
	for (unsigned k = 0; k < 2; k++) {
		tcp(1, "10.0.7.7", port, seq + 1000 * k, VP_TCP_ACK, 1000);
		tcp(0, "10.0.7.7", port, seq, VP_TCP_ACK, 0);
	}
	udp6(1, port);
	udp6(0, port);
	vxlan(port);
	vxlan(port);
	dns(1, port);
	dns(0, port);
}

/* Not inlined: callgrind counts from entering to leaving them. */
__attribute__((noinline)) uint64_t bench_decode(void);
__attribute__((noinline)) uint64_t bench_flows(struct vp_intake *in);

uint64_t bench_decode(void)
{
	uint64_t bytes = 0;
	struct vp_packet p;

	for (size_t i = 0; i < n_kept; i++)
		if (vp_packet_decode(&p, &kept[i].frame) == VP_DECODE_OK)
			bytes += p.ip_len;
	return bytes;
}

uint64_t bench_flows(struct vp_intake *in)
{
	for (size_t i = 0; i < n_kept; i++) {
		kept[i].frame.ts_us += 1000;
		vp_intake_frame(in, &kept[i].frame);
	}
	return 0;
}

static int fixed(bool flows, unsigned rounds)
{
	struct vp_intake in = { .flows = vp_flows_create(NULL) };
	struct vp_addr local = f_addr("10.0.0.4");
	uint64_t bytes = 0, began;
	double took;

	if (in.flows == NULL)
		return fail("out of memory");
	vp_flows_add_local(in.flows, &local);
	for (unsigned i = 0; n_kept + 20 <= FRAMES; i++)
		mix(i);
	began = uv_hrtime();
	for (unsigned i = 0; i < rounds; i++)
		bytes += flows ? bench_flows(&in) : bench_decode();
	took = (double)(uv_hrtime() - began) / 1e9;
	printf("%zu packets %.0f a second\n", n_kept * rounds,
	       (double)(n_kept * rounds) / took);
	vp_flows_destroy(in.flows);
	for (size_t i = 0; i < n_kept; i++)
		free(kept[i].bytes);
	return bytes > 0 || flows ? 0 : fail("nothing was decoded");
}

int main(int argc, char **argv)
{
	unsigned n = argc == 3 ? (unsigned)strtoul(argv[2], NULL, 10) : 0;

	if (n > 0 && strcmp(argv[1], "live") == 0)
		return live(n);
	if (n > 0 && strcmp(argv[1], "decode") == 0)
		return fixed(false, n);
	if (n > 0 && strcmp(argv[1], "flows") == 0)
		return fixed(true, n);
	return fail("usage: bench_packets live|decode|flows N");
}
