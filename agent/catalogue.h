/*
 * catalogue.h - Azure's names as tables: suffixes, zones, ports, scenarios.
 *
 * Each row names its source (docs/sources.md).
 */
#ifndef VP_AGENT_CATALOGUE_H
#define VP_AGENT_CATALOGUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vnetprobe/kind.h"

/*
 * The source of a row: a literal of at least one character, or the build fails
 * (an array of negative size). Rows are made by macros, so that it cannot be
 * left out either.
 */
#define VP_SOURCE(text)                                                        \
	(&("" text "")[sizeof(char[sizeof(text) > 1 ? 1 : -1]) - 1])

struct vp_catalogue_suffix {
	const char *cloud; /* "public", "usgovernment", "china" */
	enum vp_kind kind;
	const char *suffix;   /* ".blob.core.windows.net" */
	unsigned labels;      /* so many stand before it; 0: any number */
	const char *label;    /* the second of them; NULL: any */
	const char *zone;     /* "privatelink.blob.core.windows.net", or NULL */
	const char *group_id; /* of the private endpoint, or NULL */
	const char *member;   /* the endpoint's requiredMemberName, or NULL */
	const char *member_source;
	const char *san; /* the certificate's pattern, or NULL */
	const char *san_source;
	const char *source;
};

const struct vp_catalogue_suffix *vp_catalogue_suffixes(size_t *n);
/*
 * The row whose suffix this name has (the longest one), in any cloud; NULL. A
 * suffix that starts with a dot wants at least one label before it, one that
 * starts with a hyphen the beginning of a label; the rows of workspaces want
 * guid.workspace.REGION, so REGION.api.azureml.ms, which is the region's and
 * public, is no workspace. Where a longer suffix is there, a shorter one is
 * not taken, even if the longer one's labels do not fit.
 */
const struct vp_catalogue_suffix *vp_catalogue_find(const char *name);
/* The row of a kind in a cloud; NULL if that cloud has none. */
const struct vp_catalogue_suffix *vp_catalogue_of(const char *cloud,
                                                  enum vp_kind kind);

/* Which suffix a compute instance has, documents and services disagree: each
 * cloud's, what the API returns first. */
struct vp_catalogue_instance {
	const char *cloud;
	const char *suffix;
	const char *source;
};
const struct vp_catalogue_instance *vp_catalogue_instances(size_t *n);

/* Kinds of traffic that a scenario has: bits. */
#define VP_TRAFFIC_ALWAYS 1u       /* whatever the machine does */
#define VP_TRAFFIC_NODE 2u         /* it is a compute instance or node */
#define VP_TRAFFIC_PUBLIC_IP 4u    /* one that has a public IP address */
#define VP_TRAFFIC_STUDIO 8u       /* studio in a browser on it */
#define VP_TRAFFIC_AKS 16u         /* it is a node of an AKS cluster */
#define VP_TRAFFIC_AKS_PRIVATE 32u /* of one whose API server is private */
#define VP_TRAFFIC_SENTINEL 64u    /* it queries Log Analytics */
#define VP_TRAFFIC_BASTION 128u    /* people come to it through Bastion */
#define VP_TRAFFIC_BITS(X)                                                     \
	X(ALWAYS)                                                              \
	X(NODE)                                                                \
	X(PUBLIC_IP) X(STUDIO) X(AKS) X(AKS_PRIVATE) X(SENTINEL) X(BASTION)

/*
 * What scenarios speak about: kinds fall into these. Name, and one of them in
 * a sentence.
 */
#define VP_CLASSES(X)                                                          \
	X(WORKSPACE, "workspace", "a workspace")                               \
	X(INFERENCE, "inference", "an endpoint for inference")                 \
	X(STORAGE, "storage", "a storage account")                             \
	X(VAULT, "vault", "a key vault")                                       \
	X(REGISTRY, "registry", "a registry")                                  \
	X(AML_REGISTRY, "aml-registry", "an Azure ML registry")                \
	X(CLUSTER, "cluster", "a cluster's API server")                        \
	X(AI, "ai-services", "an AI service")                                  \
	X(SEARCH, "search", "a search service")                                \
	X(MONITOR, "monitor", "Azure Monitor")                                 \
	X(ARM, "arm", "Azure Resource Manager")                                \
	X(LOGIN, "login", "sign-in")                                           \
	X(OTHER, "other", "a resource")

enum vp_class {
#define X(id, name, one) VP_CLASS_##id,
	VP_CLASSES(X)
#undef X
		VP_CLASS_COUNT
};
enum vp_class vp_catalogue_class(enum vp_kind kind);
const char *vp_catalogue_class_name(enum vp_class class);
const char *vp_catalogue_class_one(enum vp_class class);

struct vp_catalogue_scenario {
	const char *name;
	const char *title;
	const char *base; /* what it does not state is as there; NULL */
	unsigned traffic; /* VP_TRAFFIC_... */
	const char *source;
};
const struct vp_catalogue_scenario *vp_catalogue_scenarios(size_t *n);
const struct vp_catalogue_scenario *vp_catalogue_scenario(const char *name);

struct vp_catalogue_expectation {
	const char *scenario;
	enum vp_class class;
	enum vp_expect expect;
	const char *why; /* NULL: what the expectation says anyway */
	const char *source;
};
const struct vp_catalogue_expectation *vp_catalogue_expectations(size_t *n);
/* The row that says what this scenario expects of a class; never NULL. */
const struct vp_catalogue_expectation *
vp_catalogue_expects(const struct vp_catalogue_scenario *scenario,
                     enum vp_class class);

/* Where nobody comes in from public addresses but by a tagged row. */
struct vp_catalogue_closed {
	unsigned traffic; /* any of these bits */
	const char *why;
	const char *source;
};
const struct vp_catalogue_closed *vp_catalogue_closed_rows(size_t *n);
/* The first row that a scenario with this traffic has, or NULL: there it may be
 * meant. */
const struct vp_catalogue_closed *vp_catalogue_closed(unsigned traffic);

/* Ports that do not leave the VNet: explained, not judged. */
enum vp_way { VP_WAY_OUT, VP_WAY_IN, VP_WAY_LOCAL };
const char *vp_catalogue_way_name(enum vp_way way);

struct vp_catalogue_port {
	unsigned traffic; /* any of these bits */
	enum vp_way way;
	uint8_t proto;
	uint16_t first, last;
	bool endpoint; /* the peer is a private endpoint */
	const char *peer;
	const char *why;
	const char *source;
};
const struct vp_catalogue_port *vp_catalogue_ports(size_t *n);

/* What else is to be said of a scenario: name, and title of a list of them. */
#define VP_NOTES(X)                                                            \
	X(MUST, "must", "Has to be so")                                        \
	X(FLAG, "flag", "Is to be flagged")                                    \
	X(UNSEEN, "unseen", "Cannot be seen from here")                        \
	X(HINT, "hint", "Worth knowing")

enum vp_note_kind {
#define X(id, name, title) VP_NOTE_##id,
	VP_NOTES(X)
#undef X
		VP_NOTE_COUNT
};
const char *vp_catalogue_note_name(enum vp_note_kind kind);
const char *vp_catalogue_note_title(enum vp_note_kind kind);

struct vp_catalogue_note {
	const char *scenario; /* and those based on it */
	enum vp_note_kind kind;
	const char *text;
	const char *source;
};
const struct vp_catalogue_note *vp_catalogue_notes(size_t *n);
bool vp_catalogue_note_fits(const struct vp_catalogue_note *note,
                            const struct vp_catalogue_scenario *scenario);

/* What is public by design: a name, for a reason, from a document. */
struct vp_catalogue_required {
	unsigned traffic; /* any of these bits */
	const char *cloud;
	const char *name; /* a pattern of vp_name_fits() */
	uint8_t proto;
	uint16_t port; /* 0: public, yet nothing here has to talk to it */
	const char *why;
	const char *source;
	bool somebodys; /* anybody's resource may have such a name */
};
const struct vp_catalogue_required *vp_catalogue_required_rows(size_t *n);
/* The row that explains a flow of a scenario with this traffic to this name,
 * or NULL. The caller sees to it that the name is proven. region NULL: any. */
const struct vp_catalogue_required *
vp_catalogue_required(const char *cloud, const char *region, unsigned traffic,
                      const char *name, uint8_t proto, uint16_t port);
/* What is public by design and told by the address: a service tag. */
struct vp_catalogue_tagged {
	unsigned traffic; /* any of these bits */
	const char *tag;  /* "BatchNodeManagement.REGION" */
	uint8_t proto;    /* 0: any */
	uint16_t port;    /* the service's, on whichever side it is */
	bool inbound;     /* the peer comes to us */
	/* The flow must have a proven name of this pattern as well; NULL: the
	 * address is enough. */
	const char *name;
	bool somebodys; /* also what is somebody's own resource */
	const char *why;
	const char *source;
};
const struct vp_catalogue_tagged *vp_catalogue_tagged(size_t *n);

struct vp_catalogue_traffic { /* a flow, for vp_catalogue_tag_fits() */
	unsigned traffic;     /* of the scenario */
	const char *region;   /* NULL: rows of a region do not fit */
	uint8_t proto;
	uint16_t port;
	bool inbound;
};
/* All but the name. Tags are compared without case. */
bool vp_catalogue_tag_fits(const struct vp_catalogue_tagged *row,
                           const struct vp_catalogue_traffic *t,
                           const char *tag);
/* Why this name is public even where all is private, in any cloud and region:
 * a row's words. NULL: no row has it, or it is somebody's own resource. */
const char *vp_catalogue_public_by_design(const char *name);

struct vp_catalogue_issuer {
	const char *name; /* a trailing blank takes a number behind it */
	const char *source;
};
const struct vp_catalogue_issuer *vp_catalogue_issuers(size_t *n);
/* True for leaf or chain issuers that Azure's front ends are known to use
 * (docs/sources.md: P14); compares the CN in a one-line issuer. */
bool vp_catalogue_known_issuer(const char *issuer);
/* Its organisation is one of those that run Azure's authorities: an issuer that
 * the list does not have yet. */
bool vp_catalogue_azure_organisation(const char *issuer);
/* Is the CN this one? A final "*" takes the rest; compared without case. */
bool vp_catalogue_issuer_fits(const char *issuer, const char *pattern);
/* The product that opens TLS by this name, else a word that says so
 * (*product is false then), else NULL. */
const char *vp_catalogue_inspector(const char *issuer, bool *product);
/* True for addresses of public resolvers that serve everybody (8.8.8.8, ...)
 * and names of known DoH services. */
struct vp_addr;
bool vp_catalogue_public_resolver(const struct vp_addr *addr);
bool vp_catalogue_doh_name(const char *name);

#endif
