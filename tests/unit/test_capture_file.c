#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <errno.h>
#include <pcap/dlt.h>
#include <sys/wait.h>

#include "capture_bytes.h"
#include "vnetprobe/capture_file.h"

#define MOST 16

/* What came of one reading. */
struct got {
	int opened, rc; /* rc: of the last call of next */
	char why[256];
	size_t n;
	struct {
		int64_t ts_us;
		enum vp_seen seen;
		int ifindex, linktype;
		char data[16];
		uint32_t caplen, len;
	} p[MOST];
	char names[4][16]; /* of interfaces 1 to 4 */
	struct vp_capture_file_stats stats;
	bool cut;
	char damage[160];
	size_t n_comments, n_closing;
	char comments[4][32], closing[4][32];
};

static void on_comment(const char *text, size_t len, void *arg)
{
	struct got *g = arg;

	assert_true(g->n_comments < 4 && len < 32);
	memcpy(g->comments[g->n_comments++], text, len);
}

static void on_closing(const char *text, size_t len, void *arg)
{
	struct got *g = arg;

	assert_true(g->n_closing < 4 && len < 32);
	memcpy(g->closing[g->n_closing++], text, len);
}

static void keep(struct got *g, const struct vp_frame *f)
{
	size_t n = f->caplen < 15 ? f->caplen : 15;

	if (g->n < MOST) {
		g->p[g->n].ts_us = f->ts_us;
		g->p[g->n].seen = f->seen;
		g->p[g->n].ifindex = f->ifindex;
		g->p[g->n].linktype = f->linktype;
		memcpy(g->p[g->n].data, f->data, n);
		g->p[g->n].caplen = f->caplen;
		g->p[g->n].len = f->len;
	}
	g->n++;
}

static void read_path(struct got *g, const char *path)
{
	struct vp_capture_file *f;
	struct vp_frame frame;

	memset(g, 0, sizeof(*g));
	g->opened = vp_capture_file_open(&f, path, g->why, sizeof(g->why));
	if (g->opened != 0) {
		assert_null(f);
		assert_true(g->why[0] != '\0');
		return;
	}
	vp_capture_file_on_comment(f, on_comment, g);
	vp_capture_file_closing_comments(f, on_closing, g);
	while ((g->rc = vp_capture_file_next(f, &frame, g->why,
	                                     sizeof(g->why))) > 0)
		keep(g, &frame);
	/* an end stays one, and so does an error */
	assert_int_equal(
		vp_capture_file_next(f, &frame, g->why, sizeof(g->why)), g->rc);
	vp_capture_file_stats(f, &g->stats);
	assert_int_equal(g->stats.packets, g->n);
	g->cut = g->stats.cut != NULL;
	if (g->stats.damage != NULL)
		snprintf(g->damage, sizeof(g->damage), "%s", g->stats.damage);
	assert_int_equal(g->stats.damage != NULL, g->stats.damaged > 0);
	for (int i = 1; i <= 4; i++)
		if (vp_capture_file_interface(f, i) != NULL)
			snprintf(g->names[i - 1], 16, "%s",
			         vp_capture_file_interface(f, i));
	assert_null(vp_capture_file_interface(f, 0));
	assert_null(vp_capture_file_interface(f, -1));
	assert_null(vp_capture_file_interface(f, 1000000));
	vp_capture_file_close(f);
}

static void read_bytes(struct got *g, const void *data, size_t n)
{
	char path[32];
	int fd = b_file(path, data, n);

	read_path(g, path);
	close(fd);
}

/* --- pcap ------------------------------------------------------------------
 */

static void test_pcap(void **state)
{
	static const struct {
		uint32_t magic, part;
		bool swap;
	} cases[] = {
		{ 0xa1b2c3d4, 250000, false },
		{ 0xa1b2c3d4, 250000, true },
		{ 0xa1b23c4d, 250000999, false },
		{ 0xa1b23c4d, 250000999, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bytes o = { .swap = cases[i].swap };
		struct got g;

		b_pcap(&o, cases[i].magic, 65535, 101);
		b_record(&o, 1700000000, cases[i].part, "abc", 1500);
		b_record(&o, 1699999999, 0, "", 0);
		b_record(&o, 1700000001, 0, "defgh", 2); /* more than was */
		read_bytes(&g, o.b, o.n);
		assert_int_equal(g.rc, 0);
		assert_false(g.cut);
		assert_int_equal(g.n, 3);
		assert_int_equal(g.p[0].ts_us, 1700000000250000);
		assert_int_equal(g.p[0].linktype, DLT_RAW);
		assert_int_equal(g.p[0].ifindex, 0);
		assert_int_equal(g.p[0].seen, VP_SEEN_UNKNOWN);
		assert_int_equal(g.p[0].caplen, 3);
		assert_int_equal(g.p[0].len, 1500);
		assert_string_equal(g.p[0].data, "abc");
		assert_int_equal(g.p[1].caplen, 0);
		assert_int_equal(g.p[2].caplen, 5);
		assert_int_equal(g.p[2].len, 5);
		assert_int_equal(g.stats.first_us, 1699999999000000);
		assert_int_equal(g.stats.last_us, 1700000001000000);
		assert_int_equal(g.stats.out_of_order, 1);
	}
}

static void test_pcap_linktype_with_checksum(void **state)
{
	struct bytes o = { 0 };
	struct got g;

	(void)state;
	b_pcap(&o, 0xa1b2c3d4, 65535, 0x44000001); /* 4 bytes of checksum */
	b_record(&o, 1, 0, "x", 1);
	read_bytes(&g, o.b, o.n);
	assert_int_equal(g.p[0].linktype, DLT_EN10MB);
}

static void test_pcap_lying_length(void **state)
{
	static const struct {
		uint32_t caplen, snaplen;
		const char *why; /* NULL: only the end of the file is missed */
	} cases[] = {
		{ 262144, 96, NULL },
		{ 262145, 96,
		  "is damaged: packet 2, at byte 41, is said to "
		  "have 262145 bytes" },
		{ 262145, 262145, NULL },
		{ 16777216, 0xffffffff, NULL },
		{ 16777217, 0xffffffff, "is damaged: packet 2" },
		{ 0xffffffff, 65535, "is damaged: packet 2" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bytes o = { 0 };
		struct got g;

		b_pcap(&o, 0xa1b2c3d4, cases[i].snaplen, 1);
		b_record(&o, 1, 0, "x", 1);
		b_32(&o, 1);
		b_32(&o, 0);
		b_32(&o, cases[i].caplen);
		b_32(&o, cases[i].caplen);
		b_put(&o, "rest", 4);
		read_bytes(&g, o.b, o.n);
		assert_int_equal(g.n, 1);
		assert_int_equal(g.cut, cases[i].why == NULL);
		assert_int_equal(g.rc, cases[i].why == NULL ? 0 : -EBADMSG);
		if (cases[i].why != NULL)
			assert_memory_equal(g.why, cases[i].why,
			                    strlen(cases[i].why));
	}
}

/* --- pcapng ----------------------------------------------------------------
 */

/* Two sections, the second in the other byte order, with all kinds of blocks.
 */
static void build_blocks(struct bytes *o)
{
	b_section(o, "first");
	b_interface(o, 1, 65535, "eth0", 6, 0);
	b_interface(o, 276, 0, "any", 9, 100);
	b_enhanced(o, 0, 1700000000000001, "one", 60, 2);
	b_enhanced(o, 1, 1700000000000002000, "two", 3, 0x1);
	b_begin(o, 0x0bad); /* a custom block */
	b_put(o, "whatever", 8);
	b_end(o);
	b_begin(o, 3); /* a simple one, of interface 0 */
	b_32(o, 5);
	b_put(o, "three", 5);
	b_pad(o);
	b_end(o);
	b_statistics(o, 0, 7, 0, NULL);
	o->swap = !o->swap;
	b_section(o, NULL);
	b_interface(o, 113, 4, "lo", 0x80 | 10, 0);
	b_begin(o, 2); /* an obsolete packet */
	b_16(o, 0);
	b_16(o, 3); /* drops */
	b_64(o, 0); /* below: its time, in two halves */
	o->n -= 8;
	b_32(o, 0);
	b_32(o, 1024 + 512);
	b_32(o, 4);
	b_32(o, 4);
	b_put(o, "four", 4);
	b_option_32(o, 2, 1 | 4 << 2);
	b_end(o);
	b_begin(o, 3);
	b_32(o, 9); /* cut to the snapshot length of 4 */
	b_put(o, "five", 4);
	b_end(o);
	b_statistics(o, 0, 1, 2, "early");
	b_statistics(o, 0, 1, 20, "late");
}

static void test_blocks(void **state)
{
	for (int swap = 0; swap < 2; swap++) {
		struct bytes o = { .swap = swap };
		struct got g;

		(void)state;
		build_blocks(&o);
		read_bytes(&g, o.b, o.n);
		assert_int_equal(g.rc, 0);
		assert_false(g.cut);
		assert_int_equal(g.stats.damaged, 0);
		assert_int_equal(g.n, 5);
		assert_int_equal(g.p[0].ts_us, 1700000000000001);
		assert_int_equal(g.p[0].seen, VP_SEEN_OUT);
		assert_int_equal(g.p[0].ifindex, 1);
		assert_int_equal(g.p[0].linktype, DLT_EN10MB);
		assert_int_equal(g.p[0].len, 60);
		assert_int_equal(g.p[1].ts_us, 1700000100000002);
		assert_int_equal(g.p[1].seen, VP_SEEN_IN);
		assert_int_equal(g.p[1].linktype, DLT_LINUX_SLL2);
		assert_int_equal(g.p[2].seen, VP_SEEN_UNKNOWN);
		assert_string_equal(g.p[2].data, "three");
		/* it has no time of its own */
		assert_int_equal(g.p[2].ts_us, 1700000100000002);
		assert_int_equal(g.p[3].ts_us, 1500000);
		assert_int_equal(g.p[3].ifindex, 3);
		assert_int_equal(g.p[3].seen, VP_SEEN_OTHER);
		assert_string_equal(g.p[3].data, "four");
		assert_int_equal(g.p[4].caplen, 4);
		assert_int_equal(g.p[4].len, 9);
		assert_string_equal(g.names[0], "eth0");
		assert_string_equal(g.names[1], "any");
		assert_string_equal(g.names[2], "lo");
		assert_string_equal(g.names[3], "");
		/* the last statistics of each interface; more than 3 drops */
		assert_int_equal(g.stats.dropped, 20);
		assert_int_equal(g.stats.interface_dropped, 8);
		assert_int_equal(g.stats.out_of_order, 1);
		assert_int_equal(g.n_comments, 3);
		assert_string_equal(g.comments[0], "first");
		assert_string_equal(g.comments[2], "late");
		assert_int_equal(g.n_closing, 2);
		assert_string_equal(g.closing[0], "late");
		assert_string_equal(g.closing[1], "early");
	}
}

static void test_drops_told_by_packets(void **state)
{
	struct bytes o = { 0 };
	struct got g;

	(void)state;
	b_section(&o, NULL);
	b_interface(&o, 1, 0, NULL, 6, 0);
	for (int i = 0; i < 2; i++) {
		b_begin(&o, 6);
		b_put(&o, (uint8_t[20]){ 0 }, 20);
		b_option_64(&o, 4, 3);
		b_end(&o);
	}
	b_statistics(&o, 0, 2, 1, NULL);
	read_bytes(&g, o.b, o.n);
	assert_int_equal(g.n, 2);
	assert_int_equal(g.stats.interface_dropped, 2);
	assert_int_equal(g.stats.dropped, 4); /* six in all */
}

static void test_clocks(void **state)
{
	static const struct {
		unsigned tsresol;
		int64_t offset;
		uint64_t units;
		int64_t us;
	} cases[] = {
		{ 6, 0, 5, 5 },
		{ 0, 0, 7, 7000000 },
		{ 3, -1, 2500, 1500000 },
		{ 9, 0, 1999, 1 },
		{ 12, 0, 5000000, 5 },
		{ 19, 0, UINT64_MAX, 1844674 },
		{ 25, 0, UINT64_MAX, 1 },
		{ 26, 0, UINT64_MAX, 0 },
		{ 127, 0, UINT64_MAX, 0 },
		{ 0x80, 0, 3, 3000000 },
		{ 0x80 | 20, 0, 3 << 19, 1500000 },
		{ 0x80 | 63, 0, (uint64_t)1 << 62, 500000 },
		{ 0x80 | 64, 0, (uint64_t)1 << 63, 500000 },
		{ 0xff, 0, UINT64_MAX, 0 },
		/* before 1970, after 9999 */
		{ 6, -10, 5, 0 },
		{ 6, INT64_MIN, 5, 0 },
		{ 6, INT64_MAX, 5, 253402300799999999 },
		{ 0, 0, UINT64_MAX, 253402300799999999 },
		{ 0x80, 0, UINT64_MAX, 253402300799999999 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bytes o = { .swap = i % 2 };
		struct got g;

		b_section(&o, NULL);
		b_interface(&o, 1, 0, NULL, cases[i].tsresol, cases[i].offset);
		b_enhanced(&o, 0, cases[i].units, "x", 1, 0);
		read_bytes(&g, o.b, o.n);
		assert_int_equal(g.n, 1);
		assert_int_equal(g.p[0].ts_us, cases[i].us);
	}
}

static void set_32(struct bytes *o, size_t at, uint32_t v)
{
	memcpy(o->b + at, &v, 4);
}

/* What is wrong with one packet leaves the others be. */
static void test_damage(void **state)
{
	static const struct {
		uint32_t interface, caplen;
		unsigned option_len;
		const char *why;
		size_t n; /* packets that are left */
	} cases[] = {
		{ 0, 4, 4, "", 3 },
		{ 1, 4, 4,
		  "the packet at byte 84 is of an interface (1) that "
		  "nothing describes",
		  2 },
		{ UINT32_MAX, 4, 4, "the packet at byte 84 is of an", 2 },
		{ 0, 12, 4, "", 3 }, /* swallows its option */
		{ 0, 13, 4, "the packet at byte 84 is said to have 13", 2 },
		{ 0, UINT32_MAX, 4, "the packet at byte 84 is said to", 2 },
		{ 0, 4, 5, "the options of the block at byte 84 run", 3 },
		{ 0, 4, 65535, "the options of the block at byte 84 run", 3 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bytes o = { 0 };
		struct got g;

		b_section(&o, NULL);
		b_interface(&o, 1, 0, NULL, 6, 0);
		b_enhanced(&o, 0, 1, "good", 4, 0);
		assert_int_equal(o.n, 84);
		b_begin(&o, 6);
		b_32(&o, cases[i].interface);
		b_64(&o, 0);
		b_32(&o, cases[i].caplen);
		b_32(&o, 4);
		b_put(&o, "data", 4);
		b_16(&o, 2);
		b_16(&o, cases[i].option_len);
		b_32(&o, 1);
		b_end(&o);
		b_enhanced(&o, 0, 1, "good", 4, 0);
		read_bytes(&g, o.b, o.n);
		assert_int_equal(g.rc, 0);
		assert_int_equal(g.n, cases[i].n);
		assert_memory_equal(g.damage, cases[i].why,
		                    strlen(cases[i].why));
		assert_int_equal(g.stats.damaged, cases[i].why[0] != '\0');
	}
}

static void test_packet_before_its_interface(void **state)
{
	struct bytes o = { 0 };
	struct got g;

	(void)state;
	b_section(&o, NULL);
	b_enhanced(&o, 0, 1, "x", 1, 0);
	b_begin(&o, 3);
	b_32(&o, 4);
	b_put(&o, "data", 4);
	b_end(&o);
	b_statistics(&o, 0, 1, 1, "x");
	b_interface(&o, 1, 0, NULL, 6, 0);
	b_enhanced(&o, 0, 1, "x", 1, 0);
	/* a section forgets the interfaces of the one before */
	b_section(&o, NULL);
	b_enhanced(&o, 0, 1, "x", 1, 0);
	read_bytes(&g, o.b, o.n);
	assert_int_equal(g.rc, 0);
	assert_int_equal(g.n, 1);
	assert_int_equal(g.stats.damaged, 3);
}

/* The second block of a file says that it has so many bytes. */
static void test_block_lengths(void **state)
{
	static const struct {
		uint32_t type, len;
		int rc;
		bool cut;
	} cases[] = {
		{ 1, 20, 0, false },
		{ 1, 0, -EBADMSG, false },
		{ 1, 4, -EBADMSG, false },
		{ 1, 16, -EBADMSG, false },
		{ 1, 21, -EBADMSG, false },
		{ 1, 24, 0, true },
		{ 1, 16777216, 0, true },
		{ 1, 16777220, -EBADMSG, false },
		{ 1, 0xfffffffc, -EBADMSG, false },
		{ 99, 20, 0, false },
		{ 99, 0, -EBADMSG, false },
		{ 99, 8, -EBADMSG, false },
		{ 99, 16, -EBADMSG, false }, /* not the same at its end */
		{ 99, 0xfffffffc, 0, true },
		{ 6, 20, -EBADMSG, false },
		{ 3, 12, -EBADMSG, false },
		{ 5, 20, -EBADMSG, false },
		{ 2, 28, -EBADMSG, false },
		{ 0x0a0d0d0a, 20, -EBADMSG, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bytes o = { 0 };
		struct got g;

		b_section(&o, NULL);
		b_begin(&o, cases[i].type);
		b_put(&o, (uint8_t[8]){ 0x4d, 0x3c, 0x2b, 0x1a }, 8);
		b_end(&o);
		set_32(&o, 32, cases[i].len);
		read_bytes(&g, o.b, o.n);
		assert_int_equal(g.rc, cases[i].rc);
		assert_int_equal(g.cut, cases[i].cut);
		assert_int_equal(g.n, 0);
	}
}

/* What is skipped may be longer than any window, and is counted. */
static void test_long_block_is_skipped(void **state)
{
	static uint8_t b[1000000];
	struct bytes o = { 0 }, tail = { 0 };
	uint32_t len = 900000;
	struct got g;

	(void)state;
	b_section(&o, NULL);
	memcpy(b, o.b, o.n);
	memcpy(b + o.n, &(uint32_t){ 99 }, 4);
	memcpy(b + o.n + 4, &len, 4);
	memcpy(b + o.n + len - 4, &len, 4);
	b_enhanced(&tail, 0, 1, "x", 1, 0);
	memcpy(b + o.n + len, tail.b, tail.n);
	read_bytes(&g, b, o.n + len + tail.n);
	assert_int_equal(g.rc, 0);
	assert_string_equal(g.damage, "the packet at byte 900028 is of an "
	                              "interface (0) that nothing describes");
	read_bytes(&g, b, o.n + len - 1);
	assert_true(g.cut);
}

static void test_bad_sections(void **state)
{
	struct bytes o = { 0 };
	struct got g;

	(void)state;
	b_section(&o, NULL);
	set_32(&o, 8, 0x1a2b3c4e);
	read_bytes(&g, o.b, o.n);
	assert_int_equal(g.rc, -EBADMSG);
	assert_string_equal(g.why, "is damaged: the section at byte 0 has no "
	                           "byte order");
	set_32(&o, 8, 0x1a2b3c4d);
	set_32(&o, 12, 2); /* version 2.0 */
	read_bytes(&g, o.b, o.n);
	assert_int_equal(g.rc, -EBADMSG);
	assert_string_equal(g.why, "has a section of pcapng version 2.0 at "
	                           "byte 0, and 1.0 is known here");
}

static void test_many_interfaces(void **state)
{
	struct bytes head = { 0 }, one = { 0 };
	size_t n;
	uint8_t *all;
	struct got g;

	(void)state;
	b_section(&head, NULL);
	b_interface(&one, 1, 0, "x", 6, 0);
	for (int more = 0; more < 2; more++) {
		n = 16384 + (size_t)more;
		all = malloc(head.n + n * one.n);
		assert_non_null(all);
		memcpy(all, head.b, head.n);
		for (size_t i = 0; i < n; i++)
			memcpy(all + head.n + i * one.n, one.b, one.n);
		read_bytes(&g, all, head.n + n * one.n);
		free(all);
		assert_int_equal(g.rc, more ? -EBADMSG : 0);
	}
	assert_string_equal(g.why, "it describes more than 16384 interfaces");
}

/* --- cut anywhere -----------------------------------------------------------
 */

/* Every prefix gives the packets that are whole in it, and no others. Where a
 * block or packet ends, nothing is missing. */
static void every_prefix(const struct bytes *o, size_t header,
                         const size_t *ends, size_t n_ends,
                         const size_t *packet_ends, size_t n_packets)
{
	struct got whole, g;

	read_bytes(&whole, o->b, o->n);
	assert_int_equal(whole.n, n_packets);
	for (size_t n = 0; n < o->n; n++) {
		size_t packets = 0;
		bool at_end = false;

		read_bytes(&g, o->b, n);
		if (n < header) {
			assert_int_equal(g.opened, -EBADMSG);
			continue;
		}
		for (size_t i = 0; i < n_packets; i++)
			packets += packet_ends[i] <= n;
		for (size_t i = 0; i < n_ends; i++)
			at_end |= ends[i] == n;
		assert_int_equal(g.opened, 0);
		assert_int_equal(g.rc, 0);
		assert_int_equal(g.n, packets);
		assert_int_equal(g.cut, !at_end);
		assert_memory_equal(g.p, whole.p, packets * sizeof(g.p[0]));
	}
}

static void test_pcap_prefixes(void **state)
{
	struct bytes o = { 0 };
	size_t ends[4] = { 24 };

	(void)state;
	b_pcap(&o, 0xa1b2c3d4, 65535, 1);
	for (size_t i = 1; i < 4; i++) {
		b_record(&o, (uint32_t)i, 0, "some data", 9);
		ends[i] = o.n;
	}
	every_prefix(&o, 24, ends, 4, ends + 1, 3);
}

static void test_blocks_prefixes(void **state)
{
	struct bytes o = { 0 };
	size_t ends[64], packets[8], n = 0, n_packets = 0;

	(void)state;
	build_blocks(&o);
	for (size_t at = 0; at < o.n;) {
		uint32_t type, len, magic;

		memcpy(&type, o.b + at, 4);
		memcpy(&len, o.b + at + 4, 4);
		memcpy(&magic, o.b + at + 8, 4);
		if (type == 0x0a0d0d0a)
			o.swap = magic != 0x1a2b3c4d;
		type = o.swap ? __builtin_bswap32(type) : type;
		at += o.swap ? __builtin_bswap32(len) : len;
		ends[n++] = at;
		if (type == 2 || type == 3 || type == 6)
			packets[n_packets++] = at;
	}
	assert_int_equal(n, 14);
	/* the first four bytes tell the format */
	every_prefix(&o, 4, ends, n, packets, n_packets);
}

/* --- what is no capture -----------------------------------------------------
 */

static void test_refused(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		const char *why;
	} cases[] = {
		{ "", 0, "is empty" },
		{ "abc", 3, "is neither pcap nor pcapng" },
		{ "hello, world\n", 13, "is neither pcap nor pcapng" },
		{ "\x1f\x8b\x08\0", 4, "is compressed by gzip: zcat " },
		{ "\x1f\x8b", 2, "is compressed by gzip: zcat " },
		{ "\x28\xb5\x2f\xfd....", 8, "is compressed by zstd: " },
		{ "\xfd"
		  "7zXZ\0\0",
		  7, "is compressed by xz: " },
		{ "BZh91AY", 7, "is compressed by bzip2: " },
		{ "snoop\0\0\0....", 12, "is a capture of Solaris snoop" },
		{ "\xa1\xb2\xcd\x34....", 8, "is pcap with modified" },
		{ "\x34\xcd\xb2\xa1....", 8, "is pcap with modified" },
		{ "\xa1\xb2\xc3\xd4....", 8, "ends within its header" },
		{ "\xa1\xb2\xc3\xd4\0\1\0\1............................", 32,
		  "is pcap of version 1.1, and 2.4 is known here" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char path[32];
		int fd = b_file(path, cases[i].bytes, cases[i].n);
		struct got g;

		read_path(&g, path);
		assert_int_equal(g.opened, -EBADMSG);
		assert_memory_equal(g.why, path, strlen(path));
		assert_memory_equal(g.why + strlen(path) + 1, cases[i].why,
		                    strlen(cases[i].why));
		close(fd);
	}
}

static void test_no_file(void **state)
{
	struct got g;

	(void)state;
	read_path(&g, "/nonexistent/x.pcap");
	assert_int_equal(g.opened, -ENOENT);
	assert_string_equal(g.why, "cannot open /nonexistent/x.pcap: No such "
	                           "file or directory");
	read_path(&g, "/");
	assert_int_equal(g.opened, -EISDIR);
	assert_string_equal(g.why, "/ is a directory, not a capture");
}

/* --- pipes, and files beyond the window --------------------------------------
 */

static void test_pipe_in_small_pieces(void **state)
{
	struct bytes o = { 0 };
	char path[32];
	struct got g;
	int fds[2];
	pid_t child;

	(void)state;
	build_blocks(&o);
	assert_int_equal(pipe(fds), 0);
	child = fork();
	if (child == 0) {
		for (size_t i = 0; i < o.n; i++) {
			if (write(fds[1], o.b + i, 1) != 1)
				_exit(1);
			if (i % 16 == 0)
				usleep(100);
		}
		_exit(0);
	}
	close(fds[1]);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fds[0]);
	read_path(&g, path);
	assert_int_equal(g.n, 5);
	assert_int_equal(g.n_closing, 0); /* a pipe cannot tell its end */
	assert_int_equal(g.n_comments, 3);
	close(fds[0]);
	assert_int_equal(waitpid(child, NULL, 0), child);
}

static void test_stop(void **state)
{
	struct vp_capture_file *f;
	struct vp_frame frame;
	struct bytes o = { 0 };
	int fds[2], stop[2];
	char path[32], why[256];

	(void)state;
	b_pcap(&o, 0xa1b2c3d4, 65535, 1);
	b_record(&o, 1, 0, "x", 1);
	assert_int_equal(pipe(fds) | pipe(stop), 0);
	assert_int_equal(write(fds[1], o.b, o.n), o.n);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fds[0]);
	assert_int_equal(vp_capture_file_open(&f, path, why, sizeof(why)), 0);
	vp_capture_file_stop(f, stop[0]);
	assert_int_equal(vp_capture_file_next(f, &frame, why, sizeof(why)), 1);
	/* the pipe stays open: without a stop this would wait for ever */
	assert_int_equal(write(stop[1], "x", 1), 1);
	assert_int_equal(vp_capture_file_next(f, &frame, why, sizeof(why)),
	                 -EINTR);
	vp_capture_file_close(f);
	close(fds[0]), close(fds[1]), close(stop[0]), close(stop[1]);
}

/* Packets of all sizes, so that they cross the window's end everywhere. */
static void test_large_file(void **state)
{
	char path[] = "/tmp/vnetprobe-test-XXXXXX", why[256];
	static char data[70000];
	int fd = mkstemp(path);
	FILE *out = fdopen(fd, "w");
	struct vp_capture_file *f;
	struct vp_frame frame;
	struct bytes o = { 0 };
	size_t n = 0;

	(void)state;
	b_pcap(&o, 0xa1b2c3d4, 262144, 1);
	fwrite(o.b, 1, o.n, out);
	for (size_t i = 0; i < 1000; i++) {
		uint32_t len = (uint32_t)(i * 7919 % sizeof(data));
		uint32_t h[4] = { (uint32_t)i, 0, len, len };

		memset(data, (int)i, len);
		fwrite(h, 1, sizeof(h), out);
		fwrite(data, 1, len, out);
	}
	fclose(out);
	assert_int_equal(vp_capture_file_open(&f, path, why, sizeof(why)), 0);
	unlink(path);
	while (vp_capture_file_next(f, &frame, why, sizeof(why)) == 1) {
		uint32_t len = (uint32_t)(n * 7919 % sizeof(data));

		assert_int_equal(frame.caplen, len);
		memset(data, (int)n, len);
		assert_memory_equal(frame.data, data, len);
		n++;
	}
	assert_int_equal(n, 1000);
	vp_capture_file_close(f);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pcap),
		cmocka_unit_test(test_pcap_linktype_with_checksum),
		cmocka_unit_test(test_pcap_lying_length),
		cmocka_unit_test(test_blocks),
		cmocka_unit_test(test_drops_told_by_packets),
		cmocka_unit_test(test_clocks),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_packet_before_its_interface),
		cmocka_unit_test(test_block_lengths),
		cmocka_unit_test(test_long_block_is_skipped),
		cmocka_unit_test(test_bad_sections),
		cmocka_unit_test(test_many_interfaces),
		cmocka_unit_test(test_pcap_prefixes),
		cmocka_unit_test(test_blocks_prefixes),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_no_file),
		cmocka_unit_test(test_pipe_in_small_pieces),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_large_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
