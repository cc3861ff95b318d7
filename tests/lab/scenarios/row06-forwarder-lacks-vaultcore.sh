# Row 6. vault.azure.net is on the list of conditional forwarders, the zone that
# its aliases lead to, vaultcore.azure.net, is not. unbound and BIND ask for the
# alias anew and get what a public resolver knows. (dnsmasq hands on Azure DNS's
# whole answer and would be right.)
command=dns
row=6
want_status=1
want_first=dns-forwarder-lacks-zone
touches='vault resolv.conf unbound dnsmasq'
setup() {
  local server
  resolvers "$UNBOUND" "$BIND"
  for server in unbound dnsmasq bind; do forward_to $server "$PUBLIC_DNS"; done
  conditional_forwarders "$AZURE_DNS" "${FORWARD_ZONES[@]}"
}
break_it() { conditional_forwarder_remove vaultcore.azure.net; }
