#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>
#include <pcap/dlt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "evidence_notes.h"
#include "frames.h"
#include "vnetprobe/capture_file.h"

static int read_text(struct vp_note *out, const char *text)
{
	return vp_note_read(out, text, strlen(text));
}

static void test_kinds(void **state)
{
	struct vp_endpoint local = f_end("fd20::4", 40000);
	struct vp_addr addr = f_addr("10.0.0.4");
	struct vp_note n;

	(void)state;
	assert_int_equal(read_text(&n, "vnetprobe: local 10.0.0.4"), 0);
	assert_int_equal(n.kind, VP_NOTE_LOCAL);
	assert_true(vp_addr_equal(&n.addr, &addr));
	assert_int_equal(read_text(&n, "vnetprobe: vnet 203.0.113.0/24"), 0);
	assert_int_equal(n.kind, VP_NOTE_VNET);
	assert_int_equal(n.vnet.len, 24);
	assert_int_equal(read_text(&n, "vnetprobe: own tcp [fd20::4]:40000 "
	                               "[2001:db8::7]:443"),
	                 0);
	assert_int_equal(n.kind, VP_NOTE_OWN);
	assert_int_equal(n.proto, IPPROTO_TCP);
	assert_true(vp_endpoint_equal(&n.local, &local));
	assert_int_equal(n.remote.port, 443);
	assert_int_equal(
		read_text(&n, "vnetprobe: own 132 10.0.0.4:1 10.0.0.5:2"), 0);
	assert_int_equal(n.proto, 132);
	assert_int_equal(read_text(&n, "vnetprobe: interface 2 eth0 exit"), 0);
	assert_int_equal(n.kind, VP_NOTE_INTERFACE);
	assert_int_equal(n.ifindex, 2);
	assert_string_equal(n.name, "eth0");
	assert_int_equal(n.role, VP_LINK_EXIT);
	assert_int_equal(read_text(&n, "vnetprobe: left-out 12"), 0);
	assert_int_equal(n.kind, VP_NOTE_LEFT_OUT);
	assert_int_equal(n.packets, 12);
}

static void test_not_notes(void **state)
{
	static const struct {
		const char *text;
		int rc;
	} cases[] = {
		{ "", -ENOENT },
		{ "captured on vm1", -ENOENT },
		{ "vnetprobe:local 10.0.0.4", -ENOENT },
		{ "vnetprobe: ", -ENOENT },
		{ "vnetprobe: of-a-later-version 1", -ENOENT },
		{ "vnetprobe: local", -EINVAL },
		{ "vnetprobe: local ", -EINVAL },
		{ "vnetprobe: local x", -EINVAL },
		{ "vnetprobe: local 10.0.0.4 10.0.0.5", -EINVAL },
		{ "vnetprobe: local  10.0.0.4", -EINVAL },
		{ "vnetprobe: vnet 10.0.0.4/8", -EINVAL },
		{ "vnetprobe: vnet 0.0.0.0/0", -EINVAL },
		{ "vnetprobe: vnet ::/0", -EINVAL },
		{ "vnetprobe: own tcp 10.0.0.4:1", -EINVAL },
		{ "vnetprobe: own xyz 10.0.0.4:1 10.0.0.5:2", -EINVAL },
		{ "vnetprobe: own 256 10.0.0.4:1 10.0.0.5:2", -EINVAL },
		{ "vnetprobe: own -1 10.0.0.4:1 10.0.0.5:2", -EINVAL },
		{ "vnetprobe: own tcp 10.0.0.4:1 10.0.0.5:2 x", -EINVAL },
		{ "vnetprobe: own tcp 10.0.0.4:1 10.0.0.5:2 x y", -EINVAL },
		{ "vnetprobe: interface 2147483648 eth0 exit", -EINVAL },
		{ "vnetprobe: interface 2 eth0 door", -EINVAL },
		{ "vnetprobe: left-out 18446744073709551616", -EINVAL },
		{ "vnetprobe: left-out 1x", -EINVAL },
		{ "vnetprobe: notes-left-out", 0 },
		{ "vnetprobe: notes-left-out x", -EINVAL },
		{ "vnetprobe: listener 65535", 0 },
		{ "vnetprobe: all-interfaces", 0 },
		{ "vnetprobe: all-interfaces 2", -EINVAL },
		{ "vnetprobe: resolvers-known", 0 },
		{ "vnetprobe: resolvers-known 2", -EINVAL },
		{ "vnetprobe: resolver 10.0.0.4:5353", 0 },
		{ "vnetprobe: resolver 10.0.0.4:", -EINVAL },
		{ "vnetprobe: listener 65536", -EINVAL },
		{ "vnetprobe: interface 1 l%6F loopback", 0 },
		{ "vnetprobe: interface 1 l%6 loopback", -EINVAL },
		{ "vnetprobe: interface 1 l%zz loopback", -EINVAL },
		{ "vnetprobe: interface 1 l%00 loopback", -EINVAL },
		{ "vnetprobe: interface 1  loopback", -EINVAL },
	};
	char longer[400] = "vnetprobe: local ";
	struct vp_note n;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (read_text(&n, cases[i].text) != cases[i].rc)
			fail_msg("%s", cases[i].text);
	memset(longer + strlen(longer), '1', sizeof(longer) - 18);
	assert_int_equal(vp_note_read(&n, longer, sizeof(longer)), -EINVAL);
	assert_int_equal(vp_note_read(&n, "vnetprobe: local 10.0.0.4\0.5", 28),
	                 -EINVAL);
}

static char dir[] = "/tmp/vp-notes-XXXXXX";
static char path[64];

struct notes {
	struct vp_note all[16];
	size_t n, before_packet;
	bool packet;
};

static void on_comment(const char *text, size_t len, void *arg)
{
	struct notes *notes = arg;
	struct vp_note note;
	int err = vp_note_read(&note, text, len);

	if (err == -ENOENT)
		return;
	assert_int_equal(err, 0);
	assert_true(notes->n < 16);
	notes->all[notes->n++] = note;
	if (!notes->packet)
		notes->before_packet++;
}

static void read_back(struct notes *notes)
{
	struct vp_capture_file *f;
	struct vp_frame frame;
	char why[256] = "";

	if (vp_capture_file_open(&f, path, why, sizeof(why)) != 0)
		fail_msg("%s", why);
	vp_capture_file_on_comment(f, on_comment, notes);
	while (vp_capture_file_next(f, &frame, why, sizeof(why)) == 1) {
		notes->packet = true;
		assert_int_equal(frame.linktype, DLT_RAW);
		assert_int_equal(frame.seen, VP_SEEN_OUT);
		assert_int_equal(frame.caplen, 4);
		assert_int_equal(frame.len, 60);
		assert_int_equal(frame.ts_us, 1700000000000001);
		assert_string_equal(vp_capture_file_interface(f, frame.ifindex),
		                    "eth 0");
	}
	assert_string_equal(why, "");
	vp_capture_file_close(f);
}

static void set_end(struct vp_endpoint *e, const char *text)
{
	assert_int_equal(vp_endpoint_parse(e, text, 0), 0);
}

static void write_file(void)
{
	struct vp_evidence_options o = { .path = path };
	struct vp_frame frame = { .ts_us = 1700000000000001,
		                  .seen = VP_SEEN_OUT,
		                  .ifindex = 2,
		                  .linktype = DLT_RAW,
		                  .data = (const uint8_t *)"abcdef",
		                  .caplen = 6,
		                  .len = 60 };
	struct vp_facts *facts = vp_facts_create();
	struct vp_flow flows[2] = {
		{ .proto = IPPROTO_TCP, .own = true },
		{ .proto = IPPROTO_ICMP },
	};
	struct vp_evidence *e;
	struct vp_addr addr;
	char why[256];

	assert_int_equal(vp_evidence_open(&e, &o, why, sizeof(why)), 0);
	assert_int_equal(vp_addr_parse(&addr, "fd00::4"), 0);
	vp_evidence_note_local(e, &addr);
	vp_evidence_interface(e, 2, "eth 0");
	vp_evidence_note_interface(e, 2, "eth 0%\x01\xff", VP_LINK_EXIT);
	vp_evidence_note_listener(e, 22);
	assert_int_equal(
		vp_prefix_parse(VP_PUSH(facts->arena, facts->policy.vnet,
	                                facts->policy.n_vnet),
	                        "10.20.0.0/16"),
		0);
	vp_evidence_note_plan(e, facts);
	assert_int_equal(vp_evidence_write(e, &frame, 4), 1);
	set_end(&flows[0].local, "[fd00::4]:40000");
	set_end(&flows[0].remote, "203.0.113.7:443");
	facts->flows = flows;
	facts->n_flows = 2;
	vp_evidence_note_own(e, facts);
	assert_int_equal(vp_evidence_commit(e), 0);
	vp_evidence_close(e);
	vp_facts_destroy(facts);
}

static void test_round_trip(void **state)
{
	struct notes notes = { .n = 0 };
	char text[VP_ENDPOINT_TEXT];

	(void)state;
	write_file();
	read_back(&notes);
	assert_true(notes.packet);
	assert_int_equal(notes.n, 5);
	assert_int_equal(notes.before_packet, 4);
	assert_int_equal(notes.all[0].kind, VP_NOTE_LOCAL);
	assert_string_equal(vp_addr_format(&notes.all[0].addr, text),
	                    "fd00::4");
	assert_int_equal(notes.all[1].kind, VP_NOTE_INTERFACE);
	assert_int_equal(notes.all[1].ifindex, 2);
	assert_string_equal(notes.all[1].name, "eth 0%\x01\xff");
	assert_int_equal(notes.all[1].role, VP_LINK_EXIT);
	assert_int_equal(notes.all[2].kind, VP_NOTE_LISTENER);
	assert_int_equal(notes.all[2].port, 22);
	assert_int_equal(notes.all[3].kind, VP_NOTE_VNET);
	assert_string_equal(vp_prefix_format(&notes.all[3].vnet, text),
	                    "10.20.0.0/16");
	assert_int_equal(notes.all[4].kind, VP_NOTE_OWN);
	assert_int_equal(notes.all[4].proto, IPPROTO_TCP);
	assert_string_equal(vp_endpoint_format(&notes.all[4].local, text),
	                    "[fd00::4]:40000");
	assert_string_equal(vp_endpoint_format(&notes.all[4].remote, text),
	                    "203.0.113.7:443");
	unlink(path);
}

/* There is room for so many; that there were more is said. */
static void test_left_out(void **state)
{
	struct vp_evidence_options o = { .path = path, .max_bytes = 1 };
	struct vp_evidence *e;
	struct vp_addr addr;
	char why[256], text[64];
	FILE *f;
	bool said = false;
	char *bytes = calloc(1, 70000);
	size_t len;

	(void)state;
	assert_int_equal(vp_evidence_open(&e, &o, why, sizeof(why)), 0);
	for (int i = 0; i < 1000; i++) {
		snprintf(text, sizeof(text), "10.0.%d.%d", i / 250, i % 250);
		assert_int_equal(vp_addr_parse(&addr, text), 0);
		vp_evidence_note_local(e, &addr);
	}
	assert_int_equal(vp_evidence_commit(e), 0);
	vp_evidence_close(e);
	f = fopen(path, "r");
	len = fread(bytes, 1, 70000, f);
	fclose(f);
	assert_true(len < 64 * 1024);
	said = memmem(bytes, len, VP_EVIDENCE_NOTES_LEFT_OUT,
	              strlen(VP_EVIDENCE_NOTES_LEFT_OUT)) != NULL;
	assert_true(said);
	free(bytes);
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
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_not_notes),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_left_out),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
