/*
 * https_easy.c - libcurl's side of an attempt: options, callbacks, results.
 *
 * libcurl gets a socket that is connected already, judges no certificate,
 * resolves no name, follows nothing and keeps nothing. Headers are bounded at
 * HEADERS_MAX, and the transfer is ended once VP_HTTPS_BODY_MAX bytes of the
 * body were read.
 */
#include "https_slot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vnetprobe/signature.h"

#define HEADERS_MAX 16384
/* How long a body may take once the headers, which mostly suffice, are here. */
#define BODY_GRACE_MS 1000

/* --- what libcurl asks for --------------------------------------------- */

/* The socket is connected already; there is no second one. */
static curl_socket_t on_open_socket(void *arg, curlsocktype purpose,
                                    struct curl_sockaddr *address)
{
	struct vp_https_slot *s = arg;
	int fd = s->fd;

	(void)address;
	if (purpose != CURLSOCKTYPE_IPCXN || fd < 0)
		return CURL_SOCKET_BAD;
	s->taken = true;
	s->fd = -1;
	return fd;
}

static int on_socket_options(void *arg, curl_socket_t fd, curlsocktype purpose)
{
	(void)arg;
	(void)fd;
	(void)purpose;
	return CURL_SOCKOPT_ALREADY_CONNECTED;
}

static void on_handshake_done(void *arg)
{
	struct vp_https_slot *s = arg;
	struct vp_tls_facts *tls = &s->req->res.tls;

	tls->elapsed_us = vp_https_us_since(s->phase_began);
	if (tls->outcome == VP_OUTCOME_NONE)
		tls->outcome = VP_OUTCOME_PROTOCOL; /* no certificate came */
	s->phase = PHASE_HTTP;
	s->phase_began = uv_hrtime();
	vp_https_arm(s, s->pool->timeout_ms);
}

static CURLcode on_ssl_ctx(CURL *easy, void *ctx, void *arg)
{
	struct vp_https_slot *s = arg;

	(void)easy;
	s->handshake = (struct vp_handshake){
		.trust = s->pool->trust,
		.arena = s->req->arena,
		.name = s->req->name,
		.tls = &s->req->res.tls,
		.on_done = on_handshake_done,
		.arg = s,
	};
	vp_handshake_watch(&s->handshake, ctx);
	return CURLE_OK;
}

static bool headers_append(struct vp_https_slot *s, const char *data, size_t n)
{
	size_t size =
		s->headers_size != 0 ? s->headers_size : VP_HTTPS_HEADERS_FIRST;
	char *p;

	while (size < s->headers_len + n)
		size *= 2;
	if (size != s->headers_size) {
		p = realloc(s->headers, size);
		if (p == NULL) {
			s->could_not = UV_ENOMEM;
			return false;
		}
		s->headers = p;
		s->headers_size = size;
	}
	memcpy(s->headers + s->headers_len, data, n);
	s->headers_len += n;
	return true;
}

/* One line a call. Interim answers (1xx) come before the one that counts. */
static size_t on_header(char *data, size_t size, size_t n, void *arg)
{
	struct vp_https_slot *s = arg;
	long status = 0;

	n *= size;
	if (s->req->res.http.elapsed_us == 0)
		s->req->res.http.elapsed_us = vp_https_us_since(s->phase_began);
	s->headers_total += n;
	if (s->headers_total > HEADERS_MAX) {
		s->headers_flood = true;
		return 0;
	}
	if (s->headers_done)
		return n; /* trailers */
	if (n >= 5 && memcmp(data, "HTTP/", 5) == 0)
		s->headers_len = 0;
	if (!headers_append(s, data, n))
		return 0;
	if (data[0] != '\r' && data[0] != '\n')
		return n;
	curl_easy_getinfo(s->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status >= 200 || status == 101) {
		s->headers_done = true;
		vp_https_arm(s, s->pool->timeout_ms < BODY_GRACE_MS
		                        ? s->pool->timeout_ms
		                        : BODY_GRACE_MS);
	}
	return n;
}

static size_t on_body(char *data, size_t size, size_t n, void *arg)
{
	struct vp_https_slot *s = arg;
	size_t room = sizeof(s->body) - s->body_len;

	n *= size;
	if (n < room) {
		memcpy(s->body + s->body_len, data, n);
		s->body_len += n;
		return n;
	}
	memcpy(s->body + s->body_len, data, room);
	s->body_len += room;
	return 0; /* enough: ends the transfer */
}

/* Everything that is the same for all requests. */
static CURL *easy_create(struct vp_https_slot *s)
{
	CURL *e = curl_easy_init();

	if (e == NULL)
		return NULL;
	curl_easy_setopt(e, CURLOPT_PRIVATE, s);
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_NOPROGRESS, 1L);
	curl_easy_setopt(e, CURLOPT_HTTPGET, 1L);
	curl_easy_setopt(e, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(e, CURLOPT_USERAGENT, "vnetprobe/" VP_VERSION);
	curl_easy_setopt(e, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(e, CURLOPT_PROXY, "");
	curl_easy_setopt(e, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(e, CURLOPT_NETRC, CURL_NETRC_IGNORED);
	curl_easy_setopt(e, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(e, CURLOPT_FORBID_REUSE, 1L);
	curl_easy_setopt(e, CURLOPT_DNS_CACHE_TIMEOUT, 0L);
	curl_easy_setopt(e, CURLOPT_BUFFERSIZE, 4096L);
	/* A TLS request is copied into this before it is sent: 64 KiB a
	 * handle by default, of which a GET needs some hundred bytes. */
	curl_easy_setopt(e, CURLOPT_UPLOAD_BUFFERSIZE, 16384L);
#if LIBCURL_VERSION_NUM >= 0x075500
	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "https");
#else
	curl_easy_setopt(e, CURLOPT_PROTOCOLS, (long)CURLPROTO_HTTPS);
#endif
	/* We judge the chain ourselves (handshake.c): libcurl would read the
	 * CA bundle for each connection, and end it over a bad certificate. */
	curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 0L);
	curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 0L);
	curl_easy_setopt(e, CURLOPT_CAINFO, NULL);
	curl_easy_setopt(e, CURLOPT_CAPATH, NULL);
	curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(e, CURLOPT_SSL_SESSIONID_CACHE, 0L);
	curl_easy_setopt(e, CURLOPT_SSL_CTX_FUNCTION, on_ssl_ctx);
	curl_easy_setopt(e, CURLOPT_SSL_CTX_DATA, s);
	curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
	curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, s);
	curl_easy_setopt(e, CURLOPT_SOCKOPTFUNCTION, on_socket_options);
	curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(e, CURLOPT_HEADERDATA, s);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, s);
	return e;
}

/* What differs: where to, and as whom. */
int vp_https_easy_aim(struct vp_https_slot *s)
{
	const struct vp_https *r = s->req;
	bool six = strchr(r->name, ':') != NULL;
	char endpoint[VP_ENDPOINT_TEXT], pin[VP_ENDPOINT_TEXT + 2];
	char url[1024];
	int n;

	if (s->easy == NULL)
		s->easy = easy_create(s);
	if (s->easy == NULL)
		return UV_ENOMEM;
	n = snprintf(url, sizeof(url), "https://%s%s%s:%u%s", six ? "[" : "",
	             r->name, six ? "]" : "", r->remote.port, r->path);
	if (n < 0 || (size_t)n >= sizeof(url))
		return UV_ENAMETOOLONG;
	/* "any host, any port: go to this address": no name is resolved, and
	 * SNI and Host stay the URL's. */
	snprintf(pin, sizeof(pin), "::%s",
	         vp_endpoint_format(&r->remote, endpoint));
	s->connect_to = curl_slist_append(NULL, pin);
	if (s->connect_to == NULL)
		return UV_ENOMEM;
	if (curl_easy_setopt(s->easy, CURLOPT_URL, url) != CURLE_OK)
		return UV_ENOMEM;
	curl_easy_setopt(s->easy, CURLOPT_CONNECT_TO, s->connect_to);
	curl_easy_setopt(s->easy, CURLOPT_HTTPHEADER,
	                 vp_signature_request_header(r->kind) != NULL
	                         ? s->pool->storage_header
	                         : NULL);
	return 0;
}

/* --- what it says in the end ------------------------------------------- */

/* What libcurl's code means once the handshake was over. */
enum vp_outcome vp_https_http_outcome(const struct vp_https_slot *s,
                                      CURLcode result)
{
	if (s->headers_done)
		return VP_OUTCOME_OK; /* however the rest went */
	if (s->could_not != 0)
		return VP_OUTCOME_ERROR;
	if (s->headers_flood)
		return VP_OUTCOME_MALFORMED;
	switch (result) {
	case CURLE_UNSUPPORTED_PROTOCOL: /* no status line: "HTTP/0.9" */
		return VP_OUTCOME_PROTOCOL;
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_OUT_OF_MEMORY: /* libcurl's word for a line over 100 KiB */
		return VP_OUTCOME_MALFORMED;
	case CURLE_OK:
	case CURLE_GOT_NOTHING:
		return VP_OUTCOME_CLOSED;
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
		if (s->handshake.wire == VP_WIRE_RESET)
			return VP_OUTCOME_RESET;
		return s->handshake.wire == VP_WIRE_CLOSED
		               ? VP_OUTCOME_CLOSED
		               : VP_OUTCOME_PROTOCOL;
	default:
		return VP_OUTCOME_ERROR;
	}
}

enum vp_outcome vp_https_tls_outcome(const struct vp_https_slot *s,
                                     CURLcode result)
{
	if (!s->taken || result == CURLE_OUT_OF_MEMORY)
		return VP_OUTCOME_ERROR;
	if (result == CURLE_COULDNT_CONNECT)
		return VP_OUTCOME_RESET; /* it was connected */
	if (s->handshake.bio == NULL)
		return VP_OUTCOME_ERROR; /* it ended before the first byte */
	return vp_handshake_outcome(&s->handshake);
}
