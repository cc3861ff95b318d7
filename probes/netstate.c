/*
 * netstate.c - see vnetprobe/route.h: the machine's network, before and after.
 *
 * Each route becomes one line of text that holds what decides where packets
 * go and nothing else: no lifetimes, counters or carrier flags. The lines are
 * sorted, so order does not matter either, and two states differ where a line
 * is in only one of them.
 */
#include "netstate.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "netlink.h"

#define RESOLV_CONF_MAX (64 * 1024)
#define DUMP_TRIES 10

static int on_link(const struct nlmsghdr *nlh, void *arg)
{
	struct vp_netstate *s = arg;
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *tb[IFLA_MAX + 1];
	struct vp_netstate_interface *i;

	if (nlh->nlmsg_type != RTM_NEWLINK ||
	    mnl_nlmsg_get_payload_len(nlh) < sizeof(*ifi))
		return MNL_CB_OK;
	vp_netlink_parse(nlh, sizeof(*ifi), tb, IFLA_MAX);
	if (tb[IFLA_IFNAME] == NULL ||
	    mnl_attr_validate(tb[IFLA_IFNAME], MNL_TYPE_NUL_STRING) < 0)
		return MNL_CB_OK;
	i = VP_PUSH(s->arena, s->interfaces, s->n_interfaces);
	i->pub.name =
		vp_arena_strdup(s->arena, mnl_attr_get_str(tb[IFLA_IFNAME]));
	i->pub.index = ifi->ifi_index;
	i->pub.up = (ifi->ifi_flags & IFF_UP) != 0;
	i->pub.loopback = (ifi->ifi_flags & IFF_LOOPBACK) != 0;
	i->carrier = (ifi->ifi_flags & IFF_RUNNING) != 0;
	if (tb[IFLA_ADDRESS] != NULL &&
	    mnl_attr_get_payload_len(tb[IFLA_ADDRESS]) == sizeof(i->pub.mac))
		memcpy(i->pub.mac, mnl_attr_get_payload(tb[IFLA_ADDRESS]),
		       sizeof(i->pub.mac));
	return MNL_CB_OK;
}

struct vp_netstate_interface *vp_netstate_by_index(const struct vp_netstate *s,
                                                   int index)
{
	for (size_t i = 0; i < s->n_interfaces; i++)
		if (s->interfaces[i].pub.index == index)
			return &s->interfaces[i];
	return NULL;
}

static int on_address(const struct nlmsghdr *nlh, void *arg)
{
	struct vp_netstate *s = arg;
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *tb[IFA_MAX + 1], *attr;
	struct vp_netstate_interface *i;
	struct vp_addr a;

	if (nlh->nlmsg_type != RTM_NEWADDR ||
	    mnl_nlmsg_get_payload_len(nlh) < sizeof(*ifa))
		return MNL_CB_OK;
	vp_netlink_parse(nlh, sizeof(*ifa), tb, IFA_MAX);
	/* On a point-to-point link IFA_ADDRESS is the peer's. */
	attr = tb[IFA_LOCAL] != NULL ? tb[IFA_LOCAL] : tb[IFA_ADDRESS];
	i = vp_netstate_by_index(s, (int)ifa->ifa_index);
	if (attr == NULL || i == NULL)
		return MNL_CB_OK;
	a = vp_netlink_addr(mnl_attr_get_payload(attr),
	                    mnl_attr_get_payload_len(attr));
	*VP_PUSH(s->arena, i->addresses, i->pub.n_addresses) = a;
	i->routable |= !vp_netstate_is_link_local(&a);
	return MNL_CB_OK;
}

static const char *interface_name(const struct vp_netstate *s, uint32_t index)
{
	const struct vp_netstate_interface *i =
		vp_netstate_by_index(s, (int)index);

	return i != NULL ? i->pub.name : "a vanished interface";
}

static struct vp_addr attr_addr(const struct nlattr *attr)
{
	return attr == NULL ? (struct vp_addr){ 0 }
	                    : vp_netlink_addr(mnl_attr_get_payload(attr),
	                                      mnl_attr_get_payload_len(attr));
}

/* "via 10.0.0.1 on eth0" */
static char *hop_text(const struct vp_netstate *s, const struct nlattr *gateway,
                      const struct nlattr *via, uint32_t ifindex)
{
	struct vp_addr a =
		via != NULL ? vp_netlink_via(via) : attr_addr(gateway);
	char buf[VP_ADDR_TEXT];

	if (a.family == 0)
		return vp_arena_printf(s->arena, "on %s",
		                       interface_name(s, ifindex));
	return vp_arena_printf(s->arena, "via %s on %s",
	                       vp_addr_format(&a, buf),
	                       interface_name(s, ifindex));
}

/* The hops of RTA_MULTIPATH: "via A on x and via B on y". */
static char *multipath_text(const struct vp_netstate *s,
                            const struct nlattr *hops)
{
	const uint8_t *at = mnl_attr_get_payload(hops);
	size_t left = mnl_attr_get_payload_len(hops);
	char *text = NULL;

	while (left >= sizeof(struct rtnexthop)) {
		const struct rtnexthop *nh = (const void *)at;
		const struct nlattr *tb[RTA_MAX + 1];
		size_t len = nh->rtnh_len, step = (len + 3) & ~(size_t)3;
		char *hop;

		if (len < sizeof(*nh) || len > left)
			break;
		vp_netlink_attributes(at + sizeof(*nh), len - sizeof(*nh), tb,
		                      RTA_MAX);
		hop = hop_text(s, tb[RTA_GATEWAY], tb[RTA_VIA],
		               (uint32_t)nh->rtnh_ifindex);
		text = text == NULL ? hop
		                    : vp_arena_printf(s->arena, "%s and %s",
		                                      text, hop);
		at += step < left ? step : left;
		left -= step < left ? step : left;
	}
	return text;
}

static const char *type_text(uint8_t type)
{
	switch (type) {
	case RTN_BLACKHOLE:
		return "to nowhere (blackhole)";
	case RTN_UNREACHABLE:
		return "to nowhere (unreachable)";
	case RTN_PROHIBIT:
		return "to nowhere (prohibit)";
	case RTN_THROW:
		return "to other tables (throw)";
	default:
		return NULL;
	}
}

/* What the kernel itself makes of each interface's link-local address and
 * multicast: the interface says it already. */
static bool is_noise(const struct rtmsg *rtm, const struct vp_addr *dst)
{
	if ((rtm->rtm_flags & RTM_F_CLONED) != 0)
		return true;
	return rtm->rtm_protocol == RTPROT_KERNEL &&
	       (vp_netstate_is_link_local(dst) ||
	        (dst->family == 6 && dst->bytes[0] == 0xff));
}

static char *key_text(const struct vp_netstate *s, const struct rtmsg *rtm,
                      const struct vp_addr *dst, uint32_t metric)
{
	char buf[VP_ADDR_TEXT], extra[48] = "";
	const char *family = rtm->rtm_family == AF_INET6 ? "IPv6 " : "";

	if (metric != 0)
		snprintf(extra, sizeof(extra), " (metric %u)", metric);
	if (rtm->rtm_tos != 0)
		snprintf(extra + strlen(extra), sizeof(extra) - strlen(extra),
		         " (TOS %u)", rtm->rtm_tos);
	if (rtm->rtm_dst_len == 0)
		return vp_arena_printf(s->arena, "%sdefault route%s", family,
		                       extra);
	return vp_arena_printf(s->arena, "route to %s/%u%s",
	                       vp_addr_format(dst, buf), rtm->rtm_dst_len,
	                       extra);
}

/* Does a route to this prefix take packets for public addresses? */
static bool takes_public(const struct vp_addr *dst, uint8_t len)
{
	const struct vp_prefix *p;
	size_t n;

	if (len < 8) /* the default route, or a half of it (0.0.0.0/1) */
		return dst->family != 6 || dst->bytes[0] != 0xfc || len != 7;
	p = vp_private_prefixes(&n);
	for (size_t i = 0; i < n; i++)
		if (p[i].len <= len && vp_prefix_contains(&p[i], dst))
			return false;
	switch (vp_addr_scope(dst, NULL, 0)) {
	case VP_SCOPE_LOOPBACK:
	case VP_SCOPE_LINK_LOCAL:
	case VP_SCOPE_MULTICAST:
	case VP_SCOPE_PLATFORM:
		return false;
	default:
		return true;
	}
}

static void note_way_out(struct vp_netstate *s, uint32_t index)
{
	struct vp_netstate_interface *i = vp_netstate_by_index(s, (int)index);

	if (i != NULL)
		i->pub.leads_out = true;
}

/* Whatever its table: rules may lead there. */
static void note_ways_out(struct vp_netstate *s, const struct rtmsg *rtm,
                          const struct nlattr *const *tb,
                          const struct vp_addr *dst)
{
	const uint8_t *at;
	size_t left;

	if (rtm->rtm_type != RTN_UNICAST ||
	    (rtm->rtm_flags & RTM_F_CLONED) != 0 ||
	    !takes_public(dst, rtm->rtm_dst_len))
		return;
	note_way_out(s, vp_netlink_u32(tb[RTA_OIF], 0));
	if (tb[RTA_MULTIPATH] == NULL)
		return;
	at = mnl_attr_get_payload(tb[RTA_MULTIPATH]);
	left = mnl_attr_get_payload_len(tb[RTA_MULTIPATH]);
	while (left >= sizeof(struct rtnexthop)) {
		const struct rtnexthop *nh = (const void *)at;
		size_t step = (nh->rtnh_len + 3u) & ~(size_t)3;

		if (nh->rtnh_len < sizeof(*nh) || nh->rtnh_len > left)
			return;
		note_way_out(s, (uint32_t)nh->rtnh_ifindex);
		at += step < left ? step : left;
		left -= step < left ? step : left;
	}
}

static int on_route(const struct nlmsghdr *nlh, void *arg)
{
	struct vp_netstate *s = arg;
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *tb[RTA_MAX + 1];
	struct vp_addr dst, src;
	char buf[VP_ADDR_TEXT];
	struct vp_netstate_route *r;

	if (nlh->nlmsg_type != RTM_NEWROUTE ||
	    mnl_nlmsg_get_payload_len(nlh) < sizeof(*rtm))
		return MNL_CB_OK;
	vp_netlink_parse(nlh, sizeof(*rtm), tb, RTA_MAX);
	dst = attr_addr(tb[RTA_DST]);
	note_ways_out(s, rtm, tb, &dst);
	if (vp_netlink_u32(tb[RTA_TABLE], rtm->rtm_table) != RT_TABLE_MAIN ||
	    is_noise(rtm, &dst))
		return MNL_CB_OK;
	r = VP_PUSH(s->arena, s->routes, s->n_routes);
	r->key = key_text(s, rtm, &dst, vp_netlink_u32(tb[RTA_PRIORITY], 0));
	r->text = (char *)type_text(rtm->rtm_type);
	if (r->text == NULL && tb[RTA_MULTIPATH] != NULL)
		r->text = multipath_text(s, tb[RTA_MULTIPATH]);
	if (r->text == NULL)
		r->text = hop_text(s, tb[RTA_GATEWAY], tb[RTA_VIA],
		                   vp_netlink_u32(tb[RTA_OIF], 0));
	src = attr_addr(tb[RTA_PREFSRC]);
	if (src.family != 0)
		r->text = vp_arena_printf(s->arena, "%s from %s", r->text,
		                          vp_addr_format(&src, buf));
	return MNL_CB_OK;
}

static int dump_once(struct vp_netstate *s, struct vp_routes *r)
{
	struct nlmsghdr *nlh;
	struct ifinfomsg *ifi;
	struct rtgenmsg *any;
	int err;

	nlh = vp_netlink_message(r, RTM_GETLINK, NLM_F_DUMP);
	ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));
	ifi->ifi_family = AF_UNSPEC;
	mnl_attr_put_u32(nlh, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	err = vp_netlink_ask(r, nlh, on_link, s);
	if (err < 0)
		return err;
	nlh = vp_netlink_message(r, RTM_GETADDR, NLM_F_DUMP);
	any = mnl_nlmsg_put_extra_header(nlh, sizeof(*any));
	any->rtgen_family = AF_UNSPEC;
	err = vp_netlink_ask(r, nlh, on_address, s);
	if (err < 0)
		return err;
	nlh = vp_netlink_message(r, RTM_GETROUTE, NLM_F_DUMP);
	any = mnl_nlmsg_put_extra_header(nlh, sizeof(*any));
	any->rtgen_family = AF_UNSPEC;
	return vp_netlink_ask(r, nlh, on_route, s);
}

/* -EINTR (NLM_F_DUMP_INTR): the lists may have gaps, so all are read again. */
static int dump(struct vp_netstate *s, struct vp_routes *r)
{
	int err = -EINTR;

	for (unsigned i = 0; i < DUMP_TRIES && err == -EINTR; i++) {
		s->interfaces = NULL;
		s->routes = NULL;
		s->n_interfaces = s->n_routes = 0;
		err = dump_once(s, r);
	}
	return err == -EINTR ? -EAGAIN : err;
}

/* No such file is a state like another one. */
static int read_resolv_conf(struct vp_netstate *s, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	size_t len = 0;
	ssize_t n;
	int err;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	s->resolv_conf = vp_arena_alloc(s->arena, RESOLV_CONF_MAX + 1);
	do {
		n = read(fd, s->resolv_conf + len, RESOLV_CONF_MAX - len);
		len += n > 0 ? (size_t)n : 0;
	} while (n > 0 || (n < 0 && errno == EINTR));
	err = n < 0 ? -errno : 0;
	close(fd);
	return err;
}

static int compare_addresses(const void *a, const void *b)
{
	return vp_addr_compare(a, b);
}

static int compare_interfaces(const void *a, const void *b)
{
	const struct vp_netstate_interface *x = a, *y = b;

	return (x->pub.index > y->pub.index) - (x->pub.index < y->pub.index);
}

static int compare_routes(const void *a, const void *b)
{
	const struct vp_netstate_route *x = a, *y = b;
	int order = strcmp(x->key, y->key);

	return order != 0 ? order : strcmp(x->text, y->text);
}

static void put_in_order(struct vp_netstate *s)
{
	if (s->n_routes > 0)
		qsort(s->routes, s->n_routes, sizeof(*s->routes),
		      compare_routes);
	if (s->n_interfaces > 0)
		qsort(s->interfaces, s->n_interfaces, sizeof(*s->interfaces),
		      compare_interfaces);
	s->list = vp_arena_alloc(s->arena,
	                         (s->n_interfaces + 1) * sizeof(*s->list));
	for (size_t i = 0; i < s->n_interfaces; i++) {
		struct vp_netstate_interface *f = &s->interfaces[i];

		if (f->pub.n_addresses > 0)
			qsort(f->addresses, f->pub.n_addresses,
			      sizeof(*f->addresses), compare_addresses);
		f->pub.addresses = f->addresses;
		s->list[i] = f->pub;
	}
}

int vp_netstate_take_from(struct vp_netstate **out, struct vp_routes *r,
                          const char *resolv_conf)
{
	struct vp_netstate *s = calloc(1, sizeof(*s));
	int err;

	*out = NULL;
	if (s == NULL)
		return -ENOMEM;
	s->arena = vp_arena_create();
	err = dump(s, r);
	if (err == 0)
		err = read_resolv_conf(s, resolv_conf);
	if (err < 0) {
		vp_netstate_free(s);
		return err;
	}
	put_in_order(s);
	*out = s;
	return 0;
}

int vp_netstate_take(struct vp_netstate **out, struct vp_routes *r)
{
	return vp_netstate_take_from(out, r, "/etc/resolv.conf");
}

void vp_netstate_free(struct vp_netstate *s)
{
	if (s == NULL)
		return;
	vp_arena_destroy(s->arena);
	free(s);
}

size_t vp_netstate_interfaces(const struct vp_netstate *s,
                              const struct vp_interface **out)
{
	*out = s != NULL ? s->list : NULL;
	return s != NULL ? s->n_interfaces : 0;
}
