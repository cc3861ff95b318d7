# The second of the two resolvers is gone: its packets are dropped. The names
# are right at the first, so nothing but the silence is found.
want_status=1
want_findings=dns-timeout
break_it() { router_rule ip daddr "$DNSMASQ" drop; }
