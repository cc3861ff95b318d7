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

static struct vp_hello_found found;
static const char *const name = found.name;

/* From a copy of exact size, so that ASan sees one byte too many. */
static enum vp_hello look(const uint8_t *data, size_t len)
{
	uint8_t *copy = calloc(1, len > 0 ? len : 1);
	enum vp_hello got;

	if (len > 0)
		memcpy(copy, data, len);
	memset(&found, 'x', sizeof(found));
	got = vp_client_hello_read(&found, copy, len);
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
	assert_int_equal(found.len, n);
	assert_false(found.ech);
	assert_false(found.doubtful);
	/* Every beginning of it is unfinished, if the name is there or not. */
	for (size_t cut = 0; cut < n; cut++) {
		assert_int_equal(look(buf, cut), VP_HELLO_MORE);
		assert_int_equal(name[0] != '\0', cut >= n - HELLO_TAIL);
	}
}

/* What OpenSSL 3.0 sends for Acct.blob.core.windows.net. */
static const char openssl_hello[] =
	"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\x74\x29\xd1\xb2\x77"
	"\x53\x39\xb9\xc8\xe9\x0a\xf1\x8a\x55\x8a\xc9\x03\xc9\xe4\xa4\x9a"
	"\xbf\x9b\x12\x0d\x04\xe2\x41\x79\xe3\x9a\xb6\x20\x6e\xc8\x65\x81"
	"\x2e\x9d\xa3\xbe\x24\xfe\xc6\x6b\xdc\x8e\x03\x0e\xd0\x3c\x66\xfa"
	"\xf5\x66\x78\xd8\x89\xea\x17\x34\xb6\xde\xcf\x64\x00\x24\x13\x02"
	"\x13\x03\x13\x01\xc0\x2c\xc0\x30\xc0\x2b\xc0\x2f\xcc\xa9\xcc\xa8"
	"\xc0\x24\xc0\x28\xc0\x23\xc0\x27\x00\x9f\x00\x9e\x00\x6b\x00\x67"
	"\x00\xff\x01\x00\x01\x8f\x00\x00\x00\x1f\x00\x1d\x00\x00\x1a\x41"
	"\x63\x63\x74\x2e\x62\x6c\x6f\x62\x2e\x63\x6f\x72\x65\x2e\x77\x69"
	"\x6e\x64\x6f\x77\x73\x2e\x6e\x65\x74\x00\x0b\x00\x04\x03\x00\x01"
	"\x02\x00\x0a\x00\x16\x00\x14\x00\x1d\x00\x17\x00\x1e\x00\x19\x00"
	"\x18\x01\x00\x01\x01\x01\x02\x01\x03\x01\x04\x00\x23\x00\x00\x00"
	"\x16\x00\x00\x00\x17\x00\x00\x00\x0d\x00\x2a\x00\x28\x04\x03\x05"
	"\x03\x06\x03\x08\x07\x08\x08\x08\x09\x08\x0a\x08\x0b\x08\x04\x08"
	"\x05\x08\x06\x04\x01\x05\x01\x06\x01\x03\x03\x03\x01\x03\x02\x04"
	"\x02\x05\x02\x06\x02\x00\x2b\x00\x05\x04\x03\x04\x03\x03\x00\x2d"
	"\x00\x02\x01\x01\x00\x33\x00\x26\x00\x24\x00\x1d\x00\x20\xbb\xd2"
	"\xa5\xf4\x77\x64\x12\xa1\xb7\xa5\xfd\xd9\x84\xce\xd1\xa3\x42\x18"
	"\xb1\xc4\x6a\xd5\x4a\x83\x35\x08\x67\xea\x68\xee\x44\x38\x00\x15"
	"\x00\xd3\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	"\x00\x00\x00\x00\x00";

static void test_real_hello(void **state)
{
	(void)state;
	assert_int_equal(
		look((const uint8_t *)openssl_hello, sizeof(openssl_hello) - 1),
		VP_HELLO_NAME);
	assert_string_equal(name, "acct.blob.core.windows.net");
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
		assert_string_equal(name, "");
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
	assert_int_equal(vp_client_hello_read(&found, NULL, 0), VP_HELLO_MORE);
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

/* A hello with these extensions and nothing else. */
static size_t with_extensions(const char *ext, size_t len)
{
	size_t at = hello_head(buf);

	at = hello_16(buf, at, len);
	memcpy(buf + at, ext, len);
	return hello_close(buf, at + len);
}

#define NAME_A "\0\0\0\6\0\4\0\0\1a"
#define NAME_B "\0\0\0\6\0\4\0\0\1b"
#define ECH "\xfe\x0d\0\1\0"

static void test_more_than_one(void **state)
{
	static const struct {
		const char *ext;
		size_t len;
		enum vp_hello want;
		bool ech, doubtful;
	} cases[] = {
#define E(s) s, sizeof(s) - 1
		{ E(NAME_A), VP_HELLO_NAME, false, false },
		{ E(NAME_A ECH), VP_HELLO_NAME, true, false },
		{ E(ECH NAME_A), VP_HELLO_NAME, true, false },
		{ E(ECH), VP_HELLO_NO_NAME, true, false },
		{ E(NAME_A NAME_A), VP_HELLO_NAME, false, false },
		{ E(NAME_A NAME_B), VP_HELLO_NAME, false, true },
		/* two in one list, and one of another type before it */
		{ E("\0\0\0\12\0\10\0\0\1a\0\0\1b"), VP_HELLO_NAME, false,
		  true },
		{ E("\0\0\0\12\0\10\0\0\1a\0\0\1a"), VP_HELLO_NAME, false,
		  false },
		{ E("\0\0\0\12\0\10\7\0\1b\0\0\1a"), VP_HELLO_NAME, false,
		  false },
		/* a name, and what is none */
		{ E("\0\0\0\12\0\10\0\0\1a\0\0\1*"), VP_HELLO_NAME, false,
		  true },
#undef E
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t n = with_extensions(cases[i].ext, cases[i].len);

		assert_int_equal(look(buf, n), cases[i].want);
		assert_string_equal(name,
		                    cases[i].want == VP_HELLO_NAME ? "a" : "");
		assert_int_equal(found.ech, cases[i].ech);
		assert_int_equal(found.doubtful, cases[i].doubtful);
	}
}

/* As QUIC has it: the same bytes without the record's header. */
static void test_bare(void **state)
{
	size_t n = hello_make(buf, "x.example", 1700);

	(void)state;
	for (size_t cut = 0; cut < n - 5; cut++)
		assert_int_equal(vp_client_hello_message(&found, buf + 5, cut),
		                 VP_HELLO_MORE);
	assert_int_equal(vp_client_hello_message(&found, buf + 5, n - 5),
	                 VP_HELLO_NAME);
	assert_string_equal(found.name, "x.example");
	assert_int_equal(found.len, n - 5);
	assert_int_equal(vp_client_hello_message(&found, buf, n),
	                 VP_HELLO_NOT_TLS);
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
		cmocka_unit_test(test_real_hello),
		cmocka_unit_test(test_split_over_records),
		cmocka_unit_test(test_long_hello),
		cmocka_unit_test(test_no_name),
		cmocka_unit_test(test_bad_names),
		cmocka_unit_test(test_not_tls),
		cmocka_unit_test(test_more_than_one),
		cmocka_unit_test(test_bare),
		cmocka_unit_test(test_every_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
