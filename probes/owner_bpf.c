/*
 * owner_bpf.c - see owner_bpf.h.
 *
 * Each hook is tried as fentry, then as kprobe; if that leaves one that sends
 * without, tracepoints stand in (for datagrams, they need Linux 6.4). What a
 * kernel cannot do shows only when it is tried, and the programs of one object
 * are loaded together: so after a failure all is loaded anew with the next way
 * for that hook.
 */
#include "owner_bpf.h"

#include "vnetprobe/owner.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Leaf first, each ended by NUL. */
int vp_bpf_path_text(const struct vp_bpf_path *path, char *buf, size_t size)
{
	size_t end = path->len, used;

	if (size == 0)
		return -EINVAL;
	buf[0] = '\0';
	if (end == 0 || end > sizeof(path->names) ||
	    path->names[end - 1] != '\0')
		return -EINVAL;
	used = path->cut ? (size_t)snprintf(buf, size, "...") : 0;
	while (end > 0) {
		size_t begin = end - 1;

		while (begin > 0 && path->names[begin - 1] != '\0')
			begin--;
		if (used < size)
			used += (size_t)snprintf(buf + used, size - used, "/%s",
			                         path->names + begin);
		end = begin;
	}
	return used < size ? 0 : -EINVAL;
}

#ifndef VP_HAVE_BPF

bool vp_owners_have_bpf(void)
{
	return false;
}

int vp_owner_bpf_open(struct vp_owner_bpf **out,
                      const struct vp_owner_bpf_sink *sink, char *why,
                      size_t size)
{
	(void)sink;
	*out = NULL;
	snprintf(why, size, "this program was built without BPF");
	return -ENOSYS;
}

bool vp_owner_bpf_has(const struct vp_owner_bpf *b, enum vp_owner_hook hook)
{
	(void)b;
	(void)hook;
	return false;
}

int vp_owner_bpf_fd(const struct vp_owner_bpf *b)
{
	(void)b;
	return -1;
}

void vp_owner_bpf_drain(struct vp_owner_bpf *b)
{
	(void)b;
}

void vp_owner_bpf_command(struct vp_owner_bpf *b, uint64_t cgroup_id,
                          uint32_t ancestor)
{
	(void)b;
	(void)cgroup_id;
	(void)ancestor;
}

uint64_t vp_owner_bpf_lost(const struct vp_owner_bpf *b)
{
	(void)b;
	return 0;
}

void vp_owner_bpf_close(struct vp_owner_bpf *b)
{
	(void)b;
}

#else

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <stdarg.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Written by bpftool, in its own style. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wshadow"
#include "owner_bpf.skel.h"
#pragma GCC diagnostic pop

bool vp_owners_have_bpf(void)
{
	return true;
}

enum way { FENTRY, KPROBE, TRACEPOINT, NOWAY };

static const struct hook {
	const char *function; /* of the kernel */
	const char *lacks;    /* what is not told without it */
} hooks[VP_OWNER_HOOKS] = {
	[VP_OWNER_HOOK_CONNECT] = { "tcp_connect", "TCP connections" },
	[VP_OWNER_HOOK_SEND4] = { "ip_send_skb", "IPv4 datagrams" },
	[VP_OWNER_HOOK_SEND6] = { "ip6_send_skb", "IPv6 datagrams" },
	[VP_OWNER_HOOK_ACCEPT] = { "inet_csk_accept",
	                           "connections from outside" },
	[VP_OWNER_HOOK_STREAM] = { "tcp_sendmsg",
	                           "bytes on TCP connections of others" },
};

struct vp_owner_bpf {
	struct owner_bpf *skel;
	struct ring_buffer *ring;
	struct vp_owner_bpf_sink sink;
	enum way ways[VP_OWNER_HOOKS];
	unsigned accept_parameters;
	bool tells_returns; /* the kernel has the tracepoint sock_send_length */
};

/* --- the ring ------------------------------------------------------------- */

static int on_event(void *arg, void *data, size_t size)
{
	const struct vp_owner_bpf *b = arg;
	const unsigned *kind = data;

	if (size >= sizeof(struct vp_bpf_ends) && *kind == VP_BPF_ENDS) {
		b->sink.ends(data, b->sink.arg);
		return 0;
	}
	if (size >= sizeof(struct vp_bpf_cgroup) && *kind == VP_BPF_CGROUP)
		b->sink.cgroup(data, b->sink.arg);
	return 0;
}

void vp_owner_bpf_drain(struct vp_owner_bpf *b)
{
	if (b != NULL)
		ring_buffer__consume(b->ring);
}

int vp_owner_bpf_fd(const struct vp_owner_bpf *b)
{
	return ring_buffer__epoll_fd(b->ring);
}

/* bss is shared memory: no system call, for which rights would be needed. */
void vp_owner_bpf_command(struct vp_owner_bpf *b, uint64_t cgroup_id,
                          uint32_t ancestor)
{
	__atomic_store_n(&b->skel->bss->command_cgroup, cgroup_id,
	                 __ATOMIC_RELAXED);
	__atomic_store_n(&b->skel->bss->command_ancestor, ancestor,
	                 __ATOMIC_RELAXED);
}

uint64_t vp_owner_bpf_lost(const struct vp_owner_bpf *b)
{
	return __atomic_load_n(&b->skel->bss->lost, __ATOMIC_RELAXED);
}

bool vp_owner_bpf_has(const struct vp_owner_bpf *b, enum vp_owner_hook hook)
{
	return b->ways[hook] != NOWAY;
}

/* --- loading -------------------------------------------------------------- */

/* What the kernel's types say of its functions: absent ones (inlined, or
 * another kernel) cannot be hooked. -errno if there are no types. */
static int survey(struct vp_owner_bpf *b)
{
	struct btf *btf = btf__load_vmlinux_btf();

	if (btf == NULL)
		return -errno;
	for (size_t i = 0; i < VP_OWNER_HOOKS; i++) {
		int id = btf__find_by_name_kind(btf, hooks[i].function,
		                                BTF_KIND_FUNC);
		const struct btf_type *t;

		if (id < 0) {
			b->ways[i] = KPROBE; /* may be known as a symbol */
			continue;
		}
		if (i != VP_OWNER_HOOK_ACCEPT)
			continue;
		t = btf__type_by_id(btf, btf__type_by_id(btf, (__u32)id)->type);
		b->accept_parameters = t != NULL ? btf_vlen(t) : 0;
		if (b->accept_parameters != 2 && b->accept_parameters != 4)
			b->ways[i] = KPROBE;
	}
	b->tells_returns =
		btf__find_by_name_kind(btf, "btf_trace_sock_send_length",
	                               BTF_KIND_TYPEDEF) > 0;
	btf__free(btf);
	return 0;
}

struct choice {
	struct bpf_program *program;
	struct bpf_link **link;
	enum vp_owner_hook hook;
	enum way way;
};

#define N_CHOICES 15

static void choices(struct vp_owner_bpf *b, struct choice out[N_CHOICES])
{
	struct owner_bpf *s = b->skel;
	bool two = b->accept_parameters == 2;
	const struct choice all[N_CHOICES] = {
#define CHOICE(name, hook, way)                                                \
	{                                                                      \
		s->progs.name, &s->links.name, VP_OWNER_HOOK_##hook, way       \
	}
		CHOICE(connect_fentry, CONNECT, FENTRY),
		CHOICE(connect_kprobe, CONNECT, KPROBE),
		CHOICE(send4_fentry, SEND4, FENTRY),
		CHOICE(send4_kprobe, SEND4, KPROBE),
		CHOICE(send6_fentry, SEND6, FENTRY),
		CHOICE(send6_kprobe, SEND6, KPROBE),
		CHOICE(accept2_fexit, ACCEPT, two ? FENTRY : NOWAY),
		CHOICE(accept4_fexit, ACCEPT, two ? NOWAY : FENTRY),
		CHOICE(accept_kretprobe, ACCEPT, KPROBE),
		CHOICE(stream_fentry, STREAM, FENTRY),
		CHOICE(stream_kprobe, STREAM, KPROBE),
		CHOICE(stream_tracepoint, STREAM,
		       b->tells_returns ? TRACEPOINT : NOWAY),
		CHOICE(state_tracepoint, CONNECT, TRACEPOINT),
		CHOICE(sent_tracepoint, SEND4, TRACEPOINT),
		CHOICE(queue_tracepoint, CONNECT, TRACEPOINT),
#undef CHOICE
	};

	memcpy(out, all, sizeof(all));
}

static void set_constants(struct owner_bpf *s, const struct vp_owner_bpf *b)
{
	struct timespec tick;
	struct stat ns;

	if (stat("/proc/self/ns/pid", &ns) == 0)
		s->rodata->our_pid_ns = (uint32_t)ns.st_ino;
	/* That clock moves with the ticks: clock_getres(2). */
	if (clock_getres(CLOCK_MONOTONIC_COARSE, &tick) == 0 &&
	    tick.tv_nsec > 0)
		s->rodata->again_ticks =
			VP_BPF_AGAIN_NS / (uint64_t)tick.tv_nsec;
	s->rodata->stand_in_connect =
		b->ways[VP_OWNER_HOOK_CONNECT] == TRACEPOINT;
	s->rodata->stand_in_send = b->ways[VP_OWNER_HOOK_SEND4] == TRACEPOINT;
	if (!s->rodata->stand_in_connect) {
		bpf_map__set_max_entries(s->maps.senders, 1);
		bpf_map__set_max_entries(s->maps.pendings, 1);
	}
}

static bool chosen(const struct vp_owner_bpf *b, const struct choice *c)
{
	return c->way != NOWAY && b->ways[c->hook] == c->way;
}

/* One try with the ways chosen. On failure *failed is the hook that is to
 * blame, or VP_OWNER_HOOKS: all of them. */
static int attempt(struct vp_owner_bpf *b, size_t *failed)
{
	struct choice all[N_CHOICES];
	int rc;

	*failed = VP_OWNER_HOOKS;
	b->skel = owner_bpf__open();
	if (b->skel == NULL)
		return -errno;
	set_constants(b->skel, b);
	choices(b, all);
	for (size_t i = 0; i < N_CHOICES; i++)
		bpf_program__set_autoload(all[i].program, chosen(b, &all[i]));
	rc = owner_bpf__load(b->skel);
	for (size_t i = 0; rc == 0 && i < N_CHOICES; i++) {
		if (!chosen(b, &all[i]))
			continue;
		*all[i].link = bpf_program__attach(all[i].program);
		if (*all[i].link == NULL) {
			rc = -errno;
			*failed = all[i].way == TRACEPOINT ? VP_OWNER_HOOKS
			                                   : all[i].hook;
		}
	}
	if (rc != 0) {
		owner_bpf__destroy(b->skel);
		b->skel = NULL;
	}
	return rc;
}

/* The tracepoints tell of senders only, and of datagrams only in pairs. */
static enum way stands_in(const struct vp_owner_bpf *b, size_t hook)
{
	if (hook == VP_OWNER_HOOK_ACCEPT)
		return b->ways[hook] == TRACEPOINT ? NOWAY : b->ways[hook];
	return hook == VP_OWNER_HOOK_CONNECT || b->tells_returns ? TRACEPOINT
	                                                         : NOWAY;
}

/* Each try costs tens of milliseconds: not for what cannot be. */
static bool has_kprobes(void)
{
	return access("/sys/bus/event_source/devices/kprobe", F_OK) == 0;
}

/* The next way for what failed. False if no hook is left. */
static bool other_way(struct vp_owner_bpf *b, size_t failed)
{
	bool stand_in = false, left = false;

	for (size_t i = 0; i < VP_OWNER_HOOKS; i++) {
		if ((failed == i || failed == VP_OWNER_HOOKS) &&
		    b->ways[i] != NOWAY)
			b->ways[i]++;
		if (b->ways[i] == KPROBE && !has_kprobes())
			b->ways[i] = TRACEPOINT;
		stand_in |= b->ways[i] == TRACEPOINT;
	}
	for (size_t i = 0; i < VP_OWNER_HOOKS; i++) {
		/* Else some packets would be told twice, others never. */
		if (stand_in && b->ways[i] != NOWAY)
			b->ways[i] = stands_in(b, i);
		left |= b->ways[i] != NOWAY;
	}
	return left;
}

static int load(struct vp_owner_bpf *b)
{
	int rc = survey(b), first;
	size_t failed;

	if (rc != 0)
		return rc;
	first = attempt(b, &failed);
	rc = first;
	/* Also if it is not allowed: some kernels refuse one way only. */
	while (rc != 0 && other_way(b, failed))
		rc = attempt(b, &failed);
	return rc == 0 ? 0 : first;
}

/* --- opening -------------------------------------------------------------- */

static int quiet(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	if (getenv("VP_BPF_DEBUG") != NULL && level != LIBBPF_DEBUG)
		vfprintf(stderr, fmt, ap);
	return 0;
}

static void explain(int rc, char *why, size_t size)
{
	if (rc == -EPERM || rc == -EACCES)
		snprintf(why, size,
		         "the kernel refuses BPF here: it takes CAP_BPF and "
		         "CAP_PERFMON (or CAP_SYS_ADMIN) in the first user "
		         "namespace, and no lockdown");
	else if (access("/sys/kernel/btf/vmlinux", R_OK) != 0)
		snprintf(why, size,
		         "BPF needs /sys/kernel/btf/vmlinux, the kernel's "
		         "types, which are not there");
	else
		snprintf(why, size, "BPF does not work on this kernel: %s",
		         strerror(-rc));
}

static void explain_missing(const struct vp_owner_bpf *b, char *why,
                            size_t size)
{
	size_t used = 0;

	for (size_t i = 0; i < VP_OWNER_HOOKS; i++)
		if (b->ways[i] == NOWAY && used < size)
			used += (size_t)snprintf(why + used, size - used,
			                         "%s%s", used == 0 ? "" : ", ",
			                         hooks[i].lacks);
	if (used > 0 && used < size)
		snprintf(why + used, size - used,
		         " by their open sockets only");
}

int vp_owner_bpf_open(struct vp_owner_bpf **out,
                      const struct vp_owner_bpf_sink *sink, char *why,
                      size_t size)
{
	struct vp_owner_bpf *b = calloc(1, sizeof(*b));
	int rc;

	*out = NULL;
	if (size > 0)
		why[0] = '\0';
	if (b == NULL)
		return -ENOMEM;
	b->sink = *sink;
	libbpf_set_print(quiet);
	rc = load(b);
	if (rc == 0) {
		b->ring = ring_buffer__new(bpf_map__fd(b->skel->maps.events),
		                           on_event, b, NULL);
		rc = b->ring != NULL ? 0 : -errno;
	}
	if (rc != 0) {
		explain(rc, why, size);
		vp_owner_bpf_close(b);
		return rc;
	}
	explain_missing(b, why, size);
#ifdef __GLIBC__
	malloc_trim(0); /* the kernel's types took 5 MB several times over */
#endif
	*out = b;
	return 0;
}

void vp_owner_bpf_close(struct vp_owner_bpf *b)
{
	if (b == NULL)
		return;
	ring_buffer__free(b->ring);
	owner_bpf__destroy(b->skel);
	free(b);
}

#endif
