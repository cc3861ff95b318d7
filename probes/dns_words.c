/*
 * dns_words.c - response codes and record types in words, and back.
 *
 * The words of the registries (RFC 6895 sections 2.3 and 3.1), and for what has
 * none here RCODE23 and TYPE65 (RFC 3597 section 5).
 */
#include "vnetprobe/facts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const char *const rcodes[] = { "NOERROR",  "FORMERR", "SERVFAIL",
	                              "NXDOMAIN", "NOTIMP",  "REFUSED",
	                              "YXDOMAIN", "YXRRSET", "NXRRSET",
	                              "NOTAUTH",  "NOTZONE" };

static const struct {
	uint16_t type;
	const char *word;
} types[] = {
	{ 0, "A+AAAA" }, /* getaddrinfo() asks both */
	{ VP_DNS_A, "A" },
	{ 2, "NS" },
	{ VP_DNS_CNAME, "CNAME" },
	{ VP_DNS_SOA, "SOA" },
	{ 12, "PTR" },
	{ 15, "MX" },
	{ VP_DNS_TXT, "TXT" },
	{ VP_DNS_AAAA, "AAAA" },
	{ 33, "SRV" },
	{ 39, "DNAME" },
	{ 64, "SVCB" },
	{ 65, "HTTPS" },
};

const char *vp_dns_rcode_name(char buf[VP_DNS_WORD], int rcode)
{
	if (rcode >= 0 && (size_t)rcode < COUNT(rcodes))
		return rcodes[rcode];
	snprintf(buf, VP_DNS_WORD, "RCODE%d", rcode);
	return buf;
}

const char *vp_dns_type_name(char buf[VP_DNS_WORD], uint16_t type)
{
	for (size_t i = 0; i < COUNT(types); i++) {
		if (types[i].type == type)
			return types[i].word;
	}
	snprintf(buf, VP_DNS_WORD, "TYPE%u", (unsigned)type);
	return buf;
}

/* "TYPE65" with the head "TYPE" gives 65; -1: not such a word. */
static int numbered(const char *word, const char *head)
{
	size_t len = strlen(head);
	unsigned n = 0;

	if (strncmp(word, head, len) != 0 || strlen(word + len) > 5 ||
	    word[len] == '\0' || word[len + strspn(word + len, "0123456789")])
		return -1;
	for (word += len; *word != '\0'; word++)
		n = n * 10 + (unsigned)(*word - '0');
	return n <= UINT16_MAX ? (int)n : -1;
}

int vp_dns_rcode_parse(int *out, const char *word)
{
	int n = numbered(word, "RCODE");

	for (size_t i = 0; i < COUNT(rcodes); i++) {
		if (strcmp(word, rcodes[i]) == 0)
			n = (int)i;
	}
	if (n < 0)
		return -EINVAL;
	*out = n;
	return 0;
}

int vp_dns_type_parse(uint16_t *out, const char *word)
{
	int n = numbered(word, "TYPE");

	for (size_t i = 0; i < COUNT(types); i++) {
		if (strcmp(word, types[i].word) == 0)
			n = types[i].type;
	}
	if (n < 0)
		return -EINVAL;
	*out = (uint16_t)n;
	return 0;
}
