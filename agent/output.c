/* output.c - a file that is either whole or not there. */
#include "output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vnetprobe/whole_file.h"

struct vp_output {
	FILE *stream;
	struct vp_whole_file file; /* zeroed: stdout, or written directly */
};

static void release(struct vp_output *o)
{
	if (o->stream != NULL && o->stream != stdout)
		fclose(o->stream);
	vp_whole_file_close(&o->file);
	free(o);
}

static int open_file(struct vp_output *o, const char *path)
{
	int err, fd = vp_whole_file_open(&o->file, path, 0666);

	if (fd < 0)
		return fd;
	o->stream = fdopen(fd, "w");
	if (o->stream == NULL) {
		err = -errno;
		close(fd);
		return err;
	}
	return 0;
}

int vp_output_open(struct vp_output **out, const char *path, char *why,
                   size_t size)
{
	struct vp_output *o = calloc(1, sizeof(*o));
	struct stat st;
	int rc = 0;

	*out = NULL;
	if (o == NULL)
		rc = -ENOMEM;
	else if (path == NULL)
		o->stream = stdout;
	else if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		rc = -EISDIR;
	else if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
		o->stream = fopen(path, "we");
		rc = o->stream == NULL ? -errno : 0;
	} else {
		rc = open_file(o, path);
	}
	if (rc != 0) {
		snprintf(why, size, "cannot write %s: %s",
		         path == NULL ? "the report" : path, strerror(-rc));
		if (o != NULL)
			release(o);
		return rc;
	}
	*out = o;
	return 0;
}

FILE *vp_output_stream(struct vp_output *o)
{
	return o->stream;
}

int vp_output_commit(struct vp_output *o)
{
	int rc = 0;

	if (ferror(o->stream) != 0)
		rc = -EIO;
	if (fflush(o->stream) != 0 && rc == 0)
		rc = -errno;
	if (rc == 0 && o->file.temporary != NULL)
		rc = vp_whole_file_commit(&o->file, fileno(o->stream));
	release(o);
	return rc;
}

void vp_output_abandon(struct vp_output *o)
{
	if (o != NULL)
		release(o);
}
