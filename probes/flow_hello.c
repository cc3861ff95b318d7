/*
 * flow_hello.c - whom a client says it wants: TLS, QUIC, plain HTTP.
 *
 * A TCP client's first bytes are held, in order, until they are known to be a
 * ClientHello, the head of an HTTP request, or neither. A hello stays held
 * until the other end has acknowledged it: up to then a second copy may say
 * something else, and which of them arrived is unknown (a decoy may have died
 * on its way). What follows it is looked at as well, as after a
 * HelloRetryRequest there is a second hello (RFC 8446 section 4.1.4).
 *
 * QUIC's Initials are held the same way until the server sends a Handshake
 * packet. As there are connections one after the other on the same ports,
 * Initials count at any time.
 *
 * A proxy may be asked more than once on a connection, so a segment that begins
 * with CONNECT, or asks for a whole URL, is read wherever it comes.
 *
 * All names are claims. Wherever a flow has more than one, no telling which
 * counted, it is doubtful: then none of them is bound, nor explains it.
 */
#include "flow_table.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vnetprobe/client_hello.h"
#include "vnetprobe/http_head.h"
#include "vnetprobe/quic.h"

#define WINDOW 16384
#define QUIC_MAX 16384

#define PORT_HTTPS 443
#define RECORD_CHANGE_CIPHER_SPEC 20
#define RECORD_HANDSHAKE 22
#define CLIENT_HELLO 1

/* What a TCP client began to say, until that is settled. */
struct vp_flow_hello {
	struct vp_stream stream;
	uint32_t read; /* bytes of it that were understood */
	bool named;    /* a whole hello was read */
	bool cut; /* a part of a segment was not captured, or is in a fragment
	           * of its own */
	bool settled; /* and nothing of interest can follow */
	bool dropped; /* bytes before the stream's base that nobody
	               * acknowledged yet are not held any more */
};

static bool from_client(const struct vp_flow_row *f, bool out)
{
	return f->direction == VP_DIRECTION_IN ? !out : out;
}

/* --- names ---------------------------------------------------------------- */

static void name_other(struct vp_flows *t, struct vp_flow_app *a,
                       const char *name)
{
	size_t i = 0;

	a->doubtful = true;
	while (i < VP_FLOW_OTHER_NAMES && a->others[i] != NULL)
		if (strcmp(a->others[i++], name) == 0)
			return;
	if (i < VP_FLOW_OTHER_NAMES)
		a->others[i] = strdup(name);
	if (i == VP_FLOW_OTHER_NAMES || a->others[i] == NULL)
		t->names_left_out++;
}

static void name_claim(struct vp_flows *t, struct vp_flow_row *f,
                       const struct vp_hello_found *found, bool whole,
                       enum vp_name_source from)
{
	struct vp_flow_app *a = vp_flow_app(f);

	if (a == NULL) {
		t->names_left_out++;
		return;
	}
	a->ech |= found->ech;
	a->doubtful |= found->doubtful;
	if (found->name[0] == '\0')
		return;
	a->doubtful |= !whole;
	if (a->sni != NULL && strcmp(a->sni, found->name) != 0) {
		name_other(t, a, found->name);
	} else if (a->sni == NULL) {
		a->sni = strdup(found->name);
		a->sni_from = (uint8_t)from;
	}
	if (a->sni == NULL)
		t->names_left_out++;
}

/* Each of them: the first may have been refused. */
static void connect_claim(struct vp_flows *t, struct vp_flow_app *a,
                          const char *host, uint16_t port)
{
	bool six = strchr(host, ':') != NULL;
	char **to = &a->http_connect, *text;
	size_t i = 0;

	if (asprintf(&text, "%s%s%s:%u", six ? "[" : "", host, six ? "]" : "",
	             port) < 0) {
		t->names_left_out++;
		return;
	}
	while (*to != NULL && strcmp(*to, text) != 0 && i < VP_FLOW_OTHER_NAMES)
		to = &a->connects[i++];
	if (*to == NULL) {
		*to = text;
		return;
	}
	t->names_left_out += strcmp(*to, text) != 0;
	free(text);
}

/* Of hosts the first one stays. */
static void http_claim(struct vp_flows *t, struct vp_flow_row *f,
                       enum vp_http_head got, const char *host, uint16_t port)
{
	struct vp_flow_app *a = vp_flow_app(f);

	if (a == NULL) {
		t->names_left_out++;
		return;
	}
	if (got == VP_HTTP_HEAD_CONNECT ||
	    (got == VP_HTTP_HEAD_URL && !f->public)) {
		f->connect = true;
		connect_claim(t, a, host, port);
	} else if (a->http_host == NULL) {
		a->http_host = strdup(host);
		t->names_left_out += a->http_host == NULL;
	}
}

/*
 * May a proxy take the segment for a CONNECT, though its name is not to be had
 * from it? It goes on in another segment, or is not what it should be. Other
 * protocols say that word as well: STOMP and a line's end, NATS and JSON; and
 * so may a text.
 */
static bool is_connect_unread(const struct vp_packet *p)
{
	static const char word[] = "CONNECT";
	const char *at = (const char *)p->payload;
	size_t len = sizeof(word) - 1, n = p->payload_caplen;

	if (memcmp(at, word, n < len ? n : len) != 0)
		return false;
	if (n <= len)
		return true;
	if (at[len] == '\0' || strchr(" \t\v\f", at[len]) == NULL)
		return false;
	for (at += len, n -= len; n > 0 && (*at == ' ' || *at == '\t');) {
		at++;
		n--;
	}
	return n == 0 || (*at != '{' && (memchr(at, '\n', n) == NULL ||
	                                 memmem(at, n, "HTTP/", 5) != NULL));
}

void vp_flow_hello_connect(struct vp_flows *t, struct vp_flow_row *f,
                           const struct vp_packet *p, bool out)
{
	enum vp_http_head got;
	char host[256];
	uint16_t port;

	f->connect = true;
	if (f->crowd) {
		t->names_left_out++;
		return;
	}
	if (!from_client(f, out))
		return;
	got = vp_http_head_read(host, &port, p->payload, p->payload_caplen);
	if (got == VP_HTTP_HEAD_CONNECT || got == VP_HTTP_HEAD_URL)
		http_claim(t, f, got, host, port);
	else if (f->public)
		return; /* the rest is seen, too */
	else if (p->payload[0] == 'C')
		t->names_left_out += is_connect_unread(p);
	else
		t->names_left_out += got != VP_HTTP_HEAD_NOT;
}

/* --- TCP ------------------------------------------------------------------ */

static void hello_end(struct vp_flows *t, struct vp_flow_row *f)
{
	f->hello_done = true;
	if (f->app == NULL || f->app->hello == NULL)
		return;
	vp_stream_free(&f->app->hello->stream, &t->held);
	free(f->app->hello);
	f->app->hello = NULL;
}

bool vp_flow_hello_is_cut(const struct vp_flow_row *f)
{
	return f->app != NULL && f->app->hello != NULL && f->app->hello->cut &&
	       !f->app->hello->named;
}

static bool is_partial(const struct vp_packet *p)
{
	return p->fragment || p->payload_caplen < p->payload_len;
}

/* Nothing more will come of it: what is there of a hello may still tell. */
static void hello_give_up(struct vp_flows *t, struct vp_flow_row *f)
{
	const struct vp_flow_hello *h = f->app->hello;
	struct vp_hello_found found;
	uint32_t ready = vp_stream_ready(&h->stream);

	if (!h->named && ready > 0 &&
	    vp_client_hello_read(&found, h->stream.buf, ready) == VP_HELLO_MORE)
		name_claim(t, f, &found, false, VP_NAME_SOURCE_TLS);
	t->names_left_out += vp_flow_hello_is_cut(f);
	hello_end(t, f);
}

/* Behind a hello. CHANGE_CIPHER_SPEC is there for middleboxes only (RFC 8446
 * appendix D.4). */
static void behind_read(struct vp_flows *t, struct vp_flow_row *f,
                        struct vp_flow_hello *h)
{
	for (;;) {
		uint32_t n = vp_stream_ready(&h->stream), len;
		struct vp_hello_found found;
		enum vp_hello got;
		const uint8_t *b;

		if (n <= h->read)
			return; /* nothing may be held at all */
		b = h->stream.buf + h->read;
		n -= h->read;
		if (b[0] == RECORD_CHANGE_CIPHER_SPEC) {
			if (n < 5)
				return;
			len = 5 + ((uint32_t)b[3] << 8 | b[4]);
			if (n < len)
				return;
			h->read += len;
			continue;
		}
		got = vp_client_hello_read(&found, b, n);
		if (got == VP_HELLO_MORE)
			return;
		if (got != VP_HELLO_NOT_TLS) {
			name_claim(t, f, &found, true, VP_NAME_SOURCE_TLS);
			h->read += (uint32_t)found.len;
		}
		h->settled = true;
		return;
	}
}

/* Gives back what was read. Where room is short, that is before the other end
 * acknowledged it. */
static void hello_trim(struct vp_flows *t, struct vp_flow_hello *h, bool acked)
{
	if (!acked && t->held.used <= t->held.max / 2)
		return;
	if (h->read > 0) {
		vp_stream_consume(&h->stream, h->read);
		h->dropped = !acked;
		h->read = 0;
	} else if (acked) {
		h->dropped = false;
	}
	if (h->stream.n == 0)
		vp_stream_free(&h->stream, &t->held);
}

enum began { BEGAN_HELLO, BEGAN_MORE, BEGAN_DONE };

/* The first bytes. DONE: no hello, whatever it was. */
static enum began first_read(struct vp_flows *t, struct vp_flow_row *f,
                             const uint8_t *data, uint32_t len, uint32_t *read)
{
	struct vp_hello_found found;
	enum vp_hello got = vp_client_hello_read(&found, data, len);
	enum vp_http_head head;
	uint16_t port;
	char host[256];

	if (got == VP_HELLO_MORE)
		return BEGAN_MORE;
	if (got != VP_HELLO_NOT_TLS) {
		name_claim(t, f, &found, true, VP_NAME_SOURCE_TLS);
		*read = (uint32_t)found.len;
		return BEGAN_HELLO;
	}
	head = vp_http_head_read(host, &port, data, len);
	if (head == VP_HTTP_HEAD_MORE)
		return BEGAN_MORE;
	if (head == VP_HTTP_HEAD_HOST || head == VP_HTTP_HEAD_URL ||
	    head == VP_HTTP_HEAD_CONNECT)
		http_claim(t, f, head, host, port);
	return BEGAN_DONE;
}

static void hello_read(struct vp_flows *t, struct vp_flow_row *f)
{
	struct vp_flow_hello *h = f->app->hello;
	uint32_t ready = vp_stream_ready(&h->stream);

	if (!h->named && ready > 0) {
		switch (first_read(t, f, h->stream.buf, ready, &h->read)) {
		case BEGAN_HELLO:
			h->named = true;
			break;
		case BEGAN_MORE:
			if (ready >= WINDOW)
				hello_give_up(t, f);
			return;
		case BEGAN_DONE:
			hello_end(t, f);
			return;
		}
	}
	if (!h->named)
		return;
	/* Between private ends acknowledgements are not looked at. */
	if (!f->public) {
		hello_end(t, f);
		return;
	}
	if (!h->settled)
		behind_read(t, f, h);
	/* What was read before is acknowledged, and this is nothing new. */
	if (h->settled && h->read == 0 && !h->dropped)
		hello_end(t, f);
	else
		hello_trim(t, h, false);
}

/* Does a segment in the middle look like the beginning of something? */
static bool may_begin(const struct vp_packet *p)
{
	char host[256];
	uint16_t port;
	enum vp_http_head got;

	if (p->payload_caplen < 6)
		return false;
	if (vp_client_hello_begins(p->payload, p->payload_caplen))
		return true;
	got = vp_http_head_read(host, &port, p->payload, p->payload_caplen);
	return got == VP_HTTP_HEAD_HOST || got == VP_HTTP_HEAD_URL ||
	       got == VP_HTTP_HEAD_CONNECT;
}

/* Where the client's bytes begin: after its SYN, or where, with the SYN not
 * seen, a segment looks like it. */
static bool hello_base(const struct vp_flow_row *f, const struct vp_packet *p,
                       bool out, uint32_t *base)
{
	if (f->syn[out] || f->syn_ack[out])
		*base = f->isn[out];
	else if (may_begin(p))
		*base = p->seq;
	else
		return false;
	return true;
}

/* False: settled by this segment alone, or there is no room. */
static bool hello_begin(struct vp_flows *t, struct vp_flow_row *f,
                        const struct vp_packet *p, bool out, uint32_t seq)
{
	uint32_t base, read;

	if (!hello_base(f, p, out, &base))
		return false;
	if (seq == base &&
	    !vp_client_hello_begins(p->payload, p->payload_caplen) &&
	    first_read(t, f, p->payload, p->payload_caplen, &read) ==
	            BEGAN_DONE) {
		hello_end(t, f);
		return false;
	}
	if (vp_flow_app(f) != NULL)
		f->app->hello = calloc(1, sizeof(*f->app->hello));
	if (f->app == NULL || f->app->hello == NULL) {
		t->names_left_out++;
		f->hello_done = true;
		return false;
	}
	f->app->hello->stream.base = base;
	return true;
}

static void segment(struct vp_flows *t, struct vp_flow_row *f,
                    const struct vp_packet *p, bool out)
{
	uint32_t seq = vp_flow_data_seq(p);
	struct vp_flow_hello *h;
	enum vp_stream_added added;

	if ((f->app == NULL || f->app->hello == NULL) &&
	    !hello_begin(t, f, p, out, seq))
		return;
	h = f->app->hello;
	if (h->dropped && (int32_t)(seq - h->stream.base) < 0)
		f->app->doubtful = true; /* a copy that none is left to compare
		                          * with */
	added = vp_stream_add(&h->stream, &t->held, WINDOW, seq, p->payload,
	                      p->payload_caplen);
	f->app->doubtful |= h->stream.contradicts;
	h->cut |= is_partial(p);
	if (added == VP_STREAM_OK) {
		hello_read(t, f);
		return;
	}
	t->names_left_out += added == VP_STREAM_FULL;
	hello_give_up(t, f); /* PAST: what is missing will not come any more */
}

void vp_flow_hello_acked(struct vp_flows *t, struct vp_flow_row *f,
                         uint32_t ack)
{
	struct vp_flow_hello *h = f->app->hello;

	if (!h->named || (int32_t)(ack - (h->stream.base + h->read)) < 0)
		return;
	hello_trim(t, h, true);
	if (h->settled)
		hello_end(t, f);
}

/* --- QUIC ----------------------------------------------------------------- */

static void quic_end(struct vp_flows *t, struct vp_flow_app *a, bool compared)
{
	t->held.used -= a->quic_held;
	a->quic_held = 0;
	a->quic_dropped = !compared;
	vp_quic_destroy(a->quic);
	a->quic = NULL;
}

/* False: more than may be held. */
static bool quic_account(struct vp_flows *t, struct vp_flow_app *a)
{
	size_t held = vp_quic_held(a->quic), more = held - a->quic_held;

	if (more > t->held.max - t->held.used)
		return false;
	t->held.used += more;
	a->quic_held = (uint32_t)held;
	return true;
}

/* All hellos that are there whole: one, or two after a retry. */
static void quic_names(struct vp_flows *t, struct vp_flow_row *f)
{
	struct vp_hello_found found;
	size_t len;
	const uint8_t *b = vp_quic_hello(f->app->quic, &len);

	for (int i = 0; i < 2 && len > 0; i++) {
		enum vp_hello got = vp_client_hello_message(&found, b, len);

		if (got == VP_HELLO_MORE || got == VP_HELLO_NOT_TLS)
			return;
		name_claim(t, f, &found, true, VP_NAME_SOURCE_QUIC);
		b += found.len;
		len -= found.len;
	}
}

/* Version and first connection ID, as far as the packet goes. */
static uint64_t quic_id(const struct vp_flows *t, const struct vp_packet *p)
{
	size_t len = p->payload_caplen > 5 ? 6 + (size_t)p->payload[5] : 0;

	if (len > p->payload_caplen)
		len = p->payload_caplen;
	return len == 0 ? 0 : vp_hash(&t->key, p->payload + 1, len - 1);
}

static void quic_client(struct vp_flows *t, struct vp_flow_row *f,
                        const struct vp_packet *p)
{
	struct vp_flow_app *a = vp_flow_app(f);
	uint64_t id = quic_id(t, p);
	enum vp_quic_got got;

	if (a != NULL && a->quic == NULL && a->quic_last == id) {
		a->doubtful |= a->quic_dropped;
		return; /* sent again, after it was settled */
	}
	if (a != NULL && a->quic == NULL)
		a->quic = vp_quic_create(QUIC_MAX);
	if (a == NULL || a->quic == NULL) {
		t->names_left_out++;
		return;
	}
	t->names_left_out += is_partial(p); /* no key opens a part */
	got = vp_quic_client(a->quic, p->payload, p->payload_caplen);
	if (!vp_quic_begun(a->quic)) {
		quic_end(t, a, !a->quic_dropped);
		return; /* under keys of an earlier one, or nonsense */
	}
	a->doubtful |= vp_quic_doubtful(a->quic);
	if (got == VP_QUIC_FULL || !quic_account(t, a)) {
		t->names_left_out++;
		quic_end(t, a, true);
	} else if (got == VP_QUIC_HELLO) {
		quic_names(t, f);
		a->quic_last = id;
		if (t->held.used > t->held.max / 2)
			quic_end(t, a, false);
	}
}

static void quic(struct vp_flows *t, struct vp_flow_row *f,
                 const struct vp_packet *p, bool out, bool client)
{
	struct vp_flow_app *a = f->app;

	/* Who began a flow of datagrams is a guess: what we send may be a
	 * client's whatever it says. */
	if ((client || out) &&
	    vp_quic_is_initial(p->payload, p->payload_caplen))
		quic_client(t, f, p);
	else if (!client && a != NULL && a->quic != NULL &&
	         vp_quic_server(a->quic, p->payload, p->payload_caplen))
		quic_end(t, a, true);
	else if (!client && a != NULL && a->quic_dropped &&
	         p->payload[0] >= 0xc0)
		a->quic_dropped = false; /* it was answered */
}

/* --- both ----------------------------------------------------------------- */

void vp_flow_hello(struct vp_flows *t, struct vp_flow_row *f,
                   const struct vp_packet *p, bool out)
{
	bool client = from_client(f, out);

	if (p->proto == IPPROTO_TCP && client && !f->hello_done)
		segment(t, f, p, out);
	else if (p->proto == IPPROTO_UDP && p->payload[0] >= 0x80)
		quic(t, f, p, out, client);
}

bool vp_flow_hello_wants(const struct vp_flow_row *f, const struct vp_packet *p,
                         bool out)
{
	const struct vp_stream *s;

	if (p->proto != IPPROTO_TCP || f->app == NULL ||
	    f->app->hello == NULL || f->app->hello->named ||
	    !from_client(f, out))
		return false;
	s = &f->app->hello->stream;
	return vp_stream_ready(s) > 0 ? s->buf[0] == RECORD_HANDSHAKE
	                              : p->dport == PORT_HTTPS;
}

void vp_flow_hello_restart(struct vp_flows *t, struct vp_flow_row *f, bool out)
{
	if (!from_client(f, out))
		return;
	if (f->app != NULL && f->app->hello != NULL)
		hello_give_up(t, f);
	f->hello_done = false;
}

void vp_flow_hello_free(struct vp_flows *t, struct vp_flow_row *f)
{
	struct vp_flow_app *a = f->app;

	hello_end(t, f);
	quic_end(t, a, true);
	free(a->sni);
	for (size_t i = 0; i < VP_FLOW_OTHER_NAMES; i++) {
		free(a->others[i]);
		free(a->connects[i]);
	}
	free(a->http_host);
	free(a->http_connect);
}
