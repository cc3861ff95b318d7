/* stream and hash: the tables and buffers below the flow table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hash.h"
#include "stream.h"

/* Values of another implementation (CPython 3.11 with a key of zero). */
static void test_siphash(void **state)
{
	static const struct vp_hash_key zero = { 0, 0 };
	static const struct {
		const char *text;
		uint64_t want;
	} cases[] = {
		{ "a", 0x407448d2b89b1813 },
		{ "abcdefgh", 0x3f7b849c0b8e35ea },
		{ "abcdefghijklmnopq", 0x61c47e6da27eaccc },
	};
	struct vp_hash_key a, b;

	(void)state;
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(
			vp_hash(&zero, cases[i].text, strlen(cases[i].text)),
			cases[i].want);
	vp_hash_key_random(&a);
	vp_hash_key_random(&b);
	assert_memory_not_equal(&a, &b, sizeof(a));
}

static void test_index(void **state)
{
	struct vp_index ix = { 0 };
	struct vp_index_cursor c = { 0 };
	unsigned found = 0;
	uint32_t v;

	(void)state;
	assert_int_equal(vp_index_next(&ix, 5, &c), VP_INDEX_NONE);
	/* Two hashes only: every look-up walks through all of them. */
	for (uint32_t i = 0; i < 1000; i++)
		assert_true(vp_index_put(&ix, 0xffffffc0u + i % 2, i));
	memset(&c, 0, sizeof(c));
	while ((v = vp_index_next(&ix, 0xffffffc1u, &c)) != VP_INDEX_NONE) {
		assert_int_equal(v % 2, 1);
		found++;
	}
	assert_int_equal(found, 500);
	vp_index_free(&ix);
}

static void test_set(void **state)
{
	struct vp_hash_set s = { 0 };

	(void)state;
	assert_false(vp_hash_set_has(&s, 0));
	for (uint64_t i = 0; i < 1000; i += 2)
		assert_int_equal(vp_hash_set_add(&s, i, 500), 1);
	for (uint64_t i = 2; i < 1000; i++)
		assert_int_equal(vp_hash_set_has(&s, i), i % 2 == 0);
	assert_int_equal(vp_hash_set_add(&s, 4, 500), 0);
	assert_int_equal(vp_hash_set_add(&s, 2001, 500), -1);
	assert_int_equal(vp_hash_set_add(&s, 2001, 501), 1);
	vp_hash_set_free(&s);
}

static uint8_t text[8192];

/* Random segments, late, twice and overlapping, give the text again. */
static void test_stream_random(void **state)
{
	struct vp_stream_budget budget = { 0, 1 << 20 };

	(void)state;
	srand(1);
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)rand();
	for (int round = 0; round < 500; round++) {
		uint32_t len = 1 + (uint32_t)rand() % 4000;
		struct vp_stream s = { .base = (uint32_t)0 - 1000 };

		/* Segments begin up to 64 bytes before the base. */
		for (int tries = 0; vp_stream_ready(&s) < len; tries++) {
			uint32_t at = (uint32_t)rand() % (64 + len);
			uint32_t n = 1 + (uint32_t)rand() % 1500;

			assert_true(tries < 100000);
			vp_stream_add(&s, &budget, len, s.base + at - 64,
			              text + at, n);
		}
		assert_int_equal(vp_stream_ready(&s), len);
		assert_memory_equal(s.buf, text + 64, len);
		vp_stream_free(&s, &budget);
		assert_int_equal(budget.used, 0);
	}
}

static void test_stream_edges(void **state)
{
	struct vp_stream_budget budget = { 0, 4096 };
	struct vp_stream s = { .base = 100 };
	const uint8_t *b = (const uint8_t *)"0123456789";

	(void)state;
	assert_int_equal(vp_stream_ready(&s), 0);
	/* old, in part and whole */
	assert_int_equal(vp_stream_add(&s, &budget, 16, 90, b, 10), 0);
	assert_int_equal(vp_stream_ready(&s), 0);
	assert_int_equal(vp_stream_add(&s, &budget, 16, 95, b, 10), 0);
	assert_int_equal(vp_stream_ready(&s), 5);
	assert_memory_equal(s.buf, "56789", 5);
	/* the first copy wins */
	assert_int_equal(
		vp_stream_add(&s, &budget, 16, 103, (const uint8_t *)"xxxx", 4),
		0);
	assert_int_equal(vp_stream_ready(&s), 7);
	assert_memory_equal(s.buf, "56789xx", 7);
	/* the window's end: cut, and beyond */
	assert_int_equal(vp_stream_add(&s, &budget, 16, 110, b, 10), 0);
	assert_int_equal(s.have[1].to, 16);
	assert_int_equal(vp_stream_add(&s, &budget, 16, 116, b, 1),
	                 VP_STREAM_PAST);
	/* consuming moves what waits behind a gap along */
	vp_stream_consume(&s, 7);
	assert_int_equal(vp_stream_ready(&s), 0);
	assert_int_equal(
		vp_stream_add(&s, &budget, 16, 107, (const uint8_t *)"yyy", 3),
		0);
	assert_int_equal(vp_stream_ready(&s), 9);
	assert_memory_equal(s.buf, "yyy012345", 9);
	/* no budget for more than 4096 */
	assert_int_equal(vp_stream_add(&s, &budget, 60000, 107 + 4096, b, 1),
	                 VP_STREAM_FULL);
	vp_stream_free(&s, &budget);
	assert_int_equal(budget.used, 0);
}

static void test_stream_ranges(void **state)
{
	struct vp_stream_budget budget = { 0, 4096 };
	struct vp_stream s = { 0 };

	(void)state;
	for (uint32_t i = 0; i < VP_STREAM_RANGES; i++)
		assert_int_equal(
			vp_stream_add(&s, &budget, 1000, 2 * i + 1, text, 1),
			VP_STREAM_OK);
	assert_int_equal(vp_stream_add(&s, &budget, 1000,
	                               2 * VP_STREAM_RANGES + 1, text, 1),
	                 VP_STREAM_FULL);
	for (uint32_t i = 0; i < VP_STREAM_RANGES; i++)
		assert_int_equal(
			vp_stream_add(&s, &budget, 1000, 2 * i, text, 1),
			VP_STREAM_OK);
	assert_int_equal(vp_stream_ready(&s), 2 * VP_STREAM_RANGES);
	assert_int_equal(s.n, 1);
	vp_stream_free(&s, &budget);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_siphash),
		cmocka_unit_test(test_index),
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_stream_random),
		cmocka_unit_test(test_stream_edges),
		cmocka_unit_test(test_stream_ranges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
