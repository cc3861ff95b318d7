# The second resolver is a BIND whose forwarder refuses its packets: SERVFAIL.
want_status=1
want_findings=dns-servfail
setup() { resolvers "$UNBOUND" "$BIND"; }
break_it() {
  forward_to bind 10.20.2.99
  router_rule ip daddr 10.20.2.99 reject
}
