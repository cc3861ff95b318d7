/* completion.c - see completion.h. */
#include "completion.h"

#include <errno.h>
#include <string.h>

#include "catalogue.h"
#include "judge.h"
#include "wording.h"

#define N_OF(a) (sizeof(a) / sizeof(*(a)))

/* --- words that can be listed ------------------------------------------------
 */

static const char *scenarios(struct vp_arena *arena)
{
	const struct vp_catalogue_scenario *rows;
	const char *text = "";
	size_t n;

	rows = vp_catalogue_scenarios(&n);
	for (size_t i = 0; i < n; i++)
		text = vp_arena_printf(arena, "%s%s%s", text, i > 0 ? " " : "",
		                       rows[i].name);
	return text;
}

static const char *expectations(struct vp_arena *arena)
{
	const char *text = "";

	for (int i = 0; i < VP_EXPECT_COUNT; i++)
		text = vp_arena_printf(arena, "%s%s%s", text, i > 0 ? " " : "",
		                       vp_expect_name((enum vp_expect)i));
	return text;
}

static const char *findings(struct vp_arena *arena)
{
	const struct vp_finding_type *types;
	const char *text = "";
	size_t n;

	types = vp_finding_types(&n);
	for (size_t i = 0; i < n; i++)
		text = vp_arena_printf(arena, "%s%s%s", text, i > 0 ? " " : "",
		                       types[i].id);
	return text;
}

/* Where "a|b" does not stand as the argument. A test holds these words against
 * what the options refuse. */
static const struct {
	const char *option, *words;
	const char *(*list)(struct vp_arena *arena);
} known[] = {
	{ "scenario", NULL, scenarios },
	{ "expect", NULL, expectations },
	{ "attribution", "bpf socket off", NULL },
	{ "azure-dns", "auto always never", NULL },
	{ "color", "auto always never", NULL },
	{ "completion", "bash", NULL },
	{ "emit", "bind unbound dnsmasq coredns windows hosts", NULL },
};

const char *vp_completion_words(const struct vp_option *o,
                                struct vp_arena *arena)
{
	char *text;

	if (o->argument == NULL)
		return "";
	for (size_t i = 0; i < N_OF(known); i++) {
		if (strcmp(known[i].option, o->name) == 0)
			return known[i].list != NULL ? known[i].list(arena)
			                             : known[i].words;
	}
	if (strchr(o->argument, '|') == NULL)
		return "";
	text = vp_arena_strdup(arena, o->argument);
	for (char *c = strchr(text, '|'); c != NULL; c = strchr(c, '|'))
		*c = ' ';
	return text;
}

static bool takes_file(const struct vp_option *o)
{
	return o->argument != NULL && (strncmp(o->argument, "FILE", 4) == 0 ||
	                               strcmp(o->argument, "PEM") == 0);
}

/* --- the script --------------------------------------------------------------
 */

static void put_names(FILE *out, const struct vp_option *o, const char *between)
{
	if (o->letter != 0)
		fprintf(out, "-%c%s", o->letter, between);
	fprintf(out, "--%s", o->name);
}

/* "-c | --config)": a pattern of options that something holds for. */
static void put_pattern(FILE *out, bool (*holds)(const struct vp_option *o))
{
	const struct vp_option *o;
	const char *before = "\t";
	size_t n;

	o = vp_options_table(&n);
	for (size_t i = 0; i < n; i++) {
		if (!holds(&o[i]))
			continue;
		fputs(before, out);
		put_names(out, &o[i], " | ");
		before = " | \\\n\t";
	}
	fputs(")\n", out);
}

static bool takes_argument(const struct vp_option *o)
{
	return o->argument != NULL;
}

/* What may follow an option: sets `words`, or answers and returns. */
static void put_values(FILE *out, struct vp_arena *arena)
{
	const struct vp_option *o;
	size_t n;

	o = vp_options_table(&n);
	fputs("\tcase $prev in\n", out);
	for (size_t i = 0; i < n; i++) {
		const char *words = vp_completion_words(&o[i], arena);

		if (words[0] == '\0')
			continue;
		fputc('\t', out);
		put_names(out, &o[i], " | ");
		fprintf(out, ")\n\t\t_vnetprobe_words '%s'\n\t\treturn ;;\n",
		        words);
	}
	fputs("\t--interface)\n\t\t_vnetprobe_interfaces\n\t\treturn ;;\n",
	      out);
	put_pattern(out, takes_file);
	fputs("\t\t_vnetprobe_files\n\t\treturn ;;\n", out);
	/* numbers, times, addresses: nobody can guess them */
	put_pattern(out, takes_argument);
	fputs("\t\treturn ;;\n\tesac\n", out);
}

static void put_options(FILE *out, const struct vp_command_row *c)
{
	const struct vp_option *o;
	size_t n;

	o = vp_options_table(&n);
	fprintf(out, "\t%s) options='", c->name);
	for (size_t i = 0, k = 0; i < n; i++) {
		if ((o[i].commands & VP_FOR(c->command)) == 0)
			continue;
		fputs(k++ > 0 ? " " : "", out);
		put_names(out, &o[i], " ");
	}
	fputs("' ;;\n", out);
}

static const char head[] =
	"# bash completion of vnetprobe(1), as `vnetprobe --completion bash` "
	"prints it.\n"
	"\n"
	"_vnetprobe_words()\n"
	"{\n"
	"\tmapfile -t COMPREPLY < <(compgen -W \"$1\" -- \"$cur\")\n"
	"}\n"
	"\n"
	"_vnetprobe_files()\n"
	"{\n"
	"\tcompopt -o filenames 2>/dev/null\n"
	"\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
	"}\n"
	"\n"
	"# Not by compgen -W, which would expand what a name has in it.\n"
	"_vnetprobe_interfaces()\n"
	"{\n"
	"\tlocal name\n"
	"\tfor name in /sys/class/net/*; do\n"
	"\t\tname=${name##*/}\n"
	"\t\t[[ $name != \"$cur\"* ]] || COMPREPLY+=(\"$(printf %q "
	"\"$name\")\")\n"
	"\tdone\n"
	"}\n"
	"\n"
	"# Sets command, and at: where the first argument behind it stands.\n"
	"_vnetprobe_command()\n"
	"{\n"
	"\tlocal i word\n"
	"\tcommand='' at=$COMP_CWORD\n"
	"\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	"\t\tword=${COMP_WORDS[i]}\n"
	"\t\tcase $word in\n";

static const char behind_head[] =
	"\t\t\t((i++))\n"
	"\t\t\t[ \"${COMP_WORDS[i]}\" != = ] || ((i++))\n"
	"\t\t\tcontinue ;;\n"
	"\t\t--)\n"
	"\t\t\t[ -z \"$command\" ] || { at=$((i + 1)) && return; } ;;\n"
	"\t\t-*) continue ;;\n"
	"\t\tesac\n"
	"\t\t[ -z \"$command\" ] || { at=$i && return; }\n"
	"\t\tcommand=$word\n"
	"\tdone\n"
	"}\n"
	"\n"
	"_vnetprobe()\n"
	"{\n"
	"\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - "
	"1]}\n"
	"\tlocal command at options\n"
	"\n"
	"\tCOMPREPLY=()\n"
	"\t# \"--format=te\" comes as three words.\n"
	"\tif [ \"$cur\" = = ]; then\n"
	"\t\tcur=''\n"
	"\telif [ \"$prev\" = = ]; then\n"
	"\t\tprev=${COMP_WORDS[COMP_CWORD - 2]}\n"
	"\tfi\n"
	"\t_vnetprobe_command\n"
	"\tif [ \"$command\" = watch ] && ((at < COMP_CWORD)); then\n"
	"\t\t# another command's words\n"
	"\t\tdeclare -F _command_offset >/dev/null && _command_offset "
	"\"$at\" ||\n"
	"\t\t\t_vnetprobe_files\n"
	"\t\treturn\n"
	"\tfi\n";

static const char tail[] =
	"\tif [[ $cur == -* ]]; then\n"
	"\t\t_vnetprobe_words \"$options\"\n"
	"\t\treturn\n"
	"\tfi\n"
	"\tcase $command in\n"
	"\t'') _vnetprobe_words \"$commands\" ;;\n"
	"\texplain) _vnetprobe_words \"$ids\" ;;\n"
	"\tanalyze | diff | judge) _vnetprobe_files ;;\n"
	"\twatch) mapfile -t COMPREPLY < <(compgen -c -- \"$cur\") ;;\n"
	"\tesac\n"
	"}\n"
	"complete -F _vnetprobe vnetprobe\n";

static void put_commands(FILE *out)
{
	const struct vp_command_row *c;
	size_t n;

	c = vp_options_commands(&n);
	fputs("\tlocal commands='", out);
	for (size_t i = 0, k = 0; i < n; i++) {
		if (c[i].built)
			fprintf(out, "%s%s", k++ > 0 ? " " : "", c[i].name);
	}
	fputs("'\n\tcase $command in\n", out);
	for (size_t i = 0; i < n; i++) {
		if (c[i].built)
			put_options(out, &c[i]);
	}
	fputs("\t*) options='--help --version --completion' ;;\n\tesac\n", out);
}

int vp_completion_known(const char *shell, char *why, size_t size)
{
	char quoted[VP_QUOTE_TEXT];

	if (strcmp(shell, "bash") == 0)
		return 0;
	snprintf(why, size, "%s is not one of bash", vp_quote(quoted, shell));
	return -EINVAL;
}

void vp_completion_print(FILE *out)
{
	struct vp_arena *arena = vp_arena_create();

	fputs(head, out);
	put_pattern(out, takes_argument);
	fputs(behind_head, out);
	put_values(out, arena);
	put_commands(out);
	fprintf(out, "\tlocal ids='%s'\n", findings(arena));
	fputs(tail, out);
	vp_arena_destroy(arena);
}
