/*
 * owner_names.h - names for numbers: cgroups, containers, users, and the
 * processes that hold a socket.
 */
#ifndef VP_PROBES_OWNER_NAMES_H
#define VP_PROBES_OWNER_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vnetprobe/arena.h"

/*
 * The container or pod that a path of cgroups names, as its runtime spells it:
 * the last component that does counts, since what is within a container's own
 * cgroup is its own affair. NULL: none.
 *
 *     docker-<64 hex>.scope, cri-containerd-<id>.scope, crio-<id>.scope,
 *     libpod-<id>.scope, nerdctl-<id>.scope; <64 hex> below docker,
 *     kubepods or the like (cgroupfs driver); lxc.payload.<name>;
 *     kubepods-...-pod<uid>.slice, pod<uid>: only where no container is named
 */
char *vp_container_of(struct vp_arena *arena, const char *cgroup);

/* The name of a user by /etc/passwd (path NULL), and by nothing that asks a
 * network. NULL: not there. */
char *vp_user_name(struct vp_arena *arena, const char *path, uint32_t uid);

/* --- cgroups: id -> path, by walking the file system ------------------------
 */

struct vp_cgroup_names;

/* root: where cgroup v2 is mounted; NULL: look for it. */
struct vp_cgroup_names *vp_cgroup_names_create(const char *root);
void vp_cgroup_names_destroy(struct vp_cgroup_names *c);
/* What else is known: a path for this id. */
void vp_cgroup_names_add(struct vp_cgroup_names *c, uint64_t id,
                         const char *path);
/* NULL: not known. Walks anew if the id is not known, a few times a second at
 * most. */
const char *vp_cgroup_name(struct vp_cgroup_names *c, uint64_t id);

/* --- sockets: inode -> process, by walking /proc -----------------------------
 */

#define VP_HOLDERS_MOST 8 /* of one socket that are kept */

struct vp_holder {
	uint32_t pid; /* 0: several processes have it */
	char process[16];
	const char *executable; /* NULL: not told; lives as long as the table */
	unsigned n;             /* of them, from all scans; it may be more than
	                         * VP_HOLDERS_MOST */
	struct vp_process {
		uint32_t pid;
		uint64_t began; /* tells those with one number apart; 0: not
		                 * told */
	} all[VP_HOLDERS_MOST];
};

struct vp_holders;

struct vp_holders *vp_holders_create(void);
void vp_holders_destroy(struct vp_holders *h);
/* Reads all of /proc that this process may. */
void vp_holders_scan(struct vp_holders *h);
/* The holder of this socket; scans anew if it is not known, or the one that was
 * has ended or has become another program, a few times a second at most. False:
 * nobody whom we may see. */
bool vp_holder_of(struct vp_holders *h, uint64_t inode, struct vp_holder *out);

/* Does this process descend from that one, or is it that one? 1: yes; 0: no;
 * -errno: it could not be followed to the first process, as one ended. */
int vp_descends(uint32_t pid, uint32_t ancestor);

/* When it began, in ticks since boot: proc_pid_stat(5). 0: not told. */
uint64_t vp_process_began(uint32_t pid);
bool vp_process_is_there(const struct vp_process *p);

#endif
