/* catalogue_issuers.c - who signs the certificates of Azure's front ends. */
#include "catalogue.h"

#include <string.h>

#define N_OF(a) (sizeof(a) / sizeof(*(a)))

/*
 * Issuers and roots of Azure's front ends (docs/sources.md: P14). A trailing
 * blank takes the numbers behind it: "... Issuing CA 03".
 */
static const char *const issuers[] = {
	"Microsoft Azure RSA TLS Issuing CA ",
	"Microsoft Azure ECC TLS Issuing CA ",
	"Microsoft Azure TLS Issuing CA ",
	"Microsoft TLS G2 RSA CA OCSP ",
	"Microsoft TLS G2 ECC CA OCSP ",
	"Microsoft TLS RSA Root G2",
	"Microsoft TLS ECC Root G2",
	"Microsoft RSA Root Certificate Authority 2017",
	"Microsoft ECC Root Certificate Authority 2017",
	"Microsoft RSA TLS CA ",
	"DigiCert Global Root CA",
	"DigiCert Global Root G2",
	"DigiCert Global Root G3",
	"DigiCert TLS RSA4096 Root G5",
	"DigiCert TLS ECC P384 Root G5",
	"DigiCert Global G2 TLS RSA SHA256 2020 CA1",
	"DigiCert Global G3 TLS ECC SHA384 2020 CA1",
	"DigiCert SHA2 Secure Server CA",
	"DigiCert TLS RSA SHA256 2020 CA1",
	"DigiCert Cloud Services CA-1",
	"GeoTrust Global TLS RSA4096 SHA256 2022 CA1",
	"DigiCert Basic RSA CN CA G2",
};

/* The value of CN in a one-line name ("CN=x, O=y" or "/O=y/CN=x"); *n is its
 * length. NULL if there is none. */
static const char *common_name(const char *issuer, size_t *n)
{
	const char *p = issuer;

	while ((p = strstr(p, "CN")) != NULL) {
		const char *q = p + 2 + strspn(p + 2, " ");
		bool starts = p == issuer || strchr(" ,/+", p[-1]) != NULL;

		p += 2;
		if (!starts || *q != '=')
			continue;
		q += 1 + strspn(q + 1, " ");
		*n = strcspn(q, ",/+");
		return q;
	}
	return NULL;
}

static bool is_number(const char *s, size_t n)
{
	return n > 0 && strspn(s, "0123456789") >= n;
}

bool vp_catalogue_known_issuer(const char *issuer)
{
	const char *cn;
	size_t n = 0;

	if (issuer == NULL || (cn = common_name(issuer, &n)) == NULL)
		return false;
	for (size_t i = 0; i < N_OF(issuers); i++) {
		size_t m = strlen(issuers[i]);

		if (n < m || strncmp(cn, issuers[i], m) != 0)
			continue;
		if (n == m && issuers[i][m - 1] != ' ')
			return true;
		if (issuers[i][m - 1] == ' ' && is_number(cn + m, n - m))
			return true;
	}
	return false;
}
