# Both resolvers send the zones on their list to Azure DNS and everything else
# to a public resolver; vault.azure.net is not on the list.
want_status=1
want_findings=dns-zone-not-linked
break_it() {
  local zone
  for zone in azureml.ms notebooks.azure.net inference.ml.azure.com core.windows.net azurecr.io; do
    UNBOUND_CLAUSES+="
forward-zone:
  name: $zone
  forward-addr: $AZURE_DNS"
    DNSMASQ_OPTIONS+="
server=/$zone/$AZURE_DNS"
  done
  forward_to unbound "$PUBLIC_DNS"
  forward_to dnsmasq "$PUBLIC_DNS"
}
