# Behind the stub one of the two servers asks a public resolver: through the stub
# alone it looks right or wrong by chance.
want_status=1
want_findings=dns-resolvers-disagree
setup() { stub_resolver; }
break_it() { forward_to dnsmasq "$PUBLIC_DNS"; }
