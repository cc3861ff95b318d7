/*
 * dns_rules.c - the table of rules. The order matters: what explains more
 * stands above what it would bring about.
 */
#include "dns_rules.h"

static const struct dns_rule rules[] = {
	/* not this server's doing */
	{ .id = "", .here = DNS_WRONG, .flags = DNS_F_PASSED_ON },
	{ .id = "",
	  .here = DNS_WRONG | DNS_NO_ANSWER,
	  .flags = DNS_F_OUTDATED },
	{ .id = "dns-public-resolver",
	  .here = DNS_WRONG,
	  .flags = DNS_F_PUBLIC },
	{ .id = "dns-stub-scope",
	  .here = DNS_WRONG,
	  .others = DNS_RIGHT,
	  .flags = DNS_F_STUB },

	/* answers that change from round to round */
	{ .id = "dns-stale-negative",
	  .here = DNS_ABSENT,
	  .also = DNS_RIGHT,
	  .flags = DNS_F_HEALED },
	{ .id = "dns-forwarder-timeout",
	  .here = DNS_RIGHT,
	  .also = DNS_WRONG | DNS_SERVFAIL,
	  .flags = DNS_F_SLOW },
	{ .id = "dns-forwarder-timeout",
	  .here = DNS_RIGHT,
	  .also = DNS_SERVFAIL },
	{ .id = "",
	  .here = DNS_RIGHT,
	  .also = DNS_PUBLIC,
	  .flags = DNS_F_TAINTED },
	{ .id = "dns-forwarder-reverts",
	  .here = DNS_RIGHT,
	  .also = DNS_PUBLIC,
	  .alias = DNS_RIGHT,
	  .alias_not = DNS_PUBLIC,
	  .flags = DNS_F_TURNED },
	{ .id = "dns-unstable", .here = DNS_RIGHT, .also = DNS_WRONG },

	/* no answer */
	{ .id = "dns-dnssec-bogus",
	  .here = DNS_SERVFAIL,
	  .unchecked = DNS_RIGHT | DNS_WRONG,
	  .flags_not = DNS_F_FLAKY },
	{ .id = "dns-servfail", .here = DNS_SERVFAIL },
	{ .id = "dns-answer-from-elsewhere",
	  .here = DNS_SILENT,
	  .flags = DNS_F_ELSEWHERE },
	{ .id = "dns-azure-unreachable",
	  .here = DNS_SILENT | DNS_UNREACHABLE,
	  .flags = DNS_F_AZURE | DNS_F_OFF_AZURE },
	{ .id = "dns-timeout", .here = DNS_SILENT },
	{ .id = "dns-unreachable", .here = DNS_UNREACHABLE },
	{ .id = "dns-refused", .here = DNS_REFUSED },
	{ .id = "dns-malformed", .here = DNS_MALFORMED },
	{ .id = "dns-alias-loop", .here = DNS_LOOP },
	{ .id = "dns-tcp-blocked", .here = DNS_TCP_BLOCKED },
	{ .id = "probe-error", .here = DNS_FAILED },
	{ .id = "dns-bogon", .here = DNS_BOGON },

	/* through the alias, and public: the alias itself is private here,
	 * so the zone is seen and the public name is not forwarded to where
	 * it is seen */
	{ .id = "dns-forwarder-lacks-zone",
	  .here = DNS_PUBLIC,
	  .alias = DNS_RIGHT,
	  .alias_not = DNS_PUBLIC,
	  .flags = DNS_F_SIBLING },
	{ .id = "dns-forwarder-lacks-zone",
	  .here = DNS_PUBLIC,
	  .alias = DNS_RIGHT,
	  .alias_not = DNS_PUBLIC,
	  .flags = DNS_F_NESTED | DNS_F_REST },
	{ .id = "dns-forwarder-wrong-zone",
	  .here = DNS_PUBLIC,
	  .alias = DNS_RIGHT,
	  .alias_not = DNS_PUBLIC },
	/* the same, by a server that keeps the public chain: then the alias
	 * comes from its cache as well, and only the zone's SOA shows that it
	 * looks there */
	{ .id = "dns-forwarder-lacks-zone",
	  .here = DNS_PUBLIC,
	  .others = DNS_RIGHT,
	  .flags = DNS_F_LINKED | DNS_F_SIBLING,
	  .flags_not = DNS_F_AZURE },
	{ .id = "dns-forwarder-lacks-zone",
	  .here = DNS_PUBLIC,
	  .others = DNS_RIGHT,
	  .flags = DNS_F_LINKED | DNS_F_NESTED | DNS_F_REST,
	  .flags_not = DNS_F_AZURE },
	{ .id = "dns-forwarder-wrong-zone",
	  .here = DNS_PUBLIC,
	  .others = DNS_RIGHT,
	  .flags = DNS_F_LINKED,
	  .flags_not = DNS_F_AZURE },
	{ .id = "dns-registry-data-missing",
	  .here = DNS_OPEN | DNS_ABSENT,
	  .others_not = DNS_RIGHT,
	  .flags = DNS_F_DATA },
	{ .id = "dns-fallback-to-internet",
	  .here = DNS_PUBLIC,
	  .others_not = DNS_RIGHT,
	  .flags = DNS_F_LINKED },
	{ .id = "dns-proxy-not-linked",
	  .here = DNS_PUBLIC,
	  .flags = DNS_F_PROXY },
	{ .id = "dns-forwarder-lacks-zone",
	  .here = DNS_PUBLIC,
	  .others = DNS_RIGHT,
	  .flags = DNS_F_REST,
	  .flags_not = DNS_F_AZURE },
	{ .id = "dns-resolvers-disagree",
	  .here = DNS_PUBLIC,
	  .peers = DNS_RIGHT },
	{ .id = "dns-forwarder-public",
	  .here = DNS_PUBLIC,
	  .reference = DNS_RIGHT,
	  .flags_not = DNS_F_AZURE },
	{ .id = "dns-workspace-zone-missing",
	  .here = DNS_PUBLIC,
	  .flags = DNS_F_PAIR },
	/* the record is missing for all, and this server, which is right
	 * about nothing, does not even see that */
	{ .id = "dns-resolvers-disagree",
	  .here = DNS_PUBLIC,
	  .peers = DNS_MISSING,
	  .flags_not = DNS_F_REST },
	{ .id = "dns-forwarder-public",
	  .here = DNS_PUBLIC,
	  .reference = DNS_MISSING,
	  .flags_not = DNS_F_AZURE | DNS_F_REST },
	{ .id = "dns-zone-not-linked", .here = DNS_PUBLIC },

	/* public without the alias, which others know */
	{ .id = "dns-zone-shadowed",
	  .here = DNS_BARE,
	  .others = DNS_ALIASED,
	  .flags_not = DNS_F_AZURE },
	{ .id = "dns-resolvers-disagree",
	  .here = DNS_BARE,
	  .peers = DNS_RIGHT },
	{ .id = "dns-no-private-endpoint", .here = DNS_BARE },

	/* the alias leads nowhere */
	{ .id = "dns-zone-split", .here = DNS_MISSING, .flags = DNS_F_SPLIT },
	{ .id = "dns-stale-negative",
	  .here = DNS_MISSING,
	  .others = DNS_RIGHT,
	  .flags = DNS_F_COUNTING },
	{ .id = "dns-record-missing", .here = DNS_MISSING },

	/* the name does not exist here */
	{ .id = "dns-zone-shadowed",
	  .here = DNS_UNKNOWN,
	  .others = DNS_ALIASED | DNS_FLAT | DNS_BARE },
	/* nobody to compare with, and its own SOA tells */
	{ .id = "dns-zone-shadowed",
	  .here = DNS_UNKNOWN,
	  .flags = DNS_F_OWN_ZONE,
	  .flags_not = DNS_F_AZURE },
	{ .id = "dns-name-unknown", .here = DNS_UNKNOWN },

	/* private, and not the address that was meant */
	{ .id = "dns-instance-address",
	  .here = DNS_RIGHT,
	  .flags = DNS_F_INSTANCE | DNS_F_UNEXPECTED },
	{ .id = "dns-monitor-overwritten",
	  .here = DNS_RIGHT,
	  .flags = DNS_F_MONITOR | DNS_F_UNEXPECTED },
	{ .id = "dns-monitor-overwritten",
	  .here = DNS_RIGHT,
	  .flags = DNS_F_MONITOR | DNS_F_OUTSIDE | DNS_F_DEAD },
	{ .id = "dns-zone-shadowed",
	  .here = DNS_FLAT,
	  .others = DNS_ALIASED,
	  .flags = DNS_F_UNEXPECTED },
	{ .id = "dns-zone-shadowed",
	  .here = DNS_FLAT,
	  .others = DNS_ALIASED,
	  .flags = DNS_F_DIFFERS },
	{ .id = "dns-zone-shadowed",
	  .here = DNS_FLAT,
	  .others = DNS_ALIASED,
	  .flags = DNS_F_DIFFERS_REF },
	{ .id = "dns-other-endpoint",
	  .here = DNS_RIGHT,
	  .flags = DNS_F_UNEXPECTED | DNS_F_OUTSIDE },
	{ .id = "dns-other-endpoint",
	  .here = DNS_RIGHT,
	  .flags = DNS_F_UNEXPECTED | DNS_F_ALIVE },
	{ .id = "dns-wrong-address",
	  .here = DNS_RIGHT,
	  .flags = DNS_F_UNEXPECTED },
	{ .id = "dns-unstable", .here = DNS_RIGHT, .flags = DNS_F_CHANGES },
	{ .id = "dns-resolvers-disagree",
	  .here = DNS_RIGHT,
	  .flags = DNS_F_DIFFERS },
	{ .id = "dns-record-doubled",
	  .here = DNS_RIGHT,
	  .flags = DNS_F_DOUBLED | DNS_F_DEAD },
	{ .id = "dns-record-doubled",
	  .warn = 1,
	  .here = DNS_RIGHT,
	  .flags = DNS_F_DOUBLED },
	{ .id = "dns-outside-vnet", .here = DNS_RIGHT, .flags = DNS_F_OUTSIDE },
	{ .id = "dns-alias-missing", .here = DNS_FLAT },
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

const struct dns_rule *dns_rules(size_t *n)
{
	*n = COUNT(rules);
	return rules;
}

/* One of want is in got; nothing wanted always is. */
static int any(unsigned want, unsigned got)
{
	return want == 0 || (want & got) != 0;
}

static int fits(const struct dns_rule *r, const struct dns_case *c)
{
	unsigned others = c->reference | c->peers;

	return (r->here & c->here) != 0 && any(r->also, c->here) &&
	       any(r->alias, c->alias) && (r->alias_not & c->alias) == 0 &&
	       any(r->unchecked, c->unchecked) &&
	       any(r->reference, c->reference) && any(r->peers, c->peers) &&
	       any(r->others, others) && (r->others_not & others) == 0 &&
	       (r->flags & c->flags) == r->flags &&
	       (r->flags_not & c->flags) == 0;
}

const struct dns_rule *dns_rule_for(const struct dns_case *c)
{
	for (size_t i = 0; i < COUNT(rules); i++) {
		if (fits(&rules[i], c))
			return &rules[i];
	}
	return NULL;
}
