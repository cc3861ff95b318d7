/*
 * diff_names.c - names, resolvers, and what these answered.
 *
 * Resolvers of the two sides are paired: the same address is the same server;
 * those that are left over are compared by their place in the list, as two
 * machines in two networks have them. What a server said in all rounds
 * together is compared, without TTLs and without the order of addresses.
 */
#include "diff_draft.h"

#include <ctype.h>
#include <netinet/in.h>
#include <string.h>

#define NO_PAIR SIZE_MAX

/* --- pairs of resolvers ------------------------------------------------ */

static const char *resolver_key(struct diff *d, const struct vp_resolver *r)
{
	char buf[VP_ENDPOINT_TEXT];

	if (r->source == VP_RESOLVER_NSS)
		return "nss";
	if (r->source == VP_RESOLVER_COMPARE && r->label != NULL)
		return diff_text(d, "compare %s", r->label);
	return diff_text(d, "%s %s",
	                 vp_resolver_is_reference(r) ? "reference" : "server",
	                 vp_endpoint_format(&r->endpoint, buf));
}

static const char *resolver_text(struct diff *d, const struct vp_resolver *r)
{
	struct vp_endpoint e = r->endpoint;
	char buf[VP_ENDPOINT_TEXT];

	if (r->source == VP_RESOLVER_NSS)
		return "getaddrinfo()";
	if (e.port == 53)
		return diff_address(d, &e.addr);
	return vp_arena_strdup(d->arena, vp_endpoint_format(&e, buf));
}

static const char *pair_text(struct diff *d, size_t pair)
{
	const char *a = resolver_text(d, d->paired[A][pair]);
	const char *b = resolver_text(d, d->paired[B][pair]);

	return strcmp(a, b) == 0 ? a : diff_text(d, "%s / %s", a, b);
}

static size_t new_pair(struct diff *d, const struct diff_item *a,
                       const struct diff_item *b)
{
	size_t pair = d->n_pairs++;

	if (a != NULL) {
		d->paired[A][pair] = a->value;
		d->pair[A][a->index - 1] = pair;
	}
	if (b != NULL) {
		d->paired[B][pair] = b->value;
		d->pair[B][b->index - 1] = pair;
	}
	return pair;
}

static void on_same(struct diff *d, const struct diff_group *g, void *arg)
{
	(void)arg;
	for (size_t i = 0; i < g->n[A] && i < g->n[B]; i++)
		new_pair(d, &g->items[A][i], &g->items[B][i]);
}

/* The next one of a side, from *at on, that an application would ask and that
 * has no pair. */
static bool next_left(struct diff *d, unsigned side, size_t *at)
{
	for (; *at < d->facts[side]->n_resolvers; (*at)++) {
		if (d->pair[side][*at] == NO_PAIR &&
		    !vp_resolver_is_reference(&d->facts[side]->resolvers[*at]))
			return true;
	}
	return false;
}

void diff_pair_resolvers(struct diff *d)
{
	size_t most = d->facts[A]->n_resolvers + d->facts[B]->n_resolvers;
	struct diff_list list[2] = { { 0 } };
	size_t at[2] = { 0, 0 };

	for (unsigned s = A; s <= B; s++) {
		const struct vp_facts *f = d->facts[s];

		d->pair[s] = vp_arena_alloc(d->arena, (f->n_resolvers + 1) *
		                                              sizeof(size_t));
		d->paired[s] = vp_arena_alloc(
			d->arena, (most + 1) * sizeof(*d->paired[s]));
		for (size_t i = 0; i < f->n_resolvers; i++) {
			d->pair[s][i] = NO_PAIR;
			diff_add(d, &list[s], resolver_key(d, &f->resolvers[i]),
			         &f->resolvers[i]);
		}
	}
	diff_walk(d, list, on_same, NULL);
	while (next_left(d, A, &at[A]) && next_left(d, B, &at[B])) {
		struct diff_item half[2];

		for (unsigned s = A; s <= B; s++)
			half[s] = (struct diff_item){
				.value = &d->facts[s]->resolvers[at[s]],
				.index = at[s] + 1,
			};
		new_pair(d, &half[A], &half[B]);
	}
}

/* --- resolvers --------------------------------------------------------- */

/* In the order in which they are asked. */
static const char *servers_text(struct diff *d, unsigned side)
{
	const struct vp_facts *f = d->facts[side];
	const char *text = "none";
	size_t n = 0;

	for (size_t i = 0; i < f->n_resolvers && n < 32; i++) {
		const struct vp_resolver *r = &f->resolvers[i];

		if (vp_resolver_is_reference(r) || r->source == VP_RESOLVER_NSS)
			continue;
		text = n++ == 0 ? resolver_text(d, r)
		                : diff_text(d, "%s, %s", text,
		                            resolver_text(d, r));
	}
	return text;
}

static void paired_resolver(struct diff *d, size_t pair)
{
	const struct vp_resolver *a = d->paired[A][pair];
	const struct vp_resolver *b = d->paired[B][pair];
	const struct diff_about about = { .section = VP_DIFF_RESOLVERS,
		                          .subject = pair_text(d, pair) };

	diff_texts(d, &about, "source", vp_resolver_source_name(a->source),
	           vp_resolver_source_name(b->source));
	diff_texts(d, &about, "status",
	           d->j[A]->resolvers[a - d->facts[A]->resolvers],
	           d->j[B]->resolvers[b - d->facts[B]->resolvers]);
	diff_texts(d, &about, "software", a->version, b->version);
	diff_texts(d, &about, "kind by the config",
	           vp_server_kind_name(a->kind), vp_server_kind_name(b->kind));
	diff_texts(d, &about, "link", a->interface, b->interface);
	diff_route(d, about, &a->route, &b->route);
}

void diff_resolvers(struct diff *d)
{
	const struct diff_about about = { .section = VP_DIFF_RESOLVERS };

	if (!d->sight[A].answers || !d->sight[B].answers)
		return;
	diff_texts(d, &about, "servers, in their order", servers_text(d, A),
	           servers_text(d, B));
	for (size_t i = 0; i < d->n_pairs; i++)
		paired_resolver(d, i);
	for (unsigned s = A; s <= B; s++) {
		const struct vp_facts *f = d->facts[s];

		for (size_t i = 0; i < f->n_resolvers; i++) {
			const struct vp_resolver *r = &f->resolvers[i];

			if (d->pair[s][i] == NO_PAIR)
				diff_put(d, &about,
				         s == A ? VP_DIFF_KIND_ONLY_A
				                : VP_DIFF_KIND_ONLY_B,
				         "asked",
				         s == A ? resolver_text(d, r) : NULL,
				         s == B ? resolver_text(d, r) : NULL);
		}
	}
}

/* --- what was answered ------------------------------------------------- */

static const char *lower(struct diff *d, const char *text)
{
	char *out = vp_arena_strdup(d->arena, text != NULL ? text : "?");

	for (char *c = out; *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	return out;
}

/* Where it leads: addresses in order, or why there are none. */
static const char *end_of(struct diff *d, const struct vp_dns_row *r)
{
	char word[VP_DNS_WORD];
	struct diff_list l = { 0 };

	if (r->outcome != VP_OUTCOME_OK)
		return r->detail != NULL
		               ? diff_text(d, "%s: %s",
		                           vp_outcome_text(r->outcome),
		                           r->detail)
		               : vp_outcome_text(r->outcome);
	if (r->n_addresses == 0)
		return r->rcode > 0 ? vp_arena_strdup(
					      d->arena,
					      vp_dns_rcode_name(word, r->rcode))
		       : r->type == VP_DNS_TXT && r->detail != NULL
		               ? r->detail
		               : "no address";
	for (size_t i = 0; i < r->n_addresses; i++)
		diff_add(d, &l, diff_address(d, &r->addresses[i].addr), NULL);
	return diff_join(d, &l, ", ");
}

static const char *answer_text(struct diff *d, const struct vp_dns_row *r)
{
	struct vp_arena *arena = d->arena;
	const char *end = end_of(d, r);
	size_t size = strlen(end) + 32, used = 0;
	char *out;

	for (size_t i = 0; i < r->n_chain; i++)
		size += strlen(lower(d, r->chain[i].target)) + 4;
	out = vp_arena_alloc(arena, size);
	for (size_t i = 0; i < r->n_chain; i++)
		used += (size_t)sprintf(out + used, "%s -> ",
		                        lower(d, r->chain[i].target));
	sprintf(out + used, "%s%s%s", end, r->alias_loop ? " (a loop)" : "",
	        r->elsewhere ? " (from elsewhere)" : "");
	return out;
}

/* Of a zone: whose SOA it is. */
static const char *soa_text(struct diff *d, const struct vp_dns_row *r)
{
	if (r->outcome != VP_OUTCOME_OK)
		return vp_outcome_text(r->outcome);
	if (r->soa.zone == NULL)
		return answer_text(d, r);
	return diff_text(d, "SOA of %s at %s", lower(d, r->soa.zone),
	                 lower(d, r->soa.mname));
}

/* What was said in all rounds. */
static const char *
all_rounds(struct diff *d, const struct diff_group *g, unsigned side,
           const char *(*text)(struct diff *, const struct vp_dns_row *))
{
	struct diff_list l = { 0 };

	for (size_t i = 0; i < g->n[side]; i++) {
		const struct vp_dns_row *r = g->items[side][i].value;

		if (r->outcome != VP_OUTCOME_NONE &&
		    r->outcome != VP_OUTCOME_CANCELLED)
			diff_add(d, &l, text(d, r), NULL);
	}
	return diff_join(d, &l, "; or ");
}

/* The SOAs that came with negative answers; NULL: none. Caches may leave them
 * out, so that one is missing is nothing. */
static const char *negative_soa(struct diff *d, const struct diff_group *g,
                                unsigned side)
{
	struct diff_list l = { 0 };

	for (size_t i = 0; i < g->n[side]; i++) {
		const struct vp_dns_row *r = g->items[side][i].value;

		if (r->outcome == VP_OUTCOME_OK && r->soa.zone != NULL)
			diff_add(d, &l, soa_text(d, r), NULL);
	}
	return diff_join(d, &l, "; or ");
}

static bool no_address(const struct diff_group *g, unsigned side)
{
	for (size_t i = 0; i < g->n[side]; i++) {
		const struct vp_dns_row *r = g->items[side][i].value;

		if (r->outcome != VP_OUTCOME_OK || r->rcode != 0 ||
		    r->n_addresses > 0)
			return false;
	}
	return true;
}

/* How the question is told: "A", "AAAA of the alias", "A by tcp". */
static const char *question_text(struct diff *d, const struct vp_dns_row *r)
{
	char word[VP_DNS_WORD];
	const char *type = vp_dns_type_name(word, r->type);
	const char *text =
		r->question == VP_QUESTION_NAME
			? diff_text(d, "%s", type)
			: diff_text(d, "%s, %s", type,
	                            vp_question_kind_name(r->question));

	if (r->asked != NULL)
		text = diff_text(d, "%s %s", text, r->asked);
	return r->transport == VP_TRANSPORT_TCP
	               ? diff_text(d, "%s by tcp", text)
	               : text;
}

struct answers { /* of one name */
	const char *name;
	bool zone;
	size_t changed_at; /* the pair whose A differs; NO_PAIR: none */
};

static void on_answer(struct diff *d, const struct diff_group *g, void *arg)
{
	struct answers *n = arg;
	unsigned has = g->n[A] > 0 ? A : B;
	const struct vp_dns_row *r = g->items[has][0].value;
	size_t pair = d->pair[has][r->resolver];
	struct diff_about about = { .section = VP_DIFF_ANSWERS,
		                    .subject = n->name,
		                    .where = pair_text(d, pair) };
	const char *what = question_text(d, r);
	struct vp_diff_change *c;

	if (g->n[A] == 0 || g->n[B] == 0) {
		/* further questions follow from what came before */
		c = diff_put(
			d, &about, VP_DIFF_KIND_NOT_KNOWN, what,
			g->n[A] > 0 ? all_rounds(d, g, A, answer_text) : NULL,
			g->n[B] > 0 ? all_rounds(d, g, B, answer_text) : NULL);
		c->weight = VP_DIFF_WEIGHT_NOISE;
		c->note = "not asked by the other one";
		return;
	}
	/* AAAA follows A, where neither has an address. */
	if (r->type == VP_DNS_AAAA && pair == n->changed_at &&
	    no_address(g, A) && no_address(g, B))
		about.weight = VP_DIFF_WEIGHT_NOISE;
	c = diff_texts(d, &about, what,
	               all_rounds(d, g, A, n->zone ? soa_text : answer_text),
	               all_rounds(d, g, B, n->zone ? soa_text : answer_text));
	if (c != NULL && r->type == VP_DNS_A && r->question == VP_QUESTION_NAME)
		n->changed_at = pair;
	if (!n->zone && c == NULL)
		diff_texts(d, &about, diff_text(d, "%s, who denies it", what),
		           negative_soa(d, g, A), negative_soa(d, g, B));
}

/* By server, then question; A stands before AAAA. */
static void add_rows(struct diff *d, struct diff_list *l, unsigned side,
                     const struct vp_dns_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct vp_dns_row *r = &rows[i];
		size_t pair = d->pair[side][r->resolver];

		if (pair == NO_PAIR)
			continue; /* told with the resolvers */
		diff_add(d, l,
		         diff_text(d, "%09zu %u %u %05u %s", pair,
		                   (unsigned)r->question,
		                   (unsigned)r->transport, (unsigned)r->type,
		                   r->asked != NULL ? r->asked : ""),
		         r);
	}
}

static void compare_rows(struct diff *d, struct answers *n,
                         const struct vp_dns_row *const rows[2],
                         const size_t n_rows[2])
{
	struct diff_list list[2] = { { 0 } };

	if (n_rows[A] == 0 || n_rows[B] == 0)
		return; /* the run ended first, or nobody was asked */
	add_rows(d, &list[A], A, rows[A], n_rows[A]);
	add_rows(d, &list[B], B, rows[B], n_rows[B]);
	diff_walk(d, list, on_answer, n);
}

/* --- names ------------------------------------------------------------- */

static const char *hosts_text(struct diff *d, const struct vp_name *n)
{
	struct diff_list l = { 0 };

	for (size_t i = 0; i < n->n_hosts; i++)
		diff_add(d, &l, diff_address(d, &n->hosts[i].addr), NULL);
	return l.n > 0 ? diff_join(d, &l, ", ") : "no line";
}

static void on_name(struct diff *d, const struct diff_group *g, void *arg)
{
	const struct vp_name *name[2];
	struct diff_about about = { .section = VP_DIFF_NAMES };
	struct answers n = { .changed_at = NO_PAIR };

	(void)arg;
	if (g->n[A] == 0 || g->n[B] == 0)
		return; /* told with the targets */
	for (unsigned s = A; s <= B; s++)
		name[s] = g->items[s][0].value;
	about.subject = n.name = name[A]->name;
	diff_texts(d, &about, "hosts file", hosts_text(d, name[A]),
	           hosts_text(d, name[B]));
	compare_rows(d, &n,
	             (const struct vp_dns_row *const[]){ name[A]->rows,
	                                                 name[B]->rows },
	             (const size_t[]){ name[A]->n_rows, name[B]->n_rows });
}

static void on_zone(struct diff *d, const struct diff_group *g, void *arg)
{
	const struct vp_zone *zone[2];
	struct answers n = { .zone = true, .changed_at = NO_PAIR };

	(void)arg;
	if (g->n[A] == 0 || g->n[B] == 0)
		return;
	for (unsigned s = A; s <= B; s++)
		zone[s] = g->items[s][0].value;
	n.name = diff_text(d, "zone %s", zone[A]->name);
	compare_rows(d, &n,
	             (const struct vp_dns_row *const[]){ zone[A]->rows,
	                                                 zone[B]->rows },
	             (const size_t[]){ zone[A]->n_rows, zone[B]->n_rows });
}

void diff_names(struct diff *d)
{
	struct diff_list names[2] = { { 0 } }, zones[2] = { { 0 } };

	if (!d->sight[A].answers || !d->sight[B].answers)
		return;
	for (unsigned s = A; s <= B; s++) {
		const struct vp_facts *f = d->facts[s];

		for (size_t i = 0; i < f->n_names; i++)
			diff_add(d, &names[s], f->names[i]->name, f->names[i]);
		for (size_t i = 0; i < f->n_zones; i++)
			diff_add(d, &zones[s], f->zones[i].name, &f->zones[i]);
	}
	diff_walk(d, names, on_name, NULL);
	diff_walk(d, zones, on_zone, NULL);
}
