/* Proxy settings: the rules of curl, requests and Go, each side of each edge,
 * and the files that set them. */
#include "proxy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void set(struct vp_facts *f, const char *variable, const char *value)
{
	struct vp_proxy_setting *s =
		VP_PUSH(f->arena, f->proxy_settings, f->n_proxy_settings);

	s->source = vp_arena_strdup(f->arena, "environment");
	s->variable = vp_arena_strdup(f->arena, variable);
	s->value = vp_arena_strdup(f->arena, value);
	s->general = true;
}

/* Which clients would take the proxy: letters c, p, g. */
static const char *takers(char out[4], const struct vp_facts *f, bool https,
                          const char *host, uint16_t port)
{
	size_t n = 0;

	for (int c = 0; c < VP_PROXY_CLIENT_COUNT; c++) {
		if (vp_proxy_for(f, (enum vp_proxy_client)c, https, host,
		                 port) != NULL)
			out[n++] = "cpg"[c];
	}
	out[n] = '\0';
	return out;
}

static void test_variables(void **state)
{
	static const struct {
		const char *variable;
		const char *https, *http; /* who takes it */
	} cases[] = {
		{ "https_proxy", "cpg", "" }, { "HTTPS_PROXY", "cpg", "" },
		{ "http_proxy", "", "cpg" },  { "HTTP_PROXY", "", "pg" },
		{ "all_proxy", "cp", "cp" },  { "ALL_PROXY", "cp", "cp" },
		{ "no_proxy", "", "" },       { "auto_proxy", "", "" },
		{ "Https_Proxy", "", "" },
	};
	char got[4];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct vp_facts *f = vp_facts_create();

		set(f, cases[i].variable, "http://10.0.0.9:3128");
		if (strcmp(takers(got, f, true, "a.b.c", 443),
		           cases[i].https) != 0)
			fail_msg("%s: %s", cases[i].variable, got);
		if (strcmp(takers(got, f, false, "a.b.c", 80), cases[i].http) !=
		    0)
			fail_msg("%s, http: %s", cases[i].variable, got);
		vp_facts_destroy(f);
	}
}

static void test_no_proxy(void **state)
{
	static const struct {
		const char *list, *host;
		const char *want; /* who takes the proxy nevertheless */
	} cases[] = {
		{ "core.windows.net", "st.blob.core.windows.net", "" },
		{ "core.windows.net", "core.windows.net", "" },
		{ "core.windows.net", "notcore.windows.net", "cg" },
		{ ".core.windows.net", "st.blob.core.windows.net", "" },
		{ ".core.windows.net", "core.windows.net", "g" },
		{ ".core.windows.net", "notcore.windows.net", "cpg" },
		{ "*.core.windows.net", "st.blob.core.windows.net", "cp" },
		{ "*.core.windows.net", "core.windows.net", "cpg" },
		{ "CORE.Windows.NET", "st.blob.core.windows.net", "" },
		{ "*", "st.blob.core.windows.net", "" },
		{ "x.y,*", "st.blob.core.windows.net", "cp" },
		{ "a.b, core.windows.net ,c.d", "x.core.windows.net", "" },
		{ "a.b core.windows.net", "x.core.windows.net", "pg" },
		{ ",,", "x.core.windows.net", "cpg" },
		{ "windows.net.", "x.core.windows.net", "pg" },
		{ "core.windows.net:443", "x.core.windows.net", "cp" },
		{ "core.windows.net:80", "x.core.windows.net", "cpg" },
		/* Nobody resolves a name to compare it. */
		{ "10.0.0.0/8", "x.core.windows.net", "cpg" },
		{ "10.20.2.7", "x.core.windows.net", "cpg" },
		/* Addresses. */
		{ "169.254.169.254", "169.254.169.254", "" },
		{ "169.254.0.0/16", "169.254.169.254", "" },
		{ "169.254.169.254/32", "169.254.169.254", "" },
		{ "169.255.0.0/16", "169.254.169.254", "cpg" },
		{ "169.254.169.25", "169.254.169.254", "cpg" },
		{ "254.169.254", "169.254.169.254", "cg" },
		{ "fd00::/8", "fd00::4", "p" },
		{ "/", "169.254.169.254", "cpg" },
	};
	char got[4];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct vp_facts *f = vp_facts_create();

		set(f, "https_proxy", "http://10.0.0.9:3128");
		set(f, "no_proxy", cases[i].list);
		if (strcmp(takers(got, f, true, cases[i].host, 443),
		           cases[i].want) != 0)
			fail_msg("%s, %s: %s takes it, not %s", cases[i].list,
			         cases[i].host, got, cases[i].want);
		vp_facts_destroy(f);
	}
}

/* Which of two variables counts: the small ones, and for Go the great. */
static void test_precedence(void **state)
{
	struct vp_facts *f = vp_facts_create();
	char got[4];

	(void)state;
	set(f, "https_proxy", "http://small");
	set(f, "HTTPS_PROXY", "http://great");
	set(f, "no_proxy", "small.example");
	set(f, "NO_PROXY", "great.example");
	assert_string_equal(vp_proxy_for(f, VP_PROXY_CURL, true, "a.b", 443),
	                    "http://small");
	assert_string_equal(vp_proxy_for(f, VP_PROXY_GO, true, "a.b", 443),
	                    "http://great");
	assert_string_equal(takers(got, f, true, "small.example", 443), "g");
	assert_string_equal(takers(got, f, true, "great.example", 443), "cp");
	assert_true(vp_proxy_is_set(f));
	assert_null(vp_proxy_script(f));
	vp_facts_destroy(f);
}

static void test_not_set(void **state)
{
	struct vp_facts *f = vp_facts_create();

	(void)state;
	assert_false(vp_proxy_is_set(f));
	set(f, "no_proxy", "*");
	assert_false(vp_proxy_is_set(f));
	set(f, "https_proxy", "http://10.0.0.9:3128");
	f->proxy_settings[1].general = false; /* one program's own */
	assert_false(vp_proxy_is_set(f));
	set(f, "auto_proxy", "http://wpad/wpad.dat");
	assert_false(vp_proxy_is_set(f)); /* a script is no proxy yet */
	assert_ptr_equal(vp_proxy_script(f), &f->proxy_settings[2]);
	vp_facts_destroy(f);
}

/* --- files ---------------------------------------------------------------- */

static char root[] = "/tmp/test_proxy.XXXXXX";

static void put(const char *path, const char *text)
{
	char full[512], *slash;
	FILE *file;

	snprintf(full, sizeof(full), "%s%s", root, path);
	for (slash = strchr(full + strlen(root) + 1, '/'); slash != NULL;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(full, 0700);
		*slash = '/';
	}
	file = fopen(full, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static const char *found(const struct vp_facts *f, const char *source,
                         const char *variable, bool general)
{
	for (size_t i = 0; i < f->n_proxy_settings; i++) {
		const struct vp_proxy_setting *s = &f->proxy_settings[i];

		if (strcmp(s->source, source) == 0 &&
		    strcmp(s->variable, variable) == 0 && s->general == general)
			return s->value;
	}
	return "nothing";
}

static void clear_environment(void)
{
	static const char *const all[] = {
		"http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY",
		"ALL_PROXY",  "all_proxy",   "no_proxy",   "NO_PROXY",
		"auto_proxy", "AUTO_PROXY",
	};

	for (size_t i = 0; i < COUNT(all); i++)
		unsetenv(all[i]);
}

static void test_environment(void **state)
{
	struct vp_facts *f = vp_facts_create();

	(void)state;
	clear_environment();
	setenv("https_proxy", "http://me:se@cret@10.0.0.9:3128/", 1);
	setenv("http_proxy", "", 1);
	setenv("HTTP_PROXY", "me:secret@proxy:8080", 1);
	setenv("no_proxy", "a.b,c.d", 1);
	vp_proxy_read(f, "/nonexistent", NULL);
	assert_int_equal(f->n_proxy_settings, 3);
	assert_string_equal(found(f, "environment", "https_proxy", true),
	                    "http://10.0.0.9:3128/");
	assert_string_equal(found(f, "environment", "HTTP_PROXY", true),
	                    "proxy:8080");
	assert_string_equal(found(f, "environment", "no_proxy", true),
	                    "a.b,c.d");
	/* The old list: proxies alone. */
	assert_int_equal(f->n_proxies, 2);
	assert_string_equal(f->proxies[0], "https_proxy=http://10.0.0.9:3128/");
	clear_environment();
	vp_facts_destroy(f);
}

static void test_files(void **state)
{
	static const struct {
		const char *source, *variable, *value;
		bool general;
	} want[] = {
		{ "/etc/environment:3", "https_proxy", "http://p1:3128", true },
		{ "/etc/environment:4", "no_proxy", "a.b, c.d", true },
		{ "/etc/profile.d/p.sh:1", "http_proxy", "http://p2:1", true },
		{ "/etc/profile.d/p.sh:1", "HTTP_PROXY", "http://p3:1", true },
		{ "/etc/systemd/system.conf:2", "HTTPS_PROXY", "http://p4",
		  true },
		{ "/etc/systemd/system.conf:2", "NO_PROXY", "x y", true },
		{ "/etc/apt/apt.conf.d/01p:2", "Acquire::http::Proxy",
		  "http://p5:3142/", false },
		{ "/etc/docker/daemon.json:1", "http-proxy", "http://p6",
		  false },
		{ "/etc/docker/daemon.json:1", "no-proxy", "d.e", false },
		{ "/home/me/.docker/config.json:3", "httpsProxy", "http://p7",
		  false },
		{ "/etc/systemd/system/docker.service.d/p.conf:2",
		  "HTTPS_PROXY", "http://p8", false },
		{ "/etc/pip.conf:2", "proxy", "http://p9:8080", false },
		{ "/home/me/.gitconfig:2", "proxy", "http://p10", false },
	};
	struct vp_facts *f = vp_facts_create();

	(void)state;
	put("/etc/environment", "PATH=/bin\n# https_proxy=http://no\n"
	                        "https_proxy=\"http://u:p@p1:3128\"\n"
	                        "export no_proxy='a.b, c.d'\n"
	                        "my_https_proxy=x\nhttps_proxy=\n");
	put("/etc/profile.d/p.sh",
	    "export http_proxy=http://p2:1 HTTP_PROXY=http://p3:1; true\n");
	put("/etc/profile.d/p.txt", "http_proxy=http://no\n");
	put("/etc/systemd/system.conf",
	    "[Manager]\nDefaultEnvironment=\"HTTPS_PROXY=http://p4\" "
	    "\"NO_PROXY=x y\"\n");
	put("/etc/apt/apt.conf.d/01p",
	    "// Acquire::http::Proxy \"http://no\";\n"
	    "Acquire::http::Proxy \"http://p5:3142/\";\n"
	    "Acquire::http::Proxy::repo DIRECT;\n");
	put("/etc/docker/daemon.json",
	    "{\"proxies\": {\"http-proxy\": \"http://p6\", \"no-proxy\": "
	    "\"d.e\"}}\n");
	put("/home/me/.docker/config.json",
	    "{\n \"proxies\": { \"default\": {\n"
	    "  \"httpsProxy\": \"http://p7\"\n }}}\n");
	put("/etc/systemd/system/docker.service.d/p.conf",
	    "[Service]\nEnvironment=\"HTTPS_PROXY=http://p8\"\n");
	put("/etc/pip.conf", "[global]\nproxy = http://p9:8080\n"
	                     "; proxy = http://no\n# use a proxy here\n");
	put("/home/me/.gitconfig", "[http]\n\tproxy = http://p10\n");
	clear_environment();
	vp_proxy_read(f, root, "/home/me");
	for (size_t i = 0; i < COUNT(want); i++) {
		const char *got = found(f, want[i].source, want[i].variable,
		                        want[i].general);

		if (strcmp(got, want[i].value) != 0)
			fail_msg("%s %s: %s", want[i].source, want[i].variable,
			         got);
	}
	assert_int_equal(f->n_proxy_settings, COUNT(want));
	assert_int_equal(f->n_proxies, 0); /* of the environment alone */
	/* What is set there counts as if it stood in the environment. */
	assert_string_equal(vp_proxy_for(f, VP_PROXY_CURL, true, "q.r", 443),
	                    "http://p1:3128");
	assert_null(vp_proxy_for(f, VP_PROXY_CURL, true, "a.b", 443));
	vp_facts_destroy(f);
}

/* A file without end, or of nothing but settings, is bounded. */
static void test_bounds(void **state)
{
	struct vp_facts *f = vp_facts_create();
	char *text = malloc(600000), *p = text;

	(void)state;
	assert_non_null(text);
	for (int i = 0; i < 20000; i++)
		p += sprintf(p, "http_proxy=http://p:%d\n", i);
	put("/etc/environment", text);
	clear_environment();
	vp_proxy_read(f, root, "relative/home");
	assert_int_equal(f->n_proxy_settings, 64);
	free(text);
	vp_facts_destroy(f);
}

static int make_root(void **state)
{
	(void)state;
	return mkdtemp(root) == NULL;
}

static int remove_root(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", root);
	return system(command);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_variables),
		cmocka_unit_test(test_no_proxy),
		cmocka_unit_test(test_precedence),
		cmocka_unit_test(test_not_set),
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, make_root, remove_root);
}
