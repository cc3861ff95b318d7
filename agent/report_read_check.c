/*
 * report_read_check.c - what contradicts itself in a saved report.
 *
 * Facts that cannot stand together were not written by this program: they are
 * refused, since whichever of them was believed, the other would be wrong.
 */
#include "report_reader.h"

#include "plan.h"
#include "report_private.h"
#include "vnetprobe/signature.h"

/* A rule says what its answer means; only its name is taken from the file. */
static void check_http(struct fields *r, struct vp_http_facts *h)
{
	const struct vp_signature_row *row =
		h->rule != NULL ? vp_signature_row(h->rule) : NULL;

	if (row != NULL) {
		if (!vp_signature_has_status(row, h->status))
			fields_fail(r, "http.status",
			            "%u is none that the rule %s is for",
			            h->status, row->id);
		h->signature = row->signature;
		h->refused_by = row->refused_by;
		h->certainty = row->certainty;
	}
	if (h->refused_by == VP_REFUSAL_NETWORK &&
	    h->signature != VP_SIGNATURE_DENIED)
		fields_fail(r, "http.signature",
		            "is %s, and refused_by says that the network "
		            "refused",
		            vp_signature_name(h->signature));
}

static void check_address(struct fields *r, const struct vp_target *t,
                          struct vp_target_address *a)
{
	bool tls = a->tls.outcome != VP_OUTCOME_NONE;
	bool http = a->http.outcome != VP_OUTCOME_NONE;

	if (!t->tls && (tls || http))
		fields_fail(r, "tls",
		            "is false, and there is a handshake or an answer");
	check_http(r, &a->http);
}

void report_check_target(struct fields *r, struct vp_target *t)
{
	if (!t->tls && vp_plan_tls_port(t->port))
		fields_fail(r, "tls", "is false, and TLS is spoken at port %u",
		            t->port);
	for (size_t i = 0; i < t->n_addresses && !r->failed; i++) {
		char key[32];
		size_t before;

		snprintf(key, sizeof(key), "addresses[%zu]", i);
		before = fields_enter(r, key);
		check_address(r, t, &t->addresses[i]);
		fields_leave(r, before);
	}
}

uint64_t report_listed_packets(const struct vp_facts *facts)
{
	uint64_t n = 0;

	for (size_t i = 0; i < facts->n_flows; i++)
		n += facts->flows[i].packets_out + facts->flows[i].packets_in;
	return n & INT64_MAX;
}

/* Reports of before did not count what they list. */
static void check_count(struct fields *r, const json_t *capture,
                        const char *key, uint64_t listed)
{
	uint64_t said;

	if (r->failed || !fields_has(capture, key))
		return;
	said = fields_count(r, capture, key);
	if (said != listed)
		fields_fail(r, key,
		            "is %llu, and the flows in the report make %llu",
		            (unsigned long long)said,
		            (unsigned long long)listed);
}

void report_check_flows(struct fields *r, const json_t *report)
{
	const json_t *capture = fields_object(r, report, "capture");
	size_t before = fields_enter(r, "capture");

	if (capture != NULL) {
		check_count(r, capture, "flows_listed", r->f->n_flows);
		check_count(r, capture, "packets_listed",
		            report_listed_packets(r->f));
	}
	fields_leave(r, before);
}
