# no-vnet: everything public, and in service for everybody.
breaks='inspected storage-firewall left-over-zone'
asked=''
plan_packets='tcp port 443 and (net 198.51.100.0/24 or net 203.0.113.0/24) or (tcp port 445 and host 203.0.113.21)'
setup() {
  azure_full
  azure_no_endpoint workspace blob file queue table dfs vault registry search ai
  azure_access accept
  silent pub 203.0.113.21 445
  azure_config no-vnet
}

# A firewall on the way opens TLS, with a CA that this machine does not know.
break_inspected() {
  want 1 tls-intercepted
  CHECK_ARGS+=(--timeout 3s) # opening TLS takes its time
  break_it() {
    lab_firewall
    firewall_opens workspace instances notebooks inference models blob file queue table dfs \
      vault registry data geo search ai
  }
  break_running() { firewall_start; }
}

# The account was set to selected networks, and ours is none of them.
break_storage-firewall() {
  want 1 http-network-denied
  break_it() { azure_access deny blob; }
}

# A private zone is still linked, with the record of an endpoint that is gone.
break_left-over-zone() {
  want 1 tcp-timeout dns-private-unexpected
  plan_packets+=' or (tcp port 443 and host 10.20.2.29)'
  break_it() {
    record_set public vault.azure.net kv-lab 'CNAME kv-lab.privatelink.vaultcore.azure.net.'
    record_set private privatelink.vaultcore.azure.net kv-lab 'A 10.20.2.29'
    router_rule ip daddr 10.20.2.29 drop
  }
}
