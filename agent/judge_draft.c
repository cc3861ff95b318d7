/*
 * judge_draft.c - drafts of findings, and the words that stand in them.
 */
#include "judge_draft.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "catalogue.h"
#include "forwarder.h"
#include "name_match.h"

/* While this process stood still, answers in time looked late: silence then
 * proves nothing. */
enum vp_severity judge_severity_of(const struct vp_facts *f,
                                   const struct vp_finding_type *type)
{
	static const char *const silences[] = {
		"dns-timeout",     "dns-aaaa-ignored", "dns-azure-unreachable",
		"dns-tcp-blocked", "tcp-timeout",      "tls-silent",
		"http-silent"
	};

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
	d->f.severity = judge_severity_of(j->facts, d->f.type);
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
	if (d->n_lines >= JUDGE_EVIDENCE_MAX) {
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
	w->parent = vp_forwarder_zone_of(w->name);
	if (w->parent == NULL)
		w->parent = public_zone(w->name, w->zone, row);
	if (w->label == NULL && w->zone != NULL)
		w->label = w->account;
	if (t->n_expected > 0)
		w->expected = judge_addr_text(j, &t->expected[0]);
	if (t->n_expected == 1)
		w->pe_address = w->expected;
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

struct vp_addr judge_azure_dns(void)
{
	struct vp_addr a = { 0 };

	vp_addr_parse(&a, VP_AZURE_DNS_TEXT);
	return a;
}

bool judge_is_azure_dns(const struct vp_addr *a)
{
	const struct vp_addr azure = judge_azure_dns();

	return vp_addr_equal(&azure, a);
}

const char *judge_count(struct judge *j, size_t n, const char *one,
                        const char *many)
{
	return vp_arena_printf(j->arena, "%zu %s", n, n == 1 ? one : many);
}

const char *judge_rcode_text(struct judge *j, int rcode)
{
	char buf[VP_DNS_WORD];

	return vp_arena_strdup(j->arena, vp_dns_rcode_name(buf, rcode));
}

const char *judge_clock(struct judge *j, int64_t us)
{
	time_t s = (time_t)(us / 1000000);
	char buf[32];
	struct tm tm;

	if (us <= 0 || gmtime_r(&s, &tm) == NULL)
		return "?";
	strftime(buf, sizeof(buf), "%H:%M:%S", &tm);
	return vp_arena_printf(j->arena, "%s.%06u", buf,
	                       (unsigned)(us % 1000000));
}
