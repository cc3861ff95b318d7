/* discover.c - see discover.h: which sources are asked, and in what order. */
#include "discover.h"

#include <unistd.h>

#include "found.h"

/* Does anything but this machine say what is to be looked at? */
static bool is_named(const struct vp_settings *s)
{
	return s->workspace.present || s->n_storage_accounts > 0 ||
	       s->n_key_vaults > 0 || s->n_registries > 0 || s->n_targets > 0;
}

/* What stands on the command line is what is meant, and no more. */
static bool wants_targets(const struct vp_settings *s)
{
	return s->command == VP_COMMAND_INIT || s->n_arguments == 0;
}

static bool may_discover(const struct vp_settings *s)
{
	switch (s->command) {
	case VP_COMMAND_CHECK:
	case VP_COMMAND_DNS:
	case VP_COMMAND_TARGETS:
	case VP_COMMAND_INIT:
		return !s->no_discover;
	default:
		return false;
	}
}

int vp_discover(struct vp_settings *s, struct vp_facts *facts, char *why,
                size_t size)
{
	const struct vp_found_local local = { .environment = environ };
	struct vp_found f = { .arena = facts->arena, .out = &facts->discovery };

	(void)why, (void)size;
	if (!may_discover(s) || (is_named(s) && !s->discover))
		return 0;
	vp_found_local(&f, &local);
	vp_found_apply(s, f.out, wants_targets(s));
	return 0;
}
