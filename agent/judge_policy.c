/*
 * judge_policy.c - allow rules, and the required public traffic.
 *
 * Both excuse, so both take only what is proven. A name counts if an answer
 * seen on the wire bound it to the address and had not run out, and if the
 * sender did not name another one: front ends are shared, and behind one
 * address there is more than the name that was asked for. An address counts
 * for what its service tag says, by the file that the facts name.
 */
#include "judge_policy.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "catalogue.h"
#include "name_match.h"

/* The official file appears weekly, and new ranges are in use a week later. */
#define TAGS_OLD_DAYS 45
#define DAY_US (INT64_C(86400) * 1000000)

/* --- what is known of a flow ---------------------------------------------- */

/* "host", "host:port" of an HTTP request; a final dot does not matter. */
static bool is_host(const char *claimed, const char *name)
{
	size_t n = strcspn(claimed, ":");

	if (n > 0 && claimed[n - 1] == '.')
		n--;
	return strlen(name) == n && strncasecmp(claimed, name, n) == 0;
}

/* Containers have resolvers of their own, which are not known here. */
bool judge_is_foreign(const struct vp_flow *f, const struct vp_flow_name *name)
{
	return name->foreign && f->origin != VP_ORIGIN_NAMESPACE;
}

bool judge_name_explains(const struct vp_flow *f,
                         const struct vp_flow_name *name)
{
	if (name->name == NULL || !name->bound || !name->current ||
	    judge_is_foreign(f, name))
		return false;
	if (f->sni != NULL &&
	    (!f->sni_bound || strcasecmp(f->sni, name->name) != 0))
		return false;
	return f->http_host == NULL || is_host(f->http_host, name->name);
}

static bool is_target(const struct vp_facts *facts, const char *name)
{
	for (size_t i = 0; i < facts->n_targets; i++) {
		if (strcasecmp(facts->targets[i].name->name, name) == 0)
			return true;
	}
	return false;
}

static bool should_be_private(const struct vp_facts *facts, const char *name)
{
	const struct vp_catalogue_suffix *row = vp_catalogue_find(name);
	const struct vp_catalogue_scenario *sc = NULL;
	enum vp_expect expect;

	if (row == NULL || (row->zone == NULL && row->group_id == NULL) ||
	    is_target(facts, name))
		return false;
	if (facts->scenario != NULL)
		sc = vp_catalogue_scenario(facts->scenario);
	if (sc == NULL)
		sc = vp_catalogue_scenario("secured");
	expect =
		vp_catalogue_expects(sc, vp_catalogue_class(row->kind))->expect;
	return expect == VP_EXPECT_PRIVATE ||
	       expect == VP_EXPECT_SERVICE_ENDPOINT;
}

const char *judge_private_name(const struct vp_facts *facts,
                               const struct vp_flow *f)
{
	if (f->sni != NULL && should_be_private(facts, f->sni))
		return f->sni;
	if (f->sni != NULL && f->sni_bound && !f->ech)
		return NULL; /* it is known which one was meant */
	for (size_t i = 0; i < f->n_names; i++) {
		if (f->names[i].name != NULL && f->names[i].bound &&
		    should_be_private(facts, f->names[i].name))
			return f->names[i].name;
	}
	return NULL;
}

uint16_t judge_service_port(const struct vp_flow *f)
{
	return f->direction == VP_DIRECTION_IN ? f->local.port : f->remote.port;
}

static const char *explaining_name(const struct vp_flow *f, const char *pattern)
{
	for (size_t i = 0; i < f->n_names; i++) {
		if (judge_name_explains(f, &f->names[i]) &&
		    vp_name_fits(f->names[i].name, pattern, ""))
			return f->names[i].name;
	}
	return NULL;
}

static const struct vp_flow_tag *tag_of(const struct vp_flow *f,
                                        const char *name)
{
	for (size_t i = 0; i < f->n_tags; i++) {
		if (strcasecmp(f->tags[i].name, name) == 0)
			return &f->tags[i];
	}
	return NULL;
}

bool judge_name_may_be_cut(const struct vp_facts *facts,
                           const struct vp_flow *f)
{
	const struct vp_capture_facts *c = &facts->capture;

	return facts->mode == VP_MODE_ANALYZE &&
	       (c->truncated > 0 || c->names_left_out > 0) && f->sni == NULL &&
	       f->http_host == NULL && f->n_names == 0;
}

const char *judge_process_name(const struct vp_flow *f)
{
	const char *path = f->owner != NULL ? f->owner->executable : NULL;
	const char *base = path != NULL ? strrchr(path, '/') : NULL;

	if (path == NULL)
		return f->process;
	return base != NULL ? base + 1 : path;
}

/* With a slash its executable, else that one's name: the short name is what the
 * process says of itself, and counts only where nothing else is known. The
 * owner is the first of several: then it is not known who sent what. */
static bool process_fits(const struct vp_flow *f, const char *process)
{
	const char *path = f->owner != NULL ? f->owner->executable : NULL;
	const char *name = judge_process_name(f);

	if (f->n_owners > 1)
		return false;
	if (strchr(process, '/') != NULL)
		return path != NULL && strcmp(path, process) == 0;
	return name != NULL && strcmp(name, process) == 0;
}

/* --- allow rules ---------------------------------------------------------- */

struct match { /* what of a flow a rule matched */
	const char *name;
	const struct vp_flow_tag *tag;
};

static bool rule_fits(const struct vp_allow_rule *r, const struct vp_flow *f,
                      struct match *m)
{
	bool prefix = r->prefix.addr.family != 0;

	*m = (struct match){ 0 };
	if (r->name == NULL && !prefix && r->port == 0 && r->process == NULL &&
	    r->service_tag == NULL)
		return false; /* an empty rule allows nothing */
	if (r->port != 0 && r->port != judge_service_port(f))
		return false;
	if (prefix && !vp_prefix_contains(&r->prefix, &f->remote.addr))
		return false;
	if (r->process != NULL && !process_fits(f, r->process))
		return false;
	if (r->service_tag != NULL) {
		m->tag = tag_of(f, r->service_tag);
		if (m->tag == NULL)
			return false;
	}
	if (r->name != NULL)
		m->name = explaining_name(f, r->name);
	return r->name == NULL || m->name != NULL;
}

static const char *date_text(struct judge *j)
{
	const struct vp_tags_facts *t = &j->facts->policy.tags;
	time_t s = (time_t)(t->dated_us / 1000000);
	char buf[32];
	struct tm tm;

	if (t->dated_us <= 0 || gmtime_r(&s, &tm) == NULL)
		return "unknown date";
	strftime(buf, sizeof(buf), "%Y-%m-%d", &tm);
	return vp_arena_strdup(j->arena, buf);
}

/* "service tag Storage.EastUS2, 20.60.0.0/16, file of 2025-11-17" */
static const char *tag_text(struct judge *j, const struct vp_flow_tag *tag)
{
	char prefix[VP_PREFIX_TEXT];

	return vp_arena_printf(
		j->arena, "service tag %s, %s, file of %s", tag->name,
		vp_prefix_format(&tag->prefix, prefix), date_text(j));
}

static const char *name_text(struct judge *j, const struct vp_flow *f,
                             const char *name)
{
	bool foreign = false;

	for (size_t i = 0; i < f->n_names; i++)
		foreign |= f->names[i].foreign && f->names[i].name == name;
	return vp_arena_printf(
		j->arena, "name %s%s%s", name,
		foreign ? ", by a server that is no resolver of this machine"
			: "",
		f->ech ? ", which may be only ECH's outer one" : "");
}

static const char *match_text(struct judge *j, const struct vp_flow *f,
                              const struct vp_allow_rule *r,
                              const struct match *m)
{
	char prefix[VP_PREFIX_TEXT];
	const char *text = "";

#define PART(part)                                                             \
	text = vp_arena_printf(j->arena, "%s%s%s", text,                       \
	                       *text == '\0' ? "" : "; ", (part))
	if (m->tag != NULL)
		PART(tag_text(j, m->tag));
	if (m->name != NULL)
		PART(name_text(j, f, m->name));
	if (r->prefix.addr.family != 0)
		PART(vp_arena_printf(j->arena, "prefix %s",
		                     vp_prefix_format(&r->prefix, prefix)));
	if (r->port != 0)
		PART(vp_arena_printf(j->arena, "port %u", r->port));
	if (r->process != NULL)
		PART(vp_arena_printf(
			j->arena, "process %s%s", r->process,
			f->owner != NULL && f->owner->executable != NULL
				? ""
				: ", which is only what it calls itself"));
#undef PART
	return text;
}

const char *judge_allowed(struct judge *j, const struct vp_flow *f)
{
	const struct vp_policy *p = &j->facts->policy;
	struct match m;

	for (size_t i = 0; i < p->n_allow; i++) {
		const struct vp_allow_rule *r = &p->allow[i];

		if (!rule_fits(r, f, &m))
			continue;
		return vp_arena_printf(j->arena, "allow rule %zu (%s): %s",
		                       i + 1, match_text(j, f, r, &m),
		                       r->reason != NULL ? r->reason
		                                         : "no reason given");
	}
	return NULL;
}

/* --- required public traffic ---------------------------------------------- */

static const char *cloud_of(const struct judge *j)
{
	return j->facts->cloud != NULL ? j->facts->cloud : "public";
}

static unsigned traffic_of(const struct judge *j)
{
	const char *name = j->facts->scenario;
	const struct vp_catalogue_scenario *scenario =
		name != NULL ? vp_catalogue_scenario(name) : NULL;

	return scenario != NULL ? scenario->traffic : VP_TRAFFIC_ALWAYS;
}

#define OF_BATCH "egress-somebodys-batch"
#define OF_STORAGE "egress-somebodys-storage"

static void set_somebodys(struct vp_flow_judgement *out, const char *name,
                          const char *id)
{
	out->somebodys = name;
	out->told_by = name != NULL ? id : NULL;
}

/* A row that anybody's resource fits says of no flow whose that is. */
static const char *required_text(struct judge *j, const char *why,
                                 const char *by, const char *source,
                                 const struct vp_flow_judgement *out)
{
	bool open = out->told_by != NULL && strcmp(out->told_by, OF_BATCH) == 0;

	return vp_arena_printf(j->arena, "public by design: %s%s (%s; %s)", why,
	                       open ? ", or anybody's in this region" : "", by,
	                       source);
}

const char *judge_required_name(struct judge *j, const struct vp_flow *f,
                                struct vp_flow_judgement *out)
{
	const struct vp_catalogue_required *row;

	set_somebodys(out, NULL, NULL);
	if (f->direction == VP_DIRECTION_IN)
		return NULL;
	for (size_t i = 0; i < f->n_names; i++) {
		if (!judge_name_explains(f, &f->names[i]))
			continue;
		row = vp_catalogue_required(cloud_of(j), j->facts->region,
		                            traffic_of(j), f->names[i].name,
		                            f->proto, f->remote.port);
		if (row == NULL)
			continue;
		if (row->somebodys)
			set_somebodys(out, f->names[i].name, OF_BATCH);
		return required_text(j, row->why,
		                     name_text(j, f, f->names[i].name),
		                     row->source, out);
	}
	return NULL;
}

/* The length of the account's name in "ACCOUNT.blob.core...", and in
 * "ACCOUNT-secondary.blob.core...". */
static size_t account_length(const char *name)
{
	static const char second[] = "-secondary";
	size_t n = strcspn(name, "."), s = sizeof(second) - 1;

	return n > s && strncasecmp(name + n - s, second, s) == 0 ? n - s : n;
}

/* An account that has to be private is no stranger's by its other services. */
static bool is_private_account(const struct judge *j, const char *name)
{
	size_t n = account_length(name);

	for (size_t i = 0; i < j->facts->n_targets; i++) {
		const struct vp_target *t = &j->facts->targets[i];

		if (t->expect == VP_EXPECT_PRIVATE && t->kind >= VP_KIND_BLOB &&
		    t->kind <= VP_KIND_WEB &&
		    account_length(t->name->name) == n &&
		    strncasecmp(t->name->name, name, n) == 0)
			return true;
	}
	return false;
}

/* The name of an account that may be Batch's: NULL where none explains the
 * flow, or one is an account of ours. */
static const char *strangers_account(const struct judge *j,
                                     const struct vp_flow *f,
                                     const char *pattern)
{
	const char *found = NULL;

	for (size_t i = 0; i < f->n_names; i++) {
		const char *name = f->names[i].name;

		if (!judge_name_explains(f, &f->names[i]) ||
		    !vp_name_fits(name, pattern, ""))
			continue;
		if (is_private_account(j, name))
			return NULL;
		if (found == NULL || strcasestr(found, ".privatelink.") != NULL)
			found = name;
	}
	return found;
}

static bool is_resource(const char *name)
{
	return name != NULL && (vp_catalogue_find(name) != NULL ||
	                        strcasestr(name, ".privatelink.") != NULL ||
	                        strcasestr(name, ".workspace.") != NULL);
}

/* Somebody's own resource is behind one of its names: an alias of it, of which
 * the catalogue has no suffix, says less than the name that was asked for. */
static bool is_resources(const struct vp_flow *f)
{
	for (size_t i = 0; i < f->n_names; i++) {
		if (f->names[i].bound && is_resource(f->names[i].name))
			return true;
	}
	return is_resource(f->sni);
}

/* What the flow is known by, proven or claimed. */
static const char *known_by(struct judge *j, const struct vp_flow *f)
{
	return f->sni != NULL         ? f->sni
	       : f->http_host != NULL ? f->http_host
	       : f->n_names > 0 && f->names[0].name != NULL
	               ? f->names[0].name
	               : judge_addr_text(j, &f->remote.addr);
}

/* A row that wants a name beside the tag: see catalogue_public.c. */
static bool row_name_fits(struct judge *j,
                          const struct vp_catalogue_tagged *row,
                          const struct vp_flow *f,
                          struct vp_flow_judgement *out)
{
	if (row->name == NULL) {
		if (row->somebodys)
			set_somebodys(out, known_by(j, f), OF_BATCH);
		return true;
	}
	if (!row->somebodys)
		return explaining_name(f, row->name) != NULL &&
		       !is_resources(f);
	set_somebodys(out, strangers_account(j, f, row->name), OF_STORAGE);
	return out->somebodys != NULL;
}

static const char *required_by_tag(struct judge *j, const struct vp_flow *f,
                                   struct vp_flow_judgement *out)
{
	struct vp_catalogue_traffic t = {
		.traffic = traffic_of(j),
		.region = j->facts->region,
		.proto = f->proto,
		.port = judge_service_port(f),
		.inbound = f->direction == VP_DIRECTION_IN,
	};
	const struct vp_catalogue_tagged *row;
	size_t n;

	for (size_t i = 0; i < f->n_tags; i++) {
		const struct vp_catalogue_tagged *all = vp_catalogue_tagged(&n);

		for (row = all; row < all + n; row++) {
			if (!vp_catalogue_tag_fits(row, &t, f->tags[i].name) ||
			    !row_name_fits(j, row, f, out))
				continue;
			return required_text(j, row->why,
			                     tag_text(j, &f->tags[i]),
			                     row->source, out);
		}
	}
	return NULL;
}

const char *judge_required(struct judge *j, const struct vp_flow *f,
                           struct vp_flow_judgement *out)
{
	const char *rule = judge_required_name(j, f, out);

	return rule != NULL ? rule : required_by_tag(j, f, out);
}

const struct vp_catalogue_required *
judge_required_target(const struct judge *j, const struct vp_target *t)
{
	if (t->expect == VP_EXPECT_PRIVATE)
		return NULL;
	return vp_catalogue_required(cloud_of(j), j->facts->region,
	                             traffic_of(j), t->name->name, IPPROTO_TCP,
	                             t->port);
}

const struct vp_catalogue_closed *judge_closed(const struct judge *j,
                                               const struct vp_flow *f)
{
	if (f->direction != VP_DIRECTION_IN || f->packets_out == 0 ||
	    f->state != VP_FLOW_ESTABLISHED)
		return NULL;
	return vp_catalogue_closed(traffic_of(j));
}

bool judge_peer_unknown(const struct judge *j, const struct vp_flow *f)
{
	const struct vp_catalogue_tagged *rows;
	size_t n;

	if (f->direction != VP_DIRECTION_IN ||
	    j->facts->policy.tags.file != NULL)
		return false;
	rows = vp_catalogue_tagged(&n);
	for (size_t i = 0; i < n; i++) {
		if (rows[i].inbound && (rows[i].traffic & traffic_of(j)) != 0 &&
		    rows[i].proto == f->proto &&
		    rows[i].port == judge_service_port(f))
			return true;
	}
	return false;
}

/* --- the file's age ------------------------------------------------------- */

void judge_tags(struct judge *j)
{
	const struct vp_tags_facts *t = &j->facts->policy.tags;
	int64_t age = j->facts->started_us - t->dated_us;
	struct judge_draft *d;
	bool shown = false;

	for (size_t i = 0; i < j->facts->n_flows && !shown; i++)
		shown = j->facts->flows[i].n_tags > 0;
	if (!shown || (t->dated_us > 0 && age <= TAGS_OLD_DAYS * DAY_US))
		return;
	d = judge_add(j, "tags-old", NULL);
	d->detail = t->dated_us > 0
	                    ? "The file of service tags is of {what}."
	                    : "Of when the file of service tags is, is not "
	                      "known.";
	d->words.what = t->dated_us <= 0
	                        ? NULL
	                        : vp_arena_printf(j->arena,
	                                          "%s, %lld days before the "
	                                          "run",
	                                          date_text(j),
	                                          (long long)(age / DAY_US));
	if (t->file != NULL)
		judge_evidence(j, d, t->file);
}
