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
#include "report_writer.h"

/* --- targets ----------------------------------------------------------- */

static json_t *tls(struct writer *w, const struct vp_tls_facts *t)
{
	json_t *o = report_must(json_object());

	report_put(o, "outcome", json_string(vp_outcome_name(t->outcome)));
	report_put(o, "elapsed_us", report_number(t->elapsed_us));
	report_put(o, "version", report_string(w, t->version));
	report_put(o, "subject", report_string(w, t->subject));
	report_put(o, "issuer", report_string(w, t->issuer));
	report_put(o, "root_issuer", report_string(w, t->root_issuer));
	report_put(o, "subject_alt_names",
	           report_strings(w, t->subject_alt_names,
	                          t->n_subject_alt_names));
	report_put(o, "not_before", report_moment_s(t->not_before_s));
	report_put(o, "not_after", report_moment_s(t->not_after_s));
	report_put(o, "name_matches", json_boolean(t->name_matches));
	report_put(o, "self_signed", json_boolean(t->self_signed));
	report_put(o, "verify_code", json_integer(t->verify_code));
	report_put(o, "verify_detail", report_string(w, t->verify_detail));
	report_put_string(w, o, "anchor", t->anchor);
	return o;
}

static json_t *http(struct writer *w, const struct vp_http_facts *h)
{
	json_t *o = report_must(json_object());

	report_put(o, "outcome", json_string(vp_outcome_name(h->outcome)));
	report_put(o, "elapsed_us", report_number(h->elapsed_us));
	report_put(o, "status", json_integer(h->status));
	report_put(o, "signature",
	           json_string(vp_signature_name(h->signature)));
	report_put(o, "service_code", report_string(w, h->service_code));
	report_put(o, "service_saw", report_address(&h->service_saw));
	report_put(o, "connection_type", report_string(w, h->connection_type));
	report_put(o, "private_endpoint",
	           report_string(w, h->private_endpoint));
	if (h->refused_by != VP_REFUSAL_NONE)
		report_put(o, "refused_by",
		           json_string(vp_refusal_name(h->refused_by)));
	if (h->rule != NULL) {
		report_put(o, "certainty",
		           json_string(vp_certainty_name(h->certainty)));
		report_put_string(w, o, "rule", h->rule);
	}
	report_put_string(w, o, "said", h->said);
	report_put_string(w, o, "source_doubt", h->source_doubt);
	return o;
}

static json_t *target_address(struct writer *w,
                              const struct vp_target_address *a)
{
	const struct vp_policy *p = &w->facts->policy;
	json_t *o = report_must(json_object()),
	       *tcp = report_must(json_object());

	report_put(tcp, "outcome",
	           json_string(vp_outcome_name(a->tcp.outcome)));
	report_put(tcp, "elapsed_us", report_number(a->tcp.elapsed_us));
	report_put(o, "address", report_address(&a->addr));
	report_put(o, "scope",
	           json_string(vp_scope_name(
			   vp_addr_scope(&a->addr, p->vnet, p->n_vnet))));
	report_put(o, "reach", json_string(vp_reach_name(a->reach)));
	report_put(o, "route", report_route(w, &a->route));
	report_put(o, "local", report_endpoint(&a->local));
	report_put(o, "tcp", tcp);
	report_put(o, "tls", tls(w, &a->tls));
	report_put(o, "http", http(w, &a->http));
	return o;
}

static json_t *target(struct writer *w, size_t index)
{
	const struct vp_target *t = &w->facts->targets[index];
	json_t *o = report_must(json_object());
	json_t *list = report_must(json_array());

	for (size_t i = 0; i < t->n_addresses; i++)
		report_append(list, target_address(w, &t->addresses[i]));
	report_put(o, "name", report_string(w, t->name->name));
	report_put(o, "port", json_integer(t->port));
	report_put(o, "kind", json_string(vp_kind_name(t->kind)));
	report_put(o, "expect", json_string(vp_expect_name(t->expect)));
	report_put(o, "status",
	           json_string(vp_target_status_name(w->j->targets[index])));
	report_put(o, "origin", report_string(w, t->origin));
	report_put(o, "why", report_string(w, t->why));
	report_put(o, "zone", report_string(w, t->zone));
	report_put(o, "tls", json_boolean(t->tls));
	report_put(o, "http_path", report_string(w, t->http_path));
	report_put(o, "expected", report_addresses(t->expected, t->n_expected));
	report_put_string(w, o, "alternative_of", t->alternative_of);
	report_put_string(w, o, "expected_from", t->expected_from);
	report_put_strings(w, o, "expected_endpoints", t->endpoints,
	                   t->n_endpoints);
	if (t->name->n_hosts > 0)
		report_put(o, "hosts", report_hosts(t->name));
	report_put(o, "dns", report_rows(w, t->name->rows, t->name->n_rows));
	report_put(o, "addresses", list);
	return o;
}

/* --- policy, timing, findings ------------------------------------------ */

static json_t *policy(struct writer *w)
{
	const struct vp_policy *p = &w->facts->policy;
	json_t *o = report_must(json_object()),
	       *vnet = report_must(json_array());
	json_t *allow = report_must(json_array()), *r;
	char buf[VP_PREFIX_TEXT];

	for (size_t i = 0; i < p->n_vnet; i++)
		report_append(vnet,
		              json_string(vp_prefix_format(&p->vnet[i], buf)));
	for (size_t i = 0; i < p->n_allow; i++) {
		const struct vp_allow_rule *a = &p->allow[i];

		r = report_must(json_object());
		report_put(r, "name", report_string(w, a->name));
		report_put(
			r, "prefix",
			a->prefix.addr.family != 0
				? json_string(vp_prefix_format(&a->prefix, buf))
				: json_null());
		report_put(r, "port", json_integer(a->port));
		report_put(r, "process", report_string(w, a->process));
		report_put(r, "reason", report_string(w, a->reason));
		report_put_string(w, r, "service_tag", a->service_tag);
		report_append(allow, r);
	}
	report_put(o, "vnet", vnet);
	report_put(o, "default",
	           json_string(p->report_only ? "report" : "fail"));
	report_put(o, "allow", allow);
	if (p->tags.file != NULL)
		report_put(o, "service_tags", report_tags_file(w));
	return o;
}

/* NULL: the system's roots, and nothing said of issuers. */
static json_t *trust(struct writer *w)
{
	const struct vp_trust_facts *t = &w->facts->trust;
	json_t *o;

	if (t->ca_file == NULL && t->n_issuers == 0)
		return NULL;
	o = report_must(json_object());
	report_put_string(w, o, "ca_file", t->ca_file);
	report_put_strings(w, o, "known_issuers", t->issuers, t->n_issuers);
	return o;
}

static json_t *timing(struct writer *w)
{
	const struct vp_timing *t = &w->facts->timing;
	json_t *o = report_must(json_object());

	report_put(o, "first_question", report_moment(t->first_question_us));
	report_put(o, "last_answer", report_moment(t->last_answer_us));
	report_put(o, "arming_us", report_number(t->arming_us));
	report_put(o, "linger_us", report_number(t->linger_us));
	report_put(o, "drain_us", report_number(t->drain_us));
	return o;
}

static json_t *finding(struct writer *w, size_t index)
{
	const struct vp_finding *f = &w->j->findings[index];
	json_t *o = report_must(json_object()),
	       *evidence = report_must(json_array()),
	       *names = report_must(json_array());

	for (size_t i = 0; i < f->n_evidence; i++)
		report_append(evidence, report_string(w, f->evidence[i]));
	for (size_t i = 0; i < f->n_names; i++)
		report_append(names, report_string(w, f->names[i]));
	report_put(o, "id", json_string(f->type->id));
	report_put(o, "severity", json_string(vp_severity_name(f->severity)));
	report_put(o, "target", report_string(w, f->target));
	report_put(o, "names", names);
	report_put(o, "title", report_string(w, f->title));
	report_put(o, "detail", report_string(w, f->detail));
	report_put(o, "evidence", evidence);
	report_put(o, "remedy", report_string(w, f->remedy));
	return o;
}

/* --- the document ------------------------------------------------------ */

static void dump(struct writer *w, json_t *value)
{
	json_dumpf(report_must(value), w->out,
	           JSON_ENSURE_ASCII | JSON_ENCODE_ANY);
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
	json_t *machine, *about;

	member(w, "schema", json_string(REPORT_SCHEMA));
	member(w, "tool", report_string(w, f->tool));
	member(w, "host", report_string(w, f->hostname));
	member(w, "kernel", report_string(w, f->kernel));
	member(w, "started", report_moment(f->started_us));
	member(w, "ended", report_moment(f->ended_us));
	member(w, "scenario", report_string(w, f->scenario));
	member(w, "cloud", report_string(w, f->cloud));
	member(w, "region", report_string(w, f->region));
	member(w, "verdict", json_string(vp_verdict_name(w->j->verdict)));
	member(w, "exit_status", json_integer(w->j->exit_status));
	member(w, "summary", report_string(w, w->j->summary));
	member(w, "deadline_hit", json_boolean(f->deadline_hit));
	member(w, "stalled_us", report_number(f->stalled_us));
	member(w, "interrupted", json_boolean(f->interrupted));
	if (f->rounds != 0)
		member(w, "rounds", json_integer(f->rounds));
	member(w, "command", json_string(vp_mode_name(f->mode)));
	if (f->mode == VP_MODE_DNS)
		member(w, "dns_only", json_true());
	machine = report_machine(w);
	if (machine != NULL)
		member(w, "machine", machine);
	member(w, "capture", report_capture(w));
	if (f->command.n_argv > 0)
		member(w, "watched", report_watched(w));
	member(w, "timing", timing(w));
	member(w, "policy", policy(w));
	about = trust(w);
	if (about != NULL)
		member(w, "trust", about);
	member(w, "proxies", report_strings(w, f->proxies, f->n_proxies));
	about = report_proxy(w);
	if (about != NULL)
		member(w, "proxy", about);
	member(w, "state_changes",
	       report_strings(w, f->state_changes, f->n_state_changes));
}

static void discovery(struct writer *w)
{
	const struct vp_discovery *d = &w->facts->discovery;

	if (d->n_values > 0)
		list(w, "discovered", d->n_values, report_discovered);
	if (d->n_placements > 0)
		list(w, "placements", d->n_placements, report_placement);
	if (d->n_peerings > 0)
		list(w, "peerings", d->n_peerings, report_peering);
	if (d->n_notes > 0)
		member(w, "discovery_notes", report_discovery_notes(w));
	if (d->n_unread > 0)
		member(w, "discovery_unread", report_discovery_unread(w));
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
	discovery(&w);
	list(&w, "resolvers", facts->n_resolvers, report_resolver);
	list(&w, "targets", facts->n_targets, target);
	if (facts->n_zones > 0)
		list(&w, "zones", facts->n_zones, report_zone);
	if (facts->traced) {
		list(&w, "trace", facts->n_trace, report_dns_packet);
		member(&w, "trace_left_out",
		       report_number(facts->trace_left_out));
	}
	list(&w, "flows", facts->n_flows, report_flow);
	list(&w, "findings", j->n_findings, finding);
	fputs("\n}\n", out);
	vp_arena_destroy(w.scratch);
	errno = 0;
	if (fflush(out) != 0 || ferror(out))
		return errno != 0 ? -errno : -EIO;
	return 0;
}
