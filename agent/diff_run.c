/*
 * diff_run.c - the two runs as such: what each could look at, the verdict, and
 * how good the captures are.
 *
 * A flow that is missing in a capture that lost packets, or that never ran, is
 * not gone: nobody knows. So everything below asks here first what a report
 * can tell.
 */
#include "diff_draft.h"

#include <stdlib.h>
#include <string.h>

static void limit(struct diff *d, unsigned side, const char *what,
                  const char *why)
{
	struct vp_diff_limit *l =
		VP_PUSH(d->arena, d->out->limits, d->out->n_limits);

	l->side = side;
	l->what = what;
	l->why = why;
}

/* --- what a report can tell --------------------------------------------- */

static bool is_doubt(const struct vp_finding *f)
{
	return strcmp(f->type->family, "trust") == 0 &&
	       f->severity <= VP_SEVERITY_UNPROVEN;
}

/* Why flows that are not in it may have been there; NULL: they were not. */
static const char *blindness(struct diff *d, unsigned side)
{
	const struct vp_capture_facts *c = &d->facts[side]->capture;
	const struct vp_judgement *j = d->j[side];

	if (!c->wanted)
		return "no packets were captured";
	if (c->state != VP_CAPTURE_COMPLETE)
		return diff_text(d, "the capture was %s: %s",
		                 vp_capture_state_name(c->state),
		                 c->reason != NULL ? c->reason
		                                   : "the reason is not known");
	for (size_t i = 0; i < j->n_findings; i++) {
		if (is_doubt(&j->findings[i]))
			return diff_text(d, "%s (%s)", j->findings[i].title,
			                 j->findings[i].type->id);
	}
	return NULL;
}

static int text_order(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void find_names(struct diff *d, unsigned side)
{
	const struct vp_facts *f = d->facts[side];

	d->names[side] = vp_arena_alloc(
		d->arena, (f->n_names + 1) * sizeof(*d->names[side]));
	for (size_t i = 0; i < f->n_names; i++)
		d->names[side][i] = f->names[i]->name;
	if (f->n_names > 1)
		qsort(d->names[side], f->n_names, sizeof(*d->names[side]),
		      text_order);
}

bool diff_has_name(const struct diff *d, unsigned side, const char *text)
{
	size_t n = d->facts[side]->n_names;
	char bare[256];
	const char *key = bare;

	snprintf(bare, sizeof(bare), "%.*s", (int)strcspn(text, ":"), text);
	return n > 0 && bsearch(&key, d->names[side], n,
	                        sizeof(*d->names[side]), text_order) != NULL;
}

void diff_find_sight(struct diff *d, unsigned side)
{
	const struct vp_facts *f = d->facts[side];
	struct diff_sight *s = &d->sight[side];
	const char *why = blindness(d, side);
	const char *mode = vp_mode_name(f->mode);

	find_names(d, side);
	s->ended = !f->deadline_hit && !f->interrupted;
	s->answers = vp_mode_probes(f->mode);
	s->connections = f->mode == VP_MODE_CHECK;
	s->flows = why == NULL;
	s->senders = f->capture.owners != NULL;
	if (!s->answers)
		limit(d, side, "answers",
		      diff_text(d, "%s asks no resolver", mode));
	if (!s->connections)
		limit(d, side, "connections",
		      diff_text(d, "%s connects to nothing", mode));
	if (!s->ended)
		limit(d, side, s->answers ? "answers, connections" : "flows",
		      f->interrupted ? "the run was interrupted"
		                     : "the run hit its deadline");
	if (!s->flows)
		limit(d, side, "flows", why);
}

/* That neither tells who sends is no news. */
static void senders(struct diff *d)
{
	if (d->sight[A].senders == d->sight[B].senders)
		return;
	for (unsigned s = A; s <= B; s++) {
		if (d->sight[s].flows && !d->sight[s].senders)
			limit(d, s, "senders", "nobody looked who sends");
	}
}

/* --- the verdict ------------------------------------------------------- */

static void verdict(struct diff *d)
{
	const struct diff_about about = { .section = VP_DIFF_VERDICT };

	diff_texts(d, &about, "verdict", vp_verdict_name(d->j[A]->verdict),
	           vp_verdict_name(d->j[B]->verdict));
}

/* --- captures ---------------------------------------------------------- */

static const char *state_text(const struct vp_capture_facts *c)
{
	return c->wanted ? vp_capture_state_name(c->state) : "not wanted";
}

/* A number that should be 0: whether it is, matters. */
static void lost(struct diff *d, const char *what, uint64_t a, uint64_t b)
{
	struct diff_about about = { .section = VP_DIFF_CAPTURE };

	if ((a == 0) == (b == 0))
		about.weight = VP_DIFF_WEIGHT_NOISE;
	diff_numbers(d, &about, what, a, b);
}

static uint64_t unseen(const struct vp_capture_facts *c)
{
	return c->attested_expected > c->attested_seen
	               ? c->attested_expected - c->attested_seen
	               : 0;
}

static void losses(struct diff *d, const struct vp_capture_facts *a,
                   const struct vp_capture_facts *b)
{
	lost(d, "packets dropped by the kernel", a->dropped, b->dropped);
	lost(d, "packets dropped by interfaces", a->interface_dropped,
	     b->interface_dropped);
	lost(d, "own probes not seen", unseen(a), unseen(b));
	lost(d, "flows that found no room", a->flows_left_out,
	     b->flows_left_out);
	lost(d, "names that found no room", a->names_left_out,
	     b->names_left_out);
	lost(d, "frames that cannot be decoded", a->undecodable,
	     b->undecodable);
	lost(d, "flows with gaps", a->gap_flows, b->gap_flows);
	lost(d, "senders lost", a->owners_lost, b->owners_lost);
}

static void captures(struct diff *d)
{
	const struct vp_capture_facts *a = &d->facts[A]->capture;
	const struct vp_capture_facts *b = &d->facts[B]->capture;
	const struct diff_about about = { .section = VP_DIFF_CAPTURE };
	const struct diff_about noise = { .section = VP_DIFF_CAPTURE,
		                          .weight = VP_DIFF_WEIGHT_NOISE };
	struct diff_about names = about;
	struct vp_diff_change *c;

	diff_texts(d, &about, "capture", state_text(a), state_text(b));
	diff_texts(d, a->state == b->state ? &about : &noise, "reason",
	           a->reason, b->reason);
	if (!a->wanted || !b->wanted || a->state == VP_CAPTURE_OFF ||
	    b->state == VP_CAPTURE_OFF)
		return;
	losses(d, a, b);
	diff_flags(d, &about, "interfaces missed", a->interface_missed,
	           b->interface_missed);
	if (d->two_machines)
		names.weight = VP_DIFF_WEIGHT_CONTEXT;
	c = diff_texts(d, &names, "interfaces watched",
	               diff_join_texts(d, a->interfaces, a->n_interfaces),
	               diff_join_texts(d, b->interfaces, b->n_interfaces));
	if (c != NULL && d->two_machines)
		c->note = "machine-specific";
	diff_texts(d, &about, "senders told by", a->owners, b->owners);
	diff_numbers(d, &noise, "packets received", a->received, b->received);
}

/* --- the run ----------------------------------------------------------- */

static const char *command_text(struct diff *d, const struct vp_facts *f)
{
	const char *text = "";

	for (size_t i = 0; i < f->command.n_argv && i < 32; i++)
		text = diff_text(d, "%s%s%s", text, i > 0 ? " " : "",
		                 f->command.argv[i]);
	return *text != '\0' ? text : "none";
}

static const char *end_text(struct diff *d, const struct vp_command_facts *c)
{
	if (!c->started)
		return "not started";
	return c->signal != 0 ? diff_text(d, "signal %d", c->signal)
	                      : diff_text(d, "status %d", c->exit_status);
}

void diff_run(struct diff *d)
{
	const struct vp_facts *a = d->facts[A], *b = d->facts[B];
	const struct diff_about about = { .section = VP_DIFF_CAPTURE };
	const struct diff_about noise = { .section = VP_DIFF_CAPTURE,
		                          .weight = VP_DIFF_WEIGHT_NOISE };

	senders(d);
	verdict(d);
	diff_texts(d, &about, "command of vnetprobe", vp_mode_name(a->mode),
	           vp_mode_name(b->mode));
	diff_flags(d, &about, "deadline hit", a->deadline_hit, b->deadline_hit);
	diff_flags(d, &about, "interrupted", a->interrupted, b->interrupted);
	diff_texts(d, &about, "command watched", command_text(d, a),
	           command_text(d, b));
	if (a->command.n_argv > 0 && b->command.n_argv > 0)
		diff_texts(d, &about, "end of that command",
		           end_text(d, &a->command), end_text(d, &b->command));
	captures(d);
	if (a->rounds != 0 && b->rounds != 0)
		diff_numbers(d, &noise, "rounds of questions", a->rounds,
		             b->rounds);
	diff_texts(d, &noise, "started", diff_moment(d, a->started_us),
	           diff_moment(d, b->started_us));
	diff_texts(d, &noise, "changed while it ran",
	           diff_join_texts(d, a->state_changes, a->n_state_changes),
	           diff_join_texts(d, b->state_changes, b->n_state_changes));
}
