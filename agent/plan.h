/*
 * plan.h - settings to targets, resolvers and policy, with a reason for each.
 *
 * Pure but for reading resolv.conf when no resolver is configured.
 */
#ifndef VP_AGENT_PLAN_H
#define VP_AGENT_PLAN_H

#include <stdio.h>

#include "settings.h"

/*
 * Fills names, targets, resolvers, policy, scenario, cloud, region, and what
 * settings say of servers (kinds, vnet_dns) of empty facts. Targets with the
 * same name and port are merged (the first origin stays, a stated expectation
 * wins). The NSS resolver is always the last one; with settings.emit there are
 * none, and resolv.conf is not read. The commands that only look at packets
 * need no target, and have no resolver but those that the user named. Returns
 * 0, or 2 after a sentence in why: a bad name, no target, no resolver, two
 * stated expectations that differ. With 0, why is "" or a note worth logging (a
 * resolver of resolv.conf that cannot be asked).
 */
int vp_plan_make(struct vp_facts *facts, const struct vp_settings *s, char *why,
                 size_t size);

/*
 * Of a finished plan leaves only the names that stand on the command line, with
 * all that the config says of them; without arguments, everything. Returns 0,
 * or 2 with a sentence in why.
 */
int vp_plan_keep_named(struct vp_facts *facts, const struct vp_settings *s,
                       char *why, size_t size);

/*
 * Adds the servers that are asked only to compare with, before NSS: Azure DNS
 * (always, or on an Azure VM, as the settings say) and those of --compare. One
 * that this machine asks anyway is not added again: there it is judged. With
 * settings.emit nobody is asked. Call it after vp_plan_make() and
 * vp_machine_read().
 */
void vp_plan_references(struct vp_facts *facts, const struct vp_settings *s);

/*
 * Puts the policy and the expectations of these settings in the place of those
 * that saved facts came with: what was found stays, what was wanted changes.
 * Targets are matched by name and port; one that was not probed then is added
 * with nothing known of it, which makes it unproven. Returns 0, or 2 with a
 * sentence in why.
 */
int vp_plan_apply(struct vp_facts *facts, const struct vp_settings *s,
                  char *why, size_t size);

/* Puts the settings' policy in the place of the facts'. */
void vp_plan_policy(struct vp_facts *facts, const struct vp_settings *s);

/* The settings' known issuers in the place of the facts'; which roots were used
 * stays what it was. */
void vp_plan_trust(struct vp_facts *facts, const struct vp_settings *s);

/* What settings say of DNS servers: their kinds, and the VNet's own list. What
 * they do not speak of stays. */
void vp_plan_servers(struct vp_facts *facts, const struct vp_settings *s);

/* Ports where TLS is spoken without https:// being written. */
bool vp_plan_tls_port(uint16_t port);

/* What `vnetprobe targets` prints, text or JSON. Returns 0 or -errno. */
int vp_plan_print(const struct vp_facts *facts, const struct vp_settings *s,
                  FILE *out);

#endif
