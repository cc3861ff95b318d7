/*
 * diff_text.c - the comparison for people.
 *
 * Read at night: whether the verdict changed and by which findings comes first,
 * then what one of the two could not look at; then everything else, in groups.
 * What is the same at many names is told once.
 */
#include "diff.h"

#include <stdlib.h>
#include <string.h>

#include "report_page.h"

#define MOST_BLOCKS 12  /* of a section, unless all is asked for */
#define MOST_SUBJECTS 5 /* of a block, likewise */
#define INDENT 6

struct text {
	struct page page;
	const struct vp_diff *d;
	bool all;
	char head[512]; /* of the block before; "": none */
	enum vp_diff_kind head_kind;
};

/* --- blocks: changes that read the same --------------------------------- */

struct member {
	const char *key;
	const struct vp_diff_change *c;
};

struct block {
	const struct member *members; /* in order */
	size_t n;
};

static const char *or_empty(const char *text)
{
	return text != NULL ? text : "";
}

static int member_order(const void *a, const void *b)
{
	const struct member *x = a, *y = b;
	int order = strcmp(x->key, y->key);

	if (order != 0)
		return order;
	return x->c < y->c ? -1 : x->c > y->c;
}

static int block_order(const void *a, const void *b)
{
	const struct block *x = a, *y = b;

	return x->members->c < y->members->c ? -1
	                                     : x->members->c > y->members->c;
}

static size_t make_blocks(struct text *t, struct block **out,
                          struct member *members, size_t n)
{
	struct vp_arena *arena = t->page.pen.arena;
	struct block *blocks = NULL;
	size_t n_blocks = 0;

	if (n > 1)
		qsort(members, n, sizeof(*members), member_order);
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || strcmp(members[i].key, members[i - 1].key) != 0)
			VP_PUSH(arena, blocks, n_blocks)->members = &members[i];
		blocks[n_blocks - 1].n++;
	}
	if (n_blocks > 1)
		qsort(blocks, n_blocks, sizeof(*blocks), block_order);
	*out = blocks;
	return n_blocks;
}

/* --- one block ---------------------------------------------------------- */

static void put_sign(struct text *t, enum vp_diff_kind kind)
{
	static const struct {
		const char *text;
		enum pen_color color;
	} signs[] = {
		[VP_DIFF_KIND_ONLY_A] = { "-", PEN_RED },
		[VP_DIFF_KIND_ONLY_B] = { "+", PEN_GREEN },
		[VP_DIFF_KIND_CHANGED] = { "~", PEN_YELLOW },
		[VP_DIFF_KIND_NOT_KNOWN] = { "?", PEN_MAGENTA },
	};

	pen_put(&t->page.pen, PEN_PLAIN, 0, "  ");
	pen_put(&t->page.pen, signs[kind].color, 2, signs[kind].text);
}

/* "x, y and 3 more"; each subject once. */
static const char *subjects(struct text *t, const struct block *b)
{
	const char *text = "", *last = NULL;
	size_t n = 0, left = 0;

	for (size_t i = 0; i < b->n; i++) {
		const char *one = or_empty(b->members[i].c->subject);

		if (last != NULL && strcmp(one, last) == 0)
			continue;
		last = one;
		if (n >= MOST_SUBJECTS && !t->all)
			left++;
		else
			text = page_text(&t->page, "%s%s%s", text,
			                 n > 0 ? ", " : "", one);
		n++;
	}
	return left > 0 ? page_text(&t->page, "%s and %zu more", text, left)
	                : text;
}

/* Where, if the block has one subject, or one place only; else "". */
static const char *places(struct text *t, const struct block *b)
{
	const struct vp_diff_change *first = b->members[0].c;
	const char *text = or_empty(first->where);
	bool one_subject = true, one_place = true;

	for (size_t i = 1; i < b->n; i++) {
		const struct vp_diff_change *c = b->members[i].c;

		one_subject &= strcmp(or_empty(c->subject),
		                      or_empty(first->subject)) == 0;
		one_place &=
			strcmp(or_empty(c->where), or_empty(first->where)) == 0;
	}
	if (one_place)
		return text;
	if (!one_subject)
		return "";
	for (size_t i = 1; i < b->n; i++)
		text = page_text(&t->page, "%s, %s", text,
		                 or_empty(b->members[i].c->where));
	return text;
}

static const char *indent(void)
{
	return "      ";
}

static void put_line(struct text *t, const char *text)
{
	pen_wrap(&t->page.pen, indent(), INDENT, text);
}

/* "      - what was there" */
static void put_value(struct text *t, enum vp_diff_kind kind, const char *text)
{
	bool a = kind == VP_DIFF_KIND_ONLY_A;

	pen_put(&t->page.pen, PEN_PLAIN, 0, indent());
	pen_put(&t->page.pen, a ? PEN_RED : PEN_GREEN, 2, a ? "-" : "+");
	pen_wrap_at(&t->page.pen, INDENT + 2, INDENT + 4, text);
}

/* One line if it fits, else a line for each side. */
static void put_values(struct text *t, const struct vp_diff_change *c,
                       bool with_what)
{
	const char *a = c->a != NULL ? c->a : "not known";
	const char *b = c->b != NULL ? c->b : "not known";
	const char *what =
		with_what ? page_text(&t->page, "%s: ", c->what) : "";
	const char *line = page_text(&t->page, "%s%s -> %s", what, a, b);

	/* "->" stands in chains, too */
	if (pen_width(line) + INDENT <= t->page.pen.columns &&
	    strstr(a, "->") == NULL && strstr(b, "->") == NULL) {
		put_line(t, line);
		return;
	}
	if (with_what)
		put_line(t, c->what);
	put_value(t, VP_DIFF_KIND_ONLY_A, a);
	put_value(t, VP_DIFF_KIND_ONLY_B, b);
}

static bool is_pair(const struct vp_diff_change *c)
{
	return c->kind == VP_DIFF_KIND_CHANGED ||
	       (c->a != NULL) == (c->b != NULL);
}

static void put_note(struct text *t, const struct vp_diff_change *c)
{
	if (c->note != NULL)
		put_line(t, page_text(&t->page, "(%s)", c->note));
}

static void put_body(struct text *t, const struct vp_diff_change *c,
                     bool with_what)
{
	const char *one = c->a != NULL ? c->a : c->b;

	if (is_pair(c))
		put_values(t, c, with_what);
	else if (c->kind == VP_DIFF_KIND_NOT_KNOWN)
		put_line(t, page_text(&t->page, "%s%s%s: %s",
		                      with_what ? c->what : "",
		                      with_what ? " at " : "",
		                      c->a != NULL ? "A" : "B", one));
	else
		put_line(t,
		         with_what ? page_text(&t->page, "%s: %s", c->what, one)
		                   : one);
	put_note(t, c);
}

/* "~ capture: complete -> off", or the thing alone and its values below. */
static void put_run(struct text *t, const struct vp_diff_change *c)
{
	const char *a = c->a != NULL ? c->a : "not known";
	const char *b = c->b != NULL ? c->b : "not known";
	const char *line =
		is_pair(c) ? page_text(&t->page, "%s: %s -> %s", c->what, a, b)
			   : page_text(&t->page, "%s: %s", c->what,
	                               c->a != NULL ? c->a : c->b);

	if (is_pair(c) && pen_width(line) + 4 > t->page.pen.columns) {
		pen_wrap_at(&t->page.pen, 4, INDENT, c->what);
		put_values(t, c, false);
	} else {
		pen_wrap_at(&t->page.pen, 4, INDENT, line);
	}
	put_note(t, c);
}

static void put_finding(struct text *t, const struct block *b)
{
	const struct vp_diff_change *c = b->members[0].c;

	pen_put(&t->page.pen, PEN_BOLD, 0, c->what);
	pen_line(&t->page.pen);
	put_body(t, c, false);
	if (c->subject != NULL)
		put_line(t, subjects(t, b));
}

/* What the block before was headed by, and its sign, is not said again. */
static void put_block(struct text *t, const struct block *b)
{
	const struct vp_diff_change *c = b->members[0].c;
	struct vp_arena *before = page_begin(&t->page);
	const char *where = places(t, b), *head;

	if (c->section == VP_DIFF_FINDINGS || c->subject == NULL) {
		t->head[0] = '\0';
		put_sign(t, c->kind);
		if (c->section == VP_DIFF_FINDINGS)
			put_finding(t, b);
		else
			put_run(t, c);
		page_finish(&t->page, before);
		return;
	}
	head = page_text(&t->page, "%s%s%s", subjects(t, b),
	                 *where != '\0' ? " at " : "", where);
	if (strcmp(t->head, head) != 0 || t->head_kind != c->kind) {
		put_sign(t, c->kind);
		pen_wrap_at(&t->page.pen, 4, INDENT, head);
	}
	snprintf(t->head, sizeof(t->head), "%s", head);
	t->head_kind = c->kind;
	put_body(t, c,
	         c->section != VP_DIFF_FLOWS || strcmp(c->what, "flow") != 0);
	page_finish(&t->page, before);
}

/* --- groups of blocks ---------------------------------------------------- */

typedef bool wanted_fn(const struct text *t, const struct vp_diff_change *c,
                       unsigned arg);

static size_t put_group(struct text *t, const char *title, wanted_fn *wanted,
                        unsigned arg)
{
	struct vp_arena *before = page_begin(&t->page);
	struct vp_arena *arena = t->page.pen.arena;
	struct member *members = NULL;
	struct block *blocks;
	size_t n = 0, n_blocks, shown = 0;

	for (size_t i = 0; i < t->d->n_changes; i++) {
		const struct vp_diff_change *c = &t->d->changes[i];
		struct member *m;

		if (!wanted(t, c, arg))
			continue;
		m = VP_PUSH(arena, members, n);
		m->c = c;
		m->key = vp_arena_printf(
			arena, "%d %d %s\n%d%s\n%d%s\n%s", (int)c->kind,
			(int)c->section, c->what, c->a != NULL, or_empty(c->a),
			c->b != NULL, or_empty(c->b), or_empty(c->note));
	}
	n_blocks = make_blocks(t, &blocks, members, n);
	t->head[0] = '\0';
	if (n_blocks > 0)
		page_heading(&t->page, title);
	for (; shown < n_blocks && (t->all || shown < MOST_BLOCKS); shown++)
		put_block(t, &blocks[shown]);
	if (shown < n_blocks)
		pen_wrap(&t->page.pen, "  ", 2,
		         page_text(&t->page,
		                   "and %zu more: --all, or --format json",
		                   n_blocks - shown));
	page_finish(&t->page, before);
	return n_blocks;
}

static bool verdict_changed(const struct vp_diff *d)
{
	return d->side[0].j->verdict != d->side[1].j->verdict;
}

static bool is_why(const struct text *t, const struct vp_diff_change *c)
{
	return verdict_changed(t->d) && c->section == VP_DIFF_FINDINGS &&
	       c->decides && c->weight == VP_DIFF_WEIGHT_MATTERS;
}

static bool want_why(const struct text *t, const struct vp_diff_change *c,
                     unsigned arg)
{
	(void)arg;
	return is_why(t, c);
}

static bool want_section(const struct text *t, const struct vp_diff_change *c,
                         unsigned section)
{
	return c->section == section && c->weight == VP_DIFF_WEIGHT_MATTERS &&
	       !is_why(t, c);
}

static bool want_weight(const struct text *t, const struct vp_diff_change *c,
                        unsigned weight)
{
	(void)t;
	return c->weight == weight;
}

/* --- the head and the end ------------------------------------------------ */

static const enum pen_color verdict_colors[] = {
	[VP_VERDICT_PASS] = PEN_GREEN,
	[VP_VERDICT_FAIL] = PEN_RED,
	[VP_VERDICT_LEAK] = PEN_BOLD_RED,
	[VP_VERDICT_INCONCLUSIVE] = PEN_MAGENTA,
};

static const char *verdict_name(const struct vp_diff *d, unsigned side)
{
	return vp_verdict_name(d->side[side].j->verdict);
}

static void put_sum(struct text *t)
{
	const struct vp_diff *d = t->d;
	const char *verdicts =
		verdict_changed(d)
			? page_text(&t->page,
	                            "the verdict changed from %s to %s",
	                            verdict_name(d, 0), verdict_name(d, 1))
			: page_text(&t->page, "the verdict is %s in both",
	                            verdict_name(d, 0));

	if (d->matter == 0)
		pen_wrap(&t->page.pen, "", 2,
		         page_text(&t->page, "nothing differs that matters; %s",
		                   verdicts));
	else
		pen_wrap(&t->page.pen, "", 2,
		         page_text(&t->page, "%s; %zu difference%s that %s",
		                   verdicts, d->matter,
		                   d->matter == 1 ? "" : "s",
		                   d->matter == 1 ? "matters" : "matter"));
}

static void put_side(struct text *t, unsigned side)
{
	const struct vp_diff_side *s = &t->d->side[side];
	const struct vp_facts *f = s->facts;

	pen_put(&t->page.pen, PEN_BOLD, 3, side == 0 ? "A" : "B");
	pen_put(&t->page.pen, verdict_colors[s->j->verdict], 13,
	        vp_verdict_name(s->j->verdict));
	pen_wrap_at(&t->page.pen, 16, 16,
	            page_text(&t->page, "%s: %s on %s, scenario %s, %s UTC",
	                      strcmp(s->file, "-") == 0 ? "standard input"
	                                                : s->file,
	                      vp_mode_name(f->mode),
	                      f->hostname != NULL ? f->hostname : "?",
	                      f->scenario,
	                      page_moment(&t->page, f->started_us,
	                                  "%Y-%m-%d %H:%M:%S")));
}

static void put_limits(struct text *t)
{
	const struct vp_diff *d = t->d;

	if (d->n_limits > 0)
		page_heading(&t->page, "Not known");
	for (size_t i = 0; i < d->n_limits; i++) {
		const struct vp_diff_limit *l = &d->limits[i];

		pen_put(&t->page.pen, PEN_PLAIN, 0, "  ");
		pen_put(&t->page.pen, PEN_MAGENTA, 2, l->side == 0 ? "A" : "B");
		pen_wrap_at(&t->page.pen, 4, INDENT,
		            page_text(&t->page, "%s: %s", l->what, l->why));
	}
}

static void put_end(struct text *t)
{
	const struct vp_diff *d = t->d;

	pen_line(&t->page.pen);
	if (d->noise > 0 && !t->all)
		pen_wrap(&t->page.pen, "", 0,
		         page_text(&t->page,
		                   "%zu more %s noise, such as times and "
		                   "counts: --all shows %s",
		                   d->noise, d->noise == 1 ? "is" : "are",
		                   d->noise == 1 ? "it" : "them"));
	for (size_t i = 0; i < d->n_changes; i++) {
		if (d->changes[i].section != VP_DIFF_FINDINGS)
			continue;
		pen_wrap(&t->page.pen, "", 0,
		         page_text(&t->page,
		                   "More about a finding: vnetprobe explain %s",
		                   d->changes[i].what));
		return;
	}
}

int vp_diff_text(FILE *out, const struct vp_diff *d,
                 const struct vp_text_style *style, bool noise)
{
	struct text t = { .d = d, .all = noise };

	page_open(&t.page, out, NULL, NULL, style);
	put_sum(&t);
	put_side(&t, 0);
	put_side(&t, 1);
	put_limits(&t);
	put_group(&t, "Why the verdict changed", want_why, 0);
	for (unsigned s = VP_DIFF_CAPTURE; s < VP_DIFF_SECTION_COUNT; s++)
		put_group(&t, vp_diff_section_title((enum vp_diff_section)s),
		          want_section, s);
	put_group(&t, "Differs by nature, not counted", want_weight,
	          VP_DIFF_WEIGHT_CONTEXT);
	if (noise)
		put_group(&t, "Noise, not counted", want_weight,
		          VP_DIFF_WEIGHT_NOISE);
	put_end(&t);
	return page_close(&t.page);
}
