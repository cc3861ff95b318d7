/* report_json_packets.c - flows, capture, and what told of them, as JSON. */
#include "report_private.h"
#include "report_writer.h"

/* As long as names; in a later key each. */
static void put_name_ages(json_t *o, const struct vp_flow *f)
{
	json_t *current = report_must(json_array()),
	       *foreign = report_must(json_array()),
	       *answered = report_must(json_array()),
	       *ttl = report_must(json_array());
	bool any = false;

	for (size_t i = 0; i < f->n_names; i++) {
		report_append(current, json_boolean(f->names[i].current));
		report_append(foreign, json_boolean(f->names[i].foreign));
		any |= f->names[i].foreign;
		report_append(answered, report_moment(f->names[i].answered_us));
		report_append(ttl, report_number(f->names[i].ttl));
	}
	report_put(o, "names_current", current);
	if (any)
		report_put(o, "names_foreign", foreign);
	else
		json_decref(foreign);
	report_put(o, "names_answered", answered);
	report_put(o, "names_ttl", ttl);
}

static void put_flow_names(struct writer *w, json_t *o, const struct vp_flow *f)
{
	json_t *names = report_must(json_array()),
	       *bound = report_must(json_array());

	for (size_t i = 0; i < f->n_names; i++) {
		report_append(names, report_string(w, f->names[i].name));
		report_append(bound, json_boolean(f->names[i].bound));
	}
	report_put(o, "names", names);
	report_put(o, "names_bound", bound);
	report_put(o, "sni", report_string(w, f->sni));
	report_put(o, "sni_bound", json_boolean(f->sni_bound));
	report_put(o, "questions",
	           report_strings(w, f->questions, f->n_questions));
	report_put(o, "names_left_out", report_number(f->names_left_out));
	report_put(o, "questions_left_out",
	           report_number(f->questions_left_out));
	if (f->n_names > 0)
		put_name_ages(o, f);
}

/* Names that are claimed by the client's own words, and tunnels. */
static void put_claims(struct writer *w, json_t *o, const struct vp_flow *f)
{
	if (f->sni_from != VP_NAME_SOURCE_NONE)
		report_put(o, "sni_from",
		           json_string(vp_name_source_name(f->sni_from)));
	report_put_true(o, "ech", f->ech);
	report_put_string(w, o, "http_host", f->http_host);
	report_put_string(w, o, "http_connect", f->http_connect);
	if (f->origin != VP_ORIGIN_UNKNOWN)
		report_put(o, "origin", json_string(vp_origin_name(f->origin)));
	report_put_true(o, "never_left", f->never_left);
	if (f->translated_from.addr.family != 0)
		report_put(o, "translated_from",
		           report_endpoint(&f->translated_from));
	report_put_string(w, o, "tunnel", f->tunnel);
	if (f->tunnel_peer.addr.family != 0)
		report_put(o, "tunnel_peer", report_endpoint(&f->tunnel_peer));
	if (f->flows > 1)
		report_put(o, "flows", report_number(f->flows));
}

static json_t *owner(struct writer *w, const struct vp_owner *own)
{
	json_t *o = report_must(json_object());

	report_put(o, "how", json_string(vp_owner_how_name(own->how)));
	if (own->pid != 0)
		report_put(o, "pid", report_number(own->pid));
	if (own->uid != VP_NO_UID)
		report_put(o, "uid", report_number(own->uid));
	report_put_string(w, o, "user", own->user);
	report_put_string(w, o, "executable", own->executable);
	report_put_string(w, o, "cgroup", own->cgroup);
	report_put_string(w, o, "container", own->container);
	if (own->cgroup_id != 0)
		report_put(o, "cgroup_id", report_number(own->cgroup_id));
	return o;
}

static json_t *flow_tags(struct writer *w, const struct vp_flow *f)
{
	json_t *array = report_must(json_array()), *o;
	char buf[VP_PREFIX_TEXT];

	for (size_t i = 0; i < f->n_tags; i++) {
		o = report_must(json_object());
		report_put(o, "name", report_string(w, f->tags[i].name));
		report_put(
			o, "prefix",
			json_string(vp_prefix_format(&f->tags[i].prefix, buf)));
		report_append(array, o);
	}
	return array;
}

static void put_who(struct writer *w, json_t *o, const struct vp_flow *f)
{
	json_t *e;

	if (f->owner != NULL)
		report_put(o, "owner", owner(w, f->owner));
	if (f->n_owners > 1)
		report_put(o, "owners", report_number(f->n_owners));
	if (f->of_command || f->of_others)
		report_put(o, "of_command", json_boolean(f->of_command));
	if (f->n_tags > 0)
		report_put(o, "service_tags", flow_tags(w, f));
	if (f->gap_bytes > 0)
		report_put(o, "gap_bytes", report_number(f->gap_bytes));
	if (f->evidence_packets == 0)
		return;
	e = report_must(json_object());
	report_put(e, "packets", report_number(f->evidence_packets));
	report_put(e, "first", report_number(f->evidence_first));
	report_put(e, "last", report_number(f->evidence_last));
	report_put(o, "evidence", e);
}

json_t *report_flow(struct writer *w, size_t index)
{
	static const char *const directions[] = { "unknown", "out", "in" };
	const struct vp_flow *f = &w->facts->flows[index];
	const struct vp_flow_judgement *j = &w->j->flows[index];
	json_t *o = report_must(json_object());

	report_put(o, "proto", report_protocol(f->proto));
	report_put(o, "local", report_endpoint(&f->local));
	report_put(o, "remote", report_endpoint(&f->remote));
	report_put(o, "interface", report_string(w, f->interface));
	report_put(o, "direction", json_string(directions[f->direction]));
	report_put(o, "class", json_string(vp_flow_class_name(j->class)));
	report_put(o, "rule", report_string(w, j->rule));
	report_put(o, "own", json_boolean(f->own));
	put_flow_names(w, o, f);
	report_put(o, "process", report_string(w, f->process));
	report_put(o, "packets_out", report_number(f->packets_out));
	report_put(o, "bytes_out", report_number(f->bytes_out));
	report_put(o, "packets_in", report_number(f->packets_in));
	report_put(o, "bytes_in", report_number(f->bytes_in));
	report_put(o, "first", report_moment(f->first_us));
	report_put(o, "last", report_moment(f->last_us));
	report_put(o, "state", json_string(vp_flow_state_name(f->state)));
	put_claims(w, o, f);
	put_who(w, o, f);
	return o;
}

static json_t *unseen(struct writer *w, const struct vp_capture_facts *c)
{
	json_t *array = report_must(json_array()), *o;

	for (size_t i = 0; i < c->n_unseen; i++) {
		o = report_must(json_object());
		report_put(o, "proto", report_protocol(c->unseen[i].proto));
		report_put(o, "local", report_endpoint(&c->unseen[i].local));
		report_put(o, "remote", report_endpoint(&c->unseen[i].remote));
		report_put(o, "what", report_string(w, c->unseen[i].what));
		report_append(array, o);
	}
	return array;
}

static json_t *losses(const struct vp_capture_facts *c)
{
	json_t *array = report_must(json_array()), *o;

	for (size_t i = 0; i < c->n_losses; i++) {
		const struct vp_loss *l = &c->losses[i];

		o = report_must(json_object());
		report_put(o, "from", report_moment(l->from_us));
		report_put(o, "to", report_moment(l->to_us));
		report_put(o, "received", report_number(l->received));
		report_put(o, "dropped", report_number(l->dropped));
		report_put(o, "interface_dropped",
		           report_number(l->interface_dropped));
		report_append(array, o);
	}
	return array;
}

static json_t *undecoded(struct writer *w, const struct vp_capture_facts *c)
{
	json_t *array = report_must(json_array()), *o;

	for (size_t i = 0; i < c->n_undecoded; i++) {
		const struct vp_undecoded *u = &c->undecoded[i];

		o = report_must(json_object());
		report_put(o, "reason", report_string(w, u->reason));
		report_put(o, "frames", report_number(u->frames));
		report_put(o, "frames_out", report_number(u->frames_out));
		report_append(array, o);
	}
	return array;
}

/* What was lost, and where. */
static void put_ledger(struct writer *w, json_t *o,
                       const struct vp_capture_facts *c)
{
	if (c->n_losses > 0)
		report_put(o, "losses", losses(c));
	if (c->losses_left_out > 0)
		report_put(o, "losses_left_out",
		           report_number(c->losses_left_out));
	if (c->n_undecoded > 0)
		report_put(o, "undecoded", undecoded(w, c));
	if (c->names_left_out > 0)
		report_put(o, "names_left_out",
		           report_number(c->names_left_out));
	if (c->gap_flows > 0) {
		report_put(o, "gap_flows", report_number(c->gap_flows));
		report_put(o, "gap_bytes", report_number(c->gap_bytes));
	}
}

/* Where packets came from and went to, and who told of their senders. */
static void put_sources(struct writer *w, json_t *o,
                        const struct vp_capture_facts *c)
{
	if (c->evidence_packets > 0)
		report_put(o, "evidence_packets",
		           report_number(c->evidence_packets));
	if (c->evidence_bytes > 0)
		report_put(o, "evidence_bytes",
		           report_number(c->evidence_bytes));
	report_put_true(o, "evidence_ring", c->evidence_ring);
	report_put_string(w, o, "evidence_sha256", c->evidence_sha256);
	report_put_true(o, "all_interfaces", c->all_interfaces);
	report_put_string(w, o, "file", c->file);
	report_put_string(w, o, "file_cut", c->file_cut);
	if (c->claimed_flows > 0)
		report_put(o, "claimed_flows", report_number(c->claimed_flows));
	report_put_string(w, o, "owners", c->owners);
	report_put_string(w, o, "owners_why", c->owners_why);
	if (c->owners_lost > 0)
		report_put(o, "owners_lost", report_number(c->owners_lost));
}

json_t *report_capture(struct writer *w)
{
	const struct vp_capture_facts *c = &w->facts->capture;
	json_t *o = report_must(json_object()),
	       *window = report_must(json_object());
	json_t *attested = report_must(json_object());

	report_put(window, "armed", report_moment(c->armed_us));
	report_put(window, "drained", report_moment(c->drained_us));
	report_put(attested, "expected", report_number(c->attested_expected));
	report_put(attested, "seen", report_number(c->attested_seen));
	report_put(attested, "unseen", unseen(w, c));
	report_put(o, "wanted", json_boolean(c->wanted));
	report_put(o, "state", json_string(vp_capture_state_name(c->state)));
	report_put(o, "reason", report_string(w, c->reason));
	report_put(o, "remedy", report_string(w, c->remedy));
	report_put(o, "interfaces",
	           report_strings(w, c->interfaces, c->n_interfaces));
	report_put(o, "received", report_number(c->received));
	report_put(o, "dropped", report_number(c->dropped));
	report_put(o, "interface_dropped", report_number(c->interface_dropped));
	report_put(o, "window", window);
	report_put(o, "selftest_before", json_boolean(c->selftest_before));
	report_put(o, "selftest_after", json_boolean(c->selftest_after));
	report_put(o, "interface_missed", json_boolean(c->interface_missed));
	report_put(o, "attested", attested);
	report_put(o, "truncated", report_number(c->truncated));
	report_put(o, "undecodable", report_number(c->undecodable));
	report_put(o, "undecodable_out", report_number(c->undecodable_out));
	report_put(o, "flows_left_out", report_number(c->flows_left_out));
	report_put(o, "flows_listed", report_number(w->facts->n_flows));
	report_put(o, "packets_listed",
	           report_number(report_listed_packets(w->facts)));
	report_put(o, "evidence_left_out", report_number(c->evidence_left_out));
	report_put(o, "evidence", report_string(w, c->evidence));
	put_ledger(w, o, c);
	put_sources(w, o, c);
	return o;
}

static json_t *elsewhere(struct writer *w, const struct vp_command_facts *c)
{
	json_t *array = report_must(json_array()), *o;

	for (size_t i = 0; i < c->n_elsewhere; i++) {
		const struct vp_elsewhere *e = &c->elsewhere[i];

		o = report_must(json_object());
		report_put(o, "proto", report_protocol(e->proto));
		report_put(o, "remote", report_endpoint(&e->remote));
		report_put(o, "process", report_string(w, e->process));
		report_append(array, o);
	}
	return array;
}

/* The command of `watch -- CMD`. */
json_t *report_watched(struct writer *w)
{
	const struct vp_command_facts *c = &w->facts->command;
	json_t *o = report_must(json_object());

	report_put(o, "argv", report_strings(w, c->argv, c->n_argv));
	report_put(o, "started", json_boolean(c->started));
	report_put_string(w, o, "why", c->why);
	report_put(o, "exit_status", json_integer(c->exit_status));
	report_put(o, "signal", json_integer(c->signal));
	report_put(o, "by_cgroup", json_boolean(c->by_cgroup));
	report_put(o, "left_running", report_number(c->left_running));
	if (c->n_elsewhere > 0)
		report_put(o, "elsewhere", elsewhere(w, c));
	if (c->elsewhere_left_out > 0)
		report_put(o, "elsewhere_left_out",
		           report_number(c->elsewhere_left_out));
	if (c->n_entered > 0)
		report_put(o, "entered",
		           report_strings(w, c->entered, c->n_entered));
	return o;
}

json_t *report_tags_file(struct writer *w)
{
	const struct vp_tags_facts *t = &w->facts->policy.tags;
	json_t *o = report_must(json_object());

	report_put(o, "file", report_string(w, t->file));
	report_put(o, "cloud", report_string(w, t->cloud));
	report_put(o, "change_number", report_number(t->change_number));
	report_put(o, "dated", report_moment(t->dated_us));
	report_put(o, "tags", report_number(t->n_tags));
	report_put(o, "prefixes", report_number(t->n_prefixes));
	return o;
}
