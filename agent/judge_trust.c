/*
 * judge_trust.c - may this run be believed?
 *
 * Whatever could have hidden a packet that left by a public path makes the run
 * inconclusive, never clean (design, section 9). What cannot hide one, such as
 * a garbled frame that came from the network, is a warning.
 */
#include "judge_draft.h"

#include <netinet/in.h>
#include <string.h>

#include "wording.h"

static const char *or_text(const char *text, const char *other)
{
	return text != NULL && *text != '\0' ? text : other;
}

static void add_number(struct judge *j, struct judge_draft *d, uint64_t n,
                       const char *what)
{
	if (n > 0)
		judge_evidence(j, d,
		               vp_arena_printf(j->arena, "%llu %s",
		                               (unsigned long long)n, what));
}

static void judge_off(struct judge *j, const struct vp_capture_facts *c)
{
	struct judge_draft *d = judge_add(j, "capture-off", NULL);

	d->words.what = or_text(c->reason, "the reason is not known");
	d->detail = "{what}";
	if (c->remedy == NULL)
		return;
	d->f.remedy = vp_arena_printf(j->arena, "%s\n    %s",
	                              strstr(c->remedy, "setcap") != NULL
	                                      ? "Run this, and then the check "
	                                        "again:"
	                                      : "Run the check as root:",
	                              c->remedy);
}

static const char *attested_text(struct judge *j,
                                 const struct vp_capture_facts *c)
{
	return vp_arena_printf(j->arena, "%llu of %llu",
	                       (unsigned long long)c->attested_seen,
	                       (unsigned long long)c->attested_expected);
}

/* A run that was cut short skips the closing self-test: its own finding. */
static bool cut_short(const struct vp_facts *f)
{
	return f->deadline_hit || f->interrupted;
}

static const char *loss_text(struct judge *j, const struct vp_loss *l)
{
	return vp_arena_printf(
		j->arena, "%llu lost from %s to %s, %llu received then",
		(unsigned long long)(l->dropped + l->interface_dropped),
		judge_clock(j, l->from_us), judge_clock(j, l->to_us),
		(unsigned long long)l->received);
}

static void judge_drops(struct judge *j, const struct vp_capture_facts *c)
{
	struct judge_draft *d;

	if (c->dropped == 0 && c->interface_dropped == 0)
		return;
	d = judge_add(j, "capture-drops", NULL);
	d->detail = "Not every packet reached the capture.";
	judge_evidence(j, d,
	               vp_arena_printf(j->arena, "%llu packets received",
	                               (unsigned long long)c->received));
	add_number(j, d, c->dropped, "dropped by the kernel");
	add_number(j, d, c->interface_dropped, "dropped by the interface");
	for (size_t i = 0; i < c->n_losses; i++)
		judge_evidence(j, d, loss_text(j, &c->losses[i]));
	if (c->attested_seen < c->attested_expected)
		judge_evidence(j, d,
		               vp_arena_printf(j->arena,
		                               "%s probes of this run were "
		                               "captured",
		                               attested_text(j, c)));
}

/* Did the run send anything that should be in the capture? */
static bool probed(const struct vp_facts *f)
{
	for (size_t i = 0; i < f->n_names; i++) {
		for (size_t k = 0; k < f->names[i]->n_rows; k++) {
			if (f->names[i]->rows[k].local.addr.family != 0)
				return true;
		}
	}
	for (size_t i = 0; i < f->n_targets; i++) {
		for (size_t k = 0; k < f->targets[i].n_addresses; k++) {
			if (f->targets[i].addresses[k].local.addr.family != 0)
				return true;
		}
	}
	return false;
}

static const char *unseen_text(struct judge *j, const struct vp_unseen *u)
{
	return vp_arena_printf(j->arena, "not seen: %s %s -> %s%s%s",
	                       u->proto == IPPROTO_TCP   ? "tcp"
	                       : u->proto == IPPROTO_UDP ? "udp"
	                                                 : "packet",
	                       judge_endpoint_text(j, &u->local),
	                       judge_endpoint_text(j, &u->remote),
	                       u->what != NULL ? ", " : "",
	                       u->what != NULL ? u->what : "");
}

/* What a capture that saw all of the run cannot say of itself. */
static const char *contradicts(const struct vp_facts *f)
{
	const struct vp_capture_facts *c = &f->capture;

	if (c->received < c->attested_seen)
		return "Fewer packets were received than probes are said to "
		       "have been seen.";
	if (c->drained_us == 0)
		return cut_short(f) ? NULL : "The capture was never drained.";
	if (c->drained_us < c->armed_us)
		return "The capture is said to have ended before it began.";
	if (c->drained_us < f->timing.last_answer_us)
		return "The capture ended before the last answer came.";
	return NULL;
}

static void judge_blind(struct judge *j, const struct vp_capture_facts *c)
{
	const char *contradiction = contradicts(j->facts);
	bool missing = c->attested_seen < c->attested_expected;
	bool nothing = c->attested_expected == 0 && probed(j->facts);
	bool unproven = !c->selftest_after && !cut_short(j->facts);
	struct judge_draft *d;

	if (contradiction != NULL) {
		d = judge_add(j, "capture-blind", NULL);
		d->detail = contradiction;
		return;
	}
	if (!missing && !nothing && !unproven)
		return;
	if (c->dropped > 0 || c->interface_dropped > 0)
		return; /* what is missing was dropped: told there */
	if (!c->selftest_before && !missing && !nothing)
		return; /* it never worked: told as "late" */
	d = judge_add(j, "capture-blind", NULL);
	d->words.what = attested_text(j, c);
	d->detail = missing   ? "{what} probes of this run are in the capture."
	            : nothing ? "No probe was looked for in the capture."
	                      : "The self-test packet after the last probe was "
	                        "not seen.";
	if (missing && unproven)
		judge_evidence(j, d,
		               "the self-test packet after the last probe was "
		               "not seen");
	for (size_t i = 0; i < c->n_unseen; i++)
		judge_evidence(j, d, unseen_text(j, &c->unseen[i]));
}

static bool armed_late(const struct vp_facts *f)
{
	int64_t armed = f->capture.armed_us;

	return armed > f->ended_us || (f->timing.first_question_us != 0 &&
	                               armed > f->timing.first_question_us);
}

static void judge_late(struct judge *j, const struct vp_capture_facts *c)
{
	struct judge_draft *d;

	if (c->selftest_before && c->armed_us != 0 && !armed_late(j->facts))
		return;
	if (c->armed_us == 0 && cut_short(j->facts))
		return; /* nothing was probed yet */
	d = judge_add(j, "capture-late", NULL);
	d->detail = c->armed_us == 0 ? "The capture was never armed."
	            : armed_late(j->facts)
	                    ? "The capture was armed after the run had begun."
	                    : "The self-test packet before the first probe "
	                      "was not seen.";
	if (c->reason != NULL)
		judge_evidence(j, d, c->reason);
}

static void judge_interfaces(struct judge *j, const struct vp_capture_facts *c)
{
	struct judge_draft *d;

	if (!c->interface_missed || j->facts->n_state_changes > 0)
		return; /* state-changed names the interface */
	d = judge_add(j, "capture-interface-missed", NULL);
	d->detail = "The capture may not cover every interface.";
	if (c->reason != NULL)
		judge_evidence(j, d, c->reason);
}

#define WHOLE_PACKETS "    sudo tcpdump -i any -s 0 -w FILE.pcap"

/* What another run, or capture, needs; NULL: the table's words will do. */
static const char *next_time(const struct vp_facts *f)
{
	if (f->mode != VP_MODE_ANALYZE)
		return "Run it again when the machine is quieter, or for less "
		       "time.";
	if (f->capture.truncated > 0)
		return "The capture kept only a part of each packet: names and "
		       "headers are missing in it. Capture again with whole "
		       "packets:\n" WHOLE_PACKETS;
	if (f->capture.names_left_out > 0)
		return "If the capture kept only a part of each packet "
		       "(tcpdump -s), capture again with whole "
		       "packets:\n" WHOLE_PACKETS "\n"
		       "Otherwise capture for less time.";
	return NULL;
}

static void judge_incomplete(struct judge *j, const struct vp_capture_facts *c,
                             size_t before)
{
	bool other = j->n_drafts > before; /* the reason was told */
	bool partial = c->state == VP_CAPTURE_PARTIAL && !other;
	struct judge_draft *d;

	if (c->truncated == 0 && c->flows_left_out == 0 &&
	    c->names_left_out == 0 && c->undecodable_out == 0 && !partial)
		return;
	d = judge_add(j, "capture-incomplete", NULL);
	d->f.remedy = next_time(j->facts);
	d->detail = "Something captured could not be judged.";
	add_number(j, d, c->truncated, "frames cut before their headers end");
	add_number(j, d, c->flows_left_out, "flows beyond the limit");
	add_number(j, d, c->names_left_out,
	           "names of flows beyond the limit, or cut");
	add_number(j, d, c->undecodable_out,
	           "frames that cannot be read and that this machine sent, or "
	           "may have sent");
	if (partial)
		judge_evidence(j, d,
		               or_text(c->reason, "the capture is marked "
		                                  "partial"));
}

/* Lost without being counted: nobody else can have taken the acknowledged
 * bytes off the wire. */
static void judge_gaps(struct judge *j, const struct vp_capture_facts *c)
{
	struct judge_draft *d;

	if (c->gap_flows == 0)
		return;
	d = judge_add(j, "capture-gap", NULL);
	d->words.what =
		vp_arena_printf(j->arena, "%llu bytes of %llu TCP flows",
	                        (unsigned long long)c->gap_bytes,
	                        (unsigned long long)c->gap_flows);
	d->detail = "{what} were acknowledged and not captured.";
	for (size_t i = 0; i < j->facts->n_flows; i++) {
		const struct vp_flow *f = &j->facts->flows[i];

		if (f->gap_bytes == 0)
			continue;
		judge_evidence(
			j, d,
			vp_arena_printf(j->arena, "%s -> %s: %llu bytes",
		                        judge_endpoint_text(j, &f->local),
		                        judge_endpoint_text(j, &f->remote),
		                        (unsigned long long)f->gap_bytes));
	}
}

/* Of a connection that the peer did not begin we must have sent something. */
static bool is_half(const struct judge *j, size_t index)
{
	const struct vp_flow *f = &j->facts->flows[index];

	return j->out->flows[index].class == VP_CLASS_INBOUND &&
	       f->proto == IPPROTO_TCP && f->packets_out == 0 &&
	       f->direction != VP_DIRECTION_IN;
}

static void judge_halves(struct judge *j)
{
	struct judge_draft *d = NULL;
	size_t n = 0;

	for (size_t i = 0; i < j->facts->n_flows; i++) {
		const struct vp_flow *f = &j->facts->flows[i];

		if (!is_half(j, i))
			continue;
		if (d == NULL)
			d = judge_add(j, "capture-one-sided", NULL);
		judge_evidence(
			j, d,
			vp_arena_printf(j->arena, "%s <- %s: %llu packets in",
		                        judge_endpoint_text(j, &f->local),
		                        judge_endpoint_text(j, &f->remote),
		                        (unsigned long long)f->packets_in));
		n++;
	}
	if (d == NULL)
		return;
	d->words.what = judge_count(j, n, "connection", "connections");
	d->detail = "Of {what} only what the peer sent is in the file.";
}

/* A saved capture: it has no self-test and no probes of ours. */
static void judge_file(struct judge *j, const struct vp_capture_facts *c)
{
	struct judge_draft *d;

	if (c->file_cut != NULL) {
		d = judge_add(j, "capture-file-cut", NULL);
		d->words.what = c->file_cut;
		d->detail = "{what}";
	}
	if (!c->all_interfaces)
		judge_halves(j);
	if (c->claimed_flows > 0) {
		d = judge_add(j, "capture-file-claims", NULL);
		d->words.what = judge_count(j, (size_t)c->claimed_flows, "flow",
		                            "flows");
		d->detail = "{what} with a public address would be judged "
			    "otherwise without the file's notes.";
	}
	if (c->received == 0) {
		d = judge_add(j, "capture-empty", NULL);
		d->detail = "There is no packet in it.";
	}
}

static void judge_small(struct judge *j, const struct vp_capture_facts *c)
{
	struct judge_draft *d;

	if (c->undecodable > c->undecodable_out) {
		d = judge_add(j, "capture-undecodable", NULL);
		d->detail = "Frames with broken headers were seen.";
		add_number(j, d, c->undecodable - c->undecodable_out, "frames");
		for (size_t i = 0; i < c->n_undecoded; i++)
			add_number(
				j, d, c->undecoded[i].frames,
				vp_arena_printf(
					j->arena, "of them %s",
					or_text(c->undecoded[i].reason, "?")));
	}
	if (c->evidence_left_out > 0) {
		d = judge_add(j, "evidence-incomplete", NULL);
		d->detail = c->evidence == NULL
		                    ? "The evidence file could not be written."
		            : c->evidence_ring
		                    ? "The evidence file has the last packets "
		                      "only."
		                    : "The evidence file has the first packets "
		                      "only.";
		add_number(j, d, c->evidence_left_out, "packets left out");
	}
}

static void judge_capture(struct judge *j, size_t before)
{
	const struct vp_capture_facts *c = &j->facts->capture;

	if (!c->wanted)
		return; /* the summary says that egress was not checked */
	if (j->facts->mode == VP_MODE_ANALYZE) {
		judge_file(j, c);
		judge_drops(j, c);
		judge_gaps(j, c);
		judge_incomplete(j, c, before);
		judge_small(j, c);
		return;
	}
	if (c->state == VP_CAPTURE_OFF) {
		judge_off(j, c);
		return;
	}
	judge_late(j, c);
	judge_drops(j, c);
	judge_blind(j, c);
	judge_interfaces(j, c);
	judge_gaps(j, c);
	judge_incomplete(j, c, before);
	judge_small(j, c);
}

/* Told only where it spoilt something: all answers came, then. */
static void judge_stall(struct judge *j)
{
	struct judge_draft *d;

	if (j->facts->stalled_us == 0)
		return;
	for (size_t i = 0; i < j->n_drafts; i++) {
		const struct vp_finding *f = &j->drafts[i].f;

		if (f->severity == f->type->severity)
			continue;
		d = judge_add(j, "run-stalled", NULL);
		d->detail = "This process stood still for {what}.";
		d->words.what = judge_ms(j, j->facts->stalled_us);
		return;
	}
}

/* What they sent there, if anything, passed by nobody. */
static void judge_entered(struct judge *j, const struct vp_command_facts *c)
{
	struct judge_draft *d = judge_add(j, "command-elsewhere", NULL);

	d->words.what = judge_count(j, c->n_entered, "other network namespace",
	                            "other network namespaces");
	d->detail = "It entered {what} with interfaces of its own, where "
		    "nobody watched.";
	for (size_t i = 0; i < c->n_entered; i++)
		judge_evidence(
			j, d,
			vp_arena_printf(j->arena, "%s was there",
		                        or_text(c->entered[i], "a process")));
}

static void judge_elsewhere(struct judge *j, const struct vp_command_facts *c)
{
	char protocol[VP_PROTOCOL_TEXT];
	struct judge_draft *d;

	if (c->n_entered > 0)
		judge_entered(j, c);
	if (c->n_elsewhere == 0)
		return;
	d = judge_add(j, "command-elsewhere", NULL);
	d->words.what = judge_count(j, c->n_elsewhere + c->elsewhere_left_out,
	                            "public address", "public addresses");
	d->detail = "It sent to {what} from elsewhere.";
	for (size_t i = 0; i < c->n_elsewhere; i++) {
		const struct vp_elsewhere *e = &c->elsewhere[i];

		judge_evidence(
			j, d,
			vp_arena_printf(j->arena, "%s to %s, by %s",
		                        vp_protocol_text(protocol, e->proto),
		                        judge_endpoint_text(j, &e->remote),
		                        or_text(e->process, "a process")));
	}
}

static void judge_command(struct judge *j)
{
	const struct vp_command_facts *c = &j->facts->command;
	const struct vp_capture_facts *k = &j->facts->capture;
	struct judge_draft *d;

	if (c->n_argv == 0)
		return;
	judge_elsewhere(j, c);
	if (c->left_running > 0) {
		d = judge_add(j, "command-left-running", NULL);
		d->words.what = judge_count(j, (size_t)c->left_running,
		                            "process", "processes");
		d->detail = "{what} that the command had started still run.";
	}
	if (k->owners_lost == 0 &&
	    (k->owners_why == NULL ||
	     (k->owners != NULL && strcmp(k->owners, "bpf") == 0)))
		return;
	d = judge_add(j, "attribution-limited", NULL);
	d->words.what =
		or_text(k->owners_why, "senders are told by the kernel");
	d->detail = "{what}";
	if (k->owners == NULL || strcmp(k->owners, "bpf") != 0)
		judge_evidence(j, d,
		               "what the command does for moments only, by "
		               "another's socket or in another network "
		               "namespace, may stay unseen");
	add_number(j, d, k->owners_lost, "claims of senders were lost");
}

/* What such a file names would have been looked at. */
static void judge_unread(struct judge *j)
{
	const struct vp_discovery *found = &j->facts->discovery;
	struct judge_draft *d;

	if (found->n_unread == 0)
		return;
	d = judge_add(j, "discovery-unread", NULL);
	d->words.what = found->unread[0];
	d->detail = "{what} did not answer: what it names was not looked at.";
	for (size_t i = 0; i < found->n_unread; i++)
		judge_evidence(j, d, or_text(found->unread[i], "?"));
}

void judge_trust(struct judge *j)
{
	const struct vp_facts *f = j->facts;
	size_t before = j->n_drafts;
	struct judge_draft *d;

	if (f->n_state_changes > 0) {
		d = judge_add(j, "state-changed", NULL);
		/* A capture on all interfaces takes new ones as well, and
		 * nothing of ours depends on routes and resolvers. */
		if (f->mode == VP_MODE_WATCH && !f->capture.interface_missed)
			d->f.severity = VP_SEVERITY_INFO;
		d->detail = "The network before and after the run differs.";
		for (size_t i = 0; i < f->n_state_changes; i++)
			judge_evidence(j, d, f->state_changes[i]);
	}
	if (f->deadline_hit) {
		d = judge_add(j, "deadline-hit", NULL);
		d->detail = "The deadline ended the run.";
	}
	if (f->interrupted) {
		d = judge_add(j, "interrupted", NULL);
		d->detail = f->command.started && f->command.why != NULL
		                    ? "The command was lost: {what}."
		                    : "A signal ended the run.";
		d->words.what = f->command.why;
	}
	judge_stall(j);
	judge_capture(j, before);
	judge_command(j);
	judge_unread(j);
}
