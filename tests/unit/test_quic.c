/* quic: Initial packets of the RFCs, of real clients, and bent ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hello.h"
#include "initial.h"
#include "vnetprobe/client_hello.h"
#include "vnetprobe/quic.h"

#define MAX 16384

static struct vp_quic *q;
static uint8_t hello[8000], datagram[65536], frames[65536];
static size_t hello_n;

static int setup(void **state)
{
	static uint8_t records[8000];
	size_t n = hello_make(records, "acct.blob.core.windows.net", 1700);

	(void)state;
	hello_n = n - 5;
	memcpy(hello, records + 5, hello_n);
	q = vp_quic_create(MAX);
	assert_non_null(q);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	vp_quic_destroy(q);
	return 0;
}

/* From a copy of exact size, so that ASan sees one byte too many. */
static enum vp_quic_got feed(const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len > 0 ? len : 1);
	enum vp_quic_got got;

	memcpy(copy, data, len);
	got = vp_quic_client(q, copy, len);
	free(copy);
	return got;
}

static void expect_name(const char *want)
{
	struct vp_hello_found found;
	size_t len;
	const uint8_t *b = vp_quic_hello(q, &len);

	assert_int_equal(vp_client_hello_message(&found, b, len),
	                 VP_HELLO_NAME);
	assert_string_equal(found.name, want);
}

/* --- the vectors ---------------------------------------------------------- */

/* RFC 9001 appendix A.2: the CRYPTO frame. */
static const uint8_t rfc_crypto[] =
	"\x06\x00\x40\xf1\x01\x00\x00\xed\x03\x03\xeb\xf8\xfa\x56\xf1\x29"
	"\x39\xb9\x58\x4a\x38\x96\x47\x2e\xc4\x0b\xb8\x63\xcf\xd3\xe8\x68"
	"\x04\xfe\x3a\x47\xf0\x6a\x2b\x69\x48\x4c\x00\x00\x04\x13\x01\x13"
	"\x02\x01\x00\x00\xc0\x00\x00\x00\x10\x00\x0e\x00\x00\x0b\x65\x78"
	"\x61\x6d\x70\x6c\x65\x2e\x63\x6f\x6d\xff\x01\x00\x01\x00\x00\x0a"
	"\x00\x08\x00\x06\x00\x1d\x00\x17\x00\x18\x00\x10\x00\x07\x00\x05"
	"\x04\x61\x6c\x70\x6e\x00\x05\x00\x05\x01\x00\x00\x00\x00\x00\x33"
	"\x00\x26\x00\x24\x00\x1d\x00\x20\x93\x70\xb2\xc9\xca\xa4\x7f\xba"
	"\xba\xf4\x55\x9f\xed\xba\x75\x3d\xe1\x71\xfa\x71\xf5\x0f\x1c\xe1"
	"\x5d\x43\xe9\x94\xec\x74\xd7\x48\x00\x2b\x00\x03\x02\x03\x04\x00"
	"\x0d\x00\x10\x00\x0e\x04\x03\x05\x03\x06\x03\x02\x03\x08\x04\x08"
	"\x05\x08\x06\x00\x2d\x00\x02\x01\x01\x00\x1c\x00\x02\x40\x01\x00"
	"\x39\x00\x32\x04\x08\xff\xff\xff\xff\xff\xff\xff\xff\x05\x04\x80"
	"\x00\xff\xff\x07\x04\x80\x00\xff\xff\x08\x01\x10\x01\x04\x80\x00"
	"\x75\x30\x09\x01\x10\x0f\x08\x83\x94\xc8\xf0\x3e\x51\x57\x08\x06"
	"\x04\x80\x00\xff\xff";

/* The same appendices show the protected header, the first and, for version
 * 1, the last bytes of the packet: so what is built here is what they have. */
static void test_vectors(void **state)
{
	static const struct {
		const struct initial_keys *keys;
		const char *head, *tail;
	} cases[] = {
		{ &initial_v1,
		  "\xc0\x00\x00\x00\x01\x08\x83\x94\xc8\xf0\x3e\x51\x57\x08\x00"
		  "\x00\x44\x9e\x7b\x9a\xec\x34\xd1\xb1\xc9\x8d\xd7\x68\x9f\xb8"
		  "\xec\x11\xd2\x42\xb1\x23\xdc\x9b",
		  "\xe2\x21\xaf\x44\x86\x00\x18\xab\x08\x56\x97\x2e\x19\x4c\xd9"
		  "\x34" },
		{ &initial_v2,
		  "\xd7\x6b\x33\x43\xcf\x08\x83\x94\xc8\xf0\x3e\x51\x57\x08\x00"
		  "\x00\x44\x9e\xa0\xc9\x5e\x82\xff\xe6\x7b\x6a\xbc\xdb\x42\x98"
		  "\xb4\x85\xdd\x04\xde\x80\x60\x71",
		  NULL },
	};
	const struct initial_head h = { .number = 2, .number_len = 4 };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		size_t n;

		memset(frames, 0, 1162);
		memcpy(frames, rfc_crypto, sizeof(rfc_crypto) - 1);
		n = initial_seal(datagram, cases[i].keys, &h, frames, 1162);
		assert_int_equal(n, 1200);
		assert_memory_equal(datagram, cases[i].head, 38);
		if (cases[i].tail != NULL)
			assert_memory_equal(datagram + n - 16, cases[i].tail,
			                    16);
		teardown(NULL);
		setup(NULL);
		assert_true(vp_quic_is_initial(datagram, n));
		assert_int_equal(feed(datagram, n), VP_QUIC_HELLO);
		expect_name("example.com");
		assert_false(vp_quic_doubtful(q));
	}
}

/* --- pieces --------------------------------------------------------------- */

static uint32_t number;

static size_t seal(const struct initial_keys *k, size_t n)
{
	const struct initial_head h = { .number = number++, .number_len = 2 };

	return initial_seal(datagram, k, &h, frames, n);
}

/* The hello in pieces of size, in an order that a seed gives, so many pieces a
 * packet, with PING, PADDING and an ACK between them. */
static void pieces(const struct initial_keys *k, size_t size, size_t a_packet,
                   unsigned seed)
{
	size_t count = (hello_n + size - 1) / size, order[2048], n = 0;

	srand(seed);
	for (size_t i = 0; i < count; i++) {
		size_t j = (size_t)rand() % (i + 1);

		order[i] = order[j];
		order[j] = i;
	}
	for (size_t i = 0; i < count; i++) {
		size_t at = order[i] * size;
		size_t len = hello_n - at < size ? hello_n - at : size;
		bool last = i + 1 == count;

		n += initial_crypto(frames + n, at, hello + at, len);
		memcpy(frames + n, "\1\0\0\2\5\0\1\1\0\1", 10);
		n += 10;
		memcpy(frames + n, "\3\5\0\0\1\1\2\3", 8);
		n += 8;
		if ((i + 1) % a_packet != 0 && !last)
			continue;
		assert_int_equal(feed(datagram, seal(k, n)),
		                 last ? VP_QUIC_HELLO : VP_QUIC_MORE);
		n = 0;
	}
	expect_name("acct.blob.core.windows.net");
	assert_false(vp_quic_doubtful(q));
}

static void test_pieces(void **state)
{
	static const size_t sizes[] = { 1, 7, 64, 333, 1000, 2000 };

	(void)state;
	for (unsigned seed = 0; seed < 20; seed++)
		for (size_t i = 0; i < 6; i++) {
			teardown(NULL);
			setup(NULL);
			number = 0;
			pieces(seed % 2 == 0 ? &initial_v1 : &initial_v2,
			       sizes[i], 1 + seed % 5, seed);
		}
}

/* Several packets in one datagram: an Initial, 0-RTT, and another Initial. */
static void test_coalesced(void **state)
{
	static const uint8_t zero_rtt[] = "\xd3\0\0\0\1\x08"
					  "abcdefgh\0\x40\x20"
					  "01234567890123456789012345678901";
	static uint8_t all[4000];
	size_t n, at = 0;

	(void)state;
	n = seal(&initial_v1,
	         initial_crypto(frames, 900, hello + 900, hello_n - 900));
	memcpy(all, datagram, n);
	at += n;
	memcpy(all + at, zero_rtt, sizeof(zero_rtt) - 1);
	at += sizeof(zero_rtt) - 1;
	n = seal(&initial_v1, initial_crypto(frames, 0, hello, 900));
	memcpy(all + at, datagram, n);
	at += n;
	memset(all + at, 0, 20); /* padding of the datagram */
	assert_int_equal(feed(all, at + 20), VP_QUIC_HELLO);
	expect_name("acct.blob.core.windows.net");
}

static void test_numbers(void **state)
{
	static const struct {
		uint32_t number;
		unsigned len;
	} steps[] = { { 0, 1 },       { 255, 1 },     { 256, 1 },
		      { 300, 1 },     { 255, 1 },     { 0x1234, 2 },
		      { 0x11fff, 3 }, { 0x12010, 2 }, { 0xfffffff0, 4 } };

	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		const struct initial_head h = { .number = steps[i].number,
			                        .number_len = steps[i].len,
			                        .token_len = i * 20 };
		size_t n = initial_crypto(frames, i, hello + i, 1);
		size_t ready;

		memset(frames + n, 0, 30);
		n = initial_seal(datagram, &initial_v1, &h, frames, n + 30);
		assert_int_equal(feed(datagram, n), VP_QUIC_MORE);
		vp_quic_hello(q, &ready);
		assert_int_equal(ready, i + 1);
	}
}

/* --- trouble ---------------------------------------------------------------
 */

static void test_not(void **state)
{
	static const struct {
		const char *bytes;
		bool initial;
	} cases[] = {
		{ "\xc0\0\0\0\1", true },
		{ "\x80\0\0\0\1", true }, /* RFC 9287 */
		{ "\xd0\0\0\0\1", false },
		{ "\x40\0\0\0\1", false }, /* a short header */
		{ "\xd0\x6b\x33\x43\xcf", true },
		{ "\xc0\x6b\x33\x43\xcf", false }, /* a Retry */
		{ "\xc0\0\0\0\0", false },         /* version negotiation */
		{ "\xc0\x1a\x2a\x3a\x4a", false }, /* grease */
		{ "\xc0\xff\0\0\x1d", false },     /* a draft */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const uint8_t *b = (const uint8_t *)cases[i].bytes;

		assert_int_equal(vp_quic_is_initial(b, 5), cases[i].initial);
		assert_int_equal(feed(b, 5),
		                 cases[i].initial ? VP_QUIC_MORE : VP_QUIC_NOT);
	}
	assert_false(vp_quic_is_initial((const uint8_t *)"\xc0\0\0\0\1", 4));
	assert_false(vp_quic_is_initial(NULL, 0));
	assert_false(vp_quic_begun(q));
}

static void test_cut(void **state)
{
	size_t n;

	(void)state;
	n = seal(&initial_v1, initial_crypto(frames, 0, hello, hello_n));
	for (size_t cut = 5; cut < n; cut++)
		assert_int_equal(feed(datagram, cut), VP_QUIC_MORE);
	assert_false(vp_quic_begun(q));
	assert_int_equal(feed(datagram, n), VP_QUIC_HELLO);
}

/* No change of one byte makes it read outside, or open. */
static void test_every_byte(void **state)
{
	size_t n = seal(&initial_v1, initial_crypto(frames, 0, hello, 100));

	(void)state;
	for (size_t i = 5; i < n; i++) {
		datagram[i] ^= (uint8_t)(1 + i % 255);
		feed(datagram, n);
		assert_false(vp_quic_begun(q));
		datagram[i] ^= (uint8_t)(1 + i % 255);
	}
	feed(datagram, n);
	assert_true(vp_quic_begun(q));
}

static void test_contradiction(void **state)
{
	size_t n;

	(void)state;
	n = initial_crypto(frames, 0, hello, 500);
	hello[400] ^= 1;
	feed(datagram, seal(&initial_v1, n));
	assert_false(vp_quic_doubtful(q));
	feed(datagram,
	     seal(&initial_v1, initial_crypto(frames, 100, hello + 100, 300)));
	assert_false(vp_quic_doubtful(q));
	assert_int_equal(
		feed(datagram,
	             seal(&initial_v1, initial_crypto(frames, 400, hello + 400,
	                                              hello_n - 400))),
		VP_QUIC_HELLO);
	assert_true(vp_quic_doubtful(q));
	expect_name("acct.blob.core.windows.net");
}

static void test_full(void **state)
{
	uint8_t big[] = { 6, 0x80, 0, 0x40, 0, 1, 'x' }; /* at 16384 */

	(void)state;
	memcpy(frames, big, sizeof(big));
	memset(frames + sizeof(big), 0, 30);
	assert_int_equal(feed(datagram, seal(&initial_v1, sizeof(big) + 30)),
	                 VP_QUIC_FULL);
	assert_true(vp_quic_held(q) < 1000);
	frames[4] = 0;
	frames[3] = 0x3f; /* at 16128 */
	teardown(NULL);
	setup(NULL);
	assert_int_equal(feed(datagram, seal(&initial_v1, sizeof(big) + 30)),
	                 VP_QUIC_MORE);
	assert_true(vp_quic_held(q) < 20000);
}

/* --- Retry, and other connections on the same ports ------------------------
 */

/* Keys for the ID f067a5502a4262b5 that the server of RFC 9001 appendix A.4
 * gives, by another implementation (CPython's hmac). */
static const struct initial_keys initial_retried = {
	1,
	0xc0,
	"\xf0\x67\xa5\x50\x2a\x42\x62\xb5",
	"\x6e\x5b\xc5\xc7\x26\x60\xb0\x12\x02\x4b\x7c\x90\x44\xc9\x31\xe3",
	"\xa2\xfa\xc7\xfa\xa8\x3f\x7b\x58\x7d\xf5\xfa\x2c",
	"\xa1\x3b\xe4\xc1\xb9\x51\xb2\x19\xf2\x00\x25\xc3\x87\xd7\x4e\xad",
};

/* RFC 9001 appendix A.4. */
static const uint8_t retry[] =
	"\xff\x00\x00\x00\x01\x00\x08\xf0\x67\xa5\x50\x2a\x42\x62\xb5\x74"
	"\x6f\x6b\x65\x6e\x04\xa2\x65\xba\x2e\xff\x4d\x82\x90\x58\xfb\x3f"
	"\x0f\x24\x96\xba";

static enum vp_quic_got part(const struct initial_keys *k, size_t from,
                             size_t to, size_t token)
{
	const struct initial_head h = { .number = number++,
		                        .number_len = 1,
		                        .token_len = token };
	size_t n = initial_crypto(frames, from, hello + from, to - from);

	return feed(datagram, initial_seal(datagram, k, &h, frames, n));
}

static void test_retry(void **state)
{
	(void)state;
	for (int seen = 0; seen < 2; seen++) {
		teardown(NULL);
		setup(NULL);
		number = 0;
		assert_int_equal(part(&initial_v1, 0, 1000, 0), VP_QUIC_MORE);
		if (seen)
			assert_false(
				vp_quic_server(q, retry, sizeof(retry) - 1));
		assert_int_equal(part(&initial_retried, 0, 1000, 5),
		                 VP_QUIC_MORE);
		assert_int_equal(part(&initial_retried, 1000, hello_n, 5),
		                 VP_QUIC_HELLO);
		expect_name("acct.blob.core.windows.net");
		assert_false(vp_quic_doubtful(q));
	}
}

/* After the server's answer the client uses another ID, not other keys. */
static void test_same_keys(void **state)
{
	struct initial_head h = {
		.number = 1, .number_len = 1, .dcid = "other", .dcid_len = 5
	};
	size_t n;

	(void)state;
	number = 0;
	part(&initial_v1, 0, 1000, 0);
	n = initial_crypto(frames, 1000, hello + 1000, hello_n - 1000);
	assert_int_equal(feed(datagram, initial_seal(datagram, &initial_v1, &h,
	                                             frames, n)),
	                 VP_QUIC_HELLO);
	assert_false(vp_quic_doubtful(q));
}

static void test_other_connection(void **state)
{
	(void)state;
	number = 0;
	/* one after the other */
	assert_int_equal(part(&initial_v1, 0, hello_n, 0), VP_QUIC_HELLO);
	assert_int_equal(part(&initial_v2, 0, 50, 0), VP_QUIC_MORE);
	assert_int_equal(part(&initial_v2, 50, hello_n, 0), VP_QUIC_HELLO);
	assert_false(vp_quic_doubtful(q));
	/* before the first was whole */
	part(&initial_retried, 0, 50, 0);
	assert_false(vp_quic_doubtful(q));
	part(&initial_v1, 0, hello_n, 0);
	assert_true(vp_quic_doubtful(q));
}

/* A Handshake packet says that the server has it all. */
static void test_server(void **state)
{
	uint8_t b[] = "\xe0\0\0\0\1\0\0\x04"
		      "abcd";

	(void)state;
	assert_true(vp_quic_server(q, b, sizeof(b) - 1));
	assert_false(vp_quic_server(q, b, sizeof(b) - 2));
	b[0] = 0xc0; /* an Initial of the server's */
	assert_false(vp_quic_server(q, b, sizeof(b) - 1));
	b[0] = 0x60;
	assert_false(vp_quic_server(q, b, sizeof(b) - 1));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_vectors),    T(test_pieces),
		T(test_coalesced),  T(test_numbers),
		T(test_not),        T(test_cut),
		T(test_every_byte), T(test_contradiction),
		T(test_full),       T(test_retry),
		T(test_same_keys),  T(test_other_connection),
		T(test_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
