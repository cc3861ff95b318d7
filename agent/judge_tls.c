/*
 * judge_tls.c - certificates: right ones, wrong ones, and those of a device
 * that opens TLS on the way.
 *
 * Inspection shows by several tells (docs/sources.md: P14), none of which is
 * enough by itself: a root that Azure does not use may be a company's own
 * service, one issuer for many services may be Azure's. What was seen stands in
 * the evidence. That ALPN loses h2 is no tell here: it is not offered.
 */
#include "judge_reach.h"

#include <string.h>

#include "catalogue.h"
#include "name_match.h"

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

/* Regional names of the control plane are no resource of anybody's and so of no
 * kind, yet Azure ML's own. */
static int family_of(const struct vp_target *t)
{
	static const char *const control_plane[] = { ".api.azureml.ms",
		                                     ".api.ml.azure.us",
		                                     ".api.ml.azure.cn" };

	for (size_t i = 0; t->kind == VP_KIND_OTHER && i < 3; i++) {
		if (vp_name_ends_in(t->name->name, control_plane[i]))
			return kind_family[VP_KIND_WORKSPACE];
	}
	return kind_family[t->kind];
}

static bool wants_client_certificates(const struct vp_target *t)
{
	return t->kind == VP_KIND_WORKSPACE_CERT ||
	       (t->kind == VP_KIND_OTHER && family_of(t) != 0 &&
	        strstr(t->name->name, ".cert.api.") != NULL);
}

/* An issuer or a trusted root that Azure is not known to use, and the kinds of
 * service it signed for. */
struct signer {
	const char *name;
	unsigned families; /* bits */
};

struct tls_signers {
	struct signer *list;
	size_t n;
	bool vault_foreign; /* a vault answered without its own headers */
	const char *mutual; /* a name that wants client certificates, and whose
	                     * handshake failed; NULL: none */
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

static unsigned count_bits(unsigned bits)
{
	unsigned n = 0;

	for (; bits != 0; bits &= bits - 1)
		n++;
	return n;
}

static unsigned families_of(const struct tls_signers *s, const char *name)
{
	for (size_t i = 0; name != NULL && i < s->n; i++) {
		if (strcmp(s->list[i].name, name) == 0)
			return s->list[i].families;
	}
	return 0;
}

/* For how many unrelated services the issuer of this certificate signed, or its
 * root by several issuers. */
static unsigned services_of(const struct reach *c)
{
	const struct vp_tls_facts *tls = &c->a->tls;

	return count_bits(families_of(c->signers, tls->issuer) |
	                  families_of(c->signers, tls->anchor));
}

/* By the config. */
static bool is_users(const struct vp_facts *f, const char *issuer)
{
	for (size_t i = 0; i < f->trust.n_issuers; i++) {
		if (vp_catalogue_issuer_fits(issuer, f->trust.issuers[i]))
			return true;
	}
	return false;
}

static bool is_known(const struct vp_facts *f, const char *issuer)
{
	return is_users(f, issuer) || vp_catalogue_known_issuer(issuer);
}

static const char *root_of(const struct vp_tls_facts *tls)
{
	return tls->anchor != NULL ? tls->anchor : tls->root_issuer;
}

/* The product or the word by which issuer or root tell of themselves. */
static const char *inspector_of(const struct vp_tls_facts *tls, bool *product)
{
	const char *by = vp_catalogue_inspector(tls->issuer, product);
	const char *by_root;
	bool root_product;

	if (by != NULL && *product)
		return by;
	by_root = vp_catalogue_inspector(root_of(tls), &root_product);
	if (by_root != NULL && (by == NULL || root_product)) {
		*product = root_product;
		return by_root;
	}
	return by;
}

/*
 * Is it one of Azure's chains, or one that the config calls right? The root of
 * a trusted chain cannot be forged; an issuer's name can, but whoever has a
 * trusted root has no need to. New authorities of the same organisations are
 * taken for right: a list that has aged must not call Azure itself a device in
 * between. A device that is Azure's own still tells what it is.
 */
static bool is_azures(const struct vp_facts *f, const struct vp_tls_facts *tls)
{
	bool product;

	if (is_users(f, tls->issuer) || is_users(f, tls->anchor))
		return true;
	if (inspector_of(tls, &product) != NULL && product)
		return false;
	return is_known(f, tls->issuer) || is_known(f, tls->anchor) ||
	       (!untrusted(tls) &&
	        (vp_catalogue_azure_organisation(tls->issuer) ||
	         vp_catalogue_azure_organisation(tls->anchor)));
}

/* --- the tells of inspection ------------------------------------------- */

/* Appends one that was seen. */
static const char *tell(struct reach *c, const char *list, const char *one)
{
	return vp_arena_printf(c->j->arena, "%s%s%s", list,
	                       *list != '\0' ? "; " : "", one);
}

/* Made within two days before the run, or for an unusual time: Azure's are made
 * weeks before they are used, and for some months. */
static const char *dates_tell(struct reach *c, const char *list)
{
	const struct vp_tls_facts *tls = &c->a->tls;
	int64_t now = c->j->facts->started_us / 1000000;
	int64_t age = now - tls->not_before_s;
	int64_t days = (tls->not_after_s - tls->not_before_s) / 86400;

	if (tls->not_before_s == 0 || tls->not_after_s == 0)
		return list;
	if (age >= 0 && age < 2 * 86400)
		list = tell(c, list,
		            vp_arena_printf(c->j->arena,
		                            "made %lld hours before this run",
		                            (long long)(age / 3600)));
	if (days < 20 || days > 398)
		list = tell(c, list,
		            vp_arena_printf(c->j->arena, "valid for %lld days",
		                            (long long)days));
	return list;
}

/* Which tells were seen: one line of evidence. */
static void tells_line(struct reach *c, struct judge_draft *d)
{
	const struct vp_tls_facts *tls = &c->a->tls;
	const char *list = "", *by, *root = root_of(tls);
	unsigned services = services_of(c);
	bool product;

	if (services > 1)
		list = tell(c, list,
		            vp_arena_printf(c->j->arena,
		                            "one issuer for %u unrelated "
		                            "services",
		                            services));
	by = inspector_of(tls, &product);
	if (by != NULL)
		list = tell(c, list,
		            vp_arena_printf(c->j->arena, "its name says \"%s\"",
		                            by));
	if (root != NULL && !is_known(c->j->facts, root))
		list = tell(c, list,
		            vp_arena_printf(c->j->arena,
		                            "no root that Azure uses: %s",
		                            root));
	list = dates_tell(c, list);
	if (c->signers->vault_foreign)
		list = tell(c, list, "a vault's own headers are missing");
	if (c->signers->mutual != NULL)
		list = tell(c, list,
		            vp_arena_printf(c->j->arena,
		                            "the handshake with %s, which "
		                            "wants client certificates, fails",
		                            c->signers->mutual));
	if (*list != '\0')
		reach_line(c, d,
		           vp_arena_printf(c->j->arena, "seen: %s", list));
}

/* --- untrusted, and trusted by this machine but not Azure's -------------- */

static bool intercepted(const struct reach *c)
{
	const struct vp_tls_facts *tls = &c->a->tls;
	bool product;

	if (tls->self_signed || tls->issuer == NULL ||
	    is_known(c->j->facts, tls->issuer))
		return false;
	return services_of(c) > 1 ||
	       (inspector_of(tls, &product) != NULL && product);
}

/* An AKS cluster is its own authority, and calls it "ca": no machine has that
 * among its roots. */
static bool clusters_own(const struct reach *c)
{
	const struct vp_tls_facts *tls = &c->a->tls;

	return c->t->kind == VP_KIND_AKS_API && !tls->self_signed &&
	       tls->issuer != NULL && strcmp(tls->issuer, "CN=ca") == 0;
}

static void judge_untrusted(struct reach *c)
{
	struct judge_draft *d;

	if (clusters_own(c)) {
		certificate(c, reach_hit(c, "tls-cluster-ca",
		                         "The certificate at {address} covers "
		                         "the name, and is signed by the "
		                         "cluster's own authority, which was "
		                         "not given: who answers there is not "
		                         "proven by it."));
		return;
	}
	if (!intercepted(c)) {
		certificate(c, reach_hit(c, "tls-untrusted",
		                         "The certificate at {address} covers "
		                         "the name, but its issuer is not "
		                         "trusted."));
		return;
	}
	d = reach_hit(c, "tls-intercepted",
	              services_of(c) > 1
	                      ? "The certificate at {address} is signed by an "
	                        "issuer that signs for unrelated services too."
	                      : "The certificate at {address} is signed by a "
	                        "device that opens TLS.");
	certificate(c, d);
	tells_line(c, d);
}

/*
 * A chain that this machine trusts and that is none of Azure's. Who named the
 * roots (--ca-file, SSL_CERT_FILE) made it trusted, not Azure's: machines of
 * companies that open TLS need that file. known_issuers says what is right.
 */
static void judge_trusted(struct reach *c)
{
	const struct vp_tls_facts *tls = &c->a->tls;
	bool product;
	const char *by;
	struct judge_draft *d;

	if (family_of(c->t) == 0 || c->t->kind == VP_KIND_AKS_API ||
	    tls->issuer == NULL || is_azures(c->j->facts, tls))
		return;
	by = inspector_of(tls, &product);
	if (by == NULL && services_of(c) < 2) {
		d = reach_hit(c, "tls-issuer-unknown",
		              "The certificate at {address} is trusted here, "
		              "and its issuer is none that Azure is known to "
		              "use.");
	} else if (c->t->expect != VP_EXPECT_PRIVATE) {
		d = reach_hit(c, "tls-inspected-public",
		              "TLS with {name} is opened on the way, by an "
		              "authority that this machine trusts.");
	} else {
		d = reach_hit(c, "tls-intercepted",
		              "TLS with {address} is opened on the way, by an "
		              "authority that this machine trusts.");
	}
	certificate(c, d);
	tells_line(c, d);
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
	else
		judge_trusted(c);
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
	if (c->a->tls.outcome != VP_OUTCOME_ERROR)
		reach_required(c, d);
}

/* No certificate lacks an issuer and what it is for: it was not read. */
static bool is_blank(const struct vp_tls_facts *tls)
{
	return tls->issuer == NULL || *tls->issuer == '\0' ||
	       tls->n_subject_alt_names == 0;
}

/* True if the handshake ended, with whatever certificate. */
bool reach_tls(struct reach *c)
{
	switch (c->a->tls.outcome) {
	case VP_OUTCOME_OK:
		if (is_blank(&c->a->tls)) {
			reach_unproven(c);
			return true;
		}
		judge_certificate(c);
		return true;
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

static void add_signer(struct judge *j, struct tls_signers *s, const char *name,
                       int family)
{
	unsigned bit = 1U << family;
	struct signer *one;

	for (size_t i = 0; i < s->n; i++) {
		if (strcmp(s->list[i].name, name) == 0) {
			s->list[i].families |= bit;
			return;
		}
	}
	if (s->n == 64)
		return; /* that many private CAs are no device in between */
	one = VP_PUSH(j->arena, s->list, s->n);
	one->name = name;
	one->families = bit;
}

static bool handshake_broke(enum vp_outcome o)
{
	return o == VP_OUTCOME_PROTOCOL || o == VP_OUTCOME_RESET ||
	       o == VP_OUTCOME_CLOSED;
}

static void collect(struct reach *c, const struct vp_target *t,
                    const struct vp_target_address *a)
{
	const struct vp_tls_facts *tls = &a->tls;
	struct tls_signers *s = c->signers;

	/* Kinds that nothing is known of may be anybody's, and have their own
	 * issuers; trusted, they prove nothing. */
	if (tls->issuer != NULL && tls->name_matches &&
	    !is_azures(c->j->facts, tls) &&
	    (untrusted(tls) || family_of(t) != 0)) {
		add_signer(c->j, s, tls->issuer, family_of(t));
		if (tls->anchor != NULL &&
		    strcmp(tls->anchor, tls->issuer) != 0)
			add_signer(c->j, s, tls->anchor, family_of(t));
	}
	if (t->kind == VP_KIND_VAULT && a->http.outcome == VP_OUTCOME_OK &&
	    a->http.signature == VP_SIGNATURE_FOREIGN)
		s->vault_foreign = true;
	if (wants_client_certificates(t) && handshake_broke(tls->outcome))
		s->mutual = t->name->name;
}

void reach_tls_prepare(struct reach *c)
{
	const struct vp_facts *f = c->j->facts;

	c->signers = vp_arena_alloc(c->j->arena, sizeof(*c->signers));
	for (size_t i = 0; i < f->n_targets; i++) {
		const struct vp_target *t = &f->targets[i];

		for (size_t k = 0; k < t->n_addresses; k++)
			collect(c, t, &t->addresses[k]);
	}
}
