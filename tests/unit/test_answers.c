/* test_answers.c - which answers are the same, and where one turns public. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "answers.h"
#include "facts_builder.h"

static struct vp_facts *f;
static struct vp_arena *arena;
static struct answers got;

static int setup(void **state)
{
	(void)state;
	f = healthy();
	arena = vp_arena_create();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	vp_arena_destroy(arena);
	vp_facts_destroy(f);
	return 0;
}

static void collect(size_t n_groups)
{
	answers_collect(&got, arena, f, f->names[BLOB]);
	assert_int_equal(got.n_groups, n_groups);
}

static void test_same(void **state)
{
	(void)state;
	collect(2);
	assert_int_equal(got.groups[0].role, ANSWERS_NSS);
	assert_int_equal(got.groups[1].role, ANSWERS_LISTED);
	assert_int_equal(got.groups[1].n_resolvers, 2);
	assert_int_equal(got.groups[1].n_answers, 1);
	assert_int_equal(got.groups[1].answers[0].n_same, 2);
	row(f, BLOB, SECOND, VP_DNS_A)->addresses[0].ttl = 3;
	row(f, BLOB, SECOND, VP_DNS_A)->chain[0].ttl = 7;
	row(f, BLOB, SECOND, VP_DNS_A)->elapsed_us = 1;
	collect(2); /* times do not matter */
}

/* Addresses in any order; no AAAA, whoever says it and how. */
static void test_same_in_other_words(void **state)
{
	struct vp_dns_row *one = row(f, BLOB, FIRST, VP_DNS_A);
	struct vp_dns_row *two = row(f, BLOB, SECOND, VP_DNS_A);

	(void)state;
	add_address(f, one, "10.20.2.8");
	add_address(f, two, "10.20.2.8");
	two->addresses[0].addr = addr("10.20.2.8");
	two->addresses[1].addr = addr("10.20.2.7");
	row(f, BLOB, SECOND, VP_DNS_AAAA)->soa.zone = NULL;
	collect(2);
	two->addresses[1].addr = addr("10.20.2.8");
	collect(3);
}

static void test_differences(void **state)
{
	struct vp_dns_row *two = row(f, BLOB, SECOND, VP_DNS_A);
	struct vp_dns_row keep = *two;

	(void)state;
	two->rcode = 3;
	collect(3);
	*two = keep;
	two->outcome = VP_OUTCOME_TIMEOUT;
	collect(3);
	*two = keep;
	two->n_chain = 0;
	collect(3);
	*two = keep;
	two->alias_loop = true;
	collect(3);
	*two = keep;
	row(f, BLOB, SECOND, VP_DNS_AAAA)->outcome = VP_OUTCOME_TIMEOUT;
	collect(3);
}

static struct vp_dns_row *again(size_t resolver, enum vp_transport transport,
                                unsigned round)
{
	struct vp_name *n = f->names[BLOB];
	struct vp_dns_row copy = *row(f, BLOB, resolver, VP_DNS_A);
	struct vp_dns_row *r = VP_PUSH(f->arena, n->rows, n->n_rows);

	*r = copy;
	r->transport = transport;
	r->round = round;
	return r;
}

static void test_tcp(void **state)
{
	struct vp_dns_row *tcp;

	(void)state;
	again(FIRST, VP_TRANSPORT_TCP, 1);
	collect(2); /* says nothing new */
	assert_int_equal(got.groups[1].n_answers, 1);
	tcp = again(SECOND, VP_TRANSPORT_TCP, 1);
	tcp->outcome = VP_OUTCOME_REFUSED;
	collect(3);
	assert_int_equal(got.groups[2].n_answers, 2);
	assert_true(got.groups[2].answers[1].tcp);
	assert_null(got.groups[2].answers[1].aaaa);
}

/* The answer that was cut short is no answer: that over TCP is. */
static void test_truncated(void **state)
{
	struct vp_dns_row *udp;

	(void)state;
	again(SECOND, VP_TRANSPORT_TCP, 1);
	udp = row(f, BLOB, SECOND, VP_DNS_A);
	udp->truncated = true;
	clear_addresses(udp);
	collect(2);
	f->names[BLOB]->rows[f->names[BLOB]->n_rows - 1].outcome =
		VP_OUTCOME_TIMEOUT;
	collect(3);
	assert_int_equal(got.groups[2].n_answers, 2);
	assert_true(got.groups[2].answers[0].a->truncated);
}

static void test_rounds(void **state)
{
	struct vp_dns_row *r;

	(void)state;
	for (unsigned round = 2; round <= 4; round++) {
		again(FIRST, VP_TRANSPORT_UDP, round);
		r = again(SECOND, VP_TRANSPORT_UDP, round);
		if (round == 3)
			r->rcode = 2;
	}
	collect(3);
	assert_int_equal(got.groups[1].n_answers, 2); /* AAAA in round 1 only */
	r = NULL;
	for (size_t i = 0; i < got.groups[2].n_answers; i++) {
		const struct answer *one = &got.groups[2].answers[i];

		if (one->a->rcode != 2)
			continue;
		assert_int_equal(one->n_rounds, 1);
		assert_int_equal(one->rounds[0], 3);
		r = (struct vp_dns_row *)one->a;
	}
	assert_non_null(r);
}

/* Only questions for the name itself; who is asked to compare stands apart. */
static void test_roles(void **state)
{
	struct vp_dns_row *r;

	(void)state;
	r = again(FIRST, VP_TRANSPORT_UDP, 1);
	r->question = VP_QUESTION_ALIAS;
	r->n_chain = 0;
	add_resolver(f, "168.63.129.16:53", VP_RESOLVER_AZURE);
	add_resolver(f, "10.20.1.12:53", VP_RESOLVER_OPTION);
	collect(3); /* the reference was not asked: it is not there */
	assert_int_equal(got.groups[2].n_answers, 0);
	r = again(FIRST, VP_TRANSPORT_UDP, 1);
	r->resolver = N_RESOLVERS;
	r = VP_PUSH(f->arena, f->names[BLOB]->rows, f->names[BLOB]->n_rows);
	*r = *row(f, BLOB, FIRST, VP_DNS_AAAA);
	r->resolver = N_RESOLVERS;
	collect(4);
	assert_int_equal(got.groups[3].role, ANSWERS_REFERENCE);
	assert_ptr_equal(got.groups[3].same_as, &got.groups[1]);
}

/* Each server says something else, round after round: bounded, and counted. */
static void test_bounds(void **state)
{
	char text[32];

	(void)state;
	for (unsigned i = 2; i < 100; i++) {
		struct vp_dns_row *r = again(FIRST, VP_TRANSPORT_UDP, i);

		r->rcode = (int)i;
	}
	for (int i = 0; i < 100; i++) {
		snprintf(text, sizeof(text), "10.30.0.%d:53", i + 1);
		add_resolver(f, text, VP_RESOLVER_OPTION);
		again(SECOND, VP_TRANSPORT_UDP, 1)->resolver =
			f->n_resolvers - 1;
		f->names[BLOB]->rows[f->names[BLOB]->n_rows - 1].rcode = i;
	}
	collect(ANSWERS_GROUPS);
	assert_int_equal(got.groups[1].n_answers, ANSWERS_MOST);
	assert_int_equal(got.groups[1].left_out, 99 - ANSWERS_MOST);
	assert_int_equal(got.left_out, 103 - ANSWERS_GROUPS);
}

static void test_turn(void **state)
{
	struct vp_dns_row *r = row(f, BLOB, FIRST, VP_DNS_A);

	(void)state;
	assert_int_equal(answers_turn(f, r), SIZE_MAX);
	r->addresses[0].addr = addr("203.0.113.20");
	assert_int_equal(answers_turn(f, r), 1); /* in the private zone */
	add_alias(f, r, "x", "blob.stamp.store.core.windows.net");
	assert_int_equal(answers_turn(f, r), 1);
	add_alias(f, r, "x", "more.trafficmanager.net");
	assert_int_equal(answers_turn(f, r), 1);
	r->chain[0].target = copy(f, "data-prod.vaultcore.azure.net");
	assert_int_equal(answers_turn(f, r), 0); /* no alias: at once */
	r->n_chain = 0;
	assert_int_equal(answers_turn(f, r), 0); /* the address itself */
}

static void test_privatelink(void **state)
{
	static const struct {
		const char *name;
		bool want;
	} cases[] = {
		{ "a.privatelink.blob.core.windows.net", true },
		{ "privatelink.azurecr.io", true },
		{ "a.privatelink", true },
		{ "a.notprivatelink.net", false },
		{ "privatelinks.net", false },
		{ "a.b", false },
		{ "", false },
		{ ".a.privatelink.b", true }, /* as a server may write it */
		{ "...", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(answers_is_privatelink(cases[i].name),
		                 cases[i].want);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_same),        T(test_same_in_other_words),
		T(test_differences), T(test_tcp),
		T(test_truncated),   T(test_rounds),
		T(test_roles),       T(test_bounds),
		T(test_turn),        T(test_privatelink),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
