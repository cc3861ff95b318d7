/* Any bytes. A verdict, once reached, must stand when more bytes follow. */
#include <stdlib.h>
#include <string.h>

#include "vnetprobe/http_head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_host(const char *host)
{
	if (host[0] == '\0' || strlen(host) > 253)
		abort();
	for (; *host != '\0'; host++)
		if (strchr("abcdefghijklmnopqrstuvwxyz0123456789-_.:", *host) ==
		    NULL)
			abort();
}

static int is_final(enum vp_http_head got)
{
	return got == VP_HTTP_HEAD_HOST || got == VP_HTTP_HEAD_URL ||
	       got == VP_HTTP_HEAD_CONNECT;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char whole[256] = "", part[256] = "";
	uint16_t port = 0, part_port = 0;
	enum vp_http_head all, half;

	all = vp_http_head_read(whole, &port, data, size);
	half = vp_http_head_read(part, &part_port, data, size / 2);
	if (half != VP_HTTP_HEAD_MORE && half != all)
		abort();
	if (is_final(half) && (strcmp(whole, part) != 0 || port != part_port))
		abort();
	if (is_final(all))
		check_host(whole);
	if (is_final(all) && port == 0)
		abort();
	return 0;
}
