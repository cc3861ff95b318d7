/*
 * handshake.c - watches a TLS handshake that somebody else drives.
 *
 * libcurl gives us its SSL_CTX before the handshake. Certificates are judged
 * in OpenSSL's verify hook, which always says yes: a stranger's certificate is
 * evidence, and no secret is sent. Whether the peer reset, closed or spoke
 * another protocol is not to be had from libcurl's one error code, so the
 * socket (TCP_INFO) and OpenSSL's error queue are asked.
 */
#include "handshake.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/sslerr.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

/* tcpi_state: <netinet/tcp.h> has them, but its struct tcp_info is too old to
 * have tcpi_bytes_received, and the two headers exclude each other. */
enum { STATE_CLOSE = 7, STATE_CLOSE_WAIT = 8, STATE_LAST_ACK = 9 };

static int on_certificate(X509_STORE_CTX *ctx, void *arg)
{
	struct vp_handshake *h = arg;

	vp_trust_judge(h->trust, h->arena, ctx, h->name, h->tls);
	X509_STORE_CTX_set_error(ctx, X509_V_OK);
	return 1;
}

static void on_info(const SSL *ssl, int where, int ret)
{
	const SSL_CTX *ctx = SSL_get_SSL_CTX(ssl);
	struct vp_handshake *h = SSL_CTX_get_app_data(ctx);

	/* TLS 1.3 tickets come as handshakes of their own; a connection that
	 * libcurl is still closing may share h with the next attempt. */
	if (h == NULL || h->done || h->ctx != ctx)
		return;
	if (where & SSL_CB_HANDSHAKE_DONE) {
		h->done = true;
		h->tls->version =
			vp_arena_strdup(h->arena, SSL_get_version(ssl));
		h->on_done(h->arg);
		return;
	}
	if (where == SSL_CB_CONNECT_EXIT && ret <= 0 && h->error == 0)
		h->error = ERR_peek_error();
}

void vp_handshake_watch(struct vp_handshake *h, SSL_CTX *ctx)
{
	h->done = false;
	h->error = 0;
	h->ctx = ctx;
	SSL_CTX_set_app_data(ctx, h);
	SSL_CTX_set_info_callback(ctx, on_info);
	SSL_CTX_set1_cert_store(ctx, vp_trust_store(h->trust));
	SSL_CTX_set_cert_verify_callback(ctx, on_certificate, h);
	/* One request a connection: nothing is ever resumed. */
	SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
}

void vp_peer_state(struct vp_peer_state *out, int fd)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);

	memset(out, 0, sizeof(*out));
	memset(&info, 0, sizeof(info));
	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) != 0)
		return;
	out->reset = info.tcpi_state == STATE_CLOSE;
	out->closed = info.tcpi_state == STATE_CLOSE_WAIT ||
	              info.tcpi_state == STATE_LAST_ACK;
	out->spoke = info.tcpi_bytes_received > 0;
}

enum vp_outcome vp_handshake_outcome(const struct vp_handshake *h,
                                     const struct vp_peer_state *peer)
{
	bool eof = h->error == 0 ||
	           (ERR_GET_LIB(h->error) == ERR_LIB_SSL &&
	            ERR_GET_REASON(h->error) ==
	                    SSL_R_UNEXPECTED_EOF_WHILE_READING) ||
	           ERR_SYSTEM_ERROR(h->error);

	if (!eof)
		return VP_OUTCOME_PROTOCOL;
	if (peer->reset)
		return VP_OUTCOME_RESET;
	if (peer->closed)
		return VP_OUTCOME_CLOSED;
	return VP_OUTCOME_PROTOCOL;
}
