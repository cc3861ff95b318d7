/*
 * What of each frame is kept as evidence: enough to find the same flows again,
 * and none of what was said.
 */
#include "intake.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "frames.h"
#include "hello.h"
#include "vnetprobe/capture_file.h"

#define SECRET "hunter2-hunter2"
#define US "10.0.0.4"
#define PUBLIC "203.0.113.9"

static char dir[] = "/tmp/vp-intake-XXXXXX";
static char path[64];

struct feed {
	struct vp_intake in;
	struct frame f;
	int64_t ts_us;
	uint16_t id;
};

static struct vp_flows *flows_create(void)
{
	struct vp_flows *t = vp_flows_create(NULL);
	struct vp_addr us = f_addr(US);

	vp_flows_add_local(t, &us);
	return t;
}

static void start(struct feed *d)
{
	struct vp_evidence_options o = { .path = path };
	char why[256];

	memset(d, 0, sizeof(*d));
	d->ts_us = 1700000000000000;
	d->in.flows = flows_create();
	assert_int_equal(
		vp_evidence_open(&d->in.evidence, &o, why, sizeof(why)), 0);
}

/* The frame as it stands, from a copy of its exact size. */
static void feed(struct feed *d)
{
	uint8_t *copy = malloc(d->f.n);
	struct vp_frame frame = { .ts_us = d->ts_us += 1000,
		                  .linktype = DLT_LINUX_SLL2,
		                  .data = copy,
		                  .caplen = (uint32_t)d->f.n,
		                  .len = (uint32_t)d->f.n };

	memcpy(copy, d->f.b, d->f.n);
	vp_intake_frame(&d->in, &frame);
	free(copy);
}

/* One segment; out: from us. */
static void tcp(struct feed *d, bool out, unsigned port, uint32_t seq,
                unsigned flags, const void *data, size_t len)
{
	f_sll2(&d->f, out ? 4 : 0, 2, 0x0800);
	f_ip4(&d->f, out ? US : PUBLIC, out ? PUBLIC : US, IPPROTO_TCP,
	      20 + len, d->id++, 0);
	f_tcp(&d->f, out ? 40000 : port, out ? port : 40000, seq, 1, flags);
	f_put(&d->f, data, len);
	feed(d);
}

static void udp(struct feed *d, bool out, unsigned port, const void *data,
                size_t len)
{
	f_sll2(&d->f, out ? 4 : 0, 2, 0x0800);
	f_ip4(&d->f, out ? US : PUBLIC, out ? PUBLIC : US, IPPROTO_UDP, 8 + len,
	      d->id++, 0);
	f_udp(&d->f, out ? 40000 : port, out ? port : 40000, len);
	f_put(&d->f, data, len);
	feed(d);
}

static void open_tcp(struct feed *d, unsigned port)
{
	tcp(d, true, port, 100, VP_TCP_SYN, "", 0);
	tcp(d, false, port, 500, VP_TCP_SYN | VP_TCP_ACK, "", 0);
	tcp(d, true, port, 101, VP_TCP_ACK, "", 0);
}

static void text(struct feed *d, bool out, unsigned port, uint32_t seq,
                 unsigned flags, const char *data)
{
	tcp(d, out, port, seq, flags, data, strlen(data));
}

static void icmp(struct feed *d, const char *data)
{
	size_t len = strlen(data);

	f_sll2(&d->f, 4, 2, 0x0800);
	f_ip4(&d->f, US, PUBLIC, IPPROTO_ICMP, 8 + len, d->id++, 0);
	f_put(&d->f, "\x08\0\0\0\0\1\0\1", 8);
	f_put(&d->f, data, len);
	feed(d);
}

/* A tunnel whose inner packet cannot be read: GRE with a key and PPP in it. */
static void gre(struct feed *d, const char *data)
{
	size_t len = strlen(data);

	f_sll2(&d->f, 4, 2, 0x0800);
	f_ip4(&d->f, US, PUBLIC, IPPROTO_GRE, 300 + len, d->id++, 0);
	f_put(&d->f, "\x30\x01\x88\x0b", 4);
	f_fill(&d->f, 0xee, 296);
	f_put(&d->f, data, len);
	feed(d);
}

/* IP in IP to another site, with a plain request inside. */
static void ipip(struct feed *d, const char *data)
{
	size_t len = strlen(data);

	f_sll2(&d->f, 4, 2, 0x0800);
	f_ip4(&d->f, US, PUBLIC, IPPROTO_IPIP, 40 + len, d->id++, 0);
	f_ip4(&d->f, "10.9.0.1", "198.51.100.8", IPPROTO_TCP, 20 + len, 1, 0);
	f_tcp(&d->f, 50000, 80, 101, 1, VP_TCP_ACK | VP_TCP_PSH);
	f_put(&d->f, data, len);
	feed(d);
}

static void say_everything(struct feed *d)
{
	const unsigned data = VP_TCP_ACK | VP_TCP_PSH;
	uint8_t hello[2048], record[64] = "\x17\3\3\0\x20" SECRET;
	size_t n = hello_make(hello, "st.blob.core.windows.net", 1200);

	open_tcp(d, 80);
	text(d, true, 80, 101, data,
	     "POST /kept HTTP/1.1\r\nHost: plain.example\r\n"
	     "Content-Length: 99\r\n\r\n" SECRET);
	text(d, true, 80, 300, data, SECRET " in the next segment");
	text(d, false, 80, 501, data, "HTTP/1.1 200 OK\r\n\r\n" SECRET);
	text(d, true, 80, 400, data | VP_TCP_FIN, SECRET " with the end");
	text(d, false, 80, 600, data | VP_TCP_RST, SECRET " with a reset");
	text(d, true, 80, 420, data, "GET / HTTP/1.0\n\n" SECRET);
	open_tcp(d, 443);
	tcp(d, true, 443, 101, VP_TCP_ACK, hello, 700);
	tcp(d, true, 443, 801, data, hello + 700, n - 700);
	tcp(d, true, 443, (uint32_t)(101 + n), data, record, 37);
	open_tcp(d, 25);
	text(d, false, 25, 501, data, "220 ready " SECRET);
	text(d, true, 25, 101, data, "AUTH PLAIN " SECRET);
	udp(d, true, 514, "syslog: " SECRET, 8 + strlen(SECRET));
	icmp(d, SECRET);
	gre(d, SECRET);
	ipip(d, "GET /kept HTTP/1.1\r\nHost: inner.example\r\n\r\n" SECRET);
	ipip(d, SECRET);
}

static void finish_facts(struct vp_flows *t, struct vp_facts *facts)
{
	vp_flows_finish(t, facts);
	for (size_t i = 0; i < facts->capture.n_undecoded; i++)
		fail_msg("%s", facts->capture.undecoded[i].reason);
	assert_int_equal(facts->capture.truncated, 0);
}

static bool in_file(const char *what)
{
	FILE *f = fopen(path, "r");
	char *bytes = malloc(1 << 20);
	size_t len = fread(bytes, 1, 1 << 20, f);
	bool found = memmem(bytes, len, what, strlen(what)) != NULL;

	fclose(f);
	free(bytes);
	return found;
}

static void test_nothing_that_was_said(void **state)
{
	struct vp_evidence_result r;
	struct feed *d = calloc(1, sizeof(*d));

	(void)state;
	start(d);
	say_everything(d);
	assert_int_equal(vp_evidence_commit(d->in.evidence), 0);
	vp_evidence_result(d->in.evidence, &r);
	assert_int_equal(r.packets, 25);
	assert_false(in_file(SECRET));
	assert_true(in_file("POST /kept HTTP/1.1\r\nHost: plain.example\r\n"
	                    "Content-Length: 99\r\n\r\n"));
	assert_true(in_file("GET /kept HTTP/1.1\r\nHost: inner.example\r\n"));
	assert_true(in_file("st.blob.core.windows.net"));
	vp_evidence_close(d->in.evidence);
	vp_flows_destroy(d->in.flows);
	free(d);
	unlink(path);
}

static void assert_same_flow(const struct vp_flow *a, const struct vp_flow *b)
{
	assert_int_equal(a->proto, b->proto);
	assert_true(vp_endpoint_equal(&a->local, &b->local));
	assert_true(vp_endpoint_equal(&a->remote, &b->remote));
	assert_int_equal(a->direction, b->direction);
	assert_int_equal(a->state, b->state);
	assert_int_equal(a->packets_out, b->packets_out);
	assert_int_equal(a->bytes_out, b->bytes_out);
	assert_int_equal(a->packets_in, b->packets_in);
	assert_int_equal(a->bytes_in, b->bytes_in);
	assert_int_equal(a->gap_bytes, b->gap_bytes);
	assert_int_equal(a->first_us, b->first_us);
	assert_int_equal(a->last_us, b->last_us);
	assert_string_equal(a->sni != NULL ? a->sni : "-",
	                    b->sni != NULL ? b->sni : "-");
	assert_string_equal(a->http_host != NULL ? a->http_host : "-",
	                    b->http_host != NULL ? b->http_host : "-");
}

/* The file, read again, tells of the same flows. */
static void test_the_same_again(void **state)
{
	struct feed *d = calloc(1, sizeof(*d));
	struct vp_facts *live = vp_facts_create(), *again = vp_facts_create();
	struct vp_intake in = { .flows = flows_create() };
	struct vp_capture_file *file;
	struct vp_frame frame;
	char why[256] = "";

	(void)state;
	start(d);
	say_everything(d);
	finish_facts(d->in.flows, live);
	assert_int_equal(vp_evidence_commit(d->in.evidence), 0);
	vp_evidence_close(d->in.evidence);
	assert_int_equal(vp_capture_file_open(&file, path, why, sizeof(why)),
	                 0);
	while (vp_capture_file_next(file, &frame, why, sizeof(why)) == 1)
		vp_intake_frame(&in, &frame);
	assert_string_equal(why, "");
	vp_capture_file_close(file);
	finish_facts(in.flows, again);
	assert_int_equal(live->capture.undecodable, again->capture.undecodable);
	assert_int_equal(live->n_flows, again->n_flows);
	assert_true(live->n_flows >= 6);
	for (size_t i = 0; i < live->n_flows; i++)
		assert_same_flow(&live->flows[i], &again->flows[i]);
	vp_flows_destroy(d->in.flows);
	vp_flows_destroy(in.flows);
	vp_facts_destroy(live);
	vp_facts_destroy(again);
	free(d);
	unlink(path);
}

/* Each flow's first and last packet, as the file has them. */
static void test_numbers(void **state)
{
	struct feed *d = calloc(1, sizeof(*d));
	struct vp_facts *facts = vp_facts_create();

	(void)state;
	start(d);
	udp(d, true, 514, "a", 1);
	icmp(d, "b");
	udp(d, true, 514, "c", 1);
	udp(d, false, 514, "d", 1);
	finish_facts(d->in.flows, facts);
	assert_int_equal(facts->n_flows, 2);
	assert_int_equal(facts->flows[0].evidence_packets, 3);
	assert_int_equal(facts->flows[0].evidence_first, 1);
	assert_int_equal(facts->flows[0].evidence_last, 4);
	assert_int_equal(facts->flows[1].evidence_packets, 1);
	assert_int_equal(facts->flows[1].evidence_first, 2);
	assert_int_equal(facts->flows[1].evidence_last, 2);
	vp_evidence_close(d->in.evidence);
	vp_flows_destroy(d->in.flows);
	vp_facts_destroy(facts);
	free(d);
}

/* A ring that turns often: what the facts say of each flow is what stands in
 * the file. Some flows talk all the time, some at times, one only at first. */
static void ring_of(uint32_t packets, unsigned seed)
{
	struct vp_evidence_options o = { .path = path,
		                         .max_bytes = 64 * 1024,
		                         .mode = VP_EVIDENCE_RING };
	uint64_t n[32] = { 0 }, first[32] = { 0 }, last[32] = { 0 }, at = 0;
	struct vp_facts *facts = vp_facts_create();
	struct feed *d = calloc(1, sizeof(*d));
	struct vp_capture_file *file;
	struct vp_frame frame;
	char why[256] = "";

	d->in.flows = flows_create();
	assert_int_equal(
		vp_evidence_open(&d->in.evidence, &o, why, sizeof(why)), 0);
	srandom(seed);
	for (uint32_t i = 0; i < packets; i++) {
		unsigned flow = (unsigned)random() % (i % 700 < 100 ? 31 : 8);

		udp(d, true, i < 20 ? 1031 : 1000 + flow, "some bytes", 10);
	}
	finish_facts(d->in.flows, facts);
	assert_int_equal(vp_evidence_commit(d->in.evidence), 0);
	assert_int_equal(vp_capture_file_open(&file, path, why, sizeof(why)),
	                 0);
	while (vp_capture_file_next(file, &frame, why, sizeof(why)) == 1) {
		unsigned flow =
			(unsigned)(frame.data[42] << 8 | frame.data[43]) - 1000;

		at++;
		if (n[flow]++ == 0)
			first[flow] = at;
		last[flow] = at;
	}
	vp_capture_file_close(file);
	for (size_t i = 0; i < facts->n_flows; i++) {
		const struct vp_flow *f = &facts->flows[i];
		unsigned flow = f->remote.port - 1000u;

		assert_int_equal(f->evidence_packets, n[flow]);
		assert_int_equal(
			vp_evidence_position(d->in.evidence, f->evidence_first),
			first[flow]);
		assert_int_equal(
			vp_evidence_position(d->in.evidence, f->evidence_last),
			last[flow]);
	}
	vp_evidence_close(d->in.evidence);
	vp_flows_destroy(d->in.flows);
	vp_facts_destroy(facts);
	free(d);
	unlink(path);
}

static void test_numbers_in_a_ring(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 40; i++)
		ring_of(100 + i * 53, i);
}

static int make_dir(void **state)
{
	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/run.pcapng", dir);
	return 0;
}

static int remove_dir(void **state)
{
	(void)state;
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_that_was_said),
		cmocka_unit_test(test_the_same_again),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_numbers_in_a_ring),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
