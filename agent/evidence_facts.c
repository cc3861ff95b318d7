/* evidence_facts.c - see evidence_facts.h. */
#include "evidence_facts.h"

#include "evidence_notes.h"

int vp_evidence_begin(struct vp_evidence **out, struct vp_facts *facts,
                      const struct vp_settings *s, uint32_t snaplen, char *why,
                      size_t size)
{
	struct vp_evidence_options opt = {
		.path = s->evidence,
		.max_bytes = s->evidence_size,
		.mode = s->evidence_ring ? VP_EVIDENCE_RING : VP_EVIDENCE_FIRST,
		.application = facts->tool,
		.hostname = facts->hostname,
		.os = facts->kernel,
		.snaplen = snaplen,
	};

	*out = NULL;
	if (vp_evidence_open(out, &opt, why, size) != 0)
		return 2;
	facts->capture.evidence = vp_arena_strdup(facts->arena, s->evidence);
	facts->capture.evidence_ring = s->evidence_ring;
	vp_evidence_note_plan(*out, facts);
	return 0;
}

void vp_evidence_count(struct vp_evidence *e, struct vp_facts *facts)
{
	struct vp_capture_facts *c = &facts->capture;

	c->evidence_left_out = vp_evidence_left_out(e);
	vp_evidence_losses(e, c->received, c->dropped, c->interface_dropped);
}

/* From the numbers that packets were given to their places in the file. */
static void place(const struct vp_evidence *e, struct vp_flow *f)
{
	f->evidence_first = vp_evidence_position(e, f->evidence_first);
	f->evidence_last = vp_evidence_position(e, f->evidence_last);
	if (f->evidence_last == 0)
		f->evidence_packets = 0;
}

int vp_evidence_end(struct vp_evidence *e, struct vp_facts *facts)
{
	struct vp_capture_facts *c = &facts->capture;
	struct vp_evidence_result r;
	int err;

	vp_evidence_note_own(e, facts);
	vp_evidence_note_left_out(e);
	err = vp_evidence_commit(e);
	for (size_t i = 0; i < facts->n_flows; i++)
		place(e, &facts->flows[i]);
	if (err != 0) {
		c->evidence = NULL;
		c->evidence_left_out = c->received;
		return err;
	}
	vp_evidence_result(e, &r);
	c->evidence_packets = r.packets;
	c->evidence_bytes = r.bytes;
	c->evidence_sha256 = vp_arena_strdup(facts->arena, r.sha256);
	return 0;
}
