/*
 * evidence.c - see evidence.h.
 *
 * libpcap writes the format, through a stdio stream with a buffer of our own
 * that is flushed only between packets; so the length after the last flush is
 * always a place where the file may be cut.
 */
#include "evidence.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vnetprobe/whole_file.h"

#define BUFFER_BYTES (64 * 1024)
#define FILE_HEADER 24   /* struct pcap_file_header in a file */
#define RECORD_HEADER 16 /* two 32-bit times, two 32-bit lengths */

struct vp_evidence {
	pcap_dumper_t *dumper;
	struct vp_whole_file file;
	char *buffer;
	size_t buffer_size;
	size_t pending;         /* bytes in the buffer */
	uint64_t pending_count; /* packets in the buffer */
	uint64_t written;       /* bytes flushed: always whole packets */
	uint64_t max_bytes;
	uint64_t left_out;
	int error;
	bool committed;
};

static void fail(struct vp_evidence *e, int err)
{
	if (e->error == 0)
		e->error = err != 0 ? err : -EIO;
}

/* Brings the buffer to the file, or cuts off what came of it. */
static void flush(struct vp_evidence *e)
{
	FILE *f = pcap_dump_file(e->dumper);

	if (e->error != 0 || e->pending == 0)
		return;
	errno = 0;
	if (fflush(f) == 0 && !ferror(f)) {
		e->written += e->pending;
	} else {
		fail(e, -errno);
		e->left_out += e->pending_count;
		/* Nothing more can be done if this fails as well: the file
		 * never gets its name. */
		if (ftruncate(fileno(f), (off_t)e->written) != 0)
			fail(e, -errno);
	}
	e->pending = 0;
	e->pending_count = 0;
}

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

static int open_file(struct vp_evidence *e, pcap_t *pcap, const char *path)
{
	FILE *f;
	/* Whole packets of every program on this machine: the owner's alone. */
	int err, fd = vp_whole_file_open(&e->file, path, 0600);

	if (fd < 0)
		return fd;
	f = fdopen(fd, "w");
	if (f == NULL) {
		err = -errno;
		close(fd);
		return err;
	}
	setvbuf(f, e->buffer, _IOFBF, e->buffer_size);
	e->dumper = pcap_dump_fopen(pcap, f);
	if (e->dumper == NULL) {
		fclose(f);
		return -EIO;
	}
	e->pending = FILE_HEADER;
	flush(e);
	return e->error;
}

int vp_evidence_open(struct vp_evidence **out, pcap_t *pcap, const char *path,
                     uint64_t max_bytes, char *why, size_t size)
{
	struct vp_evidence *e;
	int err = check_path(path, why, size);

	*out = NULL;
	if (err < 0)
		return err;
	err = -ENOMEM;
	e = calloc(1, sizeof(*e));
	if (e == NULL)
		goto out;
	e->max_bytes = max_bytes;
	e->buffer_size = BUFFER_BYTES + (size_t)pcap_snapshot(pcap);
	e->buffer = malloc(e->buffer_size);
	if (e->buffer != NULL)
		err = open_file(e, pcap, path);
out:
	if (err < 0) {
		snprintf(why, size, "cannot write packets to %s: %s", path,
		         strerror(-err));
		vp_evidence_close(e);
		return err;
	}
	*out = e;
	return 0;
}

void vp_evidence_write(struct vp_evidence *e, const struct pcap_pkthdr *h,
                       const unsigned char *data)
{
	size_t need = RECORD_HEADER + h->caplen;

	if (e->committed)
		return;
	if (e->error != 0 || need > e->buffer_size ||
	    e->written + e->pending + need > e->max_bytes) {
		e->left_out++;
		return;
	}
	if (e->pending + need > e->buffer_size)
		flush(e);
	if (e->error != 0) {
		e->left_out++;
		return;
	}
	pcap_dump((u_char *)e->dumper, h, data);
	e->pending += need;
	e->pending_count++;
}

uint64_t vp_evidence_left_out(const struct vp_evidence *e)
{
	return e->left_out;
}

int vp_evidence_error(const struct vp_evidence *e)
{
	return e->error;
}

int vp_evidence_commit(struct vp_evidence *e)
{
	if (e->committed)
		return 0;
	flush(e);
	if (e->error == 0) {
		int err = vp_whole_file_commit(
			&e->file, fileno(pcap_dump_file(e->dumper)));

		if (err != 0)
			fail(e, err);
	}
	e->committed = e->error == 0;
	return e->error;
}

void vp_evidence_close(struct vp_evidence *e)
{
	if (e == NULL)
		return;
	if (e->dumper != NULL)
		pcap_dump_close(e->dumper);
	vp_whole_file_close(&e->file);
	free(e->buffer);
	free(e);
}
