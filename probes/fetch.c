/* fetch.c - see vnetprobe/fetch.h. */
#include "vnetprobe/fetch.h"

#include <curl/curl.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#define HEADERS_MAX (32u * 1024)
#define RETRY_MAX 3600

struct vp_fetcher {
	CURL *easy;
	struct vp_fetch_result *result; /* of the one under way */
	size_t max_bytes, headers, size;
	enum vp_fetch_outcome refused; /* by us, in a callback */
};

const char *vp_fetch_text(enum vp_fetch_outcome o)
{
	static const char *const texts[] = {
#define X(id, text) text,
		VP_FETCHES(X)
#undef X
	};

	return (size_t)o < sizeof(texts) / sizeof(*texts) ? texts[o] : "?";
}

/* --- memory -----------------------------------------------------------------
 */

void *vp_wiping_malloc(size_t size)
{
	return malloc(size);
}

void vp_wiping_free(void *p)
{
	if (p != NULL)
		explicit_bzero(p, malloc_usable_size(p));
	free(p);
}

static void *wiping_realloc(void *p, size_t size)
{
	size_t old = p != NULL ? malloc_usable_size(p) : 0;
	void *next = malloc(size);

	if (next == NULL)
		return NULL;
	if (p != NULL)
		memcpy(next, p, old < size ? old : size);
	vp_wiping_free(p);
	return next;
}

static char *plain_strdup(const char *s)
{
	return strdup(s);
}

static void *plain_calloc(size_t n, size_t size)
{
	return calloc(n, size);
}

/* --- what libcurl calls ------------------------------------------------------
 */

/* A header's value, if it is that header. */
static bool header_value(const char *data, size_t n, const char *name,
                         char out[64])
{
	size_t len = strlen(name), used = 0;

	if (n <= len || strncasecmp(data, name, len) != 0 || data[len] != ':')
		return false;
	for (len++; len < n && (data[len] == ' ' || data[len] == '\t'); len++)
		;
	for (; len < n && used < 63 && data[len] != '\r' && data[len] != '\n';
	     len++)
		out[used++] = data[len];
	out[used] = '\0';
	return true;
}

static size_t on_header(char *data, size_t size, size_t n, void *arg)
{
	struct vp_fetcher *f = arg;
	char value[64];

	n *= size;
	f->headers += n;
	if (f->headers > HEADERS_MAX) {
		f->refused = VP_FETCH_HEADERS;
		return 0;
	}
	if (header_value(data, n, "content-encoding", value) &&
	    value[0] != '\0' && strcasecmp(value, "identity") != 0) {
		f->refused = VP_FETCH_ENCODING;
		return 0;
	}
	if (header_value(data, n, "retry-after", value)) {
		unsigned long s = strtoul(value, NULL, 10); /* a date: 0 */

		f->result->retry_after_s =
			s < RETRY_MAX ? (unsigned)s : RETRY_MAX;
	}
	return n;
}

static size_t on_body(char *data, size_t size, size_t n, void *arg)
{
	struct vp_fetcher *f = arg;
	struct vp_fetch_result *r = f->result;

	n *= size;
	if (n > f->max_bytes - r->len) {
		f->refused = VP_FETCH_SIZE;
		return 0;
	}
	if (r->len + n + 1 > f->size) {
		size_t want = (r->len + n + 1) * 2;
		char *more = wiping_realloc(r->body, want);

		if (more == NULL)
			return 0;
		r->body = more;
		f->size = want;
	}
	memcpy(r->body + r->len, data, n);
	r->len += n;
	r->body[r->len] = '\0';
	return n;
}

/* Closed by RST: nothing of this conversation is on the wire afterwards, when
 * a capture looks. */
static int on_socket(void *arg, curl_socket_t fd, curlsocktype purpose)
{
	const struct linger now = { 1, 0 };

	(void)arg, (void)purpose;
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	return CURL_SOCKOPT_OK;
}

/* --- one after another
 * -------------------------------------------------------- */

static void configure(struct vp_fetcher *f, const char *ca_file)
{
	CURL *e = f->easy;

	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_NOPROGRESS, 1L);
	curl_easy_setopt(e, CURLOPT_HTTPGET, 1L);
	curl_easy_setopt(e, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(e, CURLOPT_USERAGENT, "vnetprobe/" VP_VERSION);
	curl_easy_setopt(e, CURLOPT_PROXY, "");
	curl_easy_setopt(e, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(e, CURLOPT_NETRC, CURL_NETRC_IGNORED);
	curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(e, CURLOPT_SOCKOPTFUNCTION, on_socket);
	curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(e, CURLOPT_HEADERDATA, f);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, f);
#if LIBCURL_VERSION_NUM >= 0x075500
	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
#else
	curl_easy_setopt(e, CURLOPT_PROTOCOLS,
	                 (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
	if (ca_file != NULL) {
		curl_easy_setopt(e, CURLOPT_CAINFO, ca_file);
		curl_easy_setopt(e, CURLOPT_CAPATH, NULL);
	}
}

struct vp_fetcher *vp_fetcher_create(const char *ca_file)
{
	struct vp_fetcher *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return NULL;
	curl_global_init_mem(CURL_GLOBAL_DEFAULT, vp_wiping_malloc,
	                     vp_wiping_free, wiping_realloc, plain_strdup,
	                     plain_calloc);
	f->easy = curl_easy_init();
	if (f->easy == NULL) {
		free(f);
		return NULL;
	}
	configure(f, ca_file);
	return f;
}

void vp_fetcher_destroy(struct vp_fetcher *f)
{
	if (f == NULL)
		return;
	curl_easy_cleanup(f->easy);
	curl_global_cleanup();
	free(f);
}

static enum vp_fetch_outcome outcome_of(const struct vp_fetcher *f, CURLcode rc)
{
	if (f->refused != VP_FETCH_OK)
		return f->refused;
	switch (rc) {
	case CURLE_OK:
		return VP_FETCH_OK;
	case CURLE_OPERATION_TIMEDOUT:
		return VP_FETCH_TIMEOUT;
	case CURLE_COULDNT_RESOLVE_HOST:
		return VP_FETCH_NAME;
	case CURLE_COULDNT_CONNECT:
		return VP_FETCH_CONNECT;
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
		return VP_FETCH_TLS;
	case CURLE_OUT_OF_MEMORY: /* libcurl's word for a line over 100 KiB */
#if LIBCURL_VERSION_NUM >= 0x080600
	case CURLE_TOO_LARGE:
#endif
		return VP_FETCH_HEADERS;
	default:
		return VP_FETCH_BROKEN;
	}
}

void vp_fetch(struct vp_fetcher *f, const struct vp_fetch_request *request,
              struct vp_fetch_result *result)
{
	struct curl_slist *headers = NULL;
	CURLcode rc;

	*result = (struct vp_fetch_result){ 0 };
	f->result = result;
	f->max_bytes = request->max_bytes;
	f->headers = f->size = 0;
	f->refused = VP_FETCH_OK;
	for (size_t i = 0;
	     request->headers != NULL && request->headers[i] != NULL; i++)
		headers = curl_slist_append(headers, request->headers[i]);
	curl_easy_setopt(f->easy, CURLOPT_URL, request->url);
	curl_easy_setopt(f->easy, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(f->easy, CURLOPT_TIMEOUT_MS,
	                 (long)request->timeout_ms);
	curl_easy_setopt(f->easy, CURLOPT_CONNECTTIMEOUT_MS,
	                 (long)request->timeout_ms);
	rc = curl_easy_perform(f->easy);
	result->outcome = outcome_of(f, rc);
	if (result->outcome == VP_FETCH_OK)
		curl_easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE,
		                  &result->status);
	if (result->status >= 300 && result->status < 400)
		result->outcome = VP_FETCH_REDIRECT;
	curl_easy_setopt(f->easy, CURLOPT_HTTPHEADER, NULL);
	for (struct curl_slist *h = headers; h != NULL; h = h->next)
		explicit_bzero(h->data, strlen(h->data));
	curl_slist_free_all(headers);
	f->result = NULL;
}

void vp_fetch_end(struct vp_fetch_result *result)
{
	vp_wiping_free(result->body);
	result->body = NULL;
	result->len = 0;
}
