/*
 * dns_write.c - the one message we write: a question (RFC 1035, 6891).
 */
#include "vnetprobe/dns_message.h"

#include <errno.h>
#include <string.h>

#include "dns_name.h"

static size_t put16(uint8_t *buf, size_t at, unsigned v)
{
	buf[at] = (uint8_t)(v >> 8);
	buf[at + 1] = (uint8_t)v;
	return at + 2;
}

int vp_dns_question_write(uint8_t *buf, size_t size, uint16_t id,
                          const char *name, uint16_t type, uint16_t udp_payload)
{
	struct vp_dns_name n;
	size_t at = 0, need;

	if (vp_dns_name_parse(&n, name) != 0)
		return -EINVAL;
	need = VP_DNS_HEADER_LEN + n.len + 4u +
	       (udp_payload != 0 ? VP_DNS_RECORD_MIN : 0);
	if (size < need)
		return -ENOSPC;
	memset(buf, 0, need);
	at = put16(buf, at, id);
	at = put16(buf, at, VP_DNS_FLAG_RD);
	put16(buf, at, 1);
	put16(buf, 10, udp_payload != 0);
	at = VP_DNS_HEADER_LEN;
	memcpy(buf + at, n.wire, n.len);
	at = put16(buf, at + n.len, type);
	at = put16(buf, at,
	           type == VP_DNS_TXT ? VP_DNS_CLASS_CH : VP_DNS_CLASS_IN);
	if (udp_payload != 0) {
		/* RFC 6891 section 6.1.2: root, OPT, payload size as class;
		 * version, flags and options all zero. */
		at = put16(buf, at + 1, VP_DNS_OPT);
		put16(buf, at, udp_payload);
	}
	return (int)need;
}

void vp_dns_question_checking_disabled(uint8_t *buf)
{
	put16(buf, 2, VP_DNS_FLAG_RD | VP_DNS_FLAG_CD);
}
