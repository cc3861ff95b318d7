# Row 8. The only server, dnsmasq, forwards to a public resolver; Azure DNS would be
# right.
command=dns
row=8
want_status=1
want_first=dns-forwarder-public
setup() { resolvers "$DNSMASQ"; }
break_it() { forward_to dnsmasq "$PUBLIC_DNS"; }
