/* report_json_proxy.c - proxy settings and what they would do, as JSON. */
#include <jansson.h>

#include "proxy.h"
#include "report_fields.h"
#include "report_reader.h"
#include "report_writer.h"

static json_t *setting(struct writer *w, const struct vp_proxy_setting *s)
{
	json_t *o = report_must(json_object());

	report_put(o, "source", report_string(w, s->source));
	report_put(o, "variable", report_string(w, s->variable));
	report_put(o, "value", report_string(w, s->value));
	report_put_true(o, "general", s->general);
	return o;
}

/* The proxy by client; null: directly. */
static json_t *effect(struct writer *w, const char *target, bool https,
                      const char *host, uint16_t port)
{
	json_t *o = report_must(json_object());

	report_put(o, "target", report_string(w, target));
	for (int c = 0; c < VP_PROXY_CLIENT_COUNT; c++) {
		enum vp_proxy_client client = (enum vp_proxy_client)c;

		report_put(o, vp_proxy_client_name(client),
		           report_string(w, vp_proxy_for(w->facts, client,
		                                         https, host, port)));
	}
	return o;
}

static json_t *effects(struct writer *w)
{
	const struct vp_facts *f = w->facts;
	json_t *list = report_must(json_array());

	for (size_t i = 0; i < f->n_targets; i++) {
		const struct vp_target *t = &f->targets[i];

		if (t->tls)
			report_append(
				list,
				effect(w,
			               vp_arena_printf(w->scratch, "%s:%u",
			                               t->name->name,
			                               (unsigned)t->port),
			               true, t->name->name, t->port));
	}
	for (size_t i = 0; i < 2; i++)
		report_append(list, effect(w, vp_proxy_platform[i], false,
		                           vp_proxy_platform[i], 80));
	return list;
}

json_t *report_proxy(struct writer *w)
{
	const struct vp_facts *f = w->facts;
	json_t *o, *list;

	if (f->n_proxy_settings == 0)
		return NULL;
	o = report_must(json_object());
	list = report_must(json_array());
	for (size_t i = 0; i < f->n_proxy_settings; i++)
		report_append(list, setting(w, &f->proxy_settings[i]));
	report_put(o, "settings", list);
	if (vp_proxy_is_set(f))
		report_put(o, "effects", effects(w));
	return o;
}

/* Strings that the rules read: never NULL. */
static void read_setting(struct fields *r, const json_t *o, void *arg)
{
	struct vp_facts *f = arg;
	struct vp_proxy_setting s = {
		.source = fields_text(r, o, "source"),
		.variable = fields_text(r, o, "variable"),
		.value = fields_text(r, o, "value"),
		.general = fields_flag(r, o, "general"),
	};

	if (s.source == NULL || s.variable == NULL || s.value == NULL)
		fields_fail(r, "settings", "a text is missing");
	else
		*VP_PUSH(r->arena, f->proxy_settings, f->n_proxy_settings) = s;
}

void report_read_proxy(struct fields *r, const json_t *parent)
{
	const json_t *o;
	size_t before;

	if (!fields_has(parent, "proxy"))
		return;
	o = fields_object(r, parent, "proxy");
	before = fields_enter(r, "proxy");
	if (o != NULL)
		fields_each(r, o, "settings", read_setting, r->f);
	fields_leave(r, before);
}
