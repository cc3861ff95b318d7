/*
 * owner_diag.h - socket diagnosis over netlink (sock_diag(7)): who has a socket
 * with these ends now, in this network namespace.
 */
#ifndef VP_PROBES_OWNER_DIAG_H
#define VP_PROBES_OWNER_DIAG_H

#include <stdbool.h>
#include <stdint.h>

#include "vnetprobe/addr.h"

struct vp_diag;

struct vp_diag_socket {
	uint64_t inode;
	uint64_t cgroup_id; /* 0: the kernel does not tell (before 5.7) */
	uint32_t uid;
	bool exact; /* it has just this remote; else it has none: any */
};

/* 0 or -errno. Works without rights, before and after they are dropped. */
int vp_diag_open(struct vp_diag **out);
void vp_diag_close(struct vp_diag *d);
/* 0; -ENOENT: nobody has it, or several do; other -errno: could not look. TCP
 * and UDP only (-EPROTONOSUPPORT). Look-ups are bounded in each second:
 * -EBUSY. */
int vp_diag_find(struct vp_diag *d, struct vp_diag_socket *out, uint8_t proto,
                 const struct vp_endpoint *local,
                 const struct vp_endpoint *remote);

#endif
