# The second resolver truncates over UDP, and TCP 53 is closed to us: the answer
# cannot be had.
want_status=1
want_findings=dns-tcp-blocked
break_it() { resolver_hostile no-tcp "$DNSMASQ"; }
