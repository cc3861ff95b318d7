# Row 31, before it hurts: TCP 53 of the first server is dropped on the way, and
# no answer is long enough to need it yet.
command=dns
row=31
touches='unbound'
want_first=dns-tcp-blocked
want_status=0
break_it() { router_rule ip daddr "$UNBOUND" tcp dport 53 drop; }
