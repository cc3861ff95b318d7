/*
 * diff_roles.c - what is the machine's own, and its usual way out.
 *
 * Two machines have different addresses, and often different names for their
 * interfaces: there a path is compared by its role, "the main interface", and
 * what stands behind the role is told once, without being counted.
 */
#include "diff_draft.h"

#include <stdlib.h>
#include <string.h>

static int addr_order(const void *a, const void *b)
{
	return vp_addr_compare(a, b);
}

static int text_order(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

struct seen { /* while collecting, with repetitions */
	struct vp_addr *own, *gateways;
	const char **interfaces;
	size_t n_own, n_gateways, n_interfaces;
};

static void add_own(struct diff *d, struct seen *s, const struct vp_addr *a)
{
	if (a->family != 0)
		*VP_PUSH(d->arena, s->own, s->n_own) = *a;
}

static void add_route(struct diff *d, struct seen *s, const struct vp_route *r)
{
	if (r->outcome != VP_OUTCOME_OK)
		return;
	add_own(d, s, &r->source);
	if (r->gateway.family != 0)
		*VP_PUSH(d->arena, s->gateways, s->n_gateways) = r->gateway;
	if (r->interface != NULL)
		*VP_PUSH(d->arena, s->interfaces, s->n_interfaces) =
			r->interface;
}

static void collect(struct diff *d, struct seen *s, const struct vp_facts *f)
{
	for (size_t i = 0; i < f->n_resolvers; i++)
		add_route(d, s, &f->resolvers[i].route);
	for (size_t i = 0; i < f->n_targets; i++) {
		const struct vp_target *t = &f->targets[i];

		for (size_t k = 0; k < t->n_addresses; k++) {
			add_route(d, s, &t->addresses[k].route);
			add_own(d, s, &t->addresses[k].local.addr);
		}
	}
	for (size_t i = 0; i < f->n_names; i++) {
		for (size_t k = 0; k < f->names[i]->n_rows; k++)
			add_own(d, s, &f->names[i]->rows[k].local.addr);
	}
}

/* The address that is there most often, after sorting; the first of equals. */
static struct vp_addr most_of(struct vp_addr *list, size_t n)
{
	size_t best = 0, run = 0;
	struct vp_addr out = { 0 };

	if (n > 1)
		qsort(list, n, sizeof(*list), addr_order);
	for (size_t i = 0; i < n; i++) {
		run = i > 0 && vp_addr_equal(&list[i], &list[i - 1]) ? run + 1
		                                                     : 1;
		if (run > best) {
			best = run;
			out = list[i];
		}
	}
	return out;
}

static const char *most_text(const char **list, size_t n)
{
	size_t best = 0, run = 0;
	const char *out = NULL;

	if (n > 1)
		qsort(list, n, sizeof(*list), text_order);
	for (size_t i = 0; i < n; i++) {
		run = i > 0 && strcmp(list[i], list[i - 1]) == 0 ? run + 1 : 1;
		if (run > best) {
			best = run;
			out = list[i];
		}
	}
	return out;
}

void diff_find_roles(struct diff *d, unsigned side)
{
	struct diff_roles *r = &d->roles[side];
	struct seen s = { 0 };
	size_t n = 0;

	collect(d, &s, d->facts[side]);
	r->source = most_of(s.own, s.n_own); /* sorts them */
	r->gateway = most_of(s.gateways, s.n_gateways);
	r->interface = most_text(s.interfaces, s.n_interfaces);
	for (size_t i = 0; i < s.n_own; i++) {
		if (n == 0 || !vp_addr_equal(&s.own[n - 1], &s.own[i]))
			s.own[n++] = s.own[i];
	}
	r->own = s.own;
	r->n_own = n;
}

bool diff_is_own(const struct diff *d, unsigned side, const struct vp_addr *a)
{
	const struct diff_roles *r = &d->roles[side];

	return r->n_own > 0 && bsearch(a, r->own, r->n_own, sizeof(*r->own),
	                               addr_order) != NULL;
}

/* --- a path, by its role where machines differ -------------------------- */

const char *diff_own_text(struct diff *d, unsigned side,
                          const struct vp_addr *a)
{
	if (a->family == 0)
		return NULL;
	if (d->two_machines && diff_is_own(d, side, a))
		return "the machine's own address";
	return diff_address(d, a);
}

static const char *interface_text(struct diff *d, unsigned side,
                                  const char *interface)
{
	const char *main = d->roles[side].interface;

	if (d->two_machines && interface != NULL && main != NULL &&
	    strcmp(interface, main) == 0)
		return "the machine's main interface";
	return interface;
}

static const char *gateway_text(struct diff *d, unsigned side,
                                const struct vp_addr *gateway)
{
	if (gateway->family == 0)
		return "none: on link";
	if (d->two_machines && vp_addr_equal(gateway, &d->roles[side].gateway))
		return "the machine's main gateway";
	return diff_address(d, gateway);
}

/* Loopback is as private as the own address. */
void diff_route(struct diff *d, struct diff_about about,
                const struct vp_route *a, const struct vp_route *b)
{
	about.section = VP_DIFF_PATHS;
	if (a->outcome == VP_OUTCOME_NONE || b->outcome == VP_OUTCOME_NONE)
		return; /* not looked up: an older report, or getaddrinfo() */
	if (diff_texts(d, &about, "route", vp_outcome_name(a->outcome),
	               vp_outcome_name(b->outcome)) != NULL ||
	    a->outcome != VP_OUTCOME_OK)
		return;
	diff_texts(d, &about, "interface", interface_text(d, A, a->interface),
	           interface_text(d, B, b->interface));
	diff_texts(d, &about, "gateway", gateway_text(d, A, &a->gateway),
	           gateway_text(d, B, &b->gateway));
	diff_texts(d, &about, "source", diff_own_text(d, A, &a->source),
	           diff_own_text(d, B, &b->source));
}

/* --- what stands behind the roles --------------------------------------- */

static const char *links_text(struct diff *d, const struct vp_machine *m)
{
	struct diff_list l = { 0 };

	for (size_t i = 0; i < m->n_links; i++) {
		const struct vp_link_dns *k = &m->links[i];

		diff_add(
			d, &l,
			diff_text(d, "%s: %s, domains %s",
		                  k->interface != NULL ? k->interface : "?",
		                  diff_join_addresses(d, k->servers,
		                                      k->n_servers),
		                  diff_join_texts(d, k->domains, k->n_domains)),
			NULL);
	}
	return l.n > 0 ? diff_join(d, &l, "; ") : "none";
}

/* In the order of the file: the first one that fits is taken. */
static const char *search_text(struct diff *d, const struct vp_machine *m)
{
	const char *text = "";

	for (size_t i = 0; i < m->n_search && i < 32; i++)
		text = diff_text(d, "%s%s%s", text, i > 0 ? " " : "",
		                 m->search[i]);
	return *text != '\0' ? text : "none";
}

static void name_services(struct diff *d)
{
	const struct vp_machine *a = &d->facts[A]->machine;
	const struct vp_machine *b = &d->facts[B]->machine;
	const struct diff_about about = { .section = VP_DIFF_MACHINE };

	if (a->ndots == 0 || b->ndots == 0)
		return; /* watch and analyze do not look, nor did older ones */
	diff_texts(d, &about, "search domains", search_text(d, a),
	           search_text(d, b));
	diff_numbers(d, &about, "ndots", a->ndots, b->ndots);
	diff_texts(d, &about, "hosts sources (nsswitch.conf)",
	           a->hosts_sources != NULL ? a->hosts_sources : "none",
	           b->hosts_sources != NULL ? b->hosts_sources : "none");
	diff_texts(d, &about, "cache before DNS",
	           a->cache != NULL ? a->cache : "none",
	           b->cache != NULL ? b->cache : "none");
	diff_texts(d, &about, "DNS of links", links_text(d, a),
	           links_text(d, b));
	if (a->azure != VP_AZURE_UNKNOWN && b->azure != VP_AZURE_UNKNOWN)
		diff_texts(d, &about, "an Azure VM", vp_azure_name(a->azure),
		           vp_azure_name(b->azure));
	if (a->n_vnet_dns > 0 || b->n_vnet_dns > 0)
		diff_texts(
			d, &about, "DNS servers of the VNet",
			a->n_vnet_dns > 0 ? diff_join_addresses(d, a->vnet_dns,
		                                                a->n_vnet_dns)
					  : NULL,
			b->n_vnet_dns > 0 ? diff_join_addresses(d, b->vnet_dns,
		                                                b->n_vnet_dns)
					  : NULL);
}

static void by_nature(struct diff *d, const char *what, const char *a,
                      const char *b, const char *note)
{
	const struct diff_about about = { .section = VP_DIFF_MACHINE,
		                          .weight = VP_DIFF_WEIGHT_CONTEXT };
	struct vp_diff_change *c = diff_texts(d, &about, what, a, b);

	if (c != NULL)
		c->note = note;
}

static const char *settings_text(struct diff *d, const struct vp_facts *f)
{
	struct diff_list l = { 0 };

	for (size_t i = 0; i < f->n_proxy_settings; i++) {
		const struct vp_proxy_setting *s = &f->proxy_settings[i];

		diff_add(d, &l,
		         diff_text(d, "%s %s=%s", s->source, s->variable,
		                   s->value),
		         NULL);
	}
	return l.n > 0 ? diff_join(d, &l, ", ") : "none";
}

static void proxies(struct diff *d, const struct vp_facts *a,
                    const struct vp_facts *b)
{
	const struct diff_about about = { .section = VP_DIFF_MACHINE };

	diff_texts(d, &about, "proxy variables",
	           diff_join_texts(d, a->proxies, a->n_proxies),
	           diff_join_texts(d, b->proxies, b->n_proxies));
	diff_texts(d, &about, "proxy settings", settings_text(d, a),
	           settings_text(d, b));
}

void diff_machines(struct diff *d)
{
	const struct vp_facts *a = d->facts[A], *b = d->facts[B];
	const struct diff_roles *r = d->roles;
	static const char own[] = "machine-specific";

	by_nature(d, "host", a->hostname, b->hostname, own);
	by_nature(d, "kernel", a->kernel, b->kernel, own);
	if (d->two_machines) {
		by_nature(d, "main interface", r[A].interface, r[B].interface,
		          own);
		by_nature(d, "main gateway", diff_address(d, &r[A].gateway),
		          diff_address(d, &r[B].gateway), own);
		by_nature(d, "own addresses",
		          diff_join_addresses(d, r[A].own, r[A].n_own),
		          diff_join_addresses(d, r[B].own, r[B].n_own), own);
	}
	name_services(d);
	if (vp_mode_probes(a->mode) && vp_mode_probes(b->mode))
		proxies(d, a, b);
	diff_texts(d,
	           &(struct diff_about){ .section = VP_DIFF_TOOL,
	                                 .weight = VP_DIFF_WEIGHT_CONTEXT },
	           "version of the tool that looked", a->tool, b->tool);
}
