/* wording.c - see wording.h. */
#include "wording.h"

#include <netinet/in.h>
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

const char *vp_quote(char *buf, const char *text)
{
	size_t n = 0;

	buf[n++] = '\'';
	for (const char *p = text; *p != '\0'; p++) {
		unsigned char c = (unsigned char)*p;

		if (n > VP_QUOTE_TEXT - 12) {
			memcpy(buf + n, "...", 3);
			n += 3;
			break;
		}
		if (c < 0x20 || c == 0x7f || c >= 0x80)
			n += (size_t)sprintf(buf + n, "\\x%02x", c);
		else
			buf[n++] = (char)c;
	}
	buf[n++] = '\'';
	buf[n] = '\0';
	return buf;
}

/* Edits (insert, delete, replace) between two short words. */
static size_t distance(const char *a, const char *b)
{
	size_t row[33];
	size_t n = strlen(b);

	if (n > 32 || strlen(a) > 32)
		return SIZE_MAX;
	for (size_t j = 0; j <= n; j++)
		row[j] = j;
	for (size_t i = 0; a[i] != '\0'; i++) {
		size_t corner = row[0]; /* the value up and to the left */

		row[0] = i + 1;
		for (size_t j = 0; j < n; j++) {
			size_t best = corner + (a[i] != b[j]);

			corner = row[j + 1];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (corner + 1 < best)
				best = corner + 1;
			row[j + 1] = best;
		}
	}
	return row[n];
}

const char *vp_nearest(const char *text, const char *const *words, size_t n)
{
	const char *found = NULL;
	size_t best = strlen(text) / 3 + 1; /* more edits: another word */

	for (size_t i = 0; i < n; i++) {
		size_t d = distance(text, words[i]);

		if (d > best || (d == best && found != NULL))
			continue;
		best = d;
		found = words[i];
	}
	return found;
}

const char *vp_protocol_text(char buf[VP_PROTOCOL_TEXT], uint8_t proto)
{
	switch (proto) {
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	case IPPROTO_ICMP:
		return "icmp";
	case IPPROTO_ICMPV6:
		return "icmpv6";
	default:
		snprintf(buf, VP_PROTOCOL_TEXT, "protocol %u", (unsigned)proto);
		return buf;
	}
}
