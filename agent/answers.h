/*
 * answers.h - what the servers said about one name, the same things once.
 *
 * Pure: rows of facts in, groups of servers out; rows are pointed at. Answers
 * are the same if everything but times and times to live is; addresses may
 * come in any order. Of an answer that was cut short, the one over TCP counts;
 * else TCP is an answer of its own only where it differs.
 */
#ifndef VP_AGENT_ANSWERS_H
#define VP_AGENT_ANSWERS_H

#include "vnetprobe/facts.h"

#define ANSWERS_MOST 16   /* different ones of a server */
#define ANSWERS_GROUPS 32 /* of servers */

enum answers_role {
	ANSWERS_NSS,       /* what applications get */
	ANSWERS_LISTED,    /* this machine's own */
	ANSWERS_UPSTREAM,  /* of systemd-resolved, behind its stub */
	ANSWERS_REFERENCE, /* asked only to compare with */
};

struct answer {
	const struct vp_dns_row *a;    /* NSS: both families; NULL: not asked */
	const struct vp_dns_row *aaaa; /* NULL: not asked */
	bool tcp;                      /* differs from what came over UDP */
	unsigned *rounds;              /* ascending */
	size_t n_rounds;
	/* All A rows that say the same, of all servers: their TTLs differ. */
	const struct vp_dns_row **same;
	size_t n_same;
};

struct answers_group {
	enum answers_role role;
	size_t *resolvers;
	size_t n_resolvers;
	struct answer *answers; /* none: not asked */
	size_t n_answers;
	size_t left_out; /* answers beyond ANSWERS_MOST */
	/* An earlier group of another role that said the same; NULL: none */
	const struct answers_group *same_as;
};

struct answers {
	struct answers_group *groups; /* NSS, listed, upstream, reference */
	size_t n_groups;
	size_t left_out; /* servers beyond ANSWERS_GROUPS */
};

enum answers_role answers_role(const struct vp_resolver *r);
/* Of questions for the name itself. */
void answers_collect(struct answers *out, struct vp_arena *arena,
                     const struct vp_facts *facts, const struct vp_name *name);

/* Do both say the same, whatever was asked? */
bool answers_row_same(const struct vp_dns_row *x, const struct vp_dns_row *y);
/* The same addresses, in any order? */
bool answers_same_addresses(const struct vp_dns_row *x,
                            const struct vp_dns_row *y);

/*
 * Where an answer turns public: the hop i that chain[i].target is, n_chain for
 * the addresses, or SIZE_MAX if it does not. Behind a privatelink alias that is
 * the first name that is none any more; without one it is the first hop.
 */
size_t answers_turn(const struct vp_facts *facts, const struct vp_dns_row *row);
/* Is there a label "privatelink" in it? */
bool answers_is_privatelink(const char *name);

#endif
