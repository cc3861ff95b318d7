# The vault has no approved private endpoint anywhere: no privatelink alias at
# all, a public address.
want_status=1
want_findings=dns-no-private-endpoint
break_it() { no_private_endpoint vault; }
