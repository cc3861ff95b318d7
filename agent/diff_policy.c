/*
 * diff_policy.c - what was expected as a whole: scenario, cloud, VNet, and the
 * rules of what may leave. What is expected of a target: diff_targets.c.
 */
#include "diff_draft.h"

static const struct diff_about about = { .section = VP_DIFF_POLICY };

static const char *prefixes(struct diff *d, const struct vp_policy *p)
{
	struct diff_list l = { 0 };
	char buf[VP_PREFIX_TEXT];

	for (size_t i = 0; i < p->n_vnet; i++)
		diff_add(d, &l,
		         vp_arena_strdup(d->arena,
		                         vp_prefix_format(&p->vnet[i], buf)),
		         NULL);
	return l.n > 0 ? diff_join(d, &l, ", ") : "none declared";
}

/* What a rule names; the rest may be anything. */
static const char *rule_text(struct diff *d, const struct vp_allow_rule *r)
{
	const char *text = "";
	char buf[VP_PREFIX_TEXT];

	if (r->name != NULL)
		text = diff_text(d, " name %s", r->name);
	if (r->prefix.addr.family != 0)
		text = diff_text(d, "%s prefix %s", text,
		                 vp_prefix_format(&r->prefix, buf));
	if (r->port != 0)
		text = diff_text(d, "%s port %u", text, (unsigned)r->port);
	if (r->process != NULL)
		text = diff_text(d, "%s process %s", text, r->process);
	if (r->service_tag != NULL)
		text = diff_text(d, "%s service tag %s", text, r->service_tag);
	return *text == ' ' ? text + 1 : "everything";
}

static void on_rule(struct diff *d, const struct diff_group *g, void *arg)
{
	struct diff_about reason = about;

	(void)arg;
	if (g->n[A] == 0 || g->n[B] == 0) {
		diff_put(d, &about,
		         g->n[A] > 0 ? VP_DIFF_KIND_ONLY_A
		                     : VP_DIFF_KIND_ONLY_B,
		         "allow rule", g->n[A] > 0 ? g->key : NULL,
		         g->n[B] > 0 ? g->key : NULL);
		return;
	}
	reason.weight = VP_DIFF_WEIGHT_NOISE;
	reason.subject = g->key;
	diff_texts(d, &reason, "reason", g->items[A][0].value,
	           g->items[B][0].value);
}

static void rules(struct diff *d)
{
	struct diff_list list[2] = { { 0 } };

	for (unsigned s = A; s <= B; s++) {
		const struct vp_policy *p = &d->facts[s]->policy;

		for (size_t i = 0; i < p->n_allow; i++)
			diff_add(d, &list[s], rule_text(d, &p->allow[i]),
			         p->allow[i].reason);
	}
	diff_walk(d, list, on_rule, NULL);
}

static const char *tags_text(struct diff *d, const struct vp_tags_facts *t)
{
	return t->file == NULL
	               ? "none"
	               : diff_text(d, "%s, change %llu",
	                           t->cloud != NULL ? t->cloud : "?",
	                           (unsigned long long)t->change_number);
}

static const char *roots_text(const struct vp_facts *f)
{
	return f->trust.ca_file != NULL ? f->trust.ca_file : "the system's";
}

void diff_policy(struct diff *d)
{
	const struct vp_facts *a = d->facts[A], *b = d->facts[B];
	struct diff_about tags = about;

	diff_texts(d, &about, "scenario", a->scenario, b->scenario);
	diff_texts(d, &about, "cloud", a->cloud, b->cloud);
	diff_texts(d, &about, "region", a->region, b->region);
	diff_texts(d, &about, "address space of the VNet",
	           prefixes(d, &a->policy), prefixes(d, &b->policy));
	diff_texts(d, &about, "what no rule explains",
	           a->policy.report_only ? "a warning" : "an error",
	           b->policy.report_only ? "a warning" : "an error");
	diff_texts(d, &about, "roots trusted", roots_text(a), roots_text(b));
	diff_texts(d, &about, "issuers said to be known",
	           diff_join_texts(d, a->trust.issuers, a->trust.n_issuers),
	           diff_join_texts(d, b->trust.issuers, b->trust.n_issuers));
	rules(d);
	/* a new file comes each week */
	if ((a->policy.tags.file == NULL) == (b->policy.tags.file == NULL))
		tags.weight = VP_DIFF_WEIGHT_NOISE;
	diff_texts(d, &tags, "service tags", tags_text(d, &a->policy.tags),
	           tags_text(d, &b->policy.tags));
}
