/*
 * probing.c - the questions and attempts of one run.
 *
 *     name x resolver x type --answer--> new address of the name
 *     name through NSS       --answer-->   |  for each target of the name
 *                                          v
 *                              route (kernel), then by scope and expectation:
 *                              withheld, or TCP, or TCP + TLS + HTTP
 *
 * There is no barrier: an address is reached when its first answer comes. Who
 * is asked what, and when, is asking.c's; for `dns` that is all there is.
 */
#include "probing.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asking.h"
#include "name_targets.h"
#include "vnetprobe/https.h"
#include "vnetprobe/tcp.h"

/* No name of Azure has that many, and a server that gives more of them must not
 * make us knock at doors of its choice. */
#define ADDRESSES_MAX 16

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
	struct vp_name_targets targets;
	struct vp_asking *asking;
	struct vp_https_pool *https;
	struct attempt **attempts;
	size_t n_attempts;
	struct attempt *waiting, **waiting_end; /* TCP attempts */
	unsigned tcp_running;
	size_t finished; /* attempts */
	bool asked;      /* all answers are in */
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
	if (p->stopped || p->reported || !p->asked ||
	    p->finished < p->n_attempts)
		return;
	p->reported = true;
	p->opt.done(p->opt.arg);
}

static void attempt_done(struct attempt *a)
{
	a->done = true;
	a->p->finished++;
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
	if (t->n_addresses > ADDRESSES_MAX)
		return; /* not tried, and so not proven */
	if (may_connect(p, t, addr))
		reach(p, target, t->n_addresses - 1);
	else
		new->reach = VP_REACH_WITHHELD;
}

/* --- questions ------------------------------------------------------------ */

static void on_row(size_t name, const struct vp_dns_row *row, void *arg)
{
	struct vp_probing *p = arg;
	const size_t *first = &p->targets.first[name];

	if (p->facts->mode == VP_MODE_DNS)
		return; /* nothing is connected to */
	for (size_t i = first[0]; i < first[1]; i++)
		for (size_t k = 0; k < row->n_addresses; k++)
			add_address(p, p->targets.targets[i],
			            &row->addresses[k].addr);
}

static void on_asked(void *arg)
{
	struct vp_probing *p = arg;

	p->asked = true;
	finish_if_done(p);
}

/* --- setting up ----------------------------------------------------------- */

static int start_asking(struct vp_probing *p, char *why, size_t size)
{
	const struct vp_asking_options opt = {
		.loop = p->opt.loop,
		.facts = p->facts,
		.settings = p->opt.settings,
		.nss = p->opt.nss,
		.row = on_row,
		.done = on_asked,
		.arg = p,
	};

	for (size_t i = 0; i < p->facts->n_resolvers; i++) {
		struct vp_resolver *r = &p->facts->resolvers[i];

		if (r->source != VP_RESOLVER_NSS)
			look_up_route(p, &r->endpoint.addr, &r->route);
	}
	return vp_asking_start(&p->asking, &opt, why, size);
}

static int open_https(struct vp_probing *p, char *why, size_t size)
{
	const struct vp_settings *s = p->opt.settings;
	const struct vp_https_pool_options opt = {
		.loop = p->opt.loop,
		.ca_file = s->ca_file,
		.timeout_ms = s->timeout_ms,
		.max_concurrent = s->concurrency,
	};

	if (p->facts->mode == VP_MODE_DNS)
		return 0;
	return vp_https_pool_create(&p->https, &opt, why, size);
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
	vp_name_targets_make(&p->targets, p->facts);
	rc = open_https(p, why, size);
	if (rc == 0)
		rc = start_asking(p, why, size);
	if (rc != 0) {
		vp_probing_destroy(p);
		return rc;
	}
	*out = p;
	return 0;
}

/* --- stopping ------------------------------------------------------------- */

static void close_attempts(struct vp_probing *p)
{
	for (size_t i = 0; i < p->n_attempts; i++) {
		vp_tcp_destroy(p->attempts[i]->tcp);
		p->attempts[i]->tcp = NULL;
	}
	vp_https_pool_destroy(p->https);
	p->https = NULL;
}

void vp_probing_stop(struct vp_probing *p)
{
	if (p->stopped)
		return;
	p->stopped = true;
	vp_asking_stop(p->asking);
	close_attempts(p);
}

void vp_probing_count(const struct vp_probing *p, struct vp_probing_counts *out)
{
	vp_asking_count(p->asking, &out->asking);
	out->attempts = p->n_attempts;
	out->finished = p->finished;
}

void vp_probing_destroy(struct vp_probing *p)
{
	if (p == NULL)
		return;
	vp_asking_destroy(p->asking);
	close_attempts(p);
	free(p);
}
