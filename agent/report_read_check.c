/*
 * report_read_check.c - what contradicts itself in a saved report.
 *
 * Facts that cannot stand together were not written by this program: they are
 * refused, since whichever of them was believed, the other would be wrong.
 */
#include "report_reader.h"

#include "plan.h"
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
