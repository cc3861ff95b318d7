/*
 * pen.h - writing text for people: wrapped, indented, escaped, coloured.
 *
 * Nothing from outside reaches the terminal raw: control bytes, invalid UTF-8
 * and characters that turn the writing direction are shown as \xNN.
 */
#ifndef VP_AGENT_PEN_H
#define VP_AGENT_PEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "vnetprobe/arena.h"

enum pen_color {
	PEN_PLAIN,
	PEN_BOLD,
	PEN_DIM,
	PEN_RED,
	PEN_BOLD_RED,
	PEN_GREEN,
	PEN_YELLOW,
	PEN_MAGENTA,
	PEN_CYAN,
};

struct pen {
	FILE *out;
	struct vp_arena *arena; /* scratch */
	bool color;
	size_t columns;
};

/* text made safe to show. */
const char *pen_safe(struct pen *p, const char *text);
/* Characters of safe text, as a terminal counts them (wide ones not known). */
size_t pen_width(const char *text);

/* Writes first (as it is), then text wrapped, further lines indented. */
void pen_wrap(struct pen *p, const char *first, size_t indent,
              const char *text);
/* The same, the cursor being at a column already. */
void pen_wrap_at(struct pen *p, size_t column, size_t indent, const char *text);
/* A command on lines of its own; too long, it goes on after a backslash. Its
 * blanks in front are kept beside the indent. */
void pen_command(struct pen *p, size_t indent, const char *text);
/* Escaped text in a colour, padded with blanks to a width (0: none). */
void pen_put(struct pen *p, enum pen_color color, size_t width,
             const char *text);
void pen_line(struct pen *p);
/* A remedy: lines with four blanks in front are commands. */
void pen_remedy_line(struct pen *p, size_t indent, const char *line);
void pen_remedy(struct pen *p, size_t indent, const char *remedy);

#endif
