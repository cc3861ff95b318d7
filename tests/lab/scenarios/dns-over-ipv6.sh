# The first server is listed with its IPv6 address.
command=dns
twin=no # nothing is broken
setup() { resolvers "$UNBOUND6" "$DNSMASQ"; }
