/*
 * diff.h - what differs between two reports: two machines, or two days.
 *
 * Both are judged from their facts, and compared by what they mean: random
 * ports and ids, times, TTLs and the order of addresses are no difference.
 * What one of the two could not look at is "not known" there, never "gone".
 * Pure: no clock, no I/O.
 */
#ifndef VP_AGENT_DIFF_H
#define VP_AGENT_DIFF_H

#include <stdio.h>

#include "judge.h"
#include "report.h"

/* In the order in which they are told. */
#define VP_DIFF_SECTIONS(X)                                                    \
	X(VERDICT, "verdict", "Verdict")                                       \
	X(CAPTURE, "capture", "What was looked at, and how well")              \
	X(FINDINGS, "findings", "Findings")                                    \
	X(NAMES, "names", "Names")                                             \
	X(ANSWERS, "answers", "Answers")                                       \
	X(RESOLVERS, "resolvers", "Resolvers")                                 \
	X(REACH, "reach", "Reached")                                           \
	X(PATHS, "paths", "Paths")                                             \
	X(TLS, "tls", "Certificates")                                          \
	X(HTTP, "http", "HTTP answers")                                        \
	X(SERVICE, "service", "What the service saw")                          \
	X(FLOWS, "flows", "Flows")                                             \
	X(POLICY, "policy", "Expectations and policy")                         \
	X(MACHINE, "machine", "Machine")                                       \
	X(TOOL, "tool", "Tool")
enum vp_diff_section {
#define X(id, name, title) VP_DIFF_##id,
	VP_DIFF_SECTIONS(X)
#undef X
		VP_DIFF_SECTION_COUNT
};

#define VP_DIFF_KINDS(X)                                                       \
	X(ONLY_A, "only-a")                                                    \
	X(ONLY_B, "only-b")                                                    \
	X(CHANGED, "changed")                                                  \
	X(NOT_KNOWN, "not-known") /* one of the two could not look, or does    \
	                             not tell */
enum vp_diff_kind {
#define X(id, name) VP_DIFF_KIND_##id,
	VP_DIFF_KINDS(X)
#undef X
};

#define VP_DIFF_WEIGHTS(X)                                                     \
	X(MATTERS, "matters")                                                  \
	X(CONTEXT, "context") /* differs by nature: shown, and not counted */  \
	X(NOISE, "noise")     /* shown on demand */
enum vp_diff_weight {
#define X(id, name) VP_DIFF_WEIGHT_##id,
	VP_DIFF_WEIGHTS(X)
#undef X
};

struct vp_diff_change {
	enum vp_diff_section section;
	enum vp_diff_kind kind;
	enum vp_diff_weight weight;
	const char *subject; /* a target, a name, a flow, ...; NULL: the run */
	const char *where;   /* at which resolver or address; NULL: no such */
	const char *what;    /* the thing that differs: "issuer" */
	const char *a, *b;   /* in words; NULL: not there, or not known */
	const char *note;    /* why it weighs so, why not known; or NULL */
	bool decides;        /* a finding that the verdict hangs on */
	unsigned rank;       /* within its section, worst first */
	size_t order;
};

struct vp_diff_side {
	const char *file; /* "-": standard input */
	const struct vp_facts *facts;
	const struct vp_judgement *j;
};

/* What a report cannot tell. */
struct vp_diff_limit {
	unsigned side;    /* 0: A, 1: B */
	const char *what; /* "flows", "connections", "answers", "senders" */
	const char *why;
};

struct vp_diff {
	struct vp_arena *arena;
	struct vp_diff_side side[2];
	bool two_machines; /* by their host names */
	struct vp_diff_limit *limits;
	size_t n_limits;
	struct vp_diff_change *changes; /* sorted: section, weight, rank */
	size_t n_changes;
	size_t matter, context, noise; /* how many of them */
};

/* Never fails. Facts and judgements must outlive it. */
void vp_diff_make(struct vp_diff *out, const struct vp_diff_side *a,
                  const struct vp_diff_side *b, struct vp_arena *arena);

/* As diff(1): 0 nothing differs that matters, 1 something does. */
int vp_diff_exit_status(const struct vp_diff *d);

const char *vp_diff_section_name(enum vp_diff_section s);
const char *vp_diff_section_title(enum vp_diff_section s);
const char *vp_diff_kind_name(enum vp_diff_kind k);
const char *vp_diff_weight_name(enum vp_diff_weight w);

/* noise: show that as well. 0 or -errno of the stream. */
int vp_diff_text(FILE *out, const struct vp_diff *d,
                 const struct vp_text_style *style, bool noise);
int vp_diff_json(FILE *out, const struct vp_diff *d, bool noise);

#endif
