/*
 * owner.bpf.c - runs in the kernel: tells who connects, sends, accepts.
 *
 * Hooks stand where a process asks for a packet, in its own context, with ends
 * that are final and not yet translated:
 *
 *     tcp_connect       the SYN is about to be made (also of TCP Fast Open)
 *     ip_send_skb       an IPv4 datagram of UDP, UDP-Lite, ping or raw socket
 *     ip6_send_skb      the same for IPv6
 *     inet_csk_accept   returns a connection to a server
 *
 * What the kernel sends by itself does not pass there, or is told apart:
 * retransmissions and ACKs go by ip_queue_xmit(), forwarding by ip_forward();
 * resets, ICMP errors and the like go by ip_send_skb() in whatever context an
 * interrupt found, yet from a control socket that no file belongs to. A socket
 * with a file sends from within send(2) and its kin only, so current is the
 * sender; kernel threads (NFS, multipath TCP's worker) are left out. Workers of
 * io_uring are threads of their process.
 *
 * These hooks are there as fentry and as kprobe. Where a kernel refuses both (a
 * restricted one, or arm64 before 6.0 without kprobes) three tracepoints stand
 * in, none of which is enough by itself:
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
 *
 * fentry and tracepoint read fields directly, which is what makes 300,000
 * datagrams a second cheap.
 */
#include "kernel.h"

#include <bpf/bpf_helpers.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

#include "owner_event.h"

#define RING_BYTES (1 << 20)
#define AF_INET 2
#define AF_INET6 10
#define PF_KTHREAD 0x00200000 /* linux/sched.h */
#define ANCESTORS 32
#define NAMES 32 /* of a path, and mounts that it crosses */
#define PID_LEVELS 8
#define CGROUP_LEVELS 24
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

/* Dual, since helpers that read kernel memory are for GPL programs only. */
char LICENSE[] SEC("license") = "Dual MIT/GPL";

/* Set before loading. */
const volatile __u32 our_pid_ns = 0;
/* VP_BPF_AGAIN_NS in the kernel's ticks (jiffies): cheaper to ask for than the
 * time is. */
const volatile __u64 again_ticks = 1000;
/* What the tracepoints stand in for. */
const volatile bool stand_in_connect = false;
const volatile bool stand_in_send = false;

/* Written by the user's side at any time, through shared memory. */
__u64 command_cgroup = 0;
__u32 command_ancestor = 0; /* in our pid namespace */
/* Read by it. */
__u64 lost = 0;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, RING_BYTES);
} events SEC(".maps");

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

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64); /* cgroup id */
	__type(value, __u8);
} cgroups SEC(".maps");

/* direct is constant: only one of both reads is in the program. */
#define GET(direct, p, field) ((direct) ? (p)->field : BPF_CORE_READ(p, field))

/* --- telling ------------------------------------------------------------- */

/* A wake-up for each would cost more than the event; user space looks every
 * few milliseconds anyway. */
static __always_inline __u64 wake(void)
{
	return bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA) > RING_BYTES / 4
	               ? BPF_RB_FORCE_WAKEUP
	               : BPF_RB_NO_WAKEUP;
}

static __always_inline void count_lost(void)
{
	__sync_fetch_and_add(&lost, 1);
}

/* Appends a name. False if there is no room for it. */
static __always_inline bool add_name(struct vp_bpf_path *path, const void *name)
{
	__u32 at = path->len;
	long n;

	if (at >= VP_BPF_PATH)
		return false;
	n = bpf_probe_read_kernel_str(&path->names[at], VP_BPF_NAME, name);
	if (n <= 0)
		return false;
	path->len = at + n;
	return n < VP_BPF_NAME; /* else it may have been cut */
}

/* The root of a mount has its name where it is mounted. */
static __noinline void executable(struct vp_bpf_path *path,
                                  struct task_struct *task)
{
	struct file *file = BPF_CORE_READ(task, mm, exe_file);
	struct dentry *dentry, *root, *parent;
	struct mount *mount, *below;

	path->len = 0;
	path->cut = 1;
	if (file == NULL)
		return;
	dentry = BPF_CORE_READ(file, f_path.dentry);
	mount = (void *)BPF_CORE_READ(file, f_path.mnt) -
	        bpf_core_field_offset(struct mount, mnt);
#pragma clang loop unroll(disable)
	for (int i = 0; i < NAMES; i++) {
		root = BPF_CORE_READ(mount, mnt.mnt_root);
		parent = BPF_CORE_READ(dentry, d_parent);
		if (dentry != root && dentry != parent) {
			if (!add_name(path, BPF_CORE_READ(dentry, d_name.name)))
				return;
			dentry = parent;
			continue;
		}
		below = BPF_CORE_READ(mount, mnt_parent);
		if (below == mount) {
			path->cut = 0; /* the root of all */
			return;
		}
		dentry = BPF_CORE_READ(mount, mnt_mountpoint);
		mount = below;
	}
}

static __always_inline struct kernfs_node *parent_of(struct kernfs_node *kn)
{
	struct kernfs_node___6_15 *new = (void *)kn;

	if (bpf_core_field_exists(new->__parent))
		return (void *)BPF_CORE_READ(new, __parent);
	return BPF_CORE_READ(kn, parent);
}

/* A cgroup may be gone when user space looks for its path. Its root has no
 * parent, and no name. */
static __noinline void tell_cgroup(struct task_struct *task, __u64 id)
{
	struct kernfs_node *kn = BPF_CORE_READ(task, cgroups, dfl_cgrp, kn);
	struct vp_bpf_cgroup *e;
	__u8 one = 1;

	if (bpf_map_lookup_elem(&cgroups, &id) != NULL)
		return;
	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (e == NULL)
		return; /* tried again with the next event; not an owner lost */
	e->kind = VP_BPF_CGROUP;
	e->id = id;
	e->path.len = 0;
	e->path.cut = 1;
#pragma clang loop unroll(disable)
	for (int i = 0; i < CGROUP_LEVELS; i++) {
		struct kernfs_node *parent = parent_of(kn);

		if (parent == NULL) {
			e->path.cut = 0;
			break;
		}
		if (!add_name(&e->path, BPF_CORE_READ(kn, name)))
			break;
		kn = parent;
	}
	bpf_ringbuf_submit(e, wake());
	bpf_map_update_elem(&cgroups, &id, &one, BPF_ANY);
}

/* --- who ------------------------------------------------------------------ */

static __always_inline bool upid_at(struct upid *out, struct pid *pid, __u32 i)
{
	void *at = (void *)pid + bpf_core_field_offset(struct pid, numbers) +
	           i * bpf_core_type_size(struct upid);

	out->nr = BPF_CORE_READ((struct upid *)at, nr);
	out->ns = BPF_CORE_READ((struct upid *)at, ns);
	return out->ns != NULL;
}

/* The number of a process in our pid namespace, and its level there; 0: it is
 * not visible in it. */
static __always_inline __u32 our_number(struct task_struct *leader,
                                        __u32 *level_out)
{
	struct pid *pid = BPF_CORE_READ(leader, thread_pid);
	__u32 level = BPF_CORE_READ(pid, level);
	struct upid u;

#pragma clang loop unroll(disable)
	for (__u32 i = 0; i < PID_LEVELS; i++) {
		if (i > level || !upid_at(&u, pid, i))
			return 0;
		if (BPF_CORE_READ(u.ns, ns.inum) == our_pid_ns) {
			*level_out = i;
			return u.nr;
		}
	}
	return 0;
}

static __always_inline bool in_command_cgroup(struct task_struct *task)
{
	struct kernfs_node *kn = BPF_CORE_READ(task, cgroups, dfl_cgrp, kn);

#pragma clang loop unroll(disable)
	for (int i = 0; i < CGROUP_LEVELS && kn != NULL; i++) {
		if (BPF_CORE_READ(kn, id) == command_cgroup)
			return true;
		kn = parent_of(kn);
	}
	return false;
}

/* Does it descend from the ancestor? Orphans have another parent by then: for
 * them the cgroup, or a watcher that takes orphans over, must tell. */
static __noinline __u8 descends(struct task_struct *leader, __u32 level)
{
	struct task_struct *t = leader;

#pragma clang loop unroll(disable)
	for (int i = 0; i < ANCESTORS; i++) {
		struct pid *pid = BPF_CORE_READ(t, thread_pid);
		struct task_struct *parent;
		struct upid u;

		if (BPF_CORE_READ(pid, level) < level)
			return VP_BPF_STRANGER; /* above our namespace */
		if (upid_at(&u, pid, level) && u.nr == (int)command_ancestor)
			return VP_BPF_MEMBER;
		parent = BPF_CORE_READ(t, real_parent, group_leader);
		if (parent == NULL || parent == t)
			return VP_BPF_STRANGER; /* the first process */
		t = parent;
	}
	return VP_BPF_UNSURE;
}

static __always_inline __u8 membership(struct task_struct *task,
                                       struct task_struct *leader, __u32 pid,
                                       __u32 level)
{
	if (command_cgroup == 0 && command_ancestor == 0)
		return VP_BPF_NOT_ASKED;
	if (command_cgroup != 0 && in_command_cgroup(task))
		return VP_BPF_MEMBER;
	if (command_ancestor == 0)
		return VP_BPF_STRANGER;
	return pid != 0 ? descends(leader, level) : VP_BPF_STRANGER;
}

static __always_inline void describe(struct vp_bpf_ends *e,
                                     struct task_struct *task)
{
	struct task_struct *leader = BPF_CORE_READ(task, group_leader);
	__u32 level = 0;

	e->began_ns = BPF_CORE_READ(leader, start_time);
	e->pid = our_number(leader, &level);
	e->uid = BPF_CORE_READ(task, cred, euid.val);
	e->member = membership(task, leader, e->pid, level);
	bpf_probe_read_kernel(e->comm, sizeof(e->comm), &leader->comm);
	executable(&e->exe, task);
}

static __always_inline bool is_kernel(struct task_struct *task)
{
	return BPF_CORE_READ(task, flags) & PF_KTHREAD;
}

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

/* --- sockets -------------------------------------------------------------- */

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

static __noinline void connection(struct sock *sk)
{
	struct use u = { 0 };

	ends_of(&u, sk);
	if (u.family != 0)
		tell(&u);
}

static __always_inline bool of_a_process(struct sock *sk, bool direct)
{
	struct socket *s = GET(direct, sk, sk_socket);

	return s != NULL && GET(direct, s, file) != NULL;
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

static __always_inline void datagram(struct sk_buff *skb, bool direct)
{
	struct sock *sk = GET(direct, skb, sk);
	unsigned char *head = GET(direct, skb, head);
	struct use u = { 0 };

	if (sk == NULL || !of_a_process(sk, direct) ||
	    !headers(&u, head, GET(direct, skb, network_header),
	             GET(direct, skb, transport_header),
	             GET(direct, sk, sk_protocol)))
		return;
	if (direct)
		u.netns = sk->__sk_common.skc_net.net->ns.inum;
	else
		u.netns = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
	tell(&u);
}

/* --- the tracepoints ------------------------------------------------------ */

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

/* --- hooks ---------------------------------------------------------------- */

SEC("fentry/tcp_connect")
int BPF_PROG(connect_fentry, struct sock *sk)
{
	connection(sk);
	return 0;
}

SEC("kprobe/tcp_connect")
int BPF_KPROBE(connect_kprobe, struct sock *sk)
{
	connection(sk);
	return 0;
}

SEC("fentry/ip_send_skb")
int BPF_PROG(send4_fentry, struct net *net, struct sk_buff *skb)
{
	datagram(skb, true);
	return 0;
}

SEC("kprobe/ip_send_skb")
int BPF_KPROBE(send4_kprobe, struct net *net, struct sk_buff *skb)
{
	datagram(skb, false);
	return 0;
}

SEC("fentry/ip6_send_skb")
int BPF_PROG(send6_fentry, struct sk_buff *skb)
{
	datagram(skb, true);
	return 0;
}

SEC("kprobe/ip6_send_skb")
int BPF_KPROBE(send6_kprobe, struct sk_buff *skb)
{
	datagram(skb, false);
	return 0;
}

/* Four parameters until 6.9, then two: user space takes the one that fits. */
SEC("fexit/inet_csk_accept")
int BPF_PROG(accept4_fexit, struct sock *sk, int flags, int *err, bool kern,
             struct sock *new)
{
	if (new != NULL)
		connection(new);
	return 0;
}

SEC("fexit/inet_csk_accept")
int BPF_PROG(accept2_fexit, struct sock *sk, void *arg, struct sock *new)
{
	if (new != NULL)
		connection(new);
	return 0;
}

SEC("kretprobe/inet_csk_accept")
int BPF_KRETPROBE(accept_kretprobe, struct sock *new)
{
	if (new != NULL)
		connection(new);
	return 0;
}

SEC("tp_btf/net_dev_queue")
int BPF_PROG(queue_tracepoint, struct sk_buff *skb)
{
	queued(skb);
	return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(state_tracepoint, struct sock *sk, int old, int new)
{
	changed(sk, old, new);
	return 0;
}

SEC("tp_btf/sock_send_length")
int BPF_PROG(sent_tracepoint, struct sock *sk, int length, int flags)
{
	sent(sk, length);
	return 0;
}
