/*
 * machine.h - what this machine's own files say about its DNS.
 *
 * Files only; nothing is sent. Whatever is missing or unreadable leaves its
 * field at "not known": no field here makes a verdict better.
 */
#ifndef VNETPROBE_MACHINE_H
#define VNETPROBE_MACHINE_H

#include "vnetprobe/facts.h"

struct vp_machine_files { /* NULL: the system's own */
	const char *resolv_conf;
	const char *hosts;       /* /etc/hosts */
	const char *nsswitch;    /* /etc/nsswitch.conf */
	const char *dmi;         /* /sys/class/dmi/id/chassis_asset_tag */
	const char *links;       /* /run/systemd/resolve/netif */
	const char *networkd;    /* /run/systemd/netif/links */
	const char *nscd_socket; /* /var/run/nscd/socket */
};

/*
 * Fills facts->machine (search, ndots, hosts_sources, cache, azure, links) and,
 * for each name of the facts, its hosts lines; sets the interface of resolvers
 * that a link names. vnet_dns is left alone. Call it after the plan is made.
 */
void vp_machine_read(struct vp_facts *facts,
                     const struct vp_machine_files *files);

/* Is this an Azure VM, by its DMI chassis tag alone? path NULL: the system's.
 */
enum vp_azure vp_machine_azure(const char *path);

#endif
