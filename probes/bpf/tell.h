/*
 * tell.h - tells that the running process uses these ends, once in a while.
 * Part of owner.bpf.c.
 */
#ifndef VP_PROBES_BPF_TELL_H
#define VP_PROBES_BPF_TELL_H

#include <bpf/bpf_endian.h>

#include "who.h"

#define AF_INET 2
#define AF_INET6 10

/* VP_BPF_AGAIN_NS in the kernel's ticks (jiffies): cheaper to ask for than the
 * time is. Set before loading. */
const volatile __u64 again_ticks = 1000;

/* Who used which ends of late; without padding, since it is hashed. */
struct use {
	__u8 local[16], remote[16];
	__u16 local_port, remote_port;
	__u32 netns;
	__u32 tgid;
	__u8 proto, family;
	__u16 zero;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, struct use);
	__type(value, __u64); /* when it was told, in ticks */
} told SEC(".maps");

/* What this processor saw last: most packets are more of the same. */
struct lately {
	struct use use;
	__u64 ticks;  /* when it was told */
	__u64 sk;     /* of a datagram that needs no telling, which */
	__u64 thread; /* this thread is about to return from */
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct lately);
} lately SEC(".maps");

static __always_inline struct lately *of_this_processor(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&lately, &zero);
}

static __always_inline bool same(const struct use *a, const struct use *b)
{
	const __u64 *x = (const __u64 *)a, *y = (const __u64 *)b;

	return x[0] == y[0] && x[1] == y[1] && x[2] == y[2] && x[3] == y[3] &&
	       x[4] == y[4] && x[5] == y[5];
}

/* First of all, as it is what most packets come to. */
static __always_inline bool told_lately(const struct use *u, struct lately *l)
{
	__u64 now = bpf_jiffies64();
	const __u64 *last;

	if (same(&l->use, u) && now - l->ticks < again_ticks)
		return true;
	last = bpf_map_lookup_elem(&told, u);
	if (last == NULL || now - *last >= again_ticks)
		return false;
	l->use = *u;
	l->ticks = *last;
	return true;
}

static __always_inline void mark_told(const struct use *u)
{
	__u64 now = bpf_jiffies64();

	bpf_map_update_elem(&told, u, &now, BPF_ANY);
}

static __always_inline void put_ends(struct vp_bpf_ends *e, const struct use *u)
{
	e->ns = bpf_ktime_get_ns();
	e->netns = u->netns;
	e->local_port = u->local_port;
	e->remote_port = u->remote_port;
	e->family = u->family;
	e->proto = u->proto;
	__builtin_memcpy(e->local, u->local, 16);
	__builtin_memcpy(e->remote, u->remote, 16);
}

/* The running process. */
static __always_inline void put_current(struct vp_bpf_ends *e,
                                        struct task_struct *task)
{
	e->kind = VP_BPF_ENDS;
	e->tgid = bpf_get_current_pid_tgid() >> 32;
	e->cgroup_id = bpf_get_current_cgroup_id();
	describe(e, task);
	tell_cgroup(task, e->cgroup_id);
}

/* The running process uses these ends. */
static __noinline void tell(struct use *u)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct lately *l = of_this_processor();
	struct vp_bpf_ends *e;

	u->tgid = bpf_get_current_pid_tgid() >> 32;
	if (l == NULL || told_lately(u, l) || is_kernel(task))
		return;
	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (e == NULL) {
		count_lost(); /* not marked as told: the next one tries again */
		return;
	}
	put_ends(e, u);
	put_current(e, task);
	bpf_ringbuf_submit(e, wake());
	mark_told(u);
}

/* --- ends of sockets and packets
 * -------------------------------------------------------------- */

/* ::ffff:a.b.c.d: packets of such a socket are IPv4. */
static __always_inline bool mapped(const __u8 *a)
{
	const __u32 *w = (const __u32 *)a;

	return w[0] == 0 && w[1] == 0 && w[2] == bpf_htonl(0xffff);
}

/* Of a connection: family stays 0 if it has none. */
static __noinline void ends_of(struct use *u, struct sock *sk)
{
	__u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);
	__be32 a;

	u->proto = 6;
	if (family == AF_INET6 &&
	    bpf_core_field_exists(sk->__sk_common.skc_v6_daddr)) {
		BPF_CORE_READ_INTO(&u->local, sk, __sk_common.skc_v6_rcv_saddr);
		BPF_CORE_READ_INTO(&u->remote, sk, __sk_common.skc_v6_daddr);
		u->family = 6;
	}
	if (family == AF_INET || (u->family == 6 && mapped(u->remote))) {
		__builtin_memset(u->local, 0, 16);
		__builtin_memset(u->remote, 0, 16);
		a = BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr);
		__builtin_memcpy(u->local, &a, 4);
		a = BPF_CORE_READ(sk, __sk_common.skc_daddr);
		__builtin_memcpy(u->remote, &a, 4);
		u->family = 4;
	}
	if (u->family == 0)
		return;
	u->local_port = BPF_CORE_READ(sk, __sk_common.skc_num);
	u->remote_port = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));
	u->netns = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
}

/* RFC 791 and RFC 8200: the fixed headers. Behind IPv6's, others may stand, so
 * the protocol is the socket's. Ports are 0 for protocols without: ping and raw
 * sockets. One read for both headers: what is too much is the payload's, or
 * still within the buffer. */
static __always_inline bool headers(struct use *u, const unsigned char *head,
                                    __u16 network, __u16 transport, __u16 proto)
{
	__u8 h[44];
	__be16 p[2];

	bpf_probe_read_kernel(h, sizeof(h), head + network);
	if (h[0] >> 4 == 4) {
		u->family = 4;
		u->proto = h[9];
		__builtin_memcpy(u->local, h + 12, 4);
		__builtin_memcpy(u->remote, h + 16, 4);
		__builtin_memcpy(p, h + 20, 4);
	} else if (h[0] >> 4 == 6) {
		u->family = 6;
		u->proto = proto;
		__builtin_memcpy(u->local, h + 8, 16);
		__builtin_memcpy(u->remote, h + 24, 16);
		__builtin_memcpy(p, h + 40, 4);
	} else {
		return false;
	}
	if (u->proto != 6 && u->proto != 17 && u->proto != 136)
		return true;
	if (transport - network != (u->family == 4 ? 20 : 40))
		bpf_probe_read_kernel(p, sizeof(p), head + transport);
	u->local_port = bpf_ntohs(p[0]);
	u->remote_port = bpf_ntohs(p[1]);
	return true;
}

#endif
