/*
 * listeners.h - TCP ports that somebody on this machine accepts connections at.
 *
 * Of a connection that is older than the capture nobody saw who began it. One
 * at a port where a server listens was begun by the peer.
 */
#ifndef VNETPROBE_LISTENERS_H
#define VNETPROBE_LISTENERS_H

#include <stdint.h>

/* Calls port() for each, some more than once, from /proc/net/tcp and tcp6, or
 * from the one file that path names. What cannot be read has no listeners. */
void vp_listeners(const char *path, void (*port)(uint16_t port, void *arg),
                  void *arg);

#endif
