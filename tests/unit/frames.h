/* frames.h - frames built by hand, layer after layer, for the unit tests. */
#ifndef VP_TESTS_FRAMES_H
#define VP_TESTS_FRAMES_H

#include <arpa/inet.h>
#include <pcap/dlt.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "vnetprobe/packet.h"

struct frame {
	uint8_t b[80000];
	size_t n;
};

static inline void f_8(struct frame *f, unsigned v)
{
	f->b[f->n++] = (uint8_t)v;
}

static inline void f_16(struct frame *f, unsigned v)
{
	f_8(f, v >> 8);
	f_8(f, v);
}

static inline void f_32(struct frame *f, uint32_t v)
{
	f_16(f, v >> 16);
	f_16(f, v & 0xffff);
}

static inline void f_put(struct frame *f, const void *b, size_t n)
{
	memcpy(f->b + f->n, b, n);
	f->n += n;
}

static inline void f_fill(struct frame *f, unsigned byte, size_t n)
{
	memset(f->b + f->n, (int)byte, n);
	f->n += n;
}

static inline struct vp_addr f_addr(const char *text)
{
	struct vp_addr a = { 0 };

	if (inet_pton(AF_INET, text, a.bytes) == 1)
		a.family = 4;
	else if (inet_pton(AF_INET6, text, a.bytes) == 1)
		a.family = 6;
	else
		abort();
	return a;
}

static inline struct vp_endpoint f_end(const char *text, uint16_t port)
{
	return (struct vp_endpoint){ f_addr(text), port };
}

static inline void f_eth(struct frame *f, unsigned type)
{
	f->n = 0;
	f_put(f, "\x12\x34\x56\x78\x9a\xbc\x02\x00\x5e\x10\x00\x01", 12);
	f_16(f, type);
}

static inline void f_sll2(struct frame *f, unsigned pkttype, uint32_t ifindex,
                          unsigned type)
{
	f->n = 0;
	f_16(f, type);
	f_16(f, 0);
	f_32(f, ifindex);
	f_16(f, 1);
	f_8(f, pkttype);
	f_8(f, 6);
	f_put(f, "\x02\x00\x5e\x10\x00\x01\0\0", 8);
}

/* body is the number of bytes after this header. off: flags and offset. */
static inline void f_ip4(struct frame *f, const char *src, const char *dst,
                         unsigned proto, size_t body, unsigned id, unsigned off)
{
	f_16(f, 0x4500);
	f_16(f, (unsigned)(20 + body));
	f_16(f, id);
	f_16(f, off);
	f_8(f, 64);
	f_8(f, proto);
	f_16(f, 0);
	f_put(f, f_addr(src).bytes, 4);
	f_put(f, f_addr(dst).bytes, 4);
}

static inline void f_ip6(struct frame *f, const char *src, const char *dst,
                         unsigned next, size_t body)
{
	f_32(f, 0x60000000);
	f_16(f, (unsigned)body);
	f_8(f, next);
	f_8(f, 64);
	f_put(f, f_addr(src).bytes, 16);
	f_put(f, f_addr(dst).bytes, 16);
}

static inline void f_udp(struct frame *f, unsigned sport, unsigned dport,
                         size_t body)
{
	f_16(f, sport);
	f_16(f, dport);
	f_16(f, (unsigned)(8 + body));
	f_16(f, 0);
}

static inline void f_tcp(struct frame *f, unsigned sport, unsigned dport,
                         uint32_t seq, uint32_t ack, unsigned flags)
{
	f_16(f, sport);
	f_16(f, dport);
	f_32(f, seq);
	f_32(f, ack);
	f_8(f, 0x50);
	f_8(f, flags);
	f_16(f, 1000);
	f_32(f, 0);
}

/* Decodes from a copy of exact size, so that ASan sees one byte too many. */
static inline enum vp_decode f_decode_cut(struct vp_packet *p,
                                          const struct frame *f, int linktype,
                                          size_t caplen, uint8_t **keep)
{
	struct vp_frame frame = { .ts_us = 1,
		                  .linktype = linktype,
		                  .caplen = (uint32_t)caplen,
		                  .len = (uint32_t)f->n };
	uint8_t *copy = malloc(caplen + 1);
	enum vp_decode d;

	memcpy(copy, f->b, caplen);
	copy = realloc(copy, caplen > 0 ? caplen : 1);
	frame.data = copy;
	d = vp_packet_decode(p, &frame);
	if (keep != NULL)
		*keep = copy;
	else
		free(copy);
	return d;
}

#endif
