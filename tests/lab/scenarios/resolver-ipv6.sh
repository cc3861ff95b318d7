# The first resolver is reached over IPv6, as in a dual-stack VNet.
want_status=0
want_findings=''
twin=no # nothing is broken
setup() { resolvers "$UNBOUND6" "$DNSMASQ"; }
