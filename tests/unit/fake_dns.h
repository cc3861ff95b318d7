/*
 * fake_dns.h - a DNS server for tests, on the test's own loop and on loopback.
 *
 * The first label of a question says how it is answered, well or badly. It is
 * written from RFC 1035 without the code under test.
 */
#ifndef VP_TESTS_FAKE_DNS_H
#define VP_TESTS_FAKE_DNS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "vnetprobe/addr.h"

#define FAKE_MAX 65535
/* of one attempt; "late" answers during the second */
#define FAKE_TIMEOUT_MS 200
#define FAKE_LATE_MS (FAKE_TIMEOUT_MS * 13 / 10)

struct fake_dns {
	uv_loop_t *loop;
	uv_udp_t udp, other; /* other: the same address, another port */
	uv_tcp_t tcp;
	bool has_tcp;
	struct vp_endpoint addr;
	/* what it saw */
	unsigned questions, connections, open_connections;
	struct vp_endpoint peer; /* of the last question */
	uint16_t last_id;
	uv_timer_t timer; /* for what "late" holds back */
	uint8_t late[600];
	size_t late_len;
	struct sockaddr_storage late_to;
	/* Each question before it is answered; false: it is not. NULL: none. */
	bool (*seen)(const struct fake_dns *s, const uint8_t *msg, size_t len,
	             bool tcp, void *arg);
	void *arg;
};

struct fake_connection {
	uv_tcp_t tcp;
	struct fake_dns *s;
	uv_timer_t drip;
	int open;
	uint8_t in[16384]; /* a few hundred questions at once */
	size_t in_len;
};

struct fake_write {
	uv_write_t req;
	uint8_t data[];
};

struct fake_msg {
	uint8_t b[FAKE_MAX + 1];
	size_t len, question_end;
};

/* Also where assert() is nothing. */
static inline void fake_must(bool ok)
{
	if (!ok)
		abort();
}

static inline void fake_u16(struct fake_msg *m, unsigned v)
{
	m->b[m->len++] = (uint8_t)(v >> 8);
	m->b[m->len++] = (uint8_t)v;
}

static inline void fake_name(struct fake_msg *m, const char *name)
{
	while (*name != '\0') {
		size_t n = strcspn(name, ".");

		m->b[m->len++] = (uint8_t)n;
		memcpy(m->b + m->len, name, n);
		m->len += n;
		name += n + (name[n] == '.');
	}
	m->b[m->len++] = 0;
}

/* section: offset of the count in the header; owner NULL: the question. */
static inline size_t fake_record(struct fake_msg *m, unsigned section,
                                 const char *owner, unsigned type, unsigned ttl)
{
	size_t rdlen;

	m->b[section + 1]++;
	if (m->b[section + 1] == 0)
		m->b[section]++;
	if (owner == NULL)
		fake_u16(m, 0xc00c);
	else
		fake_name(m, owner);
	fake_u16(m, type);
	fake_u16(m, 1);
	fake_u16(m, ttl >> 16);
	fake_u16(m, ttl & 0xffff);
	rdlen = m->len;
	fake_u16(m, 0);
	return rdlen;
}

static inline void fake_rdata_end(struct fake_msg *m, size_t rdlen)
{
	size_t n = m->len - rdlen - 2;

	m->b[rdlen] = (uint8_t)(n >> 8);
	m->b[rdlen + 1] = (uint8_t)n;
}

static inline void fake_address(struct fake_msg *m, const char *owner,
                                unsigned type, unsigned last)
{
	size_t r = fake_record(m, 6, owner, type, 60);

	if (type == 28) {
		memset(m->b + m->len, 0, 16);
		m->b[m->len] = 0xfd;
		m->b[m->len + 15] = (uint8_t)last;
		m->len += 16;
	} else {
		fake_u16(m, 0x0a00);
		fake_u16(m, last);
	}
	fake_rdata_end(m, r);
}

/* section as in fake_record(): 6 the answer, 8 the authority section */
static inline void fake_soa(struct fake_msg *m, unsigned section)
{
	size_t r = fake_record(m, section, "zone.test", 6, 300);

	fake_name(m, "ns.zone.test");
	fake_name(m, "admin.zone.test");
	for (int i = 0; i < 10; i++)
		fake_u16(m, i == 9 ? 17 : 1); /* minimum is 0x10011 */
	fake_rdata_end(m, r);
}

static inline void fake_text(struct fake_msg *m, unsigned strings, unsigned n)
{
	size_t r = fake_record(m, 6, NULL, 16, 0);

	m->b[r - 5] = m->b[m->question_end - 1]; /* class */
	for (unsigned i = 0; i < strings; i++) {
		m->b[m->len++] = (uint8_t)n;
		memset(m->b + m->len, 'a' + (int)i, n);
		m->len += n;
	}
	fake_rdata_end(m, r);
}

static inline bool fake_is(const struct fake_msg *m, const char *label)
{
	size_t n = strlen(label);

	return m->b[12] == n && memcmp(m->b + 13, label, n) == 0;
}

enum fake_what { FAKE_SILENT, FAKE_ANSWER, FAKE_OTHER_SOCKET };

/* Makes the answer out of the question in m. */
static inline enum fake_what fake_answer(struct fake_msg *m, bool tcp,
                                         bool again)
{
	size_t q = 12;
	unsigned type;
	bool edns = m->b[11] != 0, cd = m->b[3] & 0x10;

	while (q < m->len && m->b[q] != 0)
		q += m->b[q] + 1u;
	q += 5;
	fake_must(q <= m->len);
	type = (unsigned)m->b[q - 4] << 8 | m->b[q - 3];
	if (fake_is(m, "reflect"))
		return FAKE_ANSWER;
	m->len = m->question_end = q;
	m->b[2] |= 0x80; /* QR */
	m->b[3] |= 0x80; /* RA: glibc takes an empty answer without it for a
	                  * lame referral */
	memset(m->b + 6, 0, 6);
	if (fake_is(m, "drop") ||
	    ((fake_is(m, "firstlost") || fake_is(m, "tclost")) && !again &&
	     !tcp))
		return FAKE_SILENT;
	if (fake_is(m, "master"))
		m->b[2] |= 4; /* AA */
	if (fake_is(m, "wrongid"))
		m->b[0] ^= 0xff;
	if (fake_is(m, "wrongquestion"))
		m->b[13] ^= 1;
	if (fake_is(m, "refused"))
		m->b[3] |= 5;
	else if (fake_is(m, "servfail"))
		m->b[3] |= 2;
	else if (fake_is(m, "alwaysformerr") || (fake_is(m, "formerr") && edns))
		m->b[3] |= 1;
	else if (fake_is(m, "bareformerr") && edns) {
		m->b[3] |= 1;
		m->b[5] = 0;
		m->len = 12;
	} else if (fake_is(m, "nx")) {
		m->b[3] |= 3;
		fake_soa(m, 8);
	} else if (fake_is(m, "bogus") && !cd) {
		m->b[3] |= 2;
	} else if (type == 6) {
		fake_soa(m, fake_is(m, "zone") ? 6 : 8);
	} else if (type == 16 && fake_is(m, "version")) {
		fake_text(m, 1, 20);
	} else if (type == 16) {
		fake_text(m, 2, 200);
	} else if (fake_is(m, "nodata")) {
		;
	} else if (fake_is(m, "short")) {
		m->len = 7;
	} else if (fake_is(m, "nothing")) {
		m->len = 0;
	} else if (fake_is(m, "random")) {
		for (m->len = 12; m->len < 200; m->len++)
			m->b[m->len] = (uint8_t)(m->len * 167 + 13);
	} else if (fake_is(m, "alias")) {
		size_t r = fake_record(m, 6, NULL, 5, 100);

		fake_name(m, "alias.privatelink.test");
		fake_rdata_end(m, r);
		fake_address(m, "alias.privatelink.test", type, 9);
	} else if (fake_is(m, "twice") || fake_is(m, "bigtwice")) {
		unsigned n = fake_is(m, "twice") ? 3 : 1024;

		for (unsigned i = 0; i < 2 * n; i++)
			fake_address(m, NULL, type, i % n + 1);
	} else if (fake_is(m, "loop")) {
		m->b[7]++;
		fake_u16(m, 0xc000 | (unsigned)m->len); /* points at itself */
		memset(m->b + m->len, 0, 20);
		m->len += 20;
	} else if (fake_is(m, "cut")) {
		fake_address(m, NULL, type, 5);
		m->len -= 3;
	} else if (fake_is(m, "big") || (fake_is(m, "huge") && tcp)) {
		unsigned n = fake_is(m, "big") ? 70 : 4000;

		for (unsigned i = 0; i < n; i++)
			fake_address(m, NULL, type, i + 1);
	} else if (fake_is(m, "garbage64k") && tcp) {
		m->b[7] = 1;
		while (m->len < FAKE_MAX) {
			m->b[m->len] = (uint8_t)(m->len * 31);
			m->len++;
		}
	} else if (m->b[13] == 't' && m->b[14] == 'c' && !tcp) {
		m->b[2] |= 2;
	} else {
		fake_address(m, NULL, type, 5);
	}
	return fake_is(m, "othersource") ? FAKE_OTHER_SOCKET : FAKE_ANSWER;
}

/* --- UDP ------------------------------------------------------------------ */

static inline void fake_alloc(uv_handle_t *h, size_t size, uv_buf_t *buf)
{
	(void)h;
	(void)size;
	*buf = uv_buf_init(malloc(4096), 4096);
}

static inline void fake_on_late(uv_timer_t *t)
{
	struct fake_dns *s = t->data;
	uv_buf_t out = uv_buf_init((char *)s->late, (unsigned)s->late_len);

	uv_udp_try_send(&s->udp, &out, 1, (struct sockaddr *)&s->late_to);
}

static inline void fake_on_udp(uv_udp_t *h, ssize_t n, const uv_buf_t *buf,
                               const struct sockaddr *from, unsigned flags)
{
	static struct fake_msg m;
	struct fake_dns *s = h->data;
	enum fake_what what;
	uint16_t id;
	bool again, late;
	uv_buf_t out;

	(void)flags;
	if (n < 17 || from == NULL)
		goto out;
	memcpy(m.b, buf->base, (size_t)n);
	m.len = (size_t)n;
	s->questions++;
	vp_endpoint_from_sockaddr(&s->peer, from);
	if (s->seen != NULL && !s->seen(s, m.b, m.len, false, s->arg))
		goto out;
	id = (uint16_t)(m.b[0] << 8 | m.b[1]);
	again = id == s->last_id;
	s->last_id = id;
	late = fake_is(&m, "late");
	what = fake_answer(&m, false, again);
	if (late && !again) {
		memcpy(s->late, m.b, m.len);
		s->late_len = m.len;
		memcpy(&s->late_to, from, sizeof(struct sockaddr_in));
		uv_timer_start(&s->timer, fake_on_late, FAKE_LATE_MS, 0);
	}
	out = uv_buf_init((char *)m.b, (unsigned)m.len);
	if (what != FAKE_SILENT && !late)
		uv_udp_try_send(what == FAKE_ANSWER ? &s->udp : &s->other, &out,
		                1, from);
out:
	free(buf->base);
}

/* --- TCP ------------------------------------------------------------------ */

static inline void fake_on_closed(uv_handle_t *h)
{
	struct fake_connection *c = h->data;

	if (--c->open == 0) {
		c->s->open_connections--;
		free(c);
	}
}

static inline void fake_close(struct fake_connection *c)
{
	if (uv_is_closing((uv_handle_t *)&c->tcp))
		return;
	uv_close((uv_handle_t *)&c->tcp, fake_on_closed);
	uv_close((uv_handle_t *)&c->drip, fake_on_closed);
}

static inline void fake_on_written(uv_write_t *req, int status)
{
	(void)status;
	free(req->data);
}

static inline void fake_write(struct fake_connection *c, const uint8_t *data,
                              size_t len)
{
	struct fake_write *w = malloc(sizeof(*w) + len);
	uv_buf_t buf;

	memcpy(w->data, data, len);
	w->req.data = w;
	buf = uv_buf_init((char *)w->data, (unsigned)len);
	if (uv_write(&w->req, (uv_stream_t *)&c->tcp, &buf, 1,
	             fake_on_written) < 0)
		free(w);
}

static inline void fake_on_drip(uv_timer_t *t)
{
	static const uint8_t bytes[] = { 0x40 };
	struct fake_connection *c = t->data;

	fake_write(c, bytes, 1);
}

static inline void fake_reply(struct fake_connection *c, const uint8_t *msg,
                              size_t len)
{
	static struct fake_msg m, framed;

	memcpy(m.b, msg, len);
	m.len = len;
	c->s->questions++;
	if (c->s->seen != NULL && !c->s->seen(c->s, msg, len, true, c->s->arg))
		return;
	if (fake_is(&m, "tcclose")) {
		fake_close(c);
		return;
	}
	if (fake_is(&m, "tcreset")) {
		uv_tcp_close_reset(&c->tcp, fake_on_closed);
		uv_close((uv_handle_t *)&c->drip, fake_on_closed);
		return;
	}
	if (fake_is(&m, "tczero")) {
		fake_write(c, (const uint8_t[]){ 0, 0 }, 2);
		return;
	}
	if (fake_is(&m, "tcdrip")) {
		uv_timer_start(&c->drip, fake_on_drip, 0, 10);
		return;
	}
	if (fake_is(&m, "tcsilent") ||
	    fake_answer(&m, true, false) == FAKE_SILENT)
		return;
	framed.len = 0;
	fake_u16(&framed, (unsigned)m.len);
	memcpy(framed.b + 2, m.b, m.len < FAKE_MAX - 2 ? m.len : FAKE_MAX - 2);
	framed.len += m.len;
	if (fake_is(&m, "tcmiddle"))
		framed.len -= 5;
	if (framed.len > FAKE_MAX)
		framed.len = FAKE_MAX;
	fake_write(c, framed.b, framed.len);
	if (m.len == FAKE_MAX) /* the two bytes framed has no room for */
		fake_write(c, m.b + FAKE_MAX - 2, 2);
	if (fake_is(&m, "tcmiddle") || fake_is(&m, "tcone"))
		fake_close(c);
}

static inline void fake_on_read(uv_stream_t *h, ssize_t n, const uv_buf_t *buf)
{
	struct fake_connection *c = h->data;
	size_t used = 0;

	if (n < 0) {
		fake_close(c);
	} else if (c->in_len + (size_t)n <= sizeof(c->in)) {
		memcpy(c->in + c->in_len, buf->base, (size_t)n);
		c->in_len += (size_t)n;
	}
	free(buf->base);
	while (!uv_is_closing((uv_handle_t *)h) && c->in_len - used >= 2) {
		size_t len = (size_t)c->in[used] << 8 | c->in[used + 1];

		if (c->in_len - used - 2 < len)
			break;
		fake_reply(c, c->in + used + 2, len);
		used += 2 + len;
	}
	memmove(c->in, c->in + used, c->in_len - used);
	c->in_len -= used;
}

static inline void fake_on_connection(uv_stream_t *h, int status)
{
	struct fake_dns *s = h->data;
	struct fake_connection *c = calloc(1, sizeof(*c));
	struct sockaddr_storage ss;
	int len = sizeof(ss);

	fake_must(status == 0);
	c->s = s;
	c->open = 2;
	s->connections++;
	s->open_connections++;
	uv_tcp_init(s->loop, &c->tcp);
	uv_timer_init(s->loop, &c->drip);
	c->tcp.data = c->drip.data = c;
	uv_accept(h, (uv_stream_t *)&c->tcp);
	uv_tcp_getpeername(&c->tcp, (struct sockaddr *)&ss, &len);
	vp_endpoint_from_sockaddr(&s->peer, (struct sockaddr *)&ss);
	uv_read_start((uv_stream_t *)&c->tcp, fake_alloc, fake_on_read);
}

/* --- the server ------------------------------------------------------------
 */

static inline void fake_dns_start(struct fake_dns *s, uv_loop_t *loop,
                                  const char *addr, bool tcp)
{
	struct vp_endpoint e;
	struct sockaddr_storage ss;
	int len = sizeof(ss), rc;

	memset(s, 0, sizeof(*s));
	s->loop = loop;
	s->has_tcp = tcp;
	rc = vp_endpoint_parse(&e, addr, 0);
	fake_must(rc == 0);
	vp_endpoint_to_sockaddr(&e, &ss);
	uv_udp_init(loop, &s->udp);
	uv_udp_init(loop, &s->other);
	uv_timer_init(loop, &s->timer);
	s->udp.data = s->tcp.data = s->timer.data = s;
	rc = uv_udp_bind(&s->udp, (struct sockaddr *)&ss, 0);
	fake_must(rc == 0);
	e.port = 0;
	vp_endpoint_to_sockaddr(&e, &ss);
	uv_udp_bind(&s->other, (struct sockaddr *)&ss, 0);
	uv_udp_getsockname(&s->udp, (struct sockaddr *)&ss, &len);
	vp_endpoint_from_sockaddr(&s->addr, (struct sockaddr *)&ss);
	uv_udp_recv_start(&s->udp, fake_alloc, fake_on_udp);
	if (!tcp)
		return;
	uv_tcp_init(loop, &s->tcp);
	rc = uv_tcp_bind(&s->tcp, (struct sockaddr *)&ss, 0);
	if (rc == 0)
		rc = uv_listen((uv_stream_t *)&s->tcp, 64, fake_on_connection);
	fake_must(rc == 0);
}

static inline void fake_dns_stop(struct fake_dns *s)
{
	uv_close((uv_handle_t *)&s->udp, NULL);
	uv_close((uv_handle_t *)&s->other, NULL);
	uv_close((uv_handle_t *)&s->timer, NULL);
	if (s->has_tcp)
		uv_close((uv_handle_t *)&s->tcp, NULL);
}

#endif
