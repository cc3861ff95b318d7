/* resolv.conf: what glibc takes, what it does not, and files that are odd. */
#include "vnetprobe/resolv_conf.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static char dir[64];

static const char *path_of(const char *name)
{
	static char path[2][128];
	static int turn;

	turn = !turn;
	snprintf(path[turn], sizeof(path[turn]), "%s/%s", dir, name);
	return path[turn];
}

static const char *write_file(const char *name, const char *text, size_t len)
{
	const char *path = path_of(name);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
	return path;
}

/* The addresses as "a b c", those of systemd-resolved with a "*". */
static void list(const struct vp_facts *f, char *buf, size_t size)
{
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < f->n_resolvers; i++) {
		const struct vp_resolver *r = &f->resolvers[i];
		char text[VP_ADDR_TEXT];

		assert_int_equal(r->endpoint.port, 53);
		used += (size_t)snprintf(
			buf + used, size - used, "%s%s%s", i > 0 ? " " : "",
			r->source == VP_RESOLVER_SYSTEMD_RESOLVED ? "*" : "",
			vp_addr_format(&r->endpoint.addr, text));
	}
}

static void lines(void **state)
{
	static const struct {
		const char *text, *want, *note; /* note: part of why, or "" */
	} cases[] = {
		{ "nameserver 10.0.0.4\n", "10.0.0.4", "" },
		{ "nameserver 10.0.0.4", "10.0.0.4", "" }, /* no newline */
		{ "nameserver\t10.0.0.4\t\n", "10.0.0.4", "" },
		{ "nameserver 10.0.0.4 # first\nnameserver 10.0.0.5;x\n",
		  "10.0.0.4 10.0.0.5", "" },
		{ "nameserver10.0.0.4\n", "", "" },
		{ "nameservers 10.0.0.4\n", "", "" },
		{ " nameserver 10.0.0.4\n", "", "" }, /* glibc: column 0 */
		{ "#nameserver 10.0.0.4\n;nameserver 10.0.0.5\n", "", "" },
		{ "search a.b\noptions ndots:5 rotate\nnameserver ::1\n", "::1",
		  "" },
		{ "nameserver 10.0.0.4\nnameserver 10.0.0.4\n", "10.0.0.4",
		  "" },
		{ "nameserver 10.0.0.1\nnameserver 10.0.0.2\nnameserver "
		  "10.0.0.3\nnameserver 10.0.0.4\n",
		  "10.0.0.1 10.0.0.2 10.0.0.3 10.0.0.4", "" },
		{ "nameserver 10.0.0.4\r\nnameserver 10.0.0.5\r\n",
		  "10.0.0.4 10.0.0.5", ":1: ends in CR LF" },
		{ "nameserver dns.example\nnameserver 10.0.0.5\n", "10.0.0.5",
		  ":1: \"dns.example\" is no IP address: skipped" },
		{ "nameserver \nnameserver 10.0.0.5\n", "10.0.0.5",
		  ":1: \"\" is no IP address" },
		{ "nameserver fe80::1%eth0\n", "fe80::1",
		  ":1: scoped address fe80::1%eth0" },
		{ "nameserver 10.0.0.4:53\n", "", "is no IP address" },
		{ "nameserver 10.1\n", "10.0.0.1", "" }, /* inet_aton() */
		{ "nameserver 10.0.0.256\n", "", "is no IP address" },
		{ "", "", "" },
		{ "\n\n", "", "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct vp_facts *f = vp_facts_create();
		const char *path = write_file("lines", cases[i].text,
		                              strlen(cases[i].text));
		char why[512], got[256];
		int n = vp_resolv_conf_read(f, path, NULL, why, sizeof(why));

		assert_int_equal(n, f->n_resolvers);
		list(f, got, sizeof(got));
		assert_string_equal(got, cases[i].want);
		if (cases[i].note[0] == '\0')
			assert_string_equal(why, "");
		else if (strstr(why, cases[i].note) == NULL)
			fail_msg("\"%s\" is not in \"%s\"", cases[i].note, why);
		vp_facts_destroy(f);
	}
}

static void stub(void **state)
{
	static const char conf[] =
		"nameserver 127.0.0.53\noptions edns0 trust-ad\n";
	static const char up[] = "nameserver 168.63.129.16\n"
				 "nameserver 127.0.0.53\n";
	struct vp_facts *f = vp_facts_create();
	char path[128], got[256], why[512];

	(void)state;
	snprintf(path, sizeof(path), "%s",
	         write_file("stub", conf, sizeof(conf) - 1));
	assert_int_equal(vp_resolv_conf_read(
				 f, path, write_file("up", up, sizeof(up) - 1),
				 why, sizeof(why)),
	                 2);
	list(f, got, sizeof(got));
	assert_string_equal(got, "127.0.0.53 *168.63.129.16");
	assert_string_equal(why, "");
	/* All known already: nothing is appended twice. */
	assert_int_equal(
		vp_resolv_conf_read(f, path, path_of("up"), why, sizeof(why)),
		0);
	vp_facts_destroy(f);

	f = vp_facts_create();
	assert_int_equal(
		vp_resolv_conf_read(f, path, path_of("none"), why, sizeof(why)),
		1);
	assert_non_null(strstr(why, "systemd-resolved are not known: No such"));
	vp_facts_destroy(f);
}

/* Without a stub the upstream file is nobody's business. */
static void no_stub(void **state)
{
	static const char conf[] = "nameserver 127.0.0.1\n";
	struct vp_facts *f = vp_facts_create();
	char path[128], why[512];

	(void)state;
	snprintf(path, sizeof(path), "%s",
	         write_file("plain", conf, sizeof(conf) - 1));
	assert_int_equal(
		vp_resolv_conf_read(f, path, path_of("none"), why, sizeof(why)),
		1);
	assert_string_equal(why, "");
	vp_facts_destroy(f);
}

static void odd_files(void **state)
{
	struct vp_facts *f = vp_facts_create();
	char why[512], tiny[8];

	(void)state;
	assert_int_equal(vp_resolv_conf_read(f, path_of("missing"), NULL, why,
	                                     sizeof(why)),
	                 -ENOENT);
	assert_non_null(strstr(why, "missing: No such file or directory"));
	assert_int_equal(vp_resolv_conf_read(f, dir, NULL, why, sizeof(why)),
	                 -EISDIR);
	assert_non_null(strstr(why, "Is a directory"));
	assert_int_equal(mkfifo(path_of("fifo"), 0600), 0);
	assert_int_equal(
		vp_resolv_conf_read(f, path_of("fifo"), NULL, why, sizeof(why)),
		-EINVAL);
	assert_non_null(strstr(why, "is not a regular file"));
	assert_int_equal(vp_resolv_conf_read(f, path_of("missing"), NULL, tiny,
	                                     sizeof(tiny)),
	                 -ENOENT);
	assert_string_equal(tiny, "cannot ");
	assert_int_equal(
		vp_resolv_conf_read(f, path_of("missing"), NULL, NULL, 0),
		-ENOENT);
	if (geteuid() != 0) {
		write_file("secret", "x", 1);
		assert_int_equal(chmod(path_of("secret"), 0), 0);
		assert_int_equal(vp_resolv_conf_read(f, path_of("secret"), NULL,
		                                     why, sizeof(why)),
		                 -EACCES);
	}
	assert_int_equal(f->n_resolvers, 0);
	vp_facts_destroy(f);
}

static void bounds(void **state)
{
	enum { N = 4000, LINE = 32 };
	char *text = malloc(N * LINE), why[256];
	struct vp_facts *f = vp_facts_create();
	size_t len = 0;

	(void)state;
	assert_non_null(text);
	for (unsigned i = 0; i < N; i++)
		len += (size_t)snprintf(text + len, LINE,
		                        "nameserver 10.1.%u.%u\n", i / 256,
		                        i % 256);
	assert_int_equal(vp_resolv_conf_read(f, write_file("many", text, len),
	                                     NULL, why, sizeof(why)),
	                 64);
	assert_non_null(strstr(why, "only the first 64 KiB were read"));
	assert_non_null(strstr(why, "only the first 64 resolvers"));
	vp_facts_destroy(f);

	f = vp_facts_create();
	memset(text, 'x', len); /* one line without an end, then NULs */
	memcpy(text, "nameserver ", 11);
	assert_int_equal(vp_resolv_conf_read(f, write_file("line", text, len),
	                                     NULL, why, sizeof(why)),
	                 0);
	memset(text, 0, len);
	assert_int_equal(vp_resolv_conf_read(f, write_file("nul", text, len),
	                                     NULL, why, sizeof(why)),
	                 0);
	vp_facts_destroy(f);
	free(text);
}

static int setup(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/test_resolv_conf.XXXXXX");
	return mkdtemp(dir) == NULL;
}

static int teardown(void **state)
{
	static const char *const names[] = { "lines",  "stub", "up",
		                             "plain",  "fifo", "many",
		                             "secret", "line", "nul" };

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++)
		unlink(path_of(names[i]));
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines),   cmocka_unit_test(stub),
		cmocka_unit_test(no_stub), cmocka_unit_test(odd_files),
		cmocka_unit_test(bounds),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
