/* handover.c - see handover.h. */
#include "handover.h"

#include <errno.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

uint64_t vp_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

void vp_hand_over(int fd, const void *data, size_t len)
{
	const char *at = data;

	while (len > 0) {
		ssize_t n = write(fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			_exit(1);
		at += n;
		len -= (size_t)n;
	}
}

int vp_take_over(int fd, void *data, size_t size, size_t *len,
                 uint64_t until_ms)
{
	for (*len = 0; *len < size;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		uint64_t now = vp_now_ms();
		ssize_t n;

		if (now >= until_ms)
			return -ETIMEDOUT;
		if (poll(&p, 1, (int)(until_ms - now)) <= 0)
			continue;
		n = read(fd, (char *)data + *len, size - *len);
		if (n == 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
		*len += n > 0 ? (size_t)n : 0;
	}
	return 0;
}
