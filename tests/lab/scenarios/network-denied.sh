# TCP, TLS and certificate are right at the private address, but the service
# says that we came by a network it does not allow.
want_status=1
want_findings=http-network-denied
break_it() { front -a deny pe blob blob 10.20.2.7; }
