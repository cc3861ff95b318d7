/*
 * plan_print.c - the plan as `vnetprobe targets` shows it: text for people,
 * JSON (schema "vnetprobe.targets/1", described in the man page) for programs.
 */
#include "found.h"
#include "plan.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "scenario_print.h"

#define COLUMNS 80
#define INDENT 6
#define LABEL 11 /* "addresses" and two blanks */

/* --- text ------------------------------------------------------------------
 */

/* Text of the config can hold anything: no control byte goes out. */
static void put_safe(FILE *out, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c < 0x20 || c == 0x7f)
			fprintf(out, "\\x%02x", c);
		else
			fputc(c, out);
	}
}

/* "      label      text", folded at 80 columns behind the label. */
static void line(FILE *out, const char *label, const char *text)
{
	size_t room = COLUMNS - INDENT - LABEL, n;

	fprintf(out, "%*s%-*s", INDENT, "", LABEL, label);
	while ((n = strlen(text)) > room) {
		n = room;
		while (n > 0 && text[n] != ' ')
			n--;
		if (n == 0) /* one long word: leave it whole */
			n = strcspn(text, " ");
		put_safe(out, text, n);
		text += n + strspn(text + n, " ");
		if (*text == '\0')
			break;
		fprintf(out, "\n%*s", INDENT + LABEL, "");
	}
	put_safe(out, text, strlen(text));
	fputc('\n', out);
}

static void print_addresses(FILE *out, struct vp_arena *arena,
                            const struct vp_target *t)
{
	char *list = vp_arena_strdup(arena, "");
	char text[VP_ADDR_TEXT];

	if (t->n_expected == 0)
		return;
	for (size_t i = 0; i < t->n_expected; i++)
		list = vp_arena_printf(arena, "%s%s%s", list,
		                       i == 0 ? "" : ", ",
		                       vp_addr_format(&t->expected[i], text));
	line(out, "addresses", list);
	if (t->expected_from != NULL)
		line(out, "told by", t->expected_from);
	for (size_t i = 0; i < t->n_endpoints; i++)
		line(out, "endpoint", t->endpoints[i]);
}

/* What the catalogue knows of such a name; nothing of it is judged by. */
static void print_row(FILE *out, struct vp_arena *arena,
                      const struct vp_target *t)
{
	const struct vp_catalogue_suffix *row =
		vp_catalogue_find(t->name->name);

	if (row == NULL)
		return;
	if (row->group_id != NULL)
		line(out, "group",
		     row->member == NULL
		             ? row->group_id
		             : vp_arena_printf(arena, "%s, member %s %s",
		                               row->group_id, row->member,
		                               row->member_source));
	if (t->tls && row->san != NULL)
		line(out, "cert",
		     vp_arena_printf(arena, "%s %s", row->san,
		                     row->san_source));
	if (t->http_path != NULL)
		line(out, "asks",
		     vp_arena_printf(arena, "GET %s", t->http_path));
	line(out, "source", row->source);
}

static void print_target(FILE *out, struct vp_arena *arena,
                         const struct vp_target *t)
{
	fprintf(out, "    %s:%u%s\n", t->name->name, t->port,
	        t->tls ? "" : "  (TCP only)");
	line(out, "expect", vp_expect_name(t->expect));
	line(out, "why", t->why);
	if (t->alternative_of != NULL)
		line(out, "one of",
		     vp_arena_printf(arena,
		                     "the names that %s may have: documents "
		                     "and services disagree about the suffix; "
		                     "those that exist are judged",
		                     t->alternative_of));
	if (t->zone != NULL)
		line(out, "zone", t->zone);
	print_addresses(out, arena, t);
	print_row(out, arena, t);
	line(out, "from", t->origin);
}

/* By kind, in the order in which kinds are listed. */
static void print_targets(FILE *out, const struct vp_facts *f,
                          struct vp_arena *arena)
{
	fprintf(out, "\nTargets (%zu)\n", f->n_targets);
	for (unsigned k = 0; k < VP_KIND_COUNT; k++) {
		unsigned kind = (k + 1) % VP_KIND_COUNT; /* other: last */
		bool title = false;

		for (size_t i = 0; i < f->n_targets; i++) {
			if (f->targets[i].kind != kind)
				continue;
			if (!title)
				fprintf(out, "  %s\n",
				        vp_kind_name((enum vp_kind)kind));
			title = true;
			print_target(out, arena, &f->targets[i]);
		}
	}
}

/* "resolv.conf, windows, on eth0"; of a server asked only to compare with, its
 * role as well. */
static const char *resolver_text(struct vp_arena *arena,
                                 const struct vp_resolver *r)
{
	const char *text = vp_resolver_source_name(r->source);

	if (r->label != NULL)
		text = vp_arena_printf(arena, "%s '%s'", text, r->label);
	if (r->kind != VP_SERVER_UNKNOWN)
		text = vp_arena_printf(arena, "%s, %s", text,
		                       vp_server_kind_name(r->kind));
	if (r->interface != NULL)
		text = vp_arena_printf(arena, "%s, on %s", text, r->interface);
	if (vp_resolver_is_reference(r))
		text = vp_arena_printf(arena, "%s: only compared with", text);
	return text;
}

static void print_resolvers(FILE *out, const struct vp_facts *f,
                            struct vp_arena *arena)
{
	char address[VP_ENDPOINT_TEXT];
	const char *text;

	fprintf(out, "\nResolvers (%zu)\n", f->n_resolvers);
	for (size_t i = 0; i < f->n_resolvers; i++) {
		const struct vp_resolver *r = &f->resolvers[i];

		if (r->source == VP_RESOLVER_NSS) {
			fprintf(out, "  %-24s what applications get\n",
			        "getaddrinfo()");
			continue;
		}
		fprintf(out, "  %-24s ",
		        vp_endpoint_format(&r->endpoint, address));
		text = resolver_text(arena, r);
		put_safe(out, text, strlen(text));
		fputc('\n', out);
	}
}

static void print_vnet(FILE *out, const struct vp_facts *f)
{
	char text[VP_PREFIX_TEXT];

	fputs("\nVNet\n", out);
	for (size_t i = 0; i < f->policy.n_vnet; i++)
		fprintf(out, "  %s\n",
		        vp_prefix_format(&f->policy.vnet[i], text));
	if (f->policy.n_vnet == 0)
		fputs("  not declared: any private address is accepted\n", out);
}

/* "name *.ubuntu.com, port 443" */
static const char *rule_text(struct vp_arena *arena,
                             const struct vp_allow_rule *a)
{
	char prefix[VP_PREFIX_TEXT];
	char *text = vp_arena_strdup(arena, "");

#define PART(...)                                                              \
	text = vp_arena_printf(arena, "%s%s%s", text,                          \
	                       *text == '\0' ? "" : ", ",                      \
	                       vp_arena_printf(arena, __VA_ARGS__))
	if (a->name != NULL)
		PART("name %s", a->name);
	if (a->prefix.addr.family != 0)
		PART("prefix %s", vp_prefix_format(&a->prefix, prefix));
	if (a->port != 0)
		PART("port %u", a->port);
	if (a->process != NULL)
		PART("process %s", a->process);
	if (a->service_tag != NULL)
		PART("service tag %s", a->service_tag);
#undef PART
	return text;
}

static void print_egress(FILE *out, const struct vp_facts *f,
                         struct vp_arena *arena)
{
	const struct vp_policy *p = &f->policy;

	fprintf(out, "\nEgress\n  anything public that no rule explains: %s\n",
	        p->report_only ? "a warning" : "an error");
	if (p->tags.file != NULL) {
		fputs("    service tags\n", out);
		line(out, "file", p->tags.file);
		line(out, "of",
		     vp_arena_printf(arena, "cloud %s, %llu tags",
		                     p->tags.cloud,
		                     (unsigned long long)p->tags.n_tags));
	}
	for (size_t i = 0; i < p->n_allow; i++) {
		fputs("    allowed\n", out);
		line(out, "what", rule_text(arena, &p->allow[i]));
		line(out, "reason", p->allow[i].reason);
	}
}

/* Each value with who says so. */
static void print_discovered(FILE *out, const struct vp_facts *f,
                             struct vp_arena *arena)
{
	const struct vp_discovery *d = &f->discovery;

	if (d->n_values + d->n_notes == 0)
		return;
	fputs("\nFound out\n", out);
	for (size_t i = 0; i < d->n_values; i++) {
		const struct vp_discovered *v = &d->values[i];
		const char *sources = vp_found_sources(arena, d, i), *text;

		if (sources == NULL)
			continue;
		text = vp_arena_printf(arena, "  %-20s %s", v->key, v->value);
		put_safe(out, text, strlen(text));
		fprintf(out, "\n");
		line(out, "  from", sources);
	}
	for (size_t i = 0; i < d->n_notes; i++)
		line(out, "note", d->notes[i]);
}

static void print_text(FILE *out, const struct vp_facts *f,
                       const struct vp_settings *s, struct vp_arena *arena)
{
	fprintf(out, "Scenario %s, cloud %s%s%s. %s.\n", f->scenario, f->cloud,
	        f->region != NULL ? ", region " : "",
	        f->region != NULL ? f->region : "",
	        s->discover ? "Nothing but what --discover asks is sent"
	                    : "Nothing is sent");
	print_discovered(out, f, arena);
	if (s->has_scenario)
		vp_scenario_text(out, f);
	if (f->n_targets == 0) {
		fputs("\nNo target: with a config (-c) or names, what would be "
		      "probed is told as well.\n",
		      out);
		return;
	}
	print_targets(out, f, arena);
	print_resolvers(out, f, arena);
	print_vnet(out, f);
	print_egress(out, f, arena);
}

/* --- JSON ------------------------------------------------------------------
 */

/* NULL, and what is not UTF-8, become null. */
static json_t *text_or_null(const char *text)
{
	json_t *j = text != NULL ? json_string(text) : NULL;

	return j != NULL ? j : json_null();
}

static json_t *json_target(const struct vp_target *t)
{
	const struct vp_catalogue_suffix *row =
		vp_catalogue_find(t->name->name);
	json_t *o = json_object(), *addresses = json_array();
	char text[VP_ADDR_TEXT];

	for (size_t i = 0; i < t->n_expected; i++)
		json_array_append_new(
			addresses,
			json_string(vp_addr_format(&t->expected[i], text)));
	json_object_set_new(o, "name", json_string(t->name->name));
	json_object_set_new(o, "port", json_integer(t->port));
	json_object_set_new(o, "kind", json_string(vp_kind_name(t->kind)));
	json_object_set_new(o, "tls", json_boolean(t->tls));
	json_object_set_new(o, "http_path", text_or_null(t->http_path));
	json_object_set_new(o, "expect",
	                    json_string(vp_expect_name(t->expect)));
	json_object_set_new(o, "why", text_or_null(t->why));
	json_object_set_new(o, "zone", text_or_null(t->zone));
#define OF_ROW(member) text_or_null(row != NULL ? row->member : NULL)
	json_object_set_new(o, "group_id", OF_ROW(group_id));
	json_object_set_new(o, "member", OF_ROW(member));
	json_object_set_new(o, "certificate", OF_ROW(san));
	json_object_set_new(o, "source", OF_ROW(source));
#undef OF_ROW
	json_object_set_new(o, "addresses", addresses);
	if (t->alternative_of != NULL)
		json_object_set_new(o, "alternative_of",
		                    json_string(t->alternative_of));
	json_object_set_new(o, "addresses_from",
	                    text_or_null(t->expected_from));
	if (t->n_endpoints > 0)
		json_object_set_new(o, "endpoint",
		                    json_string(t->endpoints[0]));
	json_object_set_new(o, "origin", text_or_null(t->origin));
	return o;
}

static json_t *json_resolver(const struct vp_resolver *r)
{
	json_t *o = json_object();
	char text[VP_ENDPOINT_TEXT];
	bool nss = r->source == VP_RESOLVER_NSS;

	json_object_set_new(
		o, "address",
		text_or_null(nss ? NULL
	                         : vp_endpoint_format(&r->endpoint, text)));
	json_object_set_new(o, "source",
	                    json_string(vp_resolver_source_name(r->source)));
	json_object_set_new(o, "role",
	                    json_string(vp_resolver_is_reference(r)
	                                        ? "reference"
	                                        : "listed"));
	json_object_set_new(o, "label", text_or_null(r->label));
	json_object_set_new(o, "kind",
	                    json_string(vp_server_kind_name(r->kind)));
	json_object_set_new(o, "interface", text_or_null(r->interface));
	return o;
}

static json_t *json_discovered(const struct vp_discovered *v)
{
	json_t *o = json_object();

	json_object_set_new(o, "key", json_string(v->key));
	json_object_set_new(o, "value", text_or_null(v->value));
	json_object_set_new(o, "source", text_or_null(v->source));
	json_object_set_new(o, "inferred", json_boolean(v->inferred));
	return o;
}

static json_t *json_egress(const struct vp_policy *p)
{
	json_t *o = json_object(), *allow = json_array();
	char text[VP_PREFIX_TEXT];

	for (size_t i = 0; i < p->n_allow; i++) {
		const struct vp_allow_rule *a = &p->allow[i];
		bool prefix = a->prefix.addr.family != 0;
		json_t *r = json_object();

		json_object_set_new(r, "name", text_or_null(a->name));
		json_object_set_new(
			r, "prefix",
			text_or_null(prefix ? vp_prefix_format(&a->prefix, text)
		                            : NULL));
		json_object_set_new(r, "port",
		                    a->port != 0 ? json_integer(a->port)
		                                 : json_null());
		json_object_set_new(r, "process", text_or_null(a->process));
		json_object_set_new(r, "service_tag",
		                    text_or_null(a->service_tag));
		json_object_set_new(r, "reason", text_or_null(a->reason));
		json_array_append_new(allow, r);
	}
	json_object_set_new(o, "service_tags", text_or_null(p->tags.file));
	json_object_set_new(o, "default",
	                    json_string(p->report_only ? "report" : "fail"));
	json_object_set_new(o, "allow", allow);
	return o;
}

static json_t *json_plan(const struct vp_facts *f)
{
	json_t *o = json_object(), *vnet = json_array();
	json_t *resolvers = json_array(), *targets = json_array();
	json_t *discovered = json_array(), *notes = json_array();
	char text[VP_PREFIX_TEXT];

	for (size_t i = 0; i < f->policy.n_vnet; i++)
		json_array_append_new(vnet, json_string(vp_prefix_format(
						    &f->policy.vnet[i], text)));
	for (size_t i = 0; i < f->discovery.n_values; i++)
		json_array_append_new(discovered,
		                      json_discovered(&f->discovery.values[i]));
	for (size_t i = 0; i < f->discovery.n_notes; i++)
		json_array_append_new(notes,
		                      text_or_null(f->discovery.notes[i]));
	for (size_t i = 0; i < f->n_resolvers; i++)
		json_array_append_new(resolvers,
		                      json_resolver(&f->resolvers[i]));
	for (size_t i = 0; i < f->n_targets; i++)
		json_array_append_new(targets, json_target(&f->targets[i]));
	json_object_set_new(o, "schema", json_string("vnetprobe.targets/1"));
	json_object_set_new(o, "scenario", text_or_null(f->scenario));
	json_object_set_new(o, "about", vp_scenario_json(f));
	json_object_set_new(o, "cloud", text_or_null(f->cloud));
	json_object_set_new(o, "region", text_or_null(f->region));
	json_object_set_new(o, "discovered", discovered);
	json_object_set_new(o, "discovery_notes", notes);
	json_object_set_new(o, "targets", targets);
	json_object_set_new(o, "resolvers", resolvers);
	json_object_set_new(o, "vnet", vnet);
	json_object_set_new(o, "egress", json_egress(&f->policy));
	return o;
}

int vp_plan_print(const struct vp_facts *facts, const struct vp_settings *s,
                  FILE *out)
{
	struct vp_arena *arena;
	json_t *plan;
	int err = 0;

	if (s->json) {
		plan = json_plan(facts);
		if (json_dumpf(plan, out, JSON_INDENT(2)) != 0)
			err = -EIO;
		json_decref(plan);
		fputc('\n', out);
	} else if (s->list) {
		vp_scenario_list(out, facts);
	} else {
		arena = vp_arena_create();
		print_text(out, facts, s, arena);
		vp_arena_destroy(arena);
	}
	if (fflush(out) != 0)
		return errno != 0 ? -errno : -EIO;
	return ferror(out) ? -EIO : err;
}
