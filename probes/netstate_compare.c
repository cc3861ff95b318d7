/*
 * netstate_compare.c - what changed between two states of the network.
 */
#include "netstate.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct differences {
	size_t n;
	void (*line)(const char *text, void *arg);
	void *arg;
};

__attribute__((format(printf, 2, 3))) static void differ(struct differences *d,
                                                         const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	d->n++;
	if (d->line != NULL)
		d->line(text, d->arg);
}

static void say_address(struct differences *d, const struct vp_interface *i,
                        const struct vp_addr *a, const char *what)
{
	char buf[VP_ADDR_TEXT];

	if (!vp_netstate_is_link_local(a))
		differ(d, "address %s on %s %s", vp_addr_format(a, buf),
		       i->name, what);
}

/* Both sorted: one walk shows what only one of them has. */
static void diff_addresses(struct differences *d, const struct vp_interface *a,
                           const struct vp_interface *b)
{
	size_t i = 0, j = 0;

	while (i < a->n_addresses || j < b->n_addresses) {
		int order;

		if (i == a->n_addresses)
			order = 1;
		else if (j == b->n_addresses)
			order = -1;
		else
			order = vp_addr_compare(&a->addresses[i],
			                        &b->addresses[j]);
		if (order < 0)
			say_address(d, a, &a->addresses[i], "removed");
		else if (order > 0)
			say_address(d, b, &b->addresses[j], "added");
		i += order <= 0;
		j += order >= 0;
	}
}

static void diff_interface(struct differences *d,
                           const struct vp_netstate_interface *a,
                           const struct vp_netstate_interface *b)
{
	const char *name = b->pub.name;

	if (strcmp(a->pub.name, name) != 0)
		differ(d, "interface %s is now called %s", a->pub.name, name);
	if (a->pub.up != b->pub.up)
		differ(d, "interface %s %s", name,
		       b->pub.up ? "came up" : "went down");
	else if (a->carrier != b->carrier && a->routable && b->routable)
		differ(d, "interface %s %s its carrier", name,
		       b->carrier ? "got back" : "lost");
	if (memcmp(a->pub.mac, b->pub.mac, sizeof(a->pub.mac)) != 0)
		differ(d, "interface %s changed its hardware address", name);
	diff_addresses(d, &a->pub, &b->pub);
}

static void diff_interfaces(struct differences *d, const struct vp_netstate *a,
                            const struct vp_netstate *b, bool *came_or_went)
{
	for (size_t i = 0; i < a->n_interfaces; i++) {
		const struct vp_netstate_interface *x = &a->interfaces[i];
		const struct vp_netstate_interface *y =
			vp_netstate_by_index(b, x->pub.index);

		if (y != NULL) {
			diff_interface(d, x, y);
			continue;
		}
		*came_or_went = true;
		differ(d, "interface %s vanished", x->pub.name);
	}
	for (size_t i = 0; i < b->n_interfaces; i++) {
		const struct vp_netstate_interface *y = &b->interfaces[i];

		if (vp_netstate_by_index(a, y->pub.index) != NULL)
			continue;
		*came_or_went = true;
		differ(d, "interface %s appeared", y->pub.name);
	}
}

static void diff_routes(struct differences *d, const struct vp_netstate *a,
                        const struct vp_netstate *b)
{
	size_t i = 0, j = 0;

	while (i < a->n_routes || j < b->n_routes) {
		const struct vp_netstate_route *x =
			i < a->n_routes ? &a->routes[i] : NULL;
		const struct vp_netstate_route *y =
			j < b->n_routes ? &b->routes[j] : NULL;
		int order = x == NULL   ? 1
		            : y == NULL ? -1
		                        : strcmp(x->key, y->key);

		if (order < 0)
			differ(d, "%s removed (%s)", x->key, x->text);
		else if (order > 0)
			differ(d, "%s added (%s)", y->key, y->text);
		else if (strcmp(x->text, y->text) != 0)
			differ(d, "%s changed (%s, now %s)", x->key, x->text,
			       y->text);
		i += order <= 0;
		j += order >= 0;
	}
}

size_t vp_netstate_compare(const struct vp_netstate *before,
                           const struct vp_netstate *after, bool *interfaces,
                           void (*line)(const char *text, void *arg), void *arg)
{
	struct differences d = { .line = line, .arg = arg };
	const char *a = before->resolv_conf, *b = after->resolv_conf;

	*interfaces = false;
	diff_interfaces(&d, before, after, interfaces);
	diff_routes(&d, before, after);
	if ((a == NULL) != (b == NULL))
		differ(&d, "/etc/resolv.conf %s",
		       b == NULL ? "was removed" : "was added");
	else if (a != NULL && strcmp(a, b) != 0)
		differ(&d, "/etc/resolv.conf changed");
	return d.n;
}
