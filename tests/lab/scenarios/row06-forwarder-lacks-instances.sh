# Row 6. instances.azureml.ms is not on the list: the compute instance is public,
# the workspace private.
command=dns
row=6
want_status=1
want_first=dns-forwarder-lacks-zone
touches='instances resolv.conf unbound dnsmasq'
setup() {
  local server
  resolvers "$DNSMASQ"
  for server in unbound dnsmasq bind; do forward_to $server "$PUBLIC_DNS"; done
  conditional_forwarders "$AZURE_DNS" "${FORWARD_ZONES[@]}"
}
break_it() { conditional_forwarder_remove instances.azureml.ms; }
