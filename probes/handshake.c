/*
 * handshake.c - watches a TLS handshake that somebody else drives.
 *
 * libcurl gives us its SSL_CTX before the handshake. Certificates are judged
 * in OpenSSL's verify hook, which always says yes: a stranger's certificate is
 * evidence, and no secret is sent. Whether the peer reset, closed or spoke
 * another protocol is not to be had from libcurl's one error code, nor from the
 * socket afterwards (our own close_notify to a closed peer draws an RST), so
 * OpenSSL's error queue and the result of each read are looked at.
 */
#include "handshake.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/sslerr.h>

static int on_certificate(X509_STORE_CTX *ctx, void *arg)
{
	struct vp_handshake *h = arg;
	const SSL *ssl = X509_STORE_CTX_get_ex_data(
		ctx, SSL_get_ex_data_X509_STORE_CTX_idx());

	if (ssl == NULL || h->ctx != SSL_get_SSL_CTX(ssl))
		return 1; /* forgotten, or not h's connection any more */
	vp_trust_judge(h->trust, h->arena, ctx, h->name, h->tls);
	X509_STORE_CTX_set_error(ctx, X509_V_OK);
	return 1;
}

/* Every read and write of the connection, as the socket answered it. */
static long on_bytes(BIO *bio, int oper, const char *data, size_t len, int argi,
                     long argl, int ret, size_t *processed)
{
	struct vp_handshake *h = (void *)BIO_get_callback_arg(bio);
	bool reads = oper == (BIO_CB_READ | BIO_CB_RETURN);

	(void)data;
	(void)len;
	(void)argi;
	(void)argl;
	(void)processed;
	if (!(oper & BIO_CB_RETURN))
		return 1;
	if (!reads && oper != (BIO_CB_WRITE | BIO_CB_RETURN))
		return ret;
	if (h->bio != bio || BIO_should_retry(bio))
		return ret;
	if (ret > 0)
		h->spoke = h->spoke || reads;
	else if (h->wire == VP_WIRE_OPEN)
		h->wire = ret == 0 && reads ? VP_WIRE_CLOSED : VP_WIRE_RESET;
	return ret;
}

static void watch_bytes(struct vp_handshake *h, BIO *bio)
{
	if (bio == NULL || h->bio == bio)
		return;
	h->bio = bio;
	BIO_set_callback_arg(bio, (char *)h);
	BIO_set_callback_ex(bio, on_bytes);
}

static void on_info(const SSL *ssl, int where, int ret)
{
	const SSL_CTX *ctx = SSL_get_SSL_CTX(ssl);
	struct vp_handshake *h = SSL_CTX_get_app_data(ctx);

	/* TLS 1.3 tickets come as handshakes of their own; a connection that
	 * libcurl is still closing may share h with the next attempt. */
	if (h == NULL || h->done || h->ctx != ctx)
		return;
	if (where & SSL_CB_HANDSHAKE_START) {
		watch_bytes(h, SSL_get_rbio(ssl));
	} else if (where & SSL_CB_HANDSHAKE_DONE) {
		h->done = true;
		h->tls->version =
			vp_arena_strdup(h->arena, SSL_get_version(ssl));
		h->on_done(h->arg);
	} else if (where == SSL_CB_CONNECT_EXIT && ret <= 0 && h->error == 0) {
		h->error = ERR_peek_error();
	}
}

void vp_handshake_watch(struct vp_handshake *h, SSL_CTX *ctx)
{
	h->done = h->spoke = false;
	h->wire = VP_WIRE_OPEN;
	h->error = 0;
	h->ctx = ctx;
	h->bio = NULL;
	SSL_CTX_set_app_data(ctx, h);
	SSL_CTX_set_info_callback(ctx, on_info);
	SSL_CTX_set1_cert_store(ctx, vp_trust_store(h->trust));
	SSL_CTX_set_cert_verify_callback(ctx, on_certificate, h);
	/* One request a connection: nothing is ever resumed. */
	SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
}

void vp_handshake_forget(struct vp_handshake *h)
{
	h->ctx = NULL;
	h->bio = NULL;
}

enum vp_outcome vp_handshake_outcome(const struct vp_handshake *h)
{
	int lib = ERR_GET_LIB(h->error), reason = ERR_GET_REASON(h->error);

	/* OpenSSL's own complaint, unless it is about the end of the bytes. */
	if (h->error != 0 && !ERR_SYSTEM_ERROR(h->error) &&
	    !(lib == ERR_LIB_SSL &&
	      reason == SSL_R_UNEXPECTED_EOF_WHILE_READING))
		return VP_OUTCOME_PROTOCOL;
	switch (h->wire) {
	case VP_WIRE_RESET:
		return VP_OUTCOME_RESET;
	case VP_WIRE_CLOSED:
		return VP_OUTCOME_CLOSED;
	default:
		return VP_OUTCOME_PROTOCOL;
	}
}
