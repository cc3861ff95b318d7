/*
 * Of the names that a resource may have, those that exist are judged: what does
 * not exist is passed over only where everybody says so and another one does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../../agent/judge.h"
#include "../../agent/report.h"
#include "facts_builder.h"

#define ONE "ci.eastus.instances.azureml.ms"
#define TWO "ci.eastus.instances.ml.azure.ms"

enum { FIRST_NAME = N_TARGETS, SECOND_NAME };

/* The name exists nowhere. */
static void absent(struct vp_facts *f, size_t name)
{
	for (size_t i = 0; i < f->names[name]->n_rows; i++) {
		struct vp_dns_row *r = &f->names[name]->rows[i];

		clear_addresses(r);
		r->chain = NULL;
		r->n_chain = 0;
		r->rcode = r->type == 0 ? -1 : 3;
		r->soa = (struct vp_soa){ 0 };
	}
	f->targets[name].addresses = NULL;
	f->targets[name].n_addresses = 0;
}

static struct vp_facts *instance(void)
{
	struct vp_facts *f = healthy();
	static const char *const names[] = { ONE, TWO };

	for (size_t i = 0; i < 2; i++) {
		struct vp_target *t;

		add_target(f, names[i], "g.privatelink.api.azureml.ms",
		           "privatelink.api.azureml.ms",
		           VP_KIND_COMPUTE_INSTANCE, "10.20.2.4");
		t = &f->targets[f->n_targets - 1];
		t->zone = NULL;
		t->alternative_of = copy(f, "ci.eastus");
	}
	f->capture.attested_expected = f->capture.attested_seen = 25;
	return f;
}

/* Only the first one is in use. */
static struct vp_facts *used(void)
{
	struct vp_facts *f = instance();

	absent(f, SECOND_NAME);
	return f;
}

static size_t count(const struct vp_judgement *j, const char *id,
                    const char *name)
{
	size_t n = 0;

	for (size_t i = 0; i < j->n_findings; i++) {
		const struct vp_finding *one = &j->findings[i];

		if (*id == '*' ? one->severity > VP_SEVERITY_ERROR
		               : strcmp(one->type->id, id) != 0)
			continue;
		n++;
		if (name != NULL && one->n_names == 0)
			return 1; /* about the run */
		for (size_t k = 0; name != NULL && k < one->n_names; k++) {
			if (strcmp(one->names[k], name) == 0)
				return 1;
		}
	}
	return name != NULL ? 0 : n;
}

/* The verdict, how often the suffix is called unused, and a finding about the
 * second name ("*": any error, NULL: nothing above info). */
static void expect(struct vp_facts *f, enum vp_verdict verdict, size_t unused,
                   const char *id)
{
	struct vp_judgement j;

	vp_judge(&j, f, f->arena);
	if (j.verdict != verdict)
		fail_msg("%s: %s", j.summary, j.findings[0].type->id);
	assert_int_equal(count(&j, "dns-suffix-unused", NULL), unused);
	if (id == NULL || (*id != '*' && strcmp(id, "dns-name-unknown") != 0))
		assert_int_equal(count(&j, "dns-name-unknown", NULL), 0);
	if (id != NULL && count(&j, id, TWO) == 0)
		fail_msg("no %s: %s", id, j.findings[0].type->id);
	for (size_t i = 0; id == NULL && i < j.n_findings; i++) {
		if (j.findings[i].severity < VP_SEVERITY_INFO)
			fail_msg("%s", j.findings[i].type->id);
	}
	vp_facts_destroy(f);
}

static void test_used(void **state)
{
	struct vp_judgement j;
	struct vp_facts *f = used();
	struct vp_target *t;

	(void)state;
	vp_judge(&j, f, f->arena);
	assert_int_equal(j.n_findings, 1);
	assert_non_null(strstr(j.findings[0].detail, ONE " does"));
	assert_non_null(strstr(j.findings[0].target, TWO));
	assert_int_equal(j.targets[FIRST_NAME], VP_TARGET_OK);
	assert_int_equal(j.targets[SECOND_NAME], VP_TARGET_UNUSED);
	vp_facts_destroy(f);
	expect(used(), VP_VERDICT_PASS, 1, NULL);
	expect(instance(), VP_VERDICT_PASS, 0, NULL); /* both exist */
	f = used(); /* nobody derived it: it was asked for */
	f->targets[SECOND_NAME].alternative_of = NULL;
	expect(f, VP_VERDICT_FAIL, 0, "dns-name-unknown");
	f = used(); /* the one in use was told whole */
	f->targets[FIRST_NAME].alternative_of = NULL;
	expect(f, VP_VERDICT_PASS, 1, NULL);
	f = used(); /* a target of its own stands beside it */
	t = VP_PUSH(f->arena, f->targets, f->n_targets);
	*t = f->targets[SECOND_NAME];
	t->port = 22;
	t->alternative_of = NULL;
	expect(f, VP_VERDICT_FAIL, 0, "dns-name-unknown");
	f = used(); /* of another instance */
	f->targets[SECOND_NAME].alternative_of = copy(f, "ci.eastus2");
	expect(f, VP_VERDICT_FAIL, 0, "dns-name-unknown");
}

/* A page of the report without spaces twice, so that a test may look for what
 * stands in a line. */
static const char *page(struct vp_facts *f, const struct vp_judgement *j,
                        bool dns)
{
	struct vp_text_style style = { .columns = 80 };
	char *text = NULL, *to, *copied;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (dns)
		vp_report_dns(out, f, j, &style);
	else
		vp_report_text(out, f, j, &style);
	fclose(out);
	to = text;
	for (const char *from = text; *from != '\0'; from++) {
		if (*from != ' ' || to == text || to[-1] != ' ')
			*to++ = *from;
	}
	*to = '\0';
	copied = copy(f, text);
	free(text);
	return copied;
}

/* What does not exist is no target that is as expected. */
static void test_counted(void **state)
{
	struct vp_facts *f = used();
	struct vp_judgement j;
	char all[64];

	(void)state;
	snprintf(all, sizeof(all), "all %u targets are", N_TARGETS + 1);
	vp_judge(&j, f, f->arena);
	assert_non_null(strstr(j.summary, all));
	assert_non_null(strstr(page(f, &j, false), "\n unused " TWO));
	assert_null(strstr(page(f, &j, false), "no address"));
	assert_non_null(strstr(page(f, &j, true), "\n unused " TWO));
	assert_null(strstr(page(f, &j, true), "Names in trouble"));
	vp_facts_destroy(f);
	f = instance(); /* both exist */
	snprintf(all, sizeof(all), "all %u targets are", N_TARGETS + 2);
	vp_judge(&j, f, f->arena);
	assert_non_null(strstr(j.summary, all));
	assert_null(strstr(page(f, &j, false), "unused"));
	vp_facts_destroy(f);
	f = used(); /* one of those that exist is not as expected */
	go_public(f, FIRST_NAME, FIRST, "203.0.113.20");
	snprintf(all, sizeof(all), "%u of %u targets are", N_TARGETS,
	         N_TARGETS + 1);
	vp_judge(&j, f, f->arena);
	assert_non_null(strstr(j.summary, all));
	assert_int_equal(j.targets[FIRST_NAME], VP_TARGET_FAIL);
	assert_int_equal(j.targets[SECOND_NAME], VP_TARGET_UNUSED);
	vp_facts_destroy(f);
}

/* Of what is only told, this stands last. */
static void test_last(void **state)
{
	struct vp_facts *f = used();
	struct vp_allow_rule *a;
	struct vp_judgement j;

	(void)state;
	a = VP_PUSH(f->arena, f->policy.allow, f->policy.n_allow);
	a->prefix = prefix("203.0.113.0/24");
	a->reason = copy(f, "it may");
	add_flow(f, IPPROTO_TCP, "203.0.113.80:443", "telemetry.example");
	vp_judge(&j, f, f->arena);
	assert_true(j.n_findings > 1);
	assert_string_equal(j.findings[j.n_findings - 1].type->id,
	                    "dns-suffix-unused");
	vp_facts_destroy(f);
}

/* Neither exists: said once, of both. */
static void test_neither(void **state)
{
	struct vp_facts *f = used();
	struct vp_judgement j;

	(void)state;
	absent(f, FIRST_NAME);
	vp_judge(&j, f, f->arena);
	assert_int_equal(j.verdict, VP_VERDICT_FAIL);
	assert_int_equal(count(&j, "dns-name-unknown", NULL), 1);
	assert_int_equal(count(&j, "dns-name-unknown", ONE), 1);
	assert_int_equal(count(&j, "dns-name-unknown", TWO), 1);
	vp_facts_destroy(f);
}

/* What exists is judged. */
static void test_exists(void **state)
{
	struct vp_facts *f = instance();

	(void)state;
	go_public(f, SECOND_NAME, FIRST, "203.0.113.20");
	expect(f, VP_VERDICT_FAIL, 0, "*");
	f = used(); /* the one in use is public, and the other not there */
	go_public(f, FIRST_NAME, FIRST, "203.0.113.20");
	expect(f, VP_VERDICT_FAIL, 1, "dns-suffix-unused");
	f = used(); /* at one server it exists */
	add_address(f, row(f, SECOND_NAME, FIRST, VP_DNS_A), "203.0.113.20");
	row(f, SECOND_NAME, FIRST, VP_DNS_A)->rcode = 0;
	expect(f, VP_VERDICT_FAIL, 0, "*");
	f = used(); /* as an IPv6 address only */
	add_address(f, row(f, SECOND_NAME, FIRST, VP_DNS_AAAA), "2001:db8::1");
	row(f, SECOND_NAME, FIRST, VP_DNS_AAAA)->rcode = 0;
	expect(f, VP_VERDICT_FAIL, 0, "*");
	f = used(); /* the name exists, without an address */
	row(f, SECOND_NAME, SECOND, VP_DNS_A)->rcode = 0;
	expect(f, VP_VERDICT_FAIL, 0, "*");
	f = used(); /* an alias leads on, to nothing */
	add_alias(f, row(f, SECOND_NAME, FIRST, VP_DNS_A), TWO, "x.example");
	expect(f, VP_VERDICT_FAIL, 0, "*");
	f = used(); /* programs get an address from elsewhere */
	add_address(f, row(f, SECOND_NAME, NSS, 0), "10.20.2.4");
	expect(f, VP_VERDICT_FAIL, 0, "*");
}

/* Where it could not be looked, nothing is passed over. */
static void test_unseen(void **state)
{
	struct vp_facts *f = used();
	struct vp_judgement j;

	(void)state;
	row(f, SECOND_NAME, FIRST, VP_DNS_A)->outcome = VP_OUTCOME_TIMEOUT;
	expect(f, VP_VERDICT_FAIL, 0, "dns-timeout");
	f = used();
	row(f, SECOND_NAME, FIRST, VP_DNS_A)->rcode = 2;
	row(f, SECOND_NAME, FIRST, VP_DNS_AAAA)->rcode = 2;
	expect(f, VP_VERDICT_FAIL, 0, "dns-servfail");
	f = used();
	row(f, SECOND_NAME, FIRST, VP_DNS_AAAA)->outcome = VP_OUTCOME_TIMEOUT;
	expect(f, VP_VERDICT_FAIL, 0, "dns-timeout");
	f = used(); /* programs could not look */
	row(f, SECOND_NAME, NSS, 0)->outcome = VP_OUTCOME_TIMEOUT;
	expect(f, VP_VERDICT_FAIL, 0, "dns-timeout");
	f = used(); /* at the other name it could not be looked */
	absent(f, FIRST_NAME);
	for (size_t r = FIRST; r <= NSS; r++) {
		row(f, FIRST_NAME, r, r == NSS ? 0 : VP_DNS_A)->outcome =
			VP_OUTCOME_TIMEOUT;
		if (r != NSS)
			row(f, FIRST_NAME, r, VP_DNS_AAAA)->outcome =
				VP_OUTCOME_TIMEOUT;
	}
	vp_judge(&j, f, f->arena);
	assert_int_equal(j.verdict, VP_VERDICT_FAIL);
	assert_int_equal(j.targets[SECOND_NAME], VP_TARGET_UNPROVEN);
	assert_int_equal(count(&j, "dns-name-unknown", NULL), 0);
	assert_int_equal(count(&j, "dns-timeout", ONE), 1);
	vp_facts_destroy(f);
	f = used(); /* cut short: only programs had their answer */
	f->interrupted = true;
	for (size_t i = 0; i < f->names[SECOND_NAME]->n_rows; i++) {
		struct vp_dns_row *r = &f->names[SECOND_NAME]->rows[i];

		if (r->type != 0)
			r->outcome = VP_OUTCOME_CANCELLED;
	}
	expect(f, VP_VERDICT_INCONCLUSIVE, 0, "interrupted");
	f = used();
	f->names[SECOND_NAME]->n_rows = 0; /* never asked */
	expect(f, VP_VERDICT_INCONCLUSIVE, 0, "not-looked-at");
}

/* Somebody who is asked only to compare. */
static void test_reference(void **state)
{
	struct vp_facts *f = used();
	struct vp_dns_row *r;
	size_t azure = f->n_resolvers;

	(void)state;
	add_resolver(f, "168.63.129.16:53", VP_RESOLVER_AZURE);
	r = add_row(f, SECOND_NAME, azure, VP_DNS_A);
	r->rcode = 2; /* of no use */
	expect(f, VP_VERDICT_PASS, 1, NULL);
	f = used();
	add_resolver(f, "168.63.129.16:53", VP_RESOLVER_AZURE);
	r = add_row(f, SECOND_NAME, azure, VP_DNS_A);
	add_address(f, r, "10.20.2.4");
	expect(f, VP_VERDICT_FAIL, 0, "dns-zone-shadowed");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_used),
		cmocka_unit_test(test_counted),
		cmocka_unit_test(test_last),
		cmocka_unit_test(test_neither),
		cmocka_unit_test(test_exists),
		cmocka_unit_test(test_unseen),
		cmocka_unit_test(test_reference),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
