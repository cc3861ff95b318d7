/*
 * diff_json.c - the comparison as JSON: deploy/vnetprobe.diff.schema.json.
 * Pure ASCII, as the report's.
 */
#include "diff.h"

#include <errno.h>

#include "report_writer.h"

#define DIFF_SCHEMA "vnetprobe.diff/1"

static json_t *side(struct writer *w, const struct vp_diff_side *s)
{
	const struct vp_facts *f = s->facts;
	json_t *o = report_must(json_object());

	report_put(o, "file", report_string(w, s->file));
	report_put(o, "host", report_string(w, f->hostname));
	report_put(o, "tool", report_string(w, f->tool));
	report_put(o, "started", report_moment(f->started_us));
	report_put(o, "command", json_string(vp_mode_name(f->mode)));
	report_put(o, "scenario", report_string(w, f->scenario));
	report_put(o, "verdict", json_string(vp_verdict_name(s->j->verdict)));
	report_put(o, "exit_status", json_integer(s->j->exit_status));
	report_put(o, "summary", report_string(w, s->j->summary));
	return o;
}

static json_t *limits(struct writer *w, const struct vp_diff *d)
{
	json_t *list = report_must(json_array());

	for (size_t i = 0; i < d->n_limits; i++) {
		const struct vp_diff_limit *l = &d->limits[i];
		json_t *o = report_must(json_object());

		report_put(o, "side", json_string(l->side == 0 ? "a" : "b"));
		report_put(o, "what", report_string(w, l->what));
		report_put(o, "why", report_string(w, l->why));
		report_append(list, o);
	}
	return list;
}

static json_t *counts(const struct vp_diff *d)
{
	json_t *o = report_must(json_object());

	report_put(o, "matters", report_number(d->matter));
	report_put(o, "context", report_number(d->context));
	report_put(o, "noise", report_number(d->noise));
	return o;
}

static json_t *change(struct writer *w, const struct vp_diff_change *c)
{
	json_t *o = report_must(json_object());

	report_put(o, "section", json_string(vp_diff_section_name(c->section)));
	report_put(o, "change", json_string(vp_diff_kind_name(c->kind)));
	report_put(o, "weight", json_string(vp_diff_weight_name(c->weight)));
	report_put(o, "subject", report_string(w, c->subject));
	report_put(o, "where", report_string(w, c->where));
	report_put(o, "what", report_string(w, c->what));
	report_put(o, "a", report_string(w, c->a));
	report_put(o, "b", report_string(w, c->b));
	report_put(o, "note", report_string(w, c->note));
	report_put(o, "decides", json_boolean(c->decides));
	return o;
}

static json_t *document(struct writer *w, const struct vp_diff *d, bool noise)
{
	json_t *o = report_must(json_object());
	json_t *list = report_must(json_array());
	int status = vp_diff_exit_status(d);

	for (size_t i = 0; i < d->n_changes; i++) {
		if (noise || d->changes[i].weight != VP_DIFF_WEIGHT_NOISE)
			report_append(list, change(w, &d->changes[i]));
	}
	report_put(o, "schema", json_string(DIFF_SCHEMA));
	report_put(o, "differs", json_boolean(status != 0));
	report_put(o, "exit_status", json_integer(status));
	report_put(o, "two_machines", json_boolean(d->two_machines));
	report_put(o, "a", side(w, &d->side[0]));
	report_put(o, "b", side(w, &d->side[1]));
	report_put(o, "counts", counts(d));
	report_put(o, "limits", limits(w, d));
	report_put(o, "changes", list);
	return o;
}

int vp_diff_json(FILE *out, const struct vp_diff *d, bool noise)
{
	struct writer w = { .out = out, .scratch = vp_arena_create() };
	json_t *o = document(&w, d, noise);
	int rc;

	errno = 0;
	rc = json_dumpf(o, out, JSON_ENSURE_ASCII | JSON_INDENT(1));
	fputc('\n', out);
	json_decref(o);
	vp_arena_destroy(w.scratch);
	if (rc != 0 || fflush(out) != 0 || ferror(out))
		return errno != 0 ? -errno : -EIO;
	return 0;
}
