/*
 * judge_dns_text.c - answers in words: lines of evidence.
 */
#include "judge_dns.h"

#include <string.h>

#define RCODE_NOERROR 0
#define CHAIN_SHOWN 8
#define ADDRESSES_SHOWN 6

static const char *type_text(const struct vp_dns_row *row)
{
	return row->type == VP_DNS_A      ? " A"
	       : row->type == VP_DNS_AAAA ? " AAAA"
	       : row->type == VP_DNS_SOA  ? " SOA"
	                                  : "";
}

/* " -> a -> b", the first few. */
static const char *chain_text(struct judge *j, const struct vp_dns_row *row)
{
	const char *text = "";

	for (size_t i = 0; i < row->n_chain && i < CHAIN_SHOWN; i++)
		text = vp_arena_printf(j->arena, "%s -> %s", text,
		                       row->chain[i].target);
	if (row->n_chain > CHAIN_SHOWN)
		text = vp_arena_printf(j->arena, "%s -> ...", text);
	return text;
}

static const char *addresses_text(struct judge *j, const struct vp_dns_row *row)
{
	const char *text = "", *gap = "";

	for (size_t i = 0; i < row->n_addresses && i < ADDRESSES_SHOWN; i++) {
		text = vp_arena_printf(
			j->arena, "%s%s%s", text, gap,
			judge_addr_text(j, &row->addresses[i].addr));
		gap = ", ";
	}
	if (row->n_addresses > ADDRESSES_SHOWN)
		text = vp_arena_printf(j->arena, "%s and %zu more", text,
		                       row->n_addresses - ADDRESSES_SHOWN);
	if (row->transport == VP_TRANSPORT_NSS)
		return text; /* getaddrinfo() tells no TTL */
	return vp_arena_printf(j->arena, "%s (ttl %u)", text,
	                       row->addresses[0].ttl);
}

static const char *soa_words(struct judge *j, const struct vp_soa *soa)
{
	if (soa->zone == NULL)
		return "";
	return vp_arena_printf(j->arena, " (SOA of %s%s%s)", soa->zone,
	                       soa->mname != NULL ? " at " : "",
	                       soa->mname != NULL ? soa->mname : "");
}

static const char *answer_text(struct judge *j, const struct vp_dns_row *row)
{
	if (row->outcome != VP_OUTCOME_OK)
		return vp_arena_printf(j->arena, "%s%s%s",
		                       vp_outcome_text(row->outcome),
		                       row->detail != NULL ? ": " : "",
		                       row->detail != NULL ? row->detail : "");
	if (row->n_addresses > 0)
		return addresses_text(j, row);
	if (row->transport == VP_TRANSPORT_NSS)
		return row->detail != NULL ? row->detail : "no address";
	if (row->type == VP_DNS_SOA && row->soa.zone != NULL &&
	    row->soa.mname != NULL)
		return row->soa.mname;
	return vp_arena_printf(j->arena, "%s%s",
	                       row->rcode == RCODE_NOERROR
	                               ? "no record"
	                               : judge_rcode_text(j, row->rcode),
	                       soa_words(j, &row->soa));
}

const char *judge_row_text(struct judge *j, const char *name,
                           const struct vp_dns_row *row)
{
	const char *how =
		row->question == VP_QUESTION_UNCHECKED ? " (unvalidated)"
		: row->question == VP_QUESTION_ALIAS   ? " (asked directly)"
						       : "";

	return vp_arena_printf(
		j->arena, "%s%s%s%s: %s%s -> %s, %s",
		judge_resolver_text(j, row->resolver), type_text(row),
		row->transport == VP_TRANSPORT_TCP ? " over TCP" : "", how,
		row->asked != NULL ? row->asked : name, chain_text(j, row),
		answer_text(j, row), judge_ms(j, row->elapsed_us));
}

/* A private zone without the record says so itself: its SOA is Azure's. */
const char *judge_soa_text(struct judge *j, const struct vp_soa *soa)
{
	if (soa->zone == NULL)
		return " there";
	if (soa->mname != NULL &&
	    strcmp(soa->mname, "azureprivatedns.net") == 0)
		return vp_arena_printf(j->arena,
		                       ": the Azure private zone %s is linked "
		                       "and lacks the record",
		                       soa->zone);
	return vp_arena_printf(j->arena,
	                       ": the zone %s at %s answers for it and lacks "
	                       "the record",
	                       soa->zone,
	                       soa->mname != NULL ? soa->mname : "?");
}
