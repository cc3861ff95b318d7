/*
 * flow_payload.c - DNS and TLS in the packets of a flow.
 *
 * DNS is what goes to or comes from port 53 or a resolver we were told of.
 * Questions are kept with their flow, and as hashes of socket, name and type.
 * An answer binds names only if it comes to us (or stays on this machine) from
 * a socket that was seen being asked just that: a stray or forged answer must
 * not make a leak look like allowed traffic.
 *
 * The client's first bytes on TCP are held, in order, until they are known to
 * be a ClientHello with or without a name, or no TLS at all.
 */
#include "flow_table.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "vnetprobe/client_hello.h"
#include "vnetprobe/dns_message.h"

#define DNS_PORT 53
#define DNS_HEADER 12
#define DNS_STREAM_MAX (2 + 65535)
#define HELLO_WINDOW 16384
#define TEXT_MAX (32u << 20) /* of all questions kept with flows */

#define FLAG_OPCODE 0x7800

static struct vp_flow_app *app_of(struct vp_flow_row *f)
{
	if (f->app == NULL)
		f->app = calloc(1, sizeof(*f->app));
	return f->app;
}

void vp_flow_app_free(struct vp_flows *t, struct vp_flow_row *f)
{
	struct vp_flow_app *a = f->app;

	if (a == NULL)
		return;
	for (size_t i = 0; i < a->n_questions; i++)
		free(a->questions[i]);
	free(a->questions);
	free(a->sni);
	vp_stream_free(&a->hello, &t->held);
	vp_stream_free(&a->dns[0], &t->held);
	vp_stream_free(&a->dns[1], &t->held);
	free(a);
	f->app = NULL;
}

void vp_flow_restart(struct vp_flows *t, struct vp_flow_row *f, bool out)
{
	struct vp_flow_app *a = f->app;

	f->hello_done = a != NULL && a->sni != NULL; /* the first one stays */
	if (a == NULL)
		return;
	vp_stream_free(&a->hello, &t->held);
	vp_stream_free(&a->dns[out], &t->held);
	a->dns_begun[out] = false;
}

/* Data in a SYN (RFC 7413) comes after its own sequence number. */
static uint32_t data_seq(const struct vp_packet *p)
{
	return p->seq + ((p->tcp_flags & VP_TCP_SYN) != 0);
}

/* --- DNS ----------------------------------------------------------------- */

static bool is_dns_end(const struct vp_flows *t, const struct vp_addr *a,
                       uint16_t port)
{
	return port == DNS_PORT ||
	       (t->resolvers.n > 0 &&
	        vp_hash_set_has(&t->resolvers, vp_flow_hash_end(t, a, port)));
}

static uint64_t question_hash(const struct vp_flows *t, uint8_t proto,
                              const struct vp_endpoint *from,
                              const struct vp_endpoint *to, const char *name,
                              uint16_t type)
{
	uint8_t b[VP_FLOW_KEY + 2 + VP_DNS_NAME_TEXT];
	size_t len = strnlen(name, VP_DNS_NAME_TEXT);

	vp_flow_key(b, proto, &from->addr, from->port, &to->addr, to->port);
	b[VP_FLOW_KEY] = (uint8_t)(type >> 8);
	b[VP_FLOW_KEY + 1] = (uint8_t)type;
	memcpy(b + VP_FLOW_KEY + 2, name, len);
	return vp_hash(&t->key, b, VP_FLOW_KEY + 2 + len);
}

bool vp_flows_saw_question(const struct vp_flows *t, uint8_t proto,
                           const struct vp_endpoint *local,
                           const struct vp_endpoint *remote, const char *name,
                           uint16_t type)
{
	return vp_hash_set_has(
		&t->questions,
		question_hash(t, proto, local, remote, name, type));
}

static void question_keep(struct vp_flows *t, struct vp_flow_row *f,
                          const char *name)
{
	struct vp_flow_app *a = app_of(f);
	size_t len = strlen(name) + 1;
	char **grown, *copy;

	if (a == NULL)
		return;
	for (size_t i = 0; i < a->n_questions; i++)
		if (strcmp(a->questions[i], name) == 0)
			return;
	if (a->n_questions >= t->limits.questions || len > TEXT_MAX - t->text) {
		a->questions_left_out++;
		return;
	}
	grown = reallocarray(a->questions, a->n_questions + 1, sizeof(*grown));
	if (grown != NULL)
		a->questions = grown;
	copy = grown == NULL ? NULL : strdup(name);
	if (copy == NULL) {
		a->questions_left_out++;
		return;
	}
	t->text += len;
	a->questions[a->n_questions++] = copy;
}

static void dns_question(struct vp_flows *t, struct vp_flow_row *f,
                         const struct vp_packet *p, const uint8_t *msg,
                         size_t len)
{
	struct vp_endpoint from = { p->src, p->sport },
			   to = { p->dst, p->dport };
	char name[VP_DNS_NAME_TEXT];
	struct vp_dns_header h;
	uint16_t type;

	if (vp_dns_question_read(name, &type, &h, msg, len) != 0)
		return;
	if (vp_hash_set_add(&t->questions,
	                    question_hash(t, p->proto, &from, &to, name, type),
	                    t->limits.names) < 0)
		t->n_left_out++;
	question_keep(t, f, name);
}

/* RFC 2181 section 8: with the highest bit set it is none. */
static uint32_t ttl_min(uint32_t a, uint32_t b)
{
	a = a > INT32_MAX ? 0 : a;
	b = b > INT32_MAX ? 0 : b;
	return a < b ? a : b;
}

/* A name, with the least TTL of the links between it and the address. */
static void bind_name(struct vp_flows *t, const struct vp_packet *p,
                      const struct vp_dns_message *m, const char *name,
                      uint32_t ttl)
{
	for (size_t i = 0; i < m->n_addresses; i++)
		if (vp_bindings_add(t->bindings, &m->addresses[i].addr, name,
		                    p->ts_us,
		                    ttl_min(ttl, m->addresses[i].ttl)) != 0)
			t->n_left_out++;
}

/* Of the links from that one on; chains are short. */
static uint32_t chain_ttl(const struct vp_dns_message *m, size_t from)
{
	uint32_t ttl = INT32_MAX;

	for (size_t i = from; i < m->n_chain; i++)
		ttl = ttl_min(ttl, m->chain[i].ttl);
	return ttl;
}

/* The question first: should room run out, it matters most. */
static void bind_chain(struct vp_flows *t, const struct vp_packet *p,
                       const struct vp_dns_message *m)
{
	bind_name(t, p, m, m->question, chain_ttl(m, 0));
	for (size_t i = 0; i < m->n_chain; i++)
		bind_name(t, p, m, m->chain[i].target, chain_ttl(m, i + 1));
}

static void dns_answer(struct vp_flows *t, const struct vp_packet *p,
                       const uint8_t *msg, size_t len)
{
	struct vp_endpoint from = { p->src, p->sport },
			   to = { p->dst, p->dport };
	struct vp_arena *arena = vp_arena_create();
	struct vp_dns_message m;
	const char *why;

	if (vp_dns_message_read(&m, arena, msg, len, &why) == 0 &&
	    m.question != NULL && m.rcode == 0 &&
	    vp_flows_saw_question(t, p->proto, &to, &from, m.question, m.type))
		bind_chain(t, p, &m);
	vp_arena_destroy(arena);
}

static void dns_message(struct vp_flows *t, struct vp_flow_row *f,
                        const struct vp_packet *p, const uint8_t *msg,
                        size_t len, bool out)
{
	struct vp_dns_header h;

	vp_flow_trace_message(t->trace, p, msg, len, out);
	if (vp_dns_header_read(&h, msg, len) != 0 ||
	    (h.flags & FLAG_OPCODE) != 0 || h.n_question == 0)
		return;
	if ((h.flags & VP_DNS_FLAG_QR) == 0) {
		if (is_dns_end(t, &p->dst, p->dport))
			dns_question(t, f, p, msg, len);
	} else if (is_dns_end(t, &p->src, p->sport) && h.n_answer > 0 &&
	           (!out || f->loop)) {
		dns_answer(t, p, msg, len);
	}
}

/* RFC 1035 section 4.2.2: each message has two bytes of length before it. */
static void dns_stream_read(struct vp_flows *t, struct vp_flow_row *f,
                            const struct vp_packet *p, struct vp_stream *s,
                            bool out)
{
	uint32_t ready;

	while ((ready = vp_stream_ready(s)) >= 2) {
		uint32_t len = (uint32_t)s->buf[0] << 8 | s->buf[1];

		if (ready < 2 + len)
			return;
		dns_message(t, f, p, s->buf + 2, len, out);
		vp_stream_consume(s, 2 + len);
	}
}

static void dns_tcp(struct vp_flows *t, struct vp_flow_row *f,
                    const struct vp_packet *p, bool out)
{
	struct vp_flow_app *a = app_of(f);
	uint32_t seq = data_seq(p);
	enum vp_stream_added added;
	struct vp_stream *s;

	if (a == NULL)
		return;
	s = &a->dns[out];
	if (!a->dns_begun[out]) {
		/* Without the SYN: messages mostly begin with a segment. */
		s->base = f->syn[out] || f->syn_ack[out] ? f->isn[out] : seq;
		a->dns_begun[out] = true;
	}
	added = vp_stream_add(s, &t->held, DNS_STREAM_MAX, seq, p->payload,
	                      p->payload_caplen);
	if (added != VP_STREAM_OK) {
		/* A gap that never closed, or too much held: begin anew. */
		vp_stream_free(s, &t->held);
		s->base = seq;
		if (added == VP_STREAM_FULL)
			t->n_left_out++;
		else
			vp_stream_add(s, &t->held, DNS_STREAM_MAX, seq,
			              p->payload, p->payload_caplen);
	}
	dns_stream_read(t, f, p, s, out);
	if (s->n == 0)
		vp_stream_free(s, &t->held);
}

/* --- TLS ----------------------------------------------------------------- */

static void hello_end(struct vp_flows *t, struct vp_flow_row *f)
{
	f->hello_done = true;
	if (f->app != NULL)
		vp_stream_free(&f->app->hello, &t->held);
}

/* True if that settled it. */
static bool hello_read(struct vp_flows *t, struct vp_flow_row *f,
                       const uint8_t *data, uint32_t len)
{
	struct vp_hello_found found;
	enum vp_hello got = vp_client_hello_read(&found, data, len);

	if (got == VP_HELLO_MORE && len < HELLO_WINDOW)
		return false;
	if (got == VP_HELLO_NAME && app_of(f) != NULL)
		f->app->sni = strdup(found.name);
	hello_end(t, f);
	return true;
}

/* Where the client's bytes begin: after its SYN, or where, with the SYN not
 * seen, a segment looks like a hello. */
static bool hello_base(struct vp_flow_row *f, const struct vp_packet *p,
                       bool out, uint32_t *base)
{
	if (f->app != NULL && f->app->hello.n > 0)
		*base = f->app->hello.base;
	else if (f->syn[out] || f->syn_ack[out])
		*base = f->isn[out];
	else if (p->payload_caplen >= 6 &&
	         vp_client_hello_begins(p->payload, p->payload_caplen))
		*base = p->seq;
	else
		return false;
	return true;
}

static void hello(struct vp_flows *t, struct vp_flow_row *f,
                  const struct vp_packet *p, bool out)
{
	uint32_t seq = data_seq(p);
	struct vp_stream *s;
	uint32_t base;

	if (!hello_base(f, p, out, &base))
		return;
	if (f->app == NULL || f->app->hello.n == 0) {
		if (seq == base &&
		    hello_read(t, f, p->payload, p->payload_caplen))
			return;
		if (app_of(f) == NULL)
			return;
		f->app->hello.base = base;
	}
	s = &f->app->hello;
	switch (vp_stream_add(s, &t->held, HELLO_WINDOW, seq, p->payload,
	                      p->payload_caplen)) {
	case VP_STREAM_OK:
		hello_read(t, f, s->buf, vp_stream_ready(s));
		break;
	case VP_STREAM_FULL:
		t->n_left_out++;
		hello_end(t, f);
		break;
	case VP_STREAM_PAST: /* what is missing will not come any more */
		hello_end(t, f);
		break;
	}
}

/* --- both ---------------------------------------------------------------- */

static bool from_client(const struct vp_flow_row *f, bool out)
{
	return f->direction == VP_DIRECTION_IN ? !out : out;
}

void vp_flow_payload(struct vp_flows *t, struct vp_flow_row *f,
                     const struct vp_packet *p, bool out)
{
	bool dns;

	if (p->payload_len == 0)
		return;
	dns = is_dns_end(t, &p->src, p->sport) ||
	      is_dns_end(t, &p->dst, p->dport);
	if (dns && p->payload_caplen < p->payload_len)
		t->truncated++; /* a question or binding may be lost */
	if (p->payload_caplen == 0)
		return;
	if (p->proto == IPPROTO_UDP && dns)
		dns_message(t, f, p, p->payload, p->payload_caplen, out);
	else if (p->proto == IPPROTO_TCP && dns)
		dns_tcp(t, f, p, out);
	else if (p->proto == IPPROTO_TCP && !f->hello_done &&
	         from_client(f, out))
		hello(t, f, p, out);
}
