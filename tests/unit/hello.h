/* hello.h - ClientHellos built by hand, for the unit tests. */
#ifndef VP_TESTS_HELLO_H
#define VP_TESTS_HELLO_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define HELLO_TAIL 7 /* bytes after the name: one more extension */

static inline size_t hello_16(uint8_t *b, size_t at, size_t v)
{
	b[at] = (uint8_t)(v >> 8);
	b[at + 1] = (uint8_t)v;
	return at + 2;
}

static inline size_t hello_head(uint8_t *b)
{
	memset(b, 0, 64);
	memcpy(b, "\x16\3\1\0\0\1\0\0\0\3\3", 11);
	/* 32 bytes of random, no session id */
	memcpy(b + 44, "\0\4\x13\1\x13\2\1\0", 8);
	return 52;
}

static inline size_t hello_close(uint8_t *b, size_t n)
{
	hello_16(b, 3, n - 5);
	hello_16(b, 7, n - 9);
	return n;
}

static inline size_t hello_make_bare(uint8_t *b)
{
	return hello_close(b, hello_head(b));
}

/* A hello for name (NULL: without the extension), with a key share of pad
 * bytes before it. Returns its length. */
static inline size_t hello_make(uint8_t *b, const char *name, size_t pad)
{
	size_t at = hello_head(b), extensions = at;

	at += 2;
	if (pad > 0) {
		at = hello_16(b, at, 51);
		at = hello_16(b, at, pad);
		memset(b + at, 0x5a, pad);
		at += pad;
	}
	if (name != NULL) {
		size_t len = strlen(name);

		at = hello_16(b, at, 0);
		at = hello_16(b, at, len + 5);
		at = hello_16(b, at, len + 3);
		b[at++] = 0;
		at = hello_16(b, at, len);
		memcpy(b + at, name, len);
		at += len;
	}
	memcpy(b + at, "\0\x2b\0\3\2\3\4", 7); /* supported_versions */
	at += 7;
	hello_16(b, extensions, at - extensions - 2);
	return hello_close(b, at);
}

/* The same handshake bytes in records of size bytes each. */
static inline size_t hello_split(uint8_t *out, const uint8_t *b, size_t n,
                                 size_t size)
{
	size_t to = 0;

	for (size_t at = 5; at < n;) {
		size_t now = n - at < size ? n - at : size;

		memcpy(out + to, "\x16\3\1", 3);
		to = hello_16(out, to + 3, now);
		memcpy(out + to, b + at, now);
		to += now;
		at += now;
	}
	return to;
}

#endif
