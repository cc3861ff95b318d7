/*
 * scenario_page.c - the scenarios as a page of Markdown. docs/scenarios.md is
 * what vp_scenarios_markdown() writes; a test compares.
 */
#include <ctype.h>
#include <netinet/in.h>
#include <string.h>

#include "scenario_print.h"

static const char *proto_name(uint8_t proto)
{
	if (proto == IPPROTO_TCP)
		return "TCP";
	return proto == IPPROTO_UDP ? "UDP" : "any";
}

/* "*" at the start of a word is emphasis elsewhere. */
static void code(FILE *out, const char *text)
{
	fprintf(out, "`%s`", text);
}

/* All that this scenario states itself; the rest is its base's. */
static void put_expectations(FILE *out, const struct vp_catalogue_scenario *sc)
{
	char why[VP_SCENARIO_WHY];
	bool title = false;

	for (unsigned c = 0; c < VP_CLASS_COUNT; c++) {
		const struct vp_catalogue_expectation *row =
			vp_catalogue_expects(sc, (enum vp_class)c);

		if (strcmp(row->scenario, sc->name) != 0)
			continue;
		if (!title)
			fputs("\n| of | expected | why | source |\n"
			      "| --- | --- | --- | --- |\n",
			      out);
		title = true;
		fprintf(out, "| %s | %s | %s | %s |\n",
		        vp_catalogue_class_name((enum vp_class)c),
		        vp_expect_name(row->expect), vp_scenario_why(why, row),
		        row->source);
	}
}

/* Scenarios against classes. */
static void put_overview(FILE *out)
{
	const struct vp_catalogue_scenario *sc;
	size_t n;

	fputs("\n| scenario |", out);
	for (unsigned c = 0; c < VP_CLASS_COUNT; c++)
		fprintf(out, " %s |",
		        vp_catalogue_class_name((enum vp_class)c));
	fputs("\n| --- |", out);
	for (unsigned c = 0; c < VP_CLASS_COUNT; c++)
		fputs(" --- |", out);
	sc = vp_catalogue_scenarios(&n);
	for (size_t i = 0; i < n; i++) {
		fprintf(out, "\n| [%s](#%s) |", sc[i].name, sc[i].name);
		for (unsigned c = 0; c < VP_CLASS_COUNT; c++)
			fprintf(out, " %s |",
			        vp_expect_name(vp_catalogue_expects(
						       &sc[i], (enum vp_class)c)
			                               ->expect));
	}
	fputc('\n', out);
}

static void put_notes(FILE *out, const struct vp_catalogue_scenario *sc)
{
	const struct vp_catalogue_note *rows;
	size_t n;

	rows = vp_catalogue_notes(&n);
	for (unsigned k = 0; k < VP_NOTE_COUNT; k++) {
		bool title = false;

		for (size_t i = 0; i < n; i++) {
			if (rows[i].kind != k ||
			    strcmp(rows[i].scenario, sc->name) != 0)
				continue;
			if (!title)
				fprintf(out, "\n%s:\n\n",
				        vp_catalogue_note_title(
						(enum vp_note_kind)k));
			title = true;
			fprintf(out, "- %s (%s)\n", rows[i].text,
			        rows[i].source);
		}
	}
}

/* What this scenario has beside that of all of them. */
static void put_ports(FILE *out, const struct vp_catalogue_scenario *sc)
{
	const struct vp_catalogue_port *rows;
	bool title = false;
	size_t n;

	rows = vp_catalogue_ports(&n);
	for (size_t i = 0; i < n; i++) {
		const struct vp_catalogue_port *p = &rows[i];

		if ((p->traffic & VP_TRAFFIC_ALWAYS) != 0 ||
		    (p->traffic & sc->traffic) == 0)
			continue;
		if (!title)
			fputs("\n| port in the VNet | | peer | why | source "
			      "|\n| --- | --- | --- | --- | --- |\n",
			      out);
		title = true;
		fprintf(out, "| %s %u", proto_name(p->proto), p->first);
		if (p->last != p->first)
			fprintf(out, "-%u", p->last);
		fprintf(out, " | %s | %s | %s | %s |\n",
		        vp_catalogue_way_name(p->way), p->peer, p->why,
		        p->source);
	}
}

static void put_scenario(FILE *out, const struct vp_catalogue_scenario *sc)
{
	fprintf(out, "\n## %s\n\n%c%s (%s).", sc->name,
	        toupper((unsigned char)*sc->title), sc->title + 1, sc->source);
	if (sc->base != NULL)
		fprintf(out, " What is not said here is as in [%s](#%s).",
		        sc->base, sc->base);
	fputc('\n', out);
	put_expectations(out, sc);
	put_ports(out, sc);
	put_notes(out, sc);
}

/* --- traffic, which scenarios share ----------------------------------------
 */

static bool in_all(unsigned traffic)
{
	return (traffic & VP_TRAFFIC_ALWAYS) != 0;
}

static void put_who(FILE *out, unsigned traffic)
{
	const struct vp_catalogue_scenario *sc;
	const char *comma = "";
	size_t n;

	if (in_all(traffic)) {
		fputs("all", out);
		return;
	}
	sc = vp_catalogue_scenarios(&n);
	for (size_t i = 0; i < n; i++) {
		if ((sc[i].traffic & traffic) == 0)
			continue;
		fprintf(out, "%s%s", comma, sc[i].name);
		comma = ", ";
	}
}

static void put_names(FILE *out, const char *cloud)
{
	const struct vp_catalogue_required *rows;
	size_t n;

	fprintf(out,
	        "\n### Names, cloud %s\n\n"
	        "| name | port | why | scenarios | source |\n"
	        "| --- | --- | --- | --- | --- |\n",
	        cloud);
	rows = vp_catalogue_required_rows(&n);
	for (size_t i = 0; i < n; i++) {
		if (strcmp(rows[i].cloud, cloud) != 0)
			continue;
		fputs("| ", out);
		code(out, rows[i].name);
		if (rows[i].port != 0)
			fprintf(out, " | %s %u", proto_name(rows[i].proto),
			        rows[i].port);
		else
			fputs(" | explains no flow", out);
		fprintf(out, " | %s | ", rows[i].why);
		put_who(out, rows[i].traffic);
		fprintf(out, " | %s |\n", rows[i].source);
	}
}

static void put_tags(FILE *out)
{
	const struct vp_catalogue_tagged *rows;
	size_t n;

	fputs("\n### Service tags\n\n"
	      "By a file of service tags (`--service-tags`); where a name is "
	      "wanted, an answer seen in the capture has to prove it.\n\n"
	      "| tag | port | | name | why | scenarios | source |\n"
	      "| --- | --- | --- | --- | --- | --- | --- |\n",
	      out);
	rows = vp_catalogue_tagged(&n);
	for (size_t i = 0; i < n; i++) {
		fprintf(out, "| %s | %s %u | %s | ", rows[i].tag,
		        proto_name(rows[i].proto), rows[i].port,
		        rows[i].inbound ? "in" : "out");
		if (rows[i].name != NULL)
			code(out, rows[i].name);
		fprintf(out, " | %s | ", rows[i].why);
		put_who(out, rows[i].traffic);
		fprintf(out, " | %s |\n", rows[i].source);
	}
}

static void put_common_ports(FILE *out)
{
	const struct vp_catalogue_port *rows;
	size_t n;

	fputs("\n### Ports inside the VNet, in all of them\n\n"
	      "| port | | peer | why | source |\n"
	      "| --- | --- | --- | --- | --- |\n",
	      out);
	rows = vp_catalogue_ports(&n);
	for (size_t i = 0; i < n; i++) {
		if (!in_all(rows[i].traffic))
			continue;
		fprintf(out, "| %s %u | %s | %s | %s | %s |\n",
		        proto_name(rows[i].proto), rows[i].first,
		        vp_catalogue_way_name(rows[i].way), rows[i].peer,
		        rows[i].why, rows[i].source);
	}
}

void vp_scenarios_markdown(FILE *out)
{
	const struct vp_catalogue_scenario *sc;
	size_t n;

	fputs("# Scenarios\n\n"
	      "What `vnetprobe targets --scenario NAME` tells, for all of "
	      "them. "
	      "A target's own\n`expect` in the config wins over its scenario. "
	      "Sources are the keys of\n[sources.md](sources.md); `(U)` marks "
	      "what no document was found for.\n",
	      out);
	put_overview(out);
	sc = vp_catalogue_scenarios(&n);
	for (size_t i = 0; i < n; i++)
		put_scenario(out, &sc[i]);
	fputs("\n## Public by design\n\n"
	      "These flows are no leak. Whatever else leaves for a public "
	      "address is told, and a\nname that has a private endpoint is "
	      "never excused by this.\n",
	      out);
	put_names(out, "public");
	put_names(out, "usgovernment");
	put_names(out, "china");
	put_tags(out);
	put_common_ports(out);
}
