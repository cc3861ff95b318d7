/*
 * The command line, by the table of options_table.c, which serves parsing,
 * --help and the test of the man page.
 *
 * It is read twice, since flags win over a config that one of the flags names:
 * the first time into settings that are thrown away, which finds every mistake
 * and -c; then come defaults, config, and the flags again.
 */
#include "options_table.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "wording.h"

#define N_OF(a) (sizeof(a) / sizeof(*(a)))
#define USAGE 2
#define WHY 512

struct parse {
	struct vp_settings *s;
	int argc, at; /* at: the next word */
	char **argv;
	const struct vp_command_row *command;
	bool only_arguments; /* after "--" */
	uint64_t given;      /* bit per option row */
	const struct vp_option *options;
	size_t n_options;
	const struct vp_command_row *commands;
	size_t n_commands;
};

static struct parse parse_init(struct vp_settings *s, int argc, char **argv)
{
	struct parse p = { .s = s, .argc = argc, .at = 1, .argv = argv };

	p.options = vp_options_table(&p.n_options);
	p.commands = vp_options_commands(&p.n_commands);
	return p;
}

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

static const struct vp_option *by_name(const struct parse *p, const char *name,
                                       size_t len)
{
	for (size_t i = 0; i < p->n_options; i++) {
		if (strlen(p->options[i].name) == len &&
		    strncmp(p->options[i].name, name, len) == 0)
			return &p->options[i];
	}
	return NULL;
}

static const struct vp_option *by_letter(const struct parse *p, char letter)
{
	for (size_t i = 0; i < p->n_options; i++) {
		if (p->options[i].letter == letter && letter != 0)
			return &p->options[i];
	}
	return NULL;
}

static uint64_t bit(const struct parse *p, const struct vp_option *o)
{
	return (uint64_t)1 << (o - p->options);
}

static bool given(const struct parse *p, const char *name)
{
	const struct vp_option *o = by_name(p, name, strlen(name));

	return (p->given & bit(p, o)) != 0;
}

/* A list that a flag gives replaces the config's: flags win. */
static void start_list(struct parse *p, const struct vp_option *o)
{
	struct vp_settings *s = p->s;

	if ((p->given & bit(p, o)) != 0)
		return; /* not the first of them */
	if (o->set == vp_value_vnet)
		s->n_vnet = 0, s->vnet = NULL;
	if (o->set == vp_value_resolver)
		s->n_resolvers = 0, s->resolvers = NULL;
	if (o->set == vp_value_endpoint_file)
		s->n_endpoint_files = 0, s->endpoint_files = NULL;
	if (o->set == vp_value_compare)
		s->n_compare = 0, s->compare = NULL;
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
	p->given |= bit(p, o);
	return 0;
}

static int unknown_long(const struct parse *p, const char *name)
{
	const char *words[VP_OPTIONS_MAX], *near;
	char quoted[VP_QUOTE_TEXT];

	for (size_t i = 0; i < p->n_options; i++)
		words[i] = p->options[i].name;
	near = vp_nearest(name, words, p->n_options);
	if (near != NULL)
		return complain(p, "unknown option %s; did you mean --%s?",
		                vp_quote(quoted, name - 2), near);
	return complain(p, "unknown option %s", vp_quote(quoted, name - 2));
}

static int long_option(struct parse *p, const char *word)
{
	const char *name = word + 2, *value = strchr(name, '=');
	size_t len = value != NULL ? (size_t)(value - name) : strlen(name);
	const struct vp_option *o = by_name(p, name, len);
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
		const struct vp_option *o = by_letter(p, *c);
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
	const char *words[VP_COMMANDS_MAX], *near;
	char quoted[VP_QUOTE_TEXT];
	size_t n = 0;

	for (size_t i = 0; i < p->n_commands; i++) {
		if (p->commands[i].built)
			words[n++] = p->commands[i].name;
		if (strcmp(word, p->commands[i].name) != 0)
			continue;
		p->command = &p->commands[i];
		p->s->command = p->commands[i].command;
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
	if (s->command == VP_COMMAND_WATCH)
		p->only_arguments = true; /* the rest is the command's */
	if (s->command != VP_COMMAND_CHECK && s->command != VP_COMMAND_DNS &&
	    s->command != VP_COMMAND_TARGETS)
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

	for (size_t i = 0; i < p->n_commands; i++) {
		if (!p->commands[i].built ||
		    (o->commands & VP_FOR(p->commands[i].command)) == 0)
			continue;
		used += (size_t)snprintf(list + used, sizeof(list) - used,
		                         "%s%s", used == 0 ? "" : ", ",
		                         p->commands[i].name);
	}
	return complain(p, "--%s is an option of %s, not of %s", o->name, list,
	                p->command->name);
}

static int check_arguments(const struct parse *p)
{
	const struct vp_command_row *c = p->command;
	char quoted[VP_QUOTE_TEXT];

	/* "watch -- $JOB", and JOB is not set */
	if (c->command == VP_COMMAND_WATCH && p->only_arguments &&
	    p->s->n_arguments == 0)
		return complain(p, "no command after --");
	if (p->s->n_arguments < c->min_arguments)
		return complain(p, "%s wants %s: %s", c->name,
		                c->min_arguments == 1 ? "an argument"
		                                      : "two arguments",
		                c->arguments);
	if (p->s->n_arguments > c->max_arguments)
		return complain(
			p, "%s takes %u argument%s, and %s is one more",
			c->name, c->max_arguments,
			c->max_arguments == 1 ? "" : "s",
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
	for (size_t i = 0; i < p->n_options; i++) {
		if ((p->given & bit(p, &p->options[i])) != 0 &&
		    (p->options[i].commands & VP_FOR(p->command->command)) == 0)
			return wrong_command(p, &p->options[i]);
	}
	return check_arguments(p);
}

/* Only what flags say themselves: a flag may well contradict the config. */
static int check_contradictions(const struct parse *p)
{
	static const char *const with[] = { "evidence", "interface",
		                            "capture-buffer" };
	static const char *const of_evidence[] = { "evidence-size",
		                                   "evidence-keep" };
	const struct vp_settings *s = p->s;

	for (size_t i = 0; i < N_OF(with); i++) {
		if (given(p, "no-capture") && given(p, with[i]))
			return complain(p,
			                "--no-capture contradicts --%s: "
			                "nothing would be captured",
			                with[i]);
	}
	for (size_t i = 0; i < N_OF(of_evidence); i++) {
		if (given(p, of_evidence[i]) && s->evidence == NULL)
			return complain(p, "--%s is for --evidence",
			                of_evidence[i]);
	}
	if (given(p, "upstream") && s->emit == NULL)
		return complain(p, "--upstream is for --emit");
	if (given(p, "for") && s->n_arguments > 0)
		return complain(p, "--for contradicts a command: the watch "
		                   "lasts as long as it runs");
	if (s->force && s->output == NULL)
		return complain(p, "--force is for --output");
	if (s->force && s->command != VP_COMMAND_INIT && !s->learn)
		return complain(p, "--force is for --learn: reports are "
		                   "replaced anyway");
	if (given(p, "workspace") && !s->discover)
		return complain(p, "--workspace is for --discover");
	if (s->discover && s->no_discover)
		return complain(p, "--discover contradicts --no-discover");
	if (s->metrics && (s->command == VP_COMMAND_TARGETS ||
	                   s->command == VP_COMMAND_EXPLAIN))
		return complain(p, "--format metrics is for commands that "
		                   "come to a verdict");
	if (s->list && s->command != VP_COMMAND_TARGETS)
		return complain(p, "--format list is for targets");
	if (s->learn && (s->json || s->metrics))
		return complain(p, "--learn has a format of its own");
	if (s->emit != NULL && (s->json || s->metrics))
		return complain(p, "--emit has a format of its own");
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

static int read_config(struct vp_settings *s, const char *path)
{
	char why[1024] = "";

	if (path == NULL || vp_config_read(s, path, why, sizeof(why)) == 0)
		return 0;
	fprintf(stderr, "vnetprobe: %s\n", why);
	return USAGE;
}

/* Where no -c and no TARGET says what is meant. (What stands behind watch and
 * analyze is no target.) */
static const char *default_config(const struct parse *first)
{
	const struct vp_settings *s = first->s;
	bool targets = s->n_arguments > 0 || s->n_from_files > 0;
	bool reads = false;

	switch (s->command) {
	case VP_COMMAND_CHECK:
	case VP_COMMAND_DNS:
	case VP_COMMAND_TARGETS:
		reads = !targets;
		break;
	case VP_COMMAND_WATCH:
	case VP_COMMAND_ANALYZE:
		reads = true;
		break;
	default:
		break;
	}
	if (!reads || s->config != NULL || s->no_discover)
		return s->config;
	return access(VP_DEFAULT_CONFIG, F_OK) == 0 ? VP_DEFAULT_CONFIG : NULL;
}

/* Defaults, config, flags: the second reading, which cannot fail any more. */
static int read_again(struct vp_settings *s, struct parse *first)
{
	struct parse p = parse_init(s, first->argc, first->argv);
	const char *config = default_config(first);
	int err;

	set_defaults(s, s->arena);
	err = read_config(s, config);
	if (err == 0)
		err = read_words(&p);
	if (s->output != NULL && strcmp(s->output, "-") == 0)
		s->output = NULL;
	if (s->config == NULL)
		s->config = vp_arena_strdup(s->arena, config);
	return err;
}

int vp_options_read(struct vp_settings *s, int argc, char **argv)
{
	struct vp_settings scratch;
	struct parse p = parse_init(&scratch, argc, argv);
	int err;

	if (argc < 2) {
		vp_options_usage(stderr);
		return USAGE;
	}
	set_defaults(&scratch, s->arena);
	err = read_words(&p);
	if (err != 0)
		return err;
	if ((scratch.help || scratch.version || scratch.completion) &&
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
