/* A file in, the verdict out: options, plan, packets, judge. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <netinet/in.h>
#include <signal.h>

#include "analyze.h"
#include "capture_bytes.h"
#include "frames.h"
#include "judge.h"
#include "plan.h"

#define SEEN_IN 1u
#define SEEN_OUT 2u
#define START 1700000000000000u

struct run {
	struct vp_facts *facts;
	struct vp_arena *arena;
	struct vp_judgement j;
	char why[512];
	int status;
};

/* option NULL: none. */
static void analyze_path(struct run *r, char *path, char *option, char *value)
{
	char *argv[] = { "vnetprobe", "analyze", path, option, value, NULL };
	int argc = option == NULL ? 3 : 5;
	struct vp_settings s = { .arena = vp_arena_create() };
	struct vp_analyze *a;

	*r = (struct run){ .facts = vp_facts_create(), .arena = s.arena };
	assert_int_equal(vp_options_read(&s, argc, argv), 0);
	assert_int_equal(vp_plan_make(r->facts, &s, r->why, sizeof(r->why)), 0);
	r->status = vp_analyze_open(&a, r->facts, &s, r->why, sizeof(r->why));
	if (r->status != 0)
		return;
	vp_analyze_read(a);
	vp_analyze_close(a);
	vp_judge(&r->j, r->facts, r->facts->arena);
	r->status = r->j.exit_status;
}

static void run_free(struct run *r)
{
	vp_facts_destroy(r->facts);
	vp_arena_destroy(r->arena);
}

static void analyze_bytes(struct run *r, const struct bytes *o, size_t n,
                          char *option, char *value)
{
	char path[32];
	int fd = b_file(path, o->b, n);

	analyze_path(r, path, option, value);
	close(fd);
}

/* The exit status for the first n bytes. */
static int status_of(const struct bytes *o, size_t n, char *option, char *value)
{
	struct run r;

	analyze_bytes(&r, o, n, option, value);
	run_free(&r);
	return r.status;
}

static void begin(struct bytes *o)
{
	b_section(o, NULL);
	b_interface(o, DLT_EN10MB, 262144, "eth0", 6, 0);
}

static void put_tcp(struct bytes *o, const char *src, unsigned sport,
                    const char *dst, unsigned dport, unsigned flags,
                    uint32_t seen)
{
	struct frame f;

	f_eth(&f, 0x0800);
	f_ip4(&f, src, dst, IPPROTO_TCP, 20, 1, 0);
	f_tcp(&f, sport, dport, 1, flags == VP_TCP_SYN ? 0 : 1, flags);
	b_packet(o, 0, START + o->n, f.b, f.n, (uint32_t)f.n, seen);
}

static void put_private(struct bytes *o)
{
	put_tcp(o, "10.0.0.4", 40000, "10.0.2.7", 443, VP_TCP_SYN, SEEN_OUT);
	put_tcp(o, "10.0.2.7", 443, "10.0.0.4", 40000, VP_TCP_SYN | VP_TCP_ACK,
	        SEEN_IN);
}

static void put_public(struct bytes *o)
{
	put_tcp(o, "10.0.0.4", 40001, "203.0.113.7", 443, VP_TCP_SYN, SEEN_OUT);
}

/* A question for a.example to a public resolver. */
static void put_dns_leak(struct bytes *o)
{
	static const char question[] = "\x12\x34\x01\x00\x00\x01\0\0\0\0\0\0"
				       "\1a\7example\0\0\1\0\1";
	size_t n = sizeof(question) - 1;
	struct frame f;

	f_eth(&f, 0x0800);
	f_ip4(&f, "10.0.0.4", "8.8.8.8", IPPROTO_UDP, 8 + n, 1, 0);
	f_udp(&f, 40002, 53, n);
	f_put(&f, question, n);
	b_packet(o, 0, START + o->n, f.b, f.n, (uint32_t)f.n, SEEN_OUT);
}

static void test_verdicts(void **state)
{
	struct bytes o = { 0 };
	struct run r;

	(void)state;
	begin(&o);
	assert_int_equal(status_of(&o, o.n, NULL, NULL), 3); /* no packet */
	put_private(&o);
	b_statistics(&o, 0, 0, 0, NULL);
	assert_int_equal(status_of(&o, o.n, NULL, NULL), 0);
	put_public(&o);
	assert_int_equal(status_of(&o, o.n, NULL, NULL), 1);
	put_dns_leak(&o);
	analyze_bytes(&r, &o, o.n, NULL, NULL);
	assert_int_equal(r.status, 4);
	assert_int_equal(r.facts->mode, VP_MODE_ANALYZE);
	assert_int_equal(r.facts->capture.state, VP_CAPTURE_COMPLETE);
	assert_int_equal(r.facts->capture.received, 4);
	assert_int_equal(r.facts->started_us / 1000000, START / 1000000);
	assert_true(r.facts->ended_us > r.facts->started_us);
	assert_int_equal(r.facts->capture.n_interfaces, 1);
	assert_string_equal(r.facts->capture.interfaces[0], "eth0");
	assert_int_equal(r.facts->n_flows, 2);
	assert_string_equal(r.facts->flows[0].interface, "eth0");
	assert_int_equal(r.facts->flows[0].remote.port, 443);
	assert_int_equal(r.facts->flows[0].direction, VP_DIRECTION_OUT);
	run_free(&r);
	/* a leak that was seen is one, whatever came after it */
	assert_int_equal(status_of(&o, o.n - 1, NULL, NULL), 1);
	b_statistics(&o, 0, 0, 0, NULL);
	assert_int_equal(status_of(&o, o.n - 1, NULL, NULL), 4);
}

/* Whatever could hide a leak: never pass. */
static void test_not_all_there(void **state)
{
	static const char *const why[] = { "cut", "drops", "damage", "ruin",
		                           "left-out" };

	(void)state;
	for (size_t i = 0; i < sizeof(why) / sizeof(why[0]); i++) {
		struct bytes o = { 0 };
		struct run r;

		begin(&o);
		put_private(&o);
		if (i == 1)
			b_statistics(&o, 0, 0, 1, NULL);
		if (i == 2)
			b_enhanced(&o, 7, 0, "x", 1, 0);
		if (i == 3)
			b_put(&o, (uint8_t[12]){ 6, 0, 0, 0, 5 }, 12);
		if (i == 4)
			b_statistics(&o, 0, 0, 0, "vnetprobe: left-out 3");
		analyze_bytes(&r, &o, i == 0 ? o.n - 1 : o.n, NULL, NULL);
		assert_int_equal(r.status, 3);
		assert_int_equal(r.facts->capture.state, VP_CAPTURE_PARTIAL);
		assert_non_null(r.facts->capture.reason);
		assert_int_equal(r.facts->capture.file_cut != NULL,
		                 i == 0 || i == 3);
		run_free(&r);
	}
}

static void test_notes(void **state)
{
	struct bytes o = { 0 };
	size_t before;
	struct run r;

	(void)state;
	begin(&o);
	put_private(&o);
	put_public(&o);
	before = o.n;
	assert_int_equal(status_of(&o, o.n, NULL, NULL), 1);
	b_statistics(&o, 0, 0, 0, "vnetprobe: vnet 203.0.113.0/24");
	/* a file's word makes nothing clean */
	analyze_bytes(&r, &o, o.n, NULL, NULL);
	assert_int_equal(r.status, 3);
	assert_int_equal(r.facts->n_flows, 0);
	assert_int_equal(r.facts->capture.claimed_flows, 1);
	run_free(&r);
	/* who runs it knows better */
	assert_int_equal(status_of(&o, o.n, "--vnet", "203.0.113.0/24"), 0);
	assert_int_equal(status_of(&o, o.n, "--vnet", "10.0.0.0/16"), 1);
	o.n = before;
	b_statistics(&o, 0, 0, 0,
	             "vnetprobe: own tcp 10.0.0.4:40001 203.0.113.7:443");
	analyze_bytes(&r, &o, o.n, NULL, NULL);
	assert_true(r.facts->flows[0].own);
	run_free(&r);
	o.n = before;
	b_statistics(&o, 0, 0, 0,
	             "vnetprobe: own tcp 10.0.0.4:40001 203.0.113.8:443");
	analyze_bytes(&r, &o, o.n, NULL, NULL);
	assert_false(r.facts->flows[0].own);
	run_free(&r);
}

/* Between two public addresses only who captured tells the ends apart. The
 * note stands behind the packet, and must work for it. */
static void test_local(void **state)
{
	static const char *const ends[] = { "203.0.113.7", "198.51.100.9" };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct bytes o = { 0 };
		char note[64];
		size_t before;
		struct run r;

		begin(&o);
		put_tcp(&o, "203.0.113.7", 443, "198.51.100.9", 50000,
		        VP_TCP_ACK, 0);
		before = o.n;
		snprintf(note, sizeof(note), "vnetprobe: local %s", ends[i]);
		b_statistics(&o, 0, 0, 0, note);
		for (int flag = 0; flag < 2; flag++) {
			analyze_bytes(&r, &o, flag ? before : o.n,
			              flag ? "--local" : NULL,
			              flag ? (char *)(uintptr_t)ends[i] : NULL);
			assert_int_equal(r.facts->n_flows, 1);
			assert_int_equal(r.facts->flows[0].local.port,
			                 i == 0 ? 443 : 50000);
			run_free(&r);
		}
	}
}

/* Notes without end fill no memory, and are said to be too many. */
static void test_too_many_notes(void **state)
{
	struct bytes o = { 0 }, one = { 0 };
	size_t n = 1100, len = 0;
	char path[32], note[48];
	uint8_t *all;
	struct run r;
	int fd;

	(void)state;
	begin(&o);
	put_private(&o);
	all = malloc(o.n + n * 100);
	assert_non_null(all);
	memcpy(all, o.b, o.n);
	len = o.n;
	for (unsigned i = 0; i < n; i++) {
		one.n = 0;
		snprintf(note, sizeof(note), "vnetprobe: vnet 10.%u.%u.0/24",
		         i / 256, i % 256);
		b_statistics(&one, 0, 0, 0, note);
		memcpy(all + len, one.b, one.n);
		len += one.n;
	}
	fd = b_file(path, all, len);
	free(all);
	analyze_path(&r, path, NULL, NULL);
	close(fd);
	assert_int_equal(r.facts->policy.n_vnet, 1024);
	assert_int_equal(r.facts->capture.state, VP_CAPTURE_PARTIAL);
	assert_int_equal(r.status, 3);
	run_free(&r);
}

/* Cooked packets name their interface by the number it had on its machine; the
 * note may stand before them or at the file's end. */
static void check_cooked_interfaces(bool at_end)
{
	static const char note[] = "vnetprobe: interface 7 eth7 exit";
	struct bytes o = { 0 };
	struct frame f;
	struct run r;

	b_section(&o, at_end ? NULL : note);
	b_interface(&o, DLT_LINUX_SLL2, 0, "any", 6, 0);
	b_interface(&o, DLT_LINUX_SLL2, 0, "eth1", 6, 0);
	for (uint32_t i = 0; i < 2; i++) {
		f_sll2(&f, 4, i == 0 ? 7 : 8, 0x0800);
		f_ip4(&f, "10.0.0.4", "203.0.113.7", IPPROTO_TCP, 20, 1, 0);
		f_tcp(&f, 40000 + i, 443, 1, 0, VP_TCP_SYN);
		b_packet(&o, i, START + i, f.b, f.n, (uint32_t)f.n, 0);
	}
	if (at_end)
		b_statistics(&o, 0, 0, 0, note);
	analyze_bytes(&r, &o, o.n, NULL, NULL);
	assert_int_equal(r.facts->n_flows, 2);
	assert_string_equal(r.facts->flows[0].interface, "eth7");
	assert_string_equal(r.facts->flows[1].interface, "eth1");
	assert_int_equal(r.facts->capture.n_interfaces, 2);
	run_free(&r);
}

static void test_cooked_interfaces(void **state)
{
	(void)state;
	check_cooked_interfaces(false);
	check_cooked_interfaces(true);
}

static void test_refused(void **state)
{
	struct bytes o = { 0 };
	struct run r;

	(void)state;
	b_put(&o, "\x1f\x8b\x08", 3);
	analyze_bytes(&r, &o, o.n, NULL, NULL);
	assert_int_equal(r.status, 2);
	assert_non_null(strstr(r.why, "gzip"));
	run_free(&r);
	assert_int_equal(status_of(&o, 0, NULL, NULL), 2);
	analyze_path(&r, "/", NULL, NULL);
	assert_int_equal(r.status, 2);
	run_free(&r);
	analyze_path(&r, "/nonexistent.pcap", NULL, NULL);
	assert_int_equal(r.status, 2);
	run_free(&r);
}

/* Endless input ends by a signal; what was seen until then is judged. */
static void test_interrupted(void **state)
{
	struct bytes o = { 0 };
	int fds[2];
	char path[32];
	sigset_t set;
	struct run r;

	(void)state;
	begin(&o);
	put_private(&o);
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], o.b, o.n), o.n);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fds[0]);
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	kill(getpid(), SIGINT);
	analyze_path(&r, path, NULL, NULL);
	assert_int_equal(r.status, 3);
	assert_true(r.facts->interrupted);
	run_free(&r);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_not_all_there),
		cmocka_unit_test(test_notes),
		cmocka_unit_test(test_local),
		cmocka_unit_test(test_too_many_notes),
		cmocka_unit_test(test_cooked_interfaces),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_interrupted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
