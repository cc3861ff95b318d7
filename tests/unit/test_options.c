/* The command line: what it sets, what it refuses, what --help and the man
 * page say. */
#include "options_table.h"

#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "config.h"
#include "config_schema.h"

#define MAX_WORDS 24

static char said[4096]; /* what went to stderr */

/* Splits line at blanks, reads it as a command line, keeps stderr. */
static int read_line(struct vp_settings *s, const char *line)
{
	char words[1024], *argv[MAX_WORDS + 1];
	int argc = 0, saved = dup(STDERR_FILENO), status;
	FILE *tmp = tmpfile();
	size_t n;

	snprintf(words, sizeof(words), "vnetprobe %s", line);
	for (char *w = strtok(words, " "); w != NULL; w = strtok(NULL, " "))
		argv[argc++] = w;
	argv[argc] = NULL;
	assert_non_null(tmp);
	fflush(stderr);
	dup2(fileno(tmp), STDERR_FILENO);
	*s = (struct vp_settings){ .arena = vp_arena_create() };
	status = vp_options_read(s, argc, argv);
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
	rewind(tmp);
	n = fread(said, 1, sizeof(said) - 1, tmp);
	said[n] = '\0';
	fclose(tmp);
	return status;
}

static void test_defaults(void **state)
{
	struct vp_settings s;

	(void)state;
	assert_int_equal(read_line(&s, "check st.blob.core.windows.net"), 0);
	assert_string_equal(said, "");
	assert_int_equal(s.command, VP_COMMAND_CHECK);
	assert_int_equal(s.timeout_ms, 5000);
	assert_int_equal(s.deadline_ms, 120000);
	assert_int_equal(s.linger_ms, 300);
	assert_int_equal(s.concurrency, 32);
	assert_string_equal(s.cloud, "public");
	assert_string_equal(s.scenario, "secured");
	assert_int_equal(s.n_targets, 1);
	assert_string_equal(s.targets[0].text, "st.blob.core.windows.net");
	assert_string_equal(s.targets[0].origin, "argument");
	assert_false(s.json || s.no_capture || s.has_expect);
	vp_arena_destroy(s.arena);
}

static void test_everything(void **state)
{
	struct vp_settings s;

	(void)state;
	assert_int_equal(read_line(&s, "analyze f --learn --service-tags t"),
	                 0);
	assert_true(s.learn);
	assert_string_equal(s.service_tags, "t");
	vp_arena_destroy(s.arena);
	assert_int_equal(
		read_line(&s, "--format=json check a.example -o out.json "
	                      "--evidence e.pcapng --interface eth0 "
	                      "--evidence-size 2GiB --evidence-keep ring "
	                      "--capture-buffer 8MiB --resolver 10.0.0.4 "
	                      "--resolver=10.0.0.5:5353 --vnet 10.0.0.0/8 "),
		0);
	assert_true(s.json);
	assert_string_equal(s.output, "out.json");
	assert_string_equal(s.evidence, "e.pcapng");
	assert_int_equal(s.evidence_size, 1u << 31);
	assert_true(s.evidence_ring);
	assert_string_equal(s.interface, "eth0");
	assert_int_equal(s.capture_buffer, 8u << 20);
	assert_int_equal(s.n_resolvers, 2);
	assert_int_equal(s.resolvers[0].port, 53);
	assert_int_equal(s.resolvers[1].port, 5353);
	assert_int_equal(s.n_vnet, 1);
	vp_arena_destroy(s.arena);
	assert_int_equal(read_line(&s,
	                           "check --expect service-endpoint --scenario "
	                           "no-vnet --ca-file ca.pem --timeout 300ms "
	                           "--deadline 5 --linger 0 --concurrency 1024 "
	                           "--probe-public --color never -vv -ofile"),
	                 0);
	assert_int_equal(s.expect, VP_EXPECT_SERVICE_ENDPOINT);
	assert_true(s.has_expect && s.probe_public);
	assert_string_equal(s.scenario, "no-vnet");
	assert_string_equal(s.ca_file, "ca.pem");
	assert_int_equal(s.timeout_ms, 300);
	assert_int_equal(s.deadline_ms, 5000);
	assert_int_equal(s.linger_ms, 0);
	assert_int_equal(s.concurrency, 1024);
	assert_int_equal(s.color, VP_COLOR_NEVER);
	assert_int_equal(s.verbosity, 2);
	assert_string_equal(s.output, "file");
	vp_arena_destroy(s.arena);
}

static void test_dns(void **state)
{
	struct vp_settings s;

	(void)state;
	assert_int_equal(read_line(&s, "dns a.example --rounds 4 "
	                               "--round-interval 250ms --trace "
	                               "--compare out=203.0.113.9 "
	                               "--azure-dns never --emit bind "
	                               "--upstream 10.0.0.4"),
	                 0);
	assert_int_equal(s.command, VP_COMMAND_DNS);
	assert_int_equal(s.n_targets, 1);
	assert_int_equal(s.rounds, 4);
	assert_int_equal(s.round_interval_ms, 250);
	assert_true(s.trace);
	assert_int_equal(s.n_compare, 1);
	assert_int_equal(s.azure_dns, VP_AZURE_DNS_NEVER);
	assert_string_equal(s.emit, "bind");
	assert_int_equal(s.upstream.family, 4);
	vp_arena_destroy(s.arena);
}

static void test_order(void **state)
{
	struct vp_settings s;

	(void)state;
	assert_int_equal(read_line(&s, "-q judge report.json -o -"), 0);
	assert_int_equal(s.command, VP_COMMAND_JUDGE);
	assert_int_equal(s.n_arguments, 1);
	assert_int_equal(s.n_targets, 0);
	assert_int_equal(s.verbosity, -1);
	assert_null(s.output); /* "-" is stdout */
	vp_arena_destroy(s.arena);
	assert_int_equal(read_line(&s, "explain --format text -- --vnet"), 0);
	assert_int_equal(s.n_arguments, 1);
	assert_string_equal(s.arguments[0], "--vnet");
	vp_arena_destroy(s.arena);
	assert_int_equal(read_line(&s, "check a --help --no-such"), 2);
	vp_arena_destroy(s.arena);
	assert_int_equal(read_line(&s, "check --help --no-capture"), 0);
	assert_true(s.help);
	assert_int_equal(s.command, VP_COMMAND_CHECK);
	vp_arena_destroy(s.arena);
	assert_int_equal(read_line(&s, "--version"), 0);
	assert_true(s.version);
	vp_arena_destroy(s.arena);
}

static const struct {
	const char *line, *says; /* stderr has this */
} mistakes[] = {
	{ "analyze -c a -c b file", "-c: given twice" },
	{ "chekc a", "unknown command 'chekc'; did you mean 'check'?" },
	{ "agnet", "unknown command 'agnet' (try" }, /* not built */
	{ "frobnicate", "unknown command 'frobnicate' (try" },
	{ "-v", "no command given" },
	{ "check --vnetz 10.0.0.0/8",
	  "unknown option '--vnetz'; did you mean --vnet?" },
	{ "check --xyzzy=1", "unknown option '--xyzzy' (try 'vnetprobe check "
	                     "--help')" },
	{ "check -z", "unknown option '-z'" },
	{ "check --no-capture=yes", "--no-capture takes no argument" },
	{ "check -c", "-c wants an argument: FILE" },
	{ "check --timeout", "--timeout wants an argument: T" },
	{ "check --timeout=", "--timeout: '' is not a duration" },
	{ "check --timeout 5d", "--timeout: '5d' is not a duration: write "
	                        "300ms, 5s or 2m" },
	{ "check --timeout 0ms", "from 1ms to 10m are allowed" },
	{ "check --timeout 11m", "'11m' is out of range" },
	{ "check --linger 11m", "'11m' is out of range" },
	{ "check --deadline 25h", "'25h' is out of range" },
	{ "check --concurrency 0", "'0' is not a number from 1 to 1024" },
	{ "check --capture-buffer 4M", "'4M' is not a size" },
	{ "check --capture-buffer 1", "from 64KiB to 1024MiB are allowed" },
	{ "check --evidence-size 63KiB", "from 64KiB to 2048MiB are allowed" },
	{ "check --evidence e --evidence-keep last",
	  "'last' is not one of first, ring" },
	{ "check --evidence-keep ring", "--evidence-keep is for --evidence" },
	{ "check --evidence-size 1MiB", "--evidence-size is for --evidence" },
	{ "check --resolver dns.example", "'dns.example' is not a resolver" },
	{ "check --vnet 10.0.0.1/8", "bits set behind its length of 8" },
	{ "check --expect privat", "did you mean 'private'?" },
	{ "check --scenario x", "'x' is not one of secured, " },
	{ "check --format xml",
	  "'xml' is not one of text, json, metrics, list" },
	{ "check --color red", "'red' is not one of auto, always, never" },
	{ "check --interface 0123456789abcdef", "is not the name of a" },
	{ "check --output=", "--output: expected the path of a file" },
	{ "check --no-capture --evidence e.pcap",
	  "--no-capture contradicts --evidence" },
	{ "check --interface eth0 --no-capture",
	  "--no-capture contradicts --interface" },
	{ "check -o x --evidence x", "--output and --evidence name one file" },
	{ "check -v -q", "-q: cannot be combined with -v" },
	{ "judge", "judge wants an argument: REPORT.json" },
	{ "judge a b", "judge takes 1 argument, and 'b' is one more" },
	{ "explain a b", "explain takes 1 argument" },
	{ "diff", "diff wants two arguments: A.json B.json" },
	{ "diff a", "diff wants two arguments: A.json B.json" },
	{ "diff a b c", "diff takes 2 arguments, and 'c' is one more" },
	{ "diff a b -c f", "--config is an option of " },
	{ "judge a b --all", "--all is an option of diff, not of judge" },
	{ "judge a --evidence b", "--evidence is an option of check, dns, "
	                          "watch, not of judge" },
	{ "judge a --vnet 10.0.0.0/8",
	  "--vnet is an option of check, dns, targets, " },
	{ "dns a.example --probe-public",
	  "--probe-public is an option of check, not of dns" },
	{ "dns a --upstream 10.0.0.4", "--upstream is for --emit" },
	{ "dns a --emit bind --upstream x", "'x' is not an IP address" },
	{ "dns a --emit bind --format json", "--emit has a format of its own" },
	{ "dns a --emit bind --format metrics",
	  "--emit has a format of its own" },
	{ "analyze a --learn --format metrics",
	  "--learn has a format of its own" },
	{ "targets a --format metrics",
	  "--format metrics is for commands that come to a verdict" },
	{ "check --format list", "--format list is for targets" },
	{ "explain --format list", "--format list is for targets" },
	{ "explain --format metrics",
	  "--format metrics is for commands that come to a verdict" },
	{ "analyze a --learn --format json",
	  "--learn has a format of its own" },
	{ "check a --learn", "--learn is an option of" },
	{ "analyze a --learn --force", "--force is for --output" },
	{ "analyze a -o x --force", "--force is for --learn" },
	{ "check a --service-tags=",
	  "--service-tags: expected the path of a ServiceTags file" },
	{ "explain x --service-tags f", "--service-tags is an option of" },
	{ "check a --trace", "--trace is an option of dns, not of check" },
	{ "dns a --rounds 0", "'0' is not a number from 1 to 100" },
	{ "dns a --rounds 101", "'101' is not a number from 1 to 100" },
	{ "check a --rounds 2x", "'2x' is not a number from 1 to 100" },
	{ "dns a --round-interval 0", "from 1ms to 10m are allowed" },
	{ "dns a --compare 10.0.0.4", "--compare: " },
	{ "dns a --azure-dns maybe", "'maybe' is not one of auto, " },
	{ "watch --", "no command after --" },
	{ "watch -c /dev/null --", "no command after --" },
	{ "watch --for 0s", "--for: '0s' is out of range: from 1ms to " },
	{ "watch --for 5s -- true", "--for contradicts a command" },
	{ "watch --timeout 5s -- true",
	  "--timeout is an option of check, dns, not of watch" },
	{ "check --for 5s a", "--for is an option of watch, not of check" },
	{ "analyze", "analyze wants an argument: FILE.pcap" },
	{ "analyze a b", "analyze takes 1 argument, and 'b' is one more" },
	{ "analyze a --local x", "--local: 'x' is not an IP address" },
	{ "analyze a --timeout 5s",
	  "--timeout is an option of check, dns, not of analyze" },
	{ "agent --help", "'agent' is not in this version yet" },
	{ "check -c /no/such.yaml", "/no/such.yaml: No such file" },
	{ "check -c /", "/: this is a directory" },
};

static void test_mistakes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(*mistakes); i++) {
		struct vp_settings s;
		int status = read_line(&s, mistakes[i].line);

		vp_arena_destroy(s.arena);
		if (status != 2)
			fail_msg("status %d of: %s", status, mistakes[i].line);
		if (strstr(said, mistakes[i].says) == NULL ||
		    strncmp(said, "vnetprobe: ", 11) != 0 ||
		    strchr(said, '\n') != said + strlen(said) - 1)
			fail_msg("%s\nsays: %s\nwant: %s", mistakes[i].line,
			         said, mistakes[i].says);
	}
}

static void test_alone(void **state)
{
	struct vp_settings s;

	(void)state;
	assert_int_equal(read_line(&s, ""), 2);
	vp_arena_destroy(s.arena);
	assert_non_null(strstr(said, "usage: vnetprobe COMMAND"));
	assert_non_null(strstr(said, "  check "));
	assert_non_null(strstr(said, "  dns "));
	assert_null(strstr(said, "  agent "));
}

static void test_config_and_flags(void **state)
{
	char path[] = "/tmp/vp_options_XXXXXX", line[256];
	int fd = mkstemp(path);
	FILE *f = fdopen(fd, "w");
	struct vp_settings s;

	(void)state;
	assert_non_null(f);
	fputs("vnet: [10.1.0.0/16, 10.2.0.0/16]\n"
	      "resolvers: [10.1.0.4]\n"
	      "expect: public\ntimeout: 9s\ninterface: eth9\n"
	      "targets: [{name: b.example}]\n",
	      f);
	fclose(f);
	snprintf(line, sizeof(line),
	         "check --vnet 10.3.0.0/16 --timeout 1s -c %s a.example "
	         "--vnet 10.4.0.0/16 --no-capture",
	         path);
	assert_int_equal(read_line(&s, line), 0);
	assert_int_equal(s.n_vnet, 2); /* the flags' alone */
	assert_int_equal(s.vnet[0].addr.bytes[1], 3);
	assert_int_equal(s.n_resolvers, 1); /* the config's */
	assert_int_equal(s.timeout_ms, 1000);
	assert_int_equal(s.expect, VP_EXPECT_PUBLIC);
	assert_true(s.no_capture); /* no contradiction: a flag wins */
	assert_int_equal(s.n_targets, 2);
	assert_string_equal(s.targets[0].text, "b.example");
	assert_string_equal(s.targets[1].origin, "argument");
	vp_arena_destroy(s.arena);
	assert_int_equal(unlink(path), 0);
}

static void slurp(char *buf, size_t size, FILE *f)
{
	size_t n;

	assert_non_null(f);
	rewind(f);
	n = fread(buf, 1, size - 1, f);
	buf[n] = '\0';
	fclose(f);
}

static void help_text(char *buf, size_t size, enum vp_command command)
{
	FILE *f = tmpfile();

	assert_non_null(f);
	vp_options_help(command, f);
	slurp(buf, size, f);
}

static bool write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	bool ok = fd >= 0 &&
	          write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return ok;
}

/* An /etc with nothing but our configuration, for this process alone. */
static bool etc_of_our_own(void)
{
	char map[64], group[64];

	snprintf(map, sizeof(map), "0 %u 1", (unsigned)getuid());
	snprintf(group, sizeof(group), "0 %u 1", (unsigned)getgid());
	return unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 &&
	       write_file("/proc/self/uid_map", map) &&
	       write_file("/proc/self/setgroups", "deny") &&
	       write_file("/proc/self/gid_map", group) &&
	       mount("none", "/etc", "tmpfs", 0, NULL) == 0 &&
	       write_file("/etc/vnetprobe.yaml", "vnet: [10.1.0.0/16]\n");
}

static const struct {
	const char *line;
	bool read;
} by_default[] = {
	{ "check", true },
	{ "check st.blob.core.windows.net", false },
	{ "check --no-discover", false },
	{ "dns", true },
	{ "targets", true },
	{ "watch --for 1s", true },
	{ "watch -- job", true },
	{ "watch --no-discover", false },
	{ "analyze file.pcap", true },
	{ "analyze --no-discover file.pcap", false },
	{ "judge report.json", false },
	{ "diff a.json b.json", false },
};

/* In a process of its own: 0: as it should be, 77: it may not, else which. */
static int read_by_default(void)
{
	if (!etc_of_our_own())
		return 77;
	for (size_t i = 0; i < sizeof(by_default) / sizeof(*by_default); i++) {
		struct vp_settings s;

		if (read_line(&s, by_default[i].line) != 0 ||
		    (s.n_vnet == 1) != by_default[i].read ||
		    (s.config != NULL) != by_default[i].read)
			return (int)i + 1;
		vp_arena_destroy(s.arena);
	}
	return 0;
}

static void test_default_config(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(read_by_default());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	status = WEXITSTATUS(status);
	if (status == 77)
		skip();
	if (status != 0)
		fail_msg("%s", by_default[status - 1].line);
}

static void test_help(void **state)
{
	static char all[16384], check[16384];
	const struct vp_option *rows;
	char word[64];
	size_t n;

	(void)state;
	help_text(all, sizeof(all), VP_COMMAND_NONE);
	help_text(check, sizeof(check), VP_COMMAND_CHECK);
	rows = vp_options_table(&n);
	for (size_t i = 0; i < n; i++) {
		bool mine = (rows[i].commands & VP_FOR(VP_COMMAND_CHECK)) != 0;

		snprintf(word, sizeof(word), "--%s ", rows[i].name);
		assert_non_null(strstr(all, word));
		assert_int_equal(strstr(check, word) != NULL, mine);
	}
	assert_non_null(strstr(all, "text|json|metrics|list"));
	assert_null(strstr(check, "|list"));
	help_text(check, sizeof(check), VP_COMMAND_TARGETS);
	assert_non_null(strstr(check, "--format text|json|list "));
	assert_null(strstr(all, "\n  agent "));
	for (char *l = strtok(all, "\n"); l != NULL; l = strtok(NULL, "\n")) {
		if (strlen(l) > 80)
			fail_msg("longer than 80: %s", l);
	}
}

static char page[65536];

static void on_key(const char *path, void *arg)
{
	(void)arg;
	if (strstr(page, path) == NULL)
		fail_msg("the man page lacks the config key %s", path);
}

static void test_man_page(void **state)
{
	const struct vp_option *rows;
	const struct vp_command_row *commands;
	char word[64];
	size_t n;

	(void)state;
	slurp(page, sizeof(page),
	      fopen(VP_SOURCE_DIR "/deploy/man/vnetprobe.1", "r"));
	rows = vp_options_table(&n);
	for (size_t i = 0; i < n; i++) {
		char *out = word;

		out += sprintf(out, "\\-\\-");
		for (const char *c = rows[i].name; *c != '\0'; c++)
			out += sprintf(out, *c == '-' ? "\\-" : "%c", *c);
		if (strstr(page, word) == NULL)
			fail_msg("the man page lacks --%s", rows[i].name);
	}
	commands = vp_options_commands(&n);
	for (size_t i = 0; i < n; i++) {
		snprintf(word, sizeof(word), ".B vnetprobe %s",
		         commands[i].name);
		assert_int_equal(strstr(page, word) != NULL, commands[i].built);
	}
	vp_config_keys(on_key, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_everything),
		cmocka_unit_test(test_dns),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_alone),
		cmocka_unit_test(test_config_and_flags),
		cmocka_unit_test(test_default_config),
		cmocka_unit_test(test_help),
		cmocka_unit_test(test_man_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
