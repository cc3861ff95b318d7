# custom-dns: the VNet's own servers forward Azure's public zones to Azure DNS and
# everything else to the Internet.
command=dns
breaks='zone-missing privatelink-zone own-zone'
setup() {
  azure_full
  azure_config custom-dns
  FORWARD_ZONES+=(queue.core.windows.net table.core.windows.net dfs.core.windows.net
    models.ai.azure.com search.windows.net cognitiveservices.azure.com openai.azure.com
    services.ai.azure.com instances.ml.azure.ms)
  conditional_forwarders "$AZURE_DNS" "${FORWARD_ZONES[@]}"
  forward_to unbound "$PUBLIC_DNS"
  forward_to dnsmasq "$PUBLIC_DNS"
}

break_zone-missing() {
  want 1 dns-forwarder-lacks-zone
  break_it() { conditional_forwarder_remove search.windows.net; }
}

break_privatelink-zone() {
  want 1 dns-forwarder-wrong-zone
  break_it() {
    conditional_forwarder_remove table.core.windows.net
    conditional_forwarders "$AZURE_DNS" privatelink.table.core.windows.net
  }
}

break_own-zone() {
  want 1 dns-zone-shadowed
  break_it() { UNBOUND_SERVER='  local-zone: "vault.azure.net." static'; }
}
