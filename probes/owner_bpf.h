/*
 * owner_bpf.h - the BPF program that tells who sends (bpf/owner.bpf.c): loading
 * it, its hooks, its ring of events. The only user of libbpf.
 */
#ifndef VP_PROBES_OWNER_BPF_H
#define VP_PROBES_OWNER_BPF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/owner_event.h"

struct vp_owner_bpf;

enum vp_owner_hook {
	VP_OWNER_HOOK_CONNECT,
	VP_OWNER_HOOK_SEND4,
	VP_OWNER_HOOK_SEND6,
	VP_OWNER_HOOK_ACCEPT,
	VP_OWNER_HOOK_STREAM,
	VP_OWNER_HOOKS
};

struct vp_owner_bpf_sink {
	void (*ends)(const struct vp_bpf_ends *e, void *arg);
	void (*cgroup)(const struct vp_bpf_cgroup *e, void *arg);
	void *arg;
};

/*
 * Loads and attaches; the program runs from now on. Returns 0, with a sentence
 * in why if a hook is missing, or -errno with one that says why not at all
 * (-ENOSYS: built without). Needs rights only here.
 */
int vp_owner_bpf_open(struct vp_owner_bpf **out,
                      const struct vp_owner_bpf_sink *sink, char *why,
                      size_t size);
bool vp_owner_bpf_has(const struct vp_owner_bpf *b, enum vp_owner_hook hook);
/* Readable when the ring fills; else look now and then. */
int vp_owner_bpf_fd(const struct vp_owner_bpf *b);
/* Hands over what is there. */
void vp_owner_bpf_drain(struct vp_owner_bpf *b);
void vp_owner_bpf_command(struct vp_owner_bpf *b, uint64_t cgroup_id,
                          uint32_t ancestor);
/* Events for which the ring had no room. */
uint64_t vp_owner_bpf_lost(const struct vp_owner_bpf *b);
/* NULL is fine. */
void vp_owner_bpf_close(struct vp_owner_bpf *b);

/* The path that these names make, from the root: 0, or -EINVAL if they are
 * malformed or none. A cut one begins with "...". */
int vp_bpf_path_text(const struct vp_bpf_path *path, char *buf, size_t size);

#endif
