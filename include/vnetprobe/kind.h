/*
 * kind.h - the services a target can be, and what is expected of its address.
 *
 * The suffix of a name decides its kind (agent/catalogue.c has the tables).
 */
#ifndef VNETPROBE_KIND_H
#define VNETPROBE_KIND_H

#define VP_KINDS(X)                                                            \
	X(OTHER, "other")                                                      \
	X(WORKSPACE, "workspace") /* guid.workspace.REGION.api.azureml.ms */   \
	X(WORKSPACE_CERT, "workspace-cert")                                    \
	X(NOTEBOOK, "notebook")                                                \
	X(COMPUTE_INSTANCE, "compute-instance")                                \
	X(ONLINE_ENDPOINT, "online-endpoint")                                  \
	X(SERVERLESS_MODEL, "serverless-model")                                \
	X(BLOB, "blob")                                                        \
	X(FILE, "file")                                                        \
	X(QUEUE, "queue")                                                      \
	X(TABLE, "table")                                                      \
	X(DFS, "dfs")                                                          \
	X(WEB, "web")                                                          \
	X(VAULT, "vault")                                                      \
	X(REGISTRY, "registry")           /* reg.azurecr.io */                 \
	X(REGISTRY_DATA, "registry-data") /* reg.REGION.data.azurecr.io */     \
	X(AI_SERVICES, "ai-services")                                          \
	X(SEARCH, "search")                                                    \
	X(MONITOR, "monitor")                                                  \
	X(AKS_API, "aks-api")                                                  \
	X(ARM, "arm")                                                          \
	X(LOGIN, "login")                                                      \
	X(AML_REGISTRY, "aml-registry") /* of Azure ML, not of containers */

enum vp_kind {
#define X(id, name) VP_KIND_##id,
	VP_KINDS(X)
#undef X
		VP_KIND_COUNT
};

#define VP_EXPECTS(X)                                                          \
	X(PRIVATE, "private")                                                  \
	X(PUBLIC, "public")                                                    \
	X(SERVICE_ENDPOINT, "service-endpoint")                                \
	X(ANY, "any")

enum vp_expect {
#define X(id, name) VP_EXPECT_##id,
	VP_EXPECTS(X)
#undef X
		VP_EXPECT_COUNT
};

const char *vp_kind_name(enum vp_kind k);
int vp_kind_parse(enum vp_kind *out, const char *name);
const char *vp_expect_name(enum vp_expect e);
int vp_expect_parse(enum vp_expect *out, const char *name);

#endif
