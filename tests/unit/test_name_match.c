/* Which names a table's or a rule's pattern takes, and which only look so. */
#include "name_match.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void below(void **state)
{
	static const struct {
		const char *name, *zone;
		bool want;
	} cases[] = {
		{ "a.example", "example", true },
		{ "a.b.Example", "eXample", true },
		{ "example", "example", false },
		{ ".example", "example", false }, /* no label before it */
		{ "anexample", "example", false },
		{ "a.example.net", "example", false },
		{ "", "example", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (vp_name_below(cases[i].name, cases[i].zone) !=
		    cases[i].want)
			fail_msg("%s below %s", cases[i].name, cases[i].zone);
	}
}

static void ends_in(void **state)
{
	(void)state;
	assert_true(vp_name_ends_in("a.dns.example", ".dns.example"));
	assert_false(vp_name_ends_in("dns.example", ".dns.example"));
	assert_true(vp_name_ends_in("dns.example", "dns.example"));
	assert_false(vp_name_ends_in("a.dns.example", "dns.example"));
}

static void fits(void **state)
{
	static const struct {
		const char *name, *pattern, *region;
		bool want;
	} cases[] = {
		{ "host.example", "HOST.example", "", true },
		{ "a.host.example", "host.example", "", false },
		{ "host.example", "host.example.net", "", false },
		{ "host.example.net", "host.example", "", false },
		{ "a.example", "*.example", "", true },
		{ "a.b.example", "*.example", "", true },
		{ "example", "*.example", "", false },
		{ ".example", "*.example", "", false },
		{ "anexample", "*.example", "", false },
		{ "eastus.api.example", "REGION.api.example", "eastus", true },
		{ "EastUS.api.example", "REGION.api.example", "eastus", true },
		{ "westus.api.example", "REGION.api.example", "eastus", false },
		{ "westus.api.example", "REGION.api.example", NULL, true },
		{ "a.westus.api.example", "REGION.api.example", NULL, false },
		{ ".api.example", "REGION.api.example", NULL, false },
		/* nobody's region: what a user wrote is taken as it stands */
		{ "westus.api.example", "REGION.api.example", "", false },
		{ ".api.example", "REGION.api.example", "", false },
		{ "a.eastus.b.example", "*.REGION.b.example", "eastus", true },
		{ "a.c.eastus.b.example", "*.REGION.b.example", NULL, true },
		{ "eastus.b.example", "*.REGION.b.example", "eastus", false },
		{ "", "*.example", "", false },
		{ "", "host.example", "", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (vp_name_fits(cases[i].name, cases[i].pattern,
		                 cases[i].region) != cases[i].want)
			fail_msg("%s to %s", cases[i].name, cases[i].pattern);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(below),
		cmocka_unit_test(ends_in),
		cmocka_unit_test(fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
