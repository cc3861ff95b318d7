# Row 22: the VNet's DNS is the proxy of an Azure Firewall in the hub (dnsmasq
# plays it), and the zones are linked to the spoke only, where nobody asks from.
# In the twin they are linked to the hub and the spoke's own Azure DNS answers
# publicly, which is how it should be (domain 5.1 no. 4).
command=dns
row=22
want_first=dns-proxy-not-linked
want_status=1
setup() {
  resolvers "$DNSMASQ"
  LINKED_FROM=10.20.0.0/24
  cat >>/run/lab/vnetprobe.yaml <<CONFIG
dns_servers:
  - address: $DNSMASQ
    kind: azure-firewall
CONFIG
}
break_it() { LINKED_FROM=10.20.1.0/24; }
