/*
 * dns_message.h - reading and writing DNS messages (RFC 1035, 2308, 6891).
 *
 * The same reader serves our own answers and those sniffed from the wire, so
 * it trusts nothing: every read is bounds-checked, compression pointers must
 * go backwards, and every loop is bounded.
 */
#ifndef VNETPROBE_DNS_MESSAGE_H
#define VNETPROBE_DNS_MESSAGE_H

#include "vnetprobe/facts.h"

#define VP_DNS_NAME_TEXT 1025 /* presentation form, \DDD escapes, with NUL */

#define VP_DNS_TEXT_MAX 255

#define VP_DNS_FLAG_QR 0x8000
#define VP_DNS_FLAG_AA 0x0400
#define VP_DNS_FLAG_TC 0x0200
#define VP_DNS_FLAG_RD 0x0100
#define VP_DNS_FLAG_CD 0x0010

struct vp_dns_header {
	uint16_t id, flags;
	uint16_t n_question, n_answer, n_authority, n_additional;
};

/* Where a service is, by RFC 9460 (HTTPS and SVCB records). */
struct vp_dns_service {
	uint16_t priority; /* 0: target is another name for all of it */
	char *target;      /* the owner where the record says "." */
	uint32_t ttl;
	struct vp_dns_address *hints; /* ipv4hint, ipv6hint; with that TTL */
	size_t n_hints;
};

/* A message as far as judging needs it; pointers live in the arena. Names are
 * lower case, without a final dot; the root is ".". */
struct vp_dns_message {
	struct vp_dns_header header;
	int rcode;                   /* with the upper bits of EDNS, if any */
	char *question;              /* NULL if the message has none */
	uint16_t type;               /* of the question */
	bool alias_loop;             /* following the chain came back */
	struct vp_chain_link *chain; /* from the question on, in order; CNAMEs
	                              * synthesised by a DNAME included */
	size_t n_chain;
	struct vp_dns_address *addresses; /* at the end of the chain, of the
	                                   * question's type */
	size_t n_addresses;
	struct vp_dns_service *services; /* at the end of the chain, if they
	                                  * were asked for */
	size_t n_services;
	struct vp_soa soa; /* of the authority section; if SOA was asked for
	                    * and is there, that at the end of the chain */
	char *text; /* if TXT was asked for: the strings of the name's first
	             * TXT record, joined and cut at VP_DNS_TEXT_MAX bytes, with
	             * '?' for NUL; else NULL */
};

/* Header: RFC 1035 section 4.1.1. Returns 0, or -EBADMSG if truncated. */
int vp_dns_header_read(struct vp_dns_header *out, const uint8_t *msg,
                       size_t len);

/*
 * Reads a whole message. Returns 0, or -EBADMSG with *why a constant text
 * ("compression loop", "record runs past the end", ...); *out is then
 * untouched. With TC set, a message whose last record is cut is fine.
 */
int vp_dns_message_read(struct vp_dns_message *out, struct vp_arena *arena,
                        const uint8_t *msg, size_t len, const char **why);

/*
 * Reads only the header and the first question, without an arena: what a
 * sniffed packet asks. Returns 0, or -EBADMSG; the outputs are then untouched.
 */
int vp_dns_question_read(char name[VP_DNS_NAME_TEXT], uint16_t *type,
                         struct vp_dns_header *header, const uint8_t *msg,
                         size_t len);

/*
 * Writes a question with RD set and, if udp_payload is not 0, an EDNS0 OPT
 * record of that payload size. The class is IN, but for TXT, CHAOS (RFC 4892
 * section 2). Returns its length, or -EINVAL for a bad name (empty label, label
 * over 63 bytes, name over 255), -ENOSPC.
 */
int vp_dns_question_write(uint8_t *buf, size_t size, uint16_t id,
                          const char *name, uint16_t type,
                          uint16_t udp_payload);

/* Sets CD (RFC 4035 section 3.2.2) in a question that was written. */
void vp_dns_question_checking_disabled(uint8_t *buf);

/*
 * Brings a name into the form used everywhere here: lower case, no final dot.
 * Non-ASCII names are refused with why "write the name in its A-label (xn--)
 * form". Returns 0 or -EINVAL with *why set to one short constant text. A
 * letter-digit-hyphen-underscore check applies; "*" labels are refused.
 */
int vp_dns_name_normalise(char out[256], const char *text, const char **why);

#endif
