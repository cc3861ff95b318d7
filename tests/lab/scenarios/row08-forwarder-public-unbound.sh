# Row 8. The only server, unbound, forwards to a public resolver; Azure DNS would be
# right.
command=dns
row=8
want_status=1
want_first=dns-forwarder-public
setup() { resolvers "$UNBOUND"; }
break_it() { forward_to unbound "$PUBLIC_DNS"; }
