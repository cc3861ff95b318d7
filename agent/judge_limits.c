/*
 * judge_limits.c - where the guidance says that resources have to be: the
 * workspace and its default storage in one VNet, vault and registry there or
 * in a peered one, compute in the workspace's region (docs/sources.md: A3, A4,
 * A5).
 *
 * Only what is known of both sides is compared. A resource with several private
 * endpoints keeps the limit if one of them does. What is not known is told,
 * once, as information: it makes nothing clean and nothing wrong.
 */
#include "judge_draft.h"

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

static size_t count(const struct vp_discovery *d, enum vp_placement_role role)
{
	size_t n = 0;

	for (size_t i = 0; i < d->n_placements; i++)
		n += in_vnet(&d->placements[i], role);
	return n;
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

/* A peering counts from either side; a VNet whose peerings were read has one
 * with itself. */
static bool peered(const struct vp_discovery *d, const char *a, const char *b)
{
	for (size_t i = 0; i < d->n_peerings; i++) {
		const struct vp_peering *p = &d->peerings[i];

		if (p->connected && ((strcasecmp(p->vnet, a) == 0 &&
		                      strcasecmp(p->remote, b) == 0) ||
		                     (strcasecmp(p->vnet, b) == 0 &&
		                      strcasecmp(p->remote, a) == 0)))
			return true;
	}
	return false;
}

enum near { APART, UNKNOWN, NEAR };

/* Are these two in one VNet, or, with peers, in two that are peered? */
static enum near near(const struct vp_discovery *d, const char *a,
                      const char *b, bool peers)
{
	if (strcasecmp(a, b) == 0)
		return NEAR;
	if (!peers)
		return APART;
	if (peered(d, a, b))
		return NEAR;
	return peered(d, a, a) || peered(d, b, b) ? APART : UNKNOWN;
}

/* The best of all pairs of two resources' endpoints. */
static enum near nearest(const struct vp_discovery *d,
                         enum vp_placement_role one,
                         enum vp_placement_role other, bool peers)
{
	enum near best = APART;

	for (size_t i = 0; i < d->n_placements; i++) {
		const struct vp_placement *a = &d->placements[i];

		for (size_t k = 0; k < d->n_placements; k++) {
			const struct vp_placement *b = &d->placements[k];
			enum near n = APART;

			if (!in_vnet(a, one) || !in_vnet(b, other))
				continue;
			n = near(d, a->vnet, b->vnet, peers);
			if (n > best)
				best = n;
		}
	}
	return best;
}

/* One line for each place of a resource. */
static void tell(struct judge *j, struct judge_draft *draft,
                 enum vp_placement_role role)
{
	const struct vp_discovery *d = &j->facts->discovery;

	for (size_t i = 0; i < d->n_placements; i++) {
		const struct vp_placement *p = &d->placements[i];

		if (!in_vnet(p, role))
			continue;
		judge_evidence(j, draft,
		               vp_arena_printf(
				       j->arena, "%s %s: %s%s%s in %s%s%s",
				       vp_placement_role_name(role), p->name,
				       p->endpoint != NULL ? "endpoint " : "",
				       p->endpoint != NULL ? p->endpoint : "it",
				       p->endpoint != NULL ? "" : " is",
				       short_id(p->vnet),
				       p->subnet != NULL ? ", subnet " : "",
				       p->subnet != NULL ? p->subnet : ""));
	}
}

static void say(struct judge *j, const char *id, enum vp_placement_role role)
{
	const struct vp_discovery *d = &j->facts->discovery;
	struct judge_draft *draft = judge_add(j, id, NULL);

	draft->words.what =
		vp_arena_printf(j->arena, "%s %s", vp_placement_role_name(role),
	                        place(d, role)->name);
	draft->words.account = place(d, role)->name;
	draft->words.held = short_id(
		place(d, role)->vnet != NULL ? place(d, role)->vnet : "VNET");
	for (size_t i = 0; i < d->n_placements; i++) {
		if (in_vnet(&d->placements[i], role)) {
			draft->words.held = short_id(d->placements[i].vnet);
			break;
		}
	}
	draft->detail = "The {what} has no private endpoint where the "
			"workspace needs it.";
	tell(j, draft, VP_PLACEMENT_WORKSPACE);
	tell(j, draft, role);
}

/* Notes what cannot be compared. */
static void unknown(struct judge *j, const char **what, const char *more)
{
	*what = *what == NULL
	                ? more
	                : vp_arena_printf(j->arena, "%s; %s", *what, more);
}

static void judge_vnets(struct judge *j, const char **left)
{
	static const struct {
		enum vp_placement_role role;
		const char *id;
		bool peers;
	} rows[] = {
		{ VP_PLACEMENT_STORAGE, "limit-storage-vnet", false },
		{ VP_PLACEMENT_VAULT, "limit-resource-vnet", true },
		{ VP_PLACEMENT_REGISTRY, "limit-resource-vnet", true },
		{ VP_PLACEMENT_COMPUTE, "limit-compute-vnet", true },
	};
	const struct vp_discovery *d = &j->facts->discovery;

	if (count(d, VP_PLACEMENT_WORKSPACE) == 0) {
		unknown(j, left,
		        "in which VNet the workspace's private endpoint is");
		return;
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		enum near n;

		if (count(d, rows[i].role) == 0) {
			if (place(d, rows[i].role) != NULL)
				unknown(j, left,
				        vp_arena_printf(
						j->arena,
						"in which VNet the %s is",
						vp_placement_role_name(
							rows[i].role)));
			continue;
		}
		n = nearest(d, VP_PLACEMENT_WORKSPACE, rows[i].role,
		            rows[i].peers);
		if (n == APART)
			say(j, rows[i].id, rows[i].role);
		if (n == UNKNOWN)
			unknown(j, left,
			        vp_arena_printf(
					j->arena,
					"whether the VNet of the %s is peered "
					"with the workspace's",
					vp_placement_role_name(rows[i].role)));
	}
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
		if (strcasecmp(p->location, home) == 0)
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
