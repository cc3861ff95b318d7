/*
 * flow_tags.h - the service tags of a run's flows, and rules that name tags.
 *
 * Tags become facts, so that a saved report needs no file to be judged.
 */
#ifndef VP_AGENT_FLOW_TAGS_H
#define VP_AGENT_FLOW_TAGS_H

#include "service_tags.h"
#include "settings.h"

/*
 * Reads the file that the settings name, says in the facts' policy which it
 * is, and holds the rules that name tags against it. Without a file *out is
 * NULL, and a rule by tag is a mistake, unless the facts come from a report
 * whose flows have tags. Returns 0, or the exit status (2) with a sentence in
 * why.
 */
int vp_flow_tags_open(struct vp_service_tags **out, struct vp_facts *facts,
                      const struct vp_settings *s, char *why, size_t size);
/* After vp_flows_finish(): each flow with a public remote gets its tags. With t
 * NULL nothing changes. */
void vp_flow_tags_fill(struct vp_facts *facts, const struct vp_service_tags *t);

#endif
