/* A file that is either whole or not there. */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[] = "/tmp/vnetprobe-output-XXXXXX";

static int make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) == NULL ? -1 : 0;
}

static int remove_dir(void **state)
{
	(void)state;
	return rmdir(dir); /* fails if a test left something behind */
}

static void in_dir(char *out, size_t size, const char *name)
{
	snprintf(out, size, "%s/%s", dir, name);
}

static void whole_when_committed(void **state)
{
	struct vp_output *o;
	char path[128], why[256], text[16];
	int fd;

	(void)state;
	in_dir(path, sizeof(path), "report");
	assert_int_equal(vp_output_open(&o, path, why, sizeof(why)), 0);
	fputs("whole", vp_output_stream(o));
	assert_int_equal(access(path, F_OK), -1); /* not before commit */
	assert_int_equal(vp_output_commit(o), 0);
	fd = open(path, O_RDONLY);
	assert_int_equal(read(fd, text, sizeof(text)), 5);
	close(fd);
	unlink(path);
}

static void nothing_when_abandoned(void **state)
{
	struct vp_output *o;
	char path[128], why[256], pattern[160];
	glob_t found;

	(void)state;
	in_dir(path, sizeof(path), "report");
	assert_int_equal(vp_output_open(&o, path, why, sizeof(why)), 0);
	fputs("half", vp_output_stream(o));
	vp_output_abandon(o);
	snprintf(pattern, sizeof(pattern), "%s*", path);
	assert_int_equal(glob(pattern, 0, NULL, &found), GLOB_NOMATCH);
}

static void refused_before_anything_is_written(void **state)
{
	static const char *const paths[] = { "/nowhere/at/all/report", "/tmp" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct vp_output *o;
		char why[256] = "";

		assert_true(vp_output_open(&o, paths[i], why, sizeof(why)) < 0);
		assert_null(o);
		assert_non_null(strstr(why, paths[i]));
	}
	vp_output_abandon(NULL);
}

static void mode_is_that_of_the_umask(void **state)
{
	struct vp_output *o;
	char path[128], why[256];
	struct stat st;
	mode_t old = umask(027);

	(void)state;
	in_dir(path, sizeof(path), "report");
	assert_int_equal(vp_output_open(&o, path, why, sizeof(why)), 0);
	assert_int_equal(vp_output_commit(o), 0);
	umask(old);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	unlink(path);
}

static void full_device(void **state)
{
	struct vp_output *o;
	char why[256];

	(void)state;
	if (access("/dev/full", W_OK) != 0)
		skip();
	assert_int_equal(vp_output_open(&o, "/dev/full", why, sizeof(why)), 0);
	fputs("lost", vp_output_stream(o));
	assert_int_equal(vp_output_commit(o), -ENOSPC);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_when_committed),
		cmocka_unit_test(nothing_when_abandoned),
		cmocka_unit_test(refused_before_anything_is_written),
		cmocka_unit_test(mode_is_that_of_the_umask),
		cmocka_unit_test(full_device),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
