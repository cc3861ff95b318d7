# HTTPS to the file share works, TCP 445 is dropped on the way: mounts of the
# workspace's file share hang.
want_status=1
want_findings=tcp-timeout
break_it() { router_rule ip daddr 10.20.2.8 tcp dport 445 drop; }
