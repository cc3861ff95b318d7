/*
 * diff_findings.c - findings that appeared, are gone, or weigh otherwise.
 *
 * A finding may be about several names, and how they are put together is the
 * judge's affair: each name of it counts for itself. A finding is gone only if
 * the other side looked at what it is made of; else its absence is not known.
 */
#include "diff_draft.h"

#include <string.h>

struct one { /* a finding, about one name */
	const struct vp_finding *f;
	const char *about; /* NULL: the run */
};

static void add_one(struct diff *d, struct diff_list *l,
                    const struct vp_finding *f, const char *about)
{
	struct one *o = vp_arena_alloc(d->arena, sizeof(*o));

	o->f = f;
	o->about = about;
	diff_add(d, l,
	         diff_text(d, "%s %s", f->type->id, about != NULL ? about : ""),
	         o);
}

static void add_all(struct diff *d, struct diff_list *l,
                    const struct vp_judgement *j)
{
	for (size_t i = 0; i < j->n_findings; i++) {
		const struct vp_finding *f = &j->findings[i];

		if (f->n_names == 0)
			add_one(d, l, f, f->target);
		for (size_t k = 0; k < f->n_names; k++)
			add_one(d, l, f, f->names[k]);
	}
}

/* Why the side that does not have it might have it; NULL: it does not. */
static const char *doubt(const struct diff *d, unsigned other,
                         const struct one *o)
{
	const char *family = o->f->type->family;
	const struct diff_sight *s = &d->sight[other];

	if (strcmp(family, "egress") == 0)
		return s->flows ? NULL : "flows are not known there";
	if (strcmp(family, "trust") == 0)
		return NULL;
	if (!s->answers)
		return "no resolver was asked there";
	if (strcmp(family, "reach") == 0 && !s->connections)
		return "nothing was connected to there";
	if (!s->ended)
		return "the run ended early there";
	if (o->about != NULL && diff_has_name(d, !other, o->about) &&
	    !diff_has_name(d, other, o->about))
		return "the name was not asked there";
	return NULL;
}

static const char *severity_text(struct diff *d, const struct vp_finding *f)
{
	return diff_text(d, "%s: %s", vp_severity_name(f->severity), f->title);
}

static void weigh(struct vp_diff_change *c, const struct vp_finding *f)
{
	c->rank = (unsigned)f->severity;
	c->decides = f->severity <= VP_SEVERITY_UNPROVEN;
	if (f->severity == VP_SEVERITY_INFO &&
	    strcmp(f->type->family, "egress") == 0) {
		c->weight = VP_DIFF_WEIGHT_CONTEXT;
		c->note = "what other programs sent while it ran";
	}
}

static void on_finding(struct diff *d, const struct diff_group *g, void *arg)
{
	const struct one *one[2] = { NULL, NULL };
	struct diff_about about = { .section = VP_DIFF_FINDINGS };
	struct vp_diff_change *c;
	const struct vp_finding *f;
	const char *why;
	unsigned has;

	(void)arg;
	for (unsigned s = A; s <= B; s++) { /* the worst of several is first */
		if (g->n[s] > 0)
			one[s] = g->items[s][0].value;
	}
	has = one[B] != NULL ? B : A;
	f = one[has]->f;
	about.subject = one[has]->about;
	if (one[A] != NULL && one[B] != NULL) {
		if (one[A]->f->severity == one[B]->f->severity)
			return;
		c = diff_put(d, &about, VP_DIFF_KIND_CHANGED, f->type->id,
		             severity_text(d, one[A]->f),
		             severity_text(d, one[B]->f));
		weigh(c, one[A]->f->severity < one[B]->f->severity ? one[A]->f
		                                                   : one[B]->f);
		return;
	}
	why = doubt(d, !has, one[has]);
	c = diff_put(d, &about,
	             why != NULL ? VP_DIFF_KIND_NOT_KNOWN
	             : has == B  ? VP_DIFF_KIND_ONLY_B
	                         : VP_DIFF_KIND_ONLY_A,
	             f->type->id, has == A ? severity_text(d, f) : NULL,
	             has == B ? severity_text(d, f) : NULL);
	c->note = why;
	weigh(c, f);
}

void diff_findings(struct diff *d)
{
	struct diff_list list[2] = { { 0 } };

	add_all(d, &list[A], d->j[A]);
	add_all(d, &list[B], d->j[B]);
	diff_walk(d, list, on_finding, NULL);
}
