/*
 * Each case in a child of its own, which drops its rights and then looks at
 * itself from outside, in /proc/self/status.
 */
#include "vnetprobe/rights.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define SKIPPED 77

/* The rest of a line of /proc/self/status. */
static const char *status(const char *key)
{
	static char line[256];
	FILE *f = fopen("/proc/self/status", "r");
	size_t n = strlen(key);

	while (fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, key, n) == 0 && line[n] == ':')
			break;
	fclose(f);
	line[strcspn(line, "\n")] = '\0';
	return line + n + 2;
}

#define WANT(key, value)                                                       \
	do {                                                                   \
		const char *got_ = status(key);                                \
		if (strcmp(got_, value) != 0) {                                \
			fprintf(stderr, "%s is %s, not %s\n", key, got_,       \
			        value);                                        \
			_exit(1);                                              \
		}                                                              \
	} while (0)
#define NOTHING "0000000000000000"

static void drop(void)
{
	char why[256] = "";

	if (vp_rights_drop(why, sizeof(why)) != 0) {
		fprintf(stderr, "%s\n", why);
		_exit(2);
	}
}

static void want_nothing_left(bool bounding)
{
	WANT("CapInh", NOTHING);
	WANT("CapPrm", NOTHING);
	WANT("CapEff", NOTHING);
	WANT("CapAmb", NOTHING);
	if (bounding)
		WANT("CapBnd", NOTHING);
	WANT("NoNewPrivs", "1");
	if (vp_rights_can_capture() || socket(AF_PACKET, SOCK_RAW, 0) >= 0)
		_exit(3);
}

/* Runs fn in a child; its exit status has to be 0. */
static void in_child(void (*fn)(void))
{
	pid_t pid = fork();
	int st;

	if (pid == 0) {
		unsetenv("SUDO_UID");
		unsetenv("SUDO_GID");
		fn();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &st, 0), pid);
	if (WIFEXITED(st) && WEXITSTATUS(st) == SKIPPED)
		skip();
	assert_int_equal(st, 0);
}

static void need_root(void)
{
	if (geteuid() != 0 || strcmp(status("CapPrm"), NOTHING) == 0)
		_exit(SKIPPED);
}

static void put_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		_exit(SKIPPED);
	close(fd);
}

/* A user namespace in which only uid 0 and gid 0 exist: unshare -Ur. */
static void enter_namespace(void)
{
	char map[64];
	unsigned uid = geteuid(), gid = getegid();

	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
		_exit(SKIPPED);
	put_file("/proc/self/setgroups", "deny");
	snprintf(map, sizeof(map), "0 %u 1", uid);
	put_file("/proc/self/uid_map", map);
	snprintf(map, sizeof(map), "0 %u 1", gid);
	put_file("/proc/self/gid_map", map);
}

static void as_root(void)
{
	need_root();
	drop();
	want_nothing_left(true);
	WANT("Uid", "0\t0\t0\t0");
	drop(); /* twice does no harm */
}

static void as_namespace_root(void)
{
	enter_namespace();
	if (!vp_rights_can_capture())
		_exit(4);
	setenv("SUDO_UID", "1000", 1); /* not mapped here */
	setenv("SUDO_GID", "1000", 1);
	drop();
	want_nothing_left(true);
	WANT("Uid", "0\t0\t0\t0");
}

static void under_sudo(void)
{
	const gid_t extra[] = { 0, 4 };

	need_root();
	if (setgroups(2, extra) != 0)
		_exit(SKIPPED);
	setenv("SUDO_UID", "12345", 1); /* nobody has it in passwd */
	setenv("SUDO_GID", "12346", 1);
	drop();
	want_nothing_left(true);
	WANT("Uid", "12345\t12345\t12345\t12345");
	WANT("Gid", "12346\t12346\t12346\t12346");
	WANT("Groups", "12346 ");
	if (setuid(0) == 0 || seteuid(0) == 0 || setgid(0) == 0)
		_exit(5);
}

static void under_sudo_of_root(void)
{
	need_root();
	setenv("SUDO_UID", "0", 1);
	setenv("SUDO_GID", "0", 1);
	drop();
	want_nothing_left(true);
	WANT("Uid", "0\t0\t0\t0");
}

/* Sets this thread's permitted, effective and inheritable capabilities. */
static void set_caps(uint32_t prm, uint32_t eff, uint32_t inh)
{
	struct __user_cap_header_struct h = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct d[2] = { 0 };

	d[0].permitted = prm;
	d[0].effective = eff;
	d[0].inheritable = inh;
	if (syscall(SYS_capset, &h, d) != 0)
		_exit(SKIPPED);
}

/* What setcap cap_net_raw+ep gives a plain user, with CAP_NET_RAW ambient and
 * inheritable on top; no CAP_SETPCAP, so the bounding set has to stay. */
static void as_plain_user(void)
{
	const uint32_t raw = 1U << CAP_NET_RAW;

	need_root();
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0 ||
	    setresgid(12346, 12346, 12346) != 0 ||
	    setresuid(12345, 12345, 12345) != 0)
		_exit(SKIPPED);
	set_caps(raw, raw, raw);
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_RAW, 0, 0) != 0)
		_exit(SKIPPED);
	setenv("SUDO_UID", "54321", 1); /* anybody may set these */
	setenv("SUDO_GID", "54321", 1);
	if (!vp_rights_can_capture())
		_exit(4);
	drop();
	want_nothing_left(false);
	WANT("Uid", "12345\t12345\t12345\t12345");
}

static void with_nothing(void)
{
	need_root();
	if (setresgid(12346, 12346, 12346) != 0 ||
	    setresuid(12345, 12345, 12345) != 0)
		_exit(SKIPPED);
	if (vp_rights_can_capture())
		_exit(4);
	drop();
	want_nothing_left(false);
}

static void refused_for(const char *uid, const char *gid, const char *name)
{
	char why[256] = "";

	setenv("SUDO_UID", uid, 1);
	setenv("SUDO_GID", gid, 1);
	if (vp_rights_drop(why, sizeof(why)) != -EINVAL ||
	    strstr(why, name) == NULL) {
		fprintf(stderr, "%s/%s: %s\n", uid, gid, why);
		_exit(6);
	}
}

static void bad_sudo_ids(void)
{
	need_root();
	refused_for("", "1", "SUDO_UID");
	refused_for("-1", "1", "SUDO_UID");
	refused_for("4294967295", "1", "SUDO_UID"); /* (uid_t)-1 */
	refused_for("99999999999999999999", "1", "SUDO_UID");
	refused_for("1000x", "1", "SUDO_UID");
	refused_for("1000", " 1", "SUDO_GID");
}

static void *idle(void *arg)
{
	(void)arg;
	for (;;)
		pause();
	return NULL;
}

static void with_a_thread(void)
{
	char why[256] = "";
	pthread_t t;

	if (pthread_create(&t, NULL, idle, NULL) != 0)
		_exit(SKIPPED);
	if (vp_rights_drop(why, sizeof(why)) != -EBUSY ||
	    strstr(why, "thread") == NULL)
		_exit(7);
}

#define CASE(fn)                                                               \
	static void test_##fn(void **state)                                    \
	{                                                                      \
		(void)state;                                                   \
		in_child(fn);                                                  \
	}
CASE(as_root)
CASE(as_namespace_root)
CASE(under_sudo)
CASE(under_sudo_of_root)
CASE(as_plain_user)
CASE(with_nothing)
CASE(bad_sudo_ids)
CASE(with_a_thread)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_root),
		cmocka_unit_test(test_as_namespace_root),
		cmocka_unit_test(test_under_sudo),
		cmocka_unit_test(test_under_sudo_of_root),
		cmocka_unit_test(test_as_plain_user),
		cmocka_unit_test(test_with_nothing),
		cmocka_unit_test(test_bad_sudo_ids),
		cmocka_unit_test(test_with_a_thread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
