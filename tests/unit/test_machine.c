/* test_machine.c - what this machine's files say, and files that are odd. */
#include "vnetprobe/machine.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define N_OF(a) (sizeof(a) / sizeof((a)[0]))
#define BLOB "acct.blob.core.windows.net"
#define VAULT "kv.vault.azure.net"
#define AZURE_TAG "7783-7084-3265-9085-8269-3286-77"

static char dir[64];

static char *path_of(const char *name)
{
	static char paths[8][160];
	static int turn;
	char *path = paths[turn++ % 8];

	snprintf(path, sizeof(paths[0]), "%s/%s", dir, name);
	return path;
}

static char *write_bytes(const char *name, const char *text, size_t len)
{
	char *path = path_of(name);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
	return path;
}

static char *write_text(const char *name, const char *text)
{
	return write_bytes(name, text, strlen(text));
}

/* Nothing of the machine that runs the test. */
static struct vp_machine_files nowhere(void)
{
	static char none[160];

	snprintf(none, sizeof(none), "%s/none", dir);
	return (struct vp_machine_files){ none, none, none, none,
		                          none, none, none };
}

static struct vp_facts *facts_make(void)
{
	static const char *const names[] = { BLOB, VAULT };
	struct vp_facts *f = vp_facts_create();

	for (size_t i = 0; i < N_OF(names); i++) {
		struct vp_name *n = vp_arena_alloc(f->arena, sizeof(*n));

		n->name = vp_arena_strdup(f->arena, names[i]);
		*VP_PUSH(f->arena, f->names, f->n_names) = n;
	}
	return f;
}

static void add_resolver(struct vp_facts *f, const char *text,
                         enum vp_resolver_source source)
{
	struct vp_resolver *r = VP_PUSH(f->arena, f->resolvers, f->n_resolvers);

	r->source = source;
	if (text != NULL)
		assert_int_equal(vp_endpoint_parse(&r->endpoint, text, 53), 0);
}

static const char *joined(char *const *words, size_t n)
{
	static char text[4096];

	text[0] = '\0';
	for (size_t i = 0; i < n; i++) {
		strcat(text, i > 0 ? " " : "");
		strcat(text, words[i]);
	}
	return text;
}

static void nothing_is_not_known(void **state)
{
	struct vp_machine_files files = nowhere();
	struct vp_facts *f = facts_make();

	(void)state;
	f->machine.vnet_dns_from = vp_arena_strdup(f->arena, "config");
	vp_machine_read(f, &files);
	assert_int_equal(f->machine.n_search, 0);
	assert_int_equal(f->machine.ndots, 1);
	assert_null(f->machine.hosts_sources);
	assert_null(f->machine.cache);
	assert_int_equal(f->machine.azure, VP_AZURE_UNKNOWN);
	assert_int_equal(f->machine.n_links, 0);
	assert_int_equal(f->names[0]->n_hosts, 0);
	assert_string_equal(f->machine.vnet_dns_from, "config");
	vp_facts_destroy(f);
}

static void search_and_ndots(void **state)
{
	static const struct {
		const char *text, *search;
		unsigned ndots;
	} cases[] = {
		{ "", "", 1 },
		{ "search corp.example  Lab.Example.\t x\n",
		  "corp.example lab.example x", 1 },
		{ "search a\nsearch b c\n", "b c", 1 },
		{ "search a b\ndomain d e\n", "d", 1 },
		{ "domain d\nsearch a b", "a b", 1 },
		{ "search a\nsearch\n", "a", 1 },   /* glibc: no blank */
		{ "search a\nsearch  \n", "a", 1 }, /* and no list */
		{ "search a\nsearch .\n", "", 1 },  /* systemd: none */
		{ " search a\n", "", 1 },           /* not at the start */
		{ "searching a\nSEARCH b\n", "", 1 },
		{ "# search a\n;search b\n", "", 1 },
		{ "search a # why\n", "a why", 1 }, /* as glibc has it */
		{ "search a b-.example *.c\n", "a", 1 },
		{ "options ndots:5\n", "", 5 },
		{ "options timeout:1 ndots:2 rotate\n", "", 2 },
		{ "options ndots:5\noptions ndots:0\n", "", 0 },
		{ "options ndots:5\noptions rotate\n", "", 5 },
		{ "options ndots:15\n", "", 15 },
		{ "options ndots:16\n", "", 15 },
		{ "options ndots:99999999999999999999\n", "", 15 },
		{ "options ndots:\n", "", 0 },
		{ "options ndots=5\n", "", 1 },
		{ "optionsndots:5\n", "", 1 },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(cases); i++) {
		struct vp_machine_files files = nowhere();
		struct vp_facts *f = facts_make();

		files.resolv_conf = write_text("resolv.conf", cases[i].text);
		vp_machine_read(f, &files);
		if (strcmp(joined(f->machine.search, f->machine.n_search),
		           cases[i].search) != 0 ||
		    f->machine.ndots != cases[i].ndots)
			fail_msg("\"%s\": search %s, ndots %u", cases[i].text,
			         joined(f->machine.search, f->machine.n_search),
			         f->machine.ndots);
		vp_facts_destroy(f);
	}
}

static void hosts_sources(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "hosts: files dns\n", "files dns" },
		{ "hosts:files dns", "files dns" },
		{ " hosts :\tfiles   [NOTFOUND=return  SUCCESS=merge] dns # "
		  "x\n",
		  "files [NOTFOUND=return SUCCESS=merge] dns" },
		{ "# hosts: files\npasswd: files\n", NULL },
		{ "hosts files dns\n", NULL },
		{ "hosts2: files\nHosts: files\nghosts: files\n", NULL },
		{ "hosts: files\nhosts: dns\n", "dns" },
		{ "hosts:\n", "" },
		{ "hosts: dns\r\n", "dns" },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(cases); i++) {
		struct vp_machine_files files = nowhere();
		struct vp_facts *f = facts_make();
		const char *got;

		files.nsswitch = write_text("nsswitch.conf", cases[i].text);
		vp_machine_read(f, &files);
		got = f->machine.hosts_sources;
		if (cases[i].want == NULL
		            ? got != NULL
		            : got == NULL || strcmp(got, cases[i].want) != 0)
			fail_msg("\"%s\": %s", cases[i].text,
			         got != NULL ? got : "NULL");
		vp_facts_destroy(f);
	}
}

static void hosts_lines(void **state)
{
	static const char text[] =
		"127.0.0.1 localhost\n"
		"10.0.0.5 acct.BLOB.core.windows.net other\n"
		"\n"
		"# 10.0.0.6 " BLOB "\n"
		"  10.0.0.7\tx " BLOB " " BLOB " # " VAULT "\r\n"
		"fd00::7 " BLOB "\n"
		"10.0.0.300 " BLOB "\n"
		"10.0.0.8 " BLOB ".\n"
		"10.0.0.9 a" BLOB "\n"
		"10.0.0.10\n" BLOB " 10.0.0.11\n"
		"10.0.0.12 " BLOB;
	static const struct {
		const char *addr;
		unsigned line;
	} want[] = {
		{ "10.0.0.5", 2 },
		{ "10.0.0.7", 5 },
		{ "fd00::7", 6 },
		{ "10.0.0.12", 12 },
	};
	struct vp_machine_files files = nowhere();
	struct vp_facts *f = facts_make();
	char buf[VP_ADDR_TEXT];

	(void)state;
	files.hosts = write_text("hosts", text);
	vp_machine_read(f, &files);
	assert_int_equal(f->names[0]->n_hosts, N_OF(want));
	for (size_t i = 0; i < N_OF(want); i++) {
		assert_string_equal(
			vp_addr_format(&f->names[0]->hosts[i].addr, buf),
			want[i].addr);
		assert_int_equal(f->names[0]->hosts[i].line, want[i].line);
	}
	assert_int_equal(f->names[1]->n_hosts, 0);
	vp_machine_read(f, &files); /* again: not twice */
	assert_int_equal(f->names[0]->n_hosts, N_OF(want));
	vp_facts_destroy(f);
}

/* A line longer than the buffer loses its end, never its neighbours. */
static void hosts_long_line(void **state)
{
	struct vp_machine_files files = nowhere();
	struct vp_facts *f = facts_make();
	size_t len = 0, size = 400000;
	char *text = malloc(size);

	(void)state;
	assert_non_null(text);
	len += (size_t)sprintf(text, "10.0.0.1 %s", VAULT);
	while (len < 200000)
		len += (size_t)sprintf(text + len, " name%zu.example", len);
	len += (size_t)sprintf(text + len, " %s\n10.0.0.2 %s\n", BLOB, BLOB);
	memset(text + len, 'x', 150000); /* a word without end */
	len += 150000;
	len += (size_t)sprintf(text + len, "\n10.0.0.4 %s\n", BLOB);
	files.hosts = write_bytes("hosts", text, len);
	vp_machine_read(f, &files);
	assert_int_equal(f->names[1]->n_hosts, 1);
	assert_int_equal(f->names[0]->n_hosts, 2);
	assert_int_equal(f->names[0]->hosts[0].line, 2);
	assert_int_equal(f->names[0]->hosts[1].line, 4);
	free(text);
	vp_facts_destroy(f);
}

/* 100 MB, the name we look for in the last line. */
static void hosts_huge(void **state)
{
	struct vp_machine_files files = nowhere();
	struct vp_facts *f = facts_make();
	char *path = path_of("hosts");
	FILE *out = fopen(path, "w");
	struct timespec a, b;
	unsigned n = 4000000;

	(void)state;
	assert_non_null(out);
	for (unsigned i = 0; i < n; i++)
		fprintf(out, "0.0.0.0 ads%07u.example\n", i);
	fprintf(out, "10.0.0.5 %s\n", BLOB);
	assert_int_equal(fclose(out), 0);
	files.hosts = path;
	clock_gettime(CLOCK_MONOTONIC, &a);
	vp_machine_read(f, &files);
	clock_gettime(CLOCK_MONOTONIC, &b);
	print_message("100 MB in %ld ms\n",
	              (b.tv_sec - a.tv_sec) * 1000 +
	                      (b.tv_nsec - a.tv_nsec) / 1000000);
	assert_true(b.tv_sec - a.tv_sec < 30); /* also under a sanitizer */
	assert_int_equal(f->names[0]->n_hosts, 1);
	assert_int_equal(f->names[0]->hosts[0].line, n + 1);
	unlink(path);
	vp_facts_destroy(f);
}

static void hosts_same_name_often(void **state)
{
	struct vp_machine_files files = nowhere();
	struct vp_facts *f = facts_make();
	char *path = path_of("hosts");
	FILE *out = fopen(path, "w");

	(void)state;
	assert_non_null(out);
	for (unsigned i = 0; i < 1000; i++)
		fprintf(out, "10.0.%u.%u %s\n", i / 250, i % 250, BLOB);
	assert_int_equal(fclose(out), 0);
	files.hosts = path;
	vp_machine_read(f, &files);
	assert_int_equal(f->names[0]->n_hosts, 64);
	vp_facts_destroy(f);
}

static void azure_by_chassis(void **state)
{
	static const struct {
		const char *text;
		enum vp_azure want;
	} cases[] = {
		{ AZURE_TAG "\n", VP_AZURE_YES },
		{ AZURE_TAG, VP_AZURE_YES },
		{ AZURE_TAG "8\n", VP_AZURE_NO },
		{ "7783-7084-3265-9085-8269-3286-7\n", VP_AZURE_NO },
		{ "No Asset Tag\n", VP_AZURE_NO },
		{ "x\n" AZURE_TAG "\n", VP_AZURE_NO },
		{ "\n", VP_AZURE_NO },
		{ "", VP_AZURE_UNKNOWN },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(cases); i++) {
		struct vp_machine_files files = nowhere();
		struct vp_facts *f = facts_make();

		files.dmi = write_text("tag", cases[i].text);
		vp_machine_read(f, &files);
		if (f->machine.azure != cases[i].want)
			fail_msg("\"%s\": %s", cases[i].text,
			         vp_azure_name(f->machine.azure));
		vp_facts_destroy(f);
	}
}

static void nscd_is_a_socket(void **state)
{
	struct vp_machine_files files = nowhere();
	struct vp_facts *f = facts_make();
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)state;
	files.nscd_socket = write_text("nscd", "");
	vp_machine_read(f, &files);
	assert_null(f->machine.cache); /* a file is no daemon */
	unlink(files.nscd_socket);
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/nscd", dir);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	vp_machine_read(f, &files);
	assert_string_equal(f->machine.cache, "nscd");
	close(fd);
	unlink(files.nscd_socket);
	vp_facts_destroy(f);
}

/* Interface 1 is the loopback, everywhere; 2000000 is none. */
static void links(void **state)
{
	struct vp_machine_files files = nowhere();
	struct vp_facts *f = facts_make();
	const struct vp_link_dns *l;
	char buf[VP_ADDR_TEXT];

	(void)state;
	mkdir(path_of("netif"), 0700);
	mkdir(path_of("links"), 0700);
	write_text("netif/1",
	           "# This is private data. Do not parse.\nLLMNR=yes\n"
	           "SERVERS=10.8.0.1 10.8.0.2:5353%lo#dns.example "
	           "[fd00::53]:53%1 fe80::1%1 10.8.0.1 junk\n"
	           "DOMAINS=Corp.example ~blob.core.windows.net ~. a..b\n");
	write_text("links/1", "OPER_STATE=routable\nDNS=10.0.0.4 10.8.0.1\n"
	                      "NTP=10.0.0.9\nDOMAINS=lab.example\n"
	                      "ROUTE_DOMAINS=vault.azure.net "
	                      "~blob.core.windows.net\n");
	write_text("netif/2000000", "SERVERS=10.9.9.9\n");
	write_text("netif/1x", "SERVERS=10.9.9.8\n");
	files.links = path_of("netif");
	files.networkd = path_of("links");
	add_resolver(f, "127.0.0.53", VP_RESOLVER_RESOLV_CONF);
	add_resolver(f, "10.8.0.2", VP_RESOLVER_SYSTEMD_RESOLVED);
	add_resolver(f, "10.0.0.4", VP_RESOLVER_SYSTEMD_RESOLVED);
	add_resolver(f, NULL, VP_RESOLVER_NSS);
	vp_machine_read(f, &files);
	assert_int_equal(f->machine.n_links, 1);
	l = &f->machine.links[0];
	assert_string_equal(l->interface, "lo");
	assert_string_equal(joined(l->domains, l->n_domains),
	                    "corp.example ~blob.core.windows.net ~. "
	                    "lab.example ~vault.azure.net");
	assert_int_equal(l->n_servers, 5);
	assert_string_equal(vp_addr_format(&l->servers[1], buf), "10.8.0.2");
	assert_string_equal(vp_addr_format(&l->servers[2], buf), "fd00::53");
	assert_string_equal(vp_addr_format(&l->servers[3], buf), "fe80::1");
	assert_string_equal(vp_addr_format(&l->servers[4], buf), "10.0.0.4");
	assert_null(f->resolvers[0].interface);
	assert_string_equal(f->resolvers[1].interface, "lo");
	assert_string_equal(f->resolvers[2].interface, "lo");
	assert_null(f->resolvers[3].interface);
	vp_facts_destroy(f);
}

/* A directory, a FIFO, random bytes in the place of every file. */
static void junk(void **state)
{
	struct vp_facts *f = facts_make();
	struct vp_machine_files files = { dir, dir, dir, dir, dir, dir, dir };
	char bytes[20000];
	char *path;
	int fd;

	(void)state;
	vp_machine_read(f, &files);
	assert_int_equal(f->machine.azure, VP_AZURE_UNKNOWN);
	path = path_of("fifo");
	assert_int_equal(mkfifo(path, 0600), 0);
	files = (struct vp_machine_files){ path, path, path, path,
		                           path, path, path };
	fd = open(path, O_RDWR);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, AZURE_TAG "\n", 33), 33);
	vp_machine_read(f, &files); /* there is something to read */
	close(fd);
	assert_int_equal(f->machine.azure, VP_AZURE_UNKNOWN);
	srand(20);
	for (unsigned turn = 0; turn < 50; turn++) {
		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (char)rand();
		path = write_bytes("junk", bytes, sizeof(bytes));
		files = (struct vp_machine_files){ path, path, path, path,
			                           path, path, path };
		vp_machine_read(f, &files);
		assert_int_equal(f->machine.n_search, 0);
		assert_int_equal(f->names[0]->n_hosts, 0);
	}
	vp_facts_destroy(f);
}

/* The system's own files: whatever they say, and no crash. */
static void own_files(void **state)
{
	struct vp_facts *f = facts_make();

	(void)state;
	vp_machine_read(f, NULL);
	assert_in_range(f->machine.ndots, 0, 15);
	vp_facts_destroy(f);
}

static int make_dir(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/vp-machine-XXXXXX");
	return mkdtemp(dir) != NULL ? 0 : -1;
}

static int remove_dir(void **state)
{
	static const char *const names[] = {
		"resolv.conf", "nsswitch.conf",
		"hosts",       "tag",
		"nscd",        "netif/1",
		"links/1",     "netif/2000000",
		"netif/1x",    "junk",
		"fifo",        "netif",
		"links",       "",
	};

	(void)state;
	for (size_t i = 0; i < N_OF(names); i++)
		remove(path_of(names[i]));
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_not_known),
		cmocka_unit_test(search_and_ndots),
		cmocka_unit_test(hosts_sources),
		cmocka_unit_test(hosts_lines),
		cmocka_unit_test(hosts_long_line),
		cmocka_unit_test(hosts_huge),
		cmocka_unit_test(hosts_same_name_often),
		cmocka_unit_test(azure_by_chassis),
		cmocka_unit_test(nscd_is_a_socket),
		cmocka_unit_test(links),
		cmocka_unit_test(junk),
		cmocka_unit_test(own_files),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
