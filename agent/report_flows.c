/*
 * report_flows.c - flows for people: who sent what where, and by which rule
 * that is judged. Flows that differ only in ports, process ids and times are
 * one entry, unless each is wanted (-v); the JSON report has each.
 */
#include <stdlib.h>
#include <string.h>

#include "report_page.h"
#include "wording.h"

#define MOST_FLOWS 12 /* entries, when not verbose */

static const char *name_text(struct page *c, const struct vp_flow *f)
{
	if (f->http_connect != NULL)
		return page_text(c, ", proxy asked for %s", f->http_connect);
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

/* --- which are equal --------------------------------------------------------
 */

struct shown { /* a flow of a table */
	const struct vp_flow *f;
	const struct vp_flow_judgement *j;
	size_t rank; /* of its class */
	size_t index;
	size_t first; /* the index of the first flow that is equal */
};

static int text_order(const char *x, const char *y)
{
	if (x == NULL || y == NULL)
		return (x != NULL) - (y != NULL);
	return strcmp(x, y);
}

static int number_order(uint64_t x, uint64_t y)
{
	return (x > y) - (x < y);
}

/* What name_text() writes; NULL: nothing. */
static const char *name_of(const struct vp_flow *f)
{
	if (f->http_connect != NULL)
		return f->http_connect;
	if (f->sni != NULL)
		return f->sni;
	return f->n_names > 0 ? f->names[0].name : f->http_host;
}

/* How well the name is known. */
static unsigned name_kind(const struct vp_flow *f)
{
	if (f->http_connect != NULL)
		return 1;
	if (f->sni != NULL)
		return 2u + f->sni_bound + 2u * f->ech;
	if (f->n_names > 0)
		return 6;
	return f->http_host != NULL ? 7 : 0;
}

static int party_order(const struct vp_flow *x, const struct vp_flow *y)
{
	int order = number_order(name_kind(x), name_kind(y));

	if (order == 0)
		order = text_order(name_of(x), name_of(y));
	if (order == 0 && name_of(x) == NULL)
		order = vp_addr_compare(&x->remote.addr, &y->remote.addr);
	if (order != 0)
		return order;
	return x->direction == VP_DIRECTION_IN
	               ? number_order(x->local.port, y->local.port)
	               : number_order(x->remote.port, y->remote.port);
}

static int sender_order(const struct vp_flow *x, const struct vp_flow *y)
{
	static const struct vp_owner nobody = { .uid = VP_NO_UID };
	const struct vp_owner *a = x->owner != NULL ? x->owner : &nobody;
	const struct vp_owner *b = y->owner != NULL ? y->owner : &nobody;
	int order = text_order(x->process, y->process);

	if (order == 0)
		order = text_order(a->executable, b->executable);
	if (order == 0)
		order = number_order(a->uid, b->uid);
	if (order == 0)
		order = text_order(a->user, b->user);
	if (order == 0)
		order = text_order(a->container, b->container);
	if (order == 0)
		order = number_order(x->owner != NULL, y->owner != NULL);
	if (order == 0)
		order = number_order(x->n_owners, y->n_owners);
	return order != 0 ? order : number_order(x->own, y->own);
}

static int path_order(const struct vp_flow *x, const struct vp_flow *y)
{
	int order = number_order(x->origin, y->origin);

	if (order == 0)
		order = text_order(x->interface, y->interface);
	if (order == 0)
		order = vp_addr_compare(&x->local.addr, &y->local.addr);
	if (order == 0)
		order = vp_addr_compare(&x->translated_from.addr,
		                        &y->translated_from.addr);
	if (order == 0)
		order = text_order(x->tunnel, y->tunnel);
	return order != 0 ? order
	                  : vp_addr_compare(&x->tunnel_peer.addr,
	                                    &y->tunnel_peer.addr);
}

static int equal_order(const struct shown *x, const struct shown *y)
{
	int order = number_order(x->rank, y->rank);

	if (order == 0)
		order = number_order(x->f->proto, y->f->proto);
	if (order == 0)
		order = number_order(x->f->direction, y->f->direction);
	if (order == 0)
		order = number_order(x->f->state, y->f->state);
	if (order == 0)
		order = party_order(x->f, y->f);
	if (order == 0)
		order = text_order(x->j->rule, y->j->rule);
	if (order == 0)
		order = sender_order(x->f, y->f);
	return order != 0 ? order : path_order(x->f, y->f);
}

static int by_equality(const void *a, const void *b)
{
	const struct shown *x = a, *y = b;
	int order = equal_order(x, y);

	return order != 0 ? order : number_order(x->index, y->index);
}

static int by_place(const void *a, const void *b)
{
	const struct shown *x = a, *y = b;
	int order = number_order(x->rank, y->rank);

	if (order == 0)
		order = number_order(x->first, y->first);
	return order != 0 ? order : number_order(x->index, y->index);
}

/* Equal ones next to each other, in the order of the first of them. */
static void arrange(const struct page *c, struct shown *all, size_t n)
{
	if (n == 0)
		return;
	qsort(all, n, sizeof(*all), by_equality);
	for (size_t i = 0; i < n; i++)
		all[i].first =
			i > 0 && !c->verbose &&
					equal_order(&all[i - 1], &all[i]) == 0
				? all[i - 1].first
				: all[i].index;
	qsort(all, n, sizeof(*all), by_place);
}

/* --- an entry --------------------------------------------------------------
 */

struct sum { /* of the flows of an entry */
	uint64_t flows, packets_out, packets_in;
	int64_t first_us, last_us;
	size_t addresses; /* remote ones, of a name */
	bool one_pid;
};

static uint64_t flows_of(const struct vp_flow *f)
{
	return f->flows > 1 ? f->flows : 1;
}

static uint32_t pid_of(const struct vp_flow *f)
{
	return f->owner != NULL ? f->owner->pid : 0;
}

static int addr_order(const void *a, const void *b)
{
	return vp_addr_compare(a, b);
}

static size_t count_addresses(struct page *c, const struct shown *s, size_t n)
{
	struct vp_addr *all = vp_arena_alloc(c->pen.arena, n * sizeof(*all));
	size_t count = 1;

	for (size_t i = 0; i < n; i++)
		all[i] = s[i].f->remote.addr;
	qsort(all, n, sizeof(*all), addr_order);
	for (size_t i = 1; i < n; i++)
		count += vp_addr_compare(&all[i - 1], &all[i]) != 0;
	return count;
}

static struct sum sum_of(struct page *c, const struct shown *s, size_t n)
{
	struct sum sum = { .one_pid = true,
		           .first_us = s[0].f->first_us,
		           .last_us = s[0].f->last_us,
		           .addresses = count_addresses(c, s, n) };

	for (size_t i = 0; i < n; i++) {
		const struct vp_flow *f = s[i].f;

		sum.flows += flows_of(f);
		sum.packets_out += f->packets_out;
		sum.packets_in += f->packets_in;
		if (f->first_us < sum.first_us)
			sum.first_us = f->first_us;
		if (f->last_us > sum.last_us)
			sum.last_us = f->last_us;
		sum.one_pid = sum.one_pid && pid_of(f) == pid_of(s[0].f);
	}
	return sum;
}

/* The end that has the service with its port, the other one without. */
static const char *end_text(struct page *c, const struct vp_endpoint *e,
                            bool service)
{
	struct vp_endpoint bare = *e;

	if (!service)
		bare.port = 0;
	return page_endpoint(c, &bare);
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

/* "12 flows: tcp 10.20.1.4 -> 198.51.100.9:443 established, pypi.org, ..." */
static const char *entry_text(struct page *c, const struct vp_flow *f,
                              const struct sum *sum)
{
	bool in = f->direction == VP_DIRECTION_IN;
	char protocol[VP_PROTOCOL_TEXT];
	const char *more = "";

	if (sum->addresses > 1)
		more = page_text(c, " and %zu more address%s",
		                 sum->addresses - 1,
		                 sum->addresses == 2 ? "" : "es");
	return page_text(
		c,
		"%llu flows: %s %s %s %s%s %s%s, %llu packets out, %llu in%s%s",
		(unsigned long long)sum->flows,
		vp_protocol_text(protocol, f->proto),
		end_text(c, &f->local, in), in ? "<-" : "->",
		end_text(c, &f->remote, !in), more,
		vp_flow_state_name(f->state), name_text(c, f),
		(unsigned long long)sum->packets_out,
		(unsigned long long)sum->packets_in,
		f->interface != NULL ? ", " : "",
		f->interface != NULL ? f->interface : "");
}

/* The sender, as far as it is known; NULL: not at all. */
static const char *sender_text(struct page *c, const struct vp_flow *f,
                               bool one_pid)
{
	const char *sender = vp_flow_sender(c->facts, f);
	const struct vp_owner *o = f->owner;
	const char *text;

	if (sender == NULL && o == NULL)
		return NULL;
	text = page_text(c, "by %s",
	                 sender != NULL ? sender : "an unknown process");
	if (o == NULL)
		return text;
	if (!one_pid)
		text = page_text(c, "%s, several processes", text);
	else if (o->pid != 0)
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
static const char *path_text(struct page *c, const struct vp_flow *f, bool one)
{
	const char *text = "";

	if (one && f->flows > 1)
		text = page_text(c, "%llu flows put together",
		                 (unsigned long long)f->flows);
	if (f->origin == VP_ORIGIN_NAMESPACE)
		text = page_text(c, "%s%sfrom another network namespace here",
		                 text, *text ? ", " : "");
	if (f->translated_from.addr.family != 0)
		text = page_text(c, "%s%s%s before NAT", text,
		                 *text ? ", " : "",
		                 end_text(c, &f->translated_from, one));
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

static void put_entry(struct page *c, const struct shown *s, size_t n)
{
	struct vp_arena *before = page_begin(c);
	struct sum sum = sum_of(c, s, n);
	const char *more[] = {
		n > 1 ? page_text(c, "from %s to %s UTC",
		                  page_clock(c, sum.first_us),
		                  page_clock(c, sum.last_us))
		      : NULL,
		s->j->rule,
		sender_text(c, s->f, sum.one_pid),
		path_text(c, s->f, n == 1),
	};

	pen_put(&c->pen, PEN_PLAIN, 0, "  ");
	pen_put(&c->pen, is_bad(s->j->class) ? PEN_RED : PEN_PLAIN, 13,
	        vp_flow_class_name(s->j->class));
	pen_wrap_at(&c->pen, 15, 15,
	            n > 1 ? entry_text(c, s->f, &sum) : flow_text(c, s->f));
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
	struct vp_arena *before = page_begin(c);
	struct shown *all = NULL;
	size_t n = 0, entries = 0, end;
	uint64_t left = 0;

	for (size_t k = 0; k < sizeof(order) / sizeof(order[0]); k++) {
		for (size_t i = 0; i < c->facts->n_flows; i++) {
			if (c->j->flows[i].class == order[k] &&
			    is_part(c, i, part))
				*VP_PUSH(c->pen.arena, all, n) =
					(struct shown){ &c->facts->flows[i],
					                &c->j->flows[i], k, i,
					                i };
		}
	}
	arrange(c, all, n);
	if (n > 0)
		page_heading(c, title);
	for (size_t i = 0; i < n; i = end) {
		for (end = i + 1; end < n && all[end].first == all[i].first;)
			end++;
		if (entries < MOST_FLOWS || c->verbose) {
			put_entry(c, &all[i], end - i);
			entries++;
			continue;
		}
		for (size_t m = i; m < end; m++)
			left += flows_of(all[m].f);
	}
	if (left > 0)
		fprintf(c->pen.out, "  and %llu more: -v, or the JSON report\n",
		        (unsigned long long)left);
	page_finish(c, before);
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
