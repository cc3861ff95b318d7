/*
 * judge_proxy.c - what proxy settings would do to the targets.
 *
 * vnetprobe uses no proxy. Programs that follow the settings let the proxy
 * resolve the names: what this report says of a target does not hold for them.
 */
#include "judge_reach.h"

#include <string.h>

#include "proxy.h"

static bool takes_proxy(const struct vp_facts *f, const struct vp_target *t)
{
	for (int c = 0; c < VP_PROXY_CLIENT_COUNT; c++) {
		if (vp_proxy_for(f, (enum vp_proxy_client)c, true,
		                 t->name->name, t->port) != NULL)
			return true;
	}
	return false;
}

/* A name that does not exist, beside one that does, is nobody's to reach. */
static bool is_unused(const struct judge *j, const struct vp_target *t)
{
	return j->names[judge_name_index(j, t->name)].unused;
}

/* The settings that programs in general get: lines of evidence. */
static void settings_lines(struct judge *j, struct judge_draft *d)
{
	const struct vp_facts *f = j->facts;

	for (size_t i = 0; i < f->n_proxy_settings; i++) {
		const struct vp_proxy_setting *s = &f->proxy_settings[i];

		if (s->general)
			judge_evidence(j, d,
			               vp_arena_printf(j->arena,
			                               "%s: %s=%.200s",
			                               s->source, s->variable,
			                               s->value));
	}
}

/* "a, b, c and 4 more" of those that would take it; *n is how many. */
static const char *taken(struct judge *j, size_t *n)
{
	const struct vp_facts *f = j->facts;
	const char *list = "";

	*n = 0;
	for (size_t i = 0; i < f->n_targets; i++) {
		if (!f->targets[i].tls || is_unused(j, &f->targets[i]) ||
		    !takes_proxy(f, &f->targets[i]))
			continue;
		if ((*n)++ < 4)
			list = vp_arena_printf(
				j->arena, "%s%s%s", list,
				*list != '\0' ? ", " : "",
				judge_target_text(j, &f->targets[i]));
	}
	if (*n > 4)
		list = vp_arena_printf(j->arena, "%s and %zu more", list,
		                       *n - 4);
	return list;
}

/* Names to be exempt, a line of the shell for each: of targets that are not to
 * be reached by a public path, or that take the proxy if it is known which do.
 */
static const char *to_exempt(struct judge *j, bool known)
{
	const struct vp_facts *f = j->facts;
	const char **seen = NULL, *list = NULL;
	size_t n = 0;

	for (size_t i = 0; i < f->n_targets; i++) {
		const struct vp_target *t = &f->targets[i];
		size_t k = 0;

		if (!t->tls || is_unused(j, t) ||
		    (t->expect != VP_EXPECT_PRIVATE &&
		     t->expect != VP_EXPECT_SERVICE_ENDPOINT) ||
		    (known && !takes_proxy(f, t)))
			continue;
		while (k < n && strcmp(seen[k], t->name->name) != 0)
			k++;
		if (k < n)
			continue;
		*VP_PUSH(j->arena, seen, n) = t->name->name;
		list = list == NULL
		               ? t->name->name
		               : vp_arena_printf(
					 j->arena,
					 "%s\"\n    no_proxy=\"$no_proxy,%s",
					 list, t->name->name);
	}
	return list;
}

static void judge_targets(struct judge *j)
{
	struct judge_draft *d;
	size_t n;
	const char *list = taken(j, &n);

	if (n == 0) {
		d = judge_add(j, "proxy-exempt", NULL);
		d->detail = "A proxy is set, and none of the targets would be "
			    "reached through it.";
	} else {
		d = judge_add(j, "proxy-configured", NULL);
		d->detail = "A proxy is set, which was not used. Programs that "
			    "follow the settings would go through it to "
			    "{what}.";
		d->words.what = list;
		d->words.names = to_exempt(j, true);
	}
	settings_lines(j, d);
}

static void judge_platform(struct judge *j)
{
	const struct vp_facts *f = j->facts;
	const char *list = "";
	struct judge_draft *d;

	for (size_t i = 0; i < 2; i++) {
		const char *by = "", *host = vp_proxy_platform[i];

		for (int c = 0; c < VP_PROXY_CLIENT_COUNT; c++) {
			enum vp_proxy_client client = (enum vp_proxy_client)c;

			if (vp_proxy_for(f, client, false, host, 80) != NULL)
				by = vp_arena_printf(
					j->arena, "%s%s%s", by,
					*by != '\0' ? ", " : "",
					vp_proxy_client_name(client));
		}
		if (*by != '\0')
			list = vp_arena_printf(j->arena, "%s%s%s (%s)", list,
			                       *list != '\0' ? ", " : "", host,
			                       by);
	}
	if (*list == '\0')
		return;
	d = judge_add(j, "proxy-takes-metadata", NULL);
	d->detail = "Programs would ask the proxy for {what}.";
	d->words.what = list;
	settings_lines(j, d);
}

/* Reports of old have the variables alone, without their rules. */
static void judge_variables(struct judge *j)
{
	struct judge_draft *d = judge_add(j, "proxy-configured", NULL);

	d->detail = "The environment sets a proxy; it was not used.";
	d->words.names = to_exempt(j, false);
	for (size_t i = 0; i < j->facts->n_proxies; i++)
		judge_evidence(j, d, j->facts->proxies[i]);
}

void judge_proxies(struct judge *j)
{
	const struct vp_proxy_setting *script = vp_proxy_script(j->facts);
	struct judge_draft *d;

	if (j->facts->n_proxy_settings == 0) {
		if (j->facts->n_proxies > 0)
			judge_variables(j);
		return;
	}
	if (script != NULL) {
		d = judge_add(j, "proxy-script", NULL);
		d->detail = "{what} names a script, which was not read.";
		d->words.what = script->value;
		judge_evidence(j, d,
		               vp_arena_printf(j->arena, "%s: %s=%.200s",
		                               script->source, script->variable,
		                               script->value));
	}
	if (!vp_proxy_is_set(j->facts))
		return;
	judge_targets(j);
	judge_platform(j);
}
