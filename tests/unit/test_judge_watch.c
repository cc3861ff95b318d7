/*
 * Runs that only watched: which flows a command is accused of, what is told
 * apart from them, and what makes such a run or a file inconclusive. Every
 * broken one starts from facts that pass.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../agent/judge.h"
#include "facts_builder.h"

#define FRONT_END "203.0.113.20:443"

/* Nothing was asked, nothing connected to. */
static struct vp_facts *watched(void)
{
	struct vp_facts *f = healthy();

	f->mode = VP_MODE_WATCH;
	f->n_resolvers = 0;
	for (size_t i = 0; i < f->n_names; i++)
		f->names[i]->n_rows = 0;
	for (size_t i = 0; i < f->n_targets; i++)
		f->targets[i].n_addresses = 0;
	f->capture.attested_expected = f->capture.attested_seen = 0;
	return f;
}

static struct vp_facts *with_command(void)
{
	struct vp_facts *f = watched();

	*VP_PUSH(f->arena, f->command.argv, f->command.n_argv) =
		copy(f, "train");
	f->command.started = true;
	f->command.by_cgroup = true;
	return f;
}

static struct vp_facts *from_file(void)
{
	struct vp_facts *f = watched();

	f->mode = VP_MODE_ANALYZE;
	f->capture.file = copy(f, "night.pcap");
	f->capture.armed_us = f->capture.drained_us = 0;
	f->capture.selftest_before = f->capture.selftest_after = false;
	return f;
}

static struct vp_flow *leak(struct vp_facts *f)
{
	struct vp_flow *w = add_flow(f, IPPROTO_TCP, FRONT_END, NULL);

	bind_name(f, w, copy(f, "stlab.blob.core.windows.net"));
	return w;
}

static const struct vp_finding *find(const struct vp_judgement *j,
                                     const char *id)
{
	for (size_t i = 0; i < j->n_findings; i++)
		if (strcmp(j->findings[i].type->id, id) == 0)
			return &j->findings[i];
	return NULL;
}

/* The verdict, and one finding that must be there (NULL: none above info). */
static void expect(struct vp_facts *f, enum vp_verdict verdict, const char *id)
{
	struct vp_judgement j;

	vp_judge(&j, f, f->arena);
	if (j.verdict != verdict)
		fail_msg("%s", j.summary);
	if (id != NULL && find(&j, id) == NULL)
		fail_msg("no %s: %s", id, j.summary);
	for (size_t i = 0; id == NULL && i < j.n_findings; i++)
		if (j.findings[i].severity < VP_SEVERITY_INFO)
			fail_msg("%s", j.findings[i].type->id);
	for (size_t i = 0; i < f->n_targets; i++)
		assert_int_equal(j.targets[i], VP_TARGET_UNCHECKED);
	vp_facts_destroy(f);
}

static enum vp_flow_class class_of(struct vp_facts *f)
{
	struct vp_judgement j;

	vp_judge(&j, f, f->arena);
	return j.flows[f->n_flows - 1].class;
}

static void test_healthy(void **state)
{
	(void)state;
	expect(watched(), VP_VERDICT_PASS, NULL);
	expect(with_command(), VP_VERDICT_PASS, NULL);
	expect(from_file(), VP_VERDICT_PASS, NULL);
}

static void test_leak(void **state)
{
	struct vp_facts *f = watched();

	(void)state;
	leak(f);
	expect(f, VP_VERDICT_LEAK, "leak-target");
	f = from_file();
	leak(f);
	expect(f, VP_VERDICT_LEAK, "leak-target");
	f = watched();
	add_flow(f, IPPROTO_TCP, "198.51.100.9:443", NULL);
	expect(f, VP_VERDICT_FAIL, "egress-unexplained");
}

/* "Nothing left" is not said of what rules let out. */
static void test_allowed(void **state)
{
	struct vp_facts *f = watched();
	struct vp_judgement j;

	(void)state;
	vp_judge(&j, f, f->arena);
	assert_non_null(strstr(j.summary, "nothing left by a public path"));
	assert_null(strstr(j.summary, "but"));
	add_flow(f, IPPROTO_TCP, "198.51.100.9:443", NULL);
	*VP_PUSH(f->arena, f->policy.allow, f->policy.n_allow) =
		(struct vp_allow_rule){ .prefix = prefix("198.51.100.0/24"),
		                        .reason = copy(f, "mirror") };
	vp_judge(&j, f, f->arena);
	assert_int_equal(j.verdict, VP_VERDICT_PASS);
	assert_non_null(strstr(j.summary, "public path but 1 flow by a rule"));
	vp_facts_destroy(f);
}

static struct vp_flow *by_rule(struct vp_facts *f)
{
	*VP_PUSH(f->arena, f->policy.allow, f->policy.n_allow) =
		(struct vp_allow_rule){ .prefix = prefix("198.51.100.0/24"),
		                        .reason = copy(f, "mirror") };
	return add_flow(f, IPPROTO_TCP, "198.51.100.9:443", NULL);
}

/* NULL: no "but". */
static void says_but(struct vp_facts *f, const char *but)
{
	struct vp_judgement j;

	vp_judge(&j, f, f->arena);
	assert_int_equal(j.verdict, VP_VERDICT_PASS);
	assert_non_null(strstr(j.summary, "nothing of the command left by"));
	if (but == NULL)
		assert_null(strstr(j.summary, " but "));
	else
		assert_non_null(strstr(j.summary, but));
	vp_facts_destroy(f);
}

/* Of a command, too, and of what may be the command's. */
static void test_allowed_whose(void **state)
{
	struct vp_facts *f = with_command();

	(void)state;
	says_but(f, NULL);
	f = with_command();
	by_rule(f)->of_command = true;
	says_but(f, "public path but 1 flow by a rule;");
	f = with_command();
	by_rule(f);
	says_but(f, "but perhaps 1 flow by a rule, sender unknown;");
	f = with_command();
	by_rule(f)->of_command = true;
	by_rule(f);
	says_but(f, "but 1 flow by a rule, perhaps 1 flow more, sender "
	            "unknown;");
	f = with_command();
	by_rule(f)->of_others = true;
	says_but(f, NULL);
	f = with_command();
	by_rule(f)->own = true;
	says_but(f, NULL);
}

static void test_whose(void **state)
{
	struct vp_facts *f = with_command();

	(void)state;
	leak(f)->of_command = true;
	expect(f, VP_VERDICT_LEAK, "leak-target");
	f = with_command();
	leak(f)->of_others = true;
	expect(f, VP_VERDICT_PASS, "egress-others");
	f = with_command();
	leak(f);
	expect(f, VP_VERDICT_INCONCLUSIVE, "owner-unknown");
	/* one of each: the command's decides */
	f = with_command();
	leak(f)->of_others = true;
	leak(f)->of_command = true;
	expect(f, VP_VERDICT_LEAK, "egress-others");
	/* what no class accuses needs no owner */
	f = with_command();
	leak(f)->direction = VP_DIRECTION_IN;
	f->flows[0].n_names = 0;
	expect(f, VP_VERDICT_PASS, "inbound-public");
}

static void test_command(void **state)
{
	struct vp_facts *f = with_command();

	(void)state;
	f->command.left_running = 2;
	expect(f, VP_VERDICT_PASS, "command-left-running");
	f = with_command();
	*VP_PUSH(f->arena, f->command.elsewhere, f->command.n_elsewhere) =
		(struct vp_elsewhere){ IPPROTO_TCP, endpoint(FRONT_END), NULL };
	expect(f, VP_VERDICT_INCONCLUSIVE, "command-elsewhere");
	f = with_command(); /* looked at, as the kernel does not tell */
	*VP_PUSH(f->arena, f->command.entered, f->command.n_entered) =
		copy(f, "nsenter");
	expect(f, VP_VERDICT_INCONCLUSIVE, "command-elsewhere");
	f = with_command();
	f->capture.owners_why = copy(f, "no BTF");
	expect(f, VP_VERDICT_PASS, "attribution-limited");
	f = watched(); /* without a command nobody needs to be told */
	f->capture.owners_why = copy(f, "no BTF");
	expect(f, VP_VERDICT_PASS, NULL);
}

static void test_elsewhere(void **state)
{
	struct vp_facts *f = watched();

	(void)state;
	leak(f)->origin = VP_ORIGIN_FORWARDED;
	assert_int_equal(class_of(f), VP_CLASS_FORWARDED);
	expect(f, VP_VERDICT_PASS, "egress-forwarded");
	f = watched();
	leak(f)->origin = VP_ORIGIN_NAMESPACE; /* a container is ours */
	expect(f, VP_VERDICT_LEAK, "leak-target");
	f = watched();
	leak(f)->never_left = true;
	assert_int_equal(class_of(f), VP_CLASS_NOT_LEFT);
	expect(f, VP_VERDICT_PASS, "egress-not-left");
}

static struct vp_flow *tunneled(struct vp_facts *f, const char *peer)
{
	struct vp_flow *w = add_flow(f, IPPROTO_TCP, "198.51.100.9:443", NULL);

	w->tunnel = copy(f, "vxlan");
	w->tunnel_peer = endpoint(peer);
	return w;
}

static void test_tunnel(void **state)
{
	struct vp_facts *f = watched();

	(void)state;
	tunneled(f, "203.0.113.99:4789");
	assert_int_equal(class_of(f), VP_CLASS_TUNNELED);
	vp_facts_destroy(f);
	f = watched(); /* nobody judges the outer flow of a private peer */
	tunneled(f, "10.20.9.9:4789");
	expect(f, VP_VERDICT_FAIL, "egress-unexplained");
	f = watched(); /* a target's leak is one in any tunnel */
	bind_name(f, tunneled(f, "203.0.113.99:4789"),
	          copy(f, "stlab.blob.core.windows.net"));
	expect(f, VP_VERDICT_LEAK, "leak-target");
}

static struct vp_flow *proxied(struct vp_facts *f, const char *name)
{
	struct vp_flow *w = add_flow(f, IPPROTO_TCP, "10.20.0.9:3128", NULL);

	w->http_connect = copy(f, name);
	return w;
}

static void test_proxy(void **state)
{
	struct vp_facts *f = watched();

	(void)state;
	proxied(f, "pypi.org:443");
	assert_int_equal(class_of(f), VP_CLASS_PROXIED);
	expect(f, VP_VERDICT_PASS, "egress-proxied");
	f = watched();
	proxied(f, "stlab.blob.core.windows.net:443");
	expect(f, VP_VERDICT_FAIL, "egress-proxied");
	f = with_command();
	proxied(f, "stlab.blob.core.windows.net:443")->of_command = true;
	proxied(f, "stlab.blob.core.windows.net:443")->of_others = true;
	expect(f, VP_VERDICT_FAIL, "egress-proxied");
	f = with_command();
	proxied(f, "stlab.blob.core.windows.net:443")->of_others = true;
	expect(f, VP_VERDICT_PASS, "egress-proxied");
	f = with_command();
	proxied(f, "stlab.blob.core.windows.net:443");
	expect(f, VP_VERDICT_INCONCLUSIVE, "owner-unknown");
	f = watched();
	proxied(f, "pypi.org:443")->direction = VP_DIRECTION_IN;
	expect(f, VP_VERDICT_PASS, NULL);
}

static void test_http_host(void **state)
{
	struct vp_facts *f = watched();

	(void)state;
	add_flow(f, IPPROTO_TCP, "198.51.100.9:80", NULL)->http_host =
		copy(f, "stlab.blob.core.windows.net");
	expect(f, VP_VERDICT_LEAK, "leak-target");
}

static void test_trust(void **state)
{
	struct vp_facts *f = watched();

	(void)state;
	f->capture.gap_flows = 1;
	f->capture.gap_bytes = 100;
	expect(f, VP_VERDICT_INCONCLUSIVE, "capture-gap");
	f = from_file();
	f->capture.gap_flows = 1;
	expect(f, VP_VERDICT_INCONCLUSIVE, "capture-gap");
	f = watched();
	f->capture.names_left_out = 1;
	expect(f, VP_VERDICT_INCONCLUSIVE, "capture-incomplete");
	f = watched();
	f->capture.selftest_after = false;
	expect(f, VP_VERDICT_INCONCLUSIVE, "capture-blind");
	f = watched();
	f->capture.dropped = 1;
	expect(f, VP_VERDICT_INCONCLUSIVE, "capture-drops");
	f = from_file();
	f->capture.dropped = 1;
	expect(f, VP_VERDICT_INCONCLUSIVE, "capture-drops");
	f = from_file();
	f->capture.file_cut = copy(f, "it ends within a packet");
	expect(f, VP_VERDICT_INCONCLUSIVE, "capture-file-cut");
	f = from_file();
	f->capture.received = 0;
	expect(f, VP_VERDICT_INCONCLUSIVE, "capture-empty");
	f = watched();
	f->interrupted = true;
	expect(f, VP_VERDICT_INCONCLUSIVE, "interrupted");
}

/* A mirror of one direction. */
static struct vp_flow *half(struct vp_facts *f)
{
	struct vp_flow *w = add_flow(f, IPPROTO_TCP, "198.51.100.9:443", NULL);

	w->packets_out = 0;
	w->bytes_out = 0;
	w->direction = VP_DIRECTION_UNKNOWN;
	return w;
}

static void test_one_sided(void **state)
{
	struct vp_facts *f = from_file();

	(void)state;
	half(f);
	expect(f, VP_VERDICT_INCONCLUSIVE, "capture-one-sided");
	f = from_file(); /* the SYN-ACK tells that we began it */
	half(f)->direction = VP_DIRECTION_OUT;
	expect(f, VP_VERDICT_INCONCLUSIVE, "capture-one-sided");
	f = from_file(); /* knocked, and was not answered */
	half(f)->direction = VP_DIRECTION_IN;
	expect(f, VP_VERDICT_PASS, "inbound-public");
	f = from_file(); /* all interfaces were watched: nothing was sent */
	half(f);
	f->capture.all_interfaces = true;
	expect(f, VP_VERDICT_PASS, "inbound-public");
	f = watched();
	half(f);
	expect(f, VP_VERDICT_PASS, "inbound-public");
}

static void test_state_changes(void **state)
{
	struct vp_facts *f = watched();

	(void)state;
	*VP_PUSH(f->arena, f->state_changes, f->n_state_changes) =
		copy(f, "interface veth1 appeared");
	expect(f, VP_VERDICT_PASS, "state-changed");
	f = watched();
	*VP_PUSH(f->arena, f->state_changes, f->n_state_changes) =
		copy(f, "interface eth1 appeared");
	f->capture.interface_missed = true; /* one interface was watched */
	expect(f, VP_VERDICT_INCONCLUSIVE, "state-changed");
}

/* A command that was not run does not "still run". */
static void test_not_run(void **state)
{
	struct vp_facts *f = with_command();
	struct vp_judgement j;

	(void)state;
	f->command.started = false;
	f->command.exit_status = -1;
	f->capture.state = VP_CAPTURE_OFF;
	vp_judge(&j, f, f->arena);
	assert_int_equal(j.verdict, VP_VERDICT_INCONCLUSIVE);
	assert_non_null(strstr(j.summary, "; the command was not run"));
	vp_facts_destroy(f);
}

/* Nor is "no leak seen" said where one was, and only its sender is unknown. */
static void test_nobodys(void **state)
{
	struct vp_facts *f = with_command();
	struct vp_judgement j;

	(void)state;
	leak(f);
	vp_judge(&j, f, f->arena);
	assert_int_equal(j.verdict, VP_VERDICT_INCONCLUSIVE);
	assert_null(strstr(j.summary, "no leak seen"));
	assert_non_null(strstr(j.summary, "1 flow leaked"));
	vp_facts_destroy(f);
}

static const char *remedy(struct vp_facts *f, const char *id)
{
	struct vp_judgement j;
	const struct vp_finding *finding;

	vp_judge(&j, f, f->arena);
	finding = find(&j, id);
	assert_non_null(finding);
	return finding->remedy;
}

/* The rule that is proposed would let this flow pass, and no more than it can
 * tell; who sends is looked for only where it is not known. */
static void test_remedy(void **state)
{
	struct vp_facts *f = watched();
	struct vp_flow *w = add_flow(f, IPPROTO_TCP, "198.51.100.9:443", NULL);
	const char *text;

	(void)state;
	text = remedy(f, "egress-unexplained");
	assert_non_null(strstr(text, "ss -tunp dst 198.51.100.9"));
	assert_non_null(strstr(text, "- prefix: \"198.51.100.9\"\n"));
	assert_non_null(strstr(text, "  port: 443\n"));
	bind_name(f, w, copy(f, "pypi.org"));
	w->process = copy(f, "pip");
	text = remedy(f, "egress-unexplained");
	assert_null(strstr(text, "ss -tunp"));
	assert_non_null(strstr(text, "- name: \"pypi.org\"\n"));
	assert_non_null(strstr(text, "  process: \"pip\"\n"));
	w->owner = vp_arena_alloc(f->arena, sizeof(*w->owner));
	w->owner->pid = 7;
	w->owner->uid = VP_NO_UID;
	w->owner->executable = copy(f, "/usr/bin/python3.11");
	text = remedy(f, "egress-unexplained");
	assert_non_null(strstr(text, "  process: \"python3.11\"\n"));
	assert_non_null(strstr(text, "turn off what makes pip send it"));
	w->owner->executable = copy(f, "/x/a\"b");
	text = remedy(f, "egress-unexplained");
	assert_null(strstr(text, "process:"));
	w->owner = NULL;
	w->names[0].current = false; /* a rule by it would not match */
	text = remedy(f, "egress-unexplained");
	assert_non_null(strstr(text, "- prefix: \"198.51.100.9\"\n"));
	w->n_owners = 2; /* nor one by either of them */
	text = remedy(f, "egress-unexplained");
	assert_null(strstr(text, "process:"));
	w->n_owners = 1; /* nobody is to allow somebody's storage */
	w->sni = copy(f, "stother.blob.core.windows.net");
	text = remedy(f, "egress-unexplained");
	assert_null(strstr(text, "allow:"));
	assert_null(strstr(text, "- prefix"));
	assert_non_null(strstr(text, "No rule is proposed for "
	                             "stother.blob.core.windows.net:"));
	assert_non_null(strstr(text, "\n    vnetprobe check "
	                             "stother.blob.core.windows.net\n"));
	assert_non_null(strstr(text, "turn off what makes pip send it"));
	w->sni = copy(f, "a;b.blob.core.windows.net"); /* no command of its */
	text = remedy(f, "egress-unexplained");
	assert_null(strstr(text, "a;b"));
	assert_null(strstr(text, "allow:"));
	vp_facts_destroy(f);

	f = watched();
	w = leak(f);
	assert_non_null(strstr(remedy(f, "leak-target"), "ss -tunp"));
	w->process = copy(f, "train");
	assert_null(strstr(remedy(f, "leak-target"), "ss -tunp"));
	vp_facts_destroy(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_healthy),
		cmocka_unit_test(test_leak),
		cmocka_unit_test(test_allowed),
		cmocka_unit_test(test_allowed_whose),
		cmocka_unit_test(test_whose),
		cmocka_unit_test(test_command),
		cmocka_unit_test(test_elsewhere),
		cmocka_unit_test(test_tunnel),
		cmocka_unit_test(test_proxy),
		cmocka_unit_test(test_http_host),
		cmocka_unit_test(test_trust),
		cmocka_unit_test(test_one_sided),
		cmocka_unit_test(test_state_changes),
		cmocka_unit_test(test_not_run),
		cmocka_unit_test(test_nobodys),
		cmocka_unit_test(test_remedy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
