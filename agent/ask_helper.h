/*
 * ask_helper.h - the process that asks Azure: without rights, bounded in time
 * and memory, and all that it hands over is checked again by its parent.
 */
#ifndef VP_AGENT_ASK_HELPER_H
#define VP_AGENT_ASK_HELPER_H

#include "found_azure.h"

struct vp_ask_what {
	bool metadata, arm;
	unsigned limit_ms; /* of the whole */
};

/* Adds to f->out. Blocks; what goes wrong is a note. */
void vp_ask(struct vp_found *f, const struct vp_settings *s,
            const struct vp_ask_what *what);
/* The parent's half: what the helper wrote, if it is what it should be. */
void vp_ask_read(struct vp_found *f, const char *data, size_t len);
/* The same of whole lines, of which each is such a text; how many. */
size_t vp_ask_read_lines(struct vp_found *f, const char *data, size_t len);

#endif
