/*
 * diff_findings.c - findings that appeared, are gone, or weigh otherwise.
 *
 * A finding may be about several names, and how they are put together is the
 * judge's affair: each name of it counts for itself. A finding is gone only if
 * the other side looked at what it is made of; else its absence is not known.
 */
#include "diff_draft.h"

#include <stdlib.h>
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

/* --- what a finding is made of ----------------------------------------- */

/* "name" or "name:port": may it be about this target? */
static bool is_about(const char *about, const struct vp_target *t)
{
	size_t n = strcspn(about, ":");

	return strlen(t->name->name) == n &&
	       strncmp(about, t->name->name, n) == 0 &&
	       (about[n] == '\0' ||
	        strtoul(about + n + 1, NULL, 10) == t->port);
}

static bool is_placed(const struct vp_facts *f, enum vp_placement_role role,
                      bool by_vnet)
{
	for (size_t i = 0; i < f->discovery.n_placements; i++) {
		const struct vp_placement *p = &f->discovery.placements[i];

		if (p->role == role &&
		    (by_vnet ? p->vnet : p->location) != NULL)
			return true;
	}
	return false;
}

/* Which places are compared depends on what is known of them. */
static const char *lacks_places(const struct diff *d, unsigned other)
{
	const struct vp_judgement *j = d->j[other];

	for (unsigned role = 0; role <= VP_PLACEMENT_MACHINE; role++) {
		for (unsigned by = 0; by < 2; by++) {
			if (is_placed(d->facts[!other], role, by != 0) &&
			    !is_placed(d->facts[other], role, by != 0))
				return "where the resources are is not known "
				       "there";
		}
	}
	for (size_t i = 0; i < j->n_findings; i++) {
		if (strcmp(j->findings[i].type->id, "limit-unproven") == 0)
			return "where the resources are is not all known "
			       "there";
	}
	return NULL;
}

/* A vault always tells of its caller; other services where they refuse. */
static const char *lacks_source(const struct vp_target *t)
{
	if (t->kind != VP_KIND_VAULT)
		return NULL;
	for (size_t i = 0; i < t->n_addresses; i++) {
		if (t->addresses[i].http.service_saw.family != 0)
			return NULL;
	}
	return "the service told no source there";
}

static bool names_an_endpoint(const struct vp_target *t)
{
	for (size_t i = 0; i < t->n_addresses; i++) {
		if (t->addresses[i].http.private_endpoint != NULL)
			return true;
	}
	return false;
}

static bool was_tried(const struct vp_target *t)
{
	for (size_t i = 0; i < t->n_addresses; i++) {
		if (t->addresses[i].reach == VP_REACH_TRIED)
			return true;
	}
	return false;
}

static const char *lacks_of_reach(const char *id, const struct vp_target *t,
                                  const struct diff_sight *s)
{
	if (!was_tried(t))
		return "it was not connected to there";
	if (strcmp(id, "service-names-other-endpoint") == 0) {
		if (t->n_endpoints == 0)
			return "which endpoint is meant is not known there";
		if (!names_an_endpoint(t))
			return "the service named no endpoint there";
	}
	if (strcmp(id, "firewall-application-rule") == 0 && !s->flows)
		return "flows are not known there";
	if (strcmp(id, "firewall-application-rule") == 0 ||
	    strcmp(id, "service-saw-other-source") == 0 ||
	    strcmp(id, "service-endpoint-used") == 0)
		return lacks_source(t);
	return NULL;
}

/* What it takes to find this, and the other side does not have. */
static const char *lacks(const struct diff *d, unsigned other,
                         const struct one *o)
{
	const struct vp_facts *f = d->facts[other];
	const char *id = o->f->type->id;
	bool reach = strcmp(o->f->type->family, "reach") == 0;

	for (size_t i = 0; o->about != NULL && i < f->n_targets; i++) {
		const struct vp_target *t = &f->targets[i];
		const char *why = NULL;

		if (!is_about(o->about, t))
			continue;
		if (d->j[other]->targets[i] == VP_TARGET_UNPROVEN &&
		    (reach || t->n_addresses == 0))
			return "not all of it was looked at there";
		if ((strcmp(id, "dns-other-endpoint") == 0 ||
		     strcmp(id, "dns-wrong-address") == 0) &&
		    t->n_expected == 0)
			return "which address is meant is not known there";
		if (reach)
			why = lacks_of_reach(id, t, &d->sight[other]);
		if (why != NULL)
			return why;
	}
	return NULL;
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
	if (strcmp(family, "limits") == 0)
		return lacks_places(d, other);
	if (!s->answers)
		return "no resolver was asked there";
	if (strcmp(family, "reach") == 0 && !s->connections)
		return "nothing was connected to there";
	if (!s->ended)
		return "the run ended early there";
	if (o->about != NULL && diff_has_name(d, !other, o->about) &&
	    !diff_has_name(d, other, o->about))
		return "the name was not asked there";
	return lacks(d, other, o);
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
