/*
 * name_targets.h - which targets have a name.
 *
 * A target knows its name; what is found about a name is for all that have it.
 */
#ifndef VP_AGENT_NAME_TARGETS_H
#define VP_AGENT_NAME_TARGETS_H

#include "vnetprobe/facts.h"

struct vp_name_targets {
	size_t *targets; /* indices in facts->targets, by name */
	size_t *first;   /* of name i: from first[i] to before first[i + 1] */
};

/* Of facts with a plan; memory from their arena. */
void vp_name_targets_make(struct vp_name_targets *out,
                          const struct vp_facts *facts);

#endif
