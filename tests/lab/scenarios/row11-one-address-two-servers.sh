# Row 11 as CoreDNS plays it: behind one address one of two servers is asked, as
# it comes, and one of them asks a public resolver.
command=dns
row=11
want_status=1
want_first=dns-unstable
# Which round meets which server depends on the applications' questions between:
# of few rounds it could look like row 5.
DNS_ARGS=(--rounds 8 --round-interval 100ms)
setup() {
  resolvers "$DNSMASQ"
  more_servers "$UNBOUND"
  # In turn and not at random, so that some rounds see the other; by five and not
  # by two, which rounds of four questions would keep in step with until one is
  # asked again: first right, then wrong, as in row 5.
  router_divert ip daddr "$DNSMASQ" meta l4proto "{ tcp, udp }" th dport 53 \
    dnat ip to numgen inc mod 5 map "{ 0 : $UNBOUND, 1 : $DNSMASQ, 2 : $UNBOUND, 3 : $DNSMASQ, 4 : $DNSMASQ }"
}
break_it() { forward_to dnsmasq "$PUBLIC_DNS"; }
