/* findings_limits.c - findings about where the guidance wants resources. */
#include "findings_private.h"

static const struct vp_finding_type rows[] = {
	ROW(ERROR, "limits", "limit-storage-vnet",
	    "the default storage account is not in the workspace's VNet",
	    "None of the private endpoints of the default storage account is "
	    "in "
	    "a VNet that has one of the workspace's.",
	    "The workspace and its default storage account have to have their "
	    "private endpoints in one VNet; a peered one is not enough. "
	    "Compute "
	    "and studio may work in part, from some places.",
	    "Make an endpoint for each of its services (blob, file, and what "
	    "else is used) in the workspace's VNet:\n"
	    "    az network private-endpoint create -g RG -n PE --vnet-name "
	    "VNET --subnet SUBNET --private-connection-resource-id "
	    "$(az storage account show -n {account} --query id -o tsv) "
	    "--group-id blob --connection-name PE\n"
	    "and a DNS zone group for it, then see where names lead:\n"
	    "    vnetprobe dns --discover",
	    "Microsoft: how-to-secure-workspace-vnet; "
	    "how-to-network-security-overview"),
	ROW(ERROR, "limits", "limit-resource-vnet",
	    "a resource is in a VNet that is not peered with the workspace's",
	    "None of the private endpoints of the key vault or the container "
	    "registry is in a VNet of the workspace's endpoints, or in one "
	    "that "
	    "is peered with it.",
	    "Their private endpoints may be in the workspace's VNet or in one "
	    "that is peered with it, and nowhere else.",
	    "Peer the VNets, both ways:\n"
	    "    az network vnet peering create -g RG -n PEERING --vnet-name "
	    "{held} --remote-vnet VNET_ID --allow-vnet-access\n"
	    "or make an endpoint in the workspace's VNet:\n"
	    "    az network private-endpoint create -g RG -n PE --vnet-name "
	    "VNET --subnet SUBNET --private-connection-resource-id RESOURCE_ID "
	    "--group-id GROUP --connection-name PE",
	    "Microsoft: how-to-secure-workspace-vnet; "
	    "how-to-network-security-overview"),
	ROW(ERROR, "limits", "limit-compute-vnet",
	    "compute is in a VNet that does not reach the workspace's",
	    "The subnet of the compute instance is neither in a VNet of the "
	    "workspace's private endpoints nor in one that is peered with it.",
	    "Compute in a customer's VNet has to reach the private endpoints "
	    "of "
	    "the workspace and of its storage account there.",
	    "Make it again in a subnet of the workspace's VNet:\n"
	    "    az ml compute create -g RG -w WORKSPACE -n {account} --type "
	    "ComputeInstance --vnet-name VNET --subnet SUBNET",
	    "Microsoft: how-to-secure-training-vnet"),
	ROW(ERROR, "limits", "limit-compute-region",
	    "compute is in another region than the workspace",
	    "The metadata of this machine, or the compute resource, names "
	    "another region than the workspace's.",
	    "Training compute in a VNet has to be in the workspace's region.",
	    "Make it again in the workspace's region, {expected}:\n"
	    "    az ml compute list -g RG -w WORKSPACE "
	    "--query \"[].[name,location]\" -o tsv",
	    "Microsoft: how-to-secure-training-vnet"),
	ROW(UNPROVEN, "limits", "workspace-ids-differ",
	    "this machine may belong to another workspace",
	    "The workspace that was found out has another id than the one in "
	    "the name of the file share that is mounted here.",
	    "Perhaps the wrong workspace was looked at: a config.json or a "
	    "variable of another one lies here, or a share of another one is "
	    "mounted. What is said of the names holds for the workspace that "
	    "was looked at.",
	    "Name the workspace that is meant, by its ARM id or in a config:\n"
	    "    vnetprobe check --discover --workspace ID\n"
	    "    vnetprobe check -c vnetprobe.yaml",
	    "vnetprobe(1), FINDING OUT"),
	ROW(INFO, "limits", "workspace-not-named",
	    "the workspace itself was not looked at",
	    "Storage accounts, key vaults or registries are named, and no "
	    "workspace is.",
	    "What is said of them holds; whether the names of the workspace "
	    "lead to its private endpoint is not known.",
	    "Name it, with its id, under 'workspace' in the config:\n"
	    "    az ml workspace show -g RG -n WORKSPACE --query workspace_id "
	    "-o tsv",
	    "vnetprobe: what its targets are"),
	ROW(INFO, "limits", "limit-unproven",
	    "not all limits of the guidance could be compared",
	    "What was found out lacks a VNet, a region or a peering that one "
	    "of "
	    "the limits is about.",
	    "Nothing is wrong by that. The identity may lack rights, or a "
	    "resource has no private endpoint.",
	    "Give this machine's identity the role Reader on the resources and "
	    "on the VNets, or give files to read:\n"
	    "    az network private-endpoint list -g RG >pe.json\n"
	    "    az network vnet show -g RG -n VNET >vnet.json\n"
	    "    vnetprobe check --discover --from pe.json --from vnet.json",
	    "vnetprobe: the limits it compares"),
};

const struct vp_findings_family vp_findings_limits = {
	rows,
	VP_FINDINGS_COUNT(rows),
};
