/* addr.c - addresses, prefixes, endpoints, and the scope table. */
#include "vnetprobe/addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define V4(a, b, c, d, len)                                                    \
	{                                                                      \
		{ 4, { a, b, c, d } }, len                                     \
	}
#define V6(len, ...)                                                           \
	{                                                                      \
		{ 6, { __VA_ARGS__ } }, len                                    \
	}

/* First match wins. IPv4: RFC 6890's registry as far as it matters here. */
static const struct {
	struct vp_prefix prefix;
	enum vp_scope scope;
} scopes[] = {
	/* Azure: host's virtual address (DNS, DHCP, probes), metadata service
	 */
	{ V4(168, 63, 129, 16, 32), VP_SCOPE_PLATFORM },
	{ V4(169, 254, 169, 254, 32), VP_SCOPE_PLATFORM },
	{ V4(0, 0, 0, 0, 8), VP_SCOPE_UNSPECIFIED },     /* RFC 1122 3.2.1.3 */
	{ V4(127, 0, 0, 0, 8), VP_SCOPE_LOOPBACK },      /* RFC 1122 3.2.1.3 */
	{ V4(169, 254, 0, 0, 16), VP_SCOPE_LINK_LOCAL }, /* RFC 3927 */
	{ V4(224, 0, 0, 0, 4), VP_SCOPE_MULTICAST },     /* RFC 5771 */
	{ V4(255, 255, 255, 255, 32), VP_SCOPE_MULTICAST },
	{ V6(128, 0), VP_SCOPE_UNSPECIFIED }, /* :: */
	{ V6(128, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1),
	  VP_SCOPE_LOOPBACK },                       /* ::1 */
	{ V6(10, 0xfe, 0x80), VP_SCOPE_LINK_LOCAL }, /* RFC 4291 2.5.6 */
	{ V6(8, 0xff), VP_SCOPE_MULTICAST },         /* RFC 4291 2.7 */
};

static const struct vp_prefix private_prefixes[] = {
	V4(10, 0, 0, 0, 8),     /* RFC 1918 */
	V4(172, 16, 0, 0, 12),  /* RFC 1918 */
	V4(192, 168, 0, 0, 16), /* RFC 1918 */
	V4(100, 64, 0, 0, 10),  /* RFC 6598; private in Azure (P8) */
	V6(7, 0xfc),            /* RFC 4193 */
};

/* IPv6 prefixes that carry an IPv4 address, and where it starts. */
static const struct {
	struct vp_prefix prefix;
	size_t at;
} carriers[] = {
	{ V6(96, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff), 12 }, /* mapped */
	{ V6(96, 0, 0x64, 0xff, 0x9b), 12 },                      /* RFC 6052 */
	{ V6(16, 0x20, 0x02), 2 },                                /* RFC 3056 */
};

static const char *const scope_names[] = {
#define X(id, name) name,
	VP_SCOPES(X)
#undef X
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static size_t width(const struct vp_addr *a)
{
	return a->family == 4 ? 4 : 16;
}

int vp_addr_parse(struct vp_addr *out, const char *text)
{
	struct vp_addr a = { 0 };

	if (inet_pton(AF_INET, text, a.bytes) == 1)
		a.family = 4;
	else if (inet_pton(AF_INET6, text, a.bytes) == 1)
		a.family = 6;
	else
		return -EINVAL;
	*out = a;
	return 0;
}

const char *vp_addr_format(const struct vp_addr *a, char *buf)
{
	int family = a->family == 4 ? AF_INET : AF_INET6;

	buf[0] = '\0';
	if (a->family != 0)
		inet_ntop(family, a->bytes, buf, VP_ADDR_TEXT);
	return buf;
}

bool vp_addr_equal(const struct vp_addr *a, const struct vp_addr *b)
{
	return a->family == b->family &&
	       memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

int vp_addr_compare(const struct vp_addr *a, const struct vp_addr *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

/* Decimal digits only, within [0, max]. */
static int parse_number(unsigned *out, const char *text, unsigned max)
{
	unsigned long v;
	size_t len = strlen(text);

	if (len == 0 || len > 5 || strspn(text, "0123456789") != len)
		return -EINVAL;
	v = strtoul(text, NULL, 10);
	if (v > max)
		return -EINVAL;
	*out = (unsigned)v;
	return 0;
}

int vp_endpoint_parse(struct vp_endpoint *out, const char *text,
                      uint16_t default_port)
{
	struct vp_endpoint e = { .port = default_port };
	char host[VP_ADDR_TEXT];
	const char *end, *port = NULL;
	unsigned number;

	if (text[0] == '[') {
		end = strchr(++text, ']');
		if (end == NULL || (end[1] != '\0' && end[1] != ':'))
			return -EINVAL;
		if (end[1] == ':')
			port = end + 2;
	} else {
		end = strchr(text, ':');
		if (end != NULL && strchr(end + 1, ':') == NULL)
			port = end + 1;
		else
			end = text + strlen(text); /* a bare IPv6 address */
	}
	if ((size_t)(end - text) >= sizeof(host))
		return -EINVAL;
	memcpy(host, text, (size_t)(end - text));
	host[end - text] = '\0';
	if (vp_addr_parse(&e.addr, host) != 0)
		return -EINVAL;
	if (*end == ']' && e.addr.family != 6)
		return -EINVAL;
	if (port != NULL) {
		if (parse_number(&number, port, UINT16_MAX) != 0)
			return -EINVAL;
		e.port = number == 0 ? default_port : (uint16_t)number;
	}
	*out = e;
	return 0;
}

const char *vp_endpoint_format(const struct vp_endpoint *e, char *buf)
{
	char addr[VP_ADDR_TEXT];

	vp_addr_format(&e->addr, addr);
	snprintf(buf, VP_ENDPOINT_TEXT,
	         e->addr.family == 6 ? "[%s]:%u" : "%s:%u", addr,
	         (unsigned)e->port);
	return buf;
}

bool vp_endpoint_equal(const struct vp_endpoint *a, const struct vp_endpoint *b)
{
	return a->port == b->port && vp_addr_equal(&a->addr, &b->addr);
}

int vp_prefix_parse(struct vp_prefix *out, const char *text)
{
	struct vp_prefix p;
	char host[VP_ADDR_TEXT];
	const char *slash = strchr(text, '/');
	size_t len = slash != NULL ? (size_t)(slash - text) : strlen(text);
	unsigned bits;

	if (len >= sizeof(host))
		return -EINVAL;
	memcpy(host, text, len);
	host[len] = '\0';
	if (vp_addr_parse(&p.addr, host) != 0)
		return -EINVAL;
	bits = (unsigned)width(&p.addr) * 8;
	if (slash != NULL && parse_number(&bits, slash + 1, bits) != 0)
		return -EINVAL;
	p.len = (uint8_t)bits;
	for (size_t i = bits; i < width(&p.addr) * 8; i++)
		if (p.addr.bytes[i / 8] & (0x80 >> i % 8))
			return -EINVAL; /* 10.0.0.1/8 is a slip of the pen */
	*out = p;
	return 0;
}

const char *vp_prefix_format(const struct vp_prefix *p, char *buf)
{
	char addr[VP_ADDR_TEXT];

	snprintf(buf, VP_PREFIX_TEXT, "%s/%u", vp_addr_format(&p->addr, addr),
	         (unsigned)p->len);
	return buf;
}

bool vp_prefix_contains(const struct vp_prefix *p, const struct vp_addr *a)
{
	size_t whole = p->len / 8;
	uint8_t mask = (uint8_t)(0xff00 >> p->len % 8);

	if (a->family == 0 || p->addr.family != a->family)
		return false;
	if (memcmp(p->addr.bytes, a->bytes, whole) != 0)
		return false;
	return p->len % 8 == 0 ||
	       (p->addr.bytes[whole] & mask) == (a->bytes[whole] & mask);
}

/* The IPv4 address inside a NAT64, 6to4 or mapped one. */
static bool carried(struct vp_addr *inside, const struct vp_addr *a)
{
	for (size_t i = 0; i < COUNT(carriers); i++) {
		if (!vp_prefix_contains(&carriers[i].prefix, a))
			continue;
		*inside = (struct vp_addr){ .family = 4 };
		memcpy(inside->bytes, a->bytes + carriers[i].at, 4);
		return true;
	}
	return false;
}

enum vp_scope vp_addr_scope(const struct vp_addr *a,
                            const struct vp_prefix *vnet, size_t n_vnet)
{
	struct vp_addr inside;

	if (a->family == 0)
		return VP_SCOPE_UNSPECIFIED;
	for (size_t i = 0; i < COUNT(scopes); i++)
		if (vp_prefix_contains(&scopes[i].prefix, a))
			return scopes[i].scope;
	for (size_t i = 0; i < n_vnet; i++)
		if (vp_prefix_contains(&vnet[i], a))
			return VP_SCOPE_VNET;
	if (carried(&inside, a))
		return vp_addr_scope(&inside, vnet, n_vnet);
	for (size_t i = 0; i < COUNT(private_prefixes); i++)
		if (vp_prefix_contains(&private_prefixes[i], a))
			return VP_SCOPE_PRIVATE;
	return VP_SCOPE_PUBLIC;
}

bool vp_scope_is_private(enum vp_scope scope)
{
	return scope != VP_SCOPE_PUBLIC && scope != VP_SCOPE_MULTICAST &&
	       scope != VP_SCOPE_UNSPECIFIED;
}

const char *vp_scope_name(enum vp_scope scope)
{
	return (size_t)scope < COUNT(scope_names) ? scope_names[scope] : "?";
}

const struct vp_prefix *vp_private_prefixes(size_t *n)
{
	*n = COUNT(private_prefixes);
	return private_prefixes;
}

socklen_t vp_endpoint_to_sockaddr(const struct vp_endpoint *e,
                                  struct sockaddr_storage *ss)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)ss;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ss;

	memset(ss, 0, sizeof(*ss));
	if (e->addr.family == 4) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(e->port);
		memcpy(&v4->sin_addr, e->addr.bytes, 4);
		return sizeof(*v4);
	}
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(e->port);
	memcpy(&v6->sin6_addr, e->addr.bytes, 16);
	return sizeof(*v6);
}

int vp_endpoint_from_sockaddr(struct vp_endpoint *out,
                              const struct sockaddr *sa)
{
	struct vp_endpoint e = { 0 };

	if (sa->sa_family == AF_INET) {
		const struct sockaddr_in *v4 = (const void *)sa;

		e.addr.family = 4;
		memcpy(e.addr.bytes, &v4->sin_addr, 4);
		e.port = ntohs(v4->sin_port);
	} else if (sa->sa_family == AF_INET6) {
		const struct sockaddr_in6 *v6 = (const void *)sa;

		e.addr.family = 6;
		memcpy(e.addr.bytes, &v6->sin6_addr, 16);
		e.port = ntohs(v6->sin6_port);
	} else {
		return -EAFNOSUPPORT;
	}
	*out = e;
	return 0;
}

int vp_endpoint_of_socket(struct vp_endpoint *out, int fd)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	if (getsockname(fd, (struct sockaddr *)&ss, &len) != 0)
		return -errno;
	return vp_endpoint_from_sockaddr(out, (struct sockaddr *)&ss);
}
