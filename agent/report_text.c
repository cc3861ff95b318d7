/*
 * report_text.c - the report for people.
 *
 * Read at night by somebody tired: the verdict first, then what is wrong,
 * worst first, each with what to do; then tables of what was looked at, and
 * last where the evidence lies. Findings of one kind on several targets are
 * one block; -v shows each, and what is fine as well.
 */
#include "report.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "pen.h"

#define MOST_NAMES 4 /* in one folded block */
#define MOST_DETAILS 2
#define MOST_EVIDENCE 4
#define MOST_LINES 6   /* different remedies of one kind */
#define MOST_FAILED 50 /* targets, when not verbose */
#define MOST_OK 20     /* targets that are fine, when not verbose */
#define MOST_FLOWS 12

struct ctx {
	struct pen pen;
	const struct vp_facts *facts;
	const struct vp_judgement *j;
	bool verbose;
};

/* --- small texts ------------------------------------------------------- */

static const char *text(struct ctx *c, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static const char *text(struct ctx *c, const char *fmt, ...)
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

static const char *endpoint(struct ctx *c, const struct vp_endpoint *e)
{
	char buf[VP_ENDPOINT_TEXT];

	if (e->addr.family == 0)
		return "?";
	if (e->port == 0)
		return text(c, "%s", vp_addr_format(&e->addr, buf));
	return text(c, "%s", vp_endpoint_format(e, buf));
}

static const char *moment(struct ctx *c, int64_t us, const char *format)
{
	time_t s = (time_t)(us / 1000000);
	char buf[64] = "";
	struct tm tm;

	if (us <= 0 || gmtime_r(&s, &tm) == NULL)
		return "?";
	strftime(buf, sizeof(buf), format, &tm);
	return text(c, "%s", buf);
}

static const char *clock_text(struct ctx *c, int64_t us)
{
	return text(c, "%s.%03u", moment(c, us, "%H:%M:%S"),
	            (unsigned)(us / 1000 % 1000));
}

static void heading(struct ctx *c, const char *title)
{
	pen_line(&c->pen);
	pen_put(&c->pen, PEN_BOLD, 0, title);
	pen_line(&c->pen);
}

static const enum pen_color severity_colors[] = {
	[VP_SEVERITY_LEAK] = PEN_BOLD_RED,
	[VP_SEVERITY_ERROR] = PEN_RED,
	[VP_SEVERITY_UNPROVEN] = PEN_MAGENTA,
	[VP_SEVERITY_WARNING] = PEN_YELLOW,
	[VP_SEVERITY_INFO] = PEN_CYAN,
};

/* --- head -------------------------------------------------------------- */

static void put_head(struct ctx *c)
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
	         text(c, "%s on %s, scenario %s, %s UTC, %.1f s",
	              f->tool != NULL ? f->tool : "vnetprobe",
	              f->hostname != NULL ? f->hostname : "?", f->scenario,
	              moment(c, f->started_us, "%Y-%m-%d %H:%M:%S"),
	              f->ended_us > f->started_us
	                      ? (double)(f->ended_us - f->started_us) / 1e6
	                      : 0.0));
}

/* --- findings ---------------------------------------------------------- */

static void put_title(struct ctx *c, const struct vp_finding *f)
{
	struct pen *p = &c->pen;

	pen_line(p);
	pen_put(p, severity_colors[f->severity], 9,
	        vp_severity_name(f->severity));
	pen_put(p, PEN_BOLD, 0, f->type->id);
	pen_line(p);
	pen_wrap(p, "         ", 9, f->title);
}

/* "12 targets: a, b, c, d and 8 more"; without a port they are names. */
static void put_names(struct ctx *c, const struct vp_finding *f, size_t n)
{
	const char *list = "", *before = NULL;
	size_t shown = 0, distinct = 0;

	for (size_t i = 0; i < n; i++) {
		const char *name = f[i].target;

		if (name == NULL ||
		    (before != NULL && strcmp(name, before) == 0))
			continue; /* they come sorted */
		before = name;
		if (distinct++ >= MOST_NAMES && !c->verbose)
			continue;
		list = vp_arena_printf(c->pen.arena, "%s%s%s", list,
		                       shown++ > 0 ? ", " : "", name);
	}
	if (distinct == 0)
		return;
	if (distinct > shown)
		list = vp_arena_printf(c->pen.arena, "%s and %zu more", list,
		                       distinct - shown);
	if (distinct > 1)
		list = vp_arena_printf(c->pen.arena, "%zu %s: %s", distinct,
		                       strchr(list, ':') ? "targets" : "names",
		                       list);
	pen_wrap(&c->pen, "         ", 9, list);
}

/* One sentence; of several findings only if it holds for all, or if nothing
 * else tells more. */
static void put_details(struct ctx *c, const struct vp_finding *f, size_t n)
{
	size_t shown = 0;
	bool same = true, evidence = false;

	for (size_t i = 0; i < n; i++) {
		same &= f[i].detail != NULL && f[0].detail != NULL &&
		        strcmp(f[i].detail, f[0].detail) == 0;
		evidence |= f[i].n_evidence > 0;
	}
	if (!same && evidence)
		return;
	for (size_t i = 0; i < (same ? 1 : n) && shown < MOST_DETAILS; i++) {
		if (f[i].detail == NULL)
			continue;
		pen_wrap(&c->pen, "         ", 9, f[i].detail);
		shown++;
	}
}

static bool among(const char *const *list, size_t n, const char *text)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(list[i], text) == 0)
			return true;
	}
	return false;
}

static void put_evidence(struct ctx *c, const struct vp_finding *f, size_t n)
{
	const char *lines[MOST_EVIDENCE + 1];
	size_t shown = 0, total = 0;

	for (size_t i = 0; i < n; i++)
		total += f[i].n_evidence;
	/* One finding: all it has. Several: the first as an example, and a
	 * line of each that follows, if it says something new. */
	for (size_t i = 0; i < n && shown < MOST_EVIDENCE; i++) {
		size_t most = n == 1 ? f[i].n_evidence : i == 0 ? 2 : 1;

		for (size_t k = 0; k < most && k < f[i].n_evidence; k++) {
			const char *line = f[i].evidence[k];

			if (n > 1) {
				if (among(lines, shown, line))
					continue;
				lines[shown] = line;
			}
			pen_wrap(&c->pen, "         - ", 11, line);
			shown++;
		}
	}
	if (total > shown)
		pen_wrap(&c->pen, "         - ", 11,
		         text(c, "and %zu more: -v, or the JSON report",
		              total - shown));
}

static const char *line_of(struct ctx *c, const char *remedy, size_t k)
{
	for (; k > 0; k--) {
		remedy = strchr(remedy, '\n');
		if (remedy == NULL)
			return NULL;
		remedy++;
	}
	return vp_arena_strndup(c->pen.arena, remedy, strcspn(remedy, "\n"));
}

static bool ends_word(const char *text)
{
	text += strspn(text, ".,:;)");
	return *text == ' ' || *text == '\0';
}

/* Sentences that differ in one word are one sentence with a list of them:
 * "for 10.20.2.4, 10.20.2.5 and more:". NULL: they differ in more. */
static const char *one_sentence(struct ctx *c, const char *const *lines,
                                size_t n, bool more)
{
	size_t head = strlen(lines[0]), tail = head;
	const char *list = "";

	for (size_t i = 1; i < n; i++) {
		size_t a = strlen(lines[0]), b = strlen(lines[i]), k = 0;

		while (k < head && lines[0][k] == lines[i][k])
			k++;
		head = k;
		for (k = 0; k < tail && k < b - head && k < a - head &&
		            lines[0][a - 1 - k] == lines[i][b - 1 - k];)
			k++;
		tail = k;
	}
	while (head > 0 && strchr(" (", lines[0][head - 1]) == NULL)
		head--;
	while (!ends_word(lines[0] + strlen(lines[0]) - tail))
		tail--;
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(lines[i]) - head - tail;
		const char *word =
			vp_arena_strndup(c->pen.arena, lines[i] + head, len);

		if (len == 0 || strchr(word, ' ') != NULL)
			return NULL;
		list = text(c, "%s%s%s", list,
		            i == 0              ? ""
		            : i + 1 < n || more ? ", "
		                                : " and ",
		            word);
	}
	return text(c, "%.*s%s%s%s", (int)head, lines[0], list,
	            more ? " and more" : "",
	            lines[0] + strlen(lines[0]) - tail);
}

/* The k-th line of every remedy, each text once. False: there is none. */
static bool put_remedy_line(struct ctx *c, const struct vp_finding *f, size_t n,
                            size_t k)
{
	const char *shown[MOST_LINES], *sentence = NULL;
	size_t n_shown = 0;
	bool any = false, more = false;

	for (size_t i = 0; i < n; i++) {
		const char *line = line_of(c, f[i].remedy, k);

		if (line == NULL)
			continue;
		any = true;
		if (among(shown, n_shown, line))
			continue;
		more = n_shown == MOST_LINES;
		if (more)
			break;
		shown[n_shown++] = line;
	}
	if (n_shown > 1 && strncmp(shown[0], "    ", 4) != 0)
		sentence = one_sentence(c, shown, n_shown, more);
	if (sentence != NULL) {
		pen_remedy_line(&c->pen, 11, sentence);
		return true;
	}
	for (size_t i = 0; i < n_shown; i++)
		pen_remedy_line(&c->pen, 11, shown[i]);
	if (more)
		pen_remedy_line(&c->pen, 11,
		                "... and so on: -v, or the JSON report");
	return any;
}

static void put_remedy(struct ctx *c, const struct vp_finding *f, size_t n)
{
	pen_put(&c->pen, PEN_PLAIN, 0, "         ");
	pen_put(&c->pen, PEN_GREEN, 0, "Remedy:");
	pen_line(&c->pen);
	if (n > 64)
		n = 64; /* what differs beyond is cut anyway */
	for (size_t k = 0; put_remedy_line(c, f, n, k); k++)
		;
}

static size_t kin(const struct ctx *c, size_t i)
{
	const struct vp_finding *f = c->j->findings;
	size_t n = 1;

	if (c->verbose)
		return 1;
	while (i + n < c->j->n_findings && f[i + n].type == f[i].type &&
	       f[i + n].severity == f[i].severity)
		n++;
	return n;
}

static void put_findings(struct ctx *c)
{
	size_t n;

	for (size_t i = 0; i < c->j->n_findings; i += n) {
		const struct vp_finding *f = &c->j->findings[i];

		n = kin(c, i);
		put_title(c, f);
		put_names(c, f, n);
		put_details(c, f, n);
		put_evidence(c, f, n);
		if (f->severity != VP_SEVERITY_INFO || c->verbose)
			put_remedy(c, f, n);
	}
}

/* --- targets ----------------------------------------------------------- */

static const enum pen_color status_colors[] = {
	[VP_TARGET_OK] = PEN_GREEN,
	[VP_TARGET_FAIL] = PEN_RED,
	[VP_TARGET_UNPROVEN] = PEN_MAGENTA,
};

/* A time, "-" for what was not reached. */
static const char *stage(struct ctx *c, bool done, uint64_t us)
{
	if (!done)
		return "-";
	return us < 100000 ? text(c, "%.1f", (double)us / 1e3)
	                   : text(c, "%.0f", (double)us / 1e3);
}

static bool handshake_done(enum vp_outcome o)
{
	return o == VP_OUTCOME_OK || o == VP_OUTCOME_NAME_MISMATCH ||
	       o == VP_OUTCOME_UNTRUSTED || o == VP_OUTCOME_EXPIRED;
}

/* What the last stage said. */
static const char *result(struct ctx *c, const struct vp_target *t,
                          const struct vp_target_address *a)
{
	if (a->reach == VP_REACH_WITHHELD)
		return "withheld";
	if (a->reach == VP_REACH_PENDING)
		return "not tried";
	if (a->tcp.outcome != VP_OUTCOME_OK)
		return text(c, "TCP %s", vp_outcome_name(a->tcp.outcome));
	if (!t->tls)
		return "open";
	if (a->tls.outcome != VP_OUTCOME_OK)
		return text(c, "TLS %s", vp_outcome_name(a->tls.outcome));
	if (a->http.outcome != VP_OUTCOME_OK)
		return text(c, "HTTP %s", vp_outcome_name(a->http.outcome));
	return vp_signature_name(a->http.signature);
}

static void put_address(struct ctx *c, const struct vp_target *t,
                        const struct vp_target_address *a)
{
	char buf[VP_ADDR_TEXT];
	bool tcp = a->tcp.outcome == VP_OUTCOME_OK;
	bool tls = tcp && t->tls && handshake_done(a->tls.outcome);
	bool http = tls && a->http.outcome == VP_OUTCOME_OK;

	fprintf(c->pen.out, "%12s%-24s%8s%8s%8s  ", "",
	        vp_addr_format(&a->addr, buf), stage(c, tcp, a->tcp.elapsed_us),
	        stage(c, tls, a->tls.elapsed_us),
	        stage(c, http, a->http.elapsed_us));
	pen_put(&c->pen, PEN_PLAIN, 0, result(c, t, a));
	pen_line(&c->pen);
}

static void put_row(struct ctx *c, const struct vp_dns_row *row)
{
	const struct vp_resolver *r = &c->facts->resolvers[row->resolver];
	const char *line;
	char buf[VP_ADDR_TEXT];

	line = text(c, "%s %s",
	            r->source == VP_RESOLVER_NSS ? "getaddrinfo"
	                                         : endpoint(c, &r->endpoint),
	            row->type == VP_DNS_A      ? "A"
	            : row->type == VP_DNS_AAAA ? "AAAA"
	                                       : "");
	for (size_t i = 0; i < row->n_chain; i++)
		line = vp_arena_printf(c->pen.arena, "%s -> %s", line,
		                       row->chain[i].target);
	for (size_t i = 0; i < row->n_addresses; i++)
		line = vp_arena_printf(
			c->pen.arena, "%s%s%s", line, i == 0 ? " -> " : ", ",
			vp_addr_format(&row->addresses[i].addr, buf));
	if (row->outcome != VP_OUTCOME_OK)
		line = vp_arena_printf(c->pen.arena, "%s: %s", line,
		                       vp_outcome_text(row->outcome));
	else if (row->n_addresses == 0)
		line = vp_arena_printf(c->pen.arena, "%s: no address (%d)",
		                       line, row->rcode);
	pen_wrap(&c->pen, "            ", 14, line);
}

static void put_more(struct ctx *c, const struct vp_target *t)
{
	if (t->why != NULL)
		pen_wrap(&c->pen, "            ", 14,
		         text(c, "expected %s: %s", vp_expect_name(t->expect),
		              t->why));
	for (size_t i = 0; i < t->name->n_rows; i++)
		put_row(c, &t->name->rows[i]);
	for (size_t i = 0; i < t->n_addresses; i++) {
		const struct vp_tls_facts *tls = &t->addresses[i].tls;

		if (tls->issuer != NULL)
			pen_wrap(&c->pen, "            ", 14,
			         text(c, "%s, certificate by %s",
			              tls->version != NULL ? tls->version
			                                   : "TLS",
			              tls->issuer));
	}
}

static void put_target(struct ctx *c, size_t index)
{
	const struct vp_target *t = &c->facts->targets[index];
	enum vp_target_status status = c->j->targets[index];

	pen_put(&c->pen, PEN_PLAIN, 0, "  ");
	pen_put(&c->pen, status_colors[status], 10,
	        vp_target_status_name(status));
	pen_put(&c->pen, PEN_PLAIN, 0,
	        text(c, "%s:%u", t->name->name, (unsigned)t->port));
	if (t->expect != VP_EXPECT_PRIVATE)
		pen_put(&c->pen, PEN_DIM, 0,
		        text(c, " (%s)", vp_expect_name(t->expect)));
	pen_line(&c->pen);
	for (size_t i = 0; i < t->n_addresses; i++)
		put_address(c, t, &t->addresses[i]);
	if (t->n_addresses == 0)
		fprintf(c->pen.out, "%12sno address\n", "");
	if (c->verbose)
		put_more(c, t);
}

/* The targets of one status, the first of them. */
static void put_status(struct ctx *c, enum vp_target_status status)
{
	size_t most = status == VP_TARGET_OK ? MOST_OK : MOST_FAILED, n = 0;

	for (size_t i = 0; i < c->facts->n_targets; i++) {
		if (c->j->targets[i] == status && (n++ < most || c->verbose))
			put_target(c, i);
	}
	if (n > most && !c->verbose)
		fprintf(c->pen.out,
		        "  %-10sand %zu more: -v, or the JSON "
		        "report\n",
		        vp_target_status_name(status), n - most);
}

static void put_targets(struct ctx *c)
{
	static const enum vp_target_status order[] = { VP_TARGET_FAIL,
		                                       VP_TARGET_UNPROVEN,
		                                       VP_TARGET_OK };

	if (c->facts->n_targets == 0)
		return;
	pen_line(&c->pen);
	pen_put(&c->pen, PEN_BOLD, 36, "Targets");
	fprintf(c->pen.out, "%8s%8s%8s\n", "tcp ms", "tls ms", "http ms");
	for (size_t k = 0; k < 3; k++)
		put_status(c, order[k]);
	if (c->j->attempts_withheld > 0)
		pen_wrap(&c->pen, "  ", 2,
		         text(c,
		              "withheld: %zu public address%s, not connected "
		              "to because private ones are expected",
		              c->j->attempts_withheld,
		              c->j->attempts_withheld == 1 ? "" : "es"));
}

/* --- resolvers, capture, flows ----------------------------------------- */

static void put_resolvers(struct ctx *c)
{
	if (c->facts->n_resolvers > 0)
		heading(c, "Resolvers");
	for (size_t i = 0; i < c->facts->n_resolvers; i++) {
		const struct vp_resolver *r = &c->facts->resolvers[i];
		bool nss = r->source == VP_RESOLVER_NSS;
		bool ok = strcmp(c->j->resolvers[i], "ok") == 0;

		pen_put(&c->pen, PEN_PLAIN, 0, "  ");
		pen_put(&c->pen, ok ? PEN_GREEN : PEN_RED, 12,
		        c->j->resolvers[i]);
		pen_put(&c->pen, PEN_PLAIN, 26,
		        nss ? "getaddrinfo()" : endpoint(c, &r->endpoint));
		pen_put(&c->pen, PEN_PLAIN, 0,
		        nss ? "what applications get"
		            : vp_resolver_source_name(r->source));
		pen_line(&c->pen);
	}
}

static const char *interfaces(struct ctx *c)
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

static void put_capture(struct ctx *c)
{
	const struct vp_capture_facts *k = &c->facts->capture;
	struct pen *p = &c->pen;

	heading(c, "Capture");
	if (!k->wanted || k->state == VP_CAPTURE_OFF) {
		pen_wrap(p, "  ", 2,
		         text(c, "off%s%s", k->reason != NULL ? ": " : "",
		              k->reason != NULL ? k->reason : ""));
		return;
	}
	pen_wrap(p, "  ", 2,
	         text(c, "%s%s", vp_capture_state_name(k->state),
	              interfaces(c)));
	pen_wrap(p, "  ", 2,
	         text(c,
	              "%llu packets, %llu dropped, %llu dropped by interfaces; "
	              "%llu of %llu own probes seen",
	              (unsigned long long)k->received,
	              (unsigned long long)k->dropped,
	              (unsigned long long)k->interface_dropped,
	              (unsigned long long)k->attested_seen,
	              (unsigned long long)k->attested_expected));
	pen_wrap(p, "  ", 2,
	         text(c, "from %s to %s UTC", clock_text(c, k->armed_us),
	              clock_text(c, k->drained_us)));
}

static const char *flow_text(struct ctx *c, const struct vp_flow *f)
{
	const char *proto = f->proto == IPPROTO_TCP   ? "tcp"
	                    : f->proto == IPPROTO_UDP ? "udp"
	                                              : NULL;
	const char *name = f->sni != NULL   ? f->sni
	                   : f->n_names > 0 ? f->names[0].name
	                                    : NULL;

	if (proto == NULL)
		proto = text(c, "protocol %u", (unsigned)f->proto);
	return text(c, "%s %s %s %s %s%s%s%s, %llu out, %llu in", proto,
	            endpoint(c, &f->local),
	            f->direction == VP_DIRECTION_IN ? "<-" : "->",
	            endpoint(c, &f->remote), vp_flow_state_name(f->state),
	            name != NULL ? ", " : "", name != NULL ? name : "",
	            f->sni != NULL && !f->sni_bound ? " (claimed)" : "",
	            (unsigned long long)f->packets_out,
	            (unsigned long long)f->packets_in);
}

static void put_flow(struct ctx *c, size_t index)
{
	const struct vp_flow_judgement *j = &c->j->flows[index];
	bool bad = j->class == VP_CLASS_LEAK_TARGET ||
	           j->class == VP_CLASS_LEAK_DNS ||
	           j->class == VP_CLASS_UNEXPLAINED;

	pen_put(&c->pen, PEN_PLAIN, 0, "  ");
	pen_put(&c->pen, bad ? PEN_RED : PEN_PLAIN, 13,
	        vp_flow_class_name(j->class));
	pen_wrap_at(&c->pen, 15, 15, flow_text(c, &c->facts->flows[index]));
	pen_wrap(&c->pen, "               ", 15, j->rule);
}

static void put_flows(struct ctx *c)
{
	static const enum vp_flow_class order[] = {
		VP_CLASS_LEAK_TARGET, VP_CLASS_LEAK_DNS, VP_CLASS_UNEXPLAINED,
		VP_CLASS_INBOUND,     VP_CLASS_ALLOWED,  VP_CLASS_REQUIRED,
		VP_CLASS_OWN,
	};
	size_t shown = 0, total = 0;

	for (size_t i = 0; i < c->facts->n_flows; i++)
		total += c->j->flows[i].class != VP_CLASS_PRIVATE;
	if (total == 0)
		return;
	heading(c, "Flows to public addresses");
	for (size_t k = 0; k < sizeof(order) / sizeof(order[0]); k++) {
		for (size_t i = 0; i < c->facts->n_flows; i++) {
			if (c->j->flows[i].class != order[k] ||
			    (shown == MOST_FLOWS && !c->verbose))
				continue;
			put_flow(c, i);
			shown++;
		}
	}
	if (total > shown)
		fprintf(c->pen.out, "  and %zu more: -v, or the JSON report\n",
		        total - shown);
}

static void put_end(struct ctx *c)
{
	struct pen *p = &c->pen;

	pen_line(p);
	if (c->facts->capture.evidence != NULL)
		pen_wrap(p, "Evidence: ", 10, c->facts->capture.evidence);
	if (c->j->n_findings > 0)
		pen_wrap(p, "", 0,
		         text(c, "More about a finding: vnetprobe explain %s",
		              c->j->findings[0].type->id));
}

int vp_report_text(FILE *out, const struct vp_facts *facts,
                   const struct vp_judgement *j,
                   const struct vp_text_style *style)
{
	struct ctx c = {
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

	put_head(&c);
	put_findings(&c);
	put_targets(&c);
	put_resolvers(&c);
	put_capture(&c);
	put_flows(&c);
	put_end(&c);
	vp_arena_destroy(c.pen.arena);
	errno = 0;
	if (fflush(out) != 0 || ferror(out))
		return errno != 0 ? -errno : -EIO;
	return 0;
}
