/*
 * report_json_dns.c - names, servers, zones and DNS packets as JSON.
 *
 * Rows are the bulk of a report: what is usual is left out of them, unless the
 * first version of the report already said it.
 */
#include "report_writer.h"

/* --- names ------------------------------------------------------------- */

static json_t *rcode(int code)
{
	char buf[VP_DNS_WORD];

	return code >= 0 ? json_string(vp_dns_rcode_name(buf, code))
	                 : json_null();
}

static json_t *record_type(uint16_t type)
{
	char buf[VP_DNS_WORD];

	return json_string(vp_dns_type_name(buf, type));
}

static json_t *chain(struct writer *w, const struct vp_dns_row *row)
{
	json_t *array = report_must(json_array()), *o;

	for (size_t i = 0; i < row->n_chain; i++) {
		o = report_must(json_object());
		report_put(o, "owner", report_string(w, row->chain[i].owner));
		report_put(o, "target", report_string(w, row->chain[i].target));
		report_put(o, "ttl", json_integer(row->chain[i].ttl));
		report_append(array, o);
	}
	return array;
}

static void put_addresses(json_t *o, const struct vp_dns_row *row)
{
	json_t *list = report_must(json_array()),
	       *ttls = report_must(json_array());
	uint32_t least = UINT32_MAX;

	for (size_t i = 0; i < row->n_addresses; i++) {
		report_append(list, report_address(&row->addresses[i].addr));
		report_append(ttls, json_integer(row->addresses[i].ttl));
		if (row->addresses[i].ttl < least)
			least = row->addresses[i].ttl;
	}
	report_put(o, "addresses", list);
	report_put(o, "address_ttls", ttls);
	report_put(o, "ttl",
	           row->n_addresses > 0 ? json_integer(least) : json_null());
}

static json_t *soa(struct writer *w, const struct vp_soa *s)
{
	json_t *o;

	if (s->zone == NULL)
		return json_null();
	o = report_must(json_object());
	report_put(o, "zone", report_string(w, s->zone));
	report_put(o, "mname", report_string(w, s->mname));
	report_put(o, "rname", report_string(w, s->rname));
	report_put(o, "minimum", json_integer(s->minimum));
	report_put(o, "ttl", json_integer(s->ttl));
	return o;
}

static json_t *dns_row(struct writer *w, const struct vp_dns_row *row)
{
	const struct vp_resolver *r = &w->facts->resolvers[row->resolver];
	json_t *o = report_must(json_object());

	report_put(o, "resolver",
	           r->source == VP_RESOLVER_NSS
	                   ? json_string("nss")
	                   : report_address(&r->endpoint.addr));
	report_put(o, "resolver_index", report_number(row->resolver));
	report_put(o, "type", record_type(row->type));
	report_put(o, "transport",
	           json_string(vp_transport_name(row->transport)));
	if (row->question != VP_QUESTION_NAME)
		report_put(o, "question",
		           json_string(vp_question_kind_name(row->question)));
	report_put_string(w, o, "asked", row->asked);
	report_put(o, "round", json_integer(row->round));
	if (row->sent_us > 0)
		report_put(o, "sent", report_moment(row->sent_us));
	report_put(o, "outcome", json_string(vp_outcome_name(row->outcome)));
	report_put(o, "rcode", rcode(row->rcode));
	report_put_true(o, "authoritative", row->authoritative);
	report_put_true(o, "without_edns", row->without_edns);
	report_put_true(o, "elsewhere", row->elsewhere);
	report_put(o, "truncated", json_boolean(row->truncated));
	report_put(o, "alias_loop", json_boolean(row->alias_loop));
	report_put(o, "chain", chain(w, row));
	put_addresses(o, row);
	report_put(o, "soa", soa(w, &row->soa));
	report_put(o, "detail", report_string(w, row->detail));
	report_put(o, "elapsed_us", report_number(row->elapsed_us));
	report_put(o, "local", report_endpoint(&row->local));
	return o;
}

json_t *report_rows(struct writer *w, const struct vp_dns_row *rows, size_t n)
{
	json_t *array = report_must(json_array());

	for (size_t i = 0; i < n; i++)
		report_append(array, dns_row(w, &rows[i]));
	return array;
}

json_t *report_hosts(const struct vp_name *name)
{
	json_t *array = report_must(json_array()), *o;

	for (size_t i = 0; i < name->n_hosts; i++) {
		o = report_must(json_object());
		report_put(o, "address", report_address(&name->hosts[i].addr));
		report_put(o, "line", json_integer(name->hosts[i].line));
		report_append(array, o);
	}
	return array;
}

json_t *report_resolver(struct writer *w, size_t index)
{
	const struct vp_resolver *r = &w->facts->resolvers[index];
	json_t *o = report_must(json_object());

	report_put(o, "address", report_address(&r->endpoint.addr));
	report_put(o, "port", json_integer(r->endpoint.port));
	report_put(o, "source",
	           json_string(vp_resolver_source_name(r->source)));
	report_put_string(w, o, "label", r->label);
	if (r->kind != VP_SERVER_UNKNOWN)
		report_put(o, "kind",
		           json_string(vp_server_kind_name(r->kind)));
	report_put_string(w, o, "version", r->version);
	report_put_string(w, o, "interface", r->interface);
	report_put(o, "status", json_string(w->j->resolvers[index]));
	report_put(o, "route", report_route(w, &r->route));
	return o;
}

json_t *report_zone(struct writer *w, size_t index)
{
	const struct vp_zone *z = &w->facts->zones[index];
	json_t *o = report_must(json_object());

	report_put(o, "name", report_string(w, z->name));
	report_put(o, "privatelink", json_boolean(z->privatelink));
	report_put(o, "dns", report_rows(w, z->rows, z->n_rows));
	return o;
}

/* --- packets ----------------------------------------------------------- */

json_t *report_dns_packet(struct writer *w, size_t index)
{
	const struct vp_dns_packet *p = &w->facts->trace[index];
	json_t *o = report_must(json_object());

	report_put(o, "time", report_moment(p->time_us));
	report_put(o, "proto", report_protocol(p->proto));
	report_put(o, "direction", json_string(p->out ? "out" : "in"));
	report_put(o, "local", report_endpoint(&p->local));
	report_put(o, "remote", report_endpoint(&p->remote));
	report_put(o, "id", json_integer(p->id));
	report_put(o, "flags", json_integer(p->flags));
	report_put(o, "response", json_boolean(p->response));
	report_put(o, "type", record_type(p->type));
	report_put(o, "name", report_string(w, p->name));
	report_put(o, "rcode", rcode(p->rcode));
	report_put(o, "answer", report_string(w, p->answer));
	report_put(o, "bytes", report_number(p->bytes));
	return o;
}

/* --- this machine ------------------------------------------------------ */

static json_t *link_dns(struct writer *w, const struct vp_link_dns *l)
{
	json_t *o = report_must(json_object());

	report_put(o, "interface", report_string(w, l->interface));
	report_put(o, "servers", report_addresses(l->servers, l->n_servers));
	report_put(o, "domains", report_strings(w, l->domains, l->n_domains));
	return o;
}

json_t *report_machine(struct writer *w)
{
	const struct vp_machine *m = &w->facts->machine;
	json_t *o = report_must(json_object());
	json_t *links = report_must(json_array());

	for (size_t i = 0; i < m->n_links; i++)
		report_append(links, link_dns(w, &m->links[i]));
	report_put_strings(w, o, "search", m->search, m->n_search);
	if (m->ndots != 0)
		report_put(o, "ndots", json_integer(m->ndots));
	report_put_string(w, o, "hosts_sources", m->hosts_sources);
	report_put_string(w, o, "cache", m->cache);
	if (m->azure != VP_AZURE_UNKNOWN)
		report_put(o, "azure", json_string(vp_azure_name(m->azure)));
	if (m->n_links > 0)
		report_put(o, "links", json_incref(links));
	json_decref(links);
	if (m->n_vnet_dns > 0)
		report_put(o, "vnet_dns",
		           report_addresses(m->vnet_dns, m->n_vnet_dns));
	report_put_string(w, o, "vnet_dns_from", m->vnet_dns_from);
	if (json_object_size(o) > 0)
		return o;
	json_decref(o);
	return NULL;
}
