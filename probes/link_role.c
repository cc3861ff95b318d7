/*
 * link_role.c - see link_role.h.
 *
 * The same packet passes several links of one machine: the bridge and the card
 * beneath it, the synthetic interface of an Azure VM and its VF, a container's
 * veth and, after NAT, the card. Roles say at which one it leaves. A kind that
 * nobody told us of is UNKNOWN, which counts as EXIT: too much is judged, and
 * nothing is hidden.
 */
#include "link_role.h"

#include <string.h>

enum nature {
	DEVICE,    /* a card, or what works as one */
	BUNDLE,    /* a device that its members show again */
	PORT,      /* the end of another namespace or guest */
	TUN,       /* a guest's end, or a program's tunnel: by its frames */
	ABOVE,     /* its packets leave again by another link */
	COPY,      /* shows what another one has received */
	NO_PACKETS /* nothing of IP passes it */
};

static const struct {
	const char *kind;
	enum nature nature;
} kinds[] = {
	{ "", DEVICE },          { "amt", ABOVE },
	{ "bareudp", ABOVE },    { "batadv", ABOVE },
	{ "bond", BUNDLE },      { "bridge", ABOVE },
	{ "can", NO_PACKETS },   { "dummy", DEVICE },
	{ "erspan", ABOVE },     { "geneve", ABOVE },
	{ "gre", ABOVE },        { "gretap", ABOVE },
	{ "gtp", ABOVE },        { "hsr", ABOVE },
	{ "ifb", COPY },         { "ip6erspan", ABOVE },
	{ "ip6gre", ABOVE },     { "ip6gretap", ABOVE },
	{ "ip6tnl", ABOVE },     { "ipip", ABOVE },
	{ "ipoib", DEVICE },     { "ipvlan", ABOVE },
	{ "ipvtap", PORT },      { "macsec", ABOVE },
	{ "macvlan", ABOVE },    { "macvtap", PORT },
	{ "netdevsim", DEVICE }, { "netkit", PORT },
	{ "nlmon", NO_PACKETS }, { "openvswitch", ABOVE },
	{ "ovpn", ABOVE },       { "ppp", ABOVE },
	{ "sit", ABOVE },        { "team", BUNDLE },
	{ "tun", TUN },          { "vcan", NO_PACKETS },
	{ "veth", PORT },        { "vlan", ABOVE },
	{ "vrf", ABOVE },        { "vti", ABOVE },
	{ "vti6", ABOVE },       { "vxlan", ABOVE },
	{ "wireguard", ABOVE },  { "xfrm", ABOVE },
};

static const struct vp_link_told *find(const struct vp_link_told *all, size_t n,
                                       int index)
{
	for (size_t i = 0; i < n; i++)
		if (all[i].pub.index == index)
			return &all[i];
	return NULL;
}

/*
 * Do packets of its members pass such a master as well, whole and unchanged?
 * Of bonds and teams, and of a plain device: the synthetic interface of
 * accelerated networking is its VF's master (as net_failover's is). A bridge
 * and its like only join ports that are ends of their own.
 */
static bool shows_members(const struct vp_link_told *master)
{
	const char *kind = master->pub.kind;

	return kind[0] == '\0' || strcmp(kind, "bond") == 0 ||
	       strcmp(kind, "team") == 0 || strcmp(kind, "hsr") == 0;
}

/* A VF and its synthetic interface have one MAC address, and the VF the flag
 * SLAVE (docs/sources.md: P10). Where the master is not told, the driver of
 * the other one says which of the two this is. */
static bool is_vf(const struct vp_link_told *all, size_t n, size_t i)
{
	const struct vp_link_told *l = &all[i];

	if (l->pub.kind[0] != '\0' || !l->has_mac)
		return false;
	for (size_t k = 0; k < n; k++) {
		const struct vp_link_told *o = &all[k];

		if (k == i || o->pub.kind[0] != '\0' || !o->has_mac ||
		    memcmp(o->mac, l->mac, sizeof(l->mac)) != 0)
			continue;
		if (l->slave != o->slave)
			return l->slave;
		if (strcmp(o->driver, "hv_netvsc") == 0 &&
		    strcmp(l->driver, "hv_netvsc") != 0)
			return true;
	}
	return false;
}

static enum vp_link_role by_nature(const struct vp_link_told *l,
                                   enum nature nature)
{
	switch (nature) {
	case DEVICE:
	case BUNDLE:
		return VP_LINK_EXIT;
	case PORT:
		/* In a container its veth is the card. */
		return l->leads_out ? VP_LINK_EXIT : VP_LINK_ENTRY;
	case TUN:
		return l->ethernet ? VP_LINK_ENTRY : VP_LINK_UPPER;
	case ABOVE:
		/* A container's macvlan: the card is not to be seen here. */
		return l->below_elsewhere && l->leads_out ? VP_LINK_EXIT
		                                          : VP_LINK_UPPER;
	case COPY:
		return VP_LINK_LOWER;
	case NO_PACKETS:
		break;
	}
	return VP_LINK_UNKNOWN;
}

enum vp_link_role vp_link_role_of(const struct vp_link_told *all, size_t n,
                                  size_t i)
{
	const struct vp_link_told *l = &all[i], *master;

	if (l->loopback)
		return VP_LINK_LOOPBACK;
	master = l->pub.master != 0 ? find(all, n, l->pub.master) : NULL;
	if ((master != NULL && shows_members(master)) || is_vf(all, n, i))
		return VP_LINK_LOWER;
	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
		if (strcmp(kinds[k].kind, l->pub.kind) == 0)
			return by_nature(l, kinds[k].nature);
	return VP_LINK_UNKNOWN;
}

const char *vp_link_role_name(enum vp_link_role role)
{
	switch (role) {
	case VP_LINK_LOOPBACK:
		return "loopback";
	case VP_LINK_ENTRY:
		return "entry";
	case VP_LINK_UPPER:
		return "upper";
	case VP_LINK_LOWER:
		return "lower";
	case VP_LINK_EXIT:
		return "exit";
	case VP_LINK_UNKNOWN:
		break;
	}
	return "unknown";
}
