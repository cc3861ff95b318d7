/*
 * diff_draft.h - what the parts of the comparison share: the list of changes,
 * pairs found by key, and who of the machine's own an address is.
 */
#ifndef VP_AGENT_DIFF_DRAFT_H
#define VP_AGENT_DIFF_DRAFT_H

#include "diff.h"

#define A 0
#define B 1

/* What of a machine's is its own, and which way it usually sends. */
struct diff_roles {
	struct vp_addr *own; /* sorted, each once */
	size_t n_own;
	const char *interface; /* the one most used; NULL: none known */
	struct vp_addr source, gateway;
};

/* What a report can tell. */
struct diff_sight {
	bool answers, connections, flows, senders;
	bool ended; /* by itself: what is missing was not asked for */
};

struct diff {
	struct vp_diff *out;
	struct vp_arena *arena;
	const struct vp_facts *facts[2];
	const struct vp_judgement *j[2];
	bool two_machines;
	struct diff_roles roles[2];
	struct diff_sight sight[2];
	const char **names[2]; /* of targets, sorted */
	/* For each resolver of a side: the pair that it is half of. */
	size_t *pair[2];
	size_t n_pairs;
	const struct vp_resolver **paired[2]; /* by pair; NULL: no such half */
};

/* --- changes ----------------------------------------------------------- */

/* What and where a change is about. */
struct diff_about {
	enum vp_diff_section section;
	enum vp_diff_weight weight;
	const char *subject, *where;
};

struct vp_diff_change *diff_put(struct diff *d, const struct diff_about *about,
                                enum vp_diff_kind kind, const char *what,
                                const char *a, const char *b);
/* Nothing where they are the same. NULL on one side: it does not tell, which
 * is noise. Gives the change, or NULL. */
struct vp_diff_change *diff_texts(struct diff *d,
                                  const struct diff_about *about,
                                  const char *what, const char *a,
                                  const char *b);
void diff_numbers(struct diff *d, const struct diff_about *about,
                  const char *what, uint64_t a, uint64_t b);
void diff_flags(struct diff *d, const struct diff_about *about,
                const char *what, bool a, bool b);

const char *diff_text(struct diff *d, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
const char *diff_address(struct diff *d, const struct vp_addr *a);
const char *diff_moment(struct diff *d, int64_t us); /* NULL: unknown */

/* --- lists and pairs --------------------------------------------------- */

struct diff_item {
	const char *key;
	const void *value;
	size_t index; /* as added */
};

struct diff_list {
	struct diff_item *items;
	size_t n;
};

void diff_add(struct diff *d, struct diff_list *l, const char *key,
              const void *value);

/* The items of both sides that have one key; one of the two may have none. */
struct diff_group {
	const char *key;
	const struct diff_item *items[2];
	size_t n[2];
};
typedef void diff_group_fn(struct diff *d, const struct diff_group *g,
                           void *arg);
/* Sorts both, and calls for each key in order. */
void diff_walk(struct diff *d, struct diff_list list[2], diff_group_fn *fn,
               void *arg);
/* The values (const char *) of a list, each once, in order; NULL: none. */
const char *diff_join(struct diff *d, struct diff_list *l,
                      const char *separator);
/* The same of texts and of addresses; "none" for none. */
const char *diff_join_texts(struct diff *d, char *const *list, size_t n);
const char *diff_join_addresses(struct diff *d, const struct vp_addr *list,
                                size_t n);

/* --- the parts --------------------------------------------------------- */

void diff_find_roles(struct diff *d, unsigned side); /* diff_roles.c */
bool diff_is_own(const struct diff *d, unsigned side, const struct vp_addr *a);
void diff_machines(struct diff *d);
/* An own address by its role, where machines differ. */
const char *diff_own_text(struct diff *d, unsigned side,
                          const struct vp_addr *a);
void diff_route(struct diff *d, struct diff_about about,
                const struct vp_route *a, const struct vp_route *b);

void diff_find_sight(struct diff *d, unsigned side); /* diff_run.c */
/* Is it the name of a target of that side, or "name:port"? */
bool diff_has_name(const struct diff *d, unsigned side, const char *text);
void diff_run(struct diff *d);
void diff_findings(struct diff *d);       /* diff_findings.c */
void diff_policy(struct diff *d);         /* diff_policy.c */
void diff_pair_resolvers(struct diff *d); /* diff_names.c */
void diff_resolvers(struct diff *d);
void diff_names(struct diff *d);
void diff_targets(struct diff *d); /* diff_targets.c */
void diff_found(struct diff *d);   /* diff_found.c */
void diff_flows(struct diff *d);   /* diff_flows.c */

#endif
