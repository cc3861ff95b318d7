/*
 * diff_flows.c - flows, by remote end, port, name, class and direction.
 *
 * Local ports are random, and so is how often something was sent: all flows
 * that look alike are one. Where an answer bound a name to the remote, the name
 * stands for it, since the addresses behind public names change all day.
 *
 * Whether allowed traffic of other programs falls into the seconds of a check
 * is chance: such flows are told, and not counted. Private flows are noise,
 * unless watching was what the runs were for.
 */
#include "diff_draft.h"

#include <netinet/in.h>
#include <string.h>

#include "wording.h"

struct one {
	const struct vp_flow *f;
	const struct vp_flow_judgement *j;
};

/* --- whom a flow is with ------------------------------------------------ */

/* The name that stands for the remote; NULL: its address does. */
static const char *name_of(const struct one *o)
{
	const struct vp_flow *f = o->f;

	if (o->j->class == VP_CLASS_LEAK_DNS || f->direction == VP_DIRECTION_IN)
		return NULL;
	if (f->http_connect != NULL)
		return f->http_connect;
	if (f->sni != NULL && f->sni_bound)
		return f->sni;
	for (size_t i = 0; i < f->n_names; i++) {
		if (f->names[i].bound)
			return f->names[i].name;
	}
	return NULL;
}

static uint16_t port_of(const struct vp_flow *f)
{
	return f->direction == VP_DIRECTION_IN ? f->local.port : f->remote.port;
}

static const char *subject_text(struct diff *d, const struct one *o)
{
	const struct vp_flow *f = o->f;
	const char *who = name_of(o);
	char proto[VP_PROTOCOL_TEXT];
	const char *text;

	if (who == NULL)
		who = diff_address(d, &f->remote.addr);
	text = diff_text(d, "%s %s %s", vp_protocol_text(proto, f->proto),
	                 f->direction == VP_DIRECTION_IN ? "from" : "to", who);
	if (port_of(f) != 0)
		text = diff_text(d, "%s port %u", text, (unsigned)port_of(f));
	return f->tunnel != NULL ? diff_text(d, "%s in %s", text, f->tunnel)
	                         : text;
}

/* --- what is told of those that look alike ------------------------------ */

enum property { ADDRESS, STATE, INTERFACE, PROCESS, CLAIMED, QUESTION, RULE };

static void add_property(struct diff *d, struct diff_list *l,
                         const struct one *o, enum property p)
{
	const struct vp_flow *f = o->f;
	const char *text = NULL;

	switch (p) {
	case ADDRESS:
		text = diff_address(d, &f->remote.addr);
		break;
	case STATE:
		text = vp_flow_state_name(f->state);
		break;
	case INTERFACE:
		text = f->interface;
		break;
	case PROCESS:
		text = f->process;
		break;
	case CLAIMED:
		text = f->sni_bound ? NULL : f->sni;
		break;
	case RULE:
		text = o->j->rule;
		break;
	case QUESTION:
		for (size_t i = 0; i < f->n_questions; i++)
			diff_add(d, l, f->questions[i], NULL);
		return;
	}
	if (text != NULL)
		diff_add(d, l, text, NULL);
}

static const char *property(struct diff *d, const struct diff_group *g,
                            unsigned side, enum property p)
{
	struct diff_list l = { 0 };

	for (size_t i = 0; i < g->n[side]; i++)
		add_property(d, &l, g->items[side][i].value, p);
	return diff_join(d, &l, ", ");
}

static enum vp_flow_state best_state(const struct diff_group *g, unsigned side)
{
	enum vp_flow_state best = VP_FLOW_ATTEMPTED;

	for (size_t i = 0; i < g->n[side]; i++) {
		const struct one *o = g->items[side][i].value;

		if (o->f->state > best)
			best = o->f->state;
	}
	return best;
}

/* Senders are compared where all are known on both sides. */
static bool all_known(const struct diff_group *g, unsigned side)
{
	for (size_t i = 0; i < g->n[side]; i++) {
		const struct one *o = g->items[side][i].value;

		if (o->f->process == NULL)
			return false;
	}
	return true;
}

/* "leak-target, established, 203.0.113.20, by python3": for one side alone. */
static const char *summary(struct diff *d, const struct diff_group *g,
                           unsigned side)
{
	const struct one *o = g->items[side][0].value;
	const char *by = property(d, g, side, PROCESS);
	const char *asked = property(d, g, side, QUESTION);
	const char *claimed = property(d, g, side, CLAIMED);
	const char *text =
		diff_text(d, "%s, %s", vp_flow_class_name(o->j->class),
	                  vp_flow_state_name(best_state(g, side)));

	if (name_of(o) != NULL)
		text = diff_text(d, "%s, at %s", text,
		                 property(d, g, side, ADDRESS));
	if (claimed != NULL)
		text = diff_text(d, "%s, claimed to be for %s", text, claimed);
	if (by != NULL)
		text = diff_text(d, "%s, by %s", text, by);
	return asked != NULL ? diff_text(d, "%s, asked for %s", text, asked)
	                     : text;
}

/* --- how much it weighs -------------------------------------------------- */

static bool both_watch(const struct diff *d)
{
	return !vp_mode_probes(d->facts[A]->mode) &&
	       !vp_mode_probes(d->facts[B]->mode);
}

static enum vp_diff_weight weight_of(const struct diff *d, const struct one *o)
{
	switch (o->j->class) {
	case VP_CLASS_OWN:
		return VP_DIFF_WEIGHT_NOISE; /* the targets tell */
	case VP_CLASS_PRIVATE:
		return both_watch(d) && !o->f->own && name_of(o) != NULL
		               ? VP_DIFF_WEIGHT_MATTERS
		               : VP_DIFF_WEIGHT_NOISE;
	case VP_CLASS_ALLOWED:
	case VP_CLASS_REQUIRED:
		return both_watch(d) ? VP_DIFF_WEIGHT_MATTERS
		                     : VP_DIFF_WEIGHT_CONTEXT;
	case VP_CLASS_LEAK_TARGET:
	case VP_CLASS_LEAK_DNS:
	case VP_CLASS_UNEXPLAINED:
	case VP_CLASS_INBOUND:
	case VP_CLASS_FORWARDED:
	case VP_CLASS_TUNNELED:
	case VP_CLASS_NOT_LEFT:
	case VP_CLASS_PROXIED:
		break;
	}
	return VP_DIFF_WEIGHT_MATTERS;
}

static bool is_bad(enum vp_flow_class c)
{
	return c == VP_CLASS_LEAK_TARGET || c == VP_CLASS_LEAK_DNS ||
	       c == VP_CLASS_UNEXPLAINED;
}

/* --- one kind of flow ---------------------------------------------------- */

static void only_one(struct diff *d, struct diff_about about,
                     const struct diff_group *g, unsigned side)
{
	const struct one *o = g->items[side][0].value;
	bool known = d->sight[!side].flows;
	struct vp_diff_change *c;

	c = diff_put(d, &about,
	             !known      ? VP_DIFF_KIND_NOT_KNOWN
	             : side == A ? VP_DIFF_KIND_ONLY_A
	                         : VP_DIFF_KIND_ONLY_B,
	             "flow", side == A ? summary(d, g, side) : NULL,
	             side == B ? summary(d, g, side) : NULL);
	c->rank = is_bad(o->j->class) ? 0 : 1;
	if (!known)
		c->note = "flows are not known there";
	else if (about.weight == VP_DIFF_WEIGHT_CONTEXT)
		c->note = "what other programs sent while it ran";
}

static void on_flow(struct diff *d, const struct diff_group *g, void *arg)
{
	const struct one *o = g->items[g->n[A] > 0 ? A : B][0].value;
	struct diff_about about = { .section = VP_DIFF_FLOWS,
		                    .weight = weight_of(d, o),
		                    .subject = subject_text(d, o) };
	struct diff_about minor = about;

	(void)arg;
	if (g->n[A] == 0 || g->n[B] == 0) {
		only_one(d, about, g, g->n[A] > 0 ? A : B);
		return;
	}
	minor.weight = VP_DIFF_WEIGHT_NOISE;
	diff_texts(d, is_bad(o->j->class) ? &about : &minor, "address",
	           property(d, g, A, ADDRESS), property(d, g, B, ADDRESS));
	diff_texts(d, &about, "state", vp_flow_state_name(best_state(g, A)),
	           vp_flow_state_name(best_state(g, B)));
	diff_texts(d, d->two_machines ? &minor : &about, "interface",
	           property(d, g, A, INTERFACE), property(d, g, B, INTERFACE));
	diff_texts(d, all_known(g, A) && all_known(g, B) ? &about : &minor,
	           "process", property(d, g, A, PROCESS),
	           property(d, g, B, PROCESS));
	diff_texts(d, &about, "claimed name", property(d, g, A, CLAIMED),
	           property(d, g, B, CLAIMED));
	if (o->j->class == VP_CLASS_LEAK_DNS)
		diff_texts(d, &about, "asked for", property(d, g, A, QUESTION),
		           property(d, g, B, QUESTION));
	diff_texts(d, &about, "rule", property(d, g, A, RULE),
	           property(d, g, B, RULE));
	diff_numbers(d, &minor, "how many", g->n[A], g->n[B]);
}

static void add_flows(struct diff *d, struct diff_list *l, unsigned side)
{
	const struct vp_facts *f = d->facts[side];

	for (size_t i = 0; i < f->n_flows; i++) {
		struct one *o = vp_arena_alloc(d->arena, sizeof(*o));

		o->f = &f->flows[i];
		o->j = &d->j[side]->flows[i];
		diff_add(d, l,
		         diff_text(
				 d, "%02u %u %s", (unsigned)o->j->class,
				 (unsigned)(o->f->direction == VP_DIRECTION_IN),
				 subject_text(d, o)),
		         o);
	}
}

void diff_flows(struct diff *d)
{
	struct diff_list list[2] = { { 0 } };

	add_flows(d, &list[A], A);
	add_flows(d, &list[B], B);
	diff_walk(d, list, on_flow, NULL);
}
