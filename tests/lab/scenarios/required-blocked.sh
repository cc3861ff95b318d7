# What is public by design is probed as well, and the network lets all of it out
# but sign-in: the resources are reached, and nobody gets a token for them.
want_status=1
want_findings=tcp-timeout
want_count=1
CHECK_ARGS=(--probe-required)
plan_packets=$REQUIRED_PACKETS
setup() { azure_required; }
break_it() { router_rule ip daddr 203.0.113.31 tcp dport 443 drop; }
