/*
 * rights.c - see vnetprobe/rights.h.
 *
 * The order matters: the bounding set needs CAP_SETPCAP and another user id
 * needs CAP_SETUID, so both come before the capabilities go. capset(2) acts on
 * the calling thread alone, so a second thread would keep what it has: that is
 * refused rather than overlooked. At the end all is read back.
 */
#include "vnetprobe/rights.h"

#include <cap-ng.h>
#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <unistd.h>

struct reason {
	char *text;
	size_t size;
};

__attribute__((format(printf, 3, 4))) static int
refuse(const struct reason *why, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why->text, why->size, fmt, ap);
	va_end(ap);
	return err;
}

bool vp_rights_can_capture(void)
{
	if (capng_get_caps_process() != 0)
		return false;
	return capng_have_capability(CAPNG_EFFECTIVE, CAP_NET_RAW) != 0;
}

static int single_thread(const struct reason *why)
{
	DIR *dir = opendir("/proc/self/task");
	const struct dirent *d;
	int err = -errno;
	unsigned n = 0;

	if (dir == NULL)
		return refuse(why, err,
		              "cannot look for other threads in "
		              "/proc/self/task: %s",
		              strerror(-err));
	while ((d = readdir(dir)) != NULL)
		n += d->d_name[0] != '.';
	closedir(dir);
	if (n == 1)
		return 0;
	return refuse(why, -EBUSY,
	              "another thread of this process would keep its rights");
}

/* Whoever lacks CAP_SETPCAP (a plain user with a file capability) cannot clear
 * the bounding set; nor does it grant anything without a privileged exec,
 * which no_new_privs rules out. */
static int drop_bounding(const struct reason *why, bool *dropped)
{
	*dropped = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP) != 0;
	if (!*dropped)
		return 0;
	capng_clear(CAPNG_SELECT_BOUNDS);
	if (capng_apply(CAPNG_SELECT_BOUNDS) != 0)
		return refuse(why, -EPERM,
		              "cannot clear the capability bounding set");
	return 0;
}

/* 0; -ENOENT if the variable is not set; -EINVAL. */
static int read_id(uint32_t *out, const char *variable)
{
	const char *text = getenv(variable);
	unsigned long long v;
	char *end;

	if (text == NULL)
		return -ENOENT;
	if (text[0] < '0' || text[0] > '9')
		return -EINVAL;
	errno = 0;
	v = strtoull(text, &end, 10);
	if (errno != 0 || *end != '\0' || v >= UINT32_MAX)
		return -EINVAL; /* (uid_t)-1 means "unchanged" */
	*out = (uint32_t)v;
	return 0;
}

/* setgroups(2) is denied for good in a namespace made by a plain user. */
static bool setgroups_denied(void)
{
	FILE *f = fopen("/proc/self/setgroups", "re");
	char word[8] = "";
	bool denied;

	if (f == NULL)
		return false;
	denied = fgets(word, sizeof(word), f) != NULL &&
	         strncmp(word, "deny", 4) == 0;
	fclose(f);
	return denied;
}

static int set_groups(uid_t uid, gid_t gid)
{
	const struct passwd *pw = getpwuid(uid);

	if (pw != NULL && initgroups(pw->pw_name, gid) == 0)
		return 0;
	/* No such user here, or a group that is not mapped. */
	if (setgroups(1, &gid) == 0 || setgroups_denied())
		return 0;
	return -errno;
}

/* EINVAL: this user namespace does not map the id, and it stays as it is. */
static int become(const struct reason *why, uid_t uid, gid_t gid)
{
	bool has_gid = setresgid(gid, gid, gid) == 0;
	int err = 0;

	if (!has_gid && errno != EINVAL)
		return refuse(why, -errno, "cannot become group %u: %s",
		              (unsigned)gid, strerror(errno));
	if (has_gid)
		err = set_groups(uid, gid);
	if (err < 0)
		return refuse(why, err, "cannot leave the groups of root: %s",
		              strerror(-err));
	if (setresuid(uid, uid, uid) != 0 && errno != EINVAL)
		return refuse(why, -errno, "cannot become user %u: %s",
		              (unsigned)uid, strerror(errno));
	return 0;
}

static int become_sudo_user(const struct reason *why)
{
	uint32_t uid = 0, gid = 0;
	int u = read_id(&uid, "SUDO_UID");
	int g = read_id(&gid, "SUDO_GID");

	if (geteuid() != 0 || u == -ENOENT || g == -ENOENT)
		return 0; /* not under sudo */
	if (u < 0 || g < 0)
		return refuse(why, -EINVAL, "%s is not a number",
		              u < 0 ? "SUDO_UID" : "SUDO_GID");
	return uid == 0 ? 0 : become(why, uid, gid);
}

static int clear_sets(const struct reason *why)
{
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0)
		return refuse(why, -errno,
		              "cannot clear the ambient capabilities: %s",
		              strerror(errno));
	capng_clear(CAPNG_SELECT_CAPS);
	if (capng_apply(CAPNG_SELECT_CAPS) != 0)
		return refuse(why, -EPERM, "cannot give up capabilities");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return refuse(why, -errno, "cannot set no_new_privs: %s",
		              strerror(errno));
	return 0;
}

static int verify(const struct reason *why, bool bounding_dropped)
{
	uid_t r, e, s;

	if (capng_get_caps_process() != 0 ||
	    capng_have_capabilities(CAPNG_SELECT_CAPS) != CAPNG_NONE)
		return refuse(why, -EPERM,
		              "capabilities are left after giving them up");
	for (unsigned long cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0;
	     cap++) {
		if (bounding_dropped &&
		    prctl(PR_CAPBSET_READ, cap, 0, 0, 0) != 0)
			return refuse(why, -EPERM,
			              "capability %lu is still in the "
			              "bounding set",
			              cap);
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, cap, 0, 0) !=
		    0)
			return refuse(why, -EPERM,
			              "capability %lu is still ambient", cap);
	}
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return refuse(why, -EPERM, "no_new_privs is not set");
	if (getresuid(&r, &e, &s) != 0 || r != e || e != s)
		return refuse(why, -EPERM,
		              "real, effective and saved user differ");
	return 0;
}

int vp_rights_drop(char *why, size_t size)
{
	const struct reason reason = { why, size };
	bool bounding_dropped;
	int err = single_thread(&reason);

	if (err < 0)
		return err;
	if (capng_get_caps_process() != 0)
		return refuse(&reason, -EPERM,
		              "cannot read this process's capabilities");
	err = drop_bounding(&reason, &bounding_dropped);
	if (err == 0)
		err = become_sudo_user(&reason);
	if (err == 0)
		err = clear_sets(&reason);
	if (err == 0)
		err = verify(&reason, bounding_dropped);
	return err;
}
