# Row 12. The VNet's list of DNS servers was changed; this machine still has the
# lease with the old server, which forwards to its provider.
command=dns
row=12
want_status=1
want_first=dns-servers-outdated
setup() {
  printf 'vnet_dns: [%s, %s]\n' "$UNBOUND" "$DNSMASQ" >>/run/lab/vnetprobe.yaml
}
break_it() {
  resolvers "$BIND"
  forward_to bind "$PUBLIC_DNS"
}
