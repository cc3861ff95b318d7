# Row 6. Both zones of the vault are missing on the list of conditional
# forwarders of three servers: what they are asked about it goes to a public
# resolver.
command=dns
row=6
want_status=1
want_first=dns-forwarder-lacks-zone
setup() {
  local server
  resolvers "$UNBOUND" "$DNSMASQ" "$BIND"
  for server in unbound dnsmasq bind; do forward_to $server "$PUBLIC_DNS"; done
  conditional_forwarders "$AZURE_DNS" "${FORWARD_ZONES[@]}"
}
break_it() { conditional_forwarder_remove vault.azure.net vaultcore.azure.net; }
