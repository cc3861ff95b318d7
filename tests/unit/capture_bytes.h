/* capture_bytes.h - captures built by hand, in either byte order, and read from
 * memory. */
#ifndef VP_TESTS_CAPTURE_BYTES_H
#define VP_TESTS_CAPTURE_BYTES_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct bytes {
	uint8_t b[8192];
	size_t n;
	bool swap; /* the other byte order than this machine's */
	size_t block;
};

static inline void b_put(struct bytes *o, const void *p, size_t n)
{
	if (n > sizeof(o->b) - o->n)
		abort();
	memcpy(o->b + o->n, p, n);
	o->n += n;
}

static inline void b_16(struct bytes *o, unsigned v)
{
	uint16_t x = (uint16_t)v;

	x = o->swap ? __builtin_bswap16(x) : x;
	b_put(o, &x, 2);
}

static inline void b_32(struct bytes *o, uint32_t v)
{
	v = o->swap ? __builtin_bswap32(v) : v;
	b_put(o, &v, 4);
}

static inline void b_64(struct bytes *o, uint64_t v)
{
	v = o->swap ? __builtin_bswap64(v) : v;
	b_put(o, &v, 8);
}

static inline void b_pad(struct bytes *o)
{
	while (o->n % 4 != 0)
		b_put(o, "", 1);
}

/* --- pcap ------------------------------------------------------------------
 */

static inline void b_pcap(struct bytes *o, uint32_t magic, uint32_t snaplen,
                          uint32_t linktype)
{
	b_32(o, magic);
	b_16(o, 2);
	b_16(o, 4);
	b_32(o, 0);
	b_32(o, 0);
	b_32(o, snaplen);
	b_32(o, linktype);
}

static inline void b_record(struct bytes *o, uint32_t sec, uint32_t part,
                            const char *data, uint32_t len)
{
	b_32(o, sec);
	b_32(o, part);
	b_32(o, (uint32_t)strlen(data));
	b_32(o, len);
	b_put(o, data, strlen(data));
}

/* --- pcapng ----------------------------------------------------------------
 */

static inline void b_begin(struct bytes *o, uint32_t type)
{
	o->block = o->n;
	b_32(o, type);
	b_32(o, 0);
}

static inline void b_end(struct bytes *o)
{
	uint32_t len = (uint32_t)(o->n + 4 - o->block), v = len;

	v = o->swap ? __builtin_bswap32(v) : v;
	memcpy(o->b + o->block + 4, &v, 4);
	b_32(o, len);
}

static inline void b_option(struct bytes *o, unsigned code, const void *value,
                            size_t n)
{
	b_16(o, code);
	b_16(o, (unsigned)n);
	b_put(o, value, n);
	b_pad(o);
}

static inline void b_option_32(struct bytes *o, unsigned code, uint32_t v)
{
	b_16(o, code);
	b_16(o, 4);
	b_32(o, v);
}

static inline void b_option_64(struct bytes *o, unsigned code, uint64_t v)
{
	b_16(o, code);
	b_16(o, 8);
	b_64(o, v);
}

static inline void b_section(struct bytes *o, const char *comment)
{
	b_begin(o, 0x0a0d0d0a);
	b_32(o, 0x1a2b3c4d);
	b_16(o, 1);
	b_16(o, 0);
	b_64(o, UINT64_MAX);
	if (comment != NULL)
		b_option(o, 1, comment, strlen(comment));
	b_end(o);
}

/* tsresol and offset only if they are not the default. */
static inline void b_interface(struct bytes *o, unsigned linktype,
                               uint32_t snaplen, const char *name,
                               unsigned tsresol, int64_t offset)
{
	uint8_t resol = (uint8_t)tsresol;

	b_begin(o, 1);
	b_16(o, linktype);
	b_16(o, 0);
	b_32(o, snaplen);
	if (name != NULL)
		b_option(o, 2, name, strlen(name));
	if (tsresol != 6)
		b_option(o, 9, &resol, 1);
	if (offset != 0)
		b_option_64(o, 14, (uint64_t)offset);
	b_end(o);
}

/* flags 0: no options. */
static inline void b_packet(struct bytes *o, uint32_t interface, uint64_t ts,
                            const void *data, size_t n, uint32_t len,
                            uint32_t flags)
{
	b_begin(o, 6);
	b_32(o, interface);
	b_32(o, (uint32_t)(ts >> 32));
	b_32(o, (uint32_t)ts);
	b_32(o, (uint32_t)n);
	b_32(o, len);
	b_put(o, data, n);
	b_pad(o);
	if (flags != 0) {
		b_option_32(o, 2, flags);
		b_option(o, 0, "", 0);
	}
	b_end(o);
}

static inline void b_enhanced(struct bytes *o, uint32_t interface, uint64_t ts,
                              const char *data, uint32_t len, uint32_t flags)
{
	b_packet(o, interface, ts, data, strlen(data), len, flags);
}

static inline void b_statistics(struct bytes *o, uint32_t interface,
                                uint64_t ifdrop, uint64_t osdrop,
                                const char *comment)
{
	b_begin(o, 5);
	b_32(o, interface);
	b_64(o, 0);
	if (comment != NULL)
		b_option(o, 1, comment, strlen(comment));
	b_option_64(o, 5, ifdrop);
	b_option_64(o, 7, osdrop);
	b_end(o);
}

/* --- as a file --------------------------------------------------------------
 */

/* A path that opens to these bytes; close the descriptor. */
static inline int b_file(char path[32], const void *data, size_t n)
{
	int fd = memfd_create("capture", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, n) != (ssize_t)n)
		abort();
	snprintf(path, 32, "/proc/self/fd/%d", fd);
	return fd;
}

#endif
