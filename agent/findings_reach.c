/* findings_reach.c - findings about what connecting to a target shows. */
#include "findings_private.h"

static const struct vp_finding_type rows[] = {
	ROW(INFO, "reach", "ipv6-not-routed",
	    "this machine has no way to IPv6 addresses",
	    "A name has an IPv6 address too, and no IPv6 address of the plan "
	    "has a route from here.",
	    "Programs on this machine use the IPv4 address, which was reached. "
	    "A machine with IPv6 would take the other one: check from there.",
	    "Nothing to do on a machine that is meant to have IPv4 only.",
	    "RFC 6724 section 5"),
	ROW(ERROR, "reach", "reached-public",
	    "a private target was connected to at a public address",
	    "The report lists an attempt at a public address that no resolver "
	    "gave for the name.",
	    "Something else than DNS led there, or the report was changed: "
	    "what was sent to that address left by a public path.",
	    "Run the check again, and compare {address} with the private "
	    "endpoint:\n" ENDPOINT_ADDRESSES,
	    "vnetprobe: an address is private, or it is told of"),
	ROW(ERROR, "reach", "tcp-timeout", "the port does not answer",
	    "No answer came to the connection attempt.",
	    "Packets are dropped on the way: a network security group, a "
	    "firewall, a missing peering or route, or the address belongs to "
	    "a private endpoint that is gone.",
	    "Check the route and the rules of this machine's interface:\n"
	    "    az network nic show-effective-route-table -g RG -n NIC "
	    "-o table\n"
	    "    az network nic list-effective-nsg -g RG -n NIC\n"
	    "and compare {address} with the endpoint's own "
	    "addresses:\n" ENDPOINT_ADDRESSES,
	    "RFC 9293; Microsoft: key-vault/general/private-link-diagnostics"),
	ROW(ERROR, "reach", "tcp-refused", "the port is closed",
	    "The connection was refused with a reset.",
	    "A machine has the address, but nothing listens: the record "
	    "points at the wrong machine, or a firewall rejects.",
	    "Compare {address} with the private endpoint:\n" ENDPOINT_ADDRESSES
	    "\n"
	    "A compute instance's name must lead to the workspace's endpoint, "
	    "not to the instance.",
	    "RFC 9293 section 3.5.2; Microsoft: how-to-custom-dns (Azure ML)"),
	ROW(ERROR, "reach", "tcp-unreachable", "there is no way to the address",
	    "This machine has no route, may not send, or a router said "
	    "\"unreachable\".",
	    "A peering or a route is missing, or a local firewall forbids "
	    "it.",
	    "Look at the way the packets take:\n"
	    "    ip route get {address}\n"
	    "    az network nic show-effective-route-table -g RG -n NIC "
	    "-o table",
	    "RFC 1122 section 3.2.2.1"),
	ROW(ERROR, "reach", "tls-silent", "connected, but nobody speaks TLS",
	    "The TCP connection opened and the greeting got no answer.",
	    "A device in between accepts connections for everybody and drops "
	    "what follows: a firewall that waits for a policy, or packets "
	    "too large for the path.",
	    "Look at the firewall's log for {address}. To see whether it is "
	    "the packets' size, use smaller ones for this address alone, by "
	    "the gateway and interface that the first line tells, check "
	    "again, and take the route back (ping proves nothing: private "
	    "endpoints do not answer it):\n"
	    "    ip route get {address}\n"
	    "    sudo ip route add {address} via GATEWAY dev INTERFACE mtu "
	    "lock 1300\n"
	    "    sudo ip route del {address}",
	    "Microsoft: firewall/dns-details"),
	ROW(ERROR, "reach", "tls-failed", "the TLS handshake failed",
	    "The connection opened and was then reset or closed, or something "
	    "other than TLS answered.",
	    "A firewall cuts connections by their server name, or another "
	    "service sits at this address.",
	    "See what answers, and look at the firewall's log:\n"
	    "    openssl s_client -connect {address}:{port} "
	    "-servername {name}",
	    "RFC 8446 section 6"),
	ROW(ERROR, "reach", "tls-name-mismatch",
	    "another service answers at this address",
	    "The certificate does not cover the name.",
	    "The DNS record points at a different private endpoint (stale, or "
	    "mixed up), or the client used the privatelink name.",
	    "Compare the record with the endpoint's own addresses:\n"
	    "    az network private-dns record-set a show -g RG -z {zone} "
	    "-n {label}\n" ENDPOINT_ADDRESSES "\n"
	    "If they differ, write the endpoint's address into the record.",
	    "RFC 9525; Microsoft: storage-private-endpoints"),
	ROW(ERROR, "reach", "tls-intercepted",
	    "TLS is opened and inspected on the way",
	    "Certificates of unrelated services are all signed by one issuer "
	    "that Azure does not use, or the issuer names itself after what "
	    "it does. The evidence lists which tells were seen.",
	    "A firewall or proxy terminates TLS. Traffic to a private "
	    "endpoint should never pass it; services that use client "
	    "certificates break. That this machine trusts the device's "
	    "authority does not make the path private.",
	    "Exempt the private endpoints from inspection and route to them "
	    "directly. Azure Firewall: use a network rule, not an "
	    "application rule, for {address} (--priority and --action are of "
	    "a new collection; leave them out where it exists):\n"
	    "    az network firewall network-rule create -g RG -f FIREWALL "
	    "--collection-name COLLECTION --priority 200 --action Allow "
	    "-n private-endpoints "
	    "--protocols TCP --source-addresses '*' "
	    "--destination-addresses PE_SUBNET_PREFIX "
	    "--destination-ports {port}\n"
	    "If the issuer is right here, say so in the config:\n"
	    "    known_issuers: [\"COMMON NAME\"]",
	    "Microsoft: azure-certificate-authority-details"),
	ROW(ERROR, "reach", "tls-untrusted",
	    "the certificate's chain is not trusted",
	    "The certificate covers the name, but its issuer is not in this "
	    "machine's store.",
	    "The store of this machine is old or empty, an intermediate is "
	    "missing, or somebody else poses as the service.",
	    "Bring the store up to date, and look at the issuer:\n"
	    "    apt-get install --reinstall ca-certificates\n"
	    "    openssl s_client -connect {address}:{port} "
	    "-servername {name} -showcerts\n"
	    "If the issuer is your own, give it with --ca-file.",
	    "Microsoft: azure-certificate-authority-details"),
	ROW(WARNING, "reach", "tls-inspected-public",
	    "TLS to a public service is inspected on the way",
	    "A service that is reached at its public address shows a "
	    "certificate of an authority that this machine trusts and Azure "
	    "does not use, and that signs for unrelated services or names "
	    "itself after what it does.",
	    "A firewall or proxy opens this traffic. What is public by "
	    "design may be inspected, but names that want client "
	    "certificates break (cert.api.azureml.ms), and programs with a "
	    "trust store of their own refuse.",
	    "Exempt from inspection what wants client certificates:\n"
	    "    REGION.cert.api.azureml.ms, *.tundra.azureml.ms\n"
	    "and give programs with their own store the authority:\n"
	    "    export REQUESTS_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt",
	    "Microsoft: how-to-access-azureml-behind-firewall, "
	    "azure-certificate-authority-details"),
	ROW(WARNING, "reach", "tls-issuer-unknown",
	    "a trusted issuer that Azure is not known to use",
	    "The chain is trusted by this machine's store, and neither its "
	    "issuer nor its root is one of those that Azure names.",
	    "A device that opens TLS, which this one certificate does not "
	    "prove, whoever named its root (--ca-file); or Azure has a new "
	    "authority and the list here is old.",
	    "Compare with Microsoft's list of authorities, and see who "
	    "issued it:\n"
	    "    openssl s_client -connect {address}:{port} "
	    "-servername {name} -showcerts\n"
	    "If the issuer is right, say so in the config:\n"
	    "    known_issuers: [\"COMMON NAME\"]",
	    "Microsoft: azure-certificate-authority-details"),
	ROW(WARNING, "reach", "tls-cluster-ca",
	    "the cluster's authority was not given",
	    "The API server's certificate covers the name, and is signed by an "
	    "authority named \"ca\", as each AKS cluster makes its own.",
	    "Nothing is wrong with that. But anybody can make an authority of "
	    "that name, so who answers is proven only when its certificate is "
	    "known here.",
	    "Give the cluster's root beside the system's:\n"
	    "    kubectl config view --raw -o \\\n"
	    "        "
	    "jsonpath='{.clusters[0].cluster.certificate-authority-data}' "
	    "| \\\n"
	    "        base64 -d | cat /etc/ssl/certs/ca-certificates.crt - "
	    ">roots.pem\n"
	    "    vnetprobe check --ca-file roots.pem ...",
	    "Kubernetes: PKI certificates and requirements (not verified for "
	    "AKS)"),
	ROW(ERROR, "reach", "tls-expired",
	    "the certificate is out of its dates",
	    "The certificate has expired or is not valid yet.",
	    "This machine's clock is wrong, or something other than Azure "
	    "answers with an old certificate.",
	    "Check the clock first:\n"
	    "    timedatectl\n"
	    "    openssl s_client -connect {address}:{port} "
	    "-servername {name} | openssl x509 -noout -dates -issuer",
	    "RFC 5280 section 4.1.2.5"),
	ROW(ERROR, "reach", "firewall-application-rule",
	    "a firewall connects anew to the public address",
	    "The capture shows an open connection to the right private "
	    "address, and the service tells of, or refuses, a source that is "
	    "not this machine's.",
	    "A device on the way ends the connection and connects anew. "
	    "Azure Firewall does so for traffic that an application rule "
	    "takes: it resolves the TLS server name itself, whatever address "
	    "was meant, and so reaches the public address. Nothing is wrong "
	    "with this machine's DNS.",
	    "Let traffic to the private endpoints pass by a network rule, "
	    "which comes before application rules and leaves the address "
	    "alone (--priority and --action are of a new collection; leave "
	    "them out where it exists):\n"
	    "    az network firewall network-rule create -g RG -f FIREWALL "
	    "--collection-name COLLECTION --priority 200 --action Allow "
	    "-n private-endpoints "
	    "--protocols TCP --source-addresses '*' "
	    "--destination-addresses PE_SUBNET_PREFIX --destination-ports "
	    "{port}\n"
	    "With a firewall policy:\n"
	    "    az network firewall policy rule-collection-group collection "
	    "rule add -g RG --policy-name POLICY --rcg-name GROUP "
	    "--collection-name COLLECTION -n private-endpoints "
	    "--rule-type NetworkRule --ip-protocols TCP --source-addresses '*' "
	    "--dest-addr PE_SUBNET_PREFIX --destination-ports {port}\n"
	    "Or give the firewall DNS servers that know the private zones, so "
	    "that it goes to the private endpoint itself:\n"
	    "    az network firewall update -g RG -n FIREWALL "
	    "--enable-dns-proxy true --dns-servers DNS_SERVER\n"
	    "Where no Azure Firewall is on the way, another proxy or NAT does "
	    "the same: follow the route to {address}.",
	    "Microsoft: firewall/dns-details; "
	    "key-vault/general/private-link-diagnostics"),
	ROW(ERROR, "reach", "http-network-denied",
	    "the service refuses this network",
	    "The service's own answer says that this network is not allowed "
	    "or that public access is disabled.",
	    "The address looks private, but the service saw the request come "
	    "by its public path: a firewall's application rule connected "
	    "anew, or the private endpoint is not approved. Where the "
	    "service tells which source it saw, the first is told apart as "
	    "firewall-application-rule.",
	    "If a firewall stands on the way, let traffic to private endpoints "
	    "pass by a network rule, not an application rule. And see whether "
	    "the endpoint's connection is approved:\n" ENDPOINT_CONNECTIONS "\n"
	    "Where a service endpoint is expected, this machine's subnet has "
	    "to have it, and the service to allow the subnet:\n"
	    "    az network vnet subnet show -g RG --vnet-name VNET "
	    "-n SUBNET --query serviceEndpoints",
	    "Microsoft: firewall/dns-details, "
	    "container-registry-firewall-rules, storage-private-endpoints"),
	ROW(WARNING, "reach", "http-refused",
	    "the service refuses and does not tell why",
	    "It answers 403 to a request without credentials, by a code or in "
	    "words that no row of docs/signatures.md has for the network or "
	    "for credentials. (Told as information for services that may "
	    "answer any stranger so; of storage it leaves open whether the "
	    "right way was used.)",
	    "A network rule of the service may not allow this machine, or a "
	    "device on the way may have connected anew or refused itself; or "
	    "it is only the want of credentials.",
	    "See what is refused and why in the service's own log, or ask once "
	    "with credentials from this machine: what is still refused then is "
	    "refused by the network. See whether the private endpoint's "
	    "connection is approved:\n" ENDPOINT_CONNECTIONS,
	    "vnetprobe: docs/signatures.md"),
	ROW(ERROR, "reach", "service-saw-other-source",
	    "the service saw the request come from elsewhere",
	    "The service tells the address it was called from, and it is "
	    "none of this machine's.",
	    "Something between translates addresses or connects anew: a "
	    "proxy, a NAT gateway or a firewall. A public address means the "
	    "private path was not used. A private one, over a private link "
	    "and by no other endpoint than the expected, is only a warning: "
	    "AKS gives pods their node's address, and a router may translate.",
	    "Follow the route to {address} and take the device out of the "
	    "way:\n"
	    "    ip route get {address}\n"
	    "    az network nic show-effective-route-table -g RG -n NIC "
	    "-o table\n"
	    "Where a service endpoint is expected, see whether this machine's "
	    "subnet has it:\n"
	    "    az network vnet subnet show -g RG --vnet-name VNET "
	    "-n SUBNET --query serviceEndpoints",
	    "Microsoft: key-vault/general/private-link-diagnostics "
	    "(x-ms-keyvault-network-info)"),
	ROW(ERROR, "reach", "service-names-other-endpoint",
	    "the service was reached through another private endpoint",
	    "The service names the private endpoint that the request came "
	    "by, and it is not the one that this name is expected to have.",
	    "The record, or a device on the way, leads to another private "
	    "endpoint of the same service: one of another VNet, or one that "
	    "was made twice. Whoever deletes that endpoint cuts this machine "
	    "off.",
	    "See which endpoints the service has, and write the right one's "
	    "address into the record:\n" ENDPOINT_CONNECTIONS "\n"
	    "    az network private-dns record-set a show -g RG -z {zone} "
	    "-n {label}\n"
	    "If {what} is the right one, say so in the config:\n"
	    "    key_vaults:\n"
	    "      - name: {account}\n"
	    "        private_endpoint: {what}",
	    "Microsoft: key-vault/general/private-link-diagnostics "
	    "(x-ms-keyvault-network-info)"),
	ROW(WARNING, "reach", "service-source-unclear",
	    "whom the service was called by is not clear",
	    "The header by which a Key Vault tells its caller's address has "
	    "none that can be read, or several that differ.",
	    "The address is what proves the way. Something between may write "
	    "the header, or Azure writes it in a form not known here.",
	    "See the header as it comes, and report a form that is not known:\n"
	    "    curl -si https://{name}/healthstatus | grep -i network-info",
	    "docs/sources.md: K1"),
	ROW(WARNING, "reach", "service-endpoint-used",
	    "the service was not called over a private link",
	    "The service saw this machine's own private address and a "
	    "connection that is no private link.",
	    "That is how a service endpoint looks. The traffic stays in "
	    "Azure, but the service's firewall decides by subnet, and the "
	    "private endpoint is not what was used. The words for it were "
	    "seen in few places only, hence no error.",
	    "If service endpoints are meant, expect them:\n"
	    "    expect: service-endpoint\n"
	    "Else see whether this subnet has one, and whether the endpoint's "
	    "connection is approved:\n"
	    "    az network vnet subnet show -g RG --vnet-name VNET "
	    "-n SUBNET --query serviceEndpoints\n" ENDPOINT_CONNECTIONS,
	    "Microsoft: key-vault/general/private-link-diagnostics"),
	ROW(ERROR, "reach", "http-silent",
	    "TLS works, but the service does not answer",
	    "The request was sent and no HTTP answer came in time.",
	    "The front end cannot reach the service behind it, or a device "
	    "holds the request back.",
	    "Ask again by hand:\n"
	    "    curl -sv --max-time 20 --connect-to ::{address}: "
	    "https://{name}:{port}/",
	    "RFC 9110"),
	ROW(ERROR, "reach", "http-failed", "the HTTP answer broke off",
	    "The connection was closed before an answer, or the answer is not "
	    "HTTP.",
	    "Something other than the service answers, or a device cuts the "
	    "connection.",
	    "Ask again by hand:\n"
	    "    curl -sv --max-time 20 --connect-to ::{address}: "
	    "https://{name}:{port}/",
	    "RFC 9112"),
	ROW(WARNING, "reach", "http-foreign",
	    "the answer lacks what this service always sends",
	    "An HTTP answer came, without the headers that this kind of "
	    "service always adds.",
	    "Another web server may sit at this address, or a proxy rewrites "
	    "the answers.",
	    "Look at the answer:\n"
	    "    curl -sv --max-time 20 --connect-to ::{address}: "
	    "https://{name}:{port}/",
	    "Microsoft: key-vault/general/private-link-diagnostics"),
	ROW(WARNING, "reach", "proxy-configured",
	    "a proxy is set in the environment",
	    "Variables such as https_proxy are set, here or in a file that "
	    "puts them into every login. vnetprobe did not use them. The "
	    "table of the report has, for each target, what curl, Python and "
	    "Go make of them: they read no_proxy differently.",
	    "Programs that do use them let the proxy resolve the names: they "
	    "may take a public path although this report is good.",
	    "Exempt these names from the proxy, each by itself: a whole suffix "
	    "would exempt public services too, which may have no other way "
	    "out. This adds to what is exempt already:\n"
	    "    no_proxy=\"${no_proxy:+$no_proxy,}169.254.169.254\"\n"
	    "    no_proxy=\"$no_proxy,168.63.129.16\"\n"
	    "    no_proxy=\"$no_proxy,{names}\"\n"
	    "    export no_proxy NO_PROXY=\"$no_proxy\"\n"
	    "For good, write the whole list into /etc/environment, which "
	    "expands no variables:\n"
	    "    env | grep -i '^no_proxy=' | sudo tee -a /etc/environment\n"
	    "Prefixes such as 10.0.0.0/8 exempt addresses, never names.",
	    "Microsoft: how-to-troubleshoot-secure-connection-workspace; "
	    "curl(1), ENVIRONMENT"),
	ROW(WARNING, "reach", "proxy-takes-metadata",
	    "a proxy would be asked for the machine's metadata",
	    "http_proxy is set, and no_proxy lacks 169.254.169.254 or "
	    "168.63.129.16.",
	    "These addresses exist on this machine's host only. Through a "
	    "proxy they answer for the proxy's machine, or not at all: "
	    "tokens of managed identities fail, or are another machine's.",
	    "Exempt both, in small and in capital letters:\n"
	    "    no_proxy=\"${no_proxy:+$no_proxy,}169.254.169.254\"\n"
	    "    no_proxy=\"$no_proxy,168.63.129.16\"\n"
	    "    export no_proxy NO_PROXY=\"$no_proxy\"",
	    "Microsoft: virtual-machines/instance-metadata-service, "
	    "what-is-ip-address-168-63-129-16"),
	ROW(WARNING, "reach", "proxy-script",
	    "a proxy configuration script is set",
	    "A variable names a script (PAC) that chooses proxies by name.",
	    "The script was not fetched. Browsers and some programs obey it: "
	    "they may take a public path although this report is good.",
	    "See what it says of the private names:\n"
	    "    curl -s {what}\n"
	    "and have it return DIRECT for them.",
	    "Microsoft: how-to-troubleshoot-secure-connection-workspace"),
	ROW(INFO, "reach", "proxy-exempt",
	    "a proxy is set, and the targets are not reached by it",
	    "Variables such as http_proxy are set, and no target would be "
	    "asked through them by curl, Python or Go.",
	    "Programs with those rules go to the targets directly, as "
	    "vnetprobe did.",
	    "Nothing to do. A new target has to be exempt as well.",
	    "curl(1), ENVIRONMENT"),
	ROW(WARNING, "reach", "route-unexpected",
	    "the route to a private address looks odd",
	    "The kernel would send packets for a private address by an "
	    "interface that is not the VNet's.",
	    "A VPN or container network overlaps the VNet's addresses.",
	    "Look at the routes:\n"
	    "    ip route get {address}",
	    "ip-route(8)"),
};

const struct vp_findings_family vp_findings_reach = { rows,
	                                              VP_FINDINGS_COUNT(rows) };
