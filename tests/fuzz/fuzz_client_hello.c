/* Any bytes. A verdict, once reached, must stand when more bytes follow. */
#include <stdlib.h>
#include <string.h>

#include "vnetprobe/client_hello.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char whole[256], part[256];
	enum vp_hello all, half;

	all = vp_client_hello_name(whole, data, size);
	half = vp_client_hello_name(part, data, size / 2);
	if (half != VP_HELLO_MORE && half != all)
		abort();
	if (half == VP_HELLO_NAME && strcmp(whole, part) != 0)
		abort();
	return 0;
}
