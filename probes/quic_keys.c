/*
 * quic_keys.c - the keys of a client's Initial packets (RFC 9001 section 5.2,
 * RFC 9369 section 3.3).
 *
 * The contexts of OpenSSL are made once for a thread and used again with other
 * keys: making them costs more than opening a packet.
 */
#include "quic_keys.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <string.h>

#define SECRET 32 /* of SHA-256 */
#define LABEL_MAX 16

struct tools {
	EVP_MAC_CTX *hmac;
	EVP_CIPHER_CTX *ecb, *gcm;
	uint8_t plain[VP_QUIC_PLAIN_MAX];
};

/* Lives as long as its thread, of which there is one. */
static _Thread_local struct tools *shared;

static void tools_free(struct tools *t)
{
	EVP_MAC_CTX_free(t->hmac);
	EVP_CIPHER_CTX_free(t->ecb);
	EVP_CIPHER_CTX_free(t->gcm);
	OPENSSL_free(t);
}

static EVP_CIPHER_CTX *cipher_new(const char *name, int encrypts)
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, name, NULL);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

	if (cipher == NULL || ctx == NULL ||
	    EVP_CipherInit_ex2(ctx, cipher, NULL, NULL, encrypts, NULL) != 1) {
		EVP_CIPHER_CTX_free(ctx);
		ctx = NULL;
	}
	EVP_CIPHER_free(cipher); /* the context has its own reference */
	return ctx;
}

static EVP_MAC_CTX *hmac_new(void)
{
	char digest[] = "SHA256";
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest,
		                                 0),
		OSSL_PARAM_construct_end(),
	};
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *ctx = mac != NULL ? EVP_MAC_CTX_new(mac) : NULL;

	if (ctx != NULL && EVP_MAC_CTX_set_params(ctx, params) != 1) {
		EVP_MAC_CTX_free(ctx);
		ctx = NULL;
	}
	EVP_MAC_free(mac);
	return ctx;
}

static struct tools *tools_get(void)
{
	struct tools *t = shared;

	if (t != NULL)
		return t;
	t = OPENSSL_zalloc(sizeof(*t));
	if (t == NULL)
		return NULL;
	t->hmac = hmac_new();
	t->ecb = cipher_new("AES-128-ECB", 1);
	t->gcm = cipher_new("AES-128-GCM", 0);
	if (t->hmac == NULL || t->ecb == NULL || t->gcm == NULL) {
		tools_free(t);
		return NULL;
	}
	EVP_CIPHER_CTX_set_padding(t->ecb, 0);
	return shared = t;
}

/* --- deriving ------------------------------------------------------------ */

/* What a version has of its own. */
struct salts {
	uint32_t version;
	uint8_t salt[20];
	const char *key, *iv, *hp;
};

static const struct salts versions[] = {
	{ VP_QUIC_V1,
	  { 0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
	    0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a },
	  "quic key",
	  "quic iv",
	  "quic hp" },
	{ VP_QUIC_V2,
	  { 0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93,
	    0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9 },
	  "quicv2 key",
	  "quicv2 iv",
	  "quicv2 hp" },
};

static bool hmac(uint8_t out[SECRET], struct tools *t, const uint8_t *key,
                 size_t key_len, const uint8_t *data, size_t len)
{
	size_t n;

	return EVP_MAC_init(t->hmac, key, key_len, NULL) == 1 &&
	       EVP_MAC_update(t->hmac, data, len) == 1 &&
	       EVP_MAC_final(t->hmac, out, &n, SECRET) == 1 && n == SECRET;
}

/*
 * HKDF-Expand-Label (RFC 8446 section 7.1) with no context. All that QUIC wants
 * fits into one block of HKDF-Expand (RFC 5869 section 2.3).
 */
static bool expand(uint8_t *out, size_t n, struct tools *t,
                   const uint8_t secret[SECRET], const char *label)
{
	size_t len = strlen(label);
	uint8_t info[3 + 6 + LABEL_MAX + 2], block[SECRET];

	info[0] = 0;
	info[1] = (uint8_t)n;
	info[2] = (uint8_t)(6 + len);
	memcpy(info + 3, "tls13 ", 6);
	memcpy(info + 9, label, len);
	info[9 + len] = 0;  /* context */
	info[10 + len] = 1; /* of the first block */
	if (!hmac(block, t, secret, SECRET, info, 11 + len))
		return false;
	memcpy(out, block, n);
	return true;
}

bool vp_quic_keys_derive(struct vp_quic_keys *k, uint32_t version,
                         const uint8_t *cid, size_t cid_len)
{
	const struct salts *s = &versions[version == VP_QUIC_V2];
	uint8_t initial[SECRET], client[SECRET];
	struct tools *t = tools_get();
	struct vp_quic_keys made = { .version = version };

	if (t == NULL || s->version != version || cid_len > VP_QUIC_CID_MAX)
		return false;
	if (cid_len > 0)
		memcpy(made.cid, cid, cid_len);
	made.cid_len = (uint8_t)cid_len;
	if (!hmac(initial, t, s->salt, sizeof(s->salt), made.cid, cid_len) ||
	    !expand(client, SECRET, t, initial, "client in") ||
	    !expand(made.key, sizeof(made.key), t, client, s->key) ||
	    !expand(made.iv, sizeof(made.iv), t, client, s->iv) ||
	    !expand(made.hp, sizeof(made.hp), t, client, s->hp))
		return false;
	*k = made;
	return true;
}

/* --- opening ------------------------------------------------------------- */

bool vp_quic_mask(uint8_t mask[5], const struct vp_quic_keys *k,
                  const uint8_t sample[VP_QUIC_SAMPLE])
{
	struct tools *t = tools_get();
	uint8_t block[32];
	int n;

	if (t == NULL ||
	    EVP_EncryptInit_ex2(t->ecb, NULL, k->hp, NULL, NULL) != 1 ||
	    EVP_EncryptUpdate(t->ecb, block, &n, sample, VP_QUIC_SAMPLE) != 1)
		return false;
	memcpy(mask, block, 5);
	return true;
}

static bool associate(EVP_CIPHER_CTX *ctx, const uint8_t *b, size_t len)
{
	int n;

	return len == 0 || EVP_DecryptUpdate(ctx, NULL, &n, b, (int)len) == 1;
}

const uint8_t *vp_quic_open(size_t *len, const struct vp_quic_keys *k,
                            const struct vp_quic_sealed *s)
{
	size_t body = s->body_len - VP_QUIC_TAG;
	struct tools *t = tools_get();
	uint8_t nonce[12], tag[VP_QUIC_TAG];
	int n = 0, rest;

	if (t == NULL || s->body_len < VP_QUIC_TAG || body > VP_QUIC_PLAIN_MAX)
		return NULL;
	memcpy(nonce, k->iv, sizeof(nonce));
	for (int i = 0; i < 8; i++)
		nonce[4 + i] ^= (uint8_t)(s->full_number >> (56 - 8 * i));
	memcpy(tag, s->body + body, sizeof(tag));
	if (EVP_DecryptInit_ex2(t->gcm, NULL, k->key, nonce, NULL) != 1 ||
	    !associate(t->gcm, &s->first, 1) ||
	    !associate(t->gcm, s->header, s->header_len) ||
	    !associate(t->gcm, s->number, s->number_len) ||
	    EVP_DecryptUpdate(t->gcm, t->plain, &n, s->body, (int)body) != 1 ||
	    EVP_CIPHER_CTX_ctrl(t->gcm, EVP_CTRL_AEAD_SET_TAG, VP_QUIC_TAG,
	                        tag) != 1 ||
	    EVP_DecryptFinal_ex(t->gcm, t->plain + n, &rest) != 1)
		return NULL;
	*len = body;
	return t->plain;
}
