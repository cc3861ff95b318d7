/*
 * judge_reach.c - are the services reached where the names lead?
 *
 * An address shows one cause: what fails at TCP says nothing about TLS, and a
 * certificate for other names is not also called untrusted. Addresses that were
 * withheld (public, and private was expected) are told of with the name.
 */
#include "judge_draft.h"

#include <stdlib.h>
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
};

/* An untrusted issuer and the kinds of service it signed for. */
struct signer {
	const char *issuer;
	unsigned families; /* bits */
};

struct signers {
	struct signer *list;
	size_t n;
};

struct ctx {
	struct judge *j;
	const struct vp_target *t;
	const struct vp_target_address *a;
	enum judge_state *state;
	const struct signers *signers;
	const struct judge_addr_key *own; /* this machine's sources, sorted */
	size_t n_own;
	bool ipv6; /* some IPv6 address has a route from here */
};

/* --- one finding ------------------------------------------------------- */

static const char *route_text(struct judge *j, const struct vp_route *r)
{
	const char *text = "route:";

	if (r->outcome != VP_OUTCOME_OK)
		return vp_arena_printf(j->arena, "route: %s",
		                       vp_outcome_text(r->outcome));
	if (r->interface != NULL)
		text = vp_arena_printf(j->arena, "%s dev %s", text,
		                       r->interface);
	if (r->source.family != 0)
		text = vp_arena_printf(j->arena, "%s src %s", text,
		                       judge_addr_text(j, &r->source));
	if (r->gateway.family != 0)
		text = vp_arena_printf(j->arena, "%s via %s", text,
		                       judge_addr_text(j, &r->gateway));
	return text;
}

/* Appends a finding about this address; d stays good for more evidence. */
static struct judge_draft *hit(struct ctx *c, const char *id,
                               const char *detail)
{
	struct judge *j = c->j;
	struct judge_draft *d = judge_add(j, id, judge_target_text(j, c->t));

	judge_words_of(j, &d->words, c->t, NULL);
	d->words.address = judge_addr_text(j, &c->a->addr);
	d->detail = detail;
	if (d->f.severity == VP_SEVERITY_ERROR)
		judge_worse(c->state, JUDGE_WRONG);
	else if (d->f.severity == VP_SEVERITY_UNPROVEN)
		judge_worse(c->state, JUDGE_UNPROVEN);
	return d;
}

static void add(struct ctx *c, struct judge_draft *d, const char *line)
{
	judge_evidence(c->j, d, line);
}

static void unproven(struct ctx *c)
{
	judge_worse(c->state, JUDGE_UNPROVEN);
}

/* --- TCP --------------------------------------------------------------- */

static void tcp_failed(struct ctx *c, const char *id, const char *detail)
{
	struct judge_draft *d = hit(c, id, detail);

	add(c, d,
	    vp_arena_printf(c->j->arena, "TCP %s -> %s:%u: %s, %s",
	                    judge_endpoint_text(c->j, &c->a->local),
	                    judge_addr_text(c->j, &c->a->addr), c->t->port,
	                    vp_outcome_text(c->a->tcp.outcome),
	                    judge_ms(c->j, c->a->tcp.elapsed_us)));
	add(c, d, route_text(c->j, &c->a->route));
}

/* True if the connection opened. */
static bool judge_tcp(struct ctx *c)
{
	switch (c->a->tcp.outcome) {
	case VP_OUTCOME_OK:
		return true;
	case VP_OUTCOME_TIMEOUT:
	case VP_OUTCOME_SILENT:
		tcp_failed(c, "tcp-timeout",
		           "No answer from {address} port {port}.");
		return false;
	case VP_OUTCOME_REFUSED:
	case VP_OUTCOME_RESET:
	case VP_OUTCOME_CLOSED:
		tcp_failed(c, "tcp-refused", "{address} port {port} refuses.");
		return false;
	case VP_OUTCOME_UNREACHABLE:
		tcp_failed(c, "tcp-unreachable",
		           "There is no way to {address}.");
		return false;
	case VP_OUTCOME_DENIED:
		tcp_failed(c, "tcp-unreachable",
		           "This machine does not allow connections to "
		           "{address} port {port}.");
		return false;
	case VP_OUTCOME_NONE:
		if (c->a->route.outcome == VP_OUTCOME_UNREACHABLE)
			tcp_failed(c, "tcp-unreachable",
			           "There is no route to {address}.");
		else
			unproven(c);
		return false;
	case VP_OUTCOME_CANCELLED:
		unproven(c);
		return false;
	default:
		tcp_failed(c, "probe-error",
		           "Connecting to {address} port {port} failed on "
		           "this machine.");
		return false;
	}
}

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

static void certificate(struct ctx *c, struct judge_draft *d)
{
	const struct vp_tls_facts *tls = &c->a->tls;
	struct vp_arena *arena = c->j->arena;

	add(c, d,
	    vp_arena_printf(arena, "certificate for %s, issued by %s",
	                    names_text(c->j, tls), or_unknown(tls->issuer)));
	if (tls->verify_code != 0)
		add(c, d,
		    vp_arena_printf(arena, "verification: %s (%ld)",
		                    or_unknown(tls->verify_detail),
		                    tls->verify_code));
}

static bool untrusted(const struct vp_tls_facts *tls)
{
	return tls->verify_code != 0 && tls->verify_code != VERIFY_EXPIRED &&
	       tls->verify_code != VERIFY_NOT_YET_VALID;
}

static unsigned families_of(const struct signers *s, const char *issuer)
{
	for (size_t i = 0; i < s->n; i++) {
		if (strcmp(s->list[i].issuer, issuer) == 0)
			return s->list[i].families;
	}
	return 0;
}

static bool intercepted(const struct ctx *c)
{
	const struct vp_tls_facts *tls = &c->a->tls;
	unsigned families;

	if (tls->self_signed || tls->issuer == NULL ||
	    vp_catalogue_known_issuer(tls->issuer))
		return false;
	families = families_of(c->signers, tls->issuer);
	return (families & (families - 1)) != 0; /* two bits or more */
}

static void judge_untrusted(struct ctx *c)
{
	if (intercepted(c))
		certificate(c, hit(c, "tls-intercepted",
		                   "The certificate at {address} is signed by "
		                   "an issuer that signs for unrelated "
		                   "services too."));
	else
		certificate(c, hit(c, "tls-untrusted",
		                   "The certificate at {address} covers the "
		                   "name, but its issuer is not trusted."));
}

static void judge_certificate(struct ctx *c)
{
	const struct vp_tls_facts *tls = &c->a->tls;

	if (tls->outcome == VP_OUTCOME_NAME_MISMATCH || !tls->name_matches)
		certificate(c, hit(c, "tls-name-mismatch",
		                   "The certificate at {address} does not "
		                   "cover {name}."));
	else if (tls->outcome == VP_OUTCOME_UNTRUSTED || untrusted(tls))
		judge_untrusted(c);
	else if (tls->outcome == VP_OUTCOME_EXPIRED || tls->verify_code != 0)
		certificate(c, hit(c, "tls-expired",
		                   "The certificate at {address} is out of "
		                   "its dates."));
}

static void tls_failed(struct ctx *c, const char *id, const char *detail)
{
	struct judge_draft *d = hit(c, id, detail);

	add(c, d,
	    vp_arena_printf(c->j->arena, "TCP opened in %s; TLS: %s after %s",
	                    judge_ms(c->j, c->a->tcp.elapsed_us),
	                    vp_outcome_text(c->a->tls.outcome),
	                    judge_ms(c->j, c->a->tls.elapsed_us)));
	add(c, d, route_text(c->j, &c->a->route));
}

/* True if the handshake ended, with whatever certificate. */
static bool judge_tls(struct ctx *c)
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
		unproven(c);
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

/* --- HTTP -------------------------------------------------------------- */

static void http_line(struct ctx *c, struct judge_draft *d)
{
	const struct vp_http_facts *h = &c->a->http;
	const char *code = h->service_code;

	if (h->status == 0)
		add(c, d,
		    vp_arena_printf(c->j->arena, "GET %s: %s after %s",
		                    or_unknown(c->t->http_path),
		                    vp_outcome_text(h->outcome),
		                    judge_ms(c->j, h->elapsed_us)));
	else
		add(c, d,
		    vp_arena_printf(c->j->arena, "GET %s: HTTP %u%s%s, %s",
		                    or_unknown(c->t->http_path), h->status,
		                    code != NULL ? " " : "",
		                    code != NULL ? code : "",
		                    judge_ms(c->j, h->elapsed_us)));
	if (h->said != NULL)
		add(c, d, vp_arena_printf(c->j->arena, "it says: %s", h->said));
}

/* Is this address one that our packets start from? */
static bool is_ours(const struct ctx *c, const struct vp_addr *a)
{
	size_t low = 0, high = c->n_own;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = vp_addr_compare(&c->own[mid].addr, a);

		if (order == 0)
			return true;
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return false;
}

static void judge_source(struct ctx *c)
{
	const struct vp_addr *saw = &c->a->http.service_saw;
	const char *text;
	struct judge_draft *d;
	bool public;

	if (saw->family == 0 || is_ours(c, saw) ||
	    (c->t->expect != VP_EXPECT_PRIVATE &&
	     c->t->expect != VP_EXPECT_SERVICE_ENDPOINT))
		return;
	public = judge_scope(c->j, saw) == VP_SCOPE_PUBLIC;
	text = judge_addr_text(c->j, saw);
	d = hit(c, "service-saw-other-source",
	        public ? "The service at {address} was called from the public "
	                 "address {what}."
	               : "The service at {address} was called from {what}, "
	                 "which is not this machine.");
	d->words.what = text;
	http_line(c, d);
	add(c, d, route_text(c->j, &c->a->route));
	if (c->a->http.connection_type != NULL)
		add(c, d,
		    vp_arena_printf(c->j->arena, "connection type: %s",
		                    c->a->http.connection_type));
}

static void judge_answer(struct ctx *c, bool certificate_fits)
{
	struct judge_draft *d;

	switch (c->a->http.signature) {
	case VP_SIGNATURE_DENIED:
		d = hit(c, "http-network-denied",
		        "The service at {address} refuses requests from "
		        "here.");
		http_line(c, d);
		add(c, d, route_text(c->j, &c->a->route));
		return;
	case VP_SIGNATURE_FOREIGN:
		if (!certificate_fits)
			return; /* told of already: another server */
		d = hit(c, "http-foreign",
		        "The answer at {address} lacks what a {what} always "
		        "sends.");
		d->words.what = vp_kind_name(c->t->kind);
		http_line(c, d);
		break;
	case VP_SIGNATURE_NONE:
	case VP_SIGNATURE_REACHED:
	case VP_SIGNATURE_ACCEPTED:
	case VP_SIGNATURE_CREDENTIALS:
		break;
	}
	judge_source(c);
}

static void judge_http(struct ctx *c, bool certificate_fits)
{
	switch (c->a->http.outcome) {
	case VP_OUTCOME_OK:
		judge_answer(c, certificate_fits);
		return;
	case VP_OUTCOME_NONE:
	case VP_OUTCOME_CANCELLED:
		unproven(c);
		return;
	case VP_OUTCOME_ERROR:
		http_line(c, hit(c, "probe-error",
		                 "The request to {address} failed on this "
		                 "machine."));
		return;
	case VP_OUTCOME_TIMEOUT:
	case VP_OUTCOME_SILENT:
		if (certificate_fits)
			http_line(c, hit(c, "http-silent",
			                 "No HTTP answer from {address}."));
		return;
	default:
		if (certificate_fits)
			http_line(c, hit(c, "http-failed",
			                 "The HTTP answer of {address} cannot "
			                 "be used."));
		return;
	}
}

/* --- one address, one target ------------------------------------------- */

static bool reached_otherwise(const struct ctx *c)
{
	for (size_t i = 0; i < c->t->n_addresses; i++) {
		const struct vp_target_address *a = &c->t->addresses[i];

		if (a->addr.family == 4 && a->tcp.outcome == VP_OUTCOME_OK)
			return true;
	}
	return false;
}

/*
 * A machine without IPv6 gets AAAA records as well and passes them over (RFC
 * 6724 section 5, rule 1): that no packet could be sent there is no fault, if
 * the target was reached over IPv4.
 */
static bool is_without_ipv6(struct ctx *c)
{
	if (c->ipv6 || c->a->addr.family != 6 ||
	    c->a->route.outcome != VP_OUTCOME_UNREACHABLE ||
	    c->a->tcp.outcome == VP_OUTCOME_OK || !reached_otherwise(c))
		return false;
	hit(c, "ipv6-not-routed", "{address} was not tried.");
	return true;
}

static void judge_address(struct ctx *c)
{
	size_t before = c->j->n_drafts;
	bool fits;

	switch (c->a->reach) {
	case VP_REACH_PENDING:
		unproven(c);
		return;
	case VP_REACH_WITHHELD:
		c->j->out->attempts_withheld +=
			judge_scope(c->j, &c->a->addr) == VP_SCOPE_PUBLIC;
		unproven(c); /* the name was judged wrong, or something is */
		return;
	case VP_REACH_TRIED:
		break;
	}
	if (is_without_ipv6(c) || !judge_tcp(c) || !c->t->tls)
		return;
	if (!judge_tls(c))
		return;
	fits = c->j->n_drafts == before;
	judge_http(c, fits);
}

/* DNS is to blame for this address: what fails there follows from that. */
static bool is_blamed(const struct judge_name *name, const struct vp_addr *a)
{
	for (size_t i = 0; i < name->n_blamed; i++) {
		if (vp_addr_equal(&name->blamed[i], a))
			return true;
	}
	return false;
}

static void judge_target(struct ctx *c, size_t index)
{
	const struct judge_name *name;

	c->t = &c->j->facts->targets[index];
	c->state = &c->j->targets[index];
	name = &c->j->names[judge_name_index(c->j, c->t->name)];
	judge_worse(c->state, name->state);
	if (c->j->facts->mode == VP_MODE_DNS)
		return; /* nothing was to be connected to */
	if (c->t->n_addresses == 0)
		unproven(c);
	for (size_t i = 0; i < c->t->n_addresses; i++) {
		c->a = &c->t->addresses[i];
		if (!is_blamed(name, &c->a->addr))
			judge_address(c);
	}
}

/* --- what is known of all of them -------------------------------------- */

static int by_addr(const void *a, const void *b)
{
	const struct judge_addr_key *x = a, *y = b;

	return vp_addr_compare(&x->addr, &y->addr);
}

static void collect_own(struct ctx *c)
{
	const struct vp_facts *f = c->j->facts;
	struct judge_addr_key *own = NULL;

	for (size_t i = 0; i < f->n_targets; i++) {
		for (size_t k = 0; k < f->targets[i].n_addresses; k++) {
			const struct vp_target_address *a =
				&f->targets[i].addresses[k];

			VP_PUSH(c->j->arena, own, c->n_own)->addr =
				a->route.source;
			VP_PUSH(c->j->arena, own, c->n_own)->addr =
				a->local.addr;
			c->ipv6 |= a->addr.family == 6 &&
			           a->route.outcome == VP_OUTCOME_OK;
		}
	}
	if (c->n_own > 0)
		qsort(own, c->n_own, sizeof(*own), by_addr);
	c->own = own;
}

static void add_signer(struct judge *j, struct signers *s, const char *issuer,
                       enum vp_kind kind)
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

static void collect_signers(struct judge *j, struct signers *s)
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

static void judge_proxies(struct judge *j)
{
	struct judge_draft *d;

	if (j->facts->n_proxies == 0)
		return;
	d = judge_add(j, "proxy-configured", NULL);
	d->detail = "The environment sets a proxy; it was not used.";
	for (size_t i = 0; i < j->facts->n_proxies; i++)
		judge_evidence(j, d, j->facts->proxies[i]);
}

void judge_reach(struct judge *j)
{
	struct signers signers = { 0 };
	struct ctx c = { .j = j, .signers = &signers };

	collect_own(&c);
	collect_signers(j, &signers);
	for (size_t i = 0; i < j->facts->n_targets; i++)
		judge_target(&c, i);
	judge_proxies(j);
}
