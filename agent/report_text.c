/*
 * report_text.c - the report for people.
 *
 * Read at night by somebody tired: the verdict first, then what is wrong,
 * worst first, each with what to do; then tables of what was looked at, and
 * last where the evidence lies. Findings of one kind on several targets are
 * one block; -v shows each, and what is fine as well.
 */
#include "report.h"

#include <string.h>

#include "report_page.h"

#define MOST_FAILED 50 /* targets, when not verbose */
#define MOST_OK 20     /* targets that are fine, when not verbose */

/* --- targets ----------------------------------------------------------- */

/* A time, "-" for what was not reached. */
static const char *stage(struct page *c, bool done, uint64_t us)
{
	if (!done)
		return "-";
	return us < 100000 ? page_text(c, "%.1f", (double)us / 1e3)
	                   : page_text(c, "%.0f", (double)us / 1e3);
}

static bool handshake_done(enum vp_outcome o)
{
	return o == VP_OUTCOME_OK || o == VP_OUTCOME_NAME_MISMATCH ||
	       o == VP_OUTCOME_UNTRUSTED || o == VP_OUTCOME_EXPIRED;
}

/* Refused for credentials is told from refused by the network, and from a
 * refusal whose reason is not known. */
static const char *answer_text(struct page *c, const struct vp_http_facts *h)
{
	const char *word = vp_signature_name(h->signature);

	switch (h->refused_by) {
	case VP_REFUSAL_CREDENTIALS:
		if (h->signature != VP_SIGNATURE_CREDENTIALS)
			return page_text(c, "%s, wants credentials", word);
		break;
	case VP_REFUSAL_UNKNOWN:
		return page_text(c, "%s, refuses (%u)", word, h->status);
	case VP_REFUSAL_NETWORK:
	case VP_REFUSAL_NONE:
		break;
	}
	return word;
}

/* What the last stage said. */
static const char *result(struct page *c, const struct vp_target *t,
                          const struct vp_target_address *a)
{
	if (a->reach == VP_REACH_WITHHELD)
		return "withheld";
	if (a->reach == VP_REACH_PENDING)
		return "not tried";
	if (a->tcp.outcome != VP_OUTCOME_OK)
		return page_text(c, "TCP %s", vp_outcome_name(a->tcp.outcome));
	if (!t->tls)
		return "open";
	if (a->tls.outcome != VP_OUTCOME_OK)
		return page_text(c, "TLS %s", vp_outcome_name(a->tls.outcome));
	if (a->http.outcome != VP_OUTCOME_OK)
		return page_text(c, "HTTP %s",
		                 vp_outcome_name(a->http.outcome));
	return answer_text(c, &a->http);
}

static void put_address(struct page *c, const struct vp_target *t,
                        const struct vp_target_address *a)
{
	char buf[VP_ADDR_TEXT];
	bool tcp = a->tcp.outcome == VP_OUTCOME_OK;
	bool tls = tcp && t->tls && handshake_done(a->tls.outcome);
	bool http = tls && a->http.outcome == VP_OUTCOME_OK;

	fprintf(c->pen.out, "%12s%-24s%8s%8s%8s  ", "",
	        vp_addr_format(&a->addr, buf), stage(c, tcp, a->tcp.elapsed_us),
	        stage(c, tls, a->tls.elapsed_us),
	        stage(c, http, a->http.elapsed_us));
	pen_put(&c->pen, PEN_PLAIN, 0, result(c, t, a));
	pen_line(&c->pen);
}

static void put_row(struct page *c, const struct vp_dns_row *row)
{
	const struct vp_resolver *r = &c->facts->resolvers[row->resolver];
	const char *line;
	char buf[VP_ADDR_TEXT];

	line = page_text(c, "%s %s",
	                 r->source == VP_RESOLVER_NSS
	                         ? "getaddrinfo"
	                         : page_endpoint(c, &r->endpoint),
	                 row->type == VP_DNS_A      ? "A"
	                 : row->type == VP_DNS_AAAA ? "AAAA"
	                                            : "");
	for (size_t i = 0; i < row->n_chain; i++)
		line = vp_arena_printf(c->pen.arena, "%s -> %s", line,
		                       row->chain[i].target);
	for (size_t i = 0; i < row->n_addresses; i++)
		line = vp_arena_printf(
			c->pen.arena, "%s%s%s", line, i == 0 ? " -> " : ", ",
			vp_addr_format(&row->addresses[i].addr, buf));
	if (row->outcome != VP_OUTCOME_OK)
		line = vp_arena_printf(c->pen.arena, "%s: %s", line,
		                       vp_outcome_text(row->outcome));
	else if (row->n_addresses == 0)
		line = vp_arena_printf(c->pen.arena, "%s: no address (%d)",
		                       line, row->rcode);
	pen_wrap(&c->pen, "            ", 14, line);
}

static void put_more(struct page *c, const struct vp_target *t)
{
	if (t->why != NULL)
		pen_wrap(&c->pen, "            ", 14,
		         page_text(c, "expected %s: %s",
		                   vp_expect_name(t->expect), t->why));
	for (size_t i = 0; i < t->name->n_rows; i++)
		put_row(c, &t->name->rows[i]);
	for (size_t i = 0; i < t->n_addresses; i++) {
		const struct vp_tls_facts *tls = &t->addresses[i].tls;

		if (tls->issuer != NULL)
			pen_wrap(&c->pen, "            ", 14,
			         page_text(c, "%s, certificate by %s",
			                   tls->version != NULL ? tls->version
			                                        : "TLS",
			                   tls->issuer));
	}
}

static void put_target(struct page *c, size_t index)
{
	const struct vp_target *t = &c->facts->targets[index];
	enum vp_target_status status = c->j->targets[index];

	pen_put(&c->pen, PEN_PLAIN, 0, "  ");
	pen_put(&c->pen, page_status_colors[status], 10,
	        vp_target_status_name(status));
	pen_put(&c->pen, PEN_PLAIN, 0,
	        page_text(c, "%s:%u", t->name->name, (unsigned)t->port));
	if (t->expect != VP_EXPECT_PRIVATE)
		pen_put(&c->pen, PEN_DIM, 0,
		        page_text(c, " (%s)", vp_expect_name(t->expect)));
	pen_line(&c->pen);
	for (size_t i = 0; i < t->n_addresses; i++)
		put_address(c, t, &t->addresses[i]);
	if (t->n_addresses == 0 && status != VP_TARGET_UNUSED)
		fprintf(c->pen.out, "%12sno address\n", "");
	if (c->verbose)
		put_more(c, t);
}

/* The targets of one status, the first of them. */
static void put_status(struct page *c, enum vp_target_status status)
{
	bool bad = status == VP_TARGET_FAIL || status == VP_TARGET_UNPROVEN;
	size_t most = bad ? MOST_FAILED : MOST_OK, n = 0;

	for (size_t i = 0; i < c->facts->n_targets; i++) {
		if (c->j->targets[i] == status && (n++ < most || c->verbose))
			put_target(c, i);
	}
	if (n > most && !c->verbose)
		fprintf(c->pen.out,
		        "  %-10sand %zu more: -v, or the JSON "
		        "report\n",
		        vp_target_status_name(status), n - most);
}

static void put_targets(struct page *c)
{
	static const enum vp_target_status order[] = { VP_TARGET_FAIL,
		                                       VP_TARGET_UNPROVEN,
		                                       VP_TARGET_OK,
		                                       VP_TARGET_UNUSED };

	if (c->facts->n_targets == 0)
		return;
	pen_line(&c->pen);
	pen_put(&c->pen, PEN_BOLD, 36, "Targets");
	fprintf(c->pen.out, "%8s%8s%8s\n", "tcp ms", "tls ms", "http ms");
	for (size_t k = 0; k < sizeof(order) / sizeof(order[0]); k++)
		put_status(c, order[k]);
	if (c->j->attempts_withheld > 0)
		pen_wrap(
			&c->pen, "  ", 2,
			page_text(
				c,
				"withheld: %zu public address%s, not connected "
				"to because private ones are expected",
				c->j->attempts_withheld,
				c->j->attempts_withheld == 1 ? "" : "es"));
}

/* A pass of what was only watched says little of the set-up. */
static void put_not_looked_at(struct page *c)
{
	if (vp_mode_probes(c->facts->mode) || c->j->verdict != VP_VERDICT_PASS)
		return;
	page_heading(c, "Not looked at");
	pen_wrap(&c->pen, "  ", 4,
	         "names, certificates and services, whether they are reached "
	         "privately: vnetprobe check does");
	if (c->facts->n_targets == 0)
		pen_wrap(&c->pen, "  ", 4,
		         "leaks: no target was named, and without one what "
		         "leaks cannot be told from other public traffic");
}

int vp_report_text(FILE *out, const struct vp_facts *facts,
                   const struct vp_judgement *j,
                   const struct vp_text_style *style)
{
	struct page c;

	page_open(&c, out, facts, j, style);
	page_head(&c);
	page_findings(&c);
	if (vp_mode_probes(facts->mode)) {
		put_targets(&c);
		page_servers(&c);
		page_proxies(&c);
	}
	page_capture(&c);
	page_flows(&c);
	put_not_looked_at(&c);
	page_discovered(&c);
	page_end(&c);
	return page_close(&c);
}
