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

#include "found.h"

#define GUID "3f8a2c1e-5b7d-4e9f-8a6b-1c2d3e4f5a6b"

struct asked {
	struct vp_arena *arena;
	struct vp_discovery d;
	const char *scenario;
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
	struct vp_init_questions q = { .arena = a.arena,
		                       .d = &a.d,
		                       .scenario = "secured",
		                       .in = in,
		                       .out = out,
		                       .why = a.why,
		                       .size = sizeof(a.why) };

	a.ok = vp_init_ask(&q);
	a.scenario = q.scenario;
	fclose(in);
	fclose(out);
	return a;
}

/* What `targets -c` says of it: NULL, or why not. */
static char *refused(struct vp_arena *arena, const char *text)
{
	char why[1024] = "";
	struct vp_facts *facts = vp_init_plan(text, NULL, why, sizeof(why));
	bool ok = facts != NULL;

	vp_facts_destroy(facts);
	return ok ? NULL : vp_arena_strdup(arena, why);
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
		char *text = vp_init_text(a.arena, &a.d, "secured", NULL), *why;

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

static void test_answers(void **state)
{
	static char many[12000];
	struct asked a;

	(void)state;
	/* One line is one answer, however long. */
	strcpy(many, "\neastus\n\n\n\n");
	for (unsigned i = 0; i < 400; i++)
		snprintf(many + strlen(many), sizeof(many) - strlen(many),
		         "staccount%u ", i);
	strcat(many, "\nkv-lab\n\n\n\n\nno-vnet\n");
	a = answer(many, strlen(many));
	assert_true(a.ok);
	assert_int_equal(a.d.n_values, 402);
	assert_string_equal(vp_found_get(&a.d, "key_vault")->value, "kv-lab");
	assert_string_equal(a.scenario, "no-vnet");
	vp_arena_destroy(a.arena);

	a = answer("\neast\0us\n", 10);
	assert_false(a.ok);
	assert_string_equal(a.why, "Region of the workspace: the answer has a "
	                           "NUL byte in it");
	vp_arena_destroy(a.arena);

	a = answer("mars\n", 5);
	assert_false(a.ok);
	assert_non_null(strstr(a.why, "Cloud: 'mars' is none"));
	vp_arena_destroy(a.arena);

	a = answer("\n\n\n\n\n\n\n\n\n\n\nodd\n", 15);
	assert_false(a.ok);
	assert_non_null(strstr(a.why, "Scenario: 'odd' is none"));
	vp_arena_destroy(a.arena);

	a = answer("china", 5); /* the end of the input keeps the rest */
	assert_true(a.ok);
	assert_string_equal(vp_found_get(&a.d, "cloud")->value, "china");
	vp_arena_destroy(a.arena);
}

/* "name:port address address;" of each target that has addresses. */
static char *expected(struct vp_arena *arena, const struct vp_facts *f)
{
	char *all = vp_arena_strdup(arena, ""), text[VP_ADDR_TEXT];

	for (size_t i = 0; i < f->n_targets; i++) {
		const struct vp_target *t = &f->targets[i];

		all = vp_arena_printf(arena, "%s%s:%u", all, t->name->name,
		                      t->port);
		for (size_t k = 0; k < t->n_expected; k++)
			all = vp_arena_printf(
				arena, "%s %s", all,
				vp_addr_format(&t->expected[k], text));
		all = vp_arena_printf(arena, "%s;\n", all);
	}
	return all;
}

/* The file says no more and no less than --discover would have bound. */
static void test_addresses(void **state)
{
	static const char *const values[][2] = {
		{ "region", "eastus" },
		{ "workspace", "mlw" },
		{ "workspace_id", GUID },
		{ "notebook_fqdn", "nb.eastus.notebooks.azure.net" },
		{ "compute_instance", "ci-one.eastus.instances.azureml.ms" },
		{ "online_endpoint", "score.eastus.inference.ml.azure.com" },
		{ "storage_account", "stlab" },
		{ "key_vault", "kv-lab" },
		{ "registry", "crlab" },
		{ "address",
		  GUID ".workspace.eastus.api.azureml.ms 10.20.2.4" },
		{ "address", "nb.eastus.notebooks.azure.net 10.20.2.5" },
		{ "address", "*.eastus.inference.ml.azure.com 10.20.2.6" },
		{ "address", "stlab.blob.core.windows.net 10.20.2.7" },
		{ "address", "stlab.file.core.windows.net 10.20.2.8 fd20::8" },
		{ "address", "stlab.dfs.core.windows.net 10.20.2.12" },
		{ "address", "crlab.azurecr.io 10.20.2.10" },
		{ "address", "crlab.eastus.data.azurecr.io 10.20.2.11" },
	};
	struct vp_arena *arena = vp_arena_create();
	struct vp_discovery d = { 0 };
	struct vp_found f = { .arena = arena, .out = &d, .source = "t" };
	struct vp_facts *found, *read;
	char *first, *text, why[1024] = "";

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++)
		assert_true(vp_found_add(&f, values[i][0], values[i][1]));
	first = vp_init_text(arena, &d, "secured", NULL);
	found = vp_init_plan(first, &d, why, sizeof(why));
	assert_non_null(found);
	text = vp_init_text(arena, &d, "secured", found);
	read = vp_init_plan(text, NULL, why, sizeof(why));
	if (read == NULL)
		fail_msg("%s\n%s", why, text);
	assert_string_equal(expected(arena, read), expected(arena, found));
	assert_non_null(strstr(expected(arena, read),
	                       "nb.eastus.notebooks.azure.net:443 "
	                       "10.20.2.5;"));
	assert_non_null(strstr(expected(arena, read),
	                       "stlab.file.core.windows.net:445 10.20.2.8 "
	                       "fd20::8;"));
	assert_null(strstr(text, "10.20.2.12")); /* no target */
	vp_facts_destroy(read);
	vp_facts_destroy(found);
	free(first);
	free(text);
	vp_arena_destroy(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lacks),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
