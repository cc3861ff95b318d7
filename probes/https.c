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
 *		headers and at most VP_HTTPS_BODY_MAX bytes of the body.
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

#include "https_slot.h"
#include "vnetprobe/signature.h"

#define DEFAULT_TIMEOUT_MS 5000
#define DEFAULT_CONCURRENT 32

static void pump(struct vp_https_pool *p);

/* --- the end of an attempt --------------------------------------------- */

/* Gives everything back that belongs to one attempt; the slot stays. */
static void clear(struct vp_https_slot *s)
{
	vp_handshake_forget(&s->handshake);
	vp_tcp_destroy(s->tcp);
	s->tcp = NULL;
	if (s->added)
		vp_curl_loop_remove(s->pool->curl, s->easy);
	s->added = false;
	uv_timer_stop(&s->timer); /* ending a transfer may still call back */
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
	curl_slist_free_all(s->connect_to);
	s->connect_to = NULL;
	if (s->headers_size > VP_HTTPS_HEADERS_FIRST) {
		free(s->headers);
		s->headers = NULL;
		s->headers_size = 0;
	}
	s->phase = PHASE_FREE;
	s->req = NULL;
}

/* The owner may destroy the pool in cb: it is freed by the loop, later. */
static void finish(struct vp_https_slot *s)
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

static void on_transfer_done(CURL *easy, CURLcode result, void *arg)
{
	struct vp_https_slot *s = NULL;
	struct vp_https_result *res;

	(void)arg;
	curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&s);
	s->added = false;
	if (s->req == NULL)
		return;
	res = &s->req->res;
	if (s->phase == PHASE_TLS) {
		res->tls.outcome = vp_https_tls_outcome(s, result);
		res->tls.elapsed_us = vp_https_us_since(s->phase_began);
	} else {
		res->http.outcome = vp_https_http_outcome(s, result);
		if (res->http.elapsed_us == 0)
			res->http.elapsed_us =
				vp_https_us_since(s->phase_began);
	}
	finish(s);
}

static void on_phase_timeout(uv_timer_t *h)
{
	struct vp_https_slot *s = h->data;
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
		res->tls.elapsed_us = vp_https_us_since(s->phase_began);
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
			res->http.elapsed_us =
				vp_https_us_since(s->phase_began);
	}
	finish(s);
}

void vp_https_arm(struct vp_https_slot *s, unsigned ms)
{
	uv_update_time(s->pool->loop);
	uv_timer_start(&s->timer, on_phase_timeout, ms, 0);
}

/* --- the way of an attempt --------------------------------------------- */

static void on_tcp(const struct vp_tcp_result *res, void *arg)
{
	struct vp_https_slot *s = arg;
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
	s->could_not = vp_https_easy_aim(s);
	if (s->could_not == 0)
		s->could_not = vp_curl_loop_add(s->pool->curl, s->easy);
	s->added = s->could_not == 0;
	vp_https_arm(s, s->could_not == 0 ? s->pool->timeout_ms : 0);
}

static void start_tcp(struct vp_https_slot *s, struct vp_https *req)
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
		vp_https_arm(s, 0); /* reported from the loop, like all else */
}

static struct vp_https_slot *slot_create(struct vp_https_pool *p)
{
	struct vp_https_slot *s = calloc(1, sizeof(*s));

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

static struct vp_https_slot *slot_get(struct vp_https_pool *p)
{
	struct vp_https_slot *s = p->free_slots;

	if (s == NULL)
		return p->n_slots < p->max_slots ? slot_create(p) : NULL;
	p->free_slots = s->next_free;
	return s;
}

static void pump(struct vp_https_pool *p)
{
	struct vp_https *req;
	struct vp_https_slot *s;

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
	p->slots = calloc(p->max_slots, sizeof(struct vp_https_slot *));
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
	struct vp_https_slot *s = h->data;
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
		struct vp_https_slot *s = p->slots[i];

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
