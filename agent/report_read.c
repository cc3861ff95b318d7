/*
 * report_read.c - a saved report's facts, read again.
 *
 * A report is a file from elsewhere: every type and range is checked before
 * the judge sees it, and nothing that is missing is taken for fine. The first
 * mistake ends the reading with a sentence that names the key by its path, as
 * in "targets[3].dns[0].outcome: ...". Unknown keys are skipped: a later
 * version may have added them. Findings and verdict are not read; they are
 * what judging again yields.
 */
#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report_private.h"
#include "value.h"
#include "vnetprobe/dns_message.h"

#define MOST_BYTES ((size_t)1 << 30) /* 10,000 targets need some 40 MB */

struct reader {
	struct vp_facts *f;
	struct vp_arena *arena; /* of the facts */
	const char *file;
	char *why;
	size_t size;
	bool failed;
	char path[256]; /* of the object at hand: "targets[3].dns[0]" */
	size_t path_len;
	json_t *names; /* name to its index in facts->names */
};

/* --- places and mistakes ----------------------------------------------- */

/* Goes down to key; returns what leave() needs. */
static size_t enter(struct reader *r, const char *key)
{
	size_t before = r->path_len;
	int n = snprintf(r->path + before, sizeof(r->path) - before, "%s%s",
	                 before > 0 && key[0] != '[' ? "." : "", key);

	if (n > 0 && before + (size_t)n < sizeof(r->path))
		r->path_len += (size_t)n;
	return before;
}

static size_t enter_index(struct reader *r, size_t i)
{
	char key[32];

	snprintf(key, sizeof(key), "[%zu]", i);
	return enter(r, key);
}

static void leave(struct reader *r, size_t before)
{
	r->path_len = before;
	r->path[before] = '\0';
}

static void fail(struct reader *r, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void fail(struct reader *r, const char *key, const char *fmt, ...)
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

static const char *type_text(const json_t *v)
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

static const json_t *member(struct reader *r, const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	if (v == NULL)
		fail(r, key, "is missing");
	return v;
}

static const json_t *typed(struct reader *r, const json_t *o, const char *key,
                           json_type type, const char *expected)
{
	const json_t *v = member(r, o, key);

	if (v == NULL)
		return NULL;
	if (json_typeof(v) == type)
		return v;
	fail(r, key, "expected %s, found %s", expected, type_text(v));
	return NULL;
}

/* --- plain values ------------------------------------------------------ */

/* The string as it stands in the file, or NULL after fail(). */
static const char *raw(struct reader *r, const json_t *o, const char *key)
{
	const json_t *v = typed(r, o, key, JSON_STRING, "a string");

	return v != NULL ? json_string_value(v) : NULL;
}

/* The same; null gives NULL without a mistake. */
static const char *raw_or_null(struct reader *r, const json_t *o,
                               const char *key)
{
	const json_t *v = member(r, o, key);

	if (v == NULL || json_is_null(v))
		return NULL;
	if (json_is_string(v))
		return json_string_value(v);
	fail(r, key, "expected a string or null, found %s", type_text(v));
	return NULL;
}

static char *text(struct reader *r, const json_t *o, const char *key)
{
	return report_unescape(r->arena, raw_or_null(r, o, key));
}

static uint64_t number(struct reader *r, const json_t *o, const char *key,
                       int64_t most)
{
	const json_t *v = typed(r, o, key, JSON_INTEGER, "an integer");
	json_int_t n = v != NULL ? json_integer_value(v) : 0;

	if (n >= 0 && n <= most)
		return (uint64_t)n;
	fail(r, key, "%lld is not between 0 and %lld", (long long)n,
	     (long long)most);
	return 0;
}

static uint64_t count(struct reader *r, const json_t *o, const char *key)
{
	return number(r, o, key, INT64_MAX);
}

static bool boolean(struct reader *r, const json_t *o, const char *key)
{
	const json_t *v = member(r, o, key);

	if (v != NULL && !json_is_boolean(v))
		fail(r, key, "expected true or false, found %s", type_text(v));
	return v != NULL && json_is_true(v);
}

static const json_t *object(struct reader *r, const json_t *o, const char *key)
{
	return typed(r, o, key, JSON_OBJECT, "an object");
}

static const json_t *array(struct reader *r, const json_t *o, const char *key)
{
	return typed(r, o, key, JSON_ARRAY, "an array");
}

/* One word of a closed list; parse is that list's vp_..._parse(). */
#define WORD(r, o, key, parse, out)                                            \
	do {                                                                   \
		const char *word_ = raw((r), (o), (key));                      \
		if (word_ != NULL && (parse)((out), word_) != 0)               \
			fail((r), (key), "\"%.40s\" is not known here",        \
			     word_);                                           \
	} while (0)

static struct vp_addr parse_address(struct reader *r, const char *key,
                                    const char *s)
{
	struct vp_addr a = { 0 };

	if (s != NULL && vp_addr_parse(&a, s) != 0)
		fail(r, key, "\"%.60s\" is no IP address", s);
	return a;
}

static struct vp_addr address(struct reader *r, const json_t *o,
                              const char *key)
{
	return parse_address(r, key, raw_or_null(r, o, key));
}

static struct vp_endpoint endpoint(struct reader *r, const json_t *o,
                                   const char *key)
{
	const char *s = raw_or_null(r, o, key);
	struct vp_endpoint e = { 0 };

	if (s != NULL && vp_endpoint_parse(&e, s, 0) != 0)
		fail(r, key, "\"%.60s\" is no address and port", s);
	return e;
}

static int64_t moment(struct reader *r, const json_t *o, const char *key)
{
	const char *s = raw_or_null(r, o, key);
	int64_t us = 0;

	if (s != NULL && report_time_parse(&us, s) != 0)
		fail(r, key,
		     "\"%.40s\" is no time such as "
		     "2026-01-31T23:59:59.000000Z",
		     s);
	return us;
}

static char **texts(struct reader *r, const json_t *o, const char *key,
                    size_t *n)
{
	const json_t *list = array(r, o, key);
	size_t before = enter(r, key);
	char **out = NULL;
	const json_t *v;
	size_t i;

	*n = 0;
	json_array_foreach((json_t *)list, i, v)
	{
		size_t at = enter_index(r, i);

		if (!json_is_string(v))
			fail(r, "", "expected a string, found %s",
			     type_text(v));
		else
			*VP_PUSH(r->arena, out, *n) =
				report_unescape(r->arena, json_string_value(v));
		leave(r, at);
	}
	leave(r, before);
	return out;
}

/* Calls one() for each object in an array, the path set to it. */
static void each(struct reader *r, const json_t *o, const char *key,
                 void (*one)(struct reader *, const json_t *, void *),
                 void *arg)
{
	const json_t *list = array(r, o, key);
	size_t before = enter(r, key);
	const json_t *v;
	size_t i;

	json_array_foreach((json_t *)list, i, v)
	{
		size_t at = enter_index(r, i);

		if (r->failed)
			break;
		if (!json_is_object(v))
			fail(r, "", "expected an object, found %s",
			     type_text(v));
		else
			one(r, v, arg);
		leave(r, at);
	}
	leave(r, before);
}

static uint8_t protocol(struct reader *r, const json_t *o, const char *key)
{
	static const struct {
		const char *name;
		uint8_t proto;
	} names[] = { { "tcp", IPPROTO_TCP },
		      { "udp", IPPROTO_UDP },
		      { "icmp", IPPROTO_ICMP },
		      { "icmpv6", IPPROTO_ICMPV6 } };
	const char *s = raw(r, o, key);
	unsigned n;
	char rest;

	for (size_t i = 0; s != NULL && i < 4; i++) {
		if (strcmp(s, names[i].name) == 0)
			return names[i].proto;
	}
	if (s != NULL && sscanf(s, "proto-%3u%c", &n, &rest) == 1 && n < 256)
		return (uint8_t)n;
	if (s != NULL)
		fail(r, key, "\"%.40s\" is no protocol", s);
	return 0;
}

/* --- names ------------------------------------------------------------- */

static int rcode(struct reader *r, const json_t *o)
{
	static const char *const names[] = { "NOERROR",  "FORMERR", "SERVFAIL",
		                             "NXDOMAIN", "NOTIMP",  "REFUSED",
		                             "YXDOMAIN", "YXRRSET", "NXRRSET",
		                             "NOTAUTH",  "NOTZONE" };
	const char *s = raw_or_null(r, o, "rcode");
	unsigned n;
	char rest;

	if (s == NULL)
		return -1;
	for (int i = 0; i < (int)(sizeof(names) / sizeof(names[0])); i++) {
		if (strcmp(s, names[i]) == 0)
			return i;
	}
	if (sscanf(s, "RCODE%5u%c", &n, &rest) == 1 && n <= UINT16_MAX)
		return (int)n;
	fail(r, "rcode", "\"%.40s\" is no response code", s);
	return -1;
}

static uint16_t record_type(struct reader *r, const json_t *o)
{
	const char *s = raw(r, o, "type");

	if (s == NULL || strcmp(s, "A+AAAA") == 0)
		return 0;
	if (strcmp(s, "A") == 0)
		return VP_DNS_A;
	if (strcmp(s, "AAAA") == 0)
		return VP_DNS_AAAA;
	fail(r, "type", "\"%.40s\" is not A, AAAA or A+AAAA", s);
	return 0;
}

static void read_link(struct reader *r, const json_t *o, void *arg)
{
	struct vp_dns_row *row = arg;
	struct vp_chain_link *l = VP_PUSH(r->arena, row->chain, row->n_chain);

	l->owner = report_unescape(r->arena, raw(r, o, "owner"));
	l->target = report_unescape(r->arena, raw(r, o, "target"));
	l->ttl = (uint32_t)number(r, o, "ttl", UINT32_MAX);
}

static void read_row_addresses(struct reader *r, const json_t *o,
                               struct vp_dns_row *row)
{
	const json_t *list = array(r, o, "addresses");
	const json_t *ttls = array(r, o, "address_ttls");

	if (list == NULL || ttls == NULL)
		return;
	if (json_array_size(list) != json_array_size(ttls)) {
		fail(r, "address_ttls", "is not as long as addresses");
		return;
	}
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *s = json_string_value(json_array_get(list, i));
		json_int_t ttl = json_integer_value(json_array_get(ttls, i));
		struct vp_dns_address *a =
			VP_PUSH(r->arena, row->addresses, row->n_addresses);

		a->addr = parse_address(r, "addresses", s != NULL ? s : "");
		if (ttl < 0 || ttl > UINT32_MAX ||
		    !json_is_integer(json_array_get(ttls, i)))
			fail(r, "address_ttls",
			     "expected integers from 0 to "
			     "4294967295");
		a->ttl = (uint32_t)ttl;
	}
}

static void read_soa(struct reader *r, const json_t *o, struct vp_soa *soa)
{
	const json_t *s = member(r, o, "soa");
	size_t before;

	if (s == NULL || json_is_null(s))
		return;
	s = object(r, o, "soa");
	if (s == NULL)
		return;
	before = enter(r, "soa");
	soa->zone = report_unescape(r->arena, raw(r, s, "zone"));
	soa->mname = text(r, s, "mname");
	soa->rname = text(r, s, "rname");
	soa->minimum = (uint32_t)number(r, s, "minimum", UINT32_MAX);
	soa->ttl = (uint32_t)number(r, s, "ttl", UINT32_MAX);
	leave(r, before);
}

static void read_row(struct reader *r, const json_t *o, void *arg)
{
	struct vp_name *name = arg;
	struct vp_dns_row *row = VP_PUSH(r->arena, name->rows, name->n_rows);
	bool nss;

	row->resolver = (size_t)count(r, o, "resolver_index");
	if (row->resolver >= r->f->n_resolvers) {
		fail(r, "resolver_index", "there are %zu resolvers",
		     r->f->n_resolvers);
		return;
	}
	row->type = record_type(r, o);
	WORD(r, o, "transport", vp_transport_parse, &row->transport);
	nss = r->f->resolvers[row->resolver].source == VP_RESOLVER_NSS;
	if (nss != (row->transport == VP_TRANSPORT_NSS) ||
	    nss != (row->type == 0))
		fail(r, "transport",
		     "\"nss\", type \"A+AAAA\" and the resolver of source "
		     "\"nss\" belong together");
	row->round = (unsigned)number(r, o, "round", 1000000);
	WORD(r, o, "outcome", vp_outcome_parse, &row->outcome);
	row->rcode = rcode(r, o);
	row->truncated = boolean(r, o, "truncated");
	row->alias_loop = boolean(r, o, "alias_loop");
	each(r, o, "chain", read_link, row);
	read_row_addresses(r, o, row);
	read_soa(r, o, &row->soa);
	row->detail = text(r, o, "detail");
	row->elapsed_us = count(r, o, "elapsed_us");
	row->local = endpoint(r, o, "local");
}

/* The name of a target: the rows are read with the first that has it. */
static struct vp_name *read_name(struct reader *r, const json_t *o)
{
	const char *s = raw(r, o, "name"), *why = "";
	char normal[256];
	struct vp_name *name;
	json_t *known;

	if (s == NULL)
		return NULL;
	if (vp_dns_name_normalise(normal, s, &why) != 0 ||
	    strcmp(normal, s) != 0) {
		fail(r, "name", "\"%.80s\" is no host name in lower case", s);
		return NULL;
	}
	known = json_object_get(r->names, s);
	if (known != NULL)
		return r->f->names[json_integer_value(known)];
	if (json_object_set_new(r->names, s,
	                        json_integer((json_int_t)r->f->n_names)) != 0) {
		fail(r, "name", "out of memory");
		return NULL;
	}
	name = vp_arena_alloc(r->arena, sizeof(*name));
	name->name = vp_arena_strdup(r->arena, s);
	*VP_PUSH(r->arena, r->f->names, r->f->n_names) = name;
	each(r, o, "dns", read_row, name);
	return name;
}

/* --- targets ----------------------------------------------------------- */

static void read_route(struct reader *r, const json_t *parent,
                       struct vp_route *route)
{
	const json_t *o = object(r, parent, "route");
	size_t before = enter(r, "route");

	if (o != NULL) {
		WORD(r, o, "outcome", vp_outcome_parse, &route->outcome);
		route->interface = text(r, o, "interface");
		route->source = address(r, o, "source");
		route->gateway = address(r, o, "gateway");
	}
	leave(r, before);
}

static void read_tls(struct reader *r, const json_t *parent,
                     struct vp_tls_facts *t)
{
	const json_t *o = object(r, parent, "tls");
	size_t before = enter(r, "tls");

	if (o != NULL) {
		WORD(r, o, "outcome", vp_outcome_parse, &t->outcome);
		t->elapsed_us = count(r, o, "elapsed_us");
		t->version = text(r, o, "version");
		t->subject = text(r, o, "subject");
		t->issuer = text(r, o, "issuer");
		t->root_issuer = text(r, o, "root_issuer");
		t->subject_alt_names = texts(r, o, "subject_alt_names",
		                             &t->n_subject_alt_names);
		t->not_before_s = moment(r, o, "not_before") / 1000000;
		t->not_after_s = moment(r, o, "not_after") / 1000000;
		t->name_matches = boolean(r, o, "name_matches");
		t->self_signed = boolean(r, o, "self_signed");
		t->verify_code = (long)number(r, o, "verify_code", INT32_MAX);
		t->verify_detail = text(r, o, "verify_detail");
	}
	leave(r, before);
}

static void read_http(struct reader *r, const json_t *parent,
                      struct vp_http_facts *h)
{
	const json_t *o = object(r, parent, "http");
	size_t before = enter(r, "http");

	if (o != NULL) {
		WORD(r, o, "outcome", vp_outcome_parse, &h->outcome);
		h->elapsed_us = count(r, o, "elapsed_us");
		h->status = (unsigned)number(r, o, "status", 999);
		WORD(r, o, "signature", vp_signature_parse, &h->signature);
		h->service_code = text(r, o, "service_code");
		h->service_saw = address(r, o, "service_saw");
		h->connection_type = text(r, o, "connection_type");
		h->private_endpoint = text(r, o, "private_endpoint");
	}
	leave(r, before);
}

static void read_address(struct reader *r, const json_t *o, void *arg)
{
	struct vp_target *t = arg;
	struct vp_target_address *a =
		VP_PUSH(r->arena, t->addresses, t->n_addresses);
	const json_t *tcp = object(r, o, "tcp");
	size_t before;

	a->addr = parse_address(r, "address", raw(r, o, "address"));
	WORD(r, o, "reach", vp_reach_parse, &a->reach);
	read_route(r, o, &a->route);
	a->local = endpoint(r, o, "local");
	before = enter(r, "tcp");
	if (tcp != NULL) {
		WORD(r, tcp, "outcome", vp_outcome_parse, &a->tcp.outcome);
		a->tcp.elapsed_us = count(r, tcp, "elapsed_us");
	}
	leave(r, before);
	read_tls(r, o, &a->tls);
	read_http(r, o, &a->http);
}

static void read_target(struct reader *r, const json_t *o, void *arg)
{
	struct vp_facts *f = arg;
	struct vp_target *t = VP_PUSH(r->arena, f->targets, f->n_targets);
	size_t n;
	char **expected;

	t->name = read_name(r, o);
	if (t->name == NULL)
		return;
	t->port = (uint16_t)number(r, o, "port", UINT16_MAX);
	WORD(r, o, "kind", vp_kind_parse, &t->kind);
	WORD(r, o, "expect", vp_expect_parse, &t->expect);
	t->origin = text(r, o, "origin");
	t->why = text(r, o, "why");
	t->zone = text(r, o, "zone");
	t->tls = boolean(r, o, "tls");
	t->http_path = text(r, o, "http_path");
	expected = texts(r, o, "expected", &n);
	for (size_t i = 0; i < n; i++)
		*VP_PUSH(r->arena, t->expected, t->n_expected) =
			parse_address(r, "expected", expected[i]);
	each(r, o, "addresses", read_address, t);
}

static void read_resolver(struct reader *r, const json_t *o, void *arg)
{
	struct vp_facts *f = arg;
	struct vp_resolver *s = VP_PUSH(r->arena, f->resolvers, f->n_resolvers);

	s->endpoint.addr = address(r, o, "address");
	s->endpoint.port = (uint16_t)number(r, o, "port", UINT16_MAX);
	WORD(r, o, "source", vp_resolver_source_parse, &s->source);
	if (s->source != VP_RESOLVER_NSS && s->endpoint.addr.family == 0)
		fail(r, "address", "is missing");
	read_route(r, o, &s->route);
}

/* --- packets ----------------------------------------------------------- */

static void read_flow_names(struct reader *r, const json_t *o,
                            struct vp_flow *f)
{
	const json_t *bound = array(r, o, "names_bound");
	size_t n;
	char **names = texts(r, o, "names", &n);

	if (bound == NULL || r->failed)
		return;
	if (json_array_size(bound) != n)
		fail(r, "names_bound", "is not as long as names");
	for (size_t i = 0; i < n && !r->failed; i++) {
		const json_t *b = json_array_get(bound, i);
		struct vp_flow_name *name =
			VP_PUSH(r->arena, f->names, f->n_names);

		if (!json_is_boolean(b))
			fail(r, "names_bound", "expected true or false");
		name->name = names[i];
		name->bound = json_is_true(b);
	}
	f->sni = text(r, o, "sni");
	f->sni_bound = boolean(r, o, "sni_bound");
	f->questions = texts(r, o, "questions", &f->n_questions);
	f->names_left_out = (size_t)count(r, o, "names_left_out");
	f->questions_left_out = (size_t)count(r, o, "questions_left_out");
}

static enum vp_direction direction(struct reader *r, const json_t *o)
{
	const char *s = raw(r, o, "direction");

	if (s == NULL || strcmp(s, "unknown") == 0)
		return VP_DIRECTION_UNKNOWN;
	if (strcmp(s, "out") == 0)
		return VP_DIRECTION_OUT;
	if (strcmp(s, "in") == 0)
		return VP_DIRECTION_IN;
	fail(r, "direction", "\"%.40s\" is not in, out or unknown", s);
	return VP_DIRECTION_UNKNOWN;
}

static void read_flow(struct reader *r, const json_t *o, void *arg)
{
	struct vp_facts *facts = arg;
	struct vp_flow *f = VP_PUSH(r->arena, facts->flows, facts->n_flows);

	f->proto = protocol(r, o, "proto");
	f->local = endpoint(r, o, "local");
	f->remote = endpoint(r, o, "remote");
	if (f->remote.addr.family == 0)
		fail(r, "remote", "is missing");
	f->interface = text(r, o, "interface");
	f->direction = direction(r, o);
	f->own = boolean(r, o, "own");
	read_flow_names(r, o, f);
	f->process = text(r, o, "process");
	f->packets_out = count(r, o, "packets_out");
	f->bytes_out = count(r, o, "bytes_out");
	f->packets_in = count(r, o, "packets_in");
	f->bytes_in = count(r, o, "bytes_in");
	f->first_us = moment(r, o, "first");
	f->last_us = moment(r, o, "last");
	WORD(r, o, "state", vp_flow_state_parse, &f->state);
}

static void read_unseen(struct reader *r, const json_t *o, void *arg)
{
	struct vp_capture_facts *c = arg;
	struct vp_unseen *u = VP_PUSH(r->arena, c->unseen, c->n_unseen);

	u->proto = protocol(r, o, "proto");
	u->local = endpoint(r, o, "local");
	u->remote = endpoint(r, o, "remote");
	u->what = text(r, o, "what");
}

static void read_attested(struct reader *r, const json_t *o,
                          struct vp_capture_facts *c)
{
	const json_t *a = object(r, o, "attested");
	const json_t *w = object(r, o, "window");
	size_t before = enter(r, "attested");

	if (a != NULL) {
		c->attested_expected = count(r, a, "expected");
		c->attested_seen = count(r, a, "seen");
		each(r, a, "unseen", read_unseen, c);
		if (c->attested_seen > c->attested_expected)
			fail(r, "seen", "is more than expected");
	}
	leave(r, before);
	before = enter(r, "window");
	if (w != NULL) {
		c->armed_us = moment(r, w, "armed");
		c->drained_us = moment(r, w, "drained");
	}
	leave(r, before);
}

static void read_capture(struct reader *r, const json_t *parent)
{
	struct vp_capture_facts *c = &r->f->capture;
	const json_t *o = object(r, parent, "capture");
	size_t before = enter(r, "capture");

	if (o != NULL) {
		c->wanted = boolean(r, o, "wanted");
		WORD(r, o, "state", vp_capture_state_parse, &c->state);
		c->reason = text(r, o, "reason");
		c->remedy = text(r, o, "remedy");
		c->interfaces = texts(r, o, "interfaces", &c->n_interfaces);
		c->received = count(r, o, "received");
		c->dropped = count(r, o, "dropped");
		c->interface_dropped = count(r, o, "interface_dropped");
		c->selftest_before = boolean(r, o, "selftest_before");
		c->selftest_after = boolean(r, o, "selftest_after");
		c->interface_missed = boolean(r, o, "interface_missed");
		read_attested(r, o, c);
		c->truncated = count(r, o, "truncated");
		c->undecodable = count(r, o, "undecodable");
		c->undecodable_out = count(r, o, "undecodable_out");
		c->flows_left_out = count(r, o, "flows_left_out");
		c->evidence_left_out = count(r, o, "evidence_left_out");
		c->evidence = text(r, o, "evidence");
	}
	leave(r, before);
}

/* --- policy and the rest ----------------------------------------------- */

static struct vp_prefix parse_prefix(struct reader *r, const char *key,
                                     const char *s)
{
	struct vp_prefix p = { 0 };

	if (s != NULL && vp_prefix_parse(&p, s) != 0)
		fail(r, key, "\"%.60s\" is no prefix", s);
	return p;
}

static void read_allow(struct reader *r, const json_t *o, void *arg)
{
	struct vp_policy *p = arg;
	struct vp_allow_rule *a = VP_PUSH(r->arena, p->allow, p->n_allow);

	a->name = text(r, o, "name");
	a->prefix = parse_prefix(r, "prefix", raw_or_null(r, o, "prefix"));
	a->port = (uint16_t)number(r, o, "port", UINT16_MAX);
	a->process = text(r, o, "process");
	a->reason = report_unescape(r->arena, raw(r, o, "reason"));
}

/* As strict as --vnet: a report that was meddled with could else declare the
 * Internet private. */
static void read_vnet(struct reader *r, struct vp_policy *p, const char *text)
{
	char why[256];

	if (text == NULL ||
	    vp_value_read_vnet(VP_PUSH(r->arena, p->vnet, p->n_vnet), text, why,
	                       sizeof(why)) == 0)
		return;
	fail(r, "vnet", "%s", why);
}

static void read_policy(struct reader *r, const json_t *parent)
{
	const json_t *o = object(r, parent, "policy");
	struct vp_policy *p = &r->f->policy;
	size_t before = enter(r, "policy"), n;
	const char *s;
	char **vnet;

	if (o != NULL) {
		vnet = texts(r, o, "vnet", &n);
		for (size_t i = 0; i < n; i++)
			read_vnet(r, p, vnet[i]);
		s = raw(r, o, "default");
		if (s != NULL && strcmp(s, "report") != 0 &&
		    strcmp(s, "fail") != 0)
			fail(r, "default", "\"%.40s\" is not fail or report",
			     s);
		p->report_only = s != NULL && strcmp(s, "report") == 0;
		each(r, o, "allow", read_allow, p);
	}
	leave(r, before);
}

static void read_timing(struct reader *r, const json_t *parent)
{
	const json_t *o = object(r, parent, "timing");
	struct vp_timing *t = &r->f->timing;
	size_t before = enter(r, "timing");

	if (o != NULL) {
		t->first_question_us = moment(r, o, "first_question");
		t->last_answer_us = moment(r, o, "last_answer");
		t->arming_us = count(r, o, "arming_us");
		t->linger_us = count(r, o, "linger_us");
		t->drain_us = count(r, o, "drain_us");
	}
	leave(r, before);
}

static void read_head(struct reader *r, const json_t *o)
{
	const char *schema = raw(r, o, "schema");
	struct vp_facts *f = r->f;

	if (schema != NULL && strcmp(schema, REPORT_SCHEMA) != 0)
		fail(r, "schema", "\"%.60s\" is not %s", schema, REPORT_SCHEMA);
	f->tool = text(r, o, "tool");
	f->hostname = text(r, o, "host");
	f->kernel = text(r, o, "kernel");
	f->started_us = moment(r, o, "started");
	f->ended_us = moment(r, o, "ended");
	f->scenario = report_unescape(r->arena, raw(r, o, "scenario"));
	f->cloud = text(r, o, "cloud");
	f->region = text(r, o, "region");
	f->deadline_hit = boolean(r, o, "deadline_hit");
	f->stalled_us = count(r, o, "stalled_us");
	f->interrupted = boolean(r, o, "interrupted");
}

static void read_report(struct reader *r, const json_t *o)
{
	struct vp_facts *f = r->f;

	if (!json_is_object(o)) {
		fail(r, "report", "expected an object, found %s", type_text(o));
		return;
	}
	read_head(r, o);
	read_capture(r, o);
	read_timing(r, o);
	read_policy(r, o);
	f->proxies = texts(r, o, "proxies", &f->n_proxies);
	f->state_changes = texts(r, o, "state_changes", &f->n_state_changes);
	each(r, o, "resolvers", read_resolver, f);
	each(r, o, "targets", read_target, f);
	each(r, o, "flows", read_flow, f);
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

static json_t *load(const char *path, int *rc, char *why, size_t size)
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
static void make_safe(char *why)
{
	for (; *why != '\0'; why++) {
		if ((unsigned char)*why < 0x20 || (unsigned char)*why > 0x7e)
			*why = '?';
	}
}

int vp_report_read(struct vp_facts **out, const char *path, char *why,
                   size_t size)
{
	struct reader r = { .file = path, .why = why, .size = size };
	json_t *value;
	int rc = 0;

	*out = NULL;
	value = load(path, &rc, why, size);
	if (value == NULL) {
		make_safe(why);
		return rc;
	}
	r.f = vp_facts_create();
	r.arena = r.f->arena;
	r.names = json_object();
	read_report(&r, value);
	json_decref(r.names);
	json_decref(value);
	if (r.failed) {
		make_safe(why);
		vp_facts_destroy(r.f);
		return -EINVAL;
	}
	*out = r.f;
	return 0;
}
