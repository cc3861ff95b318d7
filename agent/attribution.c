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

void vp_attribution_finish(struct vp_owners *o, struct vp_facts *facts)
{
	if (o == NULL)
		return;
	vp_owners_drain(o);
	for (size_t i = 0; i < facts->n_flows; i++)
		vp_owners_find(o, facts->arena, &facts->flows[i]);
	facts->capture.owners_lost = vp_owners_lost(o);
}
