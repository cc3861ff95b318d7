/* findings_egress.c - findings about what left for public addresses. */
#include "findings_private.h"

static const struct vp_finding_type rows[] = {
	ROW(LEAK, "egress", "leak-target",
	    "a target was contacted at its public address",
	    "A packet left this machine for a public address that belongs to "
	    "a target which must be reached privately.",
	    "Some program on this machine does not use the private endpoint. "
	    "An attempt without an answer counts as well: only something "
	    "further on stopped it.",
	    FIND_SENDER
	    "If other findings name {name}, mend those first. Restart the "
	    "program, so that it asks again; if it still leaves, it has an "
	    "address or a resolver of its own. Then close the resource's "
	    "public access, which cuts off everybody who still comes by the "
	    "public address; for storage:\n"
	    "    az storage account update -g RG -n {account} "
	    "--public-network-access Disabled",
	    "vnetprobe: a target that must be private was contacted at a "
	    "public address"),
	ROW(LEAK, "egress", "leak-dns", "a public resolver was asked",
	    "A DNS question left this machine for a resolver with a public "
	    "address.",
	    "The names asked are told to a third party, and a public resolver "
	    "cannot see private zones: whoever asks it is sent to public "
	    "addresses.",
	    FIND_SENDER
	    "If {address} is among this machine's resolvers, take it out: "
	    "every program asks it then, this check as well. Otherwise let "
	    "the program that asked it use the VNet's DNS. Then forbid it at "
	    "the network:\n"
	    "    az network nsg rule create -g RG --nsg-name NSG "
	    "-n deny-public-dns --priority 400 --direction Outbound "
	    "--access Deny --protocol '*' "
	    "--destination-address-prefixes Internet "
	    "--destination-port-ranges 53 853",
	    "RFC 1035, 7858, 8484; Microsoft: "
	    "how-to-troubleshoot-secure-connection-workspace"),
	ROW(ERROR, "egress", "egress-unexplained",
	    "traffic to a public address that no rule explains",
	    "A flow left for a public address that is no target, matches no "
	    "allow rule and is not required by the scenario.",
	    "Either it is wanted and should be written down with its reason, "
	    "or something on this machine talks to the Internet that should "
	    "not.",
	    FIND_SENDER
	    "If it is wanted, allow it in the config, with a reason:\n"
	    "    egress:\n"
	    "      allow:\n"
	    "        - prefix: {address}\n"
	    "          reason: why this may leave\n"
	    "A name of a service that has private endpoints is not to be "
	    "allowed: give it as a target, and make it private. "
	    "If it is not wanted, turn off what makes the program send it.",
	    "vnetprobe: the last row of the egress policy"),
	ROW(WARNING, "egress", "inbound-public",
	    "a public address connected to this machine",
	    "The first packet of a flow came in from a public address.",
	    "This machine can be reached from the Internet. It is no leak of "
	    "a target, but a machine in a locked VNet seldom needs it. In a "
	    "scenario in which nobody comes in so (a compute instance or node, "
	    "a jump box behind Bastion), it is an error once this machine "
	    "answered. Where Azure ML alone may come (a node with a public IP "
	    "address, port 44224), a file of service tags tells who came.",
	    "See what listens, and let the network refuse it:\n"
	    "    az network nsg rule create -g RG --nsg-name NSG "
	    "-n deny-internet-in --priority 400 --direction Inbound "
	    "--access Deny --protocol '*' --source-address-prefixes Internet "
	    "--destination-port-ranges {port}",
	    "Microsoft: how-to-access-azureml-behind-firewall"),
	ROW(INFO, "egress", "egress-allowed",
	    "public traffic that a rule or an expectation allows",
	    "Flows left for public addresses, each covered by an allow rule "
	    "or by what is expected of a target.",
	    "Nothing is wrong. The list shows what the exceptions are used "
	    "for.",
	    "Nothing to do. Narrow the rules if they cover more than meant.",
	    "the rule that stands beside the flow"),
	ROW(WARNING, "egress", "egress-somebodys-storage",
	    "storage in this region whose owner is not known",
	    "Flows of a node left for storage accounts in this region, by "
	    "their service tag and a proven name.",
	    "Azure Batch keeps accounts of its own in a subscription of "
	    "Microsoft's, and nodes need them. Their names stand in no "
	    "document, so these may be Batch's or anybody's: data can be "
	    "carried out this way.",
	    "See which are your own; your own data should not go this way:\n"
	    "    az storage account list --query \"[].name\" -o tsv\n"
	    "Allow each that is known in the config, with a reason:\n"
	    "    egress:\n"
	    "      allow:\n"
	    "        - name: \"{name}\"\n"
	    "          port: 443\n"
	    "          reason: whose account it is\n"
	    "Refuse the others by a service endpoint policy on the subnet, "
	    "with the alias /services/Azure/MachineLearning.",
	    "Microsoft: how-to-secure-training-vnet, "
	    "how-to-prevent-data-loss-exfiltration"),
	ROW(INFO, "egress", "egress-somebodys-batch",
	    "Azure Batch: whose account it is was not proven",
	    "Flows of a node left for Azure Batch in this region, by a name of "
	    "its or by its service tag.",
	    "Nodes of Azure ML need the account that Microsoft keeps for them. "
	    "Its name stands in no document, and anybody's account has such a "
	    "name and the same addresses: data can be carried out by tasks of "
	    "another one.",
	    "The name should be the same on all nodes of the workspace, and "
	    "none of your own accounts:\n"
	    "    az batch account list --query \"[].accountEndpoint\" -o tsv\n"
	    "Allow it in the config, with a reason; another one is then told "
	    "of alone:\n"
	    "    egress:\n"
	    "      allow:\n"
	    "        - name: \"{name}\"\n"
	    "          port: 443\n"
	    "          reason: the account of the workspace's nodes",
	    "Microsoft: how-to-access-azureml-behind-firewall"),
	ROW(WARNING, "egress", "egress-proxied",
	    "a proxy was asked to connect on",
	    "A client asked an HTTP proxy at a private address (CONNECT, or a "
	    "request for a whole URL): the proxy resolves the name and "
	    "connects, not this machine. (An error if the name is a target "
	    "that should be private.)",
	    "Whether it went to the private endpoint or to the public address "
	    "is decided at the proxy; these packets cannot tell. Only what "
	    "HTTP clients usually send is known for a request to a proxy: not "
	    "SOCKS, not TLS to the proxy, and no request in an odd form (cut "
	    "within its first bytes, after an empty line). So that none is "
	    "named does not prove that there is no proxy.",
	    "Take the name out of the proxy's reach, so that it is reached "
	    "directly:\n    export "
	    "no_proxy=\"${no_proxy:+$no_proxy,}{name}\"\n    export "
	    "NO_PROXY=\"$no_proxy\"",
	    "RFC 9110, section 9.3.6"),
	ROW(WARNING, "egress", "egress-others",
	    "public flows of other processes than the command's",
	    "Flows left for public addresses while the command ran, sent by "
	    "processes that are none of its own.",
	    "The verdict is about the command. What a service did on its "
	    "behalf (docker run, systemd-run, ssh to elsewhere) counts here, "
	    "not there.",
	    "If the command is answerable for it, watch all of the machine "
	    "while it runs:\n    sudo vnetprobe watch --for 10m",
	    "vnetprobe(1), watch"),
	ROW(INFO, "egress", "egress-forwarded",
	    "public traffic of other machines passed through here",
	    "Flows for public addresses came in from another machine, or from "
	    "a container here that a saved capture cannot tell from one, and "
	    "were forwarded.",
	    "This machine routes for others. It is told apart from what it "
	    "sends itself.",
	    "If it should not route:\n    sudo sysctl net.ipv4.ip_forward=0",
	    "the interfaces that the packets were seen at"),
	ROW(INFO, "egress", "egress-tunneled",
	    "flows inside a tunnel to a public peer",
	    "Flows for public addresses were inside a tunnel whose outer "
	    "packets go to a public peer.",
	    "They leave this machine as the outer flow, which is judged.",
	    "Nothing to do beside what the outer flow needs.",
	    "RFC 2003, RFC 2784, RFC 7348, RFC 8926"),
	ROW(INFO, "egress", "egress-not-left",
	    "flows for public addresses that did not leave this machine",
	    "Packets for public addresses came from a container or another "
	    "machine and were seen leaving by no interface.",
	    "A firewall here dropped them, or nothing routes them on.",
	    "Nothing to do. See who tries: the source address and the process "
	    "stand beside the flow.",
	    "the interfaces that the packets were seen at"),
	ROW(WARNING, "egress", "tags-old", "the file of service tags is old",
	    "The file that told the service tags of public addresses is more "
	    "than 45 days old, or its date is not known.",
	    "Azure's address ranges change every week. A tag may have lost a "
	    "range that still excuses traffic here, and new ranges explain "
	    "nothing yet.",
	    "Download the present file (Azure IP Ranges and Service Tags) "
	    "elsewhere, and name it:\n"
	    "    vnetprobe check --service-tags ServiceTags_Public_DATE.json",
	    "Microsoft: service-tags-overview"),
};

const struct vp_findings_family vp_findings_egress = { rows, VP_FINDINGS_COUNT(
								     rows) };
