/* discover.c - see discover.h: which sources are asked, and in what order. */
#include "discover.h"

#include <unistd.h>

#include "ask.h"
#include "ask_helper.h"
#include "vnetprobe/machine.h"

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

static bool knows(const struct vp_settings *s)
{
	switch (s->command) {
	case VP_COMMAND_CHECK:
	case VP_COMMAND_DNS:
	case VP_COMMAND_TARGETS:
	case VP_COMMAND_INIT:
		return true;
	default:
		return false;
	}
}

#define LIMIT_MS 15000u

unsigned vp_discover_limit(unsigned deadline_ms)
{
	return deadline_ms > 0 && deadline_ms / 2 < LIMIT_MS ? deadline_ms / 2
	                                                     : LIMIT_MS;
}

/* What a user said of the whole run holds for this part of it as well. */
unsigned vp_discover_rest(unsigned deadline_ms, uint64_t took_ms)
{
	return took_ms < deadline_ms ? deadline_ms - (unsigned)took_ms : 1;
}

/* targets sends nothing, unless it is told to. */
static void ask(struct vp_found *f, const struct vp_settings *s, bool named)
{
	struct vp_ask_what what = { 0 };
	bool sends = s->command == VP_COMMAND_CHECK ||
	             (s->command == VP_COMMAND_DNS && s->emit == NULL);

	what.limit_ms = vp_discover_limit(s->deadline_ms);
	what.arm = s->discover;
	what.metadata =
		s->discover || (sends && !named &&
	                        vp_machine_azure(s->dmi_file) == VP_AZURE_YES);
	if (what.metadata || what.arm)
		vp_ask(f, s, &what);
}

static int read_files(struct vp_found *f, const struct vp_settings *s,
                      char *why, size_t size)
{
	struct vp_azure_own own = { 0 };

	for (size_t i = 0; i < s->n_from_files; i++) {
		if (vp_found_azure_read(f, &own, s->from_files[i], why, size) !=
		    0)
			return 2;
	}
	return 0;
}

int vp_discover(struct vp_settings *s, struct vp_facts *facts, char *why,
                size_t size)
{
	const struct vp_found_local local = { .environment = environ };
	struct vp_found f = { .arena = facts->arena, .out = &facts->discovery };
	bool named = is_named(s) || s->n_from_files > 0;
	uint64_t began = vp_now_ms();

	if (!knows(s))
		return 0;
	if (read_files(&f, s, why, size) != 0)
		return 2;
	if (!s->no_discover && (!named || s->discover)) {
		vp_found_local(&f, &local);
		ask(&f, s, named);
	}
	if (s->deadline_stated)
		s->deadline_ms =
			vp_discover_rest(s->deadline_ms, vp_now_ms() - began);
	if (f.out->n_values + f.out->n_notes > 0)
		vp_found_apply(s, f.out, wants_targets(s));
	return 0;
}
