/*
 * hostile_dns.h - the answers of lab_peer's resolver, good and bad.
 *
 * MODE of the resolver, for each question:
 *   drop       no answer
 *   wrong-id   an answer to another question's id
 *   wrong-name an answer whose question is another name
 *   wrong-type an answer whose question is another type
 *   elsewhere  the right answer, but from the address FROM
 *   loop       a name that points to itself (compression loop)
 *   forward    a name that points to what comes after it
 *   short      the message ends within a record
 *   counts     the header claims 65535 answers, none follows
 *   random     random bytes behind a right header
 *   empty      a datagram of no bytes
 *   huge       TC over UDP; over TCP 65535 bytes of CNAME records
 *   thousands  TC over UDP; over TCP 64 KiB of different addresses
 *   truncated  TC over UDP; TCP accepts and stays silent
 *   no-tcp     TC over UDP; TCP is refused
 *   drip       TC over UDP; the right answer over TCP, a byte a second
 *   no-bytes   TC over UDP; over TCP a message of no bytes
 *   cname-loop an alias that leads back to itself
 *   two-aliases  one to a private address and one to a public
 *   servfail, refused   the rcode
 *   flaky      SERVFAIL to every other question
 *
 * With these a careful asker still comes to the right answer:
 *   right      nothing is wrong
 *   formerr, bare-formerr   FORMERR to EDNS, with the question or the header
 *              alone
 *   tiny       TC over UDP for more than 64 bytes, whatever EDNS says
 *   case       names in letters of any case
 *   dname      the alias comes of a DNAME
 *   backwards  the records last first
 *   many       70 addresses
 *   twice      each address twice, each datagram twice
 *   delay      300 ms late
 *   late       900 ms late: after the first attempt of 700
 *   no-aaaa    drops questions for AAAA
 *
 * The right answer is that of a private endpoint's zone: under vault.azure.net
 * a name is an alias into privatelink.vaultcore.azure.net, and there it has the
 * address 10.20.2.9 and no other records.
 *
 * Written from the RFCs without the code under test.
 */
#ifndef HOSTILE_DNS_H
#define HOSTILE_DNS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MESSAGE_MAX 65535u

/* --- building messages --------------------------------------------------- */

struct out {
	uint8_t bytes[MESSAGE_MAX];
	size_t len;
};

enum { A = 1, CNAME = 5, SOA = 6, AAAA = 28, DNAME = 39 };
enum { FORMERR = 1, SERVFAIL = 2, REFUSED = 5, TC = 0x200 };
enum { ANSWERS = 6, AUTHORITY = 8 }; /* where the header counts them */

static void put(struct out *o, const void *bytes, size_t n)
{
	if (n > sizeof(o->bytes) - o->len)
		return;
	memcpy(o->bytes + o->len, bytes, n);
	o->len += n;
}

static void put16(struct out *o, unsigned v)
{
	uint8_t b[2] = { (uint8_t)(v >> 8), (uint8_t)v };

	put(o, b, sizeof(b));
}

static void put_pointer(struct out *o, size_t to)
{
	put16(o, 0xc000u | (unsigned)to);
}

/* "a.b", then the root, or a pointer if to is not 0. */
static void put_name(struct out *o, const char *text, size_t to)
{
	while (*text != '\0') {
		uint8_t n = (uint8_t)strcspn(text, ".");

		put(o, &n, 1);
		put(o, text, n);
		text += n + (text[n] == '.');
	}
	if (to != 0)
		put_pointer(o, to);
	else
		put(o, "", 1);
}

/* What stands behind a record's owner; rdata follows. */
static void put_type(struct out *o, unsigned section, unsigned type,
                     unsigned ttl, unsigned len)
{
	unsigned n = (unsigned)o->bytes[section] << 8 | o->bytes[section + 1];

	o->bytes[section] = (uint8_t)((n + 1) >> 8);
	o->bytes[section + 1] = (uint8_t)(n + 1);
	put16(o, type);
	put16(o, 1);
	put16(o, 0);
	put16(o, ttl);
	put16(o, len);
}

static void put_address(struct out *o, size_t owner, unsigned last)
{
	const uint8_t address[4] = { 10, 20, (uint8_t)(last >> 8),
		                     (uint8_t)last };

	put_pointer(o, owner);
	put_type(o, ANSWERS, A, 10, sizeof(address));
	put(o, address, sizeof(address));
}

#define RIGHT 0x0209 /* 10.20.2.9 */

/* --- queries -------------------------------------------------------------- */

struct query {
	const char *mode;
	const uint8_t *bytes;
	size_t end; /* of the question section */
	unsigned type;
	bool tcp, edns;
	unsigned count; /* questions before it */
};

#define NAME_AT 12 /* of the name that is asked */

static bool query_read(struct query *q, const uint8_t *bytes, size_t n)
{
	size_t i = NAME_AT;

	while (i < n && bytes[i] != 0)
		i += (size_t)bytes[i] + 1;
	if (i + 5 > n)
		return false;
	q->bytes = bytes;
	q->end = i + 5;
	q->type = (unsigned)bytes[i + 1] << 8 | bytes[i + 2];
	q->edns = bytes[11] != 0;
	return true;
}

static bool is(const struct query *q, const char *mode)
{
	return strcmp(q->mode, mode) == 0;
}

/* Header and question, with no records yet. */
static void put_head(struct out *o, const struct query *q, unsigned flags)
{
	o->len = 0;
	put(o, q->bytes, 2);
	put16(o, 0x8180u | flags);
	put16(o, 1);
	put16(o, 0);
	put16(o, 0);
	put16(o, 0);
	put(o, q->bytes + NAME_AT, q->end - NAME_AT);
}

/* --- the right answer ------------------------------------------------------
 */

/* Does the name asked begin, or go on after its first label, with this one? */
static bool has_label(const struct query *q, unsigned nth, const char *label)
{
	const uint8_t *at = q->bytes + NAME_AT;
	size_t n = strlen(label);

	if (nth == 1)
		at += at[0] + 1;
	return at[0] == n && strncasecmp((const char *)at + 1, label, n) == 0;
}

static void put_zone(struct out *o, unsigned section)
{
	size_t start;

	put_name(o, "privatelink.vaultcore.azure.net", 0);
	put_type(o, section, SOA, 10, 0);
	start = o->len;
	put_name(o, "azureprivatedns.net", 0);
	put_name(o, "azureprivatedns-host.microsoft.com", 0);
	for (unsigned i = 0; i < 5; i++) {
		put16(o, 0);
		put16(o, 10);
	}
	o->bytes[start - 1] = (uint8_t)(o->len - start);
}

/* The name asked is an alias of the same label in the private zone; returns
 * where the alias stands. */
static size_t put_alias(struct out *o, const struct query *q)
{
	char alias[80];
	uint8_t n = q->bytes[NAME_AT] > 30 ? 30 : q->bytes[NAME_AT];

	snprintf(alias, sizeof(alias), "%.*s.privatelink.vaultcore.azure.net",
	         n, (const char *)q->bytes + NAME_AT + 1);
	put_pointer(o, NAME_AT);
	put_type(o, ANSWERS, CNAME, 60, (unsigned)strlen(alias) + 2);
	put_name(o, alias, 0);
	return o->len - strlen(alias) - 2;
}

static void put_dname(struct out *o, const struct query *q)
{
	static const char zone[] = "privatelink.vaultcore.azure.net";

	put_pointer(o, NAME_AT + q->bytes[NAME_AT] + 1u);
	put_type(o, ANSWERS, DNAME, 60, sizeof(zone) + 1);
	put_name(o, zone, 0);
}

/* Letters of the other case, in names alone: not in lengths or addresses. */
static void change_case(struct out *o, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		if (((o->bytes[i] | 0x20) >= 'a' &&
		     (o->bytes[i] | 0x20) <= 'z') &&
		    i % 3 != 0)
			o->bytes[i] ^= 0x20;
}

static void put_addresses(struct out *o, const struct query *q, size_t owner)
{
	put_address(o, owner, RIGHT);
	if (is(q, "twice"))
		put_address(o, owner, RIGHT);
	for (unsigned i = 0; is(q, "many") && i < 69; i++)
		put_address(o, owner, 0x0300 + i);
}

static void put_right(struct out *o, const struct query *q)
{
	bool alias = has_label(q, 1, "privatelink");
	size_t owner = NAME_AT, from;

	put_head(o, q, 0);
	if (has_label(q, 0, "privatelink")) {
		put_zone(o, q->type == SOA ? ANSWERS : AUTHORITY);
		return;
	}
	if (q->type != A && q->type != AAAA)
		return;
	if (!alias && is(q, "backwards") && q->type == A) {
		put_name(o, "kv-lab.privatelink.vaultcore.azure.net", 0);
		put_type(o, ANSWERS, A, 10, 4);
		put(o, "\x0a\x14\x02\x09", 4);
		put_alias(o, q);
		return;
	}
	if (!alias && is(q, "dname"))
		put_dname(o, q);
	from = o->len + 12;
	if (!alias)
		owner = put_alias(o, q);
	if (!alias && is(q, "case")) {
		change_case(o, NAME_AT, q->end - 5);
		change_case(o, from, o->len);
	}
	if (q->type == A)
		put_addresses(o, q, owner);
	else
		put_zone(o, AUTHORITY);
}

/* --- wrong ones ------------------------------------------------------------
 */

static void put_huge(struct out *o, const struct query *q)
{
	put_head(o, q, 0);
	while (o->len + 14 <= MESSAGE_MAX) {
		put_pointer(o, NAME_AT);
		put_type(o, ANSWERS, CNAME, 60, 2);
		put_pointer(o, NAME_AT);
	}
	while (o->len < MESSAGE_MAX)
		put(o, "", 1);
}

static void put_thousands(struct out *o, const struct query *q)
{
	put_head(o, q, 0);
	for (unsigned i = 0; o->len + 16 <= MESSAGE_MAX; i++)
		put_address(o, NAME_AT, i);
}

static void put_two_aliases(struct out *o, const struct query *q)
{
	static const char *const names[] = { "private.example",
		                             "public.example" };

	put_head(o, q, 0);
	for (unsigned i = 0; i < 2; i++) {
		put_pointer(o, NAME_AT);
		put_type(o, ANSWERS, CNAME, 60, (unsigned)strlen(names[i]) + 2);
		put_name(o, names[i], 0);
	}
	put_name(o, names[0], 0);
	put_type(o, ANSWERS, A, 60, 4);
	put(o, "\x0a\x14\x02\x09", 4);
}

/* A name whose pointer leads to itself, or to what comes after it. */
static void put_bad_pointer(struct out *o, const struct query *q, size_t ahead)
{
	put_head(o, q, 0);
	put_pointer(o, o->len + ahead);
	put_type(o, ANSWERS, A, 60, 4);
	put(o, "\x0a\x14\x02\x09", 4);
}

static void put_random(struct out *o, const struct query *q)
{
	put_head(o, q, 0);
	o->bytes[ANSWERS + 1] = 3;
	for (int i = 0; i < 300; i++)
		put16(o, (unsigned)random());
}

/* The modes that spoil a right answer. */
static void spoil(struct out *o, const struct query *q)
{
	if (is(q, "wrong-id"))
		o->bytes[0] ^= 0x5a;
	else if (is(q, "wrong-name"))
		o->bytes[NAME_AT + 1] ^= 0x01;
	else if (is(q, "wrong-type"))
		o->bytes[q->end - 3] ^= A ^ AAAA;
	else if (is(q, "short"))
		o->len -= 2;
	else if (is(q, "empty") || is(q, "no-bytes"))
		o->len = 0;
	else if (is(q, "tiny") && !q->tcp && o->len > 64)
		put_head(o, q, TC);
}

static bool cuts_over_udp(const struct query *q)
{
	return is(q, "huge") || is(q, "thousands") || is(q, "truncated") ||
	       is(q, "no-tcp") || is(q, "drip") || is(q, "no-bytes");
}

/* Builds the answer to one query. Returns false for "say nothing". */
static bool answer(struct out *o, const struct query *q)
{
	if (is(q, "drop") || (is(q, "no-aaaa") && q->type == AAAA) ||
	    (is(q, "truncated") && q->tcp))
		return false;
	if (cuts_over_udp(q) && !q->tcp) {
		put_head(o, q, TC);
	} else if (is(q, "servfail") || (is(q, "flaky") && q->count % 2 != 0)) {
		put_head(o, q, SERVFAIL);
	} else if (is(q, "refused")) {
		put_head(o, q, REFUSED);
	} else if (is(q, "formerr") && q->edns) {
		put_head(o, q, FORMERR);
	} else if (is(q, "bare-formerr") && q->edns) {
		put_head(o, q, FORMERR);
		o->bytes[5] = 0;
		o->len = NAME_AT;
	} else if (is(q, "loop")) {
		put_bad_pointer(o, q, 0);
	} else if (is(q, "forward")) {
		put_bad_pointer(o, q, 12);
	} else if (is(q, "counts")) {
		put_head(o, q, 0);
		memset(o->bytes + ANSWERS, 0xff, 2);
	} else if (is(q, "random")) {
		put_random(o, q);
	} else if (is(q, "cname-loop")) {
		put_head(o, q, 0);
		put_pointer(o, NAME_AT);
		put_type(o, ANSWERS, CNAME, 60, 2);
		put_pointer(o, NAME_AT);
	} else if (is(q, "two-aliases")) {
		put_two_aliases(o, q);
	} else if (is(q, "huge")) {
		put_huge(o, q);
	} else if (is(q, "thousands")) {
		put_thousands(o, q);
	} else {
		put_right(o, q);
		spoil(o, q);
	}
	return true;
}

#endif
