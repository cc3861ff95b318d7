/*
 * input.h - a whole file that a user named, of bounded size.
 */
#ifndef VP_AGENT_INPUT_H
#define VP_AGENT_INPUT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct vp_input {
	char *data;         /* for free(); NULL: nothing was read */
	size_t len;         /* max + 1: it is larger than max */
	int64_t changed_us; /* of a regular file; else 0 */
	uid_t owner;        /* set by vp_input_read_plain() */
};

/* Up to one byte more than max, so that who parses it can say "larger". A pipe
 * without a writer does not hang us. 0, or -errno; *why then is the reason in
 * words ("this is a directory: expected a file"), constant. */
int vp_input_read(struct vp_input *out, const char *path, size_t max,
                  const char **why);
/* The same of a file that nobody named: only a regular one is opened, so that
 * no pipe, terminal or device that lies there holds us up. Another process
 * opens and reads it: -ETIMEDOUT if it does not answer in
 * VP_INPUT_PLAIN_MS, as on a share whose server is gone. To be called before
 * there are threads. */
#define VP_INPUT_PLAIN_MS 2000
int vp_input_read_plain(struct vp_input *out, const char *path, size_t max,
                        const char **why);

#endif
