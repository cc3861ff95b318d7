/*
 * command_look.h - what only who has the command's rights can see of its
 * processes: which sockets they have, whoever made them, and whether one is in
 * another network namespace that has a way out. Looked for now and then; what
 * is there for a moment only may stay unseen.
 */
#ifndef VP_AGENT_COMMAND_LOOK_H
#define VP_AGENT_COMMAND_LOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "command_group.h"

struct vp_command_look_sink {
	/* Each inode once. */
	void (*socket)(uint64_t inode, void *arg);
	/* Each namespace once; who is the first process seen in it. */
	void (*elsewhere)(uint64_t netns, const char *who, void *arg);
	void *arg;
};

struct vp_command_look;

/* NULL: no memory. Our own network namespace is the one that is watched. */
struct vp_command_look *
vp_command_look_create(const struct vp_command_look_sink *sink);
void vp_command_look_destroy(struct vp_command_look *l);
/* At the members of the group, or without one at all that descend from this
 * process. Returns after how many ms to look again. */
int vp_command_look(struct vp_command_look *l,
                    const struct vp_command_group *group);

#endif
