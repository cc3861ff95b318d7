# Row 4. dnsmasq sends privatelink.* to Azure DNS and everything else to a public
# resolver. That one follows the alias itself, and dnsmasq hands its answer on:
# public. It keeps the chain, too, so that the alias asked directly comes from the
# cache and is public as well; whose SOA it sees for the zone tells. (BIND and
# unbound ask for the alias anew: dns-requeries.)
command=dns
row=4
want_status=1
want_first=dns-forwarder-wrong-zone
setup() { resolvers "$DNSMASQ"; }
break_it() {
  conditional_forwarders "$AZURE_DNS" "${PRIVATELINK_ZONES[@]}"
  forward_to dnsmasq "$PUBLIC_DNS"
}
