/* report_fields.c - the fields of a saved report, checked one by one. */
#include "report_fields.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report_private.h"

#define MOST_BYTES ((size_t)1 << 30) /* 10,000 targets need some 40 MB */

/* --- places and mistakes ----------------------------------------------- */

/* Goes down to key; returns what leave() needs. */
size_t fields_enter(struct fields *r, const char *key)
{
	size_t before = r->path_len;
	int n = snprintf(r->path + before, sizeof(r->path) - before, "%s%s",
	                 before > 0 && key[0] != '[' ? "." : "", key);

	if (n > 0 && before + (size_t)n < sizeof(r->path))
		r->path_len += (size_t)n;
	return before;
}

static size_t fields_enter_index(struct fields *r, size_t i)
{
	char key[32];

	snprintf(key, sizeof(key), "[%zu]", i);
	return fields_enter(r, key);
}

void fields_leave(struct fields *r, size_t before)
{
	r->path_len = before;
	r->path[before] = '\0';
}

void fields_fail(struct fields *r, const char *key, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (r->failed)
		return; /* the first mistake counts */
	r->failed = true;
	n = snprintf(r->why, r->size, "%s: %s%s%s: ", r->file, r->path,
	             r->path_len > 0 && key[0] != '\0' ? "." : "", key);
	if (n < 0 || (size_t)n >= r->size)
		return;
	va_start(ap, fmt);
	vsnprintf(r->why + n, r->size - (size_t)n, fmt, ap);
	va_end(ap);
}

const char *fields_type_text(const json_t *v)
{
	switch (json_typeof(v)) {
	case JSON_OBJECT:
		return "an object";
	case JSON_ARRAY:
		return "an array";
	case JSON_STRING:
		return "a string";
	case JSON_INTEGER:
		return "an integer";
	case JSON_REAL:
		return "a number with a fraction";
	case JSON_TRUE:
	case JSON_FALSE:
		return "true or false";
	case JSON_NULL:
		return "null";
	}
	return "something else";
}

const json_t *fields_member(struct fields *r, const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	if (v == NULL)
		fields_fail(r, key, "is missing");
	return v;
}

static const json_t *fields_typed(struct fields *r, const json_t *o,
                                  const char *key, json_type type,
                                  const char *expected)
{
	const json_t *v = fields_member(r, o, key);

	if (v == NULL)
		return NULL;
	if (json_typeof(v) == type)
		return v;
	fields_fail(r, key, "expected %s, found %s", expected,
	            fields_type_text(v));
	return NULL;
}

/* --- plain values ------------------------------------------------------ */

/* The string as it stands in the file, or NULL after fail(). */
const char *fields_raw(struct fields *r, const json_t *o, const char *key)
{
	const json_t *v = fields_typed(r, o, key, JSON_STRING, "a string");

	return v != NULL ? json_string_value(v) : NULL;
}

/* The same; null gives NULL without a mistake. */
const char *fields_raw_or_null(struct fields *r, const json_t *o,
                               const char *key)
{
	const json_t *v = fields_member(r, o, key);

	if (v == NULL || json_is_null(v))
		return NULL;
	if (json_is_string(v))
		return json_string_value(v);
	fields_fail(r, key, "expected a string or null, found %s",
	            fields_type_text(v));
	return NULL;
}

char *fields_text(struct fields *r, const json_t *o, const char *key)
{
	return report_unescape(r->arena, fields_raw_or_null(r, o, key));
}

uint64_t fields_number(struct fields *r, const json_t *o, const char *key,
                       int64_t most)
{
	const json_t *v = fields_typed(r, o, key, JSON_INTEGER, "an integer");
	json_int_t n = v != NULL ? json_integer_value(v) : 0;

	if (n >= 0 && n <= most)
		return (uint64_t)n;
	fields_fail(r, key, "%lld is not between 0 and %lld", (long long)n,
	            (long long)most);
	return 0;
}

int fields_integer(struct fields *r, const json_t *o, const char *key,
                   int least, int most)
{
	const json_t *v = fields_typed(r, o, key, JSON_INTEGER, "an integer");
	json_int_t n = v != NULL ? json_integer_value(v) : least;

	if (n >= least && n <= most)
		return (int)n;
	fields_fail(r, key, "%lld is not between %d and %d", (long long)n,
	            least, most);
	return least;
}

uint64_t fields_count(struct fields *r, const json_t *o, const char *key)
{
	return fields_number(r, o, key, INT64_MAX);
}

bool fields_boolean(struct fields *r, const json_t *o, const char *key)
{
	const json_t *v = fields_member(r, o, key);

	if (v != NULL && !json_is_boolean(v))
		fields_fail(r, key, "expected true or false, found %s",
		            fields_type_text(v));
	return v != NULL && json_is_true(v);
}

const json_t *fields_object(struct fields *r, const json_t *o, const char *key)
{
	return fields_typed(r, o, key, JSON_OBJECT, "an object");
}

const json_t *fields_array(struct fields *r, const json_t *o, const char *key)
{
	return fields_typed(r, o, key, JSON_ARRAY, "an array");
}

struct vp_addr fields_parse_address(struct fields *r, const char *key,
                                    const char *s)
{
	struct vp_addr a = { 0 };

	if (s != NULL && vp_addr_parse(&a, s) != 0)
		fields_fail(r, key, "\"%.60s\" is no IP address", s);
	return a;
}

struct vp_addr fields_address(struct fields *r, const json_t *o,
                              const char *key)
{
	return fields_parse_address(r, key, fields_raw_or_null(r, o, key));
}

struct vp_endpoint fields_endpoint(struct fields *r, const json_t *o,
                                   const char *key)
{
	const char *s = fields_raw_or_null(r, o, key);
	struct vp_endpoint e = { 0 };

	if (s != NULL && vp_endpoint_parse(&e, s, 0) != 0)
		fields_fail(r, key, "\"%.60s\" is no address and port", s);
	return e;
}

int64_t fields_moment(struct fields *r, const json_t *o, const char *key)
{
	const char *s = fields_raw_or_null(r, o, key);
	int64_t us = 0;

	if (s != NULL && report_time_parse(&us, s) != 0)
		fields_fail(r, key,
		            "\"%.40s\" is no time such as "
		            "2026-01-31T23:59:59.000000Z",
		            s);
	return us;
}

char **fields_texts(struct fields *r, const json_t *o, const char *key,
                    size_t *n)
{
	const json_t *list = fields_array(r, o, key);
	size_t before = fields_enter(r, key);
	char **out = NULL;
	const json_t *v;
	size_t i;

	*n = 0;
	json_array_foreach((json_t *)list, i, v)
	{
		size_t at = fields_enter_index(r, i);

		if (!json_is_string(v))
			fields_fail(r, "", "expected a string, found %s",
			            fields_type_text(v));
		else
			*VP_PUSH(r->arena, out, *n) =
				report_unescape(r->arena, json_string_value(v));
		fields_leave(r, at);
	}
	fields_leave(r, before);
	return out;
}

struct vp_addr *fields_addresses(struct fields *r, const json_t *o,
                                 const char *key, size_t *n)
{
	struct vp_addr *out = NULL;
	size_t n_texts;
	char **texts = fields_texts(r, o, key, &n_texts);

	*n = 0;
	for (size_t i = 0; i < n_texts; i++)
		*VP_PUSH(r->arena, out, *n) =
			fields_parse_address(r, key, texts[i]);
	return out;
}

bool fields_has(const json_t *o, const char *key)
{
	return json_object_get(o, key) != NULL;
}

bool fields_flag(struct fields *r, const json_t *o, const char *key)
{
	return fields_has(o, key) && fields_boolean(r, o, key);
}

/* Calls one() for each object in an array, the path set to it. */
void fields_each(struct fields *r, const json_t *o, const char *key,
                 void (*one)(struct fields *, const json_t *, void *),
                 void *arg)
{
	const json_t *list = fields_array(r, o, key);
	size_t before = fields_enter(r, key);
	const json_t *v;
	size_t i;

	json_array_foreach((json_t *)list, i, v)
	{
		size_t at = fields_enter_index(r, i);

		if (r->failed)
			break;
		if (!json_is_object(v))
			fields_fail(r, "", "expected an object, found %s",
			            fields_type_text(v));
		else
			one(r, v, arg);
		fields_leave(r, at);
	}
	fields_leave(r, before);
}

uint8_t fields_protocol(struct fields *r, const json_t *o, const char *key)
{
	static const struct {
		const char *name;
		uint8_t proto;
	} names[] = { { "tcp", IPPROTO_TCP },
		      { "udp", IPPROTO_UDP },
		      { "icmp", IPPROTO_ICMP },
		      { "icmpv6", IPPROTO_ICMPV6 } };
	const char *s = fields_raw(r, o, key);
	unsigned n;
	char rest;

	for (size_t i = 0; s != NULL && i < 4; i++) {
		if (strcmp(s, names[i].name) == 0)
			return names[i].proto;
	}
	if (s != NULL && sscanf(s, "proto-%3u%c", &n, &rest) == 1 && n < 256)
		return (uint8_t)n;
	if (s != NULL)
		fields_fail(r, key, "\"%.40s\" is no protocol", s);
	return 0;
}

/* --- the file ---------------------------------------------------------- */

struct source {
	int fd;
	size_t total;
	int error; /* 0 or -errno; -EFBIG: more than MOST_BYTES */
};

static size_t pull(void *buffer, size_t size, void *arg)
{
	struct source *s = arg;
	ssize_t n;

	do
		n = read(s->fd, buffer, size);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		s->error = -errno;
	else if ((s->total += (size_t)n) > MOST_BYTES)
		s->error = -EFBIG;
	return s->error != 0 ? (size_t)-1 : (size_t)n;
}

json_t *fields_load(const char *path, int *rc, char *why, size_t size)
{
	bool standard = strcmp(path, "-") == 0;
	struct source s = { .fd = STDIN_FILENO };
	json_error_t error;
	json_t *value;

	if (!standard)
		s.fd = open(path, O_RDONLY | O_CLOEXEC);
	if (s.fd < 0) {
		*rc = -errno;
		snprintf(why, size, "%s: %s", path, strerror(errno));
		return NULL;
	}
	value = json_load_callback(pull, &s, JSON_REJECT_DUPLICATES, &error);
	if (!standard)
		close(s.fd);
	if (value != NULL)
		return value;
	*rc = s.error != 0 ? s.error : -EINVAL;
	if (s.error != 0)
		snprintf(why, size, "%s: %s", path, strerror(-s.error));
	else
		snprintf(why, size,
		         "%s is no JSON report: line %d, column %d: %s", path,
		         error.line, error.column, error.text);
	return NULL;
}

/* The sentence quotes the file: no control byte of it reaches a terminal. */
void fields_make_safe(char *why)
{
	for (; *why != '\0'; why++) {
		if ((unsigned char)*why < 0x20 || (unsigned char)*why > 0x7e)
			*why = '?';
	}
}
