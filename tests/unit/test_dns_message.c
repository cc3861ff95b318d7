/* dns_message: what is read from hand-made messages, and what is refused. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "vnetprobe/dns_message.h"

/* --- a small writer of messages ------------------------------------------ */

struct msg {
	uint8_t b[70000];
	size_t n;
};

static struct msg m; /* the message under construction */

static void be16(unsigned v)
{
	m.b[m.n++] = (uint8_t)(v >> 8);
	m.b[m.n++] = (uint8_t)v;
}

static void be32(uint32_t v)
{
	be16(v >> 16);
	be16(v & 0xffff);
}

/* "a.b", or "a.b@12": labels, then a pointer to 12. "" is the root. */
static void name(const char *s)
{
	while (*s != '\0' && *s != '@') {
		size_t len = strcspn(s, ".@");

		m.b[m.n++] = (uint8_t)len;
		memcpy(m.b + m.n, s, len);
		m.n += len;
		s += len;
		if (*s == '.')
			s++;
	}
	if (*s == '@')
		be16(0xc000u | (unsigned)atoi(s + 1));
	else
		m.b[m.n++] = 0;
}

static void header(unsigned flags, unsigned qd, unsigned an, unsigned ns,
                   unsigned ar)
{
	m.n = 0;
	be16(0x1234);
	be16(flags);
	be16(qd);
	be16(an);
	be16(ns);
	be16(ar);
}

static void question(const char *n, unsigned type)
{
	name(n);
	be16(type);
	be16(1);
}

static size_t rr_open(const char *owner, unsigned type, uint32_t ttl)
{
	name(owner);
	be16(type);
	be16(1);
	be32(ttl);
	be16(0);
	return m.n;
}

static void rr_close(size_t data)
{
	size_t len = m.n - data;

	m.b[data - 2] = (uint8_t)(len >> 8);
	m.b[data - 1] = (uint8_t)len;
}

static void rr_name(const char *owner, unsigned type, uint32_t ttl,
                    const char *target)
{
	size_t at = rr_open(owner, type, ttl);

	name(target);
	rr_close(at);
}

static void rr_a(const char *owner, uint32_t ttl, uint32_t addr)
{
	size_t at = rr_open(owner, 1, ttl);

	be32(addr);
	rr_close(at);
}

static void rr_soa(const char *owner, uint32_t ttl, uint32_t minimum)
{
	size_t at = rr_open(owner, 6, ttl);

	name("NS1.example");
	name("host\\master");
	for (unsigned i = 0; i < 4; i++)
		be32(i);
	be32(minimum);
	rr_close(at);
}

static void rr_opt(unsigned ext_rcode)
{
	name("");
	be16(41);
	be16(1232);
	be32(ext_rcode << 24);
	be16(0);
}

static struct vp_arena *arena;
static struct vp_dns_message got;
static const char *why;

static int setup(void **state)
{
	(void)state;
	arena = vp_arena_create();
	memset(&got, 0, sizeof(got));
	why = NULL;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	vp_arena_destroy(arena);
	return 0;
}

/* Reads from a copy of exact size, so that ASan sees one byte too many. */
static int read_it(void)
{
	uint8_t *copy = malloc(m.n + 1);
	int r;

	memcpy(copy + 1, m.b, m.n);
	r = vp_dns_message_read(&got, arena, copy + 1, m.n, &why);
	free(copy);
	return r;
}

static void expect_bad(const char *text)
{
	struct vp_dns_message before = got;

	assert_int_equal(read_it(), -EBADMSG);
	assert_string_equal(why, text);
	assert_memory_equal(&before, &got, sizeof(got));
}

static void expect_link(size_t i, const char *owner, const char *target,
                        uint32_t ttl)
{
	assert_true(i < got.n_chain);
	assert_string_equal(got.chain[i].owner, owner);
	assert_string_equal(got.chain[i].target, target);
	assert_int_equal(got.chain[i].ttl, ttl);
}

/* --- reading ------------------------------------------------------------- */

static void test_header(void **state)
{
	struct vp_dns_header h = { .id = 7 };

	(void)state;
	header(0x8180, 1, 2, 3, 4);
	assert_int_equal(vp_dns_header_read(&h, m.b, 11), -EBADMSG);
	assert_int_equal(h.id, 7);
	assert_int_equal(vp_dns_header_read(&h, m.b, 12), 0);
	assert_int_equal(h.id, 0x1234);
	assert_int_equal(h.flags, 0x8180);
	assert_int_equal(h.n_question, 1);
	assert_int_equal(h.n_answer, 2);
	assert_int_equal(h.n_authority, 3);
	assert_int_equal(h.n_additional, 4);
	expect_bad("name runs past the end");
	m.n = 11;
	expect_bad("shorter than its header");
	assert_int_equal(vp_dns_message_read(&got, arena, NULL, 0, &why),
	                 -EBADMSG);
}

static void test_private_link_chain(void **state)
{
	(void)state;
	header(0x8180, 1, 3, 0, 1);
	question("Acct.BLOB.core.windows.net", 1);
	rr_name("@12", 5, 60, "acct.privatelink@17");
	rr_a("acct.privatelink.blob.core.windows.net", 10, 0x0a000004);
	rr_a("acct.privatelink.blob.core.windows.net", 10, 0x0a000005);
	rr_opt(0);
	assert_int_equal(read_it(), 0);
	assert_int_equal(got.rcode, 0);
	assert_int_equal(got.type, VP_DNS_A);
	assert_string_equal(got.question, "acct.blob.core.windows.net");
	assert_int_equal(got.n_chain, 1);
	expect_link(0, "acct.blob.core.windows.net",
	            "acct.privatelink.blob.core.windows.net", 60);
	assert_int_equal(got.n_addresses, 2);
	assert_int_equal(got.addresses[1].addr.family, 4);
	assert_memory_equal(got.addresses[1].addr.bytes, "\x0a\0\0\5", 4);
	assert_int_equal(got.addresses[1].ttl, 10);
	assert_null(got.soa.zone);
	assert_false(got.alias_loop);
}

static void test_order_does_not_matter(void **state)
{
	(void)state;
	header(0x8180, 1, 5, 0, 0);
	question("a", 1);
	rr_a("d", 4, 0x01020304);
	rr_name("c", 5, 3, "d");
	rr_a("other", 9, 0x09090909); /* not at the end of the chain */
	rr_name("B", 5, 2, "C");
	rr_name("a", 5, 1, "b");
	assert_int_equal(read_it(), 0);
	assert_int_equal(got.n_chain, 3);
	expect_link(0, "a", "b", 1);
	expect_link(1, "b", "c", 2);
	expect_link(2, "c", "d", 3);
	assert_int_equal(got.n_addresses, 1);
	assert_int_equal(got.addresses[0].ttl, 4);
}

static void test_aaaa_and_any(void **state)
{
	static const unsigned types[] = { 1, 28, 255, 65 };
	static const size_t want[] = { 1, 1, 2, 0 };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		size_t at;

		header(0x8180, 1, 2, 0, 0);
		question("x", types[i]);
		rr_a("x", 1, 0x01020304);
		at = rr_open("x", 28, 2);
		be32(0x20010db8);
		be32(0);
		be32(0);
		be32(1);
		rr_close(at);
		assert_int_equal(read_it(), 0);
		assert_int_equal(got.n_addresses, want[i]);
		if (types[i] == 28) {
			assert_int_equal(got.addresses[0].addr.family, 6);
			assert_int_equal(got.addresses[0].addr.bytes[15], 1);
		}
	}
}

static void test_other_class(void **state)
{
	size_t at;

	(void)state;
	header(0x8180, 1, 2, 0, 0);
	question("x", 1);
	at = rr_open("x", 1, 1);
	m.b[at - 7] = 3; /* CHAOS */
	m.n += 2;        /* whose addresses are of another size */
	rr_close(at);
	rr_a("x", 1, 0x01020304);
	assert_int_equal(read_it(), 0);
	assert_int_equal(got.n_addresses, 1);
}

static void test_alias_loops(void **state)
{
	(void)state;
	header(0x8180, 1, 1, 0, 0);
	question("a", 1);
	rr_name("a", 5, 1, "A");
	assert_int_equal(read_it(), 0);
	assert_true(got.alias_loop);
	assert_int_equal(got.n_chain, 1);

	header(0x8180, 1, 4, 0, 0);
	question("a", 1);
	rr_name("b", 5, 2, "c");
	rr_name("c", 5, 3, "b");
	rr_name("a", 5, 1, "b");
	rr_a("d", 1, 1);
	assert_int_equal(read_it(), 0);
	assert_true(got.alias_loop);
	assert_int_equal(got.n_chain, 3);
	assert_int_equal(got.n_addresses, 0);
}

/* Answers of which one program believes this part and another that. */
static void test_alias_and_more(void **state)
{
	(void)state;
	header(0x8180, 1, 3, 0, 0);
	question("x", 1);
	rr_name("x", 5, 1, "private");
	rr_name("x", 5, 1, "public");
	rr_a("private", 1, 0x0a000004);
	expect_bad("two different aliases of one name");

	header(0x8180, 1, 3, 0, 0); /* the same twice */
	question("x", 1);
	rr_name("x", 5, 1, "y");
	rr_name("X", 5, 2, "Y");
	rr_a("y", 1, 0x0a000004);
	assert_int_equal(read_it(), 0);
	assert_int_equal(got.n_chain, 1);

	for (unsigned i = 0; i < 2; i++) {
		header(0x8180, 1, 3, 0, 0);
		question("x", 1);
		rr_a(i == 0 ? "x" : "w", 1, 0xcb007105);
		rr_name("x", 5, 1, "y");
		rr_a("y", 1, 0x0a000004);
		if (i == 0) {
			expect_bad("alias with addresses of its own");
			continue;
		}
		assert_int_equal(read_it(), 0); /* some other name's */
		assert_int_equal(got.n_addresses, 1);
	}
}

/* A-labels are names like others; what is not ASCII is shown byte by byte. */
static void test_idn(void **state)
{
	(void)state;
	header(0x8180, 1, 2, 0, 0);
	question("XN--mnchen-3YA.example", 1);
	rr_name("xn--Mnchen-3ya.example", 5, 1, "stadt.xn--p1ai");
	rr_a("stadt.XN--P1AI", 1, 1);
	assert_int_equal(read_it(), 0);
	expect_link(0, "xn--mnchen-3ya.example", "stadt.xn--p1ai", 1);
	assert_int_equal(got.n_addresses, 1);

	header(0x8180, 1, 2, 0, 0);
	question("m\xc3\xbcnchen.example", 1);
	rr_name("@12", 5, 1, "m\xc3\x9cnchen.example"); /* U+00DC */
	rr_a("m\xc3\x9cnchen.example", 1, 1);
	assert_int_equal(read_it(), 0);
	assert_string_equal(got.question, "m\\195\\188nchen.example");
	expect_link(0, "m\\195\\188nchen.example", "m\\195\\156nchen.example",
	            1);
	assert_int_equal(got.n_addresses, 1);
}

static void test_dname(void **state)
{
	(void)state;
	/* RFC 6672: with the CNAME its server made of it ... */
	header(0x8180, 1, 3, 0, 0);
	question("x.y.old", 1);
	rr_name("old", 39, 100, "new.example");
	rr_name("x.y.old", 5, 50, "x.y.new.example");
	rr_a("x.y.new.example", 5, 1);
	assert_int_equal(read_it(), 0);
	assert_int_equal(got.n_chain, 1);
	expect_link(0, "x.y.old", "x.y.new.example", 50);
	assert_int_equal(got.n_addresses, 1);

	/* ... and without. */
	header(0x8180, 1, 2, 0, 0);
	question("x.y.old", 1);
	rr_name("old", 39, 100, "new.example");
	rr_a("x.y.new.example", 5, 1);
	assert_int_equal(read_it(), 0);
	assert_int_equal(got.n_chain, 1);
	expect_link(0, "x.y.old", "x.y.new.example", 100);
	assert_int_equal(got.n_addresses, 1);

	/* The owner itself is not below it. */
	header(0x8180, 1, 1, 0, 0);
	question("old", 1);
	rr_name("old", 39, 100, "new.example");
	assert_int_equal(read_it(), 0);
	assert_int_equal(got.n_chain, 0);

	/* "sold" is no child of "old", whatever the letters. */
	header(0x8180, 1, 1, 0, 0);
	question("sold", 1);
	rr_name("old", 39, 100, "new.example");
	assert_int_equal(read_it(), 0);
	assert_int_equal(got.n_chain, 0);

	/* Two that lead to each other: a loop like any. */
	header(0x8180, 1, 2, 0, 0);
	question("x.old", 1);
	rr_name("old", 39, 1, "new");
	rr_name("new", 39, 1, "OLD");
	assert_int_equal(read_it(), 0);
	assert_true(got.alias_loop);
	assert_int_equal(got.n_chain, 2);

	/* One that grows for ever ends. */
	header(0x8180, 1, 1, 0, 0);
	question("x.old", 1);
	rr_name("old", 39, 100, "y.old");
	expect_bad("DNAME makes the name longer than 255 bytes");
}

static void test_negative(void **state)
{
	(void)state;
	header(0x8183, 1, 0, 1, 0);
	question("no.example", 28);
	rr_soa("Example", 900, 300);
	assert_int_equal(read_it(), 0);
	assert_int_equal(got.rcode, 3);
	assert_int_equal(got.n_addresses, 0);
	assert_string_equal(got.soa.zone, "example");
	assert_string_equal(got.soa.mname, "ns1.example");
	assert_string_equal(got.soa.rname, "host\\092master");
	assert_int_equal(got.soa.ttl, 900);
	assert_int_equal(got.soa.minimum, 300);

	/* One in the additional section is none. */
	header(0x8180, 1, 0, 0, 1);
	question("example", 6);
	rr_soa("example", 900, 300);
	assert_int_equal(read_it(), 0);
	assert_null(got.soa.zone);
}

/* A question for SOA: that of the name asked, or of the end of its chain. */
static void test_soa(void **state)
{
	(void)state;
	header(0x8580, 1, 1, 0, 0);
	question("PrivateLink.Vault.Azure.NET", 6);
	rr_soa("@12", 900, 300);
	assert_int_equal(read_it(), 0);
	assert_int_equal(got.type, VP_DNS_SOA);
	assert_string_equal(got.soa.zone, "privatelink.vault.azure.net");
	assert_string_equal(got.soa.mname, "ns1.example");
	assert_int_equal(got.soa.ttl, 900);

	/* before the authority section's, in whatever order they come */
	header(0x8180, 1, 3, 1, 0);
	question("a", 6);
	rr_soa("other", 1, 1);
	rr_soa("b", 2, 2);
	rr_name("a", 5, 9, "b");
	rr_soa("up", 3, 3);
	assert_int_equal(read_it(), 0);
	assert_int_equal(got.n_chain, 1);
	assert_string_equal(got.soa.zone, "b");
	assert_int_equal(got.soa.minimum, 2);

	/* another name's is not taken for it */
	header(0x8180, 1, 1, 0, 0);
	question("a", 6);
	rr_soa("other", 1, 1);
	assert_int_equal(read_it(), 0);
	assert_null(got.soa.zone);

	/* where it was not asked for, it says nothing */
	header(0x8180, 1, 1, 0, 0);
	question("a", 1);
	rr_soa("a", 1, 1);
	assert_int_equal(read_it(), 0);
	assert_null(got.soa.zone);

	header(0x8180, 1, 1, 0, 0);
	question("a", 6);
	rr_name("a", 6, 1, "short");
	expect_bad("name runs past the end");
}

/* strings: "3abc2de", a digit for each length */
static void rr_text(const char *owner, unsigned class, const char *strings)
{
	size_t at = rr_open(owner, 16, 0);

	m.b[at - 7] = (uint8_t) class;
	for (; *strings != '\0'; strings++)
		m.b[m.n++] = *strings >= '0' && *strings <= '9'
		                     ? (uint8_t)(*strings - '0')
		                     : (uint8_t)*strings;
	rr_close(at);
}

static void test_text(void **state)
{
	(void)state;
	header(0x8580, 1, 4, 0, 0);
	question("version.bind", 16);
	m.b[m.n - 1] = 3; /* CHAOS */
	rr_text("other.bind", 3, "2no");
	rr_text("@12", 1, "2no");
	rr_text("VERSION.bind", 3, "4dnsm05asq-2");
	rr_text("@12", 3, "2no");
	assert_int_equal(read_it(), 0);
	assert_string_equal(got.text, "dnsmasq-\2");

	header(0x8580, 1, 1, 0, 0); /* NUL is a byte like others */
	question("x", 16);
	rr_text("@12", 1, "3a0b");
	m.b[m.n - 2] = 0;
	assert_int_equal(read_it(), 0);
	assert_string_equal(got.text, "a?b");

	header(0x8580, 1, 1, 0, 0);
	question("x", 16);
	rr_text("@12", 1, "");
	assert_int_equal(read_it(), 0);
	assert_string_equal(got.text, "");

	header(0x8580, 1, 1, 0, 0); /* asked for something else */
	question("x", 1);
	rr_text("@12", 1, "2no");
	assert_int_equal(read_it(), 0);
	assert_null(got.text);

	header(0x8580, 1, 1, 0, 0);
	question("x", 16);
	rr_text("@12", 1, "2ab3cd");
	expect_bad("text that runs past its record");
}

/* More than is kept: 64 KiB of it is read to the end and cut. */
static void test_long_text(void **state)
{
	size_t at;

	(void)state;
	header(0x8580, 1, 1, 0, 0);
	question("x", 16);
	at = rr_open("@12", 16, 0);
	for (unsigned i = 0; i < 255; i++) {
		m.b[m.n++] = 255;
		memset(m.b + m.n, i == 0 ? 'a' : 'b', 255);
		m.n += 255;
	}
	rr_close(at);
	assert_int_equal(read_it(), 0);
	assert_int_equal(strlen(got.text), VP_DNS_TEXT_MAX);
	assert_int_equal(got.text[VP_DNS_TEXT_MAX - 1], 'a');
}

static void test_extended_rcode(void **state)
{
	(void)state;
	header(0x8180, 1, 0, 0, 1);
	question("x", 1);
	rr_opt(1); /* BADVERS: 16, RFC 6891 section 9 */
	assert_int_equal(read_it(), 0);
	assert_int_equal(got.rcode, 16);
	header(0x8185, 0, 0, 0, 0);
	assert_int_equal(read_it(), 0);
	assert_int_equal(got.rcode, 5);
	assert_null(got.question);
}

static void test_many_records(void **state)
{
	(void)state;
	header(0x8180, 1, 4000, 0, 0);
	question("x", 1);
	for (uint32_t i = 0; i < 4000; i++)
		rr_a("@12", 1, i);
	assert_int_equal(read_it(), 0);
	assert_int_equal(got.n_addresses, 4000);
	assert_int_equal(got.addresses[3999].addr.bytes[2], 3999 >> 8);

	/* As many as fit at all: the index must hold them. */
	header(0x8180, 1, 5956, 0, 0);
	question("", 1);
	for (unsigned i = 0; i < 5956; i++)
		rr_close(rr_open("", 5, 1));
	assert_true(m.n < 65536 && m.n + 11 > 65535);
	expect_bad("name runs past the end");

	m.n = 65536;
	expect_bad("longer than 65535 bytes");
}

/* Twenty links, last first, their zones in letters of any case (0x20), and
 * 65 addresses at the end. */
static void test_long_chain(void **state)
{
	(void)state;
	header(0x8180, 1, 85, 0, 0);
	question("N0.pRiVaTeLiNk", 1);
	for (uint32_t i = 0; i < 65; i++)
		rr_a("n20.PRIVATElink", 1, i);
	for (int i = 19; i >= 0; i--) {
		char a[24], b[24];

		snprintf(a, sizeof(a), "N%d.Privatelink", i);
		snprintf(b, sizeof(b), "n%d.privateLINK", i + 1);
		rr_name(a, 5, 1, b);
	}
	assert_int_equal(read_it(), 0);
	assert_int_equal(got.n_chain, 20);
	expect_link(0, "n0.privatelink", "n1.privatelink", 1);
	expect_link(19, "n19.privatelink", "n20.privatelink", 1);
	assert_int_equal(got.n_addresses, 65);
}

static void test_chain_bound(void **state)
{
	(void)state;
	for (unsigned links = 128; links <= 129; links++) {
		header(0x8180, 1, links, 0, 0);
		question("n0", 1);
		for (unsigned i = 0; i < links; i++) {
			char a[8], b[8];

			snprintf(a, sizeof(a), "n%u", i);
			snprintf(b, sizeof(b), "n%u", i + 1);
			rr_name(a, 5, i, b);
		}
		if (links == 129) {
			expect_bad("alias chain of more than 128 links");
			continue;
		}
		assert_int_equal(read_it(), 0);
		assert_int_equal(got.n_chain, 128);
		expect_link(127, "n127", "n128", 127);
	}
}

static void test_escapes(void **state)
{
	(void)state;
	header(0x8180, 1, 0, 0, 0);
	memcpy(m.b + m.n, "\7a.b \\\xff\x01\1*\0\0\1\0\1", 15);
	m.n += 15;
	assert_int_equal(read_it(), 0);
	assert_string_equal(got.question, "a\\046b\\032\\092\\255\\001.*");
	header(0x8180, 1, 0, 0, 0);
	question("", 2);
	assert_int_equal(read_it(), 0);
	assert_string_equal(got.question, ".");
}

static void fill_name(unsigned labels_of_63, unsigned last)
{
	for (unsigned i = 0; i < labels_of_63; i++) {
		m.b[m.n++] = 63;
		memset(m.b + m.n, 1, 63); /* each byte is four of text */
		m.n += 63;
	}
	m.b[m.n++] = (uint8_t)last;
	memset(m.b + m.n, 1, last);
	m.n += last;
	m.b[m.n++] = 0;
	be16(1);
	be16(1);
}

static void test_longest_name(void **state)
{
	(void)state;
	header(0x8180, 1, 0, 0, 0);
	fill_name(3, 61); /* 3 * 64 + 62 + 1 = 255 */
	assert_int_equal(read_it(), 0);
	assert_int_equal(strlen(got.question), 250 * 4 + 3);
	header(0x8180, 1, 0, 0, 0);
	fill_name(3, 62);
	expect_bad("name longer than 255 bytes");
}

static void test_compression(void **state)
{
	size_t at;

	(void)state;
	header(0x8180, 1, 0, 0, 0);
	name("@12"); /* to itself */
	be32(0x00010001);
	expect_bad("compression loop");
	header(0x8180, 1, 0, 0, 0);
	name("@14"); /* forwards */
	name("x");
	be32(0x00010001);
	expect_bad("compression loop");
	header(0x8180, 1, 1, 0, 0);
	question("x", 1);
	rr_name("y@19", 5, 1, ""); /* to its own beginning, over a label */
	expect_bad("compression loop");
	header(0x8180, 1, 2, 0, 0); /* two pointers to each other */
	question("x", 1);
	at = rr_open("x", 16, 1);
	be16(0xc000u | (unsigned)(at + 2));
	be16(0xc000u | (unsigned)at);
	rr_close(at);
	be16(0xc000u | (unsigned)(at + 2));
	m.n += 10;
	expect_bad("compression loop");
	header(0x8180, 1, 0, 0, 0);
	m.b[m.n++] = 0xc0; /* half a pointer */
	expect_bad("name runs past the end");
	header(0x8180, 1, 0, 0, 0);
	m.b[m.n++] = 0x41; /* RFC 6891 section 5 retired these */
	expect_bad("unknown label type");
}

static void test_bad_records(void **state)
{
	size_t at;

	(void)state;
	header(0x8180, 1, 1, 0, 0);
	question("x", 1);
	at = rr_open("x", 1, 1);
	m.n += 3;
	rr_close(at);
	expect_bad("A record that is not 4 bytes long");
	header(0x8180, 1, 1, 0, 0);
	question("x", 1);
	at = rr_open("x", 28, 1);
	m.n += 4;
	rr_close(at);
	expect_bad("AAAA record that is not 16 bytes long");
	header(0x8180, 1, 1, 0, 0);
	question("x", 1);
	at = rr_open("x", 5, 1);
	name("y");
	m.b[m.n++] = 0;
	rr_close(at);
	expect_bad("alias record with bytes left over");
	header(0x8180, 1, 0, 1, 0);
	question("x", 1);
	rr_soa("x", 1, 1);
	m.n -= 1;
	expect_bad("record runs past the end");
	header(0x8180, 1, 0, 1, 0);
	question("x", 1);
	at = rr_open("x", 6, 1);
	name("");
	name("");
	m.n += 19;
	rr_close(at);
	expect_bad("SOA record that is too short");
}

/* Every prefix of a good message is refused; with TC set, those that end
 * after the question are fine. */
static void test_every_cut(void **state)
{
	size_t whole, head;

	(void)state;
	for (unsigned tc = 0; tc <= 1; tc++) {
		header(tc ? 0x8380 : 0x8180, 1, 2, 1, 1);
		question("a.b", 1);
		head = m.n;
		rr_name("@12", 5, 1, "c@14");
		rr_a("c.b", 1, 1);
		rr_soa("b", 1, 1);
		rr_opt(0);
		whole = m.n;
		assert_int_equal(read_it(), 0);
		for (m.n = 0; m.n < whole; m.n++)
			assert_int_equal(read_it(),
			                 tc && m.n >= head ? 0 : -EBADMSG);
	}
	/* But truncation excuses no loop. */
	header(0x8380, 1, 1, 0, 0);
	question("x", 1);
	rr_a("@19", 1, 1);
	expect_bad("compression loop");
}

static void test_question_read(void **state)
{
	char text[VP_DNS_NAME_TEXT] = "before";
	struct vp_dns_header h = { .id = 9 };
	uint16_t type = 9;

	(void)state;
	header(0x0100, 1, 0, 0, 1);
	question("WWW.example", 28);
	for (size_t n = 0; n < m.n; n++)
		assert_int_equal(vp_dns_question_read(text, &type, &h, m.b, n),
		                 -EBADMSG);
	assert_string_equal(text, "before");
	assert_int_equal(type, 9);
	assert_int_equal(h.id, 9);
	assert_int_equal(vp_dns_question_read(text, &type, &h, m.b, m.n), 0);
	assert_string_equal(text, "www.example");
	assert_int_equal(type, 28);
	assert_int_equal(h.id, 0x1234);
	m.b[5] = 0; /* no question */
	assert_int_equal(vp_dns_question_read(text, &type, &h, m.b, m.n),
	                 -EBADMSG);
}

/* --- writing ------------------------------------------------------------- */

static void test_question_write(void **state)
{
	static const uint8_t want[] = "\xab\xcd\1\0\0\1\0\0\0\0\0\1"
				      "\1a\2bc\0\0\34\0\1"
				      "\0\0\51\4\320\0\0\0\0\0\0";
	uint8_t buf[64];

	(void)state;
	assert_int_equal(vp_dns_question_write(buf, sizeof(buf), 0xabcd, "A.bc",
	                                       28, 1232),
	                 sizeof(want) - 1);
	assert_memory_equal(buf, want, sizeof(want) - 1);
	assert_int_equal(vp_dns_question_write(buf, sizeof(want) - 1, 0xabcd,
	                                       "a.bc.", 28, 1232),
	                 sizeof(want) - 1);
	assert_int_equal(vp_dns_question_write(buf, sizeof(want) - 2, 0xabcd,
	                                       "a.bc", 28, 1232),
	                 -ENOSPC);
	assert_int_equal(
		vp_dns_question_write(buf, sizeof(buf), 1, "a.bc", 1, 0),
		sizeof(want) - 1 - 11);
	assert_int_equal(buf[11], 0);
	assert_int_equal(vp_dns_question_write(buf, sizeof(buf), 1, ".", 2, 0),
	                 17);
	assert_int_equal(buf[16], 1); /* IN, */
	assert_int_equal(vp_dns_question_write(buf, sizeof(buf), 1, ".", 16, 0),
	                 17);
	assert_int_equal(buf[16], 3); /* CHAOS */
	vp_dns_question_checking_disabled(buf);
	assert_memory_equal(buf + 2, "\1\20\0\1", 4);
}

static void test_question_write_names(void **state)
{
	static const struct {
		const char *name;
		int want;
	} cases[] = { { "", -EINVAL },      { "..", -EINVAL },
		      { ".a", -EINVAL },    { "a..b", -EINVAL },
		      { "a\\", -EINVAL },   { "\\256", -EINVAL },
		      { "\\25", -EINVAL },  { "\\25x", -EINVAL },
		      { "\\255", 12 + 7 },  { "a\\.b", 12 + 9 },
		      { "a\\046b", 12 + 9 } };
	uint8_t buf[512];
	char longest[300];
	char label[] = "123456789012345678901234567890123456789012345678901234"
		       "567890123";

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(vp_dns_question_write(buf, sizeof(buf), 1,
		                                       cases[i].name, 1, 0),
		                 cases[i].want);
	assert_int_equal(strlen(label), 63);
	snprintf(longest, sizeof(longest), "%s.%s.%s.%.61s", label, label,
	         label, label);
	assert_int_equal(
		vp_dns_question_write(buf, sizeof(buf), 1, longest, 1, 0),
		12 + 255 + 4);
	snprintf(longest, sizeof(longest), "%s.%s.%s.%.62s", label, label,
	         label, label);
	assert_int_equal(
		vp_dns_question_write(buf, sizeof(buf), 1, longest, 1, 0),
		-EINVAL);
	snprintf(longest, sizeof(longest), "%s4.x", label);
	assert_int_equal(
		vp_dns_question_write(buf, sizeof(buf), 1, longest, 1, 0),
		-EINVAL);
}

/* What the reader writes as text, the writer takes back. */
static void test_round_trip(void **state)
{
	char text[VP_DNS_NAME_TEXT], again[VP_DNS_NAME_TEXT];
	struct vp_dns_header h;
	uint16_t type;
	int n;

	(void)state;
	for (unsigned b = 0; b < 256; b++) {
		header(0x0100, 1, 0, 0, 0);
		m.b[m.n++] = 1;
		m.b[m.n++] = (uint8_t)b;
		m.b[m.n++] = 0;
		be32(0x00010001);
		assert_int_equal(
			vp_dns_question_read(text, &type, &h, m.b, m.n), 0);
		n = vp_dns_question_write(m.b, sizeof(m.b), 1, text, 1, 0);
		assert_true(n > 0);
		assert_int_equal(
			vp_dns_question_read(again, &type, &h, m.b, (size_t)n),
			0);
		assert_string_equal(text, again);
	}
}

/* --- names people type ---------------------------------------------------- */

static void test_normalise(void **state)
{
	static const struct {
		const char *in, *want, *why;
	} cases[] = {
		{ "Acct.Blob.Core.Windows.NET.", "acct.blob.core.windows.net",
		  NULL },
		{ "_srv-1.x", "_srv-1.x", NULL },
		{ "x", "x", NULL },
		{ "", NULL, "the name is empty" },
		{ ".", NULL, "the name is empty" },
		{ "a..b", NULL, "the name has an empty label" },
		{ ".a", NULL, "the name has an empty label" },
		{ "a..", NULL, "the name has an empty label" },
		{ "*.x", NULL, "a wildcard is not a name that can be asked" },
		{ "b\xc3\xbc"
		  "cher.de",
		  NULL, "write the name in its A-label (xn--) form" },
		{ "xn--bcher-kva.de", "xn--bcher-kva.de", NULL },
		{ "a-b.c", "a-b.c", NULL },
		{ "-x", NULL,
		  "a label of the name starts or ends with a hyphen" },
		{ "a.b-", NULL,
		  "a label of the name starts or ends with a hyphen" },
		{ "a b", NULL,
		  "a name has letters, digits, hyphens and underscores only" },
		{ "a/b", NULL,
		  "a name has letters, digits, hyphens and underscores only" },
		{ "a\x7f", NULL,
		  "a name has letters, digits, hyphens and underscores only" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char out[256] = "before";

		why = NULL;
		if (cases[i].why == NULL) {
			assert_int_equal(
				vp_dns_name_normalise(out, cases[i].in, &why),
				0);
			assert_string_equal(out, cases[i].want);
			assert_null(why);
			continue;
		}
		assert_int_equal(vp_dns_name_normalise(out, cases[i].in, &why),
		                 -EINVAL);
		assert_string_equal(out, "before");
		assert_string_equal(why, cases[i].why);
	}
}

static void test_normalise_lengths(void **state)
{
	char text[400], out[256];

	(void)state;
	memset(text, 'a', sizeof(text));
	text[63] = '\0';
	assert_int_equal(vp_dns_name_normalise(out, text, &why), 0);
	text[63] = 'a';
	text[64] = '\0';
	assert_int_equal(vp_dns_name_normalise(out, text, &why), -EINVAL);
	assert_string_equal(why, "a label of the name is longer than 63 bytes");

	memset(text, 'a', sizeof(text));
	for (size_t i = 60; i < sizeof(text); i += 60)
		text[i] = '.';
	text[253] = '\0';
	assert_int_equal(vp_dns_name_normalise(out, text, &why), 0);
	assert_int_equal(strlen(out), 253);
	text[253] = '.';
	text[254] = '\0';
	assert_int_equal(vp_dns_name_normalise(out, text, &why), 0);
	text[253] = 'a';
	assert_int_equal(vp_dns_name_normalise(out, text, &why), -EINVAL);
	assert_string_equal(why, "the name is longer than 253 bytes");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_header),
		T(test_private_link_chain),
		T(test_order_does_not_matter),
		T(test_aaaa_and_any),
		T(test_other_class),
		T(test_alias_loops),
		T(test_alias_and_more),
		T(test_idn),
		T(test_dname),
		T(test_negative),
		T(test_soa),
		T(test_text),
		T(test_long_text),
		T(test_extended_rcode),
		T(test_many_records),
		T(test_long_chain),
		T(test_chain_bound),
		T(test_escapes),
		T(test_longest_name),
		T(test_compression),
		T(test_bad_records),
		T(test_every_cut),
		T(test_question_read),
		T(test_question_write),
		T(test_question_write_names),
		T(test_round_trip),
		T(test_normalise),
		T(test_normalise_lengths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
