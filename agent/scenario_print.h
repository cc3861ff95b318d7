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
/* What has to pass a firewall, one "name port protocol direction" a line, the
 * rest in comments (scenario_list.c). */
void vp_scenario_list(FILE *out, const struct vp_facts *facts);
/* The same as vp_scenario_text() as a new object. */
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

/* The plan's scenario; "secured" where saved facts name none. */
const struct vp_catalogue_scenario *vp_scenario_of(const struct vp_facts *f);
/* Is the row of the plan's scenario and cloud? */
bool vp_scenario_requires(const struct vp_facts *f,
                          const struct vp_catalogue_required *row);
bool vp_scenario_tagged(const struct vp_facts *f,
                        const struct vp_catalogue_tagged *row);
/* "REGION.api.azureml.ms" with the region, if it is known; in out, or the
 * pattern itself. */
const char *vp_scenario_place(char *out, size_t size, const char *pattern,
                              const char *region);
const char *vp_scenario_proto(uint8_t proto); /* "tcp", "udp", "any" */

#endif
