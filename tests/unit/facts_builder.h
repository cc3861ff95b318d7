/*
 * facts_builder.h - facts of a healthy run, to be broken by tests.
 *
 * Two resolvers and the applications' view; storage, vault and registry in
 * 10.20.0.0/16; a capture that saw everything. A test changes one thing and
 * says which findings that must give.
 */
#ifndef FACTS_BUILDER_H
#define FACTS_BUILDER_H

#include <netinet/in.h>
#include <string.h>

#include "vnetprobe/facts.h"

#define T0 INT64_C(1790000000000000) /* 2026-09-21 */

enum { BLOB, VAULT, REGISTRY, N_TARGETS };
enum { FIRST, SECOND, NSS, N_RESOLVERS };

static inline struct vp_addr addr(const char *text)
{
	struct vp_addr a = { 0 };

	if (vp_addr_parse(&a, text) != 0)
		a.family = 0;
	return a;
}

static inline struct vp_endpoint endpoint(const char *text)
{
	struct vp_endpoint e = { 0 };

	vp_endpoint_parse(&e, text, 0);
	return e;
}

static inline struct vp_prefix prefix(const char *text)
{
	struct vp_prefix p = { 0 };

	vp_prefix_parse(&p, text);
	return p;
}

static inline char *copy(struct vp_facts *f, const char *text)
{
	return vp_arena_strdup(f->arena, text);
}

/* The row of a name at a resolver, of a type (0: NSS). */
static inline struct vp_dns_row *row(struct vp_facts *f, size_t name,
                                     size_t resolver, uint16_t type)
{
	for (size_t i = 0; i < f->names[name]->n_rows; i++) {
		struct vp_dns_row *r = &f->names[name]->rows[i];

		if (r->resolver == resolver && r->type == type)
			return r;
	}
	return NULL;
}

static inline void clear_addresses(struct vp_dns_row *r)
{
	r->addresses = NULL;
	r->n_addresses = 0;
}

static inline void add_address(struct vp_facts *f, struct vp_dns_row *r,
                               const char *text)
{
	struct vp_dns_address *a =
		VP_PUSH(f->arena, r->addresses, r->n_addresses);

	a->addr = addr(text);
	a->ttl = 10;
}

static inline void add_alias(struct vp_facts *f, struct vp_dns_row *r,
                             const char *owner, const char *target)
{
	struct vp_chain_link *l = VP_PUSH(f->arena, r->chain, r->n_chain);

	l->owner = copy(f, owner);
	l->target = copy(f, target);
	l->ttl = 60;
}

static inline void set_soa(struct vp_facts *f, struct vp_dns_row *r,
                           const char *zone, const char *mname)
{
	r->soa.zone = copy(f, zone);
	r->soa.mname = copy(f, mname);
	r->soa.rname = copy(f, "azureprivatedns-host.microsoft.com");
	r->soa.minimum = 10;
	r->soa.ttl = 10;
}

static inline struct vp_dns_row *add_row(struct vp_facts *f, size_t name,
                                         size_t resolver, uint16_t type)
{
	struct vp_name *n = f->names[name];
	struct vp_dns_row *r = VP_PUSH(f->arena, n->rows, n->n_rows);

	r->resolver = resolver;
	r->type = type;
	r->transport = type == 0 ? VP_TRANSPORT_NSS : VP_TRANSPORT_UDP;
	r->round = 1;
	r->outcome = VP_OUTCOME_OK;
	r->rcode = type == 0 ? -1 : 0;
	r->elapsed_us = 1200 + 100 * name;
	if (type != 0)
		r->local = endpoint("10.20.1.4:40001");
	return r;
}

static inline struct vp_target_address *
add_target_address(struct vp_facts *f, size_t target, const char *text)
{
	struct vp_target *t = &f->targets[target];
	struct vp_target_address *a =
		VP_PUSH(f->arena, t->addresses, t->n_addresses);

	a->addr = addr(text);
	a->reach = VP_REACH_TRIED;
	a->route.outcome = VP_OUTCOME_OK;
	a->route.interface = copy(f, "eth0");
	a->route.source = addr("10.20.1.4");
	a->route.gateway = addr("10.20.1.1");
	a->local = endpoint("10.20.1.4:50001");
	a->tcp.outcome = VP_OUTCOME_OK;
	a->tcp.elapsed_us = 800;
	a->tls.outcome = VP_OUTCOME_OK;
	a->tls.elapsed_us = 3100;
	a->tls.version = copy(f, "TLSv1.3");
	a->tls.subject = copy(f, "CN=front");
	a->tls.issuer = copy(f, "C=US,O=Microsoft Corporation,CN=Microsoft "
	                        "Azure RSA TLS Issuing CA 03");
	*VP_PUSH(f->arena, a->tls.subject_alt_names,
	         a->tls.n_subject_alt_names) = copy(f, t->name->name);
	a->tls.not_before_s = T0 / 1000000 - 86400;
	a->tls.not_after_s = T0 / 1000000 + 86400;
	a->tls.name_matches = true;
	a->http.outcome = VP_OUTCOME_OK;
	a->http.elapsed_us = 4200;
	a->http.status = 401;
	a->http.signature = VP_SIGNATURE_ACCEPTED;
	return a;
}

static inline void add_target(struct vp_facts *f, const char *name,
                              const char *alias, const char *zone,
                              enum vp_kind kind, const char *address)
{
	struct vp_name *n = vp_arena_alloc(f->arena, sizeof(*n));
	struct vp_target *t;
	size_t index = f->n_names;

	n->name = copy(f, name);
	*VP_PUSH(f->arena, f->names, f->n_names) = n;
	for (size_t r = FIRST; r <= SECOND; r++) {
		struct vp_dns_row *one = add_row(f, index, r, VP_DNS_A);

		add_alias(f, one, name, alias);
		add_address(f, one, address);
		one = add_row(f, index, r, VP_DNS_AAAA); /* moves the first */
		add_alias(f, one, name, alias);
		set_soa(f, one, zone, "azureprivatedns.net");
	}
	add_address(f, add_row(f, index, NSS, 0), address);
	t = VP_PUSH(f->arena, f->targets, f->n_targets);
	t->name = n;
	t->port = 443;
	t->kind = kind;
	t->expect = VP_EXPECT_PRIVATE;
	t->origin = copy(f, "config");
	t->why = copy(f, "the scenario keeps it private");
	t->zone = copy(f, zone);
	t->tls = true;
	t->http_path = copy(f, "/");
	add_target_address(f, f->n_targets - 1, address);
}

static inline void add_resolver(struct vp_facts *f, const char *text,
                                enum vp_resolver_source source)
{
	struct vp_resolver *r = VP_PUSH(f->arena, f->resolvers, f->n_resolvers);

	if (text != NULL)
		r->endpoint = endpoint(text);
	r->source = source;
}

static inline void fill_capture(struct vp_facts *f)
{
	struct vp_capture_facts *c = &f->capture;

	c->wanted = true;
	c->state = VP_CAPTURE_COMPLETE;
	*VP_PUSH(f->arena, c->interfaces, c->n_interfaces) = copy(f, "eth0");
	*VP_PUSH(f->arena, c->interfaces, c->n_interfaces) = copy(f, "lo");
	c->received = 120;
	c->armed_us = T0 + 1000;
	c->drained_us = T0 + 900000;
	c->selftest_before = c->selftest_after = true;
	c->attested_expected = c->attested_seen = 15;
}

/* A flow this machine began; sni may be NULL. */
static inline struct vp_flow *add_flow(struct vp_facts *f, uint8_t proto,
                                       const char *remote, const char *sni)
{
	struct vp_flow *w = VP_PUSH(f->arena, f->flows, f->n_flows);

	w->proto = proto;
	w->local = endpoint("10.20.1.4:51514");
	w->remote = endpoint(remote);
	w->interface = copy(f, "eth0");
	w->direction = VP_DIRECTION_OUT;
	w->sni = copy(f, sni);
	w->packets_out = 7;
	w->bytes_out = 1234;
	w->packets_in = 6;
	w->bytes_in = 5678;
	w->first_us = T0 + 200000;
	w->last_us = T0 + 300000;
	w->state = VP_FLOW_ESTABLISHED;
	return w;
}

static inline void bind_name(struct vp_facts *f, struct vp_flow *w,
                             const char *name)
{
	struct vp_flow_name *n = VP_PUSH(f->arena, w->names, w->n_names);

	n->name = copy(f, name);
	n->bound = true;
	n->current = true;
}

/* A variable that programs in general get. */
static inline void set_proxy(struct vp_facts *f, const char *variable,
                             const char *value)
{
	struct vp_proxy_setting *s =
		VP_PUSH(f->arena, f->proxy_settings, f->n_proxy_settings);

	s->source = copy(f, "environment");
	s->variable = copy(f, variable);
	s->value = copy(f, value);
	s->general = true;
}

static inline struct vp_facts *healthy(void)
{
	struct vp_facts *f = vp_facts_create();

	f->tool = copy(f, "vnetprobe 0.1.0");
	f->hostname = copy(f, "jumpbox");
	f->kernel = copy(f, "Linux 6.1.0");
	f->scenario = copy(f, "secured");
	f->cloud = copy(f, "public");
	f->region = copy(f, "westeurope");
	f->started_us = T0;
	f->ended_us = T0 + 1234567;
	f->timing.first_question_us = T0 + 2000;
	f->timing.last_answer_us = T0 + 600000;
	*VP_PUSH(f->arena, f->policy.vnet, f->policy.n_vnet) =
		prefix("10.20.0.0/16");
	add_resolver(f, "10.20.1.10:53", VP_RESOLVER_RESOLV_CONF);
	add_resolver(f, "10.20.1.11:53", VP_RESOLVER_RESOLV_CONF);
	add_resolver(f, NULL, VP_RESOLVER_NSS);
	add_target(f, "stlab.blob.core.windows.net",
	           "stlab.privatelink.blob.core.windows.net",
	           "privatelink.blob.core.windows.net", VP_KIND_BLOB,
	           "10.20.2.7");
	add_target(f, "kv-lab.vault.azure.net",
	           "kv-lab.privatelink.vaultcore.azure.net",
	           "privatelink.vaultcore.azure.net", VP_KIND_VAULT,
	           "10.20.2.9");
	add_target(f, "crlab.azurecr.io", "crlab.privatelink.azurecr.io",
	           "privatelink.azurecr.io", VP_KIND_REGISTRY, "10.20.2.10");
	f->targets[VAULT].addresses[0].http.service_saw = addr("10.20.1.4");
	fill_capture(f);
	return f;
}

/* What a resolver without the private zone answers for a name. */
static inline void go_public(struct vp_facts *f, size_t name, size_t resolver,
                             const char *address)
{
	struct vp_dns_row *a = row(f, name, resolver, VP_DNS_A);
	struct vp_dns_row *aaaa = row(f, name, resolver, VP_DNS_AAAA);
	const char *alias = a->chain[0].target;

	clear_addresses(a);
	add_alias(f, a, alias, "stamp.store.core.windows.net");
	add_alias(f, aaaa, alias, "stamp.store.core.windows.net");
	add_address(f, a, address);
}

/* An address that the plan did not connect to. */
static inline void withhold(struct vp_facts *f, size_t target,
                            const char *address)
{
	struct vp_target *t = &f->targets[target];
	struct vp_target_address *a =
		VP_PUSH(f->arena, t->addresses, t->n_addresses);

	a->addr = addr(address);
	a->reach = VP_REACH_WITHHELD;
}

#endif
