/*
 * dns_name.h - names in wire form, and the numbers that reading and writing
 * messages share (RFC 1035).
 *
 * A name is kept uncompressed and in lower case: length-prefixed labels with
 * the root's zero byte at the end, so that equal names are equal bytes.
 */
#ifndef VP_PROBES_DNS_NAME_H
#define VP_PROBES_DNS_NAME_H

#include <stdbool.h>

#include "vnetprobe/dns_message.h"

#define VP_DNS_HEADER_LEN 12
#define VP_DNS_RECORD_MIN 11 /* root owner, type, class, TTL, empty data */
#define VP_DNS_WIRE_MAX 255  /* RFC 1035 section 2.3.4 */
#define VP_DNS_LABEL_MAX 63
#define VP_DNS_CLASS_IN 1
#define VP_DNS_CLASS_CH 3
#define VP_DNS_OPT 41 /* RFC 6891: the type of EDNS's record */

struct vp_dns_name {
	uint8_t len; /* with the root's zero byte: 1..255 */
	uint8_t wire[VP_DNS_WIRE_MAX];
};

/* What vp_dns_name_read() says of a name that runs past the end. */
extern const char vp_dns_name_cut[];

static inline uint8_t vp_dns_lower(uint8_t b)
{
	return b >= 'A' && b <= 'Z' ? (uint8_t)(b | 0x20) : b;
}

/* The name at *at of the message, compressed or not; *at moves behind it.
 * NULL, or what is wrong with it. */
const char *vp_dns_name_read(struct vp_dns_name *n, const uint8_t *msg,
                             size_t len, size_t *at);
/* From text, escapes undone. 0, or -EINVAL for an empty label, one of more
 * than 63 bytes, or a name of more than 255. */
int vp_dns_name_parse(struct vp_dns_name *out, const char *text);
/* Lower case, no final dot, \DDD escapes; the root is ".". */
void vp_dns_name_text(char out[VP_DNS_NAME_TEXT], const struct vp_dns_name *n);

bool vp_dns_name_equal(const struct vp_dns_name *a,
                       const struct vp_dns_name *b);
/* A filter before vp_dns_name_equal(), no defence against chosen names. */
uint16_t vp_dns_name_hash(const struct vp_dns_name *n);
/* Does name end in the labels of suffix, with something before them, which is
 * then *prefix_len bytes long? */
bool vp_dns_name_below(const struct vp_dns_name *name,
                       const struct vp_dns_name *suffix, size_t *prefix_len);

#endif
