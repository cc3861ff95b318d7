/* How the program names itself in a remedy, alone and in the bundle. */
#include "self.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void test_bundled(void **state)
{
	static const struct {
		const char *exe;
		bool want;
	} cases[] = {
		{ "/usr/bin/vnetprobe", false },
		{ "/opt/vnetprobe/lib/ld-linux-x86-64.so.2", true },
		{ "/opt/vnetprobe/lib/ld-linux-aarch64.so.1", true },
		{ "/lib/ld-musl-x86_64.so.1", true },
		{ "/usr/lib/x86_64-linux-gnu/ld-2.31.so", true },
		{ "/opt/ld-linux-x86-64.so.2/vnetprobe", false },
		{ "/opt/ld-vnetprobe", false },
		{ "ld-linux.so.2", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_int_equal(vp_self_bundled(cases[i].exe), cases[i].want);
}

static void test_remedy(void **state)
{
	static const struct {
		const char *exe, *want;
	} cases[] = {
		{ "/usr/bin/vnetprobe",
		  "sudo setcap cap_net_raw+ep /usr/bin/vnetprobe" },
		{ "/opt/a place/vnetprobe",
		  "sudo setcap cap_net_raw+ep '/opt/a place/vnetprobe'" },
		{ "/opt/vp/lib/ld-linux-x86-64.so.2",
		  "sudo /opt/vp/vnetprobe check ..." },
		{ "/opt/it's $HOME/lib/ld-linux-x86-64.so.2",
		  "sudo '/opt/it'\\''s $HOME/vnetprobe' check ..." },
		{ "/lib/ld-linux-x86-64.so.2", "sudo /vnetprobe check ..." },
		{ "ld-linux-x86-64.so.2", "sudo vnetprobe check ..." },
	};
	struct vp_arena *arena = vp_arena_create();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_string_equal(vp_self_remedy(arena, cases[i].exe),
		                    cases[i].want);
	vp_arena_destroy(arena);
}

static void test_this_process(void **state)
{
	struct vp_arena *arena = vp_arena_create();
	const char *remedy = vp_self_remedy_now(arena);

	(void)state;
	assert_non_null(remedy);
	assert_non_null(strstr(remedy, "test_self"));
	vp_arena_destroy(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bundled),
		cmocka_unit_test(test_remedy),
		cmocka_unit_test(test_this_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
