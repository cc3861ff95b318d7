/* catalogue_issuers.c - who signs the certificates of Azure's front ends. */
#include "catalogue.h"

#include <string.h>
#include <strings.h>

#define N_OF(a) (sizeof(a) / sizeof(*(a)))

/*
 * Issuers and roots of Azure's front ends (docs/sources.md: P14). A trailing
 * blank takes the numbers behind it: "... Issuing CA 03".
 */
#define ISSUER(name, source)                                                   \
	{                                                                      \
		name, VP_SOURCE(source)                                        \
	}

static const struct vp_catalogue_issuer issuers[] = {
	ISSUER("Microsoft Azure RSA TLS Issuing CA ", "P14"),
	ISSUER("Microsoft Azure ECC TLS Issuing CA ", "P14"),
	ISSUER("Microsoft Azure TLS Issuing CA ", "P14"),
	ISSUER("Microsoft TLS G2 RSA CA OCSP ", "P14"),
	ISSUER("Microsoft TLS G2 ECC CA OCSP ", "P14"),
	ISSUER("Microsoft TLS RSA Root G2", "P14"),
	ISSUER("Microsoft TLS ECC Root G2", "P14"),
	ISSUER("Microsoft RSA Root Certificate Authority 2017", "P14"),
	ISSUER("Microsoft ECC Root Certificate Authority 2017", "P14"),
	ISSUER("Microsoft RSA TLS CA ", "P14"),
	ISSUER("DigiCert Global Root CA", "P14"),
	ISSUER("DigiCert Global Root G2", "P14"),
	ISSUER("DigiCert Global Root G3", "P14"),
	ISSUER("DigiCert TLS RSA4096 Root G5", "P14"),
	ISSUER("DigiCert TLS ECC P384 Root G5", "P14"),
	ISSUER("DigiCert Global G2 TLS RSA SHA256 2020 CA1", "P14"),
	ISSUER("DigiCert Global G3 TLS ECC SHA384 2020 CA1", "P14"),
	ISSUER("DigiCert SHA2 Secure Server CA", "P14"),
	ISSUER("DigiCert TLS RSA SHA256 2020 CA1", "P14"),
	ISSUER("DigiCert Cloud Services CA-1", "P14"),
	ISSUER("GeoTrust Global TLS RSA4096 SHA256 2022 CA1", "P14"),
	ISSUER("DigiCert Basic RSA CN CA G2", "P14"),
};

const struct vp_catalogue_issuer *vp_catalogue_issuers(size_t *n)
{
	*n = N_OF(issuers);
	return issuers;
}

/*
 * Who runs the authorities of Azure's three clouds (P14, and U for what comes):
 * their new issuers are known by this until the list has them.
 */
static const char *const organisations[] = {
	"Microsoft Corporation",
	"DigiCert",
};

/* Products that sign anew what they opened, by the names that their own
 * authorities have (U). */
static const char *const products[] = {
	"Azure Firewall Manager",
	"Zscaler",
	"Fortinet",
	"FortiGate",
	"Palo Alto Networks",
	"Netskope",
	"Blue Coat",
	"Sophos",
	"Check Point",
	"Umbrella",
	"Forcepoint",
	"Websense",
	"McAfee",
	"Skyhigh",
	"Barracuda",
	"WatchGuard",
	"SonicWall",
	"iboss",
	"Menlo Security",
	"Cato Networks",
	"Squid",
	"mitmproxy",
	"Kaspersky",
	"pfSense",
	"OPNsense",
	"Untangle",
};

/* Words by which authorities of other devices are known (U). */
static const char *const words[] = {
	"inspection", "inspect",       "intercept", "decrypt",
	"proxy",      "forward trust", "mitm",      "man in the middle",
};

/* The value of a type ("CN") in a one-line name ("CN=x, O=y" or "/O=y/CN=x");
 * *n is its length. NULL if there is none. */
static const char *value_of(const char *name, const char *type, size_t *n)
{
	const char *p = name;

	while ((p = strstr(p, type)) != NULL) {
		const char *q = p + strlen(type);
		bool starts = p == name || strchr(" ,/+", p[-1]) != NULL;

		q += strspn(q, " ");
		p++;
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

	if (issuer == NULL || (cn = value_of(issuer, "CN", &n)) == NULL)
		return false;
	for (size_t i = 0; i < N_OF(issuers); i++) {
		size_t m = strlen(issuers[i].name);

		if (n < m || strncmp(cn, issuers[i].name, m) != 0)
			continue;
		if (n == m && issuers[i].name[m - 1] != ' ')
			return true;
		if (issuers[i].name[m - 1] == ' ' && is_number(cn + m, n - m))
			return true;
	}
	return false;
}

bool vp_catalogue_azure_organisation(const char *issuer)
{
	size_t n = 0;
	const char *o = issuer != NULL ? value_of(issuer, "O", &n) : NULL;

	for (size_t i = 0; o != NULL && i < N_OF(organisations); i++) {
		size_t m = strlen(organisations[i]);

		if (n >= m && strncmp(o, organisations[i], m) == 0 &&
		    (n == m || strchr(" \\", o[m]) != NULL))
			return true;
	}
	return false;
}

bool vp_catalogue_issuer_fits(const char *issuer, const char *pattern)
{
	size_t n = 0, m = strlen(pattern);
	const char *cn = issuer != NULL ? value_of(issuer, "CN", &n) : NULL;

	if (cn == NULL || m == 0)
		return false;
	if (pattern[m - 1] == '*')
		return n >= m - 1 && strncasecmp(cn, pattern, m - 1) == 0;
	return n == m && strncasecmp(cn, pattern, m) == 0;
}

const char *vp_catalogue_inspector(const char *issuer, bool *product)
{
	*product = false;
	for (size_t i = 0; issuer != NULL && i < N_OF(products); i++) {
		if (strcasestr(issuer, products[i]) == NULL)
			continue;
		*product = true;
		return products[i];
	}
	for (size_t i = 0; issuer != NULL && i < N_OF(words); i++) {
		if (strcasestr(issuer, words[i]) != NULL)
			return words[i];
	}
	return NULL;
}
