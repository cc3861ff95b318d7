/* A file is whole or not there, and never in anybody's way. */
#include "vnetprobe/whole_file.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[32];
static char path[64];

static int make_dir(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/vnetprobe-whole-XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/file", dir);
	return 0;
}

static int remove_dir(void **state)
{
	(void)state;
	return rmdir(dir); /* fails if a test left something behind */
}

static void named_by_the_commit(void **state)
{
	struct vp_whole_file w = { 0 };
	mode_t mask = umask(027);
	struct stat st;
	int fd;

	(void)state;
	fd = vp_whole_file_open(&w, path, 0666);
	assert_true(fd >= 0);
	assert_int_not_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
	assert_int_equal(write(fd, "whole", 5), 5);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(vp_whole_file_commit(&w, fd), 0);
	vp_whole_file_close(&w);
	close(fd);
	umask(mask);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 5);
	assert_int_equal(st.st_mode & 0777, 0640);
	unlink(path);
}

static void gone_without_it(void **state)
{
	struct vp_whole_file w = { 0 };
	int fd;

	(void)state;
	fd = vp_whole_file_open(&w, path, 0666);
	assert_true(fd >= 0);
	assert_int_equal(access(w.temporary, F_OK), 0);
	vp_whole_file_close(&w); /* remove_dir() sees that nothing is left */
	vp_whole_file_close(&w); /* and again is fine */
	close(fd);
}

static void no_place_for_it(void **state)
{
	struct vp_whole_file w = { 0 };

	(void)state;
	assert_int_equal(vp_whole_file_open(&w, "/nowhere/at/all", 0666),
	                 -ENOENT);
	assert_null(w.temporary);
	vp_whole_file_close(&w);
}

static void no_room_for_the_name(void **state)
{
	struct vp_whole_file w = { 0 };
	int fd;

	(void)state;
	fd = vp_whole_file_open(&w, path, 0666);
	assert_true(fd >= 0);
	assert_int_equal(mkdir(path, 0700), 0); /* taken meanwhile */
	assert_int_equal(vp_whole_file_commit(&w, fd), -EISDIR);
	vp_whole_file_close(&w);
	close(fd);
	rmdir(path);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(named_by_the_commit, make_dir,
		                                remove_dir),
		cmocka_unit_test_setup_teardown(gone_without_it, make_dir,
		                                remove_dir),
		cmocka_unit_test(no_place_for_it),
		cmocka_unit_test_setup_teardown(no_room_for_the_name, make_dir,
		                                remove_dir),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
