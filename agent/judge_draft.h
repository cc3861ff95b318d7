/*
 * judge_draft.h - what the parts of the judge share.
 *
 * judge.c puts findings together and draws the verdict; judge_dns.c,
 * judge_reach.c, judge_flow.c and judge_trust.c each look at one part of the
 * facts, with what judge_draft.c (drafts and their words) and judge_index.c
 * (names and their targets) have for all of them. All of it is pure: facts in,
 * drafts of findings out.
 */
#ifndef VP_AGENT_JUDGE_DRAFT_H
#define VP_AGENT_JUDGE_DRAFT_H

#include "judge.h"

#define JUDGE_EVIDENCE_MAX 4 /* lines of one finding; more are counted */

/* The words that stand in {braces} in remedies and details. */
#define JUDGE_WORDS(X)                                                         \
	X(name)                                                                \
	X(zone)     /* privatelink.blob.core.windows.net */                    \
	X(parent)   /* blob.core.windows.net: the zone to forward */           \
	X(alias)    /* the privatelink name in the chain */                    \
	X(label)    /* the alias without its zone: the record's name */        \
	X(account)  /* the first label of the name */                          \
	X(group)    /* group id of the private endpoint */                     \
	X(resolver) /* whose answer it is */                                   \
	X(server)   /* the first of them, for a command */                     \
	X(address)                                                             \
	X(port)                                                                \
	X(expected)                                                            \
	X(pe_address) /* the same, where it is known */                        \
	X(soa)                                                                 \
	X(names)     /* all names of a finding */                              \
	X(zones)     /* all their zones */                                     \
	X(parents)   /* all their zones to forward */                          \
	X(heal)      /* when it passes by itself */                            \
	X(held)      /* the zone that a server believes to have itself */      \
	X(interface) /* that a server was set for */                           \
	X(what)

struct judge_words {
#define X(word) const char *word;
	JUDGE_WORDS(X)
#undef X
};

/* A finding being written. */
struct judge_draft {
	struct vp_finding f;
	struct judge_words words;
	const char *detail; /* template; NULL: none */
	const char **lines; /* evidence, JUDGE_EVIDENCE_MAX at most */
	size_t n_lines;
	size_t n_more;     /* evidence beyond that */
	size_t *resolvers; /* the distinct ones it is about */
	size_t n_resolvers;
	size_t sequence;
};

enum judge_state { /* what is known of a name, worst last */
	           JUDGE_FINE,
	           JUDGE_UNPROVEN,
	           JUDGE_WRONG,
};

struct judge_name {
	enum judge_state state;
	enum vp_expect expect;          /* the strictest of its targets */
	const struct vp_target *target; /* the one that has it; NULL: none */
	struct vp_addr *blamed;         /* wrong by DNS: not judged once more */
	size_t n_blamed;
	bool unused; /* does not exist, and an alternative of it does */
};

/* A name or an address and the target it stands for, sorted by the first. */
struct judge_name_key {
	const char *name;
	size_t target;
};
struct judge_addr_key {
	struct vp_addr addr;
	size_t target;
};

struct judge {
	const struct vp_facts *facts;
	struct vp_arena *arena;
	struct vp_judgement *out;
	struct judge_draft *drafts;
	size_t n_drafts;
	struct judge_name *names; /* one for each name of the facts */
	size_t *by_pointer;       /* indices of names, sorted by pointer */
	enum judge_state *targets;
	unsigned *resolver_wrong; /* names each resolver answers wrongly */
};

/* The type's, or less where silence proves nothing: this process stood still.
 */
enum vp_severity judge_severity_of(const struct vp_facts *f,
                                   const struct vp_finding_type *type);
/* Appends a finding about target (NULL: the run). The pointer is good until
 * the next call. */
struct judge_draft *judge_add(struct judge *j, const char *id,
                              const char *target);
/* The draft of this id since index from, or NULL. */
struct judge_draft *judge_find(struct judge *j, size_t from, const char *id);
/* The draft about (id, target) since from, made if there is none. */
struct judge_draft *judge_get(struct judge *j, size_t from, const char *id,
                              const char *target);
void judge_evidence(struct judge *j, struct judge_draft *d, const char *line);
void judge_worse(enum judge_state *state, enum judge_state by);

/* {word} becomes the word, or WORD where it is not known. */
const char *judge_fill(struct judge *j, const char *text,
                       const struct judge_words *w);
/* Words that follow from the target and the alias of its name (or NULL). */
void judge_words_of(struct judge *j, struct judge_words *w,
                    const struct vp_target *t, const char *alias);
/* The privatelink name in a chain, or NULL. */
const char *judge_alias(const struct vp_dns_row *row);

const char *judge_addr_text(struct judge *j, const struct vp_addr *a);
const char *judge_endpoint_text(struct judge *j, const struct vp_endpoint *e);
/* "10.0.0.4", "10.0.0.4:5353", or "applications (getaddrinfo)". */
const char *judge_resolver_text(struct judge *j, size_t resolver);
const char *judge_target_text(struct judge *j, const struct vp_target *t);
const char *judge_ms(struct judge *j, uint64_t us);
/* "14:02:59.000001", UTC; "?" for no time. */
const char *judge_clock(struct judge *j, int64_t us);
enum vp_scope judge_scope(const struct judge *j, const struct vp_addr *a);
/* Makes names, by_pointer, targets and resolver_wrong. */
void judge_prepare(struct judge *j);
/* The index of a name in the facts. */
size_t judge_name_index(const struct judge *j, const struct vp_name *name);
/* 168.63.129.16, where Azure's own DNS answers (docs/sources.md: P7). */
struct vp_addr judge_azure_dns(void);
bool judge_is_azure_dns(const struct vp_addr *a);
const char *judge_rcode_text(struct judge *j, int rcode);
/* "1 flow", "2 flows" */
const char *judge_count(struct judge *j, size_t n, const char *one,
                        const char *many);

void judge_names(struct judge *j); /* judge_dns.c */
/* judge_egress.c: findings for classified flows; the target behind each flow,
 * NULL for none. */
void judge_egress(struct judge *j, const struct vp_target *const *targets);
void judge_reach(struct judge *j);  /* judge_reach.c */
void judge_flows(struct judge *j);  /* judge_flow.c */
void judge_limits(struct judge *j); /* judge_limits.c */
void judge_trust(struct judge *j);  /* judge_trust.c */

#endif
