/*
 * Any bytes, in records and bare. A verdict, once reached, must stand when more
 * bytes follow, and the same hello must say the same both ways.
 */
#include <stdlib.h>
#include <string.h>

#include "vnetprobe/client_hello.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef enum vp_hello reader(struct vp_hello_found *out, const uint8_t *data,
                             size_t len);

static void check(reader *read, const uint8_t *data, size_t size)
{
	struct vp_hello_found whole, part;
	enum vp_hello all = read(&whole, data, size);
	enum vp_hello half = read(&part, data, size / 2);

	if (half != VP_HELLO_MORE && half != all)
		abort();
	if (half == VP_HELLO_NAME && memcmp(&whole, &part, sizeof(part)) != 0)
		abort();
	if ((all == VP_HELLO_NAME) != (whole.name[0] != '\0') &&
	    all != VP_HELLO_MORE)
		abort();
	if (strlen(whole.name) > 253 || whole.len > size)
		abort();
}

/* As one record, if it fits. */
static void compare(const uint8_t *data, size_t size)
{
	struct vp_hello_found bare, framed;
	static uint8_t record[5 + 16384];
	enum vp_hello got;

	if (size == 0 || size > 16384)
		return;
	memcpy(record, "\x16\3\1", 3);
	record[3] = (uint8_t)(size >> 8);
	record[4] = (uint8_t)size;
	memcpy(record + 5, data, size);
	got = vp_client_hello_message(&bare, data, size);
	if (got != vp_client_hello_read(&framed, record, 5 + size))
		abort();
	if (strcmp(bare.name, framed.name) != 0 || bare.ech != framed.ech ||
	    bare.doubtful != framed.doubtful)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check(vp_client_hello_read, data, size);
	check(vp_client_hello_message, data, size);
	compare(data, size);
	return 0;
}
