/*
 * route.h - which way the kernel would send a packet (rtnetlink, libmnl).
 *
 * A question is a netlink round trip inside this machine: microseconds, no
 * waiting on anybody, so it is asked synchronously.
 */
#ifndef VNETPROBE_ROUTE_H
#define VNETPROBE_ROUTE_H

#include "vnetprobe/facts.h"

struct vp_routes;

/* 0 or -errno. */
int vp_routes_open(struct vp_routes **out);
void vp_routes_close(struct vp_routes *r);

/* Fills *out (strings in the arena). "No route" is a result: UNREACHABLE.
 * Returns 0, or -errno if the kernel could not be asked. */
int vp_routes_get(struct vp_routes *r, struct vp_arena *arena,
                  const struct vp_addr *to, struct vp_route *out);

/*
 * The state of this machine's network: interfaces (name, index, up, address),
 * routes of the main table, the text of /etc/resolv.conf. Taken before and
 * after a run; what differs may have hidden packets.
 */
struct vp_netstate;
int vp_netstate_take(struct vp_netstate **out, struct vp_routes *r);
void vp_netstate_free(struct vp_netstate *s);

struct vp_interface {
	const char *name;
	int index;
	bool up, loopback;
	bool leads_out; /* a route of any table sends packets for public
	                 * addresses out there */
	uint8_t mac[6];
	const struct vp_addr *addresses;
	size_t n_addresses;
};
/* NULL, a state that could not be taken, has none. */
size_t vp_netstate_interfaces(const struct vp_netstate *s,
                              const struct vp_interface **out);

/* Calls line() with one short text for each difference ("interface eth1
 * appeared", "default route changed"); *interfaces is true if an interface
 * came or went. Returns the number of differences. Dynamic noise (counters,
 * lifetimes, carrier of an interface with no address) does not count. */
size_t vp_netstate_compare(const struct vp_netstate *before,
                           const struct vp_netstate *after, bool *interfaces,
                           void (*line)(const char *text, void *arg),
                           void *arg);

#endif
