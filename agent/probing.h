/*
 * probing.h - the questions and attempts of one run, as its plan wants them.
 *
 * asking.h asks; each new address is routed and, if it may be connected to,
 * reached at once, while other answers are still under way. With
 * facts->mode == VP_MODE_DNS nothing is reached.
 */
#ifndef VP_AGENT_PROBING_H
#define VP_AGENT_PROBING_H

#include <uv.h>

#include "asking.h"
#include "vnetprobe/route.h"

struct vp_probing;

struct vp_probing_options {
	uv_loop_t *loop;
	struct vp_facts *facts; /* with a plan; rows and addresses are added */
	const struct vp_settings *settings;
	struct vp_nss *nss; /* started */
	struct vp_routes *routes;
	void (*done)(void *arg); /* once, from the loop: all is known */
	void *arg;
};

struct vp_probing_counts {
	struct vp_asking_counts asking;
	size_t attempts, finished;
};

/* 0, or -errno with a sentence in why; nothing was sent then. */
int vp_probing_start(struct vp_probing **out,
                     const struct vp_probing_options *opt, char *why,
                     size_t size);
/* Ends what is under way: open questions become rows with outcome CANCELLED,
 * open attempts stay PENDING. done() does not run any more. */
void vp_probing_stop(struct vp_probing *p);
void vp_probing_count(const struct vp_probing *p,
                      struct vp_probing_counts *out);
/* NULL is fine. Run the loop once more so that handles close. */
void vp_probing_destroy(struct vp_probing *p);

#endif
