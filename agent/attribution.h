/*
 * attribution.h - who sent each flow, for a run: owner.h's answers into facts.
 *
 *     vp_attribution_open()    before rights are dropped
 *     vp_attribution_start()   before the capture is
 *     vp_attribution_finish()  when the flows stand in the facts
 */
#ifndef VP_AGENT_ATTRIBUTION_H
#define VP_AGENT_ATTRIBUTION_H

#include <uv.h>

#include "vnetprobe/flow.h"
#include "vnetprobe/owner.h"

/* NULL if there is no memory; why not better is a fact. */
struct vp_owners *vp_attribution_open(struct vp_facts *facts, bool no_bpf);
/* Looks at each new flow's socket. o may be NULL. */
void vp_attribution_start(struct vp_owners *o, uv_loop_t *loop,
                          struct vp_flows *flows);
/* Names the senders of the facts' flows. o may be NULL. */
void vp_attribution_finish(struct vp_owners *o, struct vp_facts *facts);

#endif
