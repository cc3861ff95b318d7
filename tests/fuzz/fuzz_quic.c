/*
 * Pieces, each with a byte of flags and two of length before it: a datagram as
 * it is, of the client's or the server's, or the frames of an Initial, which
 * are sealed here, as no mutation would ever find a tag that fits.
 */
#include <stdlib.h>
#include <string.h>

#include "../unit/initial.h"
#include "vnetprobe/client_hello.h"
#include "vnetprobe/quic.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX 4096
#define FRAMES_MAX 2000

enum { SEALED = 1, SERVER = 2, VERSION_2 = 4, TOKEN = 8 };

static void check(const struct vp_quic *q, enum vp_quic_got got)
{
	struct vp_hello_found found;
	const uint8_t *b;
	size_t len;

	b = vp_quic_hello(q, &len);
	if (len > MAX || (len > 0 && b == NULL) || vp_quic_held(q) > 3 * MAX)
		abort();
	if (got == VP_QUIC_HELLO &&
	    vp_client_hello_message(&found, b, len) == VP_HELLO_MORE)
		abort();
	if (got == VP_QUIC_HELLO && !vp_quic_begun(q))
		abort();
}

/* From a copy of exact size, so that ASan sees one byte too many. */
static void feed(struct vp_quic *q, unsigned flags, const uint8_t *data,
                 size_t len)
{
	uint8_t *copy = malloc(len > 0 ? len : 1);

	if (copy == NULL)
		abort();
	memcpy(copy, data, len);
	if (flags & SERVER)
		vp_quic_server(q, copy, len);
	else
		check(q, vp_quic_client(q, copy, len));
	free(copy);
}

static void seal(struct vp_quic *q, unsigned flags, const uint8_t *data,
                 size_t len)
{
	const struct initial_head h = { .number = flags >> 4,
		                        .number_len = 1 + (flags >> 4) % 4,
		                        .token_len = flags & TOKEN ? 9 : 0 };
	uint8_t out[FRAMES_MAX + 200], frames[FRAMES_MAX];
	size_t n = len < 4 ? 4 : len;

	memset(frames, 0, 4);
	memcpy(frames, data, len);
	n = initial_seal(out, flags & VERSION_2 ? &initial_v2 : &initial_v1, &h,
	                 frames, n);
	feed(q, flags & ~(unsigned)SERVER, out, n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vp_quic *q = vp_quic_create(MAX);

	if (q == NULL)
		return 0;
	while (size >= 3) {
		unsigned flags = data[0];
		size_t n = (size_t)data[1] << 8 | data[2];

		data += 3;
		size -= 3;
		if (n > size)
			n = size;
		if ((flags & SEALED) != 0 && n <= FRAMES_MAX)
			seal(q, flags, data, n);
		else
			feed(q, flags, data, n);
		data += n;
		size -= n;
	}
	vp_quic_destroy(q);
	return 0;
}
