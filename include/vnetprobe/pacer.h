/*
 * pacer.h - who may ask DNS questions when.
 *
 * Azure's resolver takes 1000 questions a second and 200 pending for each
 * virtual machine, whichever address they go to, so one pacer serves all
 * servers of a run. Waiting questions stand here, small, and not in c-ares.
 *
 * Each server has a lane. Lanes take turns, and while several have questions
 * no lane holds more than its share of the slots: a silent server must not
 * starve the others.
 */
#ifndef VNETPROBE_PACER_H
#define VNETPROBE_PACER_H

#include <stdbool.h>

#include "vnetprobe/resolve.h"

struct vp_pacer_wait { /* embedded in what waits */
	struct vp_pacer_wait *prev, *next;
	bool queued;
};

/* w may go: it holds a slot until vp_pacer_leave(). Runs from the loop. */
typedef void vp_pacer_go_cb(struct vp_pacer_wait *w, void *arg);

struct vp_pacer_lane {
	struct vp_pacer *pacer;
	struct vp_pacer_lane *prev, *next; /* of all lanes, in turn */
	struct vp_pacer_wait *head, *tail;
	unsigned cost;      /* questions that one entry stands for: 1 */
	unsigned in_flight; /* questions */
	vp_pacer_go_cb *go;
	void *arg;
};

void vp_pacer_lane_open(struct vp_pacer_lane *l, struct vp_pacer *p,
                        vp_pacer_go_cb *go, void *arg);
/* Forgets its waiting entries and gives back its slots. */
void vp_pacer_lane_close(struct vp_pacer_lane *l);

void vp_pacer_enter(struct vp_pacer_lane *l, struct vp_pacer_wait *w);
/* Does nothing if w does not wait. */
void vp_pacer_cancel(struct vp_pacer_lane *l, struct vp_pacer_wait *w);
/* Gives back the slot of one that went. */
void vp_pacer_leave(struct vp_pacer_lane *l);

#endif
