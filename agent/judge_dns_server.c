/*
 * judge_dns_server.c - the servers themselves, and this machine's list of them.
 */
#include "judge_dns.h"

#include <string.h>

/* --- servers -----------------------------------------------------------------
 */

void judge_dns_public(struct judge *j, size_t r,
                      const struct dns_groups *groups)
{
	const struct vp_resolver *res = &j->facts->resolvers[r];
	struct judge_draft *d;

	if (res->source == VP_RESOLVER_NSS ||
	    res->source == VP_RESOLVER_COMPARE ||
	    judge_scope(j, &res->endpoint.addr) != VP_SCOPE_PUBLIC ||
	    dns_groups_have(groups, "dns-public-resolver", r))
		return;
	d = judge_add(j, "dns-public-resolver", judge_resolver_text(j, r));
	d->words.resolver = judge_resolver_text(j, r);
	d->detail = "{resolver} is a public address (from {what}).";
	d->words.what = vp_resolver_source_name(res->source);
	if (res->source == VP_RESOLVER_OPTION)
		d->f.severity = VP_SEVERITY_INFO; /* asked for */
}

/* A row of this server for which the test holds, and its name. */
static const struct vp_dns_row *
find_row(const struct dns_scene *s, size_t resolver,
         bool (*test)(const struct dns_scene *, size_t, size_t,
                      const struct vp_dns_row *),
         size_t *name)
{
	for (size_t i = 0; i < s->f->n_names; i++) {
		const struct vp_name *n = s->f->names[i];

		for (size_t k = 0; k < n->n_rows; k++) {
			if (n->rows[k].resolver != resolver ||
			    !test(s, i, resolver, &n->rows[k]))
				continue;
			*name = i;
			return &n->rows[k];
		}
	}
	return NULL;
}

static bool without_edns(const struct dns_scene *s, size_t name, size_t r,
                         const struct vp_dns_row *row)
{
	(void)s, (void)name, (void)r;
	return row->without_edns;
}

static bool tcp_failed(const struct dns_scene *s, size_t name, size_t r,
                       const struct vp_dns_row *row)
{
	return dns_view_at(s, name, r)->tcp_row == row;
}

static bool tcp_answered(const struct dns_scene *s, size_t name, size_t r,
                         const struct vp_dns_row *row)
{
	(void)s, (void)name, (void)r;
	return row->transport == VP_TRANSPORT_TCP &&
	       row->outcome == VP_OUTCOME_OK;
}

/* What is no harm yet: told once for a server. */
void judge_dns_habits(struct judge *j, const struct dns_scene *s, size_t r,
                      const struct dns_groups *groups)
{
	const struct vp_dns_row *row;
	struct judge_draft *d;
	size_t name = 0;

	if (s->reference[r])
		return;
	row = find_row(s, r, without_edns, &name);
	if (row != NULL) {
		d = judge_add(j, "dns-edns-refused", judge_resolver_text(j, r));
		d->words.resolver = judge_resolver_text(j, r);
		d->detail = "{resolver} was asked without EDNS.";
	}
	/* One answer lost does not make TCP closed. */
	if (find_row(s, r, tcp_answered, &name) != NULL)
		return;
	row = find_row(s, r, tcp_failed, &name);
	if (row == NULL || dns_groups_have(groups, "dns-tcp-blocked", r))
		return;
	d = judge_add(j, "dns-tcp-blocked", judge_resolver_text(j, r));
	d->words.resolver = judge_resolver_text(j, r);
	d->words.server = judge_addr_text(j, &s->f->resolvers[r].endpoint.addr);
	d->detail = "No answer of {resolver} was too long for UDP in this run; "
		    "one that is would be lost.";
	judge_evidence(j, d, judge_row_text(j, s->f->names[name]->name, row));
	d->f.severity = VP_SEVERITY_WARNING;
}

/* --- the machine
 * --------------------------------------------------------------- */

static bool vnet_has(const struct vp_machine *m, const struct vp_addr *a)
{
	for (size_t i = 0; i < m->n_vnet_dns; i++) {
		if (vp_addr_equal(&m->vnet_dns[i], a))
			return true;
	}
	return false;
}

static bool machine_has(const struct dns_scene *s, const struct vp_addr *a)
{
	for (size_t r = 0; r < s->n_resolvers; r++) {
		const struct vp_resolver *res = &s->f->resolvers[r];

		if ((res->source == VP_RESOLVER_RESOLV_CONF ||
		     res->source == VP_RESOLVER_SYSTEMD_RESOLVED) &&
		    vp_addr_equal(&res->endpoint.addr, a))
			return true;
	}
	return false;
}

/* resolv.conf is of an old lease if it names others than the VNet does now. */
void judge_dns_lease(struct judge *j, struct dns_scene *s)
{
	const struct vp_machine *m = &s->f->machine;
	const char *own = "", *vnet = "";
	bool other = false, missing = false, stub = false;
	struct judge_draft *d;

	for (size_t r = 0; r < s->n_resolvers; r++) {
		const struct vp_resolver *res = &s->f->resolvers[r];

		stub |= s->stub[r];
		if ((res->source != VP_RESOLVER_RESOLV_CONF &&
		     res->source != VP_RESOLVER_SYSTEMD_RESOLVED) ||
		    judge_scope(j, &res->endpoint.addr) == VP_SCOPE_LOOPBACK)
			continue;
		other |= !vnet_has(m, &res->endpoint.addr);
		own = vp_arena_printf(j->arena, "%s%s%s", own,
		                      *own != '\0' ? ", " : "",
		                      judge_resolver_text(j, r));
	}
	for (size_t i = 0; i < m->n_vnet_dns; i++) {
		missing |= !machine_has(s, &m->vnet_dns[i]);
		vnet = vp_arena_printf(j->arena, "%s%s%s", vnet,
		                       *vnet != '\0' ? ", " : "",
		                       judge_addr_text(j, &m->vnet_dns[i]));
	}
	/* Nothing to compare, or another link's servers beside the VNet's. */
	if (m->n_vnet_dns == 0 || *own == '\0' || (!other && !missing) ||
	    (stub && !missing))
		return;
	for (size_t r = 0; r < s->n_resolvers; r++) {
		const struct vp_resolver *res = &s->f->resolvers[r];

		s->outdated[r] = res->source == VP_RESOLVER_RESOLV_CONF &&
		                 !s->stub[r] &&
		                 !vnet_has(m, &res->endpoint.addr);
	}
	d = judge_add(j, "dns-servers-outdated", NULL);
	d->words.resolver = own;
	d->words.expected = vnet;
	d->detail = "This machine asks {resolver}; the VNet's setting is "
		    "{expected}.";
	if (m->vnet_dns_from != NULL)
		judge_evidence(j, d,
		               vp_arena_printf(j->arena, "%s, from %s", vnet,
		                               m->vnet_dns_from));
}

/* --- status of each server ---------------------------------------------------
 */

struct tally { /* of one resolver, over all names */
	size_t rows, answered, silent, unreachable, refused;
};

static void tally_row(const struct judge *j, struct tally *t,
                      const struct vp_dns_row *row)
{
	unsigned shape = dns_shape_of(j, row);

	t->rows++;
	t->answered += row->outcome == VP_OUTCOME_OK ||
	               row->outcome == VP_OUTCOME_MALFORMED;
	t->refused += shape == DNS_REFUSED;
	t->silent += (shape & (DNS_SILENT | DNS_TCP_BLOCKED)) != 0;
	t->unreachable += shape == DNS_UNREACHABLE;
}

const char *judge_dns_status(const struct dns_scene *s, size_t r)
{
	struct tally t = { 0 };

	for (size_t i = 0; i < s->f->n_names; i++) {
		for (size_t k = 0; k < s->f->names[i]->n_rows; k++) {
			const struct vp_dns_row *row = &s->f->names[i]->rows[k];

			if (row->resolver == r &&
			    row->question == VP_QUESTION_NAME)
				tally_row(s->j, &t, row);
		}
	}
	if (t.rows == 0)
		return "not-asked";
	if (t.silent == t.rows)
		return "silent";
	if (t.unreachable == t.rows)
		return "unreachable";
	if (t.refused == t.rows)
		return "refuses";
	if (t.answered == 0)
		return "failed";
	if (s->j->resolver_wrong[r] > 0)
		return "wrong";
	return t.answered < t.rows ? "partial" : "ok";
}
