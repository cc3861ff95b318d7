/*
 * analyze.h - packets of a saved capture to facts.
 *
 * What a run of check finds out about its machine, a file can tell only in
 * part: addresses of that machine come from --local and from notes in the file
 * (evidence_notes.h); where they are not known, the direction that each packet
 * was seen in decides, and else a guess by ports.
 */
#ifndef VP_AGENT_ANALYZE_H
#define VP_AGENT_ANALYZE_H

#include "settings.h"

struct vp_analyze;

/* Opens the capture that the settings' argument names; "-" is standard input.
 * 0, or the exit status (2) with a sentence in why. The facts come with a plan
 * in them (plan.h) and outlive this. */
int vp_analyze_open(struct vp_analyze **out, struct vp_facts *facts,
                    const struct vp_settings *s, char *why, size_t size);
/* Reads it to its end, or to SIGINT, SIGTERM or SIGHUP, which must be blocked,
 * and completes the facts: what goes wrong from here on is in them. */
void vp_analyze_read(struct vp_analyze *a);
void vp_analyze_close(struct vp_analyze *a); /* NULL is fine */

#endif
