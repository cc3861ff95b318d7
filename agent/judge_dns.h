/*
 * judge_dns.h - what the parts of the judge of names share.
 *
 *     dns_view.c         rows to views and cases
 *     dns_rules.c        cases to the mistakes they show
 *     judge_dns.c        goes through names and servers
 *     judge_dns_group.c  one mistake seen at many names is one finding
 *     judge_dns_endpoint.c the private endpoints that names lack
 *     judge_dns_shared.c one private address for two services
 *     judge_dns_server.c what is to be said of servers and their list
 *     judge_dns_text.c   answers in words
 */
#ifndef VP_AGENT_JUDGE_DNS_H
#define VP_AGENT_JUDGE_DNS_H

#include "dns_view.h"

/* One mistake: the same id, at the same servers, with the same weight. */
struct dns_group {
	const char *id;
	const struct dns_rule *rule; /* NULL: not by the table */
	bool *servers; /* one for each resolver: is it one of them? */
	enum vp_severity at_most; /* lowers the type's; LEAK: does not */
	size_t *names;
	size_t n_names;
	const struct vp_dns_row *row; /* of the first name, for evidence */
	const char *extra;            /* stands for {what}, or NULL */
	const char *doubt; /* what else it could be, and what would tell */
	bool undecided;    /* Azure DNS would tell, and was not asked */
	bool designed;     /* the names are public by design */
};

struct dns_groups {
	struct dns_group *list;
	size_t n;
	size_t *merged; /* indices of those that take more names */
	size_t n_merged;
};

/* Notes that a name has this mistake at these servers. */
void dns_group_add(struct dns_groups *g, const struct dns_scene *s,
                   const struct dns_group *one, size_t name);
/* judge_dns_follows.c: drops those that follow from others. Nothing is added
 * any more. */
void dns_groups_fold(struct dns_groups *g, const struct dns_scene *s);
/* Writes a draft for each group. */
void dns_groups_write(const struct dns_groups *g, const struct dns_scene *s);
/* The i-th of the ids that details are written for here; NULL: no more. */
const char *dns_group_id(size_t i);
/* Is there a group of this id that has this server? */
bool dns_groups_have(const struct dns_groups *g, const char *id,
                     size_t resolver);

/* judge_dns_endpoint.c: command lines that make the private endpoints of these
 * names, one for each resource, with their zone groups. Returns how many. */
size_t dns_endpoint_lines(const struct dns_scene *s, const struct dns_group *g,
                          const struct judge_words *words, const char ***lines);

/* judge_dns_shared.c: names of different services that lead to one address.
 * Comes after all names were judged: those that are wrong are left out. */
void judge_dns_shared(const struct dns_scene *s);

/* judge_dns_server.c: a public address; habits that do no harm yet; a list that
 * is not the VNet's, whose servers are marked in the scene; "ok", "silent", ...
 */
void judge_dns_public(struct judge *j, size_t r,
                      const struct dns_groups *groups);
void judge_dns_habits(struct judge *j, const struct dns_scene *s, size_t r,
                      const struct dns_groups *groups);
void judge_dns_lease(struct judge *j, struct dns_scene *s);
const char *judge_dns_status(const struct dns_scene *s, size_t r);

/* judge_dns_used.c: the name that the resource has instead of this one, which
 * is derived and which nobody knows; NULL: this one is to be judged. *certain:
 * everybody was heard. */
const char *judge_dns_used(const struct dns_scene *s, size_t index,
                           bool *certain);

const char *judge_row_text(struct judge *j, const char *name,
                           const struct vp_dns_row *row);
const char *judge_soa_text(struct judge *j, const struct vp_soa *soa);

#endif
