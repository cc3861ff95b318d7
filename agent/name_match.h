/*
 * name_match.h - does a host name fit what a table or a rule says?
 *
 * Names come without a final dot. Case does not matter.
 */
#ifndef VP_AGENT_NAME_MATCH_H
#define VP_AGENT_NAME_MATCH_H

#include <stdbool.h>

/* Is name in this zone, with at least one label before it? */
bool vp_name_below(const char *name, const char *zone);
/* ".suffix": a name below it. "-suffix.zone": one whose label ends so. "name":
 * that one. */
bool vp_name_ends_in(const char *name, const char *suffix);
/*
 * "name": that one. "*.suffix": a name below it. A label REGION in the pattern
 * stands for region, or for any label if region is NULL; with "" it fits none.
 */
bool vp_name_fits(const char *name, const char *pattern, const char *region);

#endif
