/*
 * The evidence file, read back block by block and by libpcap.
 */
#include "vnetprobe/evidence.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <pcap/pcap.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[] = "/tmp/vp-evidence-XXXXXX";
static char path[64];

/* --- writing ------------------------------------------------------------- */

static struct vp_evidence *open_with(enum vp_evidence_mode mode, uint64_t max)
{
	struct vp_evidence_options o = {
		.path = path,
		.max_bytes = max,
		.mode = mode,
		.application = "vnetprobe 9.9",
		.hostname = "host1",
		.os = "Linux 5.15",
		.snaplen = 8192,
	};
	struct vp_evidence *e;
	char why[256] = "";

	if (vp_evidence_open(&e, &o, why, sizeof(why)) != 0)
		fail_msg("%s", why);
	return e;
}

/* A frame that carries its serial number, len bytes long. */
static uint64_t put(struct vp_evidence *e, uint32_t serial, uint32_t len)
{
	uint8_t bytes[4096] = { 0 };
	struct vp_frame f = {
		.ts_us = 1700000000000000 + (int64_t)serial * 1001,
		.seen = VP_SEEN_OUT,
		.ifindex = 2,
		.linktype = DLT_LINUX_SLL2,
		.data = bytes,
		.caplen = len,
		.len = len,
	};

	memcpy(bytes, &serial, sizeof(serial));
	return vp_evidence_write(e, &f, len);
}

/* --- reading ------------------------------------------------------------- */

struct block {
	uint32_t type, len;
	const uint8_t *body;
};

struct image {
	uint8_t *bytes;
	size_t len, at;
};

static struct image load(const char *name)
{
	FILE *f = fopen(name, "r");
	struct image i = { malloc(4 << 20), 0, 0 };

	assert_non_null(f);
	i.len = fread(i.bytes, 1, 4 << 20, f);
	fclose(f);
	return i;
}

static uint32_t u32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static uint64_t u64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* The next block, which has to be whole; false at the end of the file. */
static bool next(struct image *i, struct block *b)
{
	if (i->at == i->len)
		return false;
	assert_true(i->len - i->at >= 12);
	b->type = u32(i->bytes + i->at);
	b->len = u32(i->bytes + i->at + 4);
	assert_true(b->len >= 12 && b->len % 4 == 0);
	assert_true(b->len <= i->len - i->at);
	assert_int_equal(u32(i->bytes + i->at + b->len - 4), b->len);
	b->body = i->bytes + i->at + 8;
	i->at += b->len;
	return true;
}

/* The nth option with this code (from 0) in the options at p; NULL: none. */
static const uint8_t *option(const struct block *b, size_t skip, unsigned code,
                             unsigned n, size_t *len)
{
	const uint8_t *p = b->body + skip, *end = b->body + b->len - 12;

	while (end - p >= 4) {
		unsigned c = u32(p) & 0xffff, l = u32(p) >> 16;

		assert_true(l <= (size_t)(end - p - 4));
		*len = l;
		if (c == 0)
			return NULL;
		if (c == code && n-- == 0)
			return p + 4;
		p += 4 + ((l + 3) & ~3u);
	}
	assert_int_equal(end - p, 0);
	return NULL;
}

static void assert_text(const struct block *b, size_t skip, unsigned code,
                        unsigned n, const char *want)
{
	size_t len;
	const uint8_t *p = option(b, skip, code, n, &len);

	if (p == NULL || len != strlen(want) || memcmp(p, want, len) != 0)
		fail_msg("option %u is not \"%s\"", code, want);
}

/* Packets in a file that libpcap reads to its very end without an error; their
 * serial numbers go to out. */
static size_t packets_in(const char *name, uint32_t *out, size_t most)
{
	char err[PCAP_ERRBUF_SIZE];
	pcap_t *p = pcap_open_offline(name, err);
	struct pcap_pkthdr *h;
	const u_char *data;
	size_t n = 0;
	int status;

	if (p == NULL)
		fail_msg("%s", err);
	assert_int_equal(pcap_datalink(p), DLT_LINUX_SLL2);
	while ((status = pcap_next_ex(p, &h, &data)) == 1) {
		if (n < most)
			out[n] = u32(data);
		n++;
	}
	assert_int_equal(status, PCAP_ERROR_BREAK);
	pcap_close(p);
	return n;
}

static size_t files_in_dir(char *last, size_t size)
{
	DIR *d = opendir(dir);
	const struct dirent *e;
	size_t n = 0;

	while ((e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		n++;
		if (last != NULL)
			snprintf(last, size, "%s/%s", dir, e->d_name);
	}
	closedir(d);
	return n;
}

static void assert_digest(const char *want)
{
	char command[128], line[128] = "";
	FILE *f;

	snprintf(command, sizeof(command), "sha256sum %s", path);
	f = popen(command, "r");
	assert_non_null(fgets(line, sizeof(line), f));
	pclose(f);
	line[64] = '\0';
	assert_string_equal(line, want);
}

/* --- tests --------------------------------------------------------------- */

static void write_three(struct vp_evidence *e)
{
	uint8_t bytes[300] = { 'a', 'b', 'c', 'd' };
	struct vp_frame f = { .ts_us = 1700000000123456,
		              .seen = VP_SEEN_OUT,
		              .ifindex = 2,
		              .linktype = DLT_LINUX_SLL2,
		              .data = bytes,
		              .caplen = 300,
		              .len = 1500 };

	vp_evidence_interface(e, 2, "eth0");
	vp_evidence_interface(e, 7, "eth1");
	assert_int_equal(vp_evidence_write(e, &f, 21), 1);
	f.ifindex = 7;
	f.seen = VP_SEEN_OTHER;
	assert_int_equal(vp_evidence_write(e, &f, UINT32_MAX), 2);
	f.ifindex = 2;
	f.seen = VP_SEEN_IN;
	assert_int_equal(vp_evidence_write(e, &f, 0), 3);
}

static void assert_interface(struct image *i, const char *name)
{
	struct block b;
	size_t len;

	assert_true(next(i, &b));
	assert_int_equal(b.type, 1);
	assert_int_equal(u32(b.body), 276); /* LINKTYPE_LINUX_SLL2 */
	assert_int_equal(u32(b.body + 4), 8192);
	assert_text(&b, 8, 2, 0, name);
	assert_int_equal(*option(&b, 8, 9, 0, &len), 6);
}

static void assert_packet(struct image *i, uint32_t interface, uint32_t keep,
                          uint32_t flags)
{
	const uint64_t us = 1700000000123456;
	struct block b;
	size_t len;

	assert_true(next(i, &b));
	assert_int_equal(b.type, 6);
	assert_int_equal(u32(b.body), interface);
	assert_int_equal(u32(b.body + 4), us >> 32);
	assert_int_equal(u32(b.body + 8), us & 0xffffffff);
	assert_int_equal(u32(b.body + 12), keep);
	assert_int_equal(u32(b.body + 16), 1500);
	assert_true(keep == 0 || memcmp(b.body + 20, "abcd", 4) == 0);
	assert_int_equal(u32(option(&b, 20 + ((keep + 3) & ~3u), 2, 0, &len)),
	                 flags);
}

static void test_blocks(void **state)
{
	struct vp_evidence *e = open_with(VP_EVIDENCE_FIRST, 0);
	struct image i;
	struct block b;
	size_t len;

	(void)state;
	assert_int_equal(vp_evidence_note(e, "vnetprobe: early"), 0);
	assert_int_equal(vp_evidence_note(e, "2nd"), 0);
	write_three(e);
	vp_evidence_losses(e, 10, 2, 1);
	assert_int_equal(vp_evidence_note(e, "vnetprobe: local 10.0.0.4"), 0);
	assert_int_equal(vp_evidence_note(e, "second"), 0);
	assert_int_equal(vp_evidence_note(e, "second"), 0); /* once */
	assert_int_equal(vp_evidence_note(e, "2nd"), 0);
	assert_int_equal(vp_evidence_commit(e), 0);
	vp_evidence_close(e);
	i = load(path);
	assert_true(next(&i, &b));
	assert_int_equal(b.type, 0x0a0d0d0a);
	assert_int_equal(u32(b.body), 0x1a2b3c4d);
	assert_int_equal(u32(b.body + 4), 1);
	assert_true(u64(b.body + 8) == UINT64_MAX);
	assert_text(&b, 16, 1, 0, "captured on host1");
	assert_text(&b, 16, 1, 1, "vnetprobe: early");
	assert_text(&b, 16, 1, 2, "2nd");
	assert_text(&b, 16, 3, 0, "Linux 5.15");
	assert_text(&b, 16, 4, 0, "vnetprobe 9.9");
	assert_interface(&i, "eth0");
	assert_packet(&i, 0, 21, 2);
	assert_interface(&i, "eth1");
	assert_packet(&i, 1, 300, 17);
	assert_packet(&i, 0, 0, 1);
	assert_true(next(&i, &b));
	assert_int_equal(b.type, 5);
	assert_int_equal(u32(b.body), 0);
	assert_int_equal(u64(option(&b, 12, 6, 0, &len)), 10);
	assert_int_equal(u64(option(&b, 12, 7, 0, &len)), 2);
	assert_int_equal(u64(option(&b, 12, 5, 0, &len)), 1);
	assert_text(&b, 12, 1, 0, "vnetprobe: local 10.0.0.4");
	assert_text(&b, 12, 1, 1, "second");
	assert_null(option(&b, 12, 1, 2, &len));
	assert_false(next(&i, &b));
	free(i.bytes);
	unlink(path);
}

static void test_result(void **state)
{
	struct vp_evidence *e;
	struct vp_evidence_result r;
	struct stat st;

	(void)state;
	umask(027);
	e = open_with(VP_EVIDENCE_FIRST, 0);
	write_three(e);
	assert_true(stat(path, &st) != 0); /* no name before the commit */
	assert_int_equal(files_in_dir(NULL, 0), 1);
	assert_int_equal(vp_evidence_position(e, 1), 0);
	assert_int_equal(vp_evidence_commit(e), 0);
	assert_int_equal(vp_evidence_commit(e), 0); /* once is enough */
	assert_int_equal(put(e, 4, 100), 0);        /* too late */
	assert_int_equal(vp_evidence_note(e, "late"), -ENOSPC);
	assert_int_equal(files_in_dir(NULL, 0), 1);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	vp_evidence_result(e, &r);
	assert_int_equal(r.packets, 3);
	assert_int_equal(r.bytes, st.st_size);
	assert_digest(r.sha256);
	for (uint64_t n = 1; n <= 3; n++)
		assert_int_equal(vp_evidence_position(e, n), n);
	assert_int_equal(vp_evidence_position(e, 0), 0);
	assert_int_equal(vp_evidence_position(e, 4), 0);
	assert_int_equal(vp_evidence_left_out(e), 0);
	vp_evidence_close(e);
	assert_int_equal(packets_in(path, NULL, 0), 3);
	unlink(path);
}

static void test_not_committed(void **state)
{
	struct vp_evidence *e = open_with(VP_EVIDENCE_FIRST, 0);

	(void)state;
	put(e, 1, 100);
	assert_int_equal(files_in_dir(NULL, 0), 1);
	vp_evidence_close(e);
	e = open_with(VP_EVIDENCE_RING, 0);
	put(e, 1, 100);
	vp_evidence_close(e);
	assert_int_equal(files_in_dir(NULL, 0), 0);
	vp_evidence_close(NULL);
}

/* A file that tells nothing is still a file that can be read. */
static void test_no_packet(void **state)
{
	struct vp_evidence *e = open_with(VP_EVIDENCE_RING, 0);

	(void)state;
	assert_int_equal(vp_evidence_commit(e), 0);
	vp_evidence_close(e);
	assert_int_equal(packets_in(path, NULL, 0), 0);
	unlink(path);
}

static void test_first(void **state)
{
	struct vp_evidence *e = open_with(VP_EVIDENCE_FIRST, 1);
	uint32_t serials[1000];
	struct stat st;
	size_t n;

	(void)state;
	/* Every third one is small: it would still fit where others do not. */
	for (uint32_t i = 1; i <= 1000; i++) {
		uint64_t number = put(e, i, i % 3 == 0 ? 4 : 300);

		assert_int_equal(number, vp_evidence_left_out(e) == 0 ? i : 0);
	}
	assert_int_equal(vp_evidence_commit(e), 0);
	n = packets_in(path, serials, 1000);
	assert_int_equal(n + vp_evidence_left_out(e), 1000);
	for (uint32_t i = 0; i < n; i++)
		assert_int_equal(serials[i], i + 1);
	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_size <= 64 * 1024 && st.st_size > 48 * 1024);
	assert_int_equal(vp_evidence_position(e, n), n);
	assert_int_equal(vp_evidence_position(e, n + 1), 0);
	assert_int_equal(vp_evidence_error(e), 0);
	vp_evidence_close(e);
	unlink(path);
}

/* So many packets of random size; what is left is the end of what was written,
 * without a gap, and each is where it is said to be. */
static void ring_of(uint32_t count, unsigned seed, uint32_t *serials)
{
	struct vp_evidence *e = open_with(VP_EVIDENCE_RING, 128 * 1024);
	struct vp_evidence_result r;
	uint64_t written = 0;
	struct stat st;
	size_t n;

	srandom(seed);
	for (uint32_t i = 1; i <= count; i++) {
		uint32_t len = 4 + (uint32_t)random() % 2000;

		assert_int_equal(put(e, i, len), i);
		written += len;
	}
	assert_int_equal(vp_evidence_commit(e), 0);
	vp_evidence_result(e, &r);
	assert_digest(r.sha256);
	n = packets_in(path, serials, 10000);
	assert_int_equal(r.packets, n);
	assert_int_equal(n + vp_evidence_left_out(e), count);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(serials[i], count - n + i + 1);
		assert_int_equal(vp_evidence_position(e, serials[i]), i + 1);
	}
	assert_int_equal(vp_evidence_position(e, count - n), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_size <= 128 * 1024);
	/* At least half of the room is always used. */
	assert_true(st.st_size > 50 * 1024 || written < 64 * 1024);
	vp_evidence_close(e);
	assert_int_equal(files_in_dir(NULL, 0), 1);
	unlink(path);
}

static void test_ring(void **state)
{
	static const uint32_t counts[] = { 1, 10, 50, 56, 60, 112, 170, 1000 };
	uint32_t *serials = calloc(10000, sizeof(*serials));

	(void)state;
	for (unsigned i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		ring_of(counts[i], i, serials);
	for (unsigned i = 0; i < 50; i++)
		ring_of(100 + i * 7, 100 + i, serials);
	free(serials);
}

/* Interfaces that appear while the ring turns keep their numbers. */
static void test_ring_interfaces(void **state)
{
	struct vp_evidence *e = open_with(VP_EVIDENCE_RING, 64 * 1024);
	uint8_t bytes[1000] = { 0 };
	struct vp_frame f = { .ts_us = 1,
		              .linktype = DLT_LINUX_SLL2,
		              .data = bytes,
		              .caplen = 1000,
		              .len = 1000 };
	uint32_t n_interfaces = 0, packets = 0;
	int names[64];
	struct image i;
	struct block b;

	(void)state;
	for (int k = 0; k < 200; k++) {
		char name[16];

		f.ifindex = 100 + k / 10;
		snprintf(name, sizeof(name), "if%d", f.ifindex);
		vp_evidence_interface(e, f.ifindex, name);
		memcpy(bytes, &f.ifindex, sizeof(int));
		assert_true(vp_evidence_write(e, &f, 1000) != 0);
	}
	assert_int_equal(vp_evidence_commit(e), 0);
	vp_evidence_close(e);
	i = load(path);
	while (next(&i, &b)) {
		size_t len;

		if (b.type == 1) {
			assert_true(n_interfaces < 64);
			names[n_interfaces++] = atoi(
				(const char *)option(&b, 8, 2, 0, &len) + 2);
		} else if (b.type == 6) {
			packets++;
			assert_true(u32(b.body) < n_interfaces);
			assert_int_equal(names[u32(b.body)], u32(b.body + 20));
		}
	}
	assert_int_equal(n_interfaces, 20);
	assert_true(packets > 20 && packets < 100);
	free(i.bytes);
	unlink(path);
}

/* Whenever this process might end, what lies there is whole blocks. */
static void test_whole_at_every_moment(void **state)
{
	struct vp_evidence *e = open_with(VP_EVIDENCE_FIRST, 0);
	char temporary[600];
	struct image i;
	struct block b;

	(void)state;
	assert_int_equal(files_in_dir(temporary, sizeof(temporary)), 1);
	for (uint32_t k = 0; k < 300; k++) {
		put(e, k, 1 + k * 7 % 1500);
		i = load(temporary);
		assert_true(i.len > 0);
		while (next(&i, &b))
			;
		free(i.bytes);
	}
	vp_evidence_close(e);
}

/* A full disk, played by a limit on the size of files. */
static int in_full_disk(enum vp_evidence_mode mode)
{
	struct rlimit small = { 100000, 100000 };
	struct vp_evidence *e;
	char temporary[600];
	struct image i;
	struct block b;
	uint32_t packets = 0;

	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &small);
	e = open_with(mode, 0);
	for (uint32_t k = 1; k <= 300; k++)
		put(e, k, 1000);
	if (vp_evidence_error(e) != -EFBIG)
		return 1;
	if (mode == VP_EVIDENCE_FIRST) {
		files_in_dir(temporary, sizeof(temporary));
		i = load(temporary);
		while (next(&i, &b))
			packets += b.type == 6;
		if (packets == 0 || packets + vp_evidence_left_out(e) != 300)
			return 2;
	}
	if (vp_evidence_commit(e) != -EFBIG || access(path, F_OK) == 0)
		return 3;
	if (vp_evidence_position(e, 1) != 0)
		return 4;
	vp_evidence_close(e);
	return files_in_dir(NULL, 0) == 0 ? 0 : 5;
}

static void test_full_disk(void **state)
{
	(void)state;
	for (int mode = VP_EVIDENCE_FIRST; mode <= VP_EVIDENCE_RING; mode++) {
		pid_t pid = fork();
		int status;

		if (pid == 0)
			_exit(in_full_disk((enum vp_evidence_mode)mode));
		waitpid(pid, &status, 0);
		assert_int_equal(status, 0);
	}
}

static void test_removed_meanwhile(void **state)
{
	struct vp_evidence *e = open_with(VP_EVIDENCE_FIRST, 0);
	struct vp_evidence_result r;
	char temporary[600];

	(void)state;
	put(e, 1, 100);
	files_in_dir(temporary, sizeof(temporary));
	unlink(temporary);
	assert_int_equal(vp_evidence_commit(e), -ENOENT);
	assert_int_equal(vp_evidence_error(e), -ENOENT);
	assert_int_equal(vp_evidence_position(e, 1), 0);
	vp_evidence_result(e, &r);
	assert_int_equal(r.packets, 0);
	vp_evidence_close(e);
}

static void test_bad_paths(void **state)
{
	static const struct {
		const char *path;
		int err;
		const char *says;
	} cases[] = {
		{ "/nonexistent/dir/x.pcapng", -ENOENT, "No such file" },
		{ "/tmp", -EISDIR, "is a directory" },
		{ "/dev/null", -EINVAL, "not a regular file" },
		{ "/proc/x.pcapng", -ENOENT, "cannot write packets to" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct vp_evidence_options o = { .path = cases[i].path };
		struct vp_evidence *e = (void *)1;
		char why[256] = "";

		assert_int_equal(vp_evidence_open(&e, &o, why, sizeof(why)),
		                 cases[i].err);
		assert_null(e);
		if (strstr(why, cases[i].says) == NULL)
			fail_msg("%s: %s", cases[i].path, why);
	}
}

static const char *counted(char *line, unsigned n)
{
	line[0] = (char)('0' + n / 100);
	line[1] = (char)('0' + n / 10 % 10);
	line[2] = (char)('0' + n % 10);
	return line;
}

static void test_notes_have_an_end(void **state)
{
	struct vp_evidence *e = open_with(VP_EVIDENCE_FIRST, 64 * 1024);
	char *line = calloc(1, 70000);
	struct stat st;
	unsigned n = 0;

	(void)state;
	memset(line, 'n', 65536);
	assert_int_equal(vp_evidence_note(e, line), -ENOSPC);
	line[100] = '\0';
	while (vp_evidence_note(e, counted(line, n)) == 0)
		n++;
	assert_in_range(n, 60, 100); /* an eighth of the file */
	while (put(e, 1, 200) != 0)
		;
	while (vp_evidence_note(e, counted(line, n)) == 0)
		n++;
	assert_in_range(n, 120, 200); /* once more behind the packets */
	assert_int_equal(vp_evidence_commit(e), 0);
	vp_evidence_close(e);
	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_size <= 64 * 1024);
	assert_true(packets_in(path, NULL, 0) > 100);
	free(line);
	unlink(path);
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
		cmocka_unit_test(test_blocks),
		cmocka_unit_test(test_result),
		cmocka_unit_test(test_not_committed),
		cmocka_unit_test(test_no_packet),
		cmocka_unit_test(test_first),
		cmocka_unit_test(test_ring),
		cmocka_unit_test(test_ring_interfaces),
		cmocka_unit_test(test_whole_at_every_moment),
		cmocka_unit_test(test_full_disk),
		cmocka_unit_test(test_removed_meanwhile),
		cmocka_unit_test(test_bad_paths),
		cmocka_unit_test(test_notes_have_an_end),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
