/*
 * judge.h - facts in, findings and verdict out. Pure: no clock, no I/O.
 */
#ifndef VP_AGENT_JUDGE_H
#define VP_AGENT_JUDGE_H

#include "vnetprobe/facts.h"

#define VP_SEVERITIES(X)                                                       \
	X(LEAK, "leak")                                                        \
	X(ERROR, "error")                                                      \
	X(UNPROVEN, "unproven")                                                \
	X(WARNING, "warning")                                                  \
	X(INFO, "info")
enum vp_severity { /* worst first */
#define X(id, name) VP_SEVERITY_##id,
	           VP_SEVERITIES(X)
#undef X
};

/* One row for each finding id: what explain prints and the docs are made of. */
struct vp_finding_type {
	const char *id;
	enum vp_severity severity;
	const char *title;
	const char *seen;  /* what is seen */
	const char *means; /* what it means */
	/* General; {name}, {zone}, ... are filled in, or become NAME, ZONE
	 * where they are not known. A line that starts with four spaces is a
	 * command or a line for a file: it is shown as it stands. */
	const char *remedy;
	const char *source;
	const char *family; /* "names", "reach", "egress", "trust" */
};
const struct vp_finding_type *vp_finding_types(size_t *n);
const struct vp_finding_type *vp_finding_type(const char *id); /* or NULL */
/* What a family is about, in a few words. */
const char *vp_finding_family_title(const char *family);

struct vp_finding {
	const struct vp_finding_type *type;
	enum vp_severity severity; /* the type's, or as policy lowered it */
	const char *target; /* "name:port", a name, an address; NULL: the run */
	const char *title;
	const char *detail;
	const char **evidence;
	size_t n_evidence;
	size_t n_more; /* evidence that its last line only counts; 0: none */
	const char *remedy; /* names filled in */
	const char **names; /* all it is about, of those of the plan */
	size_t n_names;
};

enum vp_verdict {
	VP_VERDICT_PASS,
	VP_VERDICT_FAIL,
	VP_VERDICT_LEAK,
	VP_VERDICT_INCONCLUSIVE,
};

#define VP_FLOW_CLASSES(X)                                                     \
	X(PRIVATE, "private")                                                  \
	X(OWN, "own") /* a probe of this run, as planned */                    \
	X(LEAK_TARGET, "leak-target")                                          \
	X(LEAK_DNS, "leak-dns")                                                \
	X(ALLOWED, "allowed")   /* by an allow rule or an expectation */       \
	X(REQUIRED, "required") /* public by design: catalogue row */          \
	X(UNEXPLAINED, "unexplained")                                          \
	X(INBOUND, "inbound")     /* a public peer came to us */               \
	X(FORWARDED, "forwarded") /* another machine's, routed through here */ \
	X(TUNNELED, "tunneled")   /* in a tunnel whose outer flow is judged */ \
	X(NOT_LEFT, "not-left")   /* seen going out by no interface */         \
	X(PROXIED, "proxied")     /* CONNECT to a proxy at a private address */
enum vp_flow_class {
#define X(id, name) VP_CLASS_##id,
	VP_FLOW_CLASSES(X)
#undef X
};

struct vp_flow_judgement {
	enum vp_flow_class class;
	const char *rule;      /* the policy row that fired, in words */
	const char *somebodys; /* the name by which a row of the catalogue
	                        * excuses what may be anybody's; NULL: none */
	const char *told_by;   /* the finding that tells of that; with it */
};

enum vp_target_status {
	VP_TARGET_OK,
	VP_TARGET_FAIL,
	VP_TARGET_UNPROVEN,
	VP_TARGET_UNCHECKED, /* watch, analyze: only packets were looked at */
	VP_TARGET_UNUSED,    /* an alternative that does not exist: judged is
	                      * the one that does, and this one is not counted */
};

struct vp_judgement {
	struct vp_arena *arena;
	enum vp_verdict verdict;
	int exit_status;             /* 0, 1, 3, 4 */
	const char *summary;         /* one sentence */
	struct vp_finding *findings; /* worst first, then in a fixed order */
	size_t n_findings;
	enum vp_target_status *targets;  /* one for each target */
	struct vp_flow_judgement *flows; /* one for each flow */
	const char **resolvers;   /* status for each: "ok", "silent", ... */
	size_t attempts_withheld; /* public addresses not connected to */
};

/* Never fails; facts must outlive the judgement. */
void vp_judge(struct vp_judgement *out, const struct vp_facts *facts,
              struct vp_arena *arena);

/* Who sent a flow: its process, or this program, if it is a probe of the run;
 * NULL: not known. Constant, or the facts'. */
const char *vp_flow_sender(const struct vp_facts *facts,
                           const struct vp_flow *f);

const char *vp_severity_name(enum vp_severity s);
const char *vp_verdict_name(enum vp_verdict v);
const char *vp_flow_class_name(enum vp_flow_class c);
const char *vp_target_status_name(enum vp_target_status s);

#endif
