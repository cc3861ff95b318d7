# sentinel: Microsoft Sentinel's notebooks on a public workspace; they ask Log
# Analytics.
breaks='loganalytics-blocked workspace-closed'
asked=''
plan_packets='tcp port 443 and (net 198.51.100.0/24 or net 203.0.113.0/24) or (tcp port 445 and host 203.0.113.21)'
setup() {
  azure_full
  azure_no_endpoint workspace blob file queue table dfs vault registry search ai
  azure_access accept
  azure_front loganalytics
  silent pub 203.0.113.21 445
  azure_config sentinel
  azure_target api.loganalytics.io
  azure_target management.azure.com
}

break_loganalytics-blocked() {
  want 1 tcp-timeout
  break_it() { router_rule ip daddr 203.0.113.34 drop; }
}

break_workspace-closed() {
  want 1 http-network-denied
  break_it() { azure_access deny workspace; }
}
