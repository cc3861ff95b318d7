/* options_help.c - what --help prints, from the tables. */
#include "options_table.h"

#include <string.h>

void vp_options_usage(FILE *out)
{
	size_t n;
	const struct vp_command_row *commands = vp_options_commands(&n);

	fputs("usage: vnetprobe COMMAND [OPTION...] [ARGUMENT...]\n\n", out);
	for (size_t i = 0; i < n; i++) {
		if (commands[i].built)
			fprintf(out, "  %-8s %-13s %s\n", commands[i].name,
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
	if (strlen(left) > 29) /* no room beside it */
		fprintf(out, "\n%-29s", "");
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

/* A list is of targets alone. */
static struct vp_option as_here(const struct vp_option *o, unsigned commands)
{
	struct vp_option here = *o;

	if (strcmp(o->name, "format") != 0 || commands == VP_FOR_ALL)
		return here;
	if (commands == VP_FOR(VP_COMMAND_TARGETS)) {
		here.argument = "text|json|list";
		here.help = "form of the plan; a list is what a firewall has "
			    "to let pass (text)";
	} else if (commands == VP_FOR(VP_COMMAND_EXPLAIN)) {
		here.argument = "text|json";
		here.help = "form of the text (text)";
	} else {
		here.argument = "text|json|metrics";
		here.help = "form of the report; metrics are of a verdict "
			    "(text)";
	}
	return here;
}

static void print_options(FILE *out, unsigned commands_wanted)
{
	size_t n;
	const struct vp_option *options = vp_options_table(&n);

	for (size_t i = 0; i < n; i++) {
		struct vp_option here = as_here(&options[i], commands_wanted);

		if ((here.commands & commands_wanted) != 0)
			print_option(out, &here);
	}
}

void vp_options_help(enum vp_command command, void *stream)
{
	FILE *out = stream;
	size_t n;
	const struct vp_command_row *commands = vp_options_commands(&n);

	for (size_t i = 0; i < n; i++) {
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
	vp_options_usage(out);
	fputs("\nA TARGET is NAME, NAME:PORT or https://NAME/ .\n\nOptions:\n",
	      out);
	print_options(out, VP_FOR_ALL);
	fputs("\nA time T is 300ms, 5s or 2m (a bare number: seconds); a SIZE "
	      "is 64KiB or 4MiB.\n"
	      "Exit status: 0 pass, 1 a check failed, 2 usage, 3 inconclusive, "
	      "4 leak.\n",
	      out);
}
