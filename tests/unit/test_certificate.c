/* Chains with one fault each, and facts from hostile certificates. */
#include "certificate.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "make_cert.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define DAY 86400L

static char ca_path[] = "/tmp/vp-test-ca-XXXXXX";
static struct cert root, middle, old_middle, stranger;
static struct vp_trust *trust;
static struct vp_arena *arena;

static int setup(void **state)
{
	static const struct cert_spec specs[] = {
		{ .cn = "Test Root", .org = "vnetprobe", .ca = true },
		{ .cn = "Test Issuing CA", .ca = true },
		{ .cn = "Old Issuing CA",
		  .ca = true,
		  .from_s = -30 * DAY,
		  .to_s = -DAY },
		{ .cn = "Stranger Root", .ca = true },
	};
	char why[200];

	(void)state;
	root = cert_make(&specs[0], NULL);
	middle = cert_make(&specs[1], &root);
	old_middle = cert_make(&specs[2], &root);
	stranger = cert_make(&specs[3], NULL);
	close(mkstemp(ca_path));
	cert_write(&root, ca_path);
	arena = vp_arena_create();
	return vp_trust_create(&trust, ca_path, why, sizeof(why));
}

static int teardown(void **state)
{
	(void)state;
	vp_trust_destroy(trust);
	vp_arena_destroy(arena);
	cert_free(&root);
	cert_free(&middle);
	cert_free(&old_middle);
	cert_free(&stranger);
	unlink(ca_path);
	return 0;
}

/* As OpenSSL does it for a client: the chain sent, the leaf first. */
static void judge_in(struct vp_arena *where, struct vp_tls_facts *out,
                     X509 **sent, size_t n, const char *name)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	STACK_OF(X509) *chain = sk_X509_new_null();

	for (size_t i = 0; i < n; i++)
		sk_X509_push(chain, sent[i]);
	memset(out, 0, sizeof(*out));
	out->elapsed_us = 42;
	X509_STORE_CTX_init(ctx, vp_trust_store(trust), n ? sent[0] : NULL,
	                    chain);
	X509_STORE_CTX_set_default(ctx, "ssl_server");
	vp_trust_judge(trust, where, ctx, name, out);
	X509_STORE_CTX_free(ctx);
	sk_X509_free(chain);
	assert_int_equal(out->elapsed_us, 42);
}

static void judge(struct vp_tls_facts *out, X509 **sent, size_t n,
                  const char *name)
{
	judge_in(arena, out, sent, n, name);
}

static void chains(void **state)
{
	static const struct {
		const char *label;
		struct cert_spec spec;
		struct cert *issuer; /* NULL: self-signed */
		struct cert *sent;   /* NULL: only the leaf is sent */
		enum vp_outcome want;
		long code;
		const char *detail;
		bool self_signed;
	} cases[] = {
		{ "right",
		  { .cn = "kv", .sans = "DNS:kv.vault.azure.net" },
		  &middle,
		  &middle,
		  VP_OUTCOME_OK,
		  0,
		  NULL,
		  false },
		{ "the root signed it",
		  { .cn = "kv", .sans = "DNS:kv.vault.azure.net" },
		  &root,
		  NULL,
		  VP_OUTCOME_OK,
		  0,
		  NULL,
		  false },
		{ "issuer not sent",
		  { .cn = "kv", .sans = "DNS:kv.vault.azure.net" },
		  &middle,
		  NULL,
		  VP_OUTCOME_UNTRUSTED,
		  X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
		  "unable to get local issuer certificate",
		  false },
		{ "another root",
		  { .cn = "kv", .sans = "DNS:kv.vault.azure.net" },
		  &stranger,
		  &stranger,
		  VP_OUTCOME_UNTRUSTED,
		  X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
		  "self-signed certificate in certificate chain: "
		  "CN=Stranger Root",
		  false },
		{ "self-signed",
		  { .cn = "kv", .sans = "DNS:kv.vault.azure.net" },
		  NULL,
		  NULL,
		  VP_OUTCOME_UNTRUSTED,
		  X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
		  "self-signed certificate",
		  true },
		{ "expired",
		  { .cn = "kv",
		    .sans = "DNS:kv.vault.azure.net",
		    .from_s = -9 * DAY,
		    .to_s = -2 * DAY },
		  &middle,
		  &middle,
		  VP_OUTCOME_EXPIRED,
		  X509_V_ERR_CERT_HAS_EXPIRED,
		  "certificate has expired",
		  false },
		{ "not yet valid",
		  { .cn = "kv",
		    .sans = "DNS:kv.vault.azure.net",
		    .from_s = DAY,
		    .to_s = 2 * DAY },
		  &middle,
		  &middle,
		  VP_OUTCOME_EXPIRED,
		  X509_V_ERR_CERT_NOT_YET_VALID,
		  "certificate is not yet valid",
		  false },
		{ "expired issuer",
		  { .cn = "kv", .sans = "DNS:kv.vault.azure.net" },
		  &old_middle,
		  &old_middle,
		  VP_OUTCOME_EXPIRED,
		  X509_V_ERR_CERT_HAS_EXPIRED,
		  "certificate has expired: CN=Old Issuing CA",
		  false },
		{ "expired and untrusted",
		  { .cn = "kv",
		    .sans = "DNS:kv.vault.azure.net",
		    .from_s = -9 * DAY,
		    .to_s = -2 * DAY },
		  NULL,
		  NULL,
		  VP_OUTCOME_UNTRUSTED,
		  X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
		  "self-signed certificate",
		  true },
		{ "another name, and untrusted",
		  { .cn = "kv.vault.azure.net", .sans = "DNS:other.test" },
		  &stranger,
		  &stranger,
		  VP_OUTCOME_NAME_MISMATCH,
		  X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
		  "self-signed certificate in certificate chain: "
		  "CN=Stranger Root",
		  false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct cert leaf = cert_make(&cases[i].spec, cases[i].issuer);
		X509 *sent[2] = { leaf.x };
		size_t n = 1;
		struct vp_tls_facts f;

		if (cases[i].sent != NULL)
			sent[n++] = cases[i].sent->x;
		for (int again = 0; again < 2; again++) { /* and remembered */
			judge(&f, sent, n, "kv.vault.azure.net");
			if (f.outcome != cases[i].want)
				fail_msg("%s: %s", cases[i].label,
				         vp_outcome_name(f.outcome));
			assert_int_equal(f.verify_code, cases[i].code);
			if (cases[i].detail == NULL)
				assert_null(f.verify_detail);
			else
				assert_string_equal(f.verify_detail,
				                    cases[i].detail);
			assert_int_equal(f.self_signed, cases[i].self_signed);
		}
		cert_free(&leaf);
	}
}

static void names(void **state)
{
	static const struct {
		const char *sans, *name;
		bool want;
	} cases[] = {
		{ "DNS:kv.vault.azure.net", "kv.vault.azure.net", true },
		{ "DNS:KV.vault.AZURE.net", "kv.vault.azure.net", true },
		{ "DNS:a.test,DNS:*.vault.azure.net", "kv.vault.azure.net",
		  true },
		{ "DNS:*.vault.azure.net", "a.kv.vault.azure.net", false },
		{ "DNS:*.vault.azure.net", "vault.azure.net", false },
		{ "DNS:*.azure.net", "kv.vault.azure.net", false },
		{ "DNS:k*.vault.azure.net", "kv.vault.azure.net", false },
		{ "DNS:kv.vault.azure.net.evil.test", "kv.vault.azure.net",
		  false },
		{ "IP:10.0.0.4", "10.0.0.4", true },
		{ "IP:10.0.0.4", "10.0.0.5", false },
		{ "DNS:10.0.0.4", "10.0.0.4", false },
		{ NULL, "cn.test", false }, /* the CN does not count */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct cert_spec spec = { .cn = "cn.test",
			                  .sans = cases[i].sans };
		struct cert leaf = cert_make(&spec, &root);
		struct vp_tls_facts f;

		judge(&f, &leaf.x, 1, cases[i].name);
		if (f.name_matches != cases[i].want)
			fail_msg("%s for %s", cases[i].sans, cases[i].name);
		assert_int_equal(f.outcome, cases[i].want
		                                    ? VP_OUTCOME_OK
		                                    : VP_OUTCOME_NAME_MISMATCH);
		cert_free(&leaf);
	}
}

/* The same chain for two names: the chain is remembered, the name is not. */
static void one_chain_two_names(void **state)
{
	struct cert_spec spec = { .cn = "x", .sans = "DNS:a.test" };
	struct cert leaf = cert_make(&spec, &root);
	struct vp_arena *other = vp_arena_create();
	struct vp_tls_facts a, b, c;

	(void)state;
	judge(&a, &leaf.x, 1, "a.test");
	judge(&b, &leaf.x, 1, "b.test");
	assert_int_equal(a.outcome, VP_OUTCOME_OK);
	assert_int_equal(b.outcome, VP_OUTCOME_NAME_MISMATCH);
	assert_ptr_equal(a.issuer, b.issuer);
	/* Strings never cross arenas. */
	judge_in(other, &c, &leaf.x, 1, "a.test");
	assert_ptr_not_equal(a.issuer, c.issuer);
	assert_string_equal(a.issuer, c.issuer);
	vp_arena_destroy(other);
	cert_free(&leaf);
}

static void facts(void **state)
{
	struct cert_spec spec = {
		.cn = "M\xc3\xbcller, \"x\"\n\x1b[31m",
		.org = "Contoso",
		.sans = "DNS:a.test,email:x@y.test,IP:10.0.0.4,"
			"IP:fd00:0:0:0:0:0:0:4",
	};
	struct cert leaf = cert_make(&spec, &middle);
	X509 *sent[] = { leaf.x, middle.x };
	struct vp_tls_facts f;
	int64_t now = (int64_t)time(NULL);

	(void)state;
	judge(&f, sent, 2, "a.test");
	assert_string_equal(f.subject, "CN=M\xc3\xbcller\\, \\\"x\\\"\\0A"
	                               "\\1B[31m,O=Contoso");
	assert_string_equal(f.issuer, "CN=Test Issuing CA");
	assert_string_equal(f.root_issuer, "CN=Test Root,O=vnetprobe");
	assert_string_equal(f.anchor, "CN=Test Root,O=vnetprobe");
	assert_int_equal(f.n_subject_alt_names, 3);
	assert_string_equal(f.subject_alt_names[0], "a.test");
	assert_string_equal(f.subject_alt_names[1], "10.0.0.4");
	assert_string_equal(f.subject_alt_names[2], "fd00::4");
	assert_in_range(f.not_before_s, now - 3700, now - 3500);
	assert_in_range(f.not_after_s, now + DAY - 100, now + DAY + 100);
	cert_free(&leaf);
}

/* A dNSName may hold any byte; it must not become another name. */
static void hostile_san(void **state)
{
	static const unsigned char bytes[] =
		"kv.vault.azure.net\0.evil\x1b\xff";
	struct cert_spec spec = { .cn = "x" };
	struct cert leaf = cert_make(&spec, &root);
	GENERAL_NAMES *gens = sk_GENERAL_NAME_new_null();
	struct vp_tls_facts f;

	(void)state;
	for (int i = 0; i < 500; i++) {
		GENERAL_NAME *g = GENERAL_NAME_new();
		ASN1_IA5STRING *s = ASN1_IA5STRING_new();

		ASN1_STRING_set(s, bytes, sizeof(bytes) - 1);
		GENERAL_NAME_set0_value(g, GEN_DNS, s);
		sk_GENERAL_NAME_push(gens, g);
	}
	X509_add1_ext_i2d(leaf.x, NID_subject_alt_name, gens, 0, 0);
	GENERAL_NAMES_free(gens);
	assert_true(X509_sign(leaf.x, root.key, EVP_sha256()) > 0);

	judge(&f, &leaf.x, 1, "kv.vault.azure.net");
	assert_false(f.name_matches);
	assert_int_equal(f.n_subject_alt_names, 100);
	assert_string_equal(f.subject_alt_names[99],
	                    "kv.vault.azure.net\\00.evil\\1B\\FF");
	cert_free(&leaf);
}

static void long_subject(void **state)
{
	struct cert_spec spec = { .cn = "x", .sans = "DNS:a.test" };
	struct cert leaf = cert_make(&spec, &root);
	X509_NAME *n = X509_get_subject_name(leaf.x);
	struct vp_tls_facts f;
	size_t len;

	(void)state;
	/* 20 bytes each, and byte 1024 in the midst of a letter. */
	for (int i = 0; i < 100; i++)
		cert_entry(
			n, "OU",
			"\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4xxxx");
	assert_true(X509_sign(leaf.x, root.key, EVP_sha256()) > 0);
	judge(&f, &leaf.x, 1, "a.test");
	len = strlen(f.subject);
	assert_in_range(len, 1000, 1024);
	assert_true((f.subject[len - 1] & 0x80) == 0 ||
	            (f.subject[len - 2] & 0xc0) == 0xc0);
	cert_free(&leaf);
}

static void no_certificate(void **state)
{
	struct vp_tls_facts f;

	(void)state;
	judge(&f, NULL, 0, "a.test");
	assert_int_equal(f.outcome, VP_OUTCOME_PROTOCOL);
}

static void roots(void **state)
{
	char empty[] = "/tmp/vp-test-empty-XXXXXX";
	struct vp_trust *t;
	char why[200];

	(void)state;
	assert_int_equal(
		vp_trust_create(&t, "/nonexistent/ca.pem", why, sizeof(why)),
		-ENOENT);
	assert_null(t);
	assert_string_equal(why, "cannot read CA file /nonexistent/ca.pem: "
	                         "No such file or directory");
	close(mkstemp(empty));
	assert_int_equal(vp_trust_create(&t, empty, why, sizeof(why)), -EINVAL);
	assert_non_null(strstr(why, "has no certificate in PEM form"));
	unlink(empty);
	assert_int_equal(vp_trust_create(&t, "/tmp", why, sizeof(why)),
	                 -EINVAL);
	assert_int_equal(vp_trust_create(&t, NULL, why, sizeof(why)), 0);
	vp_trust_destroy(t);
	vp_trust_destroy(NULL);
}

/* A place is looked for only where OpenSSL's own have nothing. */
static void places(void **state)
{
	char dir[] = "/tmp/vp-test-roots-XXXXXX", file[64], other[64];
	const char *const none[] = { NULL };
	const char *list[] = { "/nonexistent/a.pem", other, "/etc/passwd",
		               NULL };

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(file, sizeof(file), "%s/cert.pem", dir);
	snprintf(other, sizeof(other), "%s/other.pem", dir);
	assert_null(vp_trust_place(file, dir, list + 1 + 2)); /* no places */
	assert_string_equal(vp_trust_place(file, dir, list), "/etc/passwd");
	fclose(fopen(other, "w"));
	/* the directory has something in it now */
	assert_null(vp_trust_place(file, dir, list));
	assert_string_equal(vp_trust_place(file, "/nonexistent", list), other);
	assert_null(vp_trust_place(file, "/nonexistent", none));
	assert_null(vp_trust_place(other, "/nonexistent", list));
	unlink(other);
	rmdir(dir);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(chains),
		cmocka_unit_test(names),
		cmocka_unit_test(one_chain_two_names),
		cmocka_unit_test(facts),
		cmocka_unit_test(hostile_san),
		cmocka_unit_test(long_subject),
		cmocka_unit_test(no_certificate),
		cmocka_unit_test(roots),
		cmocka_unit_test(places),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
