/*
 * plan_target.c - one target into the plan: found again, or added.
 *
 * Names and name:port pairs are found by hash tables, so that ten thousand
 * targets are planned in a moment.
 */
#include "planner.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "vnetprobe/dns_message.h"
#include "vnetprobe/signature.h"

#define HTTPS 443

bool vp_plan_refuse(struct vp_planner *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(p->why, p->size, fmt, ap);
	va_end(ap);
	return false;
}

/* Origins may say more behind a blank: "workspace (notebook name derived)". */
static const struct vp_config_place *place_of(const struct vp_settings *s,
                                              const char *origin)
{
	size_t n = strcspn(origin, " ");

	for (size_t i = 0; i < s->n_places; i++) {
		if (strlen(s->places[i].path) == n &&
		    strncmp(s->places[i].path, origin, n) == 0)
			return &s->places[i];
	}
	return NULL;
}

bool vp_plan_refuse_at(struct vp_planner *p, const char *origin,
                       const char *fmt, ...)
{
	const struct vp_config_place *place = place_of(p->s, origin);
	char text[768];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (place == NULL)
		return vp_plan_refuse(p, "%s: %s", origin, text);
	return vp_plan_refuse(p, "%s:%u:%u: %s: %s", p->s->config_name,
	                      place->line, place->column, origin, text);
}

void vp_plan_note(struct vp_planner *p, const char *fmt, ...)
{
	char text[600];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	p->notes = vp_arena_printf(p->facts->arena, "%s%s%s",
	                           p->notes != NULL ? p->notes : "",
	                           p->notes != NULL ? "; " : "", text);
}

const char *vp_plan_shown(char out[VP_PLAN_SHOWN], const char *text)
{
	size_t n = 0;

	for (; *text != '\0' && n < VP_PLAN_SHOWN - 1; text++)
		out[n++] = isprint((unsigned char)*text) ? *text : '?';
	out[n] = '\0';
	return out;
}

/* --- finding names and targets again -------------------------------------- */

/* FNV-1a. Names come from the user's own config: no need to be clever. */
static size_t hash(const char *name, uint16_t port)
{
	uint64_t h = 14695981039346656037u;

	for (; *name != '\0'; name++)
		h = (h ^ (unsigned char)*name) * 1099511628211u;
	h = (h ^ port) * 1099511628211u;
	return (size_t)(h ^ (h >> 32));
}

typedef bool same_fn(const struct vp_planner *p, size_t index, const char *name,
                     uint16_t port);

static bool same_name(const struct vp_planner *p, size_t index,
                      const char *name, uint16_t port)
{
	(void)port;
	return strcmp(p->facts->names[index]->name, name) == 0;
}

static bool same_target(const struct vp_planner *p, size_t index,
                        const char *name, uint16_t port)
{
	const struct vp_target *t = &p->facts->targets[index];

	return t->port == port && strcmp(t->name->name, name) == 0;
}

/* The slot of this name and port: taken, or where it goes. */
static size_t *find(const struct vp_planner *p, const struct vp_plan_table *t,
                    same_fn *same, const char *name, uint16_t port)
{
	size_t at = hash(name, port) & (t->size - 1);

	while (t->slots[at] != 0 && !same(p, t->slots[at] - 1, name, port))
		at = (at + 1) & (t->size - 1);
	return &t->slots[at];
}

static void grow_names(struct vp_planner *p)
{
	struct vp_plan_table *t = &p->names;

	if (t->size != 0 && t->used < t->size / 2)
		return;
	t->size = t->size != 0 ? t->size * 2 : 64;
	t->slots = vp_arena_alloc(p->facts->arena, t->size * sizeof(*t->slots));
	for (size_t i = 0; i < t->used; i++)
		*find(p, t, same_name, p->facts->names[i]->name, 0) = i + 1;
}

static void grow_targets(struct vp_planner *p)
{
	struct vp_plan_table *t = &p->targets;

	if (t->size != 0 && t->used < t->size / 2)
		return;
	t->size = t->size != 0 ? t->size * 2 : 64;
	t->slots = vp_arena_alloc(p->facts->arena, t->size * sizeof(*t->slots));
	for (size_t i = 0; i < t->used; i++)
		*find(p, t, same_target, p->facts->targets[i].name->name,
		      p->facts->targets[i].port) = i + 1;
}

static struct vp_name *intern_name(struct vp_planner *p, const char *name)
{
	struct vp_facts *f = p->facts;
	struct vp_name *n;
	size_t *slot;

	grow_names(p);
	slot = find(p, &p->names, same_name, name, 0);
	if (*slot != 0)
		return f->names[*slot - 1];
	n = vp_arena_alloc(f->arena, sizeof(*n));
	n->name = vp_arena_strdup(f->arena, name);
	*VP_PUSH(f->arena, f->names, f->n_names) = n;
	*slot = f->n_names;
	p->names.used++;
	return n;
}

/* --- one target ----------------------------------------------------------- */

bool vp_plan_tls_port(uint16_t port)
{
	return port == HTTPS || port == 8443 || port == 6443 || port == 9443;
}

/* NAME.privatelink.REGION.azmk8s.io: the zone is what follows NAME, or a
 * subzone of it (P16). */
static const char *zone_of(const struct vp_catalogue_suffix *row,
                           const char *name)
{
	const char *zone;

	if (row == NULL)
		return NULL;
	if (row->kind != VP_KIND_AKS_API)
		return row->zone;
	zone = strstr(name, ".privatelink.");
	return zone != NULL ? zone + 1 : NULL;
}

static void add_expected(struct vp_arena *arena, struct vp_target *t,
                         const struct vp_draft *d)
{
	if (d->n_addresses > 0)
		t->expected_from = vp_arena_strdup(arena, "config");
	if (d->endpoint != NULL)
		*VP_PUSH(arena, t->endpoints, t->n_endpoints) =
			vp_arena_strdup(arena, d->endpoint);
	for (size_t i = 0; i < d->n_addresses; i++) {
		bool known = false;

		for (size_t k = 0; k < t->n_expected && !known; k++)
			known = vp_addr_equal(&t->expected[k],
			                      &d->addresses[i]);
		if (!known)
			*VP_PUSH(arena, t->expected, t->n_expected) =
				d->addresses[i];
	}
}

/* The same name and port again: a stated expectation wins, two must agree. */
static bool merge(struct vp_planner *p, size_t index, const struct vp_draft *d)
{
	struct vp_target *t = &p->facts->targets[index];

	if (d->has_expect && p->stated[index] && d->expect != t->expect)
		return vp_plan_refuse_at(
			p, d->origin,
			"%s:%u: %s says '%s' and %s says '%s': state one "
			"expectation",
			t->name->name, t->port, t->origin,
			vp_expect_name(t->expect), d->origin,
			vp_expect_name(d->expect));
	if (d->has_expect) {
		vp_plan_expect(p, t, d);
		p->stated[index] = true;
	}
	if (d->alternative_of == NULL)
		t->alternative_of = NULL; /* told whole: it has to exist */
	t->tls = t->tls || d->tls;
	if (t->tls && t->http_path == NULL)
		t->http_path = vp_arena_strdup(p->facts->arena,
		                               vp_signature_path(t->kind));
	add_expected(p->facts->arena, t, d);
	return true;
}

static void fill(struct vp_planner *p, struct vp_target *t,
                 const struct vp_draft *d, const char *name, uint16_t port)
{
	const struct vp_catalogue_suffix *row = vp_catalogue_find(name);
	struct vp_arena *arena = p->facts->arena;

	t->name = intern_name(p, name);
	t->port = port;
	t->kind = row != NULL ? row->kind : VP_KIND_OTHER;
	if (d->has_kind)
		t->kind = d->kind;
	t->origin = vp_arena_strdup(arena, d->origin);
	t->alternative_of = vp_arena_strdup(arena, d->alternative_of);
	t->zone = vp_arena_strdup(arena, zone_of(row, name));
	t->tls = d->tls || vp_plan_tls_port(port);
	if (t->tls)
		t->http_path =
			vp_arena_strdup(arena, vp_signature_path(t->kind));
	vp_plan_expect(p, t, d);
	add_expected(arena, t, d);
}

/* getaddrinfo() takes these for addresses and asks nobody: "10.0.0.4", and
 * also "10.4" and "0x7f.1" (inet_aton). */
static bool is_address(const char *name)
{
	struct in_addr v4;

	return inet_aton(name, &v4) != 0;
}

bool vp_plan_add(struct vp_planner *p, const struct vp_draft *d)
{
	uint16_t port = d->port != 0 ? d->port : HTTPS;
	struct vp_facts *f = p->facts;
	char name[256], shown[VP_PLAN_SHOWN];
	const char *why = "";
	size_t *slot;

	if (vp_dns_name_normalise(name, d->name, &why) != 0)
		return vp_plan_refuse_at(p, d->origin,
		                         "'%s' is not a host name: %s",
		                         vp_plan_shown(shown, d->name), why);
	if (is_address(name))
		return vp_plan_refuse_at(
			p, d->origin, "'%s' is an address, not a name", name);
	grow_targets(p);
	slot = find(p, &p->targets, same_target, name, port);
	if (*slot != 0)
		return merge(p, *slot - 1, d);
	fill(p, VP_PUSH(f->arena, f->targets, f->n_targets), d, name, port);
	*VP_PUSH(f->arena, p->stated, p->n_stated) = d->has_expect;
	*slot = f->n_targets;
	p->targets.used++;
	return true;
}
