/* report_discovery.c - what was found out by itself, for people: each value
 * with who says so, and what a source did not give. */
#include "report_page.h"

#include "found.h"

void page_discovered(struct page *c)
{
	const struct vp_discovery *d = &c->facts->discovery;

	if (d->n_values + d->n_notes == 0)
		return;
	page_heading(c, "Found out");
	for (size_t i = 0; i < d->n_values; i++) {
		const struct vp_discovered *v = &d->values[i];
		const char *sources = vp_found_sources(c->pen.arena, d, i);

		if (sources != NULL)
			pen_wrap(&c->pen, "  ", 24,
			         page_text(c, "%-20s  %s  <- %s", v->key,
			                   v->value, sources));
	}
	for (size_t i = 0; i < d->n_notes; i++)
		pen_wrap(&c->pen, "  ", 4, d->notes[i]);
}
