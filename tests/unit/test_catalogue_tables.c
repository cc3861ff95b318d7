/*
 * test_catalogue_tables.c - every row of the catalogue does what it is there
 * for, alone: a name made from it is found as it, a flow made from it is
 * explained by it, a scenario shows it. And every source that a row names
 * stands in docs/sources.md.
 */
#include "catalogue.h"

#include <ctype.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "facts_builder.h"
#include "forwarder_zones.h"
#include "golden.h"
#include "judge.h"
#include "name_match.h"
#include "scenario_print.h"

#define REGION "westeurope" /* healthy()'s */

/* A pattern as one name: "*.x.REGION.y" is "a.x.westeurope.y". */
static const char *sample(struct vp_arena *a, const char *pattern)
{
	const char *at = strstr(pattern, "REGION");
	const char *star = *pattern == '*' ? "a" : "";

	pattern += *pattern == '*';
	if (at == NULL)
		return vp_arena_printf(a, "%s%s", star, pattern);
	return vp_arena_printf(a, "%s%.*s" REGION "%s", star,
	                       (int)(at - pattern), pattern, at + 6);
}

/* --- suffixes --------------------------------------------------------------
 */

static const char *name_of(struct vp_arena *a,
                           const struct vp_catalogue_suffix *r)
{
	if (*r->suffix == '-')
		return vp_arena_printf(a, "a%s", r->suffix);
	if (*r->suffix != '.')
		return r->suffix;
	if (r->label != NULL)
		return vp_arena_printf(a, "a.%s." REGION "%s", r->label,
		                       r->suffix);
	return vp_arena_printf(a, "a." REGION "%s", r->suffix);
}

static void suffixes(void **state)
{
	struct vp_arena *a = vp_arena_create();
	const struct vp_catalogue_suffix *rows;
	size_t n;

	(void)state;
	rows = vp_catalogue_suffixes(&n);
	for (size_t i = 0; i < n; i++) {
		const char *name = name_of(a, &rows[i]);

		if (vp_catalogue_find(name) != &rows[i])
			fail_msg("%s is not found as %s", name, rows[i].suffix);
		if (rows[i].zone != NULL &&
		    strncmp(rows[i].zone, "privatelink.", 12) != 0)
			fail_msg("%s: zone %s", rows[i].suffix, rows[i].zone);
		/* a private endpoint is for a group of names */
		if (rows[i].zone != NULL && rows[i].group_id == NULL)
			fail_msg("%s: a zone, and no group", rows[i].suffix);
		if (rows[i].san != NULL &&
		    !vp_name_fits(name, rows[i].san, REGION))
			fail_msg("%s: certificates have %s", name, rows[i].san);
	}
	vp_arena_destroy(a);
}

/* Each cloud's zones and suffixes are its own. */
static void clouds(void **state)
{
	static const char *const foreign[][2] = {
		{ "public", ".us" },
		{ "public", ".cn" },
		{ "public", "usgovcloudapi.net" },
		{ "usgovernment", ".cn" },
		{ "usgovernment", ".com" },
		{ "china", ".us" },
		{ "china", ".com" },
	};
	const struct vp_catalogue_suffix *rows;
	size_t n;

	(void)state;
	rows = vp_catalogue_suffixes(&n);
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < sizeof(foreign) / sizeof(*foreign);
		     k++) {
			size_t e = strlen(foreign[k][1]);
			size_t l = strlen(rows[i].suffix);

			if (strcmp(rows[i].cloud, foreign[k][0]) == 0 &&
			    l > e &&
			    strcmp(rows[i].suffix + l - e, foreign[k][1]) == 0)
				fail_msg("%s in %s", rows[i].suffix,
				         rows[i].cloud);
		}
	}
}

/* --- traffic ---------------------------------------------------------------
 */

/* A scenario that has one of these bits. */
static const struct vp_catalogue_scenario *with(unsigned traffic)
{
	const struct vp_catalogue_scenario *sc;
	size_t n;

	sc = vp_catalogue_scenarios(&n);
	for (size_t i = 0; i < n; i++) {
		if ((sc[i].traffic & traffic) != 0)
			return &sc[i];
	}
	return NULL;
}

/* Facts of a flow to a public address that nobody knows, in this scenario. */
static struct vp_facts *facts_in(const char *scenario, const char *cloud,
                                 uint8_t proto, uint16_t port)
{
	struct vp_facts *f = healthy();
	struct vp_flow *w = add_flow(f, proto != 0 ? proto : IPPROTO_TCP,
	                             "192.0.2.9:443", NULL);

	f->scenario = copy(f, scenario);
	f->cloud = copy(f, cloud);
	w->remote.port = port;
	return f;
}

/* The flow's class, and that the rule says what the row does. */
static void explained(struct vp_facts *f, enum vp_flow_class want,
                      const char *why, const char *source)
{
	struct vp_judgement j;

	vp_judge(&j, f, f->arena);
	if (j.flows[0].class != want ||
	    (want == VP_CLASS_REQUIRED &&
	     (strstr(j.flows[0].rule, why) == NULL ||
	      strstr(j.flows[0].rule, source) == NULL)))
		fail_msg("%s in %s: %s: %s", f->scenario, f->cloud,
		         vp_flow_class_name(j.flows[0].class), j.flows[0].rule);
	vp_facts_destroy(f);
}

static void names_of_traffic(void **state)
{
	struct vp_arena *a = vp_arena_create();
	const struct vp_catalogue_required *rows;
	size_t n;

	(void)state;
	rows = vp_catalogue_required_rows(&n);
	for (size_t i = 0; i < n; i++) {
		const struct vp_catalogue_required *r = &rows[i];
		const struct vp_catalogue_scenario *sc = with(r->traffic);
		const char *name = sample(a, r->name);
		uint16_t port = r->port != 0 ? r->port : 443;
		struct vp_facts *f;

		assert_non_null(sc);
		if (r->port == 0) { /* public by design, explains nothing */
			assert_non_null(vp_catalogue_public_by_design(name));
			f = facts_in(sc->name, r->cloud, IPPROTO_TCP, port);
			bind_name(f, &f->flows[0], name);
			explained(f, VP_CLASS_UNEXPLAINED, NULL, NULL);
			continue;
		}
		if (vp_catalogue_required(r->cloud, REGION, r->traffic, name,
		                          r->proto, r->port) != r)
			fail_msg("%s is not explained by its row", name);
		f = facts_in(sc->name, r->cloud, r->proto, port);
		bind_name(f, &f->flows[0], name);
		explained(f, VP_CLASS_REQUIRED, r->why, r->source);
		/* on another port, of another name, or unproven: not */
		f = facts_in(sc->name, r->cloud, r->proto,
		             (uint16_t)(port + 1));
		bind_name(f, &f->flows[0], name);
		explained(f, VP_CLASS_UNEXPLAINED, NULL, NULL);
		f = facts_in(sc->name, r->cloud, r->proto, port);
		bind_name(f, &f->flows[0], name);
		f->flows[0].names[0].bound = false;
		explained(f, VP_CLASS_UNEXPLAINED, NULL, NULL);
		/* where the scenario has no such traffic: not */
		if ((r->traffic & VP_TRAFFIC_ALWAYS) != 0)
			continue;
		f = facts_in("secured", r->cloud, r->proto, port);
		bind_name(f, &f->flows[0], name);
		explained(f, VP_CLASS_UNEXPLAINED, NULL, NULL);
	}
	vp_arena_destroy(a);
}

static void put_tag(struct vp_facts *f, const char *tag)
{
	struct vp_flow *w = &f->flows[0];
	struct vp_flow_tag *t = VP_PUSH(f->arena, w->tags, w->n_tags);

	t->name = copy(f, tag);
	t->prefix = prefix("192.0.2.0/24");
	f->policy.tags.file = copy(f, "tags.json");
	f->policy.tags.dated_us = f->started_us;
}

/* A flow of this row, its tag and name as they have to be. */
static struct vp_facts *tagged_flow(struct vp_arena *a, const char *scenario,
                                    const struct vp_catalogue_tagged *r)
{
	struct vp_facts *f = facts_in(scenario, "public", r->proto, r->port);
	const char *name;

	put_tag(f, sample(a, r->tag));
	if (r->inbound) {
		f->flows[0].direction = VP_DIRECTION_IN;
		f->flows[0].local.port = r->port;
		f->flows[0].remote.port = 50123;
	}
	if (r->name != NULL) {
		/* below the region: "somebody's own" has other names */
		name = r->somebodys ? sample(a, r->name)
		                    : vp_arena_printf(a, "a.b.%s", r->name + 2);
		bind_name(f, &f->flows[0], name);
	}
	return f;
}

static void tags_of_traffic(void **state)
{
	struct vp_arena *a = vp_arena_create();
	const struct vp_catalogue_tagged *rows;
	size_t n;

	(void)state;
	rows = vp_catalogue_tagged(&n);
	for (size_t i = 0; i < n; i++) {
		const struct vp_catalogue_tagged *r = &rows[i];
		const struct vp_catalogue_scenario *sc = with(r->traffic);
		enum vp_flow_class not =
			r->inbound ? VP_CLASS_INBOUND : VP_CLASS_UNEXPLAINED;
		struct vp_facts *f;

		assert_non_null(sc);
		explained(tagged_flow(a, sc->name, r), VP_CLASS_REQUIRED,
		          r->why, r->source);
		f = tagged_flow(a, sc->name, r);
		f->flows[0].tags[0].name = copy(f, "AzureCloud");
		explained(f, not, NULL, NULL);
		if (r->name != NULL) { /* the address is not enough */
			f = tagged_flow(a, sc->name, r);
			f->flows[0].n_names = 0;
			explained(f, not, NULL, NULL);
		}
		if ((r->traffic & VP_TRAFFIC_ALWAYS) == 0)
			explained(tagged_flow(a, "secured", r), not, NULL,
			          NULL);
	}
	vp_arena_destroy(a);
}

static bool is_microsofts(enum vp_kind kind)
{
	return kind == VP_KIND_ARM || kind == VP_KIND_LOGIN ||
	       kind == VP_KIND_MONITOR;
}

/* No row by name excuses what is somebody's own, whatever the scenario. */
static void nobodys_own(void **state)
{
	static const uint16_t ports[] = { 80, 443, 445, 5831 };
	struct vp_arena *a = vp_arena_create();
	const struct vp_catalogue_suffix *rows;
	size_t n;

	(void)state;
	rows = vp_catalogue_suffixes(&n);
	for (size_t i = 0; i < n; i++) {
		const char *name = name_of(a, &rows[i]);

		if (is_microsofts(rows[i].kind))
			continue;
		for (size_t k = 0; k < sizeof(ports) / sizeof(*ports); k++) {
			if (vp_catalogue_required(rows[i].cloud, NULL, ~0u,
			                          name, IPPROTO_TCP,
			                          ports[k]) != NULL)
				fail_msg("%s is excused", name);
		}
	}
	vp_arena_destroy(a);
}

/* Every bit is some scenario's, and has a row. */
static void bits(void **state)
{
#define X(id) VP_TRAFFIC_##id,
	static const unsigned all[] = { VP_TRAFFIC_BITS(X) };
#undef X
	const struct vp_catalogue_required *names;
	const struct vp_catalogue_tagged *tags;
	const struct vp_catalogue_port *ports;
	size_t n_names, n_tags, n_ports;

	(void)state;
	names = vp_catalogue_required_rows(&n_names);
	tags = vp_catalogue_tagged(&n_tags);
	ports = vp_catalogue_ports(&n_ports);
	for (size_t b = 0; b < sizeof(all) / sizeof(*all); b++) {
		size_t rows = 0;

		assert_non_null(with(all[b]));
		for (size_t i = 0; i < n_names; i++)
			rows += (names[i].traffic & all[b]) != 0;
		for (size_t i = 0; i < n_tags; i++)
			rows += (tags[i].traffic & all[b]) != 0;
		for (size_t i = 0; i < n_ports; i++)
			rows += (ports[i].traffic & all[b]) != 0;
		if (rows == 0)
			fail_msg("bit %#x has no row", all[b]);
	}
}

/* --- zones, issuers --------------------------------------------------------
 */

static void forwarder_zones(void **state)
{
	struct vp_arena *a = vp_arena_create();
	const struct vp_forwarder_zone *rows;
	size_t n;

	(void)state;
	rows = vp_forwarder_rows(&n);
	for (size_t i = 0; i < n; i++) {
		const struct vp_forwarder_zone *r = vp_forwarder_row(
			vp_arena_printf(a, "a.%s", rows[i].name));

		/* one name may be of several clouds */
		if (r == NULL || strcmp(r->name, rows[i].name) != 0)
			fail_msg("%s is not found", rows[i].name);
	}
	vp_arena_destroy(a);
}

static void issuers(void **state)
{
	struct vp_arena *a = vp_arena_create();
	const struct vp_catalogue_issuer *rows;
	size_t n;

	(void)state;
	rows = vp_catalogue_issuers(&n);
	for (size_t i = 0; i < n; i++) {
		const char *blank =
			rows[i].name[strlen(rows[i].name) - 1] == ' ' ? "03"
								      : "";

		if (!vp_catalogue_known_issuer(vp_arena_printf(
			    a, "CN=%s%s,O=x", rows[i].name, blank)))
			fail_msg("%s is not known", rows[i].name);
	}
	vp_arena_destroy(a);
}

/* --- what a scenario shows -------------------------------------------------
 */

static bool in_list(json_t *list, const char *key, const char *text)
{
	json_t *o;
	size_t i;

	json_array_foreach(list, i, o)
	{
		const char *have = json_string_value(json_object_get(o, key));

		if (have != NULL && strcmp(have, text) == 0)
			return true;
	}
	return false;
}

static json_t *about(const char *scenario, const char *cloud)
{
	struct vp_facts *f = vp_facts_create();
	json_t *o;

	f->scenario = vp_arena_strdup(f->arena, scenario);
	f->cloud = vp_arena_strdup(f->arena, cloud);
	o = vp_scenario_json(f);
	vp_facts_destroy(f);
	return o;
}

static char *list_of(struct vp_facts *f, const char *scenario)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	f->scenario = vp_arena_strdup(f->arena, scenario);
	vp_scenario_list(out, f);
	fclose(out);
	return text;
}

static void add_listed(struct vp_facts *f, const char *name,
                       enum vp_expect expect)
{
	struct vp_target *t = VP_PUSH(f->arena, f->targets, f->n_targets);

	t->name = vp_arena_alloc(f->arena, sizeof(*t->name));
	t->name->name = vp_arena_strdup(f->arena, name);
	t->port = 443;
	t->expect = expect;
}

static unsigned times(const char *text, const char *what)
{
	unsigned n = 0;

	while ((text = strstr(text, what)) != NULL) {
		text += strlen(what);
		n++;
	}
	return n;
}

/* Every line that is no comment is four words. */
static void four_words(const char *text)
{
	char name[200], proto[8], direction[8], line[256];
	unsigned port;
	int end;

	for (size_t n; *text != '\0'; text += n + 1) {
		n = strcspn(text, "\n");
		if (*text == '#')
			continue;
		snprintf(line, sizeof(line), "%.*s", (int)n, text);
		end = 0;
		if (sscanf(line, "%199s %u %7s %7s%n", name, &port, proto,
		           direction, &end) != 4 ||
		    line[end] != '\0' || port == 0 || port > 65535)
			fail_msg("is no line of the list: %s", line);
	}
}

/* What a firewall team pastes: each once, with the region, nothing private. */
static void listed(void **state)
{
	const struct vp_catalogue_scenario *sc;
	struct vp_facts *f = vp_facts_create();
	char *text;
	size_t n;

	(void)state;
	text = list_of(f, "firewall");
	assert_int_equal(times(text, "\nREGION.api.azureml.ms 443 tcp out\n"),
	                 1);
	assert_int_equal(times(text, "# REGION stands for"), 1);
	free(text);
	f->region = vp_arena_strdup(f->arena, "westeurope");
	add_listed(f, "stlab.blob.core.windows.net", VP_EXPECT_PRIVATE);
	add_listed(f, "api.example", VP_EXPECT_PUBLIC);
	add_listed(f, "mcr.microsoft.com", VP_EXPECT_PUBLIC); /* has a row */
	text = list_of(f, "firewall");
	assert_int_equal(times(text, "REGION"), 0);
	assert_int_equal(times(text, "\nwesteurope.tundra.azureml.ms 5831 udp "
	                             "out\n"),
	                 1);
	assert_int_equal(times(text, "\nmcr.microsoft.com 443 tcp out\n"), 1);
	assert_int_equal(times(text, "\napi.example 443 tcp out\n"), 1);
	assert_int_equal(times(text, "stlab"), 0);
	/* three rows, one rule; and its danger is said */
	assert_int_equal(times(text, "(/services/Azure/MachineLearning)\n"
	                             "tag:Storage.westeurope 443 tcp out\n"),
	                 1);
	assert_int_equal(times(text, "of this service in the region\n"
	                             "tag:BatchNodeManagement.westeurope"),
	                 1);
	/* and what a rule of Azure Firewall cannot hold */
	assert_int_equal(times(text, "as well: tcp 443, 445, 8787, 18881.\n"),
	                 1);
	assert_int_equal(times(text, "udp goes by tag:AzureMachineLearning."),
	                 1);
	assert_int_equal(times(text, "pip, conda"), 1);
	assert_int_equal(times(text, "tag:Storage"), 1);
	assert_int_equal(times(text, "\ntag:AzureMachineLearning 443 tcp "
	                             "out\n"),
	                 1);
	assert_int_equal(times(text, " in\n"), 0);
	free(text);
	text = list_of(f, "with-public-ip");
	assert_int_equal(times(text, "\ntag:AzureMachineLearning 44224 tcp "
	                             "in\n"),
	                 1);
	free(text);
	sc = vp_catalogue_scenarios(&n);
	for (size_t i = 0; i < n; i++) {
		text = list_of(f, sc[i].name);
		four_words(text);
		/* no word on UDP where there is none */
		assert_int_equal(times(text, "what is udp goes by"),
		                 times(text, "ms 5831 udp out") > 0);
		free(text);
	}
	vp_facts_destroy(f);
}

/* The marks of its rows are told. */
static void marks(void **state)
{
	struct vp_facts *f = vp_facts_create();
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	assert_non_null(out);
	vp_scenario_text(out, f);
	fclose(out);
	assert_non_null(strstr(text, "(A2) is the source of a row, in "
	                             "docs/sources.md; (U): none found\n"));
	free(text);
	vp_facts_destroy(f);
}

/* Each note and port is shown by the scenario that it is of. */
static void shown(void **state)
{
	const struct vp_catalogue_note *notes;
	const struct vp_catalogue_port *ports;
	size_t n;
	json_t *o;

	(void)state;
	notes = vp_catalogue_notes(&n);
	for (size_t i = 0; i < n; i++) {
		o = about(notes[i].scenario, "public");
		assert_string_equal(
			json_string_value(json_object_get(o, "name")),
			notes[i].scenario);
		if (!in_list(json_object_get(o, "notes"), "text",
		             notes[i].text))
			fail_msg("%s does not show: %s", notes[i].scenario,
			         notes[i].text);
		json_decref(o);
	}
	ports = vp_catalogue_ports(&n);
	for (size_t i = 0; i < n; i++) {
		o = about(with(ports[i].traffic)->name, "public");
		if (!in_list(json_object_get(o, "ports"), "why", ports[i].why))
			fail_msg("nobody shows port %u", ports[i].first);
		json_decref(o);
	}
}

/* Every scenario says what is to be flagged or known, and has its own text. */
static void scenarios(void **state)
{
	const struct vp_catalogue_scenario *sc;
	size_t n;

	(void)state;
	sc = vp_catalogue_scenarios(&n);
	for (size_t i = 0; i < n; i++) {
		json_t *o = about(sc[i].name, "public");

		assert_int_equal(json_array_size(json_object_get(o, "expects")),
		                 VP_CLASS_COUNT);
		if (!in_list(json_object_get(o, "notes"), "row", sc[i].name))
			fail_msg("%s has nothing to say", sc[i].name);
		assert_true(json_array_size(json_object_get(o, "public")) > 0);
		json_decref(o);
	}
}

/* Clouds do not show each other's names. */
static void shown_by_cloud(void **state)
{
	json_t *o = about("studio", "usgovernment");

	(void)state;
	assert_true(in_list(json_object_get(o, "public"), "name",
	                    "graph.microsoft.us"));
	assert_true(
		in_list(json_object_get(o, "public"), "name", "*.ml.azure.us"));
	assert_false(
		in_list(json_object_get(o, "public"), "name", "*.azureml.ms"));
	assert_false(in_list(json_object_get(o, "public"), "name",
	                     "graph.microsoft.com"));
	json_decref(o);
	o = about("no-public-ip", "china");
	assert_true(in_list(json_object_get(o, "public"), "name",
	                    "*.blob.core.chinacloudapi.cn"));
	assert_false(in_list(json_object_get(o, "public"), "name",
	                     "*.blob.core.usgovcloudapi.net"));
	json_decref(o);
}

static void inbound_shown(void **state)
{
	json_t *o = about("with-public-ip", "public");

	(void)state;
	assert_true(in_list(json_object_get(o, "public"), "direction", "in"));
	assert_non_null(
		strstr(json_string_value(json_object_get(o, "inbound_closed")),
	               "44224"));
	json_decref(o);
	o = about("no-public-ip", "public");
	assert_false(in_list(json_object_get(o, "public"), "direction", "in"));
	assert_true(json_is_string(json_object_get(o, "inbound_closed")));
	json_decref(o);
	o = about("secured", "public"); /* a jump box may have an address */
	assert_true(json_is_null(json_object_get(o, "inbound_closed")));
	assert_true(in_list(json_object_get(o, "expects"), "why",
	                    "a key vault with a private endpoint answers at a "
	                    "private address"));
	json_decref(o);
}

/* --- who comes in ----------------------------------------------------------
 */

static enum vp_severity comes_to(uint16_t port, const char *tags,
                                 const char *scenario, enum vp_flow_state state,
                                 bool answered, const char *words)
{
	struct vp_facts *f = facts_in(scenario, "public", IPPROTO_TCP, 50123);
	enum vp_severity severity = VP_SEVERITY_INFO;
	struct vp_judgement j;

	f->flows[0].direction = VP_DIRECTION_IN;
	f->flows[0].local.port = port;
	f->policy.tags.file = copy(f, tags);
	f->flows[0].state = state;
	if (!answered)
		f->flows[0].packets_out = 0;
	vp_judge(&j, f, f->arena);
	for (size_t i = 0; i < j.n_findings; i++) {
		if (strcmp(j.findings[i].type->id, "inbound-public") != 0)
			continue;
		severity = j.findings[i].severity;
		if (words != NULL &&
		    strstr(j.findings[i].detail, words) == NULL)
			fail_msg("%s", j.findings[i].detail);
	}
	vp_facts_destroy(f);
	return severity;
}

static enum vp_severity comes_in(const char *scenario, enum vp_flow_state state,
                                 bool answered, const char *words)
{
	return comes_to(44224, "tags.json", scenario, state, answered, words);
}

/* Without a file of tags nobody knows whether it was Azure ML that came to the
 * port that it comes to; to others nobody may come. */
static void peer_unknown(void **state)
{
	enum vp_flow_state open = VP_FLOW_ESTABLISHED;

	(void)state;
	assert_int_equal(comes_to(44224, NULL, "with-public-ip", open, true,
	                          "without a file of service tags"),
	                 VP_SEVERITY_WARNING);
	assert_int_equal(comes_to(44225, NULL, "with-public-ip", open, true,
	                          "at port 44224 (A2, A4)"),
	                 VP_SEVERITY_ERROR);
	assert_int_equal(comes_to(44224, NULL, "no-public-ip", open, true,
	                          "without a public IP"),
	                 VP_SEVERITY_ERROR);
}

static void closed(void **state)
{
	static const struct {
		const char *scenario, *words; /* NULL: it may be meant */
	} all[] = {
		{ "no-public-ip", "without a public IP" },
		{ "with-public-ip", "at port 44224 (A2, A4)" },
		{ "firewall", "without a public IP" },
		{ "sentinel-private", "through Bastion" },
		{ "secured", NULL },
		{ "studio", NULL },
		{ "aks", NULL },
		{ "sentinel", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		const char *sc = all[i].scenario;

		assert_int_equal(
			comes_in(sc, VP_FLOW_ESTABLISHED, true, all[i].words),
			all[i].words != NULL ? VP_SEVERITY_ERROR
					     : VP_SEVERITY_WARNING);
		/* knocked in vain, or was turned away */
		assert_int_equal(
			comes_in(sc, VP_FLOW_ATTEMPTED, false, "came in"),
			VP_SEVERITY_WARNING);
		assert_int_equal(
			comes_in(sc, VP_FLOW_ANSWERED, true, "came in"),
			VP_SEVERITY_WARNING);
	}
}

/* --- probes of what is required --------------------------------------------
 */

#define LOGIN "login.microsoftonline.com"

/* A probe's packets, or an application's: with the target in the plan, as
 * `check` has it, or without, as a file's plan. */
static enum vp_flow_class class_of(enum vp_mode mode, bool planned, bool own)
{
	struct vp_facts *f = facts_in("secured", "public", IPPROTO_TCP, 443);
	struct vp_judgement j;
	enum vp_flow_class class;

	f->mode = mode;
	f->flows[0].own = own;
	bind_name(f, &f->flows[0], LOGIN);
	if (planned) {
		add_target(f, LOGIN, "a.example", "example", VP_KIND_LOGIN,
		           "192.0.2.9");
		f->targets[N_TARGETS].expect = VP_EXPECT_PUBLIC;
	}
	vp_judge(&j, f, f->arena);
	class = j.flows[0].class;
	vp_facts_destroy(f);
	return class;
}

static void classes_are_the_same(void **state)
{
	(void)state;
	assert_int_equal(class_of(VP_MODE_CHECK, true, true), VP_CLASS_OWN);
	assert_int_equal(class_of(VP_MODE_ANALYZE, true, true), VP_CLASS_OWN);
	assert_int_equal(class_of(VP_MODE_ANALYZE, false, true), VP_CLASS_OWN);
	assert_int_equal(class_of(VP_MODE_CHECK, true, false),
	                 VP_CLASS_REQUIRED);
	assert_int_equal(class_of(VP_MODE_ANALYZE, true, false),
	                 VP_CLASS_REQUIRED);
	assert_int_equal(class_of(VP_MODE_ANALYZE, false, false),
	                 VP_CLASS_REQUIRED);
}

static bool in_evidence(const struct vp_finding *f, const char *text)
{
	for (size_t i = 0; i < f->n_evidence; i++) {
		if (strstr(f->evidence[i], text) != NULL)
			return true;
	}
	return false;
}

/* The remedy where this port does not answer. */
static bool blocked_by_list(const char *name, enum vp_kind kind,
                            enum vp_expect expect, enum vp_outcome tcp,
                            enum vp_outcome tls)
{
	struct vp_facts *f = facts_in("secured", "public", IPPROTO_TCP, 443);
	struct vp_judgement j;
	bool said = false;

	f->n_flows = 0;
	add_target(f, name, "b.example", "example", kind, "192.0.2.9");
	f->targets[N_TARGETS].expect = expect;
	f->targets[N_TARGETS].addresses[0].tcp.outcome = tcp;
	f->targets[N_TARGETS].addresses[0].tls.outcome = tls;
	vp_judge(&j, f, f->arena);
	assert_true(j.n_findings > 0);
	for (size_t i = 0; i < j.n_findings; i++) {
		const char *remedy = j.findings[i].remedy;

		said |= strstr(remedy, "lacks them") != NULL &&
		        in_evidence(&j.findings[i],
		                    "Microsoft Entra ID: tokens (A2)") &&
		        strstr(remedy, "--target-fqdns " LOGIN) != NULL &&
		        strstr(remedy, "private-endpoint") == NULL;
	}
	vp_facts_destroy(f);
	return said;
}

static void lists_lack_it(void **state)
{
	const enum vp_outcome ok = VP_OUTCOME_OK;

	(void)state;
	assert_true(blocked_by_list(LOGIN, VP_KIND_LOGIN, VP_EXPECT_PUBLIC,
	                            VP_OUTCOME_TIMEOUT, VP_OUTCOME_NONE));
	assert_true(blocked_by_list(LOGIN, VP_KIND_LOGIN, VP_EXPECT_PUBLIC,
	                            VP_OUTCOME_REFUSED, VP_OUTCOME_NONE));
	assert_true(blocked_by_list(LOGIN, VP_KIND_LOGIN, VP_EXPECT_PUBLIC, ok,
	                            VP_OUTCOME_RESET));
	assert_true(blocked_by_list(LOGIN, VP_KIND_LOGIN, VP_EXPECT_PUBLIC, ok,
	                            VP_OUTCOME_TIMEOUT));
	/* not the network's, or not a name of the list */
	assert_false(blocked_by_list(LOGIN, VP_KIND_LOGIN, VP_EXPECT_PUBLIC, ok,
	                             VP_OUTCOME_ERROR));
	assert_false(blocked_by_list(LOGIN, VP_KIND_LOGIN, VP_EXPECT_PRIVATE,
	                             VP_OUTCOME_TIMEOUT, VP_OUTCOME_NONE));
	assert_false(blocked_by_list("a.example", VP_KIND_OTHER,
	                             VP_EXPECT_PUBLIC, VP_OUTCOME_TIMEOUT,
	                             VP_OUTCOME_NONE));
}

/* noinline: see golden.h */
static __attribute__((noinline)) char *page(void)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	vp_scenarios_markdown(out);
	fclose(out);
	return text;
}

static void documented(void **state)
{
	char *text = page();

	(void)state;
	compare_with_file(VP_SOURCE_DIR "/docs/scenarios.md", text);
	free(text);
}

/* --- sources ---------------------------------------------------------------
 */

static char *sources;

/* "P1, A2 (U)": keys that have a row there, or are issues; "(U)" alone. */
static void check(const char *what, const char *source)
{
	char text[64], key[32], *save = NULL;

	if (source == NULL || *source == '\0')
		fail_msg("%s has no source", what);
	snprintf(text, sizeof(text), "%s", source);
	for (char *w = strtok_r(text, ", ", &save); w != NULL;
	     w = strtok_r(NULL, ", ", &save)) {
		if (strcmp(w, "(U)") == 0)
			continue;
		if (!isupper((unsigned char)w[0]) ||
		    strspn(w + 1, "0123456789") != strlen(w + 1) ||
		    w[1] == '\0')
			fail_msg("%s: '%s' is no key", what, w);
		snprintf(key, sizeof(key), *w == 'G' ? "%s (" : "\n| %s |", w);
		if (strstr(sources, key) == NULL)
			fail_msg("%s: %s is not in docs/sources.md", what, w);
	}
}

#define EACH(function, what)                                                   \
	do {                                                                   \
		size_t n_;                                                     \
		__auto_type rows_ = function(&n_);                             \
                                                                               \
		assert_true(n_ > 0);                                           \
		for (size_t i_ = 0; i_ < n_; i_++)                             \
			check(rows_[i_].what, rows_[i_].source);               \
	} while (0)

static void sourced(void **state)
{
	const struct vp_catalogue_suffix *rows;
	size_t n;

	(void)state;
	sources = load(VP_SOURCE_DIR "/docs/sources.md");
	EACH(vp_catalogue_suffixes, suffix);
	EACH(vp_catalogue_required_rows, name);
	EACH(vp_catalogue_tagged, tag);
	EACH(vp_catalogue_closed_rows, why);
	EACH(vp_catalogue_instances, suffix);
	EACH(vp_catalogue_scenarios, name);
	EACH(vp_catalogue_expectations, scenario);
	EACH(vp_catalogue_ports, why);
	EACH(vp_catalogue_notes, text);
	EACH(vp_catalogue_issuers, name);
	EACH(vp_forwarder_rows, name);
	rows = vp_catalogue_suffixes(&n);
	for (size_t i = 0; i < n; i++) {
		check(rows[i].suffix, rows[i].san_source);
		check(rows[i].suffix, rows[i].member_source);
	}
	free(sources);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(suffixes),
		cmocka_unit_test(clouds),
		cmocka_unit_test(names_of_traffic),
		cmocka_unit_test(tags_of_traffic),
		cmocka_unit_test(nobodys_own),
		cmocka_unit_test(bits),
		cmocka_unit_test(forwarder_zones),
		cmocka_unit_test(issuers),
		cmocka_unit_test(shown),
		cmocka_unit_test(listed),
		cmocka_unit_test(marks),
		cmocka_unit_test(scenarios),
		cmocka_unit_test(shown_by_cloud),
		cmocka_unit_test(inbound_shown),
		cmocka_unit_test(closed),
		cmocka_unit_test(peer_unknown),
		cmocka_unit_test(classes_are_the_same),
		cmocka_unit_test(lists_lack_it),
		cmocka_unit_test(documented),
		cmocka_unit_test(sourced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
