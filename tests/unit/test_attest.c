/* A capture vouches for others only if it shows what we sent ourselves. */
#include "attest.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "vnetprobe/dns_message.h"

#define NAME "kv.vault.azure.net"
#define IFINDEX 2

struct world {
	struct vp_facts *facts;
	struct vp_flows *flows;
	struct vp_dns_row *row;
	struct vp_target_address *address;
};

static struct vp_endpoint end(const char *text)
{
	struct vp_endpoint e;

	assert_int_equal(vp_endpoint_parse(&e, text, 0), 0);
	return e;
}

/* One question and one connection, both answered. */
static int set_up(void **state)
{
	static struct world w;
	struct vp_facts *f = vp_facts_create();
	struct vp_name *name = vp_arena_alloc(f->arena, sizeof(*name));
	struct vp_target *t;

	name->name = vp_arena_strdup(f->arena, NAME);
	VP_PUSH(f->arena, f->resolvers, f->n_resolvers)->endpoint =
		end("10.20.0.53:53");
	f->resolvers[0].route.outcome = VP_OUTCOME_OK;
	f->resolvers[0].route.gateway = end("10.20.1.1:0").addr;
	*VP_PUSH(f->arena, f->names, f->n_names) = name;
	w.row = VP_PUSH(f->arena, name->rows, name->n_rows);
	w.row->type = VP_DNS_A;
	w.row->outcome = VP_OUTCOME_OK;
	w.row->local = end("10.20.1.4:40001");
	t = VP_PUSH(f->arena, f->targets, f->n_targets);
	t->name = name;
	t->port = 443;
	w.address = VP_PUSH(f->arena, t->addresses, t->n_addresses);
	w.address->addr = end("10.20.2.9:0").addr;
	w.address->reach = VP_REACH_TRIED;
	w.address->tcp.outcome = VP_OUTCOME_OK;
	w.address->local = end("10.20.1.4:50001");
	w.address->route = f->resolvers[0].route;
	*VP_PUSH(f->arena, f->capture.interfaces, f->capture.n_interfaces) =
		vp_arena_strdup(f->arena, "eth0");
	w.facts = f;
	w.flows = vp_flows_create(NULL);
	*state = &w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	vp_flows_destroy(w->flows);
	vp_facts_destroy(w->facts);
	return 0;
}

static void packet(struct world *w, uint8_t proto, const char *src,
                   const char *dst, const uint8_t *payload, size_t len)
{
	struct vp_endpoint from = end(src), to = end(dst);
	struct vp_packet p = {
		.ts_us = 1,
		.seen = VP_SEEN_OUT,
		.ifindex = IFINDEX,
		.src = from.addr,
		.dst = to.addr,
		.proto = proto,
		.ip_len = (uint32_t)(28 + len),
		.has_ports = true,
		.sport = from.port,
		.dport = to.port,
		.tcp_flags = VP_TCP_SYN,
		.payload = payload,
		.payload_caplen = (uint32_t)len,
		.payload_len = (uint32_t)len,
	};

	vp_flows_packet(w->flows, &p);
}

static void question_leaves(struct world *w, const char *name, uint16_t type)
{
	uint8_t msg[512];
	int len = vp_dns_question_write(msg, sizeof(msg), 7, name, type, 1232);

	assert_true(len > 0);
	packet(w, IPPROTO_UDP, "10.20.1.4:40001", "10.20.0.53:53", msg,
	       (size_t)len);
}

static void syn_leaves(struct world *w, const char *from)
{
	packet(w, IPPROTO_TCP, from, "10.20.2.9:443", NULL, 0);
}

static void expect(struct world *w, uint64_t expected, uint64_t seen)
{
	struct vp_capture_facts *c = &w->facts->capture;

	vp_attest_own(w->flows, w->facts);
	vp_attest(w->facts, w->flows);
	assert_int_equal(c->attested_expected, expected);
	assert_int_equal(c->attested_seen, seen);
	assert_int_equal(c->n_unseen, expected - seen);
}

static void all_seen(void **state)
{
	question_leaves(*state, NAME, VP_DNS_A);
	syn_leaves(*state, "10.20.1.4:50001");
	expect(*state, 2, 2);
}

/* What was asked counts, not the name that has the row; zones have rows too. */
static void asked_aside(void **state)
{
	struct world *w = *state;
	struct vp_facts *f = w->facts;
	struct vp_zone *zone = VP_PUSH(f->arena, f->zones, f->n_zones);
	struct vp_dns_row *soa;

	w->row->question = VP_QUESTION_ALIAS;
	w->row->asked = vp_arena_strdup(f->arena, "kv.privatelink.example");
	zone->name = vp_arena_strdup(f->arena, "privatelink.example");
	soa = VP_PUSH(f->arena, zone->rows, zone->n_rows);
	soa->type = VP_DNS_SOA;
	soa->outcome = VP_OUTCOME_OK;
	soa->local = end("10.20.1.4:40001");
	question_leaves(w, "kv.privatelink.example", VP_DNS_A);
	question_leaves(w, NAME, VP_DNS_A); /* stands for nothing */
	syn_leaves(w, "10.20.1.4:50001");
	expect(w, 3, 2);
	assert_string_equal(f->capture.unseen[0].what,
	                    "SOA privatelink.example at 10.20.0.53:53");
}

static void nothing_seen(void **state)
{
	struct world *w = *state;

	expect(w, 2, 0);
	assert_string_equal(w->facts->capture.unseen[0].what,
	                    "A " NAME " at 10.20.0.53:53");
	assert_string_equal(w->facts->capture.unseen[1].what,
	                    "TCP to " NAME ":443");
}

/* Another question, or another socket, is no proof for ours. */
static void only_the_like(void **state)
{
	question_leaves(*state, NAME, VP_DNS_AAAA);
	question_leaves(*state, "other.vault.azure.net", VP_DNS_A);
	syn_leaves(*state, "10.20.1.4:50002");
	expect(*state, 2, 0);
}

static void what_never_left(void **state)
{
	static const enum vp_outcome not_sent[] = { VP_OUTCOME_DENIED,
		                                    VP_OUTCOME_UNREACHABLE,
		                                    VP_OUTCOME_CANCELLED,
		                                    VP_OUTCOME_ERROR };
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(not_sent) / sizeof(not_sent[0]); i++) {
		w->row->outcome = not_sent[i];
		w->address->tcp.outcome = not_sent[i];
		expect(w, 0, 0);
	}
	w->row->outcome = VP_OUTCOME_OK;
	w->row->transport = VP_TRANSPORT_NSS; /* the helper's sockets */
	w->address->reach = VP_REACH_WITHHELD;
	expect(w, 0, 0);
}

static void timeouts_left(void **state)
{
	struct world *w = *state;

	w->row->outcome = VP_OUTCOME_TIMEOUT;
	w->address->tcp.outcome = VP_OUTCOME_TIMEOUT;
	expect(w, 2, 0);
}

/* On the same link a silent peer may not even have answered ARP. */
static void mute_neighbours(void **state)
{
	struct world *w = *state;

	w->row->outcome = VP_OUTCOME_TIMEOUT;
	w->address->tcp.outcome = VP_OUTCOME_TIMEOUT;
	w->facts->resolvers[0].route.gateway.family = 0;
	w->address->route.gateway.family = 0;
	expect(w, 0, 0);
	/* But those that were seen count. */
	question_leaves(w, NAME, VP_DNS_A);
	syn_leaves(w, "10.20.1.4:50001");
	expect(w, 2, 2);
}

/* A stub resolver is asked over the loopback. */
static void loopback_not_watched(void **state)
{
	struct world *w = *state;
	struct vp_capture_facts *c = &w->facts->capture;

	w->address->reach = VP_REACH_PENDING;
	w->facts->resolvers[0].endpoint = end("127.0.0.53:53");
	expect(w, 0, 0);
	*VP_PUSH(w->facts->arena, c->interfaces, c->n_interfaces) =
		vp_arena_strdup(w->facts->arena, "lo");
	expect(w, 1, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define T(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
		T(all_seen),        T(asked_aside),          T(nothing_seen),
		T(only_the_like),   T(what_never_left),      T(timeouts_left),
		T(mute_neighbours), T(loopback_not_watched),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
