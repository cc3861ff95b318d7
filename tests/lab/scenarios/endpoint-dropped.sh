# Names are right, but a firewall or a missing route swallows what goes to the
# vault's private endpoint.
want_status=1
want_findings=tcp-timeout
break_it() { router_rule ip daddr 10.20.2.9 drop; }
