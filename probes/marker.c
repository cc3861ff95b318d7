/*
 * marker.c - see marker.h.
 */
#include "marker.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <linux/if_packet.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#define ETHERTYPE_EXPERIMENTAL 0x88b5
#define LABEL "vnetprobe self-test "

static int say(char *why, size_t size, int err, const char *what)
{
	snprintf(why, size, "%s: %s", what, strerror(-err));
	return err;
}

/* With the loopback down 127.0.0.1 may not exist yet, but a port can still be
 * reserved: the filter needs its number. */
static int open_udp(struct vp_marker *m, char *why, size_t size)
{
	struct sockaddr_in sa = { .sin_family = AF_INET };
	socklen_t len = sizeof(sa);

	m->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (m->fd < 0)
		return say(why, size, -errno, "cannot open a UDP socket");
	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(m->fd, (struct sockaddr *)&sa, sizeof(sa)) != 0) {
		sa.sin_addr.s_addr = htonl(INADDR_ANY);
		if (bind(m->fd, (struct sockaddr *)&sa, sizeof(sa)) != 0)
			return say(why, size, -errno,
			           "cannot bind a UDP socket");
	}
	if (getsockname(m->fd, (struct sockaddr *)&sa, &len) != 0)
		return say(why, size, -errno, "cannot read a socket's port");
	m->port = ntohs(sa.sin_port);
	return 0;
}

static int open_packet(struct vp_marker *m, const char *interface, char *why,
                       size_t size)
{
	struct ifreq ifr = { .ifr_ifindex = 0 };

	/* Protocol 0: it only sends. */
	m->fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (m->fd < 0)
		return say(why, size, -errno, "cannot open a packet socket");
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", interface);
	if (ioctl(m->fd, SIOCGIFINDEX, &ifr) != 0)
		return say(why, size, -errno, interface);
	m->ifindex = ifr.ifr_ifindex;
	if (ioctl(m->fd, SIOCGIFHWADDR, &ifr) != 0)
		return say(why, size, -errno, interface);
	m->ethernet = ifr.ifr_hwaddr.sa_family == ARPHRD_ETHER ||
	              ifr.ifr_hwaddr.sa_family == ARPHRD_LOOPBACK;
	memcpy(m->mac, ifr.ifr_hwaddr.sa_data, sizeof(m->mac));
	return 0;
}

int vp_marker_open(struct vp_marker *m, const char *interface, char *why,
                   size_t size)
{
	int err;

	*m = (struct vp_marker){ .fd = -1 };
	err = interface == NULL ? open_udp(m, why, size)
	                        : open_packet(m, interface, why, size);
	if (err < 0)
		vp_marker_close(m);
	return err;
}

static int send_udp(struct vp_marker *m, const uint8_t *data, size_t len)
{
	struct sockaddr_in sa = { .sin_family = AF_INET };
	uint8_t old[128];

	while (recv(m->fd, old, sizeof(old), 0) >= 0)
		; /* earlier markers: their work is done */
	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	sa.sin_port = htons(m->port);
	if (sendto(m->fd, data, len, 0, (struct sockaddr *)&sa, sizeof(sa)) < 0)
		return -errno;
	return 0;
}

static int send_frame(struct vp_marker *m, const uint8_t *data, size_t len)
{
	struct sockaddr_ll ll = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETHERTYPE_EXPERIMENTAL),
		.sll_ifindex = m->ifindex,
		.sll_halen = sizeof(m->mac),
	};
	uint8_t frame[128] = { 0 }; /* zeroes fill it to the least length */
	size_t size = 14 + len < 60 ? 60 : 14 + len;

	memcpy(ll.sll_addr, m->mac, sizeof(m->mac));
	memcpy(frame, m->mac, sizeof(m->mac));
	memcpy(frame + 6, m->mac, sizeof(m->mac));
	frame[12] = ETHERTYPE_EXPERIMENTAL >> 8;
	frame[13] = ETHERTYPE_EXPERIMENTAL & 0xff;
	memcpy(frame + 14, data, len);
	if (sendto(m->fd, frame, size, 0, (struct sockaddr *)&ll, sizeof(ll)) <
	    0)
		return -errno;
	return 0;
}

static bool loopback_down(int fd)
{
	struct ifreq ifr = { .ifr_name = "lo" };

	return ioctl(fd, SIOCGIFFLAGS, &ifr) != 0 ||
	       (ifr.ifr_flags & IFF_UP) == 0;
}

int vp_marker_send(struct vp_marker *m, char *why, size_t size)
{
	uint8_t data[sizeof(LABEL) - 1 + VP_MARKER_BYTES];
	int err;

	if (m->fd < 0)
		return say(why, size, -EBADF, "cannot send a self-test packet");
	if (m->ifindex == 0 && loopback_down(m->fd)) {
		snprintf(why, size, "the loopback interface is down");
		return -ENETDOWN;
	}
	if (m->ifindex != 0 && !m->ethernet) {
		/* A tunnel has no address of its own to send to: whatever is
		 * sent there goes out to its far end. */
		snprintf(why, size,
		         "no self-test is possible on this interface: it is "
		         "not an Ethernet link");
		return -EOPNOTSUPP;
	}
	if (getrandom(m->bytes, sizeof(m->bytes), 0) !=
	    (ssize_t)sizeof(m->bytes))
		return say(why, size, -EIO, "no random bytes");
	memcpy(data, LABEL, sizeof(LABEL) - 1);
	memcpy(data + sizeof(LABEL) - 1, m->bytes, sizeof(m->bytes));
	err = m->ifindex == 0 ? send_udp(m, data, sizeof(data))
	                      : send_frame(m, data, sizeof(data));
	if (err < 0)
		return say(why, size, err, "cannot send a self-test packet");
	return 0;
}

bool vp_marker_in(const struct vp_marker *m, const uint8_t *frame, size_t len)
{
	return memmem(frame, len, m->bytes, sizeof(m->bytes)) != NULL;
}

void vp_marker_close(struct vp_marker *m)
{
	if (m->fd >= 0)
		close(m->fd);
	m->fd = -1;
}
