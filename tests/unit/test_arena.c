/* arena: texts that are shared. */
#include "vnetprobe/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void interned(void **state)
{
	struct vp_arena *a = vp_arena_create();
	char text[] = "one";
	const char *one = vp_arena_intern(a, text);

	(void)state;
	assert_string_equal(one, "one");
	assert_ptr_not_equal(one, text);
	assert_ptr_equal(vp_arena_intern(a, "one"), one);
	text[0] = 'x';
	assert_string_equal(one, "one");
	assert_ptr_not_equal(vp_arena_intern(a, "on"), one);
	assert_ptr_not_equal(vp_arena_intern(a, ""), one);
	assert_null(vp_arena_intern(a, NULL));
	vp_arena_destroy(a);
}

/* As many as a large run has: each finds its own, also after growing. */
static void many(void **state)
{
	static const char *copies[20000];
	struct vp_arena *a = vp_arena_create();
	char text[40];

	(void)state;
	for (unsigned turn = 0; turn < 3; turn++) {
		for (unsigned i = 0; i < 20000; i++) {
			const char *copy;

			snprintf(text, sizeof(text), "n%u.privatelink", i);
			copy = vp_arena_intern(a, text);
			assert_string_equal(copy, text);
			if (turn == 0)
				copies[i] = copy;
			assert_ptr_equal(copy, copies[i]);
		}
	}
	vp_arena_destroy(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(interned),
		cmocka_unit_test(many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
