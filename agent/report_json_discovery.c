/*
 * report_json_discovery.c - what was found out, as JSON: in the report, and
 * between the helper that asks Azure and its parent.
 */
#include "report_writer.h"

json_t *report_discovered(struct writer *w, size_t index)
{
	const struct vp_discovered *v = &w->facts->discovery.values[index];
	json_t *o = report_must(json_object());

	report_put(o, "key", report_string(w, v->key));
	report_put(o, "value", report_string(w, v->value));
	report_put(o, "source", report_string(w, v->source));
	report_put_true(o, "inferred", v->inferred);
	return o;
}

json_t *report_placement(struct writer *w, size_t index)
{
	const struct vp_placement *p = &w->facts->discovery.placements[index];
	json_t *o = report_must(json_object());

	report_put(o, "role", json_string(vp_placement_role_name(p->role)));
	report_put(o, "name", report_string(w, p->name));
	report_put_string(w, o, "location", p->location);
	report_put_string(w, o, "endpoint", p->endpoint);
	report_put_string(w, o, "group", p->group);
	report_put_string(w, o, "vnet", p->vnet);
	report_put_string(w, o, "subnet", p->subnet);
	report_put(o, "source", report_string(w, p->source));
	return o;
}

json_t *report_peering(struct writer *w, size_t index)
{
	const struct vp_peering *p = &w->facts->discovery.peerings[index];
	json_t *o = report_must(json_object());

	report_put(o, "vnet", report_string(w, p->vnet));
	report_put(o, "remote", report_string(w, p->remote));
	report_put(o, "connected", json_boolean(p->connected));
	return o;
}

json_t *report_discovery_notes(struct writer *w)
{
	const struct vp_discovery *d = &w->facts->discovery;

	return report_strings(w, d->notes, d->n_notes);
}

json_t *report_discovery_unread(struct writer *w)
{
	const struct vp_discovery *d = &w->facts->discovery;

	return report_strings(w, d->unread, d->n_unread);
}
