/*
 * asking.c - the DNS questions of one run.
 *
 *     round 1   every name at every listed resolver and through NSS
 *                  | all answers of a name are in
 *                  v
 *               looking closer: questions behind those of the round (closer.c)
 *     round 2   the same names from new sockets, when the interval is over and
 *               the round before is answered
 *     ...
 *
 * Each resolver has a lane: a cursor that walks over the names of the round,
 * and a list of further questions. Only a window of them stands in the pacer's
 * queue, so ten thousand questions need no memory before they are asked, and
 * what a lane did not ask is known when the run is cut short. NSS is a lane
 * too; its look-ups wait in the pacer one after the other, each counting as the
 * two questions that the C library makes of it.
 */
#include "asking.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "closer.h"
#include "name_targets.h"
#include "vnetprobe/pacer.h"
#include "vnetprobe/resolve.h"

/* Azure DNS drops silently beyond 1000 questions a second and 200 pending for
 * each machine (its published DNS limits), and dnsmasq refuses beyond 150 that
 * wait for an answer (dns-forward-max); some is left for the applications
 * beside us. */
#define QUESTIONS_A_SECOND 700
#define QUESTIONS_PENDING 120
#define NSS_QUESTIONS 2 /* A and AAAA */
/* Questions of a lane that are asked or in the pacer's queue. */
#define WINDOW 192
#define INTERVAL_MS 4000
#define ATTEMPT_MS 2000
/* Of a server from which nothing came in the round before. */
#define SILENT_ATTEMPT_MS 1000

struct item { /* what is asked */
	enum { OF_NAME, OF_ZONE, OF_SERVER } of;
	enum vp_question_kind kind; /* of a name */
	enum vp_transport transport;
	uint16_t type;
	size_t index;      /* of the name or the zone */
	const char *asked; /* NULL: the name's, the zone's own */
};

struct query { /* an item under way, or waiting behind the names */
	struct item item;
	struct lane *lane; /* NULL: cut short, or at rest */
	struct query *prev, *next;
};

struct lane {
	struct vp_asking *a;
	size_t resolver;
	bool nss, reference;
	bool heard;                      /* an answer came, in this round */
	struct vp_resolver_probe *probe; /* of this round; NULL for NSS */
	size_t at, end;                  /* of the round's questions */
	struct query *further, **further_end;
	struct query *open;
	size_t n_open;
};

struct work {        /* a name */
	size_t left; /* answers of the first round */
	size_t capacity;
};

struct vp_asking {
	struct vp_asking_options opt;
	struct vp_facts *facts;
	struct vp_name_targets targets;
	struct work *work;
	struct lane *lanes; /* one for each resolver */
	struct vp_pacer *pacer;
	struct vp_pacer_lane nss_turn;
	struct vp_pacer_wait nss_wait;
	struct lane *nss;   /* NULL: none in the plan */
	struct query *rest; /* for use again */
	uv_timer_t timer;
	unsigned round, rounds;
	uint64_t round_began_ms; /* uv_now() */
	size_t left;             /* questions of this round, not answered */
	size_t questions, answered;
	uint64_t cost; /* of all questions, as the pacer counts them */
	bool stopped;
};

static int64_t now_us(void)
{
	uv_timeval64_t t;

	uv_gettimeofday(&t);
	return t.tv_sec * 1000000 + t.tv_usec;
}

static unsigned interval_ms(const struct vp_asking *a)
{
	unsigned interval = a->opt.settings->round_interval_ms;

	return interval > 0 ? interval : INTERVAL_MS;
}

/* --- queries ----------------------------------------------------------- */

static struct query *take_query(struct vp_asking *a)
{
	struct query *q = a->rest;

	if (q == NULL)
		return vp_arena_alloc(a->facts->arena, sizeof(*q));
	a->rest = q->next;
	return q;
}

static void give_back(struct vp_asking *a, struct query *q)
{
	*q = (struct query){ .next = a->rest };
	a->rest = q;
}

static void link_open(struct lane *l, struct query *q)
{
	q->lane = l;
	q->prev = NULL;
	q->next = l->open;
	if (q->next != NULL)
		q->next->prev = q;
	l->open = q;
	l->n_open++;
}

static void unlink_open(struct query *q)
{
	struct lane *l = q->lane;

	if (q->prev != NULL)
		q->prev->next = q->next;
	else
		l->open = q->next;
	if (q->next != NULL)
		q->next->prev = q->prev;
	q->prev = q->next = NULL;
	q->lane = NULL;
	l->n_open--;
}

static const char *text_of(const struct vp_asking *a, const struct item *i)
{
	if (i->asked != NULL)
		return i->asked;
	return i->of == OF_ZONE ? a->facts->zones[i->index].name
	                        : a->facts->names[i->index]->name;
}

/* --- rows -------------------------------------------------------------- */

/* How many rows a name gets is known but for what TCP repeats and a closer
 * look brings: they are reserved at once, since growing leaves the smaller
 * array behind. */
static size_t expected_rows(const struct vp_asking *a)
{
	size_t n = 0;

	for (size_t i = 0; i < a->facts->n_resolvers; i++) {
		const struct lane *l = &a->lanes[i];

		if (l->nss)
			n += a->rounds;
		else if (a->facts->mode == VP_MODE_DNS)
			n += 2 * a->rounds + 2; /* TCP, alias */
		else if (!l->reference)
			n += 2 * a->rounds;
	}
	return n;
}

static struct vp_dns_row *new_name_row(struct vp_asking *a, size_t index)
{
	struct vp_name *name = a->facts->names[index];
	struct work *w = &a->work[index];
	struct vp_dns_row *rows;

	if (name->n_rows == w->capacity) {
		w->capacity += w->capacity == 0 ? expected_rows(a)
		                                : 2 * a->facts->n_resolvers;
		rows = vp_arena_alloc(a->facts->arena,
		                      w->capacity * sizeof(*rows));
		if (name->n_rows > 0)
			memcpy(rows, name->rows, name->n_rows * sizeof(*rows));
		name->rows = rows;
	}
	return &name->rows[name->n_rows++];
}

static void add_row(struct vp_asking *a, const struct lane *l,
                    const struct item *item, const struct vp_dns_row *row)
{
	struct vp_dns_row *copy;

	if (item->of == OF_ZONE) {
		struct vp_zone *z = &a->facts->zones[item->index];

		copy = VP_PUSH(a->facts->arena, z->rows, z->n_rows);
	} else {
		copy = new_name_row(a, item->index);
	}
	*copy = *row;
	copy->resolver = l->resolver;
	copy->round = a->round;
	copy->question = item->kind;
	copy->asked = (char *)(uintptr_t)item->asked;
	if (item->of == OF_NAME && item->kind == VP_QUESTION_NAME &&
	    !l->reference && a->opt.row != NULL && !a->stopped)
		a->opt.row(item->index, copy, a->opt.arg);
}

/* A question that was not answered because of us. */
static void add_failed(struct vp_asking *a, const struct lane *l,
                       const struct item *item, enum vp_outcome outcome,
                       const char *detail)
{
	const struct vp_dns_row row = {
		.type = l->nss ? 0 : item->type,
		.transport = item->transport,
		.outcome = outcome,
		.rcode = -1,
		.detail = vp_arena_strdup(a->facts->arena, detail),
	};

	if (item->of != OF_SERVER)
		add_row(a, l, item, &row);
}

/* --- answers ----------------------------------------------------------- */

static void look_closer(struct vp_asking *a, size_t name);
static void on_round_over(uv_timer_t *timer);

/* The round ends from the loop, with nobody else's callback on the stack. */
static void end_round_if_done(struct vp_asking *a)
{
	if (a->left > 0 || a->stopped)
		return;
	uv_update_time(a->opt.loop);
	uv_timer_start(&a->timer, on_round_over, 0, 0);
}

static void item_done(struct vp_asking *a, const struct lane *l,
                      const struct item *item)
{
	if (item->of == OF_SERVER)
		return; /* nobody waits for it */
	a->answered++;
	a->left--;
	a->facts->timing.last_answer_us = now_us();
	if (a->round == 1 && item->of == OF_NAME &&
	    item->kind == VP_QUESTION_NAME &&
	    (!l->reference || a->facts->mode == VP_MODE_DNS) &&
	    --a->work[item->index].left == 0)
		look_closer(a, item->index);
	end_round_if_done(a);
}

static void feed(struct lane *l);

static void on_answer(const struct vp_dns_row *row, bool last, void *arg)
{
	struct query *q = arg;
	struct lane *l = q->lane;
	struct vp_asking *a = l->a;
	struct item item = q->item;

	l->heard |= row->outcome == VP_OUTCOME_OK;
	if (last) {
		unlink_open(q);
		give_back(a, q);
	}
	if (item.of == OF_SERVER)
		a->facts->resolvers[l->resolver].version = row->detail;
	else
		add_row(a, l, &item, row);
	if (!last || a->stopped)
		return; /* more comes, or the row's owner cut it short */
	item_done(a, l, &item);
	feed(l);
}

static void on_nss(const struct vp_dns_row *answer, void *arg)
{
	struct query *q = arg;
	struct lane *l = q->lane;
	struct vp_dns_row row = *answer;
	struct vp_asking *a;
	struct item item = q->item;

	if (l == NULL)
		return; /* cut short: the helper outlives the questions */
	a = l->a;
	row.sent_us = now_us() - (int64_t)row.elapsed_us;
	unlink_open(q);
	give_back(a, q);
	vp_pacer_leave(&a->nss_turn);
	add_row(a, l, &item, &row);
	if (!a->stopped)
		item_done(a, l, &item);
}

/* --- asking ------------------------------------------------------------ */

/* Names first, then types: so that a name's answers come close together, and
 * with many names the resolvers are asked side by side. */
static struct item item_at(const struct lane *l, size_t at)
{
	static const struct item of_name[] = {
		{ .type = VP_DNS_A },
		{ .type = VP_DNS_AAAA },
		{ .type = VP_DNS_A, .transport = VP_TRANSPORT_TCP },
	};
	size_t n = l->a->round == 1 && l->a->facts->mode == VP_MODE_DNS ? 3 : 2;
	struct item item;

	if (l->nss)
		return (struct item){ .transport = VP_TRANSPORT_NSS,
			              .index = at };
	item = of_name[at % n];
	item.index = at / n;
	return item;
}

/* How many questions of names this lane has in a round. */
static size_t items_in_round(const struct lane *l, unsigned round)
{
	const struct vp_facts *f = l->a->facts;

	if (l->nss)
		return f->n_names;
	if (f->mode == VP_MODE_DNS)
		return f->n_names * (round == 1 ? 3 : 2);
	return l->reference ? 0 : f->n_names * 2;
}

static void ask(struct lane *l, struct query *q)
{
	struct vp_asking *a = l->a;
	const struct item item = q->item;
	const struct vp_question question = {
		.name = text_of(a, &item),
		.type = item.type,
		.transport = item.transport,
		.checking_disabled = item.kind == VP_QUESTION_UNCHECKED,
	};

	link_open(l, q);
	if (vp_resolver_probe_ask(l->probe, a->facts->arena, &question,
	                          on_answer, q) == 0)
		return;
	unlink_open(q);
	give_back(a, q);
	add_failed(a, l, &item, VP_OUTCOME_ERROR,
	           "the question could not be asked");
	item_done(a, l, &item);
}

static struct query *take_further(struct lane *l)
{
	struct query *q = l->further;

	if (q == NULL)
		return NULL;
	l->further = q->next;
	if (l->further == NULL)
		l->further_end = &l->further;
	q->next = NULL;
	return q;
}

/* What a closer look wants goes first: fewer names are in between then. */
static void feed(struct lane *l)
{
	while (l->n_open < WINDOW && l->probe != NULL) {
		struct query *q = take_further(l);

		if (q == NULL && l->at == l->end)
			return;
		if (q == NULL) {
			q = take_query(l->a);
			q->item = item_at(l, l->at++);
		}
		ask(l, q);
	}
}

static void on_nss_turn(struct vp_pacer_wait *w, void *arg)
{
	struct vp_asking *a = arg;
	struct lane *l = a->nss;
	struct query *q = take_query(a);
	const struct item item = item_at(l, l->at++);

	q->item = item;
	link_open(l, q);
	if (l->at < l->end)
		vp_pacer_enter(&a->nss_turn, w);
	if (vp_nss_ask(a->opt.nss, a->facts->arena, text_of(a, &item), on_nss,
	               q) == 0)
		return;
	unlink_open(q);
	give_back(a, q);
	vp_pacer_leave(&a->nss_turn);
	add_failed(a, l, &item, VP_OUTCOME_ERROR,
	           "the look-up helper could not be asked");
	item_done(a, l, &item);
}

/* --- looking closer ---------------------------------------------------- */

static void add_further(struct lane *l, const struct item *item)
{
	struct query *q = take_query(l->a);

	*q = (struct query){ .item = *item };
	*l->further_end = q;
	l->further_end = &q->next;
	if (item->of == OF_SERVER)
		return;
	l->a->questions++;
	l->a->cost++;
	l->a->left++;
}

/* At every server, or only at those that are listed. */
static void add_everywhere(struct vp_asking *a, const struct item *item,
                           bool references)
{
	for (size_t i = 0; i < a->facts->n_resolvers; i++) {
		struct lane *l = &a->lanes[i];

		if (!l->nss && (references || !l->reference))
			add_further(l, item);
	}
}

static void ask_zone(struct vp_asking *a, const char *name, bool privatelink)
{
	struct vp_facts *f = a->facts;
	struct item item = { .of = OF_ZONE, .type = VP_DNS_SOA };
	struct vp_zone *z;

	for (size_t i = 0; i < f->n_zones; i++)
		if (strcmp(f->zones[i].name, name) == 0)
			return; /* once for each zone and server */
	z = VP_PUSH(f->arena, f->zones, f->n_zones);
	z->name = vp_arena_strdup(f->arena, name);
	z->privatelink = privatelink;
	item.index = f->n_zones - 1;
	add_everywhere(a, &item, true);
}

/* The zone of the first target that has one. */
static const char *zone_of(const struct vp_asking *a, size_t name)
{
	const size_t *first = &a->targets.first[name];

	for (size_t i = first[0]; i < first[1]; i++) {
		size_t t = a->targets.targets[i];

		if (a->facts->targets[t].zone != NULL)
			return a->facts->targets[t].zone;
	}
	return NULL;
}

static bool wants_closer_look(const struct vp_asking *a, size_t name)
{
	const size_t *first = &a->targets.first[name];

	if (a->facts->mode == VP_MODE_DNS)
		return true;
	for (size_t i = first[0]; i < first[1]; i++) {
		size_t t = a->targets.targets[i];

		if (a->facts->targets[t].expect == VP_EXPECT_PRIVATE)
			return vp_closer_is_suspect(a->facts,
			                            a->facts->names[name]);
	}
	return false;
}

static void ask_references(struct vp_asking *a, size_t name)
{
	struct item item = { .type = VP_DNS_A, .index = name };

	for (size_t i = 0; i < a->facts->n_resolvers; i++) {
		if (!a->lanes[i].reference)
			continue;
		item.type = VP_DNS_A;
		add_further(&a->lanes[i], &item);
		item.type = VP_DNS_AAAA;
		add_further(&a->lanes[i], &item);
	}
}

/* Where a server says that it failed: does it, if it need not check? */
static void ask_unchecked(struct vp_asking *a, size_t index)
{
	const struct vp_name *name = a->facts->names[index];
	const struct item item = { .kind = VP_QUESTION_UNCHECKED,
		                   .type = VP_DNS_A,
		                   .index = index };
	const int servfail = 2; /* RFC 1035 section 4.1.1 */

	for (size_t i = 0; i < name->n_rows; i++) {
		const struct vp_dns_row *row = &name->rows[i];

		if (row->question == VP_QUESTION_NAME &&
		    row->type == VP_DNS_A &&
		    row->transport == VP_TRANSPORT_UDP &&
		    row->outcome == VP_OUTCOME_OK && row->rcode == servfail)
			add_further(&a->lanes[row->resolver], &item);
	}
}

static void ask_searched(struct vp_asking *a, size_t index)
{
	const struct vp_machine *m = &a->facts->machine;
	const struct vp_name *name = a->facts->names[index];

	if (!vp_closer_is_searched(a->facts, name) &&
	    !vp_closer_nss_differs(a->facts, name))
		return;
	for (size_t i = 0; i < m->n_search; i++) {
		struct item item = { .kind = VP_QUESTION_SEARCH,
			             .type = VP_DNS_A,
			             .index = index };

		/* RFC 1035 section 2.3.4; the root has nothing to add */
		if (m->search[i][0] == '\0' || m->search[i][0] == '.' ||
		    strlen(name->name) + 1 + strlen(m->search[i]) > 253)
			continue;
		item.asked = vp_arena_printf(a->facts->arena, "%s.%s",
		                             name->name, m->search[i]);
		add_everywhere(a, &item, false);
	}
}

static void ask_alias(struct vp_asking *a, size_t index, const char *zone)
{
	struct item item = { .kind = VP_QUESTION_ALIAS,
		             .type = VP_DNS_A,
		             .index = index };

	item.asked = vp_closer_alias(a->facts, a->facts->names[index], zone,
	                             a->opt.settings->workspace.id);
	if (item.asked != NULL)
		add_everywhere(a, &item, true);
}

/* All answers of this name's first round are in. */
static void look_closer(struct vp_asking *a, size_t index)
{
	const char *zone = zone_of(a, index), *public[2];
	size_t n;

	if (a->stopped || !wants_closer_look(a, index))
		return;
	if (a->facts->mode != VP_MODE_DNS)
		ask_references(a, index);
	ask_alias(a, index, zone);
	if (zone != NULL)
		ask_zone(a, zone, true);
	n = vp_closer_public_zones(public, a->facts->names[index]->name, zone);
	for (size_t i = 0; i < n; i++)
		ask_zone(a, public[i], false);
	ask_unchecked(a, index);
	ask_searched(a, index);
	for (size_t i = 0; i < a->facts->n_resolvers; i++)
		feed(&a->lanes[i]);
}

/* --- rounds ------------------------------------------------------------ */

static void close_probes(struct vp_asking *a)
{
	for (size_t i = 0; i < a->facts->n_resolvers; i++) {
		struct lane *l = &a->lanes[i];

		vp_resolver_probe_destroy(l->probe);
		l->probe = NULL;
		while (!l->nss && l->open != NULL) { /* what nobody waits for */
			struct query *q = l->open;

			unlink_open(q);
			give_back(a, q);
		}
	}
}

static unsigned attempt_ms(const struct vp_asking *a, const struct lane *l)
{
	unsigned timeout = a->opt.settings->timeout_ms;
	unsigned most =
		a->round > 0 && !l->heard ? SILENT_ATTEMPT_MS : ATTEMPT_MS;

	return timeout > 0 && timeout < most ? timeout : most;
}

static int open_probes(struct vp_asking *a)
{
	for (size_t i = 0; i < a->facts->n_resolvers; i++) {
		const struct vp_resolver_probe_options opt = {
			.loop = a->opt.loop,
			.pacer = a->pacer,
			.server = a->facts->resolvers[i].endpoint,
			.timeout_ms = attempt_ms(a, &a->lanes[i]),
		};
		int rc;

		if (a->lanes[i].nss)
			continue;
		rc = vp_resolver_probe_create(&a->lanes[i].probe, &opt);
		if (rc != 0)
			return rc;
		a->lanes[i].heard = false;
	}
	return 0;
}

static void ask_version(struct lane *l)
{
	const struct item item = { .of = OF_SERVER,
		                   .type = VP_DNS_TXT,
		                   .asked = "version.bind" };

	if (!l->nss && l->end > 0)
		add_further(l, &item);
}

static int begin_round(struct vp_asking *a)
{
	int rc = open_probes(a);

	if (rc != 0)
		return rc;
	a->round++;
	uv_update_time(a->opt.loop);
	a->round_began_ms = uv_now(a->opt.loop);
	for (size_t i = 0; i < a->facts->n_resolvers; i++) {
		struct lane *l = &a->lanes[i];

		l->at = 0;
		l->end = items_in_round(l, a->round);
		a->left += l->end;
		if (a->round == 1)
			ask_version(l);
	}
	for (size_t i = 0; i < a->facts->n_resolvers; i++)
		feed(&a->lanes[i]);
	if (a->nss != NULL && a->nss->end > 0)
		vp_pacer_enter(&a->nss_turn, &a->nss_wait);
	end_round_if_done(a);
	return 0;
}

/* What was not asked is said. */
static void cancel_rest(struct vp_asking *a)
{
	for (size_t i = 0; i < a->facts->n_resolvers; i++) {
		struct lane *l = &a->lanes[i];
		struct query *q;

		while ((q = l->open) != NULL) {
			unlink_open(q);
			add_failed(a, l, &q->item, VP_OUTCOME_CANCELLED, NULL);
		}
		while ((q = take_further(l)) != NULL)
			add_failed(a, l, &q->item, VP_OUTCOME_CANCELLED, NULL);
		while (l->at < l->end) {
			const struct item item = item_at(l, l->at++);

			add_failed(a, l, &item, VP_OUTCOME_CANCELLED, NULL);
		}
	}
}

static void on_round_due(uv_timer_t *timer)
{
	struct vp_asking *a = timer->data;

	if (begin_round(a) == 0)
		return;
	/* No sockets for it: what there is must do, and is said to lack. */
	close_probes(a);
	a->round++;
	for (size_t i = 0; i < a->facts->n_resolvers; i++) {
		struct lane *l = &a->lanes[i];

		l->end = items_in_round(l, a->round);
		for (l->at = 0; l->at < l->end; l->at++) {
			const struct item item = item_at(l, l->at);

			add_failed(a, l, &item, VP_OUTCOME_ERROR,
			           "no socket could be opened");
		}
		a->answered += l->end;
	}
	end_round_if_done(a);
}

static void on_round_over(uv_timer_t *timer)
{
	struct vp_asking *a = timer->data;
	uint64_t due, now = uv_now(a->opt.loop);

	if (a->left > 0)
		return;
	close_probes(a);
	if (a->round == a->rounds) {
		a->opt.done(a->opt.arg);
		return;
	}
	due = a->round_began_ms + interval_ms(a);
	uv_timer_start(timer, on_round_due, due > now ? due - now : 0, 0);
}

/* --- the whole --------------------------------------------------------- */

static void open_lanes(struct vp_asking *a)
{
	struct vp_facts *f = a->facts;

	a->lanes = vp_arena_alloc(f->arena, f->n_resolvers * sizeof(*a->lanes));
	a->work = vp_arena_alloc(f->arena, f->n_names * sizeof(*a->work));
	for (size_t i = 0; i < f->n_resolvers; i++) {
		struct lane *l = &a->lanes[i];
		size_t n;

		l->a = a;
		l->resolver = i;
		l->nss = f->resolvers[i].source == VP_RESOLVER_NSS;
		l->reference = vp_resolver_is_reference(&f->resolvers[i]);
		l->further_end = &l->further;
		if (l->nss)
			a->nss = l;
		n = f->n_names > 0 ? items_in_round(l, 1) / f->n_names : 0;
		for (size_t k = 0; k < f->n_names; k++)
			a->work[k].left += n;
		for (unsigned r = 1; r <= a->rounds; r++) {
			n = items_in_round(l, r);
			a->questions += n;
			a->cost += l->nss ? n * NSS_QUESTIONS : n;
		}
	}
}

static void on_timer_closed(uv_handle_t *handle)
{
	free(handle->data);
}

int vp_asking_start(struct vp_asking **out, const struct vp_asking_options *opt,
                    char *why, size_t size)
{
	struct vp_asking *a = calloc(1, sizeof(*a));
	int rc;

	*out = NULL;
	if (a == NULL) {
		snprintf(why, size, "out of memory");
		return -ENOMEM;
	}
	a->opt = *opt;
	a->facts = opt->facts;
	a->rounds = a->facts->rounds > 0 ? a->facts->rounds : 1;
	uv_timer_init(opt->loop, &a->timer);
	a->timer.data = a;
	vp_name_targets_make(&a->targets, a->facts);
	open_lanes(a);
	a->pacer = vp_pacer_create(opt->loop, QUESTIONS_A_SECOND,
	                           QUESTIONS_PENDING);
	rc = a->pacer != NULL ? 0 : -ENOMEM;
	if (rc == 0) {
		vp_pacer_lane_open(&a->nss_turn, a->pacer, on_nss_turn, a);
		a->nss_turn.cost = NSS_QUESTIONS;
		a->facts->timing.first_question_us = now_us();
		rc = begin_round(a);
	}
	if (rc != 0) {
		snprintf(why, size, "cannot set up the resolvers: %s",
		         strerror(-rc));
		vp_asking_destroy(a);
		return rc;
	}
	*out = a;
	return 0;
}

static void close_all(struct vp_asking *a)
{
	a->stopped = true;
	uv_timer_stop(&a->timer);
	close_probes(a);
	if (a->pacer == NULL)
		return;
	vp_pacer_lane_close(&a->nss_turn);
	vp_pacer_destroy(a->pacer);
	a->pacer = NULL;
}

void vp_asking_stop(struct vp_asking *a)
{
	if (a->stopped)
		return;
	a->stopped = true;
	cancel_rest(a);
	close_all(a);
	a->facts->rounds = a->round; /* no more were begun */
}

void vp_asking_count(const struct vp_asking *a, struct vp_asking_counts *out)
{
	uint64_t pauses = (uint64_t)interval_ms(a) * (a->rounds - 1);
	uint64_t paced = a->cost * 1000 / QUESTIONS_A_SECOND;
	uint64_t end = a->round_began_ms +
	               (uint64_t)interval_ms(a) * (a->rounds - a->round);
	uint64_t now = uv_now(a->opt.loop);

	*out = (struct vp_asking_counts){
		.questions = a->questions,
		.answered = a->answered,
		.round = a->round,
		.rounds = a->rounds,
		.paced_ms = paced + pauses,
		.least_ms = end > now ? end - now : 0,
	};
	if (a->questions == 0)
		return;
	paced = paced * (a->questions - a->answered) / a->questions;
	if (out->least_ms < paced)
		out->least_ms = paced;
}

void vp_asking_destroy(struct vp_asking *a)
{
	if (a == NULL)
		return;
	for (size_t i = 0; i < a->facts->n_resolvers; i++)
		while (a->lanes[i].open != NULL)
			unlink_open(a->lanes[i].open);
	close_all(a);
	uv_close((uv_handle_t *)&a->timer, on_timer_closed);
}
