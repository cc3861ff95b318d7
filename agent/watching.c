/* watching.c - see watching.h. */
#include "watching.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attest.h"
#include "attribution.h"
#include "evidence_facts.h"
#include "evidence_notes.h"
#include "flow_tags.h"
#include "intake.h"
#include "self.h"
#include "vnetprobe/capture.h"
#include "vnetprobe/flow.h"
#include "vnetprobe/link.h"
#include "vnetprobe/listeners.h"
#include "vnetprobe/resolv_conf.h"
#include "vnetprobe/rights.h"
#include "vnetprobe/route.h"

#define SELFTEST_MS 1000
#define DRAIN_MS 500
#define WATCH_BUFFER (16u << 20)

struct vp_watching {
	struct vp_facts *facts;
	const struct vp_settings *settings;
	struct vp_capture *capture; /* NULL: none */
	struct vp_flows *flows;
	struct vp_facts *told;    /* the resolvers that programs ask; NULL: not
	                           * looked for */
	struct vp_owners *owners; /* NULL: not asked */
	struct vp_evidence *evidence; /* NULL: none */
	struct vp_routes *routes;
	struct vp_netstate *before;
	struct vp_link_watch *links;
	struct vp_service_tags *tags; /* NULL: none */
	void (*done)(void *arg);
	void *arg;
};

static int64_t now_us(void)
{
	uv_timeval64_t t;

	uv_gettimeofday(&t);
	return t.tv_sec * 1000000 + t.tv_usec;
}

/* The first reason stands; later ones are findings of their own. */
static void mark_partial(struct vp_watching *w, const char *reason)
{
	struct vp_capture_facts *c = &w->facts->capture;

	if (c->state != VP_CAPTURE_COMPLETE)
		return;
	c->state = VP_CAPTURE_PARTIAL;
	c->reason = vp_arena_strdup(w->facts->arena, reason);
}

/* --- opening ----------------------------------------------------------- */

static void capture_off(struct vp_watching *w, const char *reason, int rc)
{
	struct vp_capture_facts *c = &w->facts->capture;

	c->state = VP_CAPTURE_OFF;
	c->reason = vp_arena_strdup(w->facts->arena, reason);
	if (rc != -EPERM && rc != -EACCES)
		return;
	c->remedy = vp_self_remedy_now(w->facts->arena);
}

/* `dns` looks at packets only to show or to keep them. */
static bool capture_off_why(const struct vp_watching *w, const char **why)
{
	const struct vp_settings *s = w->settings;

	*why = NULL;
	if (s->no_capture)
		*why = "not wanted (--no-capture)";
	else if (w->facts->mode == VP_MODE_DNS && !s->trace &&
	         s->evidence == NULL)
		*why = "not needed: dns asks questions only";
	return *why != NULL;
}

/* The ports of resolvers that do not listen on 53; n of them at most. */
static size_t odd_ports(uint16_t *out, size_t n, const struct vp_facts *f)
{
	size_t found = 0;

	for (size_t i = 0; i < f->n_resolvers && found < n; i++) {
		uint16_t port = f->resolvers[i].endpoint.port;

		if (port != 0 && port != 53)
			out[found++] = port;
	}
	return found;
}

/* watch is left on while the machine works: room for half a second of a flood.
 */
static uint32_t buffer_of(const struct vp_settings *s)
{
	if (s->capture_buffer == 0 && s->command == VP_COMMAND_WATCH)
		return WATCH_BUFFER;
	return s->capture_buffer;
}

/* What programs here are told to ask. Another server's answer may be what a
 * sender had somebody say. */
static void note_resolvers(struct vp_watching *w)
{
	struct vp_facts *told = w->told = vp_facts_create();
	char why[256];

	/* Without the file the C library asks this machine itself. */
	(void)vp_resolv_conf_read(told, NULL, NULL, why, sizeof(why));
	for (size_t i = 0; i < told->n_resolvers; i++)
		if (told->resolvers[i].endpoint.addr.family != 0)
			vp_flows_add_resolver(w->flows,
			                      &told->resolvers[i].endpoint);
	(void)vp_flows_know_resolvers(w->flows);
}

static int open_capture(struct vp_watching *w, char *why, size_t size)
{
	const struct vp_settings *s = w->settings;
	struct vp_facts *f = w->facts;
	uint16_t ports[VP_CAPTURE_PORTS];
	struct vp_capture_options opt = {
		.interface = s->interface,
		.vnet = f->policy.vnet,
		.n_vnet = f->policy.n_vnet,
		.buffer_bytes = buffer_of(s),
		.dns_ports = ports,
		.n_dns_ports = odd_ports(ports, VP_CAPTURE_PORTS, f),
	};
	const char *off;
	int rc;

	if (capture_off_why(w, &off)) {
		f->capture.state = VP_CAPTURE_OFF;
		f->capture.reason = vp_arena_strdup(f->arena, off);
		return 0;
	}
	/* A trace can also be told from the answers. */
	f->capture.wanted = f->mode != VP_MODE_DNS || s->evidence != NULL;
	rc = vp_capture_open(&w->capture, &opt, why, size);
	if (rc == -ENODEV)
		return 2; /* the user named it: a usage error */
	if (rc != 0) {
		capture_off(w, why, rc);
		return 0;
	}
	f->capture.state = VP_CAPTURE_COMPLETE; /* until something says no */
	w->flows = vp_flows_create(NULL);
	if (s->trace && w->flows != NULL && vp_flows_trace(w->flows, 0) != 0)
		f->trace_left_out = 1; /* at least */
	for (size_t i = 0; w->flows != NULL && i < f->policy.n_vnet; i++)
		vp_flows_add_vnet(w->flows, &f->policy.vnet[i]);
	/* What is said to a resolver on another port than 53 is DNS too. */
	for (size_t i = 0; w->flows != NULL && i < f->n_resolvers; i++)
		if (f->resolvers[i].endpoint.addr.family != 0)
			vp_flows_add_resolver(w->flows,
			                      &f->resolvers[i].endpoint);
	if (w->flows != NULL)
		note_resolvers(w);
	return 0;
}

int vp_watching_open(struct vp_watching **out, struct vp_facts *facts,
                     const struct vp_settings *s, char *why, size_t size)
{
	struct vp_watching *w = calloc(1, sizeof(*w));
	int rc, failed;

	*out = w;
	if (w == NULL) {
		snprintf(why, size, "out of memory");
		return 2;
	}
	w->facts = facts;
	w->settings = s;
	rc = open_capture(w, why, size);
	if (rc != 0)
		return rc;
	if (w->capture != NULL && facts->mode != VP_MODE_DNS &&
	    s->attribution != VP_ATTRIBUTION_OFF)
		w->owners = vp_attribution_open(
			facts, s->attribution == VP_ATTRIBUTION_SOCKET);
	failed = vp_routes_open(&w->routes);
	if (failed == 0)
		return 0;
	snprintf(why, size, "cannot start: %s", strerror(-failed));
	return 2;
}

int vp_watching_drop(struct vp_watching *w, char *why, size_t size)
{
	int rc;

	if (vp_rights_drop(why, size) != 0)
		return 2;
	if (vp_flow_tags_open(&w->tags, w->facts, w->settings, why, size) != 0)
		return 2;
	if (w->capture == NULL || w->settings->evidence == NULL)
		return 0;
	rc = vp_evidence_begin(&w->evidence, w->facts, w->settings,
	                       vp_capture_snaplen(w->capture), why, size);
	if (rc == 0 && w->evidence != NULL && w->told != NULL)
		vp_evidence_note_resolvers(w->evidence, w->facts, w->told);
	return rc;
}

void vp_watching_command(struct vp_watching *w, uint64_t cgroup,
                         uint32_t ancestor)
{
	if (w->owners != NULL)
		vp_owners_command(w->owners, cgroup, ancestor);
}

bool vp_watching_tells_all(const struct vp_watching *w)
{
	return w->owners != NULL && vp_owners_tell_all(w->owners);
}

void vp_watching_command_socket(struct vp_watching *w, uint64_t inode)
{
	if (w->owners != NULL)
		vp_owners_command_socket(w->owners, inode);
}

bool vp_watching_on(const struct vp_watching *w)
{
	return w->capture != NULL;
}

struct vp_routes *vp_watching_routes(const struct vp_watching *w)
{
	return w->routes;
}

/* --- packets ----------------------------------------------------------- */

static void on_frame(const struct vp_frame *frame, void *arg)
{
	struct vp_watching *w = arg;
	struct vp_intake in = { w->flows, w->evidence };

	vp_intake_frame(&in, frame);
}

static void on_capture_end(const char *why, void *arg)
{
	struct vp_watching *w = arg;

	mark_partial(w, why);
	w->facts->capture.interface_missed = true;
}

/* Capturing on one interface says nothing of the others; those by which
 * nothing public is routed cannot matter (a bridge of containers). */
static void note_unwatched(struct vp_watching *w, const struct vp_interface *i)
{
	struct vp_facts *f = w->facts;

	if (i->loopback || !i->leads_out)
		return;
	f->capture.interface_missed = true;
	mark_partial(w, vp_arena_printf(f->arena,
	                                "packets for public addresses may "
	                                "leave by %s, and only %s was watched",
	                                i->name, w->settings->interface));
}

static void note_local(struct vp_watching *w, const struct vp_addr *addr)
{
	vp_flows_add_local(w->flows, addr);
	if (w->evidence != NULL)
		vp_evidence_note_local(w->evidence, addr);
}

static void note_interface(struct vp_watching *w, int index, const char *name,
                           enum vp_link_role role)
{
	vp_flows_add_interface(w->flows, index, name, role);
	if (w->evidence != NULL)
		vp_evidence_interface(w->evidence, index, name);
}

static void note_role(struct vp_watching *w, const struct vp_link *l)
{
	note_interface(w, l->index, l->name, l->role);
	if (w->evidence != NULL)
		vp_evidence_note_interface(w->evidence, l->index, l->name,
		                           l->role);
}

/* Roles that cannot be read stay unknown: then each interface counts. */
static void note_roles(struct vp_watching *w)
{
	struct vp_link *links;
	size_t n;

	if (vp_links_read(&links, &n, w->routes) != 0)
		return;
	for (size_t i = 0; i < n; i++)
		note_role(w, &links[i]);
	free(links);
}

/* Only one interface is captured on. */
static bool watches_one(const struct vp_watching *w)
{
	const char *interface = w->settings->interface;

	return interface != NULL && strcmp(interface, "any") != 0;
}

/* Interfaces or addresses came or went: the capture has them, the table of
 * flows must know what they are. */
static void on_links_changed(void *arg)
{
	struct vp_watching *w = arg;
	const struct vp_interface *all;
	struct vp_netstate *now;
	size_t n;

	if (vp_netstate_take(&now, w->routes) != 0)
		return; /* the comparison in the end says so */
	n = vp_netstate_interfaces(now, &all);
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < all[i].n_addresses; k++)
			note_local(w, &all[i].addresses[k]);
	}
	vp_netstate_free(now);
	note_roles(w);
}

static void note_all_watched(struct vp_watching *w)
{
	vp_flows_all_interfaces(w->flows);
	w->facts->capture.all_interfaces = true;
	if (w->evidence != NULL)
		vp_evidence_note_all_interfaces(w->evidence);
}

static void list_interfaces(struct vp_watching *w)
{
	struct vp_facts *f = w->facts;
	const struct vp_interface *all;
	size_t n = vp_netstate_interfaces(w->before, &all);

	for (size_t i = 0; i < n; i++) {
		note_interface(w, all[i].index, all[i].name, VP_LINK_UNKNOWN);
		for (size_t k = 0; k < all[i].n_addresses; k++)
			note_local(w, &all[i].addresses[k]);
		if (!all[i].up)
			continue;
		if (watches_one(w) &&
		    strcmp(w->settings->interface, all[i].name) != 0) {
			note_unwatched(w, &all[i]);
			continue;
		}
		*VP_PUSH(f->arena, f->capture.interfaces,
		         f->capture.n_interfaces) =
			vp_arena_strdup(f->arena, all[i].name);
	}
	note_roles(w);
	if (!watches_one(w))
		note_all_watched(w);
}

static void add_change(const char *text, void *arg)
{
	struct vp_facts *f = arg;

	*VP_PUSH(f->arena, f->state_changes, f->n_state_changes) =
		vp_arena_strdup(f->arena, text);
}

/* Interfaces, routes and resolvers, once more: what differs may have hidden
 * packets from us. */
static void compare_state(struct vp_watching *w)
{
	struct vp_netstate *after;
	bool interfaces = false;

	if (w->before == NULL || vp_netstate_take(&after, w->routes) != 0) {
		add_change("this machine's network state could not be read",
		           w->facts);
		return;
	}
	vp_netstate_compare(w->before, after, &interfaces, add_change,
	                    w->facts);
	/* One that came while all were watched was watched, too. */
	if (interfaces && (w->facts->mode != VP_MODE_WATCH || watches_one(w)))
		w->facts->capture.interface_missed = true;
	vp_netstate_free(after);
}

/* --- arming and proving ------------------------------------------------- */

void vp_watching_look(struct vp_watching *w)
{
	if (vp_netstate_take(&w->before, w->routes) != 0)
		w->before = NULL;
}

static void on_first_selftest(bool ok, const char *why, void *arg)
{
	struct vp_watching *w = arg;
	struct vp_capture_facts *c = &w->facts->capture;

	c->selftest_before = ok;
	c->armed_us = now_us();
	if (!ok)
		mark_partial(w, why);
	w->done(w->arg);
}

static void on_listener(uint16_t port, void *arg)
{
	struct vp_watching *w = arg;

	vp_flows_add_listener(w->flows, port);
	if (w->evidence != NULL)
		vp_evidence_note_listener(w->evidence, port);
}

void vp_watching_arm(struct vp_watching *w, uv_loop_t *loop,
                     void (*done)(void *arg), void *arg)
{
	int rc;

	w->done = done;
	w->arg = arg;
	list_interfaces(w);
	vp_listeners(NULL, on_listener, w);
	vp_attribution_start(w->owners, loop, w->flows);
	/* Without it, roles are those of now. */
	vp_link_watch_start(&w->links, loop, on_links_changed, w);
	rc = vp_capture_start(w->capture, loop, on_frame, on_capture_end, w);
	if (rc == 0)
		rc = vp_capture_selftest(w->capture, SELFTEST_MS,
		                         on_first_selftest, w);
	if (rc != 0)
		on_first_selftest(false, uv_strerror(rc), w);
}

static void on_second_selftest(bool ok, const char *why, void *arg)
{
	struct vp_watching *w = arg;

	w->facts->capture.selftest_after = ok;
	if (!ok)
		mark_partial(w, why);
	w->done(w->arg);
}

void vp_watching_prove(struct vp_watching *w, void (*done)(void *arg),
                       void *arg)
{
	int rc;

	w->done = done;
	w->arg = arg;
	if (!w->facts->capture.selftest_before) {
		done(arg); /* it never worked: nothing to prove */
		return;
	}
	rc = vp_capture_selftest(w->capture, SELFTEST_MS, on_second_selftest,
	                         w);
	if (rc != 0)
		on_second_selftest(false, uv_strerror(rc), w);
}

/* --- the end ------------------------------------------------------------ */

static void note_losses(struct vp_watching *w)
{
	struct vp_facts *f = w->facts;
	const struct vp_loss *l;
	size_t n =
		vp_capture_losses(w->capture, &l, &f->capture.losses_left_out);

	for (size_t i = 0; i < n; i++)
		*VP_PUSH(f->arena, f->capture.losses, f->capture.n_losses) =
			l[i];
}

void vp_watching_stop(struct vp_watching *w)
{
	struct vp_capture_facts *c = &w->facts->capture;
	struct vp_capture_stats stats;

	if (w->capture == NULL)
		return;
	vp_capture_drain(w->capture, DRAIN_MS);
	c->drained_us = now_us();
	vp_capture_stats(w->capture, &stats);
	c->received = stats.received;
	c->dropped = stats.dropped;
	c->interface_dropped = stats.interface_dropped;
	note_losses(w);
	if (w->evidence != NULL)
		vp_evidence_count(w->evidence, w->facts);
	if (stats.dropped + stats.interface_dropped > 0)
		mark_partial(w, "packets were lost before they could be read");
}

void vp_watching_finish(struct vp_watching *w)
{
	struct vp_facts *f = w->facts;

	compare_state(w);
	if (w->flows == NULL)
		return;
	vp_attest_own(w->flows, f);
	vp_attest(f, w->flows);
	vp_flows_finish(w->flows, f);
	vp_attribution_finish(w->owners, f);
	vp_flow_tags_fill(f, w->tags);
	if (f->capture.attested_seen < f->capture.attested_expected)
		mark_partial(w, "packets of our own probes were not captured");
}

int vp_watching_commit(struct vp_watching *w)
{
	return w->evidence != NULL ? vp_evidence_end(w->evidence, w->facts) : 0;
}

void vp_watching_destroy(struct vp_watching *w)
{
	if (w == NULL)
		return;
	vp_link_watch_stop(w->links);
	vp_owners_destroy(w->owners);
	vp_capture_destroy(w->capture);
	vp_evidence_close(w->evidence);
	vp_routes_close(w->routes);
	vp_netstate_free(w->before);
	vp_flows_destroy(w->flows);
	if (w->told != NULL)
		vp_facts_destroy(w->told);
	vp_service_tags_destroy(w->tags);
	free(w);
}
