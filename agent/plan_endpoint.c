/*
 * plan_endpoint.c - expected addresses from the private endpoints' own records.
 *
 * The files say which address each name must have; the plan says which names
 * matter. Where the config states addresses too, the files may narrow them
 * (one list for all names of a workspace) and must not contradict them.
 */
#include <stdlib.h>
#include <string.h>

#include "endpoint_file.h"
#include "name_match.h"
#include "planner.h"

struct matcher {
	struct vp_planner *p;
	struct vp_arena *arena;
	struct vp_endpoint_file *file;
	const struct vp_endpoint_name **exact; /* sorted */
	const struct vp_endpoint_name **wild;  /* "*." */
	const struct vp_endpoint_name **workspaces;
	size_t n_exact, n_wild, n_workspaces;
	bool *used; /* for each name of the file */
};

/* What the files say of one target. */
struct found {
	struct vp_addr *addresses;
	size_t n_addresses;
	char *from; /* NULL: nothing */
	char **endpoints;
	size_t n_endpoints;
};

static int by_fqdn(const void *a, const void *b)
{
	const struct vp_endpoint_name *const *x = a, *const *y = b;

	return strcmp((*x)->fqdn, (*y)->fqdn);
}

static void sort_names(struct matcher *m)
{
	for (size_t i = 0; i < m->file->n_names; i++) {
		const struct vp_endpoint_name *n = &m->file->names[i];
		const struct vp_catalogue_suffix *row =
			vp_catalogue_find(n->fqdn);

		if (strncmp(n->fqdn, "*.", 2) == 0)
			*VP_PUSH(m->arena, m->wild, m->n_wild) = n;
		else
			*VP_PUSH(m->arena, m->exact, m->n_exact) = n;
		if (row != NULL && row->kind == VP_KIND_WORKSPACE)
			*VP_PUSH(m->arena, m->workspaces, m->n_workspaces) = n;
	}
	if (m->n_exact > 0)
		qsort(m->exact, m->n_exact, sizeof(*m->exact), by_fqdn);
	m->used = vp_arena_alloc(m->arena,
	                         (m->file->n_names + 1) * sizeof(*m->used));
}

/* --- finding -------------------------------------------------------------- */

static bool has(const struct vp_addr *list, size_t n, const struct vp_addr *a)
{
	for (size_t i = 0; i < n; i++) {
		if (vp_addr_equal(&list[i], a))
			return true;
	}
	return false;
}

static void take(struct matcher *m, struct found *f,
                 const struct vp_endpoint_name *n)
{
	m->used[n - m->file->names] = true;
	for (size_t i = 0; i < n->n_addresses; i++) {
		if (!has(f->addresses, f->n_addresses, &n->addresses[i]))
			*VP_PUSH(m->arena, f->addresses, f->n_addresses) =
				n->addresses[i];
	}
	if (n->endpoint != NULL)
		*VP_PUSH(m->arena, f->endpoints, f->n_endpoints) = n->endpoint;
	if (f->from == NULL)
		f->from = n->from;
	else if (strstr(f->from, n->from) == NULL)
		f->from = vp_arena_printf(m->arena, "%s, %s", f->from, n->from);
}

static void take_exact(struct matcher *m, struct found *f, const char *name)
{
	size_t low = 0, high = m->n_exact;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(m->exact[middle]->fqdn, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < m->n_exact && strcmp(m->exact[low]->fqdn, name) == 0;
	     low++)
		take(m, f, m->exact[low]);
}

/* guid.workspace.REGION.cert.SUFFIX, without its "cert" */
static void take_of_cert(struct matcher *m, struct found *f, const char *name)
{
	const char *cert = strstr(name, ".cert.");

	if (cert != NULL)
		take_exact(m, f,
		           vp_arena_printf(m->arena, "%.*s%s",
		                           (int)(cert - name), name, cert + 5));
}

/* The label behind "guid.workspace." or "ci.". */
static bool same_region(const char *workspace, const char *instance)
{
	const char *a = strstr(workspace, ".workspace.");
	const char *b = strchr(instance, '.');
	size_t n;

	if (a == NULL || b == NULL)
		return false;
	a += strlen(".workspace.");
	n = strcspn(a, ".");
	return strcspn(b + 1, ".") == n && strncmp(a, b + 1, n) == 0;
}

/*
 * An instance's name does not say whose it is: where workspaces of one region
 * differ, nothing is known of it.
 */
static void take_of_instance(struct matcher *m, struct found *f,
                             const char *name)
{
	for (size_t i = 0; i < m->n_workspaces; i++) {
		const struct vp_endpoint_name *w = m->workspaces[i];

		if (!same_region(w->fqdn, name))
			continue;
		if (f->n_addresses > 0 &&
		    (w->n_addresses != f->n_addresses ||
		     !has(f->addresses, f->n_addresses, w->addresses))) {
			*f = (struct found){ 0 };
			return;
		}
		take(m, f, w);
	}
}

/* The workspace's certificate name and its compute instances answer at the
 * address of its member "default" (docs/sources.md: A1). */
static struct found find(struct matcher *m, const struct vp_target *t)
{
	const char *name = t->name->name;
	struct found f = { 0 };

	take_exact(m, &f, name);
	for (size_t i = 0; i < m->n_wild && f.from == NULL; i++) {
		if (vp_name_fits(name, m->wild[i]->fqdn, ""))
			take(m, &f, m->wild[i]);
	}
	if (f.from == NULL && t->kind == VP_KIND_WORKSPACE_CERT)
		take_of_cert(m, &f, name);
	if (f.from == NULL && t->kind == VP_KIND_COMPUTE_INSTANCE)
		take_of_instance(m, &f, name);
	return f;
}

/* --- setting -------------------------------------------------------------- */

static bool contradicts(struct matcher *m, const struct vp_target *t,
                        const struct found *f, const struct vp_addr *a)
{
	char ours[VP_ADDR_TEXT], theirs[VP_ADDR_TEXT];

	return vp_plan_refuse_at(
		m->p, t->origin,
		"%s has the address %s here and %s in %s: correct one of them",
		t->name->name, vp_addr_format(&t->expected[0], ours),
		vp_addr_format(a, theirs), f->from);
}

/* A private endpoint that has this name makes private what might have been
 * either. */
static void expect_private(struct matcher *m, size_t index,
                           const struct found *f)
{
	struct vp_target *t = &m->p->facts->targets[index];

	if (t->expect != VP_EXPECT_ANY || m->p->stated[index] ||
	    m->p->s->has_expect)
		return;
	t->expect = VP_EXPECT_PRIVATE;
	t->why = vp_arena_printf(m->p->facts->arena,
	                         "it has a private endpoint: %s", f->from);
}

static bool set_expected(struct matcher *m, size_t index)
{
	struct vp_target *t = &m->p->facts->targets[index];
	struct vp_arena *arena = m->p->facts->arena;
	struct found f = find(m, t);

	if (f.from == NULL)
		return true;
	expect_private(m, index, &f);
	if (t->expect != VP_EXPECT_PRIVATE && t->expect != VP_EXPECT_ANY)
		return true; /* reached past its endpoint on purpose */
	for (size_t i = 0; i < f.n_addresses && t->n_expected > 0; i++) {
		if (!has(t->expected, t->n_expected, &f.addresses[i]))
			return contradicts(m, t, &f, &f.addresses[i]);
	}
	t->expected = NULL;
	t->n_expected = 0;
	for (size_t i = 0; i < f.n_addresses; i++)
		*VP_PUSH(arena, t->expected, t->n_expected) = f.addresses[i];
	t->expected_from = vp_arena_strdup(arena, f.from);
	for (size_t i = 0; i < f.n_endpoints; i++)
		*VP_PUSH(arena, t->endpoints, t->n_endpoints) =
			vp_arena_strdup(arena, f.endpoints[i]);
	return true;
}

/* The VNet's own settings, where nobody stated them. */
static void set_vnet(struct matcher *m)
{
	struct vp_facts *f = m->p->facts;
	const struct vp_endpoint_file *file = m->file;

	for (size_t i = 0; i < file->n_vnet && m->p->s->n_vnet == 0; i++)
		*VP_PUSH(f->arena, f->policy.vnet, f->policy.n_vnet) =
			file->vnet[i];
	if (m->p->s->n_vnet_dns > 0 || file->n_vnet_dns == 0)
		return;
	f->machine.vnet_dns = NULL;
	f->machine.n_vnet_dns = 0;
	for (size_t i = 0; i < file->n_vnet_dns; i++)
		*VP_PUSH(f->arena, f->machine.vnet_dns, f->machine.n_vnet_dns) =
			file->vnet_dns[i];
	f->machine.vnet_dns_from = vp_arena_strdup(f->arena, file->vnet_from);
}

/* --- notes ---------------------------------------------------------------- */

static void note_file(struct matcher *m, const char *path, size_t from,
                      size_t to)
{
	for (size_t i = from; i < to; i++) {
		if (m->used[i])
			return;
	}
	if (from < to)
		vp_plan_note(m->p,
		             "%s: none of its names is a target, such as %s",
		             path, m->file->names[from].fqdn);
}

/* "NAME ADDRESS ADDRESS" of found.c, which has checked it. */
static void add_found(struct matcher *m, const struct vp_discovered *v)
{
	char *copy = vp_arena_strdup(m->arena, v->value), *save = NULL;
	struct vp_endpoint_name *n =
		VP_PUSH(m->arena, m->file->names, m->file->n_names);

	n->fqdn = strtok_r(copy, " ", &save);
	n->from = v->source;
	for (char *w = strtok_r(NULL, " ", &save); w != NULL;
	     w = strtok_r(NULL, " ", &save))
		vp_addr_parse(VP_PUSH(m->arena, n->addresses, n->n_addresses),
		              w);
}

/* What was found out stands behind the files. */
static void read_found(struct matcher *m)
{
	const struct vp_discovery *d = m->p->s->found;

	for (size_t i = 0; d != NULL && i < d->n_values; i++) {
		if (strcmp(d->values[i].key, "address") == 0)
			add_found(m, &d->values[i]);
	}
}

/* Reads each file; ends[i] is where its names end. */
static bool read_files(struct matcher *m, size_t *ends)
{
	const struct vp_settings *s = m->p->s;

	for (size_t i = 0; i < s->n_endpoint_files; i++) {
		if (vp_endpoint_file_read(m->file, m->arena,
		                          s->endpoint_files[i], m->p->why,
		                          m->p->size) != 0)
			return false;
		ends[i] = m->file->n_names;
	}
	read_found(m);
	return true;
}

static bool match(struct matcher *m)
{
	const struct vp_settings *s = m->p->s;
	size_t *ends = vp_arena_alloc(m->arena, (s->n_endpoint_files + 1) *
	                                                sizeof(*ends));

	if (!read_files(m, ends))
		return false;
	sort_names(m);
	for (size_t i = 0; i < m->p->facts->n_targets; i++) {
		if (!set_expected(m, i))
			return false;
	}
	set_vnet(m);
	for (size_t i = 0; i < m->file->n_notes; i++)
		vp_plan_note(m->p, "%s", m->file->notes[i]);
	for (size_t i = 0; i < s->n_endpoint_files; i++)
		note_file(m, s->endpoint_files[i], i > 0 ? ends[i - 1] : 0,
		          ends[i]);
	return true;
}

bool vp_plan_endpoints(struct vp_planner *p)
{
	struct vp_endpoint_file file = { 0 };
	struct matcher m = {
		.p = p,
		.arena = vp_arena_create(),
		.file = &file,
	};
	bool ok = (p->s->n_endpoint_files == 0 && p->s->found == NULL) ||
	          match(&m);

	vp_arena_destroy(m.arena);
	return ok;
}
