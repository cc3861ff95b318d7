/*
 * scenario_print.c - see scenario_print.h. All of it comes from the catalogue's
 * rows: nothing is known here that does not stand there.
 */
#include "scenario_print.h"

#include <netinet/in.h>
#include <stdarg.h>
#include <string.h>

#include "forwarder.h"
#include "name_match.h"

#define COLUMNS 80

const char *vp_scenario_words(enum vp_expect e)
{
	switch (e) {
	case VP_EXPECT_PRIVATE:
		return "with a private endpoint answers at a private address";
	case VP_EXPECT_PUBLIC:
		return "without a private endpoint answers at a public address";
	case VP_EXPECT_SERVICE_ENDPOINT:
		return "behind a service endpoint keeps its public address";
	default:
		return "may answer anywhere";
	}
}

const char *vp_scenario_why(char buf[VP_SCENARIO_WHY],
                            const struct vp_catalogue_expectation *row)
{
	if (row->why != NULL)
		return row->why;
	snprintf(buf, VP_SCENARIO_WHY, "%s %s",
	         vp_catalogue_class_one(row->class),
	         vp_scenario_words(row->expect));
	return buf;
}

/* --- which rows ------------------------------------------------------------
 */

/* The plan's, or the default's where saved facts name none. */
const struct vp_catalogue_scenario *vp_scenario_of(const struct vp_facts *f)
{
	const struct vp_catalogue_scenario *sc =
		f->scenario != NULL ? vp_catalogue_scenario(f->scenario) : NULL;

	return sc != NULL ? sc : vp_catalogue_scenario("secured");
}

static const char *cloud_of(const struct vp_facts *f)
{
	return f->cloud != NULL ? f->cloud : "public";
}

bool vp_scenario_requires(const struct vp_facts *f,
                          const struct vp_catalogue_required *row)
{
	const struct vp_catalogue_scenario *sc = vp_scenario_of(f);

	return row->port != 0 && (row->traffic & sc->traffic) != 0 &&
	       strcmp(row->cloud, cloud_of(f)) == 0;
}

/* A row by tag that wants a name of another cloud says nothing in this one. */
bool vp_scenario_tagged(const struct vp_facts *f,
                        const struct vp_catalogue_tagged *row)
{
	const char *cloud = cloud_of(f);
	const char *end = row->name != NULL ? strrchr(row->name, '.') : NULL;
	bool us, cn;

	if ((row->traffic & vp_scenario_of(f)->traffic) == 0)
		return false;
	if (end == NULL)
		return true;
	us = strcmp(end, ".us") == 0 || strstr(row->name, "usgov") != NULL;
	cn = strcmp(end, ".cn") == 0;
	if (strcmp(cloud, "usgovernment") == 0)
		return us;
	return strcmp(cloud, "china") == 0 ? cn : !us && !cn;
}

const char *vp_scenario_proto(uint8_t proto)
{
	switch (proto) {
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	default:
		return "any";
	}
}

/* --- text ------------------------------------------------------------------
 */

/* Words from a column on, folded at the 80th. */
static void fold(FILE *out, size_t at, size_t indent, const char *text)
{
	bool first = true;

	for (text += strspn(text, " "); *text != '\0'; first = false) {
		size_t n = strcspn(text, " ");

		if (!first && at + 1 + n > COLUMNS) {
			fprintf(out, "\n%*s", (int)indent, "");
			at = indent;
		} else if (!first) {
			fputc(' ', out);
			at++;
		}
		fwrite(text, 1, n, out);
		at += n;
		text += n + strspn(text + n, " ");
	}
	fputc('\n', out);
}

/* "REGION.api.azureml.ms" with the region, if it is known. */
const char *vp_scenario_place(char *out, size_t size, const char *pattern,
                              const char *region)
{
	const char *at = strstr(pattern, "REGION");

	if (at == NULL || region == NULL)
		return pattern;
	snprintf(out, size, "%.*s%s%s", (int)(at - pattern), pattern, region,
	         at + strlen("REGION"));
	return out;
}

/* "    head   text (source)", below the head if that is long. */
__attribute__((format(printf, 4, 5))) static void
item(FILE *out, size_t width, const char *head, const char *fmt, ...)
{
	char text[1024];
	size_t indent = 4 + width + 2;
	va_list ap;
	int n;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	n = fprintf(out, "    %-*s", (int)width, head);
	if ((size_t)n > 4 + width)
		fprintf(out, "\n%*s", (int)indent, "");
	else
		fputs("  ", out);
	fold(out, indent, indent, text);
}

static void text_expectations(FILE *out, const struct vp_catalogue_scenario *sc)
{
	char why[VP_SCENARIO_WHY];

	fputs("\n  What is expected, unless the config says otherwise\n", out);
	for (unsigned c = 0; c < VP_CLASS_COUNT; c++) {
		const struct vp_catalogue_expectation *row =
			vp_catalogue_expects(sc, (enum vp_class)c);

		item(out, 14, vp_catalogue_class_name((enum vp_class)c),
		     "%s: %s (%s)", vp_expect_name(row->expect),
		     vp_scenario_why(why, row), row->source);
	}
}

static void text_required(FILE *out, const struct vp_facts *f)
{
	const struct vp_catalogue_required *rows;
	const struct vp_catalogue_tagged *tags;
	char head[256], name[160];
	size_t n;

	fputs("\n  Public by design: names (to paste: --format list)\n", out);
	rows = vp_catalogue_required_rows(&n);
	for (size_t i = 0; i < n; i++) {
		if (!vp_scenario_requires(f, &rows[i]))
			continue;
		snprintf(head, sizeof(head), "%s %s %u",
		         vp_scenario_place(name, sizeof(name), rows[i].name,
		                           f->region),
		         vp_scenario_proto(rows[i].proto), rows[i].port);
		item(out, 38, head, "%s (%s)", rows[i].why, rows[i].source);
	}
	fputs("\n  Public by design: addresses, by a file of service tags\n",
	      out);
	tags = vp_catalogue_tagged(&n);
	for (size_t i = 0; i < n; i++) {
		if (tags[i].inbound || !vp_scenario_tagged(f, &tags[i]))
			continue;
		snprintf(head, sizeof(head), "%s %s %u",
		         vp_scenario_place(name, sizeof(name), tags[i].tag,
		                           f->region),
		         vp_scenario_proto(tags[i].proto), tags[i].port);
		item(out, 38, head, "%s%s%s (%s)", tags[i].why,
		     tags[i].name != NULL ? ", with a proven name " : "",
		     tags[i].name != NULL ? tags[i].name : "", tags[i].source);
	}
}

static void text_inbound(FILE *out, const struct vp_facts *f)
{
	const struct vp_catalogue_scenario *sc = vp_scenario_of(f);
	const struct vp_catalogue_tagged *tags;
	const struct vp_catalogue_closed *closed =
		vp_catalogue_closed(sc->traffic);
	bool any = false;
	char head[128], text[256];
	size_t n;

	fputs("\n  Comes in from public addresses\n", out);
	tags = vp_catalogue_tagged(&n);
	for (size_t i = 0; i < n; i++) {
		if (!tags[i].inbound || !vp_scenario_tagged(f, &tags[i]))
			continue;
		snprintf(head, sizeof(head), "%s %s %u", tags[i].tag,
		         vp_scenario_proto(tags[i].proto), tags[i].port);
		item(out, 38, head, "%s (%s)", tags[i].why, tags[i].source);
		any = true;
	}
	if (closed != NULL) {
		snprintf(text, sizeof(text),
		         "nobody%s: whoever is answered is an error "
		         "(inbound-public): %s (%s)",
		         any ? " else" : "", closed->why, closed->source);
		fputs("    ", out);
		fold(out, 4, 4, text);
	} else if (!any) {
		fputs("    nothing: whatever does is told (inbound-public)\n",
		      out);
	}
}

static void port_head(char *head, size_t size,
                      const struct vp_catalogue_port *p)
{
	if (p->first == p->last)
		snprintf(head, size, "%s %u", vp_scenario_proto(p->proto),
		         p->first);
	else
		snprintf(head, size, "%s %u-%u", vp_scenario_proto(p->proto),
		         p->first, p->last);
}

static void text_ports(FILE *out, const struct vp_catalogue_scenario *sc)
{
	const struct vp_catalogue_port *rows;
	char head[32];
	size_t n;

	fputs("\n  Ports inside the VNet\n", out);
	rows = vp_catalogue_ports(&n);
	for (size_t i = 0; i < n; i++) {
		const struct vp_catalogue_port *p = &rows[i];

		if ((p->traffic & sc->traffic) == 0)
			continue;
		port_head(head, sizeof(head), p);
		item(out, 14, head, "%s%s: %s (%s)",
		     p->way == VP_WAY_IN    ? "in from "
		     : p->way == VP_WAY_OUT ? "out to "
		                            : "local, ",
		     p->peer, p->why, p->source);
	}
}

static void text_notes(FILE *out, const struct vp_catalogue_scenario *sc)
{
	const struct vp_catalogue_note *rows;
	size_t n;

	rows = vp_catalogue_notes(&n);
	for (unsigned k = 0; k < VP_NOTE_COUNT; k++) {
		bool title = false;

		for (size_t i = 0; i < n; i++) {
			char text[1024];

			if (rows[i].kind != k ||
			    !vp_catalogue_note_fits(&rows[i], sc))
				continue;
			if (!title)
				fprintf(out, "\n  %s\n",
				        vp_catalogue_note_title(
						(enum vp_note_kind)k));
			title = true;
			fputs("    - ", out);
			snprintf(text, sizeof(text), "%s (%s)", rows[i].text,
			         rows[i].source);
			fold(out, 6, 6, text);
		}
	}
}

/* A target's name in this zone; NULL: the plan has none. */
static const char *name_in(const struct vp_facts *f, const char *zone)
{
	for (size_t i = 0; i < f->n_targets; i++) {
		const char *name = f->targets[i].name->name;

		if (vp_name_below(name, zone) || strcmp(name, zone) == 0)
			return name;
	}
	return NULL;
}

static bool asks_for_zones(const struct vp_facts *f)
{
	return strcmp(vp_scenario_of(f)->name, "custom-dns") == 0;
}

static void text_zones(FILE *out, const struct vp_facts *f)
{
	struct vp_arena *arena = vp_arena_create();
	const char **zones;
	size_t n = vp_forwarder_zones(f, arena, &zones);

	fputs("\n  Zones to forward, and a name that shows it\n", out);
	for (size_t i = 0; i < n; i++) {
		const char *name = name_in(f, zones[i]);

		item(out, 26, zones[i], "%s",
		     name != NULL ? name : "none here: give one as a target");
	}
	vp_arena_destroy(arena);
}

void vp_scenario_text(FILE *out, const struct vp_facts *f)
{
	const struct vp_catalogue_scenario *sc = vp_scenario_of(f);
	char text[512];

	fputs("\n", out);
	snprintf(text, sizeof(text), "%s: %s (%s)", sc->name, sc->title,
	         sc->source);
	fold(out, 0, 2, text);
	fputs("\n  A key such as (A2) is the source of a row, in "
	      "docs/sources.md; "
	      "(U): none found\n",
	      out);
	text_expectations(out, sc);
	text_required(out, f);
	text_inbound(out, f);
	text_ports(out, sc);
	if (asks_for_zones(f))
		text_zones(out, f);
	text_notes(out, sc);
}

/* --- JSON ------------------------------------------------------------------
 */

static void set(json_t *o, const char *key, const char *text)
{
	json_object_set_new(o, key,
	                    text != NULL ? json_string(text) : json_null());
}

static json_t *json_expectations(const struct vp_catalogue_scenario *sc)
{
	json_t *list = json_array();
	char why[VP_SCENARIO_WHY];

	for (unsigned c = 0; c < VP_CLASS_COUNT; c++) {
		const struct vp_catalogue_expectation *row =
			vp_catalogue_expects(sc, (enum vp_class)c);
		json_t *o = json_object();

		set(o, "class", vp_catalogue_class_name((enum vp_class)c));
		set(o, "expect", vp_expect_name(row->expect));
		set(o, "why", vp_scenario_why(why, row));
		set(o, "row", row->scenario);
		set(o, "source", row->source);
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *json_traffic(const char *direction, const char *name,
                            const char *tag, uint8_t proto, uint16_t port)
{
	json_t *o = json_object();

	set(o, "direction", direction);
	set(o, "name", name);
	set(o, "service_tag", tag);
	set(o, "proto", vp_scenario_proto(proto));
	json_object_set_new(o, "port", json_integer(port));
	return o;
}

static json_t *json_public(const struct vp_facts *f)
{
	const struct vp_catalogue_required *rows;
	const struct vp_catalogue_tagged *tags;
	json_t *list = json_array(), *o;
	size_t n;

	rows = vp_catalogue_required_rows(&n);
	for (size_t i = 0; i < n; i++) {
		if (!vp_scenario_requires(f, &rows[i]))
			continue;
		o = json_traffic("out", rows[i].name, NULL, rows[i].proto,
		                 rows[i].port);
		set(o, "why", rows[i].why);
		set(o, "source", rows[i].source);
		json_array_append_new(list, o);
	}
	tags = vp_catalogue_tagged(&n);
	for (size_t i = 0; i < n; i++) {
		if (!vp_scenario_tagged(f, &tags[i]))
			continue;
		o = json_traffic(tags[i].inbound ? "in" : "out", tags[i].name,
		                 tags[i].tag, tags[i].proto, tags[i].port);
		set(o, "why", tags[i].why);
		set(o, "source", tags[i].source);
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *json_ports(const struct vp_catalogue_scenario *sc)
{
	const struct vp_catalogue_port *rows;
	json_t *list = json_array();
	size_t n;

	rows = vp_catalogue_ports(&n);
	for (size_t i = 0; i < n; i++) {
		json_t *o;

		if ((rows[i].traffic & sc->traffic) == 0)
			continue;
		o = json_object();
		set(o, "direction", vp_catalogue_way_name(rows[i].way));
		set(o, "proto", vp_scenario_proto(rows[i].proto));
		json_object_set_new(o, "first", json_integer(rows[i].first));
		json_object_set_new(o, "last", json_integer(rows[i].last));
		set(o, "peer", rows[i].peer);
		set(o, "why", rows[i].why);
		set(o, "source", rows[i].source);
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *json_notes(const struct vp_catalogue_scenario *sc)
{
	const struct vp_catalogue_note *rows;
	json_t *list = json_array();
	size_t n;

	rows = vp_catalogue_notes(&n);
	for (size_t i = 0; i < n; i++) {
		json_t *o;

		if (!vp_catalogue_note_fits(&rows[i], sc))
			continue;
		o = json_object();
		set(o, "kind", vp_catalogue_note_name(rows[i].kind));
		set(o, "text", rows[i].text);
		set(o, "row", rows[i].scenario);
		set(o, "source", rows[i].source);
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *json_zones(const struct vp_facts *f)
{
	struct vp_arena *arena = vp_arena_create();
	json_t *list = json_array();
	const char **zones;
	size_t n = vp_forwarder_zones(f, arena, &zones);

	for (size_t i = 0; i < n; i++) {
		json_t *o = json_object();

		set(o, "zone", zones[i]);
		set(o, "name", name_in(f, zones[i]));
		json_array_append_new(list, o);
	}
	vp_arena_destroy(arena);
	return list;
}

json_t *vp_scenario_json(const struct vp_facts *f)
{
	const struct vp_catalogue_scenario *sc = vp_scenario_of(f);
	const struct vp_catalogue_closed *closed =
		vp_catalogue_closed(sc->traffic);
	json_t *o = json_object();

	set(o, "name", sc->name);
	set(o, "title", sc->title);
	set(o, "based_on", sc->base);
	set(o, "source", sc->source);
	json_object_set_new(o, "expects", json_expectations(sc));
	json_object_set_new(o, "public", json_public(f));
	json_object_set_new(o, "ports", json_ports(sc));
	json_object_set_new(o, "notes", json_notes(sc));
	set(o, "inbound_closed", closed != NULL ? closed->why : NULL);
	if (asks_for_zones(f))
		json_object_set_new(o, "zones", json_zones(f));
	return o;
}
