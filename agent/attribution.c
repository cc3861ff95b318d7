/* attribution.c - see attribution.h. */
#include "attribution.h"

static void on_new_flow(uint8_t proto, const struct vp_endpoint *local,
                        const struct vp_endpoint *remote, void *arg)
{
	vp_owners_look(arg, proto, local, remote);
}

struct vp_owners *vp_attribution_open(struct vp_facts *facts, bool no_bpf)
{
	const struct vp_owners_options opt = {
		.no_bpf = no_bpf,
		.vnet = facts->policy.vnet,
		.n_vnet = facts->policy.n_vnet,
	};
	struct vp_owners *o;
	char why[512];

	if (vp_owners_open(&o, &opt, why, sizeof(why)) != 0) {
		facts->capture.owners_why =
			vp_arena_strdup(facts->arena, "out of memory");
		return NULL;
	}
	if (vp_owners_how(o) != VP_OWNER_UNKNOWN)
		facts->capture.owners = vp_arena_strdup(
			facts->arena, vp_owner_how_name(vp_owners_how(o)));
	if (why[0] != '\0')
		facts->capture.owners_why = vp_arena_strdup(facts->arena, why);
	return o;
}

void vp_attribution_start(struct vp_owners *o, uv_loop_t *loop,
                          struct vp_flows *flows)
{
	if (o == NULL)
		return;
	/* Without a place on the loop it is read with each new flow. */
	(void)vp_owners_start(o, loop);
	vp_flows_on_new(flows, on_new_flow, o);
}

#define MOST_ELSEWHERE 16

static bool is_seen(const struct vp_facts *f, uint8_t proto,
                    const struct vp_endpoint *remote)
{
	for (size_t i = 0; i < f->n_flows; i++) {
		const struct vp_flow *w = &f->flows[i];

		if (w->proto == proto &&
		    vp_addr_equal(&w->remote.addr, &remote->addr) &&
		    (w->remote.port == remote->port || w->flows > 1))
			return true;
	}
	for (size_t i = 0; i < f->command.n_elsewhere; i++) {
		const struct vp_elsewhere *e = &f->command.elsewhere[i];

		if (e->proto == proto && vp_endpoint_equal(&e->remote, remote))
			return true;
	}
	return false;
}

/* A namespace may have a way out of its own, which nobody watched. */
static void on_elsewhere(uint8_t proto, const struct vp_endpoint *remote,
                         const char *process, void *arg)
{
	struct vp_facts *f = arg;
	struct vp_command_facts *c = &f->command;

	if (vp_addr_scope(&remote->addr, f->policy.vnet, f->policy.n_vnet) !=
	    VP_SCOPE_PUBLIC)
		return;
	if (c->n_elsewhere == MOST_ELSEWHERE) {
		c->elsewhere_left_out++;
		return;
	}
	if (is_seen(f, proto, remote))
		return;
	*VP_PUSH(f->arena, c->elsewhere,
	         c->n_elsewhere) = (struct vp_elsewhere){
		proto, *remote,
		process[0] == '\0' ? NULL : vp_arena_strdup(f->arena, process)
	};
}

void vp_attribution_finish(struct vp_owners *o, struct vp_facts *facts)
{
	if (o == NULL)
		return;
	vp_owners_drain(o);
	for (size_t i = 0; i < facts->n_flows; i++)
		vp_owners_find(o, facts->arena, &facts->flows[i]);
	facts->capture.owners_lost = vp_owners_lost(o);
	vp_owners_elsewhere(o, on_elsewhere, facts);
}
