/*
 * intake.h - what a frame goes through, live or from a file: decoded, counted
 * in the table of flows, kept as evidence.
 */
#ifndef VP_AGENT_INTAKE_H
#define VP_AGENT_INTAKE_H

#include "vnetprobe/evidence.h"
#include "vnetprobe/flow.h"

struct vp_intake {
	struct vp_flows *flows;
	struct vp_evidence *evidence; /* NULL: none */
};

void vp_intake_frame(struct vp_intake *in, const struct vp_frame *frame);

#endif
