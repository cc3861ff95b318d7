/*
 * who.h - describes the running process: its program, user, cgroup, number in
 * our pid namespace, and whether it is of the command. Part of owner.bpf.c.
 */
#ifndef VP_PROBES_BPF_WHO_H
#define VP_PROBES_BPF_WHO_H

#include "kernel.h"

#include <bpf/bpf_helpers.h>

#include <bpf/bpf_core_read.h>

#include "owner_event.h"

#define RING_BYTES (1 << 20)
#define PF_KTHREAD 0x00200000 /* linux/sched.h */
#define ANCESTORS 32
#define NAMES 32 /* of a path, and mounts that it crosses */
#define PID_LEVELS 8
#define CGROUP_LEVELS 24

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

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64); /* cgroup id */
	__type(value, __u8);
} cgroups SEC(".maps");

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

#endif
