/*
 * plan_resolvers.c - who is asked: this machine's servers, what applications
 * get, and servers to compare with.
 */
#include "planner.h"

#include <stdio.h>

#include "vnetprobe/resolv_conf.h"

static bool is_there(const struct vp_facts *f, const struct vp_endpoint *e)
{
	for (size_t i = 0; i < f->n_resolvers; i++) {
		if (vp_endpoint_equal(&f->resolvers[i].endpoint, e))
			return true;
	}
	return false;
}

static void add_resolver(struct vp_facts *f, const struct vp_endpoint *e,
                         enum vp_resolver_source source)
{
	struct vp_resolver *r;

	if (is_there(f, e))
		return;
	r = VP_PUSH(f->arena, f->resolvers, f->n_resolvers);
	r->endpoint = *e;
	r->source = source;
}

static void add_stated(struct vp_planner *p)
{
	for (size_t i = 0; i < p->s->n_resolvers; i++)
		add_resolver(p->facts, &p->s->resolvers[i], VP_RESOLVER_OPTION);
}

bool vp_plan_resolvers(struct vp_planner *p)
{
	const struct vp_settings *s = p->s;
	const char *path =
		s->resolv_conf != NULL ? s->resolv_conf : "/etc/resolv.conf";
	struct vp_endpoint none = { 0 };
	char detail[256] = "";
	int n;

	p->why[0] = '\0';
	add_stated(p);
	if (s->n_resolvers == 0) {
		n = vp_resolv_conf_read(p->facts, s->resolv_conf, NULL, detail,
		                        sizeof(detail));
		if (n < 0)
			return vp_plan_refuse(
				p, "no resolver: %s; give --resolver IP",
				detail);
		if (n == 0)
			return vp_plan_refuse(
				p,
				"no resolver: %s has no nameserver that "
				"can be asked%s%s; give --resolver IP",
				path, *detail != '\0' ? ": " : "", detail);
		snprintf(p->why, p->size, "%s", detail);
	}
	add_resolver(p->facts, &none, VP_RESOLVER_NSS);
	return true;
}

/* --- to compare with ------------------------------------------------------ */

/* The same in every VNet of every cloud (azure-docs, what is IP address
 * 168.63.129.16). */
static const struct vp_endpoint azure_dns = { { 4, { 168, 63, 129, 16 } }, 53 };

/* Puts it before NSS, which is the last one. */
static struct vp_resolver *insert(struct vp_facts *f,
                                  const struct vp_endpoint *e,
                                  enum vp_resolver_source source)
{
	struct vp_resolver *r = VP_PUSH(f->arena, f->resolvers, f->n_resolvers);
	size_t n = f->n_resolvers;

	if (n > 1 && f->resolvers[n - 2].source == VP_RESOLVER_NSS) {
		*r = f->resolvers[n - 2];
		r = &f->resolvers[n - 2];
	}
	*r = (struct vp_resolver){ .endpoint = *e, .source = source };
	return r;
}

static bool wants_azure(const struct vp_facts *f, const struct vp_settings *s)
{
	/* named by --compare it is still what it is */
	for (size_t i = 0; i < s->n_compare; i++) {
		if (vp_endpoint_equal(&s->compare[i].endpoint, &azure_dns))
			return true;
	}
	if (s->azure_dns == VP_AZURE_DNS_AUTO)
		return f->machine.azure == VP_AZURE_YES;
	return s->azure_dns == VP_AZURE_DNS_ALWAYS;
}

static void add_compared(struct vp_facts *f, const struct vp_settings *s)
{
	for (size_t i = 0; i < s->n_compare; i++) {
		const struct vp_compare *c = &s->compare[i];
		struct vp_resolver *r;

		if (is_there(f, &c->endpoint))
			continue;
		r = insert(f, &c->endpoint, VP_RESOLVER_COMPARE);
		r->label = vp_arena_strdup(f->arena, c->label);
	}
}

bool vp_plan_stated_resolvers(struct vp_planner *p)
{
	add_stated(p);
	add_compared(p->facts, p->s);
	return true;
}

void vp_plan_references(struct vp_facts *f, const struct vp_settings *s)
{
	if (s->emit != NULL)
		return;
	if (wants_azure(f, s) && !is_there(f, &azure_dns))
		insert(f, &azure_dns, VP_RESOLVER_AZURE);
	add_compared(f, s);
	vp_plan_servers(f, s);
}

/* --- what the config tells of servers ------------------------------------- */

void vp_plan_servers(struct vp_facts *f, const struct vp_settings *s)
{
	struct vp_machine *m = &f->machine;

	for (size_t i = 0; i < f->n_resolvers; i++) {
		struct vp_resolver *r = &f->resolvers[i];

		for (size_t k = 0; k < s->n_dns_servers; k++) {
			if (r->source != VP_RESOLVER_NSS &&
			    vp_addr_equal(&r->endpoint.addr,
			                  &s->dns_servers[k].addr))
				r->kind = s->dns_servers[k].kind;
		}
	}
	if (s->n_vnet_dns == 0)
		return;
	m->vnet_dns = NULL;
	m->n_vnet_dns = 0;
	for (size_t i = 0; i < s->n_vnet_dns; i++)
		*VP_PUSH(f->arena, m->vnet_dns, m->n_vnet_dns) = s->vnet_dns[i];
	m->vnet_dns_from = vp_arena_strdup(f->arena, "config");
}
