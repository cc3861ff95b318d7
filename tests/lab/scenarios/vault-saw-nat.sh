# As firewall-application-rule, with the vault: its answer to a request without
# a token is the same by both paths, but it says which address it saw.
want_status=1
want_findings=service-saw-other-source
break_it() { router_divert ip daddr 10.20.2.9 tcp dport 443 dnat ip to 203.0.113.22; }
