/* flow_feed.h - a table of flows and packets into it, at named interfaces. */
#ifndef VP_TESTS_FLOW_FEED_H
#define VP_TESTS_FLOW_FEED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "frames.h"
#include "vnetprobe/flow.h"

#include <netinet/in.h>

#define US "10.0.0.4"
#define PUB "203.0.113.7"
#define BOX "172.17.0.2" /* a container */

enum { IN = 0, OTHER = 3, OUT = 4 };                    /* as SLL2 has it */
enum { LO = 1, ETH0, DOCKER0, VETH, ETH1, VF, VXLAN0 }; /* ifindex */

static struct vp_flows *t;
static struct vp_facts *facts;
static int64_t now;
static struct frame f;
static int at; /* interface */
static struct vp_flow_seen last;
static struct vp_packet packet;
static unsigned ip_id;

static inline void begin(const struct vp_flow_limits *limits)
{
	t = vp_flows_create(limits);
	assert_non_null(t);
	vp_flows_add_local(t, &(struct vp_addr){ 4, { 10, 0, 0, 4 } });
	vp_flows_add_interface(t, LO, "lo", VP_LINK_LOOPBACK);
	vp_flows_add_interface(t, ETH0, "eth0", VP_LINK_EXIT);
	vp_flows_add_interface(t, DOCKER0, "docker0", VP_LINK_UPPER);
	vp_flows_add_interface(t, VETH, "veth0", VP_LINK_ENTRY);
	vp_flows_add_interface(t, ETH1, "eth1", VP_LINK_EXIT);
	vp_flows_add_interface(t, VF, "enP1", VP_LINK_LOWER);
	vp_flows_add_interface(t, VXLAN0, "vxlan0", VP_LINK_UPPER);
	vp_flows_all_interfaces(t);
	facts = vp_facts_create();
	now = 1000000;
	at = ETH0;
	ip_id = 1;
}

static inline int setup(void **state)
{
	(void)state;
	begin(NULL);
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	vp_flows_destroy(t);
	vp_facts_destroy(facts);
	return 0;
}

static inline void again(const struct vp_flow_limits *limits)
{
	teardown(NULL);
	begin(limits);
}

static inline void feed(void)
{
	uint8_t *keep;

	assert_int_equal(f_decode_cut(&packet, &f, DLT_LINUX_SLL2, f.n, &keep),
	                 VP_DECODE_OK);
	packet.ts_us = now++;
	last = vp_flows_packet(t, &packet);
	free(keep);
}

static inline void ip(int seen, const char *src, const char *dst,
                      unsigned proto, size_t body)
{
	bool six = strchr(src, ':') != NULL;

	f_sll2(&f, (unsigned)seen, (uint32_t)at, six ? 0x86dd : 0x0800);
	if (six)
		f_ip6(&f, src, dst, proto, body);
	else
		f_ip4(&f, src, dst, proto, body, ip_id, 0x4000);
}

static inline void udp(int seen, const char *src, unsigned sport,
                       const char *dst, unsigned dport, const void *data,
                       size_t n)
{
	ip(seen, src, dst, IPPROTO_UDP, 8 + n);
	f_udp(&f, sport, dport, n);
	f_put(&f, data, n);
	feed();
}

static inline void tcp(int seen, const char *src, unsigned sport,
                       const char *dst, unsigned dport, uint32_t seq,
                       uint32_t ack, unsigned flags, size_t n)
{
	ip(seen, src, dst, IPPROTO_TCP, 20 + n);
	f_tcp(&f, sport, dport, seq, ack, flags);
	f_fill(&f, 'x', n);
	feed();
}

static inline const struct vp_flow *finish(size_t want)
{
	struct vp_capture_facts *c = &facts->capture;

	c->flows_left_out = c->names_left_out = 0;
	c->gap_flows = c->gap_bytes = 0;
	vp_flows_finish(t, facts);
	assert_int_equal(facts->n_flows, want);
	return facts->flows;
}

static inline void expect_end(const struct vp_endpoint *e, const char *addr,
                              unsigned port)
{
	struct vp_addr want = f_addr(addr);

	assert_true(vp_addr_equal(&e->addr, &want));
	assert_int_equal(e->port, port);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

#endif
