/* whole_file.c - see whole_file.h. */
#include "vnetprobe/whole_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* mkostemp() makes it 0600, whatever was asked for. */
static void set_mode(int fd, mode_t mode)
{
	mode_t mask = umask(077);

	umask(mask);
	/* Where modes cannot be set, the stricter one stays. */
	if (fchmod(fd, mode & ~mask) != 0)
		return;
}

int vp_whole_file_open(struct vp_whole_file *w, const char *path, mode_t mode)
{
	int fd, err;

	w->path = strdup(path);
	if (w->path == NULL ||
	    asprintf(&w->temporary, "%s.partial-XXXXXX", path) < 0) {
		w->temporary = NULL;
		return -ENOMEM;
	}
	fd = mkostemp(w->temporary, O_CLOEXEC);
	if (fd < 0) {
		err = -errno;
		free(w->temporary);
		w->temporary = NULL; /* not ours to remove */
		return err;
	}
	set_mode(fd, mode);
	return fd;
}

int vp_whole_file_commit(struct vp_whole_file *w, int fd)
{
	if (fsync(fd) != 0 || rename(w->temporary, w->path) != 0)
		return -errno;
	free(w->temporary);
	w->temporary = NULL;
	return 0;
}

void vp_whole_file_close(struct vp_whole_file *w)
{
	if (w->temporary != NULL)
		unlink(w->temporary);
	free(w->temporary);
	free(w->path);
	*w = (struct vp_whole_file){ 0 };
}
