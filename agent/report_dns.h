/*
 * report_dns.h - what the files of the doctor's text share.
 */
#ifndef VP_AGENT_REPORT_DNS_H
#define VP_AGENT_REPORT_DNS_H

#include "report_page.h"

/* The picture of one name: report_dns_path.c. t: the strictest of its targets,
 * which says what was expected. */
void dns_path(struct page *c, const struct vp_name *name,
              const struct vp_target *t);
/* Every packet: report_dns_trace.c. */
void dns_trace(struct page *c);

#endif
