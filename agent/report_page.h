/*
 * report_page.h - what the texts for people have in common.
 *
 * report_page.c has the small texts, the head and the tables that every report
 * ends with; report_findings.c what is wrong and what mends it.
 */
#ifndef VP_AGENT_REPORT_PAGE_H
#define VP_AGENT_REPORT_PAGE_H

#include "pen.h"
#include "report.h"

struct page {
	struct pen pen;
	const struct vp_facts *facts;
	const struct vp_judgement *j;
	bool verbose;
};

extern const enum pen_color page_status_colors[]; /* enum vp_target_status */

void page_open(struct page *c, FILE *out, const struct vp_facts *facts,
               const struct vp_judgement *j, const struct vp_text_style *style);
/* 0 or -errno of the stream, which is flushed. */
int page_close(struct page *c);

/* A place for texts that are needed no longer than what is between the two:
 * memory does not grow with the number of names. */
struct vp_arena *page_begin(struct page *c);
void page_finish(struct page *c, struct vp_arena *before);

/* Texts live as long as the page, or to page_finish(). */
const char *page_text(struct page *c, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
const char *page_endpoint(struct page *c, const struct vp_endpoint *e);
/* As strftime() has it, UTC; "?" if unknown. */
const char *page_moment(struct page *c, int64_t us, const char *format);
const char *page_clock(struct page *c, int64_t us); /* 22:56:13.407 */

/* "10.20.1.10", with a port that is not 53; "applications (getaddrinfo)". */
const char *page_server_name(struct page *c, const struct vp_resolver *r);
/* What it is, as far as known: "9.18.33-Debian, link eth0"; "" if nothing. */
const char *page_server_about(struct page *c, const struct vp_resolver *r);

void page_heading(struct page *c, const char *title);
void page_head(struct page *c);
void page_findings(struct page *c);
void page_servers(struct page *c);
void page_capture(struct page *c);
void page_flows(struct page *c);      /* report_flows.c */
void page_discovered(struct page *c); /* report_discovery.c */
void page_proxies(struct page *c);    /* report_proxy.c */
void page_end(struct page *c);

#endif
