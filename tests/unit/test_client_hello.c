/* client_hello: names out of hand-made hellos, whole, cut, split and bent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hello.h"
#include "vnetprobe/client_hello.h"

static char name[256];

/* From a copy of exact size, so that ASan sees one byte too many. */
static enum vp_hello look(const uint8_t *data, size_t len)
{
	uint8_t *copy = calloc(1, len > 0 ? len : 1);
	enum vp_hello got;

	if (len > 0)
		memcpy(copy, data, len);
	strcpy(name, "before");
	got = vp_client_hello_name(name, copy, len);
	free(copy);
	return got;
}

static uint8_t buf[70000];

static void test_name(void **state)
{
	size_t n = hello_make(buf, "Acct.Blob.core.windows.net", 0);

	(void)state;
	assert_int_equal(look(buf, n), VP_HELLO_NAME);
	assert_string_equal(name, "acct.blob.core.windows.net");
	/* Every beginning of it is unfinished, until the name is whole. */
	for (size_t cut = 0; cut < n; cut++) {
		enum vp_hello got = look(buf, cut);

		if (got == VP_HELLO_NAME)
			assert_true(cut >= n - HELLO_TAIL);
		else
			assert_int_equal(got, VP_HELLO_MORE);
	}
}

/* RFC 8446 section 5.1: a handshake message may span records. */
static void test_split_over_records(void **state)
{
	static const size_t sizes[] = { 1, 2, 3, 5, 37, 100 };
	static uint8_t split[70000];
	size_t n = hello_make(buf, "kv.vault.azure.net", 0);

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		size_t m = hello_split(split, buf, n, sizes[i]);

		assert_int_equal(look(split, m), VP_HELLO_NAME);
		assert_string_equal(name, "kv.vault.azure.net");
	}
}

static void test_long_hello(void **state)
{
	/* Post-quantum key shares make hellos longer than a segment. */
	size_t n = hello_make(buf, "x.example", 1700);

	(void)state;
	assert_int_equal(look(buf, 1400), VP_HELLO_MORE);
	assert_int_equal(look(buf, n), VP_HELLO_NAME);
	assert_string_equal(name, "x.example");
}

static void test_no_name(void **state)
{
	size_t n = hello_make(buf, NULL, 10);

	(void)state;
	assert_int_equal(look(buf, n), VP_HELLO_NO_NAME);
	assert_int_equal(look(buf, n - 1), VP_HELLO_MORE);
	/* No extensions at all: TLS 1.2 and before. */
	n = hello_make_bare(buf);
	assert_int_equal(look(buf, n), VP_HELLO_NO_NAME);
}

static void test_bad_names(void **state)
{
	static const char *const bad[] = { "",    "a b",       "a\x01",
		                           "a/b", "b\xc3\xbc", "*.x" };
	char longest[260];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		size_t n = hello_make(buf, bad[i], 0);

		assert_int_equal(look(buf, n), VP_HELLO_NO_NAME);
		assert_string_equal(name, "before");
	}
	memset(longest, 'a', sizeof(longest));
	longest[253] = '\0';
	assert_int_equal(look(buf, hello_make(buf, longest, 0)), VP_HELLO_NAME);
	assert_int_equal(strlen(name), 253);
	longest[253] = 'a';
	longest[254] = '\0';
	assert_int_equal(look(buf, hello_make(buf, longest, 0)),
	                 VP_HELLO_NO_NAME);
}

static void test_not_tls(void **state)
{
	size_t n;

	(void)state;
	assert_int_equal(look((const uint8_t *)"", 0), VP_HELLO_MORE);
	assert_int_equal(vp_client_hello_name(name, NULL, 0), VP_HELLO_MORE);
	assert_int_equal(look((const uint8_t *)"G", 1), VP_HELLO_NOT_TLS);
	assert_int_equal(look((const uint8_t *)"\x16", 1), VP_HELLO_MORE);
	assert_int_equal(look((const uint8_t *)"\x16\2", 2), VP_HELLO_NOT_TLS);
	assert_int_equal(look((const uint8_t *)"\x17\3\3\0\1\1", 6),
	                 VP_HELLO_NOT_TLS); /* application data */
	assert_int_equal(look((const uint8_t *)"\x16\3\3\0\0\1", 6),
	                 VP_HELLO_NOT_TLS); /* an empty record */
	assert_int_equal(look((const uint8_t *)"\x16\3\1\x41\x01\1", 6),
	                 VP_HELLO_NOT_TLS); /* a record too long */
	assert_int_equal(look((const uint8_t *)"\x16\3\1\x41\x00\1", 6),
	                 VP_HELLO_MORE);
	assert_int_equal(look((const uint8_t *)"\x16\3\3\0\4\2\0\0\0", 9),
	                 VP_HELLO_NOT_TLS); /* a ServerHello */
	assert_int_equal(look((const uint8_t *)"\x16\3\3\0\4\1\1\0\1", 9),
	                 VP_HELLO_NOT_TLS); /* 65537 bytes */
	n = hello_make(buf, "x.example", 0);
	buf[5 + 4 + 34] = 255; /* a session id that ends behind the hello */
	assert_int_equal(look(buf, n), VP_HELLO_NOT_TLS);
}

/* No change of one byte makes it read outside, nor hang. */
static void test_every_byte(void **state)
{
	size_t n = hello_make(buf, "x.example", 3);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		uint8_t was = buf[i];

		for (unsigned v = 0; v < 256; v++) {
			buf[i] = (uint8_t)v;
			assert_true(look(buf, n) <= VP_HELLO_NOT_TLS);
		}
		buf[i] = was;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_name),
		cmocka_unit_test(test_split_over_records),
		cmocka_unit_test(test_long_hello),
		cmocka_unit_test(test_no_name),
		cmocka_unit_test(test_bad_names),
		cmocka_unit_test(test_not_tls),
		cmocka_unit_test(test_every_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
