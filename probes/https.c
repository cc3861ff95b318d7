/*
 * https.c - TCP, TLS and one HTTP request, each with its own outcome and time.
 *
 * The three phases of an attempt, and who runs them:
 *
 *	TCP	vp_tcp connects; its result, time and local end are its own.
 *	TLS	libcurl gets the connected socket (CURLOPT_OPENSOCKETFUNCTION
 *		and CURL_SOCKOPT_ALREADY_CONNECTED) and begins the handshake,
 *		which handshake.c watches.
 *	HTTP	from the end of the handshake to the end of what is read: the
 *		headers and at most BODY_MAX bytes of the body.
 *
 * So libcurl's single connect timeout, its error codes that lump TCP and TLS
 * together, and its choice of address do not come in between. One timer a slot
 * bounds each phase.
 *
 * A slot is one attempt's place: easy handle, timer, buffers. It is used again
 * and again and freed with the pool, because libcurl may close a connection
 * some time after its transfer ended, and what watches the TLS of that
 * connection points at the slot.
 */
#include "vnetprobe/https.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "curl_loop.h"
#include "handshake.h"
#include "vnetprobe/signature.h"
#include "vnetprobe/tcp.h"

#define DEFAULT_TIMEOUT_MS 5000
#define DEFAULT_CONCURRENT 64
#define HEADERS_FIRST 1024
#define HEADERS_MAX 16384
#define BODY_MAX 2048
/* How long a body may take once the headers, which mostly suffice, are here. */
#define BODY_GRACE_MS 1000

enum phase {
	PHASE_FREE,
	PHASE_TCP,
	PHASE_TLS,
	PHASE_HTTP,
};

/* A request from start to report. */
struct vp_https {
	struct vp_https *next;
	struct vp_arena *arena;
	struct vp_endpoint remote;
	enum vp_kind kind;
	vp_https_cb *cb;
	void *arg;
	struct vp_https_result res;
	const char *path;
	char name[]; /* and the path behind it */
};

struct slot {
	struct vp_https_pool *pool;
	struct slot *next_free;
	struct vp_https *req; /* NULL: free */
	enum phase phase;
	struct vp_tcp *tcp;
	uv_timer_t timer;
	CURL *easy;
	bool adding; /* easy is in the multi handle */
	struct curl_slist *connect_to;
	struct vp_handshake handshake;
	int fd;               /* -1: none, or libcurl has it */
	bool taken;           /* libcurl got it */
	int could_not;        /* our own errno: the attempt ends as ERROR */
	uint64_t phase_began; /* uv_hrtime() */
	char *headers;
	size_t headers_len, headers_size;
	size_t headers_total; /* of all responses, 1xx included */
	bool headers_done, headers_flood;
	size_t body_len;
	char body[BODY_MAX];
	char error[CURL_ERROR_SIZE];
};

struct vp_https_pool {
	uv_loop_t *loop;
	struct vp_curl_loop *curl;
	struct vp_trust *trust;
	struct curl_slist *storage_header;
	unsigned timeout_ms;
	size_t max_slots, n_slots;
	struct slot **slots;
	struct slot *free_slots;
	struct vp_https *first, **last; /* waiting, in order */
	size_t open;                    /* handles not closed yet */
	bool destroyed;
};

static void pump(struct vp_https_pool *p);

static uint64_t us_since(uint64_t t0)
{
	return (uv_hrtime() - t0) / 1000;
}

/* --- the end of an attempt --------------------------------------------- */

/* Gives everything back that belongs to one attempt; the slot stays. */
static void clear(struct slot *s)
{
	vp_handshake_forget(&s->handshake);
	vp_tcp_destroy(s->tcp);
	s->tcp = NULL;
	if (s->adding)
		vp_curl_loop_remove(s->pool->curl, s->easy);
	s->adding = false;
	uv_timer_stop(&s->timer); /* ending a transfer may still call back */
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
	curl_slist_free_all(s->connect_to);
	s->connect_to = NULL;
	if (s->headers_size > HEADERS_FIRST) {
		free(s->headers);
		s->headers = NULL;
		s->headers_size = 0;
	}
	s->phase = PHASE_FREE;
	s->req = NULL;
}

/* The owner may destroy the pool in cb: it is freed by the loop, later. */
static void finish(struct slot *s)
{
	struct vp_https_pool *p = s->pool;
	struct vp_https *req = s->req;

	if (s->headers_done)
		vp_signature_read(&req->res.http, req->arena, req->kind,
		                  s->headers, s->headers_len, s->body,
		                  s->body_len);
	clear(s);
	s->next_free = p->free_slots;
	p->free_slots = s;
	req->cb(&req->res, req->arg);
	free(req);
	if (!p->destroyed)
		pump(p);
}

/* What libcurl's code means once the handshake was over. */
static enum vp_outcome http_outcome(const struct slot *s, CURLcode result)
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

static enum vp_outcome tls_outcome(const struct slot *s, CURLcode result)
{
	if (!s->taken || result == CURLE_OUT_OF_MEMORY)
		return VP_OUTCOME_ERROR;
	if (result == CURLE_COULDNT_CONNECT)
		return VP_OUTCOME_RESET; /* it was connected */
	if (s->handshake.bio == NULL)
		return VP_OUTCOME_ERROR; /* it ended before the first byte */
	return vp_handshake_outcome(&s->handshake);
}

static void on_transfer_done(CURL *easy, CURLcode result, void *arg)
{
	struct slot *s = NULL;
	struct vp_https_result *res;

	(void)arg;
	curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&s);
	s->adding = false;
	if (s->req == NULL)
		return;
	res = &s->req->res;
	if (s->phase == PHASE_TLS) {
		res->tls.outcome = tls_outcome(s, result);
		res->tls.elapsed_us = us_since(s->phase_began);
	} else {
		res->http.outcome = http_outcome(s, result);
		if (res->http.elapsed_us == 0)
			res->http.elapsed_us = us_since(s->phase_began);
	}
	finish(s);
}

static void on_phase_timeout(uv_timer_t *h)
{
	struct slot *s = h->data;
	struct vp_https_result *res = &s->req->res;
	curl_off_t first_byte = 0;

	switch (s->phase) {
	case PHASE_TCP: /* no attempt could be made: see start_tcp() */
		res->tcp = vp_outcome_from_errno(s->could_not);
		break;
	case PHASE_TLS:
		if (s->could_not != 0)
			res->tls.outcome = VP_OUTCOME_ERROR;
		else
			res->tls.outcome = s->handshake.spoke
			                           ? VP_OUTCOME_TIMEOUT
			                           : VP_OUTCOME_SILENT;
		res->tls.elapsed_us = us_since(s->phase_began);
		break;
	default:
		curl_easy_getinfo(s->easy, CURLINFO_STARTTRANSFER_TIME_T,
		                  &first_byte);
		if (s->headers_done)
			res->http.outcome = VP_OUTCOME_OK;
		else
			res->http.outcome = first_byte > 0 ? VP_OUTCOME_TIMEOUT
			                                   : VP_OUTCOME_SILENT;
		if (res->http.elapsed_us == 0)
			res->http.elapsed_us = us_since(s->phase_began);
	}
	finish(s);
}

static void arm(struct slot *s, unsigned ms)
{
	uv_update_time(s->pool->loop);
	uv_timer_start(&s->timer, on_phase_timeout, ms, 0);
}

/* --- what libcurl asks for --------------------------------------------- */

/* The socket is connected already; there is no second one. */
static curl_socket_t on_open_socket(void *arg, curlsocktype purpose,
                                    struct curl_sockaddr *address)
{
	struct slot *s = arg;
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
	struct slot *s = arg;
	struct vp_tls_facts *tls = &s->req->res.tls;

	tls->elapsed_us = us_since(s->phase_began);
	if (tls->outcome == VP_OUTCOME_NONE)
		tls->outcome = VP_OUTCOME_PROTOCOL; /* no certificate came */
	s->phase = PHASE_HTTP;
	s->phase_began = uv_hrtime();
	arm(s, s->pool->timeout_ms);
}

static CURLcode on_ssl_ctx(CURL *easy, void *ctx, void *arg)
{
	struct slot *s = arg;

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

static bool headers_append(struct slot *s, const char *data, size_t n)
{
	size_t size = s->headers_size != 0 ? s->headers_size : HEADERS_FIRST;
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
	struct slot *s = arg;
	long status = 0;

	n *= size;
	if (s->req->res.http.elapsed_us == 0)
		s->req->res.http.elapsed_us = us_since(s->phase_began);
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
		arm(s, s->pool->timeout_ms < BODY_GRACE_MS ? s->pool->timeout_ms
		                                           : BODY_GRACE_MS);
	}
	return n;
}

static size_t on_body(char *data, size_t size, size_t n, void *arg)
{
	struct slot *s = arg;
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

/* --- the way of an attempt --------------------------------------------- */

/* Everything that is the same for all requests. */
static CURL *easy_create(struct slot *s)
{
	CURL *e = curl_easy_init();

	if (e == NULL)
		return NULL;
	curl_easy_setopt(e, CURLOPT_PRIVATE, s);
	curl_easy_setopt(e, CURLOPT_ERRORBUFFER, s->error);
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
static int easy_aim(struct slot *s)
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

static void on_tcp(const struct vp_tcp_result *res, void *arg)
{
	struct slot *s = arg;
	struct vp_https_result *out = &s->req->res;

	out->tcp = res->outcome;
	out->tcp_elapsed_us = res->elapsed_us;
	out->local = res->local;
	if (res->outcome != VP_OUTCOME_OK) {
		finish(s);
		return;
	}
	s->fd = vp_tcp_release(s->tcp);
	vp_tcp_destroy(s->tcp);
	s->tcp = NULL;
	s->phase = PHASE_TLS;
	s->phase_began = uv_hrtime();
	s->could_not = easy_aim(s);
	if (s->could_not == 0)
		s->could_not = vp_curl_loop_add(s->pool->curl, s->easy);
	s->adding = s->could_not == 0;
	arm(s, s->could_not == 0 ? s->pool->timeout_ms : 0);
}

static void start_tcp(struct slot *s, struct vp_https *req)
{
	struct vp_https_pool *p = s->pool;

	s->req = req;
	s->phase = PHASE_TCP;
	s->taken = false;
	s->headers_done = s->headers_flood = false;
	s->headers_len = s->headers_total = s->body_len = 0;
	memset(&s->handshake, 0, sizeof(s->handshake));
	s->could_not = vp_tcp_create(&s->tcp, p->loop, &req->remote,
	                             p->timeout_ms, on_tcp, s);
	if (s->could_not != 0)
		arm(s, 0); /* reported from the loop, like all else */
}

static struct slot *slot_create(struct vp_https_pool *p)
{
	struct slot *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->pool = p;
	s->fd = -1;
	uv_timer_init(p->loop, &s->timer);
	s->timer.data = s;
	p->slots[p->n_slots++] = s;
	p->open++;
	return s;
}

static struct slot *slot_get(struct vp_https_pool *p)
{
	struct slot *s = p->free_slots;

	if (s == NULL)
		return p->n_slots < p->max_slots ? slot_create(p) : NULL;
	p->free_slots = s->next_free;
	return s;
}

static void pump(struct vp_https_pool *p)
{
	struct vp_https *req;
	struct slot *s;

	while ((req = p->first) != NULL && (s = slot_get(p)) != NULL) {
		p->first = req->next;
		if (p->first == NULL)
			p->last = &p->first;
		start_tcp(s, req);
	}
}

/* --- the pool ---------------------------------------------------------- */

int vp_https_pool_create(struct vp_https_pool **out,
                         const struct vp_https_pool_options *opt, char *why,
                         size_t size)
{
	struct vp_https_pool *p = calloc(1, sizeof(*p));
	int err = UV_ENOMEM;

	*out = NULL;
	snprintf(why, size, "out of memory");
	if (p == NULL)
		return err;
	/* CURLOPT_NOSIGNAL leaves SIGPIPE to us, and OpenSSL's own socket
	 * BIO, which libcurl used before 7.88, writes without MSG_NOSIGNAL. */
	signal(SIGPIPE, SIG_IGN);
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		free(p);
		return err;
	}
	p->loop = opt->loop;
	p->last = &p->first;
	p->timeout_ms =
		opt->timeout_ms != 0 ? opt->timeout_ms : DEFAULT_TIMEOUT_MS;
	p->max_slots = opt->max_concurrent != 0 ? opt->max_concurrent
	                                        : DEFAULT_CONCURRENT;
	p->slots = calloc(p->max_slots, sizeof(struct slot *));
	p->storage_header = curl_slist_append(
		NULL, vp_signature_request_header(VP_KIND_BLOB));
	if (p->slots == NULL || p->storage_header == NULL)
		goto fail;
	err = vp_trust_create(&p->trust, opt->ca_file, why, size);
	if (err != 0)
		goto fail;
	err = vp_curl_loop_create(&p->curl, p->loop, on_transfer_done, p);
	if (err != 0)
		goto fail;
	p->free_slots = slot_create(p); /* so that no request waits for ever */
	if (p->free_slots == NULL) {
		err = UV_ENOMEM;
		goto fail;
	}
	*out = p;
	return 0;

fail:
	vp_https_pool_destroy(p);
	return err;
}

static bool is_sendable(const char *s, const char *not_these)
{
	for (; *s != '\0'; s++) {
		if ((unsigned char)*s <= ' ' || (unsigned char)*s >= 0x7f ||
		    strchr(not_these, *s) != NULL)
			return false;
	}
	return true;
}

int vp_https_start(struct vp_https_pool *p, struct vp_arena *arena,
                   const struct vp_https_request *req, vp_https_cb *cb,
                   void *arg)
{
	size_t name = strlen(req->name) + 1, path = strlen(req->path) + 1;
	struct vp_https *r;

	if (name == 1 || name > 256 || path > 512 || req->path[0] != '/' ||
	    req->remote.addr.family == 0 || req->remote.port == 0 ||
	    !is_sendable(req->name, "/?#@[]\\%") ||
	    !is_sendable(req->path, "#"))
		return UV_EINVAL;
	r = calloc(1, sizeof(*r) + name + path);
	if (r == NULL)
		return UV_ENOMEM;
	memcpy(r->name, req->name, name);
	memcpy(r->name + name, req->path, path);
	r->path = r->name + name;
	r->arena = arena;
	r->remote = req->remote;
	r->kind = req->kind;
	r->cb = cb;
	r->arg = arg;
	*p->last = r;
	p->last = &r->next;
	pump(p);
	return 0;
}

static void on_slot_closed(uv_handle_t *h)
{
	struct slot *s = h->data;
	struct vp_https_pool *p = s->pool;

	free(s->headers);
	free(s);
	if (--p->open == 0) {
		free(p->slots);
		free(p);
	}
}

void vp_https_pool_destroy(struct vp_https_pool *p)
{
	struct vp_https *req;

	if (p == NULL)
		return;
	p->destroyed = true;
	while ((req = p->first) != NULL) {
		p->first = req->next;
		free(req);
	}
	for (size_t i = 0; i < p->n_slots; i++) {
		struct slot *s = p->slots[i];

		req = s->req;
		clear(s);
		free(req);
		curl_easy_cleanup(s->easy);
		s->easy = NULL;
	}
	/* Closes what connections libcurl kept; they point at the slots. */
	vp_curl_loop_destroy(p->curl);
	vp_trust_destroy(p->trust);
	curl_slist_free_all(p->storage_header);
	curl_global_cleanup();
	for (size_t i = 0; i < p->n_slots; i++)
		uv_close((uv_handle_t *)&p->slots[i]->timer, on_slot_closed);
	if (p->n_slots == 0) {
		free(p->slots);
		free(p);
	}
}
