/*
 * report_dns_trace.c - every question and answer in order of time.
 *
 * As the packets were on the wire, other programs' as well; where no packet was
 * seen, as our own questions and answers tell it, and then it says so.
 */
#include "report_dns.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "vnetprobe/dns_message.h"

#define MOST_LINES 20000

/* However long: one packet is one line, for grep. */
static void put_line(struct page *c, int64_t time_us, bool out,
                     const char *server, const char *rest)
{
	struct pen *p = &c->pen;

	pen_put(p, PEN_DIM, 0, page_clock(c, time_us));
	pen_put(p, out ? PEN_CYAN : PEN_PLAIN, 0, out ? " -> " : " <- ");
	pen_put(p, PEN_PLAIN, 0, page_text(c, "%s %s", server, rest));
	pen_line(p);
}

static const char *server_text(struct page *c, struct vp_endpoint e)
{
	if (e.port == 53)
		e.port = 0;
	return page_endpoint(c, &e);
}

/* --- packets ----------------------------------------------------------- */

/* Those of RFC 1035 section 4.1.1, RFC 4035 section 3.2 that are set. */
static const char *flags_text(struct page *c, uint16_t flags)
{
	static const struct {
		uint16_t flag;
		const char *word;
	} words[] = {
		{ VP_DNS_FLAG_AA, "aa" }, { VP_DNS_FLAG_TC, "tc" },
		{ VP_DNS_FLAG_RD, "rd" }, { 0x0080, "ra" },
		{ 0x0020, "ad" },         { VP_DNS_FLAG_CD, "cd" },
	};
	const char *text = "";

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if ((flags & words[i].flag) != 0)
			text = page_text(c, "%s%s%s", text,
			                 text[0] != '\0' ? "," : " ",
			                 words[i].word);
	}
	return text;
}

static const char *packet_text(struct page *c, const struct vp_dns_packet *p)
{
	char word[VP_DNS_WORD];
	const char *text =
		page_text(c, "%s %u", p->proto == IPPROTO_TCP ? "tcp" : "udp",
	                  (unsigned)p->id);

	if (p->name != NULL)
		text = page_text(c, "%s %s%s %s", text,
		                 vp_dns_type_name(word, p->type),
		                 p->response ? "" : "?", p->name);
	if (p->rcode >= 0)
		text = page_text(c, "%s %s", text,
		                 vp_dns_rcode_name(word, p->rcode));
	text = page_text(c, "%s%s", text, flags_text(c, p->flags));
	if (p->answer != NULL)
		text = page_text(c, "%s: %s", text, p->answer);
	return page_text(c, "%s (%zu bytes)", text, p->bytes);
}

static void put_packets(struct page *c)
{
	const struct vp_facts *f = c->facts;

	for (size_t i = 0; i < f->n_trace; i++) {
		const struct vp_dns_packet *p = &f->trace[i];
		struct vp_arena *before = page_begin(c);

		put_line(c, p->time_us, p->out, server_text(c, p->remote),
		         packet_text(c, p));
		page_finish(c, before);
	}
	if (f->trace_left_out > 0)
		pen_wrap(&c->pen, "", 4,
		         page_text(c, "and %zu packets more, not kept",
		                   f->trace_left_out));
}

/* --- rows -------------------------------------------------------------- */

struct event {
	int64_t time_us;
	const struct vp_dns_row *row;
	const char *name;
	bool answer;
};

struct events {
	struct event *list;
	size_t n, left_out;
};

static void add_rows(struct page *c, struct events *e, const char *name,
                     const struct vp_dns_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *asked =
			rows[i].asked != NULL ? rows[i].asked : name;
		struct event one = { rows[i].sent_us, &rows[i], asked, false };

		if (e->n + 2 > MOST_LINES) {
			e->left_out += 2;
			continue;
		}
		*VP_PUSH(c->pen.arena, e->list, e->n) = one;
		one.answer = true;
		if (one.time_us > 0)
			one.time_us += (int64_t)rows[i].elapsed_us;
		*VP_PUSH(c->pen.arena, e->list, e->n) = one;
	}
}

static int compare_events(const void *a, const void *b)
{
	const struct event *x = a, *y = b;

	if (x->time_us != y->time_us)
		return x->time_us < y->time_us ? -1 : 1;
	if (x->row != y->row)
		return x->row < y->row ? -1 : 1;
	return x->answer - y->answer;
}

static const char *row_text(struct page *c, const struct vp_dns_row *row)
{
	char rcode[VP_DNS_WORD], buf[VP_ADDR_TEXT];
	bool nss = row->transport == VP_TRANSPORT_NSS;
	const char *text, *gap = nss ? "" : ": ";

	if (row->outcome != VP_OUTCOME_OK)
		return page_text(c, "%s", vp_outcome_text(row->outcome));
	text = nss ? "" : vp_dns_rcode_name(rcode, row->rcode);
	text = page_text(c, "%s%s%s", text, row->authoritative ? " aa" : "",
	                 row->truncated ? " tc" : "");
	for (size_t i = 0; i < row->n_chain; i++, gap = ", ")
		text = page_text(c, "%s%sCNAME %s %u", text, gap,
		                 row->chain[i].target,
		                 (unsigned)row->chain[i].ttl);
	for (size_t i = 0; i < row->n_addresses && i < 32; i++, gap = ", ") {
		const struct vp_dns_address *a = &row->addresses[i];

		text = page_text(c, "%s%s%s %s", text, gap,
		                 a->addr.family == 4 ? "A" : "AAAA",
		                 vp_addr_format(&a->addr, buf));
		if (!nss)
			text = page_text(c, "%s %u", text, (unsigned)a->ttl);
	}
	if (row->n_addresses > 32)
		text = page_text(c, "%s and %zu more", text,
		                 row->n_addresses - 32);
	if (row->soa.zone != NULL)
		text = page_text(c, "%s%sSOA %s %s %u", text, gap,
		                 row->soa.zone,
		                 row->soa.mname != NULL ? row->soa.mname : "?",
		                 (unsigned)row->soa.ttl);
	return text;
}

static void put_event(struct page *c, const struct event *e)
{
	const struct vp_dns_row *row = e->row;
	const struct vp_resolver *r = &c->facts->resolvers[row->resolver];
	const char *question;
	char type[VP_DNS_WORD];

	question = page_text(c, "%s %s%s %s", vp_transport_name(row->transport),
	                     vp_dns_type_name(type, row->type),
	                     e->answer ? "" : "?", e->name);
	if (row->question == VP_QUESTION_UNCHECKED)
		question = page_text(c, "%s cd", question);
	put_line(c, e->time_us, !e->answer,
	         r->source == VP_RESOLVER_NSS ? "getaddrinfo()"
	                                      : server_text(c, r->endpoint),
	         e->answer ? page_text(c, "%s %s", question, row_text(c, row))
	                   : question);
}

static void put_rows(struct page *c)
{
	const struct vp_facts *f = c->facts;
	struct events e = { .n = 0 };

	for (size_t i = 0; i < f->n_names; i++)
		add_rows(c, &e, f->names[i]->name, f->names[i]->rows,
		         f->names[i]->n_rows);
	for (size_t i = 0; i < f->n_zones; i++)
		add_rows(c, &e, f->zones[i].name, f->zones[i].rows,
		         f->zones[i].n_rows);
	if (e.n > 1)
		qsort(e.list, e.n, sizeof(*e.list), compare_events);
	for (size_t i = 0; i < e.n; i++) {
		struct vp_arena *before = page_begin(c);

		put_event(c, &e.list[i]);
		page_finish(c, before);
	}
	if (e.left_out > 0)
		pen_wrap(&c->pen, "", 4,
		         page_text(c, "and %zu lines more", e.left_out));
}

void dns_trace(struct page *c)
{
	const struct vp_capture_facts *k = &c->facts->capture;
	const char *why = k->state == VP_CAPTURE_OFF && k->reason != NULL
	                          ? k->reason
	                          : "none was seen";

	page_heading(c, "Trace (UTC)");
	if (c->facts->n_trace > 0) {
		put_packets(c);
		return;
	}
	pen_wrap(&c->pen, "  ", 2,
	         page_text(c,
	                   "from this run's own questions and answers; no "
	                   "packets: %s",
	                   why));
	put_rows(c);
}
