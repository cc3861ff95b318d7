/*
 * owner.h - who sent: the process behind a flow.
 *
 * Best by a BPF program that the kernel runs when a socket connects or sends
 * (needs CAP_BPF and CAP_PERFMON, or CAP_SYS_ADMIN, a kernel with BTF, and a
 * build with clang and bpftool): senders that live a millisecond are named
 * too. Else by socket diagnosis over netlink while the socket is open: user
 * and cgroup of each, the process where /proc lets us look. "Unknown" is an
 * answer; a guess is not: where two processes claim the same ends and no
 * telling them apart is possible, nobody is named.
 *
 * Opened before rights are dropped; keeps descriptors only. Claims are kept by
 * their ends, as the socket saw them (before NAT), for vp_owners_find().
 */
#ifndef VNETPROBE_OWNER_H
#define VNETPROBE_OWNER_H

#include <uv.h>

#include "vnetprobe/facts.h"

struct vp_owners;

/* Is the BPF program built into this binary? */
bool vp_owners_have_bpf(void);

struct vp_owners_options {
	bool no_bpf; /* for tests, and --attribution socket */
	size_t most; /* claims; 0: 100000. Claims for public remotes push out
	              * those for private ones; what is lost is counted */
	const struct vp_prefix *vnet; /* private beside RFC 1918 and the like */
	size_t n_vnet;
};

/* Never fails for want of rights: how() then says less, and why (size bytes)
 * why not better, or "". -ENOMEM. */
int vp_owners_open(struct vp_owners **out, const struct vp_owners_options *opt,
                   char *why, size_t size);
enum vp_owner_how vp_owners_how(const struct vp_owners *o);
/* Whose processes are "of the command": those in this cgroup (0: none) and the
 * descendants of this process. */
void vp_owners_command(struct vp_owners *o, uint64_t cgroup_id,
                       uint32_t ancestor);
/* The command has this socket, too, whoever made it: what leaves by it is not
 * of others. */
void vp_owners_command_socket(struct vp_owners *o, uint64_t inode);
/* Does the kernel tell each use of a socket, also of one that another made? */
bool vp_owners_tell_all(const struct vp_owners *o);
int vp_owners_start(struct vp_owners *o, uv_loop_t *loop);
/* Without BPF: look now who has this socket, while it is there. Cheap to call
 * for each new flow: look-ups are bounded per second. */
void vp_owners_look(struct vp_owners *o, uint8_t proto,
                    const struct vp_endpoint *local,
                    const struct vp_endpoint *remote);
/* Takes what the kernel has ready, now. */
void vp_owners_drain(struct vp_owners *o);
/* Claims that could not be taken or kept. */
uint64_t vp_owners_lost(const struct vp_owners *o);

/*
 * Fills process, owner, n_owners, of_command, of_others and shared of a flow
 * (strings in the arena) from the claims for its ends, and for translated_from,
 * that were made from a little before its first packet to its last one. Leaves
 * them alone if nobody is known. A flow that was taken for a translated one,
 * and is of a socket here, becomes the host's.
 */
void vp_owners_find(struct vp_owners *o, struct vp_arena *arena,
                    struct vp_flow *flow);
/*
 * What the command sent to public addresses from other network namespaces than
 * ours, each use once, oldest first. Its packets need not have passed where we
 * watch. process is good during the call.
 */
typedef void vp_owner_elsewhere_cb(uint8_t proto,
                                   const struct vp_endpoint *remote,
                                   const char *process, void *arg);
void vp_owners_elsewhere(const struct vp_owners *o, vp_owner_elsewhere_cb *cb,
                         void *arg);
/* NULL is fine; closes its handles on the loop (run it once more to free). */
void vp_owners_destroy(struct vp_owners *o);

#endif
