/*
 * outcome.h - what the network said to one attempt.
 *
 * A closed list: JSON and metrics carry the names, so rows are added and never
 * renamed. "We failed" is a negative errno and no outcome.
 */
#ifndef VNETPROBE_OUTCOME_H
#define VNETPROBE_OUTCOME_H

#define VP_OUTCOMES(X)                                                         \
	X(NONE, "none", "not tried")                                           \
	X(OK, "ok", "reached")                                                 \
	X(REFUSED, "refused", "port closed (RST or ICMP port unreachable)")    \
	X(TIMEOUT, "timeout", "no answer in time")                             \
	X(UNREACHABLE, "unreachable", "no route, or ICMP unreachable")         \
	X(RESET, "reset", "connection reset after it was open")                \
	X(CLOSED, "closed", "connection closed early by the peer")             \
	X(SILENT, "silent", "open, but the peer never spoke")                  \
	X(NAME_MISMATCH, "name-mismatch", "certificate is for other names")    \
	X(UNTRUSTED, "untrusted", "certificate chain is not trusted")          \
	X(EXPIRED, "expired", "certificate is out of its dates")               \
	X(PROTOCOL, "protocol", "the peer does not speak this protocol")       \
	X(MALFORMED, "malformed", "the answer cannot be read")                 \
	X(DENIED, "denied", "this machine did not allow the attempt")          \
	X(CANCELLED, "cancelled", "the run ended first")                       \
	X(ERROR, "error", "another error of this machine")

enum vp_outcome {
#define X(id, name, text) VP_OUTCOME_##id,
	VP_OUTCOMES(X)
#undef X
		VP_OUTCOME_COUNT
};

const char *vp_outcome_name(enum vp_outcome o);
const char *vp_outcome_text(enum vp_outcome o);
/* Returns 0, or -EINVAL for a name that is not in the list. */
int vp_outcome_parse(enum vp_outcome *out, const char *name);
/* From a negative errno or UV_E... of connect, read or write; 0 is OK. */
enum vp_outcome vp_outcome_from_errno(int status);

#endif
