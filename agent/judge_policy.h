/*
 * judge_policy.h - what explains a public flow: allow rules, and the required
 * public traffic of the catalogue.
 */
#ifndef VP_AGENT_JUDGE_POLICY_H
#define VP_AGENT_JUDGE_POLICY_H

#include "judge_draft.h"

/* The first allow rule that fits, in words that name what matched; NULL: none
 * does. */
const char *judge_allowed(struct judge *j, const struct vp_flow *f);
/* The same of the catalogue's rows; by a name alone, without service tags.
 * Where that may be anybody's resource, out has the name that it went by (or
 * the address, if that was enough) and the finding that tells of it. */
const char *judge_required(struct judge *j, const struct vp_flow *f,
                           struct vp_flow_judgement *out);
const char *judge_required_name(struct judge *j, const struct vp_flow *f,
                                struct vp_flow_judgement *out);
/* The row that has this target for a name that is public by design; NULL: none
 * has, or it is expected to be private. */
struct vp_catalogue_required;
const struct vp_catalogue_required *
judge_required_target(const struct judge *j, const struct vp_target *t);
/* The row by which nobody may have come in so: an answered connection from
 * outside, in a scenario that has none. NULL: it may be meant. */
struct vp_catalogue_closed;
const struct vp_catalogue_closed *judge_closed(const struct judge *j,
                                               const struct vp_flow *f);
/* It came in where by the catalogue a peer of some service tag may, and without
 * a file of service tags nobody knows whether it is that peer. */
bool judge_peer_unknown(const struct judge *j, const struct vp_flow *f);
/* Only a server that is no resolver of this machine gave it this name. */
bool judge_is_foreign(const struct vp_flow *f, const struct vp_flow_name *name);
/*
 * May this name of a flow explain it? It must be proven, and current, and what
 * the sender itself named (server name, HTTP host) must not be another.
 */
bool judge_name_explains(const struct vp_flow *f,
                         const struct vp_flow_name *name);
/*
 * The name of this flow that the scenario expects to be private, for its
 * service has private endpoints, and that is no target: nobody is to be told
 * to allow it, for it may be anybody's. A name that is only claimed counts as
 * well, and one that ran out. NULL: none.
 */
const char *judge_private_name(const struct vp_facts *facts,
                               const struct vp_flow *f);
/* Of this flow of a file no name was seen, and the file lacks parts of packets:
 * it may be anybody's, the user's own resource as well. */
bool judge_name_may_be_cut(const struct vp_facts *facts,
                           const struct vp_flow *f);
/* What an allow rule may call its sender by: the file name of its executable,
 * where that is known, else the name that it gives itself. NULL: not known. */
const char *judge_process_name(const struct vp_flow *f);
/* The port that a service has: the remote one, unless the peer came to us. */
uint16_t judge_service_port(const struct vp_flow *f);
/* A file of service tags that is old is said when it may have counted. */
void judge_tags(struct judge *j);

#endif
