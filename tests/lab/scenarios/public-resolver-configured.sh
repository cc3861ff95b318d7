# resolv.conf names a public resolver beside the VNet's own. vnetprobe asks it as
# applications do, and so the targets' names left the VNet: the packets decide,
# not whether somebody configured it. (A --resolver on the command line is asked
# on purpose and is no leak.)
want_status=4
want_findings='leak-dns dns-public-resolver'
plan_packets='host 203.0.113.53 and port 53'
break_it() { resolvers "$UNBOUND" "$PUBLIC_DNS"; }
