/*
 * output.h - a file that is either whole or not there.
 *
 * Written beside its path under a temporary name, and renamed when complete.
 * Paths that cannot be renamed over (/dev/stdout, a FIFO) are written to
 * directly.
 */
#ifndef VP_AGENT_OUTPUT_H
#define VP_AGENT_OUTPUT_H

#include <stdio.h>

struct vp_output;

/* path NULL: stdout. 0, or -errno with a sentence in why. */
int vp_output_open(struct vp_output **out, const char *path, char *why,
                   size_t size);
FILE *vp_output_stream(struct vp_output *o);
/* Flushes and gives the file its name. 0 or -errno; frees o. */
int vp_output_commit(struct vp_output *o);
/* Leaves nothing behind. NULL is fine. */
void vp_output_abandon(struct vp_output *o);

#endif
