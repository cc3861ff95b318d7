/*
 * fuzz_signature.c - an HTTP answer from a stranger, read as every kind.
 *
 * The input is headers and body, parted by the first empty line.
 */
#include "vnetprobe/signature.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *copy(const uint8_t *data, size_t n)
{
	char *p = malloc(n > 0 ? n : 1);

	if (p == NULL)
		abort();
	memcpy(p, data, n);
	return p;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = memmem(data, size, "\r\n\r\n", 4);
	size_t split = end != NULL ? (size_t)(end - data) + 4 : size;
	char *headers = copy(data, split);
	char *body = copy(data + split, size - split);

	for (int k = 0; k < VP_KIND_COUNT; k++) {
		struct vp_arena *arena = vp_arena_create();
		struct vp_http_facts f = { 0 };

		vp_signature_read(&f, arena, (enum vp_kind)k, headers, split,
		                  body, size - split);
		if (f.status > 999 || (f.status != 0 && f.status < 100))
			abort();
		if ((f.status == 0) != (f.signature == VP_SIGNATURE_NONE))
			abort();
		if ((f.rule == NULL) != (f.status == 0) ||
		    (f.rule != NULL && vp_signature_row(f.rule) == NULL))
			abort();
		if (f.certainty != VP_CERTAINTY_VERIFIED &&
		    f.signature > VP_SIGNATURE_REACHED)
			abort();
		if (f.said != NULL && strlen(f.said) > 200)
			abort();
		if (f.service_code != NULL && strlen(f.service_code) > 64)
			abort();
		if (f.private_endpoint != NULL &&
		    strlen(f.private_endpoint) > 512)
			abort();
		vp_arena_destroy(arena);
	}
	free(headers);
	free(body);
	return 0;
}
