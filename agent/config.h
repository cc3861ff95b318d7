/*
 * config.h - the config reader's inside, for its tests and its fuzzer.
 */
#ifndef VP_AGENT_CONFIG_H
#define VP_AGENT_CONFIG_H

#include "settings.h"

/* As vp_config_read(), with the file's bytes; name stands in messages. */
int vp_config_parse(struct vp_settings *s, const char *name,
                    const unsigned char *data, size_t len, char *why,
                    size_t size);

#endif
