/*
 * proxy_rules.c - through which proxy would a program go to a host?
 *
 * Everybody reads the same variables, and everybody differently:
 *
 *	           curl                 requests (Python)     Go
 *	https      https_proxy,         https_proxy,          HTTPS_PROXY,
 *	           HTTPS_PROXY          HTTPS_PROXY           https_proxy
 *	http       http_proxy alone     http_proxy,           HTTP_PROXY,
 *	                                HTTP_PROXY            http_proxy
 *	all_proxy  yes, both            yes, both             no
 *	no_proxy   no_proxy, NO_PROXY   no_proxy, NO_PROXY    NO_PROXY, no_proxy
 *	  x.y      x.y and below it     whatever ends in x.y  x.y and below it
 *	  .x.y     x.y and below it     whatever ends in .x.y below it alone
 *	                                and x.y
 *	  *.x.y    nothing              nothing               below it
 *	  *        only by itself       only by itself        also in a list
 *	  CIDR     addresses            IPv4 addresses        addresses
 *
 * A prefix never covers a name: nobody resolves the name to compare.
 */
#include "proxy.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char *const vp_proxy_platform[2] = { "169.254.169.254", "168.63.129.16" };

const char *vp_proxy_client_name(enum vp_proxy_client c)
{
	static const char *const names[] = {
#define X(id, name) name,
		VP_PROXY_CLIENTS(X)
#undef X
	};

	return names[c];
}

/* --- the variables ------------------------------------------------------ */

/* Its value for programs in general; those of the environment stand first. */
static const char *value_of(const struct vp_facts *f, const char *variable)
{
	for (size_t i = 0; i < f->n_proxy_settings; i++) {
		const struct vp_proxy_setting *s = &f->proxy_settings[i];

		if (s->general && strcmp(s->variable, variable) == 0)
			return s->value;
	}
	return NULL;
}

/* The first that is set, of a list that ends with NULL. */
static const char *first_of(const struct vp_facts *f, const char *const *list)
{
	for (size_t i = 0; list[i] != NULL; i++) {
		const char *value = value_of(f, list[i]);

		if (value != NULL)
			return value;
	}
	return NULL;
}

static const char *proxy_of(const struct vp_facts *f,
                            enum vp_proxy_client client, bool https)
{
	static const char *const lists[][2][5] = {
		[VP_PROXY_CURL] = {
			{ "http_proxy", "all_proxy", "ALL_PROXY" },
			{ "https_proxy", "HTTPS_PROXY", "all_proxy",
			  "ALL_PROXY" },
		},
		[VP_PROXY_PYTHON] = {
			{ "http_proxy", "HTTP_PROXY", "all_proxy",
			  "ALL_PROXY" },
			{ "https_proxy", "HTTPS_PROXY", "all_proxy",
			  "ALL_PROXY" },
		},
		[VP_PROXY_GO] = {
			{ "HTTP_PROXY", "http_proxy" },
			{ "HTTPS_PROXY", "https_proxy" },
		},
	};

	return first_of(f, lists[client][https]);
}

static const char *exempt_of(const struct vp_facts *f,
                             enum vp_proxy_client client)
{
	static const char *const lists[][3] = {
		[VP_PROXY_CURL] = { "no_proxy", "NO_PROXY" },
		[VP_PROXY_PYTHON] = { "no_proxy", "NO_PROXY" },
		[VP_PROXY_GO] = { "NO_PROXY", "no_proxy" },
	};

	return first_of(f, lists[client]);
}

/* --- one entry of no_proxy ------------------------------------------------ */

struct host {
	const char *name;
	size_t len;
	struct vp_addr addr; /* if it is one */
	uint16_t port;
};

static bool ends_with(const struct host *h, const char *tail, size_t n)
{
	return n <= h->len && strncasecmp(h->name + h->len - n, tail, n) == 0;
}

/* The name itself, or one below it. */
static bool is_within(const struct host *h, const char *domain, size_t n)
{
	return n > 0 && ends_with(h, domain, n) &&
	       (n == h->len || h->name[h->len - n - 1] == '.');
}

/* "10.0.0.0/8" or "10.0.0.4" and a host that is an address. */
static bool covers(const struct host *h, const char *entry, bool v6)
{
	struct vp_prefix p;
	struct vp_addr a;

	if (h->addr.family == 0 || (h->addr.family == 6 && !v6))
		return false;
	if (vp_addr_parse(&a, entry) == 0)
		return vp_addr_equal(&a, &h->addr);
	return strchr(entry, '/') != NULL && vp_prefix_parse(&p, entry) == 0 &&
	       vp_prefix_contains(&p, &h->addr);
}

static bool curl_exempts(const struct host *h, const char *entry)
{
	size_t n;

	if (h->addr.family != 0)
		return covers(h, entry, true);
	entry += *entry == '.';
	n = strlen(entry);
	n -= n > 0 && entry[n - 1] == '.';
	return is_within(h, entry, n);
}

/* requests compares ends of strings, then asks urllib, which compares labels.
 */
static bool python_exempts(const struct host *h, const char *entry)
{
	size_t n = strlen(entry);

	if (h->addr.family == 4 && covers(h, entry, false))
		return true;
	if (h->addr.family == 0 && n > 0 && ends_with(h, entry, n))
		return true;
	while (*entry == '.')
		entry++;
	return is_within(h, entry, strlen(entry));
}

/* "host:443" is for that port alone. Cuts it off; false: another port. */
static bool go_port_fits(char *entry, const struct host *h)
{
	char *colon = strrchr(entry, ':');
	long port;

	if (colon == NULL || strchr(entry, ':') != colon)
		return true; /* none, or an IPv6 address */
	*colon = '\0';
	port = strtol(colon + 1, NULL, 10);
	return port == h->port;
}

static bool go_exempts(const struct host *h, char *entry)
{
	if (strcmp(entry, "*") == 0)
		return true;
	if (strchr(entry, '/') != NULL)
		return covers(h, entry, true);
	if (!go_port_fits(entry, h))
		return false;
	if (h->addr.family != 0)
		return covers(h, entry, true);
	if (strncmp(entry, "*.", 2) == 0)
		entry++;
	if (*entry == '.')
		return ends_with(h, entry, strlen(entry));
	return is_within(h, entry, strlen(entry));
}

/* --- the list --------------------------------------------------------------
 */

static bool fits(enum vp_proxy_client client, const struct host *h, char *entry)
{
	switch (client) {
	case VP_PROXY_CURL:
		return curl_exempts(h, entry);
	case VP_PROXY_PYTHON:
		return python_exempts(h, entry);
	default:
		return go_exempts(h, entry);
	}
}

/* The entries are parted by commas; curl takes blanks for that as well, the
 * others cut them off. */
static bool is_exempt(enum vp_proxy_client client, const struct host *h,
                      const char *list)
{
	const char *parting = client == VP_PROXY_CURL ? ", \t" : ",";
	char entry[512];

	if (client != VP_PROXY_GO && strcmp(list, "*") == 0)
		return true;
	while (*list != '\0') {
		size_t n = strcspn(list, parting), from = 0, to = n;

		while (from < to && isspace((unsigned char)list[from]))
			from++;
		while (to > from && isspace((unsigned char)list[to - 1]))
			to--;
		if (to > from && to - from < sizeof(entry)) {
			memcpy(entry, list + from, to - from);
			entry[to - from] = '\0';
			if (fits(client, h, entry))
				return true;
		}
		list += n;
		list += *list != '\0';
	}
	return false;
}

const char *vp_proxy_for(const struct vp_facts *f, enum vp_proxy_client client,
                         bool https, const char *host, uint16_t port)
{
	const char *proxy = proxy_of(f, client, https);
	const char *exempt = exempt_of(f, client);
	struct host h = { .name = host, .len = strlen(host), .port = port };

	if (proxy == NULL)
		return NULL;
	if (vp_addr_parse(&h.addr, host) != 0)
		h.addr.family = 0;
	if (exempt != NULL && is_exempt(client, &h, exempt))
		return NULL;
	return proxy;
}

const struct vp_proxy_setting *vp_proxy_script(const struct vp_facts *f)
{
	for (size_t i = 0; i < f->n_proxy_settings; i++) {
		const struct vp_proxy_setting *s = &f->proxy_settings[i];
		size_t n = strlen(s->value);

		if (s->general &&
		    (strcasecmp(s->variable, "auto_proxy") == 0 ||
		     (n > 4 && strcasecmp(s->value + n - 4, ".pac") == 0)))
			return s;
	}
	return NULL;
}

bool vp_proxy_is_set(const struct vp_facts *f)
{
	for (int c = 0; c < VP_PROXY_CLIENT_COUNT; c++) {
		if (proxy_of(f, (enum vp_proxy_client)c, true) != NULL ||
		    proxy_of(f, (enum vp_proxy_client)c, false) != NULL)
			return true;
	}
	return false;
}
