# sentinel-private: the same on a private workspace, from a jump box that people
# come to through Bastion, whose subnet is in the VNet. Log Analytics has a
# private link scope.
breaks='comes-from-outside api-zone second-scope'
asked='4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 20 21'
plan_packets='tcp port 443 and host 203.0.113.34'
usual_packets='tcp port 22 and host 10.20.4.4'
setup() {
  azure_full
  azure_front loganalytics
  azure_config sentinel-private
  azure_target api.loganalytics.io 'expect: public'
  azure_setting 'monitor:' "  log_analytics: [$MONITOR_WORKSPACE]" "  ingestion: [$REGION-8]" \
    '  addresses: [10.20.2.20, 10.20.2.21]'
  ip -n pe addr add 10.20.4.4/24 dev eth0
  ip -n router route add 10.20.4.0/24 dev pe
}
running() { azure_listener 22; }
usual() { during in_ns pe curl -s -m 0.3 --interface 10.20.4.4 "http://$CLIENT:22/"; }

# Past Bastion: the jump box has a public IP address.
break_comes-from-outside() {
  want 1 inbound-public
  app_packets='tcp port 22 and host 203.0.113.99'
  app() { azure_inbound 203.0.113.99 22; }
}

break_api-zone() {
  want 1 dns-workspace-zone-missing
  break_it() { zone_unlink privatelink.api.azureml.ms; }
}

# Another scope's endpoint wrote the zone that all of them share.
break_second-scope() {
  want 1 dns-monitor-overwritten
  plan_packets+=' or (tcp port 443 and host 10.30.7.20)' strays=any
  break_it() {
    record_set private privatelink.monitor.azure.com api 'A 10.30.7.20'
    record_set private privatelink.monitor.azure.com "$REGION-8.in.ai" 'A 10.30.7.20'
  }
}
