/*
 * judge_dns.c - do names lead to the right addresses, at every resolver?
 *
 * Each name at each server that counts is a case (dns_view.c); the rules
 * (dns_rules.c) say which mistake it shows. Then what applications get is
 * compared with what the servers say. A name is fine only if every server that
 * counts was asked for A and AAAA in every round, and all answers are.
 */
#include "judge_dns.h"

#include <string.h>

#include "catalogue.h"
#include "judge_policy.h"
#include "name_match.h"

#define RULES_MAX 4 /* that one case may show, one after the other */
#define NSS_LOOKED_AT 16

struct ctx {
	struct judge *j;
	const struct dns_scene *s;
	struct dns_groups *groups;
	size_t index; /* of the name */
	const struct vp_name *name;
	struct judge_name *judged;
	const struct vp_target *t; /* the strictest target with this name */
	const struct vp_dns_row *nss;
	const char *used; /* exists instead of this name; NULL: none */
	bool pinned;
	bool *wrong;             /* for each resolver */
	struct dns_group *found; /* of this name; servers are gathered */
	size_t n_found;
};

/* --- mistakes of one name ------------------------------------------------ */

static bool is_nss(const struct ctx *c, const struct vp_dns_row *row)
{
	return c->j->facts->resolvers[row->resolver].source == VP_RESOLVER_NSS;
}

static struct dns_group *hit(struct ctx *c, const char *id,
                             const struct dns_rule *rule, size_t resolver,
                             const struct vp_dns_row *row)
{
	enum vp_severity severity =
		judge_severity_of(c->j->facts, vp_finding_type(id));
	enum vp_severity at_most = VP_SEVERITY_LEAK;
	struct dns_group *g = NULL;

	if (severity == VP_SEVERITY_ERROR &&
	    (c->pinned || (rule != NULL && rule->warn)))
		severity = at_most = VP_SEVERITY_WARNING;
	for (size_t i = 0; i < c->n_found && g == NULL; i++) {
		if (strcmp(c->found[i].id, id) == 0 &&
		    (c->found[i].at_most == VP_SEVERITY_WARNING) ==
		            (at_most == VP_SEVERITY_WARNING))
			g = &c->found[i];
	}
	if (g == NULL) {
		g = VP_PUSH(c->j->arena, c->found, c->n_found);
		*g = (struct dns_group){
			.id = id, .rule = rule, .row = row, .at_most = at_most
		};
		g->designed = judge_required_target(c->j, c->t) != NULL;
		g->servers = vp_arena_alloc(c->j->arena, c->s->n_resolvers + 1);
	}
	g->servers[resolver] = true;
	if (severity == VP_SEVERITY_ERROR) {
		judge_worse(&c->judged->state, JUDGE_WRONG);
		if (strcmp(id, "dns-resolvers-disagree") != 0 ||
		    !(dns_view_at(c->s, c->index, resolver)->shapes &
		      DNS_RIGHT))
			c->wrong[resolver] = true; /* else: who knows */
	} else if (severity == VP_SEVERITY_UNPROVEN) {
		judge_worse(&c->judged->state, JUDGE_UNPROVEN);
	}
	return g;
}

/* The first row of this server whose answer has one of these shapes. */
static const struct vp_dns_row *row_of(const struct ctx *c, size_t resolver,
                                       uint16_t type, unsigned shapes)
{
	for (size_t i = 0; i < c->name->n_rows; i++) {
		const struct vp_dns_row *row = &c->name->rows[i];

		if (row->resolver == resolver && row->type == type &&
		    row->question == VP_QUESTION_NAME &&
		    !dns_row_is_dead(c->s, c->index, i) &&
		    (dns_shape_of(c->j, row) & shapes))
			return row;
	}
	return NULL;
}

/* Nothing but failures, and names that do not exist, are wrong where a public
 * address is as good as a private one. */
static void relax(struct dns_case *one)
{
	one->here &= DNS_NO_ANSWER | DNS_ABSENT | DNS_BOGON;
}

/* Where the facts fit two mistakes: the other one, and what would decide. */
static const char *doubt_of(const struct dns_rule *rule,
                            const struct dns_case *one)
{
	if (strcmp(rule->id, "dns-record-missing") == 0 &&
	    (one->reference & DNS_RIGHT) && !(one->flags & DNS_F_AZURE))
		return "Azure DNS of this network has it: the server sees "
		       "another copy of the zone.";
	if (strcmp(rule->id, "dns-no-private-endpoint") == 0 &&
	    (one->alias & DNS_RIGHT))
		return "The private zone still has a record for it: there is "
		       "an endpoint, and its connection is pending, rejected "
		       "or removed.";
	if (strcmp(rule->id, "dns-zone-shadowed") == 0 &&
	    (rule->flags & DNS_F_DIFFERS_REF))
		return "A server that leaves aliases out and sees another "
		       "private endpoint looks the same; the endpoint's own "
		       "address tells: --endpoint FILE.";
	if (one->reference != 0 || (one->flags & DNS_F_AZURE))
		return NULL;
	if (strcmp(rule->id, "dns-zone-not-linked") == 0)
		return "A server that does not forward to Azure DNS looks the "
		       "same; what 168.63.129.16 says tells: vnetprobe dns "
		       "--azure-dns always.";
	if (strcmp(rule->id, "dns-fallback-to-internet") == 0)
		return "A forwarder on the privatelink zone alone can look the "
		       "same; what 168.63.129.16 says tells: vnetprobe dns "
		       "--azure-dns always.";
	return NULL;
}

/* What fails at an address that DNS got wrong follows from that. */
static void blame(struct ctx *c, const struct vp_addr *a)
{
	*VP_PUSH(c->j->arena, c->judged->blamed, c->judged->n_blamed) = *a;
}

static void blame_addresses(struct ctx *c, const struct dns_rule *rule,
                            size_t r)
{
	const struct vp_addr *meant, *a;

	if (vp_finding_type(rule->id)->severity != VP_SEVERITY_ERROR)
		return; /* never folded under what is no failure */
	if (rule->flags & DNS_F_UNEXPECTED) {
		a = dns_unexpected(c->s, c->index, r, &meant);
		if (a != NULL)
			blame(c, a);
	}
	if (!(rule->flags & DNS_F_DEAD))
		return;
	for (size_t i = 0; i < c->t->n_addresses; i++) {
		const struct vp_target_address *t = &c->t->addresses[i];

		if (t->reach == VP_REACH_TRIED &&
		    t->tcp.outcome != VP_OUTCOME_OK)
			blame(c, &t->addr);
	}
}

/* Names that no alias leads away from: an API server of a private cluster (its
 * name is that of the zone's record, P16), and services that are nobody's. */
static bool has_no_alias(const struct ctx *c)
{
	return c->t->zone == NULL ||
	       strstr(c->name->name, ".privatelink.") != NULL;
}

/* The same, as a warning. */
static struct dns_group *warn(struct ctx *c, const char *id, size_t resolver,
                              const struct vp_dns_row *row)
{
	bool pinned = c->pinned;
	struct dns_group *g;

	c->pinned = true;
	g = hit(c, id, NULL, resolver, row);
	c->pinned = pinned;
	return g;
}

/*
 * A server that fails once in hundreds of questions, at a name for which it is
 * right in all other rounds: to be known, and no failure. Nothing goes another
 * way by that.
 */
static void judge_hiccup(struct ctx *c, size_t r, uint16_t type,
                         unsigned *shapes)
{
	unsigned failed = *shapes & DNS_HICCUP;
	unsigned others = *shapes & ~(unsigned)DNS_HICCUP;
	unsigned fine = c->judged->expect == VP_EXPECT_PRIVATE
	                        ? DNS_RIGHT
	                        : DNS_RIGHT | DNS_OPEN;

	if (failed == 0 || others == 0 || !c->s->hiccups[r])
		return;
	if (type == VP_DNS_A ? (others & ~fine) != 0
	                     : (others & DNS_NO_ANSWER) != 0)
		return;
	warn(c, failed & DNS_SERVFAIL ? "dns-servfail" : "dns-timeout", r,
	     row_of(c, r, type, failed))
		->doubt = "In the other rounds it answered, and it fails "
			  "rarely.";
	*shapes = others;
}

static void judge_server(struct ctx *c, size_t r)
{
	struct dns_case one;
	struct dns_group *g;

	dns_case_make(&one, c->s, c->index, r);
	judge_hiccup(c, r, VP_DNS_A, &one.here);
	if (c->judged->expect != VP_EXPECT_PRIVATE)
		relax(&one);
	if (c->used != NULL && (one.here & DNS_UNKNOWN))
		return; /* the other rounds' failures are no news */
	for (int i = 0; i < RULES_MAX && one.here != 0; i++) {
		const struct dns_rule *rule = dns_rule_for(&one);

		if (rule == NULL)
			return;
		if (*rule->id == '\0') {
			if (!c->pinned)
				judge_worse(&c->judged->state, JUDGE_WRONG);
			c->wrong[r] = true; /* told of elsewhere */
		} else if (strcmp(rule->id, "dns-alias-missing") != 0 ||
		           !has_no_alias(c)) {
			g = hit(c, rule->id, rule, r,
			        row_of(c, r, VP_DNS_A, one.here & rule->here));
			g->doubt = doubt_of(rule, &one);
			g->undecided = one.reference == 0 &&
			               !(one.flags & DNS_F_AZURE);
			if (!c->pinned && !rule->warn)
				blame_addresses(c, rule, r);
		}
		one.here &= ~(rule->here | rule->also);
	}
}

/* --- IPv6, TCP ------------------------------------------------------------ */

static const struct {
	unsigned shape;
	const char *id;
} aaaa_failures[] = {
	{ DNS_SERVFAIL, "dns-servfail" },
	{ DNS_REFUSED, "dns-refused" },
	{ DNS_MALFORMED, "dns-malformed" },
	{ DNS_LOOP, "dns-alias-loop" },
	{ DNS_TCP_BLOCKED, "dns-tcp-blocked" },
	{ DNS_UNREACHABLE, "dns-unreachable" },
	{ DNS_BOGON, "dns-bogon" },
	{ DNS_FAILED, "probe-error" },
	{ DNS_SILENT, "dns-aaaa-ignored" },
};

/* AAAA, where A has an answer: else it fails for the same reason. */
static void judge_aaaa(struct ctx *c, size_t r)
{
	const struct dns_view *v = dns_view_at(c->s, c->index, r);
	bool private = c->judged->expect == VP_EXPECT_PRIVATE;
	unsigned aaaa = v->aaaa;

	judge_hiccup(c, r, VP_DNS_AAAA, &aaaa);
	if ((v->shapes & (DNS_RIGHT | DNS_OPEN | DNS_ABSENT)) == 0)
		return;
	if (private && (v->aaaa & DNS_OPEN) && (v->shapes & DNS_RIGHT))
		hit(c, "dns-ipv6-public", NULL, r,
		    row_of(c, r, VP_DNS_AAAA, DNS_OPEN));
	for (size_t i = 0; i < sizeof(aaaa_failures) / sizeof(*aaaa_failures);
	     i++) {
		unsigned shape = aaaa_failures[i].shape;

		const char *id = aaaa_failures[i].id;

		if (shape == DNS_SILENT && c->s->aaaa_answered[r])
			id = "dns-timeout"; /* lost, not ignored */
		if ((aaaa & shape) && !(v->shapes & shape))
			hit(c, id, NULL, r, row_of(c, r, VP_DNS_AAAA, shape));
	}
}

static void judge_private_unexpected(struct ctx *c, size_t r)
{
	const struct dns_view *v = dns_view_at(c->s, c->index, r);
	struct dns_group *g;

	if (c->judged->expect == VP_EXPECT_PRIVATE ||
	    c->judged->expect == VP_EXPECT_ANY || !(v->shapes & DNS_RIGHT))
		return;
	g = hit(c, "dns-private-unexpected", NULL, r,
	        row_of(c, r, VP_DNS_A, DNS_RIGHT));
	if (c->judged->expect == VP_EXPECT_SERVICE_ENDPOINT)
		g->at_most = VP_SEVERITY_INFO; /* better than expected */
}

/* --- what applications get ------------------------------------------------ */

static bool has_addr(const struct vp_dns_row *row, const struct vp_addr *a)
{
	for (size_t i = 0; i < row->n_addresses; i++) {
		if (vp_addr_equal(&row->addresses[i].addr, a))
			return true;
	}
	return false;
}

static bool any_server_gave(const struct ctx *c, const struct vp_addr *a)
{
	for (size_t i = 0; i < c->name->n_rows; i++) {
		const struct vp_dns_row *row = &c->name->rows[i];

		if (row->question == VP_QUESTION_NAME &&
		    dns_counts(c->s, c->index, row->resolver) &&
		    has_addr(row, a))
			return true;
	}
	return false;
}

/* The same of a server that does not count: another link's. */
static const struct vp_dns_row *other_link_gave(const struct ctx *c,
                                                const struct vp_addr *a)
{
	for (size_t i = 0; i < c->name->n_rows; i++) {
		const struct vp_dns_row *row = &c->name->rows[i];

		if (row->question == VP_QUESTION_NAME && !is_nss(c, row) &&
		    !c->s->reference[row->resolver] &&
		    !dns_counts(c->s, c->index, row->resolver) &&
		    has_addr(row, a))
			return row;
	}
	return NULL;
}

/* The answer that a search domain gives, if it has this address. */
static const struct vp_dns_row *search_gave(const struct ctx *c,
                                            const struct vp_addr *a)
{
	for (size_t i = 0; i < c->name->n_rows; i++) {
		const struct vp_dns_row *row = &c->name->rows[i];

		if (row->question == VP_QUESTION_SEARCH &&
		    row->outcome == VP_OUTCOME_OK && row->n_addresses > 0 &&
		    (a == NULL || has_addr(row, a)))
			return row;
	}
	return NULL;
}

/* The line of the hosts file with this address; 0: none. */
static unsigned hosts_line(const struct ctx *c, const struct vp_addr *a)
{
	for (size_t i = 0; i < c->name->n_hosts; i++) {
		if (vp_addr_equal(&c->name->hosts[i].addr, a))
			return c->name->hosts[i].line;
	}
	return 0;
}

/* Did every server say what it has of this address's family? Applications may
 * have got it from one that was not heard here: cut short, or too slow. */
static bool all_servers_heard(const struct ctx *c, const struct vp_addr *a)
{
	bool any = false;

	for (size_t r = 0; r < c->s->n_resolvers; r++) {
		const struct dns_view *v = dns_view_at(c->s, c->index, r);
		unsigned shapes = a->family == 4 ? v->shapes : v->aaaa;

		if (!dns_counts(c->s, c->index, r))
			continue;
		if (v->unfinished || shapes == 0 ||
		    (shapes & (DNS_SILENT | DNS_UNREACHABLE | DNS_FAILED |
		               DNS_TCP_BLOCKED | DNS_MALFORMED)))
			return false;
		any = true;
	}
	return any;
}

static bool known_to_servers(const struct ctx *c)
{
	for (size_t r = 0; r < c->s->n_resolvers; r++) {
		const struct dns_view *v = dns_view_at(c->s, c->index, r);

		if (dns_counts(c->s, c->index, r) &&
		    ((v->shapes | v->aaaa) & (DNS_RIGHT | DNS_OPEN)))
			return true;
	}
	return false;
}

/* Then that is the one that applications had this from. */
static bool some_server_has_none(const struct ctx *c)
{
	for (size_t r = 0; r < c->s->n_resolvers; r++) {
		const struct dns_view *v = dns_view_at(c->s, c->index, r);

		if (dns_counts(c->s, c->index, r) &&
		    (v->shapes & (DNS_ABSENT | DNS_NO_ANSWER)))
			return true;
	}
	return false;
}

static bool is_expected(const struct vp_target *t, const struct vp_addr *a)
{
	for (size_t i = 0; i < t->n_expected; i++) {
		if (vp_addr_equal(&t->expected[i], a))
			return true;
	}
	return false;
}

/* nsswitch.conf(5): is the hosts file asked before any server? Its line is not
 * always known; where there is none, glibc asks the file first. */
static bool hosts_file_first(const char *sources)
{
	static const char *const services[] = { "files", "resolve", "dns" };

	while (sources != NULL && *sources != '\0') {
		size_t len = strcspn(sources, " \t[");

		for (size_t i = 0; i < 3; i++) { /* resolve reads it as well */
			if (strlen(services[i]) == len &&
			    strncmp(sources, services[i], len) == 0)
				return i < 2;
		}
		sources += len;
		if (*sources == '[')
			sources += strcspn(sources, "]");
		sources += *sources != '\0';
	}
	return true;
}

/* The hosts file gives just what is expected: the servers' mistakes do not
 * reach programs of this machine that ask it. */
static bool is_pinned(const struct ctx *c)
{
	size_t n = 0;

	if (c->judged->expect != VP_EXPECT_PRIVATE ||
	    !hosts_file_first(c->j->facts->machine.hosts_sources))
		return false;
	for (size_t i = 0; i < c->name->n_rows; i++) {
		const struct vp_dns_row *row = &c->name->rows[i];

		if (!is_nss(c, row))
			continue;
		if (row->outcome != VP_OUTCOME_OK || row->n_addresses == 0)
			return false;
		for (size_t k = 0; k < row->n_addresses; k++) {
			const struct vp_addr *a = &row->addresses[k].addr;

			if (!is_expected(c->t, a) || hosts_line(c, a) == 0)
				return false;
		}
		n++;
	}
	return n > 0;
}

/* The one server that programs here can have it from, if there is nothing else
 * that they ask: no cache, no source beside the hosts file. */
static size_t only_source(const struct ctx *c)
{
	const struct vp_machine *m = &c->j->facts->machine;
	size_t only = c->s->n_resolvers, n = 0;

	for (size_t r = 0; r < c->s->n_resolvers; r++) {
		if (!dns_counts(c->s, c->index, r))
			continue;
		only = r;
		n++;
	}
	if (n != 1 || m->cache != NULL || m->hosts_sources == NULL ||
	    strcmp(m->hosts_sources, "files dns") != 0 ||
	    c->j->facts->resolvers[only].source != VP_RESOLVER_RESOLV_CONF)
		return c->s->n_resolvers;
	return only;
}

static void overridden(struct ctx *c, const struct vp_addr *a)
{
	size_t only = only_source(c);
	const struct vp_dns_row *search = a != NULL ? search_gave(c, a) : NULL;
	const struct vp_dns_row *link =
		a != NULL ? other_link_gave(c, a) : NULL;
	unsigned line = a != NULL ? hosts_line(c, a) : 0;
	struct dns_group *g;

	if (line == 0 && link != NULL) {
		hit(c, "dns-stub-scope", NULL, link->resolver, link);
		return;
	}
	if (line == 0 && search != NULL) {
		g = hit(c, "dns-search-suffix", NULL, c->nss->resolver, search);
		g->extra = vp_arena_printf(
			c->j->arena,
			"get that of a name with a search domain appended "
			"instead, such as %s",
			search->asked);
		return;
	}
	if (line == 0 && a != NULL && only < c->s->n_resolvers) {
		hit(c, "dns-unstable", NULL, only, c->nss);
		c->wrong[c->nss->resolver] = true; /* passed on to us */
		return;
	}
	g = hit(c, "dns-hosts-override", NULL, c->nss->resolver, c->nss);
	if (line != 0)
		g->extra = vp_arena_printf(
			c->j->arena,
			"from line %u of /etc/hosts; the servers are not asked",
			line);
	else
		g->extra = "the servers say otherwise, and /etc/hosts has no "
			   "line for it";
}

static void judge_nss_address(struct ctx *c, const struct vp_addr *a)
{
	enum vp_scope scope = judge_scope(c->j, a);

	if (scope == VP_SCOPE_PUBLIC && c->judged->expect != VP_EXPECT_PRIVATE)
		return; /* public answers rotate */
	if (!any_server_gave(c, a)) {
		if (hosts_line(c, a) != 0 || search_gave(c, a) != NULL ||
		    other_link_gave(c, a) != NULL || all_servers_heard(c, a))
			overridden(c, a);
		else
			judge_worse(&c->judged->state, JUDGE_UNPROVEN);
	}
	if (scope == VP_SCOPE_PUBLIC ||
	    (c->judged->expect == VP_EXPECT_PRIVATE && c->t->n_expected > 0 &&
	     !is_expected(c->t, a)))
		c->wrong[c->nss->resolver] = true; /* passed on to us */
}

/* Not as it is expected to be, whoever gave it. */
static bool is_suspect(const struct ctx *c, const struct vp_addr *a)
{
	return judge_scope(c->j, a) == VP_SCOPE_PUBLIC ||
	       (c->t->n_expected > 0 && !is_expected(c->t, a));
}

/* A server may give a thousand: some of each sort are looked at, and the one
 * public address is found wherever it stands. */
static void judge_nss_addresses(struct ctx *c, const struct vp_dns_row *row)
{
	size_t seen[2] = { 0, 0 };

	for (size_t i = 0; i < row->n_addresses; i++) {
		const struct vp_addr *a = &row->addresses[i].addr;

		if (seen[is_suspect(c, a)]++ < NSS_LOOKED_AT)
			judge_nss_address(c, a);
	}
}

/* getaddrinfo() has one word for all that servers do instead of answering. */
static bool a_server_failed(const struct ctx *c)
{
	for (size_t r = 0; r < c->s->n_resolvers; r++) {
		const struct dns_view *v = dns_view_at(c->s, c->index, r);

		if (dns_counts(c->s, c->index, r) &&
		    (c->s->slow[r] || ((v->shapes | v->aaaa) & DNS_NO_ANSWER)))
			return true;
	}
	return false;
}

static bool other_rounds_answered(const struct ctx *c)
{
	for (size_t i = 0; i < c->name->n_rows; i++) {
		const struct vp_dns_row *row = &c->name->rows[i];

		if (is_nss(c, row) && row != c->nss &&
		    row->outcome == VP_OUTCOME_OK && row->n_addresses > 0)
			return true;
	}
	return false;
}

static void judge_nss_failure(struct ctx *c)
{
	unsigned shape = dns_shape_of(c->j, c->nss);

	if (shape == 0)
		judge_worse(&c->judged->state, JUDGE_UNPROVEN);
	else if (shape == DNS_FAILED)
		hit(c, "probe-error", NULL, c->nss->resolver, c->nss);
	else if (c->judged->state == JUDGE_WRONG && a_server_failed(c))
		c->wrong[c->nss->resolver] = true; /* passed on to us */
	else if (c->s->hiccups[c->nss->resolver] && other_rounds_answered(c))
		warn(c, "dns-timeout", c->nss->resolver, c->nss);
	else
		hit(c, "dns-timeout", NULL, c->nss->resolver, c->nss);
}

static void judge_nss(struct ctx *c)
{
	const struct vp_dns_row *row = c->nss;

	if (row == NULL)
		return;
	if (row->outcome != VP_OUTCOME_OK) {
		judge_nss_failure(c);
		return;
	}
	if (c->pinned) {
		hit(c, "dns-hosts-pinned", NULL, row->resolver, row);
		return;
	}
	if (row->n_addresses == 0 && c->used != NULL)
		return; /* as the servers say */
	if (row->n_addresses == 0) {
		if (c->s->hiccups[row->resolver] && other_rounds_answered(c))
			warn(c, "dns-timeout", row->resolver, row);
		else if (known_to_servers(c) && !some_server_has_none(c))
			overridden(c, NULL);
		else if (known_to_servers(c))
			c->wrong[row->resolver] = true; /* passed on to us */
		else if (c->judged->state != JUDGE_WRONG)
			hit(c, "dns-name-unknown", NULL, row->resolver, row);
		else
			c->wrong[row->resolver] = true; /* passed on to us */
		return;
	}
	judge_nss_addresses(c, row);
}

/* A search domain has the name, and programs do not get that: not yet. */
static void judge_search(struct ctx *c)
{
	const struct vp_dns_row *row = search_gave(c, NULL);
	struct dns_group *g;

	for (size_t i = 0; i < c->n_found; i++) {
		if (strcmp(c->found[i].id, "dns-search-suffix") == 0)
			return;
	}
	if (row == NULL)
		return;
	g = warn(c, "dns-search-suffix", row->resolver, row);
	g->extra = vp_arena_printf(
		c->j->arena, "would get that of %s should the name itself fail",
		row->asked);
}

/* --- names that are the wrong ones to ask for ------------------------------
 */

/* The public name of a privatelink one: without that label, and with the
 * service's own suffix where the zone's is another one. */
static const char *public_name(struct ctx *c)
{
	const char *at = strstr(c->name->name, ".privatelink.");
	const struct vp_catalogue_suffix *rows;
	size_t n, label = (size_t)(at - c->name->name);

	rows = vp_catalogue_suffixes(&n);
	for (size_t i = 0; i < n; i++) {
		if (rows[i].zone != NULL && strcmp(rows[i].zone, at + 1) == 0 &&
		    rows[i].suffix[0] == '.' &&
		    rows[i].kind != VP_KIND_WORKSPACE_CERT)
			return vp_arena_printf(c->j->arena, "%.*s%s",
			                       (int)label, c->name->name,
			                       rows[i].suffix);
	}
	return vp_arena_printf(c->j->arena, "%.*s%s", (int)label, c->name->name,
	                       at + strlen(".privatelink"));
}

static bool is_privatelink_name(const struct ctx *c)
{
	/* A private cluster's API server is really called so (P16), and for a
	 * registry of Azure ML no other name was found (A8). */
	return strstr(c->name->name, ".privatelink.") != NULL &&
	       c->t->kind != VP_KIND_AKS_API &&
	       c->t->kind != VP_KIND_AML_REGISTRY;
}

/* REGION.api.azureml.ms: public by design (docs/sources.md: G90426). */
static bool is_regional_name(const struct ctx *c)
{
	const struct vp_catalogue_suffix *rows;
	const char *dot = strchr(c->name->name, '.');
	size_t n;

	rows = vp_catalogue_suffixes(&n);
	for (size_t i = 0; dot != NULL && i < n; i++) {
		if (rows[i].kind == VP_KIND_WORKSPACE &&
		    strcmp(dot, rows[i].suffix) == 0)
			return true;
	}
	return false;
}

static size_t first_counted(const struct ctx *c)
{
	size_t r = 0;

	while (r + 1 < c->s->n_resolvers && !dns_counts(c->s, c->index, r))
		r++;
	return r;
}

/* Then its answers say nothing about the resource. */
static bool judge_wrong_name(struct ctx *c)
{
	struct dns_group *g;
	size_t r = first_counted(c);

	if (is_privatelink_name(c)) {
		g = hit(c, "dns-privatelink-name", NULL, r,
		        row_of(c, r, VP_DNS_A, ~0u));
		g->extra = public_name(c);
		c->wrong[r] = false; /* it says what there is */
		for (size_t i = 0; i < c->t->n_addresses; i++)
			blame(c, &c->t->addresses[i].addr);
		return true;
	}
	if (is_regional_name(c) && c->judged->expect == VP_EXPECT_PRIVATE) {
		hit(c, "dns-regional-name", NULL, r,
		    row_of(c, r, VP_DNS_A, ~0u));
		c->wrong[r] = false; /* as above */
		return true;
	}
	return false;
}

/* --- one name ---------------------------------------------------------------
 */

static bool was_asked(const struct ctx *c, size_t resolver, uint16_t type)
{
	unsigned want = c->j->facts->rounds > 0 ? c->j->facts->rounds : 1;
	unsigned have = 0;

	for (size_t i = 0; i < c->name->n_rows; i++) {
		const struct vp_dns_row *row = &c->name->rows[i];

		have += row->resolver == resolver && row->type == type &&
		        row->question == VP_QUESTION_NAME &&
		        (type == 0 || row->transport == VP_TRANSPORT_UDP);
	}
	return type == 0 ? have > 0 : have >= want;
}

static void judge_complete(struct ctx *c)
{
	bool any = false;

	for (size_t r = 0; r < c->s->n_resolvers; r++) {
		bool nss = c->j->facts->resolvers[r].source == VP_RESOLVER_NSS;

		if (c->s->reference[r])
			continue;
		any = true;
		if (dns_view_at(c->s, c->index, r)->unfinished ||
		    (nss ? !was_asked(c, r, 0)
		         : !was_asked(c, r, VP_DNS_A) ||
		                     !was_asked(c, r, VP_DNS_AAAA)))
			judge_worse(&c->judged->state, JUDGE_UNPROVEN);
	}
	if (!any)
		judge_worse(&c->judged->state, JUDGE_UNPROVEN);
}

/* In each round: what applications get may change. */
static void judge_applications(struct ctx *c)
{
	for (size_t i = 0; i < c->name->n_rows; i++) {
		if (!is_nss(c, &c->name->rows[i]))
			continue;
		c->nss = &c->name->rows[i];
		judge_nss(c);
	}
}

static void judge_name(struct judge *j, const struct dns_scene *s,
                       struct dns_groups *groups, size_t index)
{
	struct ctx c = {
		.j = j,
		.s = s,
		.groups = groups,
		.index = index,
		.name = j->facts->names[index],
		.judged = &j->names[index],
		.t = j->names[index].target,
	};
	bool certain;

	if (c.t == NULL)
		return; /* no target has it */
	c.wrong = vp_arena_alloc(j->arena, s->n_resolvers + 1);
	c.used = judge_dns_used(s, index, &certain);
	c.judged->unused = c.used != NULL && certain;
	if (c.judged->unused)
		hit(&c, "dns-suffix-unused", NULL, first_counted(&c),
		    row_of(&c, first_counted(&c), VP_DNS_A, ~0u))
			->extra = c.used;
	else
		judge_complete(&c);
	if (c.used != NULL && !c.judged->unused)
		judge_worse(&c.judged->state, JUDGE_UNPROVEN);
	if (!c.judged->unused && !judge_wrong_name(&c)) {
		c.pinned = is_pinned(&c);
		for (size_t r = 0; r < s->n_resolvers; r++) {
			if (!dns_counts(s, index, r))
				continue;
			judge_server(&c, r);
			judge_aaaa(&c, r);
			judge_private_unexpected(&c, r);
		}
		judge_applications(&c);
		judge_search(&c);
	}
	for (size_t i = 0; i < c.n_found; i++)
		dns_group_add(groups, s, &c.found[i], index);
	for (size_t r = 0; r < s->n_resolvers; r++)
		j->resolver_wrong[r] += c.wrong[r];
}

void judge_names(struct judge *j)
{
	struct dns_groups groups = { 0 };
	size_t n = j->facts->n_resolvers;
	struct dns_scene scene;

	dns_scene_make(&scene, j);
	judge_dns_lease(j, &scene);
	for (size_t i = 0; i < j->facts->n_names; i++)
		judge_name(j, &scene, &groups, i);
	judge_dns_shared(&scene);
	dns_groups_fold(&groups, &scene);
	dns_groups_write(&groups, &scene);
	j->out->resolvers =
		vp_arena_alloc(j->arena, n * sizeof(*j->out->resolvers));
	for (size_t r = 0; r < n; r++) {
		judge_dns_public(j, r, &groups);
		judge_dns_habits(j, &scene, r, &groups);
		j->out->resolvers[r] = judge_dns_status(&scene, r);
	}
}
