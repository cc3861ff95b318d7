/*
 * options_table.h - the option table: what --help prints, what is parsed, and
 * what the man page must have.
 */
#ifndef VP_AGENT_OPTIONS_TABLE_H
#define VP_AGENT_OPTIONS_TABLE_H

#include <stdio.h>

#include "value.h"

#define VP_FOR(command) (1u << (command))
#define VP_FOR_ALL ~0u

struct vp_option {
	const char *name;     /* without the dashes */
	char letter;          /* 0: none */
	const char *argument; /* "FILE"; NULL: takes none */
	const char *help;
	unsigned commands; /* VP_FOR() bits */
	vp_value_setter *set;
};
#define VP_OPTIONS_MAX 64 /* rows; parsing has a bit for each */
const struct vp_option *vp_options_table(size_t *n);

struct vp_command_row {
	enum vp_command command;
	const char *name;
	const char *arguments; /* "[TARGET...]" */
	const char *help;
	unsigned min_arguments, max_arguments;
	bool built; /* false: refused with one sentence */
};
#define VP_COMMANDS_MAX 16 /* rows */
const struct vp_command_row *vp_options_commands(size_t *n);

/* What stands in for a command line that says nothing. */
void vp_options_usage(FILE *out);

#endif
