/*
 * judge_dns_group.c - one mistake seen at many names is one finding.
 *
 * A missing zone link shows at every name of the zone, and at every server
 * that asks Azure DNS for it. What has the same id at the same servers is one
 * group; its finding names all names, shows the first ones as evidence, and
 * repeats the command lines of its remedy for each zone, record or name that
 * they need.
 */
#include "judge_dns.h"

#include <string.h>

#include "forwarder.h"
#include "forwarder_zones.h"

#define NAMES_SHOWN 3 /* the finding has them all: names */
#define LINES_MAX 24  /* of one remedy's repeated commands */
#define KINDS 16      /* of servers: room for each */

/* Whose mistake it is decides what a finding of several names is about. */
enum owner { OF_NAME, OF_ZONE, OF_SERVER };

static const struct about {
	const char *id;
	enum owner owner;
	bool apart;             /* each name is a finding of its own */
	const char *one, *many; /* details; many NULL: one serves */
} abouts[] = {
	{ "dns-public-resolver", OF_SERVER, false,
	  "At {resolver}, a public address, the answers for {names} are as the "
	  "Internet sees them.",
	  NULL },
	{ "dns-stub-scope", OF_SERVER, false,
	  "The answer of {resolver} for {names} differs from that of the "
	  "servers of this machine's other network interfaces. Which one "
	  "programs get, the domains of the interfaces decide.",
	  NULL },
	{ "dns-zone-not-linked", OF_ZONE, false,
	  "At {resolver} the alias {alias} leads on to the public address "
	  "{address}: the zone {zone} is not seen from there.",
	  "At {resolver} the aliases of {names} lead on to public addresses. "
	  "Private zones not seen from there: {zones}." },
	{ "dns-workspace-zone-missing", OF_ZONE, false,
	  "At {resolver} one of the workspace's two private zones is seen, "
	  "and the other is not: {zone}. It is missing for {names}.",
	  NULL },
	{ "dns-fallback-to-internet", OF_ZONE, false,
	  "At {resolver} the private zone {zone} is seen, lacks {label}, and "
	  "the answer is the public address {address} all the same.",
	  "At {resolver} private zones are seen ({zones}), lack the records of "
	  "{names}, and the answers are public addresses all the same." },
	{ "dns-record-missing", OF_ZONE, false,
	  "At {resolver} the alias {alias} has no address{soa}.",
	  "At {resolver} the aliases of {names} have no address{soa}." },
	{ "dns-registry-data-missing", OF_ZONE, false,
	  "At {resolver} the registry's login name is private, and its data "
	  "endpoint {name} is not.",
	  "At {resolver} the registry's login name is private, and its data "
	  "endpoints are not: {names}." },
	{ "dns-zone-split", OF_ZONE, false,
	  "At {resolver} the alias {alias} has no address, another server has "
	  "it; and the other way round for other names.",
	  "At {resolver} the aliases of {names} have no address, another "
	  "server has them; and the other way round for other names." },
	{ "dns-forwarder-wrong-zone", OF_SERVER, false,
	  "At {resolver} the answer for {name} is {address}, although the "
	  "private zone {zone} is seen there: the question for the public "
	  "name is sent elsewhere.",
	  "At {resolver} the answers for {names} are public, although the "
	  "private zones are seen there ({zones}): questions for the public "
	  "names are sent elsewhere." },
	{ "dns-forwarder-reverts", OF_SERVER, false,
	  "At {resolver} the answers for {names} were private at first and "
	  "public afterwards, while the alias asked directly is private.",
	  NULL },
	{ "dns-forwarder-timeout", OF_SERVER, false,
	  "At {resolver} the answers for {names} are private at times; at "
	  "others, after a wait or with an error, they are not.",
	  NULL },
	{ "dns-forwarder-lacks-zone", OF_SERVER, false,
	  "At {resolver} other names are private, and {names} not. Not "
	  "forwarded to Azure DNS: {parents}.",
	  NULL },
	{ "dns-forwarder-public", OF_SERVER, false,
	  "At {resolver} the answers for {names} are public, and private at "
	  "another server in Azure: the questions are forwarded to a server "
	  "that does not see the private zones.",
	  NULL },
	{ "dns-proxy-not-linked", OF_SERVER, false,
	  "At {resolver} the answers for {names} are public: the network that "
	  "the proxy asks from does not see {zones}.",
	  NULL },
	{ "dns-resolvers-disagree", OF_SERVER, false,
	  "At {resolver} the answers for {names} differ from those of this "
	  "machine's other servers.",
	  NULL },
	{ "dns-zone-shadowed", OF_SERVER, false,
	  "At {resolver} the answer for {names} comes from a zone of its own "
	  "({held}), which lacks the alias of the public name.",
	  NULL },
	{ "dns-stale-negative", OF_SERVER, false,
	  "At {resolver} there is no address for {names}, from the cache; "
	  "another server has one{heal}.",
	  NULL },
	{ "dns-unstable", OF_SERVER, false,
	  "At {resolver} the answer changed for {names}.", NULL },
	{ "dns-dnssec-bogus", OF_SERVER, false,
	  "At {resolver} SERVFAIL for {names}, and an answer without "
	  "validation.",
	  NULL },
	{ "dns-servfail", OF_SERVER, false,
	  "At {resolver} the answer is {what} for {names}.", NULL },
	{ "dns-answer-from-elsewhere", OF_SERVER, false,
	  "No answer from {resolver} for {names}; one came from another "
	  "address, where no program looks at it.",
	  NULL },
	{ "dns-azure-unreachable", OF_SERVER, false,
	  "168.63.129.16 does not answer for {names}, and this machine is no "
	  "Azure virtual machine.",
	  NULL },
	{ "dns-timeout", OF_SERVER, false,
	  "No answer from {resolver} for {names}.", NULL },
	{ "dns-unreachable", OF_SERVER, false,
	  "{resolver} could not be asked for {names}.", NULL },
	{ "dns-refused", OF_SERVER, false,
	  "At {resolver} the answer is REFUSED for {names}.", NULL },
	{ "dns-malformed", OF_SERVER, false,
	  "The answers of {resolver} for {names} cannot be read: {what}.",
	  NULL },
	{ "dns-tcp-blocked", OF_SERVER, false,
	  "The answer of {resolver} was cut short, and TCP to it fails, for "
	  "{names}.",
	  NULL },
	{ "dns-aaaa-ignored", OF_SERVER, false,
	  "At {resolver} A is answered and AAAA is not, for {names}.", NULL },
	{ "dns-alias-loop", OF_NAME, false,
	  "At {resolver} the aliases of {names} come back to a name already "
	  "seen.",
	  NULL },
	{ "dns-no-private-endpoint", OF_NAME, false,
	  "At {resolver} the name leads to the public address {address}, and "
	  "no privatelink alias is on the way there.",
	  "At {resolver} public addresses for {names}, and no privatelink "
	  "alias is on the way there." },
	{ "dns-suffix-unused", OF_NAME, true,
	  "The name does not exist; {what} does.", NULL },
	{ "dns-name-unknown", OF_NAME, false,
	  "At {resolver} there is no address for {names}.", NULL },
	{ "dns-bogon", OF_NAME, true,
	  "At {resolver} the name leads to {address}.", NULL },
	{ "dns-ipv6-public", OF_NAME, true,
	  "At {resolver} the name has a private IPv4 address and the public "
	  "IPv6 address {address}.",
	  NULL },
	{ "dns-wrong-address", OF_NAME, true,
	  "At {resolver} the name leads to {address}; {expected} is meant.",
	  NULL },
	{ "dns-other-endpoint", OF_NAME, true,
	  "At {resolver} the name leads to {address}, another private "
	  "endpoint's; {expected} is meant.",
	  NULL },
	{ "dns-monitor-overwritten", OF_NAME, false,
	  "At {resolver} names of Azure Monitor lead to addresses of another "
	  "private link scope: {names}.",
	  NULL },
	{ "dns-instance-address", OF_NAME, true,
	  "At {resolver} the compute instance's name leads to {address}; it "
	  "must lead to the workspace's endpoint, {expected}.",
	  NULL },
	{ "dns-record-doubled", OF_NAME, true,
	  "At {resolver} the name has several private addresses; a private "
	  "endpoint has one for it.",
	  NULL },
	{ "dns-outside-vnet", OF_NAME, false,
	  "At {resolver} private addresses in no prefix of --vnet, for "
	  "{names}.",
	  NULL },
	{ "dns-alias-missing", OF_NAME, false,
	  "At {resolver} private addresses without a privatelink alias, for "
	  "{names}.",
	  NULL },
	{ "dns-private-unexpected", OF_NAME, false,
	  "At {resolver} a private address for {names}.", NULL },
	{ "dns-hosts-override", OF_NAME, true,
	  "Applications get {address}, {what}.", NULL },
	{ "dns-hosts-pinned", OF_NAME, false,
	  "The hosts file has the address that is meant, for {names}.", NULL },
	{ "dns-search-suffix", OF_NAME, false,
	  "Programs that ask for the address of {names} {what}.", NULL },
	{ "dns-privatelink-name", OF_NAME, true,
	  "{name} is what the public name's alias points at; clients use "
	  "{what}.",
	  NULL },
	{ "dns-regional-name", OF_NAME, true,
	  "{name} is the region's name, public for all; the workspace's own "
	  "is WORKSPACE_ID.workspace.{name}.",
	  NULL },
	{ "probe-error", OF_SERVER, false,
	  "Asking {resolver} for {names} failed on this machine.", NULL },
};

static const struct about *about(const char *id)
{
	for (size_t i = 0; i < sizeof(abouts) / sizeof(abouts[0]); i++) {
		if (strcmp(abouts[i].id, id) == 0)
			return &abouts[i];
	}
	return &abouts[sizeof(abouts) / sizeof(abouts[0]) - 1];
}

const char *dns_group_id(size_t i)
{
	return i < sizeof(abouts) / sizeof(abouts[0]) ? abouts[i].id : NULL;
}

/* --- gathering ---------------------------------------------------------- */

void dns_group_add(struct dns_groups *g, const struct dns_scene *s,
                   const struct dns_group *one, size_t name)
{
	struct dns_group *new;

	for (size_t i = 0; i < g->n_merged; i++) {
		struct dns_group *have = &g->list[g->merged[i]];

		if (strcmp(have->id, one->id) == 0 &&
		    memcmp(have->servers, one->servers, s->n_resolvers) == 0 &&
		    have->at_most == one->at_most &&
		    have->designed == one->designed) {
			*VP_PUSH(s->j->arena, have->names, have->n_names) =
				name;
			return;
		}
	}
	new = VP_PUSH(s->j->arena, g->list, g->n);
	*new = *one;
	*VP_PUSH(s->j->arena, new->names, new->n_names) = name;
	if (!about(one->id)->apart)
		*VP_PUSH(s->j->arena, g->merged, g->n_merged) = g->n - 1;
}

bool dns_groups_have(const struct dns_groups *g, const char *id,
                     size_t resolver)
{
	for (size_t i = 0; i < g->n; i++) {
		if (strcmp(g->list[i].id, id) == 0 &&
		    g->list[i].servers[resolver])
			return true;
	}
	return false;
}

/* --- lists in words ----------------------------------------------------- */

/* "a, b and c": text with one more item, the i-th of n. */
static const char *listed(struct judge *j, const char *text, const char *item,
                          size_t i, size_t n)
{
	return vp_arena_printf(j->arena, "%s%s%s", text,
	                       i == 0       ? ""
	                       : i + 1 == n ? " and "
	                                    : ", ",
	                       item);
}

static const char *servers_text(const struct dns_scene *s, const bool *servers)
{
	const char *text = "";
	size_t n = 0, k = 0;

	for (size_t r = 0; r < s->n_resolvers; r++)
		n += servers[r];
	for (size_t r = 0; r < s->n_resolvers; r++) {
		if (servers[r])
			text = listed(s->j, text, judge_resolver_text(s->j, r),
			              k++, n);
	}
	return text;
}

/* The first server that can stand in a command. */
static size_t first_server(const struct dns_scene *s, const bool *servers)
{
	for (size_t r = 0; r < s->n_resolvers; r++) {
		if (servers[r] && s->f->resolvers[r].source != VP_RESOLVER_NSS)
			return r;
	}
	return s->n_resolvers;
}

static size_t count_judged(const struct dns_scene *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->f->n_names; i++)
		n += s->j->names[i].target != NULL;
	return n;
}

static const char *names_text(const struct dns_scene *s,
                              const struct dns_group *g)
{
	const char *text = "";
	size_t shown = g->n_names < NAMES_SHOWN ? g->n_names : NAMES_SHOWN;

	if (g->n_names > 1 && g->n_names == count_judged(s))
		return vp_arena_printf(s->j->arena, "all %zu names",
		                       g->n_names);
	for (size_t i = 0; i < shown; i++)
		text = listed(s->j, text, s->f->names[g->names[i]]->name, i,
		              g->n_names);
	if (g->n_names > shown)
		text = vp_arena_printf(s->j->arena, "%s and %zu more", text,
		                       g->n_names - shown);
	return text;
}

/* Distinct words of all names: zones, or parents. */
static const char *distinct_text(struct judge *j,
                                 const struct judge_words *words, size_t n,
                                 size_t offset)
{
	const char **seen = NULL, *text = "";
	size_t n_seen = 0;

	for (size_t i = 0; i < n; i++) {
		const char *word;
		size_t k = 0;

		memcpy(&word, (const char *)&words[i] + offset, sizeof(word));
		while (word != NULL && k < n_seen && strcmp(seen[k], word) != 0)
			k++;
		if (word != NULL && k == n_seen)
			*VP_PUSH(j->arena, seen, n_seen) = word;
	}
	for (size_t i = 0; i < n_seen; i++)
		text = listed(j, text, seen[i], i, n_seen);
	return n_seen > 0 ? text : NULL;
}

/* --- evidence ----------------------------------------------------------- */

static const struct vp_dns_row *row_with(const struct dns_scene *s, size_t name,
                                         size_t resolver, unsigned shapes)
{
	const struct vp_name *n = s->f->names[name];

	for (size_t i = 0; i < n->n_rows; i++) {
		const struct vp_dns_row *row = &n->rows[i];

		if (row->resolver == resolver &&
		    row->question == VP_QUESTION_NAME &&
		    row->type != VP_DNS_AAAA && !dns_row_is_dead(s, name, i) &&
		    (dns_shape_of(s->j, row) & shapes))
			return row;
	}
	return NULL;
}

static void show(const struct dns_scene *s, struct judge_draft *d, size_t name,
                 const struct vp_dns_row *row)
{
	if (row != NULL)
		judge_evidence(
			s->j, d,
			judge_row_text(s->j, s->f->names[name]->name, row));
}

/* A server that has it right: to be seen beside the wrong one. */
static void show_right(const struct dns_scene *s, struct judge_draft *d,
                       const struct dns_group *g)
{
	for (size_t r = 0; r < s->n_resolvers; r++) {
		const struct vp_dns_row *row;

		if (g->servers[r] ||
		    s->f->resolvers[r].source == VP_RESOLVER_NSS)
			continue;
		row = row_with(s, g->names[0], r, DNS_RIGHT);
		if (row == NULL)
			continue;
		show(s, d, g->names[0], row);
		return;
	}
}

static void show_zone(const struct dns_scene *s, struct judge_draft *d,
                      size_t resolver, const char *zone)
{
	for (size_t i = 0; zone != NULL && i < s->f->n_zones; i++) {
		const struct vp_zone *z = &s->f->zones[i];

		if (strcmp(z->name, zone) != 0)
			continue;
		for (size_t k = 0; k < z->n_rows; k++) {
			if (z->rows[k].resolver == resolver)
				judge_evidence(s->j, d,
				               judge_row_text(s->j, z->name,
				                              &z->rows[k]));
		}
	}
}

/* What makes this diagnosis and no other. */
static void show_proof(const struct dns_scene *s, struct judge_draft *d,
                       const struct dns_group *g)
{
	const struct dns_rule *rule = g->rule;
	const struct vp_name *name = s->f->names[g->names[0]];
	size_t r = first_server(s, g->servers);

	if (rule == NULL || r == s->n_resolvers)
		return;
	if (rule->also != 0)
		show(s, d, g->names[0],
		     row_with(s, g->names[0], r, rule->also));
	for (size_t i = 0; i < name->n_rows; i++) {
		const struct vp_dns_row *row = &name->rows[i];

		if (row->resolver == r &&
		    ((rule->alias != 0 && row->question == VP_QUESTION_ALIAS) ||
		     (rule->unchecked != 0 &&
		      row->question == VP_QUESTION_UNCHECKED)))
			show(s, d, g->names[0], row);
	}
	if (rule->others != 0 || rule->reference != 0 || rule->peers != 0 ||
	    (rule->flags & (DNS_F_SPLIT | DNS_F_DIFFERS)))
		show_right(s, d, g);
	if (rule->flags & DNS_F_LINKED)
		show_zone(s, d, r, d->words.zone);
}

/* All that names of this zone have at this server. */
static unsigned shapes_in_zone(const struct dns_scene *s, size_t resolver,
                               const char *zone)
{
	unsigned shapes = 0;

	for (size_t i = 0; i < s->f->n_names; i++) {
		const char *of = vp_forwarder_zone_of(s->f->names[i]->name);

		if (of != NULL && strcmp(of, zone) == 0 &&
		    s->j->names[i].expect == VP_EXPECT_PRIVATE)
			shapes |= dns_view_at(s, i, resolver)->shapes;
	}
	return shapes;
}

static const char *joined(struct judge *j, const char *list, const char *item)
{
	return vp_arena_printf(j->arena, "%s%s%s", list,
	                       *list != '\0' ? ", " : "", item);
}

/* Which of the zones that have to be forwarded are, at this server. */
static void show_forwarding(const struct dns_scene *s, struct judge_draft *d,
                            size_t resolver)
{
	const char *right = "", *untested = "";
	const char **zones;
	size_t n = vp_forwarder_zones(s->f, s->j->arena, &zones);

	for (size_t i = 0; i < n; i++) {
		unsigned shapes = shapes_in_zone(s, resolver, zones[i]);

		if (d->words.parents != NULL &&
		    strstr(d->words.parents, zones[i]) != NULL)
			continue; /* it is what the finding is about */
		if (shapes == 0)
			untested = joined(s->j, untested, zones[i]);
		else if ((shapes & DNS_RIGHT) && !(shapes & DNS_WRONG))
			right = joined(s->j, right, zones[i]);
	}
	if (*right != '\0')
		*VP_PUSH(s->j->arena, d->lines, d->n_lines) = vp_arena_printf(
			s->j->arena, "private at %s: %s",
			judge_resolver_text(s->j, resolver), right);
	if (*untested != '\0')
		*VP_PUSH(s->j->arena, d->lines, d->n_lines) = vp_arena_printf(
			s->j->arena,
			"to be forwarded as well, but no name here tells: %s",
			untested);
}

static void show_group(const struct dns_scene *s, struct judge_draft *d,
                       const struct dns_group *g)
{
	unsigned shapes = g->rule != NULL ? g->rule->here : 0;
	size_t shown = 1, all = 0;

	show(s, d, g->names[0], g->row);
	show_proof(s, d, g);
	for (size_t i = 0; shapes != 0 && i < g->n_names; i++) {
		for (size_t r = 0; r < s->n_resolvers; r++) {
			const struct vp_dns_row *row;

			if (!g->servers[r])
				continue;
			all++;
			row = row_with(s, g->names[i], r, shapes);
			if (row == NULL || row == g->row ||
			    d->n_lines >= JUDGE_EVIDENCE_MAX)
				continue;
			show(s, d, g->names[i], row);
			shown++;
		}
	}
	if (all > shown)
		d->n_more += all - shown;
	if (strcmp(g->id, "dns-forwarder-lacks-zone") == 0)
		show_forwarding(s, d, first_server(s, g->servers));
}

static void add_zone(struct judge *j, const char ***zones, size_t *n,
                     const char *zone)
{
	for (size_t i = 0; i < *n; i++) {
		if (strcmp((*zones)[i], zone) == 0)
			return;
	}
	*VP_PUSH(j->arena, *zones, *n) = zone;
}

/* --- remedies ------------------------------------------------------------ */

/* Lines that were written, so that none comes twice. */
struct remedy {
	struct judge *j;
	const char *text;
	const char **lines;
	size_t n_lines, left_out;
};

static void append(struct remedy *r, const char *line)
{
	r->text = vp_arena_printf(r->j->arena, "%s%s%s", r->text,
	                          *r->text != '\0' ? "\n" : "", line);
}

static void append_once(struct remedy *r, const char *line)
{
	for (size_t i = 0; i < r->n_lines; i++) {
		if (strcmp(r->lines[i], line) == 0)
			return;
	}
	if (r->n_lines == LINES_MAX) {
		r->left_out++;
		return;
	}
	*VP_PUSH(r->j->arena, r->lines, r->n_lines) = line;
	append(r, line);
}

/* The zones to forward, with those that their aliases lead to and that no name
 * tells of: a vault's alias is in vaultcore. */
static size_t zones_to_forward(const struct dns_scene *s,
                               const struct dns_group *g,
                               const struct judge_words *words,
                               const char ***zones)
{
	size_t r = first_server(s, g->servers), n = 0;

	for (size_t i = 0; i < g->n_names; i++) {
		const struct vp_forwarder_zone *row;

		if (words[i].parent == NULL)
			continue;
		add_zone(s->j, zones, &n, words[i].parent);
		row = vp_forwarder_row(words[i].parent);
		if (row == NULL || row->privatelink == NULL ||
		    r == s->n_resolvers)
			continue;
		row = vp_forwarder_row(row->privatelink);
		if (row != NULL && shapes_in_zone(s, r, row->name) == 0)
			add_zone(s->j, zones, &n, row->name);
	}
	return n;
}

/* Lines for the servers of one kind among those of the group. */
static bool append_kind(struct remedy *out, const struct dns_scene *s,
                        const struct dns_group *g, enum vp_server_kind kind,
                        const char *const *zones, size_t n_zones)
{
	const struct vp_addr azure = judge_azure_dns();
	bool *of_kind = vp_arena_alloc(s->j->arena, s->n_resolvers + 1);
	const char *lines =
		vp_forwarder_lines(s->j->arena, kind, zones, n_zones, &azure);
	const char *then = vp_forwarder_then(kind);
	bool any = false;

	for (size_t r = 0; r < s->n_resolvers; r++) {
		of_kind[r] = g->servers[r] &&
		             vp_forwarder_kind(&s->f->resolvers[r]) == kind;
		any |= of_kind[r];
	}
	if (!any || lines == NULL)
		return false;
	append(out, vp_arena_printf(s->j->arena,
	                            "In %s (%s):", vp_forwarder_make(kind),
	                            servers_text(s, of_kind)));
	while (*lines != '\0') {
		int len = (int)strcspn(lines, "\n");

		append(out,
		       vp_arena_printf(s->j->arena, "    %.*s", len, lines));
		lines += len + (lines[len] == '\n');
	}
	if (then != NULL)
		append(out, vp_arena_printf(
				    s->j->arena, "    %s%s",
				    kind == VP_SERVER_WINDOWS ? "" : "# then: ",
				    then));
	return true;
}

/* The line "forward ZONE to 168.63.129.16" in the servers' own languages. */
static void append_forwarders(struct remedy *out, const struct dns_scene *s,
                              const struct dns_group *g,
                              const struct judge_words *words)
{
	const char **zones = NULL;
	size_t n_zones = zones_to_forward(s, g, words, &zones);
	bool any = false;

	for (int kind = 0; kind < KINDS; kind++)
		any |= append_kind(out, s, g, (enum vp_server_kind)kind, zones,
		                   n_zones);
	for (size_t i = 0; !any && i < n_zones; i++)
		append_once(out,
		            vp_arena_printf(s->j->arena,
		                            "    forward %s to 168.63.129.16",
		                            zones[i]));
	if (!any)
		append(out, "`vnetprobe dns --emit bind` (or unbound, dnsmasq, "
		            "coredns, windows) prints the whole "
		            "configuration.");
}

/* "In BIND:", and no server of the group is one, while all are known. */
static bool is_for_others(const struct dns_scene *s, const struct dns_group *g,
                          const char *line)
{
	bool named = false;

	for (int kind = 0; kind < KINDS && !named; kind++) {
		const char *make = vp_forwarder_make((enum vp_server_kind)kind);

		named = make != NULL && strncmp(line, "In ", 3) == 0 &&
		        strncmp(line + 3, make, strlen(make)) == 0;
		for (size_t r = 0; named && r < s->n_resolvers; r++) {
			enum vp_server_kind is =
				vp_forwarder_kind(&s->f->resolvers[r]);

			if (g->servers[r] &&
			    (is == VP_SERVER_UNKNOWN || (int)is == kind))
				return false;
		}
	}
	return named;
}

/*
 * Azure DNS itself, asked from this network, does not see the zone: that is a
 * link's matter, and what servers forward is not to blame.
 */
static bool is_azure_public(const struct dns_scene *s,
                            const struct dns_group *g)
{
	for (size_t r = 0; r < s->n_resolvers; r++) {
		unsigned shapes = dns_view_at(s, g->names[0], r)->shapes;

		if (judge_is_azure_dns(&s->f->resolvers[r].endpoint.addr) &&
		    (shapes & DNS_OPEN) && !(shapes & DNS_RIGHT))
			return true;
	}
	return false;
}

static const char forward_line[] = "    forward {parent} to 168.63.129.16";

/* Is this head of a paragraph, and what follows, not for these servers? */
static bool is_moot(const struct dns_scene *s, const struct dns_group *g,
                    const char *head, const char *next)
{
	if (is_for_others(s, g, head))
		return true;
	return strcmp(g->id, "dns-zone-not-linked") == 0 &&
	       strncmp(next, forward_line, strlen(forward_line)) == 0 &&
	       is_azure_public(s, g);
}

static void append_command(struct remedy *r, const struct dns_group *g,
                           const struct judge_words *words, const char *line)
{
	r->left_out = 0;
	for (size_t i = 0; i < g->n_names; i++)
		append_once(r, judge_fill(r->j, line, &words[i]));
	if (r->left_out > 0)
		append(r,
		       vp_arena_printf(r->j->arena, "and so on for %zu more.",
		                       r->left_out));
}

/* The first of the lines that stand for dns_endpoint_lines(). */
static const char endpoint_line[] =
	"    az network private-endpoint create -g RG -n PE --vnet-name VNET";

static const char zone_group_line[] =
	"    az network private-endpoint dns-zone-group create -g RG "
	"--endpoint-name PE -n zones";

static bool starts(const char *line, const char *with)
{
	return strncmp(line, with, strlen(with)) == 0;
}

static void append_endpoints(struct remedy *out, const struct dns_scene *s,
                             const struct dns_group *g,
                             const struct judge_words *words)
{
	const char **lines;
	size_t n = dns_endpoint_lines(s, g, words, &lines);

	for (size_t i = 0; i < n; i++)
		append_once(out, lines[i]);
	if (out->left_out > 0)
		append(out, "and so on for the others.");
}

/* The type's remedy; command lines once for each name that changes them. */
static const char *remedy_text(const struct dns_scene *s,
                               const struct dns_group *g,
                               const struct judge_words *words,
                               const char *text)
{
	struct remedy r = { .j = s->j, .text = "" };
	bool moot = false;

	while (*text != '\0') {
		size_t len = strcspn(text, "\n");
		const char *line = vp_arena_strndup(s->j->arena, text, len);
		bool head = strncmp(line, "    ", 4) != 0;

		text += len + (text[len] == '\n');
		if (head)
			moot = is_moot(s, g, line, text);
		if (moot)
			continue;
		if (head)
			append(&r, judge_fill(s->j, line, &words[0]));
		else if (strcmp(line, forward_line) == 0)
			append_forwarders(&r, s, g, words);
		else if (starts(line, endpoint_line))
			append_endpoints(&r, s, g, words);
		else if (starts(line, zone_group_line))
			continue; /* came with the endpoints */
		else
			append_command(&r, g, words, line);
	}
	return r.text;
}

/* --- findings ------------------------------------------------------------ */

static const struct vp_addr *wrong_address(const struct dns_scene *s,
                                           const struct vp_dns_row *row)
{
	for (size_t i = 0; i < row->n_addresses; i++) {
		if (judge_scope(s->j, &row->addresses[i].addr) ==
		    VP_SCOPE_PUBLIC)
			return &row->addresses[i].addr;
	}
	return row->n_addresses > 0 ? &row->addresses[0].addr : NULL;
}

/* "; it heals in 9 s": when the negative answer leaves the cache. */
static const char *heal_text(struct judge *j, const struct vp_dns_row *row)
{
	if (row == NULL || row->soa.zone == NULL)
		return "; for how long is not known";
	return vp_arena_printf(j->arena, "; it heals by itself within %u s",
	                       row->soa.ttl);
}

/* The zone that a server has itself, as its SOA says; else one of the zones
 * above the name, which is not known. */
static const char *held_text(const struct dns_scene *s, size_t resolver,
                             const struct vp_dns_row *row, const char *parent)
{
	if (row != NULL && row->soa.zone != NULL)
		return row->soa.zone;
	for (size_t i = 0; parent != NULL && i < s->f->n_zones; i++) {
		const struct vp_zone *z = &s->f->zones[i];

		if (strcmp(z->name, parent) != 0)
			continue;
		for (size_t k = 0; k < z->n_rows; k++) {
			if (z->rows[k].resolver == resolver &&
			    z->rows[k].soa.zone != NULL)
				return z->rows[k].soa.zone;
		}
	}
	return parent == NULL ? NULL
	                      : vp_arena_printf(s->j->arena,
	                                        "%s, or one below it", parent);
}

static void fill_words(const struct dns_scene *s, const struct dns_group *g,
                       size_t i, struct judge_words *w)
{
	const struct vp_target *t = s->j->names[g->names[i]].target;
	size_t r = first_server(s, g->servers);
	const struct vp_dns_row *row = i == 0 ? g->row : NULL;
	const struct vp_addr *meant = NULL, *a = NULL;
	const char *alias = NULL;

	if (row == NULL && r < s->n_resolvers)
		row = row_with(s, g->names[i], r,
		               g->rule != NULL ? g->rule->here : ~0u);
	if (row != NULL)
		alias = judge_alias(row);
	judge_words_of(s->j, w, t, alias);
	w->name = s->f->names[g->names[i]]->name;
	if (r < s->n_resolvers) {
		w->server = judge_addr_text(s->j,
		                            &s->f->resolvers[r].endpoint.addr);
		a = dns_unexpected(s, g->names[i], r, &meant);
		w->held = held_text(s, r, row, w->parent);
		w->interface = s->f->resolvers[r].interface;
	}
	if (w->server == NULL && s->n_resolvers > 0 &&
	    s->f->resolvers[0].source != VP_RESOLVER_NSS)
		w->server = judge_addr_text(s->j,
		                            &s->f->resolvers[0].endpoint.addr);
	if (g->rule == NULL || !(g->rule->flags & DNS_F_UNEXPECTED))
		a = row != NULL ? wrong_address(s, row) : NULL;
	if (a != NULL)
		w->address = judge_addr_text(s->j, a);
	if (meant != NULL)
		w->expected = judge_addr_text(s->j, meant);
	if (row == NULL)
		return;
	if (row->n_addresses == 0 && row->transport == VP_TRANSPORT_NSS)
		w->address = "no address";
	w->soa = judge_soa_text(s->j, &row->soa);
	w->what = row->outcome == VP_OUTCOME_OK && row->rcode > 0
	                  ? judge_rcode_text(s->j, row->rcode)
	                  : row->detail;
}

static const char *target_text(const struct dns_group *g, const struct about *a,
                               const struct judge_words *words)
{
	if (g->n_names == 1)
		return words[0].name;
	if (a->owner == OF_ZONE && words[0].zones != NULL &&
	    words[0].zone != NULL && strcmp(words[0].zones, words[0].zone) == 0)
		return words[0].zone;
	if (a->owner == OF_SERVER)
		return words[0].resolver;
	return NULL;
}

/* Azure DNS was not asked, and without it two causes look the same: what
 * decides comes first. */
static const char decide[] = "Two causes look the same from here; this "
			     "decides: vnetprobe dns --azure-dns always\n";

static const char *remedy_for(struct judge *j, const struct dns_group *g,
                              const char *remedy)
{
	if (g->designed && strcmp(g->id, "dns-name-unknown") == 0)
		return "These are Microsoft's public names: the DNS servers "
		       "here do not resolve names of the Internet. Let "
		       "{resolver} forward what is not private to Azure DNS "
		       "(168.63.129.16), or leave these names to the proxy, if "
		       "programs have one: it resolves them itself.";
	if (g->doubt == NULL || !g->undecided)
		return remedy;
	if (strcmp(g->id, "dns-fallback-to-internet") != 0)
		return vp_arena_printf(j->arena, "%s%s", decide, remedy);
	return vp_arena_printf(
		j->arena,
		"%sIf Azure DNS has private addresses for these names, only "
		"the privatelink zones are forwarded by {resolver}. Forward "
		"the public ones instead:\n%s\nIf it has not, the records are "
		"missing there: let each private endpoint keep its own:\n"
		"    az network private-endpoint dns-zone-group create -g RG "
		"--endpoint-name PE -n default --private-dns-zone {zone} "
		"--zone-name {group}",
		decide, forward_line);
}

static const char *detail_for(struct judge *j, const struct dns_group *g,
                              const char *detail)
{
	if (g->doubt == NULL)
		return detail;
	if (g->undecided && strcmp(g->id, "dns-fallback-to-internet") == 0)
		return "At {resolver} private zones are seen ({zones}), and "
		       "the answers for {names} are public: either the "
		       "records are missing and the zone's link falls back to "
		       "the Internet, or only the privatelink zones are "
		       "forwarded.";
	return vp_arena_printf(j->arena, "%s %s", detail, g->doubt);
}

static void write_group(const struct dns_scene *s, const struct dns_group *g)
{
	const struct about *a = about(g->id);
	struct judge_words *words =
		vp_arena_alloc(s->j->arena, g->n_names * sizeof(*words));
	const char *resolver = servers_text(s, g->servers), *remedy;
	const char *names = names_text(s, g), *zones, *parents = "";
	const char **forward = NULL;
	size_t n_forward;
	struct judge_draft *d;

	for (size_t i = 0; i < g->n_names; i++)
		fill_words(s, g, i, &words[i]);
	zones = distinct_text(s->j, words, g->n_names,
	                      offsetof(struct judge_words, zone));
	n_forward = zones_to_forward(s, g, words, &forward);
	for (size_t i = 0; i < n_forward; i++)
		parents = listed(s->j, parents, forward[i], i, n_forward);
	for (size_t i = 0; i < g->n_names; i++) {
		words[i].resolver = resolver;
		words[i].names = names;
		words[i].zones = zones;
		words[i].parents = parents;
		words[i].heal = heal_text(s->j, g->row);
		if (g->extra != NULL)
			words[i].what = g->extra;
	}
	d = judge_add(s->j, g->id, target_text(g, a, words));
	if (g->at_most > d->f.severity)
		d->f.severity = g->at_most;
	d->words = words[0];
	d->detail = g->n_names > 1 && a->many != NULL ? a->many : a->one;
	d->detail = detail_for(s->j, g, d->detail);
	if (g->undecided && strcmp(g->id, "dns-fallback-to-internet") == 0)
		d->f.title = "the private zone is seen, and answers are public";
	for (size_t i = 0; i < g->n_names; i++)
		*VP_PUSH(s->j->arena, d->f.names, d->f.n_names) =
			s->f->names[g->names[i]]->name;
	show_group(s, d, g);
	remedy = remedy_for(s->j, g, d->f.type->remedy);
	d->f.remedy = remedy_text(s, g, words, remedy);
}

void dns_groups_write(const struct dns_groups *g, const struct dns_scene *s)
{
	for (size_t i = 0; i < g->n; i++)
		write_group(s, &g->list[i]);
}
