/*
 * forwarder.h - conditional forwarders in each DNS server's own language.
 *
 * Pure: text out of zones. Used by `dns --emit` and by remedies.
 */
#ifndef VP_AGENT_FORWARDER_H
#define VP_AGENT_FORWARDER_H

#include <stdio.h>

#include "settings.h"

/* Azure's own DNS, where a server in the VNet forwards to. */
#define VP_AZURE_DNS_TEXT "168.63.129.16"

/*
 * The public zones that a DNS server has to forward for the targets of these
 * facts (docs/sources.md: A1, P2), each once, in a fixed order: for Azure ML
 * all of its five, whichever names are targets; for a vault both
 * vault.azure.net and vaultcore.azure.net. Never a privatelink zone. Returns
 * their number.
 */
size_t vp_forwarder_zones(const struct vp_facts *facts, struct vp_arena *arena,
                          const char ***zones);

/* The zone of vp_forwarder_zones() that a name is in, or NULL. Part of a table,
 * or of name. */
const char *vp_forwarder_zone_of(const char *name);

/*
 * The lines that make a server of this kind forward these zones to upstream,
 * as they stand in its configuration, each line ended by a newline. For
 * AZURE_FIREWALL and PRIVATE_RESOLVER the az commands; towards Azure DNS these
 * link the private zones, since neither can forward some zones there. Words in
 * capitals are to be filled in. No tabs, no blank lines. UNKNOWN gives NULL.
 */
const char *vp_forwarder_lines(struct vp_arena *arena, enum vp_server_kind kind,
                               const char *const *zones, size_t n_zones,
                               const struct vp_addr *upstream);

/* What a server is: what the config says, else what it tells of itself. */
enum vp_server_kind vp_forwarder_kind(const struct vp_resolver *r);

/* What makes it take effect, one command, nothing left in the cache; NULL:
 * nothing to be done, or nothing known. */
const char *vp_forwarder_then(enum vp_server_kind kind);

/* The make of a server, as its users write it; NULL for UNKNOWN. */
const char *vp_forwarder_make(enum vp_server_kind kind);

/*
 * `dns --emit WORD`: bind, unbound, dnsmasq, coredns, windows, or hosts (the
 * expected addresses of the plan; names without one are a comment that says
 * so). A whole file that can be included as it is, with a head that says what
 * it is for and where it goes. Returns 0, 2 with a sentence in why (an unknown
 * word; hosts with no expected address at all), or -errno of the stream.
 */
int vp_emit(FILE *out, const struct vp_facts *facts,
            const struct vp_settings *s, char *why, size_t size);

#endif
