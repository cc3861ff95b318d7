/*
 * Segments of one connection to port 53, each with a byte of flags, one of
 * where it begins and one of its length before it: fed in that order, which may
 * leave gaps, repeat and contradict. What is bound must have been asked before,
 * from the first byte of both streams on.
 */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "vnetprobe/dns_message.h"
#include "vnetprobe/flow.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FROM_SERVER = 1, SYN = 2, FAR = 4, AFTER = 8 };

static const struct vp_addr us = { 4, { 10, 0, 0, 4 } };
static const struct vp_addr dns = { 4, { 168, 63, 129, 16 } };

/* Where each side's next byte is, and whether both SYNs were fed. */
struct talk {
	struct vp_flows *t;
	uint32_t next[2];
	bool syn[2];
	int64_t now;
};

static void segment(struct talk *k, unsigned flags, unsigned from,
                    const uint8_t *data, size_t len)
{
	bool server = (flags & FROM_SERVER) != 0;
	struct vp_packet p = {
		.ts_us = ++k->now,
		.seen = server ? VP_SEEN_IN : VP_SEEN_OUT,
		.src = server ? dns : us,
		.dst = server ? us : dns,
		.sport = server ? 53 : 40000,
		.dport = server ? 40000 : 53,
		.proto = IPPROTO_TCP,
		.ip_len = 40 + (uint32_t)len,
		.has_ports = true,
		.tcp_flags = VP_TCP_ACK,
		.payload = data,
		.payload_caplen = (uint32_t)len,
		.payload_len = (uint32_t)len,
	};

	p.seq = flags & AFTER ? k->next[server] : from;
	if (flags & FAR)
		p.seq += 0x10000;
	if (flags & SYN) {
		p.tcp_flags = server ? VP_TCP_SYN | VP_TCP_ACK : VP_TCP_SYN;
		p.seq--;
		k->syn[server] = true;
	}
	k->next[server] = p.seq + (uint32_t)len + ((flags & SYN) != 0);
	vp_flows_packet(k->t, &p);
}

/* A flow to each of the addresses that an answer may hold. */
static void check(struct talk *k)
{
	struct vp_facts *facts = vp_facts_create();
	const struct vp_flow *flow = NULL;
	struct vp_packet p = { .src = us,
		               .dst = { 4, { 203, 0, 113, 7 } },
		               .proto = IPPROTO_UDP,
		               .ip_len = 28,
		               .has_ports = true,
		               .sport = 1,
		               .dport = 9 };

	p.ts_us = ++k->now;
	vp_flows_packet(k->t, &p);
	vp_flows_finish(k->t, facts);
	/* The connection itself is there as well if it says CONNECT. */
	for (size_t i = 0; i < facts->n_flows; i++)
		if (facts->flows[i].remote.port == 9)
			flow = &facts->flows[i];
	if (flow == NULL)
		abort();
	if (flow->n_names > 0 && (!k->syn[0] || !k->syn[1]))
		abort();
	for (size_t i = 0; i < flow->n_names; i++)
		if (flow->names[i].answered_us > k->now)
			abort();
	vp_facts_destroy(facts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct vp_flow_limits limits = { 8, 6, 2, 16384 };
	struct talk k = { .t = vp_flows_create(&limits), .now = 1000 };

	vp_flows_add_local(k.t, &us);
	if (vp_flows_trace(k.t, 3) != 0)
		abort();
	while (size >= 3) {
		unsigned flags = data[0], from = data[1];
		size_t n = data[2];
		uint8_t *copy;

		data += 3;
		size -= 3;
		if (n > size)
			n = size;
		copy = malloc(n > 0 ? n : 1);
		if (copy == NULL)
			break;
		memcpy(copy, data, n);
		segment(&k, flags, from, copy, n);
		free(copy);
		data += n;
		size -= n;
	}
	check(&k);
	vp_flows_destroy(k.t);
	return 0;
}
