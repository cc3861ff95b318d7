# Row 11 as CoreDNS plays it: behind one address one of two servers is asked, as
# it comes, and one of them asks a public resolver.
command=dns
row=11
want_status=1
want_first=dns-unstable
DNS_ARGS=(--rounds 6)
# Which round meets which server depends on the applications' questions between:
# of few rounds it could look like row 5.
DNS_ARGS=(--rounds 8 --round-interval 100ms)
setup() {
  resolvers "$DNSMASQ"
  more_servers "$UNBOUND"
  # In turn and not at random, so that some rounds see the other.
  router_divert ip daddr "$DNSMASQ" meta l4proto "{ tcp, udp }" th dport 53 \
    dnat ip to numgen inc mod 2 map "{ 0 : $UNBOUND, 1 : $DNSMASQ }"
}
break_it() { forward_to dnsmasq "$PUBLIC_DNS"; }
