/*
 * dns_service.h - the data of SVCB and HTTPS records (RFC 9460).
 */
#ifndef VP_PROBES_DNS_SERVICE_H
#define VP_PROBES_DNS_SERVICE_H

#include "dns_name.h"
#include "vnetprobe/dns_message.h"

#define VP_DNS_SVCB 64
#define VP_DNS_HTTPS 65

/* The data from at to end of the message. False: it makes no sense. */
bool vp_dns_service_read(struct vp_dns_service *out, struct vp_arena *arena,
                         const uint8_t *msg, size_t at, size_t end,
                         const struct vp_dns_name *owner, uint32_t ttl);

#endif
