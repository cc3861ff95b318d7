# public-workspace: the workspace and its endpoints are public, its resources are
# behind private endpoints.
breaks='vault-zone workspace-closed workspace-zone'
asked='7 8 9 10 11 13 14 15 16 17 18'
plan_packets='tcp port 443 and (net 198.51.100.0/24 or host 203.0.113.37)'
setup() {
  azure_full
  azure_no_endpoint workspace
  azure_access accept workspace instances notebooks inference models
  azure_config public-workspace
}

break_vault-zone() {
  want 1 dns-zone-not-linked
  break_it() { zone_unlink privatelink.vaultcore.azure.net; }
}

# Its public network access was switched off.
break_workspace-closed() {
  want 1 http-network-denied
  break_it() { azure_access deny workspace; }
}

# Somebody gave it a private endpoint after all, and linked the zone.
break_workspace-zone() {
  want 0 dns-private-unexpected
  plan_packets+=' or (tcp port 443 and host 10.20.2.4)'
  break_it() {
    local label
    for label in "$GUID.workspace.$REGION" "$GUID.workspace.$REGION.cert"; do
      record_set public api.azureml.ms "$label" "CNAME $label.privatelink"
    done
    private_zone privatelink.api.azureml.ms <<END
$GUID.workspace.$REGION A 10.20.2.4
$GUID.workspace.$REGION.cert A 10.20.2.4
END
  }
}
