/*
 * planner.h - what the files that make a plan share.
 *
 * plan.c goes through the settings, plan_resolvers.c says who is asked,
 * plan_resources.c and plan_services.c name the targets of each resource,
 * plan_text.c reads those
 * written as text, plan_expect.c says what is expected of them,
 * plan_target.c adds each, or merges it with the one that is there, and
 * plan_endpoint.c reads their addresses from private endpoints' records.
 */
#ifndef VP_AGENT_PLANNER_H
#define VP_AGENT_PLANNER_H

#include "catalogue.h"
#include "plan.h"

/* Open addressing; slots hold index + 1. Grows at half full. */
struct vp_plan_table {
	size_t *slots;
	size_t size, used;
};

struct vp_planner {
	struct vp_facts *facts;
	const struct vp_settings *s;
	const struct vp_catalogue_scenario *scenario;
	struct vp_plan_table names, targets;
	bool *stated; /* for each target: its expectation was stated for it */
	size_t n_stated;
	char *notes; /* worth logging; NULL: none */
	char *why;
	size_t size;
};

/* A target as its resource describes it. */
struct vp_draft {
	const char *name;
	uint16_t port; /* 0: by kind */
	bool tls;      /* https:// was written */
	bool has_kind;
	enum vp_kind kind;
	bool has_expect;
	enum vp_expect expect;
	const struct vp_addr *addresses;
	size_t n_addresses;
	const char *endpoint;       /* name or ARM id of its private endpoint */
	const char *alternative_of; /* as of a target */
	const char *origin;
};

/* The first mistake ends all: puts it in why and returns false. */
__attribute__((format(printf, 2, 3))) bool vp_plan_refuse(struct vp_planner *p,
                                                          const char *fmt, ...);

/* The same about what has this origin: where it stands in the config comes
 * first, if it does. */
__attribute__((format(printf, 3, 4))) bool
vp_plan_refuse_at(struct vp_planner *p, const char *origin, const char *fmt,
                  ...);
/* One more thing that is worth logging and stops nothing. */
__attribute__((format(printf, 2, 3))) void vp_plan_note(struct vp_planner *p,
                                                        const char *fmt, ...);

#define VP_PLAN_SHOWN 81
/* What the user wrote, fit for a message: cut after 80, "?" for bytes that do
 * not print. Returns out. */
const char *vp_plan_shown(char out[VP_PLAN_SHOWN], const char *text);

/* Each returns false after vp_plan_refuse(). */
bool vp_plan_add(struct vp_planner *p, const struct vp_draft *d);
bool vp_plan_workspace(struct vp_planner *p);
bool vp_plan_account(struct vp_planner *p, const struct vp_storage_account *a,
                     size_t i);
bool vp_plan_vault(struct vp_planner *p, const struct vp_key_vault *v,
                   size_t i);
bool vp_plan_registry(struct vp_planner *p, const struct vp_registry *g,
                      size_t i);
/* Registries of Azure ML, API servers, AI, search, Azure Monitor. */
bool vp_plan_services(struct vp_planner *p);
/* With probe_required: the public names that the scenario requires. */
bool vp_plan_required(struct vp_planner *p);
bool vp_plan_resolvers(struct vp_planner *p);
/* Only those that the user named: told apart from others, not asked. */
bool vp_plan_stated_resolvers(struct vp_planner *p);
bool vp_plan_extra(struct vp_planner *p, const struct vp_extra_target *t);
/* What --endpoint files say of the targets that are there, and of the VNet. */
bool vp_plan_endpoints(struct vp_planner *p);

/* Sets what is expected of t, and why: stated for it, stated for all, or by
 * scenario and kind. */
void vp_plan_expect(const struct vp_planner *p, struct vp_target *t,
                    const struct vp_draft *d);

#endif
