/*
 * flow_payload.c - DNS in the packets of a flow; others go to flow_hello.c.
 *
 * DNS is what goes to or comes from port 53 or a resolver we were told of.
 * Questions are kept with their flow, and as hashes of socket, name and type.
 * An answer binds names only if it comes to us (or stays on this machine) from
 * a socket that was seen being asked just that: a stray or forged answer must
 * not make a leak look like allowed traffic.
 *
 * Over TCP, messages follow each other with nothing but their lengths between
 * them. Where a stream was not seen from its first byte on, or after a gap, a
 * segment that looks like the start of a message is taken for one; but a server
 * may be made to send bytes that look like it. So what is read by such a guess
 * is shown, and binds nothing; nor does an answer to it.
 */
#include "flow_table.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "vnetprobe/dns_message.h"

#define DNS_PORT 53
#define DNS_HEADER 12
#define DNS_STREAM_MAX (2 + 65535)
#define TEXT_MAX (32u << 20) /* of all questions kept with flows */

#define FLAG_OPCODE 0x7800

struct vp_flow_app *vp_flow_app(struct vp_flow_row *f)
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
	vp_flow_hello_free(t, f);
	for (int i = 0; a->dns != NULL && i < 2; i++)
		vp_stream_free(&a->dns->stream[i], &t->held);
	free(a->dns);
	free(a);
	f->app = NULL;
}

void vp_flow_restart(struct vp_flows *t, struct vp_flow_row *f, bool out)
{
	vp_flow_hello_restart(t, f, out);
	if (f->app == NULL || f->app->dns == NULL)
		return;
	vp_stream_free(&f->app->dns->stream[out], &t->held);
	f->app->dns->begun[out] = false;
}

/* Data in a SYN (RFC 7413) comes after its own sequence number. */
uint32_t vp_flow_data_seq(const struct vp_packet *p)
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

/* An answer has the ID of its question, else it is forged: RFC 5452 section 4.
 */
static uint64_t with_id(const struct vp_flows *t, uint64_t question,
                        uint16_t id)
{
	const uint64_t b[] = { question, id };

	return vp_hash(&t->key, b, sizeof(b));
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
	struct vp_flow_app *a = vp_flow_app(f);
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
	uint64_t hash;
	uint16_t type;

	if (vp_dns_question_read(name, &type, &h, msg, len) != 0)
		return;
	hash = question_hash(t, p->proto, &from, &to, name, type);
	if (vp_hash_set_add(&t->questions, hash, t->limits.names) < 0 ||
	    vp_hash_set_add(&t->asked, with_id(t, hash, h.id),
	                    t->limits.names) < 0)
		t->names_left_out++;
	question_keep(t, f, name);
}

/* RFC 2181 section 8: with the highest bit set it is none. */
static uint32_t ttl_min(uint32_t a, uint32_t b)
{
	a = a > INT32_MAX ? 0 : a;
	b = b > INT32_MAX ? 0 : b;
	return a < b ? a : b;
}

/* Does this answer come from a server that programs here are told to ask? */
static bool is_own_answer(const struct vp_flows *t, const struct vp_packet *p)
{
	enum vp_scope scope = vp_addr_scope(&p->src, NULL, 0);

	return scope == VP_SCOPE_LOOPBACK || scope == VP_SCOPE_PLATFORM ||
	       vp_hash_set_has(&t->resolvers,
	                       vp_flow_hash_end(t, &p->src, p->sport));
}

static void bind_addresses(struct vp_flows *t, const struct vp_packet *p,
                           const struct vp_dns_address *a, size_t n,
                           const char *name, uint32_t ttl)
{
	bool own = t->own_bindings != NULL && is_own_answer(t, p);

	for (size_t i = 0; i < n; i++) {
		uint32_t least = ttl_min(ttl, a[i].ttl);

		if (vp_bindings_add(t->bindings, &a[i].addr, name, p->ts_us,
		                    least) != 0 ||
		    (own && vp_bindings_add(t->own_bindings, &a[i].addr, name,
		                            p->ts_us, least) != 0))
			t->names_left_out++;
	}
}

/*
 * A name, with the least TTL of the links between it and the address. A client
 * may connect to a hint before it has the addresses themselves (RFC 9460
 * section 7.3), and what it means then is the name it asked about; the resolver
 * is the one that it trusts with addresses, too.
 */
static void bind_name(struct vp_flows *t, const struct vp_packet *p,
                      const struct vp_dns_message *m, const char *name,
                      uint32_t ttl)
{
	bind_addresses(t, p, m->addresses, m->n_addresses, name, ttl);
	for (size_t i = 0; i < m->n_services; i++)
		bind_addresses(t, p, m->services[i].hints,
		               m->services[i].n_hints, name, ttl);
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
	for (size_t i = 0; i < m->n_services; i++)
		bind_addresses(t, p, m->services[i].hints,
		               m->services[i].n_hints, m->services[i].target,
		               INT32_MAX);
}

static bool was_asked(const struct vp_flows *t, const struct vp_packet *p,
                      const struct vp_dns_message *m)
{
	struct vp_endpoint from = { p->src, p->sport },
			   to = { p->dst, p->dport };
	uint64_t hash =
		question_hash(t, p->proto, &to, &from, m->question, m->type);

	return vp_hash_set_has(&t->asked, with_id(t, hash, m->header.id));
}

static void dns_answer(struct vp_flows *t, const struct vp_packet *p,
                       const uint8_t *msg, size_t len, bool guessed)
{
	struct vp_arena *arena = vp_arena_create();
	struct vp_dns_message m;
	const char *why;

	if (vp_dns_message_read(&m, arena, msg, len, &why) == 0 &&
	    m.question != NULL && m.rcode == 0) {
		if (guessed)
			t->names_left_out += m.n_addresses + m.n_services > 0;
		else if (was_asked(t, p, &m))
			bind_chain(t, p, &m);
	}
	vp_arena_destroy(arena);
}

/* To us, on this machine, or between others whose ends are no more than
 * guessed (a container's, before NAT); but not what we serve to others. */
static bool may_bind(const struct vp_flow_row *f, bool out)
{
	return !out || f->loop || f->guessed;
}

static void dns_message(struct vp_flows *t, struct vp_flow_row *f,
                        const struct vp_packet *p, const uint8_t *msg,
                        size_t len, bool out, bool guessed)
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
	           may_bind(f, out)) {
		dns_answer(t, p, msg, len, guessed);
	}
}

/* Could these bytes be a length and a message behind it, as far as they go? */
static bool looks_like_dns(const uint8_t *b, uint32_t ready)
{
	uint32_t len = (uint32_t)b[0] << 8 | b[1];
	struct vp_dns_header h;
	char name[VP_DNS_NAME_TEXT];
	uint16_t type;

	if (len < DNS_HEADER + 5) /* the root, type and class */
		return false;
	if (ready < 2 + DNS_HEADER)
		return true;
	if (vp_dns_header_read(&h, b + 2, DNS_HEADER) != 0 ||
	    (h.flags & FLAG_OPCODE) != 0 || h.n_question != 1)
		return false;
	return ready < 2 + len ||
	       vp_dns_question_read(name, &type, &h, b + 2, len) == 0;
}

/* RFC 1035 section 4.2.2: each message has two bytes of length before it.
 * False: a guess was wrong. */
static bool dns_stream_read(struct vp_flows *t, struct vp_flow_row *f,
                            const struct vp_packet *p, struct vp_flow_dns *d,
                            bool out)
{
	struct vp_stream *s = &d->stream[out];
	bool guessed = d->guessed[0] || d->guessed[1];
	uint32_t ready;

	while ((ready = vp_stream_ready(s)) >= 2) {
		uint32_t len = (uint32_t)s->buf[0] << 8 | s->buf[1];

		if (d->guessed[out] && !looks_like_dns(s->buf, ready))
			return false;
		if (ready < 2 + len)
			break;
		dns_message(t, f, p, s->buf + 2, len, out, guessed);
		vp_stream_consume(s, 2 + len);
	}
	return true;
}

static struct vp_flow_dns *dns_of(struct vp_flow_row *f)
{
	struct vp_flow_app *a = vp_flow_app(f);

	if (a != NULL && a->dns == NULL)
		a->dns = calloc(1, sizeof(*a->dns));
	return a != NULL ? a->dns : NULL;
}

static enum vp_stream_added dns_add(struct vp_flows *t, struct vp_stream *s,
                                    const struct vp_packet *p)
{
	return vp_stream_add(s, &t->held, DNS_STREAM_MAX, vp_flow_data_seq(p),
	                     p->payload, p->payload_caplen);
}

static void dns_tcp(struct vp_flows *t, struct vp_flow_row *f,
                    const struct vp_packet *p, bool out)
{
	struct vp_flow_dns *d = dns_of(f);
	uint32_t seq = vp_flow_data_seq(p);
	enum vp_stream_added added;
	struct vp_stream *s;

	if (d == NULL) {
		t->names_left_out++;
		return;
	}
	s = &d->stream[out];
	if (!d->begun[out]) {
		d->guessed[out] = !f->syn[out] && !f->syn_ack[out];
		s->base = d->guessed[out] ? seq : f->isn[out];
		s->contradicts = false;
		d->begun[out] = true;
	}
	added = dns_add(t, s, p);
	if (added != VP_STREAM_OK) {
		/* A gap that never closed, or too much held: begin anew. */
		vp_stream_free(s, &t->held);
		s->base = seq;
		d->guessed[out] = true;
		if (added == VP_STREAM_FULL || dns_add(t, s, p) != VP_STREAM_OK)
			t->names_left_out++;
	}
	/* Of copies that differ, the one that was taken is unknown. */
	d->guessed[out] |= s->contradicts;
	if (!dns_stream_read(t, f, p, d, out)) {
		vp_stream_free(s, &t->held);
		s->base = seq + p->payload_caplen;
	}
	if (s->n == 0)
		vp_stream_free(s, &t->held);
}

/* --- all ----------------------------------------------------------------- */

void vp_flow_payload(struct vp_flows *t, struct vp_flow_row *f,
                     const struct vp_packet *p, bool out)
{
	bool dns;

	if (f->app != NULL && f->app->hello != NULL &&
	    (p->tcp_flags & VP_TCP_ACK) != 0 &&
	    out == (f->direction == VP_DIRECTION_IN))
		vp_flow_hello_acked(t, f, p->ack);
	if (p->payload_len == 0)
		return;
	dns = is_dns_end(t, &p->src, p->sport) ||
	      is_dns_end(t, &p->dst, p->dport);
	if (dns && p->payload_caplen < p->payload_len)
		t->truncated++; /* a question or binding may be lost */
	if (p->payload_caplen == 0)
		return;
	/* Who says that an odd port is a resolver's may be wrong. */
	if (!dns || (p->sport != DNS_PORT && p->dport != DNS_PORT))
		vp_flow_hello(t, f, p, out);
	if (!dns)
		return;
	if (p->proto == IPPROTO_UDP)
		dns_message(t, f, p, p->payload, p->payload_caplen, out, false);
	else if (p->proto == IPPROTO_TCP)
		dns_tcp(t, f, p, out);
}
