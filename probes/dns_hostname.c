/*
 * dns_hostname.c - names as people type them, to the form used everywhere.
 *
 * Stricter than what a message may hold (dns_name.c): a typed name that no
 * host can have is a mistake, and it is told before anything is asked.
 */
#include "vnetprobe/dns_message.h"

#include <errno.h>
#include <string.h>

#include "dns_name.h"

static bool host_byte(uint8_t b)
{
	return (b >= 'a' && b <= 'z') || (b >= '0' && b <= '9') || b == '-' ||
	       b == '_';
}

static const char *label_check(const char *label, size_t len)
{
	if (len == 0)
		return "the name has an empty label";
	if (len > VP_DNS_LABEL_MAX)
		return "a label of the name is longer than 63 bytes";
	if (len == 1 && label[0] == '*')
		return "a wildcard is not a name that can be asked";
	/* RFC 1123 section 2.1; and a misspelt option is no name. */
	if (label[0] == '-' || label[len - 1] == '-')
		return "a label of the name starts or ends with a hyphen";
	for (size_t i = 0; i < len; i++)
		if (!host_byte(vp_dns_lower((uint8_t)label[i])))
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
		out[i] = (char)vp_dns_lower((uint8_t)text[i]);
	out[len] = '\0';
	return 0;
}
