/*
 * diff_found.c - what was found out by itself: values, where resources and
 * their private endpoints are, which VNets are peered.
 *
 * A source may have been silent: what only one side tells is not known at the
 * other, and noise. What is told of the machine itself differs between
 * machines.
 */
#include "diff_draft.h"

#include <string.h>

static const struct diff_about about = { .section = VP_DIFF_POLICY };

static bool of_machine(const char *key)
{
	return strncmp(key, "machine_", 8) == 0 ||
	       strcmp(key, "identity_endpoint") == 0;
}

static void weigh(const struct diff *d, struct vp_diff_change *c, bool machine)
{
	if (c == NULL || !machine)
		return;
	c->section = VP_DIFF_MACHINE;
	if (!d->two_machines || c->weight != VP_DIFF_WEIGHT_MATTERS)
		return;
	c->weight = VP_DIFF_WEIGHT_CONTEXT;
	c->note = "machine-specific";
}

/* The texts of one side that have the key, each once; NULL: none. */
static const char *texts(struct diff *d, const struct diff_group *g,
                         unsigned side)
{
	struct diff_list l = { 0 };

	for (size_t i = 0; i < g->n[side]; i++)
		diff_add(d, &l, g->items[side][i].value, NULL);
	return diff_join(d, &l, ", ");
}

static void on_value(struct diff *d, const struct diff_group *g, void *arg)
{
	struct vp_diff_change *c =
		diff_texts(d, &about, diff_text(d, "found: %s", g->key),
	                   texts(d, g, A), texts(d, g, B));

	(void)arg;
	weigh(d, c, of_machine(g->key));
}

static void on_place(struct diff *d, const struct diff_group *g, void *arg)
{
	struct diff_about place = about;
	struct vp_diff_change *c;

	(void)arg;
	place.subject = g->key;
	c = diff_texts(d, &place, "where it is", texts(d, g, A),
	               texts(d, g, B));
	weigh(d, c, strncmp(g->key, "machine ", 8) == 0);
}

static void on_peering(struct diff *d, const struct diff_group *g, void *arg)
{
	struct diff_about peering = about;

	(void)arg;
	peering.subject = g->key;
	diff_texts(d, &peering, "peering", texts(d, g, A), texts(d, g, B));
}

static const char *or_unknown(const char *text)
{
	return text != NULL ? text : "?";
}

static const char *place_name(struct diff *d, const struct vp_placement *p)
{
	const char *text =
		diff_text(d, "%s %s", vp_placement_role_name(p->role),
	                  or_unknown(p->name));

	return p->endpoint != NULL ? diff_text(d, "%s by %s", text, p->endpoint)
	                           : text;
}

static const char *place_text(struct diff *d, const struct vp_placement *p)
{
	const char *text = diff_text(d, "region %s", or_unknown(p->location));

	if (p->vnet != NULL)
		text = diff_text(d, "%s, VNet %s", text, p->vnet);
	return p->subnet != NULL
	               ? diff_text(d, "%s, subnet %s", text, p->subnet)
	               : text;
}

void diff_found(struct diff *d)
{
	struct diff_list values[2] = { { 0 } }, places[2] = { { 0 } };
	struct diff_list peerings[2] = { { 0 } };

	for (unsigned s = A; s <= B; s++) {
		const struct vp_discovery *f = &d->facts[s]->discovery;

		for (size_t i = 0; i < f->n_values; i++)
			diff_add(d, &values[s], or_unknown(f->values[i].key),
			         or_unknown(f->values[i].value));
		for (size_t i = 0; i < f->n_placements; i++)
			diff_add(d, &places[s],
			         place_name(d, &f->placements[i]),
			         place_text(d, &f->placements[i]));
		for (size_t i = 0; i < f->n_peerings; i++)
			diff_add(d, &peerings[s],
			         diff_text(d, "%s with %s",
			                   or_unknown(f->peerings[i].vnet),
			                   or_unknown(f->peerings[i].remote)),
			         f->peerings[i].connected ? "connected"
			                                  : "not connected");
	}
	diff_walk(d, values, on_value, NULL);
	diff_walk(d, places, on_place, NULL);
	diff_walk(d, peerings, on_peering, NULL);
}
