/*
 * report_page.c - what the texts for people have in common: the verdict in
 * front, servers, capture, and the last lines.
 */
#include "report_page.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "forwarder.h"

const enum pen_color page_status_colors[] = {
	[VP_TARGET_OK] = PEN_GREEN,         [VP_TARGET_FAIL] = PEN_RED,
	[VP_TARGET_UNPROVEN] = PEN_MAGENTA, [VP_TARGET_UNCHECKED] = PEN_DIM,
	[VP_TARGET_UNUSED] = PEN_DIM,
};

/* --- small texts ------------------------------------------------------- */

const char *page_text(struct page *c, const char *fmt, ...)
{
	va_list ap;
	char *out;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		return "?";
	out = vp_arena_alloc(c->pen.arena, (size_t)n + 1);
	va_start(ap, fmt);
	vsnprintf(out, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return out;
}

const char *page_endpoint(struct page *c, const struct vp_endpoint *e)
{
	char buf[VP_ENDPOINT_TEXT];

	if (e->addr.family == 0)
		return "?";
	if (e->port == 0)
		return page_text(c, "%s", vp_addr_format(&e->addr, buf));
	return page_text(c, "%s", vp_endpoint_format(e, buf));
}

const char *page_moment(struct page *c, int64_t us, const char *format)
{
	time_t s = (time_t)(us / 1000000);
	char buf[64] = "";
	struct tm tm;

	if (us <= 0 || gmtime_r(&s, &tm) == NULL)
		return "?";
	strftime(buf, sizeof(buf), format, &tm);
	return page_text(c, "%s", buf);
}

const char *page_clock(struct page *c, int64_t us)
{
	return page_text(c, "%s.%03u", page_moment(c, us, "%H:%M:%S"),
	                 (unsigned)(us / 1000 % 1000));
}

void page_heading(struct page *c, const char *title)
{
	pen_line(&c->pen);
	pen_put(&c->pen, PEN_BOLD, 0, title);
	pen_line(&c->pen);
}

/* --- head -------------------------------------------------------------- */

/* Where the packets come from. */
static const char *place_text(const struct vp_facts *f)
{
	const char *text =
		f->mode == VP_MODE_ANALYZE ? f->capture.file : f->hostname;

	if (text == NULL)
		return "?";
	return strcmp(text, "-") == 0 ? "standard input" : text;
}

void page_head(struct page *c)
{
	static const enum pen_color colors[] = {
		[VP_VERDICT_PASS] = PEN_GREEN,
		[VP_VERDICT_FAIL] = PEN_RED,
		[VP_VERDICT_LEAK] = PEN_BOLD_RED,
		[VP_VERDICT_INCONCLUSIVE] = PEN_MAGENTA,
	};
	const struct vp_facts *f = c->facts;
	const char *verdict = vp_verdict_name(c->j->verdict);
	const char *rest = c->j->summary;
	size_t width = strlen(verdict);
	struct pen *p = &c->pen;

	if (strncmp(rest, verdict, width) == 0) { /* coloured by itself */
		pen_put(p, colors[c->j->verdict], 0, verdict);
		rest += width;
	}
	pen_wrap_at(p, width, 2, rest);
	pen_wrap(p, "", 2,
	         page_text(c, "%s %s %s, scenario %s, %s UTC, %.1f s",
	                   f->tool != NULL ? f->tool : "vnetprobe",
	                   f->mode == VP_MODE_ANALYZE ? "of" : "on",
	                   place_text(f), f->scenario,
	                   page_moment(c, f->started_us, "%Y-%m-%d %H:%M:%S"),
	                   f->ended_us > f->started_us
	                           ? (double)(f->ended_us - f->started_us) / 1e6
	                           : 0.0));
}

/* --- servers and capture ----------------------------------------------- */

#define AZURE_DNS "168.63.129.16"
#define VERSION_SHOWN 40

const char *page_server_name(struct page *c, const struct vp_resolver *r)
{
	struct vp_endpoint e = r->endpoint;

	if (r->source == VP_RESOLVER_NSS)
		return "applications (getaddrinfo)";
	if (e.port == 53)
		e.port = 0;
	return page_endpoint(c, &e);
}

static const char *source_about(struct page *c, const struct vp_resolver *r)
{
	char buf[VP_ADDR_TEXT];

	switch (r->source) {
	case VP_RESOLVER_AZURE:
		return "Azure DNS, only compared with";
	case VP_RESOLVER_COMPARE:
		return page_text(c, "%s, only compared with",
		                 r->label != NULL ? r->label : "--compare");
	case VP_RESOLVER_SYSTEMD_RESOLVED:
	case VP_RESOLVER_RESOLV_CONF:
	case VP_RESOLVER_OPTION:
	case VP_RESOLVER_NSS:
		break;
	}
	if (strcmp(vp_addr_format(&r->endpoint.addr, buf), AZURE_DNS) == 0)
		return "Azure DNS";
	if (vp_addr_scope(&r->endpoint.addr, NULL, 0) == VP_SCOPE_LOOPBACK)
		return "on this machine";
	return NULL;
}

static bool is_azure(const struct vp_resolver *r)
{
	char buf[VP_ADDR_TEXT];

	return r->source == VP_RESOLVER_AZURE ||
	       strcmp(vp_addr_format(&r->endpoint.addr, buf), AZURE_DNS) == 0;
}

/* "BIND 9.18.33", "unbound 1.17.1": the version of some has their name. */
static const char *make_text(struct page *c, const struct vp_resolver *r)
{
	const char *kind = vp_forwarder_make(vp_forwarder_kind(r));
	const char *version;

	if (r->version == NULL || r->version[0] == '\0' ||
	    is_azure(r)) /* what it runs is not ours */
		return kind;
	version = page_text(c, "%.*s", VERSION_SHOWN, r->version);
	if (kind == NULL || strncasecmp(kind, version, strlen(kind)) == 0)
		return version;
	return page_text(c, "%s %s", kind, version);
}

const char *page_server_about(struct page *c, const struct vp_resolver *r)
{
	const char *list[3], *text = "";
	size_t n = 0;

	if (make_text(c, r) != NULL)
		list[n++] = make_text(c, r);
	if (source_about(c, r) != NULL)
		list[n++] = source_about(c, r);
	if (r->interface != NULL)
		list[n++] = page_text(c, "link %s", r->interface);
	for (size_t i = 0; i < n; i++)
		text = page_text(c, "%s%s%s", text, i > 0 ? ", " : "", list[i]);
	return text;
}

struct count { /* of one server */
	size_t asked, answered;
	uint64_t slowest_us;
};

static void count_rows(struct count *counts, const struct vp_dns_row *rows,
                       size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct count *k = &counts[rows[i].resolver];

		k->asked++;
		if (rows[i].outcome != VP_OUTCOME_OK)
			continue;
		k->answered++;
		if (rows[i].elapsed_us > k->slowest_us)
			k->slowest_us = rows[i].elapsed_us;
	}
}

static struct count *count_all(struct page *c)
{
	const struct vp_facts *f = c->facts;
	struct count *counts = vp_arena_alloc(
		c->pen.arena, (f->n_resolvers + 1) * sizeof(*counts));

	for (size_t i = 0; i < f->n_names; i++)
		count_rows(counts, f->names[i]->rows, f->names[i]->n_rows);
	for (size_t i = 0; i < f->n_zones; i++)
		count_rows(counts, f->zones[i].rows, f->zones[i].n_rows);
	return counts;
}

/* "66 of 66 answered, slowest 4.1 ms" */
static void put_count(struct page *c, const struct count *k)
{
	if (k->asked == 0)
		return;
	fprintf(c->pen.out, "%14s%zu of %zu answered", "", k->answered,
	        k->asked);
	if (k->answered > 0)
		fprintf(c->pen.out, ", slowest %.1f ms",
		        (double)k->slowest_us / 1e3);
	pen_line(&c->pen);
}

/* Where we have it from, and what it is. */
static const char *source_text(struct page *c, const struct vp_resolver *r)
{
	const char *source = vp_resolver_source_name(r->source);
	const char *about = page_server_about(c, r);

	if (vp_resolver_is_reference(r))
		return about; /* says what it is */
	return about[0] != '\0' ? page_text(c, "%s, %s", source, about)
	                        : source;
}

void page_servers(struct page *c)
{
	const struct count *counts = count_all(c);

	if (c->facts->n_resolvers > 0)
		page_heading(c, "Resolvers");
	for (size_t i = 0; i < c->facts->n_resolvers; i++) {
		const struct vp_resolver *r = &c->facts->resolvers[i];
		bool nss = r->source == VP_RESOLVER_NSS;
		bool ok = strcmp(c->j->resolvers[i], "ok") == 0;

		pen_put(&c->pen, PEN_PLAIN, 0, "  ");
		pen_put(&c->pen, ok ? PEN_GREEN : PEN_RED, 12,
		        c->j->resolvers[i]);
		pen_put(&c->pen, PEN_PLAIN, 26,
		        nss ? "getaddrinfo()" : page_endpoint(c, &r->endpoint));
		pen_wrap_at(&c->pen, 40, 40,
		            nss ? "what applications get" : source_text(c, r));
		if (c->facts->mode == VP_MODE_DNS)
			put_count(c, &counts[i]);
	}
}

static const char *interfaces(struct page *c)
{
	const struct vp_capture_facts *k = &c->facts->capture;
	const char *list = k->n_interfaces > 0 ? " on" : "";

	for (size_t i = 0; i < k->n_interfaces && i < 6; i++)
		list = vp_arena_printf(c->pen.arena, "%s%s %s", list,
		                       i > 0 ? "," : "", k->interfaces[i]);
	if (k->n_interfaces > 6)
		list = vp_arena_printf(c->pen.arena, "%s and %zu more", list,
		                       k->n_interfaces - 6);
	return list;
}

static void put_packets(struct page *c)
{
	const struct vp_capture_facts *k = &c->facts->capture;
	const char *text = page_text(c,
	                             "%llu packets, %llu dropped, %llu dropped "
	                             "by interfaces",
	                             (unsigned long long)k->received,
	                             (unsigned long long)k->dropped,
	                             (unsigned long long)k->interface_dropped);

	/* Most files do not tell of drops at all. */
	if (c->facts->mode == VP_MODE_ANALYZE && k->dropped == 0 &&
	    k->interface_dropped == 0)
		text = page_text(c, "%llu packet%s; the file tells of no loss",
		                 (unsigned long long)k->received,
		                 k->received == 1 ? "" : "s");
	if (vp_mode_probes(c->facts->mode))
		text = page_text(c, "%s; %llu of %llu own probes seen", text,
		                 (unsigned long long)k->attested_seen,
		                 (unsigned long long)k->attested_expected);
	pen_wrap(&c->pen, "  ", 2, text);
	if (k->armed_us == 0 && c->facts->started_us == 0)
		return; /* a file without packets */
	pen_wrap(&c->pen, "  ", 2,
	         page_text(c, "from %s to %s UTC",
	                   page_clock(c, k->armed_us != 0
	                                         ? k->armed_us
	                                         : c->facts->started_us),
	                   page_clock(c, k->drained_us != 0
	                                         ? k->drained_us
	                                         : c->facts->ended_us)));
}

/* How it was learnt who sends; where that is less than all, what it means. */
static void put_senders(struct page *c)
{
	const struct vp_capture_facts *k = &c->facts->capture;
	bool bpf = k->owners != NULL && strcmp(k->owners, "bpf") == 0;
	const char *how = "senders are not known";

	if (k->owners == NULL && k->owners_why == NULL)
		return;
	if (k->owners != NULL)
		how = page_text(c, "senders told by %s", k->owners);
	if (k->owners_why != NULL)
		how = page_text(c, "%s%s%s", how, bpf ? ", but " : ": ",
		                k->owners_why);
	pen_wrap(&c->pen, "  ", 2, how);
	if (k->owners_why != NULL)
		pen_wrap(&c->pen, "    ", 4,
		         "What this means: every flow is judged all the same; "
		         "only who sent one may stay unknown, and that makes "
		         "no verdict better.");
}

void page_capture(struct page *c)
{
	const struct vp_capture_facts *k = &c->facts->capture;
	struct pen *p = &c->pen;

	page_heading(c, "Capture");
	if (!k->wanted || k->state == VP_CAPTURE_OFF) {
		pen_wrap(p, "  ", 2,
		         page_text(c, "off%s%s", k->reason != NULL ? ": " : "",
		                   k->reason != NULL ? k->reason : ""));
		return;
	}
	pen_wrap(p, "  ", 2,
	         page_text(c, "%s%s", vp_capture_state_name(k->state),
	                   interfaces(c)));
	put_packets(c);
	put_senders(c);
}

/* --- the end ----------------------------------------------------------- */

static void put_evidence(struct page *c)
{
	const struct vp_capture_facts *k = &c->facts->capture;

	if (k->evidence == NULL)
		return;
	pen_wrap(&c->pen, "Evidence: ", 10, k->evidence);
	if (k->evidence_packets > 0)
		pen_wrap(&c->pen, "          ", 10,
		         page_text(c, "%llu packets%s",
		                   (unsigned long long)k->evidence_packets,
		                   k->evidence_ring ? ", the last ones" : ""));
	if (k->evidence_sha256 != NULL)
		pen_wrap(&c->pen, "          ", 10,
		         page_text(c, "sha256 %s", k->evidence_sha256));
}

void page_end(struct page *c)
{
	struct pen *p = &c->pen;

	pen_line(p);
	put_evidence(c);
	if (c->j->n_findings > 0)
		pen_wrap(p, "", 0,
		         page_text(c,
		                   "More about a finding: vnetprobe explain %s",
		                   c->j->findings[0].type->id));
}

void page_open(struct page *c, FILE *out, const struct vp_facts *facts,
               const struct vp_judgement *j, const struct vp_text_style *style)
{
	*c = (struct page){
		.pen = {
			.out = out,
			.arena = vp_arena_create(),
			.color = style->color,
			.columns = style->columns != 0 ? style->columns : 80,
		},
		.facts = facts,
		.j = j,
		.verbose = style->verbose,
	};
}

struct vp_arena *page_begin(struct page *c)
{
	struct vp_arena *before = c->pen.arena;

	c->pen.arena = vp_arena_create();
	return before;
}

void page_finish(struct page *c, struct vp_arena *before)
{
	vp_arena_destroy(c->pen.arena);
	c->pen.arena = before;
}

int page_close(struct page *c)
{
	FILE *out = c->pen.out;

	vp_arena_destroy(c->pen.arena);
	errno = 0;
	if (fflush(out) != 0 || ferror(out))
		return errno != 0 ? -errno : -EIO;
	return 0;
}
