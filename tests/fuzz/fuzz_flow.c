/*
 * Frames in sequence: a byte for the link type, then for each frame two bytes
 * of length and that many bytes. Limits are tiny, so that every table fills.
 */
#include <netinet/in.h>
#include <pcap/dlt.h>
#include <stdlib.h>
#include <string.h>

#include "vnetprobe/dns_message.h"
#include "vnetprobe/flow.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct vp_facts *facts)
{
	const struct vp_flow *f = facts->flows;

	for (size_t i = 0; i < facts->n_flows; i++) {
		if (f[i].packets_in + f[i].packets_out == 0)
			abort();
		if (f[i].first_us > f[i].last_us)
			abort();
		if (i > 0 && f[i - 1].first_us > f[i].first_us)
			abort();
		if (f[i].n_questions > 2)
			abort();
		if (f[i].interface != NULL && strlen(f[i].interface) > 16)
			abort();
		if (f[i].never_left && f[i].packets_out == 0)
			abort();
	}
}

static void feed(struct vp_flows *t, int linktype, const uint8_t *data,
                 size_t size)
{
	struct vp_frame frame = { .linktype = linktype };
	struct vp_packet p;

	while (size >= 2) {
		size_t n = (size_t)data[0] << 8 | data[1];
		uint8_t *copy;
		enum vp_decode d;

		data += 2;
		size -= 2;
		if (n > size)
			n = size;
		copy = malloc(n > 0 ? n : 1);
		if (copy == NULL)
			return;
		memcpy(copy, data, n);
		frame.data = copy;
		frame.caplen = frame.len = (uint32_t)n;
		frame.ts_us++;
		d = vp_packet_decode(&p, &frame);
		if (d == VP_DECODE_OK)
			vp_flows_evidence(t, vp_flows_packet(t, &p).row,
			                  (uint64_t)frame.ts_us);
		else
			vp_flows_undecoded(t, d, p.seen);
		free(copy);
		data += n;
		size -= n;
	}
}

static void check_trace(const struct vp_facts *facts)
{
	if (facts->n_trace > 3 || (facts->n_trace > 0 && !facts->traced))
		abort();
	for (size_t i = 0; i < facts->n_trace; i++) {
		const struct vp_dns_packet *p = &facts->trace[i];

		if (i > 0 && p->time_us < p[-1].time_us)
			abort();
		if ((p->name != NULL && strlen(p->name) >= VP_DNS_NAME_TEXT) ||
		    (p->answer != NULL && strlen(p->answer) > 1100))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct vp_flow_limits limits = { 8, 6, 2, 8192 };
	static const int types[] = { DLT_LINUX_SLL2, DLT_EN10MB, DLT_RAW,
		                     DLT_LINUX_SLL };
	struct vp_endpoint local = { { 4, { 10, 0, 0, 4 } }, 40000 };
	struct vp_endpoint remote = { { 4, { 192, 0, 2, 1 } }, 53 };
	struct vp_facts *facts;
	struct vp_flows *t;

	if (size < 1)
		return 0;
	t = vp_flows_create(&limits);
	facts = vp_facts_create();
	if (data[0] & 4)
		vp_flows_add_local(t, &local.addr);
	if (data[0] & 8)
		vp_flows_own(t, IPPROTO_UDP, &local, &remote);
	if ((data[0] & 16) != 0 && vp_flows_trace(t, 3) != 0)
		abort();
	if (data[0] & 32) {
		vp_flows_add_interface(t, 2, "eth0", VP_LINK_EXIT);
		vp_flows_add_interface(t, 3, "veth0", VP_LINK_ENTRY);
		vp_flows_all_interfaces(t);
	}
	feed(t, types[data[0] & 3], data + 1, size - 1);
	(void)vp_flows_saw(t, IPPROTO_UDP, &local, &remote);
	(void)vp_flows_saw_question(t, IPPROTO_UDP, &local, &remote,
	                            "acct.blob.core.windows.net", VP_DNS_A);
	vp_flows_finish(t, facts);
	check(facts);
	check_trace(facts);
	vp_facts_destroy(facts);
	vp_flows_destroy(t);
	return 0;
}
