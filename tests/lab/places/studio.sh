# studio: a browser on this machine. It needs studio's own front end, which is
# public, and the account's blob, file, table and dfs.
breaks='front-door file-endpoint dfs-zone'
plan_packets='tcp port 443 and host 203.0.113.32'
setup() {
  azure_full
  azure_config studio
  azure_target ml.azure.com
}

break_front-door() {
  want 1 tcp-timeout
  break_it() { router_rule ip daddr 203.0.113.32 drop; }
}

break_file-endpoint() {
  want 1 dns-no-private-endpoint
  break_it() { azure_no_endpoint file; }
}

break_dfs-zone() {
  want 1 dns-zone-not-linked
  break_it() { zone_unlink privatelink.dfs.core.windows.net; }
}
