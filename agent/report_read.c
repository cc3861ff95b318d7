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
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "catalogue.h"
#include "report_fields.h"
#include "report_private.h"
#include "report_reader.h"
#include "value.h"
#include "vnetprobe/dns_message.h"

/* --- targets ----------------------------------------------------------- */

/* The name of a target: the rows are read with the first that has it. */
static struct vp_name *read_name(struct fields *r, const json_t *o)
{
	const char *s = fields_raw(r, o, "name"), *why = "";
	char normal[256];
	struct vp_name *name;
	json_t *known;

	if (s == NULL)
		return NULL;
	if (vp_dns_name_normalise(normal, s, &why) != 0 ||
	    strcmp(normal, s) != 0) {
		fields_fail(r, "name",
		            "\"%.80s\" is no host name in lower case", s);
		return NULL;
	}
	known = json_object_get(r->names, s);
	if (known != NULL)
		return r->f->names[json_integer_value(known)];
	if (json_object_set_new(r->names, s,
	                        json_integer((json_int_t)r->f->n_names)) != 0) {
		fields_fail(r, "name", "out of memory");
		return NULL;
	}
	name = vp_arena_alloc(r->arena, sizeof(*name));
	name->name = vp_arena_strdup(r->arena, s);
	*VP_PUSH(r->arena, r->f->names, r->f->n_names) = name;
	fields_each(r, o, "dns", report_read_row, name);
	if (fields_has(o, "hosts"))
		fields_each(r, o, "hosts", report_read_hosts_line, name);
	return name;
}

static void read_tls(struct fields *r, const json_t *parent,
                     struct vp_tls_facts *t)
{
	const json_t *o = fields_object(r, parent, "tls");
	size_t before = fields_enter(r, "tls");

	if (o != NULL) {
		FIELDS_WORD(r, o, "outcome", vp_outcome_parse, &t->outcome);
		t->elapsed_us = fields_count(r, o, "elapsed_us");
		t->version = fields_text(r, o, "version");
		t->subject = fields_text(r, o, "subject");
		t->issuer = fields_text(r, o, "issuer");
		t->root_issuer = fields_text(r, o, "root_issuer");
		t->subject_alt_names = fields_texts(r, o, "subject_alt_names",
		                                    &t->n_subject_alt_names);
		t->not_before_s = fields_moment(r, o, "not_before") / 1000000;
		t->not_after_s = fields_moment(r, o, "not_after") / 1000000;
		t->name_matches = fields_boolean(r, o, "name_matches");
		t->self_signed = fields_boolean(r, o, "self_signed");
		t->verify_code =
			(long)fields_number(r, o, "verify_code", INT32_MAX);
		t->verify_detail = fields_text(r, o, "verify_detail");
		if (fields_has(o, "anchor"))
			t->anchor = fields_text(r, o, "anchor");
	}
	fields_leave(r, before);
}

/* Old reports lack them. */
static void read_refusal(struct fields *r, const json_t *o,
                         struct vp_http_facts *h)
{
	if (fields_has(o, "refused_by"))
		FIELDS_WORD(r, o, "refused_by", vp_refusal_parse,
		            &h->refused_by);
	if (fields_has(o, "certainty"))
		FIELDS_WORD(r, o, "certainty", vp_certainty_parse,
		            &h->certainty);
	if (fields_has(o, "rule"))
		h->rule = fields_text(r, o, "rule");
	if (fields_has(o, "said"))
		h->said = fields_text(r, o, "said");
	if (fields_has(o, "source_doubt"))
		h->source_doubt = fields_text(r, o, "source_doubt");
}

static void read_http(struct fields *r, const json_t *parent,
                      struct vp_http_facts *h)
{
	const json_t *o = fields_object(r, parent, "http");
	size_t before = fields_enter(r, "http");

	if (o != NULL) {
		FIELDS_WORD(r, o, "outcome", vp_outcome_parse, &h->outcome);
		h->elapsed_us = fields_count(r, o, "elapsed_us");
		h->status = (unsigned)fields_number(r, o, "status", 999);
		FIELDS_WORD(r, o, "signature", vp_signature_parse,
		            &h->signature);
		h->service_code = fields_text(r, o, "service_code");
		h->service_saw = fields_address(r, o, "service_saw");
		h->connection_type = fields_text(r, o, "connection_type");
		h->private_endpoint = fields_text(r, o, "private_endpoint");
		read_refusal(r, o, h);
	}
	fields_leave(r, before);
}

static void read_address(struct fields *r, const json_t *o, void *arg)
{
	struct vp_target *t = arg;
	struct vp_target_address *a =
		VP_PUSH(r->arena, t->addresses, t->n_addresses);
	const json_t *tcp = fields_object(r, o, "tcp");
	size_t before;

	a->addr =
		fields_parse_address(r, "address", fields_raw(r, o, "address"));
	FIELDS_WORD(r, o, "reach", vp_reach_parse, &a->reach);
	report_read_route(r, o, &a->route);
	a->local = fields_endpoint(r, o, "local");
	before = fields_enter(r, "tcp");
	if (tcp != NULL) {
		FIELDS_WORD(r, tcp, "outcome", vp_outcome_parse,
		            &a->tcp.outcome);
		a->tcp.elapsed_us = fields_count(r, tcp, "elapsed_us");
	}
	fields_leave(r, before);
	read_tls(r, o, &a->tls);
	read_http(r, o, &a->http);
}

static void read_target(struct fields *r, const json_t *o, void *arg)
{
	struct vp_facts *f = arg;
	struct vp_target *t = VP_PUSH(r->arena, f->targets, f->n_targets);

	t->name = read_name(r, o);
	if (t->name == NULL)
		return;
	t->port = (uint16_t)fields_number(r, o, "port", UINT16_MAX);
	FIELDS_WORD(r, o, "kind", vp_kind_parse, &t->kind);
	FIELDS_WORD(r, o, "expect", vp_expect_parse, &t->expect);
	t->origin = fields_text(r, o, "origin");
	t->why = fields_text(r, o, "why");
	t->zone = fields_text(r, o, "zone");
	t->tls = fields_boolean(r, o, "tls");
	t->http_path = fields_text(r, o, "http_path");
	t->expected = fields_addresses(r, o, "expected", &t->n_expected);
	if (fields_has(o, "alternative_of"))
		t->alternative_of = fields_text(r, o, "alternative_of");
	if (fields_has(o, "expected_from"))
		t->expected_from = fields_text(r, o, "expected_from");
	if (fields_has(o, "expected_endpoints"))
		t->endpoints = fields_texts(r, o, "expected_endpoints",
		                            &t->n_endpoints);
	fields_each(r, o, "addresses", read_address, t);
	if (!r->failed)
		report_check_target(r, t);
}

/* --- policy and the rest ----------------------------------------------- */

static void read_allow(struct fields *r, const json_t *o, void *arg)
{
	struct vp_policy *p = arg;
	struct vp_allow_rule *a = VP_PUSH(r->arena, p->allow, p->n_allow);

	a->name = fields_text(r, o, "name");
	a->prefix = report_read_prefix(r, "prefix",
	                               fields_raw_or_null(r, o, "prefix"));
	a->port = (uint16_t)fields_number(r, o, "port", UINT16_MAX);
	a->process = fields_text(r, o, "process");
	a->reason = report_unescape(r->arena, fields_raw(r, o, "reason"));
	if (fields_has(o, "service_tag"))
		a->service_tag = fields_text(r, o, "service_tag");
}

/* As strict as --vnet: a report that was meddled with could else declare the
 * Internet private. */
static void read_vnet(struct fields *r, struct vp_policy *p, const char *text)
{
	char why[256];

	if (text == NULL ||
	    vp_value_read_vnet(VP_PUSH(r->arena, p->vnet, p->n_vnet), text, why,
	                       sizeof(why)) == 0)
		return;
	fields_fail(r, "vnet", "%s", why);
}

static void read_policy(struct fields *r, const json_t *parent)
{
	const json_t *o = fields_object(r, parent, "policy");
	struct vp_policy *p = &r->f->policy;
	size_t before = fields_enter(r, "policy"), n;
	const char *s;
	char **vnet;

	if (o != NULL) {
		vnet = fields_texts(r, o, "vnet", &n);
		for (size_t i = 0; i < n; i++)
			read_vnet(r, p, vnet[i]);
		s = fields_raw(r, o, "default");
		if (s != NULL && strcmp(s, "report") != 0 &&
		    strcmp(s, "fail") != 0)
			fields_fail(r, "default",
			            "\"%.40s\" is not fail or report", s);
		p->report_only = s != NULL && strcmp(s, "report") == 0;
		fields_each(r, o, "allow", read_allow, p);
		if (fields_has(o, "service_tags"))
			report_read_tags_file(r, o);
	}
	fields_leave(r, before);
}

static void read_trust(struct fields *r, const json_t *parent)
{
	struct vp_trust_facts *t = &r->f->trust;
	const json_t *o;
	size_t before;

	if (!fields_has(parent, "trust"))
		return;
	o = fields_object(r, parent, "trust");
	before = fields_enter(r, "trust");
	if (o != NULL && fields_has(o, "ca_file"))
		t->ca_file = fields_text(r, o, "ca_file");
	if (o != NULL && fields_has(o, "known_issuers"))
		t->issuers = fields_texts(r, o, "known_issuers", &t->n_issuers);
	fields_leave(r, before);
}

static void read_timing(struct fields *r, const json_t *parent)
{
	const json_t *o = fields_object(r, parent, "timing");
	struct vp_timing *t = &r->f->timing;
	size_t before = fields_enter(r, "timing");

	if (o != NULL) {
		t->first_question_us = fields_moment(r, o, "first_question");
		t->last_answer_us = fields_moment(r, o, "last_answer");
		t->arming_us = fields_count(r, o, "arming_us");
		t->linger_us = fields_count(r, o, "linger_us");
		t->drain_us = fields_count(r, o, "drain_us");
	}
	fields_leave(r, before);
}

static void read_head(struct fields *r, const json_t *o)
{
	const char *schema = fields_raw(r, o, "schema");
	struct vp_facts *f = r->f;

	if (schema != NULL && strcmp(schema, REPORT_SCHEMA) != 0)
		fields_fail(r, "schema", "\"%.60s\" is not %s", schema,
		            REPORT_SCHEMA);
	f->tool = fields_text(r, o, "tool");
	f->hostname = fields_text(r, o, "host");
	f->kernel = fields_text(r, o, "kernel");
	f->started_us = fields_moment(r, o, "started");
	f->ended_us = fields_moment(r, o, "ended");
	f->scenario = report_unescape(r->arena, fields_raw(r, o, "scenario"));
	if (f->scenario != NULL && vp_catalogue_scenario(f->scenario) == NULL)
		fields_fail(r, "scenario",
		            "\"%.40s\" is no scenario of this version",
		            f->scenario);
	f->cloud = fields_text(r, o, "cloud");
	f->region = fields_text(r, o, "region");
	f->deadline_hit = fields_boolean(r, o, "deadline_hit");
	f->stalled_us = fields_count(r, o, "stalled_us");
	f->interrupted = fields_boolean(r, o, "interrupted");
	if (fields_has(o, "rounds"))
		f->rounds =
			(unsigned)fields_number(r, o, "rounds", MOST_ROUNDS);
	f->mode = fields_flag(r, o, "dns_only") ? VP_MODE_DNS : VP_MODE_CHECK;
	if (fields_has(o, "command"))
		FIELDS_WORD(r, o, "command", vp_mode_parse, &f->mode);
}

static void read_report(struct fields *r, const json_t *o)
{
	struct vp_facts *f = r->f;

	if (!json_is_object(o) || !fields_has(o, "schema")) {
		if (r->size > 0)
			snprintf(r->why, r->size,
			         "%s is no report of vnetprobe (check --format "
			         "json makes one)",
			         r->file);
		r->failed = true;
		return;
	}
	read_head(r, o);
	report_read_capture(r, o);
	read_timing(r, o);
	read_policy(r, o);
	read_trust(r, o);
	f->proxies = fields_texts(r, o, "proxies", &f->n_proxies);
	report_read_proxy(r, o);
	f->state_changes =
		fields_texts(r, o, "state_changes", &f->n_state_changes);
	fields_each(r, o, "resolvers", report_read_resolver, f);
	fields_each(r, o, "targets", read_target, f);
	report_read_dns(r, o);
	report_read_watched(r, o);
	report_read_discovery(r, o);
	fields_each(r, o, "flows", report_read_flow, f);
	report_check_flows(r, o);
}

int vp_report_read(struct vp_facts **out, const char *path, char *why,
                   size_t size)
{
	struct fields r = { .file = path, .why = why, .size = size };
	json_t *value;
	int rc = 0;

	*out = NULL;
	value = fields_load(path, &rc, why, size);
	if (value == NULL) {
		fields_make_safe(why);
		return rc;
	}
	r.f = vp_facts_create();
	r.arena = r.f->arena;
	r.names = json_object();
	read_report(&r, value);
	json_decref(r.names);
	json_decref(value);
	if (r.failed) {
		fields_make_safe(why);
		vp_facts_destroy(r.f);
		return -EINVAL;
	}
	*out = r.f;
	return 0;
}
