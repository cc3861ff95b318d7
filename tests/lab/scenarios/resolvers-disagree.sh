# The second resolver forwards to a public resolver: private at
# one, public at the other. Both the disagreement and its cause are named.
want_status=1
want_findings=dns-resolvers-disagree
break_it() { forward_to dnsmasq "$PUBLIC_DNS"; }
