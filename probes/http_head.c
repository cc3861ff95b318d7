/*
 * http_head.c - the head of a plain HTTP/1.x request (RFC 9112): whom it is
 * for.
 *
 * Read line by line. Only the request line must look like HTTP; of the fields
 * nothing but Host matters. Wherever servers differ in whom they take a request
 * for (two hosts, white space where there must be none), it is for nobody.
 */
#include "vnetprobe/http_head.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "vnetprobe/addr.h"

#define METHOD_MAX 24   /* UPDATEREDIRECTREF has 17 */
#define TARGET_MAX 8192 /* RFC 9112 section 3: 8000 and more */

struct text {
	const char *at;
	size_t len;
};

/* The next line without its end; false: there is no whole one. A bare LF ends
 * one as well (section 2.2). */
static bool line_take(struct text *line, struct text *rest)
{
	const char *lf = memchr(rest->at, '\n', rest->len);
	size_t len;

	if (lf == NULL)
		return false;
	len = (size_t)(lf - rest->at);
	line->at = rest->at;
	line->len = len > 0 && lf[-1] == '\r' ? len - 1 : len;
	rest->at += len + 1;
	rest->len -= len + 1;
	return true;
}

/* What is before the first c, and behind it. */
static bool split(struct text *head, struct text *rest, char c)
{
	const char *at = memchr(rest->at, c, rest->len);

	if (at == NULL)
		return false;
	head->at = rest->at;
	head->len = (size_t)(at - rest->at);
	rest->at += head->len + 1;
	rest->len -= head->len + 1;
	return true;
}

static bool equals(const struct text *t, const char *word)
{
	return t->len == strlen(word) && strncasecmp(t->at, word, t->len) == 0;
}

static bool starts(const struct text *t, const char *word)
{
	size_t n = strlen(word);

	return t->len >= n && strncasecmp(t->at, word, n) == 0;
}

/* --- hosts --------------------------------------------------------------- */

/* RFC 3986 section 3.2.2, as far as DNS and addresses go. */
static bool host_copy(char host[256], struct text t)
{
	bool six = t.len > 2 && t.at[0] == '[' && t.at[t.len - 1] == ']';
	struct vp_addr addr;
	char out[256];

	if (six) {
		t.at++;
		t.len -= 2;
	} else if (t.len > 0 && t.at[t.len - 1] == '.') {
		t.len--;
	}
	if (t.len == 0 || t.len > 253)
		return false;
	for (size_t i = 0; i < t.len; i++) {
		char c = t.at[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c | 0x20);
		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') &&
		    c != '-' && c != '_' && c != '.' && !(six && c == ':'))
			return false;
		out[i] = c;
	}
	out[t.len] = '\0';
	if (six && (vp_addr_parse(&addr, out) != 0 || addr.family != 6))
		return false;
	memcpy(host, out, t.len + 1);
	return true;
}

static bool port_read(uint16_t *port, const struct text *t)
{
	unsigned v = 0;

	if (t->len == 0 || t->len > 5)
		return false;
	for (size_t i = 0; i < t->len; i++) {
		if (t->at[i] < '0' || t->at[i] > '9')
			return false;
		v = v * 10 + (unsigned)(t->at[i] - '0');
	}
	if (v == 0 || v > 65535)
		return false;
	*port = (uint16_t)v;
	return true;
}

/* host, or host ":" port. Without a port, *port stays as it is. */
static bool authority(char host[256], uint16_t *port, struct text t)
{
	struct text number = { t.at + t.len, 0 };
	uint16_t n = *port;

	for (size_t i = t.len; i > 0 && t.at[i - 1] != ']'; i--) {
		if (t.at[i - 1] != ':')
			continue;
		number.at = t.at + i;
		number.len = t.len - i;
		t.len = i - 1;
		if (number.len > 0 && !port_read(&n, &number))
			return false;
		break;
	}
	if (!host_copy(host, t))
		return false;
	*port = n;
	return true;
}

/* --- the request line ----------------------------------------------------- */

struct request {
	struct text method, target;
};

static bool is_method_byte(char c)
{
	return (c >= 'A' && c <= 'Z') || c == '-';
}

/* Can these bytes, without a whole line, still become one? */
static enum vp_http_head line_begins(const struct text *t)
{
	size_t i = 0;

	while (i < t->len && is_method_byte(t->at[i]))
		i++;
	if (i > METHOD_MAX || t->len > METHOD_MAX + TARGET_MAX)
		return VP_HTTP_HEAD_NOT;
	if (i < t->len && (i == 0 || t->at[i] != ' '))
		return VP_HTTP_HEAD_NOT;
	for (; i < t->len; i++) /* controls, but for the CR of the end */
		if ((unsigned char)t->at[i] < ' ' &&
		    (t->at[i] != '\r' || i + 1 != t->len))
			return VP_HTTP_HEAD_NOT;
	return VP_HTTP_HEAD_MORE;
}

/* Section 3: method SP request-target SP HTTP-version. */
static bool request_line(struct request *r, struct text line)
{
	if (line_begins(&line) != VP_HTTP_HEAD_MORE ||
	    !split(&r->method, &line, ' ') || !split(&r->target, &line, ' '))
		return false;
	return r->target.len > 0 && line.len == 8 &&
	       memcmp(line.at, "HTTP/1.", 7) == 0 && line.at[7] >= '0' &&
	       line.at[7] <= '9';
}

/* Section 3.2.2: scheme "://" authority path. */
static bool absolute_form(struct text *host, const struct text *target,
                          uint16_t *port)
{
	struct text t = *target;
	size_t scheme;

	if (starts(&t, "http://")) {
		scheme = 7;
		*port = 80;
	} else if (starts(&t, "https://")) {
		scheme = 8;
		*port = 443;
	} else {
		return false;
	}
	t.at += scheme;
	t.len -= scheme;
	host->at = t.at;
	host->len = 0;
	while (host->len < t.len && strchr("/?#", t.at[host->len]) == NULL)
		host->len++;
	return true;
}

/* --- the fields ----------------------------------------------------------- */

/* Section 5: field-name ":" OWS field-value OWS. */
static bool is_host_field(struct text *value, struct text line)
{
	struct text name;

	if (!split(&name, &line, ':') || !equals(&name, "host"))
		return false;
	while (line.len > 0 && (*line.at == ' ' || *line.at == '\t')) {
		line.at++;
		line.len--;
	}
	while (line.len > 0 &&
	       (line.at[line.len - 1] == ' ' || line.at[line.len - 1] == '\t'))
		line.len--;
	*value = line;
	return true;
}

/* A value goes on in a line that begins with white space (section 5.2);
 * nobody may send that, and servers differ in what they make of it. */
static bool is_folded(const struct text *line)
{
	return line->at[0] == ' ' || line->at[0] == '\t';
}

static enum vp_http_head fields(char host[256], uint16_t *port,
                                struct text rest)
{
	struct text line, value = { "", 0 };
	unsigned hosts = 0;
	bool folded = false, was_host = false;
	uint16_t n = 80;

	while (line_take(&line, &rest)) {
		if (line.len == 0) {
			if (hosts != 1 || folded || !authority(host, &n, value))
				return VP_HTTP_HEAD_NO_HOST;
			*port = n;
			return VP_HTTP_HEAD_HOST;
		}
		folded |= was_host && is_folded(&line);
		was_host = is_host_field(&value, line);
		hosts += was_host;
	}
	return VP_HTTP_HEAD_MORE;
}

enum vp_http_head vp_http_head_read(char host[256], uint16_t *port,
                                    const uint8_t *data, size_t len)
{
	struct text rest = { data != NULL ? (const char *)data : "", len };
	struct text line, name;
	char whole[256];
	struct request r;
	uint16_t n = 0;

	if (!line_take(&line, &rest))
		return line_begins(&rest);
	if (!request_line(&r, line))
		return VP_HTTP_HEAD_NOT;
	if (equals(&r.method, "CONNECT")) { /* section 3.2.3 */
		if (!authority(whole, &n, r.target) || n == 0)
			return VP_HTTP_HEAD_NO_HOST;
		memcpy(host, whole, strlen(whole) + 1);
		*port = n;
		return VP_HTTP_HEAD_CONNECT;
	}
	if (absolute_form(&name, &r.target, &n)) {
		if (!authority(host, &n, name))
			return VP_HTTP_HEAD_NO_HOST;
		*port = n;
		return VP_HTTP_HEAD_URL;
	}
	return fields(host, port, rest);
}
