/*
 * signature.c - reads a service's own answer: did it accept the path?
 *
 * One reader a family of services, each after its row in section 6 of the
 * documents (docs/sources.md). ACCEPTED, DENIED and FOREIGN are claims about
 * the service, so they rest only on what was verified there; an answer that no
 * row describes is REACHED, which claims nothing but TLS and path. Everything
 * read here was written by a stranger: spans with lengths, no NUL expected,
 * bounded loops.
 */
#include "vnetprobe/signature.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

/* Azure's codes are short words; ARM ids of private endpoints are longer. */
#define CODE_MAX 64
#define VALUE_MAX 512

struct span {
	const char *p;
	size_t len;
};

#define SPAN(text) ((struct span){ (text), sizeof(text) - 1 })

struct answer {
	struct span headers;
	struct span body;
	unsigned status;
};

/* --- spans ------------------------------------------------------------- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct span trim(struct span s)
{
	while (s.len > 0 && is_blank(s.p[0])) {
		s.p++;
		s.len--;
	}
	while (s.len > 0 && is_blank(s.p[s.len - 1]))
		s.len--;
	return s;
}

/* What stands before the first c in *rest; *rest goes on behind it. */
static struct span cut(struct span *rest, char c)
{
	struct span head = *rest;
	const char *at = rest->len > 0 ? memchr(rest->p, c, rest->len) : NULL;

	if (at == NULL) {
		rest->p += rest->len;
		rest->len = 0;
		return head;
	}
	head.len = (size_t)(at - head.p);
	rest->p = at + 1;
	rest->len -= head.len + 1;
	return head;
}

static bool equal_nocase(struct span a, struct span b)
{
	return a.len == b.len && strncasecmp(a.p, b.p, a.len) == 0;
}

static bool starts_nocase(struct span s, struct span with)
{
	return s.len >= with.len && strncasecmp(s.p, with.p, with.len) == 0;
}

static bool has(struct span s, struct span what)
{
	return s.len > 0 && memmem(s.p, s.len, what.p, what.len) != NULL;
}

/* What follows the first occurrence of what; false if there is none. */
static bool after(struct span s, struct span what, struct span *out)
{
	const char *at =
		s.len > 0 ? memmem(s.p, s.len, what.p, what.len) : NULL;

	if (at == NULL)
		return false;
	out->p = at + what.len;
	out->len = s.len - (size_t)(out->p - s.p);
	return true;
}

static char *keep(struct vp_arena *arena, struct span s, size_t max)
{
	const char *nul;

	if (s.len == 0 || s.len > max)
		return NULL;
	nul = memchr(s.p, '\0', s.len);
	if (nul != NULL)
		return NULL; /* a C string could not tell all of it */
	return vp_arena_strndup(arena, s.p, s.len);
}

/* --- the answer's parts ------------------------------------------------ */

/* The status code of "HTTP/1.1 200 OK" (RFC 9112 section 4), or 0. */
static unsigned read_status(struct span headers)
{
	struct span line = cut(&headers, '\n');
	struct span version = cut(&line, ' ');
	struct span code = trim(cut(&line, ' '));
	unsigned status = 0;

	if (!starts_nocase(version, SPAN("HTTP/")) || code.len != 3)
		return 0;
	for (size_t i = 0; i < 3; i++) {
		if (code.p[i] < '0' || code.p[i] > '9')
			return 0;
		status = status * 10 + (unsigned)(code.p[i] - '0');
	}
	return status >= 100 ? status : 0;
}

/* The value of the first header of this name; false if there is none. */
static bool header(const struct answer *a, struct span name, struct span *out)
{
	struct span rest = a->headers;

	cut(&rest, '\n'); /* the status line */
	while (rest.len > 0) {
		struct span value = cut(&rest, '\n');
		struct span key;

		if (memchr(value.p, ':', value.len) == NULL)
			continue;
		key = cut(&value, ':');
		if (!equal_nocase(key, name))
			continue;
		*out = trim(value);
		return true;
	}
	return false;
}

static bool has_header(const struct answer *a, struct span name)
{
	struct span value;

	return header(a, name, &value);
}

/*
 * The string value of the first "key" in a JSON text that may be cut off.
 * Codes have no escapes; a value that has some ends there and is not one.
 */
static struct span json_string(struct span body, struct span quoted_key)
{
	struct span none = { "", 0 }, rest, value;

	if (!after(body, quoted_key, &rest))
		return none;
	rest = trim(rest);
	if (rest.len == 0 || rest.p[0] != ':')
		return none;
	rest.p++;
	rest.len--;
	rest = trim(rest);
	if (rest.len == 0 || rest.p[0] != '"')
		return none;
	rest.p++;
	rest.len--;
	if (rest.len == 0 || memchr(rest.p, '"', rest.len) == NULL)
		return none;
	value = cut(&rest, '"');
	if (memchr(value.p, '\\', value.len) != NULL)
		return none;
	return value;
}

/*
 * An address at the start of s, as far as its characters go. Services write
 * IPv4 peers of dual-stack sockets as ::ffff:a.b.c.d.
 */
static struct vp_addr read_addr(struct span s)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	struct vp_addr a, none = { 0 };
	char text[VP_ADDR_TEXT];
	size_t n = 0;

	while (n < s.len && n < sizeof(text) - 1 && s.p[n] != '\0' &&
	       strchr("0123456789abcdefABCDEF.:", s.p[n]) != NULL)
		n++;
	memcpy(text, s.p, n);
	text[n] = '\0';
	if (vp_addr_parse(&a, text) != 0)
		return none;
	if (a.family == 6 && memcmp(a.bytes, mapped, sizeof(mapped)) == 0) {
		none.family = 4;
		memcpy(none.bytes, a.bytes + 12, 4);
		return none;
	}
	return a;
}

/* --- one reader a family ----------------------------------------------- */

/* conn_type=PrivateLink;private_endpoint=ARM-ID;addr=10.1.2.3;... (K1) */
static void read_network_info(struct vp_http_facts *out, struct vp_arena *arena,
                              struct span info)
{
	while (info.len > 0) {
		struct span value = cut(&info, ';');
		struct span key = trim(cut(&value, '='));

		value = trim(value);
		if (equal_nocase(key, SPAN("addr")))
			out->service_saw = read_addr(value);
		else if (equal_nocase(key, SPAN("conn_type")))
			out->connection_type = keep(arena, value, CODE_MAX);
		else if (equal_nocase(key, SPAN("private_endpoint")))
			out->private_endpoint = keep(arena, value, VALUE_MAX);
	}
}

/* The outer code is only "Forbidden"; the inner error has the reason. */
static bool vault_forbids(struct vp_http_facts *out, struct span body)
{
	static char *const reasons[] = {
		"ForbiddenByFirewall",
		"ForbiddenByConnection",
	};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (!has(body, (struct span){ reasons[i], strlen(reasons[i]) }))
			continue;
		out->service_code = reasons[i];
		return true;
	}
	return false;
}

static enum vp_signature read_vault(struct vp_http_facts *out,
                                    struct vp_arena *arena,
                                    const struct answer *a)
{
	struct span info;

	out->service_code =
		keep(arena, json_string(a->body, SPAN("\"code\"")), CODE_MAX);
	if (!header(a, SPAN("x-ms-keyvault-network-info"), &info)) {
		/* Every answer of the service itself has it; one of its load
		 * balancer (5xx) or of another path need not. */
		if (a->status >= 500 ||
		    has_header(a, SPAN("x-ms-keyvault-region")) ||
		    has_header(a, SPAN("x-ms-keyvault-service-version")))
			return VP_SIGNATURE_REACHED;
		return VP_SIGNATURE_FOREIGN;
	}
	read_network_info(out, arena, info);
	if (a->status == 403 && vault_forbids(out, a->body))
		return VP_SIGNATURE_DENIED;
	if (a->status == 200 || a->status == 401)
		return VP_SIGNATURE_ACCEPTED;
	return VP_SIGNATURE_REACHED;
}

static bool is_storage(const struct answer *a)
{
	struct span server;

	if (has_header(a, SPAN("x-ms-request-id")) ||
	    has_header(a, SPAN("x-ms-error-code")) ||
	    has_header(a, SPAN("x-ms-version")))
		return true;
	/* "Windows-Azure-Blob/1.0 Microsoft-HTTPAPI/2.0" */
	return header(a, SPAN("server"), &server) &&
	       has(server, SPAN("Microsoft-HTTPAPI/"));
}

static enum vp_signature read_storage(struct vp_http_facts *out,
                                      struct vp_arena *arena, enum vp_kind kind,
                                      const struct answer *a)
{
	struct span code = { "", 0 }, rest;

	if (!header(a, SPAN("x-ms-error-code"), &code)) {
		if (after(a->body, SPAN("<Code>"), &rest) &&
		    has(rest, SPAN("</Code>")))
			code = cut(&rest, '<');
		else
			code = json_string(a->body, SPAN("\"code\""));
	}
	out->service_code = keep(arena, code, CODE_MAX);
	/* Only blob's headers were verified; its siblings' were inferred. */
	if (!is_storage(a))
		return kind == VP_KIND_BLOB && a->status < 500
		               ? VP_SIGNATURE_FOREIGN
		               : VP_SIGNATURE_REACHED;
	if (a->status == 403 &&
	    equal_nocase(code, SPAN("AuthorizationFailure")))
		return VP_SIGNATURE_DENIED;
	/* 409 by the documents, 403 by one report: the account forbids
	 * anonymous reads, which it says only to those it lets in. */
	if (equal_nocase(code, SPAN("PublicAccessNotPermitted")))
		return VP_SIGNATURE_ACCEPTED;
	if (a->status / 100 == 2)
		return VP_SIGNATURE_ACCEPTED;
	if ((a->status == 400 || a->status == 401 || a->status == 404 ||
	     a->status == 409) &&
	    code.len > 0)
		return VP_SIGNATURE_ACCEPTED;
	return VP_SIGNATURE_REACHED;
}

/* "client with IP '20.1.2.3' is not allowed access"; the quote may come as
 * \u0027, the JSON escape of an apostrophe. */
static struct vp_addr registry_saw(struct span body)
{
	struct vp_addr none = { 0 };
	struct span rest;

	if (!after(body, SPAN("client with IP "), &rest))
		return none;
	if (starts_nocase(rest, SPAN("\\u0027")))
		rest = (struct span){ rest.p + 6, rest.len - 6 };
	else if (rest.len > 0 && (rest.p[0] == '\'' || rest.p[0] == '"'))
		rest = (struct span){ rest.p + 1, rest.len - 1 };
	return read_addr(rest);
}

/* Before authentication, so it is the registry's firewall that speaks (C1). */
static bool registry_denies(struct vp_http_facts *out, const struct answer *a,
                            struct span code)
{
	if (a->status != 403 || !equal_nocase(code, SPAN("DENIED")))
		return false;
	out->service_saw = registry_saw(a->body);
	return true;
}

static enum vp_signature read_registry_data(struct vp_http_facts *out,
                                            struct vp_arena *arena,
                                            const struct answer *a)
{
	struct span code = json_string(a->body, SPAN("\"code\""));

	out->service_code = keep(arena, code, CODE_MAX);
	return registry_denies(out, a, code) ? VP_SIGNATURE_DENIED
	                                     : VP_SIGNATURE_REACHED;
}

static enum vp_signature read_registry(struct vp_http_facts *out,
                                       struct vp_arena *arena,
                                       const struct answer *a)
{
	struct span code = json_string(a->body, SPAN("\"code\""));
	struct span challenge = { "", 0 };
	bool version = has_header(a, SPAN("docker-distribution-api-version"));
	bool bearer;

	out->service_code = keep(arena, code, CODE_MAX);
	header(a, SPAN("www-authenticate"), &challenge);
	bearer = starts_nocase(challenge, SPAN("Bearer "));
	if (registry_denies(out, a, code))
		return VP_SIGNATURE_DENIED;
	if (!version && !bearer)
		return a->status >= 500 ? VP_SIGNATURE_REACHED
		                        : VP_SIGNATURE_FOREIGN;
	if (a->status == 200 || (a->status == 401 && bearer))
		return VP_SIGNATURE_ACCEPTED;
	return VP_SIGNATURE_REACHED;
}

static enum vp_signature read_ai_services(struct vp_http_facts *out,
                                          struct vp_arena *arena,
                                          const struct answer *a)
{
	out->service_code =
		keep(arena, json_string(a->body, SPAN("\"code\"")), CODE_MAX);
	if (a->status == 403 &&
	    (has(a->body, SPAN("Public access is disabled")) ||
	     has(a->body, SPAN("Virtual Network/Firewall rules"))))
		return VP_SIGNATURE_DENIED;
	if (a->status == 401)
		return VP_SIGNATURE_ACCEPTED;
	return VP_SIGNATURE_REACHED;
}

/* Of 401, 404 and 200 none tells which way we came; only a refusal does, and
 * its status varies (403, 502 were reported). */
static enum vp_signature read_workspace(struct vp_http_facts *out,
                                        struct vp_arena *arena,
                                        const struct answer *a)
{
	out->service_code =
		keep(arena, json_string(a->body, SPAN("\"code\"")), CODE_MAX);
	if (has(a->body,
	        SPAN("denied based on workspace private link configuration")) ||
	    has(a->body, SPAN("accessible from outside of the designated "
	                      "private link")))
		return VP_SIGNATURE_DENIED;
	return VP_SIGNATURE_REACHED;
}

static enum vp_signature read_arm(const struct answer *a)
{
	struct span challenge = { "", 0 };

	header(a, SPAN("www-authenticate"), &challenge);
	if ((a->status == 400 || a->status == 401) &&
	    starts_nocase(challenge, SPAN("Bearer authorization_uri=")))
		return VP_SIGNATURE_ACCEPTED;
	return VP_SIGNATURE_REACHED;
}

/* --- by kind ----------------------------------------------------------- */

const char *vp_signature_path(enum vp_kind kind)
{
	switch (kind) {
	case VP_KIND_VAULT:
		return "/healthstatus";
	case VP_KIND_BLOB:
	case VP_KIND_FILE:
	case VP_KIND_QUEUE:
		return "/?comp=list";
	case VP_KIND_TABLE:
		return "/Tables";
	case VP_KIND_DFS:
		return "/?resource=account";
	case VP_KIND_REGISTRY:
		return "/v2/";
	case VP_KIND_WORKSPACE:
		return "/discovery";
	case VP_KIND_AI_SERVICES:
		return "/openai/models?api-version=2024-10-21";
	default:
		return "/";
	}
}

const char *vp_signature_request_header(enum vp_kind kind)
{
	switch (kind) {
	case VP_KIND_BLOB:
	case VP_KIND_FILE:
	case VP_KIND_QUEUE:
	case VP_KIND_TABLE:
	case VP_KIND_DFS:
		/* Without a version storage answers as it did in 2009: 404
		 * where 401 NoAuthenticationInformation is meant. */
		return "x-ms-version: 2021-12-02";
	default:
		return NULL;
	}
}

void vp_signature_read(struct vp_http_facts *out, struct vp_arena *arena,
                       enum vp_kind kind, const char *headers,
                       size_t headers_len, const char *body, size_t body_len)
{
	struct answer a = { { headers, headers_len }, { body, body_len }, 0 };

	a.status = read_status(a.headers);
	out->status = a.status;
	out->signature = VP_SIGNATURE_NONE;
	out->service_code = NULL;
	out->service_saw = (struct vp_addr){ 0 };
	out->connection_type = NULL;
	out->private_endpoint = NULL;
	if (a.status == 0)
		return;

	switch (kind) {
	case VP_KIND_VAULT:
		out->signature = read_vault(out, arena, &a);
		return;
	case VP_KIND_BLOB:
	case VP_KIND_FILE:
	case VP_KIND_QUEUE:
	case VP_KIND_TABLE:
	case VP_KIND_DFS:
		out->signature = read_storage(out, arena, kind, &a);
		return;
	case VP_KIND_REGISTRY:
		out->signature = read_registry(out, arena, &a);
		return;
	case VP_KIND_REGISTRY_DATA:
		out->signature = read_registry_data(out, arena, &a);
		return;
	case VP_KIND_AI_SERVICES:
		out->signature = read_ai_services(out, arena, &a);
		return;
	case VP_KIND_WORKSPACE:
	case VP_KIND_WORKSPACE_CERT:
		out->signature = read_workspace(out, arena, &a);
		return;
	case VP_KIND_ARM:
		out->signature = read_arm(&a);
		return;
	default:
		out->signature = VP_SIGNATURE_REACHED;
	}
}
