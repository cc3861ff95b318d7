# aks: a cluster whose control plane is public, with a certificate of the
# cluster's own CA; its nodes pull from the private registry.
breaks='authorized-ranges registry-data'
plan_packets='tcp port 443 and host 203.0.113.40'
setup() {
  azure_full
  azure_config aks
  azure_aks public
}

# The API server has authorized ranges, which our NAT's address is not in.
break_authorized-ranges() {
  want 1 tcp-timeout
  break_it() { router_rule ip daddr 203.0.113.40 drop; }
}

break_registry-data() {
  want 1 dns-registry-data-missing
  break_it() { record_remove private privatelink.azurecr.io "crlab.$REGION.data"; }
}
