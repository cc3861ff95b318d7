/*
 * catalogue_scenarios.c - the scenarios of the guidance, by name, and what
 * each expects of every class of resources.
 *
 * A scenario states what is its own, and has the rest from the one that it is
 * based on; "secured" and "no-vnet" state everything. All is as seen from a
 * machine inside: private endpoints beside public access look the same as
 * private endpoints alone. Nothing here is looser than the documents are: where
 * they leave a choice (a service endpoint or a private one), the stricter is
 * expected and the config says otherwise.
 */
#include "catalogue.h"

#include <stddef.h>
#include <string.h>

#define N_OF(a) (sizeof(a) / sizeof(*(a)))

/* --- classes ---------------------------------------------------------------
 */

/* Kinds that are not listed are of the class OTHER. */
static const struct {
	enum vp_kind kind;
	enum vp_class class;
} kinds[] = {
	{ VP_KIND_WORKSPACE, VP_CLASS_WORKSPACE },
	{ VP_KIND_WORKSPACE_CERT, VP_CLASS_WORKSPACE },
	{ VP_KIND_NOTEBOOK, VP_CLASS_WORKSPACE },
	{ VP_KIND_COMPUTE_INSTANCE, VP_CLASS_WORKSPACE },
	{ VP_KIND_ONLINE_ENDPOINT, VP_CLASS_INFERENCE },
	{ VP_KIND_SERVERLESS_MODEL, VP_CLASS_INFERENCE },
	{ VP_KIND_BLOB, VP_CLASS_STORAGE },
	{ VP_KIND_FILE, VP_CLASS_STORAGE },
	{ VP_KIND_QUEUE, VP_CLASS_STORAGE },
	{ VP_KIND_TABLE, VP_CLASS_STORAGE },
	{ VP_KIND_DFS, VP_CLASS_STORAGE },
	{ VP_KIND_WEB, VP_CLASS_STORAGE },
	{ VP_KIND_VAULT, VP_CLASS_VAULT },
	{ VP_KIND_REGISTRY, VP_CLASS_REGISTRY },
	{ VP_KIND_REGISTRY_DATA, VP_CLASS_REGISTRY },
	{ VP_KIND_AML_REGISTRY, VP_CLASS_AML_REGISTRY },
	{ VP_KIND_AKS_API, VP_CLASS_CLUSTER },
	{ VP_KIND_AI_SERVICES, VP_CLASS_AI },
	{ VP_KIND_SEARCH, VP_CLASS_SEARCH },
	{ VP_KIND_MONITOR, VP_CLASS_MONITOR },
	{ VP_KIND_ARM, VP_CLASS_ARM },
	{ VP_KIND_LOGIN, VP_CLASS_LOGIN },
};

enum vp_class vp_catalogue_class(enum vp_kind kind)
{
	for (size_t i = 0; i < N_OF(kinds); i++) {
		if (kinds[i].kind == kind)
			return kinds[i].class;
	}
	return VP_CLASS_OTHER;
}

const char *vp_catalogue_class_name(enum vp_class class)
{
	static const char *const names[] = {
#define X(id, name, one) [VP_CLASS_##id] = (name),
		VP_CLASSES(X)
#undef X
	};

	return names[class];
}

const char *vp_catalogue_class_one(enum vp_class class)
{
	static const char *const words[] = {
#define X(id, name, one) [VP_CLASS_##id] = (one),
		VP_CLASSES(X)
#undef X
	};

	return words[class];
}

/* --- what is expected ------------------------------------------------------
 */

#define ROW(scenario, class, expect, why, source)                              \
	{                                                                      \
		scenario, VP_CLASS_##class, VP_EXPECT_##expect, why,           \
			VP_SOURCE(source)                                      \
	}

static const struct vp_catalogue_expectation expectations[] = {
	ROW("secured", WORKSPACE, PRIVATE, NULL, "A3, A10"),
	ROW("secured", INFERENCE, PRIVATE, NULL, "A1"),
	ROW("secured", STORAGE, PRIVATE, NULL, "A3, A5"),
	ROW("secured", VAULT, PRIVATE, NULL, "A3, A5"),
	ROW("secured", REGISTRY, PRIVATE, NULL, "A3, A5"),
	ROW("secured", AML_REGISTRY, PRIVATE, NULL, "A8"),
	ROW("secured", CLUSTER, PRIVATE, NULL, "P16"),
	ROW("secured", AI, PRIVATE, NULL, "P1"),
	ROW("secured", SEARCH, PRIVATE, NULL, "P1"),
	ROW("secured", MONITOR, ANY,
	    "Azure Monitor is private only with a private link scope", "A5"),
	ROW("secured", ARM, ANY,
	    "Resource Manager is public unless it has a private link", "P1"),
	ROW("secured", LOGIN, PUBLIC, "sign-in has no private endpoint", "A2"),
	ROW("secured", OTHER, PRIVATE, NULL, "A3"),

	ROW("service-endpoints", STORAGE, SERVICE_ENDPOINT, NULL, "A3, P9"),
	ROW("service-endpoints", VAULT, SERVICE_ENDPOINT, NULL, "A3, P9"),

	ROW("public-workspace", WORKSPACE, PUBLIC, NULL, "A3"),
	ROW("public-workspace", INFERENCE, PUBLIC, NULL, "A3"),

	ROW("no-vnet", WORKSPACE, PUBLIC, NULL, "A3"),
	ROW("no-vnet", INFERENCE, PUBLIC, NULL, "A3"),
	ROW("no-vnet", STORAGE, PUBLIC, NULL, "A3"),
	ROW("no-vnet", VAULT, PUBLIC, NULL, "A3"),
	ROW("no-vnet", REGISTRY, PUBLIC, NULL, "A3"),
	ROW("no-vnet", AML_REGISTRY, PUBLIC, NULL, "A3"),
	ROW("no-vnet", CLUSTER, PUBLIC, NULL, "A3"),
	ROW("no-vnet", AI, PUBLIC, NULL, "A3"),
	ROW("no-vnet", SEARCH, PUBLIC, NULL, "A3"),
	ROW("no-vnet", OTHER, PUBLIC, NULL, "A3"),

	ROW("aks", CLUSTER, PUBLIC,
	    "the API server of a cluster that is not private is public", "P16"),
};

/* --- the scenarios ---------------------------------------------------------
 */

#define ALWAYS VP_TRAFFIC_ALWAYS
#define NODE (VP_TRAFFIC_ALWAYS | VP_TRAFFIC_NODE)
#define STUDIO (VP_TRAFFIC_ALWAYS | VP_TRAFFIC_STUDIO)
#define AKS (VP_TRAFFIC_ALWAYS | VP_TRAFFIC_AKS)

#define SCENARIO(name, base, traffic, title, source)                           \
	{                                                                      \
		name, title, base, traffic, VP_SOURCE(source)                  \
	}

static const struct vp_catalogue_scenario scenarios[] = {
	SCENARIO("secured", NULL, ALWAYS,
	         "workspace and resources behind private endpoints", "A3"),
	SCENARIO("secured-public-access", "secured", ALWAYS,
	         "private endpoints, with public access left on for others",
	         "A3, A10"),
	SCENARIO("service-endpoints", "secured", ALWAYS,
	         "workspace and registry behind private endpoints, storage and "
	         "vault by service endpoint",
	         "A3, P9"),
	SCENARIO("public-workspace", "secured", ALWAYS,
	         "workspace public, its resources behind private endpoints",
	         "A3"),
	SCENARIO("no-vnet", "secured", ALWAYS, "everything public", "A3"),
	SCENARIO("no-public-ip", "secured", NODE,
	         "a compute instance or node without a public IP address, "
	         "everything behind private endpoints",
	         "A3, A4"),
	SCENARIO("with-public-ip", "secured", NODE | VP_TRAFFIC_PUBLIC_IP,
	         "a compute instance or node with a public IP address, "
	         "everything behind private endpoints",
	         "A3, A4"),
	SCENARIO("managed-vnet", "secured", ALWAYS,
	         "compute in a VNet that Azure ML manages, seen from the VNet "
	         "of whoever uses the workspace",
	         "A7"),
	SCENARIO("online-endpoint", "secured", ALWAYS,
	         "inference by a managed online endpoint", "A1"),
	SCENARIO("aks", "secured", AKS,
	         "inference on AKS with a public control plane", "A2, P16"),
	SCENARIO("aks-private", "secured", AKS | VP_TRAFFIC_AKS_PRIVATE,
	         "inference on AKS with a private control plane", "A2, P16"),
	SCENARIO("registry", "secured", ALWAYS,
	         "an Azure ML registry, its storage and its container "
	         "registry behind private endpoints",
	         "A8"),
	SCENARIO("studio", "secured", STUDIO,
	         "studio in a browser on this machine", "A2, A16"),
	SCENARIO("firewall", "secured", NODE,
	         "a compute instance or node whose traffic leaves through a "
	         "firewall",
	         "A2, A6"),
	SCENARIO("firewall-inspected", "secured", NODE,
	         "a compute instance or node whose traffic leaves through a "
	         "firewall that inspects TLS",
	         "A2, A6"),
	SCENARIO("custom-dns", "secured", ALWAYS,
	         "everything behind private endpoints, names from own DNS "
	         "servers",
	         "A1"),
	SCENARIO("sentinel", "no-vnet", STUDIO | VP_TRAFFIC_SENTINEL,
	         "Microsoft Sentinel's notebooks on a public workspace", "S1"),
	SCENARIO("sentinel-private", "secured",
	         STUDIO | VP_TRAFFIC_SENTINEL | VP_TRAFFIC_BASTION,
	         "Microsoft Sentinel's notebooks on a private workspace, from "
	         "a jump box",
	         "S1"),
};

const struct vp_catalogue_scenario *vp_catalogue_scenarios(size_t *n)
{
	*n = N_OF(scenarios);
	return scenarios;
}

const struct vp_catalogue_scenario *vp_catalogue_scenario(const char *name)
{
	for (size_t i = 0; i < N_OF(scenarios); i++) {
		if (strcmp(scenarios[i].name, name) == 0)
			return &scenarios[i];
	}
	return NULL;
}

const struct vp_catalogue_expectation *vp_catalogue_expectations(size_t *n)
{
	*n = N_OF(expectations);
	return expectations;
}

const struct vp_catalogue_expectation *
vp_catalogue_expects(const struct vp_catalogue_scenario *scenario,
                     enum vp_class class)
{
	for (; scenario != NULL;
	     scenario = scenario->base != NULL
	                        ? vp_catalogue_scenario(scenario->base)
	                        : NULL) {
		for (size_t i = 0; i < N_OF(expectations); i++) {
			if (expectations[i].class == class &&
			    strcmp(expectations[i].scenario, scenario->name) ==
			            0)
				return &expectations[i];
		}
	}
	return NULL; /* not reached: "secured" states every class */
}
