/*
 * report_read_discovery.c - what was found out, read again.
 *
 * Reports before these keys have none of them. What the judge looks at (places
 * and peerings) has to be there; the rest is only shown.
 */
#include "report_reader.h"

static void read_discovered(struct fields *r, const json_t *o, void *arg)
{
	struct vp_discovery *d = arg;
	struct vp_discovered *v = VP_PUSH(r->arena, d->values, d->n_values);

	v->key = fields_text(r, o, "key");
	v->value = fields_text(r, o, "value");
	v->source = fields_text(r, o, "source");
	v->inferred = fields_flag(r, o, "inferred");
	if (!r->failed &&
	    (v->key == NULL || v->value == NULL || v->source == NULL))
		fields_fail(r, "value", "key, value and source are texts");
}

static char *text_if_there(struct fields *r, const json_t *o, const char *key)
{
	return fields_has(o, key) ? fields_text(r, o, key) : NULL;
}

static void read_placement(struct fields *r, const json_t *o, void *arg)
{
	struct vp_discovery *d = arg;
	struct vp_placement *p =
		VP_PUSH(r->arena, d->placements, d->n_placements);

	FIELDS_WORD(r, o, "role", vp_placement_role_parse, &p->role);
	p->name = fields_text(r, o, "name");
	p->location = text_if_there(r, o, "location");
	p->endpoint = text_if_there(r, o, "endpoint");
	p->group = text_if_there(r, o, "group");
	p->vnet = text_if_there(r, o, "vnet");
	p->subnet = text_if_there(r, o, "subnet");
	p->source = fields_text(r, o, "source");
	if (!r->failed && (p->name == NULL || p->source == NULL))
		fields_fail(r, "name", "name and source are texts");
}

static void read_peering(struct fields *r, const json_t *o, void *arg)
{
	struct vp_discovery *d = arg;
	struct vp_peering *p = VP_PUSH(r->arena, d->peerings, d->n_peerings);

	p->vnet = fields_text(r, o, "vnet");
	p->remote = fields_text(r, o, "remote");
	p->connected = fields_boolean(r, o, "connected");
	if (!r->failed && (p->vnet == NULL || p->remote == NULL))
		fields_fail(r, "vnet", "both VNets are texts");
}

/* A list that is longer than any that this program writes is not read. */
static void read_list(struct fields *r, const json_t *o, const char *key,
                      size_t most,
                      void (*one)(struct fields *, const json_t *, void *))
{
	const json_t *list;

	if (!fields_has(o, key))
		return;
	list = fields_array(r, o, key);
	if (json_array_size(list) > most)
		fields_fail(r, key, "has %zu, and %zu are the most",
		            json_array_size(list), most);
	else
		fields_each(r, o, key, one, &r->f->discovery);
}

void report_read_discovery(struct fields *r, const json_t *o)
{
	struct vp_discovery *d = &r->f->discovery;

	if (fields_has(o, "discovered"))
		fields_each(r, o, "discovered", read_discovered, d);
	read_list(r, o, "placements", VP_PLACEMENTS_MAX, read_placement);
	read_list(r, o, "peerings", VP_PEERINGS_MAX, read_peering);
	if (fields_has(o, "discovery_notes"))
		d->notes = fields_texts(r, o, "discovery_notes", &d->n_notes);
	if (fields_has(o, "discovery_unread"))
		d->unread =
			fields_texts(r, o, "discovery_unread", &d->n_unread);
}
