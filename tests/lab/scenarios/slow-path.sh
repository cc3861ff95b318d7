# Nothing is wrong, but every round trip takes 20 ms.
want_status=0
want_findings=''
rtt=20
twin=no # nothing is broken
