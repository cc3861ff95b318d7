/*
 * proxy_read.c - where proxies are set: the environment and files.
 *
 * Files that put variables into everybody's environment count for programs in
 * general; those of one program (apt, docker, pip, git) are listed only.
 * They are looked through line by line, with no attempt at their grammar: a
 * variable or key that is known, and the value behind it. Secrets are cut.
 */
#include "proxy.h"

#include <ctype.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../probes/text_lines.h"

#define FILE_MAX (256 * 1024)
#define VALUE_MAX 2000
#define MOST_SETTINGS 64

/* In the order in which a program's own setting is told. */
static const char *const variables[] = {
	"http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY",
	"all_proxy",  "no_proxy",    "NO_PROXY",   "auto_proxy",  "AUTO_PROXY",
};
#define N_VARIABLES (sizeof(variables) / sizeof(variables[0]))

/* Keys of one program's file: NAME value, NAME = value, "NAME": "value". */
static const char *const keys[] = {
	"Acquire::http::Proxy",
	"Acquire::https::Proxy",
	"httpProxy",
	"httpsProxy",
	"noProxy",
	"http-proxy",
	"https-proxy",
	"no-proxy",
	"proxy",
};
#define N_KEYS (sizeof(keys) / sizeof(keys[0]))

static const struct place {
	const char *path; /* may have "*"; "~/": below the home */
	bool general;     /* variables for all programs */
} places[] = {
	{ "/etc/environment", true },
	{ "/etc/profile.d/*.sh", true },
	{ "/etc/systemd/system.conf", true },
	{ "/etc/systemd/system.conf.d/*.conf", true },
	{ "/etc/apt/apt.conf", false },
	{ "/etc/apt/apt.conf.d/*", false },
	{ "/etc/systemd/system/docker.service.d/*.conf", false },
	{ "/etc/docker/daemon.json", false },
	{ "~/.docker/config.json", false },
	{ "/etc/pip.conf", false },
	{ "~/.config/pip/pip.conf", false },
	{ "~/.pip/pip.conf", false },
	{ "/etc/gitconfig", false },
	{ "~/.gitconfig", false },
};

/* --- one setting -------------------------------------------------------- */

/* "http://user:secret@10.0.0.9:3128" without the secret part. */
static char *without_secret(struct vp_arena *arena, const char *value, size_t n)
{
	char *text = vp_arena_strndup(arena, value, n);
	char *scheme = strstr(text, "://");
	char *host = scheme != NULL ? scheme + 3 : text;
	char *at = strrchr(host, '@');

	if (at == NULL)
		return text;
	return vp_arena_printf(arena, "%.*s%s", (int)(host - text), text,
	                       at + 1);
}

static void add(struct vp_facts *f, const char *source, const char *variable,
                const char *value, size_t n, bool general)
{
	struct vp_proxy_setting *s;

	if (n == 0 || n > VALUE_MAX || f->n_proxy_settings == MOST_SETTINGS)
		return;
	s = VP_PUSH(f->arena, f->proxy_settings, f->n_proxy_settings);
	s->source = vp_arena_strdup(f->arena, source);
	s->variable = vp_arena_strdup(f->arena, variable);
	s->value = without_secret(f->arena, value, n);
	s->general = general;
}

static void read_environment(struct vp_facts *f)
{
	for (size_t i = 0; i < N_VARIABLES; i++) {
		const char *value = getenv(variables[i]);
		struct vp_proxy_setting *s;
		size_t before = f->n_proxy_settings;

		if (value == NULL)
			continue;
		add(f, "environment", variables[i], value, strlen(value), true);
		if (f->n_proxy_settings == before ||
		    strcasecmp(variables[i], "no_proxy") == 0)
			continue;
		s = &f->proxy_settings[before];
		*VP_PUSH(f->arena, f->proxies, f->n_proxies) = vp_arena_printf(
			f->arena, "%s=%.200s", s->variable, s->value);
	}
}

/* --- lines ---------------------------------------------------------------- */

struct file {
	struct vp_facts *f;
	const char *shown; /* its path */
	bool general;
};

/* The value that begins at p: quoted, or up to a blank. */
static size_t value_at(const char **p)
{
	const char *s = *p;
	char quote = *s == '"' || *s == '\'' ? *s : '\0';

	if (quote != '\0') {
		*p = ++s;
		return strcspn(s, quote == '"' ? "\"" : "'");
	}
	return strcspn(s, " \t\r;\"'");
}

/* NAME=value anywhere in the line, as in "export NAME=value" or in
 * Environment="NAME=value" "NAME2=value". */
static void find_variable(struct file *file, const char *line, unsigned number,
                          const char *name)
{
	size_t n = strlen(name);
	char source[512];

	for (const char *p = line; (p = strstr(p, name)) != NULL; p += n) {
		const char *value = p + n + 1;
		size_t len;

		if (p[n] != '=' ||
		    (p > line &&
		     (isalnum((unsigned char)p[-1]) || p[-1] == '_')))
			continue;
		if (p > line && (p[-1] == '"' || p[-1] == '\''))
			len = strcspn(value, p[-1] == '"' ? "\"" : "'");
		else
			len = value_at(&value);
		snprintf(source, sizeof(source), "%s:%u", file->shown, number);
		add(file->f, source, name, value, len, file->general);
	}
}

/* What stands behind a key: NAME "value"; NAME = value "NAME": "value" */
static const char *behind_key(const char *p)
{
	bool quoted = *p == '"', parted = false;

	p += quoted;
	if (p[0] == ':' && p[1] == ':')
		return NULL; /* Acquire::http::Proxy::HOST */
	for (; *p != '\0' && strchr(" \t=:", *p) != NULL; p++)
		parted = parted || *p == '=' || *p == ':';
	return parted || (!quoted && *p == '"') ? p : NULL;
}

static void find_key(struct file *file, const char *line, unsigned number,
                     const char *name)
{
	size_t n = strlen(name);
	char source[512];

	for (const char *p = line; (p = strstr(p, name)) != NULL; p += n) {
		const char *value;
		size_t len;

		if (p > line && (isalnum((unsigned char)p[-1]) ||
		                 strchr("_-.:", p[-1]) != NULL))
			continue;
		value = behind_key(p + n);
		if (value == NULL)
			continue;
		snprintf(source, sizeof(source), "%s:%u", file->shown, number);
		len = value_at(&value);
		add(file->f, source, name, value, len, false);
	}
}

static void on_line(char *line, unsigned number, void *arg)
{
	struct file *file = arg;
	size_t blank = strspn(line, " \t");

	if (line[blank] == '#' || line[blank] == ';' ||
	    strncmp(line + blank, "//", 2) == 0)
		return;
	for (size_t i = 0; i < N_VARIABLES; i++)
		find_variable(file, line, number, variables[i]);
	for (size_t i = 0; i < N_KEYS && !file->general; i++)
		find_key(file, line, number, keys[i]);
}

/* --- files ---------------------------------------------------------------- */

static void read_place(struct vp_facts *f, const struct place *place,
                       const char *root, const char *home)
{
	bool of_home = place->path[0] == '~';
	char pattern[1024];
	glob_t found;
	int n;

	if (of_home && (home == NULL || home[0] != '/'))
		return;
	n = snprintf(pattern, sizeof(pattern), "%s%s%s", root,
	             of_home ? home : "", place->path + (of_home ? 1 : 0));
	if (n < 0 || (size_t)n >= sizeof(pattern) ||
	    glob(pattern, 0, NULL, &found) != 0)
		return;
	for (size_t i = 0; i < found.gl_pathc && i < 100; i++) {
		struct file file = {
			.f = f,
			.shown = found.gl_pathv[i] + strlen(root),
			.general = place->general,
		};

		vp_lines_of_file(found.gl_pathv[i], FILE_MAX, on_line, &file);
	}
	globfree(&found);
}

void vp_proxy_read(struct vp_facts *f, const char *root, const char *home)
{
	read_environment(f);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		read_place(f, &places[i], root, home);
}
