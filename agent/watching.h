/*
 * watching.h - the side of a run that watches: the capture, the table of flows,
 * the state of the network before and after.
 *
 *     vp_watching_open()    the capture and what needs rights
 *     vp_watching_drop()    gives up all rights; opens the evidence
 *     vp_watching_arm()     starts the capture, proves it by a packet
 *     vp_watching_prove()   the same at the end
 *     vp_watching_stop()    reads what is left, counts
 *     vp_watching_finish()  completes the facts
 *
 * Without a capture (not wanted, or it could not be opened, which is a fact and
 * no failure) all of it may be called and does what is left to do.
 */
#ifndef VP_AGENT_WATCHING_H
#define VP_AGENT_WATCHING_H

#include <uv.h>

#include "settings.h"

struct vp_routes;
struct vp_watching;

/* 0, or the exit status (2) with a sentence in why. */
int vp_watching_open(struct vp_watching **out, struct vp_facts *facts,
                     const struct vp_settings *s, char *why, size_t size);
/* The same. */
int vp_watching_drop(struct vp_watching *w, char *why, size_t size);
/* Whose processes are the command's: owner.h. */
void vp_watching_command(struct vp_watching *w, uint64_t cgroup,
                         uint32_t ancestor);
/* Does the kernel tell all that the command sends, by whichever socket and from
 * whichever namespace? Else its processes are to be looked at. */
bool vp_watching_tells_all(const struct vp_watching *w);
/* The command has this socket, whoever made it. */
void vp_watching_command_socket(struct vp_watching *w, uint64_t inode);
/* Is there a capture? */
bool vp_watching_on(const struct vp_watching *w);
struct vp_routes *vp_watching_routes(const struct vp_watching *w);

/* The network as it is now: to be compared with in the end. */
void vp_watching_look(struct vp_watching *w);
/* Calls done() once, possibly from inside; the facts say how it went. */
void vp_watching_arm(struct vp_watching *w, uv_loop_t *loop,
                     void (*done)(void *arg), void *arg);
void vp_watching_prove(struct vp_watching *w, void (*done)(void *arg),
                       void *arg);
/* No packet is read after this. */
void vp_watching_stop(struct vp_watching *w);
void vp_watching_finish(struct vp_watching *w);

/* Gives the evidence its name: to be called when all is known. Returns 0 or
 * -errno. */
int vp_watching_commit(struct vp_watching *w);
/* NULL is fine; closes its handles on the loop (run it once more to free). */
void vp_watching_destroy(struct vp_watching *w);

#endif
