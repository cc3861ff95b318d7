/*
 * run.h - one run of check, dns or watch: arm, resolve, route, reach, drain.
 *
 * Three steps, so that the helper process is small, and rights are gone and
 * output files are open before anything is sent:
 *
 *     vp_run_fork()     forks the NSS helper, while there is little memory
 *     vp_run_prepare()  opens the capture, drops rights
 *     vp_run_go()       sends, waits, and completes the facts
 *
 * The facts come with a plan in them (plan.h) and outlive the run.
 */
#ifndef VP_AGENT_RUN_H
#define VP_AGENT_RUN_H

#include "settings.h"

struct vp_watched;
struct vp_nss;
struct vp_run;

/* Processes that are forked before anything else; NULL: none. */
struct vp_run_helpers {
	struct vp_nss *nss;
	struct vp_watched *command; /* of watch: the caller forks it */
};

/* Before the plan is made: a fork copies what is there. SIGINT, SIGTERM and
 * SIGHUP must be blocked; the run takes them while it goes on, and the helper
 * never does. 0, or the exit status (2) with a sentence in why. */
int vp_run_fork(struct vp_run_helpers *out, const struct vp_settings *s,
                char *why, size_t size);
void vp_run_helpers_end(const struct vp_run_helpers *helpers);
/* Takes the helpers over, also when it fails. 0, or the exit status (2) with a
 * sentence in why: nothing was sent. A capture that cannot be opened is no
 * failure but a fact; watch then does not run its command. */
int vp_run_prepare(struct vp_run **out, const struct vp_run_helpers *helpers,
                   struct vp_facts *facts, const struct vp_settings *s,
                   char *why, size_t size);
/* Returns when all is known, or the deadline or a signal ended it. 0, or 2
 * with a sentence in why if nothing could be sent. */
int vp_run_go(struct vp_run *r, char *why, size_t size);
/* Gives the evidence its name: to be called when the report is whole. Returns
 * 0 or -errno. */
int vp_run_commit(struct vp_run *r);
/* NULL is fine. */
void vp_run_destroy(struct vp_run *r);

#endif
