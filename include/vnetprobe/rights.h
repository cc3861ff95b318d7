/*
 * rights.h - giving up this process's rights for good (libcap-ng).
 */
#ifndef VNETPROBE_RIGHTS_H
#define VNETPROBE_RIGHTS_H

#include <stdbool.h>
#include <stddef.h>

bool vp_rights_can_capture(void); /* CAP_NET_RAW is effective */

/*
 * Clears every capability from all five sets, sets no_new_privs, and, where
 * the program runs under sudo (SUDO_UID, SUDO_GID), becomes that user, so that
 * files it writes belong to them; an id that this user namespace does not map
 * is left as it is. Verified afterwards. Returns 0, or -errno with a sentence
 * in why: the caller must then not go on.
 */
int vp_rights_drop(char *why, size_t size);

#endif
