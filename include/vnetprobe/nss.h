/*
 * nss.h - the addresses applications get: getaddrinfo() through nsswitch.conf.
 *
 * getaddrinfo() blocks for as long as resolv.conf says and cannot be ended, so
 * it runs in a helper process that is forked before the loop starts, has no
 * rights, and can be killed at any deadline. The helper runs up to n_threads
 * look-ups side by side.
 */
#ifndef VNETPROBE_NSS_H
#define VNETPROBE_NSS_H

#include <uv.h>

#include "vnetprobe/facts.h"

struct vp_nss;

/* row: type 0, transport NSS; resolver and round are not set. An error of
 * getaddrinfo() is outcome ERROR, or OK with no address for "no such name" and
 * "no address", with its words in detail; a try-again error is TIMEOUT. */
typedef void vp_nss_cb(const struct vp_dns_row *row, void *arg);

/* Forks the helper. Call it while the process has one thread and drop rights
 * afterwards or before; the helper drops its own. 0 or -errno. */
int vp_nss_create(struct vp_nss **out, unsigned n_threads);
/* A question that takes longer than this is given up and reported as TIMEOUT;
 * another thread takes the place of the one that hangs in it. 0, as at first:
 * never. glibc waits for TCP to connect for as long as the kernel tries, some
 * two minutes. */
void vp_nss_limit(struct vp_nss *n, unsigned ms);
/* Puts the helper's pipe on the loop; then vp_nss_ask() may be called. */
int vp_nss_start(struct vp_nss *n, uv_loop_t *loop);
/* cb runs once, from the loop, unless vp_nss_destroy() comes first. If the
 * helper dies, every open question gets outcome ERROR. */
int vp_nss_ask(struct vp_nss *n, struct vp_arena *arena, const char *name,
               vp_nss_cb *cb, void *arg);
/* Kills and reaps the helper. NULL is fine; works without vp_nss_start(). */
void vp_nss_destroy(struct vp_nss *n);

#endif
