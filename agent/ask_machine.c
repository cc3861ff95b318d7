/*
 * ask_machine.c - the machine's metadata (IMDS) and its identity's token.
 *
 * Both are at link-local or loopback addresses, over plain HTTP by design: no
 * proxy, no redirect, and nothing but a number of an answer's status goes into
 * a note (docs/sources.md: G44314; A13, amlsecscan tests for MSI_ENDPOINT).
 */
#include "ask.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "vnetprobe/addr.h"

#define IMDS "http://169.254.169.254"
#define INSTANCE IMDS "/metadata/instance?api-version=2021-02-01"
#define TOKEN                                                                  \
	IMDS "/metadata/identity/oauth2/"                                      \
	     "token?api-version=2018-02-01&resource="
#define IMDS_TIME 2000
#define TOKEN_TIME 5000
#define INSTANCE_MAX (256u << 10)
#define TOKEN_ANSWER_MAX (64u << 10)

unsigned vp_ask_time(const struct vp_asker *a, unsigned max_ms)
{
	uint64_t now = vp_now_ms();

	if (now >= a->until_ms)
		return 0;
	return a->until_ms - now < max_ms ? (unsigned)(a->until_ms - now)
	                                  : max_ms;
}

static void get(struct vp_asker *a, const char *url, const char *header,
                const char *more, unsigned time_ms, size_t max,
                struct vp_fetch_result *r)
{
	const char *headers[] = { header, more, NULL };
	const struct vp_fetch_request request = {
		.url = url,
		.headers = headers,
		.timeout_ms = vp_ask_time(a, time_ms),
		.max_bytes = max,
	};

	*r = (struct vp_fetch_result){ .outcome = VP_FETCH_TIMEOUT };
	if (request.timeout_ms > 0)
		vp_fetch(a->fetcher, &request, r);
}

/* --- metadata
 * ------------------------------------------------------------------ */

void vp_ask_metadata(struct vp_asker *a)
{
	struct vp_fetch_result r;

	a->f->source = "IMDS";
	get(a, INSTANCE, "Metadata: true", NULL, IMDS_TIME, INSTANCE_MAX, &r);
	if (r.outcome != VP_FETCH_OK)
		vp_found_note(a->f, "%s", vp_fetch_text(r.outcome));
	else if (r.status != 200)
		vp_found_note(a->f, "it answers with status %ld", r.status);
	else
		vp_found_imds(a->f, r.body != NULL ? r.body : "", r.len);
	vp_fetch_end(&r);
}

/* --- the token
 * -------------------------------------------------------------------- */

bool vp_msi_endpoint_is_local(const char *url)
{
	static const char scheme[] = "http://";
	const char *at = url + sizeof(scheme) - 1;
	struct vp_endpoint e;
	char host[64];
	size_t n;

	if (strncmp(url, scheme, sizeof(scheme) - 1) != 0)
		return false;
	n = strcspn(at, "/");
	if (n == 0 || n >= sizeof(host) || at[n] != '/')
		return false;
	if (strpbrk(at, "@\\?#% \t\r\n") != NULL || strlen(url) > 200)
		return false;
	memcpy(host, at, n);
	host[n] = '\0';
	return vp_endpoint_parse(&e, host, 80) == 0 &&
	       vp_addr_scope(&e.addr, NULL, 0) == VP_SCOPE_LOOPBACK;
}

char *vp_token_of(const char *data, size_t len)
{
	static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz"
				       "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "0123456789-._~+/=";
	json_error_t error;
	json_t *root = json_loadb(data, len, 0, &error);
	const char *text =
		json_string_value(json_object_get(root, "access_token"));
	size_t n = text != NULL ? strlen(text) : 0;
	char *token = NULL;

	if (n >= 20 && n <= VP_TOKEN_MAX && strspn(text, alphabet) == n)
		token = strdup(text);
	json_decref(root);
	return token;
}

static void take_token(struct vp_asker *a, const struct vp_fetch_result *r,
                       const char *none)
{
	static const char bearer[] = "Authorization: Bearer ";
	size_t size;

	if (r->outcome != VP_FETCH_OK) {
		vp_found_note(a->f, "no token: %s", vp_fetch_text(r->outcome));
		return;
	}
	if (r->status != 200) {
		vp_found_note(a->f, "no token (status %ld)%s", r->status,
		              r->status >= 400 && r->status < 404 ? none : "");
		return;
	}
	a->secrets[0] = vp_token_of(r->body != NULL ? r->body : "", r->len);
	if (a->secrets[0] == NULL) {
		vp_found_note(a->f, "no token: its answer has none");
		return;
	}
	size = sizeof(bearer) + strlen(a->secrets[0]);
	a->header = malloc(size);
	if (a->header != NULL)
		snprintf(a->header, size, "%s%s", bearer, a->secrets[0]);
}

static bool is_client_id(const char *text)
{
	return text != NULL && strlen(text) == 36 &&
	       strspn(text, "0123456789abcdefABCDEF-") == 36;
}

/* The agent on a compute instance. */
static void ask_agent(struct vp_asker *a, const char *endpoint)
{
	const char *client = a->s->identity_client_id != NULL
	                             ? a->s->identity_client_id
	                             : getenv("DEFAULT_IDENTITY_CLIENT_ID");
	const char *secret = getenv("MSI_SECRET");
	struct vp_fetch_result r;
	char url[512], *header;
	size_t size;

	a->f->source = "MSI_ENDPOINT";
	if (!vp_msi_endpoint_is_local(endpoint)) {
		vp_found_note(a->f, "it is not on this machine: nothing is "
		                    "sent there");
		return;
	}
	if (strlen(secret) > 1024 || strpbrk(secret, "\r\n") != NULL) {
		vp_found_note(a->f, "MSI_SECRET cannot be one");
		return;
	}
	a->secrets[1] = strdup(secret);
	size = strlen(secret) + sizeof("secret: ");
	header = malloc(size);
	if (header == NULL || a->secrets[1] == NULL) {
		free(header);
		return;
	}
	snprintf(header, size, "secret: %s", secret);
	snprintf(url, sizeof(url),
	         "%s?api-version=2017-09-01&resource=https://%s/%s%s", endpoint,
	         a->arm, is_client_id(client) ? "&clientid=" : "",
	         is_client_id(client) ? client : "");
	get(a, url, header, "Metadata: true", TOKEN_TIME, TOKEN_ANSWER_MAX, &r);
	take_token(a, &r, ": this instance has no identity that may");
	explicit_bzero(header, size);
	free(header);
	vp_fetch_end(&r);
}

void vp_token_url(char *out, size_t size, const char *arm, const char *client)
{
	snprintf(out, size, "%shttps://%s/%s%s", TOKEN, arm,
	         client != NULL ? "&client_id=" : "",
	         client != NULL ? client : "");
}

static void ask_imds(struct vp_asker *a)
{
	struct vp_fetch_result r;
	char url[256];

	a->f->source = "IMDS";
	vp_token_url(url, sizeof(url), a->arm, a->s->identity_client_id);
	get(a, url, "Metadata: true", NULL, TOKEN_TIME, TOKEN_ANSWER_MAX, &r);
	take_token(a, &r,
	           a->s->identity_client_id != NULL
	                   ? ": this machine has no managed identity with "
	                     "that client id, or none at all"
	                   : ": this machine has no managed identity (az vm "
	                     "identity assign gives it one), or several, and "
	                     "--identity-client-id has to say which");
	vp_fetch_end(&r);
}

bool vp_ask_token(struct vp_asker *a)
{
	const char *endpoint = getenv("MSI_ENDPOINT");

	if (endpoint != NULL && *endpoint != '\0' &&
	    getenv("MSI_SECRET") != NULL)
		ask_agent(a, endpoint);
	else
		ask_imds(a);
	return a->header != NULL;
}

/* Any piece of so many bytes, wherever it begins. */
static bool has_piece(const char *text, size_t len, const char *secret,
                      size_t n, size_t piece)
{
	if (n < piece)
		return n > 0 && memmem(text, len, secret, n) != NULL;
	for (size_t i = 0; i + piece <= n; i++) {
		if (memmem(text, len, secret + i, piece) != NULL)
			return true;
	}
	return false;
}

/* Names lose their case on their way; and, with packed, dots, hyphens and
 * quotes count for nothing: a secret may stand there in labels. */
static char *fold(const char *text, size_t len, bool packed, size_t *n)
{
	char *out = malloc(len + 1);

	*n = 0;
	for (size_t i = 0; out != NULL && i < len; i++) {
		if (!packed || isalnum((unsigned char)text[i]))
			out[(*n)++] = (char)tolower((unsigned char)text[i]);
	}
	if (out != NULL)
		out[*n] = '\0';
	return out;
}

static char *hex(const char *text, size_t len)
{
	char *out = malloc(2 * len + 1);

	for (size_t i = 0; out != NULL && i < len; i++)
		snprintf(out + 2 * i, 3, "%02x", (unsigned char)text[i]);
	return out;
}

static char *base64(const char *text, size_t len)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	char *out = malloc((len + 2) / 3 * 4 + 1), *p = out;

	for (size_t i = 0; out != NULL && i + 3 <= len; i += 3) {
		unsigned v = (unsigned)(unsigned char)text[i] << 16 |
		             (unsigned)(unsigned char)text[i + 1] << 8 |
		             (unsigned char)text[i + 2];

		for (int shift = 18; shift >= 0; shift -= 6)
			*p++ = digits[v >> shift & 63];
	}
	if (out != NULL)
		*p = '\0';
	return out;
}

struct haystack {
	char *text;
	size_t len;
	bool packed;
};

/* Looks for one form of a secret, and wipes it. Without memory, it is there. */
static bool has_form(const struct haystack *h, char *form, size_t piece)
{
	size_t n = 0;
	char *secret =
		form != NULL ? fold(form, strlen(form), h->packed, &n) : NULL;
	bool has =
		secret == NULL || has_piece(h->text, h->len, secret, n, piece);

	vp_wiping_free(secret);
	if (form != NULL)
		explicit_bzero(form, strlen(form));
	free(form);
	return has;
}

/* Twelve bytes of it: as they are, in hex, and in base64 from each of the three
 * ways in which they can fall. */
static bool has_any(const struct haystack *h, const char *secret)
{
	size_t n = strlen(secret);

	if (has_form(h, strdup(secret), 12))
		return true;
	if (!h->packed || n < 12)
		return false;
	if (has_form(h, hex(secret, n), 24))
		return true;
	for (size_t i = 0; i < 3; i++) {
		if (has_form(h, base64(secret + i, n - i), 12))
			return true;
	}
	return false;
}

bool vp_has_secret(const char *text, size_t len, const char *secret)
{
	bool has = false;

	if (secret == NULL || *secret == '\0')
		return false;
	for (int packed = 0; packed < 2 && !has; packed++) {
		struct haystack h = { .packed = packed != 0 };

		h.text = fold(text, len, h.packed, &h.len);
		has = h.text == NULL || has_any(&h, secret);
		vp_wiping_free(h.text);
	}
	return has;
}
