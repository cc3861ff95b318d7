/*
 * HTTPS attempts against a server of our own, which behaves in every way a
 * server or what stands before it can; on the loopback of a namespace.
 *
 * The server is one thread with blocking sockets. It serves one connection
 * after the other and keeps what the last client said.
 */
#include "vnetprobe/https.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <cmocka.h>

#include "make_cert.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define NAME "kv.vault.azure.net"

/* VP_TEST_SLOW is for valgrind, under which a handshake takes long. */
static unsigned timeout_ms = 300;

/* What the server does with a connection, up to where. */
enum act {
	ACT_SILENT,        /* accepts, never speaks */
	ACT_RESET,         /* RST instead of a ServerHello */
	ACT_CLOSE,         /* FIN instead of a ServerHello */
	ACT_PLAIN,         /* bytes that are no TLS */
	ACT_HALF_HELLO,    /* a piece of a TLS record, then nothing */
	ACT_TLS_SILENT,    /* handshake, then nothing */
	ACT_TLS_CLOSE,     /* handshake, then close_notify and FIN */
	ACT_TLS_CUT,       /* handshake, then FIN without close_notify */
	ACT_TLS_RESET,     /* handshake, then RST */
	ACT_REPLY,         /* reply, then closes */
	ACT_REPLY_HOLD,    /* reply, then nothing more */
	ACT_REPLY_RESET,   /* reply, then RST */
	ACT_SLOW_HEADER,   /* reply a byte at a time */
	ACT_ENDLESS_LINES, /* header lines without end */
	ACT_ENDLESS_LINE,  /* one header line without end */
	ACT_ENDLESS_BODY,
};

static struct server {
	int listen_fd;
	struct vp_endpoint at;
	pthread_t thread;
	enum act act;
	const char *reply;
	struct cert *cert, *chain;
	int max_version; /* of TLS; 0: any */
	int connections;
	char request[4096], sni[256];
} srv;

static char ca_path[] = "/tmp/vp-test-ca-XXXXXX";
static struct cert root, stranger, good, other_name, expired, foreign, self;

/* --- the server -------------------------------------------------------- */

static void reset(int fd)
{
	struct linger l = { 1, 0 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l));
}

/* Until the client is gone. */
static void hold(int fd)
{
	char buf[4096];

	while (read(fd, buf, sizeof(buf)) > 0)
		;
}

static void send_plain(int fd)
{
	size_t n = strlen(srv.reply);

	assert(write(fd, srv.reply, n) == (ssize_t)n);
}

static void endless(SSL *ssl, const char *piece)
{
	while (SSL_write(ssl, piece, (int)strlen(piece)) > 0)
		;
}

static void send_slowly(SSL *ssl)
{
	for (const char *p = srv.reply; *p != '\0'; p++) {
		if (SSL_write(ssl, p, 1) <= 0)
			return;
		usleep(timeout_ms * 1000 / 6);
	}
}

static void answer(SSL *ssl, int fd)
{
	const char *reply = srv.reply != NULL ? srv.reply : "";
	int n = SSL_read(ssl, srv.request, sizeof(srv.request) - 1);

	srv.request[n > 0 ? n : 0] = '\0';
	if (srv.act >= ACT_REPLY && srv.act != ACT_SLOW_HEADER && *reply)
		SSL_write(ssl, reply, (int)strlen(reply));
	switch (srv.act) {
	case ACT_TLS_SILENT:
	case ACT_REPLY_HOLD:
		hold(fd);
		break;
	case ACT_TLS_CLOSE:
	case ACT_REPLY:
		SSL_shutdown(ssl);
		break;
	case ACT_REPLY_RESET:
		usleep(50000); /* a reset takes what was not read with it */
		reset(fd);
		break;
	case ACT_TLS_RESET:
		reset(fd);
		break;
	case ACT_SLOW_HEADER:
		send_slowly(ssl);
		break;
	case ACT_ENDLESS_LINES:
		endless(ssl, "X-Filler: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n");
		break;
	case ACT_ENDLESS_LINE:
		endless(ssl, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
		break;
	case ACT_ENDLESS_BODY:
		endless(ssl, "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb");
		break;
	default:
		break;
	}
}

static void serve_tls(int fd)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	const char *sni;
	SSL *ssl;

	SSL_CTX_use_certificate(ctx, srv.cert->x);
	SSL_CTX_use_PrivateKey(ctx, srv.cert->key);
	if (srv.chain != NULL)
		SSL_CTX_add1_chain_cert(ctx, srv.chain->x);
	if (srv.max_version != 0) {
		SSL_CTX_set_security_level(ctx, 0);
		SSL_CTX_set_min_proto_version(ctx, 0);
		SSL_CTX_set_max_proto_version(ctx, srv.max_version);
	}
	ssl = SSL_new(ctx);
	SSL_set_fd(ssl, fd);
	if (SSL_accept(ssl) == 1) {
		sni = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
		snprintf(srv.sni, sizeof(srv.sni), "%s", sni ? sni : "");
		answer(ssl, fd);
	}
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	ERR_clear_error();
}

static void serve(int fd)
{
	char buf[8192];

	switch (srv.act) {
	case ACT_SILENT:
		hold(fd);
		return;
	case ACT_RESET:
		/* Not before the hello: a reset that overtakes the poll of
		 * connect() is one of TCP. */
		assert(read(fd, buf, sizeof(buf)) > 0);
		reset(fd);
		return;
	case ACT_CLOSE:
		/* All of the hello, or closing would send RST. */
		assert(read(fd, buf, sizeof(buf)) > 0);
		return;
	case ACT_PLAIN:
		assert(read(fd, buf, sizeof(buf)) > 0);
		send_plain(fd);
		return;
	case ACT_HALF_HELLO:
		assert(write(fd, "\x16\x03\x03\x00\x7a\x02", 6) == 6);
		hold(fd);
		return;
	default:
		serve_tls(fd);
	}
}

static void *server_main(void *arg)
{
	int fd;

	(void)arg;
	while ((fd = accept(srv.listen_fd, NULL, NULL)) >= 0) {
		srv.connections++;
		serve(fd);
		close(fd);
	}
	return NULL;
}

static void server_start(const char *addr)
{
	struct sockaddr_storage ss;
	struct vp_endpoint e;
	socklen_t len;

	srv.connections = 0;
	srv.request[0] = srv.sni[0] = '\0';
	assert_int_equal(vp_endpoint_parse(&e, addr, 0), 0);
	len = vp_endpoint_to_sockaddr(&e, &ss);
	srv.listen_fd = socket(ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(srv.listen_fd >= 0);
	assert_int_equal(bind(srv.listen_fd, (struct sockaddr *)&ss, len), 0);
	assert_int_equal(listen(srv.listen_fd, 64), 0);
	vp_endpoint_of_socket(&srv.at, srv.listen_fd);
	pthread_create(&srv.thread, NULL, server_main, NULL);
}

static void server_stop(void)
{
	shutdown(srv.listen_fd, SHUT_RDWR);
	pthread_join(srv.thread, NULL);
	close(srv.listen_fd);
}

/* --- the client -------------------------------------------------------- */

struct seen {
	int calls;
	struct vp_https_result res;
	struct vp_https_pool **destroy; /* from within the callback */
};

static void on_result(const struct vp_https_result *res, void *arg)
{
	struct seen *s = arg;

	s->calls++;
	s->res = *res;
	if (s->destroy != NULL) {
		vp_https_pool_destroy(*s->destroy);
		*s->destroy = NULL;
	}
}

static struct vp_https_pool *pool_in(uv_loop_t *loop, unsigned concurrent)
{
	struct vp_https_pool_options opt = {
		.loop = loop,
		.ca_file = ca_path,
		.timeout_ms = timeout_ms,
		.max_concurrent = concurrent,
	};
	struct vp_https_pool *p = NULL;
	char why[200];

	assert_int_equal(uv_loop_init(loop), 0);
	assert_int_equal(vp_https_pool_create(&p, &opt, why, sizeof(why)), 0);
	return p;
}

static void loop_end(uv_loop_t *loop)
{
	uv_run(loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(loop), 0);
}

/* One attempt from an empty pool to a closed loop. */
static void attempt_as(struct seen *seen, struct vp_arena *arena,
                       const struct vp_https_request *req)
{
	uv_loop_t loop;
	struct vp_https_pool *p = pool_in(&loop, 0);

	memset(seen, 0, sizeof(*seen));
	assert_int_equal(vp_https_start(p, arena, req, on_result, seen), 0);
	assert_int_equal(seen->calls, 0);
	uv_run(&loop, UV_RUN_DEFAULT);
	vp_https_pool_destroy(p);
	loop_end(&loop);
	assert_int_equal(seen->calls, 1);
}

static void attempt(struct seen *seen, struct vp_arena *arena)
{
	struct vp_https_request req = {
		.name = NAME,
		.remote = srv.at,
		.kind = VP_KIND_VAULT,
		.path = "/healthstatus",
	};

	attempt_as(seen, arena, &req);
}

#define OK200 "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
#define VAULT                                                                  \
	"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"                             \
	"x-ms-keyvault-network-info: addr=127.0.0.1;\r\n\r\nok"

/* --- what a server may do ---------------------------------------------- */

static const struct behaviour {
	const char *label;
	enum act act;
	const char *reply;
	int max_version;
	enum vp_outcome tls, http;
	unsigned status;
	enum vp_signature signature;
} behaviours[] = {
	{ "right", ACT_REPLY, VAULT, 0, VP_OUTCOME_OK, VP_OUTCOME_OK, 200,
	  VP_SIGNATURE_ACCEPTED },
	{ "right, TLS 1.2", ACT_REPLY, VAULT, TLS1_2_VERSION, VP_OUTCOME_OK,
	  VP_OUTCOME_OK, 200, VP_SIGNATURE_ACCEPTED },
	{ "no content", ACT_REPLY_HOLD, "HTTP/1.1 204 No Content\r\n\r\n", 0,
	  VP_OUTCOME_OK, VP_OUTCOME_OK, 204, VP_SIGNATURE_FOREIGN },
	{ "interim answers", ACT_REPLY_HOLD,
	  "HTTP/1.1 100 Continue\r\nx-ms-keyvault-network-info: addr=10.0.0.1;"
	  "\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n" OK200,
	  0, VP_OUTCOME_OK, VP_OUTCOME_OK, 200, VP_SIGNATURE_FOREIGN },
	{ "body never comes", ACT_REPLY_HOLD,
	  "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", 0, VP_OUTCOME_OK,
	  VP_OUTCOME_OK, 200, VP_SIGNATURE_FOREIGN },
	{ "reset in the body", ACT_REPLY_RESET,
	  "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", 0, VP_OUTCOME_OK,
	  VP_OUTCOME_OK, 200, VP_SIGNATURE_FOREIGN },
	{ "body without end", ACT_ENDLESS_BODY, "HTTP/1.1 200 OK\r\n\r\n", 0,
	  VP_OUTCOME_OK, VP_OUTCOME_OK, 200, VP_SIGNATURE_FOREIGN },
	{ "silent", ACT_SILENT, NULL, 0, VP_OUTCOME_SILENT, VP_OUTCOME_NONE, 0,
	  VP_SIGNATURE_NONE },
	{ "reset", ACT_RESET, NULL, 0, VP_OUTCOME_RESET, VP_OUTCOME_NONE, 0,
	  VP_SIGNATURE_NONE },
	{ "closed", ACT_CLOSE, NULL, 0, VP_OUTCOME_CLOSED, VP_OUTCOME_NONE, 0,
	  VP_SIGNATURE_NONE },
	{ "plain HTTP", ACT_PLAIN, "HTTP/1.1 400 Bad Request\r\n\r\n", 0,
	  VP_OUTCOME_PROTOCOL, VP_OUTCOME_NONE, 0, VP_SIGNATURE_NONE },
	{ "ssh", ACT_PLAIN, "SSH-2.0-OpenSSH_9.2\r\n", 0, VP_OUTCOME_PROTOCOL,
	  VP_OUTCOME_NONE, 0, VP_SIGNATURE_NONE },
	{ "a few bytes", ACT_PLAIN, "no", 0, VP_OUTCOME_CLOSED, VP_OUTCOME_NONE,
	  0, VP_SIGNATURE_NONE },
	{ "half a hello", ACT_HALF_HELLO, NULL, 0, VP_OUTCOME_TIMEOUT,
	  VP_OUTCOME_NONE, 0, VP_SIGNATURE_NONE },
	{ "TLS 1.1", ACT_REPLY, OK200, TLS1_1_VERSION, VP_OUTCOME_PROTOCOL,
	  VP_OUTCOME_NONE, 0, VP_SIGNATURE_NONE },
	{ "TLS, then silent", ACT_TLS_SILENT, NULL, 0, VP_OUTCOME_OK,
	  VP_OUTCOME_SILENT, 0, VP_SIGNATURE_NONE },
	{ "TLS, then closed", ACT_TLS_CLOSE, NULL, 0, VP_OUTCOME_OK,
	  VP_OUTCOME_CLOSED, 0, VP_SIGNATURE_NONE },
	{ "TLS, then cut", ACT_TLS_CUT, NULL, 0, VP_OUTCOME_OK,
	  VP_OUTCOME_CLOSED, 0, VP_SIGNATURE_NONE },
	{ "TLS, then reset", ACT_TLS_RESET, NULL, 0, VP_OUTCOME_OK,
	  VP_OUTCOME_RESET, 0, VP_SIGNATURE_NONE },
	{ "half a header, cut", ACT_REPLY, "HTTP/1.1 200 OK\r\nX: y\r\n", 0,
	  VP_OUTCOME_OK, VP_OUTCOME_CLOSED, 0, VP_SIGNATURE_NONE },
	{ "half a header, held", ACT_REPLY_HOLD, "HTTP/1.1 200 OK\r\nX: y\r\n",
	  0, VP_OUTCOME_OK, VP_OUTCOME_TIMEOUT, 0, VP_SIGNATURE_NONE },
	{ "slow header", ACT_SLOW_HEADER, OK200, 0, VP_OUTCOME_OK,
	  VP_OUTCOME_TIMEOUT, 0, VP_SIGNATURE_NONE },
	{ "header lines without end", ACT_ENDLESS_LINES, "HTTP/1.1 200 OK\r\n",
	  0, VP_OUTCOME_OK, VP_OUTCOME_MALFORMED, 0, VP_SIGNATURE_NONE },
	{ "a header line without end", ACT_ENDLESS_LINE,
	  "HTTP/1.1 200 OK\r\nX: ", 0, VP_OUTCOME_OK, VP_OUTCOME_MALFORMED, 0,
	  VP_SIGNATURE_NONE },
	{ "no HTTP in TLS", ACT_REPLY_HOLD, "SSH-2.0-OpenSSH_9.2\r\n", 0,
	  VP_OUTCOME_OK, VP_OUTCOME_PROTOCOL, 0, VP_SIGNATURE_NONE },
	{ "redirect", ACT_REPLY_HOLD,
	  "HTTP/1.1 302 Found\r\nLocation: https://10.9.9.9/\r\n"
	  "Content-Length: 0\r\n\r\n",
	  0, VP_OUTCOME_OK, VP_OUTCOME_OK, 302, VP_SIGNATURE_FOREIGN },
};

static void fails(const struct behaviour *b, const char *what, const char *got)
{
	fail_msg("%s: %s is %s", b->label, what, got);
}

static void behaves(void **state)
{
	(void)state;
	srv.cert = &good;
	for (size_t i = 0; i < COUNT(behaviours); i++) {
		const struct behaviour *b = &behaviours[i];
		struct vp_arena *arena = vp_arena_create();
		const struct vp_https_result *r;
		uint64_t t0, took_ms;
		struct seen seen;

		srv.act = b->act;
		srv.reply = b->reply;
		srv.max_version = b->max_version;
		server_start("127.0.0.1:0");
		t0 = uv_hrtime();
		attempt(&seen, arena);
		took_ms = (uv_hrtime() - t0) / 1000000;
		server_stop();
		/* Enough is enough: nobody waits for a body's end. */
		if (b->act == ACT_ENDLESS_BODY)
			assert_true(took_ms < timeout_ms);
		r = &seen.res;
		if (r->tcp != VP_OUTCOME_OK)
			fails(b, "tcp", vp_outcome_name(r->tcp));
		if (r->tls.outcome != b->tls)
			fails(b, "tls", vp_outcome_name(r->tls.outcome));
		if (r->http.outcome != b->http)
			fails(b, "http", vp_outcome_name(r->http.outcome));
		if (r->http.signature != b->signature)
			fails(b, "signature",
			      vp_signature_name(r->http.signature));
		assert_int_equal(r->http.status, b->status);
		assert_int_equal(srv.connections, 1);
		assert_int_equal(r->local.addr.family, 4);
		assert_true(r->local.port != 0);
		assert_true(r->tcp_elapsed_us < timeout_ms * 1000);
		assert_true(r->tls.elapsed_us > 0);
		if (r->tls.outcome == VP_OUTCOME_SILENT)
			assert_in_range(r->tls.elapsed_us,
			                (timeout_ms - 2) * 1000,
			                (timeout_ms + 2000) * 1000);
		if (r->http.outcome == VP_OUTCOME_SILENT)
			assert_in_range(r->http.elapsed_us,
			                (timeout_ms - 2) * 1000,
			                (timeout_ms + 2000) * 1000);
		vp_arena_destroy(arena);
	}
	srv.max_version = 0;
}

static void certificates(void **state)
{
	static const struct {
		const char *label;
		struct cert *cert, *chain;
		enum vp_outcome want;
		bool name;
		const char *issuer;
	} cases[] = {
		{ "right", &good, NULL, VP_OUTCOME_OK, true, "CN=Test Root" },
		{ "another name", &other_name, NULL, VP_OUTCOME_NAME_MISMATCH,
		  false, "CN=Test Root" },
		{ "expired", &expired, NULL, VP_OUTCOME_EXPIRED, true,
		  "CN=Test Root" },
		{ "another CA", &foreign, &stranger, VP_OUTCOME_UNTRUSTED, true,
		  "CN=Inspection CA" },
		{ "self-signed", &self, NULL, VP_OUTCOME_UNTRUSTED, true,
		  "CN=self" },
	};

	(void)state;
	srv.act = ACT_REPLY;
	srv.reply = VAULT;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct vp_arena *arena = vp_arena_create();
		struct seen seen;

		srv.cert = cases[i].cert;
		srv.chain = cases[i].chain;
		server_start("127.0.0.1:0");
		attempt(&seen, arena);
		server_stop();
		if (seen.res.tls.outcome != cases[i].want)
			fail_msg("%s: %s", cases[i].label,
			         vp_outcome_name(seen.res.tls.outcome));
		assert_int_equal(seen.res.tls.name_matches, cases[i].name);
		assert_string_equal(seen.res.tls.issuer, cases[i].issuer);
		assert_string_equal(seen.res.tls.version, "TLSv1.3");
		/* The answer is evidence whoever it comes from. */
		assert_int_equal(seen.res.http.outcome, VP_OUTCOME_OK);
		assert_int_equal(seen.res.http.signature,
		                 VP_SIGNATURE_ACCEPTED);
		vp_arena_destroy(arena);
	}
	srv.chain = NULL;
}

/* Who we say we are, and what we keep to ourselves. */
static void request(void **state)
{
	struct vp_arena *arena = vp_arena_create();
	struct vp_https_request req = { .name = "acct.blob.core.windows.net",
		                        .kind = VP_KIND_BLOB,
		                        .path = "/?comp=list" };
	struct seen seen;

	(void)state;
	setenv("https_proxy", "http://127.0.0.1:1", 1);
	setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
	srv.act = ACT_REPLY;
	srv.cert = &good;
	srv.reply = OK200;
	server_start("[::1]:0");
	req.remote = srv.at;
	attempt_as(&seen, arena, &req);
	server_stop();
	unsetenv("https_proxy");
	unsetenv("ALL_PROXY");
	assert_int_equal(seen.res.http.outcome, VP_OUTCOME_OK);
	assert_int_equal(seen.res.local.addr.family, 6);
	assert_string_equal(srv.sni, "acct.blob.core.windows.net");
	assert_ptr_equal(strstr(srv.request, "GET /?comp=list HTTP/1.1\r\n"),
	                 srv.request);
	assert_non_null(
		strstr(srv.request, "\r\nHost: acct.blob.core.windows.net:"));
	assert_non_null(strstr(srv.request, "\r\nUser-Agent: vnetprobe/"));
	assert_non_null(
		strstr(srv.request, "\r\nx-ms-version: 2021-12-02\r\n"));
	assert_null(strcasestr(srv.request, "authorization"));
	assert_null(strcasestr(srv.request, "cookie"));
	vp_arena_destroy(arena);
}

static void no_connection(void **state)
{
	static const struct {
		const char *remote;
		enum vp_outcome want;
	} cases[] = {
		{ "127.0.0.1:9", VP_OUTCOME_REFUSED },
		{ "10.1.0.1:443", VP_OUTCOME_UNREACHABLE },
		{ "10.2.0.1:443", VP_OUTCOME_DENIED },
		{ "10.4.0.1:443", VP_OUTCOME_TIMEOUT },
	};
	struct vp_arena *arena = vp_arena_create();

	(void)state;
	assert_int_equal(system("ip route add prohibit 10.2.0.0/16"), 0);
	assert_int_equal(system("ip route add 10.4.0.0/16 dev lo"), 0);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct vp_https_request req = { .name = NAME, .path = "/" };
		struct seen seen;

		vp_endpoint_parse(&req.remote, cases[i].remote, 0);
		attempt_as(&seen, arena, &req);
		assert_int_equal(seen.res.tcp, cases[i].want);
		assert_int_equal(seen.res.tls.outcome, VP_OUTCOME_NONE);
		assert_int_equal(seen.res.http.outcome, VP_OUTCOME_NONE);
		if (cases[i].want == VP_OUTCOME_REFUSED ||
		    cases[i].want == VP_OUTCOME_TIMEOUT)
			assert_true(seen.res.local.port != 0);
	}
	vp_arena_destroy(arena);
}

/* More requests than places: all are answered, each on its own connection. */
static void many(void **state)
{
	enum { N = 50 };
	static struct seen seen[N];
	struct vp_arena *arena = vp_arena_create();
	struct vp_https_request req = { .name = NAME,
		                        .kind = VP_KIND_VAULT,
		                        .path = "/healthstatus" };
	struct vp_https_pool *p;
	uv_loop_t loop;

	(void)state;
	memset(seen, 0, sizeof(seen));
	srv.act = ACT_REPLY;
	srv.cert = &good;
	srv.reply = VAULT;
	server_start("127.0.0.1:0");
	req.remote = srv.at;
	p = pool_in(&loop, 4);
	for (size_t i = 0; i < N; i++)
		assert_int_equal(
			vp_https_start(p, arena, &req, on_result, &seen[i]), 0);
	uv_run(&loop, UV_RUN_DEFAULT);
	vp_https_pool_destroy(p);
	loop_end(&loop);
	server_stop();
	for (size_t i = 0; i < N; i++) {
		assert_int_equal(seen[i].calls, 1);
		assert_int_equal(seen[i].res.tls.outcome, VP_OUTCOME_OK);
		assert_int_equal(seen[i].res.http.signature,
		                 VP_SIGNATURE_ACCEPTED);
	}
	assert_int_equal(srv.connections, N);
	vp_arena_destroy(arena);
}

static void on_stop(uv_timer_t *h)
{
	struct vp_https_pool **p = h->data;

	vp_https_pool_destroy(*p);
	*p = NULL;
	uv_close((uv_handle_t *)h, NULL);
}

/* The pool's end in each phase, with others waiting: no callback, no leak. */
static void destroyed_in_phase(void **state)
{
	static const enum act acts[] = { ACT_SILENT, ACT_HALF_HELLO,
		                         ACT_TLS_SILENT, ACT_SLOW_HEADER };

	(void)state;
	srv.cert = &good;
	srv.reply = VAULT;
	for (size_t i = 0; i < COUNT(acts) + 1; i++) {
		struct vp_arena *arena = vp_arena_create();
		struct vp_https_request req = { .name = NAME, .path = "/" };
		struct vp_https_pool *p;
		struct seen seen = { 0 };
		uv_timer_t stop;
		uv_loop_t loop;

		srv.act = acts[i % COUNT(acts)];
		server_start("127.0.0.1:0");
		req.remote = srv.at;
		p = pool_in(&loop, 2);
		for (int k = 0; k < 4; k++)
			assert_int_equal(vp_https_start(p, arena, &req,
			                                on_result, &seen),
			                 0);
		if (i < COUNT(acts)) {
			uv_timer_init(&loop, &stop);
			stop.data = &p;
			uv_timer_start(&stop, on_stop, timeout_ms / 3, 0);
			uv_run(&loop, UV_RUN_DEFAULT);
		}
		vp_https_pool_destroy(p); /* at once, in the last round */
		loop_end(&loop);
		server_stop();
		assert_int_equal(seen.calls, 0);
		vp_arena_destroy(arena);
	}
}

/* The pool's end from within a callback, after each way a request can end. */
static void destroyed_in_callback(void **state)
{
	static const enum act acts[] = { ACT_REPLY, ACT_SILENT, ACT_RESET,
		                         ACT_TLS_SILENT, ACT_ENDLESS_BODY };

	(void)state;
	srv.cert = &good;
	srv.reply = VAULT;
	for (size_t i = 0; i < COUNT(acts) + 1; i++) {
		struct vp_arena *arena = vp_arena_create();
		struct vp_https_request req = { .name = NAME, .path = "/" };
		struct vp_https_pool *p;
		struct seen seen = { .destroy = &p };
		uv_loop_t loop;

		srv.act = acts[i % COUNT(acts)];
		server_start("127.0.0.1:0");
		req.remote = srv.at;
		if (i == COUNT(acts))
			req.remote.port = 9; /* refused */
		p = pool_in(&loop, 2);
		for (int k = 0; k < 4; k++)
			assert_int_equal(vp_https_start(p, arena, &req,
			                                on_result, &seen),
			                 0);
		uv_run(&loop, UV_RUN_DEFAULT);
		assert_null(p);
		loop_end(&loop);
		server_stop();
		assert_int_equal(seen.calls, 1);
		vp_arena_destroy(arena);
	}
}

static void bad_requests(void **state)
{
	static const struct {
		const char *name, *path;
	} cases[] = {
		{ "", "/" },
		{ "a b", "/" },
		{ "a/b", "/" },
		{ "u@h.test", "/" },
		{ "h.test\r\nX", "/" },
		{ "a%41", "/" },
		{ "h.test", "" },
		{ "h.test", "x" },
		{ "h.test", "/a b" },
		{ "h.test", "/\r\nX: y" },
	};
	struct vp_arena *arena = vp_arena_create();
	struct vp_https_request req = { 0 };
	struct vp_https_pool *p;
	uv_loop_t loop;

	(void)state;
	p = pool_in(&loop, 0);
	vp_endpoint_parse(&req.remote, "127.0.0.1:9", 0);
	for (size_t i = 0; i < COUNT(cases); i++) {
		req.name = cases[i].name;
		req.path = cases[i].path;
		assert_int_equal(vp_https_start(p, arena, &req, on_result, p),
		                 UV_EINVAL);
	}
	vp_https_pool_destroy(p);
	loop_end(&loop);
	vp_arena_destroy(arena);
}

static void bad_pool(void **state)
{
	struct vp_https_pool_options opt = { .ca_file = "/nonexistent.pem" };
	struct vp_https_pool *p;
	uv_loop_t loop;
	char why[200];

	(void)state;
	assert_int_equal(uv_loop_init(&loop), 0);
	opt.loop = &loop;
	assert_int_equal(vp_https_pool_create(&p, &opt, why, sizeof(why)),
	                 -ENOENT);
	assert_null(p);
	assert_non_null(strstr(why, "/nonexistent.pem"));
	vp_https_pool_destroy(NULL);
	loop_end(&loop);
}

static int setup(void **state)
{
	static const struct cert_spec ca = { .cn = "Test Root", .ca = true },
				      inspection = { .cn = "Inspection CA",
		                                     .ca = true };
	struct cert_spec spec = { .cn = "x",
		                  .sans = "DNS:*.vault.azure.net,"
		                          "DNS:*.blob.core.windows.net" };

	(void)state;
	root = cert_make(&ca, NULL);
	stranger = cert_make(&inspection, NULL);
	good = cert_make(&spec, &root);
	foreign = cert_make(&spec, &stranger);
	spec.cn = "self";
	self = cert_make(&spec, NULL);
	spec.from_s = -864000;
	spec.to_s = -86400;
	expired = cert_make(&spec, &root);
	other_name = cert_make(
		&(struct cert_spec){ .cn = NAME, .sans = "DNS:b.test" }, &root);
	close(mkstemp(ca_path));
	cert_write(&root, ca_path);
	return 0;
}

static int teardown(void **state)
{
	struct cert *all[] = { &root,    &stranger,   &good, &foreign,
		               &expired, &other_name, &self };

	(void)state;
	for (size_t i = 0; i < COUNT(all); i++)
		cert_free(all[i]);
	unlink(ca_path);
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(behaves),
		cmocka_unit_test(certificates),
		cmocka_unit_test(request),
		cmocka_unit_test(no_connection),
		cmocka_unit_test(many),
		cmocka_unit_test(destroyed_in_phase),
		cmocka_unit_test(destroyed_in_callback),
		cmocka_unit_test(bad_requests),
		cmocka_unit_test(bad_pool),
	};

	if (getenv("VP_TEST_SLOW") != NULL)
		timeout_ms = 2500;
	signal(SIGPIPE, SIG_IGN); /* for the server */
	return cmocka_run_group_tests(tests, setup, teardown);
}
