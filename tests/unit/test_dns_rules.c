/*
 * test_dns_rules.c - the table of rules, case by case.
 *
 * A row makes several cases: each bit of each mask of `each` by turns, with all
 * bits of `with`. All of them must show the same mistake. Near misses stand
 * below the rows that they miss. Docs/mistakes.md says what the ids mean.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dns_rules.h"
#include "judge.h"
#include "judge_dns.h"

#define ALL ((1u << 15) - 1)
#define NOT(mask) (ALL & ~(unsigned)(mask))
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define FINE NULL        /* no rule fits */
#define ELSEWHERE ""     /* another server, or another finding, tells of it */
#define RULES_AT_MOST 96 /* as many as this test has room for */

struct row {
	const char *id;
	struct dns_case each, with;
	int warn;
};

#define FLAGS(f) .with = { .flags = (f) }

static const struct row rows[] = {
	/* right, and nothing else known */
	{ .id = FINE, .each = { .here = DNS_PRIVATE } },
	{ .id = FINE, .each = { .here = DNS_PRIVATE, .peers = ALL } },
	{ .id = FINE, .each = { .here = DNS_PRIVATE, .reference = ALL } },
	{ .id = FINE,
	  .each = { .here = DNS_PRIVATE, .alias = ALL, .unchecked = ALL } },

	/* a stub passes on what its upstream says */
	{ .id = ELSEWHERE,
	  .each = { .here = DNS_WRONG },
	  FLAGS(DNS_F_PASSED_ON) },
	{ .id = ELSEWHERE,
	  .each = { .here = DNS_WRONG },
	  .with = { .flags = DNS_F_PASSED_ON | DNS_F_STUB,
	            .peers = DNS_PRIVATE } },
	{ .id = FINE, .each = { .here = DNS_PRIVATE }, FLAGS(DNS_F_PASSED_ON) },
	{ .id = "dns-timeout",
	  .each = { .here = DNS_SILENT },
	  FLAGS(DNS_F_PASSED_ON) },

	/* a server of an old lease */
	{ .id = ELSEWHERE,
	  .each = { .here = DNS_WRONG | DNS_NO_ANSWER },
	  FLAGS(DNS_F_OUTDATED) },
	{ .id = ELSEWHERE,
	  .each = { .here = DNS_WRONG },
	  FLAGS(DNS_F_OUTDATED | DNS_F_PUBLIC) },
	{ .id = FINE, .each = { .here = DNS_PRIVATE }, FLAGS(DNS_F_OUTDATED) },

	/* a public resolver */
	{ .id = "dns-public-resolver",
	  .each = { .here = DNS_WRONG },
	  FLAGS(DNS_F_PUBLIC) },
	{ .id = "dns-public-resolver",
	  .each = { .here = DNS_WRONG, .reference = DNS_RIGHT },
	  FLAGS(DNS_F_PUBLIC | DNS_F_STUB) },
	{ .id = FINE, .each = { .here = DNS_PRIVATE }, FLAGS(DNS_F_PUBLIC) },
	{ .id = "dns-timeout",
	  .each = { .here = DNS_SILENT },
	  FLAGS(DNS_F_PUBLIC) },
	{ .id = "dns-refused",
	  .each = { .here = DNS_REFUSED },
	  FLAGS(DNS_F_PUBLIC) },

	/* row 23: another link's scope */
	{ .id = "dns-stub-scope",
	  .each = { .here = DNS_WRONG, .peers = DNS_RIGHT },
	  FLAGS(DNS_F_STUB) },
	{ .id = "dns-stub-scope",
	  .each = { .here = DNS_WRONG, .reference = DNS_RIGHT },
	  FLAGS(DNS_F_STUB) },
	{ .id = "dns-zone-not-linked",
	  .each = { .here = DNS_PUBLIC, .peers = NOT(DNS_RIGHT | DNS_MISSING) },
	  FLAGS(DNS_F_STUB) },
	{ .id = "dns-resolvers-disagree",
	  .each = { .here = DNS_OPEN, .peers = DNS_FLAT },
	  .with = { .flags = 0 } },
	{ .id = "dns-timeout",
	  .each = { .here = DNS_SILENT, .peers = DNS_RIGHT },
	  FLAGS(DNS_F_STUB) },
	{ .id = FINE,
	  .each = { .here = DNS_PRIVATE, .peers = DNS_RIGHT },
	  FLAGS(DNS_F_STUB) },

	/* row 25: absent at first, right ever after */
	{ .id = "dns-stale-negative",
	  .each = { .here = DNS_ABSENT },
	  .with = { .here = DNS_PRIVATE, .flags = DNS_F_HEALED } },
	{ .id = "dns-stale-negative",
	  .each = { .here = DNS_ABSENT },
	  .with = { .here = DNS_FLAT, .flags = DNS_F_HEALED | DNS_F_SLOW } },
	{ .id = "dns-unstable",
	  .each = { .here = DNS_OPEN | DNS_BOGON },
	  .with = { .here = DNS_PRIVATE, .flags = DNS_F_HEALED } },
	{ .id = "dns-unstable",
	  .each = { .here = DNS_ABSENT },
	  .with = { .here = DNS_PRIVATE, .flags = DNS_F_TURNED } },
	{ .id = "dns-record-missing",
	  .each = { .here = DNS_MISSING },
	  FLAGS(DNS_F_HEALED) },
	{ .id = FINE, .each = { .here = DNS_PRIVATE }, FLAGS(DNS_F_HEALED) },

	/* row 10: some answers take long, and then are others */
	{ .id = "dns-forwarder-timeout",
	  .each = { .here = DNS_WRONG | DNS_SERVFAIL },
	  .with = { .here = DNS_PRIVATE, .flags = DNS_F_SLOW } },
	{ .id = "dns-forwarder-timeout",
	  .each = { .here = DNS_RIGHT },
	  .with = { .here = DNS_PUBLIC, .flags = DNS_F_SLOW } },
	{ .id = "dns-forwarder-timeout",
	  .each = { .here = DNS_PUBLIC, .alias = DNS_RIGHT },
	  .with = { .here = DNS_PRIVATE, .flags = DNS_F_SLOW | DNS_F_TURNED } },
	{ .id = "dns-zone-not-linked",
	  .each = { .here = DNS_PUBLIC },
	  FLAGS(DNS_F_SLOW) },
	{ .id = FINE, .each = { .here = DNS_PRIVATE }, FLAGS(DNS_F_SLOW) },
	{ .id = "dns-forwarder-timeout",
	  .each = { .here = DNS_RIGHT },
	  .with = { .here = DNS_SERVFAIL } },
	{ .id = "dns-servfail", .each = { .here = DNS_SERVFAIL } },
	{ .id = "dns-timeout",
	  .each = { .here = DNS_PRIVATE },
	  .with = { .here = DNS_SILENT, .flags = DNS_F_SLOW } },
	{ .id = "dns-refused",
	  .each = { .here = DNS_PRIVATE },
	  .with = { .here = DNS_REFUSED } },

	/* a name of the same zone brings the public chain into the cache */
	{ .id = ELSEWHERE,
	  .each = { .here = DNS_RIGHT },
	  .with = { .here = DNS_PUBLIC, .flags = DNS_F_TAINTED } },
	{ .id = ELSEWHERE,
	  .each = { .here = DNS_RIGHT },
	  .with = { .here = DNS_PUBLIC,
	            .alias = DNS_PRIVATE,
	            .flags = DNS_F_TAINTED | DNS_F_TURNED } },
	{ .id = "dns-unstable",
	  .each = { .here = DNS_WRONG & ~DNS_PUBLIC },
	  .with = { .here = DNS_PRIVATE, .flags = DNS_F_TAINTED } },
	{ .id = "dns-zone-not-linked",
	  .each = { .here = DNS_PUBLIC },
	  FLAGS(DNS_F_TAINTED) },
	{ .id = FINE, .each = { .here = DNS_PRIVATE }, FLAGS(DNS_F_TAINTED) },

	/* row 5: right at first */
	{ .id = "dns-forwarder-reverts",
	  .each = { .here = DNS_RIGHT, .alias = DNS_RIGHT },
	  .with = { .here = DNS_PUBLIC, .flags = DNS_F_TURNED } },
	{ .id = "dns-unstable",
	  .each = { .here = DNS_RIGHT, .alias = NOT(DNS_RIGHT) },
	  .with = { .here = DNS_PUBLIC, .flags = DNS_F_TURNED } },
	{ .id = "dns-unstable",
	  .each = { .here = DNS_RIGHT, .alias = DNS_RIGHT },
	  .with = { .here = DNS_PUBLIC,
	            .alias = DNS_PUBLIC,
	            .flags = DNS_F_TURNED } },
	{ .id = "dns-unstable",
	  .each = { .here = DNS_RIGHT, .alias = DNS_RIGHT },
	  .with = { .here = DNS_PUBLIC } },
	{ .id = "dns-unstable",
	  .each = { .here = DNS_WRONG & ~DNS_PUBLIC, .alias = DNS_RIGHT },
	  .with = { .here = DNS_PRIVATE, .flags = DNS_F_TURNED } },
	{ .id = "dns-forwarder-wrong-zone",
	  .each = { .here = DNS_PUBLIC, .alias = DNS_RIGHT },
	  FLAGS(DNS_F_TURNED) },

	/* anything else that changes */
	{ .id = "dns-unstable",
	  .each = { .here = DNS_WRONG },
	  .with = { .here = DNS_PRIVATE } },
	{ .id = "dns-unstable",
	  .each = { .here = DNS_WRONG },
	  .with = { .here = DNS_FLAT } },
	{ .id = "dns-no-private-endpoint",
	  .each = { .here = DNS_BARE },
	  .with = { .here = DNS_UNKNOWN } },

	/* row 29: an answer when told not to validate */
	{ .id = "dns-dnssec-bogus",
	  .each = { .here = DNS_SERVFAIL,
	            .unchecked = DNS_RIGHT | DNS_WRONG } },
	{ .id = "dns-servfail",
	  .each = { .here = DNS_SERVFAIL, .unchecked = DNS_NO_ANSWER } },
	{ .id = "dns-forwarder-timeout",
	  .each = { .here = DNS_SERVFAIL, .unchecked = DNS_RIGHT },
	  .with = { .here = DNS_PRIVATE } },
	{ .id = "dns-timeout",
	  .each = { .here = DNS_SILENT, .unchecked = DNS_RIGHT } },

	/* no answer */
	{ .id = "dns-answer-from-elsewhere",
	  .each = { .here = DNS_SILENT },
	  FLAGS(DNS_F_ELSEWHERE) },
	{ .id = "dns-answer-from-elsewhere",
	  .each = { .here = DNS_SILENT },
	  FLAGS(DNS_F_ELSEWHERE | DNS_F_AZURE | DNS_F_OFF_AZURE) },
	{ .id = "dns-unreachable",
	  .each = { .here = DNS_UNREACHABLE },
	  FLAGS(DNS_F_ELSEWHERE) },
	{ .id = "dns-azure-unreachable",
	  .each = { .here = DNS_SILENT | DNS_UNREACHABLE },
	  FLAGS(DNS_F_AZURE | DNS_F_OFF_AZURE) },
	{ .id = "dns-timeout",
	  .each = { .here = DNS_SILENT },
	  FLAGS(DNS_F_AZURE) },
	{ .id = "dns-timeout",
	  .each = { .here = DNS_SILENT },
	  FLAGS(DNS_F_OFF_AZURE) },
	{ .id = "dns-unreachable",
	  .each = { .here = DNS_UNREACHABLE },
	  FLAGS(DNS_F_AZURE) },
	{ .id = "dns-refused",
	  .each = { .here = DNS_REFUSED },
	  FLAGS(DNS_F_AZURE | DNS_F_OFF_AZURE) },
	{ .id = "dns-timeout", .each = { .here = DNS_SILENT, .peers = ALL } },
	{ .id = "dns-unreachable",
	  .each = { .here = DNS_UNREACHABLE, .peers = ALL } },
	{ .id = "dns-refused", .each = { .here = DNS_REFUSED, .peers = ALL } },
	{ .id = "dns-malformed",
	  .each = { .here = DNS_MALFORMED, .peers = ALL } },
	{ .id = "dns-alias-loop", .each = { .here = DNS_LOOP, .peers = ALL } },
	{ .id = "dns-tcp-blocked",
	  .each = { .here = DNS_TCP_BLOCKED, .peers = ALL } },
	{ .id = "probe-error", .each = { .here = DNS_FAILED, .peers = ALL } },
	{ .id = "dns-bogon", .each = { .here = DNS_BOGON, .peers = ALL } },
	{ .id = "dns-servfail",
	  .each = { .here = DNS_SERVFAIL, .peers = ALL } },
	{ .id = "dns-bogon",
	  .each = { .here = DNS_BOGON, .alias = DNS_RIGHT },
	  .with = { .here = DNS_PUBLIC } },

	/* row 6: the alias is private here, and so are names of its zone, or of
	 * a zone that is forwarded beside the name's own */
	{ .id = "dns-forwarder-lacks-zone",
	  .each = { .here = DNS_PUBLIC, .alias = DNS_RIGHT },
	  FLAGS(DNS_F_SIBLING) },
	{ .id = "dns-forwarder-lacks-zone",
	  .each = { .here = DNS_PUBLIC, .alias = DNS_RIGHT },
	  FLAGS(DNS_F_SIBLING | DNS_F_AZURE) },
	{ .id = "dns-forwarder-lacks-zone",
	  .each = { .here = DNS_PUBLIC, .alias = DNS_RIGHT },
	  FLAGS(DNS_F_NESTED | DNS_F_REST) },
	{ .id = "dns-forwarder-wrong-zone",
	  .each = { .here = DNS_PUBLIC, .alias = DNS_RIGHT },
	  FLAGS(DNS_F_NESTED) },
	{ .id = "dns-forwarder-wrong-zone",
	  .each = { .here = DNS_PUBLIC, .alias = DNS_RIGHT },
	  FLAGS(DNS_F_REST) },
	{ .id = "dns-zone-not-linked",
	  .each = { .here = DNS_PUBLIC, .alias = NOT(DNS_RIGHT) },
	  FLAGS(DNS_F_SIBLING | DNS_F_NESTED | DNS_F_REST) },
	{ .id = "dns-zone-not-linked",
	  .each = { .here = DNS_PUBLIC, .alias = DNS_RIGHT },
	  .with = { .alias = DNS_PUBLIC,
	            .flags = DNS_F_SIBLING | DNS_F_NESTED | DNS_F_REST } },
	{ .id = "dns-no-private-endpoint",
	  .each = { .here = DNS_BARE, .alias = DNS_RIGHT },
	  FLAGS(DNS_F_SIBLING | DNS_F_NESTED | DNS_F_REST) },

	/* row 4: the forwarder is on the alias' zone */
	{ .id = "dns-forwarder-wrong-zone",
	  .each = { .here = DNS_PUBLIC, .alias = DNS_RIGHT } },
	{ .id = "dns-forwarder-wrong-zone",
	  .each = { .here = DNS_PUBLIC, .alias = DNS_RIGHT },
	  .with = { .alias = DNS_MISSING } },
	{ .id = "dns-zone-not-linked",
	  .each = { .here = DNS_PUBLIC, .alias = NOT(DNS_RIGHT) } },
	{ .id = "dns-zone-not-linked",
	  .each = { .here = DNS_PUBLIC, .alias = DNS_RIGHT },
	  .with = { .alias = DNS_PUBLIC } },
	{ .id = "dns-no-private-endpoint",
	  .each = { .here = DNS_BARE, .alias = DNS_RIGHT } },

	/* the same of servers whose cache has the public chain: the zone's SOA
	 * shows where they look */
	{ .id = "dns-forwarder-lacks-zone",
	  .each = { .here = DNS_PUBLIC, .peers = DNS_RIGHT },
	  FLAGS(DNS_F_LINKED | DNS_F_SIBLING) },
	{ .id = "dns-forwarder-lacks-zone",
	  .each = { .here = DNS_PUBLIC, .reference = DNS_RIGHT },
	  FLAGS(DNS_F_LINKED | DNS_F_SIBLING) },
	{ .id = "dns-resolvers-disagree",
	  .each = { .here = DNS_PUBLIC, .peers = DNS_RIGHT },
	  FLAGS(DNS_F_LINKED | DNS_F_SIBLING | DNS_F_AZURE) },
	{ .id = "dns-fallback-to-internet",
	  .each = { .here = DNS_PUBLIC, .peers = NOT(DNS_RIGHT) },
	  FLAGS(DNS_F_LINKED | DNS_F_SIBLING) },
	{ .id = "dns-forwarder-lacks-zone",
	  .each = { .here = DNS_PUBLIC, .peers = DNS_RIGHT },
	  FLAGS(DNS_F_LINKED | DNS_F_NESTED | DNS_F_REST) },
	{ .id = "dns-forwarder-lacks-zone",
	  .each = { .here = DNS_PUBLIC, .reference = DNS_RIGHT },
	  FLAGS(DNS_F_LINKED | DNS_F_NESTED | DNS_F_REST) },
	{ .id = "dns-resolvers-disagree",
	  .each = { .here = DNS_PUBLIC, .peers = DNS_RIGHT },
	  FLAGS(DNS_F_LINKED | DNS_F_NESTED | DNS_F_REST | DNS_F_AZURE) },
	{ .id = "dns-forwarder-wrong-zone",
	  .each = { .here = DNS_PUBLIC, .peers = DNS_RIGHT },
	  FLAGS(DNS_F_LINKED | DNS_F_REST) },
	{ .id = "dns-forwarder-wrong-zone",
	  .each = { .here = DNS_PUBLIC, .peers = DNS_RIGHT },
	  FLAGS(DNS_F_LINKED | DNS_F_NESTED) },
	{ .id = "dns-forwarder-wrong-zone",
	  .each = { .here = DNS_PUBLIC, .reference = DNS_RIGHT },
	  FLAGS(DNS_F_LINKED) },
	{ .id = "dns-resolvers-disagree",
	  .each = { .here = DNS_PUBLIC, .peers = DNS_RIGHT },
	  FLAGS(DNS_F_LINKED | DNS_F_AZURE) },
	{ .id = "dns-resolvers-disagree",
	  .each = { .here = DNS_BARE, .peers = DNS_FLAT },
	  FLAGS(DNS_F_LINKED) },
	{ .id = "dns-resolvers-disagree",
	  .each = { .here = DNS_PUBLIC, .peers = DNS_RIGHT },
	  FLAGS(DNS_F_SIBLING | DNS_F_NESTED) },

	/* row 20: the registry's second name */
	{ .id = "dns-registry-data-missing",
	  .each = { .here = DNS_OPEN | DNS_ABSENT },
	  FLAGS(DNS_F_DATA | DNS_F_REST | DNS_F_SIBLING) },
	{ .id = "dns-registry-data-missing",
	  .each = { .here = DNS_OPEN | DNS_ABSENT, .peers = NOT(DNS_RIGHT) },
	  FLAGS(DNS_F_DATA | DNS_F_LINKED) },
	{ .id = "dns-zone-not-linked",
	  .each = { .here = DNS_PUBLIC },
	  FLAGS(DNS_F_REST) },
	{ .id = "dns-resolvers-disagree",
	  .each = { .here = DNS_PUBLIC, .peers = DNS_RIGHT },
	  FLAGS(DNS_F_DATA) },
	{ .id = "dns-forwarder-public",
	  .each = { .here = DNS_PUBLIC, .reference = DNS_RIGHT },
	  FLAGS(DNS_F_DATA) },
	{ .id = "dns-record-missing",
	  .each = { .here = DNS_MISSING, .peers = DNS_RIGHT },
	  FLAGS(DNS_F_DATA) },
	{ .id = "dns-bogon", .each = { .here = DNS_BOGON }, FLAGS(DNS_F_DATA) },
	{ .id = FINE, .each = { .here = DNS_PRIVATE }, FLAGS(DNS_F_DATA) },

	/* row 3: the zone is seen, and the answer public */
	{ .id = "dns-fallback-to-internet",
	  .each = { .here = DNS_PUBLIC, .peers = NOT(DNS_RIGHT) },
	  FLAGS(DNS_F_LINKED) },
	{ .id = "dns-fallback-to-internet",
	  .each = { .here = DNS_PUBLIC },
	  FLAGS(DNS_F_LINKED | DNS_F_AZURE | DNS_F_PROXY | DNS_F_PAIR) },
	{ .id = "dns-zone-not-linked", .each = { .here = DNS_PUBLIC } },
	{ .id = "dns-no-private-endpoint",
	  .each = { .here = DNS_BARE },
	  FLAGS(DNS_F_LINKED) },
	{ .id = "dns-resolvers-disagree",
	  .each = { .here = DNS_PUBLIC, .peers = DNS_RIGHT },
	  FLAGS(DNS_F_LINKED | DNS_F_AZURE) },
	{ .id = "dns-zone-not-linked",
	  .each = { .here = DNS_PUBLIC, .reference = DNS_RIGHT },
	  FLAGS(DNS_F_LINKED | DNS_F_AZURE) },

	/* row 22: a firewall's proxy */
	{ .id = "dns-proxy-not-linked",
	  .each = { .here = DNS_PUBLIC, .reference = ALL },
	  FLAGS(DNS_F_PROXY) },
	{ .id = "dns-proxy-not-linked",
	  .each = { .here = DNS_PUBLIC, .peers = DNS_RIGHT },
	  FLAGS(DNS_F_PROXY | DNS_F_REST) },
	{ .id = "dns-no-private-endpoint",
	  .each = { .here = DNS_BARE },
	  FLAGS(DNS_F_PROXY) },
	{ .id = "dns-record-missing",
	  .each = { .here = DNS_MISSING },
	  FLAGS(DNS_F_PROXY) },

	/* row 6 without a look at the zones */
	{ .id = "dns-forwarder-lacks-zone",
	  .each = { .here = DNS_PUBLIC, .peers = DNS_RIGHT },
	  FLAGS(DNS_F_REST) },
	{ .id = "dns-forwarder-lacks-zone",
	  .each = { .here = DNS_PUBLIC, .reference = DNS_RIGHT },
	  FLAGS(DNS_F_REST | DNS_F_PAIR) },
	{ .id = "dns-zone-not-linked",
	  .each = { .here = DNS_PUBLIC, .peers = NOT(DNS_RIGHT) },
	  FLAGS(DNS_F_REST) },
	{ .id = "dns-resolvers-disagree",
	  .each = { .here = DNS_PUBLIC, .peers = DNS_RIGHT },
	  FLAGS(DNS_F_REST | DNS_F_AZURE) },
	{ .id = "dns-resolvers-disagree",
	  .each = { .here = DNS_BARE, .peers = DNS_FLAT },
	  FLAGS(DNS_F_REST) },

	/* row 11: the servers are not alike */
	{ .id = "dns-resolvers-disagree",
	  .each = { .here = DNS_PUBLIC, .peers = DNS_RIGHT } },
	{ .id = "dns-resolvers-disagree",
	  .each = { .here = DNS_PUBLIC, .peers = DNS_RIGHT },
	  .with = { .reference = DNS_PRIVATE, .flags = DNS_F_PAIR } },
	{ .id = "dns-zone-not-linked",
	  .each = { .here = DNS_PUBLIC,
	            .peers = NOT(DNS_RIGHT | DNS_MISSING) } },
	/* and who says that the record is missing does see the zone */
	{ .id = "dns-resolvers-disagree",
	  .each = { .here = DNS_PUBLIC, .peers = DNS_MISSING } },
	{ .id = "dns-zone-not-linked",
	  .each = { .here = DNS_PUBLIC, .peers = DNS_MISSING },
	  FLAGS(DNS_F_REST) },

	/* row 8: Azure DNS is right */
	{ .id = "dns-forwarder-public",
	  .each = { .here = DNS_PUBLIC, .reference = DNS_RIGHT } },
	{ .id = "dns-forwarder-public",
	  .each = { .here = DNS_PUBLIC, .reference = DNS_RIGHT },
	  FLAGS(DNS_F_PAIR) },
	{ .id = "dns-zone-not-linked",
	  .each = { .here = DNS_PUBLIC,
	            .reference = NOT(DNS_RIGHT | DNS_MISSING) } },
	{ .id = "dns-forwarder-public",
	  .each = { .here = DNS_PUBLIC, .reference = DNS_MISSING } },
	{ .id = "dns-zone-not-linked",
	  .each = { .here = DNS_PUBLIC, .reference = DNS_MISSING },
	  FLAGS(DNS_F_REST) },
	{ .id = "dns-zone-not-linked",
	  .each = { .here = DNS_PUBLIC, .reference = DNS_MISSING },
	  FLAGS(DNS_F_AZURE) },
	{ .id = "dns-zone-not-linked",
	  .each = { .here = DNS_PUBLIC, .reference = DNS_RIGHT },
	  FLAGS(DNS_F_AZURE) },
	{ .id = "dns-no-private-endpoint",
	  .each = { .here = DNS_BARE, .reference = DNS_FLAT },
	  .with = { .flags = 0 } },

	/* row 19: one of the workspace's two zones */
	{ .id = "dns-workspace-zone-missing",
	  .each = { .here = DNS_PUBLIC },
	  FLAGS(DNS_F_PAIR | DNS_F_REST) },
	{ .id = "dns-workspace-zone-missing",
	  .each = { .here = DNS_PUBLIC, .peers = NOT(DNS_RIGHT) },
	  FLAGS(DNS_F_PAIR) },
	{ .id = "dns-no-private-endpoint",
	  .each = { .here = DNS_BARE },
	  FLAGS(DNS_F_PAIR) },
	{ .id = "dns-record-missing",
	  .each = { .here = DNS_MISSING },
	  FLAGS(DNS_F_PAIR) },
	{ .id = FINE, .each = { .here = DNS_PRIVATE }, FLAGS(DNS_F_PAIR) },

	/* row 7: public, without the alias that others know */
	{ .id = "dns-zone-shadowed",
	  .each = { .here = DNS_BARE, .peers = DNS_ALIASED } },
	{ .id = "dns-zone-shadowed",
	  .each = { .here = DNS_BARE, .reference = DNS_ALIASED } },
	{ .id = "dns-resolvers-disagree",
	  .each = { .here = DNS_BARE, .peers = DNS_PRIVATE },
	  FLAGS(DNS_F_AZURE) },
	{ .id = "dns-no-private-endpoint",
	  .each = { .here = DNS_BARE, .reference = DNS_ALIASED },
	  FLAGS(DNS_F_AZURE) },
	{ .id = "dns-no-private-endpoint",
	  .each = { .here = DNS_BARE, .peers = NOT(DNS_ALIASED | DNS_RIGHT) } },
	{ .id = "dns-resolvers-disagree",
	  .each = { .here = DNS_BARE, .peers = DNS_FLAT } },
	/* row 17 */
	{ .id = "dns-no-private-endpoint", .each = { .here = DNS_BARE } },
	{ .id = "dns-no-private-endpoint",
	  .each = { .here = DNS_BARE, .reference = NOT(DNS_ALIASED) } },

	/* row 27 */
	{ .id = "dns-zone-split",
	  .each = { .here = DNS_MISSING, .peers = DNS_RIGHT },
	  FLAGS(DNS_F_SPLIT) },
	{ .id = "dns-zone-split",
	  .each = { .here = DNS_MISSING, .peers = DNS_RIGHT },
	  FLAGS(DNS_F_SPLIT | DNS_F_COUNTING) },
	{ .id = "dns-zone-shadowed",
	  .each = { .here = DNS_UNKNOWN, .peers = DNS_RIGHT },
	  FLAGS(DNS_F_SPLIT) },
	{ .id = "dns-record-missing",
	  .each = { .here = DNS_MISSING, .peers = DNS_RIGHT } },

	/* row 25: counting down, and others have it */
	{ .id = "dns-stale-negative",
	  .each = { .here = DNS_MISSING, .peers = DNS_RIGHT },
	  FLAGS(DNS_F_COUNTING) },
	{ .id = "dns-stale-negative",
	  .each = { .here = DNS_MISSING, .reference = DNS_RIGHT },
	  FLAGS(DNS_F_COUNTING) },
	{ .id = "dns-record-missing",
	  .each = { .here = DNS_MISSING, .peers = NOT(DNS_RIGHT) },
	  FLAGS(DNS_F_COUNTING) },
	{ .id = "dns-zone-shadowed",
	  .each = { .here = DNS_UNKNOWN, .peers = DNS_RIGHT },
	  FLAGS(DNS_F_COUNTING) },
	/* row 2 */
	{ .id = "dns-record-missing",
	  .each = { .here = DNS_MISSING, .peers = ALL } },
	{ .id = "dns-record-missing",
	  .each = { .here = DNS_MISSING, .reference = ALL } },
	{ .id = "dns-record-missing",
	  .each = { .here = DNS_MISSING },
	  FLAGS(DNS_F_LINKED) },

	/* row 7: not there at all */
	{ .id = "dns-zone-shadowed",
	  .each = { .here = DNS_UNKNOWN,
	            .peers = DNS_ALIASED | DNS_FLAT | DNS_BARE } },
	{ .id = "dns-zone-shadowed",
	  .each = { .here = DNS_UNKNOWN,
	            .reference = DNS_ALIASED | DNS_FLAT | DNS_BARE } },
	{ .id = "dns-name-unknown",
	  .each = { .here = DNS_UNKNOWN,
	            .peers = NOT(DNS_ALIASED | DNS_FLAT | DNS_BARE) } },
	{ .id = "dns-name-unknown", .each = { .here = DNS_UNKNOWN } },
	{ .id = "dns-zone-shadowed",
	  .each = { .here = DNS_UNKNOWN },
	  FLAGS(DNS_F_OWN_ZONE) },
	{ .id = "dns-name-unknown",
	  .each = { .here = DNS_UNKNOWN },
	  FLAGS(DNS_F_OWN_ZONE | DNS_F_AZURE) },

	/* row 30 */
	{ .id = "dns-instance-address",
	  .each = { .here = DNS_RIGHT },
	  FLAGS(DNS_F_INSTANCE | DNS_F_UNEXPECTED) },
	{ .id = "dns-instance-address",
	  .each = { .here = DNS_RIGHT, .peers = DNS_PRIVATE },
	  FLAGS(DNS_F_INSTANCE | DNS_F_UNEXPECTED | DNS_F_OUTSIDE |
	        DNS_F_DIFFERS) },
	{ .id = FINE, .each = { .here = DNS_PRIVATE }, FLAGS(DNS_F_INSTANCE) },
	{ .id = "dns-zone-not-linked",
	  .each = { .here = DNS_PUBLIC },
	  FLAGS(DNS_F_INSTANCE | DNS_F_UNEXPECTED) },

	/* row 15 */
	{ .id = "dns-monitor-overwritten",
	  .each = { .here = DNS_RIGHT },
	  FLAGS(DNS_F_MONITOR | DNS_F_UNEXPECTED) },
	{ .id = "dns-monitor-overwritten",
	  .each = { .here = DNS_RIGHT },
	  FLAGS(DNS_F_MONITOR | DNS_F_UNEXPECTED | DNS_F_OUTSIDE) },
	{ .id = "dns-monitor-overwritten",
	  .each = { .here = DNS_RIGHT },
	  FLAGS(DNS_F_MONITOR | DNS_F_OUTSIDE | DNS_F_DEAD) },
	{ .id = "dns-outside-vnet",
	  .each = { .here = DNS_PRIVATE },
	  FLAGS(DNS_F_MONITOR | DNS_F_OUTSIDE) },
	{ .id = "dns-outside-vnet",
	  .each = { .here = DNS_PRIVATE },
	  FLAGS(DNS_F_OUTSIDE | DNS_F_DEAD) },
	{ .id = FINE,
	  .each = { .here = DNS_PRIVATE },
	  FLAGS(DNS_F_MONITOR | DNS_F_DEAD) },
	{ .id = "dns-record-missing",
	  .each = { .here = DNS_MISSING },
	  FLAGS(DNS_F_MONITOR | DNS_F_UNEXPECTED | DNS_F_OUTSIDE |
	        DNS_F_DEAD) },

	/* row 7: an old address of the server's own */
	{ .id = "dns-zone-shadowed",
	  .each = { .here = DNS_FLAT, .peers = DNS_ALIASED },
	  FLAGS(DNS_F_UNEXPECTED) },
	{ .id = "dns-zone-shadowed",
	  .each = { .here = DNS_FLAT, .reference = DNS_ALIASED },
	  FLAGS(DNS_F_UNEXPECTED | DNS_F_OUTSIDE) },
	{ .id = "dns-wrong-address",
	  .each = { .here = DNS_FLAT, .peers = NOT(DNS_ALIASED) },
	  FLAGS(DNS_F_UNEXPECTED) },
	{ .id = "dns-wrong-address",
	  .each = { .here = DNS_PRIVATE, .peers = DNS_ALIASED },
	  FLAGS(DNS_F_UNEXPECTED) },
	{ .id = "dns-zone-shadowed",
	  .each = { .here = DNS_FLAT, .peers = DNS_ALIASED },
	  FLAGS(DNS_F_DIFFERS) },
	{ .id = "dns-zone-shadowed",
	  .each = { .here = DNS_FLAT, .reference = DNS_ALIASED },
	  FLAGS(DNS_F_DIFFERS) },
	{ .id = "dns-resolvers-disagree",
	  .each = { .here = DNS_FLAT, .peers = NOT(DNS_ALIASED) },
	  FLAGS(DNS_F_DIFFERS) },
	{ .id = "dns-zone-shadowed",
	  .each = { .here = DNS_FLAT, .reference = DNS_ALIASED },
	  FLAGS(DNS_F_DIFFERS_REF) },
	{ .id = "dns-zone-shadowed",
	  .each = { .here = DNS_FLAT, .peers = DNS_ALIASED },
	  FLAGS(DNS_F_DIFFERS_REF) },
	{ .id = "dns-alias-missing",
	  .each = { .here = DNS_FLAT, .reference = NOT(DNS_ALIASED) },
	  FLAGS(DNS_F_DIFFERS_REF) },
	{ .id = FINE,
	  .each = { .here = DNS_PRIVATE, .reference = DNS_RIGHT },
	  FLAGS(DNS_F_DIFFERS_REF) },
	{ .id = "dns-alias-missing",
	  .each = { .here = DNS_FLAT, .reference = DNS_ALIASED } },

	/* row 14 */
	{ .id = "dns-other-endpoint",
	  .each = { .here = DNS_RIGHT },
	  FLAGS(DNS_F_UNEXPECTED | DNS_F_OUTSIDE) },
	{ .id = "dns-other-endpoint",
	  .each = { .here = DNS_RIGHT },
	  FLAGS(DNS_F_UNEXPECTED | DNS_F_OUTSIDE | DNS_F_DEAD |
	        DNS_F_DIFFERS) },
	{ .id = "dns-other-endpoint",
	  .each = { .here = DNS_RIGHT },
	  FLAGS(DNS_F_UNEXPECTED | DNS_F_ALIVE) },
	{ .id = FINE, .each = { .here = DNS_PRIVATE }, FLAGS(DNS_F_ALIVE) },
	{ .id = "dns-outside-vnet",
	  .each = { .here = DNS_RIGHT },
	  FLAGS(DNS_F_ALIVE | DNS_F_OUTSIDE) },
	/* row 13 */
	{ .id = "dns-wrong-address",
	  .each = { .here = DNS_RIGHT },
	  FLAGS(DNS_F_UNEXPECTED) },
	{ .id = "dns-wrong-address",
	  .each = { .here = DNS_RIGHT },
	  FLAGS(DNS_F_UNEXPECTED | DNS_F_DEAD | DNS_F_DIFFERS | DNS_F_CHANGES |
	        DNS_F_DOUBLED) },
	{ .id = "dns-zone-not-linked",
	  .each = { .here = DNS_PUBLIC },
	  FLAGS(DNS_F_UNEXPECTED | DNS_F_OUTSIDE | DNS_F_ALIVE) },

	/* right addresses that change, differ, or are too many */
	{ .id = "dns-unstable",
	  .each = { .here = DNS_RIGHT },
	  FLAGS(DNS_F_CHANGES) },
	{ .id = "dns-unstable",
	  .each = { .here = DNS_RIGHT },
	  FLAGS(DNS_F_CHANGES | DNS_F_DIFFERS | DNS_F_DOUBLED) },
	{ .id = "dns-zone-not-linked",
	  .each = { .here = DNS_PUBLIC },
	  FLAGS(DNS_F_CHANGES) },
	{ .id = "dns-resolvers-disagree",
	  .each = { .here = DNS_RIGHT },
	  FLAGS(DNS_F_DIFFERS) },
	{ .id = "dns-resolvers-disagree",
	  .each = { .here = DNS_RIGHT },
	  FLAGS(DNS_F_DIFFERS | DNS_F_DOUBLED | DNS_F_DEAD) },
	{ .id = "dns-zone-not-linked",
	  .each = { .here = DNS_PUBLIC },
	  FLAGS(DNS_F_DIFFERS) },
	{ .id = "dns-record-doubled",
	  .each = { .here = DNS_RIGHT },
	  FLAGS(DNS_F_DOUBLED | DNS_F_DEAD) },
	{ .id = "dns-record-doubled",
	  .each = { .here = DNS_RIGHT },
	  FLAGS(DNS_F_DOUBLED),
	  .warn = 1 },
	{ .id = "dns-record-doubled",
	  .each = { .here = DNS_RIGHT },
	  FLAGS(DNS_F_DOUBLED | DNS_F_OUTSIDE | DNS_F_ALIVE),
	  .warn = 1 },
	{ .id = FINE, .each = { .here = DNS_PRIVATE }, FLAGS(DNS_F_DEAD) },
	{ .id = "dns-zone-not-linked",
	  .each = { .here = DNS_PUBLIC },
	  FLAGS(DNS_F_DOUBLED | DNS_F_DEAD) },
	{ .id = "dns-outside-vnet",
	  .each = { .here = DNS_RIGHT },
	  FLAGS(DNS_F_OUTSIDE) },
	{ .id = "dns-zone-not-linked",
	  .each = { .here = DNS_PUBLIC },
	  FLAGS(DNS_F_OUTSIDE) },
	{ .id = "dns-alias-missing", .each = { .here = DNS_FLAT } },
	{ .id = "dns-alias-missing",
	  .each = { .here = DNS_FLAT },
	  FLAGS(DNS_F_SPLIT) },
	{ .id = FINE, .each = { .here = DNS_PRIVATE }, FLAGS(DNS_F_SPLIT) },
};

/* The i-th bit of a mask, from 0; an empty mask has one: none. */
static bool nth(unsigned mask, unsigned i, unsigned *bit)
{
	*bit = 0;
	if (mask == 0)
		return i == 0;
	while (i-- > 0)
		mask &= mask - 1;
	*bit = mask & -mask;
	return mask != 0;
}

static void expect(const struct row *row, const struct dns_case *c,
                   bool *reached)
{
	const struct dns_rule *rule = dns_rule_for(c);
	size_t i = (size_t)(row - rows), n;

	if (rule != NULL)
		reached[rule - dns_rules(&n)] = true;
	if ((rule == NULL) != (row->id == NULL) ||
	    (rule != NULL && strcmp(rule->id, row->id) != 0))
		fail_msg("row %zu (here %x alias %x unchecked %x reference %x "
		         "peers %x flags %x): %s, not %s",
		         i, c->here, c->alias, c->unchecked, c->reference,
		         c->peers, c->flags, rule != NULL ? rule->id : "none",
		         row->id != NULL ? row->id : "none");
	if (rule != NULL && rule->warn != row->warn)
		fail_msg("row %zu: warn is %d", i, rule->warn);
}

static void try_row(const struct row *row, bool *reached)
{
	struct dns_case c = row->with;

#define EACH(field, i)                                                         \
	for (unsigned i = 0, bit_##i;                                          \
	     nth(row->each.field, i, &bit_##i) &&                              \
	     (c.field = row->with.field | bit_##i, true);                      \
	     i++)
	EACH(here, h)
	EACH(alias, a)
	EACH(unchecked, u)
	EACH(reference, r)
	EACH(peers, p)
	expect(row, &c, reached);
#undef EACH
}

static void test_cases(void **state)
{
	bool reached[RULES_AT_MOST] = { false };
	const struct dns_rule *rules;
	size_t n;

	(void)state;
	rules = dns_rules(&n);
	assert_in_range(n, 1, RULES_AT_MOST);
	for (size_t i = 0; i < COUNT(rows); i++)
		try_row(&rows[i], reached);
	for (size_t i = 0; i < n; i++) {
		if (!reached[i])
			fail_msg("no case reaches rule %zu, \"%s\"", i,
			         rules[i].id);
	}
}

/* Whatever is wrong has a rule, so that nothing wrong is taken for fine. */
static void test_all_shapes_have_rules(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 15 * 15 * 32 * 16; i++) {
		unsigned flag = i / 225 % 32, peer = i / 225 / 32;
		struct dns_case c = {
			.here = 1u << i % 15 | 1u << i / 15 % 15,
			.flags = flag == 0 ? 0 : 1u << (flag - 1),
			.peers = peer == 0 ? 0 : 1u << (peer - 1),
		};

		if ((c.here & NOT(DNS_RIGHT)) && dns_rule_for(&c) == NULL)
			fail_msg("here %x, flags %x, peers %x", c.here, c.flags,
			         c.peers);
	}
}

/* What the rules say can be said, and with the weight that it has. */
static void test_findings(void **state)
{
	const struct dns_rule *rules;
	size_t n;

	(void)state;
	rules = dns_rules(&n);
	for (size_t i = 0; i < n; i++) {
		const struct vp_finding_type *type;
		bool failing = false;

		if (*rules[i].id == '\0') {
			assert_false(rules[i].warn);
			continue;
		}
		type = vp_finding_type(rules[i].id);
		if (type == NULL)
			fail_msg("%s is no finding", rules[i].id);
		if (strcmp(rules[i].id, "probe-error") != 0)
			assert_string_equal(type->family, "names");
		if (!rules[i].warn)
			continue;
		/* only a failure can be less, and some rule must say it */
		assert_int_equal(type->severity, VP_SEVERITY_ERROR);
		for (size_t k = 0; k < n; k++)
			failing |= strcmp(rules[k].id, rules[i].id) == 0 &&
			           !rules[k].warn;
		assert_true(failing);
	}
}

/* Whose answer is wrong fails; what may be as it is meant to be does not. */
static void test_severity(void **state)
{
	static const struct {
		const char *id;
		enum vp_severity severity;
	} others[] = {
		{ "dns-outside-vnet", VP_SEVERITY_WARNING },
		{ "dns-alias-missing", VP_SEVERITY_INFO },
		{ "probe-error", VP_SEVERITY_UNPROVEN },
	};
	const struct dns_rule *rules;
	size_t n;

	(void)state;
	rules = dns_rules(&n);
	for (size_t i = 0; i < n; i++) {
		enum vp_severity want = VP_SEVERITY_ERROR;

		if (*rules[i].id == '\0')
			continue;
		for (size_t k = 0; k < COUNT(others); k++) {
			if (strcmp(others[k].id, rules[i].id) == 0)
				want = others[k].severity;
		}
		assert_int_equal(vp_finding_type(rules[i].id)->severity, want);
		/* no rule for an answer that is wrong is milder */
		if (rules[i].here & DNS_WRONG)
			assert_false(rules[i].warn ||
			             want != VP_SEVERITY_ERROR);
	}
}

/* Said by judge_dns.c itself, not by the table. */
static const char *const by_hand[] = {
	"dns-aaaa-ignored",  "dns-ipv6-public",    "dns-private-unexpected",
	"dns-suffix-unused", "dns-hosts-override", "dns-hosts-pinned",
	"dns-search-suffix", "dns-regional-name",  "dns-privatelink-name",
};

static bool has_rule(const char *id)
{
	const struct dns_rule *rules;
	size_t n;

	rules = dns_rules(&n);
	for (size_t i = 0; i < n; i++) {
		if (strcmp(rules[i].id, id) == 0)
			return true;
	}
	return false;
}

static bool has_details(const char *id)
{
	for (size_t i = 0; dns_group_id(i) != NULL; i++) {
		if (strcmp(dns_group_id(i), id) == 0)
			return true;
	}
	return false;
}

static void test_details(void **state)
{
	const struct dns_rule *rules;
	size_t n;

	(void)state;
	rules = dns_rules(&n);
	for (size_t i = 0; i < n; i++) {
		if (*rules[i].id != '\0' && !has_details(rules[i].id))
			fail_msg("no details for %s", rules[i].id);
	}
	for (size_t i = 0; i < COUNT(by_hand); i++) {
		assert_true(has_details(by_hand[i]));
		assert_false(has_rule(by_hand[i]));
	}
	for (size_t i = 0; dns_group_id(i) != NULL; i++) {
		bool used = has_rule(dns_group_id(i));

		for (size_t k = 0; k < COUNT(by_hand); k++)
			used |= strcmp(by_hand[k], dns_group_id(i)) == 0;
		if (!used)
			fail_msg("details for %s, which nothing raises",
			         dns_group_id(i));
	}
}

/* Every id of the family can be raised, by a group, about a server or an
 * address. */
static void test_family(void **state)
{
	static const char *const apart[] = {
		"dns-servers-outdated",
		"dns-edns-refused",
		"dns-address-shared",
	};
	const struct vp_finding_type *types;
	size_t n;

	(void)state;
	types = vp_finding_types(&n);
	for (size_t i = 0; i < n; i++) {
		bool known = has_details(types[i].id);

		for (size_t k = 0; k < COUNT(apart); k++)
			known |= strcmp(apart[k], types[i].id) == 0;
		if (strcmp(types[i].family, "names") == 0 && !known)
			fail_msg("nothing raises %s", types[i].id);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_all_shapes_have_rules),
		cmocka_unit_test(test_findings),
		cmocka_unit_test(test_severity),
		cmocka_unit_test(test_details),
		cmocka_unit_test(test_family),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
