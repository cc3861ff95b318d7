/*
 * route.c - see vnetprobe/route.h: one question about one destination.
 */
#include "vnetprobe/route.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "netlink.h"

struct answer {
	struct vp_arena *arena;
	struct vp_route route;
};

/* IPv4 says "no" by an error; IPv6 answers with a route of such a type. */
static enum vp_outcome outcome_of_type(uint8_t type)
{
	switch (type) {
	case RTN_UNREACHABLE:
	case RTN_BLACKHOLE:
	case RTN_THROW:
		return VP_OUTCOME_UNREACHABLE;
	case RTN_PROHIBIT:
		return VP_OUTCOME_DENIED;
	default:
		return VP_OUTCOME_OK;
	}
}

static char *interface_name(struct vp_arena *arena, uint32_t index)
{
	char name[IF_NAMESIZE];

	if (index == 0)
		return NULL;
	if (if_indextoname(index, name) == NULL) /* gone meanwhile */
		snprintf(name, sizeof(name), "if%u", index);
	return vp_arena_strdup(arena, name);
}

static int on_route(const struct nlmsghdr *nlh, void *arg)
{
	struct answer *a = arg;
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *tb[RTA_MAX + 1];

	if (nlh->nlmsg_type != RTM_NEWROUTE ||
	    mnl_nlmsg_get_payload_len(nlh) < sizeof(*rtm))
		return MNL_CB_OK;
	vp_netlink_parse(nlh, sizeof(*rtm), tb, RTA_MAX);
	a->route.outcome = outcome_of_type(rtm->rtm_type);
	if (a->route.outcome != VP_OUTCOME_OK)
		return MNL_CB_OK;
	a->route.interface =
		interface_name(a->arena, vp_netlink_u32(tb[RTA_OIF], 0));
	if (tb[RTA_PREFSRC] != NULL)
		a->route.source = vp_netlink_addr(
			mnl_attr_get_payload(tb[RTA_PREFSRC]),
			mnl_attr_get_payload_len(tb[RTA_PREFSRC]));
	if (tb[RTA_GATEWAY] != NULL)
		a->route.gateway = vp_netlink_addr(
			mnl_attr_get_payload(tb[RTA_GATEWAY]),
			mnl_attr_get_payload_len(tb[RTA_GATEWAY]));
	else if (tb[RTA_VIA] != NULL)
		a->route.gateway = vp_netlink_via(tb[RTA_VIA]);
	return MNL_CB_OK;
}

/* What the kernel's error says about the destination; NONE if it is about the
 * question instead. EINVAL is what a blackhole route answers. */
static enum vp_outcome outcome_of_error(int err)
{
	switch (err) {
	case -EHOSTUNREACH:
	case -ENETUNREACH:
	case -EINVAL:
		return VP_OUTCOME_UNREACHABLE;
	case -EACCES:
		return VP_OUTCOME_DENIED;
	default:
		return VP_OUTCOME_NONE;
	}
}

int vp_routes_get(struct vp_routes *r, struct vp_arena *arena,
                  const struct vp_addr *to, struct vp_route *out)
{
	struct answer a = { .arena = arena };
	size_t len = to->family == 4 ? 4 : 16;
	struct nlmsghdr *nlh;
	struct rtmsg *rtm;
	int err;

	if (to->family != 4 && to->family != 6)
		return -EAFNOSUPPORT;
	nlh = vp_netlink_message(r, RTM_GETROUTE, 0);
	rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));
	rtm->rtm_family = to->family == 4 ? AF_INET : AF_INET6;
	rtm->rtm_dst_len = (uint8_t)(len * 8);
	mnl_attr_put(nlh, RTA_DST, len, to->bytes);
	err = vp_netlink_ask(r, nlh, on_route, &a);
	if (err < 0) {
		a.route.outcome = outcome_of_error(err);
		if (a.route.outcome == VP_OUTCOME_NONE)
			return err;
	} else if (a.route.outcome == VP_OUTCOME_NONE) {
		return -EBADMSG; /* an answer without a route in it */
	}
	*out = a.route;
	return 0;
}
