/*
 * attest.h - were the packets of our own probes in the capture? Pure.
 *
 * A capture that does not show what we ourselves sent cannot vouch for what
 * others sent. Every socket of ours whose packet must have passed an
 * interface is looked up in the table of flows.
 */
#ifndef VP_AGENT_ATTEST_H
#define VP_AGENT_ATTEST_H

#include "vnetprobe/flow.h"

/* Marks our sockets in the table as our own. Call it before attesting. */
void vp_attest_own(struct vp_flows *flows, const struct vp_facts *facts);
/* Fills attested_expected, attested_seen and unseen of facts->capture. */
void vp_attest(struct vp_facts *facts, const struct vp_flows *flows);

#endif
