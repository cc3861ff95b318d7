# Correct design 3: the machine and its servers (unbound, dnsmasq) are outside
# Azure. They forward the public zones to an inbound endpoint in the VNet (BIND
# plays it) and everything else to the Internet; 168.63.129.16 does not answer
# here, and the zones are linked where the endpoint is.
command=dns
twin=no # nothing is broken
DNS_ARGS=(--azure-dns never)
setup() {
  local zone
  LINKED_FROM=$BIND
  router_rule iifname client ip daddr "$AZURE_DNS" drop
  forward_to unbound "$PUBLIC_DNS"
  forward_to dnsmasq "$PUBLIC_DNS"
  for zone in api.azureml.ms notebooks.azure.net instances.azureml.ms aznbcontent.net \
    inference.ml.azure.com blob.core.windows.net file.core.windows.net \
    vault.azure.net vaultcore.azure.net azurecr.io; do
    UNBOUND_CLAUSES+="
forward-zone:
  name: $zone
  forward-addr: $BIND"
    DNSMASQ_OPTIONS+="
server=/$zone/$BIND"
  done
}
running() { lab_bind; }
