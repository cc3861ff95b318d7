/*
 * findings_private.h - the tables of finding ids, one file for each family.
 *
 * Rows stand in the order in which reports show findings of one severity:
 * causes above the symptoms they bring about.
 */
#ifndef VP_AGENT_FINDINGS_PRIVATE_H
#define VP_AGENT_FINDINGS_PRIVATE_H

#include "judge.h"

#define ROW(sev, fam, name, t, s, m, r, src)                                   \
	{                                                                      \
		.id = (name), .severity = VP_SEVERITY_##sev, .title = (t),     \
		.seen = (s), .means = (m), .remedy = (r), .source = (src),     \
		.family = (fam)                                                \
	}

/*
 * The addresses that a private endpoint has. Not its customDnsConfigs: they are
 * empty as soon as it has a zone group.
 */
#define ENDPOINT_ADDRESSES                                                     \
	"    az network nic show --ids $(az network private-endpoint show "    \
	"-g RG -n PE --query \"networkInterfaces[].id\" -o tsv) --query "      \
	"\"ipConfigurations[].[privateIPAddress,*.fqdns]\""

/* With -o table it would show neither the state nor the id. */
#define ENDPOINT_CONNECTIONS                                                   \
	"    az network private-endpoint-connection list --id RESOURCE_ID "    \
	"--query \"[].[properties.privateLinkServiceConnectionState.status,"   \
	"id]\" -o tsv"

/* Left out where the sender is known: first lines of a remedy. */
#define FIND_SENDER                                                            \
	"See who sends, while it does:\n"                                      \
	"    sudo vnetprobe watch --for 10m\n"                                 \
	"    sudo ss -tunp dst {address}\n"

#define VP_FINDINGS_COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct vp_findings_family {
	const struct vp_finding_type *rows;
	size_t n;
};

extern const struct vp_findings_family vp_findings_names;
extern const struct vp_findings_family vp_findings_reach;
extern const struct vp_findings_family vp_findings_egress;
extern const struct vp_findings_family vp_findings_limits;
extern const struct vp_findings_family vp_findings_trust;

#endif
