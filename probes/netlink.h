/*
 * netlink.h - questions to the kernel's routing socket (libmnl), for route.c
 * and netstate.c.
 */
#ifndef VP_PROBES_NETLINK_H
#define VP_PROBES_NETLINK_H

#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>

#include "vnetprobe/addr.h"

struct vp_routes; /* see vnetprobe/route.h */

/* Sends nlh (in vp_netlink_message()'s buffer) and hands each message of the
 * answer to cb, which returns MNL_CB_OK or, to stop, MNL_CB_ERROR with errno
 * set. Returns 0, or -errno: the kernel's, or of asking it. */
int vp_netlink_ask(struct vp_routes *r, struct nlmsghdr *nlh, mnl_cb_t cb,
                   void *arg);

/* A new message of this type; flags beside NLM_F_REQUEST. */
struct nlmsghdr *vp_netlink_message(struct vp_routes *r, uint16_t type,
                                    uint16_t flags);

/* An address from an attribute's bytes; no address if the length is odd. */
struct vp_addr vp_netlink_addr(const void *bytes, size_t len);

/* An address from RTA_VIA (struct rtvia): the gateway's family is its own. */
struct vp_addr vp_netlink_via(const struct nlattr *attr);

/* Attributes by type into tb[0..max]; unknown ones are left out. */
void vp_netlink_attributes(const void *attrs, size_t len,
                           const struct nlattr **tb, unsigned max);
/* Those of a message, behind a family header of this size. */
void vp_netlink_parse(const struct nlmsghdr *nlh, size_t header,
                      const struct nlattr **tb, unsigned max);

/* An attribute as a number of 32 bits, or otherwise if it is not there. */
uint32_t vp_netlink_u32(const struct nlattr *attr, uint32_t otherwise);

#endif
