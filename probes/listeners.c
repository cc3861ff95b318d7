/* listeners.c - see vnetprobe/listeners.h; proc_net_tcp(5) has the format. */
#include "vnetprobe/listeners.h"

#include <inttypes.h>
#include <stdio.h>

#define STATE_LISTEN 0x0a /* TCP_LISTEN of the kernel's tcp_states.h */

static void read_file(const char *path, void (*port)(uint16_t, void *),
                      void *arg)
{
	FILE *f = fopen(path, "re");
	char line[512];

	if (f == NULL)
		return;
	while (fgets(line, sizeof(line), f) != NULL) {
		unsigned number, state;

		/* "0: 00000000:0016 00000000:0000 0A ..." */
		if (sscanf(line,
		           "%*u: %*[0-9A-Fa-f]:%4x %*[0-9A-Fa-f]:%*4x %2x",
		           &number, &state) == 2 &&
		    state == STATE_LISTEN)
			port((uint16_t)number, arg);
	}
	fclose(f);
}

void vp_listeners(const char *path, void (*port)(uint16_t port, void *arg),
                  void *arg)
{
	if (path != NULL) {
		read_file(path, port, arg);
		return;
	}
	read_file("/proc/net/tcp", port, arg);
	read_file("/proc/net/tcp6", port, arg);
}
