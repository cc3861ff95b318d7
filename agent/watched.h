/*
 * watched.h - the command of `watch -- CMD`: started with the caller's identity
 * and rights, told apart from the rest of the machine by a cgroup of its own.
 *
 * The watcher gives up its rights and the command must not, so a keeper process
 * is forked before that. It makes the cgroup (v2, if it may), starts the
 * command in it when told to, passes signals on, takes in orphans of the
 * command (PR_SET_CHILD_SUBREAPER), so that all of them stay its descendants,
 * and takes the cgroup away in the end. It ends when its watcher does.
 */
#ifndef VP_AGENT_WATCHED_H
#define VP_AGENT_WATCHED_H

#include <uv.h>

#include "vnetprobe/facts.h"

struct vp_watched;

/* Forks the keeper: while this process has one thread, all its rights and the
 * signal mask and dispositions that the command should have. argv stays the
 * caller's. Returns 0, or -errno with a sentence in why. */
int vp_watched_fork(struct vp_watched **out, char *const argv[], char *why,
                    size_t size);
/* The keeper: ancestor of all processes of the command. */
uint32_t vp_watched_keeper(const struct vp_watched *c);
/* Of its cgroup; 0: it has none of its own. */
uint64_t vp_watched_cgroup(const struct vp_watched *c);

/* Before it is started: look at its processes with its rights, now and then.
 * socket() is called from the loop, or from finish(), for each that they have,
 * whoever made it; network namespaces come with finish(). */
void vp_watched_look(struct vp_watched *c,
                     void (*socket)(uint64_t inode, void *arg), void *arg);
/* Lets it run. ended() is called once, from the loop: it ended, could not be
 * started, or its keeper is gone. 0 or UV_E. */
int vp_watched_start(struct vp_watched *c, uv_loop_t *loop,
                     void (*ended)(void *arg), void *arg);
void vp_watched_signal(struct vp_watched *c, int number);
/* How it went until now; waits for the keeper to count what is left of it. */
void vp_watched_finish(struct vp_watched *c, struct vp_arena *arena,
                       struct vp_command_facts *out);
/* NULL is fine; closes its handles on the loop (run it once more to free). A
 * command that still runs goes on. */
void vp_watched_destroy(struct vp_watched *c);

#endif
