/*
 * command_group.h - a cgroup (version 2) of its own for the watched command,
 * beside ours: what is in it or below it is the command's, whatever its
 * parents are.
 */
#ifndef VP_AGENT_COMMAND_GROUP_H
#define VP_AGENT_COMMAND_GROUP_H

#include <stdbool.h>
#include <stdint.h>

#define VP_GROUP_PATH 4096

struct vp_command_group {
	char path[VP_GROUP_PATH];   /* its directory; "": none */
	char parent[VP_GROUP_PATH]; /* the one above: ours */
};

/* Returns its id, or 0: no such file system here, no right to make one, or
 * nobody could be put into it. Forks to try that. */
uint64_t vp_command_group_make(struct vp_command_group *g);
/* The calling process enters it. True without a group, too. */
bool vp_command_group_join(const struct vp_command_group *g);
/* Processes in it and in groups that were made below it. */
int vp_command_group_count(const struct vp_command_group *g);
/* Each of them. */
void vp_command_group_each(const struct vp_command_group *g,
                           void (*one)(uint32_t pid, void *arg), void *arg);
/*
 * What still runs goes where it would be without us, and the group away. Groups
 * that the command has made in it and that are in use stay as they are, with
 * their limits, and so does it. Takes in children of the caller that ended.
 */
void vp_command_group_remove(const struct vp_command_group *g);

#endif
