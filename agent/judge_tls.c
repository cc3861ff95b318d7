/*
 * judge_tls.c - certificates: right ones, wrong ones, and those of a device
 * that opens TLS on the way.
 */
#include "judge_reach.h"

#include <string.h>

#include "catalogue.h"

/* X509_V_ERR_CERT_NOT_YET_VALID and ..._HAS_EXPIRED of OpenSSL: numbers, so
 * that facts judge the same where OpenSSL is another one. */
#define VERIFY_NOT_YET_VALID 9
#define VERIFY_EXPIRED 10

/* Services that share nothing but Azure: one issuer for two of them that Azure
 * does not use is a device in between (docs/sources.md: P14). */
static const int kind_family[VP_KIND_COUNT] = {
	[VP_KIND_OTHER] = 0,
	[VP_KIND_WORKSPACE] = 1,
	[VP_KIND_WORKSPACE_CERT] = 1,
	[VP_KIND_NOTEBOOK] = 1,
	[VP_KIND_COMPUTE_INSTANCE] = 1,
	[VP_KIND_ONLINE_ENDPOINT] = 1,
	[VP_KIND_SERVERLESS_MODEL] = 1,
	[VP_KIND_BLOB] = 2,
	[VP_KIND_FILE] = 2,
	[VP_KIND_QUEUE] = 2,
	[VP_KIND_TABLE] = 2,
	[VP_KIND_DFS] = 2,
	[VP_KIND_WEB] = 2,
	[VP_KIND_VAULT] = 3,
	[VP_KIND_REGISTRY] = 4,
	[VP_KIND_REGISTRY_DATA] = 4,
	[VP_KIND_AI_SERVICES] = 5,
	[VP_KIND_SEARCH] = 6,
	[VP_KIND_MONITOR] = 7,
	[VP_KIND_AKS_API] = 8,
	[VP_KIND_ARM] = 9,
	[VP_KIND_LOGIN] = 10,
	[VP_KIND_AML_REGISTRY] = 1,
};

/* An untrusted issuer and the kinds of service it signed for. */
struct signer {
	const char *issuer;
	unsigned families; /* bits */
};

struct tls_signers {
	struct signer *list;
	size_t n;
};

/* --- TLS --------------------------------------------------------------- */

static const char *names_text(struct judge *j, const struct vp_tls_facts *tls)
{
	const char *text = "";

	for (size_t i = 0; i < tls->n_subject_alt_names && i < 4; i++)
		text = vp_arena_printf(j->arena, "%s%s%s", text,
		                       i > 0 ? ", " : "",
		                       tls->subject_alt_names[i]);
	if (tls->n_subject_alt_names > 4)
		text = vp_arena_printf(j->arena, "%s and %zu more", text,
		                       tls->n_subject_alt_names - 4);
	if (*text == '\0' && tls->subject != NULL)
		text = tls->subject;
	return *text != '\0' ? text : "no name";
}

static const char *or_unknown(const char *text)
{
	return text != NULL ? text : "unknown";
}

static void certificate(struct reach *c, struct judge_draft *d)
{
	const struct vp_tls_facts *tls = &c->a->tls;
	struct vp_arena *arena = c->j->arena;

	reach_line(c, d,
	           vp_arena_printf(arena, "certificate for %s, issued by %s",
	                           names_text(c->j, tls),
	                           or_unknown(tls->issuer)));
	if (tls->verify_code != 0)
		reach_line(c, d,
		           vp_arena_printf(arena, "verification: %s (%ld)",
		                           or_unknown(tls->verify_detail),
		                           tls->verify_code));
}

static bool untrusted(const struct vp_tls_facts *tls)
{
	return tls->verify_code != 0 && tls->verify_code != VERIFY_EXPIRED &&
	       tls->verify_code != VERIFY_NOT_YET_VALID;
}

static unsigned families_of(const struct tls_signers *s, const char *issuer)
{
	for (size_t i = 0; i < s->n; i++) {
		if (strcmp(s->list[i].issuer, issuer) == 0)
			return s->list[i].families;
	}
	return 0;
}

static bool intercepted(const struct reach *c)
{
	const struct vp_tls_facts *tls = &c->a->tls;
	unsigned families;

	if (tls->self_signed || tls->issuer == NULL ||
	    vp_catalogue_known_issuer(tls->issuer))
		return false;
	families = families_of(c->signers, tls->issuer);
	return (families & (families - 1)) != 0; /* two bits or more */
}

static void judge_untrusted(struct reach *c)
{
	if (intercepted(c))
		certificate(
			c,
			reach_hit(c, "tls-intercepted",
		                  "The certificate at {address} is signed by "
		                  "an issuer that signs for unrelated "
		                  "services too."));
	else
		certificate(c,
		            reach_hit(c, "tls-untrusted",
		                      "The certificate at {address} covers the "
		                      "name, but its issuer is not trusted."));
}

static void judge_certificate(struct reach *c)
{
	const struct vp_tls_facts *tls = &c->a->tls;

	if (tls->outcome == VP_OUTCOME_NAME_MISMATCH || !tls->name_matches)
		certificate(c,
		            reach_hit(c, "tls-name-mismatch",
		                      "The certificate at {address} does not "
		                      "cover {name}."));
	else if (tls->outcome == VP_OUTCOME_UNTRUSTED || untrusted(tls))
		judge_untrusted(c);
	else if (tls->outcome == VP_OUTCOME_EXPIRED || tls->verify_code != 0)
		certificate(c,
		            reach_hit(c, "tls-expired",
		                      "The certificate at {address} is out of "
		                      "its dates."));
}

static void tls_failed(struct reach *c, const char *id, const char *detail)
{
	struct judge_draft *d = reach_hit(c, id, detail);

	reach_line(c, d,
	           vp_arena_printf(c->j->arena,
	                           "TCP opened in %s; TLS: %s after %s",
	                           judge_ms(c->j, c->a->tcp.elapsed_us),
	                           vp_outcome_text(c->a->tls.outcome),
	                           judge_ms(c->j, c->a->tls.elapsed_us)));
	reach_line(c, d, reach_route(c->j, &c->a->route));
}

/* True if the handshake ended, with whatever certificate. */
bool reach_tls(struct reach *c)
{
	switch (c->a->tls.outcome) {
	case VP_OUTCOME_OK:
	case VP_OUTCOME_NAME_MISMATCH:
	case VP_OUTCOME_UNTRUSTED:
	case VP_OUTCOME_EXPIRED:
		judge_certificate(c);
		return true;
	case VP_OUTCOME_TIMEOUT:
	case VP_OUTCOME_SILENT:
		tls_failed(c, "tls-silent",
		           "{address} port {port} accepts the connection and "
		           "then says nothing.");
		return false;
	case VP_OUTCOME_NONE:
	case VP_OUTCOME_CANCELLED:
		reach_unproven(c);
		return false;
	case VP_OUTCOME_ERROR:
		tls_failed(c, "probe-error",
		           "TLS with {address} failed on this machine.");
		return false;
	default:
		tls_failed(c, "tls-failed",
		           "The TLS handshake with {address} port {port} "
		           "failed.");
		return false;
	}
}

static void add_signer(struct judge *j, struct tls_signers *s,
                       const char *issuer, enum vp_kind kind)
{
	unsigned bit = 1U << kind_family[kind];
	struct signer *one;

	for (size_t i = 0; i < s->n; i++) {
		if (strcmp(s->list[i].issuer, issuer) == 0) {
			s->list[i].families |= bit;
			return;
		}
	}
	if (s->n == 64)
		return; /* that many private CAs are no device in between */
	one = VP_PUSH(j->arena, s->list, s->n);
	one->issuer = issuer;
	one->families = bit;
}

static void collect_signers(struct judge *j, struct tls_signers *s)
{
	const struct vp_facts *f = j->facts;

	for (size_t i = 0; i < f->n_targets; i++) {
		const struct vp_target *t = &f->targets[i];

		for (size_t k = 0; k < t->n_addresses; k++) {
			const struct vp_tls_facts *tls = &t->addresses[k].tls;

			if (tls->issuer != NULL && tls->name_matches &&
			    untrusted(tls))
				add_signer(j, s, tls->issuer, t->kind);
		}
	}
}

void reach_tls_prepare(struct reach *c)
{
	c->signers = vp_arena_alloc(c->j->arena, sizeof(*c->signers));
	collect_signers(c->j, c->signers);
}
