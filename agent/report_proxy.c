/*
 * report_proxy.c - through which proxy programs would go, target by target.
 *
 * Printed only where a proxy is set for programs in general; -v lists settings
 * of single programs as well.
 */
#include "report_page.h"

#include <string.h>

#include "proxy.h"

#define MOST_TARGETS 20 /* when not verbose */

static const char *way(const struct page *c, enum vp_proxy_client client,
                       bool https, const char *host, uint16_t port)
{
	return vp_proxy_for(c->facts, client, https, host, port) != NULL
	               ? "proxy"
	               : "direct";
}

static void put_host(struct page *c, bool https, const char *host,
                     uint16_t port, const char *about)
{
	pen_put(&c->pen, PEN_PLAIN, 0, "  ");
	for (int i = 0; i < VP_PROXY_CLIENT_COUNT; i++)
		pen_put(&c->pen, PEN_PLAIN, 8,
		        way(c, (enum vp_proxy_client)i, https, host, port));
	pen_put(&c->pen, PEN_PLAIN, 0,
	        page_text(c, "%s:%u%s", host, (unsigned)port, about));
	pen_line(&c->pen);
}

static void put_targets(struct page *c)
{
	const struct vp_facts *f = c->facts;
	size_t n = 0;

	pen_put(&c->pen, PEN_PLAIN, 0, "  ");
	for (int i = 0; i < VP_PROXY_CLIENT_COUNT; i++)
		pen_put(&c->pen, PEN_BOLD,
		        i + 1 < VP_PROXY_CLIENT_COUNT ? 8 : 0,
		        vp_proxy_client_name((enum vp_proxy_client)i));
	pen_line(&c->pen);
	for (size_t i = 0; i < f->n_targets; i++) {
		const struct vp_target *t = &f->targets[i];

		if (t->tls && (n++ < MOST_TARGETS || c->verbose))
			put_host(c, true, t->name->name, t->port, "");
	}
	if (n > MOST_TARGETS && !c->verbose)
		fprintf(c->pen.out, "  and %zu more: -v, or the JSON report\n",
		        n - MOST_TARGETS);
	put_host(c, false, vp_proxy_platform[0], 80, " (instance metadata)");
	put_host(c, false, vp_proxy_platform[1], 80, " (platform)");
}

static void put_settings(struct page *c)
{
	for (size_t i = 0; i < c->facts->n_proxy_settings; i++) {
		const struct vp_proxy_setting *s = &c->facts->proxy_settings[i];

		if (s->general || c->verbose)
			pen_wrap(&c->pen, "  ", 4,
			         page_text(c, "%s: %s=%s", s->source,
			                   s->variable, s->value));
	}
}

void page_proxies(struct page *c)
{
	bool set = vp_proxy_is_set(c->facts);

	if (!set && vp_proxy_script(c->facts) == NULL &&
	    !(c->verbose && c->facts->n_proxy_settings > 0))
		return;
	page_heading(c, "Proxies (not used here)");
	if (set)
		put_targets(c);
	put_settings(c);
}
