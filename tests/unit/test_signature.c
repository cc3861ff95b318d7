/* Answers of the services (docs/sources.md: K1, R1): right ones, refusals,
 * strangers, and bytes that are no answer at all. */
#include "vnetprobe/signature.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define PE                                                                     \
	"/subscriptions/0001/resourceGroups/rg/providers/Microsoft.Network"    \
	"/privateEndpoints/pe-kv"

struct row {
	const char *label;
	enum vp_kind kind;
	const char *headers, *body;
	unsigned status;
	enum vp_signature want;
	const char *code, *saw, *conn, *endpoint; /* NULL: none */
};

static const struct row rows[] = {
	/* Key Vault */
	{ "vault over a private endpoint", VP_KIND_VAULT,
	  "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
	  "X-MS-KeyVault-Network-Info: conn_type=PrivateLink;"
	  "private_endpoint=" PE
	  ";addr=10.10.1.5;act_addr_fam=InterNetworkV6;\r\n\r\n",
	  "{\"status\":\"healthy\"}", 200, VP_SIGNATURE_ACCEPTED, NULL,
	  "10.10.1.5", "PrivateLink", PE },
	{ "vault, old form", VP_KIND_VAULT,
	  "HTTP/1.1 200 OK\r\n"
	  "x-ms-keyvault-network-info:addr=72.68.182.20;"
	  "act_addr_fam=InterNetwork;\r\n\r\n",
	  "", 200, VP_SIGNATURE_ACCEPTED, NULL, "72.68.182.20", NULL, NULL },
	{ "vault, mapped address", VP_KIND_VAULT,
	  "HTTP/1.1 401 Unauthorized\r\n"
	  "x-ms-keyvault-network-info: conn_type=Ipv4;"
	  "addr=::ffff:10.0.0.4\r\n\r\n",
	  "{\"error\":{\"code\":\"Unauthorized\",\"message\":\"x\"}}", 401,
	  VP_SIGNATURE_ACCEPTED, "Unauthorized", "10.0.0.4", "Ipv4", NULL },
	{ "vault, IPv6 address", VP_KIND_VAULT,
	  "HTTP/1.1 200 OK\r\n"
	  "x-ms-keyvault-network-info: addr=fd00::4; conn_type=Ipv6\r\n\r\n",
	  "", 200, VP_SIGNATURE_ACCEPTED, NULL, "fd00::4", "Ipv6", NULL },
	{ "vault, address is junk", VP_KIND_VAULT,
	  "HTTP/1.1 200 OK\r\n"
	  "x-ms-keyvault-network-info: addr=10.0.0.999;;=;conn_type\r\n\r\n",
	  "", 200, VP_SIGNATURE_ACCEPTED, NULL, NULL, NULL, NULL },
	{ "vault, firewall", VP_KIND_VAULT,
	  "HTTP/1.1 403 Forbidden\r\n"
	  "x-ms-keyvault-network-info: conn_type=Ipv4;addr=20.1.2.3;\r\n\r\n",
	  "{\"error\":{\"code\":\"Forbidden\",\"message\":\"Client address is "
	  "not "
	  "authorized\",\"innererror\":{\"code\":\"ForbiddenByFirewall\"}}}",
	  403, VP_SIGNATURE_DENIED, "ForbiddenByFirewall", "20.1.2.3", "Ipv4",
	  NULL },
	{ "vault, connection", VP_KIND_VAULT,
	  "HTTP/1.1 403 Forbidden\r\n"
	  "x-ms-keyvault-network-info: conn_type=Ipv4;addr=20.1.2.3;\r\n\r\n",
	  "{\"error\":{\"innererror\":{\"code\":\"ForbiddenByConnection\"}}}",
	  403, VP_SIGNATURE_DENIED, "ForbiddenByConnection", "20.1.2.3", "Ipv4",
	  NULL },
	{ "vault, 403 for another reason", VP_KIND_VAULT,
	  "HTTP/1.1 403 Forbidden\r\n"
	  "x-ms-keyvault-network-info: addr=10.0.0.4;\r\n\r\n",
	  "{\"error\":{\"code\":\"Forbidden\"}}", 403, VP_SIGNATURE_REACHED,
	  "Forbidden", "10.0.0.4", NULL, NULL },
	{ "not a vault", VP_KIND_VAULT,
	  "HTTP/1.1 200 OK\r\nServer: nginx\r\n\r\n",
	  "{\"status\":\"healthy\"}", 200, VP_SIGNATURE_FOREIGN, NULL, NULL,
	  NULL, NULL },
	{ "header only in the body", VP_KIND_VAULT,
	  "HTTP/1.1 200 OK\r\nServer: nginx\r\n\r\n",
	  "x-ms-keyvault-network-info: addr=10.0.0.4\r\n", 200,
	  VP_SIGNATURE_FOREIGN, NULL, NULL, NULL, NULL },
	{ "vault, firewall, no header's address", VP_KIND_VAULT,
	  "HTTP/1.1 403 Forbidden\r\n"
	  "x-ms-keyvault-network-info: conn_type=Ipv4;\r\n\r\n",
	  "{\"error\":{\"code\":\"Forbidden\",\"message\":\"Client address is "
	  "not authorized.\\r\\nClient address: 20.1.2.3\\r\\nCaller: \","
	  "\"innererror\":{\"code\":\"ForbiddenByFirewall\"}}}",
	  403, VP_SIGNATURE_DENIED, "ForbiddenByFirewall", "20.1.2.3", "Ipv4",
	  NULL },
	{ "vault, older words", VP_KIND_VAULT,
	  "HTTP/1.1 403 Forbidden\r\n"
	  "x-ms-keyvault-network-info: addr=20.1.2.3;\r\n\r\n",
	  "{\"error\":{\"code\":\"Forbidden\",\"message\":\"Connection is not "
	  "an approved private link and caller was ignored\"}}",
	  403, VP_SIGNATURE_DENIED, "Forbidden", "20.1.2.3", NULL, NULL },
	{ "vault's front end is ill", VP_KIND_VAULT,
	  "HTTP/1.1 503 Service Unavailable\r\n\r\n", "", 503,
	  VP_SIGNATURE_REACHED, NULL, NULL, NULL, NULL },
	{ "vault, other path", VP_KIND_VAULT,
	  "HTTP/1.1 404 Not Found\r\nx-ms-keyvault-region: westeurope\r\n\r\n",
	  "", 404, VP_SIGNATURE_REACHED, NULL, NULL, NULL, NULL },

	/* storage */
	{ "blob, 401", VP_KIND_BLOB,
	  "HTTP/1.1 401 Unauthorized\r\nx-ms-request-id: 1\r\n"
	  "x-ms-error-code: NoAuthenticationInformation\r\n\r\n",
	  "", 401, VP_SIGNATURE_ACCEPTED, "NoAuthenticationInformation", NULL,
	  NULL, NULL },
	{ "blob, 404", VP_KIND_BLOB,
	  "HTTP/1.1 404 Not Found\r\nx-ms-error-code: ResourceNotFound\r\n\r\n",
	  "", 404, VP_SIGNATURE_ACCEPTED, "ResourceNotFound", NULL, NULL,
	  NULL },
	{ "blob, 409", VP_KIND_BLOB,
	  "HTTP/1.1 409 Conflict\r\n"
	  "x-ms-error-code: PublicAccessNotPermitted\r\n\r\n",
	  "", 409, VP_SIGNATURE_ACCEPTED, "PublicAccessNotPermitted", NULL,
	  NULL, NULL },
	{ "blob, 403 that is no firewall", VP_KIND_BLOB,
	  "HTTP/1.1 403 Forbidden\r\n"
	  "x-ms-error-code: PublicAccessNotPermitted\r\n\r\n",
	  "", 403, VP_SIGNATURE_ACCEPTED, "PublicAccessNotPermitted", NULL,
	  NULL, NULL },
	{ "blob, denied", VP_KIND_BLOB,
	  "HTTP/1.1 403 Forbidden\r\nx-ms-error-code: AuthorizationFailure\r\n"
	  "\r\n",
	  "", 403, VP_SIGNATURE_DENIED, "AuthorizationFailure", NULL, NULL,
	  NULL },
	{ "blob, denied, in XML only", VP_KIND_BLOB,
	  "HTTP/1.1 403 Forbidden\r\nx-ms-request-id: 1\r\n\r\n",
	  "<?xml version=\"1.0\"?><Error><Code>AuthorizationFailure</Code>"
	  "<Message>This request is not",
	  403, VP_SIGNATURE_DENIED, "AuthorizationFailure", NULL, NULL, NULL },
	{ "blob, rights", VP_KIND_BLOB,
	  "HTTP/1.1 403 Forbidden\r\n"
	  "x-ms-error-code: AuthorizationPermissionMismatch\r\n\r\n",
	  "", 403, VP_SIGNATURE_CREDENTIALS, "AuthorizationPermissionMismatch",
	  NULL, NULL, NULL },
	{ "blob, a stranger's rights", VP_KIND_BLOB,
	  "HTTP/1.1 403 Forbidden\r\nServer: nginx\r\n\r\n",
	  "<Code>AuthorizationPermissionMismatch</Code>", 403,
	  VP_SIGNATURE_FOREIGN, "AuthorizationPermissionMismatch", NULL, NULL,
	  NULL },
	{ "dfs, JSON", VP_KIND_DFS,
	  "HTTP/1.1 403 Forbidden\r\nx-ms-version: 2021-12-02\r\n\r\n",
	  "{\"error\":{\"code\":\"AuthorizationFailure\",\"message\":\"This "
	  "request is not authorized to perform this operation.\\nRequestId:1"
	  "\"}}",
	  403, VP_SIGNATURE_DENIED, "AuthorizationFailure", NULL, NULL, NULL },
	{ "blob, other 403", VP_KIND_BLOB,
	  "HTTP/1.1 403 Forbidden\r\nx-ms-error-code: AuthenticationFailed\r\n"
	  "\r\n",
	  "", 403, VP_SIGNATURE_REACHED, "AuthenticationFailed", NULL, NULL,
	  NULL },
	{ "not blob", VP_KIND_BLOB,
	  "HTTP/1.1 403 Forbidden\r\nServer: nginx\r\n\r\n", "denied", 403,
	  VP_SIGNATURE_FOREIGN, NULL, NULL, NULL, NULL },
	{ "a stranger that quotes the code", VP_KIND_BLOB,
	  "HTTP/1.1 403 Forbidden\r\nServer: nginx\r\n\r\n",
	  "<Code>AuthorizationFailure</Code>", 403, VP_SIGNATURE_FOREIGN,
	  "AuthorizationFailure", NULL, NULL, NULL },
	{ "HTTP.sys in front of blob", VP_KIND_BLOB,
	  "HTTP/1.1 400 Bad Request\r\nServer: Microsoft-HTTPAPI/2.0\r\n\r\n",
	  "<h2>Bad Request</h2>", 400, VP_SIGNATURE_REACHED, NULL, NULL, NULL,
	  NULL },
	{ "file, no version", VP_KIND_FILE,
	  "HTTP/1.1 400 Bad\r\nx-ms-error-code: MissingRequiredHeader\r\n\r\n",
	  "", 400, VP_SIGNATURE_ACCEPTED, "MissingRequiredHeader", NULL, NULL,
	  NULL },
	{ "queue, denied", VP_KIND_QUEUE,
	  "HTTP/1.1 403 Forbidden\r\nx-ms-error-code: AuthorizationFailure\r\n"
	  "\r\n",
	  "", 403, VP_SIGNATURE_DENIED, "AuthorizationFailure", NULL, NULL,
	  NULL },
	{ "table's JSON", VP_KIND_TABLE,
	  "HTTP/1.1 403 Forbidden\r\nx-ms-request-id: 1\r\n\r\n",
	  "{\"odata.error\":{\"code\":\"AuthorizationFailure\",\"message\":{",
	  403, VP_SIGNATURE_DENIED, "AuthorizationFailure", NULL, NULL, NULL },
	{ "dfs, a stranger is not claimed", VP_KIND_DFS,
	  "HTTP/1.1 200 OK\r\n\r\n", "", 200, VP_SIGNATURE_REACHED, NULL, NULL,
	  NULL, NULL },
	{ "web, anything", VP_KIND_WEB, "HTTP/1.1 404 Not Found\r\n\r\n", "",
	  404, VP_SIGNATURE_REACHED, NULL, NULL, NULL, NULL },

	/* registry */
	{ "registry", VP_KIND_REGISTRY,
	  "HTTP/1.1 401 Unauthorized\r\n"
	  "Docker-Distribution-Api-Version: registry/2.0\r\n"
	  "Www-Authenticate: Bearer realm=\"https://r.azurecr.io/oauth2/token\""
	  "\r\n\r\n",
	  "{\"errors\":[{\"code\":\"UNAUTHORIZED\",\"message\":\"x\"}]}", 401,
	  VP_SIGNATURE_ACCEPTED, "UNAUTHORIZED", NULL, NULL, NULL },
	{ "registry, denied", VP_KIND_REGISTRY,
	  "HTTP/1.1 403 Forbidden\r\n\r\n",
	  "{\"errors\":[{\"code\":\"DENIED\",\"message\":\"client with IP "
	  "'20.1.2.3' is not allowed access. Refer https://aka.ms/acr\"}]}",
	  403, VP_SIGNATURE_DENIED, "DENIED", "20.1.2.3", NULL, NULL },
	{ "registry, denied, escaped", VP_KIND_REGISTRY,
	  "HTTP/1.1 403 Forbidden\r\n\r\n",
	  "{ \"errors\" : [ { \"code\" : \"DENIED\", \"message\": \"client "
	  "with "
	  "IP \\u00272001:db8::1\\u0027 is not allowed access.\"}]}",
	  403, VP_SIGNATURE_DENIED, "DENIED", "2001:db8::1", NULL, NULL },
	{ "registry, denied, cut off", VP_KIND_REGISTRY,
	  "HTTP/1.1 403 Forbidden\r\n\r\n",
	  "{\"errors\":[{\"code\":\"DENIED\",\"message\":\"client with IP ",
	  403, VP_SIGNATURE_DENIED, "DENIED", NULL, NULL, NULL },
	{ "registry, denied without an address", VP_KIND_REGISTRY,
	  "HTTP/1.1 403 Forbidden\r\n"
	  "Docker-Distribution-Api-Version: registry/2.0\r\n\r\n",
	  "{\"errors\":[{\"code\":\"DENIED\",\"message\":\"requested access "
	  "to the resource is denied\"}]}",
	  403, VP_SIGNATURE_DENIED, "DENIED", NULL, NULL, NULL },
	{ "registry's data, denied without an address", VP_KIND_REGISTRY_DATA,
	  "HTTP/1.1 403 Forbidden\r\n\r\n",
	  "{\"errors\":[{\"code\":\"DENIED\",\"message\":\"no\"}]}", 403,
	  VP_SIGNATURE_REACHED, "DENIED", NULL, NULL, NULL },
	{ "registry, denied, with an id", VP_KIND_REGISTRY,
	  "HTTP/1.1 403 Forbidden\r\n\r\n",
	  "{\"errors\":[{\"code\":\"DENIED\",\"message\":\"client with IP "
	  "\\u002720.1.2.3\\u0027 is not allowed access. Refer "
	  "https://aka.ms/acr/firewall to grant access. CorrelationId: "
	  "1-2\"}]}",
	  403, VP_SIGNATURE_DENIED, "DENIED", "20.1.2.3", NULL, NULL },
	{ "a page that blocks", VP_KIND_REGISTRY,
	  "HTTP/1.1 403 Forbidden\r\n\r\n", "<html>blocked</html>", 403,
	  VP_SIGNATURE_FOREIGN, NULL, NULL, NULL, NULL },
	{ "401 that is no registry's", VP_KIND_REGISTRY,
	  "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"p\"\r\n"
	  "\r\n",
	  "", 401, VP_SIGNATURE_FOREIGN, NULL, NULL, NULL, NULL },
	{ "registry, 401 without its challenge", VP_KIND_REGISTRY,
	  "HTTP/1.1 401 Unauthorized\r\n"
	  "Docker-Distribution-Api-Version: registry/2.0\r\n\r\n",
	  "", 401, VP_SIGNATURE_REACHED, NULL, NULL, NULL, NULL },
	{ "registry data, denied", VP_KIND_REGISTRY_DATA,
	  "HTTP/1.1 403 Forbidden\r\n\r\n",
	  "{\"errors\":[{\"code\":\"DENIED\",\"message\":\"client with IP "
	  "'20.1.2.3' is not allowed access.\"}]}",
	  403, VP_SIGNATURE_DENIED, "DENIED", "20.1.2.3", NULL, NULL },
	{ "registry data", VP_KIND_REGISTRY_DATA,
	  "HTTP/1.1 404 Not Found\r\n\r\n", "", 404, VP_SIGNATURE_REACHED, NULL,
	  NULL, NULL, NULL },

	/* AI services */
	{ "ai, disabled", VP_KIND_AI_SERVICES, "HTTP/1.1 403 Forbidden\r\n\r\n",
	  "{\"error\":{\"code\":\"AccessDenied\",\"message\":\"Public access "
	  "is "
	  "disabled. Please configure private endpoint.\"}}",
	  403, VP_SIGNATURE_DENIED, "AccessDenied", NULL, NULL, NULL },
	{ "ai, selected networks", VP_KIND_AI_SERVICES,
	  "HTTP/1.1 403 Forbidden\r\n\r\n",
	  "{\"error\":{\"code\":\"403\",\"message\":\"Access denied due to "
	  "Virtual Network/Firewall rules.\"}}",
	  403, VP_SIGNATURE_DENIED, "403", NULL, NULL, NULL },
	{ "ai, 403", VP_KIND_AI_SERVICES, "HTTP/1.1 403 Forbidden\r\n\r\n", "",
	  403, VP_SIGNATURE_REACHED, NULL, NULL, NULL, NULL },
	{ "ai, 401", VP_KIND_AI_SERVICES,
	  "HTTP/1.1 401 PermissionDenied\r\n\r\n",
	  "{\"error\":{\"code\":\"401\"}}", 401, VP_SIGNATURE_ACCEPTED, "401",
	  NULL, NULL, NULL },

	/* workspace */
	{ "workspace", VP_KIND_WORKSPACE, "HTTP/1.1 401 Unauthorized\r\n\r\n",
	  "{\"error\":{\"code\":\"UserError\",\"message\":\"Bearer token not "
	  "provided.\"}}",
	  401, VP_SIGNATURE_REACHED, "UserError", NULL, NULL, NULL },
	{ "workspace, denied", VP_KIND_WORKSPACE,
	  "HTTP/1.1 502 Bad Gateway\r\n\r\n",
	  "{\"error\":{\"code\":\"UserError\",\"message\":\"Access to "
	  "workspace "
	  "was denied based on workspace private link configuration.\"}}",
	  502, VP_SIGNATURE_DENIED, "UserError", NULL, NULL, NULL },
	{ "workspace, designated link", VP_KIND_WORKSPACE_CERT,
	  "HTTP/1.1 403 Forbidden\r\n\r\n",
	  "none of the workspaces/registries are accessible from outside of "
	  "the designated private link..",
	  403, VP_SIGNATURE_DENIED, NULL, NULL, NULL, NULL },

	/* others */
	{ "arm", VP_KIND_ARM,
	  "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer "
	  "authorization_uri=\"https://login.windows.net/\"\r\n\r\n",
	  "", 401, VP_SIGNATURE_ACCEPTED, NULL, NULL, NULL, NULL },
	{ "arm, 200", VP_KIND_ARM, "HTTP/1.1 200 OK\r\n\r\n", "", 200,
	  VP_SIGNATURE_REACHED, NULL, NULL, NULL, NULL },
	{ "notebook, redirect", VP_KIND_NOTEBOOK,
	  "HTTP/1.1 302 Found\r\nLocation: https://example.com/\r\n\r\n", "",
	  302, VP_SIGNATURE_REACHED, NULL, NULL, NULL, NULL },
	{ "other, HTTP/2", VP_KIND_OTHER, "HTTP/2 204 \r\n\r\n", "", 204,
	  VP_SIGNATURE_REACHED, NULL, NULL, NULL, NULL },

	/* bytes that are no answer */
	{ "nothing", VP_KIND_VAULT, "", "", 0, VP_SIGNATURE_NONE, NULL, NULL,
	  NULL, NULL },
	{ "no status", VP_KIND_BLOB, "HTTP/1.1\r\n\r\n", "", 0,
	  VP_SIGNATURE_NONE, NULL, NULL, NULL, NULL },
	{ "two digits", VP_KIND_BLOB, "HTTP/1.1 20\r\n\r\n", "", 0,
	  VP_SIGNATURE_NONE, NULL, NULL, NULL, NULL },
	{ "letters", VP_KIND_BLOB, "HTTP/1.1 2x0 OK\r\n\r\n", "", 0,
	  VP_SIGNATURE_NONE, NULL, NULL, NULL, NULL },
	{ "another protocol", VP_KIND_OTHER, "SSH-2.0-x 200 y\r\n", "", 0,
	  VP_SIGNATURE_NONE, NULL, NULL, NULL, NULL },
};

/* The exact bytes in memory of their own, so that a read too far is seen. */
static char *exact(const char *text, size_t n)
{
	char *p = malloc(n != 0 ? n : 1);

	assert_non_null(p);
	memcpy(p, text, n);
	return p;
}

static void read_bytes(struct vp_http_facts *out, struct vp_arena *arena,
                       enum vp_kind kind, const char *headers,
                       size_t headers_len, const char *body, size_t body_len)
{
	char *h = exact(headers, headers_len), *b = exact(body, body_len);

	vp_signature_read(out, arena, kind, h, headers_len, b, body_len);
	free(h);
	free(b);
}

static void same(const char *label, const char *what, const char *got,
                 const char *want)
{
	if (got == want || (got && want && strcmp(got, want) == 0))
		return;
	fail_msg("%s: %s is %s, not %s", label, what, got ? got : "none",
	         want ? want : "none");
}

static void answers(void **state)
{
	struct vp_arena *arena = vp_arena_create();
	char text[VP_ADDR_TEXT];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct row *r = &rows[i];
		struct vp_http_facts f = { .status = 7,
			                   .outcome = VP_OUTCOME_TIMEOUT,
			                   .elapsed_us = 42 };

		read_bytes(&f, arena, r->kind, r->headers, strlen(r->headers),
		           r->body, strlen(r->body));
		if (f.status != r->status)
			fail_msg("%s: status %u", r->label, f.status);
		same(r->label, "signature", vp_signature_name(f.signature),
		     vp_signature_name(r->want));
		same(r->label, "code", f.service_code, r->code);
		same(r->label, "connection", f.connection_type, r->conn);
		same(r->label, "endpoint", f.private_endpoint, r->endpoint);
		same(r->label, "address", vp_addr_format(&f.service_saw, text),
		     r->saw != NULL ? r->saw : "");
		assert_int_equal(f.outcome, VP_OUTCOME_TIMEOUT);
		assert_int_equal(f.elapsed_us, 42);
	}
	vp_arena_destroy(arena);
}

/* Every prefix of every answer: never a read past the end (ASan sees it), and
 * never a refusal that the whole answer does not have. */
static void prefixes(void **state)
{
	struct vp_arena *arena = vp_arena_create();
	struct vp_http_facts f = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct row *r = &rows[i];
		size_t hl = strlen(r->headers), bl = strlen(r->body);

		for (size_t n = 0; n <= hl; n++)
			read_bytes(&f, arena, r->kind, r->headers, n, r->body,
			           bl);
		for (size_t n = 0; n <= bl; n++) {
			read_bytes(&f, arena, r->kind, r->headers, hl, r->body,
			           n);
			if (r->want != VP_SIGNATURE_DENIED)
				assert_int_not_equal(f.signature,
				                     VP_SIGNATURE_DENIED);
		}
	}
	vp_arena_destroy(arena);
}

/* A NUL must neither end the headers early nor cut a kept value. */
/* The ways in which a vault, or something before it, may tell its caller. */
static void callers(void **state)
{
	static const struct {
		const char *info;
		const char *saw, *type, *doubt; /* doubt: part of it */
	} cases[] = {
		{ "conn_type=Ipv4;addr=203.0.113.9:4431", "203.0.113.9", "Ipv4",
		  NULL },
		{ "addr=10.1.2.3", "10.1.2.3", NULL, NULL },
		{ "addr=[2001:db8::9]", "2001:db8::9", NULL, NULL },
		{ "addr=[2001:db8::9]:443;", "2001:db8::9", NULL, NULL },
		{ "addr=2001:db8::9", "2001:db8::9", NULL, NULL },
		{ "addr=::ffff:10.1.2.3", "10.1.2.3", NULL, NULL },
		{ "addr=\"10.1.2.3\"", "10.1.2.3", NULL, NULL },
		{ "addr=10.1.2.3, 10.1.2.3", "10.1.2.3", NULL, NULL },
		{ "addr=10.1.2.3, 203.0.113.9", "203.0.113.9", NULL,
		  "contradicts" },
		{ "addr=203.0.113.9,10.1.2.3", "203.0.113.9", NULL,
		  "contradicts" },
		{ "addr=203.0.113.9;addr=10.1.2.3", "203.0.113.9", NULL,
		  "contradicts" },
		{ "addr=10.1.2.3\r\nx-ms-keyvault-network-info: "
		  "addr=203.0.113.9",
		  "203.0.113.9", NULL, "contradicts" },
		{ "addr=10.1.2.3\r\nx-ms-keyvault-network-info: addr=10.1.2.3",
		  "10.1.2.3", NULL, NULL },
		{ "conn_type=PrivateLink;conn_type=Ipv4;addr=10.1.2.3",
		  "10.1.2.3", "Ipv4", "contradicts" },
		{ "conn_type=Ipv4;conn_type=PrivateLink;addr=10.1.2.3",
		  "10.1.2.3", "Ipv4", "contradicts" },
		{ "addr=unknown, 10.1.2.3", "10.1.2.3", NULL, "no address" },
		{ "addr=unknown", "", NULL, "no address" },
		{ "addr=", "", NULL, "no address" },
		{ "conn_type=Ipv4", "", "Ipv4", "no address" },
		{ "", "", NULL, "no address" },
		{ "conn_type=;addr=10.1.2.3", "10.1.2.3", NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct vp_arena *arena = vp_arena_create();
		struct vp_http_facts f = { 0 };
		char head[512], text[VP_ADDR_TEXT];

		snprintf(head, sizeof(head),
		         "HTTP/1.1 200 OK\r\nx-ms-keyvault-network-info: %s\r\n"
		         "\r\n",
		         cases[i].info);
		vp_signature_read(&f, arena, VP_KIND_VAULT, head, strlen(head),
		                  "", 0);
		same(cases[i].info, "address",
		     vp_addr_format(&f.service_saw, text), cases[i].saw);
		same(cases[i].info, "type",
		     f.connection_type != NULL ? f.connection_type : "",
		     cases[i].type != NULL ? cases[i].type : "");
		if ((f.source_doubt == NULL) != (cases[i].doubt == NULL) ||
		    (f.source_doubt != NULL &&
		     strstr(f.source_doubt, cases[i].doubt) == NULL))
			fail_msg("%s: doubt is %s", cases[i].info,
			         f.source_doubt != NULL ? f.source_doubt
			                                : "none");
		vp_arena_destroy(arena);
	}
}

static void nul_bytes(void **state)
{
	static const char h[] = "HTTP/1.1 200 OK\r\nx: \0y\r\n"
				"x-ms-keyvault-network-info: "
				"conn_type=Private\0Link;addr=10.0.0.4\r\n\r\n";
	struct vp_arena *arena = vp_arena_create();
	struct vp_http_facts f = { 0 };
	char text[VP_ADDR_TEXT];

	(void)state;
	read_bytes(&f, arena, VP_KIND_VAULT, h, sizeof(h) - 1, "", 0);
	assert_int_equal(f.signature, VP_SIGNATURE_ACCEPTED);
	assert_null(f.connection_type);
	assert_string_equal(vp_addr_format(&f.service_saw, text), "10.0.0.4");
	vp_arena_destroy(arena);
}

static void read_text(struct vp_http_facts *out, struct vp_arena *arena,
                      enum vp_kind kind, const char *headers, const char *body)
{
	memset(out, 0, sizeof(*out));
	read_bytes(out, arena, kind, headers, strlen(headers), body,
	           strlen(body));
}

#define STATUS(n) "HTTP/1.1 " n " X\r\n"
#define CODE(c) "x-ms-error-code: " c "\r\n\r\n"

/* Refused by a firewall, for credentials, for reasons unknown, or not. */
static void refusals(void **state)
{
	static const struct {
		enum vp_kind kind;
		const char *headers, *body;
		enum vp_refusal by;
		enum vp_certainty certainty;
		const char *rule, *said;
	} cases[] = {
		{ VP_KIND_BLOB,
		  STATUS("401") CODE("NoAuthenticationInformation"), "",
		  VP_REFUSAL_CREDENTIALS, VP_CERTAINTY_VERIFIED,
		  "storage-challenge", NULL },
		{ VP_KIND_BLOB, STATUS("403") CODE("AuthorizationFailure"),
		  "<Error><Code>AuthorizationFailure</Code><Message>This "
		  "request "
		  "is not authorized to perform this operation.\nRequestId:1"
		  "</Message></Error>",
		  VP_REFUSAL_NETWORK, VP_CERTAINTY_VERIFIED, "storage-firewall",
		  "This request is not authorized to perform this operation." },
		{ VP_KIND_BLOB,
		  STATUS("403") CODE("AuthorizationPermissionMismatch"), "",
		  VP_REFUSAL_CREDENTIALS, VP_CERTAINTY_VERIFIED,
		  "storage-credentials", NULL },
		{ VP_KIND_QUEUE, STATUS("403") CODE("AuthenticationFailed"), "",
		  VP_REFUSAL_UNKNOWN, VP_CERTAINTY_UNVERIFIED,
		  "storage-authentication", NULL },
		{ VP_KIND_BLOB, STATUS("403") CODE("SomethingNew"), "",
		  VP_REFUSAL_UNKNOWN, VP_CERTAINTY_INFERRED,
		  "storage-forbidden", NULL },
		{ VP_KIND_BLOB, STATUS("404") CODE("ResourceNotFound"), "",
		  VP_REFUSAL_NONE, VP_CERTAINTY_VERIFIED,
		  "storage-answers-code", NULL },
		{ VP_KIND_REGISTRY, STATUS("403") "\r\n",
		  "{\"errors\":[{\"code\":\"DENIED\",\"message\":\"client with "
		  "IP \\u002720.1.2.3\\u0027 is not \\\"allowed\\\" "
		  "access\"}]}",
		  VP_REFUSAL_NETWORK, VP_CERTAINTY_VERIFIED,
		  "registry-firewall",
		  "client with IP '20.1.2.3' is not \"allowed\" access" },
		{ VP_KIND_REGISTRY, STATUS("403") "\r\n",
		  "{\"errors\":[{\"code\":\"DENIED\"}]}", VP_REFUSAL_NETWORK,
		  VP_CERTAINTY_VERIFIED, "registry-denied", NULL },
		{ VP_KIND_REGISTRY,
		  STATUS("401") "www-authenticate: bearer realm=\"x\"\r\n\r\n",
		  "", VP_REFUSAL_CREDENTIALS, VP_CERTAINTY_VERIFIED,
		  "registry-challenge", NULL },
		{ VP_KIND_NOTEBOOK, STATUS("403") "\r\n", "",
		  VP_REFUSAL_UNKNOWN, VP_CERTAINTY_INFERRED, "studio-forbidden",
		  NULL },
		{ VP_KIND_NOTEBOOK, STATUS("302") "\r\n", "", VP_REFUSAL_NONE,
		  VP_CERTAINTY_INFERRED, "studio-other", NULL },
		{ VP_KIND_SEARCH, STATUS("403") "\r\n", "", VP_REFUSAL_UNKNOWN,
		  VP_CERTAINTY_UNVERIFIED, "search-forbidden", NULL },
		{ VP_KIND_AI_SERVICES, STATUS("403") "\r\n",
		  "{\"error\":{\"code\":\"403\",\"message\":\"A Virtual "
		  "Network "
		  "is configured for this resource. Please\"}}",
		  VP_REFUSAL_UNKNOWN, VP_CERTAINTY_SINGLE, "ai-wrong-endpoint",
		  "A Virtual Network is configured for this resource. Please" },
		{ VP_KIND_OTHER, STATUS("403") "\r\n", "", VP_REFUSAL_UNKNOWN,
		  VP_CERTAINTY_INFERRED, "forbidden", NULL },
		{ VP_KIND_OTHER, STATUS("200") "\r\n", "", VP_REFUSAL_NONE,
		  VP_CERTAINTY_VERIFIED, "answers", NULL },
	};
	struct vp_arena *arena = vp_arena_create();
	struct vp_http_facts f;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		read_text(&f, arena, cases[i].kind, cases[i].headers,
		          cases[i].body);
		same(cases[i].rule, "rule", f.rule, cases[i].rule);
		same(cases[i].rule, "refused by", vp_refusal_name(f.refused_by),
		     vp_refusal_name(cases[i].by));
		same(cases[i].rule, "certainty", vp_certainty_name(f.certainty),
		     vp_certainty_name(cases[i].certainty));
		same(cases[i].rule, "words", f.said, cases[i].said);
	}
	vp_arena_destroy(arena);
}

/* The words of a stranger: cut, escaped in odd ways, very long. */
static void words(void **state)
{
	static const struct {
		const char *body, *said;
	} cases[] = {
		{ "{\"message\":\"a\\u0041\\u00e9\\uD83D\\n\\t\\\\\"}",
		  "aA??  \\" },
		{ "{\"message\":\"cut \\u00", "cut ?" },
		{ "{\"message\":\"cut \\", "cut \\" },
		{ "{\"message\":7}", NULL },
		{ "{\"message\":\"\"}", NULL },
		{ "<Message>x", "x" },
		{ "<Message></Message>", NULL },
	};
	struct vp_arena *arena = vp_arena_create();
	char long_text[1000];
	struct vp_http_facts f;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		read_text(&f, arena, VP_KIND_OTHER, STATUS("403") "\r\n",
		          cases[i].body);
		same(cases[i].body, "words", f.said, cases[i].said);
	}
	memset(long_text, 'x', sizeof(long_text));
	memcpy(long_text, "{\"message\":\"", 12);
	long_text[sizeof(long_text) - 1] = '\0';
	read_text(&f, arena, VP_KIND_OTHER, STATUS("403") "\r\n", long_text);
	assert_int_equal(strlen(f.said), 200);
	vp_arena_destroy(arena);
}

/* Claims rest on what was verified; what is no claim says so. */
static void table(void **state)
{
	size_t n;
	const struct vp_signature_row *r = vp_signature_rows(&n);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		bool claims = r[i].signature != VP_SIGNATURE_REACHED ||
		              r[i].refused_by == VP_REFUSAL_NETWORK ||
		              r[i].refused_by == VP_REFUSAL_CREDENTIALS;

		if (claims && r[i].certainty != VP_CERTAINTY_VERIFIED)
			fail_msg("%s claims what was not verified", r[i].id);
		if ((r[i].signature == VP_SIGNATURE_DENIED) !=
		    (r[i].refused_by == VP_REFUSAL_NETWORK))
			fail_msg("%s: denied by what?", r[i].id);
		assert_true(r[i].kinds != 0 && r[i].source[0] != '\0');
		assert_true(strlen(r[i].meaning) > 0);
		assert_ptr_equal(vp_signature_row(r[i].id), &r[i]);
	}
	assert_null(vp_signature_row("no-such-row"));
	assert_null(vp_signature_row(NULL));
	/* The last one takes everything that is left. */
	assert_true(r[n - 1].kinds == ~UINT64_C(0) && r[n - 1].status == NULL &&
	            r[n - 1].header == NULL && r[n - 1].code == NULL &&
	            r[n - 1].text == NULL);
}

static void requests(void **state)
{
	(void)state;
	for (int k = 0; k < VP_KIND_COUNT; k++)
		assert_int_equal(vp_signature_path((enum vp_kind)k)[0], '/');
	assert_string_equal(vp_signature_path(VP_KIND_VAULT), "/healthstatus");
	assert_string_equal(vp_signature_path(VP_KIND_BLOB), "/?comp=list");
	assert_string_equal(vp_signature_path(VP_KIND_REGISTRY), "/v2/");
	assert_string_equal(vp_signature_request_header(VP_KIND_BLOB),
	                    "x-ms-version: 2021-12-02");
	assert_null(vp_signature_request_header(VP_KIND_VAULT));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers),   cmocka_unit_test(prefixes),
		cmocka_unit_test(nul_bytes), cmocka_unit_test(callers),
		cmocka_unit_test(refusals),  cmocka_unit_test(words),
		cmocka_unit_test(table),     cmocka_unit_test(requests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
