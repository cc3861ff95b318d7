/*
 * file_digest.h - what sha256sum(1) says of a file (FIPS 180-4).
 */
#ifndef VP_PROBES_FILE_DIGEST_H
#define VP_PROBES_FILE_DIGEST_H

#include <stdint.h>

#define VP_FILE_DIGEST 65 /* hex, and its end */

/* Of the first len bytes of what fd has open for reading. 0 or -errno; -EIO
 * also if there are fewer. */
int vp_file_digest(char hex[VP_FILE_DIGEST], int fd, uint64_t len);

#endif
