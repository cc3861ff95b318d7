/*
 * netstate.h - the machine's network at one moment: netstate.c takes it,
 * netstate_compare.c tells two of them apart.
 */
#ifndef VP_PROBES_NETSTATE_H
#define VP_PROBES_NETSTATE_H

#include "vnetprobe/route.h"

struct vp_netstate_interface {
	struct vp_interface pub;
	bool carrier;
	bool routable; /* has an address that others can send to */
	struct vp_addr *addresses;
};

struct vp_netstate_route {
	char *key;  /* "10.1.0.0/16": with table, metric, TOS: what is routed */
	char *text; /* "via 10.0.0.1 on eth0": and where to */
};

struct vp_netstate {
	struct vp_arena *arena;
	struct vp_netstate_interface *interfaces;
	size_t n_interfaces;
	struct vp_interface *list; /* what vp_netstate_interfaces() shows */
	struct vp_netstate_route *routes;
	size_t n_routes;
	char *resolv_conf; /* NULL: there is none */
};

/* fe80::/10: the kernel adds and removes these as carriers come and go. */
static inline bool vp_netstate_is_link_local(const struct vp_addr *a)
{
	return a->family == 6 && a->bytes[0] == 0xfe &&
	       (a->bytes[1] & 0xc0) == 0x80;
}

/* NULL: no interface has that index. */
struct vp_netstate_interface *vp_netstate_by_index(const struct vp_netstate *s,
                                                   int index);

/* vp_netstate_take() with another resolv.conf, for tests. */
int vp_netstate_take_from(struct vp_netstate **out, struct vp_routes *r,
                          const char *resolv_conf);

#endif
