/*
 * certificate.c - X.509 to plain facts, and every fault of a chain told apart.
 *
 * X509_verify_cert() would stop at the first fault. Its callback says "go on"
 * each time and keeps the faults in two piles, dates and all others, so that
 * an expired certificate of a trusted issuer can be told from an untrusted
 * one. The name is compared apart from the chain (RFC 9525: subject
 * alternative names only, wildcards for whole labels only).
 */
#include "certificate.h"

#include <dirent.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define CACHE_ROWS 128
#define DIGEST 32
#define NAME_MAX_TEXT 1024
#define SANS_MAX 100

/* What does not depend on the name asked for. */
struct judged {
	uint8_t digest[DIGEST]; /* of all certificates sent, in order */
	struct vp_arena *arena; /* NULL: the row is free */
	bool expired, untrusted;
	struct vp_tls_facts facts; /* outcome, name and times not set */
};

struct vp_trust {
	X509_STORE *store;
	EVP_MD *sha256;
	EVP_MD_CTX *md;
	unsigned next; /* row to be replaced next */
	struct judged rows[CACHE_ROWS];
};

/* --- the roots --------------------------------------------------------- */

/* Where systems have their roots in one file. Only for where OpenSSL's own
 * places have none: it was built for another distribution (the bundle). */
const char *const vp_trust_places[] = {
	"/etc/ssl/certs/ca-certificates.crt", /* Debian, Ubuntu, Alpine, Arch */
	"/etc/pki/tls/certs/ca-bundle.crt",   /* Fedora, RHEL, Azure Linux */
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", /* the same, new */
	"/etc/ssl/ca-bundle.pem",                            /* SUSE */
	"/etc/ssl/cert.pem",                                 /* Alpine */
	NULL,
};

static bool has_entries(const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *d;
	bool found = false;

	while (dir != NULL && !found && (d = readdir(dir)) != NULL)
		found = d->d_name[0] != '.';
	if (dir != NULL)
		closedir(dir);
	return found;
}

const char *vp_trust_place(const char *file, const char *dir,
                           const char *const *places)
{
	if (access(file, R_OK) == 0 || has_entries(dir))
		return NULL;
	for (; *places != NULL; places++) {
		if (access(*places, R_OK) == 0)
			return *places;
	}
	return NULL;
}

static void load_system_roots(struct vp_trust *t)
{
	const char *place = NULL;

	/* Directories are searched as certificates come: no cost. */
	X509_STORE_set_default_paths(t->store);
	if (getenv(X509_get_default_cert_file_env()) == NULL &&
	    getenv(X509_get_default_cert_dir_env()) == NULL)
		place = vp_trust_place(X509_get_default_cert_file(),
		                       X509_get_default_cert_dir(),
		                       vp_trust_places);
	if (place != NULL)
		X509_STORE_load_locations(t->store, place, NULL);
}

static int load_roots(struct vp_trust *t, const char *ca_file, char *why,
                      size_t size)
{
	FILE *f;

	if (ca_file == NULL) {
		load_system_roots(t);
		return 0;
	}
	f = fopen(ca_file, "re");
	if (f == NULL) {
		int err = errno;

		snprintf(why, size, "cannot read CA file %s: %s", ca_file,
		         strerror(err));
		return -err;
	}
	fclose(f);
	if (X509_STORE_load_locations(t->store, ca_file, NULL) != 1) {
		snprintf(why, size, "CA file %s has no certificate in PEM form",
		         ca_file);
		return -EINVAL;
	}
	return 0;
}

int vp_trust_create(struct vp_trust **out, const char *ca_file, char *why,
                    size_t size)
{
	struct vp_trust *t = calloc(1, sizeof(*t));
	int err;

	*out = NULL;
	if (t != NULL) {
		t->store = X509_STORE_new();
		t->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
		t->md = EVP_MD_CTX_new();
	}
	if (t == NULL || !t->store || !t->sha256 || !t->md) {
		snprintf(why, size, "out of memory");
		vp_trust_destroy(t);
		return -ENOMEM;
	}
	err = load_roots(t, ca_file, why, size);
	ERR_clear_error();
	if (err != 0) {
		vp_trust_destroy(t);
		return err;
	}
	*out = t;
	return 0;
}

void vp_trust_destroy(struct vp_trust *t)
{
	if (t == NULL)
		return;
	EVP_MD_CTX_free(t->md);
	EVP_MD_free(t->sha256);
	X509_STORE_free(t->store);
	free(t);
}

X509_STORE *vp_trust_store(struct vp_trust *t)
{
	return t->store;
}

/* --- text -------------------------------------------------------------- */

/* RFC 4514, but with UTF-8 as it is; controls stay escaped. */
static char *name_text(struct vp_arena *arena, const X509_NAME *name)
{
	static const unsigned long flags =
		XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB;
	BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL, *data;
	long len;

	if (bio == NULL)
		return NULL;
	if (X509_NAME_print_ex(bio, name, 0, flags) < 0) {
		/* Not the UTF-8 it says it is: print it byte by byte. */
		(void)BIO_reset(bio);
		X509_NAME_print_ex(
			bio, name, 0,
			XN_FLAG_RFC2253 &
				~(unsigned long)ASN1_STRFLGS_UTF8_CONVERT);
	}
	len = BIO_get_mem_data(bio, &data);
	if (len > NAME_MAX_TEXT) {
		len = NAME_MAX_TEXT;
		while (len > 0 && ((unsigned char)data[len] & 0xc0) == 0x80)
			len--; /* not in the midst of a character */
	}
	if (len >= 0)
		text = vp_arena_strndup(arena, len > 0 ? data : "",
		                        (size_t)len);
	BIO_free(bio);
	return text;
}

/* dNSName is an IA5String: anything else in it is shown as \HH. */
static char *dns_text(struct vp_arena *arena, const ASN1_IA5STRING *s)
{
	const unsigned char *p = ASN1_STRING_get0_data(s);
	int len = ASN1_STRING_length(s);
	char text[3 * 256 + 1];
	size_t n = 0;

	for (int i = 0; i < len && i < 256; i++) {
		if (p[i] > 0x20 && p[i] < 0x7f && p[i] != '\\')
			text[n++] = (char)p[i];
		else
			n += (size_t)snprintf(text + n, sizeof(text) - n,
			                      "\\%02X", p[i]);
	}
	return vp_arena_strndup(arena, text, n);
}

static char *ip_text(struct vp_arena *arena, const ASN1_OCTET_STRING *s)
{
	struct vp_addr a = { 0 };
	char text[VP_ADDR_TEXT];
	int len = ASN1_STRING_length(s);

	if (len != 4 && len != 16)
		return NULL;
	a.family = len == 4 ? 4 : 6;
	memcpy(a.bytes, ASN1_STRING_get0_data(s), (size_t)len);
	return vp_arena_strdup(arena, vp_addr_format(&a, text));
}

static void read_sans(struct vp_tls_facts *tls, struct vp_arena *arena,
                      const X509 *leaf)
{
	GENERAL_NAMES *names =
		X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);
	int count = names != NULL ? sk_GENERAL_NAME_num(names) : 0;

	for (int i = 0; i < count && tls->n_subject_alt_names < SANS_MAX; i++) {
		const GENERAL_NAME *g = sk_GENERAL_NAME_value(names, i);
		char *text = NULL;

		if (g->type == GEN_DNS)
			text = dns_text(arena, g->d.dNSName);
		else if (g->type == GEN_IPADD)
			text = ip_text(arena, g->d.iPAddress);
		if (text != NULL)
			*VP_PUSH(arena, tls->subject_alt_names,
			         tls->n_subject_alt_names) = text;
	}
	GENERAL_NAMES_free(names);
}

static int64_t unix_time(const ASN1_TIME *t)
{
	struct tm tm;

	if (t == NULL || ASN1_TIME_to_tm(t, &tm) != 1)
		return 0;
	return (int64_t)timegm(&tm);
}

/* --- the chain --------------------------------------------------------- */

static bool is_date_fault(int code)
{
	return code == X509_V_ERR_CERT_HAS_EXPIRED ||
	       code == X509_V_ERR_CERT_NOT_YET_VALID;
}

/* The faults of one verification: the first of each pile. */
struct faults {
	int date, other;
	int date_depth, other_depth;
	const X509 *date_cert, *other_cert;
};

static int on_fault(int ok, X509_STORE_CTX *ctx)
{
	struct faults *f = X509_STORE_CTX_get_app_data(ctx);
	int code = X509_STORE_CTX_get_error(ctx);

	if (ok)
		return 1;
	if (is_date_fault(code)) {
		if (f->date == 0) {
			f->date = code;
			f->date_depth = X509_STORE_CTX_get_error_depth(ctx);
			f->date_cert = X509_STORE_CTX_get_current_cert(ctx);
		}
	} else if (f->other == 0) {
		f->other = code;
		f->other_depth = X509_STORE_CTX_get_error_depth(ctx);
		f->other_cert = X509_STORE_CTX_get_current_cert(ctx);
	}
	return 1;
}

/* OpenSSL's words, and whose fault it is where that is not the leaf. */
static char *fault_text(struct vp_arena *arena, int code, int depth,
                        const X509 *cert)
{
	const char *words = X509_verify_cert_error_string(code);
	char *subject = NULL;

	if (depth > 0 && cert != NULL)
		subject = name_text(arena, X509_get_subject_name(cert));
	if (subject == NULL)
		return vp_arena_strdup(arena, words);
	return vp_arena_printf(arena, "%s: %s", words, subject);
}

/* The root that the verified chain ends in. */
static char *anchor_of(struct vp_arena *arena, X509_STORE_CTX *ctx)
{
	STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(ctx);
	int n = chain != NULL ? sk_X509_num(chain) : 0;

	if (n == 0)
		return NULL;
	return name_text(arena,
	                 X509_get_subject_name(sk_X509_value(chain, n - 1)));
}

static void verify(struct judged *j, struct vp_arena *arena,
                   X509_STORE_CTX *ctx)
{
	struct faults f = { 0 };
	struct vp_tls_facts *tls = &j->facts;
	void *before = X509_STORE_CTX_get_app_data(ctx);

	X509_STORE_CTX_set_app_data(ctx, &f);
	X509_STORE_CTX_set_verify_cb(ctx, on_fault);
	if (X509_verify_cert(ctx) <= 0 && f.other == 0) {
		/* It gave up without asking: no memory, no certificate. */
		f.other = X509_STORE_CTX_get_error(ctx);
		if (f.other == X509_V_OK)
			f.other = X509_V_ERR_UNSPECIFIED;
	}
	j->expired = f.date != 0;
	j->untrusted = f.other != 0;
	if (!j->untrusted)
		tls->anchor = anchor_of(arena, ctx);
	if (j->untrusted) {
		tls->verify_code = f.other;
		tls->verify_detail =
			fault_text(arena, f.other, f.other_depth, f.other_cert);
	} else if (j->expired) {
		tls->verify_code = f.date;
		tls->verify_detail =
			fault_text(arena, f.date, f.date_depth, f.date_cert);
	}
	X509_STORE_CTX_set_app_data(ctx, before);
	ERR_clear_error();
}

static void read_leaf(struct vp_tls_facts *tls, struct vp_arena *arena,
                      X509 *leaf, const X509 *last)
{
	tls->subject = name_text(arena, X509_get_subject_name(leaf));
	tls->issuer = name_text(arena, X509_get_issuer_name(leaf));
	tls->root_issuer = name_text(arena, X509_get_issuer_name(last));
	tls->self_signed = X509_NAME_cmp(X509_get_subject_name(leaf),
	                                 X509_get_issuer_name(leaf)) == 0;
	tls->not_before_s = unix_time(X509_get0_notBefore(leaf));
	tls->not_after_s = unix_time(X509_get0_notAfter(leaf));
	read_sans(tls, arena, leaf);
	ERR_clear_error();
}

/* SHA-256 over the certificates as sent; false if it cannot be had. */
static bool digest_of(struct vp_trust *t, uint8_t out[DIGEST],
                      STACK_OF(X509) * chain)
{
	if (EVP_DigestInit_ex2(t->md, t->sha256, NULL) != 1)
		return false;
	for (int i = 0; i < sk_X509_num(chain); i++) {
		unsigned char *der = NULL;
		int len = i2d_X509(sk_X509_value(chain, i), &der);
		int ok = len > 0 &&
		         EVP_DigestUpdate(t->md, der, (size_t)len) == 1;

		OPENSSL_free(der);
		if (!ok)
			return false;
	}
	return EVP_DigestFinal_ex(t->md, out, NULL) == 1;
}

static struct judged *find(struct vp_trust *t, const uint8_t digest[DIGEST],
                           const struct vp_arena *arena)
{
	for (size_t i = 0; i < CACHE_ROWS; i++) {
		if (t->rows[i].arena == arena &&
		    memcmp(t->rows[i].digest, digest, DIGEST) == 0)
			return &t->rows[i];
	}
	return NULL;
}

/* Judged now or before. Never NULL: the oldest row makes room. */
static struct judged *judge_chain(struct vp_trust *t, struct vp_arena *arena,
                                  X509_STORE_CTX *ctx, X509 *leaf)
{
	STACK_OF(X509) *chain = X509_STORE_CTX_get0_untrusted(ctx);
	int n = chain != NULL ? sk_X509_num(chain) : 0;
	uint8_t digest[DIGEST] = { 0 };
	bool known = n > 0 && digest_of(t, digest, chain);
	struct judged *j = known ? find(t, digest, arena) : NULL;

	if (j != NULL)
		return j;
	j = &t->rows[t->next++ % CACHE_ROWS];
	memset(j, 0, sizeof(*j));
	read_leaf(&j->facts, arena, leaf,
	          n > 0 ? sk_X509_value(chain, n - 1) : leaf);
	verify(j, arena, ctx);
	memcpy(j->digest, digest, DIGEST);
	j->arena = known ? arena : NULL;
	return j;
}

static bool name_matches(X509 *leaf, const char *name)
{
	struct vp_addr ignored;

	if (vp_addr_parse(&ignored, name) == 0)
		return X509_check_ip_asc(leaf, name, 0) == 1;
	return X509_check_host(leaf, name, 0,
	                       X509_CHECK_FLAG_NEVER_CHECK_SUBJECT |
	                               X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS,
	                       NULL) == 1;
}

void vp_trust_judge(struct vp_trust *t, struct vp_arena *arena,
                    X509_STORE_CTX *ctx, const char *name,
                    struct vp_tls_facts *tls)
{
	X509 *leaf = X509_STORE_CTX_get0_cert(ctx);
	struct vp_tls_facts was = *tls;
	const struct judged *j;

	if (leaf == NULL) {
		tls->outcome = VP_OUTCOME_PROTOCOL;
		return;
	}
	j = judge_chain(t, arena, ctx, leaf);
	*tls = j->facts;
	tls->elapsed_us = was.elapsed_us;
	tls->version = was.version;
	tls->name_matches = name_matches(leaf, name);
	ERR_clear_error();
	if (!tls->name_matches)
		tls->outcome = VP_OUTCOME_NAME_MISMATCH;
	else if (j->untrusted)
		tls->outcome = VP_OUTCOME_UNTRUSTED;
	else if (j->expired)
		tls->outcome = VP_OUTCOME_EXPIRED;
	else
		tls->outcome = VP_OUTCOME_OK;
}
