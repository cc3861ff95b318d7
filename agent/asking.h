/*
 * asking.h - the DNS questions of one run: which, of whom, when.
 *
 * Rounds. In each round every name is asked for A and AAAA over UDP at every
 * resolver, from fresh sockets, and through NSS. In the first round:
 * version.bind at each server; for `dns` also A over TCP.
 *
 * Looking closer. When all answers of a name's first round are in, and always
 * for `dns`: its privatelink alias (from any chain, else derived from its zone)
 * for A at each server; the SOA of its privatelink zone and of the public zone
 * above, once for each zone and server; after SERVFAIL the name with CD set;
 * with each search domain, if ndots makes programs try that first or NSS and
 * the resolvers disagree. check looks closer only at names that must be private
 * and for which some answer is not a private address. Reference resolvers
 * (vp_resolver_is_reference()) are asked in check only when looking closer.
 *
 * All questions share one pacer: below Azure DNS's limits, however many.
 */
#ifndef VP_AGENT_ASKING_H
#define VP_AGENT_ASKING_H

#include <uv.h>

#include "settings.h"
#include "vnetprobe/nss.h"

struct vp_asking;

struct vp_asking_options {
	uv_loop_t *loop;
	struct vp_facts *facts; /* with a plan; rows, zones are added */
	const struct vp_settings *settings;
	struct vp_nss *nss; /* started */
	/* A row of a name was added (questions NAME only): its addresses may
	 * be reached. Not called for references. */
	void (*row)(size_t name, const struct vp_dns_row *row, void *arg);
	void (*done)(void *arg); /* once, from the loop: all is answered */
	void *arg;
};

struct vp_asking_counts {
	size_t questions, answered; /* of those known so far; NSS included */
	unsigned round, rounds;
	uint64_t paced_ms; /* that pacing and rounds alone take, in all */
	uint64_t least_ms; /* of that, from now on */
};

/* 0, or -errno with a sentence in why; nothing was sent then. */
int vp_asking_start(struct vp_asking **out, const struct vp_asking_options *opt,
                    char *why, size_t size);
/* Open questions become rows with outcome CANCELLED; done() never runs. */
void vp_asking_stop(struct vp_asking *a);
void vp_asking_count(const struct vp_asking *a, struct vp_asking_counts *out);
/* NULL is fine. Run the loop once more so that handles close. */
void vp_asking_destroy(struct vp_asking *a);

#endif
