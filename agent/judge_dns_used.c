/*
 * judge_dns_used.c - of several names that a resource may have, which one does
 * it have? (struct vp_target: alternative_of)
 *
 * A name is passed over only if everybody who was asked says that it does not
 * exist, and somebody says that another one does. What exists is judged, public
 * or not. Where somebody could not be asked, that is told; the others' word
 * that it does not exist is no mistake then either.
 */
#include "judge_dns.h"

#include <string.h>

#define NOERROR 0

/* Targets with this name are all derived: nobody asked for the name itself. */
static const char *stem_of(const struct vp_facts *f, const struct vp_name *name)
{
	const char *stem = NULL;

	for (size_t i = 0; i < f->n_targets; i++) {
		if (f->targets[i].name != name)
			continue;
		stem = f->targets[i].alternative_of;
		if (stem == NULL)
			return NULL;
	}
	return stem;
}

static bool is_absent_for_programs(const struct vp_name *name, size_t resolver)
{
	size_t n = 0;

	for (size_t i = 0; i < name->n_rows; i++) {
		const struct vp_dns_row *row = &name->rows[i];

		if (row->resolver != resolver)
			continue;
		if (row->n_addresses > 0)
			return false;
		n += row->outcome == VP_OUTCOME_OK;
	}
	return n > 0;
}

/* No answer of this server has the name, or leads on from it. */
static bool knows_nothing(const struct vp_name *name, size_t resolver)
{
	for (size_t i = 0; i < name->n_rows; i++) {
		const struct vp_dns_row *row = &name->rows[i];

		if (row->resolver == resolver &&
		    row->question == VP_QUESTION_NAME &&
		    !row->truncated && /* over TCP it is whole */
		    row->outcome == VP_OUTCOME_OK &&
		    (row->rcode == NOERROR || row->n_chain > 0))
			return false;
	}
	return true;
}

/* Whoever answers says that it does not exist, and somebody does; one that is
 * asked only to compare must not know it either. *certain: in every round, at
 * everybody, and to programs. */
static bool is_absent(const struct dns_scene *s, size_t index, bool *certain)
{
	const struct vp_name *name = s->f->names[index];
	size_t servers = 0;
	bool programs = false;

	*certain = true;
	for (size_t r = 0; r < s->n_resolvers; r++) {
		const struct dns_view *v = dns_view_at(s, index, r);

		if (s->f->resolvers[r].source == VP_RESOLVER_NSS) {
			programs |= is_absent_for_programs(name, r);
			*certain &= programs;
			continue;
		}
		if (!knows_nothing(name, r))
			return false;
		if (s->reference[r])
			continue;
		if (v->unfinished || !(v->shapes & v->aaaa & DNS_UNKNOWN))
			*certain = false;
		servers += (v->shapes & DNS_UNKNOWN) != 0;
	}
	/* If no server was asked in time, programs were told so all the same.
	 */
	*certain &= servers > 0;
	return (servers > 0 || programs) && name->n_hosts == 0;
}

static bool exists(const struct dns_scene *s, size_t index)
{
	for (size_t r = 0; r < s->n_resolvers; r++) {
		const struct dns_view *v = dns_view_at(s, index, r);

		if (dns_counts(s, index, r) &&
		    s->f->resolvers[r].source != VP_RESOLVER_NSS &&
		    (v->shapes & (DNS_RIGHT | DNS_OPEN | DNS_MISSING)) != 0)
			return true;
	}
	return false;
}

/* "ci-one.eastus" and a suffix */
static bool is_of(const char *name, const char *stem)
{
	size_t n = strlen(stem);

	return strncmp(name, stem, n) == 0 && name[n] == '.';
}

const char *judge_dns_used(const struct dns_scene *s, size_t index,
                           bool *certain)
{
	const struct vp_facts *f = s->f;
	const struct vp_target *t = s->j->names[index].target;
	const char *stem, *used = NULL;

	*certain = false;
	if (t == NULL || t->alternative_of == NULL)
		return NULL;
	stem = stem_of(f, f->names[index]);
	if (stem == NULL || !is_absent(s, index, certain))
		return NULL;
	for (size_t i = 0; i < f->n_names; i++) {
		const struct judge_name *other = &s->j->names[i];
		bool ignored;

		if (i == index || other->target == NULL ||
		    other->target->kind != t->kind ||
		    !is_of(f->names[i]->name, stem) ||
		    is_absent(s, i, &ignored))
			continue;
		if (exists(s, i))
			return f->names[i]->name;
		used = f->names[i]->name; /* could not be looked at */
	}
	*certain = false;
	return used;
}
