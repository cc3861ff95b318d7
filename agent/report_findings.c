/*
 * report_findings.c - findings for people: what is wrong and what mends it.
 *
 * Worst first. Findings of one kind on several targets are one block, in which
 * sentences and remedies that are the same are said once; -v shows each.
 */
#include "report_page.h"

#include <string.h>

#define MOST_NAMES 4 /* in one folded block */
#define MOST_DETAILS 2
#define MOST_EVIDENCE 4
#define MOST_LINES 6 /* different remedies of one kind */

static const enum pen_color severity_colors[] = {
	[VP_SEVERITY_LEAK] = PEN_BOLD_RED,
	[VP_SEVERITY_ERROR] = PEN_RED,
	[VP_SEVERITY_UNPROVEN] = PEN_MAGENTA,
	[VP_SEVERITY_WARNING] = PEN_YELLOW,
	[VP_SEVERITY_INFO] = PEN_CYAN,
};

static void put_title(struct page *c, const struct vp_finding *f)
{
	struct pen *p = &c->pen;

	pen_line(p);
	pen_put(p, severity_colors[f->severity], 9,
	        vp_severity_name(f->severity));
	pen_put(p, PEN_BOLD, 0, f->type->id);
	pen_line(p);
	pen_wrap(p, "         ", 9, f->title);
}

/* "12 targets: a, b, c, d and 8 more"; without a port they are names. */
static void put_names(struct page *c, const struct vp_finding *f, size_t n)
{
	const char *list = "", *before = NULL;
	size_t shown = 0, distinct = 0;

	for (size_t i = 0; i < n; i++) {
		const char *name = f[i].target;

		if (name == NULL ||
		    (before != NULL && strcmp(name, before) == 0))
			continue; /* they come sorted */
		before = name;
		if (distinct++ >= MOST_NAMES && !c->verbose)
			continue;
		list = vp_arena_printf(c->pen.arena, "%s%s%s", list,
		                       shown++ > 0 ? ", " : "", name);
	}
	if (distinct == 0)
		return;
	if (distinct > shown)
		list = vp_arena_printf(c->pen.arena, "%s and %zu more", list,
		                       distinct - shown);
	if (distinct > 1)
		list = vp_arena_printf(c->pen.arena, "%zu %s: %s", distinct,
		                       strchr(list, ':') ? "targets" : "names",
		                       list);
	pen_wrap(&c->pen, "         ", 9, list);
}

/* One sentence; of many findings only if it holds for all, or if nothing else
 * tells more. */
static void put_details(struct page *c, const struct vp_finding *f, size_t n)
{
	size_t shown = 0;
	bool same = true, evidence = false;

	for (size_t i = 0; i < n; i++) {
		same &= f[i].detail != NULL && f[0].detail != NULL &&
		        strcmp(f[i].detail, f[0].detail) == 0;
		evidence |= f[i].n_evidence > 0;
	}
	if (!same && evidence && n > MOST_DETAILS)
		return;
	for (size_t i = 0; i < (same ? 1 : n) && shown < MOST_DETAILS; i++) {
		if (f[i].detail == NULL)
			continue;
		pen_wrap(&c->pen, "         ", 9, f[i].detail);
		shown++;
	}
}

static bool among(const char *const *list, size_t n, const char *text)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(list[i], text) == 0)
			return true;
	}
	return false;
}

static void put_evidence(struct page *c, const struct vp_finding *f, size_t n)
{
	const char *lines[MOST_EVIDENCE + 1];
	size_t shown = 0, total = 0;

	for (size_t i = 0; i < n; i++) {
		total += f[i].n_evidence;
		if (n > 1 && f[i].n_more > 0)
			total += f[i].n_more - 1; /* what its line counts */
	}
	/* One finding: all it has. Several: the first as an example, and a
	 * line of each that follows, if it says something new. */
	for (size_t i = 0; i < n && shown < MOST_EVIDENCE; i++) {
		size_t most = n == 1 ? f[i].n_evidence : i == 0 ? 2 : 1;

		for (size_t k = 0; k < most && k < f[i].n_evidence; k++) {
			const char *line = f[i].evidence[k];

			if (n > 1) {
				if (among(lines, shown, line))
					continue;
				lines[shown] = line;
			}
			pen_wrap(&c->pen, "         - ", 11, line);
			shown++;
		}
	}
	if (total > shown)
		pen_wrap(&c->pen, "         - ", 11,
		         page_text(c, "and %zu more: -v, or the JSON report",
		                   total - shown));
}

static const char *line_of(struct page *c, const char *remedy, size_t k)
{
	for (; k > 0; k--) {
		remedy = strchr(remedy, '\n');
		if (remedy == NULL)
			return NULL;
		remedy++;
	}
	return vp_arena_strndup(c->pen.arena, remedy, strcspn(remedy, "\n"));
}

static bool ends_word(const char *text)
{
	text += strspn(text, ".,:;)");
	return *text == ' ' || *text == '\0';
}

/* Sentences that differ in one word are one sentence with a list of them:
 * "for 10.20.2.4, 10.20.2.5 and more:". NULL: they differ in more. */
static const char *one_sentence(struct page *c, const char *const *lines,
                                size_t n, bool more)
{
	size_t head = strlen(lines[0]), tail = head;
	const char *list = "";

	for (size_t i = 1; i < n; i++) {
		size_t a = strlen(lines[0]), b = strlen(lines[i]), k = 0;

		while (k < head && lines[0][k] == lines[i][k])
			k++;
		head = k;
		for (k = 0; k < tail && k < b - head && k < a - head &&
		            lines[0][a - 1 - k] == lines[i][b - 1 - k];)
			k++;
		tail = k;
	}
	while (head > 0 && strchr(" (", lines[0][head - 1]) == NULL)
		head--;
	while (!ends_word(lines[0] + strlen(lines[0]) - tail))
		tail--;
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(lines[i]) - head - tail;
		const char *word =
			vp_arena_strndup(c->pen.arena, lines[i] + head, len);

		if (len == 0 || strchr(word, ' ') != NULL)
			return NULL;
		list = page_text(c, "%s%s%s", list,
		                 i == 0              ? ""
		                 : i + 1 < n || more ? ", "
		                                     : " and ",
		                 word);
	}
	return page_text(c, "%.*s%s%s%s", (int)head, lines[0], list,
	                 more ? " and more" : "",
	                 lines[0] + strlen(lines[0]) - tail);
}

/* The k-th line of every remedy, each text once. False: there is none. */
static bool put_remedy_line(struct page *c, const struct vp_finding *f,
                            size_t n, size_t k)
{
	const char *shown[MOST_LINES], *sentence = NULL;
	size_t n_shown = 0;
	bool any = false, more = false;

	for (size_t i = 0; i < n; i++) {
		const char *line = line_of(c, f[i].remedy, k);

		if (line == NULL)
			continue;
		any = true;
		if (among(shown, n_shown, line))
			continue;
		more = n_shown == MOST_LINES;
		if (more)
			break;
		shown[n_shown++] = line;
	}
	if (n_shown > 1 && strncmp(shown[0], "    ", 4) != 0)
		sentence = one_sentence(c, shown, n_shown, more);
	if (sentence != NULL) {
		pen_remedy_line(&c->pen, 11, sentence);
		return true;
	}
	for (size_t i = 0; i < n_shown; i++)
		pen_remedy_line(&c->pen, 11, shown[i]);
	if (more)
		pen_remedy_line(&c->pen, 11,
		                "... and so on: -v, or the JSON report");
	return any;
}

static size_t count_lines(const char *text)
{
	size_t n = 1;

	for (; *text != '\0'; text++)
		n += *text == '\n';
	return n;
}

/* Configuration for servers of different makes must not be mixed, line by
 * line. */
static bool go_together(const struct vp_finding *f, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *lines = strstr(f[i].remedy, "\nIn ");

		if (count_lines(f[i].remedy) != count_lines(f[0].remedy) ||
		    (lines != NULL && strcmp(f[i].remedy, f[0].remedy) != 0))
			return false;
	}
	return true;
}

static void put_remedies(struct page *c, const struct vp_finding *f, size_t n)
{
	const char *shown[MOST_LINES];
	size_t n_shown = 0;

	for (size_t i = 0; i < n; i++) {
		if (among(shown, n_shown, f[i].remedy))
			continue;
		if (n_shown == MOST_LINES) {
			pen_remedy_line(
				&c->pen, 11,
				"... and so on: -v, or the JSON report");
			return;
		}
		shown[n_shown++] = f[i].remedy;
		pen_remedy(&c->pen, 11, f[i].remedy);
	}
}

/* The lines of a list item of YAML that begins here: "- key: value", and what
 * is indented more below it. 0: none begins. */
static size_t item_lines(struct page *c, const char *remedy, size_t k)
{
	const char *line = line_of(c, remedy, k);
	size_t indent, n = 1;

	if (line == NULL)
		return 0;
	indent = strspn(line, " ");
	if (indent < 4 || strncmp(line + indent, "- ", 2) != 0)
		return 0;
	while ((line = line_of(c, remedy, k + n)) != NULL &&
	       strspn(line, " ") > indent)
		n++;
	return n;
}

/* Items as a whole, one below the other: their lines belong together. */
static size_t put_items(struct page *c, const struct vp_finding *f, size_t n,
                        size_t k)
{
	size_t lines = item_lines(c, f[0].remedy, k), n_shown = 0;
	const char *shown[MOST_LINES];

	for (size_t i = 0; lines > 0 && i < n; i++) {
		const char *item = "";

		for (size_t m = 0; m < lines; m++)
			item = page_text(c, "%s%s%s", item, m > 0 ? "\n" : "",
			                 line_of(c, f[i].remedy, k + m));
		if (among(shown, n_shown, item))
			continue;
		if (n_shown == MOST_LINES) {
			pen_remedy_line(
				&c->pen, 11,
				"... and so on: -v, or the JSON report");
			break;
		}
		shown[n_shown++] = item;
		pen_remedy(&c->pen, 11, item);
	}
	return lines;
}

static void put_remedy(struct page *c, const struct vp_finding *f, size_t n)
{
	pen_put(&c->pen, PEN_PLAIN, 0, "         ");
	pen_put(&c->pen, PEN_GREEN, 0, "Remedy:");
	pen_line(&c->pen);
	if (n > 64)
		n = 64; /* what differs beyond is cut anyway */
	if (!go_together(f, n)) {
		put_remedies(c, f, n);
		return;
	}
	for (size_t k = 0, items;; k += items > 0 ? items : 1) {
		items = put_items(c, f, n, k);
		if (items == 0 && !put_remedy_line(c, f, n, k))
			break;
	}
}

static size_t kin(const struct page *c, size_t i)
{
	const struct vp_finding *f = c->j->findings;
	size_t n = 1;

	if (c->verbose)
		return 1;
	while (i + n < c->j->n_findings && f[i + n].type == f[i].type &&
	       f[i + n].severity == f[i].severity)
		n++;
	return n;
}

/* `check` compares with nobody: the mistake may be another one than it looks.
 */
static void put_whose(struct page *c)
{
	if (c->facts->mode != VP_MODE_CHECK)
		return;
	for (size_t i = 0; i < c->j->n_findings; i++) {
		const struct vp_finding *f = &c->j->findings[i];

		if (f->severity != VP_SEVERITY_ERROR ||
		    strncmp(f->type->id, "dns-", 4) != 0)
			continue;
		pen_line(&c->pen);
		pen_put(&c->pen, PEN_BOLD, 0, "Whose mistake it is:");
		pen_put(&c->pen, PEN_PLAIN, 0, " vnetprobe dns -c FILE");
		pen_line(&c->pen);
		return;
	}
}

void page_findings(struct page *c)
{
	size_t n;

	for (size_t i = 0; i < c->j->n_findings; i += n) {
		const struct vp_finding *f = &c->j->findings[i];

		n = kin(c, i);
		put_title(c, f);
		put_names(c, f, n);
		put_details(c, f, n);
		put_evidence(c, f, n);
		if (f->severity != VP_SEVERITY_INFO || c->verbose)
			put_remedy(c, f, n);
	}
	put_whose(c);
}
