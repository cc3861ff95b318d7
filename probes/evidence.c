/*
 * evidence.c - see vnetprobe/evidence.h; pcapng.c makes the blocks.
 *
 * Blocks gather in a buffer; the buffer goes to the file at once, behind what
 * is known to be there, and a write that fails is cut off again. So the length
 * after the last write is always a place where the file may end.
 *
 * Notes that come before the first packet stand in the section header, so that
 * a reader knows them before it sees packets; later ones in the statistics.
 *
 * The ring. Two files are written in turn, each of which is complete by itself:
 * a section header and all interfaces known by then (its head), then packets
 * and interfaces as they come. Where one is full, the other one is emptied and
 * goes on. Interfaces are numbered over both. So the older file, followed by
 * the newer one without its head, is a file that begins with the oldest packet
 * still there: that is what the commit makes.
 */
#include "vnetprobe/evidence.h"

#include <errno.h>
#include <pcap/dlt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "file_digest.h"
#include "pcapng.h"
#include "vnetprobe/whole_file.h"

#define MAX_BYTES (64 * 1024 * 1024)
#define LEAST_BYTES (64 * 1024)
#define BUFFER_BYTES (1024 * 1024)
#define FLUSH_BYTES (64 * 1024)
#define KEEP_MAX (256 * 1024) /* of one frame */
#define SNAPLEN (256 * 1024)
#define INTERFACES_MAX 4096
#define NAME_MAX_BYTES 64
/* Of the file, early and late notes may have this part each. */
#define NOTES_SHARE 8
#define NOTES_MAX (512 * 1024)
#define TRAILER 256 /* the statistics block without its comments, amply */

struct segment {
	struct vp_whole_file file;
	int fd;           /* -1: none */
	uint64_t written; /* whole blocks, all of them in the file */
	uint64_t head;    /* of these: section header and interfaces */
	uint64_t packets; /* in the file and in the buffer */
};

struct interface {
	int ifindex, linktype;
	char name[NAME_MAX_BYTES];
};

struct vp_evidence {
	struct vp_evidence_options opt; /* strings are our own */
	struct segment segments[2];
	struct segment *current;
	struct vp_pcapng buffer;
	uint64_t buffered; /* packets in the buffer */
	uint64_t limit;    /* bytes of a segment */

	struct interface *interfaces; /* those in the file */
	uint32_t n_interfaces, last_interface;
	struct interface *names; /* of those that may come */
	size_t n_names;

	struct vp_pcapng_comments early, late; /* notes: in head and trailer */
	size_t notes_max;
	bool notes_left_out;
	bool settled; /* the head is as it stays */

	uint32_t turn;        /* of the ring */
	uint64_t numbers;     /* packets taken */
	uint64_t overwritten; /* of them, by the ring */
	uint64_t left_out;
	uint64_t received, dropped, interface_dropped;
	int error;
	bool full, committed;
	struct vp_evidence_result result;
};

/* The first failure stands; 0 is none. */
static void fail(struct vp_evidence *e, int err)
{
	if (e->error == 0)
		e->error = err;
}

/* --- the files ----------------------------------------------------------- */

static int write_at(int fd, const uint8_t *data, size_t len, uint64_t offset)
{
	while (len > 0) {
		ssize_t n = pwrite(fd, data, len, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		data += n;
		offset += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

/* Brings the buffer to the file, or cuts off what came of it. */
static void flush(struct vp_evidence *e)
{
	struct segment *s = e->current;
	int err;

	if (e->error != 0 || e->buffer.len == 0)
		return;
	err = write_at(s->fd, e->buffer.data, e->buffer.len, s->written);
	if (err == 0) {
		s->written += e->buffer.len;
	} else {
		fail(e, err);
		e->left_out += e->buffered;
		/* Nothing more can be done if this fails as well: the file
		 * never gets its name. */
		if (ftruncate(s->fd, (off_t)s->written) != 0)
			fail(e, -errno);
	}
	e->buffer.len = 0;
	e->buffered = 0;
}

/* A segment's beginning, in the buffer; false: no room. */
static bool begin_segment(struct vp_evidence *e, struct segment *s)
{
	char host[128];

	snprintf(host, sizeof(host), "captured on %.64s",
	         e->opt.hostname != NULL ? e->opt.hostname : "unknown host");
	e->current = s;
	if (vp_pcapng_section(&e->buffer, e->opt.os, e->opt.application, host,
	                      &e->early) == 0)
		return false;
	for (uint32_t i = 0; i < e->n_interfaces; i++)
		if (vp_pcapng_interface(&e->buffer, e->interfaces[i].linktype,
		                        e->opt.snaplen,
		                        e->interfaces[i].name) == 0)
			return false;
	s->head = e->buffer.len;
	return true;
}

/* The ring goes on in its other file, from its start. */
static bool turn(struct vp_evidence *e)
{
	struct segment *next = e->current == &e->segments[0] ? &e->segments[1]
	                                                     : &e->segments[0];

	flush(e);
	if (e->error != 0)
		return false;
	if (ftruncate(next->fd, 0) != 0) {
		fail(e, -errno);
		return false;
	}
	e->overwritten += next->packets;
	e->left_out += next->packets;
	next->written = 0;
	next->packets = 0;
	e->turn++;
	if (begin_segment(e, next))
		return true;
	e->buffer.len = 0;
	fail(e, -ENOSPC);
	return false;
}

/* The head was written in good time, to see that it can be: once more, with
 * the notes that there are by now. */
static void settle(struct vp_evidence *e)
{
	if (e->settled)
		return;
	e->settled = true;
	if (e->early.len == 0 || e->error != 0)
		return;
	if (ftruncate(e->current->fd, 0) != 0) {
		fail(e, -errno);
		return;
	}
	e->current->written = 0;
	if (!begin_segment(e, e->current))
		fail(e, -ENOSPC);
	flush(e);
}

/* Is there room for so many bytes more? */
static bool room(struct vp_evidence *e, size_t need)
{
	if (e->error != 0 || e->full)
		return false;
	if (e->current->written + e->buffer.len + need > e->limit) {
		if (e->opt.mode == VP_EVIDENCE_FIRST) {
			e->full = true; /* later ones are not the first */
			return false;
		}
		if (e->current->head + need > e->limit)
			return false; /* an empty file has no room either */
		if (!turn(e) || e->buffer.len + need > e->limit)
			return false;
	}
	if (e->buffer.len >= FLUSH_BYTES ||
	    e->buffer.len + need > e->buffer.size)
		flush(e);
	return e->error == 0;
}

/* --- opening ------------------------------------------------------------ */

/* rename(2) would put a file in the place of a device or a pipe. */
static int check_path(const char *path, char *why, size_t size)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return 0; /* new; whether it can be made shows next */
	if (S_ISREG(st.st_mode))
		return 0;
	if (S_ISDIR(st.st_mode)) {
		snprintf(why, size, "%s is a directory, not a file for packets",
		         path);
		return -EISDIR;
	}
	snprintf(why, size, "%s is not a regular file", path);
	return -EINVAL;
}

static int copy_text(const char **to)
{
	if (*to == NULL)
		return 0;
	*to = strdup(*to);
	return *to != NULL ? 0 : -ENOMEM;
}

static int copy_options(struct vp_evidence *e,
                        const struct vp_evidence_options *opt)
{
	struct vp_evidence_options *o = &e->opt;
	int err;

	*o = *opt;
	if (o->max_bytes == 0)
		o->max_bytes = MAX_BYTES;
	if (o->max_bytes < LEAST_BYTES)
		o->max_bytes = LEAST_BYTES;
	if (o->snaplen == 0)
		o->snaplen = SNAPLEN;
	o->path = NULL; /* the whole files have it */
	err = copy_text(&o->application);
	err = copy_text(&o->hostname) != 0 ? -ENOMEM : err;
	return copy_text(&o->os) != 0 ? -ENOMEM : err;
}

static int open_files(struct vp_evidence *e, const char *path)
{
	int n = e->opt.mode == VP_EVIDENCE_RING ? 2 : 1;

	e->notes_max = e->opt.max_bytes / NOTES_SHARE;
	if (e->notes_max > NOTES_MAX)
		e->notes_max = NOTES_MAX;
	e->limit = (e->opt.max_bytes - e->notes_max - TRAILER) / (unsigned)n;
	for (int i = 0; i < n; i++) {
		struct segment *s = &e->segments[i];

		/* Packets of every program here: the owner's alone. */
		s->fd = vp_whole_file_open(&s->file, path, 0600);
		if (s->fd < 0)
			return s->fd;
	}
	if (!begin_segment(e, &e->segments[0]))
		return -ENOMEM;
	flush(e);
	return e->error;
}

int vp_evidence_open(struct vp_evidence **out,
                     const struct vp_evidence_options *opt, char *why,
                     size_t size)
{
	struct vp_evidence *e;
	int err = check_path(opt->path, why, size);

	*out = NULL;
	if (err < 0)
		return err;
	err = -ENOMEM;
	e = calloc(1, sizeof(*e));
	if (e != NULL) {
		e->segments[0].fd = e->segments[1].fd = -1;
		e->buffer.size = BUFFER_BYTES;
		e->buffer.data = malloc(BUFFER_BYTES);
		err = copy_options(e, opt);
	}
	if (err == 0 && e->buffer.data == NULL)
		err = -ENOMEM;
	if (err == 0)
		err = open_files(e, opt->path);
	if (err < 0) {
		snprintf(why, size, "cannot write packets to %s: %s", opt->path,
		         strerror(-err));
		vp_evidence_close(e);
		return err;
	}
	*out = e;
	return 0;
}

/* --- interfaces ---------------------------------------------------------- */

static struct interface *find_name(const struct vp_evidence *e, int ifindex)
{
	for (size_t i = 0; i < e->n_names; i++)
		if (e->names[i].ifindex == ifindex)
			return &e->names[i];
	return NULL;
}

void vp_evidence_interface(struct vp_evidence *e, int ifindex, const char *name)
{
	struct interface *i = find_name(e, ifindex);

	if (i == NULL) {
		if (e->n_names == INTERFACES_MAX)
			return; /* it goes without a name */
		i = reallocarray(e->names, e->n_names + 1, sizeof(*i));
		if (i == NULL)
			return;
		e->names = i;
		i = &e->names[e->n_names++];
	}
	*i = (struct interface){ .ifindex = ifindex };
	snprintf(i->name, sizeof(i->name), "%s", name);
}

static bool is_interface(const struct interface *i, int ifindex, int linktype)
{
	return i->ifindex == ifindex && i->linktype == linktype;
}

/* Writes an interface block. Its number, or UINT32_MAX: no room. */
static uint32_t add_interface(struct vp_evidence *e, int ifindex, int linktype)
{
	const struct interface *named = find_name(e, ifindex);
	struct interface *i;

	i = reallocarray(e->interfaces, e->n_interfaces + 1, sizeof(*i));
	if (i == NULL)
		return UINT32_MAX;
	e->interfaces = i;
	i = &e->interfaces[e->n_interfaces];
	*i = (struct interface){ .ifindex = ifindex, .linktype = linktype };
	if (named != NULL)
		memcpy(i->name, named->name, sizeof(i->name));
	if (!room(e, NAME_MAX_BYTES + 64) ||
	    vp_pcapng_interface(&e->buffer, linktype, e->opt.snaplen,
	                        i->name) == 0)
		return UINT32_MAX;
	return e->n_interfaces++;
}

static uint32_t interface_of(struct vp_evidence *e, int ifindex, int linktype)
{
	uint32_t last = e->last_interface;

	if (last < e->n_interfaces &&
	    is_interface(&e->interfaces[last], ifindex, linktype))
		return last;
	for (uint32_t i = 0; i < e->n_interfaces; i++)
		if (is_interface(&e->interfaces[i], ifindex, linktype))
			return e->last_interface = i;
	if (e->n_interfaces >= INTERFACES_MAX)
		return UINT32_MAX;
	return e->last_interface = add_interface(e, ifindex, linktype);
}

/* --- packets and notes --------------------------------------------------- */

uint64_t vp_evidence_write(struct vp_evidence *e, const struct vp_frame *frame,
                           uint32_t keep)
{
	uint32_t id = UINT32_MAX;

	if (e->committed)
		return 0;
	if (keep > frame->caplen)
		keep = frame->caplen;
	if (keep > KEEP_MAX)
		keep = KEEP_MAX;
	settle(e);
	if (e->error == 0 && !e->full)
		id = interface_of(e, frame->ifindex, frame->linktype);
	if (id == UINT32_MAX || !room(e, vp_pcapng_packet_size(keep)) ||
	    vp_pcapng_packet(&e->buffer, id, frame, keep) == 0) {
		e->left_out++;
		return 0;
	}
	e->current->packets++;
	e->buffered++;
	return ++e->numbers;
}

uint32_t vp_evidence_turn(const struct vp_evidence *e)
{
	return e->turn;
}

int vp_evidence_note(struct vp_evidence *e, const char *line)
{
	int err;

	if (e->committed)
		return -ENOSPC;
	if (vp_pcapng_has_comment(&e->early, line) ||
	    vp_pcapng_has_comment(&e->late, line))
		return 0;
	err = vp_pcapng_comment(e->settled ? &e->late : &e->early, line,
	                        e->notes_max);
	e->notes_left_out |= err != 0;
	return err;
}

void vp_evidence_losses(struct vp_evidence *e, uint64_t received,
                        uint64_t dropped, uint64_t interface_dropped)
{
	e->received = received;
	e->dropped = dropped;
	e->interface_dropped = interface_dropped;
}

uint64_t vp_evidence_left_out(const struct vp_evidence *e)
{
	return e->left_out;
}

int vp_evidence_error(const struct vp_evidence *e)
{
	return e->error;
}

/* --- the commit ---------------------------------------------------------- */

/* Appends what the newer file of a ring has behind its head to the older. */
static void join(struct vp_evidence *e)
{
	struct segment *newer = e->current;
	struct segment *older =
		newer == &e->segments[0] ? &e->segments[1] : &e->segments[0];
	uint64_t at = newer->head;

	if (older->packets == 0)
		return; /* never turned */
	while (at < newer->written && e->error == 0) {
		uint64_t left = newer->written - at;
		size_t want =
			left < e->buffer.size ? (size_t)left : e->buffer.size;
		ssize_t n = pread(newer->fd, e->buffer.data, want, (off_t)at);

		if (n <= 0) {
			fail(e, n < 0 ? -errno : -EIO);
			return;
		}
		fail(e, write_at(older->fd, e->buffer.data, (size_t)n,
		                 older->written));
		at += (uint64_t)n;
		older->written += (uint64_t)n;
	}
	older->packets += newer->packets;
	e->current = older;
}

static void add_statistics(struct vp_evidence *e)
{
	struct vp_pcapng_statistics s = {
		.received = e->received,
		.dropped = e->dropped,
		.interface_dropped = e->interface_dropped,
		.comments = &e->late,
	};
	struct timeval now;

	if (e->notes_left_out) /* TRAILER has room for this one */
		vp_pcapng_comment(&e->late, VP_EVIDENCE_NOTES_LEFT_OUT,
		                  SIZE_MAX);
	gettimeofday(&now, NULL);
	s.now_us = (int64_t)now.tv_sec * 1000000 + now.tv_usec;
	/* Statistics need an interface, and so do readers: libpcap takes no
	 * file without one. */
	if (e->n_interfaces == 0 &&
	    vp_pcapng_interface(&e->buffer, DLT_LINUX_SLL2, e->opt.snaplen,
	                        "any") == 0)
		fail(e, -ENOSPC);
	if (vp_pcapng_statistics(&e->buffer, &s) == 0)
		fail(e, -ENOSPC);
}

int vp_evidence_commit(struct vp_evidence *e)
{
	if (e->committed || e->error != 0)
		return e->error;
	settle(e);
	flush(e);
	if (e->error == 0)
		join(e);
	if (e->error == 0)
		add_statistics(e);
	flush(e);
	if (e->error == 0)
		fail(e, vp_file_digest(e->result.sha256, e->current->fd,
		                       e->current->written));
	if (e->error == 0)
		fail(e,
		     vp_whole_file_commit(&e->current->file, e->current->fd));
	if (e->error != 0)
		return e->error;
	e->committed = true;
	e->result.packets = e->numbers - e->overwritten;
	e->result.bytes = e->current->written;
	return 0;
}

void vp_evidence_result(const struct vp_evidence *e,
                        struct vp_evidence_result *out)
{
	*out = e->result;
}

uint64_t vp_evidence_position(const struct vp_evidence *e, uint64_t number)
{
	if (!e->committed || number <= e->overwritten || number > e->numbers)
		return 0;
	return number - e->overwritten;
}

void vp_evidence_close(struct vp_evidence *e)
{
	if (e == NULL)
		return;
	for (int i = 0; i < 2; i++) {
		if (e->segments[i].fd >= 0)
			close(e->segments[i].fd);
		vp_whole_file_close(&e->segments[i].file);
	}
	free((char *)e->opt.application);
	free((char *)e->opt.hostname);
	free((char *)e->opt.os);
	free(e->buffer.data);
	free(e->interfaces);
	free(e->names);
	free(e->early.data);
	free(e->late.data);
	free(e);
}
