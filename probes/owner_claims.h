/*
 * owner_claims.h - the table of claims: who said to use which ends, and when.
 *
 * Pure: no clock, no I/O. Bounded: when it is full the oldest claim for a
 * private remote goes, else the oldest one, which is counted.
 */
#ifndef VP_PROBES_OWNER_CLAIMS_H
#define VP_PROBES_OWNER_CLAIMS_H

#include "vnetprobe/facts.h"

enum vp_member {
	VP_MEMBER_UNKNOWN,
	VP_MEMBER_YES, /* of the command's process tree */
	VP_MEMBER_NO,
};

/* What was seen at the times of a claim. */
enum vp_claim_reach {
	VP_CLAIM_USE,  /* it was used: BPF */
	VP_CLAIM_OPEN, /* a socket with just these ends was open */
	VP_CLAIM_PORT, /* one with this local port, for any remote: it is the
	                * sender's only if the flow went on after that, as ports
	                * are taken again by others */
};

struct vp_claim {
	uint8_t proto;
	struct vp_endpoint local, remote;
	enum vp_owner_how how;
	enum vp_claim_reach reach;
	uint32_t netns; /* inode of the socket's network namespace */
	uint64_t began; /* tells processes with the same number apart; 0: not
	                 * known */
	uint32_t tgid;  /* in the first pid namespace; 0: not known */
	uint32_t pid;   /* in ours; 0: not known */
	uint32_t uid;   /* VP_NO_UID: not known */
	uint64_t cgroup_id;
	enum vp_member member;
	bool shared;      /* the command has the socket, and others have it */
	uint64_t inode;   /* of the socket; 0: not known */
	char process[16]; /* "": not known */
	const char *executable; /* outlives the table; NULL: not known */
	int64_t first_us, last_us;
};

struct vp_claims;

struct vp_claims *vp_claims_create(size_t most, const struct vp_prefix *vnet,
                                   size_t n_vnet);
void vp_claims_destroy(struct vp_claims *c);

/* The same process at the same ends, with nobody between, is one claim, whose
 * time grows. */
void vp_claims_add(struct vp_claims *c, const struct vp_claim *claim);
/* Is there one for these ends, by whomever, from since_us on? */
bool vp_claims_has(const struct vp_claims *c, uint8_t proto,
                   const struct vp_endpoint *local,
                   const struct vp_endpoint *remote, int64_t since_us);
/* They are of this socket. */
void vp_claims_set_inode(struct vp_claims *c, uint8_t proto,
                         const struct vp_endpoint *local,
                         const struct vp_endpoint *remote, int64_t since_us,
                         uint64_t inode);
/* Claims for public remotes, and for private ones while there was nothing else
 * to drop, that were not kept. */
uint64_t vp_claims_lost(const struct vp_claims *c);

struct vp_claim_query {
	uint8_t proto;
	struct vp_endpoint local, remote;
	int64_t first_us, last_us; /* of the flow */
	uint32_t netns;            /* it must be this one; 0: any */
	uint32_t not_netns;        /* it must not be this one; 0: any */
};

struct vp_claim_answer {
	const struct vp_claim
		*claim;        /* the earliest that fits; NULL: unknown */
	unsigned processes;    /* that fit */
	enum vp_member member; /* YES if any is; NO if none is */
	bool shared;
	uint64_t inode; /* 0: not known */
	bool ambiguous; /* claimed in several network namespaces at the time */
};

/* Each claim for a remote that is not private, oldest first. */
void vp_claims_each(const struct vp_claims *c,
                    void (*one)(const struct vp_claim *claim, void *arg),
                    void *arg);
void vp_claims_find(const struct vp_claims *c, const struct vp_claim_query *q,
                    struct vp_claim_answer *out);

#endif
