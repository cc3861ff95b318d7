# The second resolver is a BIND that does not serve this subnet: REFUSED.
want_status=1
want_findings=dns-refused
setup() { resolvers "$UNBOUND" "$BIND"; }
break_it() { BIND_CLIENTS=10.20.9.0/24; }
