/* Where resources are, against where the guidance wants them: each limit kept,
 * broken, and not known. */
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

#define A "/vnets/a"
#define B "/vnets/b"
#define C "/vnets/c"

/* "ROLE VNET|- LOCATION|- [GROUP]" one after another; "peer VNET VNET +|-" */
struct test_case {
	const char *what, *places, *want; /* ids of limit-..., sorted */
	enum vp_verdict verdict;
};

static const struct test_case cases[] = {
	{ "nobody was asked", "", "", VP_VERDICT_PASS },
	{ "all in one VNet",
	  "workspace " A " eastus;storage " A " eastus;vault " A
	  " eastus;registry " A " eastus;compute " A " eastus",
	  "", VP_VERDICT_PASS },
	{ "letters' case is none", "workspace " A " eastus;storage /VNETS/A -",
	  "", VP_VERDICT_PASS },
	{ "storage elsewhere", "workspace " A " -;storage " B " -",
	  "limit-storage-vnet", VP_VERDICT_FAIL },
	{ "storage elsewhere, and peered",
	  "workspace " A " -;storage " B " -;peer " A " " B " +",
	  "limit-storage-vnet", VP_VERDICT_FAIL },
	{ "one of two endpoints of the workspace is with storage",
	  "workspace " A " -;workspace " B " -;storage " B " -", "",
	  VP_VERDICT_PASS },
	{ "storage has one endpoint here, one there",
	  "workspace " A " -;storage " A " -;storage " B " -", "",
	  VP_VERDICT_PASS },
	{ "blob here, file there",
	  "workspace " A " -;storage " A " - blob;storage " B " - file",
	  "limit-storage-vnet", VP_VERDICT_FAIL },
	{ "file here, blob there",
	  "workspace " A " -;storage " B " - Blob;storage " A " - file",
	  "limit-storage-vnet", VP_VERDICT_FAIL },
	{ "blob and file here, and both also elsewhere",
	  "workspace " A " -;storage " B " - blob;storage " A
	  " - blob;storage " A " - file;storage " B " - file",
	  "", VP_VERDICT_PASS },
	{ "blob and file there: one finding",
	  "workspace " A " -;storage " B " - blob;storage " B " - file",
	  "limit-storage-vnet", VP_VERDICT_FAIL },
	{ "blob and file here, queue and a second region elsewhere",
	  "workspace " A " -;storage " A " - blob;storage " A
	  " - file;storage " B " - queue;storage " B " - blob_secondary",
	  "", VP_VERDICT_PASS },
	{ "blob here, and one of which the group is not told",
	  "workspace " A " -;storage " A " - blob;storage " A " -", "",
	  VP_VERDICT_PASS },
	{ "blob here, file not seen", "workspace " A " -;storage " A " - blob",
	  "limit-unproven", VP_VERDICT_PASS },
	{ "vault peered", "workspace " A " -;vault " B " -;peer " A " " B " +",
	  "", VP_VERDICT_PASS },
	{ "vault peered, told by its own VNet",
	  "workspace " A " -;vault " B " -;peer " B " " A " +", "",
	  VP_VERDICT_PASS },
	{ "vault's peering is not connected",
	  "workspace " A " -;vault " B " -;peer " A " " A " +;peer " A " " B
	  " -",
	  "limit-resource-vnet", VP_VERDICT_FAIL },
	{ "vault's VNet is not peered",
	  "workspace " A " -;registry " B " -;peer " A " " A " +;peer " A " " C
	  " +",
	  "limit-resource-vnet", VP_VERDICT_FAIL },
	{ "whether it is peered is not known",
	  "workspace " A " -;vault " B " -", "limit-unproven",
	  VP_VERDICT_PASS },
	{ "the workspace's VNet is not known",
	  "workspace - eastus;storage " B " -", "limit-unproven",
	  VP_VERDICT_PASS },
	{ "a vault without an endpoint", "workspace " A " -;vault - eastus",
	  "limit-unproven", VP_VERDICT_PASS },
	{ "compute in another region",
	  "workspace " A " eastus;compute " A " westus", "limit-compute-region",
	  VP_VERDICT_FAIL },
	{ "a jump box may be in another region",
	  "workspace " A " eastus;machine " B " westus", "", VP_VERDICT_PASS },
	{ "the workspace's region is not known",
	  "workspace " A " -;compute " A " westus", "limit-unproven",
	  VP_VERDICT_PASS },
	{ "compute in a VNet without a way",
	  "workspace " A " eastus;compute " B " eastus;peer " A " " A " +",
	  "limit-compute-vnet", VP_VERDICT_FAIL },
	{ "compute in a peered VNet",
	  "workspace " A " eastus;compute " B " eastus;peer " A " " B " +", "",
	  VP_VERDICT_PASS },
};

static char *word(struct vp_facts *f, char **save)
{
	char *w = strtok_r(NULL, " ", save);

	return w == NULL || strcmp(w, "-") == 0 ? NULL : copy(f, w);
}

static void add_place(struct vp_facts *f, char *text)
{
	struct vp_discovery *d = &f->discovery;
	char *save = NULL, *first = strtok_r(text, " ", &save);
	struct vp_placement *p;

	if (strcmp(first, "peer") == 0) {
		struct vp_peering *e =
			VP_PUSH(f->arena, d->peerings, d->n_peerings);

		e->vnet = word(f, &save);
		e->remote = word(f, &save);
		e->connected = strcmp(strtok_r(NULL, " ", &save), "+") == 0;
		return;
	}
	p = VP_PUSH(f->arena, d->placements, d->n_placements);
	assert_int_equal(vp_placement_role_parse(&p->role, first), 0);
	p->name = copy(f, "it");
	p->source = copy(f, "test");
	p->vnet = word(f, &save);
	p->location = word(f, &save);
	p->group = word(f, &save);
}

static void test_limits(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct vp_facts *f = healthy();
		char *places = copy(f, cases[i].places), *save = NULL;
		char ids[256] = "";
		struct vp_judgement j;

		for (char *one = strtok_r(places, ";", &save); one != NULL;
		     one = strtok_r(NULL, ";", &save))
			add_place(f, copy(f, one));
		vp_judge(&j, f, f->arena);
		for (size_t k = 0; k < j.n_findings; k++) {
			if (strncmp(j.findings[k].type->id, "limit-", 6) != 0)
				continue;
			snprintf(ids + strlen(ids), sizeof(ids) - strlen(ids),
			         "%s%s", ids[0] != '\0' ? " " : "",
			         j.findings[k].type->id);
			assert_null(strchr(j.findings[k].detail, '{'));
		}
		if (strcmp(ids, cases[i].want) != 0 ||
		    j.verdict != cases[i].verdict)
			fail_msg("%s: got \"%s\" and %s", cases[i].what, ids,
			         vp_verdict_name(j.verdict));
		vp_facts_destroy(f);
	}
}

static bool has(const struct vp_judgement *j, const char *id)
{
	for (size_t i = 0; i < j->n_findings; i++) {
		if (strcmp(j->findings[i].type->id, id) == 0)
			return true;
	}
	return false;
}

/* Resources of a config, and no workspace among the targets. */
static void test_unnamed(void **state)
{
	static const struct {
		const char *origin;
		enum vp_kind kind; /* of another target */
		bool want;
	} rows[] = {
		{ "storage_accounts[0]", VP_KIND_OTHER, true },
		{ "found: mount table", VP_KIND_OTHER, true },
		{ "storage_accounts[0]", VP_KIND_WORKSPACE, false },
		{ "storage_accounts[0]", VP_KIND_AML_REGISTRY, false },
		{ "argument", VP_KIND_OTHER, false },
		{ "targets[0]", VP_KIND_OTHER, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct vp_facts *f = healthy();
		struct vp_judgement j;

		f->targets[BLOB].origin = copy(f, rows[i].origin);
		f->targets[VAULT].kind = rows[i].kind;
		vp_judge(&j, f, f->arena);
		if (has(&j, "workspace-not-named") != rows[i].want)
			fail_msg("%s, %u", rows[i].origin,
			         (unsigned)rows[i].kind);
		vp_facts_destroy(f);
	}
}

/* An id that was stated, one that the share has, and where the target is from.
 */
static void test_ids(void **state)
{
	static const struct {
		const char *stated, *share, *origin;
		bool want;
	} rows[] = {
		{ "a", "b", "found: ARM", true },
		{ "a", "A", "found: ARM", false },
		{ "a", NULL, "found: ARM", false },
		{ NULL, "b", "found: x", false },
		{ "a", "b", "workspace", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct vp_facts *f = healthy();
		struct vp_discovery *d = &f->discovery;
		struct vp_judgement j;

		for (int k = 0; k < 2; k++) {
			const char *v = k == 0 ? rows[i].share : rows[i].stated;

			if (v != NULL)
				*VP_PUSH(f->arena, d->values,
				         d->n_values) = (struct vp_discovered){
					copy(f, "workspace_id"), copy(f, v),
					copy(f, "test"), k == 0
				};
		}
		f->targets[BLOB].kind = VP_KIND_WORKSPACE;
		f->targets[BLOB].origin = copy(f, rows[i].origin);
		vp_judge(&j, f, f->arena);
		if (has(&j, "workspace-ids-differ") != rows[i].want)
			fail_msg("row %zu", i);
		if (rows[i].want)
			assert_int_equal(j.verdict, VP_VERDICT_INCONCLUSIVE);
		vp_facts_destroy(f);
	}
}

/* What a file names that did not answer is not known: no pass. */
static void test_unread(void **state)
{
	struct vp_facts *f = healthy();
	struct vp_judgement j;

	(void)state;
	*VP_PUSH(f->arena, f->discovery.notes, f->discovery.n_notes) =
		copy(f, "config.json: this is no regular file: not read");
	vp_judge(&j, f, f->arena);
	assert_false(has(&j, "discovery-unread"));
	assert_int_equal(j.verdict, VP_VERDICT_PASS);
	*VP_PUSH(f->arena, f->discovery.unread, f->discovery.n_unread) =
		copy(f, "config.json");
	vp_judge(&j, f, f->arena);
	assert_true(has(&j, "discovery-unread"));
	assert_int_equal(j.verdict, VP_VERDICT_INCONCLUSIVE);
	assert_non_null(
		strstr(j.findings[0].detail, "config.json did not answer"));
	vp_facts_destroy(f);
}

/* One region in two spellings is one; "East US" has a blank, so no row above.
 */
static void test_regions(void **state)
{
	static const struct {
		const char *home, *compute;
		enum vp_verdict verdict;
	} regions[] = {
		{ "eastus", "East US", VP_VERDICT_PASS },
		{ "East US 2", "eastus2", VP_VERDICT_PASS },
		{ "eastus", "East US 2", VP_VERDICT_FAIL },
		{ "eastus2", "East US", VP_VERDICT_FAIL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(regions) / sizeof(*regions); i++) {
		struct vp_facts *f = healthy();
		struct vp_judgement j;

		add_place(f, copy(f, "workspace " A " -"));
		add_place(f, copy(f, "compute " A " -"));
		f->discovery.placements[0].location = copy(f, regions[i].home);
		f->discovery.placements[1].location =
			copy(f, regions[i].compute);
		vp_judge(&j, f, f->arena);
		assert_int_equal(j.verdict, regions[i].verdict);
		vp_facts_destroy(f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limits),  cmocka_unit_test(test_regions),
		cmocka_unit_test(test_unnamed), cmocka_unit_test(test_ids),
		cmocka_unit_test(test_unread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
