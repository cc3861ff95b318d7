# service-endpoints: storage and vault at their public addresses, which see our
# private one; the rest behind private endpoints.
breaks='switched-off vault-by-nat registry-public'
asked='4 5 6 10 11 12 16 17 18'
plan_packets='tcp port 443 and net 203.0.113.16/28 or (tcp port 445 and host 203.0.113.21)'
setup() {
  azure_full
  azure_no_endpoint blob file queue table dfs vault
  silent pub 203.0.113.21 445
  lab_service_endpoint 203.0.113.20 203.0.113.21 203.0.113.22 203.0.113.25 203.0.113.26 203.0.113.27
  azure_config service-endpoints
}

# The same packets on this machine; the services see the NAT's address.
break_switched-off() {
  want 1 http-network-denied service-saw-other-source
  break_it() { in_ns router nft flush set inet lab service_endpoints; }
}

# The subnet has Microsoft.Storage and not Microsoft.KeyVault.
break_vault-by-nat() {
  want 1 service-saw-other-source
  break_it() {
    in_ns router nft delete element inet lab service_endpoints '{ 203.0.113.22 }'
  }
}

# No service endpoint helps with a registry.
break_registry-public() {
  want 1 dns-no-private-endpoint
  break_it() { azure_no_endpoint registry; }
}
