/*
 * capture_file.c - see capture_file.h: opening, pcap, and counting.
 *
 * pcap is a header and then packets, each behind 16 bytes: seconds, fraction,
 * bytes kept, bytes on the wire (draft-ietf-opsawg-pcap). There is nothing to
 * find the way back by, so a length that cannot be ends the reading.
 */
#include "capture_file_private.h"

#include <errno.h>
#include <fcntl.h>
#include <pcap/dlt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC_US 0xa1b2c3d4u
#define MAGIC_NS 0xa1b23c4du
#define MAGIC_MODIFIED 0xa1b2cd34u /* more fields before each packet */
#define MAGIC_BLOCKS 0x0a0d0d0au   /* pcapng, in either byte order */

#define FILE_HEADER 24
#define PACKET_HEADER 16
/* What libpcap takes, however small a snapshot the file claims. */
#define PACKET_BYTES 262144u
#define MAX_TIME_US 253402300799999999 /* 9999-12-31T23:59:59.999999Z */

#define LINKTYPE_RAW 101 /* DLT_RAW differs from system to system */

static bool is_magic(uint32_t magic, uint32_t want)
{
	return magic == want || magic == __builtin_bswap32(want);
}

int vp_file_linktype(uint32_t linktype)
{
	return linktype == LINKTYPE_RAW ? DLT_RAW : (int)linktype;
}

/* --- how reading goes on -------------------------------------------------- */

int vp_file_refuse(struct vp_capture_file *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(f->why, sizeof(f->why), fmt, ap);
	va_end(ap);
	f->failed = -EBADMSG;
	return f->failed;
}

int vp_file_ends(struct vp_capture_file *f)
{
	size_t left = vp_file_window_left(&f->in);

	if (f->in.error != 0) {
		snprintf(f->why, sizeof(f->why), "cannot be read: %s",
		         f->in.error == -EINTR ? "a signal came"
		                               : strerror(-f->in.error));
		f->failed = f->in.error;
		return f->failed;
	}
	if (left == 0 && f->stats.cut == NULL)
		return 0;
	if (f->stats.cut == NULL)
		snprintf(f->cut, sizeof(f->cut),
		         "it ends within a %s, %zu bytes after byte %llu, "
		         "behind %llu whole packets",
		         f->blocks ? "block" : "packet", left,
		         (unsigned long long)vp_file_window_offset(&f->in),
		         (unsigned long long)f->stats.packets);
	f->stats.cut = f->cut;
	return 0;
}

void vp_file_damaged(struct vp_capture_file *f, const char *fmt, ...)
{
	va_list ap;

	f->stats.damaged++;
	if (f->stats.damage != NULL)
		return;
	va_start(ap, fmt);
	vsnprintf(f->damage, sizeof(f->damage), fmt, ap);
	va_end(ap);
	f->stats.damage = f->damage;
}

int vp_file_packet(struct vp_capture_file *f, struct vp_frame *frame,
                   bool timed)
{
	struct vp_capture_file_stats *s = &f->stats;

	s->packets++;
	if (frame->len < frame->caplen)
		frame->len = frame->caplen; /* more was kept than there was */
	if (!timed) {
		frame->ts_us = f->time_us;
		return 1;
	}
	if (frame->ts_us < 0)
		frame->ts_us = 0;
	if (frame->ts_us > MAX_TIME_US)
		frame->ts_us = MAX_TIME_US;
	if (frame->ts_us < f->time_us)
		s->out_of_order++;
	f->time_us = frame->ts_us;
	if (s->first_us == 0 || frame->ts_us < s->first_us)
		s->first_us = frame->ts_us;
	if (frame->ts_us > s->last_us)
		s->last_us = frame->ts_us;
	return 1;
}

struct vp_file_interface *vp_file_interface_add(struct vp_capture_file *f)
{
	size_t cap = f->cap_interfaces == 0 ? 4 : f->cap_interfaces * 2;
	struct vp_file_interface *grown, *i;

	if (f->n_interfaces == VP_FILE_INTERFACES_MAX) {
		vp_file_refuse(f, "it describes more than %d interfaces",
		               VP_FILE_INTERFACES_MAX);
		return NULL;
	}
	if (f->n_interfaces == f->cap_interfaces) {
		grown = reallocarray(f->interfaces, cap, sizeof(*grown));
		if (grown == NULL) {
			vp_file_refuse(f, "out of memory");
			return NULL;
		}
		f->interfaces = grown;
		f->cap_interfaces = cap;
	}
	i = &f->interfaces[f->n_interfaces++];
	*i = (struct vp_file_interface){ 0 };
	vp_file_clock_set(&i->clock, 6);
	return i;
}

/* --- pcap ------------------------------------------------------------------
 */

/* In the upper bits of the link type stands how long a checksum follows each
 * Ethernet frame; the lengths inside tell where that begins. */
#define LINKTYPE_BITS 0x03ffffff

static int open_pcap(struct vp_capture_file *f, uint32_t magic)
{
	const uint8_t *h = vp_file_window_need(&f->in, FILE_HEADER);
	bool nanoseconds = is_magic(magic, MAGIC_NS);
	struct vp_file_interface *i;

	if (h == NULL && f->in.error == 0)
		return vp_file_refuse(f, "ends within its header");
	if (h == NULL)
		return vp_file_ends(f);
	f->swapped = magic != (nanoseconds ? MAGIC_NS : MAGIC_US);
	if (vp_file_u16(f->swapped, h + 4) != 2)
		return vp_file_refuse(f,
		                      "is pcap of version %u.%u, and 2.4 is "
		                      "known here",
		                      vp_file_u16(f->swapped, h + 4),
		                      vp_file_u16(f->swapped, h + 6));
	i = vp_file_interface_add(f);
	if (i == NULL)
		return f->failed;
	i->snaplen = vp_file_u32(f->swapped, h + 16);
	i->linktype = vp_file_linktype(vp_file_u32(f->swapped, h + 20) &
	                               LINKTYPE_BITS);
	vp_file_clock_set(&i->clock, nanoseconds ? 9 : 6);
	vp_file_window_pass(&f->in, FILE_HEADER);
	return 0;
}

static int next_pcap(struct vp_capture_file *f, struct vp_frame *frame)
{
	const uint8_t *h = vp_file_window_need(&f->in, PACKET_HEADER);
	const struct vp_file_interface *i = f->interfaces;
	uint32_t caplen;

	if (h == NULL)
		return vp_file_ends(f);
	caplen = vp_file_u32(f->swapped, h + 8);
	if (caplen > VP_FILE_BLOCK_MAX ||
	    (caplen > PACKET_BYTES && caplen > i->snaplen))
		return vp_file_refuse(
			f,
			"is damaged: packet %llu, at byte %llu, is said to "
			"have %u bytes",
			(unsigned long long)f->stats.packets + 1,
			(unsigned long long)vp_file_window_offset(&f->in),
			caplen);
	h = vp_file_window_need(&f->in, PACKET_HEADER + caplen);
	if (h == NULL)
		return vp_file_ends(f);
	frame->seen = VP_SEEN_UNKNOWN;
	frame->ifindex = 0; /* pcap knows no interfaces */
	frame->linktype = i->linktype;
	frame->ts_us = (int64_t)vp_file_u32(f->swapped, h) * 1000000 +
	               (int64_t)(vp_file_u32(f->swapped, h + 4) / i->clock.div);
	frame->data = h + PACKET_HEADER;
	frame->caplen = caplen;
	frame->len = vp_file_u32(f->swapped, h + 12);
	vp_file_window_pass(&f->in, PACKET_HEADER + caplen);
	return vp_file_packet(f, frame, true);
}

/* --- opening ---------------------------------------------------------------
 */

/* What people have where a capture should be. */
static const struct {
	const char *bytes;
	size_t n;
	const char *what;
} others[] = {
	{ "\x1f\x8b", 2,
	  "is compressed by gzip: zcat %s | vnetprobe analyze -" },
	{ "\x28\xb5\x2f\xfd", 4,
	  "is compressed by zstd: zstdcat %s | vnetprobe analyze -" },
	{ "\xfd"
	  "7zXZ",
	  5, "is compressed by xz: xzcat %s | vnetprobe analyze -" },
	{ "BZh", 3, "is compressed by bzip2: bzcat %s | vnetprobe analyze -" },
	{ "\x04\x22\x4d\x18", 4,
	  "is compressed by lz4: lz4cat %s | vnetprobe analyze -" },
	{ "snoop\0\0\0", 8,
	  "is a capture of Solaris snoop: editcap -F pcap %s OUT.pcap turns it "
	  "into pcap" },
	{ "PK\3\4", 4, "is a ZIP archive; take the capture %s has in it" },
};

/* name is not NULL where bytes come from a file. */
static int refuse_other(struct vp_capture_file *f, const char *name)
{
	size_t left = vp_file_window_left(&f->in);
	const uint8_t *bytes = f->in.buf + f->in.at;
	char *what = NULL;
	int n;

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (left < others[i].n ||
		    memcmp(bytes, others[i].bytes, others[i].n) != 0)
			continue;
		n = asprintf(&what, others[i].what, name);
		if (n < 0)
			break;
		n = vp_file_refuse(f, "%s", what);
		free(what);
		return n;
	}
	return vp_file_refuse(f, "is neither pcap nor pcapng");
}

static int recognise(struct vp_capture_file *f, const char *name)
{
	const uint8_t *h;
	uint32_t magic;

	/* Where there is more, it is in the window by now: pipes, too, hand
	 * over what was written in one go. */
	h = vp_file_window_need(&f->in, 4);
	if (f->in.error != 0)
		return vp_file_ends(f);
	if (h == NULL && vp_file_window_left(&f->in) == 0)
		return vp_file_refuse(f, "is empty");
	if (h == NULL)
		return refuse_other(f, name);
	magic = vp_file_u32(false, h);
	if (is_magic(magic, MAGIC_US) || is_magic(magic, MAGIC_NS))
		return open_pcap(f, magic);
	if (is_magic(magic, MAGIC_MODIFIED))
		return vp_file_refuse(
			f,
			"is pcap with modified packet headers: editcap -F pcap "
			"%s OUT.pcap turns it into what is known here",
			name);
	if (magic != MAGIC_BLOCKS)
		return refuse_other(f, name);
	f->blocks = true;
	return 0;
}

static int open_path(const char *path, char *why, size_t size)
{
	bool is_stdin = strcmp(path, "-") == 0;
	struct stat st;
	int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		fd = -errno;
		snprintf(why, size, "cannot open %s: %s", path, strerror(-fd));
		return fd;
	}
	if (fstat(fd, &st) != 0 || !S_ISDIR(st.st_mode))
		return fd;
	snprintf(why, size, "%s is a directory, not a capture",
	         is_stdin ? "standard input" : path);
	if (!is_stdin)
		close(fd);
	return -EISDIR;
}

int vp_capture_file_open(struct vp_capture_file **out, const char *path,
                         char *why, size_t size)
{
	bool is_stdin = strcmp(path, "-") == 0;
	int fd = open_path(path, why, size), rc;
	struct vp_capture_file *f;

	*out = NULL;
	if (fd < 0)
		return fd;
	f = calloc(1, sizeof(*f));
	if (f == NULL || vp_file_window_init(&f->in, fd) != 0) {
		snprintf(why, size, "out of memory");
		if (!is_stdin)
			close(fd);
		free(f);
		return -ENOMEM;
	}
	rc = recognise(f, is_stdin ? "FILE" : path);
	if (rc == 0) {
		*out = f;
		return 0;
	}
	snprintf(why, size, "%s %s", is_stdin ? "standard input" : path,
	         f->why);
	vp_capture_file_close(f);
	return rc;
}

/* --- reading ---------------------------------------------------------------
 */

int vp_capture_file_next(struct vp_capture_file *f, struct vp_frame *frame,
                         char *why, size_t size)
{
	int rc = f->failed;

	if (rc == 0)
		rc = f->blocks ? vp_file_next_block_packet(f, frame)
		               : next_pcap(f, frame);
	if (rc < 0)
		snprintf(why, size, "%s", f->why);
	return rc;
}

const char *vp_capture_file_interface(const struct vp_capture_file *f,
                                      int ifindex)
{
	if (ifindex < 1 || (size_t)ifindex > f->n_interfaces)
		return NULL;
	return f->interfaces[ifindex - 1].name;
}

static uint64_t sum(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

void vp_capture_file_stats(const struct vp_capture_file *f,
                           struct vp_capture_file_stats *out)
{
	*out = f->stats;
	for (size_t k = 0; k < f->n_interfaces; k++) {
		const struct vp_file_interface *i = &f->interfaces[k];
		uint64_t told = sum(i->os_dropped, i->if_dropped);

		/* Statistics are of the whole capture, and may stand there
		 * without what each packet says, or the other way round. */
		out->dropped = sum(out->dropped, i->os_dropped);
		if (i->counted > told)
			out->dropped = sum(out->dropped, i->counted - told);
		out->interface_dropped =
			sum(out->interface_dropped, i->if_dropped);
	}
}

void vp_capture_file_on_comment(struct vp_capture_file *f,
                                vp_capture_file_comment_cb *cb, void *arg)
{
	f->on_comment = cb;
	f->comment_arg = arg;
}

void vp_capture_file_stop(struct vp_capture_file *f, int fd)
{
	f->in.stop = fd;
}

void vp_capture_file_close(struct vp_capture_file *f)
{
	if (f == NULL)
		return;
	for (size_t i = 0; i < f->n_interfaces; i++)
		free(f->interfaces[i].name);
	free(f->interfaces);
	vp_file_window_free(&f->in);
	free(f);
}
