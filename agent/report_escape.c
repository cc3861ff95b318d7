/*
 * report_escape.c - text and times as they stand in the JSON report.
 */
#include "report_private.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

size_t report_utf8_length(const unsigned char *p)
{
	size_t n = p[0] < 0x80                    ? 1
	           : p[0] >= 0xc2 && p[0] <= 0xdf ? 2
	           : p[0] >= 0xe0 && p[0] <= 0xef ? 3
	           : p[0] >= 0xf0 && p[0] <= 0xf4 ? 4
	                                          : 0;

	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0; /* the final NUL ends it as well */
	}
	if ((p[0] == 0xe0 && p[1] < 0xa0) || /* longer than need be */
	    (p[0] == 0xed && p[1] > 0x9f) || /* surrogates */
	    (p[0] == 0xf0 && p[1] < 0x90) ||
	    (p[0] == 0xf4 && p[1] > 0x8f)) /* beyond U+10FFFF */
		return 0;
	return n;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/* The byte that "\xNN" at p stands for, or -1: not such a text. */
static int escaped_byte(const char *p)
{
	int high, low;

	if (p[0] != '\\' || p[1] != 'x')
		return -1;
	high = hex_digit(p[2]);
	low = high >= 0 ? hex_digit(p[3]) : -1;
	return low >= 0 ? high * 16 + low : -1;
}

char *report_escape(struct vp_arena *a, const char *text)
{
	char *out, *at;

	if (text == NULL)
		return NULL;
	at = out = vp_arena_alloc(a, strlen(text) * 4 + 1);
	while (*text != '\0') {
		size_t n = report_utf8_length((const unsigned char *)text);

		if (n == 0 || *text == 0x7f || escaped_byte(text) >= 0) {
			at += sprintf(at, "\\x%02x", (unsigned char)*text++);
			continue;
		}
		memcpy(at, text, n);
		at += n;
		text += n;
	}
	*at = '\0';
	return out;
}

char *report_unescape(struct vp_arena *a, const char *text)
{
	char *out, *at;

	if (text == NULL)
		return NULL;
	at = out = vp_arena_alloc(a, strlen(text) + 1);
	while (*text != '\0') {
		int byte = escaped_byte(text);

		if (byte < 0x7f && byte != '\\') {
			*at++ = *text++; /* not one of ours */
			continue;
		}
		*at++ = (char)byte;
		text += 4;
	}
	*at = '\0';
	return out;
}

const char *report_time(char buf[REPORT_TIME_TEXT], int64_t us)
{
	time_t s = (time_t)(us / 1000000);
	struct tm tm;
	size_t n;

	gmtime_r(&s, &tm);
	n = strftime(buf, REPORT_TIME_TEXT, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(buf + n, REPORT_TIME_TEXT - n, ".%06uZ",
	         (unsigned)(us % 1000000));
	return buf;
}

/* "dddd-dd-ddTdd:dd:dd.ddddddZ" */
static int has_form(const char *text)
{
	static const char form[] = "dddd-dd-ddTdd:dd:dd.ddddddZ";

	if (strlen(text) != sizeof(form) - 1)
		return 0;
	for (size_t i = 0; form[i] != '\0'; i++) {
		if (form[i] == 'd' ? !isdigit((unsigned char)text[i])
		                   : form[i] != text[i])
			return 0;
	}
	return 1;
}

int report_time_parse(int64_t *us, const char *text)
{
	char again[REPORT_TIME_TEXT];
	struct tm tm = { 0 };
	int micro;
	int64_t t;

	if (!has_form(text) ||
	    sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d.%6dZ", &tm.tm_year,
	           &tm.tm_mon, &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec,
	           &micro) != 7)
		return -EINVAL;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	t = (int64_t)timegm(&tm) * 1000000 + micro;
	/* timegm() takes 31 February for 3 March: only what comes back counts
	 */
	if (t < 0 || strcmp(report_time(again, t), text) != 0)
		return -EINVAL;
	*us = t;
	return 0;
}
