/*
 * judge_limits.c - where the guidance says that resources have to be: the
 * workspace and its default storage in one VNet, vault and registry there or
 * in a peered one, compute in the workspace's region (docs/sources.md: A3, A4,
 * A5).
 *
 * Only what is known of both sides is compared. A resource with several private
 * endpoints keeps the limit if one of them does; those of storage are for blobs
 * or for files, and each counts for its own. What is not known is told, once,
 * as information: it makes nothing clean and nothing wrong.
 */
#include "judge_draft.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *short_id(const char *id)
{
	const char *slash = strrchr(id, '/');

	return slash != NULL ? slash + 1 : id;
}

static bool in_vnet(const struct vp_placement *p, enum vp_placement_role role)
{
	return p->role == role && p->vnet != NULL;
}

static const struct vp_placement *place(const struct vp_discovery *d,
                                        enum vp_placement_role role)
{
	for (size_t i = 0; i < d->n_placements; i++) {
		if (d->placements[i].role == role)
			return &d->placements[i];
	}
	return NULL;
}

/* --- which VNets are peered ---------------------------------------------- */

struct pair { /* of VNets, connected; a before b */
	const char *a, *b;
};

struct limits {
	struct judge *j;
	const struct vp_discovery *d;
	struct pair *pairs; /* sorted */
	size_t n_pairs;
};

static int by_names(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;
	int order = strcasecmp(x->a, y->a);

	return order != 0 ? order : strcasecmp(x->b, y->b);
}

static struct pair pair_of(const char *a, const char *b)
{
	return strcasecmp(a, b) <= 0 ? (struct pair){ a, b }
	                             : (struct pair){ b, a };
}

static void sort_peerings(struct limits *l)
{
	for (size_t i = 0; i < l->d->n_peerings; i++) {
		const struct vp_peering *p = &l->d->peerings[i];

		if (p->connected)
			*VP_PUSH(l->j->arena, l->pairs, l->n_pairs) =
				pair_of(p->vnet, p->remote);
	}
	if (l->n_pairs > 0)
		qsort(l->pairs, l->n_pairs, sizeof(*l->pairs), by_names);
}

/* A peering counts from either side; a VNet whose peerings were read has one
 * with itself. */
static bool peered(const struct limits *l, const char *a, const char *b)
{
	struct pair key = pair_of(a, b);

	return l->n_pairs > 0 && bsearch(&key, l->pairs, l->n_pairs,
	                                 sizeof(key), by_names) != NULL;
}

enum near { APART, UNKNOWN, NEAR };

/* Are these two in one VNet, or, with peers, in two that are peered? */
static enum near near(const struct limits *l, const char *a, const char *b,
                      bool peers)
{
	if (strcasecmp(a, b) == 0)
		return NEAR;
	if (!peers)
		return APART;
	if (peered(l, a, b))
		return NEAR;
	return peered(l, a, a) || peered(l, b, b) ? APART : UNKNOWN;
}

/* --- one part of a resource ---------------------------------------------- */

struct part {
	enum vp_placement_role role;
	const char *group; /* of endpoints; NULL: the resource has but one */
	const char *id;    /* of the finding */
	bool peers;        /* a peered VNet is near enough */
};

/* Is this an endpoint for the part? One whose group is not told may be. */
static bool is_of(const struct vp_placement *p, const struct part *part)
{
	static const char *const others[] = { "blob",  "file", "queue",
		                              "table", "dfs",  "web" };

	if (!in_vnet(p, part->role))
		return false;
	if (part->group == NULL || p->group == NULL ||
	    strcasecmp(p->group, part->group) == 0)
		return true;
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		size_t n = strlen(others[i]);

		if (strncasecmp(p->group, others[i], n) == 0 &&
		    (p->group[n] == '\0' || p->group[n] == '_'))
			return false;
	}
	return true;
}

static size_t count_of(const struct vp_discovery *d, const struct part *part)
{
	size_t n = 0;

	for (size_t i = 0; i < d->n_placements; i++)
		n += is_of(&d->placements[i], part);
	return n;
}

/* The best of all pairs of an endpoint of the workspace and one of the part. */
static enum near nearest(const struct limits *l, const struct part *part)
{
	const struct vp_discovery *d = l->d;
	enum near best = APART;

	for (size_t i = 0; i < d->n_placements; i++) {
		const struct vp_placement *a = &d->placements[i];

		if (!in_vnet(a, VP_PLACEMENT_WORKSPACE))
			continue;
		for (size_t k = 0; k < d->n_placements && best < NEAR; k++) {
			const struct vp_placement *b = &d->placements[k];
			enum near n = is_of(b, part) ? near(l, a->vnet, b->vnet,
			                                    part->peers)
			                             : APART;

			if (n > best)
				best = n;
		}
	}
	return best;
}

/* "storage", "storage (file)" */
static const char *part_text(struct judge *j, const struct part *part)
{
	const char *role = vp_placement_role_name(part->role);

	return part->group == NULL ? role
	                           : vp_arena_printf(j->arena, "%s (%s)", role,
	                                             part->group);
}

/* One line for each place of a part. */
static void tell(struct judge *j, struct judge_draft *draft,
                 const struct part *part)
{
	const struct vp_discovery *d = &j->facts->discovery;

	for (size_t i = 0; i < d->n_placements; i++) {
		const struct vp_placement *p = &d->placements[i];

		if (!is_of(p, part))
			continue;
		judge_evidence(j, draft,
		               vp_arena_printf(
				       j->arena, "%s %s: %s%s%s in %s%s%s",
				       part_text(j, part), p->name,
				       p->endpoint != NULL ? "endpoint " : "",
				       p->endpoint != NULL ? p->endpoint : "it",
				       p->endpoint != NULL ? "" : " is",
				       short_id(p->vnet),
				       p->subnet != NULL ? ", subnet " : "",
				       p->subnet != NULL ? p->subnet : ""));
	}
}

static void say(struct judge *j, const struct part *part)
{
	static const struct part workspace = { .role = VP_PLACEMENT_WORKSPACE };
	const struct vp_discovery *d = &j->facts->discovery;
	const struct vp_placement *p = d->placements;
	struct judge_draft *draft = judge_add(j, part->id, NULL);

	while (!is_of(p, part))
		p++; /* there is one */
	draft->words.what = vp_arena_printf(
		j->arena, "%s %s%s%s", vp_placement_role_name(part->role),
		p->name, part->group != NULL ? ", " : "",
		part->group != NULL ? part->group : "");
	draft->words.account = p->name;
	draft->words.held = short_id(p->vnet);
	draft->detail = "The {what} has no private endpoint where the "
			"workspace needs it.";
	tell(j, draft, &workspace);
	tell(j, draft, part);
}

/* Notes what cannot be compared. */
static void unknown(struct judge *j, const char **what, const char *more)
{
	*what = *what == NULL
	                ? more
	                : vp_arena_printf(j->arena, "%s; %s", *what, more);
}

static void judge_part(struct limits *l, const struct part *part,
                       const char **left)
{
	struct judge *j = l->j;

	if (count_of(l->d, part) == 0) {
		if (place(l->d, part->role) != NULL)
			unknown(j, left,
			        vp_arena_printf(j->arena,
			                        "in which VNet the %s is",
			                        part_text(j, part)));
		return;
	}
	switch (nearest(l, part)) {
	case APART:
		say(j, part);
		return;
	case UNKNOWN:
		unknown(j, left,
		        vp_arena_printf(j->arena,
		                        "whether the VNet of the %s is peered "
		                        "with the workspace's",
		                        part_text(j, part)));
		return;
	case NEAR:
		return;
	}
}

/* Is the group of any of a resource's endpoints told? */
static bool has_groups(const struct vp_discovery *d,
                       enum vp_placement_role role)
{
	for (size_t i = 0; i < d->n_placements; i++) {
		if (in_vnet(&d->placements[i], role) &&
		    d->placements[i].group != NULL)
			return true;
	}
	return false;
}

static bool is_apart(const struct limits *l, const struct part *part)
{
	return count_of(l->d, part) > 0 && nearest(l, part) == APART;
}

/* Blob and file have an endpoint each, and the workspace needs both. */
static void judge_storage(struct limits *l, const char **left)
{
	static const struct part all = { VP_PLACEMENT_STORAGE, NULL,
		                         "limit-storage-vnet", false };
	static const struct part blob = { VP_PLACEMENT_STORAGE, "blob",
		                          "limit-storage-vnet", false };
	static const struct part file = { VP_PLACEMENT_STORAGE, "file",
		                          "limit-storage-vnet", false };

	if (!has_groups(l->d, VP_PLACEMENT_STORAGE)) {
		judge_part(l, &all, left);
	} else if (is_apart(l, &blob) && is_apart(l, &file)) {
		say(l->j, &all);
	} else {
		judge_part(l, &blob, left);
		judge_part(l, &file, left);
	}
}

static void judge_vnets(struct judge *j, const char **left)
{
	static const struct part rows[] = {
		{ VP_PLACEMENT_VAULT, NULL, "limit-resource-vnet", true },
		{ VP_PLACEMENT_REGISTRY, NULL, "limit-resource-vnet", true },
		{ VP_PLACEMENT_COMPUTE, NULL, "limit-compute-vnet", true },
	};
	static const struct part home = { .role = VP_PLACEMENT_WORKSPACE };
	struct limits l = { .j = j, .d = &j->facts->discovery };

	if (count_of(l.d, &home) == 0) {
		unknown(j, left,
		        "in which VNet the workspace's private endpoint is");
		return;
	}
	sort_peerings(&l);
	judge_storage(&l, left);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		judge_part(&l, &rows[i], left);
}

static const char *location_of(const struct vp_discovery *d,
                               enum vp_placement_role role)
{
	for (size_t i = 0; i < d->n_placements; i++) {
		if (d->placements[i].role == role &&
		    d->placements[i].location != NULL)
			return d->placements[i].location;
	}
	return NULL;
}

/* "East US" is the name for people of "eastus". */
static bool same_region(const char *a, const char *b)
{
	for (;; a++, b++) {
		while (*a == ' ')
			a++;
		while (*b == ' ')
			b++;
		if (tolower((unsigned char)*a) != tolower((unsigned char)*b))
			return false;
		if (*a == '\0')
			return true;
	}
}

static void judge_region(struct judge *j, const char **left)
{
	const struct vp_discovery *d = &j->facts->discovery;
	const char *home = location_of(d, VP_PLACEMENT_WORKSPACE);

	for (size_t i = 0; i < d->n_placements; i++) {
		const struct vp_placement *p = &d->placements[i];
		struct judge_draft *draft;

		if (p->role != VP_PLACEMENT_COMPUTE || p->location == NULL)
			continue;
		if (home == NULL) {
			unknown(j, left, "the workspace's region");
			return;
		}
		if (same_region(p->location, home))
			continue;
		draft = judge_add(j, "limit-compute-region", NULL);
		draft->words.what = p->name;
		draft->words.held = p->location;
		draft->words.expected = home;
		draft->detail = "{what} is in {held}, and the workspace in "
				"{expected}.";
		judge_evidence(j, draft,
		               vp_arena_printf(j->arena, "%s: %s, by %s",
		                               p->name, p->location,
		                               p->source));
		return;
	}
}

/* Did the config, or what was found out, name it as a workspace's resource? */
static bool is_resource(const struct vp_target *t)
{
	static const char *const heads[] = { "storage_accounts[", "key_vaults[",
		                             "registries[", "found: " };

	if (t->origin == NULL)
		return false; /* an old report */
	for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++) {
		if (strncmp(t->origin, heads[i], strlen(heads[i])) == 0)
			return true;
	}
	return false;
}

/* Resources alone, and all of them well: that says nothing of the workspace. */
static void judge_unnamed(struct judge *j)
{
	const struct vp_facts *f = j->facts;
	bool resources = false;
	struct judge_draft *draft;

	for (size_t i = 0; i < f->n_targets; i++) {
		const struct vp_target *t = &f->targets[i];

		if (t->kind == VP_KIND_WORKSPACE ||
		    t->kind == VP_KIND_AML_REGISTRY)
			return;
		resources = resources || is_resource(t);
	}
	if (!resources || !vp_mode_probes(f->mode))
		return;
	draft = judge_add(j, "workspace-not-named", NULL);
	draft->detail = "The workspace itself was not looked at: none is "
			"named.";
}

static const struct vp_discovered *id_of(const struct vp_discovery *d,
                                         bool inferred)
{
	for (size_t i = 0; i < d->n_values; i++) {
		if (strcmp(d->values[i].key, "workspace_id") == 0 &&
		    d->values[i].inferred == inferred)
			return &d->values[i];
	}
	return NULL;
}

/* Whose targets they are was found out, and this machine's own share is that
 * of another workspace. */
static void judge_ids(struct judge *j)
{
	const struct vp_discovered *said = id_of(&j->facts->discovery, false);
	const struct vp_discovered *own = id_of(&j->facts->discovery, true);
	struct judge_draft *draft;
	bool found = false;

	if (said == NULL || own == NULL ||
	    strcasecmp(said->value, own->value) == 0)
		return;
	for (size_t i = 0; i < j->facts->n_targets; i++) {
		const struct vp_target *t = &j->facts->targets[i];

		found = found ||
		        (t->kind == VP_KIND_WORKSPACE && t->origin != NULL &&
		         strncmp(t->origin, "found: ", 7) == 0);
	}
	if (!found)
		return;
	draft = judge_add(j, "workspace-ids-differ", NULL);
	draft->words.held = own->value;
	draft->words.expected = said->value;
	draft->detail = "This machine's file share is that of the workspace "
			"{held}; what was looked at is {expected}.";
	judge_evidence(j, draft,
	               vp_arena_printf(j->arena, "%s, by %s", own->value,
	                               own->source));
	judge_evidence(j, draft,
	               vp_arena_printf(j->arena, "%s, by %s", said->value,
	                               said->source));
}

void judge_limits(struct judge *j)
{
	const struct vp_discovery *d = &j->facts->discovery;
	const char *left = NULL;
	struct judge_draft *draft;

	judge_unnamed(j);
	judge_ids(j);
	if (place(d, VP_PLACEMENT_WORKSPACE) == NULL)
		return; /* nobody was asked */
	judge_vnets(j, &left);
	judge_region(j, &left);
	if (left == NULL)
		return;
	draft = judge_add(j, "limit-unproven", NULL);
	draft->words.what = left;
	draft->detail = "Not known: {what}.";
}
