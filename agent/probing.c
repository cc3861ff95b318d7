/*
 * probing.c - the questions and attempts of one run.
 *
 *     name x resolver x type --answer--> new address of the name
 *     name through NSS       --answer-->   |  for each target of the name
 *                                          v
 *                              route (kernel), then by scope and expectation:
 *                              withheld, or TCP, or TCP + TLS + HTTP
 *
 * There is no barrier: an address is reached when its first answer comes.
 * Questions are paced in resolve.h's pacer; NSS look-ups, each of which is two
 * questions of the C library, here, in batches by a timer.
 */
#include "probing.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vnetprobe/https.h"
#include "vnetprobe/resolve.h"
#include "vnetprobe/tcp.h"

/* Azure DNS drops silently beyond 1000 questions a second and 200 pending for
 * each machine (its published DNS limits): together half of that and some
 * for NSS, so that applications beside us are not starved. */
#define QUESTIONS_A_SECOND 500
#define QUESTIONS_PENDING 100
#define NSS_FIRST_BATCH 64
#define NSS_BATCH 32 /* 100 a second, 200 questions */
#define NSS_BATCH_MS 320

struct lookup { /* one question */
	struct vp_probing *p;
	size_t work; /* index of its name */
	size_t resolver;
	uint16_t type;
	bool done;
};

struct work { /* a name and the targets that have it */
	struct vp_name *name;
	size_t capacity; /* of its rows */
	size_t *targets;
	size_t n_targets;
};

struct attempt { /* at one address of one target */
	struct vp_probing *p;
	size_t target, address;
	struct vp_tcp *tcp; /* NULL: over HTTPS, or waiting, or done */
	bool done;
	struct attempt *next; /* of the queue */
};

struct vp_probing {
	struct vp_probing_options opt;
	struct vp_facts *facts;
	struct work *work;
	size_t n_work;
	struct vp_pacer *pacer;
	struct vp_resolver_probe **resolvers; /* NULL for NSS */
	struct vp_https_pool *https;
	struct lookup *lookups; /* of names, in the order they are asked */
	size_t n_lookups;
	struct lookup *nss; /* one for each name */
	size_t n_nss, nss_asked;
	uv_timer_t nss_timer;
	struct attempt **attempts;
	size_t n_attempts;
	struct attempt *waiting, **waiting_end; /* TCP attempts */
	unsigned tcp_running;
	struct vp_probing_counts counts;
	bool stopped, reported;
};

static int64_t now_us(void)
{
	uv_timeval64_t t;

	uv_gettimeofday(&t);
	return t.tv_sec * 1000000 + t.tv_usec;
}

/* --- the end ------------------------------------------------------------ */

static void finish_if_done(struct vp_probing *p)
{
	const struct vp_probing_counts *c = &p->counts;

	if (p->stopped || p->reported || c->answered < c->questions ||
	    c->finished < c->attempts)
		return;
	p->reported = true;
	p->opt.done(p->opt.arg);
}

static void attempt_done(struct attempt *a)
{
	a->done = true;
	a->p->counts.finished++;
	a->p->facts->timing.last_answer_us = now_us();
}

/* --- attempts ------------------------------------------------------------ */

static struct vp_target_address *address_of(const struct attempt *a)
{
	return &a->p->facts->targets[a->target].addresses[a->address];
}

static void start_waiting(struct vp_probing *p);

static void on_tcp(const struct vp_tcp_result *res, void *arg)
{
	struct attempt *a = arg;
	struct vp_target_address *addr = address_of(a);
	struct vp_probing *p = a->p;

	addr->reach = VP_REACH_TRIED;
	addr->tcp.outcome = res->outcome;
	addr->tcp.elapsed_us = res->elapsed_us;
	addr->local = res->local;
	vp_tcp_destroy(a->tcp);
	a->tcp = NULL;
	p->tcp_running--;
	attempt_done(a);
	start_waiting(p);
	finish_if_done(p);
}

static void on_https(const struct vp_https_result *res, void *arg)
{
	struct attempt *a = arg;
	struct vp_target_address *addr = address_of(a);

	addr->reach = VP_REACH_TRIED;
	addr->local = res->local;
	addr->tcp.outcome = res->tcp;
	addr->tcp.elapsed_us = res->tcp_elapsed_us;
	addr->tls = res->tls;
	addr->http = res->http;
	attempt_done(a);
	finish_if_done(a->p);
}

/* An attempt that this machine did not even allow to begin. */
static void failed_at_once(struct attempt *a, int rc)
{
	struct vp_target_address *addr = address_of(a);

	addr->reach = VP_REACH_TRIED;
	addr->tcp.outcome = vp_outcome_from_errno(rc);
	attempt_done(a);
}

static void start_waiting(struct vp_probing *p)
{
	unsigned most = p->opt.settings->concurrency;

	while (p->waiting != NULL && p->tcp_running < most) {
		struct attempt *a = p->waiting;
		struct vp_endpoint remote = {
			address_of(a)->addr,
			p->facts->targets[a->target].port,
		};
		int rc;

		p->waiting = a->next;
		if (p->waiting == NULL)
			p->waiting_end = &p->waiting;
		rc = vp_tcp_create(&a->tcp, p->opt.loop, &remote,
		                   p->opt.settings->timeout_ms, on_tcp, a);
		if (rc == 0)
			p->tcp_running++;
		else
			failed_at_once(a, rc);
	}
}

static void reach(struct vp_probing *p, size_t target, size_t address)
{
	struct vp_target *t = &p->facts->targets[target];
	struct attempt *a = vp_arena_alloc(p->facts->arena, sizeof(*a));
	struct vp_https_request req = {
		.name = t->name->name,
		.remote = { t->addresses[address].addr, t->port },
		.kind = t->kind,
		.path = t->http_path != NULL ? t->http_path : "/",
	};
	int rc;

	*a = (struct attempt){ .p = p, .target = target, .address = address };
	*VP_PUSH(p->facts->arena, p->attempts, p->n_attempts) = a;
	p->counts.attempts++;
	if (!t->tls) {
		*p->waiting_end = a;
		p->waiting_end = &a->next;
		start_waiting(p);
		return;
	}
	rc = vp_https_start(p->https, p->facts->arena, &req, on_https, a);
	if (rc != 0)
		failed_at_once(a, rc);
}

/* --- addresses ------------------------------------------------------------ */

static void look_up_route(struct vp_probing *p, const struct vp_addr *to,
                          struct vp_route *out)
{
	if (vp_routes_get(p->opt.routes, p->facts->arena, to, out) != 0)
		out->outcome = VP_OUTCOME_ERROR;
}

/*
 * May this address be connected to? Private ones, yes; a public one only if
 * the plan expects it there. What is neither (0.0.0.0, loopback, multicast,
 * the platform's own) is no address of a service.
 */
static bool may_connect(const struct vp_probing *p, const struct vp_target *t,
                        const struct vp_addr *addr)
{
	const struct vp_policy *policy = &p->facts->policy;

	switch (vp_addr_scope(addr, policy->vnet, policy->n_vnet)) {
	case VP_SCOPE_PRIVATE:
	case VP_SCOPE_VNET:
		return true;
	case VP_SCOPE_PUBLIC:
		return t->expect != VP_EXPECT_PRIVATE ||
		       p->opt.settings->probe_public;
	default:
		return false;
	}
}

static void add_address(struct vp_probing *p, size_t target,
                        const struct vp_addr *addr)
{
	struct vp_target *t = &p->facts->targets[target];
	struct vp_target_address *new;

	for (size_t i = 0; i < t->n_addresses; i++)
		if (vp_addr_equal(&t->addresses[i].addr, addr))
			return;
	new = VP_PUSH(p->facts->arena, t->addresses, t->n_addresses);
	*new = (struct vp_target_address){ .addr = *addr };
	look_up_route(p, addr, &new->route);
	if (may_connect(p, t, addr))
		reach(p, target, t->n_addresses - 1);
	else
		new->reach = VP_REACH_WITHHELD;
}

/* How many rows a name gets is known but for answers that TCP repeats: they
 * are as many from the start, since growing leaves the smaller ones behind. */
static struct vp_dns_row *new_row(struct vp_probing *p, struct work *w)
{
	struct vp_name *name = w->name;
	struct vp_dns_row *rows;

	if (name->n_rows == w->capacity) {
		w->capacity += 2 * p->facts->n_resolvers;
		rows = vp_arena_alloc(p->facts->arena,
		                      w->capacity * sizeof(*rows));
		if (name->n_rows > 0)
			memcpy(rows, name->rows, name->n_rows * sizeof(*rows));
		name->rows = rows;
	}
	return &name->rows[name->n_rows++];
}

static void add_row(struct lookup *l, const struct vp_dns_row *row)
{
	struct vp_probing *p = l->p;
	struct work *w = &p->work[l->work];
	struct vp_dns_row *copy;

	copy = new_row(p, w);
	*copy = *row;
	copy->resolver = l->resolver;
	copy->round = 1;
	for (size_t i = 0; i < w->n_targets; i++)
		for (size_t k = 0; k < row->n_addresses; k++)
			add_address(p, w->targets[i], &row->addresses[k].addr);
}

/* --- questions ------------------------------------------------------------ */

static void lookup_done(struct lookup *l)
{
	struct vp_probing *p = l->p;

	l->done = true;
	p->counts.answered++;
	p->facts->timing.last_answer_us = now_us();
	finish_if_done(p);
}

static void on_answer(const struct vp_dns_row *row, bool last, void *arg)
{
	struct lookup *l = arg;

	add_row(l, row);
	if (last)
		lookup_done(l);
}

static void on_nss(const struct vp_dns_row *row, void *arg)
{
	struct lookup *l = arg;

	if (l->p->stopped)
		return; /* cancelled: the helper outlives the probes */
	add_row(arg, row);
	lookup_done(arg);
}

static void ask_nss(struct lookup *l)
{
	struct vp_probing *p = l->p;
	struct vp_dns_row row = { .transport = VP_TRANSPORT_NSS,
		                  .outcome = VP_OUTCOME_ERROR,
		                  .rcode = -1 };

	if (vp_nss_ask(p->opt.nss, p->facts->arena, p->work[l->work].name->name,
	               on_nss, l) == 0)
		return;
	row.detail = vp_arena_strdup(p->facts->arena,
	                             "the look-up helper could not be asked");
	add_row(l, &row);
	l->done = true;
	p->counts.answered++;
}

static void on_nss_timer(uv_timer_t *timer)
{
	struct vp_probing *p = timer->data;

	for (unsigned i = 0; i < NSS_BATCH && p->nss_asked < p->n_nss; i++)
		ask_nss(&p->nss[p->nss_asked++]);
	if (p->nss_asked == p->n_nss)
		uv_timer_stop(timer);
	finish_if_done(p);
}

static int ask(struct lookup *l)
{
	struct vp_probing *p = l->p;
	const struct vp_question q = {
		.name = p->work[l->work].name->name,
		.type = l->type,
		.transport = VP_TRANSPORT_UDP,
	};

	return vp_resolver_probe_ask(p->resolvers[l->resolver], p->facts->arena,
	                             &q, on_answer, l);
}

/* --- setting up ------------------------------------------------------------
 */

static int by_pointer(const void *a, const void *b)
{
	const struct work *x = a, *y = b;

	return x->name < y->name ? -1 : x->name > y->name;
}

static void sort_targets_to_names(struct vp_probing *p)
{
	struct vp_facts *f = p->facts;

	p->n_work = f->n_names;
	p->work = vp_arena_alloc(f->arena, p->n_work * sizeof(*p->work));
	for (size_t i = 0; i < p->n_work; i++)
		p->work[i].name = f->names[i];
	qsort(p->work, p->n_work, sizeof(*p->work), by_pointer);
	for (size_t i = 0; i < f->n_targets; i++) {
		struct work key = { .name = f->targets[i].name };
		struct work *w = bsearch(&key, p->work, p->n_work, sizeof(*w),
		                         by_pointer);

		if (w != NULL)
			*VP_PUSH(f->arena, w->targets, w->n_targets) = i;
	}
}

/* Names first, then types, then resolvers: so that with many names the
 * resolvers are asked side by side. */
static void list_lookups(struct vp_probing *p)
{
	static const uint16_t types[] = { VP_DNS_A, VP_DNS_AAAA };
	struct vp_facts *f = p->facts;

	for (size_t i = 0; i < p->n_work * 2; i++) {
		for (size_t r = 0; r < f->n_resolvers; r++) {
			struct lookup l = { .p = p,
				            .work = i / 2,
				            .resolver = r,
				            .type = types[i % 2] };

			if (f->resolvers[r].source != VP_RESOLVER_NSS)
				*VP_PUSH(f->arena, p->lookups, p->n_lookups) =
					l;
			else if (i % 2 == 0)
				*VP_PUSH(f->arena, p->nss, p->n_nss) = l;
		}
	}
	p->counts.questions = p->n_lookups + p->n_nss;
}

static int open_resolvers(struct vp_probing *p)
{
	const struct vp_settings *s = p->opt.settings;
	struct vp_facts *f = p->facts;

	p->pacer = vp_pacer_create(p->opt.loop, QUESTIONS_A_SECOND,
	                           QUESTIONS_PENDING);
	p->resolvers = vp_arena_alloc(f->arena, (f->n_resolvers + 1) *
	                                                sizeof(*p->resolvers));
	if (p->pacer == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < f->n_resolvers; i++) {
		struct vp_resolver_probe_options opt = {
			.loop = p->opt.loop,
			.pacer = p->pacer,
			.server = f->resolvers[i].endpoint,
			.timeout_ms =
				s->timeout_ms < 2000 ? s->timeout_ms : 2000,
		};
		int rc;

		if (f->resolvers[i].source == VP_RESOLVER_NSS)
			continue;
		rc = vp_resolver_probe_create(&p->resolvers[i], &opt);
		if (rc != 0)
			return rc;
		look_up_route(p, &f->resolvers[i].endpoint.addr,
		              &f->resolvers[i].route);
	}
	return 0;
}

static int open_probes(struct vp_probing *p, char *why, size_t size)
{
	const struct vp_settings *s = p->opt.settings;
	struct vp_https_pool_options opt = {
		.loop = p->opt.loop,
		.ca_file = s->ca_file,
		.timeout_ms = s->timeout_ms,
		.max_concurrent = s->concurrency,
	};
	int rc = open_resolvers(p);

	if (rc != 0) {
		snprintf(why, size, "cannot set up the resolvers: %s",
		         strerror(-rc));
		return rc;
	}
	return vp_https_pool_create(&p->https, &opt, why, size);
}

static void on_timer_closed(uv_handle_t *handle)
{
	struct vp_probing *p = handle->data;

	free(p);
}

int vp_probing_start(struct vp_probing **out,
                     const struct vp_probing_options *opt, char *why,
                     size_t size)
{
	struct vp_probing *p = calloc(1, sizeof(*p));
	int rc;

	*out = NULL;
	if (p == NULL) {
		snprintf(why, size, "out of memory");
		return -ENOMEM;
	}
	p->opt = *opt;
	p->facts = opt->facts;
	p->waiting_end = &p->waiting;
	uv_timer_init(opt->loop, &p->nss_timer);
	p->nss_timer.data = p;
	rc = open_probes(p, why, size);
	if (rc != 0) {
		vp_probing_destroy(p);
		return rc;
	}
	sort_targets_to_names(p);
	list_lookups(p);
	p->facts->timing.first_question_us = now_us();
	for (size_t i = 0; i < p->n_lookups && rc == 0; i++)
		rc = ask(&p->lookups[i]);
	if (rc != 0) {
		snprintf(why, size, "cannot ask the resolvers: %s",
		         strerror(-rc));
		vp_probing_destroy(p);
		return rc;
	}
	while (p->nss_asked < p->n_nss && p->nss_asked < NSS_FIRST_BATCH)
		ask_nss(&p->nss[p->nss_asked++]);
	/* Started even if all is asked: it reports a run with nothing to do. */
	uv_update_time(opt->loop);
	uv_timer_start(&p->nss_timer, on_nss_timer, NSS_BATCH_MS, NSS_BATCH_MS);
	*out = p;
	return 0;
}

/* --- stopping
 * ---------------------------------------------------------------*/

static void close_probes(struct vp_probing *p)
{
	for (size_t i = 0; i < p->facts->n_resolvers && p->resolvers; i++) {
		vp_resolver_probe_destroy(p->resolvers[i]);
		p->resolvers[i] = NULL;
	}
	for (size_t i = 0; i < p->n_attempts; i++) {
		vp_tcp_destroy(p->attempts[i]->tcp);
		p->attempts[i]->tcp = NULL;
	}
	vp_https_pool_destroy(p->https);
	p->https = NULL;
	vp_pacer_destroy(p->pacer);
	p->pacer = NULL;
}

static void cancel(struct lookup *l)
{
	struct vp_probing *p = l->p;
	bool nss = p->facts->resolvers[l->resolver].source == VP_RESOLVER_NSS;

	if (l->done)
		return;
	l->done = true;
	*new_row(p, &p->work[l->work]) = (struct vp_dns_row){
		.resolver = l->resolver,
		.type = nss ? 0 : l->type,
		.transport = nss ? VP_TRANSPORT_NSS : VP_TRANSPORT_UDP,
		.round = 1,
		.outcome = VP_OUTCOME_CANCELLED,
		.rcode = -1,
	};
}

void vp_probing_stop(struct vp_probing *p)
{
	if (p->stopped)
		return;
	p->stopped = true;
	uv_timer_stop(&p->nss_timer);
	close_probes(p);
	for (size_t i = 0; i < p->n_lookups; i++)
		cancel(&p->lookups[i]);
	for (size_t i = 0; i < p->n_nss; i++)
		cancel(&p->nss[i]);
}

void vp_probing_count(const struct vp_probing *p, struct vp_probing_counts *out)
{
	*out = p->counts;
}

void vp_probing_destroy(struct vp_probing *p)
{
	if (p == NULL)
		return;
	p->stopped = true;
	close_probes(p);
	uv_close((uv_handle_t *)&p->nss_timer, on_timer_closed);
}
