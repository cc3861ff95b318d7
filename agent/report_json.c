/*
 * report_json.c - facts and judgement as JSON (design, section 4).
 *
 * Whatever the judge reads is written, so that report_read.c restores facts
 * that judge the same. Elements of the long arrays are made, printed and freed
 * one by one: memory does not grow with the number of targets. Output is pure
 * ASCII, thus safe to show on a terminal.
 */
#include "report.h"

#include <errno.h>
#include <jansson.h>
#include <stdio_ext.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "report_private.h"

struct writer {
	FILE *out;
	const struct vp_facts *facts;
	const struct vp_judgement *j;
	struct vp_arena *scratch; /* escaped text, freed with each element */
	bool first;
};

static const char *const proto_names[] = {
	[IPPROTO_TCP] = "tcp",
	[IPPROTO_UDP] = "udp",
	[IPPROTO_ICMP] = "icmp",
	[IPPROTO_ICMPV6] = "icmpv6",
};

/* As with the arena: no half-written verdict. */
static json_t *must(json_t *v)
{
	if (v == NULL) {
		fputs("vnetprobe: out of memory\n", stderr);
		exit(3);
	}
	return v;
}

static void put(json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(must(object), key, must(value)) != 0)
		must(NULL);
}

static void append(json_t *array, json_t *value)
{
	if (json_array_append_new(must(array), must(value)) != 0)
		must(NULL);
}

static json_t *text(struct writer *w, const char *s)
{
	return s != NULL ? json_string(report_escape(w->scratch, s))
	                 : json_null();
}

static json_t *number(uint64_t n)
{
	return json_integer(n < INT64_MAX ? (json_int_t)n : INT64_MAX);
}

static json_t *moment(int64_t us)
{
	char buf[REPORT_TIME_TEXT];

	return us > 0 ? json_string(report_time(buf, us)) : json_null();
}

/* Certificates may claim anything: what is outside the calendar is its end. */
static json_t *moment_s(int64_t s)
{
	static const int64_t last = 253402300799; /* 9999-12-31T23:59:59Z */

	return moment((s < 0 ? 0 : s < last ? s : last) * 1000000);
}

static json_t *address(const struct vp_addr *a)
{
	char buf[VP_ADDR_TEXT];

	return a->family != 0 ? json_string(vp_addr_format(a, buf))
	                      : json_null();
}

static json_t *endpoint(const struct vp_endpoint *e)
{
	char buf[VP_ENDPOINT_TEXT];

	return e->addr.family != 0 ? json_string(vp_endpoint_format(e, buf))
	                           : json_null();
}

static json_t *texts(struct writer *w, char *const *list, size_t n)
{
	json_t *array = must(json_array());

	for (size_t i = 0; i < n; i++)
		append(array, text(w, list[i]));
	return array;
}

static json_t *protocol(uint8_t proto)
{
	size_t n = sizeof(proto_names) / sizeof(proto_names[0]);
	const char *name = proto < n ? proto_names[proto] : NULL;

	return name != NULL ? json_string(name)
	                    : json_sprintf("proto-%u", (unsigned)proto);
}

/* --- names ------------------------------------------------------------- */

static json_t *rcode(int code)
{
	static const char *const names[] = { "NOERROR",  "FORMERR", "SERVFAIL",
		                             "NXDOMAIN", "NOTIMP",  "REFUSED",
		                             "YXDOMAIN", "YXRRSET", "NXRRSET",
		                             "NOTAUTH",  "NOTZONE" };

	if (code < 0)
		return json_null();
	if ((size_t)code < sizeof(names) / sizeof(names[0]))
		return json_string(names[code]);
	return json_sprintf("RCODE%d", code);
}

static json_t *record_type(uint16_t type)
{
	switch (type) {
	case 0:
		return json_string("A+AAAA"); /* getaddrinfo() asks both */
	case VP_DNS_A:
		return json_string("A");
	case VP_DNS_AAAA:
		return json_string("AAAA");
	default:
		return json_sprintf("TYPE%u", (unsigned)type);
	}
}

static json_t *chain(struct writer *w, const struct vp_dns_row *row)
{
	json_t *array = must(json_array()), *o;

	for (size_t i = 0; i < row->n_chain; i++) {
		o = must(json_object());
		put(o, "owner", text(w, row->chain[i].owner));
		put(o, "target", text(w, row->chain[i].target));
		put(o, "ttl", json_integer(row->chain[i].ttl));
		append(array, o);
	}
	return array;
}

static void put_addresses(json_t *o, const struct vp_dns_row *row)
{
	json_t *list = must(json_array()), *ttls = must(json_array());
	uint32_t least = UINT32_MAX;

	for (size_t i = 0; i < row->n_addresses; i++) {
		append(list, address(&row->addresses[i].addr));
		append(ttls, json_integer(row->addresses[i].ttl));
		if (row->addresses[i].ttl < least)
			least = row->addresses[i].ttl;
	}
	put(o, "addresses", list);
	put(o, "address_ttls", ttls);
	put(o, "ttl", row->n_addresses > 0 ? json_integer(least) : json_null());
}

static json_t *soa(struct writer *w, const struct vp_soa *s)
{
	json_t *o;

	if (s->zone == NULL)
		return json_null();
	o = must(json_object());
	put(o, "zone", text(w, s->zone));
	put(o, "mname", text(w, s->mname));
	put(o, "rname", text(w, s->rname));
	put(o, "minimum", json_integer(s->minimum));
	put(o, "ttl", json_integer(s->ttl));
	return o;
}

static json_t *dns_row(struct writer *w, const struct vp_dns_row *row)
{
	const struct vp_resolver *r = &w->facts->resolvers[row->resolver];
	json_t *o = must(json_object());

	put(o, "resolver",
	    r->source == VP_RESOLVER_NSS ? json_string("nss")
	                                 : address(&r->endpoint.addr));
	put(o, "resolver_index", number(row->resolver));
	put(o, "type", record_type(row->type));
	put(o, "transport", json_string(vp_transport_name(row->transport)));
	put(o, "round", json_integer(row->round));
	put(o, "outcome", json_string(vp_outcome_name(row->outcome)));
	put(o, "rcode", rcode(row->rcode));
	put(o, "truncated", json_boolean(row->truncated));
	put(o, "alias_loop", json_boolean(row->alias_loop));
	put(o, "chain", chain(w, row));
	put_addresses(o, row);
	put(o, "soa", soa(w, &row->soa));
	put(o, "detail", text(w, row->detail));
	put(o, "elapsed_us", number(row->elapsed_us));
	put(o, "local", endpoint(&row->local));
	return o;
}

/* --- targets ----------------------------------------------------------- */

static json_t *route(struct writer *w, const struct vp_route *r)
{
	json_t *o = must(json_object());

	put(o, "outcome", json_string(vp_outcome_name(r->outcome)));
	put(o, "interface", text(w, r->interface));
	put(o, "source", address(&r->source));
	put(o, "gateway", address(&r->gateway));
	return o;
}

static json_t *tls(struct writer *w, const struct vp_tls_facts *t)
{
	json_t *o = must(json_object());

	put(o, "outcome", json_string(vp_outcome_name(t->outcome)));
	put(o, "elapsed_us", number(t->elapsed_us));
	put(o, "version", text(w, t->version));
	put(o, "subject", text(w, t->subject));
	put(o, "issuer", text(w, t->issuer));
	put(o, "root_issuer", text(w, t->root_issuer));
	put(o, "subject_alt_names",
	    texts(w, t->subject_alt_names, t->n_subject_alt_names));
	put(o, "not_before", moment_s(t->not_before_s));
	put(o, "not_after", moment_s(t->not_after_s));
	put(o, "name_matches", json_boolean(t->name_matches));
	put(o, "self_signed", json_boolean(t->self_signed));
	put(o, "verify_code", json_integer(t->verify_code));
	put(o, "verify_detail", text(w, t->verify_detail));
	return o;
}

static json_t *http(struct writer *w, const struct vp_http_facts *h)
{
	json_t *o = must(json_object());

	put(o, "outcome", json_string(vp_outcome_name(h->outcome)));
	put(o, "elapsed_us", number(h->elapsed_us));
	put(o, "status", json_integer(h->status));
	put(o, "signature", json_string(vp_signature_name(h->signature)));
	put(o, "service_code", text(w, h->service_code));
	put(o, "service_saw", address(&h->service_saw));
	put(o, "connection_type", text(w, h->connection_type));
	put(o, "private_endpoint", text(w, h->private_endpoint));
	return o;
}

static json_t *target_address(struct writer *w,
                              const struct vp_target_address *a)
{
	const struct vp_policy *p = &w->facts->policy;
	json_t *o = must(json_object()), *tcp = must(json_object());

	put(tcp, "outcome", json_string(vp_outcome_name(a->tcp.outcome)));
	put(tcp, "elapsed_us", number(a->tcp.elapsed_us));
	put(o, "address", address(&a->addr));
	put(o, "scope",
	    json_string(vp_scope_name(
		    vp_addr_scope(&a->addr, p->vnet, p->n_vnet))));
	put(o, "reach", json_string(vp_reach_name(a->reach)));
	put(o, "route", route(w, &a->route));
	put(o, "local", endpoint(&a->local));
	put(o, "tcp", tcp);
	put(o, "tls", tls(w, &a->tls));
	put(o, "http", http(w, &a->http));
	return o;
}

static json_t *target(struct writer *w, size_t index)
{
	const struct vp_target *t = &w->facts->targets[index];
	json_t *o = must(json_object()), *list = must(json_array());
	json_t *expected = must(json_array()), *dns = must(json_array());

	for (size_t i = 0; i < t->n_expected; i++)
		append(expected, address(&t->expected[i]));
	for (size_t i = 0; i < t->name->n_rows; i++)
		append(dns, dns_row(w, &t->name->rows[i]));
	for (size_t i = 0; i < t->n_addresses; i++)
		append(list, target_address(w, &t->addresses[i]));
	put(o, "name", text(w, t->name->name));
	put(o, "port", json_integer(t->port));
	put(o, "kind", json_string(vp_kind_name(t->kind)));
	put(o, "expect", json_string(vp_expect_name(t->expect)));
	put(o, "status",
	    json_string(vp_target_status_name(w->j->targets[index])));
	put(o, "origin", text(w, t->origin));
	put(o, "why", text(w, t->why));
	put(o, "zone", text(w, t->zone));
	put(o, "tls", json_boolean(t->tls));
	put(o, "http_path", text(w, t->http_path));
	put(o, "expected", expected);
	put(o, "dns", dns);
	put(o, "addresses", list);
	return o;
}

static json_t *resolver(struct writer *w, size_t index)
{
	const struct vp_resolver *r = &w->facts->resolvers[index];
	json_t *o = must(json_object());

	put(o, "address", address(&r->endpoint.addr));
	put(o, "port", json_integer(r->endpoint.port));
	put(o, "source", json_string(vp_resolver_source_name(r->source)));
	put(o, "status", json_string(w->j->resolvers[index]));
	put(o, "route", route(w, &r->route));
	return o;
}

/* --- packets ----------------------------------------------------------- */

static void put_flow_names(struct writer *w, json_t *o, const struct vp_flow *f)
{
	json_t *names = must(json_array()), *bound = must(json_array());

	for (size_t i = 0; i < f->n_names; i++) {
		append(names, text(w, f->names[i].name));
		append(bound, json_boolean(f->names[i].bound));
	}
	put(o, "names", names);
	put(o, "names_bound", bound);
	put(o, "sni", text(w, f->sni));
	put(o, "sni_bound", json_boolean(f->sni_bound));
	put(o, "questions", texts(w, f->questions, f->n_questions));
	put(o, "names_left_out", number(f->names_left_out));
	put(o, "questions_left_out", number(f->questions_left_out));
}

static json_t *flow(struct writer *w, size_t index)
{
	static const char *const directions[] = { "unknown", "out", "in" };
	const struct vp_flow *f = &w->facts->flows[index];
	const struct vp_flow_judgement *j = &w->j->flows[index];
	json_t *o = must(json_object());

	put(o, "proto", protocol(f->proto));
	put(o, "local", endpoint(&f->local));
	put(o, "remote", endpoint(&f->remote));
	put(o, "interface", text(w, f->interface));
	put(o, "direction", json_string(directions[f->direction]));
	put(o, "class", json_string(vp_flow_class_name(j->class)));
	put(o, "rule", text(w, j->rule));
	put(o, "own", json_boolean(f->own));
	put_flow_names(w, o, f);
	put(o, "process", text(w, f->process));
	put(o, "packets_out", number(f->packets_out));
	put(o, "bytes_out", number(f->bytes_out));
	put(o, "packets_in", number(f->packets_in));
	put(o, "bytes_in", number(f->bytes_in));
	put(o, "first", moment(f->first_us));
	put(o, "last", moment(f->last_us));
	put(o, "state", json_string(vp_flow_state_name(f->state)));
	return o;
}

static json_t *unseen(struct writer *w, const struct vp_capture_facts *c)
{
	json_t *array = must(json_array()), *o;

	for (size_t i = 0; i < c->n_unseen; i++) {
		o = must(json_object());
		put(o, "proto", protocol(c->unseen[i].proto));
		put(o, "local", endpoint(&c->unseen[i].local));
		put(o, "remote", endpoint(&c->unseen[i].remote));
		put(o, "what", text(w, c->unseen[i].what));
		append(array, o);
	}
	return array;
}

static json_t *capture(struct writer *w)
{
	const struct vp_capture_facts *c = &w->facts->capture;
	json_t *o = must(json_object()), *window = must(json_object());
	json_t *attested = must(json_object());

	put(window, "armed", moment(c->armed_us));
	put(window, "drained", moment(c->drained_us));
	put(attested, "expected", number(c->attested_expected));
	put(attested, "seen", number(c->attested_seen));
	put(attested, "unseen", unseen(w, c));
	put(o, "wanted", json_boolean(c->wanted));
	put(o, "state", json_string(vp_capture_state_name(c->state)));
	put(o, "reason", text(w, c->reason));
	put(o, "remedy", text(w, c->remedy));
	put(o, "interfaces", texts(w, c->interfaces, c->n_interfaces));
	put(o, "received", number(c->received));
	put(o, "dropped", number(c->dropped));
	put(o, "interface_dropped", number(c->interface_dropped));
	put(o, "window", window);
	put(o, "selftest_before", json_boolean(c->selftest_before));
	put(o, "selftest_after", json_boolean(c->selftest_after));
	put(o, "interface_missed", json_boolean(c->interface_missed));
	put(o, "attested", attested);
	put(o, "truncated", number(c->truncated));
	put(o, "undecodable", number(c->undecodable));
	put(o, "undecodable_out", number(c->undecodable_out));
	put(o, "flows_left_out", number(c->flows_left_out));
	put(o, "evidence_left_out", number(c->evidence_left_out));
	put(o, "evidence", text(w, c->evidence));
	return o;
}

/* --- policy, timing, findings ------------------------------------------ */

static json_t *policy(struct writer *w)
{
	const struct vp_policy *p = &w->facts->policy;
	json_t *o = must(json_object()), *vnet = must(json_array());
	json_t *allow = must(json_array()), *r;
	char buf[VP_PREFIX_TEXT];

	for (size_t i = 0; i < p->n_vnet; i++)
		append(vnet, json_string(vp_prefix_format(&p->vnet[i], buf)));
	for (size_t i = 0; i < p->n_allow; i++) {
		const struct vp_allow_rule *a = &p->allow[i];

		r = must(json_object());
		put(r, "name", text(w, a->name));
		put(r, "prefix",
		    a->prefix.addr.family != 0
		            ? json_string(vp_prefix_format(&a->prefix, buf))
		            : json_null());
		put(r, "port", json_integer(a->port));
		put(r, "process", text(w, a->process));
		put(r, "reason", text(w, a->reason));
		append(allow, r);
	}
	put(o, "vnet", vnet);
	put(o, "default", json_string(p->report_only ? "report" : "fail"));
	put(o, "allow", allow);
	return o;
}

static json_t *timing(struct writer *w)
{
	const struct vp_timing *t = &w->facts->timing;
	json_t *o = must(json_object());

	put(o, "first_question", moment(t->first_question_us));
	put(o, "last_answer", moment(t->last_answer_us));
	put(o, "arming_us", number(t->arming_us));
	put(o, "linger_us", number(t->linger_us));
	put(o, "drain_us", number(t->drain_us));
	return o;
}

static json_t *finding(struct writer *w, size_t index)
{
	const struct vp_finding *f = &w->j->findings[index];
	json_t *o = must(json_object()), *evidence = must(json_array());

	for (size_t i = 0; i < f->n_evidence; i++)
		append(evidence, text(w, f->evidence[i]));
	put(o, "id", json_string(f->type->id));
	put(o, "severity", json_string(vp_severity_name(f->severity)));
	put(o, "target", text(w, f->target));
	put(o, "title", text(w, f->title));
	put(o, "detail", text(w, f->detail));
	put(o, "evidence", evidence);
	put(o, "remedy", text(w, f->remedy));
	return o;
}

/* --- the document ------------------------------------------------------ */

static void dump(struct writer *w, json_t *value)
{
	json_dumpf(must(value), w->out, JSON_ENSURE_ASCII | JSON_ENCODE_ANY);
	json_decref(value);
	vp_arena_destroy(w->scratch);
	w->scratch = vp_arena_create();
}

static void key(struct writer *w, const char *name)
{
	fprintf(w->out, "%s\n  \"%s\": ", w->first ? "" : ",", name);
	w->first = false;
}

static void member(struct writer *w, const char *name, json_t *value)
{
	key(w, name);
	dump(w, value);
}

static void list(struct writer *w, const char *name, size_t n,
                 json_t *(*make)(struct writer *, size_t))
{
	key(w, name);
	fputc('[', w->out);
	for (size_t i = 0; i < n; i++) {
		fputs(i > 0 ? ",\n    " : "\n    ", w->out);
		dump(w, make(w, i));
	}
	fputs(n > 0 ? "\n  ]" : "]", w->out);
}

static void head(struct writer *w)
{
	const struct vp_facts *f = w->facts;

	member(w, "schema", json_string(REPORT_SCHEMA));
	member(w, "tool", text(w, f->tool));
	member(w, "host", text(w, f->hostname));
	member(w, "kernel", text(w, f->kernel));
	member(w, "started", moment(f->started_us));
	member(w, "ended", moment(f->ended_us));
	member(w, "scenario", text(w, f->scenario));
	member(w, "cloud", text(w, f->cloud));
	member(w, "region", text(w, f->region));
	member(w, "verdict", json_string(vp_verdict_name(w->j->verdict)));
	member(w, "exit_status", json_integer(w->j->exit_status));
	member(w, "summary", text(w, w->j->summary));
	member(w, "deadline_hit", json_boolean(f->deadline_hit));
	member(w, "stalled_us", number(f->stalled_us));
	member(w, "interrupted", json_boolean(f->interrupted));
	member(w, "capture", capture(w));
	member(w, "timing", timing(w));
	member(w, "policy", policy(w));
	member(w, "proxies", texts(w, f->proxies, f->n_proxies));
	member(w, "state_changes",
	       texts(w, f->state_changes, f->n_state_changes));
}

int vp_report_json(FILE *out, const struct vp_facts *facts,
                   const struct vp_judgement *j)
{
	struct writer w = {
		.out = out,
		.facts = facts,
		.j = j,
		.scratch = vp_arena_create(),
		.first = true,
	};

	/* jansson writes in pieces of a few bytes. */
	__fsetlocking(out, FSETLOCKING_BYCALLER);
	fputc('{', out);
	head(&w);
	list(&w, "resolvers", facts->n_resolvers, resolver);
	list(&w, "targets", facts->n_targets, target);
	list(&w, "flows", facts->n_flows, flow);
	list(&w, "findings", j->n_findings, finding);
	fputs("\n}\n", out);
	vp_arena_destroy(w.scratch);
	errno = 0;
	if (fflush(out) != 0 || ferror(out))
		return errno != 0 ? -errno : -EIO;
	return 0;
}
