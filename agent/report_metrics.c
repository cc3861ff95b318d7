/*
 * report_metrics.c - facts and judgement as metrics, in the text format that
 * Prometheus reads (exposition format 0.0.4), for a textfile collector.
 *
 * Node exporter refuses a whole file for one series that stands twice, and a
 * saved report may hold anything: the samples of a family are therefore
 * collected, sorted by their labels, and those of equal labels are made one.
 * What is told by a state (verdict, target, capture) has one series for each
 * state there is, 0 or 1, so that an alert does not hang on a series that is
 * not there.
 */
#include "report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "report_private.h"

#define N_OF(a) (sizeof(a) / sizeof(*(a)))

/* What two samples of equal labels become. */
enum merging { SUM, LARGEST, SMALLEST };

struct sample {
	const char *labels; /* "{name=\"a\"}", or "" */
	uint64_t value;     /* in the family's units */
};

struct family {
	const char *name, *help;
	enum merging merging;
	bool micro; /* values are millionths, and printed as such */
	struct sample *samples;
	size_t n;
};

struct metrics {
	FILE *out;
	const struct vp_facts *facts;
	const struct vp_judgement *j;
	struct vp_arena *arena; /* of the family that is being made */
	struct family family;
};

/* --- samples ----------------------------------------------------------- */

/* Label values are UTF-8 in which \, " and line feed are escaped; a log may
 * show the file, so other control bytes become visible too. */
static char *label_value(struct vp_arena *a, const char *text)
{
	const char *from = report_escape(a, text != NULL ? text : "");
	char *out = vp_arena_alloc(a, strlen(from) * 5 + 1), *at = out;

	for (; *from != '\0'; from++) {
		if (*from == '\\' || *from == '"')
			at += sprintf(at, "\\%c", *from);
		else if (*from == '\n')
			at += sprintf(at, "\\n");
		else if ((unsigned char)*from < 0x20)
			at += sprintf(at, "\\\\x%02x", (unsigned char)*from);
		else
			*at++ = *from;
	}
	*at = '\0';
	return out;
}

/* labels: name, value, name, value, ..., NULL. */
static void add(struct metrics *m, uint64_t value, ...)
{
	struct sample *s;
	const char *name, *text, *labels = "";
	va_list ap;

	va_start(ap, value);
	while ((name = va_arg(ap, const char *)) != NULL) {
		text = label_value(m->arena, va_arg(ap, const char *));
		labels =
			vp_arena_printf(m->arena, "%s%s%s=\"%s\"", labels,
		                        *labels != '\0' ? "," : "", name, text);
	}
	va_end(ap);
	if (*labels != '\0')
		labels = vp_arena_printf(m->arena, "{%s}", labels);
	s = VP_PUSH(m->arena, m->family.samples, m->family.n);
	s->labels = labels;
	s->value = value;
}

static void begin(struct metrics *m, const char *name, enum merging merging,
                  const char *help)
{
	m->arena = vp_arena_create();
	m->family = (struct family){
		.name = name,
		.help = help,
		.merging = merging,
	};
}

/* Values are microseconds, and told in seconds. */
static void begin_seconds(struct metrics *m, const char *name,
                          enum merging merging, const char *help)
{
	begin(m, name, merging, help);
	m->family.micro = true;
}

static int by_labels(const void *a, const void *b)
{
	return strcmp(((const struct sample *)a)->labels,
	              ((const struct sample *)b)->labels);
}

static uint64_t merged(enum merging how, uint64_t a, uint64_t b)
{
	if (how == SUM)
		return a + b < a ? UINT64_MAX : a + b;
	return (how == LARGEST) == (a > b) ? a : b;
}

static void print_sample(const struct metrics *m, const char *labels,
                         uint64_t value)
{
	fprintf(m->out, "%s%s ", m->family.name, labels);
	if (m->family.micro)
		fprintf(m->out, "%" PRIu64 ".%06" PRIu64 "\n", value / 1000000,
		        value % 1000000);
	else
		fprintf(m->out, "%" PRIu64 "\n", value);
}

static void end(struct metrics *m)
{
	struct family *f = &m->family;
	size_t last = 0;

	if (f->n > 0) {
		fprintf(m->out, "# HELP %s %s\n# TYPE %s gauge\n", f->name,
		        f->help, f->name);
		qsort(f->samples, f->n, sizeof(*f->samples), by_labels);
	}
	for (size_t i = 1; i <= f->n; i++) {
		struct sample *s = &f->samples[last];

		if (i < f->n && strcmp(s->labels, f->samples[i].labels) == 0) {
			s->value = merged(f->merging, s->value,
			                  f->samples[i].value);
			continue;
		}
		print_sample(m, s->labels, s->value);
		last = i;
	}
	vp_arena_destroy(m->arena);
}

/* --- the run ----------------------------------------------------------- */

static uint64_t moment(int64_t us)
{
	return us > 0 ? (uint64_t)us : 0;
}

static uint64_t run_length(const struct vp_facts *f)
{
	return f->ended_us > f->started_us
	               ? (uint64_t)(f->ended_us - f->started_us)
	               : 0;
}

static void run_times(struct metrics *m)
{
	begin_seconds(m, "vnetprobe_run_start_timestamp_seconds", LARGEST,
	              "When the run began, Unix time.");
	add(m, moment(m->facts->started_us), NULL);
	end(m);
	begin_seconds(
		m, "vnetprobe_run_end_timestamp_seconds", LARGEST,
		"When the run ended, Unix time: alert when it grows old.");
	add(m, moment(m->facts->ended_us), NULL);
	end(m);
	begin_seconds(m, "vnetprobe_run_duration_seconds", LARGEST,
	              "How long the run took.");
	add(m, run_length(m->facts), NULL);
	end(m);
}

static void run_result(struct metrics *m)
{
	static const enum vp_verdict verdicts[] = {
		VP_VERDICT_PASS,
		VP_VERDICT_FAIL,
		VP_VERDICT_LEAK,
		VP_VERDICT_INCONCLUSIVE,
	};
	const struct vp_facts *f = m->facts;

	begin(m, "vnetprobe_run_info", LARGEST, "What ran, where; always 1.");
	add(m, 1, "tool", f->tool, "host", f->hostname, "command",
	    vp_mode_name(f->mode), "scenario", f->scenario, "cloud", f->cloud,
	    "region", f->region, NULL);
	end(m);
	begin(m, "vnetprobe_run_verdict", LARGEST,
	      "1 for the verdict of the run, 0 for the others.");
	for (size_t i = 0; i < N_OF(verdicts); i++)
		add(m, m->j->verdict == verdicts[i], "verdict",
		    vp_verdict_name(verdicts[i]), NULL);
	end(m);
	begin(m, "vnetprobe_run_exit_status", LARGEST,
	      "0 pass, 1 fail, 3 inconclusive, 4 leak.");
	add(m, (uint64_t)m->j->exit_status, NULL);
	end(m);
	begin(m, "vnetprobe_run_cut_short", LARGEST,
	      "1 if the deadline or a signal ended the run.");
	add(m, f->deadline_hit, "by", "deadline", NULL);
	add(m, f->interrupted, "by", "signal", NULL);
	end(m);
}

/* --- targets ----------------------------------------------------------- */

static const enum vp_target_status statuses[] = {
	VP_TARGET_OK,        VP_TARGET_FAIL,   VP_TARGET_UNPROVEN,
	VP_TARGET_UNCHECKED, VP_TARGET_UNUSED,
};

#define PORT_TEXT 8
static const char *port_text(char buf[PORT_TEXT], uint16_t port)
{
	snprintf(buf, PORT_TEXT, "%u", port);
	return buf;
}

static void target_status(struct metrics *m)
{
	char port[PORT_TEXT];

	begin(m, "vnetprobe_targets", SUM, "How many targets are so.");
	for (size_t s = 0; s < N_OF(statuses); s++)
		add(m, 0, "status", vp_target_status_name(statuses[s]), NULL);
	for (size_t i = 0; i < m->facts->n_targets; i++)
		add(m, 1, "status", vp_target_status_name(m->j->targets[i]),
		    NULL);
	end(m);
	begin(m, "vnetprobe_target_status", LARGEST,
	      "1 for what a target is: ok, fail, unproven, unchecked, or "
	      "unused.");
	for (size_t i = 0; i < m->facts->n_targets; i++) {
		const struct vp_target *t = &m->facts->targets[i];

		for (size_t s = 0; s < N_OF(statuses); s++)
			add(m, m->j->targets[i] == statuses[s], "name",
			    t->name->name, "port", port_text(port, t->port),
			    "kind", vp_kind_name(t->kind), "expect",
			    vp_expect_name(t->expect), "status",
			    vp_target_status_name(statuses[s]), NULL);
	}
	end(m);
}

/* What one attempt at an address came to, phase by phase. */
struct phase {
	const char *name;
	enum vp_outcome outcome;
	uint64_t elapsed_us;
};

static void phases_of(struct phase out[3], const struct vp_target_address *a)
{
	out[0] = (struct phase){ "tcp", a->tcp.outcome, a->tcp.elapsed_us };
	out[1] = (struct phase){ "tls", a->tls.outcome, a->tls.elapsed_us };
	out[2] = (struct phase){ "http", a->http.outcome, a->http.elapsed_us };
}

typedef void each_phase(struct metrics *m, const struct vp_target *t,
                        const struct vp_target_address *a,
                        const struct phase *phase);

static void over_phases(struct metrics *m, each_phase *each)
{
	struct phase phases[3];

	for (size_t i = 0; i < m->facts->n_targets; i++) {
		const struct vp_target *t = &m->facts->targets[i];

		for (size_t k = 0; k < t->n_addresses; k++) {
			phases_of(phases, &t->addresses[k]);
			for (size_t p = 0; p < N_OF(phases); p++)
				each(m, t, &t->addresses[k], &phases[p]);
		}
	}
}

static void count_outcome(struct metrics *m, const struct vp_target *t,
                          const struct vp_target_address *a,
                          const struct phase *phase)
{
	(void)t;
	if (a->reach == VP_REACH_TRIED && phase->outcome != VP_OUTCOME_NONE)
		add(m, 1, "phase", phase->name, "outcome",
		    vp_outcome_name(phase->outcome), NULL);
}

static void add_duration(struct metrics *m, const struct vp_target *t,
                         const struct vp_target_address *a,
                         const struct phase *phase)
{
	char port[PORT_TEXT], text[VP_ADDR_TEXT];

	if (a->reach == VP_REACH_TRIED && phase->outcome == VP_OUTCOME_OK)
		add(m, phase->elapsed_us, "name", t->name->name, "port",
		    port_text(port, t->port), "address",
		    vp_addr_format(&a->addr, text), "phase", phase->name, NULL);
}

static void add_expiry(struct metrics *m, const struct vp_target *t,
                       const struct vp_target_address *a,
                       const struct phase *phase)
{
	char port[PORT_TEXT], text[VP_ADDR_TEXT];

	if (strcmp(phase->name, "tls") == 0 && a->tls.not_after_s > 0)
		add(m, (uint64_t)a->tls.not_after_s, "name", t->name->name,
		    "port", port_text(port, t->port), "address",
		    vp_addr_format(&a->addr, text), NULL);
}

static void reach(struct metrics *m)
{
	begin(m, "vnetprobe_attempts", SUM,
	      "How many attempts at an address ended so.");
	over_phases(m, count_outcome);
	end(m);
	begin(m, "vnetprobe_attempts_withheld", LARGEST,
	      "Public addresses that were not connected to.");
	add(m, m->j->attempts_withheld, NULL);
	end(m);
	begin_seconds(m, "vnetprobe_target_duration_seconds", LARGEST,
	              "How long a phase that succeeded took.");
	over_phases(m, add_duration);
	end(m);
	begin(m, "vnetprobe_target_certificate_expiry_timestamp_seconds",
	      SMALLEST, "When the certificate shown ends, Unix time.");
	over_phases(m, add_expiry);
	end(m);
}

/* --- resolvers --------------------------------------------------------- */

static const char *resolver_name(char buf[VP_ENDPOINT_TEXT],
                                 const struct vp_resolver *r)
{
	return r->source == VP_RESOLVER_NSS
	               ? "getaddrinfo"
	               : vp_endpoint_format(&r->endpoint, buf);
}

static void resolvers(struct metrics *m)
{
	const struct vp_facts *f = m->facts;
	char text[VP_ENDPOINT_TEXT];

	begin(m, "vnetprobe_resolver_status", LARGEST,
	      "1 for what a resolver is.");
	for (size_t i = 0; i < f->n_resolvers; i++)
		add(m, 1, "resolver", resolver_name(text, &f->resolvers[i]),
		    "source", vp_resolver_source_name(f->resolvers[i].source),
		    "status", m->j->resolvers[i], NULL);
	end(m);
	begin_seconds(m, "vnetprobe_resolver_slowest_answer_seconds", LARGEST,
	              "The longest time that an answer took.");
	for (size_t i = 0; i < f->n_names; i++) {
		for (size_t k = 0; k < f->names[i]->n_rows; k++) {
			const struct vp_dns_row *r = &f->names[i]->rows[k];

			if (r->outcome == VP_OUTCOME_OK &&
			    r->resolver < f->n_resolvers)
				add(m, r->elapsed_us, "resolver",
				    resolver_name(text,
				                  &f->resolvers[r->resolver]),
				    NULL);
		}
	}
	end(m);
}

/* --- findings, flows, capture ------------------------------------------ */

static void findings(struct metrics *m)
{
	begin(m, "vnetprobe_findings", SUM, "How many findings, by severity.");
	for (int s = VP_SEVERITY_LEAK; s <= VP_SEVERITY_INFO; s++)
		add(m, 0, "severity", vp_severity_name((enum vp_severity)s),
		    NULL);
	for (size_t i = 0; i < m->j->n_findings; i++)
		add(m, 1, "severity",
		    vp_severity_name(m->j->findings[i].severity), NULL);
	end(m);
	begin(m, "vnetprobe_finding", SUM,
	      "How many findings, by id; vnetprobe explain ID tells of it.");
	for (size_t i = 0; i < m->j->n_findings; i++) {
		const struct vp_finding *f = &m->j->findings[i];

		add(m, 1, "id", f->type->id, "severity",
		    vp_severity_name(f->severity), NULL);
	}
	end(m);
}

static void flows_of(struct metrics *m, size_t index)
{
	const struct vp_flow *f = &m->facts->flows[index];
	const char *class = vp_flow_class_name(m->j->flows[index].class);

	add(m, f->flows > 1 ? f->flows : 1, "class", class, NULL);
}

static void flows(struct metrics *m)
{
	static const char *const classes[] = {
#define X(id, name) name,
		VP_FLOW_CLASSES(X)
#undef X
	};

	begin(m, "vnetprobe_flows", SUM, "Flows seen, by class.");
	for (size_t c = 0; c < N_OF(classes); c++)
		add(m, 0, "class", classes[c], NULL);
	for (size_t i = 0; i < m->facts->n_flows; i++)
		flows_of(m, i);
	end(m);
	begin(m, "vnetprobe_flow_bytes", SUM,
	      "Bytes of IP in flows seen, by class and direction.");
	for (size_t i = 0; i < m->facts->n_flows; i++) {
		const struct vp_flow *f = &m->facts->flows[i];
		const char *class = vp_flow_class_name(m->j->flows[i].class);

		add(m, f->bytes_out, "class", class, "direction", "out", NULL);
		add(m, f->bytes_in, "class", class, "direction", "in", NULL);
	}
	end(m);
}

static void capture(struct metrics *m)
{
	static const char *const states[] = {
#define X(id, name) name,
		VP_CAPTURE_STATES(X)
#undef X
	};
	const struct vp_capture_facts *c = &m->facts->capture;
	const char *state = vp_capture_state_name(c->state);

	begin(m, "vnetprobe_capture_state", LARGEST,
	      "1 for what the capture was: complete, partial or off.");
	for (size_t i = 0; i < N_OF(states); i++)
		add(m, strcmp(state, states[i]) == 0, "state", states[i], NULL);
	end(m);
	begin(m, "vnetprobe_capture_packets", LARGEST,
	      "Packets received, and lost by kernel and interfaces.");
	add(m, c->received, "fate", "received", NULL);
	add(m, c->dropped, "fate", "dropped", NULL);
	add(m, c->interface_dropped, "fate", "interface_dropped", NULL);
	end(m);
	begin(m, "vnetprobe_capture_own_probes", LARGEST,
	      "Own probes sent, and those that the capture shows.");
	add(m, c->attested_expected, "state", "expected", NULL);
	add(m, c->attested_seen, "state", "seen", NULL);
	end(m);
}

int vp_report_metrics(FILE *out, const struct vp_facts *facts,
                      const struct vp_judgement *j)
{
	struct metrics m = { .out = out, .facts = facts, .j = j };

	run_result(&m);
	run_times(&m);
	target_status(&m);
	reach(&m);
	resolvers(&m);
	findings(&m);
	flows(&m);
	capture(&m);
	errno = 0;
	if (fflush(out) != 0 || ferror(out))
		return errno != 0 ? -errno : -EIO;
	return 0;
}
