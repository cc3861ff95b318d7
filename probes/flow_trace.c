/*
 * flow_trace.c - every DNS message that was seen, for `dns --trace`.
 *
 * Kept as facts will have them, up to a number of packets and of bytes of text;
 * what is beyond is counted. Messages come as packets do, those over TCP when
 * their last segment is there, so they are put in order of time at the end.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow_table.h"
#include "vnetprobe/dns_message.h"

#define TEXT_MAX (8u << 20) /* of all names and answers */
#define ANSWER_MAX 1024     /* of one answer */

struct vp_flow_trace {
	struct vp_arena *arena; /* names and answers, and the array */
	struct vp_dns_packet *packets;
	size_t n, most, text, left_out;
};

int vp_flows_trace(struct vp_flows *t, size_t most)
{
	if (t->trace != NULL)
		return 0;
	t->trace = calloc(1, sizeof(*t->trace));
	if (t->trace == NULL)
		return -ENOMEM;
	t->trace->arena = vp_arena_create();
	t->trace->most = most != 0 ? most : 20000;
	return 0;
}

void vp_flow_trace_free(struct vp_flow_trace *t)
{
	if (t == NULL)
		return;
	vp_arena_destroy(t->arena);
	free(t);
}

/* --- an answer in words -------------------------------------------------- */

struct words {
	char text[ANSWER_MAX];
	size_t len, left_out;
};

static void words_add(struct words *w, const char *record)
{
	size_t room = sizeof(w->text) - w->len;
	int n = snprintf(w->text + w->len, room, "%s%s", w->len > 0 ? ", " : "",
	                 record);

	if (w->left_out == 0 && n > 0 && (size_t)n < room) {
		w->len += (size_t)n;
		return;
	}
	w->text[w->len] = '\0';
	w->left_out++;
}

static const char *words_end(struct words *w, struct vp_arena *arena)
{
	if (w->left_out > 0)
		return vp_arena_printf(arena, "%s and %zu more", w->text,
		                       w->left_out);
	return w->len > 0 ? w->text : NULL;
}

/* "CNAME a.b 60, A 10.0.0.4 10"; NULL: no record that is read here. */
static const char *answer_text(struct words *w, struct vp_arena *arena,
                               const struct vp_dns_message *m)
{
	char addr[VP_ADDR_TEXT];

	for (size_t i = 0; i < m->n_chain; i++)
		words_add(w, vp_arena_printf(arena, "CNAME %s %u",
		                             m->chain[i].target,
		                             (unsigned)m->chain[i].ttl));
	for (size_t i = 0; i < m->n_addresses; i++) {
		const struct vp_dns_address *a = &m->addresses[i];

		words_add(w, vp_arena_printf(arena, "%s %s %u",
		                             a->addr.family == 4 ? "A" : "AAAA",
		                             vp_addr_format(&a->addr, addr),
		                             (unsigned)a->ttl));
	}
	if (m->soa.zone != NULL)
		words_add(w,
		          vp_arena_printf(arena, "SOA %s %s %u", m->soa.zone,
		                          m->soa.mname, (unsigned)m->soa.ttl));
	if (m->text != NULL) /* its TTL is not kept */
		words_add(w, vp_arena_printf(arena, "TXT %s", m->text));
	return words_end(w, arena);
}

/* --- recording ----------------------------------------------------------- */

static const char *keep(struct vp_flow_trace *t, const char *text)
{
	size_t len = text != NULL ? strlen(text) + 1 : 0;

	if (len == 0 || len > TEXT_MAX - t->text)
		return NULL;
	t->text += len;
	return vp_arena_strdup(t->arena, text);
}

static void message_read(struct vp_flow_trace *t, struct vp_dns_packet *out,
                         const uint8_t *msg, size_t len)
{
	struct vp_arena *arena = vp_arena_create();
	struct words words = { .len = 0 };
	const char *why = "too short", *answer;
	char name[VP_DNS_NAME_TEXT];
	struct vp_dns_message m = { 0 };
	struct vp_dns_header h = { 0 };

	vp_dns_header_read(&h, msg, len);
	out->id = h.id;
	out->flags = h.flags;
	out->response = (h.flags & VP_DNS_FLAG_QR) != 0;
	out->rcode = -1;
	if (vp_dns_message_read(&m, arena, msg, len, &why) != 0) {
		answer = vp_arena_printf(arena, "cannot be read: %s", why);
		if (vp_dns_question_read(name, &out->type, &h, msg, len) == 0)
			out->name = (char *)keep(t, name);
	} else {
		answer = out->response ? answer_text(&words, arena, &m) : NULL;
		out->type = m.type;
		out->name = (char *)keep(t, m.question);
		if (out->response)
			out->rcode = m.rcode;
	}
	out->answer = (char *)keep(t, answer);
	vp_arena_destroy(arena);
}

void vp_flow_trace_message(struct vp_flow_trace *t, const struct vp_packet *p,
                           const uint8_t *msg, size_t len, bool out)
{
	struct vp_endpoint from = { p->src, p->sport },
			   to = { p->dst, p->dport };
	struct vp_dns_packet *one;

	if (t == NULL)
		return;
	if (t->n >= t->most || t->text > TEXT_MAX - 4096) {
		t->left_out++;
		return;
	}
	one = VP_PUSH(t->arena, t->packets, t->n);
	one->time_us = p->ts_us;
	one->proto = p->proto;
	one->out = out;
	one->local = out ? from : to;
	one->remote = out ? to : from;
	one->bytes = len;
	message_read(t, one, msg, len);
}

/* --- the end ------------------------------------------------------------- */

struct place {
	int64_t time_us;
	size_t index;
};

static int place_compare(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->time_us != y->time_us)
		return x->time_us < y->time_us ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

void vp_flow_trace_finish(const struct vp_flow_trace *t, struct vp_facts *facts)
{
	struct place *places;

	if (t == NULL)
		return;
	facts->traced = true;
	facts->trace_left_out = t->left_out;
	facts->n_trace = t->n;
	if (t->n == 0)
		return;
	places = vp_arena_alloc(facts->arena, t->n * sizeof(*places));
	facts->trace =
		vp_arena_alloc(facts->arena, t->n * sizeof(*facts->trace));
	for (size_t i = 0; i < t->n; i++)
		places[i] = (struct place){ t->packets[i].time_us, i };
	qsort(places, t->n, sizeof(*places), place_compare);
	for (size_t i = 0; i < t->n; i++) {
		struct vp_dns_packet *one = &facts->trace[i];

		*one = t->packets[places[i].index];
		one->name = vp_arena_strdup(facts->arena, one->name);
		one->answer = vp_arena_strdup(facts->arena, one->answer);
	}
}
