/*
 * discover.h - finding out by itself what this machine's workspace is.
 *
 * Files and variables of this machine are read where nothing else names a
 * target. On an Azure machine, and with --discover anywhere, a helper process
 * without rights asks the machine's metadata (IMDS); with --discover also Azure
 * Resource Manager, with the machine's managed identity. `targets` sends
 * nothing unless --discover asks for it.
 */
#ifndef VP_AGENT_DISCOVER_H
#define VP_AGENT_DISCOVER_H

#include "settings.h"

/*
 * Fills facts->discovery and, from it, what the settings do not say. Before the
 * plan is made, and before any thread. Returns 0, or 2 with a sentence in why
 * (a file of --from that cannot be read). What a source does not give is no
 * failure: it is a note.
 */
int vp_discover(struct vp_settings *s, struct vp_facts *facts, char *why,
                size_t size);

/* --- pure parts, for tests: of a deadline ------------------------------------
 */

/* How long finding out may take: half of it, and 15 s at most. */
unsigned vp_discover_limit(unsigned deadline_ms);
/* What is left of it for the run; never 0, which is none. */
unsigned vp_discover_rest(unsigned deadline_ms, uint64_t took_ms);

#endif
