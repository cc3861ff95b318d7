# As firewall-application-rule, with the vault: its answer to a request without
# a token is the same by both paths, but it says which address it saw, a public
# one.
row=21
want_first=firewall-application-rule
want_status=1
want_findings=firewall-application-rule
break_it() { router_divert ip daddr 10.20.2.9 tcp dport 443 dnat ip to 203.0.113.22; }
