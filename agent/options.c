/*
 * The command line. One table of options serves parsing, --help and the test
 * of the man page.
 *
 * It is read twice, since flags win over a config that one of the flags names:
 * the first time into settings that are thrown away, which finds every mistake
 * and -c; then come defaults, config, and the flags again.
 */
#include "options.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N_OF(a) (sizeof(a) / sizeof(*(a)))
#define USAGE 2
#define WHY 512

static const struct vp_command_row commands[] = {
	{ VP_COMMAND_CHECK, "check", "[TARGET...]",
	  "resolve, reach and watch once; print a verdict", 0, ~0u, true },
	{ VP_COMMAND_TARGETS, "targets", "[TARGET...]",
	  "what would be probed, what is expected of it, and why", 0, ~0u,
	  true },
	{ VP_COMMAND_JUDGE, "judge", "REPORT.json",
	  "judge a saved report's facts again", 1, 1, true },
	{ VP_COMMAND_EXPLAIN, "explain", "[ID]",
	  "what a finding means and how to mend it", 0, 1, true },
	{ VP_COMMAND_DNS, "dns", "[NAME...]", "the DNS doctor", 0, ~0u, false },
	{ VP_COMMAND_WATCH, "watch", "[-- CMD ARG...]", "only watch", 0, ~0u,
	  false },
	{ VP_COMMAND_ANALYZE, "analyze", "FILE.pcap", "judge a saved capture",
	  1, 1, false },
	{ VP_COMMAND_AGENT, "agent", "", "check on a schedule", 0, 0, false },
};

const struct vp_command_row *vp_options_commands(size_t *n)
{
	*n = N_OF(commands);
	return commands;
}

/* --- setters that only flags have ---------------------------------------- */

static int set_path(char **out, struct vp_settings *s, const char *text,
                    char *why, size_t size)
{
	if (*text == '\0') {
		snprintf(why, size, "expected the path of a file");
		return -EINVAL;
	}
	*out = vp_arena_strdup(s->arena, text);
	return 0;
}

static int set_config(struct vp_settings *s, const char *text, char *why,
                      size_t size)
{
	return set_path(&s->config, s, text, why, size);
}

static int set_output(struct vp_settings *s, const char *text, char *why,
                      size_t size)
{
	return set_path(&s->output, s, text, why, size);
}

static int set_evidence(struct vp_settings *s, const char *text, char *why,
                        size_t size)
{
	return set_path(&s->evidence, s, text, why, size);
}

static int set_format(struct vp_settings *s, const char *text, char *why,
                      size_t size)
{
	char quoted[VP_QUOTE_TEXT];

	s->json = strcmp(text, "json") == 0;
	if (s->json || strcmp(text, "text") == 0)
		return 0;
	snprintf(why, size, "%s is not one of text, json",
	         vp_quote(quoted, text));
	return -EINVAL;
}

static int set_color(struct vp_settings *s, const char *text, char *why,
                     size_t size)
{
	static const char *const words[] = { "auto", "always", "never" };
	char quoted[VP_QUOTE_TEXT];

	for (size_t i = 0; i < N_OF(words); i++) {
		if (strcmp(text, words[i]) != 0)
			continue;
		s->color = (enum vp_color)i;
		return 0;
	}
	snprintf(why, size, "%s is not one of auto, always, never",
	         vp_quote(quoted, text));
	return -EINVAL;
}

static int set_no_capture(struct vp_settings *s, const char *text, char *why,
                          size_t size)
{
	(void)text, (void)why, (void)size;
	s->no_capture = true;
	return 0;
}

static int set_probe_public(struct vp_settings *s, const char *text, char *why,
                            size_t size)
{
	(void)text, (void)why, (void)size;
	s->probe_public = true;
	return 0;
}

static int set_verbose(struct vp_settings *s, const char *text, char *why,
                       size_t size)
{
	(void)text;
	if (s->verbosity < 0) {
		snprintf(why, size, "cannot be combined with -q");
		return -EINVAL;
	}
	s->verbosity++;
	return 0;
}

static int set_quiet(struct vp_settings *s, const char *text, char *why,
                     size_t size)
{
	(void)text;
	if (s->verbosity > 0) {
		snprintf(why, size, "cannot be combined with -v");
		return -EINVAL;
	}
	s->verbosity = -1;
	return 0;
}

static int set_help(struct vp_settings *s, const char *text, char *why,
                    size_t size)
{
	(void)text, (void)why, (void)size;
	s->help = true;
	return 0;
}

static int set_version(struct vp_settings *s, const char *text, char *why,
                       size_t size)
{
	(void)text, (void)why, (void)size;
	s->version = true;
	return 0;
}

/* --- the table ------------------------------------------------------------ */

#define CHECK VP_FOR(VP_COMMAND_CHECK)
#define PLAN (CHECK | VP_FOR(VP_COMMAND_TARGETS))
#define CONFIG (PLAN | VP_FOR(VP_COMMAND_JUDGE))
#define VERDICT (CHECK | VP_FOR(VP_COMMAND_JUDGE))
#define REPORT (CONFIG | VP_FOR(VP_COMMAND_EXPLAIN))

static const struct vp_option options[] = {
	{ "config", 'c', "FILE", "read settings from a YAML file; flags win",
	  CONFIG, set_config },
	{ "format", 0, "text|json", "form of the report (text)", REPORT,
	  set_format },
	{ "output", 'o', "FILE", "write the report there, not to stdout",
	  CONFIG, set_output },
	{ "evidence", 0, "FILE.pcap", "keep the packets that count", CHECK,
	  set_evidence },
	{ "interface", 0, "IF", "capture on this interface only (all)", CHECK,
	  vp_value_interface },
	{ "no-capture", 0, NULL, "do not watch packets: egress is not checked",
	  CHECK, set_no_capture },
	{ "capture-buffer", 0, "SIZE", "kernel buffer of the capture (4MiB)",
	  CHECK, vp_value_capture_buffer },
	{ "resolver", 0, "IP[:PORT]",
	  "ask this resolver, not those of resolv.conf; repeatable", PLAN,
	  vp_value_resolver },
	{ "vnet", 0, "PREFIX", "address space of the VNet; repeatable", PLAN,
	  vp_value_vnet },
	{ "expect", 0, "WHAT",
	  "private, public, service-endpoint or any, for all targets", PLAN,
	  vp_value_expect },
	{ "scenario", 0, "NAME", "what is expected of each kind (secured)",
	  PLAN, vp_value_scenario },
	{ "ca-file", 0, "PEM", "trust these roots, not the system's", CHECK,
	  vp_value_ca_file },
	{ "timeout", 0, "T", "limit of one attempt (5s)", CHECK,
	  vp_value_timeout },
	{ "deadline", 0, "T", "limit of the whole run (2m)", CHECK,
	  vp_value_deadline },
	{ "linger", 0, "T", "keep capturing after the last probe (300ms)",
	  CHECK, vp_value_linger },
	{ "concurrency", 0, "N", "attempts at a time (32)", CHECK,
	  vp_value_concurrency },
	{ "probe-public", 0, NULL,
	  "connect to public addresses although private is expected", CHECK,
	  set_probe_public },
	{ "color", 0, "WHEN", "auto, always or never (auto)", VERDICT,
	  set_color },
	{ "verbose", 'v', NULL, "more detail; repeatable", VP_FOR_ALL,
	  set_verbose },
	{ "quiet", 'q', NULL, "no progress, only errors on stderr", VP_FOR_ALL,
	  set_quiet },
	{ "version", 0, NULL, "print the version", VP_FOR_ALL, set_version },
	{ "help", 'h', NULL, "print this help", VP_FOR_ALL, set_help },
};

const struct vp_option *vp_options_table(size_t *n)
{
	*n = N_OF(options);
	return options;
}

/* --- parsing -------------------------------------------------------------- */

struct parse {
	struct vp_settings *s;
	int argc, at; /* at: the next word */
	char **argv;
	const struct vp_command_row *command;
	bool only_arguments; /* after "--" */
	uint32_t given;      /* bit per option row */
};

__attribute__((format(printf, 2, 3))) static int complain(const struct parse *p,
                                                          const char *fmt, ...)
{
	const char *command = p->command != NULL ? p->command->name : NULL;
	va_list ap;

	fputs("vnetprobe: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, " (try 'vnetprobe %s%s--help')\n",
	        command != NULL ? command : "", command != NULL ? " " : "");
	return USAGE;
}

static const struct vp_option *by_name(const char *name, size_t len)
{
	for (size_t i = 0; i < N_OF(options); i++) {
		if (strlen(options[i].name) == len &&
		    strncmp(options[i].name, name, len) == 0)
			return &options[i];
	}
	return NULL;
}

static const struct vp_option *by_letter(char letter)
{
	for (size_t i = 0; i < N_OF(options); i++) {
		if (options[i].letter == letter && letter != 0)
			return &options[i];
	}
	return NULL;
}

static bool given(const struct parse *p, const char *name)
{
	const struct vp_option *o = by_name(name, strlen(name));

	return (p->given & (1u << (o - options))) != 0;
}

/* A list that a flag gives replaces the config's: flags win. */
static void start_list(struct parse *p, const struct vp_option *o)
{
	if (o->set == vp_value_vnet && !given(p, "vnet"))
		p->s->n_vnet = 0, p->s->vnet = NULL;
	if (o->set == vp_value_resolver && !given(p, "resolver"))
		p->s->n_resolvers = 0, p->s->resolvers = NULL;
}

/* label is how the user wrote the option: "--vnet", "-c". */
static int apply(struct parse *p, const struct vp_option *o, const char *label,
                 const char *value)
{
	char why[WHY] = "";

	if (o->argument != NULL && value == NULL) {
		if (p->at >= p->argc)
			return complain(p, "%s wants an argument: %s", label,
			                o->argument);
		value = p->argv[p->at++];
	}
	start_list(p, o);
	if (o->set(p->s, value != NULL ? value : "", why, sizeof(why)) != 0)
		return complain(p, "%s: %s", label, why);
	p->given |= 1u << (o - options);
	return 0;
}

static int unknown_long(const struct parse *p, const char *name)
{
	const char *words[N_OF(options)], *near;
	char quoted[VP_QUOTE_TEXT];

	for (size_t i = 0; i < N_OF(options); i++)
		words[i] = options[i].name;
	near = vp_nearest(name, words, N_OF(words));
	if (near != NULL)
		return complain(p, "unknown option %s; did you mean --%s?",
		                vp_quote(quoted, name - 2), near);
	return complain(p, "unknown option %s", vp_quote(quoted, name - 2));
}

static int long_option(struct parse *p, const char *word)
{
	const char *name = word + 2, *value = strchr(name, '=');
	size_t len = value != NULL ? (size_t)(value - name) : strlen(name);
	const struct vp_option *o = by_name(name, len);
	char label[64];

	if (o == NULL) {
		char *bare = vp_arena_strndup(p->s->arena, word, len + 2);

		return unknown_long(p, bare + 2);
	}
	snprintf(label, sizeof(label), "--%s", o->name);
	if (o->argument == NULL && value != NULL)
		return complain(p, "%s takes no argument", label);
	return apply(p, o, label, value != NULL ? value + 1 : NULL);
}

/* "-vv", "-qc FILE", "-cFILE": letters until one wants an argument. */
static int short_options(struct parse *p, const char *word)
{
	for (const char *c = word + 1; *c != '\0'; c++) {
		const struct vp_option *o = by_letter(*c);
		char label[] = { '-', *c, '\0' }, quoted[VP_QUOTE_TEXT];
		int err;

		if (o == NULL)
			return complain(p, "unknown option %s",
			                vp_quote(quoted, label));
		if (o->argument != NULL)
			return apply(p, o, label, c[1] != '\0' ? c + 1 : NULL);
		err = apply(p, o, label, NULL);
		if (err != 0)
			return err;
	}
	return 0;
}

static int set_command(struct parse *p, const char *word)
{
	const char *words[N_OF(commands)], *near;
	char quoted[VP_QUOTE_TEXT];
	size_t n = 0;

	for (size_t i = 0; i < N_OF(commands); i++) {
		if (commands[i].built)
			words[n++] = commands[i].name;
		if (strcmp(word, commands[i].name) != 0)
			continue;
		p->command = &commands[i];
		p->s->command = commands[i].command;
		return 0;
	}
	near = vp_nearest(word, words, n);
	if (near != NULL)
		return complain(p, "unknown command %s; did you mean '%s'?",
		                vp_quote(quoted, word), near);
	return complain(p, "unknown command %s", vp_quote(quoted, word));
}

static int argument(struct parse *p, char *word)
{
	struct vp_settings *s = p->s;
	struct vp_extra_target *t;

	if (p->command == NULL)
		return set_command(p, word);
	*VP_PUSH(s->arena, s->arguments, s->n_arguments) =
		vp_arena_strdup(s->arena, word);
	if (s->command != VP_COMMAND_CHECK && s->command != VP_COMMAND_TARGETS)
		return 0;
	t = VP_PUSH(s->arena, s->targets, s->n_targets);
	t->text = vp_arena_strdup(s->arena, word);
	t->origin = vp_arena_strdup(s->arena, "argument");
	return 0;
}

static int read_words(struct parse *p)
{
	int err = 0;

	while (err == 0 && p->at < p->argc) {
		char *word = p->argv[p->at++];

		if (p->only_arguments || word[0] != '-' || word[1] == '\0')
			err = argument(p, word);
		else if (strcmp(word, "--") == 0)
			p->only_arguments = true;
		else if (word[1] == '-')
			err = long_option(p, word);
		else
			err = short_options(p, word);
	}
	return err;
}

/* --- what must fit together ----------------------------------------------- */

static int wrong_command(const struct parse *p, const struct vp_option *o)
{
	char list[128] = "";
	size_t used = 0;

	for (size_t i = 0; i < N_OF(commands); i++) {
		if (!commands[i].built ||
		    (o->commands & VP_FOR(commands[i].command)) == 0)
			continue;
		used += (size_t)snprintf(list + used, sizeof(list) - used,
		                         "%s%s", used == 0 ? "" : ", ",
		                         commands[i].name);
	}
	return complain(p, "--%s is an option of %s, not of %s", o->name, list,
	                p->command->name);
}

static int check_arguments(const struct parse *p)
{
	const struct vp_command_row *c = p->command;
	char quoted[VP_QUOTE_TEXT];

	if (p->s->n_arguments < c->min_arguments)
		return complain(p, "%s wants an argument: %s", c->name,
		                c->arguments);
	if (p->s->n_arguments > c->max_arguments)
		return complain(
			p, "%s takes %u argument, and %s is one more", c->name,
			c->max_arguments,
			vp_quote(quoted, p->s->arguments[c->max_arguments]));
	return 0;
}

static int check_command(const struct parse *p)
{
	if (p->command == NULL)
		return complain(p, "no command given");
	if (!p->command->built) {
		fprintf(stderr,
		        "vnetprobe: '%s' is not in this version yet; 'check' "
		        "does the main job\n",
		        p->command->name);
		return USAGE;
	}
	for (size_t i = 0; i < N_OF(options); i++) {
		if ((p->given & (1u << i)) != 0 &&
		    (options[i].commands & VP_FOR(p->command->command)) == 0)
			return wrong_command(p, &options[i]);
	}
	return check_arguments(p);
}

/* Only what flags say themselves: a flag may well contradict the config. */
static int check_contradictions(const struct parse *p)
{
	static const char *const with[] = { "evidence", "interface",
		                            "capture-buffer" };
	const struct vp_settings *s = p->s;

	for (size_t i = 0; i < N_OF(with); i++) {
		if (given(p, "no-capture") && given(p, with[i]))
			return complain(p,
			                "--no-capture contradicts --%s: "
			                "nothing would be captured",
			                with[i]);
	}
	if (s->output != NULL && s->evidence != NULL &&
	    strcmp(s->output, s->evidence) == 0)
		return complain(p, "--output and --evidence name one file");
	return 0;
}

static void set_defaults(struct vp_settings *s, struct vp_arena *arena)
{
	*s = (struct vp_settings){
		.arena = arena,
		.timeout_ms = 5000,
		.deadline_ms = 120000,
		.linger_ms = 300,
		.concurrency = 32,
	};
	s->cloud = vp_arena_strdup(arena, "public");
	s->scenario = vp_arena_strdup(arena, "secured");
}

static void print_usage(FILE *out);

static int read_config(struct vp_settings *s, const char *path)
{
	char why[1024] = "";

	if (path == NULL || vp_config_read(s, path, why, sizeof(why)) == 0)
		return 0;
	fprintf(stderr, "vnetprobe: %s\n", why);
	return USAGE;
}

/* Defaults, config, flags: the second reading, which cannot fail any more. */
static int read_again(struct vp_settings *s, struct parse *first)
{
	struct parse p = {
		.s = s, .argc = first->argc, .at = 1, .argv = first->argv
	};
	const char *config = first->s->config;
	int err;

	set_defaults(s, s->arena);
	err = read_config(s, config);
	if (err == 0)
		err = read_words(&p);
	if (s->output != NULL && strcmp(s->output, "-") == 0)
		s->output = NULL;
	return err;
}

int vp_options_read(struct vp_settings *s, int argc, char **argv)
{
	struct vp_settings scratch;
	struct parse p = { .s = &scratch, .argc = argc, .at = 1, .argv = argv };
	int err;

	if (argc < 2) {
		print_usage(stderr);
		return USAGE;
	}
	set_defaults(&scratch, s->arena);
	err = read_words(&p);
	if (err != 0)
		return err;
	if ((scratch.help || scratch.version) &&
	    (p.command == NULL || p.command->built)) {
		*s = scratch;
		return 0;
	}
	err = check_command(&p);
	if (err == 0)
		err = check_contradictions(&p);
	if (err == 0)
		err = read_again(s, &p);
	return err;
}

/* --- help ----------------------------------------------------------------- */

static void print_usage(FILE *out)
{
	fputs("usage: vnetprobe COMMAND [OPTION...] [ARGUMENT...]\n\n", out);
	for (size_t i = 0; i < N_OF(commands); i++) {
		if (commands[i].built)
			fprintf(out, "  %-8s %-12s %s\n", commands[i].name,
			        commands[i].arguments, commands[i].help);
	}
	fputs("\nTry 'vnetprobe --help', or 'vnetprobe check --help'.\n", out);
}

/* "  -c, --config FILE      help", folded at 80 columns. */
static void print_option(FILE *out, const struct vp_option *o)
{
	char left[64], letter[8] = "    ";
	const char *text = o->help;

	if (o->letter != 0)
		snprintf(letter, sizeof(letter), "-%c, ", o->letter);
	snprintf(left, sizeof(left), "  %s--%s%s%s", letter, o->name,
	         o->argument != NULL ? " " : "",
	         o->argument != NULL ? o->argument : "");
	fprintf(out, "%-29s", left);
	while (strlen(text) > 50) {
		int n = 50;

		while (n > 0 && text[n] != ' ')
			n--;
		if (n == 0)
			break;
		fprintf(out, " %.*s\n%-29s", n, text, "");
		text += n + 1;
	}
	fprintf(out, " %s\n", text);
}

static void print_options(FILE *out, unsigned commands_wanted)
{
	for (size_t i = 0; i < N_OF(options); i++) {
		if ((options[i].commands & commands_wanted) != 0)
			print_option(out, &options[i]);
	}
}

void vp_options_help(enum vp_command command, void *stream)
{
	FILE *out = stream;

	for (size_t i = 0; i < N_OF(commands); i++) {
		const struct vp_command_row *c = &commands[i];

		if (c->command != command || !c->built)
			continue;
		fprintf(out,
		        "usage: vnetprobe %s [OPTION...] %s\n\n%s\n\n"
		        "Options:\n",
		        c->name, c->arguments, c->help);
		print_options(out, VP_FOR(command));
		return;
	}
	fputs("vnetprobe - is an Azure ML workspace reached privately?\n\n",
	      out);
	print_usage(out);
	fputs("\nA TARGET is NAME, NAME:PORT or https://NAME/ .\n\nOptions:\n",
	      out);
	print_options(out, VP_FOR_ALL);
	fputs("\nA time T is 300ms, 5s or 2m (a bare number: seconds); a SIZE "
	      "is 64KiB or 4MiB.\n"
	      "Exit status: 0 pass, 1 a check failed, 2 usage, 3 inconclusive, "
	      "4 leak.\n",
	      out);
}
