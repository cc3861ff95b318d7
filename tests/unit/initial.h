/*
 * initial.h - QUIC Initial packets sealed by hand, for the unit tests.
 *
 * The keys are typed from the appendices of RFC 9001 and RFC 9369, not derived,
 * so that deriving is tested.
 */
#ifndef VP_TESTS_INITIAL_H
#define VP_TESTS_INITIAL_H

#include <openssl/evp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct initial_keys {
	uint32_t version;
	unsigned first; /* of a protected header: form, fixed bit, type */
	const char *cid, *key, *iv, *hp;
};

/* RFC 9001 appendix A.1 */
static const struct initial_keys initial_v1 = {
	1,
	0xc0,
	"\x83\x94\xc8\xf0\x3e\x51\x57\x08",
	"\x1f\x36\x96\x13\xdd\x76\xd5\x46\x77\x30\xef\xcb\xe3\xb1\xa2\x2d",
	"\xfa\x04\x4b\x2f\x42\xa3\xfd\x3b\x46\xfb\x25\x5c",
	"\x9f\x50\x44\x9e\x04\xa0\xe8\x10\x28\x3a\x1e\x99\x33\xad\xed\xd2",
};

/* RFC 9369 appendix A.1 */
static const struct initial_keys initial_v2 = {
	0x6b3343cf,
	0xd0,
	"\x83\x94\xc8\xf0\x3e\x51\x57\x08",
	"\x8b\x1a\x0b\xc1\x21\x28\x42\x90\xa2\x9e\x09\x71\xb5\xcd\x04\x5d",
	"\x91\xf7\x3e\x23\x51\xd8\xfa\x91\x66\x0e\x90\x9f",
	"\x45\xb9\x5e\x15\x23\x5d\x6f\x45\xa6\xb1\x9c\xbc\xb0\x29\x4b\xa9",
};

static inline size_t initial_varint(uint8_t *b, size_t v)
{
	if (v < 64) {
		b[0] = (uint8_t)v;
		return 1;
	}
	b[0] = (uint8_t)(0x40 | v >> 8);
	b[1] = (uint8_t)v;
	return 2;
}

static inline size_t initial_crypto(uint8_t *b, size_t offset,
                                    const uint8_t *data, size_t len)
{
	size_t n = 1;

	b[0] = 6;
	n += initial_varint(b + n, offset);
	n += initial_varint(b + n, len);
	memcpy(b + n, data, len);
	return n + len;
}

/* What is put before the number. */
struct initial_head {
	const char *dcid; /* NULL: that of the keys */
	size_t dcid_len, token_len;
	uint32_t number;
	unsigned number_len;
};

static inline void initial_mask(uint8_t mask[16], const struct initial_keys *k,
                                const uint8_t *sample)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n;

	EVP_EncryptInit_ex(ctx, EVP_aes_128_ecb(), NULL, (const uint8_t *)k->hp,
	                   NULL);
	EVP_EncryptUpdate(ctx, mask, &n, sample, 16);
	EVP_CIPHER_CTX_free(ctx);
}

static inline void initial_encrypt(uint8_t *out, const struct initial_keys *k,
                                   uint32_t number, const uint8_t *aad,
                                   size_t aad_len, const uint8_t *plain,
                                   size_t len)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t nonce[12];
	int n;

	memcpy(nonce, k->iv, 12);
	for (int i = 0; i < 4; i++)
		nonce[8 + i] ^= (uint8_t)(number >> (24 - 8 * i));
	EVP_EncryptInit_ex(ctx, EVP_aes_128_gcm(), NULL,
	                   (const uint8_t *)k->key, nonce);
	EVP_EncryptUpdate(ctx, NULL, &n, aad, (int)aad_len);
	EVP_EncryptUpdate(ctx, out, &n, plain, (int)len);
	EVP_EncryptFinal_ex(ctx, out + n, &n);
	EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, 16, out + len);
	EVP_CIPHER_CTX_free(ctx);
}

/* Seals frames into out and returns its length. */
static inline size_t initial_seal(uint8_t *out, const struct initial_keys *k,
                                  const struct initial_head *h,
                                  const uint8_t *frames, size_t len)
{
	size_t n = 0, number, cid = h->dcid != NULL ? h->dcid_len : 8;
	uint8_t mask[16];

	out[n++] = (uint8_t)(k->first | (h->number_len - 1));
	for (int i = 24; i >= 0; i -= 8)
		out[n++] = (uint8_t)(k->version >> i);
	out[n++] = (uint8_t)cid;
	memcpy(out + n, h->dcid != NULL ? h->dcid : k->cid, cid);
	n += cid;
	out[n++] = 0; /* source ID */
	n += initial_varint(out + n, h->token_len);
	memset(out + n, 0x77, h->token_len);
	n += h->token_len;
	out[n] = (uint8_t)(0x40 | (h->number_len + len + 16) >> 8);
	out[n + 1] = (uint8_t)(h->number_len + len + 16);
	n += 2;
	number = n;
	for (unsigned i = h->number_len; i-- > 0;)
		out[n++] = (uint8_t)(h->number >> 8 * i);
	initial_encrypt(out + n, k, h->number, out, n, frames, len);
	initial_mask(mask, k, out + number + 4);
	out[0] ^= mask[0] & 0x0f;
	for (unsigned i = 0; i < h->number_len; i++)
		out[number + i] ^= mask[1 + i];
	return n + len + 16;
}

#endif
