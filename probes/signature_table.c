/*
 * signature_table.c - the answers of Azure's services, as rows.
 *
 * ACCEPTED, CREDENTIALS, DENIED and FOREIGN are claims about the service, so
 * they rest on rows whose pattern was verified; rows that were inferred, or are
 * common knowledge only, are REACHED and say at most that something refuses.
 * Specific rows stand above general ones. docs/signatures.md is made of them.
 */
#include "signature_table.h"

#include <string.h>

#define N_OF(a) (sizeof(a) / sizeof(*(a)))

#define K(kind) (UINT64_C(1) << VP_KIND_##kind)
#define STORAGE (K(BLOB) | K(FILE) | K(QUEUE) | K(TABLE) | K(DFS))
#define REGISTRIES (K(REGISTRY) | K(REGISTRY_DATA))
#define WORKSPACES (K(WORKSPACE) | K(WORKSPACE_CERT) | K(AML_REGISTRY))
#define STUDIO (K(NOTEBOOK) | K(COMPUTE_INSTANCE))

/* Storage answers as it did in 2009 unless a version is given: 404 where 401
 * NoAuthenticationInformation is meant. */
#define STORAGE_VERSION "x-ms-version: 2021-12-02"

static const struct vp_signature_request requests[] = {
	{ VP_KIND_VAULT, "/healthstatus", NULL, VP_CODE_INNER, "K1" },
	{ VP_KIND_BLOB, "/?comp=list", STORAGE_VERSION, VP_CODE_STORAGE,
	  "P11" },
	{ VP_KIND_FILE, "/?comp=list", STORAGE_VERSION, VP_CODE_STORAGE,
	  "P11" },
	{ VP_KIND_QUEUE, "/?comp=list", STORAGE_VERSION, VP_CODE_STORAGE,
	  "P11" },
	{ VP_KIND_TABLE, "/Tables", STORAGE_VERSION, VP_CODE_STORAGE, "P11" },
	{ VP_KIND_DFS, "/?resource=account", STORAGE_VERSION, VP_CODE_STORAGE,
	  "P11" },
	{ VP_KIND_REGISTRY, "/v2/", NULL, VP_CODE_JSON, "C1" },
	{ VP_KIND_REGISTRY_DATA, "/", NULL, VP_CODE_JSON, "R1" },
	{ VP_KIND_WORKSPACE, "/discovery", NULL, VP_CODE_JSON, "A10" },
	{ VP_KIND_WORKSPACE_CERT, "/", NULL, VP_CODE_JSON, "A10" },
	{ VP_KIND_AML_REGISTRY, "/discovery", NULL, VP_CODE_JSON, "A8" },
	{ VP_KIND_AI_SERVICES, "/openai/models?api-version=2024-10-21", NULL,
	  VP_CODE_JSON, "P1" },
	{ VP_KIND_SEARCH, "/", NULL, VP_CODE_JSON, "P1" },
	{ VP_KIND_ARM, "/", NULL, VP_CODE_JSON, "P1" },
};

#define VAULT_INFO "x-ms-keyvault-network-info"
#define STORAGE_OWN                                                            \
	"x-ms-request-id|x-ms-error-code|x-ms-version|"                        \
	"server: Microsoft-HTTPAPI/"
#define BEARER "www-authenticate:^Bearer "

#define ROW(id, service, kinds, status, header, code, text, sig, by, claim,    \
            source, meaning)                                                   \
	{                                                                      \
		id, service, kinds, status, header, code, text,                \
			VP_SIGNATURE_##sig, VP_REFUSAL_##by, meaning, source,  \
			VP_CERTAINTY_##claim                                   \
	}

static const struct vp_signature_row rows[] = {
	/* --- Key Vault: its answers carry the network-info header --------- */
	ROW("vault-firewall", "Key Vault", K(VAULT), "403", VAULT_INFO, NULL,
	    "ForbiddenByFirewall", DENIED, NETWORK, VERIFIED, "K1",
	    "the vault's firewall does not allow the address it saw"),
	ROW("vault-connection", "Key Vault", K(VAULT), "403", VAULT_INFO, NULL,
	    "ForbiddenByConnection", DENIED, NETWORK, VERIFIED, "K1",
	    "public access is off and the request came by no approved private "
	    "link"),
	ROW("vault-no-private-link", "Key Vault", K(VAULT), "403", VAULT_INFO,
	    NULL, "not an approved private link", DENIED, NETWORK, VERIFIED,
	    "K1", "the same in the words of older versions"),
	ROW("vault-healthy", "Key Vault", K(VAULT), "200", VAULT_INFO, NULL,
	    NULL, ACCEPTED, NONE, VERIFIED, "K1",
	    "the vault answers and tells the source it saw; /healthstatus "
	    "answers through its firewall too"),
	ROW("vault-challenge", "Key Vault", K(VAULT), "401", VAULT_INFO, NULL,
	    NULL, ACCEPTED, CREDENTIALS, VERIFIED, "K1",
	    "the vault asks for a token; its firewall decides after that, so "
	    "this says nothing of it"),
	ROW("vault-policy", "Key Vault", K(VAULT), "403", VAULT_INFO,
	    "ForbiddenByPolicy ForbiddenByRbac AccessDenied", NULL, REACHED,
	    UNKNOWN, UNVERIFIED, "(U)",
	    "the vault refuses, by its codes for want of rights"),
	ROW("vault-other", "Key Vault", K(VAULT), NULL, VAULT_INFO, NULL, NULL,
	    REACHED, NONE, VERIFIED, "K1", "some answer of the vault's own"),
	ROW("vault-front-end", "Key Vault", K(VAULT), "5xx", NULL, NULL, NULL,
	    REACHED, NONE, INFERRED, "(I)",
	    "the front end answers for a vault that does not"),
	ROW("vault-elsewhere", "Key Vault", K(VAULT), NULL,
	    "x-ms-keyvault-region|x-ms-keyvault-service-version", NULL, NULL,
	    REACHED, NONE, INFERRED, "(I)",
	    "an answer of the vault's own that lacks the network-info header"),
	ROW("vault-foreign", "Key Vault", K(VAULT), NULL, NULL, NULL, NULL,
	    FOREIGN, NONE, VERIFIED, "K1",
	    "no vault answers without its headers: another server, or the "
	    "answer was rewritten"),

	/* --- storage ------------------------------------------------------ */
	ROW("storage-firewall", "Storage", STORAGE, "403", STORAGE_OWN,
	    "AuthorizationFailure", NULL, DENIED, NETWORK, VERIFIED, "P11",
	    "the account's network rules do not allow the source: a request "
	    "without credentials has no others to fail"),
	ROW("storage-anonymous-off", "Storage", STORAGE, NULL, STORAGE_OWN,
	    "PublicAccessNotPermitted", NULL, ACCEPTED, CREDENTIALS, VERIFIED,
	    "P11",
	    "the account allows no anonymous reads, which it says only to "
	    "those it lets in"),
	ROW("storage-credentials", "Storage", STORAGE, "403", STORAGE_OWN,
	    "AuthorizationPermissionMismatch AuthorizationResourceTypeMismatch "
	    "AuthorizationServiceMismatch AuthorizationProtocolMismatch",
	    NULL, CREDENTIALS, CREDENTIALS, VERIFIED, "S2",
	    "refused for want of rights, and not by the network rules: what "
	    "was asked is beyond the caller's"),
	ROW("storage-authentication", "Storage", STORAGE, "403", STORAGE_OWN,
	    "AuthenticationFailed InsufficientAccountPermissions "
	    "KeyBasedAuthenticationNotPermitted",
	    NULL, REACHED, UNKNOWN, UNVERIFIED, "(U)",
	    "the account refuses, by its code for want of credentials"),
	ROW("storage-source-of-signature", "Storage", STORAGE, "403",
	    STORAGE_OWN, "AuthorizationSourceIPMismatch", NULL, REACHED,
	    UNKNOWN, INFERRED, "S2",
	    "a signature's own address range, not the account's firewall"),
	ROW("storage-challenge", "Storage", STORAGE, "401", STORAGE_OWN,
	    "NoAuthenticationInformation InvalidAuthenticationInfo", NULL,
	    ACCEPTED, CREDENTIALS, VERIFIED, "P11",
	    "the account lets this network in and asks for credentials"),
	ROW("storage-answers", "Storage", STORAGE, "2xx", STORAGE_OWN, NULL,
	    NULL, ACCEPTED, NONE, VERIFIED, "P11",
	    "the account answers this network"),
	ROW("storage-answers-code", "Storage", STORAGE, "400 401 404 409",
	    STORAGE_OWN, "*", NULL, ACCEPTED, NONE, VERIFIED, "P11",
	    "the account lets this network in: only the request does not suit "
	    "it"),
	ROW("storage-forbidden", "Storage", STORAGE, "403", STORAGE_OWN, NULL,
	    NULL, REACHED, UNKNOWN, INFERRED, "(I)",
	    "the account refuses; its code does not tell why"),
	ROW("storage-other", "Storage", STORAGE, NULL, STORAGE_OWN, NULL, NULL,
	    REACHED, NONE, INFERRED, "(I)", "some answer of the account's own"),
	ROW("storage-front-end", "Storage", K(BLOB), "5xx", NULL, NULL, NULL,
	    REACHED, NONE, INFERRED, "(I)",
	    "the front end answers for an account that does not"),
	ROW("blob-foreign", "Storage", K(BLOB), NULL, NULL, NULL, NULL, FOREIGN,
	    NONE, VERIFIED, "P11",
	    "no blob service answers without its headers: another server, or "
	    "the answer was rewritten"),

	/* --- container registry ------------------------------------------- */
	ROW("registry-firewall", "Container Registry", REGISTRIES, "403", NULL,
	    "DENIED", "client with IP ", DENIED, NETWORK, VERIFIED, "C1",
	    "the registry's firewall refuses the address it quotes, before it "
	    "asks for credentials"),
	ROW("registry-denied", "Container Registry", K(REGISTRY), "403", NULL,
	    "DENIED", NULL, DENIED, NETWORK, VERIFIED, "C1",
	    "the registry refuses and names no address: whom it lets in, and "
	    "who sends no credentials, is asked for them instead"),
	ROW("registry-challenge", "Container Registry", K(REGISTRY), "401",
	    BEARER, NULL, NULL, ACCEPTED, CREDENTIALS, VERIFIED, "C1",
	    "the registry lets this network in and asks for credentials"),
	ROW("registry-open", "Container Registry", K(REGISTRY), "200",
	    "docker-distribution-api-version|" BEARER, NULL, NULL, ACCEPTED,
	    NONE, VERIFIED, "C1", "the registry answers this network"),
	ROW("registry-other", "Container Registry", K(REGISTRY), NULL,
	    "docker-distribution-api-version|" BEARER, NULL, NULL, REACHED,
	    NONE, INFERRED, "(I)", "some answer of the registry's own"),
	ROW("registry-front-end", "Container Registry", K(REGISTRY), "5xx",
	    NULL, NULL, NULL, REACHED, NONE, INFERRED, "(I)",
	    "the front end answers for a registry that does not"),
	ROW("registry-foreign", "Container Registry", K(REGISTRY), NULL, NULL,
	    NULL, NULL, FOREIGN, NONE, VERIFIED, "C1",
	    "no registry answers without its headers: another server, or a "
	    "page that blocks"),

	/* --- AI services -------------------------------------------------- */
	ROW("ai-public-access-off", "AI services", K(AI_SERVICES), "403", NULL,
	    NULL, "Public access is disabled", DENIED, NETWORK, VERIFIED, "G2",
	    "public access is off and the request did not come by a private "
	    "endpoint"),
	ROW("ai-network-rules", "AI services", K(AI_SERVICES), "403", NULL,
	    NULL, "Virtual Network/Firewall rules", DENIED, NETWORK, VERIFIED,
	    "G2", "the network rules do not allow the source"),
	ROW("ai-wrong-endpoint", "AI services", K(AI_SERVICES), "403", NULL,
	    NULL, "A Virtual Network is configured for this resource", REACHED,
	    UNKNOWN, SINGLE, "G2",
	    "network rules want the resource's own name, not the region's"),
	ROW("ai-challenge", "AI services", K(AI_SERVICES), "401", NULL, NULL,
	    NULL, ACCEPTED, CREDENTIALS, VERIFIED, "P1",
	    "credentials are asked for; refusals by network were seen for "
	    "calls with credentials, so this says little of the rules"),
	ROW("ai-forbidden", "AI services", K(AI_SERVICES), "403", NULL, NULL,
	    NULL, REACHED, UNKNOWN, INFERRED, "(I)",
	    "the service refuses and does not tell why"),

	/* --- workspace and Azure ML registry ------------------------------ */
	ROW("workspace-private-link", "Workspace", WORKSPACES, NULL, NULL, NULL,
	    "denied based on workspace private link configuration", DENIED,
	    NETWORK, VERIFIED, "G90426",
	    "the workspace wants its private endpoint, and the request came "
	    "past it; 403 and 502 were reported"),
	ROW("workspace-designated-link", "Workspace", WORKSPACES, NULL, NULL,
	    NULL, "accessible from outside of the designated private link",
	    DENIED, NETWORK, VERIFIED, "A8",
	    "workspace or registry want their private endpoint, and the "
	    "request came past it"),
	ROW("workspace-forbidden", "Workspace", WORKSPACES, "403", NULL, NULL,
	    NULL, REACHED, UNKNOWN, INFERRED, "(I)",
	    "the workspace refuses; without a token it does not tell why"),
	ROW("workspace-other", "Workspace", WORKSPACES, NULL, NULL, NULL, NULL,
	    REACHED, NONE, INFERRED, "(I)",
	    "401, 404 and 200 come by both paths: nothing is told by them"),

	/* --- what tells little -------------------------------------------- */
	ROW("studio-forbidden", "Notebooks, compute instances", STUDIO, "403",
	    NULL, NULL, NULL, REACHED, UNKNOWN, INFERRED, "(I)",
	    "refused, by the network rules or for want of a session"),
	ROW("studio-other", "Notebooks, compute instances", STUDIO, NULL, NULL,
	    NULL, NULL, REACHED, NONE, INFERRED, "(I)",
	    "the sign-in's redirect or a challenge: path and certificate"),
	ROW("search-forbidden", "AI Search", K(SEARCH), "403", NULL, NULL, NULL,
	    REACHED, UNKNOWN, UNVERIFIED, "(U)",
	    "refused, by the IP rules or for want of a key"),
	ROW("arm-challenge", "Resource Manager", K(ARM), "400 401",
	    "www-authenticate:^Bearer authorization_uri=", NULL, NULL, ACCEPTED,
	    CREDENTIALS, VERIFIED, "P1",
	    "the control plane is reached and asks for a token"),
	ROW("forbidden", "any other", ~UINT64_C(0), "403", NULL, NULL, NULL,
	    REACHED, UNKNOWN, INFERRED, "(I)",
	    "refused, and nothing is known of how this service says why"),
	ROW("answers", "any other", ~UINT64_C(0), NULL, NULL, NULL, NULL,
	    REACHED, NONE, VERIFIED, "RFC 9110",
	    "an HTTP answer: it proves TLS and path"),
};

const struct vp_signature_row *vp_signature_rows(size_t *n)
{
	*n = N_OF(rows);
	return rows;
}

const struct vp_signature_row *vp_signature_row(const char *id)
{
	for (size_t i = 0; id != NULL && i < N_OF(rows); i++) {
		if (strcmp(rows[i].id, id) == 0)
			return &rows[i];
	}
	return NULL;
}

const struct vp_signature_request *vp_signature_request(enum vp_kind kind)
{
	for (size_t i = 0; i < N_OF(requests); i++) {
		if (requests[i].kind == kind)
			return &requests[i];
	}
	return NULL;
}

const char *vp_signature_path(enum vp_kind kind)
{
	const struct vp_signature_request *r = vp_signature_request(kind);

	return r != NULL ? r->path : "/";
}

const char *vp_signature_request_header(enum vp_kind kind)
{
	const struct vp_signature_request *r = vp_signature_request(kind);

	return r != NULL ? r->header : NULL;
}
