# Row 5. As row 4, with a server that does as Windows does: at first it asks for
# the alias by its own rules and is right (BIND), later it hands out what its
# general forwarder said (dnsmasq). The router leads the first questions for each
# name to the one, later ones to the other; the alias asked directly is private
# at both.
command=dns
row=5
want_status=1
want_first=dns-forwarder-reverts
setup() { resolvers "$DNSMASQ"; }
break_it() {
  conditional_forwarders "$AZURE_DNS" "${PRIVATELINK_ZONES[@]}"
  forward_to dnsmasq "$PUBLIC_DNS"
  forward_to bind "$PUBLIC_DNS"
  more_servers "$BIND"
  # In a round: A, AAAA, and one of getaddrinfo().
  first_questions divert 4 "dnat ip to $BIND" ip daddr "$DNSMASQ"
  router_divert ip daddr "$DNSMASQ" tcp dport 53 dnat ip to "$BIND"
}
