/*
 * init.h - `vnetprobe init`: a config from what was found, from files that az
 * printed, or from answers.
 */
#ifndef VP_AGENT_INIT_H
#define VP_AGENT_INIT_H

#include <stdio.h>

#include "settings.h"

/* Takes what vp_discover() put into facts, asks what it is told to ask (prompts
 * on stderr, answers from stdin, one a line), and writes the config to
 * s->output or stdout. The exit status, with a sentence in why if it is not 0.
 */
int vp_init(const struct vp_settings *s, struct vp_facts *facts, char *why,
            size_t size);

/* --- init_ask.c, init_write.c ------------------------------------------------
 */

struct vp_init_questions {
	struct vp_arena *arena;
	struct vp_discovery *d; /* answers take the place of what was found */
	const char *scenario;   /* and of this one; not NULL */
	FILE *in, *out;
	bool again; /* somebody sits there: a wrong answer may be mended */
	char *why;
	size_t size;
};

/* Asks. False, with a sentence in why that names the question, for an answer
 * that cannot be one. */
bool vp_init_ask(struct vp_init_questions *q);
/* Anything to write a config of? */
bool vp_init_knows(const struct vp_discovery *d);
/* "the workspace mlw is NOT complete: its id is missing; ...": what check will
 * refuse the config for. NULL: nothing. */
char *vp_init_lacks(struct vp_arena *arena, const struct vp_discovery *d);
/* The config as text, for free(). NULL: out of memory. plan: of the same text
 * without it, for the addresses of each name; NULL: there is none. */
char *vp_init_text(struct vp_arena *arena, const struct vp_discovery *d,
                   const char *scenario, const struct vp_facts *plan);
/* The plan that a config makes, with what was found (NULL: nothing) behind it;
 * for vp_facts_destroy(). NULL, with a sentence in why: it makes none. */
struct vp_facts *vp_init_plan(const char *text, const struct vp_discovery *d,
                              char *why, size_t size);

#endif
