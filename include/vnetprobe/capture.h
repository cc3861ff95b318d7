/*
 * capture.h - packets of this machine, live, on the loop (libpcap).
 *
 * Opening needs CAP_NET_RAW and parses nothing: the owner drops its rights
 * after vp_capture_open() and only then calls vp_capture_start(). Frames come
 * from the loop, with a budget a turn; the descriptor is polled and a timer
 * runs as well, since TPACKET_V3 hands blocks over late.
 */
#ifndef VNETPROBE_CAPTURE_H
#define VNETPROBE_CAPTURE_H

#include <uv.h>

#include "vnetprobe/facts.h"
#include "vnetprobe/packet.h"

struct vp_capture;

#define VP_CAPTURE_PORTS 16

struct vp_capture_options {
	const char *interface; /* NULL: all of them ("any", DLT_LINUX_SLL2) */
	/* Prefixes that count as private beside RFC 1918, 6598, 4193, loopback,
	 * link-local, multicast and platform addresses. Between two private
	 * ends the kernel hands over only: DNS (53, 853 and dns_ports), TCP
	 * SYN/FIN/RST, TLS handshake records, HTTP CONNECT, ICMP errors,
	 * fragments, tunnels (GRE, IP in IP, VXLAN, Geneve), unknown protocols
	 * and the self-test. Everything with a public end is handed
	 * over whole. */
	const struct vp_prefix *vnet;
	size_t n_vnet;
	const uint16_t *dns_ports; /* the first VP_CAPTURE_PORTS count */
	size_t n_dns_ports;
	uint32_t snaplen;      /* 0: 8192 */
	uint32_t buffer_bytes; /* 0: 8 MiB */
};

struct vp_capture_stats {
	uint64_t received, dropped, interface_dropped; /* since the start */
};

typedef void vp_frame_cb(const struct vp_frame *frame, void *arg);
/* ok: the self-test packet was seen; else why says what happened. */
typedef void vp_selftest_cb(bool ok, const char *why, void *arg);
/* The capture ended by itself (interface gone, read error); once at most. */
typedef void vp_capture_end_cb(const char *why, void *arg);

/*
 * Opens, sets filter and buffers, is non-blocking. On failure *out is NULL, the
 * result a negative errno (-EPERM: no right; -ENODEV: no such interface) and
 * why (size bytes) a sentence.
 */
int vp_capture_open(struct vp_capture **out,
                    const struct vp_capture_options *opt, char *why,
                    size_t size);

/* Throws away what came since the opening, takes the counters' baseline and
 * begins to hand frames to cb. 0 or UV_E. */
int vp_capture_start(struct vp_capture *c, uv_loop_t *loop, vp_frame_cb *cb,
                     vp_capture_end_cb *end, void *arg);

/*
 * Sends a marked packet and waits until it is captured. On "any": a UDP
 * datagram to ourselves over loopback. On one interface: a frame of the local
 * experimental EtherType 0x88b5 from and to the interface's own address, which
 * no switch forwards. One at a time (-EBUSY). Never calls back from inside.
 */
int vp_capture_selftest(struct vp_capture *c, unsigned timeout_ms,
                        vp_selftest_cb *cb, void *arg);

/* Reads what is still buffered, at most max_ms, into the frame callback; from
 * within that callback it does nothing. */
void vp_capture_drain(struct vp_capture *c, unsigned max_ms);
void vp_capture_stats(struct vp_capture *c, struct vp_capture_stats *out);

/*
 * The stretches of time in which packets were lost, in order, as the counters
 * told at each tick (100 ms); neighbours are joined. Good until the next call
 * of any of these functions. Beyond VP_CAPTURE_LOSSES they are only counted,
 * in *left_out.
 */
#define VP_CAPTURE_LOSSES 64
size_t vp_capture_losses(struct vp_capture *c, const struct vp_loss **out,
                         size_t *left_out);
int vp_capture_linktype(const struct vp_capture *c);
uint32_t vp_capture_snaplen(const struct vp_capture *c);

/* NULL is fine; closes its handles on the loop (run it once more to free). */
void vp_capture_destroy(struct vp_capture *c);

/* The filter text for these options, for tests and -v: 0 or -ENOSPC. */
int vp_capture_filter_text(char *buf, size_t size,
                           const struct vp_capture_options *opt,
                           uint16_t selftest_port);

#endif
