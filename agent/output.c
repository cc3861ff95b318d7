/* output.c - a file that is either whole or not there. */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct vp_output {
	FILE *stream;
	char *path;      /* NULL: stdout, or written directly */
	char *temporary; /* NULL with path */
};

static void release(struct vp_output *o)
{
	if (o->stream != NULL && o->stream != stdout)
		fclose(o->stream);
	free(o->path);
	free(o->temporary);
	free(o);
}

/* A new file beside the path, with the mode that open() would have given. */
static int open_temporary(struct vp_output *o, const char *path)
{
	mode_t mask = umask(0);
	int fd, err;

	umask(mask);
	o->path = strdup(path);
	if (o->path == NULL ||
	    asprintf(&o->temporary, "%s.partial-XXXXXX", path) < 0) {
		o->temporary = NULL;
		return -ENOMEM;
	}
	fd = mkostemp(o->temporary, O_CLOEXEC);
	if (fd < 0) {
		err = -errno;
		free(o->temporary);
		o->temporary = NULL;
		return err;
	}
	fchmod(fd, 0666 & ~mask);
	o->stream = fdopen(fd, "w");
	if (o->stream == NULL) {
		err = -errno;
		close(fd);
		unlink(o->temporary);
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
		rc = open_temporary(o, path);
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
	if (o->temporary != NULL) {
		if (rc == 0 && fsync(fileno(o->stream)) != 0)
			rc = -errno;
		if (rc == 0 && rename(o->temporary, o->path) != 0)
			rc = -errno;
		if (rc != 0)
			unlink(o->temporary);
	}
	release(o);
	return rc;
}

void vp_output_abandon(struct vp_output *o)
{
	if (o == NULL)
		return;
	if (o->temporary != NULL)
		unlink(o->temporary);
	release(o);
}
