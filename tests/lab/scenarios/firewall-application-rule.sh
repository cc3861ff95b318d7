# A firewall's application rule takes the connection to the registry's private
# address, looks the SNI up itself and goes on to the public front end: the
# capture shows private packets only, the service tells which source it refused.
row=21
want_first=firewall-application-rule
want_status=1
want_findings=firewall-application-rule
break_it() { router_divert ip daddr 10.20.2.10 tcp dport 443 dnat ip to 203.0.113.23; }
