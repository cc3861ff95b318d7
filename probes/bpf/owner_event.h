/*
 * owner_event.h - what the BPF program tells the user's side (owner_bpf.c).
 *
 * Included by both, and therefore without any header of either.
 */
#ifndef VP_PROBES_BPF_OWNER_EVENT_H
#define VP_PROBES_BPF_OWNER_EVENT_H

#define VP_BPF_PATH 192 /* bytes of names, leaf first, each ended by NUL */
#define VP_BPF_NAME 64  /* the longest name that is read whole */
#define VP_BPF_COMM 16

/* Sends over the same ends by the same process are told once in this time. */
#define VP_BPF_AGAIN_NS 1000000000ull

enum vp_bpf_kind {
	VP_BPF_ENDS = 1, /* struct vp_bpf_ends */
	VP_BPF_CGROUP,   /* struct vp_bpf_cgroup */
};

enum vp_bpf_member {
	VP_BPF_NOT_ASKED, /* no command is watched */
	VP_BPF_MEMBER,
	VP_BPF_STRANGER,
	VP_BPF_UNSURE, /* the walk over its ancestors was cut short */
};

/* names is longer than VP_BPF_PATH, as each name is read with a fixed bound:
 * what begins below VP_BPF_PATH fits. */
struct vp_bpf_path {
	unsigned short len; /* with the final NUL; 0: unknown */
	unsigned char cut;  /* the walk ended before the root */
	unsigned char spare[5];
	char names[VP_BPF_PATH + VP_BPF_NAME];
};

struct vp_bpf_ends {
	unsigned int kind;
	unsigned int netns;    /* inode of the socket's network namespace */
	unsigned long long ns; /* CLOCK_MONOTONIC */
	unsigned long long cgroup_id;
	unsigned long long began_ns; /* of the process: tells a reused id */
	unsigned int tgid;           /* in the first pid namespace */
	unsigned int pid;            /* in ours; 0: not visible there */
	unsigned int uid;            /* effective */
	unsigned short local_port, remote_port; /* host byte order */
	unsigned char local[16], remote[16];
	unsigned char family; /* 4, 6 */
	unsigned char proto;
	unsigned char member; /* enum vp_bpf_member */
	unsigned char spare[5];
	char comm[VP_BPF_COMM]; /* of the process, not of the thread */
	struct vp_bpf_path exe;
};

struct vp_bpf_cgroup {
	unsigned int kind;
	unsigned int spare;
	unsigned long long id;
	struct vp_bpf_path path;
};

#endif
