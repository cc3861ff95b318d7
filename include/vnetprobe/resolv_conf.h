/*
 * resolv_conf.h - the resolvers that this machine is told to ask.
 */
#ifndef VNETPROBE_RESOLV_CONF_H
#define VNETPROBE_RESOLV_CONF_H

#include "vnetprobe/facts.h"

/*
 * Reads path (NULL: /etc/resolv.conf) and appends every "nameserver" to the
 * resolvers of the facts, each address once; unlike glibc, not only the first
 * three. If one of them is systemd-resolved's stub (127.0.0.53, 127.0.0.54),
 * its upstreams are appended too, from upstream_path (NULL:
 * /run/systemd/resolve/resolv.conf), source SYSTEMD_RESOLVED. Returns the
 * number appended, or -errno with a sentence in why. An empty file gives 0:
 * glibc then asks 127.0.0.1, and so the caller may want to say.
 * A scoped IPv6 address (fe80::1%eth0) is appended without its scope and named
 * in why: it cannot be asked, and must not be forgotten.
 */
int vp_resolv_conf_read(struct vp_facts *facts, const char *path,
                        const char *upstream_path, char *why, size_t size);

#endif
