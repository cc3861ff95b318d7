/* /proc/net/tcp: which ports are listened at. */
#include "vnetprobe/listeners.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char seen[256];

static void on_port(uint16_t port, void *arg)
{
	(void)arg;
	snprintf(seen + strlen(seen), sizeof(seen) - strlen(seen), "%u ", port);
}

static const char *read_text(const char *text)
{
	char path[] = "/tmp/vp-listeners-XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	seen[0] = '\0';
	vp_listeners(path, on_port, NULL);
	unlink(path);
	return seen;
}

static void test_lines(void **state)
{
	(void)state;
	assert_string_equal(
		read_text(
			"  sl  local_address rem_address   st tx_queue\n"
			"   0: 00000000:0016 00000000:0000 0A 00000000:0\n"
			"   1: 0401140A:0016 637100CB:C3CB 01 00000000:0\n"
			"  12: 00000000000000000000000000000000:1F90 "
			"00000000000000000000000000000000:0000 0A 00000000\n"),
		"22 8080 ");
	assert_string_equal(read_text(""), "");
	assert_string_equal(read_text("0: garbage\n1: 0:16 0:0\n"), "");
	seen[0] = '\0';
	vp_listeners("/nonexistent", on_port, NULL);
	assert_string_equal(seen, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_lines) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
