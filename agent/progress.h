/*
 * progress.h - one line on a terminal that says how far a run has come.
 */
#ifndef VP_AGENT_PROGRESS_H
#define VP_AGENT_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct vp_progress {
	bool active;      /* stderr is a terminal and -q was not given */
	bool shown;       /* a line stands there */
	uint64_t last_ns; /* of the last line */
};

void vp_progress_init(struct vp_progress *p, bool quiet);
/* Replaces the line, at most ten times a second. */
void vp_progress_show(struct vp_progress *p, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Takes the line away. */
void vp_progress_clear(struct vp_progress *p);

#endif
