/*
 * report_dns_path.c - the path that one name's answers take, drawn.
 *
 *   applications (getaddrinfo): as 10.20.1.10 says
 *               203.0.113.20
 *   10.20.1.10 (BIND 9.18.33), 10.20.1.11: the same
 *         60 s  acct.privatelink.blob.core.windows.net
 *         60 s  blob.stamp.store.core.windows.net  <- turns public here
 *         10 s  203.0.113.20
 *     alias     asked directly: 10.20.2.7
 *
 * One hop a line, its time to live in front: that of the alias that leads
 * there. Servers that say the same are shown once, and rounds or TCP only where
 * they differ.
 */
#include "report_dns.h"

#include <string.h>

#include "answers.h"

#define TEXT_AT 14 /* column of names; before it stand TTLs and labels */
#define MOST_ADDRESSES 8
#define MOST_NOTES 12 /* lines below an answer */

struct path {
	struct page *c;
	const struct vp_name *name;
	const struct vp_target *t;
	struct answers answers;
	size_t indent; /* 2 more for what stands behind a stub */
};

/* --- lines ------------------------------------------------------------- */

static void put_blanks(struct page *c, size_t n)
{
	fprintf(c->pen.out, "%*s", (int)n, "");
}

/* "    60 s  text  <- mark"; the mark on a line of its own if need be. */
static void put_hop(struct path *p, const char *ttl, enum pen_color color,
                    const char *text, const char *mark)
{
	struct page *c = p->c;
	size_t at = p->indent + TEXT_AT;

	fprintf(c->pen.out, "%*s  ", (int)at - 2, ttl);
	pen_put(&c->pen, color, 0, text);
	if (mark != NULL) {
		if (at + pen_width(pen_safe(&c->pen, text)) + 2 +
		            pen_width(mark) >
		    c->pen.columns) {
			pen_line(&c->pen);
			put_blanks(c, at);
		} else {
			put_blanks(c, 2);
		}
		pen_put(&c->pen, PEN_RED, 0, mark);
	}
	pen_line(&c->pen);
}

/* "    alias     text", wrapped. */
static void put_note(struct path *p, const char *label, const char *text)
{
	struct page *c = p->c;

	put_blanks(c, p->indent + 2);
	pen_put(&c->pen, PEN_CYAN, TEXT_AT - 2, label);
	pen_wrap_at(&c->pen, p->indent + TEXT_AT, p->indent + TEXT_AT, text);
}

static void put_wrapped(struct path *p, const char *text)
{
	put_blanks(p->c, p->indent + TEXT_AT);
	pen_wrap_at(&p->c->pen, p->indent + TEXT_AT, p->indent + TEXT_AT, text);
}

/* --- answers in words -------------------------------------------------- */

static bool is_answer(const struct vp_dns_row *row)
{
	return row->outcome == VP_OUTCOME_OK;
}

static enum vp_scope scope_of(const struct page *c, const struct vp_addr *a)
{
	const struct vp_policy *p = &c->facts->policy;

	return vp_addr_scope(a, p->vnet, p->n_vnet);
}

static const char *addr_text(struct page *c, const struct vp_addr *a)
{
	char buf[VP_ADDR_TEXT];

	return page_text(c, "%s", vp_addr_format(a, buf));
}

static const char *ms_text(struct page *c, uint64_t us)
{
	return us < 1000000 ? page_text(c, "%.0f ms", (double)us / 1e3)
	                    : page_text(c, "%.1f s", (double)us / 1e6);
}

/* What ended an answer that has no address. */
static const char *end_text(struct page *c, const struct vp_dns_row *row)
{
	char word[VP_DNS_WORD];

	if (row->alias_loop)
		return "the aliases come back to a name already seen";
	if (row->outcome == VP_OUTCOME_TIMEOUT)
		return page_text(c, "no answer in %s",
		                 ms_text(c, row->elapsed_us));
	if (!is_answer(row))
		return page_text(c, "%s%s%s", vp_outcome_text(row->outcome),
		                 row->detail != NULL ? ": " : "",
		                 row->detail != NULL ? row->detail : "");
	if (row->transport == VP_TRANSPORT_NSS)
		return row->detail != NULL ? row->detail : "no address";
	if (row->truncated)
		return "cut short (TC)";
	if (row->rcode == 0)
		return row->type == VP_DNS_AAAA ? "no AAAA record"
		                                : "no A record";
	return page_text(c, "%s", vp_dns_rcode_name(word, row->rcode));
}

/* The addresses, or why there are none, in a few words. */
static const char *short_text(struct page *c, const struct vp_dns_row *row)
{
	const char *text = "";

	if (!is_answer(row) || row->n_addresses == 0)
		return end_text(c, row);
	for (size_t i = 0; i < row->n_addresses && i < 4; i++)
		text = page_text(c, "%s%s%s", text, i > 0 ? ", " : "",
		                 addr_text(c, &row->addresses[i].addr));
	if (row->n_addresses > 4)
		text = page_text(c, "%s and %zu more", text,
		                 row->n_addresses - 4);
	return text;
}

/* dnsmasq sets AA for what it remembers, whoever said it. */
static bool is_azure_soa(const struct vp_soa *s)
{
	return s->mname != NULL && strcmp(s->mname, "azureprivatedns.net") == 0;
}

/* Whose zone said no, and for how long that may be believed: the lesser of the
 * SOA's TTL, which counts down in a cache, and its MINIMUM (RFC 2308 section
 * 5). */
static const char *soa_text(struct page *c, const struct vp_soa *s)
{
	const char *mname = s->mname != NULL ? s->mname : "?";
	uint32_t left = s->ttl < s->minimum ? s->ttl : s->minimum;

	if (is_azure_soa(s))
		return page_text(c,
		                 "says the Azure private zone %s; a cache "
		                 "keeps that for %u s",
		                 s->zone, left);
	return page_text(
		c, "says the zone %s (SOA %s); a cache keeps that for %u s",
		s->zone, mname, left);
}

/* --- one answer -------------------------------------------------------- */

/* Of hop i, or of an address (i is n_chain), over all rows that agree. */
static const char *ttl_text(struct page *c, const struct answer *one,
                            const struct vp_dns_row *row, size_t i,
                            const struct vp_dns_address *address)
{
	uint32_t own = address != NULL ? address->ttl : row->chain[i].ttl;
	uint32_t least = own, most = own;

	for (size_t k = 0; row == one->a && k < one->n_same; k++) {
		const struct vp_dns_row *o = one->same[k];
		uint32_t ttl = own;

		if (address == NULL)
			ttl = o->chain[i].ttl;
		for (size_t n = 0; address != NULL && n < o->n_addresses; n++) {
			if (vp_addr_equal(&o->addresses[n].addr,
			                  &address->addr)) {
				ttl = o->addresses[n].ttl;
				break;
			}
		}
		least = ttl < least ? ttl : least;
		most = ttl > most ? ttl : most;
	}
	return least == most ? page_text(c, "%u s", least)
	                     : page_text(c, "%u-%u s", least, most);
}

static bool is_expected(const struct vp_target *t, const struct vp_addr *a)
{
	for (size_t i = 0; i < t->n_expected; i++) {
		if (vp_addr_equal(&t->expected[i], a))
			return true;
	}
	return t->n_expected == 0;
}

static const char *address_mark(struct path *p, const struct vp_addr *a,
                                bool turns)
{
	const struct vp_target *t = p->t;
	struct page *c = p->c;

	if (t == NULL || t->expect != VP_EXPECT_PRIVATE)
		return NULL;
	if (scope_of(c, a) == VP_SCOPE_PUBLIC)
		return turns ? "<- turns public here" : NULL;
	if (!is_expected(t, a))
		return page_text(c, "<- %s is meant",
		                 addr_text(c, &t->expected[0]));
	if (scope_of(c, a) != VP_SCOPE_VNET && c->facts->policy.n_vnet > 0 &&
	    t->n_expected == 0)
		return "<- in no prefix of --vnet";
	return NULL;
}

static enum pen_color address_color(struct path *p, const struct vp_addr *a)
{
	bool public = scope_of(p->c, a) == VP_SCOPE_PUBLIC;

	if (p->t == NULL || p->t->expect != VP_EXPECT_PRIVATE)
		return PEN_PLAIN;
	return public ? PEN_RED : PEN_GREEN;
}

static void put_addresses(struct path *p, const struct answer *one,
                          const struct vp_dns_row *row)
{
	size_t most = p->c->verbose ? SIZE_MAX : MOST_ADDRESSES;
	bool turns = answers_turn(p->c->facts, row) == row->n_chain;
	bool nss = row->transport == VP_TRANSPORT_NSS;

	for (size_t i = 0; i < row->n_addresses && i < most; i++) {
		const struct vp_dns_address *a = &row->addresses[i];

		put_hop(p, nss ? "" : ttl_text(p->c, one, row, row->n_chain, a),
		        address_color(p, &a->addr), addr_text(p->c, &a->addr),
		        address_mark(p, &a->addr, turns));
	}
	if (row->n_addresses > most)
		put_wrapped(p, page_text(p->c, "and %zu more addresses",
		                         row->n_addresses - most));
}

static void put_chain(struct path *p, const struct answer *one,
                      const struct vp_dns_row *row)
{
	bool private = p->t != NULL && p->t->expect == VP_EXPECT_PRIVATE;
	size_t turn = private ? answers_turn(p->c->facts, row) : SIZE_MAX;

	for (size_t i = 0; i < row->n_chain; i++)
		put_hop(p, ttl_text(p->c, one, row, i, NULL), PEN_PLAIN,
		        row->chain[i].target,
		        i == turn ? "<- turns public here" : NULL);
}

static void put_end(struct path *p, const struct vp_dns_row *row,
                    const char *label)
{
	const char *text = end_text(p->c, row);
	bool negative = is_answer(row) && row->soa.zone != NULL;

	put_hop(p, label, PEN_RED, text, negative ? "<- ends here" : NULL);
	if (negative)
		put_wrapped(p, soa_text(p->c, &row->soa));
}

static bool same_chain(const struct vp_dns_row *x, const struct vp_dns_row *y)
{
	if (x->n_chain != y->n_chain)
		return false;
	for (size_t i = 0; i < x->n_chain; i++) {
		if (strcmp(x->chain[i].target, y->chain[i].target) != 0)
			return false;
	}
	return true;
}

/* What AAAA adds to what A said: mostly nothing. */
static void put_aaaa(struct path *p, const struct answer *one)
{
	const struct vp_dns_row *a = one->a, *row = one->aaaa;
	bool nothing = is_answer(row) && row->n_addresses == 0 &&
	               !row->truncated && !row->alias_loop;

	if (nothing && (row->rcode == 0 ||
	                (a->outcome == row->outcome && a->rcode == row->rcode)))
		return;
	if (!nothing && a->outcome == row->outcome && row->n_addresses == 0 &&
	    a->n_addresses == 0)
		return; /* the same silence */
	if (is_answer(row) && row->n_addresses > 0) {
		if (!same_chain(a, row)) {
			put_hop(p, "AAAA", PEN_PLAIN,
			        "goes another way:", NULL);
			put_chain(p, one, row);
		}
		put_addresses(p, one, row);
		return;
	}
	put_end(p, row, "AAAA");
}

static void put_answer(struct path *p, const struct answer *one)
{
	const struct vp_dns_row *row = one->a != NULL ? one->a : one->aaaa;
	bool has = is_answer(row) && row->n_addresses > 0;
	bool only_ipv6 = is_answer(row) && row->rcode == 0 &&
	                 one->aaaa != NULL && one->aaaa->n_addresses > 0;

	put_chain(p, one, row);
	if (has)
		put_addresses(p, one, row);
	if (row->truncated || row->alias_loop || (!has && !only_ipv6))
		put_end(p, row, "");
	if (one->a != NULL && one->aaaa != NULL)
		put_aaaa(p, one);
	if (row->transport == VP_TRANSPORT_TCP && !one->tcp)
		put_note(p, "TCP", "too long for UDP: asked over TCP");
	if (row->without_edns)
		put_note(p, "EDNS", "refused: asked without it");
	if (row->authoritative && !is_azure_soa(&row->soa))
		put_note(p, "AA", "this server answers from a zone of its own");
}

/* "rounds 1-3, 5" */
static const char *rounds_text(struct page *c, const struct answer *one)
{
	const char *text = one->n_rounds == 1 ? "round" : "rounds";

	for (size_t i = 0; i < one->n_rounds;) {
		size_t n = 1;

		while (i + n < one->n_rounds &&
		       one->rounds[i + n] == one->rounds[i] + n)
			n++;
		text = page_text(c, "%s%s %u", text, i > 0 ? "," : "",
		                 one->rounds[i]);
		if (n > 1)
			text = page_text(c, "%s-%u", text,
			                 one->rounds[i + n - 1]);
		i += n;
		if (strlen(text) > 48 && i < one->n_rounds)
			return page_text(c, "%s and more", text);
	}
	return text;
}

static void put_caption(struct path *p, const struct answer *one)
{
	struct page *c = p->c;

	put_blanks(c, p->indent + 2);
	pen_put(&c->pen, PEN_YELLOW, 0,
	        page_text(c, "%s%s%s:", one->tcp ? "over TCP, " : "",
	                  one->tcp && one->a == NULL ? "AAAA, " : "",
	                  rounds_text(c, one)));
	pen_line(&c->pen);
}

/* --- servers ----------------------------------------------------------- */

static const char *server_text(struct page *c, size_t index)
{
	const struct vp_resolver *r = &c->facts->resolvers[index];
	const char *name = page_server_name(c, r);
	const char *about = page_server_about(c, r);

	if (about[0] == '\0')
		return name;
	return page_text(c, "%s (%s)", name, about);
}

static const char *servers_text(struct page *c, const struct answers_group *g)
{
	const char *text = "";

	for (size_t i = 0; i < g->n_resolvers; i++)
		text = page_text(c, "%s%s%s", text, i > 0 ? ", " : "",
		                 server_text(c, g->resolvers[i]));
	return text;
}

static bool has_address(const struct vp_dns_row *row, const struct vp_addr *a)
{
	for (size_t i = 0; i < row->n_addresses; i++) {
		if (vp_addr_equal(&row->addresses[i].addr, a))
			return true;
	}
	return false;
}

/* Which source the hosts entry of nsswitch.conf names first. */
static bool files_before_dns(const struct vp_machine *m)
{
	const char *files, *dns;

	if (m->hosts_sources == NULL)
		return true;
	files = strstr(m->hosts_sources, "files");
	dns = strstr(m->hosts_sources, "dns");
	return files != NULL && (dns == NULL || files < dns);
}

static const char *from_hosts(struct path *p, const struct vp_dns_row *nss)
{
	if (!files_before_dns(&p->c->facts->machine))
		return NULL;
	for (size_t i = 0; i < p->name->n_hosts; i++) {
		const struct vp_hosts_line *h = &p->name->hosts[i];

		if (has_address(nss, &h->addr))
			return page_text(p->c, "from the hosts file, line %u",
			                 h->line);
	}
	return NULL;
}

static const char *from_search(struct path *p, const struct vp_dns_row *nss)
{
	for (size_t i = 0; i < p->name->n_rows; i++) {
		const struct vp_dns_row *row = &p->name->rows[i];

		if (row->question == VP_QUESTION_SEARCH && row->asked != NULL &&
		    row->n_addresses > 0 &&
		    has_address(nss, &row->addresses[0].addr))
			return page_text(p->c, "by a search domain, as %s",
			                 row->asked);
	}
	return NULL;
}

/* Does some answer of this group hold all that getaddrinfo() gave? */
static bool group_says(const struct answers_group *g,
                       const struct vp_dns_row *nss)
{
	for (size_t i = 0; i < g->n_answers; i++) {
		const struct answer *one = &g->answers[i];
		bool all = true;

		for (size_t k = 0; k < nss->n_addresses && all; k++) {
			const struct vp_addr *a = &nss->addresses[k].addr;

			all = (one->a != NULL && has_address(one->a, a)) ||
			      (one->aaaa != NULL && has_address(one->aaaa, a));
		}
		if (all)
			return true;
	}
	return false;
}

static const char *from_dns(struct path *p, const struct vp_dns_row *nss)
{
	size_t listed = 0, say = 0;
	const char *first = NULL;

	for (size_t i = 0; i < p->answers.n_groups; i++) {
		const struct answers_group *g = &p->answers.groups[i];

		if (g->role != ANSWERS_LISTED && g->role != ANSWERS_UPSTREAM)
			continue;
		listed++;
		if (!group_says(g, nss))
			continue;
		say++;
		if (first == NULL)
			first = page_server_name(
				p->c, &p->c->facts->resolvers[g->resolvers[0]]);
	}
	if (say == 0)
		return NULL;
	return say == listed ? "from DNS"
	                     : page_text(p->c, "as %s says", first);
}

/* Which source answered: NSS does not tell, but what others say does. */
static const char *source_text(struct path *p, const struct vp_dns_row *nss)
{
	const struct vp_machine *m = &p->c->facts->machine;
	const char *text;

	if (nss->outcome != VP_OUTCOME_OK || nss->n_addresses == 0)
		return NULL;
	text = from_hosts(p, nss);
	if (text == NULL)
		text = from_search(p, nss);
	if (text == NULL)
		text = from_dns(p, nss);
	if (text != NULL)
		return text;
	if (m->cache != NULL)
		return page_text(p->c,
		                 "no server says so: perhaps the cache of %s",
		                 m->cache);
	return "no server says so";
}

/* --- what explains an answer ------------------------------------------- */

static bool is_wrong_row(const struct path *p, const struct vp_dns_row *row)
{
	if (row == NULL || !is_answer(row) || row->n_addresses == 0)
		return true;
	for (size_t i = 0; i < row->n_addresses; i++) {
		const struct vp_addr *a = &row->addresses[i].addr;

		if (scope_of(p->c, a) == VP_SCOPE_PUBLIC ||
		    !is_expected(p->t, a))
			return true;
	}
	return false;
}

static bool is_wrong(const struct path *p, const struct answers_group *g)
{
	if (p->t == NULL || p->t->expect != VP_EXPECT_PRIVATE)
		return false;
	for (size_t i = 0; i < g->n_answers; i++) {
		if (is_wrong_row(p, g->answers[i].a))
			return true;
	}
	return false;
}

struct note {
	const char *label;
	const char *what; /* a zone's name; NULL: none */
	const char *text;
};

struct notes {
	struct note list[MOST_NOTES];
	size_t n;
};

/* Each text once; zones of which the same is to be said share a line. */
static void add_note(struct page *c, struct notes *to, const char *label,
                     const char *what, const char *text)
{
	for (size_t i = 0; i < to->n; i++) {
		struct note *o = &to->list[i];

		if (strcmp(o->label, label) != 0 || strcmp(o->text, text) != 0)
			continue;
		if (what != NULL && strstr(o->what, what) == NULL)
			o->what = page_text(c, "%s, %s", o->what, what);
		return;
	}
	if (to->n < MOST_NOTES)
		to->list[to->n++] = (struct note){ label, what, text };
}

static bool is_of(const struct answers_group *g, const struct vp_dns_row *row)
{
	for (size_t i = 0; i < g->n_resolvers; i++) {
		if (g->resolvers[i] == row->resolver)
			return true;
	}
	return false;
}

static void note_row(struct path *p, const struct answers_group *g,
                     struct notes *to, const struct vp_dns_row *row)
{
	struct page *c = p->c;
	bool wrong = is_wrong(p, g) || c->verbose;

	switch (row->question) {
	case VP_QUESTION_UNCHECKED:
		add_note(c, to, "CD", NULL,
		         page_text(c, "without DNSSEC checks: %s",
		                   short_text(c, row)));
		break;
	case VP_QUESTION_SEARCH:
		if (row->asked != NULL && row->n_addresses > 0)
			add_note(c, to, "search", NULL,
			         page_text(c, "%s: %s", row->asked,
			                   short_text(c, row)));
		break;
	case VP_QUESTION_ALIAS:
		if (wrong)
			add_note(c, to, "alias", NULL,
			         page_text(c, "asked directly: %s",
			                   short_text(c, row)));
		break;
	case VP_QUESTION_NAME:
		break;
	}
}

/* Whose SOA comes back tells where a server looks. */
static const char *zone_text(struct page *c, const struct vp_zone *z,
                             const struct vp_dns_row *row)
{
	const char *mname = row->soa.mname != NULL ? row->soa.mname : "?";

	if (is_answer(row) && row->soa.zone == NULL && !row->truncated &&
	    row->rcode == 0)
		return "no SOA";
	if (!is_answer(row) || row->soa.zone == NULL)
		return end_text(c, row);
	if (strcmp(row->soa.zone, z->name) != 0)
		return page_text(c, "not seen here; %s (SOA %s) answers",
		                 row->soa.zone, mname);
	if (strcmp(mname, "azureprivatedns.net") == 0)
		return "an Azure private zone";
	return page_text(c, "%sSOA %s%s",
	                 z->privatelink ? "not the private one, " : "", mname,
	                 row->authoritative ? ", this server's own" : "");
}

static bool is_zone_of(const struct path *p, const struct vp_zone *z)
{
	size_t name = strlen(p->name->name), zone = strlen(z->name);

	if (p->t != NULL && p->t->zone != NULL &&
	    strcmp(p->t->zone, z->name) == 0)
		return true;
	return name > zone && p->name->name[name - zone - 1] == '.' &&
	       strcmp(p->name->name + name - zone, z->name) == 0;
}

static void note_all(struct path *p, const struct answers_group *g,
                     struct notes *to)
{
	const struct vp_facts *f = p->c->facts;

	for (size_t i = 0; i < p->name->n_rows; i++) {
		if (is_of(g, &p->name->rows[i]))
			note_row(p, g, to, &p->name->rows[i]);
	}
	if (!is_wrong(p, g) && !p->c->verbose)
		return;
	for (size_t i = 0; i < f->n_zones; i++) {
		const struct vp_zone *z = &f->zones[i];

		for (size_t k = 0; is_zone_of(p, z) && k < z->n_rows; k++) {
			if (is_of(g, &z->rows[k]))
				add_note(p->c, to, "zone", z->name,
				         zone_text(p->c, z, &z->rows[k]));
		}
	}
}

static bool same_notes(const struct notes *x, const struct notes *y)
{
	for (size_t i = 0; i < x->n && x->n == y->n; i++) {
		if (strcmp(x->list[i].label, y->list[i].label) != 0 ||
		    strcmp(x->list[i].text, y->list[i].text) != 0)
			return false;
	}
	return x->n == y->n;
}

/* Below an answer that another server gave as well, only what is new. */
static void put_explanations(struct path *p, const struct answers_group *g)
{
	struct notes notes = { .n = 0 }, other = { .n = 0 };

	note_all(p, g, &notes);
	if (g->same_as != NULL) {
		note_all(p, g->same_as, &other);
		if (same_notes(&notes, &other))
			return;
	}
	for (size_t i = 0; i < notes.n; i++) {
		const struct note *one = &notes.list[i];

		put_note(p, one->label,
		         one->what != NULL ? page_text(p->c, "%s: %s",
		                                       one->what, one->text)
		                           : one->text);
	}
}

/* --- groups ------------------------------------------------------------ */

static void put_title(struct path *p, const struct answers_group *g)
{
	struct page *c = p->c;
	const char *text = servers_text(c, g), *more = NULL;

	if (g->role == ANSWERS_NSS && g->n_answers > 0)
		more = source_text(p, g->answers[0].a);
	else if (g->n_answers == 0)
		more = "not asked";
	else if (g->same_as != NULL)
		more = page_text(
			c, "the same as %s",
			page_server_name(
				c,
				&c->facts->resolvers[g->same_as
		                                             ->resolvers[0]]));
	else if (g->n_resolvers > 1)
		more = "the same";
	if (more != NULL)
		text = page_text(c, "%s: %s", text, more);
	put_blanks(c, p->indent);
	if (p->indent + pen_width(pen_safe(&c->pen, text)) <= c->pen.columns) {
		pen_put(&c->pen, PEN_BOLD, 0, text);
		pen_line(&c->pen);
		return;
	}
	pen_wrap_at(&c->pen, p->indent, p->indent + 4, text);
}

static void put_answers(struct path *p, const struct answers_group *g, bool tcp)
{
	for (size_t i = 0; i < g->n_answers; i++) {
		const struct answer *one = &g->answers[i];

		if (one->tcp != tcp)
			continue;
		if (g->n_answers > 1 || tcp)
			put_caption(p, one);
		put_answer(p, one);
	}
}

static void put_group(struct path *p, const struct answers_group *g)
{
	put_title(p, g);
	if (g->same_as == NULL) {
		put_answers(p, g, false);
		put_answers(p, g, true);
	}
	if (g->left_out > 0)
		put_wrapped(p, page_text(p->c,
		                         "and %zu other answers: the JSON "
		                         "report has them",
		                         g->left_out));
	if (g->role != ANSWERS_NSS)
		put_explanations(p, g);
}

/* systemd-resolved's stub: its upstreams stand below it. */
static bool is_stub(const struct page *c, const struct answers_group *g)
{
	const struct vp_resolver *r = &c->facts->resolvers[g->resolvers[0]];

	return g->role == ANSWERS_LISTED &&
	       scope_of(c, &r->endpoint.addr) == VP_SCOPE_LOOPBACK;
}

static void put_upstreams(struct path *p, size_t indent)
{
	p->indent = indent;
	for (size_t i = 0; i < p->answers.n_groups; i++) {
		if (p->answers.groups[i].role == ANSWERS_UPSTREAM)
			put_group(p, &p->answers.groups[i]);
	}
	p->indent = 2;
}

static void put_groups(struct path *p)
{
	bool upstreams = false;

	for (size_t i = 0; i < p->answers.n_groups; i++) {
		const struct answers_group *g = &p->answers.groups[i];

		if (g->role == ANSWERS_UPSTREAM)
			continue;
		if (g->role == ANSWERS_REFERENCE && !upstreams) {
			put_upstreams(p, 2);
			upstreams = true;
		}
		put_group(p, g);
		if (is_stub(p->c, g) && !upstreams) {
			put_upstreams(p, 4);
			upstreams = true;
		}
	}
	if (!upstreams)
		put_upstreams(p, 2);
	if (p->answers.left_out > 0)
		pen_wrap(&p->c->pen, "  ", 4,
		         page_text(p->c, "and %zu more servers",
		                   p->answers.left_out));
}

void dns_path(struct page *c, const struct vp_name *name,
              const struct vp_target *t)
{
	struct path p = { .c = c, .name = name, .t = t, .indent = 2 };
	struct vp_arena *before = page_begin(c);

	answers_collect(&p.answers, c->pen.arena, c->facts, name);
	put_groups(&p);
	page_finish(c, before);
}
