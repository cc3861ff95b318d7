/*
 * quic.c - the ClientHello in QUIC Initial packets (RFC 9000, 9001, 9369).
 *
 * A datagram may hold several packets, each with its length in a long header;
 * Initials are opened, others stepped over. Their CRYPTO frames carry pieces of
 * one stream, in any order and more than once (browsers shuffle them, and put
 * PING and PADDING between), which are laid into a buffer with a bit for each
 * byte that is there.
 *
 * The keys follow from the connection ID of the client's first Initial, and
 * stay when the server's answer gives the client another to use; a Retry begins
 * anew. So the keys at hand come first, then those of the packet's own ID. If
 * these open it, it is a connection of its own, after a Retry or not.
 */
#include "vnetprobe/quic.h"

#include <stdlib.h>
#include <string.h>

#include "cursor.h"
#include "quic_keys.h"

#define LONG_HEADER 0x80
#define BUF_MIN 2048u

/* Types of both versions, as the numbers of version 1. */
enum type { INITIAL, ZERO_RTT, HANDSHAKE, RETRY };

enum {
	FRAME_PADDING = 0x00,
	FRAME_PING = 0x01,
	FRAME_ACK = 0x02,
	FRAME_ACK_ECN = 0x03,
	FRAME_CRYPTO = 0x06,
	FRAME_CLOSE = 0x1c,
};

struct vp_quic {
	struct vp_quic_keys keys;
	uint64_t next_number;
	uint8_t *buf; /* of cap bytes, with cap / 8 of bits behind them */
	size_t cap, max;
	size_t ready; /* bytes without a gap */
	bool full, doubtful;
};

struct vp_quic *vp_quic_create(size_t max)
{
	struct vp_quic *q = calloc(1, sizeof(*q));

	if (q != NULL)
		q->max = max;
	return q;
}

void vp_quic_destroy(struct vp_quic *q)
{
	if (q != NULL)
		free(q->buf);
	free(q);
}

/* RFC 9000 section 16. */
static uint64_t varint(struct vp_cursor *c)
{
	unsigned first = vp_cur_u8(c);
	uint64_t v = first & 0x3f;

	for (unsigned more = (1u << (first >> 6)) - 1; more > 0; more--)
		v = v << 8 | vp_cur_u8(c);
	return c->bad ? 0 : v;
}

/* A length that must fit into what is left. */
static const uint8_t *vector(struct vp_cursor *c, uint64_t len)
{
	if (len > vp_cur_left(c)) {
		c->bad = true;
		return NULL;
	}
	return vp_cur_take(c, (size_t)len);
}

/* --- the stream ----------------------------------------------------------- */

static bool reserve(struct vp_quic *q, size_t need)
{
	size_t cap = q->cap == 0 ? BUF_MIN : q->cap;
	uint8_t *buf;

	if (need <= q->cap)
		return true;
	while (cap < need)
		cap *= 2;
	if (need > q->max)
		return false;
	buf = calloc(1, cap + cap / 8);
	if (buf == NULL)
		return false;
	if (q->cap > 0) {
		memcpy(buf, q->buf, q->cap);
		memcpy(buf + cap, q->buf + q->cap, q->cap / 8);
	}
	free(q->buf);
	q->buf = buf;
	q->cap = cap;
	return true;
}

static bool is_there(const struct vp_quic *q, size_t at)
{
	return at < q->cap && (q->buf[q->cap + at / 8] >> at % 8 & 1) != 0;
}

/* The first copy of a byte wins; that they differ is noted. */
static void lay(struct vp_quic *q, uint64_t offset, const uint8_t *b,
                uint64_t len)
{
	if (len == 0)
		return;
	if (offset > q->max || len > q->max - offset ||
	    !reserve(q, (size_t)(offset + len))) {
		q->full = true;
		return;
	}
	for (size_t i = 0; i < len; i++) {
		size_t at = (size_t)offset + i;

		if (is_there(q, at)) {
			q->doubtful |= q->buf[at] != b[i];
			continue;
		}
		q->buf[at] = b[i];
		q->buf[q->cap + at / 8] |= (uint8_t)(1u << at % 8);
	}
	while (is_there(q, q->ready))
		q->ready++;
}

/* Section 19.3: the ranges of an ACK, and the counts of ECN. */
static void skip_ack(struct vp_cursor *c, bool ecn)
{
	uint64_t ranges;

	varint(c);
	varint(c);
	ranges = varint(c);
	varint(c);
	for (; ranges > 0 && !c->bad; ranges--) {
		varint(c);
		varint(c);
	}
	for (int i = 0; ecn && i < 3; i++)
		varint(c);
}

static void crypto(struct vp_quic *q, struct vp_cursor *c)
{
	uint64_t offset = varint(c), len = varint(c);
	const uint8_t *b = vector(c, len);

	if (!c->bad)
		lay(q, offset, b, len);
}

/* Section 12.4, table 3: these and no others may be in an Initial. */
static void frames_read(struct vp_quic *q, const uint8_t *plain, size_t len)
{
	struct vp_cursor c = vp_cur_init(plain, len);

	while (vp_cur_left(&c) > 0 && !c.bad) {
		switch (varint(&c)) {
		case FRAME_PADDING:
		case FRAME_PING:
			break;
		case FRAME_ACK:
			skip_ack(&c, false);
			break;
		case FRAME_ACK_ECN:
			skip_ack(&c, true);
			break;
		case FRAME_CRYPTO:
			crypto(q, &c);
			break;
		case FRAME_CLOSE:
			varint(&c);
			varint(&c);
			vector(&c, varint(&c));
			break;
		default:
			return;
		}
	}
}

/* --- packets -------------------------------------------------------------- */

struct packet { /* of a long header, RFC 9000 section 17.2 */
	uint32_t version;
	enum type type;
	const uint8_t *dcid, *scid;
	uint8_t dcid_len, scid_len;
	bool has_token;
	const uint8_t *start, *number; /* where its number begins */
	size_t len;                    /* from there to the end */
};

static bool type_read(enum type *type, uint32_t version, uint8_t first)
{
	unsigned bits = first >> 4 & 3;

	if (version != VP_QUIC_V1 && version != VP_QUIC_V2)
		return false;
	/* RFC 9369 section 3.2: each has the next number */
	*type = (enum type)(version == VP_QUIC_V1 ? bits : (bits + 3) & 3);
	return true;
}

/* False: no long header of a version that we know, or it ends too soon; then
 * what follows in the datagram cannot be found either. */
static bool packet_read(struct packet *p, struct vp_cursor *c)
{
	uint64_t len;
	uint8_t first;

	p->start = c->p;
	first = vp_cur_u8(c);
	p->version = vp_cur_be32(c);
	if (c->bad || (first & LONG_HEADER) == 0 ||
	    !type_read(&p->type, p->version, first))
		return false;
	p->dcid_len = vp_cur_u8(c);
	p->dcid = vector(c, p->dcid_len);
	p->scid_len = vp_cur_u8(c);
	p->scid = vector(c, p->scid_len);
	if (c->bad || p->dcid_len > VP_QUIC_CID_MAX ||
	    p->scid_len > VP_QUIC_CID_MAX)
		return false;
	if (p->type == RETRY) { /* has no length: the rest of it */
		p->len = vp_cur_left(c);
		p->number = vp_cur_take(c, p->len);
		return true;
	}
	if (p->type == INITIAL) {
		uint64_t token = varint(c);

		p->has_token = token > 0;
		vector(c, token);
	}
	len = varint(c);
	p->number = vector(c, len);
	p->len = (size_t)len;
	return !c->bad;
}

/* RFC 9000 appendix A.3. */
static uint64_t number_expand(uint64_t next, uint64_t cut, unsigned bytes)
{
	uint64_t window = (uint64_t)1 << 8 * bytes, half = window / 2;
	uint64_t v = (next & ~(window - 1)) | cut;

	if (v + half <= next && v < ((uint64_t)1 << 62) - window)
		return v + window;
	return v > next + half && v >= window ? v - window : v;
}

static const uint8_t *packet_open(size_t *len, const struct vp_quic_keys *k,
                                  const struct packet *p, uint64_t *next)
{
	struct vp_quic_sealed s = { .header = p->start + 1 };
	uint64_t cut = 0;
	const uint8_t *plain;
	uint8_t mask[5];

	/* RFC 9001 section 5.4.2: the sample begins as if the number took
	 * four bytes. */
	if (p->len < 4 + VP_QUIC_SAMPLE ||
	    !vp_quic_mask(mask, k, p->number + 4))
		return NULL;
	s.first = p->start[0] ^ (mask[0] & 0x0f);
	s.header_len = (size_t)(p->number - s.header);
	s.number_len = (s.first & 3u) + 1;
	for (size_t i = 0; i < s.number_len; i++) {
		s.number[i] = p->number[i] ^ mask[1 + i];
		cut = cut << 8 | s.number[i];
	}
	s.full_number = number_expand(*next, cut, (unsigned)s.number_len);
	s.body = p->number + s.number_len;
	s.body_len = p->len - s.number_len;
	plain = vp_quic_open(len, k, &s);
	if (plain != NULL && s.full_number >= *next)
		*next = s.full_number + 1;
	return plain;
}

static bool same_id(const struct vp_quic_keys *k, const struct packet *p)
{
	return k->version == p->version && k->cid_len == p->dcid_len &&
	       memcmp(k->cid, p->dcid, p->dcid_len) == 0;
}

static size_t hello_len(const struct vp_quic *q)
{
	if (q->ready < 4)
		return SIZE_MAX;
	return 4 +
	       ((size_t)q->buf[1] << 16 | (size_t)q->buf[2] << 8 | q->buf[3]);
}

/*
 * A packet opened with keys of its own. With a token, and the hello not whole,
 * it is the same connection after a Retry that was not seen: the client says
 * the same again (RFC 9000 section 17.2.5.2). Else it is another one.
 */
static void begin(struct vp_quic *q, const struct vp_quic_keys *k,
                  const struct packet *p)
{
	bool whole = q->ready >= hello_len(q);

	q->keys = *k;
	if (q->cap == 0 || (p->has_token && !whole))
		return;
	q->doubtful |= !whole;
	memset(q->buf + q->cap, 0, q->cap / 8);
	q->ready = 0;
	q->full = false;
}

static void initial_read(struct vp_quic *q, const struct packet *p)
{
	struct vp_quic_keys own;
	const uint8_t *plain = NULL;
	uint64_t next = 0;
	size_t len = 0;

	if (q->keys.version == p->version)
		plain = packet_open(&len, &q->keys, p, &q->next_number);
	if (plain == NULL && !same_id(&q->keys, p)) {
		if (!vp_quic_keys_derive(&own, p->version, p->dcid,
		                         p->dcid_len))
			return;
		plain = packet_open(&len, &own, p, &next);
		if (plain != NULL) {
			begin(q, &own, p);
			q->next_number = next;
		}
	}
	if (plain != NULL)
		frames_read(q, plain, len);
}

static enum vp_quic_got state_of(const struct vp_quic *q)
{
	if (q->full)
		return VP_QUIC_FULL;
	return q->ready >= hello_len(q) ? VP_QUIC_HELLO : VP_QUIC_MORE;
}

/* --- the interface -------------------------------------------------------- */

enum vp_quic_got vp_quic_client(struct vp_quic *q, const uint8_t *data,
                                size_t len)
{
	struct vp_cursor c = vp_cur_init(data, len);
	struct packet p;

	if (!vp_quic_is_initial(data, len) && !vp_quic_begun(q))
		return VP_QUIC_NOT;
	while (vp_cur_left(&c) > 0 && packet_read(&p, &c))
		if (p.type == INITIAL)
			initial_read(q, &p);
	return state_of(q);
}

bool vp_quic_server(struct vp_quic *q, const uint8_t *data, size_t len)
{
	struct vp_cursor c = vp_cur_init(data, len);
	struct vp_quic_keys k;
	bool took = false;
	struct packet p;

	while (vp_cur_left(&c) > 0 && packet_read(&p, &c)) {
		took |= p.type == HANDSHAKE;
		/* Section 17.2.5.2: the same hello and the next numbers, under
		 * other keys. Should the client not take it, its next Initial
		 * opens with those of its own ID. */
		if (p.type == RETRY && q->keys.version == p.version &&
		    vp_quic_keys_derive(&k, p.version, p.scid, p.scid_len))
			q->keys = k;
	}
	return took;
}

const uint8_t *vp_quic_hello(const struct vp_quic *q, size_t *len)
{
	*len = q->ready;
	return q->buf;
}

bool vp_quic_doubtful(const struct vp_quic *q)
{
	return q->doubtful;
}

bool vp_quic_begun(const struct vp_quic *q)
{
	return q->keys.version != 0;
}

size_t vp_quic_held(const struct vp_quic *q)
{
	return sizeof(*q) + q->cap + q->cap / 8;
}

bool vp_quic_is_initial(const uint8_t *data, size_t len)
{
	struct vp_cursor c = vp_cur_init(data, len);
	uint8_t first = vp_cur_u8(&c);
	uint32_t version = vp_cur_be32(&c);
	enum type type;

	/* The bit below may be greased (RFC 9287). */
	return !c.bad && (first & LONG_HEADER) != 0 &&
	       type_read(&type, version, first) && type == INITIAL;
}
