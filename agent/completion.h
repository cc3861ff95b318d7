/*
 * completion.h - what a shell offers when somebody presses Tab.
 *
 * Made from the tables of commands, options, scenarios and findings, so that a
 * new row is offered without anybody thinking of it.
 */
#ifndef VP_AGENT_COMPLETION_H
#define VP_AGENT_COMPLETION_H

#include <stdio.h>

#include "options_table.h"
#include "vnetprobe/arena.h"

/* `--completion SHELL`: a whole script. bash is known; else -EINVAL with a
 * sentence in why, and nothing is written. */
int vp_completion_known(const char *shell, char *why, size_t size);
void vp_completion_print(FILE *out);

/* The words that an option takes, with a blank between them; "" if they are not
 * to be listed (a file, an address, a number). */
const char *vp_completion_words(const struct vp_option *o,
                                struct vp_arena *arena);

#endif
