/*
 * report_flows.c - flows for people: who sent what where, and by which rule
 * that is judged.
 */
#include <string.h>

#include "report_page.h"
#include "wording.h"

#define MOST_FLOWS 12 /* when not verbose */

static const char *name_text(struct page *c, const struct vp_flow *f)
{
	if (f->http_connect != NULL)
		return page_text(c, ", CONNECT %s", f->http_connect);
	if (f->sni != NULL)
		return page_text(c, ", %s%s%s", f->sni,
		                 f->sni_bound ? "" : " (claimed)",
		                 f->ech ? " (outer name, ECH)" : "");
	if (f->n_names > 0)
		return page_text(c, ", %s", f->names[0].name);
	if (f->http_host != NULL)
		return page_text(c, ", %s (claimed)", f->http_host);
	return "";
}

static const char *flow_text(struct page *c, const struct vp_flow *f)
{
	char protocol[VP_PROTOCOL_TEXT];

	return page_text(c, "%s %s %s %s %s%s, %llu out, %llu in%s%s",
	                 vp_protocol_text(protocol, f->proto),
	                 page_endpoint(c, &f->local),
	                 f->direction == VP_DIRECTION_IN ? "<-" : "->",
	                 page_endpoint(c, &f->remote),
	                 vp_flow_state_name(f->state), name_text(c, f),
	                 (unsigned long long)f->packets_out,
	                 (unsigned long long)f->packets_in,
	                 f->interface != NULL ? ", " : "",
	                 f->interface != NULL ? f->interface : "");
}

/* The sender, as far as it is known; NULL: not at all. */
static const char *sender_text(struct page *c, const struct vp_flow *f)
{
	const struct vp_owner *o = f->owner;
	const char *text;

	if (f->process == NULL && o == NULL)
		return NULL;
	text = page_text(c, "by %s",
	                 f->process != NULL ? f->process
	                                    : "an unknown process");
	if (o == NULL)
		return text;
	if (o->pid != 0)
		text = page_text(c, "%s, pid %u", text, o->pid);
	if (o->user != NULL)
		text = page_text(c, "%s, user %s", text, o->user);
	else if (o->uid != VP_NO_UID)
		text = page_text(c, "%s, user %u", text, o->uid);
	if (o->container != NULL)
		text = page_text(c, "%s, container %.12s", text, o->container);
	if (o->executable != NULL)
		text = page_text(c, "%s, %s", text, o->executable);
	if (f->n_owners > 1)
		text = page_text(c, "%s, and %u more processes", text,
		                 f->n_owners - 1);
	return text;
}

/* Where it was before it left, or how. */
static const char *path_text(struct page *c, const struct vp_flow *f)
{
	const char *text = "";

	if (f->flows > 1)
		text = page_text(c, "%llu flows put together",
		                 (unsigned long long)f->flows);
	if (f->origin == VP_ORIGIN_NAMESPACE)
		text = page_text(c, "%s%sfrom another network namespace here",
		                 text, *text ? ", " : "");
	if (f->translated_from.addr.family != 0)
		text = page_text(c, "%s%s%s before NAT", text,
		                 *text ? ", " : "",
		                 page_endpoint(c, &f->translated_from));
	if (f->tunnel != NULL)
		text = page_text(c, "%s%sinside %s to %s", text,
		                 *text ? ", " : "", f->tunnel,
		                 page_endpoint(c, &f->tunnel_peer));
	return *text ? text : NULL;
}

static bool is_bad(enum vp_flow_class class)
{
	return class == VP_CLASS_LEAK_TARGET || class == VP_CLASS_LEAK_DNS ||
	       class == VP_CLASS_UNEXPLAINED;
}

static void put_flow(struct page *c, size_t index)
{
	const struct vp_flow_judgement *j = &c->j->flows[index];
	const struct vp_flow *f = &c->facts->flows[index];
	struct vp_arena *before = page_begin(c);
	const char *more[] = { j->rule, sender_text(c, f), path_text(c, f) };

	pen_put(&c->pen, PEN_PLAIN, 0, "  ");
	pen_put(&c->pen, is_bad(j->class) ? PEN_RED : PEN_PLAIN, 13,
	        vp_flow_class_name(j->class));
	pen_wrap_at(&c->pen, 15, 15, flow_text(c, f));
	for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
		if (more[i] != NULL)
			pen_wrap(&c->pen, "               ", 15, more[i]);
	}
	page_finish(c, before);
}

/* Whose flows a table is of: with a command, its own and those of others. */
enum part { ALL, OWN, OTHERS };

static bool is_part(const struct page *c, size_t index, enum part part)
{
	const struct vp_flow *f = &c->facts->flows[index];

	if (c->j->flows[index].class == VP_CLASS_PRIVATE)
		return false;
	return part == ALL || f->of_command == (part == OWN);
}

static void put_part(struct page *c, enum part part, const char *title)
{
	static const enum vp_flow_class order[] = {
		VP_CLASS_LEAK_TARGET, VP_CLASS_LEAK_DNS, VP_CLASS_UNEXPLAINED,
		VP_CLASS_PROXIED,     VP_CLASS_INBOUND,  VP_CLASS_ALLOWED,
		VP_CLASS_REQUIRED,    VP_CLASS_TUNNELED, VP_CLASS_FORWARDED,
		VP_CLASS_NOT_LEFT,    VP_CLASS_OWN,
	};
	size_t shown = 0, total = 0;

	for (size_t i = 0; i < c->facts->n_flows; i++)
		total += is_part(c, i, part);
	if (total == 0)
		return;
	page_heading(c, title);
	for (size_t k = 0; k < sizeof(order) / sizeof(order[0]); k++) {
		for (size_t i = 0; i < c->facts->n_flows; i++) {
			if (c->j->flows[i].class != order[k] ||
			    !is_part(c, i, part) ||
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

void page_flows(struct page *c)
{
	if (c->facts->command.n_argv == 0) {
		put_part(c, ALL, "Flows to public addresses");
		return;
	}
	put_part(c, OWN, "The command's flows to public addresses");
	put_part(c, OTHERS, "Flows of others, or of nobody known");
}
