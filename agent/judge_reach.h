/*
 * judge_reach.h - what the parts that judge a connection share.
 *
 * judge_reach.c walks over targets and addresses and judges TCP; judge_tls.c
 * has the certificates, judge_service.c what the service said.
 */
#ifndef VP_AGENT_JUDGE_REACH_H
#define VP_AGENT_JUDGE_REACH_H

#include "judge_draft.h"

struct tls_signers; /* who signed for which services */

struct reach {
	struct judge *j;
	const struct vp_target *t;
	const struct vp_target_address *a;
	enum judge_state *state;
	struct tls_signers *signers;
	const struct judge_addr_key *own; /* this machine's sources, sorted */
	size_t n_own;
	bool ipv6; /* some IPv6 address has a route from here */
	/* Of which a service says that a device connects anew; NULL: none. */
	const struct vp_target *retold;
};

/* A finding about the address at hand; good for more evidence until the next.
 */
struct judge_draft *reach_hit(struct reach *c, const char *id,
                              const char *detail);
/* The same, of another severity than its type's. */
struct judge_draft *reach_hit_as(struct reach *c, enum vp_severity severity,
                                 const char *id, const char *detail);
void reach_line(struct reach *c, struct judge_draft *d, const char *line);
void reach_unproven(struct reach *c);
/* About a name that is public by design, the remedy speaks of what lets it out.
 */
void reach_required(struct reach *c, struct judge_draft *d);
const char *reach_route(struct judge *j, const struct vp_route *r);
/* Is this address one that our packets start from? */
bool reach_is_ours(const struct reach *c, const struct vp_addr *a);

/* judge_tls.c: call the first once, before all addresses. The second is true
 * if the handshake ended, with whatever certificate. */
void reach_tls_prepare(struct reach *c);
bool reach_tls(struct reach *c);

/* judge_service.c: likewise. */
void reach_service_prepare(struct reach *c);
void reach_service(struct reach *c, bool certificate_fits);

/* judge_proxy.c */
void judge_proxies(struct judge *j);

#endif
