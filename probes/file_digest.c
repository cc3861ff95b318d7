/* file_digest.c - see file_digest.h. */
#include "file_digest.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CHUNK (256 * 1024)

static int feed(EVP_MD_CTX *ctx, uint8_t *chunk, int fd, uint64_t len)
{
	uint64_t at = 0;

	while (at < len) {
		size_t want = len - at < CHUNK ? (size_t)(len - at) : CHUNK;
		ssize_t n = pread(fd, chunk, want, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		if (EVP_DigestUpdate(ctx, chunk, (size_t)n) != 1)
			return -EIO;
		at += (uint64_t)n;
	}
	return 0;
}

int vp_file_digest(char hex[VP_FILE_DIGEST], int fd, uint64_t len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t *chunk = malloc(CHUNK), digest[EVP_MAX_MD_SIZE];
	unsigned size = 0;
	int err = -ENOMEM;

	if (ctx != NULL && chunk != NULL) {
		err = -EIO;
		if (EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1)
			err = feed(ctx, chunk, fd, len);
	}
	if (err == 0 && EVP_DigestFinal_ex(ctx, digest, &size) != 1)
		err = -EIO;
	for (unsigned i = 0; err == 0 && i < size; i++)
		snprintf(hex + (size_t)i * 2, 3, "%02x", digest[i]);
	free(chunk);
	EVP_MD_CTX_free(ctx);
	return err;
}
