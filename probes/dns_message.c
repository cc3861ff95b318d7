/*
 * dns_message.c - reading and writing DNS messages (RFC 1035, 2308, 6891).
 *
 * A message is read in two passes. The first walks every record once, checks
 * its bounds, and notes the few that can matter (aliases and addresses of the
 * answer section) in an index with a hash of their owner; it also picks up
 * the SOA and the OPT record. The second follows the aliases from the question
 * through that index, whatever order the records came in.
 *
 * Names are compared in wire form: uncompressed, lower case, length-prefixed
 * labels with the root at the end. Text is made only of what is kept.
 */
#include "vnetprobe/dns_message.h"

#include <errno.h>
#include <string.h>

#include "cursor.h"

#define MESSAGE_MAX 65535 /* the length prefix of TCP, RFC 1035 4.2.2 */
#define HEADER_LEN 12
#define RECORD_MIN 11 /* root owner, type, class, TTL, empty data */
#define WIRE_MAX 255  /* RFC 1035 section 2.3.4 */
#define LABEL_MAX 63
#define CHAIN_MAX 128 /* links; resolvers give up after 8 to 32 */

#define CLASS_IN 1
#define TYPE_DNAME 39
#define TYPE_OPT 41
#define TYPE_ANY 255

struct name {
	uint8_t len; /* with the root's zero byte: 1..255 */
	uint8_t wire[WIRE_MAX];
};

/* Positions in the message: of the owner and of the data. TTL and length of
 * the data stand right before it. */
struct entry {
	uint16_t owner, data;
	uint16_t type;
	uint16_t hash;
};

struct reader {
	struct vp_arena *arena;
	const uint8_t *msg;
	size_t len;
	struct vp_dns_message out;
	struct name question;
	unsigned ext_rcode;
	bool has_opt;
	size_t n; /* entries of the index that are valid */
	struct entry index[MESSAGE_MAX / RECORD_MIN];
	const char *why;
};

/* What a truncated message may end in. */
static const char name_cut[] = "name runs past the end";
static const char record_cut[] = "record runs past the end";

static int fail(struct reader *r, const char *why)
{
	r->why = why;
	return -EBADMSG;
}

static uint8_t lower(uint8_t b)
{
	return b >= 'A' && b <= 'Z' ? (uint8_t)(b | 0x20) : b;
}

/* --- names --------------------------------------------------------------- */

static bool name_push(struct name *n, const uint8_t *label, size_t len)
{
	if (n->len + 1 + len > WIRE_MAX)
		return false;
	n->wire[n->len++] = (uint8_t)len;
	for (size_t i = 0; i < len; i++)
		n->wire[n->len++] = lower(label[i]);
	return true;
}

/*
 * Reads the name at *at of the message, following compression pointers, and
 * moves *at behind it. A pointer must lead to before the place where the
 * labels being read began (RFC 1035 section 4.1.4: "a prior occurrence"), so
 * every jump goes strictly backwards and the loop ends.
 */
static const char *name_read(struct name *n, const uint8_t *msg, size_t len,
                             size_t *at)
{
	struct vp_cursor c = vp_cur_init(msg + *at, len - *at);
	size_t start = *at;
	bool jumped = false;

	n->len = 0;
	for (;;) {
		uint8_t b = vp_cur_u8(&c);
		const uint8_t *label;

		if (c.bad)
			return name_cut;
		if (b >= 0xc0) {
			size_t to = (size_t)(b & 0x3f) << 8 | vp_cur_u8(&c);

			if (c.bad)
				return name_cut;
			if (!jumped)
				*at = (size_t)(c.p - msg);
			jumped = true;
			if (to >= start)
				return "compression loop";
			start = to;
			c = vp_cur_init(msg + to, len - to);
			continue;
		}
		if (b > LABEL_MAX)
			return "unknown label type";
		label = vp_cur_take(&c, b);
		if (label == NULL)
			return name_cut;
		if (!name_push(n, label, b))
			return "name longer than 255 bytes";
		if (b == 0)
			break;
	}
	if (!jumped)
		*at = (size_t)(c.p - msg);
	return NULL;
}

static bool name_equal(const struct name *a, const struct name *b)
{
	return a->len == b->len && memcmp(a->wire, b->wire, a->len) == 0;
}

/* A filter before name_equal(), no defence: the index is walked linearly. */
static uint16_t name_hash(const struct name *n)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < n->len; i++)
		h = (h ^ n->wire[i]) * 16777619u;
	return (uint16_t)(h ^ h >> 16);
}

/* RFC 1035 section 5.1: what a zone file would have to quote is escaped. */
static bool plain(uint8_t b)
{
	return b > 0x20 && b < 0x7f && strchr(".\\\"();@$", b) == NULL;
}

static size_t put_byte(char *out, uint8_t b)
{
	if (plain(b)) {
		out[0] = (char)b;
		return 1;
	}
	out[0] = '\\';
	out[1] = (char)('0' + b / 100);
	out[2] = (char)('0' + b / 10 % 10);
	out[3] = (char)('0' + b % 10);
	return 4;
}

static void name_text(char out[VP_DNS_NAME_TEXT], const struct name *n)
{
	size_t at = 0, i = 0;

	while (i < n->len && n->wire[i] != 0) {
		size_t end = i + 1 + n->wire[i];

		if (at > 0)
			out[at++] = '.';
		for (i++; i < end; i++)
			at += put_byte(out + at, n->wire[i]);
	}
	if (at == 0)
		out[at++] = '.';
	out[at] = '\0';
}

static char *name_keep(struct reader *r, const struct name *n)
{
	char text[VP_DNS_NAME_TEXT];

	name_text(text, n);
	return vp_arena_strdup(r->arena, text);
}

/* --- first pass: every record once --------------------------------------- */

struct record {
	size_t owner_at, data_at;
	struct name owner;
	uint16_t type, class, data_len;
	uint32_t ttl;
};

/* Section 4.1.3. Returns NULL or what is wrong; *at moves behind it. */
static const char *record_read(struct record *rec, const struct reader *r,
                               size_t *at)
{
	struct vp_cursor c;
	const char *why;

	rec->owner_at = *at;
	why = name_read(&rec->owner, r->msg, r->len, at);
	if (why != NULL)
		return why;
	c = vp_cur_init(r->msg + *at, r->len - *at);
	rec->type = vp_cur_be16(&c);
	rec->class = vp_cur_be16(&c);
	rec->ttl = vp_cur_be32(&c);
	rec->data_len = vp_cur_be16(&c);
	rec->data_at = (size_t)(c.p - r->msg);
	vp_cur_skip(&c, rec->data_len);
	if (c.bad)
		return record_cut;
	*at = (size_t)(c.p - r->msg);
	return NULL;
}

static const char *answer_keep(struct reader *r, const struct record *rec)
{
	struct entry *e;

	if (rec->class != CLASS_IN)
		return NULL;
	switch (rec->type) {
	case VP_DNS_A:
		if (rec->data_len != 4)
			return "A record that is not 4 bytes long";
		break;
	case VP_DNS_AAAA:
		if (rec->data_len != 16)
			return "AAAA record that is not 16 bytes long";
		break;
	case VP_DNS_CNAME:
	case TYPE_DNAME:
		break;
	default:
		return NULL;
	}
	e = &r->index[r->n++];
	e->owner = (uint16_t)rec->owner_at;
	e->data = (uint16_t)rec->data_at;
	e->type = rec->type;
	e->hash = name_hash(&rec->owner);
	return NULL;
}

/* RFC 2308 section 3: the TTL of "there is no such thing" is the lesser of
 * the record's own and its MINIMUM; both are kept. */
static const char *soa_read(struct reader *r, const struct record *rec)
{
	size_t at = rec->data_at, end = rec->data_at + rec->data_len;
	struct name mname, rname;
	struct vp_cursor c;
	const char *why;

	if (rec->class != CLASS_IN || r->out.soa.zone != NULL)
		return NULL;
	why = name_read(&mname, r->msg, end, &at);
	if (why == NULL)
		why = name_read(&rname, r->msg, end, &at);
	if (why != NULL)
		return why;
	c = vp_cur_init(r->msg + at, end - at);
	vp_cur_skip(&c, 16); /* serial, refresh, retry, expire */
	r->out.soa.minimum = vp_cur_be32(&c);
	if (c.bad)
		return "SOA record that is too short";
	r->out.soa.zone = name_keep(r, &rec->owner);
	r->out.soa.mname = name_keep(r, &mname);
	r->out.soa.rname = name_keep(r, &rname);
	r->out.soa.ttl = rec->ttl;
	return NULL;
}

enum section { ANSWER, AUTHORITY, ADDITIONAL };

static const char *record_keep(struct reader *r, const struct record *rec,
                               enum section section)
{
	if (section == ANSWER)
		return answer_keep(r, rec);
	if (section == AUTHORITY && rec->type == VP_DNS_SOA)
		return soa_read(r, rec);
	if (section == ADDITIONAL && rec->type == TYPE_OPT && !r->has_opt) {
		r->has_opt = true; /* RFC 6891 section 6.1.3 */
		r->ext_rcode = rec->ttl >> 24;
	}
	return NULL;
}

/* A truncated message ends wherever its sender ran out of room. */
static const char *sections_read(struct reader *r, size_t at)
{
	const struct vp_dns_header *h = &r->out.header;
	const uint16_t count[] = { h->n_answer, h->n_authority,
		                   h->n_additional };

	for (enum section s = ANSWER; s <= ADDITIONAL; s++) {
		for (unsigned i = 0; i < count[s]; i++) {
			struct record rec;
			const char *why = record_read(&rec, r, &at);

			if ((h->flags & VP_DNS_FLAG_TC) != 0 &&
			    (why == name_cut || why == record_cut))
				return NULL;
			if (why == NULL)
				why = record_keep(r, &rec, s);
			if (why != NULL)
				return why;
		}
	}
	return NULL;
}

/* Section 4.1.2. More than one question is never seen; the first counts. */
static const char *questions_read(struct name *first, uint16_t *type,
                                  const uint8_t *msg, size_t len, unsigned n,
                                  size_t *at)
{
	for (unsigned i = 0; i < n; i++) {
		struct vp_cursor c;
		struct name name;
		uint16_t qtype;
		const char *why = name_read(&name, msg, len, at);

		if (why != NULL)
			return why;
		c = vp_cur_init(msg + *at, len - *at);
		qtype = vp_cur_be16(&c);
		vp_cur_skip(&c, 2);
		if (c.bad)
			return "question runs past the end";
		*at += 4;
		if (i == 0) {
			*first = name;
			*type = qtype;
		}
	}
	return NULL;
}

/* --- second pass: the chain ---------------------------------------------- */

static uint32_t entry_ttl(const struct reader *r, const struct entry *e)
{
	struct vp_cursor c = vp_cur_init(r->msg + e->data - 6, 4);

	return vp_cur_be32(&c);
}

static bool entry_is(const struct reader *r, const struct entry *e,
                     const struct name *name, uint16_t hash)
{
	struct name owner;
	size_t at = e->owner;

	return e->hash == hash &&
	       name_read(&owner, r->msg, r->len, &at) == NULL &&
	       name_equal(&owner, name);
}

/* The name in an alias's data must end where the data does. */
static const char *entry_target(struct name *out, const struct reader *r,
                                const struct entry *e)
{
	struct vp_cursor c = vp_cur_init(r->msg + e->data - 2, 2);
	size_t at = e->data, end = at + vp_cur_be16(&c);
	const char *why = name_read(out, r->msg, end, &at);

	if (why == NULL && at != end)
		why = "alias record with bytes left over";
	return why;
}

/* Does name end in the labels of suffix, with something before them? */
static bool name_below(const struct name *name, const struct name *suffix,
                       size_t *prefix_len)
{
	size_t i = 0;

	while (name->len - i > suffix->len)
		i += 1u + name->wire[i];
	*prefix_len = i;
	return i > 0 && name->len - i == suffix->len &&
	       memcmp(name->wire + i, suffix->wire, suffix->len) == 0;
}

/* RFC 6672 section 2.2: the labels below the owner go before the target. */
static const char *dname_apply(struct name *target, const struct name *name,
                               size_t prefix_len)
{
	struct name tail = *target;

	if (prefix_len + tail.len > WIRE_MAX)
		return "DNAME makes the name longer than 255 bytes";
	memcpy(target->wire, name->wire, prefix_len);
	memcpy(target->wire + prefix_len, tail.wire, tail.len);
	target->len = (uint8_t)(prefix_len + tail.len);
	return NULL;
}

static const char *cname_find(const struct entry **e, struct name *target,
                              const struct reader *r, const struct name *name)
{
	uint16_t hash = name_hash(name);

	for (size_t i = 0; i < r->n; i++) {
		const struct entry *it = &r->index[i];

		if (it->type == VP_DNS_CNAME && entry_is(r, it, name, hash)) {
			*e = it;
			return entry_target(target, r, it);
		}
	}
	return NULL;
}

static const char *dname_find(const struct entry **e, struct name *target,
                              const struct reader *r, const struct name *name)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct entry *it = &r->index[i];
		size_t at = it->owner, prefix;
		struct name owner;
		const char *why;

		if (it->type != TYPE_DNAME)
			continue;
		why = name_read(&owner, r->msg, r->len, &at);
		if (why != NULL)
			return why;
		if (!name_below(name, &owner, &prefix))
			continue;
		*e = it;
		why = entry_target(target, r, it);
		return why != NULL ? why : dname_apply(target, name, prefix);
	}
	return NULL;
}

static bool chain_has(const struct reader *r, const char *target)
{
	for (size_t i = 0; i < r->out.n_chain; i++)
		if (strcmp(r->out.chain[i].owner, target) == 0)
			return true;
	return false;
}

/* A name's own CNAME goes before what a DNAME above it would make of it.
 * Leaves the end of the chain in *end. */
static const char *chain_follow(struct reader *r, struct name *end)
{
	struct vp_dns_message *m = &r->out;
	char *owner = m->question;
	struct name target;

	*end = r->question;
	for (;;) {
		const struct entry *e = NULL;
		struct vp_chain_link *link;
		const char *why = cname_find(&e, &target, r, end);

		if (why == NULL && e == NULL)
			why = dname_find(&e, &target, r, end);
		if (why != NULL || e == NULL)
			return why;
		if (m->n_chain == CHAIN_MAX)
			return "alias chain of more than 128 links";
		link = VP_PUSH(r->arena, m->chain, m->n_chain);
		link->owner = owner;
		link->target = name_keep(r, &target);
		link->ttl = entry_ttl(r, e);
		if (chain_has(r, link->target)) {
			m->alias_loop = true;
			return NULL;
		}
		owner = link->target;
		*end = target;
	}
}

static void addresses_collect(struct reader *r, const struct name *end)
{
	struct vp_dns_message *m = &r->out;
	uint16_t hash = name_hash(end);

	for (size_t i = 0; i < r->n; i++) {
		const struct entry *e = &r->index[i];
		struct vp_dns_address *a;
		size_t size = e->type == VP_DNS_A ? 4 : 16;

		if (e->type != VP_DNS_A && e->type != VP_DNS_AAAA)
			continue;
		if (m->type != e->type && m->type != TYPE_ANY)
			continue;
		if (!entry_is(r, e, end, hash))
			continue;
		a = VP_PUSH(r->arena, m->addresses, m->n_addresses);
		a->addr.family = e->type == VP_DNS_A ? 4 : 6;
		memcpy(a->addr.bytes, r->msg + e->data, size);
		a->ttl = entry_ttl(r, e);
	}
}

static const char *chain_read(struct reader *r)
{
	struct name end;
	const char *why = chain_follow(r, &end);

	if (why == NULL && !r->out.alias_loop)
		addresses_collect(r, &end);
	return why;
}

/* --- reading ------------------------------------------------------------- */

int vp_dns_header_read(struct vp_dns_header *out, const uint8_t *msg,
                       size_t len)
{
	struct vp_cursor c = vp_cur_init(msg, len);
	struct vp_dns_header h;

	h.id = vp_cur_be16(&c);
	h.flags = vp_cur_be16(&c);
	h.n_question = vp_cur_be16(&c);
	h.n_answer = vp_cur_be16(&c);
	h.n_authority = vp_cur_be16(&c);
	h.n_additional = vp_cur_be16(&c);
	if (c.bad)
		return -EBADMSG;
	*out = h;
	return 0;
}

static int message_read(struct reader *r)
{
	struct vp_dns_message *m = &r->out;
	size_t at = HEADER_LEN;
	const char *why;

	if (r->len > MESSAGE_MAX)
		return fail(r, "longer than 65535 bytes");
	if (vp_dns_header_read(&m->header, r->msg, r->len) != 0)
		return fail(r, "shorter than its header");
	why = questions_read(&r->question, &m->type, r->msg, r->len,
	                     m->header.n_question, &at);
	if (why != NULL)
		return fail(r, why);
	if (m->header.n_question > 0)
		m->question = name_keep(r, &r->question);
	why = sections_read(r, at);
	if (why == NULL && m->question != NULL)
		why = chain_read(r);
	if (why != NULL)
		return fail(r, why);
	m->rcode = (int)(r->ext_rcode << 4 | (m->header.flags & 0xf));
	return 0;
}

int vp_dns_message_read(struct vp_dns_message *out, struct vp_arena *arena,
                        const uint8_t *msg, size_t len, const char **why)
{
	/* Some 50 KB, of which a usual message touches the first few hundred
	 * bytes: so no initialiser, which would touch all of it. */
	struct reader r;

	r.arena = arena;
	r.msg = msg;
	r.len = len;
	memset(&r.out, 0, sizeof(r.out));
	r.ext_rcode = 0;
	r.has_opt = false;
	r.n = 0;
	r.why = NULL;
	if (message_read(&r) != 0) {
		*why = r.why;
		return -EBADMSG;
	}
	*out = r.out;
	return 0;
}

int vp_dns_question_read(char name[VP_DNS_NAME_TEXT], uint16_t *type,
                         struct vp_dns_header *header, const uint8_t *msg,
                         size_t len)
{
	struct vp_dns_header h;
	struct name first;
	size_t at = HEADER_LEN;
	uint16_t t;

	if (vp_dns_header_read(&h, msg, len) != 0 || h.n_question == 0)
		return -EBADMSG;
	if (questions_read(&first, &t, msg, len, 1, &at) != NULL)
		return -EBADMSG;
	name_text(name, &first);
	*type = t;
	*header = h;
	return 0;
}

/* --- writing ------------------------------------------------------------- */

/* One byte of a label, escapes undone (RFC 1035 section 5.1). Returns the
 * characters used; 0 for a bad escape. */
static size_t label_byte(uint8_t *out, const char *s)
{
	unsigned v = 0;

	if (s[0] != '\\') {
		*out = (uint8_t)s[0];
		return 1;
	}
	if (s[1] < '0' || s[1] > '9') {
		*out = (uint8_t)s[1];
		return s[1] == '\0' ? 0 : 2;
	}
	for (size_t i = 1; i <= 3; i++) {
		if (s[i] < '0' || s[i] > '9')
			return 0;
		v = v * 10 + (unsigned)(s[i] - '0');
	}
	*out = (uint8_t)v;
	return v > 255 ? 0 : 4;
}

/* Reads one label into buf. Returns the characters used, 0 if it is empty,
 * too long or badly escaped. */
static size_t label_parse(uint8_t buf[LABEL_MAX], size_t *len, const char *s)
{
	size_t i = 0;

	*len = 0;
	while (s[i] != '\0' && s[i] != '.') {
		uint8_t b;
		size_t used = label_byte(&b, s + i);

		if (used == 0 || *len == LABEL_MAX)
			return 0;
		buf[(*len)++] = b;
		i += used;
	}
	return i;
}

static int name_parse(struct name *out, const char *text)
{
	out->len = 0;
	if (text[0] == '\0')
		return -EINVAL;
	if (strcmp(text, ".") == 0)
		text = "";
	while (text[0] != '\0') {
		uint8_t label[LABEL_MAX];
		size_t len, used = label_parse(label, &len, text);

		if (used == 0 || !name_push(out, label, len))
			return -EINVAL;
		text += used;
		if (text[0] == '.')
			text++;
	}
	return name_push(out, NULL, 0) ? 0 : -EINVAL;
}

static size_t put16(uint8_t *buf, size_t at, unsigned v)
{
	buf[at] = (uint8_t)(v >> 8);
	buf[at + 1] = (uint8_t)v;
	return at + 2;
}

int vp_dns_question_write(uint8_t *buf, size_t size, uint16_t id,
                          const char *name, uint16_t type, uint16_t udp_payload)
{
	struct name n;
	size_t at = 0, need;

	if (name_parse(&n, name) != 0)
		return -EINVAL;
	need = HEADER_LEN + n.len + 4u + (udp_payload != 0 ? RECORD_MIN : 0);
	if (size < need)
		return -ENOSPC;
	memset(buf, 0, need);
	at = put16(buf, at, id);
	at = put16(buf, at, VP_DNS_FLAG_RD);
	put16(buf, at, 1);
	put16(buf, 10, udp_payload != 0);
	at = HEADER_LEN;
	memcpy(buf + at, n.wire, n.len);
	at = put16(buf, at + n.len, type);
	at = put16(buf, at, CLASS_IN);
	if (udp_payload != 0) {
		/* RFC 6891 section 6.1.2: root, OPT, payload size as class;
		 * version, flags and options all zero. */
		at = put16(buf, at + 1, TYPE_OPT);
		put16(buf, at, udp_payload);
	}
	return (int)need;
}

/* --- names people type --------------------------------------------------- */

static bool host_byte(uint8_t b)
{
	return (b >= 'a' && b <= 'z') || (b >= '0' && b <= '9') || b == '-' ||
	       b == '_';
}

static const char *label_check(const char *label, size_t len)
{
	if (len == 0)
		return "the name has an empty label";
	if (len > LABEL_MAX)
		return "a label of the name is longer than 63 bytes";
	if (len == 1 && label[0] == '*')
		return "a wildcard is not a name that can be asked";
	for (size_t i = 0; i < len; i++)
		if (!host_byte(lower((uint8_t)label[i])))
			return "a name has letters, digits, hyphens and "
			       "underscores only";
	return NULL;
}

static const char *name_check(const char *text, size_t len)
{
	size_t start = 0;

	if (len == 0)
		return "the name is empty";
	for (size_t i = 0; i < len; i++)
		if ((uint8_t)text[i] >= 0x80)
			return "write the name in its A-label (xn--) form";
	for (size_t i = 0; i <= len; i++) {
		const char *why;

		if (i < len && text[i] != '.')
			continue;
		why = label_check(text + start, i - start);
		if (why != NULL)
			return why;
		start = i + 1;
	}
	/* RFC 1035 section 2.3.4: 255 on the wire leave 253 in text. */
	return len > 253 ? "the name is longer than 253 bytes" : NULL;
}

int vp_dns_name_normalise(char out[256], const char *text, const char **why)
{
	size_t len = strlen(text);
	const char *wrong;

	if (len > 0 && text[len - 1] == '.')
		len--;
	wrong = name_check(text, len);
	if (wrong != NULL) {
		*why = wrong;
		return -EINVAL;
	}
	for (size_t i = 0; i < len; i++)
		out[i] = (char)lower((uint8_t)text[i]);
	out[len] = '\0';
	return 0;
}
