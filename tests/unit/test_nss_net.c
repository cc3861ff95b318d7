/* The look-up helper: real getaddrinfo() in a namespace of its own, with a
 * mount namespace so that hosts, nsswitch.conf and resolv.conf are ours. */
#include "vnetprobe/nss.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "fake_dns.h"
#include "nss_helper.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static char dir[64];

struct fixture {
	uv_loop_t loop;
	struct vp_arena *arena;
	struct vp_nss *nss;
	uv_timer_t end;
	struct vp_dns_row row;
	unsigned n_rows, want;
};

static void on_end(uv_timer_t *t)
{
	(void)t;
	fail_msg("nothing came in ten seconds");
}

static void open_fixture(struct fixture *f, unsigned n_threads)
{
	memset(f, 0, sizeof(*f));
	assert_int_equal(vp_nss_create(&f->nss, n_threads), 0);
	assert_int_equal(uv_loop_init(&f->loop), 0);
	f->arena = vp_arena_create();
	assert_int_equal(vp_nss_start(f->nss, &f->loop), 0);
	uv_timer_init(&f->loop, &f->end);
	uv_timer_start(&f->end, on_end, 10000, 0);
	uv_unref((uv_handle_t *)&f->end);
}

static void close_fixture(struct fixture *f)
{
	vp_nss_destroy(f->nss);
	uv_close((uv_handle_t *)&f->end, NULL);
	uv_run(&f->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&f->loop), 0);
	vp_arena_destroy(f->arena);
	/* no zombie, and none that still runs */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void on_row(const struct vp_dns_row *row, void *arg)
{
	struct fixture *f = arg;

	f->row = *row;
	if (++f->n_rows == f->want)
		uv_stop(&f->loop);
}

static void ask(struct fixture *f, const char *name)
{
	assert_int_equal(vp_nss_ask(f->nss, f->arena, name, on_row, f), 0);
}

static void run(struct fixture *f, unsigned want)
{
	f->n_rows = 0;
	f->want = want;
	uv_run(&f->loop, UV_RUN_DEFAULT);
	assert_int_equal(f->n_rows, want);
}

static void put(const char *name, const char *text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static void answers(void **state)
{
	static const struct {
		const char *name;
		enum vp_outcome outcome;
		size_t n;
		const char *first, *detail;
	} cases[] = {
		{ "one.test", VP_OUTCOME_OK, 1, "10.0.0.1", NULL },
		{ "both.test", VP_OUTCOME_OK, 2, NULL, NULL },
		{ "twice.test", VP_OUTCOME_OK, 1, "10.0.0.4", NULL },
		{ "none.test", VP_OUTCOME_OK, 0, NULL,
		  "Name or service not known" },
		{ "192.0.2.7", VP_OUTCOME_OK, 1, "192.0.2.7", NULL },
		{ "a..b", VP_OUTCOME_OK, 0, NULL, "" },
	};
	struct fixture f;

	(void)state;
	open_fixture(&f, 4);
	for (size_t i = 0; i < COUNT(cases); i++) {
		char text[VP_ADDR_TEXT];

		ask(&f, cases[i].name);
		run(&f, 1);
		assert_int_equal(f.row.outcome, cases[i].outcome);
		assert_int_equal(f.row.type, 0);
		assert_int_equal(f.row.rcode, -1);
		assert_int_equal(f.row.transport, VP_TRANSPORT_NSS);
		assert_int_equal(f.row.n_addresses, cases[i].n);
		if (cases[i].first != NULL)
			assert_string_equal(
				vp_addr_format(&f.row.addresses[0].addr, text),
				cases[i].first);
		if (cases[i].detail == NULL)
			assert_null(f.row.detail);
		else
			assert_non_null(strstr(f.row.detail, cases[i].detail));
	}
	close_fixture(&f);
}

static void too_many_addresses(void **state)
{
	struct fixture f;

	(void)state;
	open_fixture(&f, 1);
	ask(&f, "many.test");
	run(&f, 1);
	assert_int_equal(f.row.outcome, VP_OUTCOME_OK);
	assert_int_equal(f.row.n_addresses, VP_NSS_ADDRESSES_MAX);
	assert_non_null(strstr(f.row.detail, "6 more addresses"));
	close_fixture(&f);
}

/* More questions than threads, all answered; bad names are refused. */
static void many_questions(void **state)
{
	char longest[VP_NSS_NAME_MAX + 2];
	struct fixture f;

	(void)state;
	open_fixture(&f, 3);
	for (int i = 0; i < 2000; i++)
		ask(&f, i % 2 ? "one.test" : "none.test");
	run(&f, 2000);
	memset(longest, 'a', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	assert_int_equal(vp_nss_ask(f.nss, f.arena, longest, on_row, &f),
	                 -EINVAL);
	assert_int_equal(vp_nss_ask(f.nss, f.arena, "", on_row, &f), -EINVAL);
	longest[sizeof(longest) - 2] = '\0';
	ask(&f, longest);
	run(&f, 1);
	assert_int_equal(f.row.n_addresses, 0);
	/* with nothing open the loop ends by itself */
	assert_int_equal(uv_run(&f.loop, UV_RUN_DEFAULT), 0);
	close_fixture(&f);
}

/* Where a descriptor of the helper leads; "" if it has none of that number. */
static void fd_link(pid_t pid, int fd, char *out, size_t size)
{
	char path[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)pid, fd);
	n = readlink(path, out, size - 1);
	out[n > 0 ? n : 0] = '\0';
}

static pid_t helper_pid(void)
{
	char text[64] = "";
	FILE *file;
	int pid;

	snprintf(text, sizeof(text), "/proc/self/task/%d/children",
	         (int)getpid());
	file = fopen(text, "r");
	if (file == NULL || fscanf(file, "%d", &pid) != 1)
		pid = 0;
	if (file != NULL)
		fclose(file);
	return pid;
}

static void status_line(pid_t pid, const char *key, char *out, size_t size)
{
	char path[64], line[256];
	FILE *file;

	out[0] = '\0';
	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	file = fopen(path, "r");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file) != NULL)
		if (strncmp(line, key, strlen(key)) == 0)
			snprintf(out, size, "%s", line + strlen(key) + 2);
	out[strcspn(out, "\n")] = '\0';
	fclose(file);
}

/* What the helper may do and has: nothing but its socket and stderr. */
static void no_rights(void **state)
{
	static const struct {
		const char *key, *want;
	} lines[] = {
		{ "CapEff", "0000000000000000" },
		{ "CapPrm", "0000000000000000" },
		{ "CapBnd", "0000000000000000" },
		{ "CapAmb", "0000000000000000" },
		{ "NoNewPrivs", "1" },
	};
	int null = open("/dev/null", O_RDONLY);
	int extra = fcntl(null, F_DUPFD, 100);
	struct fixture f;
	char got[64];
	pid_t pid;

	(void)state;
	open_fixture(&f, 2);
	ask(&f, "one.test");
	run(&f, 1);
	pid = helper_pid();
	close(null);
	if (pid == 0) { /* a kernel without CONFIG_PROC_CHILDREN */
		close(extra);
		close_fixture(&f);
		skip();
	}
	for (size_t i = 0; i < COUNT(lines); i++) {
		status_line(pid, lines[i].key, got, sizeof(got));
		assert_string_equal(got, lines[i].want);
	}
	fd_link(pid, 0, got, sizeof(got));
	assert_string_equal(got, "/dev/null");
	fd_link(pid, 1, got, sizeof(got));
	assert_string_equal(got, "/dev/null");
	fd_link(pid, 3, got, sizeof(got));
	assert_non_null(strstr(got, "socket:"));
	fd_link(pid, extra, got, sizeof(got));
	assert_string_equal(got, "");
	/* Ctrl-C and a service manager's stop are the parent's to decide */
	kill(pid, SIGINT);
	kill(pid, SIGTERM);
	ask(&f, "one.test");
	run(&f, 1);
	assert_int_equal(f.row.n_addresses, 1);
	close(extra);
	close_fixture(&f);
}

/* A server on port 53 that says nothing, and a helper that waits for it. */
static void hang(struct fixture *f, struct fake_dns *s, unsigned n_asks)
{
	put("resolv.conf",
	    "nameserver 127.0.0.1\noptions timeout:30 attempts:5\n");
	put("nsswitch.conf", "hosts: files dns\n");
	open_fixture(f, 4);
	fake_dns_start(s, &f->loop, "127.0.0.1:53", false);
	for (unsigned i = 0; i < n_asks; i++)
		ask(f, "drop.test");
	while (s->questions < 8) /* four threads, two types each */
		uv_run(&f->loop, UV_RUN_ONCE);
	assert_int_equal(f->n_rows, 0);
	put("nsswitch.conf", "hosts: files\n");
}

static void helper_dies(void **state)
{
	struct fixture f;
	struct fake_dns s;
	pid_t pid;

	(void)state;
	hang(&f, &s, 6);
	pid = helper_pid();
	if (pid == 0) {
		fake_dns_stop(&s);
		close_fixture(&f);
		skip();
	}
	kill(pid, SIGKILL);
	run(&f, 6); /* four under way, two waiting */
	assert_int_equal(f.row.outcome, VP_OUTCOME_ERROR);
	assert_string_equal(f.row.detail, "the look-up helper has ended");
	ask(&f, "one.test"); /* afterwards too, and from the loop */
	assert_int_equal(f.n_rows, 6);
	run(&f, 1);
	assert_int_equal(f.row.outcome, VP_OUTCOME_ERROR);
	fake_dns_stop(&s);
	close_fixture(&f);
}

static void on_row_destroy(const struct vp_dns_row *row, void *arg)
{
	struct fixture *f = arg;

	(void)row;
	f->n_rows++;
	vp_nss_destroy(f->nss);
	f->nss = NULL;
}

static void destroy(void **state)
{
	struct vp_nss *n;
	struct fixture f;

	(void)state;
	vp_nss_destroy(NULL);
	assert_int_equal(vp_nss_create(&n, 4), 0);
	assert_int_equal(vp_nss_ask(n, NULL, "one.test", on_row, NULL),
	                 -EINVAL); /* not started */
	vp_nss_destroy(n);
	open_fixture(&f, 2);
	for (int i = 0; i < 20; i++)
		assert_int_equal(vp_nss_ask(f.nss, f.arena, "one.test",
		                            on_row_destroy, &f),
		                 0);
	uv_run(&f.loop, UV_RUN_DEFAULT);
	assert_int_equal(f.n_rows, 1);
	close_fixture(&f);
}

/* A resolver that says nothing: the helper hangs, and ends when told to. */
static void silent_resolver(void **state)
{
	struct fixture f;
	struct fake_dns s;
	uint64_t t0;

	(void)state;
	hang(&f, &s, 6);
	t0 = uv_hrtime();
	vp_nss_destroy(f.nss);
	f.nss = NULL;
	assert_true((uv_hrtime() - t0) / 1000000 < 300);
	fake_dns_stop(&s);
	close_fixture(&f);
}

/* Threads that hang are given up, others take their place, and what the
 * helper can answer without that resolver it still answers. */
static void gives_up(void **state)
{
	struct fixture f;
	struct fake_dns s;
	uint64_t t0;

	(void)state;
	hang(&f, &s, 4);
	put("nsswitch.conf", "hosts: files dns\n");
	vp_nss_limit(f.nss, 200);
	t0 = uv_hrtime();
	ask(&f, "drop.test"); /* waits for a thread, and has its own 200 ms */
	run(&f, 5);
	assert_int_equal(f.row.outcome, VP_OUTCOME_TIMEOUT);
	assert_int_equal(f.row.elapsed_us, 200000);
	assert_true((uv_hrtime() - t0) / 1000000 >= 190);
	assert_true((uv_hrtime() - t0) / 1000000 < 2000);
	ask(&f, "one.test");
	run(&f, 1);
	assert_int_equal(f.row.outcome, VP_OUTCOME_OK);
	assert_int_equal(f.row.n_addresses, 1);
	put("nsswitch.conf", "hosts: files\n");
	fake_dns_stop(&s);
	close_fixture(&f);
}

/* What glibc makes of a resolver's words. */
static void resolver_says(void **state)
{
	static const struct {
		const char *name;
		enum vp_outcome outcome;
		size_t n;
		const char *detail;
	} cases[] = {
		{ "ok.test", VP_OUTCOME_OK, 2, NULL },
		{ "nx.test", VP_OUTCOME_OK, 0, "Name or service not known" },
		{ "nodata.test", VP_OUTCOME_OK, 0, "No address associated" },
		{ "servfail.test", VP_OUTCOME_TIMEOUT, 0, "Temporary failure" },
	};
	struct fixture f;
	struct fake_dns s;

	(void)state;
	put("resolv.conf", "nameserver 127.0.0.1\n");
	put("nsswitch.conf", "hosts: files dns\n");
	open_fixture(&f, 2);
	fake_dns_start(&s, &f.loop, "127.0.0.1:53", true);
	for (size_t i = 0; i < COUNT(cases); i++) {
		ask(&f, cases[i].name);
		run(&f, 1);
		if (f.row.outcome != cases[i].outcome)
			fail_msg("%s: %s", cases[i].name,
			         vp_outcome_name(f.row.outcome));
		assert_int_equal(f.row.n_addresses, cases[i].n);
		if (cases[i].detail != NULL)
			assert_non_null(strstr(f.row.detail, cases[i].detail));
		else
			assert_null(f.row.detail);
	}
	fake_dns_stop(&s);
	close_fixture(&f);
	put("nsswitch.conf", "hosts: files\n");
}

/* Our own files over those of /etc, in a mount namespace that goes with us. */
static int setup(void **state)
{
	static const char *const files[] = { "hosts", "nsswitch.conf",
		                             "resolv.conf" };
	char hosts[4096];
	size_t used;

	(void)state;
	if (unshare(CLONE_NEWNS) < 0 ||
	    mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) < 0)
		return -1;
	snprintf(dir, sizeof(dir), "/tmp/test_nss.XXXXXX");
	if (mkdtemp(dir) == NULL || mount("none", dir, "tmpfs", 0, NULL) < 0)
		return -1;
	used = (size_t)snprintf(hosts, sizeof(hosts),
	                        "127.0.0.1 localhost\n10.0.0.1 one.test\n"
	                        "10.0.0.2 both.test\nfd00::2 both.test\n"
	                        "10.0.0.4 twice.test\n10.0.0.4 twice.test\n");
	for (int i = 0; i < VP_NSS_ADDRESSES_MAX + 6; i++)
		used += (size_t)snprintf(hosts + used, sizeof(hosts) - used,
		                         "10.2.0.%d many.test\n", i + 1);
	put("hosts", hosts);
	put("nsswitch.conf", "hosts: files\n");
	put("resolv.conf", "nameserver 127.0.0.1\n");
	put("host.conf", "multi on\n");
	for (size_t i = 0; i < COUNT(files); i++) {
		char from[128], to[128];

		snprintf(from, sizeof(from), "%s/%s", dir, files[i]);
		snprintf(to, sizeof(to), "/etc/%s", files[i]);
		if (mount(from, to, "none", MS_BIND, NULL) < 0) {
			print_message("cannot mount over %s: %s\n", to,
			              strerror(errno));
			return -1;
		}
	}
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	umount2(dir, MNT_DETACH);
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers),
		cmocka_unit_test(too_many_addresses),
		cmocka_unit_test(many_questions),
		cmocka_unit_test(no_rights),
		cmocka_unit_test(helper_dies),
		cmocka_unit_test(destroy),
		cmocka_unit_test(silent_resolver),
		cmocka_unit_test(gives_up),
		cmocka_unit_test(resolver_says),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
