/*
 * learn.h - a proposed allow list for what no rule explains, as a config.
 */
#ifndef VP_AGENT_LEARN_H
#define VP_AGENT_LEARN_H

#include <stdio.h>

#include "judge.h"

/*
 * Rules for the unexplained flows, by current name and port where there is one,
 * else by service tag, else by address; each says what was seen and leaves its
 * reason empty, with which a config is refused until somebody fills it in.
 * Leaks of targets and of DNS, what came in, and names of services that have
 * private endpoints get no rule but a comment.
 * Pure but for out. Returns 0 or -errno.
 */
int vp_learn(FILE *out, const struct vp_facts *facts,
             const struct vp_judgement *j);

#endif
