/*
 * signature.c - reads a service's own answer: did it accept the path?
 *
 * The rows of signature_table.c are tried in turn, and what the answer says
 * beside its code is taken: the source that the service saw, the private
 * endpoint, its own words. Everything read here was written by a stranger:
 * spans with lengths, no NUL expected, bounded loops.
 */
#include "vnetprobe/signature.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "signature_table.h"

/* Azure's codes are short words; ARM ids of private endpoints are longer. */
#define CODE_MAX 64
#define VALUE_MAX 512
#define SAID_MAX 200

struct span {
	const char *p;
	size_t len;
};

#define SPAN(text) ((struct span){ (text), sizeof(text) - 1 })

struct answer {
	struct span headers;
	struct span body;
	struct span code; /* the service's own; empty: none */
	unsigned status;
};

static struct span span_of(const char *text)
{
	return (struct span){ text, strlen(text) };
}

/* --- spans ------------------------------------------------------------- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct span trim(struct span s)
{
	while (s.len > 0 && is_blank(s.p[0])) {
		s.p++;
		s.len--;
	}
	while (s.len > 0 && is_blank(s.p[s.len - 1]))
		s.len--;
	return s;
}

/* What stands before the first c in *rest; *rest goes on behind it. */
static struct span cut(struct span *rest, char c)
{
	struct span head = *rest;
	const char *at = rest->len > 0 ? memchr(rest->p, c, rest->len) : NULL;

	if (at == NULL) {
		rest->p += rest->len;
		rest->len = 0;
		return head;
	}
	head.len = (size_t)(at - head.p);
	rest->p = at + 1;
	rest->len -= head.len + 1;
	return head;
}

static bool equal_nocase(struct span a, struct span b)
{
	return a.len == b.len && strncasecmp(a.p, b.p, a.len) == 0;
}

static bool starts_nocase(struct span s, struct span with)
{
	return s.len >= with.len && strncasecmp(s.p, with.p, with.len) == 0;
}

static bool has(struct span s, struct span what)
{
	return s.len > 0 && memmem(s.p, s.len, what.p, what.len) != NULL;
}

/* What follows the first occurrence of what; false if there is none. */
static bool after(struct span s, struct span what, struct span *out)
{
	const char *at =
		s.len > 0 ? memmem(s.p, s.len, what.p, what.len) : NULL;

	if (at == NULL)
		return false;
	out->p = at + what.len;
	out->len = s.len - (size_t)(out->p - s.p);
	return true;
}

static char *keep(struct vp_arena *arena, struct span s, size_t max)
{
	const char *nul;

	if (s.len == 0 || s.len > max)
		return NULL;
	nul = memchr(s.p, '\0', s.len);
	if (nul != NULL)
		return NULL; /* a C string could not tell all of it */
	return vp_arena_strndup(arena, s.p, s.len);
}

/* --- the answer's parts ------------------------------------------------ */

/* The status code of "HTTP/1.1 200 OK" (RFC 9112 section 4), or 0. */
static unsigned read_status(struct span headers)
{
	struct span line = cut(&headers, '\n');
	struct span version = cut(&line, ' ');
	struct span code = trim(cut(&line, ' '));
	unsigned status = 0;

	if (!starts_nocase(version, SPAN("HTTP/")) || code.len != 3)
		return 0;
	for (size_t i = 0; i < 3; i++) {
		if (code.p[i] < '0' || code.p[i] > '9')
			return 0;
		status = status * 10 + (unsigned)(code.p[i] - '0');
	}
	return status >= 100 ? status : 0;
}

/* The value of the next header of this name in *rest, which goes on behind it;
 * false if there is none. */
static bool next_header(struct span *rest, struct span name, struct span *out)
{
	while (rest->len > 0) {
		struct span value = cut(rest, '\n');
		struct span key;

		if (memchr(value.p, ':', value.len) == NULL)
			continue;
		key = cut(&value, ':');
		if (!equal_nocase(key, name))
			continue;
		*out = trim(value);
		return true;
	}
	return false;
}

/* All headers, without the status line. */
static struct span headers_of(const struct answer *a)
{
	struct span rest = a->headers;

	cut(&rest, '\n');
	return rest;
}

/* The value of the first header of this name; false if there is none. */
static bool header(const struct answer *a, struct span name, struct span *out)
{
	struct span rest = headers_of(a);

	return next_header(&rest, name, out);
}

/*
 * The string value of the first "key" in a JSON text that may be cut off.
 * Codes have no escapes; a value that has some ends there and is not one.
 */
static struct span json_string(struct span body, struct span quoted_key)
{
	struct span none = { "", 0 }, rest, value;

	if (!after(body, quoted_key, &rest))
		return none;
	rest = trim(rest);
	if (rest.len == 0 || rest.p[0] != ':')
		return none;
	rest.p++;
	rest.len--;
	rest = trim(rest);
	if (rest.len == 0 || rest.p[0] != '"')
		return none;
	rest.p++;
	rest.len--;
	if (rest.len == 0 || memchr(rest.p, '"', rest.len) == NULL)
		return none;
	value = cut(&rest, '"');
	if (memchr(value.p, '\\', value.len) != NULL)
		return none;
	return value;
}

/*
 * An address at the start of s, as far as its characters go. Services write
 * IPv4 peers of dual-stack sockets as ::ffff:a.b.c.d.
 */
static struct vp_addr read_addr(struct span s)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	struct vp_addr a, none = { 0 };
	char text[VP_ADDR_TEXT];
	size_t n = 0;

	while (n < s.len && n < sizeof(text) - 1 && s.p[n] != '\0' &&
	       strchr("0123456789abcdefABCDEF.:", s.p[n]) != NULL)
		n++;
	memcpy(text, s.p, n);
	text[n] = '\0';
	if (strchr(text, '.') != NULL && strchr(text, ':') != NULL &&
	    strchr(text, ':') == strrchr(text, ':'))
		*strchr(text, ':') = '\0'; /* a.b.c.d:port */
	if (vp_addr_parse(&a, text) != 0)
		return none;
	if (a.family == 6 && memcmp(a.bytes, mapped, sizeof(mapped)) == 0) {
		none.family = 4;
		memcpy(none.bytes, a.bytes + 12, 4);
		return none;
	}
	return a;
}

/* --- what a service tells beside its code -------------------------------- */

/* What all network-info headers of one answer tell. */
struct caller {
	struct vp_http_facts *out;
	struct vp_arena *arena;
	bool unreadable, differ;
};

/* One address of a list. Of two that differ the public one is kept: it is what
 * speaks against the path. */
static void take_addr(struct caller *c, struct span value)
{
	struct vp_addr *saw = &c->out->service_saw, a;

	value = trim(value);
	if (value.len > 0 && (value.p[0] == '[' || value.p[0] == '"'))
		value = (struct span){ value.p + 1, value.len - 1 };
	a = read_addr(value);
	if (a.family == 0) {
		c->unreadable = true;
	} else if (saw->family == 0) {
		*saw = a;
	} else if (!vp_addr_equal(saw, &a)) {
		c->differ = true;
		if (vp_addr_scope(&a, NULL, 0) == VP_SCOPE_PUBLIC)
			*saw = a;
	}
}

static void take_addrs(struct caller *c, struct span value)
{
	do {
		take_addr(c, cut(&value, ','));
	} while (value.len > 0);
}

/* Of two that differ the one that is no private link is kept. */
static void take_type(struct caller *c, struct span value)
{
	char *type = keep(c->arena, value, CODE_MAX);
	char **have = &c->out->connection_type;

	if (type == NULL)
		return;
	if (*have != NULL && strcasecmp(*have, type) != 0)
		c->differ = true;
	if (*have == NULL || strcasecmp(*have, "PrivateLink") == 0)
		*have = type;
}

static void take_info(struct caller *c, struct span info)
{
	while (info.len > 0) {
		struct span value = cut(&info, ';');
		struct span key = trim(cut(&value, '='));

		value = trim(value);
		if (equal_nocase(key, SPAN("addr")))
			take_addrs(c, value);
		else if (equal_nocase(key, SPAN("conn_type")))
			take_type(c, value);
		else if (equal_nocase(key, SPAN("private_endpoint")))
			c->out->private_endpoint =
				keep(c->arena, value, VALUE_MAX);
	}
}

/* conn_type=PrivateLink;private_endpoint=ARM-ID;addr=10.1.2.3;... (K1) */
static void read_network_info(struct vp_http_facts *out, struct vp_arena *arena,
                              const struct answer *a)
{
	struct caller c = { .out = out, .arena = arena };
	struct span headers = headers_of(a), info, rest;
	bool told = false;

	while (next_header(&headers, SPAN("x-ms-keyvault-network-info"),
	                   &info)) {
		told = true;
		take_info(&c, info);
	}
	if (c.differ)
		out->source_doubt = "x-ms-keyvault-network-info contradicts "
				    "itself";
	else if (told && (c.unreadable || out->service_saw.family == 0))
		out->source_doubt = "x-ms-keyvault-network-info has no address "
				    "that can be read";
	if (out->signature == VP_SIGNATURE_DENIED &&
	    out->service_saw.family == 0 &&
	    after(a->body, SPAN("Client address: "), &rest))
		out->service_saw = read_addr(rest);
}

/* "client with IP '20.1.2.3' is not allowed access"; the quote may come as
 * \u0027, the JSON escape of an apostrophe. */
static struct vp_addr registry_saw(struct span body)
{
	struct vp_addr none = { 0 };
	struct span rest;

	if (!after(body, SPAN("client with IP "), &rest))
		return none;
	if (starts_nocase(rest, SPAN("\\u0027")))
		rest = (struct span){ rest.p + 6, rest.len - 6 };
	else if (rest.len > 0 && (rest.p[0] == '\'' || rest.p[0] == '"'))
		rest = (struct span){ rest.p + 1, rest.len - 1 };
	return read_addr(rest);
}

/* \u00XX as one byte; 0: it is another character. */
static char unicode_byte(struct span s)
{
	unsigned value = 0;

	if (s.len < 4)
		return 0;
	for (size_t i = 0; i < 4; i++) {
		const char *digits = "0123456789abcdef", *at;
		char c = s.p[i];

		if (c >= 'A' && c <= 'F')
			c = (char)(c - 'A' + 'a');
		at = c != '\0' ? strchr(digits, c) : NULL;
		if (at == NULL)
			return 0;
		value = value * 16 + (unsigned)(at - digits);
	}
	return value < 0x80 ? (char)value : 0;
}

/* The value of "message", its escapes resolved; as far as it goes. */
static size_t json_message(struct span body, char text[SAID_MAX + 1])
{
	struct span s;
	size_t n = 0;

	if (!after(body, SPAN("\"message\""), &s))
		return 0;
	s = trim(s);
	if (s.len == 0 || s.p[0] != ':')
		return 0;
	s = trim((struct span){ s.p + 1, s.len - 1 });
	if (s.len == 0 || s.p[0] != '"')
		return 0;
	for (size_t i = 1; i < s.len && s.p[i] != '"' && n < SAID_MAX; i++) {
		char c = s.p[i];

		if (c == '\\' && i + 1 < s.len) {
			c = s.p[++i];
			if (c == 'u') {
				c = unicode_byte((struct span){
					s.p + i + 1, s.len - i - 1 });
				i += s.len - i > 4 ? 4 : s.len - i - 1;
			} else if (strchr("bfnrt", c) != NULL) {
				c = ' ';
			}
		}
		if (c == '\0')
			c = '?';
		text[n++] = is_blank(c) ? ' ' : c;
	}
	return n;
}

/* The service's own words, of a refusal: JSON or XML. */
static char *read_said(struct vp_arena *arena, struct span body)
{
	char text[SAID_MAX + 1];
	struct span rest, words;
	size_t n = json_message(body, text);

	if (n > 0)
		return vp_arena_strndup(arena, text, n);
	if (!after(body, SPAN("<Message>"), &rest))
		return NULL;
	words = trim(cut(&rest, '<'));
	words = cut(&words, '\n'); /* what follows is the request's id */
	if (words.len > SAID_MAX)
		words.len = SAID_MAX;
	return keep(arena, words, SAID_MAX);
}

static struct span xml_code(struct span body)
{
	struct span none = { "", 0 }, rest;

	if (!after(body, SPAN("<Code>"), &rest) || !has(rest, SPAN("</Code>")))
		return none;
	return cut(&rest, '<');
}

static struct span read_code(const struct answer *a, enum vp_code_place place)
{
	struct span code = { "", 0 }, rest;

	switch (place) {
	case VP_CODE_STORAGE:
		if (header(a, SPAN("x-ms-error-code"), &code))
			return code;
		code = xml_code(a->body);
		break;
	case VP_CODE_INNER:
		if (after(a->body, SPAN("\"innererror\""), &rest))
			code = json_string(rest, SPAN("\"code\""));
		break;
	case VP_CODE_JSON:
		break;
	}
	return code.len > 0 ? code : json_string(a->body, SPAN("\"code\""));
}

/* --- the rows ---------------------------------------------------------- */

/* "400 404", "5xx" */
static bool fits_status(unsigned status, const char *list)
{
	struct span rest;

	if (list == NULL)
		return true;
	rest = span_of(list);
	while (rest.len > 0) {
		struct span one = cut(&rest, ' ');
		const char digits[3] = { (char)('0' + status / 100 % 10),
			                 (char)('0' + status / 10 % 10),
			                 (char)('0' + status % 10) };
		bool same = one.len == 3;

		for (size_t i = 0; same && i < 3; i++)
			same = one.p[i] == 'x' || one.p[i] == digits[i];
		if (same)
			return true;
	}
	return false;
}

bool vp_signature_has_status(const struct vp_signature_row *row,
                             unsigned status)
{
	return fits_status(status, row->status);
}

/* "name", "name: part of the value", "name:^start of the value" */
static bool fits_one_header(const struct answer *a, struct span pattern)
{
	struct span name = cut(&pattern, ':'), value;

	if (!header(a, name, &value))
		return false;
	if (pattern.len > 0 && pattern.p[0] == '^')
		return starts_nocase(
			value, (struct span){ pattern.p + 1, pattern.len - 1 });
	pattern = trim(pattern);
	return pattern.len == 0 || has(value, pattern);
}

static bool fits_header(const struct answer *a, const char *list)
{
	struct span rest;

	if (list == NULL)
		return true;
	rest = span_of(list);
	while (rest.len > 0) {
		if (fits_one_header(a, cut(&rest, '|')))
			return true;
	}
	return false;
}

static bool fits_code(struct span code, const char *list)
{
	struct span rest;

	if (list == NULL)
		return true;
	rest = span_of(list);
	while (rest.len > 0) {
		struct span one = cut(&rest, ' ');

		if (equal_nocase(code, one) ||
		    (code.len > 0 && equal_nocase(one, SPAN("*"))))
			return true;
	}
	return false;
}

static bool fits(const struct answer *a, const struct vp_signature_row *row)
{
	return fits_status(a->status, row->status) &&
	       fits_header(a, row->header) && fits_code(a->code, row->code) &&
	       (row->text == NULL || has(a->body, span_of(row->text)));
}

/* Never NULL: the last row takes all. */
static const struct vp_signature_row *find(const struct answer *a,
                                           enum vp_kind kind)
{
	size_t n;
	const struct vp_signature_row *rows = vp_signature_rows(&n);

	for (size_t i = 0; i + 1 < n; i++) {
		if ((rows[i].kinds >> kind & 1) != 0 && fits(a, &rows[i]))
			return &rows[i];
	}
	return &rows[n - 1];
}

void vp_signature_read(struct vp_http_facts *out, struct vp_arena *arena,
                       enum vp_kind kind, const char *headers,
                       size_t headers_len, const char *body, size_t body_len)
{
	const struct vp_signature_request *asked = vp_signature_request(kind);
	struct answer a = {
		.headers = { headers, headers_len },
		.body = { body, body_len },
	};
	const struct vp_signature_row *row;

	*out = (struct vp_http_facts){ .outcome = out->outcome,
		                       .elapsed_us = out->elapsed_us };
	a.status = read_status(a.headers);
	out->status = a.status;
	if (a.status == 0)
		return;
	if (asked != NULL)
		a.code = read_code(&a, asked->code);
	row = find(&a, kind);
	out->signature = row->signature;
	out->refused_by = row->refused_by;
	out->certainty = row->certainty;
	out->rule = row->id;
	out->service_code = keep(arena, a.code, CODE_MAX);
	if (a.status == 403 || row->signature == VP_SIGNATURE_DENIED)
		out->said = read_said(arena, a.body);
	if (kind == VP_KIND_VAULT)
		read_network_info(out, arena, &a);
	else if (row->signature == VP_SIGNATURE_DENIED)
		out->service_saw = registry_saw(a.body);
}
