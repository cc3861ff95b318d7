/*
 * analyze.c - see analyze.h.
 *
 * Notes about the machine that captured stand at the start of an evidence file,
 * and what was known later at its end, though wanted before the first packet:
 * where the file can be read backwards they are, else they come as they come.
 */
#include "analyze.h"

#include <errno.h>
#include <pcap/dlt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "evidence_notes.h"
#include "flow_tags.h"
#include "intake.h"
#include "progress.h"
#include "vnetprobe/capture_file.h"

#define INTERFACES_MAX 4096 /* names and roles kept of each */
#define PROGRESS_PACKETS 65536
/* An endless file may have notes without end, too. */
#define NOTES_MAX 200000
#define VNETS_MAX 1024

/* An interface as packets name it: by the file's number, and in cooked
 * captures also by that of the machine. */
struct seen_interface {
	int file, machine;
};

struct vp_analyze {
	struct vp_facts *facts;
	const struct vp_settings *settings;
	struct vp_capture_file *file;
	const char *path;
	struct vp_intake intake;
	struct vp_service_tags *tags; /* NULL: none */
	struct vp_progress progress;
	int signals; /* signalfd; -1: none */

	struct vp_note *notes; /* of interfaces */
	size_t n_notes;
	struct seen_interface *interfaces, last;
	size_t n_interfaces;
	uint64_t left_out; /* as notes say */
	bool notes_left_out;
	size_t n_read; /* notes */
};

/* --- notes ------------------------------------------------------------------
 */

/* What the user says of the VNet stands in the place of what the file says. */
static void add_vnet(struct vp_analyze *a, const struct vp_prefix *vnet)
{
	struct vp_policy *p = &a->facts->policy;

	if (a->settings->n_vnet > 0)
		return;
	for (size_t i = 0; i < p->n_vnet; i++) {
		if (vp_addr_equal(&p->vnet[i].addr, &vnet->addr) &&
		    p->vnet[i].len == vnet->len)
			return;
	}
	if (p->n_vnet == VNETS_MAX) {
		a->notes_left_out = true;
		return;
	}
	/* The table is not told: it counts what would be public. */
	*VP_PUSH(a->facts->arena, p->vnet, p->n_vnet) = *vnet;
}

static void keep_note(struct vp_analyze *a, const struct vp_note *note)
{
	for (size_t i = 0; i < a->n_notes; i++) {
		if (a->notes[i].ifindex == note->ifindex &&
		    strcmp(a->notes[i].name, note->name) == 0)
			return;
	}
	if (a->n_notes < INTERFACES_MAX)
		*VP_PUSH(a->facts->arena, a->notes, a->n_notes) = *note;
}

static void on_comment(const char *text, size_t len, void *arg)
{
	struct vp_analyze *a = arg;
	struct vp_note note;

	if (vp_note_read(&note, text, len) != 0)
		return;
	if (a->n_read++ >= NOTES_MAX) {
		a->notes_left_out = true;
		return;
	}
	switch (note.kind) {
	case VP_NOTE_LOCAL:
		vp_flows_add_local(a->intake.flows, &note.addr);
		return;
	case VP_NOTE_VNET:
		add_vnet(a, &note.vnet);
		return;
	case VP_NOTE_OWN:
		vp_flows_own(a->intake.flows, note.proto, &note.local,
		             &note.remote);
		return;
	case VP_NOTE_INTERFACE:
		keep_note(a, &note);
		return;
	case VP_NOTE_LISTENER:
		vp_flows_add_listener(a->intake.flows, note.port);
		return;
	case VP_NOTE_RESOLVER:
		vp_flows_add_resolver(a->intake.flows, &note.remote);
		return;
	case VP_NOTE_RESOLVERS_KNOWN:
		/* Whoever made the file could as well have left it out. */
		(void)vp_flows_know_resolvers(a->intake.flows);
		return;
	case VP_NOTE_ALL_INTERFACES:
		vp_flows_all_interfaces(a->intake.flows);
		a->facts->capture.all_interfaces = true;
		return;
	case VP_NOTE_NOTES_LEFT_OUT:
		a->notes_left_out = true;
		return;
	case VP_NOTE_LEFT_OUT:
		if (note.packets > a->left_out)
			a->left_out = note.packets; /* may be read twice */
		return;
	}
}

/* --- interfaces --------------------------------------------------------------
 */

static const struct vp_note *note_of(const struct vp_analyze *a, int machine,
                                     const char *name)
{
	for (size_t i = 0; i < a->n_notes; i++) {
		const struct vp_note *n = &a->notes[i];

		if (machine != 0 ? n->ifindex == machine
		                 : name != NULL && strcmp(n->name, name) == 0)
			return n;
	}
	return NULL;
}

static void list_interface(struct vp_facts *f, const char *name)
{
	struct vp_capture_facts *c = &f->capture;

	for (size_t i = 0; i < c->n_interfaces; i++) {
		if (strcmp(c->interfaces[i], name) == 0)
			return;
	}
	*VP_PUSH(f->arena, c->interfaces, c->n_interfaces) =
		vp_arena_strdup(f->arena, name);
}

/* The first packet of an interface: its name and role, as far as the file has
 * them. "any" is no interface but all. */
static void add_interface(struct vp_analyze *a, struct seen_interface seen)
{
	const char *name = vp_capture_file_interface(a->file, seen.file);
	const struct vp_note *note;

	if (name != NULL && strcmp(name, "any") == 0)
		name = NULL;
	note = note_of(a, seen.machine, name);
	if (note != NULL)
		name = note->name;
	if (name == NULL)
		return;
	vp_flows_add_interface(
		a->intake.flows, seen.machine != 0 ? seen.machine : seen.file,
		name, note != NULL ? note->role : VP_LINK_UNKNOWN);
	list_interface(a->facts, name);
}

static void see_interface(struct vp_analyze *a, struct seen_interface seen)
{
	a->last = seen;
	for (size_t i = 0; i < a->n_interfaces; i++) {
		if (a->interfaces[i].file == seen.file &&
		    a->interfaces[i].machine == seen.machine)
			return;
	}
	if (a->n_interfaces == INTERFACES_MAX)
		return;
	*VP_PUSH(a->facts->arena, a->interfaces, a->n_interfaces) = seen;
	add_interface(a, seen);
}

static struct seen_interface interface_of(const struct vp_frame *frame)
{
	struct seen_interface seen = { frame->ifindex, 0 };
	const uint8_t *b = frame->data;

	/* https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL2.html */
	if (frame->linktype == DLT_LINUX_SLL2 && frame->caplen >= 8)
		seen.machine =
			(b[4] & 0x7f) << 24 | b[5] << 16 | b[6] << 8 | b[7];
	return seen;
}

/* --- reading -----------------------------------------------------------------
 */

static void take(struct vp_analyze *a, const struct vp_frame *frame)
{
	struct seen_interface seen = interface_of(frame);

	if (seen.file != a->last.file || seen.machine != a->last.machine)
		see_interface(a, seen);
	vp_intake_frame(&a->intake, frame);
}

/* Also while packets keep coming, a signal is looked for where the file is
 * read on. */
static int read_packets(struct vp_analyze *a, char *why, size_t size)
{
	struct vp_frame frame;
	uint64_t n = 0;
	int rc;

	while ((rc = vp_capture_file_next(a->file, &frame, why, size)) > 0) {
		take(a, &frame);
		if (++n % PROGRESS_PACKETS == 0)
			vp_progress_show(&a->progress, "%llu packets read",
			                 (unsigned long long)n);
	}
	vp_progress_clear(&a->progress);
	return rc;
}

/* --- what the file was like
 * --------------------------------------------------- */

/* The first reason stands. */
__attribute__((format(printf, 2, 3))) static void
mark_partial(struct vp_analyze *a, const char *fmt, ...)
{
	struct vp_capture_facts *c = &a->facts->capture;
	char text[512];
	va_list ap;

	if (c->state != VP_CAPTURE_COMPLETE)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	c->state = VP_CAPTURE_PARTIAL;
	c->reason = vp_arena_strdup(a->facts->arena, text);
}

static void note_end(struct vp_analyze *a, int rc, const char *why,
                     const struct vp_capture_file_stats *stats)
{
	struct vp_capture_facts *c = &a->facts->capture;

	if (rc == -EINTR)
		a->facts->interrupted = true;
	else if (rc < 0)
		c->file_cut =
			vp_arena_printf(a->facts->arena, "the file %s", why);
	else if (stats->cut != NULL)
		c->file_cut = vp_arena_strdup(a->facts->arena, stats->cut);
	if (rc == -EINTR)
		mark_partial(a, "a signal came before the file's end");
	if (c->file_cut != NULL)
		mark_partial(a, "what follows in the capture is missing: %s",
		             c->file_cut);
}

static void note_losses(struct vp_analyze *a,
                        const struct vp_capture_file_stats *stats)
{
	struct vp_capture_facts *c = &a->facts->capture;

	c->received = stats->packets;
	c->dropped = stats->dropped;
	c->interface_dropped = stats->interface_dropped;
	if (stats->dropped + stats->interface_dropped > 0)
		mark_partial(a, "packets were lost when the file was captured");
	if (stats->damaged > 0)
		mark_partial(a, "%llu times the file contradicts itself: %s",
		             (unsigned long long)stats->damaged, stats->damage);
	if (a->left_out > 0)
		mark_partial(a,
		             "%llu packets were left out of the file when it "
		             "was saved",
		             (unsigned long long)a->left_out);
	if (a->notes_left_out)
		mark_partial(a, "not all that was known of its machine is in "
		                "the file, or there was no room for it");
	if (stats->packets == 0)
		mark_partial(a, "there is no packet in the file: nothing was "
		                "seen");
}

static void finish(struct vp_analyze *a, int rc, const char *why)
{
	struct vp_facts *f = a->facts;
	struct vp_capture_file_stats stats;

	vp_capture_file_stats(a->file, &stats);
	note_end(a, rc, why, &stats);
	note_losses(a, &stats);
	f->started_us = f->capture.armed_us = stats.first_us;
	f->ended_us = f->capture.drained_us = stats.last_us;
	vp_flows_finish(a->intake.flows, f);
	vp_flow_tags_fill(f, a->tags);
}

/* --- from outside
 * -------------------------------------------------------------- */

static int open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int prepare(struct vp_analyze *a, char *why, size_t size)
{
	struct vp_facts *f = a->facts;
	const struct vp_settings *s = a->settings;

	if (vp_flow_tags_open(&a->tags, f, s, why, size) != 0 ||
	    vp_capture_file_open(&a->file, a->path, why, size) != 0)
		return 2;
	a->intake.flows = vp_flows_create(NULL);
	if (a->intake.flows == NULL) {
		snprintf(why, size, "out of memory");
		return 2;
	}
	f->mode = VP_MODE_ANALYZE;
	f->tool = vp_arena_strdup(f->arena, "vnetprobe " VP_VERSION);
	f->capture.file = vp_arena_strdup(f->arena, a->path);
	f->capture.wanted = true;
	f->capture.state = VP_CAPTURE_COMPLETE; /* until something says no */
	for (size_t i = 0; i < f->policy.n_vnet; i++)
		vp_flows_add_vnet(a->intake.flows, &f->policy.vnet[i]);
	for (size_t i = 0; i < s->n_local; i++)
		vp_flows_add_local(a->intake.flows, &s->local[i]);
	for (size_t i = 0; i < f->policy.n_vnet; i++)
		vp_flows_add_vnet(a->intake.flows, &f->policy.vnet[i]);
	for (size_t i = 0; i < f->n_resolvers; i++)
		vp_flows_add_resolver(a->intake.flows,
		                      &f->resolvers[i].endpoint);
	return 0;
}

int vp_analyze_open(struct vp_analyze **out, struct vp_facts *facts,
                    const struct vp_settings *s, char *why, size_t size)
{
	struct vp_analyze *a = calloc(1, sizeof(*a));
	int rc;

	*out = NULL;
	if (a == NULL) {
		snprintf(why, size, "out of memory");
		return 2;
	}
	a->facts = facts;
	a->settings = s;
	a->path = s->arguments[0];
	a->signals = -1;
	vp_progress_init(&a->progress, s->verbosity < 0);
	rc = prepare(a, why, size);
	if (rc != 0)
		vp_analyze_close(a);
	else
		*out = a;
	return rc;
}

void vp_analyze_read(struct vp_analyze *a)
{
	char why[512] = "";
	int rc;

	a->signals = open_signals();
	vp_capture_file_stop(a->file, a->signals);
	if (!a->settings->trust_notes)
		vp_flows_claimed(a->intake.flows);
	vp_capture_file_closing_comments(a->file, on_comment, a);
	vp_capture_file_on_comment(a->file, on_comment, a);
	rc = read_packets(a, why, sizeof(why));
	finish(a, rc, why);
}

void vp_analyze_close(struct vp_analyze *a)
{
	if (a == NULL)
		return;
	if (a->signals >= 0)
		close(a->signals);
	vp_flows_destroy(a->intake.flows);
	vp_service_tags_destroy(a->tags);
	vp_capture_file_close(a->file);
	free(a);
}
