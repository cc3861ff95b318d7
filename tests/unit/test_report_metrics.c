/*
 * test_report_metrics.c - metrics: golden files, and a strict reading of what
 * hostile facts become. tests/places/run shows the golden files to promtool.
 *
 * VP_UPDATE=1 rewrites the golden files for review.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "facts_builder.h"
#include "golden.h"
#include "report.h"

static __attribute__((noinline)) char *metrics_of(const struct vp_facts *f)
{
	struct vp_arena *arena = vp_arena_create();
	struct vp_judgement j;
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	vp_judge(&j, f, arena);
	assert_int_equal(vp_report_metrics(out, f, &j), 0);
	fclose(out);
	vp_arena_destroy(arena);
	return text;
}

/* --- a strict reader of the text format ---------------------------------- */

#define MAX_LINES 4096

struct reading {
	char *lines[MAX_LINES];
	size_t n;
	char family[128]; /* of the last # TYPE */
};

static const char *name_end(const char *p)
{
	if (*p >= '0' && *p <= '9')
		return NULL;
	while ((*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') ||
	       *p == '_')
		p++;
	return p;
}

/* One name="value"; what follows it, or NULL. */
static const char *label_end(const char *p)
{
	const char *end = name_end(p);

	if (end == NULL || end == p || end[0] != '=' || end[1] != '"')
		return NULL;
	for (p = end + 2; *p != '"'; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return NULL;
		if (*p != '\\')
			continue;
		p++;
		if (*p != '\\' && *p != '"' && *p != 'n')
			return NULL;
	}
	return p + 1;
}

/* name{labels}; what follows, or NULL. */
static const char *series_end(const char *p)
{
	p = name_end(p);
	if (p == NULL || *p != '{')
		return p;
	do {
		p = label_end(p + 1);
		if (p == NULL)
			return NULL;
	} while (*p == ',');
	return *p == '}' ? p + 1 : NULL;
}

static void check_value(const char *text, const char *line)
{
	char *end;
	double v = strtod(text, &end);

	if (end == text || *end != '\0' || v < 0)
		fail_msg("no number: %s", line);
}

static void check_comment(struct reading *r, const char *line)
{
	char type[16], name[128];

	if (strncmp(line, "# HELP ", 7) == 0)
		return;
	if (sscanf(line, "# TYPE %127s %15s", name, type) != 2 ||
	    strcmp(type, "gauge") != 0)
		fail_msg("no comment that is known: %s", line);
	snprintf(r->family, sizeof(r->family), "%s", name);
}

/* Cuts the line at its value: what is left names the series. */
static void check_sample(struct reading *r, char *line)
{
	const char *end = series_end(line);
	size_t family = strlen(r->family);

	if (end == NULL || *end != ' ')
		fail_msg("no sample: %s", line);
	if (strncmp(line, r->family, family) != 0 ||
	    (line[family] != '{' && line[family] != ' '))
		fail_msg("not of family %s: %s", r->family, line);
	check_value(end + 1, line);
	line[end - line] = '\0';
	for (size_t i = 0; i < r->n; i++) {
		if (strcmp(r->lines[i], line) == 0)
			fail_msg("twice: %s", line);
	}
	assert_true(r->n < MAX_LINES);
	r->lines[r->n++] = line;
}

static void read_strictly(struct reading *r, char *text)
{
	char *end;

	*r = (struct reading){ 0 };
	for (char *line = text; *line != '\0'; line = end + 1) {
		end = strchr(line, '\n');
		assert_non_null(end);
		*end = '\0';
		if (*line == '#')
			check_comment(r, line);
		else
			check_sample(r, line);
	}
}

/* --- tests --------------------------------------------------------------- */

/* The reader refuses what it should. */
static void test_reader(void **state)
{
	static const char *const bad[] = {
		"a{b=\"\\x\"} 1", "a{b=\"c} 1",    "a{b=c} 1",     "a{} 1",
		"1a 1",           "a{b=\"c\",} 1", "a{1=\"c\"} 1",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (series_end(bad[i]) != NULL)
			fail_msg("taken: %s", bad[i]);
	}
	assert_string_equal(series_end("a{b=\"\\\\\\\"\\n\",c=\"\"} 1"), " 1");
	assert_string_equal(series_end("a 1"), " 1");
}

static void test_golden(void **state)
{
	static const char *const names[] = { "healthy", "leaking",
		                             "reach-trouble", "no-rights",
		                             "dns-stub" };
	char path[256], why[256];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct reading r;
		struct vp_facts *f;
		char *text;

		snprintf(path, sizeof(path), "%s/golden/%s.json", VP_TEST_DATA,
		         names[i]);
		if (vp_report_read(&f, path, why, sizeof(why)) != 0)
			fail_msg("%s", why);
		text = metrics_of(f);
		snprintf(path, sizeof(path), "%s/golden/%s.prom", VP_TEST_DATA,
		         names[i]);
		compare_with_file(path, text);
		read_strictly(&r, text);
		assert_true(r.n > 30);
		free(text);
		vp_facts_destroy(f);
	}
}

static bool has_line(const char *text, const char *line)
{
	const char *at = strstr(text, line);

	return at != NULL && (at == text || at[-1] == '\n') &&
	       at[strlen(line)] == '\n';
}

static void test_values(void **state)
{
	struct vp_facts *f = healthy();
	char *text;

	(void)state;
	f->capture.dropped = 3;
	f->deadline_hit = true;
	text = metrics_of(f);
	assert_true(has_line(
		text, "vnetprobe_run_verdict{verdict=\"inconclusive\"} 1"));
	assert_true(
		has_line(text, "vnetprobe_run_verdict{verdict=\"pass\"} 0"));
	assert_true(has_line(text, "vnetprobe_run_exit_status 3"));
	assert_true(
		has_line(text, "vnetprobe_run_cut_short{by=\"deadline\"} 1"));
	assert_true(has_line(text,
	                     "vnetprobe_capture_packets{fate=\"dropped\"} 3"));
	free(text);
	vp_facts_destroy(f);
}

/* A label may hold anything; a file with one series twice is refused whole. */
static void test_hostile(void **state)
{
	static const char evil[] = "a\"b\\c\nd\x01\x7f\xff\xc3\xa4,e=\"f\"}";
	struct vp_facts *f = healthy();
	struct reading r;
	char *text;

	(void)state;
	f->hostname = copy(f, evil);
	f->region = NULL;
	f->names[BLOB]->name = copy(f, evil);
	f->names[VAULT]->name = copy(f, evil);
	f->targets[VAULT].kind = f->targets[BLOB].kind;
	f->targets[VAULT].addresses[0].addr =
		f->targets[BLOB].addresses[0].addr;
	f->targets[VAULT].addresses[0].tcp.outcome = VP_OUTCOME_OK;
	f->targets[VAULT].addresses[0].tcp.elapsed_us = UINT64_MAX;
	f->resolvers[SECOND] = f->resolvers[FIRST];
	f->started_us = -1;
	text = metrics_of(f);
	assert_true(has_line(text,
	                     "vnetprobe_run_start_timestamp_seconds 0.000000"));
	assert_non_null(strstr(text, "host=\"a\\\"b\\\\c\\nd\\\\x01\\\\x7f"
	                             "\\\\xff\xc3\xa4,e=\\\"f\\\"}\""));
	read_strictly(&r, text);
	free(text);
	vp_facts_destroy(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reader),
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
