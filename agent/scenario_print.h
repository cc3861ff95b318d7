/*
 * scenario_print.h - a scenario as the catalogue has it, for people and for
 * programs: what it expects and why, what is public by design, which ports,
 * what has to be so, what nobody can see.
 */
#ifndef VP_AGENT_SCENARIO_PRINT_H
#define VP_AGENT_SCENARIO_PRINT_H

#include <jansson.h>
#include <stdio.h>

#include "catalogue.h"
#include "vnetprobe/facts.h"

/* The plan's scenario, in its cloud and region. */
void vp_scenario_text(FILE *out, const struct vp_facts *facts);
/* The same as a new object. */
json_t *vp_scenario_json(const struct vp_facts *facts);
/* All of them as a page of Markdown (docs/scenarios.md). */
void vp_scenarios_markdown(FILE *out);

/* What an expectation says of one of a class: "a vault with a private endpoint
 * answers at a private address" without the first two words. */
const char *vp_scenario_words(enum vp_expect expect);
/* Why that is expected of the class: the row's words, or such a sentence, which
 * stands in buf. */
#define VP_SCENARIO_WHY 160
const char *vp_scenario_why(char buf[VP_SCENARIO_WHY],
                            const struct vp_catalogue_expectation *row);

#endif
