# Row 11 as CoreDNS plays it: behind one address every question goes to one of
# two servers by chance, and one of them asks a public resolver.
command=dns
row=11
want_status=1
want_first=dns-unstable
DNS_ARGS=(--rounds 6)
setup() {
  resolvers "$DNSMASQ"
  more_servers "$UNBOUND"
  router_divert ip daddr "$DNSMASQ" meta l4proto "{ tcp, udp }" th dport 53 \
    dnat ip to numgen random mod 2 map "{ 0 : $UNBOUND, 1 : $DNSMASQ }"
}
break_it() { forward_to dnsmasq "$PUBLIC_DNS"; }
