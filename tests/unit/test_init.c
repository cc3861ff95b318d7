/* A config from answers and from what was found: nothing typed is lost, and
 * what is not complete is said. */
#include "init.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config.h"
#include "found.h"
#include "plan.h"

#define GUID "3f8a2c1e-5b7d-4e9f-8a6b-1c2d3e4f5a6b"

struct asked {
	struct vp_arena *arena;
	struct vp_discovery d;
	bool ok;
	char why[512];
};

static struct asked answer(const char *text, size_t len)
{
	struct asked a = { .arena = vp_arena_create() };
	FILE *in = fmemopen((void *)(uintptr_t)text, len, "r");
	FILE *out = fopen("/dev/null", "w");

	assert_non_null(in);
	assert_non_null(out);
	a.ok = vp_init_ask(a.arena, &a.d, in, out, false, a.why, sizeof(a.why));
	fclose(in);
	fclose(out);
	return a;
}

/* What `targets -c` says of it: NULL, or why not. */
static char *refused(struct vp_arena *arena, const char *text)
{
	struct vp_facts *facts = vp_facts_create();
	struct vp_settings s = { .arena = facts->arena,
		                 .command = VP_COMMAND_TARGETS,
		                 .config = (char[]){ "c" },
		                 .emit = (char[]){ "hosts" } };
	char why[1024] = "";
	int err;

	s.cloud = vp_arena_strdup(s.arena, "public");
	s.scenario = vp_arena_strdup(s.arena, "secured");
	err = vp_config_parse(&s, "c", (const unsigned char *)text,
	                      strlen(text), why, sizeof(why));
	if (err == 0)
		err = vp_plan_make(facts, &s, why, sizeof(why));
	vp_facts_destroy(facts);
	return err == 0 ? NULL : vp_arena_strdup(arena, why);
}

static void test_lacks(void **state)
{
	static const struct {
		const char *answers, *lacks; /* NULL: complete */
		const char *const words[8];  /* in the config */
	} rows[] = {
		{ "public\neastus\nmlw-lab\n\n\nstlab\nkv-lab\ncrlab\nci-one\n"
		  "score\n10.20.0.0/16\n",
		  "the workspace mlw-lab is NOT complete: its id is missing; "
		  "az "
		  "ml workspace show -g RG -n mlw-lab --query workspace_id -o "
		  "tsv",
		  { "\nworkspace:", "\"mlw-lab\"", "\"stlab\"", "\"kv-lab\"",
		    "\"crlab\"", "\"ci-one\"", "\"score\"" } },
		{ "public\neastus\nmlw-lab\n" GUID
		  "\n\nstlab\n\ncrlab\nci-one\n",
		  NULL,
		  { "\nworkspace:", GUID, "\"stlab\"", "\"crlab\"",
		    "\"ci-one\"" } },
		{ "public\n\nmlw-lab\n" GUID "\n",
		  "the workspace mlw-lab is NOT complete: its region is "
		  "missing",
		  { GUID } },
		{ "public\neastus\n\n" GUID "\n",
		  "the workspace is NOT complete: its name is missing, or "
		  "notebook_fqdn",
		  { GUID } },
		{ "public\n\n\n\n\n\n\ncrlab\n",
		  "the registry is NOT complete: its data endpoint has the "
		  "region in its name; set 'region'",
		  { "\"crlab\"" } },
		{ "public\n\n\n\n\nstlab\n", NULL, { "\"stlab\"" } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct asked a =
			answer(rows[i].answers, strlen(rows[i].answers));
		const char *lacks = vp_init_lacks(a.arena, &a.d);
		char *text = vp_init_text(a.arena, &a.d, "secured"), *why;

		assert_true(a.ok);
		if (rows[i].lacks == NULL)
			assert_null(lacks);
		else
			assert_string_equal(lacks, rows[i].lacks);
		for (size_t k = 0; rows[i].words[k] != NULL; k++) {
			if (strstr(text, rows[i].words[k]) == NULL)
				fail_msg("%s is not in\n%s", rows[i].words[k],
				         text);
		}
		/* What is said to be complete is, and the other way round. */
		why = refused(a.arena, text);
		if ((why == NULL) != (rows[i].lacks == NULL))
			fail_msg("%s\n%s", why, text);
		free(text);
		vp_arena_destroy(a.arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lacks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
