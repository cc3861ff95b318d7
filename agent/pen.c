/* pen.c - text for people. */
#include "pen.h"

#include <stdint.h>
#include <string.h>

#include "report_private.h"

static const char *const escapes[] = {
	[PEN_PLAIN] = "",
	[PEN_BOLD] = "\033[1m",
	[PEN_DIM] = "\033[2m",
	[PEN_RED] = "\033[31m",
	[PEN_BOLD_RED] = "\033[1;31m",
	[PEN_GREEN] = "\033[32m",
	[PEN_YELLOW] = "\033[33m",
	[PEN_MAGENTA] = "\033[35m",
	[PEN_CYAN] = "\033[36m",
};

static uint32_t code_point(const unsigned char *p, size_t n)
{
	static const unsigned char mask[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	uint32_t c = p[0] & mask[n];

	for (size_t i = 1; i < n; i++)
		c = c << 6 | (p[i] & 0x3f);
	return c;
}

/* C0, DEL, C1, and characters that are invisible or turn the direction. */
static bool is_unsafe(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0x61c ||
	       (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2060 && c <= 0x206f) || c == 0xfeff;
}

const char *pen_safe(struct pen *p, const char *text)
{
	const unsigned char *in = (const unsigned char *)text;
	char *out, *at;

	if (text == NULL)
		return "";
	at = out = vp_arena_alloc(p->arena, strlen(text) * 4 + 1);
	while (*in != '\0') {
		size_t n = report_utf8_length(in);

		if (n > 0 && !is_unsafe(code_point(in, n))) {
			memcpy(at, in, n);
			at += n;
			in += n;
			continue;
		}
		for (n = n > 0 ? n : 1; n > 0; n--)
			at += sprintf(at, "\\x%02x", *in++);
	}
	*at = '\0';
	return out;
}

size_t pen_width(const char *text)
{
	size_t n = 0;

	for (; *text != '\0'; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

static void blanks(struct pen *p, size_t n)
{
	fprintf(p->out, "%*s", (int)n, "");
}

void pen_line(struct pen *p)
{
	fputc('\n', p->out);
}

void pen_put(struct pen *p, enum pen_color color, size_t width,
             const char *text)
{
	const char *safe = pen_safe(p, text);
	size_t used = pen_width(safe);
	bool dress = p->color && color != PEN_PLAIN;

	fprintf(p->out, "%s%s%s", dress ? escapes[color] : "", safe,
	        dress ? "\033[0m" : "");
	if (used < width)
		blanks(p, width - used);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* "12", "(1234", "0.5", "1,234"; and what stands behind it is a word or "%",
 * as a unit is. */
static bool has_unit(const char *text, size_t len)
{
	size_t at = text[0] == '(';

	if (len <= at || !is_digit(text[at]) || !is_digit(text[len - 1]))
		return false;
	if (at + strspn(text + at, "0123456789.,") < len || text[len] != ' ')
		return false;
	return text[len + 1] == '%' || is_letter(text[len + 1]);
}

/* Length of what must not be broken: a word, or a number and its unit if both
 * have room in a line; in a command, an option with its values. */
static size_t unit(const char *text, bool command, size_t room)
{
	size_t len = strcspn(text, " ");

	if (!command && has_unit(text, len)) {
		size_t both = len + 1 + strcspn(text + len + 1, " ");

		return both <= room ? both : len;
	}
	while (command && text[len] == ' ' && text[len + 1] != '-' &&
	       text[len + 1] != '\0')
		len += 1 + strcspn(text + len + 1, " ");
	return len;
}

/* The words of safe text from column on. A command is broken with a backslash,
 * before an option. */
static void flow(struct pen *p, size_t column, size_t indent, const char *text,
                 bool command)
{
	size_t limit = p->columns - (command ? 2 : 0);
	bool start = true;

	while (*text != '\0') {
		size_t len = unit(text, command,
		                  limit > indent ? limit - indent : 0);
		char *word = vp_arena_strndup(p->arena, text, len);
		size_t width = pen_width(word);

		if (!start && column + 1 + width > limit) {
			fputs(command ? " \\\n" : "\n", p->out);
			blanks(p, indent);
			column = indent;
		} else if (!start) {
			fputc(' ', p->out);
			column++;
		}
		fputs(word, p->out);
		column += width;
		start = false;
		text += len;
		text += strspn(text, " ");
	}
	fputc('\n', p->out);
}

void pen_wrap(struct pen *p, const char *first, size_t indent, const char *text)
{
	fputs(first, p->out);
	flow(p, pen_width(first), indent, pen_safe(p, text), false);
}

void pen_wrap_at(struct pen *p, size_t column, size_t indent, const char *text)
{
	flow(p, column, indent, pen_safe(p, text), false);
}

void pen_command(struct pen *p, size_t indent, const char *text)
{
	size_t at = indent + strspn(text, " ");
	const char *safe = pen_safe(p, text + strspn(text, " "));

	blanks(p, at);
	if (strchr(text, ';') == NULL)
		flow(p, at, at + 4, safe, true);
	else
		fprintf(p->out, "%s\n", safe); /* a line for a file */
}

void pen_remedy_line(struct pen *p, size_t indent, const char *line)
{
	if (strncmp(line, "    ", 4) == 0) {
		pen_command(p, indent, line);
		return;
	}
	blanks(p, indent);
	flow(p, indent, indent, pen_safe(p, line), false);
}

void pen_remedy(struct pen *p, size_t indent, const char *remedy)
{
	while (*remedy != '\0') {
		size_t len = strcspn(remedy, "\n");
		char *line = vp_arena_strndup(p->arena, remedy, len);

		pen_remedy_line(p, indent, line);
		remedy += len;
		remedy += *remedy == '\n';
	}
}
