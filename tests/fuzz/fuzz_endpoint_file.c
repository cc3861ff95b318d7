/* Any bytes as what az prints: refused with one line that names the file, or
 * names in the form that the plan compares, each with an address. */
#include <stdlib.h>
#include <string.h>

#include "endpoint_file.h"
#include "vnetprobe/dns_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct vp_endpoint_file *f)
{
	for (size_t i = 0; i < f->n_names; i++) {
		const struct vp_endpoint_name *n = &f->names[i];
		const char *name = n->fqdn, *why;
		char normal[256];

		name += strncmp(name, "*.", 2) == 0 ? 2 : 0;
		if (vp_dns_name_normalise(normal, name, &why) != 0 ||
		    strcmp(normal, name) != 0 || n->n_addresses == 0)
			abort();
		for (const char *p = n->from; *p != '\0'; p++)
			if ((unsigned char)*p < 0x20)
				abort();
	}
	if (f->n_vnet_dns > 0 && f->vnet_from == NULL)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vp_arena *arena = vp_arena_create();
	struct vp_endpoint_file f = { 0 };
	char why[600] = "";

	if (vp_endpoint_file_parse(&f, arena, "fuzz", (const char *)data, size,
	                           why, sizeof(why)) == 0)
		check(&f);
	else if (strncmp(why, "fuzz: ", 6) != 0 || strchr(why, '\n') != NULL)
		abort();
	vp_arena_destroy(arena);
	return 0;
}
