/*
 * text_lines.h - the lines of a file that may be anything.
 *
 * A file is read in pieces of a fixed size, so its length costs time and no
 * memory; the bound ends what would never end.
 */
#ifndef VP_PROBES_TEXT_LINES_H
#define VP_PROBES_TEXT_LINES_H

#include <stddef.h>

#define VP_LINE_MAX (64 * 1024) /* bytes of a line; the rest of it is lost */

/* One line, without its newline, closed by a NUL; a NUL byte within it ends it
 * for string functions, as it does for glibc's readers. It may be written to.
 * number counts from 1. */
typedef void vp_line_cb(char *line, unsigned number, void *arg);

/* The lines of a regular file, up to max bytes of it. Returns 0, or -errno;
 * never waits (a FIFO, a terminal: -EINVAL). */
int vp_lines_of_file(const char *path, size_t max, vp_line_cb *cb, void *arg);

#endif
