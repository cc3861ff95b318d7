/*
 * diff_targets.c - targets: what is expected of them, how they were reached,
 * with which certificate, and what the service said.
 *
 * Only the first stage that differs is told: without TCP there is no
 * certificate, and that it is missing says nothing.
 */
#include "diff_draft.h"

#include <stdlib.h>
#include <string.h>

/* A certificate's end is told when it is near: that it was renewed, or that
 * another front end has another one, is how Azure is. */
#define NEAR_S ((int64_t)14 * 86400)

static const char *target_text(struct diff *d, const struct vp_target *t)
{
	return diff_text(d, "%s:%u", t->name->name, (unsigned)t->port);
}

/* --- expectations ------------------------------------------------------ */

/* NULL: not known which. */
static const char *endpoints_text(struct diff *d, const struct vp_target *t)
{
	return t->n_endpoints > 0
	               ? diff_join_texts(d, t->endpoints, t->n_endpoints)
	               : NULL;
}

static void expectations(struct diff *d, const char *subject,
                         const struct vp_target *a, const struct vp_target *b)
{
	const struct diff_about about = { .section = VP_DIFF_POLICY,
		                          .subject = subject };
	const struct diff_about noise = { .section = VP_DIFF_POLICY,
		                          .weight = VP_DIFF_WEIGHT_NOISE,
		                          .subject = subject };

	diff_texts(d, &about, "expected", vp_expect_name(a->expect),
	           vp_expect_name(b->expect));
	diff_texts(d, &about, "expected addresses",
	           diff_join_addresses(d, a->expected, a->n_expected),
	           diff_join_addresses(d, b->expected, b->n_expected));
	diff_texts(d, &about, "expected private endpoints",
	           endpoints_text(d, a), endpoints_text(d, b));
	diff_texts(d, &about, "kind", vp_kind_name(a->kind),
	           vp_kind_name(b->kind));
	diff_texts(d, &about, "private zone",
	           a->zone != NULL ? a->zone : "none",
	           b->zone != NULL ? b->zone : "none");
	diff_texts(d, &noise, "origin", a->origin, b->origin);
	diff_texts(d, &noise, "why", a->why, b->why);
	diff_texts(d, &noise, "who tells the addresses", a->expected_from,
	           b->expected_from);
	diff_texts(d, &noise, "path asked for", a->http_path, b->http_path);
}

/* --- certificates ------------------------------------------------------ */

static bool has_certificate(const struct vp_tls_facts *t)
{
	return t->issuer != NULL || t->subject != NULL;
}

static bool is_near(const struct vp_tls_facts *t, const struct vp_facts *f)
{
	return t->not_after_s != 0 && f->started_us != 0 &&
	       t->not_after_s - f->started_us / 1000000 < NEAR_S;
}

static const char *end_text(struct diff *d, const struct vp_tls_facts *t)
{
	const char *text = diff_moment(d, t->not_after_s * 1000000);

	return text != NULL ? diff_text(d, "%.10s", text) : NULL;
}

static const char *check_text(struct diff *d, const struct vp_tls_facts *t)
{
	return t->verify_code == 0 ? "trusted"
	       : t->verify_detail != NULL
	               ? t->verify_detail
	               : diff_text(d, "error %ld", t->verify_code);
}

static void certificates(struct diff *d, struct diff_about about,
                         const struct vp_tls_facts *a,
                         const struct vp_tls_facts *b)
{
	struct diff_about end;

	about.section = VP_DIFF_TLS;
	end = about;
	if (!has_certificate(a) || !has_certificate(b))
		return;
	diff_texts(d, &about, "issuer", a->issuer, b->issuer);
	diff_texts(d, &about, "last issuer of the chain", a->root_issuer,
	           b->root_issuer);
	diff_texts(d, &about, "root it ends in", a->anchor, b->anchor);
	diff_texts(d, &about, "subject", a->subject, b->subject);
	diff_texts(d, &about, "names",
	           diff_join_texts(d, a->subject_alt_names,
	                           a->n_subject_alt_names),
	           diff_join_texts(d, b->subject_alt_names,
	                           b->n_subject_alt_names));
	diff_flags(d, &about, "covers the target's name", a->name_matches,
	           b->name_matches);
	diff_texts(d, &about, "trust", check_text(d, a), check_text(d, b));
	diff_texts(d, &about, "version", a->version, b->version);
	if (is_near(a, d->facts[A]) == is_near(b, d->facts[B]))
		end.weight = VP_DIFF_WEIGHT_NOISE;
	diff_texts(d, &end, "ends", end_text(d, a), end_text(d, b));
}

/* --- HTTP -------------------------------------------------------------- */

static const char *or_none(const char *text)
{
	return text != NULL ? text : "none";
}

static void service(struct diff *d, struct diff_about about,
                    const struct vp_http_facts *a,
                    const struct vp_http_facts *b)
{
	const char *saw[2] = { diff_own_text(d, A, &a->service_saw),
		               diff_own_text(d, B, &b->service_saw) };

	about.section = VP_DIFF_SERVICE;
	diff_texts(d, &about, "our address as the service saw it",
	           or_none(saw[A]), or_none(saw[B]));
	diff_texts(d, &about, "connection type", or_none(a->connection_type),
	           or_none(b->connection_type));
	diff_texts(d, &about, "private endpoint", or_none(a->private_endpoint),
	           or_none(b->private_endpoint));
}

/* NULL: no row of the table fits, or the report is from before it. */
static const char *refusal_text(const struct vp_http_facts *h)
{
	return h->rule != NULL ? vp_refusal_name(h->refused_by) : NULL;
}

static void http(struct diff *d, struct diff_about about,
                 const struct vp_http_facts *a, const struct vp_http_facts *b)
{
	about.section = VP_DIFF_HTTP;
	if (a->outcome == VP_OUTCOME_NONE || b->outcome == VP_OUTCOME_NONE)
		return;
	if (diff_texts(d, &about, "outcome", vp_outcome_name(a->outcome),
	               vp_outcome_name(b->outcome)) != NULL ||
	    a->outcome != VP_OUTCOME_OK)
		return;
	diff_texts(d, &about, "signature", vp_signature_name(a->signature),
	           vp_signature_name(b->signature));
	diff_texts(d, &about, "refused for", refusal_text(a), refusal_text(b));
	diff_numbers(d, &about, "status", a->status, b->status);
	diff_texts(d, &about, "error code", or_none(a->service_code),
	           or_none(b->service_code));
	service(d, about, a, b);
}

/* --- one address ------------------------------------------------------- */

static void address(struct diff *d, const char *subject,
                    const struct vp_target_address *a,
                    const struct vp_target_address *b)
{
	const char *x = diff_address(d, &a->addr),
		   *y = diff_address(d, &b->addr);
	struct diff_about about = {
		.section = VP_DIFF_REACH,
		.subject = subject,
		.where = strcmp(x, y) == 0 ? x : diff_text(d, "%s / %s", x, y),
	};

	if (a->reach == VP_REACH_PENDING || b->reach == VP_REACH_PENDING) {
		struct vp_diff_change *c =
			a->reach == b->reach
				? NULL
				: diff_put(d, &about, VP_DIFF_KIND_NOT_KNOWN,
		                           "connection",
		                           vp_reach_name(a->reach),
		                           vp_reach_name(b->reach));

		if (c != NULL)
			c->note = "the run ended before its turn";
		return;
	}
	diff_route(d, about, &a->route, &b->route);
	if (diff_texts(d, &about, "connection", vp_reach_name(a->reach),
	               vp_reach_name(b->reach)) != NULL ||
	    a->reach != VP_REACH_TRIED)
		return;
	if (diff_texts(d, &about, "TCP", vp_outcome_name(a->tcp.outcome),
	               vp_outcome_name(b->tcp.outcome)) != NULL ||
	    a->tcp.outcome != VP_OUTCOME_OK)
		return;
	if (a->tls.outcome == VP_OUTCOME_NONE ||
	    b->tls.outcome == VP_OUTCOME_NONE)
		return;
	diff_texts(d, &about, "TLS", vp_outcome_name(a->tls.outcome),
	           vp_outcome_name(b->tls.outcome));
	certificates(d, about, &a->tls, &b->tls);
	http(d, about, &a->http, &b->http);
}

/* --- all addresses of a target ------------------------------------------ */

struct left { /* addresses that only one side has */
	const struct vp_target_address **list[2];
	size_t n[2];
	const char *subject;
};

static void on_address(struct diff *d, const struct diff_group *g, void *arg)
{
	struct left *l = arg;

	if (g->n[A] > 0 && g->n[B] > 0) {
		address(d, l->subject, g->items[A][0].value,
		        g->items[B][0].value);
		return;
	}
	for (unsigned s = A; s <= B; s++) {
		for (size_t i = 0; i < g->n[s]; i++)
			*VP_PUSH(d->arena, l->list[s], l->n[s]) =
				g->items[s][i].value;
	}
}

static void only_one(struct diff *d, unsigned side, const char *subject,
                     const struct vp_target_address *t)
{
	const struct diff_about about = { .section = VP_DIFF_REACH,
		                          .subject = subject };
	const char *text = diff_text(d, "%s, %s", diff_address(d, &t->addr),
	                             vp_reach_name(t->reach));

	if (d->sight[!side].ended)
		diff_put(d, &about,
		         side == A ? VP_DIFF_KIND_ONLY_A : VP_DIFF_KIND_ONLY_B,
		         "address", side == A ? text : NULL,
		         side == B ? text : NULL);
	else
		diff_put(d, &about, VP_DIFF_KIND_NOT_KNOWN, "address",
		         side == A ? text : NULL, side == B ? text : NULL)
			->note = "the other run ended early";
}

static void addresses(struct diff *d, const char *subject,
                      const struct vp_target *a, const struct vp_target *b)
{
	const struct vp_target *t[2] = { a, b };
	struct diff_list list[2] = { { 0 } };
	struct left left = { .subject = subject };
	size_t n;

	for (unsigned s = A; s <= B; s++) {
		for (size_t i = 0; i < t[s]->n_addresses; i++)
			diff_add(d, &list[s],
			         diff_address(d, &t[s]->addresses[i].addr),
			         &t[s]->addresses[i]);
	}
	diff_walk(d, list, on_address, &left);
	n = left.n[A] < left.n[B] ? left.n[A] : left.n[B];
	for (size_t i = 0; i < n; i++)
		address(d, subject, left.list[A][i], left.list[B][i]);
	for (unsigned s = A; s <= B; s++) {
		for (size_t i = n; i < left.n[s]; i++)
			only_one(d, s, subject, left.list[s][i]);
	}
}

/* --- targets ----------------------------------------------------------- */

static void on_target(struct diff *d, const struct diff_group *g, void *arg)
{
	const struct vp_target *t[2];
	struct diff_about about = { .section = VP_DIFF_NAMES };
	bool same_mode = d->facts[A]->mode == d->facts[B]->mode;

	(void)arg;
	if (g->n[A] == 0 || g->n[B] == 0) {
		unsigned s = g->n[A] > 0 ? A : B;

		t[s] = g->items[s][0].value;
		about.subject = target_text(d, t[s]);
		diff_put(d, &about,
		         s == A ? VP_DIFF_KIND_ONLY_A : VP_DIFF_KIND_ONLY_B,
		         "target", s == A ? vp_kind_name(t[s]->kind) : NULL,
		         s == B ? vp_kind_name(t[s]->kind) : NULL);
		return;
	}
	for (unsigned s = A; s <= B; s++)
		t[s] = g->items[s][0].value;
	about.subject = target_text(d, t[A]);
	expectations(d, about.subject, t[A], t[B]);
	about.section = VP_DIFF_REACH;
	if (same_mode)
		diff_texts(
			d, &about, "status",
			vp_target_status_name(
				d->j[A]->targets[t[A] - d->facts[A]->targets]),
			vp_target_status_name(
				d->j[B]->targets[t[B] - d->facts[B]->targets]));
	if (d->sight[A].connections && d->sight[B].connections)
		addresses(d, about.subject, t[A], t[B]);
}

void diff_targets(struct diff *d)
{
	struct diff_list list[2] = { { 0 } };

	for (unsigned s = A; s <= B; s++) {
		const struct vp_facts *f = d->facts[s];

		for (size_t i = 0; i < f->n_targets; i++)
			diff_add(d, &list[s], target_text(d, &f->targets[i]),
			         &f->targets[i]);
	}
	diff_walk(d, list, on_target, NULL);
}
