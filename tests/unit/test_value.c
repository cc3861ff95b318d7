/* test_value.c - the texts of DNS settings to their values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "value.h"

static void compare_takes_label_and_server(void **state)
{
	struct vp_settings s = { .arena = vp_arena_create() };
	char why[256] = "", text[VP_ENDPOINT_TEXT];

	(void)state;
	assert_int_equal(
		vp_value_compare(&s, "public=9.9.9.9", why, sizeof(why)), 0);
	assert_int_equal(
		vp_value_compare(&s, "lab-6=[fd00::1]:5353", why, sizeof(why)),
		0);
	assert_int_equal(s.n_compare, 2);
	assert_string_equal(s.compare[0].label, "public");
	assert_string_equal(vp_endpoint_format(&s.compare[0].endpoint, text),
	                    "9.9.9.9:53");
	assert_string_equal(s.compare[1].label, "lab-6");
	assert_string_equal(vp_endpoint_format(&s.compare[1].endpoint, text),
	                    "[fd00::1]:5353");
	vp_arena_destroy(s.arena);
}

static void compare_refuses(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{ "9.9.9.9", "has no label" },
		{ "", "has no label" },
		{ "=9.9.9.9", "'' is not a label" },
		{ "a b=9.9.9.9", "'a b' is not a label" },
		{ "a\x1b=9.9.9.9", "'a\\x1b' is not a label" },
		{ "l23456789-123456789-123456789-123=9.9.9.9", "not a label" },
		{ "x=", "'' is not a DNS server" },
		{ "x=dns.example", "is not a DNS server" },
		{ "x=9.9.9.9:99999", "is not a DNS server" },
		{ "once=192.0.2.1", "'once' is given twice" },
		{ "twice=192.0.2.53:53", "has the label 'once' already" },
	};
	struct vp_settings s = { .arena = vp_arena_create() };
	char why[256];

	(void)state;
	assert_int_equal(
		vp_value_compare(&s, "once=192.0.2.53", why, sizeof(why)), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		why[0] = '\0';
		assert_true(vp_value_compare(&s, cases[i].text, why,
		                             sizeof(why)) < 0);
		if (strstr(why, cases[i].why) == NULL)
			fail_msg("%s: %s", cases[i].text, why);
	}
	assert_int_equal(s.n_compare, 1);
	assert_int_equal(
		vp_value_compare(&s,
	                         "l23456789-123456789-123456789-12=192.0.2.2",
	                         why, sizeof(why)),
		0);
	vp_arena_destroy(s.arena);
}

static void azure_dns_is_one_of_three(void **state)
{
	static const struct {
		const char *text;
		enum vp_azure_dns want;
	} cases[] = {
		{ "never", VP_AZURE_DNS_NEVER },
		{ "always", VP_AZURE_DNS_ALWAYS },
		{ "auto", VP_AZURE_DNS_AUTO },
	};
	struct vp_settings s = { 0 };
	char why[256];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(
			vp_value_azure_dns(&s, cases[i].text, why, sizeof(why)),
			0);
		assert_int_equal(s.azure_dns, cases[i].want);
	}
	assert_true(vp_value_azure_dns(&s, "alway", why, sizeof(why)) < 0);
	assert_non_null(strstr(why, "did you mean 'always'?"));
	assert_int_equal(s.azure_dns, VP_AZURE_DNS_AUTO);
}

static void server_kinds_are_words(void **state)
{
	enum vp_server_kind kind = VP_SERVER_UNKNOWN;
	char why[256];

	(void)state;
	assert_int_equal(vp_value_read_server_kind(&kind, "azure-firewall", why,
	                                           sizeof(why)),
	                 0);
	assert_int_equal(kind, VP_SERVER_AZURE_FIREWALL);
	assert_true(vp_value_read_server_kind(&kind, "named", why,
	                                      sizeof(why)) < 0);
	assert_non_null(strstr(why, "bind"));
	assert_non_null(strstr(why, "private-resolver"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(compare_takes_label_and_server),
		cmocka_unit_test(compare_refuses),
		cmocka_unit_test(azure_dns_is_one_of_three),
		cmocka_unit_test(server_kinds_are_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
