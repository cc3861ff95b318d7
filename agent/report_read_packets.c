/* report_read_packets.c - flows, capture, and what told of them, from JSON. */
#include "report_reader.h"

#include <string.h>

#include "report_private.h"

struct vp_prefix report_read_prefix(struct fields *r, const char *key,
                                    const char *s)
{
	struct vp_prefix p = { 0 };

	if (s != NULL && vp_prefix_parse(&p, s) != 0)
		fields_fail(r, key, "\"%.60s\" is no prefix", s);
	return p;
}

/* Reports of before knew no ages: what was bound was taken to be current. */
static void read_name_ages(struct fields *r, const json_t *o, struct vp_flow *f)
{
	const json_t *current = fields_array(r, o, "names_current");
	const json_t *answered = fields_array(r, o, "names_answered");
	const json_t *ttl = fields_array(r, o, "names_ttl");

	if (r->failed)
		return;
	if (json_array_size(current) != f->n_names ||
	    json_array_size(answered) != f->n_names ||
	    json_array_size(ttl) != f->n_names) {
		fields_fail(r, "names_current", "is not as long as names");
		return;
	}
	for (size_t i = 0; i < f->n_names; i++) {
		struct vp_flow_name *name = &f->names[i];
		const json_t *when = json_array_get(answered, i);
		json_int_t n = json_integer_value(json_array_get(ttl, i));

		name->current =
			name->bound && json_is_true(json_array_get(current, i));
		if (json_is_string(when) &&
		    report_time_parse(&name->answered_us,
		                      json_string_value(when)) != 0)
			fields_fail(r, "names_answered", "holds no time");
		if (n < 0 || n > UINT32_MAX)
			fields_fail(r, "names_ttl", "holds no TTL");
		name->ttl = (uint32_t)n;
	}
}

static void read_foreign(struct fields *r, const json_t *o, struct vp_flow *f)
{
	const json_t *foreign = fields_array(r, o, "names_foreign");

	if (r->failed)
		return;
	if (json_array_size(foreign) != f->n_names) {
		fields_fail(r, "names_foreign", "is not as long as names");
		return;
	}
	for (size_t i = 0; i < f->n_names; i++)
		f->names[i].foreign = f->names[i].current &&
		                      json_is_true(json_array_get(foreign, i));
}

static void read_flow_names(struct fields *r, const json_t *o,
                            struct vp_flow *f)
{
	const json_t *bound = fields_array(r, o, "names_bound");
	size_t n;
	char **names = fields_texts(r, o, "names", &n);

	if (bound == NULL || r->failed)
		return;
	if (json_array_size(bound) != n)
		fields_fail(r, "names_bound", "is not as long as names");
	for (size_t i = 0; i < n && !r->failed; i++) {
		const json_t *b = json_array_get(bound, i);
		struct vp_flow_name *name =
			VP_PUSH(r->arena, f->names, f->n_names);

		if (!json_is_boolean(b))
			fields_fail(r, "names_bound", "expected true or false");
		name->name = names[i];
		name->bound = name->current = json_is_true(b);
	}
	if (fields_has(o, "names_current"))
		read_name_ages(r, o, f);
	if (fields_has(o, "names_foreign"))
		read_foreign(r, o, f);
	f->sni = fields_text(r, o, "sni");
	f->sni_bound = fields_boolean(r, o, "sni_bound");
	f->questions = fields_texts(r, o, "questions", &f->n_questions);
	f->names_left_out = (size_t)fields_count(r, o, "names_left_out");
	f->questions_left_out =
		(size_t)fields_count(r, o, "questions_left_out");
}

static enum vp_direction direction(struct fields *r, const json_t *o)
{
	const char *s = fields_raw(r, o, "direction");

	if (s == NULL || strcmp(s, "unknown") == 0)
		return VP_DIRECTION_UNKNOWN;
	if (strcmp(s, "out") == 0)
		return VP_DIRECTION_OUT;
	if (strcmp(s, "in") == 0)
		return VP_DIRECTION_IN;
	fields_fail(r, "direction", "\"%.40s\" is not in, out or unknown", s);
	return VP_DIRECTION_UNKNOWN;
}

/* Text that may be absent. */
static char *text_if(struct fields *r, const json_t *o, const char *key)
{
	return fields_has(o, key) ? fields_text(r, o, key) : NULL;
}

static uint64_t count_if(struct fields *r, const json_t *o, const char *key)
{
	return fields_has(o, key) ? fields_count(r, o, key) : 0;
}

static uint32_t u32_if(struct fields *r, const json_t *o, const char *key,
                       uint32_t otherwise)
{
	return fields_has(o, key)
	               ? (uint32_t)fields_number(r, o, key, UINT32_MAX)
	               : otherwise;
}

static void read_claims(struct fields *r, const json_t *o, struct vp_flow *f)
{
	if (fields_has(o, "sni_from"))
		FIELDS_WORD(r, o, "sni_from", vp_name_source_parse,
		            &f->sni_from);
	f->ech = fields_flag(r, o, "ech");
	f->http_host = text_if(r, o, "http_host");
	f->http_connect = text_if(r, o, "http_connect");
	if (fields_has(o, "origin"))
		FIELDS_WORD(r, o, "origin", vp_origin_parse, &f->origin);
	f->never_left = fields_flag(r, o, "never_left");
	if (fields_has(o, "translated_from"))
		f->translated_from = fields_endpoint(r, o, "translated_from");
	f->tunnel = text_if(r, o, "tunnel");
	if (fields_has(o, "tunnel_peer"))
		f->tunnel_peer = fields_endpoint(r, o, "tunnel_peer");
	f->flows = count_if(r, o, "flows");
}

static void read_owner(struct fields *r, const json_t *parent,
                       struct vp_flow *f)
{
	const json_t *o = fields_object(r, parent, "owner");
	size_t before = fields_enter(r, "owner");
	struct vp_owner *own;

	if (o != NULL) {
		own = vp_arena_alloc(r->arena, sizeof(*own));
		FIELDS_WORD(r, o, "how", vp_owner_how_parse, &own->how);
		own->pid = u32_if(r, o, "pid", 0);
		own->uid = u32_if(r, o, "uid", VP_NO_UID);
		own->user = text_if(r, o, "user");
		own->executable = text_if(r, o, "executable");
		own->cgroup = text_if(r, o, "cgroup");
		own->container = text_if(r, o, "container");
		own->cgroup_id = count_if(r, o, "cgroup_id");
		f->owner = own;
	}
	fields_leave(r, before);
}

static void read_flow_tag(struct fields *r, const json_t *o, void *arg)
{
	struct vp_flow *f = arg;
	struct vp_flow_tag *tag = VP_PUSH(r->arena, f->tags, f->n_tags);

	tag->name = fields_text(r, o, "name");
	tag->prefix =
		report_read_prefix(r, "prefix", fields_raw(r, o, "prefix"));
}

static void read_flow_evidence(struct fields *r, const json_t *parent,
                               struct vp_flow *f)
{
	const json_t *o = fields_object(r, parent, "evidence");
	size_t before = fields_enter(r, "evidence");

	if (o != NULL) {
		f->evidence_packets = fields_count(r, o, "packets");
		f->evidence_first = fields_count(r, o, "first");
		f->evidence_last = fields_count(r, o, "last");
	}
	fields_leave(r, before);
}

static void read_who(struct fields *r, const json_t *o, struct vp_flow *f)
{
	if (fields_has(o, "owner"))
		read_owner(r, o, f);
	f->n_owners = u32_if(r, o, "owners", f->owner != NULL);
	f->of_command = fields_flag(r, o, "of_command");
	f->of_others = fields_has(o, "of_command") && !f->of_command;
	if (fields_has(o, "service_tags"))
		fields_each(r, o, "service_tags", read_flow_tag, f);
	f->gap_bytes = count_if(r, o, "gap_bytes");
	if (fields_has(o, "evidence"))
		read_flow_evidence(r, o, f);
}

void report_read_flow(struct fields *r, const json_t *o, void *arg)
{
	struct vp_facts *facts = arg;
	struct vp_flow *f = VP_PUSH(r->arena, facts->flows, facts->n_flows);

	f->proto = fields_protocol(r, o, "proto");
	f->local = fields_endpoint(r, o, "local");
	f->remote = fields_endpoint(r, o, "remote");
	if (f->remote.addr.family == 0)
		fields_fail(r, "remote", "is missing");
	f->interface = fields_text(r, o, "interface");
	f->direction = direction(r, o);
	f->own = fields_boolean(r, o, "own");
	read_flow_names(r, o, f);
	f->process = fields_text(r, o, "process");
	f->packets_out = fields_count(r, o, "packets_out");
	f->bytes_out = fields_count(r, o, "bytes_out");
	f->packets_in = fields_count(r, o, "packets_in");
	f->bytes_in = fields_count(r, o, "bytes_in");
	f->first_us = fields_moment(r, o, "first");
	f->last_us = fields_moment(r, o, "last");
	FIELDS_WORD(r, o, "state", vp_flow_state_parse, &f->state);
	read_claims(r, o, f);
	read_who(r, o, f);
}

static void read_unseen(struct fields *r, const json_t *o, void *arg)
{
	struct vp_capture_facts *c = arg;
	struct vp_unseen *u = VP_PUSH(r->arena, c->unseen, c->n_unseen);

	u->proto = fields_protocol(r, o, "proto");
	u->local = fields_endpoint(r, o, "local");
	u->remote = fields_endpoint(r, o, "remote");
	u->what = fields_text(r, o, "what");
}

static void read_attested(struct fields *r, const json_t *o,
                          struct vp_capture_facts *c)
{
	const json_t *a = fields_object(r, o, "attested");
	const json_t *w = fields_object(r, o, "window");
	size_t before = fields_enter(r, "attested");

	if (a != NULL) {
		c->attested_expected = fields_count(r, a, "expected");
		c->attested_seen = fields_count(r, a, "seen");
		fields_each(r, a, "unseen", read_unseen, c);
		if (c->attested_seen > c->attested_expected)
			fields_fail(r, "seen", "is more than expected");
	}
	fields_leave(r, before);
	before = fields_enter(r, "window");
	if (w != NULL) {
		c->armed_us = fields_moment(r, w, "armed");
		c->drained_us = fields_moment(r, w, "drained");
	}
	fields_leave(r, before);
}

static void read_loss(struct fields *r, const json_t *o, void *arg)
{
	struct vp_capture_facts *c = arg;
	struct vp_loss *l = VP_PUSH(r->arena, c->losses, c->n_losses);

	l->from_us = fields_moment(r, o, "from");
	l->to_us = fields_moment(r, o, "to");
	l->received = fields_count(r, o, "received");
	l->dropped = fields_count(r, o, "dropped");
	l->interface_dropped = fields_count(r, o, "interface_dropped");
}

static void read_undecoded(struct fields *r, const json_t *o, void *arg)
{
	struct vp_capture_facts *c = arg;
	struct vp_undecoded *u =
		VP_PUSH(r->arena, c->undecoded, c->n_undecoded);

	u->reason = fields_text(r, o, "reason");
	u->frames = fields_count(r, o, "frames");
	u->frames_out = fields_count(r, o, "frames_out");
}

static void read_ledger(struct fields *r, const json_t *o,
                        struct vp_capture_facts *c)
{
	if (fields_has(o, "losses"))
		fields_each(r, o, "losses", read_loss, c);
	c->losses_left_out = (size_t)count_if(r, o, "losses_left_out");
	if (fields_has(o, "undecoded"))
		fields_each(r, o, "undecoded", read_undecoded, c);
	c->names_left_out = count_if(r, o, "names_left_out");
	c->gap_flows = count_if(r, o, "gap_flows");
	c->gap_bytes = count_if(r, o, "gap_bytes");
}

static void read_sources(struct fields *r, const json_t *o,
                         struct vp_capture_facts *c)
{
	c->evidence_packets = count_if(r, o, "evidence_packets");
	c->evidence_bytes = count_if(r, o, "evidence_bytes");
	c->evidence_ring = fields_flag(r, o, "evidence_ring");
	c->evidence_sha256 = text_if(r, o, "evidence_sha256");
	c->all_interfaces = fields_flag(r, o, "all_interfaces");
	c->file = text_if(r, o, "file");
	c->file_cut = text_if(r, o, "file_cut");
	c->claimed_flows = count_if(r, o, "claimed_flows");
	c->owners = text_if(r, o, "owners");
	c->owners_why = text_if(r, o, "owners_why");
	c->owners_lost = count_if(r, o, "owners_lost");
}

void report_read_capture(struct fields *r, const json_t *parent)
{
	struct vp_capture_facts *c = &r->f->capture;
	const json_t *o = fields_object(r, parent, "capture");
	size_t before = fields_enter(r, "capture");

	if (o != NULL) {
		c->wanted = fields_boolean(r, o, "wanted");
		FIELDS_WORD(r, o, "state", vp_capture_state_parse, &c->state);
		c->reason = fields_text(r, o, "reason");
		c->remedy = fields_text(r, o, "remedy");
		c->interfaces =
			fields_texts(r, o, "interfaces", &c->n_interfaces);
		c->received = fields_count(r, o, "received");
		c->dropped = fields_count(r, o, "dropped");
		c->interface_dropped = fields_count(r, o, "interface_dropped");
		c->selftest_before = fields_boolean(r, o, "selftest_before");
		c->selftest_after = fields_boolean(r, o, "selftest_after");
		c->interface_missed = fields_boolean(r, o, "interface_missed");
		read_attested(r, o, c);
		c->truncated = fields_count(r, o, "truncated");
		c->undecodable = fields_count(r, o, "undecodable");
		c->undecodable_out = fields_count(r, o, "undecodable_out");
		c->flows_left_out = fields_count(r, o, "flows_left_out");
		c->evidence_left_out = fields_count(r, o, "evidence_left_out");
		c->evidence = fields_text(r, o, "evidence");
		read_ledger(r, o, c);
		read_sources(r, o, c);
	}
	fields_leave(r, before);
}

static void read_elsewhere(struct fields *r, const json_t *o, void *arg)
{
	struct vp_command_facts *c = arg;
	struct vp_elsewhere *e =
		VP_PUSH(r->arena, c->elsewhere, c->n_elsewhere);

	e->proto = fields_protocol(r, o, "proto");
	e->remote = fields_endpoint(r, o, "remote");
	e->process = fields_text(r, o, "process");
}

void report_read_watched(struct fields *r, const json_t *parent)
{
	struct vp_command_facts *c = &r->f->command;
	const json_t *o;
	size_t before;

	if (!fields_has(parent, "watched"))
		return;
	o = fields_object(r, parent, "watched");
	before = fields_enter(r, "watched");
	if (o != NULL) {
		c->argv = fields_texts(r, o, "argv", &c->n_argv);
		c->started = fields_boolean(r, o, "started");
		c->why = text_if(r, o, "why");
		c->exit_status = fields_integer(r, o, "exit_status", -1, 255);
		c->signal = fields_integer(r, o, "signal", 0, 255);
		c->by_cgroup = fields_boolean(r, o, "by_cgroup");
		c->left_running = fields_count(r, o, "left_running");
		if (fields_has(o, "elsewhere"))
			fields_each(r, o, "elsewhere", read_elsewhere, c);
		c->elsewhere_left_out =
			(size_t)count_if(r, o, "elsewhere_left_out");
		if (fields_has(o, "entered"))
			c->entered =
				fields_texts(r, o, "entered", &c->n_entered);
	}
	fields_leave(r, before);
}

void report_read_tags_file(struct fields *r, const json_t *parent)
{
	struct vp_tags_facts *t = &r->f->policy.tags;
	const json_t *o = fields_object(r, parent, "service_tags");
	size_t before = fields_enter(r, "service_tags");

	if (o != NULL) {
		t->file = fields_text(r, o, "file");
		t->cloud = fields_text(r, o, "cloud");
		t->change_number = fields_count(r, o, "change_number");
		t->dated_us = fields_moment(r, o, "dated");
		t->n_tags = fields_count(r, o, "tags");
		t->n_prefixes = fields_count(r, o, "prefixes");
	}
	fields_leave(r, before);
}
