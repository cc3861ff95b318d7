#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "evidence_notes.h"
#include "frames.h"

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

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_not_notes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
