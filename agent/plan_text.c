/*
 * plan_text.c - a target as text: NAME, NAME:PORT or https://NAME/.
 */
#include "planner.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static bool bad_target(struct vp_planner *p, const struct vp_extra_target *t,
                       const char *why)
{
	char shown[VP_PLAN_SHOWN];

	return vp_plan_refuse_at(p, t->origin, "'%s': %s",
	                         vp_plan_shown(shown, t->text), why);
}

static bool is_address(const char *text)
{
	struct vp_addr addr;
	struct vp_endpoint e;
	struct vp_prefix prefix;

	return *text == '[' || vp_addr_parse(&addr, text) == 0 ||
	       vp_endpoint_parse(&e, text, 0) == 0 ||
	       vp_prefix_parse(&prefix, text) == 0;
}

/* Cuts ":PORT" off; port stays 0 without one. */
static bool cut_port(char *host, uint16_t *port)
{
	char *colon = strchr(host, ':'), *end;
	unsigned long v;

	if (colon == NULL)
		return true;
	*colon = '\0';
	if (!isdigit((unsigned char)colon[1]))
		return false;
	v = strtoul(colon + 1, &end, 10);
	if (*end != '\0' || v == 0 || v > 65535)
		return false;
	*port = (uint16_t)v;
	return true;
}

/* Cuts https:// and a closing slash off; says what else is there. */
static const char *cut_url(char **host, bool *tls)
{
	char *slash;

	if (strncasecmp(*host, "https://", 8) == 0) {
		*host += 8;
		*tls = true;
	} else if (strncasecmp(*host, "http://", 7) == 0) {
		return "without TLS nothing here is worth probing: write "
		       "NAME:80, or https://";
	} else if (strstr(*host, "://") != NULL) {
		return "write NAME, NAME:PORT or https://NAME/";
	}
	slash = strpbrk(*host, "/?#");
	if (slash == NULL)
		return NULL;
	if (*tls && strcmp(slash, "/") == 0) {
		*slash = '\0';
		return NULL;
	}
	return "a target is a host, not a page: write NAME, NAME:PORT or "
	       "https://NAME/";
}

/* "stlab" at the command line: its search suffixes would make another name of
 * it at every place. */
static bool is_label(struct vp_planner *p, const struct vp_extra_target *t,
                     const char *host)
{
	const struct vp_catalogue_suffix *row = vp_catalogue_of(
		p->s->cloud, t->has_kind ? t->kind : VP_KIND_BLOB);
	char shown[VP_PLAN_SHOWN];

	if (strcmp(t->origin, "argument") != 0 || *host == '\0' ||
	    strchr(host, '.') != NULL || strchr(host, ':') != NULL)
		return false;
	vp_plan_refuse(p, "'%s' is no full name; did you mean %s%s?",
	               vp_plan_shown(shown, host), shown,
	               row != NULL ? row->suffix : ".blob.core.windows.net");
	return true;
}

bool vp_plan_extra(struct vp_planner *p, const struct vp_extra_target *t)
{
	struct vp_draft d = {
		.port = t->port,
		.origin = t->origin,
		.has_kind = t->has_kind,
		.kind = t->kind,
		.has_expect = t->has_expect,
		.expect = t->expect,
		.addresses = t->addresses,
		.n_addresses = t->n_addresses,
	};
	char *host = vp_arena_strdup(p->facts->arena, t->text);
	const char *why = cut_url(&host, &d.tls);
	uint16_t port = 0;

	if (why != NULL)
		return bad_target(p, t, why);
	if (is_address(host))
		return bad_target(p, t,
		                  "a target is a name: what leads to an "
		                  "address is what is checked");
	if (strchr(host, '@') != NULL)
		return bad_target(p, t, "credentials are never sent");
	if (!cut_port(host, &port))
		return bad_target(p, t, "the port has to be 1 to 65535");
	if (port != 0 && d.port != 0 && port != d.port)
		return bad_target(p, t, "the name and 'port' say two ports");
	if (port != 0)
		d.port = port;
	if (is_label(p, t, host))
		return false;
	d.name = host;
	return vp_plan_add(p, &d);
}
