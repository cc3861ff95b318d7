/*
 * report_dns.c - what `vnetprobe dns` says to people.
 *
 * The verdict and what mends it first; then for each wrong name the path its
 * answers take (report_dns_path.c), one line for each name that is right, the
 * servers, and what this run did not look at.
 */
#include "report_dns.h"

#include <stdlib.h>
#include <string.h>

#include "name_targets.h"

#define MOST_PATHS 6       /* when not verbose */
#define MOST_PATHS_ALIKE 2 /* of names with the same trouble */
#define MOST_WRONG 50      /* names in a line each */
#define MOST_RIGHT 50

struct patient {                   /* a name */
	const struct vp_target *t; /* the strictest; NULL: none */
	enum vp_target_status status;
	const struct vp_finding *finding; /* the worst; NULL: none */
};

struct doctor {
	struct page c;
	struct patient *patients; /* for each name */
	struct { /* troubles that have been drawn, and how often */
		const char *text;
		size_t n;
	} drawn[MOST_PATHS];
	size_t n_drawn, n_paths;
	bool stub; /* what stands behind it, no application asks */
};

/* --- names ------------------------------------------------------------- */

static int compare_names(const void *a, const void *b)
{
	return strcmp((*(struct vp_name *const *const *)a)[0]->name,
	              (*(struct vp_name *const *const *)b)[0]->name);
}

/* Findings are about "name", "name:port", or something else. */
static void find_findings(struct doctor *d)
{
	const struct vp_facts *f = d->c.facts;
	struct vp_name **const *names, name = { 0 }, *key = &name;
	struct vp_name ***sorted = vp_arena_alloc(
		d->c.pen.arena, (f->n_names + 1) * sizeof(*sorted));

	for (size_t i = 0; i < f->n_names; i++)
		sorted[i] = &f->names[i];
	if (f->n_names > 0)
		qsort(sorted, f->n_names, sizeof(*sorted), compare_names);
	for (size_t i = 0; i < d->c.j->n_findings; i++) {
		const struct vp_finding *found = &d->c.j->findings[i];
		struct vp_name **at = &key;

		if (found->target == NULL)
			continue;
		name.name = vp_arena_strndup(d->c.pen.arena, found->target,
		                             strcspn(found->target, ":"));
		names = f->n_names == 0
		                ? NULL
		                : bsearch(&at, sorted, f->n_names,
		                          sizeof(*sorted), compare_names);
		if (names == NULL)
			continue;
		if (d->patients[*names - f->names].finding == NULL)
			d->patients[*names - f->names].finding = found;
	}
}

/* Of the targets with a name: the worst status, and the one that asks most. */
static void find_targets(struct doctor *d)
{
	const struct vp_facts *f = d->c.facts;
	struct vp_name_targets of;

	vp_name_targets_make(&of, f);
	for (size_t i = 0; i < f->n_names; i++) {
		struct patient *one = &d->patients[i];

		for (size_t k = of.first[i]; k < of.first[i + 1]; k++) {
			const struct vp_target *t = &f->targets[of.targets[k]];
			enum vp_target_status s =
				d->c.j->targets[of.targets[k]];

			if (one->t == NULL ||
			    (t->expect == VP_EXPECT_PRIVATE &&
			     one->t->expect != VP_EXPECT_PRIVATE))
				one->t = t;
			if (s == VP_TARGET_FAIL ||
			    one->status == VP_TARGET_OK ||
			    one->status == VP_TARGET_UNUSED)
				one->status = s;
		}
	}
}

static bool is_troubled(const struct doctor *d, size_t name)
{
	const struct patient *one = &d->patients[name];

	return (one->status != VP_TARGET_OK &&
	        one->status != VP_TARGET_UNUSED) ||
	       (one->finding != NULL &&
	        one->finding->severity <= VP_SEVERITY_WARNING);
}

/* Of names with the same trouble the first few are drawn. */
static bool may_draw(struct doctor *d, size_t name)
{
	const struct vp_finding *f = d->patients[name].finding;
	const struct vp_target *t = d->patients[name].t;
	const char *text = f != NULL                      ? f->type->id
	                   : t != NULL && t->zone != NULL ? t->zone
	                                                  : "";
	size_t i = 0;

	if (d->c.verbose)
		return true;
	if (d->n_paths == MOST_PATHS)
		return false;
	while (i < d->n_drawn && strcmp(d->drawn[i].text, text) != 0)
		i++;
	if (i == d->n_drawn) {
		d->drawn[d->n_drawn].text = text;
		d->drawn[d->n_drawn++].n = 0;
	}
	if (d->drawn[i].n == MOST_PATHS_ALIKE)
		return false;
	d->drawn[i].n++;
	d->n_paths++;
	return true;
}

static bool is_asked_by_programs(const struct doctor *d,
                                 const struct vp_resolver *r)
{
	return !vp_resolver_is_reference(r) &&
	       !(d->stub && r->source == VP_RESOLVER_SYSTEMD_RESOLVED);
}

/* The distinct addresses that this machine's servers gave, a few. */
static const char *addresses_text(struct doctor *d, const struct vp_name *name)
{
	struct page *c = &d->c;
	const char *text = "", *shown[4];
	char buf[VP_ADDR_TEXT];
	size_t n = 0;

	for (size_t i = 0; i < name->n_rows; i++) {
		const struct vp_dns_row *row = &name->rows[i];

		if (row->question != VP_QUESTION_NAME ||
		    !is_asked_by_programs(d,
		                          &c->facts->resolvers[row->resolver]))
			continue;
		for (size_t k = 0; k < row->n_addresses && n <= 4; k++) {
			const char *one =
				vp_addr_format(&row->addresses[k].addr, buf);
			size_t at = 0;

			while (at < n && strcmp(shown[at], one) != 0)
				at++;
			if (at < n)
				continue;
			if (n == 4)
				return page_text(c, "%s and more", text);
			shown[n] = page_text(c, "%s", one);
			text = page_text(c, "%s%s%s", text, n > 0 ? ", " : "",
			                 shown[n]);
			n++;
		}
	}
	return n > 0 ? text : "no address";
}

static void put_status(struct doctor *d, size_t name)
{
	enum vp_target_status s = d->patients[name].status;
	bool warned = s == VP_TARGET_OK && is_troubled(d, name);

	pen_put(&d->c.pen, PEN_PLAIN, 0, "  ");
	pen_put(&d->c.pen, warned ? PEN_YELLOW : page_status_colors[s], 10,
	        warned ? "warning" : vp_target_status_name(s));
}

/* One line: status, name, addresses; these on a second one if need be. */
static void put_line(struct doctor *d, size_t index)
{
	const struct vp_name *name = d->c.facts->names[index];
	bool unused = d->patients[index].status == VP_TARGET_UNUSED;
	const char *addresses =
		unused ? "no such name" : addresses_text(d, name);
	const struct vp_target *t = d->patients[index].t;
	struct pen *p = &d->c.pen;

	put_status(d, index);
	if (t != NULL && t->expect != VP_EXPECT_PRIVATE)
		addresses = page_text(&d->c, "%s (%s)", addresses,
		                      vp_expect_name(t->expect));
	if (12 + strlen(name->name) + 2 + strlen(addresses) <= p->columns) {
		pen_put(p, PEN_PLAIN, 0,
		        page_text(&d->c, "%s  %s", name->name, addresses));
		pen_line(p);
		return;
	}
	pen_put(p, PEN_PLAIN, 0, name->name);
	pen_line(p);
	pen_wrap(p, "            ", 12, addresses);
}

/* "private: 10.20.2.7, says nic.json; zone privatelink..." */
static const char *expected_text(struct page *c, const struct vp_target *t)
{
	const char *text = vp_expect_name(t->expect);
	char buf[VP_ADDR_TEXT];

	for (size_t i = 0; i < t->n_expected && i < 4; i++)
		text = page_text(c, "%s%s%s", text, i > 0 ? " or " : ": ",
		                 vp_addr_format(&t->expected[i], buf));
	if (t->n_expected > 0 && t->expected_from != NULL)
		text = page_text(c, "%s, says %s", text, t->expected_from);
	if (t->expect == VP_EXPECT_PRIVATE && t->zone != NULL)
		text = page_text(c, "%s; zone %s", text, t->zone);
	return text;
}

static void put_path(struct doctor *d, size_t index)
{
	const struct vp_name *name = d->c.facts->names[index];
	const struct vp_target *t = d->patients[index].t;
	struct page *c = &d->c;

	put_status(d, index);
	pen_put(&c->pen, PEN_BOLD, 0, name->name);
	pen_line(&c->pen);
	if (t != NULL)
		pen_wrap(&c->pen, "            must be ", 12,
		         expected_text(c, t));
	dns_path(c, name, t);
}

static void put_wrong(struct doctor *d)
{
	size_t n_drawn = 0, n_lines = 0, n_more = 0;
	bool *line = vp_arena_alloc(d->c.pen.arena, d->c.facts->n_names + 1);

	for (size_t i = 0; i < d->c.facts->n_names; i++) {
		if (!is_troubled(d, i))
			continue;
		line[i] = !may_draw(d, i);
		n_lines += line[i];
		if (line[i])
			continue;
		if (n_drawn++ > 0)
			pen_line(&d->c.pen);
		put_path(d, i);
	}
	if (n_lines > 0) {
		pen_line(&d->c.pen);
		pen_wrap(&d->c.pen, "  ", 2,
		         "More names in trouble (-v draws each):");
	}
	for (size_t i = 0; i < d->c.facts->n_names; i++) {
		if (!line[i])
			continue;
		if (n_more++ < MOST_WRONG)
			put_line(d, i);
	}
	if (n_more > MOST_WRONG)
		fprintf(d->c.pen.out, "  and %zu more\n", n_more - MOST_WRONG);
}

static void put_right(struct doctor *d)
{
	size_t n = 0;

	for (size_t i = 0; i < d->c.facts->n_names; i++) {
		if (is_troubled(d, i))
			continue;
		n++;
		if (d->c.verbose) {
			if (n > 1)
				pen_line(&d->c.pen);
			put_path(d, i);
		} else if (n <= MOST_RIGHT) {
			put_line(d, i);
		}
	}
	if (n > MOST_RIGHT && !d->c.verbose)
		fprintf(d->c.pen.out,
		        "  and %zu more: -v, or the JSON report\n",
		        n - MOST_RIGHT);
}

static size_t count_troubled(const struct doctor *d)
{
	size_t n = 0;

	for (size_t i = 0; i < d->c.facts->n_names; i++)
		n += is_troubled(d, i);
	return n;
}

static void put_names(struct doctor *d)
{
	size_t wrong = count_troubled(d);

	if (wrong > 0) {
		page_heading(&d->c, "Names in trouble");
		put_wrong(d);
	}
	if (wrong < d->c.facts->n_names) {
		page_heading(&d->c, "Names that are right");
		put_right(d);
	}
}

/* --- this machine ------------------------------------------------------ */

static const char *list_text(struct page *c, char *const *list, size_t n)
{
	const char *text = "";

	for (size_t i = 0; i < n; i++)
		text = page_text(c, "%s%s%s", text, i > 0 ? " " : "", list[i]);
	return text;
}

static bool has_placeholder(const struct vp_machine *m)
{
	/* Azure hands it out where the VNet has DNS servers of its own */
	for (size_t i = 0; i < m->n_search; i++) {
		if (strcmp(m->search[i], "reddog.microsoft.com") == 0)
			return true;
	}
	return false;
}

static void put_machine(struct doctor *d)
{
	const struct vp_machine *m = &d->c.facts->machine;
	struct page *c = &d->c;

	if (d->c.facts->rounds > 1)
		pen_wrap(
			&c->pen, "  ", 4,
			page_text(c, "asked in %u rounds", d->c.facts->rounds));
	if (m->n_search > 0)
		pen_wrap(&c->pen, "  ", 4,
		         page_text(c, "search %s, ndots %u%s",
		                   list_text(c, m->search, m->n_search),
		                   m->ndots > 0 ? m->ndots : 1,
		                   has_placeholder(m)
		                           ? " (Azure's placeholder: the VNet "
		                             "has DNS servers of its own)"
		                           : ""));
	if (m->hosts_sources != NULL || m->cache != NULL)
		pen_wrap(&c->pen, "  ", 4,
		         page_text(c, "applications ask: %s%s%s",
		                   m->hosts_sources != NULL ? m->hosts_sources
		                                            : "?",
		                   m->cache != NULL ? "; cache " : "",
		                   m->cache != NULL ? m->cache : ""));
	for (size_t i = 0; i < m->n_links; i++) {
		const struct vp_link_dns *l = &m->links[i];

		if (l->n_domains > 0)
			pen_wrap(
				&c->pen, "  ", 4,
				page_text(
					c, "link %s: domains %s",
					l->interface != NULL ? l->interface : "?",
					list_text(c, l->domains,
			                          l->n_domains)));
	}
}

/* --- what was not looked at -------------------------------------------- */

static size_t count_unanswered(const struct vp_facts *f, enum vp_outcome o)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n_names; i++) {
		for (size_t k = 0; k < f->names[i]->n_rows; k++)
			n += f->names[i]->rows[k].outcome == o;
	}
	return n;
}

static size_t count_used(const struct doctor *d)
{
	size_t n = 0;

	for (size_t i = 0; i < d->c.facts->n_names; i++)
		n += d->patients[i].status != VP_TARGET_UNUSED;
	return n;
}

static size_t count_unexpected(const struct doctor *d)
{
	size_t n = 0;

	for (size_t i = 0; i < d->c.facts->n_names; i++) {
		const struct vp_target *t = d->patients[i].t;

		if (d->patients[i].status == VP_TARGET_UNUSED)
			continue;
		n += t != NULL && t->expect == VP_EXPECT_PRIVATE &&
		     t->n_expected == 0;
	}
	return n;
}

static bool has_azure(const struct vp_facts *f)
{
	struct vp_addr azure;

	if (vp_addr_parse(&azure, "168.63.129.16") != 0)
		return false;
	for (size_t i = 0; i < f->n_resolvers; i++) {
		if (vp_addr_equal(&f->resolvers[i].endpoint.addr, &azure))
			return true;
	}
	return false;
}

static void put_unseen_servers(struct page *c)
{
	const struct vp_facts *f = c->facts;

	if (!has_azure(f))
		pen_wrap(&c->pen, "  ", 4,
		         page_text(c,
		                   "Azure DNS (168.63.129.16)%s: --azure-dns "
		                   "always asks it to compare with",
		                   f->machine.azure == VP_AZURE_NO
		                           ? ", for this is no Azure VM"
		                           : ""));
	if (f->machine.azure == VP_AZURE_YES && f->machine.n_vnet_dns == 0)
		pen_wrap(&c->pen, "  ", 4,
		         "the VNet's own list of DNS servers: vnet_dns in the "
		         "config tells");
	if (f->rounds <= 1)
		pen_wrap(&c->pen, "  ", 4,
		         "whether answers change: --rounds asks again");
}

static void put_unseen(struct doctor *d)
{
	const struct vp_facts *f = d->c.facts;
	size_t cancelled = count_unanswered(f, VP_OUTCOME_CANCELLED);
	size_t unexpected = count_unexpected(d);
	struct page *c = &d->c;

	page_heading(c, "Not looked at");
	if (f->mode == VP_MODE_DNS)
		pen_wrap(&c->pen, "  ", 4,
		         "the services themselves, and what leaves this "
		         "machine: vnetprobe check does");
	put_unseen_servers(c);
	if (unexpected > 0)
		pen_wrap(&c->pen, "  ", 4,
		         page_text(c,
		                   "any private address was accepted for "
		                   "%zu of %zu names; to check them: "
		                   "--endpoint FILE",
		                   unexpected, count_used(d)));
	if (cancelled > 0)
		pen_wrap(&c->pen, "  ", 4,
		         page_text(c,
		                   "%zu questions: the run ended before their "
		                   "answers",
		                   cancelled));
}

int vp_report_dns(FILE *out, const struct vp_facts *facts,
                  const struct vp_judgement *j,
                  const struct vp_text_style *style)
{
	struct doctor d = { .n_drawn = 0 };

	page_open(&d.c, out, facts, j, style);
	d.patients = vp_arena_alloc(d.c.pen.arena,
	                            (facts->n_names + 1) * sizeof(*d.patients));
	for (size_t i = 0; i < facts->n_resolvers; i++)
		d.stub |= facts->resolvers[i].source == VP_RESOLVER_RESOLV_CONF;
	find_targets(&d);
	find_findings(&d);
	page_head(&d.c);
	page_findings(&d.c);
	put_names(&d);
	page_servers(&d.c);
	put_machine(&d);
	put_unseen(&d);
	if (facts->traced)
		dns_trace(&d.c);
	page_discovered(&d.c);
	page_end(&d.c);
	return page_close(&d.c);
}
