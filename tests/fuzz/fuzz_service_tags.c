/* Any bytes as a ServiceTags file: refused with one line that names the file,
 * or every prefix is found at its first address, by a tag that the table has.
 */
#include <stdlib.h>
#include <string.h>

#include "service_tags_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct vp_service_tags *t)
{
	struct vp_arena *arena = vp_arena_create();

	for (size_t i = 0; i < t->n_prefixes; i++) {
		const struct vp_prefix *p = &t->prefixes[i].prefix;
		struct vp_flow_tag *tags;
		size_t n;

		tags = vp_service_tags_find(t, arena, &p->addr, &n);
		if (n == 0)
			abort();
		for (size_t k = 0; k < n; k++) {
			if (!vp_service_tags_has(t, tags[k].name) ||
			    !vp_prefix_contains(&tags[k].prefix, &p->addr))
				abort();
		}
	}
	vp_arena_destroy(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vp_service_tags *t;
	char why[1024] = "";

	if (vp_service_tags_parse(&t, "fuzz", (const char *)data, size, 0, why,
	                          sizeof(why)) == 0)
		check(t);
	else if (t != NULL || strncmp(why, "fuzz: ", 6) != 0 ||
	         strchr(why, '\n') != NULL)
		abort();
	vp_service_tags_destroy(t);
	return 0;
}
