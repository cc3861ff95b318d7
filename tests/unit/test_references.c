/*
 * test_references.c - servers that are asked only to compare with: who is one,
 * and that what they say is never held against this machine.
 */
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "facts_builder.h"
#include "judge.h"
#include "plan.h"
#include "value.h"

#define AZURE_DNS "168.63.129.16:53"
#define REFERENCE (NSS + 1) /* in facts of facts_builder.h */

/* --- the plan --------------------------------------------------------------
 */

struct plan {
	struct vp_settings s;
	struct vp_facts *facts;
};

static void plan_begin(struct plan *p, const char *const *resolvers)
{
	struct vp_extra_target *t;
	char why[256];

	*p = (struct plan){ .facts = vp_facts_create() };
	p->s.arena = vp_arena_create();
	p->s.cloud = vp_arena_strdup(p->s.arena, "public");
	p->s.scenario = vp_arena_strdup(p->s.arena, "secured");
	t = VP_PUSH(p->s.arena, p->s.targets, p->s.n_targets);
	t->text = vp_arena_strdup(p->s.arena, "kv.vault.azure.net");
	t->origin = vp_arena_strdup(p->s.arena, "argument");
	for (; *resolvers != NULL; resolvers++)
		assert_int_equal(
			vp_value_resolver(&p->s, *resolvers, why, sizeof(why)),
			0);
}

static void plan_make(struct plan *p, enum vp_azure azure)
{
	char why[256];

	assert_int_equal(vp_plan_make(p->facts, &p->s, why, sizeof(why)), 0);
	p->facts->machine.azure = azure;
	vp_plan_references(p->facts, &p->s);
}

static void plan_end(struct plan *p)
{
	vp_facts_destroy(p->facts);
	vp_arena_destroy(p->s.arena);
}

static void compare(struct plan *p, const char *text)
{
	char why[256];

	assert_int_equal(vp_value_compare(&p->s, text, why, sizeof(why)), 0);
}

/* "10.0.0.4:53 option, nss": in the plan's order. */
static void expect_resolvers(struct plan *p, const char *want)
{
	char got[512] = "", text[VP_ENDPOINT_TEXT];
	size_t used = 0;

	for (size_t i = 0; i < p->facts->n_resolvers; i++) {
		const struct vp_resolver *r = &p->facts->resolvers[i];
		bool nss = r->source == VP_RESOLVER_NSS;

		used += (size_t)snprintf(
			got + used, sizeof(got) - used, "%s%s%s%s%s%s",
			i > 0 ? ", " : "",
			nss ? "" : vp_endpoint_format(&r->endpoint, text),
			nss ? "" : " ", vp_resolver_source_name(r->source),
			r->label != NULL ? "=" : "",
			r->label != NULL ? r->label : "");
	}
	assert_string_equal(got, want);
}

static const char *const own[] = { "10.0.0.4", "10.0.0.5", NULL };
static const char *const azure_own[] = { "168.63.129.16", NULL };

static void azure_by_setting_and_machine(void **state)
{
#define WITHOUT "10.0.0.4:53 option, 10.0.0.5:53 option, nss"
#define WITH "10.0.0.4:53 option, 10.0.0.5:53 option, " AZURE_DNS " azure, nss"
	static const struct {
		enum vp_azure_dns setting;
		enum vp_azure machine;
		const char *want;
	} cases[] = {
		{ VP_AZURE_DNS_AUTO, VP_AZURE_YES, WITH },
		{ VP_AZURE_DNS_AUTO, VP_AZURE_NO, WITHOUT },
		{ VP_AZURE_DNS_AUTO, VP_AZURE_UNKNOWN, WITHOUT },
		{ VP_AZURE_DNS_ALWAYS, VP_AZURE_NO, WITH },
		{ VP_AZURE_DNS_ALWAYS, VP_AZURE_UNKNOWN, WITH },
		{ VP_AZURE_DNS_NEVER, VP_AZURE_YES, WITHOUT },
	};
	struct plan p;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		plan_begin(&p, own);
		p.s.azure_dns = cases[i].setting;
		plan_make(&p, cases[i].machine);
		expect_resolvers(&p, cases[i].want);
		plan_end(&p);
	}
}

static void azure_listed_is_judged(void **state)
{
	struct plan p;

	(void)state;
	plan_begin(&p, azure_own);
	p.s.azure_dns = VP_AZURE_DNS_ALWAYS;
	plan_make(&p, VP_AZURE_YES);
	expect_resolvers(&p, AZURE_DNS " option, nss");
	assert_false(vp_resolver_is_reference(&p.facts->resolvers[0]));
	plan_end(&p);
}

static void compare_comes_before_nss(void **state)
{
	struct plan p;

	(void)state;
	plan_begin(&p, own);
	compare(&p, "public=203.0.113.9");
	compare(&p, "onprem=192.0.2.7:5353");
	compare(&p, "own=10.0.0.5"); /* asked and judged anyway */
	plan_make(&p, VP_AZURE_YES);
	expect_resolvers(&p, "10.0.0.4:53 option, 10.0.0.5:53 option, "
	                     "168.63.129.16:53 azure, "
	                     "203.0.113.9:53 compare=public, "
	                     "192.0.2.7:5353 compare=onprem, nss");
	plan_end(&p);
}

/* Rules look for Azure DNS by its source, however it was asked for. */
static void compare_with_azure_is_azure(void **state)
{
	struct plan p;

	(void)state;
	plan_begin(&p, own);
	p.s.azure_dns = VP_AZURE_DNS_NEVER;
	compare(&p, "az=168.63.129.16");
	plan_make(&p, VP_AZURE_NO);
	expect_resolvers(&p, WITH);
	plan_end(&p);
}

static void config_tells_kinds_and_list(void **state)
{
	struct plan p;
	struct vp_dns_server *d;

	(void)state;
	plan_begin(&p, own);
	compare(&p, "fw=10.0.9.4");
	d = VP_PUSH(p.s.arena, p.s.dns_servers, p.s.n_dns_servers);
	*d = (struct vp_dns_server){ addr("10.0.0.5"), VP_SERVER_WINDOWS };
	d = VP_PUSH(p.s.arena, p.s.dns_servers, p.s.n_dns_servers);
	*d = (struct vp_dns_server){ addr("10.0.9.4"),
		                     VP_SERVER_AZURE_FIREWALL };
	*VP_PUSH(p.s.arena, p.s.vnet_dns, p.s.n_vnet_dns) = addr("10.0.0.4");
	plan_make(&p, VP_AZURE_NO);
	assert_int_equal(p.facts->resolvers[0].kind, VP_SERVER_UNKNOWN);
	assert_int_equal(p.facts->resolvers[1].kind, VP_SERVER_WINDOWS);
	assert_int_equal(p.facts->resolvers[2].kind, VP_SERVER_AZURE_FIREWALL);
	assert_int_equal(p.facts->resolvers[3].kind, VP_SERVER_UNKNOWN);
	assert_int_equal(p.facts->machine.n_vnet_dns, 1);
	assert_string_equal(p.facts->machine.vnet_dns_from, "config");
	plan_end(&p);
}

/* judge -c: what is known of servers comes with the settings; what they do
 * not speak of stays. */
static void judging_again_keeps_or_replaces(void **state)
{
	struct vp_facts *f = healthy();
	struct vp_settings s = { .arena = f->arena };
	struct vp_dns_server bind = { addr("10.20.1.10"), VP_SERVER_BIND };
	char why[256];

	(void)state;
	f->resolvers[FIRST].kind = VP_SERVER_UNBOUND;
	*VP_PUSH(f->arena, f->machine.vnet_dns, f->machine.n_vnet_dns) =
		addr("10.20.1.10");
	assert_int_equal(vp_plan_apply(f, &s, why, sizeof(why)), 0);
	assert_int_equal(f->resolvers[FIRST].kind, VP_SERVER_UNBOUND);
	assert_int_equal(f->machine.n_vnet_dns, 1);
	s.dns_servers = &bind;
	s.n_dns_servers = 1;
	assert_int_equal(vp_plan_apply(f, &s, why, sizeof(why)), 0);
	assert_int_equal(f->resolvers[FIRST].kind, VP_SERVER_BIND);
	vp_facts_destroy(f);
}

static char *printed(struct plan *p, bool json)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	p->s.json = json;
	assert_int_equal(vp_plan_print(p->facts, &p->s, out), 0);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void targets_prints_roles(void **state)
{
	static const char want[] =
		"\nResolvers (4)\n"
		"  10.0.0.4:53              option, bind, on e\\x1bh0\n"
		"  10.0.0.5:53              option\n"
		"  203.0.113.9:53           compare 'public': only compared "
		"with\n"
		"  getaddrinfo()            what applications get\n\nVNet";
	struct plan p;
	json_t *o, *rows;
	char *text;

	(void)state;
	plan_begin(&p, own);
	compare(&p, "public=203.0.113.9");
	plan_make(&p, VP_AZURE_NO);
	p.facts->resolvers[0].kind = VP_SERVER_BIND;
	p.facts->resolvers[0].interface =
		vp_arena_strdup(p.facts->arena, "e\x1bh0");
	text = printed(&p, false);
	if (strstr(text, want) == NULL)
		fail_msg("%s", text);
	free(text);
	text = printed(&p, true);
	o = json_loads(text, 0, NULL);
	rows = json_object_get(o, "resolvers");
	assert_int_equal(json_array_size(rows), 4);
	for (size_t i = 0; i < 4; i++)
		assert_string_equal(json_string_value(json_object_get(
					    json_array_get(rows, i), "role")),
		                    i == 2 ? "reference" : "listed");
	assert_string_equal(json_string_value(json_object_get(
				    json_array_get(rows, 2), "label")),
	                    "public");
	assert_string_equal(json_string_value(json_object_get(
				    json_array_get(rows, 0), "kind")),
	                    "bind");
	json_decref(o);
	free(text);
	plan_end(&p);
}

/* --- the judge -------------------------------------------------------------
 */

static void expect_verdict(struct vp_facts *f, enum vp_verdict verdict,
                           enum vp_severity worst)
{
	struct vp_judgement j;

	vp_judge(&j, f, f->arena);
	for (size_t i = 0; i < j.n_findings; i++) {
		if (j.findings[i].severity < worst)
			fail_msg("%s: %s", j.findings[i].type->id,
			         j.findings[i].detail);
	}
	assert_int_equal(j.verdict, verdict);
}

/* Asked for all names, in public words. */
static void add_reference(struct vp_facts *f, const char *text,
                          enum vp_resolver_source source)
{
	add_resolver(f, text, source);
	for (size_t i = 0; i < f->n_names; i++) {
		struct vp_dns_row *a = add_row(f, i, REFERENCE, VP_DNS_A);

		add_alias(f, a, f->names[i]->name, "stamp.example");
		add_address(f, a, "203.0.113.80");
		add_row(f, i, REFERENCE, VP_DNS_AAAA)->rcode = 3;
	}
}

static void what_it_says_is_not_wrong(void **state)
{
	static const struct {
		const char *server;
		enum vp_resolver_source source;
	} cases[] = {
		{ AZURE_DNS, VP_RESOLVER_AZURE }, /* the hub has the link */
		{ "203.0.113.9:53", VP_RESOLVER_COMPARE },
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct vp_facts *f = healthy();

		add_reference(f, cases[i].server, cases[i].source);
		expect_verdict(f, VP_VERDICT_PASS, VP_SEVERITY_INFO);
		vp_facts_destroy(f);
	}
}

static void its_silence_is_not_wrong(void **state)
{
	struct vp_facts *f = healthy();

	(void)state;
	add_reference(f, AZURE_DNS, VP_RESOLVER_AZURE);
	for (size_t i = 0; i < f->n_names; i++) {
		for (size_t k = 0; k < f->names[i]->n_rows; k++) {
			struct vp_dns_row *r = &f->names[i]->rows[k];

			if (r->resolver != REFERENCE)
				continue;
			clear_addresses(r);
			r->outcome = VP_OUTCOME_TIMEOUT;
			r->rcode = -1;
		}
	}
	expect_verdict(f, VP_VERDICT_PASS, VP_SEVERITY_INFO);
	vp_facts_destroy(f);
}

static void not_asked_is_complete(void **state)
{
	struct vp_facts *f = healthy();

	(void)state;
	add_resolver(f, AZURE_DNS, VP_RESOLVER_AZURE);
	expect_verdict(f, VP_VERDICT_PASS, VP_SEVERITY_INFO);
	vp_facts_destroy(f);
}

/* That a public server gives the address too does not make it come from this
 * machine's servers. */
static void it_is_no_witness_for_hosts(void **state)
{
	struct vp_facts *f = healthy();
	struct vp_judgement j;
	bool found = false;

	(void)state;
	add_reference(f, "203.0.113.9:53", VP_RESOLVER_COMPARE);
	clear_addresses(row(f, BLOB, NSS, 0));
	add_address(f, row(f, BLOB, NSS, 0), "203.0.113.80");
	vp_judge(&j, f, f->arena);
	for (size_t i = 0; i < j.n_findings; i++)
		found |= strcmp(j.findings[i].type->id, "dns-hosts-override") ==
		         0;
	assert_true(found);
	assert_int_equal(j.verdict, VP_VERDICT_FAIL);
	vp_facts_destroy(f);
}

/* An answer to another question does not stand for the name's own. */
static void other_questions_are_no_answers(void **state)
{
	struct vp_facts *f = healthy();

	(void)state;
	row(f, BLOB, FIRST, VP_DNS_A)->question = VP_QUESTION_ALIAS;
	expect_verdict(f, VP_VERDICT_INCONCLUSIVE, VP_SEVERITY_UNPROVEN);
	vp_facts_destroy(f);
}

static void only_our_question_may_leave(void **state)
{
	struct vp_facts *f = healthy();
	struct vp_judgement j;
	struct vp_flow *w;

	(void)state;
	add_reference(f, "203.0.113.9:53", VP_RESOLVER_COMPARE);
	w = add_flow(f, IPPROTO_UDP, "203.0.113.9:53", NULL);
	w->own = true;
	expect_verdict(f, VP_VERDICT_PASS, VP_SEVERITY_INFO);
	vp_judge(&j, f, f->arena);
	assert_int_equal(j.flows[0].class, VP_CLASS_OWN);
	assert_string_equal(j.flows[0].rule, "server given by --compare");
	w->own = false; /* an application */
	vp_judge(&j, f, f->arena);
	assert_int_equal(j.flows[0].class, VP_CLASS_LEAK_DNS);
	assert_int_equal(j.verdict, VP_VERDICT_LEAK);
	vp_facts_destroy(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(azure_by_setting_and_machine),
		cmocka_unit_test(azure_listed_is_judged),
		cmocka_unit_test(compare_comes_before_nss),
		cmocka_unit_test(compare_with_azure_is_azure),
		cmocka_unit_test(config_tells_kinds_and_list),
		cmocka_unit_test(judging_again_keeps_or_replaces),
		cmocka_unit_test(targets_prints_roles),
		cmocka_unit_test(what_it_says_is_not_wrong),
		cmocka_unit_test(its_silence_is_not_wrong),
		cmocka_unit_test(not_asked_is_complete),
		cmocka_unit_test(it_is_no_witness_for_hosts),
		cmocka_unit_test(other_questions_are_no_answers),
		cmocka_unit_test(only_our_question_may_leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
