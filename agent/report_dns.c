/*
 * report_dns.c - what `vnetprobe dns` says to people.
 */
#include "report.h"

#include "report_page.h"

int vp_report_dns(FILE *out, const struct vp_facts *facts,
                  const struct vp_judgement *j,
                  const struct vp_text_style *style)
{
	struct page c;

	page_open(&c, out, facts, j, style);
	page_head(&c);
	page_findings(&c);
	page_servers(&c);
	page_end(&c);
	return page_close(&c);
}
