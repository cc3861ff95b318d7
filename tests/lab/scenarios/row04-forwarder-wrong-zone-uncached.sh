# Row 4 with a server that keeps nothing: the alias asked directly is private.
command=dns
row=4
want_status=1
want_first=dns-forwarder-wrong-zone
setup() {
  resolvers "$DNSMASQ"
  DNSMASQ_OPTIONS=cache-size=0
}
break_it() {
  conditional_forwarders "$AZURE_DNS" "${PRIVATELINK_ZONES[@]}"
  forward_to dnsmasq "$PUBLIC_DNS"
}
