/* What Tab offers, held against the tables and against what options refuse. */
#include "completion.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "forwarder.h"
#include "judge.h"
#include "settings.h"
#include "vnetprobe/arena.h"

static char *script(void)
{
	char *text = NULL, *copy;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	vp_completion_print(f);
	fclose(f);
	copy = strdup(text); /* gcc takes text itself for one that dangles */
	assert_non_null(copy);
	free(text);
	return copy;
}

/* word stands in the list, between blanks or quotes. */
static bool has_word(const char *list, const char *end, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = list; (at = strstr(at, word)) != NULL && at < end;
	     at++) {
		if ((at == list || at[-1] == ' ' || at[-1] == '\'') &&
		    (at[len] == ' ' || at[len] == '\'' || at[len] == '\0'))
			return true;
	}
	return false;
}

static const char *line_with(const char *text, const char *start,
                             const char **end)
{
	const char *at = strstr(text, start);

	if (at == NULL)
		fail_msg("the script lacks %s", start);
	*end = strchr(at, '\n');
	assert_non_null(*end);
	return at;
}

/* Each option of each command, and no option of another one. */
static void test_options(void **state)
{
	char *text = script(), name[80], start[64];
	const struct vp_command_row *c;
	const struct vp_option *o;
	const char *line, *end;
	size_t n_c, n_o;

	(void)state;
	c = vp_options_commands(&n_c);
	o = vp_options_table(&n_o);
	for (size_t i = 0; i < n_c; i++) {
		if (!c[i].built)
			continue;
		snprintf(start, sizeof(start), "\t%s) options=", c[i].name);
		line = line_with(text, start, &end);
		for (size_t k = 0; k < n_o; k++) {
			bool of = (o[k].commands & VP_FOR(c[i].command)) != 0;

			snprintf(name, sizeof(name), "--%s", o[k].name);
			if (has_word(line, end, name) != of)
				fail_msg("%s %s: offered wrongly", c[i].name,
				         name);
		}
	}
	free(text);
}

static void test_commands_and_findings(void **state)
{
	char *text = script();
	const struct vp_command_row *c;
	const struct vp_finding_type *f;
	const char *line, *end;
	size_t n;

	(void)state;
	c = vp_options_commands(&n);
	line = line_with(text, "\tlocal commands='", &end);
	for (size_t i = 0; i < n; i++)
		assert_true(has_word(line, end, c[i].name) == c[i].built);
	f = vp_finding_types(&n);
	line = line_with(text, "\tlocal ids='", &end);
	for (size_t i = 0; i < n; i++) {
		if (!has_word(line, end, f[i].id))
			fail_msg("%s is not offered", f[i].id);
	}
	free(text);
}

/* "'?' is not one of a, b, c": what the option itself takes. */
static void compare_with_refusal(struct vp_arena *arena,
                                 const struct vp_option *o)
{
	struct vp_settings s = { .arena = arena };
	const char *words = vp_completion_words(o, arena), *list;
	char why[512] = "", *copy, *save = NULL;
	unsigned n = 0, offered = 0;

	if (o->argument == NULL || strcmp(o->name, "emit") == 0)
		return;
	if (o->set(&s, "?", why, sizeof(why)) == 0 ||
	    (list = strstr(why, " is not one of ")) == NULL) {
		if (*words != '\0')
			fail_msg("--%s takes anything, and \"%s\" is offered",
			         o->name, words);
		return;
	}
	copy = vp_arena_strdup(arena, list + strlen(" is not one of "));
	for (char *w = strtok_r(copy, ", ", &save); w != NULL;
	     w = strtok_r(NULL, ", ", &save), n++) {
		w[strcspn(w, ";")] = '\0';
		if (!has_word(words, words + strlen(words), w))
			fail_msg("--%s takes %s, which is not offered", o->name,
			         w);
	}
	for (const char *w = words; *w != '\0'; w++)
		offered += *w == ' ';
	assert_int_equal(offered + 1, n);
}

static void test_words(void **state)
{
	struct vp_arena *arena = vp_arena_create();
	const struct vp_option *o;
	size_t n;

	(void)state;
	o = vp_options_table(&n);
	for (size_t i = 0; i < n; i++)
		compare_with_refusal(arena, &o[i]);
	vp_arena_destroy(arena);
}

/* --emit leaves its words to vp_emit(). */
static void test_emit_words(void **state)
{
	static const char *const words[] = { "bind",    "unbound", "dnsmasq",
		                             "coredns", "windows", "hosts" };
	struct vp_arena *arena = vp_arena_create();
	const struct vp_option *o;
	size_t n;

	(void)state;
	o = vp_options_table(&n);
	for (size_t i = 0; i < n; i++) {
		const char *offered = vp_completion_words(&o[i], arena);
		struct vp_settings s = { .arena = arena, .emit = "?" };
		struct vp_facts *facts;
		char why[256] = "";

		if (strcmp(o[i].name, "emit") != 0)
			continue;
		facts = vp_facts_create();
		assert_int_equal(vp_emit(stderr, facts, &s, why, sizeof(why)),
		                 2);
		for (size_t k = 0; k < sizeof(words) / sizeof(*words); k++) {
			assert_non_null(strstr(why, words[k]));
			assert_true(has_word(offered, offered + strlen(offered),
			                     words[k]));
		}
		vp_facts_destroy(facts);
	}
	vp_arena_destroy(arena);
}

static void test_other_shells(void **state)
{
	char why[128] = "";

	(void)state;
	assert_int_equal(vp_completion_known("bash", why, sizeof(why)), 0);
	assert_true(vp_completion_known("fish", why, sizeof(why)) < 0);
	assert_string_equal(why, "'fish' is not one of bash");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_commands_and_findings),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_emit_words),
		cmocka_unit_test(test_other_shells),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
