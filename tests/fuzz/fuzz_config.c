/* Any bytes as a config: refused with one line that names the file, or read
 * and planned. */
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void plan(struct vp_settings *s)
{
	static struct vp_endpoint resolver = { { 4, { 10, 0, 0, 4 } }, 53 };
	struct vp_facts *facts = vp_facts_create();
	char why[1024] = "";

	s->n_endpoint_files = 0; /* no other file is opened */
	if (s->n_resolvers == 0) {
		s->resolvers = &resolver;
		s->n_resolvers = 1;
	}
	if (vp_plan_make(facts, s, why, sizeof(why)) != 0 && *why == '\0')
		abort();
	vp_facts_destroy(facts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vp_settings s = { .arena = vp_arena_create() };
	char why[1024] = "";

	s.cloud = vp_arena_strdup(s.arena, "public");
	s.scenario = vp_arena_strdup(s.arena, "secured");
	if (vp_config_parse(&s, "fuzz", data, size, why, sizeof(why)) == 0)
		plan(&s);
	else if (strncmp(why, "fuzz:", 5) != 0 || strchr(why, '\n') != NULL)
		abort();
	vp_arena_destroy(s.arena);
	return 0;
}
