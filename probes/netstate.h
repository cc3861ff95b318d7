/*
 * netstate.h - vp_netstate_take() with another resolv.conf, for tests.
 */
#ifndef VP_PROBES_NETSTATE_H
#define VP_PROBES_NETSTATE_H

#include "vnetprobe/route.h"

int vp_netstate_take_from(struct vp_netstate **out, struct vp_routes *r,
                          const char *resolv_conf);

#endif
