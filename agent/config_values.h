/*
 * config_values.h - the strings of a config file to settings.
 */
#ifndef VP_AGENT_CONFIG_VALUES_H
#define VP_AGENT_CONFIG_VALUES_H

#include "config_schema.h"
#include "config_tree.h"
#include "settings.h"

/* Stops at the first value that is refused: tree->err and its why say so. */
void vp_config_values(struct vp_config_tree *tree, struct vp_settings *s,
                      const struct raw_config *raw);

#endif
