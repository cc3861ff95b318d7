/*
 * dns_message.c - reading DNS messages (RFC 1035, 2308, 6891).
 *
 * A message is read in two passes. The first walks every record once, checks
 * its bounds, and notes the few that can matter (aliases, addresses and SOAs of
 * the answer section) in an index with a hash of their owner; it also picks up
 * the authority section's SOA, the OPT record and text. The second follows the
 * aliases from the question through that index, whatever order the records came
 * in.
 *
 * Names stay in wire form (dns_name.h); text is made only of what is kept.
 */
#include "vnetprobe/dns_message.h"

#include <errno.h>
#include <string.h>

#include "cursor.h"
#include "dns_name.h"
#include "dns_service.h"

#define MESSAGE_MAX 65535 /* the length prefix of TCP, RFC 1035 4.2.2 */
#define CHAIN_MAX 128     /* links; resolvers give up after 8 to 32 */

#define TYPE_DNAME 39
#define TYPE_ANY 255

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
	struct vp_dns_name question;
	uint16_t class; /* of the question */
	unsigned ext_rcode;
	bool has_opt;
	size_t n; /* entries of the index that are valid */
	struct entry index[MESSAGE_MAX / VP_DNS_RECORD_MIN];
	const char *why;
};

/* What a truncated message may end in, beside vp_dns_name_cut. */
static const char record_cut[] = "record runs past the end";

static int fail(struct reader *r, const char *why)
{
	r->why = why;
	return -EBADMSG;
}

static char *name_keep(struct reader *r, const struct vp_dns_name *n)
{
	char text[VP_DNS_NAME_TEXT];

	vp_dns_name_text(text, n);
	return vp_arena_strdup(r->arena, text);
}

/* --- first pass: every record once --------------------------------------- */

struct record {
	size_t owner_at, data_at;
	struct vp_dns_name owner;
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
	why = vp_dns_name_read(&rec->owner, r->msg, r->len, at);
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

	if (rec->class != VP_DNS_CLASS_IN)
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
	case VP_DNS_SOA:
	case TYPE_DNAME:
	case VP_DNS_SVCB:
	case VP_DNS_HTTPS:
		break;
	default:
		return NULL;
	}
	e = &r->index[r->n++];
	e->owner = (uint16_t)rec->owner_at;
	e->data = (uint16_t)rec->data_at;
	e->type = rec->type;
	e->hash = vp_dns_name_hash(&rec->owner);
	return NULL;
}

/* RFC 1035 section 3.3.13, and 2308 section 3: the TTL of "there is no such
 * thing" is the lesser of the record's own and its MINIMUM; both are kept. */
static const char *soa_read(struct reader *r, const struct record *rec)
{
	size_t at = rec->data_at, end = rec->data_at + rec->data_len;
	struct vp_soa *soa = &r->out.soa;
	struct vp_dns_name mname, rname;
	struct vp_cursor c;
	const char *why;

	why = vp_dns_name_read(&mname, r->msg, end, &at);
	if (why == NULL)
		why = vp_dns_name_read(&rname, r->msg, end, &at);
	if (why != NULL)
		return why;
	c = vp_cur_init(r->msg + at, end - at);
	vp_cur_skip(&c, 16); /* serial, refresh, retry, expire */
	soa->minimum = vp_cur_be32(&c);
	if (c.bad)
		return "SOA record that is too short";
	soa->zone = name_keep(r, &rec->owner);
	soa->mname = name_keep(r, &mname);
	soa->rname = name_keep(r, &rname);
	soa->ttl = rec->ttl;
	return NULL;
}

/* Section 3.3.14: strings, each with a byte for its length before it. */
static const char *text_read(struct reader *r, const struct record *rec)
{
	struct vp_cursor c = vp_cur_init(r->msg + rec->data_at, rec->data_len);
	char text[VP_DNS_TEXT_MAX + 1];
	size_t n = 0;

	while (c.p < c.end) {
		unsigned len = vp_cur_u8(&c);

		for (; len > 0 && !c.bad; len--) {
			uint8_t b = vp_cur_u8(&c);

			if (n < VP_DNS_TEXT_MAX)
				text[n++] = b != 0 ? (char)b : '?';
		}
		if (c.bad)
			return "text that runs past its record";
	}
	r->out.text = vp_arena_strndup(r->arena, text, n);
	return NULL;
}

enum section { ANSWER, AUTHORITY, ADDITIONAL };

static bool is_text_asked_for(const struct reader *r, const struct record *rec)
{
	return rec->type == VP_DNS_TXT && r->out.type == VP_DNS_TXT &&
	       rec->class == r->class && r->out.text == NULL &&
	       r->out.question != NULL &&
	       vp_dns_name_equal(&rec->owner, &r->question);
}

static const char *record_keep(struct reader *r, const struct record *rec,
                               enum section section)
{
	if (section == ANSWER && is_text_asked_for(r, rec))
		return text_read(r, rec);
	if (section == ANSWER)
		return answer_keep(r, rec);
	if (section == AUTHORITY && rec->type == VP_DNS_SOA &&
	    rec->class == VP_DNS_CLASS_IN && r->out.soa.zone == NULL)
		return soa_read(r, rec);
	if (section == ADDITIONAL && rec->type == VP_DNS_OPT && !r->has_opt) {
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
			    (why == vp_dns_name_cut || why == record_cut))
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
static const char *questions_read(struct vp_dns_name *first, uint16_t *type,
                                  uint16_t *class, const uint8_t *msg,
                                  size_t len, unsigned n, size_t *at)
{
	for (unsigned i = 0; i < n; i++) {
		struct vp_cursor c;
		struct vp_dns_name name;
		uint16_t qtype, qclass;
		const char *why = vp_dns_name_read(&name, msg, len, at);

		if (why != NULL)
			return why;
		c = vp_cur_init(msg + *at, len - *at);
		qtype = vp_cur_be16(&c);
		qclass = vp_cur_be16(&c);
		if (c.bad)
			return "question runs past the end";
		*at += 4;
		if (i == 0) {
			*first = name;
			*type = qtype;
			*class = qclass;
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
                     const struct vp_dns_name *name, uint16_t hash)
{
	struct vp_dns_name owner;
	size_t at = e->owner;

	return e->hash == hash &&
	       vp_dns_name_read(&owner, r->msg, r->len, &at) == NULL &&
	       vp_dns_name_equal(&owner, name);
}

/* The name in an alias's data must end where the data does. */
static const char *entry_target(struct vp_dns_name *out, const struct reader *r,
                                const struct entry *e)
{
	struct vp_cursor c = vp_cur_init(r->msg + e->data - 2, 2);
	size_t at = e->data, end = at + vp_cur_be16(&c);
	const char *why = vp_dns_name_read(out, r->msg, end, &at);

	if (why == NULL && at != end)
		why = "alias record with bytes left over";
	return why;
}

/* RFC 6672 section 2.2: the labels below the owner go before the target. */
static const char *dname_apply(struct vp_dns_name *target,
                               const struct vp_dns_name *name,
                               size_t prefix_len)
{
	struct vp_dns_name tail = *target;

	if (prefix_len + tail.len > VP_DNS_WIRE_MAX)
		return "DNAME makes the name longer than 255 bytes";
	memcpy(target->wire, name->wire, prefix_len);
	memcpy(target->wire + prefix_len, tail.wire, tail.len);
	target->len = (uint8_t)(prefix_len + tail.len);
	return NULL;
}

/*
 * A name with an alias has nothing else (RFC 1034 section 3.6.2) and only one
 * (RFC 2181 section 10.1). Of an answer that breaks this, programs believe
 * different parts, so none is taken for the truth.
 */
static const char *cname_find(const struct entry **e,
                              struct vp_dns_name *target,
                              const struct reader *r,
                              const struct vp_dns_name *name)
{
	uint16_t hash = vp_dns_name_hash(name);
	struct vp_dns_name other;
	bool has_address = false;

	for (size_t i = 0; i < r->n; i++) {
		const struct entry *it = &r->index[i];
		const char *why;

		if (!entry_is(r, it, name, hash))
			continue;
		if (it->type != VP_DNS_CNAME) {
			has_address |=
				it->type == VP_DNS_A || it->type == VP_DNS_AAAA;
			continue;
		}
		why = entry_target(*e == NULL ? target : &other, r, it);
		if (why != NULL)
			return why;
		if (*e != NULL && !vp_dns_name_equal(target, &other))
			return "two different aliases of one name";
		*e = it;
	}
	return *e != NULL && has_address ? "alias with addresses of its own"
	                                 : NULL;
}

static const char *dname_find(const struct entry **e,
                              struct vp_dns_name *target,
                              const struct reader *r,
                              const struct vp_dns_name *name)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct entry *it = &r->index[i];
		size_t at = it->owner, prefix;
		struct vp_dns_name owner;
		const char *why;

		if (it->type != TYPE_DNAME)
			continue;
		why = vp_dns_name_read(&owner, r->msg, r->len, &at);
		if (why != NULL)
			return why;
		if (!vp_dns_name_below(name, &owner, &prefix))
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
static const char *chain_follow(struct reader *r, struct vp_dns_name *end)
{
	struct vp_dns_message *m = &r->out;
	char *owner = m->question;
	struct vp_dns_name target;

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

static void addresses_collect(struct reader *r, const struct vp_dns_name *end)
{
	struct vp_dns_message *m = &r->out;
	uint16_t hash = vp_dns_name_hash(end);

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

/* That of the name at the end of the chain goes before the authority section's,
 * which only comes with an answer when there is none. */
static const char *soa_find(struct reader *r, const struct vp_dns_name *end)
{
	uint16_t hash = vp_dns_name_hash(end);

	for (size_t i = 0; i < r->n; i++) {
		const struct entry *e = &r->index[i];
		struct vp_cursor c = vp_cur_init(r->msg + e->data - 2, 2);
		const struct record rec = { .owner = *end,
			                    .data_at = e->data,
			                    .data_len = vp_cur_be16(&c),
			                    .ttl = entry_ttl(r, e) };

		if (e->type == VP_DNS_SOA && entry_is(r, e, end, hash))
			return soa_read(r, &rec);
	}
	return NULL;
}

/* One that cannot be read is as good as none: clients go by the addresses. */
static void services_collect(struct reader *r, const struct vp_dns_name *end)
{
	struct vp_dns_message *m = &r->out;
	uint16_t hash = vp_dns_name_hash(end);

	for (size_t i = 0; i < r->n; i++) {
		const struct entry *e = &r->index[i];
		struct vp_cursor c = vp_cur_init(r->msg + e->data - 2, 2);
		size_t to = e->data + (size_t)vp_cur_be16(&c);
		struct vp_dns_service s;

		if (e->type == m->type && entry_is(r, e, end, hash) &&
		    vp_dns_service_read(&s, r->arena, r->msg, e->data, to, end,
		                        entry_ttl(r, e)))
			*VP_PUSH(r->arena, m->services, m->n_services) = s;
	}
}

static const char *chain_read(struct reader *r)
{
	struct vp_dns_name end;
	const char *why = chain_follow(r, &end);

	if (why != NULL || r->out.alias_loop)
		return why;
	if (r->out.type == VP_DNS_SOA)
		return soa_find(r, &end);
	if (r->out.type == VP_DNS_SVCB || r->out.type == VP_DNS_HTTPS)
		services_collect(r, &end);
	addresses_collect(r, &end);
	return NULL;
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
	size_t at = VP_DNS_HEADER_LEN;
	const char *why;

	if (r->len > MESSAGE_MAX)
		return fail(r, "longer than 65535 bytes");
	if (vp_dns_header_read(&m->header, r->msg, r->len) != 0)
		return fail(r, "shorter than its header");
	why = questions_read(&r->question, &m->type, &r->class, r->msg, r->len,
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
	r.class = 0;
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
	struct vp_dns_name first;
	size_t at = VP_DNS_HEADER_LEN;
	uint16_t t, class;

	if (vp_dns_header_read(&h, msg, len) != 0 || h.n_question == 0)
		return -EBADMSG;
	if (questions_read(&first, &t, &class, msg, len, 1, &at) != NULL)
		return -EBADMSG;
	vp_dns_name_text(name, &first);
	*type = t;
	*header = h;
	return 0;
}
