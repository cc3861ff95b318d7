/*
 * dns_rules.h - which mistake is it? A table of rules over what is seen.
 *
 * One case is one name at one server: the shapes of its answers there, of the
 * answers elsewhere, and some flags. A rule is a row of masks; the first one
 * that fits names the finding. Pure, and without any other facts, so that the
 * table can be tested case by case.
 *
 * Source of the rules: docs/sources.md (D1, P1, P2, P5, A1, K1), and the
 * catalogue in docs/mistakes.md.
 */
#ifndef VP_AGENT_DNS_RULES_H
#define VP_AGENT_DNS_RULES_H

#include <stddef.h>

/* The shape of one answer. A case has those of all rounds together. */
enum dns_shape {
	DNS_PRIVATE = 1 << 0,      /* privatelink alias, private address */
	DNS_FLAT = 1 << 1,         /* no alias, private address */
	DNS_PUBLIC = 1 << 2,       /* privatelink alias, public address */
	DNS_BARE = 1 << 3,         /* no alias, public address */
	DNS_MISSING = 1 << 4,      /* privatelink alias, no address */
	DNS_UNKNOWN = 1 << 5,      /* no alias, no address */
	DNS_BOGON = 1 << 6,        /* an address that is nobody's */
	DNS_SERVFAIL = 1 << 7,     /* or another rcode that is no answer */
	DNS_REFUSED = 1 << 8,      /* the rcode */
	DNS_SILENT = 1 << 9,       /* no answer came */
	DNS_UNREACHABLE = 1 << 10, /* the question could not be delivered */
	DNS_MALFORMED = 1 << 11,
	DNS_LOOP = 1 << 12,        /* aliases in a circle */
	DNS_TCP_BLOCKED = 1 << 13, /* cut short, and nothing over TCP */
	DNS_FAILED = 1 << 14,      /* this machine failed at asking */
};

#define DNS_RIGHT (DNS_PRIVATE | DNS_FLAT)
#define DNS_ALIASED (DNS_PRIVATE | DNS_PUBLIC | DNS_MISSING)
#define DNS_ABSENT (DNS_MISSING | DNS_UNKNOWN)
#define DNS_OPEN (DNS_PUBLIC | DNS_BARE)
#define DNS_WRONG (DNS_OPEN | DNS_ABSENT | DNS_BOGON)
#define DNS_HICCUP (DNS_SERVFAIL | DNS_SILENT) /* if it is rare */
#define DNS_NO_ANSWER                                                          \
	(DNS_SERVFAIL | DNS_REFUSED | DNS_SILENT | DNS_UNREACHABLE |           \
	 DNS_MALFORMED | DNS_LOOP | DNS_TCP_BLOCKED | DNS_FAILED)

enum dns_flag {
	DNS_F_AZURE = 1 << 0,     /* the server is 168.63.129.16 */
	DNS_F_OFF_AZURE = 1 << 1, /* this machine is no Azure VM */
	DNS_F_STUB = 1 << 2,      /* a stub on this machine, upstreams known;
	                           * or one asked for a link's domain */
	DNS_F_PASSED_ON = 1 << 3, /* a stub, and an upstream says the same */
	DNS_F_PROXY = 1 << 4,     /* a firewall or a Private Resolver */
	DNS_F_PUBLIC = 1 << 5,    /* the server has a public address */
	DNS_F_TURNED = 1 << 6,    /* right at first, public ever after */
	DNS_F_HEALED = 1 << 7,    /* absent at first, right ever after */
	DNS_F_SLOW = 1 << 8,      /* some answers here take far longer */
	DNS_F_COUNTING = 1 << 9,  /* the negative answer is from a cache */
	DNS_F_SPLIT = 1 << 10,    /* a server has what this one lacks, and the
	                           * other way round */
	DNS_F_LINKED = 1 << 11,   /* the zone's SOA here is that of an Azure
	                           * private zone */
	DNS_F_REST = 1 << 12,     /* other names are right here */
	DNS_F_SIBLING = 1 << 13,  /* of the same privatelink zone, too */
	DNS_F_NESTED = 1 << 14,   /* the privatelink zone lies in a zone that is
	                           * to be forwarded beside the name's own */
	DNS_F_DATA = 1 << 15,     /* a registry's data endpoint; its login name
	                           * is right here */
	DNS_F_PAIR = 1 << 16,     /* of a workspace; its other zone is right
	                           * here */
	DNS_F_INSTANCE = 1 << 17, /* a compute instance */
	DNS_F_MONITOR = 1 << 18,  /* Azure Monitor */
	DNS_F_UNEXPECTED = 1 << 19, /* an address that is not the one meant */
	DNS_F_OUTSIDE = 1 << 20,    /* outside of the declared VNet */
	DNS_F_ALIVE = 1 << 21,      /* the service answers at that address */
	DNS_F_DEAD = 1 << 22,       /* nobody answers at one of the addresses */
	DNS_F_DIFFERS = 1 << 23,    /* another listed server has another private
	                             * address */
	DNS_F_DOUBLED = 1 << 24,    /* several private addresses */
	DNS_F_DIFFERS_REF = 1 << 27, /* a server asked to compare has another */
	DNS_F_TAINTED = 1 << 28,     /* a name of the same zone is always public
	                              * here: it brings the zone's public side into
	                              * the cache */
	DNS_F_OUTDATED = 1 << 29,    /* of an old lease: the finding for that */
	DNS_F_FLAKY = 1 << 30,       /* A and AAAA fared differently */
	DNS_F_CHANGES = 1 << 26,     /* private addresses that change */
	DNS_F_ELSEWHERE = 1 << 25,   /* an answer came from another address */
};

/* The server is the authority for a zone around the name, by an SOA that is not
 * Azure's. (An enumerator of that size would not be an int.) */
#define DNS_F_OWN_ZONE (1u << 31)

struct dns_case {
	unsigned here;      /* shapes at this server, in all rounds */
	unsigned alias;     /* of the alias asked directly; 0: not asked */
	unsigned unchecked; /* with CD set; 0: not asked */
	unsigned reference; /* at servers asked only to compare with */
	unsigned peers;     /* at the other servers that count */
	unsigned flags;
};

struct dns_rule {
	const char *id;     /* "": another server is to blame */
	int warn;           /* at most a warning */
	unsigned here;      /* one of these */
	unsigned also;      /* and one of these; 0: no matter, as below */
	unsigned alias;     /* one of these; ... */
	unsigned alias_not; /* ... and none of these */
	unsigned unchecked;
	unsigned reference, peers;
	unsigned others;     /* one of these at either; ... */
	unsigned others_not; /* ... and none of these */
	unsigned flags;      /* all of these; ... */
	unsigned flags_not;  /* ... and none of these */
};

/* The table, for documents and tests. */
const struct dns_rule *dns_rules(size_t *n);
/* The first rule that fits, or NULL: nothing is wrong here. */
const struct dns_rule *dns_rule_for(const struct dns_case *c);

#endif
