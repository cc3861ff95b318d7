# Row 6. inference.ml.azure.com is not on the list: the online endpoint is
# public, everything else private. (unbound and BIND ask for the alias anew, in
# api.azureml.ms, and would be right.)
command=dns
row=6
want_status=1
want_first=dns-forwarder-lacks-zone
touches='inference resolv.conf unbound dnsmasq'
setup() {
  local server
  resolvers "$DNSMASQ"
  for server in unbound dnsmasq bind; do forward_to $server "$PUBLIC_DNS"; done
  conditional_forwarders "$AZURE_DNS" "${FORWARD_ZONES[@]}"
}
break_it() { conditional_forwarder_remove inference.ml.azure.com; }
