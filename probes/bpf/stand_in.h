/*
 * stand_in.h - tracepoints instead of functions. Part of owner.bpf.c.
 *
 * Where a kernel refuses fentry and kprobes (a restricted one, or arm64 before
 * 6.0 without kprobes) three of them do together what none does by itself:
 *
 *     net_dev_queue         a packet is handed to an interface: its ends, but
 *                           in any context: it may have waited for ARP
 *     inet_sock_set_state   to SYN_SENT: within connect(2), without a port yet
 *     sock_send_length      send(2) and its kin return (Linux 6.4)
 *
 * They are joined by the socket's cookie, which is never used again. A SYN is
 * whoever's set the state. A datagram that is queued while a process runs that
 * has the socket open is pending until that thread's send returns. A send that
 * returns with nothing queued is kept: its datagram waits, and is told when it
 * leaves. Where two processes share a socket of which datagrams wait, both or
 * none are told.
 */
#ifndef VP_PROBES_BPF_STAND_IN_H
#define VP_PROBES_BPF_STAND_IN_H

#include "tell.h"

#define DESCRIPTORS 1024
#define TCP_ESTABLISHED 1 /* net/tcp_states.h */
#define TCP_SYN_SENT 2
#define TCP_TIME_WAIT 6
#define TCP_NEW_SYN_RECV 12

/* A neighbour is asked for three times, a second apart (RFC 4861 10). */
#define WAITS_NS 3500000000ull
/* From a packet's queueing to the return of the call that sent it. */
#define RETURNS_NS 1000000000ull
#define OVERLAP_NS 100000000ull /* two sends at once */

/* What they stand in for; set before loading. */
const volatile bool stand_in_connect = false;
const volatile bool stand_in_send = false;

/* The process that sent by this socket what was not queued yet. */
struct kept {
	__u64 cookie; /* set when the rest is; an element may be taken for
	               * another socket while it is read */
	__u64 ns;     /* its last such send */
	__u64 told_ns;
	struct use told;
	__u8 several; /* others did so, too: it is not known which */
	__u8 spare[7];
	struct vp_bpf_ends who;
};

static const struct kept nothing;

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64); /* the socket's cookie */
	__type(value, struct kept);
} senders SEC(".maps");

/* A datagram that left; whose it is, the return of that thread's call shows, or
 * (thread 0) that of any other's. */
struct pending_key {
	__u64 cookie, thread;
};

struct pending {
	struct use use;
	__u64 ns;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct pending_key);
	__type(value, struct pending);
} pendings SEC(".maps");

static __noinline bool has_open(struct task_struct *task, struct file *file)
{
	struct fdtable *fdt = BPF_CORE_READ(task, files, fdt);
	struct file **fd = BPF_CORE_READ(fdt, fd);
	__u32 max = BPF_CORE_READ(fdt, max_fds);

#pragma clang loop unroll(disable)
	for (__u32 i = 0; i < DESCRIPTORS; i++) {
		struct file *f = NULL;

		if (i >= max)
			return false;
		bpf_probe_read_kernel(&f, sizeof(f), fd + i);
		if (f == file)
			return true;
	}
	return false;
}

static __always_inline struct file *file_of(struct sock *sk)
{
	struct socket *s = sk->sk_socket;

	return s != NULL ? s->file : NULL;
}

/* 0: it has none, and no file any more. The helper does not take what is behind
 * skb->sk (since 6.4), but what is behind that. */
static __always_inline __u64 cookie_of(struct sock *sk)
{
	__u64 cookie = sk->__sk_common.skc_cookie.counter;
	struct socket *s = sk->sk_socket;

	return cookie != 0 || s == NULL ? cookie : bpf_get_socket_cookie(s->sk);
}

/* Keeps the running process. */
static __noinline struct kept *keep(__u64 cookie, __u16 port)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct kept *k;

	if (bpf_map_update_elem(&senders, &cookie, &nothing, BPF_ANY) != 0)
		return NULL;
	k = bpf_map_lookup_elem(&senders, &cookie);
	if (k == NULL)
		return NULL;
	put_current(&k->who, task);
	k->who.local_port = port;
	k->ns = bpf_ktime_get_ns();
	barrier();
	k->cookie = cookie;
	return k;
}

/* Who was kept uses these ends. */
static __noinline void tell_kept(struct use *u, struct kept *k, __u64 cookie)
{
	struct lately *l = of_this_processor();
	struct vp_bpf_ends *e;

	u->tgid = k->who.tgid;
	k->told = *u;
	k->told_ns = bpf_ktime_get_ns();
	if (l == NULL || told_lately(u, l))
		return;
	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (e == NULL) {
		count_lost();
		return;
	}
	__builtin_memcpy(e, &k->who, sizeof(*e));
	put_ends(e, u);
	barrier();
	if (*(volatile __u64 *)&k->cookie != cookie || e->tgid != u->tgid) {
		bpf_ringbuf_discard(e, 0);
		return;
	}
	bpf_ringbuf_submit(e, wake());
	mark_told(u);
}

/* A SYN that is no answer: RFC 9293 3.1. */
static __always_inline bool opens(const unsigned char *transport)
{
	__u8 flags = 0;

	bpf_probe_read_kernel(&flags, 1, transport + 13);
	return (flags & 0x12) == 0x02;
}

static __always_inline void queued_syn(struct sock *sk, struct use *u)
{
	__u64 cookie = cookie_of(sk);
	struct kept *k = bpf_map_lookup_elem(&senders, &cookie);

	if (k != NULL && k->cookie == cookie && u->proto == 6)
		tell_kept(u, k, cookie);
}

static __noinline void unknown_datagram(struct sock *sk, struct use *u,
                                        __u64 thread)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct pending_key key = { .cookie = cookie_of(sk) };
	struct pending p = { .ns = bpf_ktime_get_ns() };
	struct kept *k = bpf_map_lookup_elem(&senders, &key.cookie);
	struct file *file = file_of(sk);
	bool mine = file != NULL && !is_kernel(task) && has_open(task, file);

	if (k != NULL && k->cookie == key.cookie && !k->several &&
	    p.ns - k->ns < WAITS_NS && (!mine || k->who.tgid == u->tgid) &&
	    (u->local_port == 0 || u->local_port == k->who.local_port)) {
		tell_kept(u, k, key.cookie);
		return;
	}
	if (file == NULL || key.cookie == 0)
		return; /* closed, or the kernel's: no call will return */
	key.thread = mine ? thread : 0;
	p.use = *u;
	bpf_map_update_elem(&pendings, &key, &p, BPF_ANY);
}

static __always_inline void queued_datagram(struct sock *sk, struct use *u)
{
	__u64 thread = bpf_get_current_pid_tgid();
	struct lately *l = of_this_processor();
	__u16 num = sk->__sk_common.skc_num;

	/* A tunnel's outer packet may still have the inner one's socket. A
	 * closed socket has no port any more. */
	if (u->proto != sk->sk_protocol ||
	    (u->local_port != 0 && num != 0 && u->local_port != num))
		return;
	u->tgid = thread >> 32;
	if (l == NULL)
		return;
	l->sk = 0;
	if (told_lately(u, l)) {
		l->sk = (__u64)sk;
		l->thread = thread;
		return;
	}
	unknown_datagram(sk, u, thread);
}

static __always_inline bool is_inet(const struct sock *sk)
{
	__u16 family = sk->__sk_common.skc_family;

	return family == AF_INET || family == AF_INET6;
}

static __always_inline void queued(struct sk_buff *skb)
{
	struct sock *sk = skb->sk;
	struct use u = { 0 };
	__u8 state;
	bool tcp;

	if (sk == NULL)
		return;
	state = sk->__sk_common.skc_state;
	if (state == TCP_NEW_SYN_RECV || state == TCP_TIME_WAIT)
		return; /* no whole socket */
	if (!is_inet(sk))
		return;
	tcp = sk->sk_protocol == 6;
	if (tcp ? !stand_in_connect || state != TCP_SYN_SENT ||
	                    !opens(skb->head + skb->transport_header)
	        : !stand_in_send)
		return;
	if (!headers(&u, skb->head, skb->network_header, skb->transport_header,
	             sk->sk_protocol))
		return;
	u.netns = sk->__sk_common.skc_net.net->ns.inum;
	if (tcp)
		queued_syn(sk, &u);
	else
		queued_datagram(sk, &u);
}

/* connect(2), or its failure or success. A kernel thread's keeps nobody. */
static __always_inline void changed(struct sock *sk, int old, int new)
{
	struct task_struct *task;
	struct use u = { 0 };
	struct kept *k;
	__u64 cookie;

	if (sk->sk_protocol != 6 || (new != TCP_SYN_SENT &&old != TCP_SYN_SENT))
		return;
	cookie = bpf_get_socket_cookie(sk);
	task = (void *)bpf_get_current_task();
	if (new == TCP_SYN_SENT && file_of(sk) != NULL && !is_kernel(task)) {
		keep(cookie, 0);
		return;
	}
	k = bpf_map_lookup_elem(&senders, &cookie);
	if (k == NULL)
		return;
	/* Its SYN was not met: something translated or wrapped it. */
	if (new == TCP_ESTABLISHED && k->told_ns == 0) {
		ends_of(&u, sk);
		if (u.family != 0)
			tell_kept(&u, k, cookie);
	}
	bpf_map_delete_elem(&senders, &cookie);
}

/* A call returned; nothing is known of what it sent. */
static __noinline void returned(struct sock *sk, __u64 thread, int sent)
{
	struct pending_key key = { bpf_get_socket_cookie(sk), thread };
	struct pending *p = bpf_map_lookup_elem(&pendings, &key);
	struct kept *k = bpf_map_lookup_elem(&senders, &key.cookie);
	__u64 now = bpf_ktime_get_ns();
	bool waited = p == NULL, mine;
	struct use u;

	if (k != NULL && (k->cookie != key.cookie || now - k->ns >= WAITS_NS))
		k = NULL;
	mine = k == NULL || k->who.tgid == (__u32)(thread >> 32);
	if (waited) {
		key.thread = 0;
		p = bpf_map_lookup_elem(&pendings, &key);
	}
	if (p == NULL && sent <= 0)
		return; /* there is nothing */
	if (!mine) {
		k->several = 1; /* whose are those that wait? */
		u = k->told;
		if (p != NULL)
			bpf_map_delete_elem(&pendings, &key);
		else if (now - k->told_ns < OVERLAP_NS)
			tell(&u); /* it may have been this one's */
		return;
	}
	if (waited && k == NULL)
		k = keep(key.cookie, sk->__sk_common.skc_num);
	else if (waited)
		k->ns = now;
	if (p == NULL)
		return;
	u = p->use;
	now -= p->ns;
	bpf_map_delete_elem(&pendings, &key);
	if (now >= RETURNS_NS || (k != NULL && k->several))
		return;
	if (!waited)
		tell(&u);
	else if (k != NULL)
		tell_kept(&u, k, key.cookie);
}

static __always_inline void sent(struct sock *sk, int length)
{
	struct lately *l = of_this_processor();
	__u64 thread = bpf_get_current_pid_tgid();

	if (l == NULL || !is_inet(sk) || sk->sk_protocol == 6)
		return;
	if (l->sk == (__u64)sk && l->thread == thread) {
		l->sk = 0;
		return;
	}
	if (file_of(sk) != NULL)
		returned(sk, thread, length);
}

#endif
