# Row 15. A second Azure Monitor private link scope wrote the same zones: the
# names that all workspaces share lead into its network. The workspace's own
# name is still right.
command=dns
row=15
want_status=1
want_first=dns-monitor-overwritten
touches='monitor resolv.conf'
setup() {
  local name
  azure_monitor
  printf 'targets:\n' >>/run/lab/vnetprobe.yaml
  for name in api.monitor.azure.com "$REGION-8.in.applicationinsights.azure.com"; do
    printf '  - name: %s\n    addresses: [10.20.2.20]\n    expect: private\n' "$name" >>/run/lab/vnetprobe.yaml
  done
  printf '  - name: %s\n    addresses: [10.20.2.21]\n    expect: private\n' \
    "$MONITOR_WORKSPACE.ods.opinsights.azure.com" >>/run/lab/vnetprobe.yaml
}
break_it() {
  record_set private privatelink.monitor.azure.com api 'A 10.30.7.20'
  record_set private privatelink.monitor.azure.com "$REGION-8.in.ai" 'A 10.30.7.20'
}
