# resolv.conf names a public resolver beside the VNet's own. It is this
# machine's configuration, so it is asked; every target's name left the VNet.
want_status=1
want_findings='dns-public-resolver dns-resolvers-disagree dns-zone-not-linked'
plan_packets='host 203.0.113.53 and port 53'
break_it() { resolvers "$UNBOUND" "$PUBLIC_DNS"; }
