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

#define VP_FINDINGS_COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct vp_findings_family {
	const struct vp_finding_type *rows;
	size_t n;
};

extern const struct vp_findings_family vp_findings_names;
extern const struct vp_findings_family vp_findings_reach;
extern const struct vp_findings_family vp_findings_egress;
extern const struct vp_findings_family vp_findings_trust;

#endif
