/* findings_names.c - findings about what answers say of names. */
#include "findings_private.h"

static const struct vp_finding_type rows[] = {
	ROW(ERROR, "names", "dns-servers-outdated",
	    "this machine still asks the DNS servers of an old lease",
	    "The servers that this machine asks are not those of the VNet's "
	    "setting (config vnet_dns, or `az network vnet show`).",
	    "The VNet's DNS servers were changed after this machine got its "
	    "lease. It keeps asking the old ones until the lease is renewed.",
	    "Restart the machine, or renew the lease. With systemd-networkd "
	    "(Ubuntu):\n    sudo networkctl renew eth0\nWith dhclient, from "
	    "the serial console only (over SSH the first command cuts you "
	    "off before the second one runs):\n    "
	    "sudo dhclient -r && sudo dhclient\nThe VNet's setting:\n    az "
	    "network vnet show -g RG -n VNET --query dhcpOptions.dnsServers",
	    "Microsoft: virtual-networks-faq"),
	ROW(ERROR, "names", "dns-public-resolver",
	    "this machine is told to ask a public resolver",
	    "A nameserver of this machine has a public address. (Only a note "
	    "if it was given by --resolver.)",
	    "A public resolver never sees private zones: whatever is asked "
	    "there leads to public addresses, and it learns the names.",
	    "Set the VNet's DNS to Azure's or your own servers:\n"
	    "    az network vnet update -g RG -n VNET --dns-servers ''\n"
	    "and take {resolver} out of /etc/resolv.conf or netplan. If the "
	    "address belongs to the VNet, declare its prefix with --vnet.",
	    "Microsoft: how-to-custom-dns (Azure ML), "
	    "virtual-networks-name-resolution-for-vms-and-role-instances"),
	ROW(ERROR, "names", "dns-azure-unreachable",
	    "Azure DNS is asked from outside Azure",
	    "168.63.129.16 is a nameserver of this machine, does not answer, "
	    "and the machine's hardware tag is not that of an Azure virtual "
	    "machine.",
	    "168.63.129.16 answers inside Azure virtual networks only. "
	    "On-premises and in other clouds it is nobody.",
	    "Let this machine ask a DNS server in the VNet, or the inbound "
	    "endpoint of a Private Resolver there:\n    az dns-resolver "
	    "inbound-endpoint list -g RG --dns-resolver-name RESOLVER --query "
	    "\"[].ipConfigurations[].privateIpAddress\"",
	    "Microsoft: what-is-ip-address-168-63-129-16, "
	    "private-endpoint-dns-integration"),
	ROW(ERROR, "names", "dns-privatelink-name",
	    "the privatelink name is asked for, not the public one",
	    "A target's name is one that only aliases should lead to.",
	    "Certificates have the public name only, so TLS fails at the "
	    "privatelink name; and outside the VNet it does not lead to the "
	    "private endpoint.",
	    "Use the public name in programs and in the config:\n    {what}",
	    "Microsoft: storage-private-endpoints; MicrosoftDocs/azure-docs "
	    "issue 43475"),
	ROW(ERROR, "names", "dns-regional-name",
	    "the region's name is asked for, not the workspace's",
	    "A target is REGION.api.azureml.ms, and is expected to be private.",
	    "That name is the region's front door and public for everybody. A "
	    "workspace behind a private endpoint refuses what comes that way.",
	    "Use the workspace's own name, WORKSPACE_ID.workspace.{name}, with "
	    "the GUID that this prints:\n    az ml workspace show -g RG -n "
	    "WORKSPACE --query workspace_id\nOr expect the region's name to be "
	    "public: `expect: public` at the target in the config.",
	    "MicrosoftDocs/azure-docs issue 90426; Microsoft: "
	    "how-to-custom-dns (Azure ML)"),
	ROW(ERROR, "names", "dns-forwarder-wrong-zone",
	    "a forwarder is set on the privatelink zone, not on the public one",
	    "The server has the private address when it is asked for the alias "
	    "directly, and a public one when it is asked for the public name.",
	    "The server forwards the privatelink zone (or a zone around it), "
	    "but is asked for the public name, and whoever it asks for that "
	    "follows the alias for it. The conditional forwarder must be on "
	    "the public zone.",
	    "At {resolver}, remove the forwarder for {zones}, and forward the "
	    "public zone instead:\n    forward {parent} to 168.63.129.16",
	    "Microsoft: private-endpoint-dns-integration; "
	    "MicrosoftDocs/azure-docs issues 75616, 77968"),
	ROW(ERROR, "names", "dns-forwarder-reverts",
	    "the server is right at first, and public afterwards",
	    "In the first rounds the server had the private address, in all "
	    "later ones the public address, and the alias asked directly is "
	    "private.",
	    "A forwarder on the privatelink zone works only until the server "
	    "has the whole chain in its cache. (A server that picks among "
	    "forwarders that disagree can look the same: ask more often with "
	    "--rounds.)",
	    "At {resolver}, remove the forwarder for {zones}, and forward the "
	    "public zone instead:\n    forward {parent} to 168.63.129.16",
	    "dmauser/PrivateLink pull request 6"),
	ROW(ERROR, "names", "dns-forwarder-timeout",
	    "the server gives up on a slow forwarder and asks another",
	    "The same server has the private address in some rounds; in "
	    "others, after a long wait or with an error, it has not.",
	    "Its time-out for the forwarder is too short. Under load it falls "
	    "through to the next forwarder or to root hints, which do not see "
	    "the private zone.",
	    "At {resolver}, keep one forwarder for these zones, with nothing "
	    "to fall back on (no second forwarder, no root hints) and a "
	    "time-out above 4 seconds:\n    forward {parent} to "
	    "168.63.129.16",
	    "MicrosoftDocs/azure-docs issue 115313 (forwarder time-outs)"),
	ROW(ERROR, "names", "dns-forwarder-lacks-zone",
	    "the server does not forward this zone",
	    "The server is right for other names; for these it gives public "
	    "addresses, and Azure DNS or another server has private ones.",
	    "Its list of conditional forwarders is not complete. Azure ML "
	    "needs more zones forwarded than it has private zones.",
	    "At {resolver}, forward the missing zones:\n    forward {parent} "
	    "to "
	    "168.63.129.16",
	    "Microsoft: how-to-custom-dns (Azure ML); MicrosoftDocs/azure-docs "
	    "issues 126384, 87505"),
	ROW(ERROR, "names", "dns-zone-shadowed",
	    "a zone of this resolver's own hides the public name",
	    "One resolver says the name does not exist, without an alias; "
	    "another one knows it.",
	    "The resolver holds an authoritative zone such as {parent} "
	    "itself. Every name that is not written there is lost, for all "
	    "accounts under it.",
	    "At {resolver}, remove its own zone {held}, and forward to Azure "
	    "DNS (names that you need from that zone can become zones of "
	    "their own):\n    forward {parent} to 168.63.129.16",
	    "Microsoft: private-endpoint-dns"),
	ROW(ERROR, "names", "dns-proxy-not-linked",
	    "the DNS proxy's network does not see the private zone",
	    "An Azure Firewall's DNS proxy or a Private Resolver gives the "
	    "public address.",
	    "It asks Azure DNS from its own virtual network, and the zone is "
	    "not linked there.",
	    "Link the zone to the VNet that {resolver} is in (or to that of "
	    "the server it forwards to):\n    az network private-dns link vnet "
	    "create -g RG -z {zone} -n LINK -v HUB_VNET -e false",
	    "MicrosoftDocs/azure-docs issue 127450; Microsoft: "
	    "firewall/dns-details"),
	ROW(ERROR, "names", "dns-forwarder-public",
	    "the server forwards to where private zones are not seen",
	    "The server gives public addresses for everything; Azure DNS, or "
	    "another server that was asked to compare, has private ones.",
	    "It forwards to a public or a provider's resolver, or asks Azure "
	    "DNS from a network that the zones are not linked to.",
	    "At {resolver}, forward the public zones to Azure DNS:\n    "
	    "forward {parent} to 168.63.129.16\nIf it does that already, link "
	    "the private zones to the VNet that it asks from:\n    az network "
	    "private-dns link vnet create -g RG -z {zone} -n LINK -v VNET -e "
	    "false",
	    "dmauser/PrivateLink, DNS-Integration-Scenarios; Microsoft: "
	    "how-to-custom-dns (Azure ML)"),
	ROW(ERROR, "names", "dns-stub-scope",
	    "another network interface's DNS settings win for this name",
	    "The local stub answers otherwise than a server of another network "
	    "interface does.",
	    "A VPN client, WSL or a second interface has set its own DNS "
	    "servers, and its domains win for this name.",
	    "See which interface has which domains, and take {parent} from the "
	    "one that should not have it, in the VPN's settings for good, here "
	    "until it connects again. The second command sets the whole list: "
	    "name every domain that the interface is to keep, or it loses "
	    "them:\n    resolvectl domain {interface}\n    sudo "
	    "resolvectl domain {interface} DOMAINS_TO_KEEP",
	    "resolvectl(1), systemd-resolved.service(8)"),
	ROW(ERROR, "names", "dns-fallback-to-internet",
	    "the zone link falls back to the Internet",
	    "The linked zone lacks the record, and Azure DNS answers with the "
	    "public address instead of \"no such name\".",
	    "The link has the resolution policy NxDomainRedirect, which hides "
	    "a missing record behind a public answer.",
	    "Add the record of the private endpoint:\n"
	    "    az network private-dns record-set a add-record -g RG "
	    "-z {zone} -n {label} -a {pe_address}\n"
	    "then set the link back, so that a missing record shows:\n"
	    "    az network private-dns link vnet update -g RG -z {zone} "
	    "-n LINK --resolution-policy Default",
	    "Microsoft: private-dns-fallback"),
	ROW(ERROR, "names", "dns-workspace-zone-missing",
	    "one of the workspace's two private zones is missing",
	    "Names of the workspace are private in one of its zones and public "
	    "in the other, at the same server.",
	    "The workspace's endpoint needs two zones, for api.azureml.ms and "
	    "for notebooks.azure.net. One is not there or not linked; policies "
	    "that set only one are known.",
	    "Create the zone if it is missing, link it, and add it to the "
	    "endpoint's zone group:\n    az network private-dns zone create -g "
	    "RG -n {zone}\n    az network private-dns link vnet create -g RG "
	    "-z {zone} -n LINK -v VNET -e false\n    az network "
	    "private-endpoint dns-zone-group add -g RG --endpoint-name PE -n "
	    "default --private-dns-zone {zone} --zone-name {group}-2",
	    "Azure/Azure-Landing-Zones issue 924; Microsoft: how-to-custom-dns "
	    "(Azure ML)"),
	ROW(ERROR, "names", "dns-registry-data-missing",
	    "the registry's data endpoint has no private record",
	    "The registry's login name is private, its data endpoint's name is "
	    "not.",
	    "Logging in works, and pulling an image stalls. The data record "
	    "was not written, or a replica was added later.",
	    "Look up the endpoint's address for that "
	    "region:\n" ENDPOINT_ADDRESSES
	    "\nand write the record into the same zone:\n"
	    "    az network private-dns record-set a add-record -g RG "
	    "-z {zone} -n {label} -a {pe_address}",
	    "Microsoft: container-registry-private-endpoints; "
	    "microsoft/azure-container-apps issue 1710"),
	ROW(ERROR, "names", "dns-zone-split",
	    "two copies of the private zone have different records",
	    "Each of two servers has a record that the other one lacks, under "
	    "the same zone name.",
	    "The zone exists more than once, each copy linked to another "
	    "network and filled by other endpoints.",
	    "Keep one central zone, link it to all networks, and let all "
	    "endpoints write into it:\n    az network private-dns zone list "
	    "--query \"[?name=='{zone}'].id\"\n    az network private-endpoint "
	    "dns-zone-group create -g RG --endpoint-name PE -n default "
	    "--private-dns-zone ZONE_ID --zone-name {group}",
	    "Microsoft: private-endpoint-dns-integration, "
	    "key-vault/general/private-link-diagnostics"),
	ROW(ERROR, "names", "dns-zone-not-linked",
	    "the private DNS zone is not seen by this resolver",
	    "The chain of aliases passes a privatelink name and still ends at "
	    "a public address.",
	    "A private endpoint exists, but this resolver does not look into "
	    "the private zone: the zone is not linked to the VNet it asks "
	    "from, it forwards to a server outside Azure, or it forwards the "
	    "privatelink zone instead of the public one. Applications that "
	    "ask it go over the Internet.",
	    "Link the zone to the VNet that Azure DNS is asked from (by "
	    "{resolver}):\n"
	    "    az "
	    "network private-dns link vnet create -g RG -z {zone} -n LINK -v "
	    "VNET -e false\nA DNS server of your own must forward the public "
	    "zone, not the privatelink one, to Azure DNS:\n    forward "
	    "{parent} to 168.63.129.16",
	    "Microsoft: private-endpoint-dns-integration, how-to-custom-dns "
	    "(Azure ML), how-to-troubleshoot-secure-connection-workspace"),
	ROW(ERROR, "names", "dns-stale-negative",
	    "a server still remembers that the name did not exist",
	    "One server says \"no such name\", with a time to live that counts "
	    "down, while another one has the record.",
	    "The record was added after somebody had asked. It passes when the "
	    "negative time to live ends.",
	    "Wait, or flush the name at {resolver}.\nIn unbound:\n    "
	    "unbound-control flush {name}\n    unbound-control flush "
	    "{alias}\nIn BIND:\n    rndc flushname {alias}\nIn dnsmasq:\n    "
	    "pkill -HUP dnsmasq\nIn CoreDNS, restart it, in AKS so:\n    "
	    "kubectl -n kube-system rollout restart deployment coredns\nIn "
	    "Windows DNS:\n    Clear-DnsServerCache -Force",
	    "RFC 2308 section 5"),
	ROW(ERROR, "names", "dns-record-missing",
	    "the private DNS zone has no record for this name",
	    "The name has a privatelink alias, and the private zone answers "
	    "that the alias does not exist or has no address.",
	    "A zone of that name is linked, but the record of this resource "
	    "is not in it: the private endpoint has no DNS zone group, or its "
	    "record is in another copy of the zone. Nothing falls back to the "
	    "public address, so applications fail.",
	    "Let the private endpoint keep its own record:\n"
	    "    az network private-endpoint dns-zone-group create -g RG "
	    "--endpoint-name PE -n default --private-dns-zone {zone} "
	    "--zone-name {group}\n"
	    "or write the record by hand:\n"
	    "    az network private-dns record-set a add-record -g RG "
	    "-z {zone} -n {label} -a {pe_address}",
	    "Microsoft: private-endpoint-dns; SOA of Azure private zones as in "
	    "exported templates"),
	ROW(ERROR, "names", "dns-no-private-endpoint",
	    "the resource has no private endpoint in use",
	    "The name resolves to a public address and no privatelink alias "
	    "is in the chain.",
	    "Azure adds that alias as soon as one approved private endpoint "
	    "exists anywhere. Without it there is none, or its connection is "
	    "pending, rejected or removed, or the name is another one than "
	    "meant.",
	    "See what connections the resource has, each with its state and "
	    "id, and approve a pending one:\n" ENDPOINT_CONNECTIONS "\n"
	    "    az network private-endpoint-connection approve "
	    "--id CONNECTION_ID\n"
	    "or create the endpoint, one for each resource, and let it keep "
	    "its own records (the zones have to exist and to be linked):\n"
	    "    az network private-endpoint create -g RG -n PE "
	    "--vnet-name VNET --subnet SUBNET --connection-name {account} "
	    "--private-connection-resource-id RESOURCE_ID "
	    "--group-id {group}\n"
	    "    az network private-endpoint dns-zone-group create -g RG "
	    "--endpoint-name PE -n zones --private-dns-zone {zone} "
	    "--zone-name {group}\n"
	    "If this is meant to be public, say so: --scenario "
	    "public-workspace; or --scenario service-endpoints where only "
	    "storage and vaults are, reached from allowed subnets.",
	    "Microsoft: key-vault/general/private-link-diagnostics"),
	ROW(ERROR, "names", "dns-instance-address",
	    "a compute instance's name leads past the workspace's endpoint",
	    "The compute instance's name has a private address that is not the "
	    "workspace endpoint's.",
	    "The name of an instance must lead to the workspace's private "
	    "endpoint, never to the instance's own address: connecting there "
	    "fails.",
	    "Let the name lead to the workspace's endpoint, {expected}: remove "
	    "any record or zone for it that a DNS server of your own has "
	    "({resolver}), and forward the zone:\n    forward {parent} to "
	    "168.63.129.16",
	    "Microsoft: how-to-custom-dns (Azure ML); MicrosoftDocs/azure-docs "
	    "issue 73059"),
	ROW(ERROR, "names", "dns-monitor-overwritten",
	    "names of Azure Monitor lead to another private link scope",
	    "A name of Azure Monitor has a private address that is not the one "
	    "meant, or that does not answer.",
	    "Azure Monitor's names are shared by all resources: a second "
	    "private link scope in networks that share DNS overwrites the "
	    "records of the first.",
	    "Keep one private link scope and one endpoint for all networks "
	    "that share DNS. See what there is:\n"
	    "    az monitor private-link-scope list -o table\n"
	    "then delete the zone group of the endpoint to be kept and create "
	    "it anew: that writes its records again:\n"
	    "    az network private-endpoint dns-zone-group show -g RG "
	    "--endpoint-name PE -n default",
	    "MicrosoftDocs/azure-docs issue 122192; Microsoft: "
	    "private-endpoint-dns"),
	ROW(ERROR, "names", "dns-other-endpoint",
	    "the address is another private endpoint's",
	    "The address is not the one meant; it lies outside this VNet, or "
	    "the service answers there.",
	    "Two private endpoints of one resource write into the same zone, "
	    "and the last one wins. Deleting one deletes the other's record.",
	    "See who owns {address}, and keep one endpoint for each set of "
	    "networks that share the zone:\n    az network nic list --query "
	    "\"[?ipConfigurations[?privateIPAddress=='{address}']].id\"\n"
	    "Then correct the record (the first line only if {expected} is not "
	    "there yet):\n"
	    "    az network private-dns record-set a add-record -g RG "
	    "-z {zone} -n {label} -a {expected}\n"
	    "    az network private-dns record-set a remove-record -g RG "
	    "-z {zone} -n {label} -a {address}",
	    "Microsoft: private-endpoint-dns; MicrosoftDocs/azure-docs issue "
	    "58044"),
	ROW(ERROR, "names", "dns-wrong-address",
	    "the address is not the private endpoint's",
	    "A resolver gives an address that is not among those configured "
	    "for this target.",
	    "The record is stale or belongs to another private endpoint: the "
	    "endpoint was recreated, or two endpoints write into one zone.",
	    "Compare with the endpoint's own addresses:\n" ENDPOINT_ADDRESSES
	    "\nand correct the record (the first line only if {expected} is "
	    "not there yet):\n"
	    "    az network private-dns record-set a add-record -g RG "
	    "-z {zone} -n {label} -a {expected}\n"
	    "    az network private-dns record-set a remove-record -g RG "
	    "-z {zone} -n {label} -a {address}",
	    "Microsoft: private-endpoint-dns, "
	    "key-vault/general/private-link-diagnostics"),
	ROW(ERROR, "names", "dns-address-shared",
	    "two services have one private address",
	    "Names of different services lead to the same private address. (A "
	    "warning where three or more services do.)",
	    "A private endpoint belongs to one service of one resource, and so "
	    "does its address: one of the records is stale or mixed up, and "
	    "connections by it reach another service. Only a proxy that takes "
	    "all names at one address looks the same.",
	    "See whose address it is:\n    az network nic list --query "
	    "\"[?ipConfigurations[?privateIPAddress=='{address}']].id\"\n"
	    "and compare the records with the endpoints' own "
	    "addresses:\n"
	    "    az network private-dns record-set a show -g RG -z {zone} "
	    "-n {label}\n" ENDPOINT_ADDRESSES "\n"
	    "Where the address is meant for all of them, say so: addresses: "
	    "[{address}] at each resource in the config.",
	    "Microsoft: private-endpoint-dns; storage-private-endpoints"),
	ROW(ERROR, "names", "dns-hosts-override",
	    "applications get another answer than the resolvers give",
	    "getaddrinfo() returns an address that no resolver gave, or none "
	    "although the resolvers have one.",
	    "A line in /etc/hosts, a local cache or another source in "
	    "nsswitch.conf decides before DNS does. Applications follow it.",
	    "See where it comes from:\n"
	    "    getent -s files ahosts {name}\n"
	    "    grep '^hosts:' /etc/nsswitch.conf\n"
	    "and remove the line for {name} from /etc/hosts (or flush the "
	    "cache).",
	    "Microsoft: how-to-custom-dns (Azure ML); nsswitch.conf(5)"),
	ROW(ERROR, "names", "dns-search-suffix",
	    "a search domain answers for this name",
	    "The name with a search domain appended has an address. (A warning "
	    "while programs do not get that address.)",
	    "A wildcard in an internal zone answers for whatever is asked "
	    "below it. With ndots above the number of dots in the name, "
	    "programs ask for that first; else when the name itself fails.",
	    "Remove the wildcard from the internal zone, or set in "
	    "/etc/resolv.conf:\n    options ndots:1\nIn programs that take it, "
	    "a dot at the end of the name keeps search domains away.",
	    "resolv.conf(5)"),
	ROW(INFO, "names", "dns-suffix-unused",
	    "this suffix is not in use here",
	    "A compute instance's name was derived from its bare name, with "
	    "each suffix that documents have. With this suffix no resolver "
	    "knows the name; with another one it exists, and is judged.",
	    "Documents and services disagree about the suffix of compute "
	    "instances. Programs take the one that the service returns.",
	    "Nothing to do. To have one name only, write the whole one into "
	    "the config:\n"
	    "    az ml compute show -n {account} -g RG -w WORKSPACE "
	    "--query \"services[].endpoint_uri\"",
	    "Microsoft: how-to-custom-dns (Azure ML); private-endpoint-dns"),
	ROW(ERROR, "names", "dns-name-unknown", "the name does not exist",
	    "No resolver has an address for the name, and no privatelink alias "
	    "was seen.",
	    "The name is misspelt, the resource was deleted, it is in another "
	    "cloud, or a zone of your own hides it at every resolver.",
	    "Compare the name with what the resource says of itself, for "
	    "instance:\n"
	    "    az resource show --ids RESOURCE_ID --query properties\n"
	    "and look whether a DNS server of yours has a zone {parent}.",
	    "RFC 8020; Microsoft: private-endpoint-dns"),
	ROW(ERROR, "names", "dns-ipv6-public",
	    "a public IPv6 address stands beside the private IPv4 one",
	    "The A answer is private, the AAAA answer of the same name is "
	    "public.",
	    "A program that prefers IPv6 goes over the Internet although the "
	    "private endpoint and its record are right.",
	    "Find the zone that holds the AAAA record and remove it:\n"
	    "    az network private-dns record-set aaaa list -g RG -z {zone} "
	    "-o table\n"
	    "or turn off dual-stack endpoints of the resource.",
	    "Microsoft: private-link-ipv6; RFC 6724"),
	ROW(ERROR, "names", "dns-bogon",
	    "the name leads to an address that is nobody's",
	    "The answer is a loopback, link-local, multicast, unspecified or "
	    "platform address.",
	    "A blocking list, a test entry or a broken record answers for "
	    "this name.",
	    "Remove the record or the blocking rule for {name} at "
	    "{resolver}.",
	    "RFC 6890"),
	ROW(ERROR, "names", "dns-resolvers-disagree",
	    "the resolvers give different answers",
	    "Two resolvers of this machine answer differently for the same "
	    "name.",
	    "Which answer an application gets depends on which resolver "
	    "happens to be asked; \"no such name\" makes no client try the "
	    "next one. It works, and then it does not.",
	    "Let {resolver} answer like the others:\n"
	    "    forward {parent} to 168.63.129.16\n"
	    "or take it out of the VNet's list, then renew the lease or "
	    "restart the machine:\n"
	    "    az network vnet update -g RG -n VNET --dns-servers "
	    "RIGHT_SERVER",
	    "Azure/AKS issues 808, 1605; resolv.conf(5)"),
	ROW(ERROR, "names", "dns-unstable",
	    "one resolver's answer changes between questions",
	    "The same question to the same resolver got different answers in "
	    "one run.",
	    "The resolver picks among several forwarders that disagree, or "
	    "falls through to the next one when the first is slow.",
	    "At {resolver}, keep one forwarder for these zones: of several any "
	    "may be asked. Where several servers share the address (a load "
	    "balancer, CoreDNS), give all of them the same rules:\n    forward "
	    "{parent} to 168.63.129.16",
	    "MicrosoftDocs/azure-docs issue 115313 (forwarder time-outs)"),
	ROW(ERROR, "names", "dns-answer-from-elsewhere",
	    "the answer comes from an address that was not asked",
	    "No answer came from the server, but one from another address, "
	    "which programs must not take.",
	    "A server with several addresses, or a device that rewrites "
	    "addresses one way only, answers from the wrong one.",
	    "Let the server answer from the address that was asked "
	    "({resolver}), or ask the other one. dnsmasq:\n    bind-interfaces",
	    "RFC 5452 section 9.1; RFC 2181 section 4.1"),
	ROW(ERROR, "names", "dns-timeout", "a resolver does not answer",
	    "No answer came to a DNS question in the time allowed.",
	    "The resolver is down, a network security group or firewall drops "
	    "port 53, or 168.63.129.16 is asked from outside Azure. Each "
	    "look-up waits for it before the next resolver is tried.",
	    "Ask by hand, then look at the server and the rules between:\n"
	    "    dig @{server} {name} +tries=1 +time=5\n"
	    "If the server is gone, take it out of the VNet's list:\n"
	    "    az network vnet update -g RG -n VNET --dns-servers "
	    "DNS_SERVER",
	    "Microsoft: what-is-ip-address-168-63-129-16, how-to-custom-dns "
	    "(Azure ML)"),
	ROW(ERROR, "names", "dns-unreachable", "a resolver cannot be reached",
	    "The question could not be delivered: port unreachable, no route, "
	    "or not allowed by this machine.",
	    "Nothing listens on port 53 there, or a route or local firewall "
	    "is in the way.",
	    "Check the route and the service:\n"
	    "    ip route get {server}\n"
	    "    dig @{server} {name} +tries=1",
	    "RFC 1122 section 4.1.3.3"),
	ROW(ERROR, "names", "dns-dnssec-bogus",
	    "the server's DNSSEC validation fails",
	    "The answer is SERVFAIL, and an address when the server is told "
	    "not to validate.",
	    "The server validates signatures of a zone that was replaced by a "
	    "private one, or has a trust anchor that does not fit.",
	    "At {resolver}, except the zones from validation.\nIn unbound:\n"
	    "    server:\n        domain-insecure: \"{parent}.\"\nIn BIND, in "
	    "options { }:\n    validate-except {\n        \"{parent}\";\n    "
	    "};",
	    "RFC 4035 section 3.2.2; unbound.conf(5), BIND 9 manual"),
	ROW(ERROR, "names", "dns-servfail", "a resolver fails at this name",
	    "The resolver answered with an error (SERVFAIL or another code "
	    "that is no answer).",
	    "It could not reach the server it forwards to, forwards in a "
	    "loop, or validates signatures of a zone that was replaced.",
	    "See whom {resolver} forwards the zone to, whether that server "
	    "answers, and whether it forwards back (a loop):\n    dig "
	    "@168.63.129.16 {name}\nWhat is right for a server in Azure:\n    "
	    "forward {parent} to 168.63.129.16",
	    "RFC 1035 section 4.1.1; MicrosoftDocs/azure-docs issue 115313"),
	ROW(ERROR, "names", "dns-refused", "a resolver refuses to answer",
	    "The resolver answered REFUSED.",
	    "It does not serve this machine: recursion is limited to other "
	    "networks.",
	    "Allow this machine's subnet there.\nIn BIND:\n"
	    "    allow-recursion { SUBNET; };\n"
	    "In unbound:\n"
	    "    access-control: SUBNET allow",
	    "RFC 1035 section 4.1.1"),
	ROW(ERROR, "names", "dns-tcp-blocked",
	    "the resolver cannot be asked over TCP",
	    "An answer did not fit into UDP, and the question over TCP "
	    "failed.",
	    "Port 53 is open for UDP only. Long answers, such as chains of "
	    "aliases, are lost.",
	    "Open TCP port 53 to the resolver as well:\n"
	    "    az network nsg rule create -g RG --nsg-name NSG "
	    "-n allow-dns-tcp --priority 300 --direction Outbound "
	    "--access Allow --protocol Tcp "
	    "--destination-address-prefixes {server} "
	    "--destination-port-ranges 53",
	    "RFC 7766; Microsoft: aks/private-clusters"),
	ROW(ERROR, "names", "dns-aaaa-ignored",
	    "the server does not answer questions for AAAA",
	    "Questions for A are answered, those for AAAA are not.",
	    "Programs ask for both and wait for both: each look-up takes "
	    "seconds. Whether a public IPv6 address stands beside the private "
	    "one is not known.",
	    "Mend or update the server (RFC 4074 says what it must answer); "
	    "until then, in /etc/resolv.conf:\n    options single-request",
	    "RFC 4074; resolv.conf(5)"),
	ROW(ERROR, "names", "dns-malformed",
	    "a resolver's answer cannot be read",
	    "An answer came that breaks the format of DNS messages.",
	    "Something on the way rewrites DNS badly, or the server is "
	    "broken. What it says cannot be trusted.",
	    "Look at the packet in the evidence file, and ask around the "
	    "device in between:\n"
	    "    dig @{server} {name} +qr",
	    "RFC 1035 section 4"),
	ROW(ERROR, "names", "dns-alias-loop",
	    "the aliases of this name run in a circle",
	    "Following the CNAME records came back to a name already seen.",
	    "Two zones point at each other; no client gets an address.",
	    "Remove one of the two CNAME records for {name}.",
	    "RFC 1034 section 3.6.2"),
	ROW(ERROR, "names", "dns-record-doubled",
	    "the name has several private addresses",
	    "One answer has several private IPv4 addresses.",
	    "A private endpoint has one address for each name. The others are "
	    "left from an endpoint that is gone, or two endpoints share the "
	    "record; connections that take the wrong one fail.",
	    "See which address is the endpoint's:\n" ENDPOINT_ADDRESSES
	    "\nand remove the other one:\n"
	    "    az network private-dns record-set a remove-record -g RG "
	    "-z {zone} -n {label} -a OLD_ADDRESS",
	    "dmauser/PrivateLink, DNS-Integration-Scenarios; Microsoft: "
	    "key-vault/general/private-link-diagnostics"),
	ROW(WARNING, "names", "dns-outside-vnet",
	    "the address is private, but not of the declared VNet",
	    "The answer is a private address outside every prefix given with "
	    "--vnet.",
	    "The private endpoint may be in a peered network, which is fine, "
	    "or the record points into a network that this machine has no "
	    "route to.",
	    "Compare with the private endpoint, and declare the peered "
	    "network with --vnet if it is meant:\n" ENDPOINT_ADDRESSES,
	    "Microsoft: private-endpoint-dns-integration"),
	ROW(WARNING, "names", "dns-private-unexpected",
	    "a private address where a public one is expected",
	    "The target is expected to be public, and a resolver gives a "
	    "private address.",
	    "A private endpoint exists after all, or a zone of the VNet "
	    "answers for it. It is reached privately, but the plan says "
	    "otherwise.",
	    "If that is meant, expect it: --expect private, or `expect: "
	    "private` at the target in the config.",
	    "Microsoft: how-to-network-security-overview (Azure ML)"),
	ROW(INFO, "names", "dns-alias-missing",
	    "the private address comes without the privatelink alias",
	    "A resolver answers with a private address directly.",
	    "It flattens aliases, or holds a record of its own that nobody "
	    "updates when the private endpoint changes.",
	    "Nothing to do if {resolver} flattens aliases. Else remove its "
	    "own record for {name} and forward {parent} to 168.63.129.16.",
	    "RFC 1034 section 3.6.2; Microsoft: private-endpoint-dns"),
	ROW(INFO, "names", "dns-hosts-pinned",
	    "the hosts file has the address that is meant",
	    "The hosts file gives the expected address.",
	    "Programs of this machine are right whatever the servers say. "
	    "Nobody updates the line when the endpoint changes, and containers "
	    "do not see it.",
	    "Nothing to do now. When DNS is mended, remove the line for {name} "
	    "from /etc/hosts.",
	    "Microsoft: how-to-custom-dns (Azure ML)"),
	ROW(INFO, "names", "dns-edns-refused", "the server refuses EDNS",
	    "A question with an EDNS record was answered FORMERR, the same "
	    "without it was answered.",
	    "An old server. Long answers need TCP there.",
	    "Nothing to do if TCP port 53 is open; else update the server.",
	    "RFC 6891 section 6.2.2"),
};

const struct vp_findings_family vp_findings_names = { rows,
	                                              VP_FINDINGS_COUNT(rows) };
