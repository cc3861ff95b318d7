/* Where a line may end: not between a number and its unit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pen.h"

#define COLUMNS 24

static const struct {
	const char *text, *lines;
} rows[] = {
	{ "it took no more than 12 ms", "it took no more than\n  12 ms\n" },
	{ "it took no more ago 12 ms", "it took no more ago\n  12 ms\n" },
	{ "it took no more now 1 ms", "it took no more now 1 ms\n" },
	{ "of packets were lost 5 %", "of packets were lost 5 %\n" },
	{ "of packets were lost: 5 %", "of packets were lost:\n  5 %\n" },
	{ "these are seven (1234 bytes)", "these are seven\n  (1234 bytes)\n" },
	{ "it was no more than 0.5 ms", "it was no more than\n  0.5 ms\n" },
	/* what ends there, or is no number, or no unit */
	{ "it came from a port 443, so", "it came from a port 443,\n  so\n" },
	{ "it left to 10.20.1.4:53 and", "it left to 10.20.1.4:53\n  and\n" },
	{ "it wanted the numbers 12 13", "it wanted the numbers 12\n  13\n" },
	{ "it ends in a number, in 100", "it ends in a number, in\n  100\n" },
	/* no room for both in any line */
	{ "it was 12 averyveryverylongunit",
	  "it was 12\n  averyveryverylongunit\n" },
};

static void number_and_unit(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pen p = { .arena = vp_arena_create(),
			         .columns = COLUMNS };
		char *text = NULL;
		size_t size;

		p.out = open_memstream(&text, &size);
		assert_non_null(p.out);
		pen_wrap(&p, "", 2, rows[i].text);
		fclose(p.out);
		assert_string_equal(text, rows[i].lines);
		free(text);
		vp_arena_destroy(p.arena);
	}
}

/* A command is broken before an option, as ever. */
static void command(void **state)
{
	struct pen p = { .arena = vp_arena_create(), .columns = COLUMNS };
	char *text = NULL;
	size_t size;

	(void)state;
	p.out = open_memstream(&text, &size);
	assert_non_null(p.out);
	pen_command(&p, 0, "    az rule -n x --priority 400 y");
	fclose(p.out);
	assert_string_equal(text, "    az rule -n x \\\n"
	                          "        --priority 400 y\n");
	free(text);
	vp_arena_destroy(p.arena);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(number_and_unit),
		cmocka_unit_test(command),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
