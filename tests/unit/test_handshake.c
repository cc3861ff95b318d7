/* A TLS handshake in memory, watched. */
#include "handshake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <openssl/err.h>

#include <cmocka.h>

#include "make_cert.h"

static int calls;

static void on_done(void *arg)
{
	(void)arg;
	calls++;
}

struct pair {
	SSL_CTX *client_ctx, *server_ctx;
	SSL *client, *server;
	struct cert cert;
	struct vp_trust *trust;
	struct vp_arena *arena;
	struct vp_tls_facts tls;
	struct vp_handshake h;
};

static void pair_open(struct pair *p)
{
	struct cert_spec spec = { .cn = "x", .sans = "DNS:a.test" };
	BIO *client, *server;
	char why[200];

	calls = 0;
	memset(p, 0, sizeof(*p));
	p->cert = cert_make(&spec, NULL);
	p->arena = vp_arena_create();
	assert_int_equal(vp_trust_create(&p->trust, NULL, why, sizeof(why)), 0);
	p->server_ctx = SSL_CTX_new(TLS_server_method());
	SSL_CTX_use_certificate(p->server_ctx, p->cert.x);
	SSL_CTX_use_PrivateKey(p->server_ctx, p->cert.key);
	p->client_ctx = SSL_CTX_new(TLS_client_method());
	p->h.trust = p->trust;
	p->h.arena = p->arena;
	p->h.name = "a.test";
	p->h.tls = &p->tls;
	p->h.on_done = on_done;
	vp_handshake_watch(&p->h, p->client_ctx);
	p->client = SSL_new(p->client_ctx);
	p->server = SSL_new(p->server_ctx);
	assert_int_equal(BIO_new_bio_pair(&client, 0, &server, 0), 1);
	SSL_set_bio(p->client, client, client);
	SSL_set_bio(p->server, server, server);
}

static void pair_close(struct pair *p)
{
	SSL_free(p->client);
	SSL_free(p->server);
	SSL_CTX_free(p->client_ctx);
	SSL_CTX_free(p->server_ctx);
	vp_trust_destroy(p->trust);
	vp_arena_destroy(p->arena);
	cert_free(&p->cert);
}

static bool shake(struct pair *p)
{
	int c = 0, s = 0;

	for (int i = 0; i < 10 && (c != 1 || s != 1); i++) {
		c = SSL_connect(p->client);
		s = SSL_accept(p->server);
	}
	return c == 1 && s == 1;
}

static void watched(void **state)
{
	struct pair p;
	char c;

	(void)state;
	pair_open(&p);
	assert_true(shake(&p));
	assert_int_equal(calls, 1);
	assert_true(p.h.done && p.h.spoke);
	assert_int_equal(p.tls.outcome, VP_OUTCOME_UNTRUSTED);
	assert_string_equal(p.tls.version, "TLSv1.3");
	/* Nobody refused, and a ticket is no second handshake. */
	assert_int_equal(SSL_write(p.server, "x", 1), 1);
	assert_int_equal(SSL_read(p.client, &c, 1), 1);
	assert_int_equal(calls, 1);
	assert_int_equal(p.h.wire, VP_WIRE_OPEN);
	pair_close(&p);
}

/* Who ends a connection midway may still finish the handshake by it. */
static void forgotten(void **state)
{
	struct pair p;

	(void)state;
	pair_open(&p);
	assert_int_equal(SSL_connect(p.client), -1);
	p.tls.outcome = VP_OUTCOME_TIMEOUT;
	vp_handshake_forget(&p.h);
	assert_true(shake(&p));
	assert_int_equal(calls, 0);
	assert_false(p.h.done || p.h.spoke);
	assert_int_equal(p.tls.outcome, VP_OUTCOME_TIMEOUT);
	assert_null(p.tls.issuer);
	pair_close(&p);
}

/* A connection still closing must not speak for the next attempt. */
static void used_again(void **state)
{
	struct pair p, q;

	(void)state;
	pair_open(&p);
	assert_int_equal(SSL_connect(p.client), -1);
	pair_open(&q);
	p.h.ctx = q.client_ctx; /* as vp_handshake_watch() leaves it */
	p.h.bio = NULL;
	assert_true(shake(&p));
	assert_int_equal(calls, 0);
	assert_false(p.h.done || p.h.spoke);
	assert_null(p.tls.issuer);
	pair_close(&p);
	pair_close(&q);
}

/* Both ways OpenSSL has of saying it: its own socket BIO knows the end of file
 * (libcurl before 7.88), libcurl's does not. */
static void closed(void **state)
{
	struct pair p;

	(void)state;
	pair_open(&p);
	assert_int_equal(SSL_connect(p.client), -1);
	BIO_shutdown_wr(SSL_get_wbio(p.server));
	assert_int_not_equal(SSL_connect(p.client), 1);
	assert_int_equal(ERR_GET_REASON(p.h.error),
	                 SSL_R_UNEXPECTED_EOF_WHILE_READING);
	assert_int_equal(vp_handshake_outcome(&p.h), VP_OUTCOME_CLOSED);
	p.h.error = 0;
	assert_int_equal(vp_handshake_outcome(&p.h), VP_OUTCOME_CLOSED);
	p.h.wire = VP_WIRE_RESET;
	assert_int_equal(vp_handshake_outcome(&p.h), VP_OUTCOME_RESET);
	pair_close(&p);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(watched),
		cmocka_unit_test(forgotten),
		cmocka_unit_test(used_again),
		cmocka_unit_test(closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
