/*
 * self.h - what file this program is, and what follows from it.
 *
 * In the relocatable bundle (deploy/package/bundle) the program is started by a
 * dynamic loader of its own, DIR/lib/ld-linux-x86-64.so.2, which then is what
 * /proc/self/exe names. DIR/vnetprobe is what a person starts.
 */
#ifndef VP_AGENT_SELF_H
#define VP_AGENT_SELF_H

#include <stdbool.h>

#include "vnetprobe/arena.h"

/* exe is what /proc/self/exe leads to. */
bool vp_self_bundled(const char *exe);

/*
 * The command that mends missing rights. A capability on a loader would be one
 * for everybody's programs, and a script takes none: the bundle wants sudo.
 */
char *vp_self_remedy(struct vp_arena *arena, const char *exe);

/* The same of this process; NULL if it cannot be told. */
char *vp_self_remedy_now(struct vp_arena *arena);

/* Before anything uses OpenSSL: in a bundle the machine's openssl.cnf was
 * written for another OpenSSL, with modules that ours must not load. */
void vp_self_prepare(void);

#endif
