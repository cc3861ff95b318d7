/*
 * owner.c - see vnetprobe/owner.h.
 *
 * Claims come from the BPF program as sockets are used, or from a look at open
 * sockets when a flow is first seen; both fall into one table
 * (owner_claims.c), in which flows are looked up at the end. What numbers mean
 * is found out while it is known: names of cgroups as soon as they are told,
 * as a container may be gone a moment later.
 */
#include "vnetprobe/owner.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "hash.h"
#include "owner_bpf.h"
#include "owner_claims.h"
#include "owner_diag.h"
#include "owner_names.h"

#define CLAIMS_MOST 100000
#define LATELY_US 3000000 /* what was told since then is of this socket */
#define DRAIN_EVERY_MS 50
#define COMMAND_SOCKETS_MOST 262144
#define EXECUTABLES_MOST 16384 /* different ones that are kept */

struct vp_owners {
	struct vp_claims *claims;
	struct vp_owner_bpf *bpf; /* NULL: without */
	struct vp_diag *diag;     /* NULL: without */
	struct vp_cgroup_names *cgroups;
	struct vp_holders *holders;
	struct vp_arena *arena; /* of executables, each once */
	struct vp_hash_key key;
	struct vp_hash_set executables;
	struct vp_hash_set command_sockets; /* by their inodes */
	uint32_t last_uid;                  /* its name is last_user */
	char *last_user;
	uint32_t netns;    /* ours */
	int64_t offset_us; /* from the monotonic clock to the time of day */
	uint64_t command_cgroup;
	uint32_t command_ancestor;
	uv_poll_t poll;
	uv_timer_t timer;
	int open; /* handles libuv has not closed yet */
	bool started;
};

static int64_t clock_us(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* --- what BPF tells ----------------------------------------------------------
 */

static const char *keep_path(struct vp_owners *o, const struct vp_bpf_path *p)
{
	char text[sizeof(p->names) + 8];

	if (vp_bpf_path_text(p, text, sizeof(text)) != 0)
		return NULL;
	/* Ever new programs, each run once, must not fill the memory. */
	if (vp_hash_set_add(&o->executables,
	                    vp_hash(&o->key, text, strlen(text)),
	                    EXECUTABLES_MOST) < 0)
		return NULL;
	return vp_arena_intern(o->arena, text);
}

static struct vp_endpoint end_of(const struct vp_bpf_ends *e,
                                 const unsigned char *bytes, uint16_t port)
{
	struct vp_endpoint end = { .port = port };

	end.addr.family = e->family;
	memcpy(end.addr.bytes, bytes, e->family == 6 ? 16 : 4);
	return end;
}

static void on_ends(const struct vp_bpf_ends *e, void *arg)
{
	struct vp_owners *o = arg;
	struct vp_claim c = {
		.proto = e->proto,
		.local = end_of(e, e->local, e->local_port),
		.remote = end_of(e, e->remote, e->remote_port),
		.how = VP_OWNER_BPF,
		.reach = VP_CLAIM_USE,
		.netns = e->netns,
		.began = e->began_ns,
		.tgid = e->tgid,
		.pid = e->pid,
		.uid = e->uid,
		.cgroup_id = e->cgroup_id,
		.member = e->member == VP_BPF_MEMBER     ? VP_MEMBER_YES
		          : e->member == VP_BPF_STRANGER ? VP_MEMBER_NO
		                                         : VP_MEMBER_UNKNOWN,
		.executable = keep_path(o, &e->exe),
		.first_us = (int64_t)(e->ns / 1000) + o->offset_us,
	};

	if (e->family != 4 && e->family != 6)
		return;
	c.last_us = c.first_us;
	memcpy(c.process, e->comm, sizeof(c.process) - 1);
	vp_claims_add(o->claims, &c);
}

static void on_cgroup(const struct vp_bpf_cgroup *e, void *arg)
{
	struct vp_owners *o = arg;
	char text[sizeof(e->path.names) + 8];

	/* The file system has it whole, if it is still there; a cgroup
	 * namespace of ours may hide what the kernel tells. */
	if (vp_cgroup_name(o->cgroups, e->id) != NULL)
		return;
	if (e->path.len == 0 && !e->path.cut)
		vp_cgroup_names_add(o->cgroups, e->id, "/");
	else if (vp_bpf_path_text(&e->path, text, sizeof(text)) == 0)
		vp_cgroup_names_add(o->cgroups, e->id, text);
}

void vp_owners_drain(struct vp_owners *o)
{
	if (o->bpf == NULL)
		return;
	/* The time of day may be set while we run. */
	o->offset_us = clock_us(CLOCK_REALTIME) - clock_us(CLOCK_MONOTONIC);
	vp_owner_bpf_drain(o->bpf);
}

/* --- looking
 * ------------------------------------------------------------------- */

/* Does the BPF program tell of all that such a socket does? */
static bool told_by_bpf(const struct vp_owners *o, uint8_t proto,
                        const struct vp_endpoint *local)
{
	if (o->bpf == NULL)
		return false;
	if (proto == IPPROTO_TCP) /* it may be older than the watch, too */
		return false;
	return vp_owner_bpf_has(o->bpf, local->addr.family == 6
	                                        ? VP_OWNER_HOOK_SEND6
	                                        : VP_OWNER_HOOK_SEND4);
}

/* In the command's cgroup, or in one below it? A descendant is, unless it was
 * moved on purpose, so the cgroup decides where there is one. */
static enum vp_member member_by_cgroup(struct vp_owners *o, uint64_t id)
{
	const char *command = vp_cgroup_name(o->cgroups, o->command_cgroup);
	const char *path = vp_cgroup_name(o->cgroups, id);
	size_t len;

	if (id != 0 && id == o->command_cgroup)
		return VP_MEMBER_YES;
	if (command == NULL || path == NULL)
		return VP_MEMBER_UNKNOWN;
	len = strlen(command);
	if (strncmp(path, command, len) == 0 && path[len] == '/')
		return VP_MEMBER_YES;
	return VP_MEMBER_NO;
}

static enum vp_member member(struct vp_owners *o, uint64_t cgroup_id,
                             uint32_t pid)
{
	int rc;

	if (o->command_cgroup != 0)
		return member_by_cgroup(o, cgroup_id);
	if (o->command_ancestor == 0 || pid == 0)
		return VP_MEMBER_UNKNOWN;
	rc = vp_descends(pid, o->command_ancestor);
	return rc < 0 ? VP_MEMBER_UNKNOWN : rc ? VP_MEMBER_YES : VP_MEMBER_NO;
}

/* Of a socket that several have, whoever made it: the command may have got it
 * with its other descriptors, and then nobody knows which of them sent. */
static enum vp_member shared_member(const struct vp_owners *o,
                                    const struct vp_holder *h)
{
	bool any = false, all = true;

	if (h->n > VP_HOLDERS_MOST || o->command_ancestor == 0)
		return VP_MEMBER_UNKNOWN;
	for (unsigned i = 0; i < h->n; i++) {
		int rc = 0;

		if (vp_process_is_there(&h->all[i]))
			rc = vp_descends(h->all[i].pid, o->command_ancestor);
		if (rc < 0)
			return VP_MEMBER_UNKNOWN;
		any |= rc != 0;
		all &= rc != 0;
	}
	return all ? VP_MEMBER_YES : any ? VP_MEMBER_UNKNOWN : VP_MEMBER_NO;
}

/* Who made a connection need not be who sends by it. */
static bool needs_inode(const struct vp_owners *o)
{
	return o->command_ancestor != 0 && !vp_owners_tell_all(o);
}

void vp_owners_look(struct vp_owners *o, uint8_t proto,
                    const struct vp_endpoint *local,
                    const struct vp_endpoint *remote)
{
	int64_t now = clock_us(CLOCK_REALTIME);
	struct vp_holder holder = { 0 };
	struct vp_diag_socket s;
	struct vp_claim c;
	bool told = false;

	if (o->diag == NULL || told_by_bpf(o, proto, local))
		return;
	if (o->bpf != NULL) {
		vp_owners_drain(o);
		told = vp_claims_has(o->claims, proto, local, remote,
		                     now - LATELY_US);
	}
	if (told && !needs_inode(o))
		return;
	if (vp_diag_find(o->diag, &s, proto, local, remote) != 0)
		return;
	if (told) {
		vp_claims_set_inode(o->claims, proto, local, remote,
		                    now - LATELY_US, s.inode);
		return;
	}
	vp_holder_of(o->holders, s.inode, &holder);
	c = (struct vp_claim){
		.proto = proto,
		.local = *local,
		.remote = *remote,
		.how = VP_OWNER_SOCKET,
		.reach = s.exact ? VP_CLAIM_OPEN : VP_CLAIM_PORT,
		.netns = o->netns,
		.pid = holder.pid,
		.uid = s.uid,
		.cgroup_id = s.cgroup_id,
		.member = member(o, s.cgroup_id, holder.pid),
		.executable = holder.executable,
		.inode = s.inode,
		.first_us = now,
		.last_us = now,
	};
	if (holder.n > 1 && c.member != VP_MEMBER_YES) {
		c.member = shared_member(o, &holder);
		c.shared = c.member == VP_MEMBER_UNKNOWN;
	}
	memcpy(c.process, holder.process, sizeof(c.process));
	vp_cgroup_name(o->cgroups, s.cgroup_id);
	vp_claims_add(o->claims, &c);
}

/* --- finding
 * ------------------------------------------------------------------- */

/* As its packets have its ends. */
static struct vp_claim_query query_of(const struct vp_flow *flow)
{
	return (struct vp_claim_query){
		.proto = flow->proto,
		.local = flow->local,
		.remote = flow->remote,
		.first_us = flow->first_us,
		.last_us = flow->last_us,
	};
}

static void ask_claims(const struct vp_owners *o, const struct vp_flow *flow,
                       struct vp_claim_answer *out)
{
	struct vp_claim_query q = query_of(flow);

	if (flow->translated_from.addr.family != 0) {
		q.local = flow->translated_from;
		q.not_netns = o->netns;
	} else if (flow->origin == VP_ORIGIN_HOST) {
		q.netns = o->netns;
	} else if (flow->origin == VP_ORIGIN_NAMESPACE) {
		q.not_netns = o->netns;
	}
	if (flow->origin == VP_ORIGIN_FORWARDED) {
		*out = (struct vp_claim_answer){ 0 }; /* nobody's here */
		return;
	}
	vp_claims_find(o->claims, &q, out);
}

/*
 * NAT is told by the likeness of packets, which a neighbour may arrange. But
 * what it gives a flow is a port that no socket here uses: one that does is who
 * sent. Where it is open to all remotes, it may be either.
 */
static void check_nat(const struct vp_owners *o, struct vp_flow *flow)
{
	struct vp_claim_query q = query_of(flow);
	struct vp_claim_answer a;

	if (flow->translated_from.addr.family == 0)
		return;
	q.netns = o->netns;
	vp_claims_find(o->claims, &q, &a);
	if (a.claim == NULL)
		return;
	if (a.claim->reach == VP_CLAIM_PORT) {
		if (flow->origin == VP_ORIGIN_FORWARDED)
			flow->origin = VP_ORIGIN_UNKNOWN;
		return;
	}
	flow->origin = VP_ORIGIN_HOST;
	memset(&flow->translated_from, 0, sizeof(flow->translated_from));
}

static const char *user(struct vp_owners *o, uint32_t uid)
{
	if (uid == VP_NO_UID)
		return NULL;
	if (uid != o->last_uid) {
		o->last_uid = uid;
		o->last_user = vp_user_name(o->arena, NULL, uid);
	}
	return o->last_user;
}

static bool is_commands_socket(const struct vp_owners *o, uint64_t inode)
{
	return inode != 0 &&
	       vp_hash_set_has(&o->command_sockets,
	                       vp_hash(&o->key, &inode, sizeof(inode)));
}

void vp_owners_find(struct vp_owners *o, struct vp_arena *arena,
                    struct vp_flow *flow)
{
	struct vp_claim_answer a;
	const struct vp_claim *c;
	struct vp_owner *owner;

	check_nat(o, flow);
	ask_claims(o, flow, &a);
	c = a.claim;
	if (c == NULL)
		return;
	owner = vp_arena_alloc(arena, sizeof(*owner));
	owner->how = c->how;
	owner->pid = c->pid;
	owner->uid = c->uid;
	owner->cgroup_id = c->cgroup_id;
	owner->user = vp_arena_strdup(arena, user(o, c->uid));
	owner->executable = vp_arena_strdup(arena, c->executable);
	owner->cgroup = vp_arena_strdup(
		arena, vp_cgroup_name(o->cgroups, c->cgroup_id));
	if (owner->cgroup != NULL)
		owner->container = vp_container_of(arena, owner->cgroup);
	flow->owner = owner;
	flow->n_owners = a.processes;
	if (c->process[0] != '\0')
		flow->process = vp_arena_strdup(arena, c->process);
	flow->shared = a.shared || is_commands_socket(o, a.inode);
	flow->of_command = a.member == VP_MEMBER_YES;
	flow->of_others = a.member == VP_MEMBER_NO && !flow->shared;
}

struct elsewhere {
	const struct vp_owners *o;
	vp_owner_elsewhere_cb *cb;
	void *arg;
};

static void on_claim(const struct vp_claim *c, void *arg)
{
	const struct elsewhere *e = arg;

	if (c->member == VP_MEMBER_YES && c->netns != 0 &&
	    c->netns != e->o->netns)
		e->cb(c->proto, &c->remote, c->process, e->arg);
}

void vp_owners_elsewhere(const struct vp_owners *o, vp_owner_elsewhere_cb *cb,
                         void *arg)
{
	struct elsewhere e = { o, cb, arg };

	vp_claims_each(o->claims, on_claim, &e);
}

/* --- opening
 * ------------------------------------------------------------------- */

static void open_bpf(struct vp_owners *o, const struct vp_owners_options *opt,
                     char *why, size_t size)
{
	const struct vp_owner_bpf_sink sink = { on_ends, on_cgroup, o };

	if (opt->no_bpf)
		snprintf(why, size, "BPF is not wanted");
	else
		vp_owner_bpf_open(&o->bpf, &sink, why, size);
}

static void open_diag(struct vp_owners *o, char *why, size_t size)
{
	size_t used = strlen(why);
	int rc = vp_diag_open(&o->diag);

	if (rc != 0 && used < size)
		snprintf(why + used, size - used,
		         "%ssocket diagnosis (NETLINK_SOCK_DIAG) cannot be "
		         "opened: %s",
		         used > 0 ? "; " : "", strerror(-rc));
}

int vp_owners_open(struct vp_owners **out, const struct vp_owners_options *opt,
                   char *why, size_t size)
{
	struct vp_owners *o = calloc(1, sizeof(*o));
	struct stat st;

	*out = NULL;
	if (size > 0)
		why[0] = '\0';
	if (o == NULL)
		return -ENOMEM;
	o->claims = vp_claims_create(opt->most != 0 ? opt->most : CLAIMS_MOST,
	                             opt->vnet, opt->n_vnet);
	o->cgroups = vp_cgroup_names_create(NULL);
	o->holders = vp_holders_create();
	o->arena = vp_arena_create();
	vp_hash_key_random(&o->key);
	o->last_uid = VP_NO_UID;
	if (o->claims == NULL || o->cgroups == NULL || o->holders == NULL) {
		vp_owners_destroy(o);
		return -ENOMEM;
	}
	if (stat("/proc/self/ns/net", &st) == 0)
		o->netns = (uint32_t)st.st_ino;
	open_bpf(o, opt, why, size);
	open_diag(o, why, size);
	/* Who has which socket now, while we may see it. */
	if (o->diag != NULL)
		vp_holders_scan(o->holders);
	*out = o;
	return 0;
}

enum vp_owner_how vp_owners_how(const struct vp_owners *o)
{
	return o->bpf != NULL    ? VP_OWNER_BPF
	       : o->diag != NULL ? VP_OWNER_SOCKET
	                         : VP_OWNER_UNKNOWN;
}

void vp_owners_command(struct vp_owners *o, uint64_t cgroup_id,
                       uint32_t ancestor)
{
	o->command_cgroup = cgroup_id;
	o->command_ancestor = ancestor;
	if (o->bpf != NULL)
		vp_owner_bpf_command(o->bpf, cgroup_id, ancestor);
}

void vp_owners_command_socket(struct vp_owners *o, uint64_t inode)
{
	vp_hash_set_add(&o->command_sockets,
	                vp_hash(&o->key, &inode, sizeof(inode)),
	                COMMAND_SOCKETS_MOST);
}

bool vp_owners_tell_all(const struct vp_owners *o)
{
	if (o->bpf == NULL)
		return false;
	for (size_t i = 0; i < VP_OWNER_HOOKS; i++)
		if (i != VP_OWNER_HOOK_ACCEPT && /* what comes in */
		    !vp_owner_bpf_has(o->bpf, (enum vp_owner_hook)i))
			return false;
	return true;
}

uint64_t vp_owners_lost(const struct vp_owners *o)
{
	return vp_claims_lost(o->claims) +
	       (o->bpf != NULL ? vp_owner_bpf_lost(o->bpf) : 0);
}

/* --- the loop
 * ------------------------------------------------------------------ */

static void on_readable(uv_poll_t *poll, int status, int events)
{
	(void)status;
	(void)events;
	vp_owners_drain(poll->data);
}

static void on_timer(uv_timer_t *timer)
{
	vp_owners_drain(timer->data);
}

int vp_owners_start(struct vp_owners *o, uv_loop_t *loop)
{
	int rc;

	if (o->bpf == NULL || o->started)
		return 0;
	rc = uv_poll_init(loop, &o->poll, vp_owner_bpf_fd(o->bpf));
	if (rc != 0)
		return rc;
	uv_timer_init(loop, &o->timer);
	o->poll.data = o->timer.data = o;
	o->open = 2;
	o->started = true;
	rc = uv_poll_start(&o->poll, UV_READABLE, on_readable);
	if (rc == 0)
		rc = uv_timer_start(&o->timer, on_timer, DRAIN_EVERY_MS,
		                    DRAIN_EVERY_MS);
	/* The run ends when its probes do, not when nobody sends any more. */
	uv_unref((uv_handle_t *)&o->poll);
	uv_unref((uv_handle_t *)&o->timer);
	return rc;
}

static void release(struct vp_owners *o)
{
	vp_owner_bpf_close(o->bpf);
	vp_diag_close(o->diag);
	vp_claims_destroy(o->claims);
	vp_cgroup_names_destroy(o->cgroups);
	vp_holders_destroy(o->holders);
	vp_hash_set_free(&o->executables);
	vp_hash_set_free(&o->command_sockets);
	vp_arena_destroy(o->arena);
	free(o);
}

static void on_closed(uv_handle_t *h)
{
	struct vp_owners *o = h->data;

	if (--o->open == 0)
		release(o);
}

void vp_owners_destroy(struct vp_owners *o)
{
	if (o == NULL)
		return;
	if (o->open == 0) {
		release(o);
		return;
	}
	uv_close((uv_handle_t *)&o->poll, on_closed);
	uv_close((uv_handle_t *)&o->timer, on_closed);
}
