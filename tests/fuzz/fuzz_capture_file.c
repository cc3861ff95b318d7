/* A capture as it stands. What is read is also decoded: that is how the bytes
 * are touched, under ASan. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vnetprobe/capture_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t comment_bytes;

static void on_comment(const char *text, size_t len, void *arg)
{
	(void)arg;
	for (size_t i = 0; i < len; i++)
		comment_bytes += text[i] != 0;
}

static void check_frame(const struct vp_frame *f, size_t size)
{
	uint8_t *copy = malloc(f->caplen > 0 ? f->caplen : 1);
	struct vp_frame own = *f;
	struct vp_packet p;

	if (f->caplen > size || f->len < f->caplen || f->ifindex < 0 ||
	    f->ts_us < 0)
		abort();
	if (copy == NULL)
		return;
	memcpy(copy, f->data, f->caplen);
	own.data = copy;
	(void)vp_packet_decode(&p, &own);
	free(copy);
}

static void read_all(struct vp_capture_file *f, size_t size)
{
	struct vp_capture_file_stats stats;
	struct vp_frame frame;
	char why[128] = "";
	uint64_t n = 0;
	int rc;

	vp_capture_file_on_comment(f, on_comment, NULL);
	vp_capture_file_closing_comments(f, on_comment, NULL);
	while ((rc = vp_capture_file_next(f, &frame, why, sizeof(why))) > 0) {
		check_frame(&frame, size);
		(void)vp_capture_file_interface(f, frame.ifindex);
		n++;
	}
	vp_capture_file_stats(f, &stats);
	if (stats.packets != n || stats.first_us > stats.last_us ||
	    (rc < 0) != (why[0] != '\0') || (stats.cut != NULL && rc != 0) ||
	    (stats.damage != NULL) != (stats.damaged > 0))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("capture", MFD_CLOEXEC);
	struct vp_capture_file *f;
	char path[32], why[128] = "";

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (vp_capture_file_open(&f, path, why, sizeof(why)) == 0)
		read_all(f, size);
	else if (why[0] == '\0')
		abort();
	vp_capture_file_close(f);
	close(fd);
	return 0;
}
