/*
 * judge.c - facts to findings, findings to a verdict.
 *
 * The four parts (names, reach, flows, trust) write drafts; here the drafts
 * are finished: braces filled in, evidence capped, worst first. The order of
 * findings depends on the facts alone, so the same facts give the same report
 * byte by byte.
 */
#include "judge.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalogue.h"
#include "judge_private.h"
#include "name_match.h"

/* While this process stood still, answers in time looked late: silence then
 * proves nothing. */
static enum vp_severity severity_of(const struct vp_facts *f,
                                    const struct vp_finding_type *type)
{
	static const char *const silences[] = { "dns-timeout",
		                                "dns-tcp-blocked",
		                                "tcp-timeout", "tls-silent",
		                                "http-silent" };

	if (f->stalled_us == 0)
		return type->severity;
	for (size_t i = 0; i < sizeof(silences) / sizeof(silences[0]); i++)
		if (strcmp(type->id, silences[i]) == 0)
			return VP_SEVERITY_UNPROVEN;
	return type->severity;
}

struct judge_draft *judge_add(struct judge *j, const char *id,
                              const char *target)
{
	struct judge_draft *d = VP_PUSH(j->arena, j->drafts, j->n_drafts);

	d->f.type = vp_finding_type(id);
	d->f.severity = severity_of(j->facts, d->f.type);
	d->f.title = d->f.type->title;
	d->f.target = target;
	d->sequence = j->n_drafts;
	return d;
}

struct judge_draft *judge_find(struct judge *j, size_t from, const char *id)
{
	for (size_t i = from; i < j->n_drafts; i++) {
		if (strcmp(j->drafts[i].f.type->id, id) == 0)
			return &j->drafts[i];
	}
	return NULL;
}

struct judge_draft *judge_get(struct judge *j, size_t from, const char *id,
                              const char *target)
{
	struct judge_draft *d;

	for (size_t i = from; i < j->n_drafts; i++) {
		d = &j->drafts[i];
		if (strcmp(d->f.type->id, id) == 0 && d->f.target != NULL &&
		    target != NULL && strcmp(d->f.target, target) == 0)
			return d;
	}
	return judge_add(j, id, target);
}

void judge_evidence(struct judge *j, struct judge_draft *d, const char *line)
{
	if (d->n_lines == JUDGE_EVIDENCE_MAX) {
		d->n_more++;
		return;
	}
	*VP_PUSH(j->arena, d->lines, d->n_lines) = line;
}

void judge_worse(enum judge_state *state, enum judge_state by)
{
	if (by > *state)
		*state = by;
}

static const char *word_of(const struct judge_words *w, const char *key,
                           size_t len)
{
#define X(word)                                                                \
	if (strlen(#word) == len && memcmp(#word, key, len) == 0)              \
		return w->word != NULL ? w->word : "";
	JUDGE_WORDS(X)
#undef X
	return NULL;
}

/* Room for text after all words are put in: each is measured. */
static size_t filled_size(const char *text, const struct judge_words *w)
{
	size_t size = strlen(text) + 1;

	for (const char *p = strchr(text, '{'); p != NULL;
	     p = strchr(p + 1, '{')) {
		const char *end = strchr(p, '}');
		const char *word;

		if (end == NULL)
			break;
		word = word_of(w, p + 1, (size_t)(end - p - 1));
		if (word != NULL)
			size += strlen(word);
	}
	return size;
}

const char *judge_fill(struct judge *j, const char *text,
                       const struct judge_words *w)
{
	char *out = vp_arena_alloc(j->arena, filled_size(text, w));
	char *at = out;

	while (*text != '\0') {
		const char *end = *text == '{' ? strchr(text, '}') : NULL;
		size_t len = end != NULL ? (size_t)(end - text - 1) : 0;
		const char *word =
			end != NULL ? word_of(w, text + 1, len) : NULL;

		if (word == NULL) { /* no brace, or one that is meant */
			*at++ = *text++;
			continue;
		}
		if (*word != '\0') {
			at = stpcpy(at, word);
		} else {
			for (size_t i = 0; i < len; i++)
				*at++ = (char)toupper(
					(unsigned char)text[1 + i]);
		}
		text = end + 1;
	}
	*at = '\0';
	return out;
}

static const char zone_start[] = "privatelink.";

/* "acct.privatelink.blob..." -> where "privatelink.blob..." begins. */
static const char *zone_in(const char *alias)
{
	const char *at = strstr(alias, ".privatelink.");

	return at != NULL ? at + 1 : NULL;
}

const char *judge_alias(const struct vp_dns_row *row)
{
	for (size_t i = 0; i < row->n_chain; i++) {
		const char *target = row->chain[i].target;

		if (target != NULL && zone_in(target) != NULL)
			return target;
	}
	return NULL;
}

/*
 * The zone that a DNS server has to forward: the private zone's name without
 * "privatelink." where the name is in it (api.azureml.ms, also for names below
 * cert.api.azureml.ms), else the service's suffix (vault.azure.net, whose
 * private zone is of vaultcore.azure.net).
 */
static const char *public_zone(const char *name, const char *zone,
                               const struct vp_catalogue_suffix *row)
{
	const char *dot = strchr(name, '.');

	if (zone != NULL &&
	    strncmp(zone, zone_start, strlen(zone_start)) == 0 &&
	    vp_name_below(name, zone + strlen(zone_start)))
		return zone + strlen(zone_start);
	if (row != NULL)
		return row->suffix + (row->suffix[0] == '.');
	return dot != NULL ? dot + 1 : name;
}

void judge_words_of(struct judge *j, struct judge_words *w,
                    const struct vp_target *t, const char *alias)
{
	const struct vp_catalogue_suffix *row;

	if (t == NULL)
		return;
	w->name = t->name->name;
	w->account = vp_arena_strndup(j->arena, w->name, strcspn(w->name, "."));
	w->port = vp_arena_printf(j->arena, "%u", t->port);
	w->zone = t->zone;
	w->alias = alias;
	row = vp_catalogue_find(w->name);
	if (row != NULL)
		w->group = row->group_id;
	if (row != NULL && w->zone == NULL)
		w->zone = row->zone;
	if (alias != NULL && zone_in(alias) != NULL) {
		w->zone = zone_in(alias); /* as DNS has it, not a table */
		w->label = vp_arena_strndup(j->arena, alias,
		                            (size_t)(w->zone - alias - 1));
	}
	w->parent = public_zone(w->name, w->zone, row);
	if (w->label == NULL && w->zone != NULL)
		w->label = w->account;
	if (t->n_expected > 0)
		w->expected = judge_addr_text(j, &t->expected[0]);
}

const char *judge_addr_text(struct judge *j, const struct vp_addr *a)
{
	char buf[VP_ADDR_TEXT];

	return vp_arena_strdup(j->arena, vp_addr_format(a, buf));
}

const char *judge_endpoint_text(struct judge *j, const struct vp_endpoint *e)
{
	char buf[VP_ENDPOINT_TEXT];

	if (e->addr.family == 0)
		return "?";
	if (e->port == 0)
		return judge_addr_text(j, &e->addr);
	return vp_arena_strdup(j->arena, vp_endpoint_format(e, buf));
}

const char *judge_resolver_text(struct judge *j, size_t resolver)
{
	const struct vp_resolver *r = &j->facts->resolvers[resolver];

	if (r->source == VP_RESOLVER_NSS)
		return "applications (getaddrinfo)";
	if (r->endpoint.port == 53)
		return judge_addr_text(j, &r->endpoint.addr);
	return judge_endpoint_text(j, &r->endpoint);
}

const char *judge_target_text(struct judge *j, const struct vp_target *t)
{
	return vp_arena_printf(j->arena, "%s:%u", t->name->name, t->port);
}

const char *judge_ms(struct judge *j, uint64_t us)
{
	if (us < 100000)
		return vp_arena_printf(j->arena, "%.1f ms", (double)us / 1e3);
	return vp_arena_printf(j->arena, "%.0f ms", (double)us / 1e3);
}

enum vp_scope judge_scope(const struct judge *j, const struct vp_addr *a)
{
	const struct vp_policy *p = &j->facts->policy;

	return vp_addr_scope(a, p->vnet, p->n_vnet);
}

const char *judge_count(struct judge *j, size_t n, const char *one,
                        const char *many)
{
	return vp_arena_printf(j->arena, "%zu %s", n, n == 1 ? one : many);
}

const char *judge_rcode_text(struct judge *j, int rcode)
{
	static const char *const names[] = { "NOERROR",  "FORMERR", "SERVFAIL",
		                             "NXDOMAIN", "NOTIMP",  "REFUSED",
		                             "YXDOMAIN", "YXRRSET", "NXRRSET",
		                             "NOTAUTH",  "NOTZONE" };

	if (rcode >= 0 && (size_t)rcode < sizeof(names) / sizeof(names[0]))
		return names[rcode];
	return vp_arena_printf(j->arena, "RCODE%d", rcode);
}

/* --- names and their targets ------------------------------------------- */

static int by_pointer(const void *a, const void *b, void *arg)
{
	struct vp_name *const *names = arg;
	const struct vp_name *x = names[*(const size_t *)a];
	const struct vp_name *y = names[*(const size_t *)b];

	return x < y ? -1 : x > y;
}

size_t judge_name_index(const struct judge *j, const struct vp_name *name)
{
	size_t low = 0, high = j->facts->n_names;

	while (low + 1 < high) {
		size_t mid = low + (high - low) / 2;

		if (j->facts->names[j->by_pointer[mid]] <= name)
			low = mid;
		else
			high = mid;
	}
	return j->by_pointer[low];
}

static int strictness(enum vp_expect e)
{
	static const int rank[VP_EXPECT_COUNT] = {
		[VP_EXPECT_PRIVATE] = 3,
		[VP_EXPECT_SERVICE_ENDPOINT] = 2,
		[VP_EXPECT_PUBLIC] = 1,
		[VP_EXPECT_ANY] = 0,
	};

	return rank[e];
}

static void prepare(struct judge *j)
{
	const struct vp_facts *f = j->facts;
	struct judge_name *n;

	j->names = vp_arena_alloc(j->arena, f->n_names * sizeof(*j->names));
	j->by_pointer = vp_arena_alloc(j->arena, f->n_names * sizeof(size_t));
	for (size_t i = 0; i < f->n_names; i++)
		j->by_pointer[i] = i;
	if (f->n_names > 0)
		qsort_r(j->by_pointer, f->n_names, sizeof(size_t), by_pointer,
		        f->names);
	j->targets =
		vp_arena_alloc(j->arena, f->n_targets * sizeof(*j->targets));
	j->resolver_wrong = vp_arena_alloc(
		j->arena, f->n_resolvers * sizeof(*j->resolver_wrong));
	for (size_t i = 0; i < f->n_targets; i++) {
		const struct vp_target *t = &f->targets[i];

		n = &j->names[judge_name_index(j, t->name)];
		if (n->target == NULL ||
		    strictness(t->expect) > strictness(n->expect)) {
			n->target = t;
			n->expect = t->expect;
		}
	}
}

/* --- finishing --------------------------------------------------------- */

static void finish_draft(struct judge *j, struct judge_draft *d)
{
	const char *line;

	d->f.detail =
		d->detail != NULL ? judge_fill(j, d->detail, &d->words) : NULL;
	if (d->f.remedy == NULL)
		d->f.remedy = d->f.type->remedy;
	d->f.remedy = judge_fill(j, d->f.remedy, &d->words);
	if (d->n_more > 0) {
		line = vp_arena_printf(j->arena, "and %zu more", d->n_more);
		*VP_PUSH(j->arena, d->lines, d->n_lines) = line;
	}
	d->f.evidence = d->lines;
	d->f.n_evidence = d->n_lines;
}

static int by_weight(const void *a, const void *b)
{
	const struct judge_draft *x = a, *y = b;
	int order;

	if (x->f.severity != y->f.severity)
		return x->f.severity < y->f.severity ? -1 : 1;
	if (x->f.type != y->f.type)
		return x->f.type < y->f.type ? -1 : 1;
	order = strcmp(x->f.target != NULL ? x->f.target : "",
	               y->f.target != NULL ? y->f.target : "");
	if (order != 0)
		return order;
	return x->sequence < y->sequence ? -1 : 1;
}

static void finish(struct judge *j)
{
	struct vp_judgement *out = j->out;

	for (size_t i = 0; i < j->n_drafts; i++)
		finish_draft(j, &j->drafts[i]);
	if (j->n_drafts > 0)
		qsort(j->drafts, j->n_drafts, sizeof(*j->drafts), by_weight);
	out->n_findings = j->n_drafts;
	out->findings =
		vp_arena_alloc(j->arena, j->n_drafts * sizeof(*out->findings));
	for (size_t i = 0; i < j->n_drafts; i++)
		out->findings[i] = j->drafts[i].f;
}

/* Something planned has no result, and nothing else says so. */
static void say_not_looked_at(struct judge *j)
{
	struct judge_draft *d = NULL;

	for (size_t i = 0; i < j->n_drafts; i++) {
		if (j->drafts[i].f.severity == VP_SEVERITY_UNPROVEN)
			return;
	}
	if (j->facts->n_targets == 0) {
		d = judge_add(j, "not-looked-at", NULL);
		d->detail = "There is no target in these facts.";
	}
	for (size_t i = 0; i < j->facts->n_targets; i++) {
		if (j->targets[i] != JUDGE_UNPROVEN)
			continue;
		if (d == NULL) {
			d = judge_add(j, "not-looked-at", NULL);
			d->detail = "Not everything planned has a result.";
		}
		judge_evidence(j, d,
		               judge_target_text(j, &j->facts->targets[i]));
	}
}

static void set_targets(struct judge *j)
{
	static const enum vp_target_status status[] = {
		[JUDGE_FINE] = VP_TARGET_OK,
		[JUDGE_UNPROVEN] = VP_TARGET_UNPROVEN,
		[JUDGE_WRONG] = VP_TARGET_FAIL,
	};
	size_t n = j->facts->n_targets;

	j->out->targets =
		vp_arena_alloc(j->arena, n * sizeof(*j->out->targets));
	for (size_t i = 0; i < n; i++)
		j->out->targets[i] = status[j->targets[i]];
}

static void set_verdict(struct judge *j)
{
	struct vp_judgement *out = j->out;
	bool fail = false, unproven = false, leak = false;

	for (size_t i = 0; i < out->n_findings; i++) {
		leak |= out->findings[i].severity == VP_SEVERITY_LEAK;
		fail |= out->findings[i].severity == VP_SEVERITY_ERROR;
		unproven |= out->findings[i].severity == VP_SEVERITY_UNPROVEN;
	}
	for (size_t i = 0; i < j->facts->n_targets; i++) {
		fail |= out->targets[i] == VP_TARGET_FAIL;
		unproven |= out->targets[i] == VP_TARGET_UNPROVEN;
	}
	out->verdict = leak       ? VP_VERDICT_LEAK
	               : fail     ? VP_VERDICT_FAIL
	               : unproven ? VP_VERDICT_INCONCLUSIVE
	                          : VP_VERDICT_PASS;
	out->exit_status = leak ? 4 : fail ? 1 : unproven ? 3 : 0;
}

/* --- the sentence ------------------------------------------------------ */

struct tally {
	size_t ok, fail, unproven, private;
	size_t leaks, dns_leaks, unexplained;
};

static void count(const struct judge *j, struct tally *t)
{
	for (size_t i = 0; i < j->facts->n_targets; i++) {
		t->ok += j->out->targets[i] == VP_TARGET_OK;
		t->fail += j->out->targets[i] == VP_TARGET_FAIL;
		t->unproven += j->out->targets[i] == VP_TARGET_UNPROVEN;
		t->private += j->facts->targets[i].expect == VP_EXPECT_PRIVATE;
	}
	for (size_t i = 0; i < j->facts->n_flows; i++) {
		enum vp_flow_class c = j->out->flows[i].class;

		t->leaks += c == VP_CLASS_LEAK_TARGET;
		t->dns_leaks += c == VP_CLASS_LEAK_DNS;
		t->unexplained += c == VP_CLASS_UNEXPLAINED;
	}
}

static const char *targets_clause(struct judge *j, const struct tally *t)
{
	size_t n = j->facts->n_targets;

	if (n == 0)
		return "no target was probed";
	if (t->ok == n)
		return n == 1 ? "the target is as expected"
		              : vp_arena_printf(
					j->arena,
					"all %zu targets are as "
					"expected%s",
					n, t->private == n ? " (private)" : "");
	return vp_arena_printf(j->arena, "%zu of %s %s as expected", t->ok,
	                       judge_count(j, n, "target", "targets"),
	                       t->ok == 1 || n == 1 ? "is" : "are");
}

static const char *egress_clause(struct judge *j, const struct tally *t)
{
	const struct vp_capture_facts *c = &j->facts->capture;
	bool unproven = j->out->verdict == VP_VERDICT_INCONCLUSIVE;

	if (t->leaks > 0 && t->dns_leaks > 0)
		return vp_arena_printf(
			j->arena,
			"%s to a target's public address, %zu to a public "
			"resolver",
			judge_count(j, t->leaks, "flow", "flows"),
			t->dns_leaks);
	if (t->leaks > 0)
		return vp_arena_printf(
			j->arena, "%s to a target's public address",
			judge_count(j, t->leaks, "flow", "flows"));
	if (t->dns_leaks > 0)
		return vp_arena_printf(
			j->arena, "%s to a public resolver",
			judge_count(j, t->dns_leaks, "flow", "flows"));
	if (!c->wanted)
		return "egress: not checked";
	if (c->state == VP_CAPTURE_OFF)
		return "egress: could not be checked";
	if (t->unexplained > 0)
		return vp_arena_printf(
			j->arena, "%s to public addresses not explained",
			judge_count(j, t->unexplained, "flow", "flows"));
	if (unproven || c->state != VP_CAPTURE_COMPLETE)
		return "no leak seen, but not all could be seen";
	return "nothing left by a public path";
}

/* The first finding of the severity that made the verdict. */
static const char *reason_clause(struct judge *j, enum vp_severity severity)
{
	for (size_t i = 0; i < j->out->n_findings; i++) {
		if (j->out->findings[i].severity == severity)
			return j->out->findings[i].title;
	}
	return NULL;
}

static void set_summary(struct judge *j)
{
	struct tally t = { 0 };
	const char *verdict = vp_verdict_name(j->out->verdict);
	const char *targets, *egress, *reason = NULL;

	count(j, &t);
	targets = targets_clause(j, &t);
	egress = egress_clause(j, &t);
	switch (j->out->verdict) {
	case VP_VERDICT_LEAK:
		j->out->summary = vp_arena_printf(j->arena, "%s: %s; %s",
		                                  verdict, egress, targets);
		return;
	case VP_VERDICT_INCONCLUSIVE:
		reason = reason_clause(j, VP_SEVERITY_UNPROVEN);
		break;
	case VP_VERDICT_FAIL:
	case VP_VERDICT_PASS:
		break;
	}
	if (reason != NULL)
		j->out->summary =
			vp_arena_printf(j->arena, "%s: %s; %s; %s", verdict,
		                        reason, targets, egress);
	else
		j->out->summary = vp_arena_printf(j->arena, "%s: %s; %s",
		                                  verdict, targets, egress);
}

void vp_judge(struct vp_judgement *out, const struct vp_facts *facts,
              struct vp_arena *arena)
{
	struct judge j = { .facts = facts, .arena = arena, .out = out };

	memset(out, 0, sizeof(*out));
	out->arena = arena;
	prepare(&j);
	judge_names(&j);
	judge_reach(&j);
	judge_flows(&j);
	judge_trust(&j);
	say_not_looked_at(&j);
	set_targets(&j);
	finish(&j);
	set_verdict(&j);
	set_summary(&j);
}
