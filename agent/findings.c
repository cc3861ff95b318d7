/*
 * findings.c - the table of finding ids, put together from its families.
 *
 * Reports, `vnetprobe explain` and docs/findings.md all print these rows. Ids
 * are a contract: add rows, never rename one.
 */
#include "findings_private.h"

#include <assert.h>
#include <string.h>

#define MOST 128

static const struct {
	const char *family, *title;
} families[] = {
	{ "names", "do names lead to the right private addresses?" },
	{ "reach", "are the services reached there?" },
	{ "egress", "did anything leave by a public path?" },
	{ "limits", "is everything where the guidance wants it?" },
	{ "trust", "can this run be believed?" },
};

static struct vp_finding_type all[MOST];
static size_t n_all;

static void append(const struct vp_findings_family *f)
{
	assert(n_all + f->n <= MOST);
	memcpy(&all[n_all], f->rows, f->n * sizeof(*f->rows));
	n_all += f->n;
}

const struct vp_finding_type *vp_finding_types(size_t *n)
{
	if (n_all == 0) {
		append(&vp_findings_names);
		append(&vp_findings_reach);
		append(&vp_findings_egress);
		append(&vp_findings_limits);
		append(&vp_findings_trust);
	}
	*n = n_all;
	return all;
}

const struct vp_finding_type *vp_finding_type(const char *id)
{
	size_t n;
	const struct vp_finding_type *types = vp_finding_types(&n);

	for (size_t i = 0; i < n; i++) {
		if (strcmp(types[i].id, id) == 0)
			return &types[i];
	}
	return NULL;
}

const char *vp_finding_family_title(const char *family)
{
	for (size_t i = 0; i < VP_FINDINGS_COUNT(families); i++) {
		if (strcmp(families[i].family, family) == 0)
			return families[i].title;
	}
	return "";
}

static const char *const severities[] = {
#define X(id, name) name,
	VP_SEVERITIES(X)
#undef X
};

static const char *const classes[] = {
#define X(id, name) name,
	VP_FLOW_CLASSES(X)
#undef X
};

const char *vp_severity_name(enum vp_severity s)
{
	return (size_t)s < VP_FINDINGS_COUNT(severities) ? severities[s]
	                                                 : "unknown";
}

const char *vp_flow_class_name(enum vp_flow_class c)
{
	return (size_t)c < VP_FINDINGS_COUNT(classes) ? classes[c] : "unknown";
}

const char *vp_verdict_name(enum vp_verdict v)
{
	switch (v) {
	case VP_VERDICT_PASS:
		return "pass";
	case VP_VERDICT_FAIL:
		return "fail";
	case VP_VERDICT_LEAK:
		return "leak";
	case VP_VERDICT_INCONCLUSIVE:
		return "inconclusive";
	}
	return "unknown";
}

const char *vp_target_status_name(enum vp_target_status s)
{
	switch (s) {
	case VP_TARGET_OK:
		return "ok";
	case VP_TARGET_FAIL:
		return "fail";
	case VP_TARGET_UNPROVEN:
		return "unproven";
	case VP_TARGET_UNCHECKED:
		return "unchecked";
	case VP_TARGET_UNUSED:
		return "unused";
	}
	return "unknown";
}
