/*
 * whole_file.h - a file that is whole or not there.
 *
 * Written under a temporary name beside its path (rename(2) works within one
 * file system only), and given its own name when it is complete.
 */
#ifndef VNETPROBE_WHOLE_FILE_H
#define VNETPROBE_WHOLE_FILE_H

#include <sys/types.h>

/* Zeroed: nothing to close. */
struct vp_whole_file {
	char *path;
	char *temporary; /* NULL: none of ours is there (any more) */
};

/* Makes the temporary, with the mode that open(path, ..., mode) would give it.
 * Returns a descriptor that is the caller's, or -errno. Either way the caller
 * calls vp_whole_file_close(). */
int vp_whole_file_open(struct vp_whole_file *w, const char *path, mode_t mode);
/* Brings what fd was given to the disk, and the file to its name. 0 or -errno;
 * then the temporary is still there. */
int vp_whole_file_commit(struct vp_whole_file *w, int fd);
/* Removes the temporary unless it was committed. */
void vp_whole_file_close(struct vp_whole_file *w);

#endif
