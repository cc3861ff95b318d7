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
 * restricted one, or arm64 before 6.0 without kprobes) the tracepoint
 * net_dev_queue stands in: a packet is handed to an interface. That mostly is
 * still within connect(2) or send(2), yet not always: packets that waited for
 * ARP go out in a softirq, those that a filter daemon held (NFQUEUE) within a
 * call of that daemon. There, the sender is named only outside of interrupts,
 * and only if one of its descriptors is the packet's socket.
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
#define TCP_TIME_WAIT 6
#define TCP_NEW_SYN_RECV 12

/* Dual, since helpers that read kernel memory are for GPL programs only. */
char LICENSE[] SEC("license") = "Dual MIT/GPL";

/* Set before loading. */
const volatile __u32 our_pid_ns = 0;

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
	__type(value, __u64); /* when it was told, ns */
} told SEC(".maps");

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

/* file: of the socket, if it is to be proven that the process has it. */
static __noinline void tell(struct use *u, struct file *file)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	__u64 now = bpf_ktime_get_ns();
	struct vp_bpf_ends *e;
	__u64 *last;

	if (BPF_CORE_READ(task, flags) & PF_KTHREAD)
		return;
	u->tgid = bpf_get_current_pid_tgid() >> 32;
	last = bpf_map_lookup_elem(&told, u);
	if (last != NULL && now - *last < VP_BPF_AGAIN_NS)
		return;
	if (file != NULL && !has_open(task, file))
		return;
	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (e == NULL) {
		count_lost(); /* not marked as told: the next one tries again */
		return;
	}
	e->kind = VP_BPF_ENDS;
	e->ns = now;
	e->netns = u->netns;
	e->tgid = u->tgid;
	e->local_port = u->local_port;
	e->remote_port = u->remote_port;
	e->family = u->family;
	e->proto = u->proto;
	__builtin_memcpy(e->local, u->local, 16);
	__builtin_memcpy(e->remote, u->remote, 16);
	e->cgroup_id = bpf_get_current_cgroup_id();
	describe(e, task);
	tell_cgroup(task, e->cgroup_id);
	bpf_ringbuf_submit(e, wake());
	bpf_map_update_elem(&told, u, &now, BPF_ANY);
}

/* --- sockets -------------------------------------------------------------- */

/* ::ffff:a.b.c.d: packets of such a socket are IPv4. */
static __always_inline bool mapped(const __u8 *a)
{
	const __u32 *w = (const __u32 *)a;

	return w[0] == 0 && w[1] == 0 && w[2] == bpf_htonl(0xffff);
}

static __noinline void connection(struct sock *sk)
{
	struct use u = { .proto = 6 };
	__u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);
	__be32 a;

	if (family == AF_INET6 &&
	    bpf_core_field_exists(sk->__sk_common.skc_v6_daddr)) {
		BPF_CORE_READ_INTO(&u.local, sk, __sk_common.skc_v6_rcv_saddr);
		BPF_CORE_READ_INTO(&u.remote, sk, __sk_common.skc_v6_daddr);
		u.family = 6;
	}
	if (family == AF_INET || (u.family == 6 && mapped(u.remote))) {
		__builtin_memset(u.local, 0, 16);
		__builtin_memset(u.remote, 0, 16);
		a = BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr);
		__builtin_memcpy(u.local, &a, 4);
		a = BPF_CORE_READ(sk, __sk_common.skc_daddr);
		__builtin_memcpy(u.remote, &a, 4);
		u.family = 4;
	}
	if (u.family == 0)
		return;
	u.local_port = BPF_CORE_READ(sk, __sk_common.skc_num);
	u.remote_port = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));
	u.netns = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
	tell(&u, NULL);
}

static __always_inline bool of_a_process(struct sock *sk, bool direct)
{
	struct socket *s = GET(direct, sk, sk_socket);

	return s != NULL && GET(direct, s, file) != NULL;
}

/* The ports, or 0 for protocols without: ping and raw sockets. */
static __always_inline void ports(struct use *u, const unsigned char *transport)
{
	__be16 p[2] = { 0, 0 };

	if (u->proto != 6 && u->proto != 17 && u->proto != 136)
		return;
	bpf_probe_read_kernel(p, sizeof(p), transport);
	u->local_port = bpf_ntohs(p[0]);
	u->remote_port = bpf_ntohs(p[1]);
}

/* RFC 791 and RFC 8200: the fixed headers. Behind IPv6's, others may stand, so
 * the protocol is the socket's. */
static __always_inline bool header(struct use *u, const unsigned char *network,
                                   __u16 proto)
{
	__u8 h[40];

	bpf_probe_read_kernel(h, 20, network);
	if (h[0] >> 4 == 4) {
		u->family = 4;
		u->proto = h[9];
		__builtin_memcpy(u->local, h + 12, 4);
		__builtin_memcpy(u->remote, h + 16, 4);
		return true;
	}
	if (h[0] >> 4 != 6)
		return false;
	bpf_probe_read_kernel(h + 20, 20, network + 20);
	u->family = 6;
	u->proto = proto;
	__builtin_memcpy(u->local, h + 8, 16);
	__builtin_memcpy(u->remote, h + 24, 16);
	return true;
}

static __always_inline void datagram(struct sk_buff *skb, bool direct)
{
	struct sock *sk = GET(direct, skb, sk);
	unsigned char *head = GET(direct, skb, head);
	struct use u = { 0 };

	if (sk == NULL || !of_a_process(sk, direct) ||
	    !header(&u, head + GET(direct, skb, network_header),
	            GET(direct, sk, sk_protocol)))
		return;
	ports(&u, head + GET(direct, skb, transport_header));
	if (direct)
		u.netns = sk->__sk_common.skc_net.net->ns.inum;
	else
		u.netns = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
	tell(&u, NULL);
}

/* --- the tracepoint ---------------------------------------------------------
 */

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} serving SEC(".maps");

/* On this processor, from entry to exit; softirqs do not nest. (The kernel's
 * own counter cannot be read: most kernels' symbol tables lack variables.) */
static __always_inline void serve(__u32 on)
{
	__u32 zero = 0, *flag = bpf_map_lookup_elem(&serving, &zero);

	if (flag != NULL)
		*flag = on;
}

/* Is this the running process's own doing? Not known is no. */
static __always_inline bool in_a_call(void)
{
	__u32 zero = 0, *flag = bpf_map_lookup_elem(&serving, &zero);

	return flag != NULL && *flag == 0;
}

/* A SYN that is no answer: RFC 9293 3.1. */
static __always_inline bool opens(const unsigned char *transport)
{
	__u8 flags = 0;

	bpf_probe_read_kernel(&flags, 1, transport + 13);
	return (flags & 0x12) == 0x02;
}

/* A tunnel's outer packet may still have the inner one's socket. */
static __always_inline bool is_of(const struct use *u, struct sock *sk)
{
	if (u->proto != sk->sk_protocol)
		return false;
	return u->local_port == 0 || u->local_port == sk->__sk_common.skc_num;
}

static __always_inline void queued(struct sk_buff *skb)
{
	struct sock *sk = skb->sk;
	struct use u = { 0 };
	__u8 state;

	if (sk == NULL)
		return;
	state = sk->__sk_common.skc_state;
	if (state == TCP_NEW_SYN_RECV || state == TCP_TIME_WAIT)
		return; /* no whole socket */
	if (sk->__sk_common.skc_family != AF_INET &&
	    sk->__sk_common.skc_family != AF_INET6)
		return;
	if (sk->sk_protocol == 6 && !opens(skb->head + skb->transport_header))
		return;
	if (!of_a_process(sk, true) || !in_a_call() ||
	    !header(&u, skb->head + skb->network_header, sk->sk_protocol))
		return;
	ports(&u, skb->head + skb->transport_header);
	if (!is_of(&u, sk))
		return;
	u.netns = sk->__sk_common.skc_net.net->ns.inum;
	tell(&u, sk->sk_socket->file);
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

SEC("tp_btf/softirq_entry")
int BPF_PROG(softirq_begin, unsigned int number)
{
	serve(1);
	return 0;
}

SEC("tp_btf/softirq_exit")
int BPF_PROG(softirq_end, unsigned int number)
{
	serve(0);
	return 0;
}
