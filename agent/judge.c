/*
 * judge.c - facts to findings, findings to a verdict.
 *
 * The four parts (names, reach, flows, trust) write drafts; here the drafts
 * are finished: braces filled in, evidence capped, worst first. The order of
 * findings depends on the facts alone, so the same facts give the same report
 * byte by byte.
 */
#include "judge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalogue.h"
#include "judge_draft.h"

/* --- finishing --------------------------------------------------------- */

static void finish_draft(struct judge *j, struct judge_draft *d)
{
	const char *line;

	d->f.detail =
		d->detail != NULL ? judge_fill(j, d->detail, &d->words) : NULL;
	if (d->f.remedy == NULL)
		d->f.remedy = d->f.type->remedy;
	d->f.remedy = judge_fill(j, d->f.remedy, &d->words);
	if (d->n_more > 0) {
		line = vp_arena_printf(j->arena, "and %zu more", d->n_more);
		*VP_PUSH(j->arena, d->lines, d->n_lines) = line;
	}
	d->f.n_more = d->n_more;
	d->f.evidence = d->lines;
	d->f.n_evidence = d->n_lines;
}

/* What asks nobody for anything stands behind all that may. */
static bool is_aside(const struct judge_draft *d)
{
	return strcmp(d->f.type->id, "dns-suffix-unused") == 0;
}

static int by_weight(const void *a, const void *b)
{
	const struct judge_draft *x = a, *y = b;
	int order;

	if (x->f.severity != y->f.severity)
		return x->f.severity < y->f.severity ? -1 : 1;
	if (is_aside(x) != is_aside(y))
		return is_aside(x) ? 1 : -1;
	if (x->f.type != y->f.type)
		return x->f.type < y->f.type ? -1 : 1;
	order = strcmp(x->f.target != NULL ? x->f.target : "",
	               y->f.target != NULL ? y->f.target : "");
	if (order != 0)
		return order;
	return x->sequence < y->sequence ? -1 : 1;
}

static void finish(struct judge *j)
{
	struct vp_judgement *out = j->out;

	for (size_t i = 0; i < j->n_drafts; i++)
		finish_draft(j, &j->drafts[i]);
	if (j->n_drafts > 0)
		qsort(j->drafts, j->n_drafts, sizeof(*j->drafts), by_weight);
	out->n_findings = j->n_drafts;
	out->findings =
		vp_arena_alloc(j->arena, j->n_drafts * sizeof(*out->findings));
	for (size_t i = 0; i < j->n_drafts; i++)
		out->findings[i] = j->drafts[i].f;
}

/* Something planned has no result, and nothing else says so. */
static void say_not_looked_at(struct judge *j)
{
	struct judge_draft *d = NULL;

	for (size_t i = 0; i < j->n_drafts; i++) {
		if (j->drafts[i].f.severity == VP_SEVERITY_UNPROVEN)
			return;
	}
	if (j->facts->n_targets == 0) {
		d = judge_add(j, "not-looked-at", NULL);
		d->detail = "There is no target in these facts.";
	}
	for (size_t i = 0; i < j->facts->n_targets; i++) {
		if (j->targets[i] != JUDGE_UNPROVEN)
			continue;
		if (d == NULL) {
			d = judge_add(j, "not-looked-at", NULL);
			d->detail = "Not everything planned has a result.";
		}
		judge_evidence(j, d,
		               judge_target_text(j, &j->facts->targets[i]));
	}
}

/* Of several names that it may have, one that it does not have. */
static bool is_unused(const struct judge *j, size_t target)
{
	size_t name = judge_name_index(j, j->facts->targets[target].name);

	return j->names[name].unused && j->targets[target] == JUDGE_FINE;
}

static void set_targets(struct judge *j)
{
	static const enum vp_target_status status[] = {
		[JUDGE_FINE] = VP_TARGET_OK,
		[JUDGE_UNPROVEN] = VP_TARGET_UNPROVEN,
		[JUDGE_WRONG] = VP_TARGET_FAIL,
	};
	size_t n = j->facts->n_targets;

	j->out->targets =
		vp_arena_alloc(j->arena, n * sizeof(*j->out->targets));
	for (size_t i = 0; i < n; i++)
		j->out->targets[i] = !vp_mode_probes(j->facts->mode)
		                             ? VP_TARGET_UNCHECKED
		                     : is_unused(j, i) ? VP_TARGET_UNUSED
		                                       : status[j->targets[i]];
}

static void set_verdict(struct judge *j)
{
	struct vp_judgement *out = j->out;
	bool fail = false, unproven = false, leak = false;

	for (size_t i = 0; i < out->n_findings; i++) {
		leak |= out->findings[i].severity == VP_SEVERITY_LEAK;
		fail |= out->findings[i].severity == VP_SEVERITY_ERROR;
		unproven |= out->findings[i].severity == VP_SEVERITY_UNPROVEN;
	}
	for (size_t i = 0; i < j->facts->n_targets; i++) {
		fail |= out->targets[i] == VP_TARGET_FAIL;
		unproven |= out->targets[i] == VP_TARGET_UNPROVEN;
	}
	out->verdict = leak       ? VP_VERDICT_LEAK
	               : fail     ? VP_VERDICT_FAIL
	               : unproven ? VP_VERDICT_INCONCLUSIVE
	                          : VP_VERDICT_PASS;
	out->exit_status = leak ? 4 : fail ? 1 : unproven ? 3 : 0;
}

/* --- the sentence ------------------------------------------------------ */

struct tally {
	size_t targets; /* that are in use */
	size_t ok, fail, unproven, private;
	size_t leaks, dns_leaks, unexplained;
	size_t nobodys;         /* leaks of which it is not known whose */
	size_t allowed;         /* by a rule, or public by design */
	size_t nobodys_allowed; /* of them, it is not known whose */
};

/* The verdict of `watch -- CMD` is about the command. */
static bool counts(const struct judge *j, const struct vp_flow *f)
{
	return j->facts->command.n_argv == 0 || f->of_command;
}

/* It may be the command's, and may not. */
static void count_nobodys(struct tally *t, const struct vp_flow *f,
                          enum vp_flow_class c)
{
	if (f->of_others || f->own)
		return;
	t->nobodys += c == VP_CLASS_LEAK_TARGET || c == VP_CLASS_LEAK_DNS;
	t->nobodys_allowed += c == VP_CLASS_ALLOWED || c == VP_CLASS_REQUIRED;
}

static void count(const struct judge *j, struct tally *t)
{
	for (size_t i = 0; i < j->facts->n_targets; i++) {
		if (j->out->targets[i] == VP_TARGET_UNUSED)
			continue;
		t->targets++;
		t->ok += j->out->targets[i] == VP_TARGET_OK;
		t->fail += j->out->targets[i] == VP_TARGET_FAIL;
		t->unproven += j->out->targets[i] == VP_TARGET_UNPROVEN;
		t->private += j->facts->targets[i].expect == VP_EXPECT_PRIVATE;
	}
	for (size_t i = 0; i < j->facts->n_flows; i++) {
		enum vp_flow_class c = j->out->flows[i].class;

		if (!counts(j, &j->facts->flows[i])) {
			count_nobodys(t, &j->facts->flows[i], c);
			continue;
		}
		t->leaks += c == VP_CLASS_LEAK_TARGET;
		t->dns_leaks += c == VP_CLASS_LEAK_DNS;
		t->unexplained += c == VP_CLASS_UNEXPLAINED;
		t->allowed += c == VP_CLASS_ALLOWED || c == VP_CLASS_REQUIRED;
	}
}

/* How long, or how much, was watched. */
static const char *watched_clause(struct judge *j)
{
	const struct vp_capture_facts *c = &j->facts->capture;
	const struct vp_command_facts *cmd = &j->facts->command;
	int64_t us = c->drained_us - c->armed_us;

	if (j->facts->mode == VP_MODE_ANALYZE)
		return vp_arena_printf(
			j->arena, "%s in %.1f s",
			judge_count(j, (size_t)c->received, "packet",
		                    "packets"),
			(double)(j->facts->ended_us - j->facts->started_us) /
				1e6);
	if (cmd->n_argv > 0 && cmd->signal != 0)
		return vp_arena_printf(j->arena,
		                       "the command was ended by signal %d",
		                       cmd->signal);
	if (cmd->n_argv > 0 && cmd->exit_status >= 0)
		return vp_arena_printf(j->arena,
		                       "the command ended with status %d",
		                       cmd->exit_status);
	if (cmd->n_argv > 0)
		return cmd->started ? "the command still runs"
		                    : "the command was not run";
	if (c->armed_us == 0 || us < 0)
		return "nothing was watched";
	return vp_arena_printf(j->arena, "watched for %.1f s",
	                       (double)us / 1e6);
}

static const char *targets_clause(struct judge *j, const struct tally *t)
{
	size_t n = t->targets;

	if (!vp_mode_probes(j->facts->mode))
		return watched_clause(j);
	if (n == 0)
		return "no target was probed";
	if (t->ok == n)
		return n == 1 ? "the target is as expected"
		              : vp_arena_printf(
					j->arena,
					"all %zu targets are as "
					"expected%s",
					n, t->private == n ? " (private)" : "");
	return vp_arena_printf(j->arena, "%zu of %s %s as expected", t->ok,
	                       judge_count(j, n, "target", "targets"),
	                       t->ok == 1 || n == 1 ? "is" : "are");
}

/* What did leave, and may: " but 9 flows by a rule". */
static const char *but_allowed(struct judge *j, const struct tally *t)
{
	const char *nobodys;

	if (t->nobodys_allowed == 0)
		return t->allowed == 0
		               ? ""
		               : vp_arena_printf(j->arena, " but %s by a rule",
		                                 judge_count(j, t->allowed,
		                                             "flow", "flows"));
	nobodys = judge_count(j, t->nobodys_allowed, "flow", "flows");
	if (t->allowed == 0)
		return vp_arena_printf(
			j->arena, " but perhaps %s by a rule, sender unknown",
			nobodys);
	return vp_arena_printf(
		j->arena, " but %s by a rule, perhaps %s more, sender unknown",
		judge_count(j, t->allowed, "flow", "flows"), nobodys);
}

static const char *egress_clause(struct judge *j, const struct tally *t)
{
	const struct vp_capture_facts *c = &j->facts->capture;
	bool unproven = j->out->verdict == VP_VERDICT_INCONCLUSIVE;

	if (t->leaks > 0 && t->dns_leaks > 0)
		return vp_arena_printf(
			j->arena,
			"%s to a target's public address, %zu to a public "
			"resolver",
			judge_count(j, t->leaks, "flow", "flows"),
			t->dns_leaks);
	if (t->leaks > 0)
		return vp_arena_printf(
			j->arena, "%s to a target's public address",
			judge_count(j, t->leaks, "flow", "flows"));
	if (t->dns_leaks > 0)
		return vp_arena_printf(
			j->arena, "%s to a public resolver",
			judge_count(j, t->dns_leaks, "flow", "flows"));
	if (!c->wanted)
		return "egress: not checked";
	if (c->state == VP_CAPTURE_OFF)
		return "egress: could not be checked";
	if (t->unexplained > 0)
		return vp_arena_printf(
			j->arena, "%s to public addresses not explained",
			judge_count(j, t->unexplained, "flow", "flows"));
	if (t->nobodys > 0)
		return vp_arena_printf(
			j->arena, "%s leaked, perhaps the command's",
			judge_count(j, t->nobodys, "flow", "flows"));
	if (unproven || c->state != VP_CAPTURE_COMPLETE)
		return "no leak seen, but not all could be seen";
	return vp_arena_printf(j->arena, "nothing%s left by a public path%s",
	                       j->facts->command.n_argv > 0 ? " of the command"
	                                                    : "",
	                       but_allowed(j, t));
}

/* The first finding of the severity that made the verdict. */
static const char *reason_clause(struct judge *j, enum vp_severity severity)
{
	for (size_t i = 0; i < j->out->n_findings; i++) {
		if (j->out->findings[i].severity == severity)
			return j->out->findings[i].title;
	}
	return NULL;
}

static void set_summary(struct judge *j)
{
	struct tally t = { 0 };
	const char *verdict = vp_verdict_name(j->out->verdict);
	const char *first, *second, *swap, *reason = NULL;

	count(j, &t);
	first = targets_clause(j, &t);
	second = egress_clause(j, &t);
	/* What was asked for comes first; a leak always does. */
	if (j->out->verdict == VP_VERDICT_LEAK ||
	    !vp_mode_probes(j->facts->mode)) {
		swap = first;
		first = second;
		second = swap;
	}
	if (j->out->verdict == VP_VERDICT_INCONCLUSIVE)
		reason = reason_clause(j, VP_SEVERITY_UNPROVEN);
	j->out->summary =
		vp_arena_printf(j->arena, "%s: %s%s%s; %s", verdict,
	                        reason != NULL ? reason : "",
	                        reason != NULL ? "; " : "", first, second);
}

/* Nobody was asked. */
static void leave_resolvers(struct judge *j)
{
	size_t n = j->facts->n_resolvers;

	j->out->resolvers =
		vp_arena_alloc(j->arena, n * sizeof(*j->out->resolvers));
	for (size_t i = 0; i < n; i++)
		j->out->resolvers[i] = "unchecked";
}

void vp_judge(struct vp_judgement *out, const struct vp_facts *facts,
              struct vp_arena *arena)
{
	struct judge j = { .facts = facts, .arena = arena, .out = out };

	memset(out, 0, sizeof(*out));
	out->arena = arena;
	judge_prepare(&j);
	if (vp_mode_probes(facts->mode)) {
		judge_names(&j);
		judge_reach(&j);
	} else {
		leave_resolvers(&j);
	}
	judge_flows(&j);
	judge_limits(&j);
	judge_trust(&j);
	if (vp_mode_probes(facts->mode))
		say_not_looked_at(&j);
	set_targets(&j);
	finish(&j);
	set_verdict(&j);
	set_summary(&j);
}

const char *vp_flow_sender(const struct vp_facts *facts,
                           const struct vp_flow *f)
{
	if (f->process != NULL || !f->own || f->flows > 1)
		return f->process;
	return facts->mode == VP_MODE_ANALYZE ? "vnetprobe, as the file says"
	                                      : "vnetprobe";
}
