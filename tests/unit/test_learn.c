/* The list that --learn proposes: a config that is refused until each rule has
 * its reason, and that then explains just what it was made of. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config.h"
#include "facts_builder.h"
#include "flow_tags.h"
#include "learn.h"
#include "plan.h"

#define SAMPLE VP_TEST_DATA "/data/ServiceTags_Sample_20260601.json"

static struct vp_flow *flow(struct vp_facts *f, const char *remote,
                            const char *name, const char *process)
{
	struct vp_flow *w = add_flow(f, IPPROTO_TCP, remote, NULL);

	if (name != NULL)
		bind_name(f, w, name);
	w->process = copy(f, process);
	return w;
}

static void fill_tags(struct vp_facts *f)
{
	struct vp_service_tags *t;
	char why[512];

	if (vp_service_tags_read(&t, SAMPLE, why, sizeof(why)) != 0)
		fail_msg("%s", why);
	vp_service_tags_describe(t, f->arena, &f->policy.tags);
	vp_flow_tags_fill(f, t);
	vp_service_tags_destroy(t);
}

static char *learn(struct vp_facts *f)
{
	struct vp_judgement j;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	vp_judge(&j, f, f->arena);
	assert_int_equal(vp_learn(out, f, &j), 0);
	fclose(out);
	return text;
}

static int parse(struct vp_settings *s, struct vp_facts *f, const char *text,
                 char *why, size_t size)
{
	*s = (struct vp_settings){ .arena = f->arena };
	s->cloud = copy(f, "public");
	s->scenario = copy(f, "secured");
	return vp_config_parse(s, "learnt.yaml", (const unsigned char *)text,
	                       strlen(text), why, size);
}

static char *with_reasons(struct vp_facts *f, const char *text)
{
	static const char empty[] = "reason: \"\"";
	char *all = copy(f, "");

	for (const char *p; (p = strstr(text, empty)) != NULL;
	     text = p + strlen(empty))
		all = vp_arena_printf(f->arena, "%s%.*sreason: \"wanted\"", all,
		                      (int)(p - text), text);
	return vp_arena_printf(f->arena, "%s%s", all, text);
}

/* Judged again by the list alone: every unexplained flow is allowed now. */
static void closes_the_gap(struct vp_facts *f, const char *text, size_t n_rules)
{
	struct vp_service_tags *tags;
	struct vp_judgement before, after;
	struct vp_settings s;
	char why[1024];

	assert_int_not_equal(parse(&s, f, text, why, sizeof(why)), 0);
	assert_non_null(strstr(why, "reason: is empty: say why"));
	if (parse(&s, f, with_reasons(f, text), why, sizeof(why)) != 0)
		fail_msg("%s\n%s", why, text);
	assert_int_equal(s.n_allow, n_rules);
	if (vp_flow_tags_open(&tags, f, &s, why, sizeof(why)) != 0)
		fail_msg("%s", why);
	vp_service_tags_destroy(tags);
	vp_judge(&before, f, f->arena);
	for (size_t i = 0; i < s.n_allow; i++)
		*VP_PUSH(f->arena, f->policy.allow, f->policy.n_allow) =
			s.allow[i];
	vp_judge(&after, f, f->arena);
	for (size_t i = 0; i < f->n_flows; i++) {
		enum vp_flow_class was = before.flows[i].class;

		if (was == VP_CLASS_UNEXPLAINED && !f->flows[i].of_others)
			was = VP_CLASS_ALLOWED;
		if (after.flows[i].class != was)
			fail_msg("flow %zu is %s, not %s:\n%s", i,
			         vp_flow_class_name(after.flows[i].class),
			         vp_flow_class_name(was), text);
	}
}

static void has(const char *text, const char *what)
{
	if (strstr(text, what) == NULL)
		fail_msg("lacks:\n%s\nin:\n%s", what, text);
}

static void lacks(const char *text, const char *what)
{
	if (strstr(text, what) != NULL)
		fail_msg("has:\n%s\nin:\n%s", what, text);
}

static void by_name_tag_and_address(void **state)
{
	struct vp_facts *f = healthy();
	char *text;

	(void)state;
	flow(f, "192.0.2.9:443", "PyPI.example", "pip");
	flow(f, "192.0.2.10:443", "pypi.example", "pip");
	flow(f, "192.0.2.10:80", "pypi.example", "pip");
	flow(f, "203.0.113.100:443", NULL, "agent");  /* AzureMonitor */
	flow(f, "203.0.113.101:443", NULL, "other");  /* the same tag */
	flow(f, "198.51.100.200:443", NULL, "agent"); /* AzureCloud only */
	flow(f, "192.0.2.77:123", NULL, NULL);
	fill_tags(f);
	text = learn(f);
	has(text, "    - name: \"PyPI.example\"\n      port: 443\n"
	          "      process: \"pip\"\n      reason: \"\"\n");
	has(text, "    - name: \"pypi.example\"\n      port: 80\n");
	has(text, "    - service_tag: \"AzureMonitor\"\n      port: 443\n"
	          "      reason: \"\"\n"); /* two processes: none */
	has(text, "    - prefix: \"198.51.100.200\"\n");
	has(text, "    - prefix: \"192.0.2.77\"\n      port: 123\n"
	          "      reason: \"\"\n");
	has(text, "    # 2 flows, 2468 bytes out, 11356 in, from "
	          "2026-09-21T");
	has(text, "    # sent by a process that is not known\n");
	has(text, "  service_tags: \"" SAMPLE "\"\n");
	lacks(text, "AzureCloud");
	lacks(text, "other names");
	closes_the_gap(f, text, 5);
	free(text);
	vp_facts_destroy(f);
}

/* What is only claimed, ran out, or goes by another name is no name. */
static void names_not_proven(void **state)
{
	struct vp_facts *f = healthy();
	char *text;

	(void)state;
	flow(f, "192.0.2.1:443", NULL, NULL)->sni = copy(f, "claim.example");
	flow(f, "192.0.2.2:443", "old.example", NULL)->names[0].current = false;
	flow(f, "192.0.2.3:443", "front.example", NULL)->sni =
		copy(f, "behind.example");
	flow(f, "192.0.2.4:443", "odd\n- name.example", NULL);
	flow(f, "192.0.2.5:443", "*.example", NULL);
	text = learn(f);
	lacks(text, "- name: ");
	has(text, "# claimed, and no answer seen proves it: claim.example\n");
	has(text, "# the address has other names, too: odd?- name.example\n");
	closes_the_gap(f, text, 5);
	free(text);
	vp_facts_destroy(f);
}

static void processes(void **state)
{
	struct vp_facts *f = healthy();
	struct vp_flow *w;
	char *text;

	(void)state;
	flow(f, "192.0.2.1:443", NULL, "a \"b\\c");
	flow(f, "192.0.2.2:443", NULL, "bell\a");
	flow(f, "192.0.2.3:443", NULL, "kworker/0:1"); /* would be a path */
	flow(f, "192.0.2.4:443", NULL, "shared")->n_owners = 2;
	flow(f, "192.0.2.5:443", NULL, "\xc3\xa9");
	w = flow(f, "192.0.2.6:443", NULL, "chronyd");
	w->owner = vp_arena_alloc(f->arena, sizeof(*w->owner));
	w->owner->executable = copy(f, "/usr/bin/python3.11");
	text = learn(f);
	has(text, "      process: \"a \\\"b\\\\c\"\n");
	has(text, "# sent by bell?\n");
	lacks(text, "process: \"bell");
	lacks(text, "process: \"kworker");
	lacks(text, "process: \"shared");
	has(text, "# sent by chronyd (/usr/bin/python3.11)\n");
	has(text, "      process: \"python3.11\"\n");
	lacks(text, "process: \"chronyd");
	closes_the_gap(f, text, 6);
	free(text);
	vp_facts_destroy(f);
}

static void never_for_leaks(void **state)
{
	struct vp_facts *f = healthy();
	struct vp_judgement j;
	char *text;

	(void)state;
	add_flow(f, IPPROTO_TCP, "203.0.113.20:443",
	         "stlab.blob.core.windows.net");
	add_flow(f, IPPROTO_UDP, "203.0.113.53:53", NULL);
	add_flow(f, IPPROTO_TCP, "203.0.113.7:40000", NULL)->direction =
		VP_DIRECTION_IN;
	flow(f, "192.0.2.1:443", NULL, NULL)->of_others = true;
	vp_judge(&j, f, f->arena);
	assert_int_equal(j.flows[0].class, VP_CLASS_LEAK_TARGET);
	assert_int_equal(j.flows[1].class, VP_CLASS_LEAK_DNS);
	text = learn(f);
	has(text, "#   tcp 203.0.113.20:443: public address of stlab.");
	has(text, "#   udp 203.0.113.53:53: DNS to a public resolver\n");
	has(text, "#   tcp 203.0.113.7:40000: the peer sent");
	has(text, "# No rule for 1 flow of processes that are not the");
	has(text, "egress:\n  allow: []\n");
	lacks(text, "- prefix");
	free(text);
	vp_facts_destroy(f);
}

/* Somebody's storage is not to be allowed, however it is known; a name of a
 * service without private endpoints is, as is the storage's neighbour. */
static void never_for_private_services(void **state)
{
	struct vp_facts *f = healthy();
	struct vp_flow *w;
	char *text;

	(void)state;
	flow(f, "203.0.113.30:443", "stother.blob.core.windows.net", "azcopy");
	flow(f, "203.0.113.31:443", "STOTHER.blob.core.windows.net", "azcopy");
	flow(f, "203.0.113.32:443", NULL, "az")->sni =
		copy(f, "kv\n- name.vault.azure.net"); /* claimed */
	flow(f, "203.0.113.37:443", "stfifth.blob.core.windows.net", "az");
	flow(f, "203.0.113.37:443", "stfifth.blob.core.windows.net", "az");
	flow(f, "203.0.113.33:443", "crother.azurecr.io", "docker")
		->names[0]
		.current = false;
	flow(f, "203.0.113.34:443", "westeurope.api.azureml.ms", "az");
	flow(f, "203.0.113.35:443", "dc.services.visualstudio.com", "az");
	w = flow(f, "203.0.113.36:443", "stthird.blob.core.windows.net", "pip");
	bind_name(f, w, "pypi.example");
	w->sni = copy(f, "pypi.example"); /* what it meant */
	w->sni_bound = true;
	text = learn(f);
	has(text, "# No rule for these: names of services that have private "
	          "endpoints, reached at a\n# public address. Give what is");
	has(text, "#   stother.blob.core.windows.net: 2 flows, tcp "
	          "203.0.113.30:443 and others\n");
	has(text, "#   stfifth.blob.core.windows.net: 2 flows, tcp "
	          "203.0.113.37:443\n");
	has(text, "#   kv?- name.vault.azure.net: 1 flow, tcp "
	          "203.0.113.32:443\n");
	has(text, "#   crother.azurecr.io: 1 flow, tcp 203.0.113.33:443\n");
	lacks(text, "name: \"stother");
	lacks(text, "203.0.113.30\"");
	lacks(text, "203.0.113.32\"");
	lacks(text, "203.0.113.33\"");
	has(text, "    - name: \"dc.services.visualstudio.com\"\n");
	has(text, "    - name: \"pypi.example\"\n");
	free(text);
	f->scenario = copy(f, "no-vnet"); /* there it is public */
	text = learn(f);
	has(text, "    - name: \"stother.blob.core.windows.net\"\n");
	lacks(text, "private endpoints");
	free(text);
	vp_facts_destroy(f);
}

static void many_private_names(void **state)
{
	struct vp_facts *f = healthy();
	char name[64], *text;

	(void)state;
	for (unsigned i = 0; i < 25; i++) {
		snprintf(name, sizeof(name), "st%u.blob.core.windows.net", i);
		flow(f, "203.0.113.30:443", name, NULL);
	}
	text = learn(f);
	has(text, "#   and 5 more names\n");
	has(text, "egress:\n  allow: []\n");
	free(text);
	vp_facts_destroy(f);
}

static void nothing(void **state)
{
	struct vp_facts *f = healthy();
	struct vp_settings s;
	char why[512], *text;

	(void)state;
	text = learn(f);
	has(text, "egress:\n  allow: []\n");
	if (parse(&s, f, text, why, sizeof(why)) != 0)
		fail_msg("%s", why);
	assert_int_equal(s.n_allow, 0);
	free(text);
	vp_facts_destroy(f);
}

/* A flood does not push the busiest out, and is not written down whole. */
static void many(void **state)
{
	struct vp_facts *f = healthy();
	char remote[64], *text;

	(void)state;
	for (unsigned i = 0; i < 5000; i++) {
		snprintf(remote, sizeof(remote), "192.0.%u.%u:443", 2 + i / 250,
		         i % 250);
		flow(f, remote, NULL, NULL);
	}
	flow(f, "198.18.0.9:443", NULL, NULL)->flows = 70;
	f->capture.state = VP_CAPTURE_PARTIAL;
	f->capture.reason = copy(f, "packets\nwere lost");
	text = learn(f);
	has(text, "  allow:\n    # 70 flows, ");
	has(text, "    # and 4801 more, each of fewer flows");
	has(text, "# Not all packets were seen: there may be more. "
	          "packets?were lost\n");
	free(text);
	vp_facts_destroy(f);
}

static void not_writable(void **state)
{
	struct vp_facts *f = healthy();
	FILE *out = fopen("/dev/full", "w");
	struct vp_judgement j;

	(void)state;
	assert_non_null(out);
	vp_judge(&j, f, f->arena);
	assert_int_not_equal(vp_learn(out, f, &j), 0);
	fclose(out);
	vp_facts_destroy(f);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_name_tag_and_address),
		cmocka_unit_test(names_not_proven),
		cmocka_unit_test(processes),
		cmocka_unit_test(never_for_leaks),
		cmocka_unit_test(never_for_private_services),
		cmocka_unit_test(many_private_names),
		cmocka_unit_test(nothing),
		cmocka_unit_test(many),
		cmocka_unit_test(not_writable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
