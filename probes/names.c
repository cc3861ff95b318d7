/*
 * names.c - the words of the closed lists, both ways. JSON, config and metrics
 * carry them; the lists themselves stand in the headers.
 */
#include "vnetprobe/facts.h"

#include <errno.h>
#include <string.h>

static const char *name_of(const char *const *names, size_t n, size_t v)
{
	return v < n ? names[v] : "?";
}

static int find(const char *const *names, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(names[i], name) == 0)
			return (int)i;
	return -EINVAL;
}

#define X(id, name) name,
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
/* For one list: a name function and a parse function. */
#define NAMES(list, type, stem)                                                \
	static const char *const stem##_names[] = { list(X) };                 \
	const char *vp_##stem##_name(type v)                                   \
	{                                                                      \
		return name_of(stem##_names, COUNT(stem##_names), (size_t)v);  \
	}                                                                      \
	int vp_##stem##_parse(type *out, const char *name)                     \
	{                                                                      \
		int i = find(stem##_names, COUNT(stem##_names), name);         \
                                                                               \
		if (i < 0)                                                     \
			return i;                                              \
		*out = (type)i;                                                \
		return 0;                                                      \
	}

NAMES(VP_KINDS, enum vp_kind, kind)
NAMES(VP_EXPECTS, enum vp_expect, expect)
NAMES(VP_TRANSPORTS, enum vp_transport, transport)
NAMES(VP_QUESTIONS, enum vp_question_kind, question_kind)
NAMES(VP_RESOLVER_SOURCES, enum vp_resolver_source, resolver_source)
NAMES(VP_SERVER_KINDS, enum vp_server_kind, server_kind)
NAMES(VP_AZURES, enum vp_azure, azure)
NAMES(VP_SIGNATURES, enum vp_signature, signature)
NAMES(VP_REFUSALS, enum vp_refusal, refusal)
NAMES(VP_CERTAINTIES, enum vp_certainty, certainty)
NAMES(VP_REACHES, enum vp_reach, reach)
NAMES(VP_FLOW_STATES, enum vp_flow_state, flow_state)
NAMES(VP_CAPTURE_STATES, enum vp_capture_state, capture_state)
NAMES(VP_ORIGINS, enum vp_origin, origin)
NAMES(VP_OWNER_HOWS, enum vp_owner_how, owner_how)
NAMES(VP_NAME_SOURCES, enum vp_name_source, name_source)
NAMES(VP_MODES, enum vp_mode, mode)
NAMES(VP_PLACEMENT_ROLES, enum vp_placement_role, placement_role)
#undef X

static const struct {
	const char *name, *text;
} outcomes[] = {
#define X(id, name, text) { name, text },
	VP_OUTCOMES(X)
#undef X
};

const char *vp_outcome_name(enum vp_outcome o)
{
	return (size_t)o < COUNT(outcomes) ? outcomes[o].name : "?";
}

const char *vp_outcome_text(enum vp_outcome o)
{
	return (size_t)o < COUNT(outcomes) ? outcomes[o].text : "?";
}

int vp_outcome_parse(enum vp_outcome *out, const char *name)
{
	for (size_t i = 0; i < COUNT(outcomes); i++) {
		if (strcmp(outcomes[i].name, name) == 0) {
			*out = (enum vp_outcome)i;
			return 0;
		}
	}
	return -EINVAL;
}

enum vp_outcome vp_outcome_from_errno(int status)
{
	switch (status < 0 ? -status : status) {
	case 0:
		return VP_OUTCOME_OK;
	case ECONNREFUSED:
		return VP_OUTCOME_REFUSED;
	case ETIMEDOUT:
		return VP_OUTCOME_TIMEOUT;
	case EHOSTUNREACH:
	case ENETUNREACH:
	case EHOSTDOWN:
	case ENETDOWN:
	case EADDRNOTAVAIL: /* no source address for this family */
		return VP_OUTCOME_UNREACHABLE;
	case ECONNRESET:
	case EPIPE:
		return VP_OUTCOME_RESET;
	case EPERM:
	case EACCES:
		return VP_OUTCOME_DENIED;
	case ECANCELED:
		return VP_OUTCOME_CANCELLED;
	default:
		return VP_OUTCOME_ERROR;
	}
}

bool vp_mode_probes(enum vp_mode mode)
{
	return mode == VP_MODE_CHECK || mode == VP_MODE_DNS;
}

bool vp_resolver_is_reference(const struct vp_resolver *r)
{
	return r->source == VP_RESOLVER_AZURE ||
	       r->source == VP_RESOLVER_COMPARE;
}

struct vp_facts *vp_facts_create(void)
{
	struct vp_arena *a = vp_arena_create();
	struct vp_facts *f = vp_arena_alloc(a, sizeof(*f));

	f->arena = a;
	f->scenario = vp_arena_strdup(a, "");
	return f;
}

void vp_facts_destroy(struct vp_facts *f)
{
	if (f != NULL)
		vp_arena_destroy(f->arena); /* f itself lives in it */
}
