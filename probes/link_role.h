/*
 * link_role.h - which role a link has, from what the kernel says of all.
 */
#ifndef VP_PROBES_LINK_ROLE_H
#define VP_PROBES_LINK_ROLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vnetprobe/link.h"

struct vp_link_told {
	struct vp_link pub;   /* all but its role */
	int below;            /* the link that it stands on; 0: none */
	bool below_elsewhere; /* and that one is in another namespace */
	bool loopback, slave; /* IFF_... */
	bool ethernet;        /* its frames are */
	bool has_mac;
	uint8_t mac[6];
	char driver[16]; /* of its device; "": none, or not known */
	bool leads_out;  /* a route to public addresses leaves by it */
};

/* Of all[i]. Pure. */
enum vp_link_role vp_link_role_of(const struct vp_link_told *all, size_t n,
                                  size_t i);

#endif
