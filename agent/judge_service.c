/*
 * judge_service.c - what the service itself says of the way we came.
 *
 * A refusal by the network, and the source that a service saw, tell what no
 * packet of this machine shows: that a device on the way ended our connection
 * and connected anew. Azure Firewall does so where an application rule takes
 * the traffic: it looks the server name up for itself and goes there, whatever
 * address we meant (docs/sources.md: P13). It is told from a plain refusal
 * only where the service names a source that is not ours, or where another
 * service of the same run does.
 */
#include "judge_reach.h"

#include <netinet/in.h>
#include <string.h>
#include <strings.h>

#include "vnetprobe/signature.h"

#include "catalogue.h"

/* --- the answer as evidence -------------------------------------------- */

static const char *or_unknown(const char *text)
{
	return text != NULL ? text : "unknown";
}

static void http_line(struct reach *c, struct judge_draft *d)
{
	const struct vp_http_facts *h = &c->a->http;
	const char *code = h->service_code;

	if (h->status == 0)
		reach_line(c, d,
		           vp_arena_printf(c->j->arena, "GET %s: %s after %s",
		                           or_unknown(c->t->http_path),
		                           vp_outcome_text(h->outcome),
		                           judge_ms(c->j, h->elapsed_us)));
	else
		reach_line(c, d,
		           vp_arena_printf(c->j->arena,
		                           "GET %s: HTTP %u%s%s, %s%s%s",
		                           or_unknown(c->t->http_path),
		                           h->status, code != NULL ? " " : "",
		                           code != NULL ? code : "",
		                           judge_ms(c->j, h->elapsed_us),
		                           h->said != NULL ? ": " : "",
		                           h->said != NULL ? h->said : ""));
}

static bool is_private_link(const struct vp_http_facts *h)
{
	return h->connection_type != NULL &&
	       strcasecmp(h->connection_type, "PrivateLink") == 0;
}

/* Whose address the service saw, and by which kind of connection. */
static void source_line(struct reach *c, struct judge_draft *d)
{
	const struct vp_http_facts *h = &c->a->http;
	const struct vp_addr *ours = c->a->local.addr.family != 0
	                                     ? &c->a->local.addr
	                                     : &c->a->route.source;
	const char *whose = "another private address: a NAT or a proxy between";

	if (h->service_saw.family == 0)
		return;
	if (reach_is_ours(c, &h->service_saw))
		whose = "this machine's own";
	else if (judge_scope(c->j, &h->service_saw) == VP_SCOPE_PUBLIC)
		whose = "public, as firewalls and NAT gateways leave by";
	reach_line(
		c, d,
		vp_arena_printf(
			c->j->arena, "it saw %s (%s); sent from %s%s%s",
			judge_addr_text(c->j, &h->service_saw), whose,
			ours->family != 0 ? judge_addr_text(c->j, ours)
					  : "an unknown address",
			h->connection_type != NULL ? "; connection type " : "",
			h->connection_type != NULL ? h->connection_type : ""));
}

/* --- a device that connects anew --------------------------------------- */

static bool is_expected(const struct vp_target *t, const struct vp_addr *a)
{
	for (size_t i = 0; i < t->n_expected; i++) {
		if (vp_addr_equal(&t->expected[i], a))
			return true;
	}
	return t->n_expected == 0;
}

/* Our own connection to this very address and port, open in the capture. */
static const struct vp_flow *flow_of(const struct reach *c)
{
	const struct vp_facts *f = c->j->facts;

	if (f->capture.state == VP_CAPTURE_OFF)
		return NULL;
	for (size_t i = 0; i < f->n_flows; i++) {
		const struct vp_flow *w = &f->flows[i];

		if (w->proto == IPPROTO_TCP && w->remote.port == c->t->port &&
		    w->state == VP_FLOW_ESTABLISHED &&
		    vp_addr_equal(&w->remote.addr, &c->a->addr) &&
		    vp_addr_equal(&w->local.addr, &c->a->local.addr) &&
		    w->local.port == c->a->local.port)
			return w;
	}
	return NULL;
}

/* The flow that shows the right private destination; NULL: not shown. */
static const struct vp_flow *private_flow(const struct reach *c)
{
	enum vp_scope scope = judge_scope(c->j, &c->a->addr);

	if (c->t->expect != VP_EXPECT_PRIVATE ||
	    (scope != VP_SCOPE_PRIVATE && scope != VP_SCOPE_VNET) ||
	    !is_expected(c->t, &c->a->addr))
		return NULL;
	return flow_of(c);
}

/*
 * The service came to know us by a source that is none of ours, and not over a
 * private link: public, or one that it refused, or of another connection type.
 */
static bool came_anew(const struct reach *c)
{
	const struct vp_http_facts *h = &c->a->http;

	if (h->outcome != VP_OUTCOME_OK || h->service_saw.family == 0 ||
	    reach_is_ours(c, &h->service_saw) || is_private_link(h))
		return false;
	return judge_scope(c->j, &h->service_saw) == VP_SCOPE_PUBLIC ||
	       h->signature == VP_SIGNATURE_DENIED ||
	       h->connection_type != NULL;
}

void reach_service_prepare(struct reach *c)
{
	const struct vp_facts *f = c->j->facts;

	for (size_t i = 0; i < f->n_targets && c->retold == NULL; i++) {
		c->t = &f->targets[i];
		for (size_t k = 0; k < c->t->n_addresses; k++) {
			c->a = &c->t->addresses[k];
			if (c->a->reach == VP_REACH_TRIED && came_anew(c) &&
			    private_flow(c) != NULL)
				c->retold = c->t;
		}
	}
}

static void firewall(struct reach *c, const struct vp_flow *w)
{
	bool told = came_anew(c);
	struct judge_draft *d = reach_hit(
		c, "firewall-application-rule",
		told ? "Packets went to the private address {address}, and the "
		       "service was called from {what}: a device on the way "
		       "connected anew."
		     : "Packets went to the private address {address}, and the "
		       "service refuses as it does by its public path. In this "
		       "run {what} tells of a device on the way that connects "
		       "anew.");

	d->words.what = told ? judge_addr_text(c->j, &c->a->http.service_saw)
	                     : judge_target_text(c->j, c->retold);
	source_line(c, d);
	reach_line(c, d,
	           vp_arena_printf(c->j->arena,
	                           "capture: tcp %s -> %s on %s, established",
	                           judge_endpoint_text(c->j, &w->local),
	                           judge_endpoint_text(c->j, &w->remote),
	                           or_unknown(w->interface)));
	http_line(c, d);
	reach_line(c, d, reach_route(c->j, &c->a->route));
}

/* The command that lets an address pass a service's own firewall; NULL: none
 * is known. */
static const char *address_rule(enum vp_kind kind)
{
	switch (vp_catalogue_class(kind)) {
	case VP_CLASS_STORAGE:
		return "az storage account network-rule add -g RG "
		       "--account-name {account} --ip-address";
	case VP_CLASS_VAULT:
		return "az keyvault network-rule add -g RG -n {account} "
		       "--ip-address";
	case VP_CLASS_REGISTRY:
		return "az acr network-rule add -g RG -n {account} "
		       "--ip-address";
	case VP_CLASS_AI:
		return "az cognitiveservices account network-rule add -g RG "
		       "-n {account} --ip-address";
	default:
		return NULL;
	}
}

#define ALLOW_SUBNET                                                           \
	"This machine's subnet has to have the service endpoint, and the "     \
	"service to allow the subnet:\n"                                       \
	"    az network vnet subnet show -g RG --vnet-name VNET -n SUBNET "    \
	"--query serviceEndpoints"

/* At a public address no private endpoint is meant: the service's own list of
 * whom it lets in is. Else the paragraph on service endpoints has no place. */
static const char *denied_remedy(struct reach *c, const char *remedy)
{
	const struct vp_http_facts *h = &c->a->http;
	const char *command = address_rule(c->t->kind), *from, *region = "";

	if (c->t->expect == VP_EXPECT_SERVICE_ENDPOINT)
		return ALLOW_SUBNET;
	if (judge_scope(c->j, &c->a->addr) != VP_SCOPE_PUBLIC) {
		from = strstr(remedy, "\nWhere a service endpoint");
		return from == NULL ? remedy
		                    : vp_arena_strndup(c->j->arena, remedy,
		                                       (size_t)(from - remedy));
	}
	if (command == NULL)
		return "The service's own network settings refuse this "
		       "machine's outgoing address: allow it there, or public "
		       "access as a whole if that was turned off.";
	if (vp_catalogue_class(c->t->kind) == VP_CLASS_STORAGE)
		region = "\nFrom a machine in the account's own region such a "
			 "rule has no effect: allow the subnet instead, with a "
			 "service endpoint.";
	from = "YOUR_PUBLIC_IP";
	if (h->service_saw.family != 0 &&
	    judge_scope(c->j, &h->service_saw) == VP_SCOPE_PUBLIC)
		from = judge_addr_text(c->j, &h->service_saw);
	return vp_arena_printf(
		c->j->arena,
		"The service's own firewall refuses this machine's outgoing "
		"address. Allow it (if public access was not turned off as a "
		"whole):\n    %s %s%s",
		command, from, region);
}

static void judge_denied(struct reach *c)
{
	const struct vp_flow *w = private_flow(c);
	struct judge_draft *d;

	if (w != NULL &&
	    (came_anew(c) ||
	     (c->retold != NULL && c->a->http.service_saw.family == 0))) {
		firewall(c, w);
		return;
	}
	d = reach_hit(c, "http-network-denied",
	              w != NULL ? "The service at {address} refuses requests "
	                          "from here, although packets went to the "
	                          "private address. Either a firewall on the "
	                          "way connects anew, or the private "
	                          "endpoint's connection is not approved: the "
	                          "answer does not tell which."
	                        : "The service at {address} refuses requests "
	                          "from here.");
	d->f.remedy = denied_remedy(c, d->f.type->remedy);
	http_line(c, d);
	source_line(c, d);
	reach_line(c, d, reach_route(c->j, &c->a->route));
}

/* --- the source and the endpoint it names ------------------------------- */

static const char *last_segment(const char *id)
{
	const char *slash = strrchr(id, '/');

	return slash != NULL ? slash + 1 : id;
}

/* ARM ids are compared without case; where one side is a name, by the name. */
static bool same_endpoint(const char *seen, const char *expected)
{
	if (strchr(expected, '/') == NULL || strchr(seen, '/') == NULL)
		return strcasecmp(last_segment(seen), last_segment(expected)) ==
		       0;
	return strcasecmp(seen, expected) == 0;
}

/*
 * Over a private link, from a private address that is not ours, and by no
 * endpoint that is known to be another: somebody inside translates, as AKS
 * does for pods and a router may. The way is private, and that is what counts.
 */
static bool translated_inside(const struct reach *c)
{
	const struct vp_http_facts *h = &c->a->http;
	enum vp_scope scope = judge_scope(c->j, &h->service_saw);
	bool expected = h->private_endpoint == NULL || c->t->n_endpoints == 0;

	for (size_t i = 0; i < c->t->n_endpoints && !expected; i++)
		expected =
			same_endpoint(h->private_endpoint, c->t->endpoints[i]);
	return expected && is_private_link(h) &&
	       (scope == VP_SCOPE_PRIVATE || scope == VP_SCOPE_VNET);
}

static void judge_endpoint(struct reach *c)
{
	const char *seen = c->a->http.private_endpoint, *list = "";
	struct judge_draft *d;

	if (seen == NULL || c->t->n_endpoints == 0)
		return;
	for (size_t i = 0; i < c->t->n_endpoints; i++) {
		if (same_endpoint(seen, c->t->endpoints[i]))
			return;
		list = vp_arena_printf(c->j->arena, "%s%s%s", list,
		                       i > 0 ? ", " : "", c->t->endpoints[i]);
	}
	d = reach_hit(c, "service-names-other-endpoint",
	              "The service at {address} was called through the private "
	              "endpoint {what}, which is not the expected one.");
	d->words.what = last_segment(seen);
	reach_line(c, d, vp_arena_printf(c->j->arena, "it names %s", seen));
	reach_line(c, d, vp_arena_printf(c->j->arena, "expected: %s", list));
	source_line(c, d);
	http_line(c, d);
}

/* Our own private source, and no private link: a service endpoint. The words
 * for it were seen in one place only, hence a warning. */
static void judge_connection(struct reach *c)
{
	const struct vp_http_facts *h = &c->a->http;
	struct judge_draft *d;

	if (c->t->expect != VP_EXPECT_PRIVATE || h->connection_type == NULL ||
	    is_private_link(h) || h->service_saw.family == 0)
		return;
	d = reach_hit(c, "service-endpoint-used",
	              "The service at {address} was called from this machine, "
	              "and not over a private link ({what}).");
	d->words.what = *h->connection_type != '\0' ? h->connection_type
	                                            : "it names no type";
	source_line(c, d);
	http_line(c, d);
	reach_line(c, d, reach_route(c->j, &c->a->route));
}

/* A vault's answer of which the rule wants the header that tells. */
static bool has_to_tell(const struct vp_http_facts *h)
{
	const struct vp_signature_row *row =
		h->rule != NULL ? vp_signature_row(h->rule) : NULL;

	return row != NULL && row->header != NULL &&
	       strstr(row->header, "network-info") != NULL;
}

/* Whom the service was called by is what proves the path: that it is not known
 * is told, whatever else is fine. */
static void judge_doubt(struct reach *c)
{
	const struct vp_http_facts *h = &c->a->http;
	const char *doubt = h->source_doubt;
	struct judge_draft *d;

	if (doubt == NULL && h->service_saw.family == 0 && has_to_tell(h))
		doubt = "no address is told";
	if (doubt == NULL)
		return;
	d = reach_hit(c, "service-source-unclear",
	              "Whom the service at {address} was called by is not "
	              "clear: {what}.");
	d->words.what = doubt;
	source_line(c, d);
	http_line(c, d);
}

static void judge_source(struct reach *c)
{
	const struct vp_addr *saw = &c->a->http.service_saw;
	const struct vp_flow *w;
	struct judge_draft *d;

	if (c->t->expect != VP_EXPECT_PRIVATE &&
	    c->t->expect != VP_EXPECT_SERVICE_ENDPOINT)
		return;
	judge_doubt(c);
	if (saw->family == 0 || reach_is_ours(c, saw)) {
		judge_connection(c);
		judge_endpoint(c);
		return;
	}
	w = came_anew(c) ? private_flow(c) : NULL;
	if (w != NULL) {
		firewall(c, w);
		return;
	}
	d = reach_hit_as(
		c,
		translated_inside(c) ? VP_SEVERITY_WARNING : VP_SEVERITY_ERROR,
		"service-saw-other-source",
		judge_scope(c->j, saw) == VP_SCOPE_PUBLIC
			? "The service at {address} was called from the public "
			  "address {what}."
			: "The service at {address} was called from {what}, "
			  "which is not this machine.");
	d->words.what = judge_addr_text(c->j, saw);
	source_line(c, d);
	http_line(c, d);
	reach_line(c, d, reach_route(c->j, &c->a->route));
	judge_endpoint(c);
}

/* --- a refusal that is not understood ----------------------------------- */

static bool is_storage(enum vp_kind kind)
{
	return kind >= VP_KIND_BLOB && kind <= VP_KIND_WEB;
}

/* Of some it is not known that they ask strangers for credentials by 401: an
 * instance, a notebook and an endpoint may answer any of them with 403, and so
 * may who is healthy. */
static enum vp_severity refused_severity(enum vp_kind kind)
{
	switch (kind) {
	case VP_KIND_OTHER:
	case VP_KIND_SEARCH:
	case VP_KIND_AKS_API:
	case VP_KIND_NOTEBOOK:
	case VP_KIND_COMPUTE_INSTANCE:
	case VP_KIND_ONLINE_ENDPOINT:
	case VP_KIND_SERVERLESS_MODEL:
		return VP_SEVERITY_INFO;
	default:
		return is_storage(kind) ? VP_SEVERITY_UNPROVEN
		                        : VP_SEVERITY_WARNING;
	}
}

/*
 * 403, and no row says why: a network rule may be the reason. Storage refuses
 * so whom its network rules refuse, and asks by 401 whom it lets in: that it
 * was reached as it should is not shown then.
 */
static void judge_refused(struct reach *c)
{
	const struct vp_http_facts *h = &c->a->http;
	struct judge_draft *d;

	if (h->refused_by != VP_REFUSAL_UNKNOWN ||
	    c->t->expect != VP_EXPECT_PRIVATE)
		return;
	d = reach_hit_as(
		c, refused_severity(c->t->kind), "http-refused",
		"The service at {address} refuses ({what}), and does not "
		"tell whether the network or a want of credentials is "
		"why.");
	d->words.what =
		h->service_code != NULL
			? vp_arena_printf(c->j->arena, "HTTP %u %s", h->status,
	                                  h->service_code)
			: vp_arena_printf(c->j->arena, "HTTP %u", h->status);
	http_line(c, d);
	reach_line(c, d, reach_route(c->j, &c->a->route));
}

/* --- the answer -------------------------------------------------------- */

static void judge_answer(struct reach *c, bool certificate_fits)
{
	struct judge_draft *d;

	switch (c->a->http.signature) {
	case VP_SIGNATURE_DENIED:
		judge_denied(c);
		return;
	case VP_SIGNATURE_FOREIGN:
		if (!certificate_fits)
			return; /* told of already: another server */
		d = reach_hit(c, "http-foreign",
		              "The answer at {address} lacks what a {what} "
		              "always sends.");
		d->words.what = vp_kind_name(c->t->kind);
		http_line(c, d);
		break;
	case VP_SIGNATURE_REACHED:
		judge_refused(c);
		break;
	case VP_SIGNATURE_NONE:
	case VP_SIGNATURE_ACCEPTED:
	case VP_SIGNATURE_CREDENTIALS:
		break;
	}
	judge_source(c);
}

/* Saved facts may lack the answer, or call a refusal that no rule is named for
 * accepted. */
static bool says_nothing(const struct vp_http_facts *h)
{
	return h->status == 0 || h->signature == VP_SIGNATURE_NONE ||
	       (h->status == 403 && h->rule == NULL &&
	        h->signature == VP_SIGNATURE_ACCEPTED);
}

void reach_service(struct reach *c, bool certificate_fits)
{
	switch (c->a->http.outcome) {
	case VP_OUTCOME_OK:
		if (says_nothing(&c->a->http))
			reach_unproven(c);
		else
			judge_answer(c, certificate_fits);
		return;
	case VP_OUTCOME_NONE:
	case VP_OUTCOME_CANCELLED:
		reach_unproven(c);
		return;
	case VP_OUTCOME_ERROR:
		http_line(c, reach_hit(c, "probe-error",
		                       "The request to {address} failed on "
		                       "this machine."));
		return;
	case VP_OUTCOME_TIMEOUT:
	case VP_OUTCOME_SILENT:
		if (certificate_fits)
			http_line(c, reach_hit(c, "http-silent",
			                       "No HTTP answer from "
			                       "{address}."));
		return;
	default:
		if (certificate_fits)
			http_line(c, reach_hit(c, "http-failed",
			                       "The HTTP answer of {address} "
			                       "cannot be used."));
		return;
	}
}
