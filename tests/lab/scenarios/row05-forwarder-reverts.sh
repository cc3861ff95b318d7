# Row 5. As row 4, with a server that does as Windows does: at first it asks for
# the alias by its own rules and is right (BIND), later it hands out what its
# general forwarder said (dnsmasq). The router leads the questions of the first
# round to the one, later ones to the other; the alias asked directly is private.
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
  # A round's sockets: one for all questions, and getaddrinfo()'s for each of
  # ten names. TCP is asked in the first round only.
  router_divert ip daddr "$DNSMASQ" udp dport 53 limit rate 1/day burst 11 packets \
    dnat ip to "$BIND"
  router_divert ip daddr "$DNSMASQ" tcp dport 53 dnat ip to "$BIND"
}
