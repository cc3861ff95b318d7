/* test_dns_words.c - response codes and record types in words, both ways. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "vnetprobe/facts.h"

static void test_types(void **state)
{
	static const struct {
		uint16_t type;
		const char *word;
	} cases[] = {
		{ 0, "A+AAAA" },        { 1, "A" },     { 5, "CNAME" },
		{ 6, "SOA" },           { 16, "TXT" },  { 28, "AAAA" },
		{ 65535, "TYPE65535" }, { 4, "TYPE4" },
	};
	char buf[VP_DNS_WORD];
	uint16_t back;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_string_equal(vp_dns_type_name(buf, cases[i].type),
		                    cases[i].word);
		assert_int_equal(vp_dns_type_parse(&back, cases[i].word), 0);
		assert_int_equal(back, cases[i].type);
	}
}

static void test_rcodes(void **state)
{
	static const struct {
		int rcode;
		const char *word;
	} cases[] = {
		{ 0, "NOERROR" },  { 3, "NXDOMAIN" },     { 10, "NOTZONE" },
		{ 11, "RCODE11" }, { 4095, "RCODE4095" },
	};
	char buf[VP_DNS_WORD];
	int back;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_string_equal(vp_dns_rcode_name(buf, cases[i].rcode),
		                    cases[i].word);
		assert_int_equal(vp_dns_rcode_parse(&back, cases[i].word), 0);
		assert_int_equal(back, cases[i].rcode);
	}
}

static void test_refused(void **state)
{
	static const char *const words[] = { "",          "a",         "TYPE",
		                             "TYPE65536", "TYPE1x",    "TYPE-1",
		                             "TYPE+1",    "TYPE000001" };
	static const char *const codes[] = { "", "noerror", "RCODE",
		                             "RCODE65536", "RCODE 1" };
	uint16_t type = 7;
	int rcode = 7;

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		assert_int_equal(vp_dns_type_parse(&type, words[i]), -EINVAL);
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		assert_int_equal(vp_dns_rcode_parse(&rcode, codes[i]), -EINVAL);
	assert_int_equal(type, 7);
	assert_int_equal(rcode, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_rcodes),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
