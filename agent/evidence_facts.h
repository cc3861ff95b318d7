/*
 * evidence_facts.h - what a run tells its evidence file, and what that file
 * tells the facts.
 */
#ifndef VP_AGENT_EVIDENCE_FACTS_H
#define VP_AGENT_EVIDENCE_FACTS_H

#include "settings.h"
#include "vnetprobe/evidence.h"

/* Opens the file that the settings name; snaplen: of the capture. 0, or the
 * exit status (2) with a sentence in why. */
int vp_evidence_begin(struct vp_evidence **out, struct vp_facts *facts,
                      const struct vp_settings *s, uint32_t snaplen, char *why,
                      size_t size);
/* When no packet comes any more: facts->capture says what was lost. */
void vp_evidence_count(struct vp_evidence *e, struct vp_facts *facts);
/*
 * When the flows are written: gives the file its name. The facts then have its
 * size and digest, and each flow the place of its packets in it; should it
 * fail, neither, and no file. 0 or -errno.
 */
int vp_evidence_end(struct vp_evidence *e, struct vp_facts *facts);

#endif
