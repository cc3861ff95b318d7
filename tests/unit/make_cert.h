/*
 * make_cert.h - certificates for tests, made in the test (EC P-256).
 */
#ifndef VP_TESTS_MAKE_CERT_H
#define VP_TESTS_MAKE_CERT_H

#include <assert.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct cert {
	X509 *x;
	EVP_PKEY *key;
};

struct cert_spec {
	const char *cn, *org; /* NULL: none */
	const char *sans;     /* "DNS:a.test,IP:10.0.0.1"; NULL: none */
	long from_s, to_s;    /* from now; both 0: valid */
	bool ca;
};

static inline void cert_extension(X509 *x, X509 *issuer, int nid,
                                  const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *e;

	X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
	e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	assert(e != NULL);
	X509_add_ext(x, e, -1);
	X509_EXTENSION_free(e);
}

static inline void cert_entry(X509_NAME *n, const char *field, const char *text)
{
	if (text != NULL)
		X509_NAME_add_entry_by_txt(n, field, MBSTRING_UTF8,
		                           (const unsigned char *)text, -1, -1,
		                           0);
}

/* issuer NULL: signs itself. */
static inline struct cert cert_make(const struct cert_spec *spec,
                                    const struct cert *issuer)
{
	static long serial = 1000;
	struct cert c = { X509_new(), EVP_EC_gen("P-256") };
	X509_NAME *n = X509_get_subject_name(c.x);
	bool dated = spec->from_s != 0 || spec->to_s != 0;

	if (issuer == NULL)
		issuer = &c;
	X509_set_version(c.x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(c.x), serial++);
	X509_gmtime_adj(X509_getm_notBefore(c.x), dated ? spec->from_s : -3600);
	X509_gmtime_adj(X509_getm_notAfter(c.x), dated ? spec->to_s : 86400);
	cert_entry(n, "O", spec->org);
	cert_entry(n, "CN", spec->cn);
	X509_set_issuer_name(c.x, X509_get_subject_name(issuer->x));
	X509_set_pubkey(c.x, c.key);
	cert_extension(c.x, issuer->x, NID_basic_constraints,
	               spec->ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
	if (spec->ca)
		cert_extension(c.x, issuer->x, NID_subject_key_identifier,
		               "hash");
	if (spec->sans != NULL)
		cert_extension(c.x, issuer->x, NID_subject_alt_name,
		               spec->sans);
	assert(X509_sign(c.x, issuer->key, EVP_sha256()) > 0);
	return c;
}

static inline void cert_free(struct cert *c)
{
	X509_free(c->x);
	EVP_PKEY_free(c->key);
	memset(c, 0, sizeof(*c));
}

static inline void cert_write(const struct cert *c, const char *path)
{
	FILE *f = fopen(path, "we");

	assert(f != NULL && PEM_write_X509(f, c->x) == 1);
	fclose(f);
}

#endif
