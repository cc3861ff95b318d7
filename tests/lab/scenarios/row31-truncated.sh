# Row 31: the first server truncates what exceeds its small UDP limit, and a
# firewall drops TCP 53. In the twin TCP is open, and truncation does no harm.
command=dns
row=31
touches='unbound'
want_first=dns-tcp-blocked
want_status=1
setup() { UNBOUND_SERVER='  max-udp-size: 140'; }
break_it() { router_rule ip daddr "$UNBOUND" tcp dport 53 drop; }
