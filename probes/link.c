/* link.c - see vnetprobe/link.h; roles are link_role.c's. */
#include "vnetprobe/link.h"

#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "link_role.h"
#include "netlink.h"
#include "netstate.h"

#define DUMP_TRIES 10

struct links {
	struct vp_link_told *all;
	size_t n, room;
	bool no_memory;
};

static struct vp_link_told *another(struct links *s)
{
	struct vp_link_told *l;

	if (s->n == s->room) {
		size_t room = s->room > 0 ? 2 * s->room : 16;

		l = reallocarray(s->all, room, sizeof(*l));
		if (l == NULL) {
			s->no_memory = true;
			return NULL;
		}
		s->all = l;
		s->room = room;
	}
	l = &s->all[s->n++];
	memset(l, 0, sizeof(*l));
	return l;
}

static void copy_text(char *to, size_t size, const struct nlattr *attr)
{
	if (attr != NULL && mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
		snprintf(to, size, "%s", mnl_attr_get_str(attr));
}

static void copy_kind(struct vp_link_told *l, const struct nlattr *info)
{
	const struct nlattr *tb[IFLA_INFO_MAX + 1];

	if (info == NULL)
		return;
	vp_netlink_attributes(mnl_attr_get_payload(info),
	                      mnl_attr_get_payload_len(info), tb,
	                      IFLA_INFO_MAX);
	copy_text(l->pub.kind, sizeof(l->pub.kind), tb[IFLA_INFO_KIND]);
}

static int on_link(const struct nlmsghdr *nlh, void *arg)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *tb[IFLA_MAX + 1];
	struct vp_link_told *l;

	if (nlh->nlmsg_type != RTM_NEWLINK ||
	    mnl_nlmsg_get_payload_len(nlh) < sizeof(*ifi))
		return MNL_CB_OK;
	l = another(arg);
	if (l == NULL)
		return MNL_CB_OK; /* read to the end, then -ENOMEM */
	vp_netlink_parse(nlh, sizeof(*ifi), tb, IFLA_MAX);
	l->pub.index = ifi->ifi_index;
	l->pub.up = (ifi->ifi_flags & IFF_UP) != 0;
	l->pub.master = (int)vp_netlink_u32(tb[IFLA_MASTER], 0);
	copy_text(l->pub.name, sizeof(l->pub.name), tb[IFLA_IFNAME]);
	copy_kind(l, tb[IFLA_LINKINFO]);
	l->loopback = (ifi->ifi_flags & IFF_LOOPBACK) != 0;
	l->slave = (ifi->ifi_flags & IFF_SLAVE) != 0;
	l->ethernet = ifi->ifi_type == ARPHRD_ETHER;
	l->below = (int)vp_netlink_u32(tb[IFLA_LINK], 0);
	l->below_elsewhere = tb[IFLA_LINK_NETNSID] != NULL;
	if (tb[IFLA_ADDRESS] != NULL &&
	    mnl_attr_get_payload_len(tb[IFLA_ADDRESS]) == sizeof(l->mac)) {
		l->has_mac = true;
		memcpy(l->mac, mnl_attr_get_payload(tb[IFLA_ADDRESS]),
		       sizeof(l->mac));
	}
	return MNL_CB_OK;
}

static int dump(struct links *s, struct vp_routes *r)
{
	int err = -EINTR; /* changed while it was listed */

	for (unsigned i = 0; i < DUMP_TRIES && err == -EINTR; i++) {
		struct nlmsghdr *nlh =
			vp_netlink_message(r, RTM_GETLINK, NLM_F_DUMP);
		struct ifinfomsg *ifi =
			mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));

		ifi->ifi_family = AF_UNSPEC;
		mnl_attr_put_u32(nlh, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
		s->n = 0;
		err = vp_netlink_ask(r, nlh, on_link, s);
	}
	if (err == 0 && s->no_memory)
		return -ENOMEM;
	return err == -EINTR ? -EAGAIN : err;
}

/* Not there in a namespace whose /sys is another's: then not known. */
static void read_driver(struct vp_link_told *l)
{
	char path[128], to[256];
	const char *base;
	ssize_t n;

	snprintf(path, sizeof(path), "/sys/class/net/%s/device/driver",
	         l->pub.name);
	n = readlink(path, to, sizeof(to) - 1);
	if (n <= 0)
		return;
	to[n] = '\0';
	base = strrchr(to, '/');
	snprintf(l->driver, sizeof(l->driver), "%.15s",
	         base != NULL ? base + 1 : to);
}

static int note_routes(struct links *s, struct vp_routes *r)
{
	struct vp_netstate *state;
	int err = vp_netstate_take_from(&state, r, "/dev/null");

	if (err < 0)
		return err;
	for (size_t i = 0; i < s->n; i++) {
		const struct vp_netstate_interface *f =
			vp_netstate_by_index(state, s->all[i].pub.index);

		s->all[i].leads_out = f != NULL && f->pub.leads_out;
	}
	vp_netstate_free(state);
	return 0;
}

int vp_links_read(struct vp_link **out, size_t *n, struct vp_routes *r)
{
	struct links s = { 0 };
	int err = dump(&s, r);

	*out = NULL;
	*n = 0;
	if (err == 0)
		err = note_routes(&s, r);
	if (err == 0) {
		*out = calloc(s.n > 0 ? s.n : 1, sizeof(**out));
		err = *out == NULL ? -ENOMEM : 0;
	}
	if (err == 0) {
		for (size_t i = 0; i < s.n; i++)
			if (s.all[i].pub.kind[0] == '\0')
				read_driver(&s.all[i]);
		for (size_t i = 0; i < s.n; i++) {
			(*out)[i] = s.all[i].pub;
			(*out)[i].role = vp_link_role_of(s.all, s.n, i);
		}
		*n = s.n;
	}
	free(s.all);
	return err;
}
