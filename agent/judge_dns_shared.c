/*
 * judge_dns_shared.c - one private address for two services.
 *
 * A private endpoint is of one resource and one group id, and so is each of its
 * addresses. Where names of two groups lead to one address, one of the two
 * records is wrong, however private it looks; that a device takes connections
 * for several services by their TLS names is the exception. Names of one group
 * do share addresses (docs/sources.md: A1): a workspace and its instances.
 */
#include "judge_dns.h"

#include <stdlib.h>
#include <string.h>

#include "catalogue.h"

#define PROXY_GROUPS 3 /* so many at one address are no slip of a record */

/* A name leads to an address at a server. */
struct entry {
	const struct vp_addr *addr;
	const char *group;
	size_t name;
	const struct vp_dns_row *row;
};

static bool is_expected(const struct vp_target *t, const struct vp_addr *a)
{
	for (size_t i = 0; i < t->n_expected; i++) {
		if (vp_addr_equal(&t->expected[i], a))
			return true;
	}
	return t->n_expected == 0;
}

/* Told of already, said to be so, or nobody's in particular: NULL. */
static const char *group_of(const struct dns_scene *s, size_t name)
{
	const struct judge_name *n = &s->j->names[name];
	const struct vp_catalogue_suffix *row;

	if (n->target == NULL || n->unused || n->state == JUDGE_WRONG ||
	    n->expect != VP_EXPECT_PRIVATE)
		return NULL;
	row = vp_catalogue_find(s->f->names[name]->name);
	return row != NULL ? row->group_id : NULL;
}

static bool is_private(const struct judge *j, const struct vp_addr *a)
{
	enum vp_scope scope = judge_scope(j, a);

	return scope == VP_SCOPE_PRIVATE || scope == VP_SCOPE_VNET;
}

static struct entry *collect(const struct dns_scene *s, size_t *n)
{
	struct entry *list = NULL;

	*n = 0;
	for (size_t i = 0; i < s->f->n_names; i++) {
		const char *group = group_of(s, i);
		const struct vp_name *name = s->f->names[i];

		for (size_t k = 0; group != NULL && k < name->n_rows; k++) {
			const struct vp_dns_row *row = &name->rows[k];

			if (row->question != VP_QUESTION_NAME ||
			    row->outcome != VP_OUTCOME_OK ||
			    row->transport == VP_TRANSPORT_NSS ||
			    dns_row_is_dead(s, i, k) ||
			    !dns_counts(s, i, row->resolver))
				continue;
			for (size_t a = 0; a < row->n_addresses; a++) {
				if (is_private(s->j, &row->addresses[a].addr))
					*VP_PUSH(s->j->arena, list, *n) =
						(struct entry){
							&row->addresses[a].addr,
							group, i, row
						};
			}
		}
	}
	return list;
}

static int by_address(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = vp_addr_compare(x->addr, y->addr);

	if (order != 0)
		return order;
	if (x->name != y->name)
		return x->name < y->name ? -1 : 1;
	return x->row < y->row ? -1 : x->row > y->row;
}

static size_t count_groups(const struct entry *run, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++) {
		size_t k = 0;

		while (k < i && strcmp(run[k].group, run[i].group) != 0)
			k++;
		count += k == i;
	}
	return count;
}

/* Somebody said that all of them have this address. */
static bool all_meant(const struct dns_scene *s, const struct entry *run,
                      size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct vp_target *t = s->j->names[run[i].name].target;

		if (t->n_expected == 0 || !is_expected(t, run[i].addr))
			return false;
	}
	return true;
}

/*
 * Where the address was connected to, certificates say who is there: either all
 * names are served, or tls-name-mismatch tells of the one that is not. A port
 * that did not even open leaves it to the records.
 */
static bool certificates_tell(const struct dns_scene *s,
                              const struct entry *run, size_t n)
{
	for (size_t i = 0; i < s->f->n_targets; i++) {
		const struct vp_target *t = &s->f->targets[i];

		for (size_t k = 0; k < n; k++) {
			if (s->f->names[run[k].name] != t->name ||
			    (k > 0 && run[k].name == run[k - 1].name))
				continue;
			for (size_t a = 0; a < t->n_addresses; a++) {
				const struct vp_target_address *at =
					&t->addresses[a];

				if (at->reach == VP_REACH_TRIED &&
				    vp_addr_equal(&at->addr, run[k].addr) &&
				    at->tcp.outcome != VP_OUTCOME_OK)
					return false;
			}
		}
	}
	return s->f->mode != VP_MODE_DNS;
}

/* Command lines that have a record in them come once for each name. */
static const char *remedy_of(const struct dns_scene *s, const char *text,
                             const struct judge_words *words, size_t n)
{
	const char *out = "";

	while (*text != '\0') {
		size_t len = strcspn(text, "\n");
		const char *line = vp_arena_strndup(s->j->arena, text, len);
		size_t times = strstr(line, "{label}") != NULL ? n : 1;

		text += len + (text[len] == '\n');
		for (size_t i = 0; i < times; i++)
			out = vp_arena_printf(
				s->j->arena, "%s%s%s", out,
				*out != '\0' ? "\n" : "",
				judge_fill(s->j, line, &words[i]));
	}
	return out;
}

static const char *names_text(const struct dns_scene *s,
                              const struct judge_words *words, size_t n)
{
	const char *text = "";

	for (size_t i = 0; i < n && i < 4; i++)
		text = vp_arena_printf(s->j->arena, "%s%s%s", text,
		                       i == 0       ? ""
		                       : i + 1 == n ? " and "
		                                    : ", ",
		                       words[i].name);
	if (n > 4)
		text = vp_arena_printf(s->j->arena, "%s and %zu more", text,
		                       n - 4);
	return text;
}

/* Of these entries of one address: a name once. */
static size_t distinct(const struct dns_scene *s, const struct entry *run,
                       size_t n, struct judge_words *words,
                       struct judge_draft *d)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++) {
		struct judge_name *name = &s->j->names[run[i].name];

		s->j->resolver_wrong[run[i].row->resolver] +=
			d->f.severity == VP_SEVERITY_ERROR;
		if (i > 0 && run[i].name == run[i - 1].name)
			continue;
		judge_words_of(s->j, &words[count], name->target,
		               judge_alias(run[i].row));
		words[count].name = s->f->names[run[i].name]->name;
		words[count].address = judge_addr_text(s->j, run[i].addr);
		*VP_PUSH(s->j->arena, d->f.names, d->f.n_names) =
			words[count].name;
		judge_evidence(
			s->j, d,
			judge_row_text(s->j, words[count].name, run[i].row));
		if (d->f.severity == VP_SEVERITY_ERROR) {
			judge_worse(&name->state, JUDGE_WRONG);
			*VP_PUSH(s->j->arena, name->blamed, name->n_blamed) =
				*run[i].addr;
		}
		count++;
	}
	return count;
}

static void judge_run(const struct dns_scene *s, const struct entry *run,
                      size_t n)
{
	size_t groups = count_groups(run, n), count;
	struct judge_words *words;
	struct judge_draft *d;

	if (groups < 2 || all_meant(s, run, n) || certificates_tell(s, run, n))
		return;
	words = vp_arena_alloc(s->j->arena, n * sizeof(*words));
	d = judge_add(s->j, "dns-address-shared", NULL);
	d->detail = "{names} lead to {address}: one private endpoint has it, "
		    "and so one of the records is wrong. Which one, these "
		    "answers do not tell.";
	if (groups >= PROXY_GROUPS) {
		d->f.severity = VP_SEVERITY_WARNING;
		d->detail = "{names} lead to {address}. That is so where one "
			    "proxy takes them all by their TLS names; a "
			    "private endpoint has one of them only.";
	}
	count = distinct(s, run, n, words, d);
	d->words = words[0];
	d->words.names = names_text(s, words, count);
	d->f.remedy = remedy_of(s, d->f.type->remedy, words, count);
}

void judge_dns_shared(const struct dns_scene *s)
{
	size_t n, from = 0;
	struct entry *list = collect(s, &n);

	if (n > 0)
		qsort(list, n, sizeof(*list), by_address);
	for (size_t i = 1; i <= n; i++) {
		if (i < n && vp_addr_equal(list[i].addr, list[from].addr))
			continue;
		judge_run(s, &list[from], i - from);
		from = i;
	}
}
