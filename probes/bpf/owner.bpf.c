/*
 * owner.bpf.c - runs in the kernel: tells who connects, sends, accepts.
 *
 * Hooks stand where a process asks for a packet, in its own context, with ends
 * that are final and not yet translated:
 *
 *     tcp_connect       the SYN is about to be made (also of TCP Fast Open)
 *     tcp_sendmsg       bytes for a connection, which another one may have made
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
 * These hooks are there as fentry and as kprobe; where a kernel refuses both,
 * tracepoints stand in (stand_in.h).
 *
 * fentry and tracepoint read fields directly, which is what makes 300,000
 * datagrams a second cheap.
 */
#include "kernel.h"

#include <bpf/bpf_helpers.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#include "stand_in.h"
#include "tell.h"

/* Dual, since helpers that read kernel memory are for GPL programs only. */
char LICENSE[] SEC("license") = "Dual MIT/GPL";

/* direct is constant: only one of both reads is in the program. */
#define GET(direct, p, field) ((direct) ? (p)->field : BPF_CORE_READ(p, field))

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

SEC("fentry/tcp_sendmsg")
int BPF_PROG(stream_fentry, struct sock *sk)
{
	connection(sk);
	return 0;
}

SEC("kprobe/tcp_sendmsg")
int BPF_KPROBE(stream_kprobe, struct sock *sk)
{
	connection(sk);
	return 0;
}

SEC("tp_btf/sock_send_length")
int BPF_PROG(stream_tracepoint, struct sock *sk, int length, int flags)
{
	if (length > 0 && is_inet(sk) && sk->sk_protocol == 6)
		connection(sk);
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
