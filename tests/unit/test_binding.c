/* binding: names, addresses, and which answer a flow goes by. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "binding.h"
#include "vnetprobe/facts.h"

#define SECOND ((int64_t)1000000)

static struct vp_bindings *b;
static struct vp_addr one, two;

static int begin(size_t max)
{
	const struct vp_hash_key key = { 1, 2 };

	b = vp_bindings_create(max, &key);
	one = (struct vp_addr){ 4, { 1 } };
	two = (struct vp_addr){ 4, { 2 } };
	return b == NULL;
}

static int setup(void **state)
{
	(void)state;
	return begin(300);
}

static int teardown(void **state)
{
	(void)state;
	vp_bindings_destroy(b);
	return 0;
}

static void test_pairs(void **state)
{
	char name[16];
	uint32_t at;

	(void)state;
	for (int i = 0; i < 200; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		assert_int_equal(vp_bindings_add(b, &one, name, 1, 1), 0);
		assert_int_equal(vp_bindings_add(b, &one, name, 2, 1), 0);
		if (i % 2 == 0)
			assert_int_equal(vp_bindings_add(b, &two, name, 1, 1),
			                 0);
	}
	assert_int_equal(vp_bindings_count(b), 300);
	assert_int_equal(vp_bindings_add(b, &two, "n1", 3, 1), -ENOSPC);
	assert_int_equal(vp_bindings_add(b, &two, "n2", 3, 1), 0);
	assert_int_not_equal(vp_bindings_find(b, &one, "n1"), VP_INDEX_NONE);
	assert_int_equal(vp_bindings_find(b, &two, "n1"), VP_INDEX_NONE);
	assert_int_equal(vp_bindings_find(b, &one, "n200"), VP_INDEX_NONE);
	at = vp_bindings_first(b, &two);
	for (int i = 0; i < 200; i += 2) {
		snprintf(name, sizeof(name), "n%d", i);
		assert_string_equal(vp_bindings_name(b, at), name);
		assert_int_equal(vp_bindings_find(b, &two, name), at);
		at = vp_bindings_next(b, at);
	}
	assert_int_equal(at, VP_INDEX_NONE);
	one.bytes[0] = 3;
	assert_int_equal(vp_bindings_first(b, &one), VP_INDEX_NONE);
	assert_int_equal(vp_bindings_find(b, &one, "n2"), VP_INDEX_NONE);
}

/* What a flow that begins then goes by. */
static struct vp_binding at(const char *name, int64_t us)
{
	struct vp_binding got;

	vp_bindings_at(b, vp_bindings_find(b, &one, name), us, &got);
	return got;
}

static void test_age(void **state)
{
	int64_t end = (100 + 30 + VP_BINDING_GRACE_S) * SECOND;

	(void)state;
	vp_bindings_add(b, &one, "a", 100 * SECOND, 30);
	assert_false(at("a", 100 * SECOND - 1).current);
	assert_int_equal(at("a", 0).answered_us, 100 * SECOND);
	assert_int_equal(at("a", 0).ttl, 30);
	assert_int_equal(at("a", 0).until_us, 100 * SECOND);
	assert_true(at("a", 100 * SECOND).current);
	assert_int_equal(at("a", 100 * SECOND).until_us, end + 1);
	assert_true(at("a", end).current);
	assert_false(at("a", end + 1).current);
	assert_int_equal(at("a", end + 1).answered_us, 100 * SECOND);
	assert_int_equal(at("a", end + 1).until_us, INT64_MAX);
}

static void test_longest_ttl(void **state)
{
	(void)state;
	vp_bindings_add(b, &one, "a", 1, UINT32_MAX);
	assert_true(at("a", INT64_C(4000000000) * SECOND).current);
	assert_false(at("a", INT64_C(5000000000) * SECOND).current);
}

/* Answers each minute, of which flows ask for some. */
static void test_renewed(void **state)
{
	static const int flows[] = { 50, 150, 155, 330, 390 };

	(void)state;
	for (int s = 60, f = 0; s < 600; s += 60) {
		for (; f < 5 && flows[f] < s; f++)
			vp_bindings_flow(b, &one, flows[f] * SECOND);
		vp_bindings_add(b, &one, "a", s * SECOND, (uint32_t)s);
	}
	/* none before it: the first after it */
	assert_int_equal(at("a", 50 * SECOND).ttl, 60);
	assert_false(at("a", 50 * SECOND).current);
	assert_int_equal(at("a", 150 * SECOND).ttl, 120);
	assert_true(at("a", 150 * SECOND).current);
	assert_int_equal(at("a", 155 * SECOND).ttl, 120);
	assert_int_equal(at("a", 330 * SECOND).ttl, 300);
	assert_int_equal(at("a", 390 * SECOND).ttl, 360);
	assert_int_equal(at("a", 600 * SECOND).ttl, 540);
}

/* Against a list of all answers: what a flow that was told of sees. */
static void test_random(void **state)
{
	static int64_t answers[2000], flows[2000];

	(void)state;
	srand(5);
	for (int round = 0; round < 50; round++) {
		size_t n = 0, m = 0;
		int64_t now = 1000;

		teardown(NULL);
		begin(1000);
		for (int i = 0; i < 1000; i++) {
			now += 1 + rand() % 1000 * SECOND;
			if (rand() % 3 == 0) {
				vp_bindings_flow(b, &one, now);
				flows[m++] = now;
			} else {
				vp_bindings_add(b, &one, "a", now, 60);
				answers[n++] = now;
			}
		}
		for (size_t i = 0; i < m; i++) {
			struct vp_binding got = at("a", flows[i]);
			size_t k = 0;

			while (k + 1 < n && answers[k + 1] <= flows[i])
				k++;
			assert_int_equal(got.answered_us, answers[k]);
			assert_int_equal(
				got.current,
				answers[k] <= flows[i] &&
					flows[i] <= answers[k] + 660 * SECOND);
			assert_true(flows[i] < got.until_us);
		}
	}
}

/* With no flow between them, answers leave nothing behind; with flows, up to
 * a bound, and what is beyond it is said. */
static void test_bounded(void **state)
{
	int64_t now = SECOND;
	int full = 0;

	(void)state;
	teardown(NULL);
	begin(4);
	for (int i = 0; i < 100000; i++, now += 60 * SECOND)
		assert_int_equal(vp_bindings_add(b, &one, "a", now, 60), 0);
	for (int i = 0; i < 100; i++, now += 60 * SECOND) {
		vp_bindings_flow(b, &one, now);
		full += vp_bindings_add(b, &one, "a", now + 1, 60) == -ENOSPC;
	}
	assert_int_equal(full, 100 - 4 * 4);
	/* new flows still go by the last answer */
	assert_true(at("a", now).current);
	/* and an old one whose answer is gone by an older one */
	assert_true(at("a", now - 120 * SECOND).answered_us <
	            now - 120 * SECOND);
}

static void test_out_of_order(void **state)
{
	(void)state;
	vp_bindings_add(b, &one, "a", 500 * SECOND, 50);
	vp_bindings_add(b, &one, "a", 400 * SECOND, 40);
	assert_int_equal(at("a", 450 * SECOND).ttl, 40);
	assert_int_equal(at("a", 500 * SECOND).ttl, 50);
	vp_bindings_add(b, &one, "a", 500 * SECOND, 5);
	assert_int_equal(at("a", 500 * SECOND).ttl, 5);
	vp_bindings_add(b, &one, "a", 500 * SECOND, 50);
	assert_int_equal(at("a", 500 * SECOND).ttl, 5);
	vp_bindings_add(b, &one, "a", 450 * SECOND, 45); /* late: left */
	assert_int_equal(at("a", 460 * SECOND).ttl, 40);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_pairs),        T(test_age),    T(test_longest_ttl),
		T(test_renewed),      T(test_random), T(test_bounded),
		T(test_out_of_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
