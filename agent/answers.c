/* answers.c - what the servers said about one name, the same things once. */
#include "answers.h"

#include <stdlib.h>
#include <string.h>

#define PRIVATELINK "privatelink"

/* --- the same? --------------------------------------------------------- */

static bool same_text(const char *x, const char *y)
{
	return x == y || (x != NULL && y != NULL && strcmp(x, y) == 0);
}

static int compare_addresses(const void *x, const void *y)
{
	return vp_addr_compare(*(const struct vp_addr *const *)x,
	                       *(const struct vp_addr *const *)y);
}

static const struct vp_addr **sorted(const struct vp_dns_row *row)
{
	const struct vp_addr **list =
		malloc(row->n_addresses * sizeof(struct vp_addr *));

	for (size_t i = 0; list != NULL && i < row->n_addresses; i++)
		list[i] = &row->addresses[i].addr;
	if (list != NULL)
		qsort(list, row->n_addresses, sizeof(struct vp_addr *),
		      compare_addresses);
	return list;
}

static bool same_sorted(const struct vp_dns_row *x, const struct vp_dns_row *y)
{
	const struct vp_addr **a = sorted(x), **b = sorted(y);
	bool same = a != NULL && b != NULL;

	for (size_t i = 0; same && i < x->n_addresses; i++)
		same = vp_addr_equal(a[i], b[i]);
	free(a);
	free(b);
	return same;
}

bool answers_same_addresses(const struct vp_dns_row *x,
                            const struct vp_dns_row *y)
{
	if (x->n_addresses != y->n_addresses)
		return false;
	for (size_t i = 0; i < x->n_addresses; i++) {
		if (!vp_addr_equal(&x->addresses[i].addr,
		                   &y->addresses[i].addr))
			return same_sorted(x, y);
	}
	return true;
}

/* "There is no AAAA", in whatever words. */
static bool is_no_aaaa(const struct vp_dns_row *row)
{
	return row->type == VP_DNS_AAAA && row->outcome == VP_OUTCOME_OK &&
	       row->rcode == 0 && row->n_addresses == 0 && !row->truncated &&
	       !row->alias_loop;
}

bool answers_row_same(const struct vp_dns_row *x, const struct vp_dns_row *y)
{
	if (x == NULL || y == NULL)
		return x == y;
	if (is_no_aaaa(x) && is_no_aaaa(y))
		return true;
	if (x->outcome != y->outcome || x->rcode != y->rcode ||
	    x->alias_loop != y->alias_loop || x->n_chain != y->n_chain ||
	    x->truncated != y->truncated || !same_text(x->detail, y->detail) ||
	    !same_text(x->soa.zone, y->soa.zone) ||
	    !same_text(x->soa.mname, y->soa.mname))
		return false;
	for (size_t i = 0; i < x->n_chain; i++) {
		if (!same_text(x->chain[i].target, y->chain[i].target))
			return false;
	}
	return answers_same_addresses(x, y);
}

static bool same_answer(const struct answer *x, const struct answer *y)
{
	return x->tcp == y->tcp && answers_row_same(x->a, y->a) &&
	       answers_row_same(x->aaaa, y->aaaa);
}

static bool same_rounds(const struct answer *x, const struct answer *y)
{
	return x->n_rounds == y->n_rounds &&
	       memcmp(x->rounds, y->rounds, x->n_rounds * sizeof(*x->rounds)) ==
	               0;
}

/* With one answer only, it does not matter in which rounds they were asked. */
static bool same_group(const struct answers_group *x,
                       const struct answers_group *y)
{
	if (x->n_answers != y->n_answers || x->left_out != y->left_out)
		return false;
	for (size_t i = 0; i < x->n_answers; i++) {
		if (!same_answer(&x->answers[i], &y->answers[i]) ||
		    (x->n_answers > 1 &&
		     !same_rounds(&x->answers[i], &y->answers[i])))
			return false;
	}
	return true;
}

/* --- rows in order ----------------------------------------------------- */

enum answers_role answers_role(const struct vp_resolver *r)
{
	if (r->source == VP_RESOLVER_NSS)
		return ANSWERS_NSS;
	if (vp_resolver_is_reference(r))
		return ANSWERS_REFERENCE;
	return r->source == VP_RESOLVER_SYSTEMD_RESOLVED ? ANSWERS_UPSTREAM
	                                                 : ANSWERS_LISTED;
}

/* By server, round and transport; in one of these, as they came. */
static int compare_rows(const void *a, const void *b)
{
	const struct vp_dns_row *x = *(const struct vp_dns_row *const *)a;
	const struct vp_dns_row *y = *(const struct vp_dns_row *const *)b;

	if (x->resolver != y->resolver)
		return x->resolver < y->resolver ? -1 : 1;
	if (x->round != y->round)
		return x->round < y->round ? -1 : 1;
	if (x->transport != y->transport)
		return x->transport < y->transport ? -1 : 1;
	return x < y ? -1 : x > y;
}

static const struct vp_dns_row **
rows_in_order(struct vp_arena *arena, const struct vp_name *name, size_t *n)
{
	const struct vp_dns_row **rows = vp_arena_alloc(
		arena, (name->n_rows + 1) * sizeof(struct vp_dns_row *));

	*n = 0;
	for (size_t i = 0; i < name->n_rows; i++) {
		if (name->rows[i].question == VP_QUESTION_NAME)
			rows[(*n)++] = &name->rows[i];
	}
	if (*n > 1)
		qsort(rows, *n, sizeof(struct vp_dns_row *), compare_rows);
	return rows;
}

/* --- the answers of one server ----------------------------------------- */

static void set_row(struct answer *one, const struct vp_dns_row *row)
{
	if (row->type == VP_DNS_AAAA)
		one->aaaa = row;
	else
		one->a = row;
}

/* UDP said that there is more: TCP has all of it. */
static bool completes(const struct vp_dns_row *udp,
                      const struct vp_dns_row *tcp)
{
	return udp != NULL && tcp != NULL && udp->truncated &&
	       tcp->outcome == VP_OUTCOME_OK;
}

/* What came over TCP in this round, into what came over UDP. */
static void merge_tcp(struct answer *udp, struct answer *tcp)
{
	if (completes(udp->a, tcp->a))
		udp->a = tcp->a;
	if (completes(udp->aaaa, tcp->aaaa))
		udp->aaaa = tcp->aaaa;
	if (udp->a != NULL && answers_row_same(udp->a, tcp->a))
		tcp->a = NULL;
	if (udp->aaaa != NULL && answers_row_same(udp->aaaa, tcp->aaaa))
		tcp->aaaa = NULL;
}

static void add_answer(struct answers_group *g, struct vp_arena *arena,
                       const struct answer *one, unsigned round)
{
	struct answer *found = NULL;

	if (one->a == NULL && one->aaaa == NULL)
		return;
	for (size_t i = 0; i < g->n_answers && found == NULL; i++) {
		if (same_answer(&g->answers[i], one))
			found = &g->answers[i];
	}
	if (found == NULL && g->n_answers == ANSWERS_MOST) {
		g->left_out++;
		return;
	}
	if (found == NULL) {
		found = VP_PUSH(arena, g->answers, g->n_answers);
		*found = *one;
	}
	*VP_PUSH(arena, found->rounds, found->n_rounds) = round;
	if (one->a != NULL)
		*VP_PUSH(arena, found->same, found->n_same) = one->a;
}

/* The rows of one server, from rows[0] on; returns how many they are. */
static size_t collect_server(struct answers_group *g, struct vp_arena *arena,
                             const struct vp_dns_row *const *rows, size_t n)
{
	size_t i = 0;

	while (i < n && rows[i]->resolver == rows[0]->resolver) {
		struct answer udp = { .tcp = false }, tcp = { .tcp = true };
		size_t from = i;

		for (; i < n && rows[i]->resolver == rows[0]->resolver &&
		       rows[i]->round == rows[from]->round;
		     i++)
			set_row(rows[i]->transport == VP_TRANSPORT_TCP ? &tcp
			                                               : &udp,
			        rows[i]);
		merge_tcp(&udp, &tcp);
		add_answer(g, arena, &udp, rows[from]->round);
		add_answer(g, arena, &tcp, rows[from]->round);
	}
	return i;
}

/* --- groups ------------------------------------------------------------ */

static void join(struct answers_group *into, const struct answers_group *g,
                 struct vp_arena *arena)
{
	*VP_PUSH(arena, into->resolvers, into->n_resolvers) = g->resolvers[0];
	for (size_t i = 0; i < g->n_answers; i++) {
		struct answer *a = &into->answers[i];

		for (size_t k = 0; k < g->answers[i].n_same; k++)
			*VP_PUSH(arena, a->same, a->n_same) =
				g->answers[i].same[k];
	}
}

static void add_group(struct answers *out, struct vp_arena *arena,
                      const struct answers_group *g)
{
	if (g->role == ANSWERS_REFERENCE && g->n_answers == 0)
		return; /* check asks them only where it helps */
	for (size_t i = 0; i < out->n_groups; i++) {
		struct answers_group *other = &out->groups[i];

		if (other->role == g->role && same_group(other, g)) {
			join(other, g, arena);
			return;
		}
	}
	if (out->n_groups == ANSWERS_GROUPS)
		out->left_out++;
	else
		*VP_PUSH(arena, out->groups, out->n_groups) = *g;
}

static void find_same(struct answers *out)
{
	for (size_t i = 0; i < out->n_groups; i++) {
		struct answers_group *g = &out->groups[i];

		for (size_t k = 0; k < i && g->same_as == NULL; k++) {
			const struct answers_group *o = &out->groups[k];

			if (o->role != ANSWERS_NSS && g->n_answers > 0 &&
			    o->role != g->role && same_group(o, g))
				g->same_as = o;
		}
	}
}

void answers_collect(struct answers *out, struct vp_arena *arena,
                     const struct vp_facts *facts, const struct vp_name *name)
{
	struct answers_group *all =
		vp_arena_alloc(arena, (facts->n_resolvers + 1) * sizeof(*all));
	const struct vp_dns_row **rows;
	size_t n;

	*out = (struct answers){ .n_groups = 0 };
	rows = rows_in_order(arena, name, &n);
	for (size_t i = 0; i < n;) {
		struct answers_group *g = &all[rows[i]->resolver];

		i += collect_server(g, arena, rows + i, n - i);
	}
	for (int role = ANSWERS_NSS; role <= ANSWERS_REFERENCE; role++) {
		for (size_t r = 0; r < facts->n_resolvers; r++) {
			struct answers_group *g = &all[r];

			g->role = answers_role(&facts->resolvers[r]);
			if ((int)g->role != role)
				continue;
			*VP_PUSH(arena, g->resolvers, g->n_resolvers) = r;
			add_group(out, arena, g);
		}
	}
	find_same(out);
}

/* --- where it turns public --------------------------------------------- */

bool answers_is_privatelink(const char *name)
{
	size_t len = sizeof(PRIVATELINK) - 1;

	for (;;) {
		if (strncmp(name, PRIVATELINK, len) == 0 &&
		    (name[len] == '.' || name[len] == '\0'))
			return true;
		name = strchr(name, '.');
		if (name == NULL)
			return false;
		name++;
	}
}

static bool has_public(const struct vp_facts *facts,
                       const struct vp_dns_row *row)
{
	const struct vp_policy *p = &facts->policy;

	for (size_t i = 0; i < row->n_addresses; i++) {
		if (vp_addr_scope(&row->addresses[i].addr, p->vnet,
		                  p->n_vnet) == VP_SCOPE_PUBLIC)
			return true;
	}
	return false;
}

size_t answers_turn(const struct vp_facts *facts, const struct vp_dns_row *row)
{
	size_t n = row->n_chain;

	if (!has_public(facts, row))
		return SIZE_MAX;
	while (n > 0 && !answers_is_privatelink(row->chain[n - 1].target))
		n--;
	return n; /* what comes after the last privatelink name, or after the
	           * name itself */
}
