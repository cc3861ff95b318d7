/*
 * quic_keys.h - the keys of a client's Initial packets (RFC 9001 section 5.2,
 * RFC 9369 section 3.3).
 */
#ifndef VP_PROBES_QUIC_KEYS_H
#define VP_PROBES_QUIC_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VP_QUIC_V1 0x00000001u
#define VP_QUIC_V2 0x6b3343cfu
#define VP_QUIC_CID_MAX 20 /* RFC 9000 section 17.2 */
#define VP_QUIC_TAG 16
#define VP_QUIC_SAMPLE 16
#define VP_QUIC_PLAIN_MAX 65536

struct vp_quic_keys {
	uint32_t version; /* 0: none yet */
	uint8_t cid[VP_QUIC_CID_MAX];
	uint8_t cid_len;
	uint8_t key[16], iv[12], hp[16];
};

/* False: no memory, or OpenSSL lacks what it takes. */
bool vp_quic_keys_derive(struct vp_quic_keys *k, uint32_t version,
                         const uint8_t *cid, size_t cid_len);
/* RFC 9001 section 5.4.3. */
bool vp_quic_mask(uint8_t mask[5], const struct vp_quic_keys *k,
                  const uint8_t sample[VP_QUIC_SAMPLE]);

struct vp_quic_sealed {
	uint8_t first;         /* of the header, without protection */
	const uint8_t *header; /* behind the first byte, up to the number */
	size_t header_len;
	uint8_t number[4]; /* without protection */
	size_t number_len;
	uint64_t full_number;
	const uint8_t *body; /* with its tag */
	size_t body_len;     /* from VP_QUIC_TAG to VP_QUIC_PLAIN_MAX */
};

/* Section 5.3. The plain text, which stays until the next call on this thread;
 * NULL: it was not sealed with these keys. */
const uint8_t *vp_quic_open(size_t *len, const struct vp_quic_keys *k,
                            const struct vp_quic_sealed *s);

#endif
