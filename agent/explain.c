/*
 * explain.c - the table of findings as text, JSON and Markdown.
 *
 * docs/findings.md is what vp_findings_markdown() writes; a test compares.
 */
#include "report.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "pen.h"
#include "vnetprobe/signature.h"
#include "value.h"
#include "wording.h"

#define INDENT 8

static int stream_status(FILE *out)
{
	errno = 0;
	if (fflush(out) != 0 || ferror(out))
		return errno != 0 ? -errno : -EIO;
	return 0;
}

/* --- text -------------------------------------------------------------- */

static void paragraph(struct pen *p, const char *head, const char *text)
{
	fprintf(p->out, "  %s\n", head);
	pen_wrap(p, "    ", 4, text);
}

static void explain_one(struct pen *p, const struct vp_finding_type *t)
{
	fprintf(p->out, "%s (%s)\n", t->id, vp_severity_name(t->severity));
	pen_wrap(p, "  ", 2, t->title);
	pen_line(p);
	paragraph(p, "seen", t->seen);
	paragraph(p, "means", t->means);
	fputs("  remedy\n", p->out);
	pen_remedy(p, 4, t->remedy);
	paragraph(p, "source", t->source);
}

static void explain_all(struct pen *p)
{
	const char *family = "";
	size_t n;
	const struct vp_finding_type *t = vp_finding_types(&n);
	unsigned width = 0;

	for (size_t i = 0; i < n; i++) {
		if (strlen(t[i].id) > width)
			width = (unsigned)strlen(t[i].id);
	}
	for (size_t i = 0; i < n; i++) {
		if (strcmp(t[i].family, family) != 0) {
			family = t[i].family;
			fprintf(p->out, "%s%s: %s\n", i > 0 ? "\n" : "", family,
			        vp_finding_family_title(family));
		}
		fprintf(p->out, "  %-9s ", vp_severity_name(t[i].severity));
		fprintf(p->out, "%-*s ", (int)width, t[i].id);
		pen_wrap_at(p, 13 + width, 13 + width, t[i].title);
	}
	fputs("\n`vnetprobe explain ID` tells what one means and how to mend "
	      "it.\n",
	      p->out);
}

/* --- JSON -------------------------------------------------------------- */

static json_t *type_json(const struct vp_finding_type *t)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "id",
	                 t->id, "family", t->family, "severity",
	                 vp_severity_name(t->severity), "title", t->title,
	                 "seen", t->seen, "means", t->means, "remedy",
	                 t->remedy, "source", t->source);
}

static int explain_json(FILE *out, const struct vp_finding_type *one)
{
	json_t *value = one != NULL ? type_json(one) : json_array();
	size_t n;
	const struct vp_finding_type *t = vp_finding_types(&n);
	int rc;

	for (size_t i = 0; one == NULL && i < n; i++)
		json_array_append_new(value, type_json(&t[i]));
	rc = json_dumpf(value, out, JSON_INDENT(2) | JSON_ENSURE_ASCII);
	json_decref(value);
	fputc('\n', out);
	return rc != 0 ? -ENOMEM : stream_status(out);
}

static const char *nearest_id(const char *id)
{
	size_t n;
	const struct vp_finding_type *t = vp_finding_types(&n);
	const char **ids = malloc(n * sizeof(*ids)), *near = NULL;
	size_t len = strlen(id);

	for (size_t i = 0; ids != NULL && i < n; i++)
		ids[i] = t[i].id;
	if (ids != NULL)
		near = vp_nearest(id, ids, n);
	free(ids);
	for (size_t i = 0; near == NULL && len >= 4 && i < n; i++) {
		if (strncmp(t[i].id, id, len) == 0)
			near = t[i].id; /* the beginning of it: "dns-zone" */
	}
	return near;
}

int vp_explain(FILE *out, const char *id, bool json)
{
	const struct vp_finding_type *t = NULL;
	struct pen p = { .out = out, .columns = 80 };

	if (id != NULL && (t = vp_finding_type(id)) == NULL) {
		const char *near = nearest_id(id);
		char quoted[VP_QUOTE_TEXT];

		vp_quote(quoted, id);
		if (near != NULL)
			fprintf(stderr,
			        "vnetprobe: there is no finding %s; did you "
			        "mean '%s'?\n",
			        quoted, near);
		else
			fprintf(stderr,
			        "vnetprobe: there is no finding %s; "
			        "'vnetprobe explain' lists them all\n",
			        quoted);
		return 2;
	}
	if (json)
		return explain_json(out, t);
	p.arena = vp_arena_create();
	if (t != NULL)
		explain_one(&p, t);
	else
		explain_all(&p);
	vp_arena_destroy(p.arena);
	return stream_status(out);
}

/* --- Markdown ---------------------------------------------------------- */

static void markdown_remedy(FILE *out, const char *text)
{
	bool code = false;

	fputs("**Remedy.** ", out);
	while (*text != '\0') {
		size_t len = strcspn(text, "\n");
		bool is_code = strncmp(text, "    ", 4) == 0;

		if (is_code != code)
			fputs(is_code ? "\n```\n" : "```\n\n", out);
		code = is_code;
		fprintf(out, "%.*s\n", (int)(is_code ? len - 4 : len),
		        is_code ? text + 4 : text);
		text += len;
		text += *text == '\n';
	}
	fputs(code ? "```\n\n" : "\n", out);
}

static void markdown_one(FILE *out, const struct vp_finding_type *t)
{
	fprintf(out, "### %s\n\n*%s*: %s.\n\n", t->id,
	        vp_severity_name(t->severity), t->title);
	fprintf(out, "**Seen.** %s\n\n**Means.** %s\n\n", t->seen, t->means);
	markdown_remedy(out, t->remedy);
	fprintf(out, "**Source.** %s\n\n", t->source);
}

int vp_findings_markdown(FILE *out)
{
	const char *family = "";
	size_t n;
	const struct vp_finding_type *t = vp_finding_types(&n);

	fputs("# Findings\n\n"
	      "What `vnetprobe` can find, by family. This page is written from "
	      "the tables in `agent/findings_*.c`; `vnetprobe explain ID` "
	      "prints "
	      "the same. Words in {braces} are filled in by a report; words in "
	      "CAPITALS, such as RG for the resource group, by you.\n\n"
	      "Severities, worst first: *leak*, *error*, *unproven* (the run "
	      "is inconclusive), *warning*, *info*. The last two do not change "
	      "the verdict.\n\n",
	      out);
	for (size_t i = 0; i < n; i++) {
		if (strcmp(t[i].family, family) != 0) {
			family = t[i].family;
			fprintf(out, "## %s: %s\n\n", family,
			        vp_finding_family_title(family));
		}
		markdown_one(out, &t[i]);
	}
	return stream_status(out);
}

/* One line of the table; NULL is left empty, "|" would end the cell. */
static void markdown_cell(FILE *out, const char *text, bool code)
{
	fputs(" ", out);
	if (text != NULL && code)
		fputc('`', out);
	for (const char *p = text != NULL ? text : ""; *p != '\0'; p++)
		fputs(*p == '|' ? " or " : (char[2]){ *p, '\0' }, out);
	if (text != NULL && code)
		fputc('`', out);
	fputs(" |", out);
}

int vp_signatures_markdown(FILE *out)
{
	const char *service = "";
	size_t n;
	const struct vp_signature_row *r = vp_signature_rows(&n);

	fputs("# What the services answer\n\n"
	      "How an answer to a request without credentials is read. This "
	      "page is written from `probes/signature_table.c`: of the rows of "
	      "a service the first that fits counts, and a report names it "
	      "(`rule`). Only what was verified is a claim; what was inferred "
	      "(I), seen once (1) or not looked up (U) is *reached*, which "
	      "claims TLS and path. Sources: [sources.md](sources.md).\n",
	      out);
	for (size_t i = 0; i < n; i++) {
		static const char *const marks[] = { "", "V", "1", "I", "U" };

		if (strcmp(r[i].service, service) != 0) {
			service = r[i].service;
			fprintf(out,
			        "\n## %s\n\n"
			        "| rule | status | header | code | in the text "
			        "| signature | refused by | means | source | "
			        "|\n"
			        "|---|---|---|---|---|---|---|---|---|---|\n",
			        service);
		}
		fputs("|", out);
		markdown_cell(out, r[i].id, true);
		markdown_cell(out, r[i].status, false);
		markdown_cell(out, r[i].header, true);
		markdown_cell(out, r[i].code, true);
		markdown_cell(out, r[i].text, true);
		markdown_cell(out, vp_signature_name(r[i].signature), false);
		markdown_cell(out, vp_refusal_name(r[i].refused_by), false);
		markdown_cell(out, r[i].meaning, false);
		markdown_cell(out, r[i].source, false);
		markdown_cell(out, marks[r[i].certainty], false);
		fputs("\n", out);
	}
	return stream_status(out);
}
