/*
 * marker.h - packets of our own that prove that a capture sees.
 *
 * The socket is opened while there is a right to, and used without one. For
 * all interfaces: UDP from 127.0.0.1 to itself. For one: a frame of the local
 * experimental EtherType 0x88b5 (IEEE 802, table of Ethertypes) from and to the
 * interface's own address, sent by a socket other than the capture's, which
 * would not be shown what it sends itself.
 */
#ifndef VP_PROBES_MARKER_H
#define VP_PROBES_MARKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VP_MARKER_BYTES 32 /* of randomness: nobody else sends them */

struct vp_marker {
	int fd;        /* -1: closed, or none can be sent on this link */
	uint16_t port; /* of the UDP socket; 0: on one interface */
	int ifindex;   /* 0: on all */
	bool ethernet; /* a frame can be sent */
	uint8_t mac[6];
	uint8_t bytes[VP_MARKER_BYTES];
};

/* interface NULL: all. 0, or -errno with a sentence in why. */
int vp_marker_open(struct vp_marker *m, const char *interface, char *why,
                   size_t size);
/* Sends a new marker. 0, or -errno with a sentence in why. */
int vp_marker_send(struct vp_marker *m, char *why, size_t size);
/* Is the marker that was sent last in this frame? */
bool vp_marker_in(const struct vp_marker *m, const uint8_t *frame, size_t len);
void vp_marker_close(struct vp_marker *m);

#endif
