/*
 * link.h - what each interface is, and when that changes (rtnetlink).
 *
 * Roles come from the kind of link (IFLA_INFO_KIND), its master (IFLA_MASTER),
 * what it stands on (IFLA_LINK), its MAC address (accelerated networking: a VF
 * has that of its synthetic interface) and the routes that leave by it.
 */
#ifndef VNETPROBE_LINK_H
#define VNETPROBE_LINK_H

#include <uv.h>

#include "vnetprobe/flow.h"
#include "vnetprobe/route.h"

struct vp_link {
	int index;
	char name[32];
	char kind[16]; /* "veth", "bridge", ...; "": a device */
	int master;    /* 0: none */
	bool up;
	enum vp_link_role role;
};

/* All links of this namespace, in an array for free(). 0 or -errno. */
int vp_links_read(struct vp_link **out, size_t *n, struct vp_routes *r);

/*
 * Calls back on the loop after links or addresses changed, once for a burst
 * (50 ms); lost notifications call back as well. Opening needs no rights.
 */
struct vp_link_watch;
int vp_link_watch_start(struct vp_link_watch **out, uv_loop_t *loop,
                        void (*changed)(void *arg), void *arg);
/* NULL is fine; closes its handles on the loop (run it once more to free). */
void vp_link_watch_stop(struct vp_link_watch *w);

const char *vp_link_role_name(enum vp_link_role role);

#endif
