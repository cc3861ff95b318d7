/*
 * report_read_dns.c - names, servers, zones and DNS packets of a saved report.
 *
 * Keys that the first version of the report did not have may be absent, and
 * are then what they were before: unknown, none, no.
 */
#include "report_reader.h"

#include <string.h>

#include "report_private.h"

/* --- rows -------------------------------------------------------------- */

static int rcode(struct fields *r, const json_t *o)
{
	const char *s = fields_raw_or_null(r, o, "rcode");
	int code = -1;

	if (s != NULL && vp_dns_rcode_parse(&code, s) != 0)
		fields_fail(r, "rcode", "\"%.40s\" is no response code", s);
	return code;
}

static uint16_t record_type(struct fields *r, const json_t *o)
{
	const char *s = fields_raw(r, o, "type");
	uint16_t type = 0;

	if (s != NULL && vp_dns_type_parse(&type, s) != 0)
		fields_fail(r, "type", "\"%.40s\" is no record type", s);
	return type;
}

static void read_link(struct fields *r, const json_t *o, void *arg)
{
	struct vp_dns_row *row = arg;
	struct vp_chain_link *l = VP_PUSH(r->arena, row->chain, row->n_chain);

	l->owner = report_unescape(r->arena, fields_raw(r, o, "owner"));
	l->target = report_unescape(r->arena, fields_raw(r, o, "target"));
	l->ttl = (uint32_t)fields_number(r, o, "ttl", UINT32_MAX);
}

static void read_row_addresses(struct fields *r, const json_t *o,
                               struct vp_dns_row *row)
{
	const json_t *list = fields_array(r, o, "addresses");
	const json_t *ttls = fields_array(r, o, "address_ttls");

	if (list == NULL || ttls == NULL)
		return;
	if (json_array_size(list) != json_array_size(ttls)) {
		fields_fail(r, "address_ttls", "is not as long as addresses");
		return;
	}
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *s = json_string_value(json_array_get(list, i));
		json_int_t ttl = json_integer_value(json_array_get(ttls, i));
		struct vp_dns_address *a =
			VP_PUSH(r->arena, row->addresses, row->n_addresses);

		a->addr = fields_parse_address(r, "addresses",
		                               s != NULL ? s : "");
		if (ttl < 0 || ttl > UINT32_MAX ||
		    !json_is_integer(json_array_get(ttls, i)))
			fields_fail(r, "address_ttls",
			            "expected integers from 0 to "
			            "4294967295");
		a->ttl = (uint32_t)ttl;
	}
}

static void read_soa(struct fields *r, const json_t *o, struct vp_soa *soa)
{
	const json_t *s = fields_member(r, o, "soa");
	size_t before;

	if (s == NULL || json_is_null(s))
		return;
	s = fields_object(r, o, "soa");
	if (s == NULL)
		return;
	before = fields_enter(r, "soa");
	soa->zone = report_unescape(r->arena, fields_raw(r, s, "zone"));
	soa->mname = fields_text(r, s, "mname");
	soa->rname = fields_text(r, s, "rname");
	soa->minimum = (uint32_t)fields_number(r, s, "minimum", UINT32_MAX);
	soa->ttl = (uint32_t)fields_number(r, s, "ttl", UINT32_MAX);
	fields_leave(r, before);
}

/* What has been added since the first version: absent, it is the usual. */
static void read_row_more(struct fields *r, const json_t *o,
                          struct vp_dns_row *row)
{
	if (fields_has(o, "question"))
		FIELDS_WORD(r, o, "question", vp_question_kind_parse,
		            &row->question);
	if (fields_has(o, "asked"))
		row->asked = fields_text(r, o, "asked");
	if (fields_has(o, "sent"))
		row->sent_us = fields_moment(r, o, "sent");
	row->authoritative = fields_flag(r, o, "authoritative");
	row->without_edns = fields_flag(r, o, "without_edns");
	row->elsewhere = fields_flag(r, o, "elsewhere");
}

static void read_row(struct fields *r, const json_t *o, struct vp_dns_row *row)
{
	bool nss;

	row->resolver = (size_t)fields_count(r, o, "resolver_index");
	if (row->resolver >= r->f->n_resolvers) {
		fields_fail(r, "resolver_index", "there are %zu resolvers",
		            r->f->n_resolvers);
		row->resolver = 0;
		return;
	}
	row->type = record_type(r, o);
	FIELDS_WORD(r, o, "transport", vp_transport_parse, &row->transport);
	nss = r->f->resolvers[row->resolver].source == VP_RESOLVER_NSS;
	if (nss != (row->transport == VP_TRANSPORT_NSS) ||
	    nss != (row->type == 0))
		fields_fail(
			r, "transport",
			"\"nss\", type \"A+AAAA\" and the resolver of source "
			"\"nss\" belong together");
	row->round = (unsigned)fields_number(r, o, "round", MOST_ROUNDS);
	FIELDS_WORD(r, o, "outcome", vp_outcome_parse, &row->outcome);
	row->rcode = rcode(r, o);
	read_row_more(r, o, row);
	row->truncated = fields_boolean(r, o, "truncated");
	row->alias_loop = fields_boolean(r, o, "alias_loop");
	fields_each(r, o, "chain", read_link, row);
	read_row_addresses(r, o, row);
	read_soa(r, o, &row->soa);
	row->detail = fields_text(r, o, "detail");
	row->elapsed_us = fields_count(r, o, "elapsed_us");
	row->local = fields_endpoint(r, o, "local");
}

void report_read_row(struct fields *r, const json_t *o, void *arg)
{
	struct vp_name *name = arg;
	struct vp_dns_row *row = VP_PUSH(r->arena, name->rows, name->n_rows);

	read_row(r, o, row);
	if (row->type != 0 && row->type != VP_DNS_A && row->type != VP_DNS_AAAA)
		fields_fail(r, "type", "is not A, AAAA or A+AAAA");
}

void report_read_hosts_line(struct fields *r, const json_t *o, void *arg)
{
	struct vp_name *name = arg;
	struct vp_hosts_line *h = VP_PUSH(r->arena, name->hosts, name->n_hosts);

	h->addr =
		fields_parse_address(r, "address", fields_raw(r, o, "address"));
	h->line = (unsigned)fields_number(r, o, "line", UINT32_MAX);
}

/* --- servers ----------------------------------------------------------- */

void report_read_route(struct fields *r, const json_t *parent,
                       struct vp_route *route)
{
	const json_t *o = fields_object(r, parent, "route");
	size_t before = fields_enter(r, "route");

	if (o != NULL) {
		FIELDS_WORD(r, o, "outcome", vp_outcome_parse, &route->outcome);
		route->interface = fields_text(r, o, "interface");
		route->source = fields_address(r, o, "source");
		route->gateway = fields_address(r, o, "gateway");
	}
	fields_leave(r, before);
}

void report_read_resolver(struct fields *r, const json_t *o, void *arg)
{
	struct vp_facts *f = arg;
	struct vp_resolver *s = VP_PUSH(r->arena, f->resolvers, f->n_resolvers);

	s->endpoint.addr = fields_address(r, o, "address");
	s->endpoint.port = (uint16_t)fields_number(r, o, "port", UINT16_MAX);
	FIELDS_WORD(r, o, "source", vp_resolver_source_parse, &s->source);
	if (s->source != VP_RESOLVER_NSS && s->endpoint.addr.family == 0)
		fields_fail(r, "address", "is missing");
	if (fields_has(o, "label"))
		s->label = fields_text(r, o, "label");
	if (fields_has(o, "kind"))
		FIELDS_WORD(r, o, "kind", vp_server_kind_parse, &s->kind);
	if (fields_has(o, "version"))
		s->version = fields_text(r, o, "version");
	if (fields_has(o, "interface"))
		s->interface = fields_text(r, o, "interface");
	report_read_route(r, o, &s->route);
}

static void read_zone_row(struct fields *r, const json_t *o, void *arg)
{
	struct vp_zone *z = arg;
	struct vp_dns_row *row = VP_PUSH(r->arena, z->rows, z->n_rows);

	read_row(r, o, row);
	if (row->type != VP_DNS_SOA)
		fields_fail(r, "type", "a zone is asked for its SOA");
}

static void read_zone(struct fields *r, const json_t *o, void *arg)
{
	struct vp_facts *f = arg;
	struct vp_zone *z = VP_PUSH(r->arena, f->zones, f->n_zones);

	z->name = report_unescape(r->arena, fields_raw(r, o, "name"));
	z->privatelink = fields_boolean(r, o, "privatelink");
	fields_each(r, o, "dns", read_zone_row, z);
}

/* --- packets ----------------------------------------------------------- */

static bool is_out(struct fields *r, const json_t *o)
{
	const char *s = fields_raw(r, o, "direction");

	if (s != NULL && strcmp(s, "out") != 0 && strcmp(s, "in") != 0)
		fields_fail(r, "direction", "\"%.40s\" is not in or out", s);
	return s != NULL && strcmp(s, "out") == 0;
}

static void read_packet(struct fields *r, const json_t *o, void *arg)
{
	struct vp_facts *f = arg;
	struct vp_dns_packet *p = VP_PUSH(r->arena, f->trace, f->n_trace);

	p->time_us = fields_moment(r, o, "time");
	p->proto = fields_protocol(r, o, "proto");
	p->out = is_out(r, o);
	p->local = fields_endpoint(r, o, "local");
	p->remote = fields_endpoint(r, o, "remote");
	p->id = (uint16_t)fields_number(r, o, "id", UINT16_MAX);
	p->flags = (uint16_t)fields_number(r, o, "flags", UINT16_MAX);
	p->response = fields_boolean(r, o, "response");
	p->type = record_type(r, o);
	p->name = fields_text(r, o, "name");
	p->rcode = rcode(r, o);
	p->answer = fields_text(r, o, "answer");
	p->bytes = (size_t)fields_count(r, o, "bytes");
}

/* --- this machine ------------------------------------------------------ */

static void read_link_dns(struct fields *r, const json_t *o, void *arg)
{
	struct vp_machine *m = arg;
	struct vp_link_dns *l = VP_PUSH(r->arena, m->links, m->n_links);

	l->interface = fields_text(r, o, "interface");
	l->servers = fields_addresses(r, o, "servers", &l->n_servers);
	l->domains = fields_texts(r, o, "domains", &l->n_domains);
}

static void read_machine(struct fields *r, const json_t *o)
{
	struct vp_machine *m = &r->f->machine;

	if (fields_has(o, "search"))
		m->search = fields_texts(r, o, "search", &m->n_search);
	if (fields_has(o, "ndots"))
		m->ndots = (unsigned)fields_number(r, o, "ndots", 255);
	if (fields_has(o, "hosts_sources"))
		m->hosts_sources = fields_text(r, o, "hosts_sources");
	if (fields_has(o, "cache"))
		m->cache = fields_text(r, o, "cache");
	if (fields_has(o, "azure"))
		FIELDS_WORD(r, o, "azure", vp_azure_parse, &m->azure);
	if (fields_has(o, "links"))
		fields_each(r, o, "links", read_link_dns, m);
	if (fields_has(o, "vnet_dns"))
		m->vnet_dns =
			fields_addresses(r, o, "vnet_dns", &m->n_vnet_dns);
	if (fields_has(o, "vnet_dns_from"))
		m->vnet_dns_from = fields_text(r, o, "vnet_dns_from");
}

void report_read_dns(struct fields *r, const json_t *o)
{
	struct vp_facts *f = r->f;
	const json_t *machine;
	size_t before;

	if (fields_has(o, "zones"))
		fields_each(r, o, "zones", read_zone, f);
	f->traced = fields_has(o, "trace");
	if (f->traced)
		fields_each(r, o, "trace", read_packet, f);
	if (fields_has(o, "trace_left_out"))
		f->trace_left_out =
			(size_t)fields_count(r, o, "trace_left_out");
	if (!fields_has(o, "machine"))
		return;
	machine = fields_object(r, o, "machine");
	before = fields_enter(r, "machine");
	if (machine != NULL)
		read_machine(r, machine);
	fields_leave(r, before);
}
