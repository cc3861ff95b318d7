/*
 * catalogue_notes.c - what belongs to a scenario beside expectations and public
 * traffic: ports inside the VNet, what has to be so, what is to be flagged, and
 * what nobody can see from a machine in it.
 *
 * These rows explain; none of them judges. A scenario has those of the one that
 * it is based on as well.
 */
#include "catalogue.h"

#include <netinet/in.h>
#include <string.h>

#define N_OF(a) (sizeof(a) / sizeof(*(a)))

/* --- ports -----------------------------------------------------------------
 */

#define ALWAYS VP_TRAFFIC_ALWAYS
#define NODE VP_TRAFFIC_NODE
#define STUDIO VP_TRAFFIC_STUDIO
#define AKS VP_TRAFFIC_AKS
#define AKS_PRIVATE VP_TRAFFIC_AKS_PRIVATE
#define BASTION VP_TRAFFIC_BASTION

#define PORTS(traffic, way, proto, first, last, peer, why, source)             \
	{                                                                      \
		traffic, VP_WAY_##way, IPPROTO_##proto, first, last, false,    \
			peer, why, VP_SOURCE(source)                           \
	}
#define PORT(traffic, way, proto, port, peer, why, source)                     \
	PORTS(traffic, way, proto, port, port, peer, why, source)

/* To a private endpoint. */
#define ENDPOINT(traffic, port, peer, why, source)                             \
	{                                                                      \
		traffic, VP_WAY_OUT, IPPROTO_TCP, port, port, true, peer, why, \
			VP_SOURCE(source)                                      \
	}

#define FE "the router of inference inside the cluster"

static const struct vp_catalogue_port ports[] = {
	ENDPOINT(ALWAYS, 443, "private endpoints",
	         "workspace and resources, TLS", "A2"),
	PORT(ALWAYS, OUT, UDP, 53, "the DNS servers", "names", "P16"),
	PORT(ALWAYS, OUT, TCP, 53, "the DNS servers",
	     "names, long answers: both have to work", "P16"),
	ENDPOINT(NODE, 445, "the private endpoint of file",
	         "the share that notebooks live on, also across peered VNets",
	         "A2, A4"),
	ENDPOINT(NODE | STUDIO, 8787, "the workspace's private endpoint",
	         "RStudio on a compute instance", "A2"),
	ENDPOINT(NODE | STUDIO, 18881, "the workspace's private endpoint",
	         "the language server of notebooks", "A2"),
	PORTS(NODE, LOCAL, TCP, 8704, 8710, "this compute instance",
	      "the server of VS Code takes the first that is free", "A2"),
	PORT(NODE, IN, TCP, 22, "the VNet",
	     "ssh to a compute instance that has it enabled", "A4 (U)"),
	PORT(BASTION, IN, TCP, 22, "AzureBastionSubnet", "ssh through Bastion",
	     "S1 (U)"),
	PORT(BASTION, IN, TCP, 3389, "AzureBastionSubnet",
	     "remote desktop through Bastion", "S1 (U)"),
	PORT(AKS, LOCAL, TCP, 5001, "pods", "models", "A2"),
	PORT(AKS, LOCAL, TCP, 9999, "pods", "the proxy of identities", "A2"),
	PORT(AKS, LOCAL, TCP, 8000, "pods", FE, "A2"),
	PORT(AKS, LOCAL, TCP, 8001, "pods", FE, "A2"),
	PORT(AKS, LOCAL, TCP, 9001, "pods", FE, "A2"),
	PORT(AKS, LOCAL, TCP, 11001, "pods", FE, "A2"),
	PORT(AKS, LOCAL, TCP, 12001, "pods", FE, "A2"),
	PORT(AKS, LOCAL, TCP, 12101, "pods", FE, "A2"),
	PORT(AKS, LOCAL, TCP, 12201, "pods", FE, "A2"),
	PORT(AKS, LOCAL, TCP, 20000, "pods", FE, "A2"),
	PORT(AKS_PRIVATE, OUT, TCP, 4443, "the API server's subnet",
	     "nodes to the control plane, beside 443", "P18"),
	PORT(AKS_PRIVATE, OUT, UDP, 9988, "the API server's subnet",
	     "the load balancer to the control plane", "P18"),
};

const struct vp_catalogue_port *vp_catalogue_ports(size_t *n)
{
	*n = N_OF(ports);
	return ports;
}

/* --- notes -----------------------------------------------------------------
 */

#define NOTE(scenario, kind, text, source)                                     \
	{                                                                      \
		scenario, VP_NOTE_##kind, text, VP_SOURCE(source)              \
	}

static const struct vp_catalogue_note notes[] = {
	NOTE("secured", FLAG,
	     "any public address for a name that has a private endpoint", "A3"),
	NOTE("secured", MUST,
	     "the private endpoints of the workspace and of its default "
	     "storage account are in one VNet; those of vault and registry "
	     "there or in a peered one",
	     "A3, A5"),
	NOTE("secured", MUST,
	     "compute is in the workspace's region, and in its VNet or a "
	     "peered one",
	     "A4"),
	NOTE("secured", UNSEEN,
	     "whether a resource's public access is turned off as well: the "
	     "way over a private endpoint looks the same",
	     "A10"),
	NOTE("secured", UNSEEN,
	     "what Azure does on its own side: studio's calls to storage, "
	     "builds of images, control traffic between services",
	     "A9"),

	NOTE("secured-public-access", FLAG,
	     "a public answer: that others may come by a public path makes it "
	     "no right one in here",
	     "A10"),
	NOTE("secured-public-access", UNSEEN,
	     "which networks the public access is left on for", "A10"),

	NOTE("service-endpoints", MUST,
	     "for studio, the workspace's private endpoint and the service "
	     "endpoint of storage are in one subnet",
	     "A16"),
	NOTE("service-endpoints", FLAG,
	     "a container registry by service endpoint: it has a preview of "
	     "them, for AKS and virtual machines only, and not beside a "
	     "private endpoint",
	     "A3, R4"),
	NOTE("service-endpoints", UNSEEN,
	     "whether the subnet has the service endpoint, and the way that "
	     "packets take: DNS and addresses are those without. The service "
	     "knows: a vault's answer shows the address it saw, storage "
	     "refuses others",
	     "P9, K1"),

	NOTE("public-workspace", HINT,
	     "storage and vault may be behind service endpoints instead: say "
	     "expect: service-endpoint for those. A registry may not",
	     "A3"),
	NOTE("public-workspace", FLAG,
	     "a public address of storage, vault or registry that was not "
	     "said to be behind a service endpoint",
	     "A3"),
	NOTE("public-workspace", UNSEEN,
	     "who else reaches the workspace: whoever has a token, from "
	     "anywhere; the guidance supports this and advises against it",
	     "A3"),

	NOTE("no-vnet", HINT,
	     "nothing is private here: a public address is right, and only "
	     "what leaves for others is told",
	     "A3"),

	NOTE("no-public-ip", MUST, "the workspace has a private endpoint",
	     "A4"),
	NOTE("no-public-ip", MUST,
	     "outbound traffic has a way: NAT, or a firewall with a route to "
	     "it",
	     "A2"),
	NOTE("no-public-ip", FLAG,
	     "anything that comes in from a public address: nothing has to",
	     "A2"),
	NOTE("no-public-ip", UNSEEN,
	     "whether public traffic leaves by Azure's default outbound "
	     "access, which is advised against",
	     "A2"),

	NOTE("with-public-ip", FLAG,
	     "anything else that comes in from a public address", "A2"),
	NOTE("with-public-ip", MUST,
	     "where a firewall has the default route, one for the tag "
	     "AzureMachineLearning leads to Internet: else answers leave by "
	     "the firewall",
	     "A2"),
	NOTE("with-public-ip", HINT,
	     "give a file of service tags: without it nobody knows whose "
	     "address came to 44224",
	     "P12"),
	NOTE("with-public-ip", HINT,
	     "TCP 29876 and 29877 from BatchNodeManagement: only nodes made "
	     "before the end of 2022",
	     "A6, A9"),

	NOTE("managed-vnet", HINT,
	     "the private endpoints in this VNet are yours: for the workspace, "
	     "and for storage if studio is used from here",
	     "A7"),
	NOTE("managed-vnet", HINT,
	     "those of the managed VNet are Azure ML's own, and made with the "
	     "first compute; its firewall comes with the first rule by name",
	     "A7"),
	NOTE("managed-vnet", UNSEEN,
	     "compute in the managed VNet, what it sends, and its private "
	     "endpoints: only a machine in there could; run it there as "
	     "no-public-ip",
	     "A7"),

	NOTE("online-endpoint", HINT,
	     "name the endpoints (workspace.online_endpoints): the private "
	     "endpoint has a wildcard, and nobody can ask for that",
	     "A1"),
	NOTE("online-endpoint", FLAG,
	     "an endpoint of another workspace in the region: the zone has "
	     "a wildcard for this workspace's guid only",
	     "A1 (U)"),
	NOTE("online-endpoint", MUST,
	     "with public_network_access disabled an endpoint answers only "
	     "where the workspace has a private endpoint",
	     "A9"),
	NOTE("online-endpoint", UNSEEN,
	     "what a deployment sends: that is the managed VNet's", "A9"),

	NOTE("aks", HINT,
	     "name the API server (aks_clusters): az aks show --query fqdn",
	     "P16"),
	NOTE("aks", HINT,
	     "*.kusto.windows.net, *.table.core.windows.net and "
	     "*.queue.core.windows.net take system logs, and anybody has names "
	     "like that: allow those that you see",
	     "A2"),
	NOTE("aks", MUST, "the cluster is in the workspace's region", "A10"),
	NOTE("aks", UNSEEN,
	     "what pods resolve: ask from a pod as well, with both DNS "
	     "policies",
	     "P16 (U)"),

	NOTE("aks-private", HINT,
	     "name the API server (aks_clusters): az aks show --query "
	     "privateFqdn",
	     "P16"),
	NOTE("aks-private", HINT,
	     "its public name leads to the private address by design, "
	     "wherever it is asked",
	     "P16"),
	NOTE("aks-private", HINT,
	     "after stop and start its private endpoint may have another "
	     "address",
	     "P16"),
	NOTE("aks-private", FLAG, "a public address of the API server", "P16"),
	NOTE("aks-private", MUST, "the cluster is in the workspace's region",
	     "A10"),

	NOTE("registry", MUST,
	     "the private endpoints of the registry, of its storage account "
	     "(blob) and of its container registry are in the subnet of the "
	     "workspace's",
	     "A8"),
	NOTE("registry", HINT,
	     "its name is what its discovery says (registryFqdns of "
	     "https://REGION.api.azureml.ms/registrymanagement/v1.0/"
	     "registries/NAME/discovery): aml_registries",
	     "A8"),
	NOTE("registry", HINT,
	     "its storage account and container registry are in the resource "
	     "group azureml-rg-NAME_GUID: name them under storage_accounts and "
	     "registries",
	     "A8"),

	NOTE("studio", MUST,
	     "storage has private endpoints for blob and file in the "
	     "workspace's VNet, and with a hierarchical namespace for dfs",
	     "A16, P11"),
	NOTE("studio", MUST,
	     "WebSocket passes: notebooks do not work without it", "A2"),
	NOTE("studio", FLAG,
	     "IP rules of a storage account: studio does not work with them",
	     "A16"),
	NOTE("studio", HINT,
	     "a browser that asks names over HTTPS sees public addresses: "
	     "turn that off",
	     "A12"),
	NOTE("studio", UNSEEN,
	     "studio's previews and profiles of data: Azure ML's own servers "
	     "read storage for it",
	     "A9"),

	NOTE("firewall", HINT,
	     "studio and AutoML by name, not by the tag "
	     "AzureFrontDoor.Frontend: behind that are everybody's front ends",
	     "A6"),
	NOTE("firewall", FLAG,
	     "Storage.REGION: Batch needs it, and data can leave by it. "
	     "Nothing on the wire tells Batch's accounts from anybody's; a "
	     "service endpoint policy (/services/Azure/MachineLearning) does",
	     "A6"),
	NOTE("firewall", MUST,
	     "TCP 445 to Storage.REGION passes if the firewall stands between "
	     "compute and storage",
	     "A2"),
	NOTE("firewall", MUST,
	     "traffic to private endpoints passes by network rules: an "
	     "application rule asks the name again and connects from the "
	     "firewall's own address",
	     "P13"),
	NOTE("firewall", UNSEEN,
	     "what the firewall does with a packet that it lets through",
	     "P13"),

	NOTE("firewall-inspected", MUST,
	     "REGION.cert.api.azureml.ms is not inspected: compute shows a "
	     "certificate there, and inspection breaks that",
	     "A2 (U)"),
	NOTE("firewall-inspected", MUST,
	     "API servers of AKS are not inspected: they need ALPN as it was "
	     "sent",
	     "P18"),
	NOTE("firewall-inspected", FLAG,
	     "inspection of a private endpoint: its traffic goes through the "
	     "firewall, and the service sees another source",
	     "P13 (U)"),

	NOTE("custom-dns", MUST,
	     "the public zones are forwarded to Azure DNS, not the "
	     "privatelink ones",
	     "A1, P2"),
	NOTE("custom-dns", MUST,
	     "the private zones are linked to the VNet that the question comes "
	     "to Azure DNS from",
	     "A1, P2"),
	NOTE("custom-dns", MUST,
	     "168.63.129.16 is asked from within Azure: from elsewhere, "
	     "through a server in a VNet",
	     "A1, P7"),
	NOTE("custom-dns", MUST,
	     "every server that a machine may ask gives the same answers",
	     "A1"),

	NOTE("sentinel", HINT,
	     "as no-vnet, with what the notebooks query. Recommended if the "
	     "Sentinel workspace has a public endpoint",
	     "S1"),
	NOTE("sentinel", HINT,
	     "github.com, where the notebooks come from, and whatever feeds of "
	     "threats they ask: yours to allow",
	     "S1"),

	NOTE("sentinel-private", MUST,
	     "the workspace's private endpoint and its compute instance are "
	     "in the jump box's VNet",
	     "S1"),
	NOTE("sentinel-private", MUST,
	     "another VNet with a private link has both zones linked: "
	     "privatelink.api.azureml.ms and privatelink.notebooks.azure.net "
	     "(the page says notebooks.azure.ms, which is no zone of Azure's)",
	     "S1, P1"),
	NOTE("sentinel-private", HINT,
	     "on the compute instance that runs the notebooks use no-public-ip",
	     "S1"),
	NOTE("sentinel-private", HINT,
	     "github.com, where the notebooks come from, and whatever feeds of "
	     "threats they ask: yours to allow",
	     "S1"),
	NOTE("sentinel-private", UNSEEN,
	     "whether Log Analytics is asked over a private link scope: its "
	     "names are those without",
	     "M1 (U)"),
};

const struct vp_catalogue_note *vp_catalogue_notes(size_t *n)
{
	*n = N_OF(notes);
	return notes;
}

const char *vp_catalogue_note_name(enum vp_note_kind kind)
{
	static const char *const names[] = {
#define X(id, name, title) [VP_NOTE_##id] = (name),
		VP_NOTES(X)
#undef X
	};

	return names[kind];
}

const char *vp_catalogue_note_title(enum vp_note_kind kind)
{
	static const char *const titles[] = {
#define X(id, name, title) [VP_NOTE_##id] = (title),
		VP_NOTES(X)
#undef X
	};

	return titles[kind];
}

const char *vp_catalogue_way_name(enum vp_way way)
{
	static const char *const names[] = { "out", "in", "local" };

	return names[way];
}

/* Does the scenario have this one's rows, being based on it? */
static bool has(const struct vp_catalogue_scenario *sc, const char *name)
{
	for (; sc != NULL;
	     sc = sc->base != NULL ? vp_catalogue_scenario(sc->base) : NULL) {
		if (strcmp(sc->name, name) == 0)
			return true;
	}
	return false;
}

/* What is said of private endpoints says nothing where there are none. */
static bool is_public(const struct vp_catalogue_scenario *sc)
{
	return vp_catalogue_expects(sc, VP_CLASS_STORAGE)->expect ==
	       VP_EXPECT_PUBLIC;
}

bool vp_catalogue_note_fits(const struct vp_catalogue_note *note,
                            const struct vp_catalogue_scenario *sc)
{
	return has(sc, note->scenario) &&
	       !(is_public(sc) && strcmp(note->scenario, "secured") == 0);
}
