/* What explains a public flow and what does not: allow rules, service tags, the
 * catalogue's required traffic; and where tags come from. */
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
#include "judge.h"

#define SAMPLE VP_TEST_DATA "/data/ServiceTags_Sample_20260601.json"
#define DAY (INT64_C(86400) * 1000000)

/* --- facts -----------------------------------------------------------------
 */

static struct vp_flow *tcp(struct vp_facts *f, const char *remote)
{
	return add_flow(f, IPPROTO_TCP, remote, NULL);
}

static void own_by(struct vp_facts *f, struct vp_flow *w, const char *name,
                   const char *path)
{
	w->process = copy(f, name);
	w->owner = vp_arena_alloc(f->arena, sizeof(*w->owner));
	w->owner->how = VP_OWNER_BPF;
	w->owner->executable = copy(f, path);
	w->n_owners = 1;
}

/* The tags as they are by the sample, its date some days before the run. */
static void fill_tags(struct vp_facts *f, int64_t days)
{
	struct vp_service_tags *t;
	char why[512];

	if (vp_service_tags_read(&t, SAMPLE, why, sizeof(why)) != 0)
		fail_msg("%s", why);
	vp_service_tags_describe(t, f->arena, &f->policy.tags);
	vp_flow_tags_fill(f, t);
	vp_service_tags_destroy(t);
	if (days >= 0)
		f->policy.tags.dated_us = f->started_us - days * DAY;
}

static struct vp_allow_rule *allow(struct vp_facts *f)
{
	struct vp_allow_rule *r =
		VP_PUSH(f->arena, f->policy.allow, f->policy.n_allow);

	r->reason = copy(f, "it may");
	return r;
}

/* --- one flow, one judgement ------------------------------------------------
 */

static void by_name(struct vp_facts *f)
{
	bind_name(f, tcp(f, "192.0.2.9:443"), "a.ubuntu.com");
	allow(f)->name = copy(f, "*.ubuntu.com");
}

static void by_name_run_out(struct vp_facts *f)
{
	by_name(f);
	f->flows[0].names[0].current = false;
}

static void by_name_unbound(struct vp_facts *f)
{
	by_name(f);
	f->flows[0].names[0].bound = false;
}

/* A neighbour said so, whom programs here are not told to ask. */
static void by_name_foreign(struct vp_facts *f)
{
	by_name(f);
	f->flows[0].names[0].foreign = true;
	f->flows[0].origin = VP_ORIGIN_HOST;
}

static void by_name_of_container(struct vp_facts *f)
{
	by_name_foreign(f);
	f->flows[0].origin = VP_ORIGIN_NAMESPACE;
}

static void required_foreign(struct vp_facts *f)
{
	struct vp_flow *w = tcp(f, "192.0.2.9:443");

	bind_name(f, w, "mcr.microsoft.com");
	w->sni = copy(f, "mcr.microsoft.com");
	w->sni_bound = true;
	w->names[0].foreign = true;
}

static void required_own(struct vp_facts *f)
{
	required_foreign(f);
	f->flows[0].names[0].foreign = false;
}

static void by_name_proven_sni(struct vp_facts *f)
{
	by_name(f);
	f->flows[0].sni = copy(f, "A.Ubuntu.com");
	f->flows[0].sni_bound = true;
}

static void by_name_other_sni(struct vp_facts *f)
{
	by_name(f);
	f->flows[0].sni = copy(f, "evil.example");
}

static void by_name_ech(struct vp_facts *f)
{
	by_name_proven_sni(f);
	f->flows[0].ech = true;
}

static void by_name_same_host(struct vp_facts *f)
{
	by_name(f);
	f->flows[0].http_host = copy(f, "a.ubuntu.com:80");
}

static void by_name_other_host(struct vp_facts *f)
{
	by_name(f);
	f->flows[0].http_host = copy(f, "a.ubuntu.com.evil.example");
}

static void by_all(struct vp_facts *f)
{
	struct vp_allow_rule *r;

	by_name(f);
	own_by(f, &f->flows[0], "apt", "/usr/bin/apt");
	r = &f->policy.allow[0];
	r->prefix = prefix("192.0.2.0/24");
	r->port = 443;
	r->process = copy(f, "apt");
}

static void by_all_but_port(struct vp_facts *f)
{
	by_all(f);
	f->policy.allow[0].port = 80;
}

static void by_path(struct vp_facts *f)
{
	own_by(f, tcp(f, "192.0.2.9:443"), "python3.11-long", "/opt/bin/py");
	allow(f)->process = copy(f, "/opt/bin/py");
}

static void by_other_path(struct vp_facts *f)
{
	by_path(f);
	f->policy.allow[0].process = copy(f, "/tmp/py");
}

/* the kernel cuts the short name */
static void by_base_name(struct vp_facts *f)
{
	own_by(f, tcp(f, "192.0.2.9:443"), "a-very-long-nam",
	       "/opt/a-very-long-name");
	allow(f)->process = copy(f, "a-very-long-name");
}

/* Any process may write a name to its /proc/self/comm. */
static void by_borrowed_name(struct vp_facts *f)
{
	own_by(f, tcp(f, "192.0.2.9:443"), "chronyd", "/usr/bin/python3.11");
	allow(f)->process = copy(f, "chronyd");
}

static void by_own_word(struct vp_facts *f)
{
	by_borrowed_name(f);
	f->flows[0].owner->executable = NULL;
}

static void by_own_word_alone(struct vp_facts *f)
{
	by_borrowed_name(f);
	f->flows[0].owner = NULL;
}

static void by_other_own_word(struct vp_facts *f)
{
	by_own_word(f);
	f->policy.allow[0].process = copy(f, "ntpd");
}

/* What it calls itself does not matter. */
static void by_file_of_other_name(struct vp_facts *f)
{
	by_borrowed_name(f);
	f->policy.allow[0].process = copy(f, "python3.11");
}

static void by_one_of_several(struct vp_facts *f)
{
	by_path(f);
	f->flows[0].n_owners = 2;
}

static void by_path_unknown(struct vp_facts *f)
{
	by_path(f);
	f->flows[0].owner = NULL;
}

/* The peer's port is its own business; ours is what the rule means. */
static void in_from_443(struct vp_facts *f)
{
	tcp(f, "192.0.2.9:443")->direction = VP_DIRECTION_IN;
	allow(f)->port = 443;
}

static void in_to_port(struct vp_facts *f)
{
	tcp(f, "192.0.2.9:443")->direction = VP_DIRECTION_IN;
	f->flows[0].local = endpoint("10.20.1.4:8443");
	allow(f)->port = 8443;
}

static void by_tag(struct vp_facts *f)
{
	tcp(f, "203.0.113.100:443");
	fill_tags(f, 10);
	allow(f)->service_tag = copy(f, "azuremonitor");
}

static void by_tag_elsewhere(struct vp_facts *f)
{
	by_tag(f);
	f->policy.allow[0].service_tag = copy(f, "Storage");
}

static void by_tag_prefix_of_name(struct vp_facts *f)
{
	by_tag(f);
	f->policy.allow[0].service_tag = copy(f, "AzureMon");
}

static void by_tag_and_port(struct vp_facts *f)
{
	by_tag(f);
	f->policy.allow[0].port = 80;
}

static void by_tag_without_tags(struct vp_facts *f)
{
	by_tag(f);
	f->flows[0].n_tags = 0;
}

static void no_leak_by_tag(struct vp_facts *f)
{
	add_flow(f, IPPROTO_TCP, "198.51.100.20:443",
	         "stlab.blob.core.windows.net");
	fill_tags(f, 10);
	allow(f)->service_tag = copy(f, "Storage");
}

static void entra(struct vp_facts *f)
{
	bind_name(f, tcp(f, "192.0.2.9:443"), "login.microsoftonline.com");
}

static void entra_run_out(struct vp_facts *f)
{
	entra(f);
	f->flows[0].names[0].current = false;
}

static void entra_fronts_another(struct vp_facts *f)
{
	entra(f);
	f->flows[0].sni = copy(f, "evil.example");
}

static void entra_by_tag(struct vp_facts *f)
{
	tcp(f, "203.0.113.201:443");
	fill_tags(f, 10);
}

static void entra_by_tag_other_port(struct vp_facts *f)
{
	tcp(f, "203.0.113.201:8443");
	fill_tags(f, 10);
}

static void entra_tag_without_file(struct vp_facts *f)
{
	tcp(f, "203.0.113.201:443");
}

static void tunnel_by_tag(struct vp_facts *f)
{
	add_flow(f, IPPROTO_UDP, "198.51.100.132:5831", NULL);
	fill_tags(f, 10);
}

/* Workspaces have such addresses as well. */
static void workspace_service_unnamed(struct vp_facts *f)
{
	tcp(f, "198.51.100.132:443");
	fill_tags(f, 10);
}

static void workspace_service_named(struct vp_facts *f)
{
	bind_name(f, tcp(f, "198.51.100.132:443"),
	          "eastus2.experiments.azureml.ms");
	fill_tags(f, 10);
}

static void somebodys_workspace(struct vp_facts *f)
{
	bind_name(f, tcp(f, "198.51.100.132:443"),
	          "00000000-0000-0000-0000-000000000000.workspace.eastus2."
	          "api.azureml.ms");
	fill_tags(f, 10);
}

/* By an alias of a workspace or online endpoint, which has Azure ML's suffix.
 */
static void somebodys_alias(struct vp_facts *f)
{
	bind_name(f, tcp(f, "198.51.100.132:443"),
	          "rival.00000000-0000-0000-0000-000000000000.inference."
	          "eastus2.privatelink.api.azureml.ms");
	fill_tags(f, 10);
}

/* The alias explains; the name that was asked for tells whose it is. */
static void somebodys_endpoint(struct vp_facts *f)
{
	struct vp_flow *w = tcp(f, "198.51.100.132:443");

	bind_name(f, w, "rival.eastus2.inference.ml.azure.com");
	bind_name(f, w, "fd-front-1.eastus2.api.azureml.ms");
	fill_tags(f, 10);
}

static void somebodys_sni(struct vp_facts *f)
{
	workspace_service_named(f);
	f->flows[0].sni = copy(f, "rival.eastus2.inference.ml.azure.com");
}

static void batch_by_tag(struct vp_facts *f)
{
	f->region = copy(f, "eastus2");
	f->scenario = copy(f, "no-public-ip");
	tcp(f, "198.51.100.9:443");
	fill_tags(f, 10);
}

/* No jump box has to talk to Batch: an account of somebody's. */
static void batch_at_jump_box(struct vp_facts *f)
{
	batch_by_tag(f);
	f->scenario = copy(f, "secured");
}

static void batch_other_region(struct vp_facts *f)
{
	batch_by_tag(f);
	f->region = copy(f, "eastus");
}

static void batch_no_region(struct vp_facts *f)
{
	batch_by_tag(f);
	f->region = NULL;
}

static void storage_of(struct vp_facts *f, const char *scenario,
                       const char *name)
{
	struct vp_flow *w = tcp(f, "198.51.100.20:443");

	f->region = copy(f, "eastus2");
	f->scenario = copy(f, scenario);
	if (name != NULL)
		bind_name(f, w, name);
	fill_tags(f, 10);
}

static void storage_unnamed(struct vp_facts *f)
{
	storage_of(f, "no-public-ip", NULL);
}

static void storage_of_batch(struct vp_facts *f)
{
	storage_of(f, "no-public-ip", "abatch.queue.core.windows.net");
}

static void storage_at_jump_box(struct vp_facts *f)
{
	storage_of(f, "secured", "abatch.queue.core.windows.net");
}

static void storage_of_ours(struct vp_facts *f)
{
	storage_of(f, "no-public-ip", "stlab.blob.core.windows.net");
}

/* ... by a service that is no target, and by the second region's name. */
static void storage_of_ours_queue(struct vp_facts *f)
{
	storage_of(f, "no-public-ip", "stlab.queue.core.windows.net");
}

static void storage_of_ours_secondary(struct vp_facts *f)
{
	storage_of(f, "no-public-ip", "STLAB-secondary.blob.core.windows.net");
}

/* Whose name only begins or ends alike is a stranger. */
static void storage_like_ours(struct vp_facts *f)
{
	storage_of(f, "no-public-ip", "stlab2.blob.core.windows.net");
}

static void storage_allowed(struct vp_facts *f)
{
	storage_of_batch(f);
	allow(f)->name = copy(f, "abatch.queue.core.windows.net");
}

static void storage_claimed(struct vp_facts *f)
{
	storage_of(f, "no-public-ip", NULL);
	f->flows[0].sni = copy(f, "abatch.queue.core.windows.net");
}

static void in_44224(struct vp_facts *f, const char *scenario)
{
	f->scenario = copy(f, scenario);
	tcp(f, "198.51.100.132:50123")->direction = VP_DIRECTION_IN;
	f->flows[0].local = endpoint("10.20.1.4:44224");
	fill_tags(f, 10);
}

static void in_with_public_ip(struct vp_facts *f)
{
	in_44224(f, "with-public-ip");
}

/* Files may have the region's tag alone. */
static void in_by_region(struct vp_facts *f)
{
	in_with_public_ip(f);
	f->flows[0].n_tags = 1;
	f->flows[0].tags[0].name = copy(f, "AzureMachineLearning.EastUS");
}

static void in_by_longer_tag(struct vp_facts *f)
{
	in_by_region(f);
	f->flows[0].tags[0].name = copy(f, "AzureMachineLearningInference");
}

static void in_no_public_ip(struct vp_facts *f)
{
	in_44224(f, "no-public-ip");
}

static void in_from_another(struct vp_facts *f)
{
	in_with_public_ip(f);
	f->flows[0].remote = endpoint("192.0.2.9:50123");
	fill_tags(f, 10);
}

static void out_to_44224(struct vp_facts *f)
{
	f->scenario = copy(f, "with-public-ip");
	tcp(f, "198.51.100.132:44224");
	fill_tags(f, 10);
}

#define A VP_CLASS_ALLOWED
#define R VP_CLASS_REQUIRED
#define U VP_CLASS_UNEXPLAINED
#define C(fn, class, rule)                                                     \
	{                                                                      \
#fn, fn, class, rule                                           \
	}

static const struct {
	const char *what;
	void (*make)(struct vp_facts *f);
	enum vp_flow_class class;
	const char *rule; /* in it */
} cases[] = {
	C(by_name, A, "allow rule 1 (name a.ubuntu.com): it may"),
	C(by_name_run_out, U, ""),
	C(by_name_unbound, U, ""),
	C(by_name_foreign, U, "no resolver of this machine"),
	C(by_name_of_container, A,
	  "(name a.ubuntu.com, by a server that is no resolver of this "
	  "machine"),
	C(required_foreign, U, "no resolver of this machine"),
	C(required_own, R, "mcr.microsoft.com"),
	C(by_name_proven_sni, A, "allow rule 1 (name a.ubuntu.com): it may"),
	C(by_name_other_sni, U, ""),
	C(by_name_ech, A, "(name a.ubuntu.com, which may be only ECH's outer"),
	C(by_name_same_host, A, ""),
	C(by_name_other_host, U, ""),
	C(by_all, A,
	  "allow rule 1 (name a.ubuntu.com; prefix 192.0.2.0/24; port 443; "
	  "process apt): it may"),
	C(by_all_but_port, U, ""),
	C(by_path, A, "(process /opt/bin/py)"),
	C(by_other_path, U, ""),
	C(by_base_name, A, ""),
	C(by_borrowed_name, U, ""),
	C(by_own_word, A,
	  "(process chronyd, which is only what it calls itself): it may"),
	C(by_own_word_alone, A, "which is only what it calls itself"),
	C(by_other_own_word, U, ""),
	C(by_file_of_other_name, A, "(process python3.11): it may"),
	C(by_one_of_several, U, ""),
	C(by_path_unknown, U, ""),
	C(in_from_443, VP_CLASS_INBOUND, ""),
	C(in_to_port, A, "port 8443"),
	C(by_tag, A,
	  "allow rule 1 (service tag AzureMonitor, 203.0.113.96/27, file of "
	  "2026-09-11): it may"),
	C(by_tag_elsewhere, U, ""),
	C(by_tag_prefix_of_name, U, ""),
	C(by_tag_and_port, U, ""),
	C(by_tag_without_tags, U, ""),
	C(no_leak_by_tag, VP_CLASS_LEAK_TARGET, ""),
	C(entra, R,
	  "public by design: Microsoft Entra ID: tokens (name "
	  "login.microsoftonline.com; A2)"),
	C(entra_run_out, U, ""),
	C(entra_fronts_another, U, ""),
	C(entra_by_tag, R,
	  "(service tag AzureActiveDirectory, 203.0.113.200/29, file of "
	  "2026-09-11; A2)"),
	C(entra_by_tag_other_port, U, ""),
	C(entra_tag_without_file, U, ""),
	C(tunnel_by_tag, R, "AzureMachineLearning"),
	C(workspace_service_unnamed, U, ""),
	C(workspace_service_named, R, "AzureMachineLearning"),
	C(somebodys_workspace, U, ""),
	C(somebodys_alias, U, ""),
	C(somebodys_endpoint, U, ""),
	C(somebodys_sni, U, ""),
	C(batch_by_tag, R, "BatchNodeManagement.EastUS2"),
	C(batch_at_jump_box, U, ""),
	C(batch_other_region, U, ""),
	C(batch_no_region, U, ""),
	C(storage_unnamed, U, ""),
	C(storage_of_batch, R, "anybody's in this region"),
	C(storage_at_jump_box, U, ""),
	C(storage_of_ours, VP_CLASS_LEAK_TARGET, ""),
	C(storage_of_ours_queue, U, ""),
	C(storage_of_ours_secondary, U, ""),
	C(storage_like_ours, R, "anybody's in this region"),
	C(storage_allowed, A, "name abatch.queue.core.windows.net"),
	C(storage_claimed, U, ""),
	C(in_with_public_ip, R, "node with a public IP address"),
	C(in_by_region, R, "AzureMachineLearning.EastUS"),
	C(in_by_longer_tag, VP_CLASS_INBOUND, ""),
	C(in_no_public_ip, VP_CLASS_INBOUND, ""),
	C(in_from_another, VP_CLASS_INBOUND, ""),
	C(out_to_44224, U, ""),
};

static void classes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct vp_facts *f = healthy();
		struct vp_judgement j;

		cases[i].make(f);
		vp_judge(&j, f, f->arena);
		if (j.flows[0].class != cases[i].class ||
		    strstr(j.flows[0].rule, cases[i].rule) == NULL)
			fail_msg("%s: %s: %s", cases[i].what,
			         vp_flow_class_name(j.flows[0].class),
			         j.flows[0].rule);
		vp_facts_destroy(f);
	}
}

/* --- storage of whoever ------------------------------------------------------
 */

static const struct vp_finding *found(const struct vp_judgement *j,
                                      const char *id)
{
	for (size_t i = 0; i < j->n_findings; i++) {
		if (strcmp(j->findings[i].type->id, id) == 0)
			return &j->findings[i];
	}
	return NULL;
}

static void somebodys_storage(void **state)
{
	static const char *const names[] = { "zbatch.table.core.windows.net",
		                             "abatch.queue.core.windows.net" };
	const struct vp_finding *one;
	struct vp_facts *f = healthy();
	struct vp_judgement j;

	(void)state;
	storage_of_batch(f);
	for (size_t i = 0; i < 2; i++)
		bind_name(f, tcp(f, "198.51.100.21:443"), names[i]);
	fill_tags(f, 10);
	vp_judge(&j, f, f->arena);
	one = found(&j, "egress-somebodys-storage");
	assert_non_null(one);
	assert_int_equal(one->severity, VP_SEVERITY_WARNING);
	assert_string_equal(one->detail,
	                    "3 flows left for storage that may be Azure "
	                    "Batch's or anybody's: "
	                    "abatch.queue.core.windows.net, "
	                    "zbatch.table.core.windows.net.");
	assert_non_null(
		strstr(one->remedy, "name: \"abatch.queue.core.windows.net\""));
	assert_int_equal(one->n_evidence, 3);
	/* what a rule allows is not told of */
	allow(f)->name = copy(f, names[1]);
	vp_judge(&j, f, f->arena);
	one = found(&j, "egress-somebodys-storage");
	assert_string_equal(one->detail, "1 flow left for storage that may be "
	                                 "Azure Batch's or anybody's: "
	                                 "zbatch.table.core.windows.net.");
	allow(f)->name = copy(f, names[0]);
	vp_judge(&j, f, f->arena);
	assert_null(found(&j, "egress-somebodys-storage"));
	assert_int_equal(j.verdict, VP_VERDICT_PASS);
	vp_facts_destroy(f);
}

/* Batch itself is no storage, and is told of as what it is. */
static void nobodys_storage(void **state)
{
	struct vp_facts *f = healthy();
	struct vp_judgement j;

	(void)state;
	batch_by_tag(f);
	vp_judge(&j, f, f->arena);
	assert_null(found(&j, "egress-somebodys-storage"));
	vp_facts_destroy(f);
}

/* A stranger's account in the region, by its name. */
static void batch_by_name(struct vp_facts *f)
{
	f->region = copy(f, "eastus2");
	f->scenario = copy(f, "no-public-ip");
	bind_name(f, tcp(f, "198.51.100.9:443"),
	          "stranger.eastus2.batch.azure.com");
}

/* Whose account of Batch it is nobody knows: never passed over in silence. */
static void somebodys_batch(void **state)
{
	const struct vp_finding *one;
	struct vp_facts *f = healthy();
	struct vp_judgement j;

	(void)state;
	batch_by_name(f);
	vp_judge(&j, f, f->arena);
	assert_int_equal(j.verdict, VP_VERDICT_PASS);
	assert_string_equal(j.flows[0].rule,
	                    "public by design: Azure Batch, Microsoft's "
	                    "subscription, or anybody's in this region (name "
	                    "stranger.eastus2.batch.azure.com; A4)");
	one = found(&j, "egress-somebodys-batch");
	assert_non_null(one);
	assert_int_equal(one->severity, VP_SEVERITY_INFO);
	assert_string_equal(one->detail,
	                    "1 flow left for Azure Batch; whose account it is "
	                    "was not proven: "
	                    "stranger.eastus2.batch.azure.com.");
	assert_non_null(strstr(one->remedy,
	                       "name: \"stranger.eastus2.batch.azure.com\""));
	assert_int_equal(one->n_evidence, 1);
	/* one that is known is not told of; another one beside it is */
	allow(f)->name = copy(f, "stranger.eastus2.batch.azure.com");
	vp_judge(&j, f, f->arena);
	assert_null(found(&j, "egress-somebodys-batch"));
	bind_name(f, tcp(f, "198.51.100.9:443"),
	          "other.eastus2.service.batch.azure.com");
	vp_judge(&j, f, f->arena);
	one = found(&j, "egress-somebodys-batch");
	assert_non_null(one);
	assert_non_null(strstr(one->detail, "1 flow left"));
	assert_non_null(strstr(one->detail, ": other.eastus2."));
	vp_facts_destroy(f);
	f = healthy(); /* by its address alone: no name to allow it by */
	batch_by_tag(f);
	vp_judge(&j, f, f->arena);
	one = found(&j, "egress-somebodys-batch");
	assert_non_null(one);
	assert_non_null(strstr(one->detail, ": 198.51.100.9."));
	assert_non_null(strstr(one->remedy, "name: \"NAME\""));
	vp_facts_destroy(f);
	f = healthy(); /* what is not Batch's, at a node */
	entra_by_tag(f);
	f->scenario = copy(f, "no-public-ip");
	vp_judge(&j, f, f->arena);
	assert_null(found(&j, "egress-somebodys-batch"));
	vp_facts_destroy(f);
	f = healthy(); /* where nobody needs Batch it stays unexplained */
	batch_by_name(f);
	f->scenario = copy(f, "secured");
	vp_judge(&j, f, f->arena);
	assert_null(found(&j, "egress-somebodys-batch"));
	assert_non_null(found(&j, "egress-unexplained"));
	vp_facts_destroy(f);
}

/* --- the file's age ----------------------------------------------------------
 */

static const struct vp_finding *old(const struct vp_judgement *j)
{
	for (size_t i = 0; i < j->n_findings; i++) {
		if (strcmp(j->findings[i].type->id, "tags-old") == 0)
			return &j->findings[i];
	}
	return NULL;
}

static void ages(void **state)
{
	static const struct {
		int64_t days;
		bool old;
	} rows[] = { { 0, false }, { 45, false }, { 46, true }, { 400, true } };
	struct vp_judgement j;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct vp_facts *f = healthy();

		entra_by_tag(f);
		f->policy.tags.dated_us = f->started_us - rows[i].days * DAY;
		vp_judge(&j, f, f->arena);
		assert_int_equal(old(&j) != NULL, rows[i].old);
		assert_int_equal(j.verdict, VP_VERDICT_PASS);
		vp_facts_destroy(f);
	}
}

static void ages_said(void **state)
{
	struct vp_facts *f = healthy();
	struct vp_judgement j;

	(void)state;
	tcp(f, "192.0.2.9:443"); /* without a tag: nothing counted */
	fill_tags(f, 400);
	allow(f)->port = 443;
	vp_judge(&j, f, f->arena);
	assert_null(old(&j));
	f->flows[0].remote = endpoint("203.0.113.201:443");
	fill_tags(f, 112);
	vp_judge(&j, f, f->arena);
	assert_string_equal(old(&j)->detail,
	                    "The file of service tags is of 2026-06-01, 112 "
	                    "days before the run.");
	f->policy.tags.dated_us = 0;
	vp_judge(&j, f, f->arena);
	assert_string_equal(old(&j)->detail,
	                    "Of when the file of service tags is, is not "
	                    "known.");
	vp_facts_destroy(f);
}

/* --- rules and their file
 * ------------------------------------------------------ */

static int open_tags(struct vp_facts *f, const char *yaml, const char *file,
                     char *why, size_t size)
{
	struct vp_settings s = { .arena = f->arena };
	struct vp_service_tags *t;
	int status;

	s.cloud = copy(f, "public");
	s.service_tags = copy(f, file);
	if (vp_config_parse(&s, "a.yaml", (const unsigned char *)yaml,
	                    strlen(yaml), why, size) != 0)
		fail_msg("%s", why);
	status = vp_flow_tags_open(&t, f, &s, why, size);
	assert_int_equal(t != NULL, status == 0 && s.service_tags != NULL);
	vp_service_tags_destroy(t);
	return status;
}

#define RULE(tag)                                                              \
	"egress:\n  allow:\n    - port: 443\n      service_tag: " tag          \
	"\n      reason: x\n"

static void rules_need_a_file(void **state)
{
	static const struct {
		const char *yaml, *file, *why; /* NULL: it is fine */
	} rows[] = {
		{ RULE("Storage"), SAMPLE, NULL },
		{ RULE("storage.eastus2"), SAMPLE, NULL },
		{ "vnet: []\n", NULL, NULL },
		{ "vnet: []\n", SAMPLE, NULL },
		{ "egress: {service_tags: " SAMPLE "}\n", NULL, NULL },
		{ RULE("Storage"), NULL,
		  "a.yaml:4:20: egress.allow[0].service_tag: no file tells "
		  "what is in it: give egress.service_tags or "
		  "--service-tags" },
		{ RULE("Storage.EastUS3"), SAMPLE,
		  "a.yaml:4:20: egress.allow[0].service_tag: "
		  "'Storage.EastUS3' is no tag of " SAMPLE
		  "; did you mean 'Storage.EastUS2'?" },
		{ "vnet: []\n", "/nowhere.json",
		  "/nowhere.json: No such file or directory" },
		{ "cloud: china\n", SAMPLE,
		  SAMPLE ": is of the cloud Public, and this run's is china" },
	};
	char why[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct vp_facts *f = vp_facts_create();
		int status = open_tags(f, rows[i].yaml, rows[i].file, why,
		                       sizeof(why));

		assert_int_equal(status, rows[i].why != NULL ? 2 : 0);
		if (rows[i].why != NULL)
			assert_string_equal(why, rows[i].why);
		vp_facts_destroy(f);
	}
}

/* A saved report knows its flows' tags: no file is needed any more. */
static void rules_of_a_report(void **state)
{
	struct vp_facts *f = healthy();
	char why[1024];

	(void)state;
	fill_tags(f, 10);
	assert_int_equal(open_tags(f, RULE("Storage"), NULL, why, sizeof(why)),
	                 0);
	assert_string_equal(f->policy.tags.file, SAMPLE);
	vp_facts_destroy(f);
}

static void fill(void **state)
{
	struct vp_facts *f = healthy();

	(void)state;
	tcp(f, "198.51.100.20:443");
	tcp(f, "10.20.2.7:443");
	tcp(f, "198.51.100.20:80");
	tcp(f, "192.0.2.1:80");
	*VP_PUSH(f->arena, f->policy.vnet, f->policy.n_vnet) =
		prefix("203.0.113.0/24");
	tcp(f, "203.0.113.201:443"); /* the VNet's, whatever the file says */
	fill_tags(f, 10);
	assert_int_equal(f->flows[0].n_tags, 4);
	assert_string_equal(f->flows[0].tags[0].name, "Storage.EastUS2");
	assert_int_equal(f->flows[1].n_tags, 0);
	assert_int_equal(f->flows[2].n_tags, 4);
	assert_int_equal(f->flows[3].n_tags, 0);
	assert_int_equal(f->flows[4].n_tags, 0);
	fill_tags(f, 10); /* again: nothing doubles */
	assert_int_equal(f->flows[0].n_tags, 4);
	vp_facts_destroy(f);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(classes),
		cmocka_unit_test(somebodys_storage),
		cmocka_unit_test(somebodys_batch),
		cmocka_unit_test(nobodys_storage),
		cmocka_unit_test(ages),
		cmocka_unit_test(ages_said),
		cmocka_unit_test(rules_need_a_file),
		cmocka_unit_test(rules_of_a_report),
		cmocka_unit_test(fill),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
