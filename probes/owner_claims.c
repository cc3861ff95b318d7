/* owner_claims.c - see owner_claims.h. */
#include "owner_claims.h"

#include <stdlib.h>
#include <string.h>

#include "hash.h"

#define NONE UINT32_MAX
#define FIRST_ROWS 256

/* A packet can be on its way that long after connect(2) or send(2): ARP, a
 * queue. And a process that goes on sending is told that seldom. */
#define EARLY_US 3000000
#define AGAIN_US 1500000
/* Clocks of capture and claim are read one after the other. */
#define LATE_US 100000

struct row {
	struct vp_claim claim;
	uint32_t next;         /* in the bucket */
	uint32_t older, newer; /* of those with the same kind of remote */
	bool private;
};

struct queue {
	uint32_t oldest, newest;
};

struct vp_claims {
	struct vp_hash_key key;
	struct row *rows;
	size_t n, room, most;
	uint32_t *buckets; /* as many as there is room, a power of two */
	struct queue queues[2];
	const struct vp_prefix *vnet;
	size_t n_vnet;
	uint64_t lost;
};

struct vp_claims *vp_claims_create(size_t most, const struct vp_prefix *vnet,
                                   size_t n_vnet)
{
	struct vp_claims *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	vp_hash_key_random(&c->key);
	c->most = most;
	c->vnet = vnet;
	c->n_vnet = n_vnet;
	for (size_t i = 0; i < 2; i++)
		c->queues[i] = (struct queue){ NONE, NONE };
	return c;
}

void vp_claims_destroy(struct vp_claims *c)
{
	if (c == NULL)
		return;
	free(c->rows);
	free(c->buckets);
	free(c);
}

uint64_t vp_claims_lost(const struct vp_claims *c)
{
	return c->lost;
}

/* --- by ends -------------------------------------------------------------- */

struct ends {
	uint8_t local[16], remote[16];
	uint16_t local_port, remote_port;
	uint8_t proto, family, zero[2];
};

static size_t bucket_of(const struct vp_claims *c, uint8_t proto,
                        const struct vp_endpoint *local,
                        const struct vp_endpoint *remote)
{
	struct ends e = { .local_port = local->port,
		          .remote_port = remote->port,
		          .proto = proto,
		          .family = remote->addr.family };

	memcpy(e.local, local->addr.bytes, 16);
	memcpy(e.remote, remote->addr.bytes, 16);
	return (size_t)vp_hash(&c->key, &e, sizeof(e)) & (c->room - 1);
}

static size_t bucket(const struct vp_claims *c, const struct vp_claim *claim)
{
	return bucket_of(c, claim->proto, &claim->local, &claim->remote);
}

static bool same_ends(const struct vp_claim *a, uint8_t proto,
                      const struct vp_endpoint *local,
                      const struct vp_endpoint *remote)
{
	return a->proto == proto && vp_endpoint_equal(&a->local, local) &&
	       vp_endpoint_equal(&a->remote, remote);
}

static bool same_process(const struct vp_claim *a, const struct vp_claim *b)
{
	if (a->netns != b->netns)
		return false;
	if (a->tgid == 0 && b->tgid == 0)
		return a->uid == b->uid && a->cgroup_id == b->cgroup_id;
	if (a->tgid != b->tgid)
		return false;
	return a->began == b->began || a->began == 0 || b->began == 0;
}

/* --- room ------------------------------------------------------------------
 */

static void enqueue(struct vp_claims *c, uint32_t at)
{
	struct row *r = &c->rows[at];
	struct queue *q = &c->queues[r->private];

	r->newer = NONE;
	r->older = q->newest;
	if (q->newest != NONE)
		c->rows[q->newest].newer = at;
	else
		q->oldest = at;
	q->newest = at;
}

static void dequeue(struct vp_claims *c, uint32_t at)
{
	struct row *r = &c->rows[at];
	struct queue *q = &c->queues[r->private];

	if (r->older != NONE)
		c->rows[r->older].newer = r->newer;
	else
		q->oldest = r->newer;
	if (r->newer != NONE)
		c->rows[r->newer].older = r->older;
	else
		q->newest = r->older;
}

static void unhash(struct vp_claims *c, uint32_t at)
{
	uint32_t *link = &c->buckets[bucket(c, &c->rows[at].claim)];

	while (*link != at)
		link = &c->rows[*link].next;
	*link = c->rows[at].next;
}

static void hash(struct vp_claims *c, uint32_t at)
{
	uint32_t *head = &c->buckets[bucket(c, &c->rows[at].claim)];

	c->rows[at].next = *head;
	*head = at;
}

static bool grow(struct vp_claims *c)
{
	size_t room = c->room == 0 ? FIRST_ROWS : c->room * 2;
	struct row *rows = realloc(c->rows, room * sizeof(*rows));
	uint32_t *buckets;

	if (rows == NULL)
		return false;
	c->rows = rows;
	buckets = realloc(c->buckets, room * sizeof(*buckets));
	if (buckets == NULL)
		return false;
	c->buckets = buckets;
	c->room = room;
	memset(buckets, 0xff, room * sizeof(*buckets)); /* NONE */
	for (size_t i = 0; i < c->n; i++)
		hash(c, (uint32_t)i);
	return true;
}

/* A row to write to, or NONE: the new claim is the one to lose. */
static uint32_t take_row(struct vp_claims *c, bool private)
{
	uint32_t at = c->queues[true].oldest;

	if (c->n < c->most && (c->n < c->room || grow(c)))
		return (uint32_t)c->n++;
	if (at == NONE) {
		c->lost++;
		if (private)
			return NONE;
		at = c->queues[false].oldest;
	}
	if (at == NONE)
		return NONE;
	unhash(c, at);
	dequeue(c, at);
	return at;
}

/* --- claims -----------------------------------------------------------------
 */

/* The newest stand first in a bucket. */
static uint32_t find_same(const struct vp_claims *c,
                          const struct vp_claim *claim)
{
	bool newest = true;
	uint32_t at;

	if (c->room == 0)
		return NONE;
	for (at = c->buckets[bucket(c, claim)]; at != NONE;
	     at = c->rows[at].next) {
		const struct vp_claim *old = &c->rows[at].claim;

		if (!same_ends(old, claim->proto, &claim->local,
		               &claim->remote) ||
		    old->netns != claim->netns)
			continue;
		if (same_process(old, claim) && old->reach == claim->reach &&
		    (newest || claim->first_us <= old->last_us + AGAIN_US))
			return at;
		newest = false; /* somebody else was between */
	}
	return NONE;
}

static void merge(struct vp_claim *old, const struct vp_claim *new)
{
	if (new->first_us < old->first_us)
		old->first_us = new->first_us;
	if (new->last_us > old->last_us)
		old->last_us = new->last_us;
	if (new->member == VP_MEMBER_YES)
		old->member = VP_MEMBER_YES;
	old->shared |= new->shared;
	if (new->inode != 0)
		old->inode = new->inode;
	/* execve(2) changes the rest: what was so first stands, but for what
	 * was not known. */
	if (old->executable == NULL)
		old->executable = new->executable;
	if (old->process[0] == '\0')
		memcpy(old->process, new->process, sizeof(old->process));
}

void vp_claims_add(struct vp_claims *c, const struct vp_claim *claim)
{
	uint32_t at = find_same(c, claim);
	bool private = vp_scope_is_private(
		vp_addr_scope(&claim->remote.addr, c->vnet, c->n_vnet));

	if (at != NONE) {
		merge(&c->rows[at].claim, claim);
		dequeue(c, at); /* the newest again */
		enqueue(c, at);
		return;
	}
	at = take_row(c, private);
	if (at == NONE)
		return;
	c->rows[at].claim = *claim;
	c->rows[at].private = private;
	hash(c, at);
	enqueue(c, at);
}

bool vp_claims_has(const struct vp_claims *c, uint8_t proto,
                   const struct vp_endpoint *local,
                   const struct vp_endpoint *remote, int64_t since_us)
{
	if (c->room == 0)
		return false;
	for (uint32_t at = c->buckets[bucket_of(c, proto, local, remote)];
	     at != NONE; at = c->rows[at].next)
		if (same_ends(&c->rows[at].claim, proto, local, remote) &&
		    c->rows[at].claim.last_us >= since_us)
			return true;
	return false;
}

void vp_claims_set_inode(struct vp_claims *c, uint8_t proto,
                         const struct vp_endpoint *local,
                         const struct vp_endpoint *remote, int64_t since_us,
                         uint64_t inode)
{
	if (c->room == 0)
		return;
	for (uint32_t at = c->buckets[bucket_of(c, proto, local, remote)];
	     at != NONE; at = c->rows[at].next)
		if (same_ends(&c->rows[at].claim, proto, local, remote) &&
		    c->rows[at].claim.last_us >= since_us)
			c->rows[at].claim.inode = inode;
}

/* --- finding ----------------------------------------------------------------
 */

/* A use is told before its packets are seen, then now and then while it goes
 * on. Who looks at open sockets does so after the packet. */
static bool fits_time(const struct vp_claim *c, const struct vp_claim_query *q)
{
	int64_t early = c->reach == VP_CLAIM_USE ? EARLY_US : 0;
	int64_t late = c->reach == VP_CLAIM_PORT ? 0 : LATE_US;

	return c->first_us <= q->last_us + late &&
	       c->last_us >= q->first_us - early;
}

static bool fits(const struct vp_claim *c, const struct vp_claim_query *q)
{
	if (!same_ends(c, q->proto, &q->local, &q->remote) || !fits_time(c, q))
		return false;
	if (q->netns != 0 && c->netns != q->netns)
		return false;
	return q->not_netns == 0 || c->netns != q->not_netns;
}

/* Was this process met before in the bucket, up to row end? */
static bool counted(const struct vp_claims *c, const struct vp_claim_query *q,
                    uint32_t from, uint32_t end)
{
	for (uint32_t at = from; at != end; at = c->rows[at].next)
		if (fits(&c->rows[at].claim, q) &&
		    same_process(&c->rows[at].claim, &c->rows[end].claim))
			return true;
	return false;
}

void vp_claims_each(const struct vp_claims *c,
                    void (*one)(const struct vp_claim *claim, void *arg),
                    void *arg)
{
	for (uint32_t at = c->queues[0].oldest; at != NONE;
	     at = c->rows[at].newer)
		one(&c->rows[at].claim, arg);
}

void vp_claims_find(const struct vp_claims *c, const struct vp_claim_query *q,
                    struct vp_claim_answer *out)
{
	bool any_stranger = false, all_known = true;
	uint32_t head;

	memset(out, 0, sizeof(*out));
	if (c->room == 0)
		return;
	head = c->buckets[bucket_of(c, q->proto, &q->local, &q->remote)];
	for (uint32_t at = head; at != NONE; at = c->rows[at].next) {
		const struct vp_claim *k = &c->rows[at].claim;

		if (!fits(k, q))
			continue;
		if (out->claim != NULL && out->claim->netns != k->netns)
			out->ambiguous = true;
		if (out->claim == NULL || k->first_us < out->claim->first_us)
			out->claim = k;
		out->processes += !counted(c, q, head, at);
		if (k->member == VP_MEMBER_YES)
			out->member = VP_MEMBER_YES;
		out->shared |= k->shared;
		if (k->inode != 0)
			out->inode = k->inode;
		any_stranger |= k->member == VP_MEMBER_NO;
		all_known &= k->member != VP_MEMBER_UNKNOWN;
	}
	if (out->member != VP_MEMBER_YES && any_stranger && all_known)
		out->member = VP_MEMBER_NO;
	if (out->ambiguous)
		*out = (struct vp_claim_answer){ .ambiguous = true };
}
