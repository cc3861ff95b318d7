/* value.c - see value.h. */
#include "value.h"

#include <ctype.h>
#include <errno.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalogue.h"
#include "wording.h"

#define SECOND 1000u
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define KIB 1024u
#define MIB (1024 * KIB)

__attribute__((format(printf, 3, 4))) static int refuse(char *why, size_t size,
                                                        const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, size, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

/* "'x' is not one of a, b, c", and the nearest if one is near. */
static int not_one_of(const char *text, const char *const *words, size_t n,
                      char *why, size_t size)
{
	const char *near = vp_nearest(text, words, n);
	char quoted[VP_QUOTE_TEXT], list[512] = "";
	size_t used = 0;

	for (size_t i = 0; i < n && used < sizeof(list); i++)
		used += (size_t)snprintf(list + used, sizeof(list) - used,
		                         "%s%s", i == 0 ? "" : ", ", words[i]);
	if (near != NULL)
		return refuse(why, size,
		              "%s is not one of %s; did you mean '%s'?",
		              vp_quote(quoted, text), list, near);
	return refuse(why, size, "%s is not one of %s", vp_quote(quoted, text),
	              list);
}

/* Digits only, at least one, at most max; the rest of the text in *end. */
static bool number(uint64_t *out, const char *text, uint64_t max,
                   const char **end)
{
	uint64_t v = 0;

	if (!isdigit((unsigned char)*text))
		return false;
	for (; isdigit((unsigned char)*text); text++) {
		v = v * 10 + (uint64_t)(*text - '0');
		if (v > max)
			v = max + 1; /* stays too large */
	}
	*out = v;
	*end = text;
	return v <= max;
}

struct unit {
	const char *name;
	uint64_t factor;
};

/* The factor of a unit; 0 if there is no such unit. */
static uint64_t unit_of(const char *name, const struct unit *units, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(name, units[i].name) == 0)
			return units[i].factor;
	}
	return 0;
}

static void duration_text(char *buf, size_t size, unsigned ms)
{
	if (ms % HOUR == 0 && ms != 0)
		snprintf(buf, size, "%uh", ms / HOUR);
	else if (ms % MINUTE == 0 && ms != 0)
		snprintf(buf, size, "%um", ms / MINUTE);
	else if (ms % SECOND == 0)
		snprintf(buf, size, "%us", ms / SECOND);
	else
		snprintf(buf, size, "%ums", ms);
}

int vp_value_read_duration(unsigned *out, const char *text, unsigned min_ms,
                           unsigned max_ms, char *why, size_t size)
{
	static const struct unit units[] = {
		{ "", SECOND },  { "ms", 1 },   { "s", SECOND },
		{ "m", MINUTE }, { "h", HOUR },
	};
	char quoted[VP_QUOTE_TEXT], lo[16], hi[16];
	const char *end = text;
	uint64_t v, factor;
	bool fits = number(&v, text, UINT32_MAX, &end);

	factor = end == text ? 0 : unit_of(end, units, 5);
	if (factor == 0)
		return refuse(why, size,
		              "%s is not a duration: write 300ms, 5s or 2m",
		              vp_quote(quoted, text));
	if (!fits || v * factor < min_ms || v * factor > max_ms) {
		duration_text(lo, sizeof(lo), min_ms);
		duration_text(hi, sizeof(hi), max_ms);
		return refuse(why, size,
		              "%s is out of range: from %s to %s are allowed",
		              vp_quote(quoted, text), lo, hi);
	}
	*out = (unsigned)(v * factor);
	return 0;
}

int vp_value_read_size(unsigned *out, const char *text, unsigned min,
                       unsigned max, char *why, size_t size)
{
	static const struct unit units[] = {
		{ "", 1 },
		{ "KiB", KIB },
		{ "MiB", MIB },
		{ "GiB", 1024 * MIB },
	};
	char quoted[VP_QUOTE_TEXT];
	const char *end = text;
	uint64_t v, factor;
	bool fits = number(&v, text, UINT32_MAX, &end);

	factor = end == text ? 0 : unit_of(end, units, 4);
	if (factor == 0)
		return refuse(why, size,
		              "%s is not a size: write 64KiB or 4MiB",
		              vp_quote(quoted, text));
	if (!fits || v * factor < min || v * factor > max)
		return refuse(why, size,
		              "%s is out of range: from %uKiB to %uMiB are "
		              "allowed",
		              vp_quote(quoted, text), min / KIB, max / MIB);
	*out = (unsigned)(v * factor);
	return 0;
}

int vp_value_read_expect(enum vp_expect *out, const char *text, char *why,
                         size_t size)
{
	static const char *const words[] = {
#define X(id, name) name,
		VP_EXPECTS(X)
#undef X
	};

	if (vp_expect_parse(out, text) == 0)
		return 0;
	return not_one_of(text, words, VP_EXPECT_COUNT, why, size);
}

int vp_value_read_kind(enum vp_kind *out, const char *text, char *why,
                       size_t size)
{
	static const char *const words[] = {
#define X(id, name) name,
		VP_KINDS(X)
#undef X
	};

	if (vp_kind_parse(out, text) == 0)
		return 0;
	return not_one_of(text, words, VP_KIND_COUNT, why, size);
}

int vp_value_read_server_kind(enum vp_server_kind *out, const char *text,
                              char *why, size_t size)
{
	static const char *const words[] = {
#define X(id, name) name,
		VP_SERVER_KINDS(X)
#undef X
	};

	if (vp_server_kind_parse(out, text) == 0)
		return 0;
	return not_one_of(text, words, sizeof(words) / sizeof(*words), why,
	                  size);
}

int vp_value_read_addr(struct vp_addr *out, const char *text, char *why,
                       size_t size)
{
	char quoted[VP_QUOTE_TEXT];

	if (vp_addr_parse(out, text) == 0)
		return 0;
	return refuse(why, size, "%s is not an IP address",
	              vp_quote(quoted, text));
}

/* Tells bits that are set behind the length from plain nonsense. */
static int bad_prefix(const char *text, char *why, size_t size)
{
	char quoted[VP_QUOTE_TEXT], ip[VP_ADDR_TEXT] = "";
	const char *slash = strchr(text, '/'), *end = "?";
	size_t n = slash != NULL ? (size_t)(slash - text) : 0;
	struct vp_addr addr;
	uint64_t len;

	if (n > 0 && n < sizeof(ip)) {
		memcpy(ip, text, n);
		if (vp_addr_parse(&addr, ip) == 0 &&
		    number(&len, slash + 1, addr.family == 4 ? 32 : 128,
		           &end) &&
		    *end == '\0')
			return refuse(why, size,
			              "%s has bits set behind its length of %u",
			              vp_quote(quoted, text), (unsigned)len);
	}
	return refuse(why, size,
	              "%s is not a prefix: write 10.20.0.0/16 or fd00:20::/48",
	              vp_quote(quoted, text));
}

int vp_value_read_prefix(struct vp_prefix *out, const char *text, char *why,
                         size_t size)
{
	if (vp_prefix_parse(out, text) == 0)
		return 0;
	return bad_prefix(text, why, size);
}

int vp_value_read_port(uint16_t *out, const char *text, char *why, size_t size)
{
	char quoted[VP_QUOTE_TEXT];
	const char *end = text;
	uint64_t v = 0;

	if (!number(&v, text, UINT16_MAX, &end) || *end != '\0' || v == 0)
		return refuse(why, size, "%s is not a port: write 1 to 65535",
		              vp_quote(quoted, text));
	*out = (uint16_t)v;
	return 0;
}

int vp_value_read_guid(char out[37], const char *text, char *why, size_t size)
{
	char quoted[VP_QUOTE_TEXT];
	size_t i;

	for (i = 0; i < 36; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		unsigned char c = (unsigned char)text[i];

		if (dash ? c != '-' : !isxdigit(c))
			break;
		out[i] = (char)tolower(c);
	}
	if (i < 36 || text[36] != '\0')
		return refuse(
			why, size,
			"%s is not a GUID: expected the workspaceId, such "
			"as 01234567-89ab-cdef-0123-456789abcdef",
			vp_quote(quoted, text));
	out[36] = '\0';
	return 0;
}

int vp_value_cloud(struct vp_settings *s, const char *text, char *why,
                   size_t size)
{
	static const char *const words[] = { "public", "usgovernment",
		                             "china" };

	for (size_t i = 0; i < 3; i++) {
		if (strcmp(text, words[i]) != 0)
			continue;
		s->cloud = vp_arena_strdup(s->arena, text);
		s->has_cloud = true;
		return 0;
	}
	return not_one_of(text, words, 3, why, size);
}

int vp_value_region(struct vp_settings *s, const char *text, char *why,
                    size_t size)
{
	char quoted[VP_QUOTE_TEXT];
	size_t n = strlen(text);
	char *low;

	if (n == 0 || n > 40 ||
	    strspn(text, "abcdefghijklmnopqrstuvwxyz"
	                 "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                 "0123456789") != n)
		return refuse(why, size,
		              "%s is not a region: write its short form, such "
		              "as eastus",
		              vp_quote(quoted, text));
	low = vp_arena_strdup(s->arena, text);
	for (char *p = low; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	s->region = low;
	return 0;
}

int vp_value_scenario(struct vp_settings *s, const char *text, char *why,
                      size_t size)
{
	const struct vp_catalogue_scenario *rows;
	const char *words[32];
	size_t n;

	if (vp_catalogue_scenario(text) != NULL) {
		s->scenario = vp_arena_strdup(s->arena, text);
		s->has_scenario = true;
		return 0;
	}
	rows = vp_catalogue_scenarios(&n);
	for (size_t i = 0; i < n && i < 32; i++)
		words[i] = rows[i].name;
	return not_one_of(text, words, n < 32 ? n : 32, why, size);
}

int vp_value_expect(struct vp_settings *s, const char *text, char *why,
                    size_t size)
{
	int err = vp_value_read_expect(&s->expect, text, why, size);

	if (err == 0)
		s->has_expect = true;
	return err;
}

/*
 * What Azure does not allow in a VNet's address space (virtual network FAQ,
 * P8), and what would declare most of the Internet private: a prefix that
 * meets one of these would blind the whole run.
 */
static const char *const never_vnet[] = {
	"0.0.0.0/8",     "127.0.0.0/8",     "169.254.0.0/16", "224.0.0.0/4",
	"168.63.129.16", "255.255.255.255", "::/8",           "64:ff9b::/96",
	"2002::/16",     "fe80::/10",       "ff00::/8",
};

/* Internet registries hand out IPv6 by /12 to /32; a VNet has a /48 or so. */
#define SHORTEST_V6 20

int vp_value_read_vnet(struct vp_prefix *out, const char *text, char *why,
                       size_t size)
{
	char quoted[VP_QUOTE_TEXT];
	struct vp_prefix p, never;
	int err = vp_value_read_prefix(&p, text, why, size);

	if (err != 0)
		return err;
	if (p.addr.family == 6 && p.len < SHORTEST_V6)
		return refuse(why, size,
		              "%s cannot be a VNet's prefix: it is too large",
		              vp_quote(quoted, text));
	for (size_t i = 0; i < sizeof(never_vnet) / sizeof(*never_vnet); i++) {
		if (vp_prefix_parse(&never, never_vnet[i]) != 0)
			continue;
		if (vp_prefix_contains(&p, &never.addr) ||
		    vp_prefix_contains(&never, &p.addr))
			return refuse(why, size,
			              "%s cannot be a VNet's prefix: it meets "
			              "%s, and would count as private",
			              vp_quote(quoted, text), never_vnet[i]);
	}
	*out = p;
	return 0;
}

int vp_value_vnet(struct vp_settings *s, const char *text, char *why,
                  size_t size)
{
	struct vp_prefix p;
	int err = vp_value_read_vnet(&p, text, why, size);

	if (err == 0)
		*VP_PUSH(s->arena, s->vnet, s->n_vnet) = p;
	return err;
}

int vp_value_local(struct vp_settings *s, const char *text, char *why,
                   size_t size)
{
	struct vp_addr addr;
	int err = vp_value_read_addr(&addr, text, why, size);

	if (err == 0)
		*VP_PUSH(s->arena, s->local, s->n_local) = addr;
	return err;
}

int vp_value_resolver(struct vp_settings *s, const char *text, char *why,
                      size_t size)
{
	char quoted[VP_QUOTE_TEXT];
	struct vp_endpoint e;

	if (vp_endpoint_parse(&e, text, 53) != 0)
		return refuse(why, size,
		              "%s is not a resolver: write IP, IP:PORT or "
		              "[IP6]:PORT",
		              vp_quote(quoted, text));
	*VP_PUSH(s->arena, s->resolvers, s->n_resolvers) = e;
	return 0;
}

/* Labels stand in reports and before '=': short and plain. */
#define LABEL_MAX 32

static bool is_label(const char *text)
{
	size_t n = strlen(text);

	return n > 0 && n <= LABEL_MAX &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyz"
	                    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                    "0123456789-_.") == n;
}

int vp_value_add_compare(struct vp_settings *s, const char *label,
                         const char *address, char *why, size_t size)
{
	char quoted[VP_QUOTE_TEXT];
	struct vp_compare *c;
	struct vp_endpoint e;

	if (!is_label(label))
		return refuse(why, size,
		              "%s is not a label: write up to %d letters, "
		              "digits, '-', '_' and '.'",
		              vp_quote(quoted, label), LABEL_MAX);
	if (vp_endpoint_parse(&e, address, 53) != 0)
		return refuse(why, size,
		              "%s is not a DNS server: write IP, IP:PORT or "
		              "[IP6]:PORT",
		              vp_quote(quoted, address));
	for (size_t i = 0; i < s->n_compare; i++) {
		c = &s->compare[i];
		if (strcmp(c->label, label) == 0)
			return refuse(why, size, "the label %s is given twice",
			              vp_quote(quoted, label));
		if (vp_endpoint_equal(&c->endpoint, &e))
			return refuse(why, size,
			              "%s has the label '%s' already",
			              vp_quote(quoted, address), c->label);
	}
	c = VP_PUSH(s->arena, s->compare, s->n_compare);
	c->label = vp_arena_strdup(s->arena, label);
	c->endpoint = e;
	return 0;
}

int vp_value_compare(struct vp_settings *s, const char *text, char *why,
                     size_t size)
{
	char quoted[VP_QUOTE_TEXT];
	const char *equals = strchr(text, '=');
	char *label;

	if (equals == NULL)
		return refuse(why, size,
		              "%s has no label: write LABEL=IP or "
		              "LABEL=IP:PORT, such as public=9.9.9.9",
		              vp_quote(quoted, text));
	label = vp_arena_strndup(s->arena, text, (size_t)(equals - text));
	return vp_value_add_compare(s, label, equals + 1, why, size);
}

int vp_value_azure_dns(struct vp_settings *s, const char *text, char *why,
                       size_t size)
{
	static const char *const words[] = { "auto", "always", "never" };
	static const enum vp_azure_dns values[] = {
		VP_AZURE_DNS_AUTO,
		VP_AZURE_DNS_ALWAYS,
		VP_AZURE_DNS_NEVER,
	};

	for (size_t i = 0; i < 3; i++) {
		if (strcmp(text, words[i]) != 0)
			continue;
		s->azure_dns = values[i];
		return 0;
	}
	return not_one_of(text, words, 3, why, size);
}

int vp_value_endpoint_file(struct vp_settings *s, const char *text, char *why,
                           size_t size)
{
	if (*text == '\0')
		return refuse(why, size,
		              "expected the path of a JSON file of az");
	*VP_PUSH(s->arena, s->endpoint_files, s->n_endpoint_files) =
		vp_arena_strdup(s->arena, text);
	return 0;
}

int vp_value_service_tags(struct vp_settings *s, const char *text, char *why,
                          size_t size)
{
	if (*text == '\0')
		return refuse(why, size,
		              "expected the path of a ServiceTags file");
	s->service_tags = vp_arena_strdup(s->arena, text);
	return 0;
}

int vp_value_ca_file(struct vp_settings *s, const char *text, char *why,
                     size_t size)
{
	if (*text == '\0')
		return refuse(why, size, "expected the path of a PEM file");
	s->ca_file = vp_arena_strdup(s->arena, text);
	return 0;
}

int vp_value_identity(struct vp_settings *s, const char *text, char *why,
                      size_t size)
{
	char guid[37];
	int err = vp_value_read_guid(guid, text, why, size);

	if (err == 0)
		s->identity_client_id = vp_arena_strdup(s->arena, guid);
	return err;
}

int vp_value_interface(struct vp_settings *s, const char *text, char *why,
                       size_t size)
{
	char quoted[VP_QUOTE_TEXT];
	size_t n = strlen(text);

	if (n == 0 || n >= IFNAMSIZ || strpbrk(text, "/ \t\n") != NULL)
		return refuse(why, size,
		              "%s is not the name of a network interface",
		              vp_quote(quoted, text));
	s->interface = vp_arena_strdup(s->arena, text);
	return 0;
}

int vp_value_timeout(struct vp_settings *s, const char *text, char *why,
                     size_t size)
{
	return vp_value_read_duration(&s->timeout_ms, text, 1, 10 * MINUTE, why,
	                              size);
}

int vp_value_deadline(struct vp_settings *s, const char *text, char *why,
                      size_t size)
{
	s->deadline_stated = true;
	return vp_value_read_duration(&s->deadline_ms, text, 1, 24 * HOUR, why,
	                              size);
}

int vp_value_linger(struct vp_settings *s, const char *text, char *why,
                    size_t size)
{
	return vp_value_read_duration(&s->linger_ms, text, 0, 10 * MINUTE, why,
	                              size);
}

int vp_value_for(struct vp_settings *s, const char *text, char *why,
                 size_t size)
{
	return vp_value_read_duration(&s->for_ms, text, 1, 14 * 24 * HOUR, why,
	                              size);
}

int vp_value_concurrency(struct vp_settings *s, const char *text, char *why,
                         size_t size)
{
	char quoted[VP_QUOTE_TEXT];
	const char *end = text;
	uint64_t v = 0;

	if (!number(&v, text, 1024, &end) || *end != '\0' || v == 0)
		return refuse(why, size, "%s is not a number from 1 to 1024",
		              vp_quote(quoted, text));
	s->concurrency = (unsigned)v;
	return 0;
}

/* Azure DNS is not to be asked the same for ever. */
#define MOST_ROUNDS 100

int vp_value_rounds(struct vp_settings *s, const char *text, char *why,
                    size_t size)
{
	char quoted[VP_QUOTE_TEXT];
	const char *end = text;
	uint64_t v = 0;

	if (!number(&v, text, MOST_ROUNDS, &end) || *end != '\0' || v == 0)
		return refuse(why, size, "%s is not a number from 1 to %d",
		              vp_quote(quoted, text), MOST_ROUNDS);
	s->rounds = (unsigned)v;
	return 0;
}

int vp_value_round_interval(struct vp_settings *s, const char *text, char *why,
                            size_t size)
{
	return vp_value_read_duration(&s->round_interval_ms, text, 1,
	                              10 * MINUTE, why, size);
}

int vp_value_evidence_size(struct vp_settings *s, const char *text, char *why,
                           size_t size)
{
	return vp_value_read_size(&s->evidence_size, text, 64 * KIB, 2048 * MIB,
	                          why, size);
}

int vp_value_capture_buffer(struct vp_settings *s, const char *text, char *why,
                            size_t size)
{
	return vp_value_read_size(&s->capture_buffer, text, 64 * KIB,
	                          1024 * MIB, why, size);
}
