/*
 * dns_view.h - rows of answers to views: what each server says of each name
 * (dns_view.c), and views to cases (dns_case.c).
 *
 * A scene is all views of one set of facts, with what has to be known across
 * names to make cases of them (dns_rules.h). Pure; lives in the judge's arena.
 */
#ifndef VP_AGENT_DNS_VIEW_H
#define VP_AGENT_DNS_VIEW_H

#include "dns_rules.h"
#include "judge_draft.h"

struct dns_view {        /* of one name at one server */
	unsigned shapes; /* dns_shape bits of A, over rounds and transports */
	unsigned aaaa;   /* of AAAA; a name without one: DNS_ABSENT bits */
	unsigned alias, unchecked;
	bool turned, healed, counting, unfinished;
	bool elsewhere;
	bool asked;
	const struct vp_dns_row *tcp_row; /* TCP fails, and UDP does not */
	const struct vp_dns_row *alias_row;
};

/* How many names of a private zone are so at a server. */
struct dns_zone_sum {
	uint32_t right;
	uint32_t only_public; /* never right; not those of the hosts file, whose
	                       * trouble may be but a warning */
};

struct dns_scene {
	struct judge *j;
	const struct vp_facts *f;
	size_t n_resolvers;
	struct dns_view *views; /* name * n_resolvers + resolver */
	bool **dead;            /* by name and row: a TCP row stands for it */
	/* of each server */
	size_t *right;         /* names that are right there */
	unsigned *kinds_right; /* bits of vp_kind */
	bool *slow, *stub, *reference, *aaaa_answered, *outdated;
	bool *hiccups; /* fails at one question in a hundred or fewer */
	/* server s * n_resolvers + t: a name that s has and t lacks */
	bool *has_more;
	/* the one zone to forward whose names are now right, now public at a
	 * server; "": of several zones; NULL: none */
	const char **flips;
	struct dns_zone_key *by_zone; /* sorted by zone */
	size_t n_by_zone;
	/* by name: the first of its private zone in by_zone, from 1; 0: none */
	size_t *zone_at;
	/* of each zone, at that first one * n_resolvers + resolver: */
	struct dns_zone_sum *zone_sums;
	/* the only workspace of these facts, or NULL */
	const struct vp_target *workspace;
};

void dns_scene_make(struct dns_scene *s, struct judge *j);
const struct dns_view *dns_view_at(const struct dns_scene *s, size_t name,
                                   size_t resolver);
/* Does this server's answer count for this name? Not if it is asked only to
 * compare, or if systemd-resolved would ask another link's servers. */
bool dns_counts(const struct dns_scene *s, size_t name, size_t resolver);
/* The case of a name that is expected to be private, at a server. */
void dns_case_make(struct dns_case *out, const struct dns_scene *s, size_t name,
                   size_t resolver);
/* The shape of one answer of a name that is expected to be private. */
unsigned dns_shape_of(const struct judge *j, const struct vp_dns_row *row);
bool dns_row_is_dead(const struct dns_scene *s, size_t name, size_t row);
/* An address of the name at this server that is not meant, or NULL; *meant is
 * what it should be, if known. */
const struct vp_addr *dns_unexpected(const struct dns_scene *s, size_t name,
                                     size_t resolver,
                                     const struct vp_addr **meant);

#endif
