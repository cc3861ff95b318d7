# managed-vnet: compute is in a network of Microsoft's, with endpoints of its own
# that we do not see; we come from our VNet, by our endpoints.
breaks='its-endpoint no-endpoint'
setup() {
  azure_full
  azure_config managed-vnet
}

# Our zone got the address of the managed network's endpoint, where no route
# leads.
break_its-endpoint() {
  want 1 tcp-timeout dns-outside-vnet
  plan_packets='host 10.208.0.7 and tcp port 443'
  break_it() {
    record_set private privatelink.vaultcore.azure.net kv-lab 'A 10.208.0.7'
    router_rule ip daddr 10.208.0.7 drop
  }
}

# The managed network has an endpoint of the search service, ours has none; to
# us its name leads to the public address.
break_no-endpoint() {
  want 1 dns-no-private-endpoint
  break_it() { azure_no_endpoint search; }
}
